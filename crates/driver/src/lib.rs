//! A compiler session: from files to packages, diagnostics, and programs that run.
//!
//! In reading order: [`system`] (the outside world behind one trait), [`manifest`],
//! [`packages`] (which files belong together), [`pipeline`] (the stages, in order),
//! [`program`] (past the check boundary), [`testing`]. It never prints.

mod constants;
pub mod embedded;
pub mod manifest;
pub mod packages;
pub mod pipeline;
pub mod system;
#[cfg(feature = "codegen")]
pub mod program;
#[cfg(feature = "codegen")]
pub mod testing;

pub use syntax::format as format_source;
