//! Tokens to tree: recursive descent, total and recovering.
//!
//! **Line ends and indentation** are not tokens. Every token knows whether it is the first of its
//! line and how far that line is indented; the [`Layout`] in force says what that means. Where
//! line ends count, the first token of a line first shows as [`TokenKind::LineEnd`], so nothing
//! runs over a line end by accident; inside brackets it shows as itself. A block inside brackets
//! (a closure with a body) puts a layout of its own on top.
//!
//! **Errors**: one per cause. After the first error in a statement the rest of its lines is
//! skipped silently; errors on a line that has a lexical fault are dropped.
//!
//! **Depth**: no tree is higher than [`MAX_NESTING`], neither by nesting nor by long chains, so
//! later stages may recurse over it freely.

mod body;
mod closures;
mod control;
mod exprs;
mod faults;
mod functions;
mod habits;
mod items;
mod literals;
mod macros;
mod members;
mod operators;
mod patterns;
mod record;
mod significant;
mod slips;
mod stmts;
mod strings;
mod types;

use base::{Applicability, Code, Diagnostic, FileId, FxHashMap, Name, Span, codes};

use crate::Parse;
use crate::ast::Ident;
use crate::lexer;
use crate::token::{Token, TokenKind as T};

use record::Event;
pub(crate) use record::{EventKind, Record, role};
pub(crate) use significant::Tok;
use significant::significant;

/// How high a tree may grow.
pub const MAX_NESTING: u32 = 256;

/// How many tokens looking ahead for a closing bracket may take.
const NEAR: usize = 512;

/// Parses a file. Always gives a tree; what is wrong is in the diagnostics.
pub fn parse(file: FileId, text: &str) -> Parse {
    parse_with(file, text, None).0
}

/// Parses for the formatter: also gives the tokens without trivia and what they turned out to be.
pub(crate) fn parse_recorded(text: &str) -> (Parse, Vec<Tok>, Record) {
    let (parse, toks, record) = parse_with(FileId::default(), text, Some(Record::default()));
    (parse, toks, record.unwrap_or_default())
}

fn parse_with(file: FileId, text: &str, record: Option<Record>) -> (Parse, Vec<Tok>, Option<Record>) {
    let lexed = lexer::lex(text);
    let (toks, mixed) = significant(text, &lexed.tokens);
    let record = record.map(|r| Record { roles: vec![0; toks.len()], ..r });
    let mut parser = Parser {
        text,
        file,
        tokens: &lexed.tokens,
        toks,
        pos: 0,
        cur: T::Eof,
        prev_hi: 0,
        layout: Layout {
            indent: 0,
            newlines: true,
            inline: false,
            enclosed: false,
            brace: false,
            header: false,
            contract: false,
        },
        depth: 0,
        height: 0,
        diagnostics: Vec::new(),
        errors: 0,
        error_pos: usize::MAX,
        given_up: false,
        docs_taken: usize::MAX,
        inner_docs: Vec::new(),
        items: 0,
        names: FxHashMap::default(),
        record,
    };
    let tree = parser.file();
    let Parser { diagnostics: parsed, toks, record, .. } = parser;
    let diagnostics = faults::merge(file, text, &lexed.errors, mixed, parsed);
    (Parse { tokens: lexed.tokens, file: tree, diagnostics }, toks, record)
}

/// What line ends and indentation mean just now.
#[derive(Clone, Copy)]
struct Layout {
    /// Indentation of the block's lines.
    indent: u16,
    /// Line ends count.
    newlines: bool,
    /// In a block on its header's line.
    inline: bool,
    /// Brackets are open around the block, so a closing one or a comma may end it.
    enclosed: bool,
    /// Directly in a brace block.
    brace: bool,
    /// Between `if`, `while`, `match`, `for … in` and their `:`, where `Name {` is more likely a
    /// misplaced block than a struct.
    header: bool,
    /// In a contract's condition.
    contract: bool,
}

/// Where a speculation began.
struct Mark {
    pos: usize,
    cur: T,
    prev_hi: u32,
    layout: Layout,
    diagnostics: usize,
    errors: u32,
    error_pos: usize,
    events: usize,
}

