//! The trait machinery over the real standard library: questions asked in source text.

use base::{Name, SourceMap, Span};
use hir::collect::collect;
use hir::infer::{Cause, InferCtx, ProbeError};
use hir::items::{ModId, Program, TraitId};
use hir::traits::{Facts, NoClosures, ParamEnv, Selection, Solver, TraitCache};
use hir::ty::{Projection, TraitRef, Ty, TyKind, display, tys};

/// std and a package with this text.
fn program(text: &str) -> Program {
    let mut texts = SourceMap::default();
    let packages = stdlib::packages(&mut texts, "demo", "test.altru", text);
    let (program, diagnostics) = collect(&packages, &texts);
    let own: Vec<_> = diagnostics
        .iter()
        .filter(|d| d.is_error() && texts.file(d.primary.span.file).name == "test.altru")
        .collect();
    assert!(own.is_empty(), "{own:#?}");
    program
}

struct Ask {
    program: Program,
    cache: TraitCache,
}

impl Ask {
    /// `types`: lines `type Name = …` beside other items.
    fn new(text: &str) -> Ask {
        Ask { program: program(text), cache: TraitCache::new() }
    }

    /// The type of that alias, or of the first parameter of that function.
    fn ty(&self, alias: &str) -> Ty {
        if let Some(function) = self.function(alias) {
            return function.params[0].ty;
        }
        let found = self.program.aliases.iter().find(|a| a.name == alias);
        found.unwrap_or_else(|| panic!("no alias {alias}")).ty
    }

    fn trait_(&self, name: &str) -> TraitId {
        let mut found = self.program.traits.iter_enumerated().filter(|(_, t)| t.name == name);
        found.next().unwrap_or_else(|| panic!("no trait {name}")).0
    }

    fn function(&self, name: &str) -> Option<&hir::items::FnDecl> {
        let roots = &self.program.roots;
        self.program.fns.iter().find(|f| f.name == name && Some(&f.module) == roots.last())
    }

    fn env(&self, alias: &str) -> ParamEnv {
        match self.function(alias) {
            Some(function) => ParamEnv::of_generics(&self.program, &function.generics),
            None => ParamEnv::empty(),
        }
    }

    #[track_caller]
    fn implements(&self, alias: &str, traits: &[&str], not: &[&str]) {
        let env = self.env(alias);
        let solver = Solver::new(&self.program, &env, &self.cache, &NoClosures);
        let ty = self.ty(alias);
        for (list, expected) in [(traits, true), (not, false)] {
            for name in list {
                let found = solver.implements(ty, self.trait_(name));
                assert_eq!(found, expected, "{}: {name}", display(&self.program, ty));
            }
        }
    }

    fn assoc(&self, alias: &str, trait_: &str, name: &str) -> String {
        let env = self.env(alias);
        let solver = Solver::new(&self.program, &env, &self.cache, &NoClosures);
        let p =
            Projection { trait_: self.trait_(trait_), args: tys(&[self.ty(alias)]), name: Name::new(name) };
        let ty = Ty::new(hir::ty::TyKind::Projection(p));
        display(&self.program, solver.normalize_plain(ty))
    }
}

