//! Whom somebody waits for, told from what it waits for.
//!
//! A wait says what it is about (`Reason`) and, where that leads to others, an *object*:
//!
//! | reason | object |
//! |---|---|
//! | `Lock`, `ReadLock`, `WriteLock` | the lock's word, behind which is what `abi::protocol::held` says |
//! | `Join` | the word of the end, plus [`TASK`] or [`THREAD`] |
//! | `Scope` | the scope |
//! | `Reply` | the task that alone can answer, or null |
//!
//! What a waiter waits for is valid as long as it waits. So one that is looked at (`Wait::look`) may be asked this, and one
//! whose node is linked while the lock of its bucket is held. Whoever *holds* a lock is another matter: see `watch`; here
//! it is only named, if it is found among those who are there.

use std::fmt::Write;

use abi::Location;
use abi::protocol::held;

use crate::census::{self, Entry};
use crate::runner::Runner;
use crate::sync::AtomicU32;
use crate::sync::global::{AtomicPtr, AtomicU64, Ordering};
use crate::task::{Look, Scope, Task};
use crate::text::text;
use crate::thread::Thread;
use crate::wait::Reason;

/// Tags of the word of an end.
pub(crate) const TASK: usize = 1;
pub(crate) const THREAD: usize = 2;
const TAGS: usize = 3;

/// How many tasks of a scope are named.
const MOST: usize = 3;

/// What a waiter waits for.
pub(crate) enum What {
    Lock(*const AtomicU32),
    Task(*const Task),
    Thread(*const Thread),
    Scope(*const Scope),
    Reply(*const Task),
}

/// `None`: nothing that leads to others.
pub(crate) fn what(reason: u8, object: usize) -> Option<What> {
    if object == 0 {
        return None;
    }
    let is = |other: Reason| other as u8 == reason;
    let end = std::ptr::with_exposed_provenance::<AtomicU32>(object & !TAGS);
    if is(Reason::Lock) || is(Reason::ReadLock) || is(Reason::WriteLock) {
        Some(What::Lock(std::ptr::with_exposed_provenance(object)))
    } else if is(Reason::Join) && object & TAGS == TASK {
        Some(What::Task(Task::of_end(end)))
    } else if is(Reason::Join) {
        Some(What::Thread(Thread::of_end(end)))
    } else if is(Reason::Scope) {
        Some(What::Scope(std::ptr::with_exposed_provenance(object)))
    } else if is(Reason::Reply) {
        Some(What::Reply(std::ptr::with_exposed_provenance(object)))
    } else {
        None
    }
}

/// What is written behind a lock's word: the holder, if it is known, and where it took the lock.
///
/// # Safety
/// It is there, as `abi::protocol::held` says.
pub(crate) unsafe fn holder(word: *const AtomicU32) -> (*const Runner, Option<&'static Location>) {
    // SAFETY: by contract; places are constants.
    unsafe {
        let holder = &*word.byte_add(held::HOLDER).cast::<AtomicU64>();
        let place = &*word.byte_add(held::PLACE).cast::<AtomicPtr<Location>>();
        match holder.load(Ordering::Acquire) {
            0 => (std::ptr::null(), None),
            held::SOMEBODY => (std::ptr::null(), place.load(Ordering::Relaxed).as_ref()),
            run => (std::ptr::with_exposed_provenance(run as usize), place.load(Ordering::Relaxed).as_ref()),
        }
    }
}

/// Writes " at file:line:col".
pub(crate) fn write_place(place: Option<&Location>, out: &mut dyn Write) {
    if let Some(place) = place.filter(|place| place.file_len > 0) {
        // SAFETY: a location's file name is a constant text.
        let file = unsafe { text(place.file_ptr, place.file_len) };
        let _ = write!(out, " at {file}:{}:{}", place.line, place.col);
    }
}

/// Who is there: the threads, and the tasks if nobody changes their list just now.
pub(crate) struct Who<'a> {
    threads: &'a [Entry],
    tasks: Option<&'a Look>,
}

