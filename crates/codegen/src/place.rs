//! Places, operands and constants of MIR.

use mir::body::{ConstKind, Constant, Local, Operand, Place, Projection};
use mir::mono::ty::{Mutability, Ty, TyKind};

use crate::function::{FnCx, LocalRef};
use crate::layout::{Abi, Kind, Meta, Prim, Scalar, shared_meta};
use crate::llvm::Value;
use crate::value::{Op, PlaceRef, Val, field_offset};

/// Offsets of `{ptr, cap, len}`.
pub const LIST_LEN: u64 = 16;

impl<'u, 'p> FnCx<'u, 'p> {
    pub fn place(&self, place: &Place) -> PlaceRef {
        let ty = self.body.locals[place.local].ty;
        match self.locals[place.local.0 as usize] {
            LocalRef::Memory(ptr) => self.project(PlaceRef::new(ptr, ty), &place.projection),
            LocalRef::Register(_) => {
                let deref = place.projection.iter().position(|p| matches!(p, Projection::Deref));
                match deref {
                    Some(deref) => {
                        let pointer = self.extract(place.local, &place.projection[..deref]);
                        self.project(self.deref(pointer), &place.projection[deref + 1..])
                    }
                    None => {
                        // Its address was not thought to be needed: spill.
                        let op = self.extract(place.local, &place.projection);
                        let slot = self.temp(&self.u.layout(op.ty));
                        self.store(op, slot);
                        PlaceRef::new(slot, op.ty)
                    }
                }
            }
            LocalRef::Zst => {
                let layout = self.u.layout(ty);
                let dangling = self.u.m.const_ptr(layout.align.max(1));
                self.project(PlaceRef::new(dangling, ty), &place.projection)
            }
        }
    }

    /// A local in registers, or a field of it.
    fn extract(&self, local: Local, projection: &[Projection]) -> Op {
        let mut op = self.register(local);
        let mut variant = None;
        for step in projection {
            match *step {
                Projection::Downcast(v) => variant = Some(v),
                Projection::Field(index, ty) => {
                    op = self.extract_field(op, variant.take(), index.0 as usize, ty);
                }
                _ => unreachable!("not a field of a register: {step:?}"),
            }
        }
        op
    }

    fn register(&self, local: Local) -> Op {
        match self.locals[local.0 as usize] {
            LocalRef::Register(Some(op)) => op,
            // Read where nothing assigned it: code that cannot be reached.
            _ => self.poison(self.body.locals[local].ty),
        }
    }

    /// What a reference or raw pointer points to.
    pub fn deref(&self, pointer: Op) -> PlaceRef {
        let pointee = match *pointer.ty.kind() {
            TyKind::Ref(_, t) | TyKind::RawPtr(t) => t,
            _ => pointer.ty,
        };
        match pointer.val {
            Val::Pair(ptr, meta) => PlaceRef { ptr, meta: Some(meta), ty: pointee, variant: None },
            _ => PlaceRef::new(pointer.single(), pointee),
        }
    }

    fn project(&self, mut place: PlaceRef, projection: &[Projection]) -> PlaceRef {
        for step in projection {
            place = match *step {
                Projection::Deref => self.deref(self.load(place)),
                Projection::Downcast(variant) => PlaceRef { variant: Some(variant), ..place },
                Projection::Field(index, ty) => {
                    let layout = self.u.layout(place.ty);
                    let offset = field_offset(&layout, place.variant, index.0 as usize);
                    PlaceRef::new(self.offset(place.ptr, offset), ty)
                }
                Projection::Index(local) => {
                    let index = self.use_local(local);
                    let index = self.widen(index);
                    self.element(place, index)
                }
                Projection::ConstIndex { offset, from_end } => {
                    let index = if from_end {
                        self.b.sub(self.len(place), self.u.m.const_i64(offset as i64))
                    } else {
                        self.u.m.const_i64(offset as i64)
                    };
                    self.element(place, index)
                }
            };
        }
        place
    }

    fn use_local(&self, local: Local) -> Op {
        self.consume(&Place::local(local))
    }

    /// An integer as an `i64` (or an `i64`'s worth of an unsigned one).
    pub fn widen(&self, op: Op) -> Value {
        match *op.ty.kind() {
            TyKind::Int(int) if int.bits() == 64 => op.single(),
            TyKind::Int(int) if int.is_signed() => self.b.sext(op.single(), self.u.m.i64),
            _ => self.b.zext(op.single(), self.u.m.i64),
        }
    }

    fn element(&self, place: PlaceRef, index: Value) -> PlaceRef {
        let elem = match *place.ty.kind() {
            TyKind::List(elem) | TyKind::Array(elem, _) => elem,
            // Bytes of a string.
            _ => Ty::int_of(mir::mono::ty::IntTy::U8),
        };
        let layout = self.u.layout(elem);
        let ty = self.u.element_type(&layout);
        PlaceRef::new(self.b.gep_up(ty, self.elements(place), index), elem)
    }

