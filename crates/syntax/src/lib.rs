//! Text to syntax: every byte is kept in the token list, and parsing always gives a tree.
//!
//! It knows nothing of what names mean. In reading order: [`token`], [`lexer`], [`ast`], then
//! `parser` (whose opening says how line ends and indentation work) and [`fmt`].

pub mod ast;
mod dump;
pub mod fmt;
pub mod lexer;
mod parser;
pub mod token;

pub use dump::{dump, shape};
pub use fmt::format;
pub use parser::{MAX_NESTING, parse};
pub use token::{Token, TokenKind};

/// What a file's text is: its tokens, its tree, and what is wrong with it.
pub struct Parse {
    /// Covers every byte of the text, in order.
    pub tokens: Vec<Token>,
    pub file: ast::File,
    /// In source order, one per cause.
    pub diagnostics: Vec<base::Diagnostic>,
}

impl Parse {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(base::Diagnostic::is_error)
    }
}
