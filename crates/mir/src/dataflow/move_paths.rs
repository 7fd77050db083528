//! Move paths: the places whose initialisation is tracked one by one, as a forest.
//!
//! A path is a local, or a field (also of an enum's variant, of a tuple, of a closure's
//! environment, an element of an array at a constant position) of another path, as far as the
//! body moves out of it or assigns it. Nothing behind a reference has a path: it cannot be moved
//! out of. The one thing to know: a path's own bit says nothing of its children; a place is
//! wholly initialised when the bits of its whole subtree are set.

use base::{FxHashMap, Idx, IndexVec, index_type};
use hir::items::{AdtId, Program};
use hir::ty::TyKind;

use super::BitSet;
use crate::body::{
    Body, Local, Location, Operand, Place, Projection, Statement, StatementKind, Terminator, TerminatorKind,
};
use crate::place::PlaceTy;
use crate::visit::{self, Access};

index_type!(MovePathId, "mp");

#[derive(Clone, Debug)]
pub struct MovePath {
    pub place: Place,
    pub parent: Option<MovePathId>,
    pub first_child: Option<MovePathId>,
    pub next_sibling: Option<MovePathId>,
}

/// What a place means in terms of paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// It is a path.
    Exact(MovePathId),
    /// The nearest enclosing path; `None` if not even the local is tracked.
    Parent(Option<MovePathId>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IllegalMoveKind {
    /// Out of what a reference or raw pointer (or a static) points to.
    BehindReference,
    /// Out of a list or array by index, or of a list by pattern.
    Element,
    /// Out of a field of a type that implements `Drop`.
    HasDrop(AdtId),
}

/// A move that no path can be made for.
#[derive(Clone, Debug)]
pub struct IllegalMove {
    pub location: Location,
    pub place: Place,
    pub kind: IllegalMoveKind,
    /// The shortest prefix of `place` that cannot be moved out of (its projection's length).
    pub prefix: usize,
}

/// A change of initialisation. Both concern the path and everything in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Init(MovePathId),
    /// Moved out, dropped, or its storage begins or ends.
    Uninit(MovePathId),
}

pub struct MovePaths {
    pub paths: IndexVec<MovePathId, MovePath>,
    by_local: IndexVec<Local, Option<MovePathId>>,
    children: FxHashMap<(MovePathId, Projection), MovePathId>,
    /// In the order of the blocks; reported by the checker.
    pub illegal: Vec<IllegalMove>,
}

impl MovePaths {
    /// The paths of all locals.
    pub fn build(program: &Program, body: &Body) -> MovePaths {
        MovePaths::build_for(program, body, |_| true)
    }

    /// The paths of those locals that `tracked` accepts.
    pub fn build_for(program: &Program, body: &Body, tracked: impl Fn(Local) -> bool) -> MovePaths {
        let mut paths = MovePaths {
            paths: IndexVec::new(),
            by_local: IndexVec::new(),
            children: FxHashMap::default(),
            illegal: Vec::new(),
        };
        for local in body.locals.ids() {
            let path = tracked(local).then(|| {
                paths.paths.push(MovePath {
                    place: Place::local(local),
                    parent: None,
                    first_child: None,
                    next_sibling: None,
                })
            });
            paths.by_local.push(path);
        }
        for (block, data) in body.blocks.iter_enumerated() {
            for (i, statement) in data.statements.iter().enumerate() {
                visit::statement_places(statement, &mut |place, access| {
                    paths.gather(program, body, place, access, Location::new(block, i));
                });
            }
            visit::terminator_places(&data.terminator, &mut |place, access| {
                paths.gather(program, body, place, access, body.end_of(block));
            });
        }
        paths
    }

    fn gather(&mut self, program: &Program, body: &Body, place: &Place, access: Access, location: Location) {
        if place.projection.is_empty() {
            return;
        }
        match access {
            Access::Move => {
                if let Err((kind, prefix)) = self.add(program, body, place) {
                    let place = place.clone();
                    self.illegal.push(IllegalMove { location, place, kind, prefix });
                }
            }
            Access::Write | Access::Drop => {
                let _ = self.add(program, body, place);
            }
            _ => {}
        }
    }

    /// The path of `place`, made if need be, or why there is none.
    fn add(
        &mut self,
        program: &Program,
        body: &Body,
        place: &Place,
    ) -> Result<Option<MovePathId>, (IllegalMoveKind, usize)> {
        let Some(mut path) = self.by_local[place.local] else { return Ok(None) };
        let mut ty = PlaceTy { ty: body.locals[place.local].ty, variant: None };
        // Legality first, so that an illegal move makes no paths at all.
        for (i, &projection) in place.projection.iter().enumerate() {
            if let Some(kind) = obstacle(program, ty, projection) {
                return Err((kind, i));
            }
            ty = ty.project(projection);
        }
        for (i, &projection) in place.projection.iter().enumerate() {
            if let Some(&child) = self.children.get(&(path, projection)) {
                path = child;
                continue;
            }
            let child = self.paths.push(MovePath {
                place: Place { local: place.local, projection: place.projection[..=i].to_vec() },
                parent: Some(path),
                first_child: None,
                next_sibling: self.paths[path].first_child,
            });
            self.paths[path].first_child = Some(child);
            self.children.insert((path, projection), child);
            path = child;
        }
        Ok(Some(path))
    }

