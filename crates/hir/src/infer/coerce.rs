//! Coercions: what a value of one type may silently become where another is wanted.
//!
//! Not here: `as` casts, and borrowing an argument for its parameter's convention (the body
//! checker does that first). The one thing to know: [`InferCtx::coerce`] unifies and registers
//! demands as it decides, so it is asked once per place, with types resolved as far as possible.
//! `&mut T` to `&mut T` is no coercion; whether a place is reborrowed or moved is the caller's.

use base::Span;
use smallvec::{SmallVec, smallvec};

use super::context::InferCtx;
use super::demand::{Cause, CauseKind, Demand};
use super::table::{Mismatch, MismatchKind};
use crate::thir::Coercion;
use crate::traits::Truth;
use crate::ty::{InferVar, Mutability, Predicate, Projection, TraitRef, Ty, TyKind, tys};

/// One step that an expression goes through, with the type after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adjust {
    pub kind: AdjustKind,
    pub target: Ty,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdjustKind {
    /// `*e` of a reference: a place.
    Deref,
    /// `*e` through the type's `Deref` impl (`DerefMut` if the place is then borrowed
    /// exclusively): a place.
    DerefImpl,
    /// Borrows the place.
    Borrow(Mutability),
    /// Copies out of the place; the type is `Copy`.
    Copy,
    Coerce(Coercion),
}

pub type Adjusts = SmallVec<[Adjust; 3]>;

fn one(kind: AdjustKind, target: Ty) -> Adjusts {
    smallvec![Adjust { kind, target }]
}

