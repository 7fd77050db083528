//! Spawns 1,000,000 tasks and joins them all, in order.

use std::time::Instant;

const TASKS: usize = 1_000_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let sum = tokio::spawn(run()).await.unwrap();
    println!("spawn_join {TASKS} {} {}", sum.1, sum.0);
}

async fn run() -> (usize, u128) {
    let start = Instant::now();
    let mut tasks = Vec::with_capacity(TASKS);
    for i in 0..TASKS {
        tasks.push(tokio::spawn(async move { i }));
    }
    let mut sum = 0;
    for t in tasks {
        sum += t.await.unwrap();
    }
    (sum, start.elapsed().as_nanos())
}
