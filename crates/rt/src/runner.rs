//! What a `Context` is the start of: the state of whoever runs waiting code, a task or an OS thread.
//!
//! Its fields other than the wait belong to the one thread that runs it at the moment; the wait follows the protocol
//! in `wait`, and `attention` may be set by anybody.

use std::cell::{Cell, UnsafeCell};
use std::mem::offset_of;
use std::ptr::null_mut;

use abi::waiting::{Context, Frame};
use fast::runner::Front;

use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Outcome, Pending, Reason, Wait, Waker};

/// Bits of `attention`.
const CANCEL: u32 = 1;
/// The cancellation has been delivered; it is not delivered again.
const DELIVERED: u32 = 2;
/// The rest of it counts the scopes around whose tasks have failed: what runs in them is to unwind.
const FAILED: u32 = 4;

/// What is unwinding a runner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unwinding {
    Not,
    /// A panic; the pointer is its payload (a `panic::Payload`), owned by the runner once the panic has become a status.
    Panic(*mut ()),
    Cancelled,
    /// The deadline of a block around has passed.
    Deadline,
    /// A task of a scope around has panicked: the end of the scope makes it a panic.
    Scope,
}

#[repr(C)]
pub struct Runner {
    /// With what generated code looks at itself: the context, how much of its turn is left, and
    ///
    /// - `attention`: the bits above,
    /// - `shield`: how many shielded regions it is in,
    /// - `flags`: how deep in shielded regions the deadline was set, deeper ones it does not reach; and the bits below.
    front: Front,
    pub(crate) wait: Wait,
    /// Null, `CANCELLED`, `DEADLINE`, or a payload.
    unwinding: Cell<*mut ()>,
    /// The earliest deadline of the blocks around (monotonic nanoseconds), -1 if there is none.
    deadline: Cell<i64>,
}

/// Std's `shield` counts it up and down.
const _: () = assert!(offset_of!(Front, shield) == abi::protocol::context::SHIELD || cfg!(loom));

// SAFETY: see the head: the wait and `attention` are atomic, the rest is used by one thread at a time, and a task
// passes from one to the next by way of queues that order memory.
unsafe impl Sync for Runner {}

const CANCELLED: *mut () = std::ptr::without_provenance_mut(1);
const DEADLINE: *mut () = std::ptr::without_provenance_mut(2);
const SCOPE: *mut () = std::ptr::without_provenance_mut(3);
/// `flags`: so deep or deeper.
const DEEP: u8 = 63;
/// It is a task.
const TASK: u8 = 64;
/// Set while a task that yields waits for its driver to queue it again.
const YIELDS: u8 = 128;

/// How many waiting calls a task makes before it asks whether its turn is over. So often others see that it makes them.
const ROUND: u8 = 16;
/// So many values of a batch count as a call.
const BATCH_CALL: usize = 8;

