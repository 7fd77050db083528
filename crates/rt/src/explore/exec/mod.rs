//! One execution of a program under exploration: its fibers, who of them stands where, and who goes next.
//!
//! A fiber runs until it stands before a visible operation (`point`), parks, or ends. Before a choice is made, everyone
//! who can get that far without doing anything visible has got there: newly started fibers, woken ones, and those
//! whose next operation is silent. So what is chosen is always one visible operation, and what is behind it up to the
//! next one belongs to it: an *event*. The choice is made on the stack of whoever got there last; if it falls on
//! that one, nothing is switched.
//!
//! An event that others enable without a conflict (a join, a wake-up, a start) names them (`after`). A silent operation,
//! such as an unlock, is told with the event that it belongs to; if the fiber has learnt of others' events since its own
//! began, it gets an event of its own, so that the order between them is not lost.
//!
//! Time is virtual: it stands still, and passes when a wait that has a deadline is chosen to end by it. That is when nobody can
//! go; or when those who can have only polled for long, in vain, as a loop may that waits for somebody who sleeps (`time_is_due`).

mod body;
mod cancel;
mod chance;
mod choose;
mod crowd;
mod event;
mod fibers;
mod maps;
mod marks;
mod names;
mod notes;
mod terms;
mod watch;

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr::{null, null_mut};

use abi::waiting::{Frame, Site};
use explore::{Pending, Strategy, TaskId};

use body::Body;
pub(super) use body::block;
pub(super) use cancel::{cancelling, meets};
use crowd::Crowd;
use event::Events;
pub(super) use fibers::Fiber;
use fibers::State;
use maps::{Addresses, Paths};
pub(super) use marks::{closed, forget, mark, mark_first, receivers_of, shut};
pub(super) use terms::Settings;
pub use terms::Verdict;
use watch::Watch;

use super::access::Touches;
use super::fiber::{Stack, switch};
use super::heap::Heap;
use super::op::{GOT, Looked, Op, TIME_OUT};
use super::trace::{Recorder, Spot, Spots};
use crate::census::{self, Member};
use crate::runner::Runner;
use crate::start::Main;
use crate::sync::AtomicU32;
use crate::task::{self, Task};
use crate::thread::Start;
use crate::wait::{Ended, Outcome as WaitOutcome, Pending as Waiting, Wait};
use crate::{current, random};

/// After this many timers that fire when `main` has ended, the rest is taken for something that goes on for ever.
const TIMERS_AFTER_MAIN: u32 = 100;
/// What a clean-up may take before it is given up.
const CLEANING_STEPS: u64 = 100_000;
/// What a step of the runtime may need of a stack, and the search.
const STACK_FOR_STEPS: usize = 128 << 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Running,
    /// It is over: everyone left is made to unwind, in no particular order.
    Cleaning,
}

/// Everything about the execution under way, and what is kept from one to the next.
pub(super) struct Exec {
    fibers: Vec<Fiber>,
    /// How many of them are in use.
    live: usize,
    current: usize,
    root: *mut u8,
    fresh: Vec<usize>,
    phase: Phase,
    now: i64,
    events: u32,
    steps: u64,
    /// Whom a clean-up came to last.
    cleaned: usize,
    /// Fibers that have ended, and whose stacks others can have.
    done: Vec<usize>,
    /// How often loops have gone round since the last step.
    rounds: u64,
    late_timers: u32,
    /// So many steps in a row were in vain.
    vain: u64,
    /// Steps since time has passed.
    at_one_time: u64,
    /// Nobody but the first fibers, as many as this has bits, has been there: it says who of them stands.
    few: Option<u32>,
    /// Else, those who stand, but for those who are set aside.
    standing: Vec<usize>,
    /// Those who cannot go, by the objects that could change that.
    aside: Addresses<Vec<usize>>,
    /// Those who stand, once they have been many.
    crowd: Crowd,
    crowded: bool,
    /// Fibers by their tasks' numbers.
    by_id: Vec<usize>,
    previous: Option<TaskId>,
    verdict: Option<Verdict>,
    /// What ends the execution at the next choice.
    failure: Option<Verdict>,
    main_ended: bool,
    /// Panics that nobody knows of yet, by where it is kept how their tasks ended.
    unseen: Vec<(usize, String)>,
    parked: Addresses<usize>,
    /// Events that ended somebody, or gave up a channel's sender, by what can be waited for.
    marks: Addresses<Events>,
    /// Names of objects that the ordinary heap holds.
    named: Addresses<u64>,
    /// Names of scopes, by their words.
    scopes: Addresses<u64>,
    heap: Heap,
    pending: Vec<Pending>,
    /// The strategy wants to know all that steps touch, in this execution.
    whole: bool,
    // Kept from one execution to the next.
    /// For who has overflowed its own.
    spare: Stack,
    /// The numbers of tasks by who started them.
    paths: Paths,
    looked: Looked,
    main_member: Box<Member>,
    strategy: *mut dyn Strategy,
    pub(super) settings: Settings,
    pub(super) recorder: Option<Recorder>,
    /// Messages that were left in channels that ended.
    pub(super) unreceived: usize,
    /// What the program has printed.
    pub(super) output: String,
    watch: Watch,
    /// Those who wait for ever, by the watched places where they do.
    pub(super) stuck: Vec<Spots>,
    /// Somebody had a deadline.
    pub(super) timed: bool,
    /// What has been said in panics.
    pub(super) panics: Vec<String>,
    /// The random numbers that are drawn have a start.
    chance_started: bool,
    /// Time has passed while somebody could go, in any execution.
    pub(super) let_pass: bool,
    /// What chance decides of which not all was tried, in any execution.
    pub(super) untried: Option<&'static str>,
}

