//! The inference context of a body: its variables, its closures, and the demands still open.
//!
//! Not here: what a demand means ([`crate::traits`]), the words for a failed one
//! ([`super::report`]). The one thing to know: [`InferCtx::register`] only queues;
//! [`InferCtx::process`] settles what can be settled, and is worth calling whenever a type is
//! needed that demands may decide ([`InferCtx::structurally_resolve`] does so).

use base::Span;

use super::closures::ClosureStates;
use super::demand::{Cause, Demand, Obligation, Parent, Reason, Unsatisfied, Waiting};
use super::table::{InferTable, Mismatch};
use crate::items::{Generics, ImplId, Program, TraitId};
use crate::traits::facts::UnsendableReason;
use crate::traits::select::Pending as Predicates;
use crate::traits::{
    Builtin, Callable, ParamEnv, Selection, Solver, TraitCache, Truth, env::call_serves, project::Projected,
};
use crate::ty::{FnSig, InferVar, Predicate, Projection, TraitRef, Ty, TyKind, Tys, tys};

/// Chains of demands longer than this do not end.
const MAX_CHAIN: u32 = 64;

pub struct InferCtx<'a> {
    pub program: &'a Program,
    pub env: &'a ParamEnv,
    pub cache: &'a TraitCache,
    pub table: InferTable,
    pub closures: ClosureStates,
    pub(super) pending: Vec<Waiting>,
    pub(super) errors: Vec<Unsatisfied>,
}

// `More` is the usual outcome: boxing its list would cost more than moving it.
#[allow(clippy::large_enum_variant)]
enum Step {
    Done,
    /// Followed by these.
    More(Predicates, Option<ImplId>),
    Wait(Option<InferVar>),
    Fail(Reason),
}

