//! How fast collecting is: `cargo run --release -p hir --example collect_speed [LINES]`.
//!
//! Generates a package of that many lines (100,000 by default) in modules of about 500 lines and
//! collects it with std; prints the median of several rounds.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use base::{Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect};

fn module(index: usize) -> String {
    let mut text = String::new();
    if index > 0 {
        let _ = writeln!(text, "use package::m{}::Record0 as Before", index - 1);
    }
    for i in 0..20 {
        let _ = write!(
            text,
            "
[derive(Clone, Debug, Eq)]
pub struct Record{i}:
    pub id: int
    pub name: string
    values: [float]
    next: Option[Box[Record{i}]]

impl Record{i}:
    pub fn new(id: int, name: own string) -> Record{i}:
        return Record{i}{{id: id, name: name, values: [], next: None}}

    pub fn sum(self) -> float:
        let mut total = 0.0
        for v in self.values:
            total += v
        return total

    pub fn find[T: Display](self, key: T, test: fn(&string) -> bool) -> Option[&string]:
        if test(&self.name):
            return Some(&self.name)
        return None

fn work{i}(items: [Record{i}], limit: int) -> Result[int, string]:
    let mut count = 0
    for item in items:
        if item.id > limit and item.name.len() > 3:
            count += item.id
        else if item.id == 0:
            return Err(\"zero\")
    return Ok(count)
"
        );
    }
    text
}

fn main() {
    let lines: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mut texts = SourceMap::default();
    let std = stdlib::std_package(&mut texts);
    let mut modules = Vec::new();
    let mut root = String::new();
    let mut written = 0;
    while written < lines {
        let index = modules.len();
        let text = module(index);
        written += text.lines().count();
        let _ = writeln!(root, "pub mod m{index}");
        let file = texts.add(format!("m{index}.altru"), text.as_str());
        let parse = syntax::parse(file, &text);
        assert!(!parse.has_errors(), "{:?}", parse.diagnostics);
        let path = vec![Name::new(&format!("m{index}"))];
        modules.push(ModuleInput { path, file, ast: Arc::new(parse.file) });
    }
    root.push_str("fn main():\n    pass\n");
    let file = texts.add("main.altru", root.as_str());
    let ast = Arc::new(syntax::parse(file, &root).file);
    modules.insert(0, ModuleInput { path: vec![], file, ast });
    let packages = [std, PackageInput { name: Name::new("demo"), is_std: false, modules }];
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let (program, diagnostics) = collect(&packages, &texts);
        times.push(start.elapsed());
        assert!(diagnostics.is_empty(), "{:?}", diagnostics.first());
        drop(program);
    }
    // As one file that is run with std: most of a small program's time.
    let hello = texts.add("hello.altru", "println(\"hello\")\n");
    let ast = Arc::new(syntax::parse(hello, "println(\"hello\")\n").file);
    let mut packages = packages;
    packages[1].modules = vec![ModuleInput { path: vec![], file: hello, ast }];
    let mut small = Vec::new();
    for _ in 0..99 {
        let start = Instant::now();
        let (program, _) = collect(&packages, &texts);
        small.push(start.elapsed());
        drop(program);
    }
    small.sort_unstable();
    let alone = small[small.len() / 2];
    times.sort_unstable();
    println!(
        "{written} lines: median {:.1} ms, first to last {:.1} to {:.1} ms; std and one line {:.1} ms",
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[0].as_secs_f64() * 1e3,
        times[times.len() - 1].as_secs_f64() * 1e3,
        alone.as_secs_f64() * 1e3,
    );
}
