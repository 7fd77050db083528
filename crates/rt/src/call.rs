//! The runtime's waiting functions that call waiting code: catching a panic, and a deadline around a call.
//!
//! Each has a frame of its own on the arena, since its callee may suspend.

use std::ptr::null_mut;

use abi::RawPanic;
use abi::waiting::{Context, DONE, ENTER, Frame, SUSPENDED, Site, UNWIND, UNWINDING};

use crate::runner::{Runner, Unwinding};
use crate::{arena, clock, current, panic};

/// `entry(cx, parent, how, env) -> status`: a waiting function with one argument and no result.
pub(crate) type Entry = unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut u8) -> i32;

/// What the call is wrapped into, and what the end of the callee means.
trait Wrap {
    const NAME: &'static str;
    /// The callee returned.
    fn returned(&mut self, run: &Runner) -> i32;
    /// The callee unwinds. `Some`: that ends here, and this is the result.
    fn unwinding(&mut self, run: &Runner) -> Option<i32>;
}

#[repr(C)]
struct CallFrame<W> {
    frame: Frame,
    out: *mut i32,
    wrap: W,
}

impl<W: Wrap> CallFrame<W> {
    const SITE: &'static Site = &Site {
        resume: resume::<W>,
        name_ptr: W::NAME.as_ptr(),
        name_len: W::NAME.len(),
        location: std::ptr::null(),
        outer: std::ptr::null(),
        index: 1,
    };
}

/// # Safety
/// `cx` and `parent` are the caller's, `out` is valid until the call is over, `entry` may be called with `env`.
unsafe fn call<W: Wrap>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut i32,
    entry: Entry,
    env: *mut u8,
    wrap: W,
) -> i32 {
    // SAFETY: by contract; the frame is ours until it is given back.
    unsafe {
        let call = arena::take(cx, size_of::<CallFrame<W>>()).cast::<CallFrame<W>>();
        let frame = Frame { parent, site: CallFrame::<W>::SITE };
        call.write(CallFrame { frame, out, wrap });
        let status = entry(cx, call.cast(), ENTER, env);
        finish(cx, call, status)
    }
}

/// # Safety
/// `call` is the innermost frame of `cx` unless the status is `SUSPENDED`; its callee gave the status.
unsafe fn finish<W: Wrap>(cx: *mut Context, call: *mut CallFrame<W>, status: i32) -> i32 {
    if status == SUSPENDED {
        return SUSPENDED;
    }
    // SAFETY: by contract.
    unsafe {
        let run = Runner::of(cx);
        let result = match status {
            DONE => Some((*call).wrap.returned(run)),
            _ => (*call).wrap.unwinding(run),
        };
        if let Some(result) = result {
            (*call).out.write(result);
        }
        arena::give(cx, call.cast());
        if result.is_some() { DONE } else { UNWINDING }
    }
}

/// The site: the callee has ended.
unsafe extern "C" fn resume<W: Wrap>(cx: *mut Context, frame: *mut Frame, how: i32) -> i32 {
    let status = if how == UNWIND { UNWINDING } else { DONE };
    // SAFETY: the driver resumes the innermost frame, which `call` made.
    unsafe { finish(cx, frame.cast::<CallFrame<W>>(), status) }
}

// ---- catching a panic ----

struct Catch {
    panic: *mut RawPanic,
    /// What unwinds around the call, which is clean-up then: it goes on afterwards.
    around: Unwinding,
}

impl Wrap for Catch {
    const NAME: &'static str = "catch a panic";

    fn returned(&mut self, run: &Runner) -> i32 {
        run.set_unwinding(self.around);
        0
    }

    /// A cancellation passes.
    fn unwinding(&mut self, run: &Runner) -> Option<i32> {
        let payload = panic::take(run)?;
        run.set_unwinding(self.around);
        // SAFETY: room for a panic, by the contract of `altru_panic_catch`.
        unsafe { self.panic.write(payload.to_raw()) };
        Some(1)
    }
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_catch(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut i32,
    entry: Entry,
    env: *mut u8,
    panic: *mut RawPanic,
) -> i32 {
    // SAFETY: by contract.
    let run = unsafe { Runner::of(cx) };
    let around = panic::set_apart(run);
    // SAFETY: by contract.
    unsafe { call(cx, parent, out, entry, env, Catch { panic, around }) }
}

// ---- a deadline around a call ----
//
// The runner knows the earliest deadline of all blocks around. When it passes, the wait ends with `Deadline` and unwinds
// with a payload of its own kind, which nothing catches but the block whose deadline it was: the innermost one
// that made the earliest deadline earlier than it was. Blocks further in let it pass; one further out has its own,
// later moment, which is checked at the next wait. A cancellation passes through all blocks; and whichever of the two
// interrupted a wait first unwinds shielded from the other, which is delivered at the first wait after a block
// has turned a deadline into its result. Clean-up is shielded from the deadlines around it, not from those of its own blocks.

struct Deadline {
    /// What was there around this block.
    outer: (i64, u8),
    /// This block's is earlier.
    mine: bool,
    /// What unwinds around the block, which is clean-up then: it goes on afterwards.
    around: Unwinding,
}

impl Wrap for Deadline {
    const NAME: &'static str = "deadline";

    fn returned(&mut self, run: &Runner) -> i32 {
        if self.mine {
            run.leave_deadline(self.outer);
        }
        0
    }

    fn unwinding(&mut self, run: &Runner) -> Option<i32> {
        if !self.mine {
            return None;
        }
        run.leave_deadline(self.outer);
        if run.unwinding() != Unwinding::Deadline {
            return None;
        }
        run.set_unwinding(self.around);
        Some(1)
    }
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_deadline_call(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut i32,
    entry: Entry,
    env: *mut u8,
    duration: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = unsafe { Runner::of(cx) };
    let own = clock::deadline(duration.max(0));
    // As unsigned numbers, -1 is later than everything.
    let mine = own.cast_unsigned() < run.inherited_deadline().cast_unsigned();
    let outer = if mine { run.enter_deadline(own) } else { (-1, 0) };
    let around = run.unwinding();
    // SAFETY: by contract.
    unsafe { call(cx, parent, out, entry, env, Deadline { outer, mine, around }) }
}

// ---- waiting where nothing may wait ----

/// Runs waiting code on the thread's own runner, whatever task the thread drives: what waits blocks the thread.
///
/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_thread_block(entry: Entry, env: *mut u8) {
    let run = current::thread();
    let task = current::task();
    current::set_task(null_mut());
    // A destructor may be what calls, while the thread unwinds.
    let before = run.set_unwinding(Unwinding::Not);
    // Clean-up is not interrupted.
    run.shield(1);
    // SAFETY: by contract; frames on the thread's arena are last in, first out here too.
    let status = unsafe { entry(run.context(), null_mut(), ENTER, env) };
    run.shield(-1);
    let payload = if status == DONE { None } else { panic::take(run) };
    run.set_unwinding(before);
    current::set_task(task);
    if let Some(payload) = payload {
        panic::raise_again(payload);
    }
}
