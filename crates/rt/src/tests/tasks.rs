//! Tasks: begun, joined, suspended at every kind of wait, cancelled, unwound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::code::{At, Body, Handle, Joined, Next, call, spawn};
use crate::channel::Channel;
use crate::clock;
use crate::exports::*;
use crate::task::*;
use crate::thread::altru_thread_sleep;

/// Gives a number.
struct Give(u64);

impl Body for Give {
    type Out = u64;
    fn step(&mut self, _at: At) -> Next {
        Next::Return
    }
    fn out(&mut self) -> u64 {
        self.0
    }
}

#[test]
fn a_thread_joins_many_tasks() {
    let n = 100_000;
    let handles: Vec<_> = (0..n).map(|i| spawn(Give(i))).collect();
    let sum: u64 = handles
        .into_iter()
        .map(|handle| match handle.join() {
            Joined::Returned(value) => value,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(sum, n * (n - 1) / 2);
}

/// A tree of tasks, each joining its children.
struct Tree {
    level: u32,
    first: u64,
    children: Vec<Handle<u64>>,
    sum: u64,
    how: i32,
    panic: abi::RawPanic,
}

impl Tree {
    fn new(level: u32, first: u64) -> Tree {
        Tree { level, first, children: vec![], sum: 0, how: -1, panic: super::code::empty_panic() }
    }
}

impl Body for Tree {
    type Out = u64;
    fn step(&mut self, at: At) -> Next {
        if self.level == 0 {
            self.sum = self.first;
            return Next::Return;
        }
        if self.how < 0 {
            self.how = 0;
            let span = 10u64.pow(self.level - 1);
            self.children =
                (0..10).map(|i| spawn(Tree::new(self.level - 1, self.first + i * span))).collect();
        } else if let Some(child) = self.children.pop() {
            match child.joined(self.how, &mut self.panic) {
                Joined::Returned(sum) => self.sum += sum,
                other => panic!("{other:?}"),
            }
        }
        match self.children.last() {
            // SAFETY: the handle is live; the places do not move while this waits.
            Some(child) => Next::Called(unsafe {
                altru_task_join(at.cx, at.frame, &raw mut self.how, child.task, &raw mut self.panic, -1)
            }),
            None => Next::Return,
        }
    }
    fn out(&mut self) -> u64 {
        self.sum
    }
}

#[test]
fn a_tree_of_tasks() {
    let n = 100_000;
    assert_eq!(spawn(Tree::new(5, 0)).join(), Joined::Returned(n * (n - 1) / 2));
}

pub(super) fn channel(capacity: i64) -> Arc<Channel> {
    Arc::new(Channel::new(capacity, 8, 8))
}

/// Receives a number, adds one, sends it on; so many times.
struct Pass {
    from: Arc<Channel>,
    to: Arc<Channel>,
    left: u64,
    receives: bool,
    value: u64,
    outcome: i32,
}

impl Pass {
    fn new(from: &Arc<Channel>, to: &Arc<Channel>, times: u64) -> Pass {
        Pass {
            from: Arc::clone(from),
            to: Arc::clone(to),
            left: times,
            receives: false,
            value: 0,
            outcome: 0,
        }
    }
}

impl Body for Pass {
    type Out = u64;
    fn step(&mut self, at: At) -> Next {
        assert_eq!(self.outcome, 0);
        let value = (&raw mut self.value).cast();
        let outcome = &raw mut self.outcome;
        self.receives = !self.receives;
        if self.receives {
            if self.left == 0 {
                return Next::Return;
            }
            self.left -= 1;
            let from = Arc::as_ptr(&self.from).cast_mut();
            // SAFETY: the channel and the places outlive the call.
            return Next::Called(unsafe { altru_channel_recv(at.cx, at.frame, outcome, from, value, -1) });
        }
        self.value += 1;
        let to = Arc::as_ptr(&self.to).cast_mut();
        // SAFETY: as above.
        Next::Called(unsafe { altru_channel_send(at.cx, at.frame, outcome, to, value, -1) })
    }
    fn out(&mut self) -> u64 {
        self.value
    }
}

pub(super) fn put(channel: &Channel, mut value: u64) {
    // SAFETY: it carries numbers.
    let sent = unsafe { channel.try_send((&raw mut value).cast()) };
    assert_eq!(sent, abi::SendOutcome::Sent);
}

pub(super) fn get(channel: &Channel) -> Option<u64> {
    let mut value = 0u64;
    // SAFETY: it carries numbers.
    let got = unsafe { channel.try_recv((&raw mut value).cast()) };
    (got == abi::RecvOutcome::Received).then_some(value)
}

#[test]
fn ping_pong() {
    for capacity in [-1, 1] {
        let (a, b) = (channel(capacity), channel(capacity));
        let n = 20_000;
        put(&a, 0);
        let left = spawn(Pass::new(&a, &b, n));
        let right = spawn(Pass::new(&b, &a, n));
        assert_eq!(left.join(), Joined::Returned(2 * n - 1));
        assert_eq!(right.join(), Joined::Returned(2 * n));
        assert_eq!(get(&a), Some(2 * n));
    }
}

#[test]
fn a_ring() {
    let n = 1000;
    let channels: Vec<_> = (0..n).map(|_| channel(1)).collect();
    let rounds = 50;
    let tasks: Vec<_> =
        (0..n).map(|i| spawn(Pass::new(&channels[i], &channels[(i + 1) % n], rounds))).collect();
    put(&channels[0], 0);
    for task in tasks {
        assert!(matches!(task.join(), Joined::Returned(_)));
    }
    assert_eq!(get(&channels[0]), Some(n as u64 * rounds));
}

#[test]
fn waiters_are_looked_at_while_they_come_and_go() {
    let n = 64;
    let channels: Vec<_> = (0..n).map(|_| channel(1)).collect();
    let rounds = 300;
    let tasks: Vec<_> =
        (0..n).map(|i| spawn(Pass::new(&channels[i], &channels[(i + 1) % n], rounds))).collect();
    put(&channels[0], 0);
    put(&channels[n / 2], 0);
    let over = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while over.load(SeqCst) == 0 {
                let mut text = String::new();
                crate::census::describe_all(&mut text);
                // Somebody may be changing the list, or everything is just over.
                assert!(text.is_empty() || text.starts_with("  "), "{text}");
            }
        });
        for task in tasks {
            assert!(matches!(task.join(), Joined::Returned(_)));
        }
        over.store(1, SeqCst);
    });
    let left: u64 = channels.iter().filter_map(|channel| get(channel)).sum();
    assert_eq!(left, n as u64 * rounds);
}

