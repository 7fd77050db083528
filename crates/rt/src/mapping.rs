//! Large blocks that have grown: each is a mapping of its own, which grows without being copied.
//!
//! Not here: blocks that keep the size they were made with, which stay with the allocator, as it keeps
//! what is freed for a while. The one thing to know: a mapping begins at a multiple of what one entry of the page tables'
//! second level covers, so that the kernel moves whole tables.

use libc::{
    MAP_ANONYMOUS, MAP_FAILED, MAP_NORESERVE, MAP_PRIVATE, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE,
    PROT_READ, PROT_WRITE, c_int, c_void,
};

use crate::sanitize;

const GRAIN: usize = 2 << 20;

/// Blocks from this size on: what rounding can cost stays small beside them.
pub(crate) const LARGE: usize = 2 * GRAIN;

unsafe extern "C" {
    fn mi_is_in_heap_region(ptr: *const c_void) -> bool;
}

/// Whether a block of this size is such a mapping.
#[inline]
pub(crate) fn is_one(block: *mut u8, size: usize) -> bool {
    // A sanitizer's allocator has all blocks.
    // SAFETY: the allocator looks the address up in a table of its own.
    !sanitize::GIVES_BACK && size >= LARGE && !unsafe { mi_is_in_heap_region(block.cast()) }
}

fn length(size: usize) -> usize {
    size.next_multiple_of(GRAIN)
}

/// Address space from a multiple of `GRAIN` on; null if there is none.
fn space(len: usize, protection: c_int, flags: c_int) -> *mut u8 {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | flags;
    // SAFETY: a new mapping, wherever there is room for it.
    let all = unsafe { libc::mmap(std::ptr::null_mut(), len + GRAIN, protection, flags, -1, 0) };
    if all == MAP_FAILED {
        return std::ptr::null_mut();
    }
    let start = (all as usize).next_multiple_of(GRAIN);
    let (before, after) = (start - all as usize, all as usize + len + GRAIN - (start + len));
    // SAFETY: both ends are of the mapping just made, and nobody knows of it yet.
    unsafe {
        if before > 0 {
            libc::munmap(all, before);
        }
        if after > 0 {
            libc::munmap((start + len) as *mut c_void, after);
        }
    }
    start as *mut u8
}

/// A mapping for a block of this size, at most `isize::MAX`; null if there is no memory.
#[cold]
pub(crate) fn new(size: usize) -> *mut u8 {
    let len = length(size);
    space(len, PROT_READ | PROT_WRITE, 0)
}

/// Another size, [`LARGE`] at least; null if there is no memory, and then nothing has changed.
///
/// # Safety
/// `block` is such a mapping, made for `old` bytes. Its address is not used afterwards.
#[cold]
pub(crate) unsafe fn resize(block: *mut u8, old: usize, size: usize) -> *mut u8 {
    let (old, len) = (length(old), length(size));
    if old == len {
        return block;
    }
    // SAFETY: by contract the mapping is the caller's; it stays where it is or nothing happens.
    let there = unsafe { libc::mremap(block.cast(), old, len, 0) };
    if there != MAP_FAILED {
        block
    } else {
        let target = space(len, PROT_NONE, MAP_NORESERVE);
        if target.is_null() {
            return target;
        }
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        // SAFETY: as above; what it takes the place of was reserved for this.
        let moved = unsafe { libc::mremap(block.cast(), old, len, flags, target) };
        if moved == MAP_FAILED {
            // SAFETY: nobody else knows of it.
            unsafe { libc::munmap(target.cast(), len) };
            return std::ptr::null_mut();
        }
        target
    }
}

/// # Safety
/// `block` is such a mapping, made for `size` bytes, and not used afterwards.
#[cold]
pub(crate) unsafe fn free(block: *mut u8, size: usize) {
    // SAFETY: by contract.
    unsafe { libc::munmap(block.cast(), length(size)) };
}
