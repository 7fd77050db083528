//! The formatter: what it makes of texts, and that it never changes what they say.

use std::path::{Path, PathBuf};

use base::FileId;
use syntax::fmt::format_unchecked;

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

fn comments(parse: &syntax::Parse, text: &str) -> Vec<String> {
    let comments = parse.tokens.iter().filter(|t| t.kind.is_comment());
    let mut all: Vec<String> = comments
        .map(|t| {
            let text = text[t.lo as usize..t.hi as usize].trim_end();
            // In the middle of an expression `##` documents nothing and may become `#`.
            if t.kind == syntax::TokenKind::DocComment { text[1..].to_owned() } else { text.to_owned() }
        })
        .collect();
    // Two in the middle of one expression may change places.
    all.sort();
    all
}

/// Formats and checks that the result means the same and is a fixed point.
fn check(text: &str, place: &str) -> Option<String> {
    let parse = syntax::parse(FileId(0), text);
    if parse.has_errors() {
        assert!(syntax::format(text).is_err());
        return None;
    }
    let formatted = format_unchecked(text).expect("a text without errors");
    let again = syntax::parse(FileId(0), &formatted);
    assert!(
        !again.has_errors(),
        "{place}: broken by formatting:\n{text}\n----\n{formatted}\n----\n{:#?}",
        again.diagnostics
    );
    assert_eq!(
        syntax::shape(&parse, text),
        syntax::shape(&again, &formatted),
        "{place}: meaning changed:\n{text}\n----\n{formatted}"
    );
    assert_eq!(
        comments(&parse, text),
        comments(&again, &formatted),
        "{place}: comments changed:\n{text}\n----\n{formatted}"
    );
    let twice = format_unchecked(&formatted).expect("a formatted text without errors");
    assert_eq!(formatted, twice, "{place}: not a fixed point; from\n{text}\n----");
    Some(formatted)
}

#[test]
fn programs_keep_their_meaning() {
    for (path, text) in programs() {
        check(&text, &path.display().to_string());
    }
}

#[test]
fn the_library_and_the_examples_are_in_style() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for (path, text) in programs() {
        if path.starts_with(root.join("std/src")) || path.starts_with(root.join("examples")) {
            seen += 1;
            assert!(
                syntax::format(&text).is_ok_and(|formatted| formatted == text),
                "not as `altru fmt` writes it: {}",
                path.display()
            );
        }
    }
    assert!(seen > 60, "only {seen} files");
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

const INSERTS: &[&str] = &[
    "\n",
    "\n\n\n",
    " ",
    "    ",
    " # note\n",
    "\n# note\n",
    "## doc\n",
    " ### a ### ",
    "\n### a\nb ###\n",
    "\\\n",
    "// c\n",
    "\n        # deep\n",
    ",",
    "x",
    "(",
    ")",
    "a_rather_long_name_that_makes_lines_overflow_and_break_in_various_places",
];

#[test]
fn disturbed_programs_keep_their_meaning() {
    let rounds = std::env::var("ALTRU_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for (path, text) in programs() {
        // Small pieces, so that an error elsewhere does not hide them.
        let pieces: Vec<&str> = text.split("\n\n").collect();
        for _ in 0..rounds {
            let from = random.below(pieces.len());
            let to = (from + 1 + random.below(4)).min(pieces.len());
            let mut piece = pieces[from..to].join("\n\n");
            for _ in 0..1 + random.below(3) {
                let at = (0..=random.below(piece.len() + 1))
                    .rev()
                    .find(|&a| piece.is_char_boundary(a))
                    .unwrap_or(0);
                // Mostly where something may stand: at a blank or line end.
                let at = piece[at..].find([' ', '\n', '(', ',']).map_or(at, |n| at + n);
                piece.insert_str(at, INSERTS[random.below(INSERTS.len())]);
            }
            check(&piece, &path.display().to_string());
        }
    }
}

#[test]
fn deep_texts_take_no_longer_than_they_should() {
    let text = format!("let x = {}1{}\n", "a.b().c(".repeat(80), ")".repeat(80));
    check(&text, "calls");
    let text = format!("let x = {}1{}\n", "a + f([".repeat(60), "])".repeat(60));
    check(&text, "lists");
    let text = format!("{}x\n", "if a: ".repeat(60));
    check(&text, "inline blocks");
}

#[track_caller]
fn formats(text: &str, to: &str) {
    assert_eq!(check(text, "here").expect("a text without errors"), to);
}

#[test]
fn spaces_and_lines() {
    formats("let  x=1+2*-3", "let x = 1 + 2 * -3\n");
    formats(
        "fn f ( a:int,b : mut [ T ] )->int :\n  return a",
        "fn f(a: int, b: mut [T]) -> int:\n    return a\n",
    );
    formats("let a=xs [ 1 .. 3 ] . len ( )\nlet b=a as f64", "let a = xs[1..3].len()\nlet b = a as f64\n");
    formats("let f=| x,y |x+y\nlet g=||1", "let f = |x, y| x + y\nlet g = || 1\n");
    formats("\n\n\na()\n\n\n\nb()\n\n", "a()\n\nb()\n");
    formats("fn a(): x()\nfn b():\n  y()\nfn c(): z()", "fn a(): x()\n\nfn b():\n    y()\n\nfn c(): z()\n");
    formats("if a: b()\nelse: c()", "if a: b()\nelse: c()\n");
    formats("{ a(); b() }", "{\n    a()\n    b()\n}\n");
    formats("let x = { a }", "let x = { a }\n");
    formats("match x:\n  1=>2,\n  _=>3,", "match x:\n    1 => 2\n    _ => 3\n");
    formats("enum E: A,B", "enum E: A, B\n");
    formats("use a::{b,c as d,*}", "use a::{b, c as d, *}\n");
    formats("[ test ]\nfn f(): a()", "[test]\nfn f(): a()\n");
    formats("for n in (1.. ==w): a()", "for n in (1.. == w): a()\n");
    formats("let s = \"a ${ b  :>3} c\"", "let s = \"a ${ b  :>3} c\"\n");
    formats("", "");
    formats("# only\n", "# only\n");
    formats("fn f():\r\n\tif a:\r\n\t\tb()\r\n", "fn f():\n    if a:\n        b()\n");
    let windows = "let s = \"\"\"\r\n    a\r\n    \"\"\"\r\n### x\r\ny ###\r\n";
    assert_eq!(syntax::format(windows).expect("no errors"), windows.replace('\r', ""));
}

