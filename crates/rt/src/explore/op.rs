//! The visible operations: what one does next, and what of it is possible now.
//!
//! An operation that would have to wait is not begun until it need not: so the order in which waiters arrive makes no
//! difference where the language promises none, and two executions that differ in it only are one. Where arriving is
//! itself something that others notice (a rendezvous, a writer that holds up readers, a condition's waiters), the
//! operation is begun, and its waiter parks as it would outside.
//!
//! An operation that can end in several ways is a choice between *alternatives*, of which each has its condition: a
//! `try_lock` that gets the lock and one that does not, a receive that gets a message and one that finds the channel
//! closed, the cases of a select. `access` says what each of them touches.

use std::sync::atomic::{AtomicU32, Ordering};

use abi::protocol::{event, mutex};
use abi::{SelectCase, SelectKind};

use crate::channel::Channel;

/// The ordinary end: it got what it was about. Of a select's cases it is the first.
pub(super) const GOT: u32 = 0;
/// The channel was closed.
pub(super) const FAILED: u32 = 1;
/// Nothing was there, and it did not wait.
pub(super) const EMPTY: u32 = 2;
/// The task is to unwind.
pub(super) const INTERRUPTED: u32 = 61;
/// The wait's time is over.
pub(super) const TIME_OUT: u32 = 62;
/// A select without a ready case takes its default.
pub(super) const DEFAULT: u32 = 63;
/// A select without a ready case begins to wait where others can see it: at a rendezvous that is open, which is the first such
/// case's number added to this.
pub(super) const ARRIVES: u32 = 40;
/// None of a select's cases can ever happen.
pub(super) const NEVER: u32 = 60;

/// Of the steps of which nothing better is known those that may wait.
pub(super) const READ_LOCK: &str = "read lock";
pub(super) const WRITE_LOCK: &str = "write lock";
pub(super) const ACQUIRE: &str = "acquire";
pub(super) const WAIT_FOR_OTHERS: &str = "wait for others";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    /// The start of the program.
    Start,
    Lock(usize),
    TryLock(usize),
    Unlock(usize),
    /// A step on an object of which nothing better is known: it reads (`false`) or changes it.
    Touch {
        what: &'static str,
        object: usize,
        writes: bool,
    },
    /// Releases the mutex and begins to wait.
    CondvarWait {
        condvar: usize,
        mutex: usize,
    },
    EventWait(usize),
    EventSet(usize),
    EventReset(usize),
    /// Looks whether an event is set.
    EventPeek(usize),
    /// The end of a thread or task, by its word.
    Join(usize),
    End {
        end: usize,
        /// The scope that it is a child of, by its word; 0: none.
        scope: usize,
        /// It has panicked, which ends the others of its scope.
        fails: bool,
    },
    EndPeek(usize),
    /// A wait group: one more, one less, none left.
    GroupAdd(usize),
    GroupDone(usize),
    GroupWait(usize),
    Send(*const Channel),
    TrySend(*const Channel),
    Recv(*const Channel),
    TryRecv(*const Channel),
    /// Looks at its length, or whether it is closed.
    ChannelPeek(*const Channel),
    SenderDrop(*const Channel),
    ReceiverDrop(*const Channel),
    Close(*const Channel),
    /// Moves as many as it can.
    Batch {
        channel: *const Channel,
        sends: bool,
        n: usize,
    },
    Select {
        cases: *const SelectCase,
        n: usize,
        biased: bool,
        waits: bool,
    },
    /// Waits for a scope's children, which may all have ended.
    Scope {
        live: *const usize,
    },
    /// Makes a task unwind.
    Cancel(usize),
    /// Makes the children of a scope unwind, by its word.
    CancelScope(usize),
    /// Takes one of so many values, as chance decides outside.
    Chance {
        what: &'static str,
        n: u32,
    },
    /// Sleeps: begun without a choice.
    Sleep,
    Yield,
    /// `main` ends. Panics count until then.
    MainEnds,
    /// A panic that nobody hears of.
    Unheard,
}

/// What somebody looks at without waiting. Until then the steps that only let others go on are nobody's business.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Looked {
    pub(super) locks: bool,
    pub(super) events: bool,
    pub(super) ends: bool,
    pub(super) channels: bool,
    pub(super) cancels: bool,
    /// How many messages there are.
    pub(super) lengths: bool,
    /// A select that waits at a rendezvous, where others can see it.
    pub(super) meets: bool,
    /// Whether `main` has ended, by a panic that nobody hears of.
    pub(super) panics: bool,
}

