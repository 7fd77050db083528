//! A worker's queue of tasks that can run: a fixed ring in the manner of Chase and Lev.
//!
//! Only its owner pushes, at the tail. A *stack* ring's owner pops the newest; everyone else, and the owner of a ring that is
//! none, takes the oldest, at the head. Positions only grow (and wrap); a slot is overwritten only after the head has passed it.

use std::ptr::null_mut;

use crate::sync::{AtomicPtr, AtomicU32, Ordering, fence};

/// Small under loom, so that models reach the wrap-around.
const ROOM: u32 = if cfg!(loom) { 4 } else { 256 };

pub(crate) struct Ring<T, const STACK: bool> {
    /// The oldest entry. Moved by compare-and-swap.
    head: Padded<AtomicU32>,
    /// Behind the newest. Moved by the owner.
    tail: Padded<AtomicU32>,
    slots: [AtomicPtr<T>; ROOM as usize],
}

/// On a cache line of its own: thieves write the head, the owner the tail.
#[repr(align(64))]
struct Padded<T>(T);

impl<T, const STACK: bool> Ring<T, STACK> {
    pub(crate) fn new() -> Ring<T, STACK> {
        Ring {
            head: Padded(AtomicU32::new(0)),
            tail: Padded(AtomicU32::new(0)),
            slots: std::array::from_fn(|_| AtomicPtr::new(null_mut())),
        }
    }

    fn slot(&self, at: u32) -> &AtomicPtr<T> {
        &self.slots[(at % ROOM) as usize]
    }

    /// Pushes at the tail, or gives the entry back if there is no room.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline]
    pub(crate) unsafe fn push(&self, entry: *mut T) -> Result<(), *mut T> {
        let tail = self.tail.0.load(Ordering::Relaxed);
        // Acquire pairs with the swap that moved the head: the slot has been read.
        let head = self.head.0.load(Ordering::Acquire);
        if tail.wrapping_sub(head) >= ROOM {
            return Err(entry);
        }
        self.slot(tail).store(entry, Ordering::Relaxed);
        // Release publishes the slot and the entry to whoever takes it.
        self.tail.0.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest. Any thread may. `None` if it was empty at some moment of the call.
    #[inline]
    pub(crate) fn pop_oldest(&self) -> Option<*mut T> {
        loop {
            // Acquire: a head seen here has its slot's last reader behind it.
            let head = self.head.0.load(Ordering::Acquire);
            if STACK {
                // Against the owner, which lowers the tail and then looks at the head.
                fence(Ordering::SeqCst);
            }
            // Acquire pairs with `push`.
            let tail = self.tail.0.load(Ordering::Acquire);
            if tail.wrapping_sub(head).cast_signed() <= 0 {
                return None;
            }
            let entry = self.slot(head).load(Ordering::Relaxed);
            // The slot is overwritten only once the head has moved, and then the swap fails. Release: the slot has been read.
            if self
                .head
                .0
                .compare_exchange(head, head.wrapping_add(1), Ordering::SeqCst, Ordering::Relaxed)
                .is_ok()
            {
                return Some(entry);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let head = self.head.0.load(Ordering::Acquire);
        self.tail.0.load(Ordering::Acquire).wrapping_sub(head).cast_signed() <= 0
    }

    /// How many there are, about.
    pub(crate) fn len(&self) -> u32 {
        let (head, tail) = self.ends();
        tail.wrapping_sub(head).cast_signed().max(0).cast_unsigned()
    }

    /// The positions of the oldest entry and behind the newest, about.
    pub(crate) fn ends(&self) -> (u32, u32) {
        let head = self.head.0.load(Ordering::Relaxed);
        (head, self.tail.0.load(Ordering::Relaxed))
    }
}

impl<T> Ring<T, true> {
    /// Takes the newest.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline]
    pub(crate) unsafe fn pop_newest(&self) -> Option<*mut T> {
        let tail = self.tail.0.load(Ordering::Relaxed);
        // Nothing there: the head only comes closer.
        if self.head.0.load(Ordering::Relaxed) == tail {
            return None;
        }
        let last = tail.wrapping_sub(1);
        // Release, here and below: a thief that sees this tail sees the entries before it too, as after `push`.
        self.tail.0.store(last, Ordering::Release);
        // Either a thief sees the lowered tail, or its moved head is seen here.
        fence(Ordering::SeqCst);
        let head = self.head.0.load(Ordering::Relaxed);
        let left = last.wrapping_sub(head).cast_signed();
        if left > 0 {
            return Some(self.slot(last).load(Ordering::Relaxed));
        }
        let mut entry = None;
        if left == 0 {
            // The last one: thieves may be after it.
            entry = self
                .head
                .0
                .compare_exchange(head, tail, Ordering::SeqCst, Ordering::Relaxed)
                .ok()
                .map(|_| self.slot(last).load(Ordering::Relaxed));
        }
        self.tail.0.store(tail, Ordering::Release);
        entry
    }
}
