//! The runtime's own waiting functions: small state machines that run for a thread and for a task alike.
//!
//! A [`Machine`] is what one call of a waiting runtime function needs: its arguments, its nodes, and what to do next.
//! For an OS thread it sits on the stack and the thread parks between its steps. For a task it sits in a *leaf
//! frame* on the task's arena, whose site resumes it when the wait has ended. Its address does not change either way
//! once it has taken its first step.

use std::mem::MaybeUninit;

use abi::waiting::{Context, DONE, Frame, Resume, SUSPENDED, Site, UNWINDING};

use super::{Ended, Outcome, Pending, Reason};
use crate::arena;
use crate::runner::Runner;
use crate::timer::Timer;

/// What a step came to.
pub enum Step<T> {
    Ready(T),
    /// A wait has begun and its nodes are linked. The next step is told how it ended.
    Pending(Pending),
    /// After an interrupting outcome: everything is cleaned up, unwind.
    Unwind,
}

pub trait Machine {
    type Out: Copy;

    /// What the frame is called in dumps.
    const NAME: &'static str;

    /// It must start even if the task is to unwind at its next wait, which is this one: it has something to bring to
    /// its end.
    const ALWAYS_STARTS: bool = false;

    /// What it asks for is taken, if it is there, also by who is to unwind: only who would have to wait does. So it is with all that
    /// generated code tries by itself first.
    const LOOKS_FIRST: bool = false;

    /// It has an `at_once`.
    const AT_ONCE: bool = false;

    /// Makes the call if that takes no wait, before the machine has a place of its own. `None`: nothing has happened,
    /// and `step` is to look again.
    ///
    /// # Safety
    /// What it was made from is valid.
    unsafe fn at_once(&mut self, _run: &Runner) -> Option<Self::Out> {
        None
    }

    /// Starts (`ended` is `None`) or goes on after the wait that the last step began. `deadline` is that of the whole
    /// call, -1 for none, `NOW` for not to wait. After `Ready` or `Unwind` none of its nodes is linked.
    ///
    /// # Safety
    /// The machine stays where it is until a step gives `Ready` or `Unwind`. What it was made from is valid until then.
    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<Self::Out>;
}

/// The deadline of a call that is not to wait at all. No moment is this early.
pub(crate) const NOW: i64 = 0;

/// How a machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WaitResult<T> {
    Ready(T),
    Unwinding,
}

/// Runs a machine to its end on an OS thread, parking as often as it takes.
///
/// # Safety
/// As for [`Machine::step`]; `run` is the current thread's.
pub(crate) unsafe fn block<M: Machine>(run: &Runner, mut machine: M, deadline: i64) -> WaitResult<M::Out> {
    let mut ended = None;
    loop {
        // SAFETY: the machine does not move in this loop; the rest by contract.
        match unsafe { machine.step(run, deadline, ended) } {
            Step::Ready(out) => return WaitResult::Ready(out),
            Step::Unwind => return WaitResult::Unwinding,
            Step::Pending(pending) => {
                // As for a task, below: `main` can be cancelled.
                if run.is_interrupted()
                    && let Some(claim) = run.wait.claim_unshielded()
                {
                    let _ = claim.commit(0, Outcome::Cancelled);
                }
                let how = run.wait.park(pending);
                run.note_interruption(how.outcome);
                ended = Some(how);
            }
        }
    }
}

#[repr(C)]
struct LeafFrame<M: Machine> {
    frame: Frame,
    /// Where the result goes: in the caller's frame.
    out: *mut M::Out,
    machine: M,
}

/// The leaf frame of a call that may have a deadline, told by its site.
#[repr(C)]
struct TimedFrame<M: Machine> {
    leaf: LeafFrame<M>,
    deadline: i64,
    /// `timer` is there, and armed for the current wait.
    armed: bool,
    timer: MaybeUninit<Timer>,
}

// What `entry.arena` reckons with. Larger ones (timed waits) take another segment if there is no room.
#[cfg(not(loom))]
const _: () = {
    assert!(size_of::<LeafFrame<crate::channel::Recv>>() <= abi::waiting::LEAF_FRAME);
    assert!(size_of::<LeafFrame<crate::channel::Send>>() <= abi::waiting::LEAF_FRAME);
    assert!(size_of::<LeafFrame<crate::locks::Lock>>() <= abi::waiting::LEAF_FRAME);
    assert!(size_of::<LeafFrame<crate::locks::EndWait>>() <= abi::waiting::LEAF_FRAME);
    assert!(size_of::<LeafFrame<crate::select::Select>>() <= abi::waiting::LEAF_FRAME);
};

