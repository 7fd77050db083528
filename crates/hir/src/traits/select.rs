//! Impl selection: which impl, assumption or built-in rule makes a type implement a trait.
//!
//! Not here: associated types ([`super::project`]), the queue of open demands
//! ([`crate::infer::InferCtx`]). The one thing to know: [`Solver::select`] decides and commits
//! the bindings that the decision implies; [`Solver::holds`] only asks, recursively, and binds
//! nothing. Cycles hold (a recursive type may be `Clone` because it is `Clone`): impls here have
//! no other meaning than the functions they give, and a function may call itself.

use base::FxHashMap;
use smallvec::SmallVec;

pub use super::callable::Callable;
use super::env::{Closures, ParamEnv, TraitCache};
pub(crate) use super::header::may_match;
use super::header::{Deferred, Matcher};
use super::project::Projected;
use crate::infer::InferTable;
use crate::items::{ImplId, Program, TraitId};
use crate::ty::{InferVar, Predicate, TraitRef, Ty, TyKind, Tys, tys};

/// Beyond this many nested demands an answer is taken not to exist.
pub(crate) const MAX_DEPTH: usize = 48;

/// Beyond this many demands in all, too: each of several impls may lead on to several.
const MAX_STEPS: u32 = 10_000;

/// What every question is asked of.
#[derive(Clone, Copy)]
pub struct Solver<'a> {
    pub program: &'a Program,
    pub env: &'a ParamEnv,
    pub cache: &'a TraitCache,
    pub closures: &'a dyn Closures,
}

/// What makes a trait hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selection {
    /// The arguments may hold variables that the impl's own predicates decide.
    Impl {
        id: ImplId,
        args: Tys,
    },
    /// An assumption.
    Param(Predicate),
    Builtin(Builtin),
    /// Depends on variables not known yet.
    Ambiguous,
    None,
}

/// A rule of the language that implements a trait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Builtin {
    /// `Copy` has no methods.
    Copy,
    /// `clone` of a `Copy` type: a copy.
    CloneByCopy,
    /// `clone` of a tuple, array or closure: of each part.
    CloneParts,
    /// A `dyn Trait` and its trait or supertrait: through the table.
    Dyn,
    /// `Send`, by structure.
    Send,
    /// A type with an error in it implements everything.
    Error,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Truth {
    No,
    Maybe,
    Yes,
}

/// State of one recursive evaluation.
#[derive(Default)]
pub(crate) struct Eval {
    stack: SmallVec<[TraitRef; 8]>,
    /// The lowest stack position that a cycle returned to.
    cycle_to: usize,
    steps: u32,
    overflow: bool,
    /// Answers about types with open variables, once there are many questions: adaptors within
    /// adaptors ask the same ones over and over. What an unbound variable is does not matter to them.
    memo: FxHashMap<TraitRef, Truth>,
}

/// From so many demands on, answers are kept.
const MANY_STEPS: u32 = 64;

#[derive(Clone, Copy)]
enum Candidate {
    Param(TraitRef),
    Impl(ImplId),
    Builtin(Builtin),
}

type Candidates = SmallVec<[Candidate; 4]>;
pub(crate) type Pending = SmallVec<[Predicate; 8]>;

