//! Patterns.

use base::{Diagnostic, codes};

use super::{Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    /// A pattern, alternatives `a | b` included.
    pub(super) fn pattern(&mut self) -> Pattern {
        let lo = self.lo();
        self.eat(T::Pipe);
        let first = self.pattern_no_alt();
        if !self.at(T::Pipe) && !self.at(T::PipePipe) {
            return first;
        }
        let mut alternatives = vec![first];
        while self.at(T::Pipe) || self.at(T::PipePipe) {
            if self.at(T::PipePipe) {
                let span = self.span();
                self.slip(
                    codes::E0112,
                    span,
                    "alternatives in a pattern are joined by `|`",
                    "write `|`",
                    "|",
                );
            }
            self.bump();
            self.after_operator();
            alternatives.push(self.pattern_no_alt());
        }
        Pattern { span: self.span_from(lo), kind: PatternKind::Or(alternatives) }
    }

    pub(super) fn pattern_no_alt(&mut self) -> Pattern {
        let Some(outer) = self.enter() else { return self.no_pattern() };
        let pattern = self.pattern_inner();
        self.leave(outer);
        pattern
    }

    fn no_pattern(&self) -> Pattern {
        Pattern { span: self.prev_end(), kind: PatternKind::Error }
    }

    fn pattern_inner(&mut self) -> Pattern {
        let lo = self.lo();
        let kind = match self.cur {
            T::Underscore => {
                self.bump();
                PatternKind::Wildcard
            }
            T::DotDot | T::DotDotEq => {
                let inclusive = self.cur == T::DotDotEq;
                if let Some(named) = self.rest_with_name() {
                    return named;
                }
                self.role(role::PREFIX);
                self.bump();
                match self.range_bound() {
                    Some(end) => PatternKind::Range { start: None, end: Some(Box::new(end)), inclusive },
                    None => PatternKind::Rest,
                }
            }
            T::Mut | T::Own => {
                let (convention, _) = self.convention();
                // Before a larger pattern it stands for every name that the pattern binds.
                let next = self.nth(1).kind;
                if matches!(self.cur, T::LParen | T::LBracket)
                    || (self.cur.is_ident() && matches!(next, T::LParen | T::LBrace | T::ColonColon))
                {
                    let mut inner = self.pattern_no_alt();
                    bind_all(&mut inner, convention);
                    return Pattern { span: self.span_from(lo), kind: inner.kind };
                }
                let name = self.ident("a name");
                self.binding(convention, name)
            }
            T::LParen => {
                let (mut elements, mut comma) = (Vec::new(), false);
                self.list(T::RParen, |p| {
                    elements.push(p.pattern());
                    comma |= p.at(T::Comma);
                });
                match elements.pop() {
                    // `(p)` groups; `(..)` is a tuple.
                    Some(only) if elements.is_empty() && !comma && only.kind != PatternKind::Rest => {
                        return Pattern { span: self.span_from(lo), kind: only.kind };
                    }
                    last => {
                        elements.extend(last);
                        PatternKind::Tuple(elements)
                    }
                }
            }
            T::LBracket => {
                let mut elements = Vec::new();
                self.list(T::RBracket, |p| elements.push(p.pattern()));
                PatternKind::List(elements)
            }
            T::Amp => {
                self.role(role::PREFIX);
                self.bump();
                PatternKind::Ref(Box::new(self.pattern_no_alt()))
            }
            T::AmpAmp => {
                self.role(role::PREFIX);
                self.bump();
                let inner = Pattern {
                    kind: PatternKind::Ref(Box::new(self.pattern_no_alt())),
                    span: self.span_from(lo + 1),
                };
                PatternKind::Ref(Box::new(inner))
            }
            T::Int | T::Float | T::Char | T::Byte | T::Str | T::QuotedStr | T::True | T::False | T::Minus => {
                self.literal_pattern()
            }
            T::StrStart => {
                let d = Diagnostic::error(
                    codes::E0101,
                    self.span(),
                    "a pattern is a fixed string, without `${…}`",
                )
                .help("bind the value and compare it in a guard: `s if s == \"…\" => …`");
                self.report(d);
                self.primary();
                PatternKind::Error
            }
            T::Null => {
                self.primary();
                PatternKind::Error
            }
            k if k.is_ident() => self.name_pattern(),
            _ => {
                self.expected("a pattern");
                return self.no_pattern();
            }
        };
        Pattern { span: self.span_from(lo), kind }
    }

    fn binding(&mut self, convention: Convention, name: Ident) -> PatternKind {
        let sub = self.eat(T::At).then(|| Box::new(self.pattern_no_alt()));
        PatternKind::Binding { convention, name, sub }
    }

    /// A bound of a range, if one stands here.
    fn range_bound(&mut self) -> Option<Expr> {
        match self.cur {
            T::Int | T::Float | T::Char | T::Byte | T::Str => Some(self.primary()),
            T::Minus => Some(self.negative()),
            k if k.is_ident() => {
                let lo = self.lo();
                let path = self.pattern_path();
                Some(self.spanned(lo, ExprKind::Path(path)))
            }
            _ => None,
        }
    }

    fn negative(&mut self) -> Expr {
        let lo = self.lo();
        self.role(role::PREFIX);
        self.bump();
        let operand = Box::new(self.unary_operand());
        self.spanned(lo, ExprKind::Unary { op: UnaryOp::Neg, operand })
    }

    /// At `..` or `..=` after a range's start.
    fn range_after(&mut self, start: Expr) -> PatternKind {
        let inclusive = self.cur == T::DotDotEq;
        self.bump();
        let end = self.range_bound().map(Box::new);
        if inclusive && end.is_none() {
            let d = Diagnostic::error(codes::E0101, self.prev_end(), "`..=` needs an end")
                .help("a range without an end is written `..`");
            self.report(d);
        }
        PatternKind::Range { start: Some(Box::new(start)), end, inclusive }
    }

    fn literal_pattern(&mut self) -> PatternKind {
        let negative = self.at(T::Minus);
        if negative && !matches!(self.nth(1).kind, T::Int | T::Float) {
            self.bump();
            self.expected("a number");
            return PatternKind::Error;
        }
        let start = if negative { self.negative() } else { self.primary() };
        if matches!(self.cur, T::DotDot | T::DotDotEq) {
            return self.range_after(start);
        }
        match start.kind {
            ExprKind::Literal(value) => PatternKind::Literal { negative, value },
            ExprKind::Unary { operand, .. } => match operand.kind {
                ExprKind::Literal(value) => PatternKind::Literal { negative, value },
                _ => PatternKind::Error,
            },
            _ => PatternKind::Error,
        }
    }

    /// `a::b[T]::c`; generic arguments only before a further `::`.
    fn pattern_path(&mut self) -> Path {
        let lo = self.lo();
        let mut segments = Vec::new();
        loop {
            let name = if segments.is_empty() || !self.cur.is_word() {
                self.ident("a name")
            } else {
                self.take_ident()
            };
            let args = (self.at(T::LBracket) && self.adjacent()).then(|| self.generic_args());
            push_tight(&mut segments, PathSegment { name, args: args.map(Box::new) });
            if !self.eat(T::ColonColon) {
                break;
            }
        }
        Path { span: self.span_from(lo), segments }
    }

    fn name_pattern(&mut self) -> PatternKind {
        let lo = self.lo();
        let path = self.pattern_path();
        match self.cur {
            T::LParen => {
                let mut fields = Vec::new();
                self.glued_list(T::RParen, |p| push_tight(&mut fields, p.pattern()));
                return PatternKind::TupleStruct { path, fields };
            }
            T::LBrace => return self.struct_pattern(path),
            T::DotDot | T::DotDotEq => {
                let start = self.spanned(lo, ExprKind::Path(path));
                return self.range_after(start);
            }
            _ => {}
        }
        match path.segments.as_slice() {
            [PathSegment { name, args: None }] => self.binding(Convention::Read, *name),
            _ => PatternKind::Path(path),
        }
    }

    fn struct_pattern(&mut self, path: Path) -> PatternKind {
        let (mut fields, mut rest) = (Vec::new(), false);
        self.glued_list(T::RBrace, |p| {
            let lo = p.lo();
            if p.eat(T::DotDot) {
                rest = true;
                return;
            }
            let (convention, _) = p.convention();
            let name = if p.cur.is_word() && p.nth(1).kind == T::Colon {
                p.take_ident()
            } else {
                p.ident("a field's name")
            };
            let pattern = p.eat(T::Colon).then(|| p.pattern());
            if pattern.is_some() && convention != Convention::Read {
                let d = Diagnostic::error(
                    codes::E0121,
                    p.span_from(lo),
                    "`mut` and `own` stand before a name that the pattern binds",
                )
                .help("write them after the `:`");
                p.report(d);
            }
            fields.push(FieldPattern { span: p.span_from(lo), name, pattern, convention });
        });
        PatternKind::Struct { path, fields, rest }
    }
}

/// Gives the names that `pattern` binds a convention where they have none. Capitalised names are
/// variants and constants.
fn bind_all(pattern: &mut Pattern, with: Convention) {
    match &mut pattern.kind {
        PatternKind::Binding { convention, name, sub } => {
            if *convention == Convention::Read && !name.name.as_str().starts_with(char::is_uppercase) {
                *convention = with;
            }
            if let Some(sub) = sub {
                bind_all(sub, with);
            }
        }
        PatternKind::Tuple(list)
        | PatternKind::List(list)
        | PatternKind::Or(list)
        | PatternKind::TupleStruct { fields: list, .. } => list.iter_mut().for_each(|p| bind_all(p, with)),
        PatternKind::Struct { fields, .. } => {
            for field in fields {
                match &mut field.pattern {
                    Some(pattern) => bind_all(pattern, with),
                    None if field.convention == Convention::Read => field.convention = with,
                    None => {}
                }
            }
        }
        PatternKind::Ref(inner) => bind_all(inner, with),
        PatternKind::Wildcard
        | PatternKind::Rest
        | PatternKind::Literal { .. }
        | PatternKind::Range { .. }
        | PatternKind::Path(_)
        | PatternKind::Error => {}
    }
}
