//! How a thread or a task waits for one of several things, and how others end its wait. Everything that blocks
//! (locks, channels, select, join, sleep) is built from this; nothing else parks a thread or suspends a task.
//!
//! # The protocol: claim, commit, wake
//!
//! An *object* (a channel, a bucket of the lot) has one short lock and queues of [`Node`]s. A waiter has one
//! [`Wait`], in its [`Runner`], and for each case one node that leads to it; the nodes are on the thread's stack or
//! in the task's leaf frame ([`Machine`]). Then:
//!
//! 1. **Look.** With the locks of *all* its objects held (taken in address order), the waiter looks whether a
//!    case can be completed now. If so it completes it and is done: no node was ever visible.
//! 2. **Enqueue.** Still holding every lock, it begins its wait (`IDLE -> WAITING`), links its nodes, and unlocks.
//!    From here on it does not look any more: it only parks.
//! 3. **Park.** A thread sets `WAITING -> PARKED` and sleeps on the state's address. A task's leaf frame returns
//!    `SUSPENDED`, generated code unwinds the native stack, and the *driver*, when nothing of the task runs any more,
//!    sets `WAITING -> SUSPENDED`. If that fails, somebody has claimed the wait already and the driver resumes the
//!    task at once (after waiting for `COMMITTED`). If it succeeds, the driver touches the task no more.
//! 4. **Claim.** Who can complete a case (a sender, an unlocker, a closer) holds that object's lock, unlinks the
//!    node, and claims the wait: `WAITING|PARKED|SUSPENDED -> CLAIMED` by compare-and-swap. Whoever wins the swap decides
//!    the wait; who loses skips the node as if it had never been there.
//! 5. **Commit.** Holding the lock still, the winner does what the case means (moves the value, hands over the
//!    lock), writes the result into the wait and stores `COMMITTED`.
//! 6. **Wake.** After unlocking it wakes the thread if that had parked, or schedules the task if that was
//!    suspended. It does neither if the claim was made from `WAITING`: then the waiter is still on its way and will see.
//! 7. **Leave.** The waiter, seeing `COMMITTED`, goes back to `IDLE` and unlinks its other nodes, each under its object's
//!    lock.
//!
//! Timeouts and cancellations are competitors like any other. A thread that timed out claims its own wait. A task's
//! timer is linked into a wheel, which is an object with a lock: who finds it due claims and commits under
//! that lock. A **cancellation** (`Runner::cancel`) first sets the task's `CANCEL` flag, then tries to claim whatever
//! wait the task is in; the task first begins its wait, then looks at the flag (and claims its own wait if it is
//! set). Both are sequentially consistent, so one of them sees the other. A canceller needs no object: the
//! wait is part of the task, to which it has a reference. A *shielded* wait (during unwinding, in `defer`) carries a
//! bit that makes the canceller leave it alone; there the flag stays for later.
//!
//! # Invariants
//!
//! - A node is read and written only under the lock of the object it is linked into, or while it is unlinked by its owner.
//! - A linked node's wait is the one it was linked for: a waiter leaves step 7 only when none of its nodes is linked.
//! - After `COMMITTED` the winner touches neither node nor wait. What it wakes is an address for a thread; for a
//!   suspended task it is the task itself, which cannot run, hence not end, until the winner schedules it.
//! - Exactly one transition out of `WAITING|PARKED|SUSPENDED` happens, so exactly one case commits, and a task is
//!   scheduled exactly once for each time its driver set `SUSPENDED`.
//! - Whoever only wants to see what a waiter does adds `LOOKED_AT` to `PARKED` or `SUSPENDED` for a moment. That holds up
//!   claims, so the waiter and its frames stay as they are; nothing is held, nothing waits, so it may be done
//!   anywhere, in signal handlers too.
//! - Since looking and enqueueing are one step under all locks, two waiters that could serve each other
//!   cannot both park: the second one finds the first one's node. Nobody ever claims two waits.
//! - Locks of objects nest only in step 1, in address order. A scope's lock may be held while a wait is claimed and
//!   committed; nothing else takes a second one.

mod lot;
mod machine;
mod node;
#[cfg(not(loom))]
mod patience;
mod raw_lock;

