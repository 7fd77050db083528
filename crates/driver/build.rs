//! Embeds the standard library's sources and the pages of the diagnostic codes, so that the
//! compiler is one file that needs neither beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo"))
        .join("../..")
        .canonicalize()
        .expect("the crate is two folders down");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("set by cargo"));
    write_table(&root.join("std/src"), "altru", "STD", &out.join("std_files.rs"));
    write_table(&root.join("docs/errors"), "md", "ERRORS", &out.join("error_pages.rs"));
}

/// `pub static NAME: &[(&str, &str)]` of relative path without extension, and text.
fn write_table(dir: &Path, extension: &str, name: &str, out: &Path) {
    println!("cargo:rerun-if-changed={}", dir.display());
    let mut files = Vec::new();
    collect(dir, extension, &mut files);
    files.sort();
    let mut text = format!("pub static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let relative = file.strip_prefix(dir).expect("inside").with_extension("");
        let _ = writeln!(
            text,
            "    ({:?}, include_str!({:?})),",
            relative.to_string_lossy(),
            file.to_string_lossy()
        );
    }
    text.push_str("];\n");
    std::fs::write(out, text).expect("OUT_DIR is writable");
}

fn collect(dir: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
}
