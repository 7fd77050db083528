//! Control-flow IR: lowering from typed bodies, ownership checks, monomorphisation.
//!
//! In reading order: [`body`] (the data), [`lower`], [`dataflow`], [`check`], [`elaborate`]
//! (which drops happen), [`simplify`], [`mono`]. The text form ([`print`], [`parse`]) lets every
//! check be tested without a front end; [`verify`] knows the rules that hold between stages.

pub mod body;
pub mod check;
pub mod dataflow;
pub mod deadlock;
pub mod elaborate;
pub mod interp;
pub mod lower;
pub mod mono;
pub mod names;
pub mod parse;
pub mod place;
pub mod print;
pub mod simplify;
pub mod verify;
pub mod visit;
