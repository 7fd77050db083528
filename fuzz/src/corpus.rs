//! The programs that mutations begin with: language cases, examples, benchmarks, the programs in
//! the documents, and the standard library.

use std::path::{Path, PathBuf};

/// All programs of the repository, in an order that does not depend on the file system.
pub fn programs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["tests/cases", "examples", "benches", "docs", "std", "crates/syntax/tests", "fuzz/found"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let mut programs = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        match file.extension().and_then(|e| e.to_str()) {
            Some("md") => fenced(&text, &mut programs),
            _ if text.contains("#=== ") => cases(&text, &mut programs),
            _ => programs.push(text),
        }
    }
    programs
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "altru" || e == "md") {
            files.push(path);
        }
    }
}

/// The blocks of a document that are Altru.
fn fenced(text: &str, programs: &mut Vec<String>) {
    let mut block: Option<String> = None;
    for line in text.lines() {
        match &mut block {
            None if line.starts_with("```altru") => block = Some(String::new()),
            None => {}
            Some(_) if line.starts_with("```") => programs.extend(block.take()),
            Some(program) => push_line(program, line),
        }
    }
}

/// The programs of a file of language cases (see `crates/altru/tests/cases.rs`).
fn cases(text: &str, programs: &mut Vec<String>) {
    let mut inside = false;
    for line in text.lines() {
        if let Some(word) = line.strip_prefix("#=== ") {
            inside = !matches!(word.split_whitespace().next(), Some("out" | "err" | "in" | "status"));
            if inside {
                programs.push(String::new());
            }
        } else if inside && let Some(program) = programs.last_mut() {
            push_line(program, line);
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
