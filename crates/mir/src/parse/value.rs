//! Values in the text form: operands, constants, places, right sides.

use hir::items::{BodyOwner, ClosureId, FieldIdx, VariantIdx};
use hir::thir::BinOp;
use hir::ty::{Mutability, TyKind};

use super::{Parser, Result};
use crate::body::{Aggregate, ConstKind, Constant, Operand, Place, Projection, Rvalue, Value, ValueKind};
use crate::print::{BINARY, CASTS, COERCIONS, UNARY};

impl<'a> Parser<'a> {
    pub(super) fn operands(&mut self, close: &str) -> Result<Vec<Operand>> {
        let mut list = Vec::new();
        while !self.eat(close) {
            list.push(self.operand()?);
            self.eat(",");
        }
        Ok(list)
    }

    pub(super) fn operand(&mut self) -> Result<Operand> {
        if self.eat_word("copy") {
            Ok(Operand::Copy(self.place()?))
        } else if self.eat_word("move") {
            Ok(Operand::Move(self.place()?))
        } else if self.eat_word("const") {
            Ok(Operand::Const(self.constant()?))
        } else {
            self.error("expected an operand")
        }
    }

    fn value(&mut self) -> Result<Value> {
        if !self.eat_word("parts") {
            let constant = self.constant()?;
            return Ok(Value { ty: constant.ty, kind: ValueKind::Plain(constant.kind) });
        }
        let variant = VariantIdx(self.index()?);
        self.expect("(")?;
        let mut parts = Vec::new();
        while !self.eat(")") {
            parts.push(self.value()?);
            self.eat(",");
        }
        self.expect(":")?;
        Ok(Value { ty: self.ty()?, kind: ValueKind::Parts(variant, parts) })
    }

    pub(super) fn constant(&mut self) -> Result<Constant> {
        self.space();
        let kind = if self.eat("()") {
            ConstKind::Unit
        } else if self.rest().starts_with('"') {
            ConstKind::Str(self.string()?.into())
        } else if self.eat("float 0x") {
            let rest = self.rest();
            let digits = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            let Ok(bits) = u64::from_str_radix(&rest[..digits], 16) else {
                return self.error("expected a number's bits");
            };
            self.at += digits;
            ConstKind::Float(bits)
        } else if self.eat_word("view") {
            self.expect("(")?;
            let value = self.value()?;
            self.expect(")")?;
            ConstKind::View(value.into())
        } else if self.eat_word("param") {
            ConstKind::Param(self.index()?)
        } else if self.eat_word("item") {
            let name = self.until(": ")?;
            match self.items.owner(name) {
                Some(BodyOwner::Const(id)) => ConstKind::Item(id),
                _ => return self.error("expected a constant"),
            }
        } else if self.eat_word("static") {
            let name = self.until(": ")?;
            match self.items.owner(name) {
                Some(BodyOwner::Static(id)) => ConstKind::Static(id),
                _ => return self.error("expected a static"),
            }
        } else {
            ConstKind::Int(self.number()?)
        };
        self.expect(":")?;
        Ok(Constant { ty: self.ty()?, kind })
    }

