//! Waiting until a call on a descriptor does not block any more: the one machine for all of them.

use abi::waiting::{Context, Frame};

use super::{Direction, Source, input, reactor, retry, waker};
use crate::locks::{WordNode, withdrawn_with};
use crate::runner::Runner;
use crate::sync::Ordering;
use crate::sync::global::Ordering as GlobalOrdering;
use crate::wait::{self, Ended, Machine, NOW, Outcome, Pending, Reason, Step};
use crate::{census, clock};

/// A call that does not block.
pub(crate) trait Attempt {
    type Out: Copy;
    const NAME: &'static str;
    const DIRECTION: Direction;

    /// Makes the call; `None` if it would block.
    ///
    /// # Safety
    /// What it was made from is valid.
    unsafe fn attempt(&mut self, source: &Source) -> Option<Self::Out>;

    /// What it gives for an error number.
    fn failed(&self, code: i32) -> Self::Out;
}

/// Tries a call as often as the source changes, until it does not block.
struct Ready<A> {
    source: *const Source,
    on: WordNode,
    call: A,
}

/// Runs a call as a waiting function of the runtime; -`ETIMEDOUT` when the time is over.
///
/// # Safety
/// As for `wait::run`; the source and what the call was made from are valid until it is over.
pub(crate) unsafe fn run<A: Attempt>(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut A::Out,
    source: *const Source,
    call: A,
    timeout: i64,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let on = WordNode::new((*source).word(A::DIRECTION), 0);
        wait::run(cx, parent, out, Ready { source, on, call }, clock::patience(timeout))
    }
}

impl<A: Attempt> Ready<A> {
    /// How a thread waits. `Some`: in vain.
    fn block(&self, run: &Runner, deadline: i64) -> Option<Step<A::Out>> {
        let pending = run.pending(deadline);
        // SAFETY: by the machine's contract.
        let fd = unsafe { &*self.source }.fd();
        let waker = waker::of(run);
        crate::before_blocking();
        run.wait.enter_kernel(Reason::Io, waker);
        // Only then is it asked: whoever interrupts it from here on wakes it.
        let interrupted = run.is_interrupted();
        let polled = if interrupted { Ok(true) } else { poll_or(fd, A::DIRECTION, pending, waker) };
        run.wait.leave_kernel();
        if interrupted {
            run.note_interruption(Outcome::Cancelled);
            return Some(Step::Unwind);
        }
        match polled {
            Ok(true) => None,
            Ok(false) => match pending.late() {
                Outcome::TimedOut => Some(Step::Ready(self.call.failed(libc::ETIMEDOUT))),
                outcome => {
                    run.note_interruption(outcome);
                    Some(Step::Unwind)
                }
            },
            Err(code) => Some(Step::Ready(self.call.failed(code))),
        }
    }
}

impl<A: Attempt> Machine for Ready<A> {
    type Out = A::Out;
    const NAME: &'static str = A::NAME;

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<A::Out> {
        // SAFETY: by the machine's contract.
        let source = unsafe { &*self.source };
        if let Some(Ended { outcome, .. }) = ended {
            end_wait();
            if outcome.is_withdrawal() {
                self.on.withdraw(|_, _, _| {});
                return withdrawn_with(outcome, || self.call.failed(libc::ETIMEDOUT));
            }
        }
        loop {
            // Acquire pairs with the release in `word_changed`: what has happened until then, the attempt sees.
            let seen = self.on.word().load(Ordering::Acquire);
            // SAFETY: by the machine's contract.
            if let Some(out) = unsafe { self.call.attempt(source) } {
                return Step::Ready(out);
            }
            if deadline == NOW {
                return Step::Ready(self.call.failed(libc::ETIMEDOUT));
            }
            if !run.is_task() {
                match self.block(run, deadline) {
                    None => continue,
                    Some(step) => return step,
                }
            }
            if let Err(code) = source.register() {
                return Step::Ready(self.call.failed(code));
            }
            let queue = self.on.bucket().queue.lock();
            if self.on.word().load(Ordering::Acquire) == seen {
                begin_wait();
                // SAFETY: the machine stays where it is.
                return unsafe { self.on.wait(run, queue, Reason::Io, deadline) };
            }
        }
    }
}

/// Somebody begins to wait for I/O: as long as it does, the program is not stuck.
pub fn begin_wait() {
    reactor::WAITS.fetch_add(1, GlobalOrdering::SeqCst);
    census::worker_wakes();
}

/// The wait has ended, and the waiter runs.
pub fn end_wait() {
    reactor::WAITS.fetch_sub(1, GlobalOrdering::SeqCst);
    census::worker_sleeps();
}

/// Waits in the kernel. False: the time has passed.
pub(crate) fn poll(fd: i32, direction: Direction, pending: Pending) -> Result<bool, i32> {
    poll_or(fd, direction, pending, -1)
}

/// The same, until something can be read from `waker` (-1: none).
fn poll_or(fd: i32, direction: Direction, pending: Pending, waker: i32) -> Result<bool, i32> {
    let events = match direction {
        Direction::Read => libc::POLLIN | libc::POLLRDHUP,
        Direction::Write => libc::POLLOUT,
    };
    let n = retry(|| {
        let mut both = [
            libc::pollfd { fd, events, revents: 0 },
            libc::pollfd { fd: waker, events: libc::POLLIN, revents: 0 },
        ];
        let left = match pending.until {
            ..=0 => 0,
            until => (until - clock::monotonic()).max(0),
        };
        let time = libc::timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 };
        let time_ptr = if pending.until < 0 { std::ptr::null() } else { &raw const time };
        // SAFETY: two valid entries, of which the second counts if there is a waker; a valid time or null.
        let n = unsafe {
            let count = if waker < 0 { 1 } else { 2 };
            libc::ppoll(both.as_mut_ptr(), count, time_ptr, std::ptr::null())
        };
        if n > 0 && both[1].revents != 0 {
            waker::clear(waker);
        }
        n.into()
    })?;
    Ok(n > 0)
}

// ---- for `select` ----

/// The word of a source that changes when it may have become readable.
pub(crate) fn readable_word(source: *mut u8) -> *mut u8 {
    // SAFETY: the caller of `select` hands a live source.
    std::ptr::from_ref(unsafe { &*source.cast::<Source>() }.word(Direction::Read)).cast_mut().cast()
}

/// # Safety
/// `source` is alive.
pub(crate) unsafe fn watch_readable(source: *mut u8) -> bool {
    // SAFETY: by contract.
    unsafe { &*source.cast::<Source>() }.register().is_ok()
}

/// Whether reading would not block. Something that cannot be asked for counts as ready: reading says why.
///
/// # Safety
/// `source` is alive.
pub(crate) unsafe fn is_readable(source: *mut u8) -> bool {
    // SAFETY: by contract.
    unsafe { &*source.cast::<Source>() }.poll_readable().unwrap_or(true)
}

impl Source {
    /// Whether reading would not block.
    pub(super) fn poll_readable(&self) -> Result<bool, i32> {
        if input::is_buffered(self) {
            return Ok(true);
        }
        poll(self.fd(), Direction::Read, Pending { until: NOW, inherited: false })
    }
}