impl<'a> Solver<'a> {
    pub fn new(
        program: &'a Program,
        env: &'a ParamEnv,
        cache: &'a TraitCache,
        closures: &'a dyn Closures,
    ) -> Solver<'a> {
        Solver { program, env, cache, closures }
    }

    pub(crate) fn is_lang(&self, id: TraitId, name: &'static str) -> bool {
        self.program.lang.trait_(name) == Some(id)
    }

    /// Whether an answer about these types may be kept for the whole program.
    pub(crate) fn is_cacheable(&self, args: &[Ty]) -> bool {
        args.iter().all(|t| t.is_ground() && (!t.has_closure() || self.closures.is_final()))
    }

    // ------------------------------------------------------------ selection

    /// Decides what makes `trait_ref` hold and binds what that implies. An impl's own
    /// predicates ([`Self::impl_predicates`]) are then still to be demanded.
    pub fn select(&self, table: &mut InferTable, trait_ref: TraitRef) -> Selection {
        let args = table.resolve_list(trait_ref.args);
        let trait_ref = TraitRef { args, ..trait_ref };
        if args.iter().any(|t| t.has_error()) {
            return Selection::Builtin(Builtin::Error);
        }
        if matches!(args[0].kind(), TyKind::Infer(InferVar::Ty(_)))
            || (self.is_open_inside(args[0]) && self.is_structural(trait_ref.trait_))
        {
            return Selection::Ambiguous;
        }
        let cacheable = self.is_cacheable(args);
        if cacheable && let Some(&known) = self.cache.selections.read().expect("cache").get(&trait_ref) {
            return known;
        }
        let selection = self.select_uncached(table, trait_ref);
        if cacheable
            && !matches!(selection, Selection::Ambiguous)
            && !matches!(selection, Selection::Impl { args, .. } if args.iter().any(|t| t.has_infer()))
        {
            self.cache.selections.write().expect("cache").insert(trait_ref, selection);
        }
        selection
    }

    fn select_uncached(&self, table: &mut InferTable, trait_ref: TraitRef) -> Selection {
        let mut candidates = self.candidates(table, trait_ref);
        if candidates.len() > 1 && candidates.iter().any(|c| matches!(c, Candidate::Impl(_))) {
            let mut eval = Eval::default();
            candidates.retain(|c| match *c {
                Candidate::Impl(id) => self.impl_truth(table, id, trait_ref, &mut eval) != Truth::No,
                _ => true,
            });
        }
        let open = trait_ref.args.iter().any(|t| t.has_infer());
        match candidates[..] {
            [] => Selection::None,
            [one] => self.confirm(table, one, trait_ref),
            [_, ..] if open => Selection::Ambiguous,
            // Overlapping impls are reported where they are declared.
            [first, ..] => self.confirm(table, first, trait_ref),
        }
    }

    fn confirm(&self, table: &mut InferTable, candidate: Candidate, want: TraitRef) -> Selection {
        match candidate {
            Candidate::Param(have) => {
                if table.try_unify_lists(have.args, want.args) {
                    Selection::Param(Predicate::Trait(have))
                } else {
                    Selection::None
                }
            }
            Candidate::Builtin(rule) => Selection::Builtin(rule),
            Candidate::Impl(id) => match self.match_impl(table, id, want) {
                Some((args, deferred)) => {
                    for (projection, ty) in deferred {
                        let mut drop_pending = |_| {};
                        let normal = self.normalize(table, projection, &mut drop_pending);
                        table.try_unify(normal, ty);
                    }
                    Selection::Impl { id, args }
                }
                None => Selection::None,
            },
        }
    }

    /// What an impl demands of its arguments.
    pub fn impl_predicates(&self, id: ImplId, args: Tys) -> impl Iterator<Item = Predicate> + use<'a> {
        let program = self.program;
        program.impls[id].generics.predicates.iter().map(move |p| p.subst(args))
    }

    fn candidates(&self, table: &mut InferTable, want: TraitRef) -> Candidates {
        let mut found = Candidates::new();
        let self_ty = want.args[0];
        if self_ty.has_param() || self_ty.has_projection() || want.args.iter().any(|t| t.has_param()) {
            self.assumed(table, want, &mut found);
            if !found.is_empty() {
                return found;
            }
        }
        // `Send` holds by structure; that looks at the impls as promises about their types.
        if !self.is_lang(want.trait_, "Send") {
            let mut consider = |id: ImplId| {
                let Some(have) = self.program.impls[id].trait_ else { return };
                if have.args.iter().zip(want.args).all(|(&p, &t)| may_match(p, t))
                    && table.probe(|table| self.match_impl(table, id, want).is_some())
                {
                    found.push(Candidate::Impl(id));
                }
            };
            match self.program.impl_index().impls(want.trait_, self_ty) {
                Some(impls) => impls.for_each(consider),
                None => {
                    let all = self.program.trait_impls.get(&want.trait_);
                    all.into_iter().flatten().for_each(|&id| consider(id));
                }
            }
        }
        if found.is_empty()
            && let Some(rule) = self.builtin(table, want)
        {
            found.push(Candidate::Builtin(rule));
        }
        found
    }

    /// Assumptions of the item, and bounds declared on associated types.
    fn assumed(&self, table: &mut InferTable, want: TraitRef, found: &mut Candidates) {
        let mut add = |table: &mut InferTable, have: TraitRef| {
            if have.trait_ != want.trait_ || have.args.len() != want.args.len() {
                return;
            }
            let known = found.iter().any(|c| matches!(c, Candidate::Param(t) if *t == have));
            if !known && table.probe(|t| t.try_unify_lists(have.args, want.args)) {
                found.push(Candidate::Param(have));
            }
        };
        for &have in &self.env.traits {
            add(table, have);
        }
        self.each_item_bound(want.args[0], &mut |predicate| {
            if let Predicate::Trait(have) = predicate {
                add(table, have);
            }
        });
        // An assumption about exactly these types is meant rather than one that also fits.
        if found.len() > 1 {
            let exact =
                found.iter().copied().find(|c| matches!(c, Candidate::Param(t) if t.args == want.args));
            if let Some(exact) = exact {
                found.clear();
                found.push(exact);
            }
        }
    }

    /// What the declaration of an associated type says of it, for `<T as Trait>::Name`, with
    /// supertraits.
    pub(crate) fn each_item_bound(&self, ty: Ty, each: &mut dyn FnMut(Predicate)) {
        let TyKind::Projection(p) = *ty.kind() else { return };
        let trait_ = &self.program.traits[p.trait_];
        let Some(decl) = trait_.assoc_types.iter().find(|a| a.name == p.name) else { return };
        let mut queue: SmallVec<[Predicate; 4]> = decl.bounds.iter().map(|b| b.subst(p.args)).collect();
        // `where Self::Item: Ord` in the trait's head.
        for predicate in &trait_.generics.predicates {
            let about = match predicate {
                Predicate::Trait(t) => t.args[0],
                Predicate::ProjectionEq(q, _) => q.args[0],
                Predicate::Fn(t, _) => *t,
            };
            if about.has_projection() && about.subst(p.args) == ty {
                queue.push(predicate.subst(p.args));
            }
        }
        let mut next = 0;
        while next < queue.len() && next < 64 {
            let predicate = queue[next];
            next += 1;
            if let Predicate::Trait(t) = predicate {
                let supers = &self.program.traits[t.trait_].supertraits;
                for s in supers {
                    let s = Predicate::Trait(s.subst(t.args));
                    if !queue.contains(&s) {
                        queue.push(s);
                    }
                }
            }
            each(predicate);
        }
    }

    /// An assumption says that the parameter is `Send`.
    pub(crate) fn assumes_send(&self, ty: Ty) -> bool {
        let Some(send) = self.program.lang.trait_("Send") else { return false };
        let is_it = |t: &TraitRef| t.trait_ == send && t.self_ty() == ty;
        let mut found = self.env.traits.iter().any(is_it);
        self.each_item_bound(ty, &mut |p| found |= matches!(p, Predicate::Trait(t) if is_it(&t)));
        found
    }

    /// A closure in it is not analysed yet, so that its structure is not known.
    fn is_open_inside(&self, ty: Ty) -> bool {
        if !ty.has_closure() || self.closures.is_final() {
            return false;
        }
        let mut open = false;
        ty.walk(&mut |part| {
            if let TyKind::Closure(id, _) = *part.kind() {
                open |= !self.closures.captures(id, &mut |_| false);
            }
            !open
        });
        open
    }

    /// Traits that hold by what a type is made of.
    fn is_structural(&self, trait_: TraitId) -> bool {
        ["Send", "Copy", "Clone"].iter().any(|name| self.is_lang(trait_, name))
    }

    // ------------------------------------------------------------ headers

    /// Unifies the impl's header with `want`. Gives the impl's arguments and what projections
    /// in the header have to equal. Leaves bindings behind on failure.
    fn match_impl(&self, table: &mut InferTable, id: ImplId, want: TraitRef) -> Option<(Tys, Deferred)> {
        let decl = &self.program.impls[id];
        let have = decl.trait_?;
        let mut matcher = Matcher::new(decl.generics.params.len());
        for (&pattern, &ty) in have.args.iter().zip(want.args) {
            if !matcher.fits(table, pattern, ty) {
                return None;
            }
        }
        Some(matcher.finish(table))
    }

    /// Unifies an inherent impl's type with `self_ty`.
    pub fn match_inherent(&self, table: &mut InferTable, id: ImplId, self_ty: Ty) -> Option<Tys> {
        let decl = &self.program.impls[id];
        if !may_match(decl.self_ty, self_ty) {
            return None;
        }
        let mut matcher = Matcher::new(decl.generics.params.len());
        if !matcher.fits(table, decl.self_ty, self_ty) {
            return None;
        }
        Some(matcher.finish(table).0)
    }

    /// Unifies any impl's self type with `ty`.
    pub(crate) fn match_self_ty(
        &self,
        table: &mut InferTable,
        id: ImplId,
        header: Ty,
        ty: Ty,
    ) -> Option<Tys> {
        let mut matcher = Matcher::new(self.program.impls[id].generics.params.len());
        matcher.fits(table, header, ty).then(|| matcher.finish(table).0)
    }

    fn impl_truth(&self, table: &mut InferTable, id: ImplId, want: TraitRef, eval: &mut Eval) -> Truth {
        table.probe(|table| {
            let Some((args, deferred)) = self.match_impl(table, id, want) else {
                return Truth::No;
            };
            let mut pending = Pending::new();
            for (projection, ty) in deferred {
                let normal = self.normalize(table, projection, &mut |p| pending.push(p));
                if !table.try_unify(normal, ty) {
                    return Truth::No;
                }
            }
            if self.owned_params(table, id, args).any(|(ty, _)| !self.may_be_owned(ty)) {
                return Truth::No;
            }
            pending.extend(self.impl_predicates(id, args));
            self.all_hold(table, pending, eval)
        })
    }

    /// The impl's arguments that may not be views, with their positions. Those that plainly are
    /// none are left out.
    pub(crate) fn owned_params(
        &self,
        table: &mut InferTable,
        id: ImplId,
        args: Tys,
    ) -> impl Iterator<Item = (Ty, u32)> + use<'a> {
        let params = &self.program.impls[id].generics.params;
        let mut found: SmallVec<[(Ty, u32); 4]> = SmallVec::new();
        for (i, (param, &ty)) in params.iter().zip(args).enumerate() {
            let plain = matches!(
                ty.kind(),
                TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Str
            );
            if !param.view && !param.is_const && !plain {
                found.push((table.resolve(ty), i as u32));
            }
        }
        found.into_iter()
    }

    /// Not surely a view or bound to its thread. A closure not analysed yet is told by the
    /// demand to own what it uses.
    pub(crate) fn may_be_owned(&self, ty: Ty) -> bool {
        super::Facts { solver: *self }.is_sendable(ty).is_ok()
    }

    // ------------------------------------------------------------ evaluation

    /// Whether the trait holds, as far as can be said now. Binds nothing.
    pub fn holds(&self, table: &mut InferTable, trait_ref: TraitRef) -> Truth {
        table.probe(|table| self.trait_truth(table, trait_ref, &mut Eval::default()))
    }

    /// As [`Self::holds`] for any predicate.
    pub fn predicate_holds(&self, table: &mut InferTable, predicate: Predicate) -> Truth {
        table.probe(|table| self.predicate_truth(table, predicate, &mut Eval::default()))
    }

    /// Whether all hold together.
    pub fn all_hold_now(&self, table: &mut InferTable, predicates: impl Iterator<Item = Predicate>) -> Truth {
        table.probe(|table| self.all_hold(table, predicates.collect(), &mut Eval::default()))
    }

    /// [`Self::holds`] for types without inference variables.
    pub fn implements(&self, ty: Ty, trait_: TraitId) -> bool {
        let trait_ref = TraitRef { trait_, args: tys(&[ty]) };
        self.holds(&mut InferTable::new(), trait_ref) == Truth::Yes
    }

    fn all_hold(&self, table: &mut InferTable, mut pending: Pending, eval: &mut Eval) -> Truth {
        // Later ones may decide variables that earlier ones wait for.
        for _ in 0..4 {
            let before = (pending.len(), table.bindings());
            let mut open = Pending::new();
            for predicate in pending {
                let predicate = self.normalize_predicate(table, predicate, &mut |p| open.push(p));
                match self.predicate_truth(table, predicate, eval) {
                    Truth::No => return Truth::No,
                    Truth::Maybe => open.push(predicate),
                    Truth::Yes => {}
                }
            }
            if open.is_empty() {
                return Truth::Yes;
            }
            if (open.len(), table.bindings()) == before {
                return Truth::Maybe;
            }
            pending = open;
        }
        Truth::Maybe
    }

    pub(crate) fn predicate_truth(
        &self,
        table: &mut InferTable,
        predicate: Predicate,
        eval: &mut Eval,
    ) -> Truth {
        match predicate {
            Predicate::Trait(t) => self.trait_truth(table, t, eval),
            Predicate::ProjectionEq(p, ty) => {
                let args = table.resolve_list(p.args);
                let p = crate::ty::Projection { args, ..p };
                match self.project(table, p, &mut |_| {}) {
                    Projected::To(to) => {
                        // Often an associated type again: `Filter[I, F]::Item` is `I::Item`.
                        let mut open = Pending::new();
                        let to = table.resolve(to);
                        let to = self.normalize(table, to, &mut |p| open.push(p));
                        let ty = self.normalize(table, ty, &mut |p| open.push(p));
                        match table.try_unify(to, ty) {
                            false => Truth::No,
                            true if open.is_empty() => Truth::Yes,
                            true => Truth::Maybe,
                        }
                    }
                    Projected::Rigid => truth(table.try_unify(Ty::new(TyKind::Projection(p)), ty)),
                    Projected::Ambiguous => Truth::Maybe,
                    Projected::Failed => Truth::No,
                }
            }
            Predicate::Fn(ty, want) => self.fn_truth(table, ty, want),
        }
    }

    fn trait_truth(&self, table: &mut InferTable, want: TraitRef, eval: &mut Eval) -> Truth {
        let args = table.resolve_list(want.args);
        let want = TraitRef { args, ..want };
        if args.iter().any(|t| t.has_error()) {
            return Truth::Yes;
        }
        if matches!(args[0].kind(), TyKind::Infer(InferVar::Ty(_)))
            || (self.is_open_inside(args[0]) && self.is_structural(want.trait_))
        {
            return Truth::Maybe;
        }
        let open = args.iter().any(|t| t.has_infer());
        let global = self.is_cacheable(args);
        let local = !open && !global && !args.iter().any(|t| t.has_closure());
        if global {
            if let Some(&known) = self.cache.holds.read().expect("cache").get(&want) {
                return truth(known);
            }
        } else if local && let Some(&known) = self.env.holds.lock().expect("cache").get(&want) {
            return truth(known);
        }
        if open && let Some(&known) = eval.memo.get(&want) {
            return known;
        }
        if let Some(at) = eval.stack.iter().position(|t| *t == want) {
            eval.cycle_to = eval.cycle_to.min(at);
            return Truth::Yes;
        }
        eval.steps += 1;
        if eval.stack.len() >= MAX_DEPTH || eval.steps > MAX_STEPS {
            eval.overflow = true;
            return Truth::No;
        }
        let depth = eval.stack.len();
        let outer_cycle = std::mem::replace(&mut eval.cycle_to, usize::MAX);
        eval.stack.push(want);
        let result = self.trait_truth_uncached(table, want, eval);
        eval.stack.pop();
        // An answer that leans on an unfinished question is kept only by the one who asked it.
        let closed = eval.cycle_to >= depth;
        if open && closed && !eval.overflow && eval.steps > MANY_STEPS {
            eval.memo.insert(want, result);
        }
        if closed && (depth == 0 || !eval.overflow) && result != Truth::Maybe {
            if global {
                self.cache.holds.write().expect("cache").insert(want, result == Truth::Yes);
            } else if local {
                self.env.holds.lock().expect("cache").insert(want, result == Truth::Yes);
            }
        }
        let inner = if closed { usize::MAX } else { eval.cycle_to };
        eval.cycle_to = outer_cycle.min(inner);
        result
    }

    fn trait_truth_uncached(&self, table: &mut InferTable, want: TraitRef, eval: &mut Eval) -> Truth {
        let candidates = self.candidates(table, want);
        let mut best = Truth::No;
        let mut count = 0;
        for candidate in candidates {
            let this = match candidate {
                Candidate::Param(_)
                | Candidate::Builtin(
                    Builtin::Copy | Builtin::CloneByCopy | Builtin::Dyn | Builtin::Send | Builtin::Error,
                ) => Truth::Yes,
                Candidate::Builtin(Builtin::CloneParts) => {
                    let mut parts: SmallVec<[Ty; 8]> = SmallVec::new();
                    self.parts(want.args[0], &mut |part| {
                        parts.push(part);
                        true
                    });
                    let mut all = Truth::Yes;
                    for part in parts {
                        let trait_ref = TraitRef { args: tys(&[part]), ..want };
                        all = all.min(self.trait_truth(table, trait_ref, eval));
                    }
                    all
                }
                Candidate::Impl(id) => self.impl_truth(table, id, want, eval),
            };
            count += u32::from(this != Truth::No);
            best = best.max(this);
        }
        let open = want.args.iter().any(|t| t.has_infer());
        if count > 1 && open && best == Truth::Yes {
            // It holds in any case only if it does whichever way the variables go.
            return Truth::Maybe;
        }
        best
    }
}

pub(crate) fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}
