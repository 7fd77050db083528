//! The semaphore: permits are handed out first come, first served.

use abi::protocol::semaphore;

use super::{TAKEN, WordNode, key};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, Machine, Outcome, Queue, Reason, Step, Wakers};

/// Takes permits.
pub(crate) struct Acquire {
    on: WordNode,
}

impl Acquire {
    pub(crate) fn new(semaphore: *const AtomicU32, n: u32) -> Acquire {
        Acquire { on: WordNode::new(semaphore, n) }
    }
}

impl Machine for Acquire {
    type Out = i32;
    const NAME: &'static str = "acquire";
    const LOOKS_FIRST: bool = true;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        if let Some(ended) = ended {
            // Who leaves may have asked for many and held up those behind.
            return self.on.ended(ended, semaphore_hand_out);
        }
        point(Point::Lock);
        let n = self.on.node.want();
        let queue = self.on.bucket().queue.lock();
        // Acquire pairs with the release of whoever gave the permits back.
        let before = self
            .on
            .word()
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |w| {
                let free = w & semaphore::QUEUED == 0 && w >= n;
                Some(if free { w - n } else { w | semaphore::QUEUED })
            })
            .unwrap_or_else(|w| w);
        if before & semaphore::QUEUED == 0 && before >= n {
            return Step::Ready(TAKEN);
        }
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, Reason::Semaphore, deadline) }
    }
}

pub(crate) fn semaphore_release(word: &AtomicU32, n: u32) {
    point(Point::Unlock);
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = LOT.bucket(key).queue.lock();
        word.fetch_add(n, Ordering::AcqRel);
        semaphore_hand_out(word, &mut queue, &mut wakers);
    }
    wakers.wake();
}

fn semaphore_hand_out(word: &AtomicU32, queue: &mut Queue, wakers: &mut Wakers) {
    let key = key(word);
    loop {
        let Some(node) = queue.first(key) else {
            word.fetch_and(!semaphore::QUEUED, Ordering::Release);
            return;
        };
        // SAFETY: the node is linked here and the lock is held.
        unsafe {
            let n = (*node).want();
            if word.load(Ordering::Relaxed) & semaphore::MAX < n {
                return;
            }
            queue.unlink(node);
            if let Some(claim) = (*node).claim() {
                word.fetch_sub(n, Ordering::AcqRel);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
        }
    }
}
