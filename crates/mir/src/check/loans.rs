//! Loans: which views each local holds at each point.
//!
//! Not here: what a loan forbids ([`super::conflicts`]), moves ([`super::moves`]). The one thing
//! to know: no lifetimes and no constraint solving; a forward dataflow carries sets of loans,
//! and a loan lasts as long as some live local carries it.
//!
//! # Rules
//!
//! **Loans.** Each `&place` makes one: the place, shared or exclusive, where. A place reached
//! through a `&` needs none (nothing can change it while that reference's own loans last), one
//! behind a raw pointer is not followed. Parameters come with symbolic loans: `Outer(p)` for the
//! reference that passes a `Ref`/`Mut` argument, `Held(p)` for all views in the argument's
//! value, and for a closure's capture `c`: `Near(c)` for the views directly in it (the capturing
//! reference), `Far(c)` for those behind.
//!
//! **State.** Each local that can hold views carries three sets: `near`, the loans of the
//! references directly in its value, `mid`, those of the references right behind these, and
//! `far`, those of all that is behind them in turn. Beside the locals there is the *world*:
//! everything that was stored where a parameter points. It is always live.
//!
//! **Flow.** Copies and moves take the sets along (behind a dereference they move up: `mid`
//! becomes `near`). `&place` gives `near` = its loan, and for each reference it goes through,
//! innermost first, that reference's own loans, up to and including the first shared one; `mid`
//! and `far` are what the place's value holds. Assigning a whole local replaces its sets and ends the loans of
//! places that were reached through it (they are elsewhere now, kept by the references' own
//! loans, which are in the same sets); assigning a part adds.
//! *Storing*: what is written through an exclusive reference also goes to every place which that
//! reference may point to: for each exclusive loan it carries, to the loan's base local; for
//! each symbolic one, to the world. Only `Held` and captures' loans may reach the world, since a
//! caller accounts for just these.
//! *Absorbing*: whenever several values meet, each one through which something that can hold
//! views may be written stores into all it points to whatever the others hold: the arguments of
//! a call (of a `Ref`/`Mut` argument what its value holds; of another all that it carries), the
//! parts of a struct, tuple or list, the captures of a closure (of an exclusive capture what is
//! behind it; of another all), a local and what is assigned to a part of it. So a callee may
//! move views about inside what it was given, and nobody need look at how.
//! *Results*: `Outer(i)` is all that argument `i` carries, `Held(i)` what its value holds, after
//! absorbing. A call of a function value (closure, parameter, `dyn fn`) gives `Held(0)` (what
//! the captures point to, never the closure's own data) and of every other argument `Held(i)`,
//! or `Outer(i)` if the function type's result names a reference itself (`fn(T) -> &U`). A
//! closure whose body does return a borrow of an argument is therefore refused where the
//! function type asked for does not name one ([`super::owned`]). A method of a trait gives what
//! the trait's declaration says, for callers and for the body.
//!
//! **Return.** The result may carry the symbolic loans that the signature names (with `Held` of
//! everything if it names a parameter that absorbs) and no loan of a local's own storage.
//!
//! # Why this is sound
//!
//! Call memory *reachable from* a local that which its value's references lead to. Claim: at
//! every point, for every live local (and the world), the sets hold a loan for each reference
//! reachable from it, `near` for the outermost ones, and whatever a reference was reborrowed
//! from is there too. By induction over steps: reading, borrowing and assigning are exact or
//! weaker, as above. (A callee may hand a view further out than it was, never further in,
//! unless it stores it: that is what keeps the levels right.) Writing through a reference changes memory that others may reach: through
//! an exclusive reference only its own ancestors in the chain of reborrows can (anything else
//! that overlaps would be a conflict at its next use), and their loans are in the set, so the
//! store reaches their base locals. Callees: by the same claim in their bodies, a view moves
//! from argument `j` into what `i` points to only if its loan there is `Held(j)`; and inside one
//! argument `i`, views may move from one part to where another part points, which was absorbed
//! when the parts met. `Outer(j)` in the world is refused in the body, hence a short borrow for
//! an argument never outlives the call. Closures' bodies are the callees of their calls, their
//! captures being parts that met at creation. Interior mutability cannot hold views (its types
//! take owned parameters only), an owned `dyn` neither ([`super::owned`] refuses it), so nothing
//! is stored through shared references.
//! Given the claim, a conflict is missed only if an access overlaps a loan that no live local
//! carries; then no live local reaches the borrowed memory by that reference, and the access is
//! harmless. Drops count as uses where drop glue may look at views ([`Facts::drop_looks`]).

use base::{FxHashMap, IndexVec, Name, Span};
use hir::items::{FnId, FnKind, FnParent, Origin};
use hir::ty::{Conv, Mutability, Ty, TyKind};

use crate::body::{
    Aggregate, BlockId, Body, Call, Callee, Local, Location, Operand, Place, Projection, RETURN,
    Rvalue, Source, Statement, StatementKind, Terminator, TerminatorKind,
};
use crate::check::facts::{Depth, Facts, known};
use crate::check::live::Liveness;
use crate::check::sets::{LoanId, LoanSet, Sets};

