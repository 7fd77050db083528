//! What every stage of the compiler shares: source files and spans, interned names, typed
//! indices, and diagnostics.
//!
//! It knows nothing of the language. In reading order: [`span`], [`name`], [`index`],
//! [`diagnostic`], [`codes`].

pub mod codes;
pub mod diagnostic;
pub mod index;
pub mod name;
pub mod span;

pub use codes::Code;
pub use diagnostic::{Applicability, Diagnostic, Fix, Label, Severity};
pub use index::{Idx, IndexVec};
pub use name::Name;
pub use span::{FileId, LineCol, SourceFile, SourceMap, Span};

/// Hash map with the compiler's fast, deterministic hasher.
pub type FxHashMap<K, V> = rustc_hash::FxHashMap<K, V>;
/// Hash set with the compiler's fast, deterministic hasher.
pub type FxHashSet<K> = rustc_hash::FxHashSet<K>;
