//! Child processes.

use std::os::fd::IntoRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use abi::{RawChild, RawCommand, RawSlice, RawString};

use crate::env::os_str;
use crate::os;
use crate::stdio;

#[unsafe(no_mangle)]
pub extern "C" fn altru_process_id() -> i64 {
    std::process::id().into()
}

/// # Safety
/// `slice` borrows a list of strings.
unsafe fn strings<'a>(slice: RawSlice) -> impl Iterator<Item = &'a std::ffi::OsStr> {
    // SAFETY: by contract.
    (0..slice.len).map(move |i| unsafe {
        let string = &*slice.ptr.cast::<RawString>().add(i);
        os_str(string.ptr, string.len)
    })
}

fn stdio_of(kind: i32) -> Stdio {
    match kind {
        k if k == abi::Stdio::Null as i32 => Stdio::null(),
        k if k == abi::Stdio::Pipe as i32 => Stdio::piped(),
        _ => Stdio::inherit(),
    }
}

/// # Safety
/// `command` and `child` lead to what `altru_process_spawn` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_process_spawn(command: *const RawCommand, child: *mut RawChild) -> i32 {
    stdio::flush();
    // SAFETY: by contract.
    let raw = unsafe { &*command };
    // SAFETY: by contract.
    let mut command = unsafe {
        let mut command = Command::new(os_str(raw.program.ptr, raw.program.len));
        command.args(strings(raw.args));
        if raw.clear_env != 0 {
            command.env_clear();
        }
        let mut pairs = strings(raw.env);
        while let (Some(name), Some(value)) = (pairs.next(), pairs.next()) {
            command.env(name, value);
        }
        if raw.cwd.len > 0 {
            command.current_dir(os_str(raw.cwd.ptr, raw.cwd.len));
        }
        command
    };
    if raw.group != 0 {
        command.process_group(0);
    }
    command.stdin(stdio_of(raw.stdin)).stdout(stdio_of(raw.stdout)).stderr(stdio_of(raw.stderr));
    match command.spawn() {
        Ok(mut started) => {
            let started = RawChild {
                pid: started.id().cast_signed(),
                stdin: started.stdin.take().map_or(-1, IntoRawFd::into_raw_fd),
                stdout: started.stdout.take().map_or(-1, IntoRawFd::into_raw_fd),
                stderr: started.stderr.take().map_or(-1, IntoRawFd::into_raw_fd),
            };
            // SAFETY: by contract.
            unsafe { child.write(started) };
            0
        }
        Err(error) => os::negative(&error),
    }
}

/// Takes the status of a child, waiting for its end.
pub(crate) fn wait(pid: i32) -> i64 {
    stdio::flush_for_reader();
    let mut status = 0;
    loop {
        // SAFETY: `status` is valid to write to.
        if unsafe { libc::waitpid(pid, &raw mut status, 0) } >= 0 {
            break;
        }
        match os::errno() {
            libc::EINTR => {}
            code => return -i64::from(code),
        }
    }
    if libc::WIFSIGNALED(status) {
        256 + i64::from(libc::WTERMSIG(status))
    } else {
        libc::WEXITSTATUS(status).into()
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_process_kill(pid: i32, signal: i32) -> i32 {
    // SAFETY: any arguments are allowed.
    if unsafe { libc::kill(pid, signal) } == 0 { 0 } else { -os::errno() }
}
