//! Scopes: who started these tasks waits for them, and they may borrow from around it.
//!
//! The record lies in std's frame. It is gone once the owner's wait has ended, so the last child touches it no more
//! after it is seen to have ended: it sets the event only if the owner was waiting already, in which case the owner
//! goes on only when the event is set.
//!
//! # Without children, no lock
//!
//! Children are added and end under the lock. But most of what an owner does, it does while there is no child, before the first or
//! after the last, and then it is alone: only an owner and its children reach a scope. It sees that by `is_alone`: `live` is
//! zero, *then* the lock is free. Who made `live` zero held the lock when he did so, and a release and an acquire
//! carry that along, so a free lock is one that he has let go of, which is his last access.

use abi::RawPanic;
use abi::protocol::event;

use super::{End, Task};
use crate::locks::{self, EventWait};
use crate::panic::Payload;
use crate::runner::{Runner, Unwinding};
use crate::sync::{AtomicU32, AtomicUsize, Ordering};
use crate::wait::{Ended, Locked, Machine, Outcome, Reason, Step, Wakers};

pub struct Scope {
    state: Locked<State>,
    /// How many children there are. Changed under the lock.
    live: AtomicUsize,
    /// The event that all children have ended. Set only while `waiting`.
    done: AtomicU32,
}

struct State {
    /// The children, linked through them.
    first: *mut Task,
    /// The owner waits for the event.
    waiting: bool,
    /// Children that come now are cancelled from the start.
    cancelled: bool,
    /// The first child's panic.
    panic: Option<Box<Payload>>,
    /// The deadline that a child inherited has ended it.
    late: bool,
    /// Its owner has been told that a child has panicked, by `Runner::fail`.
    failed: bool,
    /// Its owner, if that is to be told before it waits for the end.
    owner: *const Runner,
}

const _: () = assert!(size_of::<Scope>() <= size_of::<abi::RawScope>());
const _: () = assert!(align_of::<Scope>() <= align_of::<abi::RawScope>());

impl Scope {
    pub(crate) fn new() -> Scope {
        let state = State {
            first: std::ptr::null_mut(),
            waiting: false,
            cancelled: false,
            panic: None,
            late: false,
            failed: false,
            owner: std::ptr::null(),
        };
        Scope { state: Locked::new(state), live: AtomicUsize::new(0), done: AtomicU32::new(event::UNSET) }
    }

    /// Whether there is no child, and none still has anything to do here: then nobody but the owner, the caller, has.
    fn is_alone(&self) -> bool {
        // Acquire, in this order: see the head.
        self.live.load(Ordering::Acquire) == 0 && self.state.raw().is_free()
    }