impl<'a> InferCtx<'a> {
    pub fn new(program: &'a Program, env: &'a ParamEnv, cache: &'a TraitCache) -> InferCtx<'a> {
        InferCtx {
            program,
            env,
            cache,
            table: InferTable::new(),
            closures: ClosureStates::default(),
            pending: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The solver beside the table that its questions take.
    pub fn parts(&mut self) -> (Solver<'_>, &mut InferTable) {
        (
            Solver { program: self.program, env: self.env, cache: self.cache, closures: &self.closures },
            &mut self.table,
        )
    }

    // ------------------------------------------------------------ variables

    pub fn fresh_ty(&mut self, origin: Span) -> Ty {
        self.table.fresh_ty_at(origin)
    }

    pub fn fresh_int(&mut self, origin: Span) -> Ty {
        self.table.fresh_int(origin)
    }

    pub fn fresh_float(&mut self, origin: Span) -> Ty {
        self.table.fresh_float(origin)
    }

    /// A variable for each parameter from `known.len()` on, after `known`.
    pub fn fresh_args(&mut self, generics: &Generics, known: &[Ty], origin: Span) -> Vec<Ty> {
        let mut args = known.to_vec();
        while args.len() < generics.params.len() {
            args.push(self.table.fresh_ty_at(origin));
        }
        args
    }

    pub fn unify(&mut self, expected: Ty, found: Ty) -> Result<(), Mismatch> {
        self.table.unify(expected, found)
    }

    /// Outermost variable resolved.
    #[inline]
    pub fn shallow(&mut self, ty: Ty) -> Ty {
        self.table.shallow(ty)
    }

    /// All variables resolved as far as known.
    pub fn resolve(&mut self, ty: Ty) -> Ty {
        self.table.resolve(ty)
    }

    /// As [`Self::shallow`]; where the type is not known yet, settles demands first.
    pub fn structurally_resolve(&mut self, ty: Ty) -> Ty {
        let found = self.table.shallow(ty);
        if matches!(found.kind(), TyKind::Infer(InferVar::Ty(_))) && !self.pending.is_empty() {
            self.process();
            return self.table.shallow(ty);
        }
        found
    }

    // ------------------------------------------------------------ normalising

    /// Resolves associated types; what must wait becomes a variable and an open demand.
    pub fn normalize(&mut self, ty: Ty, span: Span) -> Ty {
        if !ty.has_projection() {
            return ty;
        }
        let done = self
            .normalizing(Cause::other(span), |solver, table, pending| solver.normalize(table, ty, pending));
        self.table.resolve(done)
    }

    pub fn normalize_sig(&mut self, sig: FnSig, span: Span) -> FnSig {
        self.normalizing(Cause::other(span), |solver, table, pending| {
            solver.normalize_sig(table, sig, pending)
        })
    }

    fn normalizing<R>(
        &mut self,
        cause: Cause,
        run: impl FnOnce(Solver<'_>, &mut InferTable, &mut dyn FnMut(Predicate)) -> R,
    ) -> R {
        let mut more = Predicates::new();
        let (solver, table) = self.parts();
        let result = run(solver, table, &mut |p| more.push(p));
        let mut next = 0;
        while next < more.len() && next < 256 {
            let mut further = Predicates::new();
            let (solver, table) = self.parts();
            let predicate = solver.normalize_predicate(table, more[next], &mut |p| further.push(p));
            more.extend(further);
            next += 1;
            let obligation =
                Obligation { demand: Demand::Predicate(predicate), cause, parents: None, depth: 0 };
            // A closure's result or a known impl often decides it at once.
            self.attempt(obligation);
        }
        result
    }

    // ------------------------------------------------------------ questions

    pub fn holds(&mut self, trait_ref: TraitRef) -> Truth {
        let (solver, table) = self.parts();
        solver.holds(table, trait_ref)
    }

    pub fn implements(&mut self, ty: Ty, trait_: TraitId) -> Truth {
        self.holds(TraitRef { trait_, args: tys(&[ty]) })
    }

    /// By the name of the trait's role; a role without item holds for nothing.
    pub fn implements_lang(&mut self, ty: Ty, name: &str) -> Truth {
        match self.program.lang.trait_(name) {
            Some(trait_) => self.implements(ty, trait_),
            None => Truth::No,
        }
    }

    pub fn is_copy(&mut self, ty: Ty) -> Truth {
        let ty = self.table.shallow(ty);
        match ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::Error
            | TyKind::RawPtr(_)
            | TyKind::Ref(crate::ty::Mutability::Shared, _)
            | TyKind::Infer(InferVar::Int(_) | InferVar::Float(_)) => Truth::Yes,
            TyKind::Infer(InferVar::Ty(_)) => Truth::Maybe,
            TyKind::Str | TyKind::List(_) | TyKind::Ref(..) | TyKind::Dyn(_) | TyKind::DynFn(_) => Truth::No,
            _ => self.implements_lang(ty, "Copy"),
        }
    }

    /// Structural facts of the type as far as it is resolved.
    pub fn is_view(&mut self, ty: Ty) -> bool {
        let ty = self.table.resolve(ty);
        let (solver, _) = self.parts();
        crate::traits::Facts { solver }.is_view(ty)
    }

    // ------------------------------------------------------------ demands

    pub fn register(&mut self, predicate: Predicate, cause: Cause) {
        let predicate = self.normalizing(cause, |solver, table, pending| {
            solver.normalize_predicate(table, predicate, pending)
        });
        self.push(Obligation { demand: Demand::Predicate(predicate), cause, parents: None, depth: 0 });
    }

    pub fn register_trait(&mut self, trait_: TraitId, args: &[Ty], cause: Cause) {
        self.register(Predicate::Trait(TraitRef { trait_, args: tys(args) }), cause);
    }

    pub fn demand(&mut self, demand: Demand, cause: Cause) {
        self.push(Obligation { demand, cause, parents: None, depth: 0 });
    }

    /// Everything that naming an item with these arguments demands: its predicates, and that
    /// arguments of parameters not declared `view` are owned.
    pub fn register_bounds(&mut self, generics: &Generics, args: &[Ty], cause: Cause) {
        for &predicate in &generics.predicates {
            self.register(predicate.subst(args), cause);
        }
        for (i, (param, &ty)) in generics.params.iter().zip(args).enumerate() {
            let is_self = i == 0 && param.name == "Self";
            if param.view || param.is_const || is_self {
                continue;
            }
            // Most arguments are plainly owned; nothing to queue for them.
            if !ty.has_infer() && !ty.has_closure() {
                let (solver, _) = self.parts();
                if solver.may_be_owned(ty) {
                    continue;
                }
            }
            self.push(Obligation { demand: Demand::Owned(ty, i as u32), cause, parents: None, depth: 0 });
        }
    }

    fn push(&mut self, obligation: Obligation) {
        self.pending.push(Waiting { obligation, on: None, at: u64::MAX });
    }

    /// Tries a new obligation and queues it if it must wait.
    fn attempt(&mut self, obligation: Obligation) {
        match self.step(&obligation) {
            Step::Done => {}
            Step::More(predicates, through) => self.push_nested(&obligation, predicates, through),
            Step::Wait(on) => {
                let at = self.table.bindings();
                self.pending.push(Waiting { obligation, on, at });
            }
            Step::Fail(reason) => self.errors.push(Unsatisfied { obligation, reason }),
        }
    }

    /// Settles what can be settled. True if anything was.
    pub fn process(&mut self) -> bool {
        let mut any = false;
        loop {
            let mut progress = false;
            let queue = std::mem::take(&mut self.pending);
            for mut waiting in queue {
                let unchanged = waiting.at == self.table.bindings()
                    || waiting.on.is_some_and(|var| self.table.is_unbound_root(var));
                if unchanged && waiting.at != u64::MAX {
                    self.pending.push(waiting);
                    continue;
                }
                match self.step(&waiting.obligation) {
                    Step::Done => progress = true,
                    Step::More(predicates, through) => {
                        progress = true;
                        self.push_nested(&waiting.obligation, predicates, through);
                    }
                    Step::Wait(on) => {
                        waiting.on = on;
                        waiting.at = self.table.bindings();
                        self.pending.push(waiting);
                    }
                    Step::Fail(reason) => {
                        progress = true;
                        self.errors.push(Unsatisfied { obligation: waiting.obligation, reason });
                    }
                }
            }
            if !progress {
                return any;
            }
            any = true;
        }
    }

    fn demand_nested(&mut self, demand: Demand, from: &Obligation, through: ImplId) {
        let parent = Parent { demand: from.demand, through: Some(through), next: from.parents.clone() };
        self.push(Obligation {
            demand,
            cause: from.cause,
            parents: Some(std::rc::Rc::new(parent)),
            depth: from.depth + 1,
        });
    }

    fn push_nested(&mut self, from: &Obligation, predicates: Predicates, through: Option<ImplId>) {
        if from.depth >= MAX_CHAIN {
            self.errors.push(Unsatisfied { obligation: from.clone(), reason: Reason::Overflow });
            return;
        }
        let parents = match through {
            Some(_) => {
                Some(std::rc::Rc::new(Parent { demand: from.demand, through, next: from.parents.clone() }))
            }
            None => from.parents.clone(),
        };
        let add = |ctx: &mut Self, predicate| {
            ctx.push(Obligation {
                demand: Demand::Predicate(predicate),
                cause: from.cause,
                parents: parents.clone(),
                depth: from.depth + 1,
            });
        };
        // What normalising asks for besides may itself mention associated types.
        let mut queue = predicates;
        let mut next = 0;
        while next < queue.len() && next < 256 {
            let mut more = Predicates::new();
            let (solver, table) = self.parts();
            let predicate = solver.normalize_predicate(table, queue[next], &mut |p| more.push(p));
            queue.extend(more);
            next += 1;
            add(self, predicate);
        }
    }

    fn step(&mut self, obligation: &Obligation) -> Step {
        match obligation.demand {
            Demand::Predicate(Predicate::Trait(t)) => self.step_trait(t, obligation),
            Demand::Predicate(Predicate::ProjectionEq(p, ty)) => self.step_projection(p, ty),
            Demand::Predicate(Predicate::Fn(ty, sig)) => self.step_fn(ty, sig, obligation.cause),
            Demand::Owned(ty, _) => self.step_owned(ty, obligation.cause),
        }
    }

    fn step_trait(&mut self, want: TraitRef, obligation: &Obligation) -> Step {
        let want = TraitRef { args: self.table.resolve_list(want.args), ..want };
        if want.args.iter().any(|t| t.has_error()) {
            return Step::Done;
        }
        let self_ty = want.args[0];
        if let TyKind::Infer(var @ InferVar::Ty(_)) = *self_ty.kind() {
            return Step::Wait(Some(var));
        }
        let (solver, table) = self.parts();
        let closed = want.args.iter().all(|t| !t.has_infer() && !t.has_closure());
        if closed && solver.holds(table, want) == Truth::Yes {
            return Step::Done;
        }
        match solver.select(table, want) {
            Selection::Impl { id, args } => {
                let owned: smallvec::SmallVec<[(Ty, u32); 4]> =
                    solver.owned_params(table, id, args).collect();
                let predicates = solver.impl_predicates(id, args).collect();
                for (ty, index) in owned {
                    self.demand_nested(Demand::Owned(ty, index), obligation, id);
                }
                Step::More(predicates, Some(id))
            }
            Selection::Builtin(Builtin::CloneParts) => {
                let mut parts = Predicates::new();
                let known = solver.parts(self_ty, &mut |part| {
                    parts.push(Predicate::Trait(TraitRef { args: tys(&[part]), ..want }));
                    true
                });
                if known { Step::More(parts, None) } else { Step::Wait(None) }
            }
            Selection::Param(_) | Selection::Builtin(_) => Step::Done,
            Selection::Ambiguous => Step::Wait(only_variable(want.args)),
            Selection::None => Step::Fail(Reason::NotImplemented),
        }
    }

    fn step_projection(&mut self, p: Projection, ty: Ty) -> Step {
        let args = self.table.resolve_list(p.args);
        let p = Projection { args, ..p };
        if args.iter().any(|t| t.has_error()) {
            self.table.try_unify(ty, Ty::error());
            return Step::Done;
        }
        if let TyKind::Infer(var @ InferVar::Ty(_)) = *args[0].kind() {
            return Step::Wait(Some(var));
        }
        let mut more = Predicates::new();
        let (solver, table) = self.parts();
        let found = match solver.project(table, p, &mut |p| more.push(p)) {
            Projected::To(to) => {
                let to = table.resolve(to);
                let (solver, table) = self.parts();
                solver.normalize(table, to, &mut |p| more.push(p))
            }
            Projected::Rigid => Ty::new(TyKind::Projection(p)),
            Projected::Ambiguous => return Step::Wait(only_variable(args)),
            Projected::Failed => {
                self.table.try_unify(ty, Ty::error());
                let demand = Predicate::Trait(TraitRef { trait_: p.trait_, args: p.args });
                return Step::More(smallvec::smallvec![demand], None);
            }
        };
        match self.table.unify(ty, found) {
            Ok(()) => Step::More(more, None),
            Err(mismatch) => {
                Step::Fail(Reason::Projection { expected: mismatch.expected, found: mismatch.found })
            }
        }
    }

    fn step_fn(&mut self, ty: Ty, want: FnSig, cause: Cause) -> Step {
        let ty = self.table.shallow(ty);
        match *ty.kind() {
            TyKind::Infer(var @ InferVar::Ty(_)) => return Step::Wait(Some(var)),
            TyKind::Error => return Step::Done,
            _ => {}
        }
        let (solver, table) = self.parts();
        let Some(have) = solver.callable(table, ty) else {
            return Step::Fail(Reason::NotCallable);
        };
        let mut more = Predicates::new();
        let (solver, table) = self.parts();
        let mut sig = solver.normalize_sig(table, have.sig, &mut |p| more.push(p));
        if have.flexible {
            sig = self.take_conventions(ty, sig, want);
        }
        if let Some(reason) = self.fn_mismatch(ty, &have, sig, want, cause) {
            return Step::Fail(reason);
        }
        Step::More(more, None)
    }

    fn fn_mismatch(
        &mut self,
        ty: Ty,
        have: &Callable,
        sig: FnSig,
        want: FnSig,
        cause: Cause,
    ) -> Option<Reason> {
        if sig.params.len() != want.params.len() {
            return Some(Reason::ParamCount { expected: want.params.len(), found: sig.params.len() });
        }
        for (index, (&(found, a), &(expected, b))) in sig.params.iter().zip(want.params).enumerate() {
            if let Err(mismatch) = self.table.unify(b, a) {
                return Some(Reason::Param { index, mismatch });
            }
            if found != expected {
                return Some(Reason::ParamConvention { index, expected, found });
            }
        }
        let ret = self.table.shallow(sig.ret);
        if !ret.is_never()
            && let Err(mismatch) = self.table.unify(want.ret, ret)
        {
            return Some(Reason::Ret(mismatch));
        }
        if have.call_known {
            if !call_serves(sig.call, want.call) {
                return Some(Reason::Call { expected: want.call, found: sig.call });
            }
        } else if let TyKind::Closure(id, _) = *ty.peel_refs().kind()
            && let Some(state) = self.closures.states.get_mut(&id)
        {
            state.wanted.push((want.call, cause));
        }
        None
    }

    fn step_owned(&mut self, ty: Ty, cause: Cause) -> Step {
        let ty = self.table.resolve(ty);
        if let TyKind::Infer(var @ InferVar::Ty(_)) = *ty.kind() {
            return Step::Wait(Some(var));
        }
        if ty.has_error() {
            return Step::Done;
        }
        let mut seen_open = false;
        // Closures without known captures are told to own; the rest is asked as usual.
        let mut closures = Vec::new();
        ty.walk(&mut |part| {
            match *part.kind() {
                TyKind::Closure(id, _) => closures.push(id),
                TyKind::Infer(InferVar::Ty(_)) => seen_open = true,
                TyKind::Dyn(_) | TyKind::DynFn(_) => return false,
                _ => {}
            }
            true
        });
        let mut waiting = false;
        for id in closures {
            if let Some(state) = self.closures.states.get_mut(&id)
                && state.captures.is_none()
            {
                state.must_own.get_or_insert(cause.span);
                waiting = true;
            }
        }
        if waiting {
            return Step::Wait(None);
        }
        let (solver, _) = self.parts();
        let facts = crate::traits::Facts { solver };
        if let Err(why) = facts.is_sendable(ty) {
            let borrows = facts.is_view(ty) && !ty.has_param();
            return Step::Fail(if borrows || why.reason == UnsendableReason::View {
                Reason::View
            } else {
                Reason::Sendable(why)
            });
        }
        if seen_open { Step::Wait(None) } else { Step::Done }
    }

    // ------------------------------------------------------------ the end

    /// Failures found since last asked, in the order found.
    pub fn take_errors(&mut self) -> Vec<Unsatisfied> {
        std::mem::take(&mut self.errors)
    }

    /// Gives undecided number literals their defaults and settles what follows.
    pub fn apply_defaults(&mut self) {
        self.process();
        self.table.default_numbers();
        self.process();
    }

    /// All that failed or stayed open. Call after closures' captures are set and defaults
    /// applied.
    pub fn finish(&mut self) -> Vec<Unsatisfied> {
        self.apply_defaults();
        for waiting in std::mem::take(&mut self.pending) {
            let obligation = waiting.obligation;
            let subject = match obligation.demand {
                Demand::Predicate(Predicate::Trait(t)) => self.first_open(t.args),
                Demand::Predicate(Predicate::ProjectionEq(p, _)) => self.first_open(p.args),
                Demand::Predicate(Predicate::Fn(ty, _)) => self.first_open(&[ty]),
                // What stays unknown is reported for itself.
                Demand::Owned(..) => None,
            };
            if let Some(var) = subject {
                self.errors.push(Unsatisfied { obligation, reason: Reason::Unknown(var) });
            } else if let Demand::Predicate(Predicate::Trait(t)) = obligation.demand
                && self.holds(t) == Truth::No
            {
                self.errors.push(Unsatisfied { obligation, reason: Reason::NotImplemented });
            }
        }
        self.take_errors()
    }

    fn first_open(&mut self, list: &[Ty]) -> Option<Ty> {
        list.iter().find_map(|&ty| {
            let ty = self.table.resolve(ty);
            let mut open = None;
            ty.walk(&mut |part| {
                if matches!(part.kind(), TyKind::Infer(InferVar::Ty(_))) {
                    open.get_or_insert(part);
                }
                open.is_none() && part.has_infer()
            });
            open
        })
    }
}

/// The variable that a question about these types waits for, if it can be no other: there is one,
/// and nothing that is found out in another way.
fn only_variable(types: Tys) -> Option<InferVar> {
    let mut only = None;
    let mut count = 0;
    for ty in types {
        ty.walk(&mut |part| {
            match *part.kind() {
                TyKind::Infer(var) if only != Some(var) => {
                    only = Some(var);
                    count += 1;
                }
                // What a closure captures is known when its body is.
                TyKind::Closure(..) => count = 2,
                _ => {}
            }
            count < 2
        });
    }
    only.filter(|_| count == 1)
}
