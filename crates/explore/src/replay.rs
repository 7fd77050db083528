//! Replay: one execution by a schedule, strictly or as far as it goes.

use std::fmt;

use crate::fairness::{Fairness, Turn};
use crate::interface::{Choice, Coverage, Crowd, End, Event, Pending, Reason, Strategy, TaskId};
use crate::schedule::{Options, Recorder, Schedule, in_crowd};

/// Executes a schedule once.
///
/// Strict: where the execution does not fit the schedule it ends as [`Reason::Diverged`], and [`Replay::mismatch`] says why. Lenient,
/// for the shrinker: choices that are not possible become the default, and so do those that are missing.
pub struct Replay {
    schedule: Schedule,
    strict: bool,
    begun: bool,
    point: usize,
    recorder: Recorder,
    fairness: Fairness,
    mismatch: Option<Mismatch>,
}

/// How an execution did not fit the schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// At the point there were fewer options than the schedule asks for.
    NoSuchOption { point: u32, wanted: u32, options: u32 },
    /// The execution has more points with several options.
    TooLong { points: u32 },
    /// The execution ended before the schedule did.
    TooShort { point: u32, points: u32 },
    /// As many points, with other numbers of options.
    Shape,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::NoSuchOption { point, wanted, options } => {
                write!(
                    f,
                    "the schedule takes option {wanted} at choice {point}, but the program has only {options} there"
                )
            }
            Mismatch::TooLong { points } => {
                write!(f, "the schedule has {points} choices, but the program needs more")
            }
            Mismatch::TooShort { point, points } => {
                write!(f, "the program ended at choice {point} of the schedule's {points}")
            }
            Mismatch::Shape => {
                f.write_str("the program has other choices than the one the schedule was recorded from")
            }
        }
    }
}

impl Replay {
    pub fn strict(schedule: Schedule) -> Replay {
        Replay::new(schedule, true)
    }

    pub fn lenient(schedule: Schedule) -> Replay {
        Replay::new(schedule, false)
    }

    fn new(schedule: Schedule, strict: bool) -> Replay {
        Replay {
            schedule,
            strict,
            begun: false,
            point: 0,
            recorder: Recorder::default(),
            fairness: Fairness::default(),
            mismatch: None,
        }
    }

    /// Where the execution did not fit, in a strict replay.
    pub fn mismatch(&self) -> Option<Mismatch> {
        self.mismatch
    }

    fn may_go(&self, crowd: &dyn Crowd, task: TaskId) -> bool {
        crowd.find(task).is_some_and(|entry| self.fairness.may_go(&entry))
    }

    /// Where nothing is said: the first one who may go, so that nobody polls for ever.
    fn anyone_of(&self, crowd: &dyn Crowd) -> (TaskId, u32) {
        let first = (0..crowd.count()).map(|at| crowd.get(at)).find(|entry| self.fairness.may_go(entry));
        let entry = first.unwrap_or_else(|| {
            let all = crowd.all();
            match self.fairness.turn(&all) {
                Turn::Forced(at) => all[at],
                _ => all[0],
            }
        });
        (entry.task, entry.enabled.trailing_zeros())
    }

    fn diverged(&mut self, mismatch: Mismatch) -> Choice {
        self.mismatch = Some(mismatch);
        Choice::Abandon(Reason::Diverged)
    }
}

impl Strategy for Replay {
    fn begin(&mut self) -> bool {
        self.fairness.begin();
        !std::mem::replace(&mut self.begun, true)
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        if let Turn::Livelock = self.fairness.turn(pending) {
            return Choice::Abandon(Reason::Livelock);
        }
        let options = Options::new(pending, previous);
        let mut number = 0;
        if options.count > 1 {
            if self.strict && self.point as u32 == self.schedule.points {
                return self.diverged(Mismatch::TooLong { points: self.schedule.points });
            }
            number = self.schedule.choices.get(self.point).copied().unwrap_or(0);
            self.point += 1;
        }
        if number >= options.count {
            if self.strict {
                let point = self.point as u32;
                return self.diverged(Mismatch::NoSuchOption {
                    point,
                    wanted: number,
                    options: options.count,
                });
            }
            number = 0;
        }
        let (task, alternative) = match (number, self.fairness.turn(pending)) {
            // Past the end of what is given, nobody polls for ever.
            (0, Turn::Forced(at)) if !self.strict => (pending[at].task, pending[at].enabled.trailing_zeros()),
            _ => options.get(number).expect("below the number of options"),
        };
        let choice = Choice::Step { task, alternative };
        self.recorder.choice(pending, previous, choice);
        choice
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        let able = crowd.count();
        if !self.fairness.is_patient(able)
            && let Turn::Livelock = self.fairness.turn(&crowd.all())
        {
            return Choice::Abandon(Reason::Livelock);
        }
        if self.strict && self.point as u32 == self.schedule.points {
            return self.diverged(Mismatch::TooLong { points: self.schedule.points });
        }
        let number = self.schedule.choices.get(self.point).copied().unwrap_or(0);
        self.point += 1;
        let wanted = in_crowd(number, previous).filter(|(task, alternative)| {
            crowd.find(*task).is_some_and(|entry| entry.enabled & 1 << alternative != 0)
        });
        let (task, alternative) = match wanted {
            Some((task, _)) if number == 0 && !self.strict && !self.may_go(crowd, task) => {
                self.anyone_of(crowd)
            }
            Some(wanted) => wanted,
            None if self.strict && number > 0 => {
                let point = self.point as u32;
                return self.diverged(Mismatch::NoSuchOption { point, wanted: number, options: able as u32 });
            }
            None => self.anyone_of(crowd),
        };
        let choice = Choice::Step { task, alternative };
        self.recorder.choice_in_crowd(able, previous, choice);
        choice
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
    }

    fn end(&mut self, _: &End<'_>) {
        if !self.strict || self.mismatch.is_some() {
            return;
        }
        let real = self.recorder.schedule();
        if real.points < self.schedule.points {
            self.mismatch = Some(Mismatch::TooShort { point: real.points, points: self.schedule.points });
        } else if real != self.schedule {
            self.mismatch = Some(Mismatch::Shape);
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::Sampled { executions: u64::from(self.begun), estimate: None }
    }
}
