//! Exploration: a program is run again and again, each time with another order of what its threads and tasks do, until every
//! order that matters has been seen or the budget is used up.
//!
//! The program is the same code, and the runtime's objects are the same too. What differs: all threads and tasks are
//! *fibers* of one OS thread (`fiber`); each stops before whatever others can notice (`op`), and a strategy of the
//! `explore` crate chooses who goes on (`exec`); time is virtual, what chance decides is a choice, memory comes from a
//! heap that gives the same addresses each time (`heap`). Code that runs in memory finds the functions of `exports` in
//! place of the ordinary ones, which ask for a choice first. The runtime itself asks [`park`], [`wake`] and the like
//! here where it would put a thread to sleep or start one: places where a look at a thread-local word costs nothing.
//!
//! Nothing of this is reached in an ordinary run.

mod access;
mod exec;
mod exports;
mod fiber;
mod heap;
mod op;
mod overflow;
mod trace;

use std::cell::RefCell;

use ::explore::{Coverage, Strategy};

pub use exec::Verdict;
pub(crate) use exec::chosen_case;
pub use exports::symbols;
pub(crate) use overflow::after_fault;
pub use trace::{Happening, How, Place, Spot, Spots, is_std};

use crate::runner::Runner;
use crate::start::Main;
use crate::sync::AtomicU32;
use crate::task::Task;
use crate::thread::Start;
use crate::wait::{Ended as WaitEnded, Pending, Wait};
use exec::{Exec, Settings, exec};
use op::{Looked, Op};
use trace::Recorder;

/// What to explore, and how far.
pub struct Options {
    /// Makes the strategy; asked again if what was explored turns out to be void (see [`Verdict::Restart`]).
    pub strategy: Box<dyn FnMut() -> Box<dyn Strategy>>,
    /// The most steps of one execution.
    pub most_steps: u64,
    /// Timers may fire as soon as they are due before all others, not only when nobody else can go on.
    pub hasty: bool,
    /// Where the program's random numbers start.
    pub seed: u64,
    /// Called after each execution; `false` ends the exploration.
    pub after: Box<dyn FnMut(&Ended<'_>) -> bool>,
    /// Remember what happens in the last execution.
    pub record: bool,
    /// What steps matter, as an earlier exploration's report says; 0 to find out.
    pub detail: u8,
    /// Places of which is told who stands at them.
    pub watch: Vec<Spot>,
}

/// What came of one execution.
pub struct Ended<'a> {
    pub verdict: &'a Verdict,
    /// What it printed.
    pub output: &'a str,
    /// Those who wait for ever, by where they do.
    pub stuck: &'a [Spots],
    /// Whether anybody has been at each of the watched places, in this exploration.
    pub reached: &'a [bool],
    /// Somebody waited no longer than for some time, or slept.
    pub timed: bool,
    /// Messages that were left in channels that ended.
    pub unreceived: usize,
    /// What has been said in panics, also those that somebody took.
    pub panics: &'a [String],
    /// What steps mattered, as in [`Report::detail`].
    pub detail: u8,
}

/// What came of an exploration.
pub struct Report {
    pub executions: u64,
    /// The last execution's.
    pub verdict: Verdict,
    /// What happened in the last execution, if that was to be recorded.
    pub happened: Vec<Happening>,
    pub strategy: Box<dyn Strategy>,
    /// What steps mattered: a schedule fits only executions with the same detail.
    pub detail: u8,
    /// Timers could fire while others could go, and somebody had one.
    early: bool,
    /// What chance decides outside, and of which not all was tried.
    untried: Option<&'static str>,
}

impl Report {
    /// What was covered. What chance decides is tried as far as it is a choice among few. Timers that fire while others could go have an
    /// order with all that begins or ends a wait for some time, of which the search is not told: then it is never called exhaustive.
    pub fn coverage(&self) -> Coverage {
        match self.strategy.coverage() {
            Coverage::Exhaustive { .. } if self.early => {
                Coverage::Sampled { executions: self.executions, estimate: None }
            }
            Coverage::Exhaustive { traces } if let Some(what) = self.untried => {
                Coverage::Partly { traces, without: what }
            }
            coverage => coverage,
        }
    }
}

