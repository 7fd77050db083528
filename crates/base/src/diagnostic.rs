//! A diagnostic as plain data: what is wrong, where, what else is involved, and how to mend it.
//!
//! Stages build these; the command line renders them, the language server converts them. There
//! is no second representation.

use crate::{Code, Span};

#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// A span with a few words under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Applicability {
    /// Surely what was meant: a tool may apply it unasked.
    Certain,
    /// A guess, or a change of meaning: shown, applied only when chosen.
    Maybe,
}

/// Text edits that together mend the problem. Edits do not overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<(Span, String)>,
    pub applicability: Applicability,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// Where the caret goes.
    pub primary: Label,
    /// The other places involved: the move, the other borrow, the declaration.
    pub secondary: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Vec<String>,
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    pub fn new(severity: Severity, code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Error, code, span, message)
    }

    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Warning, code, span, message)
    }

    /// Text under the primary caret.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Another place involved.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// A one-edit fix.
    pub fn fix(
        self,
        title: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
        applicability: Applicability,
    ) -> Self {
        self.fix_all(title, vec![(span, replacement.into())], applicability)
    }

    pub fn fix_all(
        mut self,
        title: impl Into<String>,
        edits: Vec<(Span, String)>,
        applicability: Applicability,
    ) -> Self {
        self.fixes.push(Fix { title: title.into(), edits, applicability });
        self
    }

    /// "a `int`" is written "an `int`".
    pub fn with_articles(mut self) -> Self {
        let texts = [&mut self.message, &mut self.primary.text]
            .into_iter()
            .chain(self.secondary.iter_mut().map(|l| &mut l.text))
            .chain(&mut self.notes)
            .chain(&mut self.help)
            .chain(self.fixes.iter_mut().map(|f| &mut f.title));
        for text in texts {
            if !text.contains("a `") {
                continue;
            }
            let mut out = String::with_capacity(text.len() + 4);
            let mut rest = text.as_str();
            while let Some(at) = rest.find("a `") {
                let word = at == 0 || rest[..at].ends_with([' ', '(']);
                let vowel = rest[at + 3..].starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
                out.push_str(&rest[..at]);
                out.push_str(if word && vowel { "an `" } else { "a `" });
                rest = &rest[at + 3..];
            }
            out.push_str(rest);
            *text = out;
        }
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The candidate closest in spelling to `word`, if one is close enough to be a likely slip.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|c| *c != word)
        .map(|c| (edit_distance(word, c), c))
        .filter(|&(d, _)| d <= limit)
        .min()
        .map(|(_, c)| c)
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of
/// neighbours cost one each; a change of case alone costs one in all.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.eq_ignore_ascii_case(b) {
        return 1;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn suggests_near_spellings_only() {
        assert_eq!(closest("lenght", ["length", "width"]), Some("length"));
        assert_eq!(closest("Println", ["println", "print"]), Some("println"));
        assert_eq!(closest("foo", ["quux", "barbaz"]), None);
    }
}
