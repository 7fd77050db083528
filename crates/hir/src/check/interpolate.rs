//! `"… ${x:spec} …"`: calls of a `Formatter`.
//!
//! One buffer takes everything:
//! `{ let mut f = Formatter::new(); f.write_str("…"); x.fmt(mut f); …; f.finish() }`.
//! A string without `${…}` is a literal and allocates nothing.

use base::{Diagnostic, Span, codes};
use syntax::ast::{self, FormatKind, FormatSpec};

use super::{Checker, Expect};
use crate::infer::CauseKind;
use crate::thir::{ExprId, ExprKind, Lit, LocalId, Stmt};
use crate::ty::{InferVar, IntTy, Mutability, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn check_interpolated(&mut self, parts: &[ast::StrPart], span: Span) -> ExprId {
        let has_values = parts.iter().any(|p| matches!(p, ast::StrPart::Expr { .. }));
        if !has_values {
            let text: String = parts
                .iter()
                .map(|part| match part {
                    ast::StrPart::Text(text) => text.as_ref(),
                    ast::StrPart::Expr { .. } => "",
                })
                .collect();
            return self.push(Ty::str(), span, ExprKind::Literal(Lit::Str(text.into())));
        }
        let Some(formatter) = self.program.lang.adt("Formatter") else {
            return self.error_expr(span);
        };
        let ty = Ty::adt(formatter, &[]);
        let local = self.temp("f", span, ty);
        let new = self.call_inherent(ty, "new", &[], span);
        let mut stmts = vec![self.let_temp(local, new)];
        for part in parts {
            match part {
                ast::StrPart::Text(text) if text.is_empty() => {}
                ast::StrPart::Text(text) => {
                    let lit = self.push(Ty::str(), span, ExprKind::Literal(Lit::Str(text.clone())));
                    let lit = self.borrow(lit, Mutability::Shared, false, span);
                    let f = self.formatter(local, span);
                    let call = self.call_inherent(ty, "write_str", &[f, lit], span);
                    stmts.push(Stmt::Expr(call));
                }
                ast::StrPart::Expr { value, spec } => {
                    self.format_value(value, spec.as_ref(), local, &mut stmts);
                }
            }
        }
        let place = self.local_place(local, span);
        let f = self.value(place);
        let text = self.call_inherent(ty, "finish", &[f], span);
        self.exprs[text].ty = Ty::str();
        self.block_of(stmts, Some(text), span)
    }

    fn formatter(&mut self, local: LocalId, span: Span) -> ExprId {
        let place = self.local_place(local, span);
        self.borrow(place, Mutability::Mut, false, span)
    }

    fn format_value(
        &mut self,
        value: &ast::Expr,
        spec: Option<&FormatSpec>,
        local: LocalId,
        stmts: &mut Vec<Stmt>,
    ) {
        let id = self.check_expr(value, Expect::Any);
        let id = self.peel(id);
        let ty = self.structurally(self.ty_of(id));
        let span = value.span;
        if ty.has_error() {
            self.has_errors = true;
            return;
        }
        if ty.is_never() {
            stmts.push(Stmt::Expr(id));
            return;
        }
        if let TyKind::Infer(InferVar::Ty(_)) = ty.kind() {
            self.report_unknown(id, span);
            return;
        }
        if let Some(spec) = spec {
            self.check_spec(spec, ty);
            let call = self.spec_call(spec, local);
            stmts.push(Stmt::Expr(call));
        }
        let debug = spec.is_some_and(|s| s.kind == FormatKind::Debug);
        let (lang, method) = if debug { ("Debug", "debug") } else { ("Display", "fmt") };
        self.require_lang(lang, ty, span, CauseKind::Interpolation);
        let value = self.borrow(id, Mutability::Shared, false, span);
        let f = self.formatter(local, span);
        let call = self.call_trait_unchecked(lang, method, &[ty], &[value, f], span);
        stmts.push(Stmt::Expr(call));
        if spec.is_some() {
            let f = self.formatter(local, span);
            let formatter_ty = self.locals[local].ty;
            let call = self.call_inherent(formatter_ty, "reset", &[f], span);
            stmts.push(Stmt::Expr(call));
        }
    }

    fn check_spec(&mut self, spec: &FormatSpec, ty: Ty) {
        let (needs, fits) = match spec.kind {
            FormatKind::LowerHex | FormatKind::UpperHex | FormatKind::Binary | FormatKind::Octal => {
                ("an integer", ty.is_integral())
            }
            FormatKind::Exp => ("a float", ty.is_float()),
            FormatKind::Display | FormatKind::Debug => return,
        };
        // User types may do something with it.
        let number = ty.is_integral()
            || ty.is_float()
            || matches!(ty.kind(), TyKind::Bool | TyKind::Char | TyKind::Str | TyKind::List(_));
        if fits || !number {
            return;
        }
        let shown = self.show(ty);
        self.report(
            Diagnostic::error(
                codes::E0356,
                spec.span,
                format!("this format is for {needs}, and the value is a `{shown}`"),
            )
            .label(format!("needs {needs}")),
        );
    }

    fn spec_call(&mut self, spec: &FormatSpec, local: LocalId) -> ExprId {
        let span = spec.span;
        let i32_ty = Ty::int_of(IntTy::I32);
        let align = match spec.align {
            None => 0,
            Some(ast::Align::Left) => 1,
            Some(ast::Align::Center) => 2,
            Some(ast::Align::Right) => 3,
        };
        let kind = match spec.kind {
            FormatKind::Display => 0,
            FormatKind::Debug => 1,
            FormatKind::LowerHex => 2,
            FormatKind::UpperHex => 3,
            FormatKind::Binary => 4,
            FormatKind::Octal => 5,
            FormatKind::Exp => 6,
        };
        let size = |n: Option<u32>| n.map_or(-1, i128::from);
        let values = [
            (Ty::char(), Lit::Char(spec.fill.unwrap_or(' '))),
            (i32_ty, Lit::Int(align)),
            (Ty::bool(), Lit::Bool(spec.plus)),
            (Ty::bool(), Lit::Bool(spec.alternate)),
            (Ty::bool(), Lit::Bool(spec.zero)),
            (Ty::int(), Lit::Int(size(spec.width))),
            (Ty::int(), Lit::Int(size(spec.precision))),
            (i32_ty, Lit::Int(kind)),
        ];
        let mut args = vec![self.formatter(local, span)];
        for (ty, lit) in values {
            args.push(self.push(ty, span, ExprKind::Literal(lit)));
        }
        let ty = self.locals[local].ty;
        self.call_inherent(ty, "spec", &args, span)
    }
}
