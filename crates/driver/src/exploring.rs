//! Exploration of a checked program: compiled for it, run under one strategy after the other, and what was found told as
//! a verdict, a schedule and a trace.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use codegen::{Debug, Jit, Mode};
use explore::{
    Bounded, Choice, Coverage, Crowd, End, Event, Exhaustive, Pct, Pending, Portfolio, RandomWalk, Recorder,
    Replay, Strategy, TaskId,
};
pub use rt::explore::{Ended, Happening, Options, Place, Report, Spot, Spots, Verdict};

use crate::packages::Session;
use crate::pipeline::Checked;
use crate::program::{BuildError, Entry, compile, monomorphise};
use crate::unreceived::Unreceived;

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub executions: u64,
    pub time: Duration,
    /// Steps of one execution.
    pub steps: u64,
}

/// In which order to try schedules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Search {
    /// A few of each kind, then all that matter.
    Portfolio,
    Exhaustive,
    Random,
    Pct,
    /// All schedules with at most two preemptions.
    Bounded,
    Replay(Schedule),
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub search: Search,
    pub budget: Budget,
    pub seed: u64,
    /// Timers may fire before others have done all they can.
    pub hasty: bool,
}

/// What a failure is repeated by: the choices, and what they were choices between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    pub(crate) choices: explore::Schedule,
    pub(crate) detail: u8,
    pub(crate) hasty: bool,
    pub(crate) seed: u64,
}