#[derive(Clone, Debug)]
pub enum LoanKind {
    Place(PlaceLoan),
    Outer(u32),
    Held(u32),
    Near(u32),
    Far(u32),
}

#[derive(Clone, Debug)]
pub struct PlaceLoan {
    pub place: Place,
    /// Of a slice, only this part: elements from `.0` on, without the last `.1`.
    pub part: Option<(u64, u64)>,
    pub mutability: Mutability,
    /// The temporary that holds it until it begins, for a two-phase borrow.
    pub two_phase: Option<Local>,
    pub location: Location,
    pub span: Span,
}

impl LoanKind {
    pub fn place(&self) -> Option<&PlaceLoan> {
        match self {
            LoanKind::Place(loan) => Some(loan),
            _ => None,
        }
    }
}

/// The loans that a value carries: of its own references, of those behind them, and behind those.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carry {
    pub near: LoanSet,
    pub mid: LoanSet,
    pub far: LoanSet,
}

impl Carry {
    pub const NONE: Carry =
        Carry { near: LoanSet::EMPTY, mid: LoanSet::EMPTY, far: LoanSet::EMPTY };

    fn is_none(self) -> bool {
        self == Carry::NONE
    }

    /// What is behind one dereference.
    fn behind(self) -> Carry {
        Carry { near: self.mid, mid: self.far, far: self.far }
    }

    pub fn sets(self) -> [LoanSet; 3] {
        [self.near, self.mid, self.far]
    }
}

/// What is carried at a point.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Sorted by local; absent: nothing.
    pub carried: Vec<(Local, Carry)>,
    pub world: Option<LoanSet>,
}

impl State {
    pub fn get(&self, local: Local) -> Carry {
        match self.carried.binary_search_by_key(&local, |e| e.0) {
            Ok(i) => self.carried[i].1,
            Err(_) => Carry::NONE,
        }
    }

    fn set(&mut self, local: Local, carry: Carry) {
        match self.carried.binary_search_by_key(&local, |e| e.0) {
            Ok(i) if carry.is_none() => drop(self.carried.remove(i)),
            Ok(i) => self.carried[i].1 = carry,
            Err(_) if carry.is_none() => {}
            Err(i) => self.carried.insert(i, (local, carry)),
        }
    }

    pub fn world(&self) -> LoanSet {
        self.world.unwrap_or(LoanSet::EMPTY)
    }
}

/// A view was stored where a parameter points, or returned, and must not be.
#[derive(Clone, Debug)]
pub struct Escape {
    pub loan: LoanId,
    /// The parameter it was stored into (argument position), if known.
    pub into: Option<u32>,
    pub span: Span,
}

/// Which arguments are passed by reference, and what the result may borrow from.
pub struct Flow {
    pub origins: Vec<Origin>,
    pub by_ref: Vec<bool>,
}

pub struct Loans<'a, 'f> {
    pub body: &'a Body,
    pub facts: &'f mut Facts<'a>,
    pub loans: IndexVec<LoanId, LoanKind>,
    pub sets: Sets,
    pub depths: IndexVec<Local, Depth>,
    /// Symbolic loans through which something that can hold views may be written.
    writable: FxHashMap<LoanId, bool>,
    /// Some loan is of a place in or behind this local.
    pub borrowed: IndexVec<Local, bool>,
    at: FxHashMap<Location, LoanId>,
    /// Conventions of the body's own parameters.
    params_by_ref: Vec<bool>,
    origins: Vec<Origin>,
    /// They were declared.
    origins_named: bool,
    /// First symbolic loans of parameters, then of captures.
    first_symbol: u32,
    /// The environment's captures have their own loans.
    captures: Option<u32>,
    /// Filled while the second pass runs.
    pub escapes: Option<Vec<Escape>>,
}

/// What a declared function's result borrows from, and its conventions: for a method of a
/// trait's impl, as the trait declares.
pub fn signature<'a>(facts: &Facts<'a>, id: FnId) -> Option<(&'a [Origin], Vec<Conv>, bool)> {
    let program = facts.program;
    let mut decl = program.fns.get(id)?;
    if let FnParent::TraitImpl(impl_) = decl.parent
        && let Some(trait_) = program.impls[impl_].trait_
        && known(&program.traits, trait_.trait_)
        && let Some(&method) = program.traits[trait_.trait_]
            .methods
            .iter()
            .find(|&&m| program.fns[m].name == decl.name)
    {
        decl = &program.fns[method];
    }
    let constructor = matches!(decl.kind, FnKind::Constructor(..));
    Some((&decl.ret_origins, decl.params.iter().map(|p| p.conv).collect(), constructor))
}

fn by_ref(conv: Conv) -> bool {
    matches!(conv, Conv::Ref | Conv::Mut)
}

