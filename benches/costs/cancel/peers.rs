//! Tasks wait for a message and are cancelled and joined, all of them one after the other.

use std::time::{Duration, Instant};

use crate::runtimes::{Runtime, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run)]
}

fn run(n: u64) -> Outcome {
    TokioMt::run(async move {
        let (_out, inbox) = async_channel::unbounded::<u64>();
        let receive = |inbox: async_channel::Receiver<u64>| async move { inbox.recv().await };
        let tasks: Vec<_> = (0..n).map(|_| tokio::spawn(receive(inbox.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let start = Instant::now();
        for t in &tasks {
            t.abort();
        }
        let mut cancelled = 0;
        for t in tasks {
            cancelled += u64::from(t.await.is_err());
        }
        outcome(start, n, cancelled)
    })
}
