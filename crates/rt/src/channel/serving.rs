//! What is done with a channel's lock held: those who wait are announced, and served.

use fast::ring::{MEETS, RECEIVERS, SENDERS, WATCHERS, move_value};

use super::values::{Pop, Push};
use super::{Channel, State};
use crate::sync::{Ordering, exchange_fence};
use crate::wait::{Outcome, Queue, Waker, Wakers};

impl Channel {
    #[inline]
    fn announce(&self, who: u32) {
        // At a rendezvous everything is seen under the lock. What is still there from the one before was announced then.
        if self.limit == 0 || self.waiting().load(Ordering::Relaxed) & who != 0 {
            return;
        }
        self.waiting().fetch_or(who, Ordering::SeqCst);
        exchange_fence();
    }

    /// A sender is about to wait, if there is no room.
    pub(crate) fn announce_sender(&self) {
        self.announce(SENDERS);
    }

    pub(crate) fn announce_receiver(&self) {
        self.announce(RECEIVERS);
    }

    pub(crate) fn announce_watcher(&self) {
        self.announce(WATCHERS);
    }

    /// The last thing before the lock is released.
    #[inline]
    pub(crate) fn settle(&self, state: &mut State) {
        // It will soon wait again: the word may say so already. A sender that finds nobody then puts it right. (At a rendezvous
        // the word is for those who look before they take the lock.)
        if std::mem::take(&mut state.handed_over) && self.limit != 0 {
            return;
        }
        let bit = |queue: &Queue, bit| if queue.is_empty() { 0 } else { bit };
        let now = bit(&state.receivers, RECEIVERS)
            | bit(&state.senders, SENDERS)
            | bit(&state.watchers, WATCHERS)
            | if self.limit == 0 { MEETS } else { 0 };
        if self.waiting().load(Ordering::Relaxed) != now {
            // Nobody misses one that is taken back, and none is set here that was not announced.
            self.waiting().store(now, Ordering::Relaxed);
        }
    }

    /// Gives a value to a waiting receiver, past the queue.
    ///
    /// # Safety
    /// `value` leads to a value; it is moved away if there is a waker.
    #[inline]
    pub(super) unsafe fn hand_over(&self, state: &mut State, value: *const u8) -> Option<Waker> {
        // What others have queued goes first: they are on their way to serve those who wait.
        if state.receivers.is_empty() || self.values.len() > 0 {
            return None;
        }
        while let Some(node) = state.receivers.pop() {
            // SAFETY: the node was linked until now, under the lock we hold; its `value` has room for one.
            let waker = unsafe {
                let Some(claim) = (*node).claim() else { continue };
                move_value(value, (*node).value, self.values.size());
                claim.commit((*node).case, Outcome::Done)
            };
            state.handed_over = true;
            return Some(waker);
        }
        None
    }

    /// Takes a value from a waiting sender, past the queue.
    ///
    /// # Safety
    /// `out` has room for a value.
    unsafe fn take_over(&self, state: &mut State, out: *mut u8, wakers: &mut Wakers) -> bool {
        while let Some(node) = state.senders.pop() {
            // SAFETY: the node was linked until now; a sender's `value` leads to a value until it is committed.
            unsafe {
                let Some(claim) = (*node).claim() else { continue };
                move_value((*node).value, out, self.values.size());
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
            return true;
        }
        false
    }

    /// Gives what is queued to those who wait for it.
    #[cold]
    pub(super) fn serve_receivers(&self, state: &mut State, wakers: &mut Wakers) {
        while self.values.len() > 0 {
            let Some(node) = state.receivers.pop() else { return };
            // SAFETY: the node was linked until now, under the lock we hold; its `value` has room for one.
            unsafe {
                let Some(claim) = (*node).claim() else { continue };
                let outcome = match self.values.pop((*node).value) {
                    Pop::Done => Outcome::Done,
                    // Somebody else has just taken it.
                    Pop::Empty { .. } => Outcome::Retry,
                };
                wakers.add(claim.commit((*node).case, outcome));
            }
        }
    }

    /// Lets waiting senders fill the room there is.
    #[cold]
    pub(super) fn serve_senders(&self, state: &mut State, wakers: &mut Wakers) {
        while self.values.len() < self.limit {
            let Some(node) = state.senders.pop() else { return };
            // SAFETY: the node was linked until now; a sender's `value` leads to a value until it is committed.
            unsafe {
                let Some(claim) = (*node).claim() else { continue };
                let outcome = match self.queue((*node).value) {
                    true => Outcome::Done,
                    // Somebody else has just taken the room.
                    false => Outcome::Retry,
                };
                wakers.add(claim.commit((*node).case, outcome));
            }
        }
    }

    /// Queues a value, if there is room, in a ring that is made large enough.
    ///
    /// # Safety
    /// The channel is open and no rendezvous. `value` leads to a value; it is moved away if the result is true.
    unsafe fn queue(&self, value: *const u8) -> bool {
        loop {
            // SAFETY: by contract.
            match unsafe { self.values.push(value) } {
                Push::Done(_) => return true,
                Push::Full | Push::Closed => return false,
                // SAFETY: the lock is held.
                Push::Small => unsafe { self.values.grow() },
            }
        }
    }

    /// Hands a value to a waiting receiver, or queues it if there is room. Only if it does is there anybody to be woken.
    ///
    /// # Safety
    /// `state` is this channel's; it is open. `value` leads to a value; it is moved away if the result is true.
    pub(crate) unsafe fn put(&self, state: &mut State, value: *const u8, wakers: &mut Wakers) -> bool {
        // SAFETY: by contract.
        unsafe {
            if let Some(waker) = self.hand_over(state, value) {
                wakers.add(waker);
                return true;
            }
            // If there is room for the senders that wait, then whoever made it is on his way to serve them.
            if self.limit == 0 || !state.senders.is_empty() {
                return false;
            }
            let queued = self.queue(value);
            if queued && !state.receivers.is_empty() {
                self.serve_receivers(state, wakers);
            }
            queued
        }
    }

    /// Takes the oldest value, from the queue or from a waiting sender. Only if it does is there anybody to be woken.
    ///
    /// # Safety
    /// `state` is this channel's. `out` has room for a value.
    pub(crate) unsafe fn take(&self, state: &mut State, out: *mut u8, wakers: &mut Wakers) -> bool {
        // SAFETY: by contract.
        unsafe {
            if self.limit == 0 {
                return !state.senders.is_empty() && self.take_over(state, out, wakers);
            }
            if let Pop::Empty { .. } = self.values.pop(out) {
                return false;
            }
        }
        self.after_taking(state, wakers);
        true
    }

    pub(super) fn after_taking(&self, state: &mut State, wakers: &mut Wakers) {
        if !state.senders.is_empty() {
            self.serve_senders(state, wakers);
        }
        if !state.watchers.is_empty() && self.is_drained() {
            state.tell_watchers(wakers);
        }
    }
}
