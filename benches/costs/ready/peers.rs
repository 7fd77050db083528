//! Waits that complete at once: what there is to wait for is there already.

use std::time::Instant;

use crate::channels::{AsyncChannel, Channel, Flume, Kanal, Tokio};
use crate::runtimes::{Runtime, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("future", "std::future::ready, boxed", futures),
        ("call", "async fn", calls),
        ("lock", "tokio's mutex", locks),
        ("lock", "std's mutex", |n| std_locks(n)),
        ("message", "tokio", messages::<Tokio>),
        ("message", "flume", messages::<Flume>),
        ("message", "kanal", messages::<Kanal>),
        ("message", "async-channel", messages::<AsyncChannel>),
    ]
}

fn futures(n: u64) -> Outcome {
    TokioMt::run(async move {
        let start = Instant::now();
        let mut sum = 0;
        for i in 0..n {
            let future: std::pin::Pin<Box<dyn Future<Output = u64> + Send>> = Box::pin(std::future::ready(i));
            sum += std::hint::black_box(future).await;
        }
        outcome(start, n, sum)
    })
}

fn calls(n: u64) -> Outcome {
    async fn itself(i: u64) -> u64 {
        std::hint::black_box(i)
    }
    TokioMt::run(async move {
        let start = Instant::now();
        let mut sum = 0;
        for i in 0..n {
            sum += itself(i).await;
        }
        outcome(start, n, sum)
    })
}

fn locks(n: u64) -> Outcome {
    TokioMt::run(async move {
        let start = Instant::now();
        let sum = tokio::sync::Mutex::new(0);
        for i in 0..n {
            *sum.lock().await += i;
        }
        outcome(start, n, sum.into_inner())
    })
}

fn std_locks(n: u64) -> Outcome {
    let start = Instant::now();
    let sum = std::sync::Mutex::new(0);
    for i in 0..n {
        *sum.lock().expect("no panic") += i;
    }
    outcome(start, n, sum.into_inner().expect("no panic"))
}

fn messages<C: Channel>(n: u64) -> Outcome {
    TokioMt::run(async move {
        let start = Instant::now();
        let (out, mut inbox) = C::bounded(1);
        let mut sum = 0;
        for i in 0..n {
            C::send(&out, i).await;
            sum += C::recv(&mut inbox).await.expect("a message");
        }
        outcome(start, n, sum)
    })
}
