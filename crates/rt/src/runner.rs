//! What a `Context` is the start of: the state of whoever runs waiting code, a task or an OS thread.
//!
//! Its fields other than the wait belong to the one thread that runs it at the moment; the wait follows the protocol
//! in `wait`, and `attention` may be set by anybody.

use std::cell::{Cell, UnsafeCell};
use std::mem::offset_of;
use std::ptr::null_mut;

use abi::waiting::{Context, Frame};

use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Outcome, Pending, Reason, Wait, Waker};

/// Bits of `attention`.
const CANCEL: u32 = 1;
/// The cancellation has been delivered; it is not delivered again.
const DELIVERED: u32 = 2;

/// What is unwinding a runner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unwinding {
    Not,
    /// A panic; the pointer is its payload (a `panic::Payload`), owned by the runner once the panic has become a status.
    Panic(*mut ()),
    Cancelled,
    /// The deadline of a block around has passed.
    Deadline,
}

#[repr(C)]
pub(crate) struct Runner {
    /// Its address is what waiting code is handed; that changes it by way of the pointer.
    cx: UnsafeCell<Context>,
    pub(crate) wait: Wait,
    /// Null, `CANCELLED`, `DEADLINE`, or a payload.
    unwinding: Cell<*mut ()>,
    /// The earliest deadline of the blocks around (monotonic nanoseconds), -1 if there is none.
    deadline: Cell<i64>,
    attention: AtomicU32,
    /// How many shielded regions it is in.
    shield: Cell<u16>,
    task: bool,
    /// Set while a task that yields waits for its driver to queue it again.
    pub(crate) yielding: Cell<bool>,
}

// SAFETY: see the head: the wait and `attention` are atomic, the rest is used by one thread at a time, and a task
// passes from one to the next by way of queues that order memory.
unsafe impl Sync for Runner {}

const CANCELLED: *mut () = std::ptr::without_provenance_mut(1);
const DEADLINE: *mut () = std::ptr::without_provenance_mut(2);

macro_rules! runner_new {
    ($task:expr) => {
        Runner {
            cx: UnsafeCell::new(Context {
                top: null_mut(),
                limit: null_mut(),
                base: null_mut(),
                frame: null_mut(),
            }),
            wait: Wait::new(),
            unwinding: Cell::new(null_mut()),
            deadline: Cell::new(-1),
            attention: AtomicU32::new(0),
            shield: Cell::new(0),
            task: $task,
            yielding: Cell::new(false),
        }
    };
}

impl Runner {
    #[cfg(not(loom))]
    pub(crate) const fn new(task: bool) -> Runner {
        runner_new!(task)
    }

    #[cfg(loom)]
    pub(crate) fn new(task: bool) -> Runner {
        runner_new!(task)
    }