#[test]
fn std_types_implement_what_they_should() {
    let ask = Ask::new(
        "[derive(Clone, Debug, Eq, Hash)]
struct Point:
    x: int
    y: [string]

[derive(Clone, Copy, Debug)]
struct Small:
    x: int

[derive(Clone, Debug)]
enum Tree:
    Leaf
    Node(Box[Tree], Box[Tree])

type I = int
type F = f64
type S = string
type P = Point
type Sm = Small
type T = Tree
type L = [Point]
type A = [Point; 3]
type Pair = (int, string)
type O = Option[&string]
type M = Map[string, [int]]
type R = &string
type Rm = &mut string
type Sh = Shared[Point]
type Ptr = (int, *int)
",
    );
    ask.implements(
        "I",
        &["Copy", "Clone", "Eq", "Ord", "Hash", "Debug", "Display", "Default", "Send"],
        &["Iterator"],
    );
    ask.implements("F", &["Copy", "Clone", "Debug", "Display"], &["Hash"]);
    ask.implements("S", &["Clone", "Eq", "Ord", "Hash", "Debug", "Display", "Send"], &["Copy"]);
    ask.implements("P", &["Clone", "Eq", "Debug", "Hash", "Send"], &["Copy", "Display", "Ord"]);
    ask.implements("Sm", &["Clone", "Copy", "Debug"], &["Eq"]);
    ask.implements("T", &["Clone", "Debug", "Send"], &["Copy"]);
    ask.implements("L", &["Clone", "Debug", "Eq", "Hash"], &["Copy", "Ord"]);
    ask.implements("A", &["Clone", "Debug"], &["Copy"]);
    ask.implements("Pair", &["Clone", "Debug", "Eq", "Ord", "Hash"], &["Copy"]);
    ask.implements("O", &["Copy", "Clone", "Debug", "Send"], &[]);
    ask.implements("M", &["Clone", "Debug", "Send"], &["Copy"]);
    ask.implements("R", &["Copy", "Clone", "Display", "Debug", "Send"], &[]);
    ask.implements("Ptr", &["Copy"], &["Send"]);
    ask.implements("Rm", &["Display"], &["Copy", "Clone"]);
    ask.implements("Sh", &["Clone", "Deref", "Send"], &["Copy"]);
}

#[test]
fn iterators_of_std() {
    let ask = Ask::new(
        "type L = [string]
type M = Map[string, int]
type R = range::Range[int]
fn g[I: view + Iterator](x: I):
    pass
fn e[I: view + Iterator[Item = char]](x: I):
    pass
fn nested[I: view + Iterator](x: I) where I::Item: Iterator[Item = string]:
    pass
fn copies[T: Copy](x: T):
    pass
",
    );
    assert_eq!(ask.assoc("L", "IntoIterator", "Item"), "string");
    assert_eq!(ask.assoc("R", "Iterator", "Item"), "int");
    assert_eq!(ask.assoc("g", "Iterator", "Item"), "I::Item");
    assert_eq!(ask.assoc("e", "Iterator", "Item"), "char");
    ask.implements("g", &["Iterator"], &["Copy"]);
    ask.implements("copies", &["Copy", "Clone"], &["Debug"]);
}