/// Computes until it is told to stop, without looking up.
struct Spin {
    stop: Arc<AtomicUsize>,
}

impl Body for Spin {
    type Out = u64;
    fn step(&mut self, _at: At) -> Next {
        while self.stop.load(SeqCst) == 0 {
            std::hint::spin_loop();
        }
        Next::Return
    }
    fn out(&mut self) -> u64 {
        1
    }
}

/// Tells the others to stop.
struct Stop {
    stop: Arc<AtomicUsize>,
}

impl Body for Stop {
    type Out = u64;
    fn step(&mut self, _at: At) -> Next {
        self.stop.store(1, SeqCst);
        Next::Return
    }
    fn out(&mut self) -> u64 {
        1
    }
}

#[test]
fn workers_that_are_stuck_are_replaced() {
    for _ in 0..3 {
        let stop = Arc::new(AtomicUsize::new(0));
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let spins: Vec<_> = (0..2 * workers).map(|_| spawn(Spin { stop: Arc::clone(&stop) })).collect();
        assert_eq!(spawn(Stop { stop }).join(), Joined::Returned(1));
        for spin in spins {
            assert_eq!(spin.join(), Joined::Returned(1));
        }
    }
}

/// Calls itself `depth` times with frames of several sizes, and waits at the bottom.
struct Dive<const SIZE: usize> {
    depth: u32,
    gate: Arc<Channel>,
    pad: [u8; SIZE],
    value: u64,
    stage: u32,
    outcome: i32,
}

impl<const SIZE: usize> Dive<SIZE> {
    fn new(depth: u32, gate: &Arc<Channel>) -> Dive<SIZE> {
        let pad = [depth as u8; SIZE];
        Dive { depth, gate: Arc::clone(gate), pad, value: 0, stage: 0, outcome: 0 }
    }
}

