//! The values that are queued in a channel: a chain of rings, without a lock.
//!
//! Values have positions, counted from 0 for ever. A sender takes the next position by moving a ring's `tail`, fills that
//! position's slot, and then says so in the slot's stamp; a receiver takes the oldest by moving `head`, empties the slot, and
//! says so (Dmitry Vyukov's queue for many producers and consumers). A stamp is twice the number of times that its slot
//! was emptied, plus one while it is full: so everyone sees whether it is his turn, and a fresh slot is all zeros.
//!
//! A ring that has become too small is *left*: under the channel's lock its tail is frozen, and one of twice the size
//! takes over at the position where it stopped. Receivers empty the old one first. Rings are freed with the channel only, so
//! nobody is left with a pointer to nothing; all that were left are together smaller than the one in use.
//!
//! A channel with a limit has it kept by positions: none is taken that is not before `bound`, and `bound` is only moved
//! to the limit behind a head that was seen. So senders need not look at what receivers write each time.
//!
//! What those who wait rely on (see `channel`): taking a position, freezing and closing are sequentially consistent
//! exchanges; `pop` says that it is empty, and `push` that it is full, after sequentially consistent looks at the other end. A
//! position that is taken but not yet filled (or emptied) does not count as empty (or full): it is waited for, since whoever took it
//! needs nobody for the few instructions that are left.

use fast::ring::{
    CLOSED, Fixed, Front, LEFT, MEETS, ONE, POSITION, Padded, Ring, Shape, Stamp, Turn, move_value, stamp,
    turn,
};

use crate::memory;
use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize, Backoff, Ordering};

/// How many slots the first ring has at most.
const FIRST: usize = if cfg!(loom) { 2 } else { 8 };

#[repr(C)]
pub(super) struct Values {
    /// What `fast` knows of a channel: the rings, and the word that tells who waits.
    pub(super) front: Front,
    align: usize,
}

// SAFETY: rings are shared by atomics as the head says; a slot belongs to whoever took its position.
unsafe impl Sync for Values {}
// SAFETY: as above; values may be sent, by the word of whoever made the channel.
unsafe impl Send for Values {}

pub(super) enum Push {
    /// At this position.
    Done(usize),
    Full,
    Closed,
    /// There is no room only because the ring is too small: `grow`.
    Small,
}

pub(super) enum Pop {
    Done,
    Empty { closed: bool },
}

impl Values {
    /// For up to `limit` values of `size` bytes; `usize::MAX` stands for any number, and with 0 there is no ring at all.
    pub(super) fn new(limit: usize, size: usize, align: usize) -> Values {
        let front = Front {
            last: AtomicPtr::new(std::ptr::null_mut()),
            first: AtomicPtr::new(std::ptr::null_mut()),
            bound: AtomicUsize::new(limit),
            limit,
            waiting: AtomicU32::new(if limit == 0 { MEETS } else { 0 }),
            shape: Shape::new(size, align),
        };
        let mut values = Values { front, align };
        if limit > 0 {
            let ring = values.ring(limit.checked_next_power_of_two().unwrap_or(FIRST).min(FIRST));
            values.front.last = AtomicPtr::new(ring);
            values.front.first = AtomicPtr::new(ring);
        }
        values
    }

    pub(super) fn size(&self) -> usize {
        self.front.shape.size
    }

    #[inline]
    pub(super) fn shape(&self) -> Shape {
        self.front.shape
    }

    /// Where the slots begin, how large a ring is, and its alignment.
    fn layout(&self, room: usize) -> (usize, usize, usize) {
        let align = self.align.max(align_of::<Ring>());
        let slots = size_of::<Ring>().next_multiple_of(align);
        (slots, slots + room * self.front.shape.stride, align)
    }

    /// A ring that nobody knows yet, starting at position 0.
    fn ring(&self, room: usize) -> *mut Ring {
        let (slots, bytes, align) = self.layout(room);
        let ring = memory::alloc_zeroed(bytes, align).cast::<Ring>();
        // SAFETY: room for the header and the slots, ours alone.
        unsafe {
            let slots = ring.cast::<u8>().add(slots);
            let fixed = Fixed {
                slots,
                start: 0,
                mask: room - 1,
                bits: room.trailing_zeros(),
                before: std::ptr::null_mut(),
                next: AtomicPtr::new(std::ptr::null_mut()),
            };
            ring.write(Ring {
                tail: Padded(AtomicUsize::new(0)),
                head: Padded(AtomicUsize::new(0)),
                fixed: Padded(fixed),
            });
            // Otherwise zeros do.
            if cfg!(loom) {
                (0..room).for_each(|i| {
                    slots.add(i * self.front.shape.stride).cast::<Stamp>().write(Stamp::new(0))
                });
            }
        }
        ring
    }

