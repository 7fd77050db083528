//! The language's cases through the interpreter: what the ownership checks accept must never
//! make it fail, and must print what the case says.
//!
//! `INTERP_CASES=ownership/` narrows to cases whose name contains a text, and shows what is said.

use std::path::{Path, PathBuf};

use crosscheck::program::Batch;
use crosscheck::{Std, Verdict, compare};
use mir::interp::{End, Limits};

struct Case {
    name: String,
    program: String,
    out: Option<String>,
    /// Ends otherwise than with success, or reads.
    fails: bool,
}

fn cases(root: &Path) -> Vec<Case> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("cases").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "altru") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let area = file.strip_prefix(root).expect("below").with_extension("");
        let mut section = "";
        let first = all.len();
        for line in text.lines() {
            if let Some(word) = line.strip_prefix("#=== ") {
                match word.split_whitespace().next() {
                    Some("out") => {
                        section = "out";
                        if let Some(case) = all.last_mut() {
                            let case: &mut Case = case;
                            case.out = Some(String::new());
                        }
                    }
                    Some("err" | "in" | "status") => {
                        section = "else";
                        if let Some(case) = all.last_mut() {
                            let case: &mut Case = case;
                            case.fails = true;
                        }
                    }
                    Some(name) => {
                        section = "program";
                        all.push(Case {
                            name: format!("{}::{name}", area.display()),
                            program: String::new(),
                            out: None,
                            fails: false,
                        });
                    }
                    None => {}
                }
            } else if all.len() > first
                && let Some(case) = all.last_mut()
            {
                match section {
                    "program" => case.program += &format!("{line}\n"),
                    "out" => {
                        if let Some(out) = &mut case.out {
                            *out += &format!("{line}\n");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    all
}

/// Deeply nested programs are among the cases.
fn with_stack(f: fn()) {
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(f).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn language_cases() {
    with_stack(run_language_cases);
}

fn run_language_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases");
    let wanted = std::env::var("INTERP_CASES").unwrap_or_default();
    let std = Std::new();
    let mut failed = String::new();
    let (mut ran, mut refused, mut skipped) = (0, 0, 0);
    for case in cases(&root).iter().filter(|c| c.name.contains(&wanted)) {
        let mut want: Vec<(usize, String)> = case
            .program
            .lines()
            .enumerate()
            .filter_map(|(i, l)| l.split_once("#! ").map(|(_, codes)| (i + 1, codes)))
            .flat_map(|(i, codes)| codes.split_whitespace().map(move |c| (i, c.to_string())))
            .filter(|(_, c)| c.starts_with('E'))
            .collect();
        want.sort();
        // Other stages have their own tests.
        let ours = |l: &[(usize, String)]| l.iter().any(|c| c.1.starts_with("E05"));
        match std.run(&case.program, Limits { steps: 1_000_000, ..Limits::default() }) {
            Verdict::Refused(said) => {
                refused += 1;
                let mut got: Vec<_> = said.iter().map(|s| (s.line, s.code.clone())).collect();
                got.sort();
                let text: String =
                    said.iter().map(|s| format!("\n  {}: {} {}", s.line, s.code, s.text)).collect();
                if got != want && !case.fails && (ours(&got) || ours(&want)) {
                    failed += &format!("{}: wanted {want:?}{text}\n", case.name);
                } else if got != want {
                    skipped += 1;
                }
                if !wanted.is_empty() {
                    println!("{}:{text}", case.name);
                }
            }
            Verdict::Ran { .. } if ours(&want) => {
                failed += &format!("{}: wanted {want:?}, was accepted\n", case.name);
            }
            Verdict::Ran { outcome, trap } => {
                ran += 1;
                match &outcome.end {
                    End::Trap { .. } => {
                        failed += &format!("{}: {}\n", case.name, trap.unwrap_or_default());
                    }
                    End::Unsupported(_) | End::Limit => skipped += 1,
                    End::Exit(_) | End::Panic(_) => {
                        if let Some(out) = &case.out
                            && out.trim_end() != outcome.stdout.trim_end()
                        {
                            failed += &format!(
                                "{}: printed {:?} instead of {out:?} ({:?})\n",
                                case.name, outcome.stdout, outcome.end
                            );
                        }
                    }
                }
            }
        }
    }
    println!("{ran} ran, {refused} refused, {skipped} of these not compared");
    assert!(failed.is_empty(), "\n{failed}");
}

/// A few random programs, interpreted and compiled; the binary runs as many as one likes.
#[test]
fn random_programs() {
    with_stack(run_random_programs);
}

fn run_random_programs() {
    let std = Std::new();
    // `cargo build --workspace` puts it beside the tests' folder.
    let exe = std::env::current_exe().expect("the test's own path");
    let altru = exe.ancestors().nth(2).expect("a folder").join("altru");
    assert!(altru.is_file(), "{} is not there: build the workspace first", altru.display());
    for seed in 1..=5 {
        let mut batch = Batch::new(seed, 40, 14);
        for round in 0..12 {
            match std.run(&batch.text(), Limits::default()) {
                Verdict::Refused(said) => {
                    let lines: Vec<usize> = said.iter().map(|s| s.line).collect();
                    batch.repair(&lines, round >= 10);
                }
                Verdict::Ran { outcome, trap } => {
                    assert_eq!(trap, None, "{}", batch.text());
                    assert!(matches!(outcome.end, End::Exit(0)), "{:?}", outcome.end);
                    assert_eq!(outcome.leaks, 0, "{}", batch.text());
                    assert_eq!(compare(&altru, &batch.text(), &outcome.stdout), None, "{}", batch.text());
                    break;
                }
            }
        }
        assert!(!batch.functions.is_empty());
    }
}
