//! What is left when `main` has ended: tasks that nobody joined, actors that somebody still has a handle to. A program that was
//! built for development tells of them before they are cancelled.

use std::fmt::Write;

use super::dump::if_live;
use super::slab::Look;
use super::{Task, dump};
use crate::sync::Ordering;
use crate::sync::global::AtomicBool;
use crate::who::Who;
use crate::{clock, sched, stdio};

/// How long those that are just ending are given.
const PATIENCE: i64 = 20_000_000;
/// How many are described; the rest is counted.
const MOST: usize = 20;

static ASKED: AtomicBool = AtomicBool::new(false);

/// The program was built for development.
#[unsafe(no_mangle)]
pub extern "C" fn altru_rt_tell_leaks() {
    let unwanted = std::env::var_os("ALTRU_LEAKS").is_some_and(|value| value == "0");
    ASKED.store(!unwanted, Ordering::Relaxed);
}

/// `main` has come to its end by itself.
pub(crate) fn tell() {
    // Once: another program may be run in this process.
    if !ASKED.swap(false, Ordering::Relaxed) || sched::started().is_none() {
        return;
    }
    settle();
    let (mut count, mut text) = (0, String::new());
    let tasks = Look::now();
    let who = Who::new(&[], Some(&tasks));
    tasks.each(if_live(|task| {
        if is_leak(task) {
            count += 1;
            if count <= MOST {
                dump::describe(task, &who, &mut text);
            }
        }
    }));
    drop(tasks);
    if count == 0 {
        return;
    }
    if count > MOST {
        let _ = writeln!(text, "  and {} more tasks", count - MOST);
    }
    let what = if count == 1 { "a task is" } else { "tasks are" };
    let text = format!("note: main has ended while {what} left, cancelled now:\n{text}");
    stdio::write_stderr(text.as_bytes());
}

/// It waits, and is not one of std's own. Whoever is suspended is an actor, or was started where that says.
fn is_leak(task: &Task) -> bool {
    let mut leak = false;
    task.run.wait.look(|| leak = task.is_actor() || !task.is_of_std());
    leak
}

/// Waits until those that can go on have come to a wait or to their end, for a moment.
fn settle() {
    let deadline = clock::deadline(PATIENCE);
    loop {
        let mut busy = false;
        Look::now().each(if_live(|task| busy |= !task.run.wait.is_suspended()));
        if !busy || clock::monotonic() >= deadline {
            return;
        }
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
}
