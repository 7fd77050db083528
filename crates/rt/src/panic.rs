//! Panics: native unwinding with Rust's machinery, caught only at the edge of a thread (or of `main`, or of a test).
//!
//! The message is printed when the panic is raised, so that it is seen whatever happens afterwards; the payload
//! carries it to whoever joins. A second panic during the unwinding of a first aborts.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use abi::{Location, OverflowOp, RawPanic, RawString};

use crate::sync::global::{AtomicU64, Ordering};
use crate::text::{Out, owned, text};
use crate::{census, stdio};

/// What a panic carries to the edge.
#[derive(Clone, Default)]
pub(crate) struct Payload {
    pub(crate) message: String,
    file: String,
    line: u32,
    col: u32,
    thread: String,
}

thread_local! {
    static UNWINDING: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How many threads are unwinding: lets the common question be answered without touching thread-local memory.
static ACTIVE: AtomicU64 = AtomicU64::new(0);

fn is_unwinding() -> bool {
    ACTIVE.load(Ordering::Relaxed) != 0 && UNWINDING.get()
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
        let thread = census::current_name().to_string();
        Payload { message, file: file.to_string(), line, col, thread }
    }

    fn report(&self) -> String {
        let mut report = format!("panic: {}\n  ", self.message);
        if !self.file.is_empty() {
            report.push_str(&format!("at {}:{}:{} ", self.file, self.line, self.col));
        }
        report.push_str(&format!("in thread {}\n", self.thread));
        report
    }

    /// Hands the panic to the program. The strings are the program's afterwards.
    pub(crate) fn into_raw(self) -> RawPanic {
        RawPanic {
            message: owned(&self.message),
            file: owned(&self.file),
            thread: owned(&self.thread),
            line: self.line,
            col: self.col,
        }
    }

    /// What a caught unwinding carried.
    fn from_any(payload: Box<dyn Any + Send>) -> Payload {
        match payload.downcast::<Payload>() {
            Ok(payload) => *payload,
            // A panic of Rust code: the runtime's own, or a library's. Its hook has printed it.
            Err(other) => {
                let message = other
                    .downcast_ref::<&str>()
                    .map(|s| s.to_string())
                    .or_else(|| other.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "foreign exception".to_string());
                Payload { message, ..Payload::default() }
            }
        }
    }
}

/// # Safety
/// `location` is null or leads to a valid location.
#[cold]
unsafe fn raise(message: String, location: *const Location) -> ! {
    // SAFETY: by contract.
    let payload = unsafe { Payload::new(message, location) };
    stdio::flush();
    stdio::write_stderr(payload.report().as_bytes());
    if is_unwinding() {
        abort_with("panicked again while the first panic was unwinding: cannot go on\n");
    }
    UNWINDING.set(true);
    ACTIVE.fetch_add(1, Ordering::Relaxed);
    MESSAGE.with_borrow_mut(|current| current.clone_from(&payload.message));
    resume_unwind(Box::new(payload))
}

#[cold]
fn abort_with(message: &str) -> ! {
    stdio::write_stderr(message.as_bytes());
    // SAFETY: always allowed.
    unsafe { libc::abort() }
}

/// Runs `body` and catches a panic that leaves it.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        if UNWINDING.replace(false) {
            ACTIVE.fetch_sub(1, Ordering::Relaxed);
        }
        Payload::from_any(payload)
    })
}

// The exports below share one contract: text and location pointers are valid for the call (or the location null).

/// # Safety
/// `message` is text of `len` bytes; `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic(
    message: *const u8,
    len: usize,
    location: *const Location,
) -> ! {
    // SAFETY: by contract.
    unsafe { raise(text(message, len).to_string(), location) }
}

/// # Safety
/// `location` as above.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn altru_panic_bounds(
    index: i64,
    len: i64,
    location: *const Location,
) -> ! {
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
pub unsafe extern "C-unwind" fn altru_panic_shift(
    amount: i64,
    bits: i32,
    location: *const Location,
) -> ! {
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
pub extern "C" fn altru_panic_cannot_unwind() -> ! {
    abort_with("a panic tried to leave code that cannot unwind: cannot go on\n")
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_panic_active() -> i32 {
    is_unwinding().into()
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_message(out: *mut RawString) {
    if is_unwinding() {
        // SAFETY: by contract.
        let mut out = unsafe { Out::new(out) };
        MESSAGE.with_borrow(|message| out.push(message.as_bytes()));
    }
}

/// # Safety
/// `entry` may be called with `env`; `panic` has room for a `RawPanic`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_catch(
    entry: unsafe extern "C-unwind" fn(*mut u8),
    env: *mut u8,
    panic: *mut RawPanic,
) -> i32 {
    // SAFETY: by contract.
    match catch(|| unsafe { entry(env) }) {
        Ok(()) => 0,
        Err(payload) => {
            // SAFETY: by contract.
            unsafe { panic.write(payload.into_raw()) };
            1
        }
    }
}
