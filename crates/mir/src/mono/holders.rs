//! Which borrowed locals may move while a function is suspended at a check of its turn.
//!
//! At a wait every local that was ever borrowed keeps its place: others may use it through the borrow meanwhile. A check
//! of the turn ([`super::turns`]) stands in loops that should be fast, where an iterator that has been borrowed for `next` had
//! better stay in registers. Such a local may move if nothing can know its address: its type has no
//! identity (no raw pointer, cell, `dyn` or destructor), its borrows never left the function's own locals, and none of
//! the locals they came to is still used. The one thing to know: every doubt counts as a yes.

use std::collections::BTreeMap;

use base::{FxHashMap, FxHashSet};
use hir::ty::{Mutability, Ty, TyKind};

use super::{Function, Program, Shape, Target};
use crate::body::{Body, Local, Operand, Place, Projection, Rvalue, StatementKind, TerminatorKind};
use crate::dataflow::BitSet;

/// What is known of where the addresses of locals went.
pub struct Holders {
    /// By borrowed local: the locals that may hold its address; absent: it may be known anywhere.
    known: FxHashMap<Local, BitSet<Local>>,
}

impl Holders {
    /// Whether an address of `local` may be held by one of `live`, or by what is not seen here.
    pub fn may_be_held(&self, local: Local, live: &BitSet<Local>) -> bool {
        match self.known.get(&local) {
            Some(holders) => holders.iter().any(|holder| holder != local && live.contains(holder)),
            None => true,
        }
    }

    pub fn find(program: &Program, function: &Function) -> Holders {
        let body: &Body = &function.body;
        let mut types = Types { program, known: FxHashMap::default() };
        let mut flow = Flow { to: BTreeMap::new(), escapes: FxHashSet::default(), borrows: Vec::new() };
        for statement in body.blocks.iter().flat_map(|b| &b.statements) {
            if let StatementKind::Assign(place, rvalue) = &statement.kind {
                flow.assign(body, &mut types, place, rvalue);
            }
        }
        for (block, data) in body.blocks.iter_enumerated() {
            let TerminatorKind::Call(call) = &data.terminator.kind else { continue };
            let args: Vec<Place> = call.args.iter().filter_map(place_of).cloned().collect();
            let opaque = !matches!(function.targets[base::Idx::index(block)], Some(Target::Function(_)));
            for (i, arg) in args.iter().enumerate() {
                // Another argument may keep it, or what it leads to may keep what else it leads to.
                let kept = args.iter().enumerate().any(|(j, other)| {
                    let ty = other.ty(&body.locals);
                    match *ty.kind() {
                        TyKind::Ref(_, inner) if i == j => types.of(inner).takes,
                        _ => types.of(ty).takes,
                    }
                });
                if opaque || kept {
                    flow.escapes.insert(arg.local);
                }
                flow.add(body, &mut types, arg.local, &call.destination);
            }
        }
        let mut known = FxHashMap::default();
        let mut doubtful = FxHashSet::default();
        for &(local, holder) in &flow.borrows {
            if !types.of(body.locals[local].ty).plain
                || !flow.reach(holder, known.entry(local).or_insert_with(|| BitSet::empty(body.locals.len())))
            {
                doubtful.insert(local);
            }
        }
        known.retain(|local, _| !doubtful.contains(local));
        Holders { known }
    }
}

struct Flow {
    /// What the first holds, the second may.
    to: BTreeMap<Local, Vec<Local>>,
    /// What they hold may be known elsewhere.
    escapes: FxHashSet<Local>,
    /// The borrowed local and the one that gets its address.
    borrows: Vec<(Local, Local)>,
}

