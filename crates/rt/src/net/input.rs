//! Standard input, and the pipes and ends of child processes, as sources.
//!
//! The descriptor of standard input is shared with other processes, so it is not made non-blocking: it is read when the
//! kernel says that there is something. Should another process be faster, the thread blocks until there is more.

use std::ptr::null;

use abi::RawString;
use abi::waiting::{Context, Frame};

use super::ready::{self, Attempt};
use super::{Direction, Source};
use crate::os;
use crate::stdio;
use crate::sync::global::{AtomicPtr, Mutex, Ordering, PoisonError};
use crate::text::Out;

static STDIN: AtomicPtr<Source> = AtomicPtr::new(std::ptr::null_mut());

/// The source of standard input, which is never closed.
fn stdin() -> *const Source {
    static MAKING: Mutex<()> = Mutex::new(());
    let known = STDIN.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if STDIN.load(Ordering::Acquire).is_null() {
        STDIN.store(Source::adopt(libc::STDIN_FILENO, false).cast_mut(), Ordering::Release);
    }
    STDIN.load(Ordering::Acquire)
}

/// Something of this source has been read already, and waits in a buffer.
pub(super) fn is_buffered(source: *const Source) -> bool {
    std::ptr::eq(STDIN.load(Ordering::Relaxed), source) && stdio::has_input()
}

fn size_or_error(result: Result<usize, i32>) -> i64 {
    result.map_or_else(|code| -i64::from(code), |n| n as i64)
}

struct Line {
    out: *mut RawString,
}

impl Attempt for Line {
    type Out = i64;
    const NAME: &'static str = "read a line";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, _source: &Source) -> Option<i64> {
        stdio::take_line(|line| {
            // SAFETY: a string of the program, by contract.
            unsafe { Out::new(self.out) }.push(line);
        })
        .map(size_or_error)
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

struct Bytes {
    buffer: *mut u8,
    len: usize,
}

impl Attempt for Bytes {
    type Out = i64;
    const NAME: &'static str = "read standard input";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, _source: &Source) -> Option<i64> {
        if self.len == 0 {
            return Some(0);
        }
        // SAFETY: by contract room for so much.
        let buffer = unsafe { std::slice::from_raw_parts_mut(self.buffer, self.len) };
        stdio::take_some(buffer).map(size_or_error)
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

/// # Safety
/// As the list in `abi` and `abi::waiting` say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_io_read_line(
    cx: *mut Context,
    parent: *mut Frame,
    result: *mut i64,
    out: *mut RawString,
) -> i32 {
    // SAFETY: by contract.
    unsafe { ready::run(cx, parent, result, stdin(), Line { out }, -1) }
}

/// # Safety
/// As the list in `abi` and `abi::waiting` say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_io_read_stdin(
    cx: *mut Context,
    parent: *mut Frame,
    result: *mut i64,
    buffer: *mut u8,
    len: usize,
) -> i32 {
    // SAFETY: by contract.
    unsafe { ready::run(cx, parent, result, stdin(), Bytes { buffer, len }, -1) }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_io_stdin() -> *const Source {
    stdin()
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_pipe_adopt(fd: i32, out: *mut *const Source) -> i32 {
    // SAFETY: any descriptor may be asked and told; by contract there is room.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        if flags < 0 || libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) < 0 {
            return -os::errno();
        }
        out.write(Source::adopt(fd, false));
    }
    0
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_process_watch(pid: i32, out: *mut *const Source) -> i32 {
    // SAFETY: any number may be asked for; by contract there is room.
    unsafe {
        out.write(null());
        let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0) as i32;
        if fd < 0 {
            return -os::errno();
        }
        out.write(Source::adopt(fd, false));
    }
    0
}
