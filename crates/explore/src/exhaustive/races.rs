//! Races of an execution, and the sequences of events that turn them around.

use smallvec::SmallVec;

use super::history::{NONE, Permit, Poll, Touch, Touches};
use super::tree::Move;
use super::{Exhaustive, Race, bits};
use crate::interface::{EventIndex, Kind, Stuck};

/// An operation that is to come earlier than it did, or that did not come at all.
#[derive(Clone)]
struct Late {
    event: Move,
    /// What it touches says how it came out here; it is always possible.
    tries: bool,
    /// It begins a turn of a polling loop.
    polls: bool,
    /// Events that must come before it: its task's last one, and those it named.
    base: SmallVec<[EventIndex; 3]>,
    /// The gives whose permits it takes when it comes where it is to.
    gives: SmallVec<[EventIndex; 2]>,
}

impl Late {
    fn new(event: Move, previous: u32, after: &[EventIndex]) -> Late {
        let previous = Some(previous).filter(|previous| *previous != NONE);
        let base = previous.into_iter().chain(after.iter().copied()).collect();
        Late { event, tries: false, polls: false, base, gives: SmallVec::new() }
    }
}

/// Where an event could come first in a sequence.
enum First {
    /// It is the n-th event of the sequence, and nothing before it must come before.
    At(usize),
    /// It is the late event.
    Late,
    /// It is not in the sequence, and commutes with all of it.
    Absent,
    No,
}

impl Exhaustive {
    pub(super) fn plan_races(&mut self) {
        for at in 0..self.races.len() {
            let Race { earlier, later, settled } = self.races[at];
            if settled || self.history.is_quiescent(later) {
                continue;
            }
            let history = &self.history;
            let entry = &history.events[later as usize];
            let touches: Touches = history.touches(later).collect();
            let has = |kind: Kind| touches.iter().any(|touch| touch.kind == kind);
            let tries = has(Kind::Peek) && self.frames[later as usize].others.is_empty();
            let polls = history.polls(later);
            let uncertain = tries || has(Kind::Test);
            let event = Move { uncertain, any: true, ..Move::new(entry.task, entry.alternative, touches) };
            let late = Late::new(event, history.previous(later), history.after(later));
            self.races[at].settled = self.plan(earlier, Late { tries, polls, ..late }, later);
        }
    }

    /// The alternatives that were possible beside the one that was taken.
    pub(super) fn plan_alternatives(&mut self, at: usize, task: u32, possible: u64) {
        for alternative in bits(possible) {
            let known = self.frames[at].others.iter().find(|other| other.alternative == alternative);
            let touches = known.map(|other| other.touches.clone()).unwrap_or_default();
            let event = Move { uncertain: known.is_none(), ..Move::new(task, alternative, touches) };
            self.insert(at, Vec::new(), Late::new(event, NONE, &[]), 0);
        }
    }

    /// The other timers that were due when nobody could go: they are all tried, since what follows from one comes before the next one.
    pub(super) fn plan_rivals(&mut self, at: usize) {
        for rival in std::mem::take(&mut self.rivals) {
            for alternative in bits(rival.enabled) {
                let event = Move { uncertain: true, ..Move::new(rival.task.0, alternative, Touches::new()) };
                self.insert(at, Vec::new(), Late::new(event, NONE, &[]), 0);
            }
        }
    }

    /// The alternatives that were not taken, as if each were a task of its own that the event has blocked for ever.
    pub(super) fn plan_others(&mut self) {
        for choice in 0..self.choices.len() {
            let at = self.choices[choice];
            for number in 0..self.frames[at].others.len() {
                let other = &self.frames[at].others[number];
                if other.settled {
                    continue;
                }
                // What touches nothing conflicts with nothing that is still to come.
                let touches_nothing = other.touches.is_empty();
                let task = self.history.events[at].task;
                let event = Move::new(task, other.alternative, other.touches.clone());
                let late = Late {
                    polls: self.history.polls(at as u32),
                    ..Late::new(event, self.history.previous(at as u32), &other.after)
                };
                self.plan_before_conflicts(&late, Some(at as u32));
                let settled = self.plan(at as u32, late, 0);
                self.frames[at].others[number].settled = settled && touches_nothing;
            }
        }
    }

