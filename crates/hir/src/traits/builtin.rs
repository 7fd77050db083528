//! Built-in rules: traits that types have without an impl.

use smallvec::SmallVec;

use super::select::{Builtin, Solver, Truth};
use crate::infer::InferTable;
use crate::items::TraitId;
use crate::ty::{InferVar, Mutability, TraitRef, Ty, TyKind, Tys, tys};

impl<'a> Solver<'a> {
    pub(super) fn builtin(&self, table: &mut InferTable, want: TraitRef) -> Option<Builtin> {
        let ty = want.args[0];
        if let TyKind::Dyn(d) = *ty.kind()
            && self.dyn_implements(table, d.trait_, ty, d.args, want)
        {
            return Some(Builtin::Dyn);
        }
        if self.is_lang(want.trait_, "Copy") {
            return self.builtin_copy(table, ty).then_some(Builtin::Copy);
        }
        if self.is_lang(want.trait_, "Clone") {
            return match ty.kind() {
                TyKind::Tuple([_, ..]) | TyKind::Array(..) | TyKind::Closure(..) => Some(Builtin::CloneParts),
                _ => self.builtin_copy(table, ty).then_some(Builtin::CloneByCopy),
            };
        }
        if self.is_lang(want.trait_, "Send") {
            let facts = super::Facts { solver: *self };
            return facts.is_sendable_into_scope(ty).is_ok().then_some(Builtin::Send);
        }
        None
    }

    pub(super) fn builtin_copy(&self, table: &mut InferTable, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::RawPtr(_)
            | TyKind::Ref(Mutability::Shared, _)
            | TyKind::Infer(InferVar::Int(_) | InferVar::Float(_))
            | TyKind::Const(_) => true,
            TyKind::Tuple(_) | TyKind::Array(..) | TyKind::Closure(..) => {
                let Some(copy) = self.program.lang.trait_("Copy") else { return false };
                let mut all = true;
                let known = self.parts(ty, &mut |part| {
                    all = self.holds(table, TraitRef { trait_: copy, args: tys(&[part]) }) == Truth::Yes;
                    all
                });
                known && all
            }
            _ => false,
        }
    }

    /// The values that a tuple, array or closure is made of. `false`: not known.
    pub(crate) fn parts(&self, ty: Ty, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        match *ty.kind() {
            TyKind::Tuple(elems) => {
                elems.iter().all(|&t| each(t));
                true
            }
            TyKind::Array(elem, _) => {
                each(elem);
                true
            }
            TyKind::Closure(id, args) => self.closures.captures(id, &mut |t| each(t.subst(args))),
            _ => false,
        }
    }

    pub(super) fn dyn_implements(
        &self,
        table: &mut InferTable,
        trait_: TraitId,
        self_ty: Ty,
        args: Tys,
        want: TraitRef,
    ) -> bool {
        let mut all: SmallVec<[Ty; 4]> = SmallVec::from_slice(&[self_ty]);
        all.extend_from_slice(args);
        self.is_super(table, TraitRef { trait_, args: tys(&all) }, want, 0)
    }

    /// Whether `have` is or implies `want` through supertraits.
    pub(super) fn is_super(
        &self,
        table: &mut InferTable,
        have: TraitRef,
        want: TraitRef,
        depth: u32,
    ) -> bool {
        if have.trait_ == want.trait_ && table.can_unify_lists(have.args, want.args) {
            return true;
        }
        depth < 32
            && self.program.traits[have.trait_]
                .supertraits
                .iter()
                .any(|s| self.is_super(table, s.subst(have.args), want, depth + 1))
    }
}
