//! Exhaustive search: each way in which conflicting operations can be ordered is executed once.
//!
//! This is optimal dynamic partial order reduction with wakeup trees (Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation
//! for Optimal Dynamic Partial Order Reduction", JACM 64(4), 2017), with permits and alternatives added. Executions that differ
//! only in the order of operations that commute are one *trace*.
//!
//! # The search
//!
//! The first execution goes anywhere. At its end the search looks at each *race*: an event `e`, a later one `b` that conflicts
//! with it, and nothing that orders `e` before `b` but that conflict. The execution that turns it around is: what stood before `e`; then
//! `v`, all that does not happen after `e`; then `b`. `v b` is planned at the point before `e`, in its
//! *wakeup tree*, unless it is covered there: by an event that is *asleep* (everything that begins with it has been executed) or by a
//! sequence of the tree. An event covers a sequence if it is in it and could stand first, or is not in it and commutes with all of it.
//! Depth first, the last point with something planned is the next to go on from.
//!
//! All races of the current execution are looked at, also between events that it shares with the one
//! before: what `v` is depends on the rest of the execution. A race is settled when that can make no difference any more.
//!
//! # Permits
//!
//! A `Take` that waits is possible after some events only if they leave it a permit. So beside the order
//! of conflicting events there is one from the (n - initial)-th `Give` to the n-th `Take`, and whether `e` and `b` can be turned around
//! is a question of counting. Turning `lock` around against an earlier `lock` leaves out the `unlock` that made it
//! possible, and is possible all the same, since the permit that the other one took is there. Where a permit is missing after `v`, its
//! last taker is left out too, with all that happens after it, and so on. That is necessary: with all
//! gives of `v` and fewer takes only can there be a permit. So what remains is the largest part of the execution
//! after which `b` is possible, or there is none.
//!
//! An operation that waits for ever at the end has never become an event, but what it waits for was taken by somebody: that
//! is a race too (the other half of an AB-BA deadlock is found so).
//!
//! *Why gives conflict.* Two gives of a semaphore lead to the same state in both orders. But if they did not conflict, a
//! take that needs one of them, whichever, would happen after the one that came first here, and what is ordered through
//! that would never be tried the other way. For a lock or a channel this costs nothing: there the takes and the tail order the gives.
//!
//! # Alternatives
//!
//! An operation with several alternatives (a select, an attempt, a deadline, a random number) is treated as if each were an
//! operation of its own, of which the first to be executed blocks the others for ever. So the
//! alternatives that were not taken are races like those that wait at the end, also the ones that
//! become possible only later. A `Peek` (the default of a select, a failed attempt) is possible only without a permit,
//! the mirror image of a `Take`: here the last give is left out until there is none.
//!
//! # Timers
//!
//! Time passes when nobody can go. Everything that happened before is then ordered before that moment, and everything that comes after
//! it comes of it, so no race goes across it. But of several waits that end at the same time each may be the first, and what follows from
//! it comes before the next one: there all of them are tried.
//!
//! # Polling loops
//!
//! A turn of a polling loop that finds nothing new can be left out of any execution. So a task that yielded waits until
//! something that it read in the turn before has changed, and a plan by which it would go earlier is none. If only
//! such tasks are left, they poll for ever, which is a livelock, or one gives up after some turns. So they go on for a while,
//! but what comes after that is not explored.
//!
//! # What is not known
//!
//! Whether a planned event is possible is known from permits. What else it may depend on (somebody who waits at a rendezvous) is not: then
//! it is found out where the event is to be executed, and what was left out for its sake is searched for anew from there.
//!
//! What an event would touch elsewhere is what it touched here, except for a `Test`: a compare_exchange that would have written. Such an
//! event, planned to come elsewhere, counts as conflicting with everything until it has been executed. So something may be planned that is covered after all. It is
//! dropped when that is known, unless other sequences were left out for its sake; then it is executed as
//! far as something is awake (`redundant` counts what ended so), and what was asleep there is trusted less (`Move::weak`), since
//! the proof that nothing is asleep where a plan ends holds no more.

mod history;
mod races;
mod tree;

use smallvec::SmallVec;

