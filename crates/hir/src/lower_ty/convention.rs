//! How an unmarked parameter is passed: by value if its type is known to be `Copy`.

use syntax::ast::Convention;

use crate::items::{Generics, Program, TraitId};
use crate::ty::{Conv, Mutability, Predicate, Ty, TyKind};

/// The convention that a written marker and type come to.
pub fn conv_of(program: &Program, generics: &Generics, written: Convention, ty: Ty) -> Conv {
    match written {
        Convention::Mut => Conv::Mut,
        Convention::Own => Conv::Own,
        Convention::Read if known_copy(program, generics, ty) => Conv::Val,
        Convention::Read => match ty.kind() {
            // An exclusive reference is handed on as it is (the caller reborrows it).
            TyKind::Ref(..) => Conv::Own,
            _ => Conv::Ref,
        },
    }
}

/// Is the type known to be `Copy` where it is declared? Asked while impls are still being
/// collected, so it is answered from [`Program::copy_adts`] alone.
pub fn known_copy(program: &Program, generics: &Generics, ty: Ty) -> bool {
    match *ty.kind() {
        TyKind::Int(_)
        | TyKind::Float(_)
        | TyKind::Bool
        | TyKind::Char
        | TyKind::Never
        | TyKind::RawPtr(_)
        | TyKind::Const(_)
        | TyKind::Ref(Mutability::Shared, _) => true,
        TyKind::Tuple(elems) => elems.iter().all(|&t| known_copy(program, generics, t)),
        TyKind::Array(elem, _) => known_copy(program, generics, elem),
        TyKind::Adt(id, args) => program.copy_adts.get(&id).is_some_and(|needs| {
            args.iter().zip(needs).all(|(&arg, &needed)| !needed || known_copy(program, generics, arg))
        }),
        TyKind::Param(_) | TyKind::Projection(_) => {
            let Some(copy) = program.lang.trait_("Copy") else { return false };
            generics.predicates.iter().any(|p| match p {
                Predicate::Trait(bound) => {
                    bound.self_ty() == ty && has_supertrait(program, bound.trait_, copy)
                }
                _ => false,
            })
        }
        _ => false,
    }
}

/// Is `wanted` the trait itself or among its supertraits?
pub fn has_supertrait(program: &Program, trait_: TraitId, wanted: TraitId) -> bool {
    let mut pending = vec![trait_];
    let mut seen = Vec::new();
    while let Some(at) = pending.pop() {
        if at == wanted {
            return true;
        }
        if !seen.contains(&at) {
            seen.push(at);
            pending.extend(program.traits[at].supertraits.iter().map(|s| s.trait_));
        }
    }
    false
}
