//! Views that are written: to places, through references, and into each other where they meet.

use base::Span;
use hir::ty::{Mutability, Ty, TyKind};

use super::{Carry, Escape, LoanKind, Loans, State};
use crate::body::{Aggregate, Local, Operand, Place, Projection};
use crate::check::facts::Depth;
use crate::check::sets::{LoanId, LoanSet};

impl Loans<'_, '_> {
    /// The parts of an aggregate absorb each other's loans.
    pub(super) fn meet(
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
    pub(super) fn store(&mut self, state: &mut State, targets: LoanSet, taken: Carry, span: Span) {
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

    pub(super) fn store_in_world(
        &mut self,
        state: &mut State,
        taken: LoanSet,
        into: Option<u32>,
        span: Span,
    ) {
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

    pub(super) fn is_writable(&mut self, symbol: LoanId) -> bool {
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
            LoanKind::Near(c) | LoanKind::Far(c) => self.facts.absorbs(self.body.captures[c as usize].ty),
        };
        self.writable.insert(symbol, answer);
        answer
    }

    /// A view with this loan may be stored where a parameter points.
    pub(super) fn may_leave(&self, loan: LoanId) -> bool {
        match &self.loans[loan] {
            LoanKind::Place(loan) => loan.place.is_indirect(),
            LoanKind::Outer(_) => false,
            // An exclusive capture is lent for the call only, unless the call consumes the closure.
            LoanKind::Near(c) => {
                let exclusive =
                    matches!(self.body.captures[*c as usize].ty.kind(), TyKind::Ref(Mutability::Mut, _));
                !exclusive || !matches!(self.body.locals[Local(1)].ty.kind(), TyKind::Ref(..))
            }
            LoanKind::Held(_) | LoanKind::Far(_) => true,
        }
    }

    /// Writes a value with these loans to a place.
    pub(super) fn assign(&mut self, state: &mut State, place: &Place, carry: Carry, span: Span) {
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
            1 => Carry { near: LoanSet::EMPTY, mid: carry.near, far: self.sets.union(carry.mid, carry.far) },
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
}
