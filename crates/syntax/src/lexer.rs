//! Text to tokens. Total: any text is covered, byte for byte.
//!
//! What is wrong with single tokens (a string without an end, a character that means nothing) is
//! reported beside the tokens as [`LexError`]s; wrong digits and escapes are the parser's to
//! find. The one thing to know: an interpolated string is several tokens, `"a ${`, the tokens of
//! the expression, `:>8} b ${`, …, `} c"`, so the lexer keeps a stack of open strings.

use crate::token::{Token, TokenKind};

/// A fault in the text itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LexError {
    pub kind: LexErrorKind,
    pub lo: u32,
    pub hi: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LexErrorKind {
    UnterminatedString,
    UnterminatedTextBlock,
    UnterminatedRawString,
    UnterminatedChar,
    UnterminatedComment,
    InvalidChar(char),
    /// `#[derive(Clone)]`, which is a comment here.
    CommentedAttribute,
}

pub struct Lexed {
    pub tokens: Vec<Token>,
    pub errors: Vec<LexError>,
}

/// Splits `text` into tokens that cover it without gaps.
pub fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        pos: 0,
        tokens: Vec::with_capacity(text.len() / 4 + 8),
        errors: Vec::new(),
        open: Vec::new(),
        brackets: Vec::new(),
    };
    lexer.run();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

/// A string whose `${` is open.
struct OpenString {
    triple: bool,
    /// Where the string's first token begins.
    lo: u32,
    /// How many entries of `brackets` were there before.
    base: usize,
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    tokens: Vec<Token>,
    errors: Vec<LexError>,
    open: Vec<OpenString>,
    /// Open `(`, `[`, `{` inside interpolations; kept only there.
    brackets: Vec<u8>,
}

const IDENT: u8 = 1;
const BLANK: u8 = 2;

/// Classes of ASCII bytes.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 128 {
        let byte = b as u8;
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            table[b] = IDENT;
        } else if byte == b' ' || byte == b'\t' {
            table[b] = BLANK;
        }
        b += 1;
    }
    table
};

