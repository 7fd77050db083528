//! Candidates of the static analysis, confirmed or refuted: what may block for ever in some schedule is looked for among
//! schedules that lead to its places, then among all that matter.
//!
//! A candidate is *confirmed* by an execution in which tasks wait for ever at the places that it names. It is *refuted* where
//! somebody came to these places, and every order that can make a difference was tried without that. Otherwise it stays *open*. The
//! program is run without arguments, and if that does not tell everything, its tests are run too.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use base::{SourceMap, Span};
use codegen::Mode;
use explore::{Coverage, Directed, Portfolio, Recorder, Run, Stage, Strategy};
use mir::deadlock::Kind;

use crate::exploring::{
    Budget, Ended, Explorer, Findings, Noting, Options, Report, Schedule, Spot, Spots, Verdict,
};
use crate::packages::Session;
use crate::pipeline::{Candidate, Checked};
use crate::program::{BuildError, Entry};
use crate::testing::{Test, find_tests};

/// What became of the candidates.
pub struct Confirmation {
    /// For each candidate, in their order.
    pub outcomes: Vec<Outcome>,
    /// Failures on the way that are none of the candidates, one of each program that was run.
    pub others: Vec<Found>,
}

pub enum Outcome {
    Confirmed(Box<Found>),
    /// None of all the orders that can make a difference leads to it.
    Refuted {
        orders: u64,
    },
    Open {
        executions: u64,
        /// Why not more could be tried, as far as it could not.
        why: Option<String>,
    },
}

/// An execution that failed.
pub struct Found {
    pub findings: Findings,
    /// Of which test; none: of the program.
    pub test: Option<String>,
}

/// Executions that are directed towards one candidate.
const DIRECTED: u64 = 240;

/// Tries to confirm a checked program's candidates. The budget is for the program and for each test.
pub fn confirm(
    session: &Session,
    checked: &Checked,
    budget: &Budget,
    seed: u64,
) -> Result<Confirmation, BuildError> {
    let mut spots = Vec::new();
    let targets: Vec<Target> =
        checked.candidates.iter().map(|c| Target::new(c, &session.sources, &mut spots)).collect();
    let found = targets.iter().map(|_| None).collect();
    let mut all = Search {
        targets: targets.into(),
        reached: vec![false; spots.len()],
        spots,
        budget: *budget,
        seed,
        found,
        others: Vec::new(),
        executions: 0,
        orders: 0,
        sampled: false,
        why: None,
    };
    if checked.program.main.is_some() {
        let explorer = Explorer::new(session, checked, Entry::Main, Mode::Quick, &[])?;
        all.run(&explorer, &[session.name.clone()], None)?;
    }
    let tests = find_tests(checked, &[], false);
    if !all.is_done() && !tests.is_empty() {
        let ids: Vec<_> = tests.iter().map(|test| test.id).collect();
        let explorer = Explorer::new(session, checked, Entry::Tests(&ids), Mode::Quick, &[])?;
        let sampled = all.sampled;
        for (index, test) in tests.iter().enumerate() {
            all.run(&explorer, &[session.name.clone(), index.to_string()], Some(test))?;
        }
        // The analysis looks at the tests only where there is no program.
        if checked.program.main.is_some() {
            all.sampled = sampled;
        }
    }
    Ok(all.conclude())
}

/// Where a candidate's steps are.
struct Target {
    stages: Vec<Stage>,
    /// At one of each of these places somebody waits for ever, if it is real.
    waits: Vec<Vec<u32>>,
    /// The actors of a circle, of which one panics when it closes.
    actors: Vec<String>,
}

