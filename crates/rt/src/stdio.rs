//! Standard output, with a buffer, and the other two streams, without surprises.
//!
//! stdout is written line by line on a terminal, else in blocks; it is flushed at exit, before a panic's
//! message, before a child process starts, before stdin is read, and before a thread or a worker sleeps. A closed pipe ends the
//! program as the signal for it does; any other failure ends it with a message.

use crate::os::{self, errno};
use crate::sync::global::{AtomicBool, AtomicU64, Mutex, Ordering, PoisonError};

const BLOCK: usize = 8 * 1024;
const INPUT: usize = 64 * 1024;

struct Output {
    buffer: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not looked at yet.
    Unknown,
    Terminal,
    /// A pipe, a socket, a file: somebody may be reading along.
    Stream,
}

static OUTPUT: Mutex<Output> = Mutex::new(Output { buffer: Vec::new(), kind: Kind::Unknown });
/// Something is in the buffer that a reader may be waiting for.
static UNSEEN: AtomicBool = AtomicBool::new(false);

impl Output {
    fn print(&mut self, text: &[u8]) {
        if self.kind == Kind::Unknown {
            self.kind = kind_of_stdout();
            self.buffer.reserve_exact(BLOCK);
        }
        if self.buffer.len() + text.len() > BLOCK {
            self.flush();
        }
        if text.len() >= BLOCK {
            write_stdout(text);
            return;
        }
        self.buffer.extend_from_slice(text);
        match self.kind {
            Kind::Terminal if text.contains(&b'\n') => self.flush(),
            _ => UNSEEN.store(true, Ordering::Relaxed),
        }
    }

    fn flush(&mut self) {
        UNSEEN.store(false, Ordering::Relaxed);
        if !self.buffer.is_empty() {
            write_stdout(&self.buffer);
            self.buffer.clear();
        }
    }
}

pub(crate) fn print(text: &[u8]) {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner).print(text);
}

pub(crate) fn flush() {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner).flush();
}

/// Flushes if somebody may be reading along.
pub(crate) fn flush_for_reader() {
    if UNSEEN.load(Ordering::Relaxed) {
        flush();
    }
}

/// Flushes if nobody is printing right now: for reports that must not wait, and for signal handlers.
pub(crate) fn flush_quietly() {
    if let Ok(mut output) = OUTPUT.try_lock() {
        UNSEEN.store(false, Ordering::Relaxed);
        let _ = write_all(libc::STDOUT_FILENO, &output.buffer);
        output.buffer.clear();
    }
}

/// Counts what is written to stderr.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// How often something was written to stderr.
pub(crate) fn stderr_written() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}

/// Writes to stderr; failures are nobody's to report.
pub(crate) fn write_stderr(text: &[u8]) {
    WRITTEN.fetch_add(1, Ordering::Relaxed);
    if write_all(libc::STDERR_FILENO, text) == Err(libc::EPIPE) {
        end_by_closed_pipe();
    }
}

fn write_stdout(text: &[u8]) {
    match write_all(libc::STDOUT_FILENO, text) {
        Ok(()) => {}
        Err(libc::EPIPE) => end_by_closed_pipe(),
        Err(code) => {
            let message = format!("cannot write to standard output: {}\n", os::message(code));
            write_stderr(message.as_bytes());
            crate::exit_now(1);
        }
    }
}

/// Writes everything, or gives the error number.
pub(crate) fn write_all(fd: i32, mut bytes: &[u8]) -> Result<(), i32> {
    while !bytes.is_empty() {
        // SAFETY: the buffer is valid for its length.
        let n = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match n {
            0.. => bytes = &bytes[n as usize..],
            _ => match errno() {
                libc::EINTR => {}
                libc::EAGAIN => wait_for(fd, libc::POLLOUT),
                code => return Err(code),
            },
        }
    }
    Ok(())
}

/// Reads once. 0 at the end.
pub(crate) fn read_some(fd: i32, buffer: &mut [u8]) -> Result<usize, i32> {
    loop {
        // SAFETY: the buffer is valid for its length.
        let n = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if n >= 0 {
            return Ok(n as usize);
        }
        match errno() {
            libc::EINTR => {}
            libc::EAGAIN => wait_for(fd, libc::POLLIN),
            code => return Err(code),
        }
    }
}

