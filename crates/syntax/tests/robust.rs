//! No text breaks the front end: every byte is kept, nothing panics, hangs or overflows.

use std::path::{Path, PathBuf};

use base::FileId;
use proptest::prelude::*;

/// All programs of the repository.
fn programs() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["crates/syntax/tests", "std", "examples", "tests"].iter().map(|f| root.join(f)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|e| e.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "altru")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Parses, and checks what holds for any text.
fn check(text: &str) -> syntax::Parse {
    let parse = syntax::parse(FileId(0), text);
    let mut at = 0;
    for token in &parse.tokens {
        assert_eq!(token.lo, at, "a gap or overlap in {text:?}");
        assert!(token.hi > token.lo, "an empty token in {text:?}");
        assert!(text.is_char_boundary(token.hi as usize));
        at = token.hi;
    }
    assert_eq!(at as usize, text.len(), "bytes lost at the end of {text:?}");
    let mut last = 0;
    for d in &parse.diagnostics {
        assert!(d.primary.span.lo >= last, "diagnostics out of order in {text:?}");
        last = d.primary.span.lo;
        let fixes = d.fixes.iter().flat_map(|f| f.edits.iter().map(|e| e.0));
        for span in fixes.chain(d.secondary.iter().map(|l| l.span)).chain([d.primary.span]) {
            assert!(span.lo <= span.hi && span.hi as usize <= text.len(), "{span:?} in {text:?}");
            assert!(
                text.is_char_boundary(span.lo as usize) && text.is_char_boundary(span.hi as usize),
                "{d:?} in {text:?}"
            );
        }
    }
    // Walks the whole tree.
    syntax::dump(&parse, text);
    parse
}

#[test]
fn programs_of_the_conformance_suite_have_no_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let all = programs();
    let mut seen = 0;
    for (path, text) in
        all.iter().filter(|(path, _)| path.starts_with(&folder) || path.ends_with("tour.altru"))
    {
        seen += 1;
        let parse = check(text);
        assert!(parse.diagnostics.is_empty(), "{}: {:#?}", path.display(), parse.diagnostics);
    }
    let _ = seen;
    assert!(!all.is_empty());
}

/// A generator of pseudo-random numbers, so that runs repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

const SNIPPETS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "${",
    "'",
    ":",
    "::",
    "=>",
    "->",
    "=",
    "==",
    "|",
    "||",
    "&",
    "\n",
    "\n    ",
    "\n\t",
    "    ",
    "#",
    "##",
    "###",
    "//",
    "\\",
    "\\\n",
    ";",
    ",",
    ".",
    "..",
    "..=",
    "?",
    "@",
    "!",
    "~",
    "0x",
    "1.",
    "1e",
    "r\"",
    "r#\"",
    "b'",
    "match",
    "if ",
    "else",
    "else:",
    "fn ",
    "fn(",
    "struct ",
    "enum ",
    "impl ",
    "trait ",
    "select:",
    "scope s:",
    "for ",
    "while ",
    "let ",
    "mut ",
    "own ",
    "case ",
    "default:",
    "req ",
    "pass",
    "async ",
    "await ",
    "unsafe ",
    "\u{0}",
    "\r",
    "\r\n",
    "\u{feff}",
    "é",
    "\u{202e}",
    "“",
    "日本",
    "where ",
    "from ",
    "dyn ",
    "extern ",
    "go ",
    "defer:",
    "return ",
    "break ",
    "'a: ",
    "forall x in ",
    "old(",
    "a < b < c",
    "<",
    ">",
    "++",
    "elif x:",
    "def f(",
    "null",
];

/// A piece taken out, doubled, moved, or something thrown in.
fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + random.below(4) {
        let boundary = |t: &str, at: usize| (0..=at).rev().find(|&a| t.is_char_boundary(a)).unwrap_or(0);
        let a = boundary(&text, random.below(text.len() + 1));
        let b = boundary(&text, (a + random.below(40)).min(text.len()));
        let (a, b) = (a.min(b), a.max(b));
        match random.below(5) {
            0 => text.replace_range(a..b, ""),
            1 => {
                let piece = text[a..b].to_owned();
                text.insert_str(b, &piece);
            }
            2 => {
                let piece = text[a..b].to_owned();
                text.replace_range(a..b, "");
                let to = boundary(&text, random.below(text.len() + 1));
                text.insert_str(to, &piece);
            }
            3 => text.truncate(b),
            _ => text.insert_str(a, SNIPPETS[random.below(SNIPPETS.len())]),
        }
    }
    text
}

