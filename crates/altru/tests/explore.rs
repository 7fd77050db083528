//! Every program of `tests/explore`, explored: what its head expects is found, and nothing else. See the README there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};

/// Schedules whose traces are counted: of models with more, the time goes elsewhere.
const MOST_TRACES: u64 = 70_000;

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/explore");
    let mut trials = Vec::new();
    for folder in ["goker", "models", "correct", "seeded"] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .expect("programs are there")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "altru"))
            .collect();
        files.sort();
        for file in files {
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            trials.push(Trial::test(format!("{folder}/{name}"), move || run(&file)));
        }
    }
    trials.push(Trial::test("little_address_space", move || little_address_space(&root.join("models"))));
    libtest_mimic::run(&args, trials).exit();
}

fn run(file: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(file).expect("a program is UTF-8");
    let head = |key: &str| {
        let start = format!("//# {key}: ");
        text.lines().find_map(|line| line.strip_prefix(&start)).map(str::trim)
    };
    let expected = head("expect").ok_or("it does not say what to expect")?;
    if let Some(code) = expected.strip_prefix("error:") {
        let output = altru(&["check"], file, &[]);
        return match String::from_utf8_lossy(&output.stderr).contains(&format!("error[{code}]")) {
            true => Ok(()),
            false => Err(format!("not refused with {code}: {}", said(&output)).into()),
        };
    }
    let mut explore = vec!["run", "--explore", "--seconds", "60"];
    explore.extend(head("explore").into_iter().flat_map(str::split_whitespace));
    let found = altru(&explore, file, &[]);
    let verdict = said(&found);
    let first = verdict.lines().next().unwrap_or_default();
    let fits = match expected {
        "ok" => first.starts_with("passed: "),
        "deadlock" => first.contains(": deadlock: "),
        "livelock" => verdict.contains("livelock"),
        "leak" => first.contains(": `main` has ended, and these wait for ever: "),
        "panic" => first.contains(": panic: "),
        other => return Err(format!("unknown expectation `{other}`").into()),
    };
    if !fits {
        return Err(format!("expected {expected}, but: {verdict}").into());
    }
    if expected != "ok" {
        return replays(file, &verdict);
    }
    if let Some(traces) = head("traces")
        && traces.parse::<u64>().is_ok_and(|traces| traces <= MOST_TRACES)
    {
        let all =
            said(&altru(&["run", "--explore", "--strategy", "exhaustive", "--seconds", "60"], file, &[]));
        let wanted = format!("all {traces} orders that can make a difference ({traces} executions)");
        if !all.contains(&wanted) {
            return Err(format!("expected {wanted}, but: {all}").into());
        }
    }
    Ok(())
}

/// What an exploration reserves for its tasks gets less where a process may have only so much.
fn little_address_space(models: &Path) -> Result<(), Failed> {
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 20000000 && exec \"$0\" run --explore \"$1\"", env!("CARGO_BIN_EXE_altru")])
        .arg(models.join("counter_2x2.altru"))
        .output()
        .expect("a shell runs");
    let said = said(&output);
    if said.contains("all 6 orders that can make a difference") { Ok(()) } else { Err(said.into()) }
}

/// The schedule that was printed leads to the same failure again, whether the code is optimised or not.
fn replays(file: &Path, verdict: &str) -> Result<(), Failed> {
    let schedule = verdict.lines().find_map(|line| line.strip_prefix("schedule: "));
    let schedule = schedule.ok_or("a failure has no schedule")?;
    let story = |text: &str| {
        let lines: Vec<String> =
            text.lines().filter(|line| line.starts_with("  ")).map(str::to_string).collect();
        lines.join("\n")
    };
    for mode in [&[][..], &["--release"]] {
        let mut args = vec!["run", "--replay", schedule];
        args.extend(mode);
        let again = said(&altru(&args, file, &[]));
        if story(&again) != story(verdict) {
            return Err(format!("replayed {mode:?}, it went another way: {again}\nfirst: {verdict}").into());
        }
    }
    Ok(())
}

fn altru(before: &[&str], file: &Path, after: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_altru"))
        .args(before)
        .arg(file)
        .args(after)
        .env("NO_COLOR", "1")
        .output()
        .expect("altru runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
