//! Impls against their traits: nothing missing, nothing strange, signatures alike, supertraits
//! and bounds met.

use base::{Applicability, Diagnostic, FxHashMap, FxHashSet, Name, Span, codes, diagnostic::closest};
use syntax::ast::{self, Convention, ItemKind};

use crate::collect::{Collector, Holds, ImplSource, holds_views};
use crate::infer::InferTable;
use crate::items::{FnDecl, FnId, Generics, ImplId};
use crate::resolve::imports::defined_twice;
use crate::traits::{NoClosures, ParamEnv, Solver, TraitCache, Truth};
use crate::ty::display::{display, display_predicate, display_trait};
use crate::ty::{Predicate, TraitRef, Ty};

pub(super) fn check(collector: &mut Collector, cache: &TraitCache) {
    for id in collector.program.impls.ids() {
        let Some(trait_ref) = collector.program.impls[id].trait_ else { continue };
        if collector.program.impls[id].self_ty.is_error() {
            continue;
        }
        // Std's own impls are checked when std is compiled alone.
        if collector.program.roots.len() > 1 && collector.program.in_std(collector.program.impls[id].module) {
            continue;
        }
        if let ImplSource::Written(item) = collector.impl_source(id) {
            check_members(collector, id, trait_ref, item);
            check_signatures(collector, id, trait_ref, cache);
        }
        check_obligations(collector, id, trait_ref, cache);
    }
}

fn check_members(collector: &mut Collector, id: ImplId, trait_ref: TraitRef, item: &ast::ImplItem) {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    let trait_ = &program.traits[trait_ref.trait_];
    let methods: FxHashMap<Name, FnId> = trait_.methods.iter().map(|&m| (program.fns[m].name, m)).collect();
    let mut found = Vec::new();
    let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
    for &method in &impl_.methods {
        let decl = &program.fns[method];
        let name = ast::Ident { name: decl.name, span: decl.name_span };
        if let Some(first) = seen.insert(decl.name, decl.name_span) {
            found.push(defined_twice(name, first, "declared"));
        }
        if !methods.contains_key(&decl.name) && !decl.name.as_str().is_empty() {
            let what = if decl.attrs.constant { "constant" } else { "method" };
            found.push(stranger(
                name,
                what,
                trait_.name,
                trait_.name_span,
                methods.keys().map(|n| n.as_str()),
            ));
        }
    }
    for &(name, _, span) in &impl_.assoc_types {
        if !trait_.assoc_types.iter().any(|a| a.name == name) {
            let name = ast::Ident { name, span };
            let known = trait_.assoc_types.iter().map(|a| a.name.as_str());
            found.push(stranger(name, "associated type", trait_.name, trait_.name_span, known));
        }
    }
    let mut given: FxHashSet<Name> = impl_.methods.iter().map(|&m| program.fns[m].name).collect();
    // What a slip of spelling was meant to be is not missing as well.
    for &method in &impl_.methods {
        let name = program.fns[method].name;
        let open = trait_.methods.iter().map(|&m| program.fns[m].name).filter(|n| !given.contains(n));
        if !methods.contains_key(&name)
            && let Some(meant) = closest(name.as_str(), open.map(|n| n.as_str()))
        {
            given.insert(Name::new(meant));
        }
    }
    let missing: Vec<FnId> = trait_
        .methods
        .iter()
        .copied()
        .filter(|&m| {
            let decl = &program.fns[m];
            !given.contains(&decl.name) && decl.ast.as_ref().is_some_and(|f| f.body.is_none())
        })
        .collect();
    let missing_types: Vec<&crate::items::AssocTypeDecl> = trait_
        .assoc_types
        .iter()
        .filter(|a| a.default.is_none())
        .filter(|a| {
            !item.items.iter().any(|i| matches!(&i.kind, ItemKind::TypeAlias(t) if t.name.name == a.name))
        })
        .collect();
    if !missing.is_empty() || !missing_types.is_empty() {
        let names: Vec<String> = missing_types
            .iter()
            .map(|a| format!("`type {}`", a.name))
            .chain(missing.iter().map(|&m| {
                let word = if program.fns[m].attrs.constant { "const " } else { "" };
                format!("`{word}{}`", program.fns[m].name)
            }))
            .collect();
        let mut diagnostic = Diagnostic::error(
            codes::E0209,
            impl_.head,
            format!("this impl of `{}` lacks {}", trait_.name, names.join(", ")),
        )
        .label("incomplete");
        for assoc in &missing_types {
            diagnostic = diagnostic.also(assoc.span, "required here");
        }
        for &m in missing.iter().take(3) {
            diagnostic = diagnostic.also(program.fns[m].head, "required here");
        }
        let column = collector.texts.line_col(impl_.head).col as usize - 1;
        let indent = " ".repeat(column + 4);
        let mut stub = if item.items.is_empty() { ":".to_owned() } else { String::new() };
        for assoc in &missing_types {
            // What the method that gives it is declared to give.
            let given = item.items.iter().find_map(|i| {
                let ItemKind::Fn(f) = &i.kind else { return None };
                let method = trait_.methods.iter().find(|&&m| program.fns[m].name == f.name.name)?;
                let declared = program.fns[*method].ast.as_ref()?.ret.as_ref()?;
                let is_it = collector.texts.text(declared.ty.span).trim() == format!("Self::{}", assoc.name);
                let given = collector.texts.text(f.ret.as_ref()?.ty.span).trim();
                (is_it && !given.contains("Self::")).then_some(given)
            });
            stub.push_str(&format!("\n{indent}type {} = {}", assoc.name, given.unwrap_or("()")));
        }
        for &m in &missing {
            let head = collector.texts.text(program.fns[m].head).trim_end();
            match program.fns[m].attrs.constant {
                true => stub.push_str(&format!("\n{indent}{head} = …")),
                false => stub.push_str(&format!("\n{indent}{head}:\n{indent}    panic(\"not written yet\")")),
            }
        }
        let place = match item.items.last() {
            Some(last) => last.span.end(),
            // Only a `:`, and perhaps a `pass`, may stand after the head.
            None => {
                let head = collector.texts.text(impl_.head).trim_end_matches(':').trim_end().len() as u32;
                Span { lo: impl_.head.lo + head, ..impl_.span }
            }
        };
        diagnostic = diagnostic.fix("add what is missing", place, stub, Applicability::Maybe);
        found.push(diagnostic);
    }
    collector.diagnostics.extend(found);
}

