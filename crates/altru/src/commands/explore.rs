//! `--explore`: a program or a test under many schedules.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driver::diagram::{Story, shown};
use driver::exploring::{Budget, Explorer, Findings, Plan, Schedule, Search, Verdict, ended};
use driver::packages::Session;
use driver::pipeline::Checked;
use driver::program::{Entry, Mode};
use driver::testing::Test;
use driver::unreceived::Unreceived;
use explore::Coverage;

use super::kept::Kept;
use super::run::report;
use super::{REFUSED, fail, out};

#[derive(clap::Args)]
pub struct Exploration {
    /// Try every order of what threads and tasks do, as far as the budget goes
    #[arg(long)]
    explore: bool,
    /// How to explore
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Strategy::Portfolio)]
    strategy: Strategy,
    /// The most executions of one exploration
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    executions: u64,
    /// The most seconds of one exploration
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
    /// The most steps of one execution
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    steps: u64,
    /// Where random choices start
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Let timers fire while others could still go on
    #[arg(long)]
    hasty: bool,
    /// Repeat the execution of a schedule that an exploration printed
    #[arg(long, value_name = "SCHEDULE")]
    replay: Option<String>,
    /// Keep the schedules of tests that fail beside their sources, where `altru test` finds them
    #[arg(long, requires = "explore")]
    keep: bool,
    /// Draw the execution that failed: a sequence diagram (.svg), a page (.html), or its steps (.json)
    #[arg(long, value_name = "FILE")]
    draw: Option<PathBuf>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// Some at random, then every order that matters
    Portfolio,
    /// Every order that matters, once
    Exhaustive,
    /// At random
    Random,
    /// At random, with priorities that change at three places (PCT)
    Pct,
    /// Every schedule with at most two preemptions
    Bounded,
}

impl Exploration {
    /// One execution is to be repeated.
    pub fn is_replay(&self) -> bool {
        self.replay.is_some()
    }

    pub fn is_asked(&self) -> bool {
        self.explore || self.replay.is_some()
    }

    fn plan(&self) -> Result<Plan, String> {
        let search = match (&self.replay, self.strategy) {
            (Some(schedule), _) => Search::Replay(schedule.parse::<Schedule>()?),
            (None, Strategy::Portfolio) => Search::Portfolio,
            (None, Strategy::Exhaustive) => Search::Exhaustive,
            (None, Strategy::Random) => Search::Random,
            (None, Strategy::Pct) => Search::Pct,
            (None, Strategy::Bounded) => Search::Bounded,
        };
        let budget = Budget {
            executions: self.executions,
            time: Duration::from_secs(self.seconds),
            steps: self.steps,
        };
        Ok(Plan { search, budget, seed: self.seed, hasty: self.hasty })
    }
}

impl Exploration {
    /// Draws a failure as the file's name asks for.
    fn draw(&self, found: &Findings) -> Result<(), u8> {
        let Some(file) = self.draw.as_deref().filter(|_| found.verdict.is_failure()) else { return Ok(()) };
        let trace = Story::new(&found.trace).trace();
        let drawn = match file.extension().and_then(|e| e.to_str()) {
            Some("svg") => trace.to_svg(),
            Some("html") => trace.to_html(&format!("{}: {}", title(file), failure(found))),
            Some("json") => trace.to_json(),
            _ => return Err(fail("`--draw` needs a file that ends in .svg, .html or .json")),
        };
        std::fs::write(file, drawn)
            .map_err(|error| fail(&format!("cannot write `{}`: {error}", file.display())))
    }
}

fn title(file: &Path) -> String {
    file.file_stem().map_or("failure".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Status after a failure was found: that of a panic.
const FOUND: u8 = 101;

pub fn run(session: &Session, checked: &Checked, args: &Exploration, mode: Mode, own: &[String]) -> u8 {
    let plan = match args.plan() {
        Ok(plan) => plan,
        Err(message) => return fail(&message),
    };
    if args.keep {
        return fail("`--keep` is for tests: write one that does what the program does");
    }
    give_up_after(args.seconds);
    let explored = Explorer::new(session, checked, Entry::Main, mode, own)
        .and_then(|explorer| explorer.explore(&plan, None));
    match explored {
        Ok(found) => {
            let command = format!("altru run --replay {{}} {}", own.join(" "));
            out(&tell(&found, &command));
            if let Err(status) = args.draw(&found) {
                return status;
            }
            if found.verdict.is_failure() { FOUND } else { 0 }
        }
        Err(error) => report(session, error),
    }
}

/// A loop without anything visible in it, in code that never waits, cannot be stopped: ends the command.
pub fn give_up_after(seconds: u64) {
    const PATIENCE: u64 = 30;
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(seconds));
        let mut before = u64::MAX;
        while ended() != before {
            before = ended();
            std::thread::sleep(Duration::from_secs(PATIENCE));
        }
        fail("an execution does not end: there is a loop in which nothing happens that others could notice");
        std::process::exit(i32::from(FOUND));
    });
}

