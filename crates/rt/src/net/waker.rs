//! What ends a thread's wait in the kernel early: an eventfd that it polls, too.
//!
//! `main` has one for Ctrl-C, and every thread that has opened a scope one for a panic of the scope's tasks. Whoever interrupts first
//! sets a flag of the runner and then looks whether it waits in the kernel; the thread first says that it does, and then
//! looks at the flag. So one of them sees the other. A wake-up that comes late makes the next wait look once more.

use std::cell::{Cell, OnceCell};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::interrupt;
use crate::runner::Runner;
use crate::wait::Wait;

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static OWN: OnceCell<OwnedFd> = const { OnceCell::new() };
}

/// An eventfd, or -1 if there is none to be had.
pub(crate) fn new() -> i32 {
    // SAFETY: a plain system call.
    unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }
}

/// Waits of this thread in the kernel may have to end early from now on.
pub(crate) fn wanted() {
    WANTED.set(true);
}

/// The current thread's, or -1: nobody needs one.
pub(super) fn of(run: &Runner) -> i32 {
    let main = interrupt::waker(run);
    if main >= 0 || !WANTED.get() {
        return main;
    }
    OWN.with(|own| match own.get() {
        Some(fd) => fd.as_raw_fd(),
        None => match new() {
            -1 => -1,
            // SAFETY: it has just been made, and is nobody else's.
            fd => own.get_or_init(|| unsafe { OwnedFd::from_raw_fd(fd) }).as_raw_fd(),
        },
    })
}

/// Also from a signal handler.
pub(crate) fn wake(fd: i32) {
    let one = 1u64;
    // SAFETY: eight bytes, to an eventfd.
    unsafe { libc::write(fd, (&raw const one).cast(), 8) };
}

pub(super) fn clear(fd: i32) {
    let mut count = 0u64;
    // SAFETY: room for eight bytes.
    unsafe { libc::read(fd, (&raw mut count).cast(), 8) };
}

/// Wakes a thread that waits in the kernel, after it has been given a reason to come back. The thread does not end meanwhile.
pub(crate) fn wake_in_kernel(wait: &Wait) {
    if let Some(fd) = wait.kernel_waker() {
        wake(fd);
    }
}
