//! The syntax tree: what the parser makes of a file's tokens.
//!
//! Not here: names' meanings, types, desugaring. The one thing to know: the tree is typed and
//! owned, and every node has the span of its tokens; comments and blank space live only in the
//! token list ([`crate::Parse::tokens`]), which covers every byte of the file. Where the text
//! was broken there are `Error` nodes or empty names, each already reported. A large tree costs time
//! by its size alone, so what is rare in a node is boxed.

mod exprs;
mod items;
mod patterns;
mod stmts;
mod types;

use base::{Name, Span};

pub use exprs::*;
pub use items::*;
pub use patterns::*;
pub use stmts::*;
pub use types::*;

/// A name with its place. `name` is empty where one was missing (reported by the parser).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident {
    pub name: Name,
    pub span: Span,
}

/// One file. `items` and `statements` are both in source order; a file with statements is a
/// script whose `main` they are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// `##` lines at the top of the file.
    pub docs: Vec<Span>,
    pub items: Vec<Item>,
    pub statements: Vec<Stmt>,
}
