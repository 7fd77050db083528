//! A warning about `"… {name} …"`, which is `"… ${name} …"` in other languages.
//!
//! The one thing to know: it is given only where the text can hardly mean anything else. Each brace of it
//! encloses just the name of a variable in scope, it holds no quotes and is no path or route, and nothing in the
//! body is the text `"{name}"` alone, which is what templates are filled by.

use base::{Applicability, Diagnostic, Name, Span, codes};

use super::Checker;
use crate::thir::LocalId;

/// A text of this form.
pub(super) struct Braced {
    span: Span,
    /// Each variable named, and where its brace opens.
    names: Vec<(Name, LocalId, Span)>,
    /// Nothing but one name in braces.
    alone: bool,
}

impl Checker<'_> {
    /// At a text without `${…}`.
    pub(super) fn note_braces(&mut self, value: &str, span: Span) {
        if !value.contains('{') || self.program.in_std(self.module) {
            return;
        }
        let Some(inner) = self.sources.text(span).strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
            return;
        };
        if inner.contains(['"', '\n']) || inner.starts_with('/') || inner.contains("/{") {
            return;
        }
        let mut names = Vec::new();
        let mut at = 0;
        while let Some(brace) = inner[at..].find(['{', '}']).map(|n| at + n) {
            let Some(end) = inner[brace..].find('}').map(|n| brace + n) else { return };
            let word = &inner[brace + 1..end.max(brace + 1)];
            let is_name = !word.is_empty()
                && word.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !inner[..brace].ends_with('\\');
            let local = if is_name { self.local_in_scope(Name::new(word)) } else { None };
            let Some(local) = local else { return };
            let lo = span.lo + 1 + brace as u32;
            names.push((Name::new(word), local, Span { lo, hi: lo, ..span }));
            at = end + 1;
        }
        let alone = names.len() == 1 && inner.starts_with('{') && inner.ends_with('}');
        self.braced.push(Braced { span, names, alone });
    }

    pub(super) fn warn_braces(&mut self) {
        let all = std::mem::take(&mut self.braced);
        let filled: Vec<Name> = all.iter().filter(|b| b.alone).map(|b| b.names[0].0).collect();
        for braced in all {
            if braced.alone || braced.names.iter().any(|(name, ..)| filled.contains(name)) {
                continue;
            }
            for &(_, local, _) in &braced.names {
                self.local_notes[local].used = true;
            }
            let name = braced.names[0].0;
            let edits = braced.names.iter().map(|&(_, _, brace)| (brace, "$".to_owned())).collect();
            let diagnostic = Diagnostic::warning(
                codes::W0408,
                braced.span,
                format!("`{{{name}}}` stays as it is in a text: a value is put in by `${{{name}}}`"),
            )
            .fix_all(format!("write `${{{name}}}`"), edits, Applicability::Certain);
            self.report(diagnostic);
        }
    }
}