impl InferCtx<'_> {
    /// How a value of type `from` becomes one of type `to`; no steps if they are the same.
    pub fn coerce(&mut self, from: Ty, to: Ty, span: Span) -> Result<Adjusts, Mismatch> {
        if from == to {
            return Ok(Adjusts::new());
        }
        let (from, to) = (self.structurally_resolve(from), self.table.shallow(to));
        if from.is_never() {
            return Ok(if to.is_never() {
                Adjusts::new()
            } else {
                one(AdjustKind::Coerce(Coercion::Never), to)
            });
        }
        if matches!(from.kind(), TyKind::Infer(InferVar::Ty(_)) | TyKind::Error)
            || matches!(to.kind(), TyKind::Infer(InferVar::Ty(_)) | TyKind::Error)
        {
            return self.same(from, to);
        }
        match (*from.kind(), *to.kind()) {
            (TyKind::Ref(have, inner), TyKind::Ref(want, wanted)) => {
                self.coerce_ref(from, to, (have, inner), (want, wanted), span)
            }
            (TyKind::Ref(..), TyKind::Dyn(_) | TyKind::DynFn(_)) => self.same(from, to),
            (TyKind::Ref(..), _) => self.coerce_copy(from, to),
            (TyKind::Dyn(_), TyKind::Dyn(_)) | (TyKind::DynFn(_), TyKind::DynFn(_)) => self.same(from, to),
            (_, TyKind::Dyn(_)) => {
                self.demand_dyn(from, to, true, span);
                Ok(one(AdjustKind::Coerce(Coercion::ToDyn), to))
            }
            (_, TyKind::DynFn(sig)) => {
                let (solver, table) = self.parts();
                if solver.callable(table, from).is_none() {
                    return self.same(from, to);
                }
                let cause = Cause::new(span, CauseKind::Coercion);
                self.register(Predicate::Fn(from, sig), cause);
                self.demand_owned(from, cause);
                Ok(one(AdjustKind::Coerce(Coercion::ToDynFn), to))
            }
            (_, TyKind::Ref(_, wanted)) => self.same(from, to).map_err(|mut mismatch| {
                let wanted = self.table.resolve(wanted);
                if self.table.can_unify(wanted, from) {
                    mismatch.kind = MismatchKind::NotBorrowed;
                }
                mismatch
            }),
            _ => self.same(from, to),
        }
    }

    fn same(&mut self, from: Ty, to: Ty) -> Result<Adjusts, Mismatch> {
        self.table.unify(to, from).map(|()| Adjusts::new())
    }

    /// `&C` to `C`, through any number of references.
    fn coerce_copy(&mut self, from: Ty, to: Ty) -> Result<Adjusts, Mismatch> {
        let mut adjusts = Adjusts::new();
        let mut at = from;
        while let TyKind::Ref(_, inner) = *at.kind() {
            at = self.structurally_resolve(inner);
            adjusts.push(Adjust { kind: AdjustKind::Deref, target: at });
        }
        if !self.table.can_unify(to, at) {
            return self.same(from, to);
        }
        if self.is_copy(at) == Truth::No {
            return self
                .same(from, to)
                .map_err(|mismatch| Mismatch { kind: MismatchKind::Borrowed, ..mismatch });
        }
        self.table.unify(to, at)?;
        if self.is_copy(at) == Truth::No {
            return Err(Mismatch {
                expected: self.table.resolve(to),
                found: self.table.resolve(from),
                inner: (self.table.resolve(to), self.table.resolve(from)),
                kind: MismatchKind::Borrowed,
            });
        }
        adjusts.push(Adjust { kind: AdjustKind::Copy, target: at });
        Ok(adjusts)
    }

    fn coerce_ref(
        &mut self,
        from: Ty,
        to: Ty,
        (have, inner): (Mutability, Ty),
        (want, wanted): (Mutability, Ty),
        span: Span,
    ) -> Result<Adjusts, Mismatch> {
        if have == Mutability::Shared && want == Mutability::Mut {
            return self.same(from, to).map_err(|mut mismatch| {
                if self.table.can_unify(inner, wanted) {
                    mismatch.kind = MismatchKind::SharedForMut;
                }
                mismatch
            });
        }
        let direct = if have == want {
            Adjusts::new()
        } else {
            one(AdjustKind::Coerce(Coercion::MutToShared), Ty::shared_ref(inner))
        };
        let inner = self.structurally_resolve(inner);
        let wanted = self.table.shallow(wanted);
        if self.table.try_unify(wanted, inner) {
            return Ok(direct);
        }
        // `&[T; N]` to `&[T]`.
        if let (TyKind::Array(elem, _), TyKind::List(want_elem), Mutability::Shared) =
            (*inner.kind(), *wanted.kind(), want)
        {
            self.table.unify(want_elem, elem)?;
            let mut adjusts = direct;
            adjusts.push(Adjust { kind: AdjustKind::Coerce(Coercion::ArrayToSlice), target: to });
            return Ok(adjusts);
        }
        // `&Box[T]` to `&T`, `&&T` to `&T`.
        if let Some(adjusts) = self.coerce_deref(inner, wanted, want) {
            return Ok(adjusts);
        }
        match *wanted.kind() {
            TyKind::Dyn(_) if !matches!(inner.kind(), TyKind::Dyn(_) | TyKind::Infer(_)) => {
                self.demand_dyn(inner, wanted, false, span);
                let mut adjusts = direct;
                adjusts.push(Adjust { kind: AdjustKind::Coerce(Coercion::RefToDyn), target: to });
                Ok(adjusts)
            }
            TyKind::DynFn(sig) if matches!(inner.kind(), TyKind::Closure(..) | TyKind::Param(_)) => {
                self.register(Predicate::Fn(inner, sig), Cause::new(span, CauseKind::Coercion));
                let mut adjusts = direct;
                adjusts.push(Adjust { kind: AdjustKind::Coerce(Coercion::RefToDyn), target: to });
                Ok(adjusts)
            }
            _ => self.same(from, to),
        }
    }

    fn coerce_deref(&mut self, inner: Ty, wanted: Ty, want: Mutability) -> Option<Adjusts> {
        let mut adjusts = one(AdjustKind::Deref, inner);
        let mut at = inner;
        for _ in 0..MAX_DEREFS {
            let next = self.deref_step(at)?;
            if want == Mutability::Mut && !self.deref_step_is_mut(at) {
                return None;
            }
            adjusts.push(next);
            at = self.structurally_resolve(next.target);
            if matches!(at.kind(), TyKind::Infer(InferVar::Ty(_))) {
                return None;
            }
            if self.table.try_unify(wanted, at) {
                let target = Ty::new(TyKind::Ref(want, at));
                adjusts.push(Adjust { kind: AdjustKind::Borrow(want), target });
                return Some(adjusts);
            }
        }
        None
    }

    /// `*e` for an `e` of this type, without raw pointers.
    pub fn deref_step(&mut self, ty: Ty) -> Option<Adjust> {
        match *ty.kind() {
            TyKind::Ref(_, inner) => {
                let target = self.table.shallow(inner);
                Some(Adjust { kind: AdjustKind::Deref, target })
            }
            TyKind::Adt(..) | TyKind::Param(_) | TyKind::Projection(_) => {
                let target = self.deref_target(ty)?;
                Some(Adjust { kind: AdjustKind::DerefImpl, target })
            }
            _ => None,
        }
    }

    /// Whether the place after [`Self::deref_step`] may be changed, as far as the type says.
    pub fn deref_step_is_mut(&mut self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Ref(m, _) => m == Mutability::Mut,
            _ => self.implements_lang(ty, "DerefMut") != Truth::No,
        }
    }

    fn deref_target(&mut self, ty: Ty) -> Option<Ty> {
        let trait_ = self.program.lang.trait_("Deref")?;
        if self.implements(ty, trait_) == Truth::No {
            return None;
        }
        let name = self.program.traits[trait_].assoc_types.first()?.name;
        let projection = Ty::new(TyKind::Projection(Projection { trait_, args: tys(&[ty]), name }));
        let target = self.normalize(projection, Span::default());
        Some(self.structurally_resolve(target))
    }

    fn demand_dyn(&mut self, from: Ty, to: Ty, owned: bool, span: Span) {
        let TyKind::Dyn(d) = *to.kind() else { return };
        let cause = Cause::new(span, CauseKind::Coercion);
        let mut args: SmallVec<[Ty; 4]> = smallvec![from];
        args.extend_from_slice(d.args);
        let args = tys(&args);
        self.register(Predicate::Trait(TraitRef { trait_: d.trait_, args }), cause);
        for &(name, ty) in d.bindings {
            // The binding may be of a supertrait.
            if let Some(owner) = self.assoc_owner(TraitRef { trait_: d.trait_, args }, name, 0) {
                let projection = Projection { trait_: owner.trait_, args: owner.args, name };
                self.register(Predicate::ProjectionEq(projection, ty), cause);
            }
        }
        if owned {
            self.demand_owned(from, cause);
        }
    }

    /// An owned `dyn` never hides a view, nor what may not cross threads.
    fn demand_owned(&mut self, ty: Ty, cause: Cause) {
        self.demand(Demand::Owned(ty, u32::MAX), cause);
    }

    /// The trait, itself or a supertrait, that declares the associated type.
    pub fn assoc_owner(&self, of: TraitRef, name: base::Name, depth: u32) -> Option<TraitRef> {
        let decl = &self.program.traits[of.trait_];
        if decl.assoc_types.iter().any(|a| a.name == name) {
            return Some(of);
        }
        if depth > 16 {
            return None;
        }
        decl.supertraits.iter().find_map(|s| self.assoc_owner(s.subst(of.args), name, depth + 1))
    }
}

/// `Deref` impls may go in circles.
pub(crate) const MAX_DEREFS: usize = 16;
