//! Models for loom of what tasks add: the hand-shake of suspending, committing and cancelling, the workers' ring, their
//! sleep, and the end of a task.

use loom::sync::Arc;
use loom::thread;

use abi::waiting::{DONE, RESUME, SUSPENDED, UNWINDING};

use super::blocking;
use super::hooks::{ModelTask, ROOT};
use crate::channel::{Channel, Recv};
use crate::locks::{self, EndWait, Lock};
use crate::runner::Runner;
use crate::sched::{Idle, Ring};
use crate::sync::{AtomicU32, Ordering, yield_now};
use crate::wait::{self, Machine};

// SAFETY: as a task; the models share it the way the runtime does.
unsafe impl Send for ModelTask {}

fn task() -> Arc<ModelTask> {
    Arc::new(ModelTask { run: Runner::new(true), scheduled: AtomicU32::new(0) })
}

/// Drives a task whose code is one waiting call: gives its status, and what it left.
fn drive<M: Machine<Out = i32>>(task: &ModelTask, machine: M) -> (i32, i32) {
    #[repr(align(16))]
    struct Arena([u8; 256]);
    let mut arena = Arena([0; 256]);
    let mut out = -1;
    let cx = task.run.context();
    // SAFETY: only this thread drives the task; the arena and the result's place outlive the call.
    unsafe {
        (*cx).top = arena.0.as_mut_ptr();
        (*cx).limit = (*cx).top.add(256);
        let mut status = wait::run(cx, ROOT, &raw mut out, machine, -1);
        let mut suspended = 0;
        while status == SUSPENDED {
            if task.run.wait.suspend() {
                suspended += 1;
                while task.scheduled.load(Ordering::Acquire) < suspended {
                    yield_now();
                }
            }
            let frame = task.run.frame();
            status = ((*(*frame).site).resume)(cx, frame, RESUME);
        }
        // Once for each time it was suspended, and never else.
        assert_eq!(task.scheduled.load(Ordering::Acquire), suspended);
        assert_eq!((*cx).top, arena.0.as_mut_ptr());
        (status, out)
    }
}

fn put(channel: &Channel) {
    let mut value = 7u64;
    // SAFETY: it carries numbers.
    let sent = unsafe { channel.try_send((&raw mut value).cast()) };
    assert_eq!(sent, abi::SendOutcome::Sent);
}

/// A message, or a cancellation: the task gets one of them, and the message is not lost.
#[test]
fn a_task_is_sent_to_and_cancelled() {
    loom::model(|| {
        let (task, channel) = (task(), Arc::new(Channel::new(-1, 8, 8)));
        let sender = {
            let channel = Arc::clone(&channel);
            thread::spawn(move || put(&channel))
        };
        let canceller = {
            let task = Arc::clone(&task);
            thread::spawn(move || task.run.cancel().wake())
        };
        let mut value = 0u64;
        let recv = Recv::new(&raw const *channel, (&raw mut value).cast());
        let (status, outcome) = drive(&task, recv);
        sender.join().expect("it ends");
        canceller.join().expect("it ends");
        let left = channel.len();
        match status {
            DONE => assert_eq!((outcome, value, left), (0, 7, 0)),
            other => assert_eq!((other, left), (UNWINDING, 1)),
        }
    });
}

/// A mutex that a cancelled task waited for is free afterwards, or its own.
#[test]
fn a_task_is_handed_a_mutex_and_cancelled() {
    loom::model(|| {
        let (task, word) = (task(), Arc::new(AtomicU32::new(abi::protocol::mutex::LOCKED)));
        let holder = {
            let (task, word) = (Arc::clone(&task), Arc::clone(&word));
            thread::spawn(move || {
                locks::mutex_unlock(&word);
                task.run.cancel().wake();
            })
        };
        let (status, _) = drive(&task, Lock::new(&raw const *word));
        if status == DONE {
            locks::mutex_unlock(&word);
        }
        holder.join().expect("it ends");
        assert!(blocking::mutex_lock(&word, -1));
    });
}

/// Who waits for an end is told, without a lock on the side that ends if nobody waits.
#[test]
fn an_end_is_seen() {
    loom::model(|| {
        let (task, end) = (task(), Arc::new(AtomicU32::new(0)));
        let other = {
            let end = Arc::clone(&end);
            thread::spawn(move || locks::set_end(&end))
        };
        assert_eq!(drive(&task, EndWait::new(&raw const *end)), (DONE, locks::TAKEN));
        other.join().expect("it ends");
    });
}