use crate::estimate::part_done;
use crate::fairness::{Fairness, Turn, nth_bit};
use crate::interface::{
    Choice, Coverage, Crowd, End, Event, EventIndex, Outcome, Pending, Reason, Strategy, TaskId,
};
use history::{History, Poll, Touches};
use tree::{Move, Tree};

/// See [`Exhaustive::at_most_events`].
const MOST_EVENTS: usize = 20_000;
/// The search is given up as well where more can go.
const MOST_ABLE: usize = 1_000;

/// The search. It ends when everything was executed, or after `limit` executions.
pub struct Exhaustive {
    limit: u64,
    history: History,
    tree: Tree,
    frames: Vec<Frame>,
    /// How many events of the current execution have happened.
    position: usize,
    /// The races of this execution, by their later event.
    races: Vec<Race>,
    /// The events that did not take all of their alternatives.
    choices: Vec<usize>,
    fairness: Fairness,
    executions: u64,
    redundant: u64,
    /// Something was left out: an execution was cut or did not go as before.
    incomplete: bool,
    finished: bool,
    /// The current execution ended in one.
    livelock: bool,
    /// In the current execution everybody polls in vain, and nothing is recorded any more.
    beyond: bool,
    /// One of them has done something then.
    gave_up: bool,
    /// The most events of an execution.
    most_events: usize,
    too_long: bool,
    touches: Touches,
    /// Who could go at the last point beside the one that went.
    rivals: Vec<Pending>,
}

/// A point of the current execution: before its event of the same number.
#[derive(Default)]
struct Frame {
    /// What is to be executed from here after the current event, oldest first.
    children: Vec<u32>,
    /// Events that would lead to what was already executed.
    sleep: Vec<Move>,
    /// How many events were executed from here before the current one.
    executed: u32,
    /// The alternatives that were possible for the current event's operation.
    enabled: u64,
    /// It began a turn of a polling loop.
    polls: bool,
    others: Vec<Other>,
}

/// Two events that could come the other way round.
#[derive(Clone, Copy)]
struct Race {
    earlier: EventIndex,
    later: EventIndex,
    /// It need not be looked at again.
    settled: bool,
}

/// An alternative that an event did not take.
struct Other {
    /// It need not be looked at again.
    settled: bool,
    alternative: u32,
    touches: Touches,
    after: SmallVec<[EventIndex; 2]>,
}

impl Frame {
    /// The alternatives of a task that are asleep.
    fn asleep(&self, task: u32) -> u64 {
        let asleep = self.sleep.iter().filter(|asleep| asleep.task == task);
        asleep.fold(0, |bits, asleep| bits | 1 << asleep.alternative)
    }
}

impl Exhaustive {
    pub fn new(limit: u64) -> Exhaustive {
        Exhaustive {
            limit,
            history: History::default(),
            tree: Tree::default(),
            frames: vec![Frame::default()],
            position: 0,
            races: Vec::new(),
            choices: Vec::new(),
            fairness: Fairness::default(),
            executions: 0,
            redundant: 0,
            incomplete: false,
            finished: false,
            livelock: false,
            beyond: false,
            gave_up: false,
            most_events: MOST_EVENTS,
            too_long: false,
            touches: Touches::new(),
            rivals: Vec::new(),
        }
    }

    /// Executions that were given up because what followed was covered. None for locks, atomics and channels.
    pub fn redundant(&self) -> u64 {
        self.redundant
    }

    /// Whether everything was executed.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The next event of the execution before: the same again.
    fn repeat(&mut self, pending: &[Pending]) -> Choice {
        let event = &self.history.events[self.position];
        let same =
            |entry: &&Pending| entry.task.0 == event.task && entry.enabled & (1 << event.alternative) != 0;
        if pending.iter().any(|entry| same(&entry)) {
            return Choice::Step { task: TaskId(event.task), alternative: event.alternative };
        }
        self.incomplete = true;
        Choice::Abandon(Reason::Diverged)
    }

    /// Gives the search up when an execution has more events (20,000 if nothing is said): what it costs grows with their square,
    /// and it may be so long because somebody is never let go. It ends fairly.
    pub fn at_most_events(mut self, events: usize) -> Exhaustive {
        self.most_events = events;
        self
    }

