//! The one place that names atomics and the kernel's futex: std's, or loom's under `--cfg loom`.
//!
//! Not locks or queues: those are built from this in `wait`. Process-wide counters that no model needs
//! ([`global`]) are std's in both builds, because loom's atomics cannot stand in statics.

pub(crate) use imp::*;

/// Atomics for statics: never modelled.
pub(crate) mod global {
    #[cfg(not(loom))]
    pub(crate) use std::sync::OnceLock;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU64, Ordering};
    pub(crate) use std::sync::{Mutex, PoisonError};
}

#[cfg(not(loom))]
mod imp {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

    /// How often a waiter looks again before it parks: about the cost of one trip through the kernel.
    pub(crate) const SPINS: u32 = 100;

    pub(crate) fn yield_now() {
        std::thread::yield_now();
    }

    /// Sleeps while `*word == expected`, until `deadline` (monotonic nanoseconds, -1 for none). May wake for no
    /// reason. False: the deadline has passed.
    pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, deadline: i64) -> bool {
        let time =
            libc::timespec { tv_sec: deadline / 1_000_000_000, tv_nsec: deadline % 1_000_000_000 };
        let time_ptr = if deadline < 0 { std::ptr::null() } else { &raw const time };
        // SAFETY: `word` outlives the call and `time` is a valid timespec; the kernel only reads both.
        let result = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
                expected,
                time_ptr,
                std::ptr::null::<u32>(),
                libc::FUTEX_BITSET_MATCH_ANY,
            )
        };
        !(result < 0 && crate::os::errno() == libc::ETIMEDOUT)
    }

    /// Wakes up to `count` sleepers on an address. The word may be gone already: waking an address nobody
    /// sleeps on does nothing, and every sleeper looks at its word again.
    pub(crate) fn futex_wake(word: *const AtomicU32, count: i32) {
        // SAFETY: the kernel uses the address as a key; it does not access the memory for a private wake.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word,
                libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                count,
            );
        }
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

    pub(crate) const SPINS: u32 = 0;

    pub(crate) fn yield_now() {
        loom::thread::yield_now();
    }

    /// The futex as loom can see it: look, let others run, and report a wake-up for no reason.
    pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, deadline: i64) -> bool {
        if word.load(Ordering::SeqCst) == expected {
            if deadline >= 0 {
                return false;
            }
            loom::thread::yield_now();
        }
        true
    }

    pub(crate) fn futex_wake(_word: *const AtomicU32, _count: i32) {}
}
