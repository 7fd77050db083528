//! Matching the header of an impl with types at hand.
//!
//! Not here: the impl's bounds ([`super::select`]). The one thing to know: the impl's parameters
//! are filled in from the types wherever these decide them, so that matching makes no variables
//! in the usual case.

use smallvec::SmallVec;

use crate::infer::InferTable;
use crate::ty::{InferVar, Ty, TyKind, Tys, tys};

/// Projections in a header, with what they must equal.
pub(super) type Deferred = SmallVec<[(Ty, Ty); 1]>;

/// A cheap test of outermost shapes; `false` is sure.
pub(crate) fn may_match(pattern: Ty, ty: Ty) -> bool {
    use TyKind::*;
    match (pattern.kind(), ty.kind()) {
        (Param(_) | Projection(_) | Error | Infer(_), _) => true,
        (_, Error | Infer(InferVar::Ty(_))) => true,
        (Int(_), Infer(InferVar::Int(_))) | (Float(_), Infer(InferVar::Float(_))) => true,
        (Int(a), Int(b)) => a == b,
        (Float(a), Float(b)) => a == b,
        (Adt(a, _), Adt(b, _)) => a == b,
        (Ref(a, x), Ref(b, y)) => a == b && may_match(*x, *y),
        (Tuple(a), Tuple(b)) => a.len() == b.len(),
        (Dyn(a), Dyn(b)) => a.trait_ == b.trait_,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// Matches the types of an impl's header, where parameters stand for anything, with types at
/// hand; avoids variables for the parameters wherever the types decide them.
pub(super) struct Matcher {
    params: SmallVec<[Option<Ty>; 6]>,
    deferred: Deferred,
}

impl Matcher {
    pub(super) fn new(params: usize) -> Matcher {
        Matcher { params: smallvec::smallvec![None; params], deferred: SmallVec::new() }
    }

    pub(super) fn fits(&mut self, table: &mut InferTable, pattern: Ty, ty: Ty) -> bool {
        if pattern == ty && !pattern.has_param() {
            return true;
        }
        if !pattern.has_param() {
            return table.relate(pattern, ty).is_ok();
        }
        let ty = table.shallow(ty);
        use TyKind::*;
        match (*pattern.kind(), *ty.kind()) {
            (Param(p), _) => match self.params.get(p.index as usize) {
                Some(Some(known)) => table.relate(*known, ty).is_ok(),
                Some(None) => {
                    self.params[p.index as usize] = Some(ty);
                    true
                }
                None => false,
            },
            (Projection(_), _) => {
                self.deferred.push((pattern, ty));
                true
            }
            (_, Infer(InferVar::Ty(_)) | Error) => {
                let made = self.instantiate(table, pattern);
                table.relate(made, ty).is_ok()
            }
            (Tuple(a), Tuple(b)) => a.len() == b.len() && self.all(table, a, b),
            (List(a), List(b)) | (RawPtr(a), RawPtr(b)) => self.fits(table, a, b),
            (Array(a, n), Array(b, m)) => self.fits(table, a, b) && self.fits(table, n, m),
            (Adt(i, a), Adt(j, b)) => i == j && self.all(table, a, b),
            (Ref(m, a), Ref(n, b)) => m == n && self.fits(table, a, b),
            (Dyn(_), Dyn(_)) | (DynFn(_), DynFn(_)) => {
                let made = self.instantiate(table, pattern);
                table.relate(made, ty).is_ok()
            }
            _ => false,
        }
    }

    fn all(&mut self, table: &mut InferTable, patterns: Tys, types: Tys) -> bool {
        patterns.len() == types.len() && patterns.iter().zip(types).all(|(&p, &t)| self.fits(table, p, t))
    }

    fn instantiate(&mut self, table: &mut InferTable, pattern: Ty) -> Ty {
        let args = self.fill(table);
        pattern.subst(&args)
    }

    fn fill(&mut self, table: &mut InferTable) -> SmallVec<[Ty; 6]> {
        self.params.iter_mut().map(|p| *p.get_or_insert_with(|| table.fresh_ty())).collect()
    }

    /// The arguments and what the deferred projections must equal.
    pub(super) fn finish(mut self, table: &mut InferTable) -> (Tys, Deferred) {
        let args = self.fill(table);
        for (projection, _) in &mut self.deferred {
            *projection = projection.subst(&args);
        }
        (tys(&args), self.deferred)
    }
}
