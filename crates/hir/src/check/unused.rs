//! Warnings about variables that are never used, or `mut` for nothing.
//!
//! The one thing to know: std and variables made by the compiler are left alone, and a body with
//! errors is not judged.

use base::{Applicability, Diagnostic, codes};

use super::Checker;
use crate::thir::ExprKind;
use crate::ty::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn warn_unused(&mut self) {
        if self.has_errors || self.program.in_std(self.module) {
            return;
        }
        self.warn_braces();
        let futures: Vec<_> = (self.locals.iter_enumerated())
            .filter(|(id, local)| {
                !local.synthetic && self.local_notes[*id].warn_unused && !self.local_notes[*id].used
            })
            .map(|(_, local)| (local.ty, local.span))
            .collect();
        for (ty, span) in futures {
            self.refuse_unawaited(ty, span, None);
        }
        let mut found = Vec::new();
        for (id, local) in self.locals.iter_enumerated() {
            let note = self.local_notes[id];
            let name = local.name.as_str();
            if local.synthetic || name.is_empty() || name.starts_with('_') || name == "self" {
                continue;
            }
            if note.warn_unused && !note.used && !self.has_destructor(local.ty) {
                let unused = Diagnostic::warning(codes::W0402, local.span, format!("`{name}` is never used"));
                found.push(match note.short_form {
                    true => unused.fix(
                        "if that is intended, match anything there",
                        local.span.end(),
                        ": _",
                        Applicability::Maybe,
                    ),
                    false => unused.fix(
                        "if that is intended, start its name with `_`",
                        local.span.start(),
                        "_",
                        Applicability::Maybe,
                    ),
                });
            } else if note.let_mut && !note.mutated && note.used {
                found.push(
                    Diagnostic::warning(
                        codes::W0403,
                        local.span,
                        format!("`{name}` is declared `mut` and never changed"),
                    )
                    .help("leave out the `mut`"),
                );
            }
        }
        found.extend(self.lost_changes());
        for diagnostic in found {
            self.report(diagnostic);
        }
    }

    /// Copies that a closure changes while the variable itself is looked at afterwards.
    fn lost_changes(&mut self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (local, closure, span) in std::mem::take(&mut self.changed_copies) {
            let around = self.closures[closure as usize].span;
            let later = self.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Local(l) if l == local));
            let later = later.map(|e| e.span).filter(|s| s.file == around.file && s.lo >= around.hi);
            let Some(later) = later.min_by_key(|s| s.lo) else { continue };
            let name = self.locals[local].name;
            found.push(
                Diagnostic::warning(
                    codes::W0407,
                    span,
                    format!("the closure changes a copy of `{name}` of its own"),
                )
                .label("changed in the copy")
                .also(later, "this is not changed by it")
                .help(
                    "share the variable (`Shared`, `Atomic`, `Mutex`), give the value back, or use a `scope`",
                ),
            );
        }
        found
    }

    /// A value that does something at its end, such as a lock's guard, may be held for just that.
    fn has_destructor(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Adt(adt, _) => self.is_lazy_future(adt) || self.program.adts[adt].drop_impl.is_some(),
            _ => false,
        }
    }
}
