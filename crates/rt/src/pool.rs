//! Threads for what blocks in the operating system, so that no worker does: files, names, the status of child processes.
//!
//! A task hands its call over and is suspended until it is done. The call cannot be taken back, and it uses the
//! task's memory, so the wait is shielded: a cancellation is delivered at the next one. Threads are started as they are
//! needed, up to a limit, and end when they have had nothing to do for a while. An OS thread makes the call itself.

use std::collections::VecDeque;
use std::ptr::null;
use std::sync::Condvar;
use std::time::Duration;

use abi::waiting::{Context, DONE, Frame};

use crate::runner::Runner;
use crate::sync::global::{Mutex, PoisonError};
use crate::wait::{self, Ended, Machine, Outcome, Reason, Step, Wait};
use crate::{census, signals};

/// A disk or a child process gains nothing from more at once.
const MOST_THREADS: usize = 256;
const IDLE: Duration = Duration::from_secs(10);

/// A call that waits for a thread, in the leaf frame of its task.
struct Job {
    run: unsafe fn(*mut Job),
    wait: *const Wait,
}

struct JobPtr(*mut Job);
// SAFETY: a job's frame stays where it is until the job is done, and nobody else uses it meanwhile.
unsafe impl Send for JobPtr {}

struct Pool {
    jobs: VecDeque<JobPtr>,
    threads: usize,
    /// Threads that wait for a job.
    idle: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { jobs: VecDeque::new(), threads: 0, idle: 0 });
static MORE: Condvar = Condvar::new();

fn submit(job: *mut Job) {
    // The task is not stuck: a thread of the pool will act for it.
    census::worker_wakes();
    let start = {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.jobs.push_back(JobPtr(job));
        let start = pool.jobs.len() > pool.idle && pool.threads < MOST_THREADS;
        pool.threads += usize::from(start);
        start
    };
    if start {
        let thread = std::thread::Builder::new().name("altru-blocking".to_string());
        if thread.spawn(work).is_err() {
            let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
            pool.threads -= 1;
            if pool.threads == 0
                && let Some(job) = pool.jobs.pop_back()
            {
                // Nobody else will: the worker has to.
                drop(pool);
                perform(job);
            }
        }
    } else {
        MORE.notify_one();
    }
}

fn work() {
    let _alt_stack = signals::enter_thread();
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(job) = pool.jobs.pop_front() {
            drop(pool);
            perform(job);
            pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        pool.idle += 1;
        let (back, timeout) = MORE.wait_timeout(pool, IDLE).unwrap_or_else(PoisonError::into_inner);
        pool = back;
        pool.idle -= 1;
        if timeout.timed_out() && pool.jobs.is_empty() {
            pool.threads -= 1;
            return;
        }
    }
}

fn perform(JobPtr(job): JobPtr) {
    // SAFETY: the frame is there until the wait is committed, which is done last.
    unsafe {
        let wait = (*job).wait;
        ((*job).run)(job);
        // Shielded and without a deadline, nobody else can have claimed it.
        if let Some(claim) = (*wait).claim() {
            claim.commit(0, Outcome::Done).wake();
        }
    }
    census::worker_sleeps();
}

/// A call on a thread of the pool.
#[repr(C)]
struct Blocking<F, R> {
    job: Job,
    call: Option<F>,
    result: Option<R>,
}

impl<F: FnOnce() -> R, R> Blocking<F, R> {
    /// # Safety
    /// `job` is the start of one of these, which nobody else uses.
    unsafe fn run(job: *mut Job) {
        // SAFETY: by contract.
        let this = unsafe { &mut *job.cast::<Self>() };
        this.result = this.call.take().map(|call| call());
    }
}

impl<F: FnOnce() -> R, R: Copy> Machine for Blocking<F, R> {
    type Out = R;
    const NAME: &'static str = "call of the operating system";

    unsafe fn step(&mut self, run: &Runner, _deadline: i64, ended: Option<Ended>) -> Step<R> {
        if ended.is_none() {
            run.shield(1);
            let pending = run.begin(Reason::System, 0, 1, -1);
            self.job.wait = &raw const run.wait;
            submit((&raw mut *self).cast());
            return Step::Pending(pending);
        }
        run.shield(-1);
        match self.result {
            Some(result) => Step::Ready(result),
            None => unreachable!("the job is done"),
        }
    }
}

/// Makes a call that may block: here on a thread, in the pool for a task.
///
/// # Safety
/// As for `wait::run`; what the call uses is valid until it is over.
pub(crate) unsafe fn block<R: Copy, F: FnOnce() -> R>(
    cx: *mut Context,
    parent: *mut Frame,
    result: *mut R,
    call: F,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        if !Runner::of(cx).is_task() {
            result.write(call());
            return DONE;
        }
        let job = Job { run: Blocking::<F, R>::run, wait: null() };
        wait::run(cx, parent, result, Blocking { job, call: Some(call), result: None }, -1)
    }
}
