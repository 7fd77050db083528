//! Memory for tasks: blocks of a few sizes, recycled by each thread without asking the allocator, never given back.
//!
//! A block is found again by walking the chunks: whatever lies in one, a live task or a free block, tells which it is by
//! its `entry`. Tasks that are too large (or want more alignment) get memory of their own and stand in a list.

use std::cell::Cell;
use std::ptr::null_mut;

use super::Task;
use crate::runner::Runner;
use crate::wait::{Locked, LockedGuard};
use crate::{memory, sanitize};

/// Sizes up to this in steps of `SMALL_STEP`, then up to `LARGEST` in steps of `LARGE_STEP`.
const SMALL: usize = 1024;
const SMALL_STEP: usize = 16;
const LARGEST: usize = 8192;
const LARGE_STEP: usize = 1024;
const CLASSES: usize = SMALL / SMALL_STEP + (LARGEST - SMALL) / LARGE_STEP;
/// What is mapped at once for a class that has few blocks yet, and for one that has many: those are backed by huge pages,
/// since first touches of small ones cost more than everything else about a task.
const CHUNK: usize = 256 * 1024;
const LARGE_CHUNK: usize = 2 * 1024 * 1024;
/// So many small chunks of a class come first.
const SMALL_CHUNKS: usize = 8;
/// A thread with twice as many free blocks of a class hands this many on.
const BATCH: usize = 64;

/// What blocks are aligned to.
pub(super) const ALIGN: usize = 16;

/// A free block. Its `entry`, as a task, is null.
type Free = Task;

struct List {
    first: Cell<*mut Free>,
    len: Cell<usize>,
    /// The rest of a chunk that has not been used yet.
    rest: Cell<*mut u8>,
    left: Cell<usize>,
}

struct Cache([List; CLASSES]);

thread_local! {
    static CACHE: Cache = const {
        Cache([const {
            List {
                first: Cell::new(null_mut()),
                len: Cell::new(0),
                rest: Cell::new(null_mut()),
                left: Cell::new(0),
            }
        }; CLASSES])
    };
}

/// Batches of free blocks that threads have handed on, and what `each` walks.
struct Shared {
    /// For each class: the first of a chain, and how many it has.
    batches: [Vec<(*mut Free, usize)>; CLASSES],
    /// Each with its class and size.
    chunks: Vec<(*mut u8, usize, usize)>,
    large: Vec<*mut Task>,
}

static SHARED: Locked<Shared> =
    Locked::new(Shared { batches: [const { Vec::new() }; CLASSES], chunks: Vec::new(), large: Vec::new() });

fn class(size: usize) -> usize {
    if size <= SMALL {
        size.div_ceil(SMALL_STEP) - 1
    } else {
        SMALL / SMALL_STEP + (size - SMALL).div_ceil(LARGE_STEP) - 1
    }
}

fn class_size(class: usize) -> usize {
    let small = SMALL / SMALL_STEP;
    if class < small { (class + 1) * SMALL_STEP } else { SMALL + (class - small + 1) * LARGE_STEP }
}

/// How much a task of this size gets.
pub(super) fn room(size: usize, align: usize) -> usize {
    if size > LARGEST || align > ALIGN { size } else { class_size(class(size)) }
}

/// Room for a task. What lies there is no task yet.
pub(super) fn alloc(size: usize, align: usize) -> *mut Task {
    if size > LARGEST || align > ALIGN {
        let task = memory::alloc_zeroed(size, align.max(ALIGN)).cast::<Task>();
        SHARED.lock().large.push(task);
        return task;
    }
    let class = class(size);
    CACHE.with(|cache| {
        let list = &cache.0[class];
        if list.first.get().is_null() && list.left.get() == 0 {
            refill(list, class);
        }
        let first = list.first.get();
        if first.is_null() {
            let (block, size) = (list.rest.get(), class_size(class));
            // SAFETY: the rest of the chunk has room for `left` blocks.
            list.rest.set(unsafe { block.add(size) });
            list.left.set(list.left.get() - 1);
            return block.cast();
        }
        // SAFETY: free blocks are nobody else's.
        unsafe {
            list.first.set((*first).next.get());
            sanitize::take(first.add(1).cast(), class_size(class) - size_of::<Task>());
        }
        list.len.set(list.len.get() - 1);
        first
    })
}

#[cold]
fn refill(list: &List, class: usize) {
    let mut shared = SHARED.lock();
    if let Some((first, len)) = shared.batches[class].pop() {
        list.first.set(first);
        list.len.set(len);
        return;
    }
    let small = shared.chunks.iter().filter(|(_, other, _)| *other == class).count() < SMALL_CHUNKS;
    let size = if small { CHUNK } else { LARGE_CHUNK };
    let chunk = map(size);
    sanitize::mapped(chunk, size);
    shared.chunks.push((chunk, class, size));
    list.rest.set(chunk);
    list.left.set(size / class_size(class));
}

