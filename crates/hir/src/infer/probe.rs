//! Method lookup: which function `receiver.name` or `Type::name` means.
//!
//! Not here: fields, argument checking. The one thing to know: a method's self type is the type
//! itself, never a reference to it (`self` says by its convention how it is taken), so a step of
//! the receiver's dereferencing matches a method by its type alone; the borrow follows from the
//! convention.

use base::{Name, Span};
use smallvec::{SmallVec, smallvec};

use super::coerce::{Adjust, AdjustKind, Adjusts, MAX_DEREFS};
use super::context::InferCtx;
use super::demand::{Cause, CauseKind};
use crate::items::{FnDecl, FnId, FnParent, ImplId, ModId, TraitId};
use crate::thir::{Callee, Coercion};
use crate::traits::{Selection, Truth};
use crate::ty::{Conv, FnSig, InferVar, Mutability, Predicate, TraitRef, Ty, TyKind, tys};

/// The function that a method call means.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    pub method: FnId,
    pub source: PickSource,
    /// What `Self` is.
    pub self_ty: Ty,
    /// From the receiver expression to the argument: dereferences, then the borrow that the
    /// method's convention asks for (none for `own self`), then `[T; N]` to `[T]`.
    pub adjusts: Adjusts,
    /// Not visible from where it is called.
    pub private: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PickSource {
    Inherent(ImplId),
    /// By an impl that is known, or known later.
    Trait(TraitId),
    /// By a bound of a type parameter.
    Param(TraitRef),
    /// Through a `dyn`: the trait (or supertrait) with its arguments, self first.
    Dyn(TraitRef),
}

/// A pick with its arguments decided.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// All generic arguments, the parent's first; with variables.
    pub args: Vec<Ty>,
    /// Normalised; `self` is the first parameter if the function has one.
    pub sig: FnSig,
    pub callee: Callee,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProbeError {
    /// The receiver's type is not known yet: this variable.
    Unknown(Ty),
    /// Already reported.
    Error,
    Ambiguous(Vec<Pick>),
    NotFound(Box<NotFound>),
}

/// What is near to a method that does not exist.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NotFound {
    /// A method of the receiver with a similar name.
    pub similar: Option<Name>,
    /// Methods of this name that would apply if these held.
    pub unmet: Vec<(FnId, Ty, Vec<Predicate>)>,
    /// Traits with a method of this name, not implemented.
    pub traits: Vec<TraitId>,
    /// A function of this name without `self`.
    pub associated: Option<FnId>,
}

#[derive(Clone, Copy)]
struct Found {
    method: FnId,
    source: PickSource,
}

type FoundList = SmallVec<[Found; 2]>;

