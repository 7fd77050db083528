//! What generated code calls, and release builds have inlined. In the list of `abi`, as all that the runtime exports.

use core::sync::atomic::AtomicU64;

use abi::waiting::Context;

use crate::ring::{Front, PAUSE, Shape, Tried};
use crate::runner;
use crate::sync::Ordering;

unsafe extern "C" {
    /// How many threads and tasks are unwinding because of a panic.
    static altru_panics: AtomicU64;
    fn altru_panic_is_mine() -> i32;
    fn altru_channel_serve(channel: *mut Front);
    fn altru_channel_look(cx: *mut Context, channel: *mut Front);
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_panic_active() -> i32 {
    // SAFETY: a static of the runtime's, and a function of its.
    unsafe {
        if altru_panics.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        altru_panic_is_mine()
    }
}

/// Whether whoever runs may make a call that can wait without being asked anything first. It is counted. Null: nobody is asked.
///
/// # Safety
/// `cx` is null or the front of a runner, the caller's.
#[inline(always)]
unsafe fn may_begin(cx: *mut Context) -> bool {
    // SAFETY: by contract.
    let Some(run) = (unsafe { cx.cast::<runner::Front>().as_ref() }) else { return true };
    let may = run.may_try();
    if may {
        run.spend();
    }
    may
}

/// Somebody else was faster: lets him do some more with the memory that he has in his cache, before the runtime tries again.
#[inline(always)]
fn contended() -> i32 {
    for _ in 0..PAUSE {
        core::hint::spin_loop();
    }
    1
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_channel_push(
    cx: *mut Context,
    channel: *mut Front,
    value: *mut u8,
    size: usize,
    align: usize,
) -> i32 {
    // SAFETY: by contract; a context is the front of a runner, and a channel begins with its front.
    unsafe {
        if !may_begin(cx) {
            return 1;
        }
        let front = &*channel;
        match front.try_push(value, Shape::new(size, align)) {
            Tried::Done(position) => {
                if front.has_receivers() {
                    altru_channel_serve(channel);
                }
                if front.is_to_look(position) {
                    altru_channel_look(cx, channel);
                }
                0
            }
            Tried::Contended => contended(),
            Tried::No => 1,
        }
    }
}

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_channel_pop(
    cx: *mut Context,
    channel: *mut Front,
    out: *mut u8,
    size: usize,
    align: usize,
) -> i32 {
    // SAFETY: as in `altru_channel_push`.
    unsafe {
        if !may_begin(cx) {
            return 1;
        }
        let front = &*channel;
        match front.try_pop(out, Shape::new(size, align)) {
            Tried::Done(_) => {
                if front.has_senders() {
                    altru_channel_serve(channel);
                }
                0
            }
            Tried::Contended => contended(),
            Tried::No => 1,
        }
    }
}
