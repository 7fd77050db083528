//! `select`: calls of std's `SelectSet`.
//!
//! ```text
//! { let mut set = SelectSet::new(biased)
//!   let rx0 = &RECEIVER; if GUARD: set.add_recv(rx0) else: set.skip()
//!   let which = set.wait()
//!   match which { 0 => { let PATTERN = set.take_recv(0, rx0); BODY }, … } }
//! ```
//!
//! Cases that follow each other and wait for the same thing are one case of the set, whose arm is a
//! `match` on what came: so no message is taken that no pattern matches.
//!
//! The one thing to know: what a `send` case sends is handed over by address and forgotten in
//! its arm only, so that it stays with its owner if another case is taken.

use base::{Diagnostic, Name, Span, codes};
use syntax::ast;

use super::coerce::{Join, Why};
use super::expr::unparen;
use super::{Checker, Expect};
use crate::items::{Def, FnId};
use crate::thir::{self, ExprId, ExprKind, Lit, LocalId, Pat, PatKind, Stmt};
use crate::ty::{IntTy, Mutability, Ty, TyKind};

/// What a case waits for.
enum Operation {
    /// With the local that holds a reference to the receiver.
    Recv(LocalId),
    Closed,
    /// With the place whose value is sent.
    Send(ExprId),
    /// With the local that holds a reference to the mutex, which is locked when the case is taken.
    Lock(LocalId),
    /// Completes at once when its case is taken: the operation itself is run in the arm.
    Direct,
    /// `await` of this place, which is done.
    Await(ExprId),
    Timeout,
    Default,
    Error,
}

