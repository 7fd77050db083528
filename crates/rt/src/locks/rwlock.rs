//! The read-write lock.
//!
//! While QUEUED is set, every change of the word happens under the bucket's lock, and the lock is handed over
//! first come, first served.

use abi::protocol::rwlock;

use super::{TAKEN, WordNode, key};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, Machine, Outcome, Queue, Reason, Step, Wakers};

const READ: u32 = 0;
const WRITE: u32 = 1;

/// Takes a read-write lock.
pub(crate) struct Take {
    on: WordNode,
}

impl Take {
    pub(crate) fn read(lock: *const AtomicU32) -> Take {
        Take { on: WordNode::new(lock, READ) }
    }

    /// One behind whose word is what `protocol::held` says.
    pub(crate) fn held(self) -> Take {
        let object = self.on.node.word.addr();
        Take { on: self.on.about(object) }
    }

    pub(crate) fn write(lock: *const AtomicU32) -> Take {
        Take { on: WordNode::new(lock, WRITE) }
    }
}

impl Machine for Take {
    type Out = i32;
    const NAME: &'static str = "lock of a read-write lock";
    const LOOKS_FIRST: bool = true;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        if let Some(ended) = ended {
            // A writer that leaves may have held up the readers behind it.
            return self.on.ended(ended, rwlock_hand_over);
        }
        point(Point::Lock);
        let want = self.on.node.want();
        let queue = self.on.bucket().queue.lock();
        // Free for us, or marked so that the holders come by. Acquire pairs with the last holder's release.
        let before = self
            .on
            .word()
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |w| {
                Some(match want {
                    READ if w & (rwlock::WRITER | rwlock::QUEUED) == 0 => w + 1,
                    WRITE if w == 0 => rwlock::WRITER,
                    _ => w | rwlock::QUEUED,
                })
            })
            .unwrap_or_else(|w| w);
        let taken = match want {
            READ => before & (rwlock::WRITER | rwlock::QUEUED) == 0,
            _ => before == 0,
        };
        if taken {
            return Step::Ready(TAKEN);
        }
        let reason = if want == READ { Reason::ReadLock } else { Reason::WriteLock };
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, reason, deadline) }
    }
}

pub(crate) fn rwlock_unlock_read(word: &AtomicU32) {
    rwlock_release(word, 1);
}

pub(crate) fn rwlock_unlock_write(word: &AtomicU32) {
    rwlock_release(word, rwlock::WRITER);
}

fn rwlock_release(word: &AtomicU32, share: u32) {
    point(Point::Unlock);
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = LOT.bucket(key).queue.lock();
        // Release publishes a writer's data to the next holder, acquire receives it for the one served below.
        word.fetch_sub(share, Ordering::AcqRel);
        rwlock_hand_over(word, &mut queue, &mut wakers);
    }
    wakers.wake();
}

/// Serves the front of the queue as far as the lock's state allows.
fn rwlock_hand_over(word: &AtomicU32, queue: &mut Queue, wakers: &mut Wakers) {
    let key = key(word);
    loop {
        let Some(node) = queue.first(key) else {
            word.fetch_and(!rwlock::QUEUED, Ordering::Release);
            return;
        };
        let w = word.load(Ordering::Relaxed);
        // SAFETY: the node is linked here and the lock is held.
        let want = unsafe { (*node).want() };
        let (free, share) = match want {
            READ => (w & rwlock::WRITER == 0, 1),
            _ => (w & (rwlock::WRITER | rwlock::READERS) == 0, rwlock::WRITER),
        };
        if !free {
            return;
        }
        // SAFETY: as above.
        unsafe {
            queue.unlink(node);
            if let Some(claim) = (*node).claim() {
                word.fetch_add(share, Ordering::AcqRel);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
        }
    }
}
