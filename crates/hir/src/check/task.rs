//! Tasks: `go`, `scope`, and closures that are `async`. For `deadline` see [`super::deadline`].
//!
//! ```text
//! go f(a, &b)      { let $arg0 = a; let $arg1 = &b; go(fn(): f($arg0, $arg1)) }
//! scope s: BODY    { let $scope = TaskScope::open_block(); defer: $scope.leave(); let s = &mut $scope; let $value = { BODY };
//!                    $scope.finish(); $value }
//! async |x| BODY   |x| later(|| BODY)
//! ```
//!
//! The one thing to know: whichever way a `scope` is left, `leave` waits for the tasks, and it runs
//! after every variable of the block has ended; so what a task borrows from inside of the block is
//! refused by the loan checker, like any view that outlives what it views.

use base::{Diagnostic, Name, Span, codes};
use syntax::ast;

use super::expr::unparen;
use super::{Checker, Expect};
use crate::thir::{ExprId, ExprKind, Stmt};
use crate::ty::{Mutability, Ty};

impl Checker<'_> {
    pub(super) fn check_go(&mut self, started: &ast::Expr, span: Span) -> ExprId {
        let make = Make { span };
        if let ast::ExprKind::Block(block) = &started.kind {
            let body = ast::Expr { span: block.span, kind: ast::ExprKind::Block(block.clone()) };
            let unit = ast::TypeExpr { span, kind: ast::TypeExprKind::Tuple(Vec::new()) };
            return self.check_expr(&make.go(body, Some(unit)), Expect::Discard);
        }
        let call = match &unparen(started).kind {
            ast::ExprKind::Await(inner) => unparen(inner),
            _ => unparen(started),
        };
        let mut call = call.clone();
        let (ast::ExprKind::Call { args, .. } | ast::ExprKind::MethodCall { args, .. }) = &mut call.kind
        else {
            self.check_expr(started, Expect::Any);
            self.report(
                Diagnostic::error(codes::E0415, started.span, "`go` starts a call or a block")
                    .label("this is neither")
                    .help("write `go f(x)`, or `go:` and an indented block"),
            );
            return self.error_expr(span);
        };
        let mut stmts = Vec::new();
        for arg in args {
            if let Some(marker) = arg.mutable {
                self.report(
                    Diagnostic::error(codes::E0415, marker, "a task cannot change what belongs to the code that starts it")
                        .label("lent to the task, which may run on for longer")
                        .help("let the task own the value and send back what it made of it, share it in a `Mutex`, or start the task in a `scope`"),
                );
                return self.error_expr(span);
            }
            make.before(&mut arg.value, &mut stmts);
        }
        if let ast::ExprKind::MethodCall { receiver, .. } = &mut call.kind
            && !is_plain_place(receiver)
        {
            make.before(receiver, &mut stmts);
        }
        // An `await` with the span of its operand runs what may be a future: see `check_await`.
        let body = ast::Expr { span: call.span, kind: ast::ExprKind::Await(Box::new(call)) };
        stmts.push(ast::Stmt { span, kind: ast::StmtKind::Expr(make.go(body, None)) });
        let block = ast::Block { span, style: ast::BlockStyle::Inline, docs: Vec::new(), stmts };
        self.push_scope();
        let id = self.check_statements(&block.stmts, span, Expect::Discard);
        self.pop_scope();
        id
    }

    pub(super) fn check_scope_block(
        &mut self,
        name: Option<ast::Ident>,
        body: &ast::Block,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let Some(adt) = self.program.lang.adt("TaskScope") else {
            return self.unsupported(span, "`scope` blocks");
        };
        let ty = Ty::adt(adt, &[]);
        let end = Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span };
        let opened = self.call_inherent(ty, "open_block", &[], span);
        let scope = self.temp(name.map_or("the scope", |n| n.name.as_str()), span, ty);
        let mut stmts = vec![self.let_temp(scope, opened)];
        let place = self.local_place(scope, end);
        let receiver = self.borrow(place, Mutability::Mut, false, end);
        let leave = self.call_inherent(ty, "leave", &[receiver], end);
        stmts.push(Stmt::Defer(leave));
        self.push_scope();
        if let Some(name) = name {
            // The name is lent: what it stands for cannot be moved away or forgotten.
            let place = self.local_place(scope, name.span);
            let reference = self.borrow(place, Mutability::Mut, false, name.span);
            let local = self.new_local(name.name, name.span, Ty::mut_ref(ty));
            self.bind(name.name, local);
            stmts.push(self.let_temp(local, reference));
        }
        let value = self.check_block(body, expect);
        self.pop_scope();
        if self.shallow(self.ty_of(value)).is_never() {
            stmts.push(Stmt::Expr(value));
            let block = crate::thir::Block { stmts, value: None };
            return self.push(Ty::never(), span, ExprKind::Block(block));
        }
        let value_ty = self.ty_of(value);
        let kept = self.temp("value", span, value_ty);
        stmts.push(self.let_temp(kept, value));
        let place = self.local_place(scope, end);
        let receiver = self.borrow(place, Mutability::Mut, false, end);
        let finish = self.call_inherent(ty, "finish", &[receiver], end);
        stmts.push(Stmt::Expr(finish));
        let place = self.local_place(kept, span);
        let value = self.value(place);
        self.block_of(stmts, Some(value), span)
    }

    /// `async |x| body`: a closure whose calls give futures.
    pub(super) fn check_async_closure(
        &mut self,
        closure: &ast::Closure,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let make = Make { span: closure.head };
        let inner = make.closure(closure.body.clone(), closure.ret.clone());
        let body = make.call_lang("later", inner, closure.body.span);
        let outer = ast::Closure { is_async: false, ret: None, body, ..closure.clone() };
        let inner = self.closures.len() + 1;
        let id = self.check_closure(&outer, span, expect);
        if let Some(inner) = self.closures.get_mut(inner) {
            inner.is_async = true;
        }
        id
    }
}

