//! What the process was started with: arguments, variables, the current folder.
//!
//! Altru's strings are UTF-8: what is not is passed on with U+FFFD in the place of the odd bytes.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;

use abi::RawString;

use crate::os;
use crate::sync::global::{Mutex, PoisonError, RwLock};
use crate::text::{Out, bytes};

static ARGS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Rust's environment functions lock among themselves. The C library's do not: a variable that is changed while it
/// looks one up moves what it reads.
static ENVIRONMENT: RwLock<()> = RwLock::new(());

/// Makes a call of the C library that looks at variables: nobody changes one meanwhile.
pub(crate) fn keeping_variables<R>(call: impl FnOnce() -> R) -> R {
    let _lock = ENVIRONMENT.read().unwrap_or_else(PoisonError::into_inner);
    call()
}

/// # Safety
/// `argv` leads to `argc` C strings.
pub(crate) unsafe fn set_args(argc: i32, argv: *const *const libc::c_char) {
    let args = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: by contract.
        .map(|i| unsafe { CStr::from_ptr(*argv.add(i)) }.to_string_lossy().into_owned())
        .collect();
    *ARGS.lock().unwrap_or_else(PoisonError::into_inner) = args;
}

/// # Safety
/// `ptr` leads to `len` bytes.
pub(crate) unsafe fn os_str<'a>(ptr: *const u8, len: usize) -> &'a OsStr {
    // SAFETY: by contract.
    OsStr::from_bytes(unsafe { bytes(ptr, len) })
}

/// # Safety
/// `out` leads to a string of the program.
unsafe fn give(out: *mut RawString, text: &OsStr) {
    // SAFETY: by contract.
    unsafe { Out::new(out) }.push(text.to_string_lossy().as_bytes());
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_env_arg_count() -> i64 {
    let args = ARGS.lock().unwrap_or_else(PoisonError::into_inner);
    args.len().saturating_sub(1) as i64
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_arg(index: i64, out: *mut RawString) {
    let args = ARGS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(arg) = usize::try_from(index + 1).ok().and_then(|i| args.get(i)) {
        // SAFETY: by contract.
        unsafe { Out::new(out) }.push(arg.as_bytes());
    }
}

/// Whether a name can be a variable's: Rust's functions panic on others.
fn is_name(name: &OsStr) -> bool {
    !name.is_empty() && !name.as_bytes().iter().any(|b| *b == b'=' || *b == 0)
}

/// # Safety
/// `name` is text of `len` bytes, `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_var(name: *const u8, len: usize, out: *mut RawString) -> i32 {
    // SAFETY: by contract.
    let name = unsafe { os_str(name, len) };
    if !is_name(name) {
        return 0;
    }
    match std::env::var_os(name) {
        Some(value) => {
            // SAFETY: by contract.
            unsafe { give(out, &value) };
            1
        }
        None => 0,
    }
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_vars(out: *mut RawString) {
    // SAFETY: by contract.
    let mut out = unsafe { Out::new(out) };
    for (mut line, value) in std::env::vars_os() {
        line.push("=");
        line.push(value);
        out.push(line.to_string_lossy().as_bytes());
        out.push(b"\0");
    }
}

/// # Safety
/// Both are texts of their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_set_var(
    name: *const u8,
    name_len: usize,
    value: *const u8,
    value_len: usize,
) -> i32 {
    // SAFETY: by contract.
    let (name, value) = unsafe { (os_str(name, name_len), os_str(value, value_len)) };
    if !is_name(name) || value.as_bytes().contains(&0) {
        return -libc::EINVAL;
    }
    let _lock = ENVIRONMENT.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: nobody reads the environment but by Rust's functions, which lock it, and under our lock. (Foreign code that does
    // at the same time is on its own.)
    unsafe { std::env::set_var(name, value) };
    0
}

/// # Safety
/// `name` is text of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_remove_var(name: *const u8, len: usize) -> i32 {
    // SAFETY: by contract.
    let name = unsafe { os_str(name, len) };
    if !is_name(name) {
        return -libc::EINVAL;
    }
    let _lock = ENVIRONMENT.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: as in `altru_env_set_var`.
    unsafe { std::env::remove_var(name) };
    0
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_current_dir(out: *mut RawString) -> i32 {
    match std::env::current_dir() {
        Ok(path) => {
            // SAFETY: by contract.
            unsafe { give(out, path.as_os_str()) };
            0
        }
        Err(error) => os::negative(&error),
    }
}

/// # Safety
/// `path` is text of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_set_current_dir(path: *const u8, len: usize) -> i32 {
    // SAFETY: by contract.
    match std::env::set_current_dir(unsafe { os_str(path, len) }) {
        Ok(()) => 0,
        Err(error) => os::negative(&error),
    }
}

/// # Safety
/// `out` leads to a string of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_env_executable(out: *mut RawString) -> i32 {
    match std::env::current_exe() {
        Ok(path) => {
            // SAFETY: by contract.
            unsafe { give(out, path.as_os_str()) };
            0
        }
        Err(error) => os::negative(&error),
    }
}
