//! Tokens: kinds and places. Every byte of a file belongs to exactly one token.
//!
//! Values (numbers, unescaped strings, names) are not here; the parser reads them from the text.
//! The one thing to know: contextual words such as `from` or `select` have kinds of their own
//! but count as identifiers ([`TokenKind::is_ident`]) wherever an identifier may stand.

/// The kind of a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum TokenKind {
    // Trivia.
    /// Blanks and tabs, and a byte order mark at the very start.
    Whitespace,
    /// One line end: `\n` or `\r\n`.
    Newline,
    /// `# …` or `// …`, without the line end.
    Comment,
    /// `### … ###`.
    BlockComment,
    /// `## …`.
    DocComment,
    /// `\` and the line end that it hides.
    Continuation,
    /// Characters that mean nothing in the language.
    Unknown,

    /// Stands for a line end where that matters. Only the parser sees it; never in a token list.
    LineEnd,
    /// End of the file. Never in a token list.
    Eof,

    // Literals.
    Int,
    Float,
    Char,
    Byte,
    /// A whole string without interpolation: `"…"`, `"""…"""`, `r"…"`, `r#"…"#`.
    Str,
    /// `"…${`.
    StrStart,
    /// `}…${`, or `:spec}…${`.
    StrMid,
    /// `}…"`, or `:spec}…"`.
    StrEnd,
    /// `'several characters'`: a slip for a string.
    QuotedStr,
    /// `'name`.
    Label,

    // Punctuation.
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Comma,
    Semi,
    Colon,
    ColonColon,
    Dot,
    DotDot,
    DotDotEq,
    Arrow,
    FatArrow,
    At,
    Question,
    Eq,
    EqEq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Amp,
    Pipe,
    Caret,
    Tilde,
    Bang,
    Shl,
    Shr,
    AmpAmp,
    PipePipe,
    PlusEq,
    MinusEq,
    StarEq,
    SlashEq,
    PercentEq,
    AmpEq,
    PipeEq,
    CaretEq,
    ShlEq,
    ShrEq,

    // Words that are always keywords.
    And,
    As,
    Async,
    Await,
    Break,
    Const,
    Continue,
    Dyn,
    Else,
    Enum,
    Extern,
    False,
    Fn,
    For,
    If,
    Impl,
    In,
    Let,
    Loop,
    Match,
    Mod,
    Mut,
    Not,
    Or,
    Own,
    Pub,
    Return,
    SelfValue,
    Static,
    Struct,
    Trait,
    True,
    Unsafe,
    Use,
    Where,
    While,
    /// `_`.
    Underscore,

    // Words that are keywords only where the grammar has a place for them.
    Actor,
    Case,
    Deadline,
    Default,
    Defer,
    Ens,
    Exists,
    Forall,
    From,
    Go,
    Implies,
    Inv,
    Old,
    Pass,
    Req,
    Scope,
    Select,
    Type,
    View,
    /// `null` and `nil`, which people bring along.
    Null,
    Ident,
}

impl TokenKind {
    /// An identifier, or a word that may serve as one.
    #[inline]
    pub fn is_ident(self) -> bool {
        self >= TokenKind::Actor
    }

    /// Any word: identifier or keyword.
    #[inline]
    pub fn is_word(self) -> bool {
        self >= TokenKind::And
    }

    /// A keyword that cannot serve as an identifier.
    #[inline]
    pub fn is_keyword(self) -> bool {
        self >= TokenKind::And && self < TokenKind::Actor
    }

    #[inline]
    pub fn is_trivia(self) -> bool {
        self <= TokenKind::Unknown
    }

    pub fn is_comment(self) -> bool {
        matches!(self, TokenKind::Comment | TokenKind::BlockComment | TokenKind::DocComment)
    }

    pub fn is_open(self) -> bool {
        matches!(self, TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace | TokenKind::StrStart)
    }

    /// Ends a bracket, or the expression inside `${…}`.
    pub fn is_close(self) -> bool {
        matches!(
            self,
            TokenKind::RParen
                | TokenKind::RBracket
                | TokenKind::RBrace
                | TokenKind::StrMid
                | TokenKind::StrEnd
        )
    }

    /// The token's text, where it has only one.
    pub fn text(self) -> Option<&'static str> {
        use TokenKind::*;
        Some(match self {
            LParen => "(",
            RParen => ")",
            LBracket => "[",
            RBracket => "]",
            LBrace => "{",
            RBrace => "}",
            Comma => ",",
            Semi => ";",
            Colon => ":",
            ColonColon => "::",
            Dot => ".",
            DotDot => "..",
            DotDotEq => "..=",
            Arrow => "->",
            FatArrow => "=>",
            At => "@",
            Question => "?",
            Eq => "=",
            EqEq => "==",
            Ne => "!=",
            Lt => "<",
            Le => "<=",
            Gt => ">",
            Ge => ">=",
            Plus => "+",
            Minus => "-",
            Star => "*",
            Slash => "/",
            Percent => "%",
            Amp => "&",
            Pipe => "|",
            Caret => "^",
            Tilde => "~",
            Bang => "!",
            Shl => "<<",
            Shr => ">>",
            AmpAmp => "&&",
            PipePipe => "||",
            PlusEq => "+=",
            MinusEq => "-=",
            StarEq => "*=",
            SlashEq => "/=",
            PercentEq => "%=",
            AmpEq => "&=",
            PipeEq => "|=",
            CaretEq => "^=",
            ShlEq => "<<=",
            ShrEq => ">>=",
            Underscore => "_",
            _ => return None,
        })
    }

    /// The kind of a word.
    #[inline]
    pub fn of_word(word: &[u8]) -> TokenKind {
        use TokenKind::*;
        // No keyword is longer than `continue`/`deadline` or starts outside a..w.
        if word.len() > 8 || !(b'_'..=b'w').contains(&word[0]) {
            return Ident;
        }
        match word {
            b"_" => Underscore,
            b"and" => And,
            b"as" => As,
            b"async" => Async,
            b"await" => Await,
            b"actor" => Actor,
            b"break" => Break,
            b"case" => Case,
            b"const" => Const,
            b"continue" => Continue,
            b"deadline" => Deadline,
            b"default" => Default,
            b"defer" => Defer,
            b"dyn" => Dyn,
            b"else" => Else,
            b"ens" => Ens,
            b"enum" => Enum,
            b"exists" => Exists,
            b"extern" => Extern,
            b"false" => False,
            b"fn" => Fn,
            b"for" => For,
            b"forall" => Forall,
            b"from" => From,
            b"go" => Go,
            b"if" => If,
            b"impl" => Impl,
            b"implies" => Implies,
            b"in" => In,
            b"inv" => Inv,
            b"let" => Let,
            b"loop" => Loop,
            b"match" => Match,
            b"mod" => Mod,
            b"mut" => Mut,
            b"nil" | b"null" => Null,
            b"not" => Not,
            b"old" => Old,
            b"or" => Or,
            b"own" => Own,
            b"pass" => Pass,
            b"pub" => Pub,
            b"req" => Req,
            b"return" => Return,
            b"scope" => Scope,
            b"select" => Select,
            b"self" => SelfValue,
            b"static" => Static,
            b"struct" => Struct,
            b"trait" => Trait,
            b"true" => True,
            b"type" => Type,
            b"unsafe" => Unsafe,
            b"use" => Use,
            b"view" => View,
            b"where" => Where,
            b"while" => While,
            _ => Ident,
        }
    }
}

/// A token: the bytes `lo..hi`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub lo: u32,
    pub hi: u32,
}