impl<'a, 'f> Loans<'a, 'f> {
    /// `None` if the body makes no loans and holds no views: nothing to check.
    pub fn build(body: &'a Body, facts: &'f mut Facts<'a>) -> Option<Loans<'a, 'f>> {
        let depths: IndexVec<Local, Depth> =
            body.locals.iter().map(|l| facts.depth(l.ty)).collect();
        if depths.iter().all(|&d| d == Depth::Owned) {
            return None;
        }
        let mut loans = Loans {
            body,
            facts,
            loans: IndexVec::new(),
            sets: Sets::new(),
            borrowed: IndexVec::from_elem(false, body.locals.len()),
            depths,
            at: FxHashMap::default(),
            writable: FxHashMap::default(),
            params_by_ref: Vec::new(),
            origins: Vec::new(),
            origins_named: false,
            first_symbol: 0,
            captures: None,
            escapes: None,
        };
        loans.collect();
        loans.symbols();
        Some(loans)
    }

    fn collect(&mut self) {
        for (block, data) in self.body.blocks.iter_enumerated() {
            for (i, statement) in data.statements.iter().enumerate() {
                let StatementKind::Assign(target, rvalue) = &statement.kind else { continue };
                let (place, mutability, two_phase, part) = match rvalue {
                    Rvalue::Ref { mutability, place, two_phase } => {
                        (place, *mutability, *two_phase, None)
                    }
                    Rvalue::Subslice { place, from, to, mutability } => {
                        (place, *mutability, false, Some((*from, *to)))
                    }
                    _ => continue,
                };
                if !self.needs_loan(place) {
                    continue;
                }
                let location = Location::new(block, i);
                let id = self.loans.push(LoanKind::Place(PlaceLoan {
                    place: place.clone(),
                    part,
                    mutability,
                    two_phase: two_phase.then(|| target.as_local()).flatten(),
                    location,
                    span: statement.span,
                }));
                self.borrowed[place.local] = true;
                self.at.insert(location, id);
            }
        }
    }

    fn symbols(&mut self) {
        self.first_symbol = self.loans.len() as u32;
        for p in 0..self.body.arg_count as u32 {
            self.loans.push(LoanKind::Outer(p));
            self.loans.push(LoanKind::Held(p));
        }
        let mut convs = self.body.convs.clone();
        match self.body.source {
            Source::Owner(hir::items::BodyOwner::Fn(id)) => {
                match signature(self.facts, id) {
                    Some((origins, declared, _)) => {
                        self.origins = origins.to_vec();
                        convs = declared;
                    }
                    None => self.origins = self.body.ret_origins.clone(),
                }
                self.origins_named = !self.origins.is_empty();
                if self.origins.is_empty() {
                    self.origins = (0..self.body.arg_count as u32).map(Origin::Outer).collect();
                }
            }
            Source::Owner(_) => {}
            Source::Closure(_) => {
                self.origins = (0..self.body.arg_count as u32)
                    .map(|p| if p == 0 { Origin::Held(0) } else { Origin::Outer(p) })
                    .collect();
                self.captures = Some(self.loans.len() as u32);
                for c in 0..self.body.captures.len() as u32 {
                    self.loans.push(LoanKind::Near(c));
                    self.loans.push(LoanKind::Far(c));
                }
            }
        }
        self.params_by_ref = (0..self.body.arg_count)
            .map(|p| match convs.get(p) {
                Some(&conv) => by_ref(conv),
                None => self.body.locals[Local(p as u32 + 1)].ty.is_ref(),
            })
            .collect();
    }

    fn outer(&mut self, p: u32) -> LoanSet {
        self.sets.of(LoanId(self.first_symbol + 2 * p))
    }

    fn held(&mut self, p: u32) -> LoanSet {
        self.sets.of(LoanId(self.first_symbol + 2 * p + 1))
    }

    /// Nothing between the local and the place is a shared reference or a raw pointer.
    fn needs_loan(&self, place: &Place) -> bool {
        let mut ty = crate::place::PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        for &projection in &place.projection {
            if projection == Projection::Deref
                && !matches!(ty.ty.kind(), TyKind::Ref(Mutability::Mut, _))
            {
                return false;
            }
            ty = ty.project(projection);
        }
        true
    }

    pub fn entry_state(&mut self) -> State {
        let mut state = State::default();
        for p in 0..self.body.arg_count as u32 {
            let local = Local(p + 1);
            if self.depths[local] == Depth::Owned {
                continue;
            }
            let closure = p == 0 && self.captures.is_some();
            let held = if closure { LoanSet::EMPTY } else { self.held(p) };
            let near = if self.params_by_ref[p as usize] { self.outer(p) } else { held };
            let carry = Carry { near, mid: held, far: held };
            let carry = self.mask(carry, self.depths[local]);
            state.set(local, carry);
        }
        state
    }

    fn mask(&self, carry: Carry, depth: Depth) -> Carry {
        match depth {
            Depth::Owned => Carry::NONE,
            Depth::Flat => Carry { near: carry.near, ..Carry::NONE },
            Depth::Nested => carry,
        }
    }

    fn mask_ty(&mut self, carry: Carry, ty: Ty) -> Carry {
        if carry.is_none() {
            return carry;
        }
        let depth = self.facts.depth(ty);
        self.mask(carry, depth)
    }

    pub fn all(&mut self, carry: Carry) -> LoanSet {
        let behind = self.sets.union(carry.mid, carry.far);
        self.sets.union(carry.near, behind)
    }