/// Somebody made the descriptor non-blocking (it is shared with other processes): wait here instead.
fn wait_for(fd: i32, events: i16) {
    let mut poll = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one valid pollfd.
    unsafe { libc::poll(&raw mut poll, 1, -1) };
}

/// The reader is gone: ends as a program does that never heard of the signal, quietly.
fn end_by_closed_pipe() -> ! {
    // SAFETY: restoring the default action and raising the signal is always allowed.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
        libc::raise(libc::SIGPIPE);
    }
    crate::exit_now(128 + libc::SIGPIPE)
}

pub(crate) fn is_terminal(fd: i32) -> bool {
    // SAFETY: any number may be asked about.
    unsafe { libc::isatty(fd) == 1 }
}

fn kind_of_stdout() -> Kind {
    if is_terminal(libc::STDOUT_FILENO) { Kind::Terminal } else { Kind::Stream }
}

// ---- stdin ----

struct Input {
    buffer: Vec<u8>,
    /// What lies before has been taken.
    at: usize,
    /// There is no newline from `at` to here.
    searched: usize,
    /// The end has been seen, and is still to be told. (A terminal may go on after it.)
    ended: bool,
}

static INPUT_BUFFER: Mutex<Input> =
    Mutex::new(Input { buffer: Vec::new(), at: 0, searched: 0, ended: false });

impl Input {
    /// Reads more, behind what is there. False: that would block.
    fn more(&mut self) -> Result<bool, i32> {
        flush();
        if !is_ready(libc::STDIN_FILENO) {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.searched -= self.at;
        self.at = 0;
        let len = self.buffer.len();
        self.buffer.resize(len + INPUT, 0);
        let n = read_some(libc::STDIN_FILENO, &mut self.buffer[len..]);
        self.buffer.truncate(len + n.unwrap_or(0));
        self.ended = n? == 0;
        Ok(true)
    }

    /// Hands out the next `n` bytes. None at the end, which is told once.
    fn take(&mut self, n: usize, sink: impl FnOnce(&[u8])) -> usize {
        sink(&self.buffer[self.at..self.at + n]);
        self.at += n;
        self.searched = self.searched.max(self.at);
        if n == 0 {
            self.ended = false;
        }
        n
    }

    /// How long the next line is with its newline, if it is there. What remains at the end is one, too.
    fn line(&mut self) -> Option<usize> {
        let newline = self.buffer[self.searched..].iter().position(|b| *b == b'\n');
        match newline {
            Some(at) => Some(self.searched + at + 1 - self.at),
            None => {
                self.searched = self.buffer.len();
                self.ended.then(|| self.buffer.len() - self.at)
            }
        }
    }
}

fn is_ready(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd.
    unsafe { libc::poll(&raw mut poll, 1, 0) != 0 }
}

fn input() -> std::sync::MutexGuard<'static, Input> {
    INPUT_BUFFER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is something to take without reading.
pub(crate) fn has_input() -> bool {
    let input = input();
    input.at < input.buffer.len() || input.ended
}

/// Hands one line with its newline to `sink`. Gives the bytes read, 0 at the end; `None` if that would block: what has come of
/// the line stays.
pub(crate) fn take_line(sink: impl FnOnce(&[u8])) -> Option<Result<usize, i32>> {
    let mut input = input();
    loop {
        if let Some(n) = input.line() {
            return Some(Ok(input.take(n, sink)));
        }
        match input.more() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(code) => return Some(Err(code)),
        }
    }
}

/// Reads what there is, up to the buffer's length. 0 at the end; `None` if that would block.
pub(crate) fn take_some(buffer: &mut [u8]) -> Option<Result<usize, i32>> {
    let mut input = input();
    loop {
        let there = input.buffer.len() - input.at;
        if there > 0 || input.ended {
            let n = there.min(buffer.len());
            return Some(Ok(input.take(n, |bytes| buffer[..n].copy_from_slice(bytes))));
        }
        match input.more() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(code) => return Some(Err(code)),
        }
    }
}

/// A number's digits, for those who must not allocate, or not take the time of formatting.
pub(crate) fn decimal(mut number: u64, room: &mut [u8; 20]) -> &str {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&room[at..]).unwrap_or_default()
}
