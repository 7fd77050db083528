//! A timer entry: what a task's leaf frame links into a wheel while its wait has a deadline. The wheel is in `sched`.

use std::ptr::null_mut;

use crate::wait::{Outcome, Pending, Wait};

pub(crate) struct Timer {
    /// Linked: the place that leads here, a slot's head or the previous entry's `next`. Null: not linked.
    pub(crate) at: *mut *mut Timer,
    pub(crate) next: *mut Timer,
    pub(crate) wait: *const Wait,
    /// Monotonic nanoseconds.
    pub(crate) due: i64,
    /// What it means for the wait.
    pub(crate) late: Outcome,
    /// Which worker's wheel it is in.
    pub(crate) wheel: u32,
}

impl Timer {
    pub(crate) fn new(wait: *const Wait, pending: Pending) -> Timer {
        Timer { at: null_mut(), next: null_mut(), wait, due: pending.until, late: pending.late(), wheel: 0 }
    }
}
