//! The tests that a match is made of: which one a pattern asks for, which branch of it another
//! pattern belongs to, and how it is written.

use base::Span;
use hir::items::VariantIdx;
use hir::thir::{BinOp, Lit, Pat, PatKind};
use hir::ty::{Mutability, Ty, TyKind};

use super::Builder;
use super::operand::literal;
use super::pattern::{Candidate, Pair};
use super::types::Types;
use crate::body::{
    BlockId, CallFlow, Callee, ConstKind, Constant, Operand, Place, Projection, Rvalue, TerminatorKind,
};

/// A test that tells candidates apart.
pub enum Test {
    Variant,
    /// Integers, `bool`, `char`.
    Value,
    /// The exact length of a list.
    Len,
    /// The minimum length of a list.
    MinLen(u64),
    /// Equal to a literal that cannot be switched on, or to a constant.
    Equal,
    Range,
}

impl Builder<'_> {
    pub fn test_of(&self, pat: &Pat) -> Test {
        match &pat.kind {
            PatKind::Struct { .. } => Test::Variant,
            PatKind::Literal(Lit::Int(_) | Lit::Bool(_) | Lit::Char(_))
                if Types::float_bits(pat.ty).is_none() =>
            {
                Test::Value
            }
            PatKind::Range { .. } => Test::Range,
            PatKind::Slice { before, rest, after } => {
                let len = (before.len() + after.len()) as u64;
                if rest.is_some() { Test::MinLen(len) } else { Test::Len }
            }
            _ => Test::Equal,
        }
    }

    /// The one branch of `test`, made for `first`, in which a candidate with the pattern `pat` on
    /// the same place can match, and whether the pattern's own test has then been passed.
    pub fn branch_of(&self, test: &Test, first: &Pat, pat: &Pat) -> Option<(u128, bool)> {
        match (test, &pat.kind) {
            (Test::Variant, PatKind::Struct { variant, .. }) => Some((u128::from(variant.0), true)),
            (Test::Value, PatKind::Literal(lit)) => Some((self.switch_value(lit, pat.ty)?, true)),
            (Test::Len, PatKind::Slice { before, rest: None, after }) => {
                Some(((before.len() + after.len()) as u128, true))
            }
            (Test::MinLen(min), PatKind::Slice { before, rest, after }) => {
                let len = (before.len() + after.len()) as u64;
                (len >= *min).then_some((1, len == *min && rest.is_some()))
            }
            (Test::Equal, kind) => same_value(&first.kind, kind).then_some((1, true)),
            (Test::Range, PatKind::Range { lo, hi, inclusive }) => match &first.kind {
                PatKind::Range { lo: l, hi: h, inclusive: i } => {
                    (lo == l && hi == h && inclusive == i).then_some((1, true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The tests inside a pattern whose own test has been passed.
    pub fn passed<'p>(&self, pair: &Pair<'p>, candidate: &mut Candidate<'p>) {
        match &pair.pat.kind {
            PatKind::Struct { variant, fields, .. } => {
                let payload = pair.place.with(Projection::Downcast(*variant));
                for (field, pat) in fields {
                    self.simplify(payload.field(field.0 as usize, pat.ty), pat, candidate);
                }
            }
            PatKind::Slice { .. } => self.simplify_slice(&pair.place, pair.pat, candidate),
            _ => return,
        }
        candidate.sort();
    }

    /// The bits of a value, as `Switch` wants them.
    fn switch_value(&self, lit: &Lit, ty: Ty) -> Option<u128> {
        let value = match lit {
            Lit::Int(value) => *value,
            Lit::Bool(value) => i128::from(*value),
            Lit::Char(c) => *c as i128,
            _ => return None,
        };
        let bits = match ty.kind() {
            TyKind::Int(int) => int.bits(),
            _ => 32,
        };
        Some(value as u128 & ((1 << bits) - 1))
    }

    /// Writes the test at the current block. `otherwise` is where nothing listed goes.
    pub fn perform(
        &mut self,
        test: &Test,
        place: &Place,
        pat: &Pat,
        blocks: &[(u128, BlockId)],
        otherwise: BlockId,
    ) {
        let span = pat.span;
        match test {
            Test::Variant => {
                let PatKind::Struct { adt, .. } = pat.kind else { return };
                let variants = &self.program.adts[adt].variants;
                let targets: Vec<(u128, BlockId)> = blocks
                    .iter()
                    .map(|&(variant, block)| {
                        let value = variants[VariantIdx(variant as u32)].discriminant;
                        (value as u128 & u128::from(u64::MAX), block)
                    })
                    .collect();
                let exhaustive = targets.len() == variants.len();
                if let ([(_, only)], true) = (&*targets, exhaustive) {
                    return self.goto(*only, span);
                }
                let discriminant = self.temp(Ty::int(), span);
                self.assign(discriminant, Rvalue::Discriminant(place.clone()), span);
                let value = Operand::Copy(discriminant.into());
                self.switch(value, targets, otherwise, exhaustive, span);
            }
            Test::Value => {
                let exhaustive = matches!(pat.ty.kind(), TyKind::Bool) && blocks.len() == 2;
                let value = Operand::Copy(place.clone());
                self.switch(value, blocks.to_vec(), otherwise, exhaustive, span);
            }
            Test::Len => {
                let len = self.temp(Ty::int(), span);
                self.assign(len, Rvalue::Len(place.clone()), span);
                self.switch(Operand::Copy(len.into()), blocks.to_vec(), otherwise, false, span);
            }
            Test::MinLen(min) => {
                let len = self.temp(Ty::int(), span);
                self.assign(len, Rvalue::Len(place.clone()), span);
                let min = Constant { ty: Ty::int(), kind: ConstKind::Int(i128::from(*min)) };
                let enough = self.temp(Ty::bool(), span);
                let compare = Rvalue::Binary(BinOp::Ge, Operand::Copy(len.into()), Operand::Const(min));
                self.assign(enough, compare, span);
                self.branch(Operand::Copy(enough.into()), blocks[0].1, otherwise, span);
            }
            Test::Range => {
                let PatKind::Range { lo, hi, inclusive } = &pat.kind else { return };
                let bounds = [
                    lo.as_ref().map(|lo| (BinOp::Ge, lo)),
                    hi.as_ref().map(|hi| (if *inclusive { BinOp::Le } else { BinOp::Lt }, hi)),
                ];
                for (op, bound) in bounds.into_iter().flatten() {
                    let bound = Operand::Const(Constant { ty: pat.ty, kind: literal(bound) });
                    let inside = self.temp(Ty::bool(), span);
                    let compare = Rvalue::Binary(op, Operand::Copy(place.clone()), bound);
                    self.assign(inside, compare, span);
                    let next = self.new_block();
                    self.branch(Operand::Copy(inside.into()), next, otherwise, span);
                    self.start(next);
                }
                self.goto(blocks[0].1, span);
            }
            Test::Equal => {
                let equal = self.test_equal(place, pat);
                self.branch(equal, blocks[0].1, otherwise, span);
            }
        }
    }

    fn switch(
        &mut self,
        value: Operand,
        mut targets: Vec<(u128, BlockId)>,
        otherwise: BlockId,
        exhaustive: bool,
        span: Span,
    ) {
        let otherwise = match targets.last() {
            // The last one needs no test.
            Some(&(_, last)) if exhaustive => {
                targets.pop();
                last
            }
            _ => otherwise,
        };
        self.terminate(TerminatorKind::Switch { value, targets, otherwise }, span);
    }

    fn branch(&mut self, value: Operand, yes: BlockId, no: BlockId, span: Span) {
        let kind = TerminatorKind::Switch { value, targets: vec![(0, no)], otherwise: yes };
        self.terminate(kind, span);
    }

    /// Whether the place equals the pattern's literal or constant.
    fn test_equal(&mut self, place: &Place, pat: &Pat) -> Operand {
        let span = pat.span;
        let kind = match &pat.kind {
            PatKind::Literal(lit) => literal(lit),
            PatKind::Const { value } => ConstKind::Item(*value),
            _ => return Operand::Const(Constant { ty: Ty::bool(), kind: ConstKind::Int(0) }),
        };
        let constant = Constant { ty: pat.ty, kind };
        let equal = self.temp(Ty::bool(), span);
        let builtin =
            matches!(pat.ty.kind(), TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char);
        if builtin {
            let compare = Rvalue::Binary(BinOp::Eq, Operand::Copy(place.clone()), Operand::Const(constant));
            self.assign(equal, compare, span);
            return Operand::Copy(equal.into());
        }
        let expected = self.temp(pat.ty, span);
        let is_literal = matches!(constant.kind, ConstKind::Str(_));
        self.assign(expected, Rvalue::Use(Operand::Const(constant)), span);
        if !is_literal {
            self.schedule_value(self.temp_scope, expected, span);
        }
        let args = [place.clone(), Place::local(expected)].map(|place| {
            let temp = self.temp(Ty::shared_ref(pat.ty), span);
            let mutability = Mutability::Shared;
            self.assign(temp, Rvalue::Ref { mutability, place, two_phase: false }, span);
            Operand::Move(temp.into())
        });
        let string_eq = self.program.lang.function("string_eq");
        let callee = match (pat.ty.kind(), string_eq) {
            (TyKind::Str, Some(id)) => Callee::Fn { id, args: &[] },
            _ => match self.equality(pat.ty) {
                Some(callee) => callee,
                None => return Operand::Const(Constant { ty: Ty::bool(), kind: ConstKind::Int(0) }),
            },
        };
        self.call(&equal.into(), callee, args.to_vec(), CallFlow::default(), false, span);
        Operand::Copy(equal.into())
    }

    /// `Eq::eq` on a type.
    fn equality(&self, ty: Ty) -> Option<Callee> {
        let trait_ = self.program.lang.trait_("Eq")?;
        let data = &self.program.traits[trait_];
        let method = data.methods.iter().copied().find(|&m| self.program.fns[m].name == "eq")?;
        let args = vec![ty; data.generics.params.len().max(1)];
        Some(Callee::TraitMethod { trait_, method, args: hir::ty::tys(&args) })
    }
}

/// Whether two patterns ask for equality with the same thing.
fn same_value(a: &PatKind, b: &PatKind) -> bool {
    match (a, b) {
        (PatKind::Literal(a), PatKind::Literal(b)) => a == b,
        (PatKind::Const { value: a }, PatKind::Const { value: b }) => a == b,
        _ => false,
    }
}
