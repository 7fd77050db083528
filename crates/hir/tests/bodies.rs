//! Bodies: the pages of `docs/errors` about them, std, and programs that must be accepted or
//! refused with just the errors marked in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Diagnostic, Name, SourceMap};
use hir::check::{bodies, check_body_with};
use hir::collect::{ModuleInput, PackageInput, collect};
use hir::items::BodyOwner;
use hir::traits::TraitCache;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All diagnostics of a program of one file, or of std itself.
fn check(text: Option<&str>) -> (SourceMap, Vec<Diagnostic>) {
    let mut sources = SourceMap::default();
    let mut diagnostics = Vec::new();
    let mut packages = vec![stdlib::std_package(&mut sources)];
    let mut own = None;
    if let Some(text) = text {
        let file = sources.add("test.altru", text);
        let parse = syntax::parse(file, text);
        diagnostics.extend(parse.diagnostics);
        own = Some(file);
        let modules = vec![ModuleInput { path: Vec::new(), file, ast: Arc::new(parse.file) }];
        packages.push(PackageInput { name: Name::new("test"), is_std: false, modules });
    }
    let (program, found) = collect(&packages, &sources);
    diagnostics.extend(found);
    let cache = TraitCache::new();
    for owner in bodies(&program) {
        let span = match owner {
            BodyOwner::Fn(id) => program.fns[id].span,
            BodyOwner::Const(id) => program.consts[id].span,
            BodyOwner::Static(id) => program.statics[id].span,
        };
        if own.is_some_and(|file| span.file != file) {
            continue;
        }
        let (body, found) = check_body_with(&program, owner, &sources, &cache);
        let reported = found.iter().chain(&diagnostics).any(Diagnostic::is_error);
        assert!(!body.has_errors || reported, "a body is broken and nobody says so: {text:?}");
        diagnostics.extend(found);
    }
    (sources, diagnostics)
}

fn codes(text: &str) -> Vec<String> {
    let (_, diagnostics) = check(Some(text));
    let mut codes: Vec<String> = diagnostics.iter().map(|d| d.code.to_string()).collect();
    codes.dedup();
    codes
}

/// The fenced blocks of a page: what follows the fence's backticks, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```altru") else { continue };
        let text: String = lines.by_ref().take_while(|l| *l != "```").map(|l| format!("{l}\n")).collect();
        out.push((info.trim().to_owned(), text));
    }
    out
}

fn is_ours(code: &str) -> bool {
    let number: u32 = code[1..].parse().unwrap_or(0);
    if code.starts_with('W') {
        return (401..500).contains(&number);
    }
    matches!(number, 301..=319 | 350..=389 | 401..=499 | 701..=799)
}

#[test]
fn pages_give_their_code() {
    let mut wrong = Vec::new();
    for (code, title) in base::codes::ALL {
        let code = code.0;
        if !is_ours(code) {
            continue;
        }
        let file = root().join(format!("docs/errors/{code}.md"));
        let Ok(page) = std::fs::read_to_string(&file) else {
            wrong.push(format!("{code}: no page"));
            continue;
        };
        if !page.starts_with(&format!("# {code}: {title}\n")) {
            wrong.push(format!("{code}: the title differs from the list"));
        }
        for (info, text) in blocks(&page) {
            let expected: Vec<String> = match info.split_once(':') {
                Some((_, code)) => vec![code.to_owned()],
                None => Vec::new(),
            };
            let found = codes(&text);
            if found != expected {
                wrong.push(format!("{code}: expected {expected:?}, found {found:?} in\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn std_has_no_errors() {
    let (sources, diagnostics) = check(None);
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d| {
            let span = d.primary.span;
            let place = sources.line_col(span);
            format!("{}:{} {} {}", sources.file(span.file).name, place.line, d.code, d.message)
        })
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
