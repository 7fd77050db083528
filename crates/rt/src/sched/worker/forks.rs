//! Fork and join: a task that is about to wait for its children runs those that nobody has begun, where it stands.
//!
//! They are run on its stack, as calls, if they are the worker's newest: what the scheduler would run next anyway, without
//! suspending the parent, finding it among those who wait, and waking it (Blumofe and Leiserson's work-first principle, as
//! far as it goes with tasks that may wait). A child that comes to a wait is suspended as always, and then so is its parent.
//!
//! What keeps it from being noticed otherwise:
//! - Only children of a scope are run so, by who opened it, which cannot leave that scope before they have ended. So nothing is
//!   held up by a parent that looks at a cancellation only when such a child is over or waits.
//! - Not with a deadline, which has to find the parent waiting.
//! - What was woken goes first, the budget of the turn is spent as by any waiting call, and the monitor's wishes end it: others
//!   have their turn as before.
//! - No deeper than `DEEPEST` bytes into the worker's stack, so that a child has the room it would have had.

use std::cell::Cell;
use std::ptr::null;

use abi::waiting::{Context, Frame};

use super::{NOT_ASKED, Worker, current};
use crate::runner::{Runner, Unwinding};
use crate::sync::Ordering;
use crate::task::{Scope, Task};
use crate::{current as running, trace};

const DEEPEST: usize = 256 * 1024;

/// A task that runs its children, on its worker's stack.
pub(crate) struct Parent {
    /// The frame of the call that waits.
    frame: *const Frame,
    /// The child that it runs.
    child: *const Task,
    /// The parent's own parent, if that runs it so.
    outer: *const Parent,
}

thread_local! {
    static INNERMOST: Cell<*const Parent> = const { Cell::new(null()) };
}

/// The frame of the task that runs this one while it waits for it; null if none does.
pub(crate) fn parent_of(task: *const Task) -> *const Frame {
    let mut at = INNERMOST.get();
    // SAFETY: they are further out on this thread's stack.
    while let Some(parent) = unsafe { at.as_ref() } {
        if std::ptr::eq(parent.child, task) {
            return parent.frame;
        }
        at = parent.outer;
    }
    null()
}

/// Runs children of a scope that nobody has begun, until `enough`, or others are to go first.
///
/// # Safety
/// The task of `cx` is about to wait for the scope or one of its children, in a call of `frame`.
pub(crate) unsafe fn run_children(
    cx: *mut Context,
    frame: *mut Frame,
    scope: *const Scope,
    enough: impl Fn() -> bool,
) {
    let Some(worker) = current() else { return };
    // SAFETY: by contract.
    let run = unsafe { Runner::of(cx) };
    let is_plain = run.is_task()
        && run.deadline() < 0
        && run.unwinding() == Unwinding::Not
        && !run.is_interrupted()
        && !trace::is_on()
        && worker.depth() < DEEPEST;
    if !is_plain {
        return;
    }
    let parent = running::task();
    // SAFETY: a task that is driven is alive.
    if unsafe { parent.as_ref() }.is_none_or(|task| task.is_child_of(scope)) {
        // A sibling may have others than the one it waits for.
        return;
    }
    while !enough()
        && !worker.has_next()
        && !worker.has_woken()
        && worker.asked.load(Ordering::Relaxed) == NOT_ASKED
        && !run.turn_is_over()
    {
        // SAFETY: this is the worker's own thread; a task taken from a queue is alive, and ours to drive.
        unsafe {
            let Some(child) = worker.fresh.pop_newest() else { return };
            if !(*child).is_child_of(scope) {
                return worker.queue(child);
            }
            let here = Parent { frame, child, outer: INNERMOST.get() };
            INNERMOST.set(&raw const here);
            // Odd as before, but another one.
            worker.next_turn();
            worker.next_turn();
            worker.drive(child);
            INNERMOST.set(here.outer);
            running::set_task(parent);
        }
    }
}

impl Worker {
    /// How far its stack reaches, in bytes.
    fn depth(&self) -> usize {
        let here = 0u8;
        self.own.base.get().saturating_sub((&raw const here).addr())
    }
}