/// How many mutations of each program; more by `ALTRU_MUTATIONS` for a long run.
fn mutations(usual: usize) -> usize {
    std::env::var("ALTRU_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn mutated_programs_are_survived() {
    let mut random = Random(0x5eed_a17b_u64 ^ 0x9e37_79b9_7f4a_7c15);
    for (_, text) in programs() {
        check(&text);
        let rounds = mutations(60);
        for _ in 0..rounds {
            check(&mutate(&text, &mut random));
        }
        // What comes from a file read only in part.
        for _ in 0..rounds / 6 {
            let at = random.below(text.len() + 1);
            check(text.get(..at).unwrap_or(""));
            check(text.get(at..).unwrap_or(""));
        }
    }
}

#[test]
fn soups_of_tokens_are_survived() {
    let mut random = Random(77);
    for _ in 0..mutations(60) * 30 {
        let soup: String = (0..random.below(40)).map(|_| SNIPPETS[random.below(SNIPPETS.len())]).collect();
        check(&soup);
    }
}

fn codes(text: &str) -> Vec<&'static str> {
    check(text).diagnostics.iter().map(|d| d.code.0).collect()
}

#[test]
fn deep_nesting_is_refused_and_survived() {
    const N: usize = 100_000;
    for opener in [
        "(",
        "[",
        "{",
        "f(",
        "a[",
        "-",
        "not ",
        "&",
        "*",
        "!",
        "|x| ",
        "fn(): ",
        "if a: ",
        "await ",
        "\"${",
        "a + (",
        "return ",
        "match x: _ => ",
        "1..",
        "x = |y| ",
        "P{a: ",
        "loop: ",
        "'l: loop: ",
        "scope: ",
        "a implies ",
        "async fn(): ",
        "unsafe: ",
        "defer: ",
        "forall x in ",
    ] {
        let text = opener.repeat(N);
        let codes = codes(&text);
        // A string without an end on the same line hides the rest.
        let told = codes.iter().filter(|c| **c == "E0115").count() == 1 || codes == ["E0103"];
        assert!(told, "{opener}: {codes:?}");
    }
    for (start, opener) in [
        ("let x: ", "["),
        ("let x: ", "("),
        ("let x: ", "&"),
        ("let x: ", "fn("),
        ("let x: ", "A["),
        ("let x: ", "fn() -> "),
        ("let ", "("),
        ("let ", "["),
        ("let ", "A("),
        ("let ", "&"),
        ("let ", "a @ "),
        ("use ", "a::{"),
        ("", "mod a: "),
        ("", "impl A: fn f(): "),
        ("", "fn f(): "),
        ("let x = ", "A::["),
    ] {
        let text = format!("{start}{}", opener.repeat(N));
        let codes = codes(&text);
        assert!(codes.len() <= 2, "{opener}: {codes:?}");
    }
}

#[test]
fn long_chains_are_refused_and_survived() {
    const N: usize = 100_000;
    for (start, link) in [
        ("a", " + a"),
        ("a", ".b"),
        ("a", ".b()"),
        ("a", "()"),
        ("a", "[0]"),
        ("a", "?"),
        ("a", " as int"),
        ("a", " and b"),
        ("if a: b", " else if a: b"),
        ("x = a", " < a"),
    ] {
        let text = format!("{start}{}", link.repeat(N));
        assert_eq!(codes(&text).iter().filter(|c| **c == "E0115").count(), 1, "{link}");
    }
    // Paths, lists and sequences of statements are not deep.
    assert_eq!(codes(&format!("a{}", "::b".repeat(N))), [""; 0]);
    assert_eq!(codes(&format!("[{}]", "1, ".repeat(N))), [""; 0]);
    assert_eq!(codes(&"a()\n".repeat(N)), [""; 0]);
    assert_eq!(codes(&format!("a{}", " + a".repeat(200))), [""; 0]);
}

#[test]
fn deep_indentation_is_survived() {
    let text: String = (0..3000).map(|n| format!("{}if a:\n", " ".repeat(n))).collect();
    assert_eq!(codes(&text), ["E0115"]);
}

#[test]
fn depth_adds_up_across_levels() {
    // Chains on every level of nesting must not build a tree higher than the limit.
    let mut text = String::from("a");
    for _ in 0..60 {
        text = format!("({text}{})", " + a".repeat(60));
    }
    assert_eq!(codes(&text), ["E0115"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_kept(text in ".{0,200}") {
        check(&text);
    }

    #[test]
    fn any_bytes_are_kept(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_lines_are_kept(lines in prop::collection::vec("[ \t]{0,9}[a-z(){}:=\"'#.,\\[\\]|&$]{0,12}( [a-z(){}:=\"'#.,|]{0,6}){0,3}", 0..20)) {
        check(&lines.join("\n"));
    }
}

#[test]
fn many_faults_take_no_longer_than_they_should() {
    check(&format!("let a = {}", "1 $ ".repeat(300_000)));
    check(&"let a = $ )\n".repeat(100_000));
}

#[test]
fn looking_ahead_is_bounded() {
    // Each line asks what follows; none may look at all the rest.
    for line in [
        "[a]\n",
        "[a(\n",
        "[a,\n",
        "case (\n",
        "deadline (\n",
        "impl [\n",
        "x {\n",
        "if a {\n",
        "\"${a b\n",
        "f(\n",
        "a <b\n",
        "for (;\n",
        "'a 'b\n",
        "$ `\n",
        "let x = {\n",
        "[a](\n",
    ] {
        check(&line.repeat(30_000));
        check(&format!("select:\n{}", format!("    {line}").repeat(30_000)));
    }
}
