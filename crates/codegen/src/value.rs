//! Values in registers or memory, and places; loads, stores and copies between them.
//!
//! The one thing to know: a [`Val::Memory`] names memory that nothing writes to before the
//! value is used, so it can be copied late or handed over as it is.

use mir::mono::items::VariantIdx;
use mir::mono::ty::Ty;

use crate::function::FnCx;
use crate::layout::{Abi, Encoding, Kind, Layout, Prim, Scalar};
use crate::llvm::{IntCmp, Value};

#[derive(Clone, Copy, Debug)]
pub enum Val {
    Zst,
    Scalar(Value),
    Pair(Value, Value),
    /// The address of a value whose form is [`Abi::Memory`].
    Memory(Value),
}

/// A value with its type.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub val: Val,
    pub ty: Ty,
}

/// A place in memory.
#[derive(Clone, Copy, Debug)]
pub struct PlaceRef {
    pub ptr: Value,
    /// Length or vtable of what a shared reference to a string, list or `dyn` leads to; then
    /// `ptr` is the address of the elements or data, and there is no owner in memory to point at.
    pub meta: Option<Value>,
    pub ty: Ty,
    pub variant: Option<VariantIdx>,
}

impl PlaceRef {
    pub fn new(ptr: Value, ty: Ty) -> PlaceRef {
        PlaceRef { ptr, meta: None, ty, variant: None }
    }
}

impl Op {
    pub fn scalar(value: Value, ty: Ty) -> Op {
        Op { val: Val::Scalar(value), ty }
    }

    pub fn pair(a: Value, b: Value, ty: Ty) -> Op {
        Op { val: Val::Pair(a, b), ty }
    }

    pub fn zst(ty: Ty) -> Op {
        Op { val: Val::Zst, ty }
    }

    /// The value of a type known to be one scalar.
    pub fn single(self) -> Value {
        match self.val {
            Val::Scalar(v) | Val::Pair(v, _) | Val::Memory(v) => v,
            Val::Zst => unreachable!("a value without bytes has no scalar: {:?}", self.ty),
        }
    }

    pub fn both(self) -> (Value, Value) {
        match self.val {
            Val::Pair(a, b) => (a, b),
            _ => unreachable!("not a pair: {:?}", self.ty),
        }
    }
}

impl<'u, 'p> FnCx<'u, 'p> {
    pub fn offset(&self, ptr: Value, bytes: u64) -> Value {
        if bytes == 0 {
            return ptr;
        }
        self.b.gep_up(self.u.m.i8, ptr, self.u.m.const_i64(bytes as i64))
    }

    // ---- scalars

    /// `defined`: the scalar is a whole value of its own, not the payload of an enum.
    pub fn load_scalar(&self, ptr: Value, scalar: Scalar, defined: bool) -> Value {
        let m = &self.u.m;
        let value = self.b.load(self.u.in_memory(scalar.prim), ptr, scalar.size());
        if self.u.options.optimise() {
            if defined {
                m.set_metadata(value, "noundef", m.metadata_node(&[]));
            }
            match scalar.valid {
                Some(_) if scalar.is_non_null() => m.set_metadata(value, "nonnull", m.metadata_node(&[])),
                Some((lo, hi)) if matches!(scalar.prim, Prim::Int(_) | Prim::Bool) => {
                    let ty = self.u.in_memory(scalar.prim);
                    let bits = scalar.size() as u32 * 8;
                    let mask = if bits == 64 { u128::from(u64::MAX) } else { (1 << bits) - 1 };
                    let end = hi.wrapping_add(1) & mask;
                    if lo != end {
                        let range = [m.const_int(ty, lo as i128), m.const_int(ty, end as i128)];
                        m.set_metadata(value, "range", m.metadata_node(&range));
                    }
                }
                _ => {}
            }
        }
        if scalar.prim == Prim::Bool { self.b.trunc(value, m.i1) } else { value }
    }

    pub fn store_scalar(&self, value: Value, ptr: Value, scalar: Scalar) {
        let value = if scalar.prim == Prim::Bool { self.b.zext(value, self.u.m.i8) } else { value };
        self.b.store(value, ptr, scalar.size());
    }

    /// Reads the bits of one scalar as another of the same size.
    pub fn recast(&self, value: Value, from: Prim, to: Prim) -> Value {
        let m = &self.u.m;
        match (from, to) {
            (a, b) if a == b => value,
            (Prim::Bool, Prim::Int(8)) => self.b.zext(value, m.i8),
            (Prim::Int(8), Prim::Bool) => self.b.trunc(value, m.i1),
            (Prim::Ptr, Prim::Int(64)) => self.b.ptrtoint(value, m.i64),
            (Prim::Int(64), Prim::Ptr) => self.b.inttoptr(value, m.ptr),
            _ => self.b.bitcast(value, self.u.register(to)),
        }
    }