impl Lexer<'_> {
    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.pos = 3;
            self.push(TokenKind::Whitespace, 0);
        }
        while self.pos < self.bytes.len() {
            self.token();
        }
        if let Some(first) = self.open.first() {
            let (triple, lo) = (first.triple, first.lo);
            self.unterminated(triple, lo, self.bytes.len());
        }
    }

    #[inline]
    fn at(&self, pos: usize) -> u8 {
        self.bytes.get(pos).copied().unwrap_or(0)
    }

    #[inline]
    fn push(&mut self, kind: TokenKind, lo: usize) {
        self.tokens.push(Token { kind, lo: lo as u32, hi: self.pos as u32 });
    }

    fn error(&mut self, kind: LexErrorKind, lo: usize, hi: usize) {
        self.errors.push(LexError { kind, lo: lo as u32, hi: hi as u32 });
    }

    #[inline]
    fn punct(&mut self, kind: TokenKind, len: usize) {
        let lo = self.pos;
        self.pos += len;
        self.push(kind, lo);
    }

    fn token(&mut self) {
        use TokenKind::*;
        let lo = self.pos;
        let next = self.at(lo + 1);
        match self.bytes[lo] {
            b' ' | b'\t' => {
                while CLASS[self.at(self.pos) as usize] == BLANK {
                    self.pos += 1;
                }
                self.push(Whitespace, lo);
            }
            b'\n' => self.newline(1),
            b'\r' if next == b'\n' => self.newline(2),
            b'r' if next == b'"' || (next == b'#' && self.at(lo + 2) == b'"') => self.raw_string(),
            b'b' if next == b'\'' => self.byte(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' => self.string_start(),
            b'\'' => self.quote(),
            b'#' => self.hash(),
            b'/' if next == b'/' => self.line_comment(Comment),
            b'\\' => {
                let end = if next == b'\n' {
                    2
                } else if next == b'\r' && self.at(lo + 2) == b'\n' {
                    3
                } else {
                    return self.unknown();
                };
                self.punct(Continuation, end);
            }
            b'(' => self.open_bracket(LParen, b'('),
            b'[' => self.open_bracket(LBracket, b'['),
            b'{' => self.open_bracket(LBrace, b'{'),
            b')' => self.close_bracket(RParen, b'('),
            b']' => self.close_bracket(RBracket, b'['),
            b'}' => self.close_brace(),
            b':' => self.colon(),
            b',' => self.punct(Comma, 1),
            b';' => self.punct(Semi, 1),
            b'@' => self.punct(At, 1),
            b'?' => self.punct(Question, 1),
            b'~' => self.punct(Tilde, 1),
            b'.' => match (next, self.at(lo + 2)) {
                (b'.', b'=') => self.punct(DotDotEq, 3),
                (b'.', _) => self.punct(DotDot, 2),
                _ => self.punct(Dot, 1),
            },
            b'=' => match next {
                b'=' => self.punct(EqEq, 2),
                b'>' => self.punct(FatArrow, 2),
                _ => self.punct(Eq, 1),
            },
            b'!' if next == b'=' => self.punct(Ne, 2),
            b'!' => self.punct(Bang, 1),
            b'<' => match (next, self.at(lo + 2)) {
                (b'<', b'=') => self.punct(ShlEq, 3),
                (b'<', _) => self.punct(Shl, 2),
                (b'=', _) => self.punct(Le, 2),
                _ => self.punct(Lt, 1),
            },
            b'>' => match (next, self.at(lo + 2)) {
                (b'>', b'=') => self.punct(ShrEq, 3),
                (b'>', _) => self.punct(Shr, 2),
                (b'=', _) => self.punct(Ge, 2),
                _ => self.punct(Gt, 1),
            },
            b'+' if next == b'=' => self.punct(PlusEq, 2),
            b'+' => self.punct(Plus, 1),
            b'-' => match next {
                b'=' => self.punct(MinusEq, 2),
                b'>' => self.punct(Arrow, 2),
                _ => self.punct(Minus, 1),
            },
            b'*' if next == b'=' => self.punct(StarEq, 2),
            b'*' => self.punct(Star, 1),
            b'/' if next == b'=' => self.punct(SlashEq, 2),
            b'/' => self.punct(Slash, 1),
            b'%' if next == b'=' => self.punct(PercentEq, 2),
            b'%' => self.punct(Percent, 1),
            b'&' => match next {
                b'&' => self.punct(AmpAmp, 2),
                b'=' => self.punct(AmpEq, 2),
                _ => self.punct(Amp, 1),
            },
            b'|' => match next {
                b'|' => self.punct(PipePipe, 2),
                b'=' => self.punct(PipeEq, 2),
                _ => self.punct(Pipe, 1),
            },
            b'^' if next == b'=' => self.punct(CaretEq, 2),
            b'^' => self.punct(Caret, 1),
            b if b >= 128 && self.char_at(lo).is_some_and(unicode_ident::is_xid_start) => self.word(),
            _ => self.unknown(),
        }
    }

    fn char_at(&self, pos: usize) -> Option<char> {
        self.text.get(pos..)?.chars().next()
    }

    fn newline(&mut self, len: usize) {
        // A one-line string cannot go on: give up those whose `${` is still open.
        if !self.open.is_empty()
            && let Some(first) = self.open.iter().position(|s| !s.triple)
        {
            let (lo, base) = (self.open[first].lo, self.open[first].base);
            self.open.truncate(first);
            self.brackets.truncate(base);
            self.unterminated(false, lo, self.pos);
        }
        self.punct(TokenKind::Newline, len);
    }

    #[inline]
    fn word(&mut self) {
        let lo = self.pos;
        self.skip_word();
        let kind = TokenKind::of_word(&self.bytes[lo..self.pos]);
        self.push(kind, lo);
    }

    #[inline]
    fn skip_word(&mut self) {
        loop {
            let b = self.at(self.pos);
            if CLASS[b as usize] == IDENT {
                self.pos += 1;
            } else if b >= 128
                && let Some(c) = self.char_at(self.pos)
                && unicode_ident::is_xid_continue(c)
            {
                self.pos += c.len_utf8();
            } else {
                break;
            }
        }
    }

    fn skip_digits(&mut self) {
        while matches!(self.at(self.pos), b'0'..=b'9' | b'_') {
            self.pos += 1;
        }
    }

    fn number(&mut self) {
        let lo = self.pos;
        let mut kind = TokenKind::Int;
        if self.bytes[lo] == b'0' && matches!(self.at(lo + 1), b'x' | b'b' | b'o' | b'X' | b'B' | b'O') {
            self.skip_word();
            return self.push(kind, lo);
        }
        self.skip_digits();
        // `t.0.1`: the number after a dot is an index, never a fraction.
        let index = matches!(self.tokens.last(), Some(t) if t.kind == TokenKind::Dot);
        if !index {
            if self.at(self.pos) == b'.' && self.at(self.pos + 1).is_ascii_digit() {
                self.pos += 1;
                self.skip_digits();
                kind = TokenKind::Float;
            }
            if matches!(self.at(self.pos), b'e' | b'E') {
                let sign = usize::from(matches!(self.at(self.pos + 1), b'+' | b'-'));
                if self.at(self.pos + 1 + sign).is_ascii_digit() {
                    self.pos += 1 + sign;
                    self.skip_digits();
                    kind = TokenKind::Float;
                }
            }
        }
        self.skip_word();
        self.push(kind, lo);
    }

    // ------------------------------------------------------------ strings

    fn string_start(&mut self) {
        let lo = self.pos;
        let triple = self.at(lo + 1) == b'"' && self.at(lo + 2) == b'"';
        self.pos += if triple { 3 } else { 1 };
        self.string_rest(lo, lo, triple, true);
    }

    /// Scans text up to the string's end or the next `${`. `token` is where the token begins,
    /// `lo` where the string does.
    fn string_rest(&mut self, token: usize, lo: usize, triple: bool, first: bool) {
        use TokenKind::*;
        let ended = if first { Str } else { StrEnd };
        loop {
            match self.bytes.get(self.pos) {
                None => {
                    self.unterminated(triple, lo as u32, self.pos);
                    return self.push(ended, token);
                }
                Some(b'\n') if !triple => {
                    if self.bytes[self.pos - 1] == b'\r' {
                        self.pos -= 1;
                    }
                    self.unterminated(false, lo as u32, self.pos);
                    return self.push(ended, token);
                }
                Some(b'"') => {
                    if !triple {
                        self.pos += 1;
                        return self.push(ended, token);
                    }
                    if self.at(self.pos + 1) == b'"' && self.at(self.pos + 2) == b'"' {
                        self.pos += 3;
                        return self.push(ended, token);
                    }
                    self.pos += 1;
                }
                Some(b'\\') => match self.at(self.pos + 1) {
                    b'\n' | b'\r' => self.pos += 1,
                    _ => self.pos = (self.pos + 2).min(self.bytes.len()),
                },
                Some(b'$') if self.at(self.pos + 1) == b'{' => {
                    self.pos += 2;
                    self.open.push(OpenString { triple, lo: lo as u32, base: self.brackets.len() });
                    return self.push(if first { StrStart } else { StrMid }, token);
                }
                Some(_) => self.pos += 1,
            }
        }
    }

    fn unterminated(&mut self, triple: bool, lo: u32, hi: usize) {
        let kind =
            if triple { LexErrorKind::UnterminatedTextBlock } else { LexErrorKind::UnterminatedString };
        self.error(kind, lo as usize, hi);
    }

    fn raw_string(&mut self) {
        let lo = self.pos;
        let hashes = usize::from(self.at(lo + 1) == b'#');
        self.pos += 2 + hashes;
        loop {
            match self.bytes.get(self.pos) {
                Some(b'"') if hashes == 0 || self.at(self.pos + 1) == b'#' => {
                    self.pos += 1 + hashes;
                    break;
                }
                // Only the form with `#` runs over line ends.
                Some(b'\n') if hashes == 0 => {
                    if self.bytes[self.pos - 1] == b'\r' {
                        self.pos -= 1;
                    }
                    self.error(LexErrorKind::UnterminatedString, lo, self.pos);
                    break;
                }
                None => {
                    let kind = match hashes {
                        0 => LexErrorKind::UnterminatedString,
                        _ => LexErrorKind::UnterminatedRawString,
                    };
                    self.error(kind, lo, self.pos);
                    break;
                }
                Some(_) => self.pos += 1,
            }
        }
        self.push(TokenKind::Str, lo);
    }

    /// The end of a character literal whose `'` is just before `pos`, if it is one.
    fn char_end(&self, pos: usize) -> Option<usize> {
        match self.char_at(pos)? {
            '\n' | '\r' | '\'' => None,
            '\\' => {
                let escaped = self.char_at(pos + 1)?;
                if escaped == '\n' || escaped == '\r' {
                    return None;
                }
                let mut end = pos + 1 + escaped.len_utf8();
                while CLASS[self.at(end) as usize] == IDENT || matches!(self.at(end), b'{' | b'}') {
                    end += 1;
                }
                (self.at(end) == b'\'').then_some(end + 1)
            }
            c => {
                let end = pos + c.len_utf8();
                (self.at(end) == b'\'').then_some(end + 1)
            }
        }
    }

    /// A `'` further on the line.
    fn closing_quote(&self, from: usize) -> Option<usize> {
        let rest = &self.bytes[from..];
        let stop = rest.iter().position(|b| matches!(b, b'\'' | b'\n'))?;
        (rest[stop] == b'\'').then_some(from + stop + 1)
    }

    fn quote(&mut self) {
        let lo = self.pos;
        if let Some(end) = self.char_end(lo + 1) {
            self.pos = end;
            return self.push(TokenKind::Char, lo);
        }
        let starts_name = self.char_at(lo + 1).is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
        if starts_name {
            self.pos += 1;
            self.skip_word();
            let before = self.tokens.iter().rev().find(|t| !t.kind.is_trivia()).map(|t| t.kind);
            let label =
                matches!(before, Some(TokenKind::Break | TokenKind::Continue)) || self.at(self.pos) == b':';
            if label || self.closing_quote(self.pos).is_none() {
                return self.push(TokenKind::Label, lo);
            }
        }
        if let Some(end) = self.closing_quote(lo + 1) {
            self.pos = end;
            return self.push(TokenKind::QuotedStr, lo);
        }
        self.pos = lo + 1;
        self.error(LexErrorKind::UnterminatedChar, lo, self.pos);
        self.push(TokenKind::Unknown, lo);
    }

    fn byte(&mut self) {
        let lo = self.pos;
        match self.char_end(lo + 2) {
            Some(end) => {
                self.pos = end;
                self.push(TokenKind::Byte, lo);
            }
            None => self.word(),
        }
    }

    // ------------------------------------------------------------ inside `${…}`

    #[inline]
    fn open_bracket(&mut self, kind: TokenKind, byte: u8) {
        if !self.open.is_empty() {
            self.brackets.push(byte);
        }
        self.punct(kind, 1);
    }

    #[inline]
    fn close_bracket(&mut self, kind: TokenKind, opener: u8) {
        if let Some(open) = self.open.last()
            && self.brackets.len() > open.base
            && self.brackets.last() == Some(&opener)
        {
            self.brackets.pop();
        }
        self.punct(kind, 1);
    }

    fn close_brace(&mut self) {
        let Some(open) = self.open.last() else {
            return self.punct(TokenKind::RBrace, 1);
        };
        // A brace also closes forgotten round and square ones.
        match self.brackets[open.base..].iter().rposition(|&b| b == b'{') {
            Some(at) => {
                let keep = open.base + at;
                self.brackets.truncate(keep);
                self.punct(TokenKind::RBrace, 1);
            }
            None => self.resume_string(self.pos + 1),
        }
    }

    fn colon(&mut self) {
        if self.at(self.pos + 1) == b':' {
            return self.punct(TokenKind::ColonColon, 2);
        }
        if let Some(open) = self.open.last()
            && self.brackets.len() == open.base
            && let Some(end) = scan_spec(self.text, self.pos + 1)
        {
            return self.resume_string(end + 1);
        }
        self.punct(TokenKind::Colon, 1);
    }

    fn resume_string(&mut self, pos: usize) {
        let token = self.pos;
        if let Some(open) = self.open.pop() {
            self.brackets.truncate(open.base);
            self.pos = pos;
            self.string_rest(token, open.lo as usize, open.triple, false);
        }
    }

    // ------------------------------------------------------------ comments and the rest

    fn hash(&mut self) {
        let lo = self.pos;
        let run = self.bytes[lo..].iter().take_while(|&&b| b == b'#').count();
        match run {
            2 => self.line_comment(TokenKind::DocComment),
            3 => match self.text[lo + 3..].find("###") {
                Some(end) => {
                    self.pos = lo + 3 + end + 3;
                    self.push(TokenKind::BlockComment, lo);
                }
                None => {
                    self.pos = self.bytes.len();
                    self.error(LexErrorKind::UnterminatedComment, lo, lo + 3);
                    self.push(TokenKind::BlockComment, lo);
                }
            },
            _ => {
                self.line_comment(TokenKind::Comment);
                let comment = &self.text[lo..self.pos];
                if run == 1 && is_commented_attribute(comment) {
                    self.error(LexErrorKind::CommentedAttribute, lo, lo + comment.trim_end().len());
                }
            }
        }
    }

    fn line_comment(&mut self, kind: TokenKind) {
        let lo = self.pos;
        let mut end = match self.bytes[lo..].iter().position(|&b| b == b'\n') {
            Some(len) => lo + len,
            None => self.bytes.len(),
        };
        if end < self.bytes.len() && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        self.pos = end;
        self.push(kind, lo);
    }

    /// One character that means nothing, or a run of the same.
    fn unknown(&mut self) {
        let lo = self.pos;
        let Some(c) = self.char_at(lo) else {
            self.pos = self.bytes.len();
            return self.push(TokenKind::Unknown, lo);
        };
        while self.char_at(self.pos) == Some(c)
            && !(c == '\r' && self.at(self.pos + 1) == b'\n' && self.pos > lo)
        {
            self.pos += c.len_utf8();
        }
        self.error(LexErrorKind::InvalidChar(c), lo, self.pos);
        self.push(TokenKind::Unknown, lo);
    }
}

