//! Blocks and statements.
//!
//! Not here: control flow, which consists of expressions ([`super::expr`], [`super::loops`]).
//! The one thing to know: in statement position ([`Expect::Discard`]) a block's last expression
//! is a statement like the others.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::coerce::Why;
use super::{Checker, Expect};
use crate::thir::{self, ExprId, ExprKind};
use crate::ty::{Mutability, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn check_block(&mut self, block: &ast::Block, expect: Expect) -> ExprId {
        self.push_scope();
        self.enter_items(block.span);
        let id = self.check_statements(&block.stmts, block.span, expect);
        self.pop_scope();
        id
    }

    /// A block's statements, in the scope at hand.
    pub(super) fn check_statements(&mut self, stmts: &[ast::Stmt], span: Span, expect: Expect) -> ExprId {
        let before = std::mem::replace(&mut self.diverges, false);
        let mut done = Vec::with_capacity(stmts.len());
        let mut value = None;
        let mut warned = false;
        for (i, stmt) in stmts.iter().enumerate() {
            if self.diverges && !warned && !matches!(stmt.kind, ast::StmtKind::Item(_)) {
                warned = true;
                self.warn_unreachable(stmt.span);
            }
            let last = i + 1 == stmts.len();
            match &stmt.kind {
                ast::StmtKind::Expr(expr) if last && !matches!(expect, Expect::Discard) => {
                    let id = self.check_expr(expr, expect);
                    value = Some(self.value(id));
                }
                _ => self.check_stmt(stmt, &mut done),
            }
        }
        let ty = match value {
            Some(value) => self.ty_of(value),
            None if self.diverges => Ty::never(),
            None => Ty::unit(),
        };
        let ty = if self.diverges && self.shallow(ty).is_unit() { Ty::never() } else { ty };
        self.diverges |= before;
        self.push(ty, span, ExprKind::Block(thir::Block { stmts: done, value }))
    }

    pub(super) fn check_stmt(&mut self, stmt: &ast::Stmt, out: &mut Vec<thir::Stmt>) {
        match &stmt.kind {
            ast::StmtKind::Let { mutable, pattern, ty, value, else_ } => {
                let parts = LetParts {
                    mutable: *mutable,
                    pattern,
                    ty: ty.as_deref(),
                    value: value.as_ref(),
                    else_: else_.as_deref(),
                    span: stmt.span,
                };
                let checked = self.check_let(parts);
                out.push(checked);
            }
            ast::StmtKind::Item(_) | ast::StmtKind::Pass => {}
            ast::StmtKind::Error => self.has_errors = true,
            ast::StmtKind::Expr(expr) => {
                let id = self.check_expr(expr, Expect::Discard);
                self.warn_unused_value(id, expr);
                out.push(thir::Stmt::Expr(id));
            }
            ast::StmtKind::Assign { op: None, target, value, .. } => {
                let id = self.check_assign(target, value, stmt.span);
                out.push(thir::Stmt::Expr(id));
            }
            ast::StmtKind::Assign { op: Some(op), op_span, target, value } => {
                let id = self.check_compound(*op, *op_span, target, value, stmt.span);
                out.push(thir::Stmt::Expr(id));
            }
            ast::StmtKind::Contract(contract) => self.check_stray_contract(contract, out),
            ast::StmtKind::Defer(block) => {
                let loops = self.loops.len();
                let first_loop = std::mem::replace(&mut self.frame().first_loop, loops);
                let in_defer = std::mem::replace(&mut self.frame().in_defer, true);
                let diverges = self.diverges;
                let id = self.check_block(block, Expect::Discard);
                self.diverges = diverges;
                self.frame().first_loop = first_loop;
                self.frame().in_defer = in_defer;
                let id = self.shielded(id, stmt.span);
                out.push(thir::Stmt::Defer(id));
            }
            ast::StmtKind::Go(started) => {
                let id = self.check_go(started, stmt.span);
                out.push(thir::Stmt::Expr(id));
            }
        }
    }

    /// `{ let SHIELD = shield(context()); BODY }`: what waits in it is not interrupted.
    fn shielded(&mut self, body: ExprId, span: Span) -> ExprId {
        let Some(context) = self.std_function("intrinsics", "context") else { return body };
        let context = self.call_fn(context, &[], &[], span);
        let shield = self.call_lang("shield", &[context], span);
        let local = self.temp("shield", span, self.ty_of(shield));
        let stmts = vec![self.let_temp(local, shield), thir::Stmt::Expr(body)];
        self.block_of(stmts, None, span)
    }

    fn check_let(&mut self, parts: LetParts<'_>) -> thir::Stmt {
        let LetParts { mutable, pattern, ty, value, else_, span } = parts;
        if let (Some(value), None, None) = (value, ty, else_)
            && let Some(checked) = self.check_let_closure(pattern, mutable, value, span)
        {
            return checked;
        }
        let list = value.and_then(|value| match &super::expr::unparen(value).kind {
            ast::ExprKind::List(elements) => Some((super::expr::unparen(value).span, elements.len())),
            _ => None,
        });
        let declared = ty.map(|t| (self.lower_type(t), t.span));
        let written = value;
        let (value, ty) = match (value, declared) {
            (Some(value), Some((ty, ty_span))) => {
                let why = Why::because(ty_span, "expected because of this");
                (Some(self.check_coerce(value, ty, &why)), ty)
            }
            (Some(value), None) => {
                let id = self.check_expr(value, Expect::Any);
                self.refuse_half_if(value, pattern, id);
                let id = self.value(id);
                (Some(id), self.ty_of(id))
            }
            (None, Some((ty, _))) => (None, ty),
            (None, None) => (None, self.fresh(pattern.span)),
        };
        if let (Some(id), ast::PatternKind::Wildcard) = (value, &pattern.kind) {
            self.refuse_unawaited(ty, self.span_of(id), Some(self.span_of(id)));
        }
        // The `else` block does not see the pattern's names.
        let after_value = self.diverges;
        let else_id = else_.map(|block| {
            let id = self.check_block(block, Expect::Any);
            if !self.diverges && !self.shallow(self.ty_of(id)).has_error() {
                self.report(
                    Diagnostic::error(
                        codes::E0403,
                        block.span,
                        "the `else` of a `let` must leave the surrounding code",
                    )
                    .label("this goes on to the code after the `let`, where its names have no value")
                    .help("end it with `return`, `break`, `continue` or `panic(…)`"),
                );
            }
            self.diverges = after_value;
            id
        });
        let checked = self.check_pattern_let(pattern, ty, mutable, value.is_some());
        if value.is_none() && !matches!(pattern.kind, ast::PatternKind::Binding { sub: None, .. }) {
            self.report(
                Diagnostic::error(
                    codes::E0404,
                    pattern.span,
                    "a `let` without a value can only declare a single name",
                )
                .help("give it a value, or declare the names one by one"),
            );
        }
        if else_id.is_none() {
            self.note_irrefutable_list(&checked, "let", list);
        } else {
            self.note_refutable(&checked);
        }
        let statement = thir::Stmt::Let { pattern: checked, value, else_: else_id, span };
        if let (Some(written), None) = (written, declared) {
            self.warn_nothing(&statement, written);
        }
        statement
    }

    // ------------------------------------------------------------ assignment

    /// `x = 5` where there is no `x`: it is known from here on, so that its uses say nothing more.
    fn assign_unknown(&mut self, target: &ast::Expr, value: &ast::Expr, span: Span) -> Option<ExprId> {
        let ast::ExprKind::Path(path) = &target.kind else { return None };
        let [segment] = path.segments.as_slice() else { return None };
        let name = segment.name;
        if self.local_in_scope(name.name).is_some() || self.resolves(path) {
            return None;
        }
        self.check_expr(value, Expect::Any);
        let mut diagnostic = self.unresolved_name(name);
        if diagnostic.fixes.is_empty() {
            diagnostic = diagnostic.fix(
                "a variable is made with `let`",
                name.span.start(),
                "let ",
                Applicability::Maybe,
            );
        }
        self.report(diagnostic);
        let local = self.temp(name.name.as_str(), name.span, Ty::error());
        self.bind(name.name, local);
        Some(self.error_expr(span))
    }

    fn check_assign(&mut self, target: &ast::Expr, value: &ast::Expr, span: Span) -> ExprId {
        if let ast::ExprKind::Path(path) = &target.kind
            && let [segment] = path.segments.as_slice()
            && segment.name.name == "_"
        {
            let id = self.check_expr(value, Expect::Any);
            let id = self.value(id);
            let ty = self.ty_of(id);
            self.refuse_unawaited(ty, value.span, Some(value.span));
            let pattern = thir::Pat { ty, span: target.span, kind: thir::PatKind::Wildcard };
            let stmt = thir::Stmt::Let { pattern, value: Some(id), else_: None, span };
            let block = thir::Block { stmts: vec![stmt], value: None };
            return self.push(Ty::unit(), span, ExprKind::Block(block));
        }
        if let Some(id) = self.check_map_assign(target, value, span) {
            return id;
        }
        if let Some(id) = self.assign_unknown(target, value, span) {
            return id;
        }
        let mut place = self.check_expr(target, Expect::Any);
        if !self.require_place(place, target) {
            self.check_expr(value, Expect::Any);
            return self.error_expr(span);
        }
        let ty = self.structurally(self.ty_of(place));
        // `x = v` with `x: &mut T` and a `T` changes what `x` views.
        if let TyKind::Ref(Mutability::Mut, inner) = *ty.kind() {
            let id = self.check_expr(value, Expect::Hint(inner));
            let found = self.structurally(self.ty_of(id));
            if !matches!(found.kind(), TyKind::Ref(Mutability::Mut, _)) {
                place = self.push(inner, target.span, ExprKind::Deref(place));
                self.make_mut(place);
                let value = self.coerce(id, inner, &Why::place(target.span, "has this type"));
                return self.push(Ty::unit(), span, ExprKind::Assign { target: place, value });
            }
            self.make_mut(place);
            let value = self.coerce(id, ty, &Why::place(target.span, "has this type"));
            return self.push(Ty::unit(), span, ExprKind::Assign { target: place, value });
        }
        self.make_mut(place);
        let variable = match self.exprs[place].kind {
            ExprKind::Local(local) if self.local_notes[local].let_mut => Some(self.locals[local].name),
            _ => None,
        };
        let why = Why { variable, ..Why::place(target.span, "has this type") };
        let value = self.check_coerce(value, ty, &why);
        self.push(Ty::unit(), span, ExprKind::Assign { target: place, value })
    }

    /// `map[key] = value` on a `Map` inserts; other collections change what is there.
    fn check_map_assign(&mut self, target: &ast::Expr, value: &ast::Expr, span: Span) -> Option<ExprId> {
        let ast::ExprKind::Index { base, index } = &super::expr::unparen(target).kind else {
            return None;
        };
        let [ast::IndexArg::Expr(key)] = index.as_slice() else { return None };
        // Only a plain place is looked at ahead: checking it twice changes nothing.
        if !is_simple_place(base) {
            return None;
        }
        let mut place = self.check_expr(base, Expect::Any);
        for _ in 0..8 {
            let ty = self.structurally(self.ty_of(place));
            if let TyKind::Adt(adt, args) = *ty.kind() {
                let decl = &self.program.adts[adt];
                if self.program.in_std(decl.module) && decl.name == "Map" && args.len() >= 2 {
                    let (key_ty, value_ty) = (args[0], args[1]);
                    let key = self.check_coerce(key, key_ty, &Why::message("a key of this map"));
                    let why = Why::place(target.span, "the map's values have this type");
                    let value = self.check_coerce(value, value_ty, &why);
                    let receiver = self.borrow(place, Mutability::Mut, true, base.span);
                    let call = self.call_inherent(ty, "insert", &[receiver, key, value], span);
                    return Some(self.block_of(vec![thir::Stmt::Expr(call)], None, span));
                }
            }
            if matches!(ty.kind(), TyKind::RawPtr(_) | TyKind::List(_) | TyKind::Error) {
                return None;
            }
            place = self.deref_place(place, target.span)?;
        }
        None
    }

    /// Reports a target that is no place.
    pub(super) fn require_place(&mut self, id: ExprId, target: &ast::Expr) -> bool {
        if self.is_place(id) {
            return true;
        }
        if !self.ty_of(id).has_error() {
            let mut diagnostic = Diagnostic::error(
                codes::E0350,
                target.span,
                "the left side of an assignment must be a place that can hold a value",
            )
            .label("this is a value, not a variable, field or element");
            if let ast::ExprKind::Binary { op: ast::BinaryOp::Eq, .. } = target.kind {
                diagnostic = diagnostic.help("`==` compares, `=` assigns");
            }
            if let ast::ExprKind::List(_) | ast::ExprKind::Tuple(_) = target.kind {
                diagnostic = diagnostic.help(
                    "several variables are set one by one; two exchange their values by `mem::swap(mut a, mut b)`",
                );
            }
            self.report(diagnostic);
        }
        false
    }

    pub(super) fn warn_unused_value(&mut self, id: ExprId, expr: &ast::Expr) {
        let ty = self.shallow(self.ty_of(id));
        let TyKind::Adt(adt, _) = *ty.kind() else { return };
        if self.refuse_unawaited(ty, expr.span, Some(expr.span)) {
            return;
        }
        let is_result = self.program.lang.adt("Result") == Some(adt);
        if !is_result && !self.program.adts[adt].must_use {
            return;
        }
        if let ExprKind::Call { callee, .. } = &self.exprs[id].kind {
            let function = match callee {
                thir::Callee::Fn { id, .. } => Some(*id),
                thir::Callee::TraitMethod { method, .. } | thir::Callee::DynMethod { method, .. } => {
                    Some(*method)
                }
                thir::Callee::Value { .. } => None,
            };
            if function.is_some_and(|f| self.program.fns[f].attrs.discardable) {
                return;
            }
        }
        let shown = self.show(ty);
        let diagnostic = if is_result {
            Diagnostic::warning(
                codes::W0401,
                expr.span,
                format!("this `{shown}` may be a failure, and nobody looks at it"),
            )
            .help("handle it with `match`, pass it on with `?`, or discard it with `let _ = …`")
            .fix("discard it", expr.span.start(), "let _ = ", Applicability::Maybe)
        } else {
            Diagnostic::warning(codes::W0401, expr.span, format!("this `{shown}` is not used")).fix(
                "discard it",
                expr.span.start(),
                "let _ = ",
                Applicability::Maybe,
            )
        };
        self.report(diagnostic);
    }

    fn warn_unreachable(&mut self, span: Span) {
        self.report(
            Diagnostic::warning(codes::W0404, span, "this code is never reached")
                .label("everything before it leaves this block"),
        );
    }
}

/// A variable or a field of one.
fn is_simple_place(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Path(path) => path.segments.len() == 1,
        ast::ExprKind::SelfValue => true,
        ast::ExprKind::Field { base, .. }
        | ast::ExprKind::TupleField { base, .. }
        | ast::ExprKind::Paren(base)
        | ast::ExprKind::Deref(base) => is_simple_place(base),
        _ => false,
    }
}

struct LetParts<'a> {
    mutable: bool,
    pattern: &'a ast::Pattern,
    ty: Option<&'a ast::TypeExpr>,
    value: Option<&'a ast::Expr>,
    else_: Option<&'a ast::Block>,
    span: Span,
}
