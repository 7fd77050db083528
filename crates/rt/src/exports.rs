//! The C face of the parts that are ordinary Rust inside (text, locks, channels, select), the check that all
//! exports have the signatures of `abi`'s list, and the table of their addresses for code that runs in memory.

use abi::waiting::{Context, Frame};
use abi::{RawString, SelectCase};
use fast::exports::*;

use crate::channel::{Channel, Recv, RecvBatch, Send, SendBatch};
use crate::clock::patience;
use crate::locks::{self, Acquire, CondvarWait, EventWait, Lock, Take, WordWait};
use crate::select::Select;
use crate::sync::AtomicU32;
use crate::text::{Out, bytes, text};
use crate::wait::{NOW, Reason, WaitResult};
use crate::{arena, clock, current, format, fs, memory, net, os, pool, process, stdio, text as texts, wait};

use crate::check_exports;
use crate::{call::*, env::*, fs::*, math::*, net::*, panic::*, process::*, random::*, start::*};
use crate::{task::*, thread::*, time::*};

// Contract of every export: pointers are what the list in `abi` says of them, and valid for the call; strings that are
// appended to belong to the caller.

macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            /// # Safety
            /// As the list in `abi` says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($param: $ty),*) $(-> $ret)? {
                // SAFETY: the caller keeps the contract above.
                #[allow(unused_unsafe)]
                unsafe { $body }
            }
        )*
    };
}

/// Waiting functions that run a machine (with a deadline), see `abi::waiting`.
macro_rules! waiting {
    ($(fn $name:ident($($param:ident: $ty:ty),*) -> $ret:ty { $machine:expr, $deadline:expr })*) => {
        $(
            /// # Safety
            /// As the list in `abi` and `abi::waiting` say.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(
                cx: *mut Context,
                parent: *mut Frame,
                result: *mut $ret,
                $($param: $ty),*
            ) -> i32 {
                // SAFETY: the caller keeps the contract above.
                unsafe { wait::run(cx, parent, result, $machine, $deadline) }
            }
        )*
    };
}

