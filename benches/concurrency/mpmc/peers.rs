//! Four producers and four consumers of numbers share one channel of capacity 1,024. tokio's own has one consumer.

use std::time::Instant;

use crate::channels::{AsyncChannel, Blocking, Channel, Crossbeam, Flume, Kanal};
use crate::runtimes::{Runtime, Smol, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("", "async-channel on tokio", tasks::<TokioMt, AsyncChannel>),
        ("", "async-channel on smol", tasks::<Smol, AsyncChannel>),
        ("", "flume on tokio, one thread", tasks::<TokioCt, Flume>),
        ("", "kanal on tokio", tasks::<TokioMt, Kanal>),
        ("", "kanal on tokio, one thread", tasks::<TokioCt, Kanal>),
        ("", "crossbeam, threads", threads::<Crossbeam>),
    ]
}

const SIDES: u64 = 4;

fn tasks<R: Runtime, C: Channel<Rx: Clone>>(n: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (out, inbox) = C::bounded(1024);
        let consume = |mut inbox: C::Rx| async move {
            let mut sum = 0;
            while let Some(n) = C::recv(&mut inbox).await {
                sum += n;
            }
            sum
        };
        let consumers: Vec<_> = (0..SIDES).map(|_| R::spawn(consume(inbox.clone()))).collect();
        drop(inbox);
        for p in 0..SIDES {
            let out = out.clone();
            R::detach(R::spawn(async move {
                for i in 0..n / SIDES {
                    C::send(&out, i * SIDES + p).await;
                }
            }));
        }
        drop(out);
        let mut sum = 0;
        for c in consumers {
            sum += R::join(c).await;
        }
        outcome(start, n, sum)
    })
}

fn threads<C: Blocking>(n: u64) -> Outcome {
    let start = Instant::now();
    let (out, inbox) = C::new(Some(1024));
    let consume = |inbox: C::Rx| {
        move || {
            let mut sum = 0;
            while let Some(n) = C::recv(&inbox) {
                sum += n;
            }
            sum
        }
    };
    let consumers: Vec<_> = (0..SIDES).map(|_| std::thread::spawn(consume(inbox.clone()))).collect();
    for p in 0..SIDES {
        let out = out.clone();
        std::thread::spawn(move || {
            for i in 0..n / SIDES {
                C::send(&out, i * SIDES + p);
            }
        });
    }
    drop(out);
    let sum: u64 = consumers.into_iter().map(|c| c.join().expect("no panic")).sum();
    outcome(start, n, sum)
}
