//! A worker: an OS thread that drives tasks.

mod forks;
mod thief;

use std::cell::Cell;
use std::ptr::{null, null_mut};

use abi::waiting::SUSPENDED;

use super::monitor::NOT_ASKED;
use super::ring::Ring;
use super::wheel::Wheel;
use super::{Sched, now, sched};
use crate::runner::Runner;
use crate::sync::global::{AtomicI64, AtomicU64};
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::task::{self, Task};
use crate::timer::Timer;
use crate::wait::{Locked, Outcome, Wakers};
use crate::{census, current, net, signals, trace};
pub(crate) use forks::{parent_of, run_children};
use thief::Seen;

/// As much stack as a thread has: code that does not wait recurses as deep.
const STACK: usize = 8 * 1024 * 1024;
/// How often a worker takes the oldest first, in tasks run. A prime, so that it does not go with a program's rhythm.
const FAIRNESS: u32 = 61;
/// How many tasks are taken from the injector, or stolen, at once.
const SHARE: usize = 64;
/// How many rounds of waiting calls (`Runner::turn_is_over`) a task may make before it lets others run, though none had to wait.
const ROUNDS: u32 = 16;
/// How late a worker looks after other workers' timers.
const OTHERS_TIMERS: i64 = 2_000_000;

#[repr(align(128))]
pub(super) struct Worker {
    pub(super) index: u32,
    /// The oldest of the tasks made ready, if none was in `ready` when it came. Only the worker itself puts one in; the monitor may
    /// take it out.
    slot: AtomicPtr<Task>,
    /// Odd while a task runs; changes with each turn.
    pub(super) turn: AtomicU32,
    /// What the monitor wants of the turn, see `monitor`.
    pub(super) asked: AtomicU32,
    /// The task is in a foreign function that may block.
    pub(super) native: AtomicU32,
    /// How many rounds of waiting calls the task may still begin in this turn. Only the worker itself writes it.
    rounds: AtomicU32,
    /// How many waiting calls its tasks have made. Only the worker itself writes it.
    calls: AtomicU64,
    /// Tasks made ready: first in, first out.
    ready: Ring<Task, false>,
    /// Tasks not begun: last in, first out.
    fresh: Ring<Task, true>,
    /// What thieves saw of `ready` and `turn`.
    seen: Seen,
    wheel: Locked<Wheel>,
    /// When the wheel next has something to do: a hint, exact when the wheel's lock is free.
    due: AtomicI64,
    pub(super) started: AtomicU32,
    /// The census does not count it as active. Set before it registers as asleep, taken by whoever wakes it.
    pub(super) uncounted: Flag,
    own: Own,
}

/// A flag that one sets and one takes.
pub(super) struct Flag(AtomicU32);

impl Flag {
    fn set(&self) {
        self.0.store(1, Ordering::Release);
    }

    pub(super) fn take(&self) -> bool {
        self.0.swap(0, Ordering::AcqRel) == 1
    }
}

/// What only the worker itself uses.
struct Own {
    tick: Cell<u32>,
    searching: Cell<bool>,
    /// How long its last nap as the watcher was, and when.
    nap: Cell<i64>,
    nap_at: Cell<i64>,
    /// How often it will look again as the watcher.
    looks: Cell<u32>,
    /// Where its stack begins, about.
    base: Cell<usize>,
}

// SAFETY: `own` is used by the worker's thread only, `wheel` holds pointers that its lock protects, the rest is atomic.
unsafe impl Sync for Worker {}
// SAFETY: as above; made by one thread, then shared.
unsafe impl Send for Worker {}

thread_local! {
    static WORKER: Cell<*const Worker> = const { Cell::new(null()) };
}

/// The worker that this thread is.
#[inline]
pub(super) fn current() -> Option<&'static Worker> {
    // SAFETY: workers live for ever.
    unsafe { WORKER.get().as_ref() }
}

/// A task has made a round of waiting calls. True: its turn is over, and it should yield.
#[cold]
pub(crate) fn turn_is_over() -> bool {
    current().is_some_and(|worker| {
        let left = worker.rounds.load(Ordering::Relaxed);
        worker.rounds.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    })
}

/// A task has done something of which it should not do more before others have had their turn, if any wait for it here: its
/// next waiting call yields.
#[inline]
pub(crate) fn end_turn() {
    if let Some(worker) = current().filter(|worker| worker.has_next() || worker.has_woken()) {
        worker.end_rounds();
    }
}

/// The same for one that may never make such a call: the end of its loop's round does as well.
#[cold]
pub(crate) fn end_turn_in_loop() {
    if let Some(worker) = current().filter(|worker| worker.has_next() || worker.has_woken()) {
        worker.end_rounds();
        worker.ask();
    }
}

