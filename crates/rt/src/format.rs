//! Floats to text: the shortest digits that read back as the same float, or as many as asked for.

use std::fmt::{Debug, Display, LowerExp};
use std::io::{Cursor, Write};

use abi::FloatStyle;

/// Writes a float in a `FloatStyle` and gives the length of its text.
pub(crate) fn float(value: f64, precision: i64, style: i32, buffer: &mut [u8]) -> usize {
    let mut out = Cursor::new(buffer);
    let plain_style = style & !FloatStyle::SINGLE;
    let precision = usize::try_from(precision).ok();
    if plain_style == style {
        write(&mut out, value, precision, plain_style);
    } else {
        write(&mut out, value as f32, precision, plain_style);
    }
    out.position() as usize
}

fn write(
    out: &mut Cursor<&mut [u8]>,
    value: impl Display + Debug + LowerExp,
    precision: Option<usize>,
    style: i32,
) {
    let exponent = style == FloatStyle::Exponent as i32;
    let done = match precision {
        Some(p) if exponent => write!(out, "{value:.p$e}"),
        Some(p) => write!(out, "{value:.p$}"),
        None if exponent => write!(out, "{value:e}"),
        None if style == FloatStyle::Pointed as i32 => write!(out, "{value:?}"),
        None => write!(out, "{value}"),
    };
    debug_assert!(done.is_ok(), "the buffer is too small");
}
