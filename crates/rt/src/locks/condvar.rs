//! The condition variable.

use super::{Lock, TAKEN, WordNode, key, mutex_unlock, withdrawn};
use crate::census;
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, Machine, Outcome, Reason, Step, Wakers, finish};

/// Releases a mutex, waits for a notification, takes the mutex again, whatever happened meanwhile.
pub(crate) struct CondvarWait {
    on: WordNode,
    /// Takes the mutex in the second half.
    relock: Lock,
    /// How the first half ended.
    how: Option<Outcome>,
}

impl CondvarWait {
    #[cfg(test)]
    pub(crate) fn new(condvar: *const AtomicU32, mutex: *const AtomicU32) -> CondvarWait {
        CondvarWait { on: WordNode::new(condvar, 0), relock: Lock::new(mutex), how: None }
    }

    /// With a mutex behind whose word is what `protocol::held` says.
    pub(crate) fn held(condvar: *const AtomicU32, mutex: *const AtomicU32) -> CondvarWait {
        CondvarWait { on: WordNode::new(condvar, 0), relock: Lock::held(mutex), how: None }
    }
}

impl Machine for CondvarWait {
    type Out = i32;
    const NAME: &'static str = "wait for a condition";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        let relock_ended = match (self.how, ended) {
            (None, None) => {
                // Counted as stuck before it is: the mutex is still to be released, which may wake somebody.
                census::begin_transit();
                let queue = self.on.bucket().queue.lock();
                self.on.word().fetch_add(1, Ordering::Relaxed);
                // SAFETY: the machine stays where it is.
                let step = unsafe { self.on.wait(run, queue, Reason::Condvar, deadline) };
                mutex_unlock(self.relock.on.word());
                census::end_transit();
                return step;
            }
            (None, Some(ended)) => {
                self.how = Some(ended.outcome);
                if ended.outcome.is_withdrawal() && self.on.withdraw(|_, _, _| {}) {
                    self.on.word().fetch_sub(1, Ordering::Relaxed);
                }
                // The caller holds a guard, which is released on the way out even if it unwinds: so nothing may keep
                // the mutex from being taken.
                run.shield(1);
                None
            }
            (Some(_), ended) => ended,
        };
        // SAFETY: the machine stays where it is.
        match unsafe { self.relock.step(run, -1, relock_ended) } {
            Step::Pending(pending) => Step::Pending(pending),
            Step::Ready(_) | Step::Unwind => {
                run.shield(-1);
                match self.how {
                    Some(outcome) if outcome.is_withdrawal() => withdrawn(outcome),
                    _ => Step::Ready(TAKEN),
                }
            }
        }
    }
}

/// Wakes one waiter, or all.
pub(crate) fn condvar_notify(condvar: &AtomicU32, all: bool) {
    point(Point::Notify);
    let key = key(condvar);
    let mut wakers = Wakers::new();
    {
        let mut queue = LOT.bucket(key).queue.lock();
        while let Some(node) = queue.pop_key(key) {
            condvar.fetch_sub(1, Ordering::Relaxed);
            // SAFETY: the node was linked until now and the lock is held.
            if unsafe { finish(node, Outcome::Done, &mut wakers) } && !all {
                break;
            }
        }
    }
    wakers.wake();
}
