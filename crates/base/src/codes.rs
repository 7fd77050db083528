//! The one list of diagnostic codes. Each has a page `docs/errors/CODE.md`; a test compares.
//!
//! Ranges: 01 syntax, 02 names, items and packages, 03 types and traits, 04 patterns and
//! statements, 05 ownership and views, 06 concurrency, 07 contracts, 09 not supported yet and
//! the outside world; `W` codes are warnings.

/// A diagnostic code such as `E0502`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        $(#[doc = $title] pub const $code: Code = Code(stringify!($code));)*
        /// Every code with its one-line title, in order.
        pub const ALL: &[(Code, &str)] = &[$(($code, $title)),*];
    };
}

codes! {
    E0101 "unexpected token"
    E0901 "not supported yet"
}
