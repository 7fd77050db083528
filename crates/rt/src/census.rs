//! Who is alive, and who waits for ever: the record from which a deadlock is told.
//!
//! One word counts the program's live threads and active workers, the threads that are *stuck* (waiting without a deadline,
//! not yet claimed) and those *in transit* (counted as stuck already, but about to wake others: a condvar wait that has
//! still to release its mutex). A worker is active unless it sleeps with no timer pending, and it goes to sleep only when
//! no task can run. So when everyone alive is stuck and nobody is in transit, no thread runs, no task can run, and
//! nobody is left to claim anybody: a deadlock, exactly. Threads that this runtime did not start or enter are not
//! counted and make no claim.

use std::cell::Cell;
#[cfg(not(loom))]
use std::fmt::Write;

use crate::runner::Runner;
use crate::stdio::decimal;
#[cfg(not(loom))]
use crate::sync::global::MutexGuard;
use crate::sync::global::{AtomicU64, Mutex, Ordering, PoisonError};
#[cfg(not(loom))]
use crate::task::{self, Look};
use crate::wait::Reason;
#[cfg(not(loom))]
use crate::who::Who;

const LIVE: u64 = 1;
const STUCK: u64 = 1 << 24;
const TRANSIT: u64 = 1 << 48;
const FIELD: u64 = (1 << 24) - 1;

static COUNTS: AtomicU64 = AtomicU64::new(0);
static NEXT_ID: AtomicU64 = AtomicU64::new(1);
static MEMBERS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// A thread as the runtime knows it.
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// A thread that is there, as long as the list is locked.
pub(crate) struct Entry {
    member: *const Member,
    run: *const Runner,
}
// SAFETY: entries are removed before their member and runner are freed, under the list's lock; what is read of them is
// constant or atomic.
unsafe impl Send for Entry {}

thread_local! {
    static CURRENT: Cell<*const Member> = const { Cell::new(std::ptr::null()) };
    /// The next number of a thread that is explored on this one; 0: nothing is.
    static NEXT_EXPLORED: Cell<u64> = const { Cell::new(0) };
}

impl Member {
    /// A new thread, named or "thread-N". Counted as alive from now on, so that no moment shows everyone stuck
    /// between its creation and its first step.
    pub(crate) fn new(name: &str) -> Member {
        let id = match NEXT_EXPLORED.get() {
            0 => NEXT_ID.fetch_add(1, Ordering::Relaxed),
            id => NEXT_EXPLORED.replace(id + 1),
        };
        // Formatting would take a tenth of the time that a small execution takes under exploration.
        let numbered = || ["thread-", decimal(id, &mut [0; 20])].concat();
        let name = if name.is_empty() { numbered() } else { name.to_string() };
        COUNTS.fetch_add(LIVE, Ordering::SeqCst);
        Member { id, name }
    }

    /// One that is not counted.
    #[cfg(not(loom))]
    pub(crate) fn unlisted(name: &str) -> Member {
        Member { id: 1, name: name.to_string() }
    }

    /// The thread could not be started after all.
    pub(crate) fn never_started(&self) {
        COUNTS.fetch_sub(LIVE, Ordering::SeqCst);
    }
}

/// The threads of an execution that is explored here are numbered as if the program had just begun.
#[cfg(not(loom))]
pub(crate) fn restart_ids() {
    NEXT_EXPLORED.set(2);
}

/// Sets whose turn it is among the explored threads; null: nobody's.
#[cfg(not(loom))]
pub(crate) fn set_current(member: *const Member) {
    CURRENT.set(member);
}

/// Makes `member` the current thread's.
///
/// # Safety
/// `member` and `run`, the thread's own runner, stay valid until `leave`.
pub(crate) unsafe fn enter(member: *const Member, run: *const Runner) {
    CURRENT.set(member);
    MEMBERS.lock().unwrap_or_else(PoisonError::into_inner).push(Entry { member, run });
}

/// The current thread has nothing more to do. If it was the last that could act, that is a deadlock.
pub(crate) fn leave(check: bool) {
    let member = CURRENT.replace(std::ptr::null());
    MEMBERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|m| !std::ptr::eq(m.member, member));
    COUNTS.fetch_sub(LIVE, Ordering::SeqCst);
    if check {
        check_deadlock();
    }
}

/// The current thread, if the runtime knows it.
pub(crate) fn current() -> Option<&'static Member> {
    // SAFETY: the pointer is valid while it is set (`enter`), and only this thread asks.
    CURRENT.try_with(Cell::get).ok().and_then(|member| unsafe { member.as_ref() })
}

/// The current thread's name, for messages.
pub(crate) fn current_name() -> &'static str {
    current().map_or("(foreign)", |member| &member.name)
}

/// The current thread is about to wait without a deadline. Whether it was counted.
pub(crate) fn begin_wait() -> bool {
    if current().is_none() {
        return false;
    }
    COUNTS.fetch_add(STUCK, Ordering::SeqCst);
    true
}

/// Called by the one who claims a counted wait: the waiter can go on.
pub(crate) fn end_wait() {
    COUNTS.fetch_sub(STUCK, Ordering::SeqCst);
}

/// Between `begin_transit` and `end_transit` a thread counted as stuck still acts.
pub(crate) fn begin_transit() {
    COUNTS.fetch_add(TRANSIT, Ordering::SeqCst);
}

pub(crate) fn end_transit() {
    COUNTS.fetch_sub(TRANSIT, Ordering::SeqCst);
}

