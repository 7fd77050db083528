//! Panics. In code that does not wait they unwind natively, with Rust's machinery; the first waiting frame catches that
//! (`altru_panic_caught`), and through waiting code a panic travels as the status `UNWINDING`, its payload in the runner.
//!
//! The message is printed when the panic is raised, so that it is seen whatever happens afterwards; the payload
//! carries it to whoever joins. What is unwinding is kept with the task or thread that unwinds, so tasks that take turns
//! on a worker do not mix.
//!
//! Clean-up may panic too. A panic that is caught within it (`catch`) does not disturb what unwinds around. One that
//! leaves it takes the place of what was unwinding, and goes on with what remains to be cleaned up. A native panic that
//! has been replaced ends in a landing pad (`altru_panic_replaced`); one that has become a status hangs on its
//! successor until that is taken.

use std::any::Any;
use std::collections::HashSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use abi::waiting::{Context, Frame};
use abi::{Location, OverflowOp, RawPanic, RawString};

use crate::backtrace;
use crate::chain;
use crate::runner::{Runner, Unwinding};
use crate::sync::global::{AtomicU64, Ordering};
use crate::text::{Out, owned, text};
use crate::{current, stdio, task};

/// What a panic carries to the edge.
#[derive(Clone, Default)]
pub(crate) struct Payload {
    pub(crate) message: String,
    file: String,
    line: u32,
    col: u32,
    thread: String,
    /// The calls that led to it have been printed.
    traced: bool,
    /// How much had been written to standard error when its message had been.
    told: u64,
    /// The calls that were printed with the message.
    calls: String,
    /// What was unwinding when it was raised: owned by its exception if that is native still, else by this payload.
    before: Option<NonNull<Payload>>,
}

// SAFETY: what `before` leads to goes wherever this payload goes; only its owner follows it.
unsafe impl Send for Payload {}

/// How many threads and tasks are unwinding because of a panic: lets the common question be answered without touching
/// thread-local memory, by generated code too (`fast`).
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static altru_panics: AtomicU64 = AtomicU64::new(0);

/// The panic that is unwinding the current thread or task.
fn active() -> Option<NonNull<Payload>> {
    if altru_panics.load(Ordering::Relaxed) == 0 {
        return None;
    }
    active_of(current::runner())
}

fn active_of(run: &Runner) -> Option<NonNull<Payload>> {
    match run.unwinding() {
        Unwinding::Panic(payload) => NonNull::new(payload.cast()),
        _ => None,
    }
}

impl Payload {
    /// # Safety
    /// `location` is null or leads to a valid location.
    unsafe fn new(message: String, location: *const Location) -> Payload {
        // SAFETY: by contract.
        let (file, line, col) = match unsafe { location.as_ref() } {
            // SAFETY: a location's file name is UTF-8 in read-only data.
            Some(l) => (unsafe { text(l.file_ptr, l.file_len) }, l.line, l.col),
            None => ("", 0, 0),
        };
        let thread = current::name();
        Payload { message, file: file.to_string(), line, col, thread, ..Payload::default() }
    }

    /// A copy for somebody else.
    pub(crate) fn copy(&self) -> Payload {
        Payload { before: None, ..self.clone() }
    }

    fn report(&self) -> String {
        let mut report = format!("panic: {}\n  ", self.message);
        if !self.file.is_empty() {
            report.push_str(&format!("at {}:{}:{} ", self.file, self.line, self.col));
        }
        report.push_str(&format!("in {} {}\n", current::kind(), self.thread));
        report.push_str(&self.calls);
        if let Some(first) = active() {
            // SAFETY: it lives as long as it unwinds this thread or task.
            let first = unsafe { &first.as_ref().message };
            report.push_str(&format!("  while cleaning up after the panic: {first}\n"));
        }
        report
    }

    /// What it says, and where.
    pub(crate) fn described(&self) -> String {
        match self.file.as_str() {
            "" => self.message.clone(),
            file => format!("{} at {file}:{}:{}", self.message, self.line, self.col),
        }
    }

    /// Hands a copy of the panic to the program. The strings are the program's.
    pub(crate) fn to_raw(&self) -> RawPanic {
        RawPanic {
            message: owned(&self.message),
            file: owned(&self.file),
            thread: owned(&self.thread),
            line: self.line,
            col: self.col,
        }
    }

    /// A panic of Rust code: the runtime's own, or a library's. Its hook has printed it.
    fn foreign(payload: &(dyn Any + Send)) -> Payload {
        let message = payload
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "foreign exception".to_string());
        Payload { message, ..Payload::default() }
    }
}

