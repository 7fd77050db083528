//! Scopes, and what happens when they are left: at their end, by `break`, `return` or a false
//! condition, and by unwinding.
//!
//! A scope is a stack of scheduled actions: a variable's storage ends, its value is dropped, a
//! `defer` block runs. At its end they are written out in reverse order. Every other way out
//! goes through a [`DropTree`]: the actions of all scopes that are left form a path to the
//! tree's root, paths share their common end, and the tree becomes blocks once, when its target
//! is known. So code grows with the number of exits plus the number of actions, not with their
//! product. There is one tree per loop (two: `break`, `continue`), per condition, one for
//! `return` and one for all unwinding. Modelled on rustc's `mir_build::scope`.

use base::{FxHashMap, IndexVec, Span};
use hir::thir::{ExprId, LocalId, LoopId};

use super::Builder;
use crate::body::{BlockId, Local, Operand, Place, RETURN, StatementKind, TerminatorKind};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DropKind {
    /// The local's storage ends.
    Storage,
    /// The local's value is dropped.
    Value,
    /// A `defer` block, by its number in the builder, runs.
    Defer(u32),
}

#[derive(Clone, Copy, Debug)]
struct Scheduled {
    kind: DropKind,
    local: Local,
    span: Span,
    /// The unwind chain from here outwards, if the scope's `valid` says so.
    unwind: DropIdx,
}

#[derive(Debug, Default)]
pub struct Scope {
    drops: Vec<Scheduled>,
    /// The unwind chain of the scopes around.
    base: DropIdx,
    /// The unwind chain from the end of this scope.
    end: DropIdx,
    /// How many of `drops` have their chain computed, on top of `base`.
    valid: usize,
}

pub type DropIdx = u32;

/// Index of a tree's target.
const ROOT: DropIdx = 0;

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: DropKind,
    local: Local,
    span: Span,
    /// What comes after it.
    next: DropIdx,
}

/// See the module's head.
#[derive(Debug)]
pub struct DropTree {
    /// Node 0 is the target.
    nodes: Vec<Node>,
    known: FxHashMap<(DropIdx, DropKind, Local), DropIdx>,
    entries: Vec<(DropIdx, BlockId)>,
}

impl DropTree {
    pub fn new() -> DropTree {
        let root = Node { kind: DropKind::Storage, local: RETURN, span: Span::default(), next: ROOT };
        DropTree { nodes: vec![root], known: FxHashMap::default(), entries: Vec::new() }
    }

    /// Nothing leads here.
    pub fn is_unused(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, kind: DropKind, local: Local, span: Span, next: DropIdx) -> DropIdx {
        *self.known.entry((next, kind, local)).or_insert_with(|| {
            self.nodes.push(Node { kind, local, span, next });
            self.nodes.len() as DropIdx - 1
        })
    }
}

/// A loop that can be left or continued from inside.
pub struct Breakable {
    pub id: LoopId,
    /// How many scopes there are around it.
    pub depth: usize,
    pub result: Place,
    pub breaks: DropTree,
    pub continues: DropTree,
}

/// Where a false condition goes.
pub struct ElseExit {
    pub depth: usize,
    pub exits: DropTree,
}

/// A `defer` block and what its names mean.
pub struct Deferred {
    expr: ExprId,
    vars: IndexVec<LocalId, Option<Place>>,
}

/// Which tree an exit belongs to.
pub enum Exit {
    Return,
    Break(usize),
    Continue(usize),
    Else,
}

