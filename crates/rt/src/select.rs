//! `select`: a wait with several cases, of which exactly one commits.
//!
//! First it looks, without any lock, which cases seem to be ready, and tries those, each on its own. If none is, it goes step by step
//! through the protocol of `wait`: lock every object in address order, announce to channels what is going to be waited
//! for, look at the cases in a random order (or as written, if biased), and either commit one or link a node for each
//! and park. The nodes are in the caller's cases.

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr::{null, null_mut};

use crate::channel::Channel;
use crate::locks;
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, LOT, Locked, Machine, NOW, Node, Outcome, Queue, RawLock, Reason, Step, Wakers};
use abi::protocol::{event, mutex};
use abi::{RecvOutcome, SelectCase, SelectKind, SendOutcome};

/// No case could be committed in time.
pub(crate) const TIMED_OUT: i32 = -1;
/// No case can ever be committed.
pub(crate) const NEVER: i32 = -2;

/// So many cases need no memory but the stack's.
const FEW: usize = 4;

/// A value for each case.
struct Each<T> {
    /// If there are few.
    few: [MaybeUninit<T>; FEW],
    many: Vec<T>,
    n: usize,
}

impl<T: Copy> Each<T> {
    #[inline]
    fn new(n: usize, mut make: impl FnMut(usize) -> T) -> Each<T> {
        let mut each = Each { few: [const { MaybeUninit::uninit() }; FEW], many: Vec::new(), n };
        match each.few.get_mut(..n) {
            Some(few) => few.iter_mut().enumerate().for_each(|(i, room)| _ = room.write(make(i))),
            None => each.many = (0..n).map(make).collect(),
        }
        each
    }
}

impl<T> Deref for Each<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        match self.few.get(..self.n) {
            // SAFETY: they were written, and need no dropping: they are `Copy`.
            Some(few) => unsafe { few.assume_init_ref() },
            None => &self.many,
        }
    }
}

impl<T> DerefMut for Each<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match self.few.get_mut(..self.n) {
            // SAFETY: as in `deref`.
            Some(few) => unsafe { few.assume_init_mut() },
            None => &mut self.many,
        }
    }
}

/// What a case waits for, looked up once.
#[derive(Clone, Copy)]
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

#[derive(Clone, Copy)]
struct Case<'a> {
    target: Target<'a>,
    value: *mut u8,
}

