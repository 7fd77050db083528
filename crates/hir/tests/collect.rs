//! Collecting from source text: what the tables hold, and what is refused.

use std::sync::Arc;

use base::{Diagnostic, Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect};
use hir::items::Program;

/// A few declarations that stand for std.
const CORE: &str = r#"
pub mod prelude:
    pub use std::ops::{Copy, Clone, Drop, Default, Eq, Ord, Ordering, Hash, Hasher, Debug, Formatter, Iterator, Send}
    pub use std::option::Option
    pub use std::option::Option::{Some, None}
    pub use std::result::{Result, error, Result::Ok, Result::Err}
    pub use std::io::println

pub mod ops:
    [lang = "Copy"]
    pub trait Copy: Clone
    [lang = "Clone"]
    pub trait Clone:
        fn clone(self) -> Self
    [lang = "Drop"]
    pub trait Drop:
        fn drop(mut self)
    [lang = "Default"]
    pub trait Default:
        fn default() -> Self
    [lang = "Send"]
    pub trait Send
    [lang = "Eq"]
    pub trait Eq:
        fn eq(self, other: Self) -> bool
        fn ne(self, other: Self) -> bool:
            return not self.eq(other)
    [lang = "Ordering"]
    [derive(Clone, Copy)]
    pub enum Ordering:
        Less = -1
        Equal
        Greater
    [lang = "Ord"]
    pub trait Ord: Eq:
        fn cmp(self, other: Self) -> Ordering
    pub struct Hasher:
        state: u64
    [lang = "Hash"]
    pub trait Hash:
        fn hash(self, state: mut Hasher)
    [lang = "Formatter"]
    pub struct Formatter:
        buf: string
    [lang = "Debug"]
    pub trait Debug:
        fn debug(self, f: mut Formatter)
    [lang = "Iterator"]
    pub trait Iterator:
        type Item: view
        fn next(mut self) -> Option[Self::Item]
        fn map[U: view, F: view + mut fn(own Self::Item) -> U](own self, f: own F) -> Map[Self, F]:
            return Map{inner: self, f: f}
    pub struct Map[I: view + Iterator, F: view]:
        inner: I
        f: F

pub mod option:
    [lang = "Option"]
    [derive(Clone, Copy, Debug, Eq)]
    pub enum Option[T: view]:
        None
        Some(T)

    impl[T: view] Option[T]:
        pub fn unwrap(own self) -> T:
            return self.unwrap()
        pub fn as_ref(self) -> Option[&T]:
            return self.as_ref()

pub mod result:
    [lang = "error"]
    pub struct error:
        message: string
    [lang = "Result"]
    pub enum Result[T: view = (), E: view = error]:
        Ok(T)
        Err(E)

pub mod collections:
    pub struct Table[K, V]:
        keys: [K]
        values: [V]

pub mod io:
    pub fn println(text: string):
        pass

impl Clone for int:
    fn clone(self) -> int:
        return self
impl Default for int:
    fn default() -> int:
        return 0
impl Eq for int:
    fn eq(self, other: int) -> bool:
        return true
impl Ord for int:
    fn cmp(self, other: int) -> ops::Ordering:
        return ops::Ordering::Equal
impl Hash for int:
    fn hash(self, state: mut Hasher):
        pass
impl Debug for int:
    fn debug(self, f: mut Formatter):
        pass
"#;

struct Session {
    texts: SourceMap,
    program: Program,
    diagnostics: Vec<Diagnostic>,
}

fn parse(texts: &mut SourceMap, name: &str, text: &str, path: &[&str]) -> ModuleInput {
    let file = texts.add(name, text);
    let parse = syntax::parse(file, text);
    assert!(!parse.has_errors(), "{name}: {:#?}", parse.diagnostics);
    ModuleInput { path: path.iter().map(|p| Name::new(p)).collect(), file, ast: Arc::new(parse.file) }
}

fn session(files: &[(&str, &str)]) -> Session {
    let mut texts = SourceMap::default();
    let core = parse(&mut texts, "std.altru", CORE, &[]);
    let modules = files
        .iter()
        .map(|(path, text)| {
            let path: Vec<&str> = path.split("::").filter(|p| !p.is_empty()).collect();
            parse(&mut texts, "test.altru", text, &path)
        })
        .collect();
    let packages = [
        PackageInput { name: Name::new("std"), is_std: true, modules: vec![core] },
        PackageInput { name: Name::new("demo"), is_std: false, modules },
    ];
    let (program, diagnostics) = collect(&packages, &texts);
    Session { texts, program, diagnostics }
}

