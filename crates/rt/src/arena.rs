//! Arenas: where frames live. A chain of segments, last in, first out.
//!
//! A segment opened by `grow` starts with what the context was before; the frame behind that header is `cx.base`,
//! so giving that frame back finds the way home. A task's first segment lies in the task itself, a thread's is
//! empty. A thread keeps a few given-back segments, so that a frame at a border costs no trip to the allocator.

use std::cell::Cell;
use std::ptr::null_mut;

use abi::waiting::{Context, FRAME_ALIGN, Frame};

use crate::{memory, sanitize};

const SMALLEST: usize = 512;
const LARGEST: usize = 64 * 1024;

/// The start of a segment; as large as a multiple of `FRAME_ALIGN`.
#[repr(C, align(16))]
struct Segment {
    top: *mut u8,
    limit: *mut u8,
    base: *mut u8,
    /// The whole segment's size.
    size: usize,
}

const HEADER: usize = size_of::<Segment>();
const _: () = assert!(HEADER.is_multiple_of(FRAME_ALIGN));

/// Spare segments of this thread, one for each size from `SMALLEST` to `LARGEST`.
struct Spares([Cell<*mut Segment>; KINDS]);
const KINDS: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

thread_local! {
    static SPARES: Spares = const { Spares([const { Cell::new(null_mut()) }; KINDS]) };
}

impl Drop for Spares {
    fn drop(&mut self) {
        for spare in &self.0 {
            // SAFETY: a spare segment is in nobody's use.
            unsafe { free(spare.replace(null_mut())) };
        }
    }
}

/// # Safety
/// `segment` is null or in nobody's use.
unsafe fn free(segment: *mut Segment) {
    if !segment.is_null() {
        // SAFETY: allocated by `open` with this size and alignment.
        unsafe { memory::free(segment.cast(), (*segment).size, FRAME_ALIGN) };
    }
}

fn kind(size: usize) -> Option<usize> {
    (size <= LARGEST && !sanitize::GIVES_BACK).then(|| (size / SMALLEST).ilog2() as usize)
}

fn open(size: usize) -> *mut Segment {
    #[cfg(not(loom))]
    if let Some(segment) = crate::explore::alloc(size, FRAME_ALIGN) {
        let segment = segment.cast::<Segment>();
        // SAFETY: room for a segment of this size, ours alone.
        unsafe { (*segment).size = size };
        return segment;
    }
    let kept = kind(size).and_then(|kind| {
        SPARES.try_with(|spares| spares.0[kind].replace(null_mut())).ok().filter(|p| !p.is_null())
    });
    let segment = kept.unwrap_or_else(|| memory::alloc(size, FRAME_ALIGN).cast::<Segment>());
    // SAFETY: room for a segment of this size, ours alone.
    unsafe { (*segment).size = size };
    segment
}

/// # Safety
/// `segment` came from `open` and is in nobody's use.
unsafe fn close(segment: *mut Segment) {
    // SAFETY: by contract.
    let size = unsafe { (*segment).size };
    #[cfg(not(loom))]
    // SAFETY: allocated by `open` with this size and alignment.
    #[cfg(not(loom))]
    if unsafe { crate::explore::free(segment.cast(), size, FRAME_ALIGN) } {
        return;
    }
    let rest = match kind(size) {
        Some(kind) => SPARES.try_with(|spares| spares.0[kind].replace(segment)).unwrap_or(segment),
        None => segment,
    };
    // SAFETY: by contract; what it replaced was spare.
    unsafe { free(rest) };
}

/// Takes a frame of `size` bytes.
///
/// # Safety
/// The context is the caller's to use.
#[inline]
pub(crate) unsafe fn take(cx: *mut Context, size: usize) -> *mut Frame {
    let size = size.next_multiple_of(FRAME_ALIGN);
    // SAFETY: by contract.
    unsafe {
        let top = (*cx).top;
        if size <= (*cx).limit.addr() - top.addr() {
            (*cx).top = top.add(size);
            return top.cast();
        }
        grow(cx, size).cast()
    }
}

/// Gives the innermost frame back.
///
/// # Safety
/// `frame` is the last one taken.
#[inline]
pub(crate) unsafe fn give(cx: *mut Context, frame: *mut Frame) {
    // SAFETY: by contract.
    unsafe {
        (*cx).top = frame.cast();
        if (*cx).base == frame.cast() {
            shrink(cx);
        }
    }
}

/// Opens a segment with a frame of `size` bytes, which is taken: `cx.top` is behind it.
///
/// # Safety
/// The context is the caller's to use.
#[cold]
pub(crate) unsafe fn grow(cx: *mut Context, size: usize) -> *mut u8 {
    let size = size.next_multiple_of(FRAME_ALIGN);
    // SAFETY: by contract; the new segment is separate from everything.
    unsafe {
        // Twice the last one: its header, if it has one, tells its size.
        let last = if (*cx).base.is_null() { 0 } else { (*(*cx).base.sub(HEADER).cast::<Segment>()).size };
        let room = (last * 2).clamp(SMALLEST, LARGEST).max((HEADER + size).next_power_of_two());
        let segment = open(room);
        (*segment).top = (*cx).top;
        (*segment).limit = (*cx).limit;
        (*segment).base = (*cx).base;
        let frame = segment.cast::<u8>().add(HEADER);
        (*cx).base = frame;
        (*cx).top = frame.add(size);
        (*cx).limit = segment.cast::<u8>().add(room);
        frame
    }
}

/// Closes the segment whose only frame, `cx.base`, has been given back.
///
/// # Safety
/// As it says.
#[cold]
pub(crate) unsafe fn shrink(cx: *mut Context) {
    // SAFETY: `base` is the frame right behind a segment's header, since it is not null.
    unsafe {
        let segment = (*cx).base.sub(HEADER).cast::<Segment>();
        (*cx).top = (*segment).top;
        (*cx).limit = (*segment).limit;
        (*cx).base = (*segment).base;
        close(segment);
    }
}
