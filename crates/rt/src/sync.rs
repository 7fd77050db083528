//! The one place that names atomics and the kernel's futex: std's, or loom's under `--cfg loom`.
//!
//! Not locks or queues: those are built from this in `wait`. Process-wide counters that no model needs
//! ([`global`]) are std's in both builds, because loom's atomics cannot stand in statics.

pub(crate) use fast::exchange_fence;
pub(crate) use imp::*;

/// Spins until `done` says so. False: it does not seem to happen soon.
///
/// The pauses in between become ever longer: so whoever has the memory that is waited for in its cache can do many things
/// with it in a row, and it does not travel for each. All of them together take less than a trip through the kernel.
pub(crate) fn spin_until(mut done: impl FnMut() -> bool) -> bool {
    let mut pause = FIRST_PAUSE;
    while pause <= LONGEST_PAUSE {
        for _ in 0..pause {
            spin_loop();
        }
        if done() {
            return true;
        }
        pause *= 2;
    }
    false
}

/// Pauses between attempts at something that others got in the way of. Already the first is long enough for whoever has the
/// memory in its cache now to do a dozen things with it: it would travel for each otherwise.
pub(crate) struct Backoff(u32);

impl Backoff {
    #[inline]
    pub(crate) const fn new() -> Backoff {
        Backoff(FIRST_PAUSE)
    }

    #[cold]
    pub(crate) fn pause(&mut self) {
        // Whoever is in the way seems to have lost its processor.
        if self.0 > LAST_PAUSE {
            return yield_now();
        }
        for _ in 0..self.0 {
            spin_loop();
        }
        self.0 *= 2;
    }
}

/// Atomics for statics: never modelled.
pub(crate) mod global {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU64, Ordering};
    pub(crate) use std::sync::{Mutex, PoisonError};
    #[cfg(not(loom))]
    pub(crate) use std::sync::{MutexGuard, OnceLock, RwLock};
}

#[cfg(not(loom))]
mod imp {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

    /// See `spin_until`.
    pub(super) const LONGEST_PAUSE: u32 = 256;
    /// See `Backoff` and `spin_until`.
    pub(super) const FIRST_PAUSE: u32 = fast::ring::PAUSE;
    pub(super) const LAST_PAUSE: u32 = 1024;

    pub(crate) fn yield_now() {
        std::thread::yield_now();
    }

    /// Sleeps while `*word == expected`, until `deadline` (monotonic nanoseconds, -1 for none). May wake for no
    /// reason. False: the deadline has passed.
    pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, deadline: i64) -> bool {
        let time = libc::timespec { tv_sec: deadline / 1_000_000_000, tv_nsec: deadline % 1_000_000_000 };
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

    /// Stores with release, and gives what was there just before. Not one step: what comes in between is lost.
    #[inline]
    pub(crate) fn release(word: &AtomicU32, value: u32) -> u32 {
        let seen = word.load(Ordering::Relaxed);
        word.store(value, Ordering::Release);
        seen
    }

    /// How long a nap is at most.
    pub(crate) const NAP: i64 = 200_000;

    /// Sleeps while `*word == expected`, for no longer than `time` (nanoseconds, less than a second).
    pub(crate) fn futex_nap(word: &AtomicU32, expected: u32, time: i64) {
        let time = libc::timespec { tv_sec: 0, tv_nsec: time };
        // SAFETY: as in `futex_wait`; the time of a plain wait is a duration.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                expected,
                &raw const time,
            );
        }
    }

    /// Wakes up to `count` sleepers on an address. The word may be gone already: waking an address nobody
    /// sleeps on does nothing, and every sleeper looks at its word again.
    pub(crate) fn futex_wake(word: *const AtomicU32, count: i32) {
        // SAFETY: the kernel uses the address as a key; it does not access the memory for a private wake.
        unsafe {
            libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, count);
        }
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

    pub(super) const LONGEST_PAUSE: u32 = 0;
    pub(super) const FIRST_PAUSE: u32 = 1;
    pub(super) const LAST_PAUSE: u32 = 0;

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

    /// In one step: for loom a store may take for ever to arrive where others exchange.
    pub(crate) fn release(word: &AtomicU32, value: u32) -> u32 {
        word.swap(value, Ordering::Release)
    }

    pub(crate) const NAP: i64 = 0;

    pub(crate) fn futex_nap(word: &AtomicU32, expected: u32, _time: i64) {
        futex_wait(word, expected, -1);
    }

    pub(crate) fn futex_wake(_word: *const AtomicU32, _count: i32) {}
}