/// Whether the monitor wants the task that runs here to let others run.
pub(crate) fn was_asked() -> bool {
    current().is_some_and(|worker| worker.asked.load(Ordering::Relaxed) != NOT_ASKED)
}

/// A task enters a foreign function that may block, or has left it. Code that does not wait may be called by either.
pub(crate) fn enter_native() {
    if let Some(worker) = current() {
        worker.native.store(1, Ordering::Relaxed);
    }
}

pub(crate) fn leave_native() {
    if let Some(worker) = current() {
        worker.native.store(0, Ordering::Relaxed);
    }
}

/// Starts a worker's thread.
pub(super) fn start(sched: &'static Sched, worker: &'static Worker) {
    signals::install();
    let thread = std::thread::Builder::new().name("altru-worker".to_string()).stack_size(STACK);
    if let Err(error) = thread.spawn(move || worker.run(sched)) {
        let text = format!("cannot start a worker thread: {error}\n");
        crate::stdio::flush_quietly();
        crate::stdio::write_stderr(text.as_bytes());
        crate::exit_now(crate::EXIT_PANIC);
    }
}

impl Worker {
    pub(super) fn new(index: u32) -> Worker {
        Worker {
            index,
            slot: AtomicPtr::new(null_mut()),
            turn: AtomicU32::new(0),
            asked: AtomicU32::new(NOT_ASKED),
            native: AtomicU32::new(0),
            rounds: AtomicU32::new(0),
            calls: AtomicU64::new(0),
            ready: Ring::new(),
            fresh: Ring::new(),
            seen: Seen::new(),
            wheel: Locked::new(Wheel::new(now())),
            due: AtomicI64::new(i64::MAX),
            started: AtomicU32::new(0),
            uncounted: Flag(AtomicU32::new(0)),
            own: Own {
                tick: Cell::new(0),
                // The first notification counts it as searching.
                searching: Cell::new(true),
                nap: Cell::new(0),
                nap_at: Cell::new(0),
                looks: Cell::new(0),
                base: Cell::new(0),
            },
        }
    }