impl Looked {
    /// As one does who unwinds if it would have to wait.
    pub(super) fn looks_at_all(&mut self) {
        (self.locks, self.events, self.ends, self.channels, self.cancels) = (true, true, true, true, true);
    }

    /// As a number, for schedules.
    pub(super) fn bits(self) -> u8 {
        let flags = [
            self.locks,
            self.events,
            self.ends,
            self.channels,
            self.cancels,
            self.lengths,
            self.meets,
            self.panics,
        ];
        flags.iter().enumerate().map(|(i, flag)| u8::from(*flag) << i).sum()
    }

    pub(super) fn from_bits(bits: u8) -> Looked {
        let flag = |i: u32| bits & 1 << i != 0;
        Looked {
            locks: flag(0),
            events: flag(1),
            ends: flag(2),
            channels: flag(3),
            cancels: flag(4),
            lengths: flag(5),
            meets: flag(6),
            panics: flag(7),
        }
    }
}

/// # Safety
/// The word is alive: somebody is about to use it.
pub(super) unsafe fn word(at: usize) -> u32 {
    let word: *const AtomicU32 = std::ptr::with_exposed_provenance(at);
    // SAFETY: by contract.
    unsafe { (*word).load(Ordering::Relaxed) }
}

/// The bit of an alternative if it is possible, else that of another, or of none.
fn either(possible: bool, then: u32, otherwise: Option<u32>) -> u64 {
    match (possible, otherwise) {
        (true, _) => 1 << then,
        (false, Some(otherwise)) => 1 << otherwise,
        (false, None) => 0,
    }
}

impl Op {
    /// The alternatives that are possible now, as bits. Zero: it would wait.
    ///
    /// # Safety
    /// What it is about is alive.
    #[inline]
    pub(super) unsafe fn enabled(&self) -> u64 {
        // SAFETY: by contract.
        unsafe {
            match *self {
                Op::Lock(at) => either(word(at) == mutex::UNLOCKED, GOT, None),
                Op::TryLock(at) => either(word(at) == mutex::UNLOCKED, GOT, Some(EMPTY)),
                Op::EventWait(at) | Op::Join(at) => either(word(at) == event::SET, GOT, None),
                Op::EventPeek(at) | Op::EndPeek(at) => either(word(at) == event::SET, GOT, Some(EMPTY)),
                Op::GroupWait(at) => either(word(at) == 0, GOT, None),
                Op::Send(c) if (*c).is_closed() => 1 << FAILED,
                Op::Send(c) => either((*c).is_rendezvous() || (*c).can_send(), GOT, None),
                Op::TrySend(c) if (*c).is_closed() => 1 << FAILED,
                Op::TrySend(c) => either((*c).can_send(), GOT, Some(EMPTY)),
                Op::Recv(c) if (*c).is_drained() => 1 << FAILED,
                Op::Recv(c) => either((*c).is_rendezvous() || (*c).can_recv(), GOT, None),
                Op::TryRecv(c) if (*c).is_drained() => 1 << FAILED,
                Op::TryRecv(c) => either((*c).can_recv(), GOT, Some(EMPTY)),
                Op::Batch { channel, sends: true, .. } => either((*channel).can_send(), GOT, None),
                Op::Batch { channel, .. } => either((*channel).can_recv(), GOT, None),
                Op::Select { cases, n, biased, waits } => select(cases, n, biased, waits),
                Op::Scope { live } => either(*live == 0, GOT, None),
                Op::Chance { n, .. } => (1 << n) - 1,
                _ => 1 << GOT,
            }
        }
    }

    /// It never has to wait before it begins, and ends in one way: see `enabled`.
    pub(super) fn is_always_possible(&self) -> bool {
        !matches!(
            self,
            Op::Lock(_)
                | Op::TryLock(_)
                | Op::EventWait(_)
                | Op::Join(_)
                | Op::EventPeek(_)
                | Op::EndPeek(_)
                | Op::GroupWait(_)
                | Op::Send(_)
                | Op::TrySend(_)
                | Op::Recv(_)
                | Op::TryRecv(_)
                | Op::Batch { .. }
                | Op::Select { .. }
                | Op::Scope { .. }
                | Op::Chance { .. }
        )
    }

