//! The tree as text, for `--emit tree`.

use crate::Parse;

/// The tree of a file, one node a line.
pub fn dump(parse: &Parse, _text: &str) -> String {
    format!("{:#?}\n", parse.file)
}
