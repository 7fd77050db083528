//! Switching: two tasks let each other go first, again and again, with so many calls around the wait.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use crate::runtimes::{Runtime, Smol, TokioCt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("deep_1", "tokio, one thread", |n| tokio_yields(n, 1)),
        ("deep_1", "smol", |n| smol_yields(n, 1)),
        ("deep_100", "tokio, one thread", |n| tokio_yields(n, 100)),
        ("deep_100", "smol", |n| smol_yields(n, 100)),
    ]
}

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

fn yields<F: Future<Output = ()> + Send>(n: u64, deep: u64, step: fn() -> F) -> Boxed
where
    F: 'static,
{
    Box::pin(async move {
        if deep > 1 {
            return yields(n, deep - 1, step).await + 1;
        }
        for _ in 0..n {
            step().await;
        }
        1
    })
}

fn run<R: Runtime, F: Future<Output = ()> + Send + 'static>(n: u64, deep: u64, step: fn() -> F) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let other = R::spawn(yields(n / 2, deep, step));
        let sum = yields(n / 2, deep, step).await + R::join(other).await;
        outcome(start, n, sum)
    })
}

fn tokio_yields(n: u64, deep: u64) -> Outcome {
    run::<TokioCt, _>(n, deep, || async { tokio::task::yield_now().await })
}

fn smol_yields(n: u64, deep: u64) -> Outcome {
    run::<Smol, _>(n, deep, || async { smol::future::yield_now().await })
}
