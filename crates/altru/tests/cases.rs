//! Runs every language case under `tests/cases`, each through the built `altru`.
//!
//! How they are written is said in `support/cases.rs`. A line that ends in
//! `#! E0501` (several codes are separated by blanks) must be refused there by just those codes;
//! a case with such a line is only checked, and no other line may get an error. Warnings count
//! where a case marks one (`#! W0402`). What runs is run twice, the second time with optimisation (`release::` before
//! the name).
//!
//! With `ALTRU_CASES=build` in the environment every program is made an executable instead, which is run: so does
//! `tests/sanitizers/run`, whose reports are failures.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[path = "support/cases.rs"]
mod language;

use language::{Case, collect, read_cases};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut trials = Vec::new();
    for case in files.iter().flat_map(|f| read_cases(&root, f)) {
        let case = std::sync::Arc::new(case);
        if marked_codes(&case.program).is_empty() {
            let optimised = case.clone();
            let name = format!("release::{}", case.name);
            trials.push(Trial::test(name, move || run(&optimised, &["run", "--release"])));
        }
        trials.push(Trial::test(case.name.clone(), move || run(&case, &["run"])));
    }
    libtest_mimic::run(&args, trials).exit();
}

fn run(case: &Case, command: &[&str]) -> Result<(), Failed> {
    let expected = marked_codes(&case.program);
    if !expected.is_empty() {
        return check(case, &expected);
    }
    let output = match std::env::var_os("ALTRU_CASES") {
        Some(how) if how == "build" => built(&command[1..], case)?,
        _ => altru(command, case),
    };
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let status = case.status.unwrap_or(0);
    let mut wrong = Vec::new();
    if output.status.code() != Some(status) {
        wrong.push(format!("exit {:?}, expected {status}", output.status.code()));
    }
    if let Some(out) = &case.out
        && *out != stdout
    {
        wrong.push(format!("expected output:\n{out}found:\n{stdout}"));
    }
    for line in &case.err {
        if !stderr.contains(line.as_str()) {
            wrong.push(format!("standard error lacks: {line}"));
        }
    }
    if stderr.contains("Sanitizer: ") {
        wrong.push("a sanitizer's report".to_string());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.join("\n");
    Err(format!("{}\n{wrong}\n--- standard error:\n{stderr}", case.file.display()).into())
}

/// `altru ARGS FILE` on the case's program (its standard input may be needed by the case).
fn altru(args: &[&str], case: &Case) -> Output {
    let file = source(args, case);
    let output = with_input(Command::new(env!("CARGO_BIN_EXE_altru")).args(args).arg(&file), case);
    let _ = std::fs::remove_file(&file);
    output
}

/// What the executable does that `altru build ARGS FILE` makes of it.
fn built(args: &[&str], case: &Case) -> Result<Output, Failed> {
    let file = source(args, case);
    let program = file.with_extension("");
    let mut compiler = Command::new(env!("CARGO_BIN_EXE_altru"));
    let made = with_input(compiler.arg("build").args(args).arg(&file).arg("-o").arg(&program), case);
    let _ = std::fs::remove_file(&file);
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
    }
    let output = with_input(&mut Command::new(&program), case);
    let _ = std::fs::remove_file(&program);
    Ok(output)
}

/// The case's program as a file of its own.
fn source(args: &[&str], case: &Case) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("altru-cases-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("temporary folder");
    let name = format!("{}{}", case.name.replace(['/', ':'], "_"), args.len());
    let file = folder.join(format!("{name}.altru"));
    std::fs::write(&file, &case.program).expect("temporary file");
    file
}

fn with_input(command: &mut Command, case: &Case) -> Output {
    let mut child = command
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A program that does not read its input closes the pipe; that is fine.
    let _ = child.stdin.take().expect("piped").write_all(case.input.as_bytes());
    child.wait_with_output().expect("it ends")
}

/// Codes expected on each one-based line.
fn marked_codes(program: &str) -> BTreeMap<usize, Vec<String>> {
    let mut marked = BTreeMap::new();
    for (i, line) in program.lines().enumerate() {
        if let Some((_, codes)) = line.split_once("#! ") {
            let mut codes: Vec<String> = codes.split_whitespace().map(String::from).collect();
            codes.sort();
            marked.insert(i + 1, codes);
        }
    }
    marked
}

fn check(case: &Case, expected: &BTreeMap<usize, Vec<String>>) -> Result<(), Failed> {
    let output = altru(&["check", "--format", "json"], case);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let about_warnings = expected.values().flatten().any(|c| c.starts_with('W'));
    let mut found = BTreeMap::<usize, Vec<String>>::new();
    let mut messages = String::new();
    for line in stdout.lines() {
        let d: serde_json::Value =
            serde_json::from_str(line).map_err(|e| format!("not JSON ({e}): {line}\n{stderr}"))?;
        let at = d["primary"]["place"]["start"]["line"].as_u64().unwrap_or(0) as usize;
        let code = d["code"].as_str().unwrap_or("?").to_string();
        let message = d["message"].as_str().unwrap_or("");
        messages.push_str(&format!("  line {at}: {code} {message}\n"));
        if code.starts_with('E') || about_warnings {
            found.entry(at).or_default().push(code);
        }
    }
    for codes in found.values_mut() {
        codes.sort();
    }
    let errors = expected.values().flatten().any(|c| c.starts_with('E'));
    let status = if errors { 1 } else { 0 };
    if found == *expected && output.status.code() == Some(status) {
        return Ok(());
    }
    Err(format!(
        "{}\nexpected {expected:?}\nfound    {found:?} (exit {:?})\n{messages}{stderr}",
        case.file.display(),
        output.status.code()
    )
    .into())
}
