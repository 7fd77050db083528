//! Calls: of functions, constructors, closures and function values, and their arguments.
//!
//! Not here: `x.name(…)` ([`super::method`]), what a path means ([`super::path`]). The one thing
//! to know: arguments that are closures are checked after the others, so that what the others
//! say of the types is known inside them; evaluation order stays as written.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::expr::unparen;
use super::path::Value;
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::items::{AdtId, FieldIdx, FnId, FnKind, FnParent, VariantIdx};
use crate::thir::{Callee, ExprId, ExprKind};
use crate::ty::{Conv, FnSig, Mutability, Ty, TyKind, tys};

/// Whose parameters arguments are matched with, for messages.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Fn(FnId),
    Variant(AdtId, VariantIdx),
    /// A closure or function value.
    Value,
}

impl Checker<'_> {
    pub(super) fn check_call(
        &mut self,
        callee: &ast::Expr,
        args: &[ast::Arg],
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let awaited = std::mem::take(&mut self.awaited);
        match &unparen(callee).kind {
            ast::ExprKind::Path(path) => {
                if self.refuse_foreign_call(path, args, span) {
                    self.check_stray_args(args);
                    return self.error_expr(span);
                }
                self.call_args = Some(args.len());
                let value = self.resolve_value(path, None);
                self.call_args = None;
                self.call_value(value, callee, args, span, expect, awaited)
            }
            ast::ExprKind::Index { base, index } if self.is_type_path(base) => {
                let ast::ExprKind::Path(path) = &unparen(base).kind else {
                    return self.error_expr(span);
                };
                let Some(written) = crate::lower_ty::args_of_index(index, callee.span) else {
                    let id = self.check_expr(callee, Expect::Any);
                    return self.call_fn_value(id, callee, args, span);
                };
                self.call_args = Some(args.len());
                let value = self.resolve_value(path, Some(&written));
                self.call_args = None;
                self.call_value(value, callee, args, span, expect, awaited)
            }
            // `self.f(…)` calls a method; a field that holds a function is called `(self.f)(…)`,
            // which parses as a call of a field.
            _ => {
                let id = self.check_expr(callee, Expect::Any);
                self.call_fn_value(id, callee, args, span)
            }
        }
    }

    fn call_value(
        &mut self,
        value: Value,
        callee: &ast::Expr,
        args: &[ast::Arg],
        span: Span,
        expect: Expect,
        awaited: bool,
    ) -> ExprId {
        match value {
            Value::Local(local) => {
                let given = self.settle_by_call(local, args);
                let id = self.local_place(local, callee.span);
                self.call_fn_value_given(id, callee, args, &given, span)
            }
            Value::Place(id) => self.call_fn_value(id, callee, args, span),
            Value::Fn { id, callee: target, sig } if self.program.fns[id].attrs.constant => {
                let value = Value::Fn { id, callee: target, sig };
                let id = self.value_expr(value, callee.span, Expect::Any);
                self.call_fn_value(id, callee, args, span)
            }
            Value::Fn { id, callee: target, sig } => self.finish_call(
                Target::Fn(id),
                target,
                sig,
                Vec::new(),
                args,
                callee.span,
                span,
                expect,
                awaited,
            ),
            Value::Variant { adt, variant, args: generic } => {
                self.construct(adt, variant, generic, callee, args, span, expect)
            }
            Value::Error => {
                self.check_stray_args(args);
                self.error_expr(span)
            }
        }
    }

    /// The names that mean several functions, told apart by how many arguments there are:
    /// `channel[T](n)` is a bounded channel, `join(a, b, c)` runs three futures, `lock_all(mutexes)` locks a list.
    pub(super) fn by_number_of_args(&mut self, id: FnId) -> FnId {
        let lang = &self.program.lang;
        let is = |role: &str| lang.function(role) == Some(id);
        let role = match self.call_args.take() {
            Some(1) if is("channel") => "bounded_channel",
            Some(3) if is("join") => "join3",
            Some(4) if is("join") => "join4",
            Some(1) if is("lock_all") => "lock_list",
            Some(3) if is("lock_all") => "lock3",
            Some(4) if is("lock_all") => "lock4",
            Some(5) if is("lock_all") => "lock5",
            Some(6) if is("lock_all") => "lock6",
            _ => return id,
        };
        lang.function(role).unwrap_or(id)
    }

    /// Arguments of a call whose callee is unknown: only their own mistakes count.
    pub(super) fn check_stray_args(&mut self, args: &[ast::Arg]) {
        self.has_errors = true;
        for arg in args {
            // What an untyped parameter is, the call would have said.
            let untyped = matches!(&unparen(&arg.value).kind, ast::ExprKind::Closure(c) if c.params.iter().any(|p| p.ty.is_none()));
            if !untyped {
                self.check_expr(&arg.value, Expect::Any);
            }
        }
    }

    /// A destructor runs by itself, once; naming one would let it run again.
    pub(super) fn refuse_destructor(&mut self, id: FnId, span: Span) {
        let of = match self.program.fns[id].parent {
            FnParent::Trait(id) => Some(id),
            FnParent::TraitImpl(id) => self.program.impls[id].trait_.map(|t| t.trait_),
            _ => None,
        };
        if of.is_some() && of == self.program.lang.trait_("Drop") {
            self.report(
                Diagnostic::error(codes::E0230, span, "a destructor cannot be called")
                    .label("runs by itself when the owner ends")
                    .help("to end a value's life here, give it away: `drop(value)`"),
            );
        }
    }

    /// Arguments, unsafety; the call itself, or its future. `given` stand before the written ones.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn finish_call(
        &mut self,
        target: Target,
        callee: Callee,
        sig: FnSig,
        given: Vec<ExprId>,
        args: &[ast::Arg],
        callee_span: Span,
        span: Span,
        expect: Expect,
        awaited: bool,
    ) -> ExprId {
        if let Target::Fn(id) = target {
            self.refuse_destructor(id, callee_span);
            let decl = &self.program.fns[id];
            let needs = decl.is_unsafe || decl.kind == FnKind::Extern;
            if needs {
                let what = if decl.kind == FnKind::Extern { "foreign" } else { "`unsafe`" };
                let text = format!("calling the {what} function `{}`", decl.name);
                self.require_unsafe(callee_span, &text);
            }
            let decl = &self.program.fns[id];
            if let Some(text) = decl.attrs.deprecated.clone() {
                let name = self.program.fns[id].name;
                self.report(
                    Diagnostic::warning(codes::W0406, callee_span, format!("`{name}` is deprecated"))
                        .note(text),
                );
            }
        }
        let is_async = matches!(target, Target::Fn(id) if self.program.fns[id].is_async);
        let is_future = is_async && !awaited;
        if !is_future && (is_async || !awaited) {
            self.expect_result(sig.ret, expect);
        }
        let skip = given.len();
        let mut all = given;
        all.extend(self.check_args(&sig.params[skip.min(sig.params.len())..], args, target, span));
        if is_future {
            return self.make_future(&callee, all, span);
        }
        let ret = self.structurally(sig.ret);
        let ret = if ret.has_projection() { self.normalize(ret, span) } else { ret };
        let id = self.push(ret, span, ExprKind::Call { callee, args: all });
        if is_async {
            self.ran = Some(id);
        }
        id
    }

    /// Lets the expected result say something about generic arguments before the arguments do.
    fn expect_result(&mut self, ret: Ty, expect: Expect) {
        let Some(hint) = expect.hint() else { return };
        let (ret, hint) = (self.resolve(ret), self.resolve(hint));
        if !ret.has_infer() || hint.has_error() {
            return;
        }
        let number = hint.is_integral() || hint.is_float();
        if matches!(ret.kind(), TyKind::Infer(_)) && !number {
            // The value may still be coerced: `let x: dyn Shape = id(circle)`.
            return;
        }
        if hint.is_never() || matches!(hint.kind(), TyKind::Infer(_)) {
            return;
        }
        self.unify(ret, hint);
    }

    // ------------------------------------------------------------ function values

    /// Calls what an expression evaluates to.
    pub(super) fn call_fn_value(
        &mut self,
        id: ExprId,
        callee: &ast::Expr,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        self.call_fn_value_given(id, callee, args, &[], span)
    }

    /// The same where some arguments were checked already.
    fn call_fn_value_given(
        &mut self,
        id: ExprId,
        callee: &ast::Expr,
        args: &[ast::Arg],
        given: &[Option<ExprId>],
        span: Span,
    ) -> ExprId {
        let ty = self.structurally(self.ty_of(id));
        if ty.has_error() {
            self.check_stray_args(args);
            return self.error_expr(span);
        }
        // Through references and boxes to something callable.
        let mut at = id;
        let mut found = None;
        for _ in 0..8 {
            let ty = self.structurally(self.ty_of(at));
            if !matches!(ty.kind(), TyKind::Ref(..))
                && let Some(sig) = self.ctx.call_sig(ty)
            {
                found = Some((at, ty, sig));
                break;
            }
            let Some(next) = self.deref_place(at, callee.span) else { break };
            if self.ty_of(next).has_error() {
                break;
            }
            at = next;
        }
        let Some((at, ty, sig)) = found else {
            return self.report_not_callable(id, callee, args, span);
        };
        let first = match sig.call {
            ast::Convention::Read => self.borrow(at, Mutability::Shared, false, callee.span),
            ast::Convention::Mut => self.borrow(at, Mutability::Mut, true, callee.span),
            ast::Convention::Own => self.value(at),
        };
        let mut all = vec![first];
        all.extend(self.check_args_given(sig.params, args, given, Target::Value, span));
        // Its closure may wait for a call that says more.
        let ret = self.ctx.structurally_resolve(sig.ret);
        let call = self.push(ret, span, ExprKind::Call { callee: Callee::Value { ty, sig }, args: all });
        // How a closure of this body is called is decided by capture analysis, later.
        if let TyKind::Closure(closure, _) = *ty.kind()
            && closure.owner == self.owner
        {
            self.closure_calls.push((call, at, closure.index));
        }
        call
    }

    fn report_not_callable(
        &mut self,
        id: ExprId,
        callee: &ast::Expr,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let ty = self.resolve(self.ty_of(id));
        self.check_stray_args(args);
        if let TyKind::Infer(crate::ty::InferVar::Ty(_)) = ty.kind() {
            return self.report_unknown(id, callee.span);
        }
        if !ty.has_error() {
            let shown = self.show(ty);
            self.report(
                Diagnostic::error(
                    codes::E0303,
                    callee.span,
                    format!("this is a `{shown}`, which cannot be called"),
                )
                .label("not a function"),
            );
        }
        self.error_expr(span)
    }

    // ------------------------------------------------------------ constructors

    #[allow(clippy::too_many_arguments)]
    fn construct(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        generic: Vec<Ty>,
        callee: &ast::Expr,
        args: &[ast::Arg],
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let program = self.program;
        let decl = &program.adts[adt].variants[variant];
        let ty = Ty::adt(adt, &generic);
        if decl.shape != crate::items::Shape::Tuple {
            self.report_not_tuple(adt, variant, callee, span);
            self.check_stray_args(args);
            return self.error_expr(span);
        }
        for field in decl.fields.iter() {
            if !self.require_visible_field(adt, field, callee.span) {
                break;
            }
        }
        self.expect_result(ty, expect);
        let cause = Cause::new(callee.span, CauseKind::Adt(adt));
        self.require_bounds(&program.adts[adt].generics, &generic, cause);
        let params: Vec<(Conv, Ty)> =
            decl.fields.iter().map(|f| (Conv::Own, self.field_type(f.ty, &generic, span))).collect();
        let values = self.check_args(&params, args, Target::Variant(adt, variant), span);
        if values.len() != params.len() {
            return self.push(ty, span, ExprKind::Error);
        }
        let fields = values.into_iter().enumerate().map(|(i, v)| (FieldIdx(i as u32), v)).collect();
        let kind = ExprKind::Adt { adt, variant, args: tys(&generic), fields, base: None };
        let id = self.push(ty, span, kind);
        self.check_invariants_of(id, adt, span)
    }

    fn report_not_tuple(&mut self, adt: AdtId, variant: VariantIdx, callee: &ast::Expr, span: Span) {
        let decl = &self.program.adts[adt].variants[variant];
        let text = self.sources.text(callee.span).to_owned();
        let mut diagnostic = Diagnostic::error(
            codes::E0303,
            callee.span,
            format!("`{}` is not made by calling it", decl.name),
        )
        .also(decl.span, "declared here");
        diagnostic = match decl.shape {
            crate::items::Shape::Unit => diagnostic.fix(
                "it has no fields: use it as it is",
                Span { lo: callee.span.hi, ..span },
                "",
                Applicability::Certain,
            ),
            _ => {
                let fields: Vec<String> = decl.fields.iter().map(|f| format!("{}: …", f.name)).collect();
                diagnostic.help(format!("write `{text}{{{}}}`", fields.join(", ")))
            }
        };
        self.report(diagnostic);
    }
}

/// Closures are checked after other arguments. Through parentheses.
pub(super) fn is_closure(expr: &ast::Expr) -> bool {
    matches!(unparen(expr).kind, ast::ExprKind::Closure(_))
}
