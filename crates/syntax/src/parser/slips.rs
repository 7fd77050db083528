//! Errors of layout and of misplaced things: blocks without a colon, stray semicolons and
//! brackets, wrong indentation, and what is left on a line after a statement.

use base::{Applicability, Code, Diagnostic, Span, codes};

use super::Parser;
use super::body::{BodyOf, STATEMENTS};
use super::types::looks_like_type;
use crate::token::TokenKind as T;

impl Parser<'_> {
    /// At `{` where a `:` should begin a block.
    pub(super) fn braces_instead_of_colon(&mut self) {
        let brace = self.span();
        let d = Diagnostic::error(codes::E0110, brace, "the block begins after a `:`")
            .label("not with a brace here");
        // The closing brace, if it stands alone on its line, goes with its line.
        let far = if self.habit_is_known(codes::E0110) { 0 } else { usize::MAX / 2 };
        let closing = self.closer_ahead(0, far).map(|close| self.nth(close));
        let own_lines = self.nth(1).first && closing.is_some_and(|tok| tok.first);
        let d = match closing.filter(|_| own_lines) {
            Some(tok) => {
                let line = self.text[..tok.lo as usize].rfind('\n').unwrap_or(0) as u32;
                let colon = Span { lo: self.prev_hi, ..brace };
                let close = Span { lo: line, ..self.tok_span(tok) };
                // `} else {` keeps its line.
                let after = &self.text[tok.hi as usize..];
                let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
                let alone = after[blanks..].is_empty() || after[blanks..].starts_with(['\n', '\r']);
                let close =
                    if alone { close } else { Span { hi: tok.hi + blanks as u32, ..self.tok_span(tok) } };
                d.fix_all(
                    "use `:` and indentation",
                    vec![(colon, ":".into()), (close, String::new())],
                    Applicability::Certain,
                )
            }
            None => d.help("write `:` and indent the block, or put it on the same line after the `:`"),
        };
        self.report_habit(d);
    }

    /// Reports what a whole file may be full of: the first few times.
    fn report_habit(&mut self, d: Diagnostic) {
        self.errors += 1;
        if !self.habit_is_known(d.code) {
            self.report_slip(d);
        }
    }

    fn habit_is_known(&self, code: Code) -> bool {
        const ENOUGH: usize = 5;
        self.diagnostics.iter().filter(|known| known.code == code).nth(ENOUGH - 1).is_some()
    }

    pub(super) fn stray_semicolon(&mut self) {
        let span = self.bump();
        let d = if matches!(self.cur, T::LineEnd | T::Eof) {
            Diagnostic::error(codes::E0114, span, "a statement ends with its line, without `;`").fix(
                "remove it",
                span,
                "",
                Applicability::Certain,
            )
        } else {
            Diagnostic::error(codes::E0114, span, "one statement per line")
                .help("`;` separates statements only inside `{ … }`")
        };
        self.report_habit(d);
        if !matches!(self.cur, T::LineEnd | T::Eof) {
            // What follows is a statement of the same block.
            let pos = self.pos;
            self.toks[pos].indent = self.layout.indent;
        }
    }

    /// A closing bracket that closes nothing.
    pub(super) fn stray_close(&mut self) {
        let tok = self.tok();
        let text = self.text_of(tok);
        let span = self.tok_span(tok);
        let d = Diagnostic::error(codes::E0107, span, format!("this `{text}` closes nothing")).fix(
            "remove it",
            span,
            "",
            Applicability::Maybe,
        );
        self.report(d);
        self.bump();
        if !matches!(self.cur, T::LineEnd | T::Eof) {
            self.skip_line();
        }
    }

    pub(super) fn unexpected_indent(&mut self, over: u16) {
        let tok = self.tok();
        let line = self.text[..tok.lo as usize].rfind('\n').map_or(0, |at| at + 1) as u32;
        let span = Span::new(self.file, line, tok.lo);
        let operator = matches!(
            tok.kind,
            T::And
                | T::Or
                | T::Plus
                | T::Slash
                | T::Percent
                | T::EqEq
                | T::Ne
                | T::Lt
                | T::Le
                | T::Gt
                | T::Ge
                | T::Caret
                | T::Shl
                | T::Shr
                | T::AmpAmp
                | T::PipePipe
                | T::As
                | T::Question
                | T::Minus
                | T::Star
                | T::Implies
        ) && self.pos > 0;
        if operator {
            let text = self.text_of(tok);
            let op = self.tok_span(tok);
            let after = Span { hi: self.nth(1).lo, ..op };
            let d = Diagnostic::error(codes::E0122, op, format!("a line cannot begin with `{text}`"))
                .label("the statement ended with the line before")
                .fix_all(
                    "move it to the end of the line before",
                    vec![(self.prev_end(), format!(" {text}")), (after, String::new())],
                    Applicability::Certain,
                );
            self.report_slip(d);
            self.errors += 1;
            self.skip_line();
            return;
        }
        let indent = self.layout.indent;
        let d = if over > indent && tok.indent < over || self.dedents_here() {
            Diagnostic::error(codes::E0105, span, "this line goes back to an indentation that no block has")
                .help(format!("the block around it is indented by {indent}"))
        } else {
            Diagnostic::error(codes::E0105, span, "this line is indented for no reason")
                .label(format!("the block is indented by {indent}"))
        };
        if self.pos > 0 && matches!(self.toks[self.pos - 1].kind, T::Pipe | T::PipePipe) {
            let d = d.help("the block of a closure begins after a `:`, as in `|x|:`");
            self.report_slip(d);
            self.errors += 1;
            return;
        }
        let blanks = &self.text[span.lo as usize..span.hi as usize];
        let fill = if blanks.starts_with('\t') {
            "\t".repeat(indent as usize / 4)
        } else {
            " ".repeat(indent as usize)
        };
        let d = if blanks.bytes().all(|b| matches!(b, b' ' | b'\t')) {
            d.fix(format!("indent it by {indent}"), span, fill, Applicability::Maybe)
        } else {
            d
        };
        self.report_slip(d);
        self.errors += 1;
    }

    /// The line before was indented further than this one.
    fn dedents_here(&self) -> bool {
        let tok = self.tok();
        self.toks[..self.pos].last().is_some_and(|before| before.indent > tok.indent)
    }

    /// An element of a body was parsed and something is left on its line.
    pub(super) fn stray_after_element(&mut self, of: BodyOf) {
        let before = self.toks[self.pos - 1];
        let tok = self.tok();
        let string = matches!(tok.kind, T::Str | T::StrStart);
        let word = self.text_of(before);
        if self.at(T::LBrace) && of.what != STATEMENTS.what {
            self.braces_instead_of_colon();
            self.errors += 1;
            return;
        }
        if before.kind == T::Ident
            && looks_like_type(word)
            && self.cur.is_ident()
            && self.nth(1).kind == T::Eq
        {
            let span = self.tok_span(before);
            let d = Diagnostic::error(codes::E0113, span, "a variable is made with `let`").fix(
                "write `let`",
                span,
                "let",
                Applicability::Maybe,
            );
            self.report(d);
            return;
        }
        if string && before.kind == T::Ident && matches!(word, "print" | "echo" | "puts" | "println") {
            let span = self.tok_span(before);
            let d = Diagnostic::error(
                codes::E0113,
                span,
                format!("`{word}` is a function; its argument stands in parentheses"),
            )
            .help("write `println(…)`");
            self.report(d);
            return;
        }
        if before.kind == T::Ident && matches!(word, "raise" | "throw") && before.first {
            let span = self.tok_span(before);
            let d = Diagnostic::error(codes::E0113, span, format!("there is no `{word}`"))
                .help("a function that may fail gives a `Result`: `return Err(…)`, or `panic(…)` for a mistake in the program");
            self.report(d);
            return;
        }
        if self.at(T::Colon)
            && before.kind == T::Ident
            && matches!(word, "try" | "do" | "finally" | "catch" | "except")
        {
            let span = self.tok_span(before);
            // What belongs to a `try` was told of with it.
            let told = |d: &Diagnostic| d.code == codes::E0113 && d.message == "there is no `try`";
            if word != "try" && self.diagnostics.iter().any(told) {
                self.errors += 1;
                return;
            }
            let d = Diagnostic::error(codes::E0113, span, format!("there is no `{word}`"))
                .help("errors are values: `?` hands one on, `match` looks into it");
            self.report(d);
            return;
        }
        let span = self.tok_span(before);
        let habit = match (before.kind, word) {
            (T::Ident, _) if before.first && foreign_statement(word).is_some() => foreign_statement(word),
            (_, _) if self.at(T::LBrace) && self.at_go_function() => Some((
                "a task is started by `go`, and a block stands after a `:`",
                "write `go:` and the indented block below it",
            )),
            (_, _) if self.at(T::Comma) && !self.layout.enclosed && self.line_assigns() => Some((
                "one place is assigned at a time",
                "values are exchanged by `mem::swap(mut a, mut b)`, several new variables made by `let [a, b] = (x, y)`",
            )),
            (T::Ident, "lambda") => Some(("a closure is written with bars", "write `|x| x + 1`")),
            (T::Ident, "new") if self.cur.is_ident() => Some((
                "a value is made without `new`",
                "call a function of the type, `Type::new(…)`, or name its fields, `Type{field: value}`",
            )),
            (_, _) if self.at(T::Colon) && self.pos > 1 && self.toks[self.pos - 2].kind == T::LBrace => {
                Some((
                    "a map is not written in braces",
                    "write `Map::from([(key, value), …])`, and a set `Set::from([a, b])`",
                ))
            }
            (_, _) if self.at(T::If) && !tok.first => {
                Some(("a choice between two values begins with `if`", "write `if condition: a else: b`"))
            }
            _ => None,
        };
        if let Some((message, help)) = habit {
            let span = if matches!(self.cur, T::If | T::Comma) { self.span() } else { span };
            let d = Diagnostic::error(codes::E0113, span, message).help(help);
            self.report(d);
            return;
        }
        if self.cur.is_close() {
            let word = self.text_of(tok);
            let span = self.tok_span(tok);
            let d = Diagnostic::error(codes::E0107, span, format!("this `{word}` closes nothing")).fix(
                "remove it",
                span,
                "",
                Applicability::Maybe,
            );
            self.report(d);
            return;
        }
        self.expected("the end of the line");
    }

    /// `go func() {` came before.
    fn at_go_function(&self) -> bool {
        let line = self.toks[..self.pos].iter().rposition(|t| t.first).unwrap_or(0);
        self.toks[line].kind == T::Go
            && self.toks.get(line + 1).is_some_and(|t| matches!(self.text_of(*t), "func" | "function"))
    }

    /// An `=` stands on the rest of the line.
    fn line_assigns(&self) -> bool {
        let rest = &self.toks[self.pos + 1..];
        rest.iter().take_while(|t| !t.first).any(|t| t.kind == T::Eq)
    }

    /// Nothing could be made of the current token.
    pub(super) fn stray(&mut self, of: BodyOf) {
        self.expected(of.what);
    }

    pub(super) fn expected_expr(&mut self) {
        let tok = self.tok();
        match self.cur {
            T::Let => {
                let closure = self.pos > 0 && matches!(self.toks[self.pos - 1].kind, T::Pipe | T::PipePipe);
                let d = Diagnostic::error(
                    codes::E0118,
                    self.span(),
                    "`let` is a statement and has no value here",
                )
                .help(match closure {
                    true => "the block of a closure begins after a `:`, as in `|x|:`",
                    false => "make the variable on a line before; conditions take `if let …`",
                });
                self.report(d);
            }
            T::Plus => {
                let span = self.span();
                let d = Diagnostic::error(codes::E0112, span, "there is no `+` before a value").fix(
                    "remove it",
                    span,
                    "",
                    Applicability::Certain,
                );
                self.report(d);
            }
            T::Mut | T::Own => {
                let word = self.text_of(tok);
                let d = Diagnostic::error(
                    codes::E0121,
                    self.span(),
                    format!("`{word}` marks a whole argument or parameter; it cannot stand here"),
                );
                self.report(d);
            }
            T::Eq => {
                let d = Diagnostic::error(codes::E0101, self.span(), "expected an expression, found `=`");
                self.report(d);
            }
            T::At => {
                let d = Diagnostic::error(
                    codes::E0117,
                    self.span(),
                    "attributes stand in `[…]` on the line before an item",
                )
                .help("write `[name]`");
                self.report(d);
            }
            k if self.at_item() && k != T::LBracket => {
                let word = self.text_of(tok);
                let d = Diagnostic::error(
                    codes::E0118,
                    self.span(),
                    format!("`{word}` begins an item, which has no value"),
                )
                .help("put it on a line of its own");
                self.report(d);
            }
            _ => self.expected("an expression"),
        }
    }

    /// Adds what is known about the token that was found instead.
    pub(super) fn explain_found(&self, d: Diagnostic) -> Diagnostic {
        if matches!(self.cur, T::LineEnd | T::Eof) {
            return d;
        }
        match self.tok().kind {
            T::Semi => d.help("statements end with the line, without `;`"),
            T::Ident => match self.text_of(self.tok()) {
                "is" => d.help(
                    "whether an option is empty is asked by `x.is_none()`; values are compared by `==`",
                ),
                "then" => {
                    let word = self.span();
                    d.fix("leave it out", Span { lo: self.prev_hi, ..word }, "", Applicability::Certain)
                }
                _ if self.pos > 0 && self.text_of(self.toks[self.pos - 1]) == "chan" => {
                    d.help("a channel is made by `channel[int]()`, which gives its sender and its receiver")
                }
                _ => d,
            },
            T::Lt if self.nth(1).kind == T::Minus => {
                d.help("a message is received by `receiver.recv()`, and sent by `sender.send(message)`")
            }
            T::In => d.help("whether a list or set holds a value is `list.contains(value)`"),
            T::Comma if !self.layout.enclosed => {
                d.help("the elements of a tuple stand in parentheses: `(a, b)`")
            }
            T::Else if self.tok().first => d.help("an `else` is indented like its `if`"),
            _ => d,
        }
    }
}

