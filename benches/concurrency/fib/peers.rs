//! Fibonacci numbers with a task for one of the two calls, down to a cut-off.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use crate::runtimes::{Runtime, Smol, TokioMt, workers};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("20", "rayon join (cannot wait)", |n| pooled(n, 20)),
        ("20", "tokio", |n| tasks::<TokioMt>(n, 20)),
        ("20", "smol", |n| tasks::<Smol>(n, 20)),
        ("10", "rayon join (cannot wait)", |n| pooled(n, 10)),
        ("10", "tokio", |n| tasks::<TokioMt>(n, 10)),
        ("10", "smol", |n| tasks::<Smol>(n, 10)),
    ]
}

fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

fn joined(n: u64, cutoff: u64) -> u64 {
    if n < cutoff {
        return fib(n);
    }
    let (a, b) = rayon::join(|| joined(n - 1, cutoff), || joined(n - 2, cutoff));
    a + b
}

fn pooled(n: u64, cutoff: u64) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers()).build().expect("a pool");
    pool.install(|| {
        let start = Instant::now();
        let result = joined(n, cutoff);
        outcome(start, 1, result)
    })
}

fn task<R: Runtime>(n: u64, cutoff: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < cutoff {
            return fib(n);
        }
        let one = R::spawn(task::<R>(n - 1, cutoff));
        let two = task::<R>(n - 2, cutoff).await;
        R::join(one).await + two
    })
}

fn tasks<R: Runtime>(n: u64, cutoff: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let result = task::<R>(n, cutoff).await;
        outcome(start, 1, result)
    })
}
