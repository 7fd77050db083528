//! Places, operands and right sides.

use hir::items::BodyOwner;
use hir::thir::{CastKind, Coercion, UnOp};
use hir::ty::{Mutability, Ty, TyKind};

use super::layout::is_wide;
use super::memory::{Borrow, Bytes, Fault, Kind, Ptr};
use super::{Machine, Step, Stop, TABLES};
use crate::body::{
    Aggregate, ConstKind, Constant, Operand, Place, Projection, Rvalue, Statement, StatementKind,
};

/// Where a place is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub ptr: Ptr,
    pub ty: Ty,
    pub variant: usize,
    /// Behind a two-word reference: the length, or the table's address.
    pub meta: Option<u64>,
}

impl Machine<'_> {
    pub(super) fn place(&mut self, place: &Place) -> Step<Spot> {
        let ty = self.frame().body.locals[place.local].ty;
        let mut at = Spot { ptr: self.local(place.local), ty, variant: 0, meta: None };
        for &projection in &place.projection {
            at = self.project(at, projection)?;
        }
        Ok(at)
    }

    fn project(&mut self, at: Spot, projection: Projection) -> Step<Spot> {
        Ok(match projection {
            Projection::Deref => {
                let size = self.size(at.ty);
                let bytes = self.memory.read(at.ptr, size)?;
                let (to, wide) = match *at.ty.kind() {
                    TyKind::Ref(Mutability::Shared, to) => (to, is_wide(to)),
                    TyKind::Ref(_, to) | TyKind::RawPtr(to) => (to, false),
                    _ => return self.unsupported("dereference of something else"),
                };
                let ptr = bytes.as_ptr()?;
                let meta = if wide { Some(bytes.slice(8, 8).as_int()? as u64) } else { None };
                Spot { ptr, ty: to, variant: 0, meta }
            }
            Projection::Field(field, ty) => {
                let layout = self.layout(at.ty);
                let offset = layout
                    .variants
                    .get(at.variant)
                    .and_then(|v| v.get(field.0 as usize))
                    .copied()
                    .ok_or_else(|| Stop::Unsupported("field of something else".into()))?;
                let exact = layout.fields[at.variant][field.0 as usize];
                let _ = ty;
                Spot { ptr: at.ptr.offset(offset as i64), ty: exact, variant: 0, meta: None }
            }
            Projection::Downcast(variant) => Spot { variant: variant.0 as usize, ..at },
            Projection::Index(local) => {
                let spot = self.place(&Place::local(local))?;
                let size = self.size(spot.ty);
                let index = self.memory.read(spot.ptr, size)?.as_int()?;
                self.element(at, index as u64 as i64)?
            }
            Projection::ConstIndex { offset, from_end } => {
                let index = match from_end {
                    false => offset as i64,
                    true => self.len(at)? as i64 - offset as i64,
                };
                self.element(at, index)?
            }
        })
    }

    fn element(&mut self, at: Spot, index: i64) -> Step<Spot> {
        let len = self.len(at)?;
        if index < 0 || index as u64 >= len {
            return Err(Fault::OutOfBounds.into());
        }
        let elem = crate::place::element(at.ty)
            .ok_or_else(|| Stop::Unsupported("element of something else".into()))?;
        let size = self.size(elem) as i64;
        let start = self.elements(at)?;
        Ok(Spot { ptr: start.offset(index * size), ty: elem, variant: 0, meta: None })
    }

    /// The first element of a list, string, array or slice.
    fn elements(&mut self, at: Spot) -> Step<Ptr> {
        match (at.ty.kind(), at.meta) {
            (TyKind::List(_) | TyKind::Str, None) => Ok(self.memory.read(at.ptr, 8)?.as_ptr()?),
            _ => Ok(at.ptr),
        }
    }

    pub(super) fn len(&mut self, at: Spot) -> Step<u64> {
        match (at.ty.kind(), at.meta) {
            (_, Some(len)) => Ok(len),
            (TyKind::List(_) | TyKind::Str, None) => {
                Ok(self.memory.read(at.ptr.offset(16), 8)?.as_int()? as u64)
            }
            (TyKind::Array(_, len), _) => match len.kind() {
                TyKind::Const(n) => Ok(*n as u64),
                _ => self.unsupported("length of an array"),
            },
            _ => self.unsupported("length of something else"),
        }
    }

    pub(super) fn read_spot(&mut self, at: Spot) -> Step<Bytes> {
        let size = self.size(at.ty);
        let bytes = self.memory.read(at.ptr, size)?;
        self.valid(&bytes, at.ty)?;
        Ok(bytes)
    }

    /// A value of the type is wholly there (padding apart).
    fn valid(&mut self, bytes: &Bytes, ty: Ty) -> Step<()> {
        if !bytes.init.contains(&false) {
            return Ok(());
        }
        let layout = self.layout(ty);
        if layout.maybe_uninit {
            return Ok(());
        }
        match ty.kind() {
            TyKind::Tuple(_) | TyKind::Adt(..) | TyKind::Closure(..) => {
                let mut variant = 0;
                if let Some(values) = &layout.discriminants {
                    if values.is_empty() {
                        return Ok(());
                    }
                    variant = bytes.slice(0, 8).as_int()? as usize;
                }
                let Some(offsets) = layout.variants.get(variant) else {
                    return Err(Fault::Other("no variant of the enum".into()).into());
                };
                for (i, &offset) in offsets.iter().enumerate() {
                    let field = layout.fields[variant][i];
                    let size = self.size(field);
                    self.valid(&bytes.slice(offset, size), field)?;
                }
                Ok(())
            }
            TyKind::Array(elem, _) => {
                let size = self.size(*elem);
                if size > 0 {
                    for at in (0..layout.size).step_by(size) {
                        self.valid(&bytes.slice(at, size), *elem)?;
                    }
                }
                Ok(())
            }
            _ => Err(Fault::Uninit.into()),
        }
    }

    pub(super) fn operand(&mut self, operand: &Operand) -> Step<Bytes> {
        match operand {
            Operand::Copy(place) => {
                let at = self.place(place)?;
                self.read_spot(at)
            }
            Operand::Move(place) => {
                let at = self.place(place)?;
                let bytes = self.read_spot(at)?;
                self.memory.forget(at.ptr, bytes.len());
                Ok(bytes)
            }
            Operand::Const(constant) => self.constant(constant),
        }
    }

    pub(super) fn operand_ty(&mut self, operand: &Operand) -> Ty {
        match operand {
            // By the exact types of fields, which projections may still name generically.
            Operand::Copy(place) | Operand::Move(place) => {
                let body = self.frame().body;
                place.ty(&body.locals)
            }
            Operand::Const(constant) => constant.ty,
        }
    }

    pub(super) fn constant(&mut self, constant: &Constant) -> Step<Bytes> {
        let size = self.size(constant.ty);
        Ok(match &constant.kind {
            ConstKind::Int(value) => Bytes::int(*value as u128, size.min(16)),
            ConstKind::Float(bits) => match size {
                4 => Bytes::int(u128::from((f64::from_bits(*bits) as f32).to_bits()), 4),
                _ => Bytes::int(u128::from(*bits), 8),
            },
            ConstKind::Unit => Bytes::default(),
            ConstKind::Str(text) => {
                let ptr = self.text(text)?;
                if constant.ty.is_ref() {
                    let mut bytes = Bytes::uninit(16);
                    bytes.put(0, &Bytes::ptr(ptr));
                    bytes.put(8, &Bytes::int(text.len() as u128, 8));
                    return Ok(bytes);
                }
                let mut bytes = Bytes::uninit(24);
                bytes.put(0, &Bytes::ptr(ptr));
                bytes.put(8, &Bytes::int(0, 8));
                bytes.put(16, &Bytes::int(text.len() as u128, 8));
                bytes
            }
            ConstKind::Item(id) => {
                let Some(&func) = self.program.consts.get(id) else {
                    return self.unsupported("a constant that is not in the program");
                };
                match self.constants_only {
                    true => {
                        let value = self.item(BodyOwner::Const(*id), func)?;
                        self.make(&value)?
                    }
                    false => self.call_now(func, Vec::new())?,
                }
            }
            ConstKind::Static(id) => {
                let ptr = self.static_(*id)?;
                match *constant.ty.kind() {
                    TyKind::Ref(Mutability::Shared, to) => {
                        let at = Spot { ptr, ty: to, variant: 0, meta: None };
                        self.reference(at, Borrow::Shared)?
                    }
                    _ => Bytes::ptr(ptr),
                }
            }
            ConstKind::View(value) => {
                let ptr = self.viewed(value)?;
                let at = Spot { ptr, ty: value.ty, variant: 0, meta: None };
                self.reference(at, Borrow::Shared)?
            }
            ConstKind::Param(_) => return self.unsupported("a parameter of a generic function"),
        })
    }

    /// A reference to a place.
    pub(super) fn reference(&mut self, at: Spot, borrow: Borrow) -> Step<Bytes> {
        let shared = borrow == Borrow::Shared;
        if shared && is_wide(at.ty) {
            let (ptr, meta) = match (at.meta, at.ty.kind()) {
                (Some(meta), _) => (at.ptr, meta),
                (None, TyKind::List(_) | TyKind::Str) => (self.elements(at)?, self.len(at)?),
                (None, _) => {
                    let pair = self.memory.read(at.ptr, 16)?;
                    (pair.as_ptr()?, pair.slice(8, 8).as_int()? as u64)
                }
            };
            return self.wide(ptr, at.ty, meta);
        }
        if at.meta.is_some() {
            return self.unsupported("an exclusive reference to a slice");
        }
        let layout = self.layout(at.ty);
        let borrow = if shared && layout.open { Borrow::Open } else { borrow };
        Ok(Bytes::ptr(self.memory.borrow(at.ptr, layout.size, borrow)?))
    }

    /// A two-word reference to what begins at `ptr`.
    pub(super) fn wide(&mut self, ptr: Ptr, ty: Ty, meta: u64) -> Step<Bytes> {
        let (size, open) = match crate::place::element(ty) {
            Some(elem) => {
                let layout = self.layout(elem);
                (layout.size * meta as usize, layout.open)
            }
            None => match self.table(meta) {
                Some(table) => {
                    let layout = self.layout(table);
                    (layout.size, true)
                }
                None => (0, true),
            },
        };
        let borrow = if open { Borrow::Open } else { Borrow::Shared };
        let ptr = self.memory.borrow(ptr, size, borrow)?;
        let mut bytes = Bytes::ptr(ptr);
        bytes.data.resize(16, 0);
        bytes.init.resize(16, false);
        bytes.put(8, &Bytes::int(u128::from(meta), 8));
        Ok(bytes)
    }

    /// The type behind a table's address.
    pub(super) fn table(&self, meta: u64) -> Option<Ty> {
        let index = meta.checked_sub(TABLES)? / 16;
        self.program.vtables.as_slice().get(index as usize).map(|t| t.ty)
    }

    pub(super) fn statement(&mut self, statement: &Statement) -> Step<()> {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                let ty = self.frame().body.place_ty(place);
                let bytes = self.rvalue(rvalue, ty)?;
                let at = self.place(place)?;
                self.memory.write(at.ptr, &bytes)?;
                Ok(())
            }
            StatementKind::StorageLive(local) => self.storage(*local, true),
            StatementKind::StorageDead(local) => self.storage(*local, false),
            StatementKind::FakeRead(_) | StatementKind::Nop => Ok(()),
        }
    }

    fn rvalue(&mut self, rvalue: &Rvalue, ty: Ty) -> Step<Bytes> {
        match rvalue {
            Rvalue::Use(operand) => self.operand(operand),
            Rvalue::Ref { mutability, place, two_phase } => {
                let at = self.place(place)?;
                let borrow = match (mutability, two_phase) {
                    (Mutability::Shared, _) => Borrow::Shared,
                    (Mutability::Mut, true) => Borrow::TwoPhase,
                    (Mutability::Mut, false) => Borrow::Exclusive,
                };
                self.reference(at, borrow)
            }
            Rvalue::RawRef(place) => {
                let at = self.place(place)?;
                Ok(Bytes::ptr(at.ptr))
            }
            Rvalue::Binary(op, a, b) => {
                let operand_ty = self.operand_ty(a);
                let (a, b) = (self.operand(a)?, self.operand(b)?);
                Ok(self.binary(*op, operand_ty, &a, &b)?.0)
            }
            Rvalue::CheckedBinary(op, a, b) => {
                let operand_ty = self.operand_ty(a);
                let (a, b) = (self.operand(a)?, self.operand(b)?);
                let (value, overflowed) = self.binary(*op, operand_ty, &a, &b)?;
                let layout = self.layout(ty);
                let mut out = Bytes::uninit(layout.size);
                out.put(layout.variants[0][0], &value);
                out.put(layout.variants[0][1], &Bytes::int(u128::from(overflowed), 1));
                Ok(out)
            }
            Rvalue::Unary(op, operand) => {
                let ty = self.operand_ty(operand);
                let value = self.operand(operand)?;
                self.unary(*op, ty, &value)
            }
            Rvalue::Cast(kind, operand, to) => {
                let from = self.operand_ty(operand);
                let value = self.operand(operand)?;
                self.cast(*kind, from, &value, *to)
            }
            Rvalue::Coerce(kind, operand, to) => {
                let from = self.operand_ty(operand);
                let value = self.operand(operand)?;
                self.coerce(*kind, from, value, *to)
            }
            Rvalue::Len(place) => {
                let at = self.place(place)?;
                Ok(Bytes::int(u128::from(self.len(at)?), 8))
            }
            Rvalue::Discriminant(place) => {
                let at = self.place(place)?;
                let layout = self.layout(at.ty);
                let Some(values) = &layout.discriminants else { return Ok(Bytes::int(0, 8)) };
                let variant = self.memory.read(at.ptr, 8)?.as_int()? as usize;
                match values.get(variant) {
                    Some(&value) => Ok(Bytes::int(value as u128, 8)),
                    None => Err(Fault::Other("no variant of the enum".into()).into()),
                }
            }
            Rvalue::Aggregate(aggregate, operands) => self.aggregate(aggregate, operands, ty),
            Rvalue::Repeat(operand, to) => {
                let value = self.operand(operand)?;
                let layout = self.layout(*to);
                let mut out = Bytes::uninit(layout.size);
                if value.len() > 0 {
                    for at in (0..layout.size).step_by(value.len()) {
                        out.put(at, &value);
                    }
                }
                Ok(out)
            }
            Rvalue::Subslice { place, from, to, mutability } => {
                let at = self.place(place)?;
                if *mutability == Mutability::Mut {
                    return self.unsupported("a slice to change");
                }
                let len = self.len(at)?;
                if from + to > len {
                    return Err(Fault::OutOfBounds.into());
                }
                let start = self.elements(at)?;
                let elem = crate::place::element(at.ty).unwrap_or_else(Ty::error);
                let size = self.size(elem) as i64;
                self.wide(start.offset(*from as i64 * size), Ty::list(elem), len - from - to)
            }
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate, operands: &[Operand], ty: Ty) -> Step<Bytes> {
        let mut parts = Vec::with_capacity(operands.len());
        for operand in operands {
            parts.push(self.operand(operand)?);
        }
        self.assemble(aggregate, &parts, ty)
    }

    pub(super) fn assemble(&mut self, aggregate: &Aggregate, parts: &[Bytes], ty: Ty) -> Step<Bytes> {
        if let Aggregate::List(elem) = aggregate {
            let size = self.size(*elem);
            let ptr = match size * parts.len() {
                0 => Ptr::int(16),
                bytes => self.memory.allocate(bytes, self.list_kind),
            };
            for (i, part) in parts.iter().enumerate() {
                self.memory.write(ptr.offset((i * size) as i64), part)?;
            }
            let mut out = Bytes::uninit(24);
            let count = parts.len() as u128;
            out.put(0, &Bytes::ptr(ptr));
            out.put(8, &Bytes::int(count, 8));
            out.put(16, &Bytes::int(count, 8));
            return Ok(out);
        }
        let layout = self.layout(ty);
        let mut out = Bytes::uninit(layout.size);
        if let Aggregate::Array(elem) = aggregate {
            let size = self.size(*elem);
            for (i, part) in parts.iter().enumerate() {
                out.put(i * size, part);
            }
            return Ok(out);
        }
        let mut variant = 0;
        if let Aggregate::Adt { variant: v, .. } = aggregate {
            variant = v.0 as usize;
            if layout.discriminants.is_some() {
                out.put(0, &Bytes::int(variant as u128, 8));
            }
        }
        let Some(offsets) = layout.variants.get(variant) else {
            return self.unsupported("an aggregate without a layout");
        };
        for (part, &offset) in parts.iter().zip(offsets) {
            out.put(offset, part);
        }
        Ok(out)
    }

    fn coerce(&mut self, kind: Coercion, from: Ty, value: Bytes, to: Ty) -> Step<Bytes> {
        match kind {
            Coercion::Never | Coercion::MutToShared => {
                // `&mut [T]` to `&[T]` becomes two words.
                if let (Some((Mutability::Mut, pointee)), true) = (from.pointee(), to.is_ref())
                    && kind == Coercion::MutToShared
                {
                    let at = Spot { ptr: value.as_ptr()?, ty: pointee, variant: 0, meta: None };
                    return self.reference(at, Borrow::Shared);
                }
                Ok(value)
            }
            Coercion::ArrayToSlice => {
                let (Some((_, array)), Some((_, list))) = (from.pointee(), to.pointee()) else {
                    return self.unsupported("a slice of something else");
                };
                let at = Spot { ptr: value.as_ptr()?, ty: array, variant: 0, meta: None };
                let len = self.len(at)?;
                self.wide(at.ptr, list, len)
            }
            Coercion::ToDyn | Coercion::ToDynFn => {
                let table = self.table_of(from, to)?;
                let ptr = match value.len() {
                    0 => Ptr::int(16),
                    size => self.memory.allocate(size, Kind::Heap),
                };
                self.memory.write(ptr, &value)?;
                Ok(pair(ptr, table))
            }
            Coercion::RefToDyn => {
                let (Some((mutability, inner)), Some((_, dyn_ty))) = (from.pointee(), to.pointee()) else {
                    return self.unsupported("a dyn reference to something else");
                };
                if inner == dyn_ty {
                    return Ok(value);
                }
                let table = self.table_of(inner, dyn_ty)?;
                let both = pair(value.as_ptr()?, table);
                if mutability == Mutability::Shared && to.pointee().is_some_and(|t| t.0 == Mutability::Shared)
                {
                    return Ok(both);
                }
                let ptr = self.memory.allocate(16, Kind::Stack);
                self.memory.write(ptr, &both)?;
                let extra = ptr.prov.map(|p| p.alloc);
                self.frame().extra.extend(extra);
                Ok(Bytes::ptr(ptr))
            }
        }
    }

    fn table_of(&mut self, ty: Ty, dyn_ty: Ty) -> Step<u64> {
        match self.program.vtable_ids.get(&(ty, dyn_ty)) {
            Some(id) => Ok(TABLES + u64::from(id.0) * 16),
            None => self.unsupported("a table that is not in the program"),
        }
    }

    fn unary(&mut self, op: UnOp, ty: Ty, value: &Bytes) -> Step<Bytes> {
        let size = value.len();
        let raw = value.as_int()?;
        Ok(match (op, ty.kind()) {
            (UnOp::Not, _) => Bytes::int(u128::from(raw == 0), size),
            (UnOp::BitNot, _) => Bytes::int(!raw, size),
            (UnOp::Neg, TyKind::Float(_)) => super::ops::float_result(-super::ops::float_of(raw, size), size),
            (UnOp::Neg, _) => Bytes::int((raw as i128).wrapping_neg() as u128, size),
        })
    }

    fn cast(&mut self, kind: CastKind, from: Ty, value: &Bytes, to: Ty) -> Step<Bytes> {
        let size = self.size(to);
        if matches!(kind, CastKind::PtrToPtr) {
            return Ok(value.clone());
        }
        if matches!(kind, CastKind::PtrToInt) {
            return Ok(Bytes::int(value.slice(0, 8).as_int()?, size));
        }
        if let TyKind::Adt(..) = from.kind() {
            let layout = self.layout(from);
            let variant = value.slice(0, 8.min(value.len())).as_int()? as usize;
            let value = layout.discriminants.as_ref().and_then(|d| d.get(variant)).copied();
            return Ok(Bytes::int(value.unwrap_or(0) as u128, size));
        }
        let raw = value.as_int()?;
        let n = super::ops::int_of(raw, from);
        Ok(match kind {
            CastKind::IntToInt | CastKind::U8ToChar => Bytes::int(n as u128, size),
            CastKind::IntToFloat => {
                super::ops::float_result(if size == 4 { f64::from(n as f32) } else { n as f64 }, size)
            }
            CastKind::FloatToFloat => super::ops::float_result(super::ops::float_of(raw, value.len()), size),
            CastKind::FloatToInt => {
                let x = super::ops::float_of(raw, value.len());
                let clamped = match *to.kind() {
                    TyKind::Int(int) => {
                        let (lo, hi) = int.range();
                        (x as i128).clamp(lo, hi)
                    }
                    _ => x as i128,
                };
                Bytes::int(clamped as u128, size)
            }
            CastKind::IntToPtr => Bytes::int(raw, size),
            CastKind::PtrToPtr | CastKind::PtrToInt => value.clone(),
        })
    }
}

pub(super) fn pair(ptr: Ptr, meta: u64) -> Bytes {
    let mut bytes = Bytes::uninit(16);
    bytes.put(0, &Bytes::ptr(ptr));
    bytes.put(8, &Bytes::int(u128::from(meta), 8));
    bytes
}
