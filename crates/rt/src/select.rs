//! `select`: a wait with several cases, of which exactly one commits.
//!
//! Step by step the protocol of `wait`: lock every object in address order, look at the cases in a random
//! order (or as written, if biased), and either commit one or link a node for each and park.

use abi::{SelectCase, SelectKind};
use smallvec::SmallVec;

use crate::channel::Channel;
use crate::locks;
use crate::point::{Point, point};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, Locked, Lot, Node, Outcome, Queue, RawLock, Reason, Wait, Wakers};

/// No case could be committed in time.
pub(crate) const TIMED_OUT: i32 = -1;
/// No case can ever be committed.
pub(crate) const NEVER: i32 = -2;

/// Most selects have a handful of cases: no allocation for them.
type Few<T> = SmallVec<[T; 6]>;

/// What a case waits for, looked up once.
enum Target<'a> {
    Skip,
    Recv(&'a Channel),
    Send(&'a Channel),
    Closed(&'a Channel),
    /// A mutex word in its bucket.
    Lock(&'a AtomicU32, &'a Locked<Queue>),
    /// An event word (or a thread's end) in its bucket.
    Event(&'a AtomicU32, &'a Locked<Queue>),
}

struct Case<'a> {
    target: Target<'a>,
    value: *mut u8,
}

impl<'a> Case<'a> {
    /// # Safety
    /// The case's object is of the kind it says and outlives `'a`.
    unsafe fn new(lot: &'a Lot, case: &SelectCase) -> Case<'a> {
        // SAFETY: by contract.
        let channel = || unsafe { &*case.object.cast::<Channel>() };
        // SAFETY: by contract.
        let word = |object: *mut u8| unsafe { &*object.cast::<AtomicU32>() };
        let bucket = |object: *mut u8| &lot.bucket(object.addr()).queue;
        let target = match case.kind {
            k if k == SelectKind::Recv as u32 => Target::Recv(channel()),
            k if k == SelectKind::Send as u32 => Target::Send(channel()),
            k if k == SelectKind::Closed as u32 => Target::Closed(channel()),
            k if k == SelectKind::Lock as u32 => {
                Target::Lock(word(case.object), bucket(case.object))
            }
            k if k == SelectKind::Event as u32 => {
                Target::Event(word(case.object), bucket(case.object))
            }
            k if k == SelectKind::Join as u32 => {
                let done = crate::end_of_thread(case.object);
                Target::Event(word(done), bucket(done))
            }
            _ => Target::Skip,
        };
        Case { target, value: case.value }
    }

    fn lock(&self) -> Option<&'a RawLock> {
        match self.target {
            Target::Skip => None,
            Target::Recv(c) | Target::Send(c) | Target::Closed(c) => Some(c.state().raw()),
            Target::Lock(_, bucket) | Target::Event(_, bucket) => Some(bucket.raw()),
        }
    }

    fn key(&self) -> usize {
        match self.target {
            Target::Lock(word, _) | Target::Event(word, _) => std::ptr::from_ref(word).addr(),
            _ => 0,
        }
    }

    /// Commits the case if it is ready.
    ///
    /// # Safety
    /// Its lock is held; its value's place is valid.
    unsafe fn try_commit(&self, wakers: &mut Wakers) -> bool {
        // SAFETY: by contract.
        unsafe {
            match self.target {
                Target::Skip => false,
                Target::Recv(c) => c.state().held().try_recv(self.value, wakers),
                Target::Send(c) => {
                    let state = c.state().held();
                    !state.is_closed() && state.try_send(self.value, wakers)
                }
                Target::Closed(c) => c.state().held().is_drained(),
                Target::Lock(word, _) => locks::mutex_take_or_mark(word),
                Target::Event(word, _) => word.load(Ordering::Acquire) == abi::protocol::event::SET,
            }
        }
    }

    /// Whether the case can still happen, given that it is not ready.
    ///
    /// # Safety
    /// Its lock is held.
    unsafe fn is_open(&self) -> bool {
        match self.target {
            Target::Skip => false,
            // SAFETY: by contract.
            Target::Recv(c) | Target::Send(c) => !unsafe { c.state().held() }.is_closed(),
            _ => true,
        }
    }

    /// # Safety
    /// Its lock is held.
    unsafe fn queue(&self) -> Option<&'a mut Queue> {
        // SAFETY: by contract; one queue is used at a time.
        unsafe {
            match self.target {
                Target::Skip => None,
                Target::Recv(c) => Some(c.state().held().receivers()),
                Target::Send(c) => Some(c.state().held().senders()),
                Target::Closed(c) => Some(c.state().held().watchers()),
                Target::Lock(_, bucket) | Target::Event(_, bucket) => Some(bucket.held()),
            }
        }
    }
}

