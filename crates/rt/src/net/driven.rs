//! Sockets for Rust futures: a call that would block leaves a waker with the source.
//!
//! Each direction has room for one waker: a socket is read by one future and written by one. `driven` keeps the reactor
//! from taking a lock for sources that no future uses.
//!
//! A stream that gave less than there was room for is empty: the kernel is not asked again before it has told of more. It tells of the
//! end of a stream once, perhaps together with the last bytes; so from then on it is asked each time. (tokio does the same.)

use std::mem::MaybeUninit;
use std::task::{Context, Poll, Waker};

use super::{Direction, Source, retry};
use crate::locks::word_lock;
use crate::sync::Ordering;
use crate::sync::global::PoisonError;

/// Makes a call that does not block; if it would, the context's waker is woken when that may have changed.
pub fn poll_call(
    source: &Source,
    direction: Direction,
    cx: &mut Context<'_>,
    mut call: impl FnMut() -> Result<i64, i32>,
) -> Poll<Result<i64, i32>> {
    poll_when_changed(source, direction, cx, |_| call())
}

/// Reads from a TCP stream to where `room` is; 0 at its end.
pub fn poll_read(
    source: &Source,
    cx: &mut Context<'_>,
    room: &mut [MaybeUninit<u8>],
) -> Poll<Result<i64, i32>> {
    poll_when_changed(source, Direction::Read, cx, |seen| {
        if source.drained.load(Ordering::Relaxed) == seen && !source.ended.load(Ordering::Relaxed) {
            return Err(libc::EAGAIN);
        }
        // SAFETY: room for so much.
        let n = retry(|| unsafe { libc::read(source.fd(), room.as_mut_ptr().cast(), room.len()) as i64 })?;
        if 0 < n && (n as usize) < room.len() {
            // What comes after this makes the reactor count up after `seen` was looked at.
            source.drained.store(seen, Ordering::Relaxed);
        }
        Ok(n)
    })
}

/// `call` is told how often the source has changed.
fn poll_when_changed(
    source: &Source,
    direction: Direction,
    cx: &mut Context<'_>,
    mut call: impl FnMut(u32) -> Result<i64, i32>,
) -> Poll<Result<i64, i32>> {
    let word = source.word(direction);
    loop {
        // Acquire pairs with the release in `word_changed`: what has happened until then, the call sees.
        let seen = word.load(Ordering::Acquire);
        match call(seen) {
            Err(libc::EAGAIN) => {}
            result => return Poll::Ready(result),
        }
        if let Err(code) = source.register() {
            return Poll::Ready(Err(code));
        }
        source.set_waker(direction, cx.waker());
        // Either the reactor counts up before this look, which sees it, or after: then it sees the waker.
        let unchanged = {
            let _bucket = word_lock(word);
            word.load(Ordering::Acquire) == seen
        };
        if unchanged {
            return Poll::Pending;
        }
    }
}

impl Source {
    /// Called before the word is changed.
    pub(super) fn note_end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn set_waker(&self, direction: Direction, waker: &Waker) {
        self.driven.store(1, Ordering::Relaxed);
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut wakers[direction as usize] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Called after the word has changed.
    pub(super) fn wake_future(&self, direction: Direction) {
        // Ordered by the lock of the word's bucket, see `poll_call`.
        if self.driven.load(Ordering::Relaxed) == 0 {
            return;
        }
        let waker = {
            let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            wakers[direction as usize].take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn forget_wakers(&self) {
        if self.driven.swap(0, Ordering::Relaxed) != 0 {
            *self.wakers.lock().unwrap_or_else(PoisonError::into_inner) = [None, None];
        }
    }
}
