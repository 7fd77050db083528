//! Control flow: conditions, `if`, `match`, loops.

use base::{Applicability, Diagnostic, Span, codes};

use super::body::BodyOf;
use super::{Parser, push_tight};
use crate::ast::*;
use crate::token::TokenKind as T;

const ARMS: BodyOf = BodyOf { what: "a match arm `PATTERN => …`", commas: true, documented: false };

impl Parser<'_> {
    pub(super) fn header_expr(&mut self) -> Expr {
        let outer = std::mem::replace(&mut self.layout.header, true);
        let expr = self.expr();
        self.layout.header = outer;
        expr
    }

    fn condition(&mut self) -> Condition {
        let outer = std::mem::replace(&mut self.layout.header, true);
        let mut parts = Vec::new();
        loop {
            let lo = self.lo();
            if self.eat(T::Let) {
                let pattern = self.pattern();
                self.expect(T::Eq);
                let value = self.expr_above_and();
                parts.push(Condition::Let { span: self.span_from(lo), pattern, value });
            } else {
                let condition = if parts.is_empty() { self.expr() } else { self.expr_above_and() };
                if self.at(T::Eq) {
                    self.equals_in_condition();
                    let rest = self.expr();
                    parts.push(Condition::Expr(condition));
                    parts.push(Condition::Expr(rest));
                    break;
                }
                parts.push(Condition::Expr(condition));
            }
            if matches!(self.cur, T::And | T::AmpAmp) {
                self.foreign_infix();
                self.bump();
                self.after_operator();
                continue;
            }
            if matches!(self.cur, T::Or | T::PipePipe) {
                let d = Diagnostic::error(
                    codes::E0101,
                    self.span(),
                    "a `let` condition cannot stand beside `or`",
                )
                .help("use `match`, or two `if`s");
                self.report(d);
                self.bump();
                self.expr();
            }
            break;
        }
        self.layout.header = outer;
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return only;
        }
        Condition::And(parts)
    }

    pub(super) fn if_expr(&mut self) -> Expr {
        let Some(outer) = self.enter() else { return self.error_expr() };
        let lo = self.lo();
        self.bump();
        let condition = self.condition();
        let then = self.block();
        let mut else_ = None;
        if self.at_else() {
            if self.at(T::Else) {
                self.bump();
            } else {
                self.foreign_else_if();
            }
            else_ = Some(if self.at(T::If) {
                self.if_expr()
            } else {
                let lo = self.lo();
                let block = self.block();
                Expr { span: self.span_from(lo), kind: ExprKind::Block(block) }
            });
        }
        self.leave(outer);
        self.spanned(lo, ExprKind::If(Box::new(If { condition, then, else_ })))
    }

    pub(super) fn match_expr(&mut self) -> Expr {
        let lo = self.lo();
        self.bump();
        let scrutinee = Box::new(self.header_expr());
        let mut arms = Vec::new();
        self.body(ARMS, |p| {
            let before = p.pos;
            let arm = p.match_arm();
            if p.pos > before {
                push_tight(&mut arms, arm);
            }
        });
        self.spanned(lo, ExprKind::Match { scrutinee, arms })
    }

    /// `case PATTERN:` of other languages, behind the pattern.
    fn case_arm(&mut self, case: Span) {
        let mut edits = vec![(case, String::new())];
        if self.at(T::Colon) {
            let glued = self.prev_end().hi == self.span().lo;
            edits.push((self.span(), if glued { " =>" } else { "=>" }.to_owned()));
        }
        let new = if edits.len() == 1 { "remove `case`" } else { "write `PATTERN =>`" };
        let d = Diagnostic::error(codes::E0113, case, "an arm of `match` begins with its pattern").fix_all(
            new,
            edits,
            Applicability::Certain,
        );
        self.report_slip(d);
    }

    fn match_arm(&mut self) -> MatchArm {
        let lo = self.lo();
        let mut case = None;
        if self.at(T::Case)
            && !matches!(self.nth(1).kind, T::FatArrow | T::If | T::Pipe | T::At | T::ColonColon)
        {
            case = Some(self.span().to(self.tok_span(self.nth(1)).start()));
            self.bump();
        } else if self.at(T::Else) && matches!(self.nth(1).kind, T::FatArrow | T::Colon) {
            let span = self.span();
            self.slip(codes::E0113, span, "what is left over is matched by `_`", "write `_`", "_");
            self.rewrite(T::Underscore);
        } else if self.at(T::Default) && self.nth(1).kind == T::Colon {
            let span = self.span();
            self.slip(codes::E0113, span, "what is left over is matched by `_`", "write `_`", "_");
        }
        let pattern = self.pattern();
        let guard = self.eat(T::If).then(|| self.expr());
        if let Some(case) = case {
            self.case_arm(case);
        }
        let body = if self.eat(T::FatArrow) {
            self.arm_body()
        } else if matches!(self.cur, T::Colon | T::Arrow) && !self.pattern_failed(&pattern) {
            let glued = self.prev_end().hi == self.span().lo;
            let text = if glued { " =>" } else { "=>" };
            let span = self.span();
            if case.is_none() {
                self.slip(codes::E0101, span, "a pattern is followed by `=>`", "write `=>`", text);
            }
            self.bump();
            self.arm_body()
        } else {
            self.expected("`=>` after the pattern");
            // An arm's block is not to be read as more arms.
            self.skip_line();
            self.error_expr()
        };
        MatchArm { span: self.span_from(lo), pattern, guard, body }
    }

    fn pattern_failed(&self, pattern: &Pattern) -> bool {
        matches!(pattern.kind, PatternKind::Error)
    }

    fn arm_body(&mut self) -> Expr {
        let lo = self.lo();
        let next = self.tok();
        if next.first && next.kind != T::Eof {
            if next.indent > self.layout.indent {
                let block = self.block_after_arrow();
                return Expr { span: block.span, kind: ExprKind::Block(block) };
            }
            self.expected("an expression or an indented block");
            return self.error_expr();
        }
        let stmt = self.stmt();
        match stmt.kind {
            StmtKind::Expr(expr) => expr,
            _ => {
                let block = self.block_of(stmt);
                self.spanned(lo, ExprKind::Block(block))
            }
        }
    }

    pub(super) fn labelled(&mut self) -> Expr {
        let lo = self.lo();
        let label = self.take_label();
        if self.eat(T::Colon) && matches!(self.cur, T::While | T::For | T::Loop) {
            let mut expr = self.loop_expr(Some(label));
            expr.span.lo = lo;
            return expr;
        }
        if label.span.len() == 2 && !matches!(self.cur, T::While | T::For | T::Loop) {
            let d = Diagnostic::error(codes::E0103, label.span, "this character literal does not end").fix(
                "close it",
                label.span.end(),
                "'",
                Applicability::Maybe,
            );
            self.report_slip(d);
            return self.spanned(lo, ExprKind::Error);
        }
        let d = Diagnostic::error(
            codes::E0101,
            label.span,
            format!("a label `'{}` stands before a loop", label.name),
        )
        .help("write `'name: for …`, `'name: while …` or `'name: loop:`");
        self.report(d);
        self.error_expr()
    }

    pub(super) fn loop_expr(&mut self, label: Option<Ident>) -> Expr {
        let lo = self.lo();
        let kind = self.cur;
        self.bump();
        match kind {
            T::While => {
                let condition = self.condition();
                let body = self.block();
                self.spanned(lo, ExprKind::While(Box::new(While { condition, body, label })))
            }
            T::For => {
                if self.counting_loop() {
                    let body = self.block();
                    let pattern = Pattern { span: self.prev_end(), kind: PatternKind::Error };
                    let iterable = self.error_expr();
                    return self.spanned(lo, ExprKind::For(Box::new(For { pattern, iterable, body, label })));
                }
                let mut pattern = self.pattern();
                if self.at(T::Comma) {
                    pattern = self.bare_tuple_pattern(pattern);
                }
                if self.eat(T::In) {
                } else if self.at(T::Eq) || self.at_word("of") {
                    let span = self.bump();
                    self.slip(
                        codes::E0101,
                        span,
                        "a `for` loop takes its elements with `in`",
                        "write `in`",
                        "in",
                    );
                } else {
                    self.expected("`in`");
                }
                let iterable = self.header_expr();
                let body = self.block();
                self.spanned(lo, ExprKind::For(Box::new(For { pattern, iterable, body, label })))
            }
            _ => {
                let body = self.block();
                self.spanned(lo, ExprKind::Loop { body, label })
            }
        }
    }
}
