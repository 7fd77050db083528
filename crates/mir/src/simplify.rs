//! Clean-up: fewer blocks and locals, so that every later stage has less to do.
//!
//! Not here: optimisation (LLVM's work). The one thing to know: [`simplify_cfg`] keeps all that
//! the checks look at and may run before them; [`simplify`] is for bodies that have been checked.

use base::{Idx, IndexVec};
use hir::thir::Coercion;

use crate::body::{
    Aggregate, Block, BlockId, Body, ConstKind, Constant, Local, Operand, Rvalue, StatementKind, Terminator,
    TerminatorKind,
};
use crate::dataflow::engine::reverse_postorder;
use crate::visit::{self, Access};

/// After drop elaboration: also removes what only the checks needed.
pub fn simplify(body: &mut Body) {
    for block in body.blocks.iter_mut() {
        block.statements.retain(|s| !matches!(s.kind, StatementKind::Nop | StatementKind::FakeRead(_)));
    }
    simplify_cfg(body);
    remove_dead_locals(body);
}

/// Shortens chains of gotos, joins blocks, and removes what is not reachable. Blocks end up in
/// reverse postorder.
pub fn simplify_cfg(body: &mut Body) {
    for block in body.blocks.iter_mut() {
        simplify_switch(&mut block.terminator.kind);
    }
    thread_gotos(body);
    for block in body.blocks.iter_mut() {
        simplify_switch(&mut block.terminator.kind);
    }
    let mut order = reverse_postorder(body);
    join_blocks(body, &mut order);
    renumber(body, &order);
}

fn simplify_switch(kind: &mut TerminatorKind) {
    let TerminatorKind::Switch { value, targets, otherwise } = kind else { return };
    let target = match value {
        Operand::Const(Constant { kind: ConstKind::Int(n), .. }) if *n >= 0 => {
            let wanted = *n as u128;
            targets.iter().find(|(v, _)| *v == wanted).map_or(*otherwise, |&(_, b)| b)
        }
        _ if targets.iter().all(|(_, b)| b == otherwise) => *otherwise,
        _ => return,
    };
    *kind = TerminatorKind::Goto(target);
}

/// Leads every edge past empty blocks, and panics with nothing to clean up out of the function.
fn thread_gotos(body: &mut Body) {
    let mut goal: IndexVec<BlockId, BlockId> = body.blocks.ids().collect();
    for start in body.blocks.ids() {
        let mut at = start;
        // Bounded: blocks may go round in circles.
        for _ in 0..body.blocks.len() {
            let block = &body.blocks[at];
            match block.terminator.kind {
                TerminatorKind::Goto(next) if block.statements.is_empty() && next != at => {
                    at = if goal[next] != next { goal[next] } else { next };
                    if at == start {
                        break;
                    }
                }
                _ => break,
            }
        }
        goal[start] = at;
    }
    let resumes: IndexVec<BlockId, bool> = body
        .blocks
        .iter()
        .map(|b| {
            b.statements.iter().all(|s| matches!(s.kind, StatementKind::Nop))
                && matches!(b.terminator.kind, TerminatorKind::Resume)
        })
        .collect();
    for block in body.blocks.iter_mut() {
        block.terminator.kind.each_successor_mut(|target| *target = goal[*target]);
        if let Some(unwind) = block.terminator.kind.unwind_mut()
            && unwind.is_some_and(|u| resumes[u])
        {
            *unwind = None;
        }
    }
}

/// Keeps the listed blocks, in that order. They lead only to each other.
fn renumber(body: &mut Body, order: &[BlockId]) {
    let mut new_id: IndexVec<BlockId, BlockId> = IndexVec::from_elem(BlockId(0), body.blocks.len());
    for (i, &block) in order.iter().enumerate() {
        new_id[block] = BlockId::new(i);
    }
    let mut old = std::mem::take(&mut body.blocks).into_vec();
    if order.len() == old.len() && order.iter().enumerate().all(|(i, id)| id.index() == i) {
        body.blocks = IndexVec::from_vec(old);
        return;
    }
    let empty = || Block {
        statements: Vec::new(),
        terminator: Terminator { kind: TerminatorKind::Unreachable, span: base::Span::default() },
        cleanup: false,
    };
    body.blocks = order
        .iter()
        .map(|&id| {
            let mut block = std::mem::replace(&mut old[id.index()], empty());
            block.terminator.kind.each_successor_mut(|target| *target = new_id[*target]);
            block
        })
        .collect();
}

