//! Models for loom: small programs over the waiting protocol, run under every interleaving.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p rt --lib --release` (with LOOM_MAX_PREEMPTIONS=3 for minutes, not hours).

use loom::sync::Arc;
use loom::thread;

use abi::{RecvOutcome, SelectCase, SelectKind, SendOutcome};

use super::blocking;
use crate::channel::Channel;
use crate::sync::{AtomicU32, Ordering};
use crate::{locks, select};

/// A deadline that passes at any moment.
pub(super) const SOON: i64 = 1;

struct Shared {
    word: AtomicU32,
    other: AtomicU32,
    inside: AtomicU32,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared { word: AtomicU32::new(0), other: AtomicU32::new(0), inside: AtomicU32::new(0) })
}

impl Shared {
    fn alone(&self) {
        assert_eq!(self.inside.fetch_add(1, Ordering::Relaxed), 0);
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn send(channel: &Channel, mut value: u64, deadline: Option<i64>) -> SendOutcome {
    // SAFETY: `value` is what the channel carries.
    unsafe { blocking::send(channel, (&raw mut value).cast(), deadline) }
}

pub(super) fn recv(channel: &Channel, deadline: Option<i64>) -> Result<u64, RecvOutcome> {
    let mut value = 0u64;
    // SAFETY: `value` is what the channel carries.
    match unsafe { blocking::recv(channel, (&raw mut value).cast(), deadline) } {
        RecvOutcome::Received => Ok(value),
        other => Err(other),
    }
}

pub(super) fn case(kind: SelectKind, object: *const Channel, value: *mut u64) -> SelectCase {
    SelectCase::new(kind, object.cast_mut().cast(), value.cast())
}

pub(super) fn choose(cases: &[SelectCase], deadline: Option<i64>) -> i32 {
    // SAFETY: the models keep objects and values alive.
    unsafe { blocking::select(cases, deadline, true) }
}

#[test]
fn mutex_excludes_and_wakes() {
    loom::model(|| {
        let shared = shared();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                blocking::mutex_lock(&shared.word, -1);
                shared.alone();
                locks::mutex_unlock(&shared.word);
            })
        };
        // Twice, so that a waiter that was woken without being given the lock has somebody to meet.
        for _ in 0..2 {
            blocking::mutex_lock(&shared.word, -1);
            shared.alone();
            locks::mutex_unlock(&shared.word);
        }
        other.join().expect("it ends");
    });
}

#[test]
fn mutex_timeout_loses_no_wake_up() {
    loom::model(|| {
        let shared = shared();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                if blocking::mutex_lock(&shared.word, SOON) {
                    shared.alone();
                    locks::mutex_unlock(&shared.word);
                }
            })
        };
        blocking::mutex_lock(&shared.word, -1);
        shared.alone();
        locks::mutex_unlock(&shared.word);
        other.join().expect("it ends");
        assert!(blocking::mutex_lock(&shared.word, -1));
    });
}

#[test]
fn rwlock_hands_over() {
    loom::model(|| {
        let shared = shared();
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                blocking::rwlock_write(&shared.word, -1);
                shared.alone();
                locks::rwlock_unlock_write(&shared.word);
            })
        };
        blocking::rwlock_read(&shared.word, -1);
        shared.alone();
        locks::rwlock_unlock_read(&shared.word);
        writer.join().expect("it ends");
        assert_eq!(shared.word.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn condvar_misses_no_notification() {
    loom::model(|| {
        let shared = shared();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                blocking::mutex_lock(&shared.word, -1);
                shared.inside.store(1, Ordering::Relaxed);
                locks::condvar_notify(&shared.other, false);
                locks::mutex_unlock(&shared.word);
            })
        };
        blocking::mutex_lock(&shared.word, -1);
        while shared.inside.load(Ordering::Relaxed) == 0 {
            blocking::condvar_wait(&shared.other, &shared.word, -1);
        }
        locks::mutex_unlock(&shared.word);
        other.join().expect("it ends");
    });
}

#[test]
fn event_wakes_its_waiter() {
    loom::model(|| {
        let shared = shared();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || locks::event_set(&shared.word))
        };
        assert!(blocking::event_wait(&shared.word, -1));
        other.join().expect("it ends");
    });
}

#[test]
fn rendezvous_moves_one_value() {
    loom::model(|| {
        let channel = Arc::new(Channel::new(0, 8, 8));
        let sender = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || assert_eq!(send(&channel, 7, Some(-1)), SendOutcome::Sent))
        };
        assert_eq!(recv(&channel, Some(-1)), Ok(7));
        sender.join().expect("it ends");
    });
}

