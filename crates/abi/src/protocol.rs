//! What the words of the locks mean, so that std can take the fast paths inline with atomic operations and
//! call the runtime only when it must.
//!
//! Every word is a `u32` that starts at 0 (a semaphore: at its permits) and is identified by its address while
//! somebody waits on it; it may move when nobody does. Acquire on the way in, release on the way out.

/// `Mutex`: lock = CAS `UNLOCKED -> LOCKED` (acquire), else `altru_mutex_lock`;
/// unlock = CAS `LOCKED -> UNLOCKED` (release), else `altru_mutex_unlock`.
pub mod mutex {
    pub const UNLOCKED: u32 = 0;
    pub const LOCKED: u32 = 1;
    /// Locked, and somebody may be waiting.
    pub const CONTENDED: u32 = 2;
}

/// What lies behind the word of a `Mutex` or a `RwLock`: who holds it, for reports. Whoever takes it writes both, the
/// holder last, and writes 0 to `HOLDER` before it lets go; of several readers one is named, or none. So a holder that is
/// found there holds the lock. Both are 64 bits, at these offsets.
pub mod held {
    /// The holder's `Context`. 0: nobody, or not known; 1: not known, but `PLACE` is.
    pub const HOLDER: usize = 8;
    /// The `Location` where it was taken. Of a reader it means nothing.
    pub const PLACE: usize = 16;
    pub const SOMEBODY: u64 = 1;
}

/// `RwLock`: the low bits count readers.
/// Read = CAS `w -> w + 1` while `w & (WRITER | QUEUED) == 0` (acquire), else `altru_rwlock_read`;
/// unlock read = fetch_sub 1 (release); if what remains is exactly `QUEUED`, the runtime must hand over, so:
/// CAS `w -> w - 1` while `w & QUEUED == 0`, else `altru_rwlock_unlock_read`.
/// Write = CAS `0 -> WRITER` (acquire), else `altru_rwlock_write`;
/// unlock write = CAS `WRITER -> 0` (release), else `altru_rwlock_unlock_write`.
pub mod rwlock {
    pub const WRITER: u32 = 1 << 31;
    /// Somebody waits; newcomers queue behind, so that writers are not starved.
    pub const QUEUED: u32 = 1 << 30;
    pub const READERS: u32 = QUEUED - 1;
}

/// `Condvar`: the number of waiters; 0 lets `notify` return at once.
pub mod condvar {
    pub const NOBODY: u32 = 0;
}

/// `Semaphore`: the low bits count free permits.
/// Acquire n = CAS `w -> w - n` while `w & QUEUED == 0` and `w >= n` (acquire), else `altru_semaphore_acquire`;
/// release n = CAS `w -> w + n` while `w & QUEUED == 0` (release), else `altru_semaphore_release`.
pub mod semaphore {
    pub const QUEUED: u32 = 1 << 31;
    pub const MAX: u32 = QUEUED - 1;
}

/// `Event`: wait = load (acquire) is `SET`, else `altru_event_wait`; set = `altru_event_set`; reset = store `UNSET`.
pub mod event {
    pub const UNSET: u32 = 0;
    pub const SET: u32 = 1;
}

/// What a context begins: how many things keep its owner from being interrupted, a `u16` that only the owner changes.
pub mod context {
    pub const SHIELD: usize = 38;
}
