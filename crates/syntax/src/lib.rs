//! Text to syntax: every byte is kept in the token list, and parsing always gives a tree.
pub mod ast;