impl Target {
    fn new(candidate: &Candidate, sources: &SourceMap, spots: &mut Vec<Spot>) -> Target {
        let mut number = |span: Span| {
            let file = sources.file(span.file);
            let at = file.line_col(span.lo);
            let spot = Spot { file: file.name.clone(), line: at.line, column: at.col };
            let known = spots.iter().position(|other| *other == spot);
            known.unwrap_or_else(|| {
                spots.push(spot);
                spots.len() - 1
            }) as u32
                + 1
        };
        let tried = candidate.tried();
        let stages: Vec<Stage> = tried
            .iter()
            .map(|step| {
                let places = step.elsewhere.iter().chain([&step.span]).map(|span| number(*span)).collect();
                Stage { places, waits: step.waits }
            })
            .collect();
        let mut waits: Vec<_> = stages.iter().filter(|s| s.waits).map(|s| s.places.clone()).collect();
        if candidate.kind == Kind::LockOrder && waits.len() == 1 {
            // Two who do the same.
            waits.push(waits[0].clone());
        }
        Target { stages, waits, actors: candidate.actors.clone() }
    }

    /// What an execution fails by, if those who wait for ever are the ones that it is about.
    fn fits(&self, ended: &Ended<'_>) -> Option<Verdict> {
        if !self.actors.is_empty() {
            let names = |message: &String| self.actors.iter().all(|name| message.contains(name.as_str()));
            let closed = ended.panics.iter().find(|m| m.starts_with(CIRCLE) && names(m))?;
            return Some(Verdict::Panicked(closed.clone()));
        }
        let fits = matches!(ended.verdict, Verdict::Deadlock | Verdict::Left(_))
            && !self.waits.is_empty()
            && all_have_one(&self.waits, &mut ended.stuck.iter().collect());
        fits.then(|| ended.verdict.clone())
    }
}

/// How the runtime says that actors wait for each other.
const CIRCLE: &str = "these actors wait for each other";

/// Whether each of some waits has somebody of its own who waits there.
fn all_have_one(waits: &[Vec<u32>], stuck: &mut Vec<&Spots>) -> bool {
    let Some((wait, rest)) = waits.split_first() else { return true };
    (0..stuck.len()).any(|at| {
        if !stuck[at].iter().any(|place| wait.contains(place)) {
            return false;
        }
        let one = stuck.swap_remove(at);
        let fits = all_have_one(rest, stuck);
        stuck.push(one);
        let last = stuck.len() - 1;
        stuck.swap(at, last);
        fits
    })
}

/// An execution that is worth keeping.
struct Hit {
    run: Run,
    detail: u8,
    hasty: bool,
    verdict: Verdict,
    execution: u64,
}

/// What has been found in the program, or test, that is being run.
#[derive(Default)]
struct Seen {
    hits: Vec<Option<Hit>>,
    other: Option<Hit>,
    executions: u64,
    why: Option<String>,
    refused: u64,
    /// Time played a part.
    timed: bool,
    /// Of each spot whether anybody has been there.
    reached: Vec<bool>,
}

struct Search {
    targets: Rc<[Target]>,
    spots: Vec<Spot>,
    budget: Budget,
    seed: u64,
    found: Vec<Option<Found>>,
    reached: Vec<bool>,
    others: Vec<Found>,
    executions: u64,
    orders: u64,
    /// Not everything has been tried.
    sampled: bool,
    why: Option<String>,
}

impl Search {
    fn is_open(&self, target: usize) -> bool {
        self.found[target].is_none()
    }

    /// Nothing is left to be found out.
    fn is_done(&self) -> bool {
        let all = !self.sampled && self.executions > 0;
        let settled = |i: usize| !self.is_open(i) || all && self.comes_to(&self.targets[i]);
        (0..self.targets.len()).all(settled)
    }

