//! Files and folders. Results that may fail are `-errno`; std adds the path and the words.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use abi::{FileKind, OpenFlags, RawMetadata, RawString};

use crate::env::os_str;
use crate::os;
use crate::stdio::{read_some, write_all};
use crate::text::{Out, bytes};

// Every export below shares one contract: a path is text of the length beside it; `out` and `name` lead to strings of
// the program; other pointers are valid for what the list in `abi` says.

/// # Safety
/// `ptr` leads to `len` bytes.
unsafe fn path<'a>(ptr: *const u8, len: usize) -> &'a Path {
    // SAFETY: by contract.
    Path::new(unsafe { os_str(ptr, len) })
}

fn code(result: std::io::Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => os::negative(&error),
    }
}

/// Runs a closure over a file that stays the program's.
fn borrow_file<R>(fd: i32, body: impl FnOnce(&fs::File) -> R) -> R {
    // SAFETY: the descriptor is only used during the call: it is given back below, not closed.
    let file = unsafe { fs::File::from_raw_fd(fd) };
    let result = body(&file);
    let _ = file.into_raw_fd();
    result
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_open(ptr: *const u8, len: usize, flags: i32, mode: i32) -> i32 {
    let has = |flag| flags & flag != 0;
    let mut options = fs::OpenOptions::new();
    options
        .read(has(OpenFlags::READ))
        .write(has(OpenFlags::WRITE))
        .append(has(OpenFlags::APPEND))
        .create(has(OpenFlags::CREATE))
        .create_new(has(OpenFlags::CREATE_NEW))
        .truncate(has(OpenFlags::TRUNCATE))
        .mode(mode.cast_unsigned());
    // SAFETY: by contract.
    match options.open(unsafe { path(ptr, len) }) {
        Ok(file) => file.into_raw_fd(),
        Err(error) => os::negative(&error),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_fs_close(fd: i32) -> i32 {
    // SAFETY: the program gives its descriptor up; a wrong number is an error, not undefined.
    if unsafe { libc::close(fd) } == 0 { 0 } else { -os::errno() }
}

/// # Safety
/// As above.
pub(crate) unsafe fn read(fd: i32, buffer: *mut u8, len: usize) -> i64 {
    if len == 0 {
        return 0;
    }
    // SAFETY: by contract. The bytes are only written to.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, len) };
    match read_some(fd, buffer) {
        Ok(n) => n as i64,
        Err(code) => -i64::from(code),
    }
}

/// # Safety
/// As above.
pub(crate) unsafe fn write(fd: i32, ptr: *const u8, len: usize) -> i64 {
    // SAFETY: by contract.
    match write_all(fd, unsafe { bytes(ptr, len) }) {
        Ok(()) => len as i64,
        Err(code) => -i64::from(code),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_fs_seek(fd: i32, offset: i64, whence: i32) -> i64 {
    let whence = match whence {
        0 => libc::SEEK_SET,
        1 => libc::SEEK_CUR,
        _ => libc::SEEK_END,
    };
    // SAFETY: any arguments are allowed.
    let at = unsafe { libc::lseek(fd, offset, whence) };
    if at < 0 { -i64::from(os::errno()) } else { at }
}

pub(crate) fn sync(fd: i32) -> i32 {
    borrow_file(fd, |file| code(file.sync_all()))
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_fs_truncate(fd: i32, len: i64) -> i32 {
    let Ok(len) = u64::try_from(len) else { return -libc::EINVAL };
    borrow_file(fd, |file| code(file.set_len(len)))
}

fn kind(file: fs::FileType) -> FileKind {
    if file.is_file() {
        FileKind::File
    } else if file.is_dir() {
        FileKind::Dir
    } else if file.is_symlink() {
        FileKind::Symlink
    } else {
        debug_assert!(file.is_fifo() || file.is_socket() || file.is_block_device() || file.is_char_device());
        FileKind::Other
    }
}

/// # Safety
/// `out` has room.
unsafe fn give_metadata(result: std::io::Result<fs::Metadata>, out: *mut RawMetadata) -> i32 {
    let found = match result {
        Ok(found) => found,
        Err(error) => return os::negative(&error),
    };
    let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
    let metadata = RawMetadata {
        size: found.size().cast_signed(),
        modified: nanos(found.mtime(), found.mtime_nsec()),
        accessed: nanos(found.atime(), found.atime_nsec()),
        changed: nanos(found.ctime(), found.ctime_nsec()),
        inode: found.ino().cast_signed(),
        device: found.dev().cast_signed(),
        links: found.nlink().cast_signed(),
        kind: kind(found.file_type()) as i32,
        mode: (found.mode() & 0o7777).cast_signed(),
    };
    // SAFETY: by contract.
    unsafe { out.write(metadata) };
    0
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_metadata(
    ptr: *const u8,
    len: usize,
    follow: i32,
    out: *mut RawMetadata,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let path = path(ptr, len);
        let found = if follow != 0 { fs::metadata(path) } else { fs::symlink_metadata(path) };
        give_metadata(found, out)
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_metadata_of(fd: i32, out: *mut RawMetadata) -> i32 {
    // SAFETY: by contract.
    borrow_file(fd, |file| unsafe { give_metadata(file.metadata(), out) })
}

/// # Safety
/// As above.
pub(crate) unsafe fn read_all(ptr: *const u8, len: usize, out: *mut RawString) -> i32 {
    // SAFETY: by contract.
    let (opened, mut out) = unsafe { (fs::File::open(path(ptr, len)), Out::new(out)) };
    let file = match opened {
        Ok(file) => file,
        Err(error) => return os::negative(&error),
    };
    let size = match file.metadata() {
        Ok(found) if found.is_dir() => return -libc::EISDIR,
        Ok(found) => usize::try_from(found.size()).unwrap_or(0),
        Err(error) => return os::negative(&error),
    };
    // One more byte than the file says it has, so that the end is seen without growing.
    out.reserve(size.saturating_add(1));
    let fd = file.into_raw_fd();
    let result = read_to_end(fd, &mut out);
    altru_fs_close(fd);
    result.map_or_else(|code| -code, |()| 0)
}

/// Appends all that can be read.
pub(crate) fn read_to_end(fd: i32, out: &mut Out<'_>) -> Result<(), i32> {
    loop {
        if out.spare().is_empty() {
            out.reserve(8 * 1024);
        }
        let n = read_more(fd, out)?;
        if n == 0 {
            return Ok(());
        }
    }
}

/// Appends what one read gives, into the room that is there.
pub(crate) fn read_more(fd: i32, out: &mut Out<'_>) -> Result<usize, i32> {
    let spare = out.spare();
    // SAFETY: `read_some` only writes to the buffer, and says how much; no byte of it is read before.
    unsafe {
        let buffer = std::slice::from_raw_parts_mut(spare.as_mut_ptr().cast::<u8>(), spare.len());
        let n = read_some(fd, buffer)?;
        out.grow_by(n);
        Ok(n)
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_open_dir(ptr: *const u8, len: usize) -> *mut fs::ReadDir {
    // SAFETY: by contract.
    match fs::read_dir(unsafe { path(ptr, len) }) {
        Ok(dir) => Box::into_raw(Box::new(dir)),
        Err(error) => {
            os::set_errno(-os::negative(&error));
            std::ptr::null_mut()
        }
    }
}

/// # Safety
/// As above; `dir` is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_next_entry(
    dir: *mut fs::ReadDir,
    name: *mut RawString,
    kind_out: *mut i32,
) -> i32 {
    // SAFETY: by contract.
    match unsafe { &mut *dir }.next() {
        None => 0,
        Some(Err(error)) => os::negative(&error),
        Some(Ok(entry)) => {
            let found = entry.file_type().map_or(FileKind::Other, kind);
            // SAFETY: by contract. The bytes are handed over as they are: std looks whether they are text.
            unsafe {
                Out::new(name).push(entry.file_name().as_bytes());
                kind_out.write(found as i32);
            }
            1
        }
    }
}

/// # Safety
/// `dir` is open, and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_close_dir(dir: *mut fs::ReadDir) {
    // SAFETY: by contract.
    drop(unsafe { Box::from_raw(dir) });
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_create_dir(ptr: *const u8, len: usize, mode: i32) -> i32 {
    // SAFETY: by contract.
    code(fs::DirBuilder::new().mode(mode.cast_unsigned()).create(unsafe { path(ptr, len) }))
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_remove_dir(ptr: *const u8, len: usize) -> i32 {
    // SAFETY: by contract.
    code(fs::remove_dir(unsafe { path(ptr, len) }))
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_remove_file(ptr: *const u8, len: usize) -> i32 {
    // SAFETY: by contract.
    code(fs::remove_file(unsafe { path(ptr, len) }))
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_rename(
    from: *const u8,
    from_len: usize,
    to: *const u8,
    to_len: usize,
) -> i32 {
    // SAFETY: by contract.
    unsafe { code(fs::rename(path(from, from_len), path(to, to_len))) }
}

/// # Safety
/// As above.
pub(crate) unsafe fn copy(from: *const u8, from_len: usize, to: *const u8, to_len: usize) -> i64 {
    // SAFETY: by contract.
    match unsafe { fs::copy(path(from, from_len), path(to, to_len)) } {
        Ok(n) => n.cast_signed(),
        Err(error) => os::negative(&error).into(),
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_hard_link(
    from: *const u8,
    from_len: usize,
    to: *const u8,
    to_len: usize,
) -> i32 {
    // SAFETY: by contract.
    unsafe { code(fs::hard_link(path(from, from_len), path(to, to_len))) }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_symlink(
    target: *const u8,
    target_len: usize,
    link: *const u8,
    link_len: usize,
) -> i32 {
    // SAFETY: by contract.
    unsafe { code(std::os::unix::fs::symlink(path(target, target_len), path(link, link_len))) }
}

/// Appends a path that the system gave; one that is not UTF-8 cannot be a string.
///
/// # Safety
/// `out` leads to a string of the program.
unsafe fn give_path(result: std::io::Result<std::path::PathBuf>, out: *mut RawString) -> i32 {
    match result.as_deref().map(|path| OsStr::to_str(path.as_os_str())) {
        Ok(Some(text)) => {
            // SAFETY: by contract.
            unsafe { Out::new(out) }.push(text.as_bytes());
            0
        }
        Ok(None) => -libc::EILSEQ,
        Err(error) => os::negative(error),
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_read_link(ptr: *const u8, len: usize, out: *mut RawString) -> i32 {
    // SAFETY: by contract.
    unsafe { give_path(fs::read_link(path(ptr, len)), out) }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_canonicalize(ptr: *const u8, len: usize, out: *mut RawString) -> i32 {
    // SAFETY: by contract.
    unsafe { give_path(fs::canonicalize(path(ptr, len)), out) }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_fs_set_mode(ptr: *const u8, len: usize, mode: i32) -> i32 {
    let mode = fs::Permissions::from_mode(mode.cast_unsigned());
    // SAFETY: by contract.
    code(fs::set_permissions(unsafe { path(ptr, len) }, mode))
}