    fn join(&mut self, a: Carry, b: Carry) -> Carry {
        Carry {
            near: self.sets.union(a.near, b.near),
            mid: self.sets.union(a.mid, b.mid),
            far: self.sets.union(a.far, b.far),
        }
    }

    /// The carry of anything that may be made of parts of a value: what was further in may now
    /// be further out.
    fn outwards(&mut self, carry: Carry) -> Carry {
        let mid = self.sets.union(carry.mid, carry.far);
        Carry { near: self.sets.union(carry.near, mid), mid, far: carry.far }
    }

    /// The capture that a place in a closure's environment begins with, and whether the
    /// environment is behind a reference.
    fn capture(&self, place: &Place) -> Option<(Option<u32>, bool)> {
        self.captures?;
        if place.local != Local(1) {
            return None;
        }
        let behind = place.projection.first() == Some(&Projection::Deref);
        match place.projection.get(usize::from(behind)) {
            Some(Projection::Field(f, _)) if (f.0 as usize) < self.body.captures.len() => {
                Some((Some(f.0), behind))
            }
            _ => Some((None, behind)),
        }
    }

    /// What the base of a place carries: of a closure's environment, the named capture's own.
    fn base(&mut self, state: &State, place: &Place) -> Carry {
        let mut result = state.get(place.local);
        let (Some(first), Some((field, behind))) = (self.captures, self.capture(place)) else {
            return result;
        };
        let captures = match field {
            Some(f) => f..f + 1,
            None => 0..self.body.captures.len() as u32,
        };
        let by_value = !self.params_by_ref.first().copied().unwrap_or(false);
        for c in captures {
            let near = self.sets.of(LoanId(first + 2 * c));
            let far = self.sets.of(LoanId(first + 2 * c + 1));
            let own = match by_value && !behind {
                true => Carry { near, mid: far, far },
                false => Carry { near: LoanSet::EMPTY, mid: near, far },
            };
            result = self.join(result, own);
        }
        result
    }

    fn derefs(projection: &[Projection]) -> usize {
        projection.iter().filter(|&&p| p == Projection::Deref).count()
    }

    /// What a value carries that is this many dereferences behind one that carries `carry`.
    fn level(carry: Carry, derefs: usize) -> Carry {
        (0..derefs.min(3)).fold(carry, |c, _| c.behind())
    }

    /// The loans of the reference that `place.projection[..i]` is.
    fn at_level(&mut self, state: &State, place: &Place, i: usize) -> LoanSet {
        let base = self.base(state, place);
        Self::level(base, Self::derefs(&place.projection[..i])).near
    }

    /// What reading a place of type `ty` gives.
    fn read(&mut self, state: &State, place: &Place, ty: Ty) -> Carry {
        if self.depths[place.local] == Depth::Owned {
            return Carry::NONE;
        }
        let base = self.base(state, place);
        let carry = Self::level(base, Self::derefs(&place.projection));
        self.mask_ty(carry, ty)
    }

