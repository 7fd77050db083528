//! At most one impl of a trait for a type, and each in a package that owns one of the two;
//! inherent methods only where the type is declared, and once.

use base::{Diagnostic, FxHashMap, FxHashSet, Name, codes};

use crate::collect::{Collector, ImplSource};
use crate::infer::InferTable;
use crate::items::{FnId, ImplId, Program, TraitId};
use crate::resolve::imports::defined_twice;
use crate::traits::{Facts, NoClosures, Solver, TraitCache, Truth};
use crate::ty::{Ty, TyKind, display, display::display_trait, tys};

/// The outermost constructor of a type, to compare only what can overlap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Head {
    Adt(u32),
    Dyn(u32),
    Tuple(usize),
    List,
    Array,
    Ref(bool),
    Ptr,
    DynFn,
    Plain(Ty),
    /// A parameter: overlaps with anything.
    Any,
}

fn head(ty: Ty) -> Head {
    match *ty.kind() {
        TyKind::Adt(id, _) => Head::Adt(id.0),
        TyKind::Dyn(d) => Head::Dyn(d.trait_.0),
        TyKind::Tuple(elems) => Head::Tuple(elems.len()),
        TyKind::List(_) => Head::List,
        TyKind::Array(..) => Head::Array,
        TyKind::Ref(m, _) => Head::Ref(m == crate::ty::Mutability::Mut),
        TyKind::RawPtr(_) => Head::Ptr,
        TyKind::DynFn(_) => Head::DynFn,
        TyKind::Param(_) | TyKind::Projection(_) | TyKind::Error | TyKind::Infer(_) => Head::Any,
        _ => Head::Plain(ty),
    }
}

pub(super) fn check(collector: &mut Collector, cache: &TraitCache) {
    let mut misplaced = FxHashSet::default();
    for id in collector.program.impls.ids() {
        if !check_owner(collector, id) {
            misplaced.insert(id);
        }
        check_determined(collector, id);
    }
    let mut traits: Vec<TraitId> = collector.program.trait_impls.keys().copied().collect();
    traits.sort_unstable();
    for trait_ in traits {
        check_overlaps(collector, trait_, &misplaced, cache);
    }
    check_inherent(collector, cache);
}

/// The package that declares a type, if it is one that has an owner.
fn owner(program: &Program, ty: Ty) -> Option<usize> {
    match *ty.kind() {
        TyKind::Adt(id, _) => Some(program.mods[program.adts[id].module].package),
        TyKind::Dyn(d) => Some(program.mods[program.traits[d.trait_].module].package),
        TyKind::Ref(_, inner) => owner(program, inner),
        _ => None,
    }
}

/// `false`: reported.
fn check_owner(collector: &mut Collector, id: ImplId) -> bool {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    let package = program.mods[impl_.module].package;
    if program.in_std(impl_.module) || impl_.self_ty.is_error() {
        return true;
    }
    let ImplSource::Written(item) = collector.impl_source(id) else { return true };
    let shown = display(program, impl_.self_ty);
    match impl_.trait_ {
        Some(trait_ref) => {
            let trait_ = &program.traits[trait_ref.trait_];
            let owned = program.mods[trait_.module].package == package
                || trait_ref.args.iter().any(|&t| t.has_error() || owner(program, t) == Some(package));
            if !owned {
                let diagnostic = Diagnostic::error(
                    codes::E0213,
                    impl_.head,
                    format!(
                        "neither `{}` nor `{shown}` is declared in this package",
                        display_trait(program, trait_ref)
                    ),
                )
                .label("an impl belongs to the trait's or to the type's package")
                .help(format!("declare a type of your own around it: `struct Mine({shown})`"));
                collector.report(diagnostic);
            }
            owned
        }
        None if item.trait_.is_some() => true,
        None => {
            if owner(program, impl_.self_ty) == Some(package) && !impl_.self_ty.is_ref() {
                return true;
            }
            let why = match impl_.self_ty.kind() {
                TyKind::Param(p) => format!("`{}` stands for any type", p.name),
                TyKind::Adt(..) | TyKind::Dyn(_) => format!("`{shown}` is declared in another package"),
                _ => format!("`{shown}` is built in"),
            };
            let diagnostic = Diagnostic::error(
                codes::E0224,
                item.ty.span,
                format!("{why}, so it cannot be given methods here"),
            )
            .label("not a type of this package")
            .help("declare a trait with the methods and implement it for the type");
            collector.report(diagnostic);
            false
        }
    }
}

