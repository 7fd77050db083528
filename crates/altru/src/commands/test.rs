//! `altru test`: the functions marked `[test]`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use driver::program::Mode;
use driver::testing::{Outcome, find_tests, prepare};

use super::kept::Kept;
use super::run::{report, wants_backtraces};
use super::{REFUSED, cannot_write, load_and_check, out, try_out};

#[derive(clap::Args)]
pub struct Args {
    /// File or package folder; the package around the current folder if left out
    path: Option<PathBuf>,
    /// Only tests whose names contain one of these
    filters: Vec<String>,
    /// Filters are whole names
    #[arg(long)]
    exact: bool,
    /// Name the tests without running them
    #[arg(long)]
    list: bool,
    /// Show what passing tests print, too
    #[arg(long)]
    nocapture: bool,
    /// How many run at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Seconds after which a test counts as hanging
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Compile for speed
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    explore: super::explore::Exploration,
}

pub fn run(mut args: Args) -> u8 {
    // `altru test NAME` inside a package filters; a path that is there is the input.
    if let Some(path) = &args.path
        && !path.exists()
    {
        args.filters.insert(0, path.to_string_lossy().into_owned());
        args.path = None;
    }
    let (session, checked) = match load_and_check(args.path.as_deref()) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let all = checked.program.tests.len();
    let tests = find_tests(&checked, &args.filters, args.exact);
    if args.list {
        for test in &tests {
            out(&format!("{}\n", test.name));
        }
        return 0;
    }
    let filtered = all - tests.len();
    if tests.is_empty() {
        out(&format!("no tests ({filtered} left out by the filter)\n"));
        return 0;
    }
    let count = tests.len();
    let mode = if args.release { Mode::Release } else { Mode::Quick };
    let shown = args.path.as_deref().map_or(String::new(), |path| format!(" {}", path.display()));
    let every = find_tests(&checked, &[], false);
    let mut kept = Kept::read(&session, &checked, &every);
    let unkept = match args.explore.is_replay() {
        true => Ok(0),
        false => kept.try_all(&session, &checked, mode, &tests, &every, &shown),
    };
    let unkept = match unkept {
        Ok(failed) => failed,
        Err(error) => return report(&session, error),
    };
    if args.explore.is_asked() {
        let status = super::explore::test(&session, &checked, &args.explore, mode, &tests, &kept, &shown);
        return if unkept > 0 { REFUSED } else { status };
    }
    // What `Quick` leaves out is where calls are.
    let mode = if wants_backtraces() && !args.release { Mode::Build } else { mode };
    let runner = match prepare(&session, &checked, tests, mode) {
        Ok(runner) => runner,
        Err(error) => return report(&session, error),
    };
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let paint = |text: &str, code: &str| {
        if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    };
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    // The tests run on without a reader, so that what they need is tidied up as ever.
    let unwritten: Mutex<Option<std::io::Error>> = Mutex::new(None);
    let say = |text: &str| {
        let mut unwritten = unwritten.lock().expect("output");
        if unwritten.is_none() {
            *unwritten = try_out(text).err();
        }
    };
    say(&format!("running {count} tests\n"));
    let start = Instant::now();
    let line = |o: &Outcome| {
        let verdict = if o.failure.is_some() { paint("FAILED", "31") } else { paint("ok", "32") };
        let mut text = format!("test {} ... {verdict}\n", o.test.name);
        if args.nocapture && !o.output.is_empty() {
            text.push_str(&o.output);
        }
        say(&text);
    };
    let outcomes = runner.run(threads, Duration::from_secs(args.timeout), &line);
    let failed: Vec<&Outcome> = outcomes.iter().filter(|o| o.failure.is_some()).collect();
    for outcome in &failed {
        let reason = outcome.failure.as_deref().unwrap_or_default();
        say(&format!("\n---- {}: {reason}\n{}", outcome.test.name, outcome.output));
    }
    let left_out = if filtered > 0 { format!(", {filtered} left out") } else { String::new() };
    let schedules =
        if unkept > 0 { format!(", {unkept} of the kept schedules failed") } else { String::new() };
    say(&format!(
        "\n{} passed, {} failed{schedules}{left_out} in {:.2} s\n",
        outcomes.len() - failed.len(),
        failed.len(),
        start.elapsed().as_secs_f64()
    ));
    match unwritten.into_inner().expect("output") {
        Some(error) => cannot_write(&error),
        None if failed.is_empty() && unkept == 0 => 0,
        None => REFUSED,
    }
}