/// # Safety
/// `location` is null or leads to a valid location.
#[cold]
unsafe fn raise(message: String, location: *const Location) -> ! {
    // SAFETY: by contract.
    let mut payload = unsafe { Payload::new(message, location) };
    stdio::flush();
    if !crate::explore::hears_panic(&payload.described()) {
        if backtrace::is_wanted() {
            payload.calls = backtrace::describe();
        }
        stdio::write_stderr(payload.report().as_bytes());
        payload.told = stdio::stderr_written();
    }
    let payload = Box::into_raw(Box::new(payload));
    set_active(current::runner(), payload);
    // SAFETY: the box goes with the exception; the runner keeps its address for questions about it.
    resume_unwind(unsafe { Box::from_raw(payload) })
}

/// Goes on with a panic that was taken, in code that does not wait.
pub(crate) fn raise_again(payload: Box<Payload>) -> ! {
    let payload = Box::into_raw(payload);
    set_active(current::runner(), payload);
    // SAFETY: as in `raise`.
    resume_unwind(unsafe { Box::from_raw(payload) })
}

/// A new panic unwinds. A cancellation that was unwinding gives way for good.
fn set_active(run: &Runner, payload: *mut Payload) {
    altru_panics.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller has just made it, or owns it.
    unsafe { (*payload).before = active_of(run) };
    run.set_unwinding(Unwinding::Panic(payload.cast()));
}

#[cold]
fn abort_with(message: &str) -> ! {
    stdio::write_stderr(message.as_bytes());
    // SAFETY: always allowed.
    unsafe { libc::abort() }
}

/// Makes a caught native panic the runner's: from here on it owns the payload.
pub fn adopt(run: &Runner, caught: Box<dyn Any + Send>) {
    match caught.downcast::<Payload>() {
        // `raise` has set the same address.
        Ok(payload) => {
            run.set_unwinding(Unwinding::Panic(Box::into_raw(payload).cast()));
        }
        Err(other) => set_active(run, Box::into_raw(Box::new(Payload::foreign(&*other)))),
    }
}

/// Ends the unwinding of a runner by a panic, which it owns, as it owns those that this one replaced.
pub(crate) fn take(run: &Runner) -> Option<Box<Payload>> {
    let mut payload = end(active_of(run)?);
    run.set_unwinding(Unwinding::Not);
    let mut before = payload.before.take();
    while let Some(replaced) = before {
        before = end(replaced).before;
    }
    Some(payload)
}

/// A panic unwinds no more. It is owned by whoever calls.
fn end(payload: NonNull<Payload>) -> Box<Payload> {
    altru_panics.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: `raise` leaked a box, and the caller owns it: since `adopt`, or as what `before` says.
    unsafe { Box::from_raw(payload.as_ptr()) }
}

/// Begins a region that no panic leaves: one may begin there whatever unwinds around it. Gives what that is.
pub(crate) fn set_apart(run: &Runner) -> Unwinding {
    let around = run.unwinding();
    if matches!(around, Unwinding::Panic(_)) {
        run.set_unwinding(Unwinding::Not);
    }
    around
}

/// Runs `body`, code that does not wait, and catches a panic that leaves it.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Box<Payload>> {
    let run = current::runner();
    let around = set_apart(run);
    let result = catch_unwind(AssertUnwindSafe(body)).map_err(|caught| {
        adopt(run, caught);
        take(run).expect("just adopted")
    });
    run.set_unwinding(around);
    result
}

/// Prints the waiting calls that led to a panic, and where its task was started, once.
///
/// # Safety
/// The runner's panic has just been adopted, and `parent` is the frame of who called the code that caught it, or null.
unsafe fn trace(run: &Runner, parent: *const Frame) {
    let Unwinding::Panic(payload) = run.unwinding() else { return };
    // SAFETY: owned by the runner.
    let payload = unsafe { &mut *payload.cast::<Payload>() };
    if std::mem::replace(&mut payload.traced, true) || crate::explore::is_on() {
        return;
    }
    let mut calls = String::new();
    // SAFETY: by contract; callers are in the calls that their sites say.
    unsafe { chain::write(parent, "called by", &mut calls) };
    let known: HashSet<&str> = payload.calls.lines().collect();
    let mut out = String::new();
    // Somebody else has written in between.
    if stdio::stderr_written() != payload.told {
        let _ = writeln!(
            out,
            "the calls that led to the panic in {} {}: {}",
            current::kind(),
            payload.thread,
            payload.message
        );
    }
    let head = out.len();
    for line in calls.lines().filter(|line| !known.contains(line)) {
        let _ = writeln!(out, "{line}");
    }
    if run.is_task()
        // SAFETY: it is being driven.
        && let Some(task) = unsafe { current::task().as_ref() }
    {
        task.write_origin(&mut out);
        task::describe_waiter(task, &mut out);
    }
    if out.len() > head {
        stdio::write_stderr(out.as_bytes());
    }
}

unsafe extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut u8) -> i32;
}

