//! Eight producers send numbers to one consumer.

use std::time::Instant;

use crate::channels::{AsyncChannel, Blocking, Channel, Crossbeam, Flume, Kanal, Tokio, Unbounded};
use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("bounded", "tokio", bounded::<TokioMt, Tokio>),
        ("bounded", "tokio, one thread", bounded::<TokioCt, Tokio>),
        ("bounded", "flume on tokio, one thread", bounded::<TokioCt, Flume>),
        ("bounded", "kanal on tokio", bounded::<TokioMt, Kanal>),
        ("bounded", "kanal on tokio, one thread", bounded::<TokioCt, Kanal>),
        ("bounded", "async-channel on smol", bounded::<Smol, AsyncChannel>),
        ("bounded", "crossbeam, threads", |n| threads::<Crossbeam>(n, Some(1024))),
        ("unbounded", "tokio", unbounded::<TokioMt, Tokio>),
        ("unbounded", "flume on tokio, one thread", unbounded::<TokioCt, Flume>),
        ("unbounded", "kanal on tokio", unbounded::<TokioMt, Kanal>),
        ("unbounded", "kanal on tokio, one thread", unbounded::<TokioCt, Kanal>),
        ("unbounded", "crossbeam, threads", |n| threads::<Crossbeam>(n, None)),
        ("unbounded", "kanal, threads", |n| threads::<Kanal>(n, None)),
        ("batched", "tokio, vectors", batched),
    ]
}

const PRODUCERS: u64 = 8;
const BATCH: u64 = 64;

fn bounded<R: Runtime, C: Channel>(n: u64) -> Outcome {
    let each = n / PRODUCERS;
    R::run(async move {
        let start = Instant::now();
        let (out, mut inbox) = C::bounded(1024);
        for _ in 0..PRODUCERS {
            let out = out.clone();
            R::detach(R::spawn(async move {
                for n in 0..each {
                    C::send(&out, n).await;
                }
            }));
        }
        drop(out);
        let mut sum = 0;
        while let Some(n) = C::recv(&mut inbox).await {
            sum += n;
        }
        outcome(start, each * PRODUCERS, sum)
    })
}

fn unbounded<R: Runtime, C: Unbounded>(n: u64) -> Outcome {
    let each = n / PRODUCERS;
    R::run(async move {
        let start = Instant::now();
        let (out, mut inbox) = C::unbounded();
        for _ in 0..PRODUCERS {
            let out = out.clone();
            R::detach(R::spawn(async move {
                for n in 0..each {
                    C::send(&out, n);
                }
            }));
        }
        drop(out);
        let mut sum = 0;
        while let Some(n) = C::recv(&mut inbox).await {
            sum += n;
        }
        outcome(start, each * PRODUCERS, sum)
    })
}

fn threads<C: Blocking>(n: u64, capacity: Option<usize>) -> Outcome {
    let each = n / PRODUCERS;
    let start = Instant::now();
    let (out, inbox) = C::new(capacity);
    for _ in 0..PRODUCERS {
        let out = out.clone();
        std::thread::spawn(move || {
            for n in 0..each {
                C::send(&out, n);
            }
        });
    }
    drop(out);
    let mut sum = 0;
    while let Some(n) = C::recv(&inbox) {
        sum += n;
    }
    outcome(start, each * PRODUCERS, sum)
}

fn batched(n: u64) -> Outcome {
    let each = n / PRODUCERS;
    TokioMt::run(async move {
        let start = Instant::now();
        let (out, mut inbox) = tokio::sync::mpsc::channel::<Vec<u64>>((1024 / BATCH) as usize);
        for _ in 0..PRODUCERS {
            let out = out.clone();
            tokio::spawn(async move {
                for first in (0..each).step_by(BATCH as usize) {
                    out.send((first..each.min(first + BATCH)).collect()).await.expect("a receiver");
                }
            });
        }
        drop(out);
        let mut sum = 0;
        while let Some(batch) = inbox.recv().await {
            sum += batch.iter().sum::<u64>();
        }
        outcome(start, each * PRODUCERS, sum)
    })
}
