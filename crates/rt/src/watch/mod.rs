//! Deadlocks among some, while the rest of the program goes on: found by a thread that looks once a second, and told.
//!
//! `census` knows at once when *nobody* can go on. Here the question is whether some of those who wait, wait for each other:
//! who waits for a lock needs its holder, who joins a task needs that, a scope's end needs each of its tasks, an answer
//! needs the actor. In each of these, everyone who is needed has to go on before the waiter can; so one circle
//! is enough, and what is in it stays there for ever, unless somebody cancels one of them. Waits with a deadline, `select`,
//! channels and the rest may end in other ways: nobody is said to be stuck in one.
//!
//! # Why nobody is accused wrongly
//!
//! A *step* of a circle says: `a` is in the wait `s`, needs `b`, and `b` is in the wait `t`. What is needed and `b`'s wait are
//! read with the lock of the bucket held in which somebody is queued for the thing. As long as that is held the holder cannot let
//! go of what it holds (`who::each_needed`), nor end. A holder writes its name when it has what it holds and takes it away
//! before it lets go, and guards stay with whoever made them (`[thread_bound]`): who is named holds it.
//!
//! A circle is told only if two looks, one after the other, see the same steps with the same waits (`Stamp`: a number
//! tells a waiter's waits apart). A waiter that is in one wait in both looks did nothing in between; so what it held when the first
//! look saw its step, it held all the time until the second did. Hence at any moment between the two looks all steps held
//! at once: they all waited for each other.
//!
//! That would do. On top of it a circle must have been there a second ago, so that a program that has somebody to look after
//! its tasks, who ends them soon, is left in peace. Who waits for an actor's answer in a circle that was told waits in vain, and
//! panics (`report::end`, std's `Life::wait_for`), so that the others go on.

mod circle;
mod report;

use circle::{Circle, Graph};

use crate::runner::Runner;
use crate::sync::global::{AtomicBool, Ordering as GlobalOrdering};
use crate::sync::{AtomicU32, Ordering, futex_wait, futex_wake};
use crate::wait::Reason;
use crate::{census, explore, task};

/// Between looks, in milliseconds, unless `ALTRU_WATCH` says otherwise. 0: there are none.
const PERIOD: u64 = 1000;
const STACK: usize = 256 * 1024;
/// How many circles are told at most.
const MOST: usize = 16;

/// `STATE`.
const RESTS: u32 = 0;
const LOOKS: u32 = 1;

static STATE: AtomicU32 = AtomicU32::new(RESTS);
static STARTED: AtomicBool = AtomicBool::new(false);

/// Somebody begins to wait. If it could be in a circle, there is something to look at.
#[inline]
pub(crate) fn attend(run: &Runner, reason: Reason) {
    let counts = match reason {
        Reason::Lock | Reason::ReadLock | Reason::WriteLock => true,
        // Somebody in a circle is not `main`.
        Reason::Join | Reason::Scope | Reason::Reply => {
            run.is_task() || census::current().is_some_and(|member| member.id != 1)
        }
        _ => false,
    };
    if counts && STATE.load(Ordering::Relaxed) != LOOKS {
        begin();
    }
}

#[cold]
fn begin() {
    // Under exploration there is one thread, which sees all deadlocks itself.
    if explore::is_on() || STATE.swap(LOOKS, Ordering::SeqCst) == LOOKS {
        return;
    }
    if STARTED.swap(true, GlobalOrdering::Relaxed) {
        futex_wake(&raw const STATE, 1);
        return;
    }
    let asked = std::env::var("ALTRU_WATCH").ok().and_then(|period| period.parse().ok());
    let period = asked.unwrap_or(PERIOD);
    if period > 0 {
        let thread = std::thread::Builder::new().name("altru-watch".into()).stack_size(STACK);
        // Without it only what is told is less.
        let _ = thread.spawn(move || run(std::time::Duration::from_millis(period)));
    }
}

fn run(period: std::time::Duration) {
    let mut told: Vec<Circle> = Vec::new();
    let mut suspects: Vec<Circle> = Vec::new();
    loop {
        std::thread::sleep(period);
        let graph = Graph::look();
        if graph.is_empty() {
            rest();
            continue;
        }
        let circles = graph.circles();
        for circle in &circles {
            let known = told.iter().any(|other| other.meets(circle));
            if !known
                && told.len() < MOST
                && suspects.contains(circle)
                && !task::is_shutting_down()
                && Graph::look().has(circle)
                && report::tell(circle)
            {
                report::end(circle);
                told.push(circle.clone());
            }
        }
        suspects = circles;
    }
}

/// Nobody waits for anybody: rests until somebody does.
fn rest() {
    STATE.store(RESTS, Ordering::SeqCst);
    // One who began to wait before saw that this looks.
    if !Graph::look().is_empty() {
        STATE.store(LOOKS, Ordering::SeqCst);
        return;
    }
    while STATE.load(Ordering::SeqCst) == RESTS {
        futex_wait(&STATE, RESTS, -1);
    }
}
