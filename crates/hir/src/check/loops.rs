//! `while`, `for`, `loop`, and leaving them: `break`, `continue`, `return`.
//!
//! The one thing to know: all loops become [`ExprKind::Loop`]. `for` is a `match` on the
//! iterator, so that temporaries of the iterated expression live as long as the loop:
//!
//! ```text
//! match ITERATOR { own it => loop { match it.next() { Some(PATTERN) => BODY, None => break } } }
//! ```

use base::{Applicability, Diagnostic, Name, Span, codes};
use syntax::ast;

use super::coerce::{Join, Why};
use super::deadline::Jump;
use super::{Checker, Expect, LoopFrame};
use crate::items::VariantIdx;
use crate::thir::{self, BindMode, ExprId, ExprKind, LoopId, Pat, PatKind};
use crate::ty::{Mutability, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn enter_loop(&mut self, label: Option<ast::Ident>, carries_value: bool) -> LoopId {
        let id = self.next_loop();
        self.loops.push(LoopFrame {
            id,
            label: label.map(|l| l.name),
            carries_value,
            join: None,
            breaks: false,
        });
        id
    }

    pub(super) fn leave_loop(&mut self) -> LoopFrame {
        self.loops.pop().expect("a loop was entered")
    }

    fn break_expr(&mut self, id: LoopId, span: Span) -> ExprId {
        self.push(Ty::never(), span, ExprKind::Break { loop_id: id, value: None })
    }

    pub(super) fn check_while(
        &mut self,
        condition: &ast::Condition,
        body: &ast::Block,
        label: Option<ast::Ident>,
        span: Span,
    ) -> ExprId {
        let before = self.diverges;
        let id = self.enter_loop(label, false);
        self.push_scope();
        let condition = self.check_condition(condition);
        let then = self.check_block(body, Expect::Discard);
        self.pop_scope();
        self.leave_loop();
        self.diverges = before;
        let head = Span { hi: body.span.lo, ..span };
        let stop = self.break_expr(id, head);
        let kind = ExprKind::If { condition, then, else_: Some(stop) };
        let test = self.push(Ty::unit(), span, kind);
        self.push(Ty::unit(), span, ExprKind::Loop { id, body: test })
    }

    pub(super) fn check_loop(
        &mut self,
        body: &ast::Block,
        label: Option<ast::Ident>,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let before = self.diverges;
        let id = self.enter_loop(label, true);
        let join = Join::new(expect.hint(), "the `break`s of a `loop` have different types");
        self.loops.last_mut().expect("just entered").join = Some(join);
        let body = self.check_block(body, Expect::Discard);
        let frame = self.leave_loop();
        let ty =
            if frame.breaks { frame.join.and_then(|j| j.ty()).unwrap_or_else(Ty::unit) } else { Ty::never() };
        self.diverges = before || !frame.breaks;
        self.push(ty, span, ExprKind::Loop { id, body })
    }

    pub(super) fn check_break(
        &mut self,
        label: Option<ast::Ident>,
        value: Option<&ast::Expr>,
        span: Span,
    ) -> ExprId {
        let Some(position) = self.find_loop(label, span, "break") else {
            if let Some(value) = value {
                self.check_expr(value, Expect::Any);
            }
            return self.error_expr(span);
        };
        let carries = self.loops[position].carries_value;
        self.loops[position].breaks = true;
        let mut join = self.loops[position].join.take();
        let value = match value {
            Some(value) if !carries => {
                self.report(
                    Diagnostic::error(codes::E0406, value.span, "only a `loop` gives a value by `break`")
                        .label("this loop may also end without `break`, and then has no value"),
                );
                self.check_expr(value, Expect::Any);
                None
            }
            Some(value) => {
                let expect = join.as_ref().map_or(Expect::Any, |j| j.expect());
                let id = self.check_expr(value, expect);
                Some(match &mut join {
                    Some(join) => self.join(join, id),
                    None => self.value(id),
                })
            }
            None => {
                if let Some(join) = &mut join
                    && let Some(ty) = join.found()
                    && !self.shallow(ty).is_unit()
                    && !ty.has_error()
                {
                    let unit = self.unit_expr(span);
                    self.join(join, unit);
                }
                None
            }
        };
        // An inner loop may have been left meanwhile, never this one.
        self.loops[position].join = join;
        if self.loops[position].join.as_ref().is_some_and(|j| j.found().is_none()) && value.is_none() {
            let unit = self.unit_expr(span);
            let mut join = self.loops[position].join.take();
            if let Some(join) = &mut join {
                self.join(join, unit);
            }
            self.loops[position].join = join;
        }
        self.jump(Jump { position, continues: false }, value, span)
    }

    pub(super) fn check_continue(&mut self, label: Option<ast::Ident>, span: Span) -> ExprId {
        match self.find_loop(label, span, "continue") {
            Some(position) => self.jump(Jump { position, continues: true }, None, span),
            None => self.error_expr(span),
        }
    }

    /// The position in `self.loops` of the loop that a `break` or `continue` means.
    fn find_loop(&mut self, label: Option<ast::Ident>, span: Span, what: &str) -> Option<usize> {
        let visible = self.first_visible_loop();
        let open = &self.loops[visible..];
        let found = match label {
            None => open.iter().rposition(|l| !l.is_hidden()),
            Some(label) => open.iter().rposition(|l| l.label == Some(label.name)),
        };
        if let Some(found) = found {
            return Some(visible + found);
        }
        if let Some(label) = label {
            let names: Vec<&str> = open.iter().filter_map(|l| l.label).map(|n| n.as_str()).collect();
            let mut diagnostic = Diagnostic::error(
                codes::E0407,
                label.span,
                format!("no loop around this has the label `'{}`", label.name),
            );
            if let Some(close) = base::diagnostic::closest(label.name.as_str(), names) {
                diagnostic = diagnostic.fix(
                    format!("did you mean `'{close}`?"),
                    label.span,
                    format!("'{close}"),
                    Applicability::Maybe,
                );
            }
            self.report(diagnostic);
            return None;
        }
        let outside = self.loops.iter().any(|l| !l.is_hidden());
        let mut diagnostic = Diagnostic::error(codes::E0405, span, format!("`{what}` outside of a loop"));
        if self.in_defer() && outside {
            diagnostic = diagnostic.label("a `defer` block cannot leave a loop around it");
        } else if outside {
            diagnostic = diagnostic.label("a closure cannot leave a loop around it");
        } else if what == "break" {
            diagnostic = diagnostic.help("`return` leaves the function");
        }
        self.report(diagnostic);
        None
    }

    pub(super) fn check_return(&mut self, value: Option<&ast::Expr>, span: Span) -> ExprId {
        let ret = self.result_ty();
        self.leaves_defer("return", span);
        self.home().returns = true;
        let why = self.return_why();
        let value = match value {
            Some(value) => Some(self.check_coerce(value, ret, &why)),
            None if self.in_script() => Some(self.ok_unit(span)),
            None => {
                let resolved = self.shallow(ret);
                if !self.unify(ret, Ty::unit()) {
                    let shown = self.show(resolved);
                    let mut diagnostic = Diagnostic::error(
                        codes::E0301,
                        span,
                        format!("this `return` gives no value, and the result is a `{shown}`"),
                    )
                    .label(format!("expected a `{shown}` after `return`"));
                    if let Some(place) = self.home().ret_span {
                        diagnostic = diagnostic.also(place, "the result's type is declared here");
                    }
                    if !resolved.has_error() {
                        self.report(diagnostic);
                    }
                }
                None
            }
        };
        self.leave_function(value, span)
    }

    /// `return value`, or leaving the part of the body that postconditions follow, or the block of a `deadline`.
    pub(super) fn leave_function(&mut self, value: Option<ExprId>, span: Span) -> ExprId {
        self.home().returns = true;
        if self.frame().exits.is_some() {
            let value = value.unwrap_or_else(|| self.unit_expr(span));
            return self.leave_deadline("Return", value, span);
        }
        let kind = match self.frame().return_to {
            Some(loop_id) => ExprKind::Break { loop_id, value },
            None => ExprKind::Return { value },
        };
        self.push(Ty::never(), span, kind)
    }

    pub(super) fn return_why(&mut self) -> Why {
        let ret_span = self.home().ret_span;
        match ret_span {
            Some(span) => Why::because(span, "the result's type is declared here"),
            None if self.home_index() == 0 && self.in_script() => Why::message(
                "the statements of a script give no value: `process::exit(status)` ends it with a status",
            )
            .noted(),
            None if self.home_index() == 0 => {
                Why::message("this function declares no result: write `-> T` for it to return a `T`").noted()
            }
            None => Why::none(),
        }
    }

    // ------------------------------------------------------------ for

    pub(super) fn check_for(&mut self, for_: &ast::For, span: Span) -> ExprId {
        let ast::For { pattern, iterable, body, label } = for_;
        let label = *label;
        let convention = match &pattern.kind {
            ast::PatternKind::Binding { convention, .. } => *convention,
            _ => pattern_convention(pattern),
        };
        let before = self.diverges;
        let iterator = self.iterator_of(iterable, convention);
        let iterator_ty = self.ty_of(iterator);
        let it = self.temp("it", iterable.span, iterator_ty);
        let id = self.enter_loop(label, false);
        let (next, item) = self.next_call(it, iterable.span);
        self.push_scope();
        let element = self.check_pattern_owned(pattern, item, convention);
        self.note_irrefutable(&element, "for");
        let body_id = self.check_block(body, Expect::Discard);
        self.pop_scope();
        self.leave_loop();
        self.diverges = before;
        let looped = self.loop_over(id, next, element, body_id, span);
        let binding = Pat {
            ty: iterator_ty,
            span: iterable.span,
            kind: PatKind::Binding { local: it, mode: BindMode::Move, sub: None },
        };
        let arm = thir::Arm { pattern: binding, guard: None, body: looped, span };
        self.push(Ty::unit(), span, ExprKind::Match { scrutinee: iterator, arms: vec![arm] })
    }

    /// `loop { match NEXT { Some(ELEMENT) => BODY, _ => break } }`
    pub(super) fn loop_over(
        &mut self,
        id: LoopId,
        next: ExprId,
        element: Pat,
        body: ExprId,
        span: Span,
    ) -> ExprId {
        let option = self.ty_of(next);
        let arms = match (self.option_variant("Some"), option.kind()) {
            (Some((adt, some)), TyKind::Adt(_, args)) => {
                let pat_span = element.span;
                let fields = vec![(crate::items::FieldIdx(0), element)];
                let kind = PatKind::Struct { adt, variant: some, args, fields };
                let some = Pat { ty: option, span: pat_span, kind };
                let none = Pat { ty: option, span: pat_span, kind: PatKind::Wildcard };
                let stop = self.break_expr(id, span);
                vec![
                    thir::Arm { pattern: some, guard: None, body, span },
                    thir::Arm { pattern: none, guard: None, body: stop, span },
                ]
            }
            _ => Vec::new(),
        };
        if arms.is_empty() {
            return self.error_expr(span);
        }
        let step = self.push(Ty::unit(), span, ExprKind::Match { scrutinee: next, arms });
        self.push(Ty::unit(), span, ExprKind::Loop { id, body: step })
    }

    /// `it.next()` and the type of the elements.
    pub(super) fn next_call(&mut self, it: thir::LocalId, span: Span) -> (ExprId, Ty) {
        let place = self.local_place(it, span);
        let receiver = self.borrow(place, Mutability::Mut, false, span);
        let iterator_ty = self.locals[it].ty;
        let item = self.assoc_type("Iterator", "Item", iterator_ty, span);
        let next = self.call_trait("Iterator", "next", &[iterator_ty], &[receiver], span);
        let _ = self.structurally(self.ty_of(next));
        let ty = self.resolve(self.ty_of(next));
        self.exprs[next].ty = ty;
        (next, item)
    }

    pub(super) fn option_variant(&self, name: &str) -> Option<(crate::items::AdtId, VariantIdx)> {
        self.variant_of("Option", name)
    }

    pub(super) fn variant_of(&self, lang: &str, name: &str) -> Option<(crate::items::AdtId, VariantIdx)> {
        let adt = self.program.lang.adt(lang)?;
        let (variant, _) =
            self.program.adts[adt].variants.iter_enumerated().find(|(_, v)| v.name == *name)?;
        Some((adt, variant))
    }

    /// The iterator that `for` and quantifiers run over: the value itself if it is an iterator,
    /// else what `iter`, `iter_mut` or `into_iter` give.
    pub(super) fn iterator_of(&mut self, iterable: &ast::Expr, convention: ast::Convention) -> ExprId {
        let id = self.check_expr(iterable, Expect::Any);
        let ty = self.structurally(self.ty_of(id));
        if ty.has_error() {
            return self.error_expr(iterable.span);
        }
        let ty = self.resolve(ty);
        if self.implements("Iterator", ty) {
            return self.value(id);
        }
        let (lang, method, mutability) = match convention {
            ast::Convention::Read => ("Iterable", "iter", Some(Mutability::Shared)),
            ast::Convention::Mut => ("IterableMut", "iter_mut", Some(Mutability::Mut)),
            ast::Convention::Own => ("IntoIterator", "into_iter", None),
        };
        // Look through references, boxes and the like for something that can be iterated.
        let mut place = id;
        for _ in 0..8 {
            let ty = self.structurally(self.ty_of(place));
            let resolved = self.resolve(ty);
            if resolved.has_error() {
                return self.error_expr(iterable.span);
            }
            if self.implements(lang, resolved) {
                let receiver = match mutability {
                    Some(m) => self.borrow(place, m, false, iterable.span),
                    None => self.value(place),
                };
                return self.call_trait(lang, method, &[resolved], &[receiver], iterable.span);
            }
            match self.deref_place(place, iterable.span) {
                Some(next) => place = next,
                None => break,
            }
        }
        self.report_not_iterable(id, ty, lang, iterable);
        self.error_expr(iterable.span)
    }

    fn report_not_iterable(&mut self, id: ExprId, ty: Ty, lang: &str, iterable: &ast::Expr) {
        let shown = self.show(ty);
        let mut diagnostic =
            Diagnostic::error(codes::E0318, iterable.span, format!("`{shown}` cannot be iterated over"))
                .label(match lang {
                    "Iterable" => "`for x in …` needs a list, a range, an iterator or another collection",
                    "IterableMut" => "`for mut x in …` needs a collection whose elements can be changed",
                    _ => "`for own x in …` needs a collection that gives its elements away",
                });
        if ty.is_integral() {
            diagnostic = diagnostic.fix("count up to it", iterable.span.start(), "0..", Applicability::Maybe);
        } else if matches!(ty.kind(), TyKind::Str) {
            diagnostic = diagnostic.fix(
                "go through its characters",
                iterable.span.end(),
                ".chars()",
                Applicability::Maybe,
            );
        } else if ty.is_unit() {
            diagnostic = self.nothing_help(diagnostic, id);
        }
        self.report(diagnostic);
    }
}

