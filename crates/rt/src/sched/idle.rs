//! Who of the workers sleeps, who searches for work, and who is woken when there is some.
//!
//! # No work is left behind
//!
//! Whoever makes a task visible in a queue calls `notify`, which wakes a sleeper unless somebody searches already. A worker
//! that found nothing stops searching and registers as a sleeper, *then* looks at every queue once more, and only then
//! sleeps. Between "queue, look at the state" on one side and "state, look at the queues" on the other stand sequentially
//! consistent fences, so one sees the other. A searcher that finds something calls `notify` in turn if it was the
//! last searcher, since there may be more where that came from.
//!
//! # A searcher is counted
//!
//! Whoever has made work and sees a searcher leaves the work to it, and may go to sleep or be stuck the next moment. So the
//! census, which calls it a deadlock when nobody is left, has to know of a searcher before anybody can see it:
//! it is told first (`count`; `Worker::sleep`), then the state changes.
//!
//! # Who was woken stays
//!
//! A task that was made ready talks to the one that woke it, or did a moment ago: it is better run by the same worker soon than by
//! another one at once, which costs a trip through the kernel and makes both fetch each other's memory. So thieves leave such
//! tasks alone until they have waited for a while, or it has turned out that to share them pays (`sharing`). A worker that finds nothing but those becomes the
//! *watcher*: it sleeps, but only for a while, then looks again. While there is one, `notify_woken` wakes nobody.
//! Whoever queues such a task looks for a watcher after that, and a watcher gives the role up before it looks at the queues:
//! so one sees the other here as well.
//!
//! # Spares
//!
//! There are more workers than should run at once; the rest sleep, like those that find nothing to do, and are not woken. One
//! whose task is stuck in native code (`monitor`) does not count as running, so that another takes its place; when
//! it comes back there is one too many, and it steps aside.
//!
//! # Who asks the kernel for I/O
//!
//! Once there is a reactor, one of the sleepers sleeps in it. It takes the role of the *poller* and then looks at its parking
//! word; who wakes it sets the word and then looks who the poller is: so one sees the other, and interrupts the kernel's wait. A
//! busy worker takes the role for a moment to look without waiting. A sleeper that finds the role taken need not care: the
//! poller, when it leaves, is a searcher, and the last searcher to find something wakes another sleeper if there is more, which
//! comes by here when it finds nothing.

use crate::sync::{AtomicU32, Ordering, fence, futex_wait, futex_wake, yield_now};
use crate::wait::Locked;

/// `state`: how many sleep, and how many search.
const SLEEPING: u32 = 1;
const SEARCHING: u32 = 1 << 16;
const MASK: u32 = SEARCHING - 1;

/// A worker's parking word.
const NOTHING: u32 = 0;
const NOTIFIED: u32 = 1;

pub(crate) struct Idle {
    /// Changed under the lock of `sleepers`, except that searchers come and go.
    state: AtomicU32,
    /// The last to fall asleep is woken first: its caches are warm.
    sleepers: Locked<Vec<u32>>,
    parkers: Box<[AtomicU32]>,
    /// How many are to sleep, whatever there is to do.
    reserve: AtomicU32,
    /// How many may run at once.
    limit: u32,
    /// The worker that asks the kernel for I/O, plus one; `NOBODY`; or `BRIEFLY`: a busy one, which does not wait.
    poller: AtomicU32,
    /// Whether some sleeper is the watcher.
    watched: AtomicU32,
}

const NOBODY: u32 = 0;
const BRIEFLY: u32 = u32::MAX;

impl Idle {
    /// `limit` workers and as many `spares`. All sleep at first (that is, have not been started).
    pub(crate) fn new(limit: u32, spares: u32) -> Idle {
        let workers = limit + spares;
        Idle {
            reserve: AtomicU32::new(spares),
            limit,
            state: AtomicU32::new(workers * SLEEPING),
            sleepers: Locked::new((0..workers).rev().collect()),
            parkers: (0..workers).map(|_| AtomicU32::new(NOTHING)).collect(),
            poller: AtomicU32::new(NOBODY),
            watched: AtomicU32::new(0),
        }
    }

    /// There is work. `Some`: this worker is to be woken with `unpark`; it counts as searching from now on. `count` tells
    /// the census of it just before.
    #[inline]
    pub(crate) fn notify(&self, count: impl FnOnce(u32)) -> Option<u32> {
        // Pairs with the fence in `fall_asleep`.
        fence(Ordering::SeqCst);
        let state = self.state.load(Ordering::Relaxed);
        if state >= SEARCHING || state & MASK <= self.reserve.load(Ordering::Relaxed) {
            return None;
        }
        self.wake_one(count)
    }

    /// The same for a task that was woken.
    #[inline]
    pub(crate) fn notify_woken(&self, count: impl FnOnce(u32)) -> Option<u32> {
        // Pairs with the fence in `fall_asleep` and the exchange in `stop_watching`.
        fence(Ordering::SeqCst);
        if self.watched.load(Ordering::Relaxed) != 0 {
            return None;
        }
        self.notify(count)
    }

    /// A sleeper becomes the watcher. False: there is one.
    pub(crate) fn watch(&self) -> bool {
        self.watched.swap(1, Ordering::SeqCst) == 0
    }

