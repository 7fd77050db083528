//! One task selects over four channels, each with a producer: of capacity 128, or without room (tokio and
//! async-channel: capacity 1).

use std::time::Instant;

use crate::channels::{AsyncChannel, Channel, Flume, Tokio};
use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("buffered", "tokio", |n| tasks::<TokioMt, Tokio>(n, 128)),
        ("buffered", "tokio, one thread", |n| tasks::<TokioCt, Tokio>(n, 128)),
        ("buffered", "async-channel on tokio", |n| tasks::<TokioMt, AsyncChannel>(n, 128)),
        ("buffered", "async-channel on smol", |n| tasks::<Smol, AsyncChannel>(n, 128)),
        ("buffered", "flume on tokio, one thread", |n| tasks::<TokioCt, Flume>(n, 128)),
        ("buffered", "crossbeam, threads", |n| threads(n, 128)),
        ("rendezvous", "tokio", |n| tasks::<TokioMt, Tokio>(n, 1)),
        ("rendezvous", "tokio, one thread", |n| tasks::<TokioCt, Tokio>(n, 1)),
        ("rendezvous", "flume on tokio", |n| tasks::<TokioMt, Flume>(n, 0)),
        ("rendezvous", "flume on tokio, one thread", |n| tasks::<TokioCt, Flume>(n, 0)),
    ]
}

fn tasks<R: Runtime, C: Channel>(n: u64, capacity: usize) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let produce = || {
            let (out, inbox) = C::bounded(capacity);
            R::detach(R::spawn(async move {
                for i in 0..n / 4 {
                    C::send(&out, i).await;
                }
            }));
            inbox
        };
        let (mut a, mut b, mut c, mut d) = (produce(), produce(), produce(), produce());
        let collect = R::spawn(async move {
            let mut sum = 0;
            for _ in 0..n {
                tokio::select! {
                    Some(i) = C::recv(&mut a) => sum += i,
                    Some(i) = C::recv(&mut b) => sum += i,
                    Some(i) = C::recv(&mut c) => sum += i,
                    Some(i) = C::recv(&mut d) => sum += i,
                }
            }
            sum
        });
        let sum = R::join(collect).await;
        outcome(start, n, sum)
    })
}

fn threads(n: u64, capacity: usize) -> Outcome {
    let start = Instant::now();
    let produce = || {
        let (out, inbox) = crossbeam_channel::bounded(capacity);
        std::thread::spawn(move || {
            for i in 0..n / 4 {
                out.send(i).expect("a receiver");
            }
        });
        inbox
    };
    let mut inboxes = vec![produce(), produce(), produce(), produce()];
    let mut sum = 0;
    while !inboxes.is_empty() {
        let mut select = crossbeam_channel::Select::new();
        for inbox in &inboxes {
            select.recv(inbox);
        }
        let ready = select.select();
        let index = ready.index();
        match ready.recv(&inboxes[index]) {
            Ok(i) => sum += i,
            Err(_) => {
                inboxes.swap_remove(index);
            }
        }
    }
    outcome(start, n, sum)
}
