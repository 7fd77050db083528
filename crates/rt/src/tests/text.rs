//! Text and number functions.

use abi::{FloatStyle, RawString};

use crate::format;
use crate::memory;
use crate::text::{Out, find, rfind};

fn written(body: impl FnOnce(&mut Out<'_>)) -> String {
    let mut raw = RawString::EMPTY;
    // SAFETY: a string of our own; freed below as it was allocated.
    unsafe {
        body(&mut Out::new(&raw mut raw));
        let text = String::from_utf8_lossy(crate::text::bytes(raw.ptr, raw.len)).into_owned();
        if raw.cap > 0 {
            memory::free(raw.ptr, raw.cap, 1);
        }
        text
    }
}

#[test]
fn floats_read_as_written() {
    let display = |value: f64| written(|out| format::float(out, value, FloatStyle::Display as i32, -1));
    assert_eq!(display(0.1), "0.1");
    assert_eq!(display(3.0), "3");
    assert_eq!(display(-0.0), "-0");
    assert_eq!(display(f64::NAN), "NaN");
    let debug = |value: f64| written(|out| format::float(out, value, FloatStyle::Debug as i32, -1));
    assert_eq!(debug(3.0), "3.0");
    let fixed = |value: f64, p| written(|out| format::float(out, value, FloatStyle::Display as i32, p));
    assert_eq!(fixed(2.5, 0), "2");
    assert_eq!(fixed(1.005, 2), "1.00");
    let exponent = |value: f64| written(|out| format::float(out, value, FloatStyle::Exponent as i32, -1));
    assert_eq!(exponent(15e9), "1.5e10");
    let single = written(|out| format::float(out, 0.1f32, FloatStyle::Display as i32, -1));
    assert_eq!(single, "0.1");
}

#[test]
fn integers_in_every_radix() {
    assert_eq!(written(|out| format::signed(out, i64::MIN)), i64::MIN.to_string());
    assert_eq!(written(|out| format::signed(out, 0)), "0");
    assert_eq!(written(|out| format::unsigned(out, 255, 16, true)), "FF");
    assert_eq!(written(|out| format::unsigned(out, u64::MAX, 2, false)), "1".repeat(64));
}

#[test]
fn appending_to_a_literal_copies_it() {
    let literal = b"abc";
    let mut raw = RawString { ptr: literal.as_ptr().cast_mut(), cap: 0, len: 3 };
    // SAFETY: a valid literal string; the grown buffer is freed as it was allocated.
    unsafe {
        Out::new(&raw mut raw).push(b"def");
        assert_eq!(crate::text::bytes(raw.ptr, raw.len), b"abcdef");
        assert!(raw.cap >= 6);
        memory::free(raw.ptr, raw.cap, 1);
    }
}

#[test]
fn searching_agrees_with_the_plain_way() {
    let texts = ["", "a", "aa", "aba", "ababab", "hello world", "xxhexhe"];
    let needles = ["", "a", "ab", "aba", "he", "world", "z", "hello world!"];
    for text in texts {
        for needle in needles {
            let plain = |at: Option<usize>| at.map_or(-1, |at| at as i64);
            assert_eq!(find(text.as_bytes(), needle.as_bytes()), plain(text.find(needle)));
            assert_eq!(
                rfind(text.as_bytes(), needle.as_bytes()),
                plain(text.rfind(needle)),
                "{text:?} {needle:?}"
            );
        }
    }
}
