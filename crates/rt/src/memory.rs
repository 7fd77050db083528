//! The heap: the system's allocator behind the runtime's own door, so that it can be replaced in one place.
//!
//! The one thing to know: the kernel is asked to back large blocks with huge pages, which are
//! touched for the first time in far fewer faults and miss the processor's address cache less.

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc,
    mi_zalloc_aligned,
};

use crate::stdio;

/// What `mi_malloc` aligns to by itself, for sizes that are not smaller than that.
const MALLOC_ALIGN: usize = 16;

const HUGE_PAGE: usize = 2 << 20;

/// Blocks from this size on: what rounding to huge pages can cost stays small beside them.
const LARGE: usize = 2 * HUGE_PAGE;

/// Asks for huge pages where whole ones lie in a large block.
#[cold]
fn advise(ptr: *mut libc::c_void, size: usize) {
    let start = (ptr as usize).next_multiple_of(HUGE_PAGE);
    let end = (ptr as usize + size) & !(HUGE_PAGE - 1);
    if start < end {
        // SAFETY: the range is inside the block, and the advice changes nothing that can be
        // read; a kernel without huge pages refuses, which is as good.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
    }
}

/// Checks what the allocator gave.
#[inline]
fn check(ptr: *mut libc::c_void, size: usize) -> *mut u8 {
    if ptr.is_null() {
        out_of_memory(size);
    }
    if size >= LARGE {
        advise(ptr, size);
    }
    ptr.cast()
}

#[inline]
pub(crate) fn alloc(size: usize, align: usize) -> *mut u8 {
    // SAFETY: any size may be asked for, and alignments are powers of two.
    let ptr = unsafe {
        if align <= MALLOC_ALIGN && align <= size {
            mi_malloc(size)
        } else {
            mi_malloc_aligned(size, align)
        }
    };
    check(ptr, size)
}

#[inline]
pub(crate) fn alloc_zeroed(size: usize, align: usize) -> *mut u8 {
    // SAFETY: any size may be asked for, and alignments are powers of two.
    let ptr = unsafe {
        if align <= MALLOC_ALIGN && align <= size {
            mi_zalloc(size)
        } else {
            mi_zalloc_aligned(size, align)
        }
    };
    check(ptr, size)
}

/// # Safety
/// `ptr` came from here with this size and alignment.
#[inline]
pub(crate) unsafe fn realloc(
    ptr: *mut u8,
    _old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    // SAFETY: by contract.
    let new = unsafe {
        if align <= MALLOC_ALIGN && align <= new_size {
            mi_realloc(ptr.cast(), new_size)
        } else {
            mi_realloc_aligned(ptr.cast(), new_size, align)
        }
    };
    check(new, new_size)
}

/// # Safety
/// `ptr` came from here with this size and alignment, and is not used afterwards.
#[inline]
pub(crate) unsafe fn free(ptr: *mut u8, _size: usize, _align: usize) {
    // SAFETY: by contract.
    unsafe { mi_free(ptr.cast()) }
}

#[cold]
pub(crate) fn out_of_memory(size: usize) -> ! {
    stdio::flush_quietly();
    // Without allocating: the number is written by hand.
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = size;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    stdio::write_stderr(b"out of memory: cannot allocate ");
    stdio::write_stderr(&digits[at..]);
    stdio::write_stderr(b" bytes\n");
    crate::exit_now(crate::EXIT_PANIC)
}
