//! The search over schedules: which task goes next, in which executions, until when.
//!
//! A program under exploration runs with all its tasks on one OS thread. Each task stands before its
//! next *visible operation*; the runtime asks a [`Strategy`] which one goes, tells it what the
//! operation did, and so on to the end of the execution, then begins the next one. This crate never runs anything: it
//! has no threads, no I/O, no clock and no unsafe code, so what it decides depends on nothing
//! but what it was told.
//!
//! ```text
//! while strategy.begin() {
//!     loop { choose ──▶ the runtime runs one operation ──▶ executed }
//!     end
//! }
//! coverage: what can be said about the program now
//! ```
//!
//! What an operation touches is said by [`Access`]es; from them the exhaustive search knows which operations
//! commute (see the head of `exhaustive`). What happened is kept as a [`Schedule`], a short string from which an execution can be
//! repeated.

mod bounded;
mod directed;
mod estimate;
mod exhaustive;
mod fairness;
mod interface;
mod pct;
mod portfolio;
mod random;
mod replay;
mod rng;
mod schedule;
mod shrink;
mod trace;

pub use bounded::Bounded;
pub use directed::{Directed, Stage};
pub use exhaustive::Exhaustive;
pub use interface::{
    Access, Case, Choice, Coverage, Crowd, End, Event, EventIndex, Kind, ObjectId, Outcome, Pending, Reason,
    Strategy, Stuck, TaskId,
};
pub use pct::Pct;
pub use portfolio::Portfolio;
pub use random::RandomWalk;
pub use replay::{Mismatch, Replay};
pub use rng::Rng;
pub use schedule::{Recorder, Run, Schedule, ScheduleError};
pub use shrink::shrink;
pub use trace::{Arrow, Place, Step, Trace, Wait};