/// Runs a select. `deadline` `None`: do not wait; -1: wait for ever.
///
/// # Safety
/// Every case's object and value place are valid until this returns.
pub(crate) unsafe fn select(
    lot: &Lot,
    cases: &[SelectCase],
    deadline: Option<i64>,
    biased: bool,
    random: &mut dyn FnMut(usize) -> usize,
) -> i32 {
    point(Point::Select);
    // SAFETY: by contract.
    let cases: Few<Case> = cases.iter().map(|case| unsafe { Case::new(lot, case) }).collect();
    let mut order: Few<usize> = (0..cases.len()).collect();
    if !biased {
        for i in (1..order.len()).rev() {
            order.swap(i, random(i + 1));
        }
    }
    let mut held: Few<&RawLock> = cases.iter().filter_map(Case::lock).collect();
    held.sort_unstable_by_key(|lock| std::ptr::from_ref(*lock).addr());
    held.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let unlock_all = || {
        for lock in &held {
            // SAFETY: taken below, released once.
            unsafe { lock.unlock() };
        }
    };

    // Look.
    for lock in &held {
        lock.lock();
    }
    let mut wakers = Wakers::new();
    for &index in &order {
        // SAFETY: every lock is held.
        if unsafe { cases[index].try_commit(&mut wakers) } {
            unlock_all();
            wakers.wake();
            return index as i32;
        }
    }
    let Some(deadline) = deadline else {
        unlock_all();
        return TIMED_OUT;
    };
    // SAFETY: every lock is held.
    let open: Few<bool> = cases.iter().map(|case| unsafe { case.is_open() }).collect();
    let open_count = open.iter().filter(|open| **open).count() as u32;
    if open_count == 0 && deadline < 0 {
        unlock_all();
        return NEVER;
    }

    // Enqueue. The nodes do not move any more.
    let wait = Wait::begin(Reason::Select, 0, open_count, deadline);
    let mut nodes: Few<Node> =
        cases.iter().map(|case| Node::new(case.key(), locks::HAND_OVER)).collect();
    let first: *mut Node = nodes.as_mut_ptr();
    for (index, case) in cases.iter().enumerate() {
        if !open[index] {
            continue;
        }
        // SAFETY: `index` is in bounds; the node is ours until it is linked, and its lock is held.
        unsafe {
            let node = first.add(index);
            (*node).case = index as u32;
            (*node).select = true;
            (*node).value = case.value;
            (*node).attach(&raw const wait);
            if let Some(queue) = case.queue() {
                queue.push(node);
            }
        }
    }
    unlock_all();

    let ended = wait.park();

    // Leave: whoever committed has unlinked its node, the others are still linked (or were skipped).
    for (index, case) in cases.iter().enumerate() {
        let Some(lock) = case.lock().filter(|_| open[index]) else { continue };
        if matches!(ended, Ended::Committed { case, outcome: Outcome::Done } if case == index as u32)
        {
            continue;
        }
        lock.lock();
        // SAFETY: the lock is held; a linked node of ours is linked in its case's queue.
        unsafe {
            if let Some(queue) = case.queue() {
                queue.unlink(first.add(index));
            }
            lock.unlock();
        }
    }
    match ended {
        Ended::Committed { case, outcome: Outcome::Done } => case as i32,
        Ended::Committed { .. } => NEVER,
        Ended::TimedOut => TIMED_OUT,
    }
}