thread_local! {
    static EXEC: Cell<*mut Exec> = const { Cell::new(null_mut()) };
}

/// The execution under way on this thread, or null.
#[inline]
pub(super) fn exec() -> *mut Exec {
    EXEC.get()
}

impl Exec {
    pub(super) fn new(strategy: *mut dyn Strategy, settings: Settings) -> Exec {
        Exec {
            fibers: Vec::new(),
            live: 0,
            current: 0,
            root: null_mut(),
            fresh: Vec::new(),
            phase: Phase::Running,
            now: 0,
            events: 0,
            steps: 0,
            cleaned: 0,
            done: Vec::new(),
            rounds: 0,
            late_timers: 0,
            vain: 0,
            at_one_time: 0,
            few: Some(0),
            standing: Vec::new(),
            aside: HashMap::default(),
            crowd: Crowd::default(),
            crowded: false,
            by_id: Vec::new(),
            previous: None,
            verdict: None,
            failure: None,
            main_ended: false,
            unseen: Vec::new(),
            parked: HashMap::default(),
            marks: HashMap::default(),
            named: HashMap::default(),
            scopes: HashMap::default(),
            heap: Heap::new(),
            pending: Vec::new(),
            whole: true,
            spare: Stack::new(),
            paths: HashMap::default(),
            looked: Looked::default(),
            main_member: Box::new(Member::unlisted("main")),
            strategy,
            settings,
            recorder: None,
            unreceived: 0,
            output: String::new(),
            watch: Watch::default(),
            stuck: Vec::new(),
            timed: false,
            panics: Vec::new(),
            chance_started: false,
            let_pass: false,
            untried: None,
        }
    }

    /// Whether anybody has been at each of the watched places, in any execution.
    pub(super) fn reached(&self) -> &[bool] {
        &self.watch.reached
    }

    /// Tells from now on who stands at these places.
    pub(super) fn set_watch(&mut self, spots: Vec<Spot>) {
        self.watch = Watch::new(spots);
    }

    /// From now on somebody else chooses.
    pub(super) fn set_strategy(&mut self, strategy: *mut dyn Strategy) {
        self.strategy = strategy;
    }

    /// Runs the program once and says how it ended.
    ///
    /// # Safety
    /// `main` may be called, the strategy is alive and nobody else uses it. Nothing else runs waiting code on this thread.
    pub(super) unsafe fn run(&mut self, main: Main) -> Verdict {
        self.live = 0;
        self.fresh.clear();
        self.done.clear();
        self.phase = Phase::Running;
        // Not the start of time: a program may ask what was a second ago.
        self.now = 1_000_000_000_000;
        (self.events, self.steps, self.late_timers) = (0, 0, 0);
        (self.vain, self.at_one_time) = (0, 0);
        (self.main_ended, self.previous) = (false, None);
        self.few = Some(0);
        self.standing.clear();
        self.aside.clear();
        if std::mem::take(&mut self.crowded) {
            self.crowd.clear();
        }
        (self.verdict, self.failure) = (None, None);
        self.parked.clear();
        self.marks.clear();
        self.unseen.clear();
        self.named.clear();
        self.scopes.clear();
        self.heap.reset();
        self.output.clear();
        self.stuck.clear();
        self.panics.clear();
        self.unreceived = 0;
        (self.timed, self.chance_started) = (false, false);
        // SAFETY: by contract.
        self.whole = unsafe { (*self.strategy).wants_accesses() };
        random::set_state(self.settings.seed);
        census::restart_ids();
        task::restart_ids();
        let member = &raw const *self.main_member;
        let this: *mut Exec = self;
        // SAFETY: by contract; from here on fibers reach the execution by this pointer only, until the last one comes back.
        unsafe {
            (*this).add(Body::Main(main), null_mut(), member);
            EXEC.set(this);
            let first = (*this).fresh.pop().expect("just added");
            (*this).enter(first);
            switch(&raw mut (*this).root, (&(*this).fibers)[first].at);
        }
        EXEC.set(null_mut());
        current::set_task(null());
        current::set_thread(null());
        census::set_current(null());
        let mut all_ended = true;
        for fiber in &mut self.fibers[..self.live] {
            fiber.body = None;
            if fiber.state != State::Ended {
                all_ended = false;
                // Others may still refer to it.
                fiber.own_run.take().map(Box::leak);
            }
        }
        if !all_ended {
            // SAFETY: whoever is still linked is on a stack that nobody will go on with.
            unsafe { crate::wait::LOT.forget_all() };
        }
        self.verdict.take().expect("an execution ends with a verdict")
    }

