//! The table of inference variables: union-find with snapshots, and unification.
//!
//! Not here: traits. Types given to [`InferTable::unify`] have their projections normalised
//! ([`super::InferCtx::normalize`]); what is left of them is rigid and equal only to itself.
//! The one thing to know: a variable is bound to a type that is not itself a variable, or is an
//! alias of an older variable, so chains are short.

use base::Span;

use crate::ty::{DynTy, FnSig, InferVar, Ty, TyKind, Tys};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarKind {
    Ty,
    Int,
    Float,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Free(VarKind),
    Alias(u32),
    /// Never an inference variable.
    Is(Ty),
}

/// All variables of a body, of all kinds in one numbering.
#[derive(Default)]
pub struct InferTable {
    slots: Vec<Slot>,
    origins: Vec<Span>,
    log: Vec<(u32, Slot)>,
    open_snapshots: u32,
    /// Grows with each binding: tells a fulfilment loop whether anything happened.
    bindings: u64,
}

/// A point to return to. Must be given back in reverse order of taking.
#[must_use]
pub struct Snapshot {
    log: usize,
    slots: usize,
}

/// Why two types are not the same, outermost types first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mismatch {
    pub expected: Ty,
    pub found: Ty,
    /// The parts that differ; the whole types where they differ at the top.
    pub inner: (Ty, Ty),
    pub kind: MismatchKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MismatchKind {
    Different,
    /// A variable would contain itself.
    Infinite,
    /// Same shape, but tuples, arrays or parameter lists of different lengths.
    Length,
    /// Function types whose conventions (`mut`, `own`) differ.
    Convention,
    /// A borrow of something not `Copy`, where the thing itself is wanted.
    Borrowed,
    /// The thing itself, where a borrow of it is wanted.
    NotBorrowed,
    /// `&T` where `&mut T` is wanted.
    SharedForMut,
}

type Inner = (Ty, Ty, MismatchKind);

impl InferTable {
    pub fn new() -> InferTable {
        InferTable::default()
    }

    fn fresh(&mut self, kind: VarKind, origin: Span) -> Ty {
        let index = self.slots.len() as u32;
        self.slots.push(Slot::Free(kind));
        self.origins.push(origin);
        var_ty(kind, index)
    }

    pub fn fresh_ty(&mut self) -> Ty {
        self.fresh(VarKind::Ty, Span::default())
    }

    /// `origin` is where an annotation would help when it stays unknown.
    pub fn fresh_ty_at(&mut self, origin: Span) -> Ty {
        self.fresh(VarKind::Ty, origin)
    }

    pub fn fresh_int(&mut self, origin: Span) -> Ty {
        self.fresh(VarKind::Int, origin)
    }

    pub fn fresh_float(&mut self, origin: Span) -> Ty {
        self.fresh(VarKind::Float, origin)
    }

    /// Where the variable that `ty` is was made.
    pub fn origin(&self, ty: Ty) -> Option<Span> {
        let index = var_index(ty)?;
        let span = *self.origins.get(index as usize)?;
        (span != Span::default()).then_some(span)
    }

    /// Counts bindings made so far (rolled back ones too).
    pub fn bindings(&self) -> u64 {
        self.bindings
    }

    /// Something beside the table changed that open demands may wait for.
    pub fn touch(&mut self) {
        self.bindings += 1;
    }

    pub fn snapshot(&mut self) -> Snapshot {
        self.open_snapshots += 1;
        Snapshot { log: self.log.len(), slots: self.slots.len() }
    }

    pub fn rollback(&mut self, to: Snapshot) {
        self.open_snapshots -= 1;
        while self.log.len() > to.log {
            let (index, old) = self.log.pop().expect("longer than the snapshot");
            self.slots[index as usize] = old;
        }
        self.slots.truncate(to.slots);
        self.origins.truncate(to.slots);
    }

    pub fn commit(&mut self, _to: Snapshot) {
        self.open_snapshots -= 1;
        if self.open_snapshots == 0 {
            self.log.clear();
        }
    }

    /// Runs `f` and undoes its bindings.
    pub fn probe<R>(&mut self, f: impl FnOnce(&mut InferTable) -> R) -> R {
        let snapshot = self.snapshot();
        let result = f(self);
        self.rollback(snapshot);
        result
    }

    fn set(&mut self, index: u32, slot: Slot) {
        let old = std::mem::replace(&mut self.slots[index as usize], slot);
        if self.open_snapshots > 0 {
            self.log.push((index, old));
        }
    }

