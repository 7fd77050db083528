//! Checks the explorer against brute force: random concurrent programs, each run under every schedule there is, and under those
//! that the exhaustive search thinks matter. Both must see the same outcomes.
//!
//! Brute force shares with the search only how a program is run: at each point it tries every task and every
//! alternative, and it stops at the steps that the search thinks are nobody's business, too.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use driver::exploring::{Budget, Explorer, Options, Plan, Schedule, Search, Verdict};
use driver::packages::{Input, Session, load};
use driver::pipeline::{Checked, Purpose, check};
use driver::program::{Entry, Mode};
use driver::system::Os;
use driver::testing::find_tests;
use explore::{Choice, Coverage, End, Event, Exhaustive, Kind, Pending, RandomWalk, Strategy, TaskId};

pub use program::{CANCELLING, CHANCE, MEETING, program};

/// All steps matter.
const EVERYTHING: u8 = 0xff;
/// Programs with more schedules than this are left out, if nothing else is said.
pub const MOST: u64 = 20_000;
/// So many random walks tell how many there may be.
const GUESSES: u64 = 100;

/// Every schedule, depth first.
struct BruteForce {
    /// At each point the options and which one is being tried.
    path: Vec<(u32, u32)>,
    depth: usize,
    begun: bool,
}

impl Strategy for BruteForce {
    fn begin(&mut self) -> bool {
        self.depth = 0;
        if !std::mem::replace(&mut self.begun, true) {
            return true;
        }
        while let Some((options, tried)) = self.path.pop() {
            if tried + 1 < options {
                self.path.push((options, tried + 1));
                return true;
            }
        }
        false
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], _previous: Option<TaskId>) -> Choice {
        let options = pending.iter().map(|p| p.enabled.count_ones()).sum();
        if self.depth == self.path.len() {
            self.path.push((options, 0));
        }
        let (known, mut number) = self.path[self.depth];
        assert_eq!(known, options, "the same choices lead to the same options");
        self.depth += 1;
        for p in pending {
            let mut enabled = p.enabled;
            while enabled != 0 {
                if number == 0 {
                    return Choice::Step { task: p.task, alternative: enabled.trailing_zeros() };
                }
                number -= 1;
                enabled &= enabled - 1;
            }
        }
        unreachable!("the number is below the number of options")
    }

    fn executed(&mut self, _event: &Event<'_>) {}
    fn end(&mut self, _end: &End<'_>) {}
    fn coverage(&self) -> Coverage {
        Coverage::Sampled { executions: 0, estimate: None }
    }
}

/// What came of all schedules that were tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcomes {
    pub seen: BTreeSet<String>,
    pub executions: u64,
    /// None: there were more than could be tried.
    pub complete: bool,
}

fn outcomes(
    explorer: &Explorer,
    args: &[String],
    strategy: impl Fn() -> Box<dyn Strategy> + 'static,
    detail: u8,
    most: u64,
) -> Outcomes {
    let seen = Arc::new(Mutex::new((BTreeSet::new(), 0u64, true)));
    let collected = Arc::clone(&seen);
    let options = Options {
        strategy: Box::new(strategy),
        most_steps: 10_000,
        hasty: false,
        seed: 1,
        after: Box::new(move |ended| {
            let (verdict, output) = (ended.verdict, ended.output);
            let mut seen = collected.lock().expect("outcomes");
            if *verdict == Verdict::Abandoned {
                // Covered by another one.
                return true;
            }
            seen.1 += 1;
            seen.0.insert(format!("{verdict:?} {output}"));
            seen.2 = seen.1 < most;
            seen.2
        }),
        record: false,
        detail,
        watch: Vec::new(),
    };
    explorer.run_with(options, args).expect("a checked program runs");
    let (seen, executions, complete) = seen.lock().expect("outcomes").clone();
    Outcomes { seen, executions, complete }
}