    /// Queues a value.
    ///
    /// # Safety
    /// `value` leads to a value, which is moved away if the result is `Done`. The limit is not 0.
    #[inline]
    pub(super) unsafe fn push(&self, value: *const u8) -> Push {
        // SAFETY: by contract.
        unsafe { self.push_some(value, 1).0 }
    }

    /// Queues the first of `n` values, in a row: as many as there is room for at the moment. Gives how many, too.
    ///
    /// # Safety
    /// `values` leads to `n` values, more than none, of which as many as the result says are moved away. The limit is not 0.
    #[inline(always)]
    pub(super) unsafe fn push_some(&self, values: *const u8, n: usize) -> (Push, usize) {
        let mut backoff = Backoff::new();
        loop {
            // SAFETY: rings live as long as the channel; acquire pairs with the release in `grow`.
            let ring = unsafe { &*self.front.last.load(Ordering::Acquire) };
            let tail = ring.tail.0.load(Ordering::Relaxed);
            if tail & (CLOSED | LEFT) != 0 {
                if tail & CLOSED != 0 {
                    return (Push::Closed, 0);
                }
                backoff.pause();
                continue;
            }
            let position = tail >> POSITION;
            if position >= self.front.bound.load(Ordering::Relaxed) {
                match self.extend(position) {
                    Some(true) => {}
                    Some(false) => return (Push::Full, 0),
                    None => {
                        backoff.pause();
                        continue;
                    }
                }
            }
            // SAFETY: positions in its tail are the ring's.
            let (slot, mine) = unsafe { ring.slot(position, self.front.shape.stride) };
            // SAFETY: it is a slot of the ring.
            match turn(unsafe { stamp(slot) }, mine) {
                Turn::Mine => {
                    let count = match n {
                        1 => 1,
                        _ => {
                            let bound = self.front.bound.load(Ordering::Relaxed);
                            self.row(ring, position, 0, n.min(bound - position))
                        }
                    };
                    let (taken, seen) = (Ordering::SeqCst, Ordering::Relaxed);
                    let next = tail + count * ONE;
                    if ring.tail.0.compare_exchange_weak(tail, next, taken, seen).is_ok() {
                        // SAFETY: the slots are ours until they are stamped, and the values by contract.
                        unsafe { self.fill(ring, position, values, count) };
                        return (Push::Done(position), count);
                    }
                    backoff.pause();
                }
                Turn::NotYet => {
                    let head = ring.head.0.load(Ordering::SeqCst);
                    if position.wrapping_sub(head).cast_signed() >= ring.room().cast_signed() {
                        return (Push::Small, 0);
                    }
                    // Somebody is just emptying it.
                    backoff.pause();
                }
                Turn::Over => backoff.pause(),
            }
        }
    }

    /// How many slots from a position on are in the same state: `full` 0 or 1. The first one is; `most` is at least 1.
    #[inline(never)]
    fn row(&self, ring: &Ring, position: usize, full: usize, most: usize) -> usize {
        let mut same = 0;
        self.each_slot(ring, position, most.min(ring.room()), |_, _, slot, mine| {
            // SAFETY: it is a slot of the ring. Acquire as in `turn`.
            let is = unsafe { stamp(slot) }.load(Ordering::Acquire) == mine + full;
            same += usize::from(is);
            is
        });
        // The first one is, by contract.
        same.max(1)
    }

    /// Moves values into slots from a position on.
    ///
    /// # Safety
    /// The slots are the caller's and empty; there are as many values, which are moved away.
    #[inline(always)]
    unsafe fn fill(&self, ring: &Ring, position: usize, values: *const u8, count: usize) {
        self.each_slot(ring, position, count, |shape, i, slot, mine| {
            // SAFETY: by contract.
            unsafe {
                move_value(values.add(i * shape.size), slot.add(shape.offset), shape.size);
                // Release publishes the value.
                stamp(slot).store(mine + 1, Ordering::Release);
            }
            true
        });
    }

