//! What a whole process does: panics, exits, overflows, closed pipes, deadlocks.
//!
//! Each test runs this executable again as a child, which does what the name in its environment says.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::ptr::null_mut;

use abi::{Location, RawPanic, RawString};

const ACT: &str = "ALTRU_RT_TEST_ACT";

/// The runtime's functions as generated code declares them.
mod c {
    use abi::{Location, RawPanic, RawString};

    unsafe extern "C-unwind" {
        pub fn altru_panic(message: *const u8, len: usize, location: *const Location) -> !;
        pub fn altru_panic_bounds(index: i64, len: i64, location: *const Location) -> !;
    }
    unsafe extern "C" {
        pub fn altru_rt_main(
            main: unsafe extern "C-unwind" fn() -> i32,
            argc: i32,
            argv: *const *const u8,
        ) -> i32;
        pub fn altru_process_exit(code: i32) -> !;
        pub fn altru_io_print(text: *const u8, len: usize);
        pub fn altru_panic_active() -> i32;
        pub fn altru_panic_message(out: *mut RawString);
        pub fn altru_thread_spawn(
            name: *const u8,
            name_len: usize,
            entry: unsafe extern "C-unwind" fn(*mut u8),
            env: *mut u8,
            env_size: usize,
            env_align: usize,
        ) -> *mut u8;
        pub fn altru_thread_join(thread: *mut u8, panic: *mut RawPanic, timeout: i64) -> i32;
        pub fn altru_thread_release(thread: *mut u8);
        pub fn altru_mutex_lock(mutex: *mut u32, timeout: i64) -> i32;
        pub fn altru_channel_new(capacity: i64, size: usize, align: usize) -> *mut u8;
        pub fn altru_channel_recv(channel: *mut u8, out: *mut u8, timeout: i64) -> i32;
        pub fn altru_channel_send(channel: *mut u8, value: *mut u8, timeout: i64) -> i32;
        pub fn altru_thread_sleep(duration: i64);
    }
}

// Links the runtime into this test.
use rt as _;

struct SyncLocation(Location);
// SAFETY: it leads to static text.
unsafe impl Sync for SyncLocation {}

static PLACE: SyncLocation = SyncLocation(Location {
    file_ptr: b"demo.altru".as_ptr(),
    file_len: 10,
    line: 3,
    col: 7,
});

fn print(text: &str) {
    // SAFETY: valid text.
    unsafe { c::altru_io_print(text.as_ptr(), text.len()) }
}

fn panic(message: &str) -> ! {
    // SAFETY: valid text and place.
    unsafe { c::altru_panic(message.as_ptr(), message.len(), &raw const PLACE.0) }
}

fn spawn(name: &str, entry: unsafe extern "C-unwind" fn(*mut u8), env: *mut u8) -> *mut u8 {
    // SAFETY: the tests give entries that fit their environment; nothing to free.
    unsafe { c::altru_thread_spawn(name.as_ptr(), name.len(), entry, env, 0, 1) }
}