/// Whether it looks as if a program had more schedules than can be tried.
fn looks_large(explorer: &Explorer, args: &[String], most: u64) -> bool {
    let options = Options {
        strategy: Box::new(|| Box::new(RandomWalk::new(1, GUESSES))),
        most_steps: 10_000,
        hasty: false,
        seed: 1,
        after: Box::new(|_| true),
        record: false,
        detail: EVERYTHING,
        watch: Vec::new(),
    };
    let report = explorer.run_with(options, args).expect("a checked program runs");
    match report.strategy.coverage() {
        Coverage::Sampled { estimate: Some(estimate), .. } => estimate > 2.0 * most as f64,
        _ => false,
    }
}

/// What the two searches made of one program.
pub struct Compared {
    pub seed: u64,
    pub text: String,
    pub brute_force: Outcomes,
    pub exhaustive: Outcomes,
}

/// The programs of some seeds, compiled together, each a test.
struct Batch {
    texts: Vec<String>,
    quick: Explorer,
    release: Option<Explorer>,
}

impl Batch {
    fn new(seeds: &[u64], release: bool) -> Batch {
        let texts: Vec<String> = seeds.iter().map(|seed| program(*seed)).collect();
        let mut whole = String::from(program::HEAD);
        for (i, text) in texts.iter().enumerate() {
            whole.push_str(&format!("\n[test]\nfn p{i}():\n{text}"));
        }
        let (session, checked) = checked(&whole);
        let ids: Vec<_> = find_tests(&checked, &[], false).iter().map(|test| test.id).collect();
        let compiled = |mode| {
            Explorer::new(&session, &checked, Entry::Tests(&ids), mode, &[])
                .unwrap_or_else(|error| panic!("{error:?}"))
        };
        let release = release.then(|| compiled(Mode::Release));
        Batch { texts, quick: compiled(Mode::Quick), release }
    }
}

fn args(number: usize) -> [String; 2] {
    ["p".to_string(), number.to_string()]
}

/// Executes programs at random, and each execution again by its schedule, with code that is optimised and code that is not.
/// Gives how many executions there were and those that went another way.
pub fn replay(seeds: &[u64], executions: u64) -> (u64, Vec<String>) {
    let batch = Batch::new(seeds, true);
    let explorers = [Some(&batch.quick), batch.release.as_ref()];
    let (mut count, mut different) = (0, Vec::new());
    for (i, text) in batch.texts.iter().enumerate() {
        for seed in 0..executions {
            let plan = Plan {
                search: Search::Random,
                budget: Budget { executions: 1, time: Duration::from_secs(60), steps: 10_000 },
                seed,
                hasty: seed % 2 == 1,
            };
            let one = batch.quick.record(&plan, &args(i)).unwrap_or_else(|error| panic!("{error:?}"));
            let schedule = one.schedule.expect("recorded");
            // Through the string that people see.
            let schedule: Schedule = schedule.to_string().parse().expect("what was written can be read");
            for explorer in explorers.into_iter().flatten() {
                count += 1;
                let again = Plan { search: Search::Replay(schedule.clone()), ..plan.clone() };
                match explorer.explore(&again, Some(&args(i))) {
                    Ok(again) if again.trace == one.trace && again.verdict == one.verdict => {}
                    Ok(again) => different.push(format!(
                        "{schedule}\n{text}\n{:#?}\nbut again:\n{:#?}",
                        one.trace, again.trace
                    )),
                    Err(error) => different.push(format!("{schedule}\n{text}\n{error:?}")),
                }
            }
        }
    }
    (count, different)
}

/// A random walk that notes its steps and of each whether it looks at something, or changes something; it wants to know more
/// than that, or not.
struct Walk {
    walk: RandomWalk,
    wants: bool,
    noted: Arc<Mutex<Vec<String>>>,
}

impl Strategy for Walk {
    fn begin(&mut self) -> bool {
        self.walk.begin()
    }

    fn wants_accesses(&self) -> bool {
        self.wants
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        self.walk.choose(pending, previous)
    }

