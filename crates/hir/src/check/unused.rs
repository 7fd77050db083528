//! Warnings about variables that are never used, or `mut` for nothing.
//!
//! The one thing to know: std and variables made by the compiler are left alone, and a body with
//! errors is not judged.

use base::{Applicability, Diagnostic, codes};

use super::Checker;

impl Checker<'_> {
    pub(super) fn warn_unused(&mut self) {
        if self.has_errors || self.program.in_std(self.module) {
            return;
        }
        let mut found = Vec::new();
        for (id, local) in self.locals.iter_enumerated() {
            let note = self.local_notes[id];
            let name = local.name.as_str();
            if local.synthetic || name.is_empty() || name.starts_with('_') || name == "self" {
                continue;
            }
            if note.warn_unused && !note.used {
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
}
