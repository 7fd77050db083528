//! The words for demands that failed.
//!
//! Not here: type mismatches of expressions and methods not found (the body checker's). The one
//! thing to know: a message names the innermost thing that is missing, and says in notes how the
//! program came to ask for it.

use base::{Diagnostic, FxHashSet, Name, Span, codes};
use syntax::ast::Convention;

use super::closures::ClosureState;
use super::context::InferCtx;
use super::demand::{CauseKind, Demand, Reason, Unsatisfied};
use crate::items::{FnId, FnParent, Generics};
use crate::traits::Truth;
use crate::traits::facts::{Step, Unsendable, UnsendableReason};
use crate::ty::display::{display_predicate, display_sig, display_trait};
use crate::ty::{Conv, Predicate, TraitRef, Ty, TyKind, display};

impl InferCtx<'_> {
    /// Diagnostics for all failures, one per cause.
    pub fn report_all(&mut self, errors: Vec<Unsatisfied>) -> Vec<Diagnostic> {
        let mut seen = FxHashSet::default();
        let mut spans = FxHashSet::default();
        let mut owned: Vec<Span> = Vec::new();
        let mut out = Vec::new();
        // What is unknown is often so because something else failed.
        let unknown = |e: &Unsatisfied| matches!(e.reason, Reason::Unknown(_));
        let any_known = errors.iter().any(|e| !unknown(e));
        for error in &errors {
            let span = error.obligation.cause.span;
            if unknown(error) {
                let Reason::Unknown(var) = error.reason else { continue };
                let var = self.resolve(var);
                if any_known || !matches!(var.kind(), TyKind::Infer(_)) || !seen.insert(var) {
                    continue;
                }
                let place = self.table.origin(var).unwrap_or(span);
                if spans.insert(place) {
                    out.push(self.report(error));
                }
                continue;
            }
            if self.mentions_error(error.obligation.demand) || !spans.insert(span) {
                continue;
            }
            // A type and its function both demand it: once is enough.
            if matches!(error.obligation.demand, Demand::Owned(..)) {
                if owned.iter().any(|&s| s.contains(span) || span.contains(s)) {
                    continue;
                }
                owned.push(span);
            }
            out.push(self.report(error));
        }
        out
    }

    fn mentions_error(&mut self, demand: Demand) -> bool {
        let mut has = |ty: Ty| self.table.resolve(ty).has_error();
        match demand {
            Demand::Predicate(Predicate::Trait(t)) => t.args.iter().any(|&t| has(t)),
            Demand::Predicate(Predicate::ProjectionEq(p, ty)) => has(ty) || p.args.iter().any(|&t| has(t)),
            Demand::Predicate(Predicate::Fn(ty, sig)) => {
                has(ty) || has(sig.ret) || sig.params.iter().any(|&(_, t)| has(t))
            }
            Demand::Owned(ty, _) => has(ty),
        }
    }

    pub(super) fn show(&mut self, ty: Ty) -> String {
        let ty = self.table.resolve(ty);
        display(self.program, ty)
    }

    pub fn report(&mut self, error: &Unsatisfied) -> Diagnostic {
        let span = error.obligation.cause.span;
        let diagnostic = match (&error.reason, error.obligation.demand) {
            (Reason::Unknown(var), _) => return self.report_unknown(*var, span),
            (Reason::Overflow, demand) => self.overflow(demand, span),
            (Reason::View, Demand::Owned(ty, index)) => self.view(error, ty, index),
            (Reason::Sendable(why), Demand::Owned(ty, _)) => self.unsendable(ty, why, span),
            (Reason::Projection { expected, found }, demand) => {
                self.projection(demand, *expected, *found, span)
            }
            (_, Demand::Predicate(Predicate::Fn(ty, sig))) => self.report_fn(error, ty, sig),
            (_, Demand::Predicate(Predicate::Trait(t))) => self.not_implemented(t, error),
            (_, demand) => self.overflow(demand, span),
        };
        let diagnostic = self.add_chain(diagnostic, error);
        self.add_origin(diagnostic, error)
    }

    // ------------------------------------------------------------ traits

    fn not_implemented(&mut self, t: TraitRef, error: &Unsatisfied) -> Diagnostic {
        let t = TraitRef { args: self.table.resolve_list(t.args), ..t };
        let cause = error.obligation.cause;
        if self.program.lang.trait_("Send") == Some(t.trait_) {
            let (solver, _) = self.parts();
            let facts = crate::traits::Facts { solver };
            if let Err(why) = facts.is_sendable_into_scope(t.self_ty()) {
                return self.unsendable(t.self_ty(), &why, cause.span);
            }
        }
        let ty = self.show(t.self_ty());
        let trait_ = display_trait(self.program, t);
        let nested = error.obligation.parents.is_some();
        let (message, label) = match cause.kind {
            CauseKind::Operator(op) if !nested => {
                (format!("`{op}` does not work on `{ty}`"), format!("needs `{ty}: {trait_}`"))
            }
            CauseKind::Interpolation if !nested => (
                format!("a `{ty}` cannot be put into a string: it does not implement `{trait_}`"),
                format!("this is a `{ty}`"),
            ),
            CauseKind::For if !nested => {
                (format!("`{ty}` cannot be looped over"), format!("`{ty}` does not implement `{trait_}`"))
            }
            CauseKind::Try if !nested => (
                format!(
                    "`?` cannot turn this error into the function's: `{ty}` does not implement `{trait_}`"
                ),
                "here".to_owned(),
            ),
            _ => (format!("`{ty}` does not implement `{trait_}`"), format!("`{trait_}` is needed here")),
        };
        let diagnostic = Diagnostic::error(codes::E0320, cause.span, message).label(label);
        if let TyKind::Adt(id, _) = *t.self_ty().kind()
            && (self.program.future_of_adt.contains_key(&id) || self.program.lang.adt("Reply") == Some(id))
        {
            return diagnostic.help("this is a future: `await` it for its result");
        }
        if self.program.lang.trait_("Awaitable") == Some(t.trait_)
            && matches!(t.self_ty().kind(), TyKind::Closure(..))
        {
            return diagnostic.help(
                "a future is a call of an `async fn` or of an `async` closure; to limit the time of any statements, use `deadline`",
            );
        }
        if trait_ == "IntoDuration" && matches!(t.self_ty().kind(), TyKind::Float(_)) {
            return diagnostic
                .help("a part of a second is `Duration::from_secs_f64(…)`; whole numbers are milliseconds");
        }
        if matches!(cause.kind, CauseKind::Interpolation)
            && let Some(iterator) = self.program.lang.trait_("Iterator")
            && self.implements(t.self_ty(), iterator) == Truth::Yes
        {
            return diagnostic.help(
                "this is an iterator: gather what it gives with `.join(\", \")`, or `.collect[[_]]()` for a list",
            );
        }
        if matches!(cause.kind, CauseKind::Interpolation)
            && trait_ == "Display"
            && let Some(debug) = self.program.lang.trait_("Debug")
            && self.implements(t.self_ty(), debug) == Truth::Yes
        {
            let diagnostic = diagnostic.help("what it is made of is shown by `${…:?}`");
            return self.add_remedy(diagnostic, t);
        }
        if matches!(cause.kind, CauseKind::Try) && self.program.lang.trait_("From") == Some(t.trait_) {
            let (ty, trait_) = (self.show(t.self_ty()), display_trait(self.program, t));
            let own = matches!(*t.self_ty().kind(), TyKind::Adt(id, _) if self.is_users(self.program.adts[id].module));
            return diagnostic.help(match own {
                true => format!("say what becomes of it: `.map_err(|e| …)?`, or for all such places `impl {trait_} for {ty}`"),
                false if *t.self_ty().kind() == TyKind::Str => {
                    "make text of it: `.map_err(|e| \"${e}\")?`, or let the function return an `error`".to_owned()
                }
                false => "say what becomes of it: `.map_err(|e| …)?`".to_owned(),
            });
        }
        self.add_remedy(diagnostic, t)
    }

    /// "`Hash` is needed for `[Point]`, because it is …", from the inside out.
    fn add_chain(&mut self, mut diagnostic: Diagnostic, error: &Unsatisfied) -> Diagnostic {
        let mut parent = error.obligation.parents.clone();
        let mut shown = 0;
        while let Some(at) = parent {
            if shown == 3 {
                return diagnostic.note("… and so on");
            }
            if let Demand::Predicate(Predicate::Trait(t)) = at.demand {
                let t = TraitRef { args: self.table.resolve_list(t.args), ..t };
                let ty = display(self.program, t.self_ty());
                let trait_ = display_trait(self.program, t);
                diagnostic = diagnostic.note(format!("without it `{ty}` does not implement `{trait_}`"));
                shown += 1;
            }
            parent = at.next.clone();
        }
        diagnostic
    }

    /// Who asks: the declaration whose bound it is.
    fn add_origin(&mut self, diagnostic: Diagnostic, error: &Unsatisfied) -> Diagnostic {
        let program = self.program;
        let (generics, module, what, place) = match error.obligation.cause.kind {
            CauseKind::Fn(id) => {
                let decl = &program.fns[id];
                (&decl.generics, decl.module, self.fn_name(id), decl.name_span)
            }
            CauseKind::Adt(id) => {
                let adt = &program.adts[id];
                (&adt.generics, adt.module, adt.name.as_str().to_owned(), adt.name_span)
            }
            CauseKind::Impl(id) => {
                let decl = &program.impls[id];
                (&decl.generics, decl.module, "this impl".to_owned(), decl.head)
            }
            CauseKind::Trait(id) => {
                let decl = &program.traits[id];
                (&decl.generics, decl.module, decl.name.as_str().to_owned(), decl.name_span)
            }
            CauseKind::Coercion => {
                return match error.obligation.demand {
                    Demand::Predicate(Predicate::Trait(_)) => diagnostic,
                    _ => diagnostic.note("the value becomes a `dyn` here"),
                };
            }
            _ => return diagnostic,
        };
        let root = self.root_demand(error);
        let declared = match bound_span(generics, root) {
            Some((span, Bound::Owned(name))) if matches!(error.reason, Reason::Sendable(_)) => {
                Some((span, Bound::Sendable(name)))
            }
            declared => declared,
        };
        if self.is_users(module) {
            let (span, text) = match declared {
                Some((span, bound)) => (span, format!("`{what}` needs {}", self.show_bound(bound))),
                None => (place, format!("needed by `{what}`")),
            };
            return diagnostic.also(span, text);
        }
        match declared {
            Some((_, bound)) => {
                let bound = self.show_bound(bound);
                diagnostic.note(format!("`{what}` needs {bound}"))
            }
            None => diagnostic.note(format!("needed by `{what}`")),
        }
    }

    fn show_bound(&self, bound: Bound) -> String {
        match bound {
            Bound::Predicate(p) => format!("`{}`", display_predicate(self.program, p)),
            Bound::Owned(name) => format!("an owned type for its `{name}`"),
            Bound::Sendable(name) => format!("a type that may cross threads for its `{name}`"),
        }
    }

    fn root_demand(&self, error: &Unsatisfied) -> Demand {
        let mut demand = error.obligation.demand;
        let mut at = error.obligation.parents.clone();
        while let Some(parent) = at {
            demand = parent.demand;
            at = parent.next.clone();
        }
        demand
    }

    /// `Type.method` or `function`.
    fn fn_name(&self, id: FnId) -> String {
        let decl = &self.program.fns[id];
        match decl.parent {
            FnParent::None => decl.name.as_str().to_owned(),
            FnParent::Trait(t) => format!("{}.{}", self.program.traits[t].name, decl.name),
            FnParent::Inherent(i) | FnParent::TraitImpl(i) => {
                format!("{}.{}", display(self.program, self.program.impls[i].self_ty), decl.name)
            }
        }
    }

    fn projection(&mut self, demand: Demand, expected: Ty, found: Ty, span: Span) -> Diagnostic {
        let (expected, found) = (self.show(expected), self.show(found));
        let subject = match demand {
            Demand::Predicate(Predicate::ProjectionEq(p, _)) => {
                let args = self.table.resolve_list(p.args);
                display(self.program, Ty::new(TyKind::Projection(crate::ty::Projection { args, ..p })))
            }
            _ => "the associated type".to_owned(),
        };
        Diagnostic::error(
            codes::E0326,
            span,
            format!("`{subject}` is `{found}`, but `{expected}` is needed here"),
        )
        .label(format!("needs `{expected}`"))
    }

    fn overflow(&mut self, demand: Demand, span: Span) -> Diagnostic {
        let what = match demand {
            Demand::Predicate(Predicate::Trait(t)) => {
                let t = TraitRef { args: self.table.resolve_list(t.args), ..t };
                display_predicate(self.program, Predicate::Trait(t))
            }
            Demand::Predicate(p) => display_predicate(self.program, p),
            Demand::Owned(ty, _) => self.show(ty),
        };
        Diagnostic::error(
            codes::E0325,
            span,
            "deciding whether this is allowed does not come to an end".to_owned(),
        )
        .label("each demand leads to a larger one")
        .note(format!("it came as far as `{what}`"))
        .help("look for an `impl` whose bounds are about a larger type than the impl itself")
    }

    // ------------------------------------------------------------ unknown types

    /// A type that nothing in the body decides.
    pub fn report_unknown(&mut self, var: Ty, span: Span) -> Diagnostic {
        let place = self.table.origin(var).unwrap_or(span);
        Diagnostic::error(codes::E0321, place, "the type of this is not known")
            .label("nothing here says which type it has")
            .help("write the type out: `let name: Type = …`, or give the type arguments in brackets: `name[Type](…)`")
    }

    // ------------------------------------------------------------ views, sending

    fn view(&mut self, error: &Unsatisfied, ty: Ty, index: u32) -> Diagnostic {
        let cause = error.obligation.cause;
        let shown = self.show(ty);
        let message = if cause.kind == CauseKind::Coercion {
            format!("a `dyn` owns what it holds, and `{shown}` borrows")
        } else {
            format!("`{shown}` borrows, and an owned type is needed here")
        };
        if let Some(diagnostic) = self.view_in_closure(ty, cause.span) {
            return diagnostic;
        }
        let diagnostic =
            Diagnostic::error(codes::E0327, cause.span, message).label(format!("this makes it `{shown}`"));
        let generics = match cause.kind {
            CauseKind::Fn(id) => Some((&self.program.fns[id].generics, self.program.fns[id].module)),
            CauseKind::Adt(id) => Some((&self.program.adts[id].generics, self.program.adts[id].module)),
            _ => None,
        };
        if let (Some((generics, module)), None) = (generics, &error.obligation.parents)
            && let Some(param) = generics.params.get(index as usize)
        {
            let help = if self.is_users(module) && !param.implicit {
                format!(
                    "use an owned value (`.clone()` makes one), or declare `{}: view` if it need not be stored or sent",
                    param.name
                )
            } else {
                "use an owned value: `.clone()` makes one".to_owned()
            };
            return diagnostic.help(help);
        }
        diagnostic.help("use an owned value: `.clone()` makes one")
    }

    /// A closure that has to own what it uses, and uses a view.
    fn view_in_closure(&mut self, ty: Ty, span: Span) -> Option<Diagnostic> {
        let ty = self.table.resolve(ty);
        let TyKind::Closure(id, args) = *ty.kind() else { return None };
        let state = self.closures.states.get(&id)?;
        let captures = state.captures.clone()?;
        let names = state.names.clone();
        let (index, view) =
            captures.iter().map(|t| t.subst(args)).enumerate().find(|&(_, t)| self.is_view(t))?;
        let &(name, place) = names.get(index)?;
        let shown = self.show(view);
        // A value that `go` computes before the task starts has no name.
        let subject = if name.as_str().starts_with('$') { "this".to_owned() } else { format!("`{name}`") };
        Some(
            Diagnostic::error(codes::E0327, place, format!("{subject} borrows, and what runs by itself has to own what it uses"))
                .label(format!("this is a `{shown}`, a view"))
                .also(span, "this may run for longer than what is viewed lasts")
                .help("let it use an owned value (`.clone()` makes one) or a `Shared`; in a `scope`, tasks may borrow"),
        )
    }

    fn unsendable(&mut self, ty: Ty, why: &Unsendable, span: Span) -> Diagnostic {
        let shown = match self.table.resolve(ty).kind() {
            TyKind::Closure(..) => "this closure".to_owned(),
            _ => format!("`{}`", self.show(ty)),
        };
        let diagnostic =
            Diagnostic::error(codes::E0330, span, format!("{shown} may not cross to another thread"));
        self.explain_unsendable(diagnostic, why)
    }

    /// Says which part may not cross, and how it is reached.
    pub fn explain_unsendable(&mut self, mut diagnostic: Diagnostic, why: &Unsendable) -> Diagnostic {
        let part = self.show(why.part);
        let reason = match why.reason {
            UnsendableReason::View => format!("`{part}` borrows from this thread"),
            UnsendableReason::RawPointer => format!("`{part}` is a raw pointer"),
            UnsendableReason::ThreadBound(id) => {
                let adt = &self.program.adts[id];
                diagnostic = diagnostic.also(adt.name_span, format!("`{}` is `[thread_bound]`", adt.name));
                format!("`{part}` stays on the thread that made it")
            }
            UnsendableReason::Parameter => {
                diagnostic = diagnostic.help(match part.contains("fn(") {
                    true => format!("give the function's type a name that demands it: `[F: {part} + Send]`, and `F` for the parameter"),
                    false => format!("declare `{part}` without `view`, or demand `{part}: Send`"),
                });
                format!("`{part}` is declared `view`: it may stand for anything")
            }
            UnsendableReason::Endless => "its definition leads to ever larger types".to_owned(),
            UnsendableReason::ImplBounds => {
                format!("the `unsafe impl Send` of `{part}` does not cover these types")
            }
        };
        diagnostic = diagnostic.label(reason);
        let path: Vec<String> = why
            .path
            .iter()
            .map(|&(ty, step)| match step {
                Step::Field(adt, name) => {
                    format!("field `{name}` of `{}`", self.program.adts[adt].name)
                }
                Step::Capture => "captured by the closure".to_owned(),
                Step::Element => format!("inside `{}`", self.show(ty)),
            })
            .collect();
        if path.is_empty() {
            return diagnostic;
        }
        let path: Vec<String> = path.into_iter().rev().take(4).collect();
        diagnostic.note(format!("it is {}", path.join(", ")))
    }

    // ------------------------------------------------------------ functions as values

    fn closure_of(&mut self, ty: Ty) -> Option<&ClosureState> {
        match *self.table.resolve(ty).peel_refs().kind() {
            TyKind::Closure(id, _) => self.closure(id),
            _ => None,
        }
    }

    fn report_fn(&mut self, error: &Unsatisfied, ty: Ty, want: crate::ty::FnSig) -> Diagnostic {
        let cause = error.obligation.cause;
        let span = cause.span;
        let place = self.closure_of(ty).map(|c| c.span);
        let what = if place.is_some() { "this closure".to_owned() } else { format!("`{}`", self.show(ty)) };
        let span = place.unwrap_or(span);
        let want = self.table.resolve_sig(want);
        let expected = display_sig(self.program, want);
        let count = |n: usize| match n {
            0 => "no arguments".to_owned(),
            1 => "one argument".to_owned(),
            n => format!("{n} arguments"),
        };
        let signature = |message: String, label: String| {
            Diagnostic::error(codes::E0329, span, message)
                .label(label)
                .note(format!("a `{expected}` is expected"))
        };
        match &error.reason {
            Reason::ParamCount { expected, found } => signature(
                format!("{what} takes {}, but is given {}", count(*found), count(*expected)),
                format!("takes {}", count(*found)),
            ),
            Reason::Param { index, mismatch } => {
                let (given, taken) = (self.show(mismatch.expected), self.show(mismatch.found));
                signature(
                    format!("{what} takes a `{taken}`, but is given a `{given}`"),
                    format!("parameter {} is a `{taken}`", index + 1),
                )
            }
            Reason::ParamConvention { index, expected, found } => {
                let (given, taken) = (conv_words(*expected), conv_words(*found));
                signature(
                    format!("{what} {taken} its argument, but is called by one who {given} it"),
                    format!("parameter {}", index + 1),
                )
            }
            Reason::Ret(mismatch) => {
                let (want, found) = (self.show(mismatch.expected), self.show(mismatch.found));
                signature(
                    format!("{what} gives a `{found}`, but a `{want}` is expected of it"),
                    format!("gives `{found}`"),
                )
            }
            Reason::Call { expected, found } => {
                let does = match found {
                    Convention::Own => "uses up what it captured, so it can be called only once",
                    _ => "changes what it captured",
                };
                let wanted = match expected {
                    Convention::Read => "`fn`, which may be called any number of times and changes nothing",
                    Convention::Mut => "`mut fn`, which may be called again",
                    Convention::Own => "`own fn`",
                };
                Diagnostic::error(codes::E0328, span, format!("{what} {does}"))
                    .label(format!("expected to be a {wanted}"))
                    .help(match found {
                        Convention::Own => "clone what it uses up inside it",
                        _ if cause.kind == CauseKind::Coercion => {
                            "make it a `dyn mut fn`, or let it return what is new"
                        }
                        _ => "let it return what is new, or have the parameter declared `mut fn`",
                    })
            }
            _ => {
                let shown = self.show(ty);
                let diagnostic = Diagnostic::error(codes::E0329, span, format!("`{shown}` cannot be called"))
                    .label(format!("a `{expected}` is expected"));
                let ty = self.table.resolve(ty);
                match cause.kind {
                    CauseKind::Fn(_) if expected.contains("fn()") && !ty.has_infer() => {
                        let waits = matches!(*ty.kind(), TyKind::Adt(id, _) if self.program.future_of_adt.contains_key(&id));
                        diagnostic.help(match waits {
                            true => "give it a closure that awaits the call: `|| await …`",
                            false => "if a call stands here, it has run by then: give it a closure that calls, `|| …`",
                        })
                    }
                    _ => diagnostic,
                }
            }
        }
    }
}

