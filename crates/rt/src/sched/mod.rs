//! The scheduler: a few workers, each with its own queues, that drive all tasks.
//!
//! Started by the first task: a program without tasks has none of this. A worker runs, in this order, tasks made ready,
//! oldest first, then tasks not begun, newest first (so that a tree of tasks is walked in depth and its
//! memory stays in the cache), then what others queued, then what it can steal, oldest first. Now and then it takes the
//! oldest of each first, so that nothing waits for ever. One that was made ready when no other was stays in a *slot* that nobody steals from,
//! so that two tasks that talk to each other stay on one core. `idle` says who sleeps and who is woken, `monitor` what happens to
//! a worker whose task does not come back.
//!
//! Go and tokio run what was woken last first. Then one to whom many send is woken by each of them, and finds one message each time; oldest
//! first it has those of all before it is its turn (`actor_chameneos`: 37 % fewer instructions).

mod idle;
#[cfg(not(loom))]
mod monitor;
mod ring;
#[cfg(not(loom))]
mod sharing;
mod wheel;
#[cfg(not(loom))]
mod worker;

#[cfg(loom)]
pub(crate) use {idle::Idle, ring::Ring};

#[cfg(not(loom))]
pub(crate) use monitor::{TICK, altru_turns_over, tick, tick_now};
#[cfg(not(loom))]
pub(crate) use running::*;
#[cfg(not(loom))]
pub(crate) use worker::{
    end_turn, end_turn_in_loop, enter_native, leave_native, parent_of, run_children, turn_is_over, was_asked,
};

#[cfg(not(loom))]
mod running {
    use std::ptr::null_mut;
    use std::sync::OnceLock;

    use super::idle::Idle;
    use super::monitor::Monitor;
    use super::sharing::Sharing;
    use super::worker::{self, Worker};
    use crate::runner::Runner;
    use crate::sync::{AtomicPtr, AtomicUsize, Ordering};
    use crate::task::Task;
    use crate::timer::Timer;
    use crate::wait::Locked;
    use crate::{census, clock, net, trace};

    const MOST_WORKERS: usize = 1024;
    /// How many workers can be stuck in native code at once before that costs others their turn.
    const SPARES: usize = 512;

    pub(crate) struct Sched {
        /// Made when first needed, in no strict order; null before.
        workers: Box<[AtomicPtr<Worker>]>,
        /// None has been made from here on.
        made: AtomicUsize,
        /// How many are to run at once.
        pub(super) limit: usize,
        pub(super) idle: Idle,
        pub(super) injector: Injector,
        pub(super) monitor: Monitor,
        pub(super) sharing: Sharing,
    }

    static SCHED: OnceLock<Sched> = OnceLock::new();

