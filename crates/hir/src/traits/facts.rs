//! Structural facts of types: does it copy, hold views, need dropping, may it cross threads.
//!
//! Not here: impl selection, which `Copy` and `unsafe impl Send` go through ([`super::select`]).
//! The one thing to know: for a type parameter the answer is the safe one: it needs dropping
//! unless it is `Copy`, holds views if it is declared `view`. A parameter not declared `view`
//! stands only for what may cross threads: for owned types without raw pointers or foreign
//! handles; one that is needs a `Send` bound for that.

use base::{FxHashSet, Name};
use smallvec::SmallVec;

use super::env::{Closures, ParamEnv, TraitCache};
use super::select::{Solver, Truth};
use crate::infer::InferTable;
use crate::items::{Adt, AdtId, Program};
use crate::ty::{Mutability, Predicate, Projection, TraitRef, Ty, TyKind, tys};

/// Which facts are known of a type, and which of them hold.
#[derive(Clone, Copy, Default)]
pub struct FactBits {
    known: u8,
    holds: u8,
}

#[derive(Clone, Copy)]
#[repr(u8)]
enum Fact {
    Copy = 1,
    View = 2,
    NeedsDrop = 4,
    Sendable = 8,
}

#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub solver: Solver<'a>,
}

/// Why a value may not cross to another thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsendable {
    /// From the outside in: what holds the next one, and under which name.
    pub path: Vec<(Ty, Step)>,
    /// The part that may not.
    pub part: Ty,
    pub reason: UnsendableReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Field(AdtId, Name),
    /// Element of a tuple, list or array, or an argument.
    Element,
    Capture,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnsendableReason {
    /// It borrows.
    View,
    RawPointer,
    /// Its type is marked `[thread_bound]`.
    ThreadBound(AdtId),
    /// A type parameter declared `view`, which may stand for anything.
    Parameter,
    /// Its `unsafe impl Send` has bounds that do not hold.
    ImplBounds,
    /// Its definition leads to ever larger types.
    Endless,
}

/// Types looked into: each is looked into once, however often it occurs.
type Visited = FxHashSet<Ty>;

/// A definition that leads to ever larger types is not followed further.
const MAX_VISITED: usize = 400;

