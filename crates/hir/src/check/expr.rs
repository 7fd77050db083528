//! The dispatch over expressions, and the small ones.
//!
//! Not here: anything with rules of its own, which has a file. The one thing to know: the
//! result may be a place; [`Checker::value`] reads it, [`Checker::borrow`] borrows it.

use base::Span;
use base::codes;
use syntax::ast;

use super::coerce::{Join, Why};
use super::{Checker, Expect};
use crate::thir::{self, ExprId, ExprKind};
use crate::ty::{Mutability, Ty, TyKind};

impl Checker<'_> {
    /// Checks an expression; the result may be a place.
    pub(super) fn check_expr(&mut self, expr: &ast::Expr, expect: Expect) -> ExprId {
        let awaited = std::mem::take(&mut self.awaited);
        let span = expr.span;
        let id = match &expr.kind {
            ast::ExprKind::Literal(literal) => self.check_literal(literal, span, expect),
            ast::ExprKind::Interpolated(parts) => self.check_interpolated(parts, span),
            ast::ExprKind::Path(path) => self.check_path(path, span, expect),
            ast::ExprKind::SelfValue => self.check_self(span),
            ast::ExprKind::Unary { op, operand } => self.check_unary(*op, operand, span, expect),
            ast::ExprKind::Binary { op, op_span, left, right } => {
                self.check_binary(*op, *op_span, left, right, span, expect)
            }
            ast::ExprKind::Ref { mutable, place } => self.check_ref(*mutable, place, span, expect),
            ast::ExprKind::Deref(operand) => self.check_deref(operand, span, expect),
            ast::ExprKind::Cast { value, ty } => self.check_cast(value, ty, span),
            ast::ExprKind::Range { start, end, inclusive } => {
                self.check_range(start.as_deref(), end.as_deref(), *inclusive, span, expect)
            }
            ast::ExprKind::Call { callee, args } => {
                self.awaited = awaited;
                self.check_call(callee, args, span, expect)
            }
            ast::ExprKind::MethodCall { receiver, method, generics, args } => {
                self.awaited = awaited;
                self.check_method_call(receiver, *method, generics.as_deref(), args, span, expect)
            }
            ast::ExprKind::Field { base, name } => self.check_field(base, *name, span),
            ast::ExprKind::TupleField { base, index, index_span } => {
                self.check_tuple_field(base, *index, *index_span, span)
            }
            ast::ExprKind::Index { base, index } => self.check_index(base, index, span, expect),
            ast::ExprKind::Try(inner) => self.check_try(inner, span),
            ast::ExprKind::Await(inner) => self.check_await(inner, span, expect),
            ast::ExprKind::Tuple(elems) => self.check_tuple(elems, span, expect),
            ast::ExprKind::Paren(inner) => {
                self.awaited = awaited;
                return self.check_expr(inner, expect);
            }
            ast::ExprKind::List(elems) => self.check_list(elems, span, expect),
            ast::ExprKind::Repeat { value, count } => self.check_repeat(value, count, span, expect),
            ast::ExprKind::Struct { path, fields, base } => {
                self.check_struct(path, fields, base.as_deref(), span, expect)
            }
            ast::ExprKind::Closure(closure) => self.check_closure(closure, span, expect),
            ast::ExprKind::If(if_) => self.check_if(if_, span, expect),
            ast::ExprKind::Match { scrutinee, arms } => self.check_match(scrutinee, arms, span, expect),
            ast::ExprKind::While(while_) => {
                self.check_while(&while_.condition, &while_.body, while_.label, span)
            }
            ast::ExprKind::For(for_) => self.check_for(for_, span),
            ast::ExprKind::Loop { body, label } => self.check_loop(body, *label, span, expect),
            ast::ExprKind::Block(block) => self.check_block(block, expect),
            ast::ExprKind::Unsafe(block) => {
                self.unsafe_depth += 1;
                let id = self.check_block(block, expect);
                self.unsafe_depth -= 1;
                id
            }
            ast::ExprKind::Scope { name, body } => self.check_scope_block(*name, body, span, expect),
            ast::ExprKind::Deadline { duration, body } => self.check_deadline(duration, body, span, expect),
            ast::ExprKind::Select(select) => self.check_select(select, span, expect),
            ast::ExprKind::Break { label, value } => self.check_break(*label, value.as_deref(), span),
            ast::ExprKind::Continue { label } => self.check_continue(*label, span),
            ast::ExprKind::Return(value) => self.check_return(value.as_deref(), span),
            ast::ExprKind::Old(inner) => self.check_old(inner, span),
            ast::ExprKind::Quantifier(quantifier) => self.check_quantifier(quantifier, span),
            ast::ExprKind::Error => {
                self.has_errors = true;
                self.error_expr(span)
            }
        };
        if self.shallow(self.ty_of(id)).is_never() {
            self.diverges = true;
        }
        id
    }

    /// Checks an expression whose value must have the type `ty`.
    pub(super) fn check_coerce(&mut self, expr: &ast::Expr, ty: Ty, why: &Why) -> ExprId {
        let id = self.check_expr(expr, Expect::Hint(ty));
        self.coerce(id, ty, why)
    }

    /// Checks an expression as a value, nudged towards `hint` where that works.
    pub(super) fn check_towards(&mut self, expr: &ast::Expr, hint: Option<Ty>) -> ExprId {
        let Some(hint) = hint else {
            let id = self.check_expr(expr, Expect::Any);
            return self.value(id);
        };
        let id = self.check_expr(expr, Expect::Hint(hint));
        match self.try_coerce(id, hint) {
            Some(id) => id,
            None => self.value(id),
        }
    }

    pub(super) fn check_bool(&mut self, expr: &ast::Expr, what: &str) -> ExprId {
        let why = Why::message(format!("{what} must be a `bool`"));
        self.check_coerce(expr, Ty::bool(), &why)
    }

    // ------------------------------------------------------------ references

    /// `&place` of this kind; a value is stored in a temporary.
    pub(super) fn borrow(
        &mut self,
        place: ExprId,
        mutability: Mutability,
        two_phase: bool,
        span: Span,
    ) -> ExprId {
        if mutability == Mutability::Mut {
            self.make_mut(place);
        }
        let ty = Ty::new(TyKind::Ref(mutability, self.ty_of(place)));
        self.push(ty, span, ExprKind::Ref { mutability, place, two_phase })
    }

    fn check_ref(&mut self, mutable: bool, place: &ast::Expr, span: Span, expect: Expect) -> ExprId {
        let hint = expect.hint().map(|ty| self.shallow(ty)).and_then(|ty| ty.pointee());
        if let ast::ExprKind::Index { base, index } = &unparen(place).kind
            && let [ast::IndexArg::Expr(index)] = index.as_slice()
            && let ast::ExprKind::Range { start, end, inclusive } = &unparen(index).kind
            && !self.is_type_path(base)
        {
            return self.check_slice(base, start.as_deref(), end.as_deref(), *inclusive, mutable, span);
        }
        // `&[a, b]` for a slice needs no heap.
        if let (false, ast::ExprKind::List(elems), Some((_, inner))) = (mutable, &unparen(place).kind, hint)
            && let TyKind::List(elem) = *self.shallow(inner).kind()
        {
            let array = self.check_array(elems, Some(elem), place.span);
            let borrowed = self.borrow(array, Mutability::Shared, false, span);
            return self.coerce(borrowed, Ty::shared_ref(Ty::list(elem)), &Why::none());
        }
        let inner = match hint {
            Some((_, ty)) => Expect::Hint(ty),
            None => Expect::Any,
        };
        let id = self.check_expr(place, inner);
        let mutability = if mutable { Mutability::Mut } else { Mutability::Shared };
        self.borrow(id, mutability, false, span)
    }

    fn check_deref(&mut self, operand: &ast::Expr, span: Span, expect: Expect) -> ExprId {
        // The hint is right for `*` of a reference only as far as the pointee goes.
        let _ = expect;
        let id = self.check_expr(operand, Expect::Any);
        let ty = self.structurally(self.ty_of(id));
        match self.deref_place(id, span) {
            Some(place) => {
                if let TyKind::RawPtr(_) = ty.kind() {
                    self.require_unsafe(span, "dereferencing a raw pointer");
                }
                place
            }
            None => {
                if !ty.has_error() {
                    let shown = self.show(ty);
                    let mut diagnostic = base::Diagnostic::error(
                        codes::E0317,
                        span,
                        format!("`{shown}` cannot be dereferenced"),
                    )
                    .label("`*` needs a reference, a `Box` or another type that points to a value");
                    if self.is_place(id) {
                        diagnostic = diagnostic.fix(
                            "a parameter or variable of this type is the value itself: leave out the `*`",
                            Span { hi: operand.span.lo, ..span },
                            "",
                            base::Applicability::Maybe,
                        );
                    }
                    self.report(diagnostic);
                }
                self.error_expr(span)
            }
        }
    }

    /// What `id` points to, as a place: built-in references and pointers, then `Deref`.
    pub(super) fn deref_place(&mut self, id: ExprId, span: Span) -> Option<ExprId> {
        let ty = self.structurally(self.ty_of(id));
        match *ty.kind() {
            TyKind::Ref(_, inner) | TyKind::RawPtr(inner) => {
                Some(self.push(inner, span, ExprKind::Deref(id)))
            }
            TyKind::Error => Some(self.error_expr(span)),
            _ => self.overloaded_deref(id, ty, span),
        }
    }

    /// Looks through all built-in references of a place or value.
    pub(super) fn peel(&mut self, mut id: ExprId) -> ExprId {
        while let TyKind::Ref(_, inner) = *self.structurally(self.ty_of(id)).kind() {
            let span = self.span_of(id);
            id = self.push(inner, span, ExprKind::Deref(id));
        }
        id
    }

    pub(super) fn require_unsafe(&mut self, span: Span, what: &str) {
        let whole = match self.owner {
            crate::items::BodyOwner::Fn(id) => self.program.fns[id].is_unsafe,
            _ => false,
        };
        if self.unsafe_depth == 0 && !whole {
            self.report(
                base::Diagnostic::error(
                    codes::E0351,
                    span,
                    format!("{what} needs an `unsafe:` block"),
                )
                .help("the compiler cannot check this operation: put it in an `unsafe:` block after making sure of it yourself"),
            );
        }
    }

    pub(super) fn unsupported(&mut self, span: Span, what: &str) -> ExprId {
        self.report(
            base::Diagnostic::error(codes::E0901, span, format!("not supported yet: {what}"))
                .label("this part of the language is not built yet"),
        );
        self.error_expr(span)
    }

    // ------------------------------------------------------------ compound values

    fn check_tuple(&mut self, elems: &[ast::Expr], span: Span, expect: Expect) -> ExprId {
        let hints = match expect.hint().map(|ty| self.shallow(ty).kind()) {
            Some(TyKind::Tuple(tys)) if tys.len() == elems.len() => Some(*tys),
            _ => None,
        };
        let values: Vec<ExprId> = elems
            .iter()
            .enumerate()
            .map(|(i, elem)| self.check_towards(elem, hints.map(|tys| tys[i])))
            .collect();
        let tys: Vec<Ty> = values.iter().map(|&v| self.ty_of(v)).collect();
        self.push(Ty::tuple(&tys), span, ExprKind::Tuple(values))
    }

    fn check_list(&mut self, elems: &[ast::Expr], span: Span, expect: Expect) -> ExprId {
        let hint = expect.hint().map(|ty| self.shallow(ty));
        let elem_hint = match hint.map(|ty| ty.kind()) {
            Some(TyKind::Array(elem, _)) => return self.check_array(elems, Some(*elem), span),
            Some(TyKind::List(elem)) => Some(*elem),
            // `[1, 2]` where a view of a list is wanted: the caller borrows it.
            Some(TyKind::Ref(_, inner)) => match self.shallow(*inner).kind() {
                TyKind::List(elem) => Some(*elem),
                _ => None,
            },
            _ => None,
        };
        let (elem, values) = self.check_elems(elems, elem_hint, span);
        self.push(Ty::list(elem), span, ExprKind::List(values))
    }

    pub(super) fn check_array(&mut self, elems: &[ast::Expr], hint: Option<Ty>, span: Span) -> ExprId {
        let (elem, values) = self.check_elems(elems, hint, span);
        let ty = Ty::array(elem, values.len() as i128);
        self.push(ty, span, ExprKind::List(values))
    }

    fn check_elems(&mut self, elems: &[ast::Expr], hint: Option<Ty>, span: Span) -> (Ty, Vec<ExprId>) {
        let mut join = Join::new(hint, "the elements of a list must have one type");
        let values: Vec<ExprId> = elems
            .iter()
            .map(|elem| {
                let id = self.check_expr(elem, join.expect());
                self.join(&mut join, id)
            })
            .collect();
        let elem = match join.ty() {
            Some(ty) => ty,
            None => hint.unwrap_or_else(|| self.fresh(span)),
        };
        (elem, values)
    }

    fn check_repeat(&mut self, value: &ast::Expr, count: &ast::Expr, span: Span, expect: Expect) -> ExprId {
        let hint = expect.hint().map(|ty| self.shallow(ty));
        if let Some(&TyKind::Array(elem, len)) = hint.map(|ty| ty.kind()) {
            let value = self.check_coerce(value, elem, &Why::none());
            let written = self.const_len(count);
            if !self.unify(len, written) && !written.has_error() {
                let (want, have) = (self.show(len), self.show(written));
                self.report(
                    base::Diagnostic::error(
                        codes::E0301,
                        count.span,
                        format!("expected an array of {want} elements, found one of {have}"),
                    )
                    .label(format!("expected {want}")),
                );
            }
            let ty = Ty::new(TyKind::Array(elem, len));
            if !self.is_copy(elem) {
                let shown = self.show(elem);
                self.report(
                    base::Diagnostic::error(
                        codes::E0301,
                        span,
                        format!("an array is repeated from a `Copy` value, and `{shown}` is not `Copy`"),
                    )
                    .help("use a list, which clones the value, or write the elements out"),
                );
            }
            return self.push(ty, span, ExprKind::Repeat { value });
        }
        let elem_hint = match hint.map(|ty| ty.kind()) {
            Some(TyKind::List(elem)) => Some(*elem),
            _ => None,
        };
        let value = self.check_towards(value, elem_hint);
        let why = Why::message("the length of a list is an `int`");
        let count = self.check_coerce(count, Ty::int(), &why);
        self.call_lang("list_repeat", &[value, count], span)
    }

    // ------------------------------------------------------------ if and match

    fn check_if(&mut self, if_: &ast::If, span: Span, expect: Expect) -> ExprId {
        self.push_scope();
        let condition = self.check_condition(&if_.condition);
        let after_condition = self.diverges;
        let Some(else_) = &if_.else_ else {
            let then = self.check_block(&if_.then, Expect::Discard);
            self.pop_scope();
            let leaves = std::mem::replace(&mut self.diverges, after_condition);
            if let Some(hint) = expect.hint()
                && !leaves
                && !self.fits_unit(hint)
            {
                self.report_missing_else(if_, hint, span);
                return self.error_expr(span);
            }
            return self.push(Ty::unit(), span, ExprKind::If { condition, then, else_: None });
        };
        if let Expect::Discard = expect {
            let then = self.check_block(&if_.then, Expect::Discard);
            self.pop_scope();
            let then_diverges = std::mem::replace(&mut self.diverges, after_condition);
            let other = self.check_expr(else_, Expect::Discard);
            let else_diverges = self.diverges;
            self.diverges = after_condition || (then_diverges && else_diverges);
            let ty = if then_diverges && else_diverges { Ty::never() } else { Ty::unit() };
            return self.push(ty, span, ExprKind::If { condition, then, else_: Some(other) });
        }
        let mut join = Join::new(expect.hint(), "`if` and `else` have different types");
        let then = self.check_block(&if_.then, join.expect());
        self.pop_scope();
        let then = self.join(&mut join, then);
        let then_diverges = std::mem::replace(&mut self.diverges, after_condition);
        let other = self.check_expr(else_, join.expect());
        let other = self.join(&mut join, other);
        let else_diverges = self.diverges;
        self.diverges = after_condition || (then_diverges && else_diverges);
        let ty = join.ty().unwrap_or_else(Ty::never);
        self.push(ty, span, ExprKind::If { condition, then, else_: Some(other) })
    }

    /// Conditions of `if` and `while`; their bindings enter the scope at hand.
    pub(super) fn check_condition(&mut self, condition: &ast::Condition) -> ExprId {
        match condition {
            ast::Condition::Expr(expr) => self.check_bool(expr, "a condition"),
            ast::Condition::Let { span, pattern, value } => {
                let scrutinee = self.check_expr(value, Expect::Any);
                let pattern = self.check_pattern_on(pattern, scrutinee);
                self.push(Ty::bool(), *span, ExprKind::LetCondition { pattern, scrutinee })
            }
            ast::Condition::And(parts) => {
                let mut ids = parts.iter().map(|p| self.check_condition(p)).collect::<Vec<_>>();
                let Some(mut all) = ids.pop() else { return self.error_expr(Span::default()) };
                while let Some(left) = ids.pop() {
                    let span = self.span_of(left).to(self.span_of(all));
                    all = self.push(Ty::bool(), span, ExprKind::And(left, all));
                }
                all
            }
        }
    }

    fn check_match(
        &mut self,
        scrutinee: &ast::Expr,
        arms: &[ast::MatchArm],
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let head = Span { hi: scrutinee.span.hi, ..span };
        let scrutinee = self.check_expr(scrutinee, Expect::Any);
        let after_scrutinee = self.diverges;
        let discard = matches!(expect, Expect::Discard);
        let mut join = Join::new(expect.hint(), "the arms of a `match` have different types");
        let mut all_diverge = true;
        let mut checked = Vec::with_capacity(arms.len());
        for arm in arms {
            self.push_scope();
            self.diverges = after_scrutinee;
            let pattern = self.check_pattern_on(&arm.pattern, scrutinee);
            let guard = arm.guard.as_ref().map(|g| self.check_bool(g, "a guard"));
            self.diverges = after_scrutinee;
            let body = if discard {
                self.check_discarded(&arm.body)
            } else {
                let body = self.check_expr(&arm.body, join.expect());
                self.join(&mut join, body)
            };
            all_diverge &= self.diverges;
            self.pop_scope();
            checked.push(thir::Arm { pattern, guard, body, span: arm.span });
        }
        self.diverges = after_scrutinee || all_diverge;
        let ty = match join.ty() {
            _ if discard && all_diverge => Ty::never(),
            _ if discard => Ty::unit(),
            Some(ty) => ty,
            None => Ty::never(),
        };
        let id = self.push(ty, span, ExprKind::Match { scrutinee, arms: checked });
        self.note_match(id, head, arms.last().map(|arm| arm.span));
        id
    }

    /// An expression whose value is dropped.
    fn check_discarded(&mut self, expr: &ast::Expr) -> ExprId {
        let id = self.check_expr(expr, Expect::Discard);
        let ty = self.shallow(self.ty_of(id));
        if ty.is_unit() || ty.is_never() {
            return id;
        }
        self.warn_unused_value(id, expr);
        self.block_of(vec![thir::Stmt::Expr(id)], None, expr.span)
    }

    /// Whether a value of type `()` would do.
    fn fits_unit(&mut self, ty: Ty) -> bool {
        let ty = self.shallow(ty);
        ty.is_unit() || ty.has_error() || matches!(ty.kind(), TyKind::Infer(_))
    }

    /// `let x = if c: 1`, where nothing says that `()` is not meant.
    pub(super) fn refuse_half_if(&mut self, value: &ast::Expr, pattern: &ast::Pattern, id: ExprId) {
        let ast::ExprKind::If(if_) = &unparen(value).kind else { return };
        let named = matches!(&pattern.kind, ast::PatternKind::Binding { name, .. } if !name.name.as_str().starts_with('_'));
        if if_.else_.is_none() && named && self.shallow(self.ty_of(id)).is_unit() {
            self.report(
                base::Diagnostic::error(
                    codes::E0301,
                    unparen(value).span,
                    "this `if` has no `else`, so that it has no value",
                )
                .label("gives no value when the condition is false")
                .help("add an `else:` that gives the other value"),
            );
        }
    }

    fn report_missing_else(&mut self, if_: &ast::If, hint: Ty, span: Span) {
        let shown = self.show(hint);
        self.report(
            base::Diagnostic::error(
                codes::E0301,
                span,
                format!("this `if` has no `else`, and its value must be a `{shown}`"),
            )
            .label("gives no value when the condition is false")
            .also(if_.then.span, "the value when the condition is true")
            .help("add an `else:` that gives the other value"),
        );
    }
}

pub(super) fn unparen(expr: &ast::Expr) -> &ast::Expr {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => unparen(inner),
        _ => expr,
    }
}
