//! Which guards are alive at each point of a body, and from that the function's events.
//!
//! Forwards over the graph after drop elaboration, without its unwind edges: a panic ends the task and gives its
//! locks back. The state is a list of tokens, one for each guard (and each end of a channel) that may be alive, and
//! where it is: they are moved between locals, into structs, into and out of calls, and end where their place is
//! dropped. Where paths meet, a token that only one of them has is one that may be there.
//!
//! The body is walked to a fixpoint first, and then once more with what is known at each block, to find events
//! ([`calls`](super::calls)).

use std::collections::{BTreeMap, BTreeSet};

use base::Idx;

use super::ops::Mode;
use super::path::{Path, Root, Step};
use super::resolve::{Def, Resolver};
use super::state::{FORGOTTEN, Kind, MANY, State, Token, at, is_in};
use super::summary::{Events, Frame, GivenGuard, Presence, Story, Summaries, Summary, TaskId};
use super::types::Types;
use crate::body::{
    Aggregate, BlockId, Body, Local, Operand, Place, RETURN, Rvalue, StatementKind, TerminatorKind,
};
use crate::mono::{self, FuncId};

/// A lock that is taken again by the one who has it.
#[derive(Clone, Debug)]
pub struct Twice {
    pub lock: Path,
    pub first: (Mode, Story),
    pub second: (Mode, Story),
}

/// A wait that nobody can end.
#[derive(Clone, Debug)]
pub struct Endless {
    pub why: Why,
    /// The wait.
    pub story: Story,
    /// What is in its way, or what keeps it waiting.
    pub because: Story,
    /// It is meant to wait until it is cancelled: the sender is in a variable named `_…`, which says that it is only
    /// there to be kept.
    pub meant: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The one who receives in a loop holds a sender.
    OwnSender,
    /// Nobody else can send.
    NobodySends,
    /// Nobody else can receive, and there is no room.
    NobodyReceives,
    /// No case of a `select` can be taken unless this very task does something else.
    NoCase,
    /// A task is waited for that needs a lock which is held here.
    JoinNeedsLock,
}

/// The result for one function.
pub struct Outcome {
    pub summary: Summary,
    pub twice: Vec<Twice>,
    pub endless: Vec<Endless>,
    pub capacities: Vec<(Local, Option<u32>)>,
    pub receivers: Vec<(Local, Vec<Path>)>,
}

pub struct Flow<'a> {
    pub(super) program: &'a mono::Program,
    pub(super) summaries: &'a Summaries,
    pub(super) types: &'a Types<'a>,
    pub(super) resolver: Resolver<'a>,
    pub(super) body: &'a Body,
    pub(super) id: FuncId,
    /// By block: in a loop.
    pub(super) looped: Vec<bool>,
    pub(super) emit: bool,
    pub(super) events: Events,
    pub(super) twice: Vec<Twice>,
    pub(super) endless: Vec<Endless>,
    pub(super) capacities: BTreeMap<Local, Option<u32>>,
    pub(super) summary: Summary,
    pub(super) started: BTreeMap<TaskId, BlockId>,
}

