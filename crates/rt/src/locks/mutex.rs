//! The mutex.

use abi::protocol::mutex;

use super::{TAKEN, WordNode, key, withdrawn};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering, spin_until};
use crate::wait::{Ended, LOT, Machine, Outcome, Reason, Step, Wakers};

/// `want` of a mutex waiter that may be told to try again.
const MAY_RETRY: u32 = 0;
/// `want` of one to which the lock is handed over: it has been passed by already, or is a select.
pub(crate) const HAND_OVER: u32 = 1;

/// Takes a mutex.
pub(crate) struct Lock {
    pub(super) on: WordNode,
    /// When this waiter was first told to try again; -1 before.
    since: i64,
}

/// How long a waiter lets others pass before it wants the mutex handed over.
const PATIENCE: i64 = if cfg!(loom) { 0 } else { 500_000 };

impl Lock {
    #[cfg(test)]
    pub(crate) fn new(mutex: *const AtomicU32) -> Lock {
        Lock { on: WordNode::new(mutex, MAY_RETRY), since: -1 }
    }

    /// One behind whose word is what `protocol::held` says.
    pub(crate) fn held(mutex: *const AtomicU32) -> Lock {
        Lock { on: WordNode::new(mutex, MAY_RETRY).about(mutex.addr()), since: -1 }
    }

    /// Whoever holds it may be about to let go: worth a look for a thread, which has nothing else to do. It is taken as
    /// `taken`.
    fn spin(word: &AtomicU32, taken: u32) -> bool {
        spin_until(|| word.load(Ordering::Relaxed) == mutex::UNLOCKED && Lock::take(word, taken))
    }

    fn take(word: &AtomicU32, taken: u32) -> bool {
        // Acquire pairs with the release of the last holder's unlock.
        word.compare_exchange(mutex::UNLOCKED, taken, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl Machine for Lock {
    type Out = i32;
    const NAME: &'static str = "lock";
    const LOOKS_FIRST: bool = true;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        match ended.map(|ended| ended.outcome) {
            None => {
                point(Point::Lock);
                #[cfg(not(loom))]
                let alone = crate::explore::before_lock(run, self.on.word(), deadline);
                #[cfg(loom)]
                let alone = false;
                // Under exploration nobody would let go meanwhile.
                let taken = match alone {
                    true => Lock::take(self.on.word(), mutex::LOCKED),
                    false => !run.is_task() && Lock::spin(self.on.word(), mutex::LOCKED),
                };
                if taken {
                    return Step::Ready(TAKEN);
                }
            }
            Some(Outcome::Done) => return Step::Ready(TAKEN),
            Some(outcome) if outcome.is_withdrawal() => {
                self.on.withdraw(|_, _, _| {});
                return withdrawn(outcome);
            }
            // Somebody else may take it first; that is faster than handing it over, but not fair.
            Some(_) => {
                let now = crate::clock::monotonic();
                if self.since < 0 {
                    self.since = now;
                }
                let want = if now - self.since >= PATIENCE { HAND_OVER } else { MAY_RETRY };
                let about = self.on.node.value.addr();
                self.on = WordNode::new(self.on.node.word, want).about(about);
                // Others may be queued, who are woken when this one unlocks.
                let taken = mutex::CONTENDED;
                if want == MAY_RETRY && !run.is_task() && Lock::spin(self.on.word(), taken) {
                    return Step::Ready(TAKEN);
                }
            }
        }
        let queue = self.on.bucket().queue.lock();
        if mutex_take_or_mark(self.on.word()) {
            return Step::Ready(TAKEN);
        }
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, Reason::Lock, deadline) }
    }
}

/// Under the bucket's lock: takes a free mutex, else marks it contended so that its holder comes by.
pub(crate) fn mutex_take_or_mark(word: &AtomicU32) -> bool {
    // Taking it as "contended" though perhaps nobody waits costs one needless slow unlock, nothing else.
    word.swap(mutex::CONTENDED, Ordering::Acquire) == mutex::UNLOCKED
}

/// Releases a mutex.
pub(crate) fn mutex_unlock(word: &AtomicU32) {
    point(Point::Unlock);
    if word.compare_exchange(mutex::LOCKED, mutex::UNLOCKED, Ordering::Release, Ordering::Relaxed).is_ok() {
        return;
    }
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = LOT.bucket(key).queue.lock();
        loop {
            let Some(node) = queue.pop_key(key) else {
                // Nobody is queued, and whoever queues next needs this lock first. Release publishes the data.
                word.store(mutex::UNLOCKED, Ordering::Release);
                break;
            };
            // SAFETY: the node was linked until now and the bucket's lock is held.
            unsafe {
                let hand_over = (*node).want() == HAND_OVER;
                let Some(claim) = (*node).claim() else { continue };
                let outcome = if hand_over {
                    // The word stays locked: it is the waiter's now. The commit's release publishes the data.
                    Outcome::Done
                } else {
                    word.store(mutex::UNLOCKED, Ordering::Release);
                    Outcome::Retry
                };
                wakers.add(claim.commit((*node).case, outcome));
                break;
            }
        }
    }
    wakers.wake();
}
