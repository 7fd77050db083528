//! What reading a place, borrowing it, and other right sides give.

use base::Span;
use hir::ty::{Mutability, Ty, TyKind};

use super::{Carry, Loans, State};
use crate::body::{Local, Location, Operand, Place, Projection, Rvalue};
use crate::check::facts::Depth;
use crate::check::sets::{LoanId, LoanSet};

impl Loans<'_, '_> {
    /// The capture that a place in a closure's environment begins with, and whether the
    /// environment is behind a reference.
    pub(super) fn capture(&self, place: &Place) -> Option<(Option<u32>, bool)> {
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
    pub(super) fn base(&mut self, state: &State, place: &Place) -> Carry {
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

    pub(super) fn derefs(projection: &[Projection]) -> usize {
        projection.iter().filter(|&&p| p == Projection::Deref).count()
    }

    /// What a value carries that is this many dereferences behind one that carries `carry`.
    pub(super) fn level(carry: Carry, derefs: usize) -> Carry {
        (0..derefs.min(3)).fold(carry, |c, _| c.behind())
    }

    /// The loans of the reference that `place.projection[..i]` is.
    pub(super) fn at_level(&mut self, state: &State, place: &Place, i: usize) -> LoanSet {
        let base = self.base(state, place);
        Self::level(base, Self::derefs(&place.projection[..i])).near
    }

    /// What reading a place of type `ty` gives.
    pub(super) fn read(&mut self, state: &State, place: &Place, ty: Ty) -> Carry {
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

    pub(super) fn borrow(&mut self, state: &State, place: &Place, location: Location) -> Carry {
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

    pub(super) fn prefix_ty(&self, place: &Place, i: usize) -> Ty {
        let start = crate::place::PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        place.projection[..i].iter().fold(start, |ty, &p| ty.project(p)).ty
    }

    pub(super) fn rvalue(
        &mut self,
        state: &mut State,
        rvalue: &Rvalue,
        location: Location,
        span: Span,
    ) -> Carry {
        match rvalue {
            Rvalue::Use(o) | Rvalue::Repeat(o, _) => self.operand(state, o),
            Rvalue::Cast(_, o, ty) | Rvalue::Coerce(_, o, ty) => {
                let carry = self.operand(state, o);
                self.mask_ty(carry, *ty)
            }
            Rvalue::Ref { place, .. } | Rvalue::Subslice { place, .. } => self.borrow(state, place, location),
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
}
