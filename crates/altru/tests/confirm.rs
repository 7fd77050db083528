//! `altru check --confirm`: the cases of `tests/confirm`, and the programs of `tests/explore/goker` that the analysis suspects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut trials = vec![Trial::test("text_for_people", text_for_people)];
    let file = root.join("confirm/candidates.altru");
    let text = fs::read_to_string(&file).expect("the cases are there");
    for case in text.split("#=== ").skip(1) {
        let (head, program) = case.split_once('\n').expect("a line");
        let (name, expected) = head.split_once(" | ").expect("what is expected");
        let (name, expected) = (name.to_string(), expected.trim().to_string());
        let program = program.to_string();
        trials.push(Trial::test(format!("cases/{name}"), move || {
            let file = temporary(&name, &program);
            let outcome = case_of(&file, &expected);
            let _ = fs::remove_file(&file);
            outcome
        }));
    }
    let mut kernels: Vec<PathBuf> = fs::read_dir(root.join("explore/goker"))
        .expect("programs are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "altru"))
        .collect();
    kernels.sort();
    for kernel in kernels {
        let name = kernel.file_stem().expect("a name").to_string_lossy().into_owned();
        let of_it = if name.ends_with("_bug") { suspected } else { cleared };
        trials.push(Trial::test(format!("goker/{name}"), move || of_it(&kernel)));
    }
    libtest_mimic::run(&args, trials).exit();
}

fn temporary(name: &str, program: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("altru-confirm-{name}-{}.altru", std::process::id()));
    fs::write(&file, program).expect("a temporary file");
    file
}

fn altru(args: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_altru"));
    command.args(args).arg(file).env("NO_COLOR", "1").output().expect("altru runs")
}

/// What is told of each candidate.
fn candidates(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line.get("outcome").is_some()).collect()
}

fn check(file: &Path) -> Output {
    altru(&["check", "--confirm", "--format", "json", "--seconds", "60"], file)
}

fn case_of(file: &Path, expected: &str) -> Result<(), Failed> {
    let output = check(file);
    let found = candidates(&output);
    let said = |one: &Value| format!("{}:{}", text(&one["candidate"]), text(&one["outcome"]));
    let told: Vec<String> = found.iter().map(said).collect();
    let status = i32::from(expected.contains("confirmed"));
    if told.join(" ") != expected || output.status.code() != Some(status) {
        return Err(format!("expected {expected}, but: {output:?}").into());
    }
    found.iter().try_for_each(|one| replays(one, file))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("nothing")
}

/// The command that is told fails as it says.
fn replays(candidate: &Value, file: &Path) -> Result<(), Failed> {
    if candidate["outcome"] != "confirmed" {
        return Ok(());
    }
    let schedule = text(&candidate["schedule"]);
    let output = match candidate["test"].as_str() {
        None => altru(&["run", "--replay", schedule], file),
        Some(test) => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_altru"));
            command.args(["test", "--replay", schedule, "--exact"]).arg(file).arg(test);
            command.output().expect("altru runs")
        }
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // That of a circle of actors may end well, as somebody takes the panic.
    match said.contains(text(&candidate["failure"])) || candidate["candidate"] == "ask-circle" {
        true => Ok(()),
        false => Err(format!("replayed, it went another way: {said}\n{candidate}").into()),
    }
}

/// What the analysis suspects in a bug can be confirmed.
fn suspected(file: &Path) -> Result<(), Failed> {
    let output = check(file);
    let found = candidates(&output);
    if !found.is_empty() && !found.iter().any(|one| one["outcome"] == "confirmed") {
        return Err(format!("{found:#?}").into());
    }
    found.iter().try_for_each(|one| replays(one, file))
}

/// Nothing that is suspected in what was mended is confirmed.
fn cleared(file: &Path) -> Result<(), Failed> {
    let output = check(file);
    let found = candidates(&output);
    match output.status.code() == Some(0) && !found.iter().any(|one| one["outcome"] == "confirmed") {
        true => Ok(()),
        false => Err(format!("{output:?}").into()),
    }
}

const OVER_A_WAIT: &str = "\
use std::sync::Event
fn main():
    let m = Mutex::new(1)
    let ready = Event::new()
    scope s:
        s.spawn(||:
            *m.lock() += 1
            ready.set()
        )
        let guard = m.lock()
        ready.wait()
        println(\"${*guard}\")
";

/// A warning becomes an error with its schedule, or is not heard of any more.
fn text_for_people() -> Result<(), Failed> {
    let file = temporary("text", OVER_A_WAIT);
    let confirmed = altru(&["check", "--confirm"], &file);
    let harmless = OVER_A_WAIT.replace("        let guard", "        ready.wait()\n        let guard");
    fs::write(&file, harmless).expect("a temporary file");
    let plain = altru(&["check"], &file);
    let refuted = altru(&["check", "--confirm"], &file);
    let _ = fs::remove_file(&file);
    let said = String::from_utf8_lossy(&confirmed.stderr);
    for wanted in [
        "error[W0663]: `m` is held over a wait",
        "confirmed\nfailed in execution 1 (",
        "main: WAITS for ever: wait for an event [",
        "replay:   altru run --replay a1.",
        "1 candidate: 1 confirmed\n",
    ] {
        if !said.contains(wanted) {
            return Err(format!("{wanted:?} is missing in: {said}").into());
        }
    }
    let said = String::from_utf8_lossy(&refuted.stderr);
    let wanted = "1 candidate: 0 confirmed, 1 refuted (all 1 orders that can make a difference were tried)\n";
    if said != wanted || !String::from_utf8_lossy(&plain.stderr).contains("warning[W0663]") {
        return Err(format!("{said:?} in place of {wanted:?}; {plain:?}").into());
    }
    match (confirmed.status.code(), refuted.status.code()) {
        (Some(1), Some(0)) => Ok(()),
        other => Err(format!("ended with {other:?}").into()),
    }
}
