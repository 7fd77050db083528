//! Tasks: what they are made of, how they begin, are driven, end, and are joined.
//!
//! One block of memory each: the header below (which starts with the task's context), room for the closure and
//! for the result, and the first segment of the arena. It has up to two owners, the handle and the run.

mod dump;
mod exports;
mod leaks;
mod scope;
mod slab;

pub(crate) use dump::{describe, describe_all, describe_waiter, is_shutting_down, shut_down};
pub use exports::*;
pub use leaks::altru_rt_tell_leaks;
pub(crate) use leaks::tell as tell_leaks;
pub(crate) use slab::Look;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ptr::{null, null_mut};

use abi::Location;
use abi::waiting::{DONE, ENTER, FRAME_ALIGN, RESUME, SUSPENDED, TaskEntry, UNWIND, UNWINDING};

use crate::panic::{self, Payload};
use crate::runner::{Runner, Unwinding};
use crate::sync::global::{AtomicPtr, AtomicU64, Mutex, PoisonError};
use crate::sync::{AtomicU32, Ordering};
use crate::text::text;
use crate::{current, locks, sched};
pub(crate) use scope::Scope;

#[repr(C)]
pub struct Task {
    pub(crate) run: Runner,
    /// Owners in the low bits, and the flags below.
    word: AtomicU32,
    /// The word of its end, see `locks::EndWait`.
    end: AtomicU32,
    /// Links it in the injector, or, when it is over, in a list of free blocks.
    pub(crate) next: Cell<*mut Task>,
    /// Null in a free block.
    entry: AtomicPtr<TaskEntry>,
    /// The scope it belongs to, or null.
    scope: Cell<*const Scope>,
    /// Its neighbours there, under the scope's lock. Without a scope, `before` is the task's owner, see `owner`.
    before: Cell<*mut Task>,
    after: Cell<*mut Task>,
}

// SAFETY: each field says whose it is or is atomic; a task passes between threads by way of queues and locks.
unsafe impl Sync for Task {}

const HEADER: usize = size_of::<Task>();
const _: () = assert!(HEADER == 128);

/// There are at most two.
const OWNERS: u32 = 3;
/// It is or was run; until then its closure is its own.
const STARTED: u32 = 1 << 2;
/// Somebody has moved the result out.
const TAKEN: u32 = 1 << 3;
/// `NAMES` knows it.
const NAMED: u32 = 1 << 4;
/// The rest of the word: when it was started, in the monitor's ticks.
const START: u32 = 5;

/// The arena of a task of which nobody knows what it needs.
const ARENA: usize = 512;
/// More than this of it is left to further segments.
const MOST_ARENA: usize = 4096;

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Returned = 0,
    Panicked = 1,
    Cancelled = 3,
}

/// Where in a task's block things are.
struct Layout {
    /// The closure, and the result: the first thing that a task does is to move its closure away.
    values: usize,
    arena: usize,
    size: usize,
    align: usize,
}

impl Layout {
    #[inline]
    fn of(entry: &TaskEntry) -> Layout {
        // Alignments are powers of two; dividing by them takes as long as the rest of a start.
        let up = |n: usize, align: usize| (n + align - 1) & !(align - 1);
        let values = up(HEADER, entry.env_align.max(entry.out_align).max(1));
        let arena = up(values + entry.env_size.max(entry.out_size), FRAME_ALIGN);
        let wanted = if entry.arena == 0 { ARENA } else { entry.arena.min(MOST_ARENA) };
        let size = arena + up(wanted, FRAME_ALIGN);
        let align = entry.env_align.max(entry.out_align).max(slab::ALIGN);
        Layout { values, arena, size, align }
    }
}

/// In the monitor's ticks.
pub(crate) struct Age(u32);

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (u64::from(self.0) * sched::TICK / 100_000_000) as u32;
        write!(f, "{}.{} s old", tenths / 10, tenths % 10)
    }
}

