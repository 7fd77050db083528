//! Faults of the text itself (characters, unclosed strings and comments, mixed indentation) as
//! diagnostics, and their merging with the parser's: where a line has such a fault, what the
//! parser made of the line is not reported as well.

use base::{Applicability, Diagnostic, FileId, Span, codes};

use super::significant::MixedIndent;
use crate::lexer::{LexError, LexErrorKind};

/// All diagnostics of a file, in source order.
pub(super) fn merge(
    file: FileId,
    text: &str,
    errors: &[LexError],
    mixed: Option<MixedIndent>,
    parsed: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    // Byte ranges in which the parser's complaints are consequences, one a line.
    let mut silenced: Vec<(u32, u32)> = Vec::new();
    let (mut invalid, mut last) = (0, None);
    for error in errors {
        let is_known = silenced.last().is_some_and(|&(_, to)| error.lo <= to && !spoils_rest(error));
        if error.kind != LexErrorKind::CommentedAttribute && !is_known {
            silenced.push(line_range(text, error));
        }
        // The same character again and again is one cause.
        if let LexErrorKind::InvalidChar(_) = error.kind {
            invalid += 1;
            if last == Some(error.kind) || invalid > 20 {
                continue;
            }
            last = Some(error.kind);
        }
        // Within a string that was told of.
        if is_known && error.kind == LexErrorKind::UnterminatedString {
            continue;
        }
        all.push(diagnostic(file, text, *error));
    }
    bidirectional(file, text, &mut all);
    if let Some(mixed) = mixed {
        all.push(mixed_indent(file, mixed));
    }
    // With mixed indentation nothing can be said about blocks.
    let layout_known = all.iter().all(|d| d.code != codes::E0106);
    all.extend(parsed.into_iter().filter(|d| {
        let lo = d.primary.span.lo;
        let before = silenced.partition_point(|&(from, _)| from <= lo);
        let is_silenced = silenced[..before].last().is_some_and(|&(_, to)| lo <= to);
        (layout_known || d.code != codes::E0105) && !is_silenced
    }));
    all.sort_by_key(|d| (d.primary.span.lo, d.primary.span.hi));
    all
}

