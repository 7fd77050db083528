//! Text and number functions.

use abi::{FloatStyle, RawString};

use crate::format;
use crate::memory;
use crate::text::{Out, find, rfind, validate};

fn written(value: f64, precision: i64, style: i32) -> String {
    let mut buffer = [0; 800];
    let n = format::float(value, precision, style, &mut buffer);
    String::from_utf8_lossy(&buffer[..n]).into_owned()
}

#[test]
fn floats_read_as_written() {
    let plain = |value| written(value, -1, FloatStyle::Plain as i32);
    assert_eq!(plain(0.1), "0.1");
    assert_eq!(plain(3.0), "3");
    assert_eq!(plain(-0.0), "-0");
    assert_eq!(plain(f64::NAN), "NaN");
    assert_eq!(plain(f64::MIN_POSITIVE).len(), 326);
    assert_eq!(written(3.0, -1, FloatStyle::Pointed as i32), "3.0");
    assert_eq!(written(2.5, 0, FloatStyle::Pointed as i32), "2");
    assert_eq!(written(1.005, 2, FloatStyle::Plain as i32), "1.00");
    assert_eq!(written(15e9, -1, FloatStyle::Exponent as i32), "1.5e10");
    let single = FloatStyle::Plain as i32 + FloatStyle::SINGLE;
    assert_eq!(written(f64::from(0.1f32), -1, single), "0.1");
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
            assert_eq!(find(text.as_bytes(), needle.as_bytes(), 0), plain(text.find(needle)));
            assert_eq!(
                rfind(text.as_bytes(), needle.as_bytes()),
                plain(text.rfind(needle)),
                "{text:?} {needle:?}"
            );
        }
    }
    assert_eq!(find(b"abab", b"ab", 1), 2);
    assert_eq!(find(b"abab", b"ab", 3), -1);
    assert_eq!(find(b"abab", b"ab", 9), -1);
    assert_eq!(validate(b"ab\xffc"), 2);
    assert_eq!(validate("äö".as_bytes()), -1);
}
