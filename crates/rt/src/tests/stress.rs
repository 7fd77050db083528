//! Many threads on few objects: nothing lost, nothing doubled, nobody left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use abi::protocol::{mutex, semaphore};
use abi::{RecvOutcome, SelectCase, SelectKind, SendOutcome};

use super::blocking;
use crate::channel::Channel;
use crate::sync::{AtomicU32, Ordering};
use crate::{clock, locks, select};

const THREADS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 50 } else { 5_000 };
const MILLISECOND: i64 = 1_000_000;

fn channel(capacity: i64) -> Arc<Channel> {
    Arc::new(Channel::new(capacity, 8, 8))
}

fn send(channel: &Channel, mut value: u64, timeout: Option<i64>) -> SendOutcome {
    // SAFETY: `value` is what the channel carries.
    unsafe { blocking::send(channel, (&raw mut value).cast(), timeout.map(clock::deadline)) }
}

fn recv(channel: &Channel, timeout: Option<i64>) -> Result<u64, RecvOutcome> {
    let mut value = 0u64;
    // SAFETY: `value` is what the channel carries.
    match unsafe { blocking::recv(channel, (&raw mut value).cast(), timeout.map(clock::deadline)) } {
        RecvOutcome::Received => Ok(value),
        other => Err(other),
    }
}

fn case(kind: SelectKind, object: *const Channel, value: *mut u64) -> SelectCase {
    SelectCase::new(kind, object.cast_mut().cast(), value.cast())
}

fn choose(cases: &[SelectCase], timeout: Option<i64>) -> i32 {
    // SAFETY: the tests keep objects and values alive.
    unsafe { blocking::select(cases, timeout.map(clock::deadline), false) }
}

#[test]
fn a_mutex_excludes() {
    struct Shared {
        word: AtomicU32,
        count: std::cell::UnsafeCell<usize>,
    }
    // SAFETY: `count` is only used with the mutex held.
    unsafe impl Sync for Shared {}
    impl Shared {
        fn bump(&self) {
            // SAFETY: the mutex is held.
            unsafe { *self.count.get() += 1 };
        }
    }
    let shared = Shared { word: AtomicU32::new(mutex::UNLOCKED), count: 0.into() };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for i in 0..ROUNDS {
                    // Every third tries with a timeout, some of which pass.
                    let deadline = if i % 3 == 0 { clock::deadline(MILLISECOND / 100) } else { -1 };
                    while !blocking::mutex_lock(&shared.word, deadline) {
                        assert!(deadline > 0);
                        thread::yield_now();
                    }
                    shared.bump();
                    locks::mutex_unlock(&shared.word);
                }
            });
        }
    });
    assert_eq!(shared.count.into_inner(), THREADS * ROUNDS);
    assert_eq!(shared.word.load(Ordering::Relaxed), mutex::UNLOCKED);
}

