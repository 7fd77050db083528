//! Collecting from source text: what the tables hold, and what is refused.

use std::sync::Arc;

use base::{Diagnostic, Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect, file_modules};
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
            .map(|d| format!("{} at `{}`: {}", d.code, self.texts.text(d.primary.span).lines().next().unwrap_or(""), d.message))
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

/// The real standard library, from its folder.
fn std_package(texts: &mut SourceMap) -> PackageInput {
    fn load(texts: &mut SourceMap, dir: &std::path::Path, path: &[&str], modules: &mut Vec<ModuleInput>) {
        let mut file = dir.to_path_buf();
        if path.is_empty() {
            file.push("lib.altru");
        } else {
            path.iter().for_each(|p| file.push(p));
            file.set_extension("altru");
        }
        let Ok(text) = std::fs::read_to_string(&file) else {
            eprintln!("missing: {}", file.display());
            return;
        };
        let input = parse(texts, &file.to_string_lossy(), &text, path);
        let children: Vec<String> =
            file_modules(&input.ast).iter().map(|(n, _)| n.as_str().to_owned()).collect();
        modules.push(input);
        for child in children {
            let mut path = path.to_vec();
            path.push(&child);
            load(texts, dir, &path, modules);
        }
    }
    let mut modules = Vec::new();
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../std/src");
    load(texts, &dir, &[], &mut modules);
    PackageInput { name: Name::new("std"), is_std: true, modules }
}

#[test]
fn std_is_accepted() {
    let mut texts = SourceMap::default();
    let std = std_package(&mut texts);
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
    let modules = std_package(&mut texts).modules;
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