thread_local! {
    static OPTIONS: RefCell<Option<Options>> = const { RefCell::new(None) };
    static REPORT: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// The next program that is started on this thread with [`symbols`] is explored.
pub fn prepare(options: Options) {
    OPTIONS.set(Some(options));
}

/// What came of it.
pub fn take_report() -> Option<Report> {
    REPORT.take()
}

/// Explores a program whose `main` this is.
///
/// # Safety
/// It may be called, any number of times.
unsafe fn explore(main: Main, mut options: Options) {
    crate::signals::install();
    crate::signals::enter_again();
    overflow::prepare();
    let mut strategy = (options.strategy)();
    let settings = Settings {
        most_steps: options.most_steps,
        hasty: options.hasty,
        record: options.record,
        seed: options.seed,
    };
    let mut exec = Box::new(Exec::new(&raw mut *strategy, settings));
    exec.set_watch(options.watch);
    exec.set_looked(Looked::from_bits(options.detail));
    let mut executions = 0;
    let mut timed = false;
    let mut verdict = Verdict::Abandoned;
    while strategy.begin() {
        if options.record {
            exec.recorder = Some(Recorder::default());
        }
        exec.set_strategy(&raw mut *strategy);
        // SAFETY: by contract; the strategy is alive.
        verdict = unsafe { exec.run(main) };
        if verdict == Verdict::Restart {
            strategy = (options.strategy)();
            continue;
        }
        executions += 1;
        timed |= exec.timed;
        let ended = Ended {
            verdict: &verdict,
            output: &exec.output,
            stuck: &exec.stuck,
            reached: exec.reached(),
            timed: exec.timed,
            unreceived: exec.unreceived,
            panics: &exec.panics,
            detail: exec.looked().bits(),
        };
        if !(options.after)(&ended) {
            break;
        }
    }
    let happened = exec.recorder.take().map_or(Vec::new(), |recorder| recorder.happened);
    let detail = exec.looked().bits();
    let early = options.hasty && timed || exec.let_pass;
    let untried = exec.untried;
    REPORT.set(Some(Report { executions, verdict, happened, strategy, detail, early, untried }));
}

// ---- what the rest of the runtime asks ----

/// A thread is to sleep until its wait has been decided. `None`: nothing is explored on this thread.
pub(crate) fn park(wait: &Wait, pending: Pending) -> Option<WaitEnded> {
    let this = exec();
    // SAFETY: the execution under way; the caller has no reference into it.
    (!this.is_null()).then(|| unsafe { Exec::park(this, wait, pending) })
}

/// Somebody parked on a word is to go on. False: nothing is explored on this thread.
pub(crate) fn wake(word: *const AtomicU32) -> bool {
    // SAFETY: the execution under way; no other reference into it is alive.
    match unsafe { exec().as_mut() } {
        Some(exec) => {
            exec.wake(word);
            true
        }
        None => false,
    }
}

/// A task is started. False: nothing is explored on this thread.
pub(crate) fn spawn(task: *mut Task) -> bool {
    // SAFETY: the execution under way; the caller starts the task.
    unsafe {
        match exec().as_mut() {
            Some(exec) => {
                exec.spawn(task);
                true
            }
            None => false,
        }
    }
}

/// A thread is started, unless nothing is explored on this one.
pub(crate) fn spawn_thread(start: Box<Start>) -> Result<(), Box<Start>> {
    // SAFETY: the execution under way; no other reference into it is alive.
    match unsafe { exec().as_mut() } {
        Some(exec) => {
            exec.spawn_thread(start);
            Ok(())
        }
        None => Err(start),
    }
}

/// The virtual time, under exploration.
pub(crate) fn now() -> Option<i64> {
    // SAFETY: the execution under way.
    unsafe { exec().as_ref() }.map(Exec::now)
}

/// Memory of the current task's, under exploration.
pub(crate) fn alloc(size: usize, align: usize) -> Option<*mut u8> {
    // SAFETY: the execution under way; no other reference into it is alive.
    let exec = unsafe { exec().as_mut() }?;
    let task = exec.current_id();
    Some(exec.heap().alloc(task, size, align))
}

/// Gives it back. False: nothing is explored on this thread.
///
/// # Safety
/// As for `memory::free`.
pub(crate) unsafe fn free(block: *mut u8, size: usize, align: usize) -> bool {
    // SAFETY: the execution under way; no other reference into it is alive.
    let Some(exec) = (unsafe { exec().as_mut() }) else { return false };
    let task = exec.current_id();
    // SAFETY: by contract.
    unsafe { exec.heap().free(task, block, size, align) };
    true
}

/// Grows or shrinks a block. `None`: nothing is explored on this thread.
///
/// # Safety
/// As for `memory::realloc`.
pub(crate) unsafe fn realloc(
    block: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> Option<*mut u8> {
    let new = alloc(new_size, align)?;
    // SAFETY: by contract; two different blocks.
    unsafe {
        block.copy_to_nonoverlapping(new, old_size.min(new_size));
        free(block, old_size, align);
    }
    Some(new)
}

/// Whether a program is explored on this thread, and runs at the moment.
pub(crate) fn is_on() -> bool {
    !exec().is_null()
}

/// A mutex is about to be waited for, or taken. False: nothing is explored on this thread.
pub(crate) fn before_lock(run: &Runner, word: &AtomicU32, deadline: i64) -> bool {
    let this = exec();
    if this.is_null() {
        return false;
    }
    // SAFETY: the execution under way; the word is alive.
    unsafe {
        let timeout = if deadline < 0 { -1 } else { deadline - (*this).now() };
        Exec::point(this, Op::Lock(std::ptr::from_ref(word).addr()), run.frame(), timeout);
    }
    true
}

/// What a panic says, under exploration. False: it is to be printed.
pub(crate) fn hears_panic(message: &str) -> bool {
    // SAFETY: the execution under way; no other reference into it is alive.
    match unsafe { exec().as_mut() } {
        Some(exec) => {
            exec.note_panic(message);
            true
        }
        None => false,
    }
}