impl<'a> Facts<'a> {
    pub fn new(
        program: &'a Program,
        env: &'a ParamEnv,
        cache: &'a TraitCache,
        closures: &'a dyn Closures,
    ) -> Facts<'a> {
        Facts { solver: Solver { program, env, cache, closures } }
    }

    fn program(&self) -> &'a Program {
        self.solver.program
    }

    /// Looks the fact up or finds and keeps it.
    fn fact(&self, ty: Ty, fact: Fact, find: impl FnOnce() -> bool) -> bool {
        if ty.has_infer() || (ty.has_closure() && !self.solver.closures.is_final()) {
            return find();
        }
        let bit = fact as u8;
        let local = ty.has_param();
        let known = if local {
            self.solver.env.facts.lock().expect("facts").get(&ty).copied()
        } else {
            self.solver.cache.facts.read().expect("facts").get(&ty).copied()
        };
        if let Some(bits) = known
            && bits.known & bit != 0
        {
            return bits.holds & bit != 0;
        }
        let holds = find();
        let keep = |bits: &mut FactBits| {
            bits.known |= bit;
            bits.holds |= if holds { bit } else { 0 };
        };
        if local {
            keep(self.solver.env.facts.lock().expect("facts").entry(ty).or_default());
        } else {
            keep(self.solver.cache.facts.write().expect("facts").entry(ty).or_default());
        }
        holds
    }

    /// Using it copies and leaves the original.
    pub fn is_copy(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::RawPtr(_)
            | TyKind::Ref(Mutability::Shared, _)
            | TyKind::Tuple([])
            | TyKind::Const(_)
            | TyKind::Error => true,
            TyKind::Infer(crate::ty::InferVar::Int(_) | crate::ty::InferVar::Float(_)) => true,
            TyKind::Str
            | TyKind::List(_)
            | TyKind::Ref(Mutability::Mut, _)
            | TyKind::Dyn(_)
            | TyKind::DynFn(_)
            | TyKind::Infer(_) => false,
            TyKind::Tuple(elems) => elems.iter().all(|&t| self.is_copy(t)),
            TyKind::Array(elem, _) => self.is_copy(elem),
            TyKind::Closure(id, args) => {
                let mut all = true;
                let known = self.solver.closures.captures(id, &mut |t| {
                    all = self.is_copy(t.subst(args));
                    all
                });
                known && all
            }
            TyKind::Adt(..) | TyKind::Param(_) | TyKind::Projection(_) => {
                let Some(copy) = self.program().lang.trait_("Copy") else { return false };
                self.fact(ty, Fact::Copy, || {
                    let want = TraitRef { trait_: copy, args: tys(&[ty]) };
                    self.solver.holds(&mut InferTable::new(), want) == Truth::Yes
                })
            }
        }
    }

    /// Holds, or may hold, a borrow.
    pub fn is_view(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Ref(..) => true,
            TyKind::Tuple(elems) => elems.iter().any(|&t| self.is_view(t)),
            TyKind::List(t) | TyKind::Array(t, _) => self.is_view(t),
            TyKind::Adt(id, args) => {
                self.program().adts[id].inherent_view || args.iter().any(|&t| self.is_view(t))
            }
            TyKind::Closure(id, args) => self.fact(ty, Fact::View, || {
                let mut any = false;
                let known = self.solver.closures.captures(id, &mut |t| {
                    any = self.is_view(t.subst(args));
                    !any
                });
                !known || any
            }),
            TyKind::Param(p) => self.solver.env.is_view_param(p.index),
            TyKind::Projection(p) => self.is_view_projection(p),
            TyKind::Dyn(d) => {
                d.args.iter().any(|&t| self.is_view(t)) || d.bindings.iter().any(|&(_, t)| self.is_view(t))
            }
            _ => false,
        }
    }

    fn is_view_projection(&self, p: Projection) -> bool {
        let decls = &self.program().traits[p.trait_].assoc_types;
        decls.iter().find(|a| a.name == p.name).is_none_or(|a| a.view)
    }

    /// A borrow stands in the type as written, or in the definition of a type named in it: a
    /// result of this type borrows from the arguments themselves.
    pub fn is_inherent_view(&self, ty: Ty) -> bool {
        let mut found = false;
        ty.walk(&mut |part| {
            match *part.kind() {
                TyKind::Ref(..) => found = true,
                TyKind::Adt(id, _) if self.program().adts[id].inherent_view => found = true,
                TyKind::DynFn(_) => return false,
                _ => {}
            }
            !found
        });
        found
    }

    fn any_field(&self, id: AdtId, args: crate::ty::Tys, test: &mut dyn FnMut(Ty) -> bool) -> bool {
        self.program().adts[id].variants.iter().any(|variant| {
            variant.fields.iter().any(|field| test(self.solver.normalize_plain(field.ty.subst(args))))
        })
    }

    /// Dropping a value of this type does something.
    pub fn needs_drop(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Str | TyKind::List(_) | TyKind::Dyn(_) | TyKind::DynFn(_) => true,
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::Ref(..)
            | TyKind::RawPtr(_)
            | TyKind::Const(_)
            | TyKind::Infer(_)
            | TyKind::Error => false,
            TyKind::Tuple(elems) => elems.iter().any(|&t| self.needs_drop(t)),
            TyKind::Array(elem, len) => !matches!(len.kind(), TyKind::Const(0)) && self.needs_drop(elem),
            TyKind::Param(_) | TyKind::Projection(_) => !self.is_copy(ty),
            TyKind::Adt(..) | TyKind::Closure(..) => {
                self.fact(ty, Fact::NeedsDrop, || self.find_drop(ty, &mut Visited::default()))
            }
        }
    }

    fn find_drop(&self, ty: Ty, visited: &mut Visited) -> bool {
        match *ty.kind() {
            TyKind::Adt(id, args) => {
                self.program().adts[id].drop_impl.is_some()
                    || visited.len() >= MAX_VISITED
                    || (visited.insert(ty) && self.any_field(id, args, &mut |t| self.find_drop(t, visited)))
            }
            TyKind::Tuple(elems) => elems.iter().any(|&t| self.find_drop(t, visited)),
            TyKind::Array(elem, len) => {
                !matches!(len.kind(), TyKind::Const(0)) && self.find_drop(elem, visited)
            }
            TyKind::Closure(id, args) => {
                let mut any = false;
                let known = self.solver.closures.captures(id, &mut |t| {
                    any = self.find_drop(t.subst(args), visited);
                    !any
                });
                !known || any
            }
            _ => self.needs_drop(ty),
        }
    }

    /// Whether a value of this type may go to another thread, task or actor: it is owned, and
    /// nothing in it is bound to this thread. Also what a parameter not declared `view` demands.
    pub fn is_sendable(&self, ty: Ty) -> Result<(), Unsendable> {
        self.sendable(ty, false)
    }

    /// As [`Self::is_sendable`], where views may cross because what they view outlives the
    /// receiver (a `scope`). This is what the trait `Send` says: that a type is owned is said by
    /// the parameter not being declared `view`.
    pub fn is_sendable_into_scope(&self, ty: Ty) -> Result<(), Unsendable> {
        self.sendable(ty, true)
    }

    fn sendable(&self, ty: Ty, views: bool) -> Result<(), Unsendable> {
        let mut failure = None;
        let search = |failure: &mut Option<Unsendable>| {
            let mut path = Vec::new();
            let mut visited = Visited::default();
            match self.find_unsendable(ty, views, &mut path, &mut visited) {
                Some((part, reason)) => {
                    *failure = Some(Unsendable { path, part, reason });
                    false
                }
                None => true,
            }
        };
        let fine =
            if views { search(&mut failure) } else { self.fact(ty, Fact::Sendable, || search(&mut failure)) };
        if !fine && failure.is_none() {
            search(&mut failure);
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn find_unsendable(
        &self,
        ty: Ty,
        views: bool,
        path: &mut Vec<(Ty, Step)>,
        visited: &mut Visited,
    ) -> Option<(Ty, UnsendableReason)> {
        let mut element = |part: Ty, path: &mut Vec<(Ty, Step)>| {
            path.push((ty, Step::Element));
            let found = self.find_unsendable(part, views, path, visited);
            if found.is_none() {
                path.pop();
            }
            found
        };
        match *ty.kind() {
            TyKind::Ref(_, inner) => {
                if views {
                    element(inner, path)
                } else {
                    Some((ty, UnsendableReason::View))
                }
            }
            TyKind::RawPtr(_) => Some((ty, UnsendableReason::RawPointer)),
            TyKind::Tuple(elems) => elems.iter().find_map(|&t| element(t, path)),
            TyKind::List(t) | TyKind::Array(t, _) => element(t, path),
            TyKind::Param(_) | TyKind::Projection(_) => {
                // What is not declared `view` stands only for what may cross.
                (self.is_view(ty) && !(views && self.solver.assumes_send(ty)))
                    .then_some((ty, UnsendableReason::Parameter))
            }
            TyKind::Adt(id, args) => self.adt_unsendable(ty, id, args, views, path, visited),
            TyKind::Closure(id, args) => {
                let mut captures: SmallVec<[Ty; 8]> = SmallVec::new();
                self.solver.closures.captures(id, &mut |t| {
                    captures.push(t.subst(args));
                    true
                });
                for part in captures {
                    path.push((ty, Step::Capture));
                    let found = self.find_unsendable(part, views, path, visited);
                    if found.is_some() {
                        return found;
                    }
                    path.pop();
                }
                None
            }
            _ => None,
        }
    }

    fn adt_unsendable(
        &self,
        ty: Ty,
        id: AdtId,
        args: crate::ty::Tys,
        views: bool,
        path: &mut Vec<(Ty, Step)>,
        visited: &mut Visited,
    ) -> Option<(Ty, UnsendableReason)> {
        let adt: &Adt = &self.program().adts[id];
        if adt.thread_bound {
            return Some((ty, UnsendableReason::ThreadBound(id)));
        }
        if visited.len() >= MAX_VISITED {
            return Some((ty, UnsendableReason::Endless));
        }
        if !visited.insert(ty) {
            return None;
        }
        if let Some(send) = self.program().lang.trait_("Send") {
            let promise = self.program().impl_index().impls(send, ty).and_then(|mut i| i.next());
            if let Some(promise) = promise {
                let mut table = InferTable::new();
                let header = self.program().impls[promise].self_ty;
                let Some(impl_args) = self.solver.match_self_ty(&mut table, promise, header, ty) else {
                    return Some((ty, UnsendableReason::ImplBounds));
                };
                // What the promise wants to be `Send` belongs to this search: a type may hold
                // itself, as a message that carries the channel for the next one.
                let (sent, others): (Vec<_>, Vec<_>) = self
                    .solver
                    .impl_predicates(promise, impl_args)
                    .partition(|p| matches!(p, Predicate::Trait(t) if t.trait_ == send));
                let holds = self.solver.all_hold_now(&mut table, others.into_iter()) != Truth::No;
                if !holds {
                    return Some((ty, UnsendableReason::ImplBounds));
                }
                if adt.inherent_view && !views {
                    return Some((ty, UnsendableReason::View));
                }
                // The promise is about the type itself; what it holds of its arguments' types
                // must keep it too.
                let sent = sent.iter().filter_map(|p| match p {
                    Predicate::Trait(t) => Some(self.solver.normalize_plain(t.args[0])),
                    _ => None,
                });
                return args.iter().copied().chain(sent).find_map(|part| {
                    path.push((ty, Step::Element));
                    let found = self.find_unsendable(part, views, path, visited);
                    if found.is_none() {
                        path.pop();
                    }
                    found
                });
            }
        }
        for variant in adt.variants.iter() {
            for field in variant.fields.iter() {
                let part = self.solver.normalize_plain(field.ty.subst(args));
                path.push((ty, Step::Field(id, field.name)));
                let found = self.find_unsendable(part, views, path, visited);
                if found.is_some() {
                    return found;
                }
                path.pop();
            }
        }
        None
    }
}
