//! The arms of a `select`: what is done when its case was taken.

use base::Span;
use syntax::ast;

use super::Operation;
use crate::check::coerce::Join;
use crate::check::{Checker, Expect};
use crate::thir::{self, ExprId, ExprKind, Lit, LocalId, Pat, PatKind, Stmt};
use crate::ty::Ty;

impl Checker<'_> {
    /// `match which { … }`
    pub(super) fn select_arms(
        &mut self,
        groups: &[&[ast::SelectArm]],
        operations: Vec<Operation>,
        set: LocalId,
        index: ExprId,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let discard = matches!(expect, Expect::Discard);
        let mut join = Join::new(expect.hint(), "the cases of a `select` have different types");
        let before = self.diverges;
        let mut all_diverge = true;
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut position = 0;
        for (group, operation) in groups.iter().zip(operations) {
            let arm = &group[0];
            self.push_scope();
            self.diverges = before;
            let mut stmts = Vec::new();
            let value = self.case_value(arm, &operation, set, position, &mut stmts);
            let body = match (value, *group) {
                (Some(value), [_, _, ..]) => {
                    let (body, diverges) = self.match_cases(value, group, discard, &mut join);
                    all_diverge &= diverges;
                    body
                }
                (value, _) => {
                    self.bind_case(arm, value, &mut stmts);
                    let body = self.case_body(&arm.body, discard, &mut join);
                    all_diverge &= self.diverges;
                    body
                }
            };
            self.pop_scope();
            let ty = self.ty_of(body);
            let block = thir::Block { stmts, value: Some(body) };
            let body = self.push(ty, arm.span, ExprKind::Block(block));
            if matches!(operation, Operation::Timeout | Operation::Default) {
                otherwise = Some((body, arm.span));
                continue;
            }
            let kind = PatKind::Literal(Lit::Int(position));
            let pattern = Pat { ty: Ty::int(), span: arm.span, kind };
            arms.push(thir::Arm { pattern, guard: None, body, span: arm.span });
            position += 1;
        }
        self.diverges = before || (all_diverge && !groups.is_empty());
        let ty = match join.ty() {
            _ if discard && all_diverge => Ty::never(),
            _ if discard => Ty::unit(),
            Some(ty) => ty,
            None => Ty::never(),
        };
        match otherwise {
            Some((body, arm_span)) => {
                let pattern = Pat { ty: Ty::int(), span: arm_span, kind: PatKind::Wildcard };
                arms.push(thir::Arm { pattern, guard: None, body, span: arm_span });
            }
            // `wait` gives the index of a case: the last one needs no test.
            None => {
                if let Some(last) = arms.last_mut() {
                    last.pattern.kind = PatKind::Wildcard;
                }
            }
        }
        if arms.is_empty() {
            return self.push(
                Ty::unit(),
                span,
                ExprKind::Block(thir::Block { stmts: vec![thir::Stmt::Expr(index)], value: None }),
            );
        }
        self.push(ty, span, ExprKind::Match { scrutinee: index, arms })
    }

    fn case_body(&mut self, body: &ast::Block, discard: bool, join: &mut Join) -> ExprId {
        if discard {
            return self.check_block(body, Expect::Discard);
        }
        let body = self.check_block(body, join.expect());
        self.join(join, body)
    }

    /// `match value { PATTERN => BODY, … }`, and whether no arm comes to its end.
    fn match_cases(
        &mut self,
        value: ExprId,
        cases: &[ast::SelectArm],
        discard: bool,
        join: &mut Join,
    ) -> (ExprId, bool) {
        let before = self.diverges;
        let mut all_diverge = true;
        let mut arms = Vec::new();
        for case in cases {
            let ast::SelectArmKind::Case { pattern, .. } = &case.kind else { continue };
            self.push_scope();
            self.diverges = before;
            let pattern = match pattern {
                Some(pattern) => self.check_pattern_on(pattern, value),
                None => Pat { ty: self.ty_of(value), span: case.span, kind: PatKind::Wildcard },
            };
            let body = self.case_body(&case.body, discard, join);
            all_diverge &= self.diverges;
            self.pop_scope();
            arms.push(thir::Arm { pattern, guard: None, body, span: case.span });
        }
        let ty = match join.ty() {
            _ if discard && all_diverge => Ty::never(),
            _ if discard => Ty::unit(),
            Some(ty) => ty,
            None => Ty::never(),
        };
        let span = cases[0].span;
        let id = self.push(ty, span, ExprKind::Match { scrutinee: value, arms });
        self.note_match(id, self.span_of(value), cases.last().map(|case| case.span));
        (id, all_diverge)
    }

    /// What a case that was taken gives, for its pattern.
    fn case_value(
        &mut self,
        arm: &ast::SelectArm,
        operation: &Operation,
        set: LocalId,
        position: i128,
        stmts: &mut Vec<Stmt>,
    ) -> Option<ExprId> {
        let ast::SelectArmKind::Case { pattern, operation: written } = &arm.kind else { return None };
        let span = written.span;
        let set_ty = self.locals[set].ty;
        let value = match operation {
            Operation::Recv(holder) => {
                let index = self.push(Ty::int(), span, ExprKind::Literal(Lit::Int(position)));
                let object = self.local_place(*holder, span);
                let object = self.value(object);
                let set_ref = self.set_ref(set, span);
                Some(self.call_inherent(set_ty, "take_recv", &[set_ref, index, object], span))
            }
            Operation::Send(place) => {
                let value = self.value(*place);
                if let Some(forget) = self.std_function("intrinsics", "forget") {
                    let call = self.call_fn(forget, &[], &[value], span);
                    stmts.push(Stmt::Expr(call));
                }
                None
            }
            Operation::Lock(holder) => {
                let object = self.local_place(*holder, span);
                let mutex = self.ty_of(object).peel_refs();
                let object = self.value(object);
                let guard = self.call_inherent(mutex, "guard", &[object], span);
                if pattern.is_none() {
                    // Held while the arm runs.
                    let ty = self.ty_of(guard);
                    let local = self.temp("guard", span, ty);
                    stmts.push(self.let_temp(local, guard));
                    return None;
                }
                Some(guard)
            }
            Operation::Direct => Some(self.check_expr(written, Expect::Any)),
            Operation::Await(place) => Some(self.run_future(*place, span, span)),
            Operation::Nothing | Operation::Timeout | Operation::Default => None,
            Operation::Error => {
                if let Some(pattern) = pattern {
                    self.check_pattern_owned(pattern, Ty::error(), ast::Convention::Read);
                }
                return None;
            }
        };
        match (value, pattern) {
            (Some(value), _) => Some(self.value(value)),
            (None, Some(_)) => Some(self.unit_expr(span)),
            (None, None) => None,
        }
    }

    /// Binds the names of a case that stands alone.
    fn bind_case(&mut self, arm: &ast::SelectArm, value: Option<ExprId>, stmts: &mut Vec<Stmt>) {
        let (ast::SelectArmKind::Case { pattern, operation }, Some(value)) = (&arm.kind, value) else {
            return;
        };
        let span = operation.span;
        match pattern {
            Some(pattern) => {
                let ty = self.ty_of(value);
                let pat = self.check_pattern_let(pattern, ty, false, true);
                self.note_irrefutable(&pat, "case");
                stmts.push(Stmt::Let { pattern: pat, value: Some(value), else_: None, span });
            }
            None => stmts.push(Stmt::Expr(value)),
        }
    }
}