pub(crate) use lot::{Bucket, LOT};
pub use machine::{Machine, Step, run};
pub(crate) use machine::{NOW, WaitResult, block};
pub(crate) use node::{Node, finish};
pub use node::{Queue, Wakers};
pub use raw_lock::LockedGuard;
pub(crate) use raw_lock::{Locked, RawLock};

use crate::census;
use crate::runner::Runner;
use crate::sync::{AtomicU32, AtomicUsize, Ordering, futex_wait, futex_wake, yield_now};

const IDLE: u32 = 0;
const WAITING: u32 = 1;
const PARKED: u32 = 2;
const SUSPENDED: u32 = 3;
const CLAIMED: u32 = 4;
const COMMITTED: u32 = 5;
/// A thread waits in the kernel instead. Nobody can claim that.
const IN_KERNEL: u32 = 6;
/// Added to the first three of a wait that a cancellation must not claim.
const SHIELDED: u32 = 8;
/// Added to `PARKED`, `SUSPENDED` or `IN_KERNEL` while somebody looks at the waiter's frames: whoever would claim waits for that.
const LOOKED_AT: u32 = 16;

/// What the one who committed a case tells the waiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Outcome {
    /// The case happened: the value is there, the lock is held.
    Done = 0,
    /// The channel closed.
    Closed = 1,
    /// Look again: the thing may be free (a mutex released without handing it over, a word that changed).
    Retry = 2,
    /// No case of this wait can happen any more.
    Never = 3,
    /// The wait's own timeout has passed.
    TimedOut = 4,
    /// The deadline of a `deadline` block around has passed.
    Deadline = 5,
    /// The task is cancelled.
    Cancelled = 6,
}

impl Outcome {
    const ALL: [Outcome; 7] = [
        Outcome::Done,
        Outcome::Closed,
        Outcome::Retry,
        Outcome::Never,
        Outcome::TimedOut,
        Outcome::Deadline,
        Outcome::Cancelled,
    ];

    /// The waiter is to unwind.
    pub fn interrupts(self) -> bool {
        matches!(self, Outcome::Deadline | Outcome::Cancelled)
    }

    /// No case happened, so that the waiter's nodes are still linked.
    pub fn is_withdrawal(self) -> bool {
        self == Outcome::TimedOut || self.interrupts()
    }
}

/// How a wait ended. `case` means nothing if no case happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    pub case: u32,
    pub outcome: Outcome,
}

/// What somebody waits for, for the deadlock report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reason {
    Lock = 1,
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
    Scope,
    Sleep,
    Yield,
    System,
    Io,
    Reply,
}

/// Added to a reason: the wait has a deadline, and the census has counted it.
const TIMED: u32 = 1 << 8;
const COUNTED: u32 = 1 << 9;
/// The rest of `about` tells a waiter's waits apart: it is counted up.
const NEXT: u32 = 1 << 10;

/// The one wait that a thread or task can be in.
pub(crate) struct Wait {
    state: AtomicU32,
    /// `case << 8 | outcome`, written between claim and commit.
    result: AtomicU32,
    /// Cases that may still happen; when a closing channel takes the last one, the wait ends with `Never`.
    open: AtomicU32,
    /// A `Reason` and the bits above. Written before the wait begins.
    about: AtomicU32,
    /// What `who` makes of it, by the reason; 0 if nothing.
    object: AtomicUsize,
}

/// One wait, as others see it. Two that are equal are one wait, which was not interrupted in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    about: u32,
    pub(crate) object: usize,
}

impl Stamp {
    pub(crate) fn reason(self) -> u8 {
        self.about as u8
    }
}

/// A wait has begun: parking is due. `until` is its deadline (-1: none); `inherited`: that of a block around.
#[must_use]
#[derive(Clone, Copy)]
pub struct Pending {
    pub until: i64,
    pub inherited: bool,
}

impl Pending {
    /// What it means if `until` passes.
    pub(crate) fn late(self) -> Outcome {
        if self.inherited { Outcome::Deadline } else { Outcome::TimedOut }
    }
}

