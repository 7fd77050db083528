//! Ctrl-C, and the polite request to end (SIGINT and SIGTERM), of a program that does not listen for them.
//!
//! The first one cancels `main`: it unwinds out of the wait it is in, or at its next one, as a task does, and the tasks that are
//! left are cancelled when it is over, as always. The second one ends the process at once. So does the first one when the
//! runtime knows of nothing to clean up: there are no tasks, and `main` has never waited nor listened for a signal. And so
//! does a `main` that has not come to a wait a second later.
//!
//! Everything in the handlers is safe to do in a signal handler: they set flags, claim a wait, and make system calls.

use std::ptr::null_mut;

use crate::net::{self, signal};
use crate::runner::{Runner, Unwinding};
use crate::sync::global::{AtomicI32, AtomicPtr, Ordering};
use crate::{os, sched};

const SIGNALS: [i32; 2] = [libc::SIGINT, libc::SIGTERM];
/// How many seconds `main` has to come to a wait.
const PATIENCE: u32 = 1;

/// The runner of `main`, as long as that runs.
static MAIN: AtomicPtr<Runner> = AtomicPtr::new(null_mut());
/// The signal that has cancelled it, or 0.
static PENDING: AtomicI32 = AtomicI32::new(0);
/// An eventfd that ends a wait of `main` in the kernel, made with the first one; -1 before.
static WAKER: AtomicI32 = AtomicI32::new(-1);

/// `main` begins. A signal that whoever started the program wants ignored stays so.
pub(crate) fn begin(run: &'static Runner) {
    PENDING.store(0, Ordering::Relaxed);
    MAIN.store(std::ptr::from_ref(run).cast_mut(), Ordering::Release);
    for signal in SIGNALS {
        if action_of(signal) == libc::SIG_DFL {
            handle(signal, on_interrupt);
        }
    }
}

/// `main` has ended. The signal that made it unwind, if one did.
pub(crate) fn end(run: &Runner) -> Option<i32> {
    MAIN.store(null_mut(), Ordering::Release);
    let cancelled = run.unwinding() == Unwinding::Cancelled;
    run.forget_cancellation();
    cancelled.then(|| PENDING.load(Ordering::Acquire)).filter(|signal| *signal != 0)
}

/// What a signal does that nobody listens for (any more).
pub(crate) fn default_action(signal: i32) -> usize {
    if SIGNALS.contains(&signal) && !MAIN.load(Ordering::Acquire).is_null() {
        on_interrupt as *const () as usize
    } else {
        libc::SIG_DFL
    }
}

/// A descriptor that becomes readable when `run` is cancelled by a signal, for a wait in the kernel that begins now: -1 if it is not
/// `main`. Afterwards the caller looks whether it is cancelled, and then waits.
pub(crate) fn waker(run: &Runner) -> i32 {
    if !std::ptr::eq(MAIN.load(Ordering::Relaxed), run) {
        return -1;
    }
    // Only `main` comes here.
    if WAKER.load(Ordering::Relaxed) < 0 {
        WAKER.store(net::new_waker(), Ordering::SeqCst);
    }
    WAKER.load(Ordering::Relaxed)
}

extern "C" fn on_interrupt(signal: i32) {
    let errno = os::errno();
    // SAFETY: a thread's runner lives as long as the thread, and `main`'s as long as it is known here.
    let main = unsafe { MAIN.load(Ordering::Acquire).as_ref() };
    match main {
        Some(run) if has_to_clean_up(run) && first(signal) => cancel(run),
        _ => end_by(signal),
    }
    os::set_errno(errno);
}

fn first(signal: i32) -> bool {
    PENDING.compare_exchange(0, signal, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}

fn has_to_clean_up(run: &Runner) -> bool {
    sched::started().is_some() || run.has_waited() || signal::anybody_has_listened()
}

fn cancel(run: &Runner) {
    run.cancel().wake();
    let waker = WAKER.load(Ordering::SeqCst);
    if waker >= 0 {
        // It is never closed.
        net::wake_waker(waker);
    }
    // A foreign library may use it.
    let theirs = ![libc::SIG_DFL, on_alarm as *const () as usize].contains(&action_of(libc::SIGALRM));
    if !theirs {
        handle(libc::SIGALRM, on_alarm);
        // SAFETY: always allowed.
        unsafe { libc::alarm(PATIENCE) };
    }
}

/// Ends the process if `main` still computes. One that unwinds, or cleans up in a wait, has the time it needs.
extern "C" fn on_alarm(_signal: i32) {
    let errno = os::errno();
    // SAFETY: as above.
    if let Some(run) = unsafe { MAIN.load(Ordering::Acquire).as_ref() }
        && run.is_to_be_cancelled()
        && !run.wait.is_parked()
    {
        end_by(PENDING.load(Ordering::Relaxed));
    }
    os::set_errno(errno);
}

/// Ends the process as the signal does by default.
fn end_by(signal: i32) {
    // SAFETY: restoring the default action and raising the signal is always allowed.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, null_mut());
        libc::raise(signal);
        libc::_exit(128 + signal);
    }
}

fn action_of(signal: i32) -> usize {
    // SAFETY: asks for the present action; a zeroed one is valid to be overwritten.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action);
        action.sa_sigaction
    }
}

fn handle(signal: i32, handler: extern "C" fn(i32)) {
    // SAFETY: a valid action, whose handler does what a handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        // The handlers do not interrupt each other.
        for other in [libc::SIGINT, libc::SIGTERM, libc::SIGALRM] {
            libc::sigaddset(&raw mut action.sa_mask, other);
        }
        libc::sigaction(signal, &raw const action, null_mut());
    }
}
