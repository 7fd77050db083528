//! The fixpoint engine: states per block, joined over edges until nothing changes.

use std::collections::BinaryHeap;

use base::IndexVec;
use smallvec::SmallVec;

use super::BitSet;
use crate::body::{BlockId, Body, Location, Statement, Terminator, TerminatorKind};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Forward,
    Backward,
}

/// What a dataflow problem is made of. Transfer functions must be monotone.
///
/// Backward, "entry" state of a block means the state at its end, and statements are seen last
/// to first, the terminator before them.
pub trait Analysis {
    type State: Clone;
    const DIRECTION: Direction;

    /// The state of a block that nothing has reached yet.
    fn bottom(&self, body: &Body) -> Self::State;

    /// The state at the function's entry (forward) or at each of its ends (backward).
    fn boundary(&self, body: &Body, state: &mut Self::State);

    /// Merges `from` into `into`; true if `into` changed.
    fn join(&self, into: &mut Self::State, from: &Self::State) -> bool;

    fn statement(&self, state: &mut Self::State, statement: &Statement, location: Location);

    /// The effect that the terminator has whichever way it goes.
    fn terminator(&self, state: &mut Self::State, terminator: &Terminator, location: Location);

    /// What happens on one edge only: a call's result is written on the way to `target`, not
    /// when it unwinds. Forward only.
    fn edge(
        &self,
        _state: &mut Self::State,
        _terminator: &Terminator,
        _location: Location,
        _target: BlockId,
    ) {
    }
}

/// The solution: the state at each reachable block's entry (forward) or end (backward).
pub struct Results<A: Analysis> {
    pub analysis: A,
    pub entry: IndexVec<BlockId, Option<A::State>>,
}

impl<A: Analysis> Results<A> {
    /// The block's state; `None` if it is unreachable.
    pub fn at(&self, block: BlockId) -> Option<&A::State> {
        self.entry[block].as_ref()
    }
}

