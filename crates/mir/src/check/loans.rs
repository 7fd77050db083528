//! Loans: which views each local holds at each point.
//!
//! Not here: what a loan forbids ([`super::conflicts`]), moves ([`super::moves`]). The one thing
//! to know: no lifetimes and no constraint solving; a forward dataflow carries sets of loans,
//! and a loan lasts as long as some live local carries it.
//!
//! In reading order: this file (the data), [`places`], [`store`], [`calls`], [`steps`].
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
//! the trait's declaration says, for callers and for the body. Of all that, a value takes up no shared loan of a
//! place in which nothing lies that its views could be views of ([`super::within`]): such a place may have
//! been looked through, but nothing of it is kept.
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

mod calls;
mod places;
mod steps;
mod store;

use base::{FxHashMap, IndexVec, Name, Span};
use hir::items::Origin;
use hir::ty::{Mutability, Ty, TyKind};
use smallvec::SmallVec;

use crate::body::{Body, Local, Location, Place, Projection, Rvalue, Source, StatementKind};
use crate::check::facts::{Depth, Facts};
use crate::check::sets::{LoanId, LoanSet, Sets};

use calls::by_ref;
pub use calls::signature;

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
    pub const NONE: Carry = Carry { near: LoanSet::EMPTY, mid: LoanSet::EMPTY, far: LoanSet::EMPTY };

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
#[derive(PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Sorted by local; absent: nothing.
    pub carried: SmallVec<[(Local, Carry); 6]>,
    pub world: Option<LoanSet>,
}

impl Clone for State {
    fn clone(&self) -> State {
        // `SmallVec::clone` goes one by one.
        State { carried: SmallVec::from_slice(&self.carried), world: self.world }
    }

    fn clone_from(&mut self, other: &State) {
        self.carried.clear();
        self.carried.extend_from_slice(&other.carried);
        self.world = other.world;
    }
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
            Ok(i) if carry.is_none() => {
                self.carried.remove(i);
            }
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
    pub origins: SmallVec<[Origin; 4]>,
    pub by_ref: SmallVec<[bool; 8]>,
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

impl<'a, 'f> Loans<'a, 'f> {
    /// `None` if the body makes no loans and holds no views: nothing to check.
    pub fn build(body: &'a Body, facts: &'f mut Facts<'a>) -> Option<Loans<'a, 'f>> {
        let depths: IndexVec<Local, Depth> = body.locals.iter().map(|l| facts.depth(l.ty)).collect();
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
                    Rvalue::Ref { mutability, place, two_phase } => (place, *mutability, *two_phase, None),
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
                        convs = declared.iter().map(|p| p.conv).collect();
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
            if projection == Projection::Deref && !matches!(ty.ty.kind(), TyKind::Ref(Mutability::Mut, _)) {
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

    pub fn capture_name(&self, c: u32) -> Option<Name> {
        self.body.captures.get(c as usize).map(|c| c.name)
    }
}