#[test]
fn a_read_write_lock_excludes_writers_from_everyone() {
    let word = AtomicU32::new(0);
    let readers = AtomicU32::new(0);
    let writers = AtomicU32::new(0);
    thread::scope(|scope| {
        for t in 0..THREADS {
            let (word, readers, writers) = (&word, &readers, &writers);
            scope.spawn(move || {
                for i in 0..ROUNDS {
                    let deadline = if i % 5 == 0 { clock::deadline(MILLISECOND / 50) } else { -1 };
                    if (i + t) % 4 == 0 {
                        if !blocking::rwlock_write(word, deadline) {
                            continue;
                        }
                        assert_eq!(writers.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(readers.load(Ordering::SeqCst), 0);
                        writers.fetch_sub(1, Ordering::SeqCst);
                        locks::rwlock_unlock_write(word);
                    } else {
                        if !blocking::rwlock_read(word, deadline) {
                            continue;
                        }
                        readers.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(writers.load(Ordering::SeqCst), 0);
                        readers.fetch_sub(1, Ordering::SeqCst);
                        locks::rwlock_unlock_read(word);
                    }
                }
            });
        }
    });
    assert_eq!(word.load(Ordering::Relaxed), 0);
}

#[test]
fn a_semaphore_never_gives_more_than_it_has() {
    let word = AtomicU32::new(3);
    let taken = AtomicU32::new(0);
    thread::scope(|scope| {
        for t in 0..THREADS {
            let (word, taken) = (&word, &taken);
            scope.spawn(move || {
                for i in 0..ROUNDS {
                    let n = 1 + ((i + t) % 3) as u32;
                    let deadline = if i % 4 == 0 { clock::deadline(MILLISECOND / 50) } else { -1 };
                    if !blocking::semaphore_acquire(word, n, deadline) {
                        continue;
                    }
                    assert!(taken.fetch_add(n, Ordering::SeqCst) + n <= 3);
                    taken.fetch_sub(n, Ordering::SeqCst);
                    locks::semaphore_release(word, n);
                }
            });
        }
    });
    assert_eq!(word.load(Ordering::Relaxed) & semaphore::MAX, 3);
}

#[test]
fn a_condvar_passes_a_token_round() {
    let (lock, changed) = (AtomicU32::new(0), AtomicU32::new(0));
    let turn = AtomicU32::new(0);
    thread::scope(|scope| {
        for t in 0..THREADS as u32 {
            let (lock, changed, turn) = (&lock, &changed, &turn);
            scope.spawn(move || {
                for _ in 0..ROUNDS / 10 {
                    blocking::mutex_lock(lock, -1);
                    while turn.load(Ordering::Relaxed) % THREADS as u32 != t {
                        blocking::condvar_wait(changed, lock, -1);
                    }
                    turn.fetch_add(1, Ordering::Relaxed);
                    locks::condvar_notify(changed, true);
                    locks::mutex_unlock(lock);
                }
            });
        }
    });
    assert_eq!(turn.load(Ordering::Relaxed) as usize, THREADS * (ROUNDS / 10));
    assert_eq!(changed.load(Ordering::Relaxed), 0);
}

#[test]
fn a_condvar_times_out_and_leaves_no_trace() {
    let (lock, changed) = (AtomicU32::new(0), AtomicU32::new(0));
    blocking::mutex_lock(&lock, -1);
    assert!(!blocking::condvar_wait(&changed, &lock, clock::deadline(MILLISECOND)));
    assert_eq!(changed.load(Ordering::Relaxed), 0);
    locks::mutex_unlock(&lock);
}

/// Every value sent arrives exactly once, and each sender's values arrive in order.
fn all_arrive(capacity: i64, with_timeouts: bool) {
    let channel = channel(capacity);
    let (sums, received) = thread::scope(|scope| {
        for t in 0..THREADS {
            let channel = &channel;
            channel.add_sender();
            scope.spawn(move || {
                for i in 0..ROUNDS {
                    let value = (t * ROUNDS + i) as u64;
                    let timeout = if with_timeouts { MILLISECOND / 20 } else { -1 };
                    while send(channel, value, Some(timeout)) != SendOutcome::Sent {
                        assert!(with_timeouts);
                    }
                }
                channel.drop_sender();
            });
        }
        channel.drop_sender();
        let readers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let mut last = BTreeMap::new();
                    let (mut sum, mut count) = (0, 0);
                    loop {
                        let timeout = if with_timeouts { MILLISECOND / 20 } else { -1 };
                        match recv(&channel, Some(timeout)) {
                            Ok(value) => {
                                let sender = value / ROUNDS as u64;
                                if let Some(before) = last.insert(sender, value) {
                                    assert!(before < value);
                                }
                                sum += value;
                                count += 1;
                            }
                            Err(RecvOutcome::Closed) => return (sum, count),
                            Err(_) => assert!(with_timeouts),
                        }
                    }
                })
            })
            .collect();
        readers
            .into_iter()
            .map(|r| r.join().expect("a reader ends"))
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    });
    let n = (THREADS * ROUNDS) as u64;
    assert_eq!((sums, received), (n * (n - 1) / 2, n));
    assert_eq!(channel.len(), 0);
}

