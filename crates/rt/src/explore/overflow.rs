//! A stack overflow in an explored program ends that execution, as a panic would that nobody took.
//!
//! Whoever comes to a choice with little of its stack left has overflowed it (`exec::point`). Who runs into the guard page
//! in the program's own code goes on in [`overflowed`], on a stack that is kept for that; what is on its own is lost. In the
//! runtime's code or a library's nothing can be left where it stands, since locks may be held: there it ends the process, as it
//! does outside.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use super::exec::{Exec, exec};

thread_local! {
    /// The code of the runtime and of libraries: not the program's, which was compiled into memory.
    static LOADED: RefCell<Vec<Range<usize>>> = const { RefCell::new(Vec::new()) };
    /// How many libraries had been loaded and unloaded in the process when that was found out.
    static AS_OF: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// How many libraries have been loaded and unloaded so far.
fn changes() -> (u64, u64) {
    unsafe extern "C" fn first(info: *mut libc::dl_phdr_info, _: usize, found: *mut libc::c_void) -> i32 {
        // SAFETY: the loader hands valid headers to what it calls, and `found` is what was given below.
        unsafe {
            let info = &*info;
            *found.cast::<(u64, u64)>() = (info.dlpi_adds, info.dlpi_subs);
        }
        1
    }
    let mut found = (0, 0);
    // SAFETY: the function is of the right signature, and `found` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut found).cast()) };
    found
}

/// Finds out what code is not the program's.
pub(super) fn prepare() {
    unsafe extern "C" fn note(info: *mut libc::dl_phdr_info, _: usize, all: *mut libc::c_void) -> i32 {
        // SAFETY: the loader hands valid headers to what it calls, and `all` is what was given below.
        unsafe {
            let (info, all) = (&*info, &mut *all.cast::<Vec<Range<usize>>>());
            for i in 0..info.dlpi_phnum {
                let header = &*info.dlpi_phdr.add(usize::from(i));
                if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0 {
                    let start = info.dlpi_addr as usize + header.p_vaddr as usize;
                    all.push(start..start + header.p_memsz as usize);
                }
            }
        }
        0
    }
    let now = changes();
    if now != (0, 0) && now == AS_OF.get() {
        return;
    }
    AS_OF.set(now);
    let mut all: Vec<Range<usize>> = Vec::new();
    // SAFETY: the function is of the right signature, and `all` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut all).cast()) };
    LOADED.set(all);
}

/// A fault at an address, by the instruction at `code`: where to go on, with which stack pointer, if it is an overflow that only
/// ends the execution.
pub(crate) fn after_fault(address: usize, code: usize) -> Option<(usize, usize)> {
    // SAFETY: the execution under way on this thread, which the program's code has no reference into.
    let exec = unsafe { exec().as_ref() }?;
    let loaded = LOADED.with_borrow(|all| all.iter().any(|range| range.contains(&code)));
    let top = exec.spare_stack(address)?;
    (!loaded).then_some((overflowed as *const () as usize, top))
}

extern "C" fn overflowed() -> ! {
    // SAFETY: as in `after_fault`; nobody goes on with the stack that has overflowed.
    unsafe { Exec::overflows(exec()) }
}
