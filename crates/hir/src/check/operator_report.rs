//! The words for operators that are not defined for their operands.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast::{self, BinaryOp};

use super::Checker;
use super::operator::{is_builtin_number, operator_trait_of, sign_of};
use crate::thir::{ExprId, ExprKind};
use crate::ty::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn report_operator(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: Ty,
        right: Ty,
        span: Span,
    ) -> ExprId {
        let sign = sign_of(op);
        let (a, b) = (self.show(left), self.show(right));
        self.report(Diagnostic::error(
            codes::E0307,
            op_span,
            format!("`{sign}` is not defined for `{a}` and `{b}`"),
        ));
        self.error_expr(span)
    }

    pub(super) fn report_operator_sides(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        (left_ast, left): (&ast::Expr, Ty),
        (right_ast, right): (&ast::Expr, Ty),
        span: Span,
    ) -> ExprId {
        let sign = sign_of(op);
        let (left, right) = (self.resolve(left), self.resolve(right));
        if left.has_error() || right.has_error() {
            self.has_errors = true;
            return self.error_expr(span);
        }
        let (a, b) = (self.show(left), self.show(right));
        let mut diagnostic =
            Diagnostic::error(codes::E0307, op_span, format!("`{sign}` is not defined for `{a}` and `{b}`"))
                .also(left_ast.span, format!("this is a `{a}`"))
                .also(right_ast.span, format!("this is a `{b}`"));
        for (side, ty) in [(left_ast, left), (right_ast, right)] {
            if self.would_give(ty).is_some() {
                diagnostic = self.await_help(diagnostic, ty, side.span);
                self.report(diagnostic);
                return self.error_expr(span);
            }
        }
        if is_builtin_number(left) && is_builtin_number(right) {
            diagnostic = self.number_fix(diagnostic, (left_ast, left), (right_ast, right));
        } else if op == BinaryOp::Add && matches!(right.kind(), TyKind::Str) {
            let text = self.sources.text(left_ast.span).to_owned();
            diagnostic = diagnostic.fix(
                "turn the left side into text",
                left_ast.span,
                format!("\"${{{text}}}\""),
                Applicability::Maybe,
            );
        } else if op == BinaryOp::Mul && matches!(left.kind(), TyKind::Str) {
            diagnostic = diagnostic.help("text is repeated by `.repeat(count)`");
        } else if op == BinaryOp::Mul && matches!(left.kind(), TyKind::List(_) | TyKind::Array(..)) {
            diagnostic = diagnostic.help("a list of equal values is written `[value; count]`");
        } else if op == BinaryOp::Add
            && matches!(
                (left.kind(), right.kind()),
                (TyKind::List(_) | TyKind::Array(..), TyKind::List(_) | TyKind::Array(..))
            )
        {
            diagnostic = diagnostic.help("a list is lengthened in place: `xs.append(ys)`");
        } else if let TyKind::Adt(adt, [inner, ..]) = *left.kind()
            && (self.program.lang.adt("Option") == Some(adt) || self.program.lang.adt("Result") == Some(adt))
            && self.can_unify(*inner, right)
        {
            diagnostic =
                diagnostic.help("take the value out first: with `match`, `if let`, `?`, or `.unwrap_or(…)`");
        } else if let Some((lang, _, _)) = operator_trait_of(op)
            && self.is_users_type(left)
        {
            diagnostic = diagnostic.help(if a == b {
                format!("`impl {lang} for {a}` would define it")
            } else {
                format!("`impl {lang}[{b}] for {a}` would define it")
            });
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    /// A struct or enum of the program itself, which can be given operators.
    pub(super) fn is_users_type(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Adt(adt, _) => !self.program.in_std(self.program.adts[adt].module),
            _ => false,
        }
    }

    /// How to bring two numbers of different types together.
    fn number_fix(
        &mut self,
        diagnostic: Diagnostic,
        (left_ast, left): (&ast::Expr, Ty),
        (right_ast, right): (&ast::Expr, Ty),
    ) -> Diagnostic {
        let mut diagnostic = diagnostic.note("numbers of different types do not mix; convert one with `as`");
        let literal = |ast: &ast::Expr| {
            matches!(ast.kind, ast::ExprKind::Literal(ast::Literal::Int { suffix: None, .. }))
        };
        if left.is_float() && literal(right_ast) {
            return diagnostic.fix(
                "write a number with a fraction",
                right_ast.span.end(),
                ".0",
                Applicability::Certain,
            );
        }
        if right.is_float() && literal(left_ast) {
            return diagnostic.fix(
                "write a number with a fraction",
                left_ast.span.end(),
                ".0",
                Applicability::Certain,
            );
        }
        // Convert the narrower one.
        let rank = |ty: Ty| match ty.kind() {
            TyKind::Float(_) => 200,
            TyKind::Int(int) => int.bits(),
            _ => 0,
        };
        let (target, ast) = if rank(left) >= rank(right) { (left, right_ast) } else { (right, left_ast) };
        if !target.has_infer() {
            let name = self.show(target);
            let text = self.sources.text(ast.span).to_owned();
            let text = match ast.kind {
                ast::ExprKind::Binary { .. } | ast::ExprKind::Unary { .. } => format!("(({text}) as {name})"),
                _ => format!("({text} as {name})"),
            };
            diagnostic = diagnostic.fix(format!("convert to `{name}`"), ast.span, text, Applicability::Maybe);
        }
        diagnostic
    }

    pub(super) fn report_comparison(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        (left_ast, left): (&ast::Expr, Ty),
        (right_ast, right): (&ast::Expr, Ty),
        span: Span,
    ) -> ExprId {
        let (left, right) = (self.resolve(left), self.resolve(right));
        if !left.has_error() && !right.has_error() {
            let sign = sign_of(op);
            let (a, b) = (self.show(left), self.show(right));
            let mut diagnostic = Diagnostic::error(
                codes::E0307,
                op_span,
                format!("`{sign}` compares values of one type, not `{a}` with `{b}`"),
            )
            .also(left_ast.span, format!("this is a `{a}`"))
            .also(right_ast.span, format!("this is a `{b}`"));
            if is_builtin_number(left) && is_builtin_number(right) {
                diagnostic = self.number_fix(diagnostic, (left_ast, left), (right_ast, right));
            }
            for (side, ty) in [(left_ast, left), (right_ast, right)] {
                diagnostic = self.await_help(diagnostic, ty, side.span);
            }
            self.report(diagnostic);
        }
        self.has_errors = true;
        self.push(Ty::bool(), span, ExprKind::Error)
    }
}
