//! What differs when the runtime is compiled for a sanitizer (`tests/sanitizers/run`, which says `--cfg sanitized`).
//!
//! Sanitizers know of memory what their own allocator tells them. So that one takes the place of the runtime's, blocks that are kept
//! for the next use are given back, and those that cannot be are marked. In other builds nothing here is compiled to anything.

/// Memory that is not in use is given back, not kept for the next one who asks.
pub(crate) const GIVES_BACK: bool = cfg!(sanitized);

/// What is here is used by nobody until it is [taken](take) again.
///
/// # Safety
/// The range is the caller's.
#[inline(always)]
pub(crate) unsafe fn leave(start: *mut u8, len: usize) {
    #[cfg(sanitized = "address")]
    // SAFETY: by contract; what is marked is a range of addresses.
    unsafe {
        __asan_poison_memory_region(start.cast(), len);
    }
    let _ = (start, len);
}

/// # Safety
/// The range is the caller's.
#[inline(always)]
pub(crate) unsafe fn take(start: *mut u8, len: usize) {
    #[cfg(sanitized = "address")]
    // SAFETY: as in `leave`.
    unsafe {
        __asan_unpoison_memory_region(start.cast(), len);
    }
    let _ = (start, len);
}

/// Pointers may lie in this mapping, so what they lead to is not lost.
#[inline(always)]
pub(crate) fn mapped(start: *mut u8, len: usize) {
    #[cfg(sanitized = "address")]
    // SAFETY: what is noted is a range of addresses, which stays mapped.
    unsafe {
        __lsan_register_root_region(start.cast(), len);
    }
    let _ = (start, len);
}

/// This block of the heap is to be there for ever, whatever leads to it.
#[inline(always)]
pub(crate) fn lasts<T>(block: &T) {
    #[cfg(sanitized = "address")]
    // SAFETY: the block is one of the heap.
    unsafe {
        __lsan_ignore_object(std::ptr::from_ref(block).cast());
    }
    let _ = block;
}

/// The process is about to end: looks for memory to which nothing leads.
#[inline(always)]
pub(crate) fn before_exit() {
    #[cfg(sanitized = "address")]
    // SAFETY: always allowed.
    unsafe {
        __lsan_do_leak_check();
    }
}

#[cfg(sanitized = "address")]
unsafe extern "C" {
    fn __asan_poison_memory_region(start: *const libc::c_void, len: usize);
    fn __asan_unpoison_memory_region(start: *const libc::c_void, len: usize);
    fn __lsan_ignore_object(block: *const libc::c_void);
    fn __lsan_register_root_region(start: *const libc::c_void, len: usize);
    fn __lsan_do_leak_check();
}

/// The C library's allocator, which is the sanitizer's, with the functions that the runtime uses of its own.
#[cfg(sanitized)]
pub(crate) mod allocator {
    use libc::c_void;

    pub(crate) unsafe fn mi_malloc(size: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { libc::malloc(size) }
    }

    pub(crate) unsafe fn mi_malloc_aligned(size: usize, align: usize) -> *mut c_void {
        let mut block = std::ptr::null_mut();
        // SAFETY: the alignment is a power of two and large enough.
        let failed =
            unsafe { libc::posix_memalign(&raw mut block, align.max(size_of::<usize>()), size) } != 0;
        if failed { std::ptr::null_mut() } else { block }
    }

    pub(crate) unsafe fn mi_zalloc(size: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { libc::calloc(1, size) }
    }

    pub(crate) unsafe fn mi_zalloc_aligned(size: usize, align: usize) -> *mut c_void {
        // SAFETY: by contract; the block is as large as that.
        unsafe {
            let block = mi_malloc_aligned(size, align);
            if !block.is_null() {
                block.cast::<u8>().write_bytes(0, size);
            }
            block
        }
    }

    pub(crate) unsafe fn mi_realloc(block: *mut c_void, size: usize) -> *mut c_void {
        // SAFETY: by contract.
        unsafe { libc::realloc(block, size) }
    }

    pub(crate) unsafe fn mi_realloc_aligned(block: *mut c_void, size: usize, align: usize) -> *mut c_void {
        // SAFETY: by contract; what is copied is in both.
        unsafe {
            let new = mi_malloc_aligned(size, align);
            if !new.is_null() && !block.is_null() {
                let len = libc::malloc_usable_size(block).min(size);
                new.cast::<u8>().copy_from_nonoverlapping(block.cast(), len);
                libc::free(block);
            }
            new
        }
    }

    pub(crate) unsafe fn mi_free(block: *mut c_void) {
        // SAFETY: by contract.
        unsafe { libc::free(block) };
    }
}
