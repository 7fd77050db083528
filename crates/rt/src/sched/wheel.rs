//! A worker's timers: a hierarchical wheel of intrusive lists. Arming and disarming take constant time, and no
//! memory but the entry, which lies in the waiting task's leaf frame.
//!
//! Level 0 has a slot for each of the next 64 ticks; each further level is 64 times as coarse. An entry is put where its due tick
//! first differs from the present one, and moves down a level when the wheel reaches its slot.

use std::ptr::null_mut;

use crate::timer::Timer;
use crate::wait::Wakers;

/// Nanoseconds in a tick, as a power of two: 65 µs.
const TICK: u32 = 16;
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Enough for any `i64` of nanoseconds.
const LEVELS: usize = 8;

pub(crate) struct Wheel {
    /// The tick up to which everything has been looked at.
    now: u64,
    /// A bit for each slot that may have an entry.
    used: [u64; LEVELS],
    slots: [[*mut Timer; SLOTS]; LEVELS],
    len: usize,
}

impl Wheel {
    pub(crate) fn new(now: i64) -> Wheel {
        Wheel {
            now: now.cast_unsigned() >> TICK,
            used: [0; LEVELS],
            slots: [[null_mut(); SLOTS]; LEVELS],
            len: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// # Safety
    /// `timer` is not linked, and stays where it is until it is removed or has fired.
    pub(crate) unsafe fn insert(&mut self, timer: *mut Timer) {
        self.len += 1;
        // SAFETY: by contract.
        unsafe { self.link(timer) };
    }

    /// # Safety
    /// As for `insert`.
    unsafe fn link(&mut self, timer: *mut Timer) {
        // SAFETY: by contract; the slot's first entry is linked, hence valid.
        unsafe {
            // The first tick that begins at or after the moment, so that nothing fires early.
            let due = ((*timer).due.cast_unsigned().div_ceil(1 << TICK)).max(self.now + 1);
            let level = level(self.now, due);
            let slot = (due >> (level as u32 * BITS)) as usize % SLOTS;
            let head = &raw mut self.slots[level][slot];
            (*timer).at = head;
            (*timer).next = *head;
            if !(*timer).next.is_null() {
                (*(*timer).next).at = &raw mut (*timer).next;
            }
            *head = timer;
            self.used[level] |= 1 << slot;
        }
    }

    /// Takes an entry out, if it is linked.
    ///
    /// # Safety
    /// `timer` is valid and, if linked, linked here.
    pub(crate) unsafe fn remove(&mut self, timer: *mut Timer) {
        // SAFETY: by contract; `at` leads to a slot of this wheel or into another linked entry.
        unsafe {
            if !(*timer).at.is_null() {
                self.len -= 1;
                unlink(timer);
            }
        }
    }

    /// The moment at which the wheel next has something to do; `i64::MAX` if never.
    pub(crate) fn next_due(&self) -> i64 {
        match self.next() {
            Some((_, _, tick)) if self.len > 0 => i64::try_from(tick << TICK).unwrap_or(i64::MAX),
            _ => i64::MAX,
        }
    }

    /// The slot in use that is reached first: its level, its index, and the tick. (A slot whose entries were all removed may
    /// come up too: its tick is no later than where it could matter, or a whole round away.)
    fn next(&self) -> Option<(usize, usize, u64)> {
        let reached = |level: usize| {
            let shift = level as u32 * BITS;
            let here = (self.now >> shift) as u32 % SLOTS as u32;
            let ahead = self.used[level].rotate_right(here).trailing_zeros();
            let slot = (here + ahead) as usize % SLOTS;
            (level, slot, ((self.now >> shift) + u64::from(ahead)) << shift)
        };
        let used = (0..LEVELS).filter(|level| self.used[*level] != 0);
        used.map(reached).min_by_key(|(_, _, tick)| *tick)
    }

    /// Ends the waits that are due at `now`.
    pub(crate) fn advance(&mut self, now: i64, wakers: &mut Wakers) {
        let until = now.cast_unsigned() >> TICK;
        while let Some((level, slot, tick)) = self.next() {
            if tick > until {
                break;
            }
            self.now = self.now.max(tick);
            self.used[level] &= !(1 << slot);
            let mut timer = std::mem::replace(&mut self.slots[level][slot], null_mut());
            while !timer.is_null() {
                // SAFETY: linked entries are valid under the wheel's lock; one that has fired is not touched after the commit.
                unsafe {
                    let next = (*timer).next;
                    (*timer).at = null_mut();
                    if (*timer).due.cast_unsigned().div_ceil(1 << TICK) <= self.now {
                        self.len -= 1;
                        if let Some(claim) = (*(*timer).wait).claim() {
                            wakers.add(claim.commit(0, (*timer).late));
                        }
                    } else {
                        self.link(timer);
                    }
                    timer = next;
                }
            }
        }
        self.now = self.now.max(until);
    }
}

/// # Safety
/// `timer` is linked.
unsafe fn unlink(timer: *mut Timer) {
    // SAFETY: what it is linked to is linked too, hence valid.
    unsafe {
        let (at, next) = ((*timer).at, (*timer).next);
        *at = next;
        if !next.is_null() {
            (*next).at = at;
        }
        (*timer).at = null_mut();
    }
}

/// The level of an entry due at `due`, later than `now`.
fn level(now: u64, due: u64) -> usize {
    let differ = (now ^ due) | (SLOTS as u64 - 1);
    ((63 - differ.leading_zeros()) / BITS) as usize
}
