//! Channels whose ends are in one function's hands, replies of actors, and tasks that are waited for.
//!
//! Of a channel that was made here it is known which ends are alive (tokens), whether anybody else can reach
//! one ([`Channel::shared`]) and how much was sent. So it is certain that a receive waits for ever if only its own
//! task could send, and that a send does if only its own task could receive.

use base::Idx;
use hir::ty::{Ty, TyKind};

use super::calls::Site;
use super::flow::{Endless, Flow, Why};
use super::ops::{Capacity, Op, Wait};
use super::path::{Path, Root, Step};
use super::resolve::Def;
use super::state::{Channel, Kind, MANY, State, Token, at, is_in};
use super::summary::{Presence, Story, What};
use crate::body::{BlockId, Call, ConstKind, Local, Operand, Rvalue, TerminatorKind};

impl Flow<'_> {
    /// The channel that an end belongs to, if it was made here, and whether it is the receiving end.
    fn channel_here(&self, end: &Path) -> Option<(Local, bool)> {
        match (end.root, &end.steps[..]) {
            (Root::Made(function, local), &[Step::Field { owner: None, index, .. }])
                if function == self.id =>
            {
                self.capacities.contains_key(&local).then_some((local, index == 1))
            }
            _ => None,
        }
    }

    /// The value goes where it is not followed: the channels whose ends it is or holds are shared from now on.
    pub(super) fn give_away(&mut self, operand: &Operand, state: &mut State) {
        if state.channels.is_empty() || !self.types.holds_end(operand.ty(&self.body.locals)) {
            return;
        }
        let mut given: Vec<Path> = vec![self.resolver.operand(operand)];
        // What a variable with several values holds is known by the ends that are in it.
        if let Some(place) = operand.place() {
            let lent = place.as_local().and_then(|local| match self.resolver.def(local) {
                Some(Def::Rvalue(Rvalue::Ref { place, .. } | Rvalue::RawRef(place))) => Some(at(place)),
                _ => None,
            });
            let places = [Some(at(place)), lent];
            let inside = |t: &&Token| places.iter().flatten().any(|place| is_in(&t.at, place));
            given.extend(state.tokens.iter().filter(inside).map(|t| t.of.clone()));
        }
        for path in given {
            match (self.channel_here(&path), path.root) {
                (Some((channel, _)), _) => state.channels.entry(channel).or_default().shared = true,
                (None, Root::Made(function, local)) if function == self.id => {
                    // A pair of ends; of something that holds ends they were given away when they were put into it.
                    if let Some(channel) = state.channels.get_mut(&local) {
                        channel.shared = true;
                    }
                }
                (None, Root::Param(_) | Root::Static(_)) => {}
                // It may be any.
                _ => state.channels.values_mut().for_each(|channel| channel.shared = true),
            }
        }
    }

    pub(super) fn clone_end(
        &mut self,
        call: &Call,
        end: Path,
        state: &State,
        given: &mut Vec<Token>,
        site: Site,
    ) {
        let ty = call.destination.ty(&self.body.locals);
        if self.types.holds_end(ty)
            && let Some((channel, receives)) = self.channel_here(&end)
            && state.channels.contains_key(&channel)
        {
            let kind = if receives { Kind::Receiver } else { Kind::Sender };
            given.push(self.token(end, kind, Presence::Sure, vec![site.frame]));
        }
    }

    pub(super) fn channel_operation(
        &mut self,
        op: Op,
        call: &Call,
        object: Path,
        site: Site,
        state: &mut State,
        given: &mut Vec<Token>,
    ) {
        let here = self.channel_here(&object).map(|(channel, _)| channel);
        match op {
            Op::Channel(capacity) => self.make_channel(capacity, call, site, state, given),
            Op::Wait(Wait::Send) => {
                if self.emit
                    && let Some(channel) = here
                {
                    self.refuse_send(channel, site, state);
                }
                if here.is_none_or(|channel| self.may_block(channel, state)) {
                    self.note(What::Wait(Wait::Send), &object, site, state);
                }
                self.note(What::End(Wait::Receive), &object, site, state);
                if let Some(known) = here.and_then(|channel| state.channels.get_mut(&channel)) {
                    known.least = (known.least + 1).min(MANY);
                    known.most = (known.most + 1).min(MANY);
                }
            }
            Op::Wait(Wait::Receive) | Op::Next => {
                if self.emit
                    && let Some(channel) = here
                {
                    self.refuse_receive(channel, op, call, site, state);
                }
                self.note(What::Wait(Wait::Receive), &object, site, state);
                match self.loop_exits(call, site.block, if op == Op::Next { 1 } else { 0 }) {
                    Some(false) => self.note_drain(What::End(Wait::Send), &object, site, state),
                    _ => self.note(What::End(Wait::Send), &object, site, state),
                }
                if let Some(known) = here.and_then(|channel| state.channels.get_mut(&channel)) {
                    known.received = true;
                }
            }
            Op::End(Wait::Receive) => {
                self.note_unsure(What::End(Wait::Receive), &object, site, state);
                if let Some(known) = here.and_then(|channel| state.channels.get_mut(&channel)) {
                    known.most = (known.most + 1).min(MANY);
                }
            }
            Op::End(Wait::Send) => {
                self.note_unsure(What::End(Wait::Send), &object, site, state);
                if let Some(known) = here.and_then(|channel| state.channels.get_mut(&channel)) {
                    known.received = true;
                }
            }
            Op::Case(wait @ (Wait::Receive | Wait::Send)) => {
                let end = self.resolver.operand(&call.args[1]);
                let other = if wait == Wait::Receive { Wait::Send } else { Wait::Receive };
                self.note_unsure(What::End(other), &end, site, state);
                if let Some((channel, _)) = self.channel_here(&end)
                    && let Some(known) = state.channels.get_mut(&channel)
                {
                    known.received |= wait == Wait::Receive;
                    known.most = (known.most + u32::from(wait == Wait::Send)).min(MANY);
                }
            }
            Op::Close => {
                self.note_drain(What::End(Wait::Receive), &object, site, state);
                self.note_drain(What::End(Wait::Send), &object, site, state);
                self.note_drain(What::End(Wait::Closed), &object, site, state);
                if let Some(known) = here.and_then(|channel| state.channels.get_mut(&channel)) {
                    known.shared = true;
                }
            }
            _ => {}
        }
    }

    fn make_channel(
        &mut self,
        capacity: Capacity,
        call: &Call,
        site: Site,
        state: &mut State,
        given: &mut Vec<Token>,
    ) {
        let Some(local) = call.destination.as_local() else {
            return;
        };
        let room = match capacity {
            Capacity::Any => Some(None),
            Capacity::None => Some(Some(0)),
            Capacity::Argument => call.args.first().map(|arg| self.number(arg)),
        };
        // What is not known is taken to be any number: then nothing is said of sends.
        self.capacities.insert(local, room.flatten());
        state.channels.insert(local, Channel::default());
        for (index, kind) in [(0, Kind::Sender), (1, Kind::Receiver)] {
            let end =
                Path::new(Root::Made(self.id, local)).then(Step::Field { owner: None, variant: 0, index });
            let mut token = self.token(end, kind, Presence::Sure, vec![site.frame]);
            token.at.1 = vec![index];
            given.push(token);
        }
    }

    fn number(&mut self, operand: &Operand) -> Option<u32> {
        match operand {
            Operand::Const(constant) => match constant.kind {
                ConstKind::Int(n) => u32::try_from(n).ok(),
                _ => None,
            },
            Operand::Copy(place) | Operand::Move(place) => {
                self.resolver.constant(place.as_local()?).and_then(|n| u32::try_from(n).ok())
            }
        }
    }

    fn end_of(&self, channel: Local, index: u32) -> Path {
        Path::new(Root::Made(self.id, channel)).then(Step::Field { owner: None, variant: 0, index })
    }

    /// Whether a send may have to wait: not while there is room for sure, nor when all receivers are gone.
    fn may_block(&self, channel: Local, state: &State) -> bool {
        let room = self.capacities.get(&channel).copied().flatten();
        let Some(known) = state.channels.get(&channel) else {
            return true;
        };
        let receiver = self.end_of(channel, 1);
        known.shared
            || room.is_none_or(|room| known.most >= room)
                && state.tokens.iter().any(|t| t.kind == Kind::Receiver && t.of == receiver)
    }

    /// A send that has no room while nobody else can make some.
    fn refuse_send(&mut self, channel: Local, site: Site, state: &State) {
        let (Some(&Some(room)), Some(known)) = (self.capacities.get(&channel), state.channels.get(&channel))
        else {
            return;
        };
        if known.shared || known.received || known.least < room || room >= MANY {
            return;
        }
        if let Some(receiver) = state.has_end(Kind::Receiver, &self.end_of(channel, 1)) {
            let because = receiver.story.clone();
            self.endless.push(Endless {
                why: Why::NobodyReceives,
                story: vec![site.frame],
                because,
                meant: false,
            });
        }
    }

    /// A receive that waits for this very task to send, or a loop that waits for this very task to drop a sender.
    fn refuse_receive(&mut self, channel: Local, op: Op, call: &Call, site: Site, state: &State) {
        let Some(known) = state.channels.get(&channel) else {
            return;
        };
        let Some(sender) = state.has_end(Kind::Sender, &self.end_of(channel, 0)) else {
            return;
        };
        let because = sender.story.clone();
        let meant = self.is_kept(sender);
        if self.is_closed_somewhere(channel) {
            return;
        }
        let why = if !known.shared && known.most == 0 {
            Why::NobodySends
        } else if self.loop_exits(call, site.block, if op == Op::Next { 1 } else { 0 }) == Some(false) {
            Why::OwnSender
        } else {
            return;
        };
        self.endless.push(Endless { why, story: vec![site.frame], because, meant });
    }

    /// Another case of the `select` being put together: whether it can be taken while this task waits.
    pub(super) fn note_case(&mut self, op: Op, call: &Call, state: &mut State) {
        let Some(mut reasons) = state.hopeless.take() else {
            return;
        };
        let end = match call.args.get(1) {
            Some(operand) if op != Op::OtherCase => self.resolver.operand(operand),
            _ => return,
        };
        let Some((channel, _)) = self.channel_here(&end) else {
            return;
        };
        let Some(known) = state.channels.get(&channel) else {
            return;
        };
        let (other, index) = match op {
            // Closed when all senders are gone.
            Op::Case(Wait::Closed) => (Kind::Sender, 0),
            Op::Case(Wait::Receive) if !known.shared && known.most == 0 => (Kind::Sender, 0),
            Op::Case(Wait::Send) if !known.shared && !known.received => {
                let room = self.capacities.get(&channel).copied().flatten();
                match room {
                    Some(room) if known.least >= room && room < MANY => (Kind::Receiver, 1),
                    _ => return,
                }
            }
            _ => return,
        };
        if self.is_closed_somewhere(channel) {
            return;
        }
        if let Some(end) = state.has_end(other, &self.end_of(channel, index))
            && !self.is_kept(end)
        {
            reasons.push(end.story.clone());
            state.hopeless = Some(reasons);
        }
    }

    pub(super) fn refuse_select(&mut self, site: Site, state: &mut State) {
        if let Some(because) = state.hopeless.take().and_then(|reasons| reasons.into_iter().next())
            && self.emit
        {
            self.endless.push(Endless { why: Why::NoCase, story: vec![site.frame], because, meant: false });
        }
    }

    /// Another case of it: what it waits for.
    pub(super) fn add_case(&mut self, op: Op, call: &Call, state: &mut State) {
        match (op, call.args.get(1)) {
            (Op::Case(wait), Some(object)) => {
                if let Some(cases) = &mut state.cases {
                    cases.push((wait, self.resolver.operand(object)));
                }
            }
            _ => state.cases = None,
        }
    }

    /// It waits, until one of its cases can be taken.
    pub(super) fn note_select(&mut self, site: Site, state: &mut State) {
        let cases = state.cases.take().unwrap_or_default();
        let at_once = |(wait, end): &(Wait, Path)| {
            let here = self.channel_here(end).filter(|_| *wait == Wait::Send);
            here.is_some_and(|(channel, _)| !self.may_block(channel, state))
        };
        if let Some(((wait, on), others)) = cases.split_first()
            && !cases.iter().any(at_once)
        {
            self.note_wait_for_any(What::Wait(*wait), on, others, site, state);
        }
    }

    /// The end is in a variable named `_…`, which says that it is there only to be kept.
    fn is_kept(&self, end: &Token) -> bool {
        let holder = self.body.locals.get(end.at.0).and_then(|held| held.name);
        holder.is_some_and(|name| name.as_str().starts_with('_'))
    }

    /// Whether anybody closes a channel of such messages explicitly.
    fn is_closed_somewhere(&self, channel: Local) -> bool {
        match *self.body.locals[channel].ty.kind() {
            TyKind::Tuple(ends) => {
                ends.iter().any(|&end| message(end).is_none_or(|ty| self.summaries.closed.contains(&ty)))
            }
            _ => true,
        }
    }

    /// Of a call in a loop that gives a message or the end: whether the loop, while messages come, can be left.
    /// `None`: it is in no loop, or looked at in another way.
    fn loop_exits(&self, call: &Call, block: BlockId, message: u128) -> Option<bool> {
        if !self.looped[block.index()] {
            return None;
        }
        let mut at = call.target?;
        for _ in 0..self.body.blocks.len() {
            match &self.body.blocks[at].terminator.kind {
                TerminatorKind::Goto(next) => at = *next,
                TerminatorKind::Switch { value, targets, otherwise } => {
                    let tested = value.place()?.as_local()?;
                    match self.resolver.def(tested)? {
                        Def::Rvalue(Rvalue::Discriminant(place)) if *place == call.destination => {}
                        _ => return None,
                    }
                    let on = targets.iter().find(|t| t.0 == message).map_or(*otherwise, |t| t.1);
                    let end = targets.iter().find(|t| t.0 != message).map_or(*otherwise, |t| t.1);
                    return Some(super::graph::leaves(self.body, on, end, block));
                }
                _ => return None,
            }
        }
        None
    }

    // ---- actors

    /// The answer of an actor is waited for.
    pub(super) fn answer(&mut self, call: &Call, site: Site) {
        if !self.emit {
            return;
        }
        let reply = call.args.first().and_then(|arg| match arg {
            Operand::Move(place) | Operand::Copy(place) => place.as_local(),
            Operand::Const(_) => None,
        });
        if let Some(asked) = reply.and_then(|local| self.resolver.asked(local)) {
            self.note_awaits(&[(asked, Vec::new())], site);
        }
    }

    pub(super) fn note_awaits(&mut self, awaits: &[(Ty, Story)], site: Site) {
        for (state, story) in awaits {
            if !self.summary.awaits.iter().any(|(known, _)| known == state) {
                let mut whole = vec![site.frame];
                whole.extend(story);
                whole.truncate(super::summary::MAX_STORY);
                self.summary.awaits.push((*state, whole));
            }
        }
    }
}

/// The messages of a channel, by the type of an end.
pub fn message(end: Ty) -> Option<Ty> {
    match *end.peel_refs().kind() {
        TyKind::Adt(_, args) => args.first().copied(),
        _ => None,
    }
}
