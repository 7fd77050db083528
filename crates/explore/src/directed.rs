//! Directed walks: towards an execution in which certain steps happen in a certain order.
//!
//! Whoever suspects a deadlock says at which places it would come about, and in which order they would be reached. A task that
//! comes to a place before its time is held there until the others have reached theirs, or until nobody else can go (Sen: "Race
//! Directed Random Testing of Concurrent Programs", PLDI 2008; Joshi, Park, Sen, Naik: "A Randomized Dynamic Program Analysis
//! Technique for Detecting Real Deadlocks", PLDI 2009). The rest is left to chance.
//!
//! The executions go by turns: the order as given, one drawn at random, and one in which whoever is about to wait is held as
//! long as anybody else can go; each once with random priorities of tasks, as a task that is suspected to be late has to be late
//! all the time, and once without.

use crate::fairness::{Fairness, Turn, draw};
use crate::interface::{Choice, Coverage, End, Event, Pending, Reason, Strategy, TaskId};
use crate::rng::Rng;

/// A place that is to be reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Any of these: see [`Pending::at`].
    pub places: Vec<u32>,
    /// Whoever reaches it is to wait there.
    pub waits: bool,
}

pub struct Directed {
    stages: Vec<Stage>,
    seed: u64,
    limit: u64,
    executions: u64,
    rng: Rng,
    fairness: Fairness,
    turn: Order,
    /// The order of this execution.
    order: Vec<Stage>,
    /// How many of them have been reached.
    reached: usize,
    /// For each task its priority; empty where there are none.
    priorities: Vec<u64>,
    has_priorities: bool,
    /// Somebody has been at one of the places, in any execution.
    seen: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    Given,
    Drawn,
    /// Those who are about to wait come last.
    Late,
}

/// The kinds of executions, which take turns.
const TURNS: [(Order, bool); 6] = [
    (Order::Given, false),
    (Order::Late, false),
    (Order::Given, true),
    (Order::Late, true),
    (Order::Drawn, false),
    (Order::Drawn, true),
];

impl Directed {
    /// At most `limit` executions, and only one of each kind if nobody comes to any of the places.
    pub fn new(stages: Vec<Stage>, seed: u64, limit: u64) -> Directed {
        Directed {
            stages,
            seed,
            limit,
            executions: 0,
            rng: Rng::new(seed),
            fairness: Fairness::that_guesses(),
            turn: Order::Given,
            order: Vec::new(),
            reached: 0,
            priorities: Vec::new(),
            has_priorities: false,
            seen: false,
        }
    }

    /// Whether a task at a place is to wait for others.
    fn is_held(&self, place: u32) -> bool {
        if place == 0 {
            return false;
        }
        let mut of = self.order.iter().enumerate().filter(|(_, stage)| stage.places.contains(&place));
        match self.turn {
            Order::Late => of.any(|(_, stage)| stage.waits),
            // It is held if all its stages are still to come.
            _ => of.clone().next().is_some() && of.all(|(at, _)| at > self.reached),
        }
    }

    fn priority(&mut self, task: TaskId) -> u64 {
        let task = task.0 as usize;
        while self.priorities.len() <= task {
            let next = self.rng.next_u64();
            self.priorities.push(next);
        }
        self.priorities[task]
    }

    fn pick(&mut self, pending: &[Pending]) -> usize {
        let may: Vec<usize> = (0..pending.len()).filter(|at| self.fairness.may_go(&pending[*at])).collect();
        let free: Vec<usize> = may.iter().copied().filter(|at| !self.is_held(pending[*at].at)).collect();
        let from = if free.is_empty() { may } else { free };
        if self.has_priorities && self.rng.below(16) != 0 {
            let highest = from.iter().copied().max_by_key(|at| self.priority(pending[*at].task));
            return highest.expect("somebody may go");
        }
        from[self.rng.below(from.len() as u64) as usize]
    }
}

impl Strategy for Directed {
    fn begin(&mut self) -> bool {
        let enough = TURNS.len() as u64;
        if self.executions == self.limit || !self.seen && self.executions >= enough {
            return false;
        }
        self.rng = Rng::of_execution(self.seed, self.executions);
        (self.turn, self.has_priorities) = TURNS[(self.executions % enough) as usize];
        self.executions += 1;
        self.order.clone_from(&self.stages);
        if self.turn == Order::Drawn {
            for last in (1..self.order.len()).rev() {
                let other = self.rng.below(last as u64 + 1) as usize;
                self.order.swap(last, other);
            }
        }
        self.reached = 0;
        self.priorities.clear();
        self.fairness.begin();
        true
    }

    fn wants_accesses(&self) -> bool {
        false
    }

    fn choose(&mut self, pending: &[Pending], _previous: Option<TaskId>) -> Choice {
        self.seen |= pending.iter().any(|entry| entry.at != 0);
        let at = match self.fairness.turn(pending) {
            Turn::Livelock => return Choice::Abandon(Reason::Livelock),
            Turn::Forced(at) => at,
            Turn::Free => self.pick(pending),
        };
        let entry = &pending[at];
        if self.order.get(self.reached).is_some_and(|stage| stage.places.contains(&entry.at)) {
            self.reached += 1;
        }
        draw(&mut self.rng, entry)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
    }

    fn end(&mut self, _: &End<'_>) {}

    fn coverage(&self) -> Coverage {
        Coverage::Sampled { executions: self.executions, estimate: None }
    }
}
