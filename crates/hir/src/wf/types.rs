//! Types in declarations: arguments meet the bounds, views stand only where they may, statics can
//! be shared.

use base::{Diagnostic, Span, codes};
use syntax::ast;

use super::sizes::fields;
use crate::collect::{AdtSource, Collector, Holds, ImplSource, holds_views};
use crate::infer::InferTable;
use crate::items::{Generics, Program};
use crate::traits::{Facts, NoClosures, ParamEnv, Solver, TraitCache, Truth};
use crate::ty::display::{display, display_predicate};
use crate::ty::{Ty, TyKind};

/// Checks one type: the arguments of each struct and enum in it. For bodies: with their solver.
pub fn check_ty(solver: &Solver, ty: Ty, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let program = solver.program;
    if ty.has_error() {
        return;
    }
    ty.walk(&mut |part| {
        let TyKind::Adt(id, args) = *part.kind() else { return true };
        let adt = &program.adts[id];
        let facts = Facts { solver: *solver };
        for (param, &arg) in adt.generics.params.iter().zip(args) {
            if !param.view && !param.is_const && !arg.has_infer() && facts.is_view(arg) {
                diagnostics.push(view_refused(program, adt.name.as_str(), param, arg, span));
                return false;
            }
        }
        for predicate in &adt.generics.predicates {
            let wanted = predicate.subst(args);
            if solver.predicate_holds(&mut InferTable::new(), wanted) == Truth::No {
                diagnostics.push(
                    Diagnostic::error(
                        codes::E0234,
                        span,
                        format!(
                            "`{}` is not met",
                            display_predicate(program, solver.normalize_predicate_plain(wanted))
                        ),
                    )
                    .label(format!("`{}` demands it", adt.name))
                    .also(adt.name_span, "declared here"),
                );
                return false;
            }
        }
        true
    });
}

fn view_refused(
    program: &Program,
    owner: &str,
    param: &crate::items::GenericParam,
    arg: Ty,
    span: Span,
) -> Diagnostic {
    let shown = display(program, arg);
    let mut diagnostic = Diagnostic::error(
        codes::E0216,
        span,
        format!(
            "`{owner}` owns its `{}`, and `{shown}` {}",
            param.name,
            if matches!(arg.kind(), TyKind::Param(_)) { "may be a view" } else { "is a view" }
        ),
    )
    .label("a view cannot be stored here")
    .also(param.span, format!("only owned types: it would say `{}: view` otherwise", param.name));
    if let TyKind::Ref(_, inner) = arg.kind() {
        diagnostic = diagnostic.help(format!(
            "store an owned `{}` (a `.clone()`), or share it in a `Shared`",
            display(program, *inner)
        ));
    }
    diagnostic
}

/// Does the type have anything that [`check_ty`] could refuse?
fn needs_check(program: &Program, generics: &Generics, ty: Ty) -> bool {
    let mut needed = false;
    ty.walk(&mut |part| {
        if let TyKind::Adt(id, args) = *part.kind() {
            let adt = &program.adts[id];
            needed |= !adt.generics.predicates.is_empty()
                || adt.generics.params.iter().zip(args).any(|(param, &arg)| {
                    !param.view && !param.is_const && holds_views(program, generics, arg) != Holds::Nothing
                });
        }
        !needed
    });
    needed
}

