//! `fuzz syntax|check|compile [--seconds S | --count N] [--seed FIRST]` tries the inputs of the
//! seeds from FIRST (1) on, for S seconds or N inputs; every kind of failure is made small and
//! kept in `target/fuzz`. `fuzz show SEED` prints an input, `fuzz TARGET FILE` tries a file.
//!
//! Inputs run in a process that is ended and begun anew when one of them takes too long or
//! takes the process down.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fuzz::minimise::minimise;
use fuzz::target::Target;
use fuzz::{corpus, mutate};

/// An input that takes longer hangs. All take milliseconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(30);
/// Inputs of one process: names and types of one process are never freed.
const AT_ONCE: u64 = 2000;
/// The compiler's own main thread has as much.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["worker", target, first] => with_stack(|| worker(target, first.parse().unwrap_or(1))),
        ["one", target] => with_stack(|| one(target)),
        ["show", seed] => {
            print!("{}", mutate::input(&corpus::programs(), seed.parse().unwrap_or(1)));
            ExitCode::SUCCESS
        }
        [target, file] if Path::new(file).is_file() => {
            match (Target::named(target), std::fs::read_to_string(file)) {
                (Some(target), Ok(text)) => {
                    target.run(&text);
                    ExitCode::SUCCESS
                }
                _ => usage(),
            }
        }
        [target, ref options @ ..] if Target::named(target).is_some() => campaign(target, options),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "fuzz syntax|check|compile [--seconds S | --count N] [--seed FIRST]\nfuzz show SEED\nfuzz TARGET FILE"
    );
    ExitCode::from(2)
}

fn with_stack(f: impl FnOnce() -> ExitCode + Send) -> ExitCode {
    std::thread::scope(|s| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(s, f).expect("a thread");
        thread.join().unwrap_or(ExitCode::FAILURE)
    })
}

/// Where and why the last panic was, for the report.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// `None` if all holds, else what does not.
fn attempt(target: Target, text: &str) -> Option<String> {
    PANIC.lock().expect("panic").clear();
    catch_unwind(AssertUnwindSafe(|| target.run(text))).err()?;
    Some(PANIC.lock().expect("panic").clone())
}

fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        let mut last = PANIC.lock().expect("panic");
        // The first is the cause.
        if last.is_empty() {
            *last = info.to_string();
        }
    }));
}

/// Tries seed after seed, a line about each.
fn worker(target: &str, first: u64) -> ExitCode {
    let Some(target) = Target::named(target) else { return usage() };
    let corpus = corpus::programs();
    note_panics();
    let mut stdout = std::io::stdout().lock();
    for seed in first..first + AT_ONCE {
        let found = attempt(target, &mutate::input(&corpus, seed));
        let line = found.map_or("ok".into(), |message| format!("{message:?}"));
        if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Tries standard input.
fn one(target: &str) -> ExitCode {
    let Some(target) = Target::named(target) else { return usage() };
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_err() {
        return usage();
    }
    note_panics();
    match attempt(target, &text) {
        None => println!("ok"),
        Some(message) => println!("{message:?}"),
    }
    ExitCode::SUCCESS
}

struct Worker {
    child: Child,
    lines: Receiver<String>,
}

impl Worker {
    fn start(args: &[&str], input: Option<&str>) -> Worker {
        let exe = std::env::current_exe().expect("the program's own path");
        let mut child = Command::new(exe)
            .args(args)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the worker starts");
        if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
            let _ = stdin.write_all(text.as_bytes());
        }
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("piped");
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Worker { child, lines }
    }

    /// What the next input gave.
    fn next(&mut self) -> String {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => format!("hang: more than {} s", LIMIT.as_secs()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait().map_or("?".into(), |s| s.to_string());
                format!("crash: {status}")
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Failures with the same text up to its first figures count as one kind, panics by their place.
fn kind(line: &str) -> String {
    match line.strip_prefix("\"panicked at ").and_then(|l| l.split_once(":\\n")) {
        Some((place, message)) => {
            let message: String = message.chars().take_while(|c| !c.is_ascii_digit()).take(60).collect();
            format!("{place} {message}")
        }
        None => line.split(':').next().unwrap_or("").to_string(),
    }
}

fn campaign(target: &str, options: &[&str]) -> ExitCode {
    let number =
        |name: &str| options.windows(2).find(|w| w[0] == name).and_then(|w| w[1].parse::<u64>().ok());
    let (count, seconds) = (number("--count").unwrap_or(u64::MAX), number("--seconds").unwrap_or(u64::MAX));
    if count == u64::MAX && seconds == u64::MAX {
        return usage();
    }
    let corpus = corpus::programs();
    let (start, first) = (Instant::now(), number("--seed").unwrap_or(1));
    let mut seed = first;
    let mut found: HashMap<String, u64> = HashMap::new();
    let mut worker: Option<Worker> = None;
    let mut left = 0;
    while seed - first < count && start.elapsed().as_secs() < seconds {
        if left == 0 {
            worker = Some(Worker::start(&["worker", target, &seed.to_string()], None));
            left = AT_ONCE;
        }
        let line = worker.as_mut().expect("begun").next();
        left -= 1;
        if line != "ok" {
            if !line.starts_with('"') {
                left = 0;
            }
            let times = found.entry(kind(&line)).or_insert(0);
            *times += 1;
            if *times == 1 {
                report(target, &corpus, seed, &line);
            }
        }
        seed += 1;
    }
    println!("{target}: {} inputs in {:.0} s", seed - first, start.elapsed().as_secs_f64());
    for (kind, times) in &found {
        println!("  {times} times: {kind}");
    }
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(target: &str, corpus: &[String], seed: u64, line: &str) {
    let text = mutate::input(corpus, seed);
    let wanted = kind(line);
    // A hang costs its whole limit each time it is seen.
    let tries = if line.starts_with("hang") { 40 } else { 600 };
    let small = minimise(&text, tries, &mut |candidate| {
        kind(&Worker::start(&["one", target], Some(candidate)).next()) == wanted
    });
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    let file = folder.join(format!("{target}-{seed}.altru"));
    let kept = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &small));
    let place = kept.map_or_else(|e| e.to_string(), |()| file.display().to_string());
    println!("seed {seed}: {line}\n{place}:\n{small}\n");
}
