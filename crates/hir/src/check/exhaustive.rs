//! Messages about patterns that leave values out or can never match.
//!
//! The analysis is in [`super::usefulness`]. It runs when all types are known.

use base::{Applicability, Diagnostic, Span, codes};

use super::Checker;
use super::usefulness::{Coverage, analyse};
use crate::thir::{ExprId, ExprKind, Pat, PatKind};

/// A check put off until types are known.
pub(super) enum PatternCheck {
    Match {
        expr: ExprId,
        head: Span,
        last_arm: Option<Span>,
    },
    /// A `let`, `for` or parameter whose pattern must match every value.
    Irrefutable {
        pattern: Pat,
        what: &'static str,
        /// For a `let` of a list that is written out: where, and its length.
        list: Option<(Span, usize)>,
    },
    /// A `let … else` that may be a plain `let`.
    Refutable {
        pattern: Pat,
    },
}

impl Checker<'_> {
    pub(super) fn note_match(&mut self, expr: ExprId, head: Span, last_arm: Option<Span>) {
        self.pattern_checks.push(PatternCheck::Match { expr, head, last_arm });
    }

    pub(super) fn note_irrefutable(&mut self, pattern: &Pat, what: &'static str) {
        self.note_irrefutable_list(pattern, what, None);
    }

    pub(super) fn note_irrefutable_list(
        &mut self,
        pattern: &Pat,
        what: &'static str,
        list: Option<(Span, usize)>,
    ) {
        if !matches!(pattern.kind, PatKind::Binding { sub: None, .. } | PatKind::Wildcard) {
            let pattern = pattern.clone();
            self.pattern_checks.push(PatternCheck::Irrefutable { pattern, what, list });
        }
    }

    pub(super) fn note_refutable(&mut self, pattern: &Pat) {
        self.pattern_checks.push(PatternCheck::Refutable { pattern: pattern.clone() });
    }

    /// Runs the checks put off. Types are final.
    pub(super) fn check_patterns(&mut self) {
        for check in std::mem::take(&mut self.pattern_checks) {
            match check {
                PatternCheck::Match { expr, head, last_arm } => {
                    self.check_match_coverage(expr, head, last_arm)
                }
                PatternCheck::Irrefutable { mut pattern, what, list } => {
                    self.finish_pattern(&mut pattern);
                    if has_error(&pattern) || pattern.ty.has_error() {
                        continue;
                    }
                    if let Coverage::Missing { patterns, .. } =
                        analyse(self.program, pattern.ty, &[(&pattern, false)])
                    {
                        self.report_refutable(&pattern, what, list, &patterns);
                    }
                }
                PatternCheck::Refutable { mut pattern } => {
                    self.finish_pattern(&mut pattern);
                    if has_error(&pattern) || pattern.ty.has_error() {
                        continue;
                    }
                    if let Coverage::Complete { .. } = analyse(self.program, pattern.ty, &[(&pattern, false)])
                    {
                        self.report(
                            Diagnostic::warning(
                                codes::W0405,
                                pattern.span,
                                "this pattern always matches, so the `else` never runs",
                            )
                            .help("leave out the `else`"),
                        );
                    }
                }
            }
        }
    }

    fn check_match_coverage(&mut self, expr: ExprId, head: Span, last_arm: Option<Span>) {
        let ExprKind::Match { scrutinee, arms } = &self.exprs[expr].kind else { return };
        let ty = self.exprs[*scrutinee].ty;
        if ty.has_error() || arms.iter().any(|arm| has_error(&arm.pattern)) {
            return;
        }
        let rows: Vec<(&Pat, bool)> = arms.iter().map(|arm| (&arm.pattern, arm.guard.is_some())).collect();
        let spans: Vec<Span> = arms.iter().map(|arm| arm.pattern.span).collect();
        let scrutinee_span = self.exprs[*scrutinee].span;
        let coverage = analyse(self.program, ty, &rows);
        let unreachable = match coverage {
            Coverage::Complete { unreachable } => unreachable,
            Coverage::Missing { patterns, more, unreachable } => {
                self.report_missing(head, scrutinee_span, ty, &patterns, more, last_arm);
                unreachable
            }
            Coverage::TooComplex => {
                self.report(
                    Diagnostic::error(
                        codes::E0401,
                        head,
                        "this `match` is too complex to decide whether it covers every value",
                    )
                    .help("end it with an arm `_ => …`, or split it"),
                );
                return;
            }
        };
        for position in unreachable {
            let mut diagnostic =
                Diagnostic::warning(codes::W0405, spans[position], "this arm is never reached")
                    .label("the arms above match every value that this one does");
            if position > 0 && unreachable_cause(position, &spans) {
                diagnostic = diagnostic.also(spans[position - 1], "the arm before it");
            }
            self.report(diagnostic);
        }
    }

    fn report_missing(
        &mut self,
        head: Span,
        scrutinee: Span,
        ty: crate::ty::Ty,
        patterns: &[String],
        more: bool,
        last_arm: Option<Span>,
    ) {
        let listed = patterns.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ");
        let tail = if more { " and more" } else { "" };
        let shown = self.show(ty);
        let mut diagnostic =
            Diagnostic::error(codes::E0401, head, format!("this `match` does not cover {listed}{tail}"))
                .also(scrutinee, format!("a `{shown}` can also be {listed}{tail}"));
        let indent = last_arm.and_then(|arm| {
            let file = self.sources.file(arm.file);
            let line = file.line_of(arm.lo);
            let start = file.line_start(line);
            let before = &file.text[start as usize..arm.lo as usize];
            before.chars().all(char::is_whitespace).then(|| before.to_owned())
        });
        if let (Some(arm), Some(indent)) = (last_arm, indent) {
            let mut text = String::new();
            for pattern in patterns {
                text.push_str(&format!("\n{indent}{pattern} => panic(\"not handled\")"));
            }
            let arms = if patterns.len() == 1 { "an arm" } else { "arms" };
            diagnostic =
                diagnostic.fix(format!("add {arms} for {listed}"), arm.end(), text, Applicability::Maybe);
        } else {
            diagnostic = diagnostic.help("add the missing arms, or `_ => …` for all others");
        }
        self.report(diagnostic);
    }

    fn report_refutable(
        &mut self,
        pattern: &Pat,
        what: &str,
        list: Option<(Span, usize)>,
        missing: &[String],
    ) {
        let listed = missing.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ");
        let shown = self.show(pattern.ty);
        let mut diagnostic = Diagnostic::error(
            codes::E0413,
            pattern.span,
            format!("this pattern must match every `{shown}`, and does not match {listed}"),
        );
        // Whoever writes `let [a, b] = [x, y]` means a tuple.
        let taken = match &pattern.kind {
            PatKind::Deref(inner) => &inner.kind,
            kind => kind,
        };
        let parts = match taken {
            PatKind::Slice { before, rest: None, after } => before.len() + after.len(),
            _ => 0,
        };
        let tuple = "what always has as many parts is a tuple: `(1, 2)`, taken apart by `[a, b]`";
        diagnostic = match what {
            "let" if list.is_some_and(|(_, len)| len == parts && len > 1) => {
                let (lo, hi) = list.map_or((0, 0), |(span, _)| (span.lo, span.hi));
                let edit = |at: u32, text: &str| (Span { lo: at, hi: at + 1, ..pattern.span }, text.to_owned());
                diagnostic
                    .label("the length of a list is not part of its type")
                    .fix_all("make it a tuple", vec![edit(lo, "("), edit(hi - 1, ")")], Applicability::Maybe)
            }
            "for" if parts > 1 => diagnostic
                .label("a `for` takes every element, and the length of a list is not part of its type")
                .help(tuple),
            "let" => diagnostic
                .label(match taken {
                    PatKind::Slice { .. } => "a `let` cannot fail, and the length of a list is not part of its type",
                    _ => "a `let` cannot fail",
                })
                .help("write `let … else:` to leave when it does not match, or `if let`/`match` to tell the cases apart"),
            "case" => diagnostic
                .label("a message that does not match would be lost")
                .help("write a case for each pattern, one after another: those that wait for the same thing are one `match`"),
            "for" => diagnostic.label("a `for` takes every element"),
            _ => diagnostic.label("a parameter takes every argument"),
        };
        self.report(diagnostic);
    }
}

fn unreachable_cause(position: usize, spans: &[Span]) -> bool {
    position < spans.len() && spans.len() == 2
}

/// Whether some part of the pattern was already reported.
pub(super) fn has_error(pattern: &Pat) -> bool {
    match &pattern.kind {
        PatKind::Error => true,
        PatKind::Wildcard | PatKind::Literal(_) | PatKind::Range { .. } | PatKind::Const { .. } => false,
        PatKind::Binding { sub, .. } => sub.as_deref().is_some_and(has_error),
        PatKind::Tuple(pats) | PatKind::Or(pats) => pats.iter().any(has_error),
        PatKind::Struct { fields, .. } => fields.iter().any(|(_, p)| has_error(p)),
        PatKind::Slice { before, rest, after } => {
            before.iter().chain(after).any(has_error)
                || rest.as_ref().and_then(|r| r.as_deref()).is_some_and(has_error)
        }
        PatKind::Deref(inner) => has_error(inner),
    }
}
