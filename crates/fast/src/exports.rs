//! What generated code calls, and release builds have inlined. In the list of `abi`, as all that the runtime exports.

use core::sync::atomic::AtomicU64;

use abi::waiting::Context;
use abi::{SelectCase, SelectKind};

use crate::ring::{Front, PAUSE, Shape, Tried};
use crate::runner;
use crate::sync::Ordering;

unsafe extern "C" {
    /// How many threads and tasks are unwinding because of a panic.
    static altru_panics: AtomicU64;
    fn altru_panic_is_mine() -> i32;
    fn altru_channel_serve(channel: *mut Front);
    fn altru_channel_look(cx: *mut Context, channel: *mut Front);
    fn altru_select_choose(bound: usize) -> usize;
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

const NONE: i32 = -1;
const SKIP: u32 = SelectKind::Skip as u32;
const RECV: u32 = SelectKind::Recv as u32;

/// # Safety
/// As the list in `abi` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_select_now(
    cx: *mut Context,
    cases: *const SelectCase,
    n: usize,
    biased: i32,
) -> i32 {
    // SAFETY: as in `altru_channel_push`; the cases' objects are of the kind they say.
    unsafe {
        if n > u64::BITS as usize || !may_begin(cx) {
            return NONE;
        }
        let (mut ready, mut count) = (0u64, 0);
        for index in 0..n {
            let case = cases.add(index);
            match (*case).kind {
                SKIP => {}
                RECV => {
                    let Some(has) = (*(*case).object.cast::<Front>()).seems_to_have_value() else {
                        return NONE;
                    };
                    ready |= u64::from(has) << index;
                    count += usize::from(has);
                }
                _ => return NONE,
            }
        }
        if count == 0 {
            return NONE;
        }
        if biased == 0 && count > 1 {
            // Without the first so many.
            for _ in 0..altru_select_choose(count) {
                ready &= ready - 1;
            }
        }
        let index = ready.trailing_zeros();
        let case = cases.add(index as usize);
        let front = (*case).object.cast::<Front>();
        match (*front).try_pop((*case).value, (*front).shape) {
            Tried::Done(_) => {
                if (*front).has_senders() {
                    altru_channel_serve(front);
                }
                index as i32
            }
            Tried::Contended | Tried::No => NONE,
        }
    }
}
