//! Waiting code written by hand, as generated code would be: a [`Body`] is a function compiled to a state machine.

use std::marker::PhantomData;

use abi::RawPanic;
use abi::waiting::{Context, DONE, ENTER, Frame, RESUME, SUSPENDED, Site, TaskEntry, UNWIND, UNWINDING};

use crate::runner::Runner;
use crate::task::{Task, altru_task_join, altru_task_release};
use crate::{arena, current, panic};

/// Where a body runs: what it hands to the waiting functions it calls.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) cx: *mut Context,
    pub(super) frame: *mut Frame,
}

/// What a step of a body came to.
pub(super) enum Next {
    /// A waiting function was called and gave a status. Its result is where the body asked for it once it is `DONE`,
    /// and the next step is made then.
    Called(i32),
    Return,
}

/// A waiting function: its arguments, locals, and how far it is. Does not move once it runs.
pub(super) trait Body: Sized {
    type Out;
    const NAME: &'static str = "a test's code";

    /// Goes on, up to the next call of a waiting function. May panic.
    fn step(&mut self, at: At) -> Next;

    /// The result, after `Return`.
    fn out(&mut self) -> Self::Out;

    /// One step of the clean-up when it unwinds. Locals are dropped after the last.
    fn clean(&mut self, _at: At) -> Next {
        Next::Return
    }
}

#[repr(C)]
struct BodyFrame<B: Body> {
    frame: Frame,
    out: *mut B::Out,
    unwinding: bool,
    body: B,
}

impl<B: Body> BodyFrame<B> {
    const SITE: &'static Site = &Site {
        resume: resume::<B>,
        name_ptr: B::NAME.as_ptr(),
        name_len: B::NAME.len(),
        location: std::ptr::null(),
        outer: std::ptr::null(),
        index: 1,
    };
}

/// Calls a body. The result goes to `out`.
///
/// # Safety
/// `cx` and `parent` are the caller's; `out` is valid until the call is over.
pub(super) unsafe fn call<B: Body>(cx: *mut Context, parent: *mut Frame, out: *mut B::Out, body: B) -> i32 {
    // SAFETY: by contract; the frame is ours until it is given back.
    unsafe {
        let size = size_of::<BodyFrame<B>>();
        let top = (*cx).top;
        // As generated code takes a frame.
        let at = if size.next_multiple_of(16) <= (*cx).limit.addr() - top.addr() {
            (*cx).top = top.add(size.next_multiple_of(16));
            top
        } else {
            arena::grow(cx, size)
        };
        let at = at.cast::<BodyFrame<B>>();
        let frame = Frame { parent, site: BodyFrame::<B>::SITE };
        at.write(BodyFrame { frame, out, unwinding: false, body });
        go(cx, at)
    }
}

/// # Safety
/// The frame is the innermost one.
unsafe fn go<B: Body>(cx: *mut Context, frame: *mut BodyFrame<B>) -> i32 {
    let at = At { cx, frame: frame.cast() };
    loop {
        // SAFETY: by contract; the body does not move.
        unsafe {
            let next = if (*frame).unwinding {
                (*frame).body.clean(at)
            } else {
                let step = || (*frame).body.step(at);
                match std::panic::catch_unwind(std::panic::AssertUnwindSafe(step)) {
                    Ok(next) => next,
                    Err(caught) => {
                        panic::adopt(Runner::of(cx), caught);
                        Next::Called(UNWINDING)
                    }
                }
            };
            match next {
                Next::Called(SUSPENDED) => return SUSPENDED,
                Next::Called(UNWINDING) => (*frame).unwinding = true,
                Next::Called(_) => {}
                Next::Return => {
                    let unwinding = (*frame).unwinding;
                    if !unwinding {
                        (*frame).out.write((*frame).body.out());
                    }
                    std::ptr::drop_in_place(&raw mut (*frame).body);
                    (*cx).top = frame.cast();
                    if (*cx).base == frame.cast() {
                        arena::shrink(cx);
                    }
                    return if unwinding { UNWINDING } else { DONE };
                }
            }
        }
    }
}

unsafe extern "C" fn resume<B: Body>(cx: *mut Context, frame: *mut Frame, how: i32) -> i32 {
    let frame = frame.cast::<BodyFrame<B>>();
    // SAFETY: the driver resumes the innermost frame, which `call` made.
    unsafe {
        if how == UNWIND {
            (*frame).unwinding = true;
        } else {
            assert_eq!(how, RESUME);
        }
        go(cx, frame)
    }
}

// ---- tasks of bodies ----