    pub(super) fn until(&mut self, end: &str) -> Result<&'a str> {
        self.space();
        let rest = self.rest();
        match rest.find(end) {
            Some(n) => {
                self.at += n;
                Ok(&rest[..n])
            }
            None => self.error(format!("expected `{end}`")),
        }
    }

    /// A text in Rust's notation.
    pub(super) fn string(&mut self) -> Result<String> {
        self.expect("\"")?;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, '0')) => out.push('\0'),
                    Some((_, 'u')) => {
                        let digits: String = chars
                            .by_ref()
                            .map(|(_, c)| c)
                            .skip_while(|&c| c == '{')
                            .take_while(|&c| c != '}')
                            .collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        match code {
                            Some(c) => out.push(c),
                            None => return self.error("malformed escape"),
                        }
                    }
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        self.error("text without end")
    }

    pub(super) fn place(&mut self) -> Result<Place> {
        self.space();
        let mut place = if self.eat("(") {
            if self.eat("*") {
                let mut inner = self.place()?;
                inner.projection.push(Projection::Deref);
                self.expect(")")?;
                inner
            } else {
                let mut inner = self.place()?;
                if self.eat_word("as") {
                    self.expect("v")?;
                    inner.projection.push(Projection::Downcast(VariantIdx(self.index()?)));
                }
                self.expect(")")?;
                inner
            }
        } else {
            Place::local(self.local()?)
        };
        loop {
            let rest = self.rest();
            if rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1;
                let field = FieldIdx(self.index()?);
                self.expect(":")?;
                place.projection.push(Projection::Field(field, self.ty()?));
                return Ok(place);
            }
            if rest.starts_with("[_") {
                self.at += 1;
                let local = self.local()?;
                self.expect("]")?;
                place.projection.push(Projection::Index(local));
                continue;
            }
            let digits = rest
                .strip_prefix('[')
                .map_or(0, |r| r.find(|c: char| !c.is_ascii_digit()).unwrap_or(r.len()));
            if digits > 0 && rest[1 + digits..].starts_with(" from ") {
                self.at += 1;
                let offset = self.number()? as u64;
                self.expect("from")?;
                let from_end = match self.word()? {
                    "start" => false,
                    "end" => true,
                    _ => return self.error("expected `start` or `end`"),
                };
                self.expect("]")?;
                place.projection.push(Projection::ConstIndex { offset, from_end });
                continue;
            }
            return Ok(place);
        }
    }

    pub(super) fn rvalue(&mut self) -> Result<Rvalue> {
        self.space();
        let rest = self.rest();
        if ["copy ", "move ", "const "].iter().any(|w| rest.starts_with(w)) {
            return Ok(Rvalue::Use(self.operand()?));
        }
        if self.eat("&") {
            if self.eat_word("raw") {
                return Ok(Rvalue::RawRef(self.place()?));
            }
            let two_phase = self.eat_word("two_phase");
            let mutability = self.mutability();
            return Ok(Rvalue::Ref { mutability, place: self.place()?, two_phase });
        }
        if self.eat_word("subslice") {
            let mutability = self.mutability();
            let place = self.place()?;
            self.expect("[")?;
            let from = self.number()? as u64;
            self.expect("..-")?;
            let to = self.number()? as u64;
            self.expect("]")?;
            return Ok(Rvalue::Subslice { place, from, to, mutability });
        }
        if rest.starts_with("{closure ") {
            let (id, args) = self.closure()?;
            self.expect("(")?;
            let operands = self.operands(")")?;
            return Ok(Rvalue::Aggregate(Aggregate::Closure { id, args }, operands));
        }
        let at = self.at;
        let word = self.word()?;
        if let Some(op) = binary(word) {
            let (a, b) = self.pair()?;
            return Ok(Rvalue::Binary(op, a, b));
        }
        if let Some(op) = word.strip_prefix("Checked").and_then(binary) {
            let (a, b) = self.pair()?;
            return Ok(Rvalue::CheckedBinary(op, a, b));
        }
        if let Some((op, _)) = UNARY.iter().find(|(_, n)| *n == word) {
            self.expect("(")?;
            let a = self.operand()?;
            self.expect(")")?;
            return Ok(Rvalue::Unary(*op, a));
        }
        match word {
            "cast" | "coerce" => {
                let name = self.word()?;
                self.expect("(")?;
                let operand = self.operand()?;
                self.expect(")")?;
                self.expect("as")?;
                let ty = self.ty()?;
                let cast = CASTS.iter().find(|(_, n)| *n == name && word == "cast");
                let coercion = COERCIONS.iter().find(|(_, n)| *n == name && word == "coerce");
                match (cast, coercion) {
                    (Some((kind, _)), _) => Ok(Rvalue::Cast(*kind, operand, ty)),
                    (_, Some((kind, _))) => Ok(Rvalue::Coerce(*kind, operand, ty)),
                    _ => self.error("unknown conversion"),
                }
            }
            "len" | "discriminant" => {
                self.expect("(")?;
                let place = self.place()?;
                self.expect(")")?;
                Ok(match word {
                    "len" => Rvalue::Len(place),
                    _ => Rvalue::Discriminant(place),
                })
            }
            "repeat" => {
                self.expect("(")?;
                let operand = self.operand()?;
                self.expect(")")?;
                self.expect("as")?;
                Ok(Rvalue::Repeat(operand, self.ty()?))
            }
            "tuple" => {
                self.expect("(")?;
                Ok(Rvalue::Aggregate(Aggregate::Tuple, self.operands(")")?))
            }
            "array" | "list" => {
                self.expect("[")?;
                let operands = self.operands("]")?;
                self.expect("of")?;
                let elem = self.ty()?;
                let aggregate = match word {
                    "array" => Aggregate::Array(elem),
                    _ => Aggregate::List(elem),
                };
                Ok(Rvalue::Aggregate(aggregate, operands))
            }
            "adt" => {
                let ty = self.ty()?;
                let TyKind::Adt(adt, args) = *ty.kind() else {
                    return self.error("expected a struct or enum");
                };
                self.expect("::v")?;
                let variant = VariantIdx(self.index()?);
                self.expect("(")?;
                let operands = self.operands(")")?;
                Ok(Rvalue::Aggregate(Aggregate::Adt { adt, variant, args }, operands))
            }
            _ => {
                self.at = at;
                self.error("expected a value")
            }
        }
    }

    pub(super) fn pair(&mut self) -> Result<(Operand, Operand)> {
        self.expect("(")?;
        let a = self.operand()?;
        self.expect(",")?;
        let b = self.operand()?;
        self.expect(")")?;
        Ok((a, b))
    }

    pub(super) fn mutability(&mut self) -> Mutability {
        match self.eat_word("mut") {
            true => Mutability::Mut,
            false => Mutability::Shared,
        }
    }

    /// `{closure owner#0}[args]`.
    pub(super) fn closure(&mut self) -> Result<(ClosureId, hir::ty::Tys)> {
        self.expect("{closure ")?;
        let inside = self.until("}")?;
        self.expect("}")?;
        let Some((owner, index)) = inside.rsplit_once('#') else {
            return self.error("expected a closure");
        };
        let Ok(index) = index.parse() else { return self.error("expected a closure's number") };
        let owner = self.items.owner_or_new(owner);
        Ok((ClosureId { owner, index }, self.args()?))
    }
}

pub(super) fn binary(name: &str) -> Option<BinOp> {
    BINARY.iter().find(|(_, n)| *n == name).map(|&(op, _)| op)
}
