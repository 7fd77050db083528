//! What `derive` writes passes the body checker, for every shape of type.

use std::sync::Arc;

use base::{Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect};
use hir::items::{BodyOwner, FnKind};
use hir::traits::TraitCache;

const SHAPES: &str = "
# Names that derived code must not pick up.
struct Clone2
fn clone():
    pass
type int2 = string

[derive(Clone, Debug, Eq, Ord, Hash, Default)]
struct Empty

[derive(Clone, Copy, Debug, Eq, Ord, Hash, Default)]
struct Point:
    x: int
    y: int

[derive(Clone, Debug, Eq, Ord, Hash, Default)]
struct Named:
    name: string
    list: [string]
    maybe: Option[Point]
    pair: (int, string)
    boxed: Option[Box[Named]]

[derive(Clone, Debug, Eq, Ord, Hash, Default)]
struct Wrapper[T](T, int)

[derive(Clone, Debug, Eq, Ord, Hash, Default)]
struct Viewing[T: view]:
    inner: T

[derive(Clone, Copy, Debug, Eq, Ord, Hash, Default)]
enum Level:
    Low = -3
    [default]
    High = 4

[derive(Clone, Debug, Eq, Ord, Hash)]
enum Tree[T]:
    Leaf
    One(T)
    Two(T, int)
    Node{left: Box[Tree[T]], right: Box[Tree[T]], tag: string}

[derive(Clone, Copy, Debug, Eq, Ord, Hash)]
enum Plain[T]:
    Nothing
    Just(T)

[derive(Clone, Debug, Eq, Ord, Hash)]
enum Single:
    Only(string)

fn main():
    pass
";

#[test]
fn derived_methods_check() {
    let mut texts = SourceMap::default();
    let std = stdlib::std_package(&mut texts);
    let file = texts.add("shapes.altru", SHAPES);
    let parse = syntax::parse(file, SHAPES);
    assert!(!parse.has_errors(), "{:#?}", parse.diagnostics);
    let root = ModuleInput { path: vec![], file, ast: Arc::new(parse.file) };
    let demo = PackageInput { name: Name::new("demo"), is_std: false, modules: vec![root] };
    let (program, diagnostics) = collect(&[std, demo], &texts);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let cache = TraitCache::new();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (id, decl) in program.fns.iter_enumerated() {
        let FnKind::Derived(derive) = decl.kind else { continue };
        checked += 1;
        let (_, diagnostics) = hir::check::check_body_with(&program, BodyOwner::Fn(id), &texts, &cache);
        for d in diagnostics {
            let hir::items::FnParent::TraitImpl(impl_) = decl.parent else { continue };
            let ty = hir::ty::display(&program, program.impls[impl_].self_ty);
            wrong.push(format!("{derive:?} of {ty}: {}: {} {:?}", d.code, d.message, d.primary.text));
        }
    }
    assert!(checked > 50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