    /// The census counts it from now on, if it did not. It may be told so by two at once, and whoever is told nothing
    /// new must find it counted: so first it is counted, then the flag is taken.
    pub(super) fn count(&self) {
        census::worker_wakes();
        if !self.uncounted.take() {
            census::worker_was_counted();
        }
    }

    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    pub(super) fn has_woken(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether a task waits in the slot.
    pub(super) fn has_next(&self) -> bool {
        !self.slot.load(Ordering::Relaxed).is_null()
    }

    pub(super) fn next_due(&self) -> i64 {
        self.due.load(Ordering::SeqCst)
    }

    // ---- making tasks ready, by the worker itself ----

    /// A new task.
    #[inline]
    pub(super) fn spawn(&self, task: *mut Task) {
        self.queue(task);
        sched().notify();
    }

    /// A task is ready. Alone it is kept from thieves; behind others it can be stolen.
    #[inline]
    pub(super) fn ready(&self, task: *mut Task) {
        if !self.has_next() && !self.has_woken() {
            // Release: the monitor may take it.
            return self.slot.store(task, Ordering::Release);
        }
        self.queue(task);
        sched().notify_woken(self);
    }

    /// Takes what is to go first. The monitor may, too.
    #[inline]
    pub(super) fn take_slot(&self) -> *mut Task {
        if self.slot.load(Ordering::Relaxed).is_null() {
            return null_mut();
        }
        self.slot.swap(null_mut(), Ordering::Acquire)
    }

    /// Puts a task into the ring it belongs to.
    fn queue(&self, task: *mut Task) {
        // SAFETY: a ready task is alive and nobody runs it; this is the worker's own thread.
        let pushed =
            unsafe { if (*task).is_fresh() { self.fresh.push(task) } else { self.ready.push(task) } };
        if let Err(task) = pushed {
            self.overflow(task);
        }
    }

    /// A ring is full: moves half of it, and a task, to the injector.
    #[cold]
    fn overflow(&self, task: *mut Task) {
        // SAFETY: the tasks taken out of the ring are ours to chain.
        unsafe {
            let fresh = (*task).is_fresh();
            let pop = || if fresh { self.fresh.pop_oldest() } else { self.ready.pop_oldest() };
            let half = (if fresh { self.fresh.len() } else { self.ready.len() }) / 2;
            let Some(first) = pop() else {
                return sched().inject(task, task, 1);
            };
            let (mut last, mut count) = (first, 1);
            while count < half as usize
                && let Some(next) = pop()
            {
                (*last).next.set(next);
                (last, count) = (next, count + 1);
            }
            (*last).next.set(task);
            sched().inject(first, task, count + 1);
        }
    }

    // ---- timers ----

    /// # Safety
    /// As for `sched::arm`; this is the worker's own thread.
    pub(super) unsafe fn arm(&self, timer: *mut Timer) {
        let mut wheel = self.wheel.lock();
        // SAFETY: by contract.
        unsafe {
            (*timer).wheel = self.index;
            wheel.insert(timer);
        }
        self.due.store(wheel.next_due(), Ordering::SeqCst);
    }

    /// # Safety
    /// The timer was armed here.
    pub(super) unsafe fn disarm(&self, timer: *mut Timer) {
        let mut wheel = self.wheel.lock();
        // SAFETY: by contract.
        unsafe { wheel.remove(timer) };
        if wheel.is_empty() {
            self.due.store(i64::MAX, Ordering::SeqCst);
        }
    }

    /// Ends the waits in `worker`'s wheel that are due.
    fn fire(&self, worker: &Worker, now: i64) {
        let mut wakers = Wakers::new();
        {
            let mut wheel = worker.wheel.lock();
            wheel.advance(now, &mut wakers);
            worker.due.store(wheel.next_due(), Ordering::SeqCst);
        }
        wakers.wake();
    }

    fn fire_due(&self, sched: &Sched) {
        // Most programs have no timer most of the time: the clock is not asked for nothing.
        if sched.workers().any(|worker| worker.next_due() != i64::MAX) {
            let now = now();
            for worker in sched.workers().filter(|worker| worker.next_due() <= now) {
                self.fire(worker, now);
            }
        }
    }

    // ---- the loop ----

    fn run(&self, sched: &'static Sched) {
        let _alt_stack = signals::enter_thread();
        WORKER.set(self);
        let here = 0u8;
        self.own.base.set((&raw const here).addr());
        trace::worker(self.index);
        loop {
            let task = self.next(sched);
            if self.own.searching.replace(false) && sched.idle.end_search() && sched.has_work() {
                sched.notify();
            }
            self.rounds.store(ROUNDS - 1, Ordering::Relaxed);
            self.next_turn();
            // SAFETY: a task taken from a queue is alive, and ours to drive.
            unsafe {
                (*task).run.begin_round();
                let turn = trace::Turn::begin(&*task, self.index);
                let reason = self.drive(task);
                if let Some(turn) = turn {
                    turn.end(reason);
                }
            }
            self.next_turn();
            if self.asked.load(Ordering::Relaxed) != NOT_ASKED && self.answer(sched) {
                self.step_aside(sched);
            }
        }
    }

    /// Counts the calls that the task has made in its turn, but for those `before`. Gives how many there were in all.
    fn count_calls(&self, run: &Runner, before: u64) -> u64 {
        let rounds = ROUNDS - 1 - self.rounds.load(Ordering::Relaxed);
        let calls = run.calls_in_rounds(rounds);
        let made = self.calls.load(Ordering::Relaxed).wrapping_add(calls.saturating_sub(before));
        self.calls.store(made, Ordering::Relaxed);
        calls
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The task that runs yields at its next waiting call.
    fn end_rounds(&self) {
        self.rounds.store(0, Ordering::Relaxed);
        current::runner().end_round();
    }

    /// A turn begins or ends.
    fn next_turn(&self) {
        self.turn.store(self.turn.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// The worker has been replaced and is one too many now: leaves what it has to the others and sleeps.
    #[cold]
    fn step_aside(&self, sched: &'static Sched) {
        let give = |task: *mut Task| sched.inject(task, task, 1);
        let slot = self.take_slot();
        if !slot.is_null() {
            give(slot);
        }
        while let Some(task) = self.ready.pop_oldest().or_else(|| self.fresh.pop_oldest()) {
            give(task);
        }
        // What others queue from here on is found by those that run; they look once more before they sleep.
        self.sleep(sched, false);
    }

    /// Runs a task until it is suspended or over. Gives the reason of its wait, or 0.
    ///
    /// # Safety
    /// As in `run`.
    unsafe fn drive(&self, task: *mut Task) -> u8 {
        current::set_task(task);
        let mut calls = 0;
        loop {
            // SAFETY: by contract; after `suspend` has succeeded somebody else may drive the task, or have ended it.
            unsafe {
                let status = task::resume(task);
                calls = self.count_calls(&(*task).run, calls);
                if status != SUSPENDED {
                    current::set_task(null());
                    task::finish(task, status);
                    return 0;
                }
                let run = &(*task).run;
                let reason = run.wait.about().0;
                if run.yields(false) {
                    if let Some(claim) = run.wait.claim() {
                        let _ = claim.commit(0, Outcome::Done);
                    }
                    if !run.wait.suspend() {
                        current::set_task(null());
                        self.queue(task);
                        sched().notify_woken(self);
                        return reason;
                    }
                } else if run.wait.suspend() {
                    current::set_task(null());
                    return reason;
                }
            }
        }
    }

    /// The next task to run, after sleeping if need be.
    fn next(&self, sched: &'static Sched) -> *mut Task {
        loop {
            if let Some(task) = self.look(sched) {
                return task;
            }
            if let Some(task) = self.search(sched) {
                return task;
            }
            self.sleep(sched, true);
        }
    }

    /// A task from the worker's own queues, or the injector.
    #[inline]
    fn look(&self, sched: &Sched) -> Option<*mut Task> {
        let tick = self.own.tick.get().wrapping_add(1);
        self.own.tick.set(tick);
        if tick.is_multiple_of(FAIRNESS)
            && let Some(task) = self.look_fairly(sched, tick)
        {
            return Some(task);
        }
        let slot = self.take_slot();
        if !slot.is_null() {
            return Some(slot);
        }
        self.ready
            .pop_oldest()
            // SAFETY: this is the worker's own thread.
            .or_else(|| unsafe { self.fresh.pop_newest() })
            .or_else(|| self.take_injected(sched, SHARE))
    }

    /// What would wait for too long otherwise.
    #[cold]
    fn look_fairly(&self, sched: &Sched, tick: u32) -> Option<*mut Task> {
        self.fire_due(sched);
        self.look_outside(sched);
        if sched.sharing.is_on() {
            sched.sharing.look(sched, now());
        }
        let fresh = || self.fresh.pop_oldest();
        match (tick / FAIRNESS) % 2 {
            0 => self.take_injected(sched, 1).or_else(fresh),
            _ => fresh().or_else(|| self.take_injected(sched, 1)),
        }
    }

    /// Takes a share of the injector: the first to run now, the rest to the rings.
    fn take_injected(&self, sched: &Sched, most: usize) -> Option<*mut Task> {
        let mut first = None;
        // Tasks not begun are run newest first; they were queued oldest first, and only few are taken at once.
        let mut taken = [null_mut::<Task>(); SHARE];
        let mut count = 0;
        sched.injector.pop(sched.limit, most, |task| {
            taken[count] = task;
            count += 1;
        });
        for task in taken[..count].iter().copied() {
            match first {
                None => first = Some(task),
                Some(_) => self.queue(task),
            }
        }
        first
    }

    /// Sleeps until there may be work again, which there may be already if it `looks`. Wakes as a searcher.
    fn sleep(&self, sched: &'static Sched, looks: bool) {
        // What its tasks printed should be seen.
        crate::before_blocking();
        // With a timer of its own it will act by itself, and so counts as active.
        let leaves = self.next_due() == i64::MAX;
        if leaves {
            self.uncounted.set();
        }
        sched.idle.fall_asleep(self.index, self.own.searching.replace(true));
        if looks && sched.has_new_work() && sched.idle.wake_up(self.index) {
            self.uncounted.take();
            return;
        }
        let watches = looks && self.watches(sched);
        if leaves {
            census::worker_sleeps();
        }
        let others = sched.workers().map(Worker::next_due).min().unwrap_or(i64::MAX);
        let mut until = self.next_due().min(others.saturating_add(OTHERS_TIMERS));
        if watches {
            until = until.min(self.nap_ends());
        }
        let until = if until == i64::MAX { -1 } else { until };
        let mut happened = net::Happened::new();
        let polled = net::started()
            .is_some_and(|reactor| sched.idle.poll(self.index, || reactor.wait(until, &mut happened)));
        let notified = !polled && sched.idle.park(self.index, until);
        if !notified {
            // Before others see that it searches.
            self.count();
            if sched.idle.wake_up(self.index) {
                sched.monitor.attend(sched);
            } else {
                sched.idle.park(self.index, -1);
            }
        }
        if watches {
            sched.idle.stop_watching();
        }
        happened.tell();
    }

    /// A look at I/O that does not wait.
    fn look_outside(&self, sched: &Sched) {
        let mut happened = net::Happened::new();
        if let Some(reactor) = net::started()
            && net::is_waited_for()
            && sched.idle.poll_briefly(|| reactor.wait(0, &mut happened))
        {
            happened.tell();
        }
    }
}
