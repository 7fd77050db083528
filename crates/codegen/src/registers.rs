//! Which locals live in registers, and which may be borrowed at a point.
//!
//! Both are conservative: a local wrongly kept in memory costs a little, never the other way.

use base::{Idx, IndexVec};
use mir::body::{
    BlockId, Body, Local, Operand, Place, Projection, Rvalue, Statement, StatementKind, TerminatorKind,
};

use crate::layout::Abi;
use crate::unit::Unit;

/// Reachable blocks, each before those it dominates.
pub fn reverse_postorder(body: &Body) -> Vec<BlockId> {
    let mut seen = IndexVec::<BlockId, bool>::from_elem(false, body.blocks.len());
    let mut order = Vec::with_capacity(body.blocks.len());
    let start = BlockId(0);
    seen[start] = true;
    let mut stack = vec![(start, body.blocks[start].terminator.kind.successors(), 0)];
    while let Some((block, successors, next)) = stack.last_mut() {
        if let Some(&successor) = successors.get(*next) {
            *next += 1;
            if !seen[successor] {
                seen[successor] = true;
                stack.push((successor, body.blocks[successor].terminator.kind.successors(), 0));
            }
        } else {
            order.push(*block);
            stack.pop();
        }
    }
    order.reverse();
    order
}

/// The immediate dominator of each reachable block (Cooper, Harvey and Kennedy).
struct Dominators {
    idom: Vec<Option<BlockId>>,
    number: Vec<usize>,
}

impl Dominators {
    fn new(body: &Body, order: &[BlockId]) -> Dominators {
        let count = body.blocks.len();
        let mut number = vec![usize::MAX; count];
        for (i, block) in order.iter().enumerate() {
            number[block.index()] = i;
        }
        let mut predecessors = vec![Vec::new(); count];
        for &block in order {
            for successor in body.blocks[block].terminator.kind.successors() {
                predecessors[successor.index()].push(block);
            }
        }
        let mut this = Dominators { idom: vec![None; count], number };
        this.idom[0] = Some(BlockId(0));
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &order[1..] {
                let mut new: Option<BlockId> = None;
                for &p in &predecessors[block.index()] {
                    if this.idom[p.index()].is_some() {
                        new = Some(new.map_or(p, |n| this.meet(n, p)));
                    }
                }
                if this.idom[block.index()] != new {
                    this.idom[block.index()] = new;
                    changed = true;
                }
            }
        }
        this
    }

    fn meet(&self, mut a: BlockId, mut b: BlockId) -> BlockId {
        while a != b {
            while self.number[a.index()] > self.number[b.index()] {
                a = self.idom[a.index()].expect("processed");
            }
            while self.number[b.index()] > self.number[a.index()] {
                b = self.idom[b.index()].expect("processed");
            }
        }
        a
    }

    fn dominates(&self, a: BlockId, mut b: BlockId) -> bool {
        loop {
            if a == b {
                return true;
            }
            match self.idom[b.index()] {
                Some(up) if up != b => b = up,
                _ => return false,
            }
        }
    }
}

/// Where a local is defined: before everything, or at a statement of a block (the terminator
/// counts as one past the last).
#[derive(Clone, Copy)]
enum Definition {
    None,
    At(BlockId, usize),
    Unsuitable,
}

struct Finder<'b> {
    body: &'b Body,
    definitions: IndexVec<Local, Definition>,
    uses: Vec<(Local, BlockId, usize)>,
}

pub fn find(u: &Unit, body: &Body) -> IndexVec<Local, bool> {
    let order = reverse_postorder(body);
    let mut finder = Finder {
        body,
        definitions: body
            .locals
            .iter_enumerated()
            .map(|(local, decl)| {
                let fits = matches!(u.layout(decl.ty).abi, Abi::Scalar(_) | Abi::Pair(..));
                if !fits
                    || (u.options.debug_locals() && decl.name.is_some() && local.index() > body.arg_count)
                {
                    Definition::Unsuitable
                } else if local.index() >= 1 && local.index() <= body.arg_count {
                    Definition::At(BlockId(0), 0)
                } else {
                    Definition::None
                }
            })
            .collect(),
        uses: Vec::new(),
    };
    for &block in &order {
        finder.block(block);
    }
    let dominators = Dominators::new(body, &order);
    for (local, block, index) in std::mem::take(&mut finder.uses) {
        if let Definition::At(at, statement) = finder.definitions[local] {
            let is_arg = local.index() <= body.arg_count && local.index() > 0;
            let fine = is_arg
                || if at == block {
                    statement < index
                } else {
                    dominators.dominates(at, block)
                        // The result of a call is not there on its unwind path.
                        && (body.blocks[block].cleanup == body.blocks[at].cleanup
                            || statement < body.blocks[at].statements.len())
                };
            if !fine {
                finder.definitions[local] = Definition::Unsuitable;
            }
        } else if let Definition::None = finder.definitions[local] {
            finder.definitions[local] = Definition::Unsuitable;
        }
    }
    finder.definitions.iter().map(|d| matches!(d, Definition::At(..))).collect()
}

