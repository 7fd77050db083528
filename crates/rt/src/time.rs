//! The clocks as the program sees them. `clock` is what the runtime itself needs.

use crate::point::{Point, point};
use crate::{clock, env};

#[unsafe(no_mangle)]
pub extern "C" fn altru_time_monotonic() -> i64 {
    point(Point::Clock);
    clock::monotonic()
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_time_wall() -> i64 {
    point(Point::Clock);
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_time_local_offset(seconds: i64) -> i32 {
    // SAFETY: an all-zero tm is a valid value to be overwritten.
    let mut fields: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid; the C library reads the time zone on first use.
    let found = env::keeping_variables(|| unsafe { libc::localtime_r(&raw const seconds, &raw mut fields) });
    if !found.is_null() { fields.tm_gmtoff as i32 } else { 0 }
}
