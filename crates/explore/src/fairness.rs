//! Polling loops: a task that yielded goes again only after another task has changed something.
//!
//! Who polls without saying so (`Pending::in_vain`) is treated like that as well where a walk is left to chance: it might go on, and
//! what it would find then is not tried.
//!
//! An event *changes something* if it writes, takes or gives. Where every task that could go has yielded and
//! nothing changed, they go in turn, the one that waited longest first, and after many such turns without any change
//! it is a livelock.

use crate::interface::{Choice, Crowd, Event, Kind, Pending};
use crate::rng::Rng;

/// So many looks in a row without a change, for each task that could go, are a livelock.
const PATIENCE: usize = 250;

/// An execution that is longer may be so because somebody is never let go: from here on everybody is, by chance.
const LONG: u64 = 10_000;

/// How often somebody is drawn from a crowd before all of it is looked through.
pub(crate) const ATTEMPTS: usize = 32;

#[derive(Clone, Debug, Default)]
pub(crate) struct Fairness {
    /// Heeds who seems to poll.
    guesses: bool,
    /// Counts events.
    now: u64,
    /// The last event that changed something, and its task; and the last one of any other task.
    change: (u64, u32),
    change_of_other: u64,
    /// For each task its last event.
    last: Vec<u64>,
    idle: u32,
}

/// What fairness says about a point.
pub(crate) enum Turn {
    /// All tasks for which `may_go` holds are equal.
    Free,
    /// Nobody has anything to do; this one (by its place) goes.
    Forced(usize),
    Livelock,
}

impl Fairness {
    /// For walks that are left to chance.
    pub(crate) fn that_guesses() -> Fairness {
        Fairness { guesses: true, ..Fairness::default() }
    }

    pub(crate) fn begin(&mut self) {
        self.now = 0;
        self.change = (0, u32::MAX);
        self.change_of_other = 0;
        self.last.clear();
        self.idle = 0;
    }

    pub(crate) fn executed(&mut self, event: &Event<'_>) {
        self.now += 1;
        let task = event.task.0 as usize;
        if task >= self.last.len() {
            self.last.resize(task + 1, 0);
        }
        self.last[task] = self.now;
        if event.accesses.iter().any(|access| !matches!(access.kind, Kind::Read | Kind::Test | Kind::Peek)) {
            if self.change.1 != event.task.0 {
                self.change_of_other = self.change.0;
            }
            self.change = (self.now, event.task.0);
            self.idle = 0;
        } else if !event.accesses.is_empty() {
            // Who only lets others go on is not polling: it may compute.
            self.idle += 1;
        }
        if event.quiescent {
            // Time has passed.
            self.idle = 0;
        }
    }

    /// It may go whatever others have done.
    #[inline]
    pub(crate) fn may_surely_go(&self, entry: &Pending) -> bool {
        entry.enabled != 0 && !entry.yielded && !(self.guesses && entry.in_vain)
    }

    pub(crate) fn may_go(&self, entry: &Pending) -> bool {
        if entry.enabled == 0 {
            return false;
        }
        if self.may_surely_go(entry) {
            return true;
        }
        let last = self.last.get(entry.task.0 as usize).copied().unwrap_or(0);
        let change = if self.change.1 == entry.task.0 { self.change_of_other } else { self.change.0 };
        change > last
    }

    pub(crate) fn is_long(&self) -> bool {
        self.now >= LONG
    }

    /// Somebody who may go, with an alternative, such that nobody is left out for ever. It is the same each time.
    pub(crate) fn anyone(&self, pending: &[Pending]) -> Choice {
        let mut rng = Rng::of_execution(0, self.now);
        let may_go = |entry: &&Pending| self.may_go(entry);
        let enabled = |entry: &&Pending| entry.enabled != 0;
        let several = pending.iter().filter(may_go).count() as u64;
        let entry = match several {
            0 => {
                let all = pending.iter().filter(enabled).count() as u64;
                pending.iter().filter(enabled).nth(rng.below(all) as usize)
            }
            _ => pending.iter().filter(may_go).nth(rng.below(several) as usize),
        };
        let entry = entry.expect("somebody can go");
        draw(&mut rng, entry)
    }

    /// The same among many; `None` if it does not find anybody soon.
    pub(crate) fn anyone_of(&self, crowd: &dyn Crowd) -> Option<Choice> {
        let mut rng = Rng::of_execution(0, self.now);
        let entry = self.sample(&mut rng, crowd)?;
        Some(draw(&mut rng, &entry))
    }

    /// One of those who may go, all equally likely; `None` if a few attempts do not find one.
    pub(crate) fn sample(&self, rng: &mut Rng, crowd: &dyn Crowd) -> Option<Pending> {
        (0..ATTEMPTS).find_map(|_| {
            let entry = crowd.get(rng.below(crowd.count() as u64) as usize);
            self.may_go(&entry).then_some(entry)
        })
    }

    /// Of so many who can go, each has looked in vain less often than makes a livelock.
    pub(crate) fn is_patient(&self, able: usize) -> bool {
        (self.idle as usize) < PATIENCE * able
    }

    /// Whether the last event changed something.
    pub(crate) fn just_changed(&self) -> bool {
        self.idle == 0
    }

    pub(crate) fn turn(&self, pending: &[Pending]) -> Turn {
        if pending.iter().any(|entry| self.may_go(entry)) {
            return Turn::Free;
        }
        let say_so = pending.iter().all(|entry| entry.yielded || entry.enabled == 0);
        if say_so && !self.is_patient(pending.len()) {
            return Turn::Livelock;
        }
        let last = |entry: &Pending| self.last.get(entry.task.0 as usize).copied().unwrap_or(0);
        let oldest = pending
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.enabled != 0)
            .min_by_key(|(_, entry)| last(entry));
        oldest.map_or(Turn::Livelock, |(at, _)| Turn::Forced(at))
    }
}

/// The task's step, with one of its alternatives.
pub(crate) fn draw(rng: &mut Rng, entry: &Pending) -> Choice {
    let alternatives = u64::from(entry.enabled.count_ones());
    let chosen = if alternatives > 1 { rng.below(alternatives) } else { 0 };
    Choice::Step { task: entry.task, alternative: nth_bit(entry.enabled, chosen) }
}

/// The n-th of the bits that are set.
pub(crate) fn nth_bit(mut bits: u64, n: u64) -> u32 {
    for _ in 0..n {
        bits &= bits - 1;
    }
    bits.trailing_zeros()
}
