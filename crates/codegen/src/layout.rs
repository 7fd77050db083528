//! Size, alignment, field offsets and register form of types.
//!
//! Not here: LLVM types ([`crate::unit`] makes them from [`Scalar`]s). The one thing to know:
//! a value is nothing ([`Abi::Zst`]), one or two scalars in registers ([`Abi::Scalar`],
//! [`Abi::Pair`]) or memory. Fields keep their declared order unless sorting makes the type
//! smaller; in a `[repr(C)]` struct they keep it always. An enum of
//! which only one variant has data uses impossible values of that data for the others.

use std::cell::RefCell;
use std::rc::Rc;

use base::FxHashMap;
use mir::mono::ty::{FloatTy, Mutability, Ty, TyKind};
use mir::mono::{FieldShape, Program, Shape};

#[derive(Debug)]
pub struct Layout {
    pub size: u64,
    pub align: u64,
    pub abi: Abi,
    pub kind: Kind,
    /// Values that the type never has.
    pub niche: Option<Niche>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Abi {
    Zst,
    Scalar(Scalar),
    /// The second at its first aligned offset after the first.
    Pair(Scalar, Scalar),
    Memory,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scalar {
    pub prim: Prim,
    /// The values it may have, both ends included; wraps around if the first is greater.
    pub valid: Option<(u128, u128)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prim {
    Int(u32),
    /// One bit in registers, a byte in memory.
    Bool,
    F32,
    F64,
    Ptr,
}

#[derive(Debug)]
pub enum Kind {
    /// No fields that a projection can name.
    Opaque,
    /// Offsets of a struct's, tuple's or closure's fields.
    Fields(Vec<u64>),
    Array {
        stride: u64,
        count: u64,
    },
    Enum {
        variants: Vec<Vec<u64>>,
        values: Vec<i128>,
        encoding: Encoding,
    },
}

/// How to tell which variant a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoding {
    /// There is only one (or none).
    Single,
    /// The variant's value is stored at offset 0.
    Tag(Scalar, /* signed */ bool),
    /// `dataful`, unless the scalar at `offset` is `start + i`: then the i-th of the others.
    Niche { offset: u64, scalar: Scalar, dataful: u32, start: u128 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Niche {
    pub offset: u64,
    pub prim: Prim,
    pub valid: (u128, u128),
}

impl Prim {
    pub fn size(self) -> u64 {
        match self {
            Prim::Int(bits) => u64::from(bits) / 8,
            Prim::Bool => 1,
            Prim::F32 => 4,
            Prim::F64 | Prim::Ptr => 8,
        }
    }

    fn mask(self) -> u128 {
        (1 << (self.size() * 8)) - 1
    }
}

impl Scalar {
    pub const fn of(prim: Prim) -> Scalar {
        Scalar { prim, valid: None }
    }

    pub const fn ranged(prim: Prim, lo: u128, hi: u128) -> Scalar {
        Scalar { prim, valid: Some((lo, hi)) }
    }

    pub fn size(self) -> u64 {
        self.prim.size()
    }

    /// A pointer that is not null.
    pub fn is_non_null(self) -> bool {
        self.prim == Prim::Ptr && self.valid.is_some_and(|(lo, hi)| lo == 1 && hi >= lo)
    }
}

const NON_NULL: Scalar = Scalar::ranged(Prim::Ptr, 1, u64::MAX as u128);

impl Niche {
    fn available(&self) -> u128 {
        let (lo, hi) = self.valid;
        let mask = self.prim.mask();
        mask - (hi.wrapping_sub(lo) & mask)
    }
}

pub fn round_up(offset: u64, align: u64) -> u64 {
    offset.next_multiple_of(align.max(1))
}

impl Abi {
    /// Offset of a pair's second scalar.
    pub fn second_offset(a: Scalar, b: Scalar) -> u64 {
        round_up(a.size(), b.size())
    }
}

/// What a shared reference to the type carries beside the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meta {
    None,
    /// `&string`, `&[T]`: the length; the address is that of the first element.
    Len,
    /// `&dyn Trait`: the vtable; the address is that of the data.
    Vtable,
}

pub fn shared_meta(pointee: Ty) -> Meta {
    match pointee.kind() {
        TyKind::Str | TyKind::List(_) => Meta::Len,
        TyKind::Dyn(_) | TyKind::DynFn(_) => Meta::Vtable,
        _ => Meta::None,
    }
}

/// Layouts of a program's types, computed on demand.
pub struct Layouts<'p> {
    pub program: &'p Program,
    cache: RefCell<FxHashMap<Ty, Rc<Layout>>>,
}

impl<'p> Layouts<'p> {
    pub fn new(program: &'p Program) -> Layouts<'p> {
        Layouts { program, cache: RefCell::default() }
    }

    pub fn of(&self, ty: Ty) -> Rc<Layout> {
        if let Some(found) = self.cache.borrow().get(&ty) {
            return found.clone();
        }
        let layout = Rc::new(self.compute(ty));
        self.cache.borrow_mut().insert(ty, layout.clone());
        layout
    }

    fn compute(&self, ty: Ty) -> Layout {
        match *ty.kind() {
            TyKind::Int(int) => scalar(Scalar::of(Prim::Int(int.bits()))),
            TyKind::Float(FloatTy::F32) => scalar(Scalar::of(Prim::F32)),
            TyKind::Float(FloatTy::F64) => scalar(Scalar::of(Prim::F64)),
            TyKind::Bool => scalar(Scalar::ranged(Prim::Bool, 0, 1)),
            TyKind::Char => scalar(Scalar::ranged(Prim::Int(32), 0, 0x10_FFFF)),
            TyKind::RawPtr(_) => scalar(Scalar::of(Prim::Ptr)),
            TyKind::Ref(mutability, pointee) => match shared_meta(pointee) {
                Meta::Len if mutability == Mutability::Shared => pair(NON_NULL, Scalar::of(Prim::Int(64))),
                Meta::Vtable if mutability == Mutability::Shared => pair(NON_NULL, NON_NULL),
                _ => scalar(NON_NULL),
            },
            TyKind::Dyn(_) | TyKind::DynFn(_) => pair(NON_NULL, NON_NULL),
            TyKind::Str | TyKind::List(_) => Layout {
                size: 24,
                align: 8,
                abi: Abi::Memory,
                kind: Kind::Opaque,
                niche: Some(Niche { offset: 8, prim: Prim::Int(64), valid: (0, i64::MAX as u128) }),
            },
            TyKind::Tuple(elems) => {
                let fields: Vec<_> = elems.iter().map(|&t| self.of(t)).collect();
                structure(&fields, Order::Any, false)
            }
            TyKind::Array(elem, len) => {
                let count = match *len.kind() {
                    TyKind::Const(n) => u64::try_from(n).unwrap_or(0),
                    _ => 0,
                };
                let elem = self.of(elem);
                let size = elem.size.saturating_mul(count);
                Layout {
                    size,
                    align: elem.align,
                    abi: if size == 0 { Abi::Zst } else { Abi::Memory },
                    kind: Kind::Array { stride: elem.size, count },
                    niche: None,
                }
            }
            TyKind::Adt(..) | TyKind::Closure(..) => match self.program.shapes.get(&ty) {
                Some(Shape::Struct(shape)) => {
                    let order = if shape.repr_c { Order::Declared } else { Order::Any };
                    let layout = structure(&self.fields(&shape.fields), order, shape.non_null);
                    match layout.abi {
                        // Never in registers, of which something might be assumed.
                        Abi::Scalar(_) | Abi::Pair(..) if shape.maybe_uninit => {
                            Layout { niche: None, abi: Abi::Memory, ..layout }
                        }
                        // What others may be writing to at any time tells nothing about a variant.
                        _ if shape.interior_mutable || shape.maybe_uninit => Layout { niche: None, ..layout },
                        _ => layout,
                    }
                }
                Some(Shape::Closure(captures)) => structure(&self.fields(captures), Order::Any, false),
                Some(Shape::Enum(shape)) => {
                    let variants: Vec<_> = shape.variants.iter().map(|v| self.fields(&v.fields)).collect();
                    let values = shape.variants.iter().map(|v| v.discriminant).collect();
                    enumeration(&variants, values)
                }
                None => zst(1, Kind::Fields(Vec::new())),
            },
            // What is left is `!`, or no type of a finished program.
            _ => zst(1, Kind::Opaque),
        }
    }

    fn fields(&self, fields: &[FieldShape]) -> Vec<Rc<Layout>> {
        fields.iter().map(|f| self.of(f.ty)).collect()
    }

    /// May the value change behind a shared reference to it?
    pub fn interior_mutable(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Tuple(elems) => elems.iter().any(|&t| self.interior_mutable(t)),
            TyKind::Array(elem, _) => self.interior_mutable(elem),
            // A shared borrow of a list is a pointer to its elements.
            TyKind::List(elem) => self.interior_mutable(elem),
            TyKind::Dyn(_) | TyKind::DynFn(_) => true,
            TyKind::Adt(..) | TyKind::Closure(..) => match self.program.shapes.get(&ty) {
                Some(Shape::Struct(shape)) => shape.interior_mutable || self.any_interior(&shape.fields),
                Some(Shape::Closure(captures)) => self.any_interior(captures),
                Some(Shape::Enum(shape)) => shape.variants.iter().any(|v| self.any_interior(&v.fields)),
                None => false,
            },
            _ => false,
        }
    }

    /// By value only: what a list on the heap holds is not part of its owner's bytes.
    fn any_interior(&self, fields: &[FieldShape]) -> bool {
        fields.iter().any(|f| !matches!(f.ty.kind(), TyKind::List(_)) && self.interior_mutable(f.ty))
    }
}

fn zst(align: u64, kind: Kind) -> Layout {
    Layout { size: 0, align, abi: Abi::Zst, kind, niche: None }
}

fn niche_of(scalar: Scalar, offset: u64) -> Option<Niche> {
    let valid = scalar.valid?;
    Some(Niche { offset, prim: scalar.prim, valid }).filter(|n| n.available() > 0)
}

fn scalar(scalar: Scalar) -> Layout {
    Layout {
        size: scalar.size(),
        align: scalar.size(),
        abi: Abi::Scalar(scalar),
        kind: Kind::Opaque,
        niche: niche_of(scalar, 0),
    }
}

fn pair(a: Scalar, b: Scalar) -> Layout {
    let align = a.size().max(b.size());
    let second = Abi::second_offset(a, b);
    Layout {
        size: round_up(second + b.size(), align),
        align,
        abi: Abi::Pair(a, b),
        kind: Kind::Opaque,
        niche: niche_of(a, 0),
    }
}

/// Offsets of fields laid out after `prefix` bytes, in the order of `order`; and their end.
fn arrange(fields: &[Rc<Layout>], order: &[usize], prefix: u64) -> (Vec<u64>, u64) {
    let mut offsets = vec![0; fields.len()];
    let mut end = prefix;
    for &i in order {
        end = round_up(end, fields[i].align);
        offsets[i] = end;
        end += fields[i].size;
    }
    (offsets, end)
}

/// The smallest arrangement, the declared order if it is as good as any.
fn best_arrangement(fields: &[Rc<Layout>], prefix: u64) -> (Vec<u64>, u64) {
    let declared: Vec<usize> = (0..fields.len()).collect();
    let mut best = arrange(fields, &declared, prefix);
    let align = fields.iter().map(|f| f.align).max().unwrap_or(1);
    let mut falling = declared.clone();
    falling.sort_by_key(|&i| std::cmp::Reverse(fields[i].align));
    let mut rising = declared;
    rising.sort_by_key(|&i| fields[i].align);
    for order in [falling, rising] {
        let other = arrange(fields, &order, prefix);
        if round_up(other.1, align) < round_up(best.1, align) {
            best = other;
        }
    }
    best
}

/// The register form of a struct with these fields at these offsets.
fn struct_abi(fields: &[Rc<Layout>], offsets: &[u64], size: u64) -> Abi {
    if size == 0 {
        return Abi::Zst;
    }
    let mut solid: Vec<_> = fields.iter().zip(offsets).filter(|(f, _)| f.abi != Abi::Zst).collect();
    solid.sort_by_key(|(_, offset)| **offset);
    match solid[..] {
        [(only, _)] if only.size == size => only.abi,
        [(a, &0), (b, &at)] => match (a.abi, b.abi) {
            (Abi::Scalar(a), Abi::Scalar(b)) if at == Abi::second_offset(a, b) => Abi::Pair(a, b),
            _ => Abi::Memory,
        },
        _ => Abi::Memory,
    }
}

fn best_niche<'a>(fields: impl Iterator<Item = (&'a Rc<Layout>, &'a u64)>) -> Option<Niche> {
    let mut best: Option<Niche> = None;
    for (field, &offset) in fields {
        if let Some(niche) = field.niche {
            let niche = Niche { offset: niche.offset + offset, ..niche };
            if best.is_none_or(|b| niche.available() > b.available()) {
                best = Some(niche);
            }
        }
    }
    best
}

/// Of a struct's fields in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Any,
    Declared,
}