impl Checker<'_> {
    pub(super) fn check_select(&mut self, select: &ast::Select, span: Span, expect: Expect) -> ExprId {
        let Some(adt) = self.program.lang.adt("SelectSet") else {
            return self.unsupported(span, "`select`");
        };
        let set_ty = Ty::adt(adt, &[]);
        let set = self.temp("set", span, set_ty);
        let biased =
            self.push(Ty::bool(), span, ExprKind::Literal(Lit::Bool(select.biased.is_some())));
        let new = self.call_inherent(set_ty, "new", &[biased], span);
        let mut stmts = vec![self.let_temp(set, new)];
        let mut operations = Vec::new();
        let groups = groups(&select.arms);
        let mut timeout: Option<ExprId> = None;
        let mut fallback: Option<Span> = None;
        self.push_scope();
        for arm in groups.iter().map(|group| &group[0]) {
            let operation = self.select_case(arm, set, &mut stmts, &mut timeout);
            if matches!(operation, Operation::Timeout | Operation::Default) {
                if let Some(first) = fallback {
                    self.report(
                        Diagnostic::error(
                            codes::E0414,
                            arm.span,
                            "a `select` has at most one `default` or `timeout`",
                        )
                        .label("second one")
                        .also(first, "first one"),
                    );
                }
                fallback = Some(arm.span);
            }
            operations.push(operation);
        }
        let receiver = self.set_ref(set, span);
        let index = match (fallback, timeout) {
            (Some(_), Some(time)) => {
                self.call_inherent(set_ty, "wait_timeout", &[receiver, time], span)
            }
            (Some(_), None) => self.call_inherent(set_ty, "wait_default", &[receiver], span),
            (None, _) => self.call_inherent(set_ty, "wait", &[receiver], span),
        };
        let value = self.select_arms(&groups, operations, set, index, span, expect);
        self.pop_scope();
        let ty = self.ty_of(value);
        let block = thir::Block { stmts, value: Some(value) };
        self.push(ty, span, ExprKind::Block(block))
    }

    fn set_ref(&mut self, set: LocalId, span: Span) -> ExprId {
        let place = self.local_place(set, span);
        self.borrow(place, Mutability::Mut, false, span)
    }

    /// Adds a case to the set.
    fn select_case(
        &mut self,
        arm: &ast::SelectArm,
        set: LocalId,
        stmts: &mut Vec<Stmt>,
        timeout: &mut Option<ExprId>,
    ) -> Operation {
        let ast::SelectArmKind::Case { operation, .. } = &arm.kind else {
            return Operation::Default;
        };
        let span = operation.span;
        match &unparen(operation).kind {
            ast::ExprKind::Call { callee, args } if is_timeout(callee) => {
                let [arg] = args.as_slice() else {
                    self.report(
                        Diagnostic::error(codes::E0302, span, "`timeout` takes one argument")
                            .help("milliseconds, or a `Duration`"),
                    );
                    return Operation::Error;
                };
                let time = self.check_expr(&arg.value, Expect::Any);
                let time = self.peel(time);
                let time = self.value(time);
                let Some(convert) = self.std_function("time", "timeout_of") else {
                    return Operation::Error;
                };
                let mut ns = self.call_fn(convert, &[], &[time], span);
                if let Some(guard) = &arm.guard {
                    // Without a limit if the guard is false.
                    let condition = self.check_bool(guard, "a guard");
                    let never = self.push(self.exprs[ns].ty, span, ExprKind::Literal(Lit::Int(i64::MIN.into())));
                    let ty = self.exprs[ns].ty;
                    ns = self.push(ty, span, ExprKind::If { condition, then: ns, else_: Some(never) });
                }
                let local = self.temp("timeout", span, Ty::int_of(IntTy::I64));
                stmts.push(self.let_temp(local, ns));
                let place = self.local_place(local, span);
                *timeout = Some(self.value(place));
                Operation::Timeout
            }
            ast::ExprKind::MethodCall { receiver, method, args, .. }
                if method.name == "join" && args.is_empty() =>
            {
                self.select_await(arm, receiver, true, set, stmts)
            }
            ast::ExprKind::MethodCall { receiver, method, args, .. } => {
                self.select_method(arm, receiver, *method, args, set, stmts)
            }
            ast::ExprKind::Await(inner) => self.select_await(arm, inner, false, set, stmts),
            _ => {
                self.report_case(span);
                Operation::Error
            }
        }
    }

    fn select_method(
        &mut self,
        arm: &ast::SelectArm,
        receiver: &ast::Expr,
        method: ast::Ident,
        args: &[ast::Arg],
        set: LocalId,
        stmts: &mut Vec<Stmt>,
    ) -> Operation {
        let span = receiver.span.to(method.span);
        let id = self.check_expr(receiver, Expect::Any);
        let mut place = id;
        let mut adt = None;
        for _ in 0..8 {
            let ty = self.structurally(self.ty_of(place));
            match *ty.kind() {
                TyKind::Adt(found, _) if self.is_waitable(found) => {
                    adt = Some(found);
                    break;
                }
                TyKind::Error => return Operation::Error,
                TyKind::RawPtr(_) => break,
                _ => {}
            }
            let Some(next) = self.deref_place(place, span) else { break };
            place = next;
        }
        let Some(adt) = adt else {
            self.report_case(span);
            return Operation::Error;
        };
        let owner = self.program.adts[adt].name;
        let add = match (owner.as_str(), method.name.as_str()) {
            ("Receiver", "recv") => "add_recv",
            ("Receiver", "closed") => "add_closed",
            ("Sender", "send") => "add_send",
            ("Mutex", "lock") => "add_lock",
            ("Event", "wait") => "add_event",
            _ => {
                self.report_case(span);
                return Operation::Error;
            }
        };
        let wanted = usize::from(add == "add_send");
        if args.len() != wanted {
            self.report(Diagnostic::error(
                codes::E0302,
                span,
                format!("`{}` takes {}", method.name, super::pattern::count(wanted, "argument")),
            ));
            return Operation::Error;
        }
        let reference = self.borrow(place, Mutability::Shared, false, span);
        let reference_ty = self.ty_of(reference);
        let holder = self.temp("object", span, reference_ty);
        stmts.push(self.let_temp(holder, reference));
        let object = self.local_place(holder, span);
        let object = self.value(object);
        let mut values = vec![self.set_ref(set, span), object];
        let mut operation = match add {
            "add_recv" => Operation::Recv(holder),
            "add_closed" => Operation::Closed,
            "add_lock" => Operation::Lock(holder),
            _ => Operation::Direct,
        };
        if add == "add_send" {
            let payload = match *self.resolve(reference_ty).peel_refs().kind() {
                TyKind::Adt(_, [payload, ..]) => *payload,
                _ => Ty::error(),
            };
            let value = self.check_expr(&args[0].value, Expect::Hint(payload));
            let same = {
                let found = self.ty_of(value);
                self.can_unify(payload, found)
            };
            let sent = if self.is_place(value) && same {
                let found = self.ty_of(value);
                self.unify(payload, found);
                value
            } else {
                let why = Why::message("the channel carries another type");
                let value = self.coerce(value, payload, &why);
                let local = self.temp("sent", args[0].span, payload);
                stmts.push(self.let_temp(local, value));
                self.local_place(local, args[0].span)
            };
            values.push(self.push(
                Ty::raw_ptr(payload),
                args[0].span,
                ExprKind::RawRef { place: sent },
            ));
            operation = Operation::Send(sent);
        }
        let set_ty = self.locals[set].ty;
        let add = self.call_inherent(set_ty, add, &values, span);
        self.guarded_case(arm, add, set, span, stmts);
        operation
    }

    /// Adds a case, or leaves it out if its guard is false.
    fn guarded_case(&mut self, arm: &ast::SelectArm, add: ExprId, set: LocalId, span: Span, stmts: &mut Vec<Stmt>) {
        let stmt = match &arm.guard {
            None => add,
            Some(guard) => {
                let condition = self.check_bool(guard, "a guard");
                let set_ref = self.set_ref(set, span);
                let set_ty = self.locals[set].ty;
                let skip = self.call_inherent(set_ty, "skip", &[set_ref], span);
                let kind = ExprKind::If { condition, then: add, else_: Some(skip) };
                self.push(Ty::unit(), span, kind)
            }
        };
        stmts.push(Stmt::Expr(stmt));
    }

    /// `await e`, `t.join()`: what is under way is watched and moves only if its case is taken; any
    /// other future is started as a task.
    fn select_await(
        &mut self,
        arm: &ast::SelectArm,
        awaited: &ast::Expr,
        join: bool,
        set: LocalId,
        stmts: &mut Vec<Stmt>,
    ) -> Operation {
        let span = awaited.span;
        let id = self.check_expr(awaited, Expect::Any);
        let ty = self.structurally(self.ty_of(id));
        if ty.has_error() {
            return Operation::Error;
        }
        let lang = &self.program.lang;
        let joins = matches!(*ty.kind(), TyKind::Adt(adt, _) if [lang.adt("Thread"), lang.adt("Task")].contains(&Some(adt)));
        if join && !joins {
            self.report_case(span);
            return Operation::Error;
        }
        let under_way = self.implements("Underway", ty);
        let place = if under_way && self.is_place(id) {
            id
        } else {
            let mut value = self.value(id);
            if !under_way {
                if !self.implements(crate::futures::TRAIT, ty) {
                    self.run_future(id, span, span);
                    return Operation::Error;
                }
                value = self.call_lang("start_future", &[value], span);
            }
            let ty = self.ty_of(value);
            let local = self.temp("awaited", span, ty);
            stmts.push(self.let_temp(local, value));
            self.local_place(local, span)
        };
        let ty = self.structurally(self.ty_of(place));
        let object = self.borrow(place, Mutability::Shared, false, span);
        let set_ref = self.set_ref(set, span);
        let watch = self.call_trait("Underway", "watch", &[ty], &[object, set_ref], span);
        self.guarded_case(arm, watch, set, span, stmts);
        Operation::Await(place)
    }

    fn is_waitable(&self, adt: crate::items::AdtId) -> bool {
        let lang = &self.program.lang;
        let decl = &self.program.adts[adt];
        lang.adt("Sender") == Some(adt)
            || lang.adt("Receiver") == Some(adt)
            || (self.program.in_std(decl.module) && matches!(decl.name.as_str(), "Mutex" | "Event"))
    }

    fn report_case(&mut self, span: Span) {
        self.report(
            Diagnostic::error(codes::E0414, span, "a `select` cannot wait for this")
                .label("not a case")
                .help("cases are `rx.recv()`, `rx.closed()`, `tx.send(value)`, `thread.join()`, `mutex.lock()`, `event.wait()`, `await future`, `timeout(…)` and `default:`"),
        );
    }

    /// `match which { … }`
    fn select_arms(
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
            return self.push(Ty::unit(), span, ExprKind::Block(thir::Block { stmts: vec![thir::Stmt::Expr(index)], value: None }));
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
            Operation::Closed | Operation::Timeout | Operation::Default => None,
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
        let (ast::SelectArmKind::Case { pattern, operation }, Some(value)) = (&arm.kind, value) else { return };
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

    /// A function of a std module, by name.
    fn std_function(&self, module: &str, name: &str) -> Option<FnId> {
        let module = self.program.std_mods.get(&Name::new(module))?;
        match self.program.mods[*module].names.values.get(&Name::new(name))?.def {
            Def::Fn(id) => Some(id),
            _ => None,
        }
    }
}

