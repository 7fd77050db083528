//! `deadline` blocks, and leaving them.
//!
//! ```text
//! deadline d: BODY    match deadline(d, || BODY) { … }
//! ```
//!
//! The block is a closure, since what waits in it is to unwind up to it and no further. What would leave the code
//! around the block (`return`, `?`, `break`, `continue`) is therefore a result of the closure, a [`DeadlineExit`] of std,
//! and done where the block has ended. A block that does none of this gives its value alone. Blocks nest: what leaves
//! both is a result of the inner one and then of the outer one.
//!
//! The one thing to know: the frame of such a closure is not the one that `return` and `?` mean, which is
//! [`Checker::home`].
//!
//! [`DeadlineExit`]: ../../../../std/src/task/future.altru

use base::{Diagnostic, Span, codes};
use syntax::ast;

use super::coerce::Why;
use super::{Checker, Expect, Frame};
use crate::items::{FieldIdx, VariantIdx};
use crate::thir::{Arm, ExprId, ExprKind, Lit, Pat, PatKind};
use crate::ty::{InferVar, Ty, TyKind, tys};

/// How the block of a `deadline` leaves the code around it.
pub(super) struct Exits {
    /// The type of the block's value.
    value: Ty,
    returns: bool,
    /// Loops around the block that it leaves or continues.
    jumps: Vec<Jump>,
}

impl Exits {
    fn any(&self) -> bool {
        self.returns || !self.jumps.is_empty()
    }
}

/// To a loop, by its position in [`Checker::loops`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub position: usize,
    pub continues: bool,
}

