//! Changes to programs, most of them along the structure of the text: tokens, bracketed groups,
//! lines with what is indented below them, and pieces of other programs.

use base::FileId;
use syntax::{Token, TokenKind};

use crate::Random;

/// The input of a seed.
pub fn input(corpus: &[String], seed: u64) -> String {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut text = base_program(corpus, random);
    let rounds = 1 + random.below(6);
    for _ in 0..rounds {
        text = once(corpus, &text, random);
        if text.len() > LARGEST {
            break;
        }
    }
    text
}

/// Larger texts are not changed further.
const LARGEST: usize = 200_000;

fn base_program(corpus: &[String], random: &mut Random) -> String {
    let text = random.pick(corpus).cloned().unwrap_or_default();
    // A piece of a large program: its errors hide less.
    let items: Vec<&str> = text.split("\n\n").collect();
    if items.len() < 8 || random.one_in(8) {
        return text;
    }
    let from = random.below(items.len());
    let to = (from + 1 + random.below(12)).min(items.len());
    items[from..to].join("\n\n") + "\n"
}

fn once(corpus: &[String], text: &str, random: &mut Random) -> String {
    match random.below(40) {
        0..=23 => tokens(corpus, text, random),
        24..=32 => lines(corpus, text, random),
        33..=35 => bytes(text, random),
        36 => {
            // Both halves of two programs.
            let other = base_program(corpus, random);
            let (a, b) = (line_start(text, random), line_start(&other, random));
            format!("{}{}", &text[..a], &other[b..])
        }
        37 => nest(text, random),
        38 => repeat(text, random),
        _ => format!("{text}\n{}", base_program(corpus, random)),
    }
}

fn scan(text: &str) -> Vec<Token> {
    let parse = syntax::parse(FileId(0), text);
    parse.tokens.into_iter().filter(|t| !matches!(t.kind, TokenKind::Whitespace)).collect()
}

fn of<'a>(text: &'a str, token: &Token) -> &'a str {
    &text[token.lo as usize..token.hi as usize]
}

/// Where the group of the token at `at` ends: a bracket goes to its partner, a word takes the
/// calls and fields behind it along. Mostly that is an expression, a type or a pattern.
fn group(tokens: &[Token], at: usize) -> usize {
    let closed = |mut i: usize| {
        let mut depth = 0usize;
        while i < tokens.len() {
            if tokens[i].kind.is_open() {
                depth += 1;
            } else if tokens[i].kind.is_close() && tokens[i].kind != TokenKind::StrMid {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i;
                }
            }
            i += 1;
        }
        tokens.len() - 1
    };
    let mut end = if tokens[at].kind.is_open() { closed(at) } else { at };
    while let Some(next) = tokens.get(end + 1) {
        let touches = next.lo == tokens[end].hi;
        if touches && next.kind.is_open() {
            end = closed(end + 1);
        } else if touches
            && matches!(next.kind, TokenKind::Dot | TokenKind::ColonColon)
            && end + 2 < tokens.len()
        {
            end += 2;
        } else {
            break;
        }
    }
    end
}

/// A group of a program.
fn piece(text: &str, random: &mut Random) -> String {
    let tokens = scan(text);
    if tokens.is_empty() {
        return String::new();
    }
    let at = random.below(tokens.len());
    let end = group(&tokens, at);
    text[tokens[at].lo as usize..tokens[end].hi as usize].to_string()
}

fn tokens(corpus: &[String], text: &str, random: &mut Random) -> String {
    let tokens = scan(text);
    if tokens.is_empty() {
        return piece(&base_program(corpus, random), random);
    }
    let at = random.below(tokens.len());
    let token = tokens[at];
    let (lo, hi) = (token.lo as usize, token.hi as usize);
    let replace = |lo: usize, hi: usize, by: &str| format!("{}{by}{}", &text[..lo], &text[hi..]);
    match random.below(14) {
        0 => replace(lo, hi, ""),
        1 => replace(hi, hi, of(text, &token)),
        2 => {
            let other = tokens[random.below(tokens.len())];
            let (a, b) = if other.lo < token.lo { (other, token) } else { (token, other) };
            if a == b {
                return text.to_string();
            }
            let between = &text[a.hi as usize..b.lo as usize];
            let swapped = format!("{}{between}{}", of(text, &b), of(text, &a));
            replace(a.lo as usize, b.hi as usize, &swapped)
        }
        3 | 4 => {
            // Another token of the same kind: names for names, numbers for numbers.
            let same: Vec<&Token> = tokens.iter().filter(|t| t.kind == token.kind).collect();
            random.pick(&same).map_or(text.to_string(), |t| replace(lo, hi, of(text, t)))
        }
        5 => {
            let other = base_program(corpus, random);
            let same: Vec<Token> = scan(&other).into_iter().filter(|t| t.kind == token.kind).collect();
            random.pick(&same).map_or(text.to_string(), |t| replace(lo, hi, of(&other, t)))
        }
        6 => replace(lo, hi, WORDS[random.below(WORDS.len())]),
        7 => replace(hi, hi, WORDS[random.below(WORDS.len())]),
        8 | 9 => {
            let end = group(&tokens, at);
            replace(lo, tokens[end].hi as usize, &piece(text, random))
        }
        10 | 11 => {
            let end = group(&tokens, at);
            replace(lo, tokens[end].hi as usize, &piece(&base_program(corpus, random), random))
        }
        12 => {
            let end = group(&tokens, at);
            replace(lo, tokens[end].hi as usize, "")
        }
        _ => {
            let end = tokens[group(&tokens, at)].hi as usize;
            let inner = &text[lo..end];
            let around = AROUND[random.below(AROUND.len())];
            replace(lo, end, &around.replace('$', inner))
        }
    }
}

