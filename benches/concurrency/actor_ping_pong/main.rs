//! Two tasks with mailboxes tell each other: 2,000,000 messages.

use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const MESSAGES: u64 = 2_000_000;

async fn player(
    mut inbox: UnboundedReceiver<u64>,
    partner: UnboundedSender<u64>,
    done: UnboundedSender<u64>,
) {
    while let Some(n) = inbox.recv().await {
        if n == MESSAGES {
            done.send(n).unwrap();
        } else {
            partner.send(n + 1).unwrap();
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let (done, mut finished) = unbounded_channel();
    let (to_ping, ping_inbox) = unbounded_channel();
    let (to_pong, pong_inbox) = unbounded_channel();
    tokio::spawn(player(ping_inbox, to_pong, done.clone()));
    tokio::spawn(player(pong_inbox, to_ping.clone(), done));
    to_ping.send(1).unwrap();
    let last = finished.recv().await.unwrap();
    println!("actor_ping_pong {MESSAGES} {} {last}", start.elapsed().as_nanos());
}
