//! What operations touch, as the search is told: see the `explore` crate.
//!
//! A lock is a `Take` of the mutex, an unlock a `Give`; a send is a `Write` of the channel's tail (the order of messages), a
//! `Take` of its space and a `Give` of one message. That a channel is still open is the absence of a permit
//! that its end gives: a send that succeeds `Peek`s at what the last receiver `Give`s when it goes.
//!
//! Of an alternative that was taken it is known that it was possible, and why: by the events that its own names (`after`).
//! One that was not taken is told with all that it would need, so that the search can see what would have to
//! come before it.

use abi::{SelectCase, SelectKind};
use explore::{Access, Kind, ObjectId};
use smallvec::SmallVec;

use super::exec::{Exec, meets};
use super::op::{ARRIVES, DEFAULT, EMPTY, FAILED, GOT, INTERRUPTED, NEVER, Op, TIME_OUT};
use crate::channel::Channel;

/// Most operations touch one or two objects.
pub(super) type Accesses = SmallVec<[Access; 4]>;

/// What becomes of what operations touch.
pub(super) trait Sink {
    /// It is asked which objects they are.
    const NAMES: bool;

    fn add(&mut self, object: u64, kind: Kind, initial: u32);

    /// How many there are.
    fn count(&self) -> usize {
        0
    }

    /// From the `from`-th on, those of the two objects were only a read of that one.
    fn only_read(&mut self, _from: usize, _objects: [u64; 2], _that: u64) {}
}

impl Sink for Accesses {
    const NAMES: bool = true;

    fn add(&mut self, object: u64, kind: Kind, initial: u32) {
        self.push(Access::new(object, kind, initial));
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn only_read(&mut self, from: usize, objects: [u64; 2], that: u64) {
        for access in &mut self[from..] {
            if objects.contains(&access.object.0) {
                *access = plain(that, Kind::Read);
            }
        }
    }
}

/// As much of what an operation touches as is told of it where the strategy wants no more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) enum Outline {
    #[default]
    Nothing,
    Looks,
    Changes,
}

impl Outline {
    /// Accesses of which the same holds.
    pub(super) fn accesses(self) -> &'static [Access] {
        const fn one(kind: Kind) -> [Access; 1] {
            [Access { object: ObjectId(0), kind, initial: 0 }]
        }
        const LOOKS: &[Access] = &one(Kind::Read);
        const CHANGES: &[Access] = &one(Kind::Write);
        match self {
            Outline::Nothing => &[],
            Outline::Looks => LOOKS,
            Outline::Changes => CHANGES,
        }
    }
}

impl Sink for Outline {
    const NAMES: bool = false;

    #[inline]
    fn add(&mut self, _object: u64, kind: Kind, _initial: u32) {
        let changes = matches!(kind, Kind::Write | Kind::Take | Kind::Give);
        *self = (*self).max(if changes { Outline::Changes } else { Outline::Looks });
    }
}

/// The objects of one address are told apart by these.
const TAIL: u64 = 1 << 56;
const SPACE: u64 = 2 << 56;
/// Given when the last sender is gone.
const CLOSED: u64 = 3 << 56;
/// Given when the last receiver is gone.
const SHUT: u64 = 4 << 56;
/// How many messages there are, and whether it is closed.
const LENGTH: u64 = 5 << 56;
/// Whether it is closed, for who does not wait for that.
const OPEN: u64 = 9 << 56;
/// An event's being reset.
const RESET: u64 = 6 << 56;
/// The one object that every cancellation changes: see `exec::cancel`.
pub(super) const CANCELLATION: u64 = u64::MAX;
/// Where selects wait that others can see: whoever comes first with any of its cases ends it, so all that could do
/// that has an order.
pub(super) const MEETING: u64 = u64::MAX - 1;
/// That `main` has not ended.
const PROGRAM: u64 = u64::MAX - 2;

fn plain(object: u64, kind: Kind) -> Access {
    Access::new(object, kind, 0)
}

/// What an alternative touches: one that is taken now, or (`taken` false) another one of the same operation.
pub(super) struct Touches<'a, S> {
    pub(super) exec: &'a Exec,
    /// Whose operation it is.
    pub(super) who: usize,
    pub(super) taken: bool,
    pub(super) out: &'a mut S,
}

