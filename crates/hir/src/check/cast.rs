//! `as`: explicit conversions between built-in types.
//!
//! The one thing to know: what is being converted may be a number literal of undecided type; the
//! kind of the conversion is then decided when types are final.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::{Checker, Expect};
use crate::items::{AdtKind, Shape};
use crate::thir::{CastKind, ExprId, ExprKind};
use crate::ty::{InferVar, IntTy, Ty, TyKind};

/// A cast whose operand's type was not known when it was met.
pub(super) struct PendingCast {
    pub expr: ExprId,
    pub value: ExprId,
    pub target: Ty,
    pub span: Span,
}

impl Checker<'_> {
    pub(super) fn check_cast(&mut self, value: &ast::Expr, ty: &ast::TypeExpr, span: Span) -> ExprId {
        let target = self.lower_type(ty);
        let target = self.structurally(target);
        let literal = is_literal(value);
        let hint = if literal && (target.is_integral() || target.is_float()) {
            Expect::Hint(target)
        } else if literal && matches!(target.kind(), TyKind::Char) {
            Expect::Hint(Ty::int_of(IntTy::U8))
        } else {
            Expect::Any
        };
        let id = self.check_expr(value, hint);
        let id = self.peel_for_cast(id, target);
        let value_id = self.value(id);
        let from = self.structurally(self.ty_of(value_id));
        // `5 as u8` is a `u8` from the start; `5 as f64` converts.
        if let TyKind::Infer(InferVar::Int(_)) = from.kind()
            && target.is_integral()
            && literal
        {
            self.unify(target, from);
        }
        let cast = self.push(target, span, ExprKind::Cast { value: value_id, kind: CastKind::IntToInt });
        self.casts.push(PendingCast { expr: cast, value: value_id, target, span });
        cast
    }

    fn peel_for_cast(&mut self, id: ExprId, target: Ty) -> ExprId {
        if matches!(target.kind(), TyKind::RawPtr(_)) {
            return id;
        }
        self.peel(id)
    }

    /// Decides the kinds of all casts.
    pub(super) fn finish_casts(&mut self) {
        for cast in std::mem::take(&mut self.casts) {
            let from = self.resolve(self.ty_of(cast.value));
            let to = self.resolve(cast.target);
            if from.has_error() || to.has_error() {
                self.has_errors = true;
                continue;
            }
            if from.is_never() {
                continue;
            }
            if from == to {
                // No conversion; the value itself.
                let kind = match (from.is_integral(), from.is_float()) {
                    (true, _) => Some(CastKind::IntToInt),
                    (_, true) => Some(CastKind::FloatToFloat),
                    _ => None,
                };
                if let Some(kind) = kind {
                    self.exprs[cast.expr].kind = ExprKind::Cast { value: cast.value, kind };
                } else {
                    self.exprs[cast.expr].kind =
                        ExprKind::Block(crate::thir::Block { stmts: vec![], value: Some(cast.value) });
                }
                continue;
            }
            match self.cast_kind(from, to) {
                Some(kind) => {
                    self.exprs[cast.expr].kind = ExprKind::Cast { value: cast.value, kind };
                }
                None => {
                    self.report_cast(cast.value, from, to, cast.span);
                    self.exprs[cast.expr].kind = ExprKind::Error;
                }
            }
        }
    }

    fn cast_kind(&self, from: Ty, to: Ty) -> Option<CastKind> {
        Some(match (from.kind(), to.kind()) {
            (TyKind::Int(IntTy::U8), TyKind::Char) => CastKind::U8ToChar,
            (TyKind::Int(_) | TyKind::Bool | TyKind::Char, TyKind::Int(_)) => CastKind::IntToInt,
            (TyKind::Adt(adt, _), TyKind::Int(_)) => {
                let decl = &self.program.adts[*adt];
                let plain =
                    decl.kind == AdtKind::Enum && decl.variants.iter().all(|v| v.shape == Shape::Unit);
                if !plain {
                    return None;
                }
                CastKind::IntToInt
            }
            (TyKind::Int(_), TyKind::Float(_)) => CastKind::IntToFloat,
            (TyKind::Float(_), TyKind::Int(_)) => CastKind::FloatToInt,
            (TyKind::Float(_), TyKind::Float(_)) => CastKind::FloatToFloat,
            (TyKind::RawPtr(_), TyKind::RawPtr(_)) => CastKind::PtrToPtr,
            (TyKind::RawPtr(_), TyKind::Int(IntTy::I64 | IntTy::Usize | IntTy::U64 | IntTy::Isize)) => {
                CastKind::PtrToInt
            }
            (TyKind::Int(_), TyKind::RawPtr(_)) => CastKind::IntToPtr,
            _ => return None,
        })
    }

    fn report_cast(&mut self, value: ExprId, from: Ty, to: Ty, span: Span) {
        let (a, b) = (self.show(from), self.show(to));
        let value_span = self.span_of(value);
        let text = self.sources.text(value_span).to_owned();
        let mut diagnostic =
            Diagnostic::error(codes::E0308, span, format!("`as` cannot convert `{a}` to `{b}`"))
                .also(value_span, format!("this is a `{a}`"));
        diagnostic = match (from.kind(), to.kind()) {
            (TyKind::Int(_), TyKind::Bool) => {
                diagnostic.fix("compare it with 0", span, format!("({text} != 0)"), Applicability::Maybe)
            }
            (TyKind::Int(_), TyKind::Char) => diagnostic
                .help("not every number is a character: `char::from_u32(n)` gives an `Option[char]`"),
            (_, TyKind::Str) => {
                diagnostic.fix("turn it into text", span, format!("{text}.to_string()"), Applicability::Maybe)
            }
            (TyKind::Str, TyKind::Int(_) | TyKind::Float(_)) => {
                diagnostic.help(format!("read a number from text with `.parse[{b}]()`"))
            }
            _ => diagnostic
                .note("`as` converts between numbers, and from `bool`, `char` and plain enums to integers"),
        };
        self.report(diagnostic);
    }
}

fn is_literal(expr: &ast::Expr) -> bool {
    match &super::expr::unparen(expr).kind {
        ast::ExprKind::Literal(ast::Literal::Int { .. }) => true,
        ast::ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => is_literal(operand),
        _ => false,
    }
}
