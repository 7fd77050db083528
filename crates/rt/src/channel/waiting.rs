//! Sending and receiving that waits.
//!
//! The machines hold the channel by address: whoever calls has a handle, which outlives the call.

use abi::{RecvOutcome, SendOutcome};

use super::Channel;
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::wait::{Ended, Machine, NOW, Node, Outcome, Reason, Step, Wakers};

/// Sends one value: on `Sent` it is moved away, otherwise it is still the caller's.
pub(crate) struct Send {
    channel: *const Channel,
    node: Node,
}

impl Send {
    pub(crate) fn new(channel: *const Channel, value: *mut u8) -> Send {
        let mut node = Node::new(std::ptr::null(), 0);
        node.value = value;
        Send { channel, node }
    }
}

impl Machine for Send {
    type Out = i32;
    const NAME: &'static str = "send";
    const AT_ONCE: bool = true;

    #[inline]
    unsafe fn at_once(&mut self, _run: &Runner) -> Option<i32> {
        point(Point::Send);
        // SAFETY: see the head; the node's `value` leads to one.
        unsafe {
            let channel = &*self.channel;
            match channel.send_now(self.node.value) {
                Some((SendOutcome::TimedOut, _)) => None,
                // Nobody seems to be there whom to meet: that is seen for sure, and waited for, under one lock.
                None if channel.is_rendezvous() && !channel.may_have_room() => None,
                None => match channel.try_send_locked(self.node.value) {
                    SendOutcome::TimedOut => None,
                    outcome => Some(outcome as i32),
                },
                Some((outcome, position)) => {
                    if channel.values.front.is_to_look(position) {
                        channel.look(false);
                    }
                    Some(outcome as i32)
                }
            }
        }
    }

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: see the head.
        let channel = unsafe { &*self.channel };
        let outcome = match ended.map(|ended| ended.outcome) {
            None | Some(Outcome::Retry) => {
                point(Point::Send);
                let mut wakers = Wakers::new();
                let mut state = channel.lock();
                if channel.is_closed() {
                    return Step::Ready(SendOutcome::Closed as i32);
                }
                // SAFETY: the node's `value` leads to one.
                let mut put = || unsafe { channel.put(&mut state, self.node.value, &mut wakers) };
                // Before it waits it announces that, and looks once more.
                let mut sent = put();
                if !sent && deadline != NOW {
                    channel.announce_sender();
                    sent = put();
                }
                if sent {
                    drop(state);
                    wakers.wake();
                    return Step::Ready(SendOutcome::Sent as i32);
                }
                if deadline == NOW {
                    return Step::Ready(SendOutcome::TimedOut as i32);
                }
                let pending = run.begin(Reason::Send, self.channel.addr(), 1, deadline);
                self.node.attach(&raw const run.wait);
                // SAFETY: the node stays where it is until the wait has ended.
                unsafe { state.senders.push(&raw mut self.node) };
                return Step::Pending(pending);
            }
            Some(Outcome::Done) => SendOutcome::Sent,
            Some(outcome) if outcome.is_withdrawal() => {
                // SAFETY: a linked node of ours is linked here.
                unsafe { channel.lock().senders.unlink(&raw mut self.node) };
                if outcome.interrupts() {
                    return Step::Unwind;
                }
                SendOutcome::TimedOut
            }
            Some(_) => SendOutcome::Closed,
        };
        Step::Ready(outcome as i32)
    }
}

/// Receives one value, which is at its place on `Received`.
pub(crate) struct Recv {
    channel: *const Channel,
    node: Node,
}

impl Recv {
    pub(crate) fn new(channel: *const Channel, out: *mut u8) -> Recv {
        let mut node = Node::new(std::ptr::null(), 0);
        node.value = out;
        Recv { channel, node }
    }
}

impl Machine for Recv {
    type Out = i32;
    const NAME: &'static str = "recv";
    const AT_ONCE: bool = true;

    #[inline]
    unsafe fn at_once(&mut self, _run: &Runner) -> Option<i32> {
        point(Point::Recv);
        // SAFETY: see the head; the node's `value` has room for one.
        unsafe {
            let channel = &*self.channel;
            // Generated code comes here when there was nothing.
            if !channel.may_have_value() && !channel.is_closed() {
                return None;
            }
            match channel.take_now(self.node.value)? {
                RecvOutcome::TimedOut => None,
                outcome => Some(outcome as i32),
            }
        }
    }

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: see the head.
        let channel = unsafe { &*self.channel };
        let outcome = match ended.map(|ended| ended.outcome) {
            None | Some(Outcome::Retry) => {
                point(Point::Recv);
                let mut wakers = Wakers::new();
                let mut state = channel.lock();
                if deadline != NOW {
                    channel.announce_receiver();
                }
                // SAFETY: the node's `value` has room for one.
                if unsafe { channel.take(&mut state, self.node.value, &mut wakers) } {
                    drop(state);
                    wakers.wake();
                    return Step::Ready(RecvOutcome::Received as i32);
                }
                if channel.is_closed() {
                    return Step::Ready(RecvOutcome::Closed as i32);
                }
                if deadline == NOW {
                    return Step::Ready(RecvOutcome::TimedOut as i32);
                }
                let pending = run.begin(Reason::Recv, self.channel.addr(), 1, deadline);
                self.node.attach(&raw const run.wait);
                // SAFETY: the node stays where it is until the wait has ended.
                unsafe { state.receivers.push(&raw mut self.node) };
                return Step::Pending(pending);
            }
            Some(Outcome::Done) => RecvOutcome::Received,
            Some(outcome) if outcome.is_withdrawal() => {
                // SAFETY: a linked node of ours is linked here.
                unsafe { channel.lock().receivers.unlink(&raw mut self.node) };
                if outcome.interrupts() {
                    return Step::Unwind;
                }
                RecvOutcome::TimedOut
            }
            Some(_) => RecvOutcome::Closed,
        };
        Step::Ready(outcome as i32)
    }
}

