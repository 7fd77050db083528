//! The tokens that are not trivia, each with what the layout needs: whether it is the first of its
//! line, and how far the line is indented.

use crate::token::{Token, TokenKind as T};

/// A token that is not trivia, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Tok {
    pub kind: T,
    /// First of its line.
    pub first: bool,
    /// A `##` comment stands between it and the token before.
    pub doc: bool,
    /// Column at which its line's text begins.
    pub indent: u16,
    pub lo: u32,
    pub hi: u32,
    /// Index in the full list.
    pub index: u32,
}

/// A line indented with tabs in a file that uses blanks, or the other way round, or both.
pub(super) struct MixedIndent {
    pub lo: u32,
    pub hi: u32,
    /// An earlier line indented the other way; `None` if the line itself mixes.
    pub other: Option<(u32, u32)>,
}

const TAB_WIDTH: u32 = 4;

/// The tokens without trivia, ended by `Eof`, and the first line whose indentation does not go
/// with the rest.
pub(super) fn significant(text: &str, tokens: &[Token]) -> (Vec<Tok>, Option<MixedIndent>) {
    let bytes = text.as_bytes();
    let mut toks = Vec::with_capacity(tokens.len() * 2 / 3 + 2);
    let (mut first, mut doc, mut indent, mut line_start) = (true, false, 0u32, true);
    // The first indented line's kind of blank and place.
    let mut style: Option<(u8, (u32, u32))> = None;
    let mut mixed = None;
    // Blanks of the current line that have yet to prove that code follows them.
    let mut pending: Option<(u32, u32)> = None;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            T::Whitespace => {
                if line_start && bytes[token.lo as usize] != 0xef {
                    let blanks = &bytes[token.lo as usize..token.hi as usize];
                    indent = blanks.iter().map(|&b| if b == b'\t' { TAB_WIDTH } else { 1 }).sum();
                    pending = Some((token.lo, token.hi));
                }
                line_start = false;
            }
            T::Newline => (first, line_start, indent, pending) = (true, true, 0, None),
            T::Comment | T::Continuation | T::Unknown => line_start = false,
            T::DocComment => {
                doc |= first;
                line_start = false;
            }
            T::BlockComment => {
                first |= bytes[token.lo as usize..token.hi as usize].contains(&b'\n');
                line_start = false;
            }
            kind => {
                if let Some((lo, hi)) = pending.take()
                    && first
                    && mixed.is_none()
                {
                    let blanks = &bytes[lo as usize..hi as usize];
                    let blank = blanks[0];
                    if blanks.iter().any(|&b| b != blank) {
                        mixed = Some(MixedIndent { lo, hi, other: None });
                    } else if let Some((used, place)) = style {
                        if used != blank {
                            mixed = Some(MixedIndent { lo, hi, other: Some(place) });
                        }
                    } else {
                        style = Some((blank, (lo, hi)));
                    }
                }
                let indent = indent.min(u16::MAX as u32) as u16;
                toks.push(Tok { kind, first, doc, indent, lo: token.lo, hi: token.hi, index: index as u32 });
                (first, doc, line_start) = (false, false, false);
            }
        }
    }
    let end = text.len() as u32;
    toks.push(Tok {
        kind: T::Eof,
        first: true,
        doc,
        indent: 0,
        lo: end,
        hi: end,
        index: tokens.len() as u32,
    });
    (toks, mixed)
}
