//! Contracts: `req`, `ens`, `inv`, and what may stand in them.
//!
//! The one thing to know: a body with postconditions becomes
//!
//! ```text
//! REQ checks; let old values; let result = loop { break BODY }; ENS checks; result
//! ```
//!
//! where `return` inside BODY is a `break` of that loop. Every check is made at run time: nothing
//! is proved yet.

use base::{Diagnostic, Name, Span, codes};
use syntax::ast::{self, ContractKind, FormatKind, FormatSpec};

use super::coerce::Why;
use super::expr::unparen;
use super::{Checker, Expect};
use crate::items::{AdtId, BodyOwner, FieldIdx, FnParent};
use crate::thir::{ExprId, ExprKind, Lit, LocalId, Stmt, UnOp};
use crate::ty::{Conv, Mutability, Ty, TyKind};

/// What is special while contracts are checked.
#[derive(Default)]
pub(super) struct ContractState {
    /// Inside a contract's condition.
    inside: bool,
    /// Inside a postcondition: `old` and `result` mean something.
    post: bool,
    /// Locals from here on do not exist yet when the function begins.
    first_local: usize,
    /// `let` statements for `old(…)` values.
    olds: Vec<Stmt>,
    /// Inside an invariant: the local that holds a reference to the struct, whose fields may be
    /// named without `self.`.
    pub(super) invariant: Option<LocalId>,
}

