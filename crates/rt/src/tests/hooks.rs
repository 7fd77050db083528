//! What the waiting code needs of the rest of the runtime, for models: no random choice, no timers, and a "task"
//! that notes how often it was scheduled.

use std::ptr::null;

use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::timer::Timer;

/// A task of a model, which one of its threads drives.
#[repr(C)]
pub(super) struct ModelTask {
    pub(super) run: Runner,
    pub(super) scheduled: AtomicU32,
}

pub(crate) fn schedule(task: *const Runner) {
    // SAFETY: models suspend only the tasks they make, which outlive their threads.
    unsafe { (*task.cast::<ModelTask>()).scheduled.fetch_add(1, Ordering::AcqRel) };
}

pub(crate) fn turn_is_over() -> bool {
    false
}

pub(crate) fn end_turn() {}

pub(crate) fn end_turn_in_loop() {}

pub(crate) fn choose(_n: usize) -> usize {
    0
}

/// # Safety
/// None: models give tasks no deadlines.
pub(crate) unsafe fn arm(_timer: *mut Timer) {
    unreachable!("models give tasks no deadlines");
}

/// # Safety
/// As for `arm`.
pub(crate) unsafe fn disarm(_timer: *mut Timer) {
    unreachable!("models give tasks no deadlines");
}

pub(crate) fn end_of_thread(handle: *mut u8) -> *mut u8 {
    handle
}

pub(crate) fn end_of_task(handle: *mut u8) -> *mut u8 {
    handle
}

/// # Safety
/// None: models wait for nothing outside.
pub(crate) unsafe fn watch_readable(_source: *mut u8) -> bool {
    unreachable!("models wait for nothing outside");
}

/// # Safety
/// As for `watch_readable`.
pub(crate) unsafe fn is_readable(_source: *mut u8) -> bool {
    unreachable!("models wait for nothing outside");
}

pub(crate) fn readable_word(source: *mut u8) -> *mut u8 {
    source
}

pub(crate) fn begin_io() {}

pub(crate) fn end_io() {}

/// No place: models' frames have none.
pub(super) const ROOT: *mut abi::waiting::Frame = null::<abi::waiting::Frame>().cast_mut();