impl Session {
    /// `CODE at "text"` of each diagnostic.
    fn found(&self) -> Vec<String> {
        self.diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{} at `{}`: {}",
                    d.code,
                    self.texts.text(d.primary.span).lines().next().unwrap_or(""),
                    d.message
                )
            })
            .collect()
    }

    fn codes(&self) -> Vec<&'static str> {
        self.diagnostics.iter().map(|d| d.code.0).collect()
    }
}

#[track_caller]
fn accepts(text: &str) -> Session {
    let session = session(&[("", text)]);
    assert!(session.diagnostics.is_empty(), "{:#?}", session.found());
    session
}

#[track_caller]
fn refuses(text: &str, codes: &[&str]) -> Session {
    let session = session(&[("", text)]);
    assert_eq!(session.codes(), codes, "{:#?}", session.found());
    session
}

#[test]
fn core_is_accepted() {
    accepts("println(\"hello\")\n");
}

#[test]
fn std_is_accepted() {
    let mut texts = SourceMap::default();
    let std = stdlib::std_package(&mut texts);
    let (program, diagnostics) = collect(&[std], &texts);
    if std::env::var_os("DUMP").is_some() {
        println!("{}", hir::collect::dump(&program));
    }
    let session = Session { texts, program, diagnostics };
    assert!(session.diagnostics.is_empty(), "{:#?}", session.found());
}