    pub fn len(&self) -> usize {
        self.paths.len()
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub fn of_local(&self, local: Local) -> Option<MovePathId> {
        self.by_local[local]
    }

    pub fn child(&self, path: MovePathId, projection: Projection) -> Option<MovePathId> {
        self.children.get(&(path, projection)).copied()
    }

    pub fn lookup(&self, place: &Place) -> Lookup {
        let Some(mut path) = self.by_local[place.local] else { return Lookup::Parent(None) };
        for &projection in &place.projection {
            match self.children.get(&(path, projection)) {
                Some(&child) => path = child,
                None => return Lookup::Parent(Some(path)),
            }
        }
        Lookup::Exact(path)
    }

    /// The direct children of a path.
    pub fn children(&self, path: MovePathId) -> impl Iterator<Item = MovePathId> + '_ {
        std::iter::successors(self.paths[path].first_child, |&p| self.paths[p].next_sibling)
    }

    /// Calls `f` on the path and all below it.
    #[inline]
    pub fn each_in_subtree(&self, path: MovePathId, mut f: impl FnMut(MovePathId)) {
        f(path);
        if self.paths[path].first_child.is_some() {
            self.each_below(path, &mut f);
        }
    }

    fn each_below(&self, path: MovePathId, f: &mut dyn FnMut(MovePathId)) {
        let mut stack: Vec<MovePathId> = self.children(path).collect();
        while let Some(path) = stack.pop() {
            f(path);
            stack.extend(self.children(path));
        }
    }

    /// The path itself or one below it is in the set.
    pub fn any_in_subtree(&self, path: MovePathId, set: &BitSet<MovePathId>) -> bool {
        self.find_in_subtree(path, set).is_some()
    }

    /// A member of the set among the path and those below it.
    pub fn find_in_subtree(&self, path: MovePathId, set: &BitSet<MovePathId>) -> Option<MovePathId> {
        let mut found = None;
        self.each_in_subtree(path, |p| {
            if found.is_none() && set.contains(p) {
                found = Some(p);
            }
        });
        found
    }

    /// The changes that a statement makes, in order.
    pub fn statement_effects(&self, statement: &Statement, f: &mut impl FnMut(Effect)) {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                visit::rvalue_places(rvalue, &mut |place, access| {
                    if access == Access::Move {
                        self.uninit(place, f);
                    }
                });
                if let Lookup::Exact(path) = self.lookup(place) {
                    f(Effect::Init(path));
                }
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                if let Some(path) = self.by_local[*local] {
                    f(Effect::Uninit(path));
                }
            }
            StatementKind::FakeRead(_) | StatementKind::Nop => {}
        }
    }

    /// The changes that a terminator makes on every edge.
    pub fn terminator_effects(&self, terminator: &Terminator, f: &mut impl FnMut(Effect)) {
        match &terminator.kind {
            TerminatorKind::Switch { value, .. } => self.operand(value, f),
            TerminatorKind::Assert { condition, .. } => self.operand(condition, f),
            TerminatorKind::Call(call) => call.args.iter().for_each(|a| self.operand(a, f)),
            TerminatorKind::Drop { place, .. } => self.uninit(place, f),
            _ => {}
        }
    }

    /// The changes on the edge to `target` only: a call's result.
    pub fn edge_effects(
        &self,
        terminator: &Terminator,
        target: crate::body::BlockId,
        f: &mut impl FnMut(Effect),
    ) {
        if let TerminatorKind::Call(call) = &terminator.kind
            && call.target == Some(target)
            && let Lookup::Exact(path) = self.lookup(&call.destination)
        {
            f(Effect::Init(path));
        }
    }

    fn operand(&self, operand: &Operand, f: &mut impl FnMut(Effect)) {
        if let Operand::Move(place) = operand {
            self.uninit(place, f);
        }
    }

    fn uninit(&self, place: &Place, f: &mut impl FnMut(Effect)) {
        if let Lookup::Exact(path) = self.lookup(place) {
            f(Effect::Uninit(path));
        }
    }
}

/// Why nothing can be moved out of a place of type `ty` through `projection`.
fn obstacle(program: &Program, ty: PlaceTy, projection: Projection) -> Option<IllegalMoveKind> {
    match projection {
        Projection::Deref => Some(IllegalMoveKind::BehindReference),
        Projection::Index(_) => Some(IllegalMoveKind::Element),
        Projection::ConstIndex { from_end, .. } => match ty.ty.kind() {
            TyKind::Array(..) if !from_end => None,
            _ => Some(IllegalMoveKind::Element),
        },
        Projection::Field(..) | Projection::Downcast(_) => match *ty.ty.kind() {
            TyKind::Adt(id, _) if id.index() < program.adts.len() => {
                program.adts[id].drop_impl.map(|_| IllegalMoveKind::HasDrop(id))
            }
            _ => None,
        },
    }
}
