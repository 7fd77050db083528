//! Errors that deserve more than "expected X, found Y": what people bring along from other
//! languages, and slips with layout. Each is understood, reported once with a fix, and parsing
//! goes on as if the right thing had been written.

use base::{Applicability, Diagnostic, Span, codes};

use super::types::looks_like_type;
use super::{Parser, Tok};
use crate::ast::*;
use crate::token::TokenKind as T;

/// Words that begin statements elsewhere, and what they are here.
const FOREIGN: &[(&str, T, &str)] = &[
    ("def", T::Fn, "fn"),
    ("func", T::Fn, "fn"),
    ("function", T::Fn, "fn"),
    ("fun", T::Fn, "fn"),
    ("proc", T::Fn, "fn"),
    ("sub", T::Fn, "fn"),
    ("var", T::Let, "let mut"),
    ("val", T::Let, "let"),
    ("auto", T::Let, "let"),
    ("class", T::Struct, "struct"),
    ("record", T::Struct, "struct"),
    ("interface", T::Trait, "trait"),
    ("protocol", T::Trait, "trait"),
    ("import", T::Use, "use"),
    ("using", T::Use, "use"),
    ("module", T::Mod, "mod"),
    ("namespace", T::Mod, "mod"),
    ("typedef", T::Type, "type"),
    ("switch", T::Match, "match"),
    ("foreach", T::For, "for"),
];