/// The examples of each `E02` page: the first gives just that code, the second none.
#[test]
fn error_pages_are_true() {
    let mut texts = SourceMap::default();
    let modules = stdlib::std_package(&mut texts).modules;
    let mut check = |text: &str| {
        let std = PackageInput {
            name: Name::new("std"),
            is_std: true,
            modules: modules
                .iter()
                .map(|m| ModuleInput { path: m.path.clone(), file: m.file, ast: m.ast.clone() })
                .collect(),
        };
        let file = texts.add("page.altru", text);
        let parse = syntax::parse(file, text);
        if parse.has_errors() {
            return parse.diagnostics.iter().map(|d| format!("parser {}: {}", d.code, d.message)).collect();
        }
        let root = ModuleInput { path: vec![], file, ast: Arc::new(parse.file) };
        let demo = PackageInput { name: Name::new("demo"), is_std: false, modules: vec![root] };
        let (_, diagnostics) = collect(&[std, demo], &texts);
        diagnostics.iter().map(|d| format!("{}: {}", d.code, d.message)).collect::<Vec<_>>()
    };
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut wrong = Vec::new();
    for &(code, _) in base::codes::ALL.iter().filter(|(c, _)| c.0.starts_with("E02")) {
        // These are found by running constants, which is the driver's.
        if matches!(code.0, "E0237" | "E0238") {
            continue;
        }
        let page = std::fs::read_to_string(dir.join(format!("{code}.md"))).unwrap_or_default();
        let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
        let bad = blocks.iter().find_map(|b| b.strip_prefix(&format!("altru error:{code}\n")[..]));
        let good = blocks.iter().find_map(|b| b.strip_prefix("altru\n"));
        let (Some(bad), Some(good)) = (bad, good) else {
            wrong.push(format!("{code}: the page lacks an example"));
            continue;
        };
        let found = check(bad);
        if found.len() != 1 || !found[0].starts_with(code.0) {
            wrong.push(format!("{code}: the refused example gives {found:#?}"));
        }
        let found = check(good);
        if !found.is_empty() {
            wrong.push(format!("{code}: the accepted example gives {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_reach_through_reexports_in_any_order() {
    accepts(
        "
mod a:
    pub use super::b::Thing as Item
mod b:
    pub use super::c::*
mod c:
    pub use super::d::inner::Thing
mod d:
    pub mod inner:
        pub struct Thing:
            pub n: int
use a::Item
fn f(x: Item) -> int:
    return x.n
fn main():
    pass
",
    );
}

#[test]
fn globs_yield_to_names_and_clash_only_when_used() {
    accepts(
        "
mod a:
    pub struct X
    pub struct Y
mod b:
    pub struct X
    pub struct Z
use a::*
use b::*
use b::X
fn f(x: X, y: Y, z: Z):
    pass
fn main():
    pass
",
    );
    refuses(
        "
mod a:
    pub struct X
mod b:
    pub struct X
use a::*
use b::*
fn f(x: X):
    pass
fn g():
    pass
fn main():
    pass
",
        &["E0204"],
    );
}

#[test]
fn import_circles_and_missing_names_are_reported_once() {
    refuses(
        "
mod a:
    pub use super::b::x
mod b:
    pub use super::a::x
use a::x
fn main():
    pass
",
        &["E0204"],
    );
    refuses(
        "use std::nothing::at::all\nuse all as other\nfn f(x: all):\n    pass\nfn main():\n    pass\n",
        &["E0201"],
    );
    refuses("use std::option::Optin\nfn f(x: Optin):\n    pass\nfn main():\n    pass\n", &["E0201"]);
    refuses("mod a:\n    struct P\nuse a::P\nfn f(x: P):\n    pass\nfn main():\n    pass\n", &["E0203"]);
    refuses("use super::x\nfn main():\n    pass\n", &["E0201"]);
}

#[test]
fn enums_are_name_spaces() {
    let session = accepts(
        "
use Color::*
enum Color:
    Red
    Mixed(int, int)
    Named{name: string}
type C = Color
fn f(c: C) -> Color:
    return c
fn main():
    pass
",
    );
    let root = *session.program.roots.last().expect("root");
    let names = &session.program.mods[root].names;
    assert!(names.values.contains_key(&Name::new("Mixed")));
    refuses("enum E:\n    A\nuse E::B\nfn main():\n    pass\n", &["E0201"]);
    refuses("enum E:\n    A\nfn f(x: E::A):\n    pass\nfn main():\n    pass\n", &["E0208"]);
}

#[test]
fn std_modules_are_in_scope_by_their_last_name() {
    accepts("fn f(t: collections::Table[int, string]):\n    pass\nfn main():\n    pass\n");
    let session = refuses("fn f(t: Table[int, string]):\n    pass\nfn main():\n    pass\n", &["E0201"]);
    assert_eq!(session.diagnostics[0].fixes[0].edits[0].1, "use std::collections::Table\n");
}

#[test]
fn files_are_modules() {
    let session = session(&[
        (
            "",
            "mod shapes\nuse shapes::round::Circle\nfn f(c: Circle) -> shapes::Side:\n    return c.side\nfn main():\n    pass\n",
        ),
        ("shapes", "pub mod round\npub type Side = int\nfn hidden():\n    pass\n"),
        ("shapes::round", "pub struct Circle:\n    pub side: super::Side\nfn g():\n    super::hidden()\n"),
    ]);
    assert!(session.diagnostics.is_empty(), "{:#?}", session.found());
    assert!(session.program.main.is_some());
}

#[test]
fn items_in_blocks_have_scopes_of_their_own() {
    accepts(
        "
fn main():
    struct Local:
        x: int
    fn helper(l: Local) -> int:
        return l.x
    if true:
        fn helper(l: Local):
            pass
        helper(Local{x: 1})
fn outside() -> int:
    return 1
",
    );
    refuses("fn main():\n    struct Local\nfn f(l: Local):\n    pass\n", &["E0201"]);
}

/// The signature of a function as it was understood.
#[track_caller]
fn signature(text: &str, name: &str) -> String {
    let session = accepts(&format!("{text}\nfn main():\n    pass\n"));
    hir::collect::dump(&session.program)
        .lines()
        .find(|l| l.contains(&format!("fn {name}")))
        .unwrap_or_else(|| panic!("no {name}"))
        .trim()
        .to_owned()
}

#[test]
fn conventions_follow_from_types() {
    let text = "
[derive(Clone, Copy)]
struct P:
    x: int
struct Q:
    x: int
impl P:
    fn by_value(self) -> int:
        return 1
    fn view_of(self) -> &int:
        return &self.x
impl Q:
    fn a(self, p: P, q: Q, m: mut Q, o: own Q, r: &Q, t: (int, P), u: (int, Q), n: Option[P], z: Option[Q]):
        pass
fn generic[T, C: Copy](t: T, c: C, a: [C; 3], l: [C]):
    pass
";
    assert_eq!(signature(text, "by_value"), "fn by_value(self: val P) -> int");
    assert_eq!(signature(text, "view_of"), "fn view_of(self: ref P) -> &int from &0");
    assert_eq!(
        signature(text, "a("),
        "fn a(self: ref Q, p: val P, q: ref Q, m: mut Q, o: own Q, r: val &Q, t: val (int, P), u: ref (int, Q), n: val Option[P], z: ref Option[Q])"
    );
    assert_eq!(
        signature(text, "generic"),
        "fn generic[T, C](t: ref T, c: val C, a: val [C; 3], l: ref [C]) where C: Copy"
    );
}

#[test]
fn views_have_origins() {
    let text = "
struct Pair[T: view]:
    a: T
struct Cursor:
    text: &string
fn from_self(a: string, b: string) -> &string:
    return &a
fn by_value(a: &string, b: &string) -> &string:
    return a
fn named(a: string, b: string) -> &string from b:
    return &b
fn held[T: view](p: own Pair[T]) -> T:
    return p.a
fn nothing(a: string) -> int:
    return 1
fn cursor(text: string) -> Cursor:
    return Cursor{text: &text}
impl Cursor:
    fn rest(self) -> &string from self.text:
        return self.text
    fn whole(self, other: string) -> &string:
        return self.text
    fn with[J: view](self, other: own J, x: Pair[int]) -> Pair[(&string, J)]:
        return self.with(other)
";
    let origins = |name: &str| signature(text, name).split(" from ").nth(1).unwrap_or("").to_owned();
    assert_eq!(origins("from_self"), "&0, &1");
    assert_eq!(origins("by_value"), "in 0, in 1");
    assert_eq!(origins("named"), "&1");
    assert_eq!(origins("held"), "in 0");
    assert_eq!(origins("nothing"), "");
    assert_eq!(origins("cursor"), "&0");
    assert_eq!(origins("rest"), "in 0");
    assert_eq!(origins("whole"), "&0");
    assert_eq!(origins("with"), "&0, in 1");
}

#[test]
fn function_parameters_become_type_parameters() {
    let text = "
fn each(xs: [int], f: fn(int) -> bool, g: mut fn(mut [int]), h: own fn(own string)):
    pass
";
    assert_eq!(
        signature(text, "each"),
        "fn each(xs: ref [int], f: ref fn(int) -> bool, g: mut mut fn(mut [int]), h: own own fn(own string)) where fn(int) -> bool: fn(int) -> bool, mut fn(mut [int]): mut fn(mut [int]), own fn(own string): own fn(own string)"
    );
    let session = accepts(&format!("{text}\nfn main():\n    pass\n"));
    let each = session.program.fns.iter().find(|f| f.name.as_str() == "each").expect("each");
    assert_eq!(each.generics.params.iter().map(|p| p.view).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn trait_impls_take_the_trait_s_conventions() {
    let text = "
struct N[T]:
    n: T
trait Put[X]:
    fn put(mut self, x: X)
impl Put[int] for N[int]:
    fn put(mut self, x: int):
        self.n = x
impl[T] Iterator for N[T]:
    type Item = int
    fn next(mut self) -> Option[int]:
        return None
";
    let session = accepts(&format!("{text}\nfn main():\n    pass\n"));
    let dump = hir::collect::dump(&session.program);
    assert!(dump.contains("fn put(self: mut N[int], x: ref int)"), "{dump}");
}

#[test]
fn associated_types_resolve() {
    let text = "
fn first[I: view + Iterator](i: mut I) -> Option[I::Item]:
    return i.next()
fn both[I: view + Iterator, J: view + Iterator[Item = I::Item]](i: mut I, j: mut J) -> I::Item where I::Item: Clone:
    return i.next().unwrap()
struct S[I: view + Iterator]:
    last: Option[I::Item]
";
    assert_eq!(
        signature(text, "first"),
        "fn first[I: view](i: mut I) -> Option[I::Item] from in 0 where I: Iterator"
    );
    let both = signature(text, "both");
    assert!(both.contains("J::Item = I::Item"), "{both}");
    assert!(both.contains("I::Item: Clone"), "{both}");
}

#[test]
fn aliases_expand() {
    let text = "
type Pair[A, B = A] = (A, B)
type Ints = Pair[int]
type Outcome[T] = Result[T, string]
fn f(p: Ints, q: Pair[int, string], r: Outcome[Ints]) -> Result:
    return Ok(())
";
    assert_eq!(
        signature(text, "f("),
        "fn f(p: val (int, int), q: ref (int, string), r: ref Result[(int, int), string]) -> Result[(), error]"
    );
}

#[test]
fn derives_are_checked_functions() {
    let session = accepts(
        "
[derive(Clone, Debug, Eq, Ord, Hash)]
enum Shape[T]:
    Empty
    Dot(T, int)
    Line{a: T, b: T}
[derive(Clone, Copy, Default)]
struct P:
    x: int
    y: int = 3
[derive(Default)]
enum Mode:
    Fast
    [default]
    Slow
fn main():
    pass
",
    );
    let derived = session.program.fns.iter().filter(|f| matches!(f.kind, hir::items::FnKind::Derived(_)));
    let derived: Vec<_> = derived.map(|f| (f.name.as_str(), f.ast.is_some())).collect();
    // Four in the core; `Copy` has no method.
    assert_eq!(derived.len(), 4 + 5 + 2 + 1, "{derived:?}");
    refuses("[derive(Default)]\nenum E:\n    A\nfn main():\n    pass\n", &["E0222"]);
}

#[test]
fn impls_are_compared_with_their_traits() {
    let head = "trait T:\n    type Out\n    fn f(self, x: int) -> Self::Out\n    fn g[A](own self, a: A)\nstruct S\n";
    let main = "fn main():\n    pass\n";
    let check = |body: &str, codes: &[&str]| {
        refuses(&format!("{head}impl T for S:\n{body}{main}"), codes);
    };
    accepts(&format!(
        "{head}impl T for S:\n    type Out = string\n    fn f(self, x: int) -> string:\n        return \"\"\n    fn g[B](own self, a: B):\n        pass\n{main}"
    ));
    let g = "    fn g[B](own self, a: B):\n        pass\n";
    let f = "    fn f(self, x: int) -> Self::Out:\n        return \"\"\n";
    let out = "    type Out = string\n";
    check(&format!("{f}{g}"), &["E0209"]);
    check(&format!("{out}{g}"), &["E0209"]);
    check(&format!("{out}    fn f(x: int) -> string:\n        return \"\"\n{g}"), &["E0211"]);
    check(&format!("{out}    fn f(mut self, x: int) -> string:\n        return \"\"\n{g}"), &["E0211"]);
    check(&format!("{out}    fn f(self, x: int) -> int:\n        return 1\n{g}"), &["E0211"]);
    check(&format!("{out}    fn f(self, x: float) -> string:\n        return \"\"\n{g}"), &["E0211"]);
    check(&format!("{out}    fn f(self) -> string:\n        return \"\"\n{g}"), &["E0211"]);
    check(&format!("{out}{f}    fn g(own self, a: int):\n        pass\n"), &["E0211"]);
    check(&format!("{out}{f}    fn g[B: Clone](own self, a: B):\n        pass\n"), &["E0211"]);
    check(&format!("{out}{f}{g}{g}"), &["E0202"]);
    check(&format!("{out}{f}{g}    fn h(self):\n        pass\n"), &["E0210"]);
}

#[test]
fn recursion_by_value_is_found_through_generics() {
    let main = "fn main():\n    pass\n";
    refuses(&format!("struct A:\n    b: Option[B]\nstruct B:\n    a: (int, [A; 2])\n{main}"), &["E0214"]);
    accepts(&format!("struct A:\n    b: Option[B]\nstruct B:\n    a: [A]\n{main}"));
    accepts(&format!(
        "struct P[T]:\n    n: int\n    p: [T]\nstruct A:\n    b: P[A]\n    o: Option[Option[int]]\n{main}"
    ));
    refuses(&format!("enum L:\n    Nil\n    Cons(int, L)\n{main}"), &["E0214"]);
}

#[test]
fn scripts_have_a_main() {
    let session = accepts("fn f():\n    pass\nf()\n");
    assert!(session.program.main.is_some());
    refuses("fn main():\n    pass\nmain()\n", &["E0219"]);
    refuses("[test]\nfn t(x: int):\n    pass\nfn main() -> string:\n    return \"\"\n", &["E0218", "E0218"]);
}

#[test]
fn long_chains_take_linear_time() {
    // Re-exports, aliases and supertraits in both orders.
    let mut text = String::new();
    let n = 2000;
    for i in 0..n {
        text.push_str(&format!("mod a{i}:\n    pub use super::a{}::X\n", i + 1));
        text.push_str(&format!("type T{i} = T{}\n", i + 1));
        text.push_str(&format!("trait S{i}: S{}\n", i + 1));
    }
    text.push_str(&format!("mod a{n}:\n    pub struct X\ntype T{n} = int\ntrait S{n}\n"));
    text.push_str("use a0::X\nfn f(x: X, t: T1000):\n    pass\nfn main():\n    pass\n");
    // Anything but linear would not end here.
    let session = session(&[("", &text)]);
    assert!(session.diagnostics.is_empty(), "{:#?}", session.found().first());
}

#[test]
fn doubling_definitions_do_not_blow_up() {
    let mut text = String::new();
    for i in 0..60 {
        text.push_str(&format!("type T{i} = (T{n}, T{n})\nconst C{i}: int = C{n} * 2 - C{n}\n", n = i + 1));
        text.push_str(&format!(
            "struct S{i}(S{n}, S{n})\ntrait R{i}: R{n} + Q{n}\ntrait Q{i}: R{n} + Q{n}\n",
            n = i + 1
        ));
    }
    text.push_str("type T60 = int\nconst C60: int = 3\nstruct S60(int)\ntrait R60\ntrait Q60\n");
    text.push_str(
        "fn f(a: [int; C0], s: S0):\n    pass\nfn g[T: R0](t: T):\n    pass\nfn main():\n    pass\n",
    );
    refuses(&text, &["E0227"]);
    // Deep instead of wide.
    let deep: String =
        (0..3000).map(|i| format!("type T{i} = [T{}]\nconst C{i}: int = C{} + 1\n", i + 1, i + 1)).collect();
    let deep = format!(
        "{deep}type T3000 = int\nconst C3000: int = 1\nfn f(x: T0, y: [int; C0]):\n    pass\nfn main():\n    pass\n"
    );
    refuses(&deep, &["E0220", "E0227"]);
    refuses(
        "const A: int = B + 1\nconst B: int = A\nfn f(x: [int; A]):\n    pass\nfn main():\n    pass\n",
        &["E0227"],
    );
    let nested = |n: usize| format!("{}int{}", "D[".repeat(n), "]".repeat(n));
    refuses(
        &format!("type D[T] = (T, T)\nfn f(x: {}):\n    pass\nfn main():\n    pass\n", nested(40)),
        &["E0227"],
    );
}

/// Texts with tokens removed, repeated and swapped: nothing may panic or hang.
#[test]
fn broken_declarations_never_panic() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut seeds = vec![CORE.to_owned()];
    for &(code, _) in base::codes::ALL.iter().filter(|(c, _)| c.0.starts_with("E02")) {
        let page = std::fs::read_to_string(dir.join(format!("{code}.md"))).unwrap_or_default();
        seeds.extend(
            page.split("```").skip(1).step_by(2).filter_map(|b| Some(b.split_once('\n')?.1.to_owned())),
        );
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    for round in 0..std::env::var("ROUNDS").map_or(600, |n| n.parse().expect("a number")) {
        let seed = &seeds[random(seeds.len())];
        let mut words: Vec<&str> = Vec::new();
        let mut rest = seed.as_str();
        while let Some(c) = rest.chars().next() {
            let end = if c.is_alphanumeric() {
                rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
            } else {
                c.len_utf8()
            };
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
        for _ in 0..1 + random(4) {
            let (i, j) = (random(words.len()), random(words.len()));
            match random(3) {
                0 => drop(words.remove(i)),
                1 => words.swap(i, j),
                _ => words[i] = words[j],
            }
        }
        let text: String = words.concat();
        let mut texts = SourceMap::default();
        let core = parse(&mut texts, "std.altru", CORE, &[]);
        let file = texts.add("broken.altru", text.as_str());
        let ast = Arc::new(syntax::parse(file, &text).file);
        let broken = ModuleInput { path: vec![], file, ast };
        let is_std = round % 2 == 0;
        let packages = [
            PackageInput { name: Name::new("std"), is_std: true, modules: vec![core] },
            PackageInput { name: Name::new("demo"), is_std, modules: vec![broken] },
        ];
        let (program, _) = collect(&packages, &texts);
        hir::collect::dump(&program);
    }
}
