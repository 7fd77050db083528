//! `select`: a wait with several cases, of which exactly one commits.
//!
//! Step by step the protocol of `wait`: lock every object in address order, look at the cases in a random
//! order (or as written, if biased), and either commit one or link a node for each and park.

use abi::{SelectCase, SelectKind};
use smallvec::SmallVec;

use crate::channel::Channel;
use crate::locks;
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{
    Ended, LOT, Locked, Machine, NOW, Node, Outcome, Queue, RawLock, Reason, Step, Wakers,
};

/// No case could be committed in time.
pub(crate) const TIMED_OUT: i32 = -1;
/// No case can ever be committed.
pub(crate) const NEVER: i32 = -2;

/// Most selects have a handful of cases: no allocation for them.
type Few<T> = SmallVec<[T; 4]>;

/// What a case waits for, looked up once.
enum Target<'a> {
    Skip,
    Recv(&'a Channel),
    Send(&'a Channel),
    Closed(&'a Channel),
    /// A mutex word in its bucket.
    Lock(&'a AtomicU32, &'a Locked<Queue>),
    /// An event word in its bucket.
    Event(&'a AtomicU32, &'a Locked<Queue>),
    /// The word of a thread's or task's end in its bucket.
    End(&'a AtomicU32, &'a Locked<Queue>),
    /// The word of a source of I/O in its bucket, and the source.
    Readable(&'a AtomicU32, &'a Locked<Queue>, *mut u8),
}

struct Case<'a> {
    target: Target<'a>,
    value: *mut u8,
}

impl<'a> Case<'a> {
    /// # Safety
    /// The case's object is of the kind it says and outlives `'a`.
    unsafe fn new(case: &SelectCase) -> Case<'a> {
        // SAFETY: by contract.
        let channel = || unsafe { &*case.object.cast::<Channel>() };
        // SAFETY: by contract.
        let word = |object: *mut u8| unsafe { &*object.cast::<AtomicU32>() };
        let bucket = |object: *mut u8| &LOT.bucket(object.addr()).queue;
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
                let end = crate::end_of_thread(case.object);
                Target::End(word(end), bucket(end))
            }
            k if k == SelectKind::Task as u32 => {
                let end = crate::end_of_task(case.object);
                Target::End(word(end), bucket(end))
            }
            k if k == SelectKind::Readable as u32 => {
                let read = crate::readable_word(case.object);
                Target::Readable(word(read), bucket(read), case.object)
            }
            _ => Target::Skip,
        };
        Case { target, value: case.value }
    }

    fn lock(&self) -> Option<&'a RawLock> {
        match self.target {
            Target::Skip => None,
            Target::Recv(c) | Target::Send(c) | Target::Closed(c) => Some(c.state().raw()),
            Target::Lock(_, bucket)
            | Target::Event(_, bucket)
            | Target::End(_, bucket)
            | Target::Readable(_, bucket, _) => Some(bucket.raw()),
        }
    }

    fn word(&self) -> *const AtomicU32 {
        match self.target {
            Target::Lock(word, _)
            | Target::Event(word, _)
            | Target::End(word, _)
            | Target::Readable(word, _, _) => word,
            _ => std::ptr::null(),
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
                Target::End(word, _) => locks::end_has_come(word),
                Target::Readable(_, _, source) => crate::is_readable(source),
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
                Target::Lock(_, bucket)
                | Target::Event(_, bucket)
                | Target::End(_, bucket)
                | Target::Readable(_, bucket, _) => Some(bucket.held()),
            }
        }
    }
}

/// The locks of all cases, taken in address order.
struct Held<'a>(Few<&'a RawLock>);

