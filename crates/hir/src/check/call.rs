//! Calls: of functions, constructors, closures and function values, and their arguments.
//!
//! Not here: `x.name(…)` ([`super::method`]), what a path means ([`super::path`]). The one thing
//! to know: arguments that are closures are checked after the others, so that what the others
//! say of the types is known inside them; evaluation order stays as written.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::coerce::Why;
use super::expr::unparen;
use super::path::Value;
use super::pattern::count;
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::items::{AdtId, FieldIdx, FnId, FnKind, FnParent, VariantIdx};
use crate::thir::{Callee, ExprId, ExprKind, LocalId, Pat, PatKind, BindMode, Stmt};
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
                let value = self.resolve_value(path, None);
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
                let value = self.resolve_value(path, Some(&written));
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
        match self.channel_with_capacity(value, args, callee.span) {
            Value::Local(local) => {
                let id = self.local_place(local, callee.span);
                self.call_fn_value(id, callee, args, span)
            }
            Value::Place(id) => self.call_fn_value(id, callee, args, span),
            Value::Fn { id, callee: target, sig } => {
                self.finish_call(Target::Fn(id), target, sig, Vec::new(), args, callee.span, span, expect, awaited)
            }
            Value::Variant { adt, variant, args: generic } => {
                self.construct(adt, variant, generic, callee, args, span, expect)
            }
            Value::Error => {
                self.check_stray_args(args);
                self.error_expr(span)
            }
        }
    }

    /// `channel[T](n)` is a bounded channel: the one name that takes an argument or none.
    fn channel_with_capacity(&mut self, value: Value, args: &[ast::Arg], span: Span) -> Value {
        match value {
            Value::Fn { id, callee: Callee::Fn { args: generic, .. }, .. }
                if args.len() == 1 && self.program.lang.function("channel") == Some(id) =>
            {
                match self.program.lang.function("bounded_channel") {
                    Some(bounded) => self.function(bounded, generic.to_vec(), span),
                    None => value,
                }
            }
            value => value,
        }
    }

    /// Arguments of a call whose callee is unknown: only their own mistakes count.
    pub(super) fn check_stray_args(&mut self, args: &[ast::Arg]) {
        self.has_errors = true;
        for arg in args {
            self.check_expr(&arg.value, Expect::Any);
        }
    }

    /// Arguments, unsafety, asynchrony; the call itself. `given` stand before the written ones.
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
            let decl = &self.program.fns[id];
            let needs = decl.is_unsafe || decl.kind == FnKind::Extern;
            if needs {
                let what = if decl.kind == FnKind::Extern { "foreign" } else { "`unsafe`" };
                let text = format!("calling the {what} function `{}`", decl.name);
                self.require_unsafe(callee_span, &text);
            }
            let decl = &self.program.fns[id];
            if decl.is_async && !awaited {
                self.report_not_awaited(id, span);
            } else if awaited && !decl.is_async {
                self.report_await(span, sig.ret);
            }
            if let Some(text) = decl.attrs.deprecated.clone() {
                let name = self.program.fns[id].name;
                self.report(
                    Diagnostic::warning(codes::W0406, callee_span, format!("`{name}` is deprecated"))
                        .note(text),
                );
            }
        }
        self.expect_result(sig.ret, expect);
        let skip = given.len();
        let mut all = given;
        all.extend(self.check_args(&sig.params[skip.min(sig.params.len())..], args, target, span));
        let ret = self.structurally(sig.ret);
        let ret = if ret.has_projection() { self.normalize(ret, span) } else { ret };
        self.push(ret, span, ExprKind::Call { callee, args: all })
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

    // ------------------------------------------------------------ arguments

    /// Matches written arguments with parameters.
    pub(super) fn check_args(
        &mut self,
        params: &[(Conv, Ty)],
        args: &[ast::Arg],
        target: Target,
        span: Span,
    ) -> Vec<ExprId> {
        if params.len() != args.len() {
            self.report_arity(params.len(), args, target, span);
            self.check_stray_args(args);
            return Vec::new();
        }
        let mut done: Vec<Option<ExprId>> = vec![None; args.len()];
        for late in [false, true] {
            if late {
                if done.iter().all(Option::is_some) {
                    break;
                }
                self.process();
            }
            for (i, arg) in args.iter().enumerate() {
                if done[i].is_some() || is_closure(&arg.value) != late {
                    continue;
                }
                let (conv, ty) = params[i];
                done[i] = Some(self.check_arg(arg, conv, ty, target, i));
            }
        }
        done.into_iter().flatten().collect()
    }

    fn check_arg(
        &mut self,
        arg: &ast::Arg,
        conv: Conv,
        ty: Ty,
        target: Target,
        index: usize,
    ) -> ExprId {
        let why = self.arg_why(target, index, ty);
        if let Some(marker) = arg.mutable
            && conv != Conv::Mut
        {
            let id = self.check_expr(&arg.value, Expect::Hint(ty));
            self.report_marker(arg, marker, conv, target, index);
            let _ = id;
            return self.error_expr(arg.span);
        }
        match conv {
            Conv::Val | Conv::Own => {
                let hint = self.resolve(ty);
                let id = self.check_expr(&arg.value, Expect::Hint(hint));
                self.coerce(id, ty, &why)
            }
            Conv::Ref => {
                let hint = self.structurally(ty);
                // `f([1, 2])` for a parameter that is only read needs no heap.
                if let TyKind::List(elem) = *hint.kind()
                    && let ast::ExprKind::List(elems) = &unparen(&arg.value).kind
                {
                    let array = self.check_array(elems, Some(elem), arg.span);
                    return self.read_arg(array, ty, &why);
                }
                let id = self.check_expr(&arg.value, Expect::Hint(hint));
                self.read_arg(id, ty, &why)
            }
            Conv::Mut => {
                let hint = self.structurally(ty);
                let id = self.check_expr(&arg.value, Expect::Hint(hint));
                let found = self.structurally(self.ty_of(id));
                let explicit = matches!(found.kind(), TyKind::Ref(Mutability::Mut, _))
                    && !self.is_place(id);
                if arg.mutable.is_none() && self.is_place(id) && !explicit {
                    self.report_no_marker(arg, target, index);
                }
                self.mut_arg(id, ty, &why)
            }
        }
    }

    fn arg_why(&mut self, target: Target, index: usize, ty: Ty) -> Why {
        match target {
            Target::Fn(id) => {
                let decl = &self.program.fns[id];
                let index = index + usize::from(decl.has_self);
                match decl.params.get(index) {
                    Some(param) if param.span != Span::default() => {
                        let span = param.span;
                        let shown = self.show(ty);
                        let text = if shown.contains('_') {
                            "this parameter".to_owned()
                        } else {
                            format!("this parameter is a `{shown}`")
                        };
                        Why::because(span, text)
                    }
                    _ => Why::none(),
                }
            }
            Target::Variant(adt, variant) => {
                let decl = &self.program.adts[adt].variants[variant];
                match decl.fields.get(FieldIdx(index as u32)) {
                    Some(field) => Why::because(field.span, "declared here"),
                    None => Why::none(),
                }
            }
            Target::Value => Why::none(),
        }
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
        all.extend(self.check_args(sig.params, args, Target::Value, span));
        let ret = self.structurally(sig.ret);
        let call =
            self.push(ret, span, ExprKind::Call { callee: Callee::Value { ty, sig }, args: all });
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
        let params: Vec<(Conv, Ty)> = decl
            .fields
            .iter()
            .map(|f| (Conv::Own, self.field_type(f.ty, &generic, span)))
            .collect();
        let values = self.check_args(&params, args, Target::Variant(adt, variant), span);
        if values.len() != params.len() {
            return self.push(ty, span, ExprKind::Error);
        }
        let fields =
            values.into_iter().enumerate().map(|(i, v)| (FieldIdx(i as u32), v)).collect();
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
                let fields: Vec<String> =
                    decl.fields.iter().map(|f| format!("{}: …", f.name)).collect();
                diagnostic.help(format!("write `{text}{{{}}}`", fields.join(", ")))
            }
        };
        self.report(diagnostic);
    }

    // ------------------------------------------------------------ calls made by the compiler

    /// A call of a trait's method, with the trait demanded. `args` are the trait's, self first.
    pub(super) fn call_trait(
        &mut self,
        lang: &str,
        method: &str,
        trait_args: &[Ty],
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        if let Some(trait_) = self.program.lang.trait_(lang) {
            self.ctx.register_trait(trait_, trait_args, Cause::other(span));
        }
        self.call_trait_unchecked(lang, method, trait_args, args, span)
    }

    /// As [`Self::call_trait`], where the demand was made already.
    pub(super) fn call_trait_unchecked(
        &mut self,
        lang: &str,
        method: &str,
        trait_args: &[Ty],
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        let Some((trait_, id)) = self.trait_method(lang, method) else {
            return self.error_expr(span);
        };
        let program = self.program;
        let generics = &program.fns[id].generics;
        let all = self.ctx.fresh_args(generics, trait_args, span);
        let sig = self.ctx.normalize_sig(program.fns[id].sig().subst(&all), span);
        let callee = Callee::TraitMethod { trait_, method: id, args: tys(&all) };
        let ret = self.structurally(sig.ret);
        self.push(ret, span, ExprKind::Call { callee, args: args.to_vec() })
    }

    /// A call of a function that std marks with this role. Arguments are coerced; ones that the
    /// function reads are borrowed.
    pub(super) fn call_lang(&mut self, lang: &str, args: &[ExprId], span: Span) -> ExprId {
        match self.program.lang.function(lang) {
            Some(id) => self.call_fn(id, &[], args, span),
            None => self.error_expr(span),
        }
    }

    /// A call of a known function with values as arguments.
    pub(super) fn call_fn(
        &mut self,
        id: FnId,
        parent_args: &[Ty],
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        let program = self.program;
        let decl = &program.fns[id];
        let all = self.ctx.fresh_args(&decl.generics, parent_args, span);
        self.require_bounds(&decl.generics, &all, Cause::new(span, CauseKind::Fn(id)));
        let sig = self.ctx.normalize_sig(decl.sig().subst(&all), span);
        let mut done = Vec::with_capacity(args.len());
        for (&arg, &(conv, ty)) in args.iter().zip(sig.params) {
            let target = match conv {
                Conv::Ref => Ty::shared_ref(ty),
                Conv::Mut => Ty::mut_ref(ty),
                Conv::Val | Conv::Own => ty,
            };
            let found = self.structurally(self.ty_of(arg));
            let arg = match conv {
                Conv::Ref if !matches!(found.kind(), TyKind::Ref(..)) => {
                    self.read_arg(arg, ty, &Why::none())
                }
                _ => self.coerce(arg, target, &Why::none()),
            };
            done.push(arg);
        }
        let ret = self.structurally(sig.ret);
        let callee = Callee::Fn { id, args: tys(&all) };
        self.push(ret, span, ExprKind::Call { callee, args: done })
    }

    /// An inherent method or associated function of a built-in or lang type.
    pub(super) fn call_inherent(
        &mut self,
        ty: Ty,
        name: &str,
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        let name = base::Name::new(name);
        let program = self.program;
        let found = program.inherent.get(&name).into_iter().flatten().copied().find(|&id| {
            let FnParent::Inherent(impl_) = program.fns[id].parent else { return false };
            crate::traits::select::may_match(program.impls[impl_].self_ty, ty)
        });
        match found {
            Some(id) => {
                let parent: Vec<Ty> = match *ty.kind() {
                    TyKind::Adt(_, args) => args.to_vec(),
                    TyKind::List(elem) => vec![elem],
                    _ => Vec::new(),
                };
                self.call_fn(id, &parent, args, span)
            }
            None => self.error_expr(span),
        }
    }

    /// `let LOCAL = value`
    pub(super) fn let_temp(&mut self, local: LocalId, value: ExprId) -> Stmt {
        let (ty, span) = (self.locals[local].ty, self.span_of(value));
        let kind = PatKind::Binding { local, mode: BindMode::Move, sub: None };
        let pattern = Pat { ty, span, kind };
        Stmt::Let { pattern, value: Some(value), else_: None, span }
    }

    pub(super) fn block_of(
        &mut self,
        stmts: Vec<Stmt>,
        value: Option<ExprId>,
        span: Span,
    ) -> ExprId {
        let ty = value.map_or_else(Ty::unit, |v| self.ty_of(v));
        self.push(ty, span, ExprKind::Block(crate::thir::Block { stmts, value }))
    }

    // ------------------------------------------------------------ messages

    fn report_arity(&mut self, expected: usize, args: &[ast::Arg], target: Target, span: Span) {
        let given = args.len();
        let (name, place) = self.target_name(target);
        let message = format!(
            "{name} takes {}, and {} {} given",
            count(expected, "argument"),
            given,
            if given == 1 { "is" } else { "are" }
        );
        let at = match args.get(expected) {
            Some(first) => args.last().map_or(first.span, |last| first.span.to(last.span)),
            None => Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span },
        };
        let mut diagnostic = Diagnostic::error(codes::E0302, at, message);
        if given > expected {
            let noun = if given - expected == 1 { "argument" } else { "arguments" };
            diagnostic = diagnostic.label(format!("{noun} too many"));
        } else {
            let missing = self.missing_params(target, given);
            diagnostic = diagnostic.label(match missing {
                Some(names) => format!("missing {names}"),
                None => "more arguments are needed".to_owned(),
            });
        }
        if let Some(place) = place {
            diagnostic = diagnostic.also(place, "declared here");
        }
        self.report(diagnostic);
    }

    fn target_name(&self, target: Target) -> (String, Option<Span>) {
        match target {
            Target::Fn(id) => {
                let decl = &self.program.fns[id];
                (format!("`{}`", decl.name), Some(decl.name_span))
            }
            Target::Variant(adt, variant) => {
                let decl = &self.program.adts[adt].variants[variant];
                (format!("`{}`", decl.name), Some(decl.span))
            }
            Target::Value => ("this function".into(), None),
        }
    }

    fn missing_params(&mut self, target: Target, given: usize) -> Option<String> {
        let Target::Fn(id) = target else { return None };
        let decl = &self.program.fns[id];
        let skip = given + usize::from(decl.has_self);
        let names: Vec<String> = decl
            .params
            .iter()
            .skip(skip)
            .filter(|p| !p.name.as_str().is_empty())
            .map(|p| format!("`{}: {}`", p.name, crate::ty::display(self.program, p.ty)))
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// `f(x)` where `x` would be changed.
    fn report_no_marker(&mut self, arg: &ast::Arg, target: Target, index: usize) {
        let mut diagnostic = Diagnostic::error(
            codes::E0310,
            arg.span,
            "this argument is changed by the call, which has to be said here with `mut`",
        )
        .fix("mark it", arg.span.start(), "mut ", Applicability::Certain);
        if let Some(place) = self.param_span(target, index) {
            diagnostic = diagnostic.also(place, "this parameter is `mut`");
        }
        self.report(diagnostic);
    }

    /// `f(mut x)` where nothing is changed.
    fn report_marker(
        &mut self,
        arg: &ast::Arg,
        marker: Span,
        conv: Conv,
        target: Target,
        index: usize,
    ) {
        let what = match conv {
            Conv::Own => "takes the value away",
            _ => "only reads",
        };
        let removal = Span { hi: arg.value.span.lo, ..marker };
        let mut diagnostic = Diagnostic::error(
            codes::E0310,
            marker,
            format!("this argument is marked `mut`, and the parameter {what}"),
        )
        .fix("leave out the marker", removal, "", Applicability::Certain);
        if let Some(place) = self.param_span(target, index) {
            diagnostic = diagnostic.also(place, "the parameter");
        }
        self.report(diagnostic);
    }

    fn param_span(&self, target: Target, index: usize) -> Option<Span> {
        let Target::Fn(id) = target else { return None };
        let decl = &self.program.fns[id];
        let param = decl.params.get(index + usize::from(decl.has_self))?;
        (param.span != Span::default()).then_some(param.span)
    }

    // ------------------------------------------------------------ await

    pub(super) fn check_await(&mut self, inner: &ast::Expr, span: Span, expect: Expect) -> ExprId {
        match &unparen(inner).kind {
            ast::ExprKind::Call { .. } | ast::ExprKind::MethodCall { .. } => {
                self.awaited = true;
                let id = self.check_expr(inner, expect);
                self.awaited = false;
                self.exprs[id].span = span;
                id
            }
            _ => {
                let id = self.check_expr(inner, Expect::Any);
                let ty = self.structurally(self.ty_of(id));
                if !ty.has_error() {
                    self.unsupported(span, "awaiting a stored future (await the call itself: `await f(x)`)");
                }
                self.error_expr(span)
            }
        }
    }

    fn report_not_awaited(&mut self, id: FnId, span: Span) {
        let name = self.program.fns[id].name;
        let place = self.program.fns[id].name_span;
        self.report(
            Diagnostic::error(
                codes::E0352,
                span,
                format!("`{name}` is an `async fn`: calling it does nothing until it is awaited"),
            )
            .label("never awaited")
            .also(place, "declared `async` here")
            .note("not supported yet: keeping a future for later")
            .fix("await it", span.start(), "await ", Applicability::Certain),
        );
    }

    fn report_await(&mut self, span: Span, ret: Ty) {
        let shown = self.show(ret);
        self.report(
            Diagnostic::error(
                codes::E0352,
                span,
                format!("only a future can be awaited, and this call gives a `{shown}`"),
            )
            .help("leave out the `await`: the function runs when it is called"),
        );
    }
}

/// Closures are checked after other arguments. Through parentheses.
fn is_closure(expr: &ast::Expr) -> bool {
    matches!(unparen(expr).kind, ast::ExprKind::Closure(_))
}
