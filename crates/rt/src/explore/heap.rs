//! The heap of explored programs: the same addresses in every execution.
//!
//! What the search knows of an object (a mutex, a channel) it knows by name across executions, in which independent steps
//! come in another order. So each task allocates from a region of its own, from the bottom up, and what it gets depends
//! only on what it has allocated itself. Blocks that their own task frees are used again; those that another one frees
//! are not, since when that is depends on the schedule. After an execution everything is forgotten at once, so
//! that one which was broken off leaks nothing.

use std::cell::RefCell;
use std::ptr::null_mut;

use crate::memory;

/// Address space for one task's small blocks, and for how many tasks at most. Only what is touched costs memory.
const REGION: usize = 32 << 20;
const REGIONS: usize = 1 << 16;
/// For so many tasks there is always some, where a process may have only so much.
const FEWEST_REGIONS: usize = 1 << 6;
/// Blocks from this size on, and those of tasks beyond the last region, come from the ordinary heap.
const LARGE: usize = 1 << 20;
const ALIGN: usize = 16;
/// Sizes up to this many steps of `ALIGN` are kept for reuse.
const CLASSES: usize = 64;
/// What a region has touched beyond this is given back to the system when an exploration ends.
const KEPT: usize = 64 << 10;

thread_local! {
    /// Address space of explorations that are over: mapping it costs more than exploring a small program.
    static POOL: RefCell<Vec<Space>> = const { RefCell::new(Vec::new()) };
}

/// The address space of all regions.
struct Space {
    base: *mut u8,
    regions: usize,
}

impl Space {
    fn new() -> Space {
        let mut regions = REGIONS;
        loop {
            // SAFETY: a fresh private mapping.
            let base = unsafe {
                libc::mmap(
                    null_mut(),
                    REGION * regions,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if base != libc::MAP_FAILED {
                return Space { base: base.cast(), regions };
            }
            if regions == FEWEST_REGIONS {
                memory::out_of_memory(REGION * regions);
            }
            regions /= 2;
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing in it is used any more.
        unsafe { libc::munmap(self.base.cast(), REGION * self.regions) };
    }
}

struct Region {
    next: usize,
    /// The most that `next` has been.
    most: usize,
    free: [*mut u8; CLASSES],
}

pub(super) struct Heap {
    base: *mut u8,
    /// How many tasks have a region.
    most: usize,
    /// Where that leads; there until the end.
    space: Option<Space>,
    regions: Vec<Region>,
    /// Large blocks that are alive: address, size, alignment.
    large: Vec<(*mut u8, usize, usize)>,
}

impl Heap {
    pub(super) fn new() -> Heap {
        let space = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(Space::new);
        Heap {
            base: space.base,
            most: space.regions,
            space: Some(space),
            regions: Vec::new(),
            large: Vec::new(),
        }
    }

    /// Forgets every block.
    pub(super) fn reset(&mut self) {
        for region in &mut self.regions {
            if region.next > 0 {
                (region.next, region.free) = (0, [null_mut(); CLASSES]);
            }
        }
        for (block, size, align) in self.large.drain(..) {
            // SAFETY: allocated below with this size and alignment; the execution that used it is over.
            unsafe { memory::free(block, size, align) };
        }
    }

    /// Where in the regions an address lies: the same in all executions.
    pub(super) fn name(&self, address: usize) -> Option<u64> {
        let at = address.wrapping_sub(self.base.addr());
        (at < REGION * self.most).then_some(at as u64)
    }

    pub(super) fn alloc(&mut self, task: u32, size: usize, align: usize) -> *mut u8 {
        let index = task as usize;
        if size >= LARGE || index >= self.most || align > 4096 {
            return self.alloc_large(size, align);
        }
        while self.regions.len() <= index {
            self.regions.push(Region { next: 0, most: 0, free: [null_mut(); CLASSES] });
        }
        let region = &mut self.regions[index];
        let size = size.max(1).next_multiple_of(ALIGN);
        if align <= ALIGN
            && let Some(free) = region.free.get_mut(size / ALIGN)
            && !free.is_null()
        {
            let block = *free;
            // SAFETY: a free block starts with the next one of its size.
            *free = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let start = region.next.next_multiple_of(align.max(ALIGN));
        if start + size > REGION {
            return self.alloc_large(size, align);
        }
        region.next = start + size;
        region.most = region.most.max(region.next);
        // SAFETY: inside the mapping.
        unsafe { self.base.add(index * REGION + start) }
    }

    fn alloc_large(&mut self, size: usize, align: usize) -> *mut u8 {
        let block = memory::alloc(size, align);
        self.large.push((block, size, align));
        block
    }

    /// # Safety
    /// The block came from here with this size and alignment and is used no more.
    pub(super) unsafe fn free(&mut self, task: u32, block: *mut u8, size: usize, align: usize) {
        match self.name(block.addr()) {
            Some(at) => {
                let own = at as usize / REGION == task as usize;
                let class = size.max(1).div_ceil(ALIGN);
                if own
                    && align <= ALIGN
                    && let Some(free) = self.regions[task as usize].free.get_mut(class)
                {
                    // SAFETY: the block is ours again, and large enough for a pointer.
                    unsafe { block.cast::<*mut u8>().write(*free) };
                    *free = block;
                }
            }
            None => {
                if let Some(i) = self.large.iter().rposition(|large| large.0 == block) {
                    let (block, size, align) = self.large.swap_remove(i);
                    // SAFETY: allocated so.
                    unsafe { memory::free(block, size, align) };
                } else {
                    // It was there before the execution began.
                    // SAFETY: by contract.
                    unsafe { memory::free(block, size, align) };
                }
            }
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.reset();
        for (index, region) in self.regions.iter().enumerate().filter(|(_, r)| r.most > KEPT) {
            // SAFETY: inside the mapping, which is ours; nothing in it is used any more.
            unsafe {
                let rest = self.base.add(index * REGION + KEPT);
                libc::madvise(rest.cast(), region.most - KEPT, libc::MADV_DONTNEED);
            }
        }
        let space = self.space.take();
        // At the end of its thread there is no pool any more.
        let _ = POOL.try_with(|pool| pool.borrow_mut().extend(space));
    }
}
