//! Expressions that begin with a token of their own: names, brackets, waiting and contracts.
//! Control flow and closures are in files of their own.
//!
//! **`Name { … }`** is a struct literal when what the braces hold looks like one (nothing,
//! `name:`, `name,`, `name }` or `..`); blanks do not matter. Between `if`, `while`, `match` or
//! `for … in` and their `:`, the name must begin with a capital as well, so that `if x { … }`
//! is understood as a misplaced block.

use base::{Applicability, Diagnostic, codes};

use super::body::BodyOf;
use super::{NEAR, Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

const CASES: BodyOf = BodyOf { what: "`case` or `default`", commas: false, documented: false };

impl Parser<'_> {
    /// The current token begins an expression that ends with a block.
    pub(super) fn begins_block_like(&self) -> bool {
        match self.cur {
            T::If | T::Match | T::While | T::For | T::Loop | T::LBrace => true,
            T::Unsafe => true,
            T::Label => self.nth(1).kind == T::Colon,
            T::Scope => self.at_scope(),
            T::Deadline => self.at_deadline(),
            T::Select => self.at_select(),
            _ => false,
        }
    }

    fn at_select(&self) -> bool {
        !self.layout.header && self.nth(1).kind == T::Colon && self.nth(2).kind != T::Eq
    }

    fn at_scope(&self) -> bool {
        let (next, after) = (self.nth(1), self.nth(2));
        !self.layout.header
            && ((next.kind == T::Colon && after.kind != T::Eq)
                || (next.kind.is_ident() && !next.first && after.kind == T::Colon))
    }

    fn at_deadline(&self) -> bool {
        if self.layout.header {
            return false;
        }
        if self.nth(1).kind != T::LParen {
            return self.word_begins();
        }
        // `deadline (a + b):` or a call?
        self.closer_ahead(1, NEAR).is_some_and(|close| self.nth(close + 1).kind == T::Colon)
    }

    pub(super) fn primary(&mut self) -> Expr {
        let lo = self.lo();
        match self.cur {
            T::Scope if self.at_scope() => self.scope(),
            T::Deadline if self.at_deadline() => self.deadline(),
            T::Select if self.at_select() => self.select(),
            T::Old if self.layout.contract && self.nth(1).kind == T::LParen => {
                self.bump();
                let mut value = None;
                self.glued_list(T::RParen, |p| value = Some(p.expr()));
                let value = value.unwrap_or_else(|| self.error_expr());
                self.spanned(lo, ExprKind::Old(Box::new(value)))
            }
            T::Forall | T::Exists if self.at_quantifier() => self.quantifier(),
            T::Null => {
                let span = self.bump();
                let d = Diagnostic::error(codes::E0113, span, "there is no null value")
                    .label("a value that may be absent has the type `Option[T]`")
                    .fix("write `None`", span, "None", Applicability::Maybe);
                self.report_slip(d);
                self.spanned(lo, ExprKind::Error)
            }
            T::Ident if self.at_move() => self.move_closure(),
            k if k.is_ident() => self.path_expr(),
            T::SelfValue => {
                self.bump();
                self.spanned(lo, ExprKind::SelfValue)
            }
            T::Int | T::Float | T::Char | T::Byte | T::Str | T::StrStart | T::QuotedStr => {
                self.literal_expr()
            }
            T::True | T::False => {
                let value = self.cur == T::True;
                self.bump();
                self.spanned(lo, ExprKind::Literal(Literal::Bool(value)))
            }
            T::LParen => self.paren_or_tuple(),
            T::LBracket => self.list_expr(),
            T::LBrace => {
                let block = self.brace_block();
                self.spanned(lo, ExprKind::Block(block))
            }
            T::Pipe | T::PipePipe => self.bar_closure(false),
            T::Fn => self.fn_closure(false),
            T::Async if self.nth(1).kind == T::Fn => self.fn_closure(true),
            T::Async if matches!(self.nth(1).kind, T::Pipe | T::PipePipe) => self.bar_closure(true),
            T::If => self.if_expr(),
            T::Match => self.match_expr(),
            T::While | T::For | T::Loop => self.loop_expr(None),
            T::Label => self.labelled(),
            T::Unsafe => {
                self.bump();
                let block = self.block();
                self.spanned(lo, ExprKind::Unsafe(block))
            }
            T::Return => {
                self.bump();
                let value = self.jump_value();
                self.spanned(lo, ExprKind::Return(value))
            }
            T::Break => {
                self.bump();
                let label = self.label_use();
                let value = self.jump_value();
                self.spanned(lo, ExprKind::Break { label, value })
            }
            T::Continue => {
                self.bump();
                let label = self.label_use();
                self.spanned(lo, ExprKind::Continue { label })
            }
            _ => {
                self.expected_expr();
                self.error_expr()
            }
        }
    }

    fn jump_value(&mut self) -> Option<Box<Expr>> {
        self.begins_expr().then(|| Box::new(self.expr()))
    }

    fn label_use(&mut self) -> Option<Ident> {
        self.at(T::Label).then(|| self.take_label())
    }

    pub(super) fn take_label(&mut self) -> Ident {
        let tok = self.tok();
        let text = &self.text_of(tok)[1..];
        let name = *self.names.entry(text).or_insert_with(|| base::Name::new(text));
        Ident { name, span: self.bump() }
    }

    // -------------------------------------------------------- names

    fn path_expr(&mut self) -> Expr {
        let lo = self.lo();
        if self.at_prefixed_string() {
            return self.prefixed_string();
        }
        let name = self.take_ident();
        let mut path = Path { span: name.span, segments: vec![PathSegment { name, args: None }] };
        self.path_rest(&mut path);
        Expr { span: self.span_from(lo), kind: ExprKind::Path(path) }
    }

    /// `:: name …` after the first segments of a path in an expression.
    pub(super) fn path_rest(&mut self, path: &mut Path) {
        while self.at(T::ColonColon) {
            self.bump();
            if self.at(T::Lt) {
                self.angle_generics(true);
                if self.at(T::ColonColon) {
                    continue;
                }
                break;
            }
            let name = self.path_name();
            path.segments.push(PathSegment { name, args: None });
            path.span.hi = self.prev_hi;
        }
    }

    fn path_name(&mut self) -> Ident {
        if self.cur.is_word() && self.cur != T::Underscore && self.adjacent() {
            return self.take_ident();
        }
        self.ident("a name after `::`")
    }

    /// `base[args]` before `::` or `{` as a path with generic arguments.
    pub(super) fn path_of_index(&mut self, expr: Expr) -> Expr {
        let span = expr.span;
        let (mut path, index) = match expr.kind {
            ExprKind::Index { base, index } => match base.kind {
                ExprKind::Path(path) => (path, index),
                _ => {
                    self.expected("an operator or the end of the line");
                    return Expr { span, kind: ExprKind::Error };
                }
            },
            kind => return Expr { span, kind },
        };
        let base = path.span;
        path.span.hi = span.hi;
        let args = GenericArgs {
            span: base::Span { lo: base.hi, ..span },
            args: index.into_iter().map(|arg| self.type_of_index_arg(arg)).collect(),
            bindings: Vec::new(),
        };
        if let Some(last) = path.segments.last_mut() {
            last.args = Some(Box::new(args));
        }
        self.path_rest(&mut path);
        Expr { span: self.span_from(span.lo), kind: ExprKind::Path(path) }
    }

    /// At `{` after `expr`: whether a struct literal begins.
    pub(super) fn begins_struct(&self, expr: &Expr) -> bool {
        let path = match &expr.kind {
            ExprKind::Path(path) => path,
            ExprKind::Index { base, .. } => match &base.kind {
                ExprKind::Path(path) => path,
                _ => return false,
            },
            _ => return false,
        };
        if self.layout.header {
            let Some(last) = path.segments.last() else { return false };
            let text = &self.text[last.name.span.lo as usize..last.name.span.hi as usize];
            if !text.starts_with(char::is_uppercase) {
                return false;
            }
        }
        let (first, second) = (self.nth(1).kind, self.nth(2).kind);
        match first {
            T::RBrace | T::DotDot => true,
            k if k.is_word() => {
                second == T::Colon
                    || (k.is_ident() && matches!(second, T::Comma | T::RBrace))
                    // `Name{x = 1}`, which is reported there.
                    || (second == T::Eq && !self.nth(1).first && !self.layout.header)
            }
            _ => false,
        }
    }

    pub(super) fn struct_literal(&mut self, path: Path) -> Expr {
        let lo = path.span.lo;
        let (mut fields, mut base) = (Vec::new(), None);
        self.glued_list(T::RBrace, |p| {
            let lo = p.lo();
            if p.at(T::DotDot) {
                p.role(role::PREFIX);
                p.bump();
                base = Some(Box::new(p.expr()));
                return;
            }
            let name = if p.cur.is_word() && p.nth(1).kind == T::Colon {
                p.take_ident()
            } else {
                p.ident("a field's name")
            };
            if p.at(T::Eq) {
                let span = p.span();
                p.slip(codes::E0101, span, "a field is given its value with `:`", "write `:`", ":");
                p.bump();
                let value = Some(p.expr());
                fields.push(FieldInit { span: p.span_from(lo), name, value });
                return;
            }
            let value = p.eat(T::Colon).then(|| p.expr());
            if !name.span.is_empty() {
                fields.push(FieldInit { span: p.span_from(lo), name, value });
            }
        });
        self.spanned(lo, ExprKind::Struct { path, fields, base })
    }

    // -------------------------------------------------------- brackets

    fn paren_or_tuple(&mut self) -> Expr {
        let lo = self.lo();
        let (mut elements, mut comma) = (Vec::new(), false);
        self.list(T::RParen, |p| {
            let element = p.expr();
            push_tight(&mut elements, element);
            if p.at(T::Eq) {
                p.equals_in_condition();
                p.expr();
            }
            comma |= p.at(T::Comma);
        });
        let kind = match elements.pop() {
            Some(only) if elements.is_empty() && !comma => ExprKind::Paren(Box::new(only)),
            last => {
                elements.extend(last);
                ExprKind::Tuple(elements)
            }
        };
        self.spanned(lo, kind)
    }

    fn list_expr(&mut self) -> Expr {
        let lo = self.lo();
        let (mut elements, mut count) = (Vec::new(), None);
        self.list(T::RBracket, |p| {
            elements.push(p.expr());
            if elements.len() == 1 && p.at(T::For) {
                p.comprehension(lo, &elements[0]);
            }
            if elements.len() == 1 && p.at(T::Semi) {
                p.bump();
                count = Some(Box::new(p.expr()));
            }
        });
        let kind = match count {
            Some(count) => {
                let value = elements.pop().unwrap_or_else(|| self.error_expr());
                ExprKind::Repeat { value: Box::new(value), count }
            }
            None => ExprKind::List(elements),
        };
        self.spanned(lo, kind)
    }

    // -------------------------------------------------------- concurrency and contracts

    fn scope(&mut self) -> Expr {
        let lo = self.lo();
        self.bump();
        let name = self.cur.is_ident().then(|| self.take_ident());
        let body = self.block();
        self.spanned(lo, ExprKind::Scope { name, body })
    }

    fn deadline(&mut self) -> Expr {
        let lo = self.lo();
        self.bump();
        let duration = Box::new(self.header_expr());
        let body = self.block();
        self.spanned(lo, ExprKind::Deadline { duration, body })
    }

    pub(super) fn select(&mut self) -> Expr {
        let lo = self.lo();
        self.bump();
        let mut arms = Vec::new();
        self.body(CASES, |p| {
            if let Some(arm) = p.select_arm() {
                arms.push(arm);
            }
        });
        self.spanned(lo, ExprKind::Select(Box::new(Select { biased: None, arms })))
    }

    fn select_arm(&mut self) -> Option<SelectArm> {
        let lo = self.lo();
        if self.at(T::Default) || self.at(T::Else) || (self.at(T::Underscore) && self.nth(1).kind == T::Colon)
        {
            let span = self.bump();
            if self.text.as_bytes()[lo as usize] != b'd' {
                let message = "what happens when nothing is ready is written `default:`";
                self.slip(codes::E0101, span, message, "write `default`", "default");
            }
            let body = self.block();
            return Some(SelectArm {
                span: self.span_from(lo),
                kind: SelectArmKind::Default,
                guard: None,
                body,
            });
        }
        if !self.eat(T::Case) {
            if self.case_mark().is_none() {
                self.expected("`case` or `default`");
                return None;
            }
            let message = "what a `select` waits for begins with `case`";
            let written = format!("case {}", self.text_of(self.tok()));
            self.slip(codes::E0101, self.span(), message, "write `case`", &written);
        }
        let pattern = if self.case_mark() == Some(T::Eq) {
            let pattern = self.pattern();
            self.expect(T::Eq);
            Some(pattern)
        } else {
            None
        };
        let operation = self.header_expr();
        let pattern = pattern.or_else(|| self.case_arrow());
        let guard = self.eat(T::If).then(|| self.header_expr());
        let body = self.block();
        let kind = SelectArmKind::Case { pattern, operation };
        Some(SelectArm { span: self.span_from(lo), kind, guard, body })
    }

    /// What comes first on a case's top level: an `=`, behind a pattern, or the `:` before its block.
    fn case_mark(&self) -> Option<T> {
        let mut n = 0;
        loop {
            let tok = self.nth(n);
            match tok.kind {
                T::Eof => return None,
                _ if tok.first && n > 0 => return None,
                mark @ (T::Colon | T::Eq) => return Some(mark),
                k if k.is_open() => match self.closer_ahead(n, NEAR) {
                    Some(close) => n = close,
                    None => return None,
                },
                _ => {}
            }
            n += 1;
        }
    }

    fn at_quantifier(&self) -> bool {
        let (next, after) = (self.nth(1), self.nth(2));
        !next.first
            && ((next.kind.is_ident() || next.kind == T::Underscore) && after.kind == T::In
                || (self.layout.contract && matches!(next.kind, T::LBracket) && next.lo > self.tok().hi))
    }

    fn quantifier(&mut self) -> Expr {
        let lo = self.lo();
        let all = self.cur == T::Forall;
        self.bump();
        let pattern = self.pattern();
        self.expect(T::In);
        let iterable = self.header_expr();
        self.expect(T::Colon);
        self.after_operator();
        let condition = self.expr();
        self.spanned(lo, ExprKind::Quantifier(Box::new(Quantifier { all, pattern, iterable, condition })))
    }
}