    pub fn operand(&mut self, state: &State, operand: &Operand) -> Carry {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => {
                if self.depths[place.local] == Depth::Owned {
                    return Carry::NONE;
                }
                if place.projection.is_empty() {
                    return self.base(state, place);
                }
                let ty = place.ty(&self.body.locals);
                self.read(state, place, ty)
            }
            Operand::Const(_) => Carry::NONE,
        }
    }

    fn borrow(&mut self, state: &State, place: &Place, location: Location) -> Carry {
        let mut near = LoanSet::EMPTY;
        let mut raw = false;
        if let Some(&loan) = self.at.get(&location) {
            near = self.sets.of(loan);
        }
        for i in (0..place.projection.len()).rev() {
            if place.projection[i] != Projection::Deref {
                continue;
            }
            match self.prefix_ty(place, i).kind() {
                TyKind::Ref(mutability, _) => {
                    let loans = self.at_level(state, place, i);
                    near = self.sets.union(near, loans);
                    if *mutability == Mutability::Shared {
                        break;
                    }
                }
                _ => {
                    raw = true;
                    break;
                }
            }
        }
        let ty = place.ty(&self.body.locals);
        if raw || self.facts.depth(ty) == Depth::Owned {
            return Carry { near, ..Carry::NONE };
        }
        let held = self.read(state, place, ty);
        Carry { near, mid: held.near, far: self.sets.union(held.mid, held.far) }
    }

    fn prefix_ty(&self, place: &Place, i: usize) -> Ty {
        let start = crate::place::PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        place.projection[..i].iter().fold(start, |ty, &p| ty.project(p)).ty
    }

    fn rvalue(&mut self, state: &mut State, rvalue: &Rvalue, location: Location, span: Span) -> Carry {
        match rvalue {
            Rvalue::Use(o) | Rvalue::Repeat(o, _) => self.operand(state, o),
            Rvalue::Cast(_, o, ty) | Rvalue::Coerce(_, o, ty) => {
                let carry = self.operand(state, o);
                self.mask_ty(carry, *ty)
            }
            Rvalue::Ref { place, .. } | Rvalue::Subslice { place, .. } => {
                self.borrow(state, place, location)
            }
            Rvalue::Aggregate(aggregate, operands) => {
                let parts: Vec<Carry> = operands.iter().map(|o| self.operand(state, o)).collect();
                if parts.iter().filter(|c| !c.is_none()).count() > 1 {
                    self.meet(state, aggregate, operands, &parts, span);
                }
                parts.iter().fold(Carry::NONE, |all, &c| self.join(all, c))
            }
            Rvalue::RawRef(_)
            | Rvalue::Binary(..)
            | Rvalue::CheckedBinary(..)
            | Rvalue::Unary(..)
            | Rvalue::Len(_)
            | Rvalue::Discriminant(_) => Carry::NONE,
        }
    }

    /// The parts of an aggregate absorb each other's loans.
    fn meet(
        &mut self,
        state: &mut State,
        aggregate: &Aggregate,
        operands: &[Operand],
        parts: &[Carry],
        span: Span,
    ) {
        let closure = matches!(aggregate, Aggregate::Closure { .. });
        let tys: Vec<Ty> = operands.iter().map(|o| o.ty(&self.body.locals)).collect();
        for i in 0..parts.len() {
            if parts[i].is_none() || !self.facts.absorbs(tys[i]) {
                continue;
            }
            let mut taken = Carry::NONE;
            for j in 0..parts.len() {
                if j != i {
                    let exclusive = matches!(tys[j].kind(), TyKind::Ref(Mutability::Mut, _));
                    let held = match closure && exclusive {
                        true => parts[j].behind(),
                        false => parts[j],
                    };
                    taken = self.join(taken, held);
                }
            }
            let targets = self.all(parts[i]);
            self.store(state, targets, taken, span);
        }
    }

    /// A value with the loans `taken` was, or may have been, written to whatever `targets`
    /// point to.
    fn store(&mut self, state: &mut State, targets: LoanSet, taken: Carry, span: Span) {
        if taken.is_none() {
            return;
        }
        let taken = self.outwards(taken);
        // A place that takes up views may itself hold references that absorb.
        let mut pending = vec![targets];
        let mut done = LoanSet::EMPTY;
        while let Some(set) = pending.pop() {
            for &id in self.sets.members(set).iter() {
                if self.sets.contains(done, id) {
                    continue;
                }
                let one = self.sets.of(id);
                done = self.sets.union(done, one);
                let LoanKind::Place(loan) = &self.loans[id] else {
                    if self.is_writable(id) {
                        let into = match self.loans[id] {
                            LoanKind::Outer(p) | LoanKind::Held(p) => Some(p),
                            _ => None,
                        };
                        self.store_in_world(state, taken.near, into, span);
                    }
                    continue;
                };
                let local = loan.place.local;
                if loan.mutability == Mutability::Shared || self.depths[local] == Depth::Owned {
                    continue;
                }
                let derefs = Self::derefs(&loan.place.projection);
                let absorbs = self.facts.absorbs(self.body.locals[local].ty);
                // Where it can be put further in, it may be anywhere from there on.
                let spread = match absorbs {
                    true => Carry { near: taken.near, mid: taken.near, far: taken.near },
                    false => taken,
                };
                let added = match derefs {
                    0 => spread,
                    1 => Carry { near: LoanSet::EMPTY, mid: spread.near, far: spread.near },
                    _ => Carry { far: spread.near, ..Carry::NONE },
                };
                let before = state.get(local);
                let after = self.join(before, added);
                let after = self.mask(after, self.depths[local]);
                state.set(local, after);
                if absorbs {
                    let more = self.all(after);
                    pending.push(more);
                }
            }
        }
    }

    fn store_in_world(&mut self, state: &mut State, taken: LoanSet, into: Option<u32>, span: Span) {
        let world = self.sets.union(state.world(), taken);
        state.world = Some(world);
        if self.escapes.is_none() {
            return;
        }
        for &loan in self.sets.members(taken).iter() {
            if !self.may_leave(loan)
                && let Some(escapes) = &mut self.escapes
            {
                escapes.push(Escape { loan, into, span });
            }
        }
    }

    fn is_writable(&mut self, symbol: LoanId) -> bool {
        if let Some(&known) = self.writable.get(&symbol) {
            return known;
        }
        let ty = |p: u32| self.body.locals[Local(p + 1)].ty;
        let answer = match self.loans[symbol] {
            LoanKind::Place(_) => true,
            LoanKind::Outer(p) => match *ty(p).kind() {
                TyKind::Ref(Mutability::Mut, to) => self.facts.holds_views(to),
                _ => false,
            },
            LoanKind::Held(p) => match *ty(p).kind() {
                TyKind::Ref(_, to) if self.params_by_ref[p as usize] => self.facts.absorbs(to),
                _ => self.facts.absorbs(ty(p)),
            },
            LoanKind::Near(c) | LoanKind::Far(c) => {
                self.facts.absorbs(self.body.captures[c as usize].ty)
            }
        };
        self.writable.insert(symbol, answer);
        answer
    }

    /// A view with this loan may be stored where a parameter points.
    fn may_leave(&self, loan: LoanId) -> bool {
        match &self.loans[loan] {
            LoanKind::Place(loan) => loan.place.is_indirect(),
            LoanKind::Outer(_) => false,
            // An exclusive capture is lent for the call only, unless the call consumes the closure.
            LoanKind::Near(c) => {
                let exclusive = matches!(
                    self.body.captures[*c as usize].ty.kind(),
                    TyKind::Ref(Mutability::Mut, _)
                );
                !exclusive || !matches!(self.body.locals[Local(1)].ty.kind(), TyKind::Ref(..))
            }
            LoanKind::Held(_) | LoanKind::Far(_) => true,
        }
    }

    /// Writes a value with these loans to a place.
    fn assign(&mut self, state: &mut State, place: &Place, carry: Carry, span: Span) {
        let local = place.local;
        if place.projection.is_empty() {
            let carry = self.mask(carry, self.depths[local]);
            state.set(local, carry);
            return;
        }
        if carry.is_none() || self.depths[local] == Depth::Owned {
            return;
        }
        let base = self.base(state, place);
        let derefs = Self::derefs(&place.projection);
        let added = match derefs {
            0 => carry,
            1 => Carry {
                near: LoanSet::EMPTY,
                mid: carry.near,
                far: self.sets.union(carry.mid, carry.far),
            },
            _ => Carry { far: self.all(carry), ..Carry::NONE },
        };
        let stored = state.get(local);
        let joined = self.join(stored, added);
        state.set(local, self.mask(joined, self.depths[local]));
        let absorbs = self.facts.absorbs(self.body.locals[local].ty);
        if derefs > 0 || absorbs {
            let mut targets = if absorbs { self.all(base) } else { LoanSet::EMPTY };
            for i in (0..place.projection.len()).rev() {
                if place.projection[i] == Projection::Deref {
                    if !self.prefix_ty(place, i).is_ref() {
                        break;
                    }
                    let loans = self.at_level(state, place, i);
                    targets = self.sets.union(targets, loans);
                }
            }
            self.store(state, targets, carry, span);
        }
        // What is stored may itself absorb what it now lies beside.
        let ty = place.ty(&self.body.locals);
        if self.facts.absorbs(ty) {
            let targets = self.all(carry);
            self.store(state, targets, Self::level(base, derefs), span);
        }
    }

    /// The loans of places reached through a local end when it names something else.
    pub fn forget(&mut self, state: &mut State, local: Local) {
        if !self.borrowed[local] {
            return;
        }
        let loans = &self.loans;
        let keep = |id: LoanId| loans[id].place().is_none_or(|l| l.place.local != local);
        for entry in &mut state.carried {
            entry.1 = Carry {
                near: self.sets.filter(entry.1.near, keep),
                mid: self.sets.filter(entry.1.mid, keep),
                far: self.sets.filter(entry.1.far, keep),
            };
        }
        state.carried.retain(|e| !e.1.is_none());
        if let Some(world) = state.world {
            state.world = Some(self.sets.filter(world, keep));
        }
    }

    fn moved(&mut self, state: &mut State, operand: &Operand) {
        if let Operand::Move(place) = operand
            && place.projection.is_empty()
        {
            state.set(place.local, Carry::NONE);
        }
    }

    /// The effect of a statement, but for [`Self::forget`] of an assigned local, which
    /// [`Self::settle`] brings.
    pub fn statement(&mut self, state: &mut State, statement: &Statement, location: Location) {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                if self.depths[place.local] == Depth::Owned {
                    // Still: moves out, and parts that meet inside it, of which there are none.
                    self.rvalue_moves(state, rvalue);
                    return;
                }
                let carry = self.rvalue(state, rvalue, location, statement.span);
                self.rvalue_moves(state, rvalue);
                let target = place.ty(&self.body.locals);
                let carry = self.mask_ty(carry, target);
                self.assign(state, place, carry, statement.span);
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                state.set(*local, Carry::NONE);
            }
            StatementKind::FakeRead(_) | StatementKind::Nop => {}
        }
    }

    /// What is left to do once a statement's accesses were checked.
    pub fn settle(&mut self, state: &mut State, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, _) if place.projection.is_empty() => {
                self.forget(state, place.local)
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                self.forget(state, *local)
            }
            _ => {}
        }
    }

    fn rvalue_moves(&mut self, state: &mut State, rvalue: &Rvalue) {
        match rvalue {
            Rvalue::Use(o) | Rvalue::Coerce(_, o, _) | Rvalue::Cast(_, o, _) => self.moved(state, o),
            Rvalue::Aggregate(_, operands) => operands.iter().for_each(|o| self.moved(state, o)),
            _ => {}
        }
    }

    /// The effect of a terminator on every edge; a call's result is for [`Self::edge`].
    pub fn terminator(&mut self, state: &mut State, terminator: &Terminator) -> Carry {
        match &terminator.kind {
            TerminatorKind::Call(call) => self.call(state, call, terminator.span),
            TerminatorKind::Drop { place, .. } => {
                if place.projection.is_empty() {
                    state.set(place.local, Carry::NONE);
                }
                Carry::NONE
            }
            _ => Carry::NONE,
        }
    }

    /// The result of a call arrives.
    pub fn edge(&mut self, state: &mut State, terminator: &Terminator, target: BlockId, result: Carry) {
        if let TerminatorKind::Call(call) = &terminator.kind
            && call.target == Some(target)
        {
            self.assign(state, &call.destination, result, terminator.span);
        }
    }

    pub fn settle_edge(&mut self, state: &mut State, terminator: &Terminator, target: BlockId) {
        if let TerminatorKind::Call(call) = &terminator.kind
            && call.target == Some(target)
            && call.destination.projection.is_empty()
        {
            self.forget(state, call.destination.local);
        }
    }

    pub fn flow(&self, call: &Call) -> Flow {
        let by_type = || {
            call.args.iter().map(|a| a.ty(&self.body.locals).is_ref()).collect::<Vec<_>>()
        };
        match &call.callee {
            Callee::Fn { id, .. }
            | Callee::TraitMethod { method: id, .. }
            | Callee::DynMethod { method: id, .. } => match signature(self.facts, *id) {
                Some((origins, convs, constructor)) => Flow {
                    origins: if origins.is_empty() || constructor {
                        (0..call.args.len() as u32).map(Origin::Outer).collect()
                    } else {
                        origins.to_vec()
                    },
                    by_ref: convs.into_iter().map(by_ref).collect(),
                },
                None => Flow { origins: call.flow.ret_origins.clone(), by_ref: by_type() },
            },
            Callee::Value { sig, .. } => Flow {
                origins: (0..call.args.len() as u32)
                    .map(|i| match i > 0 && self.facts.names_view(sig.ret) {
                        true => Origin::Outer(i),
                        false => Origin::Held(i),
                    })
                    .collect(),
                by_ref: std::iter::once(sig.call != syntax::ast::Convention::Own)
                    .chain(sig.params.iter().map(|&(conv, _)| by_ref(conv)))
                    .collect(),
            },
            Callee::Closure { .. } => Flow {
                origins: (0..call.args.len() as u32).map(Origin::Outer).collect(),
                by_ref: by_type(),
            },
        }
    }

    fn call(&mut self, state: &mut State, call: &Call, span: Span) -> Carry {
        let mut args: Vec<Carry> = Vec::with_capacity(call.args.len());
        let mut carrying = 0;
        for arg in &call.args {
            let carry = self.operand(state, arg);
            carrying += usize::from(!carry.is_none());
            args.push(carry);
        }
        for arg in &call.args {
            self.moved(state, arg);
        }
        if carrying == 0 {
            return Carry::NONE;
        }
        let flow = self.flow(call);
        let by_ref = |i: usize| flow.by_ref.get(i).copied().unwrap_or(false);
        // What the arguments' values hold, without the borrows that pass them.
        let held: Vec<Carry> =
            (0..args.len()).map(|i| if by_ref(i) { args[i].behind() } else { args[i] }).collect();
        let before = args.clone();
        for i in 0..args.len() {
            if before[i].is_none() {
                continue;
            }
            let ty = call.args[i].ty(&self.body.locals);
            if !self.facts.absorbs(ty) {
                continue;
            }
            // Views may be written further in than just behind the argument.
            let deep = match *ty.kind() {
                TyKind::Ref(_, to) => self.facts.absorbs(to),
                _ => true,
            };
            let mut taken = Carry::NONE;
            for (j, &loans) in held.iter().enumerate() {
                if j != i && !self.facts.only_runs(&call.callee, j, i) {
                    taken = self.join(taken, loans);
                }
            }
            let targets = self.all(before[i]);
            self.store(state, targets, taken, span);
            // Views inside what it points to may have moved outwards there.
            for &id in self.sets.members(targets).iter() {
                if let LoanKind::Place(loan) = &self.loans[id]
                    && loan.mutability == Mutability::Mut
                    && self.depths[loan.place.local] == Depth::Nested
                    && !loan.place.is_indirect()
                {
                    let local = loan.place.local;
                    let carry = state.get(local);
                    let carry = self.outwards(carry);
                    state.set(local, carry);
                }
            }
            let taken = self.outwards(taken);
            let arg = self.outwards(args[i]);
            let mid = self.sets.union(arg.mid, taken.near);
            let far = if deep { mid } else { self.sets.union(arg.far, taken.mid) };
            args[i] = Carry { near: args[i].near, mid, far };
        }
        let ty = call.destination.ty(&self.body.locals);
        let depth = self.facts.depth(ty);
        if depth == Depth::Owned {
            return Carry::NONE;
        }
        let mut result = Carry::NONE;
        for origin in &flow.origins {
            let (i, outer) = match *origin {
                Origin::Outer(i) => (i as usize, true),
                Origin::Held(i) => (i as usize, false),
            };
            let Some(&arg) = args.get(i) else { continue };
            let from = if by_ref(i) && !outer { arg.behind() } else { arg };
            let from = self.outwards(from);
            result = self.join(result, from);
        }
        self.mask(result, depth)
    }

    /// The signature says that the result borrows from this argument, which is taken by value:
    /// refused where it is declared.
    pub fn names_in_vain(&self, local: Local) -> bool {
        let Some(p) = local.0.checked_sub(1) else { return false };
        (p as usize) < self.body.arg_count
            && matches!(self.body.source, Source::Owner(_))
            && self.origins_named
            && self.origins.iter().any(|o| matches!(*o, Origin::Outer(q) | Origin::Held(q) if q == p))
    }

    /// The result may be a borrow that passes an argument (of a closure).
    pub fn returns_outer(&mut self, state: &State) -> bool {
        let all = self.all(state.get(RETURN));
        self.sets.get(all).iter().any(|&l| matches!(self.loans[l], LoanKind::Outer(p) if p > 0))
    }

    /// Loans in the result that the signature does not allow, at a `Return`.
    pub fn unallowed(&mut self, state: &State) -> Vec<LoanId> {
        let carry = state.get(RETURN);
        let all = self.all(carry);
        if all.is_empty() {
            return Vec::new();
        }
        let absorbing = self.origins.iter().any(|o| {
            let (Origin::Outer(p) | Origin::Held(p)) = *o;
            (p as usize) < self.body.arg_count
                && self.facts.absorbs(self.body.locals[Local(p + 1)].ty)
        });
        let members = self.sets.members(all);
        let bad = |id: &LoanId| match &self.loans[*id] {
            LoanKind::Place(loan) => !loan.place.is_indirect(),
            LoanKind::Outer(p) => !self.origins.contains(&Origin::Outer(*p)),
            LoanKind::Held(p) => {
                !absorbing
                    && !self.origins.contains(&Origin::Outer(*p))
                    && !self.origins.contains(&Origin::Held(*p))
            }
            LoanKind::Near(_) | LoanKind::Far(_) => false,
        };
        members.iter().copied().filter(bad).collect()
    }

    /// Solves the dataflow: the state at the start of each reachable block.
    pub fn solve(&mut self, live: &Liveness) -> IndexVec<BlockId, Option<State>> {
        let body = self.body;
        let mut entry: IndexVec<BlockId, Option<State>> =
            IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect());
        let mut position = IndexVec::<BlockId, u32>::from_elem(u32::MAX, body.blocks.len());
        for (i, &block) in live.order.iter().enumerate() {
            position[block] = i as u32;
        }
        let mut queued = vec![false; live.order.len()];
        let mut work = std::collections::BinaryHeap::new();
        if let Some(&first) = live.order.first() {
            let state = self.entry_state();
            entry[first] = Some(state);
            queued[0] = true;
            work.push(std::cmp::Reverse(0u32));
        }
        while let Some(std::cmp::Reverse(next)) = work.pop() {
            queued[next as usize] = false;
            let block = live.order[next as usize];
            let Some(mut state) = entry[block].clone() else { continue };
            let data = &body.blocks[block];
            for (i, statement) in data.statements.iter().enumerate() {
                self.statement(&mut state, statement, Location::new(block, i));
                self.settle(&mut state, statement);
            }
            let result = self.terminator(&mut state, &data.terminator);
            let mut successors: Vec<BlockId> = Vec::new();
            data.terminator.kind.each_successor(|s| successors.push(s));
            for target in successors {
                let mut out = state.clone();
                self.edge(&mut out, &data.terminator, target, result);
                self.settle_edge(&mut out, &data.terminator, target);
                out.carried.retain(|e| live.live_at_entry(target, e.0));
                let changed = match entry[target].take() {
                    None => {
                        entry[target] = Some(out);
                        true
                    }
                    Some(old) => {
                        let joined = self.join_states(&old, &out);
                        let changed = joined != old;
                        entry[target] = Some(joined);
                        changed
                    }
                };
                let p = position[target] as usize;
                if changed && !std::mem::replace(&mut queued[p], true) {
                    work.push(std::cmp::Reverse(p as u32));
                }
            }
        }
        entry
    }

    fn join_states(&mut self, a: &State, b: &State) -> State {
        let mut carried = Vec::with_capacity(a.carried.len().max(b.carried.len()));
        let (mut i, mut j) = (0, 0);
        while i < a.carried.len() || j < b.carried.len() {
            let left = a.carried.get(i);
            let right = b.carried.get(j);
            match (left, right) {
                (Some(l), Some(r)) if l.0 == r.0 => {
                    let both = self.join(l.1, r.1);
                    carried.push((l.0, both));
                    i += 1;
                    j += 1;
                }
                (Some(l), r) if r.is_none_or(|r| l.0 < r.0) => {
                    carried.push(*l);
                    i += 1;
                }
                (_, Some(r)) => {
                    carried.push(*r);
                    j += 1;
                }
                _ => break,
            }
        }
        let world = match (a.world, b.world) {
            (Some(a), Some(b)) => Some(self.sets.union(a, b)),
            (a, b) => a.or(b),
        };
        State { carried, world }
    }

    pub fn capture_name(&self, c: u32) -> Option<Name> {
        self.body.captures.get(c as usize).map(|c| c.name)
    }
}
