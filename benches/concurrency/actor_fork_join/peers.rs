//! Sixty actors get the same number of messages each, in turn; then all are asked how many they had.

use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>)]
}

const ACTORS: u64 = 60;

enum Message {
    Work,
    Get(oneshot::Sender<u64>),
}

async fn worker(mut inbox: mpsc::UnboundedReceiver<Message>) {
    let (mut done, mut value) = (0, 1.5f64);
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Work => {
                value *= value.sin();
                done += 1;
            }
            Message::Get(reply) => {
                std::hint::black_box(value);
                reply.send(done).expect("an asker");
            }
        }
    }
}

fn run<R: Runtime>(n: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let mut workers = Vec::new();
        for _ in 0..ACTORS {
            let (handle, inbox) = mpsc::unbounded_channel();
            R::detach(R::spawn(worker(inbox)));
            workers.push(handle);
        }
        for _ in 0..n / ACTORS {
            for w in &workers {
                w.send(Message::Work).ok().expect("an actor");
            }
        }
        let mut done = 0;
        for w in &workers {
            let (reply, answer) = oneshot::channel();
            w.send(Message::Get(reply)).ok().expect("an actor");
            done += answer.await.expect("an answer");
        }
        outcome(start, done, done)
    })
}