    fn is_too_long(&mut self, able: usize) {
        if self.history.len() >= self.most_events || able > MOST_ABLE {
            (self.beyond, self.too_long) = (true, true);
        }
    }

    /// Everybody polls in vain: they go on, in turn, and nothing is recorded any more. If one of them gives up, what comes then
    /// is not explored.
    fn go_on_beyond(&mut self, pending: &[Pending]) -> Choice {
        if self.gave_up && !self.too_long {
            return Choice::Abandon(Reason::Redundant);
        }
        match self.fairness.turn(pending) {
            Turn::Livelock => {
                self.livelock = true;
                Choice::Abandon(Reason::Livelock)
            }
            Turn::Forced(at) => {
                Choice::Step { task: pending[at].task, alternative: nth_bit(pending[at].enabled, 0) }
            }
            Turn::Free => self.fairness.anyone(pending),
        }
    }

    /// The first event of the wakeup tree. If it turns out to be impossible, and sequences were left out or are planned behind it
    /// because it was thought to come first, the search begins anew here.
    fn wake(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Result<(TaskId, u32), Reason> {
        let frame = &mut self.frames[self.position];
        let node = frame.children.remove(0);
        let Move { task, mut alternative, any, .. } = *self.tree.event(node);
        let entry = pending.iter().find(|entry| entry.task.0 == task);
        let enabled = entry.map_or(0, |entry| entry.enabled);
        let mut possible = enabled & (1 << alternative) != 0;
        if !possible && any {
            let other = enabled & !frame.asleep(task);
            possible = other != 0;
            alternative = other.trailing_zeros();
        }
        let Some(entry) = entry.filter(|_| possible) else {
            let stands_for_others = self.tree.stands_for_others(node);
            self.tree.remove_all(node);
            return match stands_for_others {
                true => self.explore(pending, previous, None),
                false => Err(Reason::Redundant),
            };
        };
        frame.enabled = enabled;
        frame.polls = entry.polls();
        self.tree.remove(node, &mut self.frames[self.position + 1].children);
        Ok((TaskId(task), alternative))
    }

    /// Nothing is planned from here: the task that went last goes on, if it can.
    fn explore(
        &mut self,
        pending: &[Pending],
        previous: Option<TaskId>,
        forced: Option<usize>,
    ) -> Result<(TaskId, u32), Reason> {
        let pending = forced.map_or(pending, |at| &pending[at..=at]);
        let frame = &mut self.frames[self.position];
        frame.sleep.iter_mut().for_each(|asleep| asleep.weak = true);
        let able = |entry: &Pending| entry.enabled & !frame.asleep(entry.task.0);
        let last = |entry: &Pending| self.history.last_of(entry.task.0);
        let waits_its_turn = |entry: &Pending| {
            entry.yielded
                && match self.history.poll(last(entry), &|_| true) {
                    Poll::Unchanged if entry.looks => true,
                    Poll::Changed => false,
                    _ => forced.is_none() && !self.fairness.may_go(entry),
                }
        };
        let free = |entry: &&Pending| able(entry) != 0 && !waits_its_turn(entry);
        // Any of them will do: rather one that does not seem to poll.
        let gets_on = |entry: &&Pending| free(entry) && !entry.in_vain;
        let goes_on = pending.iter().find(|entry| Some(entry.task) == previous).filter(gets_on);
        let Some(entry) =
            goes_on.or_else(|| pending.iter().find(gets_on)).or_else(|| pending.iter().find(free))
        else {
            let idle = |entry: &Pending| entry.enabled == 0 || entry.polls();
            return Err(if pending.iter().all(idle) { Reason::Livelock } else { Reason::Redundant });
        };
        let alternative = nth_bit(able(entry), 0);
        frame.enabled = entry.enabled;
        frame.polls = entry.polls();
        self.frames[self.position + 1].children.clear();
        Ok((entry.task, alternative))
    }
}

fn bits(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros())?;
        set &= set - 1;
        Some(bit)
    })
}

