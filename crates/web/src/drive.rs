//! Running Rust futures: in a wait of Altru code, or as a task of their own.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{NonNull, null};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll, Wake};
use std::time::{Duration, Instant};

use abi::waiting::{Context, Frame, TaskEntry};

use rt::embed::{
    Ended, Machine, Reason, Runner, Step, Task, Wakers, WordNode, adopt, begin_io, end_io, monotonic, runner,
    word_changed, word_lock,
};

/// How often a future that wakes itself is polled in a row before others get their turn.
const TURNS: u32 = 16;

/// A future that runs by itself.
pub(super) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What all wakers of one future share.
pub(super) struct Alarm {
    /// Counted up by each wake.
    word: AtomicU32,
    /// Its timers, few: their moment, a number of their own, and whom they wake.
    timers: Mutex<Vec<(i64, u64, task::Waker)>>,
    /// The moment of the first one, which may be over; -1 if there is none. Written under the lock.
    next: AtomicI64,
}

thread_local! {
    /// The alarm of the future that this thread polls.
    static POLLED: Cell<*const Arc<Alarm>> = const { Cell::new(null()) };
}

impl Wake for Alarm {
    fn wake(self: Arc<Alarm>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Alarm>) {
        let mut wakers = Wakers::new();
        word_changed(&self.word, &mut wakers);
        wakers.wake();
    }
}

impl Alarm {
    pub(super) fn new() -> Arc<Alarm> {
        Arc::new(Alarm { word: AtomicU32::new(0), timers: Mutex::default(), next: AtomicI64::new(-1) })
    }

    fn with<R>(&self, change: impl FnOnce(&mut Vec<(i64, u64, task::Waker)>) -> R) -> R {
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        let given = change(&mut timers);
        let first = timers.iter().map(|timer| timer.0).min();
        self.next.store(first.unwrap_or(-1), Ordering::Relaxed);
        given
    }

    fn set(&self, at: i64, number: u64, waker: &task::Waker) {
        self.with(|timers| match timers.iter_mut().find(|timer| timer.1 == number) {
            Some(timer) => timer.2.clone_from(waker),
            None => timers.push((at, number, waker.clone())),
        });
    }

    fn unset(&self, number: u64) {
        // Dropped without the lock.
        let _waker = self.with(|timers| {
            let at = timers.iter().position(|timer| timer.1 == number)?;
            Some(timers.swap_remove(at))
        });
    }

    /// Wakes what is due.
    fn ring(&self) {
        let now = monotonic();
        let is_due = |timer: &mut (i64, u64, task::Waker)| timer.0 <= now;
        let due: Vec<_> = self.with(|timers| timers.extract_if(.., is_due).collect());
        due.into_iter().for_each(|(_, _, waker)| waker.wake());
    }

    /// The moment of the next timer, which may be over; -1 if there is none.
    fn next(&self) -> i64 {
        // Set by this thread, while it polled, or about to be dropped by another one: then it is woken for nothing.
        self.next.load(Ordering::Relaxed)
    }
}

/// Polls a future to its end, waiting in between. It stays where it is once it has begun, as pinning asks for.
pub(super) struct Drive<F> {
    alarm: Arc<Alarm>,
    waker: task::Waker,
    on: WordNode,
    /// Whether the wait under way is for a wake, and not just for its turn.
    counted: bool,
    future: F,
}

impl<F: Future> Drive<F> {
    /// `alarm` is that of earlier calls if wakers of theirs may still be about.
    pub(super) fn new(future: F, alarm: Arc<Alarm>) -> Drive<F> {
        // The alarm lives as long as the machine.
        let on = WordNode::new(&raw const alarm.word, 0);
        let waker = task::Waker::from(alarm.clone());
        Drive { alarm, waker, on, counted: false, future }
    }

    /// # Safety
    /// The machine does not move any more.
    unsafe fn poll(&mut self, run: &Runner) -> Option<Poll<F::Output>> {
        let mut cx = task::Context::from_waker(&self.waker);
        let before = POLLED.replace(&raw const self.alarm);
        // SAFETY: by contract.
        let future = unsafe { Pin::new_unchecked(&mut self.future) };
        let polled = catch_unwind(AssertUnwindSafe(|| future.poll(&mut cx)));
        POLLED.set(before);
        match polled {
            Ok(polled) => Some(polled),
            Err(caught) => {
                adopt(run, caught);
                None
            }
        }
    }
}

impl<F: Future<Output: Copy>> Machine for Drive<F> {
    type Out = F::Output;
    const NAME: &'static str = "HTTP";