macro_rules! wait_new {
    () => {
        Wait {
            state: AtomicU32::new(IDLE),
            result: AtomicU32::new(0),
            open: AtomicU32::new(0),
            about: AtomicU32::new(0),
            object: AtomicUsize::new(0),
        }
    };
}

impl Wait {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Wait {
        wait_new!()
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Wait {
        wait_new!()
    }

    /// Begins a wait. Called with the locks of its objects held, right before nodes are linked, since from here
    /// the census takes this thread for stuck (if it waits for ever).
    pub(crate) fn begin(
        &self,
        reason: Reason,
        object: usize,
        open: u32,
        timed: bool,
        shielded: bool,
        counted: bool,
    ) {
        let timed = if timed { TIMED } else { 0 };
        let counted = if counted && census::begin_wait() { COUNTED } else { 0 };
        let number = (self.about.load(Ordering::Relaxed) & !(NEXT - 1)).wrapping_add(NEXT);
        // Release, and in this order: see `stamp`.
        self.about.store(number | reason as u32 | timed | counted, Ordering::Release);
        self.object.store(object, Ordering::Release);
        self.open.store(open, Ordering::Relaxed);
        let state = if shielded { WAITING | SHIELDED } else { WAITING };
        // Release: whoever claims sees the above. Sequentially consistent: against `Runner::cancel`.
        self.state.store(state, Ordering::SeqCst);
    }

    /// The waiter, a thread, is about to wait in the kernel, not here. `waker` is a descriptor that makes it come back, or -1.
    #[cfg(not(loom))]
    pub(crate) fn enter_kernel(&self, reason: Reason, waker: i32) {
        let number = self.about.load(Ordering::Relaxed) & !(NEXT - 1);
        self.about.store(number | reason as u32, Ordering::Relaxed);
        self.object.store(usize::try_from(waker).map_or(0, |fd| fd + 1), Ordering::Relaxed);
        // Sequentially consistent: against `Runner::fail`. Whoever looks sees the frames.
        self.state.store(IN_KERNEL, Ordering::SeqCst);
    }

    /// It is back.
    #[cfg(not(loom))]
    pub(crate) fn leave_kernel(&self) {
        // Unless somebody looks just now.
        while self.state.compare_exchange(IN_KERNEL, IDLE, Ordering::Acquire, Ordering::Relaxed).is_err() {
            yield_now();
        }
        self.object.store(0, Ordering::Relaxed);
    }

    /// What makes a thread come back that waits in the kernel.
    #[cfg(not(loom))]
    pub(crate) fn kernel_waker(&self) -> Option<i32> {
        let waits = self.state.load(Ordering::SeqCst) & !LOOKED_AT == IN_KERNEL;
        let fd = self.object.load(Ordering::Relaxed).checked_sub(1)?;
        waits.then_some(fd as i32)
    }

    /// What the waiter waits for, for reports.
    pub(crate) fn about(&self) -> (u8, usize) {
        (self.about.load(Ordering::Relaxed) as u8, self.object.load(Ordering::Relaxed))
    }

    /// The wait that the waiter is in, if it has no deadline and has not ended. To be asked by anybody.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let about = self.about.load(Ordering::Acquire);
        let state = self.state.load(Ordering::Acquire) & !(SHIELDED | LOOKED_AT);
        let object = self.object.load(Ordering::Acquire);
        // The object of a later wait comes after what that is about.
        let same = self.about.load(Ordering::Acquire) == about;
        let waits = matches!(state, WAITING | PARKED | SUSPENDED) && about & TIMED == 0;
        (same && waits).then_some(Stamp { about, object })
    }

    /// Whether the waiter is a task that is suspended for good unless somebody ends its wait.
    pub(crate) fn is_suspended(&self) -> bool {
        self.state.load(Ordering::Acquire) & !(SHIELDED | LOOKED_AT) == SUSPENDED
    }

