//! Kept schedules: those in which a test has failed once, tried again whenever the tests are run.
//!
//! They stand beside the source, in a file of its name that ends in `.schedules`, one in a line after the name of
//! the test. A schedule fits only the program that it was recorded from; where that has changed such that other choices arise,
//! it is followed as far as it goes, and some others are tried with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driver::exploring::{Budget, Explorer, Findings, Plan, Schedule, Search};
use driver::packages::Session;
use driver::pipeline::Checked;
use driver::program::{BuildError, Entry, Mode};
use driver::testing::Test;

use super::explore::{as_expected, replay_test, tell};
use super::{fail, out};

const HEAD: &str = "# Schedules in which a test has failed. `altru test` tries them first. Remove what is of no use any more.\n";

/// Executions of a test whose schedule does not fit any more, and how long they may take.
const OTHERS: u64 = 1_000;
const OTHERS_TIME: Duration = Duration::from_secs(2);
/// Steps of one execution.
const STEPS: u64 = 1_000_000;

/// A schedule in a file.
#[derive(Clone)]
struct Line {
    file: PathBuf,
    /// From 1.
    number: usize,
    test: String,
    schedule: Result<Schedule, String>,
}

/// The kept schedules of a session's tests.
pub struct Kept {
    lines: Vec<Line>,
    /// Lines, by their places in `lines`, that do not fit the program any more.
    stale: Vec<usize>,
    /// Tests that fail with a schedule that is kept already.
    failing: Vec<String>,
}

/// Where the schedules of a test are kept.
fn file_of(session: &Session, checked: &Checked, test: &Test) -> PathBuf {
    let span = checked.program.fns[test.id].span;
    Path::new(&session.sources.file(span.file).name).with_extension("schedules")
}

impl Kept {
    /// Reads the files beside the sources of some tests.
    pub fn read(session: &Session, checked: &Checked, all: &[Test]) -> Kept {
        let mut files: Vec<PathBuf> = all.iter().map(|test| file_of(session, checked, test)).collect();
        files.sort();
        files.dedup();
        let mut lines = Vec::new();
        for file in files {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            for (at, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let (test, schedule) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                lines.push(Line {
                    file: file.clone(),
                    number: at + 1,
                    test: test.to_string(),
                    schedule: schedule.parse::<Schedule>(),
                });
            }
        }
        Kept { lines, stale: Vec::new(), failing: Vec::new() }
    }

    /// Tries the schedules of `tests`, which are some of `all`. Gives how many failed.
    pub fn try_all(
        &mut self,
        session: &Session,
        checked: &Checked,
        mode: Mode,
        tests: &[Test],
        all: &[Test],
        shown: &str,
    ) -> Result<usize, BuildError> {
        let of = |line: &Line| tests.iter().position(|test| test.name == line.test);
        let used: Vec<&Test> =
            tests.iter().filter(|test| self.lines.iter().any(|line| line.test == test.name)).collect();
        let ids: Vec<_> = used.iter().map(|test| test.id).collect();
        let explorer = match ids.is_empty() {
            true => None,
            false => Some(Explorer::new(session, checked, Entry::Tests(&ids), mode, &[])?),
        };
        let mut failed = 0;
        for at in 0..self.lines.len() {
            let line = self.lines[at].clone();
            let place = format!("{}:{}", line.file.display(), line.number);
            if !all.iter().any(|test| test.name == line.test) {
                out(&format!(
                    "kept schedule of {} ... there is no such test any more ({place})\n",
                    line.test
                ));
                continue;
            }
            let (Some(number), Some(explorer)) = (of(&line), &explorer) else { continue };
            let test = &tests[number];
            let schedule = match &line.schedule {
                Ok(schedule) => schedule,
                Err(message) => {
                    failed += 1;
                    fail(&format!("{place}: {message}"));
                    continue;
                }
            };
            let index = used.iter().position(|other| other.id == test.id).unwrap_or(0);
            let args = [session.name.clone(), index.to_string()];
            let (found, fits) = follow(explorer, schedule, &args)?;
            if !fits {
                self.stale.push(at);
            }
            let changed = "the program has changed since";
            let found = as_expected(found, test);
            if found.verdict.is_failure() {
                failed += 1;
                if fits {
                    self.failing.push(line.test.clone());
                }
                let why =
                    if fits { String::new() } else { format!(" ({changed}; this is another schedule)") };
                let told = tell(&found, &replay_test(shown, &test.name));
                out(&format!("kept schedule of {} ... FAILED{why}\n{told}\n", line.test));
            } else if fits {
                out(&format!("kept schedule of {} ... ok\n", line.test));
            } else {
                let count = found.executions;
                out(&format!(
                    "kept schedule of {} ... ok as far as it fits ({changed}), and {count} others\n",
                    line.test
                ));
            }
        }
        Ok(failed)
    }

    /// Keeps the schedules of tests that failed, and drops those of all the tests that do not fit any more.
    pub fn update(
        &self,
        session: &Session,
        checked: &Checked,
        tests: &[Test],
        failed: &[(&Test, Schedule)],
    ) -> Result<(), u8> {
        let text_of = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
        let mut changed: BTreeMap<PathBuf, String> = BTreeMap::new();
        let dropped = |line: &Line| tests.iter().any(|test| test.name == line.test);
        for &at in self.stale.iter().rev() {
            let line = &self.lines[at];
            if dropped(line) {
                let text = changed.remove(&line.file).unwrap_or_else(|| text_of(&line.file));
                let rest = text.lines().enumerate().filter(|(i, _)| i + 1 != line.number);
                let rest: String = rest.map(|(_, line)| format!("{line}\n")).collect();
                out(&format!("dropped the schedule of {} that does not fit any more\n", line.test));
                changed.insert(line.file.clone(), rest);
            }
        }
        for (test, schedule) in failed {
            if self.failing.contains(&test.name) {
                continue;
            }
            let file = file_of(session, checked, test);
            let mut text = changed.remove(&file).unwrap_or_else(|| text_of(&file));
            let line = format!("{} {schedule}", test.name);
            if !text.lines().any(|known| known.trim() == line) {
                if text.is_empty() {
                    text.push_str(HEAD);
                } else if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&line);
                text.push('\n');
                out(&format!("kept the schedule of {} in {}\n", test.name, file.display()));
            }
            changed.insert(file, text);
        }
        for (file, text) in changed {
            let written = match text.lines().all(|line| line.is_empty() || line.starts_with('#')) {
                true => std::fs::remove_file(&file),
                false => std::fs::write(&file, text),
            };
            written.map_err(|error| fail(&format!("cannot write `{}`: {error}", file.display())))?;
        }
        Ok(())
    }
}

/// What comes of a schedule, or of what is left of it; and whether it fits.
fn follow(explorer: &Explorer, schedule: &Schedule, args: &[String]) -> Result<(Findings, bool), BuildError> {
    if let Some(found) = explorer.try_replay(schedule, args, STEPS)? {
        return Ok((found, true));
    }
    let near = explorer.replay_near(schedule, args)?;
    if near.verdict.is_failure() {
        return Ok((near, false));
    }
    let budget = Budget { executions: OTHERS, time: OTHERS_TIME, steps: STEPS };
    let plan = Plan { search: Search::Portfolio, budget, seed: 1, hasty: schedule.is_hasty() };
    Ok((explorer.explore(&plan, Some(args))?, false))
}
