//! Models for loom of channels with a queue: what is sent without a lock finds who waits, in order, once.
//!
//! No more than one thread of a model waits by itself (loom runs two that wait in turn for ever). Where more are to wait, they
//! are tasks, suspended before the model's threads act and resumed afterwards.

use loom::sync::Arc;
use loom::thread;

use abi::waiting::{DONE, RESUME, SUSPENDED};
use abi::{RecvOutcome, SelectKind, SendOutcome};

use super::blocking;
use super::hooks::{ModelTask, ROOT};
use super::models::{SOON, case, choose, recv, send};
use crate::channel::{Channel, Recv, Send};
use crate::runner::Runner;
use crate::select::Select;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{self, Machine};

fn channel(capacity: i64) -> Arc<Channel> {
    Arc::new(Channel::new(capacity, 8, 8))
}

fn sender(channel: &Arc<Channel>, values: std::ops::Range<u64>) -> thread::JoinHandle<()> {
    let channel = Arc::clone(channel);
    thread::spawn(move || {
        values.for_each(|value| assert_eq!(send(&channel, value, Some(-1)), SendOutcome::Sent));
    })
}

/// Each is woken by the other, perhaps, and nothing overtakes.
fn streams(capacity: i64, values: u64) {
    loom::model(move || {
        let channel = channel(capacity);
        let other = sender(&channel, 0..values);
        for value in 0..values {
            assert_eq!(recv(&channel, Some(-1)), Ok(value));
        }
        other.join().expect("it ends");
    });
}

#[test]
fn a_full_channel_is_emptied_and_filled() {
    streams(1, 3);
}

/// More than the first ring holds, so that the second takes over while values are received.
#[test]
fn a_queue_outgrows_its_ring() {
    streams(-1, 4);
}

#[test]
fn a_limit_is_no_power_of_two() {
    streams(3, 4);
}

#[test]
fn a_sender_loses_its_patience() {
    loom::model(|| {
        let channel = channel(1);
        assert_eq!(send(&channel, 1, Some(-1)), SendOutcome::Sent);
        let other = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || send(&channel, 2, Some(SOON)))
        };
        assert_eq!(recv(&channel, Some(-1)), Ok(1));
        let sent = other.join().expect("it ends") == SendOutcome::Sent;
        assert_eq!(recv(&channel, None).is_ok(), sent);
    });
}

/// A select that sends to a full channel waits for room like any other.
#[test]
fn a_select_waits_for_room() {
    loom::model(|| {
        let channel = channel(1);
        assert_eq!(send(&channel, 1, Some(-1)), SendOutcome::Sent);
        let other = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || {
                let mut value = 2u64;
                let cases = [case(SelectKind::Send, &raw const *channel, &raw mut value)];
                assert_eq!(choose(&cases, Some(-1)), 0);
            })
        };
        assert_eq!(recv(&channel, Some(-1)), Ok(1));
        assert_eq!(recv(&channel, Some(-1)), Ok(2));
        other.join().expect("it ends");
    });
}

/// Batches are taken apart and put together, and keep their order.
fn batches(capacity: i64) {
    loom::model(move || {
        let channel = channel(capacity);
        let other = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || {
                let mut values = [0u64, 1, 2];
                // SAFETY: they are what the channel carries.
                let sent = unsafe { blocking::send_batch(&channel, values.as_mut_ptr().cast(), 3) };
                assert_eq!(sent, 3);
            })
        };
        let (mut got, mut out) = (Vec::new(), [7u64; 2]);
        while got.len() < 3 {
            // SAFETY: there is room for two.
            let count = unsafe { blocking::recv_batch(&channel, out.as_mut_ptr().cast(), 2) };
            got.extend_from_slice(&out[..count as usize]);
        }
        assert_eq!(got, [0, 1, 2]);
        other.join().expect("it ends");
    });
}

#[test]
fn a_batch_into_little_room() {
    batches(2);
}

#[test]
fn a_batch_outgrows_its_ring() {
    batches(-1);
}

/// A task that waits. Its places stay where they are, whichever way it goes.
struct Waiter {
    task: Box<ModelTask>,
    arena: Box<[u128; 64]>,
    value: Box<u64>,
    outcome: Box<i32>,
    status: i32,
    suspended: u32,
}

impl Waiter {
    fn new<M: Machine<Out = i32>>(value: u64, machine: impl FnOnce(*mut u64) -> M) -> Waiter {
        let mut waiter = Waiter {
            task: Box::new(ModelTask { run: Runner::new(true), scheduled: AtomicU32::new(0) }),
            arena: Box::new([0; 64]),
            value: Box::new(value),
            outcome: Box::new(-1),
            status: SUSPENDED,
            suspended: 0,
        };
        let cx = waiter.task.run.context();
        // SAFETY: only this thread drives the task; arena and places outlive the call.
        unsafe {
            (*cx).top = waiter.arena.as_mut_ptr().cast();
            (*cx).limit = (*cx).top.add(size_of_val(&*waiter.arena));
            let machine = machine(&raw mut *waiter.value);
            waiter.status = wait::run(cx, ROOT, &raw mut *waiter.outcome, machine, -1);
        }
        waiter.suspend();
        assert_eq!(waiter.status, SUSPENDED);
        waiter
    }

