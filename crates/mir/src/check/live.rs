//! Which locals of view type are live where: their value may be looked at again before it is
//! overwritten.
//!
//! A drop looks at a value only if its type says so ([`Facts::drop_looks`]); the end of storage
//! never does. Only locals that can hold views are followed, under dense numbers of their own.

use base::{Idx, IndexVec, index_type};
use smallvec::SmallVec;

use crate::body::{
    AssertMessage, BlockId, Body, Local, Operand, Place, Projection, RETURN, Rvalue, Statement,
    StatementKind, Terminator, TerminatorKind,
};
use crate::check::facts::{Depth, Facts};
use crate::dataflow::BitSet;
use crate::dataflow::engine::predecessors;
use crate::visit;

index_type!(
    /// A local that can hold views.
    Slot,
    "s"
);

pub struct Liveness {
    pub slots: IndexVec<Local, Option<Slot>>,
    /// At the start of each reachable block.
    pub entry: IndexVec<BlockId, Option<BitSet<Slot>>>,
    /// Reachable blocks in reverse postorder.
    pub order: Vec<BlockId>,
    count: usize,
    /// Whether dropping the local's value looks at its views.
    drop_looks: IndexVec<Local, bool>,
}

/// The slots whose liveness differs between before and after a statement.
pub type Changes = SmallVec<[Slot; 4]>;

/// A change of a slot's liveness.
enum Event {
    Use(Local),
    Define(Local),
}

