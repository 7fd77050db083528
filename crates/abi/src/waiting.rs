//! How waiting code is called, suspended, resumed and unwound: the contract between generated code
//! and the runtime.
//!
//! A function *waits* if it may call something that waits: a runtime function marked `waits`, or a
//! function that waits. Such a function is compiled once, to a state machine. It runs as plain native
//! code, with its locals in registers, until a wait cannot complete; what is live across a wait sits in
//! its [`Frame`] on the arena of whoever runs it.
//!
//! # Calling
//!
//! ```text
//! i32 f(Context *cx, Frame *parent, i32 how, [R *result,] arguments…)        generated code
//! i32 g(Context *cx, Frame *parent,          [R *result,] arguments…)        the runtime's own
//! ```
//!
//! `result` is absent if the result has no size. A call gives a *status*:
//!
//! - [`DONE`]: it returned; `*result` is written. Everything it took from the arena is given back.
//! - [`SUSPENDED`]: a wait could not complete. The caller, which has set `frame.site` before the call, stores its live
//!   locals into its frame and returns `SUSPENDED` itself, up to whoever drives the context. Only tasks ever see it:
//!   on an OS thread the runtime blocks inside the wait.
//! - [`UNWINDING`]: a panic or a cancellation is on its way out; its payload is in the context. The caller runs its
//!   clean-up and returns `UNWINDING`. So inside waiting code unwinding is by status; a native panic that
//!   arrives from code that does not wait is caught by the first waiting frame and becomes one.
//!
//! `parent` and `result` have stable addresses for as long as the callee lives: `result` lies in the caller's frame.
//! Arguments passed by address do not: a callee that needs one beyond a wait copies it into its own frame.
//!
//! # Frames
//!
//! On entry a waiting function takes its frame from the arena (`cx.top`, or [`altru_frame_grow`] when `cx.limit` is
//! passed) and sets `frame.parent`; before `DONE` or `UNWINDING` it gives it back (`cx.top = frame`, and
//! [`altru_frame_shrink`] if `frame == cx.base`). Frames are last in, first out, and never move: borrows of
//! locals across a wait are plain pointers.
//!
//! # Resuming
//!
//! The innermost frame of a suspended context is `cx.frame`, set by the runtime's own leaf frame. A driver resumes it
//! through `frame.site`, whatever the depth of the call, and carries the status on:
//!
//! ```text
//! frame = cx.frame; how = RESUME
//! loop:
//!     parent = frame.parent                    before the call: it gives the frame back
//!     status = frame.site.resume(cx, frame, how)
//!     SUSPENDED: stop
//!     DONE:      frame = parent; how = RESUME
//!     UNWINDING: frame = parent; how = UNWIND
//!     no parent: the root has ended
//! ```
//!
//! A frame resumed with `RESUME` finds its callee's result where it told the callee to leave it; with `UNWIND` it goes on with
//! the clean-up of that call.
//!
//! [`altru_frame_grow`]: crate::FUNCTIONS
//! [`altru_frame_shrink`]: crate::FUNCTIONS

use crate::Location;

/// Status: returned, result written.
pub const DONE: i32 = 0;
/// Status: to be resumed later.
pub const SUSPENDED: i32 = 1;
/// Status: a panic or a cancellation is unwinding; the payload is in the context.
pub const UNWINDING: i32 = 2;

/// `how`: a first call. The second argument is the parent.
pub const ENTER: i32 = 0;
/// `how`: the call at which the frame was suspended is done. The second argument is the frame itself.
pub const RESUME: i32 = 1;
/// `how`: the call at which the frame was suspended is unwinding. The second argument is the frame itself.
pub const UNWIND: i32 = 2;

/// What runs waiting code: one for each task (at the start of the task) and for each OS thread. Generated code knows the
/// first three fields; the rest of what a task or thread is lies behind them.
#[repr(C)]
pub struct Context {
    /// The arena's next free byte, aligned to [`FRAME_ALIGN`].
    pub top: *mut u8,
    /// The end of the arena's current segment.
    pub limit: *mut u8,
    /// The frame that opened the current segment; null in the first one.
    pub base: *mut u8,
    /// The innermost frame, while suspended.
    pub frame: *mut Frame,
}

pub const FRAME_ALIGN: usize = 16;

/// The start of every frame.
#[repr(C)]
pub struct Frame {
    /// The caller's frame; null for the root.
    pub parent: *mut Frame,
    /// The call that it is in. Written before each; stale between two.
    pub site: *const Site,
}

/// `resume(cx, frame, how) -> status`
pub type Resume = unsafe extern "C" fn(*mut Context, *mut Frame, i32) -> i32;

/// A place where a function may suspend. One constant for each call that may wait; from these, task dumps and the call
/// chains of panics are read.
#[repr(C)]
pub struct Site {
    pub resume: Resume,
    /// The name of the function, readable.
    pub name_ptr: *const u8,
    pub name_len: usize,
    /// The call's place; null for the runtime's own leaf frames.
    pub location: *const Location,
    /// The function has no frame of its own but was merged into its caller: the call of it there. Null otherwise.
    pub outer: *const Site,
    /// Which of the function's sites it is, from 1: generated code's own business.
    pub index: u32,
}

// SAFETY: constants, never written; they point to constants.
unsafe impl Sync for Site {}

/// What a task is made of, a constant for each type of closure that is ever started as one (std's `task_entry` intrinsic).
#[repr(C)]
pub struct TaskEntry {
    /// The root: moves the closure out of `*env`, calls it and leaves what it gives at `*out`, which may be the same place. A
    /// waiting function with the arguments `(env, out)` and no result of its own.
    pub start: unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut u8, *mut u8) -> i32,
    /// Drops a closure that was never started, in place. Null: nothing to do.
    pub drop_env: Option<unsafe extern "C-unwind" fn(*mut u8)>,
    /// Drops a result that nobody took, in place. Null: nothing to do.
    pub drop_out: Option<unsafe extern "C-unwind" fn(*mut u8)>,
    pub env_size: usize,
    pub env_align: usize,
    pub out_size: usize,
    pub out_align: usize,
    /// Bytes of arena that the root and everything it calls can need at once, a leaf frame (`LEAF_FRAME`) included; 0: not
    /// known (recursion, `dyn`). A measure, not a promise: more is taken from further segments.
    pub arena: usize,
    /// The readable name of the code, for dumps.
    pub name_ptr: *const u8,
    pub name_len: usize,
    /// Where the closure is written.
    pub location: *const Location,
}

// SAFETY: constants, never written; they point to constants.
unsafe impl Sync for TaskEntry {}

/// The most that a common leaf frame of the runtime takes (send, receive, lock, join). `rt` asserts it. Rarer ones (select,
/// waits with a timeout) take a segment of their own where there is no room.
pub const LEAF_FRAME: usize = 80;