fn structure(fields: &[Rc<Layout>], order: Order, non_null: bool) -> Layout {
    let align = fields.iter().map(|f| f.align).max().unwrap_or(1);
    let (offsets, end) = match order {
        Order::Any => best_arrangement(fields, 0),
        Order::Declared => arrange(fields, &(0..fields.len()).collect::<Vec<_>>(), 0),
    };
    let size = round_up(end, align);
    let mut abi = struct_abi(fields, &offsets, size);
    let mut niche = best_niche(fields.iter().zip(&offsets));
    if non_null {
        match &mut abi {
            Abi::Scalar(s) | Abi::Pair(s, _) if s.prim == Prim::Ptr => *s = NON_NULL,
            _ => {}
        }
        let first = match abi {
            Abi::Scalar(s) | Abi::Pair(s, _) => niche_of(s, 0),
            _ => None,
        };
        niche = niche.or(first);
    }
    Layout { size, align, abi, kind: Kind::Fields(offsets), niche }
}

fn enumeration(variants: &[Vec<Rc<Layout>>], values: Vec<i128>) -> Layout {
    if variants.len() <= 1 {
        let empty = Vec::new();
        let fields = variants.first().unwrap_or(&empty);
        let single = structure(fields, Order::Any, false);
        let Kind::Fields(offsets) = single.kind else { unreachable!("a struct has fields") };
        let variants = if variants.is_empty() { Vec::new() } else { vec![offsets] };
        return Layout { kind: Kind::Enum { variants, values, encoding: Encoding::Single }, ..single };
    }
    let niche = niche_filled(variants, &values);
    let tagged = tagged(variants, values);
    match niche {
        Some(niche) if niche.size < tagged.size || niche.size == tagged.size && better(&niche, &tagged) => {
            niche
        }
        _ => tagged,
    }
}

