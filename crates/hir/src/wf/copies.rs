//! `Copy`, `Drop`, `Send` and derived impls: only for types that can have them.

use base::{Applicability, Diagnostic, codes};

use crate::collect::{Collector, ImplSource};
use crate::infer::InferTable;
use crate::items::{AdtKind, DeriveTrait, ImplId};
use crate::traits::{Facts, NoClosures, ParamEnv, Solver, TraitCache, Truth};
use crate::ty::{TraitRef, Ty, TyKind, display, tys};

pub(super) fn check(collector: &mut Collector, cache: &TraitCache) {
    let lang = &collector.program.lang;
    let (copy, drop, send) = (lang.trait_("Copy"), lang.trait_("Drop"), lang.trait_("Send"));
    let mut found = Vec::new();
    let impls = |trait_| collector.program.trait_impls.get(&trait_).map_or(&[][..], |i| i);
    for &id in copy.map_or(&[][..], impls) {
        found.extend(check_copy(collector, id, cache));
    }
    for &id in drop.map_or(&[][..], impls) {
        found.extend(check_drop(collector, id));
    }
    for (trait_, ids) in &collector.program.trait_impls {
        let is_send = Some(*trait_) == send;
        for &id in ids {
            let ImplSource::Written(item) = collector.impl_source(id) else { continue };
            if is_send && !item.is_unsafe {
                found.push(
                    Diagnostic::error(
                        codes::E0230,
                        item.head,
                        "that a type may be sent to other threads is a promise the compiler cannot check",
                    )
                    .label("must be `unsafe impl Send`")
                    .fix(
                        "promise it",
                        item.head.start(),
                        "unsafe ",
                        Applicability::Maybe,
                    ),
                );
            } else if !is_send && item.is_unsafe {
                let name = collector.program.traits[*trait_].name;
                found.push(
                    Diagnostic::error(codes::E0230, item.head, format!("`{name}` is not an unsafe trait"))
                        .label("`unsafe` promises nothing here: remove it"),
                );
            }
        }
    }
    for id in collector.program.impls.ids() {
        if let Some(diagnostic) = check_derived(collector, id, cache) {
            found.push(diagnostic);
            // Its methods would say the same, less clearly.
            for method in collector.program.impls[id].methods.clone() {
                collector.program.fns[method].ast = None;
            }
        }
    }
    collector.diagnostics.extend(found);
}

/// Each field must have the trait that is derived.
fn check_derived(collector: &Collector, id: ImplId, cache: &TraitCache) -> Option<Diagnostic> {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    let (derive, trait_ref) = (impl_.derived?, impl_.trait_?);
    if derive == DeriveTrait::Copy || (program.roots.len() > 1 && program.in_std(impl_.module)) {
        return None;
    }
    let TyKind::Adt(adt, _) = *impl_.self_ty.kind() else { return None };
    let adt = &program.adts[adt];
    let env = ParamEnv::of_impl(program, id);
    let solver = Solver::new(program, &env, cache, &NoClosures);
    for variant in adt.variants.iter() {
        for field in variant.fields.iter() {
            let given =
                derive == DeriveTrait::Default && (adt.kind == AdtKind::Enum || field.default.is_some());
            if given || field.ty.has_error() {
                continue;
            }
            let ty = solver.normalize_plain(field.ty);
            let wanted = TraitRef { trait_: trait_ref.trait_, args: tys(&[ty]) };
            if solver.holds(&mut InferTable::new(), wanted) != Truth::No {
                continue;
            }
            let name = program.traits[trait_ref.trait_].name;
            let shown = display(program, ty);
            let what = match adt.kind {
                AdtKind::Struct => format!("field `{}`", field.name),
                AdtKind::Enum => format!("a field of `{}`", variant.name),
            };
            let mut diagnostic = Diagnostic::error(
                codes::E0222,
                impl_.head,
                format!("`{name}` cannot be derived for `{}`, since {what} does not have it", adt.name),
            )
            .label("derived here")
            .also(field.span, format!("`{shown}` is not `{name}`"));
            diagnostic = match *ty.kind() {
                TyKind::Adt(inner, _) if !program.in_std(program.adts[inner].module) => diagnostic
                    .help(format!("derive `{name}` for `{shown}` too"))
                    .also(program.adts[inner].name_span, "declared here"),
                _ => diagnostic.help(format!("implement `{name}` for `{}` by hand", adt.name)),
            };
            return Some(diagnostic);
        }
    }
    None
}

fn check_copy(collector: &Collector, id: ImplId, cache: &TraitCache) -> Option<Diagnostic> {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    let TyKind::Adt(adt_id, args) = *impl_.self_ty.kind() else {
        if impl_.self_ty.has_error() || program.in_std(impl_.module) {
            return None;
        }
        return Some(
            Diagnostic::error(
                codes::E0215,
                impl_.head,
                format!("`{}` cannot be made `Copy`", display(program, impl_.self_ty)),
            )
            .label("only structs and enums can"),
        );
    };
    let adt = &program.adts[adt_id];
    let how = if impl_.derived.is_some() { "derived here" } else { "declared `Copy` here" };
    if let Some(drop) = adt.drop_impl {
        return Some(
            Diagnostic::error(
                codes::E0215,
                impl_.head,
                format!("`{}` cannot be `Copy`, since it has a destructor", adt.name),
            )
            .label(how)
            .also(program.impls[drop].head, "copies would be dropped twice")
            .help("derive `Clone` alone: copies are then made where `.clone()` says so"),
        );
    }
    let env = ParamEnv::of_impl(program, id);
    let facts = Facts::new(program, &env, cache, &NoClosures);
    for variant in adt.variants.iter() {
        for field in variant.fields.iter() {
            let ty = field.ty.subst(args);
            if ty.has_error() || facts.is_copy(facts.solver.normalize_plain(ty)) {
                continue;
            }
            let name = match adt.kind {
                AdtKind::Struct => format!("field `{}`", field.name),
                AdtKind::Enum => format!("a field of `{}`", variant.name),
            };
            return Some(
                Diagnostic::error(
                    codes::E0215,
                    impl_.head,
                    format!("`{}` cannot be `Copy`, since {name} is not", adt.name),
                )
                .label(how)
                .also(field.span, format!("`{}` is moved, not copied", display(program, ty)))
                .help("derive `Clone` alone: copies are then made where `.clone()` says so"),
            );
        }
    }
    None
}

fn check_drop(collector: &Collector, id: ImplId) -> Option<Diagnostic> {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    if impl_.self_ty.has_error() {
        return None;
    }
    let TyKind::Adt(adt, args) = *impl_.self_ty.kind() else {
        return Some(
            Diagnostic::error(
                codes::E0230,
                impl_.head,
                format!("`{}` cannot have a destructor", display(program, impl_.self_ty)),
            )
            .label("only structs and enums declared in this package can"),
        );
    };
    let adt_data = &program.adts[adt];
    let all_params = args
        .iter()
        .enumerate()
        .all(|(i, t)| matches!(t.kind(), TyKind::Param(p) if args[..i].iter().all(|&other| other != Ty::param(p.index, p.name))));
    if !all_params || impl_.generics.predicates.len() > adt_data.generics.predicates.len() {
        return Some(
            Diagnostic::error(
                codes::E0230,
                impl_.head,
                format!("a destructor is for every `{}`, not for some", adt_data.name),
            )
            .label("must have the type's own parameters and bounds")
            .also(adt_data.name_span, "the type"),
        );
    }
    None
}