/// Words that begin statements elsewhere: what is wrong, and what to do.
fn foreign_statement(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word {
        "assert" => ("`assert` is a function; its argument stands in parentheses", "write `assert(…)`"),
        "with" => (
            "there is no `with`",
            "what a variable holds is closed when its block ends; `defer:` runs code then",
        ),
        "del" => (
            "there is no `del`",
            "`drop(x)` ends a value early; `remove` takes something out of a collection",
        ),
        "global" | "nonlocal" => (
            "functions do not see the variables around them",
            "give the value as an argument (`mut` to change it), or use a `static`",
        ),
        "lock" | "synchronized" => {
            ("there is no such statement", "`let guard = m.lock()` holds a lock up to the end of the block")
        }
        "yield" => ("there are no generators", "implement `Iterator`, or give a closure to `iter::from_fn`"),
        "switch" => ("`switch` is written `match`", "write `match value:` and arms `pattern => …`"),
        "elif" | "elsif" | "elseif" => {
            ("this belongs to no `if`", "it is indented like its `if`, and written `else if`")
        }
        "unless" => ("there is no `unless`", "write `if not condition:`"),
        "until" => ("there is no `until`", "write `while not condition:`"),
        "goto" => ("there is no `goto`", "a labelled `break` or `continue` leaves an outer loop"),
        _ => return None,
    })
}