/// Waiting functions of which all the waiting is for the operating system, see `pool`.
macro_rules! blocking {
    ($(fn $name:ident($($param:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block)*) => {
        $(
            /// # Safety
            /// As the list in `abi` and `abi::waiting` say.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(
                cx: *mut Context,
                parent: *mut Frame,
                result: *mut $ret,
                $($param: $ty),*
            ) -> i32 {
                // SAFETY: the caller keeps the contract above.
                #[allow(unused_unsafe)]
                unsafe {
                    pool::block(cx, parent, result, move || $body)
                }
            }
        )*
    };
}

fn as_char(c: i32) -> char {
    char::from_u32(c.cast_unsigned()).unwrap_or(char::REPLACEMENT_CHARACTER)
}

exports! {
    // ---- memory ----
    fn altru_mem_alloc(size: usize, align: usize) -> *mut u8 { memory::alloc(size, align) }
    fn altru_mem_alloc_zeroed(size: usize, align: usize) -> *mut u8 { memory::alloc_zeroed(size, align) }
    fn altru_mem_realloc(ptr: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
        memory::realloc(ptr, old_size, align, new_size)
    }
    fn altru_mem_free(ptr: *mut u8, size: usize, align: usize) { memory::free(ptr, size, align) }

    // ---- standard streams ----
    fn altru_io_print(ptr: *const u8, len: usize) { stdio::print(bytes(ptr, len)) }
    fn altru_io_eprint(ptr: *const u8, len: usize) { stdio::write_stderr(bytes(ptr, len)) }
    fn altru_io_flush() { stdio::flush() }
    fn altru_io_is_terminal(fd: i32) -> i32 { stdio::is_terminal(fd).into() }

    // ---- formatting and parsing ----
    fn altru_fmt_f64(value: f64, precision: i64, style: i32, out: *mut u8, cap: usize) -> usize {
        format::float(value, precision, style, std::slice::from_raw_parts_mut(out, cap))
    }
    fn altru_parse_f64(ptr: *const u8, len: usize, out: *mut f64) -> i32 {
        let parsed = text(ptr, len).parse();
        parsed.map_or(1, |value| { out.write(value); 0 })
    }

    // ---- text ----
    fn altru_str_find(ptr: *const u8, len: usize, needle: *const u8, needle_len: usize, from: i64) -> i64 {
        texts::find(bytes(ptr, len), bytes(needle, needle_len), from)
    }
    fn altru_str_rfind(ptr: *const u8, len: usize, needle: *const u8, needle_len: usize) -> i64 {
        texts::rfind(bytes(ptr, len), bytes(needle, needle_len))
    }
    fn altru_str_validate(ptr: *const u8, len: usize) -> i64 { texts::validate(bytes(ptr, len)) }
    fn altru_char_class(code: i32, class: i32) -> i32 { texts::char_class(as_char(code), class).into() }
    fn altru_char_case(code: i32, upper: i32, out: *mut u32) -> i32 {
        let c = as_char(code);
        let (upper_case, lower_case) = (c.to_uppercase(), c.to_lowercase());
        let mut count = 0;
        let mut put = |c: char| {
            out.add(count).write(c.into());
            count += 1;
        };
        if upper != 0 { upper_case.for_each(&mut put) } else { lower_case.for_each(&mut put) }
        count as i32
    }

    // ---- frames ----
    fn altru_frame_grow(cx: *mut Context, size: usize) -> *mut u8 { arena::grow(cx, size) }
    fn altru_frame_shrink(cx: *mut Context) { arena::shrink(cx) }

    // ---- words and locks ----
    fn altru_word_wake(word: *const AtomicU32, count: i32) -> i32 {
        locks::word_wake(&*word, u32::try_from(count).unwrap_or(u32::MAX)).cast_signed()
    }
    fn altru_holder() -> *mut Context { current::runner().context() }
    fn altru_mutex_unlock(mutex: *const AtomicU32) { locks::mutex_unlock(&*mutex) }
    fn altru_rwlock_unlock_read(lock: *const AtomicU32) { locks::rwlock_unlock_read(&*lock) }
    fn altru_rwlock_unlock_write(lock: *const AtomicU32) { locks::rwlock_unlock_write(&*lock) }
    fn altru_condvar_notify(condvar: *const AtomicU32, all: i32) {
        locks::condvar_notify(&*condvar, all != 0)
    }
    fn altru_semaphore_release(semaphore: *const AtomicU32, n: i32) {
        locks::semaphore_release(&*semaphore, n.cast_unsigned())
    }
    fn altru_event_set(event: *const AtomicU32) { locks::event_set(&*event) }

    // ---- channels ----
    fn altru_channel_new(capacity: i64, size: usize, align: usize) -> *mut Channel {
        Box::into_raw(Box::new(Channel::new(capacity, size, align)))
    }
    fn altru_channel_sender_clone(channel: *mut Channel) { (*channel).add_sender() }
    fn altru_channel_sender_drop(channel: *mut Channel) {
        if (*channel).drop_sender() {
            drop(Box::from_raw(channel));
        }
    }
    fn altru_channel_receiver_clone(channel: *mut Channel) { (*channel).add_receiver() }
    fn altru_channel_receiver_drop(channel: *mut Channel) -> i32 { (*channel).drop_receiver().into() }
    fn altru_channel_release(channel: *mut Channel) {
        if (*channel).leave_side() {
            drop(Box::from_raw(channel));
        }
    }
    fn altru_channel_serve(channel: *mut Channel) { (*channel).come_to_serve() }
    fn altru_channel_look(cx: *mut Context, channel: *mut Channel) { (*channel).look(cx.is_null()) }
    fn altru_channel_try_send(channel: *mut Channel, value: *mut u8) -> i32 {
        (*channel).try_send(value) as i32
    }
    fn altru_channel_try_recv(channel: *mut Channel, out: *mut u8) -> i32 {
        (*channel).try_recv(out) as i32
    }
    fn altru_channel_len(channel: *mut Channel) -> i64 { (*channel).len() as i64 }
    fn altru_channel_capacity(channel: *mut Channel) -> i64 { (*channel).capacity() }
    fn altru_channel_close(channel: *mut Channel) { (*channel).close() }
    fn altru_channel_drained(channel: *mut Channel) -> i32 {
        (*channel).is_drained().into()
    }
    fn altru_channel_closed(channel: *mut Channel) -> i32 {
        (*channel).is_closed().into()
    }
    fn altru_channel_report(channel: *mut Channel, owner: *const u8, len: usize) {
        (*channel).report(text(owner, len));
    }

    // ---- select ----
    fn altru_select_choose(bound: usize) -> usize { crate::choose(bound) }
    fn altru_select_try(cases: *mut SelectCase, n: usize, biased: i32) -> i32 {
        // It never waits, so whose wait it is does not matter.
        match wait::block(current::thread(), Select::new(cases, n, biased != 0), NOW) {
            WaitResult::Ready(index) => index,
            WaitResult::Unwinding => unreachable!("nothing was waited for"),
        }
    }

    // ---- exploration: see `explore::exports` for what explored code is linked with ----
    fn altru_explore_point(_kind: i32, _object: *mut u8) {}
    fn altru_explore_at(_site: *const abi::waiting::Site) {}
    fn altru_explore_choice(_kind: i32, _n: i64, _whole: i32) -> i64 { 0 }

    // ---- errors of the operating system ----
    fn altru_os_error_message(code: i32, out: *mut RawString) {
        Out::new(out).push(os::message(code).as_bytes())
    }
    fn altru_os_last_error() -> i32 { os::errno() }
}

waiting! {
    fn altru_word_wait(word: *const AtomicU32, expected: i32, timeout: i64) -> i32 {
        WordWait::new(word, expected.cast_unsigned()), clock::deadline(timeout)
    }
    fn altru_group_wait(word: *const AtomicU32, timeout: i64) -> i32 {
        WordWait::new(word, !(*word).load(std::sync::atomic::Ordering::Acquire)), clock::deadline(timeout)
    }
    fn altru_mutex_lock(mutex: *const AtomicU32, timeout: i64) -> i32 {
        Lock::held(mutex), clock::deadline(timeout)
    }
    fn altru_rwlock_read(lock: *const AtomicU32, timeout: i64) -> i32 {
        Take::read(lock).held(), clock::deadline(timeout)
    }
    fn altru_rwlock_write(lock: *const AtomicU32, timeout: i64) -> i32 {
        Take::write(lock).held(), clock::deadline(timeout)
    }
    fn altru_condvar_wait(condvar: *const AtomicU32, mutex: *const AtomicU32, timeout: i64) -> i32 {
        CondvarWait::held(condvar, mutex), clock::deadline(timeout)
    }
    fn altru_semaphore_acquire(semaphore: *const AtomicU32, n: i32, timeout: i64) -> i32 {
        Acquire::new(semaphore, n.cast_unsigned()), clock::deadline(timeout)
    }
    fn altru_event_wait(event: *const AtomicU32, timeout: i64) -> i32 {
        EventWait::new(event, Reason::Event), patience(timeout)
    }
    fn altru_event_wait_for(event: *const AtomicU32, by: *const Task) -> i32 {
        EventWait::about(event, Reason::Reply, by.addr()), patience(-1)
    }
    fn altru_channel_send(channel: *mut Channel, value: *mut u8, timeout: i64) -> i32 {
        Send::new(channel, value), patience(timeout)
    }
    fn altru_channel_recv(channel: *mut Channel, out: *mut u8, timeout: i64) -> i32 {
        Recv::new(channel, out), patience(timeout)
    }
    fn altru_channel_send_batch(channel: *mut Channel, values: *mut u8, n: usize, timeout: i64, sent: *mut usize) -> usize {
        SendBatch::new(channel, values, n, sent), patience(timeout)
    }
    fn altru_channel_recv_batch(channel: *mut Channel, out: *mut u8, max: usize, timeout: i64) -> i64 {
        RecvBatch::new(channel, out, max), patience(timeout)
    }
    fn altru_select(cases: *mut SelectCase, n: usize, timeout: i64, biased: i32) -> i32 {
        Select::new(cases, n, biased != 0), patience(timeout)
    }
}

blocking! {
    fn altru_fs_read(fd: i32, buffer: *mut u8, len: usize) -> i64 { fs::read(fd, buffer, len) }
    fn altru_fs_write(fd: i32, ptr: *const u8, len: usize) -> i64 { fs::write(fd, ptr, len) }
    fn altru_fs_sync(fd: i32) -> i32 { fs::sync(fd) }
    fn altru_net_lookup(host: *const u8, len: usize, out: *mut RawString) -> i32 {
        net::lookup(host, len, out)
    }
    fn altru_fs_read_all(ptr: *const u8, len: usize, out: *mut RawString) -> i32 {
        fs::read_all(ptr, len, out)
    }
    fn altru_fs_copy(from: *const u8, from_len: usize, to: *const u8, to_len: usize) -> i64 {
        fs::copy(from, from_len, to, to_len)
    }
    fn altru_process_wait(pid: i32) -> i64 { process::wait(pid) }
}

// ---- the check against the list ----

abi::runtime_functions!(check_exports);

/// The name and address of everything that generated code may call, for running it in memory.
#[inline]
pub fn symbols() -> Vec<(&'static str, *const ())> {
    let mut symbols = listed();
    symbols.extend(support_symbols());
    symbols.push(("altru_turns_over", (&raw const crate::sched::altru_turns_over).cast()));
    symbols.push(("altru_panics", (&raw const altru_panics).cast()));
    symbols
}

macro_rules! support {
    ($($name:ident)*) => {
        unsafe extern "C" {
            $(#[allow(dead_code)] safe fn $name();)*
        }
        /// What LLVM's own lowering refers to: unwinding, block memory operations, the mathematics library.
        fn support_symbols() -> Vec<(&'static str, *const ())> {
            vec![$((stringify!($name), $name as *const ())),*]
        }
    };
}

mod support_list {
    //! Declared without parameters, since only the addresses are used.
    #![allow(clashing_extern_declarations)]

    support! {
        rust_eh_personality _Unwind_Resume
        memcpy memmove memset memcmp bcmp strlen
        sin cos tan asin acos atan atan2 sinh cosh tanh exp exp2 exp10 log log2 log10 pow
        sinf cosf tanf asinf acosf atanf atan2f sinhf coshf tanhf expf exp2f exp10f logf log2f log10f powf
        fma fmaf fmod fmodf floor floorf ceil ceilf trunc truncf round roundf rint rintf nearbyint nearbyintf
        roundeven roundevenf sqrt sqrtf fmin fminf fmax fmaxf ldexp ldexpf frexp frexpf
    }

    pub(super) fn all() -> Vec<(&'static str, *const ())> {
        support_symbols()
    }
}

fn support_symbols() -> Vec<(&'static str, *const ())> {
    support_list::all()
}
