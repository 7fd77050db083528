//! An actor is told many times to count, then asked for the count: a task with a channel and an enum of messages, as
//! tokio's guide has it, and actix.

use std::time::Instant;

use actix::prelude::*;
use tokio::sync::{mpsc, oneshot};

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>), ("", "actix", with_actix)]
}

enum Message {
    Increment,
    Get(oneshot::Sender<u64>),
}

fn run<R: Runtime>(messages: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (counter, mut inbox) = mpsc::unbounded_channel();
        R::detach(R::spawn(async move {
            let mut count = 0;
            while let Some(message) = inbox.recv().await {
                match message {
                    Message::Increment => count += 1,
                    Message::Get(reply) => reply.send(count).expect("an asker"),
                }
            }
        }));
        for _ in 0..messages {
            counter.send(Message::Increment).ok().expect("an actor");
        }
        let (reply, answer) = oneshot::channel();
        counter.send(Message::Get(reply)).ok().expect("an actor");
        let count = answer.await.expect("an answer");
        outcome(start, messages, count)
    })
}

struct Counter(u64);

impl Actor for Counter {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Increment;

#[derive(Message)]
#[rtype(result = "u64")]
struct Get;

impl Handler<Increment> for Counter {
    type Result = ();
    fn handle(&mut self, _: Increment, _: &mut Self::Context) {
        self.0 += 1;
    }
}

impl Handler<Get> for Counter {
    type Result = u64;
    fn handle(&mut self, _: Get, _: &mut Self::Context) -> u64 {
        self.0
    }
}

fn with_actix(messages: u64) -> Outcome {
    System::new().block_on(async move {
        let start = Instant::now();
        let counter = Counter(0).start();
        for _ in 0..messages {
            counter.do_send(Increment);
        }
        let count = counter.send(Get).await.expect("an answer");
        outcome(start, messages, count)
    })
}
