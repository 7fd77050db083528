//! What is known at one point of a body: guards and ends of channels that are alive, tasks that run.

use std::collections::{BTreeMap, BTreeSet};

use base::Idx;

use super::ops::{Mode, Wait};
use super::path::{Path, Root};
use super::summary::{Held, Presence, Story, TaskId};
use crate::body::{Local, Place, Projection};
use crate::mono::FuncId;

/// Where something is: a local and fields in it.
pub type At = (Local, Vec<u32>);

/// Where a permit is that was forgotten: nobody drops it.
pub const FORGOTTEN: Local = Local(u32::MAX);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Guard(Mode),
    Sender,
    Receiver,
}

/// A guard or an end of a channel that may be alive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    pub at: At,
    pub kind: Kind,
    /// The lock; of an end its own path.
    pub of: Path,
    pub presence: Presence,
    pub story: Story,
}

impl Token {
    /// The lock of a guard.
    pub fn held(&self, mode: Mode) -> Held {
        Held { lock: self.of.clone(), mode, sure: self.presence == Presence::Sure, story: self.story.clone() }
    }
}

/// A channel that was made here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Channel {
    /// Somebody else has an end, or may reach one.
    pub shared: bool,
    /// How many values were sent: at least and at most.
    pub least: u32,
    pub most: u32,
    /// Something was taken out.
    pub received: bool,
}

/// A task that may be running.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Live {
    pub scope: Option<Path>,
    /// The locks that were surely held when it was started, each with the place where it was taken.
    pub held: Vec<(Path, Mode, Story)>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    pub tokens: Vec<Token>,
    pub live: BTreeMap<TaskId, Live>,
    pub ended: BTreeSet<TaskId>,
    pub before: BTreeSet<(Path, Mode)>,
    pub channels: BTreeMap<Local, Channel>,
    /// Of the `select` being put together: why none of its cases so far can ever be taken. `None`: one may be.
    pub hopeless: Option<Vec<Story>>,
    /// Of the same: what its cases so far wait for. `None`: it is not known of all.
    pub cases: Option<Vec<(Wait, Path)>>,
}

/// Sends are not counted further.
pub const MANY: u32 = 9;
/// Locks that were taken before are not all remembered.
const MAX_BEFORE: usize = 40;

impl State {
    /// Whether it grew.
    pub fn join(&mut self, other: &State) -> bool {
        let mut changed = false;
        let same = |a: &Token, b: &Token| a.at == b.at && a.kind == b.kind && a.of == b.of;
        for token in &mut self.tokens {
            let presence = match other.tokens.iter().find(|t| same(t, token)) {
                Some(t) if t.presence == token.presence => token.presence,
                _ => Presence::Maybe,
            };
            changed |= std::mem::replace(&mut token.presence, presence) != presence;
        }
        for token in &other.tokens {
            if !self.tokens.iter().any(|t| same(t, token)) {
                self.tokens.push(Token { presence: Presence::Maybe, ..token.clone() });
                changed = true;
            }
        }
        for (task, live) in &other.live {
            match self.live.get_mut(task) {
                Some(known) => {
                    let before = known.held.len();
                    known.held.retain(|h| live.held.contains(h));
                    changed |= known.held.len() != before;
                }
                None => {
                    self.live.insert(*task, live.clone());
                    changed = true;
                }
            }
        }
        if self.hopeless.is_some() && self.hopeless != other.hopeless {
            self.hopeless = None;
            changed = true;
        }
        if self.cases.is_some() && self.cases != other.cases {
            self.cases = None;
            changed = true;
        }
        let before = (self.ended.len(), self.before.len());
        self.ended.retain(|task| other.ended.contains(task));
        self.before.extend(other.before.iter().cloned());
        changed |= before != (self.ended.len(), self.before.len());
        for (local, channel) in &other.channels {
            match self.channels.get_mut(local) {
                Some(known) => {
                    let joined = Channel {
                        shared: known.shared || channel.shared,
                        least: known.least.min(channel.least),
                        most: known.most.max(channel.most),
                        received: known.received || channel.received,
                    };
                    changed |= std::mem::replace(known, joined.clone()) != joined;
                }
                None => {
                    self.channels.insert(*local, channel.clone());
                    changed = true;
                }
            }
        }
        changed
    }

    /// The local gets another value: what was named after its old one is not known any more.
    pub fn redefine(&mut self, function: FuncId, local: Local) {
        for token in &mut self.tokens {
            if token.of.root == Root::Made(function, local) || token.of.root == Root::Alias(function, local) {
                token.of = token.of.clone().without_root();
            }
        }
    }

    pub fn end(&mut self, at: &At) {
        self.tokens.retain(|t| !is_in(&t.at, at));
    }

    /// What was in one place is in another one.
    pub fn transfer(&mut self, from: &At, to: &At) {
        for token in &mut self.tokens {
            if is_in(&token.at, from) {
                let mut fields = to.1.clone();
                fields.extend(&token.at.1[from.1.len()..]);
                token.at = (to.0, fields);
            }
        }
    }

    pub fn guards(&self) -> impl Iterator<Item = (&Token, Mode)> {
        self.tokens.iter().filter_map(|t| match t.kind {
            Kind::Guard(mode) => Some((t, mode)),
            _ => None,
        })
    }

    pub fn held(&self) -> Vec<Held> {
        self.guards().map(|(t, mode)| t.held(mode)).collect()
    }

    /// Whether an end of a channel is surely alive.
    pub fn has_end(&self, kind: Kind, path: &Path) -> Option<&Token> {
        self.tokens.iter().find(|t| t.kind == kind && t.of == *path && t.presence == Presence::Sure)
    }

    pub fn took(&mut self, lock: &Path, mode: Mode) {
        if self.before.len() < MAX_BEFORE {
            self.before.insert((lock.clone(), mode));
        }
    }
}

pub fn is_in(at: &At, place: &At) -> bool {
    at.0 == place.0 && at.1.starts_with(&place.1)
}

/// A place without what it is looked through for: which local, which fields.
pub fn at(place: &Place) -> At {
    let fields = place.projection.iter().map_while(|p| match p {
        Projection::Field(index, _) => Some(Some(index.index() as u32)),
        Projection::Downcast(_) => Some(None),
        _ => None,
    });
    (place.local, fields.flatten().collect())
}