impl<'a> Who<'a> {
    pub(crate) fn new(threads: &'a [Entry], tasks: Option<&'a Look>) -> Who<'a> {
        Who { threads, tasks }
    }

    pub(crate) fn thread(&self, run: *const Runner) -> Option<&Entry> {
        self.threads.iter().find(|thread| std::ptr::eq(thread.runner(), run))
    }

    pub(crate) fn task(&self, run: *const Runner) -> Option<&Task> {
        self.tasks.and_then(|tasks| tasks.find(run))
    }

    /// Writes "task NAME" or "thread NAME". False: it is nobody that is known.
    pub(crate) fn name(&self, run: *const Runner, out: &mut dyn Write) -> bool {
        if let Some(thread) = self.thread(run) {
            let _ = write!(out, "thread {}", thread.name());
            return true;
        }
        match self.task(run) {
            Some(task) => {
                write_task(task, out);
                true
            }
            None => false,
        }
    }

    /// Writes a line about whom a waiter waits for, if that is known.
    ///
    /// # Safety
    /// It is looked at.
    pub(crate) unsafe fn explain(&self, run: &Runner, out: &mut dyn Write) {
        let (reason, object) = run.wait.about();
        // SAFETY: what it waits for is valid while it waits.
        unsafe {
            match what(reason, object) {
                None => {}
                Some(What::Lock(word)) => self.explain_lock(run, word, out),
                Some(What::Task(task) | What::Reply(task)) => {
                    let _ = out.write_str("    waits for ");
                    write_task(&*task, out);
                    let _ = out.write_str("\n");
                }
                Some(What::Thread(thread)) => {
                    let _ = writeln!(out, "    waits for thread {}", (*thread).name());
                }
                Some(What::Scope(scope)) => explain_scope(&*scope, out),
            }
        }
    }

    /// # Safety
    /// As for `explain`; it waits for this lock.
    unsafe fn explain_lock(&self, run: &Runner, word: *const AtomicU32, out: &mut dyn Write) {
        // SAFETY: by contract.
        let (holder, place) = unsafe { holder(word) };
        let mut reads = false;
        if run.wait.about().0 != Reason::Lock as u8 {
            // SAFETY: by contract.
            let seen = unsafe { &*word }.load(Ordering::Relaxed);
            reads = seen & abi::protocol::rwlock::WRITER == 0;
        }
        if holder.is_null() {
            if place.is_some() && !reads {
                let _ = out.write_str("    it was locked");
                write_place(place, out);
                let _ = out.write_str("\n");
            }
            return;
        }
        let _ = out.write_str(if reads { "    read by " } else { "    held by " });
        if std::ptr::eq(holder, run) {
            let _ = out.write_str("itself");
        } else if !self.name(holder, out) {
            let _ = out.write_str("somebody");
        }
        if !reads {
            let _ = out.write_str(", locked");
            write_place(place, out);
        }
        let _ = out.write_str("\n");
    }
}

/// "task NAME" or "actor NAME".
pub(crate) fn write_task(task: &Task, out: &mut dyn Write) {
    let _ = out.write_str("task ");
    task.write_name(out);
}

fn explain_scope(scope: &Scope, out: &mut dyn Write) {
    let mut named = 0;
    let count = scope.try_each(MOST, |task| {
        let _ = out.write_str(if named == 0 { "    waits for " } else { ", " });
        write_task(task, out);
        named += 1;
    });
    if named > 0 {
        let rest = count.unwrap_or(named) - named;
        let _ = if rest > 0 { writeln!(out, " and {rest} more") } else { writeln!(out) };
    }
}

/// Calls `see` with the runners that have to go on before a waiter can, each of them. It may leave some out.
///
/// # Safety
/// `what` is what somebody waits for whose node is linked, with the lock of its bucket held.
pub(crate) unsafe fn each_needed(what: &What, most: usize, mut see: impl FnMut(&Runner)) {
    // SAFETY: by contract; who holds a lock that somebody is queued for cannot let go of it without the bucket's lock, and
    // a thread that is waited for cannot end without it.
    unsafe {
        match *what {
            What::Lock(word) => {
                let (holder, _) = holder(word);
                if !holder.is_null() {
                    if_known(holder, see);
                }
            }
            What::Task(task) => see(&(*task).run),
            What::Reply(task) => see(&(*task).run),
            What::Thread(thread) => {
                if let Some(run) = (*thread).runner().as_ref() {
                    see(run);
                }
            }
            What::Scope(scope) => {
                (*scope).try_each(most, |task| see(&task.run));
            }
        }
    }
}

/// Calls `see` with a runner that is a task's or that of a thread of the program: not one that a worker uses for itself, nor one
/// of a guard that was forgotten. Nothing is waited for, so it may be left out.
fn if_known(run: *const Runner, see: impl FnOnce(&Runner)) {
    if let Some(threads) = census::try_threads()
        && threads.iter().any(|thread| std::ptr::eq(thread.runner(), run))
    {
        // SAFETY: a listed thread's runner is valid as long as the list is locked.
        see(unsafe { &*run });
    } else if let Some(tasks) = Look::try_now()
        && let Some(task) = tasks.find(run)
    {
        see(&task.run);
    }
}
