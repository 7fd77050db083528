//! Events, and the end of a thread or task, which is one that is set once.

use abi::protocol::event;

use super::{TAKEN, TIMED_OUT, WordNode, key};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, Machine, NOW, Outcome, Queue, Reason, Step, Wakers, finish};

/// Waits until an event is set.
pub(crate) struct EventWait {
    on: WordNode,
    reason: Reason,
}

impl EventWait {
    pub(crate) fn new(event: *const AtomicU32, reason: Reason) -> EventWait {
        EventWait { on: WordNode::new(event, 0), reason }
    }

    /// The same, of which `who` is told `object`.
    pub(crate) fn about(event: *const AtomicU32, reason: Reason, object: usize) -> EventWait {
        EventWait { on: WordNode::new(event, 0).about(object), reason }
    }
}

impl Machine for EventWait {
    type Out = i32;
    const NAME: &'static str = "wait for an event";
    const LOOKS_FIRST: bool = true;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        if let Some(ended) = ended {
            return self.on.ended(ended, |_, _, _| {});
        }
        // Acquire pairs with the release in `event_set`.
        if self.on.word().load(Ordering::Acquire) == event::SET {
            return Step::Ready(TAKEN);
        }
        let queue = self.on.bucket().queue.lock();
        if self.on.word().load(Ordering::Acquire) == event::SET {
            return Step::Ready(TAKEN);
        }
        if deadline == NOW {
            return Step::Ready(TIMED_OUT);
        }
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, self.reason, deadline) }
    }
}

pub(crate) fn event_set(word: &AtomicU32) {
    point(Point::Notify);
    let mut wakers = Wakers::new();
    {
        let mut queue = LOT.bucket(key(word)).queue.lock();
        word.store(event::SET, Ordering::Release);
        finish_all(word, &mut queue, &mut wakers);
    }
    wakers.wake();
}

/// Ends the waits of everyone on a word, whose lock is held. The word may be gone once one of them runs: only its
/// address is used.
fn finish_all(word: *const AtomicU32, queue: &mut Queue, wakers: &mut Wakers) {
    while let Some(node) = queue.pop_key(word.addr()) {
        // SAFETY: the node was linked until now and the lock is held.
        unsafe { finish(node, Outcome::Done, wakers) };
    }
}

// ---- the end of a thread or task ----
//
// An event that is set once, and by whom it costs nothing if nobody waits: a waiter marks the word first.

/// Somebody waits for the end (`event::SET` means that it has come).
const WATCHED: u32 = 2;

/// Waits for an end.
pub(crate) struct EndWait {
    on: WordNode,
}

impl EndWait {
    #[cfg(loom)]
    pub(crate) fn new(end: *const AtomicU32) -> EndWait {
        EndWait { on: WordNode::new(end, 0) }
    }

    /// The end of a task or a thread, as `tag` says (`who`).
    #[cfg(not(loom))]
    pub(crate) fn about(end: *const AtomicU32, tag: usize) -> EndWait {
        EndWait { on: WordNode::new(end, 0).about(end.addr() | tag) }
    }
}

/// Under the bucket's lock: whether the end has come; if not, it will come by here.
pub(crate) fn end_has_come(word: &AtomicU32) -> bool {
    // Acquire pairs with the release in `set_end`.
    match word.compare_exchange(event::UNSET, WATCHED, Ordering::Acquire, Ordering::Acquire) {
        Ok(_) => false,
        Err(seen) => seen == event::SET,
    }
}

impl Machine for EndWait {
    type Out = i32;
    const NAME: &'static str = "join";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        if let Some(ended) = ended {
            return self.on.ended(ended, |_, _, _| {});
        }
        point(Point::Join);
        // Acquire pairs with the release in `set_end`.
        if self.on.word().load(Ordering::Acquire) == event::SET {
            return Step::Ready(TAKEN);
        }
        if deadline == NOW {
            return Step::Ready(TIMED_OUT);
        }
        let queue = self.on.bucket().queue.lock();
        if end_has_come(self.on.word()) {
            return Step::Ready(TAKEN);
        }
        // SAFETY: the machine stays where it is.
        unsafe { self.on.wait(run, queue, Reason::Join, deadline) }
    }
}

/// The end has come. The word may be gone from here on.
pub(crate) fn set_end(word: &AtomicU32) {
    let at = std::ptr::from_ref(word);
    // Release publishes what the ended one did; acquire pairs with the mark.
    if word.swap(event::SET, Ordering::AcqRel) == WATCHED {
        let mut wakers = Wakers::new();
        finish_all(at, &mut LOT.bucket(at.addr()).queue.lock(), &mut wakers);
        wakers.wake();
    }
}
