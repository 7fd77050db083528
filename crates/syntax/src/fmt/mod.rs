//! The formatter: one style, no options.
//!
//! Four spaces a level, at most 100 columns where the text allows it, one blank line around items
//! of several lines and never more than one anywhere, spaces as written here. Nothing is sorted.
//! A list with a trailing comma keeps one element a line; a chain of calls or operators that was
//! broken stays broken. Comments stay where they are.
//!
//! It works on tokens, not on the tree: the parser records where blocks and their elements begin
//! and what ambiguous tokens are, and that is all the formatter knows. So it cannot lose what
//! the tree does not keep. The one thing to know: the result is parsed again and compared
//! ([`crate::shape`]) before anybody sees it.

mod doc;
mod line;
mod lines;

use base::Diagnostic;

use crate::parser::{self, EventKind, Record, Tok};
use crate::token::Token;
use crate::{Parse, TokenKind as T};

/// The text in the one style; the errors of a text that has any.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let formatted = format_unchecked(text)?;
    // Whatever a mistake here may do, it must not change a program.
    if same_meaning(text, &formatted) { Ok(formatted) } else { Ok(text.to_owned()) }
}

/// Formats without looking at the result. For tests.
#[doc(hidden)]
pub fn format_unchecked(text: &str) -> Result<String, Vec<Diagnostic>> {
    let (mut formatted, mut unsettled) = format_once(text)?;
    // A comment in the middle of an expression may need a second step to its final place, and braces on
    // one line whose contents need several.
    for _ in 0..4 {
        if !unsettled {
            break;
        }
        let Ok((next, again)) = format_once(&formatted) else { break };
        unsettled = again && next != formatted;
        formatted = next;
    }
    Ok(formatted)
}

/// The formatted text, and whether another step may change it.
fn format_once(text: &str) -> Result<(String, bool), Vec<Diagnostic>> {
    let (parse, toks, record) = parser::parse_recorded(text);
    if parse.has_errors() {
        return Err(parse.diagnostics);
    }
    let blocks = tree(&record);
    let mut printer = Printer {
        text,
        tokens: &parse.tokens,
        toks: &toks,
        roles: &record.roles,
        out: String::with_capacity(text.len() + text.len() / 8),
        next: 0,
        unsettled: false,
        comment_at_end: false,
    };
    printer.file(&blocks);
    // Text blocks and comments of several lines get the same line ends as the rest.
    let out = if text.contains('\r') { printer.out.replace("\r\n", "\n") } else { printer.out };
    Ok((out, printer.unsettled))
}

/// Both parse to the same tree and have the same comments.
fn same_meaning(before: &str, after: &str) -> bool {
    let (a, b) = (crate::parse(Default::default(), before), crate::parse(Default::default(), after));
    !b.has_errors()
        && crate::shape(&a, before) == crate::shape(&b, after)
        && comments(&a, before) == comments(&b, after)
}

fn comments(parse: &Parse, text: &str) -> Vec<String> {
    let comments = parse.tokens.iter().filter(|t| t.kind.is_comment());
    let plain = |t: &Token| {
        let text = text[t.lo as usize..t.hi as usize].trim_end();
        // `##` in the middle of an expression, which documents nothing, may become `#`.
        let text = if t.kind == T::DocComment { &text[1..] } else { text };
        text.replace("\r\n", "\n")
    };
    let mut all: Vec<String> = comments.map(plain).collect();
    all.sort_unstable();
    all
}

/// A block's place: the tokens `start..end`, braces included.
#[derive(Debug)]
struct Block {
    style: crate::ast::BlockStyle,
    start: usize,
    end: usize,
    elements: Vec<Element>,
}

/// A statement, arm, field or item: the tokens `start..end`, and the blocks among them.
#[derive(Debug)]
struct Element {
    start: usize,
    end: usize,
    blocks: Vec<Block>,
}

/// The blocks that the parser saw, nested.
fn tree(record: &Record) -> Vec<Element> {
    let mut elements = vec![Vec::new()];
    let mut blocks: Vec<Vec<Block>> = Vec::new();
    let mut starts = Vec::new();
    let mut opens = Vec::new();
    for event in &record.events {
        match event.kind {
            EventKind::Start => {
                starts.push(event.pos);
                blocks.push(Vec::new());
            }
            EventKind::End => {
                if let (Some(start), Some(blocks), Some(list)) =
                    (starts.pop(), blocks.pop(), elements.last_mut())
                    && event.pos > start
                {
                    list.push(Element { start, end: event.pos, blocks });
                }
            }
            EventKind::Open(style) => {
                opens.push((style, event.pos));
                elements.push(Vec::new());
            }
            EventKind::Close => {
                if let (Some((style, start)), Some(elements), Some(list)) =
                    (opens.pop(), elements.pop(), blocks.last_mut())
                {
                    list.push(Block { style, start, end: event.pos, elements });
                }
            }
        }
    }
    elements.pop().unwrap_or_default()
}

/// Prints the tokens in order; `next` is the first of the full list not yet printed or dropped.
struct Printer<'a> {
    text: &'a str,
    tokens: &'a [Token],
    toks: &'a [Tok],
    roles: &'a [u8],
    out: String,
    next: usize,
    /// Another step may change the result.
    unsettled: bool,
    /// The current line ends with a comment.
    comment_at_end: bool,
}

impl<'a> Printer<'a> {
    fn kind(&self, pos: usize) -> T {
        self.toks[pos].kind
    }
}
