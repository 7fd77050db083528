//! A thousand accounts, eight clients: each takes an amount out of one account, waits for the answer, and
//! has another account pay it in.

use std::time::Instant;

use actix::prelude::*;
use tokio::sync::{mpsc, oneshot};

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>), ("", "actix", with_actix)]
}

const ACCOUNTS: usize = 1_000;
const CLIENTS: u64 = 8;
const OPENING: u64 = 1_000;

/// Pairs of accounts, as all versions choose them.
struct Choice(u64);

impl Choice {
    fn next(&mut self) -> (usize, usize) {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize % ACCOUNTS, (self.0 >> 13) as usize % ACCOUNTS)
    }
}

enum Message {
    Withdraw(u64, oneshot::Sender<bool>),
    Deposit(u64),
    Balance(oneshot::Sender<u64>),
}

async fn account(mut inbox: mpsc::UnboundedReceiver<Message>) {
    let mut balance = OPENING;
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Withdraw(amount, reply) => {
                let enough = amount <= balance;
                if enough {
                    balance -= amount;
                }
                let _ = reply.send(enough);
            }
            Message::Deposit(amount) => balance += amount,
            Message::Balance(reply) => {
                let _ = reply.send(balance);
            }
        }
    }
}

async fn ask<T>(to: &mpsc::UnboundedSender<Message>, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> T {
    let (reply, answer) = oneshot::channel();
    to.send(message(reply)).ok().expect("an actor");
    answer.await.expect("an answer")
}

fn run<R: Runtime>(transfers: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let mut accounts = Vec::new();
        for _ in 0..ACCOUNTS {
            let (handle, inbox) = mpsc::unbounded_channel();
            R::detach(R::spawn(account(inbox)));
            accounts.push(handle);
        }
        let client = |number: u64, accounts: Vec<mpsc::UnboundedSender<Message>>| async move {
            let mut choice = Choice(number);
            for _ in 0..transfers / CLIENTS {
                let (from, to) = choice.next();
                if ask(&accounts[from], |reply| Message::Withdraw(1, reply)).await {
                    accounts[to].send(Message::Deposit(1)).ok().expect("an actor");
                }
            }
        };
        let clients: Vec<_> = (0..CLIENTS).map(|i| R::spawn(client(i, accounts.clone()))).collect();
        for c in clients {
            R::join(c).await;
        }
        let mut total = 0;
        for a in &accounts {
            total += ask(a, Message::Balance).await;
        }
        outcome(start, transfers, total)
    })
}

struct Account(u64);

impl Actor for Account {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "bool")]
struct Withdraw(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Deposit(u64);

#[derive(Message)]
#[rtype(result = "u64")]
struct Balance;

impl Handler<Withdraw> for Account {
    type Result = bool;
    fn handle(&mut self, m: Withdraw, _: &mut Self::Context) -> bool {
        let enough = m.0 <= self.0;
        if enough {
            self.0 -= m.0;
        }
        enough
    }
}

impl Handler<Deposit> for Account {
    type Result = ();
    fn handle(&mut self, m: Deposit, _: &mut Self::Context) {
        self.0 += m.0;
    }
}

impl Handler<Balance> for Account {
    type Result = u64;
    fn handle(&mut self, _: Balance, _: &mut Self::Context) -> u64 {
        self.0
    }
}

fn with_actix(transfers: u64) -> Outcome {
    System::new().block_on(async move {
        let start = Instant::now();
        let accounts: Vec<_> = (0..ACCOUNTS).map(|_| Account(OPENING).start()).collect();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let accounts = accounts.clone();
                actix::spawn(async move {
                    let mut choice = Choice(number);
                    for _ in 0..transfers / CLIENTS {
                        let (from, to) = choice.next();
                        if accounts[from].send(Withdraw(1)).await.expect("an answer") {
                            accounts[to].do_send(Deposit(1));
                        }
                    }
                })
            })
            .collect();
        for c in clients {
            c.await.expect("no panic");
        }
        let mut total = 0;
        for a in &accounts {
            total += a.send(Balance).await.expect("an answer");
        }
        outcome(start, transfers, total)
    })
}
