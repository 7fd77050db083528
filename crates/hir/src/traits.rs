//! What types can do: impl selection, normalisation of associated types, and the structural
//! facts (`Copy`, views, drops, sendability).
//!
//! Two clients: the body checker, whose types hold inference variables (it goes through
//! [`crate::infer::InferCtx`]), and the later stages, whose types have none ([`Facts`],
//! [`concrete`]). The one thing to know: everything is asked of a [`Solver`], a bundle of
//! borrowed tables; it keeps no state of its own but the [`TraitCache`].
//!
//! Built in, without an impl anywhere: `Copy` of numbers, `bool`, `char`, `!`, `&T`, raw
//! pointers, and of tuples, arrays and closures of `Copy` things; `Clone` of all these, and of
//! tuples, arrays and closures whose parts are `Clone`; a `dyn Trait` implements its trait and
//! that one's supertraits. An impl in the program goes before the built-in one. All else,
//! `Display` of `&T` and `Eq` of tuples included, is impls in std.

mod builtin;
pub mod callable;
pub mod concrete;
pub mod env;
pub mod facts;
pub mod header;
mod index;
pub mod project;
pub mod select;
#[cfg(test)]
mod tests;

pub use callable::Callable;
pub use concrete::{CallTarget, ResolvedMethod};
pub use env::{ClosureSig, Closures, NoClosures, ParamEnv, TraitCache};
pub use facts::{Facts, Unsendable};
pub use select::{Builtin, Selection, Solver, Truth};
