//! Tasks sleep 1 to 100 milliseconds; the least possible is 100. How late they wake is told in microseconds.

use std::time::{Duration, Instant};

use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version};

pub fn versions() -> Vec<Version> {
    vec![
        ("", "tokio", |n| run::<TokioMt, _>(n, tokio::time::sleep)),
        ("", "tokio, one thread", |n| run::<TokioCt, _>(n, tokio::time::sleep)),
        ("", "smol", |n| {
            run::<Smol, _>(n, |time| async move {
                smol::Timer::after(time).await;
            })
        }),
    ]
}

fn run<R: Runtime, F: Future<Output = ()> + Send>(n: u64, sleep: impl Fn(Duration) -> F + Copy + Send + Sync + 'static) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let nap = move |time: Duration| async move {
            let start = Instant::now();
            sleep(time).await;
            (start.elapsed() - time).as_micros() as u64
        };
        let tasks: Vec<_> = (0..n).map(|i| R::spawn(nap(Duration::from_millis(1 + i % 100)))).collect();
        let mut late = Vec::with_capacity(n as usize);
        for t in tasks {
            late.push(R::join(t).await);
        }
        let nanoseconds = start.elapsed().as_nanos();
        late.sort_unstable();
        let at = |i: u64| late[i as usize];
        let more = format!("p50={} p99={} most={}", at(n / 2), at(n * 99 / 100), at(n - 1));
        Outcome { operations: n, nanoseconds, result: n.to_string(), more }
    })
}
