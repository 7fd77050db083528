//! The runtime's functions as explored programs find them: each asks for its turn, then does what the ordinary one does.

use abi::waiting::{Context, Frame, Site};
use abi::{RawPanic, SelectCase};

use super::exec::{Exec, Verdict, closed, exec, forget, mark, mark_first, receivers_of, shut};
use super::heap::Heap;
use super::op::{ACQUIRE, Op, READ_LOCK, WAIT_FOR_OTHERS, WRITE_LOCK};
use crate::channel::Channel;
use crate::exports as ordinary;
use crate::runner::Runner;
use crate::start::Main;
use crate::sync::AtomicU32;
use crate::task::{self, Task};
use crate::thread::{self, Thread};
use crate::wait::Outcome;
use crate::{clock, env, random};

/// Stands before an operation until it is its turn.
///
/// # Safety
/// What the operation is about is alive; `parent` is the caller's frame or null.
unsafe fn point(op: Op, parent: *const Frame, timeout: i64) {
    let this = exec();
    if !this.is_null() {
        // SAFETY: by contract; the caller has no reference into the execution.
        unsafe { Exec::point(this, op, parent, timeout) };
    }
}

/// Others can learn of what has just been done.
fn marked(at: usize) {
    let this = exec();
    if !this.is_null() {
        // SAFETY: the execution under way.
        unsafe { mark(this, at) };
    }
}

/// The same, if it is the first one.
fn marked_first(at: usize) {
    let this = exec();
    if !this.is_null() {
        // SAFETY: the execution under way.
        unsafe { mark_first(this, at) };
    }
}

/// What others could learn of there is over.
fn forgotten(at: usize) {
    let this = exec();
    if !this.is_null() {
        // SAFETY: the execution under way.
        unsafe { forget(this, at) };
    }
}

fn heap<R>(otherwise: impl FnOnce() -> R, use_it: impl FnOnce(&mut Heap, u32) -> R) -> R {
    // SAFETY: the execution under way; no other reference into it is alive.
    match unsafe { exec().as_mut() } {
        Some(exec) => {
            let task = exec.current_id();
            use_it(exec.heap(), task)
        }
        None => otherwise(),
    }
}