/// A parameter that neither the type nor the trait mentions can never be found.
fn check_determined(collector: &mut Collector, id: ImplId) {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    if impl_.generics.params.is_empty()
        || impl_.self_ty.has_error()
        || !matches!(collector.impl_source(id), ImplSource::Written(_))
    {
        return;
    }
    let mut known = vec![false; impl_.generics.params.len()];
    let mark = |ty: Ty, known: &mut Vec<bool>| {
        ty.walk(&mut |t| match *t.kind() {
            TyKind::Param(p) => {
                if let Some(slot) = known.get_mut(p.index as usize) {
                    *slot = true;
                }
                true
            }
            TyKind::Projection(_) => false,
            _ => true,
        });
    };
    mark(impl_.self_ty, &mut known);
    impl_.trait_.iter().flat_map(|t| t.args).for_each(|&t| mark(t, &mut known));
    // What a bound's associated type or function type says of known parameters is known too.
    for _ in 0..known.len() {
        for predicate in &impl_.generics.predicates {
            match *predicate {
                crate::ty::Predicate::ProjectionEq(_, ty) => mark(ty, &mut known),
                crate::ty::Predicate::Fn(_, sig) => {
                    mark(sig.ret, &mut known);
                    sig.params.iter().for_each(|p| mark(p.1, &mut known));
                }
                crate::ty::Predicate::Trait(_) => {}
            }
        }
    }
    let found: Vec<Diagnostic> = impl_
        .generics
        .params
        .iter()
        .zip(&known)
        .filter(|(_, known)| !**known)
        .map(|(param, _)| {
            Diagnostic::error(codes::E0235, param.span, format!("nothing says what `{}` is", param.name))
                .label("mentioned neither by the type nor by the trait")
                .help("remove the parameter, or let the one method that uses it declare it")
        })
        .collect();
    collector.diagnostics.extend(found);
}

fn check_overlaps(
    collector: &mut Collector,
    trait_: TraitId,
    misplaced: &FxHashSet<ImplId>,
    cache: &TraitCache,
) {
    let program = &collector.program;
    // Std alone is checked when it is compiled alone.
    let settled = |id: ImplId| program.roots.len() > 1 && program.in_std(program.impls[id].module);
    let mut groups: FxHashMap<(Head, Option<Head>), Vec<ImplId>> = FxHashMap::default();
    let mut general: Vec<ImplId> = Vec::new();
    for &id in &program.trait_impls[&trait_] {
        let args = program.impls[id].trait_.map_or(&[][..], |t| t.args);
        let key = (args.first().map_or(Head::Any, |&t| head(t)), args.get(1).map(|&t| head(t)));
        if key.0 == Head::Any || key.1 == Some(Head::Any) {
            general.push(id);
        } else {
            groups.entry(key).or_default().push(id);
        }
    }
    let mut pairs: Vec<(ImplId, ImplId)> = Vec::new();
    let mut pair = |a: ImplId, b: ImplId| {
        // What is wrong with one that should not be here has been said.
        let said = misplaced.contains(&a) || misplaced.contains(&b);
        let settled = settled(a) && settled(b);
        if !said && !settled {
            pairs.push((a.min(b), a.max(b)));
        }
    };
    for group in groups.values() {
        for (i, &one) in group.iter().enumerate() {
            group[..i].iter().chain(&general).for_each(|&other| pair(one, other));
        }
    }
    for (i, &one) in general.iter().enumerate() {
        general[..i].iter().for_each(|&other| pair(one, other));
    }
    pairs.sort_unstable();
    let found: Vec<Diagnostic> = pairs
        .into_iter()
        .filter(|&(a, b)| overlap(program, a, b, cache))
        .map(|(first, second)| {
            let trait_ref = program.impls[second].trait_.expect("listed under its trait");
            let mut diagnostic = Diagnostic::error(
                codes::E0212,
                program.impls[second].head,
                if program.impls[first].self_ty == program.impls[second].self_ty {
                    let shown = display(program, trait_ref.self_ty());
                    format!("`{}` is implemented twice for `{shown}`", display_trait(program, trait_ref))
                } else {
                    format!("two impls of `{}` could be for the same type", program.traits[trait_].name)
                },
            )
            .label(format!("for `{}`", display(program, trait_ref.self_ty())))
            .also(
                program.impls[first].head,
                format!("the other one, for `{}`", display(program, program.impls[first].self_ty)),
            );
            if program.impls[second].derived.is_some() || program.impls[first].derived.is_some() {
                diagnostic = diagnostic.help("derive the trait or implement it, not both");
            }
            diagnostic
        })
        .collect();
    collector.diagnostics.extend(found);
}

