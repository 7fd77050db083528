//! Calls of foreign functions, by the C calling convention of the System V ABI for AMD64 (section 3.2.3).
//!
//! Scalars go as they are. A struct of up to 16 bytes goes as its *eightbytes*, each in an integer or a vector
//! register; a larger one, or one for which the registers that are left do not suffice, in memory: an argument as a
//! copy on the stack (`byval`), a result where the caller says (`sret`).
//!
//! The one thing to know: LLVM knows neither C's types nor the rule that a struct is not divided between registers
//! and the stack, so registers are counted here.

use mir::body::Call;
use mir::mono::Shape;
use mir::mono::ty::{Ty, TyKind};

use crate::function::FnCx;
use crate::layout::{Abi, Kind, Prim};
use crate::llvm::{Type, Value};
use crate::unit::Unit;
use crate::value::{Op, PlaceRef, Val};

/// How a type of C travels.
enum Pass {
    Nothing,
    Scalar(Prim),
    Pieces(Vec<Piece>),
    Memory,
}

/// An eightbyte: in a vector register if all of it is floating point.
#[derive(Clone, Copy)]
struct Piece {
    offset: u64,
    size: u64,
    vector: bool,
}

impl Piece {
    fn ty(self, u: &Unit) -> Type {
        match (self.vector, self.size) {
            (true, 4) => u.m.f32,
            // Two `float`s too: all that matters are the bits.
            (true, _) => u.m.f64,
            (false, size) => u.m.int(8 * size as u32),
        }
    }
}

/// Registers for arguments that are left.
struct Registers {
    integer: usize,
    vector: usize,
}

impl Registers {
    /// Takes one for each piece, or none.
    fn take(&mut self, pieces: &[Piece]) -> bool {
        let vector = pieces.iter().filter(|p| p.vector).count();
        let integer = pieces.len() - vector;
        let fits = integer <= self.integer && vector <= self.vector;
        if fits {
            self.integer -= integer;
            self.vector -= vector;
        }
        fits
    }
}

/// Attributes of an argument that code generation goes by.
enum Attribute {
    None,
    /// Small integers are extended by the caller.
    Extended(&'static str),
    OnStack {
        size: u64,
        align: u64,
    },
    Result {
        size: u64,
        align: u64,
    },
}

impl FnCx<'_, '_> {
    pub fn foreign_call(&mut self, call: &Call, symbol: base::Name) -> Result<(), String> {
        let destination = self.place_ty(&call.destination);
        let layout = self.u.layout(destination);
        let result = classify(self.u, destination);
        let mut registers = Registers { integer: 6, vector: 8 };
        let mut values = Vec::new();
        let mut attributes = Vec::new();
        // Where a struct is put by who is called, or put together from registers.
        let area = match result {
            Pass::Memory | Pass::Pieces(_) => Some(self.aligned_temp(&layout, layout.align.max(8))),
            _ => None,
        };
        if let (Pass::Memory, Some(area)) = (&result, area) {
            registers.integer -= 1;
            values.push(area);
            attributes.push(Attribute::Result { size: layout.size, align: layout.align });
        }
        for arg in &call.args {
            let op = self.operand(arg);
            self.foreign_argument(op, &mut registers, &mut values, &mut attributes);
        }
        let m = &self.u.m;
        let ret = match &result {
            Pass::Nothing | Pass::Memory => m.void,
            Pass::Scalar(prim) => self.u.register(*prim),
            Pass::Pieces(pieces) => match pieces[..] {
                [only] => only.ty(self.u),
                _ => m.struct_type(&pieces.iter().map(|p| p.ty(self.u)).collect::<Vec<_>>()),
            },
        };
        let params: Vec<Type> = values.iter().map(|&v| m.type_of(v)).collect();
        let (function, ty, may_unwind) = self.u.external(symbol, Some((&params, ret)))?;
        if crate::llvm::parameter_types(ty) != params || crate::llvm::result_type(ty) != ret {
            return Err(format!("`{symbol}` is declared twice, with different types"));
        }
        let returned = self.call_value(ty, function, &values, may_unwind, call.unwind);
        for (i, attribute) in attributes.iter().enumerate() {
            self.set_foreign_attribute(returned, i as u32, attribute);
        }
        if call.target.is_none() {
            return Ok(());
        }
        match (result, area) {
            (Pass::Scalar(_), _) => self.finish(&call.destination, Op::scalar(returned, destination)),
            (Pass::Pieces(pieces), Some(area)) => {
                for (i, piece) in pieces.iter().enumerate() {
                    let part = if pieces.len() == 1 { returned } else { self.b.extract(returned, i as u32) };
                    self.b.store(part, self.offset(area, piece.offset), 1);
                }
                let op = self.load(PlaceRef::new(area, destination));
                self.finish(&call.destination, op);
            }
            (Pass::Memory, Some(area)) => {
                let op = self.load(PlaceRef::new(area, destination));
                self.finish(&call.destination, op);
            }
            _ => {}
        }
        Ok(())
    }

