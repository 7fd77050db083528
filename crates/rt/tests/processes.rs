//! What a whole process does: panics, exits, overflows, closed pipes, deadlocks.
//!
//! Each test runs this executable again as a child, which does what the name in its environment says.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use abi::waiting::{Context, DONE, Frame, LEAF_FRAME, SUSPENDED, Site, TaskEntry, UNWINDING};
use abi::{Location, RawPanic, RawString};

const ACT: &str = "ALTRU_RT_TEST_ACT";

/// The runtime's functions as generated code declares them.
mod c {
    use abi::waiting::{Context, Frame, TaskEntry};
    use abi::{Location, RawPanic, RawString};

    pub type Entry = unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut u8) -> i32;

    unsafe extern "C-unwind" {
        pub fn altru_panic(message: *const u8, len: usize, location: *const Location) -> !;
        pub fn altru_panic_bounds(index: i64, len: i64, location: *const Location) -> !;
    }
    unsafe extern "C" {
        pub fn altru_rt_main(
            main: unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut i32) -> i32,
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
            entry: Entry,
            env: *mut u8,
            env_size: usize,
            env_align: usize,
        ) -> *mut u8;
        pub fn altru_thread_join(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            thread: *mut u8,
            panic: *mut RawPanic,
            timeout: i64,
        ) -> i32;
        pub fn altru_thread_release(thread: *mut u8);
        pub fn altru_mutex_lock(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            mutex: *mut u32,
            timeout: i64,
        ) -> i32;
        pub fn altru_channel_new(capacity: i64, size: usize, align: usize) -> *mut u8;
        pub fn altru_channel_recv(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            channel: *mut u8,
            value: *mut u8,
            timeout: i64,
        ) -> i32;
        pub fn altru_channel_send(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            channel: *mut u8,
            value: *mut u8,
            timeout: i64,
        ) -> i32;
        pub fn altru_thread_sleep(cx: *mut Context, parent: *mut Frame, duration: i64) -> i32;
        pub fn altru_task_new(entry: *const TaskEntry) -> *mut u8;
        pub fn altru_task_env(task: *mut u8) -> *mut u8;
        pub fn altru_task_start(task: *mut u8, scope: *mut u8);
        pub fn altru_task_release(task: *mut u8);
        pub fn altru_task_shield(by: i32);
        pub fn altru_task_yield(cx: *mut Context, parent: *mut Frame) -> i32;
    }
}

// Links the runtime into this test.
use rt as _;

struct SyncLocation(Location);
// SAFETY: it leads to static text.
unsafe impl Sync for SyncLocation {}

static PLACE: SyncLocation =
    SyncLocation(Location { file_ptr: b"demo.altru".as_ptr(), file_len: 10, line: 3, col: 7 });

fn print(text: &str) {
    // SAFETY: valid text.
    unsafe { c::altru_io_print(text.as_ptr(), text.len()) }
}

fn panic(message: &str) -> ! {
    // SAFETY: valid text and place.
    unsafe { c::altru_panic(message.as_ptr(), message.len(), &raw const PLACE.0) }
}

fn spawn(name: &str, entry: c::Entry, env: *mut u8) -> *mut u8 {
    // SAFETY: the tests give entries that fit their environment; nothing to free.
    unsafe { c::altru_thread_spawn(name.as_ptr(), name.len(), entry, env, 0, 1) }
}