    /// Every alternative that it can have, possible now or not, but for interruptions and the end of its time.
    pub(super) fn alternatives(&self) -> u64 {
        match *self {
            Op::TryLock(_) | Op::EventPeek(_) | Op::EndPeek(_) => 1 << GOT | 1 << EMPTY,
            // An unbounded channel is never full.
            // SAFETY: who sends has a sender, so the channel is alive.
            Op::TrySend(c) if unsafe { (*c).capacity() } < 0 => 1 << GOT | 1 << FAILED,
            Op::TrySend(_) | Op::TryRecv(_) => 1 << GOT | 1 << FAILED | 1 << EMPTY,
            Op::Send(_) | Op::Recv(_) => 1 << GOT | 1 << FAILED,
            Op::Chance { n, .. } => (1 << n) - 1,
            Op::Select { cases, n, waits, .. } => {
                let all = (1 << n.min(ARRIVES as usize)) - 1;
                if !waits {
                    return all | 1 << DEFAULT;
                }
                // SAFETY: the cases of a select that stands or is about to begin are alive.
                all | unsafe { crate::select::meetings(cases, n, false) } << ARRIVES
            }
            _ => 1 << GOT,
        }
    }

    /// A cancellation can end it.
    #[inline]
    pub(super) fn can_be_interrupted(&self) -> bool {
        matches!(
            self,
            Op::Lock(_)
                | Op::EventWait(_)
                | Op::Join(_)
                | Op::GroupWait(_)
                | Op::Send(_)
                | Op::Recv(_)
                | Op::Batch { .. }
                | Op::Select { waits: true, .. }
                | Op::Scope { .. }
                | Op::Yield
        )
    }

    /// Also who is cancelled gets what it asks for, if that is there: see `Machine::LOOKS_FIRST`.
    #[inline]
    pub(super) fn looks_first(&self) -> bool {
        matches!(self, Op::Lock(_) | Op::EventWait(_) | Op::GroupWait(_) | Op::Scope { .. })
    }

    /// Who is cancelled would unwind once it has begun and would have to wait.
    pub(super) fn begins_to_wait(&self) -> bool {
        let waits = [READ_LOCK, WRITE_LOCK, ACQUIRE, WAIT_FOR_OTHERS];
        match self {
            Op::CondvarWait { .. } => true,
            Op::Touch { what, .. } => waits.contains(what),
            _ => false,
        }
    }

    /// It changes nothing that anybody but its own waiters can notice, and cannot fail: no choice is worth making
    /// before it.
    #[inline]
    pub(super) fn is_silent(&self, looked: Looked) -> bool {
        match self {
            Op::Start => true,
            // Who is cancelled does not get that far.
            Op::Join(_) | Op::Scope { .. } => !looked.cancels,
            // Who is cancelled looks whether it would have to wait.
            Op::Unlock(_) => !looked.locks && !looked.cancels,
            Op::EventSet(_) => !looked.events && !looked.cancels,
            Op::End { scope, fails, .. } => !fails && !looked.ends && (*scope == 0 || !looked.cancels),
            // SAFETY: who gives up a sender or receiver has one, so the channel is alive.
            Op::SenderDrop(c) => unsafe { (**c).sender_count() > 1 || !looked.channels },
            // SAFETY: as above.
            Op::ReceiverDrop(c) => unsafe { (**c).receiver_count() > 1 },
            Op::MainEnds | Op::Unheard => !looked.panics,
            _ => false,
        }
    }

    /// It may be one that `looks` makes something of.
    #[inline]
    pub(super) fn may_look(&self) -> bool {
        matches!(
            self,
            Op::TryLock(_)
                | Op::EventPeek(_)
                | Op::EventReset(_)
                | Op::EndPeek(_)
                | Op::TryRecv(_)
                | Op::ChannelPeek(_)
                | Op::Batch { .. }
                | Op::Cancel(_)
                | Op::CancelScope(_)
                | Op::End { .. }
                | Op::Select { .. }
        )
    }

