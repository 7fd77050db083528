//! What chance decides outside is a choice here: random numbers, the order of a map.

use std::ptr::null;

use super::super::op::Op;
use super::Exec;
use crate::random;

impl Exec {
    /// One of `n` values that chance decides outside. `untried`: what there would be more of.
    ///
    /// # Safety
    /// As for `point`.
    pub(in crate::explore) unsafe fn chance(
        this: *mut Exec,
        what: &'static str,
        n: u32,
        untried: Option<&'static str>,
    ) -> u32 {
        // SAFETY: by contract.
        unsafe {
            if this.is_null() || !(*this).is_running() {
                return 0;
            }
            (*this).untried = (*this).untried.or(untried);
            Exec::point(this, Op::Chance { what, n }, null(), -1);
            (&(*this).fibers)[(*this).current].case
        }
    }

    /// Random numbers are drawn of which there are too many to try all: they start at one of a few places.
    ///
    /// # Safety
    /// As for `point`.
    pub(in crate::explore) unsafe fn starts_chance(this: *mut Exec) {
        const STARTS: u32 = 16;
        // SAFETY: by contract.
        unsafe {
            if !this.is_null() && !std::mem::replace(&mut (*this).chance_started, true) {
                let start = Exec::chance(this, "start of random numbers", STARTS, Some("random numbers"));
                random::set_state((*this).settings.seed.wrapping_add(u64::from(start) << 32));
            }
        }
    }
}
