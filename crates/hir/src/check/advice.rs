//! What to write where a value of one type stands and another is wanted.

use base::{Applicability, Diagnostic, Name, Span};

use super::Checker;
use crate::thir::{ExprId, ExprKind};
use crate::traits::Truth;
use crate::ty::{IntTy, TraitRef, Ty, TyKind, tys};

impl Checker<'_> {
    /// Wrapping or collecting the value makes it what is wanted.
    pub(super) fn wrap_help(
        &mut self,
        diagnostic: &Diagnostic,
        id: ExprId,
        expected: Ty,
        found: Ty,
        span: Span,
    ) -> Option<Diagnostic> {
        let text = self.sources.text(span).to_owned();
        if text.contains('\n') {
            return None;
        }
        if let TyKind::List(elem) = *expected.peel_refs().kind()
            && *elem.kind() == TyKind::Int(IntTy::U8)
            && matches!(found.peel_refs().kind(), TyKind::Str)
        {
            return Some(diagnostic.clone().fix(
                "take its bytes",
                span.end(),
                ".bytes()",
                Applicability::Maybe,
            ));
        }
        if let TyKind::Adt(adt, args) = *expected.kind() {
            let is = |name: &str| self.program.lang.adt(name) == Some(adt);
            if is("error") && matches!(found.peel_refs().kind(), TyKind::Str) {
                return Some(diagnostic.clone().fix(
                    "make an `error` of the text",
                    span,
                    format!("error({text})"),
                    Applicability::Maybe,
                ));
            }
            if let Some(name) = self.std_type(expected)
                && matches!(name.as_str(), "Box" | "Shared")
                && let [inner] = *args
                && !matches!(inner.kind(), TyKind::DynFn(_))
                && self.can_unify(inner, found)
            {
                return Some(diagnostic.clone().fix(
                    format!("put it into a `{name}`"),
                    span,
                    format!("{name}::new({text})"),
                    Applicability::Maybe,
                ));
            }
        }
        self.collect_help(diagnostic, id, expected, found, span)
    }

    /// An iterator where a collection is wanted.
    fn collect_help(
        &mut self,
        diagnostic: &Diagnostic,
        id: ExprId,
        expected: Ty,
        found: Ty,
        span: Span,
    ) -> Option<Diagnostic> {
        let elem = match *expected.kind() {
            TyKind::List(elem) => Some(elem),
            TyKind::Str => None,
            _ => match self.std_type(expected)?.as_str() {
                "Map" | "Set" | "Deque" | "BinaryHeap" => None,
                _ => return None,
            },
        };
        if !matches!(self.exprs[id].kind, ExprKind::Call { .. } | ExprKind::Use(_)) {
            return None;
        }
        let item = self.item_of(found)?;
        let call = match (elem, item.kind()) {
            (Some(elem), _) if self.can_unify(elem, item) => ".collect()",
            (Some(elem), TyKind::Ref(_, inner)) if self.can_unify(elem, *inner) => ".cloned().collect()",
            (Some(_), _) => return None,
            (None, _) => ".collect()",
        };
        Some(diagnostic.clone().fix(
            "collect what the iterator gives",
            span.end(),
            call,
            Applicability::Maybe,
        ))
    }

    /// What an iterator of this type gives.
    pub(super) fn item_of(&mut self, ty: Ty) -> Option<Ty> {
        let ty = self.resolve(ty).peel_refs();
        let trait_ = self.program.lang.trait_("Iterator")?;
        if ty.has_infer()
            || ty.has_error()
            || self.ctx.holds(TraitRef { trait_, args: tys(&[ty]) }) != Truth::Yes
        {
            return None;
        }
        let item = self.assoc_type("Iterator", "Item", ty, Span::default());
        Some(self.resolve(item))
    }

    /// A name in a pattern that borrows, where the value is wanted.
    pub(super) fn own_help(&mut self, diagnostic: Diagnostic, id: ExprId) -> Diagnostic {
        let mut at = id;
        while let ExprKind::Use(inner) = self.exprs[at].kind {
            at = inner;
        }
        let ExprKind::Local(local) = self.exprs[at].kind else { return diagnostic };
        if !self.local_notes[local].lent {
            return diagnostic;
        }
        let (name, span) = (self.locals[local].name, self.locals[local].span);
        diagnostic.also(span, format!("`{name}` is a view of a part of what is matched")).fix(
            format!("take it out: `own {name}`"),
            span.start(),
            "own ",
            Applicability::Maybe,
        )
    }

    /// What is meant by a value of this type in a condition: in words, the test, and its opposite.
    pub(super) fn truth_of(&mut self, ty: Ty) -> Option<(&'static str, &'static str, &'static str)> {
        let ty = self.resolve(ty).peel_refs();
        let full = ("has elements", "not is_empty()", "is_empty()");
        match *ty.kind() {
            TyKind::Str => Some(("is not empty", "not is_empty()", "is_empty()")),
            TyKind::List(_) => Some(full),
            _ => match self.std_type(ty)?.as_str() {
                "Option" => Some(("has a value", "is_some()", "is_none()")),
                "Result" => Some(("is a success", "is_ok()", "is_err()")),
                "Map" | "Set" | "Deque" | "BinaryHeap" => Some(full),
                _ => None,
            },
        }
    }

    /// The name of a type, if it is one of std's.
    pub(super) fn std_type(&self, ty: Ty) -> Option<Name> {
        let TyKind::Adt(adt, _) = *ty.kind() else { return None };
        let decl = &self.program.adts[adt];
        self.program.in_std(decl.module).then_some(decl.name)
    }
}