#[test]
fn a_timed_out_send_has_sent_nothing() {
    loom::model(|| {
        let channel = Arc::new(Channel::new(0, 8, 8));
        let sender = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || send(&channel, 7, Some(SOON)))
        };
        let received = recv(&channel, Some(SOON));
        let sent = sender.join().expect("it ends");
        assert_eq!(received.is_ok(), sent == SendOutcome::Sent);
    });
}

#[test]
fn closing_wakes_a_receiver() {
    loom::model(|| {
        let channel = Arc::new(Channel::new(-1, 8, 8));
        let sender = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || {
                send(&channel, 7, Some(-1));
                channel.drop_sender();
            })
        };
        assert_eq!(recv(&channel, Some(-1)), Ok(7));
        assert_eq!(recv(&channel, Some(-1)), Err(RecvOutcome::Closed));
        sender.join().expect("it ends");
    });
}

/// Two selects that can serve each other over either of two channels must meet over exactly one.
#[test]
fn selects_meet_once() {
    loom::model(|| {
        let channels = Arc::new([Channel::new(0, 8, 8), Channel::new(0, 8, 8)]);
        let other = {
            let channels = Arc::clone(&channels);
            thread::spawn(move || {
                let (mut value, mut out) = (1u64, 0u64);
                let cases = [
                    case(SelectKind::Send, &raw const channels[0], &raw mut value),
                    case(SelectKind::Recv, &raw const channels[1], &raw mut out),
                ];
                (choose(&cases, Some(-1)), out)
            })
        };
        let (mut value, mut out) = (2u64, 0u64);
        let cases = [
            case(SelectKind::Send, &raw const channels[1], &raw mut value),
            case(SelectKind::Recv, &raw const channels[0], &raw mut out),
        ];
        let mine = choose(&cases, Some(-1));
        let (theirs, received) = other.join().expect("it ends");
        match (mine, theirs) {
            (0, 1) => assert_eq!((out, received), (0, 2)),
            (1, 0) => assert_eq!((out, received), (1, 0)),
            other => panic!("both took {other:?}"),
        }
    });
}

/// A select that times out leaves no trace: the value goes to the one who is still there.
#[test]
fn a_timed_out_select_takes_nothing() {
    loom::model(|| {
        let channel = Arc::new(Channel::new(-1, 8, 8));
        let other = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || {
                let mut out = 0u64;
                let cases = [case(SelectKind::Recv, &raw const *channel, &raw mut out)];
                choose(&cases, Some(SOON))
            })
        };
        assert_eq!(send(&channel, 7, Some(-1)), SendOutcome::Sent);
        let taken = other.join().expect("it ends") == 0;
        assert_eq!(channel.len(), usize::from(!taken));
    });
}

/// Two selects that find two messages waiting take one each, though both want the same one first.
#[test]
fn selects_share_what_is_there() {
    loom::model(|| {
        let channels = Arc::new([Channel::new(-1, 8, 8), Channel::new(1, 8, 8)]);
        let take = |channels: &[Channel; 2]| {
            let mut out = 0u64;
            let cases = [
                case(SelectKind::Recv, &raw const channels[0], &raw mut out),
                case(SelectKind::Recv, &raw const channels[1], &raw mut out),
            ];
            (choose(&cases, Some(-1)), out)
        };
        for (n, channel) in channels.iter().enumerate() {
            assert_eq!(send(channel, n as u64 + 5, Some(-1)), SendOutcome::Sent);
        }
        let other = {
            let channels = Arc::clone(&channels);
            thread::spawn(move || take(&channels))
        };
        let mut taken = [take(&channels), other.join().expect("it ends")];
        taken.sort();
        assert_eq!(taken, [(0, 5), (1, 6)]);
    });
}

/// Closing the only channel of a select ends it.
#[test]
fn a_select_without_hope_ends() {
    loom::model(|| {
        let channel = Arc::new(Channel::new(0, 8, 8));
        let other = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || channel.close())
        };
        let mut out = 0u64;
        let cases = [case(SelectKind::Recv, &raw const *channel, &raw mut out)];
        assert_eq!(choose(&cases, Some(-1)), select::NEVER);
        other.join().expect("it ends");
    });
}

/// A mutex handed over to a select while it times out is released by nobody else.
#[test]
fn a_select_on_a_mutex_commits_or_leaves_it_free() {
    loom::model(|| {
        let shared = shared();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let word = &raw const shared.word;
                let cases = [case(SelectKind::Lock, word.cast(), std::ptr::null_mut())];
                if choose(&cases, Some(SOON)) == 0 {
                    shared.alone();
                    locks::mutex_unlock(&shared.word);
                }
            })
        };
        blocking::mutex_lock(&shared.word, -1);
        shared.alone();
        locks::mutex_unlock(&shared.word);
        other.join().expect("it ends");
        assert!(blocking::mutex_lock(&shared.word, -1));
    });
}