fn text(raw: &RawString) -> String {
    // SAFETY: a string of the runtime's.
    let bytes = unsafe { std::slice::from_raw_parts(raw.ptr, raw.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn empty_panic() -> RawPanic {
    RawPanic { message: RawString::EMPTY, file: RawString::EMPTY, thread: RawString::EMPTY, line: 0, col: 0 }
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

/// Runs code that may panic natively as waiting code: the panic becomes a status. (Generated code has a landing pad
/// that calls `altru_panic_caught`; the runtime knows its own payload by address, so leaving it where it is does the same.)
fn as_waiting(body: impl FnOnce()) -> i32 {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(()) => DONE,
        Err(payload) => {
            std::mem::forget(payload);
            UNWINDING
        }
    }
}

/// The child's `main`.
unsafe extern "C" fn main_of_child(cx: *mut Context, _: *mut Frame, _: i32, result: *mut i32) -> i32 {
    // SAFETY: room for `main`'s value.
    as_waiting(|| unsafe { result.write(act(cx)) })
}

/// A task that does as `WHAT` says.
unsafe extern "C" fn start<const WHAT: u8>(
    cx: *mut Context,
    parent: *mut Frame,
    _: i32,
    env: *mut u8,
    _: *mut u8,
) -> i32 {
    // SAFETY: a frame that this function takes and gives back as generated code does; the environment is a channel.
    unsafe {
        let frame = (*cx).top.cast::<TaskFrame>();
        (*cx).top = (*cx).top.add(size_of::<TaskFrame>());
        let place = Location { ..PLACE.0 };
        let site = Site {
            resume: resume::<WHAT>,
            name_ptr: b"work".as_ptr(),
            name_len: 4,
            location: Box::leak(Box::new(place)),
            outer: std::ptr::null(),
            index: 1,
        };
        let site = Box::leak(Box::new(site));
        frame.write(TaskFrame { frame: Frame { parent, site }, value: 0, outcome: 0 });
        let status = match WHAT {
            YIELDS => {
                c::altru_task_shield(1);
                STUBBORN_BEGAN.store(true, Ordering::Release);
                c::altru_task_yield(cx, frame.cast())
            }
            _ => {
                let channel = env.cast::<*mut u8>().read();
                let (value, out) = ((&raw mut (*frame).value).cast(), &raw mut (*frame).outcome);
                c::altru_channel_recv(cx, frame.cast(), out, channel, value, -1)
            }
        };
        if status == SUSPENDED { SUSPENDED } else { resume::<WHAT>(cx, frame.cast(), status) }
    }
}

#[repr(C, align(16))]
struct TaskFrame {
    frame: Frame,
    value: u64,
    outcome: i32,
}

/// The task that yields for ever has shielded itself.
static STUBBORN_BEGAN: AtomicBool = AtomicBool::new(false);

const RECEIVES: u8 = 0;
/// For ever, and shielded from cancellation.
const YIELDS: u8 = 1;

/// After the wait: both `how`s and both statuses have the same numbers where it matters.
unsafe extern "C" fn resume<const WHAT: u8>(cx: *mut Context, frame: *mut Frame, how: i32) -> i32 {
    // SAFETY: our own frame, the innermost.
    unsafe {
        if WHAT == YIELDS {
            loop {
                if c::altru_task_yield(cx, frame) == SUSPENDED {
                    return SUSPENDED;
                }
            }
        }
        (*cx).top = frame.cast();
        if how == UNWINDING {
            print("the task unwinds\n");
            return UNWINDING;
        }
    }
    DONE
}

static RECEIVER: TaskEntry = entry(start::<RECEIVES>, "receiver");
static YIELDER: TaskEntry = entry(start::<YIELDS>, "stubborn");

const fn entry(
    start: unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut u8, *mut u8) -> i32,
    name: &'static str,
) -> TaskEntry {
    TaskEntry {
        start,
        drop_env: None,
        drop_out: None,
        env_size: 8,
        env_align: 8,
        out_size: 0,
        out_align: 1,
        arena: size_of::<TaskFrame>() + LEAF_FRAME,
        name_ptr: name.as_ptr(),
        name_len: name.len(),
        location: &PLACE.0,
    }
}

/// Starts a detached task.
fn go(entry: &'static TaskEntry, channel: *mut u8) {
    // SAFETY: both entries are given a channel.
    unsafe {
        let task = c::altru_task_new(entry);
        c::altru_task_env(task).cast::<*mut u8>().write(channel);
        c::altru_task_start(task, null_mut());
        c::altru_task_release(task);
    }
}

/// What the child does; the value is `main`'s.
unsafe fn act(cx: *mut Context) -> i32 {
    let mut out = -1;
    let (top, out) = (null_mut(), &raw mut out);
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
        "thread panics" => {
            unsafe extern "C" fn entry(cx: *mut Context, _: *mut Frame, _: i32, _: *mut u8) -> i32 {
                let _ = cx;
                as_waiting(|| {
                    let _guard = Guard("in thread");
                    panic("from a thread")
                })
            }
            let thread = spawn("worker", entry, null_mut());
            let mut caught = empty_panic();
            // SAFETY: a live handle and room for a panic.
            unsafe {
                c::altru_thread_join(cx, top, out, thread, &raw mut caught, -1);
                assert_eq!(*out, 1);
                c::altru_thread_release(thread);
            }
            print(&format!("caught {} of {}\n", text(&caught.message), text(&caught.thread)));
            0
        }
        "overflows" => recurse(0),
        "thread overflows" => {
            unsafe extern "C" fn entry(cx: *mut Context, _: *mut Frame, _: i32, _: *mut u8) -> i32 {
                let _ = cx;
                recurse(0);
                DONE
            }
            let thread = spawn("deep", entry, null_mut());
            let mut caught = empty_panic();
            // SAFETY: a live handle and room for a panic.
            unsafe { c::altru_thread_join(cx, top, out, thread, &raw mut caught, -1) }
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
                unsafe extern "C" fn entry(cx: *mut Context, _: *mut Frame, _: i32, word: *mut u8) -> i32 {
                    let _ = cx;
                    // SAFETY: `main` waits for this thread.
                    unsafe { c::altru_mutex_lock(cx, null_mut(), &mut 0, word.cast(), -1) }
                }
                let word = Box::leak(Box::new(1u32));
                spawn("locker", entry, std::ptr::from_mut(word).cast());
                let channel = c::altru_channel_new(-1, 8, 8);
                let place = (&raw mut *Box::leak(Box::new(0u64))).cast();
                c::altru_channel_recv(cx, top, out, channel, place, -1)
            }
        }
        "nearly deadlocks" => {
            // The other thread only sleeps: it will send.
            unsafe extern "C" fn entry(cx: *mut Context, _: *mut Frame, _: i32, channel: *mut u8) -> i32 {
                let _ = cx;
                let mut value = 9u64;
                // SAFETY: `main` waits for the value.
                unsafe {
                    c::altru_thread_sleep(cx, null_mut(), 20_000_000);
                    let value = (&raw mut value).cast();
                    c::altru_channel_send(cx, null_mut(), &mut 0, channel, value, -1)
                }
            }
            let mut value = 0u64;
            // SAFETY: a new channel, which is never freed.
            unsafe {
                let channel = c::altru_channel_new(0, 8, 8);
                spawn("", entry, channel);
                c::altru_channel_recv(cx, top, out, channel, (&raw mut value).cast(), -1);
            }
            value as i32
        }
        "prints while it waits" => {
            print("seen");
            // SAFETY: always allowed.
            unsafe { c::altru_thread_sleep(cx, top, 60_000_000_000) };
            0
        }
        "deadlocks with tasks" => {
            // SAFETY: a new channel, which is never freed.
            unsafe {
                let channel = c::altru_channel_new(-1, 8, 8);
                go(&RECEIVER, channel);
                go(&RECEIVER, channel);
                let place = (&raw mut *Box::leak(Box::new(0u64))).cast();
                c::altru_channel_recv(cx, top, out, channel, place, -1)
            }
        }
        "leaves tasks" => {
            // SAFETY: a new channel, which is never freed.
            go(&RECEIVER, unsafe { c::altru_channel_new(-1, 8, 8) });
            3
        }
        "leaves a stubborn task" => {
            go(&YIELDER, null_mut());
            while !STUBBORN_BEGAN.load(Ordering::Acquire) {
                // SAFETY: always allowed.
                unsafe { c::altru_thread_sleep(cx, top, 1_000_000) };
            }
            4
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
        .args(["child_process", "--exact", "--nocapture", "--include-ignored"])
        .env(ACT, act)
        .stdin(Stdio::null());
    command
}

fn run(act: &str) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = child(act).output().expect("the child starts");
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
    // SAFETY: `main_of_child` fits, and there are no arguments.
    let code = unsafe { c::altru_rt_main(main_of_child, 0, std::ptr::null()) };
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
    assert!(err.starts_with("panic: index 5 is out of bounds: the length is 3\n"), "{err}");
}

#[test]
fn a_thread_panic_is_reported_and_joined() {
    let (code, out, err) = run("thread panics");
    assert_eq!(code, Some(0));
    assert_eq!(out, "drop in thread 1 [from a thread]\ncaught from a thread of worker\n");
    assert_eq!(err, "panic: from a thread\n  at demo.altru:3:7 in thread worker\n");
}

#[test]
fn stack_overflow_is_a_message() {
    for (act, thread) in [("overflows", "main"), ("thread overflows", "deep")] {
        let (code, _, err) = run(act);
        assert_eq!(code, Some(101), "{err}");
        assert_eq!(err, format!("panic: stack overflow\n  in thread {thread}\n"));
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
    assert_eq!(err, "cannot write to standard output: no space left on device\n");
}

#[test]
fn a_deadlock_is_told() {
    let (code, _, err) = run("deadlocks");
    assert_eq!(code, Some(101));
    assert!(err.starts_with("deadlock: every thread is waiting"), "{err}");
    assert!(err.contains("thread main waits for a message on a channel"), "{err}");
    assert!(err.contains("thread locker waits for a mutex"), "{err}");
}

#[test]
fn a_sleeping_thread_is_no_deadlock() {
    assert_eq!(run("nearly deadlocks").0, Some(9));
}

#[test]
fn output_is_seen_before_a_wait() {
    let mut child = child("prints while it waits").stdout(Stdio::piped()).spawn().expect("the child starts");
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
    // Those of `web` are in a library of its own.
    for f in abi::FUNCTIONS.iter().filter(|f| !f.name.starts_with("altru_http_")) {
        assert!(symbols.iter().any(|(name, at)| *name == f.name && !at.is_null()), "{}", f.name);
    }
    for name in ["rust_eh_personality", "_Unwind_Resume", "memcpy", "fmod"] {
        assert!(symbols.iter().any(|(n, _)| *n == name), "{name}");
    }
    std::io::stderr().flush().expect("stderr");
}

#[test]
fn a_deadlock_of_tasks_names_them_and_where_they_wait() {
    let (code, _, err) = run("deadlocks with tasks");
    assert_eq!(code, Some(101), "{err}");
    let first = "deadlock: every thread and task is waiting, and nobody is left to wake one of them\n";
    assert!(err.starts_with(first), "{err}");
    assert!(err.contains("  thread main waits for a message on a channel\n"), "{err}");
    assert_eq!(err.matches("  task receiver (").count(), 2, "{err}");
    let task = " s old) waits for a message on a channel\n    in work at demo.altru:3:7\n";
    assert_eq!(err.matches(task).count(), 2, "{err}");
}

#[test]
fn tasks_unwind_when_main_ends() {
    let (code, out, err) = run("leaves tasks");
    assert_eq!((code, err.as_str()), (Some(3), ""));
    // It may not have begun; then it never does.
    assert!(out.is_empty() || out == "the task unwinds\n", "{out}");
}

#[test]
fn a_task_that_does_not_stop_is_abandoned_and_named() {
    let (code, _, err) = run("leaves a stubborn task");
    assert_eq!(code, Some(4));
    let mut lines = err.lines();
    assert_eq!(lines.next(), Some("the program ended while a task would not stop: stubborn"));
    assert!(lines.next().is_some_and(|line| line.starts_with("  task stubborn (")), "{err}");
    assert_eq!(lines.next(), Some("    started at demo.altru:3:7"));
}
