//! The monotonic clock and deadlines on it.

/// Nanoseconds since some fixed moment; never goes back.
pub fn monotonic() -> i64 {
    #[cfg(not(loom))]
    if let Some(now) = crate::explore::now() {
        return now;
    }
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// The moment a timeout ends: -1 stays -1 (never).
pub(crate) fn deadline(timeout: i64) -> i64 {
    if timeout < 0 { -1 } else { monotonic().saturating_add(timeout) }
}

/// The deadline of a call that may be told not to wait at all.
pub(crate) fn patience(timeout: i64) -> i64 {
    if timeout == 0 { crate::wait::NOW } else { deadline(timeout) }
}
