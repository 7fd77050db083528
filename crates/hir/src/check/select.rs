//! `select`: calls of std's `SelectSet`.
//!
//! ```text
//! { let mut set = SelectSet::new(biased)
//!   let rx0 = &RECEIVER; let guard0 = GUARD; let future1 = FUTURE; let task1
//!   let which = { let scope = TaskScope::open(); defer: scope.settle()
//!                 if guard0: set.add_recv(rx0) else: set.skip()
//!                 task1 = start_future(&mut scope, future1); task1.watch(&mut set)
//!                 set.wait() }
//!   match which { 0 => { let PATTERN = set.take_recv(0, rx0); BODY }, 1 => { let PATTERN = await task1; BODY } } }
//! ```
//!
//! The scope is there only if a future is started, which may borrow: when an arm runs, those that lost have been
//! cancelled and have ended. First the operands of all cases are evaluated, and each guard after the operands of its case.
//!
//! Cases that follow each other and wait for the same thing are one case of the set, whose arm is a
//! `match` on what came: so no message is taken that no pattern matches.
//!
//! The one thing to know: what a `send` case sends is handed over by address and forgotten in
//! its arm only, so that it stays with its owner if another case is taken.

mod arms;

use base::{Diagnostic, Name, Span, codes};
use syntax::ast;

use super::coerce::Why;
use super::expr::unparen;
use super::{Checker, Expect};
use crate::items::{Def, FnId};
use crate::thir::{self, ExprId, ExprKind, Lit, LocalId, Pat, PatKind, Stmt};
use crate::ty::{IntTy, Mutability, Ty, TyKind};

/// What a case waits for.
enum Operation {
    /// With the local that holds a reference to the receiver.
    Recv(LocalId),
    /// Gives nothing: a closed channel, an event.
    Nothing,
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

/// What a `select` becomes, but for its arms.
struct Parts {
    set: LocalId,
    /// What the cases wait for, and send.
    operands: Vec<Stmt>,
    /// What adds them to the set.
    adds: Vec<Stmt>,
    /// The scope of the futures that are started.
    scope: Option<LocalId>,
    timeout: Option<ExprId>,
    /// Where the last operand has been evaluated.
    end: Span,
}

impl Checker<'_> {
    pub(super) fn check_select(&mut self, select: &ast::Select, span: Span, expect: Expect) -> ExprId {
        let Some(adt) = self.program.lang.adt("SelectSet") else {
            return self.unsupported(span, "`select`");
        };
        let set_ty = Ty::adt(adt, &[]);
        let set = self.temp("set", span, set_ty);
        let biased = self.push(Ty::bool(), span, ExprKind::Literal(Lit::Bool(select.biased.is_some())));
        let new = self.call_inherent(set_ty, "new", &[biased], span);
        let operands = vec![self.let_temp(set, new)];
        let mut parts =
            Parts { set, operands, adds: Vec::new(), scope: None, timeout: None, end: span.end() };
        let mut operations = Vec::new();
        let groups = groups(&select.arms);
        let mut fallback: Option<Span> = None;
        self.push_scope();
        for arm in groups.iter().map(|group| &group[0]) {
            let operation = self.select_case(arm, &mut parts);
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
        let index = match (fallback, parts.timeout) {
            (Some(_), Some(time)) => self.call_inherent(set_ty, "wait_timeout", &[receiver, time], span),
            (Some(_), None) => self.call_inherent(set_ty, "wait_default", &[receiver], span),
            (None, _) => self.call_inherent(set_ty, "wait", &[receiver], span),
        };
        let Parts { operands: mut stmts, adds, scope, .. } = parts;
        let index = match scope {
            None => {
                stmts.extend(adds);
                index
            }
            Some(scope) => {
                let index = self.in_task_scope(scope, adds, index, span);
                // Known before the arms are chosen from, when the scope has ended.
                let which = self.temp("which", span, Ty::int());
                stmts.push(self.let_temp(which, index));
                let which = self.local_place(which, span);
                self.value(which)
            }
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

    /// `{ let SCOPE = TaskScope::open(); defer: SCOPE.settle(); STMTS; VALUE }`
    fn in_task_scope(&mut self, scope: LocalId, stmts: Vec<Stmt>, value: ExprId, span: Span) -> ExprId {
        let ty = self.locals[scope].ty;
        let opened = self.call_inherent(ty, "open", &[], span);
        let place = self.local_place(scope, span);
        let receiver = self.borrow(place, Mutability::Mut, false, span);
        let settle = self.call_inherent(ty, "settle", &[receiver], span);
        let mut all = vec![self.let_temp(scope, opened), Stmt::Defer(settle)];
        all.extend(stmts);
        self.block_of(all, Some(value), span)
    }

    /// Adds a case to the set.
    fn select_case(&mut self, arm: &ast::SelectArm, parts: &mut Parts) -> Operation {
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
                    let never =
                        self.push(self.exprs[ns].ty, span, ExprKind::Literal(Lit::Int(i64::MIN.into())));
                    let ty = self.exprs[ns].ty;
                    ns = self.push(ty, span, ExprKind::If { condition, then: ns, else_: Some(never) });
                }
                let local = self.temp("timeout", span, Ty::int_of(IntTy::I64));
                parts.operands.push(self.let_temp(local, ns));
                let place = self.local_place(local, span);
                parts.timeout = Some(self.value(place));
                Operation::Timeout
            }
            ast::ExprKind::MethodCall { receiver, method, args, .. }
                if method.name == "join" && args.is_empty() =>
            {
                self.select_await(arm, receiver, true, parts)
            }
            ast::ExprKind::MethodCall { receiver, method, args, .. } => {
                self.select_method(arm, receiver, *method, args, parts)
            }
            ast::ExprKind::Await(inner) => self.select_await(arm, inner, false, parts),
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
        parts: &mut Parts,
    ) -> Operation {
        let set = parts.set;
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
            ("Interval", "tick") => "add_tick",
            ("Subscriber" | "OneshotReceiver", "recv") | ("Watcher", "changed" | "next") => "add_rung",
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
        parts.operands.push(self.let_temp(holder, reference));
        let object = self.local_place(holder, span);
        let object = self.value(object);
        let mut values = vec![self.set_ref(set, span), object];
        let mut operation = match add {
            "add_recv" => Operation::Recv(holder),
            "add_closed" | "add_event" => Operation::Nothing,
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
                parts.operands.push(self.let_temp(local, value));
                self.local_place(local, args[0].span)
            };
            values.push(self.push(Ty::raw_ptr(payload), args[0].span, ExprKind::RawRef { place: sent }));
            operation = Operation::Send(sent);
        }
        let set_ty = self.locals[set].ty;
        let add = self.call_inherent(set_ty, add, &values, span);
        self.guarded_case(arm, add, parts, span);
        operation
    }

