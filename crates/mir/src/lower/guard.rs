//! Guards of match arms.

use hir::thir::{BindMode, ExprId, ExprKind};
use hir::ty::{Mutability, Ty};
use smallvec::SmallVec;

use super::Builder;
use super::matching::Match;
use super::pattern::{Bind, BindSource, Bound, Candidate};
use super::scope::{DropTree, ElseExit};
use crate::body::{BlockId, Local, Place, Rvalue, StatementKind};

impl Builder<'_> {
    /// A guard sees the names of its arm, but nothing has been moved yet, and it cannot change
    /// what is matched.
    pub fn guarded<'p>(
        &mut self,
        state: &mut Match<'p>,
        i: usize,
        guard: ExprId,
        candidate: Candidate<'p>,
    ) -> Option<BlockId> {
        let span = self.thir.exprs[guard].span;
        let vars = state.arms[i].vars.clone().unwrap_or_default();
        // A name that will own is, for the guard, the place itself.
        let (binds, choices) = (candidate.bound.binds, candidate.bound.choices);
        let (late, early): (Vec<Bind>, Vec<Bind>) = binds.into_iter().partition(|bind| {
            bind.mode == BindMode::Move && !self.types.is_copy(self.thir.locals[bind.var].ty)
        });
        let late = Bound { binds: late, choices: Vec::new() };
        let early = Bound { binds: early, choices };
        self.bind_all(&early);
        let mut shadowed = Vec::new();
        for bind in &late.binds {
            if let BindSource::Place(place) = &bind.source {
                shadowed.push((bind.var, self.vars[bind.var].replace(place.clone())));
            }
        }
        let mut bound: SmallVec<[Local; 4]> = SmallVec::new();
        let mut exclusive: SmallVec<[Local; 4]> = SmallVec::new();
        early.each(&mut |bind| {
            let Some(local) = self.vars[bind.var].as_ref().and_then(Place::as_local) else { return };
            if bound.contains(&local) {
                return;
            }
            bound.push(local);
            if bind.mode == BindMode::Ref(Mutability::Mut) {
                exclusive.push(local);
            }
        });
        // What has been tested stays as it is until the guard has decided: it is borrowed, as a
        // whole or by the names that borrow exclusively.
        let quiet = self.is_quiet(guard);
        let held = (!quiet && (exclusive.is_empty() || state.arms[i].renames)).then(|| {
            let held = self.temp(Ty::shared_ref(self.ty_of(&state.scrutinee)), span);
            let place = state.scrutinee.clone();
            let mutability = Mutability::Shared;
            self.assign(held, Rvalue::Ref { mutability, place, two_phase: false }, span);
            held
        });
        let release = |b: &mut Self| {
            if quiet {
                return;
            }
            for &local in exclusive.iter().chain(&held) {
                b.statement(StatementKind::FakeRead(Place::local(local)), span);
            }
        };
        self.else_exits.push(ElseExit { depth: self.scopes.len(), exits: DropTree::new() });
        if self.has_let_condition(guard) {
            // What the guard binds and borrows is there in the body, which stands right here.
            let dest = state.dest.expect("a match with guards has a result").clone();
            let body = state.arms[i].body.expect("a match with guards has bodies");
            let end = state.end;
            let body_span = self.thir.exprs[body].span;
            self.in_temp_scope(body_span.end(), |b| {
                b.condition(guard);
                release(b);
                for (var, place) in shadowed.drain(..) {
                    b.vars[var] = place;
                }
                b.bind_all(&late);
                let scope = b.push_scope();
                b.schedule_bindings(&vars, scope);
                b.in_temp_scope(body_span.end(), |b| b.branch_into(&dest, body));
                b.pop_scope(body_span.end());
            });
            self.goto(end, body_span.end());
            state.arms[i].written = true;
        } else {
            self.in_temp_scope(span.end(), |b| b.condition(guard));
            release(self);
            for (var, place) in shadowed.drain(..) {
                self.vars[var] = place;
            }
            self.bind_all(&late);
            let block = state.arms[i].block;
            self.goto(block, span);
        }
        let exits = self.else_exits.pop().expect("pushed above").exits;
        if exits.is_unused() {
            return None;
        }
        let failed = self.new_block();
        self.build_exit_tree(exits, failed);
        self.start(failed);
        release(self);
        for local in bound {
            self.statement(StatementKind::StorageDead(local), span);
        }
        Some(self.here())
    }

    /// Evaluating it changes nothing.
    fn is_quiet(&self, expr: ExprId) -> bool {
        match &self.thir.exprs[expr].kind {
            ExprKind::Unary { operand, .. } => self.is_quiet(*operand),
            ExprKind::Binary { left, right, .. } | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.is_quiet(*left) && self.is_quiet(*right)
            }
            ExprKind::Deref(inner) | ExprKind::Use(inner) => self.is_quiet(*inner),
            ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => self.is_quiet(*base),
            ExprKind::Cast { value, .. } => self.is_quiet(*value),
            ExprKind::Index { base, index } => self.is_quiet(*base) && self.is_quiet(*index),
            ExprKind::Local(_)
            | ExprKind::Static(_)
            | ExprKind::Literal(_)
            | ExprKind::Const(_)
            | ExprKind::ConstParam(_) => true,
            _ => false,
        }
    }

    fn has_let_condition(&self, expr: ExprId) -> bool {
        match &self.thir.exprs[expr].kind {
            ExprKind::LetCondition { .. } => true,
            ExprKind::And(left, right) => self.has_let_condition(*left) || self.has_let_condition(*right),
            _ => false,
        }
    }
}
