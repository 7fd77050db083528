//! Warnings about variables that are never used, or `mut` for nothing.
//!
//! The one thing to know: std and variables made by the compiler are left alone, and a body with
//! errors is not judged.

use base::{Applicability, Diagnostic, codes};

use super::Checker;
use crate::ty::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn warn_unused(&mut self) {
        if self.has_errors || self.program.in_std(self.module) {
            return;
        }
        let futures: Vec<_> = (self.locals.iter_enumerated())
            .filter(|(id, local)| !local.synthetic && self.local_notes[*id].warn_unused && !self.local_notes[*id].used)
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
                found.push(
                    Diagnostic::warning(
                        codes::W0402,
                        local.span,
                        format!("`{name}` is never used"),
                    )
                    .fix(
                        "if that is intended, start its name with `_`",
                        local.span.start(),
                        "_",
                        Applicability::Maybe,
                    ),
                );
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
        for diagnostic in found {
            self.report(diagnostic);
        }
    }

    /// A value that does something at its end, such as a lock's guard, may be held for just that.
    fn has_destructor(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Adt(adt, _) => self.is_lazy_future(adt) || self.program.adts[adt].drop_impl.is_some(),
            _ => false,
        }
    }
}
