//! Error numbers of the operating system and the texts for them.

/// This thread's last error number.
pub(crate) fn errno() -> i32 {
    // SAFETY: the C library gives a valid pointer to this thread's own number.
    unsafe { *libc::__errno_location() }
}

pub(crate) fn set_errno(code: i32) {
    // SAFETY: as in `errno`.
    unsafe { *libc::__errno_location() = code }
}

/// `-errno` for an error of Rust's library.
pub(crate) fn negative(error: &std::io::Error) -> i32 {
    let code = error.raw_os_error().unwrap_or(match error.kind() {
        std::io::ErrorKind::NotFound => libc::ENOENT,
        std::io::ErrorKind::PermissionDenied => libc::EACCES,
        // Among others a NUL byte in a path.
        _ => libc::EINVAL,
    });
    -code
}

/// "no such file or directory": the C library's words, starting small as the middle of a sentence does.
pub fn message(code: i32) -> String {
    let text = std::io::Error::from_raw_os_error(code).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_string(),
    }
}
