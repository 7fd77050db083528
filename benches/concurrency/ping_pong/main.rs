//! Two tasks hand a number to and fro over channels of capacity 1: 2,000,000 hops.

use std::time::Instant;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const HOPS: u64 = 2_000_000;

async fn player(mut inbox: Receiver<u64>, out: Sender<u64>) -> u64 {
    let mut last = 0;
    while let Some(n) = inbox.recv().await {
        last = n;
        if n == HOPS || out.send(n + 1).await.is_err() {
            break;
        }
    }
    last
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let (to_ping, ping_inbox) = channel(1);
    let (to_pong, pong_inbox) = channel(1);
    to_ping.send(1).await.unwrap();
    let ping = tokio::spawn(player(ping_inbox, to_pong));
    let pong = tokio::spawn(player(pong_inbox, to_ping));
    let last = ping.await.unwrap().max(pong.await.unwrap());
    println!("ping_pong {HOPS} {} {last}", start.elapsed().as_nanos());
}
