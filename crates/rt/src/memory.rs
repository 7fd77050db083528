//! The heap: the system's allocator behind the runtime's own door, so that it can be replaced in one place.
//!
//! The one thing to know: large blocks that grow become [`mapping`]s. The kernel is not asked for huge pages: where it has
//! them at hand a program that touches much memory once gains up to a tenth, where it has to make them one may take twice its
//! time, and a program with half-filled tables holds more.

#[cfg(sanitized)]
use crate::sanitize::allocator::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc, mi_zalloc_aligned,
};
#[cfg(not(sanitized))]
use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc, mi_zalloc_aligned,
};

use crate::mapping::{self, LARGE};
use crate::stdio::decimal;
use crate::{sanitize, stdio};

/// What `mi_malloc` aligns to by itself, for sizes that are not smaller than that.
const MALLOC_ALIGN: usize = 16;

/// Mappings are aligned to pages at least.
const PAGE: usize = 4096;

/// Checks what the allocator gave.
#[inline]
fn check(ptr: *mut libc::c_void, size: usize) -> *mut u8 {
    if ptr.is_null() {
        out_of_memory(size);
    }
    ptr.cast()
}

#[inline]
pub(crate) fn alloc(size: usize, align: usize) -> *mut u8 {
    // SAFETY: any size may be asked for, and alignments are powers of two.
    let ptr = unsafe {
        if align <= MALLOC_ALIGN && align <= size { mi_malloc(size) } else { mi_malloc_aligned(size, align) }
    };
    check(ptr, size)
}

#[inline]
pub(crate) fn alloc_zeroed(size: usize, align: usize) -> *mut u8 {
    // SAFETY: any size may be asked for, and alignments are powers of two.
    let ptr = unsafe {
        if align <= MALLOC_ALIGN && align <= size { mi_zalloc(size) } else { mi_zalloc_aligned(size, align) }
    };
    check(ptr, size)
}

/// # Safety
/// `ptr` came from here with this size and alignment.
#[inline]
pub(crate) unsafe fn realloc(ptr: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    if !sanitize::GIVES_BACK && old_size.max(new_size) >= LARGE && align <= PAGE {
        // SAFETY: by contract.
        unsafe {
            if let Some(new) = realloc_large(ptr, old_size, align, new_size) {
                return new;
            }
        }
    }
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

/// As [`realloc`], where a mapping is or becomes of the block; else `None`.
///
/// # Safety
/// As there.
#[cold]
unsafe fn realloc_large(ptr: *mut u8, old_size: usize, align: usize, new_size: usize) -> Option<*mut u8> {
    let mapped = mapping::is_one(ptr, old_size);
    if !mapped && (new_size <= old_size || new_size < LARGE) {
        return None;
    }
    if new_size > isize::MAX as usize {
        out_of_memory(new_size);
    }
    // SAFETY: by contract; `mapped` says whose the block is, and the old one lasts while it is copied.
    unsafe {
        if mapped && new_size >= LARGE {
            return Some(check_mapping(mapping::resize(ptr, old_size, new_size), new_size));
        }
        let new = match new_size >= LARGE {
            true => check_mapping(mapping::new(new_size), new_size),
            false => alloc(new_size, align),
        };
        std::ptr::copy_nonoverlapping(ptr, new, old_size.min(new_size));
        free(ptr, old_size, align);
        Some(new)
    }
}

fn check_mapping(ptr: *mut u8, size: usize) -> *mut u8 {
    if ptr.is_null() {
        out_of_memory(size);
    }
    ptr
}

/// # Safety
/// `ptr` came from here with this size and alignment, and is not used afterwards.
#[inline]
pub(crate) unsafe fn free(ptr: *mut u8, size: usize, _align: usize) {
    // SAFETY: by contract; a mapping is no block of the allocator's.
    unsafe { if mapping::is_one(ptr, size) { mapping::free(ptr, size) } else { mi_free(ptr.cast()) } }
}

/// This heap for Rust code: the runtime's own, that of the libraries it is linked with (hyper), and the compiler's, which runs programs
/// in its own process. The compiler allocates millions of small nodes from several threads; glibc's allocator takes about a fifth of
/// the time of `check`.
#[cfg(not(any(loom, miri, sanitized)))]
mod for_rust {
    use std::alloc::{GlobalAlloc, Layout};

    struct Heap;

    #[global_allocator]
    static ALLOCATOR: Heap = Heap;

    // SAFETY: the functions above keep the contract of an allocator; for want of memory they end the process.
    unsafe impl GlobalAlloc for Heap {
        #[inline]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            super::alloc(layout.size(), layout.align())
        }

        #[inline]
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            super::alloc_zeroed(layout.size(), layout.align())
        }

        #[inline]
        unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            // SAFETY: by contract.
            unsafe { super::realloc(ptr, layout.size(), layout.align(), new_size) }
        }

        #[inline]
        unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
            // SAFETY: by contract.
            unsafe { super::free(ptr, layout.size(), layout.align()) }
        }
    }
}

#[cold]
pub(crate) fn out_of_memory(size: usize) -> ! {
    stdio::flush_quietly();
    stdio::write_stderr(b"out of memory: cannot allocate ");
    stdio::write_stderr(decimal(size as u64, &mut [0; 20]).as_bytes());
    stdio::write_stderr(b" bytes\n");
    crate::exit_now(crate::EXIT_PANIC)
}
