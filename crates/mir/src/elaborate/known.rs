//! What is known at each drop, and which edges need not meet it.

use hir::items::Program;
use hir::ty::TyKind;
use smallvec::SmallVec;

use crate::body::{
    BlockId, Body, Location, Place, Projection, Rvalue, Statement, StatementKind, Terminator, TerminatorKind,
};
use crate::dataflow::{
    Analysis, BitSet, Direction, Lookup, MaybeInit, MaybeUninit, MovePathId, MovePaths, Results, run,
};

/// A drop and what is known of its place there.
pub struct DropSite {
    pub block: BlockId,
    /// `None`: the drop cannot be reached.
    pub path: Option<MovePathId>,
    /// Of the path and all below it: whether it is initialised on some way, and not on some way.
    known: SmallVec<[(MovePathId, bool, bool); 2]>,
}

impl DropSite {
    pub fn get(&self, path: MovePathId) -> (bool, bool) {
        let found = self.known.iter().find(|(p, ..)| *p == path);
        found.map_or((false, false), |&(_, init, uninit)| (init, uninit))
    }
}

/// A block, the number of one of its edges, and where that may go instead.
pub type Shortcut = (BlockId, usize, BlockId);

/// All drops that are not known to be unconditional, and how to lead edges past them.
pub fn analyse(program: &Program, body: &Body, paths: &MovePaths) -> (Vec<DropSite>, Vec<Shortcut>) {
    let init = run(body, InitByVariant { init: MaybeInit(paths), program, body });
    let uninit = run(body, MaybeUninit(paths));
    let sites = drops(paths, &init, &uninit);
    let asks = sites.iter().any(|site| site.known.iter().any(|&(_, init, _)| init));
    let shortcuts = if asks { shortcuts(paths, &init) } else { Vec::new() };
    (sites, shortcuts)
}

/// Edges on which the values that the drops ahead would drop are already gone. Led past those,
/// they do not meet the ways on which there is something to drop, and no flag has to tell.
fn shortcuts(paths: &MovePaths, init: &Results<InitByVariant<'_>>) -> Vec<Shortcut> {
    let body = init.analysis.body;
    let dropped_at = |block: BlockId| {
        let block = &body.blocks[block];
        match &block.terminator.kind {
            TerminatorKind::Drop { place, target, .. } if block.statements.is_empty() => {
                match paths.lookup(place) {
                    Lookup::Exact(path) => Some((path, *target)),
                    Lookup::Parent(_) => None,
                }
            }
            _ => None,
        }
    };
    let mut shortcuts = Vec::new();
    for (block, data) in body.blocks.iter_enumerated() {
        let Some(entry) = init.at(block) else { continue };
        let mut end: Option<BitSet<MovePathId>> = None;
        let mut n = 0;
        while let Some(first) = data.terminator.kind.successor(n) {
            n += 1;
            let mut ahead = dropped_at(first);
            if ahead.is_none() {
                continue;
            }
            let at = body.end_of(block);
            let end = end.get_or_insert_with(|| {
                let mut state = entry.clone();
                for (i, statement) in data.statements.iter().enumerate() {
                    init.analysis.statement(&mut state, statement, Location::new(block, i));
                }
                init.analysis.terminator(&mut state, &data.terminator, at);
                state
            });
            let mut state = end.clone();
            init.analysis.edge(&mut state, &data.terminator, at, first);
            let mut to = first;
            // Bounded: drops may go round.
            for _ in 0..body.blocks.len() {
                let Some((path, next)) = ahead else { break };
                if paths.any_in_subtree(path, &state) {
                    break;
                }
                to = next;
                ahead = dropped_at(next);
            }
            if to != first {
                shortcuts.push((block, n - 1, to));
            }
        }
    }
    shortcuts
}

fn drops(
    paths: &MovePaths,
    init: &Results<InitByVariant<'_>>,
    uninit: &Results<MaybeUninit<'_>>,
) -> Vec<DropSite> {
    let mut sites = Vec::new();
    let mut unreachable = Vec::new();
    let mut here = BitSet::empty(paths.len());
    let mut not_here = BitSet::empty(paths.len());
    for (block, data) in init.analysis.body.blocks.iter_enumerated() {
        let TerminatorKind::Drop { place, .. } = &data.terminator.kind else { continue };
        let (Some(init_state), Some(uninit_state)) = (init.at(block), uninit.at(block)) else {
            unreachable.push(block);
            continue;
        };
        // A place without a path is behind a reference or an element: always there.
        let Lookup::Exact(path) = paths.lookup(place) else { continue };
        here.clone_from(init_state);
        not_here.clone_from(uninit_state);
        for (i, statement) in data.statements.iter().enumerate() {
            let location = Location::new(block, i);
            init.analysis.statement(&mut here, statement, location);
            uninit.analysis.statement(&mut not_here, statement, location);
        }
        if paths.any_in_subtree(path, &not_here) {
            let mut known = SmallVec::new();
            paths.each_in_subtree(path, |p| {
                known.push((p, here.contains(p), not_here.contains(p)));
            });
            sites.push(DropSite { block, path: Some(path), known });
        }
    }
    let unreachable = unreachable.into_iter();
    sites.extend(unreachable.map(|block| DropSite { block, path: None, known: SmallVec::new() }));
    sites
}

/// [`MaybeInit`], and in the branches of a switch on a discriminant the payloads of the other
/// variants are not initialised.
struct InitByVariant<'a> {
    init: MaybeInit<'a>,
    program: &'a Program,
    body: &'a Body,
}

impl Analysis for InitByVariant<'_> {
    type State = BitSet<MovePathId>;
    const DIRECTION: Direction = Direction::Forward;

    fn bottom(&self, body: &Body) -> Self::State {
        self.init.bottom(body)
    }

    fn boundary(&self, body: &Body, state: &mut Self::State) {
        self.init.boundary(body, state);
    }

    fn join(&self, into: &mut Self::State, from: &Self::State) -> bool {
        self.init.join(into, from)
    }

    fn statement(&self, state: &mut Self::State, statement: &Statement, at: Location) {
        self.init.statement(state, statement, at);
    }

    fn terminator(&self, state: &mut Self::State, terminator: &Terminator, at: Location) {
        self.init.terminator(state, terminator, at);
    }

    fn edge(&self, state: &mut Self::State, terminator: &Terminator, at: Location, target: BlockId) {
        self.init.edge(state, terminator, at, target);
        let TerminatorKind::Switch { value, targets, otherwise } = &terminator.kind else { return };
        let Some(switched) = value.place().and_then(Place::as_local) else { return };
        let statements = &self.body.blocks[at.block].statements;
        let Some(place) = statements.iter().rev().find_map(|s| match &s.kind {
            StatementKind::Assign(to, Rvalue::Discriminant(place)) if to.as_local() == Some(switched) => {
                Some(place)
            }
            _ => None,
        }) else {
            return;
        };
        let paths = self.init.0;
        let Lookup::Exact(path) = paths.lookup(place) else { return };
        let TyKind::Adt(adt, _) = *self.body.place_ty(place).kind() else { return };
        let variants = &self.program.adts[adt].variants;
        for child in paths.children(path) {
            let Some(Projection::Downcast(variant)) = paths.paths[child].place.projection.last() else {
                continue;
            };
            let value = variants[*variant].discriminant as u128 & u128::from(u64::MAX);
            let goes_to = targets.iter().find(|(v, _)| *v == value).map_or(*otherwise, |&(_, b)| b);
            if goes_to != target {
                paths.each_in_subtree(child, |p| {
                    state.remove(p);
                });
            }
        }
    }
}
