//! Closures whose parameters' types only a later use tells: `let f = |x| x.len()`, then `f("abc")`.
//!
//! Not here: how a closure is checked ([`super::closure`]). The one thing to know: the body of such
//! a closure is checked at the first use of the variable that says all of its parameters (or at the end, if
//! there is none), with the names that were in scope where it stands. That use decides for all. After a call that
//! leaves something open (`f(None)`) it waits for the next one, unless somebody must know what that call gave.

use base::Span;
use syntax::ast;

use super::closure::OpenClosure;
use super::expr::unparen;
use super::{Checker, Expect, Scope};
use crate::thir::{self, ExprId, LocalId, PatKind};
use crate::ty::{Conv, InferVar, Ty, TyKind};

pub(super) struct Unsettled {
    local: LocalId,
    closure: ast::Closure,
    open: OpenClosure,
    /// What was in scope.
    scopes: Vec<Scope>,
    unsafe_depth: u32,
    /// A call has left something open.
    called: bool,
}

impl Checker<'_> {
    /// `let f = |x| …` with a parameter without a type; else `None`.
    pub(super) fn check_let_closure(
        &mut self,
        pattern: &ast::Pattern,
        mutable: bool,
        value: &ast::Expr,
        span: Span,
    ) -> Option<thir::Stmt> {
        let ast::ExprKind::Closure(closure) = &unparen(value).kind else { return None };
        if closure.is_async
            || closure.params.iter().all(|p| p.ty.is_some())
            || !matches!(pattern.kind, ast::PatternKind::Binding { sub: None, .. })
        {
            return None;
        }
        let scopes = self.scopes.clone();
        let open = self.open_closure(closure, value.span, Expect::Any);
        let id = self.closure_expr(open.index, value.span);
        let ty = self.ty_of(id);
        let checked = self.check_pattern_let(pattern, ty, mutable, true);
        match checked.kind {
            PatKind::Binding { local, .. } => {
                let (closure, unsafe_depth) = (closure.as_ref().clone(), self.unsafe_depth);
                self.unsettled.push(Unsettled { local, closure, open, scopes, unsafe_depth, called: false });
            }
            _ => self.check_closure_body(closure, &open),
        }
        Some(thir::Stmt::Let { pattern: checked, value: Some(id), else_: None, span })
    }

    fn take_unsettled(&mut self, local: LocalId) -> Option<Unsettled> {
        let at = self.unsettled.iter().position(|u| u.local == local)?;
        Some(self.unsettled.remove(at))
    }

    /// The variable is called: its closure's parameters are what is passed. Gives the arguments that
    /// had to be checked for that.
    pub(super) fn settle_by_call(&mut self, local: LocalId, args: &[ast::Arg]) -> Vec<Option<ExprId>> {
        let Some(unsettled) = self.unsettled.iter().find(|u| u.local == local) else { return Vec::new() };
        let params = unsettled.open.params.clone();
        let mut given = vec![None; args.len()];
        if args.len() == params.len() {
            for (i, (arg, &(conv, ty))) in args.iter().zip(&params).enumerate() {
                if !self.is_open(ty) || matches!(unparen(&arg.value).kind, ast::ExprKind::Closure(_)) {
                    continue;
                }
                let partly = !matches!(self.shallow(ty).kind(), TyKind::Infer(_));
                let id = self.check_expr(&arg.value, if partly { Expect::Hint(ty) } else { Expect::Any });
                let found = self.structurally(self.ty_of(id));
                if !found.is_never() {
                    let bare = partly || conv == Conv::Mut;
                    self.unify(ty, if bare { found.peel_refs() } else { found });
                }
                given[i] = Some(id);
            }
            self.process();
            if params.iter().any(|&(_, ty)| self.is_open(ty)) {
                if let Some(unsettled) = self.unsettled.iter_mut().find(|u| u.local == local) {
                    unsettled.called = true;
                }
                return given;
            }
        }
        if let Some(unsettled) = self.take_unsettled(local) {
            self.settle(&unsettled);
        }
        given
    }

    /// What a call gave must be known now, whose closure waits for another one. Gives what it is.
    pub(super) fn settle_by_result(&mut self, open: Ty) -> Ty {
        let waiting = (0..self.unsettled.len())
            .find(|&i| self.unsettled[i].called && self.shallow(self.unsettled[i].open.ret) == open);
        let Some(at) = waiting else { return open };
        let unsettled = self.unsettled.remove(at);
        self.settle(&unsettled);
        self.ctx.structurally_resolve(open)
    }

    /// Is something of it to be told yet, apart from which number it is?
    fn is_open(&mut self, ty: Ty) -> bool {
        let ty = self.resolve(ty);
        let mut open = false;
        ty.walk(&mut |part| {
            open |= matches!(part.kind(), TyKind::Infer(InferVar::Ty(_)));
            !open
        });
        open
    }

    /// The variable is used as a value: its closure is what is wanted there.
    pub(super) fn settle_by_use(&mut self, local: LocalId, expect: Expect) {
        let Some(unsettled) = self.take_unsettled(local) else { return };
        if let Some(sig) = self.expected_sig(expect, unsettled.open.params.len()) {
            for (&(_, ty), &(_, wanted)) in unsettled.open.params.iter().zip(sig.params) {
                self.unify(ty, wanted);
            }
        }
        self.settle(&unsettled);
    }

    /// Nothing uses what is left.
    pub(super) fn settle_rest(&mut self) {
        while !self.unsettled.is_empty() {
            let unsettled = self.unsettled.remove(0);
            self.settle(&unsettled);
        }
    }

    fn settle(&mut self, unsettled: &Unsettled) {
        let scopes = std::mem::replace(&mut self.scopes, unsettled.scopes.clone());
        let unsafe_depth = std::mem::replace(&mut self.unsafe_depth, unsettled.unsafe_depth);
        self.check_closure_body(&unsettled.closure, &unsettled.open);
        self.scopes = scopes;
        self.unsafe_depth = unsafe_depth;
    }
}
