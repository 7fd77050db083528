//! Test runs: one executable for all tests of a package, one process per test.
//!
//! A process of its own keeps each test's output apart and lets a test crash, exit or leave
//! threads behind without touching the others.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hir::items::{FnId, Program};

use crate::packages::Session;
use crate::pipeline::Checked;
use crate::program::{Build, BuildError, Entry, Mode, build, whole};

/// A test function.
#[derive(Clone, Debug)]
pub struct Test {
    /// `module::name`.
    pub name: String,
    pub id: FnId,
    /// Must panic, with this text if one is given.
    pub should_panic: Option<Option<String>>,
}

#[derive(Clone, Debug)]
pub struct Outcome {
    pub test: Test,
    /// Why it failed.
    pub failure: Option<String>,
    /// What it printed on both streams.
    pub output: String,
    pub time: Duration,
}

/// The tests whose names hold one of the filters (all, if there are none), in source order.
pub fn find_tests(checked: &Checked, filters: &[String], exact: bool) -> Vec<Test> {
    let program = &checked.program;
    program
        .tests
        .iter()
        .map(|&id| Test {
            name: path_of(program, id),
            id,
            should_panic: program.fns[id].attrs.should_panic.clone(),
        })
        .filter(|t| {
            filters.is_empty()
                || filters.iter().any(|f| if exact { t.name == *f } else { t.name.contains(f.as_str()) })
        })
        .collect()
}

fn path_of(program: &Program, id: FnId) -> String {
    let decl = &program.fns[id];
    let mut parts = vec![decl.name.to_string()];
    let mut module = decl.module;
    while let Some(parent) = program.mods[module].parent {
        parts.push(program.mods[module].name.to_string());
        module = parent;
    }
    parts.reverse();
    parts.join("::")
}

/// An executable that runs the test whose number is its first argument.
pub struct Runner {
    path: PathBuf,
    tests: Vec<Test>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

pub fn prepare(
    session: &Session,
    checked: &Checked,
    tests: Vec<Test>,
    mode: Mode,
) -> Result<Runner, BuildError> {
    let ids: Vec<FnId> = tests.iter().map(|t| t.id).collect();
    let name = format!("altru-test-{}-{}", session.name, std::process::id());
    let path = std::env::temp_dir().join(name);
    let program = whole(session, checked, Entry::Tests(&ids))?;
    build(session, program, &Build { mode, output: path.clone(), cpu: None })?;
    Ok(Runner { path, tests })
}

impl Runner {
    /// Runs all tests, `threads` at a time; `report` hears of each in the order of their ends.
    pub fn run(&self, threads: usize, timeout: Duration, report: &(dyn Fn(&Outcome) + Sync)) -> Vec<Outcome> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, self.tests.len().max(1)) {
                scope.spawn(|| {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(test) = self.tests.get(i) else {
                            return;
                        };
                        let outcome = run_one(&self.path, i, test, timeout);
                        report(&outcome);
                        outcomes.lock().expect("outcomes").push((i, outcome));
                    }
                });
            }
        });
        let mut outcomes = outcomes.into_inner().expect("outcomes");
        outcomes.sort_by_key(|&(i, _)| i);
        outcomes.into_iter().map(|(_, o)| o).collect()
    }
}

/// Exit status of a panic.
const PANICKED: i32 = 101;

fn run_one(exe: &Path, index: usize, test: &Test, timeout: Duration) -> Outcome {
    let start = Instant::now();
    let (failure, output) = match run_process(exe, index, timeout) {
        Err(e) => (Some(format!("cannot run it: {e}")), String::new()),
        Ok((None, output)) => (Some(format!("still running after {} s; ended", timeout.as_secs())), output),
        Ok((Some(status), output)) => {
            let panicked = status.code() == Some(PANICKED);
            let failure = match &test.should_panic {
                None if status.success() => None,
                None if panicked => Some("panicked".into()),
                None => Some(format!("ended with {status}")),
                Some(_) if !panicked => Some(format!("should have panicked, but ended with {status}")),
                Some(Some(text)) if !output.contains(text.as_str()) => {
                    Some(format!("panicked, but not with `{text}`"))
                }
                Some(_) => None,
            };
            (failure, output)
        }
    };
    Outcome { test: test.clone(), failure, output, time: start.elapsed() }
}

/// Status (none: timed out) and output.
fn run_process(
    exe: &Path,
    index: usize,
    timeout: Duration,
) -> std::io::Result<(Option<std::process::ExitStatus>, String)> {
    let mut child = Command::new(exe)
        .arg(index.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let text = Mutex::new(Vec::new());
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: &mut dyn std::io::Read| {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = pipe.read(&mut buffer) {
            text.lock().expect("output").extend_from_slice(&buffer[..n]);
        }
    };
    let read = &read;
    let status = std::thread::scope(|scope| {
        if let Some(pipe) = &mut out {
            scope.spawn(move || read(pipe));
        }
        if let Some(pipe) = &mut err {
            scope.spawn(move || read(pipe));
        }
        let deadline = Instant::now() + timeout;
        // Short tests are noticed soon, long ones cost little.
        let mut pause = Duration::from_micros(200);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                return Ok::<_, std::io::Error>(None);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    })?;
    let bytes = text.into_inner().expect("output");
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}