fn text(raw: &RawString) -> String {
    // SAFETY: a string of the runtime's.
    let bytes = unsafe { std::slice::from_raw_parts(raw.ptr, raw.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn empty_panic() -> RawPanic {
    RawPanic {
        message: RawString::EMPTY,
        file: RawString::EMPTY,
        thread: RawString::EMPTY,
        line: 0,
        col: 0,
    }
}

/// Something with a destructor that generated code would have on the way.
struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: always allowed.
        let active = unsafe { c::altru_panic_active() };
        let mut message = RawString::EMPTY;
        // SAFETY: a valid string.
        unsafe { c::altru_panic_message(&raw mut message) };
        print(&format!("drop {} {active} [{}]\n", self.0, text(&message)));
    }
}

/// What the child does; the value is `main`'s.
unsafe extern "C-unwind" fn act() -> i32 {
    let act = std::env::var(ACT).expect("the child knows its act");
    match act.as_str() {
        "returns" => {
            print("hello\n");
            7
        }
        "exits" => {
            print("buffered");
            // SAFETY: always allowed.
            unsafe { c::altru_process_exit(5) }
        }
        "panics" => {
            let _guard = Guard("outer");
            print("before\n");
            panic("it broke")
        }
        "bounds" => {
            // SAFETY: a valid place.
            unsafe { c::altru_panic_bounds(5, 3, &raw const PLACE.0) }
        }
        "panics twice" => {
            struct Worse;
            impl Drop for Worse {
                fn drop(&mut self) {
                    panic("second")
                }
            }
            let _worse = Worse;
            panic("first")
        }
        "thread panics" => {
            unsafe extern "C-unwind" fn entry(_: *mut u8) {
                let _guard = Guard("in thread");
                panic("from a thread")
            }
            let thread = spawn("worker", entry, null_mut());
            let mut caught = empty_panic();
            // SAFETY: a live handle and room for a panic.
            unsafe {
                assert_eq!(c::altru_thread_join(thread, &raw mut caught, -1), 1);
                c::altru_thread_release(thread);
            }
            print(&format!(
                "caught {} of {}\n",
                text(&caught.message),
                text(&caught.thread)
            ));
            0
        }
        "overflows" => recurse(0),
        "thread overflows" => {
            unsafe extern "C-unwind" fn entry(_: *mut u8) {
                recurse(0);
            }
            let thread = spawn("deep", entry, null_mut());
            let mut caught = empty_panic();
            // SAFETY: a live handle and room for a panic.
            unsafe { c::altru_thread_join(thread, &raw mut caught, -1) }
        }
        "prints for ever" => loop {
            print("line after line\n");
        },
        "prints to a full disk" => {
            // Here, since the harness around this prints too.
            // SAFETY: opens a device and puts it in the place of stdout.
            unsafe { libc::dup2(libc::open(c"/dev/full".as_ptr(), libc::O_WRONLY), 1) };
            loop {
                print("line after line\n");
            }
        }
        "deadlocks" => {
            // SAFETY: a new channel; a mutex word that lives to the end.
            unsafe {
                unsafe extern "C-unwind" fn entry(word: *mut u8) {
                    // SAFETY: `main` waits for this thread.
                    unsafe { c::altru_mutex_lock(word.cast(), -1) };
                }
                let word = Box::leak(Box::new(1u32));
                spawn("locker", entry, std::ptr::from_mut(word).cast());
                let channel = c::altru_channel_new(-1, 8, 8);
                c::altru_channel_recv(channel, (&raw mut *Box::leak(Box::new(0u64))).cast(), -1)
            }
        }
        "nearly deadlocks" => {
            // The other thread only sleeps: it will send.
            unsafe extern "C-unwind" fn entry(channel: *mut u8) {
                let mut value = 9u64;
                // SAFETY: `main` waits for the value.
                unsafe {
                    c::altru_thread_sleep(20_000_000);
                    c::altru_channel_send(channel, (&raw mut value).cast(), -1);
                }
            }
            let mut value = 0u64;
            // SAFETY: a new channel, which is never freed.
            unsafe {
                let channel = c::altru_channel_new(0, 8, 8);
                spawn("", entry, channel);
                c::altru_channel_recv(channel, (&raw mut value).cast(), -1);
            }
            value as i32
        }
        "prints while it waits" => {
            print("seen");
            // SAFETY: always allowed.
            unsafe { c::altru_thread_sleep(60_000_000_000) };
            0
        }
        other => unreachable!("no act {other}"),
    }
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn recurse(depth: i32) -> i32 {
    let room = std::hint::black_box([depth; 1000]);
    recurse(depth.wrapping_add(1)).wrapping_add(room[depth as usize % 1000])
}

fn child(act: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this executable"));
    command
        .args([
            "child_process",
            "--exact",
            "--nocapture",
            "--include-ignored",
        ])
        .env(ACT, act)
        .stdin(Stdio::null());
    command
}

fn run(act: &str) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = child(act).output().expect("the child starts");
    let clean = |bytes: Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // What the test harness prints around it.
        text.trim_start_matches("\nrunning 1 test\n").to_string()
    };
    (status.code(), clean(stdout), clean(stderr))
}

