//! Values that are data of the program: what views of constants refer to.
//!
//! The one thing to know: a value is put together from pieces at their offsets, with zeros in
//! between. A list in it has the capacity 0, as the text of a literal has: nobody owns it.

use mir::body::{ConstKind, Value as Known, ValueKind};
use mir::mono::items::VariantIdx;
use mir::mono::ty::{Ty, TyKind};

use crate::layout::{Abi, Kind, Prim};
use crate::llvm::Value;
use crate::place::LIST_LEN;
use crate::unit::Unit;
use crate::value::{field_offset, tag_bits};

/// A constant, where it stands, and how many bytes it takes.
struct Piece {
    offset: u64,
    value: Value,
    size: u64,
}

impl Unit<'_> {
    /// The address of a value, and how many elements are there if its type is that of a list or text.
    pub fn view(&self, known: &Known) -> (Value, Option<u64>) {
        match (known.ty.kind(), &known.kind) {
            (TyKind::List(elem), ValueKind::Parts(_, parts)) => {
                (self.elements(*elem, parts), Some(parts.len() as u64))
            }
            (_, ValueKind::Plain(ConstKind::Str(text))) if !known.ty.is_ref() => {
                (self.text(text), Some(text.len() as u64))
            }
            _ => {
                let mut pieces = Vec::new();
                self.pieces(known, 0, &mut pieces);
                let layout = self.layout(known.ty);
                (self.data(pieces, layout.size, layout.align), None)
            }
        }
    }

    fn elements(&self, elem: Ty, parts: &[Known]) -> Value {
        let layout = self.layout(elem);
        let mut pieces = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            self.pieces(part, layout.size * i as u64, &mut pieces);
        }
        self.data(pieces, layout.size * parts.len() as u64, layout.align)
    }

    fn data(&self, mut pieces: Vec<Piece>, size: u64, align: u64) -> Value {
        let m = &self.m;
        if size == 0 {
            return m.const_ptr(align.max(1));
        }
        pieces.sort_by_key(|piece| piece.offset);
        let mut fields = Vec::with_capacity(pieces.len());
        let mut at = 0;
        for piece in pieces {
            if piece.offset > at {
                fields.push(m.null(m.bytes(piece.offset - at)));
            }
            at = piece.offset + piece.size;
            fields.push(piece.value);
        }
        if size > at {
            fields.push(m.null(m.bytes(size - at)));
        }
        m.add_constant("data", m.const_struct(&fields), align)
    }

    fn pieces(&self, known: &Known, offset: u64, out: &mut Vec<Piece>) {
        let (variant, parts) = match &known.kind {
            ValueKind::Plain(kind) => return self.plain(kind, known.ty, offset, out),
            ValueKind::Parts(variant, parts) => (*variant, parts),
        };
        if let TyKind::List(elem) = *known.ty.kind() {
            self.run(self.elements(elem, parts), parts.len() as u64, offset, out);
            return;
        }
        let layout = self.layout(known.ty);
        let chosen = matches!(layout.kind, Kind::Enum { .. }).then_some(variant);
        for (i, part) in parts.iter().enumerate() {
            self.pieces(part, offset + field_offset(&layout, chosen, i), out);
        }
        self.tag(known.ty, variant, offset, out);
    }

    fn tag(&self, ty: Ty, variant: VariantIdx, offset: u64, out: &mut Vec<Piece>) {
        if let Some((at, scalar, bits)) = tag_bits(&self.layout(ty), variant) {
            let value = match scalar.prim {
                Prim::Ptr => self.m.const_ptr(bits as u64),
                _ => self.m.const_int(self.m.int(scalar.size() as u32 * 8), bits as i128),
            };
            out.push(Piece { offset: offset + at, value, size: scalar.size() });
        }
    }

    /// A list or a string that nobody owns.
    fn run(&self, at: Value, len: u64, offset: u64, out: &mut Vec<Piece>) {
        let m = &self.m;
        out.push(Piece { offset, value: at, size: 8 });
        out.push(Piece { offset: offset + 8, value: m.const_i64(0), size: 8 });
        out.push(Piece { offset: offset + LIST_LEN, value: m.const_i64(len as i64), size: 8 });
    }

    fn plain(&self, kind: &ConstKind, ty: Ty, offset: u64, out: &mut Vec<Piece>) {
        let m = &self.m;
        let mut push = |value, at, size| out.push(Piece { offset: offset + at, value, size });
        match (kind, self.layout(ty).abi) {
            (ConstKind::Int(value), Abi::Scalar(scalar)) => {
                push(m.const_int(self.in_memory(scalar.prim), *value), 0, scalar.size());
            }
            (ConstKind::Float(bits), Abi::Scalar(scalar)) => {
                push(m.const_float(self.register(scalar.prim), f64::from_bits(*bits)), 0, scalar.size());
            }
            (ConstKind::Str(text), _) if !ty.is_ref() => {
                self.run(self.text(text), text.len() as u64, offset, out);
            }
            (ConstKind::Str(text), _) => {
                push(self.text(text), 0, 8);
                push(m.const_i64(text.len() as i64), 8, 8);
            }
            (ConstKind::View(known), _) => {
                let (at, len) = self.view(known);
                push(at, 0, 8);
                if let Some(len) = len {
                    push(m.const_i64(len as i64), 8, 8);
                }
            }
            // `()`; nothing else is left here by monomorphisation.
            _ => {}
        }
    }
}
