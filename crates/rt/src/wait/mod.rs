//! How a thread waits for one of several things, and how others end its wait. Everything that blocks
//! (locks, channels, select, join) is built from this; nothing else parks a thread.
//!
//! # The protocol: claim, commit, wake
//!
//! An *object* (a channel, a bucket of the lot) has one short lock and queues of [`Node`]s. A waiter makes
//! one [`Wait`] on its stack and, for each case, one node that leads to it. Then:
//!
//! 1. **Look.** With the locks of *all* its objects held (taken in address order), the waiter looks whether a
//!    case can be completed now. If so it completes it and is done: no node was ever visible.
//! 2. **Enqueue.** Still holding every lock, it links its nodes, then unlocks. From here on it does not
//!    look any more: it only parks.
//! 3. **Claim.** Who can complete a case (a sender, an unlocker, a closer) holds that object's lock, unlinks the
//!    node, and claims the wait: `WAITING|PARKED -> CLAIMED` by compare-and-swap. Whoever wins the swap decides the
//!    wait; who loses skips the node as if it had never been there.
//! 4. **Commit.** Holding the lock still, the winner does what the case means (moves the value, hands over the
//!    lock), writes the result into the wait and stores `COMMITTED`.
//! 5. **Wake.** After unlocking it wakes the thread, if it had parked.
//! 6. **Leave.** The waiter, seeing `COMMITTED`, unlinks its other nodes, each under its object's lock.
//!    A timeout is one more competitor: it claims the wait for itself, then leaves.
//!
//! # Invariants
//!
//! - A node is read and written only under the lock of the object it is linked into, or while it is unlinked by its owner.
//! - A linked node's wait is alive: a waiter leaves step 6 only when none of its nodes is linked.
//! - After `COMMITTED` the winner touches neither node nor wait (the wake uses an address only).
//! - Exactly one transition out of `WAITING|PARKED` happens, so exactly one case commits.
//! - Since looking and enqueueing are one step under all locks, two waiters that could serve each other
//!   cannot both park: the second one finds the first one's node. Nobody ever claims two waits, or its own.
//! - Locks of objects nest only in step 1, in address order; nothing else takes a second one.

mod lot;
mod node;
mod raw_lock;

pub(crate) use lot::{Bucket, Lot};
pub(crate) use node::{Node, Queue, Wakers, finish};
pub(crate) use raw_lock::{Locked, RawLock};

#[cfg(not(loom))]
pub(crate) use lot::LOT;

use crate::census;
use crate::sync::{AtomicU32, Ordering, SPINS, futex_wait, futex_wake, spin_loop, yield_now};

const WAITING: u32 = 0;
const PARKED: u32 = 1;
const CLAIMED: u32 = 2;
const COMMITTED: u32 = 3;

/// What the one who committed a case tells the waiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// The case happened: the value is there, the lock is held.
    Done = 0,
    /// The channel closed.
    Closed = 1,
    /// Look again: the thing may be free (a mutex released without handing it over, a word that changed).
    Retry = 2,
    /// No case of this wait can happen any more.
    Never = 3,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    Committed { case: u32, outcome: Outcome },
    TimedOut,
}

/// What a thread waits for, for the deadlock report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Reason {
    Nothing = 0,
    Lock,
    ReadLock,
    WriteLock,
    Condvar,
    Semaphore,
    Event,
    Join,
    Word,
    Send,
    Recv,
    Select,
}

/// One wait of one thread; lives on its stack while it waits.
pub(crate) struct Wait {
    state: AtomicU32,
    /// `case << 8 | outcome`, written between claim and commit.
    result: AtomicU32,
    /// Cases that may still happen; when a closing channel takes the last one, the wait ends with `Never`.
    open: AtomicU32,
    /// -1: no deadline.
    deadline: i64,
    counted: bool,
    reason: Reason,
    object: usize,
}