    /// The scheduler, made now if this is its first use. Its workers are started when there is work for them.
    pub(crate) fn sched() -> &'static Sched {
        SCHED.get_or_init(|| {
            let asked = std::env::var("ALTRU_WORKERS").ok().and_then(|n| n.parse::<usize>().ok());
            let count = asked
                .filter(|n| *n > 0)
                .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
                .unwrap_or(1)
                .min(MOST_WORKERS);
            Sched {
                workers: (0..count + SPARES).map(|_| AtomicPtr::new(null_mut())).collect(),
                made: AtomicUsize::new(0),
                limit: count,
                idle: Idle::new(count as u32, SPARES as u32),
                injector: Injector::new(),
                monitor: Monitor::new(),
                sharing: Sharing::new(),
            }
        })
    }

    /// The scheduler, if there is one.
    pub(crate) fn started() -> Option<&'static Sched> {
        SCHED.get()
    }

    impl Sched {
        /// The workers that have been made.
        #[inline]
        pub(super) fn workers(&self) -> impl Iterator<Item = &'static Worker> {
            // SAFETY: workers live for ever.
            self.workers[..self.made()].iter().filter_map(|w| unsafe { w.load(Ordering::Acquire).as_ref() })
        }

        /// As many have been made, or are being made.
        pub(super) fn made(&self) -> usize {
            self.made.load(Ordering::Acquire)
        }

        pub(super) fn worker(&self, index: usize) -> Option<&'static Worker> {
            // SAFETY: workers live for ever.
            unsafe { self.workers[index].load(Ordering::Acquire).as_ref() }
        }

        /// There is work: sees to it that somebody looks.
        #[inline]
        pub(crate) fn notify(&'static self) {
            if let Some(index) = self.idle.notify(|index| self.count(index)) {
                self.wake(index);
            }
        }

        /// The same for a task that `worker` woke and has no time for just now.
        #[inline]
        pub(super) fn notify_woken(&'static self, worker: &Worker) {
            if let Some(index) = self.idle.notify_woken(|index| self.count(index)) {
                // It will not come before some time has passed.
                worker.mark(now());
                self.wake(index);
            }
        }

        /// Tells the census of a sleeper that is about to be woken.
        #[cold]
        fn count(&'static self, index: u32) {
            match self.worker(index as usize) {
                Some(worker) => worker.count(),
                // One that has not been made yet is not counted either.
                None => census::worker_wakes(),
            }
        }

        #[cold]
        fn wake(&'static self, index: u32) {
            // Nobody else wakes the same one: it was taken out of the sleepers.
            let worker = self.worker(index as usize).unwrap_or_else(|| {
                let worker = Box::leak(Box::new(Worker::new(index)));
                self.workers[index as usize].store(worker, Ordering::Release);
                self.made.fetch_max(index as usize + 1, Ordering::AcqRel);
                worker
            });
            if worker.started.swap(1, Ordering::Relaxed) == 0 {
                worker::start(self, worker);
            } else {
                self.idle.unpark(index, || {
                    if let Some(reactor) = net::started() {
                        reactor.interrupt();
                    }
                });
            }
            self.monitor.attend(self);
        }

        /// Queues a chain of tasks for whoever comes first.
        pub(super) fn inject(&'static self, first: *mut Task, last: *mut Task, count: usize) {
            self.injector.push(first, last, count);
            self.notify();
        }

        /// Whether any queue has a task.
        pub(super) fn has_work(&self) -> bool {
            self.has_new_work() || self.has_woken()
        }

        /// Whether any queue has a task that anybody may take at once.
        pub(super) fn has_new_work(&self) -> bool {
            !self.injector.is_empty() || self.workers().any(Worker::has_fresh)
        }

        /// Whether any worker has tasks that were woken and are not run yet.
        pub(super) fn has_woken(&self) -> bool {
            self.workers().any(Worker::has_woken)
        }

        /// Whether nothing runs and nothing will by itself.
        pub(crate) fn is_quiet(&self) -> bool {
            self.idle.all_asleep()
                && !self.has_work()
                && !net::is_waited_for()
                && self.workers().all(|worker| worker.next_due() == i64::MAX)
        }
    }

    /// A task is made ready by whoever ended its wait.
    pub(crate) fn schedule(task: *const Runner) {
        let task = task.cast_mut().cast::<Task>();
        trace::wakes(task);
        match worker::current() {
            Some(worker) => worker.ready(task),
            None => sched().inject(task, task, 1),
        }
    }

    /// A new task. Unlike one that is made ready it can be stolen at once: it is work of its own.
    pub(crate) fn spawn(task: *mut Task) {
        trace::wakes(task);
        match worker::current() {
            Some(worker) => worker.spawn(task),
            None if crate::explore::spawn(task) => {}
            None => sched().inject(task, task, 1),
        }
    }

    /// The number of the worker that this thread is.
    pub(crate) fn current_worker() -> Option<u32> {
        worker::current().map(|worker| worker.index)
    }

    /// Arms a timer of the task that this worker drives.
    ///
    /// # Safety
    /// It stays where it is until it has fired or is disarmed.
    pub(crate) unsafe fn arm(timer: *mut Timer) {
        let worker = worker::current().expect("tasks run on workers");
        // SAFETY: by contract.
        unsafe { worker.arm(timer) };
    }

    /// # Safety
    /// The timer was armed.
    pub(crate) unsafe fn disarm(timer: *mut Timer) {
        // SAFETY: by contract; `wheel` does not change while it is armed.
        unsafe {
            let worker = sched().worker((*timer).wheel as usize);
            worker.expect("it armed the timer").disarm(timer);
        }
    }

    /// The queue for everyone: of tasks made ready by threads that are no workers, and of what overflows.
    pub(super) struct Injector {
        queue: Locked<Chain>,
        len: AtomicUsize,
    }

    struct Chain {
        first: *mut Task,
        last: *mut Task,
    }

    impl Injector {
        fn new() -> Injector {
            Injector {
                queue: Locked::new(Chain { first: null_mut(), last: null_mut() }),
                len: AtomicUsize::new(0),
            }
        }

        pub(super) fn is_empty(&self) -> bool {
            self.len.load(Ordering::Acquire) == 0
        }

        /// Appends `count` tasks, chained from `first` to `last` by `next`.
        fn push(&self, first: *mut Task, last: *mut Task, count: usize) {
            let mut queue = self.queue.lock();
            // SAFETY: queued tasks are alive, and their `next` belongs to the queue they are in.
            unsafe {
                (*last).next.set(null_mut());
                if queue.first.is_null() {
                    queue.first = first;
                } else {
                    (*queue.last).next.set(first);
                }
            }
            queue.last = last;
            self.len.fetch_add(count, Ordering::Release);
        }

        /// Takes a fair share of the queue, at most `most`, oldest first.
        pub(super) fn pop(&self, sharers: usize, most: usize, mut take: impl FnMut(*mut Task)) {
            if self.is_empty() {
                return;
            }
            let mut queue = self.queue.lock();
            let len = self.len.load(Ordering::Relaxed);
            let share = (len / sharers + 1).min(most).min(len);
            for _ in 0..share {
                let task = queue.first;
                // SAFETY: as in `push`.
                queue.first = unsafe { (*task).next.get() };
                take(task);
            }
            if queue.first.is_null() {
                queue.last = null_mut();
            }
            self.len.fetch_sub(share, Ordering::Release);
        }
    }

    /// The present, for wheels.
    pub(super) fn now() -> i64 {
        clock::monotonic()
    }
}
