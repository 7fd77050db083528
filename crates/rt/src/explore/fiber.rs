//! Fibers: a stack of its own for everyone in an explored program, all on one OS thread, switched by hand.
//!
//! Native code, unlike a state machine, can be stopped anywhere, so that also what never waits (an atomic operation, a
//! failed `try_lock`) can be a place where others run. x86-64, System V calling convention.

use std::cell::RefCell;

/// As much as a worker's. What is touched costs memory; the rest only addresses.
const STACK: usize = 8 * 1024 * 1024;
const GUARD: usize = 4096;

/// A stack, given back to the pool when it is dropped.
pub(super) struct Stack {
    /// The start of the mapping: the guard page.
    base: *mut u8,
}

thread_local! {
    static POOL: RefCell<Vec<*mut u8>> = const { RefCell::new(Vec::new()) };
}

impl Stack {
    pub(super) fn new() -> Stack {
        if let Some(base) = POOL.with_borrow_mut(Vec::pop) {
            return Stack { base };
        }
        // SAFETY: a fresh private mapping, of which the lowest page is made inaccessible.
        let base = unsafe {
            let base = libc::mmap(
                std::ptr::null_mut(),
                STACK + GUARD,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK,
                -1,
                0,
            );
            if base == libc::MAP_FAILED || libc::mprotect(base, GUARD, libc::PROT_NONE) != 0 {
                crate::memory::out_of_memory(STACK + GUARD);
            }
            // Most of them use a few kilobytes.
            libc::madvise(base, STACK + GUARD, libc::MADV_NOHUGEPAGE);
            base.cast::<u8>()
        };
        Stack { base }
    }

    /// Prepares it so that the first switch to the result calls `start`, which must not return.
    pub(super) fn prepare(&self, start: extern "C" fn() -> !) -> *mut u8 {
        // SAFETY: the words lie at the upper end of the mapping.
        unsafe {
            let top = self.base.add(GUARD + STACK).cast::<usize>();
            // As after a call: the address to go to, and a null return address where unwinding ends. `switch` pops six
            // registers and returns, which leaves the stack as a call to `start` would.
            let words: [usize; 8] = [0, 0, 0, 0, 0, 0, start as *const () as usize, 0];
            let at = top.sub(words.len());
            at.cast::<[usize; 8]>().write(words);
            at.cast()
        }
    }
}

impl Stack {
    /// Where a function that nobody called can start: as right after a call.
    pub(super) fn top(&self) -> usize {
        self.base.addr() + GUARD + STACK - size_of::<usize>()
    }

    /// Whether an address lies so near below the stack that somebody who uses it has gone beyond its end.
    pub(super) fn is_beyond(&self, address: usize) -> bool {
        address.wrapping_sub(self.base.addr()) < GUARD
    }

    /// How much of it is left below an address.
    pub(super) fn left(&self, address: usize) -> usize {
        address.saturating_sub(self.base.addr() + GUARD)
    }

    /// How far below the stack's upper end an address in it lies.
    pub(super) fn depth(&self, address: usize) -> Option<usize> {
        let end = self.base.addr() + GUARD + STACK;
        end.checked_sub(address).filter(|depth| *depth <= STACK)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        POOL.with_borrow_mut(|pool| pool.push(self.base));
    }
}

/// Goes on at `to`, having left where we are in `*from`.
///
/// # Safety
/// `to` was left by a switch or made by `prepare`, and is not running.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn switch(from: *mut *mut u8, to: *mut u8) {
    core::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