#[test]
fn every_method_of_a_trait_resolves_for_its_impls() {
    let ask = Ask::new("");
    let p = &ask.program;
    let env = ParamEnv::empty();
    let solver = Solver::new(p, &env, &ask.cache, &NoClosures);
    let mut checked = 0;
    for impl_ in p.impls.iter() {
        let Some(t) = impl_.trait_ else { continue };
        let by_structure = p.traits[t.trait_].name == "Send";
        if by_structure || t.args.iter().any(|t| t.has_param() || t.has_projection()) {
            continue;
        }
        let selection = solver.select_concrete(t);
        assert!(
            matches!(selection, Selection::Impl { .. }),
            "{} for {}: {selection:?}",
            p.traits[t.trait_].name,
            display(p, t.self_ty())
        );
        for &method in &p.traits[t.trait_].methods {
            let own = p.fns[method].generics.params.len() - p.fns[method].generics.parent_count;
            if own == 0 {
                assert!(solver.resolve_method(t.trait_, method, t.args).is_some());
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// Methods found on a receiver type.
#[test]
fn methods_of_std_types() {
    let ask = Ask::new(
        "type L = [string]
type Rl = &[string]
type A = [string; 4]
type B = Box[[string]]
type M = Map[string, int]
type O = Option[int]
type S = string
type Rs = &string
type I = int
type R = range::Range[int]
type Sh = Shared[string]
",
    );
    let env = ParamEnv::empty();
    let mut missing = Vec::new();
    for (alias, methods) in [
        ("L", &["len", "push", "iter", "clone", "contains"][..]),
        ("Rl", &["len", "iter"]),
        ("A", &["len", "iter"]),
        ("B", &["len", "push", "iter"]),
        ("M", &["insert", "get", "len"]),
        ("O", &["is_some", "unwrap", "map", "clone"]),
        ("S", &["len", "push", "clone"]),
        ("Rs", &["len", "clone"]),
        ("I", &["clone", "cmp"]),
        ("R", &["map", "next", "filter", "collect", "sum"]),
        ("Sh", &["len", "clone"]),
    ] {
        for name in methods {
            let mut ctx = InferCtx::new(&ask.program, &env, &ask.cache);
            let result = ctx.find_method(ask.ty(alias), Name::new(name), ModId(0));
            match result {
                Ok(pick) => {
                    ctx.confirm(&pick, &[], Span::default());
                    ctx.process();
                    let errors = ctx.take_errors();
                    assert!(errors.is_empty(), "{alias}.{name}: {:?}", ctx.report_all(errors));
                }
                Err(ProbeError::Ambiguous(picks)) => {
                    missing.push(format!("{alias}.{name} ambiguous {picks:?}"))
                }
                Err(_) => missing.push(format!("{alias}.{name}")),
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn messages_name_the_innermost_failure() {
    let ask = Ask::new(
        "struct Point:
    x: f64

type L = [[Point]]
",
    );
    let env = ParamEnv::empty();
    let mut ctx = InferCtx::new(&ask.program, &env, &ask.cache);
    let hash = ask.trait_("Hash");
    ctx.register_trait(hash, &[ask.ty("L")], Cause::other(Span::default()));
    let errors = ctx.finish();
    let shown = ctx.report_all(errors);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].message, "`Point` does not implement `Hash`");
    assert_eq!(shown[0].fixes.len(), 1);
    assert_eq!(shown[0].notes.len(), 2, "{:?}", shown[0].notes);
}

#[test]
fn facts_of_std_types() {
    let ask = Ask::new(
        "type L = [string]
type It = iter::ListIter[string]
type Ox = Option[int]
type Sh = Shared[string]
type Raw = (int, Option[&mut string])
",
    );
    let env = ParamEnv::empty();
    let facts = Facts::new(&ask.program, &env, &ask.cache, &NoClosures);
    let ty = |name: &str| ask.ty(name);
    assert!(facts.needs_drop(ty("L")) && facts.needs_drop(ty("Sh")) && !facts.needs_drop(ty("Ox")));
    assert!(facts.is_view(ty("Raw")));
    assert!(facts.is_sendable(ty("L")).is_ok() && facts.is_sendable(ty("Sh")).is_ok());
    assert!(facts.is_copy(ty("Ox")) && !facts.is_copy(ty("L")));
}

#[test]
fn selection_is_steady() {
    let ask = Ask::new("type L = [Map[string, Option[[int]]]]\n");
    let env = ParamEnv::empty();
    let solver = Solver::new(&ask.program, &env, &ask.cache, &NoClosures);
    let want = TraitRef { trait_: ask.trait_("Debug"), args: tys(&[ask.ty("L")]) };
    let first = solver.select_concrete(want);
    for _ in 0..3 {
        assert_eq!(solver.select_concrete(want), first);
    }
}

/// What std's own declarations demand of the types in them holds.
#[test]
fn types_in_declarations_of_std_keep_their_bounds() {
    let ask = Ask::new("");
    let p = &ask.program;
    let mut failed = Vec::new();
    let mut check = |env: &ParamEnv, ty: Ty, place: String| {
        let mut ctx = InferCtx::new(p, env, &ask.cache);
        ty.walk(&mut |part| {
            if let TyKind::Adt(id, args) = *part.kind() {
                let cause = Cause::other(p.adts[id].name_span);
                ctx.register_bounds(&p.adts[id].generics, args, cause);
            }
            true
        });
        for error in ctx.finish() {
            let d = ctx.report(&error);
            failed.push(format!("{place}: {} {} {:?}", d.code, d.message, d.primary.text));
        }
    };
    for adt in p.adts.iter() {
        let env = ParamEnv::of_generics(p, &adt.generics);
        for field in adt.variants.iter().flat_map(|v| v.fields.iter()) {
            check(&env, field.ty, format!("{}.{}", adt.name, field.name));
        }
    }
    for (id, decl) in p.fns.iter_enumerated() {
        let env = ParamEnv::of_fn(p, id);
        for ty in decl.params.iter().map(|p| p.ty).chain([decl.ret]) {
            check(&env, ty, format!("fn {}", decl.name));
        }
    }
    for (id, impl_) in p.impls.iter_enumerated() {
        let env = ParamEnv::of_impl(p, id);
        check(&env, impl_.self_ty, format!("impl for {}", display(p, impl_.self_ty)));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
