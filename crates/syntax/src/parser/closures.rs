//! Closures: `|x| e`, `|x|: block`, `fn(x: int) -> int: block`.

use base::{Applicability, Diagnostic, Span, codes};

use super::{Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    pub(super) fn bar_closure(&mut self, is_async: bool) -> Expr {
        let lo = self.lo();
        if is_async {
            self.bump();
        }
        let mut params = Vec::new();
        if self.at(T::PipePipe) {
            self.role(role::BAR_CLOSE);
            self.bump();
        } else {
            // The bars enclose like brackets, though they are no pair.
            let outer = self.enter_brackets();
            self.role(role::BAR_OPEN);
            let opener = self.bump();
            while !self.at(T::Pipe) && !self.at(T::Eof) {
                let before = self.pos;
                let param = self.closure_param();
                push_tight(&mut params, param);
                if !self.eat(T::Comma) || self.pos == before {
                    break;
                }
            }
            self.layout = outer;
            if self.at(T::Pipe) {
                self.role(role::BAR_CLOSE);
                self.bump();
            } else {
                let d = Diagnostic::error(
                    codes::E0101,
                    self.span(),
                    format!("expected `,` or `|`, found {}", self.found()),
                )
                .also(opener, "the closure's parameters begin here");
                self.report(d);
                self.refresh();
                return self.spanned(lo, ExprKind::Error);
            }
        }
        // `|x|:` and `|x| -> T:` take a block, as `fn(x)` does.
        let ret = self.eat(T::Arrow).then(|| self.type_expr());
        let head = self.span_from(lo);
        if self.at(T::Colon) || ret.is_some() {
            let body_lo = self.lo();
            let block = self.block();
            let body = Expr { span: self.span_from(body_lo), kind: ExprKind::Block(block) };
            let closure = Closure { head, is_fn: false, is_async, params, ret, body };
            return self.spanned(lo, ExprKind::Closure(Box::new(closure)));
        }
        self.after_operator();
        let start = self.pos;
        let value = self.expr();
        let body = if self.pos == start { value } else { self.value_or_assignment(value) };
        let closure = Closure { head, is_fn: false, is_async, params, ret, body };
        self.spanned(lo, ExprKind::Closure(Box::new(closure)))
    }

    /// An expression just read, or the assignment to it as a block.
    fn value_or_assignment(&mut self, value: Expr) -> Expr {
        let lo = value.span.lo;
        if !matches!(
            self.cur,
            T::Eq
                | T::PlusEq
                | T::MinusEq
                | T::StarEq
                | T::SlashEq
                | T::PercentEq
                | T::AmpEq
                | T::PipeEq
                | T::CaretEq
                | T::ShlEq
                | T::ShrEq
        ) {
            return value;
        }
        let kind = self.assignment_to(value);
        let stmt = Stmt { span: self.span_from(lo), kind };
        let block = self.block_of(stmt);
        self.spanned(lo, ExprKind::Block(block))
    }

    /// Rust's `move` before a closure. (`move | x | y` has blanks on both sides of the bars.)
    pub(super) fn at_move(&self) -> bool {
        let (word, bar, next) = (self.tok(), self.nth(1), self.nth(2));
        let begins = bar.kind == T::PipePipe || bar.kind == T::Pipe && next.lo == bar.hi;
        begins && !bar.first && bar.lo > word.hi && self.text_of(word) == "move"
    }

    pub(super) fn move_closure(&mut self) -> Expr {
        let span = self.bump();
        let bar = self.tok().lo;
        let d = Diagnostic::error(codes::E0113, span, "a closure takes what it has to own by itself")
            .help("one that only borrows can be made to take something: `let name = name` in its body")
            .fix("leave it out", Span::new(self.file, span.lo, bar), "", Applicability::Certain);
        self.report_slip(d);
        self.bar_closure(false)
    }

    /// Behind what a case of a `select` waits for: `-> name`.
    pub(super) fn case_arrow(&mut self) -> Option<Pattern> {
        if !self.at(T::Arrow) {
            return None;
        }
        let arrow = self.bump();
        let pattern = self.pattern();
        let d = Diagnostic::error(codes::E0113, arrow, "what comes is named before what is waited for")
            .help("write `case name = receiver.recv():`");
        self.report_slip(d);
        Some(pattern)
    }

    fn closure_param(&mut self) -> Param {
        let lo = self.lo();
        let (mut convention, mut convention_span) = (Convention::Read, None);
        if matches!(self.cur, T::Mut | T::Own) {
            convention = if self.cur == T::Mut { Convention::Mut } else { Convention::Own };
            convention_span = Some(self.bump());
        }
        let pattern = self.pattern_no_alt();
        let mut ty = None;
        if self.eat(T::Colon) {
            if matches!(self.cur, T::Mut | T::Own) && self.nth(1).kind != T::Fn {
                convention = if self.cur == T::Mut { Convention::Mut } else { Convention::Own };
                convention_span = Some(self.bump());
            }
            ty = Some(self.type_expr());
        }
        Param { span: self.span_from(lo), pattern, convention, convention_span, ty, is_self: false }
    }

    pub(super) fn fn_closure(&mut self, is_async: bool) -> Expr {
        let lo = self.lo();
        if is_async {
            self.bump();
        }
        self.bump();
        let params = self.fn_params(true);
        let ret = if self.eat(T::Arrow) { Some(self.type_expr()) } else { None };
        let head = self.span_from(lo);
        let body_lo = self.lo();
        let block = self.block();
        let body = Expr { span: self.span_from(body_lo), kind: ExprKind::Block(block) };
        let closure = Closure { head, is_fn: true, is_async, params, ret, body };
        self.spanned(lo, ExprKind::Closure(Box::new(closure)))
    }
}