/// Names and numbers of the tasks that were asked for them.
static NAMES: Mutex<BTreeMap<usize, (u64, Option<String>)>> = Mutex::new(BTreeMap::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Tasks are numbered as if the program had just begun.
pub(crate) fn restart_ids() {
    NEXT_ID.store(1, Ordering::Relaxed);
}

impl Task {
    /// A task with room for its closure, owned by the handle and by its run.
    ///
    /// # Safety
    /// `entry` is a constant of generated code.
    pub unsafe fn new(entry: *const TaskEntry) -> *mut Task {
        // SAFETY: by contract.
        let layout = Layout::of(unsafe { &*entry });
        let task = slab::alloc(layout.size, layout.align);
        let room = slab::room(layout.size, layout.align);
        let bytes = task.cast::<u8>();
        // SAFETY: the block is ours and as large as this. It holds a task that is over, or zeros, which is one too: so
        // whoever still looks at the old one sees valid fields.
        unsafe {
            let arena = bytes.add(layout.arena);
            Runner::renew(&raw mut (*task).run, arena, bytes.add(room & !(FRAME_ALIGN - 1)));
            (*task).word.store(2, Ordering::Relaxed);
            (*task).end.store(0, Ordering::Relaxed);
            (*task).scope.set(null());
            (*task).before.set(null_mut());
            // Release: whoever walks the blocks and sees the entry sees a task.
            (*task).entry.store(entry.cast_mut(), Ordering::Release);
        }
        task
    }

    fn entry(&self) -> &'static TaskEntry {
        // SAFETY: a constant; not null in a task.
        unsafe { &*self.entry.load(Ordering::Relaxed) }
    }

    fn at(&self, offset: usize) -> *mut u8 {
        // SAFETY: an offset of the block's layout.
        unsafe { std::ptr::from_ref(self).cast_mut().cast::<u8>().add(offset) }
    }

    /// Where its closure is, and later its result.
    pub fn values(&self) -> *mut u8 {
        self.at(Layout::of(self.entry()).values)
    }

    /// It has not begun.
    #[inline]
    pub(crate) fn is_fresh(&self) -> bool {
        self.run.frame().is_null()
    }

    /// For a task that nobody has begun.
    pub(crate) fn is_child_of(&self, scope: *const Scope) -> bool {
        std::ptr::eq(self.scope.get(), scope)
    }

    pub(crate) fn has_ended(&self) -> bool {
        // Acquire pairs with `set_end`: what the task did is visible to who sees that it has ended.
        self.end.load(Ordering::Acquire) == abi::protocol::event::SET
    }

    /// The block holds a task that has not ended.
    pub(crate) fn is_there(&self) -> bool {
        !self.entry.load(Ordering::Acquire).is_null() && !self.has_ended()
    }

    /// How it ended, which it has.
    pub(crate) fn how(&self) -> End {
        match self.run.unwinding() {
            Unwinding::Not => End::Returned,
            Unwinding::Panic(_) => End::Panicked,
            Unwinding::Cancelled | Unwinding::Deadline | Unwinding::Scope => End::Cancelled,
        }
    }

    /// The panic that ended it.
    fn payload(&self) -> Option<&Payload> {
        match self.run.unwinding() {
            // SAFETY: owned by the runner until the task is disposed of.
            Unwinding::Panic(payload) => Some(unsafe { &*payload.cast::<Payload>() }),
            _ => None,
        }
    }

    /// The result is the caller's from here on.
    pub(crate) fn take_result(&self) -> *mut u8 {
        self.word.fetch_or(TAKEN, Ordering::Relaxed);
        self.values()
    }

    /// On whose behalf it runs, as std has said: an address that means nothing here. For the task itself.
    fn owner(&self) -> *mut u8 {
        if self.scope.get().is_null() { self.before.get().cast() } else { null_mut() }
    }

    fn set_owner(&self, owner: *mut u8) {
        if self.scope.get().is_null() {
            self.before.set(owner.cast());
        }
    }

    // ---- names ----

    fn with_names<R>(&self, f: impl FnOnce(&mut (u64, Option<String>)) -> R) -> R {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        self.word.fetch_or(NAMED, Ordering::Relaxed);
        let key = std::ptr::from_ref(self).addr();
        f(names.entry(key).or_insert_with(|| (NEXT_ID.fetch_add(1, Ordering::Relaxed), None)))
    }

    /// A number of its own, given when it is first asked for.
    pub(crate) fn id(&self) -> u64 {
        self.with_names(|(id, _)| *id)
    }

    pub(crate) fn set_name(&self, name: &str) {
        self.with_names(|(_, given)| *given = Some(name.to_string()));
    }

    /// Its name: the one it was given, or that of its code.
    pub(crate) fn name(&self) -> String {
        let given = if self.word.load(Ordering::Relaxed) & NAMED != 0 {
            self.with_names(|(_, given)| given.clone())
        } else {
            None
        };
        given.unwrap_or_else(|| self.code_name().to_string())
    }

    /// The name of its code. Also asked of tasks that may end meanwhile.
    pub(crate) fn code_name(&self) -> &'static str {
        // SAFETY: null in a free block, else a constant with a constant text.
        unsafe {
            let entry = self.entry.load(Ordering::Acquire).as_ref();
            entry.map_or("(ended)", |entry| text(entry.name_ptr, entry.name_len))
        }
    }

    /// Writes its name without waiting for anybody.
    pub(crate) fn write_name(&self, out: &mut dyn Write) {
        if self.word.load(Ordering::Relaxed) & NAMED != 0
            && let Ok(names) = NAMES.try_lock()
            && let Some((_, Some(given))) = names.get(&std::ptr::from_ref(self).addr())
        {
            let _ = out.write_str(given);
            return;
        }
        let _ = out.write_str(self.code_name());
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Age {
        let start = self.word.load(Ordering::Relaxed) >> START;
        Age(sched::tick_now().wrapping_sub(start) & (u32::MAX >> START))
    }

    /// A line about where it was started.
    pub(crate) fn write_origin(&self, out: &mut dyn Write) {
        if let Some(location) = self.origin() {
            // SAFETY: a constant's text.
            let file = unsafe { text(location.file_ptr, location.file_len) };
            let _ = writeln!(out, "    started at {file}:{}:{}", location.line, location.col);
        }
    }

    /// Where it was started.
    pub(crate) fn origin(&self) -> Option<&Location> {
        // SAFETY: null in a free block, else a constant with constants.
        let entry = unsafe { self.entry.load(Ordering::Acquire).as_ref() };
        // SAFETY: as above.
        entry.and_then(|entry| unsafe { entry.location.as_ref() }).filter(|l| l.file_len > 0)
    }

    // ---- for exploration ----

    /// The whole block's size.
    pub(crate) fn block_size(&self) -> usize {
        Layout::of(self.entry()).size
    }

    /// How many children its scope has left; null if it belongs to none.
    pub(crate) fn scope_live(&self) -> *const usize {
        // SAFETY: a scope outlives its children.
        unsafe { self.scope.get().as_ref() }.map_or(null(), Scope::live)
    }

    /// What it panicked with, if it did.
    pub(crate) fn panic_message(&self) -> Option<String> {
        self.payload().map(Payload::described)
    }

    /// Nobody has a handle to it.
    pub(crate) fn is_detached(&self) -> bool {
        self.word.load(Ordering::Relaxed) & OWNERS == 1
    }

    // ---- its life ----

    /// Starts it: detached or to be joined, or as a child of a scope. It inherits the deadline around.
    ///
    /// # Safety
    /// The closure is in its room; this is called once; `scope` is null or outlives the task.
    pub unsafe fn start(task: *mut Task, scope: *const Scope) {
        // SAFETY: by contract; nobody else knows the task but its handle.
        unsafe {
            (*task).word.fetch_or(STARTED | sched::tick() << START, Ordering::Relaxed);
            (*task).run.set_deadline(current::runner().inherited_deadline());
            if let Some(scope) = scope.as_ref() {
                (*task).scope.set(scope);
                scope.add(task);
            } else if dump::is_shutting_down() {
                let _ = (*task).run.cancel();
            }
        }
        sched::spawn(task);
    }

    /// An owner gives it up; the last one disposes of it.
    ///
    /// # Safety
    /// The caller is an owner and uses it no more.
    pub unsafe fn release(task: *mut Task) {
        // SAFETY: by contract.
        unsafe {
            let seen = (*task).word.load(Ordering::Acquire);
            if seen & STARTED == 0 {
                // Its run will never be.
                if let Some(drop_env) = (*task).entry().drop_env {
                    let env = (*task).values();
                    let _ = panic::catch(|| drop_env(env));
                }
                Task::dispose(task);
            // The only owner needs no atomic exchange. AcqRel: what the other owner did comes before the disposal.
            } else if seen & OWNERS == 1 || (*task).word.fetch_sub(1, Ordering::AcqRel) & OWNERS == 1 {
                Task::drop_result(task);
                Task::dispose(task);
            }
        }
    }

    /// # Safety
    /// The caller is the only owner, of a task that has ended.
    unsafe fn drop_result(task: *mut Task) {
        // SAFETY: by contract.
        unsafe {
            let taken = (*task).word.load(Ordering::Relaxed) & TAKEN != 0;
            let there = (*task).how() == End::Returned && !taken;
            drop(panic::take(&(*task).run));
            if let Some(drop_out) = (*task).entry().drop_out.filter(|_| there) {
                let out = (*task).values();
                let _ = panic::catch(|| drop_out(out));
            }
        }
    }

    /// # Safety
    /// The caller is the only owner, and the block holds nothing any more.
    unsafe fn dispose(task: *mut Task) {
        // SAFETY: by contract.
        unsafe {
            if (*task).word.load(Ordering::Relaxed) & NAMED != 0 {
                let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
                names.remove(&task.addr());
            }
            let layout = Layout::of((*task).entry());
            (*task).entry.store(null_mut(), Ordering::Release);
            slab::free(task, layout.size, layout.align);
        }
    }
}

