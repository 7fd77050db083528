//! Events: what is told of each step, and what one learns from others.

use abi::SelectKind;
use explore::{Case, Event, EventIndex};
use smallvec::SmallVec;

use super::super::access::{Accesses, Outline, Touches};
use super::super::op::{EMPTY, FAILED, INTERRUPTED, NEVER, Op, TIME_OUT, case_object};
use super::{Exec, Phase, closed, receivers_of, shut};

pub(super) type Events = SmallVec<[EventIndex; 2]>;

/// The event that a fiber is in, as it will be told.
#[derive(Default)]
pub(super) struct Now {
    pub(super) alternative: u32,
    /// What it touches, if no more is told of that; else the rest of this.
    pub(super) outline: Outline,
    pub(super) accesses: Accesses,
    pub(super) after: Events,
    pub(super) others: SmallVec<[(u32, Accesses); 1]>,
    pub(super) quiescent: bool,
}

impl Now {
    pub(super) fn clear(&mut self) {
        self.accesses.clear();
        self.after.clear();
        self.others.clear();
    }
}

impl Exec {
    /// What whoever the current fiber starts or wakes learns.
    pub(super) fn knowledge(&self) -> Events {
        if !self.whole || self.live == 0 {
            return Events::new();
        }
        let fiber = &self.fibers[self.current];
        let mut known = fiber.after.clone();
        known.extend(fiber.event);
        known
    }

    /// A fiber learns of the events behind something.
    pub(super) fn learn(&mut self, index: usize, of: usize) {
        if self.marks.is_empty() {
            return;
        }
        if let Some(events) = self.marks.get(&of) {
            let fiber = &mut self.fibers[index];
            fiber.after.extend(events.iter().copied());
            if fiber.open {
                self.close_event(index);
            }
        }
    }

    /// What the current fiber just did is something to learn of.
    pub(super) fn mark(&mut self, at: usize) {
        if self.whole {
            let known = self.knowledge();
            self.marks.entry(at).or_default().extend(known);
        } else {
            self.marks.entry(at).or_default();
        }
        self.touch(at);
    }

    /// Who gives up the last sender, or receiver, comes after all others who gave up theirs.
    pub(super) fn learn_of_drops(&mut self, index: usize, op: Op) {
        // SAFETY: who gives up an end has one, so the channel is alive.
        unsafe {
            match op {
                Op::SenderDrop(c) if (*c).sender_count() <= 1 => self.learn(index, c.addr()),
                Op::ReceiverDrop(c) if (*c).receiver_count() <= 1 => {
                    self.learn(index, receivers_of(c.addr()));
                }
                _ => {}
            }
        }
    }