    /// What the owner does with the state: under the lock only if there are children.
    fn with_state<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        if self.is_alone() {
            // SAFETY: nobody else reaches the state before the owner adds a child. `f` does not call back.
            f(unsafe { self.state.held() })
        } else {
            f(&mut self.state.lock())
        }
    }

    /// The word that its owner waits on.
    pub(super) fn done(&self) -> *const AtomicU32 {
        &raw const self.done
    }

    /// A task that is about to start becomes a child.
    ///
    /// # Safety
    /// It tells when it has ended.
    pub(super) unsafe fn add(&self, task: *mut Task) {
        let mut state = self.state.lock();
        // SAFETY: children are alive while they are linked; links change under the lock.
        unsafe {
            (*task).before.set(std::ptr::null_mut());
            (*task).after.set(state.first);
            if let Some(first) = state.first.as_ref() {
                first.before.set(task);
            }
            if state.cancelled {
                // It waits for nothing yet.
                let _ = (*task).run.cancel();
            }
        }
        state.first = task;
        self.live.store(self.live.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// A child has ended.
    ///
    /// # Safety
    /// It was added and has not been told before; `scope` is alive until then.
    pub(super) unsafe fn child_ended(scope: *const Scope, task: *mut Task) {
        let mut wakers = Wakers::new();
        // SAFETY: by contract; a child that has not been unlinked keeps the scope alive.
        let done = unsafe {
            let mut state = (*scope).state.lock();
            let (before, after) = ((*task).before.get(), (*task).after.get());
            match before.as_ref() {
                Some(before) => before.after.set(after),
                None => state.first = after,
            }
            if let Some(after) = after.as_ref() {
                after.before.set(before);
            }
            state.late |= (*task).run.unwinding() == Unwinding::Deadline;
            if let Some(payload) = (*task).payload() {
                if state.panic.is_none() {
                    state.panic = Some(Box::new(payload.copy()));
                }
                state.cancel(&mut wakers);
                state.fail(&mut wakers);
            }
            let left = (*scope).live.load(Ordering::Relaxed) - 1;
            // Release: see the head.
            (*scope).live.store(left, Ordering::Release);
            (left == 0 && state.waiting).then_some(&raw const (*scope).done)
        };
        wakers.wake();
        if let Some(done) = done {
            // SAFETY: the owner waits for it, so the scope is still there.
            locks::event_set(unsafe { &*done });
        }
    }

    /// Whether its owner, the caller, is told of a child's panic before it waits for the end.
    pub(crate) fn guard(&self, guard: bool) {
        let run = crate::current::runner();
        let owner = if guard { std::ptr::from_ref(run) } else { std::ptr::null() };
        if guard && !run.is_task() {
            crate::net::waker_wanted();
        }
        self.with_state(|state| state.owner = owner);
    }

    /// Calls `see` with children that have not ended, the first `most` of them, and gives how many there are in all. `None`:
    /// the list is just being changed.
    pub(crate) fn try_each(&self, most: usize, mut see: impl FnMut(&Task)) -> Option<usize> {
        let state = self.state.try_lock()?;
        let mut child = state.first;
        for _ in 0..most {
            // SAFETY: linked children are alive under the lock.
            let Some(task) = (unsafe { child.as_ref() }) else { break };
            see(task);
            child = task.after.get();
        }
        Some(self.live.load(Ordering::Relaxed))
    }

    /// Where the number of children that have not ended is. For exploration, in which nobody else acts.
    pub(crate) fn live(&self) -> *const usize {
        (&raw const self.live).cast()
    }

    /// Cancels every child, and those to come.
    pub(crate) fn cancel(&self) {
        let mut wakers = Wakers::new();
        self.with_state(|state| state.cancel(&mut wakers));
        wakers.wake();
    }
}

impl State {
    /// A child has panicked: its owner is to unwind, wherever it is before its wait for the end.
    fn fail(&mut self, wakers: &mut Wakers) {
        // SAFETY: the owner of a scope that has a child does not end; it comes to its wait for the end first, under the lock.
        if let Some(owner) = unsafe { self.owner.as_ref() }
            && !self.waiting
            && !std::mem::replace(&mut self.failed, true)
        {
            wakers.add(owner.fail());
        }
    }

    /// Its owner has come to its wait for the end.
    fn is_awaited(&mut self, run: &Runner) {
        self.waiting = true;
        if std::mem::take(&mut self.failed) {
            run.restore();
        }
    }

    fn cancel(&mut self, wakers: &mut Wakers) {
        if std::mem::replace(&mut self.cancelled, true) {
            return;
        }
        let mut child = self.first;
        // SAFETY: linked children are alive under the lock.
        while let Some(task) = unsafe { child.as_ref() } {
            wakers.add(task.run.cancel());
            child = task.after.get();
        }
    }
}

/// Waits until all children have ended, whatever happens meanwhile: a cancellation or deadline of the owner
/// cancels the children, and is delivered when they have ended.
pub(crate) struct ScopeWait {
    scope: *mut Scope,
    /// Where the first child's panic goes.
    panic: *mut RawPanic,
    done: EventWait,
    interrupted: bool,
}

impl ScopeWait {
    /// # Safety
    /// The scope and the room for a panic outlive the machine, which is the scope's last use.
    pub(crate) unsafe fn new(scope: *mut Scope, panic: *mut RawPanic) -> ScopeWait {
        // SAFETY: by contract; only an address.
        let done = unsafe { EventWait::about(&raw const (*scope).done, Reason::Scope, scope.addr()) };
        ScopeWait { scope, panic, done, interrupted: false }
    }

    fn over(&self, run: &Runner) -> Step<i32> {
        // SAFETY: the machine's contract; no child is left.
        let (panic, late) = unsafe { (*self.scope).with_state(|state| (state.panic.take(), state.late)) };
        match panic {
            _ if self.interrupted => Step::Unwind,
            // The owner's own deadline has ended the child, before it ended this wait.
            None if late && run.is_late() => {
                run.note_interruption(Outcome::Deadline);
                Step::Unwind
            }
            Some(payload) => {
                // SAFETY: there is room.
                unsafe { self.panic.write(payload.to_raw()) };
                Step::Ready(End::Panicked as i32)
            }
            None => Step::Ready(End::Returned as i32),
        }
    }
}

impl Machine for ScopeWait {
    type Out = i32;
    const NAME: &'static str = "wait for a scope's tasks";
    const ALWAYS_STARTS: bool = true;

    unsafe fn step(&mut self, run: &Runner, _deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: the machine's contract.
        let scope = unsafe { &*self.scope };
        if ended.is_none() {
            let is_over = scope.with_state(|state| {
                state.is_awaited(run);
                scope.live.load(Ordering::Relaxed) == 0
            });
            if is_over {
                return self.over(run);
            }
        }
        // SAFETY: the machine stays where it is.
        match unsafe { self.done.step(run, -1, ended) } {
            Step::Pending(pending) => Step::Pending(pending),
            Step::Ready(_) => {
                // The last child has let go of the lock before it set the event.
                debug_assert_eq!(scope.done.load(Ordering::Relaxed), event::SET);
                self.over(run)
            }
            Step::Unwind => {
                self.interrupted = true;
                scope.cancel();
                // From now on the wait is shielded.
                // SAFETY: the machine stays where it is.
                match unsafe { self.done.step(run, -1, None) } {
                    Step::Ready(_) => self.over(run),
                    other => other,
                }
            }
        }
    }
}
