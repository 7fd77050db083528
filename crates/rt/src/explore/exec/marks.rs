//! Where others learn of what has been done: see `Exec::mark`.

use super::Exec;

/// Of a channel, who gives up the last sender learns of the other senders' ends at its address, who gives up the last receiver at the
/// first of these. The others are for those who find that nothing comes any more, or that nobody receives.
pub(in crate::explore) fn receivers_of(channel: usize) -> usize {
    channel | 1
}

pub(in crate::explore) fn closed(channel: usize) -> usize {
    channel | 2
}

pub(in crate::explore) fn shut(channel: usize) -> usize {
    channel | 3
}

/// An operation after which something can be learnt of: see `Exec::mark`.
///
/// # Safety
/// `this` is the execution under way.
pub(in crate::explore) unsafe fn mark(this: *mut Exec, at: usize) {
    // SAFETY: by contract.
    unsafe { (*this).mark(at) }
}

/// The same, if it is the first one: later ones make no difference.
///
/// # Safety
/// `this` is the execution under way.
pub(in crate::explore) unsafe fn mark_first(this: *mut Exec, at: usize) {
    // SAFETY: by contract.
    unsafe {
        if !(*this).marks.contains_key(&at) {
            (*this).mark(at);
        }
    }
}

/// What could be learnt of there is over.
///
/// # Safety
/// `this` is the execution under way.
pub(in crate::explore) unsafe fn forget(this: *mut Exec, at: usize) {
    // SAFETY: by contract.
    unsafe {
        (*this).marks.remove(&at);
    }
}