/// Is there a type that both impls are for?
fn overlap(program: &Program, a: ImplId, b: ImplId, cache: &TraitCache) -> bool {
    let (a, b) = (&program.impls[a], &program.impls[b]);
    let env = crate::traits::concrete::no_assumptions();
    let solver = Solver::new(program, env, cache, &NoClosures);
    let mut table = InferTable::new();
    let mut fresh = |impl_: &crate::items::Impl| -> Vec<Ty> {
        impl_.generics.params.iter().map(|_| table.fresh_ty()).collect()
    };
    let (a_args, b_args) = (fresh(a), fresh(b));
    let same = match (a.trait_, b.trait_) {
        (Some(x), Some(y)) => {
            if x.args.iter().chain(y.args).any(|t| t.has_error()) {
                return false;
            }
            let (x, y) = (x.subst(&a_args), y.subst(&b_args));
            // An associated type could be anything.
            x.args
                .iter()
                .zip(y.args)
                .all(|(&x, &y)| x.has_projection() || y.has_projection() || table.try_unify(x, y))
        }
        _ => {
            !a.self_ty.has_error()
                && !b.self_ty.has_error()
                && table.try_unify_lists(tys(&[a.self_ty.subst(&a_args)]), tys(&[b.self_ty.subst(&b_args)]))
        }
    };
    if !same {
        return false;
    }
    // A parameter that is no `view` does not stand for one.
    let facts = Facts { solver };
    for (impl_, args) in [(a, &a_args), (b, &b_args)] {
        for (param, &arg) in impl_.generics.params.iter().zip(args) {
            let ty = table.resolve(arg);
            if !param.view && facts.is_view(ty) {
                return false;
            }
        }
    }
    let mut refuted = |impl_: &crate::items::Impl, args: &[Ty]| {
        impl_
            .generics
            .predicates
            .iter()
            .any(|p| solver.predicate_holds(&mut table, p.subst(args)) == Truth::No)
    };
    !refuted(a, &a_args) && !refuted(b, &b_args)
}

/// Methods of one name for one type.
fn check_inherent(collector: &mut Collector, cache: &TraitCache) {
    let program = &collector.program;
    let mut groups: FxHashMap<(Name, Head), Vec<FnId>> = FxHashMap::default();
    for (&name, methods) in &program.inherent {
        if methods.len() < 2 {
            continue;
        }
        for &method in methods {
            if let crate::items::FnParent::Inherent(impl_) = program.fns[method].parent {
                groups.entry((name, head(program.impls[impl_].self_ty))).or_default().push(method);
            }
        }
    }
    let mut found = Vec::new();
    let mut repeated = Vec::new();
    for ((name, _), methods) in &groups {
        for (i, &second) in methods.iter().enumerate() {
            for &first in &methods[..i] {
                let impl_of = |m: FnId| match program.fns[m].parent {
                    crate::items::FnParent::Inherent(i) => i,
                    _ => unreachable!("listed as inherent"),
                };
                let (a, b) = (impl_of(first), impl_of(second));
                if a == b || overlap(program, a, b, cache) {
                    repeated.push(second);
                    let ident = syntax::ast::Ident { name: *name, span: program.fns[second].name_span };
                    found.push(defined_twice(ident, program.fns[first].name_span, "declared"));
                    break;
                }
            }
        }
    }
    collector.diagnostics.extend(found);
    // Calls mean the first one.
    for method in repeated {
        let name = collector.program.fns[method].name;
        if let Some(methods) = collector.program.inherent.get_mut(&name) {
            methods.retain(|&m| m != method);
        }
    }
}