    fn root(&mut self, index: u32) -> u32 {
        let mut root = index;
        while let Slot::Alias(next) = self.slots[root as usize] {
            root = next;
        }
        let mut at = index;
        while at != root {
            let Slot::Alias(next) = self.slots[at as usize] else { break };
            if next != root {
                self.set(at, Slot::Alias(root));
            }
            at = next;
        }
        root
    }

    /// The type with an outermost variable replaced by what it is bound to, or by the oldest
    /// variable it equals.
    #[inline]
    pub fn shallow(&mut self, ty: Ty) -> Ty {
        match *ty.kind() {
            TyKind::Infer(_) => self.shallow_var(ty),
            _ => ty,
        }
    }

    fn shallow_var(&mut self, ty: Ty) -> Ty {
        let Some(index) = var_index(ty) else { return ty };
        if index as usize >= self.slots.len() {
            return Ty::error();
        }
        let root = self.root(index);
        match self.slots[root as usize] {
            Slot::Is(bound) => bound,
            Slot::Free(kind) => var_ty(kind, root),
            Slot::Alias(_) => unreachable!("a root is no alias"),
        }
    }

    /// The type with all bound variables replaced.
    pub fn resolve(&mut self, ty: Ty) -> Ty {
        if !ty.has_infer() {
            return ty;
        }
        match *ty.kind() {
            TyKind::Infer(_) => {
                let bound = self.shallow_var(ty);
                if matches!(bound.kind(), TyKind::Infer(_)) { bound } else { self.resolve(bound) }
            }
            _ => ty.map_children(&mut |t| self.resolve(t)),
        }
    }

    pub fn resolve_list(&mut self, list: Tys) -> Tys {
        if list.iter().all(|t| !t.has_infer()) {
            return list;
        }
        let resolved: smallvec::SmallVec<[Ty; 6]> = list.iter().map(|&t| self.resolve(t)).collect();
        crate::ty::tys(&resolved)
    }

    pub fn resolve_sig(&mut self, sig: FnSig) -> FnSig {
        sig.map(&mut |t| self.resolve(t))
    }

    /// The unbound variable that keeps `ty` from being known at the top, if any.
    pub fn unbound(&mut self, ty: Ty) -> Option<InferVar> {
        match *self.shallow(ty).kind() {
            TyKind::Infer(var) => Some(var),
            _ => None,
        }
    }

    /// Whether this variable has been bound or merged since it was the root of its class.
    pub fn is_unbound_root(&self, var: InferVar) -> bool {
        let (InferVar::Ty(i) | InferVar::Int(i) | InferVar::Float(i)) = var;
        match (self.slots.get(i as usize), var) {
            (Some(Slot::Free(kind)), _) => *kind == kind_of(var),
            _ => false,
        }
    }

    /// Gives every undecided number literal its default: `int` or `float`.
    pub fn default_numbers(&mut self) {
        for index in 0..self.slots.len() as u32 {
            match self.slots[index as usize] {
                Slot::Free(VarKind::Int) => self.bind(index, Ty::int()),
                Slot::Free(VarKind::Float) => self.bind(index, Ty::float()),
                _ => {}
            }
        }
    }

    /// [`resolve`](Self::resolve) with defaults for number literals. `Err`: a variable in it
    /// that nothing decided (its type, for [`origin`](Self::origin)), and the type with such
    /// variables replaced by the error type.
    pub fn finish(&mut self, ty: Ty) -> Result<Ty, (Ty, Ty)> {
        if !ty.has_infer() {
            return Ok(ty);
        }
        let mut open = None;
        let done = self.finish_into(ty, &mut open);
        match open {
            None => Ok(done),
            Some(var) => Err((var, done)),
        }
    }

    fn finish_into(&mut self, ty: Ty, open: &mut Option<Ty>) -> Ty {
        if !ty.has_infer() {
            return ty;
        }
        match *ty.kind() {
            TyKind::Infer(_) => {
                let bound = self.shallow_var(ty);
                match *bound.kind() {
                    TyKind::Infer(InferVar::Int(_)) => Ty::int(),
                    TyKind::Infer(InferVar::Float(_)) => Ty::float(),
                    TyKind::Infer(InferVar::Ty(_)) => {
                        open.get_or_insert(bound);
                        Ty::error()
                    }
                    _ => self.finish_into(bound, open),
                }
            }
            _ => ty.map_children(&mut |t| self.finish_into(t, open)),
        }
    }

    fn bind(&mut self, root: u32, ty: Ty) {
        self.bindings += 1;
        self.set(root, Slot::Is(ty));
    }

