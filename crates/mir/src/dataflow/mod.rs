//! Dataflow over MIR: bit sets, the fixpoint engine, move paths, and which of them are
//! initialised where.
//!
//! Not here: what the results mean for the user (`check`) or for drops (`elaborate`). The one
//! thing to know: an analysis sees only reachable blocks; a state is kept per block, and a client
//! walks it through the block's statements itself, with the analysis' own transfer functions.

pub mod bitset;
pub mod engine;
pub mod init;
pub mod move_paths;

pub use bitset::BitSet;
pub use engine::{Analysis, Direction, Results, run};
pub use init::{MaybeInit, MaybeUninit};
pub use move_paths::{Effect, IllegalMove, IllegalMoveKind, Lookup, MovePath, MovePathId, MovePaths};