/// Runs a task until it is suspended or over, and gives the status.
///
/// # Safety
/// The task is ready, and the caller's to drive.
pub(crate) unsafe fn resume(task: *mut Task) -> i32 {
    // SAFETY: by contract; frames and sites are what the contract in `abi::waiting` says.
    unsafe {
        let cx = (*task).run.context();
        let mut frame = (*task).run.frame();
        if frame.is_null() {
            let layout = Layout::of((*task).entry());
            let values = (*task).at(layout.values);
            return ((*task).entry().start)(cx, null_mut(), ENTER, values, values);
        }
        let mut how = RESUME;
        loop {
            // Before the call: it gives the frame back.
            let parent = (*frame).parent;
            let status = ((*(*frame).site).resume)(cx, frame, how);
            if status == SUSPENDED || parent.is_null() {
                return status;
            }
            how = if status == UNWINDING { UNWIND } else { RESUME };
            frame = parent;
        }
    }
}

/// A task has ended with a status: tells its scope and whoever waits for it, and ends its run's ownership.
///
/// # Safety
/// The status is `DONE` or `UNWINDING`, and the caller drove it.
pub(crate) unsafe fn finish(task: *mut Task, status: i32) {
    debug_assert!(status == DONE || status == UNWINDING);
    // SAFETY: by contract; the run still owns the task.
    unsafe {
        let scope = (*task).scope.get();
        if !scope.is_null() {
            Scope::child_ended(scope, task);
        }
        // Nobody can join a task without a handle.
        if (*task).word.load(Ordering::Acquire) & OWNERS > 1 {
            locks::set_end(&(*task).end);
        }
        Task::release(task);
    }
}

impl Task {
    /// The task of which this is the word of the end.
    pub(crate) fn of_end(end: *const AtomicU32) -> *const Task {
        end.wrapping_byte_sub(std::mem::offset_of!(Task, end)).cast()
    }

    /// The standard library started it for itself; the runtime's own tasks come from nowhere.
    fn is_of_std(&self) -> bool {
        // SAFETY: constants.
        unsafe {
            let location = self.entry().location.as_ref().filter(|l| l.file_len > 0);
            location.is_none_or(|l| text(l.file_ptr, l.file_len).starts_with("std/"))
        }
    }

    /// Whether it is an actor.
    pub(crate) fn is_actor(&self) -> bool {
        !self.owner().is_null()
    }
}

/// The word of a task's end.
pub(crate) fn end_word(handle: *mut u8) -> *mut u8 {
    let task = handle.cast::<Task>();
    // SAFETY: the caller of `select` hands a live handle; only an address is computed.
    unsafe { (&raw mut (*task).end).cast() }
}