impl Liveness {
    pub fn compute(
        facts: &mut Facts<'_>,
        body: &Body,
        depths: &IndexVec<Local, Depth>,
        order: Vec<BlockId>,
    ) -> Liveness {
        let mut count = 0;
        let slots: IndexVec<Local, Option<Slot>> = depths
            .iter()
            .map(|&d| {
                (d > Depth::Owned).then(|| {
                    count += 1;
                    Slot::new(count - 1)
                })
            })
            .collect();
        let drop_looks = body
            .locals
            .iter_enumerated()
            .map(|(l, decl)| slots[l].is_some() && facts.drop_looks(decl.ty))
            .collect();
        let preds = predecessors(body, &order);
        let mut live = Liveness {
            slots,
            entry: IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect()),
            order,
            count,
            drop_looks,
        };
        let mut queued = IndexVec::<BlockId, bool>::from_elem(false, body.blocks.len());
        // Popped from the end: postorder first.
        let mut work: Vec<BlockId> = live.order.clone();
        work.iter().for_each(|&b| queued[b] = true);
        while let Some(block) = work.pop() {
            queued[block] = false;
            let mut state = live.at_end(body, block);
            let data = &body.blocks[block];
            live.terminator(&data.terminator, &mut |e| live.step(&mut state, e));
            for statement in data.statements.iter().rev() {
                live.statement(statement, &mut |e| live.step(&mut state, e));
            }
            if live.entry[block].as_ref() != Some(&state) {
                live.entry[block] = Some(state);
                for &pred in &preds[block] {
                    if !std::mem::replace(&mut queued[pred], true) {
                        work.push(pred);
                    }
                }
            }
        }
        live
    }

    pub fn empty(&self) -> BitSet<Slot> {
        BitSet::empty(self.count)
    }

    pub fn contains(&self, set: &BitSet<Slot>, local: Local) -> bool {
        self.slots[local].is_some_and(|slot| set.contains(slot))
    }

    pub fn live_at_entry(&self, block: BlockId, local: Local) -> bool {
        match (self.slots[local], &self.entry[block]) {
            (Some(slot), Some(set)) => set.contains(slot),
            _ => false,
        }
    }

    /// After a block's terminator, whichever way it goes.
    pub fn at_end(&self, body: &Body, block: BlockId) -> BitSet<Slot> {
        let mut state = self.empty();
        body.blocks[block].terminator.kind.each_successor(|next| {
            if let Some(entry) = &self.entry[next] {
                state.union(entry);
            }
        });
        state
    }

    /// For a walk through a block: the slots whose liveness differs between before and after
    /// each statement (the terminator's being the last). `changes` is made anew.
    pub fn changes(&self, body: &Body, block: BlockId, changes: &mut Vec<Changes>) {
        let data = &body.blocks[block];
        let mut state = self.at_end(body, block);
        changes.clear();
        changes.resize_with(data.statements.len() + 1, Changes::new);
        let record = |state: &mut BitSet<Slot>, at: &mut Changes, event: Event| {
            let (local, on) = match event {
                Event::Use(local) => (local, true),
                Event::Define(local) => (local, false),
            };
            if let Some(slot) = self.slots[local]
                && state.contains(slot) != on
            {
                if on {
                    state.insert(slot)
                } else {
                    state.remove(slot)
                };
                // Defined and used by one statement: no change in all.
                match at.iter().position(|&s| s == slot) {
                    Some(i) => {
                        at.swap_remove(i);
                    }
                    None => at.push(slot),
                }
            }
        };
        let end = data.statements.len();
        self.terminator(&data.terminator, &mut |e| record(&mut state, &mut changes[end], e));
        for (i, statement) in data.statements.iter().enumerate().rev() {
            self.statement(statement, &mut |e| record(&mut state, &mut changes[i], e));
        }
    }

    fn step(&self, state: &mut BitSet<Slot>, event: Event) {
        match event {
            Event::Use(local) => {
                if let Some(slot) = self.slots[local] {
                    state.insert(slot);
                }
            }
            Event::Define(local) => {
                if let Some(slot) = self.slots[local] {
                    state.remove(slot);
                }
            }
        }
    }

    /// Events of a statement, last first.
    fn statement(&self, statement: &Statement, f: &mut impl FnMut(Event)) {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                self.write(place, f);
                visit::rvalue_places(rvalue, &mut |p, _| f(Event::Use(p.local)));
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => f(Event::Define(*local)),
            StatementKind::FakeRead(place) => f(Event::Use(place.local)),
            StatementKind::Nop => {}
        }
    }

    fn write(&self, place: &Place, f: &mut impl FnMut(Event)) {
        if place.projection.is_empty() {
            f(Event::Define(place.local));
        } else if place.projection.contains(&Projection::Deref) {
            f(Event::Use(place.local));
        }
    }

    fn terminator(&self, terminator: &Terminator, f: &mut impl FnMut(Event)) {
        let operand = |o: &Operand, f: &mut dyn FnMut(Event)| {
            if let Some(p) = o.place() {
                f(Event::Use(p.local));
            }
        };
        match &terminator.kind {
            TerminatorKind::Return => f(Event::Use(RETURN)),
            TerminatorKind::Switch { value, .. } => operand(value, f),
            TerminatorKind::Drop { place, .. } => {
                if self.drop_looks[place.local] {
                    f(Event::Use(place.local));
                }
            }
            TerminatorKind::Call(call) => {
                self.write(&call.destination, f);
                call.args.iter().for_each(|a| operand(a, f));
            }
            TerminatorKind::Assert { condition, message, .. } => {
                operand(condition, f);
                if let AssertMessage::Bounds { index, len } = message {
                    operand(index, f);
                    operand(len, f);
                }
            }
            TerminatorKind::Goto(_) | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        }
    }

    /// The statement looks at the local's value.
    pub fn uses(&self, statement: &Statement, local: Local) -> bool {
        let mut found = false;
        self.statement(statement, &mut |e| found |= matches!(e, Event::Use(l) if l == local));
        found
    }

    pub fn defines(&self, statement: &Statement, local: Local) -> bool {
        matches!(&statement.kind, StatementKind::Assign(p, _) if p.as_local() == Some(local))
    }

    pub fn terminator_uses(&self, terminator: &Terminator, local: Local) -> bool {
        let mut found = false;
        self.terminator(terminator, &mut |e| found |= matches!(e, Event::Use(l) if l == local));
        found
    }
}

/// The statement only passes the local's value on to this other local.
pub fn passes_on(statement: &Statement, local: Local) -> Option<Local> {
    match &statement.kind {
        StatementKind::Assign(to, Rvalue::Use(Operand::Move(from) | Operand::Copy(from)))
            if from.as_local() == Some(local) =>
        {
            to.as_local()
        }
        _ => None,
    }
}