#[test]
fn unbounded_channel() {
    all_arrive(-1, false);
}

#[test]
fn bounded_channel() {
    all_arrive(3, false);
}

#[test]
fn bounded_channel_with_timeouts() {
    all_arrive(1, true);
}

#[test]
fn rendezvous() {
    all_arrive(0, false);
}

#[test]
fn rendezvous_with_timeouts() {
    all_arrive(0, true);
}

#[test]
fn batches_keep_order_across_a_small_buffer() {
    for capacity in [-1, 0, 1, 7] {
        let channel = channel(capacity);
        let n = 2 * ROUNDS as u64;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut values: Vec<u64> = (0..n).collect();
                // SAFETY: the values are what the channel carries.
                let sent =
                    unsafe { blocking::send_batch(&channel, values.as_mut_ptr().cast(), values.len()) };
                assert_eq!(sent as u64, n);
                channel.drop_sender();
            });
            let mut next = 0;
            loop {
                let mut out = [0u64; 64];
                // SAFETY: `out` has room for 64 values.
                let got = unsafe { blocking::recv_batch(&channel, out.as_mut_ptr().cast(), 64) };
                if got == 0 {
                    break;
                }
                for value in &out[..got as usize] {
                    assert_eq!(*value, next);
                    next += 1;
                }
            }
            assert_eq!(next, n);
        });
    }
}

#[test]
fn closing_turns_waiting_senders_away() {
    let channel = channel(1);
    assert_eq!(send(&channel, 1, None), SendOutcome::Sent);
    assert_eq!(send(&channel, 2, None), SendOutcome::TimedOut);
    thread::scope(|scope| {
        let sender = scope.spawn(|| send(&channel, 2, Some(-1)));
        thread::sleep(std::time::Duration::from_millis(5));
        assert!(channel.drop_receiver());
        assert_eq!(sender.join().expect("it ends"), SendOutcome::Closed);
    });
    assert_eq!(recv(&channel, None), Ok(1));
    assert_eq!(recv(&channel, None), Err(RecvOutcome::Closed));
}

#[test]
fn select_between_selects_commits_exactly_one_case_each() {
    // Everyone both sends and receives over two rendezvous channels: whatever one sends, another receives.
    let channels = [channel(0), channel(0)];
    let (sent, received) = (AtomicU32::new(0), AtomicU32::new(0));
    let (sent_sum, received_sum) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for t in 0..THREADS as u32 {
            let channels = &channels;
            let (sent, received) = (&sent, &received);
            let (sent_sum, received_sum) = (&sent_sum, &received_sum);
            scope.spawn(move || {
                for i in 0..ROUNDS as u32 {
                    let mut value = u64::from(t * ROUNDS as u32 + i) % 1000;
                    let mut out = 0;
                    let (a, b) = if (t + i) % 2 == 0 { (0, 1) } else { (1, 0) };
                    let cases = [
                        case(SelectKind::Send, &raw const *channels[a], &raw mut value),
                        case(SelectKind::Recv, &raw const *channels[b], &raw mut out),
                        case(SelectKind::Recv, &raw const *channels[a], &raw mut out),
                    ];
                    match choose(&cases, Some(MILLISECOND)) {
                        0 => {
                            sent.fetch_add(1, Ordering::Relaxed);
                            sent_sum.fetch_add(value as u32, Ordering::Relaxed);
                        }
                        1 | 2 => {
                            received.fetch_add(1, Ordering::Relaxed);
                            received_sum.fetch_add(out as u32, Ordering::Relaxed);
                        }
                        other => assert_eq!(other, select::TIMED_OUT),
                    }
                }
            });
        }
    });
    let get = |word: &AtomicU32| word.load(Ordering::Relaxed);
    assert_eq!(get(&sent), get(&received));
    assert_eq!(get(&sent_sum), get(&received_sum));
    assert!(get(&sent) > 0);
}

