//! What is assumed and what is remembered: [`ParamEnv`], [`TraitCache`], and the oracle that
//! answers for closures.
//!
//! Not here: solving. The one thing to know: a [`ParamEnv`]'s predicates are elaborated with
//! supertraits once, when it is made; bounds on associated types are looked up where they are
//! declared when needed, since they may nest without end.

use std::sync::{Mutex, RwLock};

use base::{FxHashMap, FxHashSet};
use syntax::ast::Convention;

use super::select::Selection;
use crate::items::{ClosureId, FnId, FnParent, GenericParam, Generics, ImplId, Program, TraitId};
use crate::ty::{FnSig, Predicate, Projection, TraitRef, Ty};

/// The assumptions that hold in an item.
#[derive(Default)]
pub struct ParamEnv {
    /// All predicates, elaborated.
    pub predicates: Vec<Predicate>,
    pub traits: Vec<TraitRef>,
    pub projections: Vec<(Projection, Ty)>,
    pub fns: Vec<(Ty, FnSig)>,
    /// The generic parameters in scope.
    pub params: Vec<GenericParam>,
    pub(super) facts: Mutex<FxHashMap<Ty, super::facts::FactBits>>,
    /// Queries without inference variables, answered in this environment.
    pub(super) holds: Mutex<FxHashMap<TraitRef, bool>>,
}

impl ParamEnv {
    pub fn empty() -> ParamEnv {
        ParamEnv::default()
    }

    /// For the body of a function.
    pub fn of_fn(program: &Program, id: FnId) -> ParamEnv {
        let decl = &program.fns[id];
        match decl.parent {
            FnParent::Trait(trait_) => ParamEnv::new(program, &decl.generics, Some(trait_)),
            _ => ParamEnv::new(program, &decl.generics, None),
        }
    }

    pub fn of_impl(program: &Program, id: ImplId) -> ParamEnv {
        ParamEnv::new(program, &program.impls[id].generics, None)
    }

    /// For a trait's own declaration: `Self` implements it.
    pub fn of_trait(program: &Program, id: TraitId) -> ParamEnv {
        ParamEnv::new(program, &program.traits[id].generics, Some(id))
    }

    pub fn of_generics(program: &Program, generics: &Generics) -> ParamEnv {
        ParamEnv::new(program, generics, None)
    }

    fn new(program: &Program, generics: &Generics, within: Option<TraitId>) -> ParamEnv {
        let mut env = ParamEnv { params: generics.params.clone(), ..ParamEnv::default() };
        let mut seen: FxHashSet<Predicate> = FxHashSet::default();
        let mut queue: Vec<Predicate> = Vec::new();
        if let Some(trait_) = within {
            let count = program.traits[trait_].generics.params.len();
            let args: Vec<Ty> = generics.identity().into_iter().take(count).collect();
            queue.push(Predicate::Trait(TraitRef { trait_, args: crate::ty::tys(&args) }));
        }
        queue.extend(generics.predicates.iter().copied());
        let mut next = 0;
        while next < queue.len() && queue.len() < 4096 {
            let predicate = queue[next];
            next += 1;
            if !seen.insert(predicate) {
                continue;
            }
            if let Predicate::Trait(t) = predicate {
                let trait_ = &program.traits[t.trait_];
                queue.extend(trait_.supertraits.iter().map(|s| Predicate::Trait(s.subst(t.args))));
                // `trait A: B[Item = int]` is kept among the trait's predicates.
                queue.extend(
                    trait_
                        .generics
                        .predicates
                        .iter()
                        .filter(|p| matches!(p, Predicate::ProjectionEq(p, _) if p.args.first().is_some_and(|t| matches!(t.kind(), crate::ty::TyKind::Param(p) if p.index == 0))))
                        .map(|p| p.subst(t.args)),
                );
            }
            env.push(predicate);
        }
        env.normalize_own(program);
        env
    }

    fn push(&mut self, predicate: Predicate) {
        self.predicates.push(predicate);
        match predicate {
            Predicate::Trait(t) => self.traits.push(t),
            Predicate::ProjectionEq(p, ty) => self.projections.push((p, ty)),
            Predicate::Fn(ty, sig) => self.fns.push((ty, sig)),
        }
    }

