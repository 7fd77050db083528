//! Numbers to text and back: the shortest digits that read back as the same float, or as many as asked for.

use std::fmt::{self, Debug, Display, LowerExp, UpperExp, Write};

use abi::FloatStyle;

use crate::text::Out;

/// Appends a float in a `FloatStyle`; a negative precision means the shortest digits.
pub(crate) fn float<F: Display + Debug + LowerExp + UpperExp>(
    out: &mut Out<'_>,
    value: F,
    style: i32,
    precision: i32,
) {
    let digits = usize::try_from(precision).ok();
    let done: fmt::Result = match (style, digits) {
        (s, None) if s == FloatStyle::Debug as i32 => write!(out, "{value:?}"),
        (s, Some(p)) if s == FloatStyle::Debug as i32 => write!(out, "{value:.p$?}"),
        (s, None) if s == FloatStyle::Exponent as i32 => write!(out, "{value:e}"),
        (s, Some(p)) if s == FloatStyle::Exponent as i32 => write!(out, "{value:.p$e}"),
        (s, None) if s == FloatStyle::UpperExponent as i32 => write!(out, "{value:E}"),
        (s, Some(p)) if s == FloatStyle::UpperExponent as i32 => write!(out, "{value:.p$E}"),
        (_, None) => write!(out, "{value}"),
        (_, Some(p)) => write!(out, "{value:.p$}"),
    };
    debug_assert!(done.is_ok());
}

/// Appends an unsigned number in a radix from 2 to 36.
pub(crate) fn unsigned(out: &mut Out<'_>, mut value: u64, radix: u32, upper: bool) {
    let radix = u64::from(radix.clamp(2, 36));
    let letters = if upper { b'A' } else { b'a' };
    let mut digits = [0u8; 64];
    let mut at = digits.len();
    loop {
        at -= 1;
        let digit = (value % radix) as u8;
        digits[at] = if digit < 10 { b'0' + digit } else { letters + digit - 10 };
        value /= radix;
        if value == 0 {
            break;
        }
    }
    out.push(&digits[at..]);
}

/// Appends a signed decimal.
pub(crate) fn signed(out: &mut Out<'_>, value: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.push(&digits[at..]);
}
