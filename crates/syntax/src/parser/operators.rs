//! Expressions with operators: precedence climbing, prefix and postfix forms.
//!
//! From loose to tight: `implies` (right), `or`, `and`, `not`, comparisons (no chains), `..`,
//! `|`, `^`, `&`, shifts, `+ -`, `* / %`, `as`, prefix `- ~ * & await`, postfix.
//! `await f()?` is `(await f())?`: trailing `?` apply to what was awaited.

use base::{Applicability, Diagnostic, codes};

use super::{Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

const AND: u8 = 6;
const NOT: u8 = 8;
const COMPARE: u8 = 10;
const RANGE: u8 = 12;
const CAST: u8 = 26;
const PREFIX: u8 = 28;

fn infix(kind: T) -> Option<(BinaryOp, u8)> {
    use BinaryOp::*;
    Some(match kind {
        T::Implies => (Implies, 2),
        T::Or | T::PipePipe => (Or, 4),
        T::And | T::AmpAmp => (And, AND),
        T::EqEq => (Eq, COMPARE),
        T::Ne => (Ne, COMPARE),
        T::Lt => (Lt, COMPARE),
        T::Le => (Le, COMPARE),
        T::Gt => (Gt, COMPARE),
        T::Ge => (Ge, COMPARE),
        T::Pipe => (BitOr, 14),
        T::Caret => (BitXor, 16),
        T::Amp => (BitAnd, 18),
        T::Shl => (Shl, 20),
        T::Shr => (Shr, 20),
        T::Plus => (Add, 22),
        T::Minus => (Sub, 22),
        T::Star => (Mul, 24),
        T::Slash => (Div, 24),
        T::Percent => (Rem, 24),
        _ => return None,
    })
}

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Expr {
        self.expr_above(0)
    }

    /// An operand of the `and` that joins conditions.
    pub(super) fn expr_above_and(&mut self) -> Expr {
        self.expr_above(AND + 1)
    }

    /// An expression whose operators bind at least as tightly as `min`.
    fn expr_above(&mut self, min: u8) -> Expr {
        let Some(outer) = self.enter() else { return self.error_expr() };
        let left = self.prefix();
        let expr = self.continue_expr(left, min);
        self.leave(outer);
        expr
    }

    /// Goes on with infix operators after `left`.
    pub(super) fn continue_expr(&mut self, mut left: Expr, min: u8) -> Expr {
        let lo = left.span.lo;
        loop {
            let kind = self.cur;
            if let Some((op, level)) = infix(kind) {
                if level < min {
                    return left;
                }
                // `a and let …` belongs to the condition around it.
                if op == BinaryOp::And && self.nth(1).kind == T::Let {
                    return left;
                }
                if kind == T::Lt && self.at_angle_generics(&left) {
                    self.angle_generics(false);
                    left = self.angle_path(left);
                    continue;
                }
                if kind == T::Plus && self.plus_plus(&left) {
                    return left;
                }
                if op == BinaryOp::Sub && self.minus_minus(&left) {
                    return left;
                }
                if op == BinaryOp::Mul && self.star_star() {
                    return left;
                }
                self.foreign_infix();
                self.go_send();
                let op_span = self.bump();
                self.foreign_infix_rest(op);
                self.after_operator();
                let right = self.expr_above(if op == BinaryOp::Implies { level } else { level + 1 });
                let kind = ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) };
                left = self.spanned(lo, kind);
                self.grow();
                if level == COMPARE
                    && let Some((_, COMPARE)) = infix(self.cur)
                {
                    self.chained_comparison(&left);
                }
                continue;
            }
            match kind {
                T::As if CAST >= min => {
                    self.bump();
                    let ty = self.type_expr();
                    left = self.spanned(lo, ExprKind::Cast { value: Box::new(left), ty });
                    self.grow();
                }
                T::DotDot | T::DotDotEq if RANGE >= min => {
                    self.bump();
                    let end = self.range_end(kind);
                    let kind =
                        ExprKind::Range { start: Some(Box::new(left)), end, inclusive: kind == T::DotDotEq };
                    left = self.spanned(lo, kind);
                    self.grow();
                }
                _ => return left,
            }
        }
    }

    fn range_end(&mut self, op: T) -> Option<Box<Expr>> {
        if self.begins_expr() {
            return Some(Box::new(self.expr_above(RANGE + 1)));
        }
        if op == T::DotDotEq {
            let d = Diagnostic::error(codes::E0101, self.prev_end(), "`..=` needs an end")
                .help("a range without an end is written `..`");
            self.report(d);
        }
        None
    }

    /// The current token can begin an expression.
    pub(super) fn begins_expr(&self) -> bool {
        match self.cur {
            k if k.is_ident() => true,
            T::Int
            | T::Float
            | T::Char
            | T::Byte
            | T::Str
            | T::StrStart
            | T::QuotedStr
            | T::Label
            | T::LParen
            | T::LBracket
            | T::Minus
            | T::Star
            | T::Amp
            | T::AmpAmp
            | T::Tilde
            | T::Bang
            | T::Pipe
            | T::PipePipe
            | T::DotDot
            | T::DotDotEq
            | T::Not
            | T::Await
            | T::Async
            | T::Fn
            | T::If
            | T::Match
            | T::While
            | T::For
            | T::Loop
            | T::Unsafe
            | T::True
            | T::False
            | T::SelfValue
            | T::Return
            | T::Break
            | T::Continue => true,
            T::LBrace => !self.layout.header,
            _ => false,
        }
    }

    fn prefix(&mut self) -> Expr {
        let lo = self.lo();
        match self.cur {
            T::Not => {
                self.bump();
                self.after_operator();
                let operand = Box::new(self.expr_above(NOT));
                self.spanned(lo, ExprKind::Unary { op: UnaryOp::Not, operand })
            }
            T::Bang => self.foreign_not(),
            T::Minus | T::Tilde => {
                let op = if self.cur == T::Minus { UnaryOp::Neg } else { UnaryOp::BitNot };
                self.role(role::PREFIX);
                self.bump();
                let operand = Box::new(self.expr_above(PREFIX));
                self.spanned(lo, ExprKind::Unary { op, operand })
            }
            T::Star => {
                self.role(role::PREFIX);
                self.bump();
                let place = self.expr_above(PREFIX);
                self.spanned(lo, ExprKind::Deref(Box::new(place)))
            }
            T::Amp => {
                self.role(role::PREFIX);
                self.bump();
                self.reference(lo)
            }
            T::AmpAmp => {
                self.role(role::PREFIX);
                self.bump();
                let inner = self.reference(lo + 1);
                self.spanned(lo, ExprKind::Ref { mutable: false, place: Box::new(inner) })
            }
            T::Await => {
                self.bump();
                let mut value = self.expr_above(PREFIX);
                let mut tries = Vec::new();
                while let ExprKind::Try(inner) = value.kind {
                    tries.push(value.span);
                    value = *inner;
                }
                let span = self.span_from(lo);
                let mut expr = Expr {
                    span: base::Span { hi: value.span.hi, ..span },
                    kind: ExprKind::Await(Box::new(value)),
                };
                while let Some(span) = tries.pop() {
                    let span = base::Span { lo, ..span };
                    expr = Expr { span, kind: ExprKind::Try(Box::new(expr)) };
                }
                expr
            }
            T::DotDot | T::DotDotEq => {
                let op = self.cur;
                self.role(role::PREFIX);
                self.bump();
                let end = self.range_end(op);
                let kind = ExprKind::Range { start: None, end, inclusive: op == T::DotDotEq };
                self.spanned(lo, kind)
            }
            _ => {
                let primary = self.primary();
                self.postfix(primary)
            }
        }
    }

    fn reference(&mut self, lo: u32) -> Expr {
        let mutable = self.eat(T::Mut);
        let place = Box::new(self.expr_above(PREFIX));
        self.spanned(lo, ExprKind::Ref { mutable, place })
    }

    pub(super) fn unary_operand(&mut self) -> Expr {
        self.expr_above(PREFIX)
    }

    /// The current token is an operator that binds tighter than `not`.
    pub(super) fn at_operator_above_not(&self) -> bool {
        infix(self.cur).is_some_and(|(_, level)| level > NOT)
            || matches!(self.cur, T::As | T::DotDot | T::DotDotEq)
    }

    /// Calls, fields, indices, `?` after an expression.
    pub(super) fn postfix(&mut self, mut expr: Expr) -> Expr {
        let lo = expr.span.lo;
        loop {
            match self.cur {
                T::LParen => {
                    let args = self.call_args();
                    expr = self.spanned(lo, ExprKind::Call { callee: Box::new(expr), args });
                }
                T::Dot => {
                    self.bump();
                    expr = self.member(expr);
                }
                T::LBracket => {
                    let index = self.index_args();
                    expr = self.spanned(lo, ExprKind::Index { base: Box::new(expr), index });
                    if self.at(T::ColonColon) || (self.at(T::LBrace) && self.begins_struct(&expr)) {
                        expr = self.path_of_index(expr);
                    }
                }
                T::LBrace if self.begins_struct(&expr) => match expr.kind {
                    ExprKind::Path(path) => expr = self.struct_literal(path),
                    _ => return expr,
                },
                T::Bang if self.at_macro(&expr) => expr = self.macro_call(expr),
                T::Question if !self.contract_ends() => {
                    self.bump();
                    if self.ternary(&expr) {
                        return self.spanned(lo, ExprKind::Error);
                    }
                    expr = self.spanned(lo, ExprKind::Try(Box::new(expr)));
                }
                _ => return expr,
            }
            self.grow();
            if self.given_up {
                return expr;
            }
        }
    }

    fn call_args(&mut self) -> Vec<Arg> {
        let mut args = Vec::new();
        self.glued_list(T::RParen, |p| {
            let arg = p.arg();
            push_tight(&mut args, arg);
        });
        args
    }

    fn arg(&mut self) -> Arg {
        let lo = self.lo();
        let mutable = if self.at(T::Mut) && self.nth(1).kind != T::Fn { Some(self.bump()) } else { None };
        if self.at(T::Own) && self.nth(1).kind != T::Fn {
            let span = self.span().to(self.tok_span(self.nth(1)).start());
            self.slip(
                codes::E0121,
                span,
                "a call does not say `own`; the parameter does",
                "remove `own`",
                "",
            );
            self.bump();
        }
        let mut value = self.expr();
        if matches!(self.cur, T::Eq | T::Colon) && matches!(value.kind, ExprKind::Path(_)) {
            let span = value.span.to(self.span());
            let name = &self.text[value.span.lo as usize..value.span.hi as usize];
            let after = self.nth(1).lo;
            let d = Diagnostic::error(codes::E0123, span, "arguments are given by place, not by name").fix(
                format!("remove `{name}`"),
                base::Span { hi: after, ..span },
                "",
                Applicability::Maybe,
            );
            self.report(d);
            self.bump();
            value = self.expr();
        } else if self.at(T::FatArrow) {
            self.arrow_closure(&value);
            value = self.expr();
        }
        Arg { span: self.span_from(lo), mutable, value }
    }

    /// After `.`.
    fn member(&mut self, base: Expr) -> Expr {
        let lo = base.span.lo;
        let tok = self.tok();
        match tok.kind {
            T::Int => {
                let text = self.text_of(tok);
                if let ExprKind::Literal(Literal::Int { .. }) = base.kind {
                    let span = base.span.to(self.span());
                    let d = Diagnostic::error(codes::E0109, span, "a number is written without spaces");
                    self.report(d);
                }
                let index_span = self.bump();
                let index = match text.parse::<u32>() {
                    Ok(index) => index,
                    Err(_) => {
                        let d = Diagnostic::error(
                            codes::E0109,
                            index_span,
                            format!("`{text}` is not a field number"),
                        )
                        .help("the fields of a tuple are `.0`, `.1` and so on");
                        self.report_slip(d);
                        0
                    }
                };
                let kind = ExprKind::TupleField { base: Box::new(base), index, index_span };
                self.spanned(lo, kind)
            }
            T::Await => {
                let span = base.span.end().to(self.bump());
                let d = Diagnostic::error(codes::E0113, span, "`await` is written before what it waits for")
                    .fix_all(
                        "write `await …`",
                        vec![(base.span.start(), "await ".into()), (span, String::new())],
                        Applicability::Maybe,
                    );
                self.report_slip(d);
                self.spanned(lo, ExprKind::Await(Box::new(base)))
            }
            k if k.is_word() && k != T::Underscore && self.cur != T::LineEnd => {
                let name = self.take_ident();
                if self.at(T::ColonColon) && self.nth(1).kind == T::Lt {
                    self.bump();
                    self.angle_generics(true);
                }
                if self.at(T::LParen) {
                    let args = self.call_args();
                    let kind =
                        ExprKind::MethodCall { receiver: Box::new(base), method: name, generics: None, args };
                    return self.spanned(lo, kind);
                }
                if self.at(T::LBracket)
                    && self.adjacent()
                    && let Some(generics) = self.method_generics()
                {
                    let args = self.call_args();
                    let kind = ExprKind::MethodCall {
                        receiver: Box::new(base),
                        method: name,
                        generics: Some(Box::new(generics)),
                        args,
                    };
                    return self.spanned(lo, kind);
                }
                self.spanned(lo, ExprKind::Field { base: Box::new(base), name })
            }
            _ => {
                let number = matches!(base.kind, ExprKind::Literal(Literal::Int { .. }));
                if number && self.nth(0).lo == self.prev_hi + u32::from(self.cur != T::LineEnd) {
                    let dot = self.prev_end();
                    let d =
                        Diagnostic::error(codes::E0109, base.span.to(dot), "a number does not end with `.`")
                            .fix("add the fraction", dot, "0", Applicability::Certain);
                    self.report(d);
                } else {
                    self.expected("the name of a field or method");
                }
                let name = self.no_ident();
                self.spanned(lo, ExprKind::Field { base: Box::new(base), name })
            }
        }
    }
}
