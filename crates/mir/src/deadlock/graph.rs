//! Questions about the shape of a body, without its unwind edges.

use base::Idx;

use crate::body::{BlockId, Body, TerminatorKind};

fn successors(body: &Body, block: BlockId) -> impl Iterator<Item = BlockId> + '_ {
    let mut list = Vec::new();
    body.blocks[block].terminator.kind.each_successor(|next| {
        if !body.blocks[next].cleanup {
            list.push(next);
        }
    });
    list.into_iter()
}

/// The blocks that can be reached, in reverse postorder.
pub fn order(body: &Body) -> Vec<BlockId> {
    let mut order: Vec<BlockId> = crate::dataflow::engine::reverse_postorder(body)
        .into_iter()
        .filter(|&b| !body.blocks[b].cleanup)
        .collect();
    order.dedup();
    order
}

/// Which blocks may be passed more than once in one activation.
pub fn looped(body: &Body) -> Vec<bool> {
    let order = order(body);
    let mut rank = vec![usize::MAX; body.blocks.len()];
    order.iter().enumerate().for_each(|(i, b)| rank[b.index()] = i);
    let mut looped = vec![false; body.blocks.len()];
    // A natural loop: what leads to the source of a back edge without passing its target.
    for &block in &order {
        for head in successors(body, block).collect::<Vec<_>>() {
            if rank[head.index()] <= rank[block.index()] {
                mark_loop(body, head, block, &mut looped);
            }
        }
    }
    looped
}

fn mark_loop(body: &Body, head: BlockId, tail: BlockId, looped: &mut [bool]) {
    let mut before: Vec<Vec<BlockId>> = vec![Vec::new(); body.blocks.len()];
    for block in body.blocks.ids() {
        if !body.blocks[block].cleanup {
            successors(body, block).for_each(|next| before[next.index()].push(block));
        }
    }
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![tail];
    seen[head.index()] = true;
    looped[head.index()] = true;
    while let Some(block) = work.pop() {
        looped[block.index()] = true;
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        work.extend(&before[block.index()]);
    }
}

/// Whether every way from the beginning to a return passes one of the blocks. A body that never returns is only followed as
/// far as it does not branch.
pub fn is_certain(body: &Body, blocks: &[BlockId]) -> bool {
    if returns_without(body, &[]) {
        return !returns_without(body, blocks);
    }
    let mut at = BlockId::new(0);
    for _ in 0..body.blocks.len() {
        if blocks.contains(&at) {
            return true;
        }
        let next: Vec<BlockId> = successors(body, at).collect();
        match next[..] {
            [one] => at = one,
            _ => return false,
        }
    }
    false
}

fn returns_without(body: &Body, avoided: &[BlockId]) -> bool {
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![BlockId::new(0)];
    while let Some(at) = work.pop() {
        if avoided.contains(&at) || std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        if matches!(body.blocks[at].terminator.kind, TerminatorKind::Return) {
            return true;
        }
        work.extend(successors(body, at));
    }
    false
}

/// Whether one who goes on at `from` may get out of a loop without passing its `head` again: to a return, to a call
/// that does not come back, or to where the loop goes on at its `end`.
pub fn leaves(body: &Body, from: BlockId, end: BlockId, head: BlockId) -> bool {
    let (inside, outside) = (reached(body, from, head), reached(body, end, head));
    body.blocks.ids().filter(|at| inside[at.index()]).any(|at| {
        outside[at.index()]
            || match &body.blocks[at].terminator.kind {
                TerminatorKind::Return | TerminatorKind::Unreachable => true,
                TerminatorKind::Call(call) => call.target.is_none(),
                _ => false,
            }
    })
}

/// What is reached without passing a block.
fn reached(body: &Body, from: BlockId, without: BlockId) -> Vec<bool> {
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        if at != without && !std::mem::replace(&mut seen[at.index()], true) {
            work.extend(successors(body, at));
        }
    }
    seen
}