impl Flow {
    fn assign(&mut self, body: &Body, types: &mut Types<'_>, to: &Place, rvalue: &Rvalue) {
        match rvalue {
            Rvalue::Ref { place, .. } | Rvalue::Subslice { place, .. } => {
                if place.projection.iter().any(|p| matches!(p, Projection::Deref)) {
                    self.add(body, types, place.local, to);
                } else {
                    self.borrows.push((place.local, to.local));
                    if is_behind(to) {
                        self.escapes.insert(to.local);
                    }
                    self.add(body, types, place.local, to);
                }
            }
            Rvalue::RawRef(place) => {
                self.borrows.push((place.local, to.local));
                self.escapes.extend([place.local, to.local]);
            }
            Rvalue::Cast(_, operand, _) | Rvalue::Coerce(_, operand, _) => {
                if let Some(from) = place_of(operand) {
                    self.add(body, types, from.local, to);
                    // A raw pointer, or a `dyn` of which nothing is known.
                    if !types.of(to.ty(&body.locals)).plain {
                        self.escapes.insert(from.local);
                    }
                }
            }
            _ => super::operands_of(rvalue, &mut |operand| {
                if let Some(from) = place_of(operand) {
                    self.add(body, types, from.local, to);
                }
            }),
        }
    }

    /// What `from` holds comes to `to`.
    fn add(&mut self, body: &Body, types: &mut Types<'_>, from: Local, to: &Place) {
        if !types.of(body.locals[from].ty).holds || !types.of(to.ty(&body.locals)).holds {
            return;
        }
        if is_behind(to) {
            self.escapes.insert(from);
        }
        self.to.entry(from).or_default().push(to.local);
    }

    /// Everything that `from` leads to. False: it escapes.
    fn reach(&self, from: Local, seen: &mut BitSet<Local>) -> bool {
        let mut work = vec![from];
        while let Some(local) = work.pop() {
            if self.escapes.contains(&local) {
                return false;
            }
            if seen.insert(local) {
                work.extend(self.to.get(&local).into_iter().flatten());
            }
        }
        true
    }
}

fn is_behind(place: &Place) -> bool {
    place.projection.iter().any(|p| matches!(p, Projection::Deref))
}

fn place_of(operand: &Operand) -> Option<&Place> {
    match operand {
        Operand::Copy(place) | Operand::Move(place) => Some(place),
        Operand::Const(_) => None,
    }
}

/// What a type may have in it.
#[derive(Clone, Copy)]
struct Has {
    /// An address of something else.
    holds: bool,
    /// A way to store an address somewhere outside itself.
    takes: bool,
    /// Nothing that cares where it is.
    plain: bool,
}

const NOTHING: Has = Has { holds: false, takes: false, plain: true };
const ANYTHING: Has = Has { holds: true, takes: true, plain: false };

struct Types<'p> {
    program: &'p Program,
    known: FxHashMap<Ty, Has>,
}

impl Types<'_> {
    fn of(&mut self, ty: Ty) -> Has {
        match *ty.kind() {
            TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Never => {
                return NOTHING;
            }
            TyKind::Str => return Has { plain: false, ..NOTHING },
            TyKind::Ref(mutability, to) => {
                let inner = self.of(to);
                let takes = inner.takes
                    || (mutability == Mutability::Mut && inner.holds)
                    || !inner.plain && inner.holds;
                return Has { holds: true, takes, plain: true };
            }
            TyKind::Array(elem, _) => return self.of(elem),
            TyKind::List(elem) => return Has { plain: false, ..self.of(elem) },
            TyKind::Tuple(_) | TyKind::Adt(..) | TyKind::Closure(..) => {}
            _ => return ANYTHING,
        }
        if let Some(&known) = self.known.get(&ty) {
            return known;
        }
        // Within itself, behind a pointer: whatever that is, it is no plain one.
        self.known.insert(ty, ANYTHING);
        let mut parts: Vec<Ty> = Vec::new();
        let mut has = NOTHING;
        match (ty.kind(), self.program.shapes.get(&ty)) {
            (TyKind::Tuple(elems), _) => parts.extend(elems.iter()),
            (_, Some(Shape::Struct(s))) => {
                has.plain = !s.interior_mutable;
                parts.extend(s.fields.iter().map(|f| f.ty));
            }
            (_, Some(Shape::Enum(e))) => {
                parts.extend(e.variants.iter().flat_map(|v| &v.fields).map(|f| f.ty))
            }
            (_, Some(Shape::Closure(captures))) => parts.extend(captures.iter().map(|f| f.ty)),
            (_, None) => has = ANYTHING,
        }
        has.plain &= !self.program.drop_glue.contains_key(&ty);
        for part in parts {
            let part = self.of(part);
            has.holds |= part.holds;
            has.takes |= part.takes;
            has.plain &= part.plain;
        }
        self.known.insert(ty, has);
        has
    }
}