    pub(super) fn looked(&self) -> Looked {
        self.looked
    }

    pub(super) fn set_looked(&mut self, looked: Looked) {
        self.looked = looked;
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }

    /// The number of the task that runs, for its heap.
    pub(super) fn current_id(&self) -> u32 {
        self.fibers[self.current].id.0
    }

    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    // ---- standing, parking, going on ----

    /// The current fiber is about to do something visible, and stands here until it is its turn.
    ///
    /// # Safety
    /// `this` is the execution under way, of which no reference is alive; what the operation is about is alive.
    pub(super) unsafe fn point(this: *mut Exec, op: Op, parent: *const Frame, timeout: i64) {
        // SAFETY: by contract; no reference lives across `leave`.
        unsafe {
            let top = (&raw const op).addr();
            if (*this).is_near_the_end(top) {
                Exec::overflows(this);
            }
            if !(*this).comes_to(op, parent, timeout) {
                Exec::leave(this);
            }
        }
    }

    /// Whether the current fiber has used up its stack, down to an address.
    fn is_near_the_end(&self, top: usize) -> bool {
        let stack = self.fibers[self.current].stack.as_ref();
        stack.is_some_and(|stack| stack.left(top) < STACK_FOR_STEPS)
    }

    /// The current fiber comes to an operation. Whether it goes on at once; if not, it stands there.
    ///
    /// # Safety
    /// As for `point`.
    unsafe fn comes_to(&mut self, op: Op, parent: *const Frame, timeout: i64) -> bool {
        let me = self.current;
        let own = if timeout < 0 { -1 } else { self.now.saturating_add(timeout) };
        let fiber = &mut self.fibers[me];
        (fiber.op, fiber.parent, fiber.expire, fiber.deadline) = (op, parent, false, -1);
        if op.can_be_interrupted() {
            // SAFETY: a fiber's runner is alive as long as it has not ended.
            let run = unsafe { &*fiber.run };
            fiber.deadline = if run.deadline() < 0 { own } else { run.pending(own).until };
            self.timed |= fiber.deadline >= 0;
        }
        if self.phase == Phase::Cleaning {
            if self.cleans_on(me, op) {
                return true;
            }
        } else {
            self.look(me, op);
            if op.is_silent(self.looked) && self.do_silently(me, op) {
                return true;
            }
            if self.watch.is_on() {
                self.fibers[me].spots = self.watch.at(parent);
            }
            self.fibers[me].state = State::Stands;
            self.stands(me);
            return false;
        }
        self.fibers[me].state = State::Stands;
        false
    }

    /// The current fiber's code has called std there, which has not returned, unless null.
    pub(super) fn is_called_at(&mut self, site: *const Site) {
        let fiber = &mut self.fibers[self.current];
        fiber.here = site;
        fiber.calls += u32::from(!site.is_null());
    }

    /// The current fiber begins something without asking for a turn.
    pub(super) fn begins(&mut self, op: Op, parent: *const Frame) {
        let fiber = &mut self.fibers[self.current];
        (fiber.op, fiber.parent, fiber.expire) = (op, parent, false);
    }

    /// Notes what is looked at for the first time.
    #[inline]
    fn look(&mut self, me: usize, op: Op) {
        if !op.may_look() && !op.can_be_interrupted() {
            return;
        }
        let mut looked = self.looked;
        op.looks(&mut looked);
        if op.can_be_interrupted() && self.is_late(me) {
            // It looks whether it would have to wait, at whatever it is.
            looked.looks_at_all();
        }
        if looked != self.looked {
            self.looked = looked;
            self.failure = Some(Verdict::Restart);
        }
    }

