//! What a waiting function must keep while it is suspended.
//!
//! For each call that may wait: the locals whose value may be read afterwards. And over all of them: the locals
//! that may be borrowed at such a call, which need a place that does not move for as long as they live; at a check of the
//! turn, those whose address may be known ([`super::holders`]). The one thing to know: both err on the side of keeping.
//!
//! Not here: where things are kept (that depends on layouts: `codegen`).

use super::holders::Holders;
use super::{Function, Program, turns};
use crate::body::{
    BlockId, Body, Local, Location, Place, Projection, RETURN, Rvalue, Statement, StatementKind, Terminator,
    TerminatorKind,
};
use crate::dataflow::BitSet;
use crate::dataflow::engine::{self, Analysis, Direction};
use crate::visit::{self, Access};

/// A call that may wait, as the terminator of a block.
#[derive(Debug)]
pub struct Site {
    pub block: BlockId,
    /// Read afterwards, on the normal way or the unwinding one.
    pub live: Vec<Local>,
    /// No wait, but a check whether the turn is over.
    pub check: bool,
}

#[derive(Debug)]
pub struct Suspends {
    pub sites: Vec<Site>,
    /// May be borrowed at some site.
    pub pinned: BitSet<Local>,
}

pub fn analyse(function: &Function, program: &Program) -> Suspends {
    let body: &Body = &function.body;
    let waits = &program.waits;
    let mut holders = None;
    let count = body.locals.len();
    let mut result = Suspends { sites: Vec::new(), pinned: BitSet::empty(count) };
    let blocks: Vec<BlockId> = body.blocks.ids().filter(|&b| waits.block(function, b)).collect();
    if blocks.is_empty() {
        return result;
    }
    let live = engine::run(body, Live::new(body));
    let borrowed = engine::run(body, Borrowed { count });
    for block in blocks {
        let Some(start) = borrowed.at(block) else { continue };
        let data = &body.blocks[block];
        let TerminatorKind::Call(call) = &data.terminator.kind else { continue };
        let mut read = BitSet::empty(count);
        if let Some(target) = call.target {
            read.union(&live_at(&live, body, target));
            written(&call.destination, &mut read);
        }
        // On the unwinding way the destination still has its old value.
        if let Some(unwind) = call.unwind {
            read.union(&live_at(&live, body, unwind));
        }
        let check = turns::is_check(function, block);
        result.sites.push(Site { block, live: read.iter().collect(), check });
        let mut at = start.clone();
        for statement in &data.statements {
            borrowed.analysis.statement(&mut at, statement, Location::new(block, 0));
        }
        if check {
            let holders = holders.get_or_insert_with(|| Holders::find(program, function));
            at.iter().filter(|&local| holders.may_be_held(local, &read)).for_each(|local| {
                result.pinned.insert(local);
            });
        } else {
            result.pinned.union(&at);
        }
    }
    result
}

/// What is read from a block's start on.
fn live_at(live: &engine::Results<Live>, body: &Body, block: BlockId) -> BitSet<Local> {
    let Some(end) = live.at(block) else { return BitSet::empty(body.locals.len()) };
    let mut state = end.clone();
    let data = &body.blocks[block];
    live.analysis.terminator(&mut state, &data.terminator, body.end_of(block));
    for statement in data.statements.iter().rev() {
        live.analysis.statement(&mut state, statement, body.end_of(block));
    }
    state
}

/// The effect of writing a call's result on what must be there: a whole local need not, what leads to a place must.
fn written(place: &Place, read: &mut BitSet<Local>) {
    match place.as_local() {
        Some(local) => {
            read.remove(local);
        }
        None => {
            read.insert(place.local);
            add_indices(place, read);
        }
    }
}

fn add_indices(place: &Place, state: &mut BitSet<Local>) {
    for local in visit::index_locals(place) {
        state.insert(local);
    }
}

