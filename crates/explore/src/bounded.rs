//! All schedules with at most so many preemptions: switches away from a task that could have gone on (Musuvathi, Qadeer:
//! "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI 2007).
//!
//! Depth first over the choices themselves, so executions that differ only in the order of operations that commute are
//! made one by one. Most bugs need one or two preemptions.

use crate::estimate::part_done;
use crate::fairness::{Fairness, Turn, nth_bit};
use crate::interface::{Choice, Coverage, Crowd, End, Event, Outcome, Pending, Reason, Strategy, TaskId};

pub struct Bounded {
    most: u32,
    limit: u64,
    executions: u64,
    /// The choices of the current execution: which option, of how many.
    points: Vec<(u32, u32)>,
    position: usize,
    preemptions: u32,
    fairness: Fairness,
    finished: bool,
    /// Something was left out, though it has few preemptions.
    incomplete: bool,
}

impl Bounded {
    /// Schedules with at most `preemptions`, and no more than `limit` of them.
    pub fn new(preemptions: u32, limit: u64) -> Bounded {
        Bounded {
            most: preemptions,
            limit,
            executions: 0,
            points: Vec::new(),
            position: 0,
            preemptions: 0,
            fairness: Fairness::default(),
            finished: false,
            incomplete: false,
        }
    }
}

impl Strategy for Bounded {
    fn begin(&mut self) -> bool {
        if self.finished || self.executions == self.limit {
            return false;
        }
        self.executions += 1;
        self.position = 0;
        self.preemptions = 0;
        self.fairness.begin();
        true
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        let forced = match self.fairness.turn(pending) {
            Turn::Livelock => return Choice::Abandon(Reason::Livelock),
            Turn::Forced(at) => Some(at),
            Turn::Free => None,
        };
        if self.fairness.is_long() {
            self.incomplete = true;
            return self.fairness.anyone(pending);
        }
        let goes_on = pending
            .iter()
            .position(|entry| Some(entry.task) == previous && !entry.yielded && self.fairness.may_go(entry));
        // The one that goes on comes first, then the others if there may be a preemption.
        let only = forced.or(goes_on.filter(|_| self.preemptions == self.most));
        let first = forced.or(goes_on);
        let options =
            first
                .into_iter()
                .chain((0..pending.len()).filter(|at| {
                    only.is_none() && Some(*at) != first && self.fairness.may_go(&pending[*at])
                }));
        let count = |at: usize| pending[at].enabled.count_ones();
        let all: u32 = options.clone().map(count).sum();

        if self.position == self.points.len() {
            self.points.push((0, all));
        }
        let (mut option, of) = self.points[self.position];
        self.position += 1;
        if of != all {
            self.incomplete = true;
            return Choice::Abandon(Reason::Diverged);
        }
        for at in options {
            if option < count(at) {
                if goes_on.is_some_and(|goes_on| goes_on != at) {
                    self.preemptions += 1;
                }
                let entry = &pending[at];
                return Choice::Step {
                    task: entry.task,
                    alternative: nth_bit(entry.enabled, u64::from(option)),
                };
            }
            option -= count(at);
        }
        unreachable!("options are numbered below their count")
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        if self.fairness.is_long()
            && let Some(choice) = self.fairness.anyone_of(crowd)
        {
            self.incomplete = true;
            return choice;
        }
        self.choose(&crowd.all(), previous)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.incomplete |= end.outcome == Outcome::Cut;
        self.points.truncate(self.position);
        while self.points.pop_if(|(option, of)| *option + 1 == *of).is_some() {}
        match self.points.last_mut() {
            Some((option, _)) => *option += 1,
            None => self.finished = true,
        }
    }

    fn coverage(&self) -> Coverage {
        if self.finished && !self.incomplete {
            return Coverage::Bounded { preemptions: self.most, executions: self.executions };
        }
        let done = part_done(self.points.iter().map(|(option, of)| (u64::from(*option), u64::from(*of))));
        let estimate = (done > 0.0).then(|| self.executions as f64 / done);
        Coverage::Sampled { executions: self.executions, estimate }
    }
}
