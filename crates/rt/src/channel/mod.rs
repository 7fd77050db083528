//! Channels: one queue of values, any number of senders and receivers.
//!
//! Values are bytes here, moved with `memcpy`; their types and destructors are std's business. What is queued is in `values`,
//! which needs no lock: as long as nobody waits, sending and receiving is that and nothing else. Waiting goes through `wait`, and
//! the queues of who waits are guarded by the channel's lock.
//!
//! # Who waits is found
//!
//! The word `waiting` tells whether any queue of waiters has somebody. Under the lock, one who is about to wait first
//! *announces* it there, then looks at the values once more, and only then links his node. Who sends looks at the word
//! after he has taken a position, who receives after he has taken a value; if the other side waits he takes the lock and *serves* it: gives
//! queued values to waiting receivers, lets waiting senders fill the room. Announcing and taking are sequentially
//! consistent exchanges, and so are the looks: one sees the other. (A sender that has taken a position and not filled it yet is not
//! overlooked either: the one about to wait waits for the value instead.) When the lock is released, the word says what is so,
//! or that somebody waits who does not: that costs the next one a look under the lock. (Between two that take turns the
//! receiver that was just handed a value waits again before the next one comes.)
//!
//! A sender that finds other senders waiting, or a receiver to whom he could give his value, goes by way of the lock
//! from the start: so waiting senders are not passed by for ever, and a value for a receiver that waits is not queued first.
//!
//! Others may take a queued value, or the room, in the moment between the claim of a waiter and its service. Then it is told to
//! `Retry`. So when the lock is free, and but for those who are just about to take it to serve:
//!
//! - a receiver waits only while nothing is queued and the channel is open; a sender only while it is full (or has no
//!   room by design, a rendezvous) and open; never both, save for claimed-elsewhere leftovers;
//! - a closed channel has no waiting senders or receivers;
//! - `closed` never becomes false again.
//!
//! # Closing
//!
//! Under the lock no more positions are given out; then waiting receivers are given what had been queued before, and everyone who
//! still waits is turned away. So a value is sent before the channel closes or not at all, and received in the first case.
//!
//! A rendezvous has no queue, and everything about it happens under the lock.
//!
//! The channel's memory has two owners, its sides. The senders' side lets go with the last sender, the
//! receivers' after the last receiver has drained what was left.

mod serving;
mod values;
mod waiting;

pub(crate) use waiting::{Recv, RecvBatch, Send, SendBatch};

use abi::{RecvOutcome, SendOutcome};

use fast::ring::{BACKLOG, MEETS, RECEIVERS, SENDERS, Tried, WATCHERS};

use crate::point::{Point, point};
use crate::stdio;
use crate::sync::{AtomicBool, AtomicU32, AtomicUsize, Backoff, Ordering, exchange_fence};
use crate::wait::{Locked, LockedGuard, Outcome, Queue, Wakers, finish};
use values::{Pop, Push, Values};

/// The position of a value that was not sent: senders do not look there.
const NOWHERE: usize = 1;
/// So many waiting values are reported.
const MANY: usize = 1 << 20;

/// On cache lines of its own: what streams through a channel writes none of it but `values.bound`, now and then.
#[repr(C, align(64))]
pub(crate) struct Channel {
    values: Values,
    /// Changed under the lock, once.
    closed: AtomicBool,
    /// How many may be: `usize::MAX` unbounded, 0 a rendezvous.
    limit: usize,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    sides: AtomicUsize,
    /// So many values are to be reported next: `usize::MAX` unless there is an owner. Changed under the lock.
    report_at: AtomicUsize,
    state: Locked<State>,
}

pub(crate) struct State {
    /// Whose values these are, for a channel whose growth is to be reported. The text lasts as long as there are senders.
    owner: Option<&'static str>,
    senders: Queue,
    receivers: Queue,
    /// Select cases that fire once the channel is closed and empty.
    watchers: Queue,
    /// Under the present lock a receiver was handed a value.
    handed_over: bool,
}

/// The channel's lock, held.
pub(crate) struct Guard<'a> {
    channel: &'a Channel,
    state: LockedGuard<'a, State>,
}