    /// Whether it is a thread that sleeps until its wait ends.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire) & !(SHIELDED | LOOKED_AT), PARKED | IN_KERNEL)
    }

    /// Runs `look` if the waiter is parked, in the kernel, or suspended, and keeps it so meanwhile. False: it is not, or somebody else looks.
    pub(crate) fn look(&self, look: impl FnOnce()) -> bool {
        let seen = self.state.load(Ordering::Relaxed);
        if !matches!(seen & !SHIELDED, PARKED | SUSPENDED | IN_KERNEL) {
            return false;
        }
        let looked_at = seen | LOOKED_AT;
        // Acquire pairs with the release that published the waiter's frames.
        if self.state.compare_exchange(seen, looked_at, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        look();
        // Release: it is over when somebody claims. Nobody else changes the state meanwhile.
        self.state.store(seen, Ordering::Release);
        true
    }

    /// Step 4: decides this wait. At most one caller ever gets a claim.
    pub(crate) fn claim(&self) -> Option<Claim> {
        self.claim_unless(0)
    }

    /// The same for a cancellation.
    pub(crate) fn claim_unshielded(&self) -> Option<Claim> {
        self.claim_unless(SHIELDED)
    }

    fn claim_unless(&self, refused: u32) -> Option<Claim> {
        // Sequentially consistent for `Runner::cancel`, whose flag goes before.
        let mut seen = self.state.load(Ordering::SeqCst);
        while seen & LOOKED_AT != 0 {
            yield_now();
            seen = self.state.load(Ordering::SeqCst);
        }
        while matches!(seen & !SHIELDED, WAITING | PARKED | SUSPENDED) && seen & refused == 0 {
            // Acquire pairs with the waiter's own writes to the wait and its frames before it parked.
            match self.state.compare_exchange(seen, CLAIMED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(self.claimed(seen)),
                Err(now) if now & LOOKED_AT != 0 => {
                    yield_now();
                    seen &= !LOOKED_AT;
                }
                Err(now) => seen = now,
            }
        }
        None
    }

    /// Claims the wait if it is this one still, of somebody who is parked or suspended.
    #[cfg(not(loom))]
    pub(crate) fn claim_this(&self, stamp: Stamp) -> Option<Claim> {
        let seen = self.state.load(Ordering::Relaxed);
        if !matches!(seen & !SHIELDED, PARKED | SUSPENDED) {
            return None;
        }
        // As one who looks: meanwhile the wait stays as it is.
        let looked_at = seen | LOOKED_AT;
        self.state.compare_exchange(seen, looked_at, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        let about = self.about.load(Ordering::Relaxed);
        if (Stamp { about, object: self.object.load(Ordering::Relaxed) }) != stamp {
            self.state.store(seen, Ordering::Release);
            return None;
        }
        self.state.store(CLAIMED, Ordering::Release);
        Some(self.claimed(seen))
    }

    /// It is claimed, of a waiter who was in this state.
    fn claimed(&self, seen: u32) -> Claim {
        if self.about.load(Ordering::Relaxed) & COUNTED != 0 {
            census::end_wait();
        }
        Claim { wait: self, parked: seen & !SHIELDED }
    }

    /// One case of this wait cannot happen any more. Claims the wait if it was the last and there is no deadline.
    pub(crate) fn lose_case(&self) -> Option<Claim> {
        // AcqRel: the last one to close acts after the others.
        let before = self.open.fetch_sub(1, Ordering::AcqRel);
        let timed = self.about.load(Ordering::Relaxed) & TIMED != 0;
        if before == 1 && !timed { self.claim() } else { None }
    }

    /// Step 3 for a thread: parks until somebody commits a case or the deadline passes. The locks are released.
    pub(crate) fn park(&self, pending: Pending) -> Ended {
        #[cfg(not(loom))]
        if let Some(ended) = crate::explore::park(self, pending) {
            return ended;
        }
        #[cfg(not(loom))]
        if patience::look_until(|| self.state.load(Ordering::Acquire) == COMMITTED, self.about().0) {
            return self.ended();
        }
        crate::before_blocking();
        if self.about.load(Ordering::Relaxed) & COUNTED != 0 {
            census::check_deadlock();
        }
        loop {
            // Acquire pairs with the release in `commit`: the result and the moved value are visible.
            let seen = self.state.load(Ordering::Acquire);
            match seen & !SHIELDED {
                COMMITTED => return self.ended(),
                // The winner is between claim and commit, holding a short lock.
                CLAIMED => yield_now(),
                WAITING => {
                    let parked = PARKED | seen & SHIELDED;
                    // Release publishes what the thread wrote to whoever claims.
                    let _ = self.state.compare_exchange(seen, parked, Ordering::Release, Ordering::Relaxed);
                }
                _ => {
                    if !futex_wait(&self.state, seen, pending.until)
                        && let Some(claim) = self.claim()
                    {
                        // Nobody is to be woken but this thread, which is awake.
                        let _ = claim.commit(0, pending.late());
                    }
                }
            }
        }
    }

    /// Step 3 for a task's driver. True: the task is suspended and not to be touched any more. False: its wait has
    /// been committed already, so it can go on at once.
    pub(crate) fn suspend(&self) -> bool {
        loop {
            let seen = self.state.load(Ordering::Acquire);
            match seen & !SHIELDED {
                COMMITTED => return false,
                // The winner is between claim and commit, holding a short lock.
                CLAIMED => yield_now(),
                _ => {
                    // Release publishes the task's frames to whoever claims, schedules and then runs it.
                    if self
                        .state
                        .compare_exchange(
                            seen,
                            SUSPENDED | seen & SHIELDED,
                            Ordering::Release,
                            Ordering::Relaxed,
                        )
                        .is_ok()
                    {
                        return true;
                    }
                }
            }
        }
    }

    /// What `park` does, for exploration: the end of the wait, if it has ended.
    #[cfg(not(loom))]
    pub(crate) fn ended_already(&self) -> Option<Ended> {
        (self.state.load(Ordering::Acquire) == COMMITTED).then(|| self.ended())
    }

    /// The waiter is parked. Nobody else acts meanwhile.
    #[cfg(not(loom))]
    pub(crate) fn set_parked(&self) {
        let seen = self.state.load(Ordering::Relaxed);
        self.state.store(PARKED | seen & SHIELDED, Ordering::Relaxed);
    }

    /// Where its waker looks for a thread.
    #[cfg(not(loom))]
    pub(crate) fn address(&self) -> *const AtomicU32 {
        &raw const self.state
    }

    /// Step 7: the committed wait is over.
    pub(crate) fn ended(&self) -> Ended {
        debug_assert_eq!(self.state.load(Ordering::Relaxed), COMMITTED);
        // Nobody else touches a committed wait.
        self.state.store(IDLE, Ordering::Relaxed);
        let result = self.result.load(Ordering::Relaxed);
        Ended { case: result >> 8, outcome: Outcome::ALL[(result & 0xff) as usize] }
    }
}

/// The right, and the duty, to commit a case of a wait.
#[must_use]
pub(crate) struct Claim {
    /// Alive until `commit`: a claimed wait does not end before.
    wait: *const Wait,
    /// The state from which it was claimed.
    parked: u32,
}

impl Claim {
    /// Step 5's end. Afterwards the wait may be gone.
    pub(crate) fn commit(self, case: u32, outcome: Outcome) -> Waker {
        // SAFETY: the wait lives until the store below, which is the last access.
        unsafe {
            let word: *const AtomicU32 = &raw const (*self.wait).state;
            (*self.wait).result.store(case << 8 | outcome as u32, Ordering::Relaxed);
            // Release: the waiter's acquire load sees the result and whatever the case moved.
            (*word).store(COMMITTED, Ordering::Release);
            match self.parked {
                PARKED => Waker::Thread(word),
                SUSPENDED => Waker::Task(Runner::of_wait(self.wait)),
                _ => Waker::Nobody,
            }
        }
    }
}

/// Step 6, to be done after unlocking.
#[must_use]
pub(crate) enum Waker {
    Nobody,
    Thread(*const AtomicU32),
    /// A suspended task, which nobody else can schedule.
    Task(*const Runner),
}

impl Waker {
    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Waker::Nobody => {}
            #[cfg(not(loom))]
            Waker::Thread(word) if crate::explore::wake(word) => {}
            Waker::Thread(word) => futex_wake(word, 1),
            Waker::Task(task) => crate::schedule(task),
        }
    }
}
