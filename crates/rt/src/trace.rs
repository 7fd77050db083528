//! The timeline of a run, in the JSON of Chrome's tracing, which Perfetto opens: `ALTRU_TRACE=file`.
//!
//! Each worker is a track with a slice for every turn of a task; a task's waits are slices of its own, named by what it waits for;
//! an arrow leads from whoever started or woke a task to its next turn. Off, it costs a load and a branch at
//! each of these places. On, all write to one file under one lock: it is to show the order of things, not to measure
//! nanoseconds.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use crate::sync::global::{AtomicBool, Mutex, OnceLock, Ordering, PoisonError};
use crate::task::Task;
use crate::{census, clock, current, stdio};

static ON: AtomicBool = AtomicBool::new(false);
static OUT: Mutex<Option<BufWriter<File>>> = Mutex::new(None);
static ASKED: OnceLock<PathBuf> = OnceLock::new();

/// Tracks of threads that are no workers come after those.
const THREADS: u64 = 100_000;

/// For programs that run in this process: where to write, instead of the environment's word.
pub fn trace_to(path: PathBuf) {
    let _ = ASKED.set(path);
}

#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Begins if it is asked for.
pub(crate) fn start() {
    let asked = ASKED.get().cloned().or_else(|| std::env::var_os("ALTRU_TRACE").map(PathBuf::from));
    let Some(path) = asked.filter(|path| !path.as_os_str().is_empty()) else { return };
    match File::create(&path) {
        Ok(file) => {
            let mut out = BufWriter::new(file);
            let _ = out.write_all(
                b"[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"altru\"}}",
            );
            *OUT.lock().unwrap_or_else(PoisonError::into_inner) = Some(out);
            ON.store(true, Ordering::Release);
        }
        Err(error) => {
            let text = format!("cannot write a trace to {}: {error}\n", path.display());
            stdio::write_stderr(text.as_bytes());
        }
    }
}

/// Completes the file. On the way out whatever the state of things, so nothing is waited for.
pub(crate) fn finish() {
    if !ON.swap(false, Ordering::AcqRel) {
        return;
    }
    if let Ok(mut out) = OUT.try_lock()
        && let Some(mut out) = out.take()
    {
        let _ = out.write_all(b"\n]\n").and_then(|()| out.flush());
    }
}

/// One event; `rest` is the end of its object.
fn write(phase: char, at: i64, track: u64, rest: std::fmt::Arguments<'_>) {
    if let Some(out) = OUT.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        let (micros, nanos) = (at / 1000, at % 1000);
        let _ = write!(
            out,
            ",\n{{\"ph\":\"{phase}\",\"pid\":1,\"tid\":{track},\"ts\":{micros}.{nanos:03},{rest}}}"
        );
    }
}

/// A worker has come.
pub(crate) fn worker(index: u32) {
    if is_on() {
        let name = format_args!("\"name\":\"thread_name\",\"args\":{{\"name\":\"worker {index}\"}}");
        write('M', 0, index.into(), name);
    }
}

/// A task has been started or woken: by whoever runs here.
pub(crate) fn wakes(task: *const Task) {
    if is_on() {
        let track = match crate::sched::current_worker() {
            Some(index) => index.into(),
            None => THREADS + census::current().map_or(0, |member| member.id),
        };
        let rest = format_args!("\"cat\":\"wake\",\"name\":\"wake\",\"id\":{}", task.addr());
        // An arrow starts at a slice.
        if current::task().is_null() {
            write('X', clock::monotonic(), track, format_args!("\"dur\":0.1,\"name\":\"wake\""));
        }
        write('s', clock::monotonic(), track, rest);
    }
}

/// A turn of a task, from its beginning on.
pub(crate) struct Turn {
    task: usize,
    name: String,
    since: i64,
    worker: u32,
}

impl Turn {
    /// A task is about to run. `None`: nobody asked.
    #[inline]
    pub(crate) fn begin(task: &Task, worker: u32) -> Option<Turn> {
        is_on().then(|| Turn::begin_now(task, worker))
    }

    #[cold]
    fn begin_now(task: &Task, worker: u32) -> Turn {
        let since = clock::monotonic();
        let id = std::ptr::from_ref(task).addr();
        if !task.is_fresh() {
            let reason = census::describe(task.run.wait.about().0);
            let rest = format_args!("\"cat\":\"wait\",\"name\":\"waits {reason}\",\"id\":{id}");
            write('e', since, worker.into(), rest);
        }
        Turn { task: id, name: escape(&task.name()), since, worker }
    }

    /// It has ended, in a wait for a reason or (0) with the task.
    pub(crate) fn end(self, reason: u8) {
        let now = clock::monotonic();
        let Turn { task, name, since, worker } = self;
        let (track, last) = (worker.into(), now - since);
        let (micros, nanos) = (last / 1000, last % 1000);
        let slice = format_args!("\"cat\":\"task\",\"name\":\"{name}\",\"dur\":{micros}.{nanos:03}");
        write('X', since, track, slice);
        let arrow = format_args!("\"cat\":\"wake\",\"name\":\"wake\",\"bp\":\"e\",\"id\":{task}");
        write('f', since, track, arrow);
        if reason != 0 {
            let reason = census::describe(reason);
            let wait = format_args!("\"cat\":\"wait\",\"name\":\"waits {reason}\",\"id\":{task}");
            write('b', now, track, wait);
        }
    }
}

/// As part of a JSON string.
fn escape(text: &str) -> String {
    let mut result = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => result.extend(['\\', c]),
            c if c < ' ' => result.push(' '),
            c => result.push(c),
        }
    }
    result
}