#[test]
fn select_is_fair_among_ready_cases() {
    let channels: Vec<_> = (0..4).map(|_| channel(-1)).collect();
    let mut hits = [0u32; 4];
    for _ in 0..4000 {
        for ready in [0, 1, 3] {
            if channels[ready].len() == 0 {
                send(&channels[ready], 1, None);
            }
        }
        let mut out = 0;
        let cases: Vec<_> =
            channels.iter().map(|c| case(SelectKind::Recv, &raw const **c, &raw mut out)).collect();
        hits[choose(&cases, Some(-1)) as usize] += 1;
    }
    assert_eq!(hits[2], 0);
    for ready in [0, 1, 3] {
        assert!((1100..1600).contains(&hits[ready]), "{hits:?}");
    }
}

#[test]
fn select_that_can_never_fire_says_so() {
    let (a, b) = (channel(0), channel(0));
    let mut out = 0;
    let cases = [
        case(SelectKind::Recv, &raw const *a, &raw mut out),
        case(SelectKind::Recv, &raw const *b, &raw mut out),
        case(SelectKind::Skip, std::ptr::null(), std::ptr::null_mut()),
    ];
    assert_eq!(choose(&cases, None), select::TIMED_OUT);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(std::time::Duration::from_millis(2));
            a.close();
            thread::sleep(std::time::Duration::from_millis(2));
            b.close();
        });
        assert_eq!(choose(&cases, Some(-1)), select::NEVER);
    });
    assert_eq!(choose(&cases, Some(-1)), select::NEVER);
    assert_eq!(choose(&cases, Some(MILLISECOND)), select::TIMED_OUT);
    let watch = [case(SelectKind::Closed, &raw const *a, std::ptr::null_mut())];
    assert_eq!(choose(&watch, Some(-1)), 0);
}

#[test]
fn select_takes_a_mutex_or_gives_up_without_a_trace() {
    let word = AtomicU32::new(mutex::UNLOCKED);
    let event = AtomicU32::new(0);
    let held = AtomicU32::new(0);
    let address = |word: &AtomicU32| word.as_ptr().cast::<u8>();
    thread::scope(|scope| {
        for t in 0..THREADS {
            let (word, event, held) = (&word, &event, &held);
            scope.spawn(move || {
                let cases = [(SelectKind::Lock, word), (SelectKind::Event, event)]
                    .map(|(kind, word)| SelectCase::new(kind, address(word), std::ptr::null_mut()));
                for i in 0..ROUNDS {
                    let timeout = if (i + t) % 3 == 0 { MILLISECOND / 100 } else { -1 };
                    match choose(&cases, Some(timeout)) {
                        0 => {
                            assert_eq!(held.fetch_add(1, Ordering::SeqCst), 0);
                            held.fetch_sub(1, Ordering::SeqCst);
                            locks::mutex_unlock(word);
                        }
                        other => assert_eq!(other, select::TIMED_OUT),
                    }
                }
            });
        }
    });
    assert_eq!(word.load(Ordering::Relaxed), mutex::UNLOCKED);
    locks::event_set(&event);
    assert!(blocking::event_wait(&event, -1));
}

#[test]
fn a_word_wakes_as_many_as_asked() {
    let word = AtomicU32::new(0);
    let woken = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while word.load(Ordering::Acquire) == 0 {
                    blocking::word_wait(&word, 0, -1);
                }
                woken.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert!(!blocking::word_wait(&word, 0, clock::deadline(MILLISECOND)));
        word.store(1, Ordering::Release);
        locks::word_wake(&word, u32::MAX);
    });
    assert_eq!(woken.load(Ordering::SeqCst), 3);
}