/// Explores each test; `shown` is the path as the user wrote it, with a space before.
pub fn test(
    session: &Session,
    checked: &Checked,
    args: &Exploration,
    mode: Mode,
    tests: &[Test],
    kept: &Kept,
    shown: &str,
) -> u8 {
    let plan = match args.plan() {
        Ok(plan) => plan,
        Err(message) => return fail(&message),
    };
    if matches!(plan.search, Search::Replay(_)) && tests.len() != 1 {
        return fail("a schedule belongs to one test: name it (`--exact`)");
    }
    let ids: Vec<_> = tests.iter().map(|test| test.id).collect();
    let explorer = match Explorer::new(session, checked, Entry::Tests(&ids), mode, &[]) {
        Ok(explorer) => explorer,
        Err(error) => return report(session, error),
    };
    give_up_after(args.seconds.saturating_mul(tests.len() as u64));
    out(&format!("exploring {} tests\n", tests.len()));
    let (mut failed, mut failures) = (Vec::new(), 0);
    for (index, test) in tests.iter().enumerate() {
        let own = [session.name.clone(), index.to_string()];
        let found = match explorer.explore(&plan, Some(&own)) {
            Ok(found) => as_expected(found, test),
            Err(error) => return report(session, error),
        };
        let told = tell(&found, &replay_test(shown, &test.name));
        if let Err(status) = args.draw(&found) {
            return status;
        }
        if found.verdict.is_failure() {
            failures += 1;
            failed.extend(found.schedule.map(|schedule| (test, schedule)));
            out(&format!("test {} ... FAILED\n{told}\n", test.name));
        } else {
            out(&format!("test {} ... {told}", test.name));
        }
    }
    if args.keep
        && let Err(status) = kept.update(session, checked, tests, &failed)
    {
        return status;
    }
    out(&format!("\n{} passed, {failures} failed\n", tests.len() - failures));
    if failures == 0 { 0 } else { REFUSED }
}

/// A test that panics as it should has not failed. Once is enough to see that; the other schedules are not looked at.
pub fn as_expected(mut found: Findings, test: &Test) -> Findings {
    if let (Some(text), Verdict::Panicked(message)) = (&test.should_panic, &found.verdict)
        && text.as_ref().is_none_or(|text| message.contains(text.as_str()))
    {
        found.verdict = Verdict::Fine;
    }
    found
}

/// The command that repeats an execution of a test; `{}` is where the schedule goes, `shown` as in `test`.
pub fn replay_test(shown: &str, name: &str) -> String {
    format!("altru test --replay {{}} --exact{shown} {name}")
}

/// The verdict, and for a failure what happened. `{}` in `command` is where the schedule goes.
pub fn tell(found: &Findings, command: &str) -> String {
    let mut text = String::new();
    let seconds = found.time.as_secs_f64();
    if !found.verdict.is_failure() {
        let calm = coverage(&found.coverage, found.executions - found.hasty);
        let early = match found.hasty {
            0 => String::new(),
            n => format!(", and {n} with early timers"),
        };
        let _ = writeln!(text, "passed: {calm}{early} in {seconds:.2} s");
        if let Some(left) = &found.unreceived {
            text.push_str(&unreceived(left, found.executions, command));
        }
        return text;
    }
    let _ = writeln!(text, "failed in execution {} ({seconds:.2} s): {}", found.executions, failure(found));
    text.push_str(&Story::new(&found.trace).text());
    if let Some(schedule) = &found.schedule {
        let _ = writeln!(text, "schedule: {schedule}");
        let _ = writeln!(text, "replay:   {}", command.replace("{}", &schedule.to_string()));
    }
    text
}

/// Messages that nobody received. `{}` in `command` is where the schedule goes.
fn unreceived(left: &Unreceived, executions: u64, command: &str) -> String {
    let mut text = match (left.executions, executions) {
        (1, 1) => "note: messages that are sent here are never received:\n".to_string(),
        (n, all) => {
            format!("note: messages that are sent here are never received in {n} of {all} executions:\n")
        }
    };
    for place in &left.places {
        let _ = writeln!(text, "  {}", shown(place));
    }
    if executions > 1 {
        let _ = writeln!(text, "replay:   {}", command.replace("{}", &left.schedule.to_string()));
    }
    text
}

fn coverage(coverage: &Coverage, executions: u64) -> String {
    let size = |n: &Option<f64>| match *n {
        None => String::new(),
        Some(n) if n < 1e9 => format!(", of an estimated {n:.0}"),
        Some(n) => format!(", of an estimated 10^{:.0}", n.log10()),
    };
    match coverage {
        Coverage::Exhaustive { traces } => {
            format!("exhaustive: all {traces} orders that can make a difference ({executions} executions)")
        }
        Coverage::Partly { traces, without } => {
            format!(
                "sampled: all {traces} orders that can make a difference ({executions} executions), but not with all {without}"
            )
        }
        Coverage::Bounded { preemptions, .. } => {
            format!("bounded: all schedules with at most {preemptions} preemptions ({executions} executions)")
        }
        Coverage::Sampled { estimate, .. } => format!("sampled: {executions} executions{}", size(estimate)),
    }
}

/// What failed. Those who wait for ever are named as in the trace.
pub fn failure(found: &Findings) -> String {
    match (&found.verdict, Story::new(&found.trace).stuck()) {
        (Verdict::Left(names), stuck) if stuck.len() == names.len() => {
            verdict(&Verdict::Left(stuck.into_iter().map(str::to_owned).collect()))
        }
        (other, _) => verdict(other),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Deadlock => "deadlock: `main` waits, and nobody can go on".into(),
        Verdict::Left(names) => format!("`main` has ended, and these wait for ever: {}", names.join(", ")),
        Verdict::Panicked(message) => format!("panic: {message}"),
        Verdict::Exited(status) => format!("the program ended with status {status}"),
        Verdict::TooLong => {
            "an execution takes more steps than allowed (`--steps`), or a loop does not end".into()
        }
        Verdict::Livelock => {
            "livelock: everyone who can go on only looks, and nobody changes anything".into()
        }
        Verdict::Unsupported(what) => format!("cannot be explored: {what}"),
        Verdict::Fine | Verdict::Abandoned | Verdict::Restart => "nothing".into(),
    }
}