fn entry(n: usize) -> *mut u8 {
    std::ptr::without_provenance_mut(n)
}

/// Every entry is taken once, by the owner (the newest) or by a thief (the oldest).
#[test]
fn a_stack_ring_is_robbed() {
    loom::model(|| {
        let ring = Arc::new(Ring::<u8, true>::new());
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                [ring.pop_oldest(), ring.pop_oldest()].into_iter().flatten().collect::<Vec<_>>()
            })
        };
        let mut taken = vec![];
        // SAFETY: this thread is the owner.
        unsafe {
            for n in 1..=2 {
                ring.push(entry(n)).expect("there is room");
            }
            taken.extend(ring.pop_newest());
            ring.push(entry(3)).expect("there is room");
            taken.extend(ring.pop_newest());
            taken.extend(ring.pop_newest());
            taken.extend(ring.pop_newest());
        }
        taken.extend(thief.join().expect("it ends"));
        taken.sort();
        assert_eq!(taken, [entry(1), entry(2), entry(3)]);
        assert!(ring.is_empty());
    });
}

/// The same where the owner takes the oldest, past the end of the ring.
#[test]
fn a_queue_ring_is_robbed() {
    loom::model(|| {
        let ring = Arc::new(Ring::<u8, false>::new());
        // SAFETY: this thread is the owner.
        unsafe {
            for n in 1..=3 {
                ring.push(entry(n)).expect("there is room");
                assert_eq!(ring.pop_oldest(), Some(entry(n)));
            }
            for n in 4..=5 {
                ring.push(entry(n)).expect("there is room");
            }
        }
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || ring.pop_oldest())
        };
        let mut taken = vec![];
        // SAFETY: as above.
        unsafe {
            for n in 6..=8 {
                if ring.push(entry(n)).is_err() {
                    taken.push(entry(n));
                }
            }
        }
        taken.extend(ring.pop_oldest());
        taken.extend(thief.join().expect("it ends"));
        taken.extend(std::iter::from_fn(|| ring.pop_oldest()));
        taken.sort();
        assert_eq!(taken, (4..=8).map(entry).collect::<Vec<_>>());
    });
}

/// Work that is queued while the only worker falls asleep is found.
#[test]
fn a_worker_misses_no_work() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1, 0));
        let work = Arc::new(AtomicU32::new(0));
        // The worker is started, and searches.
        assert_eq!(idle.notify(|_| {}), Some(0));
        let other = {
            let (idle, work) = (Arc::clone(&idle), Arc::clone(&work));
            thread::spawn(move || {
                work.store(1, Ordering::Release);
                if let Some(worker) = idle.notify(|_| {}) {
                    idle.unpark(worker, || unreachable!("nobody polls"));
                }
            })
        };
        while work.load(Ordering::Acquire) == 0 {
            idle.fall_asleep(0, true);
            if work.load(Ordering::Acquire) == 1 && idle.wake_up(0) {
                continue;
            }
            assert!(idle.park(0, -1));
        }
        assert!(idle.end_search());
        other.join().expect("it ends");
    });
}

/// Nor does it as the watcher, of whom those who wake tasks expect that it looks by itself.
#[test]
fn a_watcher_misses_no_work() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1, 0));
        let work = Arc::new(AtomicU32::new(0));
        assert_eq!(idle.notify(|_| {}), Some(0));
        let other = {
            let (idle, work) = (Arc::clone(&idle), Arc::clone(&work));
            thread::spawn(move || {
                work.store(1, Ordering::Release);
                if let Some(worker) = idle.notify_woken(|_| {}) {
                    idle.unpark(worker, || unreachable!("nobody polls"));
                }
            })
        };
        // A nap, of which nobody knows how long it is.
        idle.fall_asleep(0, true);
        assert!(idle.watch());
        if !idle.park(0, 1) && !idle.wake_up(0) {
            assert!(idle.park(0, -1));
        }
        idle.stop_watching();
        while work.load(Ordering::Acquire) == 0 {
            idle.fall_asleep(0, true);
            if work.load(Ordering::Acquire) == 1 && idle.wake_up(0) {
                continue;
            }
            assert!(idle.park(0, -1));
        }
        assert!(idle.end_search());
        other.join().expect("it ends");
    });
}

