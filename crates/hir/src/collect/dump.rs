//! The tables as text, for `--emit hir` and tests: signatures as they were understood.

use std::fmt::Write;

use crate::items::*;
use crate::ty::display::{display, display_predicate, display_trait};
use crate::ty::{Conv, Predicate, Ty};

/// The items of the root package.
pub fn dump(program: &Program) -> String {
    let mut out = String::new();
    let package = program.roots.len().saturating_sub(1);
    let here = |module: ModId| program.mods[module].package == package;
    for (id, adt) in program.adts.iter_enumerated().filter(|(_, a)| here(a.module)) {
        dump_adt(program, id, adt, &mut out);
    }
    for alias in program.aliases.iter().filter(|a| here(a.module)) {
        let _ = writeln!(
            out,
            "type {}{} = {}",
            path(program, alias.module, alias.name),
            params(&alias.generics, 0),
            display(program, alias.ty)
        );
    }
    for trait_ in program.traits.iter().filter(|t| here(t.module)) {
        let _ =
            write!(out, "trait {}{}", path(program, trait_.module, trait_.name), params(&trait_.generics, 1));
        let supers: Vec<String> = trait_.supertraits.iter().map(|&s| display_trait(program, s)).collect();
        if !supers.is_empty() {
            let _ = write!(out, ": {}", supers.join(" + "));
        }
        out.push('\n');
        for assoc in &trait_.assoc_types {
            let view = if assoc.view { ": view" } else { "" };
            let _ = writeln!(out, "    type {}{view}{}", assoc.name, predicates(program, &assoc.bounds));
        }
        for &method in &trait_.methods {
            dump_fn(program, method, "    ", &mut out);
        }
    }
    for impl_ in program.impls.iter().filter(|i| here(i.module)) {
        let _ = write!(out, "impl{} ", params(&impl_.generics, 0));
        if let Some(trait_ref) = impl_.trait_ {
            let _ = write!(out, "{} for ", display_trait(program, trait_ref));
        }
        let _ = writeln!(
            out,
            "{}{}",
            display(program, impl_.self_ty),
            predicates(program, &impl_.generics.predicates)
        );
        for &(name, ty, _) in &impl_.assoc_types {
            let _ = writeln!(out, "    type {name} = {}", display(program, ty));
        }
        for &method in &impl_.methods {
            dump_fn(program, method, "    ", &mut out);
        }
    }
    for item in program.consts.iter().filter(|c| here(c.module)) {
        let _ =
            writeln!(out, "const {}: {}", path(program, item.module, item.name), display(program, item.ty));
    }
    for item in program.statics.iter().filter(|c| here(c.module)) {
        let _ =
            writeln!(out, "static {}: {}", path(program, item.module, item.name), display(program, item.ty));
    }
    for (id, f) in program.fns.iter_enumerated().filter(|(_, f)| here(f.module)) {
        if f.parent == FnParent::None && !matches!(f.kind, FnKind::Constructor(..)) {
            dump_fn(program, id, "", &mut out);
        }
    }
    out
}

fn path(program: &Program, module: ModId, name: base::Name) -> String {
    let file_module = program.file_module(module);
    match program.mods[file_module].parent {
        None => name.to_string(),
        Some(_) => {
            let path = program.module_path(module);
            // Without the package's own name.
            let path = path.split_once("::").map_or(path.as_str(), |(_, rest)| rest);
            format!("{path}::{name}")
        }
    }
}

fn params(generics: &Generics, skip: usize) -> String {
    let listed: Vec<String> = generics
        .params
        .iter()
        .skip(skip)
        .filter(|p| !p.implicit)
        .map(|p| match (p.is_const, p.view) {
            (true, _) => format!("const {}", p.name),
            (_, true) => format!("{}: view", p.name),
            _ => p.name.to_string(),
        })
        .collect();
    if listed.is_empty() { String::new() } else { format!("[{}]", listed.join(", ")) }
}

fn predicates(program: &Program, predicates: &[Predicate]) -> String {
    if predicates.is_empty() {
        return String::new();
    }
    let listed: Vec<String> = predicates.iter().map(|&p| display_predicate(program, p)).collect();
    format!(" where {}", listed.join(", "))
}

fn dump_adt(program: &Program, id: AdtId, adt: &Adt, out: &mut String) {
    let kind = if adt.kind == AdtKind::Struct { "struct" } else { "enum" };
    let _ = write!(
        out,
        "{kind} {}{}{}",
        path(program, adt.module, adt.name),
        params(&adt.generics, 0),
        predicates(program, &adt.generics.predicates)
    );
    if adt.inherent_view {
        out.push_str(" [view]");
    }
    if program.copy_adts.contains_key(&id) {
        out.push_str(" [copy]");
    }
    out.push('\n');
    for variant in adt.variants.iter() {
        let indent = if adt.kind == AdtKind::Enum {
            let _ = writeln!(out, "    {} = {}", variant.name, variant.discriminant);
            "        "
        } else {
            "    "
        };
        for field in variant.fields.iter() {
            let public = if field.public && adt.kind == AdtKind::Struct { "pub " } else { "" };
            let _ = writeln!(out, "{indent}{public}{}: {}", field.name, display(program, field.ty));
        }
    }
}

fn dump_fn(program: &Program, id: FnId, indent: &str, out: &mut String) {
    let f = &program.fns[id];
    let name = if f.parent == FnParent::None { path(program, f.module, f.name) } else { f.name.to_string() };
    let prefix = match f.kind {
        FnKind::Script(_) => "script ",
        FnKind::Intrinsic => "intrinsic ",
        FnKind::Extern => "extern ",
        FnKind::Derived(_) => "derived ",
        _ if f.is_async => "async ",
        _ => "",
    };
    let own = params(&f.generics, f.generics.parent_count);
    let args: Vec<String> = f
        .params
        .iter()
        .map(|p| {
            let conv = match p.conv {
                Conv::Val => "val ",
                Conv::Ref => "ref ",
                Conv::Mut => "mut ",
                Conv::Own => "own ",
            };
            format!(
                "{}: {conv}{}",
                if p.name.as_str().is_empty() { "_" } else { p.name.as_str() },
                display(program, p.ty)
            )
        })
        .collect();
    let _ = write!(out, "{indent}{prefix}fn {name}{own}({})", args.join(", "));
    if f.ret != Ty::unit() {
        let _ = write!(out, " -> {}", display(program, f.ret));
    }
    if !f.ret_origins.is_empty() {
        let listed: Vec<String> = f
            .ret_origins
            .iter()
            .map(|o| match o {
                Origin::Outer(i) => format!("&{i}"),
                Origin::Held(i) => format!("in {i}"),
            })
            .collect();
        let _ = write!(out, " from {}", listed.join(", "));
    }
    // The surroundings' assumptions are shown there.
    let own: Vec<Predicate> = f
        .generics
        .predicates
        .iter()
        .copied()
        .filter(|p| match f.parent {
            FnParent::None => true,
            FnParent::Inherent(i) | FnParent::TraitImpl(i) => {
                !program.impls[i].generics.predicates.contains(p)
            }
            FnParent::Trait(t) => !program.traits[t].generics.predicates.contains(p),
        })
        .collect();
    let _ = writeln!(out, "{}", predicates(program, &own));
}