fn conv_words(conv: Conv) -> &'static str {
    match conv {
        Conv::Val | Conv::Ref => "reads",
        Conv::Mut => "changes",
        Conv::Own => "takes",
    }
}

#[derive(Clone, Copy)]
enum Bound {
    Predicate(Predicate),
    Owned(Name),
    Sendable(Name),
}

/// The parameter whose bound the demand came from.
fn bound_span(generics: &Generics, demand: Demand) -> Option<(Span, Bound)> {
    if let Demand::Owned(_, index) = demand {
        let param = generics.params.get(index as usize).filter(|p| !p.implicit)?;
        return Some((param.span, Bound::Owned(param.name)));
    }
    let Demand::Predicate(demand) = demand else { return None };
    let subject = |p: &Predicate| match (p, demand) {
        (Predicate::Trait(have), Predicate::Trait(want)) if have.trait_ == want.trait_ => {
            Some(have.self_ty())
        }
        (Predicate::ProjectionEq(have, _), Predicate::ProjectionEq(want, _))
            if have.name == want.name && have.trait_ == want.trait_ =>
        {
            Some(have.args[0])
        }
        (Predicate::Fn(ty, _), Predicate::Fn(..)) => Some(*ty),
        _ => None,
    };
    let mut matching = generics.predicates.iter().filter_map(|p| {
        let TyKind::Param(param) = *subject(p)?.kind() else { return None };
        let declared = generics.params.get(param.index as usize)?;
        (!declared.implicit && param.name != "Self").then_some((declared.span, Bound::Predicate(*p)))
    });
    let first = matching.next()?;
    // With several such bounds it is not said which one it was.
    matching.next().is_none().then_some(first)
}
