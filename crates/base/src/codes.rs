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
    E0102 "character that means nothing"
    E0103 "string or character without an end"
    E0104 "comment without an end"
    E0105 "wrong indentation"
    E0106 "tabs and spaces mixed in indentation"
    E0107 "bracket without its partner"
    E0108 "malformed escape or character"
    E0109 "malformed number"
    E0110 "block without its colon"
    E0111 "assignment where a value is needed"
    E0112 "operator of another language"
    E0113 "word or form of another language"
    E0114 "semicolon"
    E0115 "nested too deep"
    E0116 "malformed format specification"
    E0117 "misplaced attribute"
    E0118 "something that cannot stand here"
    E0119 "string in wrong quotes"
    E0120 "chained comparison"
    E0121 "misplaced `mut`, `own` or `&`"
    E0123 "operator at the start of a line"
    E0124 "named argument"
    E0126 "type arguments in angle brackets"
    E0201 "name not found"
    E0202 "defined twice"
    E0203 "private item"
    E0204 "ambiguous or circular import"
    E0205 "unknown attribute"
    E0206 "misplaced or malformed attribute"
    E0207 "wrong number of generic arguments"
    E0208 "wrong kind of name"
    E0209 "missing trait item"
    E0210 "not an item of the trait"
    E0211 "signature differs from the trait's"
    E0212 "overlapping impls"
    E0213 "impl of a foreign trait for a foreign type"
    E0214 "type of infinite size"
    E0215 "type cannot be Copy"
    E0216 "view in an owned position"
    E0217 "static is not shareable"
    E0218 "wrong signature of main or of a test"
    E0219 "statements beside a main function"
    E0220 "not a constant"
    E0221 "plain function type outside of parameters"
    E0222 "cannot derive"
    E0223 "wrong origin of a returned view"
    E0224 "methods for a foreign type"
    E0225 "trait cannot be dynamic"
    E0226 "missing type in a declaration"
    E0227 "circular definition"
    E0228 "associated type"
    E0229 "placeholder in a declaration"
    E0230 "wrong use of Drop or of an unsafe trait"
    E0231 "body missing or not allowed"
    E0232 "extern block"
    E0233 "discriminant"
    E0234 "bound not met in a declaration"
    E0235 "undetermined parameter"
    E0320 "trait not implemented"
    E0321 "type not known"
    E0325 "demands without end"
    E0326 "associated type differs"
    E0327 "borrow where an owned type is needed"
    E0328 "closure called in a way it does not allow"
    E0329 "function of another signature"
    E0330 "value that may not cross threads"
    E0390 "function needed for ever larger types"
    E0501 "use of a moved value"
    E0502 "use of a variable without a value"
    E0503 "assignment to something that is not mut"
    E0504 "exclusive borrow of something that is not mut"
    E0505 "borrowed while already borrowed"
    E0506 "assigned while borrowed"
    E0507 "moved while borrowed"
    E0508 "view outlives what it views"
    E0509 "returned view of something that ends or is not named"
    E0510 "view stored where it outlives what it views"
    E0511 "move out of a place that must stay whole"
    E0512 "view where an owned value is demanded"
    E0513 "used while borrowed exclusively"
    E0901 "not supported yet"
    E0910 "module file missing"
    E0911 "module file unreadable"
    W0101 "comment that looks like an attribute"
    W0201 "unused import"
}
