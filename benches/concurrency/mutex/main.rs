//! 4,000,000 increments under a mutex: by one thread, by two, by eight tasks. `std`'s mutex, which tokio
//! recommends where it is not held across a wait.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

const INCREMENTS: u64 = 4_000_000;

fn add(counter: &Mutex<u64>, times: u64) {
    for _ in 0..times {
        *counter.lock().unwrap() += 1;
    }
}

fn report(name: &str, start: Instant, counter: &Mutex<u64>) {
    let n = counter.lock().unwrap();
    println!("mutex/{name} {INCREMENTS} {} {n}", start.elapsed().as_nanos());
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let counter = Mutex::new(0);
    let start = Instant::now();
    add(&counter, INCREMENTS);
    report("1", start, &counter);

    let counter = Mutex::new(0);
    let start = Instant::now();
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| add(&counter, INCREMENTS / 2));
        }
    });
    report("2_threads", start, &counter);

    let counter = Arc::new(Mutex::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let counter = counter.clone();
            tokio::spawn(async move { add(&counter, INCREMENTS / 8) })
        })
        .collect();
    for t in tasks {
        t.await.unwrap();
    }
    report("8_tasks", start, &counter);
}