/// Reachable blocks in reverse postorder from the entry. No recursion.
pub fn reverse_postorder(body: &Body) -> Vec<BlockId> {
    let mut seen: BitSet<BlockId> = BitSet::empty(body.blocks.len());
    let mut order = Vec::with_capacity(body.blocks.len());
    if body.blocks.is_empty() {
        return order;
    }
    let mut stack: Vec<(BlockId, u32)> = Vec::with_capacity(body.blocks.len());
    stack.push((BlockId(0), 0));
    seen.insert(BlockId(0));
    while let Some((block, next)) = stack.last_mut() {
        match body.blocks[*block].terminator.kind.successor(*next as usize) {
            Some(successor) => {
                *next += 1;
                if seen.insert(successor) {
                    stack.push((successor, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// The blocks that lead to each block.
pub type Predecessors = IndexVec<BlockId, SmallVec<[BlockId; 4]>>;

/// Predecessors of each block, over reachable blocks, each edge once.
pub fn predecessors(body: &Body, order: &[BlockId]) -> Predecessors {
    let mut result = Predecessors::from_vec((0..body.blocks.len()).map(|_| SmallVec::new()).collect());
    for &block in order {
        body.blocks[block].terminator.kind.each_successor(|s| {
            let list = &mut result[s];
            if list.last() != Some(&block) {
                list.push(block);
            }
        });
    }
    result
}

/// Solves `analysis` on `body`.
pub fn run<A: Analysis>(body: &Body, analysis: A) -> Results<A> {
    match A::DIRECTION {
        Direction::Forward => run_forward(body, analysis),
        Direction::Backward => run_backward(body, analysis, reverse_postorder(body)),
    }
}

/// Blocks to visit, earliest in the order first, each at most once at a time.
struct Worklist {
    heap: BinaryHeap<std::cmp::Reverse<u32>>,
    queued: Vec<bool>,
}

impl Worklist {
    fn new(len: usize) -> Worklist {
        Worklist { heap: (0..len as u32).map(std::cmp::Reverse).collect(), queued: vec![true; len] }
    }

    fn empty(len: usize) -> Worklist {
        Worklist { heap: BinaryHeap::new(), queued: vec![false; len] }
    }

    fn push(&mut self, position: u32) {
        if !std::mem::replace(&mut self.queued[position as usize], true) {
            self.heap.push(std::cmp::Reverse(position));
        }
    }

    fn pop(&mut self) -> Option<u32> {
        let position = self.heap.pop()?.0;
        self.queued[position as usize] = false;
        Some(position)
    }
}

fn positions(body: &Body, order: &[BlockId]) -> IndexVec<BlockId, u32> {
    let mut positions = IndexVec::from_elem(u32::MAX, body.blocks.len());
    for (i, &block) in order.iter().enumerate() {
        positions[block] = i as u32;
    }
    positions
}

/// Blocks are visited by their numbers, which are in reverse postorder once
/// [`crate::simplify::simplify_cfg`] has run; any other order gives the same result, later.
fn run_forward<A: Analysis>(body: &Body, analysis: A) -> Results<A> {
    let mut entry: IndexVec<BlockId, Option<A::State>> =
        IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect());
    let mut work = Worklist::empty(body.blocks.len());
    if !body.blocks.is_empty() {
        let mut state = analysis.bottom(body);
        analysis.boundary(body, &mut state);
        entry[BlockId(0)] = Some(state);
        work.push(0);
    }
    // Reused from block to block.
    let mut state = analysis.bottom(body);
    let mut edge_state = state.clone();
    while let Some(next) = work.pop() {
        let block = BlockId(next);
        let Some(start) = &entry[block] else { continue };
        state.clone_from(start);
        let data = &body.blocks[block];
        for (i, statement) in data.statements.iter().enumerate() {
            analysis.statement(&mut state, statement, Location::new(block, i));
        }
        let location = body.end_of(block);
        analysis.terminator(&mut state, &data.terminator, location);
        let mut flow = |target: BlockId, state: &A::State| {
            let changed = match &mut entry[target] {
                Some(old) => analysis.join(old, state),
                slot @ None => {
                    *slot = Some(state.clone());
                    true
                }
            };
            if changed {
                work.push(target.0);
            }
        };
        match &data.terminator.kind {
            TerminatorKind::Goto(_) | TerminatorKind::Assert { .. } => {
                data.terminator.kind.each_successor(|target| flow(target, &state));
            }
            kind => kind.each_successor(|target| {
                edge_state.clone_from(&state);
                analysis.edge(&mut edge_state, &data.terminator, location, target);
                flow(target, &edge_state);
            }),
        }
    }
    Results { analysis, entry }
}

fn run_backward<A: Analysis>(body: &Body, analysis: A, mut order: Vec<BlockId>) -> Results<A> {
    let preds = predecessors(body, &order);
    order.reverse();
    let position = positions(body, &order);
    let mut entry: IndexVec<BlockId, Option<A::State>> =
        IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect());
    for &block in &order {
        let mut state = analysis.bottom(body);
        if body.blocks[block].terminator.kind.successor(0).is_none() {
            analysis.boundary(body, &mut state);
        }
        entry[block] = Some(state);
    }
    let mut work = Worklist::new(order.len());
    let mut state = analysis.bottom(body);
    while let Some(next) = work.pop() {
        let block = order[next as usize];
        let Some(start) = &entry[block] else { continue };
        state.clone_from(start);
        let data = &body.blocks[block];
        analysis.terminator(&mut state, &data.terminator, body.end_of(block));
        for (i, statement) in data.statements.iter().enumerate().rev() {
            analysis.statement(&mut state, statement, Location::new(block, i));
        }
        for &pred in &preds[block] {
            if let Some(old) = &mut entry[pred]
                && analysis.join(old, &state)
            {
                work.push(position[pred]);
            }
        }
    }
    Results { analysis, entry }
}