/// Sends values in order, as many as possible without waiting. Gives how many were sent; the rest is still the
/// caller's. If it is interrupted, `*progress`, which was 0, says the same.
pub(crate) struct SendBatch {
    next: Send,
    left: usize,
    sent: usize,
    progress: *mut usize,
}

impl SendBatch {
    pub(crate) fn new(channel: *const Channel, values: *mut u8, n: usize, progress: *mut usize) -> SendBatch {
        SendBatch { next: Send::new(channel, values), left: n, sent: 0, progress }
    }

    /// # Safety
    /// `n` of the values have been moved away.
    unsafe fn advance(&mut self, n: usize, size: usize) {
        self.sent += n;
        self.left -= n;
        // SAFETY: the first value not yet moved, or the end of the values.
        self.next.node = unsafe {
            let mut node = Node::new(std::ptr::null(), 0);
            node.value = self.next.node.value.add(n * size);
            node
        };
    }

    /// Sends what fits.
    unsafe fn fill(&mut self, run: &Runner) {
        // SAFETY: see the head.
        let channel = unsafe { &*self.next.channel };
        // SAFETY: the values from `node.value` on have not been moved.
        unsafe {
            let n = channel.send_some(self.next.node.value, self.left);
            run.spend(n);
            self.advance(n, channel.values.size());
        }
    }
}

impl Machine for SendBatch {
    type Out = usize;
    const NAME: &'static str = "send_batch";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, mut ended: Option<Ended>) -> Step<usize> {
        // SAFETY: the machine stays where it is, and the values are the caller's until moved.
        unsafe {
            loop {
                if ended.is_none() {
                    self.fill(run);
                    if self.left == 0 {
                        return Step::Ready(self.sent);
                    }
                }
                // No room: wait for the next one to go, then fill up again.
                match self.next.step(run, deadline, ended.take()) {
                    Step::Pending(pending) => return Step::Pending(pending),
                    Step::Unwind => {
                        self.progress.write(self.sent);
                        return Step::Unwind;
                    }
                    Step::Ready(outcome) if outcome == SendOutcome::Sent as i32 => {
                        self.advance(1, (*self.next.channel).values.size());
                    }
                    Step::Ready(_) => return Step::Ready(self.sent),
                }
            }
        }
    }
}

/// Receives 1 to `max` values. 0: closed and empty; -1: timed out.
pub(crate) struct RecvBatch {
    first: Recv,
    max: usize,
}

impl RecvBatch {
    pub(crate) fn new(channel: *const Channel, out: *mut u8, max: usize) -> RecvBatch {
        RecvBatch { first: Recv::new(channel, out), max }
    }

    /// Takes what is there, behind the `got` that are taken.
    unsafe fn ready(&mut self, run: &Runner, got: usize) -> usize {
        // SAFETY: see the head; there is room for `max` values.
        unsafe {
            let channel = &*self.first.channel;
            let next = self.first.node.value.add(got * channel.values.size());
            let more = channel.take_some(next, self.max - got);
            run.spend(more);
            got + more
        }
    }
}

impl Machine for RecvBatch {
    type Out = i64;
    const NAME: &'static str = "recv_batch";
    const AT_ONCE: bool = true;

    unsafe fn at_once(&mut self, run: &Runner) -> Option<i64> {
        // SAFETY: see the head.
        let got = unsafe { self.ready(run, 0) };
        (got > 0).then_some(got as i64)
    }

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i64> {
        // SAFETY: the machine stays where it is, and the room is the caller's.
        unsafe {
            if ended.is_none() {
                let got = self.ready(run, 0);
                if got > 0 {
                    return Step::Ready(got as i64);
                }
            }
            match self.first.step(run, deadline, ended) {
                Step::Pending(pending) => Step::Pending(pending),
                Step::Unwind => Step::Unwind,
                Step::Ready(outcome) if outcome == RecvOutcome::Received as i32 => {
                    Step::Ready(self.ready(run, 1) as i64)
                }
                Step::Ready(outcome) if outcome == RecvOutcome::Closed as i32 => Step::Ready(0),
                Step::Ready(_) => Step::Ready(-1),
            }
        }
    }
}
