//! Cancellation, and what it races with.
//!
//! A fiber unwinds out of a wait for one of these *causes*: its task is cancelled; the scope whose child it is; a child of a scope that it
//! guards has panicked; the deadline of a block around has passed. The first three are given by others, each as a permit of an object of
//! its own that nobody takes; the last one comes with time, which passes only when nobody can go, so everything has an order with it.
//!
//! What a cause does depends on where its fiber is:
//!
//! 1. *Before a wait that gives way to it* (`join`, channels, select): then the wait is not begun. Getting what it waits for
//!    needs that there is no cause (a `Peek` at each), so it and each cause have an order.
//! 2. *Before a wait that looks first* (`Op::looks_first`: locks, events): it gets what is there. Only who would have to wait
//!    unwinds, which is an alternative that needs a cause (`Take`), and looks at what it would wait for (`Peek`).
//! 3. *Before an operation that is begun whatever comes of it* (`Op::begins_to_wait`). Whether it parks is known only then, so
//!    it has an order with all cancellations (`Read` of `CANCELLATION`, which each of them writes).
//! 4. *Parked.* The cause ends the wait and changes the queue it stood in: it writes the objects the wait is linked to
//!    (`parked_on`). Who ends the wait in the ordinary way before (`Exec::wake`) reads `CANCELLATION`.
//! 5. *Shielded*, which is unwinding too: nothing.
//!
//! So for each pair of a cause and a step of its fiber or of somebody who could serve it: both orders have conflicting accesses whenever
//! they lead to different states. Two causes have an order with each other (both write `CANCELLATION`), hence who unwinds learns of the
//! first one only: without the others it would have unwound too.
//!
//! Whoever waits for the end of a scope and is interrupted cancels the children, and so do a deadline there and a child's panic, at its end.

use explore::Kind;
use smallvec::SmallVec;

use super::super::access::{CANCELLATION, MEETING, Sink};
use super::super::op::{INTERRUPTED, Op, TIME_OUT};
use super::event::Events;
use super::{Exec, Fiber, Phase, State};
use crate::channel::Channel;
use abi::{SelectCase, SelectKind};

/// A task's having been cancelled; a scope's children; a scope's owner, by a child's panic.
const CANCELLED: u64 = 7 << 56;
const FAILED: u64 = 8 << 56;

/// Where those learn of it who are cancelled: a task, or the children of a scope.
pub(in crate::explore) fn cancelling(of: usize) -> usize {
    of | 2
}

/// Where the owner of a scope learns of a child's panic.
pub(in crate::explore) fn failing(scope: usize) -> usize {
    scope | 1
}

/// What an operation does to others, beside what it is about.
enum Cancels {
    Nobody,
    Task(usize),
    Children(usize),
    /// And their owner.
    All(usize),
}

/// Whom a step makes unwind.
fn cancels(op: Op, alternative: u32) -> Cancels {
    match op {
        Op::Cancel(task) => Cancels::Task(task),
        Op::CancelScope(scope) => Cancels::Children(scope),
        Op::End { scope, fails: true, .. } => Cancels::All(scope),
        Op::Scope { live } if matches!(alternative, INTERRUPTED | TIME_OUT) => Cancels::Children(live.addr()),
        _ => Cancels::Nobody,
    }
}

fn own(fiber: &Fiber) -> u64 {
    5 << 48 | u64::from(fiber.id.0) | CANCELLED
}

impl Exec {
    /// A scope is opened: its word is at `live`.
    pub(in crate::explore) fn opens_scope(&mut self, live: usize) {
        if self.whole {
            let name = self.new_name();
            self.scopes.insert(live, name);
        }
        for mark in [live, cancelling(live), failing(live)] {
            self.marks.remove(&mark);
        }
    }

    /// Whether the current fiber unwinds when a child of the scope panics.
    pub(in crate::explore) fn guards(&mut self, live: usize, guards: bool) {
        let scopes = &mut self.fibers[self.current].guards;
        scopes.retain(|scope| *scope != live);
        if guards {
            scopes.push(live);
        }
    }

    /// A scope's children have ended; `waited`: the current fiber was interrupted before that.
    pub(in crate::explore) fn leaves_scope(&mut self, live: usize, waited: bool) {
        self.guards(live, false);
        if waited {
            self.learn(self.current, live);
        }
    }

    /// The name of a scope.
    pub(in crate::explore) fn scope(&self, live: usize) -> u64 {
        self.scopes.get(&live).copied().unwrap_or(4 << 48 | live as u64 & ((1 << 48) - 1))
    }

    /// The causes for a fiber to unwind: their names, and where it learns of them.
    fn causes(&self, index: usize) -> SmallVec<[(u64, usize); 2]> {
        let fiber = &self.fibers[index];
        let (task, scope) = fiber.came;
        let mut causes = SmallVec::new();
        if task != 0 {
            causes.push((own(fiber), cancelling(task)));
        }
        if scope != 0 {
            causes.push((self.scope(scope) | CANCELLED, cancelling(scope)));
        }
        causes.extend(fiber.guards.iter().map(|at| (self.scope(*at) | FAILED, failing(*at))));
        causes
    }

    /// The names of the causes that can interrupt a fiber where it stands.
    pub(in crate::explore) fn causes_now(&self, index: usize) -> SmallVec<[u64; 2]> {
        // SAFETY: a fiber's runner is alive as long as it has not ended.
        if unsafe { (*self.fibers[index].run).is_shielded() } {
            return SmallVec::new();
        }
        self.causes(index).into_iter().map(|(name, _)| name).collect()
    }

