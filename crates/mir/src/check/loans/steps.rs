//! The effect of statements and terminators, and the fixpoint over a body.

use base::IndexVec;
use smallvec::SmallVec;

use super::{Carry, Loans, State};
use crate::body::{BlockId, Location, Operand, Rvalue, Statement, StatementKind, Terminator, TerminatorKind};
use crate::check::facts::Depth;
use crate::check::live::Liveness;

impl Loans<'_, '_> {
    pub(super) fn moved(&mut self, state: &mut State, operand: &Operand) {
        if let Operand::Move(place) = operand
            && place.projection.is_empty()
        {
            state.set(place.local, Carry::NONE);
        }
    }

    /// The effect of a statement, but for [`Self::forget`] of an assigned local, which
    /// [`Self::settle`] brings.
    pub fn statement(&mut self, state: &mut State, statement: &Statement, location: Location) {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                if self.depths[place.local] == Depth::Owned {
                    // Still: moves out, and parts that meet inside it, of which there are none.
                    self.rvalue_moves(state, rvalue);
                    return;
                }
                let carry = self.rvalue(state, rvalue, location, statement.span);
                self.rvalue_moves(state, rvalue);
                let target = place.ty(&self.body.locals);
                let carry = self.mask_ty(carry, target);
                self.assign(state, place, carry, statement.span);
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                state.set(*local, Carry::NONE);
            }
            StatementKind::FakeRead(_) | StatementKind::Nop => {}
        }
    }

    /// What is left to do once a statement's accesses were checked.
    pub fn settle(&mut self, state: &mut State, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, _) if place.projection.is_empty() => self.forget(state, place.local),
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                self.forget(state, *local)
            }
            _ => {}
        }
    }

    pub(super) fn rvalue_moves(&mut self, state: &mut State, rvalue: &Rvalue) {
        match rvalue {
            Rvalue::Use(o) | Rvalue::Coerce(_, o, _) | Rvalue::Cast(_, o, _) => self.moved(state, o),
            Rvalue::Aggregate(_, operands) => operands.iter().for_each(|o| self.moved(state, o)),
            _ => {}
        }
    }

    /// The effect of a terminator on every edge; a call's result is for [`Self::edge`].
    pub fn terminator(&mut self, state: &mut State, terminator: &Terminator) -> Carry {
        match &terminator.kind {
            TerminatorKind::Call(call) => self.call(state, call, terminator.span),
            TerminatorKind::Drop { place, .. } => {
                if place.projection.is_empty() {
                    state.set(place.local, Carry::NONE);
                }
                Carry::NONE
            }
            _ => Carry::NONE,
        }
    }

    /// The result of a call arrives.
    pub fn edge(&mut self, state: &mut State, terminator: &Terminator, target: BlockId, result: Carry) {
        if let TerminatorKind::Call(call) = &terminator.kind
            && call.target == Some(target)
        {
            self.assign(state, &call.destination, result, terminator.span);
        }
    }

    pub fn settle_edge(&mut self, state: &mut State, terminator: &Terminator, target: BlockId) {
        if let TerminatorKind::Call(call) = &terminator.kind
            && call.target == Some(target)
            && call.destination.projection.is_empty()
        {
            self.forget(state, call.destination.local);
        }
    }

    /// Solves the dataflow: the state at the start of each reachable block.
    pub fn solve(&mut self, live: &Liveness) -> IndexVec<BlockId, Option<State>> {
        let body = self.body;
        let mut entry: IndexVec<BlockId, Option<State>> =
            IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect());
        let mut position = IndexVec::<BlockId, u32>::from_elem(u32::MAX, body.blocks.len());
        for (i, &block) in live.order.iter().enumerate() {
            position[block] = i as u32;
        }
        let mut queued = vec![false; live.order.len()];
        let mut work = std::collections::BinaryHeap::new();
        if let Some(&first) = live.order.first() {
            let state = self.entry_state();
            entry[first] = Some(state);
            queued[0] = true;
            work.push(std::cmp::Reverse(0u32));
        }
        // Reused from block to block.
        let (mut state, mut out) = (State::default(), State::default());
        while let Some(std::cmp::Reverse(next)) = work.pop() {
            queued[next as usize] = false;
            let block = live.order[next as usize];
            let Some(start) = &entry[block] else { continue };
            state.clone_from(start);
            let data = &body.blocks[block];
            for (i, statement) in data.statements.iter().enumerate() {
                self.statement(&mut state, statement, Location::new(block, i));
                self.settle(&mut state, statement);
            }
            let result = self.terminator(&mut state, &data.terminator);
            let mut successors: SmallVec<[BlockId; 4]> = SmallVec::new();
            data.terminator.kind.each_successor(|s| successors.push(s));
            for target in successors {
                out.clone_from(&state);
                self.edge(&mut out, &data.terminator, target, result);
                self.settle_edge(&mut out, &data.terminator, target);
                out.carried.retain(|e| live.live_at_entry(target, e.0));
                let changed = match &mut entry[target] {
                    slot @ None => {
                        *slot = Some(out.clone());
                        true
                    }
                    Some(old) if *old == out => false,
                    Some(old) => {
                        let joined = self.join_states(old, &out);
                        let changed = joined != *old;
                        *old = joined;
                        changed
                    }
                };
                let p = position[target] as usize;
                if changed && !std::mem::replace(&mut queued[p], true) {
                    work.push(std::cmp::Reverse(p as u32));
                }
            }
        }
        entry
    }

    pub(super) fn join_states(&mut self, a: &State, b: &State) -> State {
        let mut carried = SmallVec::new();
        let (mut i, mut j) = (0, 0);
        while i < a.carried.len() || j < b.carried.len() {
            let left = a.carried.get(i);
            let right = b.carried.get(j);
            match (left, right) {
                (Some(l), Some(r)) if l.0 == r.0 => {
                    let both = self.join(l.1, r.1);
                    carried.push((l.0, both));
                    i += 1;
                    j += 1;
                }
                (Some(l), r) if r.is_none_or(|r| l.0 < r.0) => {
                    carried.push(*l);
                    i += 1;
                }
                (_, Some(r)) => {
                    carried.push(*r);
                    j += 1;
                }
                _ => break,
            }
        }
        let world = match (a.world, b.world) {
            (Some(a), Some(b)) => Some(self.sets.union(a, b)),
            (a, b) => a.or(b),
        };
        State { carried, world }
    }
}