impl Strategy for Exhaustive {
    fn begin(&mut self) -> bool {
        if self.finished || self.executions + self.redundant >= self.limit {
            return false;
        }
        self.position = 0;
        self.livelock = false;
        self.beyond = false;
        self.gave_up = false;
        self.fairness.begin();
        true
    }

    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        if self.position < self.history.len() {
            return self.repeat(pending);
        }
        self.is_too_long(pending.len());
        if self.beyond {
            return self.go_on_beyond(pending);
        }
        if self.frames.len() == self.position + 1 {
            self.frames.push(Frame::default());
        }
        let chosen = if !self.frames[self.position].children.is_empty() {
            self.wake(pending, previous)
        } else {
            match self.fairness.turn(pending) {
                Turn::Free => self.explore(pending, previous, None),
                Turn::Forced(at) => self.explore(pending, previous, Some(at)),
                Turn::Livelock => Err(Reason::Livelock),
            }
        };
        match chosen {
            Ok((task, alternative)) => {
                self.rivals.clear();
                let others = pending.iter().filter(|entry| entry.task != task);
                self.rivals.extend(others);
                Choice::Step { task, alternative }
            }
            Err(Reason::Livelock) => {
                self.beyond = true;
                self.go_on_beyond(pending)
            }
            Err(reason) => Choice::Abandon(reason),
        }
    }

    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        if self.position >= self.history.len() {
            self.is_too_long(crowd.count());
            if self.too_long
                && self.beyond
                && let Some(choice) = self.fairness.anyone_of(crowd)
            {
                return choice;
            }
        }
        self.choose(&crowd.all(), previous)
    }

    fn executed(&mut self, event: &Event<'_>) {
        self.fairness.executed(event);
        if self.beyond {
            self.gave_up |= self.fairness.just_changed();
            return;
        }
        let at = self.position;
        self.position += 1;
        if at < self.history.len() {
            return;
        }
        let mut touches = std::mem::take(&mut self.touches);
        self.history.touches_of(event.accesses, &mut touches);
        let races = &mut self.races;
        let polls = self.frames[at].polls;
        self.history.push(event, &touches, polls, |earlier| {
            races.push(Race { earlier, later: at as u32, settled: false });
        });

        let (before, after) = self.frames.split_at_mut(at + 1);
        let (frame, next) = (&mut before[at], &mut after[0]);
        next.sleep.clear();
        let asleep = |asleep: &&Move| asleep.task != event.task.0 && asleep.commutes_with(&touches);
        if !event.quiescent {
            next.sleep.extend(frame.sleep.iter().filter(asleep).cloned());
        }
        next.executed = 0;
        self.touches = touches;

        frame.others.clear();
        for other in event.others {
            let mut touches = Touches::new();
            self.history.touches_of(other.accesses, &mut touches);
            frame.others.push(Other {
                settled: false,
                alternative: other.alternative,
                touches,
                after: other.after.into(),
            });
        }
        if !frame.others.is_empty() {
            self.choices.push(at);
        }
        let possible = frame.enabled & !(1u64.checked_shl(event.alternative).unwrap_or(0));
        if possible != 0 {
            self.plan_alternatives(at, event.task.0, possible);
        }
        if event.quiescent {
            self.plan_rivals(at);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        match end.outcome {
            Outcome::Abandoned if !self.livelock => self.redundant += 1,
            Outcome::Quiescent | Outcome::Abandoned => self.executions += 1,
            Outcome::Cut => {
                self.executions += 1;
                self.incomplete = true;
            }
        }
        self.incomplete |= self.beyond && !self.livelock;
        if self.too_long {
            self.finished = true;
            return;
        }
        self.plan_races();
        self.plan_others();
        for stuck in end.stuck {
            self.plan_stuck(stuck);
        }
        self.backtrack();
    }

    fn coverage(&self) -> Coverage {
        if self.finished && !self.incomplete {
            Coverage::Exhaustive { traces: self.executions }
        } else {
            let points = self.frames[..=self.history.len()].iter().enumerate().map(|(at, frame)| {
                let done = u64::from(frame.executed);
                (done, done + frame.children.len() as u64 + u64::from(at < self.history.len()))
            });
            let done = part_done(points.take_while(|(_, all)| *all > 0));
            let estimate = (done > 0.0).then(|| self.executions as f64 / done);
            Coverage::Sampled { executions: self.executions, estimate }
        }
    }
}
