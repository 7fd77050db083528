//! Conditions and loops.
//!
//! A condition is lowered to control flow directly: after [`Builder::condition`] the current
//! block is where it holds, and the ways on which it does not have left through the innermost
//! [`ElseExit`].

use base::Span;
use hir::thir::{ExprId, ExprKind, Lit, LoopId, UnOp};
use hir::ty::Ty;

use super::Builder;
use super::scope::{Breakable, DropTree, ElseExit, Exit};
use crate::body::{ConstKind, Constant, Operand, Place, Rvalue, TerminatorKind};

impl Builder<'_> {
    pub fn if_into(
        &mut self,
        dest: &Place,
        condition: ExprId,
        then: ExprId,
        else_: Option<ExprId>,
        span: Span,
    ) {
        let then_end = self.thir.exprs[then].span.end();
        let exits = self.when(then_end, |b| {
            b.condition(condition);
            b.in_temp_scope(then_end, |b| b.branch_into(dest, then));
        });
        let join = self.new_block();
        self.goto(join, span);
        if !exits.is_unused() {
            let otherwise = self.new_block();
            self.build_exit_tree(exits, otherwise);
            self.start(otherwise);
            match else_ {
                Some(else_) => {
                    let end = self.thir.exprs[else_].span.end();
                    self.in_temp_scope(end, |b| b.branch_into(dest, else_));
                }
                None => self.set_unit(dest, span),
            }
            self.goto(join, span);
        }
        self.start(join);
    }

    /// Runs `f`, which tests a condition and does what depends on it, in a scope of its own.
    /// Gives the exits that are taken if the condition is false.
    fn when(&mut self, end: Span, f: impl FnOnce(&mut Self)) -> DropTree {
        let depth = self.scopes.len();
        self.else_exits.push(ElseExit { depth, exits: DropTree::new() });
        self.in_temp_scope(end, f);
        self.else_exits.pop().expect("pushed above").exits
    }

    /// Goes on only if the condition holds.
    pub fn condition(&mut self, expr: ExprId) {
        let thir = self.thir;
        let data = &thir.exprs[expr];
        let span = data.span;
        match &data.kind {
            ExprKind::And(left, right) => {
                self.condition(*left);
                self.condition(*right);
            }
            ExprKind::Or(left, right) => {
                let exits = self.when(span.end(), |b| b.condition(*left));
                let holds = self.new_block();
                self.goto(holds, span);
                if !exits.is_unused() {
                    let second = self.new_block();
                    self.build_exit_tree(exits, second);
                    self.start(second);
                    self.condition(*right);
                    self.goto(holds, span);
                }
                self.start(holds);
            }
            ExprKind::Unary { op: UnOp::Not, operand } => {
                let exits = self.when(span.end(), |b| b.condition(*operand));
                self.exit(Exit::Else, span);
                let holds = self.new_block();
                self.build_exit_tree(exits, holds);
                self.start(holds);
            }
            ExprKind::LetCondition { pattern, scrutinee } => {
                self.let_condition(pattern, *scrutinee, span);
            }
            ExprKind::Literal(Lit::Bool(true)) => {}
            ExprKind::Literal(Lit::Bool(false)) => self.exit(Exit::Else, span),
            _ => {
                let value = if self.is_calm(expr) {
                    self.operand(expr)
                } else {
                    let temp = self.temp(Ty::bool(), span);
                    self.in_temp_scope(span.end(), |b| b.branch_into(&Place::local(temp), expr));
                    Operand::Copy(temp.into())
                };
                self.branch_on(value, span);
            }
        }
    }

    /// Goes on if the `bool` is true, else leaves through the innermost exit.
    pub fn branch_on(&mut self, value: Operand, span: Span) {
        let holds = self.new_block();
        let fails = self.new_block();
        let kind = TerminatorKind::Switch { value, targets: vec![(0, fails)], otherwise: holds };
        self.terminate(kind, span);
        self.start(fails);
        self.exit(Exit::Else, span);
        self.start(holds);
    }

    /// A condition as a `bool` value.
    pub fn condition_into(&mut self, dest: &Place, expr: ExprId, span: Span) {
        let set = |b: &mut Self, value: bool| {
            let kind = ConstKind::Int(i128::from(value));
            let constant = Operand::Const(Constant { ty: Ty::bool(), kind });
            b.assign(dest.clone(), Rvalue::Use(constant), span);
        };
        let exits = self.when(span.end(), |b| b.condition(expr));
        set(self, true);
        let join = self.new_block();
        self.goto(join, span);
        if !exits.is_unused() {
            let otherwise = self.new_block();
            self.build_exit_tree(exits, otherwise);
            self.start(otherwise);
            set(self, false);
            self.goto(join, span);
        }
        self.start(join);
    }

    pub fn loop_into(&mut self, dest: &Place, id: LoopId, body: ExprId, span: Span) {
        let head = self.new_block();
        self.goto(head, span);
        self.start(head);
        self.breakables.push(Breakable {
            id,
            depth: self.scopes.len(),
            result: dest.clone(),
            breaks: DropTree::new(),
            continues: DropTree::new(),
        });
        let end = self.thir.exprs[body].span.end();
        self.in_temp_scope(end, |b| b.statement_expr(body));
        self.goto(head, end);
        let Breakable { breaks, continues, .. } = self.breakables.pop().expect("pushed above");
        self.build_exit_tree(continues, head);
        let after = self.new_block();
        self.build_exit_tree(breaks, after);
        self.start(after);
    }
}
