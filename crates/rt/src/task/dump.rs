//! Looking at all tasks at once: the report of who waits for what, and the end of the program.

use std::fmt::Write;

use super::Task;
use super::scope::Scope;
use super::slab::{self, Look};
use crate::runner::Runner;
use crate::sched::{self, Sched};
use crate::sync::Ordering;
use crate::sync::global::AtomicBool;
use crate::wait::LOT;
use crate::who::Who;
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

pub(super) fn if_live(mut see: impl FnMut(&Task)) -> impl FnMut(*mut Task) {
    move |task| {
        // SAFETY: a block holds zeros or a task, live or over.
        let task = unsafe { &*task };
        if task.is_there() {
            see(task);
        }
    }
}

/// Writes a few lines for each task: what it waits for, since when it is there, its calls, where it was started. Others may run, and
/// nothing is waited for.
pub(crate) fn describe_all(who: &Who, tasks: Option<&Look>, out: &mut dyn Write) {
    let mut count = 0;
    match tasks {
        None => {
            let _ = writeln!(out, "  (tasks are just starting or ending: ask again)");
        }
        Some(tasks) => tasks.each(if_live(|task| {
            count += 1;
            if count <= MOST {
                describe(task, who, out);
            }
        })),
    }
    if count > MOST {
        let _ = writeln!(out, "  and {} more tasks", count - MOST);
    }
}

/// Writes what a task does whose block stays where it is.
pub(crate) fn describe(task: &Task, who: &Who, out: &mut dyn Write) {
    let _ = out.write_str("  task ");
    task.write_name(out);
    if task.run.wait.is_suspended() {
        let reason = task.run.wait.about().0;
        let _ = writeln!(out, " ({}) waits {}", task.age(), census::describe(reason));
        // SAFETY: a suspended task's frames are valid, and it is not resumed while it is looked at.
        let looked = task.run.wait.look(|| unsafe {
            who.explain(&task.run, out);
            chain::write(task.run.frame(), "in", out);
        });
        if !looked {
            let _ = writeln!(out, "    (it has just gone on)");
        }
    } else {
        let _ = writeln!(out, " ({}) runs, or is ready to", task.age());
    }
    task.write_origin(out);
}

/// Writes the calls of whoever waits for the end of a task, or of the scope that it belongs to.
pub(crate) fn describe_waiter(task: &Task, out: &mut dyn Write) {
    let parent = sched::parent_of(task);
    if !parent.is_null() {
        // SAFETY: the one that waits is further out on this thread's stack.
        return unsafe { chain::write(parent, "awaited in", out) };
    }
    let mut text = String::new();
    let scope = task.scope.get();
    let words = [
        std::ptr::addr_of!(task.end),
        // SAFETY: a scope outlives its tasks.
        unsafe { scope.as_ref() }.map_or(std::ptr::null(), Scope::done),
    ];
    for word in words.into_iter().filter(|word| !word.is_null()) {
        let queue = LOT.bucket(word.addr()).queue.lock();
        let Some(node) = queue.first(word.addr()) else { continue };
        // SAFETY: under the lock a linked node is valid, and so is the runner of its wait. The frames of one that waits are
        // valid, and it does not go on while it is looked at.
        unsafe {
            let run = &*Runner::of_wait((*node).wait());
            run.wait.look(|| chain::write(run.frame(), "awaited in", &mut text));
        }
        break;
    }
    let _ = out.write_str(&text);
}

static SHUTTING_DOWN: AtomicBool = AtomicBool::new(false);

/// Detached tasks that start now are cancelled at once.
pub(crate) fn is_shutting_down() -> bool {
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
    let (mut names, mut states) = (Vec::new(), String::new());
    let tasks = Look::now();
    let who = Who::new(&[], Some(&tasks));
    tasks.each(if_live(|task| {
        if names.len() < MOST {
            names.push(task.name());
            describe(task, &who, &mut states);
        }
    }));
    drop(tasks);
    let tasks = if count == 1 { "a task" } else { "tasks" };
    let names = names.join(", ");
    let text = format!("the program ended while {tasks} would not stop: {names}\n{states}");
    stdio::flush_quietly();
    stdio::write_stderr(text.as_bytes());
}