impl<'a> Case<'a> {
    /// # Safety
    /// The case's object is of the kind it says and outlives `'a`.
    unsafe fn new(case: *const SelectCase) -> Case<'a> {
        // SAFETY: by contract. Its node may be in use, so no reference is made to all of it.
        let (kind, object, value) = unsafe { ((*case).kind, (*case).object, (*case).value) };
        // SAFETY: by contract.
        let channel = || unsafe { &*object.cast::<Channel>() };
        // SAFETY: by contract.
        let word = |object: *mut u8| unsafe { &*object.cast::<AtomicU32>() };
        let bucket = |object: *mut u8| &LOT.bucket(object.addr()).queue;
        let target = match kind {
            k if k == SelectKind::Recv as u32 => Target::Recv(channel()),
            k if k == SelectKind::Send as u32 => Target::Send(channel()),
            k if k == SelectKind::Closed as u32 => Target::Closed(channel()),
            k if k == SelectKind::Lock as u32 => Target::Lock(word(object), bucket(object)),
            k if k == SelectKind::Event as u32 => Target::Event(word(object), bucket(object)),
            k if k == SelectKind::Join as u32 => {
                let end = crate::end_of_thread(object);
                Target::End(word(end), bucket(end))
            }
            k if k == SelectKind::Task as u32 => {
                let end = crate::end_of_task(object);
                Target::End(word(end), bucket(end))
            }
            k if k == SelectKind::Readable as u32 => {
                let read = crate::readable_word(object);
                Target::Readable(word(read), bucket(read), object)
            }
            _ => Target::Skip,
        };
        Case { target, value }
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
                Target::Recv(c) => c.take(c.state().held(), self.value, wakers),
                Target::Send(c) => {
                    let state = c.state().held();
                    !c.is_closed() && c.put(state, self.value, wakers)
                }
                Target::Closed(c) => c.is_drained(),
                Target::Lock(word, _) => locks::mutex_take_or_mark(word),
                Target::Event(word, _) => word.load(Ordering::Acquire) == event::SET,
                Target::End(word, _) => locks::end_has_come(word),
                Target::Readable(_, _, source) => crate::is_readable(source),
            }
        }
    }

    /// With its lock held: it is about to wait.
    fn announce(&self) {
        match self.target {
            Target::Recv(c) => c.announce_receiver(),
            Target::Send(c) => c.announce_sender(),
            Target::Closed(c) => c.announce_watcher(),
            _ => {}
        }
    }

    /// The last thing before its lock is released.
    ///
    /// # Safety
    /// Its lock is held.
    unsafe fn settle(&self) {
        if let Target::Recv(c) | Target::Send(c) | Target::Closed(c) = self.target {
            // SAFETY: by contract.
            c.settle(unsafe { c.state().held() });
        }
    }

    /// Commits the case if it is ready, on its own.
    ///
    /// # Safety
    /// Its value's place is valid.
    unsafe fn commit_now(&self) -> bool {
        // SAFETY: by contract.
        unsafe {
            if let Target::Send(c) = self.target {
                return c.try_send(self.value) == SendOutcome::Sent;
            }
            let Some(lock) = self.lock() else { return false };
            let mut wakers = Wakers::new();
            lock.lock();
            let committed = self.try_commit(&mut wakers);
            self.settle();
            lock.unlock();
            wakers.wake();
            committed
        }
    }

    /// Whether it is worth a look, told without its lock. `None`: that cannot be told.
    fn may_be_ready(&self) -> Option<bool> {
        match self.target {
            Target::Skip => Some(false),
            Target::Recv(c) => Some(c.may_have_value()),
            Target::Send(c) => Some(c.may_have_room() && !c.is_closed()),
            Target::Closed(c) => Some(c.is_closed()),
            Target::Lock(word, _) => Some(word.load(Ordering::Relaxed) == mutex::UNLOCKED),
            Target::Event(word, _) | Target::End(word, _) => Some(word.load(Ordering::Relaxed) == event::SET),
            Target::Readable(..) => None,
        }
    }

    /// Whether the case can still happen, given that it is not ready. Its lock is held.
    fn is_open(&self) -> bool {
        match self.target {
            Target::Skip => false,
            Target::Recv(c) | Target::Send(c) => !c.is_closed(),
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

/// The channel of a case that receives, as most do: without looking up what others need.
///
/// # Safety
/// The case's object is of the kind it says and outlives `'a`.
#[inline]
unsafe fn received_from<'a>(case: *const SelectCase) -> Option<&'a Channel> {
    // SAFETY: by contract.
    unsafe { ((*case).kind == SelectKind::Recv as u32).then(|| &*(*case).object.cast::<Channel>()) }
}

// ---- for exploration, in which nobody else acts meanwhile ----

/// The cases that are ready, as bits; those beyond the 40th are not seen.
///
/// # Safety
/// The cases and their objects are alive.
#[cfg(not(loom))]
pub(crate) unsafe fn ready(cases: *const SelectCase, n: usize) -> u64 {
    let mut ready = 0;
    for i in 0..n.min(40) {
        // SAFETY: by contract.
        let is_ready = match unsafe { Case::new(cases.add(i)) }.target {
            Target::Skip | Target::Readable(..) => false,
            Target::Recv(c) => c.can_recv() && !(c.is_closed() && c.len() == 0),
            Target::Send(c) => c.can_send() && !c.is_closed(),
            Target::Closed(c) => c.is_closed() && c.len() == 0,
            Target::Lock(word, _) => word.load(Ordering::Relaxed) == 0,
            Target::Event(word, _) | Target::End(word, _) => {
                word.load(Ordering::Relaxed) == abi::protocol::event::SET
            }
        };
        ready |= u64::from(is_ready) << i;
    }
    ready
}

/// The cases that are meetings at a rendezvous (only those that are open, if `open`), where others can see who waits. As
/// bits; those beyond the 20th are not seen.
///
/// # Safety
/// As for `ready`.
#[cfg(not(loom))]
pub(crate) unsafe fn meetings(cases: *const SelectCase, n: usize, open: bool) -> u64 {
    let meets = |i: &usize| {
        // SAFETY: by contract.
        match unsafe { Case::new(cases.add(*i)) }.target {
            Target::Recv(c) | Target::Send(c) => c.is_rendezvous() && !(open && c.is_closed()),
            _ => false,
        }
    };
    (0..n.min(20)).filter(meets).map(|i| 1 << i).sum()
}

/// Whether no case can ever happen, none being ready.
///
/// # Safety
/// As for `ready`.
#[cfg(not(loom))]
pub(crate) unsafe fn is_over(cases: *const SelectCase, n: usize) -> bool {
    // SAFETY: by contract; nobody else acts, so the locks count as held.
    (0..n).all(|i| unsafe { !Case::new(cases.add(i)).is_open() })
}

/// The locks of all cases, taken in address order.
struct Held<'c, 'a> {
    /// In that order; null for a case without one.
    locks: Each<*const RawLock>,
    cases: &'c [Case<'a>],
}

impl<'c, 'a> Held<'c, 'a> {
    fn take(cases: &'c [Case<'a>]) -> Held<'c, 'a> {
        let mut locks = Each::new(cases.len(), |i| cases[i].lock().map_or(null(), std::ptr::from_ref));
        locks.sort_unstable();
        let held = Held { locks, cases };
        held.each(RawLock::lock);
        held
    }

    /// Calls `with` for each lock once.
    fn each(&self, with: impl Fn(&RawLock)) {
        let mut last = null();
        for &lock in self.locks.iter().filter(|lock| !lock.is_null()) {
            if lock != last {
                // SAFETY: the objects of the cases outlive this.
                with(unsafe { &*lock });
                last = lock;
            }
        }
    }
}

