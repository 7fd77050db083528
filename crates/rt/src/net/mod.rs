//! Sockets, pipes and signals: what is waited for in the operating system, without a thread for each wait.
//!
//! A [`Source`] is a descriptor that never blocks, and two words, one for each direction, which the reactor counts up
//! whenever the kernel says that something has changed. So a wait for I/O is a wait on a word like any other
//! (`ready`): look at the word, try the call, and if it would block, wait while the word is what it was. No change
//! can be missed in between, and a change that was of no use costs one more try.
//!
//! A task's first wait on a source registers it with the reactor, which is made then: a program whose tasks never wait
//! for I/O has none. An OS thread that waits for one source asks the kernel by itself (`poll`; what ends that early: `waker`). Rust futures (`http`) leave a
//! waker with the source (`driven`).

mod address;
mod calls;
mod driven;
mod input;
mod reactor;
mod ready;
pub(crate) mod signal;
mod waker;

pub use calls::*;
pub use driven::{poll_call, poll_read};
pub use input::*;
pub(crate) use reactor::{Happened, is_waited_for, started};
pub use ready::{begin_wait, end_wait};
pub(crate) use ready::{is_readable, readable_word, watch_readable};
pub use signal::altru_signal_open;
pub(crate) use waker::{new as new_waker, wake as wake_waker, wake_in_kernel, wanted as waker_wanted};

use std::cell::Cell;
use std::task::Waker;

use crate::os;
use crate::sync::global::{Mutex, PoisonError};
use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// A descriptor and what is known of it. Its memory is never given back, only used for another one, so that an
/// event that comes late finds a source, if not its own: that is a change of no use.
pub struct Source {
    fd: Cell<i32>,
    /// Counted up when it may have become readable, under the lock of its bucket.
    read: AtomicU32,
    /// The same for writable.
    write: AtomicU32,
    registered: AtomicU32,
    /// What `read` was when all that had come was read: until it changes, reading would block. Of streams that futures read.
    drained: AtomicU32,
    /// The peer has ended its side, or the connection is broken: that was told once, and reading says it whenever it is asked.
    ended: AtomicBool,
    /// Futures use it, see `driven`.
    driven: AtomicU32,
    /// The futures to wake, for reading and for writing.
    wakers: Mutex<[Option<Waker>; 2]>,
    /// The descriptor belongs to the table of signals.
    signal: Cell<bool>,
}

// SAFETY: the cells are written while nobody else knows the source, the rest is atomic.
unsafe impl Sync for Source {}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Read,
    Write,
}

struct Spare(*const Source);
// SAFETY: sources live for ever, and nobody uses a spare one.
unsafe impl Send for Spare {}

static SPARES: Mutex<Vec<Spare>> = Mutex::new(Vec::new());

impl Source {
    /// Takes a descriptor over, which does not block.
    pub(crate) fn adopt(fd: i32, signal: bool) -> *const Source {
        let spare = SPARES.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare {
            Some(Spare(source)) => {
                // SAFETY: sources live for ever; a spare one is ours.
                let known = unsafe { &*source };
                known.fd.set(fd);
                known.signal.set(signal);
                known.drained.store(known.read.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
                known.ended.store(false, Ordering::Relaxed);
                source
            }
            None => Box::leak(Box::new(Source {
                fd: Cell::new(fd),
                read: AtomicU32::new(0),
                write: AtomicU32::new(0),
                registered: AtomicU32::new(0),
                drained: AtomicU32::new(u32::MAX),
                ended: AtomicBool::new(false),
                driven: AtomicU32::new(0),
                wakers: Mutex::new([None, None]),
                signal: Cell::new(signal),
            })),
        }
    }

    /// Closes the descriptor and gives the source up.
    ///
    /// # Safety
    /// The caller owns the source, nobody waits for it, and nobody uses it any more.
    pub unsafe fn close(source: *const Source) {
        // SAFETY: sources live for ever.
        let known = unsafe { &*source };
        let fd = known.fd.replace(-1);
        if known.signal.get() {
            if known.registered.load(Ordering::Relaxed) != 0 {
                reactor::forget(fd);
            }
            signal::give_back(fd);
        } else {
            // The kernel forgets a descriptor that is closed. An interrupted close has closed it all the same.
            // SAFETY: the descriptor is ours.
            unsafe { libc::close(fd) };
        }
        known.registered.store(0, Ordering::Relaxed);
        known.forget_wakers();
        SPARES.lock().unwrap_or_else(PoisonError::into_inner).push(Spare(source));
    }

    pub fn fd(&self) -> i32 {
        self.fd.get()
    }

    pub(crate) fn word(&self, direction: Direction) -> &AtomicU32 {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// Makes the reactor watch it. An error number if that fails.
    pub(crate) fn register(&self) -> Result<(), i32> {
        if self.registered.load(Ordering::Acquire) == 0 {
            reactor::get()?.watch(self)?;
            self.registered.store(1, Ordering::Release);
        }
        Ok(())
    }
}

/// The result of a system call, or its error number; repeated if a signal interrupts it.
pub fn retry(mut call: impl FnMut() -> i64) -> Result<i64, i32> {
    loop {
        match call() {
            n if n >= 0 => return Ok(n),
            _ => match os::errno() {
                libc::EINTR => {}
                code => return Err(code),
            },
        }
    }
}
