//! A tree, ten children each, whose leaves' numbers are summed upwards: a task for each node, or a parallel reduction.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use rayon::prelude::*;

use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt, workers};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("tasks", "tokio", tasks::<TokioMt>),
        ("tasks", "tokio, one thread", tasks::<TokioCt>),
        ("tasks", "smol", tasks::<Smol>),
        ("tasks", "rayon scope (cannot wait)", |n| pooled(n, n + n / 9, scoped)),
        ("reduction", "rayon", |n| pooled(n, n, |first, n| (first..first + n).into_par_iter().map(leaf).sum())),
        ("reduction", "rayon, nested", |n| pooled(n, n, nested)),
        ("reduction", "rayon join", |n| pooled(n, n, joined)),
    ]
}

fn skynet<R: Runtime>(first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let part = leaves / 10;
        let children: Vec<_> = (0..10).map(|i| R::spawn(skynet::<R>(first + i * part, part))).collect();
        let mut sum = 0;
        for c in children {
            sum += R::join(c).await;
        }
        sum
    })
}

fn tasks<R: Runtime>(leaves: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let sum = R::join(R::spawn(skynet::<R>(0, leaves))).await;
        outcome(start, leaves + leaves / 9, sum)
    })
}

fn pooled(leaves: u64, nodes: u64, sum: fn(u64, u64) -> u64) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers()).build().expect("a pool");
    pool.install(|| {
        let start = Instant::now();
        let sum = sum(0, leaves);
        outcome(start, nodes, sum)
    })
}

/// Of the parallel reduction: there is no formula for their sum.
fn leaf(i: u64) -> u64 {
    i ^ (i >> 3)
}

fn scoped(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return first;
    }
    let part = leaves / 10;
    let mut sums = [0; 10];
    rayon::scope(|s| {
        for (i, sum) in sums.iter_mut().enumerate() {
            s.spawn(move |_| *sum = scoped(first + i as u64 * part, part));
        }
    });
    sums.iter().sum()
}

fn nested(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return leaf(first);
    }
    let part = leaves / 10;
    (0..10).into_par_iter().map(|i| nested(first + i * part, part)).sum()
}

fn joined(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return leaf(first);
    }
    let half = leaves / 2;
    let (a, b) = rayon::join(|| joined(first, half), || joined(first + half, leaves - half));
    a + b
}
