//! The current execution: its events, how they happen before each other, and for each object who touched it.
//!
//! Everything here is a stack: taking back the last events is popping, so that the next execution keeps what it shares
//! with the last one.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::interface::{Access, Event, EventIndex, Kind, ObjectId};

pub(crate) const NONE: u32 = u32::MAX;

/// An access whose object is known by its place in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Touch {
    pub(crate) object: u32,
    pub(crate) kind: Kind,
}

pub(crate) type Touches = SmallVec<[Touch; 4]>;

pub(crate) fn conflict(a: &[Touch], b: &[Touch]) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.object == b.object && a.kind.conflicts(b.kind)))
}

struct Object {
    initial: u32,
    /// For each kind the last record.
    last: [u32; Kind::COUNT],
}

/// An access that happened.
#[derive(Clone, Copy)]
struct Record {
    touch: Touch,
    event: EventIndex,
    /// The record of this kind and object before this one.
    previous: u32,
    /// It is the so manieth of its kind and object, from 1.
    ordinal: u32,
}

/// An event that happened.
pub(crate) struct Entry {
    pub(crate) task: u32,
    pub(crate) alternative: u32,
    /// It is the so manieth event of its task, from 1.
    sequence: u32,
    /// The task's event before.
    previous: u32,
    records: u32,
    after: SmallVec<[EventIndex; 2]>,
    quiescent: bool,
    /// It begins a turn of a polling loop.
    polls: bool,
}

#[derive(Default)]
pub(crate) struct History {
    ids: FxHashMap<ObjectId, u32>,
    objects: Vec<Object>,
    pub(crate) events: Vec<Entry>,
    records: Vec<Record>,
    /// One row for each event: how many events of each task happen before it, itself included.
    clocks: Vec<u32>,
    width: usize,
    /// For each task its last event.
    last: Vec<u32>,
    scratch: SmallVec<[EventIndex; 8]>,
}

impl History {
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn touches_of(&mut self, accesses: &[Access], touches: &mut Touches) {
        touches.clear();
        for access in accesses {
            let next = self.objects.len() as u32;
            let object = *self.ids.entry(access.object).or_insert(next);
            if object == next {
                self.objects.push(Object { initial: access.initial, last: [NONE; Kind::COUNT] });
            }
            let touch = Touch { object, kind: access.kind };
            if !touches.contains(&touch) {
                touches.push(touch);
            }
        }
    }

    pub(crate) fn touches(&self, event: EventIndex) -> impl Iterator<Item = Touch> {
        let records = self.records_of(event);
        self.records[records].iter().map(|record| record.touch)
    }

    fn records_of(&self, event: EventIndex) -> std::ops::Range<usize> {
        let start = self.events[event as usize].records as usize;
        let end =
            self.events.get(event as usize + 1).map_or(self.records.len(), |next| next.records as usize);
        start..end
    }

    pub(crate) fn conflicts_with(&self, event: EventIndex, touches: &[Touch]) -> bool {
        self.touches(event).any(|a| touches.iter().any(|b| a.object == b.object && a.kind.conflicts(b.kind)))
    }

    /// Whether `a` happens before `b`, or is it.
    pub(crate) fn before(&self, a: EventIndex, b: EventIndex) -> bool {
        let entry = &self.events[a as usize];
        self.clocks[b as usize * self.width + entry.task as usize] >= entry.sequence
    }

    /// The event of `task` before the place where the next one would come.
    pub(crate) fn last_of(&self, task: u32) -> u32 {
        self.last.get(task as usize).copied().unwrap_or(NONE)
    }

    pub(crate) fn previous(&self, event: EventIndex) -> u32 {
        self.events[event as usize].previous
    }

    pub(crate) fn after(&self, event: EventIndex) -> &[EventIndex] {
        &self.events[event as usize].after
    }

    pub(crate) fn is_quiescent(&self, event: EventIndex) -> bool {
        self.events[event as usize].quiescent
    }

