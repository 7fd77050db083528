//! How long a thread stays awake before it sleeps.
//!
//! Falling asleep in the kernel and being woken takes some 5 to 20 µs, part of it the waker's. Where a wait ends sooner
//! than that, it is cheaper for both to look again and again; where it does not, the time is lost, and to others too if the
//! machine is busy. So a thread tries, and learns: a wait that did not end in time makes it sleep at once in the
//! next ones, in twice as many each time (as locks do that adapt: glibc's `PTHREAD_MUTEX_ADAPTIVE_NP`, HotSpot's monitors). And
//! at most half of the processors' number of threads stay awake at a time.

use std::cell::Cell;
use std::sync::OnceLock;

use super::Reason;
use crate::clock;
use crate::sync::global::AtomicI32;
use crate::sync::{Ordering, spin_loop};

/// How long it stays awake, in nanoseconds.
const LONG: i64 = 20_000;
/// How often it looks between two looks at the clock.
const LOOKS: u32 = 16;
/// How often it looks before it sleeps at once: while the other side may be in the middle of it.
const FEW_LOOKS: u32 = 100;
/// In so many waits, at most, it does not try.
const MOST_SKIPPED: u32 = 255;

/// How many threads stay awake.
static AWAKE: AtomicI32 = AtomicI32::new(0);

thread_local! {
    /// In how many waits to come this thread does not try, and how many that were the last time.
    static SKIP: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// Looks until `done`, for as long as that pays. False: it is time to sleep.
pub(super) fn look_until(done: impl Fn() -> bool, reason: u8) -> bool {
    for _ in 0..FEW_LOOKS {
        if done() {
            return true;
        }
        spin_loop();
    }
    if !ends_soon(reason) {
        return false;
    }
    let (skip, last) = SKIP.get();
    if skip > 0 {
        SKIP.set((skip - 1, last));
        return false;
    }
    let done = one_of_few(|| look_long(done));
    let last = if done { 0 } else { (last * 2 + 1).min(MOST_SKIPPED) };
    SKIP.set((last, last));
    done
}

/// Whether waits of this kind are for what others are doing just now.
fn ends_soon(reason: u8) -> bool {
    const LONG_ONES: [Reason; 6] =
        [Reason::Join, Reason::Scope, Reason::Sleep, Reason::Yield, Reason::System, Reason::Io];
    !LONG_ONES.iter().any(|long| *long as u8 == reason)
}

/// `look`, unless too many threads look already.
fn one_of_few(look: impl FnOnce() -> bool) -> bool {
    static MOST: OnceLock<i32> = OnceLock::new();
    // Who is alone on its processor waits in vain while it is awake.
    let most = *MOST.get_or_init(|| std::thread::available_parallelism().map_or(0, |n| n.get() as i32 / 2));
    let looks = AWAKE.fetch_add(1, Ordering::Relaxed) < most && look();
    AWAKE.fetch_sub(1, Ordering::Relaxed);
    looks
}

fn look_long(done: impl Fn() -> bool) -> bool {
    let until = clock::monotonic() + LONG;
    loop {
        for _ in 0..LOOKS {
            if done() {
                return true;
            }
            spin_loop();
        }
        if clock::monotonic() >= until {
            return false;
        }
    }
}
