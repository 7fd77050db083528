//! Two tasks, or two threads, hand a number to and fro over channels of capacity 1.

use std::time::Instant;

use crate::channels::{AsyncChannel, Blocking, Channel, Crossbeam, Flume, Kanal, Tokio};
use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("tasks", "tokio", tasks::<TokioMt, Tokio>),
        ("tasks", "tokio, one thread", tasks::<TokioCt, Tokio>),
        ("tasks", "flume on tokio, one thread", tasks::<TokioCt, Flume>),
        ("tasks", "kanal on tokio", tasks::<TokioMt, Kanal>),
        ("tasks", "kanal on tokio, one thread", tasks::<TokioCt, Kanal>),
        ("tasks", "async-channel on smol", tasks::<Smol, AsyncChannel>),
        ("threads", "crossbeam", threads::<Crossbeam>),
        ("threads", "flume", threads::<Flume>),
        ("threads", "kanal", threads::<Kanal>),
    ]
}

async fn player<C: Channel>(hops: u64, mut inbox: C::Rx, out: C::Tx) -> u64 {
    let mut last = 0;
    while let Some(n) = C::recv(&mut inbox).await {
        last = n;
        if n == hops || !C::send(&out, n + 1).await {
            break;
        }
    }
    last
}

fn tasks<R: Runtime, C: Channel>(hops: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (to_ping, ping_inbox) = C::bounded(1);
        let (to_pong, pong_inbox) = C::bounded(1);
        C::send(&to_ping, 1).await;
        let ping = R::spawn(player::<C>(hops, ping_inbox, to_pong));
        let pong = R::spawn(player::<C>(hops, pong_inbox, to_ping));
        let last = R::join(ping).await.max(R::join(pong).await);
        outcome(start, hops, last)
    })
}

fn threads<C: Blocking>(hops: u64) -> Outcome {
    let start = Instant::now();
    let (to_ping, ping_inbox) = C::new(Some(1));
    let (to_pong, pong_inbox) = C::new(Some(1));
    C::send(&to_ping, 1);
    let play = move |inbox: C::Rx, out: C::Tx| {
        let mut last = 0;
        while let Some(n) = C::recv(&inbox) {
            last = n;
            if n == hops || !C::send(&out, n + 1) {
                break;
            }
        }
        last
    };
    let ping = std::thread::spawn(move || play(ping_inbox, to_pong));
    let pong = std::thread::spawn(move || play(pong_inbox, to_ping));
    let last = ping.join().expect("no panic").max(pong.join().expect("no panic"));
    outcome(start, hops, last)
}