    /// Learns of the events that have made an alternative possible.
    fn learn_why(&mut self, index: usize, op: Op, alternative: u32) {
        match op {
            _ if alternative == INTERRUPTED => {
                if self.is_cancelled(index) {
                    self.learn_cause(index);
                }
            }
            _ if matches!(alternative, TIME_OUT | EMPTY) => {}
            Op::EventWait(at) | Op::EventPeek(at) | Op::EndPeek(at) => self.learn(index, at),
            Op::GroupWait(at) | Op::Join(at) => self.learn(index, at),
            Op::Recv(c) | Op::TryRecv(c) if alternative == FAILED => {
                self.learn(index, closed(c.addr()));
            }
            Op::Send(c) | Op::TrySend(c) if alternative == FAILED => {
                self.learn(index, shut(c.addr()));
            }
            Op::Scope { live } => self.learn(index, live.addr()),
            Op::SenderDrop(_) | Op::ReceiverDrop(_) => self.learn_of_drops(index, op),
            Op::Select { cases, n, .. } if alternative < n as u32 => {
                // SAFETY: the operation is about to be done, so its cases are there.
                let case = unsafe { &*cases.add(alternative as usize) };
                match case.kind {
                    k if k == SelectKind::Recv as u32 || k == SelectKind::Send as u32 => {}
                    k if k == SelectKind::Closed as u32 => {
                        self.learn(index, closed(case.object.addr()));
                    }
                    // SAFETY: as above.
                    _ => self.learn(index, unsafe { case_object(case) }),
                }
            }
            Op::Select { cases, n, .. } if alternative == NEVER => {
                for i in 0..n {
                    // SAFETY: as above.
                    let case = unsafe { &*cases.add(i) };
                    match case.kind {
                        k if k == SelectKind::Recv as u32 => {
                            self.learn(index, closed(case.object.addr()));
                        }
                        k if k == SelectKind::Send as u32 => {
                            self.learn(index, shut(case.object.addr()));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn begin_event(&mut self, index: usize, alternative: u32, quiescent: bool) {
        let op = self.fibers[index].op;
        if self.whole {
            self.learn_why(index, op, alternative);
            self.tell_whole(index, op, alternative);
            self.mark_cancelled(op, alternative, Events::from_slice(&[self.events]));
        } else {
            let mut outline = Outline::Nothing;
            // SAFETY: the operation is about to be done, so what it is about is alive.
            unsafe {
                Touches { exec: self, who: index, taken: true, out: &mut outline }.of(op, alternative);
            }
            self.fibers[index].now_in.outline = outline;
            self.mark_cancelled(op, alternative, Events::new());
        }
        let fiber = &mut self.fibers[index];
        (fiber.now_in.alternative, fiber.now_in.quiescent) = (alternative, quiescent);
        fiber.event = Some(self.events);
        fiber.open = true;
        fiber.case = alternative;
        self.events += 1;
        self.previous = Some(fiber.id);
        if self.recorder.is_some() {
            self.record_event(index, op, alternative);
        }
    }

    /// What a step touches, what else it could have touched, and what it has learnt of.
    fn tell_whole(&mut self, index: usize, op: Op, alternative: u32) {
        let touched = |alternative, taken| {
            let mut out = Accesses::new();
            // SAFETY: the operation is about to be done, so what it is about is alive.
            unsafe { Touches { exec: self, who: index, taken, out: &mut out }.of(op, alternative) };
            out
        };
        let accesses = touched(alternative, true);
        let mut all: SmallVec<[(u32, Accesses); 1]> = SmallVec::new();
        let mut others = op.alternatives() & !(1 << alternative);
        while others != 0 {
            let other = others.trailing_zeros();
            others &= others - 1;
            all.push((other, touched(other, false)));
        }
        // SAFETY: as above.
        let interruptions = unsafe { Touches::interruptions(self, index, op) };
        if !self.is_cancelled(index) || alternative != INTERRUPTED {
            all.extend(interruptions.into_iter().map(|touches| (INTERRUPTED, touches)));
        }
        let fiber = &mut self.fibers[index];
        let now_in = &mut fiber.now_in;
        (now_in.accesses, now_in.others) = (accesses, all);
        now_in.after = std::mem::take(&mut fiber.after);
    }

    #[cold]
    fn record_event(&mut self, index: usize, op: Op, alternative: u32) {
        let (object, case) = (self.object_of(op), self.case_of(op, alternative));
        let fiber = &self.fibers[index];
        if let Some(recorder) = &mut self.recorder {
            let call = if fiber.here.is_null() { 0 } else { fiber.calls };
            recorder.event(fiber.id, op, object, (alternative, case), call, (fiber.here, fiber.parent));
        }
    }

    pub(super) fn close_event(&mut self, index: usize) {
        let fiber = &mut self.fibers[index];
        if !std::mem::replace(&mut fiber.open, false) || self.phase != Phase::Running {
            return;
        }
        let now_in = &fiber.now_in;
        if !self.whole {
            let event = Event {
                task: fiber.id,
                alternative: now_in.alternative,
                accesses: now_in.outline.accesses(),
                after: &[],
                quiescent: now_in.quiescent,
                others: &[],
            };
            // SAFETY: by the contract of `run`.
            return unsafe { (*self.strategy).executed(&event) };
        }
        let others: SmallVec<[Case<'_>; 4]> = now_in
            .others
            .iter()
            .map(|(alternative, accesses)| Case { alternative: *alternative, accesses, after: &[] })
            .collect();
        let event = Event {
            task: fiber.id,
            alternative: now_in.alternative,
            accesses: &now_in.accesses,
            after: &now_in.after,
            quiescent: now_in.quiescent,
            others: &others,
        };
        // SAFETY: by the contract of `run`.
        unsafe { (*self.strategy).executed(&event) };
    }
}