impl LoopFrame {
    /// Made by the compiler: `break` and `continue` do not see it.
    pub(super) fn is_hidden(&self) -> bool {
        self.label.is_some_and(|l| l == HIDDEN)
    }
}

/// A label that no program can write.
const HIDDEN: &str = " ";

pub(super) fn hidden_label() -> ast::Ident {
    ast::Ident { name: Name::new(HIDDEN), span: Span::default() }
}

/// `for [i, mut x] in …`: the strongest convention inside decides how elements are fetched.
fn pattern_convention(pattern: &ast::Pattern) -> ast::Convention {
    let strongest = |list: &[ast::Pattern]| {
        let mut found = ast::Convention::Read;
        for inner in list.iter().map(pattern_convention) {
            if inner != ast::Convention::Read && found != ast::Convention::Own {
                found = inner;
            }
        }
        found
    };
    match &pattern.kind {
        ast::PatternKind::Binding { convention, .. } => *convention,
        ast::PatternKind::Tuple(list) | ast::PatternKind::List(list) => strongest(list),
        ast::PatternKind::TupleStruct { fields, .. } => strongest(fields),
        ast::PatternKind::Struct { fields, .. } => {
            let inner: Vec<ast::Convention> =
                fields.iter().map(|f| f.pattern.as_ref().map_or(f.convention, pattern_convention)).collect();
            if inner.contains(&ast::Convention::Own) {
                ast::Convention::Own
            } else if inner.contains(&ast::Convention::Mut) {
                ast::Convention::Mut
            } else {
                ast::Convention::Read
            }
        }
        _ => ast::Convention::Read,
    }
}