/// Of the same size: registers beat memory.
fn better(a: &Layout, b: &Layout) -> bool {
    b.abi == Abi::Memory || a.abi != Abi::Memory
}

fn niche_filled(variants: &[Vec<Rc<Layout>>], values: &[i128]) -> Option<Layout> {
    if values.iter().enumerate().any(|(i, &v)| v != i as i128) {
        return None;
    }
    let mut with_data = variants.iter().enumerate().filter(|(_, fields)| fields.iter().any(|f| f.size > 0));
    let (dataful, fields) = with_data.next()?;
    if with_data.next().is_some() {
        return None;
    }
    let data = structure(fields, Order::Any, false);
    let niche = data.niche?;
    let others = variants.len() as u128 - 1;
    if niche.available() < others {
        return None;
    }
    let mask = niche.prim.mask();
    let (lo, hi) = niche.valid;
    let start = hi.wrapping_add(1) & mask;
    let last = hi.wrapping_add(others) & mask;
    let prim = if niche.prim == Prim::Bool { Prim::Int(8) } else { niche.prim };
    let full = last.wrapping_add(1) & mask == lo;
    let scalar = Scalar { prim, valid: (!full).then_some((lo, last)) };
    let abi = match data.abi {
        Abi::Scalar(_) if niche.offset == 0 => Abi::Scalar(scalar),
        Abi::Pair(_, b) if niche.offset == 0 && Abi::second_offset(scalar, b) >= scalar.size() => {
            Abi::Pair(scalar, b)
        }
        Abi::Pair(a, b) if niche.offset == Abi::second_offset(a, b) => Abi::Pair(a, scalar),
        _ => Abi::Memory,
    };
    let align = variants.iter().flatten().map(|f| f.align).max().unwrap_or(1);
    if align > data.align {
        return None;
    }
    let Kind::Fields(data_offsets) = data.kind else { unreachable!("a struct has fields") };
    let offsets = variants
        .iter()
        .enumerate()
        .map(|(i, fields)| if i == dataful { data_offsets.clone() } else { vec![0; fields.len()] })
        .collect();
    Some(Layout {
        size: data.size,
        align: data.align,
        abi,
        kind: Kind::Enum {
            variants: offsets,
            values: values.to_vec(),
            encoding: Encoding::Niche { offset: niche.offset, scalar, dataful: dataful as u32, start },
        },
        niche: niche_of(scalar, niche.offset),
    })
}