/// The lines that a fault spoils.
fn line_range(text: &str, error: &LexError) -> (u32, u32) {
    let from = text[..error.lo as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
    if spoils_rest(error) {
        return (from, text.len() as u32);
    }
    let to = text[error.hi as usize..].find('\n').map_or(text.len(), |at| error.hi as usize + at);
    (from, to as u32)
}

/// Nothing after it is what it seems.
fn spoils_rest(error: &LexError) -> bool {
    matches!(
        error.kind,
        LexErrorKind::UnterminatedTextBlock
            | LexErrorKind::UnterminatedRawString
            | LexErrorKind::UnterminatedComment
    )
}

fn diagnostic(file: FileId, text: &str, error: LexError) -> Diagnostic {
    let span = Span::new(file, error.lo, error.hi);
    let opening = |len: u32| Span { hi: (span.lo + len).min(span.hi), ..span };
    match error.kind {
        LexErrorKind::UnterminatedString => {
            if let Some((at, commented)) = open_interpolation(text, span.lo) {
                let place = Span { lo: at, hi: at + 2, ..span };
                let d = Diagnostic::error(codes::E0103, place, "this `${` is never closed");
                return match commented {
                    true => d.help("`//` and `#` begin a comment, here too; numbers are divided by `/`"),
                    false => d.help("what is put into a string ends with `}`"),
                };
            }
            Diagnostic::error(codes::E0103, opening(1), "this string does not end on its line")
                .also(span.end(), "`\"` expected before this")
                .help("a text of several lines stands between `\"\"\"` and `\"\"\"`")
        }
        LexErrorKind::UnterminatedTextBlock => {
            Diagnostic::error(codes::E0103, opening(3), "this text block is never closed")
                .help("it ends with `\"\"\"`")
        }
        LexErrorKind::UnterminatedRawString => {
            Diagnostic::error(codes::E0103, opening(3), "this raw string is never closed")
                .help("it ends with `\"#`")
        }
        LexErrorKind::UnterminatedChar => {
            Diagnostic::error(codes::E0103, span, "this `'` begins a character literal that does not end")
                .help("a character is written `'c'`, a quote `'\\''`; strings stand in double quotes")
        }
        LexErrorKind::UnterminatedComment => {
            Diagnostic::error(codes::E0104, span, "this comment is never closed")
                .help("`###` begins a comment of several lines, and another `###` ends it")
        }
        LexErrorKind::CommentedAttribute => {
            let source = &text[error.lo as usize..error.hi as usize];
            let hash = Span { hi: span.lo + 1, ..span };
            Diagnostic::warning(codes::W0101, span, "this is a comment, not an attribute").fix(
                format!("write `{}`", &source[1..]),
                hash,
                "",
                Applicability::Maybe,
            )
        }
        LexErrorKind::InvalidChar(c) => invalid_char(span, c),
    }
}

/// The `${` on the line of `lo` that has no `}`, or whose `}` stands in a comment.
fn open_interpolation(text: &str, lo: u32) -> Option<(u32, bool)> {
    let start = text[..lo as usize].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next()?;
    line.match_indices("${").find_map(|(at, _)| {
        let inner = &line[at..];
        let inner = &inner[..inner.find('}').unwrap_or(inner.len())];
        let commented = inner.contains("//") || inner.contains(" #");
        (commented || inner.len() == line.len() - at).then_some(((start + at) as u32, commented))
    })
}

fn invalid_char(span: Span, c: char) -> Diagnostic {
    let error = |message: String| Diagnostic::error(codes::E0102, span, message);
    let instead = match c {
        '“' | '”' | '„' | '«' | '»' => Some("\""),
        '‘' | '’' => Some("'"),
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' | '\u{2003}' | '\u{2002}' => Some(" "),
        '–' | '—' | '−' => Some("-"),
        '→' => Some("->"),
        '⇒' => Some("=>"),
        '≤' => Some("<="),
        '≥' => Some(">="),
        '≠' => Some("!="),
        '×' | '·' => Some("*"),
        '÷' => Some("/"),
        '；' => Some(";"),
        '，' => Some(","),
        '：' => Some(":"),
        '（' => Some("("),
        '）' => Some(")"),
        '【' | '［' => Some("["),
        '】' | '］' => Some("]"),
        '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => Some(""),
        _ => None,
    };
    match (c, instead) {
        (_, Some("")) => error(format!("an invisible character (U+{:04X}) stands here", c as u32)).fix(
            "remove it",
            span,
            "",
            Applicability::Certain,
        ),
        (_, Some(" ")) => error(format!("this space is a special one (U+{:04X})", c as u32)).fix(
            "use an ordinary space",
            span,
            " ",
            Applicability::Certain,
        ),
        (_, Some(plain)) => error(format!("`{c}` looks like `{plain}` but is another character")).fix(
            format!("write `{plain}`"),
            span,
            plain,
            Applicability::Maybe,
        ),
        ('\r', _) => error("a carriage return without a line feed stands here".into()).fix(
            "end the line",
            span,
            "\n",
            Applicability::Maybe,
        ),
        ('\\', _) => error("a `\\` stands only at the very end of a line, to continue it".into()),
        ('$', _) => {
            error("`$` means something only inside strings".into()).help("interpolation is `\"${value}\"`")
        }
        ('`', _) => error("there are no backtick strings".into())
            .help("every string interpolates: `\"${value}\"`; `\"\"\"` begins one of several lines"),
        ('\0', _) => error("a NUL character stands here; is this a text file?".into()),
        _ if c.is_control() => error(format!("a control character (U+{:04X}) stands here", c as u32)),
        _ => error(format!("the character `{c}` means nothing here")),
    }
}

/// Characters that make text show in another order than it has, anywhere in the file.
fn bidirectional(file: FileId, text: &str, all: &mut Vec<Diagnostic>) {
    let known: Vec<u32> = all.iter().map(|d| d.primary.span.lo).collect();
    // They are all three bytes long and begin with the same one.
    let candidates = text.bytes().enumerate().filter(|&(_, b)| b == 0xe2).filter_map(|(at, _)| {
        let c = text[at..].chars().next()?;
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}').then_some((at, c))
    });
    for (at, c) in candidates.take(5) {
        if known.contains(&(at as u32)) {
            continue;
        }
        let span = Span::new(file, at as u32, (at + c.len_utf8()) as u32);
        let message = format!(
            "an invisible character (U+{:04X}) makes this line read in another order than it runs",
            c as u32
        );
        all.push(
            Diagnostic::error(codes::E0102, span, message)
                .help(format!("in a string write it as `\\u{{{:x}}}`", c as u32)),
        );
    }
}

fn mixed_indent(file: FileId, mixed: MixedIndent) -> Diagnostic {
    let span = Span::new(file, mixed.lo, mixed.hi);
    match mixed.other {
        None => Diagnostic::error(codes::E0106, span, "this line is indented with tabs and spaces at once")
            .help("use four spaces a level; `altru fmt` does once the file is sound"),
        Some((lo, hi)) => {
            Diagnostic::error(codes::E0106, span, "tabs and spaces are mixed in this file's indentation")
                .label("indented one way")
                .also(Span::new(file, lo, hi), "and here the other")
        }
    }
}
