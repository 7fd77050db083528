//! Right sides of assignments.

use base::Span;
use mir::body::{Aggregate, ConstKind, Operand, Place, Projection, Rvalue};
use mir::mono::thir::Coercion;
use mir::mono::ty::{Mutability, Ty, TyKind};

use crate::function::{FnCx, LocalRef};
use crate::layout::{Abi, Kind, Meta, Prim, shared_meta};
use crate::llvm::Value;
use crate::value::{Discriminated, Op, Val, field_offset};

impl<'u, 'p> FnCx<'u, 'p> {
    pub fn assign(&mut self, place: &Place, rvalue: &Rvalue, span: Span) -> Result<(), String> {
        let ty = self.place_ty(place);
        let abi = self.u.layout(ty).abi;
        if abi == Abi::Memory {
            match rvalue {
                Rvalue::Aggregate(Aggregate::List(elem), operands) => {
                    let op = self.list(ty, *elem, operands);
                    self.finish(place, op);
                    return Ok(());
                }
                Rvalue::Aggregate(aggregate, operands) => {
                    self.aggregate_in_memory(place, aggregate, operands);
                    return Ok(());
                }
                Rvalue::Repeat(operand, _) => {
                    self.repeat(place, operand);
                    return Ok(());
                }
                Rvalue::Use(Operand::Const(constant)) => {
                    if let mir::body::ConstKind::Str(text) = &constant.kind
                        && !constant.ty.is_ref()
                    {
                        let to = self.place(place);
                        self.store_string(text, to.ptr);
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        if let Rvalue::CheckedBinary(_, a, b) = rvalue
            && self.is_index_sum(place)
        {
            let (a, b) = (self.operand(a), self.operand(b));
            let (sum, overflowed) = self.index_sum(a.single(), b.single());
            self.finish(place, Op::pair(sum, overflowed, ty));
            return Ok(());
        }
        let op = self.rvalue(rvalue, ty, span)?;
        self.finish(place, Op { ty, ..op });
        Ok(())
    }

    fn rvalue(&mut self, rvalue: &Rvalue, ty: Ty, span: Span) -> Result<Op, String> {
        let _ = span;
        Ok(match rvalue {
            Rvalue::Use(operand) => self.operand(operand),
            Rvalue::Ref { mutability, place, .. } => {
                let place = self.place(place);
                self.reference(place, *mutability, ty)
            }
            Rvalue::RawRef(place) => {
                let place = self.place(place);
                if place.meta.is_some() {
                    return Err(format!(
                        "the address of a `{}` behind a shared reference",
                        self.u.type_name(place.ty)
                    ));
                }
                Op::scalar(place.ptr, ty)
            }
            Rvalue::Binary(op, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                Op { val: self.binary(*op, a, b)?, ty }
            }
            Rvalue::CheckedBinary(op, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                let (value, overflowed) = self.checked_binary(*op, a, b)?;
                Op::pair(value, overflowed, ty)
            }
            Rvalue::Unary(op, a) => {
                let a = self.operand(a);
                self.unary(*op, a, ty)?
            }
            Rvalue::Cast(kind, operand, to) => {
                let value = self.operand(operand);
                self.cast(*kind, value, *to)?
            }
            Rvalue::Coerce(kind, operand, to) => self.coerce(*kind, operand, *to)?,
            Rvalue::Len(place) => {
                let place = self.place(place);
                Op::scalar(self.len(place), ty)
            }
            Rvalue::Discriminant(place) => {
                let in_register = matches!(self.locals[place.local.0 as usize], LocalRef::Register(_))
                    && !place.projection.iter().any(|p| matches!(p, Projection::Deref));
                let subject = if in_register {
                    Discriminated::Op(self.consume(place))
                } else {
                    Discriminated::Place(self.place(place))
                };
                Op::scalar(self.discriminant(subject), ty)
            }
            Rvalue::Aggregate(Aggregate::List(elem), operands) => self.list(ty, *elem, operands),
            Rvalue::Aggregate(aggregate, operands) => self.aggregate(ty, aggregate, operands),
            Rvalue::Repeat(..) => Op::zst(ty),
            Rvalue::Subslice { place, from, to, mutability } => {
                self.subslice(place, *from, *to, *mutability, ty)?
            }
        })
    }

    // ---- aggregates

    fn variant_of(aggregate: &Aggregate) -> Option<mir::mono::items::VariantIdx> {
        match aggregate {
            Aggregate::Adt { variant, .. } => Some(*variant),
            _ => None,
        }
    }

    /// In registers.
    fn aggregate(&mut self, ty: Ty, aggregate: &Aggregate, operands: &[Operand]) -> Op {
        let layout = self.u.layout(ty);
        let variant = Self::variant_of(aggregate);
        let mut parts = Vec::new();
        for (i, operand) in operands.iter().enumerate() {
            let op = self.operand(operand);
            let offset = field_offset(&layout, variant, i);
            self.parts(op, offset, &mut parts);
        }
        if let Some(variant) = variant {
            parts.extend(self.tag_of(&layout, variant));
        }
        self.assemble(ty, &layout, &parts)
    }

    /// Field by field at its destination. Registers are read before anything is written; what
    /// stands in memory that the destination may overlap is copied first.
    fn aggregate_in_memory(&mut self, place: &Place, aggregate: &Aggregate, operands: &[Operand]) {
        let ty = self.place_ty(place);
        let layout = self.u.layout(ty);
        let variant = Self::variant_of(aggregate);
        if let Aggregate::Array(elem) = *aggregate
            && let Some(data) = self.data_of(elem, operands)
        {
            let to = self.place(place);
            self.copy(data, to.ptr, &layout);
            return;
        }
        let writes_through = place.projection.iter().any(|p| matches!(p, Projection::Deref));
        let values: Vec<Op> = operands
            .iter()
            .map(|operand| {
                let op = self.operand(operand);
                let Val::Memory(from) = op.val else { return op };
                let apart = match operand {
                    Operand::Const(_) => true,
                    Operand::Copy(from) | Operand::Move(from) => {
                        let reads_through = from.projection.iter().any(|p| matches!(p, Projection::Deref));
                        !reads_through && from.local != place.local
                            || reads_through && !writes_through && !self.borrowed.may_be(place.local)
                    }
                };
                if apart {
                    return op;
                }
                let field = self.u.layout(op.ty);
                let slot = self.temp(&field);
                self.copy(from, slot, &field);
                Op { val: Val::Memory(slot), ty: op.ty }
            })
            .collect();
        let to = self.place(place);
        for (i, op) in values.into_iter().enumerate() {
            let offset = field_offset(&layout, variant, i);
            let at = self.offset(to.ptr, offset);
            self.store(op, at);
        }
        if let Some(variant) = variant
            && let Some((offset, scalar, value)) = self.tag_of(&layout, variant)
        {
            let at = self.offset(to.ptr, offset);
            self.store_scalar(value, at, scalar);
        }
    }

    /// A list on the heap.
    fn list(&mut self, ty: Ty, elem: Ty, operands: &[Operand]) -> Op {
        let m = &self.u.m;
        let layout = self.u.layout(elem);
        let count = operands.len() as u64;
        let slot = self.temp(&self.u.layout(ty));
        let known = self.data_of(elem, operands);
        let values: Vec<Op> = match known {
            Some(_) => Vec::new(),
            None => operands.iter().map(|o| self.operand(o)).collect(),
        };
        let size = layout.size * count;
        let data = if size == 0 {
            m.const_ptr(layout.align.max(1))
        } else {
            let args = [m.const_i64(size as i64), m.const_i64(layout.align as i64)];
            self.call_runtime("altru_mem_alloc", &args, None)
        };
        if let Some(from) = known {
            self.b.memcpy(data, layout.align, from, layout.align, self.u.m.const_i64(size as i64));
        }
        for (i, op) in values.into_iter().enumerate() {
            let at = self.offset(data, layout.size * i as u64);
            self.store(op, at);
        }
        let m = &self.u.m;
        self.b.store(data, slot, 8);
        self.b.store(m.const_i64(count as i64), self.offset(slot, 8), 8);
        self.b.store(m.const_i64(count as i64), self.offset(slot, 16), 8);
        Op { val: Val::Memory(slot), ty }
    }

    /// Many numbers that are known, as data of the program.
    fn data_of(&self, elem: Ty, operands: &[Operand]) -> Option<Value> {
        const LEAST: usize = 8;
        let Abi::Scalar(scalar) = self.u.layout(elem).abi else { return None };
        if operands.len() < LEAST || scalar.prim == Prim::Ptr {
            return None;
        }
        let size = scalar.size() as usize;
        let mut bytes = Vec::with_capacity(operands.len() * size);
        for operand in operands {
            let Operand::Const(constant) = operand else { return None };
            let raw = match constant.kind {
                ConstKind::Int(value) => value as u64,
                ConstKind::Float(bits) if size == 4 => u64::from((f64::from_bits(bits) as f32).to_bits()),
                ConstKind::Float(bits) => bits,
                _ => return None,
            };
            bytes.extend_from_slice(&raw.to_le_bytes()[..size]);
        }
        let m = &self.u.m;
        Some(m.add_constant("data", m.const_bytes(&bytes), scalar.size()))
    }

    /// `[x; n]` in place.
    fn repeat(&mut self, place: &Place, operand: &Operand) {
        let to = self.place(place);
        let layout = self.u.layout(to.ty);
        let Kind::Array { stride, count } = layout.kind else { return };
        let op = self.operand(operand);
        if count == 0 || stride == 0 {
            return;
        }
        let m = &self.u.m;
        let elem = self.u.layout(op.ty);
        if let Val::Scalar(value) = op.val
            && let Some(0) = crate::llvm::constant_int(value)
        {
            self.b.memset(to.ptr, m.const_int(m.i8, 0), m.const_i64(layout.size as i64), layout.align);
            return;
        }
        if let (Val::Scalar(value), 1) = (op.val, stride) {
            let byte = match elem.abi {
                Abi::Scalar(s) if s.prim == crate::layout::Prim::Bool => self.b.zext(value, m.i8),
                _ => value,
            };
            self.b.memset(to.ptr, byte, m.const_i64(layout.size as i64), layout.align);
            return;
        }
        if count <= 4 {
            for i in 0..count {
                let at = self.offset(to.ptr, i * stride);
                self.store(op, at);
            }
            return;
        }
        let before = self.b.current();
        let (head, done) = (self.new_block(c"repeat"), self.new_block(c"repeated"));
        self.b.br(head);
        self.b.at_end(head);
        let index = self.b.phi(m.i64, &[(m.const_i64(0), before)]);
        let at = self.b.gep_up(self.u.element_type(&elem), to.ptr, index);
        self.store(op, at);
        let next = self.b.nuw_add(index, m.const_i64(1));
        crate::llvm::add_incoming(index, next, self.b.current());
        let more = self.b.icmp(crate::llvm::IntCmp::LLVMIntULT, next, m.const_i64(count as i64));
        self.b.cond_br(more, head, done);
        self.b.at_end(done);
    }

    fn subslice(
        &mut self,
        place: &Place,
        from: u64,
        to: u64,
        mutability: Mutability,
        ty: Ty,
    ) -> Result<Op, String> {
        let place = self.place(place);
        let m = &self.u.m;
        let elem = match *place.ty.kind() {
            TyKind::List(elem) | TyKind::Array(elem, _) => elem,
            _ => return Err("a part of what is no list".to_owned()),
        };
        let data = self.elements(place);
        let len = self.len(place);
        let stride = self.u.layout(elem).size;
        let start = self.offset(data, stride * from);
        let len = self.b.sub(len, m.const_i64((from + to) as i64));
        match mutability {
            Mutability::Shared => Ok(Op::pair(start, len, ty)),
            Mutability::Mut => Err("a mutable part of a list in a pattern".to_owned()),
        }
    }

    // ---- coercions

    fn coerce(&mut self, kind: Coercion, operand: &Operand, to: Ty) -> Result<Op, String> {
        let op = self.operand(operand);
        Ok(match kind {
            Coercion::Never => self.poison(to),
            Coercion::ArrayToSlice => {
                let place = self.deref(op);
                let len = self.len(place);
                Op::pair(place.ptr, len, to)
            }
            Coercion::MutToShared => {
                let place = self.deref(op);
                self.reference(place, Mutability::Shared, to)
            }
            Coercion::ToDyn | Coercion::ToDynFn => {
                if matches!(op.ty.kind(), TyKind::Dyn(_) | TyKind::DynFn(_)) && op.ty == to {
                    return Ok(op);
                }
                let data = self.boxed(op);
                let vtable = self.vtable_for(op.ty, to)?;
                Op::pair(data, vtable, to)
            }
            Coercion::RefToDyn => self.ref_to_dyn(op, to)?,
        })
    }

    fn vtable_for(&self, ty: Ty, dyn_ty: Ty) -> Result<Value, String> {
        match self.u.program.vtable_ids.get(&(ty, dyn_ty)) {
            Some(&id) => Ok(self.u.vtable(id)),
            None => Err(format!("no table of `{}` for `{}`", self.u.type_name(ty), self.u.type_name(dyn_ty))),
        }
    }

    /// Moves a value to the heap.
    fn boxed(&mut self, op: Op) -> Value {
        let layout = self.u.layout(op.ty);
        if layout.size == 0 {
            return self.u.m.const_ptr(layout.align.max(1));
        }
        let args = [self.u.m.const_i64(layout.size as i64), self.u.m.const_i64(layout.align as i64)];
        let data = self.call_runtime("altru_mem_alloc", &args, None);
        self.store(op, data);
        data
    }

    /// A reference to a value becomes the pair that a reference to a `dyn` leads to (or such a
    /// reference, then to a pair in this frame).
    fn ref_to_dyn(&mut self, op: Op, to: Ty) -> Result<Op, String> {
        let TyKind::Ref(_, from) = *op.ty.kind() else {
            return Err("a coercion to `&dyn` of what is no reference".to_owned());
        };
        let (mutability, dyn_ty) = match *to.kind() {
            TyKind::Ref(mutability, dyn_ty) => (Some(mutability), dyn_ty),
            _ => (None, to),
        };
        if from == dyn_ty {
            return Ok(match mutability {
                Some(_) => Op { ty: to, ..op },
                None => {
                    let (data, vtable) = self.dyn_parts(op);
                    Op::pair(data, vtable, to)
                }
            });
        }
        let vtable = self.vtable_for(from, dyn_ty)?;
        let data = match (op.val, shared_meta(from)) {
            (Val::Pair(ptr, len), Meta::Len) => {
                // Methods find a `string` or list where the data is.
                let slot = self.stable_temp(&self.u.layout(from));
                self.b.store(ptr, slot, 8);
                self.b.store(self.u.m.const_i64(0), self.offset(slot, 8), 8);
                self.b.store(len, self.offset(slot, 16), 8);
                slot
            }
            _ => op.single(),
        };
        match mutability {
            None | Some(Mutability::Shared) => Ok(Op::pair(data, vtable, to)),
            Some(Mutability::Mut) => {
                let pair = Op::pair(data, vtable, dyn_ty);
                let slot = self.stable_temp(&self.u.layout(dyn_ty));
                self.store(pair, slot);
                Ok(Op::scalar(slot, to))
            }
        }
    }

    /// Whether values are compared as signed numbers.
    pub fn is_signed(ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Int(int) if int.is_signed())
    }
}