fn tagged(variants: &[Vec<Rc<Layout>>], values: Vec<i128>) -> Layout {
    let lowest = values.iter().copied().min().unwrap_or(0);
    let highest = values.iter().copied().max().unwrap_or(0);
    let signed = lowest < 0;
    let fits = |bits: u32| {
        if signed {
            lowest >= -(1 << (bits - 1)) && highest < (1 << (bits - 1))
        } else {
            highest < (1 << bits)
        }
    };
    let bits = [8, 16, 32, 64].into_iter().find(|&b| fits(b)).unwrap_or(64);
    let mut tag_size = u64::from(bits) / 8;

    let mut align = variants.iter().flatten().map(|f| f.align).max().unwrap_or(1).max(tag_size);
    let arranged: Vec<_> = variants.iter().map(|f| best_arrangement(f, tag_size)).collect();
    // The tag takes the room up to the first field: whole words are cheaper, and make pairs.
    let first = variants
        .iter()
        .zip(&arranged)
        .flat_map(|(fields, (offsets, _))| fields.iter().zip(offsets))
        .filter(|(f, _)| f.size > 0)
        .map(|(_, &offset)| offset)
        .min();
    if let Some(first) = first {
        while tag_size * 2 <= first && tag_size < 8 {
            tag_size *= 2;
        }
        align = align.max(tag_size);
    }
    let bits = tag_size as u32 * 8;
    let mask = if bits == 64 { u128::from(u64::MAX) } else { (1 << bits) - 1 };
    let tag = Scalar { prim: Prim::Int(bits), valid: Some((lowest as u128 & mask, highest as u128 & mask)) };
    let end = arranged.iter().map(|a| a.1).max().unwrap_or(0).max(tag_size);
    let size = round_up(end, align);
    let offsets: Vec<Vec<u64>> = arranged.into_iter().map(|a| a.0).collect();
    let abi = tagged_abi(variants, &offsets, tag, size);
    Layout {
        size,
        align,
        abi,
        niche: niche_of(tag, 0),
        kind: Kind::Enum { variants: offsets, values, encoding: Encoding::Tag(tag, signed) },
    }
}