    // ---- whole values

    pub fn load(&self, place: PlaceRef) -> Op {
        let layout = self.u.layout(place.ty);
        // Either half of anything else may be what an enum leaves undefined, however deep in the type: the payload behind a
        // tag, or what stands beside the field that tells the variants apart.
        let defined = place.ty.is_ref();
        let val = match layout.abi {
            Abi::Zst => Val::Zst,
            Abi::Scalar(s) => Val::Scalar(self.load_scalar(place.ptr, s, true)),
            Abi::Pair(a, b) => {
                let first = self.load_scalar(place.ptr, a, defined);
                let second = self.offset(place.ptr, Abi::second_offset(a, b));
                let b = self.u.length_of_ref(place.ty).unwrap_or(b);
                Val::Pair(first, self.load_scalar(second, b, defined))
            }
            Abi::Memory => Val::Memory(place.ptr),
        };
        Op { val, ty: place.ty }
    }

    pub fn store(&self, op: Op, ptr: Value) {
        let layout = self.u.layout(op.ty);
        match (op.val, layout.abi) {
            (Val::Scalar(v), Abi::Scalar(s)) => self.store_scalar(v, ptr, s),
            (Val::Pair(a, b), Abi::Pair(sa, sb)) => {
                self.store_scalar(a, ptr, sa);
                let second = self.offset(ptr, Abi::second_offset(sa, sb));
                self.store_scalar(b, second, sb);
            }
            (Val::Memory(from), _) => self.copy(from, ptr, &layout),
            _ => {}
        }
    }

    pub fn copy(&self, from: Value, to: Value, layout: &Layout) {
        if from != to && layout.size > 0 {
            let size = self.u.m.const_i64(layout.size as i64);
            self.b.memcpy(to, layout.align, from, layout.align, size);
        }
    }

    /// A value of a type that has none (after code that cannot be reached), or whose content
    /// does not matter.
    pub fn poison(&self, ty: Ty) -> Op {
        let layout = self.u.layout(ty);
        let val = match layout.abi {
            Abi::Zst => Val::Zst,
            Abi::Scalar(s) => Val::Scalar(self.u.m.poison(self.u.register(s.prim))),
            Abi::Pair(a, b) => {
                Val::Pair(self.u.m.poison(self.u.register(a.prim)), self.u.m.poison(self.u.register(b.prim)))
            }
            Abi::Memory => Val::Memory(self.temp(&layout)),
        };
        Op { val, ty }
    }

    /// Makes a value from what stands at offsets of it, for types in registers.
    pub fn assemble(&self, ty: Ty, layout: &Layout, parts: &[(u64, Scalar, Value)]) -> Op {
        let pick = |at: u64, scalar: Scalar| match parts.iter().find(|(offset, ..)| *offset == at) {
            Some(&(_, from, value)) => self.recast(value, from.prim, scalar.prim),
            None => self.u.m.poison(self.u.register(scalar.prim)),
        };
        let val = match layout.abi {
            Abi::Zst => Val::Zst,
            Abi::Scalar(s) => Val::Scalar(pick(0, s)),
            Abi::Pair(a, b) => Val::Pair(pick(0, a), pick(Abi::second_offset(a, b), b)),
            Abi::Memory => unreachable!("assembled in memory"),
        };
        Op { val, ty }
    }

    /// The scalars of a value and their offsets.
    pub fn parts(&self, op: Op, at: u64, out: &mut Vec<(u64, Scalar, Value)>) {
        match (op.val, self.u.layout(op.ty).abi) {
            (Val::Scalar(v), Abi::Scalar(s)) => out.push((at, s, v)),
            (Val::Pair(a, b), Abi::Pair(sa, sb)) => {
                out.push((at, sa, a));
                out.push((at + Abi::second_offset(sa, sb), sb, b));
            }
            _ => {}
        }
    }

    /// A field of a value in registers.
    pub fn extract_field(&self, op: Op, variant: Option<VariantIdx>, index: usize, ty: Ty) -> Op {
        let outer = self.u.layout(op.ty);
        let offset = field_offset(&outer, variant, index);
        let inner = self.u.layout(ty);
        if inner.abi == Abi::Zst {
            return Op::zst(ty);
        }
        let mut parts = Vec::new();
        self.parts(op, 0, &mut parts);
        let shifted: Vec<_> = parts
            .into_iter()
            .filter(|(at, ..)| *at >= offset)
            .map(|(at, s, v)| (at - offset, s, v))
            .collect();
        self.assemble(ty, &inner, &shifted)
    }