impl Builder<'_> {
    // ------------------------------------------------------------ entering and leaving

    pub fn push_scope(&mut self) -> usize {
        self.scopes.push(Scope::default());
        self.scopes.len() - 1
    }

    /// Ends the innermost scope on the ordinary way: its actions run here.
    pub fn pop_scope(&mut self, span: Span) {
        let depth = self.scopes.len() - 1;
        while let Some(scheduled) = self.scopes[depth].drops.pop() {
            self.shrunk(depth);
            if !self.reachable {
                continue;
            }
            match scheduled.kind {
                DropKind::Storage => {
                    self.statement(StatementKind::StorageDead(scheduled.local), span);
                }
                DropKind::Value => {
                    let place = Place::local(scheduled.local);
                    self.terminate_into_next(
                        |target| TerminatorKind::Drop { place, target, unwind: None },
                        span,
                    );
                }
                DropKind::Defer(index) => self.run_defer(index),
            }
        }
        self.scopes.pop();
        self.valid_scopes = self.valid_scopes.min(depth);
    }

    /// Ends the innermost scope without running anything: what was scheduled in it has been
    /// handed on or is not there on this way.
    pub fn forget_scope(&mut self) {
        self.scopes.pop();
        self.valid_scopes = self.valid_scopes.min(self.scopes.len());
    }

    /// Runs `f` in a scope of its own that also takes the temporaries, which end at `end`.
    pub fn in_temp_scope<R>(&mut self, end: Span, f: impl FnOnce(&mut Self) -> R) -> R {
        let scope = self.push_scope();
        let before = std::mem::replace(&mut self.temp_scope, scope);
        let result = f(self);
        self.temp_scope = before;
        self.pop_scope(end);
        result
    }

    fn shrunk(&mut self, scope: usize) {
        let data = &mut self.scopes[scope];
        data.valid = data.valid.min(data.drops.len());
        self.valid_scopes = self.valid_scopes.min(scope);
    }

    // ------------------------------------------------------------ scheduling

    fn schedule(&mut self, scope: usize, kind: DropKind, local: Local, span: Span) {
        self.scopes[scope].drops.push(Scheduled { kind, local, span, unwind: ROOT });
        self.valid_scopes = self.valid_scopes.min(scope);
    }

    /// The local's storage ends with `scope`.
    pub fn schedule_storage(&mut self, scope: usize, local: Local, span: Span) {
        self.schedule(scope, DropKind::Storage, local, span);
    }

    /// The local's value is dropped at the end of `scope`, if its type needs it.
    pub fn schedule_value(&mut self, scope: usize, local: Local, span: Span) {
        if self.types.needs_drop(self.locals[local].ty) {
            self.schedule(scope, DropKind::Value, local, span);
        }
    }

    pub fn schedule_defer(&mut self, scope: usize, expr: ExprId, span: Span) {
        let index = self.defers.len() as u32;
        self.defers.push(Deferred { expr, vars: self.vars.clone() });
        self.schedule(scope, DropKind::Defer(index), RETURN, span);
    }

    /// The operands have just been moved somewhere: temporaries among them need no drop.
    pub fn moved(&mut self, operands: &[Operand]) {
        for operand in operands {
            let Operand::Move(place) = operand else { continue };
            let Some(local) = place.as_local() else { continue };
            self.moved_temp(local);
        }
    }

    fn moved_temp(&mut self, local: Local) {
        if self.locals[local].kind != crate::body::LocalKind::Temp {
            return;
        }
        let scope = self.temp_scope;
        let drops = &mut self.scopes[scope].drops;
        // It is among the last that were scheduled.
        let found = drops
            .iter()
            .rposition(|d| d.local == local && d.kind == DropKind::Value)
            .filter(|&i| i + 64 > drops.len());
        if let Some(i) = found {
            drops.remove(i);
            self.scopes[scope].valid = self.scopes[scope].valid.min(i);
            self.valid_scopes = self.valid_scopes.min(scope);
        }
    }

    // ------------------------------------------------------------ unwinding

    /// The chain of what unwinding from here does.
    fn unwind_chain(&mut self) -> DropIdx {
        let start = self.valid_scopes.min(self.scopes.len());
        let mut base = if start == 0 { ROOT } else { self.scopes[start - 1].end };
        for scope in &mut self.scopes[start..] {
            if scope.base != base {
                scope.base = base;
                scope.valid = 0;
            }
            let mut chain = match scope.valid {
                0 => base,
                n => scope.drops[n - 1].unwind,
            };
            for scheduled in &mut scope.drops[scope.valid..] {
                if scheduled.kind != DropKind::Storage {
                    let Scheduled { kind, local, span, .. } = *scheduled;
                    chain = self.unwinds.add(kind, local, span, chain);
                }
                scheduled.unwind = chain;
            }
            scope.valid = scope.drops.len();
            scope.end = chain;
            base = chain;
        }
        self.valid_scopes = self.scopes.len();
        base
    }

    /// The terminator of `block` may panic: it unwinds through what is scheduled now.
    pub fn unwind_from(&mut self, block: BlockId) {
        let chain = self.unwind_chain();
        self.unwinds_through(chain, block);
    }

    fn unwinds_through(&mut self, chain: DropIdx, block: BlockId) {
        // Without anything to do a panic just leaves the function, but for a deferred block there is what comes
        // after it.
        if chain != ROOT || self.in_cleanup {
            self.unwinds.entries.push((chain, block));
        }
    }

    /// Some block is deferred here.
    pub fn has_deferred(&self) -> bool {
        self.scopes.iter().flat_map(|s| &s.drops).any(|d| matches!(d.kind, DropKind::Defer(_)))
    }

    /// `block`, which unwinds through what is scheduled now, does so by way of `through`.
    pub fn unwind_by(&mut self, block: BlockId, through: BlockId) {
        if let Some(entry) = self.unwinds.entries.iter_mut().rev().find(|entry| entry.1 == block) {
            entry.1 = through;
            self.link(block, through);
        }
    }

    // ------------------------------------------------------------ exits

    /// Leaves all scopes beyond the exit's depth. The current block ends here.
    pub fn exit(&mut self, exit: Exit, span: Span) {
        if !self.reachable {
            return;
        }
        let block = self.current;
        let (depth, tree) = match exit {
            Exit::Return => (0, &mut self.returns),
            Exit::Break(i) => (self.breakables[i].depth, &mut self.breakables[i].breaks),
            Exit::Continue(i) => (self.breakables[i].depth, &mut self.breakables[i].continues),
            Exit::Else => {
                let Some(exit) = self.else_exits.last_mut() else { return };
                (exit.depth, &mut exit.exits)
            }
        };
        let mut chain = ROOT;
        for scheduled in self.scopes[depth..].iter().flat_map(|s| &s.drops) {
            chain = tree.add(scheduled.kind, scheduled.local, scheduled.span, chain);
        }
        tree.entries.push((chain, block));
        // The target is filled in when the tree is built.
        self.terminate(TerminatorKind::Unreachable, span);
    }

    /// Writes the blocks of a tree whose paths end at `target`, in the scopes at hand.
    pub fn build_exit_tree(&mut self, tree: DropTree, target: BlockId) {
        if tree.entries.is_empty() {
            return;
        }
        let saved = (self.current, self.reachable);
        let base = self.unwind_chain();
        let mut unwinds = vec![base; tree.nodes.len()];
        for (i, node) in tree.nodes.iter().enumerate().skip(1) {
            let next = unwinds[node.next as usize];
            unwinds[i] = if node.kind == DropKind::Storage {
                next
            } else {
                self.unwinds.add(node.kind, node.local, node.span, next)
            };
        }
        let blocks = self.assign_blocks(&tree, Some(target));
        for i in (1..tree.nodes.len()).rev() {
            let Some(block) = blocks[i] else { continue };
            let node = tree.nodes[i];
            let next = blocks[node.next as usize].expect("what follows a needed node is needed");
            match node.kind {
                DropKind::Storage => {
                    let kind = StatementKind::StorageDead(node.local);
                    let statement = crate::body::Statement { kind, span: node.span };
                    self.blocks[block].statements.push(statement);
                    if next != block {
                        self.end_block(block, TerminatorKind::Goto(next), node.span);
                    }
                }
                DropKind::Value => {
                    let place = Place::local(node.local);
                    let kind = TerminatorKind::Drop { place, target: next, unwind: None };
                    self.end_block(block, kind, node.span);
                    self.unwinds_through(unwinds[node.next as usize], block);
                }
                DropKind::Defer(index) => {
                    self.enter_chain(&tree, node.next);
                    self.current = block;
                    self.reachable = true;
                    self.run_defer(index);
                    self.goto(next, node.span);
                    self.forget_scope();
                }
            }
        }
        (self.current, self.reachable) = saved;
    }

    /// A scope that holds what a tree still does from `from` on.
    fn enter_chain(&mut self, tree: &DropTree, from: DropIdx) {
        let scope = self.push_scope();
        let mut chain = Vec::new();
        let mut at = from;
        while at != ROOT {
            let node = tree.nodes[at as usize];
            chain.push(Scheduled { kind: node.kind, local: node.local, span: node.span, unwind: ROOT });
            at = node.next;
        }
        chain.reverse();
        self.scopes[scope].drops = chain;
    }

    /// Gives blocks to the nodes that are on the way from an entry to the root, and leads the
    /// entries to them. A node shares its block with the only node before it if that does not
    /// end the block.
    fn assign_blocks(&mut self, tree: &DropTree, root: Option<BlockId>) -> Vec<Option<BlockId>> {
        #[derive(Clone, Copy)]
        enum Need {
            No,
            Shares(usize),
            Own,
        }
        let mut blocks: Vec<Option<BlockId>> = vec![None; tree.nodes.len()];
        blocks[0] = root;
        let mut need = vec![Need::No; tree.nodes.len()];
        let mut entries: Vec<Vec<BlockId>> = vec![Vec::new(); tree.nodes.len()];
        for &(idx, block) in &tree.entries {
            entries[idx as usize].push(block);
        }
        for i in (0..tree.nodes.len()).rev() {
            if !entries[i].is_empty() {
                need[i] = Need::Own;
                let block = match blocks[i] {
                    Some(block) => block,
                    None => self.new_block(),
                };
                blocks[i] = Some(block);
                for &from in &entries[i] {
                    self.link(from, block);
                }
            }
            match need[i] {
                Need::No => continue,
                Need::Own => {
                    if blocks[i].is_none() {
                        blocks[i] = Some(self.new_block());
                    }
                }
                Need::Shares(before) => {
                    if blocks[i].is_none() {
                        blocks[i] = blocks[before];
                    }
                }
            }
            if i == 0 {
                break;
            }
            let next = tree.nodes[i].next as usize;
            need[next] = match (tree.nodes[i].kind, need[next]) {
                (DropKind::Storage, Need::No) => Need::Shares(i),
                _ => Need::Own,
            };
        }
        blocks
    }

    /// An entry's block goes to `target`: as its end, or when it unwinds.
    fn link(&mut self, from: BlockId, target: BlockId) {
        self.states[target].targeted = true;
        let terminator = &mut self.blocks[from].terminator;
        match terminator.kind.unwind_mut() {
            Some(unwind) => *unwind = Some(target),
            None => terminator.kind = TerminatorKind::Goto(target),
        }
    }

    /// Writes all unwinding, at the end of the body.
    pub fn build_unwind_tree(&mut self) {
        if self.unwinds.entries.is_empty() {
            return;
        }
        self.in_cleanup = true;
        let resume = self.new_block();
        self.end_block(resume, TerminatorKind::Resume, self.thir.span);
        self.unwind_to(resume);
        self.in_cleanup = false;
    }

    /// Writes the unwinding collected so far, which ends at `target`. A panic out of a deferred block goes on with
    /// what comes after the block, by a tree of the block's own. One out of a drop does so by what a drop on a
    /// clean-up path means, see [`TerminatorKind::Drop`].
    fn unwind_to(&mut self, target: BlockId) {
        let tree = std::mem::replace(&mut self.unwinds, DropTree::new());
        let blocks = self.assign_blocks(&tree, Some(target));
        for i in (1..tree.nodes.len()).rev() {
            let Some(block) = blocks[i] else { continue };
            let node = tree.nodes[i];
            let next = blocks[node.next as usize].expect("what follows a needed node is needed");
            match node.kind {
                DropKind::Storage => {
                    if next != block {
                        self.end_block(block, TerminatorKind::Goto(next), node.span);
                    }
                }
                DropKind::Value => {
                    let place = Place::local(node.local);
                    let kind = TerminatorKind::Drop { place, target: next, unwind: None };
                    self.end_block(block, kind, node.span);
                }
                DropKind::Defer(index) => {
                    self.push_scope();
                    self.current = block;
                    self.reachable = true;
                    self.run_defer(index);
                    self.goto(next, node.span);
                    self.forget_scope();
                    self.unwind_to(next);
                }
            }
        }
    }

    /// Writes a deferred block here. Its own variables are made anew each time; those around it
    /// are what they were when it was scheduled.
    fn run_defer(&mut self, index: u32) {
        let Deferred { expr, vars } = &self.defers[index as usize];
        let (expr, vars) = (*expr, vars.clone());
        let vars = std::mem::replace(&mut self.vars, vars);
        let breakables = std::mem::take(&mut self.breakables);
        let else_exits = std::mem::take(&mut self.else_exits);
        let end = self.thir.exprs[expr].span.end();
        self.in_temp_scope(end, |b| b.statement_expr(expr));
        self.vars = vars;
        self.breakables = breakables;
        self.else_exits = else_exits;
    }
}