struct Parser<'a> {
    text: &'a str,
    file: FileId,
    tokens: &'a [Token],
    toks: Vec<Tok>,
    pos: usize,
    /// Kind of the current token as the layout shows it.
    cur: T,
    /// End of the token before.
    prev_hi: u32,
    layout: Layout,
    /// How deep the node being parsed is nested.
    depth: u32,
    /// How high the tallest finished node on the current level is.
    height: u32,
    diagnostics: Vec<Diagnostic>,
    /// Errors met, the suppressed ones included.
    errors: u32,
    /// Position of the last reported error.
    error_pos: usize,
    /// Nesting went too deep; the rest of the file is skipped silently.
    given_up: bool,
    /// Position of the body start whose docs that stand apart are already accounted for.
    docs_taken: usize,
    /// `##` lines inside the item being parsed that are about the item.
    inner_docs: Vec<Span>,
    /// How many items stood among statements so far.
    items: u32,
    names: FxHashMap<&'a str, Name>,
    record: Option<Record>,
}

/// Pushes to a list that mostly stays short: nodes are large, and the usual first step to room
/// for four would waste most of the tree's memory.
#[inline]
fn push_tight<T>(list: &mut Vec<T>, value: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len().max(1));
    }
    list.push(value);
}

// ------------------------------------------------------------ cursor

impl<'a> Parser<'a> {
    /// Shows the current token as the layout has it.
    #[inline]
    fn refresh(&mut self) {
        let tok = self.toks[self.pos];
        self.cur = tok.kind;
        if tok.first && self.layout.newlines && self.pos > 0 && tok.kind != T::Eof {
            // A leading `.method` goes on with the line before.
            let continues = tok.kind == T::Dot && tok.indent >= self.layout.indent;
            if !continues {
                self.cur = T::LineEnd;
            }
        }
    }

    #[inline]
    fn bump(&mut self) -> Span {
        let tok = self.toks[self.pos];
        if tok.kind != T::Eof {
            self.prev_hi = tok.hi;
            self.pos += 1;
        }
        self.refresh();
        Span::new(self.file, tok.lo, tok.hi)
    }

    /// Shows the token behind a line end.
    #[inline]
    fn reveal(&mut self) {
        self.cur = self.toks[self.pos].kind;
    }

    #[inline]
    fn at(&self, kind: T) -> bool {
        self.cur == kind
    }

    #[inline]
    fn eat(&mut self, kind: T) -> bool {
        let found = self.cur == kind;
        if found {
            self.bump();
        }
        found
    }

    #[inline]
    fn tok(&self) -> Tok {
        self.toks[self.pos]
    }

    /// The `n`th token after the current one, whatever line it is on.
    #[inline]
    fn nth(&self, n: usize) -> Tok {
        self.toks[(self.pos + n).min(self.toks.len() - 1)]
    }

    /// Kind of the next token if it is on the same line as the current one (or line ends do not
    /// count here).
    #[inline]
    fn next_kind(&self) -> T {
        let next = self.nth(1);
        if next.first && self.layout.newlines { T::LineEnd } else { next.kind }
    }

    /// Nothing stands between the token before and the current one.
    #[inline]
    fn adjacent(&self) -> bool {
        self.tok().lo == self.prev_hi
    }

    #[inline]
    fn lo(&self) -> u32 {
        self.tok().lo
    }

    fn tok_span(&self, tok: Tok) -> Span {
        Span::new(self.file, tok.lo, tok.hi)
    }

    /// Span of the current token; at a line end, the empty span after the token before.
    fn span(&self) -> Span {
        match self.cur {
            T::LineEnd | T::Eof => self.prev_end(),
            _ => self.tok_span(self.tok()),
        }
    }

    /// The empty span after the token before.
    fn prev_end(&self) -> Span {
        Span::new(self.file, self.prev_hi, self.prev_hi)
    }

    #[inline]
    fn span_from(&self, lo: u32) -> Span {
        Span::new(self.file, lo, self.prev_hi.max(lo))
    }