impl Checker<'_> {
    /// A function's body with the contracts at its head.
    pub(super) fn check_contracted(&mut self, block: &ast::Block, ret: Ty) -> ExprId {
        let head = block
            .stmts
            .iter()
            .take_while(|s| matches!(&s.kind, ast::StmtKind::Contract(c) if c.kind != ContractKind::Inv))
            .count();
        let (contracts, rest) = block.stmts.split_at(head);
        let contracts: Vec<&ast::Contract> = contracts
            .iter()
            .filter_map(|s| match &s.kind {
                ast::StmtKind::Contract(c) => Some(c),
                _ => None,
            })
            .collect();
        let invariant = self.self_invariant();
        let has_post = invariant.is_some() || contracts.iter().any(|c| c.kind == ContractKind::Ens);
        if contracts.is_empty() && !has_post {
            return self.check_fn_statements(rest, block.span, ret);
        }
        let mut stmts = Vec::new();
        for contract in contracts.iter().filter(|c| c.kind == ContractKind::Req) {
            self.lower_contract(contract, &mut stmts);
        }
        if !has_post {
            let body = self.check_fn_statements(rest, block.span, ret);
            return self.wrap_body(stmts, body, block.span);
        }
        // Postconditions are checked before the body, since `old` values are taken first.
        let result = self.temp("result", block.span, ret);
        self.locals[result].mutable = false;
        self.push_scope();
        self.bind(Name::new("result"), result);
        let mut post = Vec::new();
        for contract in contracts.iter().filter(|c| c.kind == ContractKind::Ens) {
            let first = self.locals.len();
            let outer = std::mem::replace(&mut self.contract.first_local, first);
            self.contract.post = true;
            self.lower_contract(contract, &mut post);
            self.contract.post = false;
            self.contract.first_local = outer;
        }
        self.pop_scope();
        stmts.append(&mut self.contract.olds);
        if let Some((adt, place)) = invariant {
            let place = self.local_place(place, block.span);
            self.invariant_checks(place, adt, block.span, &mut post);
        }
        let id = self.next_loop();
        self.frame().return_to = Some(id);
        let body = self.check_fn_statements(rest, block.span, ret);
        self.frame().return_to = None;
        let left = if self.shallow(self.ty_of(body)).is_never() {
            body
        } else {
            let value = self.coerce(body, ret, &Why::none());
            let kind = ExprKind::Break { loop_id: id, value: Some(value) };
            self.push(Ty::never(), block.span, kind)
        };
        let ty = if self.frame().returns || left != body { ret } else { Ty::never() };
        let run = self.push(ty, block.span, ExprKind::Loop { id, body: left });
        stmts.push(self.let_temp(result, run));
        stmts.append(&mut post);
        let place = self.local_place(result, block.span);
        let value = self.value(place);
        self.diverges = false;
        self.block_of(stmts, Some(value), block.span)
    }

    fn wrap_body(&mut self, stmts: Vec<Stmt>, body: ExprId, span: Span) -> ExprId {
        let ty = self.ty_of(body);
        let block = crate::thir::Block { stmts, value: Some(body) };
        self.push(ty, span, ExprKind::Block(block))
    }

    /// Can a value of this type be an exclusive view?
    fn gives_exclusive(&self, ty: Ty) -> bool {
        let mut found = false;
        ty.walk(&mut |part| {
            found |= match *part.kind() {
                TyKind::Ref(mutability, _) => mutability == Mutability::Mut,
                TyKind::Adt(id, _) => self.program.adts[id].inherent_view,
                _ => false,
            };
            !found
        });
        found
    }

    /// The struct and `self` of a method after which an invariant must hold.
    fn self_invariant(&mut self) -> Option<(AdtId, LocalId)> {
        let BodyOwner::Fn(id) = self.owner else { return None };
        let decl = &self.program.fns[id];
        let (FnParent::Inherent(impl_) | FnParent::TraitImpl(impl_)) = decl.parent else {
            return None;
        };
        if !decl.has_self || decl.params.first()?.conv != Conv::Mut {
            return None;
        }
        let TyKind::Adt(adt, _) = *self.program.impls[impl_].self_ty.kind() else { return None };
        // What its caller is still to change cannot be looked at now.
        if self.gives_exclusive(decl.ret) {
            return None;
        }
        if self.program.adts[adt].invariants.is_empty()
            || self
                .program
                .lang
                .trait_("Drop")
                .is_some_and(|d| self.program.impls[impl_].trait_.is_some_and(|t| t.trait_ == d))
        {
            return None;
        }
        Some((adt, self.lookup_local(Name::new("self"))?))
    }

    // ------------------------------------------------------------ one contract

    fn lower_contract(&mut self, contract: &ast::Contract, out: &mut Vec<Stmt>) {
        let (what, word) = match contract.kind {
            ContractKind::Req => ("a requirement", "requirement"),
            ContractKind::Ens => ("a promise", "promise"),
            ContractKind::Inv => ("an invariant", "invariant"),
        };
        let outer = std::mem::replace(&mut self.contract.inside, true);
        let condition = self.check_bool(&contract.condition, what);
        self.contract.inside = outer;
        let span = contract.condition.span;
        let message = self.failure_message(&contract.condition, word);
        let early = contract.kind == ContractKind::Req && contract.always;
        let fail = match early.then(|| self.return_failure(message, span)).flatten() {
            Some(leave) => leave,
            None => self.call_lang("contract_failed", &[message], span),
        };
        let kind = ExprKind::Unary { op: UnOp::Not, operand: condition };
        let broken = self.push(Ty::bool(), span, kind);
        let then = self.block_of(vec![Stmt::Expr(fail)], None, span);
        let kind = ExprKind::If { condition: broken, then, else_: None };
        let check = self.push(Ty::unit(), span, kind);
        self.diverges = false;
        out.push(Stmt::Expr(check));
    }

    /// `return Err(…)` with the message, where the function's failure type can take it.
    fn return_failure(&mut self, message: ExprId, span: Span) -> Option<ExprId> {
        let ret = self.frame().ret;
        let ret = self.structurally(ret);
        let TyKind::Adt(adt, args) = *ret.kind() else { return None };
        if self.program.lang.adt("Result") != Some(adt) {
            return None;
        }
        let failure_ty = self.structurally(args[1]);
        let failure = match *failure_ty.kind() {
            TyKind::Str => message,
            TyKind::Adt(id, _) if self.program.lang.adt("error") == Some(id) => {
                self.call_lang("contract_error", &[message], span)
            }
            _ => {
                let shown = self.show(failure_ty);
                self.report(
                    Diagnostic::error(
                        codes::E0705,
                        span,
                        format!("a failed requirement cannot become a `{shown}`"),
                    )
                    .label("`req …?` returns an `Err` with the reason as a `string` or an `error`")
                    .help("leave out the `?` to panic instead"),
                );
                return Some(self.error_expr(span));
            }
        };
        let (_, err) = self.variant_of("Result", "Err")?;
        let fields = vec![(FieldIdx(0), failure)];
        let kind = ExprKind::Adt { adt, variant: err, args, fields, base: None };
        let value = self.push(ret, span, kind);
        self.frame().returns = true;
        Some(self.push(Ty::never(), span, ExprKind::Return { value: Some(value) }))
    }

    /// ``requirement `b != 0.0` does not hold: b = 0.0``, made only when it fails.
    fn failure_message(&mut self, condition: &ast::Expr, word: &str) -> ExprId {
        let text = self.sources.text(condition.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let of = match self.owner {
            BodyOwner::Fn(id)
                if !self.program.fns[id].attrs.requirements.is_empty() && word == "requirement" =>
            {
                format!(" of `{}`", self.program.fns[id].name)
            }
            _ => String::new(),
        };
        let mut parts = vec![ast::StrPart::Text(format!("{word} `{text}`{of} does not hold").into())];
        let mut variables: Vec<&ast::Expr> = Vec::new();
        variables_in(condition, &mut variables);
        let mut seen: Vec<String> = Vec::new();
        for variable in variables {
            let name = self.sources.text(variable.span).to_owned();
            if seen.contains(&name) || seen.len() == 4 || !self.can_show(variable) {
                continue;
            }
            let lead = if seen.is_empty() { ": " } else { ", " };
            parts.push(ast::StrPart::Text(format!("{lead}{name} = ").into()));
            let spec = FormatSpec { span: variable.span, kind: FormatKind::Debug, ..FormatSpec::default() };
            parts.push(ast::StrPart::Expr { value: variable.clone(), spec: Some(spec) });
            seen.push(name);
        }
        self.check_interpolated(&parts, condition.span)
    }

    /// Whether a variable or field has a type with `Debug`. Reports nothing.
    fn can_show(&mut self, variable: &ast::Expr) -> bool {
        let root = root_name(variable);
        let known = match root {
            Some(name) => {
                self.local_in_scope(name).is_some() || self.invariant_field(name, variable.span).is_some()
            }
            None => false,
        };
        if !known {
            return false;
        }
        let reported = self.diagnostics.len();
        let had_errors = self.has_errors;
        let id = self.check_expr(variable, Expect::Any);
        let failed = self.diagnostics.len() > reported;
        self.diagnostics.truncate(reported);
        self.has_errors = had_errors;
        let ty = self.structurally(self.ty_of(id));
        !failed && !ty.has_error() && self.implements("Debug", ty.peel_refs())
    }

    /// A contract that does not stand at the head of a body.
    pub(super) fn check_stray_contract(&mut self, contract: &ast::Contract, _out: &mut Vec<Stmt>) {
        let (word, help) = match contract.kind {
            ContractKind::Req => ("req", "requirements open the function's body"),
            ContractKind::Ens => ("ens", "promises open the function's body, after its requirements"),
            ContractKind::Inv => ("inv", "invariants stand in a struct, beside its fields"),
        };
        self.report(
            Diagnostic::error(codes::E0704, contract.span, format!("`{word}` cannot stand here"))
                .label(help)
                .help("for a check in the middle of a body use `assert(…)`"),
        );
    }

    // ------------------------------------------------------------ invariants

    /// A value of a struct with invariants, checked as it is made.
    pub(super) fn check_invariants_of(&mut self, id: ExprId, adt: AdtId, span: Span) -> ExprId {
        if self.program.adts[adt].invariants.is_empty() || self.contract.invariant.is_some() {
            return id;
        }
        let ty = self.ty_of(id);
        let local = self.temp("made", span, ty);
        let mut stmts = vec![self.let_temp(local, id)];
        let place = self.local_place(local, span);
        self.invariant_checks(place, adt, span, &mut stmts);
        let place = self.local_place(local, span);
        let value = self.value(place);
        self.block_of(stmts, Some(value), span)
    }

    fn invariant_checks(&mut self, place: ExprId, adt: AdtId, span: Span, out: &mut Vec<Stmt>) {
        let program = self.program;
        let decl = &program.adts[adt];
        let reference = self.borrow(place, Mutability::Shared, false, span);
        let ty = self.ty_of(reference);
        let holder = self.temp("self", span, ty);
        let mut stmts = vec![self.let_temp(holder, reference)];
        for contract in &decl.invariants {
            let contract = contract.clone();
            let outer = self.contract.invariant.replace(holder);
            self.in_module(decl.module, |this| {
                this.bind(Name::new("self"), holder);
                this.lower_contract(&contract, &mut stmts);
            });
            self.contract.invariant = outer;
        }
        let block = self.block_of(stmts, None, span);
        out.push(Stmt::Expr(block));
    }

    /// A field named without `self.` in an invariant.
    pub(super) fn invariant_field(&mut self, name: Name, span: Span) -> Option<ExprId> {
        let holder = self.contract.invariant?;
        self.has_field(self.locals[holder].ty, name)?;
        let place = self.local_place(holder, span);
        self.find_field(place, name, span, span)
    }

    // ------------------------------------------------------------ what only contracts have

    pub(super) fn check_implies(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span) -> ExprId {
        if !self.contract.inside {
            self.report(
                Diagnostic::error(codes::E0703, span, "`implies` stands in contracts only")
                    .help("`not a or b` says the same"),
            );
        }
        let left = self.check_bool(left, "a side of `implies`");
        let right = self.check_bool(right, "a side of `implies`");
        let left_span = self.span_of(left);
        let kind = ExprKind::Unary { op: UnOp::Not, operand: left };
        let negated = self.push(Ty::bool(), left_span, kind);
        self.push(Ty::bool(), span, ExprKind::Or(negated, right))
    }

    pub(super) fn check_old(&mut self, inner: &ast::Expr, span: Span) -> ExprId {
        if !self.contract.post {
            self.report(
                Diagnostic::error(codes::E0702, span, "`old(…)` stands in `ens` only")
                    .label("only a promise can compare with what was before"),
            );
            self.check_expr(inner, Expect::Any);
            return self.error_expr(span);
        }
        let first_expr = self.exprs.len();
        let id = self.check_expr(inner, Expect::Any);
        let id = self.peel(id);
        let first_local = self.contract.first_local;
        let result = self.lookup_local(Name::new("result"));
        let late = self.exprs.as_slice()[first_expr..].iter().any(|e| match e.kind {
            ExprKind::Local(local) => {
                Some(local) == result
                    || (base::Idx::index(local) >= first_local && !self.locals[local].synthetic)
            }
            _ => false,
        });
        if late {
            self.report(
                Diagnostic::error(
                    codes::E0702,
                    span,
                    "`old(…)` can only use what exists when the function begins",
                )
                .label("this uses the result or a variable of a quantifier"),
            );
            return self.error_expr(span);
        }
        let ty = self.structurally(self.ty_of(id));
        let value = if self.is_copy(ty) || !self.is_place(id) {
            self.value(id)
        } else {
            let receiver = self.borrow(id, Mutability::Shared, false, span);
            self.call_trait("Clone", "clone", &[ty], &[receiver], span)
        };
        let local = self.temp("old", span, ty);
        let stmt = self.let_temp(local, value);
        self.contract.olds.push(stmt);
        self.local_place(local, span)
    }

    /// `forall PATTERN in ITERABLE: CONDITION`
    pub(super) fn check_quantifier(&mut self, quantifier: &ast::Quantifier, span: Span) -> ExprId {
        let ast::Quantifier { all, pattern, iterable, condition } = quantifier;
        let all = *all;
        let holds = self.temp("holds", span, Ty::bool());
        let start = self.push(Ty::bool(), span, ExprKind::Literal(Lit::Bool(all)));
        let begin = self.let_temp(holds, start);
        let iterator = self.iterator_of(iterable, ast::Convention::Read);
        let iterator_ty = self.ty_of(iterator);
        let it = self.temp("it", iterable.span, iterator_ty);
        let bind_it = self.let_temp(it, iterator);
        let id = self.enter_loop(Some(super::loops::hidden_label()), false);
        let (next, item) = self.next_call(it, iterable.span);
        self.push_scope();
        let element = self.check_pattern_owned(pattern, item, ast::Convention::Read);
        self.note_irrefutable(&element, "for");
        let what = if all { "what `forall` says" } else { "what `exists` says" };
        let condition = self.check_bool(condition, what);
        self.pop_scope();
        self.leave_loop();
        let decides = if all {
            self.push(Ty::bool(), span, ExprKind::Unary { op: UnOp::Not, operand: condition })
        } else {
            condition
        };
        let target = self.local_place(holds, span);
        let answer = self.push(Ty::bool(), span, ExprKind::Literal(Lit::Bool(!all)));
        let set = self.push(Ty::unit(), span, ExprKind::Assign { target, value: answer });
        let stop = self.push(Ty::never(), span, ExprKind::Break { loop_id: id, value: None });
        let then = self.block_of(vec![Stmt::Expr(set), Stmt::Expr(stop)], None, span);
        let kind = ExprKind::If { condition: decides, then, else_: None };
        let body = self.push(Ty::unit(), span, kind);
        let looped = self.loop_over(id, next, element, body, span);
        let place = self.local_place(holds, span);
        let value = self.value(place);
        self.block_of(vec![begin, bind_it, Stmt::Expr(looped)], Some(value), span)
    }
}