    fn receiver(channel: &Arc<Channel>) -> Waiter {
        Waiter::new(0, |out| Recv::new(&raw const **channel, out.cast()))
    }

    fn sender(channel: &Arc<Channel>, value: u64) -> Waiter {
        Waiter::new(value, |value| Send::new(&raw const **channel, value.cast()))
    }

    fn suspend(&mut self) {
        if self.status == SUSPENDED && self.task.run.wait.suspend() {
            self.suspended += 1;
        }
    }

    /// Goes on as often as it was scheduled. Whether it has come to its end, and then with what.
    fn end(&mut self) -> Option<(i32, u64)> {
        let scheduled = self.task.scheduled.load(Ordering::Acquire);
        while self.status == SUSPENDED && self.suspended <= scheduled {
            let frame = self.task.run.frame();
            // SAFETY: the task is suspended, and was scheduled; only this thread drives it.
            self.status = unsafe { ((*(*frame).site).resume)(self.task.run.context(), frame, RESUME) };
            self.suspend();
        }
        assert!(scheduled <= self.suspended);
        (self.status == DONE).then_some((*self.outcome, *self.value))
    }
}

fn together(other: impl FnOnce() + std::marker::Send + 'static, this: impl FnOnce()) {
    let other = thread::spawn(other);
    this();
    other.join().expect("it ends");
}

const GOT: i32 = RecvOutcome::Received as i32;
const SENT: i32 = SendOutcome::Sent as i32;

#[test]
fn two_who_wait_are_both_served() {
    loom::model(|| {
        let channel = channel(-1);
        let mut waiters = [Waiter::receiver(&channel), Waiter::receiver(&channel)];
        let same = Arc::clone(&channel);
        together(
            move || assert_eq!(send(&same, 1, None), SendOutcome::Sent),
            || assert_eq!(send(&channel, 2, None), SendOutcome::Sent),
        );
        let got = [waiters[0].end(), waiters[1].end()];
        let (one, two) = (Some((GOT, 1)), Some((GOT, 2)));
        assert!(got == [one, two] || got == [two, one]);
    });
}

/// Who loses the value that was meant for him gets the next one.
#[test]
fn a_value_is_taken_from_under_a_waiter() {
    loom::model(|| {
        let channel = channel(-1);
        let mut waiter = Waiter::receiver(&channel);
        let same = Arc::clone(&channel);
        let mut passing = Err(RecvOutcome::Closed);
        together(
            move || assert_eq!(send(&same, 1, None), SendOutcome::Sent),
            || passing = recv(&channel, None),
        );
        if passing == Ok(1) {
            assert_eq!(waiter.end(), None);
            assert_eq!(send(&channel, 2, None), SendOutcome::Sent);
            assert_eq!(waiter.end(), Some((GOT, 2)));
        } else {
            assert_eq!(waiter.end(), Some((GOT, 1)));
        }
        assert_eq!(channel.len(), 0);
    });
}

/// Several queue, several take: whoever waits is never left with something that is there.
#[test]
fn a_waiter_is_not_overlooked_by_two_senders() {
    loom::model(|| {
        let channel = channel(2);
        let mut waiter = Waiter::receiver(&channel);
        let same = Arc::clone(&channel);
        let mut passing = Err(RecvOutcome::Closed);
        together(
            move || assert_eq!(send(&same, 1, None), SendOutcome::Sent),
            || {
                assert_eq!(send(&channel, 2, None), SendOutcome::Sent);
                passing = recv(&channel, None);
            },
        );
        let (outcome, value) = waiter.end().expect("there were two");
        let left = recv(&channel, None).unwrap_or(0);
        assert_eq!((outcome, value + passing.unwrap_or(0) + left), (GOT, 3));
    });
}

#[test]
fn two_who_wait_for_room_get_it_in_order() {
    loom::model(|| {
        let channel = channel(1);
        assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
        let mut waiters = [Waiter::sender(&channel, 2), Waiter::sender(&channel, 3)];
        let same = Arc::clone(&channel);
        let sum = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&sum);
        together(
            move || {
                let got = recv(&same, None).unwrap_or(0);
                theirs.fetch_add(got as u32, Ordering::Relaxed);
            },
            || {
                let got = recv(&channel, None).unwrap_or(0);
                sum.fetch_add(got as u32, Ordering::Relaxed);
            },
        );
        // The second may have come when the room was not filled yet.
        let got = sum.load(Ordering::Relaxed);
        assert!(got == 1 || got == 3);
        let rest = if got == 1 { vec![Ok(2), Ok(3)] } else { vec![Ok(3)] };
        for value in rest {
            assert_eq!(recv(&channel, None), value);
        }
        assert!(waiters.iter_mut().all(|waiter| waiter.end().is_some_and(|(how, _)| how == SENT)));
        assert_eq!(channel.len(), 0);
    });
}

