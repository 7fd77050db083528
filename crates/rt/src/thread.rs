//! OS threads: start, end, join. A panic stops at the thread's edge and is kept for whoever joins.

use std::cell::Cell;
use std::sync::Arc;

use abi::{RawPanic, RawString};

use crate::census::{self, Member};
use crate::panic::{self, Payload};
use crate::point::{Point, point};
use crate::sync::global::{Mutex, PoisonError};
use crate::sync::{AtomicU32, Ordering};
use crate::text::{Out, text};
use crate::wait::{LOT, Reason};
use crate::{clock, locks, memory, os, signals, stdio};

/// As much stack as the main thread has by default: recursion goes as deep everywhere. Only touched pages cost memory.
const STACK: usize = 8 * 1024 * 1024;
const GUARD: usize = 64 * 1024;

/// A thread, shared by its handle and itself.
pub(crate) struct Thread {
    /// An event word, set at the end.
    done: AtomicU32,
    member: Member,
    panic: Mutex<Option<Payload>>,
}

type Entry = unsafe extern "C-unwind" fn(*mut u8);

/// What a new thread is given.
struct Start {
    thread: Arc<Thread>,
    entry: Entry,
    env: *mut u8,
    env_size: usize,
    env_align: usize,
}

extern "C" fn run(start: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: `spawn` leaked it for this thread alone.
    let start = unsafe { Box::from_raw(start.cast::<Start>()) };
    let _alt_stack = signals::enter_thread();
    set_os_name(&start.thread.member.name);
    // SAFETY: the Arc keeps the member until after `leave`.
    unsafe { census::enter(&raw const start.thread.member) };
    // SAFETY: `spawn`'s caller promised it.
    let result = panic::catch(|| unsafe { (start.entry)(start.env) });
    if start.env_size > 0 {
        // SAFETY: `spawn`'s caller allocated it so, and the entry has moved everything out.
        unsafe { memory::free(start.env, start.env_size, start.env_align) };
    }
    if let Err(payload) = result {
        *start.thread.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
    }
    locks::event_set(&LOT, &start.thread.done);
    census::leave(true);
    std::ptr::null_mut()
}

fn set_os_name(name: &str) {
    // The kernel takes 15 bytes.
    let mut short = [0u8; 16];
    let len = (0..=name.len().min(15)).rev().find(|i| name.is_char_boundary(*i)).unwrap_or(0);
    short[..len].copy_from_slice(&name.as_bytes()[..len]);
    // SAFETY: a NUL-terminated name.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), short.as_ptr().cast()) };
}

/// # Safety
/// As `altru_thread_spawn` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_spawn(
    name: *const u8,
    name_len: usize,
    entry: Entry,
    env: *mut u8,
    env_size: usize,
    env_align: usize,
) -> *const Thread {
    point(Point::Spawn);
    signals::install();
    // SAFETY: by contract.
    let member = Member::new(unsafe { text(name, name_len) });
    let thread = Arc::new(Thread { done: AtomicU32::new(0), member, panic: Mutex::new(None) });
    let start = Start { thread: Arc::clone(&thread), entry, env, env_size, env_align };
    let start = Box::into_raw(Box::new(start));
    // SAFETY: attributes are initialised before use; `start` belongs to the new thread once it is created.
    let code = unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        libc::pthread_attr_init(&raw mut attr);
        libc::pthread_attr_setstacksize(&raw mut attr, STACK);
        libc::pthread_attr_setguardsize(&raw mut attr, GUARD);
        libc::pthread_attr_setdetachstate(&raw mut attr, libc::PTHREAD_CREATE_DETACHED);
        let mut id = std::mem::zeroed();
        let code = libc::pthread_create(&raw mut id, &raw const attr, run, start.cast());
        libc::pthread_attr_destroy(&raw mut attr);
        code
    };
    if code != 0 {
        // SAFETY: no thread took it.
        drop(unsafe { Box::from_raw(start) });
        thread.member.never_started();
        os::set_errno(code);
        return std::ptr::null();
    }
    Arc::into_raw(thread)
}