    /// The watcher is awake. It looks at every queue before it sleeps again.
    pub(crate) fn stop_watching(&self) {
        self.watched.swap(0, Ordering::SeqCst);
    }

    #[cold]
    fn wake_one(&self, count: impl FnOnce(u32)) -> Option<u32> {
        let mut sleepers = self.sleepers.lock();
        let state = self.state.load(Ordering::Relaxed);
        if state >= SEARCHING || state & MASK <= self.reserve.load(Ordering::Relaxed) {
            return None;
        }
        let worker = sleepers.pop()?;
        count(worker);
        self.state.fetch_add(SEARCHING - SLEEPING, Ordering::SeqCst);
        Some(worker)
    }

    /// Wakes a worker that `notify` took out of the sleepers. `interrupt` ends the kernel's wait if it is the poller.
    pub(crate) fn unpark(&self, worker: u32, interrupt: impl FnOnce()) {
        let word = &self.parkers[worker as usize];
        // Release pairs with the acquire in `park`.
        word.store(NOTIFIED, Ordering::Release);
        // Pairs with the fence in `poll`.
        fence(Ordering::SeqCst);
        if self.poller.load(Ordering::Relaxed) == worker + 1 {
            interrupt();
        } else {
            futex_wake(word, 1);
        }
    }

    /// A sleeper waits for I/O with `wait`, until it is notified or that returns. False: another one does so.
    pub(crate) fn poll(&self, worker: u32, wait: impl FnOnce()) -> bool {
        loop {
            match self.take_poller(worker + 1) {
                Ok(()) => break,
                // It will be gone in a moment, and perhaps not come back.
                Err(BRIEFLY) => yield_now(),
                Err(_) => return false,
            }
        }
        // Pairs with the fence in `unpark`.
        fence(Ordering::SeqCst);
        if self.parkers[worker as usize].load(Ordering::Relaxed) != NOTIFIED {
            wait();
        }
        self.poller.store(NOBODY, Ordering::Release);
        true
    }

    /// A busy worker looks for I/O, unless somebody else does.
    pub(crate) fn poll_briefly(&self, look: impl FnOnce()) -> bool {
        if self.take_poller(BRIEFLY).is_err() {
            return false;
        }
        look();
        self.poller.store(NOBODY, Ordering::Release);
        true
    }

    fn take_poller(&self, role: u32) -> Result<(), u32> {
        // Acquire pairs with the release by the one before.
        let (order, seen) = (Ordering::Acquire, Ordering::Relaxed);
        self.poller.compare_exchange(NOBODY, role, order, seen).map(|_| ())
    }

    /// A busy worker begins to search. False: enough do.
    pub(crate) fn begin_search(&self) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        if state / SEARCHING * 2 >= self.limit.max(2) {
            return false;
        }
        self.state.fetch_add(SEARCHING, Ordering::SeqCst);
        true
    }

    /// A searcher has found something. True: it was the last one, and must `notify` if there is more.
    pub(crate) fn end_search(&self) -> bool {
        self.state.fetch_sub(SEARCHING, Ordering::SeqCst) / SEARCHING == 1
    }

    /// Registers a worker as asleep. Afterwards it looks at every queue once more.
    pub(crate) fn fall_asleep(&self, worker: u32, searching: bool) {
        {
            let mut sleepers = self.sleepers.lock();
            let change = if searching { SEARCHING } else { 0 };
            self.state.fetch_sub(change, Ordering::SeqCst);
            self.state.fetch_add(SLEEPING, Ordering::SeqCst);
            sleepers.push(worker);
        }
        // Pairs with the fence in `notify`.
        fence(Ordering::SeqCst);
    }

    /// The worker wakes by itself, as a searcher. False: somebody has woken it already, and a notification is coming.
    pub(crate) fn wake_up(&self, worker: u32) -> bool {
        let mut sleepers = self.sleepers.lock();
        let Some(at) = sleepers.iter().position(|w| *w == worker) else { return false };
        sleepers.remove(at);
        self.state.fetch_add(SEARCHING - SLEEPING, Ordering::SeqCst);
        true
    }

    /// Sleeps until notified, or until `until` (-1: no limit). True: notified.
    pub(crate) fn park(&self, worker: u32, until: i64) -> bool {
        let word = &self.parkers[worker as usize];
        // Acquire pairs with the release in `unpark`.
        while word.load(Ordering::Acquire) == NOTHING {
            if !futex_wait(word, NOTHING, until) {
                return false;
            }
        }
        word.store(NOTHING, Ordering::Relaxed);
        true
    }

    /// A worker that runs does not count any more: another may. False: there is none.
    pub(crate) fn exclude(&self) -> bool {
        self.reserve.fetch_update(Ordering::SeqCst, Ordering::Relaxed, |spares| spares.checked_sub(1)).is_ok()
    }

    /// It counts again. True: so there is one too many now.
    pub(crate) fn include(&self) -> bool {
        let reserve = self.reserve.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.load(Ordering::SeqCst) & MASK < reserve
    }

    /// Whether every worker sleeps.
    pub(crate) fn all_asleep(&self) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        state == self.parkers.len() as u32 * SLEEPING
    }
}