/// A pair if every variant with data has one scalar at the same offset.
fn tagged_abi(variants: &[Vec<Rc<Layout>>], offsets: &[Vec<u64>], tag: Scalar, size: u64) -> Abi {
    let mut payload: Option<(Scalar, u64)> = None;
    for (fields, offsets) in variants.iter().zip(offsets) {
        let mut solid = fields.iter().zip(offsets).filter(|(f, _)| f.abi != Abi::Zst);
        let Some((field, &offset)) = solid.next() else { continue };
        let Abi::Scalar(this) = field.abi else { return Abi::Memory };
        if solid.next().is_some() {
            return Abi::Memory;
        }
        payload = match payload {
            None => Some((this, offset)),
            Some((seen, at)) if at == offset => {
                let prim = match (seen.prim, this.prim) {
                    (a, b) if a == b => a,
                    (Prim::Ptr, Prim::Int(64)) | (Prim::Int(64), Prim::Ptr) => Prim::Int(64),
                    (Prim::Bool, Prim::Int(8)) | (Prim::Int(8), Prim::Bool) => Prim::Int(8),
                    _ => return Abi::Memory,
                };
                let valid = if seen.valid == this.valid && prim == seen.prim { seen.valid } else { None };
                Some((Scalar { prim, valid }, at))
            }
            Some(_) => return Abi::Memory,
        };
    }
    match payload {
        None if tag.size() == size => Abi::Scalar(tag),
        Some((payload, at)) if at == Abi::second_offset(tag, payload) => {
            // A variant without data leaves the payload undefined.
            Abi::Pair(tag, Scalar { valid: None, ..payload })
        }
        _ => Abi::Memory,
    }
}

pub fn field_offsets(layout: &Layout) -> &[u64] {
    match &layout.kind {
        Kind::Fields(offsets) => offsets,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
