//! Frames of waiting functions: what lies where while they are suspended.
//!
//! ```text
//! parent, site                    abi::waiting::Frame
//! result, caller                  what came in as hidden arguments, if there is such
//! homes                           locals that are borrowed across a wait, or too large for registers: they live here
//! spills                          locals in registers: stored when the function suspends, loaded when it is resumed
//! area                            where callees leave their results
//! pointees                        what coercions to a borrowed `dyn` point to
//! homes and spills of what was merged into the function (`mir::mono::merge`): each scope's behind its parent's, so that
//! siblings, of which one runs at a time, share their room
//! ```
//!
//! The one thing to know: a frame is taken on entry and costs a few instructions; spilling costs nothing until the function
//! really suspends. A function that keeps nothing there but what is spilled, and has no wait in a loop, takes its frame only around each
//! call that may wait (`Plan::late`): so what it does without such a call, which is mostly what it does at all (taking a lock
//! that is free), costs what it would in a function that never waits.

use std::cell::RefCell;
use std::rc::Rc;

use base::{FxHashMap, FxHashSet, IndexVec};
use mir::body::{BlockId, Body, Call, Local, Operand, Rvalue, StatementKind, TerminatorKind};
use mir::mono::merge::ScopeId;
use mir::mono::thir::Coercion;
use mir::mono::{FuncId, Target, suspend};

use crate::layout::Abi;
use crate::unit::Unit;

/// Size of `abi::waiting::Frame`.
const HEADER: u64 = 16;
/// Room for what a coercion to a borrowed `dyn` makes to point to: a list or string by its parts, or a `dyn` value.
pub const POINTEE: u64 = 24;

#[derive(Debug)]
pub struct Plan {
    /// 0: it never suspends and needs no frame.
    pub size: u64,
    /// The frame is taken before each call that may wait and given back after it.
    pub late: bool,
    /// Where the result's address is kept.
    pub result: Option<u64>,
    /// Where a `[track_caller]` function keeps its caller's place.
    pub caller: Option<u64>,
    pub area: u64,
    /// Where the pointees of coercions begin, [`POINTEE`] bytes each.
    pub pointees: u64,
    pub homes: IndexVec<Local, Option<u64>>,
    pub spills: IndexVec<Local, Option<u64>>,
    /// By the block whose call it is: its number, from 1, and the locals to spill.
    pub sites: FxHashMap<BlockId, Site>,
}

#[derive(Debug)]
pub struct Site {
    pub index: u32,
    pub spilled: Vec<Local>,
    /// The result goes straight to its destination, a home that nothing else sees.
    pub direct: bool,
}

/// Plans and needs, made when first asked for.
#[derive(Default)]
pub struct Plans {
    plans: RefCell<FxHashMap<FuncId, Rc<Plan>>>,
}

/// How a local is kept while the function is suspended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// It lives in the frame.
    Home,
    /// It is stored there when the function suspends.
    Spill,
}

struct Room(u64);

impl Room {
    fn take(&mut self, size: u64, align: u64) -> u64 {
        let at = self.0.next_multiple_of(align.max(1));
        self.0 = at + size;
        at
    }
}