/// Appends a block to the only one that goes to it. `order` lists the reachable blocks, and
/// afterwards what is left of them.
fn join_blocks(body: &mut Body, order: &mut Vec<BlockId>) {
    let mut edges_in: IndexVec<BlockId, u32> = IndexVec::from_elem(0, body.blocks.len());
    edges_in[BlockId(0)] = 1;
    for &id in order.iter() {
        body.blocks[id].terminator.kind.each_successor(|s| edges_in[s] += 1);
    }
    for &id in order.iter() {
        // Joined to another one already.
        if edges_in[id] == 0 {
            continue;
        }
        while let TerminatorKind::Goto(next) = body.blocks[id].terminator.kind {
            if next == id || edges_in[next] != 1 || body.blocks[next].cleanup != body.blocks[id].cleanup {
                break;
            }
            edges_in[next] = 0;
            let statements = std::mem::take(&mut body.blocks[next].statements);
            let span = body.blocks[next].terminator.span;
            let kind = std::mem::replace(&mut body.blocks[next].terminator.kind, TerminatorKind::Unreachable);
            let block = &mut body.blocks[id];
            if block.statements.is_empty() {
                block.statements = statements;
            } else {
                block.statements.extend(statements);
            }
            block.terminator.kind = kind;
            block.terminator.span = span;
        }
    }
    order.retain(|&id| edges_in[id] != 0);
}

/// Making the value does nothing but make it.
fn is_pure(rvalue: &Rvalue) -> bool {
    !matches!(
        rvalue,
        Rvalue::Aggregate(Aggregate::List(_), _) | Rvalue::Coerce(Coercion::ToDyn | Coercion::ToDynFn, ..)
    )
}

/// Removes locals that nothing reads, with what is written to them.
fn remove_dead_locals(body: &mut Body) {
    let mut reads: IndexVec<Local, u32> = IndexVec::from_elem(0, body.locals.len());
    let mut count = |place: &crate::body::Place, access: Access| {
        let only_written = matches!(access, Access::Write | Access::StorageLive | Access::StorageDead)
            && place.projection.is_empty();
        if !only_written {
            reads[place.local] += 1;
        }
        visit::index_locals(place).for_each(|l| reads[l] += 1);
    };
    for block in body.blocks.iter() {
        block.statements.iter().for_each(|s| visit::statement_places(s, &mut count));
        visit::terminator_places(&block.terminator, &mut count);
        if let TerminatorKind::Call(call) = &block.terminator.kind {
            count(&call.destination, Access::Inspect);
        }
    }
    for local in (0..=body.arg_count).map(Local::new) {
        reads[local] += 1;
    }
    // A write to a dead local may have been the only read of another one.
    let mut changed = true;
    while changed {
        changed = false;
        for block in body.blocks.iter_mut() {
            for statement in &mut block.statements {
                let StatementKind::Assign(place, rvalue) = &statement.kind else { continue };
                if !place.projection.is_empty() || reads[place.local] != 0 || !is_pure(rvalue) {
                    continue;
                }
                visit::rvalue_places(rvalue, &mut |place, _| {
                    reads[place.local] -= 1;
                    changed |= reads[place.local] == 0;
                    visit::index_locals(place).for_each(|l| reads[l] -= 1);
                });
                statement.kind = StatementKind::Nop;
            }
        }
    }
    // What is still assigned stays, dead or not.
    for block in body.blocks.iter() {
        for statement in &block.statements {
            if let StatementKind::Assign(place, _) = &statement.kind {
                reads[place.local] += 1;
            }
        }
    }
    let mut new_id: IndexVec<Local, Local> = IndexVec::from_elem(Local(0), body.locals.len());
    let mut kept = 0;
    for local in body.locals.ids() {
        new_id[local] = Local::new(kept);
        kept += usize::from(reads[local] != 0);
    }
    for block in body.blocks.iter_mut() {
        block.statements.retain(|s| match s.kind {
            StatementKind::Nop => false,
            StatementKind::StorageLive(l) | StatementKind::StorageDead(l) => reads[l] != 0,
            _ => true,
        });
    }
    if kept == body.locals.len() {
        return;
    }
    let decls = std::mem::take(&mut body.locals).into_vec();
    body.locals = decls
        .into_iter()
        .enumerate()
        .filter(|(i, _)| reads[Local::new(*i)] != 0)
        .map(|(_, decl)| decl)
        .collect();
    let mut rename = |place: &mut crate::body::Place| {
        place.local = new_id[place.local];
        for projection in &mut place.projection {
            if let crate::body::Projection::Index(local) = projection {
                *local = new_id[*local];
            }
        }
    };
    for block in body.blocks.iter_mut() {
        for statement in &mut block.statements {
            visit::statement_places_mut(statement, &mut rename);
            if let StatementKind::StorageLive(l) | StatementKind::StorageDead(l) = &mut statement.kind {
                *l = new_id[*l];
            }
        }
        visit::terminator_places_mut(&mut block.terminator, &mut rename);
    }
}
