//! Looking at all tasks at once: the report of who waits for what, and the end of the program.

use std::fmt::Write;

use super::{Task, slab};
use crate::sched::{self, Sched};
use crate::sync::Ordering;
use crate::sync::global::AtomicBool;
use crate::text::text;
use crate::{census, clock, stdio};

/// How long `main`'s end waits for tasks to unwind.
const PATIENCE: i64 = 1_000_000_000;
/// After how many looks at which nothing happened it is given up sooner.
const QUIET_ROUNDS: u32 = 10;
/// How many are described; the rest is counted.
const MOST: usize = 100;

/// Calls `see` with every task that has not ended.
fn each_live(mut see: impl FnMut(&Task)) {
    slab::each(|task| {
        // SAFETY: a block holds zeros or a task, live or over.
        let task = unsafe { &*task };
        if !task.entry.load(Ordering::Acquire).is_null() && !task.has_ended() {
            see(task);
        }
    });
}

/// Appends a line for each task, with what it waits for and its call chain. Called when nothing runs.
pub(crate) fn describe_all(out: &mut String) {
    let mut count = 0;
    each_live(|task| {
        count += 1;
        if count <= MOST {
            describe(task, out);
        }
    });
    if count > MOST {
        let _ = writeln!(out, "  and {} more tasks", count - MOST);
    }
}

fn describe(task: &Task, out: &mut String) {
    let name = task.name();
    if !task.run.wait.is_suspended() {
        let _ = writeln!(out, "  task {name}: runs, or is ready to");
        return;
    }
    let _ = writeln!(out, "  task {name} waits {}", census::describe(task.run.wait.about().0));
    let mut frame = task.run.frame();
    // SAFETY: the frames of a suspended task are valid, and nothing resumes it while this runs.
    while let Some(here) = unsafe { frame.as_ref() } {
        frame = here.parent;
        // SAFETY: sites are constants.
        unsafe {
            let site = &*here.site;
            if let Some(location) = site.location.as_ref() {
                let file = text(location.file_ptr, location.file_len);
                let name = text(site.name_ptr, site.name_len);
                let _ = writeln!(out, "    in {name} at {file}:{}:{}", location.line, location.col);
            }
        }
    }
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