    fn widen(&mut self, task: u32) {
        let width = (task as usize + 1).next_power_of_two().max(4);
        let mut clocks = vec![0; self.events.len() * width];
        for (old, new) in self.clocks.chunks(self.width.max(1)).zip(clocks.chunks_mut(width)) {
            new[..old.len()].copy_from_slice(old);
        }
        self.clocks = clocks;
        self.width = width;
        self.last.resize(width, NONE);
    }

    /// Adds an event. `race` is told each earlier event that conflicts with it and is ordered before it by nothing but
    /// that conflict and by the permits it takes.
    pub(crate) fn push(
        &mut self,
        event: &Event<'_>,
        touches: &[Touch],
        polls: bool,
        mut race: impl FnMut(EventIndex),
    ) {
        let task = event.task.0;
        if task as usize >= self.width {
            self.widen(task);
        }
        let index = self.events.len();
        let row = index * self.width;
        let previous = self.last[task as usize];
        if previous == NONE {
            self.clocks.resize(row + self.width, 0);
        } else {
            let from = previous as usize * self.width;
            self.clocks.extend_from_within(from..from + self.width);
        }
        let sequence = self.clocks[row + task as usize] + 1;
        self.clocks[row + task as usize] = sequence;
        for after in event.after {
            self.join(row, *after);
        }
        if event.quiescent {
            for earlier in 0..index {
                self.join(row, earlier as u32);
            }
        }

        let mut conflicting = std::mem::take(&mut self.scratch);
        self.conflicting(touches, &mut conflicting);
        for earlier in conflicting.drain(..) {
            let entry = &self.events[earlier as usize];
            if self.clocks[row + entry.task as usize] < entry.sequence {
                race(earlier);
                self.join(row, earlier);
            }
        }
        self.scratch = conflicting;

        let records = self.records.len() as u32;
        self.events.push(Entry {
            task,
            alternative: event.alternative,
            sequence,
            previous,
            records,
            after: SmallVec::from_slice(event.after),
            quiescent: event.quiescent,
            polls,
        });
        for touch in touches {
            let at = self.records.len() as u32;
            let last =
                std::mem::replace(&mut self.objects[touch.object as usize].last[touch.kind as usize], at);
            let ordinal = if last == NONE { 1 } else { self.records[last as usize].ordinal + 1 };
            self.records.push(Record { touch: *touch, event: index as u32, previous: last, ordinal });
            if touch.kind == Kind::Take {
                let initial = self.objects[touch.object as usize].initial;
                if let Some(give) = self.give(touch.object, ordinal.saturating_sub(initial)) {
                    self.join(row, give);
                }
            }
        }
        self.last[task as usize] = index as u32;
    }

    fn join(&mut self, row: usize, event: EventIndex) {
        let from = event as usize * self.width;
        let (before, own) = self.clocks.split_at_mut(row);
        for (own, other) in own.iter_mut().zip(&before[from..from + self.width]) {
            *own = (*own).max(*other);
        }
    }

    /// The events that conflict with an operation that comes now, latest first, without those that others of
    /// them are ordered after because they conflict with each other.
    pub(crate) fn conflicting(&self, touches: &[Touch], events: &mut SmallVec<[EventIndex; 8]>) {
        events.clear();
        for touch in touches {
            let kinds = touch.kind.conflicting();
            let lasts = &self.objects[touch.object as usize].last;
            // What conflicts with this operation conflicts with an earlier one of its kind too, and so
            // is ordered before that one, if the operations of the kind are ordered among themselves.
            let same = lasts[touch.kind as usize];
            let ordered = same != NONE && touch.kind.conflicts(touch.kind);
            let since = if ordered { self.records[same as usize].event } else { 0 };
            for (kind, last) in lasts.iter().enumerate() {
                if kinds & (1 << kind) == 0 {
                    continue;
                }
                let only_last = Kind::ORDERED & (1 << kind) != 0;
                let mut at = *last;
                while at != NONE && self.records[at as usize].event >= since {
                    let record = self.records[at as usize];
                    events.push(record.event);
                    at = if only_last { NONE } else { record.previous };
                }
            }
        }
        events.sort_unstable_by(|a, b| b.cmp(a));
        events.dedup();
    }