impl Checker<'_> {
    pub(super) fn check_deadline(
        &mut self,
        duration: &ast::Expr,
        body: &ast::Block,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let limit = self.check_expr(duration, Expect::Any);
        let limit = self.value(limit);
        let head = Span { hi: duration.span.hi, ..span };
        let (closure, exits) = self.deadline_block(body, head, expect);
        let call = self.call_lang("deadline", &[limit, closure], span);
        if !exits.any() {
            return call;
        }
        self.go_on(call, &exits, span).unwrap_or_else(|| self.error_expr(span))
    }

    fn deadline_block(&mut self, body: &ast::Block, head: Span, expect: Expect) -> (ExprId, Exits) {
        let hint = expect.hint().map(|ty| self.structurally(ty));
        let value = match hint.as_ref().map(|ty| ty.kind()) {
            Some(TyKind::Adt(adt, args)) if self.program.lang.adt("Result") == Some(*adt) => args[0],
            _ => self.fresh(body.span),
        };
        let ret = self.fresh(body.span);
        let exits = Exits { value, returns: false, jumps: Vec::new() };
        let mut exits = Some(exits);
        let closure = self.plain_closure(body.span, head, ret, |this| {
            this.frame().exits = exits.take();
            let id = this.check_block(body, Expect::Hint(value));
            if this.shallow(this.ty_of(id)).is_never()
                && matches!(this.shallow(value).kind(), TyKind::Infer(InferVar::Ty(_)))
            {
                this.unify(value, Ty::unit());
            }
            let id = this.coerce(id, value, &Why::none());
            let leaves = this.frame().exits.as_ref().is_some_and(Exits::any);
            let id = if leaves { this.deadline_exit("End", value, id, body.span) } else { id };
            this.unify(ret, this.ty_of(id));
            exits = this.frame().exits.take();
            id
        });
        (closure, exits.expect("the body was checked"))
    }

    /// `match call { Ok(left) => match left { End(v) => Ok(v), … }, Err(late) => Err(late) }`
    fn go_on(&mut self, call: ExprId, exits: &Exits, span: Span) -> Option<ExprId> {
        let given = self.structurally(self.ty_of(call));
        let TyKind::Adt(result, args) = *given.kind() else {
            return None;
        };
        let (left_ty, late_ty) = (self.structurally(args[0]), args[1]);
        let TyKind::Adt(exit, exit_args) = *left_ty.kind() else {
            return None;
        };
        let (_, ok) = self.variant_of("Result", "Ok")?;
        let (_, err) = self.variant_of("Result", "Err")?;
        let whole = tys(&[exits.value, late_ty]);
        let ty = Ty::new(TyKind::Adt(result, whole));
        let again = |this: &mut Self, variant: VariantIdx, value: ExprId| {
            let fields = vec![(FieldIdx(0), value)];
            this.push(ty, span, ExprKind::Adt { adt: result, variant, args: whole, fields, base: None })
        };

        let (late, value) = self.named("late", late_ty, span);
        let late_body = again(self, err, value);
        let late_arm = self.binding_arm(call, result, err, args, late, late_body, span);

        let (left, scrutinee) = self.named("left", left_ty, span);
        let mut arms = Vec::new();
        let ways = [
            ("End", exits.value, true),
            ("Return", self.result_ty(), exits.returns),
            ("Jump", Ty::int(), !exits.jumps.is_empty()),
        ];
        for (name, payload, _) in ways.into_iter().filter(|&(.., happens)| happens) {
            let (_, variant) = self.variant_of("DeadlineExit", name)?;
            let (local, value) = self.named("exit", payload, span);
            let body = match name {
                "End" => again(self, ok, value),
                "Return" => self.leave_function(Some(value), span),
                _ => self.jump_by(value, &exits.jumps, span),
            };
            arms.push(self.binding_arm(scrutinee, exit, variant, exit_args, local, body, span));
        }
        let body = self.push(ty, span, ExprKind::Match { scrutinee, arms });
        let left_arm = self.binding_arm(call, result, ok, args, left, body, span);
        Some(self.push(ty, span, ExprKind::Match { scrutinee: call, arms: vec![left_arm, late_arm] }))
    }

    /// A variable and its value.
    fn named(&mut self, name: &str, ty: Ty, span: Span) -> (crate::thir::LocalId, ExprId) {
        let local = self.temp(name, span, ty);
        let place = self.local_place(local, span);
        (local, self.value(place))
    }

    /// Goes where the number says. Any other than those of the list does not come.
    fn jump_by(&mut self, number: ExprId, jumps: &[Jump], span: Span) -> ExprId {
        let mut arms = Vec::new();
        for (i, &jump) in jumps.iter().enumerate() {
            let kind = match i + 1 == jumps.len() {
                true => PatKind::Wildcard,
                false => PatKind::Literal(Lit::Int(i as i128)),
            };
            let pattern = Pat { ty: Ty::int(), span, kind };
            let body = self.jump(jump, None, span);
            arms.push(Arm { pattern, guard: None, body, span });
        }
        self.push(Ty::never(), span, ExprKind::Match { scrutinee: number, arms })
    }

    /// Leaves or continues a loop, with a value if it is left and one is given.
    pub(super) fn jump(&mut self, jump: Jump, value: Option<ExprId>, span: Span) -> ExprId {
        let loop_id = self.loops[jump.position].id;
        let is_outside = jump.position < self.frame().first_loop;
        let Some(exits) = self.frame().exits.as_mut().filter(|_| is_outside) else {
            let kind = match jump.continues {
                true => ExprKind::Continue { loop_id },
                false => ExprKind::Break { loop_id, value },
            };
            return self.push(Ty::never(), span, kind);
        };
        if value.is_some() {
            self.report(
                Diagnostic::error(
                    codes::E0405,
                    span,
                    "a `break` with a value cannot leave a `deadline` block",
                )
                .label("the loop is outside of the block")
                .help("let the block give the value, and leave the loop after it"),
            );
            return self.error_expr(span);
        }
        let known = exits.jumps.iter().position(|j| *j == jump);
        let number = known.unwrap_or_else(|| {
            exits.jumps.push(jump);
            exits.jumps.len() - 1
        });
        let number = self.push(Ty::int(), span, ExprKind::Literal(Lit::Int(number as i128)));
        self.leave_deadline("Jump", number, span)
    }

    /// Ends the closure of the block with what is to be done after it.
    pub(super) fn leave_deadline(&mut self, variant: &str, payload: ExprId, span: Span) -> ExprId {
        let Some(exits) = self.frame().exits.as_mut() else {
            return self.error_expr(span);
        };
        exits.returns |= variant == "Return";
        let end = exits.value;
        let value = self.deadline_exit(variant, end, payload, span);
        self.push(Ty::never(), span, ExprKind::Return { value: Some(value) })
    }

    fn deadline_exit(&mut self, variant: &str, end: Ty, payload: ExprId, span: Span) -> ExprId {
        let Some((adt, variant)) = self.variant_of("DeadlineExit", variant) else {
            return self.error_expr(span);
        };
        let args = tys(&[end, self.result_ty()]);
        let kind = ExprKind::Adt { adt, variant, args, fields: vec![(FieldIdx(0), payload)], base: None };
        self.push(Ty::new(TyKind::Adt(adt, args)), span, kind)
    }

    // ------------------------------------------------------------ what is around

    /// The function or closure that `return` and `?` leave: blocks of deadlines belong to the one around them.
    pub(super) fn home(&mut self) -> &mut Frame {
        let index = self.home_index();
        &mut self.frames[index]
    }

    pub(super) fn home_index(&self) -> usize {
        self.frames.iter().rposition(|f| f.exits.is_none()).unwrap_or(0)
    }

    /// The type of what `return` gives.
    pub(super) fn result_ty(&mut self) -> Ty {
        self.home().ret
    }

    /// A `defer` block is around, in the same function.
    pub(super) fn in_defer(&self) -> bool {
        self.frames[self.home_index()..].iter().any(|f| f.in_defer)
    }

    /// Loops from this position on can be left from here.
    pub(super) fn first_visible_loop(&self) -> usize {
        let last = self.frames.iter().rposition(|f| f.exits.is_none() || f.in_defer).unwrap_or(0);
        self.frames[last].first_loop
    }

    /// Refuses to leave the function from within a `defer` block.
    pub(super) fn leaves_defer(&mut self, what: &str, span: Span) -> bool {
        let leaves = self.in_defer();
        if leaves {
            self.report(
                Diagnostic::error(codes::E0405, span, format!("`{what}` inside of a `defer` block"))
                    .label("it runs while the function is already being left"),
            );
        }
        leaves
    }
}
