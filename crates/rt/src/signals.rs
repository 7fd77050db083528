//! Signals: a stack overflow is a message, a closed pipe is an error number (which `stdio` acts on), SIGQUIT asks who does
//! what.
//!
//! Everything in the handler is safe to do in a signal handler: no allocation, no waiting.

use std::cell::{Cell, RefCell};
use std::fmt::Write;

use crate::chain::Direct;
use crate::sync::global::OnceLock;
use crate::{census, current, os, stdio};

/// Room for the handler, and for whatever a host program's own handler needs.
const ALT_STACK: usize = 64 * 1024;
/// How far from the stack pointer a fault is still taken for the stack's: a frame is probed page by page.
const NEAR: usize = 128 * 1024;

thread_local! {
    /// The lowest usable address of this thread's stack; 0 if unknown.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
    /// What `enter_again` keeps.
    static KEPT: RefCell<Option<AltStack>> = const { RefCell::new(None) };
}

/// Installs the handlers, once.
pub(crate) fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // SAFETY: a valid action with a handler of the right signature; ignoring SIGPIPE is always allowed.
        unsafe {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(libc::SIGSEGV, &raw const action, std::ptr::null_mut());
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
            // Whoever ends a wait waits while it is looked at.
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGALRM] {
                libc::sigaddset(&raw mut action.sa_mask, signal);
            }
            action.sa_sigaction = on_quit as *const () as usize;
            action.sa_flags |= libc::SA_RESTART;
            libc::sigaction(libc::SIGQUIT, &raw const action, std::ptr::null_mut());
        }
    });
}

/// A thread's stack for signal handlers; given back when it ends.
pub(crate) struct AltStack(*mut libc::c_void);

/// Prepares the current thread for the fault handler.
pub(crate) fn enter_thread() -> AltStack {
    // Finding out reads a file; it stays the same.
    if STACK_END.get() == 0 {
        STACK_END.set(stack_end());
    }
    // SAFETY: a fresh private mapping.
    unsafe {
        let memory = libc::mmap(
            std::ptr::null_mut(),
            ALT_STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            return AltStack(std::ptr::null_mut());
        }
        let stack = AltStack(memory);
        stack.set();
        stack
    }
}

/// The same, for a thread that does so again and again: what it needs is kept until the thread ends.
pub(crate) fn enter_again() {
    KEPT.with_borrow_mut(|kept| match kept {
        // Somebody else may have set one meanwhile, or none.
        Some(stack) => stack.set(),
        None => *kept = Some(enter_thread()),
    });
}

impl AltStack {
    /// Makes it the current thread's.
    fn set(&self) {
        if !self.0.is_null() {
            let stack = libc::stack_t { ss_sp: self.0, ss_flags: 0, ss_size: ALT_STACK };
            // SAFETY: the stack_t describes a mapping that is there until it is dropped.
            unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
        }
    }
}

impl Drop for AltStack {
    fn drop(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: disables this thread's alternative stack before its memory goes.
        unsafe {
            let off = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
            libc::sigaltstack(&raw const off, std::ptr::null_mut());
            libc::munmap(self.0, ALT_STACK);
        }
    }
}

fn stack_end() -> usize {
    // SAFETY: an all-zero attribute is overwritten before it is read.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attr) != 0 {
            return 0;
        }
        let (mut low, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&raw const attr, &raw mut low, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attr);
        low.addr()
    }
}

/// Says what every thread and task does; the program goes on. It is looked at from here, whatever the thread was doing: nothing
/// is allocated or waited for, and what is just being changed is passed over.
unsafe extern "C" fn on_quit(_signal: libc::c_int, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    let errno = os::errno();
    let file = answer_file();
    let mut out = Direct::new(file.unwrap_or(libc::STDERR_FILENO));
    if file.is_none() {
        let _ = out.write_str("threads and tasks of this program:\n");
    }
    census::describe_all(&mut out);
    if let Some(file) = file {
        let _ = out.write_str(".\n");
        out.flush();
        // SAFETY: it is ours.
        unsafe { libc::close(file) };
    }
    drop(out);
    os::set_errno(errno);
}

/// Where `altru ps` wants the answer: a file of the same user's.
fn answer_file() -> Option<i32> {
    let mut path = Path { bytes: [0; 64], len: 0 };
    // SAFETY: always allowed.
    let (user, process) = unsafe { (libc::geteuid(), libc::getpid()) };
    write!(path, "/tmp/altru-{user}/{process}").ok()?;
    // SAFETY: the path ends with a zero; the descriptor is ours, and a zeroed stat is valid to be overwritten.
    unsafe {
        let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
        let file = libc::open(path.bytes.as_ptr().cast(), flags);
        if file < 0 {
            return None;
        }
        let mut stat: libc::stat = std::mem::zeroed();
        let found = libc::fstat(file, &raw mut stat) == 0;
        if found && stat.st_uid == user && stat.st_mode & libc::S_IFMT == libc::S_IFREG {
            return Some(file);
        }
        libc::close(file);
        None
    }
}

/// A path made without a heap. Its last byte stays zero.
struct Path {
    bytes: [u8; 64],
    len: usize,
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        if end >= self.bytes.len() {
            return Err(std::fmt::Error);
        }
        self.bytes[self.len..end].copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

unsafe extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel hands valid pointers to a handler with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() }.addr();
    let end = STACK_END.get();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above; what is changed is where the thread goes on.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let code = registers[libc::REG_RIP as usize] as usize;
        if let Some((code, stack)) = crate::explore::after_fault(address, code) {
            registers[libc::REG_RIP as usize] = code as i64;
            registers[libc::REG_RSP as usize] = stack as i64;
            return;
        }
    }
    let near = |place: usize| place != 0 && address.abs_diff(place) < NEAR;
    // SAFETY: as above.
    if near(end) || near(unsafe { stack_pointer(context) }) {
        stdio::flush_quietly();
        let mut out = Direct::stderr();
        let _ = write!(out, "panic: stack overflow\n  in {} ", current::kind());
        // SAFETY: the task that this thread drives is alive.
        match unsafe { current::task().as_ref() } {
            Some(task) => {
                task.write_name(&mut out);
                let _ = out.write_str("\n");
                task.write_origin(&mut out);
            }
            None => {
                let _ = writeln!(out, "{}", census::current_name());
            }
        }
        out.flush();
        crate::exit_now(crate::EXIT_PANIC);
    }
    // A true fault: back to the default, which happens when the instruction runs again.
    // SAFETY: resetting a signal's action is always allowed.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// # Safety
/// `context` is what the kernel gave to the handler.
unsafe fn stack_pointer(context: *mut libc::c_void) -> usize {
    let context = context.cast::<libc::ucontext_t>();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: by contract.
    return unsafe { (*context).uc_mcontext.gregs[libc::REG_RSP as usize] } as usize;
    #[cfg(target_arch = "aarch64")]
    // SAFETY: by contract.
    return unsafe { (*context).uc_mcontext.sp } as usize;
}