    /// Whether somebody has made a fiber unwind.
    pub(in crate::explore) fn is_cancelled(&self, index: usize) -> bool {
        // SAFETY: as above.
        unsafe { (*self.fibers[index].run).is_interrupted() }
    }

    /// Whether the deadline of a block around has passed.
    pub(in crate::explore) fn is_late(&self, index: usize) -> bool {
        // SAFETY: as above.
        unsafe { (*self.fibers[index].run).is_late() }
    }

    /// The first of the causes for which a fiber unwinds.
    pub(super) fn learn_cause(&mut self, index: usize) {
        let causes = self.causes(index);
        let told = causes.iter().filter_map(|(_, at)| Some((self.marks.get(at)?.last()?, *at)));
        if let Some((_, first)) = told.min() {
            self.learn(index, first);
        }
    }

    /// A step that cancels others has been taken: they can learn of it.
    #[inline]
    pub(super) fn mark_cancelled(&mut self, op: Op, alternative: u32, known: Events) {
        if matches!(op, Op::Cancel(_) | Op::CancelScope(_) | Op::End { fails: true, .. } | Op::Scope { .. }) {
            self.mark_whom(op, alternative, known);
        }
    }

    fn mark_whom(&mut self, op: Op, alternative: u32, known: Events) {
        let mut mark = |at| {
            // Who comes second makes no difference.
            self.marks.entry(at).or_insert_with(|| known.clone());
        };
        match cancels(op, alternative) {
            Cancels::Nobody => {}
            Cancels::Task(of) | Cancels::Children(of) => mark(cancelling(of)),
            Cancels::All(scope) => {
                mark(cancelling(scope));
                mark(failing(scope));
            }
        }
    }

    /// What a step touches by cancelling others.
    ///
    /// # Safety
    /// What parked fibers wait for is alive.
    pub(in crate::explore) unsafe fn cancelling_touches<S: Sink>(
        &self,
        op: Op,
        alternative: u32,
        out: &mut S,
    ) {
        let fibers = &self.fibers[..self.live];
        // A task that has ended counts: before that, the cancellation would have made a difference. The latest, since memory is
        // used again.
        let task = |of: usize| fibers.iter().rposition(|fiber| fiber.came.0 == of);
        let whom: SmallVec<[usize; 4]> = match cancels(op, alternative) {
            Cancels::Nobody => return,
            Cancels::Task(of) => {
                let task = task(of);
                if let Some(index) = task {
                    out.add(own(&fibers[index]), Kind::Give, 0);
                }
                task.into_iter().collect()
            }
            Cancels::Children(scope) => {
                out.add(self.scope(scope) | CANCELLED, Kind::Give, 0);
                (0..self.live).filter(|index| fibers[*index].came.1 == scope).collect()
            }
            Cancels::All(scope) => {
                out.add(self.scope(scope) | CANCELLED, Kind::Give, 0);
                out.add(self.scope(scope) | FAILED, Kind::Give, 0);
                let concerns = |index: &usize| {
                    let fiber = &fibers[*index];
                    fiber.came.1 == scope || fiber.guards.contains(&scope)
                };
                (0..self.live).filter(concerns).collect()
            }
        };
        out.add(CANCELLATION, Kind::Write, 0);
        for index in whom {
            // SAFETY: by contract.
            unsafe { self.parked_on(index, out) };
        }
    }

    /// What is changed by ending a parked fiber's wait.
    ///
    /// # Safety
    /// What it waits for is alive.
    pub(in crate::explore) unsafe fn parked_on<S: Sink>(&self, index: usize, out: &mut S) {
        let fiber = &self.fibers[index];
        if fiber.state != State::Parked {
            return;
        }
        let name = |at: usize| if S::NAMES { self.object(at) } else { 0 };
        let mut changes = |object: u64| out.add(object, Kind::Write, 0);
        match fiber.op {
            Op::Scope { live } => changes(self.scope(live.addr())),
            Op::Select { cases, n, .. } => {
                changes(MEETING);
                for i in 0..n {
                    // SAFETY: by contract.
                    let case = unsafe { &*cases.add(i) };
                    // SAFETY: by contract.
                    if unsafe { meets(case) } {
                        changes(name(case.object.addr()));
                    }
                }
            }
            op if op.object() != 0 => changes(name(op.object())),
            _ => {}
        }
    }

    /// The current fiber ends the wait of another one: no cancellation came before.
    pub(super) fn note_wake(&mut self, woken: usize) {
        if !self.looked.cancels || self.phase != Phase::Running {
            return;
        }
        // SAFETY: a fiber's runner is alive as long as it has not ended.
        let shielded = unsafe { (*self.fibers[woken].run).is_shielded() };
        let fiber = &mut self.fibers[self.current];
        if !fiber.open || shielded {
            return;
        }
        let now_in = &mut fiber.now_in;
        if !self.whole {
            now_in.outline.add(CANCELLATION, Kind::Read, 0);
        } else if !now_in.accesses.iter().any(|access| access.object.0 == CANCELLATION) {
            now_in.accesses.add(CANCELLATION, Kind::Read, 0);
        }
    }
}

/// Whether a case of a select is one that others can see waiting.
///
/// # Safety
/// The case's object is alive.
pub(in crate::explore) unsafe fn meets(case: &SelectCase) -> bool {
    let messages = [SelectKind::Recv as u32, SelectKind::Send as u32];
    // SAFETY: by contract.
    messages.contains(&case.kind) && unsafe { (*case.object.cast::<Channel>()).is_rendezvous() }
}