impl Unit<'_> {
    pub fn frame_plan(&self, id: FuncId) -> Rc<Plan> {
        if let Some(found) = self.plans.plans.borrow().get(&id) {
            return found.clone();
        }
        let plan = Rc::new(self.make_plan(id));
        self.plans.plans.borrow_mut().insert(id, plan.clone());
        plan
    }

    fn make_plan(&self, id: FuncId) -> Plan {
        let function = &self.program.functions[id];
        let body: &Body = &function.body;
        let suspends = suspend::analyse(function, self.program);
        let none = || IndexVec::from_elem(None, body.locals.len());
        let mut plan = Plan {
            size: 0,
            late: false,
            result: None,
            caller: None,
            area: 0,
            pointees: 0,
            homes: none(),
            spills: none(),
            sites: FxHashMap::default(),
        };
        if suspends.sites.is_empty() {
            return plan;
        }
        let mut room = Room(HEADER);
        let result = self.layout(body.locals[mir::body::RETURN].ty);
        if result.abi != Abi::Zst {
            plan.result = Some(room.take(8, 8));
        }
        if body.attrs.track_caller {
            plan.caller = Some(room.take(8, 8));
        }
        let mut live = IndexVec::<Local, bool>::from_elem(false, body.locals.len());
        suspends.sites.iter().flat_map(|s| &s.live).for_each(|&l| live[l] = true);
        // What is in memory stays there across waits; across checks it is copied, so that a loop may keep it in registers.
        let mut waits = IndexVec::<Local, bool>::from_elem(false, body.locals.len());
        suspends.sites.iter().filter(|s| !s.check).flat_map(|s| &s.live).for_each(|&l| waits[l] = true);
        body.args().for_each(|l| waits[l] = true);
        let kept = |local: Local| {
            let layout = self.layout(body.locals[local].ty);
            let in_memory = layout.abi == Abi::Memory;
            // A large result is made where the caller wants it.
            if layout.abi == Abi::Zst || (local == mir::body::RETURN && in_memory) {
                None
            } else if suspends.pinned.contains(local) || (in_memory && live[local] && waits[local]) {
                Some(Kept::Home)
            } else {
                live[local].then_some(Kept::Spill)
            }
        };
        let kept: IndexVec<Local, Option<Kept>> = body.locals.ids().map(kept).collect();
        let take = |plan: &mut Plan, room: &mut Room, local: Local| {
            let layout = self.layout(body.locals[local].ty);
            match kept[local] {
                Some(Kept::Home) => plan.homes[local] = Some(room.take(layout.size, layout.align)),
                Some(Kept::Spill) => plan.spills[local] = Some(room.take(layout.size, layout.align)),
                None => {}
            }
        };
        let merged = &function.merged;
        let mut scoped = IndexVec::<ScopeId, Vec<Local>>::from_elem(Vec::new(), merged.scopes.len());
        for local in body.locals.ids() {
            match merged.of_local(local) {
                Some(scope) => scoped[scope].push(local),
                None => take(&mut plan, &mut room, local),
            }
        }
        let (mut area, mut area_align) = (0, 8);
        for (i, site) in suspends.sites.iter().enumerate() {
            let TerminatorKind::Call(call) = &body.blocks[site.block].terminator.kind else {
                continue;
            };
            let direct = call.destination.as_local().is_some_and(|l| {
                kept[l] == Some(Kept::Home) && !suspends.pinned.contains(l) && !mentions(call, l)
            });
            if !direct {
                let layout = self.layout(call.destination.ty(&body.locals));
                area = area.max(layout.size);
                area_align = area_align.max(layout.align);
            }
            let spilled = site.live.iter().copied().filter(|&l| kept[l] == Some(Kept::Spill)).collect();
            plan.sites.insert(site.block, Site { index: i as u32 + 1, spilled, direct });
        }
        plan.area = room.take(area, area_align);
        plan.pointees = room.take(POINTEE * coercions(body), 8);
        let mut end = room.0;
        let mut ends = IndexVec::<ScopeId, u64>::new();
        for (scope, locals) in scoped.iter_enumerated() {
            let mut room = Room(merged.scopes[scope].parent.map_or(room.0, |parent| ends[parent]));
            locals.iter().for_each(|&local| take(&mut plan, &mut room, local));
            ends.push(room.0);
            end = end.max(room.0);
        }
        plan.size = end.next_multiple_of(abi::waiting::FRAME_ALIGN as u64);
        plan.late = merged.scopes.is_empty()
            && plan.homes.iter().all(Option::is_none)
            && coercions(body) == 0
            && !suspends.sites.iter().any(|site| comes_back(body, site.block));
        plan
    }

    /// Bytes of arena that a function and what it calls can need at once; `None`: not known.
    pub fn arena_need(&self, id: FuncId) -> Option<u64> {
        self.need(id, &mut FxHashMap::default(), &mut FxHashSet::default())
    }

    fn need(
        &self,
        id: FuncId,
        known: &mut FxHashMap<FuncId, u64>,
        active: &mut FxHashSet<FuncId>,
    ) -> Option<u64> {
        if let Some(&found) = known.get(&id) {
            return Some(found);
        }
        if !active.insert(id) {
            return None;
        }
        let function = &self.program.functions[id];
        let plan = self.frame_plan(id);
        let mut deepest = 0;
        for &block in plan.sites.keys() {
            let below = match function.targets[block.0 as usize] {
                Some(Target::Function(callee)) => self.need(callee, known, active)?,
                Some(Target::Extern { .. }) => abi::waiting::LEAF_FRAME as u64,
                _ => return None,
            };
            deepest = deepest.max(below);
        }
        active.remove(&id);
        let need = plan.size + deepest;
        known.insert(id, need);
        Some(need)
    }
}

/// How many coercions make something to point to.
fn coercions(body: &Body) -> u64 {
    let statements = body.blocks.iter().flat_map(|b| &b.statements);
    let is_one = |s: &&mir::body::Statement| {
        matches!(&s.kind, StatementKind::Assign(_, Rvalue::Coerce(Coercion::RefToDyn, ..)))
    };
    statements.filter(is_one).count() as u64
}

/// Whether a block is in a loop.
fn comes_back(body: &Body, block: BlockId) -> bool {
    let mut seen = FxHashSet::default();
    let mut work = body.blocks[block].terminator.kind.successors();
    while let Some(next) = work.pop() {
        if next == block {
            return true;
        }
        if seen.insert(next) {
            work.extend(body.blocks[next].terminator.kind.successors());
        }
    }
    false
}

fn mentions(call: &Call, local: Local) -> bool {
    call.args.iter().any(|arg| match arg {
        Operand::Copy(place) | Operand::Move(place) => place.local == local,
        Operand::Const(_) => false,
    })
}