    fn executed(&mut self, event: &Event<'_>) {
        let changes =
            event.accesses.iter().any(|access| matches!(access.kind, Kind::Write | Kind::Take | Kind::Give));
        let looks = !event.accesses.is_empty();
        let (task, alternative) = (event.task.0, event.alternative);
        let step = format!("{task}.{alternative} {looks} {changes} {}", event.quiescent);
        self.noted.lock().expect("noted").push(step);
        self.walk.executed(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.noted.lock().expect("noted").push(format!("{:?}", end.outcome));
        self.walk.end(end);
    }

    fn coverage(&self) -> Coverage {
        self.walk.coverage()
    }
}

/// So many random executions of each program, by a walk that is told all and by one that is told outlines. Gives how many steps there
/// were, and what differs.
pub fn told_more_or_less(seeds: &[u64], executions: u64) -> (usize, Vec<String>) {
    let batch = Batch::new(seeds, false);
    let (mut steps, mut different) = (0, Vec::new());
    for (i, text) in batch.texts.iter().enumerate() {
        for hasty in [false, true] {
            let walk = |wants| {
                let noted = Arc::new(Mutex::new(Vec::new()));
                let into = Arc::clone(&noted);
                let options = Options {
                    strategy: Box::new(move || {
                        into.lock().expect("noted").clear();
                        let walk = RandomWalk::new(7, executions);
                        Box::new(Walk { walk, wants, noted: Arc::clone(&into) })
                    }),
                    most_steps: 10_000,
                    hasty,
                    seed: 1,
                    after: Box::new(|_| true),
                    record: false,
                    detail: 0,
                    watch: Vec::new(),
                };
                batch.quick.run_with(options, &args(i)).expect("a checked program runs");
                let noted = noted.lock().expect("noted").clone();
                noted
            };
            let (all, outlines) = (walk(true), walk(false));
            steps += all.len();
            if all != outlines {
                let at = all.iter().zip(&outlines).position(|(a, b)| a != b);
                let shown = at.map(|at| (at, &all[at], &outlines[at]));
                different.push(format!("{text}\nhasty: {hasty}, {shown:?}"));
            }
        }
    }
    (steps, different)
}

/// Compares some programs, one after the other; those with more than `most` schedules are left out.
pub fn compare(seeds: impl Iterator<Item = u64>, most: u64, mut each: impl FnMut(Compared)) {
    let seeds: Vec<u64> = seeds.collect();
    let batch = Batch::new(&seeds, false);
    let explorer = &batch.quick;
    for (i, text) in batch.texts.iter().enumerate() {
        let args = args(i);
        if looks_large(explorer, &args, most) {
            continue;
        }
        let text = text.clone();
        let naive =
            || -> Box<dyn Strategy> { Box::new(BruteForce { path: Vec::new(), depth: 0, begun: false }) };
        let brute_force = outcomes(explorer, &args, naive, EVERYTHING, most);
        if !brute_force.complete {
            continue;
        }
        let search = move || -> Box<dyn Strategy> { Box::new(Exhaustive::new(most)) };
        let exhaustive = outcomes(explorer, &args, search, 0, most);
        each(Compared { seed: seeds[i], text, brute_force, exhaustive });
    }
}

fn checked(text: &str) -> (Session, Checked) {
    let input = Input::Text { name: "generated.altru".into(), text: text.into() };
    let session = load(&Os, &input).unwrap_or_else(|error| panic!("{}", error.0));
    let checked = check(&session, Purpose::Compile);
    if checked.has_errors() {
        let errors = checked.diagnostics.iter().filter(|d| d.is_error());
        let at = |d: &base::Diagnostic| session.sources.line_col(d.primary.span).line;
        let said: Vec<String> = errors.map(|d| format!("line {}: {}", at(d), d.message)).collect();
        panic!("a generated program is refused: {}\n{text}", said.join("\n"));
    }
    (session, checked)
}

/// Prints what another strategy is told.
struct Telling(Exhaustive);

impl Strategy for Telling {
    fn begin(&mut self) -> bool {
        let more = self.0.begin();
        println!("{}", if more { "-- execution" } else { "-- done" });
        more
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        let choice = self.0.choose(pending, previous);
        let can: Vec<String> = pending.iter().map(|p| format!("{}:{:x}", p.task.0, p.enabled)).collect();
        println!("  can go: {}; {choice:?}", can.join(" "));
        choice
    }