impl Drop for Held<'_, '_> {
    fn drop(&mut self) {
        for case in self.cases {
            // SAFETY: all locks are held.
            unsafe { case.settle() };
        }
        // SAFETY: taken when this was made, released once.
        self.each(|lock| unsafe { lock.unlock() });
    }
}

/// Commits one of several cases and gives its index, `TIMED_OUT` or `NEVER`.
pub(crate) struct Select {
    /// The caller's, valid as long as the call lasts, like every case's object and value place.
    cases: *mut SelectCase,
    n: usize,
    biased: bool,
    /// None of the cases was ready just now.
    looked: bool,
    /// The wait is also one for I/O.
    io: bool,
}

const _: () = {
    assert!(
        size_of::<Node>() <= size_of_val(&SelectCase::new(SelectKind::Skip, null_mut(), null_mut()).node)
    );
    assert!(align_of::<Node>() <= align_of::<usize>());
};

impl Select {
    pub(crate) fn new(cases: *mut SelectCase, n: usize, biased: bool) -> Select {
        Select { cases, n, biased, looked: false, io: false }
    }

    /// # Safety
    /// The machine's contract.
    unsafe fn cases<'a>(&self) -> Each<Case<'a>> {
        // SAFETY: by contract.
        Each::new(self.n, |i| unsafe { Case::new(self.cases.add(i)) })
    }

    /// With what a case waits. It does not move while a wait lasts.
    ///
    /// # Safety
    /// The machine's contract; there is such a case.
    unsafe fn node(&self, index: usize) -> *mut Node {
        // SAFETY: by contract.
        unsafe { (&raw mut (*self.cases.add(index)).node).cast() }
    }