impl<const SIZE: usize> Body for Dive<SIZE> {
    type Out = u64;
    fn step(&mut self, at: At) -> Next {
        self.stage += 1;
        if self.stage == 2 {
            assert!(self.pad.iter().all(|b| *b == self.depth as u8));
            self.value += 1;
            return Next::Return;
        }
        let value = &raw mut self.value;
        // SAFETY: the places outlive the calls.
        Next::Called(unsafe {
            if self.depth == 0 {
                let gate = Arc::as_ptr(&self.gate).cast_mut();
                altru_channel_recv(at.cx, at.frame, &raw mut self.outcome, gate, value.cast(), -1)
            } else if self.depth.is_multiple_of(3) {
                call(at.cx, at.frame, value, Dive::<700>::new(self.depth - 1, &self.gate))
            } else {
                call(at.cx, at.frame, value, Dive::<40>::new(self.depth - 1, &self.gate))
            }
        })
    }
    fn out(&mut self) -> u64 {
        self.value
    }
}

#[test]
fn frames_cross_segments() {
    let gate = channel(-1);
    let tasks: Vec<_> = (0..50u32).map(|i| spawn(Dive::<8>::new(i * 7, &gate))).collect();
    for _ in 0..50 {
        put(&gate, 1);
    }
    for (i, task) in (0..50u64).zip(tasks) {
        assert_eq!(task.join(), Joined::Returned(i * 7 + 2));
    }
    let deep = spawn(Dive::<8>::new(2_000, &gate));
    put(&gate, 1);
    assert_eq!(deep.join(), Joined::Returned(2_002));
}

/// Panics, in a frame below its root, after a wait.
struct Fail {
    stage: u32,
    drops: Arc<AtomicUsize>,
}

struct FailBelow(Fail);

impl Drop for Fail {
    fn drop(&mut self) {
        self.drops.fetch_add(1, SeqCst);
    }
}

impl Body for Fail {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        self.stage += 1;
        if self.stage == 1 {
            // SAFETY: by the contract of waiting functions.
            return Next::Called(unsafe { altru_task_yield(at.cx, at.frame) });
        }
        let text = "it fails";
        // SAFETY: valid text, no location.
        unsafe { crate::panic::altru_panic(text.as_ptr(), text.len(), std::ptr::null()) }
    }
    fn out(&mut self) {}
}

impl Body for FailBelow {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        self.0.stage += 1;
        if self.0.stage == 2 {
            return Next::Return;
        }
        let below = Fail { stage: 0, drops: Arc::clone(&self.0.drops) };
        // SAFETY: nothing is written to the place.
        Next::Called(unsafe { call(at.cx, at.frame, std::ptr::NonNull::dangling().as_ptr(), below) })
    }
    fn out(&mut self) {}
}

#[test]
fn a_panic_ends_its_task_only() {
    let drops = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> =
        (0..100).map(|_| spawn(FailBelow(Fail { stage: 0, drops: Arc::clone(&drops) }))).collect();
    for task in tasks {
        assert_eq!(task.join(), Joined::Panicked("it fails".to_string()));
    }
    assert_eq!(drops.load(SeqCst), 200);
    assert_eq!(spawn(Give(1)).join(), Joined::Returned(1));
}

