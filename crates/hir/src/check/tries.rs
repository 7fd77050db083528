//! `e?`: the value of a success, or leaving the function with the failure.
//!
//! Becomes `match e { Ok(v) => v, Err(f) => return Err(convert(f)) }`. The failure is converted
//! by `IntoError` where the function's is an `error`, else by `From`.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::items::{AdtId, FieldIdx, VariantIdx};
use crate::thir::{Arm, BindMode, ExprId, ExprKind, LocalId, Pat, PatKind};
use crate::ty::{InferVar, Predicate, TraitRef, Ty, TyKind, Tys, tys};

impl Checker<'_> {
    pub(super) fn check_try(&mut self, inner: &ast::Expr, span: Span) -> ExprId {
        let id = self.check_expr(inner, Expect::Any);
        let id = self.value(id);
        let ty = self.structurally(self.ty_of(id));
        let question = Span { lo: inner.span.hi, ..span };
        if self.leaves_defer("?", question) {
            return self.error_expr(span);
        }
        match *ty.kind() {
            TyKind::Adt(adt, args) if self.program.lang.adt("Result") == Some(adt) => {
                self.try_result(id, adt, args, question, span)
            }
            TyKind::Adt(adt, args) if self.program.lang.adt("Option") == Some(adt) => {
                self.try_option(id, adt, args, question, span)
            }
            TyKind::Infer(InferVar::Ty(_)) => self.report_unknown(id, inner.span),
            TyKind::Error => self.error_expr(span),
            _ if ty.is_never() => id,
            _ => {
                let shown = self.show(ty);
                let mut diagnostic = Diagnostic::error(
                    codes::E0312,
                    question,
                    format!("`?` needs a `Result` or an `Option`, and this is a `{shown}`"),
                )
                .also(inner.span, format!("this is a `{shown}`"));
                if ty.has_error() {
                    return self.error_expr(span);
                }
                diagnostic = diagnostic.fix("leave out the `?`", question, "", Applicability::Maybe);
                self.report(diagnostic);
                self.error_expr(span)
            }
        }
    }

    fn try_result(&mut self, id: ExprId, adt: AdtId, args: Tys, question: Span, span: Span) -> ExprId {
        let (ok_ty, err_ty) = (args[0], args[1]);
        let ret = self.result_ty();
        let ret = self.structurally(ret);
        let target = match *ret.kind() {
            TyKind::Adt(found, ret_args) if found == adt => ret_args[1],
            TyKind::Infer(InferVar::Ty(_)) => {
                let value = self.fresh(span);
                let wanted = Ty::adt(adt, &[value, err_ty]);
                self.unify(ret, wanted);
                err_ty
            }
            _ => return self.report_try_result(question, ret, "Result", span),
        };
        let failure = self.temp("failure", question, err_ty);
        let place = self.local_place(failure, question);
        let value = self.value(place);
        let converted = self.convert_failure(value, err_ty, target, question);
        let ret = self.resolve(ret);
        let TyKind::Adt(_, ret_args) = *ret.kind() else { return self.error_expr(span) };
        let Some((_, err)) = self.variant_of("Result", "Err") else { return self.error_expr(span) };
        let Some((_, ok)) = self.variant_of("Result", "Ok") else { return self.error_expr(span) };
        let fields = vec![(FieldIdx(0), converted)];
        let kind = ExprKind::Adt { adt, variant: err, args: ret_args, fields, base: None };
        let result = self.push(ret, question, kind);
        let leave = self.leave_function(Some(result), question);
        let ok_arm = self.payload_arm(id, adt, ok, args, ok_ty, question);
        let err_arm = self.binding_arm(id, adt, err, args, failure, leave, question);
        let kind = ExprKind::Match { scrutinee: id, arms: vec![ok_arm, err_arm] };
        self.push(ok_ty, span, kind)
    }

    fn try_option(&mut self, id: ExprId, adt: AdtId, args: Tys, question: Span, span: Span) -> ExprId {
        let value_ty = args[0];
        let ret = self.result_ty();
        let ret = self.structurally(ret);
        match *ret.kind() {
            TyKind::Adt(found, _) if found == adt => {}
            TyKind::Infer(InferVar::Ty(_)) => {
                let value = self.fresh(span);
                let wanted = Ty::adt(adt, &[value]);
                self.unify(ret, wanted);
            }
            _ => return self.report_try_result(question, ret, "Option", span),
        }
        let ret = self.resolve(ret);
        let TyKind::Adt(_, ret_args) = *ret.kind() else { return self.error_expr(span) };
        let Some((_, none)) = self.variant_of("Option", "None") else { return self.error_expr(span) };
        let Some((_, some)) = self.variant_of("Option", "Some") else { return self.error_expr(span) };
        let kind = ExprKind::Adt { adt, variant: none, args: ret_args, fields: vec![], base: None };
        let result = self.push(ret, question, kind);
        let leave = self.leave_function(Some(result), question);
        let some_arm = self.payload_arm(id, adt, some, args, value_ty, question);
        let pattern = Pat { ty: self.ty_of(id), span: question, kind: PatKind::Wildcard };
        let none_arm = Arm { pattern, guard: None, body: leave, span: question };
        let kind = ExprKind::Match { scrutinee: id, arms: vec![some_arm, none_arm] };
        self.push(value_ty, span, kind)
    }

    /// `Variant(v) => v`
    fn payload_arm(
        &mut self,
        scrutinee: ExprId,
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
        ty: Ty,
        span: Span,
    ) -> Arm {
        let local = self.temp("value", span, ty);
        let place = self.local_place(local, span);
        let body = self.value(place);
        self.binding_arm(scrutinee, adt, variant, args, local, body, span)
    }

    /// `Variant(LOCAL) => BODY`
    #[allow(clippy::too_many_arguments)]
    pub(super) fn binding_arm(
        &mut self,
        scrutinee: ExprId,
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
        local: LocalId,
        body: ExprId,
        span: Span,
    ) -> Arm {
        let ty = self.locals[local].ty;
        let kind = PatKind::Binding { local, mode: BindMode::Move, sub: None };
        let fields = vec![(FieldIdx(0), Pat { ty, span, kind })];
        let kind = PatKind::Struct { adt, variant, args, fields };
        let pattern = Pat { ty: self.ty_of(scrutinee), span, kind };
        Arm { pattern, guard: None, body, span }
    }

    fn convert_failure(&mut self, value: ExprId, from: Ty, to: Ty, span: Span) -> ExprId {
        let (from, to) = (self.resolve(from), self.resolve(to));
        if self.unify(to, from) {
            return value;
        }
        let is_error =
            matches!(*to.kind(), TyKind::Adt(adt, _) if self.program.lang.adt("error") == Some(adt));
        if is_error {
            self.require_lang("IntoError", from, span, CauseKind::Try);
            let call = self.call_trait_unchecked("IntoError", "into_error", &[from], &[value], span);
            return self.coerce(call, to, &super::coerce::Why::none());
        }
        if let Some(trait_) = self.program.lang.trait_("From") {
            let trait_ref = TraitRef { trait_, args: tys(&[to, from]) };
            self.ctx.register(Predicate::Trait(trait_ref), Cause::new(span, CauseKind::Try));
        }
        self.call_trait_unchecked("From", "from", &[to, from], &[value], span)
    }

    fn report_try_result(&mut self, question: Span, ret: Ty, wanted: &str, span: Span) -> ExprId {
        if ret.has_error() {
            self.has_errors = true;
            return self.error_expr(span);
        }
        let shown = self.show(ret);
        let in_closure = self.home().closure.is_some();
        let place = self.home().ret_span;
        let what = if in_closure { "closure" } else { "function" };
        let message = if ret.is_unit() {
            format!("`?` hands a failure on, and this {what} returns nothing")
        } else {
            format!(
                "`?` on {} `{wanted}` hands a failure on, and this {what} returns a `{shown}`",
                if wanted == "Option" { "an" } else { "a" }
            )
        };
        let mut diagnostic = Diagnostic::error(codes::E0312, question, message);
        if let Some(place) = place {
            diagnostic = diagnostic.also(place, "the result's type is declared here");
        }
        let is = |name: &str| matches!(*ret.kind(), TyKind::Adt(adt, _) if self.program.lang.adt(name) == Some(adt));
        if wanted == "Option" && is("Result") {
            diagnostic =
                diagnostic.help("turn the absence into a failure first: `.ok_or(\"what is missing\")?`");
        } else if wanted == "Result" && is("Option") {
            diagnostic = diagnostic.help("drop the failure's reason first: `.ok()?`");
        } else if ret.is_unit() && !in_closure {
            diagnostic = match self.head_end() {
                Some(end) => diagnostic.fix(
                    format!("let the function return a `{wanted}`"),
                    end,
                    if wanted == "Option" { " -> Option[()]" } else { " -> Result" },
                    Applicability::Maybe,
                ),
                None => diagnostic.help(
                    "handle the failure with `match`, or put this in a function that returns a `Result`",
                ),
            };
        } else {
            diagnostic = diagnostic.help("handle the failure with `match`, or let the function return it");
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    /// The end of the head of the function at hand, where `-> T` would go.
    fn head_end(&self) -> Option<Span> {
        let crate::items::BodyOwner::Fn(id) = self.owner else { return None };
        let decl = &self.program.fns[id];
        let ast = decl.ast.as_ref()?;
        ast.ret.is_none().then(|| ast.head.end())
    }
}