fn stranger<'n>(
    name: ast::Ident,
    what: &str,
    trait_: Name,
    declared: Span,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(codes::E0210, name.span, format!("trait `{trait_}` has no {what} `{}`", name.name))
            .label("not in the trait")
            .also(declared, "the trait");
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    match closest(name.name.as_str(), known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            name.span,
            near,
            Applicability::Maybe,
        ),
        None if what == "method" => {
            diagnostic.help("methods of the type's own go into an `impl` without a trait")
        }
        None => diagnostic,
    }
}

fn check_signatures(collector: &mut Collector, id: ImplId, trait_ref: TraitRef, cache: &TraitCache) {
    let program = &collector.program;
    let mut found = Vec::new();
    for &method in &program.impls[id].methods {
        let decl = &program.fns[method];
        let model = program.traits[trait_ref.trait_]
            .methods
            .iter()
            .map(|&m| &program.fns[m])
            .find(|m| m.name == decl.name);
        if let Some(model) = model
            && let Some(diagnostic) = compare(collector, id, trait_ref, decl, model, cache)
        {
            found.push(diagnostic);
        }
    }
    collector.diagnostics.extend(found);
}

fn differs(decl: &FnDecl, model: &FnDecl, span: Span, message: String, label: String) -> Diagnostic {
    Diagnostic::error(codes::E0211, span, format!("`{}`: {message}", decl.name))
        .label(label)
        .also(model.head, "the trait's declaration")
}

