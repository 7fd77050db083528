//! Functions: signatures, parameters, results, and where the body is.

use base::{Applicability, Diagnostic, Span, codes};

use super::{Parser, push_tight};
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    pub(super) fn fn_item(&mut self) -> FnItem {
        let lo = self.lo();
        let (mut is_async, mut is_unsafe) = (false, false);
        loop {
            match self.cur {
                T::Async => is_async = true,
                T::Unsafe => is_unsafe = true,
                _ => break,
            }
            self.bump();
        }
        if self.is_foreign_fn(0) {
            let message = format!("`{}` is not a keyword; write `fn`", self.text_of(self.tok()));
            self.slip(codes::E0113, self.span(), message, "write `fn`", "fn");
            self.rewrite(T::Fn);
        }
        self.expect(T::Fn);
        self.go_receiver();
        let name = self.ident("the name of the function");
        let mut generics = self.generics();
        let params = if self.at(T::LParen) {
            self.fn_params(false)
        } else {
            self.missing_params(name);
            Vec::new()
        };
        let ret = self.ret_type();
        self.where_clauses(&mut generics);
        let head = self.span_from(lo);
        let before = self.items;
        let body = self.fn_body(name);
        let has_items = self.items > before;
        FnItem { head, is_async, is_unsafe, name, generics, params, ret, body, has_items }
    }

    /// `def`, `func` or the like behind `async`, `n` tokens from here.
    pub(super) fn is_foreign_fn(&self, n: usize) -> bool {
        let (word, name, params) = (self.nth(n), self.nth(n + 1), self.nth(n + 2));
        word.kind == T::Ident
            && !word.first
            && matches!(self.text_of(word), "def" | "func" | "function" | "fun")
            && name.kind.is_ident()
            && !name.first
            && matches!(params.kind, T::LParen | T::LBracket)
    }

    fn missing_params(&mut self, name: Ident) {
        if matches!(self.cur, T::Colon | T::Arrow | T::LineEnd) && !name.span.is_empty() {
            let end = self.prev_end();
            let d = Diagnostic::error(codes::E0101, end, "a function's parameters stand in parentheses").fix(
                "insert `()`",
                end,
                "()",
                Applicability::Certain,
            );
            self.report(d);
            self.error_pos = usize::MAX;
        } else {
            self.expected("`(` and the parameters");
        }
    }

    fn fn_body(&mut self, name: Ident) -> Option<Block> {
        if matches!(self.cur, T::LineEnd | T::Eof | T::Semi | T::RBrace) {
            // No body: right in traits and `extern` blocks, which is the caller's to say, unless
            // an indented block shows that the `:` was forgotten.
            let next = self.tok();
            if !(next.kind != T::Eof && next.first && next.indent > self.layout.indent) {
                return None;
            }
        }
        if self.at(T::Colon) && self.colon_before_result() {
            let span = self.span();
            self.slip(codes::E0101, span, "a function's result stands after `->`", "write `->`", " ->");
            self.bump();
            self.type_expr();
        }
        if self.at(T::Eq) || self.at(T::FatArrow) {
            let span = self.span();
            let d = Diagnostic::error(
                codes::E0110,
                span,
                format!("the body of `{}` begins after a `:`", name.name),
            )
            .fix("write `:`", span, ":", Applicability::Certain);
            self.report_slip(d);
            self.rewrite(T::Colon);
        }
        Some(self.block())
    }

    /// `fn f(): int:`.
    fn colon_before_result(&self) -> bool {
        let ends = |n: usize| self.nth(n).kind == T::Colon && self.nth(n + 1).first && !self.nth(n).first;
        let (next, after) = (self.nth(1), self.nth(2));
        !next.first
            && match next.kind {
                k if k.is_ident() => ends(2) || (after.kind == T::LBracket && ends(5)),
                T::LBracket => after.kind.is_ident() && ends(4),
                _ => false,
            }
    }

    /// `-> T from a, b`, if there.
    fn ret_type(&mut self) -> Option<RetType> {
        if !self.at(T::Arrow) {
            if !self.missing_arrow() {
                return None;
            }
        } else {
            self.bump();
        }
        let ty = self.type_expr();
        let mut from = Vec::new();
        if self.at(T::From) {
            self.bump();
            loop {
                let name = if self.at(T::SelfValue) { self.take_ident() } else { self.ident("a parameter") };
                let field = self.eat(T::Dot).then(|| self.ident("a field"));
                from.push(FromPath { name, field });
                if !self.eat(T::Comma) {
                    break;
                }
            }
        }
        Some(RetType { ty, from })
    }

    /// A type stands where `->` should; true if so, having reported it.
    fn missing_arrow(&mut self) -> bool {
        let begins_type = match self.cur {
            k if k.is_ident() => true,
            T::LBracket | T::Amp => true,
            _ => false,
        };
        if !begins_type || self.at_word("throws") {
            return false;
        }
        let here = self.span().start();
        let d = Diagnostic::error(codes::E0101, here, "`->` is missing before the result's type").fix(
            "insert `->`",
            here,
            "-> ",
            Applicability::Certain,
        );
        self.report_slip(d);
        true
    }

    /// `mut x: own T`, `x: own mut T`: says which of the two it can be. `without` is the first and what
    /// stands between it and what it marks.
    fn two_conventions(&mut self, first: Span, second: Span, without: Span) {
        let text = |span: Span| &self.text[span.lo as usize..span.hi as usize];
        let d = if text(first) == text(second) {
            Diagnostic::error(codes::E0121, first, format!("`{}` stands here twice", text(first)))
                .also(second, "and here")
                .fix("leave out the first", without, "", Applicability::Certain)
        } else {
            Diagnostic::error(codes::E0121, first, "a parameter is either `mut` or `own`")
                .also(second, "the other one")
                .help(
                    "`mut` changes the caller's value, `own` takes it; to change what was taken, take it as `own` \
                     and write `let mut x = x` in the body",
                )
        };
        self.report_slip(d);
    }

    pub(super) fn fn_params(&mut self, closure: bool) -> Vec<Param> {
        let mut params = Vec::new();
        if !self.at(T::LParen) {
            self.expected("`(`");
            return params;
        }
        self.glued_list(T::RParen, |p| {
            let param = p.fn_param(closure);
            push_tight(&mut params, param);
        });
        params
    }

    fn fn_param(&mut self, closure: bool) -> Param {
        let lo = self.lo();
        // `&self`, `&mut self`, brought along from Rust.
        if self.at(T::Amp) {
            let mutable = self.nth(1).kind == T::Mut;
            let name = self.nth(1 + usize::from(mutable));
            if name.kind == T::SelfValue {
                let span = self.span().to(self.tok_span(name));
                let (message, text) = if mutable {
                    ("`mut self` is how a method changes its value in place", "mut self")
                } else {
                    ("`self` alone borrows", "self")
                };
                self.slip(codes::E0121, span, message, &format!("write `{text}`"), text);
                self.bump();
            }
        }
        let (mut convention, mut convention_span) = self.convention();
        if self.at(T::SelfValue) {
            let name = self.take_ident();
            let pattern = Pattern {
                span: name.span,
                kind: PatternKind::Binding { convention: Convention::Read, name, sub: None },
            };
            if self.at(T::Colon) {
                let colon = self.bump();
                let (_, marker) = self.convention();
                let ty = self.type_expr();
                let span = colon.to(ty.span);
                let word = marker.map(|m| &self.text[m.lo as usize..m.hi as usize]);
                let mut edits = vec![(span, String::new())];
                if let Some(word) = word {
                    edits.insert(0, (name.span.start(), format!("{word} ")));
                }
                let d = Diagnostic::error(codes::E0121, span, "`self` has no type of its own").fix_all(
                    "remove the type",
                    edits,
                    Applicability::Certain,
                );
                self.report_slip(d);
            }
            return Param {
                span: self.span_from(lo),
                pattern,
                convention,
                convention_span,
                ty: None,
                is_self: true,
            };
        }
        let pattern = self.pattern_no_alt();
        let mut ty = None;
        if self.eat(T::Colon) {
            if let Some(before) = convention_span
                && matches!(self.cur, T::Mut | T::Own)
                && self.nth(1).kind != T::Fn
            {
                let rest = Span { hi: pattern.span.lo, ..before };
                self.two_conventions(before, self.span(), rest);
            } else if let Some(before) = convention_span {
                let word = &self.text[before.lo as usize..before.hi as usize];
                let here = self.span().start();
                let whole = Span { hi: pattern.span.lo, ..before };
                let d = Diagnostic::error(
                    codes::E0121,
                    before,
                    format!("`{word}` stands before the parameter's type"),
                )
                .fix_all(
                    format!("write `: {word} …`"),
                    vec![(whole, String::new()), (here, format!("{word} "))],
                    Applicability::Certain,
                );
                self.report_slip(d);
            }
            if matches!(self.cur, T::Mut | T::Own) && self.nth(1).kind != T::Fn {
                (convention, convention_span) = self.convention();
                if matches!(self.cur, T::Mut | T::Own) && self.nth(1).kind != T::Fn {
                    let first = convention_span.unwrap_or(self.span());
                    let second = self.span();
                    self.two_conventions(first, second, Span { hi: second.lo, ..first });
                    (convention, convention_span) = self.convention();
                }
            }
            ty = Some(self.type_expr());
            if self.at(T::Eq) {
                let span = self.span();
                self.bump();
                let value = self.expr();
                let d =
                    Diagnostic::error(codes::E0118, span.to(value.span), "parameters have no default values")
                        .help("write a second function, or take an `Option`");
                self.report_slip(d);
            }
        } else if !closure
            && matches!(self.cur, T::Comma | T::RParen)
            && !matches!(pattern.kind, PatternKind::Error)
        {
            let d = Diagnostic::error(codes::E0101, pattern.span, "this parameter has no type")
                .help("write `name: Type`; signatures are written out");
            self.report(d);
        } else if self.cur.is_ident() && matches!(pattern.kind, PatternKind::Binding { .. }) {
            // `fn f(int x)` or `fn f(x int)`.
            let d = Diagnostic::error(
                codes::E0101,
                self.span_from(lo).to(self.span()),
                "a parameter is written `name: Type`",
            );
            self.report(d);
            self.bump();
        }
        Param { span: self.span_from(lo), pattern, convention, convention_span, ty, is_self: false }
    }
}
