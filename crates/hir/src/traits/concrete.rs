//! Questions of monomorphisation: which function a trait method is for concrete types.
//!
//! Not here: making the bodies of built-in methods (`mir::mono`). The one thing to know: types
//! here have no parameters, variables or projections; answers come from the [`super::TraitCache`]
//! after the first time. A failure is a bug in an earlier stage and is answered with `None`.

use smallvec::SmallVec;
use syntax::ast::Convention;

use super::env::ParamEnv;
use super::project::Projected;
use super::select::{Builtin, Pending, Selection, Solver};
use crate::infer::InferTable;
use crate::items::{ClosureId, FnId, ImplId, TraitId};
use crate::ty::{FnSig, Mutability, Predicate, TraitRef, Ty, TyKind, Tys, tys};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResolvedMethod {
    /// A function with all its arguments: an impl's method, or the trait's default one.
    Fn { id: FnId, args: Tys },
    /// Through the table of `dyn Trait`, the first argument.
    Dyn { trait_: TraitId, method: FnId, args: Tys },
    /// The rule that implements the method.
    Builtin(Builtin),
}

/// What calling a function-typed value comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallTarget {
    /// The closure's code, which wants its environment by `call`. `derefs` references (`&F`
    /// where `F` is called) lie around the closure.
    Closure { id: ClosureId, args: Tys, call: Convention, derefs: u32 },
    /// Through the pointer in a `dyn fn`.
    DynFn { sig: FnSig, derefs: u32 },
}

/// An empty environment, for concrete questions.
pub fn no_assumptions() -> &'static ParamEnv {
    static EMPTY: std::sync::LazyLock<ParamEnv> = std::sync::LazyLock::new(ParamEnv::empty);
    &EMPTY
}

impl Solver<'_> {
    /// `args`: the trait's (self first), then the method's own.
    pub fn resolve_method(&self, trait_: TraitId, method: FnId, args: Tys) -> Option<ResolvedMethod> {
        let count = self.program.traits[trait_].generics.params.len();
        let (trait_args, own) = args.split_at_checked(count)?;
        let want = TraitRef { trait_, args: tys(trait_args) };
        match self.select_concrete(want) {
            Selection::Impl { id, args: impl_args } => {
                let name = self.program.fns[method].name;
                let found =
                    self.program.impls[id].methods.iter().find(|&&f| self.program.fns[f].name == name);
                Some(match found {
                    Some(&id) if own.is_empty() => ResolvedMethod::Fn { id, args: impl_args },
                    Some(&id) => {
                        let mut all: SmallVec<[Ty; 8]> = SmallVec::from_slice(impl_args);
                        all.extend_from_slice(own);
                        ResolvedMethod::Fn { id, args: tys(&all) }
                    }
                    None => ResolvedMethod::Fn { id: method, args },
                })
            }
            Selection::Builtin(Builtin::Dyn) => Some(ResolvedMethod::Dyn { trait_, method, args }),
            Selection::Builtin(rule) => Some(ResolvedMethod::Builtin(rule)),
            Selection::Param(_) | Selection::Ambiguous | Selection::None => None,
        }
    }

    /// Selection with the impl's arguments fully known.
    pub fn select_concrete(&self, want: TraitRef) -> Selection {
        let cacheable = self.is_cacheable(want.args);
        if cacheable && let Some(&known) = self.cache.concrete.read().expect("cache").get(&want) {
            return known;
        }
        let mut table = InferTable::new();
        let mut selection = self.select(&mut table, want);
        if let Selection::Impl { id, args } = selection
            && args.iter().any(|t| t.has_infer())
        {
            selection = Selection::Impl { id, args: self.complete(&mut table, id, args) };
        }
        if cacheable {
            self.cache.concrete.write().expect("cache").insert(want, selection);
        }
        selection
    }

    /// Decides impl parameters that only the impl's bounds determine.
    fn complete(&self, table: &mut InferTable, id: ImplId, args: Tys) -> Tys {
        let mut pending = Pending::new();
        for predicate in self.impl_predicates(id, args) {
            if !matches!(predicate, Predicate::Trait(_)) {
                pending.push(predicate);
            }
        }
        self.solve(table, pending);
        table.resolve_list(args)
    }

    /// All projections in a type without parameters, resolved.
    pub fn normalize_concrete(&self, ty: Ty) -> Ty {
        self.normalize_plain(ty)
    }

    /// The type of an associated type of a concrete type, for signatures in tables.
    pub fn assoc_type(&self, trait_: TraitId, args: Tys, name: base::Name) -> Option<Ty> {
        let p = crate::ty::Projection { trait_, args, name };
        match self.project(&mut InferTable::new(), p, &mut |_| {}) {
            Projected::To(ty) => Some(self.normalize_plain(ty)),
            _ => None,
        }
    }

    /// What a call of a value of this concrete type runs.
    pub fn call_target(&self, ty: Ty) -> Option<CallTarget> {
        let mut at = ty;
        let mut derefs = 0;
        loop {
            match *at.kind() {
                TyKind::Ref(Mutability::Shared | Mutability::Mut, inner) => {
                    at = inner;
                    derefs += 1;
                }
                TyKind::Closure(id, args) => {
                    let call = self.closures.sig(id)?.sig.call;
                    return Some(CallTarget::Closure { id, args, call, derefs });
                }
                TyKind::DynFn(sig) => return Some(CallTarget::DynFn { sig, derefs }),
                _ => return None,
            }
        }
    }
}