    // ------------------------------------------------------------ unification

    /// Makes `expected` and `found` the same type or says why they are not. On failure nothing
    /// is bound.
    pub fn unify(&mut self, expected: Ty, found: Ty) -> Result<(), Mismatch> {
        if expected == found {
            return Ok(());
        }
        let snapshot = self.snapshot();
        match self.relate(expected, found) {
            Ok(()) => {
                self.commit(snapshot);
                Ok(())
            }
            Err((a, b, kind)) => {
                self.rollback(snapshot);
                Err(Mismatch {
                    expected: self.resolve(expected),
                    found: self.resolve(found),
                    inner: (self.resolve(a), self.resolve(b)),
                    kind,
                })
            }
        }
    }

    /// As [`unify`](Self::unify), where only success matters.
    pub fn try_unify(&mut self, a: Ty, b: Ty) -> bool {
        if a == b {
            return true;
        }
        if !a.has_infer() && !b.has_infer() && !a.has_error() && !b.has_error() {
            return false;
        }
        let snapshot = self.snapshot();
        match self.relate(a, b) {
            Ok(()) => {
                self.commit(snapshot);
                true
            }
            Err(_) => {
                self.rollback(snapshot);
                false
            }
        }
    }

    pub fn try_unify_lists(&mut self, a: Tys, b: Tys) -> bool {
        if a == b {
            return true;
        }
        let snapshot = self.snapshot();
        if a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.relate(a, b).is_ok()) {
            self.commit(snapshot);
            true
        } else {
            self.rollback(snapshot);
            false
        }
    }

    /// Whether the types could be made equal.
    pub fn can_unify(&mut self, a: Ty, b: Ty) -> bool {
        if a == b {
            return true;
        }
        if !a.has_infer() && !b.has_infer() && !a.has_error() && !b.has_error() {
            return false;
        }
        self.probe(|t| t.relate(a, b).is_ok())
    }

    pub fn can_unify_lists(&mut self, a: Tys, b: Tys) -> bool {
        a == b || self.probe(|t| t.try_unify_lists(a, b))
    }

    /// Unification without a snapshot of its own: may leave bindings behind on failure.
    pub(crate) fn relate(&mut self, a: Ty, b: Ty) -> Result<(), Inner> {
        if a == b {
            return Ok(());
        }
        let (a, b) = (self.shallow(a), self.shallow(b));
        if a == b {
            return Ok(());
        }
        use TyKind::*;
        let different = Err((a, b, MismatchKind::Different));
        match (a.kind(), b.kind()) {
            (Error, Error) => Ok(()),
            (Infer(va), Infer(vb)) => self.union(*va, *vb, (a, b)),
            (Infer(var), _) => self.bind_checked(*var, b, (a, b)),
            (_, Infer(var)) => self.bind_checked(*var, a, (a, b)),
            (Error, _) | (_, Error) => {
                // What the other side has open will not be decided by a part already reported.
                self.bind_all_to_error(if a.is_error() { b } else { a });
                Ok(())
            }
            (Tuple(x), Tuple(y)) => {
                if x.len() != y.len() {
                    return Err((a, b, MismatchKind::Length));
                }
                self.relate_lists(x, y)
            }
            (List(x), List(y)) | (RawPtr(x), RawPtr(y)) => self.relate(*x, *y),
            (Array(x, n), Array(y, m)) => {
                self.relate(*x, *y)?;
                self.relate(*n, *m).map_err(|_| (a, b, MismatchKind::Length))
            }
            (Adt(i, x), Adt(j, y)) if i == j => self.relate_lists(x, y),
            (Closure(i, x), Closure(j, y)) if i == j => self.relate_lists(x, y),
            (Ref(m, x), Ref(n, y)) if m == n => self.relate(*x, *y),
            (Dyn(x), Dyn(y)) if x.trait_ == y.trait_ => self.relate_dyn(x, y, (a, b)),
            (DynFn(x), DynFn(y)) => self.relate_sigs(x, y, (a, b)),
            (Projection(x), Projection(y)) if x.trait_ == y.trait_ && x.name == y.name => {
                self.relate_lists(x.args, y.args)
            }
            _ => different,
        }
    }

    fn relate_lists(&mut self, x: Tys, y: Tys) -> Result<(), Inner> {
        if std::ptr::eq(x, y) {
            return Ok(());
        }
        x.iter().zip(y).try_for_each(|(&x, &y)| self.relate(x, y))
    }

    fn relate_dyn(&mut self, x: &DynTy, y: &DynTy, whole: (Ty, Ty)) -> Result<(), Inner> {
        let different = Err((whole.0, whole.1, MismatchKind::Different));
        if x.args.len() != y.args.len() || x.bindings.len() != y.bindings.len() {
            return different;
        }
        self.relate_lists(x.args, y.args)?;
        for (&(name, x), &(other, y)) in x.bindings.iter().zip(y.bindings) {
            if name != other {
                return different;
            }
            self.relate(x, y)?;
        }
        Ok(())
    }

    fn relate_sigs(&mut self, x: &FnSig, y: &FnSig, whole: (Ty, Ty)) -> Result<(), Inner> {
        if x.params.len() != y.params.len() {
            return Err((whole.0, whole.1, MismatchKind::Length));
        }
        if x.call != y.call || x.params.iter().zip(y.params).any(|(x, y)| x.0 != y.0) {
            return Err((whole.0, whole.1, MismatchKind::Convention));
        }
        for (&(_, x), &(_, y)) in x.params.iter().zip(y.params) {
            self.relate(x, y)?;
        }
        self.relate(x.ret, y.ret)
    }

    /// Both are unbound roots.
    fn union(&mut self, a: InferVar, b: InferVar, whole: (Ty, Ty)) -> Result<(), Inner> {
        let (a_index, b_index) = (index_of(a), index_of(b));
        let (from, to) = match (kind_of(a), kind_of(b)) {
            (VarKind::Ty, VarKind::Ty) => (a_index.max(b_index), a_index.min(b_index)),
            (VarKind::Ty, _) => (a_index, b_index),
            (_, VarKind::Ty) => (b_index, a_index),
            (x, y) if x == y => (a_index.max(b_index), a_index.min(b_index)),
            _ => return Err((whole.0, whole.1, MismatchKind::Different)),
        };
        self.bindings += 1;
        self.set(from, Slot::Alias(to));
        Ok(())
    }

    fn bind_checked(&mut self, var: InferVar, ty: Ty, whole: (Ty, Ty)) -> Result<(), Inner> {
        let fits = match var {
            InferVar::Ty(_) => true,
            InferVar::Int(_) => matches!(ty.kind(), TyKind::Int(_) | TyKind::Error),
            InferVar::Float(_) => matches!(ty.kind(), TyKind::Float(_) | TyKind::Error),
        };
        if !fits {
            return Err((whole.0, whole.1, MismatchKind::Different));
        }
        let root = index_of(var);
        if ty.has_infer() && self.occurs(root, ty) {
            return Err((whole.0, whole.1, MismatchKind::Infinite));
        }
        self.bind(root, ty);
        Ok(())
    }

    fn occurs(&mut self, root: u32, ty: Ty) -> bool {
        if !ty.has_infer() {
            return false;
        }
        let mut found = false;
        ty.walk(&mut |part| {
            if found || !part.has_infer() {
                return false;
            }
            if matches!(part.kind(), TyKind::Infer(_)) {
                let bound = self.shallow(part);
                found = match bound.kind() {
                    TyKind::Infer(v) => index_of(*v) == root,
                    _ => self.occurs(root, bound),
                };
                return false;
            }
            true
        });
        found
    }

    fn bind_all_to_error(&mut self, ty: Ty) {
        if !ty.has_infer() {
            return;
        }
        let ty = self.resolve(ty);
        let mut open = Vec::new();
        ty.walk(&mut |part| {
            if let TyKind::Infer(InferVar::Ty(i)) = *part.kind() {
                open.push(i);
            }
            part.has_infer()
        });
        for index in open {
            let root = self.root(index);
            if let Slot::Free(_) = self.slots[root as usize] {
                self.bind(root, Ty::error());
            }
        }
    }
}

fn index_of(var: InferVar) -> u32 {
    let (InferVar::Ty(i) | InferVar::Int(i) | InferVar::Float(i)) = var;
    i
}

fn kind_of(var: InferVar) -> VarKind {
    match var {
        InferVar::Ty(_) => VarKind::Ty,
        InferVar::Int(_) => VarKind::Int,
        InferVar::Float(_) => VarKind::Float,
    }
}

fn var_index(ty: Ty) -> Option<u32> {
    match *ty.kind() {
        TyKind::Infer(var) => Some(index_of(var)),
        _ => None,
    }
}

fn var_ty(kind: VarKind, index: u32) -> Ty {
    Ty::infer(match kind {
        VarKind::Ty => InferVar::Ty(index),
        VarKind::Int => InferVar::Int(index),
        VarKind::Float => InferVar::Float(index),
    })
}
