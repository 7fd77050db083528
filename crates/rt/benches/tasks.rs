//! What tasks cost: a start and a join, a hop between two tasks, a parked task. Prints a line for each.
//!
//! `cargo bench -p rt --bench tasks`. The waiting code is written by hand, as generated code would be. Not a test: no figure is asserted.

use std::mem::offset_of;
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use abi::waiting::{Context, DONE, Frame, LEAF_FRAME, RESUME, SUSPENDED, Site, TaskEntry, UNWINDING};
use abi::{RawPanic, RawString};

// Links the runtime.
use rt as _;

mod c {
    use abi::RawPanic;
    use abi::waiting::{Context, Frame, TaskEntry};

    unsafe extern "C" {
        pub fn altru_rt_main(
            main: unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut i32) -> i32,
            argc: i32,
            argv: *const *const u8,
        ) -> i32;
        pub fn altru_task_new(entry: *const TaskEntry) -> *mut u8;
        pub fn altru_task_env(task: *mut u8) -> *mut u8;
        pub fn altru_task_start(task: *mut u8, scope: *mut u8);
        pub fn altru_task_release(task: *mut u8);
        pub fn altru_task_join(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            task: *mut u8,
            panic: *mut RawPanic,
            timeout: i64,
        ) -> i32;
        pub fn altru_channel_new(capacity: i64, size: usize, align: usize) -> *mut u8;
        pub fn altru_channel_try_send(channel: *mut u8, value: *mut u64) -> i32;
        pub fn altru_channel_close(channel: *mut u8);
        pub fn altru_channel_send(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            channel: *mut u8,
            value: *mut u64,
            timeout: i64,
        ) -> i32;
        pub fn altru_channel_recv(
            cx: *mut Context,
            parent: *mut Frame,
            out: *mut i32,
            channel: *mut u8,
            value: *mut u64,
            timeout: i64,
        ) -> i32;
        pub fn altru_thread_sleep(cx: *mut Context, parent: *mut Frame, duration: i64) -> i32;
        pub fn altru_frame_grow(cx: *mut Context, size: usize) -> *mut u8;
        pub fn altru_frame_shrink(cx: *mut Context);
    }
}

/// What every task here is given.
#[derive(Clone, Copy)]
#[repr(C)]
struct Env {
    a: *mut u8,
    b: *mut u8,
    n: u64,
}

const fn entry(
    start: unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut u8, *mut u8) -> i32,
    env_size: usize,
    frame: usize,
) -> TaskEntry {
    TaskEntry {
        start,
        drop_env: None,
        drop_out: None,
        env_size,
        env_align: 8,
        out_size: 8,
        out_align: 8,
        arena: frame.next_multiple_of(16) + if frame == 0 { 0 } else { LEAF_FRAME },
        name_ptr: b"bench".as_ptr(),
        name_len: 5,
        location: null(),
    }
}

unsafe fn spawn(entry: &'static TaskEntry, env: Env) -> *mut u8 {
    // SAFETY: the entries take (a prefix of) an `Env`.
    unsafe {
        let task = c::altru_task_new(entry);
        let bytes = (&raw const env).cast::<u8>();
        bytes.copy_to_nonoverlapping(c::altru_task_env(task), entry.env_size);
        c::altru_task_start(task, null_mut());
        task
    }
}

unsafe fn take(cx: *mut Context, size: usize) -> *mut u8 {
    // SAFETY: as generated code takes a frame.
    unsafe {
        let top = (*cx).top;
        if size <= (*cx).limit.addr() - top.addr() {
            (*cx).top = top.add(size);
            top
        } else {
            c::altru_frame_grow(cx, size)
        }
    }
}

unsafe fn give(cx: *mut Context, frame: *mut u8) {
    // SAFETY: as generated code gives a frame back.
    unsafe {
        (*cx).top = frame;
        if (*cx).base == frame {
            c::altru_frame_shrink(cx);
        }
    }
}

/// Ends at once.
unsafe extern "C" fn nothing(_: *mut Context, _: *mut Frame, _: i32, _env: *mut u8, out: *mut u8) -> i32 {
    // SAFETY: room for a number.
    unsafe { out.cast::<u64>().write(1) };
    DONE
}
static NOTHING: TaskEntry = entry(nothing, 8, 0);

/// Receives from `a` and sends to `b`, `n` times (0: for ever).
#[repr(C)]
struct Pass {
    frame: Frame,
    value: u64,
    outcome: i32,
    sending: bool,
    env: Env,
}

static PASS_SITE: Site =
    Site { resume: pass_resume, name_ptr: null(), name_len: 0, location: null(), outer: null(), index: 1 };

unsafe extern "C" fn pass(cx: *mut Context, parent: *mut Frame, _: i32, env: *mut u8, _out: *mut u8) -> i32 {
    // SAFETY: the frame is ours.
    unsafe {
        let frame = take(cx, size_of::<Pass>()).cast::<Pass>();
        let env = env.cast::<Env>().read();
        let head = Frame { parent, site: &PASS_SITE };
        frame.write(Pass { frame: head, value: 0, outcome: 0, sending: false, env });
        pass_go(cx, frame)
    }
}

