//! A plain word: sleep while it has a value, wake its sleepers.

use super::{TAKEN, WordNode, key};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, LockedGuard, Machine, Outcome, Queue, Reason, Step, Wakers, finish};

/// Sleeps while a word has the expected value.
pub(crate) struct WordWait {
    on: WordNode,
    expected: u32,
}

impl WordWait {
    pub(crate) fn new(word: *const AtomicU32, expected: u32) -> WordWait {
        WordWait { on: WordNode::new(word, 0), expected }
    }
}

impl Machine for WordWait {
    type Out = i32;
    const NAME: &'static str = "wait on a word";
    const LOOKS_FIRST: bool = true;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        if let Some(ended) = ended {
            return self.on.ended(ended, |_, _, _| {});
        }
        let queue = self.on.bucket().queue.lock();
        // Who changes the word and then wakes takes the bucket's lock in between: it is seen here, or we are.
        if self.on.word().load(Ordering::Acquire) != self.expected {
            return Step::Ready(TAKEN);
        }
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, Reason::Word, deadline) }
    }
}

/// Wakes up to `count` sleepers. Gives how many.
pub(crate) fn word_wake(word: &AtomicU32, count: u32) -> u32 {
    point(Point::Notify);
    let key = key(word);
    let mut wakers = Wakers::new();
    let mut woken = 0;
    {
        let mut queue = LOT.bucket(key).queue.lock();
        while woken < count {
            let Some(node) = queue.pop_key(key) else { break };
            // SAFETY: the node was linked until now and the lock is held.
            if unsafe { finish(node, Outcome::Retry, &mut wakers) } {
                woken += 1;
            }
        }
    }
    wakers.wake();
    woken
}

/// The lock under which a word's changes are told.
#[cfg(not(loom))]
pub fn word_lock(word: &AtomicU32) -> LockedGuard<'static, Queue> {
    LOT.bucket(key(word)).queue.lock()
}

/// A word has changed in a way that only its sleepers can make sense of: counts it up and wakes all of them.
pub fn word_changed(word: &AtomicU32, wakers: &mut Wakers) {
    let key = key(word);
    let mut queue = LOT.bucket(key).queue.lock();
    // Release pairs with the acquire of who looks before it tries what may be possible now.
    word.fetch_add(1, Ordering::Release);
    while let Some(node) = queue.pop_key(key) {
        // A `select` takes it as its case, and looks for itself whether that is so.
        // SAFETY: the node was linked until now and the lock is held.
        unsafe { finish(node, Outcome::Done, wakers) };
    }
}