impl<M: Machine> LeafFrame<M> {
    const SITE: &'static Site = &Self::site(resume::<M, false>);
    const TIMED_SITE: &'static Site = &Self::site(resume::<M, true>);
    /// It lets others run before its first step.
    const TURN_SITE: &'static Site = &Self::site(resume_turn::<M, false>);
    const TIMED_TURN_SITE: &'static Site = &Self::site(resume_turn::<M, true>);

    const fn site(resume: Resume) -> Site {
        Site {
            resume,
            name_ptr: M::NAME.as_ptr(),
            name_len: M::NAME.len(),
            location: std::ptr::null(),
            outer: std::ptr::null(),
            index: 1,
        }
    }
}

/// Runs a machine as a waiting function of the runtime: gives a status, and `*out` is written if it is `DONE`.
///
/// # Safety
/// `cx` and `parent` are the caller's; `out` is valid until the call is over; the rest as for [`Machine::step`].
#[inline(always)]
pub unsafe fn run<M: Machine>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut M::Out,
    mut machine: M,
    deadline: i64,
) -> i32 {
    // SAFETY: by contract; `cx` is the start of a runner.
    unsafe {
        let run = Runner::of(cx);
        if M::AT_ONCE
            && !run.is_interrupted()
            && !run.turn_is_over()
            && let Some(value) = machine.at_once(run)
        {
            out.write(value);
            return DONE;
        }
        run_with_frame(cx, parent, out, machine, deadline)
    }
}

/// The same for a call that may have to wait.
///
/// # Safety
/// As for `run`.
#[inline(never)]
unsafe fn run_with_frame<M: Machine>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut M::Out,
    machine: M,
    deadline: i64,
) -> i32 {
    // SAFETY: by contract `cx` is the start of a runner.
    let run = unsafe { Runner::of(cx) };
    if !M::ALWAYS_STARTS && !M::LOOKS_FIRST && run.is_interrupted() {
        run.note_interruption(Outcome::Cancelled);
        return UNWINDING;
    }
    if !run.is_task() {
        // SAFETY: by contract; a thread's context is used by that thread only. For whoever looks at it while it waits.
        unsafe { (*cx).frame = parent };
        // SAFETY: as above.
        return match unsafe { block(run, machine, deadline) } {
            WaitResult::Ready(value) => {
                // SAFETY: by contract.
                unsafe { out.write(value) };
                DONE
            }
            WaitResult::Unwinding => UNWINDING,
        };
    }
    let timed = run.has_deadline(deadline);
    // SAFETY: the arena gives room for the frame, aligned; it is ours until it is given back.
    unsafe {
        let size = if timed { size_of::<TimedFrame<M>>() } else { size_of::<LeafFrame<M>>() };
        let leaf = arena::take(cx, size).cast::<LeafFrame<M>>();
        let site = if timed { LeafFrame::<M>::TIMED_SITE } else { LeafFrame::<M>::SITE };
        leaf.write(LeafFrame { frame: Frame { parent, site }, out, machine });
        if timed {
            let leaf = leaf.cast::<TimedFrame<M>>();
            (*leaf).deadline = deadline;
            (*leaf).armed = false;
        }
        // A task that always finds what it asks for never waits: it gives way all the same when its turn is over.
        if !M::ALWAYS_STARTS && run.turn_is_over() {
            (*leaf).frame.site =
                if timed { LeafFrame::<M>::TIMED_TURN_SITE } else { LeafFrame::<M>::TURN_SITE };
            run.yields(true);
            run.shield(M::LOOKS_FIRST.into());
            let _ = run.begin(Reason::Yield, 0, 1, -1);
            (*cx).frame = leaf.cast();
            return SUSPENDED;
        }
        advance(cx, run, leaf, deadline, None)
    }
}