/// The room may be taken by one who tries, just before the sender that waits for it.
#[test]
fn room_is_taken_from_under_a_waiter() {
    loom::model(|| {
        let channel = channel(1);
        assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
        let mut waiter = Waiter::sender(&channel, 2);
        let same = Arc::clone(&channel);
        let mut passed = false;
        together(
            move || assert_eq!(recv(&same, None), Ok(1)),
            || passed = send(&channel, 4, None) == SendOutcome::Sent,
        );
        if passed {
            assert_eq!(waiter.end(), None);
            assert_eq!(recv(&channel, None), Ok(4));
        }
        assert_eq!(waiter.end().map(|(outcome, _)| outcome), Some(SENT));
        assert_eq!(recv(&channel, None), Ok(2));
    });
}

/// What was sent before the channel closed is received, though the receiver waited; nothing is sent later.
#[test]
fn closing_comes_before_or_after_a_send() {
    loom::model(|| {
        let channel = channel(-1);
        let mut waiter = Waiter::receiver(&channel);
        let same = Arc::clone(&channel);
        let mut sent = SendOutcome::TimedOut;
        together(move || same.close(), || sent = send(&channel, 7, None));
        let received = waiter.end().expect("one or the other");
        match sent {
            SendOutcome::Sent => assert_eq!(received, (GOT, 7)),
            _ => assert_eq!((sent, received.0), (SendOutcome::Closed, RecvOutcome::Closed as i32)),
        }
    });
}

/// A sender that waits for room is turned away, or has its value queued: never both.
#[test]
fn a_full_channel_closes() {
    loom::model(|| {
        let channel = channel(1);
        assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
        let mut waiter = Waiter::sender(&channel, 2);
        let same = Arc::clone(&channel);
        together(move || same.close(), || assert_eq!(recv(&channel, None), Ok(1)));
        let sent = waiter.end().expect("one or the other").0;
        let rest = recv(&channel, None);
        match sent {
            SENT => assert_eq!(rest, Ok(2)),
            _ => assert_eq!((sent, rest), (SendOutcome::Closed as i32, Err(RecvOutcome::Closed))),
        }
    });
}

/// Who waits for a channel to be closed and empty is told by whoever does the last of the two.
#[test]
fn a_watcher_sees_the_end() {
    loom::model(|| {
        let channel = channel(-1);
        assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
        let mut cases = [case(SelectKind::Closed, &raw const *channel, std::ptr::null_mut())];
        let mut waiter = Waiter::new(0, |_| Select::new(cases.as_mut_ptr(), 1, true));
        let same = Arc::clone(&channel);
        together(move || same.close(), || assert_eq!(recv(&channel, None), Ok(1)));
        assert_eq!(waiter.end(), Some((0, 0)));
    });
}

/// A select waits on two channels, each of which gets a value: it takes one and leaves the other.
#[test]
fn a_select_is_sent_to_twice() {
    loom::model(|| {
        let channels = [channel(-1), channel(1)];
        let mut out = 0u64;
        let out = &raw mut out;
        let mut cases = [0, 1].map(|i| case(SelectKind::Recv, &raw const *channels[i], out));
        let mut waiter = Waiter::new(0, |_| Select::new(cases.as_mut_ptr(), 2, true));
        let first = Arc::clone(&channels[0]);
        together(
            move || assert_eq!(send(&first, 5, None), SendOutcome::Sent),
            || assert_eq!(send(&channels[1], 6, None), SendOutcome::Sent),
        );
        let taken = waiter.end().expect("there are two").0 as usize;
        // SAFETY: the task is over.
        assert_eq!(unsafe { *out }, taken as u64 + 5);
        assert_eq!((channels[taken].len(), channels[1 - taken].len()), (0, 1));
    });
}

/// A select that loses the value that was meant for it looks at all its cases again.
#[test]
fn a_value_is_taken_from_under_a_select() {
    loom::model(|| {
        let channel = channel(-1);
        let mut out = 0u64;
        let out = &raw mut out;
        let mut cases = [case(SelectKind::Recv, &raw const *channel, out)];
        let mut waiter = Waiter::new(0, |_| Select::new(cases.as_mut_ptr(), 1, true));
        let same = Arc::clone(&channel);
        let mut passing = Err(RecvOutcome::Closed);
        together(
            move || assert_eq!(send(&same, 1, None), SendOutcome::Sent),
            || passing = recv(&channel, None),
        );
        if passing.is_ok() {
            assert_eq!(waiter.end(), None);
            assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
        }
        assert_eq!(waiter.end().map(|(case, _)| case), Some(0));
        // SAFETY: the task is over.
        assert_eq!((unsafe { *out }, channel.len()), (1, 0));
    });
}