fn compare(
    collector: &Collector,
    id: ImplId,
    trait_ref: TraitRef,
    decl: &FnDecl,
    model: &FnDecl,
    cache: &TraitCache,
) -> Option<Diagnostic> {
    let program = &collector.program;
    if decl.has_self != model.has_self {
        let (message, label) = if model.has_self {
            ("the trait's method has a receiver `self`, this one has none", "add `self`")
        } else {
            ("the trait's function has no receiver", "`self` is not in the trait")
        };
        return Some(differs(decl, model, decl.name_span, message.into(), label.into()));
    }
    if decl.params.len() != model.params.len() {
        let count = |d: &FnDecl| d.params.len() - usize::from(d.has_self);
        return Some(differs(
            decl,
            model,
            decl.name_span,
            format!("takes {}, but the trait says {}", plural(count(decl), "parameter"), count(model)),
            "another number of parameters".into(),
        ));
    }
    let own = |d: &FnDecl| {
        let own = &d.generics.params[d.generics.parent_count.min(d.generics.params.len())..];
        (own.iter().filter(|p| !p.implicit).count(), own.len())
    };
    let (written, all) = own(decl);
    let (model_written, model_all) = own(model);
    if written != model_written {
        return Some(differs(
            decl,
            model,
            decl.name_span,
            format!("has {}, but the trait's has {model_written}", plural(written, "type parameter")),
            "another number of type parameters".into(),
        ));
    }
    if decl.attrs.constant != model.attrs.constant {
        let label =
            if model.attrs.constant { "the trait's is a constant" } else { "the trait's is a function" };
        return Some(differs(
            decl,
            model,
            decl.name_span,
            "one is a constant, the other a function".into(),
            label.into(),
        ));
    }
    if decl.is_async != model.is_async {
        let label = if model.is_async { "the trait's is `async`" } else { "the trait's is not `async`" };
        return Some(differs(
            decl,
            model,
            decl.name_span,
            "one is `async`, the other is not".into(),
            label.into(),
        ));
    }
    let (Some(syntax), Some(model_syntax)) = (&decl.ast, &model.ast) else { return None };
    // A function parameter against another kind of parameter shows as a type below.
    let class = |p: &ast::Param| match (&p.ty, p.convention) {
        (Some(ast::TypeExpr { kind: ast::TypeExprKind::Fn(f), .. }), Convention::Read) => f.call,
        (_, convention) => convention,
    };
    let mut wrong: Option<Diagnostic> = None;
    let mut edits = Vec::new();
    for ((param, other), shown) in syntax.params.iter().zip(&model_syntax.params).zip(&decl.params) {
        let (have, want) = (class(param), class(other));
        if have != want {
            let word = |c| match c {
                Convention::Read => "no marker",
                Convention::Mut => "`mut`",
                Convention::Own => "`own`",
            };
            let label = format!("here {}, in the trait {}", word(have), word(want));
            wrong = Some(match wrong {
                Some(first) => first.also(param.span, label),
                None => {
                    let message = format!("parameter `{}` is passed differently in the trait", shown.name);
                    differs(decl, model, param.span, message, label).also(other.span, "in the trait")
                }
            });
            edits.extend(marker_edit(collector.texts.text(param.span), param, want));
        }
    }
    if let Some(diagnostic) = wrong {
        return Some(match edits.is_empty() {
            true => diagnostic,
            false => diagnostic.fix_all("write it as the trait does", edits, Applicability::Maybe),
        });
    }
    if all != model_all {
        return Some(differs(
            decl,
            model,
            decl.name_span,
            "the functions among the parameters are not those of the trait".into(),
            "a parameter of function type differs".into(),
        ));
    }

    // The trait's signature in the impl's terms.
    let impl_ = &program.impls[id];
    let mut args: Vec<Ty> = trait_ref.args.to_vec();
    let first_own = decl.generics.parent_count;
    for (i, param) in decl.generics.params.iter().enumerate().skip(first_own) {
        args.push(Ty::param(i as u32, param.name));
    }
    let expected: Vec<Predicate> = model.generics.predicates.iter().map(|p| p.subst(&args)).collect();
    let mut assumed = Generics {
        parent_count: first_own,
        params: decl.generics.params.clone(),
        predicates: impl_.generics.predicates.clone(),
    };
    assumed.predicates.extend(&expected);
    let needs_solver = model.ret.has_projection()
        || decl.ret.has_projection()
        || model.params.iter().chain(&decl.params).any(|p| p.ty.has_projection())
        || decl.generics.predicates.len() > impl_.generics.predicates.len();
    let env = if needs_solver { ParamEnv::of_generics(program, &assumed) } else { ParamEnv::empty() };
    let solver = Solver::new(program, &env, cache, &NoClosures);
    let same = |of_trait: Ty, here: Ty| {
        let of_trait = of_trait.subst(&args);
        if of_trait == here || of_trait.has_error() || here.has_error() {
            return true;
        }
        // A missing associated type has been reported.
        let (of_trait, here) = (solver.normalize_plain(of_trait), solver.normalize_plain(here));
        of_trait == here || of_trait.has_error() || here.has_error()
    };
    let want = |ty: Ty| display(program, solver.normalize_plain(ty.subst(&args)));
    for ((param, other), written) in decl.params.iter().zip(&model.params).zip(&syntax.params) {
        if !same(other.ty, param.ty) {
            let span = written.ty.as_ref().map_or(param.span, |t| t.span);
            return Some(differs(
                decl,
                model,
                span,
                format!("parameter `{}` has another type than in the trait", param.name),
                format!("expected `{}`, found `{}`", want(other.ty), display(program, param.ty)),
            ));
        }
    }
    if !same(model.ret, decl.ret) {
        return Some(differs(
            decl,
            model,
            decl.ret_span,
            "returns another type than the trait says".into(),
            format!("expected `{}`, found `{}`", want(model.ret), display(program, decl.ret)),
        ));
    }
    for predicate in &decl.generics.predicates {
        if impl_.generics.predicates.contains(predicate) || expected.contains(predicate) {
            continue;
        }
        let mut table = InferTable::new();
        if solver.predicate_holds(&mut table, *predicate) == Truth::No {
            return Some(differs(
                decl,
                model,
                decl.name_span,
                format!("demands `{}`, which the trait does not", display_predicate(program, *predicate)),
                "callers through the trait cannot know".into(),
            ));
        }
    }
    None
}

