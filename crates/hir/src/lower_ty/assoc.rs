//! Associated types: what `T::Item` names.

use base::Name;

use super::{TyScope, self_param};
use crate::items::{Program, TraitId};
use crate::ty::{Predicate, Projection, TraitRef, Ty, TyKind, tys};

pub enum Assoc {
    Ty(Ty),
    None,
    Ambiguous(Projection, Projection),
}

/// The type `base::name` in a scope.
pub fn find_assoc(program: &Program, scope: &TyScope, base: Ty, name: Name) -> Assoc {
    if let Some(impl_) = scope.impl_
        && scope.self_ty == Some(base)
        && let Some(&(_, ty, _)) = program.impls[impl_].assoc_types.iter().find(|a| a.0 == name)
    {
        return Assoc::Ty(ty);
    }
    let mut found = Candidates::default();
    for predicate in &scope.generics.predicates {
        if let Predicate::Trait(bound) = predicate
            && bound.self_ty() == base
        {
            found.add(assoc_in_trait(program, *bound, name));
        }
    }
    if let TyKind::Projection(p) = *base.kind()
        && let Some(decl) = program.traits[p.trait_].assoc_types.iter().find(|a| a.name == p.name)
    {
        for bound in &decl.bounds {
            if let Predicate::Trait(bound) = bound {
                found.add(assoc_in_trait(program, bound.subst(p.args), name));
            }
        }
    }
    if found.first.is_none() && !matches!(base.kind(), TyKind::Param(_) | TyKind::Infer(_)) {
        if let TyKind::Dyn(d) = *base.kind()
            && let Some(&(_, ty)) = d.bindings.iter().find(|b| b.0 == name)
        {
            return Assoc::Ty(ty);
        }
        for (id, trait_) in program.traits.iter_enumerated() {
            if !trait_.assoc_types.iter().any(|a| a.name == name) || trait_.generics.params.len() != 1 {
                continue;
            }
            let has = program
                .trait_impls
                .get(&id)
                .is_some_and(|impls| impls.iter().any(|&i| same_head(program.impls[i].self_ty, base)));
            if has {
                found.add(Some(Projection { trait_: id, args: tys(&[base]), name }));
            }
        }
    }
    match (found.first, found.clash) {
        (Some(one), Some(other)) => Assoc::Ambiguous(one, other),
        (Some(p), None) => Assoc::Ty(Ty::new(TyKind::Projection(p))),
        (None, _) => Assoc::None,
    }
}

#[derive(Default)]
struct Candidates {
    first: Option<Projection>,
    clash: Option<Projection>,
}

impl Candidates {
    fn add(&mut self, candidate: Option<Projection>) {
        match (self.first, candidate) {
            (None, _) => self.first = candidate,
            (Some(first), Some(other)) if first != other => self.clash = Some(other),
            _ => {}
        }
    }
}

/// Could an impl for `pattern` be for `ty`, by the outermost constructor?
pub(crate) fn same_head(pattern: Ty, ty: Ty) -> bool {
    match (pattern.kind(), ty.kind()) {
        (TyKind::Param(_), _) => true,
        (TyKind::Adt(a, _), TyKind::Adt(b, _)) => a == b,
        (TyKind::Dyn(a), TyKind::Dyn(b)) => a.trait_ == b.trait_,
        (TyKind::Ref(a, _), TyKind::Ref(b, _)) => a == b,
        (TyKind::Tuple(a), TyKind::Tuple(b)) => a.len() == b.len(),
        (TyKind::List(_), TyKind::List(_))
        | (TyKind::Array(..), TyKind::Array(..))
        | (TyKind::RawPtr(_), TyKind::RawPtr(_))
        | (TyKind::DynFn(_), TyKind::DynFn(_)) => true,
        (a, b) => a == b,
    }
}

/// The projection for `name`, declared by the trait or one of its supertraits.
pub fn assoc_in_trait(program: &Program, trait_ref: TraitRef, name: Name) -> Option<Projection> {
    let mut pending = vec![trait_ref];
    let mut seen = Vec::new();
    while let Some(at) = pending.pop() {
        if seen.contains(&at.trait_) {
            continue;
        }
        seen.push(at.trait_);
        let trait_ = &program.traits[at.trait_];
        if trait_.assoc_types.iter().any(|a| a.name == name) {
            return Some(Projection { trait_: at.trait_, args: at.args, name });
        }
        pending.extend(trait_.supertraits.iter().map(|s| s.subst(at.args)));
    }
    None
}

/// Associated types of a trait, then those of its supertraits that it does not fix itself.
pub fn all_assoc_types(program: &Program, id: TraitId) -> Vec<Name> {
    let mut names = Vec::new();
    let mut pending = vec![id];
    let mut seen = Vec::new();
    let mut fixed = Vec::new();
    while let Some(at) = pending.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let trait_ = &program.traits[at];
        for predicate in &trait_.generics.predicates {
            if let Predicate::ProjectionEq(p, _) = predicate
                && p.args.first() == Some(&self_param())
            {
                fixed.push(p.name);
            }
        }
        for assoc in &trait_.assoc_types {
            if !names.contains(&assoc.name) && !fixed.contains(&assoc.name) {
                names.push(assoc.name);
            }
        }
        pending.extend(trait_.supertraits.iter().rev().map(|s| s.trait_));
    }
    names
}
