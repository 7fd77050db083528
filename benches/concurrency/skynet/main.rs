//! A tree of tasks, ten children each, down to 1,000,000 leaves, whose numbers are summed upwards.

use std::{future::Future, pin::Pin, time::Instant};

const LEAVES: u64 = 1_000_000;

fn skynet(first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let part = leaves / 10;
        let children: Vec<_> =
            (0..10).map(|i| tokio::spawn(skynet(first + i * part, part))).collect();
        let mut sum = 0;
        for c in children {
            sum += c.await.unwrap();
        }
        sum
    })
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let sum = tokio::spawn(skynet(0, LEAVES)).await.unwrap();
    println!("skynet {} {} {sum}", LEAVES + LEAVES / 9, start.elapsed().as_nanos());
}
