//! The slow paths of the locks: what happens when a word's fast path (`abi::protocol`) does not do.
//!
//! Not the language's `Mutex` and friends: those are std's, over these. Everything that waits here is a [`Machine`]
//! over the lot; a word's *slow* states change only under its bucket's lock, which is what makes each argument local.
//! Each word outlives the machines made for it.

mod condvar;
mod event;
mod mutex;
mod rwlock;
mod semaphore;
mod word;

pub(crate) use condvar::{CondvarWait, condvar_notify};
pub(crate) use event::{EndWait, EventWait, end_has_come, event_set, set_end};
pub(crate) use mutex::{HAND_OVER, Lock, mutex_take_or_mark, mutex_unlock};
pub(crate) use rwlock::{Take, rwlock_unlock_read, rwlock_unlock_write};
pub(crate) use semaphore::{Acquire, semaphore_release};
pub use word::word_changed;
#[cfg(not(loom))]
pub use word::word_lock;
pub(crate) use word::{WordWait, word_wake};

use crate::runner::Runner;
use crate::sync::AtomicU32;
use crate::wait::{Bucket, Ended, LOT, LockedGuard, Node, Outcome, Queue, Reason, Step, Wakers};

/// Results of waits on words.
pub(crate) const TAKEN: i32 = 0;
pub(crate) const TIMED_OUT: i32 = 1;

fn key(word: &AtomicU32) -> usize {
    std::ptr::from_ref(word).addr()
}

/// A node that waits on one word.
pub struct WordNode {
    node: Node,
}

impl WordNode {
    pub fn new(word: *const AtomicU32, want: u32) -> WordNode {
        WordNode { node: Node::new(word, want) }
    }

    pub fn word<'a>(&self) -> &'a AtomicU32 {
        // SAFETY: the word outlives the machine (see the head).
        unsafe { &*self.node.word }
    }

    /// Says what the wait's object is to be, see `who`.
    fn about(mut self, object: usize) -> WordNode {
        self.node.value = std::ptr::without_provenance_mut(object);
        self
    }

    pub(crate) fn bucket(&self) -> &'static Bucket {
        LOT.bucket(self.node.word.addr())
    }

    /// Begins a wait with this node as its only case. Called with the bucket locked by `queue`, which it releases.
    ///
    /// # Safety
    /// The node is not linked, and stays where it is until the wait has ended.
    pub unsafe fn wait<T>(
        &mut self,
        run: &Runner,
        mut queue: LockedGuard<'_, Queue>,
        reason: Reason,
        deadline: i64,
    ) -> Step<T> {
        let pending = run.begin(reason, self.node.value.addr(), 1, deadline);
        self.node.attach(&raw const run.wait);
        // SAFETY: by contract.
        unsafe { queue.push(&raw mut self.node) };
        drop(queue);
        #[cfg(not(loom))]
        crate::watch::attend(run, reason);
        Step::Pending(pending)
    }

    /// Unlinks the node after a withdrawal; `left` is then run under the lock.
    pub fn withdraw(&mut self, left: impl FnOnce(&AtomicU32, &mut Queue, &mut Wakers)) -> bool {
        let mut wakers = Wakers::new();
        let unlinked = {
            let mut queue = self.bucket().queue.lock();
            // SAFETY: a linked node of ours is linked in this bucket.
            let unlinked = unsafe { queue.unlink(&raw mut self.node) };
            left(self.word(), &mut queue, &mut wakers);
            unlinked
        };
        wakers.wake();
        unlinked
    }

    /// The end of a wait that gives what it waited for as it is; `left` as for [`withdraw`](Self::withdraw).
    fn ended(&mut self, ended: Ended, left: impl FnOnce(&AtomicU32, &mut Queue, &mut Wakers)) -> Step<i32> {
        if !ended.outcome.is_withdrawal() {
            return Step::Ready(TAKEN);
        }
        self.withdraw(left);
        withdrawn(ended.outcome)
    }
}

/// What a withdrawn wait gives.
fn withdrawn(outcome: Outcome) -> Step<i32> {
    withdrawn_with(outcome, || TIMED_OUT)
}

/// The same for a wait that gives something else when its time is over.
pub(crate) fn withdrawn_with<T>(outcome: Outcome, late: impl FnOnce() -> T) -> Step<T> {
    if outcome.interrupts() { Step::Unwind } else { Step::Ready(late()) }
}
