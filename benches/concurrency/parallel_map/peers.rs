//! The sum of a hash of 32 rounds over many numbers, on all cores.

use std::time::Instant;

use rayon::prelude::*;

use crate::runtimes::{Runtime, TokioMt, workers};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "rayon", pooled), ("", "scoped threads", threads), ("", "tokio, 64 parts", tasks), ("", "one thread", alone)]
}

fn hash(n: u64) -> u64 {
    let mut x = n;
    for _ in 0..32 {
        x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 29;
    }
    x
}

fn sum(from: u64, to: u64) -> u64 {
    (from..to).fold(0, |sum, i| sum.wrapping_add(hash(i)))
}

fn alone(n: u64) -> Outcome {
    let start = Instant::now();
    let total = sum(0, n);
    outcome(start, n, total)
}

fn pooled(n: u64) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers()).build().expect("a pool");
    pool.install(|| {
        let start = Instant::now();
        let sum = (0..n).into_par_iter().map(hash).reduce(|| 0, u64::wrapping_add);
        outcome(start, n, sum)
    })
}

fn threads(n: u64) -> Outcome {
    let start = Instant::now();
    let count = workers() as u64;
    let total = std::thread::scope(|s| {
        let threads: Vec<_> = (0..count).map(|i| s.spawn(move || sum(n * i / count, n * (i + 1) / count))).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).fold(0, u64::wrapping_add)
    });
    outcome(start, n, total)
}

fn tasks(n: u64) -> Outcome {
    TokioMt::run(async move {
        let start = Instant::now();
        let parts: Vec<_> = (0..64).map(|i| tokio::spawn(async move { sum(n * i / 64, n * (i + 1) / 64) })).collect();
        let mut total = 0u64;
        for p in parts {
            total = total.wrapping_add(p.await.expect("no panic"));
        }
        outcome(start, n, total)
    })
}
