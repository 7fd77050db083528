//! Waits as a plain OS thread makes them, for tests: each with a runner of its own.

use abi::{RecvOutcome, SelectCase, SendOutcome};

use crate::channel::{Channel, Recv, RecvBatch, Send, SendBatch};
use crate::locks::{Acquire, CondvarWait, EventWait, Lock, TAKEN, Take, WordWait};
use crate::runner::Runner;
use crate::select::Select;
use crate::sync::AtomicU32;
use crate::wait::{Machine, NOW, Reason, WaitResult, block};

/// # Safety
/// As for a machine.
unsafe fn wait<M: Machine>(mut machine: M, deadline: Option<i64>) -> M::Out {
    let run = Runner::new(false);
    // SAFETY: by contract.
    if let Some(out) = unsafe { machine.at_once(&run) } {
        return out;
    }
    // SAFETY: by contract; the wait is over before the runner goes.
    match unsafe { block(&run, machine, deadline.unwrap_or(NOW)) } {
        WaitResult::Ready(out) => out,
        WaitResult::Unwinding => unreachable!("nobody cancels a thread"),
    }
}

pub(super) fn mutex_lock(word: &AtomicU32, deadline: i64) -> bool {
    // SAFETY: the word outlives the wait, as in the others below.
    unsafe { wait(Lock::new(word), Some(deadline)) == TAKEN }
}

pub(super) fn rwlock_read(word: &AtomicU32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(Take::read(word), Some(deadline)) == TAKEN }
}

pub(super) fn rwlock_write(word: &AtomicU32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(Take::write(word), Some(deadline)) == TAKEN }
}

#[cfg(not(loom))]
pub(super) fn semaphore_acquire(word: &AtomicU32, n: u32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(Acquire::new(word, n), Some(deadline)) == TAKEN }
}

pub(super) fn event_wait(word: &AtomicU32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(EventWait::new(word, Reason::Event), Some(deadline)) == TAKEN }
}

#[cfg(not(loom))]
pub(super) fn word_wait(word: &AtomicU32, expected: u32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(WordWait::new(word, expected), Some(deadline)) == TAKEN }
}

pub(super) fn condvar_wait(condvar: &AtomicU32, mutex: &AtomicU32, deadline: i64) -> bool {
    // SAFETY: as above.
    unsafe { wait(CondvarWait::new(condvar, mutex), Some(deadline)) == TAKEN }
}

/// # Safety
/// `value` is what the channel carries.
pub(super) unsafe fn send(channel: &Channel, value: *mut u8, deadline: Option<i64>) -> SendOutcome {
    // SAFETY: by contract.
    match unsafe { wait(Send::new(channel, value), deadline) } {
        0 => SendOutcome::Sent,
        1 => SendOutcome::Closed,
        _ => SendOutcome::TimedOut,
    }
}

/// # Safety
/// `out` has room for what the channel carries.
pub(super) unsafe fn recv(channel: &Channel, out: *mut u8, deadline: Option<i64>) -> RecvOutcome {
    // SAFETY: by contract.
    match unsafe { wait(Recv::new(channel, out), deadline) } {
        0 => RecvOutcome::Received,
        1 => RecvOutcome::Closed,
        _ => RecvOutcome::TimedOut,
    }
}

/// # Safety
/// `values` are `n` of what the channel carries.
pub(super) unsafe fn send_batch(channel: &Channel, values: *mut u8, n: usize) -> usize {
    let mut progress = 0;
    // SAFETY: by contract.
    unsafe { wait(SendBatch::new(channel, values, n, &raw mut progress), Some(-1)) }
}

/// # Safety
/// `out` has room for `max` of what the channel carries.
pub(super) unsafe fn recv_batch(channel: &Channel, out: *mut u8, max: usize) -> i64 {
    // SAFETY: by contract.
    unsafe { wait(RecvBatch::new(channel, out, max), Some(-1)) }
}

/// # Safety
/// Every case's object and value place are valid.
pub(super) unsafe fn select(cases: &[SelectCase], deadline: Option<i64>, biased: bool) -> i32 {
    let mut cases = cases.to_vec();
    // SAFETY: by contract; what is waited with is in the copy, which is ours.
    unsafe { wait(Select::new(cases.as_mut_ptr(), cases.len(), biased), deadline) }
}