    /// Looks for all candidates that are open.
    fn run(&mut self, explorer: &Explorer, args: &[String], test: Option<&Test>) -> Result<(), BuildError> {
        let start = Instant::now();
        let count = self.targets.len();
        let seen = Rc::new(RefCell::new(Seen::default()));
        seen.borrow_mut().hits.resize_with(count, || None);
        seen.borrow_mut().reached.clone_from(&self.reached);
        let targets = Rc::clone(&self.targets);
        let one = One {
            explorer,
            args,
            spots: &self.spots,
            targets: &targets,
            seen: &seen,
            budget: self.budget,
            start,
        };
        let mut coverage = Coverage::Sampled { executions: 0, estimate: None };
        let open: Vec<usize> = (0..count).filter(|&target| self.is_open(target)).collect();
        let seed = self.seed;
        for &aim in &open {
            if one.is_wanted(&[aim]) {
                let stages = targets[aim].stages.clone();
                let directed =
                    move |_| -> Box<dyn Strategy> { Box::new(Directed::new(stages.clone(), seed, DIRECTED)) };
                one.explore(&[aim], false, directed.clone())?;
                if one.is_wanted(&[aim]) && seen.borrow().timed {
                    one.explore(&[aim], true, directed)?;
                }
            }
        }
        // Outside, a timer may fire before others have done what they could.
        let mut hasty = false;
        while one.is_wanted(&open) {
            hasty |= seen.borrow().timed;
            let all =
                move |left| -> Box<dyn Strategy> { Box::new(Portfolio::new(seed, left, Box::new(|| true))) };
            coverage = one.explore(&open, hasty, all)?.coverage();
            if hasty || !seen.borrow().timed {
                break;
            }
            coverage = Coverage::Sampled { executions: 0, estimate: None };
        }
        let hits = std::mem::take(&mut seen.borrow_mut().hits);
        for (target, hit) in hits.into_iter().enumerate() {
            if let Some(hit) = hit.filter(|_| self.is_open(target)) {
                let aimed = Rc::clone(&targets);
                let same = move |ended: &Ended<'_>| aimed[target].fits(ended).is_some();
                self.found[target] = Some(one.found(hit, same, test)?);
            }
        }
        let other = seen.borrow_mut().other.take();
        if let Some(hit) = other.filter(|hit| !is_expected(&hit.verdict, test)) {
            let verdict = hit.verdict.clone();
            self.others.push(one.found(hit, move |ended| *ended.verdict == verdict, test)?);
        }
        let seen = seen.borrow();
        self.executions += seen.executions;
        self.reached.clone_from(&seen.reached);
        self.why = self.why.take().or(seen.why.clone());
        match coverage {
            Coverage::Exhaustive { traces } => self.orders += traces,
            _ => self.sampled = true,
        }
        Ok(())
    }

    /// Somebody has been where a candidate's waits are.
    fn comes_to(&self, target: &Target) -> bool {
        let reached = |place: &u32| self.reached[*place as usize - 1];
        target.waits.iter().all(|places| places.iter().any(reached))
    }

    fn conclude(mut self) -> Confirmation {
        let found = std::mem::take(&mut self.found);
        let outcome = |(found, target): (Option<Found>, &Target)| match found {
            Some(found) => Outcome::Confirmed(Box::new(found)),
            None if !self.comes_to(target) => {
                let nobody = || "nothing that was run comes to its places".to_string();
                Outcome::Open {
                    executions: self.executions,
                    why: Some(self.why.clone().unwrap_or_else(nobody)),
                }
            }
            None if self.sampled || self.executions == 0 => {
                Outcome::Open { executions: self.executions, why: self.why.clone() }
            }
            None => Outcome::Refuted { orders: self.orders },
        };
        let outcomes = found.into_iter().zip(&*self.targets).map(outcome).collect();
        Confirmation { outcomes, others: self.others }
    }
}

/// A test may be meant to panic.
fn is_expected(verdict: &Verdict, test: Option<&Test>) -> bool {
    match (verdict, test.and_then(|test| test.should_panic.as_ref())) {
        (Verdict::Panicked(message), Some(text)) => {
            text.as_ref().is_none_or(|text| message.contains(text.as_str()))
        }
        _ => false,
    }
}

/// A program, or a test, that is being run.
struct One<'a> {
    explorer: &'a Explorer,
    args: &'a [String],
    spots: &'a [Spot],
    targets: &'a Rc<[Target]>,
    seen: &'a Rc<RefCell<Seen>>,
    budget: Budget,
    start: Instant,
}