#[test]
fn what_nobody_takes_is_dropped() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    struct Make(Arc<AtomicUsize>);
    impl Body for Make {
        type Out = Dropped;
        fn step(&mut self, _at: At) -> Next {
            Next::Return
        }
        fn out(&mut self) -> Dropped {
            Dropped(Arc::clone(&self.0))
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    for _ in 0..1000 {
        drop(spawn(Make(Arc::clone(&drops))));
    }
    let kept = super::code::make(Make(Arc::clone(&drops)));
    assert!(Arc::strong_count(&drops) > 1);
    drop(kept);
    // The handles are gone; the last owners end with their tasks.
    while drops.load(SeqCst) < 1000 || Arc::strong_count(&drops) > 1 {
        std::thread::yield_now();
    }
    assert_eq!(drops.load(SeqCst), 1000);
}

/// Reads from a pipe that the test writes to later: blocks in the operating system.
struct Read {
    fd: i32,
    byte: u8,
    count: i64,
}

impl Body for Read {
    type Out = u8;
    fn step(&mut self, at: At) -> Next {
        if self.count != 0 {
            assert_eq!(self.count, 1);
            return Next::Return;
        }
        let (byte, count) = (&raw mut self.byte, &raw mut self.count);
        // SAFETY: the places do not move while this waits.
        Next::Called(unsafe { altru_fs_read(at.cx, at.frame, count, self.fd, byte, 1) })
    }
    fn out(&mut self) -> u8 {
        self.byte
    }
}

#[test]
fn calls_that_block_keep_no_worker() {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors.
    assert_eq!(unsafe { libc::pipe(fds.as_mut_ptr()) }, 0);
    // More than there are workers.
    let readers: Vec<_> = (0..20).map(|_| spawn(Read { fd: fds[0], byte: 0, count: 0 })).collect();
    // Cancelled or not, the call is not left half done.
    readers[0].cancel();
    // Others go on meanwhile.
    for i in 0..100 {
        assert_eq!(spawn(Give(i)).join(), Joined::Returned(i));
    }
    // SAFETY: bytes of ours.
    assert_eq!(unsafe { libc::write(fds[1], [7u8; 20].as_ptr().cast(), 20) }, 20);
    for (i, reader) in readers.into_iter().enumerate() {
        let joined = reader.join();
        // The first may have been cancelled before it began.
        assert!(joined == Joined::Returned(7) || i == 0 && joined == Joined::Cancelled);
    }
    for fd in fds {
        // SAFETY: ours to close.
        unsafe { libc::close(fd) };
    }
}

/// Sends into an unbounded channel until somebody closes it: never waits.
struct Flood {
    to: Arc<Channel>,
    value: u64,
    outcome: i32,
}

impl Body for Flood {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        if self.outcome != 0 {
            return Next::Return;
        }
        let (value, out) = ((&raw mut self.value).cast(), &raw mut self.outcome);
        let to = Arc::as_ptr(&self.to).cast_mut();
        // SAFETY: channel and places outlive the call.
        Next::Called(unsafe { altru_channel_send(at.cx, at.frame, out, to, value, -1) })
    }
    fn out(&mut self) {}
}

/// Takes some, then closes the channel.
struct Drain {
    from: Arc<Channel>,
    left: u32,
    value: u64,
    outcome: i32,
}

impl Body for Drain {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        if self.left == 0 {
            self.from.close();
            return Next::Return;
        }
        self.left -= 1;
        let (value, out) = ((&raw mut self.value).cast(), &raw mut self.outcome);
        let from = Arc::as_ptr(&self.from).cast_mut();
        // SAFETY: channel and places outlive the call.
        Next::Called(unsafe { altru_channel_recv(at.cx, at.frame, out, from, value, -1) })
    }
    fn out(&mut self) {}
}

#[test]
fn a_task_that_never_waits_gives_way() {
    let to = channel(-1);
    // More than there are workers, most likely; the one that ends them comes last.
    let floods: Vec<_> =
        (0..16).map(|value| spawn(Flood { to: Arc::clone(&to), value, outcome: 0 })).collect();
    let drain = spawn(Drain { from: Arc::clone(&to), left: 1000, value: 0, outcome: 0 });
    assert_eq!(drain.join(), Joined::Returned(()));
    for flood in floods {
        assert_eq!(flood.join(), Joined::Returned(()));
    }
}

/// Sleeps, and is not woken early.
struct Nap {
    until: i64,
    time: i64,
}

impl Body for Nap {
    type Out = bool;
    fn step(&mut self, at: At) -> Next {
        if self.until > 0 {
            return Next::Return;
        }
        self.until = clock::monotonic() + self.time;
        // SAFETY: by the contract of waiting functions.
        Next::Called(unsafe { altru_thread_sleep(at.cx, at.frame, self.time) })
    }
    fn out(&mut self) -> bool {
        clock::monotonic() >= self.until
    }
}

#[test]
fn nobody_wakes_early() {
    let tasks: Vec<_> = (0..2000)
        .map(|i| spawn(Nap { until: 0, time: i64::from(i % 50) * 150_000 + i64::from(i) }))
        .collect();
    for task in tasks {
        assert_eq!(task.join(), Joined::Returned(true));
    }
}
