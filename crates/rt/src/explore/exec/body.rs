//! What fibers run: `main`, a task, a thread; and how all of it is ended.

use std::ptr::{null, null_mut};

use abi::waiting::ENTER;
use explore::Outcome;

use super::super::fiber::switch;
use super::super::op::Op;
use super::{Exec, State, Verdict, exec};
use crate::call::Entry;
use crate::runner::Runner;
use crate::start::Main;
use crate::task::{self, Task};
use crate::thread::{self, Start};
use crate::{current, panic};

/// How often loops may go round without anything visible in between, before that is taken for an endless loop.
const MOST_ROUNDS: u64 = 50_000_000;
const ROUNDS_CLEANING: u64 = 1_000;

pub(super) enum Body {
    Main(Main),
    Task(*mut Task),
    Thread(Box<Start>),
}

/// What a fiber runs.
pub(super) extern "C" fn start() -> ! {
    let this = exec();
    // SAFETY: a fiber is entered while the execution is under way; no reference lives across waiting code.
    unsafe {
        let me = (*this).current;
        let body = (&mut (*this).fibers)[me].body.take();
        match body.expect("a fiber starts once") {
            Body::Main(main) => run_main(this, main),
            Body::Task(task) => run_task(this, task),
            Body::Thread(start) => run_thread(this, start),
        }
        (&mut (*this).fibers)[me].state = State::Ended;
        (*this).done.push(me);
        Exec::leave(this);
    }
    unreachable!("a fiber that has ended does not go on")
}

/// What `altru_thread_block` is under exploration: a task's destructor waits on a runner of its own, since the one of
/// the thread that drives all fibers would be used by several at once.
///
/// # Safety
/// As the list in `abi` says.
pub(in crate::explore) unsafe extern "C-unwind" fn block(entry: Entry, env: *mut u8) {
    let this = exec();
    // SAFETY: the fiber that calls is the current one of the execution under way, also when it comes back.
    unsafe {
        let me = (*this).current;
        let fiber = &mut (&mut (*this).fibers)[me];
        if fiber.own_run.is_some() {
            return crate::call::altru_thread_block(entry, env);
        }
        let _back = Back { this, me, run: fiber.run };
        let run = Box::new(Runner::new(false));
        fiber.run = &raw const *run;
        fiber.own_run = Some(run);
        current::set_thread(fiber.run);
        crate::call::altru_thread_block(entry, env);
    }
}

/// Gives a fiber its task's runner back.
struct Back {
    this: *mut Exec,
    me: usize,
    run: *const Runner,
}

impl Drop for Back {
    fn drop(&mut self) {
        // SAFETY: made by `block`, which has not returned.
        let fiber = unsafe { &mut (&mut (*self.this).fibers)[self.me] };
        fiber.run = self.run;
        fiber.own_run = None;
        current::set_thread(null());
    }
}

/// # Safety
/// As for `start`.
unsafe fn run_main(this: *mut Exec, main: Main) {
    let run = current::thread();
    let mut result = 0;
    // SAFETY: by the contract of `Exec::run`; the context is this fiber's own.
    unsafe {
        let status = main(run.context(), null_mut(), ENTER, &raw mut result);
        Exec::point(this, Op::MainEnds, null(), -1);
        (*this).main_ended = true;
        let failure = match panic::take(run) {
            Some(payload) => Some(Verdict::Panicked(payload.described())),
            None if status == abi::waiting::DONE && result != 0 => Some(Verdict::Exited(result)),
            None => None,
        };
        if (*this).is_running() && (*this).failure.is_none() {
            (*this).failure = failure;
        }
    }
}

/// # Safety
/// As for `start`; the task is this fiber's to run.
unsafe fn run_task(this: *mut Exec, task: *mut Task) {
    // SAFETY: by contract: the run owns the task until `finish`.
    unsafe {
        let status = task::resume(task);
        let (scope, panicked) = ((*task).scope_live(), (*task).panic_message());
        if let Some(message) = &panicked
            && scope.is_null()
            && (*task).is_detached()
        {
            Exec::point(this, Op::Unheard, null(), -1);
            (*this).note_unseen_panic(message);
        }
        let end = task::end_word(task.cast()).addr();
        let fails = panicked.is_some() && !scope.is_null();
        Exec::point(this, Op::End { end, scope: scope.addr(), fails }, null(), -1);
        (*this).mark(end);
        if !scope.is_null() {
            (*this).mark(scope.addr());
        }
        (*this).note_end();
        task::finish(task, status);
        if fails {
            // Its siblings have been cancelled.
            (*this).look_at_all_again();
        }
        // It may be gone.
        let me = (*this).current;
        (&mut (*this).fibers)[me].task = null_mut();
        current::set_task(null());
    }
}

/// # Safety
/// As for `start`.
unsafe fn run_thread(this: *mut Exec, start: Box<Start>) {
    // SAFETY: by contract.
    unsafe {
        let end = start.end_word().addr();
        let panicked = thread::run_body(&start, current::thread());
        if let Some(message) = panicked.filter(|_| start.is_detached()) {
            Exec::point(this, Op::Unheard, null(), -1);
            (*this).note_unseen_panic(&message);
        }
        Exec::point(this, Op::End { end, scope: 0, fails: false }, null(), -1);
        (*this).mark(end);
        (*this).note_end();
        start.end();
    }
}

impl Exec {
    /// A loop in code that may wait goes round once more.
    ///
    /// # Safety
    /// As for `Exec::leave`.
    pub(in crate::explore) unsafe fn goes_round(this: *mut Exec) {
        // SAFETY: by contract.
        unsafe {
            (*this).rounds += 1;
            let most = if (*this).is_running() { MOST_ROUNDS } else { ROUNDS_CLEANING };
            if (*this).rounds > most {
                Exec::stop(this, Verdict::TooLong);
            }
        }
    }

    /// The current fiber has overflowed its stack.
    ///
    /// # Safety
    /// As for `Exec::leave`.
    pub(in crate::explore) unsafe fn overflows(this: *mut Exec) -> ! {
        const MESSAGE: &str = "stack overflow";
        // SAFETY: by contract.
        unsafe {
            (*this).note_panic(MESSAGE);
            Exec::stop(this, Verdict::Panicked(MESSAGE.to_string()))
        }
    }

    /// Where whoever has overflowed its stack with an access to this address can go on, if somebody has.
    pub(in crate::explore) fn spare_stack(&self, address: usize) -> Option<usize> {
        let stack = self.fibers[self.current].stack.as_ref()?;
        stack.is_beyond(address).then(|| self.spare.top())
    }

    /// Ends the execution where it is; nobody goes on, and nothing is cleaned up.
    ///
    /// # Safety
    /// As for `Exec::leave`.
    pub(in crate::explore) unsafe fn stop(this: *mut Exec, verdict: Verdict) -> ! {
        // SAFETY: by contract.
        unsafe {
            let me = (*this).current;
            (*this).close_event(me);
            if (*this).is_running() {
                (*this).tell_end(Outcome::Cut);
            }
            (*this).verdict.get_or_insert(verdict);
            switch(&raw mut (&mut (*this).fibers)[me].at, (*this).root);
        }
        unreachable!("an execution that was stopped does not go on")
    }
}
