//! What inference knows of the closures of a body.
//!
//! Not here: capture analysis (the body checker, which tells the outcome by
//! [`InferCtx::set_closure_captures`]). The one thing to know: a closure's signature is open
//! from the start to unification; how it is called and what it holds are known only at the end,
//! so uses that depend on these wait or are noted in its state.

use base::{FxHashMap, Span};
use syntax::ast::Convention;

use super::context::InferCtx;
use super::demand::{Cause, Demand, Obligation, Reason, Unsatisfied};
use crate::items::ClosureId;
use crate::traits::callable::adapt;
use crate::traits::{ClosureSig, Closures, Truth, env::call_serves};
use crate::ty::{Conv, FnSig, Predicate, Ty, TyKind};

/// The closures of the body, as far as known.
#[derive(Default)]
pub struct ClosureStates {
    pub(super) states: FxHashMap<ClosureId, ClosureState>,
}

#[derive(Debug)]
pub struct ClosureState {
    /// The closure's parameters, for messages.
    pub span: Span,
    /// With inference variables. `call` counts when `call_known`.
    pub sig: FnSig,
    pub call_known: bool,
    /// Parameters without marker are read; whether by value or by reference is decided by the
    /// first use that says so ([`InferCtx::fix_conventions`]).
    pub flexible: bool,
    /// Types of the environment's fields, when known.
    pub captures: Option<Vec<Ty>>,
    /// The captured variables, with a use of each, for messages.
    pub names: Vec<(base::Name, Span)>,
    /// Some use needs a closure without borrows: captures are moved in. The place that asks.
    pub must_own: Option<Span>,
    /// Uses that limit how the closure may be called, to be checked when that is known.
    pub wanted: Vec<(Convention, Cause)>,
}

impl Closures for ClosureStates {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        let state = self.states.get(&id)?;
        Some(ClosureSig { sig: state.sig, call_known: state.call_known, flexible: state.flexible })
    }

    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        match self.states.get(&id).and_then(|s| s.captures.as_ref()) {
            Some(captures) => {
                captures.iter().all(|&t| each(t));
                true
            }
            None => false,
        }
    }

    fn is_final(&self) -> bool {
        false
    }
}

impl InferCtx<'_> {
    /// `sig.call` counts for nothing yet. `flexible`: its parameters without marker take the
    /// conventions of the function type it is used as.
    pub fn add_closure(&mut self, id: ClosureId, sig: FnSig, flexible: bool, span: Span) {
        self.closures.states.insert(
            id,
            ClosureState {
                span,
                sig,
                call_known: false,
                flexible,
                captures: None,
                names: Vec::new(),
                must_own: None,
                wanted: Vec::new(),
            },
        );
    }

    pub fn closure(&self, id: ClosureId) -> Option<&ClosureState> {
        self.closures.states.get(&id)
    }

    pub fn name_closure_captures(&mut self, id: ClosureId, names: Vec<(base::Name, Span)>) {
        if let Some(state) = self.closures.states.get_mut(&id) {
            state.names = names;
        }
    }

    /// After capture analysis: how the closure is called and what it holds.
    pub fn set_closure_captures(&mut self, id: ClosureId, call: Convention, captures: Vec<Ty>) {
        let Some(state) = self.closures.states.get_mut(&id) else { return };
        state.sig.call = call;
        state.call_known = true;
        state.captures = Some(captures);
        self.table.touch();
        for (expected, cause) in std::mem::take(&mut state.wanted) {
            if !call_serves(call, expected) {
                let args = Ty::new(TyKind::Closure(id, &[]));
                let obligation = Obligation {
                    demand: Demand::Predicate(Predicate::Fn(
                        args,
                        FnSig { call: expected, params: &[], ret: Ty::unit() },
                    )),
                    cause,
                    parents: None,
                    depth: 0,
                };
                let reason = Reason::Call { expected, found: call };
                self.errors.push(Unsatisfied { obligation, reason });
            }
        }
    }

    /// Whether all that is demanded of a closure is that it can be called once.
    pub fn is_only_consumed(&self, id: ClosureId) -> bool {
        self.closures.states.get(&id).is_some_and(|state| {
            !state.wanted.is_empty() && state.wanted.iter().all(|(call, _)| *call == Convention::Own)
        })
    }

    /// Decides the conventions of a closure's unmarked parameters where nothing has: by value
    /// if the type is `Copy`, else by reference. Gives the signature.
    pub fn fix_conventions(&mut self, id: ClosureId) -> Option<FnSig> {
        let state = self.closures.states.get(&id)?;
        let (sig, flexible) = (state.sig, state.flexible);
        if !flexible {
            return Some(sig);
        }
        let mut params = sig.params.to_vec();
        for (conv, ty) in &mut params {
            if matches!(conv, Conv::Val | Conv::Ref) {
                *conv = if self.is_copy(*ty) == Truth::Yes { Conv::Val } else { Conv::Ref };
            }
        }
        let sig = FnSig { params: crate::ty::leak_params(&params), ..sig };
        let state = self.closures.states.get_mut(&id)?;
        state.sig = sig;
        state.flexible = false;
        Some(sig)
    }

    /// How a value of this type is called. A flexible closure's conventions are fixed by asking.
    pub fn call_sig(&mut self, ty: Ty) -> Option<FnSig> {
        let ty = self.structurally_resolve(ty);
        if let TyKind::Closure(id, _) = *ty.peel_refs().kind() {
            self.fix_conventions(id);
        }
        let (solver, table) = self.parts();
        let found = solver.callable(table, ty)?;
        let sig = self.normalize_sig(found.sig, Span::default());
        Some(sig)
    }

    /// The signature that open demands say a closure for this variable should have.
    pub fn expected_sig(&mut self, ty: Ty) -> Option<FnSig> {
        let ty = self.table.shallow(ty);
        match *ty.kind() {
            TyKind::DynFn(sig) => return Some(sig),
            TyKind::Infer(_) => {}
            _ => return None,
        }
        for i in 0..self.pending.len() {
            if let Demand::Predicate(Predicate::Fn(subject, sig)) = self.pending[i].obligation.demand
                && self.table.shallow(subject) == ty
            {
                return Some(self.table.resolve_sig(sig));
            }
        }
        None
    }

    /// Whether a demand that the variable be owned (not a view) is open.
    pub fn expects_owned(&mut self, ty: Ty) -> Option<Cause> {
        let ty = self.table.shallow(ty);
        for i in 0..self.pending.len() {
            if let Demand::Owned(subject, _) = self.pending[i].obligation.demand
                && self.table.shallow(subject) == ty
            {
                return Some(self.pending[i].obligation.cause);
            }
        }
        None
    }

    /// A closure without markers is made to take its parameters as `want` gives them.
    pub(super) fn take_conventions(&mut self, ty: Ty, sig: FnSig, want: FnSig) -> FnSig {
        let TyKind::Closure(id, _) = *ty.kind() else { return sig };
        let Some(state) = self.closures.states.get_mut(&id) else { return sig };
        state.sig = adapt(state.sig, want);
        state.flexible = false;
        adapt(sig, want)
    }
}
