//! Full names of functions and bodies, for dumps, panics and debug information.
//!
//! `module::Type::function`, with std's modules and the user's alike; the user's root module is
//! not named. Not symbols: those are made unique by monomorphisation.

use base::Idx;
use hir::items::{BodyOwner, FnId, FnParent, ModId, Program};
use hir::ty::{Ty, display::display};

use crate::body::Source;

/// `collections::map::`, or nothing in a package's root.
fn module_prefix(program: &Program, module: ModId) -> String {
    let mut parts = Vec::new();
    let mut at = Some(module);
    while let Some(id) = at.filter(|id| id.index() < program.mods.len()) {
        let data = &program.mods[id];
        if data.parent.is_some() && !data.name.as_str().is_empty() {
            parts.push(data.name.as_str());
        }
        at = data.parent;
    }
    parts.iter().rev().fold(String::new(), |out, part| out + part + "::")
}

pub fn fn_name(program: &Program, id: FnId) -> String {
    if id.index() >= program.fns.len() {
        return format!("fn#{}", id.0);
    }
    let decl = &program.fns[id];
    let prefix = module_prefix(program, decl.module);
    let of_impl = |ty: Ty| match *ty.kind() {
        hir::ty::TyKind::Adt(adt, _) => program.adts[adt].name.to_string(),
        _ => display(program, ty),
    };
    match decl.parent {
        FnParent::None => format!("{prefix}{}", decl.name),
        FnParent::Inherent(id) => {
            format!("{prefix}{}::{}", of_impl(program.impls[id].self_ty), decl.name)
        }
        FnParent::TraitImpl(id) => {
            let data = &program.impls[id];
            let ty = of_impl(data.self_ty);
            match data.trait_ {
                Some(t) => {
                    let trait_ = program.traits[t.trait_].name;
                    format!("{prefix}<{ty} as {trait_}>::{}", decl.name)
                }
                None => format!("{prefix}{ty}::{}", decl.name),
            }
        }
        FnParent::Trait(id) => format!("{prefix}{}::{}", program.traits[id].name, decl.name),
    }
}

pub fn owner_name(program: &Program, owner: BodyOwner) -> String {
    match owner {
        BodyOwner::Fn(id) => fn_name(program, id),
        BodyOwner::Const(id) => match program.consts.get(id) {
            Some(c) => format!("{}{}", module_prefix(program, c.module), c.name),
            None => format!("const#{}", id.0),
        },
        BodyOwner::Static(id) => match program.statics.get(id) {
            Some(s) => format!("{}{}", module_prefix(program, s.module), s.name),
            None => format!("static#{}", id.0),
        },
    }
}

pub fn body_name(program: &Program, source: Source) -> String {
    match source {
        Source::Owner(owner) => owner_name(program, owner),
        Source::Closure(id) => {
            format!("{}::{{closure#{}}}", owner_name(program, id.owner), id.index)
        }
    }
}
