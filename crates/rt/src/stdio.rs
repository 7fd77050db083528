//! Standard output, with a buffer, and the other two streams, without surprises.
//!
//! stdout is written line by line on a terminal, else in blocks; it is flushed at exit, before a panic's
//! message, before a child process starts, before stdin is read, and before a thread blocks (unless stdout is a file that
//! nobody watches). A closed pipe ends the program as the signal for it does; any other failure ends it with a message.

use crate::os::{self, errno};
use crate::sync::global::{AtomicBool, Mutex, Ordering, PoisonError};

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
    File,
    /// A pipe, a socket: somebody may be reading along.
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
            Kind::File => {}
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

/// Writes to stderr; failures are nobody's to report.
pub(crate) fn write_stderr(text: &[u8]) {
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
    if is_terminal(libc::STDOUT_FILENO) {
        return Kind::Terminal;
    }
    // SAFETY: an all-zero stat is a valid value to be overwritten.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is valid to write to.
    let ok = unsafe { libc::fstat(libc::STDOUT_FILENO, &raw mut stat) } == 0;
    let is_file = ok && stat.st_mode & libc::S_IFMT == libc::S_IFREG;
    if is_file { Kind::File } else { Kind::Stream }
}

// ---- stdin ----

struct Input {
    buffer: Vec<u8>,
    at: usize,
}

static INPUT_BUFFER: Mutex<Input> = Mutex::new(Input { buffer: Vec::new(), at: 0 });

impl Input {
    /// What is buffered, after reading some if nothing is. Empty at the end.
    fn fill(&mut self) -> Result<&[u8], i32> {
        if self.at == self.buffer.len() {
            flush();
            self.buffer.resize(INPUT, 0);
            self.at = 0;
            let n = read_some(libc::STDIN_FILENO, &mut self.buffer);
            self.buffer.truncate(n.unwrap_or(0));
            n?;
        }
        Ok(&self.buffer[self.at..])
    }
}

/// Hands one line with its newline to `sink`, in pieces. Gives the bytes read.
pub(crate) fn read_line(sink: &mut dyn FnMut(&[u8])) -> Result<usize, i32> {
    let mut input = INPUT_BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut total = 0;
    loop {
        let ready = input.fill()?;
        let newline = ready.iter().position(|b| *b == b'\n');
        let n = newline.map_or(ready.len(), |at| at + 1);
        sink(&ready[..n]);
        input.at += n;
        total += n;
        if newline.is_some() || n == 0 {
            return Ok(total);
        }
    }
}

/// Reads what there is, up to the buffer's length. 0 at the end.
pub(crate) fn read_stdin(buffer: &mut [u8]) -> Result<usize, i32> {
    let mut input = INPUT_BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = input.fill()?;
    let n = ready.len().min(buffer.len());
    buffer[..n].copy_from_slice(&ready[..n]);
    input.at += n;
    Ok(n)
}