    /// Address of the first element of a list, string, slice or array.
    pub fn elements(&self, place: PlaceRef) -> Value {
        match *place.ty.kind() {
            TyKind::List(_) | TyKind::Str if place.meta.is_none() => {
                self.load_scalar(place.ptr, NON_NULL_PTR, true)
            }
            _ => place.ptr,
        }
    }

    pub fn len(&self, place: PlaceRef) -> Value {
        if let Some(len) = place.meta {
            return len;
        }
        match self.u.layout(place.ty).kind {
            Kind::Array { count, .. } => self.u.m.const_i64(count as i64),
            _ => {
                let len = self.u.length(place.ty);
                self.load_scalar(self.offset(place.ptr, LIST_LEN), len, true)
            }
        }
    }

    /// `&place` or `&mut place`.
    pub fn reference(&self, place: PlaceRef, mutability: Mutability, ty: Ty) -> Op {
        if mutability == Mutability::Mut {
            return Op::scalar(place.ptr, ty);
        }
        match shared_meta(place.ty) {
            Meta::None => Op::scalar(place.ptr, ty),
            Meta::Len => {
                let len = self.len(place);
                Op::pair(self.elements(place), len, ty)
            }
            Meta::Vtable => match place.meta {
                Some(vtable) => Op::pair(place.ptr, vtable, ty),
                None => Op { val: self.load(place).val, ty },
            },
        }
    }

    pub fn operand(&self, operand: &Operand) -> Op {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.consume(place),
            Operand::Const(constant) => self.constant(constant),
        }
    }

    pub fn consume(&self, place: &Place) -> Op {
        let in_register = matches!(self.locals[place.local.0 as usize], LocalRef::Register(_))
            && !place.projection.iter().any(|p| matches!(p, Projection::Deref));
        if in_register {
            return self.extract(place.local, &place.projection);
        }
        let place = self.place(place);
        if self.u.layout(place.ty).abi == Abi::Zst {
            return Op::zst(place.ty);
        }
        self.load(place)
    }

    pub fn place_ty(&self, place: &Place) -> Ty {
        let mut ty = self.body.locals[place.local].ty;
        for step in &place.projection {
            ty = match *step {
                Projection::Deref => match *ty.kind() {
                    TyKind::Ref(_, t) | TyKind::RawPtr(t) => t,
                    _ => ty,
                },
                Projection::Field(_, field) => field,
                Projection::Downcast(_) => ty,
                Projection::Index(_) | Projection::ConstIndex { .. } => match *ty.kind() {
                    TyKind::List(elem) | TyKind::Array(elem, _) => elem,
                    _ => Ty::int_of(mir::mono::ty::IntTy::U8),
                },
            };
        }
        ty
    }

    pub fn constant(&self, constant: &Constant) -> Op {
        let m = &self.u.m;
        let ty = constant.ty;
        match &constant.kind {
            ConstKind::Unit => self.poison(ty),
            ConstKind::Int(value) => match self.u.layout(ty).abi {
                Abi::Scalar(s) if s.prim == Prim::Ptr => Op::scalar(m.const_ptr(*value as u64), ty),
                Abi::Scalar(s) => Op::scalar(m.const_int(self.u.register(s.prim), *value), ty),
                _ => self.poison(ty),
            },
            ConstKind::Float(bits) => {
                let llvm = match self.u.layout(ty).abi {
                    Abi::Scalar(s) => self.u.register(s.prim),
                    _ => m.f64,
                };
                Op::scalar(m.const_float(llvm, f64::from_bits(*bits)), ty)
            }
            ConstKind::Str(text) => {
                let layout = self.u.layout(Ty::str());
                if ty.is_ref() {
                    return Op::pair(self.u.text(text), m.const_i64(text.len() as i64), ty);
                }
                let slot = self.temp(&layout);
                self.store_string(text, slot);
                Op { val: Val::Memory(slot), ty }
            }
            ConstKind::Item(id) => match self.u.program.consts.get(id) {
                Some(&function) => self.call_const(function, ty),
                None => self.poison(ty),
            },
            ConstKind::Static(id) => {
                let index = self.u.program.static_ids[id];
                let place = PlaceRef::new(self.u.static_(index), self.u.program.statics[index].ty);
                let mutability = match ty.kind() {
                    TyKind::Ref(mutability, _) => *mutability,
                    _ => Mutability::Mut,
                };
                self.reference(place, mutability, ty)
            }
            ConstKind::View(known) => match self.u.view(known) {
                (at, Some(len)) => Op::pair(at, m.const_i64(len as i64), ty),
                (at, None) => Op::scalar(at, ty),
            },
            ConstKind::Param(_) => self.poison(ty),
        }
    }

    /// Writes a literal: capacity 0 over static text.
    pub fn store_string(&self, text: &std::sync::Arc<str>, to: Value) {
        let m = &self.u.m;
        self.b.store(self.u.text(text), to, 8);
        self.b.store(m.const_i64(0), self.offset(to, 8), 8);
        self.b.store(m.const_i64(text.len() as i64), self.offset(to, LIST_LEN), 8);
    }
}

pub const NON_NULL_PTR: Scalar = Scalar::ranged(Prim::Ptr, 1, u64::MAX as u128);
