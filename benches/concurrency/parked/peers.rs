//! Many tasks wait at once, on one channel or for a moment that is far away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::runtimes::{Runtime, Smol, TokioMt};
use crate::{Outcome, Version};

pub fn versions() -> Vec<Version> {
    vec![
        ("channel", "tokio, async-channel", channel::<TokioMt>),
        ("channel", "tokio, Notify", notify),
        ("channel", "smol, async-channel", channel::<Smol>),
        ("timer", "tokio", timer::<TokioMt>),
        ("timer", "smol", timer::<Smol>),
    ]
}

/// Sleeping, in each runtime's way.
trait Sleep: Runtime {
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
}

impl Sleep for TokioMt {
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

impl Sleep for Smol {
    async fn sleep(time: Duration) {
        smol::Timer::after(time).await;
    }
}

fn resident() -> u64 {
    let numbers = std::fs::read_to_string("/proc/self/statm").expect("there");
    numbers.split_whitespace().nth(1).expect("two").parse::<u64>().expect("a number") * 4096
}

fn report(n: u64, parked: Duration, bytes: u64, woken: Duration) -> Outcome {
    let more = format!("bytes={} wake={}", bytes / n, woken.as_nanos() as u64 / n);
    Outcome { operations: n, nanoseconds: parked.as_nanos(), result: n.to_string(), more }
}

fn channel<R: Sleep>(n: u64) -> Outcome {
    R::run(async move {
        let before = resident();
        let start = Instant::now();
        let (out, inbox) = async_channel::unbounded::<u64>();
        let arrived = Arc::new(AtomicU64::new(0));
        let mut tasks = Vec::new();
        for _ in 0..n {
            let (inbox, arrived) = (inbox.clone(), arrived.clone());
            tasks.push(R::spawn(async move {
                arrived.fetch_add(1, Ordering::Relaxed);
                let _ = inbox.recv().await;
            }));
        }
        while arrived.load(Ordering::Relaxed) < n {
            R::sleep(Duration::from_millis(1)).await;
        }
        let (parked, bytes) = (start.elapsed(), resident() - before);
        let wake = Instant::now();
        drop(out);
        for t in tasks {
            R::join(t).await;
        }
        report(n, parked, bytes, wake.elapsed())
    })
}

fn notify(n: u64) -> Outcome {
    TokioMt::run(async move {
        let before = resident();
        let start = Instant::now();
        let gate = Arc::new((tokio::sync::Notify::new(), AtomicU64::new(0)));
        let mut tasks = Vec::new();
        for _ in 0..n {
            let gate = gate.clone();
            tasks.push(tokio::spawn(async move {
                let notified = gate.0.notified();
                gate.1.fetch_add(1, Ordering::Relaxed);
                notified.await;
            }));
        }
        while gate.1.load(Ordering::Relaxed) < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (parked, bytes) = (start.elapsed(), resident() - before);
        let wake = Instant::now();
        gate.0.notify_waiters();
        for t in tasks {
            t.await.expect("no panic");
        }
        report(n, parked, bytes, wake.elapsed())
    })
}

fn timer<R: Sleep>(n: u64) -> Outcome {
    R::run(async move {
        let before = resident();
        let start = Instant::now();
        let limit = Duration::from_nanos(6_000 * n) + Duration::from_millis(100);
        let arrived = Arc::new(AtomicU64::new(0));
        let mut tasks = Vec::new();
        for _ in 0..n {
            let arrived = arrived.clone();
            tasks.push(R::spawn(async move {
                arrived.fetch_add(1, Ordering::Relaxed);
                R::sleep(limit.saturating_sub(start.elapsed())).await;
            }));
        }
        while arrived.load(Ordering::Relaxed) < n {
            R::sleep(Duration::from_millis(1)).await;
        }
        let (parked, bytes) = (start.elapsed(), resident() - before);
        for t in tasks {
            R::join(t).await;
        }
        report(n, parked, bytes, start.elapsed().saturating_sub(limit))
    })
}