    /// Moves values out of slots from a position on.
    ///
    /// # Safety
    /// The slots are the caller's and full; there is room for as many values.
    #[inline(always)]
    unsafe fn empty(&self, ring: &Ring, position: usize, out: *mut u8, count: usize) {
        self.each_slot(ring, position, count, |shape, i, slot, mine| {
            // SAFETY: by contract.
            unsafe {
                move_value(slot.add(shape.offset), out.add(i * shape.size), shape.size);
                // Release: the value is out of the way of the next one.
                stamp(slot).store(mine + 2, Ordering::Release);
            }
            true
        });
    }

    /// Calls `f` with the shape, the how-manieth it is, a slot, and what its stamp is while it is empty, for `count` slots from a position of the
    /// ring's tail or head on, or until it says no. A stretch up to the ring's end at a time.
    #[inline(always)]
    fn each_slot(
        &self,
        ring: &Ring,
        position: usize,
        count: usize,
        mut f: impl FnMut(Shape, usize, *mut u8, usize) -> bool,
    ) {
        self.front.shape.with(|shape| {
            let mut done = 0;
            while done < count {
                // SAFETY: positions from the ring's tail or head on are not before its first.
                let (first, mine, len) = unsafe { ring.stretch(position + done, shape.stride, count - done) };
                for i in 0..len {
                    // SAFETY: it is one of the stretch's.
                    let slot = unsafe { first.add(i * shape.stride) };
                    if !f(shape, done + i, slot, mine) {
                        return;
                    }
                }
                done += len;
            }
        });
    }

    /// Moves the bound if there is room for a position. `None`: it is not the next one any more.
    #[cold]
    fn extend(&self, position: usize) -> Option<bool> {
        let queued = position.wrapping_sub(self.head());
        if queued.cast_signed() < 0 {
            return None;
        }
        if queued >= self.front.limit {
            return Some(false);
        }
        // It only grows, and another one's is as good.
        self.front.bound.fetch_max(position - queued + self.front.limit, Ordering::Relaxed);
        Some(true)
    }

    /// The position of the oldest value.
    fn head(&self) -> usize {
        // SAFETY: rings live as long as the channel.
        unsafe { (*self.front.first.load(Ordering::SeqCst)).head.0.load(Ordering::SeqCst) }
    }

    /// Takes the oldest value.
    ///
    /// # Safety
    /// `out` has room for a value, which is there if the result is `Done`. The limit is not 0.
    #[inline]
    pub(super) unsafe fn pop(&self, out: *mut u8) -> Pop {
        // SAFETY: by contract.
        unsafe { self.pop_some(out, 1).0 }
    }

    /// Takes the oldest values, in a row: up to `n` that are there at the moment. Gives how many, too.
    ///
    /// # Safety
    /// `out` has room for `n` values, more than none. The limit is not 0.
    #[inline(always)]
    pub(super) unsafe fn pop_some(&self, out: *mut u8, n: usize) -> (Pop, usize) {
        let mut backoff = Backoff::new();
        loop {
            let at = self.front.first.load(Ordering::Acquire);
            // SAFETY: rings live as long as the channel; acquire pairs with the release of whoever moved it there.
            let ring = unsafe { &*at };
            let head = ring.head.0.load(Ordering::Relaxed);
            // SAFETY: positions in its head are the ring's.
            let (slot, free) = unsafe { ring.slot(head, self.front.shape.stride) };
            // SAFETY: it is a slot of the ring.
            match turn(unsafe { stamp(slot) }, free + 1) {
                Turn::Mine => {
                    let count = if n == 1 { 1 } else { self.row(ring, head, 1, n) };
                    let (taken, seen) = (Ordering::SeqCst, Ordering::Relaxed);
                    if ring.head.0.compare_exchange_weak(head, head + count, taken, seen).is_ok() {
                        // SAFETY: the slots are ours until they are stamped, and the room by contract.
                        unsafe { self.empty(ring, head, out, count) };
                        return (Pop::Done, count);
                    }
                    backoff.pause();
                }
                Turn::NotYet => {
                    let tail = ring.tail.0.load(Ordering::SeqCst);
                    if tail >> POSITION != head {
                        // Somebody is just filling it, or has taken it.
                        backoff.pause();
                    } else if tail & LEFT == 0 {
                        return (Pop::Empty { closed: tail & CLOSED != 0 }, 0);
                    } else if !self.follow(at) {
                        backoff.pause();
                    }
                }
                Turn::Over => backoff.pause(),
            }
        }
    }