/// A variable or a field of one.
fn is_plain_place(expr: &ast::Expr) -> bool {
    match &unparen(expr).kind {
        ast::ExprKind::Path(_) | ast::ExprKind::SelfValue => true,
        ast::ExprKind::Field { base, .. } | ast::ExprKind::TupleField { base, .. } => is_plain_place(base),
        _ => false,
    }
}

/// Builds syntax.
struct Make {
    span: Span,
}

impl Make {
    fn ident(&self, name: &str) -> ast::Ident {
        ast::Ident { name: Name::new(name), span: self.span }
    }

    fn path(&self, names: &[&str], span: Span) -> ast::Expr {
        let segments = names.iter().map(|n| ast::PathSegment { name: self.ident(n), args: None }).collect();
        ast::Expr { span, kind: ast::ExprKind::Path(ast::Path { span, segments }) }
    }

    fn closure(&self, body: ast::Expr, ret: Option<ast::TypeExpr>) -> ast::Expr {
        let span = body.span;
        ast::Expr { span, kind: ast::ExprKind::Closure(Box::new(self.plain_closure(body, ret))) }
    }

    fn plain_closure(&self, body: ast::Expr, ret: Option<ast::TypeExpr>) -> ast::Closure {
        ast::Closure { head: self.span, is_fn: true, is_async: false, params: Vec::new(), ret, body }
    }

    fn call_lang(&self, role: &str, arg: ast::Expr, span: Span) -> ast::Expr {
        let callee = Box::new(self.path(&["$lang", role], self.span));
        let args = vec![ast::Arg { span: arg.span, mutable: None, value: arg }];
        ast::Expr { span, kind: ast::ExprKind::Call { callee, args } }
    }

    fn go(&self, body: ast::Expr, ret: Option<ast::TypeExpr>) -> ast::Expr {
        self.call_lang("go", self.closure(body, ret), self.span)
    }

    /// Evaluates the expression before the task starts, and has the task use what it gave. What
    /// gains nothing by that stays where its type is known better: literals, closures, variables.
    fn before(&self, expr: &mut ast::Expr, stmts: &mut Vec<ast::Stmt>) {
        if matches!(
            unparen(expr).kind,
            ast::ExprKind::Literal(_) | ast::ExprKind::Closure(_) | ast::ExprKind::Path(_)
        ) {
            return;
        }
        let span = expr.span;
        let name = format!("$arg{}", stmts.len());
        let value = std::mem::replace(expr, self.path(&[&name], span));
        let name = ast::Ident { name: Name::new(&name), span };
        let binding = ast::PatternKind::Binding { convention: ast::Convention::Read, name, sub: None };
        let pattern = ast::Pattern { span, kind: binding };
        let kind = ast::StmtKind::Let { mutable: false, pattern, ty: None, value: Some(value), else_: None };
        stmts.push(ast::Stmt { span, kind });
    }
}
