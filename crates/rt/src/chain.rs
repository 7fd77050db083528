//! Chains of waiting calls, told from frames, and how to look at somebody who waits while others run.
//!
//! Each frame says which call it is in (`Frame::site`) and who called it. The frames of one that waits are valid and
//! still until its wait is claimed; so whoever looks keeps it from being claimed meanwhile (`Wait::look`). Nothing
//! here allocates or waits, since it is also done in a signal handler.

use std::fmt::Write;
use std::ptr::null;

use abi::Location;
use abi::waiting::{Frame, Site};

use crate::backtrace;
use crate::text::text;

/// Frames of one chain that are shown; of deep recursion the rest is counted.
const MOST: usize = 20;

/// The calls that a chain of frames is in, innermost first; the runtime's own, which have no place, among them.
///
/// # Safety
/// The frames are valid and still as long as the result is used, each with the site of its current call.
pub(crate) unsafe fn sites(frame: *const Frame) -> impl Iterator<Item = &'static Site> {
    // SAFETY: by contract.
    unsafe { sites_from(null(), frame) }
}

/// The same, but the call at `site`, unless null, is further in than the frames.
///
/// # Safety
/// As for `sites`.
pub(crate) unsafe fn sites_from(
    mut site: *const Site,
    mut frame: *const Frame,
) -> impl Iterator<Item = &'static Site> {
    std::iter::from_fn(move || {
        // SAFETY: by contract; sites are constants.
        unsafe {
            if site.is_null() {
                let here = frame.as_ref()?;
                frame = here.parent;
                site = here.site;
            }
            let this = &*site;
            site = this.outer;
            Some(this)
        }
    })
}

/// The place of a call that is written in a file: the runtime's own calls have none, and what the compiler made has no file.
pub(crate) fn place(site: &Site) -> Option<(&'static str, &'static Location)> {
    // SAFETY: a constant, which points to constants.
    unsafe {
        let location = site.location.as_ref().filter(|l| l.file_len > 0)?;
        Some((text(location.file_ptr, location.file_len), location))
    }
}

/// Writes a line for each call, innermost first. What goes on inside of std is left out: of its calls only those are shown that the
/// program itself has made.
///
/// # Safety
/// The frames are valid and still for the duration of the call, each with the site of its current call.
pub(crate) unsafe fn write(frame: *const Frame, how: &str, out: &mut dyn Write) {
    let mut count = 0;
    // SAFETY: by contract.
    let mut sites = unsafe { sites(frame) }.filter_map(|site| Some((site, place(site)?))).peekable();
    while let Some((site, (file, location))) = sites.next() {
        let is_shown = |file: &str| !file.starts_with("std/") || backtrace::is_wanted();
        if !is_shown(file) && !sites.peek().is_some_and(|(_, (caller, _))| is_shown(caller)) {
            continue;
        }
        count += 1;
        if count <= MOST {
            // SAFETY: a constant, which points to constants.
            let name = unsafe { text(site.name_ptr, site.name_len) };
            let _ = writeln!(out, "    {how} {name} at {file}:{}:{}", location.line, location.col);
        }
    }
    if count > MOST {
        let _ = writeln!(out, "    and {} more calls", count - MOST);
    }
}

/// Writes to a descriptor as it goes, without a heap.
pub(crate) struct Direct {
    fd: i32,
    buffer: [u8; 512],
    len: usize,
}

impl Direct {
    pub(crate) fn new(fd: i32) -> Direct {
        Direct { fd, buffer: [0; 512], len: 0 }
    }

    pub(crate) fn stderr() -> Direct {
        Direct::new(libc::STDERR_FILENO)
    }

    pub(crate) fn flush(&mut self) {
        let len = std::mem::take(&mut self.len);
        let _ = crate::stdio::write_all(self.fd, &self.buffer[..len]);
    }
}

impl Write for Direct {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            if self.len == self.buffer.len() {
                self.flush();
            }
            self.buffer[self.len] = byte;
            self.len += 1;
        }
        Ok(())
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.flush();
    }
}
