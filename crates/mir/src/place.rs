//! Types of places, operands and rvalues, computed from a body alone.
//!
//! Field projections carry their type, so no table of the program is needed.

use base::IndexVec;
use hir::items::VariantIdx;
use hir::thir::{BinOp, UnOp};
use hir::ty::{IntTy, Mutability, Ty, TyKind};

use crate::body::{Aggregate, Body, Local, LocalDecl, Operand, Place, Projection, Rvalue};

/// A place's type; behind a `Downcast`, also the variant whose fields are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlaceTy {
    pub ty: Ty,
    pub variant: Option<VariantIdx>,
}

impl PlaceTy {
    /// The type after one more projection. The error type if it does not apply.
    pub fn project(self, projection: Projection) -> PlaceTy {
        let ty = match projection {
            Projection::Deref => match *self.ty.kind() {
                TyKind::Ref(_, ty) | TyKind::RawPtr(ty) => ty,
                _ => Ty::error(),
            },
            Projection::Field(_, ty) => ty,
            Projection::Downcast(variant) => {
                return PlaceTy { ty: self.ty, variant: Some(variant) };
            }
            Projection::Index(_) | Projection::ConstIndex { .. } => {
                element(self.ty).unwrap_or_else(Ty::error)
            }
        };
        PlaceTy { ty, variant: None }
    }
}

/// What a list, array or string is made of.
pub fn element(ty: Ty) -> Option<Ty> {
    match *ty.kind() {
        TyKind::List(elem) | TyKind::Array(elem, _) => Some(elem),
        TyKind::Str => Some(Ty::int_of(IntTy::U8)),
        _ => None,
    }
}

impl Place {
    pub fn ty(&self, locals: &IndexVec<Local, LocalDecl>) -> Ty {
        self.place_ty(locals).ty
    }

    pub fn place_ty(&self, locals: &IndexVec<Local, LocalDecl>) -> PlaceTy {
        let start = PlaceTy { ty: locals[self.local].ty, variant: None };
        self.projection.iter().fold(start, |ty, &p| ty.project(p))
    }

    /// Goes through a reference or pointer.
    pub fn is_indirect(&self) -> bool {
        self.projection.contains(&Projection::Deref)
    }
}

impl Operand {
    pub fn ty(&self, locals: &IndexVec<Local, LocalDecl>) -> Ty {
        match self {
            Operand::Copy(place) | Operand::Move(place) => place.ty(locals),
            Operand::Const(constant) => constant.ty,
        }
    }
}

impl Rvalue {
    pub fn ty(&self, locals: &IndexVec<Local, LocalDecl>) -> Ty {
        match self {
            Rvalue::Use(operand) => operand.ty(locals),
            Rvalue::Ref { mutability, place, .. } => reference(*mutability, place.ty(locals)),
            Rvalue::RawRef(place) => Ty::raw_ptr(place.ty(locals)),
            Rvalue::Binary(op, left, _) => {
                if op.compares() {
                    Ty::bool()
                } else {
                    left.ty(locals)
                }
            }
            Rvalue::CheckedBinary(_, left, _) => Ty::tuple(&[left.ty(locals), Ty::bool()]),
            Rvalue::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, operand) => operand.ty(locals),
            Rvalue::Cast(_, _, ty) | Rvalue::Coerce(_, _, ty) | Rvalue::Repeat(_, ty) => *ty,
            Rvalue::Len(_) | Rvalue::Discriminant(_) => Ty::int(),
            Rvalue::Aggregate(aggregate, operands) => match aggregate {
                Aggregate::Tuple => Ty::tuple(&operands.iter().map(|o| o.ty(locals)).collect::<Vec<_>>()),
                Aggregate::Array(elem) => Ty::array(*elem, operands.len() as i128),
                Aggregate::List(elem) => Ty::list(*elem),
                Aggregate::Adt { adt, args, .. } => Ty::new(TyKind::Adt(*adt, args)),
                Aggregate::Closure { id, args } => Ty::new(TyKind::Closure(*id, args)),
            },
            Rvalue::Subslice { place, mutability, .. } => {
                let elem = element(place.ty(locals)).unwrap_or_else(Ty::error);
                reference(*mutability, Ty::list(elem))
            }
        }
    }
}

pub fn reference(mutability: Mutability, ty: Ty) -> Ty {
    match mutability {
        Mutability::Shared => Ty::shared_ref(ty),
        Mutability::Mut => Ty::mut_ref(ty),
    }
}

/// What lowering needs to know of an operator.
pub trait Operator {
    fn compares(self) -> bool;
}

impl Operator for BinOp {
    fn compares(self) -> bool {
        matches!(self, BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge)
    }
}

impl Body {
    pub fn place_ty(&self, place: &Place) -> Ty {
        place.ty(&self.locals)
    }
}