    // ---- enums

    /// The variant's value, as an `i64`.
    pub fn discriminant(&self, op_or_place: Discriminated) -> Value {
        let m = &self.u.m;
        let ty = match op_or_place {
            Discriminated::Op(op) => op.ty,
            Discriminated::Place(place) => place.ty,
        };
        let layout = self.u.layout(ty);
        let Kind::Enum { values, encoding, .. } = &layout.kind else {
            return m.const_i64(0);
        };
        let tag_at = |offset: u64, scalar: Scalar| match op_or_place {
            Discriminated::Place(place) => self.load_scalar(self.offset(place.ptr, offset), scalar, true),
            Discriminated::Op(op) => {
                let mut parts = Vec::new();
                self.parts(op, 0, &mut parts);
                let found = parts.iter().find(|(at, ..)| *at == offset);
                let &(_, from, value) = found.expect("the tag is one of the registers");
                self.recast(value, from.prim, scalar.prim)
            }
        };
        match *encoding {
            Encoding::Single => m.const_i64(values.first().map_or(0, |&v| v as i64)),
            Encoding::Tag(scalar, signed) => {
                let tag = tag_at(0, scalar);
                match scalar.prim {
                    Prim::Int(64) => tag,
                    _ if signed => self.b.sext(tag, m.i64),
                    _ => self.b.zext(tag, m.i64),
                }
            }
            Encoding::Niche { offset, scalar, dataful, start } => {
                let tag = tag_at(offset, scalar);
                let dataful = i64::from(dataful);
                let others = values.len() as i64 - 1;
                if others == 1 {
                    let is_other = if scalar.prim == Prim::Ptr && start == 0 {
                        self.b.icmp(IntCmp::LLVMIntEQ, tag, m.null(m.ptr))
                    } else {
                        self.b.icmp(IntCmp::LLVMIntEQ, tag, self.u.const_scalar(scalar, start))
                    };
                    let other = m.const_i64(if dataful == 0 { 1 } else { 0 });
                    return self.b.select(is_other, other, m.const_i64(dataful));
                }
                let tag = self.recast(tag, scalar.prim, Prim::Int(scalar.size() as u32 * 8));
                let ty = m.int(scalar.size() as u32 * 8);
                let relative = self.b.sub(tag, m.const_int(ty, start as i128));
                let is_other = self.b.icmp(IntCmp::LLVMIntULT, relative, m.const_int(ty, i128::from(others)));
                let wide = if scalar.size() == 8 { relative } else { self.b.zext(relative, m.i64) };
                // The others are numbered in order, leaving the dataful one out.
                let after = self.b.icmp(IntCmp::LLVMIntUGE, wide, m.const_i64(dataful));
                let other = self.b.add(wide, self.b.zext(after, m.i64));
                self.b.select(is_other, other, m.const_i64(dataful))
            }
        }
    }

    /// What has to be stored so that a value is this variant: offset, scalar, value.
    pub fn tag_of(&self, layout: &Layout, variant: VariantIdx) -> Option<(u64, Scalar, Value)> {
        let (offset, scalar, bits) = tag_bits(layout, variant)?;
        Some((offset, scalar, self.u.const_scalar(scalar, bits)))
    }
}

/// What is stored, where, to say that a value is this variant.
pub fn tag_bits(layout: &Layout, variant: VariantIdx) -> Option<(u64, Scalar, u128)> {
    let Kind::Enum { values, encoding, .. } = &layout.kind else { return None };
    match *encoding {
        Encoding::Single => None,
        Encoding::Tag(scalar, _) => Some((0, scalar, values[variant.0 as usize] as u128)),
        Encoding::Niche { dataful, .. } if variant.0 == dataful => None,
        Encoding::Niche { offset, scalar, dataful, start } => {
            let index = if variant.0 < dataful { variant.0 } else { variant.0 - 1 };
            let mask = if scalar.size() == 8 { u128::from(u64::MAX) } else { (1 << (scalar.size() * 8)) - 1 };
            Some((offset, scalar, start.wrapping_add(u128::from(index)) & mask))
        }
    }
}

#[derive(Clone, Copy)]
pub enum Discriminated {
    Op(Op),
    Place(PlaceRef),
}

pub fn field_offset(layout: &Layout, variant: Option<VariantIdx>, index: usize) -> u64 {
    match &layout.kind {
        Kind::Fields(offsets) => offsets[index],
        Kind::Enum { variants, .. } => variants[variant.map_or(0, |v| v.0 as usize)][index],
        Kind::Array { stride, .. } => stride * index as u64,
        Kind::Opaque => 0,
    }
}
