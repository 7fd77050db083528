//! The way into a program and out of it.

use std::ptr::null_mut;

use abi::waiting::{Context, DONE, ENTER, Frame};

use crate::{backtrace, census, current, env, interrupt, panic, sanitize, signals, stdio, task, trace};

pub(crate) type Main = unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut i32) -> i32;

/// # Safety
/// `main` may be called; `argv` leads to `argc` C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_rt_main(main: Main, argc: i32, argv: *const *const libc::c_char) -> i32 {
    // SAFETY: by contract.
    unsafe { env::set_args(argc, argv) };
    signals::install();
    backtrace::start();
    trace::start();
    let _alt_stack = signals::enter_thread();
    let run = current::thread();
    // Never freed: messages may name the main thread as long as the process lives.
    let member = Box::leak(Box::new(census::Member::new("main")));
    sanitize::lasts(member);
    // SAFETY: the member lives for ever, and the runner as long as the thread.
    unsafe { census::enter(member, run) };
    let mut result = crate::EXIT_PANIC;
    interrupt::begin(run);
    // SAFETY: by contract; the context is this thread's own.
    let status = unsafe { main(run.context(), null_mut(), ENTER, &raw mut result) };
    let signal = interrupt::end(run);
    if status != DONE {
        drop(panic::take(run));
        result = signal.map_or(crate::EXIT_PANIC, |signal| 128 + signal);
    }
    stdio::flush();
    if status == DONE {
        task::tell_leaks();
    }
    task::shut_down();
    stdio::flush();
    census::leave(false);
    trace::finish();
    result
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
