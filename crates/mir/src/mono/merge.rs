//! Small functions that wait, merged into those that call them.
//!
//! A function that waits costs a frame and a status to look at, which is more than `recv` or `join` do themselves; and of a
//! task that is parked, frames are most of the memory. So in a release the bodies of small functions, and of closures that
//! one place calls, become part of their callers' before code is made: no optimiser of native code can do that, since the frame
//! is memory that somebody else looks at.
//!
//! What is kept of a merged function is a [`Scope`]: a call chain still names it (`abi::waiting::Site::outer`), a debugger
//! sees it as inlined, and its locals have a part of the caller's frame that they share with those of its siblings, as frames
//! on a stack would (`codegen::frame`).
//!
//! Not here: functions that do not wait (LLVM's work).

use std::sync::Arc;

use base::{FxHashSet, Idx, IndexVec, Span, index_type};

use super::{FuncId, Function, Program, Role, Target};
use crate::body::{
    BlockId, Local, LocalKind, Operand, Place, Projection, RETURN, Rvalue, Statement, StatementKind,
    Terminator, TerminatorKind,
};
use crate::visit;

index_type!(ScopeId, "scope");

/// A body that has become part of another.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The one whose code calls it; `None`: the function's own.
    pub parent: Option<ScopeId>,
    pub function: FuncId,
    /// Where it was called.
    pub call: Span,
}

/// What of a function was merged into it.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// Each after its parent.
    pub scopes: IndexVec<ScopeId, Scope>,
    blocks: Scoped,
    locals: Scoped,
}

/// From so many on, each entry is in a scope. Those of one scope follow one another.
#[derive(Debug, Clone, Default)]
struct Scoped(Vec<(usize, ScopeId)>);

impl Scoped {
    fn add(&mut self, from: usize, scope: ScopeId) {
        self.0.push((from, scope));
    }

    fn of(&self, index: usize) -> Option<ScopeId> {
        let after = self.0.partition_point(|&(from, _)| from <= index);
        self.0[..after].last().map(|&(_, scope)| scope)
    }
}

impl Merged {
    /// Whose code a block is; `None`: the function's own.
    pub fn of_block(&self, block: BlockId) -> Option<ScopeId> {
        self.blocks.of(block.index())
    }

    /// Whose local it is.
    pub fn of_local(&self, local: Local) -> Option<ScopeId> {
        self.locals.of(local.index())
    }

    fn is_within(&self, mut scope: Option<ScopeId>, function: FuncId) -> bool {
        while let Some(id) = scope {
            if self.scopes[id].function == function {
                return true;
            }
            scope = self.scopes[id].parent;
        }
        false
    }
}

/// A function of at most so many blocks and statements goes wherever it is called.
const SMALL: (usize, usize) = (14, 32);
/// One that has one caller may be larger.
const ALONE: (usize, usize) = (60, 200);
/// No more is merged into a function of so many blocks.
const FULL: usize = 400;

/// Merges what is worth it.
pub fn merge(program: &mut Program) {
    let calls = calls(program);
    // As they are called, whatever is merged into them meanwhile.
    let before: IndexVec<FuncId, Option<Function>> = program
        .functions
        .iter_enumerated()
        .map(|(id, function)| is_candidate(program, id, calls[id]).then(|| function.clone()))
        .collect();
    for index in 0..program.functions.len() {
        let id = FuncId::new(index);
        if program.waits.function(id) {
            merge_into(&mut program.functions[id], id, &before);
        }
    }
    program.unused = unreachable(program);
}

/// How often each function is called as such.
fn calls(program: &Program) -> IndexVec<FuncId, u32> {
    let mut result = IndexVec::from_elem(0, program.functions.len());
    for target in program.functions.iter().flat_map(|function| &function.targets) {
        if let Some(Target::Function(callee)) = target {
            result[*callee] += 1;
        }
    }
    result
}

fn is_candidate(program: &Program, id: FuncId, calls: u32) -> bool {
    let function = &program.functions[id];
    let body = &function.body;
    if !program.waits.function(id) || function.role == Role::Entry || body.attrs.cold {
        return false;
    }
    let alone = calls == 1 && matches!(function.role, Role::Closure | Role::Glue);
    let (blocks, statements) = if alone { ALONE } else { SMALL };
    body.blocks.len() <= blocks && body.blocks.iter().map(|b| b.statements.len()).sum::<usize>() <= statements
}

fn merge_into(function: &mut Function, id: FuncId, before: &IndexVec<FuncId, Option<Function>>) {
    let mut at = 0;
    while at < function.body.blocks.len() && function.body.blocks.len() < FULL {
        let block = BlockId::new(at);
        at += 1;
        let Some(Target::Function(callee)) = function.targets[block.index()] else {
            continue;
        };
        let Some(original) = before[callee].as_ref().filter(|_| callee != id) else {
            continue;
        };
        if function.body.blocks[block].cleanup
            || function.merged.is_within(function.merged.of_block(block), callee)
        {
            continue;
        }
        splice(function, block, callee, original);
    }
}