    /// Whether the operation could be done without making anything of it.
    fn do_silently(&mut self, me: usize, op: Op) -> bool {
        // SAFETY: by the contract of `point`.
        if unsafe { op.enabled() } == 0 {
            return false;
        }
        self.learn_of_drops(me, op);
        match op {
            Op::Join(at) => self.learn(me, at),
            Op::Scope { live } => self.learn(me, live.addr()),
            Op::Start | Op::MainEnds | Op::Unheard => {}
            _ if self.fibers[me].open => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.silent(op);
                }
                if self.whole {
                    let mut accesses = std::mem::take(&mut self.fibers[me].now_in.accesses);
                    // SAFETY: by the contract of `point`.
                    unsafe { Touches { exec: self, who: me, taken: true, out: &mut accesses }.of(op, GOT) };
                    self.fibers[me].now_in.accesses = accesses;
                } else {
                    let mut outline = self.fibers[me].now_in.outline;
                    // SAFETY: by the contract of `point`.
                    unsafe { Touches { exec: self, who: me, taken: true, out: &mut outline }.of(op, GOT) };
                    self.fibers[me].now_in.outline = outline;
                }
            }
            _ => return false,
        }
        if op.changes() {
            (self.vain, self.fibers[me].vain) = (0, 0);
        }
        self.touched_by(op, 0);
        true
    }

    /// What the runtime does instead of putting the thread to sleep.
    ///
    /// # Safety
    /// As for `point`; the current fiber's wait has begun.
    pub(super) unsafe fn park(this: *mut Exec, wait: &Wait, pending: Waiting) -> Ended {
        // SAFETY: by contract.
        unsafe {
            let me = (*this).current;
            loop {
                if let Some(ended) = wait.ended_already() {
                    return ended;
                }
                let fiber = &mut (&mut (*this).fibers)[me];
                let run = &*fiber.run;
                let expired = std::mem::replace(&mut fiber.expire, false) && pending.until >= 0;
                let outcome = if run.is_interrupted() {
                    Some(WaitOutcome::Cancelled)
                } else {
                    (expired || pending.until >= 0 && pending.until <= (*this).now).then(|| pending.late())
                };
                if let Some(outcome) = outcome {
                    let claim = match outcome {
                        WaitOutcome::Cancelled => wait.claim_unshielded(),
                        _ => wait.claim(),
                    };
                    if let Some(claim) = claim {
                        let _ = claim.commit(0, outcome);
                        continue;
                    }
                }
                wait.set_parked();
                fiber.state = State::Parked;
                fiber.deadline = pending.until;
                (*this).timed |= pending.until >= 0;
                (*this).parked.insert(wait.address().addr(), me);
                Exec::leave(this);
                (*this).parked.remove(&wait.address().addr());
            }
        }
    }

    /// A parked fiber's wait has been decided.
    pub(super) fn wake(&mut self, wait: *const AtomicU32) {
        if let Some(&index) = self.parked.get(&wait.addr())
            && self.fibers[index].state == State::Parked
        {
            self.note_wake(index);
            if self.whole {
                let known = self.knowledge();
                self.fibers[index].after.extend(known);
            }
            let fiber = &mut self.fibers[index];
            fiber.state = State::Fresh;
            self.fresh.push(index);
        }
    }

    /// A task is started.
    ///
    /// # Safety
    /// As for `sched::spawn`.
    pub(super) unsafe fn spawn(&mut self, task: *mut Task) {
        // SAFETY: by contract: nobody else runs it.
        unsafe {
            Runner::drive_as_thread(&raw mut (*task).run);
            let end = task::end_word(task.cast()).addr();
            self.name_object(end);
            // Of whoever had the same memory before.
            self.marks.remove(&end);
            self.marks.remove(&cancelling(task.addr()));
        }
        self.add(Body::Task(task), task, null());
    }

    /// A thread is started.
    pub(super) fn spawn_thread(&mut self, start: Box<Start>) {
        let member = start.member();
        let end = start.end_word().addr();
        self.name_object(end);
        self.marks.remove(&end);
        self.add(Body::Thread(start), null_mut(), member);
    }

    /// The current fiber has got as far as it can. Goes on with somebody; returns when it is this one's turn.
    ///
    /// # Safety
    /// No reference into the execution is alive.
    unsafe fn leave(this: *mut Exec) {
        // SAFETY: by contract; whoever is switched to uses the execution through its own pointer.
        unsafe {
            let me = (*this).current;
            (*this).rounds = 0;
            (*this).close_event(me);
            let next = (*this).next();
            if next == Some(me) {
                return;
            }
            let to = match next {
                Some(next) => {
                    (*this).enter(next);
                    (&(*this).fibers)[next].at
                }
                None => (*this).root,
            };
            switch(&raw mut (&mut (*this).fibers)[me].at, to);
        }
    }
}

/// The case that the current select is to take, if an execution is under way.
pub(crate) fn chosen_case() -> Option<usize> {
    let this = exec();
    // SAFETY: the execution under way on this thread.
    let case = unsafe { this.as_ref() }.map(|exec| exec.fibers[exec.current].case)?;
    (case < TIME_OUT).then_some(case as usize)
}
