//! What a call does with views, and what a body may return.

use base::Span;
use hir::items::{FnId, FnKind, FnParent, Origin, ParamDecl};
use hir::ty::{Conv, Mutability, Ty, TyKind};
use smallvec::SmallVec;

use super::{Carry, Flow, LoanKind, Loans, State};
use crate::body::{Call, Callee, Local, RETURN, Source};
use crate::check::facts::{Depth, Facts, known};
use crate::check::sets::{LoanId, LoanSet};

/// What a declared function's result borrows from, and its conventions: for a method of a
/// trait's impl, as the trait declares.
pub fn signature<'a>(facts: &Facts<'a>, id: FnId) -> Option<(&'a [Origin], &'a [ParamDecl], bool)> {
    let program = facts.program;
    let mut decl = program.fns.get(id)?;
    if let FnParent::TraitImpl(impl_) = decl.parent
        && let Some(trait_) = program.impls[impl_].trait_
        && known(&program.traits, trait_.trait_)
        && let Some(&method) =
            program.traits[trait_.trait_].methods.iter().find(|&&m| program.fns[m].name == decl.name)
    {
        decl = &program.fns[method];
    }
    let constructor = matches!(decl.kind, FnKind::Constructor(..));
    Some((&decl.ret_origins, &decl.params, constructor))
}

pub(super) fn by_ref(conv: Conv) -> bool {
    matches!(conv, Conv::Ref | Conv::Mut)
}

impl Loans<'_, '_> {
    pub fn flow(&self, call: &Call) -> Flow {
        let by_type = || call.args.iter().map(|a| a.ty(&self.body.locals).is_ref()).collect();
        match &call.callee {
            Callee::Fn { id, .. }
            | Callee::TraitMethod { method: id, .. }
            | Callee::DynMethod { method: id, .. } => match signature(self.facts, *id) {
                Some((origins, params, constructor)) => Flow {
                    origins: if origins.is_empty() || constructor {
                        (0..call.args.len() as u32).map(Origin::Outer).collect()
                    } else {
                        SmallVec::from_slice(origins)
                    },
                    by_ref: params.iter().map(|p| by_ref(p.conv)).collect(),
                },
                None => Flow { origins: SmallVec::from_slice(&call.flow.ret_origins), by_ref: by_type() },
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
            Callee::Closure { .. } => {
                Flow { origins: (0..call.args.len() as u32).map(Origin::Outer).collect(), by_ref: by_type() }
            }
        }
    }

    pub(super) fn call(&mut self, state: &mut State, call: &Call, span: Span) -> Carry {
        let mut args: SmallVec<[Carry; 6]> = SmallVec::new();
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
        let held: SmallVec<[Carry; 6]> =
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
                if j != i && !self.facts.only_runs(&call.callee, j, Some(i)) {
                    taken = self.join(taken, loans);
                }
            }
            let written = match *ty.kind() {
                TyKind::Ref(_, to) => to,
                _ => ty,
            };
            let taken = self.justified(taken, written);
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
            if !outer && self.facts.only_runs(&call.callee, i, None) {
                continue;
            }
            let from = if by_ref(i) && !outer { arg.behind() } else { arg };
            let from = self.outwards(from);
            result = self.join(result, from);
        }
        let result = self.justified(result, ty);
        self.mask(result, depth)
    }

    /// What views in a value of this type can be views of: without the loans of places that hold nothing of
    /// the kind.
    fn justified(&mut self, carry: Carry, ty: Ty) -> Carry {
        let [near, mid, far] = carry.sets();
        let own = |loans: &Self, set| {
            loans.sets.get(set).iter().any(|&l| matches!(&loans.loans[l], LoanKind::Place(_)))
        };
        if !(own(self, near) || own(self, mid) || own(self, far)) {
            return carry;
        }
        let Some(viewed) = self.facts.viewed(ty) else { return carry };
        let mut keep = |set| {
            let mut kept = LoanSet::EMPTY;
            for &id in self.sets.members(set).iter() {
                let needed = match &self.loans[id] {
                    LoanKind::Place(loan) if loan.mutability == Mutability::Shared => {
                        let whole = loan.place.ty(&self.body.locals);
                        viewed.iter().any(|&part| self.facts.can_lie_in(part, whole))
                    }
                    _ => true,
                };
                if needed {
                    let one = self.sets.of(id);
                    kept = self.sets.union(kept, one);
                }
            }
            kept
        };
        Carry { near: keep(near), mid: keep(mid), far: keep(far) }
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
            (p as usize) < self.body.arg_count && self.facts.absorbs(self.body.locals[Local(p + 1)].ty)
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
}