/// A worker, or a thread that blocks for a task, has something to do (again).
pub(crate) fn worker_wakes() {
    COUNTS.fetch_add(LIVE, Ordering::SeqCst);
}

/// `worker_wakes` was said of one that was counted already.
pub(crate) fn worker_was_counted() {
    COUNTS.fetch_sub(LIVE, Ordering::SeqCst);
}

/// It has no more: a worker goes to sleep, with nothing that could wake it but others. If nobody else can act, that is a deadlock.
pub(crate) fn worker_sleeps() {
    COUNTS.fetch_sub(LIVE, Ordering::SeqCst);
    check_deadlock();
}

/// The threads, which stay as long as the result is kept. `None`: the list is just being changed.
#[cfg(not(loom))]
pub(crate) fn try_threads() -> Option<MutexGuard<'static, Vec<Entry>>> {
    MEMBERS.try_lock().ok()
}

/// Calls `body` with all threads, which stay meanwhile.
#[cfg(not(loom))]
pub(crate) fn with_threads<R>(body: impl FnOnce(&[Entry]) -> R) -> R {
    body(&MEMBERS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Ends the process with a report if everyone alive is stuck.
pub(crate) fn check_deadlock() {
    let counts = COUNTS.load(Ordering::SeqCst);
    let (live, stuck, transit) = (counts & FIELD, counts >> 24 & FIELD, counts >> 48);
    if live > 0 && stuck >= live && transit == 0 {
        report_deadlock();
    }
}

#[cfg(not(loom))]
impl Entry {
    pub(crate) fn runner(&self) -> *const Runner {
        self.run
    }

    pub(crate) fn name(&self) -> &str {
        // SAFETY: as in `describe`.
        unsafe { &(*self.member).name }
    }

    /// Lines about a thread that stays in the list meanwhile. `stuck`: it waits, or is just about to.
    pub(crate) fn describe(&self, stuck: bool, who: &Who, out: &mut dyn Write) {
        // SAFETY: listed members and runners are valid under the list's lock.
        let (member, run) = unsafe { (&*self.member, &*self.run) };
        if !stuck && !run.wait.is_parked() {
            let _ = writeln!(out, "  thread {} runs", member.name);
            return;
        }
        let _ = writeln!(out, "  thread {} waits {}", member.name, describe(run.wait.about().0));
        run.wait.look(|| {
            // SAFETY: the frames of a parked thread are valid, and it does not go on while it is looked at.
            unsafe {
                who.explain(run, out);
                crate::chain::write(run.frame(), "in", out);
            }
        });
    }
}

/// Writes who is there and what each does, while they go on: from a signal handler, so nothing is waited for.
#[cfg(not(loom))]
pub(crate) fn describe_all(out: &mut dyn Write) {
    let members = MEMBERS.try_lock();
    let threads = members.as_ref().map_or(&[][..], |members| members.as_slice());
    let tasks = Look::try_now();
    let who = Who::new(threads, tasks.as_ref());
    if members.is_err() {
        let _ = writeln!(out, "  (threads are just starting or ending: ask again)");
    }
    threads.iter().for_each(|entry| entry.describe(false, &who, out));
    task::describe_all(&who, tasks.as_ref(), out);
}

#[cold]
fn report_deadlock() -> ! {
    // One of those who see it tells; the others stay stuck.
    static TOLD: Mutex<()> = Mutex::new(());
    let _told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let text = describe_deadlock();
    crate::stdio::flush_quietly();
    crate::stdio::write_stderr(text.as_bytes());
    crate::exit_now(crate::EXIT_PANIC)
}

#[cfg(not(loom))]
fn describe_deadlock() -> String {
    // The others are parked, but one may still be on its way there inside a short lock of its own.
    let members = MEMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    let tasks = Look::try_now();
    let who = Who::new(&members, tasks.as_ref());
    let mut of_tasks = String::new();
    task::describe_all(&who, tasks.as_ref(), &mut of_tasks);
    let everyone = if of_tasks.is_empty() { "thread" } else { "thread and task" };
    let mut text = format!("deadlock: every {everyone} is waiting, and nobody is left to wake one of them\n");
    members.iter().for_each(|entry| entry.describe(true, &who, &mut text));
    text.push_str(&of_tasks);
    text
}

#[cfg(loom)]
fn describe_deadlock() -> String {
    "deadlock\n".to_string()
}

/// "for a mutex"
pub(crate) fn describe(reason: u8) -> &'static str {
    const TEXTS: [(Reason, &str); 17] = [
        (Reason::Lock, "for a mutex"),
        (Reason::ReadLock, "to read behind a read-write lock"),
        (Reason::WriteLock, "to write behind a read-write lock"),
        (Reason::Condvar, "for a condition to be notified"),
        (Reason::Semaphore, "for a permit of a semaphore"),
        (Reason::Event, "for an event to be set"),
        (Reason::Join, "for a thread or task to end"),
        (Reason::Word, "for others at a barrier, a wait group or a `Once`"),
        (Reason::Send, "for room in a channel"),
        (Reason::Recv, "for a message on a channel"),
        (Reason::Select, "in a select"),
        (Reason::Scope, "for the tasks of its scope to end"),
        (Reason::Sleep, "for a time to pass"),
        (Reason::Yield, "for its turn"),
        (Reason::System, "for the operating system"),
        (Reason::Io, "for a socket or a pipe"),
        (Reason::Reply, "for an actor"),
    ];
    TEXTS.iter().find(|(r, _)| *r as u8 == reason).map_or("to go on", |(_, text)| text)
}