    /// Asks a case's guard right after its operands.
    fn guard(&mut self, arm: &ast::SelectArm, parts: &mut Parts) -> Option<ExprId> {
        let guard = arm.guard.as_ref()?;
        let condition = self.check_bool(guard, "a guard");
        let local = self.temp("guard", guard.span, Ty::bool());
        parts.operands.push(self.let_temp(local, condition));
        let place = self.local_place(local, guard.span);
        Some(self.value(place))
    }

    /// Adds a case, or leaves it out if its guard is false.
    fn guarded_case(&mut self, arm: &ast::SelectArm, add: ExprId, parts: &mut Parts, span: Span) {
        let set = parts.set;
        let stmt = match self.guard(arm, parts) {
            None => add,
            Some(condition) => {
                let set_ref = self.set_ref(set, span);
                let set_ty = self.locals[set].ty;
                let skip = self.call_inherent(set_ty, "skip", &[set_ref], span);
                let kind = ExprKind::If { condition, then: add, else_: Some(skip) };
                self.push(Ty::unit(), span, kind)
            }
        };
        parts.adds.push(Stmt::Expr(stmt));
    }

    /// `await e`, `t.join()`: what is under way is watched and moves only if its case is taken; any
    /// other future is started as a task of the scope.
    fn select_await(
        &mut self,
        arm: &ast::SelectArm,
        awaited: &ast::Expr,
        join: bool,
        parts: &mut Parts,
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
        if !under_way && !self.implements(crate::futures::TRAIT, ty) {
            self.run_future(id, span, span);
            return Operation::Error;
        }
        let place = if under_way && self.is_place(id) {
            id
        } else {
            let value = self.value(id);
            let local = self.temp("awaited", span, ty);
            parts.operands.push(self.let_temp(local, value));
            self.local_place(local, span)
        };
        if !under_way {
            return self.select_future(arm, place, parts, span);
        }
        let watch = self.watch(place, parts.set, span);
        self.guarded_case(arm, watch, parts, span);
        Operation::Await(place)
    }