    fn text_of(&self, tok: Tok) -> &'a str {
        &self.text[tok.lo as usize..tok.hi as usize]
    }

    fn at_word(&self, word: &str) -> bool {
        self.cur == T::Ident && self.text_of(self.tok()) == word
    }

    fn mark(&self) -> Mark {
        Mark {
            pos: self.pos,
            cur: self.cur,
            prev_hi: self.prev_hi,
            layout: self.layout,
            diagnostics: self.diagnostics.len(),
            errors: self.errors,
            error_pos: self.error_pos,
            events: self.record.as_ref().map_or(0, |r| r.events.len()),
        }
    }

    fn rewind(&mut self, mark: Mark) {
        if self.given_up {
            return;
        }
        self.pos = mark.pos;
        self.cur = mark.cur;
        self.prev_hi = mark.prev_hi;
        self.layout = mark.layout;
        self.diagnostics.truncate(mark.diagnostics);
        self.errors = mark.errors;
        self.error_pos = mark.error_pos;
        if let Some(record) = &mut self.record {
            record.events.truncate(mark.events);
            record.roles[mark.pos..].fill(0);
        }
    }

    /// Says what the current token is.
    #[inline]
    fn role(&mut self, role: u8) {
        if let Some(record) = &mut self.record {
            record.roles[self.pos] |= role;
        }
    }

    #[inline]
    fn event(&mut self, kind: EventKind) {
        if let Some(record) = &mut self.record {
            record.events.push(Event { pos: self.pos, kind });
        }
    }

    // -------------------------------------------------------- names

    #[inline]
    fn name_of(&mut self, tok: Tok) -> Name {
        let text = self.text_of(tok);
        *self.names.entry(text).or_insert_with(|| Name::new(text))
    }

    /// The current word as a name.
    #[inline]
    fn take_ident(&mut self) -> Ident {
        let name = self.name_of(self.tok());
        let span = self.bump();
        Ident { name, span }
    }

    fn no_ident(&mut self) -> Ident {
        Ident { name: self.empty_name(), span: self.prev_end() }
    }

    fn empty_name(&mut self) -> Name {
        *self.names.entry("").or_insert_with(|| Name::new(""))
    }

    /// An identifier, or an empty name and an error that says `what` was expected.
    fn ident(&mut self, what: &str) -> Ident {
        if self.cur.is_ident() {
            return self.take_ident();
        }
        if self.cur.is_keyword() && self.cur != T::Underscore {
            let word = self.text_of(self.tok());
            let d = Diagnostic::error(
                codes::E0101,
                self.span(),
                format!("expected {what}, found the keyword `{word}`"),
            )
            .help(format!(
                "`{word}` means something in the language; choose another name, such as `{word}_`"
            ));
            self.report(d);
            // On a line of its own words the keyword was surely meant as the name.
            let next = self.nth(1);
            if !next.first && matches!(next.kind, T::Eq | T::Colon | T::LParen | T::Comma | T::RParen) {
                return self.take_ident();
            }
        } else {
            self.expected(what);
        }
        self.no_ident()
    }

    // -------------------------------------------------------- brackets

    /// Call before bumping an opening bracket.
    #[inline]
    fn enter_brackets(&mut self) -> Layout {
        let outer = self.layout;
        self.layout.newlines = false;
        self.layout.header = false;
        self.layout.enclosed = true;
        self.layout.brace = false;
        outer
    }

    /// Ends a bracket at its closing one, with recovery. `opener` is the opening token.
    fn close(&mut self, outer: Layout, opener: Span, closer: T) {
        self.layout = outer;
        if self.cur == closer {
            self.bump();
            return;
        }
        // Errors inside may have left something before the closing bracket.
        if let Some(at) = self.find_closer(closer) {
            if at != self.pos {
                let text = closer.text().unwrap_or("}");
                self.expected(&format!("`,` or `{text}`"));
                self.prev_hi = self.toks[at - 1].hi;
                self.pos = at;
            }
            self.bump();
            return;
        }
        let here =
            if self.cur == T::Eof || self.tok().first { "before the end of the line" } else { "before this" };
        let open = &self.text[opener.lo as usize..opener.hi as usize];
        let close = closer.text().unwrap_or("}");
        let mut d = Diagnostic::error(codes::E0107, opener, format!("this `{open}` is never closed"));
        d = if self.tok().first {
            d.also(self.prev_end(), format!("`{close}` expected {here}"))
        } else {
            d.also(self.span(), format!("`{close}` expected {here}"))
        };
        self.report(d);
        self.refresh();
    }

    /// The position of the closing bracket that ends the current one, as far as it can be told:
    /// not beyond a line that goes back to the block's indentation, except to close.
    fn find_closer(&self, closer: T) -> Option<usize> {
        let mut depth = 0u32;
        for at in self.pos..self.toks.len() {
            let tok = self.toks[at];
            if tok.kind == T::Eof {
                return None;
            }
            if tok.first && at > 0 && tok.indent <= self.layout.indent && !tok.kind.is_close() {
                return None;
            }
            if depth == 0 && tok.kind == closer {
                return Some(at);
            }
            match tok.kind {
                T::StrMid => {}
                k if k.is_open() => depth += 1,
                k if k.is_close() => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    /// Looking ahead: the token that closes the bracket `n` tokens from here, counted likewise.
    /// Gives up after `far` tokens: who looks ahead at every line must not look at all the rest.
    fn closer_ahead(&self, n: usize, far: usize) -> Option<usize> {
        let mut depth = 0u32;
        for at in n..(n + far).min(self.toks.len()) {
            match self.nth(at).kind {
                T::Eof => return None,
                k if k.is_open() => depth += 1,
                k if k.is_close() && k != T::StrMid => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// `( element , … )`: everything from the opening bracket to the closing one.
    fn list(&mut self, closer: T, mut element: impl FnMut(&mut Self)) -> Span {
        let outer = self.enter_brackets();
        let opener = self.bump();
        while !self.at(closer) && !self.at(T::Eof) {
            let before = self.pos;
            element(self);
            if !self.eat(T::Comma) || self.pos == before {
                break;
            }
        }
        self.close(outer, opener, closer);
        self.span_from(opener.lo)
    }

    /// A [`list`](Self::list) whose bracket belongs to what stands before it.
    fn glued_list(&mut self, closer: T, element: impl FnMut(&mut Self)) -> Span {
        self.role(role::GLUED);
        self.list(closer, element)
    }

    // -------------------------------------------------------- depth

    /// Goes one level down; `None` if that is too deep. The result is for [`leave`](Self::leave).
    #[inline]
    fn enter(&mut self) -> Option<u32> {
        if self.depth >= MAX_NESTING {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        Some(std::mem::take(&mut self.height))
    }

    #[inline]
    fn leave(&mut self, outer: u32) {
        self.depth -= 1;
        self.height = outer.max(self.height + 1);
    }

    /// The finished node gets a parent on the same level (a chain of operators or calls).
    #[inline]
    fn grow(&mut self) {
        self.height += 1;
        if self.depth + self.height > MAX_NESTING {
            self.too_deep();
        }
    }

    fn too_deep(&mut self) {
        if self.given_up {
            return;
        }
        let d = Diagnostic::error(
            codes::E0115,
            self.span(),
            format!("this is nested or chained more than {MAX_NESTING} levels deep"),
        )
        .help("name parts of it with `let`, or move them into functions of their own");
        self.error_pos = usize::MAX;
        self.report(d);
        self.given_up = true;
        self.pos = self.toks.len() - 1;
        self.cur = T::Eof;
        self.height = 0;
    }

    // -------------------------------------------------------- errors

    /// An error was reported at this token or before it on its line.
    fn reported_on_line(&self) -> bool {
        self.error_pos <= self.pos && self.toks[self.error_pos + 1..self.pos + 1].iter().all(|t| !t.first)
    }

    /// Reports an error unless one was reported on this line already, of which this is then taken
    /// to be a consequence.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        if self.given_up || self.reported_on_line() {
            return;
        }
        self.error_pos = self.pos;
        self.diagnostics.push(diagnostic);
    }

    /// Reports a slip that is understood and does not disturb what follows.
    fn report_slip(&mut self, diagnostic: Diagnostic) {
        if !self.given_up {
            self.diagnostics.push(diagnostic);
        }
    }

    /// How the current token is called in messages.
    fn found(&self) -> String {
        match self.cur {
            T::LineEnd => "the end of the line".into(),
            T::Eof => "the end of the file".into(),
            T::Str | T::StrStart | T::QuotedStr => "a string".into(),
            T::StrMid | T::StrEnd => "the end of `${…}`".into(),
            k if k.is_keyword() && k != T::Underscore => {
                format!("the keyword `{}`", self.text_of(self.tok()))
            }
            _ => format!("`{}`", self.text_of(self.tok())),
        }
    }

    fn expected(&mut self, what: &str) {
        let d =
            Diagnostic::error(codes::E0101, self.span(), format!("expected {what}, found {}", self.found()));
        let d = self.explain_found(d);
        self.report(d);
    }

    /// Eats `kind` or reports that it was expected.
    fn expect(&mut self, kind: T) -> bool {
        if self.eat(kind) {
            return true;
        }
        let text = kind.text().unwrap_or("a keyword");
        self.expected(&format!("`{text}`"));
        false
    }

    /// A slip with one certain replacement.
    fn slip(&mut self, code: Code, span: Span, message: impl Into<String>, title: &str, text: &str) {
        let d = Diagnostic::error(code, span, message).fix(title, span, text, Applicability::Certain);
        self.report_slip(d);
    }
}
