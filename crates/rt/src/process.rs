//! Child processes.

use std::os::fd::IntoRawFd;
use std::process::{Command, Stdio};

use abi::{RawChild, RawCommand, RawSlice, RawString};

use crate::clock;
use crate::env::os_str;
use crate::fs::{altru_fs_close as close, read_more};
use crate::os;
use crate::stdio::{self, write_all};
use crate::text::{Out, bytes};

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
pub unsafe extern "C" fn altru_process_spawn(
    command: *const RawCommand,
    child: *mut RawChild,
) -> i32 {
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

pub(crate) fn wait(pid: i32, timeout: i64) -> i64 {
    stdio::flush_for_reader();
    if timeout >= 0 && !ends_within(pid, timeout) {
        return -i64::from(libc::ETIMEDOUT);
    }
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

/// Waits for a child's end without taking its status.
fn ends_within(pid: i32, timeout: i64) -> bool {
    let deadline = clock::deadline(timeout);
    // SAFETY: any number may be asked for.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as i32;
    if fd < 0 {
        // No such child: `waitpid` will say so.
        return true;
    }
    let ended = loop {
        let left = (deadline - clock::monotonic()).max(0);
        let millis = i32::try_from(left.div_euclid(1_000_000) + 1).unwrap_or(i32::MAX);
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        let n = unsafe { libc::poll(&raw mut poll, 1, if left == 0 { 0 } else { millis }) };
        if n > 0 {
            break true;
        }
        if left == 0 {
            break false;
        }
    };
    close(fd);
    ended
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_process_kill(pid: i32, signal: i32) -> i32 {
    // SAFETY: any arguments are allowed.
    if unsafe { libc::kill(pid, signal) } == 0 { 0 } else { -os::errno() }
}

/// # Safety
/// `input` is `input_len` bytes; `out` and `err` lead to strings of the program if their descriptor is not -1.
pub(crate) unsafe fn communicate(
    stdin_fd: i32,
    input: *const u8,
    input_len: usize,
    stdout_fd: i32,
    out: *mut RawString,
    stderr_fd: i32,
    err: *mut RawString,
) -> i32 {
    // SAFETY: by contract.
    let input = unsafe { bytes(input, input_len) };
    // The writer gets a thread of its own; the readers share this one.
    std::thread::scope(|scope| {
        if stdin_fd >= 0 {
            scope.spawn(move || {
                // A child that does not read to the end is its own business.
                let _ = write_all(stdin_fd, input);
                close(stdin_fd);
            });
        }
        // SAFETY: by contract.
        let mut sinks = unsafe {
            [
                (stdout_fd, (stdout_fd >= 0).then(|| Out::new(out))),
                (stderr_fd, (stderr_fd >= 0).then(|| Out::new(err))),
            ]
        };
        collect(&mut sinks)
    })
}

/// Reads every descriptor to its end, whichever has something, and closes it.
fn collect(sinks: &mut [(i32, Option<Out<'_>>)]) -> i32 {
    let mut result = 0;
    while sinks.iter().any(|(_, sink)| sink.is_some()) {
        let mut polls: Vec<libc::pollfd> = sinks
            .iter()
            .map(|(fd, sink)| libc::pollfd {
                fd: if sink.is_some() { *fd } else { -1 },
                events: libc::POLLIN,
                revents: 0,
            })
            .collect();
        // SAFETY: the list is valid for its length.
        unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, -1) };
        for ((fd, sink), poll) in sinks.iter_mut().zip(&polls) {
            if poll.revents == 0 {
                continue;
            }
            let Some(out) = sink else { continue };
            if out.spare().len() < 1024 {
                out.reserve(64 * 1024);
            }
            match read_more(*fd, out) {
                Ok(0) => {}
                Ok(_) => continue,
                Err(code) => result = -code,
            }
            close(*fd);
            *sink = None;
        }
    }
    result
}
