//! Messages are counted while tasks that send and receive are cancelled at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use abi::{SelectCase, SelectKind};

use super::code::{At, Body, Handle, Joined, Next, spawn};
use super::tasks::{channel, get};
use crate::channel::Channel;
use crate::exports::*;
use crate::task::*;

/// Sends numbers, one after the other, until it is cancelled; counts what was taken from it.
struct Sender {
    to: Arc<Channel>,
    next: u64,
    step: u64,
    value: u64,
    outcome: i32,
    sent: Arc<(AtomicU64, AtomicU64)>,
}

impl Body for Sender {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        match self.outcome {
            0 => {
                self.sent.0.fetch_add(1, SeqCst);
                self.sent.1.fetch_add(self.value, SeqCst);
            }
            // It has only begun, or its patience has run out, or it has looked up.
            -1 | 2 | 3 => {}
            _ => return Next::Return,
        }
        if self.outcome != 3 {
            // As compiled loops do: an unbounded channel never makes it wait.
            self.outcome = 3;
            // SAFETY: by the contract of waiting functions.
            return Next::Called(unsafe { altru_task_check(at.cx, at.frame) });
        }
        self.value = self.next;
        self.next += self.step;
        let (value, out) = ((&raw mut self.value).cast(), &raw mut self.outcome);
        let to = Arc::as_ptr(&self.to).cast_mut();
        // Some with a patience that may run out.
        let timeout = if self.value.is_multiple_of(7) { 20_000 } else { -1 };
        // SAFETY: channel and places outlive the call.
        let status = unsafe { altru_channel_send(at.cx, at.frame, out, to, value, timeout) };
        Next::Called(status)
    }
    fn out(&mut self) {}
}

/// Receives, alone or in a select over both channels, until it is cancelled or everything is closed.
struct Taker {
    from: [Arc<Channel>; 2],
    selects: bool,
    value: u64,
    outcome: i32,
    cases: [SelectCase; 2],
    got: Arc<(AtomicU64, AtomicU64)>,
}

impl Body for Taker {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        match (self.outcome, self.selects) {
            (-9, _) => {}
            (0, _) | (1, true) => {
                self.got.0.fetch_add(1, SeqCst);
                self.got.1.fetch_add(self.value, SeqCst);
            }
            _ => return Next::Return,
        }
        let (value, out) = ((&raw mut self.value).cast::<u8>(), &raw mut self.outcome);
        // SAFETY: channels and places outlive the call.
        Next::Called(unsafe {
            if self.selects {
                for (case, from) in self.cases.iter_mut().zip(&self.from) {
                    let object = Arc::as_ptr(from).cast_mut().cast();
                    let kind = SelectKind::Recv;
                    *case = SelectCase::new(kind, object, value);
                }
                altru_select(at.cx, at.frame, out, self.cases.as_mut_ptr(), 2, -1, 0)
            } else {
                let from = Arc::as_ptr(&self.from[0]).cast_mut();
                altru_channel_recv(at.cx, at.frame, out, from, value, -1)
            }
        })
    }
    fn out(&mut self) {}
}

/// Tasks that send and receive are cancelled at random: what was sent was received or is still in a channel, once.
#[test]
fn random_cancellation_loses_no_message() {
    for capacity in [-1, 0, 1, 5] {
        let channels = [channel(capacity), channel(capacity)];
        let sent = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let got = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let mut random = 12345u64.wrapping_add(capacity.cast_unsigned());
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize
        };
        let sender = |i: u64| {
            spawn(Sender {
                to: Arc::clone(&channels[i as usize % 2]),
                next: i,
                step: 64,
                value: 0,
                outcome: -1,
                sent: Arc::clone(&sent),
            })
        };
        let taker = |i: usize| {
            let case = SelectCase::new(SelectKind::Skip, std::ptr::null_mut(), std::ptr::null_mut());
            spawn(Taker {
                from: [Arc::clone(&channels[i % 2]), Arc::clone(&channels[1 - i % 2])],
                selects: i.is_multiple_of(3),
                value: 0,
                outcome: -9,
                cases: [case; 2],
                got: Arc::clone(&got),
            })
        };
        let mut tasks: Vec<_> = (0..16).map(|i| (sender(i), taker(i as usize))).collect();
        for round in 0..2_000u64 {
            let at = next() % tasks.len();
            let (old_sender, old_taker) = &tasks[at];
            if next().is_multiple_of(2) {
                old_sender.cancel();
                tasks[at].0 = sender(round % 64);
            } else {
                old_taker.cancel();
                tasks[at].1 = taker(round as usize);
            }
            // Now and then something is to happen in between.
            let before = got.0.load(SeqCst);
            while round.is_multiple_of(16) && got.0.load(SeqCst) == before {
                std::thread::yield_now();
            }
        }
        for (sender, _) in &tasks {
            sender.cancel();
        }
        let takers: Vec<_> = tasks
            .into_iter()
            .map(|(sender, taker)| {
                assert_eq!(sender.join(), Joined::Cancelled);
                taker
            })
            .collect();
        takers.iter().for_each(Handle::cancel);
        for taker in takers {
            assert_eq!(taker.join(), Joined::Cancelled);
        }
        // Those that were replaced have been cancelled too; they go when their last owner, the run, does.
        while Arc::strong_count(&sent) > 1 || Arc::strong_count(&got) > 1 {
            std::thread::yield_now();
        }
        let (mut count, mut sum) = (got.0.load(SeqCst), got.1.load(SeqCst));
        for channel in &channels {
            while let Some(value) = get(channel) {
                count += 1;
                sum += value;
            }
        }
        assert_eq!((count, sum), (sent.0.load(SeqCst), sent.1.load(SeqCst)));
        assert!(count > 0);
    }
}