    /// Bounds may mention associated types that other bounds fix (`F: fn(I::Item)` beside
    /// `I: Iterator[Item = int]`).
    fn normalize_own(&mut self, program: &Program) {
        let mentions = |p: &Predicate| match p {
            Predicate::Trait(t) => t.args.iter().any(|t| t.has_projection()),
            Predicate::ProjectionEq(p, ty) => {
                ty.has_projection() || p.args.iter().any(|t| t.has_projection())
            }
            Predicate::Fn(ty, sig) => {
                ty.has_projection()
                    || sig.ret.has_projection()
                    || sig.params.iter().any(|(_, t)| t.has_projection())
            }
        };
        if self.predicates.iter().any(|p| matches!(p, Predicate::ProjectionEq(..)))
            && self.predicates.iter().any(mentions)
        {
            let predicates: Vec<Predicate> = {
                let solver =
                    super::Solver { program, env: self, cache: &program.trait_cache, closures: &NoClosures };
                self.predicates.iter().map(|&p| solver.normalize_predicate_plain(p)).collect()
            };
            self.predicates.clear();
            self.traits.clear();
            self.projections.clear();
            self.fns.clear();
            for predicate in predicates {
                self.push(predicate);
            }
            self.holds.lock().expect("holds").clear();
            self.facts.lock().expect("facts").clear();
        }
    }

    /// Whether the parameter may stand for a view.
    pub fn is_view_param(&self, index: u32) -> bool {
        self.params.get(index as usize).is_some_and(|p| p.view)
    }
}

/// What is remembered about types without parameters and inference variables. One per program
/// ([`Program::trait_cache`]); shared by threads.
#[derive(Default)]
pub struct TraitCache {
    pub(super) selections: RwLock<FxHashMap<TraitRef, Selection>>,
    pub(super) concrete: RwLock<FxHashMap<TraitRef, Selection>>,
    pub(super) holds: RwLock<FxHashMap<TraitRef, bool>>,
    pub(super) normal: RwLock<FxHashMap<Ty, Ty>>,
    pub(super) facts: RwLock<FxHashMap<Ty, super::facts::FactBits>>,
    index: std::sync::OnceLock<super::index::ImplIndex>,
}

impl Program {
    /// Impls by the types that they are for. Made when first asked.
    pub(crate) fn impl_index(&self) -> &super::index::ImplIndex {
        self.trait_cache.index.get_or_init(|| super::index::ImplIndex::new(self))
    }
}

impl std::fmt::Debug for TraitCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TraitCache")
    }
}

impl TraitCache {
    pub fn new() -> TraitCache {
        TraitCache::default()
    }
}

/// A closure as far as it is known: in terms of the generic parameters of the function around
/// it, or of inference variables while that is being checked.
#[derive(Clone, Copy, Debug)]
pub struct ClosureSig {
    /// `sig.call` is how the closure is to be called, if `call_known`.
    pub sig: FnSig,
    pub call_known: bool,
    /// Conventions of parameters written without marker and not yet decided by a use: `Val` and
    /// `Ref` are the same for now.
    pub flexible: bool,
}

/// Answers for closures: the body being checked for its own, finished bodies later.
pub trait Closures {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig>;
    /// Calls `each` with the type of each field of the closure's environment (`&T`, `&mut T` or
    /// `T`), until it returns false. `false`: not known yet.
    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool;
    /// Answers will not change any more, so that what follows from them may be remembered.
    fn is_final(&self) -> bool {
        true
    }
}

/// Where there are no closures.
pub struct NoClosures;

impl Closures for NoClosures {
    fn sig(&self, _: ClosureId) -> Option<ClosureSig> {
        None
    }
    fn captures(&self, _: ClosureId, _: &mut dyn FnMut(Ty) -> bool) -> bool {
        false
    }
    // Others may know more.
    fn is_final(&self) -> bool {
        false
    }
}

impl Closures for crate::thir::Body {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        let closure = self.closures.get(id.index as usize).filter(|c| c.id == id)?;
        let params: Vec<_> = closure.params.iter().map(|p| (p.conv, p.ty)).collect();
        Some(ClosureSig {
            sig: FnSig { call: closure.call, params: crate::ty::leak_params(&params), ret: closure.ret },
            call_known: true,
            flexible: false,
        })
    }

    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        let closure = self.closures.get(id.index as usize).filter(|c| c.id == id);
        let Some(closure) = closure else { return false };
        for capture in &closure.captures {
            let ty = self.locals[capture.local].ty;
            let field = match capture.mode {
                crate::thir::CaptureMode::Value => ty,
                crate::thir::CaptureMode::Ref(m) => Ty::new(crate::ty::TyKind::Ref(m, ty)),
            };
            if !each(field) {
                break;
            }
        }
        true
    }
}

/// All finished bodies.
impl<S: std::hash::BuildHasher> Closures
    for std::collections::HashMap<crate::items::BodyOwner, std::sync::Arc<crate::thir::Body>, S>
{
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        Closures::sig(&**self.get(&id.owner)?, id)
    }

    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        self.get(&id.owner).is_some_and(|body| body.captures(id, each))
    }
}

/// `have` is called by `want`'s convention: what only reads may serve where changing or using up
/// is allowed.
pub fn call_serves(have: Convention, want: Convention) -> bool {
    let rank = |c| match c {
        Convention::Read => 0,
        Convention::Mut => 1,
        Convention::Own => 2,
    };
    rank(have) <= rank(want)
}