unsafe fn pass_go(cx: *mut Context, frame: *mut Pass) -> i32 {
    // SAFETY: the frame is the innermost.
    unsafe {
        loop {
            let (value, outcome) = (&raw mut (*frame).value, &raw mut (*frame).outcome);
            let status = if (*frame).sending {
                (*frame).sending = false;
                c::altru_channel_send(cx, frame.cast(), outcome, (*frame).env.b, value, -1)
            } else {
                if (*frame).env.n == 0 {
                    give(cx, frame.cast());
                    return DONE;
                }
                (*frame).env.n -= 1;
                (*frame).sending = true;
                c::altru_channel_recv(cx, frame.cast(), outcome, (*frame).env.a, value, -1)
            };
            if status == SUSPENDED {
                return SUSPENDED;
            }
        }
    }
}

unsafe extern "C" fn pass_resume(cx: *mut Context, frame: *mut Frame, how: i32) -> i32 {
    assert_eq!(how, RESUME);
    // SAFETY: our frame.
    unsafe { pass_go(cx, frame.cast()) }
}
static PASS: TaskEntry = entry(pass, size_of::<Env>(), size_of::<Pass>());

/// Waits once: on channel `a`, or for a time.
#[repr(C)]
struct Park {
    frame: Frame,
    value: u64,
    outcome: i32,
}

static PARK_SITE: Site =
    Site { resume: park_resume, name_ptr: null(), name_len: 0, location: null(), outer: null(), index: 1 };

unsafe extern "C" fn park(cx: *mut Context, parent: *mut Frame, _: i32, env: *mut u8, _out: *mut u8) -> i32 {
    // SAFETY: the frame is ours.
    unsafe {
        let frame = take(cx, size_of::<Park>()).cast::<Park>();
        let channel = env.cast::<*mut u8>().read();
        frame.write(Park { frame: Frame { parent, site: &PARK_SITE }, value: 0, outcome: 0 });
        let (value, outcome) = (&raw mut (*frame).value, &raw mut (*frame).outcome);
        let status = c::altru_channel_recv(cx, frame.cast(), outcome, channel, value, -1);
        if status == DONE { park_resume(cx, frame.cast(), RESUME) } else { status }
    }
}

unsafe extern "C" fn park_resume(cx: *mut Context, frame: *mut Frame, _: i32) -> i32 {
    // SAFETY: our frame.
    unsafe { give(cx, frame.cast()) };
    DONE
}
static PARK: TaskEntry = entry(park, 8, size_of::<Park>());

unsafe extern "C" fn nap(cx: *mut Context, parent: *mut Frame, _: i32, env: *mut u8, _out: *mut u8) -> i32 {
    // SAFETY: the frame is ours.
    unsafe {
        let frame = take(cx, size_of::<Park>()).cast::<Park>();
        frame.write(Park { frame: Frame { parent, site: &PARK_SITE }, value: 0, outcome: 0 });
        let status = c::altru_thread_sleep(cx, frame.cast(), env.cast::<i64>().read());
        if status == DONE { park_resume(cx, frame.cast(), RESUME) } else { status }
    }
}
static NAP: TaskEntry = entry(nap, 8, size_of::<Park>() + 64);

/// Runs one of the above from inside a task: spawns `n` and joins them all.
#[repr(C)]
struct Many {
    frame: Frame,
    tasks: Vec<*mut u8>,
    next: usize,
    outcome: i32,
    panic: RawPanic,
}

static MANY_SITE: Site =
    Site { resume: many_resume, name_ptr: null(), name_len: 0, location: null(), outer: null(), index: 1 };

unsafe extern "C" fn many(cx: *mut Context, parent: *mut Frame, _: i32, env: *mut u8, _out: *mut u8) -> i32 {
    // SAFETY: the frame is ours.
    unsafe {
        let env = env.cast::<Env>().read();
        let frame = take(cx, size_of::<Many>()).cast::<Many>();
        let head = Frame { parent, site: &MANY_SITE };
        let empty = Env { a: null_mut(), b: null_mut(), n: 0 };
        let tasks = (0..env.n).map(|_| spawn(&NOTHING, empty)).collect();
        frame.write(Many { frame: head, tasks, next: 0, outcome: 0, panic: no_panic() });
        many_resume(cx, frame.cast(), RESUME)
    }
}

unsafe extern "C" fn many_resume(cx: *mut Context, frame: *mut Frame, how: i32) -> i32 {
    assert_eq!(how, RESUME);
    let frame = frame.cast::<Many>();
    // SAFETY: our frame.
    unsafe {
        loop {
            if (*frame).next > 0 {
                c::altru_task_release((&(*frame).tasks)[(*frame).next - 1]);
            }
            let tasks = &(*frame).tasks;
            if (*frame).next == tasks.len() {
                break;
            }
            let task = (&(*frame).tasks)[(*frame).next];
            (*frame).next += 1;
            let (outcome, panic) = (&raw mut (*frame).outcome, &raw mut (*frame).panic);
            let status = c::altru_task_join(cx, frame.cast(), outcome, task, panic, -1);
            assert_ne!(status, UNWINDING);
            if status == SUSPENDED {
                return SUSPENDED;
            }
        }
        std::ptr::drop_in_place(&raw mut (*frame).tasks);
        give(cx, frame.cast());
    }
    DONE
}
static MANY: TaskEntry = entry(many, size_of::<Env>(), size_of::<Many>());

