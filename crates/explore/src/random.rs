//! Random walks: at each point one of the tasks that can go, then one of its alternatives.
//!
//! Plain: all tasks are equally likely. Then a long task tends to end long after the short ones, and an order in which it ends first is
//! rare. Weighted: a task is as likely as it has events left, so that without blocking all interleavings are equally likely (the
//! uniform walk of Zhao et al.: "Selectively Uniform Concurrency Testing", ASPLOS 2025). How many it has left is guessed from the execution
//! before.

use crate::estimate::TreeSize;
use crate::fairness::{ATTEMPTS, Fairness, Turn, draw};
use crate::interface::{Choice, Coverage, Crowd, End, Event, Outcome, Pending, Reason, Strategy, TaskId};
use crate::rng::Rng;

pub struct RandomWalk {
    seed: u64,
    limit: u64,
    executions: u64,
    rng: Rng,
    fairness: Fairness,
    tree: TreeSize,
    weights: Option<Weights>,
}

/// For each task how many events it had in the last execution, and has had in this one.
#[derive(Default)]
struct Weights {
    before: Vec<u32>,
    now: Vec<u32>,
    /// The most that one had in the last execution.
    most: u32,
}

impl Weights {
    fn left(&self, task: TaskId) -> u64 {
        let of = |events: &[u32]| events.get(task.0 as usize).copied().unwrap_or(0);
        u64::from(of(&self.before).saturating_sub(of(&self.now)).max(1))
    }

    fn count(&mut self, task: TaskId) {
        let task = task.0 as usize;
        if task >= self.now.len() {
            self.now.resize(task + 1, 0);
        }
        self.now[task] += 1;
    }
}

impl RandomWalk {
    /// A weighted walk of `limit` executions. The n-th depends on the seed, n, and the one before.
    pub fn weighted(seed: u64, limit: u64) -> RandomWalk {
        RandomWalk { weights: Some(Weights::default()), ..RandomWalk::new(seed, limit) }
    }

    /// A plain walk of `limit` executions. The n-th execution depends on the seed and n alone.
    pub fn new(seed: u64, limit: u64) -> RandomWalk {
        RandomWalk {
            seed,
            limit,
            executions: 0,
            rng: Rng::new(seed),
            fairness: Fairness::that_guesses(),
            tree: TreeSize::default(),
            weights: None,
        }
    }

    /// The same where all of them may, and are equally likely; `None` otherwise.
    fn any_task<'a>(&mut self, pending: &'a [Pending]) -> Option<&'a Pending> {
        let RandomWalk { rng, fairness, tree, weights, .. } = self;
        if weights.is_some() || !pending.iter().all(|entry| fairness.may_surely_go(entry)) {
            return None;
        }
        let entry = pending.get(rng.below(pending.len() as u64) as usize)?;
        tree.branches(pending.len() as f64);
        Some(entry)
    }

    /// One of the tasks that may go.
    fn task<'a>(&mut self, pending: &'a [Pending]) -> &'a Pending {
        let RandomWalk { rng, fairness, tree, weights, .. } = self;
        let weight = |entry: &Pending| match &*weights {
            _ if !fairness.may_go(entry) => 0,
            None => 1,
            Some(weights) => weights.left(entry.task),
        };
        let total: u64 = pending.iter().map(&weight).sum();
        let mut chosen = rng.below(total);
        let mut able = pending.iter().map(|entry| (entry, weight(entry)));
        let found = able.find(|(_, weight)| match chosen.checked_sub(*weight) {
            Some(rest) => {
                chosen = rest;
                false
            }
            None => true,
        });
        let (entry, weight) = found.expect("below the sum of the weights");
        tree.branches(total as f64 / weight as f64);
        entry
    }

    /// One of many who may go, as likely as in `task`: one is drawn, and taken with a probability in proportion to its weight.
    /// `None` if a few attempts do not find one.
    fn task_of(&mut self, crowd: &dyn Crowd) -> Option<Pending> {
        let RandomWalk { rng, fairness, weights, .. } = self;
        (0..ATTEMPTS).find_map(|_| {
            let entry = fairness.sample(rng, crowd)?;
            let takes = match weights {
                None => true,
                Some(weights) => rng.below(u64::from(weights.most.max(1))) < weights.left(entry.task),
            };
            takes.then_some(entry)
        })
    }
}

impl Strategy for RandomWalk {
    fn begin(&mut self) -> bool {
        if self.executions == self.limit {
            return false;
        }
        self.rng = Rng::of_execution(self.seed, self.executions);
        self.executions += 1;
        self.fairness.begin();
        self.tree.begin();
        if let Some(weights) = &mut self.weights {
            std::mem::swap(&mut weights.before, &mut weights.now);
            weights.now.clear();
            weights.most = weights.before.iter().copied().max().unwrap_or(0);
        }
        true
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], _previous: Option<TaskId>) -> Choice {
        let entry = match self.any_task(pending) {
            Some(entry) => entry,
            None => match self.fairness.turn(pending) {
                Turn::Livelock => return Choice::Abandon(Reason::Livelock),
                Turn::Forced(at) => &pending[at],
                Turn::Free => self.task(pending),
            },
        };
        self.tree.branches(f64::from(entry.enabled.count_ones()));
        draw(&mut self.rng, entry)
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        let Some(entry) = self.task_of(crowd) else { return self.choose(&crowd.all(), previous) };
        // Near enough: of so large a tree the size is not known anyway.
        self.tree.branches(crowd.count() as f64 * f64::from(entry.enabled.count_ones()));
        draw(&mut self.rng, &entry)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
        if let Some(weights) = &mut self.weights {
            weights.count(event.task);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        if end.outcome == Outcome::Quiescent {
            self.tree.end();
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::Sampled { executions: self.executions, estimate: self.tree.estimate() }
    }
}