impl Touches<'_, Accesses> {
    /// The ways in which an operation that got what it was about could have unwound instead.
    ///
    /// # Safety
    /// As for `of`.
    pub(super) unsafe fn interruptions(exec: &Exec, who: usize, op: Op) -> SmallVec<[Accesses; 1]> {
        let mut all = SmallVec::new();
        if !exec.looked().cancels || !op.can_be_interrupted() {
            return all;
        }
        // SAFETY: by contract.
        let would_wait = || unsafe {
            let mut out = Accesses::new();
            let mut touches = Touches { exec, who, taken: false, out: &mut out };
            touches.would_wait(op);
            exec.cancelling_touches(op, INTERRUPTED, &mut out);
            out
        };
        let causes = exec.causes_now(who);
        if op.looks_first() {
            for cause in &causes {
                let mut out = would_wait();
                out.push(plain(*cause, Kind::Take));
                all.push(out);
            }
        }
        if exec.is_late(who) {
            let mut out = would_wait();
            out.extend(causes.iter().map(|cause| plain(*cause, Kind::Peek)));
            all.push(out);
        }
        all
    }
}

impl<S: Sink> Touches<'_, S> {
    fn id(&self, at: usize) -> u64 {
        if S::NAMES { self.exec.object(at) } else { 0 }
    }

    fn scope(&self, at: usize) -> u64 {
        if S::NAMES { self.exec.scope(at) } else { 0 }
    }

    fn push(&mut self, object: u64, kind: Kind) {
        self.out.add(object, kind, 0);
    }

    /// # Safety
    /// What the operation is about is alive, and what those wait for who are parked.
    pub(super) unsafe fn of(&mut self, op: Op, alternative: u32) {
        let looked = self.exec.looked();
        // SAFETY: by contract, here and below.
        unsafe {
            match alternative {
                TIME_OUT => self.exec.parked_on(self.who, self.out),
                INTERRUPTED => self.would_wait(op),
                _ => self.of_itself(op, alternative),
            }
            if looked.cancels {
                self.exec.cancelling_touches(op, alternative, self.out);
            }
        }
        let interrupted = alternative == INTERRUPTED && self.exec.is_cancelled(self.who);
        let got = op.looks_first() && !matches!(alternative, TIME_OUT | INTERRUPTED);
        if looked.cancels && op.can_be_interrupted() && !interrupted && !got {
            for cause in self.exec.causes_now(self.who) {
                self.push(cause, Kind::Peek);
            }
        }
        if looked.cancels && op.begins_to_wait() {
            self.push(CANCELLATION, Kind::Read);
        }
        if looked.meets && op.can_end_a_select() {
            self.push(MEETING, Kind::Write);
        }
    }

    /// What somebody looks at who unwinds only if it would have to wait.
    ///
    /// # Safety
    /// As for `of`.
    unsafe fn would_wait(&mut self, op: Op) {
        if !op.looks_first() && !self.exec.is_late(self.who) {
            return;
        }
        // SAFETY: by contract.
        unsafe {
            match op {
                Op::Lock(at) => self.out.add(self.id(at), Kind::Peek, 1),
                Op::EventWait(at) | Op::Join(at) => self.has_happened(at, EMPTY),
                Op::GroupWait(at) => self.push(self.id(at), Kind::Write),
                Op::Scope { live } => self.push(self.scope(live.addr()), Kind::Write),
                Op::Send(c) => self.send(&*c, EMPTY),
                Op::Recv(c) => self.recv(&*c, EMPTY),
                Op::Batch { channel, sends, .. } => {
                    self.push(self.id(channel.addr()) | LENGTH, Kind::Write);
                    if sends { self.send(&*channel, EMPTY) } else { self.recv(&*channel, EMPTY) }
                }
                Op::Select { cases, n, .. } => {
                    for i in 0..n {
                        self.not_ready(&*cases.add(i));
                    }
                }
                _ => {}
            }
        }
    }

    /// # Safety
    /// As for `of`.
    unsafe fn of_itself(&mut self, op: Op, alternative: u32) {
        // SAFETY: by contract, throughout.
        unsafe {
            match op {
                Op::Start | Op::Yield | Op::Sleep | Op::Chance { .. } | Op::Scope { .. } => {}
                Op::Cancel(_) | Op::CancelScope(_) => {}
                Op::MainEnds => self.push(PROGRAM, Kind::Write),
                Op::Unheard => self.push(PROGRAM, Kind::Read),
                Op::Join(at) => self.has_happened(at, GOT),
                Op::Lock(at) => self.lock(at),
                Op::TryLock(at) if alternative == GOT => self.lock(at),
                Op::TryLock(at) => self.out.add(self.id(at), Kind::Peek, 1),
                Op::Unlock(at) => self.out.add(self.id(at), Kind::Give, 1),
                Op::Touch { object, writes, .. } => {
                    let kind = if writes { Kind::Write } else { Kind::Read };
                    self.push(self.id(object), kind);
                }
                Op::CondvarWait { condvar, mutex } => {
                    self.push(self.id(condvar), Kind::Write);
                    self.out.add(self.id(mutex), Kind::Give, 1);
                }
                Op::EventSet(at) => {
                    self.push(self.id(at), Kind::Give);
                    self.push(self.id(at) | RESET, Kind::Read);
                }
                Op::End { end, scope, .. } => {
                    self.push(self.id(end), Kind::Give);
                    if scope != 0 && self.exec.looked().cancels {
                        self.push(self.scope(scope), Kind::Read);
                    }
                }
                Op::EventReset(at) => self.push(self.id(at) | RESET, Kind::Write),
                Op::EventWait(at) => self.has_happened(at, GOT),
                Op::EventPeek(at) | Op::EndPeek(at) => self.has_happened(at, alternative),
                Op::GroupDone(at) | Op::GroupWait(at) => self.push(self.id(at), Kind::Read),
                Op::GroupAdd(at) => self.push(self.id(at), Kind::Write),
                Op::Send(c) | Op::TrySend(c) => self.send(&*c, alternative),
                Op::Recv(c) | Op::TryRecv(c) => self.recv(&*c, alternative),
                Op::ChannelPeek(c) => self.push(self.id(c.addr()) | LENGTH, Kind::Write),
                // Only the last one does anything.
                Op::SenderDrop(c) if (*c).sender_count() > 1 => {}
                Op::SenderDrop(c) => self.close(c.addr(), CLOSED),
                Op::ReceiverDrop(c) if (*c).receiver_count() > 1 => {}
                Op::ReceiverDrop(c) => self.close(c.addr(), SHUT),
                Op::Close(c) => {
                    self.close(c.addr(), CLOSED);
                    self.close(c.addr(), SHUT);
                }
                // How many it moves depends on all that others do to the channel.
                Op::Batch { channel, sends, n } => {
                    let channel = &*channel;
                    self.push(self.id(std::ptr::from_ref(channel).addr()) | LENGTH, Kind::Write);
                    let most = if sends { channel.room() } else { channel.len() };
                    for _ in 0..n.min(most) {
                        if sends { self.send(channel, GOT) } else { self.recv(channel, GOT) }
                    }
                }
                Op::Select { cases, n, .. } if alternative == DEFAULT => {
                    for i in 0..n {
                        self.passed_over(&*cases.add(i));
                    }
                }
                Op::Select { cases, n, .. } if (ARRIVES..NEVER).contains(&alternative) => {
                    self.is_open(&*cases.add((alternative - ARRIVES) as usize));
                    for i in 0..n {
                        self.arrives(&*cases.add(i));
                    }
                }
                // Its cases have ended before, which is known.
                Op::Select { .. } if alternative == NEVER => {}
                Op::Select { cases, .. } => self.case(&*cases.add(alternative as usize)),
            }
        }
    }

    fn lock(&mut self, at: usize) {
        self.out.add(self.id(at), Kind::Take, 1);
    }

    /// An event is set, or somebody has ended; with `EMPTY` not.
    fn has_happened(&mut self, at: usize, alternative: u32) {
        self.push(self.id(at) | RESET, Kind::Read);
        if alternative == EMPTY {
            self.push(self.id(at), Kind::Peek);
        } else if !self.taken {
            self.push(self.id(at), Kind::Take);
        }
    }

    fn close(&mut self, channel: usize, which: u64) {
        self.push(self.id(channel) | which, Kind::Give);
        self.push(self.id(channel) | OPEN, Kind::Write);
        self.length(self.id(channel));
    }

    fn length(&mut self, id: u64) {
        if self.exec.looked().lengths {
            self.push(id | LENGTH, Kind::Read);
        }
    }

    fn send(&mut self, channel: &Channel, alternative: u32) {
        let id = self.id(std::ptr::from_ref(channel).addr());
        let capacity = u32::try_from(channel.capacity());
        match alternative {
            FAILED if self.taken => {}
            FAILED => self.push(id | SHUT, Kind::Take),
            EMPTY => {
                self.push(id | SHUT, Kind::Peek);
                match capacity {
                    Ok(0) | Err(_) => self.push(id, Kind::Write),
                    Ok(capacity) => self.out.add(id | SPACE, Kind::Peek, capacity),
                }
            }
            _ => {
                self.push(id | TAIL, Kind::Write);
                self.push(id | SHUT, Kind::Peek);
                match capacity {
                    // Whoever comes second meets the first one.
                    Ok(0) => self.push(id, Kind::Write),
                    Ok(capacity) => {
                        self.push(id, Kind::Give);
                        self.out.add(id | SPACE, Kind::Take, capacity);
                    }
                    Err(_) => self.push(id, Kind::Give),
                }
                self.length(id);
            }
        }
    }

    fn recv(&mut self, channel: &Channel, alternative: u32) {
        let id = self.id(std::ptr::from_ref(channel).addr());
        let capacity = u32::try_from(channel.capacity());
        if capacity == Ok(0) {
            // Whoever comes second meets the first one, as long as nobody has closed it.
            self.push(id, Kind::Write);
            match alternative {
                FAILED if self.taken => {}
                FAILED => self.push(id | CLOSED, Kind::Take),
                _ => self.push(id | CLOSED, Kind::Peek),
            }
            return;
        }
        match alternative {
            FAILED => {
                self.push(id, Kind::Peek);
                if !self.taken {
                    self.push(id | CLOSED, Kind::Take);
                }
            }
            EMPTY => {
                self.push(id, Kind::Peek);
                self.push(id | CLOSED, Kind::Peek);
            }
            _ => {
                self.push(id, Kind::Take);
                if let Ok(capacity) = capacity {
                    self.out.add(id | SPACE, Kind::Give, capacity);
                }
                self.length(id);
            }
        }
    }

    /// A case of a select that is taken.
    ///
    /// # Safety
    /// Its object is alive.
    unsafe fn case(&mut self, case: &SelectCase) {
        // SAFETY: by contract.
        let channel = || unsafe { &*case.object.cast::<Channel>() };
        match case.kind {
            k if k == SelectKind::Recv as u32 => self.recv(channel(), GOT),
            k if k == SelectKind::Send as u32 => self.send(channel(), GOT),
            k if k == SelectKind::Closed as u32 => self.recv(channel(), FAILED),
            k if k == SelectKind::Lock as u32 => self.lock(case.object.addr()),
            k if k == SelectKind::Event as u32 => self.has_happened(case.object.addr(), GOT),
            k if k == SelectKind::Join as u32 => {
                self.has_happened(crate::end_of_thread(case.object).addr(), GOT);
            }
            k if k == SelectKind::Task as u32 => {
                self.has_happened(crate::end_of_task(case.object).addr(), GOT);
            }
            _ => {}
        }
    }

    /// The channel of a case is not closed.
    fn is_open(&mut self, case: &SelectCase) {
        let closing = if case.kind == SelectKind::Recv as u32 { CLOSED } else { SHUT };
        self.push(self.id(case.object.addr()) | closing, Kind::Peek);
    }

    /// A case of a select that waits where others can see it.
    ///
    /// # Safety
    /// Its object is alive.
    unsafe fn arrives(&mut self, case: &SelectCase) {
        // SAFETY: by contract.
        if unsafe { meets(case) } {
            self.push(self.id(case.object.addr()), Kind::Write);
        }
    }

    /// A case of a select that takes its default. One whose channel is closed is passed over as well.
    ///
    /// # Safety
    /// Its object is alive.
    unsafe fn passed_over(&mut self, case: &SelectCase) {
        let from = self.out.count();
        // SAFETY: by contract.
        unsafe { self.not_ready(case) };
        if case.kind == SelectKind::Recv as u32 || case.kind == SelectKind::Send as u32 {
            let id = self.id(case.object.addr());
            self.out.only_read(from, [id | CLOSED, id | SHUT], id | OPEN);
        }
    }

    /// A case of a select that cannot be taken.
    ///
    /// # Safety
    /// Its object is alive.
    unsafe fn not_ready(&mut self, case: &SelectCase) {
        // SAFETY: by contract.
        let channel = || unsafe { &*case.object.cast::<Channel>() };
        match case.kind {
            k if k == SelectKind::Recv as u32 => self.recv(channel(), EMPTY),
            k if k == SelectKind::Send as u32 => self.send(channel(), EMPTY),
            k if k == SelectKind::Closed as u32 => {
                self.push(self.id(case.object.addr()) | CLOSED, Kind::Peek);
            }
            k if k == SelectKind::Lock as u32 => {
                self.out.add(self.id(case.object.addr()), Kind::Peek, 1);
            }
            k if k == SelectKind::Event as u32 => self.has_happened(case.object.addr(), EMPTY),
            k if k == SelectKind::Join as u32 => {
                self.has_happened(crate::end_of_thread(case.object).addr(), EMPTY);
            }
            k if k == SelectKind::Task as u32 => {
                self.has_happened(crate::end_of_task(case.object).addr(), EMPTY);
            }
            _ => {}
        }
    }
}