impl Finder<'_> {
    fn block(&mut self, id: BlockId) {
        let block = &self.body.blocks[id];
        for (i, statement) in block.statements.iter().enumerate() {
            if let StatementKind::Assign(place, rvalue) = &statement.kind {
                self.rvalue(rvalue, id, i);
                self.define(place, id, i);
            }
        }
        let end = block.statements.len();
        match &block.terminator.kind {
            TerminatorKind::Switch { value, .. } => self.operand(value, id, end),
            TerminatorKind::Return => self.uses.push((Local(0), id, end)),
            TerminatorKind::Drop { place, .. } => self.address(place, id, end),
            TerminatorKind::Call(call) => {
                for arg in &call.args {
                    self.operand(arg, id, end);
                }
                self.define(&call.destination, id, end);
            }
            TerminatorKind::Assert { condition, message, .. } => {
                self.operand(condition, id, end);
                if let mir::body::AssertMessage::Bounds { index, len } = message {
                    self.operand(index, id, end);
                    self.operand(len, id, end);
                }
            }
            _ => {}
        }
    }

    fn define(&mut self, place: &Place, block: BlockId, index: usize) {
        if place.projection.is_empty() {
            let definition = &mut self.definitions[place.local];
            *definition = match *definition {
                Definition::None => Definition::At(block, index),
                _ => Definition::Unsuitable,
            };
        } else {
            self.address(place, block, index);
        }
    }

    /// The place's address is needed.
    fn address(&mut self, place: &Place, block: BlockId, index: usize) {
        if !place.projection.iter().any(|p| matches!(p, Projection::Deref)) {
            self.definitions[place.local] = Definition::Unsuitable;
        }
        self.place(place, block, index);
    }

    fn place(&mut self, place: &Place, block: BlockId, index: usize) {
        self.uses.push((place.local, block, index));
        let mut through = false;
        for step in &place.projection {
            match *step {
                Projection::Deref => through = true,
                Projection::Index(local) => {
                    self.uses.push((local, block, index));
                    if !through {
                        self.definitions[place.local] = Definition::Unsuitable;
                    }
                }
                Projection::ConstIndex { .. } if !through => {
                    self.definitions[place.local] = Definition::Unsuitable;
                }
                _ => {}
            }
        }
    }

    fn operand(&mut self, operand: &Operand, block: BlockId, index: usize) {
        if let Operand::Copy(place) | Operand::Move(place) = operand {
            self.place(place, block, index);
        }
    }

    fn rvalue(&mut self, rvalue: &Rvalue, block: BlockId, index: usize) {
        match rvalue {
            Rvalue::Use(a)
            | Rvalue::Unary(_, a)
            | Rvalue::Cast(_, a, _)
            | Rvalue::Coerce(_, a, _)
            | Rvalue::Repeat(a, _) => self.operand(a, block, index),
            Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
                self.operand(a, block, index);
                self.operand(b, block, index);
            }
            Rvalue::Ref { place, .. } | Rvalue::RawRef(place) | Rvalue::Subslice { place, .. } => {
                self.address(place, block, index);
            }
            Rvalue::Len(place) | Rvalue::Discriminant(place) => self.place(place, block, index),
            Rvalue::Aggregate(_, operands) => {
                for operand in operands {
                    self.operand(operand, block, index);
                }
            }
        }
    }
}

/// Forward analysis: which locals may have been borrowed since their storage began. A call may
/// write its result straight into a local that is not, since nothing else can see it.
pub struct Borrowed {
    at_entry: Vec<BitSet>,
    now: BitSet,
}

#[derive(Clone, PartialEq, Default)]
struct BitSet(Vec<u64>);

impl BitSet {
    fn new(n: usize) -> BitSet {
        BitSet(vec![0; n.div_ceil(64)])
    }
    fn set(&mut self, i: usize, on: bool) {
        if on {
            self.0[i / 64] |= 1 << (i % 64);
        } else {
            self.0[i / 64] &= !(1 << (i % 64));
        }
    }
    fn has(&self, i: usize) -> bool {
        self.0[i / 64] & (1 << (i % 64)) != 0
    }
    /// True if it grew.
    fn join(&mut self, other: &BitSet) -> bool {
        let mut grew = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            grew |= *b & !*a != 0;
            *a |= b;
        }
        grew
    }
}

impl Borrowed {
    pub fn new(body: &Body) -> Borrowed {
        let count = body.locals.len();
        let mut at_entry = vec![BitSet::new(count); body.blocks.len()];
        let order = reverse_postorder(body);
        let mut position = vec![0; body.blocks.len()];
        for (i, block) in order.iter().enumerate() {
            position[block.index()] = i;
        }
        let mut dirty = vec![true; order.len()];
        let mut from = 0;
        while let Some(i) = (from..order.len()).find(|&i| dirty[i]) {
            dirty[i] = false;
            from = i + 1;
            let block = order[i];
            let mut now = at_entry[block.index()].clone();
            for statement in &body.blocks[block].statements {
                transfer(&mut now, statement);
            }
            for successor in body.blocks[block].terminator.kind.successors() {
                if at_entry[successor.index()].join(&now) {
                    let p = position[successor.index()];
                    dirty[p] = true;
                    from = from.min(p);
                }
            }
        }
        Borrowed { at_entry, now: BitSet::default() }
    }

    pub fn enter(&mut self, block: BlockId) {
        self.now = self.at_entry[block.index()].clone();
    }

    pub fn statement(&mut self, statement: &Statement) {
        transfer(&mut self.now, statement);
    }

    pub fn may_be(&self, local: Local) -> bool {
        self.now.has(local.index())
    }
}

fn transfer(now: &mut BitSet, statement: &Statement) {
    match &statement.kind {
        StatementKind::Assign(_, rvalue) => {
            if let Rvalue::Ref { place, .. } | Rvalue::RawRef(place) | Rvalue::Subslice { place, .. } = rvalue
                && !place.projection.iter().any(|p| matches!(p, Projection::Deref))
            {
                now.set(place.local.index(), true);
            }
        }
        StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
            now.set(local.index(), false);
        }
        _ => {}
    }
}
