//! Sockets for Rust futures: a call that would block leaves a waker with the source.
//!
//! Each direction has room for one waker: a socket is read by one future and written by one. `driven` keeps the reactor
//! from taking a lock for sources that no future uses.

use std::task::{Context, Poll, Waker};

use super::{Direction, Source};
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
    let word = source.word(direction);
    loop {
        // Acquire pairs with the release in `word_changed`: what has happened until then, the call sees.
        let seen = word.load(Ordering::Acquire);
        match call() {
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