fn no_panic() -> RawPanic {
    RawPanic { message: RawString::EMPTY, file: RawString::EMPTY, thread: RawString::EMPTY, line: 0, col: 0 }
}

unsafe fn join(cx: *mut Context, task: *mut u8) {
    let (mut outcome, mut panic) = (0, no_panic());
    // SAFETY: a live handle, given up.
    unsafe {
        c::altru_task_join(cx, null_mut(), &raw mut outcome, task, &raw mut panic, -1);
        c::altru_task_release(task);
    }
}

fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("there is one");
    let pages: usize = text.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
    pages * 4096
}

/// A stretch of time, and of this process's processor time (which other programs disturb less).
struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    fn start() -> Clock {
        Clock { wall: Instant::now(), cpu: Clock::cpu() }
    }

    fn cpu() -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: a valid place.
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    fn report(&self, what: &str, n: u64) {
        let each = |time: Duration| time.as_nanos() as f64 / n as f64;
        let (wall, cpu) = (each(self.wall.elapsed()), each(Clock::cpu() - self.cpu));
        println!("{what:<40} {wall:>9.1} ns {cpu:>9.1} ns cpu");
    }
}

unsafe extern "C" fn run(cx: *mut Context, _: *mut Frame, _: i32, result: *mut i32) -> i32 {
    let none = Env { a: null_mut(), b: null_mut(), n: 0 };
    assert_eq!(offset_of!(Pass, frame), 0);
    // SAFETY: handles, channels and places are used as the list in `abi` says.
    unsafe {
        for _ in 0..3 {
            let n = 1_000_000;
            let start = Clock::start();
            let tasks: Vec<_> = (0..n).map(|_| spawn(&NOTHING, none)).collect();
            for task in tasks {
                join(cx, task);
            }
            start.report("spawn and join, from a thread", n);

            let start = Clock::start();
            join(cx, spawn(&MANY, Env { n, ..none }));
            start.report("spawn and join, from a task", n);

            let n = 2_000_000;
            for capacity in [1, -1] {
                let (a, b) = (c::altru_channel_new(capacity, 8, 8), c::altru_channel_new(capacity, 8, 8));
                c::altru_channel_try_send(a, &mut 0);
                let start = Clock::start();
                let left = spawn(&PASS, Env { a, b, n: n / 2 });
                let right = spawn(&PASS, Env { a: b, b: a, n: n / 2 });
                join(cx, left);
                join(cx, right);
                start.report(&format!("a hop of ping-pong, capacity {capacity}"), n);
            }

            let n = 2_000_000;
            let ring: Vec<_> = (0..1000).map(|_| c::altru_channel_new(1, 8, 8)).collect();
            let start = Clock::start();
            let tasks: Vec<_> = (0..1000)
                .map(|i| spawn(&PASS, Env { a: ring[i], b: ring[(i + 1) % 1000], n: n / 1000 }))
                .collect();
            c::altru_channel_try_send(ring[0], &mut 0);
            for task in tasks {
                join(cx, task);
            }
            start.report("a hop in a ring of 1000", n);

            let n = 1_000_000;
            let gate = c::altru_channel_new(-1, 8, 8);
            let before = resident();
            let start = Clock::start();
            let mut tasks: Vec<_> = Vec::with_capacity(n as usize);
            tasks.extend((0..n).map(|_| spawn(&PARK, Env { a: gate, ..none })));
            start.report("park a task on a channel", n);
            std::thread::sleep(std::time::Duration::from_millis(300));
            let handles = tasks.len() * 8;
            let bytes = (resident() - before).saturating_sub(handles);
            println!("{:<40} {:>9.1} bytes", "a parked task", bytes as f64 / n as f64);
            let start = Clock::start();
            c::altru_channel_close(gate);
            for task in tasks {
                join(cx, task);
            }
            start.report("wake and end it", n);

            let n = 100_000u64;
            let start = Clock::start();
            let tasks: Vec<_> = (0..n)
                .map(|i| {
                    let time = (1 + i % 100) * 1_000_000;
                    spawn(&NAP, Env { a: std::ptr::without_provenance_mut(time as usize), ..none })
                })
                .collect();
            for task in tasks {
                join(cx, task);
            }
            start.report("a sleep of 1 to 100 ms, 100000 at once", n);
        }
        result.write(0);
    }
    DONE
}

fn main() {
    // SAFETY: `run` is a waiting function that runs on a thread.
    let code = unsafe { c::altru_rt_main(run, 0, null()) };
    std::process::exit(code);
}
