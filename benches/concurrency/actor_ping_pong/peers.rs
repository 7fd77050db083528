//! Two actors tell each other.

use std::time::Instant;

use actix::prelude::*;
use tokio::sync::{mpsc, oneshot};

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>), ("", "actix", with_actix)]
}

async fn player(messages: u64, mut inbox: mpsc::UnboundedReceiver<u64>, partner: mpsc::UnboundedSender<u64>, done: mpsc::UnboundedSender<u64>) {
    while let Some(n) = inbox.recv().await {
        if n == messages {
            let _ = done.send(n);
            break;
        }
        if partner.send(n + 1).is_err() {
            break;
        }
    }
}

fn run<R: Runtime>(messages: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (ping, ping_inbox) = mpsc::unbounded_channel();
        let (pong, pong_inbox) = mpsc::unbounded_channel();
        let (done, mut finished) = mpsc::unbounded_channel();
        R::detach(R::spawn(player(messages, ping_inbox, pong, done.clone())));
        R::detach(R::spawn(player(messages, pong_inbox, ping.clone(), done)));
        ping.send(1).expect("an actor");
        let last = finished.recv().await.expect("an end");
        outcome(start, messages, last)
    })
}

struct Player {
    messages: u64,
    partner: Option<Addr<Player>>,
    done: Option<oneshot::Sender<u64>>,
}

impl Actor for Player {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Meet(Addr<Player>);

#[derive(Message)]
#[rtype(result = "()")]
struct Hit(u64);

impl Handler<Meet> for Player {
    type Result = ();
    fn handle(&mut self, partner: Meet, _: &mut Self::Context) {
        self.partner = Some(partner.0);
    }
}

impl Handler<Hit> for Player {
    type Result = ();
    fn handle(&mut self, hit: Hit, _: &mut Self::Context) {
        if hit.0 < self.messages {
            self.partner.as_ref().expect("a partner").do_send(Hit(hit.0 + 1));
        } else if let Some(done) = self.done.take() {
            let _ = done.send(hit.0);
        }
    }
}

fn with_actix(messages: u64) -> Outcome {
    System::new().block_on(async move {
        let start = Instant::now();
        let (done, finished) = oneshot::channel();
        // The last message, an even number, is pong's.
        let ping = Player { messages, partner: None, done: None }.start();
        let pong = Player { messages, partner: None, done: Some(done) }.start();
        ping.do_send(Meet(pong.clone()));
        pong.do_send(Meet(ping.clone()));
        ping.do_send(Hit(1));
        let last = finished.await.expect("an end");
        outcome(start, messages, last)
    })
}
