//! The monitor: a thread that looks now and then whether a task keeps its worker for too long while others wait.
//!
//! A turn that has lasted for a whole look is *asked* to end: loops in waiting functions see the word `altru_turns_over` and call
//! `altru_task_check`. If it has not ended by the next look, the task is in code that does not look up (a loop
//! without a wait, a foreign function), and the worker is *replaced*: what was to go first there goes to the
//! injector (all else can be stolen or fired by others anyway), and a spare worker may run. One in a
//! foreign function is replaced without being asked. (A task that sends faster than anybody receives asks itself.) When the turn ends at last, the worker answers, and steps aside if it
//! is one too many. The monitor rests while all workers sleep.

use super::Sched;
use super::worker::Worker;
use crate::sync::{AtomicU32, Ordering, futex_wait, futex_wake};
use crate::{census, clock, current};

/// `Worker::asked`. Set by the monitor, reset by the worker, when a turn ends.
pub(super) const NOT_ASKED: u32 = 0;
const ASKED: u32 = 1;
const REPLACED: u32 = 2;

/// How many tasks there are that are asked to end their turn. Read by generated code.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static altru_turns_over: AtomicU32 = AtomicU32::new(0);

/// The unit in which tasks note when they were started: some 67 ms, so that 27 bits do for a hundred days.
pub(crate) const TICK: u64 = 1 << 26;

static NOW: AtomicU32 = AtomicU32::new(0);

/// The present, for a task that starts: on a worker as of the monitor's last look, which saves asking for the time.
pub(crate) fn tick() -> u32 {
    if super::worker::current().is_some() {
        return NOW.load(Ordering::Relaxed);
    }
    // The first task is none of a worker's, and starts before the monitor looks.
    let now = tick_now();
    NOW.store(now, Ordering::Relaxed);
    now
}

/// The present.
pub(crate) fn tick_now() -> u32 {
    (clock::monotonic().cast_unsigned() / TICK) as u32
}

/// Between looks, in nanoseconds.
const LOOK: i64 = 10_000_000;
const STACK: usize = 256 * 1024;

/// `Monitor::word`.
const NOT_STARTED: u32 = 0;
const LOOKS: u32 = 1;
const RESTS: u32 = 2;

pub(super) struct Monitor {
    word: AtomicU32,
}

impl Monitor {
    pub(super) fn new() -> Monitor {
        Monitor { word: AtomicU32::new(NOT_STARTED) }
    }

    /// A worker has been woken: there is something to look at.
    pub(super) fn attend(&self, sched: &'static Sched) {
        if self.word.load(Ordering::SeqCst) == LOOKS {
            return;
        }
        match self.word.swap(LOOKS, Ordering::SeqCst) {
            NOT_STARTED => {
                let thread = std::thread::Builder::new().name("altru-monitor".into()).stack_size(STACK);
                // Without it all goes well as long as tasks do.
                let _ = thread.spawn(move || run(sched));
            }
            RESTS => futex_wake(&raw const self.word, 1),
            _ => {}
        }
    }

    /// Rests until a worker is woken.
    fn rest(&self, sched: &Sched) {
        self.word.store(RESTS, Ordering::SeqCst);
        // Who wakes a worker changes the state of `idle` first and then looks at the word.
        while self.word.load(Ordering::SeqCst) == RESTS && sched.idle.all_asleep() {
            futex_wait(&self.word, RESTS, -1);
        }
        NOW.store(tick_now(), Ordering::Relaxed);
        self.word.store(LOOKS, Ordering::SeqCst);
    }
}

fn run(sched: &'static Sched) {
    // By worker: the turn at the last look.
    let mut turns: Vec<u32> = Vec::new();
    loop {
        if sched.idle.all_asleep() {
            turns.clear();
            sched.monitor.rest(sched);
        }
        std::thread::sleep(std::time::Duration::from_nanos(LOOK as u64));
        NOW.store(tick_now(), Ordering::Relaxed);
        turns.resize(sched.made(), 0);
        for worker in sched.workers() {
            let turn = worker.turn.load(Ordering::Relaxed);
            // A worker that was made since then is looked at next time.
            let Some(last) = turns.get_mut(worker.index as usize) else { continue };
            if std::mem::replace(last, turn) == turn && turn % 2 == 1 && sched.something_waits(worker) {
                worker.overstays(sched);
            }
        }
    }
}

impl Sched {
    /// Whether anything could run, or time out, if `worker`'s task did not.
    fn something_waits(&self, worker: &Worker) -> bool {
        let now = clock::monotonic();
        worker.has_next() || self.has_work() || self.workers().any(|other| other.next_due() <= now)
    }
}

impl Worker {
    /// Asks for the end of its turn. False: that has been done.
    pub(super) fn ask(&self) -> bool {
        let (set, seen) = (Ordering::AcqRel, Ordering::Relaxed);
        let asked = self.asked.compare_exchange(NOT_ASKED, ASKED, set, seen).is_ok();
        if asked {
            altru_turns_over.fetch_add(1, Ordering::Relaxed);
        }
        asked
    }

    /// Its task has run for a whole look.
    fn overstays(&self, sched: &'static Sched) {
        let native = self.native.load(Ordering::Relaxed) != 0;
        match self.asked.load(Ordering::Relaxed) {
            NOT_ASKED => {
                if !self.ask() || !native {
                    return;
                }
            }
            ASKED => {}
            // What it made ready since then.
            _ => return self.hand_over(sched),
        }
        if sched.idle.exclude() {
            let (set, seen) = (Ordering::AcqRel, Ordering::Relaxed);
            if self.asked.compare_exchange(ASKED, REPLACED, set, seen).is_ok() {
                self.hand_over(sched);
            } else {
                let _ = sched.idle.include();
            }
        }
    }

    fn hand_over(&self, sched: &'static Sched) {
        // The census does not know this thread, which has a task in its hands for a moment.
        census::begin_transit();
        let slot = self.take_slot();
        if slot.is_null() {
            sched.notify()
        } else {
            sched.inject(slot, slot, 1)
        }
        census::end_transit();
        census::check_deadlock();
    }

    /// A turn that was asked to end has ended. True: the worker has been replaced, and is one too many now.
    #[cold]
    pub(super) fn answer(&self, sched: &Sched) -> bool {
        debug_assert!(current::task().is_null());
        let asked = self.asked.swap(NOT_ASKED, Ordering::AcqRel);
        altru_turns_over.fetch_sub(1, Ordering::Relaxed);
        asked == REPLACED && sched.idle.include()
    }
}
