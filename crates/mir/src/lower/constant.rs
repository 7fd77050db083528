//! Views of constants: what `&expression` refers to for the whole run of the program.
//!
//! The one thing to know: an expression is promoted by what it is, not by its type: literals, constants, and
//! tuples, lists, structs and variants of such. Nothing runs when it is made and nothing when it ends, and
//! nothing in it can change.

use std::sync::Arc;

use hir::items::{AdtId, VariantIdx};
use hir::thir::{ExprId, ExprKind};
use hir::ty::{Mutability, Ty, TyKind};

use super::Builder;
use super::operand::literal;
use crate::body::{ConstKind, Value, ValueKind};

impl Builder<'_> {
    /// A view of this expression that borrows from nothing, if it is constant.
    pub fn constant_view(&self, expr: ExprId) -> Option<ConstKind> {
        let value = self.constant_value(expr)?;
        Some(match value.kind {
            // A text literal is a pointer and a length as it is.
            ValueKind::Plain(kind @ ConstKind::Str(_)) if !value.ty.is_ref() => kind,
            _ => ConstKind::View(Arc::new(value)),
        })
    }

    fn constant_value(&self, expr: ExprId) -> Option<Value> {
        let data = &self.thir.exprs[expr];
        let plain = |kind| Some(ValueKind::Plain(kind));
        let parts = |exprs: &[ExprId]| exprs.iter().map(|&e| self.constant_value(e)).collect::<Option<_>>();
        let kind = match &data.kind {
            ExprKind::Literal(lit) => plain(literal(lit)),
            ExprKind::Const(id) if !self.may_have_destructor(data.ty, &mut Vec::new()) => {
                plain(ConstKind::Item(*id))
            }
            ExprKind::ConstParam(index) => plain(ConstKind::Param(*index)),
            ExprKind::Tuple(elems) if elems.is_empty() => plain(ConstKind::Unit),
            ExprKind::Tuple(elems) | ExprKind::List(elems) => {
                Some(ValueKind::Parts(VariantIdx(0), parts(elems)?))
            }
            ExprKind::Ref { mutability: Mutability::Shared, place, .. } => plain(self.constant_view(*place)?),
            ExprKind::Adt { adt, variant, fields, base: None, .. } if self.is_plain_data(*adt) => {
                let count = self.program.adts[*adt].variants[*variant].fields.len();
                let mut fields = fields.clone();
                fields.sort_by_key(|(field, _)| *field);
                if fields.len() != count {
                    return None;
                }
                let exprs: Vec<ExprId> = fields.iter().map(|(_, e)| *e).collect();
                Some(ValueKind::Parts(*variant, parts(&exprs)?))
            }
            _ => None,
        };
        Some(Value { ty: data.ty, kind: kind? })
    }

    /// Neither code at its end nor a change through shared borrows.
    fn is_plain_data(&self, adt: AdtId) -> bool {
        let lang = &self.program.lang;
        let special = [lang.adt("UnsafeCell"), lang.adt("MaybeUninit")];
        self.program.adts[adt].drop_impl.is_none() && !special.contains(&Some(adt))
    }

    fn may_have_destructor(&self, ty: Ty, around: &mut Vec<Ty>) -> bool {
        match *ty.kind() {
            TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Str => false,
            TyKind::List(elem) | TyKind::Array(elem, _) => self.may_have_destructor(elem, around),
            TyKind::Tuple(elems) => elems.iter().any(|&t| self.may_have_destructor(t, around)),
            TyKind::Adt(..) if around.contains(&ty) => false,
            TyKind::Adt(adt, args) => {
                around.push(ty);
                let decl = &self.program.adts[adt];
                decl.drop_impl.is_some()
                    || decl
                        .variants
                        .iter()
                        .flat_map(|v| v.fields.iter())
                        .any(|field| self.may_have_destructor(self.types.instantiate(field.ty, args), around))
            }
            _ => true,
        }
    }
}