    /// What looking at it without waiting makes worth a choice from now on.
    pub(super) fn looks(&self, looked: &mut Looked) {
        match *self {
            Op::TryLock(_) => looked.locks = true,
            Op::EventPeek(_) | Op::EventReset(_) => looked.events = true,
            Op::EndPeek(_) => looked.ends = true,
            Op::TryRecv(_) => looked.channels = true,
            Op::ChannelPeek(_) | Op::Batch { .. } => {
                looked.channels = true;
                looked.lengths = true;
            }
            Op::Cancel(_) | Op::CancelScope(_) | Op::End { fails: true, .. } => looked.cancels = true,
            Op::Select { cases, n, waits, .. } => {
                for i in 0..n {
                    // SAFETY: the select is about to begin, so its cases are there.
                    let case = unsafe { &*cases.add(i) };
                    match case.kind {
                        k if k == SelectKind::Lock as u32 => looked.locks = true,
                        k if k == SelectKind::Event as u32 => looked.events = true,
                        k if k == SelectKind::Join as u32 || k == SelectKind::Task as u32 => {
                            looked.ends = true;
                        }
                        k if k == SelectKind::Closed as u32 => looked.channels = true,
                        k if k == SelectKind::Recv as u32 || k == SelectKind::Send as u32 => {
                            looked.channels |= !waits;
                            // SAFETY: as above, and what they are about too.
                            let meets = unsafe { (*case.object.cast::<Channel>()).is_rendezvous() };
                            looked.meets |= waits && n > 1 && meets;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// It can be what a select waits for.
    pub(super) fn can_end_a_select(&self) -> bool {
        !matches!(
            self,
            Op::Start
                | Op::Yield
                | Op::Touch { .. }
                | Op::Join(_)
                | Op::Scope { .. }
                | Op::GroupAdd(_)
                | Op::GroupDone(_)
                | Op::GroupWait(_)
                | Op::Chance { .. }
                | Op::MainEnds
                | Op::Unheard
        )
    }

    /// It is more than a look.
    #[inline]
    pub(super) fn changes(&self) -> bool {
        !matches!(
            self,
            Op::Start
                | Op::Yield
                | Op::Touch { writes: false, .. }
                | Op::TryLock(_)
                | Op::EventPeek(_)
                | Op::EndPeek(_)
                | Op::ChannelPeek(_)
                | Op::TryRecv(_)
                | Op::TrySend(_)
                | Op::Select { waits: false, .. }
        )
    }

    /// It has only looked, and found nothing.
    #[inline]
    pub(super) fn is_in_vain(&self, alternative: u32) -> bool {
        match self {
            Op::TryLock(_) | Op::TrySend(_) | Op::TryRecv(_) => alternative != GOT,
            Op::Select { waits: false, .. } => matches!(alternative, DEFAULT | NEVER),
            _ => !self.changes(),
        }
    }

    /// The object that it is about, or 0.
    #[inline]
    pub(super) fn object(&self) -> usize {
        match *self {
            Op::Lock(at) | Op::TryLock(at) | Op::Unlock(at) => at,
            Op::Touch { object, .. } => object,
            Op::CondvarWait { condvar, .. } => condvar,
            Op::Batch { channel, .. } => channel.addr(),
            Op::EventWait(at) | Op::EventSet(at) | Op::EventReset(at) | Op::EventPeek(at) => at,
            Op::Join(at) | Op::End { end: at, .. } | Op::EndPeek(at) => at,
            Op::GroupAdd(at) | Op::GroupDone(at) | Op::GroupWait(at) => at,
            Op::Send(c) | Op::TrySend(c) | Op::Recv(c) | Op::TryRecv(c) => c.addr(),
            Op::ChannelPeek(c) | Op::SenderDrop(c) | Op::ReceiverDrop(c) | Op::Close(c) => c.addr(),
            Op::Scope { live } => live.addr(),
            Op::Start | Op::Select { .. } | Op::Chance { .. } | Op::Sleep | Op::Yield => 0,
            Op::Cancel(_) | Op::CancelScope(_) | Op::MainEnds | Op::Unheard => 0,
        }
    }

    /// How it ends with an alternative, in words, if that is worth any.
    pub(super) fn outcome(&self, alternative: u32) -> Option<&'static str> {
        Some(match (self, alternative) {
            (Op::Select { .. }, DEFAULT) => "nothing is ready",
            (Op::Select { .. }, NEVER) => "nothing can be ready any more",
            (Op::Select { .. }, ARRIVES..NEVER) => "waits",
            (_, TIME_OUT) => "the time is over",
            (_, INTERRUPTED) => "is cancelled",
            (Op::TryLock(_), EMPTY) => "is locked",
            (Op::TrySend(_), EMPTY) => "is full",
            (Op::TryRecv(_), EMPTY) => "is empty",
            (Op::EventPeek(_), EMPTY) => "is not set",
            (Op::EndPeek(_), EMPTY) => "has not",
            (Op::Send(_) | Op::TrySend(_) | Op::Recv(_) | Op::TryRecv(_), FAILED) => "is closed",
            _ => return None,
        })
    }

    /// What it is called in a trace.
    pub(super) fn name(&self) -> &'static str {
        match *self {
            Op::Start => "start",
            Op::Lock(_) => "lock",
            Op::TryLock(_) => "try_lock",
            Op::Unlock(_) => "unlock",
            Op::Touch { what, .. } => what,
            Op::CondvarWait { .. } => "wait for a condition",
            Op::Batch { sends: true, .. } => "send_batch",
            Op::Batch { sends: false, .. } => "recv_batch",
            Op::EventWait(_) => "wait for an event",
            Op::EventSet(_) => "set an event",
            Op::EventReset(_) => "reset an event",
            Op::EventPeek(_) => "look at an event",
            Op::Join(_) => "join",
            Op::End { .. } => "end",
            Op::EndPeek(_) => "look whether it has ended",
            Op::GroupAdd(_) => "add to a wait group",
            Op::GroupDone(_) => "done in a wait group",
            Op::GroupWait(_) => "wait for a wait group",
            Op::Send(_) => "send",
            Op::TrySend(_) => "try_send",
            Op::Recv(_) => "recv",
            Op::TryRecv(_) => "try_recv",
            Op::ChannelPeek(_) => "look at a channel",
            Op::SenderDrop(_) => "drop a sender",
            Op::ReceiverDrop(_) => "drop a receiver",
            Op::Close(_) => "close",
            Op::Select { .. } => "select",
            Op::Scope { .. } => "wait for a scope's tasks",
            Op::Cancel(_) | Op::CancelScope(_) => "cancel",
            Op::Chance { what, .. } => what,
            Op::Sleep => "sleep",
            Op::Yield => "yield",
            Op::MainEnds => "ends",
            Op::Unheard => "ends by a panic",
        }
    }
}

/// # Safety
/// Cases and their objects are alive.
unsafe fn select(cases: *const SelectCase, n: usize, biased: bool, waits: bool) -> u64 {
    // SAFETY: by contract.
    let ready = unsafe { crate::select::ready(cases, n) };
    if ready != 0 {
        return if biased { ready & ready.wrapping_neg() } else { ready };
    }
    // SAFETY: by contract.
    unsafe {
        if !waits {
            return 1 << DEFAULT;
        }
        match crate::select::meetings(cases, n, true) {
            0 => either(crate::select::is_over(cases, n), NEVER, None),
            meetings => (meetings & meetings.wrapping_neg()) << ARRIVES,
        }
    }
}

/// What a case of a select waits for, as a trace says it; nothing for one that is left out.
pub(super) fn case_name(case: &SelectCase) -> Option<&'static str> {
    const NAMES: [(SelectKind, &str); 7] = [
        (SelectKind::Recv, "recv"),
        (SelectKind::Send, "send"),
        (SelectKind::Closed, "closed"),
        (SelectKind::Join, "join"),
        (SelectKind::Task, "await"),
        (SelectKind::Lock, "lock"),
        (SelectKind::Event, "wait for an event"),
    ];
    NAMES.into_iter().find(|(kind, _)| case.kind == *kind as u32).map(|(_, name)| name)
}

/// What a case of a select is about, as `Exec::mark` knows it.
///
/// # Safety
/// The case's object is alive.
pub(super) unsafe fn case_object(case: &SelectCase) -> usize {
    match case.kind {
        k if k == SelectKind::Join as u32 => crate::end_of_thread(case.object).addr(),
        k if k == SelectKind::Task as u32 => crate::end_of_task(case.object).addr(),
        _ => case.object.addr(),
    }
}