impl<'a> Flow<'a> {
    pub fn new(
        program: &'a mono::Program,
        summaries: &'a Summaries,
        types: &'a Types<'a>,
        resolver: Resolver<'a>,
    ) -> Flow<'a> {
        let (body, id) = (resolver.body, resolver.id);
        Flow {
            program,
            summaries,
            types,
            body,
            id,
            looped: super::graph::looped(body),
            resolver,
            emit: false,
            events: Events::default(),
            twice: Vec::new(),
            endless: Vec::new(),
            capacities: BTreeMap::new(),
            summary: Summary::default(),
            started: BTreeMap::new(),
        }
    }

    pub fn run(mut self) -> Outcome {
        let order = super::graph::order(self.body);
        let mut rank = vec![usize::MAX; self.body.blocks.len()];
        order.iter().enumerate().for_each(|(i, b)| rank[b.index()] = i);
        let mut states: Vec<Option<State>> = vec![None; self.body.blocks.len()];
        states[0] = Some(self.entry());
        let mut waiting: BTreeSet<usize> = BTreeSet::from([0]);
        while let Some(next) = waiting.pop_first() {
            let block = order[next];
            let state = states[block.index()].clone().unwrap_or_default();
            for (target, out) in self.block(block, state) {
                if self.body.blocks[target].cleanup {
                    continue;
                }
                let changed = match &mut states[target.index()] {
                    Some(known) => known.join(&out),
                    empty => {
                        *empty = Some(out);
                        true
                    }
                };
                if changed {
                    waiting.insert(rank[target.index()]);
                }
            }
        }
        self.emit = true;
        for &block in &order {
            let Some(state) = states[block.index()].clone() else {
                continue;
            };
            if matches!(self.body.blocks[block].terminator.kind, TerminatorKind::Return) {
                let mut end = state.clone();
                self.statements(block, &mut end);
                self.returns(&end);
            }
            self.block(block, state);
        }
        self.finish()
    }

    /// A guard that is given to the function by value is its own, and lasts as long as it keeps it.
    fn entry(&self) -> State {
        let mut state = State::default();
        for local in self.body.args() {
            let decl = &self.body.locals[local];
            if let Some(mode) = self.types.guard(decl.ty) {
                let lock = Path::new(Root::Param(local.0 - 1)).then(Step::Lock);
                let story = vec![Frame { function: self.id, span: decl.span }];
                let token = self.token(lock, Kind::Guard(mode), Presence::Sure, story);
                state.tokens.push(Token { at: (local, Vec::new()), ..token });
            }
        }
        state
    }

    fn finish(mut self) -> Outcome {
        let mut summary = self.summary;
        summary.result = self.resolver.returned();
        summary.asked = self.resolver.asked(RETURN);
        summary.events = self.events.list;
        for event in &mut summary.events {
            let sites = std::mem::take(&mut event.sites);
            let blocks: Vec<BlockId> = sites.iter().map(|s| s.0).collect();
            event.sure = !sites.is_empty() && super::graph::is_certain(self.body, &blocks);
            let surely = sites.iter().filter(|s| super::graph::is_certain(self.body, &[s.0]));
            event.count = surely.map(|s| s.1).sum::<u32>().min(MANY);
        }
        let mut receivers = Vec::new();
        for (local, decl) in self.body.locals.iter_enumerated() {
            if self.types.holds_end(decl.ty) && !decl.ty.is_ref() {
                let found = self.resolver.receivers(local);
                if !found.is_empty() {
                    receivers.push((local, found));
                }
            }
        }
        Outcome {
            summary,
            twice: self.twice,
            endless: self.endless,
            capacities: self.capacities.into_iter().collect(),
            receivers,
        }
    }

    fn returns(&mut self, state: &State) {
        for (token, mode) in state.guards().filter(|(t, _)| t.at.0 == RETURN || t.at.0 == FORGOTTEN) {
            let guard = GivenGuard {
                fields: token.at.1.clone(),
                lock: token.of.clone(),
                mode,
                presence: token.presence,
                forgotten: token.at.0 == FORGOTTEN,
                story: token.story.clone(),
            };
            if !self.summary.guards.iter().any(|g| g.lock == guard.lock && g.fields == guard.fields) {
                self.summary.guards.push(guard);
            }
        }
        self.summary.survivors.extend(state.live.keys());
    }

    fn statements(&mut self, block: BlockId, state: &mut State) {
        for statement in &self.body.blocks[block].statements {
            match &statement.kind {
                StatementKind::Assign(place, rvalue) => self.assign(place, rvalue, state),
                StatementKind::StorageDead(local) => state.end(&(*local, Vec::new())),
                _ => {}
            }
        }
    }

    fn assign(&mut self, place: &Place, rvalue: &Rvalue, state: &mut State) {
        if state.tokens.is_empty() && state.channels.is_empty() {
            return;
        }
        if let Some(local) = place.as_local() {
            state.redefine(self.id, local);
        }
        let to = at(place);
        match rvalue {
            Rvalue::Use(Operand::Move(from))
            | Rvalue::Cast(_, Operand::Move(from), _)
            | Rvalue::Coerce(_, Operand::Move(from), _) => {
                if place.is_indirect() {
                    self.give_away(&Operand::Move(from.clone()), state);
                    state.end(&at(from));
                } else {
                    state.transfer(&at(from), &to);
                }
            }
            Rvalue::Aggregate(aggregate, operands) => {
                for (i, operand) in operands.iter().enumerate() {
                    if !matches!(aggregate, Aggregate::Tuple) {
                        self.give_away(operand, state);
                    }
                    if let Operand::Move(from) = operand {
                        let mut field = to.clone();
                        field.1.push(i as u32);
                        state.transfer(&at(from), &field);
                    }
                }
            }
            _ => {}
        }
    }

    /// The states at the block's ends.
    fn block(&mut self, block: BlockId, mut state: State) -> Vec<(BlockId, State)> {
        self.statements(block, &mut state);
        let terminator = &self.body.blocks[block].terminator;
        match &terminator.kind {
            TerminatorKind::Goto(target) | TerminatorKind::Assert { target, .. } => {
                vec![(*target, state)]
            }
            TerminatorKind::Drop { place, target, .. } => {
                state.end(&at(place));
                vec![(*target, state)]
            }
            TerminatorKind::Switch { value, targets, otherwise } => {
                let ends =
                    targets.iter().map(|&(value, target)| (Some(value), target)).chain([(None, *otherwise)]);
                let tested = self.tested(value);
                ends.map(|(value, target)| {
                    let mut state = state.clone();
                    if let Some(tested) = &tested {
                        let some = match value {
                            Some(value) => value == 1,
                            None => targets.iter().all(|t| t.0 != 1),
                        };
                        state.tokens.retain_mut(|token| {
                            let here = token.presence == Presence::InSome && is_in(&token.at, tested);
                            if here && some {
                                token.presence = Presence::Sure;
                            }
                            !here || some
                        });
                    }
                    (target, state)
                })
                .collect()
            }
            TerminatorKind::Call(call) => {
                self.call(block, call, terminator.span, &mut state);
                call.target.map(|target| (target, state)).into_iter().collect()
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => Vec::new(),
        }
    }

    /// The place whose discriminant a switch looks at.
    fn tested(&self, value: &Operand) -> Option<super::state::At> {
        let local = value.place()?.as_local()?;
        match self.resolver.def(local)? {
            Def::Rvalue(Rvalue::Discriminant(place)) => Some(at(place)),
            _ => None,
        }
    }

    pub(super) fn token(&self, of: Path, kind: Kind, presence: Presence, story: Story) -> Token {
        Token { at: (RETURN, Vec::new()), kind, of, presence, story }
    }
}
