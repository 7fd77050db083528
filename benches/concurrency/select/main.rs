//! One task selects over four channels of capacity 128, each with a producer: 2,000,000 messages.

use std::time::Instant;
use tokio::sync::mpsc::{Receiver, channel};

const MESSAGES: u64 = 2_000_000;

async fn collect(
    mut a: Receiver<u64>,
    mut b: Receiver<u64>,
    mut c: Receiver<u64>,
    mut d: Receiver<u64>,
) -> u64 {
    let mut sum = 0;
    for _ in 0..MESSAGES {
        tokio::select! {
            Some(n) = a.recv() => sum += n,
            Some(n) = b.recv() => sum += n,
            Some(n) = c.recv() => sum += n,
            Some(n) = d.recv() => sum += n,
        }
    }
    sum
}

fn produce() -> Receiver<u64> {
    let (out, inbox) = channel(128);
    tokio::spawn(async move {
        for n in 0..MESSAGES / 4 {
            out.send(n).await.unwrap();
        }
    });
    inbox
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let sum = tokio::spawn(async { collect(produce(), produce(), produce(), produce()).await })
        .await
        .unwrap();
    println!("select {MESSAGES} {} {sum}", start.elapsed().as_nanos());
}