    fn foreign_argument(
        &mut self,
        op: Op,
        registers: &mut Registers,
        values: &mut Vec<Value>,
        attributes: &mut Vec<Attribute>,
    ) {
        let layout = self.u.layout(op.ty);
        match classify(self.u, op.ty) {
            Pass::Nothing => {}
            Pass::Scalar(prim) => {
                let vector = matches!(prim, Prim::F32 | Prim::F64);
                registers.take(&[Piece { offset: 0, size: prim.size(), vector }]);
                attributes.push(extension(op.ty, prim));
                values.push(match op.val {
                    Val::Scalar(value) => value,
                    _ => unreachable!("a scalar of C is one here"),
                });
            }
            Pass::Pieces(pieces) if registers.take(&pieces) => {
                let at = self.in_memory(op);
                for piece in pieces {
                    values.push(self.b.load(piece.ty(self.u), self.offset(at, piece.offset), 1));
                    attributes.push(Attribute::None);
                }
            }
            Pass::Pieces(_) | Pass::Memory => {
                values.push(self.in_memory(op));
                attributes.push(Attribute::OnStack { size: layout.size, align: layout.align.max(8) });
            }
        }
    }

    /// Where the value lies, aligned for the stack.
    fn in_memory(&mut self, op: Op) -> Value {
        let layout = self.u.layout(op.ty);
        let at = self.aligned_temp(&layout, layout.align.max(8));
        self.store(op, at);
        at
    }

    fn set_foreign_attribute(&self, call: Value, index: u32, attribute: &Attribute) {
        let m = &self.u.m;
        let set = |attribute| m.add_call_param_attribute(call, Some(index), attribute);
        match *attribute {
            Attribute::None => {}
            Attribute::Extended(name) => set(m.attribute(name, 0)),
            Attribute::OnStack { size, align } => {
                set(m.type_attribute("byval", m.bytes(size)));
                set(m.attribute("align", align));
            }
            Attribute::Result { size, align } => {
                set(m.type_attribute("sret", m.bytes(size)));
                set(m.attribute("align", align));
            }
        }
    }
}

fn extension(ty: Ty, prim: Prim) -> Attribute {
    match (prim, ty.kind()) {
        (Prim::Int(8 | 16), TyKind::Int(int)) if int.is_signed() => Attribute::Extended("signext"),
        (Prim::Int(8 | 16) | Prim::Bool, _) => Attribute::Extended("zeroext"),
        _ => Attribute::None,
    }
}

fn classify(u: &Unit, ty: Ty) -> Pass {
    let layout = u.layout(ty);
    if layout.abi == Abi::Zst {
        return Pass::Nothing;
    }
    if let (Abi::Scalar(scalar), false) = (layout.abi, matches!(ty.kind(), TyKind::Adt(..))) {
        return Pass::Scalar(scalar.prim);
    }
    if layout.size > 16 {
        return Pass::Memory;
    }
    let mut integer = [false; 2];
    scalars(u, ty, 0, &mut |offset, prim| {
        integer[(offset / 8) as usize] |= !matches!(prim, Prim::F32 | Prim::F64);
    });
    let piece =
        |i: u64| Piece { offset: 8 * i, size: (layout.size - 8 * i).min(8), vector: !integer[i as usize] };
    Pass::Pieces((0..layout.size.div_ceil(8)).map(piece).collect())
}

/// The scalars that a type of C consists of, with their offsets.
fn scalars(u: &Unit, ty: Ty, at: u64, each: &mut dyn FnMut(u64, Prim)) {
    let layout = u.layout(ty);
    match (&layout.kind, ty.kind()) {
        (Kind::Array { stride, count }, TyKind::Array(elem, _)) => {
            (0..*count).for_each(|i| scalars(u, *elem, at + i * stride, each));
        }
        (Kind::Fields(offsets), TyKind::Adt(..)) => {
            if let Some(Shape::Struct(shape)) = u.program.shapes.get(&ty) {
                for (field, offset) in shape.fields.iter().zip(offsets) {
                    scalars(u, field.ty, at + offset, each);
                }
            }
        }
        _ => {
            if let Abi::Scalar(scalar) = layout.abi {
                each(at, scalar.prim);
            }
        }
    }
}
