//! Tasks are started and joined, in order. rayon's tasks cannot wait: they are counted when they have run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt, workers};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("task", "tokio", run::<TokioMt>),
        ("task", "tokio, one thread", run::<TokioCt>),
        ("task", "smol", run::<Smol>),
        ("task", "rayon scope", rayon_scope),
    ]
}

fn run<R: Runtime>(n: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let mut tasks = Vec::with_capacity(n as usize);
        for i in 0..n {
            tasks.push(R::spawn(async move { i }));
        }
        let mut sum = 0;
        for t in tasks {
            sum += R::join(t).await;
        }
        outcome(start, n, sum)
    })
}

fn rayon_scope(n: u64) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers()).build().expect("a pool");
    pool.install(|| {
        let start = Instant::now();
        let sum = AtomicU64::new(0);
        rayon::scope(|s| {
            for i in 0..n {
                let sum = &sum;
                s.spawn(move |_| {
                    sum.fetch_add(i, Ordering::Relaxed);
                });
            }
        });
        outcome(start, n, sum.into_inner())
    })
}