macro_rules! runner_new {
    ($task:expr) => {
        Runner {
            front: Front {
                cx: UnsafeCell::new(Context {
                    top: null_mut(),
                    limit: null_mut(),
                    base: null_mut(),
                    frame: null_mut(),
                }),
                attention: AtomicU32::new(0),
                budget: Cell::new(ROUND),
                flags: Cell::new(if $task { TASK } else { 0 }),
                shield: Cell::new(0),
            },
            wait: Wait::new(),
            unwinding: Cell::new(null_mut()),
            deadline: Cell::new(-1),
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
            let front = &(*this).front;
            front.cx.get().write(cx);
            front.attention.store(0, Ordering::Relaxed);
            front.flags.set(TASK);
            front.shield.set(0);
            (*this).unwinding.set(null_mut());
            (*this).deadline.set(-1);
        }
    }

    /// A task that is driven as a thread is: what waits in it parks. For exploration.
    ///
    /// # Safety
    /// Nobody runs it yet.
    #[cfg(not(loom))]
    pub(crate) unsafe fn drive_as_thread(this: *mut Runner) {
        // SAFETY: by contract.
        let flags = unsafe { &(*this).front.flags };
        flags.set(flags.get() & !TASK);
    }

    /// The runner that starts with a context.
    ///
    /// # Safety
    /// `cx` is what a driver handed to waiting code, and the runner outlives the reference.
    #[inline]
    pub(crate) unsafe fn of<'a>(cx: *mut Context) -> &'a Runner {
        // SAFETY: every context is at the start of a runner.
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
    pub fn context(&self) -> *mut Context {
        self.front.cx.get()
    }

    #[inline]
    pub fn is_task(&self) -> bool {
        self.front.flags.get() & TASK != 0
    }

    /// A turn begins, or a further round of it.
    #[inline]
    pub(crate) fn begin_round(&self) {
        self.front.budget.set(ROUND);
    }

    /// It is to ask at the next call that may wait.
    pub(crate) fn end_round(&self) {
        self.front.budget.set(0);
    }

    /// How many calls were made in a turn of so many whole rounds, and this one.
    pub(crate) fn calls_in_rounds(&self, rounds: u32) -> u64 {
        u64::from(rounds) * u64::from(ROUND) + u64::from(ROUND.saturating_sub(self.front.budget.get()))
    }

    /// A call that may wait is made. True: it is a task whose turn is over, and should yield first.
    #[inline]
    pub(crate) fn turn_is_over(&self) -> bool {
        let left = self.front.budget.get();
        if left != 0 {
            self.front.budget.set(left - 1);
            return false;
        }
        // Nobody waits for a thread's turn to end.
        let over = self.is_task() && crate::turn_is_over();
        if !over {
            self.begin_round();
        }
        over
    }

    /// A call has moved so many values: it counts as some more calls.
    #[inline]
    pub(crate) fn spend(&self, values: usize) {
        let calls = u8::try_from(values / BATCH_CALL).unwrap_or(ROUND);
        self.front.budget.set(self.front.budget.get().saturating_sub(calls));
    }

    /// The innermost frame while suspended.
    pub(crate) fn frame(&self) -> *mut Frame {
        // SAFETY: asked by whoever drives the runner, or of a suspended one.
        unsafe { (*self.front.cx.get()).frame }
    }

    // ---- unwinding ----

    pub(crate) fn unwinding(&self) -> Unwinding {
        match self.unwinding.get() {
            p if p.is_null() => Unwinding::Not,
            CANCELLED => Unwinding::Cancelled,
            DEADLINE => Unwinding::Deadline,
            SCOPE => Unwinding::Scope,
            payload => Unwinding::Panic(payload),
        }
    }

    /// Sets what is unwinding, and gives what was.
    pub fn set_unwinding(&self, what: Unwinding) -> Unwinding {
        let before = self.unwinding();
        self.unwinding.set(match what {
            Unwinding::Not => null_mut(),
            Unwinding::Panic(payload) => payload,
            Unwinding::Cancelled => CANCELLED,
            Unwinding::Deadline => DEADLINE,
            Unwinding::Scope => SCOPE,
        });
        before
    }

    /// A wait ended in a way that makes its waiter unwind. From now on it is shielded.
    pub(crate) fn note_interruption(&self, outcome: Outcome) {
        match outcome {
            // By a scope, not for good.
            Outcome::Cancelled if !self.is_to_be_cancelled() && self.has_failed() => {
                self.set_unwinding(Unwinding::Scope);
            }
            Outcome::Cancelled => {
                self.front.attention.fetch_or(DELIVERED, Ordering::Relaxed);
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
    pub(crate) fn is_shielded(&self) -> bool {
        self.front.shield.get() > 0 || !self.unwinding.get().is_null()
    }

    pub(crate) fn shield(&self, by: i32) {
        self.front.shield.set((i32::from(self.front.shield.get()) + by) as u16);
    }

    /// How many things keep it from being interrupted.
    fn depth(&self) -> u8 {
        let depth = self.front.shield.get() + u16::from(!self.unwinding.get().is_null());
        depth.min(DEEP.into()) as u8
    }

    /// Whether a cancellation is due now.
    #[inline]
    pub(crate) fn is_interrupted(&self) -> bool {
        // Sequentially consistent after a wait has begun: against `cancel` and `fail`.
        let seen = self.front.attention.load(Ordering::SeqCst);
        seen != 0 && (seen == CANCEL || seen >= FAILED) && !self.is_shielded()
    }

    /// Neither a cancellation nor a deadline of a block around could interrupt it.
    #[cfg(not(loom))]
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.front.attention.load(Ordering::Relaxed) == 0 && self.deadline.get() < 0
    }

    /// A task of a scope around has panicked. What runs is to unwind, as if it were cancelled, up to the scope's end, which says
    /// `restore`. The waker is to be woken.
    pub(crate) fn fail(&self) -> Waker {
        self.front.attention.fetch_add(FAILED, Ordering::SeqCst);
        match self.wait.claim_unshielded() {
            Some(claim) => claim.commit(0, Outcome::Cancelled),
            None => {
                #[cfg(not(loom))]
                crate::net::wake_in_kernel(&self.wait);
                Waker::Nobody
            }
        }
    }

    /// Takes one `fail` back.
    pub(crate) fn restore(&self) {
        self.front.attention.fetch_sub(FAILED, Ordering::SeqCst);
    }

    fn has_failed(&self) -> bool {
        self.front.attention.load(Ordering::SeqCst) >= FAILED
    }

    /// Cancels a task: at its next wait, or out of the one it is in. The waker is to be woken.
    pub(crate) fn cancel(&self) -> Waker {
        // Before the claim: either the task sees the flag, or its wait has begun and is seen here.
        let before = self.front.attention.fetch_or(CANCEL, Ordering::SeqCst);
        if before & CANCEL == 0
            && let Some(claim) = self.wait.claim_unshielded()
        {
            return claim.commit(0, Outcome::Cancelled);
        }
        Waker::Nobody
    }

    /// It has been cancelled, and has not noticed yet.
    pub(crate) fn is_to_be_cancelled(&self) -> bool {
        self.front.attention.load(Ordering::SeqCst) & (CANCEL | DELIVERED) == CANCEL
    }

    /// A thread's runner goes on after a cancellation.
    #[cfg(not(loom))]
    pub(crate) fn forget_cancellation(&self) {
        self.front.attention.store(0, Ordering::Relaxed);
        if self.unwinding() == Unwinding::Cancelled {
            self.set_unwinding(Unwinding::Not);
        }
    }

    /// Whether it waits or has waited for anything.
    #[cfg(not(loom))]
    pub(crate) fn has_waited(&self) -> bool {
        self.wait.about().0 != 0
    }

    pub fn deadline(&self) -> i64 {
        self.deadline.get()
    }

    pub fn set_deadline(&self, deadline: i64) {
        self.deadline.set(deadline);
    }

    /// The deadline of the blocks around that ends waits here. One that was set outside of a shielded region does not.
    pub(crate) fn inherited_deadline(&self) -> i64 {
        let reaches = self.deadline.get() >= 0 && self.front.flags.get() & DEEP == self.depth();
        if reaches { self.deadline.get() } else { -1 }
    }

    /// A block sets a deadline, which is the earliest that reaches it. Gives what `leave_deadline` needs.
    #[cfg(not(loom))]
    pub(crate) fn enter_deadline(&self, deadline: i64) -> (i64, u8) {
        let outer = (self.deadline.get(), self.front.flags.get() & DEEP);
        self.deadline.set(deadline);
        self.set_depth(self.depth());
        outer
    }

    #[cfg(not(loom))]
    pub(crate) fn leave_deadline(&self, outer: (i64, u8)) {
        self.deadline.set(outer.0);
        self.set_depth(outer.1);
    }

    #[cfg(not(loom))]
    fn set_depth(&self, depth: u8) {
        self.front.flags.set(self.front.flags.get() & !DEEP | depth);
    }

    /// Says whether its driver is to queue it again. Gives what was said before.
    pub fn yields(&self, yields: bool) -> bool {
        let before = self.front.flags.get();
        self.front.flags.set(before & !YIELDS | if yields { YIELDS } else { 0 });
        before & YIELDS != 0
    }

    /// Whether a wait with this deadline of its own would have any.
    pub(crate) fn has_deadline(&self, own: i64) -> bool {
        own >= 0 || self.inherited_deadline() >= 0
    }

    /// The deadline of a block around has passed, and may be delivered.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        let around = self.inherited_deadline();
        around >= 0 && crate::clock::monotonic() >= around
    }

    /// Begins a wait for one of `open` cases. See [`Wait::begin`].
    pub fn begin(&self, reason: Reason, object: usize, open: u32, deadline: i64) -> Pending {
        let pending = self.pending(deadline);
        let timed = pending.until >= 0;
        // One that is cancelled already ends this wait itself, and is not stuck.
        let counted = !self.is_task() && !timed && !self.is_interrupted();
        self.wait.begin(reason, object, open, timed, self.is_shielded(), counted);
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