    /// Receives from the next ring from now on. False: it is not there yet.
    #[cold]
    fn follow(&self, ring: *mut Ring) -> bool {
        // SAFETY: rings live as long as the channel; acquire pairs with the release in `grow`.
        let next = unsafe { (*ring).fixed.0.next.load(Ordering::Acquire) };
        if next.is_null() {
            return false;
        }
        // Nobody takes from a ring before `first` leads there, so that who looks for the oldest value finds it.
        let _ = self.front.first.compare_exchange(ring, next, Ordering::SeqCst, Ordering::Relaxed);
        true
    }

    /// Leaves the ring for one of twice the size, unless there is room by now.
    ///
    /// # Safety
    /// The channel's lock is held.
    #[cold]
    pub(super) unsafe fn grow(&self) {
        let at = self.front.last.load(Ordering::Relaxed);
        // SAFETY: rings live as long as the channel, and only the lock's holder adds one.
        unsafe {
            let room = (*at).room();
            let tail = (*at).tail.0.load(Ordering::Relaxed);
            let queued = (tail >> POSITION).wrapping_sub((*at).head.0.load(Ordering::Relaxed));
            if tail & CLOSED != 0 || queued.cast_signed() < room.cast_signed() {
                return;
            }
            let next = self.ring(room * 2);
            let tail = (*at).tail.0.fetch_or(LEFT, Ordering::SeqCst);
            let start = tail >> POSITION;
            (*next).fixed.0.start = start;
            (*next).fixed.0.before = at;
            (*next).head.0.store(start, Ordering::Relaxed);
            (*next).tail.0.store(start << POSITION, Ordering::Relaxed);
            // Release publishes the ring.
            (*at).fixed.0.next.store(next, Ordering::Release);
            self.front.last.store(next, Ordering::Release);
        }
    }

    /// No position is taken any more.
    ///
    /// # Safety
    /// The channel's lock is held.
    pub(super) unsafe fn close(&self) {
        // SAFETY: rings live as long as the channel. Only the lock's holder leaves one, so this is the last.
        if let Some(ring) = unsafe { self.front.last.load(Ordering::Relaxed).as_ref() } {
            ring.tail.0.fetch_or(CLOSED, Ordering::SeqCst);
        }
    }

    /// How many there are, those counted that are just being queued. While others send and receive: as many as there were, or
    /// a few more.
    pub(super) fn len(&self) -> usize {
        if self.front.limit == 0 {
            return 0;
        }
        // The head first, which the tail is never behind.
        let head = self.head();
        // SAFETY: rings live as long as the channel.
        let tail = unsafe { (*self.front.last.load(Ordering::SeqCst)).tail.0.load(Ordering::SeqCst) };
        ((tail >> POSITION) - head).min(self.front.limit)
    }

    /// Whether receiving would not wait, or sending. Hints, got with few looks.
    #[inline]
    pub(super) fn seems_empty(&self) -> bool {
        // SAFETY: rings live as long as the channel, positions in its head are the ring's.
        unsafe {
            let ring = &*self.front.first.load(Ordering::Acquire);
            let head = ring.head.0.load(Ordering::Relaxed);
            let (slot, free) = ring.slot(head, self.front.shape.stride);
            stamp(slot).load(Ordering::Relaxed) == free
                && ring.tail.0.load(Ordering::Relaxed) >> POSITION == head
                && ring.fixed.0.next.load(Ordering::Relaxed).is_null()
        }
    }

    pub(super) fn seems_full(&self) -> bool {
        self.front.limit != usize::MAX && self.len() >= self.front.limit
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        let mut ring = self.front.last.load(Ordering::Relaxed);
        while !ring.is_null() {
            // SAFETY: nobody uses the channel any more; each ring was allocated by `ring` with this layout.
            unsafe {
                let (before, room) = ((*ring).fixed.0.before, (*ring).room());
                if cfg!(loom) {
                    let slots = (*ring).fixed.0.slots;
                    (0..room)
                        .for_each(|i| slots.add(i * self.front.shape.stride).cast::<Stamp>().drop_in_place());
                }
                ring.drop_in_place();
                let (_, bytes, align) = self.layout(room);
                memory::free(ring.cast(), bytes, align);
                ring = before;
            }
        }
    }
}