/// Backward: which locals' values may be read.
struct Live {
    count: usize,
    /// Read in some clean-up.
    cleaned: BitSet<Local>,
}

impl Live {
    fn new(body: &Body) -> Live {
        let mut cleaned = BitSet::empty(body.locals.len());
        let mut see = |place: &Place, access: Access| {
            let is_write = access == Access::Write && place.as_local().is_some();
            if !is_write && !matches!(access, Access::StorageLive | Access::StorageDead) {
                cleaned.insert(place.local);
            }
            add_indices(place, &mut cleaned);
        };
        for block in body.blocks.iter().filter(|block| block.cleanup) {
            block.statements.iter().for_each(|s| visit::statement_places(s, &mut see));
            visit::terminator_places(&block.terminator, &mut see);
        }
        Live { count: body.locals.len(), cleaned }
    }
}

impl Live {
    fn touch(state: &mut BitSet<Local>, place: &Place, access: Access) {
        match access {
            Access::Write => written(place, state),
            Access::StorageLive | Access::StorageDead => {
                state.remove(place.local);
            }
            _ => {
                state.insert(place.local);
                add_indices(place, state);
            }
        }
    }
}

impl Analysis for Live {
    type State = BitSet<Local>;
    const DIRECTION: Direction = Direction::Backward;

    fn bottom(&self, _body: &Body) -> BitSet<Local> {
        BitSet::empty(self.count)
    }

    fn boundary(&self, _body: &Body, state: &mut BitSet<Local>) {
        state.insert(RETURN);
    }

    fn join(&self, into: &mut BitSet<Local>, from: &BitSet<Local>) -> bool {
        into.union(from)
    }

    fn statement(&self, state: &mut BitSet<Local>, statement: &Statement, _location: Location) {
        // What is written must be undone before what is read is added.
        let mut places: Vec<(Place, Access)> = Vec::new();
        visit::statement_places(statement, &mut |place, access| places.push((place.clone(), access)));
        places.iter().rev().for_each(|(place, access)| Live::touch(state, place, *access));
    }

    fn terminator(&self, state: &mut BitSet<Local>, terminator: &Terminator, _location: Location) {
        let mut places: Vec<(Place, Access)> = Vec::new();
        visit::terminator_places(terminator, &mut |place, access| places.push((place.clone(), access)));
        for (place, access) in places.iter().rev() {
            // On the unwinding way a call's result is not written, so what was there before may still be read there.
            if *access == Access::Write
                && unwinds(terminator)
                && place.as_local().is_some_and(|local| self.cleaned.contains(local))
            {
                continue;
            }
            Live::touch(state, place, *access);
        }
    }
}

fn unwinds(terminator: &Terminator) -> bool {
    matches!(&terminator.kind, TerminatorKind::Call(call) if call.unwind.is_some())
}

/// Forward: which locals may have been borrowed since their storage began.
struct Borrowed {
    count: usize,
}

impl Analysis for Borrowed {
    type State = BitSet<Local>;
    const DIRECTION: Direction = Direction::Forward;

    fn bottom(&self, _body: &Body) -> BitSet<Local> {
        BitSet::empty(self.count)
    }

    fn boundary(&self, _body: &Body, _state: &mut BitSet<Local>) {}

    fn join(&self, into: &mut BitSet<Local>, from: &BitSet<Local>) -> bool {
        into.union(from)
    }

    fn statement(&self, state: &mut BitSet<Local>, statement: &Statement, _location: Location) {
        match &statement.kind {
            StatementKind::Assign(_, rvalue) => {
                if let Rvalue::Ref { place, .. } | Rvalue::RawRef(place) | Rvalue::Subslice { place, .. } =
                    rvalue
                    && !place.projection.iter().any(|p| matches!(p, Projection::Deref))
                {
                    state.insert(place.local);
                }
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                state.remove(*local);
            }
            _ => {}
        }
    }

    fn terminator(&self, _state: &mut BitSet<Local>, _terminator: &Terminator, _location: Location) {}
}