    /// What a task waits for at the end: it could have had it if somebody had not taken it, or closed it, before.
    pub(super) fn plan_stuck(&mut self, stuck: &Stuck<'_>) {
        for case in stuck.cases {
            let mut touches = Touches::new();
            self.history.touches_of(case.accesses, &mut touches);
            let holder = touches.iter().filter(|touch| touch.kind == Kind::Take).find_map(|touch| match self
                .history
                .permit(touch.object, &|_| true)
            {
                Permit::TakenBy(holder) => Some(holder),
                _ => None,
            });
            let previous = self.history.last_of(stuck.task.0);
            let event = Move::new(stuck.task.0, case.alternative, touches);
            let late = Late::new(event, previous, case.after);
            self.plan_before_conflicts(&late, None);
            if let Some(holder) = holder {
                self.plan(holder, late.clone(), 0);
            }
            // Or if somebody had not made it impossible (closed a channel): what comes of it then depends on others.
            let closed = late.event.touches.iter().filter(|touch| touch.kind == Kind::Peek);
            let closers: SmallVec<[EventIndex; 2]> =
                closed.filter_map(|touch| self.history.last_give(touch.object, &|_| true)).collect();
            for closer in closers {
                let mut late = late.clone();
                (late.event.any, late.event.uncertain) = (true, true);
                self.plan(closer, late, 0);
            }
        }
    }

    /// Whether an operation that did not come is possible may depend on no permit, or on none but such as it takes (a cancellation):
    /// on what those did who read or write what it writes or reads. So it is tried before each of them, of those before
    /// `instead`, which came in its place.
    fn plan_before_conflicts(&mut self, late: &Late, instead: Option<EventIndex>) {
        let plain = |kind| matches!(kind, Kind::Read | Kind::Test | Kind::Write);
        let touches = late.event.touches.iter().copied();
        let (touches, permits): (Touches, Touches) = touches.partition(|touch| plain(touch.kind));
        if touches.is_empty() || permits.iter().any(|touch| touch.kind != Kind::Take) {
            return;
        }
        let history = &self.history;
        let end = instead.unwrap_or(history.len() as u32);
        let before_it = |event: u32| late.base.iter().any(|base| history.before(event, *base));
        let events: SmallVec<[EventIndex; 8]> =
            (0..end).filter(|event| history.conflicts_with(*event, &touches) && !before_it(*event)).collect();
        for event in events {
            let mut late = late.clone();
            late.event.uncertain = true;
            self.plan_without(SmallVec::from_iter([event].into_iter().chain(instead)), late, 0);
        }
    }

    /// Plans that `late` comes before `event`: what does not happen after that, then `late`. Where a permit is missing
    /// then, whoever holds it has to be left out too.
    ///
    /// True if this need not be asked again as long as the first `settled_by` events stand, whatever comes after them.
    fn plan(&mut self, event: EventIndex, late: Late, settled_by: EventIndex) -> bool {
        self.plan_without(SmallVec::from_slice(&[event]), late, settled_by)
    }

    /// The same without all of these.
    fn plan_without(
        &mut self,
        mut without: SmallVec<[EventIndex; 4]>,
        mut late: Late,
        settled_by: EventIndex,
    ) -> bool {
        let history = &self.history;
        loop {
            let kept = |event: EventIndex| !without.iter().any(|root| history.before(*root, event));
            if !late.base.iter().all(|event| kept(*event)) {
                return false;
            }
            if late.polls && matches!(history.poll(late.base[0], &kept), Poll::Unchanged) {
                return false;
            }
            late.gives.clear();
            let mut obstacle = None;
            for touch in &late.event.touches {
                let peek = Touch { kind: Kind::Peek, ..*touch };
                if late.tries && late.event.touches.contains(&peek) {
                    continue;
                }
                let permit = history.permit(touch.object, &kept);
                obstacle = match (touch.kind, permit) {
                    (Kind::Take, Permit::Given(give)) => {
                        late.gives.push(give);
                        obstacle
                    }
                    (Kind::Take, Permit::TakenBy(take)) => Some(take),
                    (Kind::Peek, Permit::Initial | Permit::Given(_)) => {
                        match history.last_give(touch.object, &kept) {
                            Some(give) => Some(give),
                            None => return false,
                        }
                    }
                    (Kind::Take, Permit::Missing) => return false,
                    _ => obstacle,
                };
            }
            match obstacle {
                Some(event) => without.push(event),
                None => break,
            }
        }
        let first = *without.iter().min().expect("one event at least");
        let kept = |event: &EventIndex| !without.iter().any(|root| history.before(*root, *event));
        let sequence = (first + 1..history.len() as u32).filter(kept).collect();
        self.insert(first as usize, sequence, late, settled_by)
    }