/// Not a test of its own: the body of the children.
#[test]
fn child_process() {
    if std::env::var(ACT).is_err() {
        return;
    }
    // The harness's thread is no main thread, but the runtime does not mind.
    // SAFETY: `act` fits, and there are no arguments.
    let code = unsafe { c::altru_rt_main(act, 0, std::ptr::null()) };
    std::process::exit(code);
}

#[test]
fn main_returns_a_status_and_flushes() {
    let (code, out, err) = run("returns");
    assert_eq!((code, out.as_str(), err.as_str()), (Some(7), "hello\n", ""));
}

#[test]
fn exit_flushes() {
    let (code, out, _) = run("exits");
    assert_eq!((code, out.as_str()), (Some(5), "buffered"));
}

#[test]
fn a_panic_unwinds_and_is_reported() {
    let (code, out, err) = run("panics");
    assert_eq!(code, Some(101));
    assert_eq!(out, "before\ndrop outer 1 [it broke]\n");
    assert_eq!(err, "panic: it broke\n  at demo.altru:3:7 in thread main\n");
}

#[test]
fn a_bounds_panic_names_index_and_length() {
    let (code, _, err) = run("bounds");
    assert_eq!(code, Some(101));
    assert!(
        err.starts_with("panic: index 5 is out of bounds: the length is 3\n"),
        "{err}"
    );
}

#[test]
fn a_panic_while_unwinding_aborts() {
    let (code, _, err) = run("panics twice");
    assert_eq!(code, None);
    assert!(
        err.contains("panic: first\n") && err.contains("panic: second\n"),
        "{err}"
    );
    assert!(
        err.contains("panicked again while the first panic was unwinding"),
        "{err}"
    );
}

#[test]
fn a_thread_panic_is_reported_and_joined() {
    let (code, out, err) = run("thread panics");
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "drop in thread 1 [from a thread]\ncaught from a thread of worker\n"
    );
    assert_eq!(
        err,
        "panic: from a thread\n  at demo.altru:3:7 in thread worker\n"
    );
}

#[test]
fn stack_overflow_is_a_message() {
    for (act, thread) in [("overflows", "main"), ("thread overflows", "deep")] {
        let (code, _, err) = run(act);
        assert_eq!(code, Some(101), "{err}");
        assert_eq!(
            err,
            format!("panic: stack overflow\n  in thread {thread}\n")
        );
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    use std::os::unix::process::ExitStatusExt;
    let mut child = child("prints for ever")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut first = [0; 100];
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut first).expect("some lines");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.signal(), Some(libc::SIGPIPE));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_full_disk_is_a_message() {
    let (code, _, err) = run("prints to a full disk");
    assert_eq!(code, Some(1));
    assert_eq!(
        err,
        "cannot write to standard output: no space left on device\n"
    );
}

#[test]
fn a_deadlock_is_told() {
    let (code, _, err) = run("deadlocks");
    assert_eq!(code, Some(101));
    assert!(
        err.starts_with("deadlock: every thread is waiting"),
        "{err}"
    );
    assert!(
        err.contains("thread main waits for a message on a channel"),
        "{err}"
    );
    assert!(err.contains("thread locker waits for a mutex"), "{err}");
}

#[test]
fn a_sleeping_thread_is_no_deadlock() {
    assert_eq!(run("nearly deadlocks").0, Some(9));
}

#[test]
fn output_is_seen_before_a_wait() {
    let mut child = child("prints while it waits")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut seen = String::new();
    let mut byte = [0; 1];
    let stdout = child.stdout.as_mut().expect("a pipe");
    while !seen.ends_with("seen") {
        assert_eq!(stdout.read(&mut byte).expect("readable"), 1, "{seen}");
        seen.push(char::from(byte[0]));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

#[test]
fn the_table_of_symbols_is_complete() {
    let symbols = rt::symbols();
    for f in abi::FUNCTIONS {
        assert!(
            symbols
                .iter()
                .any(|(name, at)| *name == f.name && !at.is_null()),
            "{}",
            f.name
        );
    }
    for name in ["rust_eh_personality", "_Unwind_Resume", "memcpy", "fmod"] {
        assert!(symbols.iter().any(|(n, _)| *n == name), "{name}");
    }
    std::io::stderr().flush().expect("stderr");
}