impl<'a> Held<'a> {
    fn take(cases: &[Case<'a>]) -> Held<'a> {
        let mut locks: Few<&RawLock> = cases.iter().filter_map(Case::lock).collect();
        locks.sort_unstable_by_key(|lock| std::ptr::from_ref(*lock).addr());
        locks.dedup_by(|a, b| std::ptr::eq(*a, *b));
        for lock in &locks {
            lock.lock();
        }
        Held(locks)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for lock in &self.0 {
            // SAFETY: taken when this was made, released once.
            unsafe { lock.unlock() };
        }
    }
}

/// Commits one of several cases and gives its index, `TIMED_OUT` or `NEVER`.
pub(crate) struct Select {
    /// The caller's, valid as long as the call lasts, like every case's object and value place.
    cases: *const SelectCase,
    n: usize,
    biased: bool,
    /// One for each case, linked for those that can happen. They do not move as long as a wait lasts.
    nodes: Few<Node>,
    /// The wait is also one for I/O.
    io: bool,
}

impl Select {
    pub(crate) fn new(cases: *const SelectCase, n: usize, biased: bool) -> Select {
        Select { cases, n, biased, nodes: Few::new(), io: false }
    }

    /// # Safety
    /// The machine's contract.
    unsafe fn cases<'a>(&self) -> Few<Case<'a>> {
        // SAFETY: by contract.
        (0..self.n).map(|i| unsafe { Case::new(&*self.cases.add(i)) }).collect()
    }

    fn order(&self) -> Few<usize> {
        let mut order: Few<usize> = (0..self.n).collect();
        if !self.biased {
            for i in (1..self.n).rev() {
                order.swap(i, crate::choose(i + 1));
            }
        }
        order
    }

    /// Steps 1 and 2 of the protocol.
    ///
    /// # Safety
    /// The machine's contract.
    unsafe fn start(&mut self, run: &Runner, deadline: i64) -> Step<i32> {
        point(Point::Select);
        // SAFETY: by contract.
        let cases = unsafe { self.cases() };
        let order = self.order();
        let mut wakers = Wakers::new();
        for (index, case) in cases.iter().enumerate() {
            // SAFETY: by contract. What cannot be watched is taken for ready: reading says what is wrong.
            if let Target::Readable(_, _, source) = case.target
                && deadline != NOW
                && !unsafe { crate::watch_readable(source) }
            {
                return Step::Ready(index as i32);
            }
        }

        // Look.
        let held = Held::take(&cases);
        for &index in &order {
            // SAFETY: every lock is held.
            if unsafe { cases[index].try_commit(&mut wakers) } {
                drop(held);
                wakers.wake();
                return Step::Ready(index as i32);
            }
        }
        if deadline == NOW {
            return Step::Ready(TIMED_OUT);
        }
        // SAFETY: every lock is held.
        let open: Few<bool> = cases.iter().map(|case| unsafe { case.is_open() }).collect();
        let open_count = open.iter().filter(|open| **open).count() as u32;
        if open_count == 0 && deadline < 0 {
            return Step::Ready(NEVER);
        }

        // Enqueue. The nodes do not move any more.
        self.io = cases.iter().any(|case| matches!(case.target, Target::Readable(..)));
        if self.io {
            crate::begin_io();
        }
        let pending = run.begin(Reason::Select, 0, open_count, deadline);
        self.nodes = cases.iter().map(|case| Node::new(case.word(), locks::HAND_OVER)).collect();
        let first: *mut Node = self.nodes.as_mut_ptr();
        for (index, case) in cases.iter().enumerate().filter(|(index, _)| open[*index]) {
            // SAFETY: `index` is in bounds; the node is ours until it is linked, and its lock is held.
            unsafe {
                let node = first.add(index);
                (*node).value = case.value;
                (*node).attach_case(&raw const run.wait, index as u32);
                if let Some(queue) = case.queue() {
                    queue.push(node);
                }
            }
        }
        Step::Pending(pending)
    }

    /// Step 7: whoever committed has unlinked its node, the others are still linked (or were skipped).
    ///
    /// # Safety
    /// The machine's contract.
    unsafe fn leave(&mut self, ended: Ended) {
        // SAFETY: by contract.
        let cases = unsafe { self.cases() };
        let first: *mut Node = self.nodes.as_mut_ptr();
        for (index, case) in cases.iter().enumerate() {
            let committed = ended.outcome == Outcome::Done && ended.case == index as u32;
            let Some(lock) = case.lock().filter(|_| !committed) else { continue };
            lock.lock();
            // SAFETY: the lock is held; a linked node of ours is linked in its case's queue.
            unsafe {
                if let Some(queue) = case.queue() {
                    queue.unlink(first.add(index));
                }
                lock.unlock();
            }
        }
    }
}

impl Select {
    /// Whether a source of I/O changed without becoming readable, or somebody else has read meanwhile.
    ///
    /// # Safety
    /// The machine's contract.
    unsafe fn is_false_alarm(&self, case: u32) -> bool {
        // SAFETY: by contract.
        unsafe {
            let case = &*self.cases.add(case as usize);
            case.kind == SelectKind::Readable as u32 && !crate::is_readable(case.object)
        }
    }
}

impl Machine for Select {
    type Out = i32;
    const NAME: &'static str = "select";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: the machine's contract.
        unsafe {
            let Some(ended) = ended else { return self.start(run, deadline) };
            self.leave(ended);
            if self.io {
                crate::end_io();
            }
            match ended.outcome {
                Outcome::Done if self.is_false_alarm(ended.case) => self.start(run, deadline),
                Outcome::Done => Step::Ready(ended.case as i32),
                Outcome::TimedOut => Step::Ready(TIMED_OUT),
                outcome if outcome.interrupts() => Step::Unwind,
                _ => Step::Ready(NEVER),
            }
        }
    }
}