/// Puts a callee's code in the place of a call.
fn splice(function: &mut Function, block: BlockId, callee: FuncId, original: &Function) {
    let body = Arc::make_mut(&mut function.body);
    let span = body.blocks[block].terminator.span;
    let goto = TerminatorKind::Goto(BlockId::new(body.blocks.len()));
    let kind = std::mem::replace(&mut body.blocks[block].terminator.kind, goto);
    let TerminatorKind::Call(call) = kind else { unreachable!("only calls have callees that wait") };
    function.targets[block.index()] = None;
    let parent = function.merged.of_block(block);
    let scope = function.merged.scopes.push(Scope { parent, function: callee, call: span });
    function.merged.blocks.add(body.blocks.len(), scope);
    function.merged.locals.add(body.locals.len(), scope);

    let merge = Splice {
        first_block: body.blocks.len(),
        first_local: body.locals.len(),
        exit: BlockId::new(body.blocks.len() + original.body.blocks.len()),
        unwind: call.unwind,
        leaving: original.body.args().chain([RETURN]).collect(),
    };
    for decl in original.body.locals.iter() {
        let kind = if decl.kind == LocalKind::Flag { LocalKind::Flag } else { LocalKind::Temp };
        body.locals.push(crate::body::LocalDecl { kind, ..decl.clone() });
    }
    let statement = |kind| Statement { kind, span };
    // Nothing of them is worth keeping before, whatever parts of them are written first: siblings have the same room.
    let begin =
        original.body.locals.ids().map(|local| statement(StatementKind::StorageLive(merge.local(local))));
    body.blocks[block].statements.extend(begin);
    for (local, arg) in original.body.args().zip(&call.args) {
        let value = StatementKind::Assign(Place::local(merge.local(local)), Rvalue::Use(arg.clone()));
        body.blocks[block].statements.push(statement(value));
    }
    for data in original.body.blocks.iter() {
        let mut data = data.clone();
        data.statements.iter_mut().for_each(|s| merge.statement(s));
        merge.terminator(&mut data.statements, &mut data.terminator, data.cleanup);
        body.blocks.push(data);
    }
    // Where its returns lead.
    let mut statements = Vec::new();
    let kind = match call.target {
        Some(target) => {
            let value = Rvalue::Use(Operand::Move(Place::local(merge.local(RETURN))));
            statements.push(statement(StatementKind::Assign(call.destination, value)));
            TerminatorKind::Goto(target)
        }
        None => TerminatorKind::Unreachable,
    };
    merge.leave(&mut statements, span);
    body.blocks.push(crate::body::Block {
        statements,
        terminator: Terminator { kind, span },
        cleanup: false,
    });
    function.targets.extend(original.targets.iter().cloned().chain([None]));
    function.constants.extend(&original.constants);
    function.addresses.extend(original.addresses.iter().map(|(&ty, &id)| (ty, id)));
    function.tasks.extend(original.tasks.iter().map(|(&ty, &root)| (ty, root)));
}

struct Splice {
    first_block: usize,
    first_local: usize,
    exit: BlockId,
    unwind: Option<BlockId>,
    /// The locals whose storage nothing in the callee ends.
    leaving: Vec<Local>,
}

impl Splice {
    fn local(&self, local: Local) -> Local {
        Local::new(self.first_local + local.index())
    }

    fn block(&self, block: BlockId) -> BlockId {
        BlockId::new(self.first_block + block.index())
    }

    fn place(&self, place: &mut Place) {
        place.local = self.local(place.local);
        for projection in &mut place.projection {
            if let Projection::Index(local) = projection {
                *local = self.local(*local);
            }
        }
    }

    fn statement(&self, statement: &mut Statement) {
        if let StatementKind::StorageLive(local) | StatementKind::StorageDead(local) = &mut statement.kind {
            *local = self.local(*local);
        }
        visit::statement_places_mut(statement, &mut |place| self.place(place));
    }

    fn terminator(&self, statements: &mut Vec<Statement>, terminator: &mut Terminator, cleanup: bool) {
        visit::terminator_places_mut(terminator, &mut |place| self.place(place));
        let kind = &mut terminator.kind;
        kind.each_successor_mut(|block| *block = self.block(*block));
        match kind {
            TerminatorKind::Return => *kind = TerminatorKind::Goto(self.exit),
            TerminatorKind::Resume => {
                if let Some(unwind) = self.unwind {
                    self.leave(statements, terminator.span);
                    terminator.kind = TerminatorKind::Goto(unwind);
                }
            }
            // In a clean-up, what remains of it goes on.
            TerminatorKind::Drop { .. } if cleanup => {}
            _ => {
                if let Some(unwind) = kind.unwind_mut() {
                    *unwind = unwind.or(self.unwind);
                }
            }
        }
    }

    fn leave(&self, statements: &mut Vec<Statement>, span: Span) {
        let ends = self.leaving.iter().map(|&local| StatementKind::StorageDead(self.local(local)));
        statements.extend(ends.map(|kind| Statement { kind, span }));
    }
}

/// What nothing leads to.
fn unreachable(program: &Program) -> FxHashSet<FuncId> {
    let mut work: Vec<FuncId> = Vec::new();
    work.extend(program.main);
    work.extend(program.tests.iter().chain(&program.others));
    work.extend(program.statics.iter().map(|s| s.init));
    work.extend(
        program
            .vtables
            .iter()
            .flat_map(|table| table.drop.into_iter().chain(table.methods.iter().flatten().copied())),
    );
    work.extend(program.consts.values().chain(program.drop_glue.values()));
    work.extend(program.constants.iter().map(|&(_, id)| id));
    let seen = program.reached_from(work);
    program.functions.ids().filter(|id| !seen.contains(id)).collect()
}
