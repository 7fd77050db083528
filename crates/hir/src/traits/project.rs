//! Associated types: what `<T as Trait>::Name` is.
//!
//! Not here: which impl is meant ([`super::select`]). The one thing to know: normalising leaves
//! a projection where it is *rigid* (known only by a bound, like `I::Item`), and puts a variable
//! in its place where the self type is not known yet, handing out the equation to be solved.

use super::select::{Builtin, Pending, Selection, Solver};
use crate::infer::InferTable;
use crate::ty::{FnSig, InferVar, Predicate, Projection, TraitRef, Ty, TyKind, Tys};

/// Beyond this an associated type is taken to be defined in terms of itself.
const MAX_STEPS: u32 = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Projected {
    /// Not normalised itself.
    To(Ty),
    /// Equal to nothing but itself.
    Rigid,
    /// Waits for a variable.
    Ambiguous,
    /// The trait does not hold.
    Failed,
}

impl Solver<'_> {
    /// Resolves every projection in `ty`. Each one that must wait is replaced by a fresh
    /// variable, and `pending` gets the equation.
    pub fn normalize(&self, table: &mut InferTable, ty: Ty, pending: &mut dyn FnMut(Predicate)) -> Ty {
        self.normalize_steps(table, ty, pending, 0)
    }

    fn normalize_steps(
        &self,
        table: &mut InferTable,
        ty: Ty,
        pending: &mut dyn FnMut(Predicate),
        steps: u32,
    ) -> Ty {
        if !ty.has_projection() {
            return ty;
        }
        if steps > MAX_STEPS {
            return Ty::error();
        }
        let cacheable = self.is_concrete(ty);
        if cacheable && let Some(&known) = self.cache.normal.read().expect("cache").get(&ty) {
            return known;
        }
        let inner = match *ty.kind() {
            TyKind::Projection(_) => ty.map_children(&mut |t| self.normalize_steps(table, t, pending, steps)),
            _ => {
                return ty.map_children(&mut |t| self.normalize_steps(table, t, pending, steps));
            }
        };
        let TyKind::Projection(p) = *inner.kind() else { return inner };
        let p = Projection { args: table.resolve_list(p.args), ..p };
        match self.project(table, p, pending) {
            Projected::To(to) => {
                let to = table.resolve(to);
                let done = if to == ty { to } else { self.normalize_steps(table, to, pending, steps + 1) };
                if cacheable && !done.has_infer() && !done.has_error() {
                    self.cache.normal.write().expect("cache").insert(ty, done);
                }
                done
            }
            Projected::Rigid => Ty::new(TyKind::Projection(p)),
            Projected::Ambiguous => {
                let var = table.fresh_ty();
                pending(Predicate::ProjectionEq(p, var));
                var
            }
            Projected::Failed => {
                // The demand for the trait itself says why.
                pending(Predicate::Trait(TraitRef { trait_: p.trait_, args: p.args }));
                Ty::error()
            }
        }
    }

    /// A projection over concrete types only.
    fn is_concrete(&self, ty: Ty) -> bool {
        !ty.has_param()
            && !ty.has_infer()
            && !ty.has_error()
            && (!ty.has_closure() || self.closures.is_final())
    }

    /// One step. `pending` gets what an impl's parameters that only its bounds decide need.
    pub fn project(
        &self,
        table: &mut InferTable,
        p: Projection,
        pending: &mut dyn FnMut(Predicate),
    ) -> Projected {
        let self_ty = table.shallow(p.args[0]);
        if self_ty.has_error() {
            return Projected::To(Ty::error());
        }
        if matches!(self_ty.kind(), TyKind::Infer(InferVar::Ty(_))) {
            return Projected::Ambiguous;
        }
        if p.args.iter().any(|t| t.has_param())
            && let Some(to) = self.assumed_equal(table, p)
        {
            return Projected::To(to);
        }
        let want = TraitRef { trait_: p.trait_, args: p.args };
        match self.select(table, want) {
            Selection::Param(_) => Projected::Rigid,
            Selection::Ambiguous => Projected::Ambiguous,
            Selection::None => Projected::Failed,
            Selection::Builtin(Builtin::Dyn) => self.dyn_binding(self_ty, p),
            Selection::Builtin(Builtin::Error) => Projected::To(Ty::error()),
            Selection::Builtin(_) => Projected::Failed,
            Selection::Impl { id, args } => {
                if args.iter().any(|t| t.has_infer()) {
                    self.impl_predicates(id, args)
                        .filter(|p| {
                            matches!(p, Predicate::ProjectionEq(_, ty) if ty.has_infer())
                                || matches!(p, Predicate::Fn(_, sig) if sig.ret.has_infer())
                        })
                        .for_each(&mut *pending);
                }
                let assoc = self.program.impls[id].assoc_types.iter().find(|a| a.0 == p.name);
                match assoc {
                    Some(&(_, ty, _)) => Projected::To(ty.subst(args)),
                    None => self.assoc_default(p),
                }
            }
        }
    }

    fn assoc_default(&self, p: Projection) -> Projected {
        let decls = &self.program.traits[p.trait_].assoc_types;
        match decls.iter().find(|a| a.name == p.name).and_then(|a| a.default) {
            Some(ty) => Projected::To(ty.subst(p.args)),
            // The impl's missing type was reported where the impl stands.
            None => Projected::To(Ty::error()),
        }
    }

    fn dyn_binding(&self, self_ty: Ty, p: Projection) -> Projected {
        let TyKind::Dyn(d) = *self_ty.kind() else { return Projected::Failed };
        match d.bindings.iter().find(|b| b.0 == p.name) {
            Some(&(_, ty)) => Projected::To(ty),
            None => Projected::To(Ty::error()),
        }
    }

    /// By `T: Trait[Name = U]` among the assumptions or the bounds of an associated type.
    fn assumed_equal(&self, table: &mut InferTable, p: Projection) -> Option<Ty> {
        let whole = Ty::new(TyKind::Projection(p));
        let same = |table: &mut InferTable, q: Projection, to: Ty| {
            q.trait_ == p.trait_
                && q.name == p.name
                && to != whole
                && (q.args == p.args || table.try_unify_lists(q.args, p.args))
        };
        for &(q, to) in &self.env.projections {
            if same(table, q, to) {
                return Some(to);
            }
        }
        let mut found = None;
        self.each_item_bound(p.args[0], &mut |predicate| {
            if let Predicate::ProjectionEq(q, to) = predicate
                && found.is_none()
                && same(table, q, to)
            {
                found = Some(to);
            }
        });
        found
    }

    // ------------------------------------------------------------ shorthands

    pub fn normalize_list(
        &self,
        table: &mut InferTable,
        list: Tys,
        pending: &mut dyn FnMut(Predicate),
    ) -> Tys {
        if list.iter().all(|t| !t.has_projection()) {
            return list;
        }
        let done: smallvec::SmallVec<[Ty; 6]> =
            list.iter().map(|&t| self.normalize(table, t, pending)).collect();
        crate::ty::tys(&done)
    }

    pub fn normalize_sig(
        &self,
        table: &mut InferTable,
        sig: FnSig,
        pending: &mut dyn FnMut(Predicate),
    ) -> FnSig {
        sig.map(&mut |t| self.normalize(table, t, pending))
    }

    /// The projection of a `ProjectionEq` stays; its arguments are normalised.
    pub fn normalize_predicate(
        &self,
        table: &mut InferTable,
        predicate: Predicate,
        pending: &mut dyn FnMut(Predicate),
    ) -> Predicate {
        match predicate {
            Predicate::Trait(t) => {
                Predicate::Trait(TraitRef { args: self.normalize_list(table, t.args, pending), ..t })
            }
            Predicate::ProjectionEq(p, ty) => Predicate::ProjectionEq(
                Projection { args: self.normalize_list(table, p.args, pending), ..p },
                self.normalize(table, ty, pending),
            ),
            Predicate::Fn(ty, sig) => {
                Predicate::Fn(self.normalize(table, ty, pending), self.normalize_sig(table, sig, pending))
            }
        }
    }

    /// For types without inference variables: resolves what can be.
    pub fn normalize_plain(&self, ty: Ty) -> Ty {
        if !ty.has_projection() {
            return ty;
        }
        let mut table = InferTable::new();
        let mut pending = Pending::new();
        let done = self.normalize(&mut table, ty, &mut |p| pending.push(p));
        self.solve(&mut table, pending);
        table.finish(done).unwrap_or_else(|(_, ty)| ty)
    }

    pub fn normalize_predicate_plain(&self, predicate: Predicate) -> Predicate {
        let mut table = InferTable::new();
        let mut pending = Pending::new();
        let done = self.normalize_predicate(&mut table, predicate, &mut |p| pending.push(p));
        self.solve(&mut table, pending);
        match done {
            Predicate::Trait(t) => Predicate::Trait(TraitRef { args: table.resolve_list(t.args), ..t }),
            Predicate::ProjectionEq(p, ty) => Predicate::ProjectionEq(
                Projection { args: table.resolve_list(p.args), ..p },
                table.resolve(ty),
            ),
            Predicate::Fn(ty, sig) => Predicate::Fn(table.resolve(ty), table.resolve_sig(sig)),
        }
    }

    /// Binds what equations and function bounds decide; answers no question.
    pub(crate) fn solve(&self, table: &mut InferTable, mut pending: Pending) {
        for _ in 0..8 {
            if pending.is_empty() {
                return;
            }
            let before = table.bindings();
            let mut open = Pending::new();
            for predicate in pending {
                match predicate {
                    Predicate::ProjectionEq(p, ty) => {
                        let mut more = Pending::new();
                        let normal =
                            self.normalize(table, Ty::new(TyKind::Projection(p)), &mut |p| more.push(p));
                        open.extend(more);
                        table.try_unify(normal, ty);
                    }
                    Predicate::Fn(ty, want) => {
                        if let Some(have) = self.callable(table, ty) {
                            let mut more = Pending::new();
                            let ret = self.normalize(table, have.sig.ret, &mut |p| more.push(p));
                            open.extend(more);
                            table.try_unify(ret, want.ret);
                        } else {
                            open.push(predicate);
                        }
                    }
                    Predicate::Trait(_) => {}
                }
            }
            if table.bindings() == before {
                return;
            }
            pending = open;
        }
    }
}