/// `#[name]` or `#[name(…)]` alone on its line.
fn is_commented_attribute(comment: &str) -> bool {
    let Some(inner) = comment.trim_end().strip_prefix("#[").and_then(|c| c.strip_suffix(']')) else {
        return false;
    };
    let name = inner.split('(').next().unwrap_or("");
    !name.is_empty()
        && name.bytes().all(|b| CLASS[b as usize] == IDENT)
        && (name.len() == inner.len() || inner.ends_with(')'))
}

/// The place of the `}` that ends a format specification beginning at `pos`, if one stands
/// there: `[[fill]align][+][#][0][width][.precision][kind]`.
pub(crate) fn scan_spec(text: &str, pos: usize) -> Option<usize> {
    let rest = text.get(pos..)?;
    let mut chars = rest.chars();
    let mut at = pos;
    let is_align = |c: Option<char>| matches!(c, Some('<' | '^' | '>'));
    let first = chars.next();
    if is_align(chars.next()) && !matches!(first, Some('}' | '"' | '\n')) {
        at += first?.len_utf8() + 1;
    } else if is_align(first) {
        at += 1;
    }
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    for flag in [b'+', b'#', b'0'] {
        if byte(at) == flag {
            at += 1;
        }
    }
    while byte(at).is_ascii_digit() {
        at += 1;
    }
    if byte(at) == b'.' && byte(at + 1).is_ascii_digit() {
        at += 1;
        while byte(at).is_ascii_digit() {
            at += 1;
        }
    }
    if matches!(byte(at), b'?' | b'x' | b'X' | b'b' | b'o' | b'e') {
        at += 1;
    }
    (byte(at) == b'}').then_some(at)
}
