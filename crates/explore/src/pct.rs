//! PCT: each task has a random priority, the highest that can go goes; at a few random steps the running task falls to the bottom
//! (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of Finding
//! Bugs", ASPLOS 2010).
//!
//! A bug that needs `depth` ordering constraints is hit with probability at least 1 / (tasks * steps^(depth - 1)) in each execution. `steps` is
//! taken to be the most that an execution has had so far; the first one is for measuring and has no change of priorities.

use crate::fairness::{Fairness, Turn, draw};
use crate::interface::{Choice, Coverage, Crowd, End, Event, Pending, Reason, Strategy, TaskId};
use crate::rng::Rng;

pub struct Pct {
    depth: u32,
    seed: u64,
    limit: u64,
    executions: u64,
    rng: Rng,
    fairness: Fairness,
    /// For each task its priority. Those that fell are below `depth`, the later the lower; 0 is a task not seen yet.
    priorities: Vec<u64>,
    /// At which steps the running task falls, the next one last.
    changes: Vec<u64>,
    step: u64,
    longest: u64,
}

impl Pct {
    /// `limit` executions for bugs of `depth` (at least 1). The n-th execution depends on the seed, n, and the longest one before.
    pub fn new(depth: u32, seed: u64, limit: u64) -> Pct {
        Pct {
            depth: depth.max(1),
            seed,
            limit,
            executions: 0,
            rng: Rng::new(seed),
            fairness: Fairness::that_guesses(),
            priorities: Vec::new(),
            changes: Vec::new(),
            step: 0,
            longest: 0,
        }
    }

    fn priority(&mut self, task: TaskId) -> &mut u64 {
        let task = task.0 as usize;
        if task >= self.priorities.len() {
            self.priorities.resize(task + 1, 0);
        }
        if self.priorities[task] == 0 {
            self.priorities[task] = u64::from(self.depth) + (self.rng.next_u64() >> 1);
        }
        &mut self.priorities[task]
    }

    fn highest(&mut self, pending: &[Pending]) -> Option<usize> {
        let mut highest: Option<(u64, usize)> = None;
        for (at, entry) in pending.iter().enumerate() {
            if self.fairness.may_go(entry) {
                let priority = *self.priority(entry.task);
                if highest.is_none_or(|(other, _)| priority > other) {
                    highest = Some((priority, at));
                }
            }
        }
        highest.map(|(_, at)| at)
    }
}

impl Strategy for Pct {
    fn begin(&mut self) -> bool {
        if self.executions == self.limit {
            return false;
        }
        self.rng = Rng::of_execution(self.seed, self.executions);
        self.executions += 1;
        self.fairness.begin();
        self.priorities.clear();
        self.changes.clear();
        if self.longest > 0 {
            for _ in 1..self.depth {
                self.changes.push(1 + self.rng.below(self.longest));
            }
            self.changes.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.step = 0;
        true
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], _previous: Option<TaskId>) -> Choice {
        let turn = self.fairness.turn(pending);
        if self.fairness.is_long() && matches!(turn, Turn::Free) {
            return self.fairness.anyone(pending);
        }
        self.step += 1;
        let mut at = match turn {
            Turn::Livelock => return Choice::Abandon(Reason::Livelock),
            Turn::Forced(at) => at,
            Turn::Free => self.highest(pending).expect("some task may go"),
        };
        while self.changes.last().is_some_and(|change| *change <= self.step) {
            self.changes.pop();
            // The first change leads to depth - 1, the last one to 1.
            *self.priority(pending[at].task) = self.changes.len() as u64 + 1;
            at = self.highest(pending).unwrap_or(at);
        }
        let entry = &pending[at];
        draw(&mut self.rng, entry)
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        if self.fairness.is_long()
            && let Some(choice) = self.fairness.anyone_of(crowd)
        {
            return choice;
        }
        self.choose(&crowd.all(), previous)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
    }

    fn end(&mut self, _: &End<'_>) {
        self.longest = self.longest.max(self.step);
    }

    fn coverage(&self) -> Coverage {
        Coverage::Sampled { executions: self.executions, estimate: None }
    }
}
