//! A task that owns a counter is told 10,000,000 times to count, then asked for the count.

use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

const MESSAGES: u64 = 10_000_000;

enum Message {
    Increment,
    Get(oneshot::Sender<u64>),
}

async fn counter(mut inbox: mpsc::UnboundedReceiver<Message>) {
    let mut count = 0;
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Increment => count += 1,
            Message::Get(reply) => reply.send(count).unwrap(),
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let (out, inbox) = mpsc::unbounded_channel();
    tokio::spawn(counter(inbox));
    let count = tokio::spawn(async move {
        for _ in 0..MESSAGES {
            out.send(Message::Increment).ok().unwrap();
        }
        let (reply, answer) = oneshot::channel();
        out.send(Message::Get(reply)).ok().unwrap();
        answer.await.unwrap()
    })
    .await
    .unwrap();
    println!("actor_count {MESSAGES} {} {count}", start.elapsed().as_nanos());
}
