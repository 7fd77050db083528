//! A function's body as a whole: parameters, contracts, result.

use base::{Diagnostic, Span, codes};
use syntax::ast;

use super::{Checker, Expect, Frame};
use crate::items::{FnId, FnKind};
use crate::thir::{self, ExprId};
use crate::ty::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn check_fn(&mut self, id: FnId) -> thir::Body {
        let program = self.program;
        let decl = &program.fns[id];
        let ret = decl.ret;
        self.frames.push(Frame {
            ret,
            ret_span: (!decl.ret_span.is_empty()).then_some(decl.ret_span),
            closure: None,
            return_to: None,
            returns: false,
            first_loop: 0,
            outer_diverges: false,
            in_defer: false,
            exits: None,
        });
        let mut params = Vec::new();
        if let FnKind::Script(stmts) = &decl.kind {
            self.enter_items(decl.span);
            let value = self.check_statements(stmts, decl.span, Expect::Discard);
            let value = self.script_end(value, decl.span);
            return self.finish(decl.span, params, ret, value);
        }
        let Some(item) = decl.ast.clone() else {
            let value = self.error_expr(decl.span);
            return self.finish(decl.span, params, ret, value);
        };
        for (i, param) in decl.params.iter().enumerate() {
            let Some(written) = item.params.get(i) else { continue };
            let bound =
                self.bind_param(&written.pattern, written.span, param.conv, param.ty, written.convention);
            if let thir::PatKind::Binding { local, sub: None, .. } = bound.pattern.kind {
                // What a trait asks for need not be used.
                let free =
                    matches!(decl.parent, crate::items::FnParent::None | crate::items::FnParent::Inherent(_));
                self.local_notes[local].warn_unused = free && !written.is_self;
            }
            params.push(bound);
        }
        self.local_notes.iter_mut().for_each(|note| note.parameter = true);
        let runs = program.future_runs.get(&id).copied();
        let value = match &item.body {
            Some(_) if let Some(function) = runs => {
                let value = match params.first().map(|p| &p.pattern.kind) {
                    Some(&thir::PatKind::Binding { local, .. }) => {
                        self.future_run(function, local, decl.span)
                    }
                    _ => self.error_expr(decl.span),
                };
                self.coerce_body(value, ret, decl.span)
            }
            Some(block) => {
                let id = self.check_contracted(block, ret);
                self.coerce_body(id, ret, block.span)
            }
            None => match decl.kind {
                FnKind::Derived(derive) if let Some(block) = crate::derive::body(program, id, derive) => {
                    let id = self.check_contracted(&block, ret);
                    self.coerce_body(id, ret, block.span)
                }
                _ => self.error_expr(decl.span),
            },
        };
        self.finish(decl.span, params, ret, value)
    }

    /// The statements of a function's body.
    pub(super) fn check_fn_statements(&mut self, stmts: &[ast::Stmt], span: Span, ret: Ty) -> ExprId {
        let expect = if ret.is_unit() { Expect::Discard } else { Expect::Hint(ret) };
        self.push_scope();
        self.enter_items(span);
        let id = self.check_statements(stmts, span, expect);
        self.pop_scope();
        id
    }

    /// `Ok(())` after a script's last statement.
    fn script_end(&mut self, body: ExprId, span: Span) -> ExprId {
        let ok = self.ok_unit(span.end());
        let ty = self.ty_of(ok);
        let block = thir::Block { stmts: vec![thir::Stmt::Expr(body)], value: Some(ok) };
        self.push(ty, span, thir::ExprKind::Block(block))
    }

    /// `Ok(())` of the function at hand, a script; `()` where there is no std.
    pub(super) fn ok_unit(&mut self, span: Span) -> ExprId {
        let unit = self.unit_expr(span);
        let ret = self.frame().ret;
        match (self.variant_of("Result", "Ok"), ret.kind()) {
            (Some((adt, variant)), TyKind::Adt(_, args)) => {
                let fields = vec![(crate::items::FieldIdx(0), unit)];
                self.push(ret, span, thir::ExprKind::Adt { adt, variant, args, fields, base: None })
            }
            _ => unit,
        }
    }

    /// In the statements of a script, outside of closures.
    pub(super) fn in_script(&self) -> bool {
        let is_script = |id: FnId| matches!(self.program.fns[id].kind, FnKind::Script(_));
        self.home_index() == 0 && matches!(self.owner, crate::items::BodyOwner::Fn(id) if is_script(id))
    }

    fn coerce_body(&mut self, id: ExprId, ret: Ty, span: Span) -> ExprId {
        let ty = self.shallow(self.ty_of(id));
        if ty.is_unit() && !ret.is_unit() && !ret.has_error() && !matches!(ret.kind(), TyKind::Infer(_)) {
            let valueless = match &self.exprs[id].kind {
                thir::ExprKind::Block(block) => block.value.is_none_or(|v| self.ty_of(v).is_unit()),
                _ => false,
            };
            if valueless {
                self.report_no_result(ret, span);
                return self.error_expr(span);
            }
        }
        let why = self.return_why();
        self.coerce(id, ret, &why)
    }

    fn report_no_result(&mut self, ret: Ty, span: Span) {
        let shown = self.show(ret);
        let place = self.frame().ret_span;
        let end = Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span };
        let mut diagnostic = Diagnostic::error(
            codes::E0357,
            end,
            format!("this function may end without giving its `{shown}`"),
        )
        .label("the end can be reached from here");
        if let Some(place) = place {
            diagnostic = diagnostic.also(place, "the result's type is declared here");
        }
        let is_result = matches!(*ret.kind(), TyKind::Adt(adt, args)
            if self.program.lang.adt("Result") == Some(adt) && args[0].is_unit());
        diagnostic = diagnostic.help(if is_result {
            "end it with `return Ok(())`"
        } else {
            "end every path with `return …` or with the value"
        });
        self.report(diagnostic);
    }
}
