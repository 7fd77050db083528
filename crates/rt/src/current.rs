//! Who runs on this thread at the moment: the thread itself, or a task that a worker drives.
//!
//! Waiting code is handed its context and needs none of this; it is for questions from code that does not wait.

use std::cell::Cell;
use std::ptr::null;

use crate::census;
use crate::runner::Runner;
use crate::task::Task;

thread_local! {
    static OWN: Runner = const { Runner::new(false) };
    static TASK: Cell<*const Task> = const { Cell::new(null()) };
    /// Under exploration, that of the thread whose turn it is; null otherwise.
    static EXPLORED: Cell<*const Runner> = const { Cell::new(null()) };
}

/// The thread's own runner. Lives as long as the thread.
pub fn thread() -> &'static Runner {
    // SAFETY: it is set only while its thread has its turn.
    if let Some(explored) = unsafe { EXPLORED.get().as_ref() } {
        return explored;
    }
    // SAFETY: constant thread-local data without a destructor; the reference is used on this thread only, or (by the
    // census) until the thread has left it.
    OWN.with(|own| unsafe { &*std::ptr::from_ref(own) })
}

/// Sets whose turn it is among the explored threads.
pub(crate) fn set_thread(run: *const Runner) {
    EXPLORED.set(run);
}

/// The task that this thread drives, or null.
#[inline]
pub(crate) fn task() -> *const Task {
    TASK.get()
}

/// Sets the task that this thread drives.
#[inline]
pub(crate) fn set_task(task: *const Task) {
    TASK.set(task);
}

/// The runner of the current task or thread.
pub fn runner() -> &'static Runner {
    // SAFETY: a task that is driven is alive, and the caller is called by its code.
    match unsafe { task().as_ref() } {
        Some(task) => &task.run,
        None => thread(),
    }
}

/// "task" or "thread", for messages.
pub(crate) fn kind() -> &'static str {
    if task().is_null() { "thread" } else { "task" }
}

/// The name of the current task or thread.
pub(crate) fn name() -> String {
    // SAFETY: as in `runner`.
    match unsafe { task().as_ref() } {
        Some(task) => task.name(),
        None => census::current_name().to_string(),
    }
}

/// The number of the current task or thread; 0 if the runtime does not know it.
pub(crate) fn id() -> u64 {
    // SAFETY: as in `runner`.
    match unsafe { task().as_ref() } {
        Some(task) => task.id(),
        None => census::current().map_or(0, |member| member.id),
    }
}