/// # Safety
/// `cx` is the caller's; `exception` is what its landing pad was given, and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_caught(cx: *mut Context, parent: *mut Frame, exception: *mut u8) {
    // SAFETY: by contract.
    unsafe {
        adopt(Runner::of(cx), take_apart(exception));
        trace(Runner::of(cx), parent);
    }
}

/// # Safety
/// `exception` is what a landing pad was given whose panic has been replaced by the one that unwinds now; it is not
/// used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_replaced(exception: *mut u8) {
    // SAFETY: by contract.
    let Ok(replaced) = unsafe { take_apart(exception) }.downcast::<Payload>() else { return };
    let replaced = NonNull::from(Box::leak(replaced));
    let before = end(replaced).before;
    if let Some(mut payload) = active() {
        // SAFETY: it lives as long as it unwinds this thread or task, whose only code this is.
        let payload = unsafe { payload.as_mut() };
        if payload.before == Some(replaced) {
            payload.before = before;
        }
    }
}

/// Raises an exception once more, into Rust's own catch, which takes it apart.
///
/// # Safety
/// By contract a live exception that nobody unwinds at the moment; it is not used afterwards.
unsafe fn take_apart(exception: *mut u8) -> Box<dyn Any + Send> {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: by contract.
        unsafe { _Unwind_RaiseException(exception) };
    }));
    match caught {
        Err(caught) => caught,
        Ok(()) => abort_with("an exception could not be caught: cannot go on\n"),
    }
}

// The exports below share one contract: text and location pointers are valid for the call (or the location null).

/// # Safety
/// `message` is text of `len` bytes; `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic(message: *const u8, len: usize, location: *const Location) -> ! {
    // SAFETY: by contract.
    unsafe { raise(text(message, len).to_string(), location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_bounds(index: i64, len: i64, location: *const Location) -> ! {
    let message = format!("index {index} is out of bounds: the length is {len}");
    // SAFETY: by contract.
    unsafe { raise(message, location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_slice(
    start: i64,
    end: i64,
    len: i64,
    location: *const Location,
) -> ! {
    let message = if start > end {
        format!("slice {start}..{end} starts after its end")
    } else {
        format!("slice {start}..{end} is out of bounds: the length is {len}")
    };
    // SAFETY: by contract.
    unsafe { raise(message, location) }
}

/// # Safety
/// `ptr` is text of `len` bytes; `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_char_boundary(
    index: i64,
    ptr: *const u8,
    len: usize,
    location: *const Location,
) -> ! {
    // SAFETY: by contract.
    let whole = unsafe { text(ptr, len) };
    let at = usize::try_from(index).unwrap_or(0).min(whole.len());
    let start = (0..=at).rev().find(|i| whole.is_char_boundary(*i)).unwrap_or(0);
    let message = match whole[start..].chars().next() {
        Some(c) => format!(
            "byte {index} is not at a character's start: it lies inside {c:?} (bytes {start}..{})",
            start + c.len_utf8()
        ),
        None => format!("byte {index} is out of bounds: the length is {len}"),
    };
    // SAFETY: by contract.
    unsafe { raise(message, location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_overflow(op: i32, location: *const Location) -> ! {
    const OPS: [(OverflowOp, &str); 10] = [
        (OverflowOp::Add, "addition"),
        (OverflowOp::Sub, "subtraction"),
        (OverflowOp::Mul, "multiplication"),
        (OverflowOp::Div, "division"),
        (OverflowOp::Rem, "remainder"),
        (OverflowOp::Neg, "negation"),
        (OverflowOp::Shl, "left shift"),
        (OverflowOp::Shr, "right shift"),
        (OverflowOp::Abs, "absolute value"),
        (OverflowOp::Pow, "power"),
    ];
    let name = OPS.iter().find(|(o, _)| *o as i32 == op).map_or("arithmetic", |(_, name)| name);
    // SAFETY: by contract.
    unsafe { raise(format!("integer overflow in {name}"), location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_div_zero(op: i32, location: *const Location) -> ! {
    let message = if op == 0 { "division by zero" } else { "remainder of a division by zero" };
    // SAFETY: by contract.
    unsafe { raise(message.to_string(), location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_shift(amount: i64, bits: i32, location: *const Location) -> ! {
    let message = if bits == 0 {
        "shift by a negative amount, or by as many bits as the type has or more".to_string()
    } else {
        format!("shift by {amount}: the type has {bits} bits")
    };
    // SAFETY: by contract.
    unsafe { raise(message, location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_unreachable(location: *const Location) -> ! {
    // SAFETY: by contract.
    unsafe { raise("reached code that was said to be unreachable".to_string(), location) }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_panic_is_mine() -> i32 {
    active_of(current::runner()).is_some().into()
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_message(out: *mut RawString) {
    if let Some(payload) = active() {
        // SAFETY: `out` by contract; the payload lives as long as it unwinds this thread or task.
        unsafe { Out::new(out).push(payload.as_ref().message.as_bytes()) };
    }
}