impl Wait {
    /// Begins a wait. Called with the locks of its objects held, right before nodes are linked, since from here
    /// the census takes this thread for stuck (if it waits for ever).
    pub(crate) fn begin(reason: Reason, object: usize, open: u32, deadline: i64) -> Wait {
        let counted = deadline < 0 && census::begin_wait();
        Wait {
            state: AtomicU32::new(WAITING),
            result: AtomicU32::new(0),
            open: AtomicU32::new(open),
            deadline,
            counted,
            reason,
            object,
        }
    }

    /// Step 3: decides this wait. At most one caller ever gets a claim.
    pub(crate) fn claim(&self) -> Option<Claim> {
        let mut seen = self.state.load(Ordering::Relaxed);
        while seen == WAITING || seen == PARKED {
            // Acquire pairs with the waiter's own writes to the wait before it parked.
            match self.state.compare_exchange(seen, CLAIMED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => {
                    if self.counted {
                        census::end_wait();
                    }
                    return Some(Claim { wait: self, parked: seen == PARKED });
                }
                Err(now) => seen = now,
            }
        }
        None
    }

    /// One case of this wait cannot happen any more. Claims the wait if it was the last and there is no deadline.
    pub(crate) fn lose_case(&self) -> Option<Claim> {
        let before = self.open.fetch_sub(1, Ordering::AcqRel);
        if before == 1 && self.deadline < 0 { self.claim() } else { None }
    }

    /// Parks until somebody commits a case or the deadline passes. The locks are released.
    pub(crate) fn park(&self) -> Ended {
        for _ in 0..SPINS {
            if self.state.load(Ordering::Acquire) == COMMITTED {
                return self.ended();
            }
            spin_loop();
        }
        crate::before_blocking();
        let recorded = census::record(self.reason, self.object);
        if self.counted {
            census::check_deadlock();
        }
        let ended = self.sleep();
        if recorded {
            census::record(Reason::Nothing, 0);
        }
        ended
    }

    fn sleep(&self) -> Ended {
        loop {
            // Acquire pairs with the release in `commit`: the result and the moved value are visible.
            match self.state.load(Ordering::Acquire) {
                COMMITTED => return self.ended(),
                // The winner is between claim and commit, holding a short lock.
                CLAIMED => yield_now(),
                WAITING => {
                    let _ = self.state.compare_exchange(
                        WAITING,
                        PARKED,
                        Ordering::Release,
                        Ordering::Relaxed,
                    );
                }
                _ => {
                    if !futex_wait(&self.state, PARKED, self.deadline) && self.claim().is_some() {
                        return Ended::TimedOut;
                    }
                }
            }
        }
    }

    fn ended(&self) -> Ended {
        let result = self.result.load(Ordering::Relaxed);
        let outcome = match result & 0xff {
            0 => Outcome::Done,
            1 => Outcome::Closed,
            2 => Outcome::Retry,
            _ => Outcome::Never,
        };
        Ended::Committed { case: result >> 8, outcome }
    }
}

/// The right, and the duty, to commit a case of a wait.
#[must_use]
pub(crate) struct Claim {
    /// Alive until `commit`: a claimed wait does not end before.
    wait: *const Wait,
    parked: bool,
}

impl Claim {
    /// Step 4's end. Afterwards the wait may be gone.
    pub(crate) fn commit(self, case: u32, outcome: Outcome) -> Waker {
        // SAFETY: the wait lives until the store below, which is the last access.
        unsafe {
            let word: *const AtomicU32 = &raw const (*self.wait).state;
            (*self.wait).result.store(case << 8 | outcome as u32, Ordering::Relaxed);
            // Release: the waiter's acquire load sees the result and whatever the case moved.
            (*word).store(COMMITTED, Ordering::Release);
            Waker(if self.parked { word } else { std::ptr::null() })
        }
    }
}

/// Step 5, to be done after unlocking.
#[must_use]
pub(crate) struct Waker(*const AtomicU32);

impl Waker {
    pub(crate) fn wake(self) {
        if !self.0.is_null() {
            futex_wake(self.0, 1);
        }
    }
}
