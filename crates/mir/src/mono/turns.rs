//! Where loops look up: a task that computes for long lets others run.
//!
//! In functions that wait and that a task may run, each way back to a loop's start gets a call of [`CHECK`], unless
//! every round calls a waiting function of the runtime anyway, which looks for itself. The check is a place where the
//! function may be suspended, but no wait: nothing is cancelled there, so it needs no clean-up. The one thing to
//! know: loops in functions that do not wait get none, which keeps them as fast as they can be; a task that
//! stays in one for long is noticed by the runtime.

use std::sync::Arc;

use base::{FxHashSet, Idx, IndexVec, Name};

use super::{FuncId, Function, Program, Target, internal};
use crate::body::{
    Block, BlockId, Body, Call, CallFlow, Callee, LocalDecl, LocalKind, Place, Terminator, TerminatorKind,
};
use hir::ty::Ty;

/// The function of the runtime that lets others run if the turn is over. Called when the word [`FLAG`] is not 0.
pub const CHECK: &str = "altru_task_check";
/// A word of the runtime: how many tasks there are whose turn is over.
pub const FLAG: &str = "altru_turns_over";

/// Whether a block ends with a check.
pub fn is_check(function: &Function, block: BlockId) -> bool {
    matches!(&function.targets[block.index()], Some(Target::Extern { symbol, .. }) if symbol.as_str() == CHECK)
}

/// Puts checks into a program whose waiting functions are known, and lets threads call foreign functions without ado.
pub(super) fn insert(program: &mut Program) {
    let by_tasks = run_by_tasks(program);
    for (index, function) in program.functions.iter_mut().enumerate() {
        let id = FuncId::new(index);
        if !by_tasks.contains(&id) {
            function.targets.iter_mut().flatten().for_each(|target| {
                if let Target::Extern { native, .. } = target {
                    *native = false;
                }
            });
        } else if program.waits.function(id) {
            insert_into(function);
        }
    }
}

/// What tasks may run.
fn run_by_tasks(program: &Program) -> FxHashSet<FuncId> {
    let mut work: Vec<FuncId> =
        program.functions.iter().flat_map(|f| f.tasks.values().map(|root| root.entry)).collect();
    if !work.is_empty() {
        work.extend(program.vtables.iter().flat_map(|table| table.methods.iter().flatten()));
    }
    program.reached_from(work)
}

fn insert_into(function: &mut Function) {
    let edges: Vec<(BlockId, BlockId)> = back_edges(&function.body)
        .into_iter()
        .filter(|&(from, start)| {
            !function.body.blocks[from].cleanup && has_round_without_wait(function, start, from)
        })
        .collect();
    if edges.is_empty() {
        return;
    }
    let body = Arc::make_mut(&mut function.body);
    let span = body.span;
    let nothing = body.locals.push(LocalDecl {
        ty: Ty::unit(),
        name: None,
        span,
        mutable: true,
        by_ref: false,
        kind: LocalKind::Temp,
    });
    for (from, start) in edges {
        let call = Call {
            callee: Callee::Fn { id: internal::id(internal::TURN), args: &[] },
            args: Vec::new(),
            destination: Place::local(nothing),
            target: Some(start),
            unwind: None,
            flow: CallFlow::default(),
        };
        let terminator = Terminator {
            kind: TerminatorKind::Call(Box::new(call)),
            span: body.blocks[from].terminator.span,
        };
        let check = body.blocks.push(Block { statements: Vec::new(), terminator, cleanup: false });
        body.blocks[from].terminator.kind.each_successor_mut(|next| {
            if *next == start {
                *next = check;
            }
        });
        function.targets.push(Some(Target::Extern { symbol: Name::new(CHECK), native: false }));
    }
}

/// Edges to a block that is on the way from the entry to where they start.
fn back_edges(body: &Body) -> Vec<(BlockId, BlockId)> {
    #[derive(Clone, PartialEq)]
    enum Mark {
        New,
        OnWay,
        Done,
    }
    let mut marks = IndexVec::<BlockId, Mark>::from_elem(Mark::New, body.blocks.len());
    let mut way = vec![(BlockId(0), 0)];
    let mut edges = Vec::new();
    marks[BlockId(0)] = Mark::OnWay;
    while let Some((block, next)) = way.last_mut() {
        let from = *block;
        let Some(to) = body.blocks[from].terminator.kind.successor(*next) else {
            marks[from] = Mark::Done;
            way.pop();
            continue;
        };
        *next += 1;
        match marks[to] {
            Mark::New => {
                marks[to] = Mark::OnWay;
                way.push((to, 0));
            }
            Mark::OnWay if !edges.contains(&(from, to)) => edges.push((from, to)),
            _ => {}
        }
    }
    edges
}

/// Whether one can come from `start` to `from` without a call that looks up by itself.
fn has_round_without_wait(function: &Function, start: BlockId, from: BlockId) -> bool {
    let mut seen = FxHashSet::default();
    let mut work = vec![start];
    while let Some(block) = work.pop() {
        if !seen.insert(block) || looks_up(function, block) {
            continue;
        }
        if block == from {
            return true;
        }
        function.body.blocks[block].terminator.kind.each_successor(|next| work.push(next));
    }
    false
}

fn looks_up(function: &Function, block: BlockId) -> bool {
    matches!(&function.targets[block.index()], Some(Target::Extern { symbol, .. })
        if abi::function(symbol.as_str()).is_some_and(|f| f.effects.waits))
}
