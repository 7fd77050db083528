//! Writing into Altru's strings, and the text operations that lean on Unicode tables or the C library.

use abi::{CharClass, RawString};

use crate::{explore, memory};

/// A string of the program that is being appended to.
pub struct Out<'a>(&'a mut RawString);

impl<'a> Out<'a> {
    /// # Safety
    /// `raw` leads to a valid string that nobody else uses meanwhile.
    pub unsafe fn new(raw: *mut RawString) -> Out<'a> {
        // SAFETY: by contract.
        Out(unsafe { &mut *raw })
    }

    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        // SAFETY: `reserve` made room behind `len`.
        unsafe {
            self.0.ptr.add(self.0.len).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.0.len += bytes.len();
    }

    /// Makes room for `more` bytes behind what is there.
    #[inline]
    pub fn reserve(&mut self, more: usize) {
        let need = self.0.len + more;
        if need > self.0.cap && need > 0 {
            self.grow(need);
        }
    }

    fn grow(&mut self, need: usize) {
        let string = &mut *self.0;
        let cap = need.max(string.cap * 2).max(16);
        string.ptr = if string.cap == 0 {
            // A literal or nothing: static memory, to be copied.
            let ptr = memory::alloc(cap, 1);
            // SAFETY: the old text is valid for `len`, the new memory is larger.
            unsafe { ptr.copy_from_nonoverlapping(string.ptr, string.len) };
            ptr
        } else {
            // SAFETY: an owned string's buffer was allocated with `cap` bytes, aligned to 1.
            unsafe {
                explore::realloc(string.ptr, string.cap, 1, cap)
                    .unwrap_or_else(|| memory::realloc(string.ptr, string.cap, 1, cap))
            }
        };
        string.cap = cap;
    }

    /// Room behind the text that a system call may fill; `grow_by` then says how much it did.
    pub(crate) fn spare(&mut self) -> &mut [std::mem::MaybeUninit<u8>] {
        let string = &mut *self.0;
        if string.cap == 0 {
            return &mut [];
        }
        // SAFETY: `len <= cap` bytes of one allocation.
        unsafe { std::slice::from_raw_parts_mut(string.ptr.add(string.len).cast(), string.cap - string.len) }
    }

    /// # Safety
    /// `n` bytes of `spare` were filled.
    pub(crate) unsafe fn grow_by(&mut self, n: usize) {
        self.0.len += n;
    }
}

/// A string of the program, made from text.
pub(crate) fn owned(text: &str) -> RawString {
    let mut raw = RawString::EMPTY;
    // SAFETY: `raw` is a valid empty string of our own.
    unsafe { Out::new(&raw mut raw) }.push(text.as_bytes());
    raw
}

/// Bytes of the program.
///
/// # Safety
/// `ptr` leads to `len` bytes that stay as they are for `'a`.
pub unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: by contract.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}

/// Text of the program.
///
/// # Safety
/// As for [`bytes`], and they are UTF-8 (every `string` is).
pub unsafe fn text<'a>(ptr: *const u8, len: usize) -> &'a str {
    // SAFETY: by contract.
    unsafe { std::str::from_utf8_unchecked(bytes(ptr, len)) }
}

fn find_byte(text: &[u8], byte: u8) -> i64 {
    // SAFETY: the slice is valid for its length.
    let at = unsafe { libc::memchr(text.as_ptr().cast(), byte.into(), text.len()) };
    offset(text, at)
}

fn rfind_byte(text: &[u8], byte: u8) -> i64 {
    // SAFETY: the slice is valid for its length.
    let at = unsafe { libc::memrchr(text.as_ptr().cast(), byte.into(), text.len()) };
    offset(text, at)
}

/// The first occurrence at or after `from`, or -1.
pub(crate) fn find(text: &[u8], needle: &[u8], from: i64) -> i64 {
    let from = usize::try_from(from).unwrap_or(0);
    let Some(rest) = text.get(from..) else { return -1 };
    let at = match needle {
        [] => 0,
        [byte] => find_byte(rest, *byte),
        _ => {
            // SAFETY: both slices are valid for their lengths.
            let at = unsafe {
                libc::memmem(rest.as_ptr().cast(), rest.len(), needle.as_ptr().cast(), needle.len())
            };
            offset(rest, at)
        }
    };
    if at < 0 { -1 } else { at + from as i64 }
}

/// The last occurrence, or -1.
pub(crate) fn rfind(text: &[u8], needle: &[u8]) -> i64 {
    let [first, ..] = needle else { return text.len() as i64 };
    let mut end = text.len().checked_sub(needle.len()).map_or(0, |last| last + 1);
    loop {
        let at = rfind_byte(&text[..end], *first);
        if at < 0 || text[at as usize..].starts_with(needle) {
            return at;
        }
        end = at as usize;
    }
}

fn offset(text: &[u8], at: *const libc::c_void) -> i64 {
    if at.is_null() { -1 } else { (at.addr() - text.as_ptr().addr()) as i64 }
}

/// The offset of the first byte that is not valid UTF-8, or -1.
pub(crate) fn validate(bytes: &[u8]) -> i64 {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to() as i64, |_| -1)
}

pub(crate) fn char_class(c: char, class: i32) -> bool {
    match class {
        k if k == CharClass::Alphabetic as i32 => c.is_alphabetic(),
        k if k == CharClass::Numeric as i32 => c.is_numeric(),
        k if k == CharClass::Whitespace as i32 => c.is_whitespace(),
        k if k == CharClass::Upper as i32 => c.is_uppercase(),
        k if k == CharClass::Lower as i32 => c.is_lowercase(),
        k if k == CharClass::Control as i32 => c.is_control(),
        k if k == CharClass::Printable as i32 => {
            !c.is_control() && c.escape_debug().count() == 1 || matches!(c, '"' | '\'' | '\\')
        }
        _ => false,
    }
}