    /// The event of the n-th give of an object, from 1.
    fn give(&self, object: u32, ordinal: u32) -> Option<EventIndex> {
        if ordinal == 0 {
            return None;
        }
        let mut at = self.objects[object as usize].last[Kind::Give as usize];
        while at != NONE {
            let record = self.records[at as usize];
            if record.ordinal <= ordinal {
                return Some(record.event);
            }
            at = record.previous;
        }
        None
    }

    /// The last `kind` of an object that is kept, and its number.
    fn last_kept(&self, object: u32, kind: Kind, kept: &impl Fn(EventIndex) -> bool) -> (u32, u32) {
        let mut at = self.objects[object as usize].last[kind as usize];
        while at != NONE {
            let record = self.records[at as usize];
            if kept(record.event) {
                return (record.event, record.ordinal);
            }
            at = record.previous;
        }
        (NONE, 0)
    }

    pub(crate) fn last_give(&self, object: u32, kept: &impl Fn(EventIndex) -> bool) -> Option<EventIndex> {
        let (event, ordinal) = self.last_kept(object, Kind::Give, kept);
        (ordinal > 0).then_some(event)
    }

    /// What an operation that takes from an object finds when only some events have happened.
    pub(crate) fn permit(&self, object: u32, kept: &impl Fn(EventIndex) -> bool) -> Permit {
        let (last_take, takes) = self.last_kept(object, Kind::Take, kept);
        let (_, gives) = self.last_kept(object, Kind::Give, kept);
        let initial = self.objects[object as usize].initial;
        if takes < initial {
            Permit::Initial
        } else if takes < initial + gives {
            Permit::Given(self.give(object, takes + 1 - initial).expect("as many were given"))
        } else if last_take != NONE {
            Permit::TakenBy(last_take)
        } else {
            Permit::Missing
        }
    }

    /// What a turn of a polling loop found out that ended with `last`, if only some events have happened.
    pub(crate) fn poll(&self, last: u32, kept: &impl Fn(EventIndex) -> bool) -> Poll {
        let mut found = Poll::None;
        let mut at = last;
        while at != NONE {
            for touch in self.touches(at) {
                if !matches!(touch.kind, Kind::Read | Kind::Test | Kind::Peek) {
                    return Poll::None;
                }
                let changed = Kind::ALL.iter().any(|kind| {
                    let (event, ordinal) = self.last_kept(touch.object, *kind, kept);
                    kind.conflicts(touch.kind) && ordinal > 0 && event > at
                });
                if changed {
                    return Poll::Changed;
                }
                found = Poll::Unchanged;
            }
            let entry = &self.events[at as usize];
            if entry.polls {
                break;
            }
            at = entry.previous;
        }
        found
    }

    pub(crate) fn polls(&self, event: EventIndex) -> bool {
        self.events[event as usize].polls
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        while self.events.len() > len {
            let entry = self.events.pop().expect("longer than that");
            for record in self.records.drain(entry.records as usize..).rev() {
                self.objects[record.touch.object as usize].last[record.touch.kind as usize] = record.previous;
            }
            self.last[entry.task as usize] = entry.previous;
        }
        self.clocks.truncate(len * self.width);
    }
}

/// The last turn of a polling loop.
pub(crate) enum Poll {
    /// It was none: it read nothing, or changed something.
    None,
    Unchanged,
    /// What it read has changed since.
    Changed,
}

pub(crate) enum Permit {
    Initial,
    Given(EventIndex),
    TakenBy(EventIndex),
    Missing,
}
