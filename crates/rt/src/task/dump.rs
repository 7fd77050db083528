//! Looking at all tasks at once: the report of who waits for what, and the end of the program.

use std::fmt::Write;

use super::{Task, slab};
use crate::sched::{self, Sched};
use crate::sync::Ordering;
use crate::sync::global::AtomicBool;
use crate::{census, chain, clock, stdio};

/// How long `main`'s end waits for tasks to unwind.
const PATIENCE: i64 = 1_000_000_000;
/// After how many looks at which nothing happened it is given up sooner.
const QUIET_ROUNDS: u32 = 10;
/// How many are described; the rest is counted.
const MOST: usize = 100;

/// Calls `see` with every task that has not ended.
fn each_live(see: impl FnMut(&Task)) {
    slab::each(if_live(see));
}

fn if_live(mut see: impl FnMut(&Task)) -> impl FnMut(*mut Task) {
    move |task| {
        // SAFETY: a block holds zeros or a task, live or over.
        let task = unsafe { &*task };
        if !task.entry.load(Ordering::Acquire).is_null() && !task.has_ended() {
            see(task);
        }
    }
}

/// Writes a few lines for each task: what it waits for, since when it is there, its calls, where it was started. Others may run, and
/// nothing is waited for.
pub(crate) fn describe_all(out: &mut dyn Write) {
    let mut count = 0;
    let complete = slab::try_each(if_live(|task| {
        count += 1;
        if count <= MOST {
            describe(task, out);
        }
    }));
    if !complete {
        let _ = writeln!(out, "  (tasks are just starting or ending: ask again)");
    }
    if count > MOST {
        let _ = writeln!(out, "  and {} more tasks", count - MOST);
    }
}

fn describe(task: &Task, out: &mut dyn Write) {
    let _ = out.write_str("  task ");
    task.write_name(out);
    if task.run.wait.is_suspended() {
        let reason = task.run.wait.about().0;
        let _ = writeln!(out, " ({}) waits {}", task.age(), census::describe(reason));
        // SAFETY: a suspended task's frames are valid, and it is not resumed while it is looked at.
        let looked = task.run.wait.look(|| unsafe { chain::write(task.run.frame(), "in", out) });
        if !looked {
            let _ = writeln!(out, "    (it has just gone on)");
        }
    } else {
        let _ = writeln!(out, " ({}) runs, or is ready to", task.age());
    }
    task.write_origin(out);
}

static SHUTTING_DOWN: AtomicBool = AtomicBool::new(false);

/// Detached tasks that start now are cancelled at once.
pub(super) fn is_shutting_down() -> bool {
    SHUTTING_DOWN.load(Ordering::SeqCst)
}

/// `main` has ended: cancels all tasks and lets them unwind. What does not in time is abandoned and named.
pub(crate) fn shut_down() {
    let Some(sched) = sched::started() else { return };
    SHUTTING_DOWN.store(true, Ordering::SeqCst);
    stop_all(sched);
    // Another program may be run in this process.
    SHUTTING_DOWN.store(false, Ordering::SeqCst);
}

fn stop_all(sched: &Sched) {
    let deadline = clock::deadline(PATIENCE);
    let (mut pause, mut quiet) = (50, 0);
    loop {
        // Also those that were being started while the last round went by. A block that is reused meanwhile holds a task
        // that is to be cancelled just as well.
        let mut left = 0;
        each_live(|task| {
            left += 1;
            task.run.cancel().wake();
        });
        if left == 0 {
            return;
        }
        if clock::monotonic() >= deadline {
            return abandon(left);
        }
        // Nothing runs, and nothing will by itself: those that are left wait, shielded, for something that does not come.
        quiet = if sched.is_quiet() { quiet + 1 } else { 0 };
        if quiet > QUIET_ROUNDS {
            return abandon(left);
        }
        std::thread::sleep(std::time::Duration::from_micros(pause));
        pause = (pause * 2).min(5_000);
    }
}

fn abandon(count: usize) {
    let mut names = Vec::new();
    each_live(|task| {
        if names.len() < MOST {
            names.push(task.name());
        }
    });
    let tasks = if count == 1 { "a task" } else { "tasks" };
    let text = format!("the program ended while {tasks} would not stop: {}\n", names.join(", "));
    stdio::flush_quietly();
    stdio::write_stderr(text.as_bytes());
}
