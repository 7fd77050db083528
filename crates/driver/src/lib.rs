//! A compiler session: from files to packages, diagnostics, and programs that run.
//!
//! In reading order: [`system`] (the outside world behind one trait), [`manifest`],
//! [`packages`] (which files belong together), [`pipeline`] (the stages, in order),
//! [`whole`] (the program as a whole), [`program`] (past the check boundary), [`testing`],
//! [`exploring`], [`unreceived`], [`confirming`]. It never prints.

#[cfg(feature = "codegen")]
pub mod confirming;
mod constants;
#[cfg(feature = "codegen")]
pub mod diagram;
pub mod embedded;
#[cfg(feature = "codegen")]
pub mod exploring;
pub mod manifest;
pub mod packages;
pub mod pipeline;
#[cfg(feature = "codegen")]
pub mod program;
pub mod system;
#[cfg(feature = "codegen")]
pub mod testing;
#[cfg(feature = "codegen")]
pub mod unreceived;
pub mod whole;

#[cfg(feature = "codegen")]
pub use syntax::format as format_source;
