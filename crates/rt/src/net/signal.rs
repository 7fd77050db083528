//! Signals that a program asks for: each listener has an eventfd, to which the handler writes.
//!
//! The handler may run at any moment, on any thread. So a listener's descriptor is never closed, only kept for the next
//! one: what the handler writes goes to an eventfd of this table whatever happens meanwhile.

use crate::os;
use crate::sync::global::{AtomicI32, AtomicU64, Mutex, Ordering, PoisonError};

use super::{Source, waker};

const MOST: usize = 64;

struct Slot {
    /// Which signal; 0: nobody listens.
    signal: AtomicI32,
    fd: AtomicI32,
}

static SLOTS: [Slot; MOST] = [const { Slot { signal: AtomicI32::new(0), fd: AtomicI32::new(-1) } }; MOST];
/// Held while slots are taken and given back.
static CHANGING: Mutex<()> = Mutex::new(());
/// Bit n: signal n is handled.
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// Whether a listener was ever made. A wait for a signal that has come already is none, so this is how the runtime knows that the
/// program is of the kind that waits.
pub(crate) fn anybody_has_listened() -> bool {
    SLOTS[0].fd.load(Ordering::Relaxed) >= 0
}

extern "C" fn on_signal(signal: i32) {
    let errno = os::errno();
    for slot in &SLOTS {
        if slot.signal.load(Ordering::Acquire) == signal {
            // It is never closed.
            waker::wake(slot.fd.load(Ordering::Acquire));
        }
    }
    os::set_errno(errno);
}

/// # Safety
/// `signal` is one that may be handled.
unsafe fn handle(signal: i32, handler: usize) {
    // SAFETY: a valid action; the handler only writes to descriptors.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_signal_open(signal: i32, out: *mut *const Source) -> i32 {
    if ![libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2].contains(&signal) {
        return -libc::EINVAL;
    }
    let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(slot) = SLOTS.iter().find(|slot| slot.signal.load(Ordering::Relaxed) == 0) else {
        return -libc::EMFILE;
    };
    let mut fd = slot.fd.load(Ordering::Relaxed);
    if fd < 0 {
        fd = waker::new();
        if fd < 0 {
            return -os::errno();
        }
        slot.fd.store(fd, Ordering::Release);
    }
    // What the one before has not read.
    waker::clear(fd);
    slot.signal.store(signal, Ordering::Release);
    let bit = 1 << signal;
    if HANDLED.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        // SAFETY: one of the signals above.
        unsafe { handle(signal, on_signal as *const () as usize) };
    }
    // SAFETY: by contract.
    unsafe { out.write(Source::adopt(fd, true)) };
    0
}

/// A listener is gone. After the last one the signal does again what it always does.
pub(super) fn give_back(fd: i32) {
    let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(slot) = SLOTS.iter().find(|slot| slot.fd.load(Ordering::Relaxed) == fd) else {
        return;
    };
    let signal = slot.signal.swap(0, Ordering::AcqRel);
    if SLOTS.iter().all(|slot| slot.signal.load(Ordering::Relaxed) != signal) {
        HANDLED.fetch_and(!(1 << signal), Ordering::Relaxed);
        // SAFETY: it was handled before; the runtime's own handler does what a handler may.
        unsafe { handle(signal, crate::interrupt::default_action(signal)) };
    }
}
