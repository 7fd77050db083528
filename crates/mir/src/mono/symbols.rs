//! Symbol names: readable, the same in every compilation.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use hir::items::Program;
use hir::ty::Ty;

/// Longer argument lists are replaced by their hash.
const MAX_LEN: usize = 120;

/// `module::Type::function[int, string]`
pub(super) fn symbol(program: &Program, name: &str, args: &[Ty]) -> String {
    let mut out = name.to_owned();
    if args.is_empty() {
        return out;
    }
    let shown: Vec<String> = args.iter().map(|&t| hir::ty::display(program, t)).collect();
    let shown = shown.join(", ");
    if shown.len() <= MAX_LEN {
        let _ = write!(out, "[{shown}]");
    } else {
        let mut hasher = rustc_hash::FxHasher::default();
        shown.hash(&mut hasher);
        let _ = write!(out, "[#{:x}]", hasher.finish());
    }
    out
}
