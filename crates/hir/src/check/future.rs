//! Futures: what a call of an `async` function gives, `await`, and futures that nobody awaits.
//!
//! Not here: the types of futures ([`crate::futures`]). The one thing to know: `await f(x)` is a
//! plain call; only a call that is not awaited at once becomes a value.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::expr::unparen;
use super::{Checker, Expect};
use crate::futures::{Held, OUTPUT, RUN, TRAIT};
use crate::items::{AdtId, BodyOwner, FieldIdx, FnId, FnParent, VariantIdx};
use crate::thir::{Callee, ExprId, ExprKind, LocalId};
use crate::ty::{Mutability, Ty, TyKind, tys};

const ONLY: VariantIdx = VariantIdx(0);

/// The method that gives an actor its own handle.
const ME: &str = "me";

impl Checker<'_> {
    pub(super) fn check_await(&mut self, inner: &ast::Expr, span: Span, expect: Expect) -> ExprId {
        let direct =
            matches!(unparen(inner).kind, ast::ExprKind::Call { .. } | ast::ExprKind::MethodCall { .. });
        self.awaited = direct;
        let id = self.check_expr(inner, if direct { expect } else { Expect::Any });
        self.awaited = false;
        self.refuse_own_answer(inner, span);
        if self.ran.take() == Some(id) {
            self.exprs[id].span = span;
            return id;
        }
        // Made for `go`, which runs futures and is content with other values.
        if inner.span == span {
            let ty = self.structurally(self.ty_of(id));
            if !matches!(*ty.kind(), TyKind::Adt(adt, _) if self.is_lazy_future(adt)) {
                return id;
            }
        }
        self.run_future(id, inner.span, span)
    }

    /// `await self.me().method()` in a method of an actor: it is answered after the message in which it is asked.
    fn refuse_own_answer(&mut self, inner: &ast::Expr, span: Span) {
        let ast::ExprKind::MethodCall { receiver, .. } = &unparen(inner).kind else { return };
        let ast::ExprKind::MethodCall { receiver: this, method, .. } = &unparen(receiver).kind else {
            return;
        };
        let BodyOwner::Fn(owner) = self.owner else { return };
        if method.name != ME
            || !matches!(unparen(this).kind, ast::ExprKind::SelfValue)
            || self.frames.len() != 1
        {
            return;
        }
        let program = self.program;
        let FnParent::Inherent(impl_) = program.fns[owner].parent else { return };
        let TyKind::Adt(state, _) = *program.impls[impl_].self_ty.kind() else { return };
        // One that the actor's author wrote has a place of its own.
        let given = |f: &FnId| {
            program.fns[*f].name == ME && program.fns[*f].name_span == program.adts[state].name_span
        };
        if program.actors.values().any(|&s| s == state) && program.impls[impl_].methods.iter().any(given) {
            self.report(
                Diagnostic::error(codes::E0332, span, "an actor cannot wait for an answer of its own")
                    .label("it answers when it has handled the message that waits here")
                    .help("call the method on `self`, or do not await it here"),
            );
        }
    }

    /// Runs the future that `id` is, here.
    pub(super) fn run_future(&mut self, id: ExprId, written: Span, span: Span) -> ExprId {
        let ty = self.structurally(self.ty_of(id));
        if ty.has_error() {
            return self.error_expr(span);
        }
        if matches!(ty.kind(), TyKind::Infer(crate::ty::InferVar::Ty(_))) {
            return self.report_unknown(id, written);
        }
        if !self.implements(TRAIT, ty) {
            self.report_await(span, ty);
            return self.error_expr(span);
        }
        let value = self.value(id);
        self.call_trait(TRAIT, RUN, &[ty], &[value], span)
    }

    fn report_await(&mut self, span: Span, ty: Ty) {
        // What is wrong inside may be why it is no future.
        if self.diagnostics.iter().any(|d| d.is_error() && span.contains(d.primary.span)) {
            self.has_errors = true;
            return;
        }
        let shown = self.show(ty);
        let mut diagnostic = Diagnostic::error(
            codes::E0353,
            span,
            format!("only a future can be awaited, and this is a `{shown}`"),
        )
        .label("there is nothing to wait for");
        diagnostic = match ty.kind() {
            TyKind::Ref(_, inner) if self.implements(TRAIT, *inner) => {
                diagnostic.help("awaiting a future uses it up: await the future itself, not a view of it")
            }
            _ if self.callable(ty).is_some() => diagnostic.help("call it first: `await f()`"),
            _ => diagnostic
                .help("leave out the `await`: functions that are not `async` run when they are called"),
        };
        self.report(diagnostic);
    }

    // ------------------------------------------------------------ calls that are not awaited

    /// The future of a call of an `async` function: its arguments, kept.
    pub(super) fn make_future(&mut self, callee: &Callee, args: Vec<ExprId>, span: Span) -> ExprId {
        let (function, generic) = match callee {
            Callee::Fn { id, args } => (*id, *args),
            // A `dyn Trait` has the trait: the future makes the call by way of that.
            Callee::TraitMethod { method, args, .. } | Callee::DynMethod { method, args, .. } => {
                (*method, *args)
            }
            Callee::Value { .. } => return self.error_expr(span),
        };
        let program = self.program;
        let Some(future) = program.futures.get(&function) else { return self.error_expr(span) };
        if args.len() != future.fields.len() {
            // The number of arguments was refused.
            return self.error_expr(span);
        }
        let mut types = generic.to_vec();
        let mut fields = Vec::with_capacity(args.len());
        for (i, (arg, held)) in args.into_iter().zip(&future.fields).enumerate() {
            if let ExprKind::Ref { two_phase, .. } = &mut self.exprs[arg].kind {
                *two_phase = false;
            }
            let arg = match held {
                Held::Plain => arg,
                Held::Lent(_) => {
                    let arg = self.kept(arg);
                    types.push(self.ty_of(arg));
                    arg
                }
            };
            fields.push((FieldIdx(i as u32), arg));
        }
        let ty = Ty::adt(future.adt, &types);
        let kind = ExprKind::Adt { adt: future.adt, variant: ONLY, args: tys(&types), fields, base: None };
        self.push(ty, span, kind)
    }

    /// A borrowed argument as a future holds it: a place stays borrowed, a value is kept.
    fn kept(&mut self, arg: ExprId) -> ExprId {
        let ExprKind::Ref { mutability: Mutability::Shared, place, .. } = self.exprs[arg].kind else {
            return arg;
        };
        let Some(adt) = self.program.lang.adt("Kept") else { return arg };
        if self.is_place(place) {
            return arg;
        }
        let (ty, span) = (self.ty_of(place), self.span_of(arg));
        let kind = ExprKind::Adt {
            adt,
            variant: ONLY,
            args: tys(&[ty]),
            fields: vec![(FieldIdx(0), place)],
            base: None,
        };
        self.push(Ty::adt(adt, &[ty]), span, kind)
    }

    /// The body of a future's `run`: the call that it stands for.
    pub(super) fn future_run(&mut self, function: FnId, this: LocalId, span: Span) -> ExprId {
        let program = self.program;
        let decl = &program.fns[function];
        let future = &program.futures[&function];
        let own: Vec<Ty> = self.generics.identity().into_iter().take(decl.generics.params.len()).collect();
        let variant = &program.adts[future.adt].variants[ONLY];
        let mut args = Vec::with_capacity(decl.params.len());
        for (i, (held, param)) in future.fields.iter().zip(&decl.params).enumerate() {
            let field = FieldIdx(i as u32);
            let base = self.local_place(this, span);
            let ty = variant.fields[field].ty;
            let place = self.push(ty, span, ExprKind::Field { base, field });
            args.push(match held {
                Held::Plain => self.value(place),
                Held::Lent(_) => {
                    let place = self.borrow(place, Mutability::Shared, false, span);
                    self.call_trait("Lent", "lent", &[ty, param.ty], &[place], span)
                }
            });
        }
        let callee = match decl.parent {
            FnParent::Trait(trait_) => Callee::TraitMethod { trait_, method: function, args: tys(&own) },
            _ => Callee::Fn { id: function, args: tys(&own) },
        };
        self.push(decl.ret, span, ExprKind::Call { callee, args })
    }

    // ------------------------------------------------------------ `Future[T]`

    /// Where a `Future[T]` is wanted, any future that gives a `T` and owns what it uses is moved to
    /// the heap.
    pub(super) fn boxed_future(&mut self, id: ExprId, found: Ty, expected: Ty) -> Option<ExprId> {
        let TyKind::Adt(adt, _) = *found.kind() else { return None };
        let boxed = self.program.lang.adt("Future")?;
        let want = self.shallow(expected);
        let TyKind::Adt(wanted, [output, ..]) = *want.kind() else { return None };
        if wanted != boxed || adt == boxed || !self.implements(TRAIT, found) {
            return None;
        }
        let span = self.span_of(id);
        let gives = self.assoc_type(TRAIT, OUTPUT, found, span);
        if !self.unify(*output, gives) {
            return None;
        }
        let value = self.value(id);
        Some(self.call_inherent(want, "new", &[value], span))
    }

    // ------------------------------------------------------------ never awaited

    /// A future that has done nothing yet: one of an `async` call, or a `Future[T]`.
    pub(super) fn is_lazy_future(&self, adt: AdtId) -> bool {
        self.program.future_of_adt.contains_key(&adt) || self.program.lang.adt("Future") == Some(adt)
    }

    /// Reports a value that is dropped where it stands, if it is a future that has done nothing.
    pub(super) fn refuse_unawaited(&mut self, ty: Ty, place: Span, value: Option<Span>) -> bool {
        let ty = self.shallow(ty);
        let TyKind::Adt(adt, _) = *ty.kind() else { return false };
        if !self.is_lazy_future(adt) {
            return false;
        }
        let function = self.program.future_of_adt.get(&adt).copied();
        let message = match function {
            Some(id) => format!(
                "this future of `{}` is never awaited, so nothing of it ever runs",
                self.program.fns[id].name
            ),
            None => "this future is never awaited, so nothing of it ever runs".to_owned(),
        };
        let mut diagnostic = Diagnostic::error(codes::E0352, place, message).label("never awaited");
        if let Some(id) = function {
            diagnostic = diagnostic.also(self.program.fns[id].name_span, "declared `async` here");
        }
        diagnostic = match value {
            Some(value) => diagnostic.fix("await it", value.start(), "await ", Applicability::Certain),
            None => {
                diagnostic.help("`await` it, return it or pass it on; to let it run by itself, use `spawn`")
            }
        };
        self.report(diagnostic);
        true
    }

    /// Says so if a value that does not do is a future.
    pub(super) fn await_help(&mut self, diagnostic: Diagnostic, ty: Ty, written: Span) -> Diagnostic {
        match self.would_give(ty) {
            Some(_) => {
                let text = self.sources.text(written);
                let text = format!("(await {text})");
                diagnostic.fix("this is a future: await it", written, text, Applicability::Maybe)
            }
            None => diagnostic,
        }
    }

    /// What awaiting the value would give, for messages.
    pub(super) fn would_give(&mut self, found: Ty) -> Option<Ty> {
        let found = self.shallow(found);
        let TyKind::Adt(..) = *found.kind() else { return None };
        if !self.implements(TRAIT, found) {
            return None;
        }
        let ty = self.assoc_type(TRAIT, OUTPUT, found, Span::default());
        Some(self.structurally(ty))
    }
}
