//! Channels: one queue of values, any number of senders and receivers.
//!
//! Values are bytes here, moved with `memcpy`; their types and destructors are std's business. One lock
//! guards a channel; waiting goes through `wait`. What holds whenever the lock is free:
//!
//! - a receiver waits only while the buffer is empty and the channel open; a sender only while the
//!   buffer is full (or has no room by design, a rendezvous) and the channel open; never both, save for claimed-elsewhere leftovers;
//! - a closed channel has no waiting senders or receivers;
//! - `closed` never becomes false again.
//!
//! The channel's memory has two owners, its sides. The senders' side lets go with the last sender, the
//! receivers' after the last receiver has drained what was left.

mod waiting;

pub(crate) use waiting::{Recv, RecvBatch, Send, SendBatch};

use abi::{RecvOutcome, SendOutcome};

use crate::memory;
use crate::point::{Point, point};
use crate::sync::{AtomicUsize, Ordering};
use crate::wait::{Locked, Outcome, Queue, Wakers, finish};

pub(crate) struct Channel {
    state: Locked<State>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    sides: AtomicUsize,
}

pub(crate) struct State {
    buffer: Buffer,
    /// How many values may be queued: `usize::MAX` unbounded, 0 a rendezvous.
    limit: usize,
    closed: bool,
    senders: Queue,
    receivers: Queue,
    /// Select cases that fire once the channel is closed and empty.
    watchers: Queue,
}

/// A ring of `room` slots of `size` bytes, a power of two, growing up to the channel's limit.
struct Buffer {
    slots: *mut u8,
    room: usize,
    head: usize,
    len: usize,
    size: usize,
    align: usize,
}

impl Buffer {
    /// # Safety
    /// `index < room`.
    unsafe fn slot(&self, index: usize) -> *mut u8 {
        // SAFETY: the slot lies within the allocation.
        unsafe { self.slots.add((index & (self.room - 1)) * self.size) }
    }

    /// # Safety
    /// `value` leads to a value, which is moved away.
    #[inline]
    unsafe fn push(&mut self, value: *const u8) {
        if self.size != 0 {
            if self.len == self.room {
                self.grow();
            }
            // SAFETY: `value` by contract; the slot behind the last value is free.
            unsafe { move_value(value, self.slot(self.head + self.len), self.size) };
        }
        self.len += 1;
    }

    /// # Safety
    /// `len > 0`, and `out` has room for a value.
    #[inline]
    unsafe fn pop(&mut self, out: *mut u8) {
        if self.size != 0 {
            // SAFETY: the first slot holds a value; `out` by contract.
            unsafe { move_value(self.slot(self.head), out, self.size) };
            self.head = (self.head + 1) & (self.room - 1);
        }
        self.len -= 1;
    }

    #[cold]
    fn grow(&mut self) {
        let room = if self.room == 0 { 8 } else { self.room * 2 };
        let slots = memory::alloc(room * self.size, self.align);
        if self.room != 0 {
            let first = self.len.min(self.room - self.head);
            // SAFETY: the old values lie in two runs of the old ring; the new one is larger and separate.
            unsafe {
                let from = self.slots.add(self.head * self.size);
                from.copy_to_nonoverlapping(slots, first * self.size);
                let rest = (self.len - first) * self.size;
                self.slots.copy_to_nonoverlapping(slots.add(first * self.size), rest);
                memory::free(self.slots, self.room * self.size, self.align);
            }
        }
        (self.slots, self.room, self.head) = (slots, room, 0);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.room != 0 {
            // SAFETY: allocated by `grow` with this size.
            unsafe { memory::free(self.slots, self.room * self.size, self.align) };
        }
    }
}

/// Moves a value of `size` bytes. Most are a word or two, for which a call to `memcpy` would cost more than the move.
///
/// # Safety
/// `from` leads to a value and `to` to room for one, elsewhere.
#[inline]
unsafe fn move_value(from: *const u8, to: *mut u8, size: usize) {
    // SAFETY: by contract.
    unsafe {
        match size {
            8 => to.cast::<[u8; 8]>().write(from.cast::<[u8; 8]>().read()),
            16 => to.cast::<[u8; 16]>().write(from.cast::<[u8; 16]>().read()),
            24 => to.cast::<[u8; 24]>().write(from.cast::<[u8; 24]>().read()),
            _ => from.copy_to_nonoverlapping(to, size),
        }
    }
}

impl State {
    /// Hands a value to a waiting receiver, or queues it if there is room.
    ///
    /// # Safety
    /// `value` leads to a value; it is moved away if the result is true. The channel is open.
    #[inline]
    pub(crate) unsafe fn try_send(&mut self, value: *const u8, wakers: &mut Wakers) -> bool {
        if self.buffer.len == 0 {
            while let Some(node) = self.receivers.pop() {
                // SAFETY: the node was linked until now, under the lock we hold; its `value` has room for one.
                unsafe {
                    let Some(claim) = (*node).claim() else { continue };
                    move_value(value, (*node).value, self.buffer.size);
                    wakers.add(claim.commit((*node).case, Outcome::Done));
                    return true;
                }
            }
        }
        if self.buffer.len < self.limit {
            // SAFETY: by contract.
            unsafe { self.buffer.push(value) };
            return true;
        }
        false
    }