impl std::ops::Deref for Guard<'_> {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

impl std::ops::DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.channel.settle(&mut self.state);
    }
}

impl State {
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

    #[cold]
    fn tell_watchers(&mut self, wakers: &mut Wakers) {
        while let Some(node) = self.watchers.pop() {
            // SAFETY: the node was linked until now and the lock is held.
            unsafe { finish(node, Outcome::Done, wakers) };
        }
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
        Channel {
            values: Values::new(limit, size, align),
            closed: AtomicBool::new(false),
            limit,
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
            sides: AtomicUsize::new(2),
            report_at: AtomicUsize::new(usize::MAX),
            state: Locked::new(State {
                owner: None,
                senders: Queue::new(),
                receivers: Queue::new(),
                watchers: Queue::new(),
                handed_over: false,
            }),
        }
    }

    /// For `select`, which holds several locks: it announces what it is going to wait for, and settles before it unlocks.
    pub(crate) fn state(&self) -> &Locked<State> {
        &self.state
    }

    #[inline]
    fn waiting(&self) -> &AtomicU32 {
        &self.values.front.waiting
    }

    fn lock(&self) -> Guard<'_> {
        Guard { channel: self, state: self.state.lock() }
    }

    pub(crate) fn report(&self, owner: &'static str) {
        self.lock().owner = Some(owner);
        self.report_at.store(MANY, Ordering::Relaxed);
    }

    /// It is a mailbox.
    #[cfg(not(loom))]
    pub(crate) fn has_owner(&self) -> bool {
        self.lock().owner.is_some()
    }

    /// So many values wait that whoever receives them seems not to keep up. Told again each time that there are twice as many.
    #[cold]
    fn tell_growth(&self, len: usize) {
        let state = self.lock();
        let at = self.report_at.load(Ordering::Relaxed);
        if let Some(owner) = state.owner.filter(|_| len >= at) {
            self.report_at.store(at * 2, Ordering::Relaxed);
            let report = format!("warning: {at} messages wait for actor `{owner}`\n");
            stdio::write_stderr(report.as_bytes());
        }
    }

    // ---- without the lock ----

    /// Sends if nobody waits who is to be served first. `None`: that takes the lock, and nothing has happened.
    ///
    /// # Safety
    /// `value` leads to a value; it is moved away if the result is `Sent`.
    #[inline]
    unsafe fn send_now(&self, value: *const u8) -> Option<(SendOutcome, usize)> {
        let front = &self.values.front;
        // SAFETY: by contract.
        let position = match unsafe { front.try_push(value, self.values.shape()) } {
            Tried::Done(position) => position,
            tried => {
                if tried == Tried::Contended {
                    Backoff::new().pause();
                }
                if front.waiting.load(Ordering::Relaxed) & (RECEIVERS | SENDERS | MEETS) != 0 {
                    return None;
                }
                // SAFETY: by contract; it is no rendezvous.
                match unsafe { self.values.push(value) } {
                    Push::Done(position) => position,
                    Push::Closed => return Some((SendOutcome::Closed, NOWHERE)),
                    Push::Full => return Some((SendOutcome::TimedOut, NOWHERE)),
                    Push::Small => return None,
                }
            }
        };
        if front.has_receivers() {
            self.come_to_serve();
        }
        Some((SendOutcome::Sent, position))
    }

    /// Receives from the queue. `None`: it is a rendezvous, and nothing has happened.
    ///
    /// # Safety
    /// `out` has room for a value, which is there if the result is `Received`.
    #[inline]
    unsafe fn take_now(&self, out: *mut u8) -> Option<RecvOutcome> {
        let front = &self.values.front;
        // SAFETY: by contract.
        let tried = unsafe { front.try_pop(out, self.values.shape()) };
        if !matches!(tried, Tried::Done(_)) {
            if front.limit == 0 {
                return None;
            }
            if tried == Tried::Contended {
                Backoff::new().pause();
            }
            // SAFETY: by contract; it is no rendezvous.
            match unsafe { self.values.pop(out) } {
                Pop::Done => {}
                Pop::Empty { closed: true } => return Some(RecvOutcome::Closed),
                Pop::Empty { closed: false } => return Some(RecvOutcome::TimedOut),
            }
        }
        if front.has_senders() {
            self.come_to_serve();
        }
        Some(RecvOutcome::Received)
    }

    /// Sends the first of `n` values, as many as that takes no wait. Gives how many.
    ///
    /// # Safety
    /// `values` leads to `n` values; those that are sent are moved away.
    unsafe fn send_some(&self, values: *const u8, n: usize) -> usize {
        let mut sent = 0;
        while sent < n {
            // SAFETY: by contract.
            let next = unsafe { values.add(sent * self.values.size()) };
            if self.waiting().load(Ordering::Relaxed) & (RECEIVERS | SENDERS | MEETS) == 0 {
                // SAFETY: by contract; it is no rendezvous.
                match unsafe { self.values.push_some(next, n - sent) } {
                    (Push::Done(_), count) => {
                        sent += count;
                        exchange_fence();
                        if self.waiting().load(Ordering::SeqCst) & RECEIVERS != 0 {
                            self.come_to_serve();
                        }
                        continue;
                    }
                    (Push::Closed | Push::Full, _) => break,
                    (Push::Small, _) => {}
                }
            }
            // SAFETY: by contract.
            if unsafe { self.try_send_locked(next) } != SendOutcome::Sent {
                break;
            }
            sent += 1;
        }
        if self.limit > BACKLOG && self.has_backlog() {
            crate::end_turn_in_loop();
        }
        sent
    }

    /// Takes up to `n` values, as many as are there. Gives how many.
    ///
    /// # Safety
    /// `out` has room for `n` values.
    unsafe fn take_some(&self, out: *mut u8, n: usize) -> usize {
        let mut taken = 0;
        while taken < n {
            // SAFETY: by contract.
            let next = unsafe { out.add(taken * self.values.size()) };
            if self.limit == 0 {
                // SAFETY: by contract.
                if unsafe { self.try_recv_locked(next) } != RecvOutcome::Received {
                    break;
                }
                taken += 1;
                continue;
            }
            // SAFETY: by contract.
            let (Pop::Done, count) = (unsafe { self.values.pop_some(next, n - taken) }) else {
                break;
            };
            taken += count;
            exchange_fence();
            if self.waiting().load(Ordering::SeqCst) & (SENDERS | WATCHERS) != 0 {
                self.come_to_serve();
            }
        }
        taken
    }

    /// Somebody waits for what has just been done.
    #[cold]
    pub(crate) fn come_to_serve(&self) {
        let mut wakers = Wakers::new();
        let mut state = self.lock();
        self.serve_receivers(&mut state, &mut wakers);
        self.after_taking(&mut state, &mut wakers);
        drop(state);
        wakers.wake();
    }

    /// The sender of a value looks whether there is a backlog, `in_loop`: it may never make a call that waits.
    pub(crate) fn look(&self, in_loop: bool) {
        if !self.has_backlog() {
        } else if in_loop {
            crate::end_turn_in_loop();
        } else {
            // Otherwise it grows, in ever colder memory, as long as there are more senders that are always ready than
            // receivers.
            crate::end_turn();
        }
    }

    #[inline(never)]
    fn has_backlog(&self) -> bool {
        let len = self.values.len();
        if len >= self.report_at.load(Ordering::Relaxed) {
            self.tell_growth(len);
        }
        len > BACKLOG
    }

    /// Whether nobody can send or receive without somebody on the other side.
    pub(crate) fn is_rendezvous(&self) -> bool {
        self.limit == 0
    }

    /// Whether sending might not wait.
    #[inline]
    pub(crate) fn may_have_room(&self) -> bool {
        if self.limit == 0 { self.seems_to_wait(RECEIVERS) } else { !self.values.seems_full() }
    }

    /// Whether receiving might not wait.
    #[inline]
    pub(crate) fn may_have_value(&self) -> bool {
        if self.limit == 0 { self.seems_to_wait(SENDERS) } else { !self.values.seems_empty() }
    }

    #[inline]
    fn seems_to_wait(&self, who: u32) -> bool {
        self.waiting().load(Ordering::Relaxed) & who != 0
    }

    /// Sends without waiting.
    ///
    /// # Safety
    /// `value` leads to a value; it is moved away if the result is `Sent`.
    #[inline]
    pub(crate) unsafe fn try_send(&self, value: *const u8) -> SendOutcome {
        point(Point::Send);
        // SAFETY: by contract.
        match unsafe { self.send_now(value) } {
            Some((outcome, position)) => {
                if self.values.front.is_to_look(position) {
                    self.look(true);
                }
                outcome
            }
            // SAFETY: by contract.
            None => unsafe { self.try_send_locked(value) },
        }
    }

    #[inline(never)]
    unsafe fn try_send_locked(&self, value: *const u8) -> SendOutcome {
        let mut wakers = Wakers::new();
        let mut state = self.lock();
        if self.is_closed() {
            return SendOutcome::Closed;
        }
        // The first thing that `put` does, with one waker in the hand.
        // SAFETY: by contract.
        if let Some(waker) = unsafe { self.hand_over(&mut state, value) } {
            drop(state);
            waker.wake();
            return SendOutcome::Sent;
        }
        // SAFETY: by contract.
        let sent = unsafe { self.put(&mut state, value, &mut wakers) };
        drop(state);
        wakers.wake();
        if sent { SendOutcome::Sent } else { SendOutcome::TimedOut }
    }

    /// Receives without waiting.
    ///
    /// # Safety
    /// `out` has room for a value, which is there if the result is `Received`.
    #[inline]
    pub(crate) unsafe fn try_recv(&self, out: *mut u8) -> RecvOutcome {
        point(Point::Recv);
        // SAFETY: by contract.
        match unsafe { self.take_now(out) } {
            Some(outcome) => outcome,
            // SAFETY: by contract.
            None => unsafe { self.try_recv_locked(out) },
        }
    }

    #[inline(never)]
    unsafe fn try_recv_locked(&self, out: *mut u8) -> RecvOutcome {
        let mut wakers = Wakers::new();
        let mut state = self.lock();
        // SAFETY: by contract.
        let received = unsafe { self.take(&mut state, out, &mut wakers) };
        let closed = self.is_closed();
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
        let mut state = self.lock();
        if !self.is_closed() {
            // SAFETY: the lock is held.
            unsafe { self.values.close() };
            // Release: after it nothing more is queued.
            self.closed.store(true, Ordering::Release);
            self.serve_receivers(&mut state, &mut wakers);
            // Senders keep their values. For the receivers there is nothing left.
            State::turn_away(&mut state.senders, &mut wakers);
            State::turn_away(&mut state.receivers, &mut wakers);
            if self.values.len() == 0 {
                state.tell_watchers(&mut wakers);
            }
        }
        drop(state);
        wakers.wake();
    }

    /// For good. Whoever does not hold the lock may miss that it has just happened.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether it is closed and empty.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_closed() && self.values.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn capacity(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(-1)
    }

    // ---- for exploration, in which nobody else acts meanwhile ----

    /// A send would not wait now.
    #[cfg(not(loom))]
    pub(crate) fn can_send(&self) -> bool {
        let state = self.state.lock();
        self.is_closed() || self.len() < self.limit || !state.receivers.is_empty()
    }

    /// A receive would not wait now.
    #[cfg(not(loom))]
    pub(crate) fn can_recv(&self) -> bool {
        let state = self.state.lock();
        self.is_closed() || self.len() > 0 || !state.senders.is_empty()
    }

    #[cfg(not(loom))]
    pub(crate) fn sender_count(&self) -> usize {
        self.senders.load(Ordering::Relaxed)
    }

    #[cfg(not(loom))]
    pub(crate) fn receiver_count(&self) -> usize {
        self.receivers.load(Ordering::Relaxed)
    }

    /// How many messages a sender could queue now.
    #[cfg(not(loom))]
    pub(crate) fn room(&self) -> usize {
        self.limit - self.len()
    }

    /// Not all receivers have been given up.
    #[cfg(not(loom))]
    pub(crate) fn has_receivers(&self) -> bool {
        self.receivers.load(Ordering::Relaxed) > 0
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