/// A line and what is indented deeper below it, as byte places.
fn block(text: &str, random: &mut Random) -> (usize, usize) {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
    let indent = |start: usize| {
        let line = text[start..].lines().next().unwrap_or("");
        if line.trim().is_empty() { usize::MAX } else { line.len() - line.trim_start().len() }
    };
    let first = random.below(starts.len());
    let mut last = first + 1;
    while last < starts.len() && indent(starts[last]) > indent(starts[first]) {
        last += 1;
    }
    (starts[first], starts.get(last).copied().unwrap_or(text.len()))
}

fn lines(corpus: &[String], text: &str, random: &mut Random) -> String {
    let (lo, hi) = block(text, random);
    let target = line_start(text, random);
    match random.below(6) {
        0 => format!("{}{}", &text[..lo], &text[hi..]),
        1 => format!("{}{}{}", &text[..hi], &text[lo..hi], &text[hi..]),
        2 => format!("{}{}{}", &text[..target], &text[lo..hi], &text[target..]),
        3 => {
            // Deeper or less deep.
            let moved: String = text[lo..hi]
                .lines()
                .map(|l| match random.below(2) {
                    0 => format!("    {l}\n"),
                    _ => format!("{}\n", l.strip_prefix("    ").unwrap_or(l)),
                })
                .collect();
            format!("{}{moved}{}", &text[..lo], &text[hi..])
        }
        _ => {
            let other = base_program(corpus, random);
            let (a, b) = block(&other, random);
            format!("{}{}{}", &text[..target], &other[a..b], &text[target..])
        }
    }
}

fn line_start(text: &str, random: &mut Random) -> usize {
    let at = boundary(text, random.below(text.len() + 1));
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn bytes(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(4) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 => bytes.truncate(at),
            _ => bytes.insert(at, random.below(256) as u8),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Wraps a group many times.
fn nest(text: &str, random: &mut Random) -> String {
    let tokens = scan(text);
    if tokens.is_empty() {
        return text.to_string();
    }
    let at = random.below(tokens.len());
    let (lo, hi) = (tokens[at].lo as usize, tokens[group(&tokens, at)].hi as usize);
    let around = AROUND[random.below(AROUND.len())];
    let (before, after) = around.split_once('$').unwrap_or((around, ""));
    let depth = [3, 20, 60, 150, 2000][random.below(5)];
    format!("{}{}{}{}{}", &text[..lo], before.repeat(depth), &text[lo..hi], after.repeat(depth), &text[hi..])
}

/// One line or token, very often.
fn repeat(text: &str, random: &mut Random) -> String {
    let times = [10, 100, 1000][random.below(3)];
    let (lo, hi) = if random.one_in(2) {
        block(text, random)
    } else {
        let tokens = scan(text);
        let Some(token) = random.pick(&tokens) else { return text.to_string() };
        (token.lo as usize, token.hi as usize)
    };
    let piece = &text[lo..hi.min(lo + boundary(&text[lo..], 2000.min(text.len() - lo)))];
    format!("{}{}{}", &text[..lo], piece.repeat(times), &text[hi..])
}

/// What `$` may stand in.
const AROUND: &[&str] = &[
    "($)",
    "[$]",
    "f($)",
    "&$",
    "&mut $",
    "*$",
    "-$",
    "not $",
    "$?",
    "Some($)",
    "Ok($)",
    "Box::new($)",
    "$.clone()",
    "$[0]",
    "$[1..]",
    "{ $ }",
    "Option[$]",
    "Box[$]",
    "[$; 4]",
    "(($), 1)",
    "|x| $",
    "(|| $)()",
    "if true: $ else: 1",
    "match $: _ => $",
    "$ as int",
    "$ as u8",
    "\"${$}\"",
    "$ + 1",
    "$..$",
    "dyn fn($)",
    "fn() -> $",
    "$.0",
    "$.x",
    "$()",
    "own $",
    "mut $",
    "$ == $",
    "old($)",
    "forall i in 0..2: $",
    "Map[string, $]",
    "$.iter().map(|x| x)",
    "return $",
    "thread::spawn(fn(): $)",
    "let z = $",
    "$, $",
    "$.await",
    "move $",
    "$ implies $",
];

const WORDS: &[&str] = &[
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
    "<",
    ">",
    "++",
    "elif x:",
    "def f(",
    "null",
    "self",
    "Self",
    "view",
    "int",
    "string",
    "u8",
    "f64",
    "()",
    "_",
    "inv ",
    "ens ",
    "T",
    "-1",
    "18446744073709551615",
    "9223372036854775808",
    "1e999",
    "[test]",
    "[derive(Clone, Copy, Eq, Ord, Hash, Debug, Default)]",
    "impl Drop for ",
    "impl Copy for ",
    "const N: int",
    "static ",
    "type ",
    "use package::",
    "use std::",
    "mod m:",
    "actor A:",
    "true",
    "None",
    "Some",
    "Ok",
    "Err",
    "static",
];
