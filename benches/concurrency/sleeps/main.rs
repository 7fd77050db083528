//! 100,000 tasks sleep 1 to 100 milliseconds; the least possible is 100.

use std::time::{Duration, Instant};

const TASKS: u64 = 100_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|i| tokio::spawn(async move { tokio::time::sleep(Duration::from_millis(1 + i % 100)).await }))
        .collect();
    let mut woken = 0;
    for t in tasks {
        t.await.unwrap();
        woken += 1;
    }
    println!("sleeps {TASKS} {} {woken}", start.elapsed().as_nanos());
}