impl Schedule {
    /// Timers fired before others had done all they could.
    pub fn is_hasty(&self) -> bool {
        self.hasty
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hasty = if self.hasty { "h" } else { "" };
        write!(f, "{}@{:x}{hasty}", self.choices, self.detail)?;
        if self.seed != 1 { write!(f, ".{}", self.seed) } else { Ok(()) }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Schedule, String> {
        let damaged = || "this schedule is incomplete or was changed; copy all of it".to_string();
        let (choices, rest) = text.trim().split_once('@').unwrap_or((text.trim(), ""));
        let choices = explore::Schedule::from_str(choices).map_err(|error| error.to_string())?;
        let (setting, seed) = rest.split_once('.').unwrap_or((rest, "1"));
        let (detail, hasty) = match setting.strip_suffix('h') {
            Some(detail) => (detail, true),
            None => (setting, false),
        };
        let detail = u8::from_str_radix(detail, 16).map_err(|_| damaged())?;
        let seed = seed.parse().map_err(|_| damaged())?;
        Ok(Schedule { choices, detail, hasty, seed })
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The worst verdict: of the execution that failed, or `Fine`.
    pub verdict: Verdict,
    /// How to see the failure again.
    pub schedule: Option<Schedule>,
    /// What happened in the execution that failed.
    pub trace: Vec<Happening>,
    pub executions: u64,
    /// How many of them let timers fire before others had done all they could.
    pub hasty: u64,
    /// Somebody waited no longer than for some time, or slept.
    pub timed: bool,
    /// It was ended before its time, for another kind of executions.
    cut: bool,
    pub coverage: Coverage,
    /// Messages that nobody received, in executions that did not fail.
    pub unreceived: Option<Unreceived>,
    pub time: Duration,
}

/// A program in memory, ready to be explored.
pub struct Explorer {
    jit: Jit,
    args: Vec<String>,
}

/// Executions that have ended in this process.
static ENDED: AtomicU64 = AtomicU64::new(0);

/// How many executions have ended so far, in whatever exploration of this process: as long as it grows, none hangs.
pub fn ended() -> u64 {
    ENDED.load(Ordering::Relaxed)
}

/// Of a budget, one in so many is for executions in which timers fire early.
const HASTY_PART: u32 = 4;
/// At least as many of them, if the budget has them.
const HASTY_LEAST: u64 = 500;
/// A timer that is set again and again may fire for ever.
const HASTY_STEPS: u64 = 5_000;

/// Seconds between two looks at the clock.
const LOOK_EVERY: f64 = 0.005;

impl Explorer {
    pub fn new(
        session: &Session,
        checked: &Checked,
        entry: Entry,
        mode: Mode,
        args: &[String],
    ) -> Result<Explorer, BuildError> {
        let program = monomorphise(session, checked, entry)?;
        let objects = compile(session, &program, mode, Debug::Lines, true)?;
        let jit = Jit::new(&objects, &rt::explore::symbols(web::symbols()))?;
        crate::program::add_foreign(&jit, &session.link)?;
        Ok(Explorer { jit, args: args.to_vec() })
    }

    /// Tries schedules until one fails or the budget is used up. `args` replace the program's own, its name first.
    pub fn explore(&self, plan: &Plan, args: Option<&[String]>) -> Result<Findings, BuildError> {
        let start = Instant::now();
        let args = args.unwrap_or(&self.args);
        if let Search::Replay(schedule) = &plan.search {
            return self.replay(schedule, args, start);
        }
        let mut found = self.explore_in_turns(plan, args, start)?;
        if let Some(schedule) = &found.schedule {
            found.trace = self.replay(schedule, args, start)?.trace;
        } else if let Some(left) = found.unreceived.take() {
            let again = self.replay(&left.schedule, args, start)?.unreceived;
            found.unreceived = again.map(|again| Unreceived { executions: left.executions, ..again });
        }
        found.time = start.elapsed();
        Ok(found)
    }

    /// Explores as `options` say.
    pub fn run_with(&self, mut options: Options, args: &[String]) -> Result<Report, BuildError> {
        let mut after = options.after;
        options.after = Box::new(move |ended| {
            ENDED.fetch_add(1, Ordering::Relaxed);
            after(ended)
        });
        rt::explore::prepare(options);
        self.jit.run_main(args)?;
        Ok(rt::explore::take_report().expect("an exploration leaves a report"))
    }

    /// One random execution, told whether it fails or not.
    pub fn record(&self, plan: &Plan, args: &[String]) -> Result<Findings, BuildError> {
        let start = Instant::now();
        let recorder = Rc::new(RefCell::new(Recorder::default()));
        let (seed, noted) = (plan.seed, Rc::clone(&recorder));
        let options = Options {
            strategy: Box::new(move || {
                let inner = Box::new(RandomWalk::new(seed, 1));
                Box::new(Noting { inner, recorder: Rc::clone(&noted) })
            }),
            most_steps: plan.budget.steps,
            hasty: plan.hasty,
            seed: 1,
            after: Box::new(|_| false),
            record: true,
            detail: 0,
            watch: Vec::new(),
        };
        let report = self.run_with(options, args)?;
        let choices = recorder.borrow().schedule();
        let coverage = report.coverage();
        Ok(Findings {
            schedule: Some(Schedule { choices, detail: report.detail, hasty: plan.hasty, seed: 1 }),
            verdict: report.verdict,
            trace: report.happened,
            executions: 1,
            hasty: 0,
            timed: false,
            cut: false,
            coverage,
            unreceived: None,
            time: start.elapsed(),
        })
    }

    /// A few executions; where time plays a part, some in which timers fire early; then as many as are left.
    fn explore_in_turns(&self, plan: &Plan, args: &[String], start: Instant) -> Result<Findings, BuildError> {
        let shares = plan.search == Search::Portfolio && !plan.hasty;
        let budget = plan.budget;
        let first =
            shares.then(|| (budget.executions / u64::from(HASTY_PART), start + budget.time / HASTY_PART));
        let calm = self.run(plan, args, start, first)?;
        if !shares || !calm.timed || calm.verdict.is_failure() {
            return Ok(calm);
        }
        let early = self.hurry(plan, args, start, calm)?;
        if early.verdict.is_failure() || !early.cut {
            return Ok(early);
        }
        let left = budget.executions - early.executions;
        let rest = Plan { budget: Budget { executions: left, ..budget }, ..plan.clone() };
        let found = self.run(&rest, args, start, None)?;
        let executions = early.executions + found.executions;
        let unreceived = Unreceived::both(early.unreceived, found.unreceived);
        Ok(Findings { executions, hasty: early.hasty, unreceived, ..found })
    }

    /// With `first` it stops there if time plays a part.
    fn run(
        &self,
        plan: &Plan,
        args: &[String],
        start: Instant,
        first: Option<(u64, Instant)>,
    ) -> Result<Findings, BuildError> {
        let recorder = Rc::new(RefCell::new(Recorder::default()));
        let (seed, limit, search) = (plan.seed, plan.budget.executions, plan.search.clone());
        let hasty = plan.hasty;
        let make = {
            let recorder = Rc::clone(&recorder);
            move || -> Box<dyn Strategy> {
                let inner: Box<dyn Strategy> = match search {
                    Search::Random => Box::new(RandomWalk::new(seed, limit)),
                    Search::Pct => Box::new(Pct::new(3, seed, limit)),
                    Search::Bounded => Box::new(Bounded::new(2, limit)),
                    Search::Exhaustive => Box::new(Exhaustive::new(limit)),
                    // The budget of time is looked at after each execution.
                    _ => Box::new(Portfolio::new(seed, limit, Box::new(|| true))),
                };
                Box::new(Noting { inner, recorder: Rc::clone(&recorder) })
            }
        };
        let until = start + plan.budget.time;
        let (mut count, mut next_look) = (0u64, 1u64);
        let (timed, cut) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (sees_time, cuts) = (Rc::clone(&timed), Rc::clone(&cut));
        let unreceived = Rc::new(RefCell::new(None::<Unreceived>));
        let (left, noted) = (Rc::clone(&unreceived), Rc::clone(&recorder));
        let options = Options {
            strategy: Box::new(make),
            most_steps: plan.budget.steps,
            hasty: plan.hasty,
            seed: 1,
            after: Box::new(move |ended| {
                count += 1;
                sees_time.set(sees_time.get() || ended.timed);
                if ended.verdict.is_failure() {
                    return false;
                }
                if ended.unreceived > 0 {
                    let schedule = || {
                        let choices = noted.borrow().schedule();
                        Schedule { choices, detail: ended.detail, hasty, seed: 1 }
                    };
                    left.borrow_mut().get_or_insert_with(|| Unreceived::first(schedule())).executions += 1;
                }
                let first = first.filter(|_| sees_time.get());
                if first.is_some_and(|(most, _)| count >= most) {
                    cuts.set(true);
                    return false;
                }
                // The clock costs as much as a small execution: it is looked at some hundred times a second.
                if count < next_look {
                    return true;
                }
                let now = Instant::now();
                let each = now.duration_since(start).as_secs_f64() / count as f64;
                next_look = count + ((LOOK_EVERY / each) as u64).clamp(1, count);
                if first.is_some_and(|(_, until)| now >= until) {
                    cuts.set(true);
                    return false;
                }
                now < until
            }),
            record: false,
            detail: 0,
            watch: Vec::new(),
        };
        let report = self.run_with(options, args)?;
        let failed = report.verdict.is_failure();
        let coverage = report.coverage();
        // Where too long an execution stops says nothing.
        let repeatable = failed && report.verdict != Verdict::TooLong;
        let mut schedule = None;
        if repeatable {
            let run = recorder.borrow().run();
            let failed =
                Schedule { choices: run.schedule.clone(), detail: report.detail, hasty: plan.hasty, seed: 1 };
            let verdict = report.verdict.clone();
            let same = move |ended: &Ended<'_>| *ended.verdict == verdict;
            schedule = Some(self.simplify(failed, run, &[], same, args)?);
        }
        Ok(Findings {
            verdict: if failed { report.verdict } else { Verdict::Fine },
            schedule,
            trace: Vec::new(),
            executions: report.executions,
            hasty: 0,
            timed: timed.get(),
            cut: cut.get(),
            coverage,
            unreceived: unreceived.take(),
            time: start.elapsed(),
        })
    }

    /// Lets timers fire early, as they may outside where others are slow, and looks for those who then wait for ever. A panic says
    /// nothing here: the program may count on time.
    fn hurry(
        &self,
        plan: &Plan,
        args: &[String],
        start: Instant,
        calm: Findings,
    ) -> Result<Findings, BuildError> {
        let most = plan.budget.executions / u64::from(HASTY_PART);
        let limit = calm.executions.max(HASTY_LEAST).min(most);
        let recorder = Rc::new(RefCell::new(Recorder::default()));
        let (seed, noted) = (plan.seed, Rc::clone(&recorder));
        let until = (Instant::now() + plan.budget.time / HASTY_PART).min(start + plan.budget.time);
        let blocks = |verdict: &Verdict| matches!(verdict, Verdict::Deadlock | Verdict::Left(_));
        let options = Options {
            strategy: Box::new(move || {
                let inner = Box::new(RandomWalk::new(seed, limit));
                Box::new(Noting { inner, recorder: Rc::clone(&noted) })
            }),
            most_steps: plan.budget.steps.min(HASTY_STEPS),
            hasty: true,
            seed: 1,
            after: Box::new(move |ended| !blocks(ended.verdict) && Instant::now() < until),
            record: false,
            detail: 0,
            watch: Vec::new(),
        };
        let report = self.run_with(options, args)?;
        let executions = calm.executions + report.executions;
        if !blocks(&report.verdict) {
            return Ok(Findings { executions, hasty: report.executions, ..calm });
        }
        let run = recorder.borrow().run();
        let failed = Schedule { choices: run.schedule.clone(), detail: report.detail, hasty: true, seed: 1 };
        let verdict = report.verdict.clone();
        let same = move |ended: &Ended<'_>| *ended.verdict == verdict;
        let schedule = Some(self.simplify(failed, run, &[], same, args)?);
        Ok(Findings { verdict: report.verdict, schedule, executions, hasty: report.executions, ..calm })
    }

    /// A schedule that fails in the same way with fewer switches between tasks.
    pub(crate) fn simplify(
        &self,
        failed: Schedule,
        run: explore::Run,
        watch: &[Spot],
        same: impl Fn(&Ended<'_>) -> bool + Clone + 'static,
        args: &[String],
    ) -> Result<Schedule, BuildError> {
        let until = Instant::now() + SIMPLER_TIME;
        // One that takes much longer is not simpler, and may go round for ever.
        let most_steps = SIMPLER_STEPS.min(4 * u64::from(run.steps) + 1_000);
        let mut broken = None;
        let simplest = explore::shrink(run, SIMPLER, &mut |candidate| {
            if broken.is_some() || Instant::now() > until {
                return None;
            }
            let recorder = Rc::new(RefCell::new(Recorder::default()));
            let (choices, noted) = (candidate.clone(), Rc::clone(&recorder));
            let fails = Rc::new(Cell::new(false));
            let (same, told) = (same.clone(), Rc::clone(&fails));
            let options = Options {
                strategy: Box::new(move || {
                    let inner = Box::new(Replay::lenient(choices.clone()));
                    Box::new(Noting { inner, recorder: Rc::clone(&noted) })
                }),
                most_steps,
                hasty: failed.hasty,
                seed: failed.seed,
                after: Box::new(move |ended| {
                    told.set(same(ended));
                    false
                }),
                record: false,
                detail: failed.detail,
                watch: watch.to_vec(),
            };
            match self.run_with(options, args) {
                // What would be looked at for the first time belongs to another schedule.
                Ok(again) if fails.get() && again.detail == failed.detail => Some(recorder.borrow().run()),
                Ok(_) => None,
                Err(error) => {
                    broken = Some(error);
                    None
                }
            }
        });
        match broken {
            Some(error) => Err(error),
            None => Ok(Schedule { choices: simplest.schedule, ..failed }),
        }
    }

    pub(crate) fn replay(
        &self,
        schedule: &Schedule,
        args: &[String],
        start: Instant,
    ) -> Result<Findings, BuildError> {
        let mut found = self.try_replay(schedule, args, u64::MAX)?.ok_or_else(|| {
            let other = "this schedule does not fit the program: it was recorded from another one, or the program has \
                         changed since";
            BuildError::Failed(other.into())
        })?;
        found.time = start.elapsed();
        Ok(found)
    }

    /// The execution of a schedule, of at most so many steps; `None` if it does not fit the program.
    pub fn try_replay(
        &self,
        schedule: &Schedule,
        args: &[String],
        most_steps: u64,
    ) -> Result<Option<Findings>, BuildError> {
        let choices = schedule.choices.clone();
        let found = self.replay_with(schedule, args, most_steps, move || Replay::strict(choices.clone()))?;
        let same = |went: &Schedule| went.choices == schedule.choices;
        let fits = found.verdict.is_failure() || found.schedule.as_ref().is_some_and(same);
        if found.verdict == Verdict::Abandoned || !fits {
            return Ok(None);
        }
        let schedule = found.verdict.is_failure().then(|| schedule.clone());
        Ok(Some(Findings { schedule, ..found }))
    }

    /// The execution that follows a schedule as far as it goes.
    pub fn replay_near(&self, schedule: &Schedule, args: &[String]) -> Result<Findings, BuildError> {
        let choices = schedule.choices.clone();
        let found = self.replay_with(schedule, args, NEAR_STEPS, move || Replay::lenient(choices.clone()))?;
        let verdict = match found.verdict {
            Verdict::Abandoned => Verdict::Fine,
            verdict => verdict,
        };
        Ok(Findings { schedule: found.schedule.filter(|_| verdict.is_failure()), verdict, ..found })
    }

    /// One execution, and the schedule that it had.
    fn replay_with(
        &self,
        schedule: &Schedule,
        args: &[String],
        most_steps: u64,
        replay: impl Fn() -> Replay + 'static,
    ) -> Result<Findings, BuildError> {
        let start = Instant::now();
        let recorder = Rc::new(RefCell::new(Recorder::default()));
        let noted = Rc::clone(&recorder);
        let options = Options {
            strategy: Box::new(move || {
                Box::new(Noting { inner: Box::new(replay()), recorder: Rc::clone(&noted) })
            }),
            most_steps,
            hasty: schedule.hasty,
            seed: schedule.seed,
            after: Box::new(|_| false),
            record: true,
            detail: schedule.detail,
            watch: Vec::new(),
        };
        let report = self.run_with(options, args)?;
        let choices = recorder.borrow().schedule();
        let went = Schedule { choices, detail: report.detail, ..schedule.clone() };
        let unreceived = Unreceived::in_trace(&report.happened, &went);
        Ok(Findings {
            schedule: Some(went),
            verdict: report.verdict,
            trace: report.happened,
            executions: 1,
            hasty: 0,
            timed: false,
            cut: false,
            coverage: Coverage::Sampled { executions: 1, estimate: None },
            unreceived,
            time: start.elapsed(),
        })
    }
}

/// Steps of an execution that follows a schedule only as far as it goes.
const NEAR_STEPS: u64 = 1_000_000;

/// How many executions, how long, and in executions of how many steps a failure's schedule is made simpler.
const SIMPLER: u32 = 500;
const SIMPLER_STEPS: u64 = 1_000_000;
const SIMPLER_TIME: Duration = Duration::from_millis(1500);

/// Notes the choices that another strategy makes.
pub(crate) struct Noting {
    pub(crate) inner: Box<dyn Strategy>,
    pub(crate) recorder: Rc<RefCell<Recorder>>,
}

impl Strategy for Noting {
    fn begin(&mut self) -> bool {
        self.recorder.borrow_mut().clear();
        self.inner.begin()
    }

    fn wants_accesses(&self) -> bool {
        self.inner.wants_accesses()
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        let choice = self.inner.choose(pending, previous);
        self.recorder.borrow_mut().choice(pending, previous, choice);
        choice
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        let choice = self.inner.choose_in_crowd(crowd, previous);
        self.recorder.borrow_mut().choice_in_crowd(crowd.count(), previous, choice);
        choice
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.inner.executed(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.inner.end(end);
    }

    fn coverage(&self) -> Coverage {
        self.inner.coverage()
    }
}
