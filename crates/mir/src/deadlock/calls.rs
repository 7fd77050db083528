//! What calls do: std's operations, and functions of the program by their summaries.

use base::{Idx, Span};

use super::flow::{Flow, Twice};
use super::ops::{Mode, Op, Wait};
use super::path::{Path, Root, Step};
use super::resolve::Def;
use super::state::{At, FORGOTTEN, Kind, State, Token, at, is_in};
use super::summary::{Event, Frame, Held, Presence, TaskId, What};
use crate::body::{BlockId, Call, Operand, RETURN};
use crate::mono::{FuncId, Target};

/// A call: where it stands, and its frame in a story.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub block: BlockId,
    pub frame: Frame,
}

impl Flow<'_> {
    pub(super) fn call(&mut self, block: BlockId, call: &Call, span: Span, state: &mut State) {
        let site = Site { block, frame: Frame { function: self.id, span } };
        let target = self.program.functions[self.id].targets[block.index()].clone();
        let mut given = Vec::new();
        // What becomes of the guards that it is given is known.
        let mut known = false;
        let op = match &target {
            Some(Target::Function(id)) => self.summaries.op(*id),
            _ => None,
        };
        if op.is_none() && call.args.iter().any(|arg| self.types.is_select(arg.ty(&self.body.locals))) {
            // It may add a case to a `select` being put together.
            (state.hopeless, state.cases) = (None, None);
        }
        match &target {
            Some(Target::Function(id)) => match op {
                Some(op) => self.operation(op, call, site, state, &mut given),
                None => {
                    call.args.iter().for_each(|arg| self.give_away(arg, state));
                    known = self.enter(*id, &call.args, true, site, state, &mut given);
                }
            },
            Some(Target::Virtual { slot }) => {
                call.args.iter().for_each(|arg| self.give_away(arg, state));
                let ty = call.args[0].ty(&self.body.locals).peel_refs();
                for id in self.summaries.slots.get(&(ty, *slot)).cloned().unwrap_or_default() {
                    known |= self.enter(id, &call.args, false, site, state, &mut given);
                }
            }
            _ => call.args.iter().for_each(|arg| self.give_away(arg, state)),
        }
        self.arguments(call, known, state);
        let to = at(&call.destination);
        if let Some(local) = call.destination.as_local() {
            state.redefine(self.id, local);
        }
        for mut token in given {
            if token.at.0 != FORGOTTEN {
                let mut fields = to.1.clone();
                fields.append(&mut token.at.1);
                token.at = (to.0, fields);
            }
            state.tokens.retain(|t| !(t.at == token.at && t.of == token.of && t.kind == token.kind));
            state.tokens.push(token);
        }
    }

    /// What is moved into a call comes back in its result, is kept by something that is lent to it, or ends
    /// with it.
    fn arguments(&mut self, call: &Call, known: bool, state: &mut State) {
        if state.tokens.is_empty() {
            return;
        }
        for argument in &call.args {
            let Operand::Move(place) = argument else {
                continue;
            };
            let from = at(place);
            let result = call.destination.ty(&self.body.locals);
            let moved = |t: &Token| is_in(&t.at, &from);
            if !state.tokens.iter().any(moved) {
                continue;
            }
            let keeper = call.flow.absorbing.iter().find_map(|&i| match call.args.get(i as usize)? {
                Operand::Move(place) | Operand::Copy(place) => match self.resolver.place(place).root {
                    Root::Made(function, local) | Root::Alias(function, local) if function == self.id => {
                        Some(local)
                    }
                    _ => None,
                },
                Operand::Const(_) => None,
            });
            for token in state.tokens.iter_mut().filter(|t| moved(t)) {
                let returned = match token.kind {
                    // One that is given as such is among what the callee says of its result.
                    Kind::Guard(_) if known && token.at == from => false,
                    Kind::Guard(_) => self.types.holds_guard(result),
                    Kind::Sender | Kind::Receiver => false,
                };
                if returned {
                    token.at = at(&call.destination);
                    if token.presence == Presence::InSome {
                        token.presence = Presence::Maybe;
                    }
                } else if let (Some(local), Kind::Guard(_)) = (keeper, token.kind) {
                    token.at = (local, Vec::new());
                    token.presence = Presence::Maybe;
                }
            }
            state.tokens.retain(|t| !moved(t) || t.at == at(&call.destination));
        }
    }

    // ---- events

    /// An event of the function's own, at a call.
    fn event(&self, what: What, on: Path, site: Site, state: &State) -> Event {
        Event {
            what,
            on,
            held: state.held(),
            sure: false,
            sites: vec![(site.block, 1)],
            story: vec![site.frame],
            elsewhere: Vec::new(),
            task: None,
            live: state.live.keys().copied().collect(),
            ended: state.ended.clone(),
            before: state.before.clone(),
            looped: self.looped[site.block.index()],
            others: Vec::new(),
            may: false,
            drains: false,
            count: 0,
        }
    }

    pub(super) fn note(&mut self, what: What, on: &Path, site: Site, state: &State) {
        if self.emit {
            let event = self.event(what, on.clone(), site, state);
            self.events.add(event);
        }
    }

    /// A wait that ends by `others` as well.
    pub(super) fn note_wait_for_any(
        &mut self,
        what: What,
        on: &Path,
        others: &[(Wait, Path)],
        site: Site,
        state: &State,
    ) {
        if self.emit {
            let event = Event { others: others.to_vec(), ..self.event(what, on.clone(), site, state) };
            self.events.add(event);
        }
    }

    /// One that may happen or not.
    pub(super) fn note_unsure(&mut self, what: What, on: &Path, site: Site, state: &State) {
        if self.emit {
            let event = Event { sites: Vec::new(), may: true, ..self.event(what, on.clone(), site, state) };
            self.events.add(event);
        }
    }

    pub(super) fn note_drain(&mut self, what: What, on: &Path, site: Site, state: &State) {
        if self.emit {
            let event = Event { drains: true, ..self.event(what, on.clone(), site, state) };
            self.events.add(event);
        }
    }

    fn operation(&mut self, op: Op, call: &Call, site: Site, state: &mut State, given: &mut Vec<Token>) {
        let object = match call.args.first() {
            Some(operand) => self.resolver.operand(operand),
            None => Path::vague(),
        };
        match op {
            Op::Lock(mode) => {
                self.take(&object, mode, site, state);
                state.took(&object, mode);
                given.push(self.token(object, Kind::Guard(mode), Presence::Sure, vec![site.frame]));
            }
            Op::TryLock(mode) => {
                given.push(self.token(object, Kind::Guard(mode), Presence::InSome, vec![site.frame]));
            }
            Op::TouchLock => {
                self.take(&object, Mode::Exclusive, site, state);
                state.took(&object, Mode::Exclusive);
            }
            Op::LockAll => {
                let before = state.clone();
                for (i, arg) in call.args.iter().enumerate() {
                    let lock = self.resolver.operand(arg);
                    self.take(&lock, Mode::Exclusive, site, &before);
                    state.took(&lock, Mode::Exclusive);
                    let kind = Kind::Guard(Mode::Exclusive);
                    let mut token = self.token(lock, kind, Presence::Sure, vec![site.frame]);
                    token.at.1 = vec![i as u32];
                    given.push(token);
                }
            }
            Op::LockList => {
                let lock = object.then(Step::Element(None));
                self.take(&lock, Mode::Exclusive, site, state);
                state.took(&lock, Mode::Exclusive);
                given.push(self.token(lock, Kind::Guard(Mode::Exclusive), Presence::Maybe, vec![site.frame]));
            }
            Op::Taken => {
                given.push(self.token(
                    object,
                    Kind::Guard(Mode::Exclusive),
                    Presence::Sure,
                    vec![site.frame],
                ));
            }
            Op::Forget => {
                if let Some(Operand::Move(place)) = call.args.first() {
                    let from = at(place);
                    for token in state.tokens.iter_mut().filter(|t| is_in(&t.at, &from)) {
                        token.at = (FORGOTTEN, Vec::new());
                    }
                }
            }
            Op::Release => {
                state.tokens.retain(|t| t.at.0 != FORGOTTEN || t.of != object);
                if self.emit {
                    self.summary.released.insert(object);
                }
            }
            Op::Spawn { closure, scoped } => {
                let scope = scoped.then_some(object);
                self.spawn(&call.args[closure], scope, site, state);
            }
            Op::ScopeEnd => {
                let tasks: Vec<TaskId> = state
                    .live
                    .iter()
                    .filter(|(_, live)| live.scope.as_ref() == Some(&object))
                    .map(|(t, _)| *t)
                    .collect();
                for task in tasks {
                    self.join(task, &object, site, state);
                }
            }
            Op::Join => {
                if let Root::Made(function, local) | Root::Alias(function, local) = object.root
                    && function == self.id
                    && object.steps.is_empty()
                    && let Some(Def::Call(block, _)) = self.resolver.def(local)
                    && state.live.contains_key(&(self.id, block))
                    && !self.looped[block.index()]
                {
                    self.join((self.id, block), &object, site, state);
                }
            }
            Op::Once => {
                self.take(&object, Mode::Exclusive, site, state);
                state.took(&object, Mode::Exclusive);
                let token =
                    self.token(object, Kind::Guard(Mode::Exclusive), Presence::Maybe, vec![site.frame]);
                state.tokens.push(Token { at: (FORGOTTEN, vec![u32::MAX]), ..token });
                self.run_closure(&call.args[1], site, state);
                state.tokens.retain(|t| t.at != (FORGOTTEN, vec![u32::MAX]));
            }
            Op::WaitWhile | Op::Wait(Wait::Condvar) => {
                let mut outside = state.clone();
                if let Some(Operand::Move(guard)) = call.args.get(1) {
                    outside.end(&at(guard));
                }
                let looped = self.looped[site.block.index()] || op == Op::WaitWhile;
                if self.emit {
                    let event = self.event(What::Wait(Wait::Condvar), object, site, &outside);
                    self.events.add(Event { looped, ..event });
                }
            }
            Op::Wait(wait @ (Wait::Event | Wait::Group)) => self.note(What::Wait(wait), &object, site, state),
            Op::End(wait @ (Wait::Event | Wait::Group | Wait::Condvar)) => {
                self.note(What::End(wait), &object, site, state);
            }
            Op::Add => self.note(What::Add, &object, site, state),
            Op::Answer => self.answer(call, site),
            Op::Case(_) | Op::OtherCase => {
                self.note_case(op, call, state);
                self.add_case(op, call, state);
                self.channel_operation(op, call, object, site, state, given);
            }
            Op::Select => (state.hopeless, state.cases) = (Some(Vec::new()), Some(Vec::new())),
            Op::SelectWait => {
                self.refuse_select(site, state);
                self.note_select(site, state);
            }
            Op::Channel(_) | Op::Wait(_) | Op::End(_) | Op::Next | Op::Close => {
                self.channel_operation(op, call, object, site, state, given);
            }
            Op::SameHandle => self.clone_end(call, object, state, given, site),
            Op::Messages => {
                // By value the receiver is in what is iterated over.
                if let Some(Operand::Move(from)) = call.args.first()
                    && !from.ty(&self.body.locals).is_ref()
                {
                    state.transfer(&at(from), &at(&call.destination));
                }
            }
            Op::Ask | Op::Tell => call.args.iter().skip(1).for_each(|arg| self.give_away(arg, state)),
            Op::Wrap => {
                call.args.iter().for_each(|arg| self.give_away(arg, state));
            }
            Op::New | Op::Drop | Op::Pointee | Op::Guarded | Op::Element => {}
        }
    }

    /// A lock is waited for here.
    fn take(&mut self, lock: &Path, mode: Mode, site: Site, state: &State) {
        if self.emit {
            self.refuse_second(lock, mode, &[site.frame], &[], state);
            self.note(What::Lock(mode), lock, site, state);
        }
    }

    /// Guards in `given`, the arguments of a call, are the callee's.
    fn refuse_second(&mut self, lock: &Path, mode: Mode, story: &[Frame], given: &[Operand], state: &State) {
        if !lock.is_exact() || mode == Mode::Permit {
            return;
        }
        let first = state.guards().find(|(t, held)| {
            t.presence == Presence::Sure
                && t.of == *lock
                && *held != Mode::Permit
                && held.excludes(mode)
                && !is_given(t, given)
        });
        if let Some((first, held)) = first {
            let twice = Twice {
                lock: lock.clone(),
                first: (held, first.story.clone()),
                second: (mode, story.to_vec()),
            };
            self.twice.push(twice);
        }
    }

    /// Locks that are two to the callee, and one by the arguments that it is given here.
    fn refuse_inner(&mut self, lock: &Path, mode: Mode, story: &[Frame], event: &Event, held: &[Held]) {
        let inner = event.held.iter().zip(held).find(|(inner, outer)| {
            inner.sure
                && inner.lock != event.on
                && outer.lock == *lock
                && outer.mode.excludes(mode)
                && outer.mode != Mode::Permit
        });
        if let (Some((_, first)), true) = (inner, lock.is_exact() && mode != Mode::Permit) {
            self.twice.push(Twice {
                lock: lock.clone(),
                first: (first.mode, first.story.clone()),
                second: (mode, story.to_vec()),
            });
        }
    }

    // ---- functions of the program

    /// False: nothing is known of the function.
    fn enter(
        &mut self,
        callee: FuncId,
        args: &[Operand],
        alone: bool,
        site: Site,
        state: &mut State,
        given: &mut Vec<Token>,
    ) -> bool {
        let Some(summary) = self.summaries.of(callee) else {
            return false;
        };
        // Of guards that are given away the callee says how long it holds them, unless they are inside of something.
        let is_argument = |t: &Token| args.iter().any(|arg| as_given(arg).is_some_and(|place| t.at == place));
        let held = state.guards().filter(|(t, _)| !is_argument(t));
        let held: Vec<Held> = held
            .map(|(t, mode)| Held {
                sure: t.presence == Presence::Sure && !is_given(t, args),
                ..t.held(mode)
            })
            .collect();
        for event in &summary.events {
            let lock = match event.what {
                What::Lock(mode) if event.task.is_none() => Some(mode),
                _ => None,
            };
            if !self.emit && lock.is_none() {
                continue;
            }
            let on = self.resolver.instantiate(&event.on, args);
            if self.emit {
                let mut outer = self.instantiate(event, on.clone(), args, site, state);
                if let (Some(mode), true) = (lock, event.sure && alone) {
                    if matches!(event.on.root, Root::Param(_) | Root::Static(_)) {
                        self.refuse_second(&on, mode, &outer.story, args, state);
                    }
                    self.refuse_inner(&on, mode, &outer.story, event, &outer.held);
                }
                if event.task.is_none() {
                    outer.held.extend(held.iter().cloned());
                    outer.before.extend(state.before.iter().cloned());
                    outer.looped |= self.looped[site.block.index()];
                }
                outer.sites = if event.sure && alone { vec![(site.block, event.count)] } else { Vec::new() };
                self.events.add(outer);
            }
            if let Some(mode) = lock {
                state.took(&on, mode);
            }
        }
        if self.emit {
            self.note_tasks(&summary.tasks, site.block);
            for (task, path) in &summary.captures {
                let path = self.resolver.instantiate(path, args);
                self.summary.captures.insert((*task, path));
            }
            self.note_awaits(&summary.awaits, site);
        }
        for &task in &summary.survivors {
            state.live.entry(task).or_default();
        }
        for path in &summary.released {
            let path = self.resolver.instantiate(path, args);
            state.tokens.retain(|t| t.at.0 != FORGOTTEN || t.of != path);
            if self.emit {
                self.summary.released.insert(path);
            }
        }
        for guard in &summary.guards {
            let presence = if alone { guard.presence } else { Presence::Maybe };
            let mut token = match given_guard(&guard.lock, args, state) {
                Some(token) if token.presence == Presence::Sure => Token { presence, ..token.clone() },
                Some(token) => Token { presence: Presence::Maybe, ..token.clone() },
                None => {
                    let mut story = vec![site.frame];
                    story.extend(&guard.story);
                    let lock = self.resolver.instantiate(&guard.lock, args);
                    self.token(lock, Kind::Guard(guard.mode), presence, story)
                }
            };
            token.at = (if guard.forgotten { FORGOTTEN } else { RETURN }, guard.fields.clone());
            given.push(token);
        }
        true
    }

    /// A callee's event as one of the function at hand; what the caller adds is not in it yet.
    pub(super) fn instantiate(
        &mut self,
        event: &Event,
        on: Path,
        args: &[Operand],
        site: Site,
        state: &State,
    ) -> Event {
        let mut story = vec![site.frame];
        story.extend(&event.story);
        let held = event
            .held
            .iter()
            .map(|h| {
                if let Some(token) = given_guard(&h.lock, args, state) {
                    let sure = h.sure && token.presence == Presence::Sure;
                    return Held { sure, ..token.held(h.mode) };
                }
                let mut story = vec![site.frame];
                story.extend(&h.story);
                Held { lock: self.resolver.instantiate(&h.lock, args), mode: h.mode, sure: h.sure, story }
            })
            .collect();
        let before =
            event.before.iter().map(|(path, mode)| (self.resolver.instantiate(path, args), *mode)).collect();
        let others =
            event.others.iter().map(|(wait, path)| (*wait, self.resolver.instantiate(path, args))).collect();
        let mut live = event.live.clone();
        live.extend(state.live.keys());
        let mut ended = event.ended.clone();
        ended.extend(&state.ended);
        Event {
            what: event.what,
            on,
            held,
            sure: false,
            sites: Vec::new(),
            story,
            elsewhere: event.elsewhere.clone(),
            live,
            ended,
            before,
            others,
            count: 0,
            ..*event
        }
    }

    /// A closure that std calls here.
    fn run_closure(&mut self, closure: &Operand, site: Site, state: &mut State) {
        let ty = closure.ty(&self.body.locals).peel_refs();
        if let Some(code) = self.summaries.closures.get(&ty).copied() {
            self.enter(code, std::slice::from_ref(closure), false, site, state, &mut Vec::new());
        }
    }
}

/// Where an argument is that the callee is given for good.
fn as_given(arg: &Operand) -> Option<At> {
    match arg {
        Operand::Move(place) => Some(at(place)),
        _ => None,
    }
}

fn is_given(token: &Token, args: &[Operand]) -> bool {
    args.iter().filter_map(as_given).any(|place| is_in(&token.at, &place))
}

/// The guard of the lock that is a parameter's to the callee.
fn given_guard<'s>(lock: &Path, args: &[Operand], state: &'s State) -> Option<&'s Token> {
    let (Root::Param(number), [Step::Lock]) = (lock.root, &lock.steps[..]) else {
        return None;
    };
    let place = as_given(args.get(number as usize)?)?;
    state.tokens.iter().find(|t| t.at == place && matches!(t.kind, Kind::Guard(_)))
}
