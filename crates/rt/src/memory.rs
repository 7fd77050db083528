//! The heap: the system's allocator behind the runtime's own door, so that it can be replaced in one place.
//!
//! The one thing to know: the kernel is asked to back large blocks with huge pages, which are
//! touched for the first time in far fewer faults and miss the processor's address cache less.

use crate::stdio;

/// What `malloc` aligns to by itself.
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

#[inline]
pub(crate) fn alloc(size: usize, align: usize) -> *mut u8 {
    let ptr = if align <= MALLOC_ALIGN {
        // SAFETY: any size may be asked for.
        unsafe { libc::malloc(size) }
    } else {
        aligned(size, align)
    };
    if ptr.is_null() {
        out_of_memory(size);
    }
    if size >= LARGE {
        advise(ptr, size);
    }
    ptr.cast()
}

#[inline]
pub(crate) fn alloc_zeroed(size: usize, align: usize) -> *mut u8 {
    if align <= MALLOC_ALIGN {
        // SAFETY: any size may be asked for.
        let ptr = unsafe { libc::calloc(size, 1) };
        if ptr.is_null() {
            out_of_memory(size);
        }
        if size >= LARGE {
            advise(ptr, size);
        }
        return ptr.cast();
    }
    let ptr = alloc(size, align);
    // SAFETY: freshly allocated with this size.
    unsafe { ptr.write_bytes(0, size) };
    ptr
}

/// # Safety
/// `ptr` came from here with this size and alignment.
#[inline]
pub(crate) unsafe fn realloc(
    ptr: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    if align <= MALLOC_ALIGN {
        // SAFETY: by contract; all allocations of this alignment come from malloc.
        let new = unsafe { libc::realloc(ptr.cast(), new_size) };
        if new.is_null() {
            out_of_memory(new_size);
        }
        if new_size >= LARGE {
            advise(new, new_size);
        }
        return new.cast();
    }
    let new = alloc(new_size, align);
    // SAFETY: both are valid for the smaller of the two sizes, and separate.
    unsafe {
        ptr.copy_to_nonoverlapping(new, old_size.min(new_size));
        free(ptr, old_size, align);
    }
    new
}

/// # Safety
/// `ptr` came from here with this size and alignment, and is not used afterwards.
#[inline]
pub(crate) unsafe fn free(ptr: *mut u8, _size: usize, _align: usize) {
    // SAFETY: by contract; both ways of allocating pair with `free`.
    unsafe { libc::free(ptr.cast()) }
}

#[cold]
fn aligned(size: usize, align: usize) -> *mut libc::c_void {
    let mut ptr = std::ptr::null_mut();
    // SAFETY: `align` is a power of two above 16, hence a multiple of the pointer size.
    unsafe { libc::posix_memalign(&raw mut ptr, align, size) };
    ptr
}

#[cold]
fn out_of_memory(size: usize) -> ! {
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
