//! What is tried, and what must hold: nothing here may panic, whatever the text.

use std::sync::{Arc, OnceLock};

use base::{Diagnostic, FileId, Name, SourceMap};
use driver::packages::{Input, Session, load};
use driver::pipeline::{Purpose, check};
use driver::program::{BuildError, Emit, Mode, emit};
use driver::system::Memory;
use hir::collect::{ModuleInput, PackageInput};
use syntax::{Parse, TokenKind};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The parser keeps every byte, its spans lie in the text, and the formatter is idempotent
    /// and changes nothing but blanks and line ends.
    Syntax,
    /// Every stage up to the check boundary gives diagnostics inside the text.
    Check,
    /// Also what follows, down to assembly, for programs that are accepted.
    Compile,
}

impl Target {
    pub fn named(name: &str) -> Option<Target> {
        Some(match name {
            "syntax" => Target::Syntax,
            "check" => Target::Check,
            "compile" => Target::Compile,
            _ => return None,
        })
    }

    /// Panics if something does not hold.
    pub fn run(self, text: &str) {
        match self {
            Target::Syntax => syntax_holds(text),
            Target::Check => check_holds(text, false),
            Target::Compile => check_holds(text, true),
        }
    }
}

fn syntax_holds(text: &str) {
    let parse = syntax::parse(FileId(0), text);
    let mut at = 0;
    for token in &parse.tokens {
        assert_eq!(token.lo, at, "a gap or overlap of tokens");
        assert!(token.hi > token.lo, "an empty token");
        assert!(text.is_char_boundary(token.hi as usize), "a token ends inside a character");
        at = token.hi;
    }
    assert_eq!(at as usize, text.len(), "bytes lost at the end");
    places_hold(&parse.diagnostics, |_| Some(text));
    // Walks the whole tree.
    let shape = syntax::shape(&parse, text);
    syntax::dump(&parse, text);
    if parse.has_errors() {
        assert!(syntax::format(text).is_err(), "a text with errors is formatted");
        return;
    }
    let Ok(formatted) = syntax::format(text) else { panic!("a text without errors is not formatted") };
    let again = syntax::parse(FileId(0), &formatted);
    assert!(!again.has_errors(), "formatting makes errors");
    assert!(shape == syntax::shape(&again, &formatted), "formatting changes the meaning");
    assert!(comments(&parse, text) == comments(&again, &formatted), "formatting changes comments");
    let twice = syntax::format(&formatted);
    assert!(twice.is_ok_and(|t| t == formatted), "formatting twice differs from once");
}

/// The comments in any order, since two in the middle of an expression may change places.
fn comments(parse: &Parse, text: &str) -> Vec<String> {
    let comments = parse.tokens.iter().filter(|t| t.kind.is_comment());
    let mut all: Vec<String> = comments
        .map(|t| {
            let text = text[t.lo as usize..t.hi as usize].trim_end();
            // In the middle of an expression `##` documents nothing and may become `#`.
            let text = if t.kind == TokenKind::DocComment { &text[1..] } else { text };
            text.replace("\r\n", "\n")
        })
        .collect();
    all.sort();
    all
}

fn check_holds(text: &str, compile: bool) {
    let session = session(text);
    let purpose = if compile { Purpose::Compile } else { Purpose::Report };
    let checked = check(&session, purpose);
    places_hold(&checked.diagnostics, |file| Some(&session.sources.file(file).text));
    if compile
        && !checked.has_errors()
        && checked.program.main.is_some()
        && let Err(BuildError::Failed(message)) = emit(&session, &checked, Mode::Quick, Emit::Asm)
    {
        panic!("accepted, but: {message}");
    }
}

/// As [`load`] makes it, with a standard library that is parsed once.
fn session(text: &str) -> Session {
    static STD: OnceLock<Session> = OnceLock::new();
    let std = STD.get_or_init(|| {
        let input = Input::Text { name: "std".into(), text: String::new() };
        load(&Memory::default(), &input).unwrap_or_else(|e| panic!("std does not load: {e:?}"))
    });
    let mut sources = SourceMap::default();
    for file in std.sources.ids() {
        let file = std.sources.file(file);
        sources.add(file.name.as_str(), file.text.clone());
    }
    let file = sources.add("input.altru", text);
    let parse = syntax::parse(file, text);
    let modules = vec![ModuleInput { path: vec![], file, ast: Arc::new(parse.file) }];
    let program = PackageInput { name: Name::new("main"), is_std: false, modules };
    Session {
        sources,
        packages: vec![std.packages[0].clone(), program],
        diagnostics: parse.diagnostics,
        name: "main".into(),
        root: None,
        link: Default::default(),
    }
}

fn places_hold<'a>(diagnostics: &[Diagnostic], text: impl Fn(FileId) -> Option<&'a str>) {
    for d in diagnostics {
        let fixes = d.fixes.iter().flat_map(|f| f.edits.iter().map(|e| e.0));
        for span in fixes.chain(d.secondary.iter().map(|l| l.span)).chain([d.primary.span]) {
            let text = text(span.file).unwrap_or_default();
            let (lo, hi) = (span.lo as usize, span.hi as usize);
            assert!(lo <= hi && hi <= text.len(), "{} points outside the text", d.code);
            assert!(
                text.is_char_boundary(lo) && text.is_char_boundary(hi),
                "{} points into a character",
                d.code
            );
        }
    }
}
