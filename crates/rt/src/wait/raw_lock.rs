//! The short lock that guards an object's queues: one word, spin a little, then sleep in the kernel.
//!
//! Not the language's `Mutex` (that is `locks`): critical sections here are a few dozen instructions and never wait.
//!
//! Releasing is a load and a store, not an exchange, which would cost as much as taking. So a sleeper that
//! announces itself just between the two is overlooked. That is as rare as a holder that loses its processor there,
//! and costs that sleeper a [`NAP`], since nobody sleeps longer without looking.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use crate::sync::{AtomicU32, NAP, Ordering, futex_nap, futex_wake, release, spin_until};

const FREE: u32 = 0;
const HELD: u32 = 1;
const CONTENDED: u32 = 2;

pub(crate) struct RawLock {
    word: AtomicU32,
}

impl RawLock {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> RawLock {
        RawLock { word: AtomicU32::new(FREE) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> RawLock {
        RawLock { word: AtomicU32::new(FREE) }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        // Acquire pairs with the release in `unlock`.
        if self.word.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.lock_slow();
        }
    }

    /// Whether nobody holds it. Then what the last holder did is visible.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        // Acquire pairs with the release in `unlock`.
        self.word.load(Ordering::Acquire) == FREE
    }

    /// Takes the lock if nobody holds it.
    pub(crate) fn try_lock(&self) -> bool {
        self.word.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn lock_slow(&self) {
        let free = || self.word.load(Ordering::Relaxed) == FREE;
        if spin_until(|| free() && self.try_lock()) {
            return;
        }
        while self.word.swap(CONTENDED, Ordering::Acquire) != FREE {
            futex_nap(&self.word, CONTENDED, NAP);
        }
    }

    /// # Safety
    /// The caller holds the lock.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        let word: *const AtomicU32 = &raw const self.word;
        // Publishes what the critical section wrote. The object may be freed by the next holder from here on.
        if release(&self.word, FREE) == CONTENDED {
            wake_one(word);
        }
    }
}

#[cold]
fn wake_one(word: *const AtomicU32) {
    futex_wake(word, 1);
}

/// A value behind a [`RawLock`].
pub(crate) struct Locked<T> {
    lock: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only with the lock held, by one thread at a time. It may hold raw pointers to
// waiters' nodes, which the wait protocol makes valid for whoever holds the lock.
unsafe impl<T> Sync for Locked<T> {}
// SAFETY: as above; a queue belongs to no thread.
unsafe impl<T> Send for Locked<T> {}

impl<T> Locked<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> Locked<T> {
        Locked { lock: RawLock::new(), value: UnsafeCell::new(value) }
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> Locked<T> {
        Locked { lock: RawLock::new(), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockedGuard<'_, T> {
        self.lock.lock();
        LockedGuard { owner: self }
    }

    #[cfg(not(loom))]
    pub(crate) fn try_lock(&self) -> Option<LockedGuard<'_, T>> {
        self.lock.try_lock().then_some(LockedGuard { owner: self })
    }

    /// The lock itself, for `select`, which holds several.
    pub(crate) fn raw(&self) -> &RawLock {
        &self.lock
    }

    /// The value, for one who took `raw()`.
    ///
    /// # Safety
    /// The caller holds the lock and makes no second reference while this one lives.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn held(&self) -> &mut T {
        // SAFETY: the lock is held, by the caller's promise.
        unsafe { &mut *self.value.get() }
    }
}

pub struct LockedGuard<'a, T> {
    owner: &'a Locked<T>,
}

impl<T> Deref for LockedGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.owner.value.get() }
    }
}

impl<T> DerefMut for LockedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock.
        unsafe { &mut *self.owner.value.get() }
    }
}

impl<T> Drop for LockedGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard holds the lock and ends here.
        unsafe { self.owner.lock.unlock() }
    }
}