/// The event word of a thread's end.
pub(crate) fn end_word(handle: *mut u8) -> *mut u8 {
    let thread = handle.cast::<Thread>();
    // SAFETY: the caller of `select` hands a live handle; only an address is computed.
    unsafe { (&raw mut (*thread).done).cast() }
}

/// # Safety
/// `thread` is a live handle; `panic` has room for a `RawPanic`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_join(
    thread: *const Thread,
    panic: *mut RawPanic,
    timeout: i64,
) -> i32 {
    point(Point::Join);
    // SAFETY: by contract.
    let thread = unsafe { &*thread };
    let deadline = if timeout == 0 { 0 } else { clock::deadline(timeout) };
    if !locks::event_wait(&LOT, &thread.done, Reason::Join, deadline) {
        return 2;
    }
    match thread.panic.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        None => 0,
        Some(payload) => {
            // SAFETY: by contract.
            unsafe { panic.write(payload.into_raw()) };
            1
        }
    }
}

/// # Safety
/// `thread` is a live handle, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_release(thread: *const Thread) {
    // SAFETY: by contract: it came from `Arc::into_raw`.
    drop(unsafe { Arc::from_raw(thread) });
}

/// # Safety
/// `thread` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_finished(thread: *const Thread) -> i32 {
    // SAFETY: by contract. Acquire: what the thread did is visible to who sees that it has ended.
    let done = unsafe { (*thread).done.load(Ordering::Acquire) };
    (done == abi::protocol::event::SET).into()
}

/// # Safety
/// `thread` is null or a live handle.
unsafe fn member<'a>(thread: *const Thread) -> Option<&'a Member> {
    // SAFETY: by contract.
    match unsafe { thread.as_ref() } {
        Some(thread) => Some(&thread.member),
        None => census::current(),
    }
}

/// # Safety
/// `thread` is null or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_id(thread: *const Thread) -> i64 {
    // SAFETY: by contract.
    unsafe { member(thread) }.map_or(0, |member| member.id.cast_signed())
}

/// # Safety
/// `thread` is null or a live handle; `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_name(thread: *const Thread, out: *mut RawString) {
    // SAFETY: by contract.
    unsafe {
        let name = member(thread).map_or("(foreign)", |member| &member.name);
        Out::new(out).push(name.as_bytes());
    }
}

/// A thread's scratch room, as large as was ever asked for.
struct Scratch(Cell<(*mut u8, usize, usize)>);

impl Drop for Scratch {
    fn drop(&mut self) {
        let (ptr, size, align) = self.0.get();
        if size > 0 {
            // SAFETY: allocated below with this size and alignment.
            unsafe { memory::free(ptr, size, align) };
        }
    }
}

thread_local! {
    static SCRATCH: Scratch = const { Scratch(Cell::new((std::ptr::null_mut(), 0, 0))) };
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_thread_scratch(size: usize, align: usize) -> *mut u8 {
    SCRATCH.with(|Scratch(room)| {
        let (ptr, old_size, old_align) = room.get();
        if size <= old_size && align <= old_align {
            return ptr;
        }
        let (size, align) = (size.max(old_size).max(64), align.max(old_align).max(16));
        if old_size > 0 {
            // SAFETY: allocated below with this size and alignment.
            unsafe { memory::free(ptr, old_size, old_align) };
        }
        let ptr = memory::alloc(size, align);
        room.set((ptr, size, align));
        ptr
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_thread_yield() {
    point(Point::Yield);
    crate::sync::yield_now();
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_thread_sleep(duration: i64) {
    point(Point::Sleep);
    stdio::flush_for_reader();
    let until = clock::monotonic().saturating_add(duration.max(0));
    let time = libc::timespec { tv_sec: until / 1_000_000_000, tv_nsec: until % 1_000_000_000 };
    loop {
        // SAFETY: a valid timespec; an absolute deadline needs no remainder.
        let code = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &raw const time,
                std::ptr::null_mut(),
            )
        };
        if code != libc::EINTR {
            return;
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_thread_parallelism() -> i64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as i64)
}
