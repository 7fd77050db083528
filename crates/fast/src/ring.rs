//! A channel's ring of values, as sending and receiving one value see it. `rt::channel` has the rest, and the argument.

use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, exchange_fence};

/// In a ring's tail, beneath the position.
pub const CLOSED: usize = 1;
/// Another ring has taken over.
pub const LEFT: usize = 2;
pub const POSITION: u32 = 2;
pub const ONE: usize = 1 << POSITION;

/// See `Front::has_little_room`.
const FEW: usize = 32;

/// In `Front::waiting`: who waits.
pub const RECEIVERS: u32 = 1;
pub const SENDERS: u32 = 2;
pub const WATCHERS: u32 = 4;
/// Always there in a rendezvous.
pub const MEETS: u32 = 8;

/// More values than this are a backlog.
pub const BACKLOG: usize = 1024;
/// How often senders look whether there is one: at every so many-th value.
const LOOKS: usize = 16;

/// How many pauses of the processor are between attempts at something that others got in the way of: see `rt::sync::Backoff`.
pub const PAUSE: u32 = 16;

/// How a `rt::channel::Channel` begins.
#[repr(C)]
pub struct Front {
    /// The ring to send to. Null if the limit is 0.
    pub last: AtomicPtr<Ring>,
    /// The ring to receive from. Null if the limit is 0.
    pub first: AtomicPtr<Ring>,
    /// No position is taken that is not before it.
    pub bound: AtomicUsize,
    /// How many values may be queued: `usize::MAX` unbounded, 0 a rendezvous.
    pub limit: usize,
    /// Who waits, in the bits above.
    pub waiting: AtomicU32,
    pub shape: Shape,
}

/// The start of a ring; its slots follow.
#[repr(C)]
pub struct Ring {
    pub tail: Padded<AtomicUsize>,
    pub head: Padded<AtomicUsize>,
    pub fixed: Padded<Fixed>,
}

/// On a cache line of its own.
#[repr(C, align(64))]
pub struct Padded<T>(pub T);

#[repr(C)]
pub struct Fixed {
    pub slots: *mut u8,
    /// The position of the first value it ever held.
    pub start: usize,
    /// One less than how many slots it has, a power of two.
    pub mask: usize,
    pub bits: u32,
    /// The ring that was left for it, or null.
    pub before: *mut Ring,
    /// Null until it is left.
    pub next: AtomicPtr<Ring>,
}

/// A slot's stamp comes first, then, aligned, the value.
pub type Stamp = AtomicUsize;

/// How values lie in their slots.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Shape {
    pub size: usize,
    /// Where a value is in its slot, and how far apart slots are.
    pub offset: usize,
    pub stride: usize,
}

impl Shape {
    #[inline(always)]
    pub const fn new(size: usize, align: usize) -> Shape {
        let offset = size_of::<Stamp>().next_multiple_of(align);
        let whole = if align > align_of::<Stamp>() { align } else { align_of::<Stamp>() };
        Shape { size, offset, stride: (offset + size).next_multiple_of(whole) }
    }

    /// Calls `f` with this shape, as a constant if it is the most frequent one: loops over slots are twice as fast then.
    #[inline(always)]
    pub fn with<R>(self, f: impl FnOnce(Shape) -> R) -> R {
        const WORD: Shape = Shape::new(8, 8);
        if self.size == WORD.size && self.stride == WORD.stride { f(WORD) } else { f(self) }
    }
}

/// What a slot's stamp says of a position.
pub enum Turn {
    Mine,
    NotYet,
    Over,
}

impl Ring {
    /// # Safety
    /// The position is not before the ring's first.
    #[inline(always)]
    pub unsafe fn slot(&self, position: usize, stride: usize) -> (*mut u8, usize) {
        let fixed = &self.fixed.0;
        let at = position.wrapping_sub(fixed.start);
        // SAFETY: masked, the number is below that of the slots.
        (unsafe { fixed.slots.add((at & fixed.mask) * stride) }, (at >> fixed.bits) * 2)
    }

