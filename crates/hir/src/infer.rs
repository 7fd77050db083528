//! Inference inside one body: variables and unification ([`table`]), obligations and their
//! fulfilment ([`context`]), coercions ([`coerce`]), method lookup ([`probe`]), and the words for
//! what failed ([`report`]).
//!
//! Not here: how a body is walked ([`crate::check`]), what types can do as such
//! ([`crate::traits`]). The one thing to know: a body's checker owns one [`InferCtx`] and asks
//! everything through it.

pub mod closures;
pub mod coerce;
pub mod context;
pub mod demand;
pub mod probe;
mod remedy;
pub mod report;
pub mod table;

pub use closures::{ClosureState, ClosureStates};
pub use coerce::{Adjust, AdjustKind, Adjusts};
pub use context::InferCtx;
pub use demand::{Cause, CauseKind, Demand, Obligation, Reason, Unsatisfied};
pub use probe::{Confirmed, NotFound, Pick, PickSource, ProbeError};
pub use table::{InferTable, Mismatch, MismatchKind, Snapshot};