impl InferCtx<'_> {
    /// The method that `receiver.name(…)`, written in `from`, means.
    pub fn find_method(&mut self, receiver: Ty, name: Name, from: ModId) -> Result<Pick, ProbeError> {
        let mut steps: SmallVec<[Adjust; 4]> = SmallVec::new();
        let mut at = self.structurally_resolve(receiver);
        let first = at;
        // A private method counts only if there is no other.
        let mut hidden: Option<(FoundList, Ty, usize)> = None;
        loop {
            match at.kind() {
                TyKind::Infer(InferVar::Ty(_)) => return Err(ProbeError::Unknown(at)),
                TyKind::Error => return Err(ProbeError::Error),
                _ => {}
            }
            if let Some(found) = self.at_step(at, name, from)? {
                if found.iter().any(|f| !self.is_private(f, from)) {
                    return self.pick(found, at, &steps, from);
                }
                hidden.get_or_insert((found, at, steps.len()));
            }
            if steps.len() >= MAX_DEREFS {
                break;
            }
            let Some(mut next) = self.deref_step(at) else { break };
            next.target = self.structurally_resolve(next.target);
            at = next.target;
            steps.push(next);
        }
        // Methods of lists that only read apply to arrays.
        if let TyKind::Array(elem, _) = *at.kind() {
            let list = Ty::list(elem);
            let mut found = self.candidates(list, name, from);
            found.retain(|f| matches!(self.self_conv(f.method), Some(Conv::Ref | Conv::Val)));
            if !found.is_empty() {
                let mut pick = self.pick(found, list, &steps, from)?;
                let array_ref = Ty::shared_ref(at);
                if let Some(borrow) = pick.adjusts.last_mut() {
                    borrow.target = array_ref;
                }
                pick.adjusts.push(Adjust {
                    kind: AdjustKind::Coerce(Coercion::ArrayToSlice),
                    target: Ty::shared_ref(list),
                });
                return Ok(pick);
            }
        }
        if let Some((found, at, count)) = hidden {
            return self.pick(found, at, &steps[..count], from);
        }
        Err(ProbeError::NotFound(Box::new(self.explain_missing(first, name, from))))
    }

    /// The candidates at one step, if there are any.
    fn at_step(&mut self, ty: Ty, name: Name, from: ModId) -> Result<Option<FoundList>, ProbeError> {
        let some = |found: FoundList| Ok((!found.is_empty()).then_some(found));
        let TyKind::Ref(m, inner) = *ty.kind() else { return some(self.callable_on(ty, name, from)) };
        // `own self` of the reference itself goes before what it points to; that goes before
        // reading or changing the reference.
        let all = self.callable_on(ty, name, from);
        let mut own = all.clone();
        own.retain(|f| self.self_conv(f.method) == Some(Conv::Own));
        if !own.is_empty() {
            return Ok(Some(own));
        }
        let inner = self.structurally_resolve(inner);
        if let TyKind::Infer(InferVar::Ty(_)) = inner.kind() {
            return Err(ProbeError::Unknown(inner));
        }
        let mut behind = self.callable_on(inner, name, from);
        behind.retain(|f| match self.self_conv(f.method) {
            Some(Conv::Ref | Conv::Val) => true,
            Some(Conv::Mut) => m == Mutability::Mut,
            _ => false,
        });
        if !behind.is_empty() {
            return Ok(None);
        }
        // `clone` of a reference to something without `Clone` is never what was meant.
        let mut rest = all;
        let clone = self.program.lang.trait_("Clone");
        rest.retain(|f| !matches!(f.source, PickSource::Trait(t) if Some(t) == clone));
        some(rest)
    }

    fn self_conv(&self, method: FnId) -> Option<Conv> {
        let decl = &self.program.fns[method];
        if decl.has_self { decl.params.first().map(|p| p.conv) } else { None }
    }

    /// Whether a method `name` that may be called from `from` has just this type as its receiver.
    pub fn has_method(&mut self, ty: Ty, name: Name, from: ModId) -> bool {
        self.callable_on(ty, name, from).iter().any(|f| !self.is_private(f, from))
    }

    fn callable_on(&mut self, ty: Ty, name: Name, from: ModId) -> FoundList {
        let mut found = self.candidates(ty, name, from);
        found.retain(|f| self.program.fns[f.method].has_self);
        found
    }

    /// Everything called `name` whose `Self` is `ty`: inherent, else of traits.
    fn candidates(&mut self, ty: Ty, name: Name, from: ModId) -> FoundList {
        let mut found = FoundList::new();
        let mut hidden = FoundList::new();
        let program = self.program;
        let list =
            program.impl_index().methods(name, ty).or_else(|| program.inherent.get(&name).map(|l| &l[..]));
        if let Some(list) = list {
            for &method in list {
                let FnParent::Inherent(id) = program.fns[method].parent else { continue };
                if self.impl_applies(id, ty) != Truth::No {
                    let one = Found { method, source: PickSource::Inherent(id) };
                    if self.is_private(&one, from) { hidden.push(one) } else { found.push(one) }
                }
            }
        }
        if !found.is_empty() {
            return found;
        }
        let Some(list) = program.trait_methods.get(&name) else { return hidden };
        let mut consider = |method: FnId| {
            if let FnParent::Trait(trait_) = program.fns[method].parent {
                self.trait_candidates(ty, trait_, method, &mut found);
            }
        };
        match program.impl_index().trait_methods(name, ty) {
            Some(list) => list.for_each(consider),
            None => list.iter().for_each(|&method| consider(method)),
        }
        // A bound in scope is meant rather than an impl that may also apply.
        if found.len() > 1 && found.iter().any(|f| matches!(f.source, PickSource::Param(_))) {
            found.retain(|f| matches!(f.source, PickSource::Param(_)));
        }
        if found.is_empty() { hidden } else { found }
    }

    fn is_private(&self, found: &Found, from: ModId) -> bool {
        matches!(found.source, PickSource::Inherent(_))
            && !self.is_visible(&self.program.fns[found.method], from)
    }

    fn impl_applies(&mut self, id: ImplId, ty: Ty) -> Truth {
        if !crate::traits::select::may_match(self.program.impls[id].self_ty, ty) {
            return Truth::No;
        }
        let (solver, table) = self.parts();
        table.probe(|table| match solver.match_inherent(table, id, ty) {
            None => Truth::No,
            Some(_) if solver.program.impls[id].generics.predicates.is_empty() => Truth::Yes,
            Some(args) => solver.all_hold_now(table, solver.impl_predicates(id, args)),
        })
    }

    fn trait_candidates(&mut self, ty: Ty, trait_: TraitId, method: FnId, found: &mut FoundList) {
        if matches!(ty.kind(), TyKind::Param(_) | TyKind::Projection(_)) {
            let mut bounds: SmallVec<[TraitRef; 4]> = SmallVec::new();
            let (solver, _) = self.parts();
            bounds.extend(
                solver.env.traits.iter().copied().filter(|t| t.trait_ == trait_ && t.self_ty() == ty),
            );
            solver.each_item_bound(ty, &mut |p| {
                if let Predicate::Trait(t) = p
                    && t.trait_ == trait_
                    && !bounds.contains(&t)
                {
                    bounds.push(t);
                }
            });
            if !bounds.is_empty() {
                found.extend(bounds.iter().map(|&t| Found { method, source: PickSource::Param(t) }));
                return;
            }
            if matches!(ty.kind(), TyKind::Param(_)) && !self.program.impl_index().has_blanket(trait_) {
                return;
            }
        }
        if let TyKind::Dyn(d) = *ty.kind() {
            let mut args: SmallVec<[Ty; 4]> = smallvec![ty];
            args.extend_from_slice(d.args);
            let own = TraitRef { trait_: d.trait_, args: tys(&args) };
            if let Some(t) = self.find_super(own, trait_, 0) {
                found.push(Found { method, source: PickSource::Dyn(t) });
                return;
            }
        }
        let count = self.program.traits[trait_].generics.params.len();
        let (solver, table) = self.parts();
        let truth = if count == 1 {
            solver.holds(table, TraitRef { trait_, args: tys(&[ty]) })
        } else {
            table.probe(|table| {
                let mut args: SmallVec<[Ty; 4]> = smallvec![ty];
                args.extend((1..count).map(|_| table.fresh_ty()));
                solver.holds(table, TraitRef { trait_, args: tys(&args) })
            })
        };
        if truth != Truth::No {
            found.push(Found { method, source: PickSource::Trait(trait_) });
        }
    }

    fn find_super(&self, have: TraitRef, want: TraitId, depth: u32) -> Option<TraitRef> {
        if have.trait_ == want {
            return Some(have);
        }
        if depth > 16 {
            return None;
        }
        self.program.traits[have.trait_]
            .supertraits
            .iter()
            .find_map(|s| self.find_super(s.subst(have.args), want, depth + 1))
    }

    fn pick(
        &mut self,
        found: FoundList,
        self_ty: Ty,
        steps: &[Adjust],
        from: ModId,
    ) -> Result<Pick, ProbeError> {
        let mut picks: Vec<Pick> = found
            .iter()
            .map(|f| {
                let decl = &self.program.fns[f.method];
                let mut adjusts: Adjusts = steps.iter().copied().collect();
                let borrow = match decl.params.first().filter(|_| decl.has_self).map(|p| p.conv) {
                    Some(Conv::Ref) => Some(Mutability::Shared),
                    Some(Conv::Mut) => Some(Mutability::Mut),
                    _ => None,
                };
                if let Some(m) = borrow {
                    let target = Ty::new(TyKind::Ref(m, self_ty));
                    adjusts.push(Adjust { kind: AdjustKind::Borrow(m), target });
                }
                let private = self.is_private(f, from);
                Pick { method: f.method, source: f.source, self_ty, adjusts, private }
            })
            .collect();
        if picks.len() > 1 {
            return Err(ProbeError::Ambiguous(picks));
        }
        picks.pop().ok_or(ProbeError::Error)
    }

    fn is_visible(&self, decl: &FnDecl, from: ModId) -> bool {
        if decl.public {
            return true;
        }
        let mut at = Some(from);
        while let Some(module) = at {
            if module == decl.module {
                return true;
            }
            at = self.program.mods[module].parent;
        }
        false
    }

    /// The function that `Type::name` means, with or without `self`.
    pub fn find_associated(&mut self, ty: Ty, name: Name, from: ModId) -> Result<Pick, ProbeError> {
        let ty = self.structurally_resolve(ty);
        match ty.kind() {
            TyKind::Infer(InferVar::Ty(_)) => return Err(ProbeError::Unknown(ty)),
            TyKind::Error => return Err(ProbeError::Error),
            _ => {}
        }
        let found = self.candidates(ty, name, from);
        if found.is_empty() {
            return Err(ProbeError::NotFound(Box::new(self.explain_missing(ty, name, from))));
        }
        let mut pick = self.pick(found, ty, &[], from)?;
        pick.adjusts.clear();
        Ok(pick)
    }

    /// The function of this name that a type's impl of a trait gives, or the trait itself.
    pub fn given_method(&mut self, trait_: TraitId, ty: Ty, name: Name) -> Option<FnId> {
        let program = self.program;
        let (solver, table) = self.parts();
        let Selection::Impl { id, .. } = solver.select(table, TraitRef { trait_, args: tys(&[ty]) }) else {
            return None;
        };
        let named = |list: &[FnId]| list.iter().copied().find(|&f| program.fns[f].name == name);
        let default = || named(&program.traits[trait_].methods).filter(|&f| !program.fns[f].ret.has_param());
        named(&program.impls[id].methods).or_else(default)
    }

    /// The pick that `Trait::name` means, for a self type that may be open.
    pub fn trait_pick(&self, trait_: TraitId, method: FnId, self_ty: Ty) -> Pick {
        Pick { method, source: PickSource::Trait(trait_), self_ty, adjusts: Adjusts::new(), private: false }
    }

    // ------------------------------------------------------------ confirmation

    /// Decides the arguments of a pick, registers what it demands, and gives its signature.
    /// `explicit`: the method's own generic arguments, as far as written.
    pub fn confirm(&mut self, pick: &Pick, explicit: &[Ty], span: Span) -> Confirmed {
        let decl = &self.program.fns[pick.method];
        let parent = self.parent_args(pick, span);
        let args = self.own_args(decl, parent, explicit, span);
        let cause = Cause::new(span, CauseKind::Fn(pick.method));
        if let FnParent::Trait(trait_) = decl.parent
            && !matches!(pick.source, PickSource::Param(_) | PickSource::Dyn(_))
        {
            let count = self.program.traits[trait_].generics.params.len();
            self.register_trait(trait_, &args[..count.min(args.len())], cause);
        }
        self.register_bounds(&decl.generics, &args, cause);
        let sig = self.normalize_sig(decl.sig().subst(&args), span);
        let list = tys(&args);
        let callee = match (pick.source, decl.parent) {
            (PickSource::Dyn(t), _) => {
                Callee::DynMethod { trait_: t.trait_, method: pick.method, args: list }
            }
            (_, FnParent::Trait(trait_)) => Callee::TraitMethod { trait_, method: pick.method, args: list },
            _ => Callee::Fn { id: pick.method, args: list },
        };
        Confirmed { args, sig, callee }
    }

    fn parent_args(&mut self, pick: &Pick, span: Span) -> Vec<Ty> {
        match pick.source {
            PickSource::Inherent(id) => {
                let (solver, table) = self.parts();
                match solver.match_inherent(table, id, pick.self_ty) {
                    Some(args) => args.to_vec(),
                    None => vec![Ty::error(); self.program.impls[id].generics.params.len()],
                }
            }
            PickSource::Param(t) | PickSource::Dyn(t) => t.args.to_vec(),
            PickSource::Trait(trait_) => {
                let count = self.program.traits[trait_].generics.params.len();
                let mut args = vec![pick.self_ty];
                args.extend((1..count).map(|_| self.table.fresh_ty_at(span)));
                args
            }
        }
    }

    fn own_args(&mut self, decl: &FnDecl, parent: Vec<Ty>, explicit: &[Ty], span: Span) -> Vec<Ty> {
        let mut args = parent;
        let mut written = explicit.iter();
        while args.len() < decl.generics.params.len() {
            let param = &decl.generics.params[args.len()];
            let next = if param.implicit { None } else { written.next().copied() };
            args.push(next.unwrap_or_else(|| self.table.fresh_ty_at(span)));
        }
        args
    }

    // ------------------------------------------------------------ explanation

    fn explain_missing(&mut self, receiver: Ty, name: Name, from: ModId) -> NotFound {
        let mut missing = NotFound::default();
        let mut steps: SmallVec<[Ty; 4]> = smallvec![receiver];
        let mut at = receiver;
        while steps.len() < MAX_DEREFS
            && let Some(next) = self.deref_step(at)
        {
            at = self.structurally_resolve(next.target);
            steps.push(at);
        }
        if let TyKind::Array(elem, _) = *at.kind() {
            steps.push(Ty::list(elem));
        }
        let program = self.program;
        for &ty in &steps {
            for &method in program.inherent.get(&name).into_iter().flatten() {
                let FnParent::Inherent(id) = program.fns[method].parent else { continue };
                let unmet = self.unmet_bounds(id, ty);
                match unmet {
                    Some(unmet) if !unmet.is_empty() => missing.unmet.push((method, ty, unmet)),
                    Some(_) if !program.fns[method].has_self => missing.associated = Some(method),
                    _ => {}
                }
            }
        }
        for &method in program.trait_methods.get(&name).into_iter().flatten() {
            let FnParent::Trait(trait_) = program.fns[method].parent else { continue };
            if !program.fns[method].has_self {
                missing.associated.get_or_insert(method);
                continue;
            }
            missing.traits.push(trait_);
            let impls = program.trait_impls.get(&trait_).map_or(&[][..], |i| i);
            // What an impl for every type needs is said only of the type behind all references,
            // and if nothing nearer was found.
            let is_blanket = |id: ImplId| matches!(program.impls[id].self_ty.kind(), TyKind::Param(_));
            for &id in impls.iter().filter(|&&id| !is_blanket(id)) {
                for &ty in &steps {
                    if let Some(unmet) = self.unmet_bounds(id, ty).filter(|u| !u.is_empty()) {
                        missing.unmet.push((method, ty, unmet));
                    }
                }
            }
            let blanket = impls.iter().copied().filter(|&id| is_blanket(id));
            for id in blanket.take(if missing.unmet.is_empty() { 2 } else { 0 }) {
                let ty = receiver.peel_refs();
                if let Some(unmet) = self.unmet_bounds(id, ty).filter(|u| !u.is_empty()) {
                    missing.unmet.push((method, ty, unmet));
                }
            }
        }
        missing.similar = self.similar_method(&steps, name, from);
        missing
    }

    /// The bounds of the impl that do not hold for `ty`, if its header fits.
    fn unmet_bounds(&mut self, id: ImplId, ty: Ty) -> Option<Vec<Predicate>> {
        let header = self.program.impls[id].self_ty;
        if !crate::traits::select::may_match(header, ty) {
            return None;
        }
        let (solver, table) = self.parts();
        table.probe(|table| {
            let args = solver.match_self_ty(table, id, header, ty)?;
            let mut unmet = Vec::new();
            for predicate in solver.impl_predicates(id, args) {
                let predicate = solver.normalize_predicate(table, predicate, &mut |_| {});
                if solver.predicate_holds(table, predicate) == Truth::No {
                    unmet.push(predicate);
                }
            }
            Some(unmet)
        })
    }

    fn similar_method(&mut self, steps: &[Ty], name: Name, from: ModId) -> Option<Name> {
        let program = self.program;
        let mut known = |n: Name| steps.iter().any(|&ty| self.has_method(ty, n, from));
        let theirs =
            OTHER_NAMES.iter().filter(|&&(theirs, _)| name == *theirs).map(|&(_, ours)| Name::new(ours));
        if let Some(ours) = theirs.into_iter().find(|&ours| known(ours)) {
            return Some(ours);
        }
        let near: Vec<Name> = program
            .impl_index()
            .names()
            .iter()
            .copied()
            .filter(|n| base::diagnostic::closest(name.as_str(), [n.as_str()]).is_some())
            .filter(|&n| known(n))
            .collect();
        base::diagnostic::closest(name.as_str(), near.iter().map(|n| n.as_str())).map(Name::new)
    }
}