    /// Starts a future as a task, which is watched, unless the guard is false.
    fn select_future(
        &mut self,
        arm: &ast::SelectArm,
        future: ExprId,
        parts: &mut Parts,
        span: Span,
    ) -> Operation {
        let Some(adt) = self.program.lang.adt("TaskScope") else {
            return Operation::Error;
        };
        let scope = *parts.scope.get_or_insert_with(|| self.temp("scope", span, Ty::adt(adt, &[])));
        let guard = self.guard(arm, parts);
        let scope = self.local_place(scope, span);
        let scope = self.borrow(scope, Mutability::Mut, false, span);
        let future = self.value(future);
        // What the future borrows is taken up when all operands are there.
        let mut started = self.call_lang("start_future", &[scope, future], parts.end);
        let ty = self.ty_of(started);
        if let Some(condition) = guard {
            let other = self.call_lang("not_started", &[], span);
            self.unify(ty, self.ty_of(other));
            let kind = ExprKind::If { condition, then: started, else_: Some(other) };
            started = self.push(ty, span, kind);
        }
        let local = self.temp("started", span, ty);
        let pattern =
            Pat { ty, span, kind: PatKind::Binding { local, mode: thir::BindMode::Move, sub: None } };
        parts.operands.push(Stmt::Let { pattern, value: None, else_: None, span });
        let target = self.local_place(local, span);
        let assign = self.push(Ty::unit(), span, ExprKind::Assign { target, value: started });
        parts.adds.push(Stmt::Expr(assign));
        let place = self.local_place(local, span);
        let watch = self.watch(place, parts.set, span);
        parts.adds.push(Stmt::Expr(watch));
        Operation::Await(place)
    }

    fn watch(&mut self, place: ExprId, set: LocalId, span: Span) -> ExprId {
        let ty = self.structurally(self.ty_of(place));
        let object = self.borrow(place, Mutability::Shared, false, span);
        let set_ref = self.set_ref(set, span);
        self.call_trait("Underway", "watch", &[ty], &[object, set_ref], span)
    }

    fn is_waitable(&self, adt: crate::items::AdtId) -> bool {
        let lang = &self.program.lang;
        let decl = &self.program.adts[adt];
        lang.adt("Sender") == Some(adt)
            || lang.adt("Receiver") == Some(adt)
            || (self.program.in_std(decl.module)
                && matches!(
                    decl.name.as_str(),
                    "Mutex" | "Event" | "Interval" | "Subscriber" | "OneshotReceiver" | "Watcher"
                ))
    }

    fn report_case(&mut self, span: Span) {
        self.report(
            Diagnostic::error(codes::E0414, span, "a `select` cannot wait for this")
                .label("not a case")
                .help("cases are `rx.recv()`, `rx.closed()`, `tx.send(value)`, `watcher.changed()`, `watcher.next()`, `thread.join()`, `mutex.lock()`, `event.wait()`, `ticks.tick()`, `await future`, `timeout(…)` and `default:`"),
        );
    }

    /// A function of a std module, by name.
    pub(super) fn std_function(&self, module: &str, name: &str) -> Option<FnId> {
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
        (
            ast::SelectArmKind::Case { operation: a_op, .. },
            ast::SelectArmKind::Case { operation: b_op, .. },
        ) => a.guard.is_none() && b.guard.is_none() && same_operation(a_op, b_op),
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
                && matches!(a_name.name.as_str(), "recv" | "join" | "next")
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
        (K::Field { base: a, name: x }, K::Field { base: b, name: y }) => {
            x.name == y.name && same_place(a, b)
        }
        (K::TupleField { base: a, index: x, .. }, K::TupleField { base: b, index: y, .. }) => {
            x == y && same_place(a, b)
        }
        (K::Deref(a), K::Deref(b)) => same_place(a, b),
        _ => false,
    }
}

fn is_timeout(callee: &ast::Expr) -> bool {
    match &unparen(callee).kind {
        ast::ExprKind::Path(path) => path.segments.last().is_some_and(|s| s.name.name == "timeout"),
        _ => false,
    }
}
