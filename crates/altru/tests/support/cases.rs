//! The language cases of `tests/cases`: a file holds some, each begun by a line `#=== name` and, after the program, may say what is
//! expected: `#=== out` begins the lines it prints, `#=== err` lines that its standard error must
//! contain, `#=== status N` its exit status, `#=== in` its standard input.

use std::path::{Path, PathBuf};

pub struct Case {
    pub name: String,
    pub file: PathBuf,
    pub program: String,
    pub input: String,
    pub out: Option<String>,
    pub err: Vec<String>,
    pub status: Option<i32>,
}

pub fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("tests/cases is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "altru") {
            files.push(path);
        }
    }
}

pub fn read_cases(root: &Path, file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).expect("a case file is UTF-8");
    let area = file.strip_prefix(root).expect("below the root").with_extension("");
    let mut cases: Vec<Case> = Vec::new();
    let mut section = "program";
    for line in text.lines() {
        let directive = line.strip_prefix("#=== ").map(|d| d.split_whitespace().collect::<Vec<_>>());
        match directive.as_deref() {
            Some(["out"]) => {
                section = "out";
                last(&mut cases, file).out = Some(String::new());
            }
            Some(["err"]) => section = "err",
            Some(["in"]) => section = "in",
            Some(["status", n]) => last(&mut cases, file).status = n.parse().ok(),
            Some([name]) => {
                section = "program";
                cases.push(Case {
                    name: format!("{}::{name}", area.to_string_lossy()),
                    file: file.to_path_buf(),
                    program: String::new(),
                    input: String::new(),
                    out: None,
                    err: Vec::new(),
                    status: None,
                });
            }
            Some(other) => panic!("{}: unknown directive {other:?}", file.display()),
            // Before the first case: the file's own heading.
            None if cases.is_empty() => {}
            None => {
                let case = last(&mut cases, file);
                match section {
                    "program" => push_line(&mut case.program, line),
                    "out" => push_line(case.out.as_mut().expect("begun"), line),
                    "in" => push_line(&mut case.input, line),
                    _ if line.is_empty() => {}
                    _ => case.err.push(line.to_string()),
                }
            }
        }
    }
    for case in &mut cases {
        // Blank lines between cases belong to neither.
        if let Some(out) = &mut case.out {
            let kept = out.trim_end_matches('\n').len();
            out.truncate(kept);
            if kept > 0 {
                out.push('\n');
            }
        }
    }
    cases
}

fn last<'a>(cases: &'a mut [Case], file: &Path) -> &'a mut Case {
    cases.last_mut().unwrap_or_else(|| panic!("{}: a directive before the first case", file.display()))
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