    /// Takes the oldest value, from the buffer or from a waiting sender.
    ///
    /// # Safety
    /// `out` has room for a value.
    #[inline]
    pub(crate) unsafe fn try_recv(&mut self, out: *mut u8, wakers: &mut Wakers) -> bool {
        if self.buffer.len > 0 {
            // SAFETY: there is one, and `out` by contract.
            unsafe { self.buffer.pop(out) };
            if !self.senders.is_empty() {
                self.refill(wakers);
            }
            if self.buffer.len == 0 && self.closed {
                self.tell_watchers(wakers);
            }
            return true;
        }
        while let Some(node) = self.senders.pop() {
            // SAFETY: the node was linked until now; a sender's `value` leads to a value until it is committed.
            unsafe {
                let Some(claim) = (*node).claim() else { continue };
                move_value((*node).value, out, self.buffer.size);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
            return true;
        }
        false
    }

    /// Lets waiting senders fill the room that was made.
    fn refill(&mut self, wakers: &mut Wakers) {
        while self.buffer.len < self.limit {
            let Some(node) = self.senders.pop() else { return };
            // SAFETY: as in `try_recv`.
            unsafe {
                let Some(claim) = (*node).claim() else { continue };
                self.buffer.push((*node).value);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
        }
    }

    fn close(&mut self, wakers: &mut Wakers) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        // Senders keep their values. Receivers wait only on an empty buffer, so there is nothing left for them.
        Self::turn_away(&mut self.senders, wakers);
        Self::turn_away(&mut self.receivers, wakers);
        if self.buffer.len == 0 {
            self.tell_watchers(wakers);
        }
    }

    /// Ends the plain waits of a queue with `Closed`; a select loses the case.
    fn turn_away(queue: &mut Queue, wakers: &mut Wakers) {
        while let Some(node) = queue.pop() {
            // SAFETY: the node was linked until now and the lock is held.
            unsafe {
                if !(*node).is_select() {
                    finish(node, Outcome::Closed, wakers);
                } else if let Some(claim) = (*node).lose_case() {
                    wakers.add(claim.commit((*node).case, Outcome::Never));
                }
            }
        }
    }

    fn tell_watchers(&mut self, wakers: &mut Wakers) {
        while let Some(node) = self.watchers.pop() {
            // SAFETY: the node was linked until now and the lock is held.
            unsafe { finish(node, Outcome::Done, wakers) };
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.closed && self.buffer.len == 0
    }

    pub(crate) fn senders(&mut self) -> &mut Queue {
        &mut self.senders
    }

    pub(crate) fn receivers(&mut self) -> &mut Queue {
        &mut self.receivers
    }

    pub(crate) fn watchers(&mut self) -> &mut Queue {
        &mut self.watchers
    }
}

impl Channel {
    /// One sender, one receiver. `capacity` -1: unbounded.
    pub(crate) fn new(capacity: i64, size: usize, align: usize) -> Channel {
        let limit = usize::try_from(capacity).unwrap_or(usize::MAX);
        let slots = std::ptr::without_provenance_mut(align);
        Channel {
            state: Locked::new(State {
                buffer: Buffer { slots, room: 0, head: 0, len: 0, size, align },
                limit,
                closed: false,
                senders: Queue::new(),
                receivers: Queue::new(),
                watchers: Queue::new(),
            }),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
            sides: AtomicUsize::new(2),
        }
    }

    pub(crate) fn state(&self) -> &Locked<State> {
        &self.state
    }

    /// Sends without waiting.
    ///
    /// # Safety
    /// `value` leads to a value; it is moved away if the result is `Sent`.
    pub(crate) unsafe fn try_send(&self, value: *const u8) -> SendOutcome {
        point(Point::Send);
        let mut wakers = Wakers::new();
        let mut state = self.state.lock();
        if state.closed {
            return SendOutcome::Closed;
        }
        // SAFETY: by contract.
        let sent = unsafe { state.try_send(value, &mut wakers) };
        drop(state);
        wakers.wake();
        if sent { SendOutcome::Sent } else { SendOutcome::TimedOut }
    }

    /// Receives without waiting.
    ///
    /// # Safety
    /// `out` has room for a value, which is there if the result is `Received`.
    pub(crate) unsafe fn try_recv(&self, out: *mut u8) -> RecvOutcome {
        point(Point::Recv);
        let mut wakers = Wakers::new();
        let mut state = self.state.lock();
        // SAFETY: by contract.
        let received = unsafe { state.try_recv(out, &mut wakers) };
        let closed = state.closed;
        drop(state);
        wakers.wake();
        match received {
            true => RecvOutcome::Received,
            false if closed => RecvOutcome::Closed,
            false => RecvOutcome::TimedOut,
        }
    }

    pub(crate) fn close(&self) {
        let mut wakers = Wakers::new();
        self.state.lock().close(&mut wakers);
        wakers.wake();
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().buffer.len
    }

    pub(crate) fn capacity(&self) -> i64 {
        i64::try_from(self.state.lock().limit).unwrap_or(-1)
    }

    pub(crate) fn add_sender(&self) {
        // Relaxed: a new handle is made from one that is alive.
        self.senders.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_receiver(&self) {
        self.receivers.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives one sender up. True: the channel's memory is the caller's to free.
    pub(crate) fn drop_sender(&self) -> bool {
        // AcqRel: the last one closes after everything the others sent.
        if self.senders.fetch_sub(1, Ordering::AcqRel) != 1 {
            return false;
        }
        self.close();
        self.leave_side()
    }

    /// Gives one receiver up. True: it was the last; drain, then `leave_side`.
    pub(crate) fn drop_receiver(&self) -> bool {
        if self.receivers.fetch_sub(1, Ordering::AcqRel) != 1 {
            return false;
        }
        self.close();
        true
    }

    /// True: the other side has left already.
    pub(crate) fn leave_side(&self) -> bool {
        self.sides.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