/// Nor while it waits for I/O in the kernel: who wakes it interrupts that.
#[test]
fn a_polling_worker_misses_no_work() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1, 0));
        let work = Arc::new(AtomicU32::new(0));
        let interrupted = Arc::new(AtomicU32::new(0));
        assert_eq!(idle.notify(|_| {}), Some(0));
        let other = {
            let (idle, work, interrupted) = (Arc::clone(&idle), Arc::clone(&work), Arc::clone(&interrupted));
            thread::spawn(move || {
                work.store(1, Ordering::Release);
                if let Some(worker) = idle.notify(|_| {}) {
                    idle.unpark(worker, || interrupted.store(1, Ordering::Release));
                }
            })
        };
        while work.load(Ordering::Acquire) == 0 {
            idle.fall_asleep(0, true);
            if work.load(Ordering::Acquire) == 1 && idle.wake_up(0) {
                continue;
            }
            // As long as the kernel lets it sleep.
            let polled = idle.poll(0, || {
                while interrupted.load(Ordering::Acquire) == 0 {
                    yield_now();
                }
            });
            assert!(polled);
            if !idle.wake_up(0) {
                assert!(idle.park(0, -1));
            }
        }
        assert!(idle.end_search());
        other.join().expect("it ends");
    });
}

/// One polls at a time; a sleeper waits for who only looks, and leaves it to who waits.
#[test]
fn one_worker_polls() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2, 0));
        let inside = Arc::new(AtomicU32::new(0));
        let enter = |inside: &AtomicU32| {
            assert_eq!(inside.fetch_add(1, Ordering::AcqRel), 0);
            inside.fetch_sub(1, Ordering::AcqRel);
        };
        let busy = {
            let (idle, inside) = (Arc::clone(&idle), Arc::clone(&inside));
            thread::spawn(move || idle.poll_briefly(|| enter(&inside)))
        };
        let mut waited = false;
        assert!(idle.poll(0, || {
            enter(&inside);
            waited = true;
        }));
        assert!(waited);
        busy.join().expect("it ends");
    });
}

/// Whoever has made work and is stuck then is not the last one alive as long as the work is there: the worker that it leaves
/// it to has been counted, whether it was woken, or wakes by itself at this moment.
#[test]
fn a_searcher_is_counted_before_it_is_seen() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1, 0));
        let work = Arc::new(AtomicU32::new(0));
        // The worker and the other one.
        let live = Arc::new(AtomicU32::new(2));
        let uncounted = Arc::new(AtomicU32::new(0));
        assert_eq!(idle.notify(|_| {}), Some(0));
        let count = |uncounted: &AtomicU32, live: &AtomicU32| {
            live.fetch_add(1, Ordering::SeqCst);
            if uncounted.swap(0, Ordering::AcqRel) == 0 {
                live.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let other = {
            let (idle, work) = (Arc::clone(&idle), Arc::clone(&work));
            let (live, uncounted) = (Arc::clone(&live), Arc::clone(&uncounted));
            thread::spawn(move || {
                work.store(1, Ordering::Release);
                if let Some(worker) = idle.notify(|_| count(&uncounted, &live)) {
                    idle.unpark(worker, || unreachable!("nobody polls"));
                }
                // It is stuck now.
                let left = live.fetch_sub(1, Ordering::SeqCst) - 1;
                assert!(left > 0 || work.load(Ordering::SeqCst) == 0, "a false deadlock");
            })
        };
        // It sleeps once, and wakes when it likes, as in `Worker::sleep`.
        uncounted.store(1, Ordering::Release);
        idle.fall_asleep(0, true);
        if work.load(Ordering::Acquire) == 1 && idle.wake_up(0) {
            uncounted.swap(0, Ordering::AcqRel);
        } else {
            live.fetch_sub(1, Ordering::SeqCst);
            if !idle.park(0, 1) {
                count(&uncounted, &live);
                if !idle.wake_up(0) {
                    assert!(idle.park(0, -1));
                }
            }
        }
        work.swap(0, Ordering::SeqCst);
        assert_eq!(uncounted.load(Ordering::Acquire), 0);
        other.join().expect("it ends");
        assert_eq!(live.load(Ordering::SeqCst), 1);
    });
}
