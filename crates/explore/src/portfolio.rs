//! Several strategies one after the other, for when nothing is known of the program.
//!
//! A little of the exhaustive search first, which settles small programs at once; then walks and PCT, which find most bugs in a few
//! executions (see the measurements of Thomson, Donaldson, Betts: "Concurrency Testing Using Controlled Schedulers", TOPC 2016); then
//! the exhaustive search goes on from where it was, and so on in rounds, each with twice the budget. From the second one on the
//! exhaustive search has half of it. Executions of large programs are few, so budgets are in events, too: that does not depend on
//! how fast the machine is.

use crate::exhaustive::Exhaustive;
use crate::interface::{Choice, Coverage, Crowd, End, Event, Pending, Strategy, TaskId};
use crate::pct::Pct;
use crate::random::RandomWalk;

/// Executions and events of one turn in the first round.
const EXECUTIONS: u64 = 200;
const EVENTS: u64 = 50_000;

/// Programs whose executions have more are not searched through.
const MOST_EVENTS: usize = 10_000;

pub struct Portfolio {
    /// The exhaustive one is the first.
    strategies: Vec<Box<dyn Strategy>>,
    /// The exhaustive one has nothing left to try.
    searched: bool,
    round: u32,
    turn: usize,
    /// What is left of the turn.
    executions_left: u64,
    events_left: u64,
    executions: u64,
    limit: u64,
    go_on: Box<dyn FnMut() -> bool>,
}

impl Portfolio {
    /// At most `limit` executions, as long as `go_on` says so: it is asked before each one, and is where a deadline goes.
    pub fn new(seed: u64, limit: u64, go_on: Box<dyn FnMut() -> bool>) -> Portfolio {
        const ALL: u64 = u64::MAX;
        let strategies: Vec<Box<dyn Strategy>> = vec![
            Box::new(Exhaustive::new(ALL).at_most_events(MOST_EVENTS)),
            Box::new(RandomWalk::new(seed, ALL)),
            Box::new(RandomWalk::weighted(seed, ALL)),
            Box::new(Pct::new(2, seed, ALL)),
            Box::new(Pct::new(3, seed, ALL)),
        ];
        Portfolio {
            strategies,
            searched: false,
            round: 0,
            turn: 0,
            executions_left: EXECUTIONS,
            events_left: EVENTS,
            executions: 0,
            limit,
            go_on,
        }
    }

    fn current(&mut self) -> &mut dyn Strategy {
        &mut *self.strategies[self.turn]
    }

    fn next_turn(&mut self) {
        self.turn += 1;
        if self.turn == self.strategies.len() {
            self.turn = usize::from(self.searched);
            self.round += 1;
        }
        let share = if self.turn == 0 { 4 } else { 1 };
        let times = share << self.round.min(40);
        self.executions_left = EXECUTIONS * times;
        self.events_left = EVENTS * times;
    }
}

impl Strategy for Portfolio {
    fn begin(&mut self) -> bool {
        if self.executions == self.limit || !(self.go_on)() {
            return false;
        }
        if self.executions_left == 0 || self.events_left == 0 {
            self.next_turn();
        }
        if self.turn == 0 && !self.current().begin() {
            self.searched = true;
            if let Coverage::Exhaustive { .. } = self.current().coverage() {
                return false;
            }
            self.next_turn();
        }
        if self.turn > 0 && !self.current().begin() {
            return false;
        }
        self.executions_left -= 1;
        self.executions += 1;
        true
    }

    fn wants_accesses(&self) -> bool {
        self.strategies[self.turn].wants_accesses()
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        self.current().choose(pending, previous)
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        self.current().choose_in_crowd(crowd, previous)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.events_left = self.events_left.saturating_sub(1);
        self.current().executed(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.current().end(end);
    }

    /// What the exhaustive search has to say; while it is not through, all executions count.
    fn coverage(&self) -> Coverage {
        match self.strategies[0].coverage() {
            Coverage::Sampled { estimate, .. } => Coverage::Sampled { executions: self.executions, estimate },
            all => all,
        }
    }
}
