//! Diagnostics as text for people (through `annotate-snippets`) and as JSON for tools.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Snippet};
use base::{Applicability, Diagnostic, FileId, Severity, SourceMap, Span};
use driver::pipeline::Candidate;
use serde_json::{Value, json};

/// Writes diagnostics to standard error, in colour on a terminal.
pub struct Renderer {
    inner: annotate_snippets::Renderer,
}

impl Renderer {
    pub fn stderr() -> Renderer {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let inner =
            if colour { annotate_snippets::Renderer::styled() } else { annotate_snippets::Renderer::plain() };
        Renderer { inner }
    }

    fn write(&self, text: &str) {
        // Nothing useful can be done if standard error is closed.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// An error that points at no text.
    pub fn plain_error(&self, message: &str) {
        let text = self.inner.render(&[Group::with_title(Level::ERROR.primary_title(message))]);
        self.write(&text);
    }

    pub fn report(&mut self, sources: &SourceMap, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            let text = self.render(sources, diagnostic);
            self.write(&text);
            self.write("");
        }
    }

    /// One line on how many there were, if any.
    pub fn summary(&self, diagnostics: &[Diagnostic]) {
        let (errors, warnings) = driver::pipeline::count(diagnostics);
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let text = match (errors, warnings) {
            (0, 0) => return,
            (0, w) => plural(w, "warning"),
            (e, 0) => plural(e, "error"),
            (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
        };
        let code = diagnostics.iter().find(|d| d.is_error()).or(diagnostics.first());
        let hint = code.map_or(String::new(), |d| format!("; `altru explain {}` says more", d.code));
        self.write(&format!("{text}{hint}"));
    }

    pub fn render(&self, sources: &SourceMap, d: &Diagnostic) -> String {
        let level = match d.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut main = level.primary_title(d.message.as_str()).id(d.code.0).elements(snippets(sources, d));
        // Places named so that editors and terminals can jump to them too.
        for label in &d.secondary {
            let file = sources.file(label.span.file);
            let at = file.line_col(label.span.lo);
            if label.span.file == d.primary.span.file && at.line != sources.line_col(d.primary.span).line {
                let origin = Origin::path(file.name.as_str());
                main = main.element(origin.line(at.line as usize).char_column(at.col as usize));
            }
        }
        for note in &d.notes {
            main = main.element(Level::NOTE.message(note.as_str()));
        }
        for help in &d.help {
            main = main.element(Level::HELP.message(help.as_str()));
        }
        let mut groups = vec![main];
        for fix in &d.fixes {
            let mut group = Group::with_title(Level::HELP.secondary_title(fix.title.as_str()));
            // A line that nobody can read on a screen is not shown changed.
            if fix.edits.iter().any(|(span, _)| line_len(sources, *span) > LONGEST_LINE) {
                groups.push(group);
                continue;
            }
            for (file, edits) in by_file(fix.edits.iter().map(|(s, t)| (*s, t))) {
                let source = sources.file(file);
                let mut snippet = Snippet::source(&*source.text).path(source.name.as_str());
                for (span, text) in edits {
                    snippet = snippet.patch(Patch::new(range(source, span), text.as_str()));
                }
                group = group.element(snippet);
            }
            groups.push(group);
        }
        self.inner.render(&groups)
    }
}

/// One snippet per file involved, the primary's first.
fn snippets<'a>(
    sources: &'a SourceMap,
    d: &'a Diagnostic,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    // Of a very long line only what is near is shown.
    let is_far = |l: &&base::Label| {
        l.span.file == d.primary.span.file
            && l.span.lo.abs_diff(d.primary.span.lo) as usize > LONGEST_LINE
            && line_len(sources, l.span) > LONGEST_LINE
    };
    let labels = std::iter::once((&d.primary, AnnotationKind::Primary))
        .chain(d.secondary.iter().filter(|l| !is_far(l)).map(|l| (l, AnnotationKind::Context)));
    let mut files = by_file(labels.map(|(l, kind)| (l.span, (l.text.as_str(), kind))));
    let mut out = Vec::new();
    let first = files.remove(&d.primary.span.file);
    for (file, labels) in first.into_iter().map(|l| (d.primary.span.file, l)).chain(files) {
        let source = sources.file(file);
        let mut snippet = Snippet::source(&*source.text).path(source.name.as_str());
        for (span, (text, kind)) in labels {
            let annotation = kind.span(range(source, span));
            snippet = snippet.annotation(if text.is_empty() { annotation } else { annotation.label(text) });
        }
        out.push(snippet);
    }
    out
}

/// Lines are longer than this, in bytes, only if a machine wrote them.
const LONGEST_LINE: usize = 2000;

/// The length of the line that a span begins in.
fn line_len(sources: &SourceMap, span: Span) -> usize {
    let source = sources.file(span.file);
    source.line_text(source.line_of(span.lo)).len()
}

/// A span as a range on character boundaries inside the text.
fn range(source: &base::SourceFile, span: Span) -> std::ops::Range<usize> {
    let len = source.text.len();
    let (mut lo, mut hi) = ((span.lo as usize).min(len), (span.hi as usize).min(len));
    if source.line_text(source.line_of(span.lo)).len() > LONGEST_LINE {
        hi = hi.min(lo + LONGEST_LINE);
    }
    while !source.text.is_char_boundary(lo) {
        lo -= 1;
    }
    while !source.text.is_char_boundary(hi) {
        hi += 1;
    }
    lo..hi.max(lo)
}

fn by_file<T>(items: impl Iterator<Item = (Span, T)>) -> BTreeMap<FileId, Vec<(Span, T)>> {
    let mut files = BTreeMap::<FileId, Vec<(Span, T)>>::new();
    for (span, item) in items {
        files.entry(span.file).or_default().push((span, item));
    }
    files
}

/// A diagnostic as one JSON object: positions are one-based lines and columns (in characters)
/// and byte offsets.
pub fn json(sources: &SourceMap, d: &Diagnostic) -> Value {
    let place = |span: Span| place(sources, span);
    let label = |l: &base::Label| json!({ "place": place(l.span), "text": l.text });
    json!({
        "code": d.code.0,
        "severity": match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": d.message,
        "primary": label(&d.primary),
        "secondary": d.secondary.iter().map(label).collect::<Vec<_>>(),
        "notes": d.notes,
        "help": d.help,
        "fixes": d.fixes.iter().map(|f| json!({
            "title": f.title,
            "certain": f.applicability == Applicability::Certain,
            "edits": f.edits.iter().map(|(s, t)| json!({ "place": place(*s), "text": t })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

/// A possible deadlock as JSON.
pub fn candidate(sources: &SourceMap, found: &Candidate) -> Value {
    json!({
        "candidate": found.kind.name(),
        "code": found.kind.code().0,
        "message": found.message,
        "steps": found.steps.iter().map(|step| json!({
            "place": place(sources, step.span),
            "text": step.text,
            "task": step.task.map(|span| place(sources, span)),
            "waits": step.waits,
        })).collect::<Vec<_>>(),
    })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let file = sources.file(span.file);
    let (start, end) = (file.line_col(span.lo), file.line_col(span.hi));
    json!({
        "file": file.name,
        "start": { "line": start.line, "column": start.col, "offset": span.lo },
        "end": { "line": end.line, "column": end.col, "offset": span.hi },
    })
}