macro_rules! replacements {
    ($($(#[$meta:meta])* fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        mod replaced {
            use super::*;
            $(
                $(#[$meta])*
                /// # Safety
                /// As the list in `abi` says.
                pub(super) unsafe extern "C" fn $name($($param: $ty),*) $(-> $ret)? {
                    // SAFETY: the caller keeps the contract of the list in `abi`.
                    #[allow(unused_unsafe)]
                    unsafe { $body }
                }
            )*
        }
        const REPLACED: &[(&str, *const ())] = &[$((stringify!($name), replaced::$name as *const ())),*];
    };
}

/// The timeout of a call that does not wait is none of its own: it is a try.
fn waits(timeout: i64) -> bool {
    timeout != 0
}

replacements! {
    fn altru_rt_main(main: Main, argc: i32, argv: *const *const libc::c_char) -> i32 {
        env::set_args(argc, argv);
        match super::super::OPTIONS.take() {
            Some(options) => {
                super::super::explore(main, options);
                0
            }
            None => crate::start::altru_rt_main(main, argc, argv),
        }
    }

    // ---- memory ----
    fn altru_mem_alloc(size: usize, align: usize) -> *mut u8 {
        heap(|| crate::memory::alloc(size, align), |heap, task| heap.alloc(task, size, align))
    }
    fn altru_mem_alloc_zeroed(size: usize, align: usize) -> *mut u8 {
        let block = altru_mem_alloc(size, align);
        block.write_bytes(0, size);
        block
    }
    fn altru_mem_realloc(block: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
        super::super::realloc(block, old_size, align, new_size)
            .unwrap_or_else(|| crate::memory::realloc(block, old_size, align, new_size))
    }
    fn altru_mem_free(block: *mut u8, size: usize, align: usize) {
        if !super::super::free(block, size, align) {
            crate::memory::free(block, size, align);
        }
    }

    // ---- what a program says of itself ----
    fn altru_io_print(text: *const u8, len: usize) { say(text, len) }
    fn altru_io_eprint(text: *const u8, len: usize) { say(text, len) }
    fn altru_process_exit(code: i32) -> ! {
        let verdict = if code == 0 { Verdict::Fine } else { Verdict::Exited(code) };
        Exec::stop(exec(), verdict)
    }
    fn altru_process_abort() -> ! { Exec::stop(exec(), Verdict::Exited(134)) }
    fn altru_time_wall() -> i64 {
        // As good a day as any.
        1_700_000_000_000_000_000 + clock::monotonic()
    }
    fn altru_random_seed() -> i64 { 0x5eed }
    fn altru_random_u64() -> i64 {
        Exec::starts_chance(exec());
        random::altru_random_u64()
    }
    fn altru_random_bytes(buffer: *mut u8, len: usize) {
        Exec::starts_chance(exec());
        for at in 0..len {
            buffer.add(at).write(random::next() as u8);
        }
    }

    // ---- what the standard library tells of its own atomic operations ----
    fn altru_explore_point(kind: i32, object: *mut u8) {
        let at = object.addr();
        match kind {
            0 => point(Op::Touch { what: "load", object: at, writes: false }, std::ptr::null(), -1),
            1 => point(Op::Touch { what: "atomic update", object: at, writes: true }, std::ptr::null(), -1),
            2 => point(Op::TryLock(at), std::ptr::null(), -1),
            3 => point(Op::EventPeek(at), std::ptr::null(), -1),
            7 => point(Op::EventReset(at), std::ptr::null(), -1),
            4 => {
                point(Op::GroupAdd(at), std::ptr::null(), -1);
                if super::super::op::word(at) == 0 {
                    forgotten(at);
                }
            }
            5 => { point(Op::GroupDone(at), std::ptr::null(), -1); marked(at) }
            8..=10 => {
                if let Some(exec) = exec().as_mut() {
                    match kind {
                        8 => exec.end_is_known(at),
                        9 => exec.is_idle(),
                        _ => exec.end_is_kept(at),
                    }
                }
            }
            _ => {}
        }
    }

    fn altru_explore_at(site: *const Site) {
        if let Some(exec) = exec().as_mut() {
            exec.is_called_at(site);
        }
    }
    fn altru_explore_choice(kind: i32, n: i64, whole: i32) -> i64 {
        const KINDS: [(&str, &str); 2] = [("random number", "random numbers"), ("next entry of a map", "orders of maps")];
        let (what, all) = KINDS[kind as usize % 2];
        let untried = if whole == 0 { Some(all) } else { None };
        i64::from(Exec::chance(exec(), what, n as u32, untried))
    }

    // ---- threads and tasks ----
    fn altru_thread_join(
        cx: *mut Context,
        parent: *mut Frame,
        out: *mut i32,
        thread: *const Thread,
        panic: *mut RawPanic,
        timeout: i64,
    ) -> i32 {
        join(thread::end_word(thread.cast_mut().cast()).addr(), parent, timeout);
        thread::altru_thread_join(cx, parent, out, thread, panic, timeout)
    }
    fn altru_thread_finished(thread: *const Thread) -> i32 {
        point(Op::EndPeek(thread::end_word(thread.cast_mut().cast()).addr()), std::ptr::null(), -1);
        thread::altru_thread_finished(thread)
    }
    fn altru_thread_parallelism() -> i64 { 2 }
    fn altru_task_join(
        cx: *mut Context,
        parent: *mut Frame,
        out: *mut i32,
        task: *mut Task,
        panic: *mut RawPanic,
        timeout: i64,
    ) -> i32 {
        join(task::end_word(task.cast()).addr(), parent, timeout);
        task::altru_task_join(cx, parent, out, task, panic, timeout)
    }
    fn altru_task_finished(task: *mut Task) -> i32 {
        point(Op::EndPeek(task::end_word(task.cast()).addr()), std::ptr::null(), -1);
        task::altru_task_finished(task)
    }
    fn altru_task_cancel(task: *mut Task) {
        point(Op::Cancel(task.addr()), std::ptr::null(), -1);
        task::altru_task_cancel(task)
    }
    fn altru_task_yield(cx: *mut Context, parent: *mut Frame) -> i32 {
        point(Op::Yield, parent, -1);
        if exec().is_null() {
            return task::altru_task_yield(cx, parent);
        }
        let run = Runner::of(cx);
        if run.is_interrupted() {
            run.note_interruption(Outcome::Cancelled);
            return abi::waiting::UNWINDING;
        }
        abi::waiting::DONE
    }
    fn altru_task_check(cx: *mut Context, parent: *mut Frame) -> i32 {
        if exec().is_null() {
            return task::altru_task_check(cx, parent);
        }
        Exec::goes_round(exec());
        abi::waiting::DONE
    }
    fn altru_scope_init(scope: *mut task::Scope) {
        task::altru_scope_init(scope);
        if let Some(exec) = exec().as_mut() {
            exec.opens_scope((*scope).live().addr());
        }
    }
    fn altru_scope_guard(scope: *mut task::Scope, guard: i32) {
        if let Some(exec) = exec().as_mut() {
            exec.guards((*scope).live().addr(), guard != 0);
        }
        task::altru_scope_guard(scope, guard);
    }
    fn altru_scope_cancel(scope: *mut task::Scope) {
        point(Op::CancelScope((*scope).live().addr()), std::ptr::null(), -1);
        task::altru_scope_cancel(scope)
    }
    fn altru_scope_wait(
        cx: *mut Context,
        parent: *mut Frame,
        out: *mut i32,
        scope: *mut task::Scope,
        panic: *mut RawPanic,
    ) -> i32 {
        let live = (*scope).live();
        point(Op::Scope { live }, parent, -1);
        let waits = *live != 0;
        let status = task::altru_scope_wait(cx, parent, out, scope, panic);
        if let Some(exec) = exec().as_mut() {
            exec.leaves_scope(live.addr(), waits);
        }
        status
    }
    fn altru_thread_sleep(cx: *mut Context, parent: *mut Frame, duration: i64) -> i32 {
        if let Some(exec) = exec().as_mut() {
            exec.begins(Op::Sleep, parent);
        }
        thread::altru_thread_sleep(cx, parent, duration)
    }

    // ---- words and locks ----
    fn altru_word_wait(cx: *mut Context, parent: *mut Frame, out: *mut i32, word: *const AtomicU32, expected: i32, timeout: i64) -> i32 {
        point(Op::Touch { what: WAIT_FOR_OTHERS, object: word.addr(), writes: true }, parent, -1);
        ordinary::altru_word_wait(cx, parent, out, word, expected, timeout)
    }
    fn altru_group_wait(cx: *mut Context, parent: *mut Frame, out: *mut i32, word: *const AtomicU32, timeout: i64) -> i32 {
        point(Op::GroupWait(word.addr()), parent, timeout);
        ordinary::altru_group_wait(cx, parent, out, word, timeout)
    }
    fn altru_word_wake(word: *const AtomicU32, count: i32) -> i32 {
        point(Op::Touch { what: "wake others", object: word.addr(), writes: true }, std::ptr::null(), -1);
        ordinary::altru_word_wake(word, count)
    }
    fn altru_mutex_unlock(mutex: *const AtomicU32) {
        point(Op::Unlock(mutex.addr()), std::ptr::null(), -1);
        ordinary::altru_mutex_unlock(mutex)
    }
    fn altru_rwlock_read(cx: *mut Context, parent: *mut Frame, out: *mut i32, lock: *const AtomicU32, timeout: i64) -> i32 {
        point(Op::Touch { what: READ_LOCK, object: lock.addr(), writes: false }, parent, -1);
        ordinary::altru_rwlock_read(cx, parent, out, lock, timeout)
    }
    fn altru_rwlock_write(cx: *mut Context, parent: *mut Frame, out: *mut i32, lock: *const AtomicU32, timeout: i64) -> i32 {
        point(Op::Touch { what: WRITE_LOCK, object: lock.addr(), writes: true }, parent, -1);
        ordinary::altru_rwlock_write(cx, parent, out, lock, timeout)
    }
    fn altru_rwlock_unlock_read(lock: *const AtomicU32) {
        point(Op::Touch { what: "read unlock", object: lock.addr(), writes: false }, std::ptr::null(), -1);
        ordinary::altru_rwlock_unlock_read(lock)
    }
    fn altru_rwlock_unlock_write(lock: *const AtomicU32) {
        point(Op::Touch { what: "write unlock", object: lock.addr(), writes: true }, std::ptr::null(), -1);
        ordinary::altru_rwlock_unlock_write(lock)
    }
    fn altru_condvar_wait(cx: *mut Context, parent: *mut Frame, out: *mut i32, condvar: *const AtomicU32, mutex: *const AtomicU32, timeout: i64) -> i32 {
        point(Op::CondvarWait { condvar: condvar.addr(), mutex: mutex.addr() }, parent, -1);
        ordinary::altru_condvar_wait(cx, parent, out, condvar, mutex, timeout)
    }
    fn altru_condvar_notify(condvar: *const AtomicU32, all: i32) {
        point(Op::Touch { what: "notify", object: condvar.addr(), writes: true }, std::ptr::null(), -1);
        ordinary::altru_condvar_notify(condvar, all)
    }
    fn altru_semaphore_acquire(cx: *mut Context, parent: *mut Frame, out: *mut i32, semaphore: *const AtomicU32, n: i32, timeout: i64) -> i32 {
        point(Op::Touch { what: ACQUIRE, object: semaphore.addr(), writes: true }, parent, -1);
        ordinary::altru_semaphore_acquire(cx, parent, out, semaphore, n, timeout)
    }
    fn altru_semaphore_release(semaphore: *const AtomicU32, n: i32) {
        point(Op::Touch { what: "release", object: semaphore.addr(), writes: true }, std::ptr::null(), -1);
        ordinary::altru_semaphore_release(semaphore, n)
    }
    fn altru_event_wait(cx: *mut Context, parent: *mut Frame, out: *mut i32, event: *const AtomicU32, timeout: i64) -> i32 {
        let op = if waits(timeout) { Op::EventWait(event.addr()) } else { Op::EventPeek(event.addr()) };
        point(op, parent, timeout);
        ordinary::altru_event_wait(cx, parent, out, event, timeout)
    }
    fn altru_event_set(event: *const AtomicU32) {
        point(Op::EventSet(event.addr()), std::ptr::null(), -1);
        // Who waits needs the first one only.
        if super::super::op::word(event.addr()) != abi::protocol::event::SET {
            forgotten(event.addr());
            marked(event.addr());
        }
        ordinary::altru_event_set(event)
    }

    // ---- channels ----
    fn altru_channel_new(capacity: i64, size: usize, align: usize) -> *mut Channel {
        let channel = ordinary::altru_channel_new(capacity, size, align);
        if let Some(exec) = exec().as_mut() {
            exec.name_object(channel.addr());
            for mark in [channel.addr(), receivers_of(channel.addr()), closed(channel.addr()), shut(channel.addr())] {
                forgotten(mark);
            }
        }
        channel
    }
    fn altru_channel_sender_drop(channel: *mut Channel) {
        point(Op::SenderDrop(channel), std::ptr::null(), -1);
        marked(channel.addr());
        if (*channel).sender_count() <= 1 {
            marked_first(closed(channel.addr()));
        }
        ordinary::altru_channel_sender_drop(channel)
    }
    fn altru_channel_receiver_drop(channel: *mut Channel) -> i32 {
        point(Op::ReceiverDrop(channel), std::ptr::null(), -1);
        marked(receivers_of(channel.addr()));
        if (*channel).receiver_count() <= 1 {
            marked_first(shut(channel.addr()));
        }
        let last = ordinary::altru_channel_receiver_drop(channel);
        // What a mailbox still has when its actor ends is dropped by design.
        if last != 0 && !(*channel).has_owner() && let Some(exec) = exec().as_mut() {
            exec.note_unreceived(channel.addr(), (*channel).len());
        }
        last
    }
    fn altru_channel_send(cx: *mut Context, parent: *mut Frame, out: *mut i32, channel: *mut Channel, value: *mut u8, timeout: i64) -> i32 {
        let op = if waits(timeout) { Op::Send(channel) } else { Op::TrySend(channel) };
        point(op, parent, timeout);
        ordinary::altru_channel_send(cx, parent, out, channel, value, timeout)
    }
    fn altru_channel_recv(cx: *mut Context, parent: *mut Frame, out: *mut i32, channel: *mut Channel, value: *mut u8, timeout: i64) -> i32 {
        let op = if waits(timeout) { Op::Recv(channel) } else { Op::TryRecv(channel) };
        point(op, parent, timeout);
        ordinary::altru_channel_recv(cx, parent, out, channel, value, timeout)
    }
    fn altru_channel_try_send(channel: *mut Channel, value: *mut u8) -> i32 {
        point(Op::TrySend(channel), std::ptr::null(), -1);
        ordinary::altru_channel_try_send(channel, value)
    }
    fn altru_channel_try_recv(channel: *mut Channel, out: *mut u8) -> i32 {
        // The last receiver takes out what nobody will receive: nobody else can notice.
        if (*channel).has_receivers() {
            point(Op::TryRecv(channel), std::ptr::null(), -1);
        }
        ordinary::altru_channel_try_recv(channel, out)
    }
    fn altru_channel_send_batch(cx: *mut Context, parent: *mut Frame, out: *mut usize, channel: *mut Channel, values: *mut u8, n: usize, timeout: i64, sent: *mut usize) -> i32 {
        point(Op::Batch { channel, sends: true, n }, parent, timeout);
        ordinary::altru_channel_send_batch(cx, parent, out, channel, values, n, timeout, sent)
    }
    fn altru_channel_recv_batch(cx: *mut Context, parent: *mut Frame, out: *mut i64, channel: *mut Channel, values: *mut u8, max: usize, timeout: i64) -> i32 {
        point(Op::Batch { channel, sends: false, n: max }, parent, timeout);
        ordinary::altru_channel_recv_batch(cx, parent, out, channel, values, max, timeout)
    }
    fn altru_channel_len(channel: *mut Channel) -> i64 {
        point(Op::ChannelPeek(channel), std::ptr::null(), -1);
        ordinary::altru_channel_len(channel)
    }
    fn altru_channel_close(channel: *mut Channel) {
        point(Op::Close(channel), std::ptr::null(), -1);
        marked_first(closed(channel.addr()));
        marked_first(shut(channel.addr()));
        ordinary::altru_channel_close(channel)
    }
    fn altru_channel_drained(channel: *mut Channel) -> i32 {
        point(Op::ChannelPeek(channel), std::ptr::null(), -1);
        ordinary::altru_channel_drained(channel)
    }
    fn altru_channel_closed(channel: *mut Channel) -> i32 {
        point(Op::ChannelPeek(channel), std::ptr::null(), -1);
        ordinary::altru_channel_closed(channel)
    }

    // ---- select ----
    fn altru_select(cx: *mut Context, parent: *mut Frame, out: *mut i32, cases: *mut SelectCase, n: usize, timeout: i64, biased: i32) -> i32 {
        point(Op::Select { cases, n, biased: biased != 0, waits: waits(timeout) }, parent, timeout);
        ordinary::altru_select(cx, parent, out, cases, n, timeout, biased)
    }
    fn altru_select_try(cases: *mut SelectCase, n: usize, biased: i32) -> i32 {
        point(Op::Select { cases, n, biased: biased != 0, waits: false }, std::ptr::null(), -1);
        ordinary::altru_select_try(cases, n, biased)
    }
}

/// # Safety
/// Text of the program.
unsafe fn say(text: *const u8, len: usize) {
    // SAFETY: by contract; the execution under way.
    unsafe {
        if let Some(exec) = exec().as_mut() {
            exec.note_output(crate::text::text(text, len));
        }
    }
}

/// # Safety
/// The word of an end that a live handle leads to.
unsafe fn join(end: usize, parent: *const Frame, timeout: i64) {
    let op = if waits(timeout) { Op::Join(end) } else { Op::EndPeek(end) };
    // SAFETY: by contract.
    unsafe { point(op, parent, timeout) };
}

macro_rules! refused {
    ($($name:ident: $what:literal,)*) => {
        mod refused {
            use super::*;
            $(
                pub(super) unsafe extern "C" fn $name() -> ! {
                    // SAFETY: the execution under way; without one nothing calls this.
                    unsafe { Exec::stop(exec(), Verdict::Unsupported($what)) }
                }
            )*
        }
        /// What cannot be explored: the world outside has no other schedules.
        const REFUSED: &[(&str, *const ())] = &[$((stringify!($name), refused::$name as *const ())),*];
    };
}

refused! {
    altru_io_read_line: "standard input",
    altru_io_read_stdin: "standard input",
    altru_process_spawn: "starting another program",
    altru_process_wait: "other programs",
    altru_process_watch: "other programs",
    altru_process_kill: "other programs",
    altru_net_connect: "sockets",
    altru_net_listen: "sockets",
    altru_net_bind: "sockets",
    altru_net_pair: "sockets",
    altru_net_lookup: "name lookup",
    altru_signal_open: "signals",
    altru_fs_write: "writing files",
    altru_fs_copy: "writing files",
}

/// The addresses that explored code is linked with: those of ordinary code, but for what this module replaces and refuses.
pub fn symbols(ordinary: Vec<(&'static str, *const ())>) -> Vec<(&'static str, *const ())> {
    let replaced = |name: &str| {
        if name.starts_with("altru_http_") {
            return Some(refused::altru_net_connect as *const ());
        }
        if name == "altru_thread_block" {
            return Some(super::exec::block as *const ());
        }
        REPLACED.iter().chain(REFUSED).find(|(other, _)| *other == name).map(|(_, address)| *address)
    };
    ordinary.into_iter().map(|(name, address)| (name, replaced(name).unwrap_or(address))).collect()
}
