//! Blocks and statements.

use base::Span;
use hir::items::{FnKind, FnParent};
use hir::thir::{Block, Callee, ExprId, ExprKind, Pat, PatKind, Stmt};

use super::scope::{DropTree, ElseExit};
use super::{Builder, simple_binding};
use crate::body::{BlockId, Operand, Place, Rvalue, Statement, StatementKind, TerminatorKind};

impl Builder<'_> {
    pub fn block_into(&mut self, dest: &Place, block: &Block, span: Span) {
        let scope = self.push_scope();
        for stmt in &block.stmts {
            self.stmt(stmt, scope);
        }
        match block.value {
            Some(value) => {
                let end = self.thir.exprs[value].span.end();
                self.in_temp_scope(end, |b| b.branch_into(dest, value));
            }
            None if dest.ty(&self.locals).is_unit() => self.set_unit(dest, span.end()),
            // It cannot end.
            None => self.unreachable(span.end()),
        }
        self.pop_scope(span.end());
    }

    /// As [`Builder::value_into`], but a value that nobody wants may have another type.
    pub fn branch_into(&mut self, dest: &Place, expr: ExprId) {
        let data = &self.thir.exprs[expr];
        if !data.ty.is_unit() && !data.ty.is_never() && dest.ty(&self.locals).is_unit() {
            self.statement_expr(expr);
            self.set_unit(dest, data.span);
        } else {
            self.value_into(dest, expr);
            if data.ty.is_never() {
                self.unreachable(data.span);
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt, scope: usize) {
        match stmt {
            Stmt::Expr(expr) => {
                let end = self.thir.exprs[*expr].span.end();
                self.in_temp_scope(end, |b| b.statement_expr(*expr));
            }
            Stmt::Let { pattern, value: None, span, .. } => {
                if let Some(var) = simple_binding(pattern) {
                    let local = self.declare(var);
                    self.statement(StatementKind::StorageLive(local), *span);
                    self.schedule_storage(scope, local, *span);
                    self.schedule_value(scope, local, *span);
                }
            }
            Stmt::Let { pattern, value: Some(value), else_: None, span } => {
                self.let_stmt(pattern, *value, scope, *span);
            }
            Stmt::Let { pattern, value: Some(value), else_: Some(else_), span } => {
                self.let_else(pattern, *value, *else_, scope, *span);
            }
            Stmt::Defer(expr) => {
                let span = self.thir.exprs[*expr].span;
                self.schedule_defer(scope, *expr, span);
            }
        }
    }

    fn let_stmt(&mut self, pattern: &Pat, value: ExprId, scope: usize, span: Span) {
        self.extend_temporaries(value, scope);
        if let Some(var) = simple_binding(pattern) {
            let local = self.declare(var);
            let decl_span = self.locals[local].span;
            self.statement(StatementKind::StorageLive(local), decl_span);
            self.schedule_storage(scope, local, decl_span);
            self.in_temp_scope(span.end(), |b| b.branch_into(&Place::local(local), value));
            self.schedule_value(scope, local, decl_span);
            return;
        }
        self.in_temp_scope(span.end(), |b| {
            let place = b.let_scrutinee(pattern, value, scope);
            b.bind_irrefutable(&place, pattern, scope);
        });
    }

    fn let_else(&mut self, pattern: &Pat, value: ExprId, else_: ExprId, scope: usize, span: Span) {
        self.extend_temporaries(value, scope);
        let exits = DropTree::new();
        self.else_exits.push(ElseExit { depth: self.scopes.len(), exits });
        let vars = self.in_temp_scope(span.end(), |b| {
            let place = b.let_scrutinee(pattern, value, scope);
            b.statement(StatementKind::FakeRead(place.clone()), span);
            b.test_and_bind(&place, pattern, span)
        });
        let exits = self.else_exits.pop().expect("pushed above").exits;
        let matched = self.here();
        if !exits.is_unused() {
            let failed = self.new_block();
            self.build_exit_tree(exits, failed);
            self.start(failed);
            let else_span = self.thir.exprs[else_].span;
            self.in_temp_scope(else_span.end(), |b| b.statement_expr(else_));
            self.unreachable(else_span);
        }
        self.start(matched);
        self.schedule_bindings(&vars, scope);
    }

    /// What a `let` takes apart: a place is looked at where it is.
    fn let_scrutinee(&mut self, pattern: &Pat, value: ExprId, scope: usize) -> Place {
        let data = &self.thir.exprs[value];
        match &data.kind {
            ExprKind::Use(place) => self.place(*place),
            kind if kind.is_place() => self.place(value),
            _ => {
                if has_borrowing_binding(pattern) {
                    self.extended.insert(value, scope);
                }
                self.temp_place(value, hir::ty::Mutability::Mut)
            }
        }
    }

    /// `target = value`.
    pub fn assign_expr(&mut self, target: ExprId, value: ExprId, span: Span) {
        let ty = self.thir.exprs[target].ty;
        if self.thir.exprs[value].ty.is_never() {
            self.statement_expr(value);
            return self.unreachable(span);
        }
        // The value comes first; what evaluating the target does must not change it.
        let calm = self.is_calm_target(target);
        if !self.types.needs_drop(ty) {
            let rvalue = if calm { self.rvalue(value) } else { Rvalue::Use(self.settled_operand(value)) };
            let place = self.place(target);
            return self.assign(place, rvalue, span);
        }
        let value = if calm { self.operand(value) } else { self.settled_operand(value) };
        let place = self.place(target);
        // A variable that is assigned only once holds nothing yet.
        let first = place.as_local().is_some_and(|l| !self.locals[l].mutable);
        if !first {
            let old = place.clone();
            let block = self.current;
            self.terminate_into_next(
                |target| TerminatorKind::Drop { place: old, target, unwind: None },
                span,
            );
            self.assign_if_it_unwinds(block, &place, &value, span);
        }
        if let Operand::Move(_) = value {
            self.moved(std::slice::from_ref(&value));
        }
        self.assign(place, Rvalue::Use(value), span);
    }

    /// Where the drop of the old value panics, deferred blocks find the new one.
    fn assign_if_it_unwinds(&mut self, block: BlockId, place: &Place, value: &Operand, span: Span) {
        if !self.reachable || self.in_cleanup || !self.has_deferred() {
            return;
        }
        let replace = self.new_block();
        self.blocks[replace].cleanup = true;
        let kind = StatementKind::Assign(place.clone(), Rvalue::Use(value.clone()));
        self.blocks[replace].statements.push(Statement { kind, span });
        self.unwind_by(block, replace);
    }

    // ------------------------------------------------------------ lifetimes of temporaries

    /// Marks the temporaries whose borrow becomes part of a variable's value: they live as long
    /// as the variable.
    fn extend_temporaries(&mut self, value: ExprId, scope: usize) {
        let thir = self.thir;
        match &thir.exprs[value].kind {
            ExprKind::Ref { place, .. } => self.extend_place(*place, scope),
            ExprKind::Tuple(elems) | ExprKind::List(elems) => {
                for &elem in elems {
                    self.extend_temporaries(elem, scope);
                }
            }
            ExprKind::Adt { fields, .. } => {
                for &(_, field) in fields {
                    self.extend_temporaries(field, scope);
                }
            }
            ExprKind::Call { callee: Callee::Fn { id, .. }, args }
                if matches!(self.program.fns[*id].kind, FnKind::Constructor(..)) =>
            {
                for &arg in args {
                    self.extend_temporaries(arg, scope);
                }
            }
            ExprKind::Coerce { value: inner, .. } => {
                self.extended.insert(value, scope);
                self.extend_temporaries(*inner, scope);
            }
            ExprKind::Block(block) => {
                if let Some(value) = block.value {
                    self.extend_temporaries(value, scope);
                }
            }
            ExprKind::If { then, else_: Some(else_), .. } => {
                self.extend_temporaries(*then, scope);
                self.extend_temporaries(*else_, scope);
            }
            _ => {}
        }
    }

    /// The borrowed place rests on a temporary.
    fn extend_place(&mut self, mut place: ExprId, scope: usize) {
        let thir = self.thir;
        loop {
            match &thir.exprs[place].kind {
                ExprKind::Field { base, .. }
                | ExprKind::TupleField { base, .. }
                | ExprKind::Index { base, .. } => place = *base,
                ExprKind::Deref(reference) => match &thir.exprs[*reference].kind {
                    // `*value` through the `Deref` trait borrows the value.
                    ExprKind::Call { callee, args } if self.derefs(callee) => {
                        return args.iter().for_each(|&a| self.extend_temporaries(a, scope));
                    }
                    ExprKind::Ref { place: inner, .. } => place = *inner,
                    _ => return,
                },
                kind if kind.is_place() => return,
                _ => {
                    self.extended.insert(place, scope);
                    return self.extend_temporaries(place, scope);
                }
            }
        }
    }

    /// A call of `Deref::deref`, `DerefMut::deref_mut` or of an indexing method.
    fn derefs(&self, callee: &Callee) -> bool {
        let trait_ = match callee {
            Callee::TraitMethod { trait_, .. } => *trait_,
            Callee::Fn { id, .. } => match self.program.fns[*id].parent {
                FnParent::TraitImpl(id) => match self.program.impls[id].trait_ {
                    Some(trait_) => trait_.trait_,
                    None => return false,
                },
                FnParent::Trait(id) => id,
                _ => return false,
            },
            _ => return false,
        };
        ["Deref", "DerefMut", "Index", "IndexMut"]
            .iter()
            .any(|name| self.program.lang.trait_(name) == Some(trait_))
    }
}

/// Some name in the pattern is bound to a borrow of what it matches.
pub fn has_borrowing_binding(pattern: &Pat) -> bool {
    match &pattern.kind {
        PatKind::Binding { mode, sub, .. } => {
            matches!(mode, hir::thir::BindMode::Ref(_)) || sub.as_deref().is_some_and(has_borrowing_binding)
        }
        PatKind::Tuple(pats) | PatKind::Or(pats) => pats.iter().any(has_borrowing_binding),
        PatKind::Struct { fields, .. } => fields.iter().any(|(_, p)| has_borrowing_binding(p)),
        PatKind::Slice { before, rest, after } => {
            before.iter().chain(after).any(has_borrowing_binding) || matches!(rest, Some(Some(_)))
        }
        PatKind::Deref(inner) => has_borrowing_binding(inner),
        PatKind::Wildcard
        | PatKind::Literal(_)
        | PatKind::Range { .. }
        | PatKind::Const { .. }
        | PatKind::Error => false,
    }
}
