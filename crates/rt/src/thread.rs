//! OS threads: start, end, join. A panic stops at the thread's edge and is kept for whoever joins.

use std::sync::Arc;

use abi::waiting::{Context, ENTER, Frame};
use abi::{RawPanic, RawString};

use crate::call::Entry;
use crate::census::{self, Member};
use crate::locks::{self, EndWait};
use crate::panic::{self, Payload};
use crate::point::{Point, point};
use crate::runner::Runner;
use crate::sync::global::{Mutex, PoisonError};
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::text::{Out, text};
use crate::wait::{self, Ended, Machine, Reason, Step};
use crate::{clock, current, explore, memory, os, signals, who};

/// As much stack as the main thread has by default: recursion goes as deep everywhere. Only touched pages cost memory.
const STACK: usize = 8 * 1024 * 1024;
const GUARD: usize = 64 * 1024;

/// A thread, shared by its handle and itself.
pub(crate) struct Thread {
    /// The word of its end, see `locks::EndWait`.
    end: AtomicU32,
    /// Its runner, from its first step until its end.
    run: AtomicPtr<Runner>,
    member: Member,
    panic: Mutex<Option<Box<Payload>>>,
}

/// What a new thread is given.
pub(crate) struct Start {
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
    let run = current::thread();
    // SAFETY: the Arc keeps the member until after `leave`, and the runner lives as long as the thread.
    unsafe { census::enter(&raw const start.thread.member, run) };
    start.thread.run.store(std::ptr::from_ref(run).cast_mut(), Ordering::Release);
    // SAFETY: this is its thread.
    unsafe { run_body(&start, run) };
    start.thread.run.store(std::ptr::null_mut(), Ordering::Release);
    start.end();
    census::leave(true);
    std::ptr::null_mut()
}

/// Runs what a thread is for and keeps its panic, whose message it gives.
///
/// # Safety
/// Called once, with the runner of whoever runs it.
pub(crate) unsafe fn run_body(start: &Start, run: &Runner) -> Option<String> {
    // SAFETY: `spawn`'s caller promised it. A thread never suspends.
    unsafe { (start.entry)(run.context(), std::ptr::null_mut(), ENTER, start.env) };
    if start.env_size > 0 {
        // SAFETY: `spawn`'s caller allocated it so, and the entry has moved everything out.
        unsafe {
            if !explore::free(start.env, start.env_size, start.env_align) {
                memory::free(start.env, start.env_size, start.env_align);
            }
        }
    }
    let payload = panic::take(run);
    let message = payload.as_deref().map(Payload::described);
    *start.thread.panic.lock().unwrap_or_else(PoisonError::into_inner) = payload;
    message
}

impl Start {
    /// It has ended: who waits for it goes on.
    pub(crate) fn end(&self) {
        locks::set_end(&self.thread.end);
    }

    pub(crate) fn end_word(&self) -> *const AtomicU32 {
        &raw const self.thread.end
    }

    pub(crate) fn member(&self) -> *const Member {
        &raw const self.thread.member
    }

    /// Nobody has a handle to it.
    pub(crate) fn is_detached(&self) -> bool {
        Arc::strong_count(&self.thread) == 1
    }
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
    let thread = Arc::new(Thread {
        end: AtomicU32::new(0),
        run: AtomicPtr::new(std::ptr::null_mut()),
        member,
        panic: Mutex::new(None),
    });
    let start = Start { thread: Arc::clone(&thread), entry, env, env_size, env_align };
    let start = match explore::spawn_thread(Box::new(start)) {
        Ok(()) => {
            // It is not one of the process's threads.
            thread.member.never_started();
            return Arc::into_raw(thread);
        }
        Err(start) => Box::into_raw(start),
    };
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

impl Thread {
    /// The thread of which this is the word of the end.
    pub(crate) fn of_end(end: *const AtomicU32) -> *const Thread {
        end.wrapping_byte_sub(std::mem::offset_of!(Thread, end)).cast()
    }

    pub(crate) fn name(&self) -> &str {
        &self.member.name
    }

    /// Its runner, if it runs. It is valid as long as the thread does not end.
    pub(crate) fn runner(&self) -> *const Runner {
        self.run.load(Ordering::Acquire)
    }
}

/// The word of a thread's end.
pub(crate) fn end_word(handle: *mut u8) -> *mut u8 {
    let thread = handle.cast::<Thread>();
    // SAFETY: the caller of `select` hands a live handle; only an address is computed.
    unsafe { (&raw mut (*thread).end).cast() }
}

/// Waits for a thread's end.
struct Join {
    end: EndWait,
    thread: *const Thread,
    panic: *mut RawPanic,
}

/// What a join that timed out gives.
pub(crate) const JOIN_TIMED_OUT: i32 = 2;

impl Machine for Join {
    type Out = i32;
    const NAME: &'static str = "join";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: the machine stays where it is; thread and room are valid by the contract of the export below.
        unsafe {
            match self.end.step(run, deadline, ended) {
                Step::Ready(locks::TAKEN) => {}
                Step::Ready(_) => return Step::Ready(JOIN_TIMED_OUT),
                other => return other,
            }
            match &*(*self.thread).panic.lock().unwrap_or_else(PoisonError::into_inner) {
                None => Step::Ready(0),
                Some(payload) => {
                    self.panic.write(payload.to_raw());
                    Step::Ready(1)
                }
            }
        }
    }
}

/// # Safety
/// `thread` is a live handle; `panic` has room for a `RawPanic`; the rest as `abi::waiting` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_join(
    cx: *mut Context,
    parent: *mut Frame,
    out: *mut i32,
    thread: *const Thread,
    panic: *mut RawPanic,
    timeout: i64,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let end = EndWait::about(&raw const (*thread).end, who::THREAD);
        wait::run(cx, parent, out, Join { end, thread, panic }, clock::patience(timeout))
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
    let end = unsafe { (*thread).end.load(Ordering::Acquire) };
    (end == abi::protocol::event::SET).into()
}

/// The thread's number; for null that of the task or thread that calls, 0 if the runtime does not know it.
///
/// # Safety
/// `thread` is null or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_id(thread: *const Thread) -> i64 {
    // SAFETY: by contract.
    let id = unsafe { thread.as_ref() }.map_or_else(current::id, |thread| thread.member.id);
    id.cast_signed()
}

/// The thread's name; for null that of the task or thread that calls.
///
/// # Safety
/// `thread` is null or a live handle; `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_name(thread: *const Thread, out: *mut RawString) {
    // SAFETY: by contract.
    unsafe {
        match thread.as_ref() {
            Some(thread) => Out::new(out).push(thread.member.name.as_bytes()),
            None => Out::new(out).push(current::name().as_bytes()),
        }
    }
}

/// Waits for a time to pass.
struct Sleep;

impl Machine for Sleep {
    type Out = ();
    const NAME: &'static str = "sleep";

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<()> {
        match ended {
            None => Step::Pending(run.begin(Reason::Sleep, 0, 1, deadline)),
            Some(ended) if ended.outcome.interrupts() => Step::Unwind,
            Some(_) => Step::Ready(()),
        }
    }
}

/// # Safety
/// As `abi::waiting` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_thread_sleep(cx: *mut Context, parent: *mut Frame, duration: i64) -> i32 {
    point(Point::Sleep);
    let until = clock::deadline(duration.max(0));
    // SAFETY: by contract; there is no result to write.
    unsafe { wait::run(cx, parent, std::ptr::NonNull::dangling().as_ptr(), Sleep, until) }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_thread_parallelism() -> i64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as i64)
}