/// Steps a leaf frame until it is over or has to wait.
///
/// # Safety
/// `leaf` is the innermost frame of the task `run`, which this thread drives; a `TimedFrame` if there is any deadline.
unsafe fn advance<M: Machine>(
    cx: *mut Context,
    run: &Runner,
    leaf: *mut LeafFrame<M>,
    deadline: i64,
    mut ended: Option<Ended>,
) -> i32 {
    loop {
        // SAFETY: the frame does not move; the rest by the contract of `run`.
        match unsafe { (*leaf).machine.step(run, deadline, ended) } {
            Step::Ready(value) => {
                // SAFETY: `out` is valid by the contract of `run`; the frame is over.
                unsafe {
                    (*leaf).out.write(value);
                    leave(cx, leaf);
                }
                return DONE;
            }
            Step::Unwind => {
                // SAFETY: the frame is over.
                unsafe { leave(cx, leaf) };
                return UNWINDING;
            }
            Step::Pending(pending) => {
                // The wait has begun; if the flag was set before, the canceller may have missed it.
                if run.is_interrupted()
                    && let Some(claim) = run.wait.claim_unshielded()
                {
                    // Nobody is to be woken but this task, which runs.
                    let _ = claim.commit(0, Outcome::Cancelled);
                    let how = run.wait.ended();
                    run.note_interruption(how.outcome);
                    ended = Some(how);
                    continue;
                }
                // SAFETY: by contract a wait with a deadline has a frame with a timer; the context is this thread's
                // until it returns.
                unsafe {
                    if pending.until >= 0 {
                        let timed = leaf.cast::<TimedFrame<M>>();
                        (*timed).armed = true;
                        let timer = (&raw mut (*timed).timer).cast::<Timer>();
                        timer.write(Timer::new(&raw const run.wait, pending));
                        crate::arm(timer);
                    }
                    (*cx).frame = leaf.cast();
                }
                return SUSPENDED;
            }
        }
    }
}

/// Gives the frame back.
///
/// # Safety
/// `leaf` is the innermost frame, and over.
unsafe fn leave<M: Machine>(cx: *mut Context, leaf: *mut LeafFrame<M>) {
    // SAFETY: by contract; then nobody refers to it any more.
    unsafe {
        std::ptr::drop_in_place(&raw mut (*leaf).machine);
        arena::give(cx, leaf.cast());
    }
}

/// Resumes a leaf frame: its wait has been committed.
unsafe extern "C" fn resume<M: Machine, const TIMED: bool>(
    cx: *mut Context,
    frame: *mut Frame,
    _how: i32,
) -> i32 {
    let leaf = frame.cast::<LeafFrame<M>>();
    // SAFETY: a driver resumes a suspended task's innermost frame, which `run` made, with the site that tells its kind.
    unsafe {
        let run = Runner::of(cx);
        let ended = run.wait.ended();
        let mut deadline = -1;
        if TIMED {
            let timed = leaf.cast::<TimedFrame<M>>();
            deadline = (*timed).deadline;
            // Others may just be looking at it: no reference.
            let timer = (&raw mut (*timed).timer).cast::<Timer>();
            // One that has ended the wait was unlinked before.
            if std::mem::take(&mut (*timed).armed) && ended.outcome != (*timer).late {
                crate::disarm(timer);
            }
        }
        run.note_interruption(ended.outcome);
        advance(cx, run, leaf, deadline, Some(ended))
    }
}

/// Resumes a leaf frame that has given way before its first step.
unsafe extern "C" fn resume_turn<M: Machine, const TIMED: bool>(
    cx: *mut Context,
    frame: *mut Frame,
    _how: i32,
) -> i32 {
    let leaf = frame.cast::<LeafFrame<M>>();
    // SAFETY: as in `resume`.
    unsafe {
        let run = Runner::of(cx);
        run.shield(-i32::from(M::LOOKS_FIRST));
        let ended = run.wait.ended();
        if ended.outcome.interrupts() {
            run.note_interruption(ended.outcome);
            leave(cx, leaf);
            return UNWINDING;
        }
        (*leaf).frame.site = if TIMED { LeafFrame::<M>::TIMED_SITE } else { LeafFrame::<M>::SITE };
        let deadline = if TIMED { (*leaf.cast::<TimedFrame<M>>()).deadline } else { -1 };
        advance(cx, run, leaf, deadline, None)
    }
}
