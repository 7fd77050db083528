//! The reactor: the kernel's list of what is watched (epoll), asked by workers that have nothing else to do.
//!
//! One worker at a time asks (`sched::Idle` says which): an idle one waits in the kernel instead of on its parking word,
//! a busy one looks in between. Sources are watched for changes ("edge-triggered"), in both directions, once for their whole
//! life: an event says that a call which would have blocked may be tried again.

use std::mem::MaybeUninit;

use crate::locks;
use crate::sync::global::{AtomicU64, Mutex, OnceLock, Ordering, PoisonError};
use crate::wait::Wakers;
use crate::{clock, os, sched};

use super::{Direction, Source, waker};

/// How many events are taken at once.
const EVENTS: usize = 256;

const BOTH: u32 = (libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET) as u32;
const READ: u32 = (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
const ENDED: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
const WRITE: u32 = (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32;

pub(crate) struct Reactor {
    epoll: i32,
    /// An eventfd, watched for changes and never read: writing to it wakes who waits in the kernel.
    waker: i32,
}

static REACTOR: OnceLock<Reactor> = OnceLock::new();
static MAKING: Mutex<()> = Mutex::new(());
/// Waits for I/O under way, of tasks and of threads in `select`.
pub(super) static WAITS: AtomicU64 = AtomicU64::new(0);

/// The reactor, if there is one.
#[inline]
pub(crate) fn started() -> Option<&'static Reactor> {
    REACTOR.get()
}

/// Whether anybody waits for I/O.
pub(crate) fn is_waited_for() -> bool {
    WAITS.load(Ordering::SeqCst) > 0
}

/// The reactor, made now if this is its first use; an error number if it cannot be.
pub(super) fn get() -> Result<&'static Reactor, i32> {
    if let Some(reactor) = REACTOR.get() {
        return Ok(reactor);
    }
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if REACTOR.get().is_none() {
        let made = Reactor::new()?;
        let _ = REACTOR.set(made);
        // Those that sleep already do not know of it: one of them is to ask the kernel from now on.
        sched::sched().notify();
    }
    REACTOR.get().ok_or(libc::EIO)
}

/// No more events of a descriptor that stays open.
pub(super) fn forget(fd: i32) {
    if let Some(reactor) = started() {
        // SAFETY: any descriptor may be asked for; the event is not used.
        unsafe { libc::epoll_ctl(reactor.epoll, libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut()) };
    }
}

impl Reactor {
    fn new() -> Result<Reactor, i32> {
        // SAFETY: plain system calls; what they give is owned here.
        unsafe {
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            if epoll < 0 {
                return Err(os::errno());
            }
            let waker = waker::new();
            let mut event = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: 0 };
            if waker < 0 || libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, waker, &raw mut event) < 0 {
                let code = os::errno();
                libc::close(epoll);
                if waker >= 0 {
                    libc::close(waker);
                }
                return Err(code);
            }
            Ok(Reactor { epoll, waker })
        }
    }

    pub(super) fn watch(&self, source: &Source) -> Result<(), i32> {
        let address = std::ptr::from_ref(source).expose_provenance() as u64;
        let mut event = libc::epoll_event { events: BOTH, u64: address };
        // SAFETY: a valid event.
        let result = unsafe { libc::epoll_ctl(self.epoll, libc::EPOLL_CTL_ADD, source.fd(), &raw mut event) };
        match if result < 0 { os::errno() } else { 0 } {
            // The other direction has done it at the same time.
            0 | libc::EEXIST => Ok(()),
            code => Err(code),
        }
    }

    /// Makes the worker that waits in the kernel come back.
    pub(crate) fn interrupt(&self) {
        // If its count were full, it would have changed already.
        waker::wake(self.waker);
    }

    /// Asks for events, waiting until `until` (-1: no limit, 0: not at all). They are to be told to the waiters.
    pub(crate) fn wait(&self, until: i64, happened: &mut Happened) {
        let left = match until {
            ..=0 => until,
            until => (until - clock::monotonic()).max(0),
        };
        let time = libc::timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 };
        let time_ptr = if left < 0 { std::ptr::null() } else { &raw const time };
        // SAFETY: room for as many events as are asked for; a valid time or null.
        let mut n = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll,
                happened.events.as_mut_ptr().cast::<libc::epoll_event>(),
                EVENTS,
                time_ptr,
                std::ptr::null::<libc::sigset_t>(),
                size_of::<u64>(),
            )
        };
        if n < 0 && os::errno() == libc::ENOSYS {
            // A kernel before 5.11: milliseconds, rounded up.
            let millis = if left < 0 { -1 } else { (left + 999_999) / 1_000_000 };
            let millis = i32::try_from(millis).unwrap_or(i32::MAX);
            // SAFETY: as above.
            n = unsafe {
                libc::epoll_wait(self.epoll, happened.events.as_mut_ptr().cast(), EVENTS as i32, millis)
            }
            .into();
        }
        // Interrupted by a signal: nothing has happened.
        happened.len = usize::try_from(n).unwrap_or(0);
    }
}

/// Events, not yet told to anybody.
pub(crate) struct Happened {
    events: [MaybeUninit<libc::epoll_event>; EVENTS],
    /// So many of them are there.
    len: usize,
}

impl Happened {
    /// Nothing yet.
    pub(crate) fn new() -> Happened {
        Happened { events: [const { MaybeUninit::uninit() }; EVENTS], len: 0 }
    }

    /// Wakes who waits for what has happened.
    pub(crate) fn tell(&self) {
        let mut wakers = Wakers::new();
        for event in &self.events[..self.len] {
            // SAFETY: the kernel has written the first `len`.
            let event = unsafe { event.assume_init_read() };
            let (what, address) = (event.events, event.u64);
            // SAFETY: null for the waker, else a source, which lives for ever.
            let Some(source) =
                (unsafe { std::ptr::with_exposed_provenance::<Source>(address as usize).as_ref() })
            else {
                continue;
            };
            if what & ENDED != 0 {
                source.note_end();
            }
            for (bits, direction) in [(READ, Direction::Read), (WRITE, Direction::Write)] {
                if what & bits != 0 {
                    locks::word_changed(source.word(direction), &mut wakers);
                    source.wake_future(direction);
                }
            }
        }
        wakers.wake();
    }
}