    /// The slots from a position on that lie one behind the other, `most` or up to the ring's end: the first, what their stamps are
    /// while they are empty, and how many there are.
    ///
    /// # Safety
    /// As for `slot`.
    #[inline(always)]
    pub unsafe fn stretch(&self, position: usize, stride: usize, most: usize) -> (*mut u8, usize, usize) {
        // SAFETY: by contract.
        let (slot, mine) = unsafe { self.slot(position, stride) };
        let fixed = &self.fixed.0;
        let at = position.wrapping_sub(fixed.start) & fixed.mask;
        (slot, mine, most.min(fixed.mask + 1 - at))
    }

    pub fn room(&self) -> usize {
        self.fixed.0.mask + 1
    }
}

/// # Safety
/// `slot` is one of a ring.
#[inline(always)]
pub unsafe fn stamp<'a>(slot: *mut u8) -> &'a Stamp {
    // SAFETY: a slot starts with its stamp.
    unsafe { &*slot.cast::<Stamp>() }
}

#[inline(always)]
pub fn turn(stamp: &Stamp, mine: usize) -> Turn {
    // Acquire pairs with the release of whoever had the slot before.
    match stamp.load(Ordering::Acquire).wrapping_sub(mine).cast_signed() {
        0 => Turn::Mine,
        ..0 => Turn::NotYet,
        _ => Turn::Over,
    }
}

/// Moves a value of `size` bytes. Most are a word or two, for which a call to `memcpy` would cost more than the move.
///
/// # Safety
/// `from` leads to a value and `to` to room for one, elsewhere.
#[inline(always)]
pub unsafe fn move_value(from: *const u8, to: *mut u8, size: usize) {
    // SAFETY: by contract.
    unsafe {
        match size {
            0 => {}
            8 => to.cast::<[u8; 8]>().write(from.cast::<[u8; 8]>().read()),
            16 => to.cast::<[u8; 16]>().write(from.cast::<[u8; 16]>().read()),
            24 => to.cast::<[u8; 24]>().write(from.cast::<[u8; 24]>().read()),
            _ => from.copy_to_nonoverlapping(to, size),
        }
    }
}

/// What came of one try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tried {
    /// At this position.
    Done(usize),
    /// Somebody else was faster: to be tried again, but not at once.
    Contended,
    /// It takes more than that.
    No,
}

impl Front {
    /// Queues a value, if nobody waits who is to be served first.
    ///
    /// # Safety
    /// The front is a channel's, whose values have this shape. `value` leads to one; it is moved away if it is `Done`: then
    /// [`has_receivers`](Self::has_receivers) is to be asked.
    #[inline(always)]
    pub unsafe fn try_push(&self, value: *const u8, shape: Shape) -> Tried {
        if self.waiting.load(Ordering::Relaxed) & (RECEIVERS | SENDERS | MEETS) != 0 {
            return Tried::No;
        }
        // SAFETY: it is no rendezvous; rings live as long as the channel; acquire pairs with the release of whoever made it.
        let ring = unsafe { &*self.last.load(Ordering::Acquire) };
        let tail = ring.tail.0.load(Ordering::Relaxed);
        let position = tail >> POSITION;
        if tail & (CLOSED | LEFT) != 0 {
            return Tried::No;
        }
        if position >= self.bound.load(Ordering::Relaxed) && !self.has_little_room(position) {
            return Tried::No;
        }
        // SAFETY: positions in its tail are the ring's, and it is a slot of the ring.
        unsafe {
            let (slot, mine) = ring.slot(position, shape.stride);
            let stamp = stamp(slot);
            // Acquire pairs with the release of whoever emptied it.
            if stamp.load(Ordering::Acquire) != mine {
                return Tried::No;
            }
            let (taken, seen) = (Ordering::SeqCst, Ordering::Relaxed);
            if ring.tail.0.compare_exchange_weak(tail, tail + ONE, taken, seen).is_err() {
                return Tried::Contended;
            }
            // The slot is ours until it is stamped.
            move_value(value, slot.add(shape.offset), shape.size);
            // Release publishes the value.
            stamp.store(mine + 1, Ordering::Release);
        }
        Tried::Done(position)
    }

