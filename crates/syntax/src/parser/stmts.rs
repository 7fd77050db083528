//! Statements: what each line of a block may begin with.
//!
//! Words that are keywords only here (`req`, `go`, `pass`, …) are told from identifiers by the
//! token after them; see [`Parser::word_begins`].

use base::{Applicability, Diagnostic, codes};

use super::{NEAR, Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    /// One statement, pushed unless nothing could be made of it.
    pub(super) fn stmt_into(&mut self, stmts: &mut Vec<Stmt>) {
        let Some(outer) = self.enter() else { return };
        let before = self.pos;
        let stmt = self.stmt();
        self.leave(outer);
        if self.pos > before {
            push_tight(stmts, stmt);
        }
    }

    pub(super) fn stmt(&mut self) -> Stmt {
        let lo = self.lo();
        if self.at_item() {
            let item = self.item();
            self.items += 1;
            return Stmt { span: item.span, kind: StmtKind::Item(Box::new(item)) };
        }
        if matches!(self.cur, T::Ident | T::From) && self.foreign_keyword() {
            return self.stmt();
        }
        let kind = match self.cur {
            T::Let => self.let_stmt(),
            T::Req | T::Ens | T::Inv if self.word_begins() => StmtKind::Contract(self.contract()),
            T::Pass
                if matches!(self.next_kind(), T::LineEnd | T::Eof | T::Semi | T::RBrace | T::Else)
                    || (self.layout.enclosed
                        && (self.next_kind().is_close() || self.next_kind() == T::Comma)) =>
            {
                self.bump();
                StmtKind::Pass
            }
            T::Defer if self.next_kind() == T::Colon || self.word_begins() => self.defer_stmt(),
            T::Go if self.next_kind() == T::Colon || self.word_begins() => self.go_stmt(),
            T::LBracket if self.at_biased() => {
                let span = self.bump();
                self.bump();
                self.role(role::ATTRIBUTE_END);
                let span = span.to(self.bump());
                self.reveal();
                let mut select = self.select();
                if let ExprKind::Select(s) = &mut select.kind {
                    s.biased = Some(span);
                    select.span = self.span_from(lo);
                }
                StmtKind::Expr(select)
            }
            T::LBracket if self.tok().first && self.attribute_before_statement().is_some() => {
                let tokens = self.attribute_before_statement().unwrap_or(1);
                let d = Diagnostic::error(codes::E0117, self.span(), "a statement takes no attributes")
                    .label("attributes stand before items")
                    .help("before the function around it, perhaps");
                self.report(d);
                for _ in 0..tokens {
                    self.bump();
                }
                self.reveal();
                return self.stmt();
            }
            _ => self.expr_stmt(),
        };
        Stmt { span: self.span_from(lo), kind }
    }

    /// `[name]` or `[name(…)]` on a line before a statement that begins with a keyword: how many
    /// tokens it has.
    fn attribute_before_statement(&self) -> Option<usize> {
        if !self.nth(1).kind.is_word() {
            return None;
        }
        let close = match self.nth(2).kind {
            T::LParen => self.closer_ahead(2, NEAR)? + 1,
            _ => 2,
        };
        let after = self.nth(close + 1);
        let statement = matches!(
            after.kind,
            T::Let | T::For | T::While | T::If | T::Match | T::Loop | T::Select | T::Return | T::Defer
        );
        (self.nth(close).kind == T::RBracket && after.first && statement).then_some(close + 1)
    }

    /// `[biased]` before a `select:`.
    fn at_biased(&self) -> bool {
        self.nth(1).kind == T::Ident
            && self.text_of(self.nth(1)) == "biased"
            && self.nth(2).kind == T::RBracket
            && self.nth(3).kind == T::Select
            && self.nth(4).kind == T::Colon
    }

    /// Whether a word that is a keyword only at the start of a statement is one here: something
    /// that can begin an expression follows on the line, and could not go on with the word as an
    /// operand. `req (a)` with a blank is a contract, `req(a)` a call.
    pub(super) fn word_begins(&self) -> bool {
        let (word, next, after) = (self.tok(), self.nth(1), self.nth(2));
        if self.next_kind() == T::LineEnd {
            return false;
        }
        let spaced = next.lo > word.hi;
        let tight = after.lo == next.hi;
        match next.kind {
            k if k.is_ident() => true,
            T::Int
            | T::Float
            | T::Char
            | T::Byte
            | T::Str
            | T::StrStart
            | T::QuotedStr
            | T::SelfValue
            | T::True
            | T::False
            | T::Not
            | T::If
            | T::Match
            | T::Fn
            | T::Await
            | T::Loop
            | T::While
            | T::For
            | T::Unsafe
            | T::Async => true,
            T::LParen | T::LBracket | T::LBrace => spaced,
            T::Minus | T::Star | T::Amp | T::Bang | T::Tilde | T::Pipe | T::PipePipe => spaced && tight,
            _ => false,
        }
    }

    fn let_stmt(&mut self) -> StmtKind {
        self.bump();
        let mutable = self.eat(T::Mut);
        let mut pattern = self.pattern_no_alt();
        if self.at(T::Comma) {
            pattern = self.bare_tuple_pattern(pattern);
        }
        let ty = if self.at(T::Colon) && self.nth(1).kind == T::Eq {
            let span = self.bump();
            let span = span.to(self.tok_span(self.tok()));
            self.slip(codes::E0113, span, "a variable is given its value with `=`", "write `=`", "=");
            None
        } else if self.eat(T::Colon) {
            Some(Box::new(self.type_expr()))
        } else {
            None
        };
        let value = if self.eat(T::Eq) {
            self.after_operator();
            let value = self.expr();
            if self.at(T::Eq) {
                let d = Diagnostic::error(codes::E0111, self.span(), "an assignment is not an expression")
                    .help("assign on one line each; a comparison is written `==`");
                self.report(d);
                self.bump();
                self.expr();
            }
            Some(value)
        } else {
            None
        };
        let else_ = if value.is_some() && self.at_else() {
            self.bump();
            Some(Box::new(self.block()))
        } else {
            None
        };
        StmtKind::Let { mutable, pattern, ty, value, else_ }
    }

    /// Lets the line go on after an operator at its end.
    #[inline]
    pub(super) fn after_operator(&mut self) {
        if self.cur == T::LineEnd {
            // A line that goes back to the block's indentation is the next statement.
            let tok = self.tok();
            if tok.indent > self.layout.indent
                || (tok.indent == self.layout.indent && !self.at_stmt_keyword())
            {
                self.reveal();
            }
        }
    }

    /// The raw current token can only begin a statement.
    fn at_stmt_keyword(&self) -> bool {
        matches!(
            self.tok().kind,
            T::Let
                | T::Const
                | T::Static
                | T::Struct
                | T::Enum
                | T::Trait
                | T::Impl
                | T::Use
                | T::Mod
                | T::Pub
                | T::If
                | T::Else
                | T::While
                | T::For
                | T::Loop
                | T::Match
                | T::Return
                | T::Break
                | T::Continue
        ) || (self.tok().kind == T::Fn && self.nth(1).kind.is_ident())
    }

    pub(super) fn contract(&mut self) -> Contract {
        let lo = self.lo();
        let kind = match self.cur {
            T::Req => ContractKind::Req,
            T::Ens => ContractKind::Ens,
            _ => ContractKind::Inv,
        };
        self.bump();
        let outer = self.layout.contract;
        self.layout.contract = true;
        let condition = self.expr();
        self.layout.contract = outer;
        let always = self.eat(T::Question);
        if self.at(T::Eq) {
            self.equals_in_condition();
            self.expr();
        }
        Contract { span: self.span_from(lo), kind, condition, always }
    }

    fn defer_stmt(&mut self) -> StmtKind {
        let word = self.bump();
        if self.at(T::Colon) {
            return StmtKind::Defer(self.block());
        }
        self.slip(codes::E0110, word.end(), "a `:` is missing after `defer`", "insert `:`", ":");
        let stmt = self.stmt();
        StmtKind::Defer(self.block_of(stmt))
    }

    fn go_stmt(&mut self) -> StmtKind {
        self.bump();
        if self.at(T::Colon) {
            let lo = self.lo();
            let block = self.block();
            let expr = Expr { span: self.span_from(lo), kind: ExprKind::Block(block) };
            return StmtKind::Go(Box::new(expr));
        }
        StmtKind::Go(Box::new(self.expr()))
    }

    /// An expression or an assignment.
    fn expr_stmt(&mut self) -> StmtKind {
        let block_like = self.begins_block_like();
        let start = self.pos;
        let expr = if block_like { self.primary() } else { self.expr() };
        if self.pos == start {
            return StmtKind::Error;
        }
        if block_like && matches!(self.cur, T::LineEnd | T::Eof | T::Semi | T::RBrace | T::Else) {
            return StmtKind::Expr(expr);
        }
        let expr = if block_like { self.continue_expr(expr, 0) } else { expr };
        self.assignment_to(expr)
    }

    /// `= value` and the like after a place, if it is there.
    pub(super) fn assignment_to(&mut self, target: Expr) -> StmtKind {
        let op = match self.cur {
            T::Eq => None,
            T::PlusEq => Some(BinaryOp::Add),
            T::MinusEq => Some(BinaryOp::Sub),
            T::StarEq => Some(BinaryOp::Mul),
            T::SlashEq => Some(BinaryOp::Div),
            T::PercentEq => Some(BinaryOp::Rem),
            T::AmpEq => Some(BinaryOp::BitAnd),
            T::PipeEq => Some(BinaryOp::BitOr),
            T::CaretEq => Some(BinaryOp::BitXor),
            T::ShlEq => Some(BinaryOp::Shl),
            T::ShrEq => Some(BinaryOp::Shr),
            T::Colon if self.walrus() => return self.let_by_walrus(target),
            _ => return StmtKind::Expr(target),
        };
        let op_span = self.bump();
        self.after_operator();
        let value = self.expr();
        if self.at(T::Eq) {
            let d = Diagnostic::error(codes::E0111, self.span(), "an assignment is not an expression")
                .also(op_span, "the first assignment")
                .help("assign on one line each");
            self.report(d);
        }
        StmtKind::Assign { op, op_span, target, value }
    }

    fn walrus(&self) -> bool {
        self.nth(1).kind == T::Eq && self.nth(1).lo == self.tok().hi
    }

    fn let_by_walrus(&mut self, target: Expr) -> StmtKind {
        let span = self.bump();
        let span = span.to(self.bump());
        let d = Diagnostic::error(codes::E0113, span, "a variable is made with `let` and `=`").fix_all(
            "write `let … =`",
            vec![(target.span.start(), "let ".into()), (span, "=".into())],
            Applicability::Certain,
        );
        self.report_slip(d);
        let value = Some(self.expr());
        let kind = match target.kind {
            ExprKind::Path(path) if path.segments.len() == 1 => {
                PatternKind::Binding { convention: Convention::Read, name: path.segments[0].name, sub: None }
            }
            _ => PatternKind::Error,
        };
        let pattern = Pattern { span: target.span, kind };
        StmtKind::Let { mutable: false, pattern, ty: None, value, else_: None }
    }

    /// `=` where a condition ends.
    pub(super) fn equals_in_condition(&mut self) {
        let span = self.span();
        let d = Diagnostic::error(codes::E0111, span, "`=` assigns; a comparison is written `==`").fix(
            "compare with `==`",
            span,
            "==",
            Applicability::Certain,
        );
        self.report_slip(d);
        self.bump();
    }

    /// At `else`, on this line or at the start of the next one that belongs to the block. Shows
    /// it if so.
    pub(super) fn at_else(&mut self) -> bool {
        if self.cur == T::LineEnd
            && !self.layout.inline
            && self.tok().indent >= self.layout.indent
            && (self.tok().kind == T::Else || self.at_foreign_else_if())
        {
            self.reveal();
        }
        self.at(T::Else) || (self.cur == T::Ident && self.at_foreign_else_if())
    }

    /// A file: items and statements on the top level.
    pub(super) fn file(&mut self) -> File {
        self.refresh();
        let docs = self.file_docs();
        let mut file = File { docs, ..File::default() };
        self.refresh();
        self.lines(super::body::STATEMENTS, &mut |p: &mut Self| {
            let Some(outer) = p.enter() else { return };
            if p.at_item() {
                file.items.push(p.item());
            } else {
                let before = p.pos;
                let stmt = p.stmt();
                match stmt.kind {
                    // A word of another language turned out to begin an item.
                    StmtKind::Item(item) => file.items.push(*item),
                    _ if p.pos > before => file.statements.push(stmt),
                    _ => {}
                }
            }
            p.leave(outer);
        });
        file
    }

    pub(super) fn contract_ends(&self) -> bool {
        let next = self.next_kind();
        self.layout.contract
            && self.layout.newlines
            && matches!(next, T::LineEnd | T::Eof | T::Semi | T::RBrace | T::Eq)
    }

    #[inline]
    pub(super) fn spanned(&self, lo: u32, kind: ExprKind) -> Expr {
        Expr { span: self.span_from(lo), kind }
    }

    pub(super) fn error_expr(&self) -> Expr {
        Expr { span: self.prev_end(), kind: ExprKind::Error }
    }
}