/// What methods are called in other languages, and here.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("length", "len"),
    ("size", "len"),
    ("add", "push"),
    ("add", "insert"),
    ("add", "fetch_add"),
    ("sub", "fetch_sub"),
    ("to_owned", "clone"),
    ("into_string", "clone"),
    ("extend_from_slice", "extend"),
    ("has_key", "contains"),
    ("pop", "remove"),
    ("update", "extend"),
    ("as_bytes", "bytes"),
    ("into_bytes", "bytes"),
    ("encode", "bytes"),
    ("index", "find"),
    ("splitlines", "lines"),
    ("write_all", "write"),
    ("context", "ok_or_else"),
    ("isalnum", "is_alphanumeric"),
    ("isspace", "is_whitespace"),
    ("source", "cause"),
    ("reversed", "rev"),
    ("position", "index_of"),
    ("put", "insert"),
    ("push_back", "push"),
    ("has", "contains"),
    ("includes", "contains"),
    ("contains_key", "contains"),
    ("containsKey", "contains"),
    ("startswith", "starts_with"),
    ("endswith", "ends_with"),
    ("upper", "to_uppercase"),
    ("lower", "to_lowercase"),
    ("to_upper", "to_uppercase"),
    ("to_lower", "to_lowercase"),
    ("toUpperCase", "to_uppercase"),
    ("toLowerCase", "to_lowercase"),
    ("lstrip", "trim_start"),
    ("rstrip", "trim_end"),
    ("replaceAll", "replace"),
    ("to_i64", "parse"),
    ("to_int", "parse"),
    ("to_float", "parse"),
    ("list", "collect"),
    ("to_list", "collect"),
    ("to_vec", "clone"),
    ("len_utf8", "len"),
    ("sorted_by", "sort_by"),
    ("setdefault", "get_or_insert"),
    ("getOrDefault", "get"),
    ("head", "first"),
    ("strip", "trim"),
    ("is_digit", "is_ascii_digit"),
    ("isdigit", "is_ascii_digit"),
    ("isalpha", "is_alphabetic"),
    ("write", "write_str"),
    ("local_addr", "address"),
    ("local_address", "address"),
    ("peer_addr", "peer"),
    ("peer_address", "peer"),
    ("toString", "to_string"),
    ("to_str", "to_string"),
    ("as_str", "as_string"),
    ("as_str", "to_string"),
    ("as_i64", "as_int"),
    ("as_f64", "as_float"),
    ("indexOf", "index_of"),
    ("index", "index_of"),
    ("map", "iter"),
    ("filter", "iter"),
    ("forEach", "iter"),
    ("for_each", "iter"),
    ("fold", "iter"),
    ("reduce", "iter"),
    ("any", "iter"),
    ("all", "iter"),
    ("enumerate", "iter"),
    ("zip", "iter"),
    ("sum", "iter"),
    ("copy", "clone"),
    ("delete", "remove"),
    ("pop_back", "pop"),
    ("entry", "get_or_insert"),
    ("unwrap_or_default", "unwrap_or"),
    ("items", "iter"),
    ("iteritems", "iter"),
];