    fn executed(&mut self, event: &Event<'_>) {
        println!("    {event:?}");
        self.0.executed(event);
    }

    fn end(&mut self, end: &End<'_>) {
        println!("    {end:?}");
        self.0.end(end);
    }

    fn coverage(&self) -> Coverage {
        self.0.coverage()
    }
}

/// Shows the program of a seed, and what the search does with it.
pub fn show(seed: u64) {
    let text = program(seed);
    println!("{text}");
    let (session, checked) = checked(&format!("{}\n[test]\nfn p():\n{text}", program::HEAD));
    let ids: Vec<_> = find_tests(&checked, &[], false).iter().map(|test| test.id).collect();
    let explorer = Explorer::new(&session, &checked, Entry::Tests(&ids), Mode::Quick, &[])
        .unwrap_or_else(|error| panic!("{error:?}"));
    let args = args(0);
    let all = outcomes(&explorer, &args, || Box::new(Telling(Exhaustive::new(MOST))), 0, MOST);
    println!("{:#?}", all.seen);
}

/// Explores a program again and again for so long, in a random walk or all that matters. Gives the executions of one
/// exploration, and how many there are a second.
pub fn speed(file: &str, all: bool, time: Duration) -> (u64, f64) {
    let explorer = explorer_of(&Input::Path(file.into()));
    let (mut executions, mut explorations) = (0, 0);
    let start = Instant::now();
    while explorations == 0 || start.elapsed() < time {
        explorations += 1;
        let options = Options {
            strategy: Box::new(move || match all {
                true => Box::new(Exhaustive::new(u64::MAX)) as Box<dyn Strategy>,
                false => Box::new(RandomWalk::new(explorations, 20_000)),
            }),
            most_steps: 1_000_000,
            hasty: false,
            seed: 1,
            after: Box::new(|_| true),
            record: false,
            detail: 0,
            watch: Vec::new(),
        };
        let args = ["program".to_string()];
        executions += explorer.run_with(options, &args).expect("a checked program runs").executions;
    }
    (executions / explorations, executions as f64 / start.elapsed().as_secs_f64())
}

/// How an execution of a program ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ended {
    pub verdict: Verdict,
    pub output: String,
    /// What has been said in panics, also those that somebody took.
    pub panics: Vec<String>,
}

/// How a program ends under so many random schedules of at most so many steps, with how often that was; the first that has more is the last. `hasty`: timers fire as soon as
/// they are due before all others.
pub fn ends(input: &Input, count: u64, most_steps: u64, hasty: bool) -> BTreeMap<Ended, u64> {
    let explorer = explorer_of(input);
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let collected = Arc::clone(&seen);
    let options = Options {
        strategy: Box::new(move || Box::new(RandomWalk::new(1, count))),
        most_steps,
        hasty,
        seed: 1,
        after: Box::new(move |ended| {
            let ended = Ended {
                verdict: ended.verdict.clone(),
                output: ended.output.to_string(),
                panics: ended.panics.to_vec(),
            };
            let more = ended.verdict != Verdict::TooLong;
            *collected.lock().expect("ends").entry(ended).or_insert(0) += 1;
            more
        }),
        record: false,
        detail: 0,
        watch: Vec::new(),
    };
    explorer.run_with(options, &["program".to_string()]).expect("a checked program runs");
    let ends = seen.lock().expect("ends").clone();
    ends
}

fn explorer_of(input: &Input) -> Explorer {
    let session = load(&Os, input).unwrap_or_else(|error| panic!("{}", error.0));
    let checked = check(&session, Purpose::Compile);
    Explorer::new(&session, &checked, Entry::Main, Mode::Quick, &[])
        .unwrap_or_else(|error| panic!("{error:?}"))
}