impl Parser<'_> {
    /// Makes the current token one of another kind.
    pub(super) fn rewrite(&mut self, kind: T) {
        self.toks[self.pos].kind = kind;
        self.cur = kind;
    }

    /// At an identifier that begins a statement: if it is another language's keyword (which the
    /// word after it shows), reports that and makes it ours.
    pub(super) fn foreign_keyword(&mut self) -> bool {
        let next = self.nth(1);
        if matches!(self.cur, T::Ident | T::From) && !next.first {
            let word = self.text_of(self.tok());
            if matches!(word, "from" | "import") && self.foreign_import(word) {
                return true;
            }
        }
        if self.cur == T::Ident && self.text_of(self.tok()) == "package" && self.go_package() {
            return true;
        }
        if self.cur != T::Ident
            || next.first
            || !(next.kind.is_word() || matches!(next.kind, T::LParen | T::LBracket))
        {
            return false;
        }
        let word = self.text_of(self.tok());
        let Some(&(_, kind, ours)) = FOREIGN.iter().find(|(w, _, _)| *w == word) else {
            return false;
        };
        let fits = match kind {
            T::Fn if next.kind == T::LParen => self.at_go_receiver(1),
            T::Fn => next.kind.is_word() && matches!(self.nth(2).kind, T::LParen | T::LBracket | T::Lt),
            T::Let => {
                next.kind == T::LBracket && self.nth(2).kind.is_word()
                    || next.kind.is_word() && matches!(self.nth(2).kind, T::Eq | T::Colon)
            }
            T::Match | T::For => next.kind != T::LBracket && self.line_ends_with_colon(),
            _ => next.kind.is_word(),
        };
        if !fits {
            return false;
        }
        let span = self.span();
        self.slip(
            codes::E0113,
            span,
            format!("`{word}` is not a keyword; write `{ours}`"),
            &format!("write `{ours}`"),
            ours,
        );
        self.rewrite(kind);
        true
    }

    /// `package main`, which becomes a `pass`.
    fn go_package(&mut self) -> bool {
        let (name, after) = (self.nth(1), self.nth(2));
        if !name.kind.is_ident() || name.first || !(after.first || after.kind == T::Eof) {
            return false;
        }
        let whole = self.span().to(self.tok_span(name));
        let d = Diagnostic::error(codes::E0113, whole, "a file does not say which package it belongs to")
            .label("its place in the folder `src` says it")
            .fix("leave it out", whole, "", Applicability::Certain);
        self.report_slip(d);
        self.bump();
        self.rewrite(T::Pass);
        true
    }

    /// `(r T)` or `(r *T)` before a name and its parameters, `n` tokens from here.
    pub(super) fn at_go_receiver(&self, n: usize) -> bool {
        let pointer = usize::from(matches!(self.nth(n + 2).kind, T::Star | T::Amp));
        let [open, name, ty, close, method] =
            [n, n + 1, n + 2 + pointer, n + 3 + pointer, n + 4 + pointer].map(|n| self.nth(n));
        open.kind == T::LParen
            && name.kind.is_ident()
            && ty.kind.is_ident()
            && close.kind == T::RParen
            && method.kind.is_ident()
            && !method.first
            && self.nth(n + 5 + pointer).kind == T::LParen
    }

    /// Behind `fn`: the receiver of a method as Go writes it, if there.
    pub(super) fn go_receiver(&mut self) {
        if !self.at(T::LParen) || !self.at_go_receiver(0) {
            return;
        }
        let lo = self.lo();
        self.bump();
        self.bump();
        let pointer = matches!(self.cur, T::Star | T::Amp);
        if pointer {
            self.bump();
        }
        let ty = self.text_of(self.tok());
        self.bump();
        self.bump();
        let method = self.text_of(self.tok());
        let this = if pointer { "mut self" } else { "self" };
        let d =
            Diagnostic::error(codes::E0113, self.span_from(lo), "a method stands in an `impl` of its type")
                .help(format!("write `impl {ty}:`, and in it `fn {method}({this}, …)`"));
        self.report_slip(d);
    }

    /// `from a.b import c` and `import "a"`, as imports of ours.
    fn foreign_import(&mut self, word: &str) -> bool {
        let rest = &self.toks[self.pos + 1..];
        let end = self.pos + 1 + rest.iter().position(|t| t.first || t.kind == T::Eof).unwrap_or(rest.len());
        let line = self.pos + 1..end;
        if word == "import" && self.nth(1).kind == T::Str && line.len() == 1 {
            let d = Diagnostic::error(
                codes::E0113,
                self.span(),
                "a module is imported by its path: `use std::path`",
            )
            .help("what the standard library has is in scope by its last name, as in `fs::read`");
            self.report_slip(d);
            self.toks[self.pos + 1].kind = T::Ident;
            self.rewrite(T::Use);
            return true;
        }
        let Some(import) = line.clone().find(|&at| self.text_of(self.toks[at]) == "import") else {
            return false;
        };
        let last = self.toks[end - 1];
        if word != "from" || import + 1 >= end || self.toks[import + 1].kind == T::Star {
            return false;
        }
        let whole = self.span().to(self.tok_span(last));
        let part = |from: Tok, to: Tok| self.text[from.lo as usize..to.hi as usize].replace('.', "::");
        let module = part(self.nth(1), self.toks[import - 1]);
        let names = part(self.toks[import + 1], last);
        let names = if names.contains(',') { format!("{{{names}}}") } else { names };
        let new = format!("use {module}::{names}");
        let d = Diagnostic::error(codes::E0113, whole, "imports are written with `use`").fix(
            format!("write `{new}`"),
            whole,
            new.clone(),
            Applicability::Maybe,
        );
        self.report_slip(d);
        for at in line {
            if at == import || self.toks[at].kind == T::Dot {
                self.toks[at].kind = T::ColonColon;
            }
        }
        self.rewrite(T::Use);
        true
    }

    /// After `[e` at `for`: a list comprehension, up to its bracket.
    pub(super) fn comprehension(&mut self, lo: u32, element: &Expr) {
        let keyword = self.bump();
        let pattern = self.pattern_no_alt();
        let found = Diagnostic::error(codes::E0113, keyword, "a list is made from another by an iterator");
        if !self.eat(T::In) {
            self.report(found.help("write `xs.iter().map(|x| …).collect()`"));
            return;
        }
        let over = self.expr();
        let condition = if self.eat(T::If) { Some(self.expr()) } else { None };
        let text = |span: Span| &self.text[span.lo as usize..span.hi as usize];
        let name = text(pattern.span);
        let mut new = match over.kind {
            ExprKind::Range { .. } => format!("({})", text(over.span)),
            ExprKind::Path(_) | ExprKind::Field { .. } | ExprKind::List(_) => {
                format!("{}.iter()", text(over.span))
            }
            _ => text(over.span).to_owned(),
        };
        if let Some(condition) = &condition {
            new.push_str(&format!(".filter(|{name}| {})", text(condition.span)));
        }
        if text(element.span) != name {
            new.push_str(&format!(".map(|{name}| {})", text(element.span)));
        }
        new.push_str(".collect()");
        if !self.at(T::RBracket) {
            self.report(found.help(format!("write `{new}`")));
            return;
        }
        let whole = Span::new(self.file, lo, self.tok().hi);
        let title = format!("write `{new}`");
        self.report_slip(found.fix(title, whole, new, Applicability::Maybe));
    }

    /// At `:` in an index: `xs[a:b]`, as the range.
    pub(super) fn colon_range(&mut self, start: Option<Expr>) -> Expr {
        let lo = start.as_ref().map_or(self.lo(), |e| e.span.lo);
        let colon = self.bump();
        self.slip(codes::E0112, colon, "a range is written with `..`", "write `..`", "..");
        let end = if self.at(T::RBracket) { None } else { Some(Box::new(self.expr())) };
        self.spanned(lo, ExprKind::Range { start: start.map(Box::new), end, inclusive: false })
    }

    fn line_ends_with_colon(&self) -> bool {
        let rest = &self.toks[self.pos + 1..];
        let end = rest.iter().position(|t| t.first).unwrap_or(rest.len());
        end > 0 && matches!(rest[end - 1].kind, T::Colon | T::LBrace)
    }

    /// The raw current token is `elif` or the like.
    pub(super) fn at_foreign_else_if(&self) -> bool {
        let tok = self.tok();
        tok.kind == T::Ident
            && matches!(self.text_of(tok), "elif" | "elsif" | "elseif")
            && !self.nth(1).first
            && !matches!(self.nth(1).kind, T::Eq | T::Dot)
    }

    /// At `elif`: makes it `if`, its `else` being understood.
    pub(super) fn foreign_else_if(&mut self) {
        let span = self.span();
        let word = self.text_of(self.tok());
        let message = format!("`{word}` is written `else if`");
        self.slip(codes::E0113, span, message, "write `else if`", "else if");
        self.rewrite(T::If);
    }

    // -------------------------------------------------------- operators

    /// At an infix operator of another language, whose meaning is clear.
    pub(super) fn foreign_infix(&mut self) {
        let (theirs, ours) = match self.cur {
            T::AmpAmp => ("&&", "and"),
            T::PipePipe => ("||", "or"),
            _ => return,
        };
        let tok = self.tok();
        let before = if tok.lo == self.prev_hi { " " } else { "" };
        let after = if self.nth(1).lo == tok.hi { " " } else { "" };
        let span = self.tok_span(tok);
        self.slip(
            codes::E0112,
            span,
            format!("`{theirs}` is written `{ours}`"),
            &format!("write `{ours}`"),
            &format!("{before}{ours}{after}"),
        );
    }

    /// At `<` of `ch <- x`.
    pub(super) fn go_send(&mut self) {
        let (less, minus) = (self.tok(), self.nth(1));
        let sends = self.cur == T::Lt && minus.kind == T::Minus && minus.lo == less.hi;
        if sends && self.nth(2).lo > minus.hi && less.lo > self.prev_hi {
            let span = self.tok_span(less).to(self.tok_span(minus));
            let d = Diagnostic::error(codes::E0112, span, "there is no operator `<-`")
                .help("a message is sent by `sender.send(message)`");
            self.report_slip(d);
            self.bump();
            self.rewrite(T::Lt);
        }
    }

    /// After `==` or `!=`: a third character, as in JavaScript.
    pub(super) fn foreign_infix_rest(&mut self, op: BinaryOp) {
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) && self.at(T::Eq) && self.adjacent() {
            let span = self.span();
            let ours = if op == BinaryOp::Eq { "==" } else { "!=" };
            let message = format!("there is one equality here, `{ours}`");
            self.slip(codes::E0112, span, message, &format!("write `{ours}`"), "");
            self.bump();
        }
    }

    /// `!x`.
    pub(super) fn foreign_not(&mut self) -> Expr {
        let lo = self.lo();
        let bang = self.bump();
        let operand = self.unary_operand();
        let whole = self.span_from(lo);
        let mut edits = vec![(bang, "not ".to_owned())];
        // `not` binds looser than `!` elsewhere.
        if self.at_operator_above_not() {
            edits[0].1 = "(not ".to_owned();
            edits.push((whole.end(), ")".into()));
        }
        let d = Diagnostic::error(codes::E0112, bang, "`!` is written `not`")
            .help("the bits of a number are turned round by `~`")
            .fix_all("write `not`", edits, Applicability::Certain);
        self.report_slip(d);
        self.spanned(lo, ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(operand) })
    }

    /// Operators of two equal characters at the end of an operand.
    fn doubled(&mut self, left: &Expr, theirs: &str, ours: &str) -> bool {
        let (one, two, next) = (self.tok(), self.nth(1), self.nth(2));
        let ends = next.first
            || matches!(next.kind, T::Eof | T::Semi | T::RBrace | T::RParen | T::Comma | T::FatArrow);
        if two.kind != one.kind || two.lo != one.hi || !ends {
            return false;
        }
        let span = self.bump();
        let span = span.to(self.bump());
        let place = &self.text[left.span.lo as usize..left.span.hi as usize];
        let d = Diagnostic::error(codes::E0112, span, format!("there is no operator `{theirs}`")).fix(
            format!("write `{place} {ours} 1`"),
            span,
            format!(" {ours} 1"),
            Applicability::Certain,
        );
        self.report_slip(d);
        true
    }

    pub(super) fn plus_plus(&mut self, left: &Expr) -> bool {
        self.doubled(left, "++", "+=")
    }

    pub(super) fn minus_minus(&mut self, left: &Expr) -> bool {
        self.doubled(left, "--", "-=")
    }

    /// `a ** b`: reported, and then read as if it were `*`.
    pub(super) fn star_star(&mut self) -> bool {
        let (one, two) = (self.tok(), self.nth(1));
        let glued = two.kind == T::Star && two.lo == one.hi;
        let apart = one.lo > self.prev_hi && self.nth(2).lo > two.hi;
        if glued && apart {
            let span = self.tok_span(one).to(self.tok_span(two));
            let d =
                Diagnostic::error(codes::E0112, span, "there is no operator `**`").help("write `a.pow(b)`");
            self.report_slip(d);
            self.bump();
        }
        false
    }

    pub(super) fn chained_comparison(&mut self, left: &Expr) {
        let ExprKind::Binary { op_span, right, .. } = &left.kind else { return };
        let middle = &self.text[right.span.lo as usize..right.span.hi as usize];
        let here = self.span();
        let d = Diagnostic::error(codes::E0120, here, "comparisons cannot be chained")
            .also(*op_span, "the first comparison")
            .fix(
                format!("write `… and {middle} …`"),
                here.start(),
                format!("and {middle} "),
                Applicability::Maybe,
            );
        self.report_slip(d);
    }

    /// After `a ?`: whether this is `a ? b : c`, which is then skipped and reported.
    pub(super) fn ternary(&mut self, condition: &Expr) -> bool {
        let operand = matches!(
            self.cur,
            T::Ident | T::Int | T::Float | T::Char | T::Str | T::StrStart | T::True | T::False | T::SelfValue
        );
        if !operand {
            return false;
        }
        let question = self.prev_hi - 1;
        let yes = self.expr();
        let text = |span: Span| &self.text[span.lo as usize..span.hi as usize];
        let (c, y) = (text(condition.span).to_owned(), text(yes.span).to_owned());
        let span = Span::new(self.file, question, question + 1);
        let d = Diagnostic::error(codes::E0112, span, "a choice between two values is written with `if`");
        if !self.at(T::Colon) {
            self.report(d);
            return true;
        }
        self.bump();
        let no = self.expr();
        let n = &self.text[no.span.lo as usize..no.span.hi as usize];
        let new = format!("if {c}: {y} else: {n}");
        let d =
            d.fix(format!("write `{new}`"), condition.span.to(no.span), new.clone(), Applicability::Maybe);
        self.report_slip(d);
        true
    }

    /// `(x) => …` or `x => …` as an argument.
    pub(super) fn arrow_closure(&mut self, params: &Expr) {
        let arrow = self.bump();
        let text = &self.text[params.span.lo as usize..params.span.hi as usize];
        let names = text.trim_start_matches('(').trim_end_matches(')');
        let d = Diagnostic::error(codes::E0113, arrow, "a closure's parameters stand between bars").fix(
            format!("write `|{names}|`"),
            params.span.to(arrow),
            format!("|{names}|"),
            Applicability::Certain,
        );
        self.report_slip(d);
    }

    // -------------------------------------------------------- calls, strings, patterns

    /// `f"…"`.
    pub(super) fn at_prefixed_string(&self) -> bool {
        let (word, next) = (self.tok(), self.nth(1));
        next.lo == word.hi
            && matches!(next.kind, T::Str | T::StrStart)
            && matches!(self.text_of(word), "f" | "F" | "s" | "b" | "u")
    }

    pub(super) fn prefixed_string(&mut self) -> Expr {
        let word = self.text_of(self.tok());
        let span = self.bump();
        let d = Diagnostic::error(codes::E0119, span, format!("strings take no `{word}` before them")).fix(
            "remove it",
            span,
            "",
            Applicability::Maybe,
        );
        let d = match word {
            "b" => d.help("the bytes of a string are `\"…\".bytes()`"),
            _ => d.help("every string interpolates: `\"Value: ${expr}\"`"),
        };
        self.report_slip(d);
        self.string_expr()
    }

    /// `a, b` where one pattern is expected, as the list `[a, b]`.
    pub(super) fn bare_tuple_pattern(&mut self, first: Pattern) -> Pattern {
        let lo = first.span.lo;
        let mut elements = vec![first];
        while self.eat(T::Comma) {
            elements.push(self.pattern_no_alt());
        }
        let span = self.span_from(lo);
        let d = Diagnostic::error(codes::E0113, span, "what takes a tuple apart stands in brackets").fix_all(
            "write `[…]`",
            vec![(span.start(), "[".into()), (span.end(), "]".into())],
            Applicability::Certain,
        );
        self.report_slip(d);
        Pattern { span, kind: PatternKind::List(elements) }
    }

    /// `[first, ..rest]`, as `rest @ ..`.
    pub(super) fn rest_with_name(&mut self) -> Option<Pattern> {
        let marked = matches!(self.nth(1).kind, T::Mut | T::Own);
        let (name, next) = (self.nth(1 + usize::from(marked)), self.nth(2 + usize::from(marked)));
        let opens = self.pos > 0 && self.toks[self.pos - 1].kind == T::LBracket;
        let plain = name.kind == T::Ident && self.text_of(name).starts_with(|c: char| c.is_lowercase());
        if self.cur != T::DotDot || !plain || !(opens || next.kind == T::RBracket) {
            return None;
        }
        let lo = self.lo();
        let convention = match self.nth(1).kind {
            T::Mut => Convention::Mut,
            T::Own => Convention::Own,
            _ => Convention::Read,
        };
        let whole = self.span().to(self.tok_span(name));
        let written = &self.text[self.nth(1).lo as usize..name.hi as usize];
        let d = Diagnostic::error(codes::E0113, whole, "the name of the rest stands before its `..`").fix(
            format!("write `{written} @ ..`"),
            whole,
            format!("{written} @ .."),
            Applicability::Certain,
        );
        self.report_slip(d);
        self.bump();
        if marked {
            self.bump();
        }
        let name = self.take_ident();
        let span = self.span_from(lo);
        let rest = Pattern { span, kind: PatternKind::Rest };
        Some(Pattern { span, kind: PatternKind::Binding { convention, name, sub: Some(Box::new(rest)) } })
    }

    /// After `for`: `i = 0; i < n; …`, which is reported and skipped up to the body.
    pub(super) fn counting_loop(&mut self) -> bool {
        let rest = &self.toks[self.pos..];
        let end = rest.iter().skip(1).position(|t| t.first).map_or(rest.len(), |n| n + 1);
        let header =
            rest[..end].iter().position(|t| matches!(t.kind, T::Semi | T::In | T::Str | T::StrStart));
        if header.is_none_or(|at| rest[at].kind != T::Semi) {
            return false;
        }
        let body = rest[..end].iter().position(|t| matches!(t.kind, T::LBrace));
        let stop = self.pos + body.unwrap_or(if rest[end - 1].kind == T::Colon { end - 1 } else { end });
        let d = Diagnostic::error(codes::E0113, self.span(), "a counting loop goes over a range")
            .help("write `for i in 0..n:`");
        self.report_slip(d);
        self.prev_hi = self.toks[stop - 1].hi;
        self.pos = stop;
        self.refresh();
        true
    }

    // -------------------------------------------------------- brackets

    /// At `<`: the `>` that closes it, if between them is nothing that types do not consist of.
    fn angle_end(&self) -> Option<Tok> {
        let mut depth = 0i32;
        for tok in &self.toks[self.pos..] {
            match tok.kind {
                T::Lt => depth += 1,
                T::Gt => depth -= 1,
                T::Shr => depth -= 2,
                T::Comma | T::ColonColon | T::LBracket | T::RBracket | T::Amp | T::LParen | T::RParen => {}
                k if k.is_ident() => {}
                _ => return None,
            }
            if depth <= 0 {
                return (depth == 0).then_some(*tok);
            }
        }
        None
    }

    /// At `<`: generic arguments are meant, not a comparison.
    pub(super) fn angle_closes(&self) -> bool {
        self.angle_end().is_some()
    }

    /// At `<` where generic arguments or parameters are meant.
    pub(super) fn angle_generics(&mut self, turbofish: bool) {
        let start = self.pos;
        let mut depth = 0i32;
        let mut end = None;
        let mut edits = Vec::new();
        for at in start..self.toks.len().min(start + 64) {
            let tok = self.toks[at];
            let span = self.tok_span(tok);
            match tok.kind {
                T::Lt => {
                    depth += 1;
                    edits.push((span, "[".to_owned()));
                }
                T::Gt => {
                    depth -= 1;
                    edits.push((span, "]".into()));
                }
                T::Shr => {
                    depth -= 2;
                    edits.push((span, "]]".into()));
                }
                T::Eof | T::Semi | T::LBrace | T::Eq => break,
                _ if tok.first && at > start => break,
                _ => {}
            }
            if depth <= 0 {
                end = Some(at);
                break;
            }
        }
        let here = self.span();
        let Some(end) = end.filter(|_| depth == 0) else {
            self.expected("`[`");
            return;
        };
        if turbofish {
            // `Vec::<int>::new()` becomes `Vec[int]::new()`.
            let colons = self.toks[start - 1];
            edits.insert(0, (self.tok_span(colons), String::new()));
        }
        let whole = here.to(self.tok_span(self.toks[end]));
        let d = Diagnostic::error(codes::E0124, whole, "type parameters and arguments stand in `[…]`")
            .fix_all("use square brackets", edits, Applicability::Certain);
        self.report_slip(d);
        self.errors += 1;
        self.prev_hi = self.toks[end].hi;
        self.pos = end + 1;
        self.refresh();
    }

    /// At `<` after `left`: `Vec<int>::new()`, `foo<int>(x)`, `Point<int>{…}`.
    pub(super) fn at_angle_generics(&self, left: &Expr) -> bool {
        if !matches!(left.kind, ExprKind::Path(_)) || !self.adjacent() {
            return false;
        }
        let Some(end) = self.angle_end() else { return false };
        let after = &self.text[end.hi as usize..];
        // `f(a<b, c>(d))` is two comparisons.
        let types = looks_like_type(self.text_of(self.nth(1)));
        after.starts_with("::") || (types && after.starts_with(['(', '{']))
    }

    /// What follows `Name<…>`.
    pub(super) fn angle_path(&mut self, left: Expr) -> Expr {
        let ExprKind::Path(mut path) = left.kind else { return left };
        self.path_rest(&mut path);
        let expr = self.spanned(path.span.lo, ExprKind::Path(path));
        self.postfix(expr)
    }
}
