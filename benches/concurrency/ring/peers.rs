//! A number goes round a ring of 1,000 tasks over channels of capacity 1.

use std::time::Instant;

use crate::channels::{AsyncChannel, Channel, Flume, Kanal, Tokio};
use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("", "tokio", run::<TokioMt, Tokio>),
        ("", "tokio, one thread", run::<TokioCt, Tokio>),
        ("", "flume on tokio, one thread", run::<TokioCt, Flume>),
        ("", "kanal on tokio", run::<TokioMt, Kanal>),
        ("", "kanal on tokio, one thread", run::<TokioCt, Kanal>),
        ("", "async-channel on smol", run::<Smol, AsyncChannel>),
    ]
}

const TASKS: u64 = 1_000;

async fn node<C: Channel>(hops: u64, mut inbox: C::Rx, next: C::Tx, done: C::Tx) {
    while let Some(n) = C::recv(&mut inbox).await {
        if n == hops {
            C::send(&done, n).await;
            break;
        }
        C::send(&next, n + 1).await;
    }
}

fn run<R: Runtime, C: Channel>(hops: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (done, mut finished) = C::bounded(1);
        let (first, mut inbox) = C::bounded(1);
        for _ in 1..TASKS {
            let (next, its_inbox) = C::bounded(1);
            R::detach(R::spawn(node::<C>(hops, std::mem::replace(&mut inbox, its_inbox), next, done.clone())));
        }
        R::detach(R::spawn(node::<C>(hops, inbox, first.clone(), done)));
        C::send(&first, 1).await;
        let last = C::recv(&mut finished).await.expect("an end");
        outcome(start, hops, last)
    })
}
