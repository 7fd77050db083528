//! What is said where the `()` of a call that gives nothing is taken for a value: `let ys = xs.sort()`.
//!
//! The one thing to know: only what is declared without a result counts. A `()` that a type parameter stands
//! for (`join` of a task that gives nothing) is as good as any other value there.

use base::{Applicability, Diagnostic, Name, Span, codes};
use syntax::ast;

use super::Checker;
use crate::items::FnId;
use crate::thir::{Callee, ExprId, ExprKind, PatKind, Stmt};
use crate::ty::{Conv, Ty, TyKind};

/// A call of something declared without a result.
struct Nothing {
    function: FnId,
    /// What a `mut self` method was called on, if that is a place with a name.
    changes: Option<(Span, Ty)>,
}

impl Checker<'_> {
    /// At `let x = f()`, after its pattern.
    pub(super) fn warn_nothing(&mut self, statement: &Stmt, written: &ast::Expr) {
        let Stmt::Let { pattern, value: Some(value), else_: None, span } = statement else { return };
        let PatKind::Binding { local, sub: None, .. } = pattern.kind else { return };
        let name = self.locals[local].name;
        if name.as_str().starts_with('_') || self.program.in_std(self.module) {
            return;
        }
        let Some(nothing) = self.nothing_of(*value) else { return };
        self.local_notes[local].nothing = Some(*value);
        // One cause, one warning.
        self.local_notes[local].warn_unused = false;
        let called = self.program.fns[nothing.function].name;
        let value_span = written.span;
        let mut diagnostic = Diagnostic::warning(
            codes::W0409,
            value_span,
            match nothing.changes {
                Some((receiver, _)) => {
                    let receiver = self.sources.text(receiver);
                    format!("`{called}` changes `{receiver}` and gives nothing, so `{name}` is `()`")
                }
                None => format!("`{called}` gives nothing, so `{name}` is `()`"),
            },
        );
        diagnostic = self.copying_help(diagnostic, &nothing, Some(name));
        let binding = Span { hi: value_span.lo, ..*span };
        self.report(diagnostic.fix("leave out the `let`", binding, "", Applicability::Maybe));
    }

    /// Adds to an error about a `()` that it came of such a call.
    pub(super) fn nothing_help(&mut self, diagnostic: Diagnostic, id: ExprId) -> Diagnostic {
        let mut at = id;
        while let ExprKind::Use(inner) = self.exprs[at].kind {
            at = inner;
        }
        let mut name = None;
        let mut diagnostic = diagnostic;
        if let ExprKind::Local(local) = self.exprs[at].kind
            && let Some(call) = self.local_notes[local].nothing
        {
            name = Some(self.locals[local].name);
            diagnostic = diagnostic.also(self.span_of(call), "this gives nothing");
            at = call;
        }
        let Some(nothing) = self.nothing_of(at) else { return diagnostic };
        let called = self.program.fns[nothing.function].name;
        let diagnostic = match nothing.changes {
            Some((receiver, _)) => {
                let receiver = self.sources.text(receiver);
                diagnostic.note(format!("`{called}` changes `{receiver}` and gives nothing"))
            }
            None => diagnostic.note(format!("`{called}` gives nothing")),
        };
        self.copying_help(diagnostic, &nothing, name)
    }

    fn nothing_of(&mut self, id: ExprId) -> Option<Nothing> {
        let ExprKind::Call { callee, args } = &self.exprs[id].kind else { return None };
        let function = match callee {
            Callee::Fn { id, .. } => *id,
            Callee::TraitMethod { method, .. } | Callee::DynMethod { method, .. } => *method,
            Callee::Value { .. } => return None,
        };
        let decl = &self.program.fns[function];
        if !decl.ret.is_unit() {
            return None;
        }
        let changing = decl.has_self && decl.params.first().is_some_and(|p| matches!(p.conv, Conv::Mut));
        let receiver = args.first().copied().filter(|_| changing);
        let changes = receiver.and_then(|receiver| {
            let span = self.span_of(receiver);
            let text = self.sources.text(span);
            let named = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            let named = named && !text.is_empty();
            named.then(|| (span, self.resolve(self.ty_of(receiver)).peel_refs()))
        });
        Some(Nothing { function, changes })
    }

    /// A method that gives a changed copy (`reversed` beside `reverse`), or a copy to be changed.
    fn copying_help(&mut self, diagnostic: Diagnostic, nothing: &Nothing, name: Option<Name>) -> Diagnostic {
        let Some((receiver, ty)) = nothing.changes else { return diagnostic };
        let called = self.program.fns[nothing.function].name;
        let receiver = self.sources.text(receiver).to_owned();
        let stem = called.as_str();
        let twin = [format!("{stem}ed"), format!("{stem}d")].into_iter().map(|n| Name::new(&n));
        let module = self.current_module();
        let twin = { twin }.find(|&twin| self.ctx.has_method(ty, twin, module));
        if let Some(twin) = twin {
            return diagnostic.help(format!("`{receiver}.{twin}(…)` gives a changed copy"));
        }
        // Only what is like a value is copied to be changed.
        let copied = matches!(ty.kind(), TyKind::List(_) | TyKind::Array(..) | TyKind::Str | TyKind::Adt(..));
        if !copied || !self.implements("Clone", ty) {
            return diagnostic;
        }
        let copy = name.map_or("copy", |name| name.as_str());
        diagnostic.help(format!(
            "to change a copy: `let mut {copy} = {receiver}.clone()`, then `{copy}.{called}(…)`"
        ))
    }
}
