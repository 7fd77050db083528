//! Literals: their types, and whether their values fit.
//!
//! The one thing to know: a number without suffix takes the type that is expected or stays an
//! inference variable; its range is checked when types are final ([`super::writeback`]).

use base::{Applicability, Diagnostic, Name, Span, codes};
use syntax::ast;

use super::{Checker, Expect};
use crate::thir::{ExprId, ExprKind, Lit};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn check_literal(&mut self, literal: &ast::Literal, span: Span, expect: Expect) -> ExprId {
        let (ty, lit) = self.literal(literal, false, span, expect.hint());
        self.push(ty, span, ExprKind::Literal(lit))
    }

    /// The type and value of a literal, negated for `negative` numbers.
    pub(super) fn literal(
        &mut self,
        literal: &ast::Literal,
        negative: bool,
        span: Span,
        hint: Option<Ty>,
    ) -> (Ty, Lit) {
        let hint = hint.map(|ty| {
            let ty = self.shallow(ty);
            let mut inner = ty;
            while let TyKind::Ref(_, next) = *inner.kind() {
                inner = self.shallow(next);
            }
            inner
        });
        match literal {
            ast::Literal::Int { value, suffix } => {
                let magnitude = i128::try_from(value.get()).unwrap_or(i128::MAX);
                let value = if negative { -magnitude } else { magnitude };
                if let Some(suffix) = suffix {
                    if let Some(float) = float_named(*suffix) {
                        let ty = Ty::new(TyKind::Float(float));
                        return (ty, Lit::Float((value as f64).to_bits()));
                    }
                    let ty = self.int_suffix(*suffix, span);
                    return (ty, Lit::Int(value));
                }
                let ty = match hint {
                    Some(ty) if ty.is_integral() => ty,
                    _ => self.fresh_int(span),
                };
                (ty, Lit::Int(value))
            }
            ast::Literal::Float { text, suffix } => {
                let value: f64 = text.as_str().parse().unwrap_or(0.0);
                let value = if negative { -value } else { value };
                let ty = match suffix {
                    Some(suffix) => match float_named(*suffix) {
                        Some(float) => Ty::new(TyKind::Float(float)),
                        None => {
                            self.report(
                                Diagnostic::error(
                                    codes::E0313,
                                    span,
                                    format!("`{suffix}` is no type for a number with a fraction"),
                                )
                                .help("`f64` (the default) and `f32` are"),
                            );
                            Ty::error()
                        }
                    },
                    None => match hint {
                        Some(ty) if ty.is_float() => ty,
                        _ => self.fresh_float(span),
                    },
                };
                (ty, Lit::Float(value.to_bits()))
            }
            ast::Literal::Bool(value) => (Ty::bool(), Lit::Bool(*value)),
            ast::Literal::Char(value) => (Ty::char(), Lit::Char(*value)),
            ast::Literal::Str(text) => {
                self.note_braces(text, span);
                (Ty::str(), Lit::Str(text.clone()))
            }
            ast::Literal::Byte(value) => (Ty::int_of(IntTy::U8), Lit::Int(i128::from(*value))),
        }
    }

    fn int_suffix(&mut self, suffix: Name, span: Span) -> Ty {
        if suffix == "int" {
            return Ty::int();
        }
        if let Some((int, _)) = IntTy::ALL.iter().find(|(_, name)| suffix == *name) {
            return Ty::int_of(*int);
        }
        let names: Vec<&str> = IntTy::ALL.iter().map(|(_, n)| *n).collect();
        let mut diagnostic = Diagnostic::error(codes::E0313, span, format!("`{suffix}` is no number type"))
            .help("number types are `i8 i16 i32 i64 isize`, `u8 u16 u32 u64 usize` and `f32 f64`");
        if let Some(close) = base::diagnostic::closest(suffix.as_str(), names) {
            let len = suffix.as_str().len() as u32;
            let place = Span { lo: span.hi.saturating_sub(len).max(span.lo), ..span };
            diagnostic = diagnostic.fix(format!("write `{close}`"), place, close, Applicability::Maybe);
        }
        self.report(diagnostic);
        Ty::error()
    }

    /// Reports a value that its (final) type cannot hold.
    pub(super) fn check_literal_range(&mut self, lit: &Lit, ty: Ty, span: Span) -> bool {
        let (Lit::Int(value), TyKind::Int(int)) = (lit, ty.kind()) else { return true };
        let (min, max) = int.range();
        if (min..=max).contains(value) {
            return true;
        }
        let name = int.name();
        let mut diagnostic =
            Diagnostic::error(codes::E0313, span, format!("this number does not fit `{name}`"))
                .label(format!("`{name}` goes from {min} to {max}"));
        if *value < 0 && !int.is_signed() {
            diagnostic = diagnostic.help("unsigned types hold no negative numbers");
        } else if let Some((_, wider)) =
            IntTy::ALL.iter().find(|(t, _)| (t.range().0..=t.range().1).contains(value))
        {
            let wider = if *wider == "i64" { "int" } else { wider };
            diagnostic = diagnostic.help(format!("`{wider}` would hold it"));
        }
        self.report(diagnostic);
        false
    }
}

/// `-` before a literal.
pub(super) fn negate(lit: Lit) -> Lit {
    match lit {
        Lit::Int(value) => Lit::Int(-value),
        Lit::Float(bits) => Lit::Float((-f64::from_bits(bits)).to_bits()),
        other => other,
    }
}

fn float_named(name: Name) -> Option<FloatTy> {
    match name.as_str() {
        "f64" | "float" => Some(FloatTy::F64),
        "f32" => Some(FloatTy::F32),
        _ => None,
    }
}