pub(super) fn check(collector: &mut Collector, cache: &TraitCache) {
    let mut found = Vec::new();
    // Types refused here become errors, so that uses of what has them are silent.
    let mut bad_fields = Vec::new();
    let mut bad_params = Vec::new();
    let program = &collector.program;
    // Std's declarations are checked when std is compiled alone.
    let skip = |module| program.roots.len() > 1 && program.in_std(module);
    for (id, adt) in program.adts.iter_enumerated().filter(|(_, a)| !skip(a.module)) {
        let bodies: Vec<&ast::StructBody> = match collector.adt_source(id) {
            AdtSource::Struct(s) => vec![&s.body],
            AdtSource::Enum(e) => e.variants.iter().map(|v| &v.body).collect(),
        };
        let mut env = None;
        for ((variant_id, variant), body) in adt.variants.iter_enumerated().zip(bodies) {
            for ((field_id, field), written) in variant.fields.iter_enumerated().zip(fields(body)) {
                if !needs_check(program, &adt.generics, field.ty) {
                    continue;
                }
                let before = found.len();
                let env = env.get_or_insert_with(|| ParamEnv::of_generics(program, &adt.generics));
                check_ty(
                    &Solver::new(program, env, cache, &NoClosures),
                    field.ty,
                    written.ty.span,
                    &mut found,
                );
                if found.len() > before {
                    bad_fields.push((id, variant_id, field_id));
                }
            }
        }
    }
    for (id, decl) in program.fns.iter_enumerated().filter(|(_, f)| !skip(f.module)) {
        let Some(source) = collector.fn_source(id) else { continue };
        let mut env = None;
        let params = decl.params.iter().zip(&source.params);
        let params = params
            .enumerate()
            .filter_map(|(i, (p, written))| Some((Some(i), p.ty, written.ty.as_ref()?.span)));
        let ret = source.ret.as_ref().map(|r| (None, decl.ret, r.ty.span));
        for (param, ty, span) in params.chain(ret) {
            if needs_check(program, &decl.generics, ty) {
                let before = found.len();
                let env = env.get_or_insert_with(|| ParamEnv::of_fn(program, id));
                check_ty(&Solver::new(program, env, cache, &NoClosures), ty, span, &mut found);
                if found.len() > before {
                    bad_params.push((id, param));
                }
            }
        }
    }
    for (id, impl_) in program.impls.iter_enumerated().filter(|(_, i)| !skip(i.module)) {
        let ImplSource::Written(item) = collector.impl_source(id) else { continue };
        let mut types = vec![(impl_.self_ty, item.ty.span)];
        types.extend(impl_.assoc_types.iter().map(|&(_, ty, span)| (ty, span)));
        let mut env = None;
        for (ty, span) in types {
            if needs_check(program, &impl_.generics, ty) {
                let env = env.get_or_insert_with(|| ParamEnv::of_impl(program, id));
                check_ty(&Solver::new(program, env, cache, &NoClosures), ty, span, &mut found);
            }
        }
    }
    let none = ParamEnv::empty();
    let facts = Facts::new(program, &none, cache, &NoClosures);
    let mut bad_consts = Vec::new();
    let mut bad_statics = Vec::new();
    for (id, item) in program.consts.iter_enumerated().filter(|(_, c)| !skip(c.module)) {
        let span = item.ast.ty.as_ref().map_or(item.span, |t| t.span);
        check_ty(&facts.solver, item.ty, span, &mut found);
        if let Some(circle) = crate::consteval::circular(program, id) {
            bad_consts.push(id);
            // An array length may have asked for it before.
            if !collector.diagnostics.contains(&circle) {
                found.push(circle);
            }
        }
        if !item.ty.has_error() && facts.is_view(item.ty) {
            bad_consts.push(id);
            found.push(
                Diagnostic::error(
                    codes::E0216,
                    span,
                    format!("a constant cannot be a view: `{}`", display(program, item.ty)),
                )
                .label("nothing lives as long as the program that it could view")
                .help("make it an owned value"),
            );
        }
    }
    for (id, item) in program.statics.iter_enumerated().filter(|(_, s)| !skip(s.module)) {
        let span = item.ast.ty.as_ref().map_or(item.span, |t| t.span);
        check_ty(&facts.solver, item.ty, span, &mut found);
        if item.ty.has_error() {
            continue;
        }
        let shown = display(program, item.ty);
        if facts.is_view(item.ty) {
            bad_statics.push(id);
            found.push(
                Diagnostic::error(codes::E0217, span, format!("a static cannot be a view: `{shown}`"))
                    .label("nothing lives as long as the program that it could view")
                    .help("make it an owned value"),
            );
        } else if facts.is_sendable(item.ty).is_err() {
            found.push(
                Diagnostic::error(
                    codes::E0217,
                    span,
                    format!("`{shown}` cannot be shared by all threads, as a static is"),
                )
                .label("belongs to one thread")
                .help(
                    "a static is plain immutable data, or synchronises itself: `Atomic`, `Mutex`, `RwLock`",
                ),
            );
        }
    }
    collector.diagnostics.extend(found);
    for id in bad_consts {
        collector.program.consts[id].ty = Ty::error();
    }
    for id in bad_statics {
        collector.program.statics[id].ty = Ty::error();
    }
    for (adt, variant, field) in bad_fields {
        collector.program.adts[adt].variants[variant].fields[field].ty = Ty::error();
    }
    for (id, param) in bad_params {
        let decl = &mut collector.program.fns[id];
        match param {
            Some(index) => decl.params[index].ty = Ty::error(),
            None => decl.ret = Ty::error(),
        }
    }
}
