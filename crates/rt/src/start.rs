//! The way into a program and out of it.

use crate::{census, env, panic, signals, stdio};

/// # Safety
/// `main` may be called; `argv` leads to `argc` C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_rt_main(
    main: unsafe extern "C-unwind" fn() -> i32,
    argc: i32,
    argv: *const *const libc::c_char,
) -> i32 {
    // SAFETY: by contract.
    unsafe { env::set_args(argc, argv) };
    signals::install();
    let _alt_stack = signals::enter_thread();
    // Never freed: messages may name the main thread as long as the process lives.
    let member = Box::leak(Box::new(census::Member::new("main")));
    // SAFETY: the member lives for ever.
    unsafe { census::enter(member) };
    // SAFETY: by contract.
    let result = panic::catch(|| unsafe { main() });
    stdio::flush();
    census::leave(false);
    result.unwrap_or(crate::EXIT_PANIC)
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_process_exit(code: i32) -> ! {
    stdio::flush();
    crate::exit_now(code)
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_process_abort() -> ! {
    // SAFETY: always allowed.
    unsafe { libc::abort() }
}