    /// In which order to look at the cases.
    fn order(&self) -> Each<usize> {
        let mut order = Each::new(self.n, |i| i);
        #[cfg(not(loom))]
        if let Some(chosen) = crate::explore::chosen_case() {
            // Of no cases none was chosen.
            if self.n > 0 {
                order.swap(0, chosen.min(self.n - 1));
            }
            return order;
        }
        // If none was ready a moment ago, one is at most, but for rare chances.
        if !self.biased && !self.looked {
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
        self.io = cases.iter().any(|case| matches!(case.target, Target::Readable(..)));
        if self.io && deadline != NOW {
            for (index, case) in cases.iter().enumerate() {
                let Target::Readable(_, _, source) = case.target else { continue };
                // What cannot be watched is taken for ready: reading says what is wrong.
                // SAFETY: by contract.
                if !unsafe { crate::watch_readable(source) } {
                    return Step::Ready(index as i32);
                }
            }
        }

        // Look.
        let mut wakers = Wakers::new();
        let mut open_count = 0;
        let order = self.order();
        let held = Held::take(&cases);
        for &index in order.iter() {
            let case = &cases[index];
            if deadline != NOW {
                case.announce();
            }
            // SAFETY: every lock is held.
            if unsafe { case.try_commit(&mut wakers) } {
                drop(held);
                wakers.wake();
                return Step::Ready(index as i32);
            }
            open_count += u32::from(case.is_open());
        }
        if deadline == NOW || open_count == 0 && deadline < 0 {
            return Step::Ready(if deadline == NOW { TIMED_OUT } else { NEVER });
        }

        // Enqueue. Under the locks no channel closes.
        if self.io {
            crate::begin_io();
        }
        let pending = run.begin(Reason::Select, 0, open_count, deadline);
        for (index, case) in cases.iter().enumerate() {
            // SAFETY: by contract there is such a case, whose node is ours until it is linked; its lock is held.
            unsafe {
                let node = self.node(index);
                node.write(Node::new(case.word(), locks::HAND_OVER));
                (*node).value = case.value;
                (*node).attach_case(&raw const run.wait, index as u32);
                if case.is_open()
                    && let Some(queue) = case.queue()
                {
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
        for index in 0..self.n {
            // SAFETY: by contract.
            let case = unsafe { Case::new(self.cases.add(index)) };
            let committed = ended.outcome == Outcome::Done && ended.case == index as u32;
            let Some(lock) = case.lock().filter(|_| !committed) else { continue };
            lock.lock();
            // SAFETY: the lock is held; a linked node of ours is linked in its case's queue.
            unsafe {
                if let Some(queue) = case.queue() {
                    queue.unlink(self.node(index));
                }
                case.settle();
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
            let case = self.cases.add(case as usize);
            (*case).kind == SelectKind::Readable as u32 && !crate::is_readable((*case).object)
        }
    }
}

impl Machine for Select {
    type Out = i32;
    const NAME: &'static str = "select";
    const AT_ONCE: bool = true;

    /// Of the cases that look ready, tries one after the other, each on its own: all locks are needed only by who finds
    /// none and is about to wait. Under exploration the case has been chosen, see `order`.
    unsafe fn at_once(&mut self, _run: &Runner) -> Option<i32> {
        #[cfg(not(loom))]
        if crate::explore::is_on() {
            return None;
        }
        if self.n > u64::BITS as usize {
            return None;
        }
        // SAFETY: the machine's contract.
        let case = |index: usize| unsafe { self.cases.add(index) };
        let mut ready = 0u64;
        for index in 0..self.n {
            // SAFETY: the machine's contract.
            let seems = match unsafe { received_from(case(index)) } {
                Some(channel) => channel.may_have_value(),
                // SAFETY: as above.
                None => unsafe { Case::new(case(index)) }.may_be_ready()?,
            };
            ready |= u64::from(seems) << index;
        }
        while ready != 0 {
            let mut rest = ready;
            if !self.biased && !ready.is_power_of_two() {
                for _ in 0..crate::choose(ready.count_ones() as usize) {
                    rest &= rest - 1;
                }
            }
            let index = rest.trailing_zeros();
            ready &= !(1 << index);
            point(Point::Select);
            let case = case(index as usize);
            // SAFETY: the machine's contract.
            let committed = unsafe {
                match received_from(case) {
                    Some(channel) => channel.try_recv((*case).value) == RecvOutcome::Received,
                    None => Case::new(case).commit_now(),
                }
            };
            if committed {
                return Some(index as i32);
            }
        }
        self.looked = true;
        None
    }

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: the machine's contract.
        unsafe {
            let Some(ended) = ended else { return self.start(run, deadline) };
            self.leave(ended);
            self.looked = false;
            if self.io {
                crate::end_io();
            }
            match ended.outcome {
                Outcome::Done if self.is_false_alarm(ended.case) => self.start(run, deadline),
                // Of one of its channels somebody else had just taken what there was.
                Outcome::Retry => self.start(run, deadline),
                Outcome::Done => Step::Ready(ended.case as i32),
                Outcome::TimedOut => Step::Ready(TIMED_OUT),
                outcome if outcome.interrupts() => Step::Unwind,
                _ => Step::Ready(NEVER),
            }
        }
    }
}