#[test]
fn long_lines() {
    formats(
        "let result = compute_something(first_argument, second_argument, third_argument, fourth_argument, x)",
        "let result = compute_something(first_argument, second_argument, third_argument, fourth_argument, x)\n",
    );
    formats(
        "let result = compute_something(first_argument, second_argument, third_argument, fourth_argument, xyz)",
        "let result = compute_something(\n    first_argument,\n    second_argument,\n    third_argument,\n    fourth_argument,\n    xyz,\n)\n",
    );
    formats(
        "if first_condition_holds(a) and second_condition_holds(b) and third_condition_holds(c) and fourth_one(d):\n    x()",
        "if first_condition_holds(a) and\n        second_condition_holds(b) and\n        third_condition_holds(c) and\n        fourth_one(d):\n    x()\n",
    );
    formats(
        "let total = numbers.iter().filter(|n| n.is_interesting_enough()).map(|n| n.value() * 2).take(100).sum()",
        "let total = numbers\n    .iter()\n    .filter(|n| n.is_interesting_enough())\n    .map(|n| n.value() * 2)\n    .take(100)\n    .sum()\n",
    );
    formats("let a = [\n    1,\n    2,\n]", "let a = [\n    1,\n    2,\n]\n");
    formats("let a = [\n    1,\n    2\n]", "let a = [1, 2]\n");
}

/// What gives way first where a line is too long.
#[test]
fn the_right_brackets_break() {
    formats(
        "match result:\n    Some(text) => \"a text that is a good deal longer than what is left of the line, so that nothing helps\"",
        "match result:\n    Some(text) => \"a text that is a good deal longer than what is left of the line, so that nothing helps\"\n",
    );
    formats(
        "match result:\n    Some(first) | Other(first) => do_something_with(first, and_with_another_value, and_with_one_more_of_them)",
        "match result:\n    Some(first) | Other(first) => do_something_with(\n        first,\n        and_with_another_value,\n        and_with_one_more_of_them,\n    )\n",
    );
    formats(
        "impl[Item: view, Inner: view + Iterator, F: view + mut fn(own Inner::Item) -> Item] Iterator for Mapped[Inner, F]:\n    type Item = Item",
        "impl[\n    Item: view,\n    Inner: view + Iterator,\n    F: view + mut fn(own Inner::Item) -> Item,\n] Iterator for Mapped[Inner, F]:\n    type Item = Item\n",
    );
    formats(
        "let room = pointers_of_some_kind::cast_from_this_to_that[[u64; STACK_WORDS], T](the_address_of(mut words))",
        "let room = pointers_of_some_kind::cast_from_this_to_that[[u64; STACK_WORDS], T](\n    the_address_of(mut words),\n)\n",
    );
    formats(
        "let room = pointers_of_some_kind::cast_from_this_to_that(Some(Pair{first: 1234567890, second: 1234567890}))",
        "let room = pointers_of_some_kind::cast_from_this_to_that(Some(Pair{\n    first: 1234567890,\n    second: 1234567890,\n}))\n",
    );
}

#[test]
fn comments_stay() {
    formats("a()   # one\n# two\nb()", "a()  # one\n# two\nb()\n");
    formats(
        "if a:  # why\n  # inner\n  b()\n  # end\n# outer\nc()",
        "if a:  # why\n    # inner\n    b()\n    # end\n# outer\nc()\n",
    );
    formats("f(a, # first\n  b) # last", "f(\n    a,  # first\n    b,\n)  # last\n");
    formats("let x = [\n  # one\n  1,\n  # end\n]", "let x = [\n    # one\n    1,\n    # end\n]\n");
    formats("xs\n  # first\n  .a()\n  .b() # second\n", "xs\n    # first\n    .a()\n    .b()  # second\n");
    formats(
        "match x:\n  1 => a, # one\n  # two\n  2 => b",
        "match x:\n    1 => a  # one\n    # two\n    2 => b\n",
    );
    formats("f(### here ### 1)", "f(### here ### 1)\n");
}

/// Braces on one line whose contents need several lines get lines of their own at once.
#[test]
fn braces_settle_in_one_run() {
    let long =
        "a_function_with_a_long_name(another_one_that_has_a_long_name(1), 2, { (3, 4,) }, { [5, 6, 7] })";
    for text in [
        "let t = { (1, 2,) }\n".to_owned(),
        format!("let t = {{ {{ {long} }} }}\n"),
        format!("f({{ {long} }})\n"),
    ] {
        let once = syntax::format(&text).expect("no errors");
        assert_eq!(syntax::format(&once).expect("no errors"), once);
    }
}
