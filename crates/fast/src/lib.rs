//! The runtime's ways that are taken all the time: what a channel, a lock or an actor does when nobody has to wait.
//!
//! Compiled twice from this one source. As a crate it is a part of `rt`. And `codegen`'s build script makes LLVM bitcode of it, which
//! release builds link into a program's module before they optimise it: so a call of a function in [`exports`] becomes its
//! code, specialised on what is constant there (a value's size). Whatever is not the common case is a call into `rt`.
//!
//! So what is here knows no thread-local variable, no library, and of the structures only what it needs: their fronts, which
//! `rt` puts first. The one thing to know: a function here tries once. Nothing has happened if it says so, and the
//! caller goes on with the runtime's function that does all of it.

#![cfg_attr(not(loom), no_std)]

pub mod ring;
pub mod runner;

#[cfg(not(loom))]
pub mod exports;

mod sync {
    #[cfg(not(loom))]
    pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
    #[cfg(loom)]
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

    /// Between a sequentially consistent exchange and a load of something else. Nothing: they are ordered. (loom, which
    /// knows sequential consistency by fences only, has one here.)
    #[inline(always)]
    pub fn exchange_fence() {
        #[cfg(loom)]
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

pub use sync::exchange_fence;
