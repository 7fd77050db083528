//! 120 actors: each pings one after the other, and goes on when the pong has come.

use std::time::Instant;

use tokio::sync::mpsc;

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>)]
}

const ACTORS: usize = 120;

enum Message {
    Begin(Vec<mpsc::UnboundedSender<Message>>),
    Ping(usize),
    Pong,
    Stop,
}

async fn peer(number: usize, pings: u64, mut inbox: mpsc::UnboundedReceiver<Message>, done: mpsc::UnboundedSender<u64>) {
    let (mut all, mut got, mut next) = (Vec::new(), 0, number);
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Begin(peers) => all = peers,
            Message::Ping(from) => {
                all[from].send(Message::Pong).ok().expect("an actor");
                continue;
            }
            Message::Pong => got += 1,
            Message::Stop => break,
        }
        if got == pings {
            done.send(got).expect("a receiver");
        } else {
            next = (next + 1) % ACTORS;
            all[next].send(Message::Ping(number)).ok().expect("an actor");
        }
    }
}

fn run<R: Runtime>(n: u64) -> Outcome {
    let each = n / (2 * ACTORS as u64);
    R::run(async move {
        let start = Instant::now();
        let (done, mut finished) = mpsc::unbounded_channel();
        let (handles, inboxes): (Vec<_>, Vec<_>) = (0..ACTORS).map(|_| mpsc::unbounded_channel()).unzip();
        // Nobody pings one who does not know the others yet.
        for h in &handles {
            h.send(Message::Begin(handles.clone())).ok().expect("an actor");
        }
        for (i, inbox) in inboxes.into_iter().enumerate() {
            R::detach(R::spawn(peer(i, each, inbox, done.clone())));
        }
        let mut sum = 0;
        for _ in 0..ACTORS {
            sum += finished.recv().await.expect("an end");
        }
        for h in &handles {
            let _ = h.send(Message::Stop);
        }
        outcome(start, 2 * each * ACTORS as u64, sum)
    })
}
