//! A number goes round a ring of 1,000 tasks over channels of capacity 1: 2,000,000 hops.

use std::time::Instant;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const TASKS: usize = 1_000;
const HOPS: u64 = 2_000_000;

async fn node(mut inbox: Receiver<u64>, next: Sender<u64>, done: Sender<u64>) {
    while let Some(n) = inbox.recv().await {
        if n == HOPS {
            let _ = done.send(n).await;
        } else {
            let _ = next.send(n + 1).await;
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let (done, mut finished) = channel(1);
    let (first, mut inbox) = channel(1);
    for _ in 1..TASKS {
        let (next, its_inbox) = channel(1);
        tokio::spawn(node(std::mem::replace(&mut inbox, its_inbox), next, done.clone()));
    }
    tokio::spawn(node(inbox, first.clone(), done));
    first.send(1).await.unwrap();
    let last = finished.recv().await.unwrap();
    println!("ring {HOPS} {} {last}", start.elapsed().as_nanos());
}