impl One<'_> {
    /// Whether one of some candidates is still to be found, and there is time.
    fn is_wanted(&self, aims: &[usize]) -> bool {
        let seen = self.seen.borrow();
        aims.iter().any(|&aim| seen.hits[aim].is_none())
            && seen.executions < self.budget.executions
            && !seen.is_refused()
            && self.start.elapsed() < self.budget.time
    }

    /// Explores until all of some candidates have been found, or the budget is used up. The strategy is told how
    /// many executions are left.
    fn explore(
        &self,
        aims: &[usize],
        hasty: bool,
        make: impl Fn(u64) -> Box<dyn Strategy> + 'static,
    ) -> Result<Report, BuildError> {
        let recorder = Rc::new(RefCell::new(Recorder::default()));
        let left = self.budget.executions - self.seen.borrow().executions;
        let until = self.start + self.budget.time;
        let (noted, aims) = (Rc::clone(&recorder), aims.to_vec());
        let (seen, targets) = (Rc::clone(self.seen), Rc::clone(self.targets));
        let options = Options {
            strategy: Box::new(move || Box::new(Noting { inner: make(left), recorder: Rc::clone(&noted) })),
            most_steps: self.budget.steps,
            hasty,
            seed: 1,
            after: Box::new(move |ended| {
                let mut seen = seen.borrow_mut();
                seen.note(ended, hasty, &targets, &recorder.borrow());
                aims.iter().any(|&aim| seen.hits[aim].is_none())
                    && !seen.is_refused()
                    && (!seen.executions.is_multiple_of(16) || Instant::now() < until)
            }),
            record: false,
            detail: 0,
            watch: self.spots.to_vec(),
        };
        self.explorer.run_with(options, self.args)
    }

    /// A failure as it is told: by the simplest schedule that fails in the same way.
    fn found(
        &self,
        hit: Hit,
        same: impl Fn(&Ended<'_>) -> bool + Clone + 'static,
        test: Option<&Test>,
    ) -> Result<Found, BuildError> {
        let failed =
            Schedule { choices: hit.run.schedule.clone(), detail: hit.detail, hasty: hit.hasty, seed: 1 };
        let schedule = self.explorer.simplify(failed, hit.run, self.spots, same, self.args)?;
        let mut findings = self.explorer.replay(&schedule, self.args, self.start)?;
        findings.executions = hit.execution;
        if !findings.verdict.is_failure() {
            // Somebody took the panic.
            (findings.verdict, findings.schedule) = (hit.verdict, Some(schedule));
        }
        Ok(Found { findings, test: test.map(|test| test.name.clone()) })
    }
}

impl Seen {
    /// Nearly everything ends where it cannot be explored.
    fn is_refused(&self) -> bool {
        const ENOUGH: u64 = 12;
        self.refused >= ENOUGH && self.refused == self.executions
    }

    fn note(&mut self, ended: &Ended<'_>, hasty: bool, targets: &[Target], recorder: &Recorder) {
        self.executions += 1;
        self.timed |= ended.timed;
        for (reached, now) in self.reached.iter_mut().zip(ended.reached) {
            *reached |= now;
        }
        if let Verdict::Unsupported(what) = ended.verdict {
            self.why = Some(format!("{what} cannot be explored"));
            self.refused += 1;
            return;
        }
        // Where too long an execution stops says nothing.
        if *ended.verdict == Verdict::TooLong {
            self.why.get_or_insert_with(|| "some do not end within the steps that are allowed".into());
            return;
        }
        let execution = self.executions;
        let hit = |verdict| Hit { run: recorder.run(), detail: ended.detail, hasty, verdict, execution };
        let mut fits = false;
        for (target, found) in targets.iter().zip(&mut self.hits) {
            if let Some(verdict) = target.fits(ended) {
                fits = true;
                found.get_or_insert_with(|| hit(verdict));
            }
        }
        if ended.verdict.is_failure() && !fits && self.other.is_none() {
            self.other = Some(hit(ended.verdict.clone()));
        }
    }
}
