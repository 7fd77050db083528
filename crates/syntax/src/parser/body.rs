//! What stands after a header: `:` and an indented block, `:` and the rest of the line, or a
//! block in braces. Also where lines end, and what to skip after an error.
//!
//! One loop serves statements, match arms, fields, variants and items.

use base::{Applicability, Diagnostic, Span, codes};

use super::{EventKind, Layout, Parser};
use crate::ast::{Block, BlockStyle, Stmt, StmtKind};
use crate::token::TokenKind as T;

/// What a body's elements are, for messages and for separators.
#[derive(Clone, Copy)]
pub(super) struct BodyOf {
    /// As in "expected …": `a statement`, `a match arm`.
    pub what: &'static str,
    /// Elements may be separated by commas.
    pub commas: bool,
    /// The elements carry docs of their own, as items and fields do.
    pub documented: bool,
}

pub(super) const STATEMENTS: BodyOf = BodyOf { what: "a statement", commas: false, documented: false };

/// How a body was written and where.
pub(super) struct Body {
    pub style: BlockStyle,
    pub span: Span,
    pub docs: Vec<Span>,
}

impl Parser<'_> {
    /// `: block`. The current token is what follows the header.
    pub(super) fn block(&mut self) -> Block {
        let mut stmts = Vec::new();
        let body = self.body(STATEMENTS, |p| p.stmt_into(&mut stmts));
        Block { span: body.span, style: body.style, docs: body.docs, stmts }
    }

    /// `{ … }` as a block.
    pub(super) fn brace_block(&mut self) -> Block {
        let mut stmts = Vec::new();
        let Some(outer) = self.enter() else { return self.no_block() };
        let body = self.brace_body(STATEMENTS, &mut |p| p.stmt_into(&mut stmts));
        self.leave(outer);
        Block { span: body.span, style: body.style, docs: body.docs, stmts }
    }

    /// An indented block after `=>`. The current token begins its first line.
    pub(super) fn block_after_arrow(&mut self) -> Block {
        let Some(outer) = self.enter() else { return self.no_block() };
        let mut stmts = Vec::new();
        let indent = self.tok().indent;
        let body = self.indented_body(indent, STATEMENTS, &mut |p| p.stmt_into(&mut stmts));
        self.leave(outer);
        Block { span: body.span, style: body.style, docs: body.docs, stmts }
    }

    pub(super) fn no_block(&self) -> Block {
        Block { span: self.prev_end(), style: BlockStyle::Inline, docs: Vec::new(), stmts: Vec::new() }
    }

    /// A statement written where an expression was expected, as a block.
    pub(super) fn block_of(&self, stmt: Stmt) -> Block {
        let stmts = if matches!(stmt.kind, StmtKind::Error) { Vec::new() } else { vec![stmt] };
        let span = stmts.first().map_or(self.prev_end(), |s: &Stmt| s.span);
        Block { span, style: BlockStyle::Inline, docs: Vec::new(), stmts }
    }

    /// A header's body, from its `:` on.
    pub(super) fn body(&mut self, of: BodyOf, mut each: impl FnMut(&mut Self)) -> Body {
        let Some(outer) = self.enter() else { return self.no_body() };
        let mut body = self.body_inner(of, &mut each);
        self.leave(outer);
        if of.documented {
            self.inner_docs.append(&mut body.docs);
        }
        body
    }

    fn no_body(&self) -> Body {
        Body { style: BlockStyle::Inline, span: self.prev_end(), docs: Vec::new() }
    }

    fn body_inner(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self)) -> Body {
        if !self.at(T::Colon) {
            if self.at(T::LBrace) {
                self.braces_instead_of_colon();
                return self.brace_body(of, each);
            }
            if !self.missing_colon() {
                return self.no_body();
            }
        } else {
            // Line ends count after the colon, whatever stands around it.
            self.bump();
        }
        let next = self.tok();
        if next.kind == T::Eof || next.first {
            let closes = next.kind.is_close() || next.kind == T::Comma;
            if next.kind != T::Eof && next.indent > self.layout.indent && !closes {
                return self.indented_body(next.indent, of, each);
            }
            self.expected_indent(of);
            return self.no_body();
        }
        self.inline_body(of, each)
    }

    /// Reports a missing `:`; true if a body follows all the same.
    fn missing_colon(&mut self) -> bool {
        let end = self.prev_end();
        if matches!(self.cur, T::LineEnd | T::Eof) {
            let d = Diagnostic::error(codes::E0110, end, "a `:` is missing here")
                .label("the block begins after a `:`")
                .fix("insert `:`", end, ":", Applicability::Certain);
            self.report(d);
        } else {
            if self.errors == 0 || self.error_pos != self.pos {
                self.expected("`:`");
            }
            // Go on behind a `:` that ends the line, or at the next line.
            let mut at = self.pos;
            loop {
                let next = self.toks[at + 1];
                if self.toks[at].kind == T::Eof {
                    break;
                }
                at += 1;
                if next.first {
                    break;
                }
            }
            self.prev_hi = self.toks[at.max(1) - 1].hi;
            self.pos = at;
            self.refresh();
        }
        let next = self.tok();
        next.kind != T::Eof && next.first && next.indent > self.layout.indent
    }

    fn expected_indent(&mut self, of: BodyOf) {
        let d = Diagnostic::error(codes::E0105, self.prev_end(), "an indented block is missing here")
            .label(format!("expected {} on the next line, further to the right", of.what));
        let d =
            if of.what == STATEMENTS.what { d.help("write `pass` for a block that does nothing") } else { d };
        let (pos, at) = (self.error_pos, self.pos);
        if pos != at {
            self.report(d);
            // The line that follows is fine.
            self.error_pos = usize::MAX;
        }
        self.refresh();
    }

    fn indented_body(&mut self, indent: u16, of: BodyOf, each: &mut dyn FnMut(&mut Self)) -> Body {
        let outer = self.layout;
        self.layout = Layout {
            indent,
            newlines: true,
            inline: false,
            enclosed: outer.enclosed,
            brace: false,
            header: false,
            contract: false,
        };
        let docs = self.body_docs(of);
        let lo = self.lo();
        self.event(EventKind::Open(BlockStyle::Indented));
        self.lines(of, each);
        self.event(EventKind::Close);
        let span = self.span_from(lo);
        self.layout = outer;
        self.refresh();
        Body { style: BlockStyle::Indented, span, docs }
    }

    fn inline_body(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self)) -> Body {
        let outer = self.layout;
        self.layout.inline = true;
        self.layout.header = false;
        self.layout.contract = false;
        let lo = self.lo();
        self.event(EventKind::Open(BlockStyle::Inline));
        loop {
            let before = self.pos;
            self.event(EventKind::Start);
            each(self);
            self.event(EventKind::End);
            if !of.commas || !self.at(T::Comma) || self.pos == before {
                break;
            }
            let next = self.next_kind();
            if matches!(next, T::LineEnd | T::Eof) || next.is_close() {
                self.bump();
                break;
            }
            self.bump();
        }
        self.event(EventKind::Close);
        let span = self.span_from(lo);
        self.layout = outer;
        // `inline` does not change how a token shows.
        Body { style: BlockStyle::Inline, span, docs: Vec::new() }
    }

    fn brace_body(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self)) -> Body {
        let outer = self.layout;
        self.layout = Layout {
            indent: outer.indent,
            newlines: true,
            inline: false,
            enclosed: false,
            brace: true,
            header: false,
            contract: false,
        };
        self.event(EventKind::Open(BlockStyle::Braces));
        let opener = self.bump();
        let first = self.tok();
        if first.first && first.indent > outer.indent {
            self.layout.indent = first.indent;
        }
        let docs = self.body_docs(of);
        self.lines_in_braces(of, each, outer.indent);
        self.reveal();
        self.layout = outer;
        if self.at(T::RBrace) {
            self.bump();
        } else {
            let d = Diagnostic::error(codes::E0107, opener, "this `{` is never closed")
                .also(self.prev_end(), "`}` expected after this");
            self.report(d);
            self.refresh();
        }
        self.event(EventKind::Close);
        Body { style: BlockStyle::Braces, span: self.span_from(opener.lo), docs }
    }

    /// The lines of an indented body or of a file, up to a line that is indented less.
    pub(super) fn lines(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self)) {
        let indent = self.layout.indent;
        let mut over = indent;
        loop {
            let tok = self.tok();
            if tok.kind == T::Eof {
                return;
            }
            if tok.first {
                if tok.indent < indent {
                    return;
                }
                if self.ends_enclosed(tok.kind) {
                    return;
                }
                if tok.indent == indent {
                    over = indent;
                } else if tok.indent != over {
                    self.unexpected_indent(over);
                    over = tok.indent;
                }
            } else if self.ends_enclosed(self.cur) {
                return;
            }
            self.reveal();
            self.element(of, each);
        }
    }

    /// A closing bracket or a comma that belongs to what stands around the block.
    fn ends_enclosed(&self, kind: T) -> bool {
        self.layout.enclosed && (kind.is_close() || kind == T::Comma)
    }

    fn lines_in_braces(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self), outer: u16) {
        loop {
            let tok = self.tok();
            if matches!(tok.kind, T::Eof | T::RBrace | T::StrMid | T::StrEnd) {
                return;
            }
            if tok.first && tok.indent < outer {
                return;
            }
            self.reveal();
            if self.at(T::Semi) {
                self.bump();
                continue;
            }
            self.element(of, each);
        }
    }

    /// One element and the end of its line.
    fn element(&mut self, of: BodyOf, each: &mut dyn FnMut(&mut Self)) {
        let (before, errors) = (self.pos, self.errors);
        if self.cur.is_close() {
            self.stray_close();
            return;
        }
        self.event(EventKind::Start);
        each(self);
        self.event(EventKind::End);
        if self.pos == before && !self.at(T::Eof) {
            // Nothing could be made of the token.
            if self.errors == errors {
                self.stray(of);
            }
            self.skip_line();
            if self.pos == before {
                self.bump();
            }
            return;
        }
        self.end_line(of, errors);
    }

    fn end_line(&mut self, of: BodyOf, errors: u32) {
        match self.cur {
            T::LineEnd | T::Eof => {}
            T::Comma if of.commas => {
                self.bump();
            }
            T::Semi if self.layout.brace => {
                self.bump();
            }
            T::Semi => self.stray_semicolon(),
            T::RBrace if self.layout.brace => {}
            k if self.ends_enclosed(k) => {}
            _ => {
                if self.errors == errors {
                    self.stray_after_element(of);
                }
                self.skip_line();
            }
        }
    }

    /// Skips to the next line of this block or one around it.
    pub(super) fn skip_line(&mut self) {
        let start = self.pos;
        let mut depth = 0u32;
        while self.pos < self.toks.len() - 1 {
            let tok = self.tok();
            let (moved, kind) = (self.pos > start, tok.kind);
            if moved && tok.first && tok.indent <= self.layout.indent && !(kind.is_close() && depth > 0) {
                break;
            }
            if depth == 0 {
                let ends = (self.layout.brace && matches!(kind, T::RBrace | T::Semi))
                    || (self.layout.enclosed && kind.is_close());
                if ends && moved {
                    break;
                }
            }
            if kind.is_open() || kind == T::StrMid {
                depth += u32::from(kind != T::StrMid);
            } else if kind.is_close() {
                depth = depth.saturating_sub(1);
            }
            self.prev_hi = tok.hi;
            self.pos += 1;
        }
        self.refresh();
    }

    // -------------------------------------------------------- docs

    /// The `##` lines before the current token: those that stand apart from it, and those that
    /// belong to it.
    fn docs_here(&self) -> (Vec<Span>, Vec<Span>) {
        let tok = self.tok();
        if !tok.doc {
            return (Vec::new(), Vec::new());
        }
        let (mut apart, mut own) = (Vec::new(), Vec::new());
        let (mut newlines, mut separated) = (0, false);
        for token in self.tokens[..tok.index as usize].iter().rev() {
            match token.kind {
                T::Newline => {
                    newlines += 1;
                    separated |= newlines > 1;
                }
                T::DocComment => {
                    newlines = 0;
                    let span = Span::new(self.file, token.lo, token.hi);
                    if separated { apart.push(span) } else { own.push(span) }
                }
                k if k.is_trivia() => newlines = if k == T::Whitespace { newlines } else { 0 },
                _ => {
                    // A `##` behind code on the code's line documents nothing.
                    break;
                }
            }
        }
        if let Some(before) = self.pos.checked_sub(1) {
            let code_end = self.toks[before].hi as usize;
            let trailing = |s: &Span| !self.text[code_end..s.lo as usize].contains('\n');
            if apart.last().is_some_and(trailing) {
                apart.pop();
            } else if apart.is_empty() && own.last().is_some_and(trailing) {
                own.pop();
            }
        }
        apart.reverse();
        own.reverse();
        (apart, own)
    }

    /// The docs of the item or field at the current token.
    pub(super) fn docs(&self) -> Vec<Span> {
        if !self.tok().doc {
            return Vec::new();
        }
        let (mut apart, own) = self.docs_here();
        if self.docs_taken == self.pos {
            return own;
        }
        apart.extend(own);
        apart
    }

    /// The docs at the start of a body that belong to what the body is of: those that stand
    /// apart from the first item or field, or all if the first element is a statement.
    fn body_docs(&mut self, of: BodyOf) -> Vec<Span> {
        if !self.tok().doc {
            return Vec::new();
        }
        let (mut apart, own) = self.docs_here();
        self.docs_taken = self.pos;
        self.reveal();
        if !of.documented && !self.at_item() {
            apart.extend(own);
            let pos = self.pos;
            self.toks[pos].doc = false;
        }
        apart
    }

    /// The docs of a file: those at its top that stand apart from the first item.
    pub(super) fn file_docs(&mut self) -> Vec<Span> {
        self.body_docs(STATEMENTS)
    }
}
