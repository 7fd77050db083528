//! Reporting: counting errors, and the message for a value of the wrong type.

use base::{Applicability, Diagnostic, Span, codes};

use super::Checker;
use super::coerce::Why;
use crate::infer::MismatchKind;
use crate::thir::{ExprId, ExprKind, Lit};
use crate::ty::{Mutability, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let diagnostic = diagnostic.with_articles();
        if diagnostic.is_error() {
            self.has_errors = true;
            // One cause, one error: the same place is not reported twice with the same code.
            let again = self
                .diagnostics
                .iter()
                .any(|d| d.code == diagnostic.code && d.primary.span == diagnostic.primary.span);
            if again {
                return;
            }
        }
        self.diagnostics.push(diagnostic);
    }

    /// A value does not have the type that is expected of it.
    pub(super) fn report_mismatch(&mut self, id: ExprId, expected: Ty, why: &Why) {
        let expected = self.resolve(expected);
        let found = self.resolve(self.ty_of(id));
        self.has_errors = true;
        if expected.has_error() || found.has_error() {
            return;
        }
        let span = self.tail_span(id);
        let (want, have) = (self.show(expected), self.show(found));
        let infinite = self.ctx.unify(expected, found).err();
        if infinite.is_some_and(|m| m.kind == MismatchKind::Infinite) {
            let message = "this would need a type that contains itself";
            let label = format!("a `{have}` would have to be part of its own type");
            self.report(Diagnostic::error(codes::E0301, span, message).label(label));
            return;
        }
        let both = format!("expected `{want}`, found `{have}`");
        let mut diagnostic = match &why.message {
            Some(message) if !why.as_note => {
                Diagnostic::error(codes::E0301, span, format!("{message}: {both}"))
            }
            _ => Diagnostic::error(codes::E0301, span, both),
        };
        diagnostic = diagnostic.label(format!("this is a `{have}`"));
        if let Some((place, text)) = &why.place
            && *place != span
        {
            diagnostic = diagnostic.also(*place, text.clone());
        }
        if let Some(message) = why.message.as_ref().filter(|_| why.as_note) {
            diagnostic = diagnostic.note(message.clone());
        }
        if want == have && want.starts_with("future of ") {
            diagnostic = diagnostic.note(
                "one borrows an argument from a variable, where the other keeps a value that no variable holds",
            );
        }
        diagnostic = self.mismatch_help(diagnostic, id, expected, found, span);
        if let Some(name) = why.variable
            && let TyKind::Ref(mutability, inner) = *found.kind()
            && self.can_unify(expected, inner)
        {
            let mark = if mutability == Mutability::Mut { "&mut " } else { "&" };
            diagnostic = diagnostic.help(format!(
                "where `{name}` should view, not own, it begins as a view: `let mut {name} = {mark}…`"
            ));
        }
        if why.short_form {
            let name = self.sources.text(span).to_owned();
            for (_, text) in diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
                *text = format!("{name}: {text}");
            }
        }
        self.report(diagnostic);
    }

    /// The place of the value itself, where `id` is a block that ends in it.
    fn tail_span(&self, id: ExprId) -> Span {
        match &self.exprs[id].kind {
            ExprKind::Block(block) => match block.value {
                Some(value) => self.tail_span(value),
                None => self.span_of(id),
            },
            _ => self.span_of(id),
        }
    }

    fn mismatch_help(
        &mut self,
        diagnostic: Diagnostic,
        id: ExprId,
        expected: Ty,
        found: Ty,
        span: Span,
    ) -> Diagnostic {
        let lit = match &self.exprs[id].kind {
            ExprKind::Literal(lit) => Some(lit.clone()),
            _ => None,
        };
        let text = self.sources.text(span).to_owned();
        // Postfix fixes need parentheses after an operator.
        let simple = !matches!(
            self.exprs[id].kind,
            ExprKind::Binary { .. } | ExprKind::Unary { .. } | ExprKind::And(..) | ExprKind::Or(..)
        ) && !text.starts_with(['*', '&', '-', '~', '|'])
            && !text.contains('\n');
        let postfix = |suffix: &str| {
            if simple { format!("{text}{suffix}") } else { format!("({text}){suffix}") }
        };
        if expected.is_float()
            && let Some(Lit::Int(value)) = lit
        {
            return diagnostic.fix(
                "write it as a number with a fraction",
                span,
                format!("{value}.0"),
                Applicability::Certain,
            );
        }
        let numeric = |ty: Ty| ty.is_integral() || ty.is_float();
        if numeric(expected) && numeric(found) && !expected.has_infer() {
            let name = self.show(expected);
            let loses = match (expected.kind(), found.kind()) {
                (TyKind::Int(to), TyKind::Int(from)) => {
                    from.range().0 < to.range().0 || from.range().1 > to.range().1
                }
                (TyKind::Int(_), _) => true,
                _ => false,
            };
            let applicability = if loses { Applicability::Maybe } else { Applicability::Certain };
            return diagnostic.fix(
                format!("convert it to `{name}`"),
                span,
                postfix(&format!(" as {name}")),
                applicability,
            );
        }
        if let Some(gives) = self.would_give(found)
            && self.can_unify(expected, gives)
        {
            let text = format!("await {text}");
            return diagnostic.fix("await it", span, text, Applicability::Certain);
        }
        if let Some(fixed) = self.wrap_help(&diagnostic, id, expected, found, span) {
            return fixed;
        }
        match (expected.kind(), found.kind()) {
            (TyKind::Ref(..), _)
                if matches!(
                    self.exprs[id].kind,
                    ExprKind::If { .. } | ExprKind::Match { .. } | ExprKind::Block(_)
                ) =>
            {
                return diagnostic.help("borrow what each branch gives: `&a`");
            }
            (TyKind::Ref(mutability, inner), _) if self.can_unify(*inner, found) => {
                let (prefix, what) = match mutability {
                    Mutability::Shared => ("&", "borrow it"),
                    Mutability::Mut => ("&mut ", "borrow it exclusively"),
                };
                let text = if simple { format!("{prefix}{text}") } else { format!("{prefix}({text})") };
                return diagnostic.fix(what, span, text, Applicability::Maybe);
            }
            (TyKind::Ref(Mutability::Mut, a), TyKind::Ref(Mutability::Shared, b))
                if self.can_unify(*a, *b) =>
            {
                return diagnostic
                    .help("a shared view only reads; to change something, borrow it with `&mut`");
            }
            (TyKind::Adt(adt, args), TyKind::Closure(..))
                if self.program.lang.adt("Box") == Some(*adt)
                    && args.first().is_some_and(|t| matches!(t.kind(), TyKind::DynFn(_))) =>
            {
                let shown = self.show(args[0]);
                return diagnostic.help(format!("`{shown}` is on the heap already: it needs no `Box`"));
            }
            (_, TyKind::Ref(_, inner)) if self.can_unify(expected, *inner) => {
                let diagnostic = self.own_help(diagnostic, id);
                if self.implements("Clone", *inner) {
                    return diagnostic.fix(
                        "make a copy of what it refers to",
                        span,
                        postfix(".clone()"),
                        Applicability::Maybe,
                    );
                }
                return diagnostic.help("this is a view of the value; the value itself is owned elsewhere");
            }
            (TyKind::Adt(adt, args), _)
                if self.program.lang.adt("Option") == Some(*adt)
                    && args.first().is_some_and(|&t| self.can_unify(t, found)) =>
            {
                return diagnostic.fix(
                    "wrap it in `Some`",
                    span,
                    format!("Some({text})"),
                    Applicability::Maybe,
                );
            }
            (TyKind::Adt(adt, args), _)
                if self.program.lang.adt("Result") == Some(*adt)
                    && args.first().is_some_and(|&t| self.can_unify(t, found)) =>
            {
                let wrapped = if found.is_unit() { "Ok(())".into() } else { format!("Ok({text})") };
                if matches!(self.exprs[id].kind, ExprKind::Block(_)) {
                    return diagnostic.help("end it with `return Ok(())`");
                }
                return diagnostic.fix("wrap it in `Ok`", span, wrapped, Applicability::Maybe);
            }
            (TyKind::Adt(adt, wanted), TyKind::Adt(other, args))
                if adt == other
                    && self.program.lang.adt("Option") == Some(*adt)
                    && args.first().is_some_and(
                        |t| matches!(*t.kind(), TyKind::Ref(_, inner) if self.can_unify(wanted[0], inner)),
                    ) =>
            {
                return diagnostic.fix(
                    "make a copy of what it refers to",
                    span,
                    postfix(".cloned()"),
                    Applicability::Maybe,
                );
            }
            (_, TyKind::Adt(..) | TyKind::List(_))
                if {
                    let (want, have) = (self.show(expected), self.show(found));
                    want != have && want == have.replace('&', "")
                } =>
            {
                return diagnostic.help("what it holds are views of values that are owned elsewhere; put copies into it: `.clone()`");
            }
            (_, TyKind::Adt(adt, args))
                if (self.program.lang.adt("Option") == Some(*adt)
                    || self.program.lang.adt("Result") == Some(*adt))
                    && args.first().is_some_and(|&t| {
                        let t = self.resolve(t);
                        self.can_unify(expected, t) || self.can_unify(expected, t.peel_refs())
                    }) =>
            {
                return diagnostic.help(
                    "take the value out with `match`, `if let`, `?`, or `.unwrap()` where it must be there",
                );
            }
            (_, TyKind::Projection(p)) if matches!(expected.kind(), TyKind::Param(_)) => {
                let (ty, want) = (self.show(p.args[0]), self.show(expected));
                let trait_ = self.program.traits[p.trait_].name;
                return diagnostic
                    .help(format!("say which type that is: `{ty}: {trait_}[{} = {want}]`", p.name));
            }
            (TyKind::Int(_) | TyKind::Float(_), TyKind::Str) => {
                let name = self.show(expected);
                return diagnostic
                    .help(format!("text is read as a number by `.parse[{name}]()`, which gives a `Result`"));
            }
            (TyKind::Str, TyKind::Char) if self.sources.text(span).starts_with('\'') => {
                let text = self.sources.text(span).trim_matches('\'').replace('"', "\\\"");
                return diagnostic.fix("write it as text", span, format!("\"{text}\""), Applicability::Maybe);
            }
            (TyKind::Str, _) if self.implements("Display", found) => {
                return diagnostic.fix(
                    "turn it into text",
                    span,
                    postfix(".to_string()"),
                    Applicability::Maybe,
                );
            }
            (TyKind::Int(int), TyKind::Bool | TyKind::Char) => {
                let name = int.name();
                return diagnostic.fix(
                    format!("convert it to `{name}`"),
                    span,
                    postfix(&format!(" as {name}")),
                    Applicability::Maybe,
                );
            }
            (TyKind::Bool, _) if let Some((test, call, _)) = self.truth_of(found) => {
                return diagnostic.fix(
                    format!("ask whether it {test}"),
                    span,
                    match call.strip_prefix("not ") {
                        Some(call) => format!("not {}", postfix(&format!(".{call}"))),
                        None => postfix(&format!(".{call}")),
                    },
                    Applicability::Maybe,
                );
            }
            (TyKind::Bool, TyKind::Int(_)) => {
                return diagnostic.fix("compare it with 0", span, postfix(" != 0"), Applicability::Maybe);
            }
            (TyKind::Char, TyKind::Str) => {
                if let Some(Lit::Str(text)) = lit
                    && text.chars().count() == 1
                    && let Some(c) = text.chars().next()
                {
                    return diagnostic.fix(
                        "write a character",
                        span,
                        format!("{c:?}"),
                        Applicability::Certain,
                    );
                }
            }
            (_, TyKind::Tuple([])) if !matches!(self.exprs[id].kind, ExprKind::Block(_)) => {
                return self.nothing_help(diagnostic, id);
            }
            (_, TyKind::Tuple([])) => {
                let name = self.show(expected);
                return diagnostic
                    .note(format!("this may end without giving a value; the result is a `{name}`"))
                    .help("end it with the value, or with `return`");
            }
            _ => {}
        }
        diagnostic
    }
}
