//! Randomness: the operating system's bytes, a per-process seed for hash maps, a fast generator per thread.

use std::cell::Cell;

use crate::point::{Point, point};
use crate::sync::global::OnceLock;

thread_local! {
    // Cells of their own: written and read alike.
    static STATE: [Cell<u64>; 4] = const { [const { Cell::new(0) }; 4] };
}

/// Fills a buffer from the kernel.
fn fill(mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        // SAFETY: the buffer is valid for its length.
        let n = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        // Only an interruption by a signal fails here; then it is tried again.
        buffer = &mut buffer[usize::try_from(n).unwrap_or(0)..];
    }
}

fn word() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

/// The next value of this thread's xoshiro256++.
pub(crate) fn next() -> u64 {
    STATE.with(step)
}

#[cold]
fn seed(state: &[Cell<u64>; 4]) {
    state.iter().for_each(|part| part.set(word() | 1));
}

#[inline]
fn step(state: &[Cell<u64>; 4]) -> u64 {
    // Once in all times it is so, after which it goes on from elsewhere.
    if state[0].get() == 0 {
        seed(state);
    }
    let mut s = state.each_ref().map(Cell::get);
    let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    state.iter().zip(s).for_each(|(part, s)| part.set(s));
    result
}

/// Starts this thread's generator anew.
pub(crate) fn set_state(seed: u64) {
    // Any state but zeros will do; neighbouring seeds are spread by a few steps.
    let parts = [seed | 1, seed ^ 0x9e37_79b9_7f4a_7c15, seed.rotate_left(32), !seed];
    STATE.with(|state| state.iter().zip(parts).for_each(|(part, s)| part.set(s)));
    for _ in 0..8 {
        next();
    }
}

/// A value below `bound`, close enough to uniform for choosing among a few.
pub(crate) fn below(bound: usize) -> usize {
    ((u128::from(next()) * bound as u128) >> 64) as usize
}

/// # Safety
/// `buffer` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_random_bytes(buffer: *mut u8, len: usize) {
    point(Point::Random);
    if len > 0 {
        // SAFETY: by contract.
        fill(unsafe { std::slice::from_raw_parts_mut(buffer, len) });
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_random_seed() -> i64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    SEED.get_or_init(word).cast_signed()
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_random_u64() -> i64 {
    point(Point::Random);
    next().cast_signed()
}