unsafe extern "C" fn start<B: Body>(
    cx: *mut Context,
    parent: *mut Frame,
    how: i32,
    env: *mut u8,
    out: *mut u8,
) -> i32 {
    assert_eq!(how, ENTER);
    // SAFETY: the closure is the body, moved out once.
    unsafe { call(cx, parent, out.cast::<B::Out>(), env.cast::<B>().read()) }
}

unsafe extern "C-unwind" fn drop_as<T>(place: *mut u8) {
    // SAFETY: the runtime calls it for a value of this type.
    unsafe { std::ptr::drop_in_place(place.cast::<T>()) };
}

struct Entry<B>(PhantomData<B>);

impl<B: Body> Entry<B> {
    const ENTRY: &'static TaskEntry = &TaskEntry {
        start: start::<B>,
        drop_env: Some(drop_as::<B>),
        drop_out: Some(drop_as::<B::Out>),
        env_size: size_of::<B>(),
        env_align: align_of::<B>(),
        out_size: size_of::<B::Out>(),
        out_align: align_of::<B::Out>(),
        arena: size_of::<BodyFrame<B>>().next_multiple_of(16) + abi::waiting::LEAF_FRAME,
        name_ptr: B::NAME.as_ptr(),
        name_len: B::NAME.len(),
        location: std::ptr::null(),
    };
}

/// A handle, as std has one.
pub(super) struct Handle<T> {
    pub(super) task: *mut Task,
    result: PhantomData<T>,
}

// SAFETY: as std's.
unsafe impl<T: Send> Send for Handle<T> {}
// SAFETY: as std's.
unsafe impl<T: Send> Sync for Handle<T> {}

/// How a joined task ended.
#[derive(Debug, PartialEq)]
pub(super) enum Joined<T> {
    Returned(T),
    Panicked(String),
    Cancelled,
}

/// A task that has not been started.
pub(super) fn make<B: Body>(body: B) -> Handle<B::Out> {
    // SAFETY: the entry is a constant, the room is as large as it says.
    let task = unsafe {
        let task = Task::new(Entry::<B>::ENTRY);
        (*task).values().cast::<B>().write(body);
        task
    };
    Handle { task, result: PhantomData }
}

pub(super) fn spawn<B: Body>(body: B) -> Handle<B::Out> {
    let handle = make(body);
    // SAFETY: the closure is there.
    unsafe { Task::start(handle.task, std::ptr::null()) };
    handle
}

pub(super) fn empty_panic() -> RawPanic {
    RawPanic {
        message: abi::RawString::EMPTY,
        file: abi::RawString::EMPTY,
        thread: abi::RawString::EMPTY,
        line: 0,
        col: 0,
    }
}

/// Takes a panic's message, and frees all of it.
pub(super) fn message(panic: &mut RawPanic) -> String {
    // SAFETY: the runtime has filled it in with UTF-8.
    let message = unsafe { crate::text::text(panic.message.ptr, panic.message.len) }.to_string();
    let RawPanic { message: text, file, thread, .. } = std::mem::replace(panic, empty_panic());
    for string in [text, file, thread].into_iter().filter(|string| string.cap > 0) {
        // SAFETY: an owned string's buffer has `cap` bytes, aligned to 1; nobody has it any more.
        unsafe { crate::memory::free(string.ptr, string.cap, 1) };
    }
    message
}

impl<T> Handle<T> {
    /// Joins from a plain thread.
    pub(super) fn join(self) -> Joined<T> {
        let mut panic = empty_panic();
        let mut how = -1;
        let cx = current::thread().context();
        // SAFETY: the handle is live; the places outlive the call, which does not suspend on a thread.
        unsafe {
            let status =
                altru_task_join(cx, std::ptr::null_mut(), &raw mut how, self.task, &raw mut panic, -1);
            assert_eq!(status, DONE);
            self.joined(how, &mut panic)
        }
    }

    /// What a join's result means.
    pub(super) fn joined(&self, how: i32, panic: &mut RawPanic) -> Joined<T> {
        match how {
            // SAFETY: it has returned, and only the joiner takes the result.
            0 => Joined::Returned(unsafe { (*self.task).take_result().cast::<T>().read() }),
            1 => Joined::Panicked(message(panic)),
            3 => Joined::Cancelled,
            other => panic!("join gave {other}"),
        }
    }

    pub(super) fn is_suspended(&self) -> bool {
        // SAFETY: the handle is live.
        unsafe { (*self.task).run.wait.is_suspended() }
    }

    pub(super) fn cancel(&self) {
        // SAFETY: the handle is live.
        unsafe { (*self.task).run.cancel() }.wake();
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: the handle is given up.
        unsafe { altru_task_release(self.task) };
    }
}
