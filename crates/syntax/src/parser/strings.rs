//! String literals: escapes, interpolation, format specifications, text blocks.
//!
//! A text block `"""…"""` whose content begins on a line of its own loses the indentation that
//! its lines have in common (the closing `"""` counts, if alone on its line), the line end after
//! the opening quotes, and the one before closing quotes that stand alone.

use base::{Applicability, Diagnostic, Span, codes};

use super::Parser;
use crate::ast::*;
use crate::token::TokenKind as T;

/// A stretch of a string's text, without quotes.
#[derive(Clone, Copy)]
struct Piece {
    lo: u32,
    hi: u32,
}

impl Parser<'_> {
    /// The string at the current token, interpolated or not.
    pub(super) fn string_expr(&mut self) -> Expr {
        let Some(outer) = self.enter() else { return self.error_expr() };
        let expr = self.string_inner();
        self.leave(outer);
        expr
    }

    fn string_inner(&mut self) -> Expr {
        let tok = self.tok();
        let lo = tok.lo;
        let text = self.text_of(tok);
        if text.starts_with('r') {
            self.bump();
            let inner = text.trim_start_matches('r');
            let value = match inner.strip_prefix('#') {
                Some(inner) => inner.strip_prefix('"').map(|i| i.strip_suffix("\"#").unwrap_or(i)),
                None => inner.strip_prefix('"').map(|i| i.strip_suffix('"').unwrap_or(i)),
            };
            let value = value.unwrap_or("").replace("\r\n", "\n");
            return self.spanned(lo, ExprKind::Literal(Literal::Str(value.into())));
        }
        let quotes = if text.starts_with("\"\"\"") { 3 } else { 1 };
        let triple = quotes == 3;
        let opener = Span { hi: lo + quotes, ..self.tok_span(tok) };
        if tok.kind == T::Str {
            self.bump();
            let piece = Piece { lo: lo + quotes, hi: end_of_text(text, quotes, tok.hi, true) };
            let value = self.cook_all(&[piece], triple).pop().unwrap_or_default();
            return self.spanned(lo, ExprKind::Literal(Literal::Str(value.into())));
        }
        let mut pieces = vec![Piece { lo: lo + quotes, hi: tok.hi - 2 }];
        let mut values = Vec::new();
        loop {
            let outer = self.enter_brackets();
            self.bump();
            let value = self.expr();
            if !matches!(self.cur, T::StrMid | T::StrEnd) && !self.skip_to_string(opener) {
                self.layout = outer;
                self.refresh();
                values.push((value, None));
                break;
            }
            let tok = self.tok();
            let text = self.text_of(tok);
            let brace = match text.starts_with(':') {
                true => crate::lexer::scan_spec(self.text, tok.lo as usize + 1).unwrap_or(tok.lo as usize),
                false => tok.lo as usize,
            } as u32;
            let spec = (brace > tok.lo).then(|| self.format_spec(tok.lo + 1, brace));
            values.push((value, spec));
            self.layout = outer;
            if tok.kind == T::StrEnd {
                let head = (brace - tok.lo + 1) as usize;
                let hi = end_of_text(&text[head..], quotes, tok.hi, false);
                pieces.push(Piece { lo: brace + 1, hi });
                self.bump();
                break;
            }
            pieces.push(Piece { lo: brace + 1, hi: tok.hi - 2 });
        }
        let mut parts = Vec::with_capacity(pieces.len() + values.len());
        let mut values = values.into_iter();
        for text in self.cook_all(&pieces, triple) {
            if !text.is_empty() {
                parts.push(StrPart::Text(text.into()));
            }
            if let Some((value, spec)) = values.next() {
                parts.push(StrPart::Expr { value, spec });
            }
        }
        self.spanned(lo, ExprKind::Interpolated(parts))
    }

    /// After an interpolated expression that is not followed by the string: reports that and
    /// goes to where the string goes on; false if it does not.
    fn skip_to_string(&mut self, opener: Span) -> bool {
        let one_line = opener.len() == 1;
        let mut depth = 0u32;
        let mut found = None;
        for at in self.pos..self.toks.len() {
            let tok = self.toks[at];
            match tok.kind {
                T::Eof => break,
                _ if one_line && tok.first && at > self.pos => break,
                T::StrStart => depth += 1,
                T::StrMid | T::StrEnd if depth == 0 => {
                    found = Some(at);
                    break;
                }
                T::StrEnd => depth -= 1,
                _ => {}
            }
        }
        let Some(at) = found else {
            // The string has no end, which is reported already.
            self.errors += 1;
            return false;
        };
        if self.at(T::Colon) {
            let spec = Span::new(self.file, self.lo() + 1, self.toks[at].lo);
            let text = self.text[spec.lo as usize..spec.hi as usize].trim();
            let d = Diagnostic::error(codes::E0116, spec, format!("`{text}` is not a format"))
                .note("a format is `[[fill]align][+][#][0][width][.precision][kind]`, such as `>8`, `08.3`, `x` or `?`");
            let d = match text {
                "s" | "d" | "v" | "f" => d.help(format!("leave out the `{text}`")),
                _ => d,
            };
            self.report(d);
        } else {
            self.expected("`}`");
        }
        self.prev_hi = self.toks[at - 1].hi;
        self.pos = at;
        self.reveal();
        true
    }

    /// The specification in `lo..hi`, which [`scan_spec`](crate::lexer::scan_spec) found sound.
    fn format_spec(&mut self, lo: u32, hi: u32) -> FormatSpec {
        let span = Span::new(self.file, lo, hi);
        let mut spec = FormatSpec { span, ..FormatSpec::default() };
        let align = |c: char| match c {
            '<' => Some(Align::Left),
            '^' => Some(Align::Center),
            '>' => Some(Align::Right),
            _ => None,
        };
        let mut rest = &self.text[lo as usize..hi as usize];
        let mut chars = rest.chars();
        let (first, second) = (chars.next(), chars.next());
        if let (Some(fill), Some(align)) = (first, second.and_then(align)) {
            (spec.fill, spec.align) = (Some(fill), Some(align));
            rest = &rest[fill.len_utf8() + 1..];
        } else if let Some(align) = first.and_then(align) {
            spec.align = Some(align);
            rest = &rest[1..];
        }
        let mut flag = |c: char| match rest.strip_prefix(c) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        spec.plus = flag('+');
        spec.alternate = flag('#');
        spec.zero = flag('0');
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (width, mut rest) = rest.split_at(digits);
        spec.width = self.spec_number(width, span);
        if let Some(after) = rest.strip_prefix('.') {
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            spec.precision = self.spec_number(&after[..digits], span);
            rest = &after[digits..];
        }
        spec.kind = match rest {
            "?" => FormatKind::Debug,
            "x" => FormatKind::LowerHex,
            "X" => FormatKind::UpperHex,
            "b" => FormatKind::Binary,
            "o" => FormatKind::Octal,
            "e" => FormatKind::Exp,
            _ => FormatKind::Display,
        };
        spec
    }

    fn spec_number(&mut self, digits: &str, span: Span) -> Option<u32> {
        const MOST: u32 = 65_535;
        if digits.is_empty() {
            return None;
        }
        match digits.parse::<u32>() {
            Ok(n) if n <= MOST => Some(n),
            _ => {
                let d = Diagnostic::error(
                    codes::E0116,
                    span,
                    format!("the width or precision {digits} is too large"),
                )
                .help(format!("the largest is {MOST}"));
                self.report_slip(d);
                None
            }
        }
    }

    // -------------------------------------------------------- text

    /// The texts of a string's pieces, escapes replaced and indentation taken off.
    fn cook_all(&mut self, pieces: &[Piece], triple: bool) -> Vec<String> {
        let raw = |p: &Piece| &self.text[p.lo as usize..p.hi.max(p.lo) as usize];
        let first = pieces.first().map(raw).unwrap_or("");
        let opening = first.find('\n').filter(|&at| first[..at].trim().is_empty());
        let Some(opening) = opening.filter(|_| triple) else {
            return pieces.iter().map(|&p| self.cook(p, None, false)).collect();
        };
        let mut pieces = pieces.to_vec();
        pieces[0].lo += opening as u32 + 1;
        let indent = self.common_indent(&pieces);
        // The line of closing quotes that stand alone is not part of the text.
        if let Some(last) = pieces.last_mut() {
            let raw = &self.text[last.lo as usize..last.hi.max(last.lo) as usize];
            let kept = raw.trim_end_matches([' ', '\t']);
            if let Some(kept) = kept.strip_suffix('\n') {
                last.hi = last.lo + kept.strip_suffix('\r').unwrap_or(kept).len() as u32;
            } else if kept.is_empty() && last.lo == first_line_start(self.text, last.lo) {
                last.hi = last.lo;
            }
        }
        pieces.iter().enumerate().map(|(i, &p)| self.cook(p, Some(indent), i == 0)).collect()
    }

    /// The fewest blanks that a line of the block begins with; blank lines do not count, except
    /// the last.
    fn common_indent(&self, pieces: &[Piece]) -> usize {
        let mut least = usize::MAX;
        for (i, piece) in pieces.iter().enumerate() {
            let raw = &self.text[piece.lo as usize..piece.hi.max(piece.lo) as usize];
            let mut lines = raw.split('\n').enumerate().peekable();
            while let Some((n, line)) = lines.next() {
                if n == 0 && i > 0 {
                    continue;
                }
                let ends_piece = lines.peek().is_none();
                let blanks = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
                let blank = line.trim_end_matches('\r').len() == blanks;
                if !blank || ends_piece {
                    least = least.min(blanks);
                }
            }
        }
        if least == usize::MAX { 0 } else { least }
    }

    /// One piece's text; `indent` blanks are taken off the start of its lines.
    fn cook(&mut self, piece: Piece, indent: Option<usize>, line_start: bool) -> String {
        let text: &str = self.text;
        let raw = &text[piece.lo as usize..piece.hi.max(piece.lo) as usize];
        if !raw.contains('\\') && indent.is_none() && !raw.contains('\r') {
            return raw.to_owned();
        }
        let mut out = String::with_capacity(raw.len());
        let bytes = raw.as_bytes();
        let mut at = 0;
        let skip = |from: usize| {
            let most = indent.unwrap_or(0);
            bytes[from..].iter().take(most).take_while(|b| matches!(b, b' ' | b'\t')).count()
        };
        if line_start {
            at = skip(0);
        }
        while at < bytes.len() {
            match bytes[at] {
                b'\n' => {
                    out.push('\n');
                    at += 1 + skip(at + 1);
                }
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => at += 1,
                b'\\' => match self.unescape_at(raw, at, piece.lo, false, true, &mut out) {
                    Some(next) => at = next,
                    None => at += 1,
                },
                _ => {
                    let rest = &raw[at..];
                    let end = rest.find(['\n', '\r', '\\']).filter(|&e| e > 0);
                    let end = end.unwrap_or_else(|| if rest.starts_with('\r') { 1 } else { rest.len() });
                    out.push_str(&rest[..end]);
                    at += end;
                }
            }
        }
        out
    }

    /// Replaces the escape at `raw[at]`; gives where the text goes on, or `None` after an error.
    /// `base` is where `raw` begins in the file.
    pub(super) fn unescape_at(
        &mut self,
        raw: &str,
        at: usize,
        base: u32,
        byte: bool,
        joins_lines: bool,
        out: &mut String,
    ) -> Option<usize> {
        let mut chars = raw[at + 1..].chars();
        let after = at + 2;
        let Some(c) = chars.next() else {
            return Some(at + 1);
        };
        let plain = match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            '\\' | '"' | '\'' | '$' => c,
            'x' => {
                let digits = raw.get(after..after + 2).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                let value = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
                match value {
                    Some(value) if value < 128 || byte => {
                        out.push(value.into());
                        return Some(after + 2);
                    }
                    Some(value) => {
                        let title = format!("write `\\u{{{value:x}}}`");
                        let span = self.span_in(base, at, after + 2);
                        let d = Diagnostic::error(codes::E0108, span, "in text `\\x` goes up to `\\x7f`")
                            .fix(title, span, format!("\\u{{{value:x}}}"), Applicability::Maybe);
                        self.report_slip(d);
                        return Some(after + 2);
                    }
                    None => {
                        self.bad_escape(base, at, after, "`\\x` takes two hexadecimal digits, as in `\\x1b`");
                        return None;
                    }
                }
            }
            'u' => {
                let inner = raw[after..].strip_prefix('{').and_then(|r| r.find('}').map(|end| &r[..end]));
                let Some(digits) = inner else {
                    self.bad_escape(
                        base,
                        at,
                        after,
                        "a character's number stands in braces, as in `\\u{e9}`",
                    );
                    return None;
                };
                let end = after + digits.len() + 2;
                let value = u32::from_str_radix(&digits.replace('_', ""), 16).ok();
                match value.and_then(char::from_u32) {
                    Some(c) => {
                        out.push(c);
                        return Some(end);
                    }
                    None => {
                        let message = format!("`{digits}` is not the number of a character");
                        self.bad_escape(base, at, end, &message);
                        return Some(end);
                    }
                }
            }
            '\n' | '\r' if joins_lines => {
                let rest = &raw[at + 1..];
                let line = rest.trim_start_matches('\r');
                let line = line.strip_prefix('\n').unwrap_or(line);
                let next = line.trim_start_matches([' ', '\t']);
                return Some(raw.len() - next.len());
            }
            _ => {
                let end = at + 1 + c.len_utf8();
                let span = self.span_in(base, at, end);
                let d = Diagnostic::error(codes::E0108, span, format!("`\\{c}` is not an escape"));
                let d = match c {
                    'e' => d.fix("write `\\u{1b}`", span, "\\u{1b}", Applicability::Certain),
                    'a' | 'b' | 'f' | 'v' => {
                        let number = match c {
                            'a' => "7",
                            'b' => "8",
                            'f' => "c",
                            _ => "b",
                        };
                        let text = format!("\\u{{{number}}}");
                        d.fix(format!("write `{text}`"), span, text, Applicability::Maybe)
                    }
                    '{' | '}' => d.fix(format!("write `{c}`"), span, c.to_string(), Applicability::Certain),
                    _ => d.fix("write a backslash as `\\\\`", span, format!("\\\\{c}"), Applicability::Maybe),
                };
                self.report_slip(d);
                out.push(c);
                return Some(end);
            }
        };
        out.push(plain);
        Some(after)
    }

    fn span_in(&self, base: u32, lo: usize, hi: usize) -> Span {
        Span::new(self.file, base + lo as u32, base + hi as u32)
    }

    fn bad_escape(&mut self, base: u32, lo: usize, hi: usize, message: &str) {
        let d = Diagnostic::error(codes::E0108, self.span_in(base, lo, hi), message);
        self.report_slip(d);
    }
}

/// Where the text of a string's last token ends, whose quotes may be missing.
fn end_of_text(text: &str, quotes: u32, hi: u32, with_opening: bool) -> u32 {
    let inner = if with_opening { &text[quotes as usize..] } else { text };
    let closed = if quotes == 3 { inner.ends_with("\"\"\"") } else { inner.ends_with('"') };
    // `"abc\"` at a line's end is not closed, its last quote being escaped.
    let escaped = inner.trim_end_matches('"').bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1;
    let only_escaped = quotes == 1 && escaped && inner.ends_with("\\\"");
    if closed && !only_escaped { hi - quotes } else { hi }
}

fn first_line_start(text: &str, at: u32) -> u32 {
    text[..at as usize].rfind('\n').map_or(0, |n| n as u32 + 1)
}