    /// Adds a sequence to the wakeup tree of a point, unless executions that begin with what is asleep or with what is
    /// in the tree cover it. True as for `plan`.
    fn insert(
        &mut self,
        at: usize,
        mut sequence: Vec<EventIndex>,
        late: Late,
        settled_by: EventIndex,
    ) -> bool {
        for asleep in &self.frames[at].sleep {
            match self.first(asleep, &sequence, &late) {
                First::No => {}
                First::At(place) => return sequence[place] < settled_by,
                First::Late => return true,
                First::Absent => return false,
            }
        }
        let mut settled = sequence.last().is_none_or(|last| *last < settled_by);
        let mut parent = None;
        'down: loop {
            let children = match parent {
                None => &self.frames[at].children[..],
                Some(node) => self.tree.children(node),
            };
            for child in children {
                let child = *child;
                let is_leaf = self.tree.children(child).is_empty();
                match self.first(self.tree.event(child), &sequence, &late) {
                    First::No => continue,
                    First::Late => {
                        self.tree.absorb(child);
                        return settled || (is_leaf && parent.is_none());
                    }
                    First::At(place) => {
                        settled |= is_leaf && parent.is_none() && sequence[place] < settled_by;
                        sequence.remove(place);
                    }
                    First::Absent => settled = false,
                }
                if is_leaf {
                    self.tree.absorb(child);
                    return settled;
                }
                parent = Some(child);
                continue 'down;
            }
            break;
        }
        let moves = sequence.iter().map(|event| {
            let entry = &self.history.events[*event as usize];
            let touches = self.history.touches(*event).collect();
            Move::new(entry.task, entry.alternative, touches)
        });
        for event in moves.chain([late.event]) {
            let node = self.tree.add(event);
            match parent {
                None => self.frames[at].children.push(node),
                Some(parent) => self.tree.adopt(parent, node),
            }
            parent = Some(node);
        }
        settled
    }

    /// Whether `event`, which is possible where the sequence begins, could come first in it.
    fn first(&self, event: &Move, sequence: &[EventIndex], late: &Late) -> First {
        let history = &self.history;
        let place = sequence.iter().position(|other| history.events[*other as usize].task == event.task);
        if let Some(place) = place {
            let here = sequence[place];
            let same = event.alternative == history.events[here as usize].alternative;
            let free = same && !sequence[..place].iter().any(|earlier| history.before(*earlier, here));
            return if free { First::At(place) } else { First::No };
        }
        if late.event.task == event.task {
            let same = event.alternative == late.event.alternative;
            let needed = |earlier: &EventIndex| {
                late.event.uncertain
                    || late.gives.contains(earlier)
                    || late.base.iter().any(|base| history.before(*earlier, *base))
                    || history.conflicts_with(*earlier, &late.event.touches)
            };
            return if same && !sequence.iter().any(needed) { First::Late } else { First::No };
        }
        let commutes = !event.weak
            && !event.uncertain
            && !sequence.iter().any(|other| history.conflicts_with(*other, &event.touches))
            && late.event.commutes_with(&event.touches);
        if commutes { First::Absent } else { First::No }
    }

    /// To the last point from which something is planned.
    pub(super) fn backtrack(&mut self) {
        loop {
            let Some(at) = (0..=self.history.len()).rev().find(|at| !self.frames[*at].children.is_empty())
            else {
                self.finished = true;
                return;
            };
            if at < self.history.len() {
                let entry = &self.history.events[at];
                let touches = self.history.touches(at as u32).collect();
                let done = Move::new(entry.task, entry.alternative, touches);
                self.frames[at].sleep.push(done);
                self.frames[at].executed += 1;
                self.history.truncate(at);
                let races = self.races.iter().rposition(|race| (race.later as usize) < at);
                self.races.truncate(races.map_or(0, |last| last + 1));
                let choices = self.choices.iter().rposition(|choice| *choice < at);
                self.choices.truncate(choices.map_or(0, |last| last + 1));
            }
            let frame = &mut self.frames[at];
            frame.children.retain(|child| self.tree.prune(*child, &frame.sleep));
            if !frame.children.is_empty() {
                return;
            }
        }
    }
}
