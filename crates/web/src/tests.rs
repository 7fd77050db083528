//! Futures on threads and in tasks: woken, timed, panicking, given up.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::{Duration, Instant};

use abi::waiting::DONE;
use tokio::sync::{mpsc, oneshot};

use crate::drive::{Sleep, run, spawn};
use rt::embed::{Unwinding, thread};

/// Waits for a future on this thread.
fn wait<F: Future<Output: Copy + Default>>(future: F) -> F::Output {
    let mut out = F::Output::default();
    let cx = thread().context();
    // SAFETY: this thread's context; the place outlives the call.
    assert_eq!(unsafe { run(cx, null_mut(), &raw mut out, future) }, DONE);
    out
}

#[test]
fn no_wake_is_lost_between_tasks_and_threads() {
    for _ in 0..20 {
        let (to, mut there) = mpsc::channel(1);
        let (back, mut here) = mpsc::channel(1);
        spawn(Box::pin(async move {
            while let Some(n) = there.recv().await {
                if back.send(n + 1).await.is_err() {
                    return;
                }
            }
        }));
        let last = wait(async move {
            let mut n = 0u32;
            while n < 1000 {
                to.send(n).await.expect("it listens");
                n = here.recv().await.expect("it answers");
            }
            n
        });
        assert_eq!(last, 1000);
    }
}

#[test]
fn a_waker_may_be_used_by_any_thread_at_any_time() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let sender = sender.clone();
            std::thread::spawn(move || (0..5000).for_each(|n| sender.send(n).expect("open")))
        })
        .collect();
    drop(sender);
    let (told, tell) = oneshot::channel();
    spawn(Box::pin(async move {
        let mut count = 0u32;
        while receiver.recv().await.is_some() {
            count += 1;
        }
        told.send(count).expect("somebody waits");
    }));
    assert_eq!(wait(async { tell.await.expect("it tells") }), 20_000);
    threads.into_iter().for_each(|thread| thread.join().expect("sent"));
}

#[test]
fn timers_ring_in_order_and_those_dropped_do_not() {
    let order = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let seen = order.clone();
    wait(async move {
        let (mut long, mut short) = (
            Box::pin(Sleep::new(Duration::from_millis(30))),
            Box::pin(Sleep::new(Duration::from_millis(10))),
        );
        let mut given_up = Some(Box::pin(Sleep::new(Duration::from_millis(5))));
        let mut never = pin!(Sleep::new(Duration::from_secs(3600)));
        poll_fn(|cx| {
            assert!(never.as_mut().poll(cx).is_pending());
            if let Some(mut one) = given_up.take() {
                assert!(one.as_mut().poll(cx).is_pending());
            }
            if seen.load(SeqCst) == 0 && short.as_mut().poll(cx).is_ready() {
                seen.store(1, SeqCst);
            }
            match long.as_mut().poll(cx) {
                Poll::Ready(()) => {
                    assert_eq!(seen.swap(2, SeqCst), 1);
                    Poll::Ready(())
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    });
    assert_eq!(order.load(SeqCst), 2);
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

/// Tells when it is dropped.
struct Told(Option<oneshot::Sender<u32>>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.take().map(|sender| sender.send(7));
    }
}

#[test]
fn a_future_that_panics_ends_its_task_and_is_dropped() {
    let (sender, receiver) = oneshot::channel();
    let told = Told(Some(sender));
    spawn(Box::pin(async move {
        let _told = told;
        // Not on its first step.
        Sleep::new(Duration::from_millis(1)).await;
        panic!("on purpose: a test of what follows");
    }));
    assert_eq!(wait(async { receiver.await.expect("dropped, not leaked") }), 7);
}

#[test]
fn one_that_wakes_itself_lets_others_run() {
    // As many as there could be workers, all busy for as long as the last one has not had its turn.
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..64 {
        let done = done.clone();
        spawn(Box::pin(poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            if done.load(SeqCst) == 0 { Poll::Pending } else { Poll::Ready(()) }
        })));
    }
    let (told, tell) = oneshot::channel();
    spawn(Box::pin(async move {
        done.store(1, SeqCst);
        told.send(1u32).expect("somebody waits");
    }));
    assert_eq!(wait(async { tell.await.expect("it tells") }), 1);
}

#[test]
fn a_deadline_around_a_thread_drops_the_future() {
    let (sender, mut receiver) = oneshot::channel();
    let told = Told(Some(sender));
    let here = thread();
    here.set_deadline(1);
    let mut out = 0u32;
    // SAFETY: this thread's context; the place outlives the call.
    let status = unsafe {
        run(here.context(), null_mut(), &raw mut out, async move {
            let _told = told;
            Sleep::new(Duration::from_secs(3600)).await;
            1
        })
    };
    here.set_deadline(-1);
    assert_eq!(status, abi::waiting::UNWINDING);
    here.set_unwinding(Unwinding::Not);
    assert_eq!(receiver.try_recv(), Ok(7));
    wait(Sleep::new(Duration::from_millis(1)));
}