/// The cases in groups of those that wait for the same thing, each without a guard.
fn groups(arms: &[ast::SelectArm]) -> Vec<&[ast::SelectArm]> {
    arms.chunk_by(|a, b| match (&a.kind, &b.kind) {
        (ast::SelectArmKind::Case { operation: a_op, .. }, ast::SelectArmKind::Case { operation: b_op, .. }) => {
            a.guard.is_none() && b.guard.is_none() && same_operation(a_op, b_op)
        }
        _ => false,
    })
    .collect()
}

/// Do both give a value of the same place: `rx.recv()`, `self.workers.0.join()`?
fn same_operation(a: &ast::Expr, b: &ast::Expr) -> bool {
    match (&a.kind, &b.kind) {
        (
            ast::ExprKind::MethodCall { receiver: a, method: a_name, args: a_args, .. },
            ast::ExprKind::MethodCall { receiver: b, method: b_name, args: b_args, .. },
        ) => {
            a_name.name == b_name.name
                && matches!(a_name.name.as_str(), "recv" | "join")
                && a_args.is_empty()
                && b_args.is_empty()
                && same_place(a, b)
        }
        _ => false,
    }
}

fn same_place(a: &ast::Expr, b: &ast::Expr) -> bool {
    use ast::ExprKind as K;
    match (&unparen(a).kind, &unparen(b).kind) {
        (K::SelfValue, K::SelfValue) => true,
        (K::Path(a), K::Path(b)) => match (&a.segments[..], &b.segments[..]) {
            ([a], [b]) => a.name.name == b.name.name && a.args.is_none() && b.args.is_none(),
            _ => false,
        },
        (K::Field { base: a, name: x }, K::Field { base: b, name: y }) => x.name == y.name && same_place(a, b),
        (K::TupleField { base: a, index: x, .. }, K::TupleField { base: b, index: y, .. }) => {
            x == y && same_place(a, b)
        }
        (K::Deref(a), K::Deref(b)) => same_place(a, b),
        _ => false,
    }
}

fn is_timeout(callee: &ast::Expr) -> bool {
    match &unparen(callee).kind {
        ast::ExprKind::Path(path) => {
            path.segments.last().is_some_and(|s| s.name.name == "timeout")
        }
        _ => false,
    }
}