/// Gives a parameter, written as `text`, the marker that is wanted.
fn marker_edit(text: &str, param: &ast::Param, want: Convention) -> Option<(Span, String)> {
    let marker = match want {
        Convention::Read => "",
        Convention::Mut => "mut ",
        Convention::Own => "own ",
    };
    let end =
        if param.is_self { param.span.lo + text.rfind("self")? as u32 } else { param.ty.as_ref()?.span.lo };
    let before = text.get(..(end - param.span.lo) as usize)?.trim_end();
    let written = ["mut", "own"].into_iter().find(|word| {
        before.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', ':']))
    });
    let lo = match written {
        Some(word) => param.span.lo + (before.len() - word.len()) as u32,
        None => end,
    };
    Some((Span { lo, hi: end, ..param.span }, marker.to_owned()))
}

fn plural(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// Supertraits, the trait's own demands, and those on associated types.
fn check_obligations(collector: &mut Collector, id: ImplId, trait_ref: TraitRef, cache: &TraitCache) {
    let program = &collector.program;
    let trait_ = &program.traits[trait_ref.trait_];
    let impl_ = &program.impls[id];
    let bounded = !trait_.supertraits.is_empty() || !trait_.generics.predicates.is_empty();
    if !bounded && trait_.assoc_types.is_empty() {
        return;
    }
    let env = ParamEnv::of_impl(program, id);
    let solver = Solver::new(program, &env, cache, &NoClosures);
    let mut found = Vec::new();
    let holds = |predicate: Predicate| {
        let mut table = InferTable::new();
        solver.predicate_holds(&mut table, predicate) != Truth::No
    };
    for &supertrait in &trait_.supertraits {
        let wanted = supertrait.subst(trait_ref.args);
        if holds(Predicate::Trait(wanted)) {
            continue;
        }
        let (name, shown) = (display_trait(program, wanted), display(program, impl_.self_ty));
        let mut diagnostic = Diagnostic::error(
            codes::E0234,
            impl_.head,
            format!("`{shown}` is to be `{}`, but is not `{name}`", trait_.name),
        )
        .label(format!("`{}` includes `{name}`", trait_.name))
        .also(trait_.name_span, "as the trait says");
        diagnostic = match impl_.derived {
            Some(_) => diagnostic.help(format!("derive `{name}` too")),
            None => diagnostic.help(format!("write `impl {name} for {shown}` too")),
        };
        found.push(diagnostic);
    }
    for predicate in &trait_.generics.predicates {
        let wanted = predicate.subst(trait_ref.args);
        if !holds(wanted) {
            found.push(
                Diagnostic::error(
                    codes::E0234,
                    impl_.head,
                    format!("`{}` is not met", display_predicate(program, wanted)),
                )
                .label(format!("trait `{}` demands it", trait_.name))
                .also(trait_.name_span, "the trait"),
            );
        }
    }
    for assoc in &trait_.assoc_types {
        let Some(&(name, ty, span)) = impl_.assoc_types.iter().find(|a| a.0 == assoc.name) else { continue };
        if ty.has_error() {
            continue;
        }
        if !assoc.view && holds_views(program, &impl_.generics, ty) != Holds::Nothing {
            found.push(
                Diagnostic::error(
                    codes::E0216,
                    span,
                    format!(
                        "`{}` holds a view, but the trait wants an owned type here",
                        display(program, ty)
                    ),
                )
                .label("a view")
                .also(assoc.span, format!("to allow views, the trait would say `type {name}: view`")),
            );
        }
        for bound in &assoc.bounds {
            // The bound may speak of the impl's other associated types.
            let normal = solver.normalize_predicate_plain(bound.subst(trait_ref.args));
            if !holds(normal) {
                found.push(
                    Diagnostic::error(
                        codes::E0234,
                        span,
                        format!("`{}` is not met", display_predicate(program, normal)),
                    )
                    .label(format!("`{}` cannot be this type", name))
                    .also(assoc.span, "the trait demands it"),
                );
            }
        }
    }
    collector.diagnostics.extend(found);
}
