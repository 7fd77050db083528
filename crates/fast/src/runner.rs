//! The front of what runs waiting code.

use core::cell::{Cell, UnsafeCell};

use abi::waiting::Context;

use crate::sync::{AtomicU32, Ordering};

/// How a `rt::runner::Runner`, a task or an OS thread, begins. All but `attention` is used by the one thread that runs it.
#[repr(C)]
pub struct Front {
    /// Its address is what waiting code is handed; that changes it by way of the pointer.
    pub cx: UnsafeCell<Context>,
    /// Not 0: something is to be looked at before a wait. Its bits are `rt`'s business.
    pub attention: AtomicU32,
    /// How many calls that may wait it may still make before it asks whether others are to have their turn.
    pub budget: Cell<u8>,
    /// `rt`'s business, as is `shield`.
    pub flags: Cell<u8>,
    pub shield: Cell<u16>,
}

const _: () = assert!(size_of::<Front>() == size_of::<Context>() + 8 || cfg!(loom));

impl Front {
    /// Whether a call that may wait can be tried at once.
    #[inline(always)]
    pub fn may_try(&self) -> bool {
        // A cancellation that comes just now is found by the next call.
        self.attention.load(Ordering::Relaxed) == 0 && self.budget.get() != 0
    }

    /// Counts a call for which [`may_try`](Self::may_try) was so.
    #[inline(always)]
    pub fn spend(&self) {
        self.budget.set(self.budget.get() - 1);
    }
}
