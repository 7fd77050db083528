//! How values are called: closures, parameters with function bounds, `dyn fn`.
//!
//! Not here: choosing a closure's conventions while it is inferred ([`crate::infer`]). The one
//! thing to know: a callable that only reads what it holds serves wherever one that may change
//! or use it up is wanted, never the other way.

use smallvec::SmallVec;

use super::env::call_serves;
use super::select::{Solver, Truth, truth};
use crate::infer::InferTable;
use crate::ty::{FnSig, InferVar, Mutability, Predicate, Ty, TyKind};

impl Solver<'_> {
    /// How a value of this type is called, if it can be: a closure, a parameter with a function
    /// bound, a `dyn fn`, or a reference to one.
    pub fn callable(&self, table: &mut InferTable, ty: Ty) -> Option<Callable> {
        let ty = table.shallow(ty);
        match *ty.kind() {
            TyKind::Closure(id, args) => {
                let known = self.closures.sig(id)?;
                Some(Callable {
                    sig: known.sig.subst(args),
                    call_known: known.call_known,
                    flexible: known.flexible,
                })
            }
            TyKind::DynFn(sig) => Some(Callable::exact(sig)),
            TyKind::Param(_) | TyKind::Projection(_) => {
                let assumed = self.env.fns.iter().find(|(t, _)| *t == ty).map(|(_, sig)| *sig);
                assumed
                    .or_else(|| {
                        let mut found = None;
                        self.each_item_bound(ty, &mut |p| {
                            if let Predicate::Fn(_, sig) = p {
                                found.get_or_insert(sig);
                            }
                        });
                        found
                    })
                    .map(Callable::exact)
            }
            TyKind::Ref(m, inner) => {
                use syntax::ast::Convention::*;
                let mut inner = self.callable(table, inner)?;
                match (m, inner.sig.call) {
                    // A shared reference is itself only read, whatever it points to.
                    (Mutability::Shared, Read) => {}
                    (Mutability::Mut, Read | Mut) => {}
                    _ if !inner.call_known => {}
                    _ => return None,
                }
                inner.flexible = false;
                Some(inner)
            }
            _ => None,
        }
    }

    pub(super) fn fn_truth(&self, table: &mut InferTable, ty: Ty, want: FnSig) -> Truth {
        let ty = table.shallow(ty);
        match ty.kind() {
            TyKind::Infer(InferVar::Ty(_)) => return Truth::Maybe,
            TyKind::Error => return Truth::Yes,
            _ => {}
        }
        let Some(have) = self.callable(table, ty) else { return Truth::No };
        let mut sig = have.sig.map(&mut |t| self.normalize(table, t, &mut |_| {}));
        if have.flexible {
            sig = adapt(sig, want);
        }
        let same = sig.params.len() == want.params.len()
            && sig.params.iter().zip(want.params).all(|(a, b)| a.0 == b.0)
            && (!have.call_known || call_serves(sig.call, want.call));
        if !same {
            return Truth::No;
        }
        for (&(_, a), &(_, b)) in sig.params.iter().zip(want.params) {
            if !table.try_unify(a, b) {
                return Truth::No;
            }
        }
        truth(sig.ret.is_never() || table.try_unify(sig.ret, want.ret))
    }
}

/// What is known of calling a value.
#[derive(Clone, Copy, Debug)]
pub struct Callable {
    pub sig: FnSig,
    pub call_known: bool,
    pub flexible: bool,
}

impl Callable {
    fn exact(sig: FnSig) -> Callable {
        Callable { sig, call_known: true, flexible: false }
    }
}

/// Takes over the conventions of `want` where `sig` leaves open how it reads a parameter.
pub(crate) fn adapt(sig: FnSig, want: FnSig) -> FnSig {
    use crate::ty::Conv::*;
    if sig.params.len() != want.params.len() {
        return sig;
    }
    let params: SmallVec<[_; 6]> = sig
        .params
        .iter()
        .zip(want.params)
        .map(|(&(have, ty), &(want, _))| match (have, want) {
            (Val | Ref, Val | Ref | Own | Mut) => (want, ty),
            _ => (have, ty),
        })
        .collect();
    FnSig { params: crate::ty::leak_params(&params), ..sig }
}
