//! What a function does to locks and to those who wait, in terms of its parameters.
//!
//! A summary is a list of [`Event`]s without order: each says what is done, to which object, and which locks the
//! function itself holds meanwhile. At a call the caller adds its own (`flow`). Events of tasks that the
//! function starts are among them, marked with the task. The list is merged (two events that differ only
//! in where they are become one), so its length is bounded by the pairs of locks that occur.

use std::collections::{BTreeMap, BTreeSet};

use base::{FxHashMap, FxHashSet, IndexVec, Span};
use hir::ty::Ty;

use super::ops::{Mode, Op, Wait};
use super::path::{Class, Path};
use crate::body::{BlockId, Local};
use crate::mono::FuncId;

/// More are not kept: what is certain is found first, and candidates are few in any case.
pub const MAX_EVENTS: usize = 400;
/// Calls that a story tells at most.
pub const MAX_STORY: usize = 8;
/// Other places of the same event that are kept at most.
pub const MAX_ELSEWHERE: usize = 12;

/// The place where a task is started.
pub type TaskId = (FuncId, BlockId);

/// A place on the way to an event: the function and what stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    pub function: FuncId,
    pub span: Span,
}

pub type Story = Vec<Frame>;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum What {
    Lock(Mode),
    /// Waits until somebody else acts on the object.
    Wait(Wait),
    /// Lets those go on who wait so.
    End(Wait),
    /// Waits for the end of a task.
    Join(TaskId),
    /// There is more to wait for in a group.
    Add,
}

/// A lock that is held while something happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    pub lock: Path,
    pub mode: Mode,
    /// On every way there.
    pub sure: bool,
    pub story: Story,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    pub what: What,
    pub on: Path,
    pub held: Vec<Held>,
    /// It happens in every call that returns.
    pub sure: bool,
    /// The blocks of the function at hand in which it surely happens, if they are reached, and how often there.
    pub sites: Vec<(BlockId, u32)>,
    pub story: Story,
    /// Where else the same is done: the innermost places.
    pub elsewhere: Vec<Frame>,
    /// Who does it: the one who calls the function, or a task.
    pub task: Option<TaskId>,
    /// Tasks that may be running meanwhile.
    pub live: BTreeSet<TaskId>,
    /// Tasks that have surely ended before.
    pub ended: BTreeSet<TaskId>,
    /// Locks that the same task may have taken before.
    pub before: BTreeSet<(Path, Mode)>,
    /// It may happen more than once in one activation.
    pub looped: bool,
    /// A wait that ends by any of these as well: the other cases of a `select`.
    pub others: Vec<(Wait, Path)>,
    /// Only if it happens to be its turn: a case of a `select`, a try.
    pub may: bool,
    /// It happens again and again until the other side ends it.
    pub drains: bool,
    /// How often it surely happens in a call that returns; not counted beyond a few.
    pub count: u32,
}

/// A guard in a function's result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenGuard {
    pub fields: Vec<u32>,
    pub lock: Path,
    pub mode: Mode,
    pub presence: Presence,
    /// Nobody will drop it: a permit that was forgotten.
    pub forgotten: bool,
    pub story: Story,
}

/// Whether a guard is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    Sure,
    /// If the `Option` around it is `Some`.
    InSome,
    Maybe,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    pub events: Vec<Event>,
    pub guards: Vec<GivenGuard>,
    /// The object that the result is, if it is an argument's or a static.
    pub result: Option<Path>,
    /// Tasks that are started, by whomever; true if there may be several of one.
    pub tasks: BTreeMap<TaskId, bool>,
    /// Those that may still run when the function returns.
    pub survivors: BTreeSet<TaskId>,
    /// Semaphores that are given permits.
    pub released: BTreeSet<Path>,
    /// What each task has of its own.
    pub captures: BTreeSet<(TaskId, Path)>,
    /// The actor state whose answer the result is.
    pub asked: Option<Ty>,
    /// The actor states whose answers are waited for.
    pub awaits: Vec<(Ty, Story)>,
}

/// What is the same in events that are merged.
type Key = (What, Path, Option<Class>, Option<TaskId>, Vec<(Path, Option<Class>, Mode)>, Vec<(Wait, Path)>);

/// Events while they are collected.
#[derive(Default)]
pub struct Events {
    pub list: Vec<Event>,
    known: FxHashMap<Key, usize>,
}

impl Events {
    pub fn add(&mut self, mut event: Event) {
        // The innermost place is what it is about.
        if event.story.len() > MAX_STORY {
            event.story.drain(MAX_STORY - 1..event.story.len() - 1);
        }
        event.held.sort_by(|a, b| (&a.lock, a.mode).cmp(&(&b.lock, b.mode)));
        event.held.dedup_by(|a, b| a.lock == b.lock && a.mode == b.mode && a.lock.label == b.lock.label);
        let held = event.held.iter().map(|h| (h.lock.clone(), h.lock.label, h.mode)).collect();
        let key = (event.what, event.on.clone(), event.on.label, event.task, held, event.others.clone());
        match self.known.get(&key) {
            Some(&at) => {
                let known = &mut self.list[at];
                for place in event.story.last().into_iter().chain(&event.elsewhere) {
                    if known.elsewhere.len() < MAX_ELSEWHERE
                        && known.story.last() != Some(place)
                        && !known.elsewhere.contains(place)
                    {
                        known.elsewhere.push(*place);
                    }
                }
                known.sure |= event.sure;
                known.sites.extend(event.sites);
                known.live.extend(event.live);
                known.ended.retain(|task| event.ended.contains(task));
                known.before.extend(event.before);
                known.looped |= event.looped;
                known.drains |= event.drains;
                known.may &= event.may;
            }
            None if self.list.len() < MAX_EVENTS => {
                self.known.insert(key, self.list.len());
                self.list.push(event);
            }
            None => {}
        }
    }
}

/// All that is known of the program's functions so far.
pub struct Summaries {
    pub ops: IndexVec<FuncId, Option<Op>>,
    pub list: IndexVec<FuncId, Option<Summary>>,
    /// The code of a closure type.
    pub closures: FxHashMap<Ty, FuncId>,
    /// How much each channel holds: by the local that the pair of its ends is made in. `None`: any number, or
    /// not known.
    pub capacities: FxHashMap<(FuncId, Local), Option<u32>>,
    /// The receiving ends that a value holds, by the local that it is made in.
    pub receivers: FxHashMap<(FuncId, Local), Vec<Path>>,
    /// Types of messages whose channels are closed explicitly somewhere.
    pub closed: FxHashSet<Ty>,
    /// The functions of a table's slot.
    pub slots: FxHashMap<(Ty, u32), Vec<FuncId>>,
}

impl Summaries {
    pub fn op(&self, id: FuncId) -> Option<Op> {
        self.ops[id]
    }

    pub fn of(&self, id: FuncId) -> Option<&Summary> {
        self.list[id].as_ref()
    }
}