/// Fresh memory, zeroed and untouched.
fn map(size: usize) -> *mut u8 {
    // A large chunk is cut out of twice as much, so that it lies on a border of its size.
    let wanted = if size == LARGE_CHUNK { 2 * size } else { size };
    // SAFETY: a new private mapping; what is unmapped or advised lies in it and is in nobody's use.
    unsafe {
        let memory = libc::mmap(
            null_mut(),
            wanted,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            memory::out_of_memory(size);
        }
        let memory = memory.cast::<u8>();
        if wanted == size {
            return memory;
        }
        let before = memory.align_offset(size);
        let chunk = memory.add(before);
        if before > 0 {
            libc::munmap(memory.cast(), before);
        }
        libc::munmap(chunk.add(size).cast(), wanted - size - before);
        libc::madvise(chunk.cast(), size, libc::MADV_HUGEPAGE);
        chunk
    }
}

/// # Safety
/// `task` came from `alloc` with this size and alignment, and is over: its `entry` is null.
pub(super) unsafe fn free(task: *mut Task, size: usize, align: usize) {
    if size > LARGEST || align > ALIGN {
        SHARED.lock().large.retain(|other| *other != task);
        // SAFETY: by contract.
        return unsafe { memory::free(task.cast(), size, align.max(ALIGN)) };
    }
    let class = class(size);
    // SAFETY: the block is ours. Its header is looked at by whoever walks the chunks.
    unsafe { sanitize::leave(task.add(1).cast(), class_size(class) - size_of::<Task>()) };
    // SAFETY: as above.
    let kept = CACHE.try_with(|cache| unsafe {
        let list = &cache.0[class];
        (*task).next.set(list.first.get());
        list.first.set(task);
        list.len.set(list.len.get() + 1);
        if list.len.get() == 2 * BATCH {
            hand_on(list, class);
        }
    });
    if kept.is_err() {
        // The thread is ending.
        // SAFETY: the block is ours.
        unsafe { (*task).next.set(null_mut()) };
        SHARED.lock().batches[class].push((task, 1));
    }
}

/// # Safety
/// The list has more than `BATCH` blocks.
#[cold]
unsafe fn hand_on(list: &List, class: usize) {
    let first = list.first.get();
    let mut last = first;
    // SAFETY: by contract there are as many.
    unsafe {
        for _ in 1..BATCH {
            last = (*last).next.get();
        }
        list.first.set((*last).next.get());
        (*last).next.set(null_mut());
    }
    list.len.set(list.len.get() - BATCH);
    SHARED.lock().batches[class].push((first, BATCH));
}

impl Drop for Cache {
    fn drop(&mut self) {
        let mut shared = SHARED.lock();
        for (class, list) in self.0.iter().enumerate() {
            if !list.first.get().is_null() {
                shared.batches[class].push((list.first.get(), list.len.get()));
            }
            // The unused rest of a chunk becomes free blocks, one batch.
            let (mut block, size) = (list.rest.get().cast::<Free>(), class_size(class));
            let mut first = null_mut();
            for _ in 0..list.left.get() {
                // SAFETY: the rest of the chunk is ours; zeroed memory is a free block.
                unsafe {
                    (*block).next.set(first);
                    first = block;
                    block = block.byte_add(size);
                }
            }
            if !first.is_null() {
                shared.batches[class].push((first, list.left.get()));
            }
        }
    }
}

/// A look at what is there. Meanwhile no block's memory goes, and none is added.
pub(crate) struct Look(LockedGuard<'static, Shared>);

impl Look {
    /// `None`: somebody changes the list just now.
    pub(crate) fn try_now() -> Option<Look> {
        SHARED.try_lock().map(Look)
    }

    pub(crate) fn now() -> Look {
        Look(SHARED.lock())
    }

    pub(super) fn each(&self, see: impl FnMut(*mut Task)) {
        walk(&self.0, see);
    }

    /// The task of which this is the runner, if it is one.
    pub(crate) fn find(&self, run: *const Runner) -> Option<&Task> {
        let (task, at) = (run.cast::<Task>(), run.addr());
        let lies_in = |(chunk, class, len): &(*mut u8, usize, usize)| {
            let size = class_size(*class);
            let offset = at.wrapping_sub(chunk.addr());
            offset < len / size * size && offset % size == 0
        };
        let found = self.0.chunks.iter().any(lies_in) || self.0.large.contains(&task.cast_mut());
        // SAFETY: a block of ours holds a task, or zeros.
        let task = found.then(|| unsafe { &*task })?;
        task.is_there().then_some(task)
    }
}

/// Calls `see` with every block that may be a live task. They may end meanwhile, but their memory stays.
pub(super) fn each(see: impl FnMut(*mut Task)) {
    walk(&SHARED.lock(), see);
}

fn walk(shared: &Shared, mut see: impl FnMut(*mut Task)) {
    for (chunk, class, len) in &shared.chunks {
        let size = class_size(*class);
        for i in 0..len / size {
            // SAFETY: within the chunk.
            see(unsafe { chunk.add(i * size) }.cast());
        }
    }
    shared.large.iter().for_each(|task| see(*task));
}
