//! The runtime that every Altru program is linked with (or, under `altru run`, runs inside of).
//!
//! Exports the C functions that `abi` lists and nothing else; the checks in `exports` hold the two together.
//! Linux only so far: futexes, signals and processes are the kernel's own.
//!
//! The one thing to know: whatever blocks does so through `wait`, whose head describes the protocol.

#![cfg_attr(loom, allow(dead_code, unused_imports))]

mod arena;
mod census;
mod channel;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod check;
mod clock;
mod locks;
mod mapping;
mod memory;
mod point;
mod runner;
mod sanitize;
mod select;
mod sync;
mod timer;
mod wait;

#[cfg(not(loom))]
mod backtrace;
#[cfg(not(loom))]
mod call;
#[cfg(not(loom))]
mod chain;
#[cfg(not(loom))]
mod current;
#[cfg(not(loom))]
mod env;
#[cfg(not(loom))]
pub mod explore;
#[cfg(not(loom))]
mod exports;
#[cfg(not(loom))]
mod format;
#[cfg(not(loom))]
mod fs;
#[cfg(not(loom))]
mod interrupt;
#[cfg(not(loom))]
mod math;
#[cfg(not(loom))]
mod net;
mod os;
#[cfg(not(loom))]
mod panic;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod process;
#[cfg(not(loom))]
mod random;
mod sched;
#[cfg(not(loom))]
mod signals;
#[cfg(not(loom))]
mod start;
mod stdio;
#[cfg(not(loom))]
mod task;
#[cfg(not(loom))]
mod text;
#[cfg(not(loom))]
mod thread;
#[cfg(not(loom))]
mod time;
#[cfg(not(loom))]
mod trace;
#[cfg(not(loom))]
mod watch;
#[cfg(not(loom))]
mod who;

#[cfg(not(loom))]
pub use exports::symbols;

/// What `web` builds on, which is a part of the runtime in a crate of its own so that only who uses it is linked with it.
#[cfg(not(loom))]
#[doc(hidden)]
pub mod embed {
    pub use crate::clock::monotonic;
    pub use crate::current::{runner, thread};
    pub use crate::locks::{WordNode, word_changed, word_lock};
    pub use crate::net::{
        Direction, Source, begin_wait as begin_io, end_wait as end_io, poll_call, poll_read, retry,
    };
    pub use crate::os::message;
    pub use crate::panic::adopt;
    pub use crate::runner::{Runner, Unwinding};
    pub use crate::task::Task;
    pub use crate::text::{Out, bytes, text};
    pub use crate::wait::{Ended, Machine, Outcome, Reason, Step, Wakers, run};
}
#[cfg(not(loom))]
pub use trace::trace_to;

#[cfg(test)]
mod tests;

/// Exit status of a program that panicked (or cannot go on for a reason that is its own fault).
pub(crate) const EXIT_PANIC: i32 = 101;

/// Ends the process without running destructors of whatever else is in it: other threads may still be
/// running, and under `altru run` the compiler is in here too.
pub(crate) fn exit_now(code: i32) -> ! {
    #[cfg(not(loom))]
    trace::finish();
    sanitize::before_exit();
    // SAFETY: always allowed.
    unsafe { libc::_exit(code) }
}

/// A thread is about to block: what it printed should be seen.
pub(crate) fn before_blocking() {
    stdio::flush_for_reader();
}

// What the waiting code needs of the parts that loom's models do without.

#[cfg(not(loom))]
mod hooks {
    pub(crate) use crate::net::{
        begin_wait as begin_io, end_wait as end_io, is_readable, readable_word, watch_readable,
    };
    pub(crate) use crate::random::below as choose;
    pub(crate) use crate::sched::{arm, disarm, end_turn, end_turn_in_loop, schedule, turn_is_over};
    pub(crate) use crate::task::end_word as end_of_task;
    pub(crate) use crate::thread::end_word as end_of_thread;
}

#[cfg(loom)]
mod hooks {
    pub(crate) use crate::tests::hooks::*;
}

pub(crate) use hooks::*;
