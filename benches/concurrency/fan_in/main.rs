//! Eight producers send 500,000 numbers each to one consumer, over a channel for 1,024 and over one
//! without a limit.

use std::time::Instant;
use tokio::sync::mpsc;

const PRODUCERS: u64 = 8;
const EACH: u64 = 500_000;

async fn bounded() -> u64 {
    let (out, mut inbox) = mpsc::channel(1024);
    for _ in 0..PRODUCERS {
        let out = out.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                out.send(n).await.unwrap();
            }
        });
    }
    drop(out);
    tokio::spawn(async move {
        let mut sum = 0;
        while let Some(n) = inbox.recv().await {
            sum += n;
        }
        sum
    })
    .await
    .unwrap()
}

async fn unbounded() -> u64 {
    let (out, mut inbox) = mpsc::unbounded_channel();
    for _ in 0..PRODUCERS {
        let out = out.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                out.send(n).unwrap();
            }
        });
    }
    drop(out);
    tokio::spawn(async move {
        let mut sum = 0;
        while let Some(n) = inbox.recv().await {
            sum += n;
        }
        sum
    })
    .await
    .unwrap()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let sum = bounded().await;
    println!("fan_in/bounded {} {} {sum}", PRODUCERS * EACH, start.elapsed().as_nanos());
    let start = Instant::now();
    let sum = unbounded().await;
    println!("fan_in/unbounded {} {} {sum}", PRODUCERS * EACH, start.elapsed().as_nanos());
}