    /// Of a channel for a few values only: whether there is room for one at a position. To move the bound would cost more than to
    /// look each time.
    #[inline(always)]
    fn has_little_room(&self, position: usize) -> bool {
        if self.limit > FEW {
            return false;
        }
        // SAFETY: it is no rendezvous; rings live as long as the channel.
        let head = unsafe { (*self.first.load(Ordering::SeqCst)).head.0.load(Ordering::SeqCst) };
        // Not the next position any more if the head is behind it.
        position.wrapping_sub(head) < self.limit
    }

    /// Whether a receiver waits, asked after a position was taken.
    #[inline(always)]
    pub fn has_receivers(&self) -> bool {
        exchange_fence();
        self.waiting.load(Ordering::SeqCst) & RECEIVERS != 0
    }

    /// Takes the oldest value, if it is in the ring.
    ///
    /// # Safety
    /// The front is a channel's, whose values have this shape. `out` has room for one, which is there if it is `Done`: then
    /// [`has_senders`](Self::has_senders) is to be asked.
    #[inline(always)]
    pub unsafe fn try_pop(&self, out: *mut u8, shape: Shape) -> Tried {
        let ring = self.first.load(Ordering::Acquire);
        // SAFETY: rings live as long as the channel; acquire pairs with the release of whoever moved it there.
        let Some(ring) = (unsafe { ring.as_ref() }) else { return Tried::No };
        let head = ring.head.0.load(Ordering::Relaxed);
        // SAFETY: positions in its head are the ring's, and it is a slot of the ring.
        unsafe {
            let (slot, free) = ring.slot(head, shape.stride);
            let stamp = stamp(slot);
            // Acquire pairs with the release of whoever filled it.
            if stamp.load(Ordering::Acquire) != free + 1 {
                return Tried::No;
            }
            let (taken, seen) = (Ordering::SeqCst, Ordering::Relaxed);
            if ring.head.0.compare_exchange_weak(head, head + 1, taken, seen).is_err() {
                return Tried::Contended;
            }
            // The slot is ours until it is stamped.
            move_value(slot.add(shape.offset), out, shape.size);
            // Release: the value is out of the way of the next one.
            stamp.store(free + 2, Ordering::Release);
        }
        Tried::Done(head)
    }

    /// Whether there is a value to pop. `None`: it is a rendezvous, or there may be some in a further ring.
    ///
    /// # Safety
    /// The front is a channel's.
    #[inline(always)]
    pub unsafe fn seems_to_have_value(&self) -> Option<bool> {
        // SAFETY: as in `try_pop`.
        let ring = unsafe { self.first.load(Ordering::Acquire).as_ref()? };
        let head = ring.head.0.load(Ordering::Relaxed);
        // SAFETY: positions in its head are the ring's, and it is a slot of the ring.
        let (slot, free) = unsafe { ring.slot(head, self.shape.stride) };
        // SAFETY: as above.
        let has = unsafe { stamp(slot) }.load(Ordering::Relaxed) == free + 1;
        (has || ring.fixed.0.next.load(Ordering::Relaxed).is_null()).then_some(has)
    }

    /// Whether somebody waits for room, or for the last value to be taken, asked after a value was.
    #[inline(always)]
    pub fn has_senders(&self) -> bool {
        exchange_fence();
        self.waiting.load(Ordering::SeqCst) & (SENDERS | WATCHERS) != 0
    }

    /// Whether a value was queued at a position where senders look for a backlog.
    #[inline(always)]
    pub fn is_to_look(&self, position: usize) -> bool {
        position.is_multiple_of(LOOKS) && self.limit > BACKLOG
    }
}
