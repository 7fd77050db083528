//! `peers PROGRAM` lists the versions of a program as lines `PART<tab>NAME`; `peers PROGRAM NAME PART AMOUNT
//! ROUNDS` runs one.
//!
//! All use mimalloc, as Altru's programs do: it makes tokio's and smol's tasks about twice as fast.

mod channels;
mod runtimes;

use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one round of a program gave.
pub struct Outcome {
    pub operations: u64,
    pub nanoseconds: u128,
    pub result: String,
    pub more: String,
}

pub fn outcome(start: Instant, operations: u64, result: impl ToString) -> Outcome {
    Outcome { operations, nanoseconds: start.elapsed().as_nanos(), result: result.to_string(), more: String::new() }
}

/// Its part of the program, its name, and what runs it with an amount.
pub type Version = (&'static str, &'static str, fn(u64) -> Outcome);

macro_rules! programs {
    ($($path:literal $name:ident),* $(,)?) => {
        $(#[path = $path] mod $name;)*
        fn versions(program: &str) -> Vec<Version> {
            match program {
                $(stringify!($name) => $name::versions(),)*
                _ => Vec::new(),
            }
        }
    };
}

programs! {
    "../../concurrency/spawn_join/peers.rs" spawn_join,
    "../../concurrency/parked/peers.rs" parked,
    "../../concurrency/ping_pong/peers.rs" ping_pong,
    "../../concurrency/ring/peers.rs" ring,
    "../../concurrency/skynet/peers.rs" skynet,
    "../../concurrency/fan_in/peers.rs" fan_in,
    "../../concurrency/mpmc/peers.rs" mpmc,
    "../../concurrency/select/peers.rs" select,
    "../../concurrency/mutex/peers.rs" mutex,
    "../../concurrency/sleeps/peers.rs" sleeps,
    "../../concurrency/parallel_map/peers.rs" parallel_map,
    "../../concurrency/fib/peers.rs" fib,
    "../../concurrency/actor_count/peers.rs" actor_count,
    "../../concurrency/actor_ping_pong/peers.rs" actor_ping_pong,
    "../../concurrency/actor_fork_join/peers.rs" actor_fork_join,
    "../../concurrency/actor_big/peers.rs" actor_big,
    "../../concurrency/actor_chameneos/peers.rs" actor_chameneos,
    "../../concurrency/actor_bank/peers.rs" actor_bank,
    "../../costs/ready/peers.rs" ready,
    "../../costs/switch/peers.rs" switch,
    "../../costs/cancel/peers.rs" cancel,
    "../../http/peers.rs" http,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [program] => {
            for (part, name, _) in versions(program) {
                println!("{part}\t{name}");
            }
        }
        [program, name, part, amount, rounds] => {
            let part = if part == "-" { "" } else { part };
            let amount = amount.parse().expect("an amount");
            let found = versions(program).into_iter().find(|v| v.0 == part && v.1 == name);
            let (part, _, run) = found.expect("a version");
            for _ in 0..rounds.parse().expect("a number of rounds") {
                let o = run(amount);
                let part = if part.is_empty() { program.clone() } else { format!("{program}/{part}") };
                println!("{part} {} {} {} {}", o.operations, o.nanoseconds, o.result, o.more);
            }
        }
        _ => panic!("peers PROGRAM [NAME PART AMOUNT ROUNDS]"),
    }
}