/// The first name of `a.b.c`.
fn root_name(expr: &ast::Expr) -> Option<Name> {
    match &unparen(expr).kind {
        ast::ExprKind::Path(path) => match path.segments.as_slice() {
            [segment] if segment.args.is_none() => Some(segment.name.name),
            _ => None,
        },
        ast::ExprKind::SelfValue => Some(Name::new("self")),
        ast::ExprKind::Field { base, .. } | ast::ExprKind::TupleField { base, .. } => root_name(base),
        _ => None,
    }
}

/// Variables and fields in a condition, in source order. Not those under binders.
fn variables_in<'a>(expr: &'a ast::Expr, out: &mut Vec<&'a ast::Expr>) {
    match &expr.kind {
        ast::ExprKind::Path(path) if path.segments.len() == 1 => out.push(expr),
        ast::ExprKind::Field { base, .. } | ast::ExprKind::TupleField { base, .. } => {
            if root_name(expr).is_some() { out.push(expr) } else { variables_in(base, out) }
        }
        ast::ExprKind::Paren(inner)
        | ast::ExprKind::Deref(inner)
        | ast::ExprKind::Unary { operand: inner, .. }
        | ast::ExprKind::Cast { value: inner, .. }
        | ast::ExprKind::Ref { place: inner, .. } => variables_in(inner, out),
        ast::ExprKind::Binary { left, right, .. } => {
            variables_in(left, out);
            variables_in(right, out);
        }
        ast::ExprKind::MethodCall { receiver, args, .. } => {
            variables_in(receiver, out);
            args.iter().for_each(|a| variables_in(&a.value, out));
        }
        ast::ExprKind::Call { args, .. } => args.iter().for_each(|a| variables_in(&a.value, out)),
        ast::ExprKind::Index { base, index } => {
            variables_in(base, out);
            for arg in index {
                if let ast::IndexArg::Expr(e) = arg {
                    variables_in(e, out);
                }
            }
        }
        _ => {}
    }
}