    unsafe fn step(&mut self, run: &Runner, _: i64, ended: Option<Ended>) -> Step<F::Output> {
        if let Some(Ended { outcome, .. }) = ended {
            if std::mem::take(&mut self.counted) {
                end_io();
                if outcome.is_withdrawal() {
                    self.on.withdraw(|_, _, _| {});
                }
            }
            if outcome.interrupts() {
                return Step::Unwind;
            }
            if outcome.is_withdrawal() {
                self.alarm.ring();
            }
        }
        let mut turns = 0;
        loop {
            // Acquire pairs with the release in `word_changed`: who was woken sees what it was woken for.
            let seen = self.on.word().load(Ordering::Acquire);
            // SAFETY: by the machine's contract.
            match unsafe { self.poll(run) } {
                Some(Poll::Ready(out)) => return Step::Ready(out),
                Some(Poll::Pending) => {}
                None => return Step::Unwind,
            }
            let until = self.alarm.next();
            let queue = word_lock(self.on.word());
            if self.on.word().load(Ordering::Acquire) == seen {
                begin_io();
                self.counted = true;
                // SAFETY: the machine stays where it is.
                return unsafe { self.on.wait(run, queue, Reason::Io, until) };
            }
            drop(queue);
            turns += 1;
            if turns >= TURNS && run.is_task() {
                run.yields(true);
                return Step::Pending(run.begin(Reason::Yield, 0, 1, -1));
            }
        }
    }
}

/// Waits for a future as a waiting function of the runtime.
///
/// # Safety
/// As for `wait::run`.
pub(super) unsafe fn run<F: Future<Output: Copy>>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut F::Output,
    future: F,
) -> i32 {
    // SAFETY: by contract.
    unsafe { run_with(cx, parent, out, future, Alarm::new()) }
}

/// The same with an alarm that outlives the call.
///
/// # Safety
/// As for `wait::run`.
pub(super) unsafe fn run_with<F: Future<Output: Copy>>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut F::Output,
    future: F,
    alarm: Arc<Alarm>,
) -> i32 {
    // The deadline is never reached: it makes room in the frame for timers.
    // SAFETY: by contract.
    unsafe { rt::embed::run(cx, parent, out, Drive::new(future, alarm), i64::MAX) }
}

// ---- by itself ----

static ENTRY: TaskEntry = TaskEntry {
    start,
    drop_env: Some(drop_job),
    drop_out: None,
    env_size: size_of::<Job>(),
    env_align: align_of::<Job>(),
    out_size: 0,
    out_align: 1,
    arena: size_of::<Drive<Job>>() + 256,
    name_ptr: NAME.as_ptr(),
    name_len: NAME.len(),
    location: null(),
};
const NAME: &str = "HTTP connection";

unsafe extern "C" fn start(
    cx: *mut Context,
    parent: *mut Frame,
    _how: i32,
    env: *mut u8,
    _out: *mut u8,
) -> i32 {
    // SAFETY: called once, with the job that `spawn` has left; there is no result.
    unsafe {
        let job = env.cast::<Job>().read();
        run(cx, parent, NonNull::dangling().as_ptr(), job)
    }
}

unsafe extern "C-unwind" fn drop_job(env: *mut u8) {
    // SAFETY: the job of a task that was never started.
    unsafe { env.cast::<Job>().drop_in_place() };
}

/// Starts a future as a task of its own. The deadline around is for who asks, not for what others may use later.
pub(super) fn spawn(job: Job) {
    let around = runner();
    let deadline = around.deadline();
    around.set_deadline(-1);
    // SAFETY: a constant; the job is put where the closure goes, and the task is started once.
    unsafe {
        let task = Task::new(&raw const ENTRY);
        (*task).values().cast::<Job>().write(job);
        Task::start(task, null());
        Task::release(task);
    }
    around.set_deadline(deadline);
}

/// hyper's executor.
#[derive(Clone, Copy)]
pub(super) struct Tasks;

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        spawn(Box::pin(future));
    }
}

// ---- timers ----

static NEXT_TIMER: AtomicU64 = AtomicU64::new(0);

/// Ready from a moment on. Set in the alarm of the future that polls it.
pub(super) struct Sleep {
    at: i64,
    number: u64,
    set: Option<Arc<Alarm>>,
}

impl Sleep {
    pub(super) fn new(time: Duration) -> Sleep {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let at = monotonic().saturating_add(nanos);
        Sleep { at, number: NEXT_TIMER.fetch_add(1, Ordering::Relaxed), set: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        if monotonic() >= self.at {
            return Poll::Ready(());
        }
        // SAFETY: null, or the alarm of the machine that polls right now.
        if let Some(alarm) = unsafe { POLLED.get().as_ref() } {
            if self.set.as_ref().is_some_and(|set| !Arc::ptr_eq(set, alarm)) {
                self.unset();
            }
            alarm.set(self.at, self.number, cx.waker());
            self.set.get_or_insert_with(|| alarm.clone());
        }
        Poll::Pending
    }
}

impl Sleep {
    fn unset(&mut self) {
        if let Some(alarm) = self.set.take() {
            alarm.unset(self.number);
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.unset();
    }
}

impl hyper::rt::Sleep for Sleep {}

/// hyper's timer.
#[derive(Clone, Copy)]
pub(super) struct Clock;

impl hyper::rt::Timer for Clock {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Sleep::new(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep(deadline.saturating_duration_since(Instant::now()))
    }
}