    /// Makes a runner of a task out of one that is over (or of zeros), with an arena.
    ///
    /// # Safety
    /// The caller owns what is there.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) unsafe fn renew(this: *mut Runner, arena: *mut u8, limit: *mut u8) {
        // SAFETY: by contract. The wait is idle: it ended before its task did.
        unsafe {
            let cx = Context { top: arena, limit, base: null_mut(), frame: null_mut() };
            (*this).cx.get().write(cx);
            (&raw mut (*this).task).write(true);
            (*this).unwinding.set(null_mut());
            (*this).deadline.set(-1);
            (*this).attention.store(0, Ordering::Relaxed);
            (*this).shield.set(0);
            (*this).yielding.set(false);
        }
    }

    /// The runner that starts with a context.
    ///
    /// # Safety
    /// `cx` is what a driver handed to waiting code, and the runner outlives the reference.
    #[inline]
    pub(crate) unsafe fn of<'a>(cx: *mut Context) -> &'a Runner {
        // SAFETY: every context is the first field of a runner.
        unsafe { &*cx.cast::<Runner>() }
    }

    /// The runner that a wait is part of.
    ///
    /// # Safety
    /// `wait` is the field of a runner, not a wait of its own. Only an address is computed.
    #[inline]
    pub(crate) unsafe fn of_wait(wait: *const Wait) -> *const Runner {
        // SAFETY: by contract.
        unsafe { wait.byte_sub(offset_of!(Runner, wait)).cast() }
    }

    /// The context to hand to waiting code.
    #[inline]
    pub(crate) fn context(&self) -> *mut Context {
        self.cx.get()
    }

    #[inline]
    pub(crate) fn is_task(&self) -> bool {
        self.task
    }

    /// The innermost frame while suspended.
    pub(crate) fn frame(&self) -> *mut Frame {
        // SAFETY: asked by whoever drives the runner, or of a suspended one.
        unsafe { (*self.cx.get()).frame }
    }

    // ---- unwinding ----

    pub(crate) fn unwinding(&self) -> Unwinding {
        match self.unwinding.get() {
            p if p.is_null() => Unwinding::Not,
            CANCELLED => Unwinding::Cancelled,
            DEADLINE => Unwinding::Deadline,
            payload => Unwinding::Panic(payload),
        }
    }

    /// Sets what is unwinding, and gives what was.
    pub(crate) fn set_unwinding(&self, what: Unwinding) -> Unwinding {
        let before = self.unwinding();
        self.unwinding.set(match what {
            Unwinding::Not => null_mut(),
            Unwinding::Panic(payload) => payload,
            Unwinding::Cancelled => CANCELLED,
            Unwinding::Deadline => DEADLINE,
        });
        before
    }

    /// A wait ended in a way that makes its waiter unwind. From now on it is shielded.
    pub(crate) fn note_interruption(&self, outcome: Outcome) {
        match outcome {
            Outcome::Cancelled => {
                self.attention.fetch_or(DELIVERED, Ordering::Relaxed);
                self.set_unwinding(Unwinding::Cancelled);
            }
            Outcome::Deadline => {
                self.set_unwinding(Unwinding::Deadline);
            }
            _ => {}
        }
    }

    // ---- cancellation and deadlines ----

    /// Neither cancellation nor deadlines of blocks reach a runner that unwinds or cleans up.
    fn is_shielded(&self) -> bool {
        self.shield.get() > 0 || !self.unwinding.get().is_null()
    }

    pub(crate) fn shield(&self, by: i32) {
        self.shield.set((i32::from(self.shield.get()) + by) as u16);
    }

    /// Whether a cancellation is due now.
    #[inline]
    pub(crate) fn is_interrupted(&self) -> bool {
        // Sequentially consistent after a wait has begun: against `cancel`.
        self.attention.load(Ordering::SeqCst) == CANCEL && !self.is_shielded()
    }

    /// Cancels a task: at its next wait, or out of the one it is in. The waker is to be woken.
    pub(crate) fn cancel(&self) -> Waker {
        // Before the claim: either the task sees the flag, or its wait has begun and is seen here.
        let before = self.attention.fetch_or(CANCEL, Ordering::SeqCst);
        if before & CANCEL == 0
            && let Some(claim) = self.wait.claim_unshielded()
        {
            return claim.commit(0, Outcome::Cancelled);
        }
        Waker::Nobody
    }

    pub(crate) fn deadline(&self) -> i64 {
        self.deadline.get()
    }

    pub(crate) fn set_deadline(&self, deadline: i64) {
        self.deadline.set(deadline);
    }

    fn inherited_deadline(&self) -> i64 {
        if self.deadline.get() < 0 || self.is_shielded() { -1 } else { self.deadline.get() }
    }

    /// Whether a wait with this deadline of its own would have any.
    pub(crate) fn has_deadline(&self, own: i64) -> bool {
        own >= 0 || self.inherited_deadline() >= 0
    }

    /// The deadline of a block around has passed, and may be delivered.
    #[cfg(not(loom))]
    pub(crate) fn is_late(&self) -> bool {
        let around = self.inherited_deadline();
        around >= 0 && crate::clock::monotonic() >= around
    }

    /// Begins a wait for one of `open` cases. See [`Wait::begin`].
    pub(crate) fn begin(&self, reason: Reason, object: usize, open: u32, deadline: i64) -> Pending {
        let pending = self.pending(deadline);
        let timed = pending.until >= 0;
        self.wait.begin(reason, object, open, timed, self.is_shielded(), !self.task && !timed);
        pending
    }

    /// How long a wait with this deadline of its own lasts at most.
    pub(crate) fn pending(&self, deadline: i64) -> Pending {
        let around = self.inherited_deadline();
        // As unsigned numbers, -1 is later than everything.
        let inherited = around.cast_unsigned() < deadline.cast_unsigned();
        Pending { until: if inherited { around } else { deadline }, inherited }
    }
}
