//! Literals: numbers and characters. Strings are in [`strings`](super::strings).

use base::{Applicability, Diagnostic, Name, Span, codes};

use super::Parser;
use crate::ast::*;
use crate::token::TokenKind as T;

const INT_SUFFIXES: [&str; 11] =
    ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "isize", "usize", "int"];
const FLOAT_SUFFIXES: [&str; 3] = ["f32", "f64", "float"];

impl Parser<'_> {
    /// The literal at the current token.
    pub(super) fn literal_expr(&mut self) -> Expr {
        let lo = self.lo();
        let tok = self.tok();
        let span = self.tok_span(tok);
        let text = self.text_of(tok);
        let literal = match self.cur {
            T::Int | T::Float => self.number(text, span),
            T::Char => {
                let inner = &text[1..text.len() - 1];
                Literal::Char(self.one_char(inner, tok.lo + 1, false).unwrap_or('\u{fffd}'))
            }
            T::Byte => {
                let inner = &text[2..text.len() - 1];
                let c = self.one_char(inner, tok.lo + 2, true).unwrap_or('\0');
                match u8::try_from(c) {
                    Ok(byte) if byte < 128 || inner.starts_with('\\') => Literal::Byte(byte),
                    _ => {
                        let d =
                            Diagnostic::error(codes::E0108, span, "a byte literal holds one ASCII character")
                                .help("other bytes are written `b'\\xNN'`");
                        self.report_slip(d);
                        Literal::Byte(0)
                    }
                }
            }
            T::QuotedStr => self.quoted(text, span),
            _ => return self.string_expr(),
        };
        self.bump();
        self.spanned(lo, ExprKind::Literal(literal))
    }

    /// The one character of a literal's inside.
    fn one_char(&mut self, inner: &str, lo: u32, byte: bool) -> Option<char> {
        if !inner.starts_with('\\') {
            return inner.chars().next();
        }
        let mut chars = String::new();
        self.unescape_at(inner, 0, lo, byte, false, &mut chars)?;
        chars.chars().next()
    }

    /// `'…'` with other than one character in it.
    fn quoted(&mut self, text: &str, span: Span) -> Literal {
        let inner = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or("");
        if inner.is_empty() {
            let d = Diagnostic::error(codes::E0108, span, "a character literal holds one character")
                .help("the empty string is written `\"\"`");
            self.report_slip(d);
            return Literal::Char('\u{fffd}');
        }
        let escaped = inner.replace('"', "\\\"").replace("${", "\\${");
        self.slip(
            codes::E0119,
            span,
            "strings are written in double quotes",
            "use double quotes",
            &format!("\"{escaped}\""),
        );
        Literal::Str(inner.into())
    }

    fn number(&mut self, text: &str, span: Span) -> Literal {
        let bytes = text.as_bytes();
        // The common case: a few plain digits.
        if bytes.len() <= 18 && bytes.iter().all(u8::is_ascii_digit) {
            let value = bytes.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0'));
            return Literal::Int { value: u128::from(value).into(), suffix: None };
        }
        let (radix, digits) = match bytes {
            [b'0', b'x' | b'X', ..] => (16, &text[2..]),
            [b'0', b'o' | b'O', ..] => (8, &text[2..]),
            [b'0', b'b' | b'B', ..] => (2, &text[2..]),
            _ => (10, text),
        };
        if radix != 10 && bytes[1].is_ascii_uppercase() {
            let prefix = Span { lo: span.lo + 1, hi: span.lo + 2, ..span };
            let small = (bytes[1] as char).to_ascii_lowercase().to_string();
            self.slip(
                codes::E0109,
                prefix,
                "the base of a number is a small letter",
                "use a small letter",
                &small,
            );
        }
        if radix == 10 {
            return self.decimal(text, span);
        }
        let end = digits.find(|c: char| c != '_' && !c.is_digit(radix)).unwrap_or(digits.len());
        let (digits, suffix) = digits.split_at(end);
        if !digits.bytes().any(|b| b != b'_') {
            let d = Diagnostic::error(codes::E0109, span, "this number has no digits");
            self.report_slip(d);
            return Literal::Int { value: Wide::default(), suffix: None };
        }
        let suffix_span = Span { lo: span.hi - suffix.len() as u32, ..span };
        if suffix.starts_with(|c: char| c.is_ascii_digit()) {
            let kind = if radix == 2 { "binary" } else { "octal" };
            let digit = &suffix[..1];
            let at = Span { hi: suffix_span.lo + 1, ..suffix_span };
            let d = Diagnostic::error(codes::E0109, at, format!("`{digit}` is not a {kind} digit"));
            self.report_slip(d);
            return Literal::Int { value: Wide::default(), suffix: None };
        }
        let suffix = self.suffix(suffix, suffix_span, false);
        Literal::Int { value: self.int_value(digits, radix, span).into(), suffix }
    }

    fn decimal(&mut self, text: &str, span: Span) -> Literal {
        // Where the digits, fraction and exponent end and a suffix begins.
        let bytes = text.as_bytes();
        let mut end = 0;
        let mut float = false;
        while let Some(&b) = bytes.get(end) {
            let exponent = matches!(b, b'e' | b'E')
                && match bytes.get(end + 1) {
                    Some(b'+' | b'-') => bytes.get(end + 2).is_some_and(u8::is_ascii_digit),
                    Some(next) => next.is_ascii_digit(),
                    None => false,
                };
            match b {
                b'0'..=b'9' | b'_' => end += 1,
                b'.' => (float, end) = (true, end + 1),
                _ if exponent => (float, end) = (true, end + 2),
                _ => break,
            }
        }
        let (digits, suffix) = text.split_at(end);
        let suffix_span = Span { lo: span.hi - suffix.len() as u32, ..span };
        let suffix = self.suffix(suffix, suffix_span, float);
        float |= suffix.is_some_and(|s| FLOAT_SUFFIXES.contains(&s.as_str()));
        if float {
            let text =
                if digits.contains('_') { Name::new(&digits.replace('_', "")) } else { Name::new(digits) };
            return Literal::Float { text, suffix };
        }
        Literal::Int { value: self.int_value(digits, 10, span).into(), suffix }
    }

    fn int_value(&mut self, digits: &str, radix: u32, span: Span) -> u128 {
        let mut value = 0u128;
        for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
            let next = value.checked_mul(radix.into()).and_then(|v| v.checked_add(digit.into()));
            let Some(next) = next else {
                let d =
                    Diagnostic::error(codes::E0109, span, "this number is too large for any integer type")
                        .help("the largest is 18446744073709551615, of type `u64`");
                self.report_slip(d);
                return 0;
            };
            value = next;
        }
        value
    }

    fn suffix(&mut self, text: &str, span: Span, float: bool) -> Option<Name> {
        if text.is_empty() {
            return None;
        }
        if FLOAT_SUFFIXES.contains(&text) || (!float && INT_SUFFIXES.contains(&text)) {
            return Some(Name::new(text));
        }
        let d = if float && INT_SUFFIXES.contains(&text) {
            Diagnostic::error(codes::E0109, span, format!("a number with a fraction cannot be `{text}`"))
        } else if matches!(text, "i128" | "u128") {
            Diagnostic::error(codes::E0109, span, format!("there is no type `{text}`"))
        } else {
            let all = INT_SUFFIXES.iter().chain(&FLOAT_SUFFIXES).copied();
            let near = base::diagnostic::closest(text, all);
            let d = Diagnostic::error(codes::E0109, span, format!("`{text}` is not a number's suffix"));
            match near {
                Some(near) => d.fix(format!("write `{near}`"), span, near, Applicability::Maybe),
                None => d.help("a suffix is a type, as in `10u8` or `1.5f32`"),
            }
        };
        self.report_slip(d);
        None
    }
}
