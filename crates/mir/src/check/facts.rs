//! What the ownership checks ask of types: can a value hold views, how deep, may it write what
//! it is given into what it points to, does dropping it look at its views.
//!
//! Not here: `Copy`, impls, sendability (hir). The one thing to know: every answer errs on the
//! side of "yes", which refuses more and stays sound; parameters count as views only where the
//! item at hand declares them so (`T: view`, a trait's `Self`, an associated type declared
//! `view`).

use base::{FxHashMap, Idx};
use hir::items::{AdtId, BodyOwner, ClosureId, FnParent, Generics, Program, TraitId};
use hir::ty::{Conv, FnSig, Mutability, Predicate, Ty, TyFlags, TyKind};

use crate::body::{Body, Callee, Source};
use crate::check::within::Within;

/// How many references deep the views in a value go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// Holds no view: an owned value.
    Owned,
    /// Its references point to owned values.
    Flat,
    /// Its references point to values that hold views themselves.
    Nested,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Fact {
    Depth,
    Absorbs,
    DropLooks,
    NeedsDrop,
}

enum Pointers {
    None,
    Raw,
    RawShared,
    RawExclusive,
}

/// Nesting of types beyond which answers are the cautious ones.
const LIMIT: u32 = 64;

/// Answers that depend on nothing but the program.
#[derive(Default)]
pub struct Closed(FxHashMap<(Ty, Fact), Depth>);

pub struct Facts<'a> {
    pub program: &'a Program,
    pub within: Within,
    closures: FxHashMap<ClosureId, &'a Body>,
    /// Types without parameters and closures, asked by any body.
    closed: Closed,
    /// Types with such, asked by bodies of `owner`.
    open: FxHashMap<(Ty, Fact), Depth>,
    owner: Option<BodyOwner>,
    /// Definitions being looked into, to end recursion.
    visiting: Vec<(AdtId, Fact)>,
    /// Something in `visiting` was met again since this was last cleared.
    met_again: bool,
}

impl<'a> Facts<'a> {
    pub fn new(program: &'a Program, bodies: &'a [Body], closed: Closed) -> Facts<'a> {
        let closures = bodies
            .iter()
            .filter_map(|b| match b.source {
                Source::Closure(id) => Some((id, b)),
                Source::Owner(_) => None,
            })
            .collect();
        Facts {
            program,
            within: Within::default(),
            closures,
            closed,
            open: FxHashMap::default(),
            owner: None,
            visiting: Vec::new(),
            met_again: false,
        }
    }

    /// What may be told to others.
    pub fn into_closed(self) -> Closed {
        self.closed
    }

    /// Parameters mean those of this body's owner from here on.
    pub fn enter(&mut self, body: &Body) {
        let owner = match body.source {
            Source::Owner(owner) => owner,
            Source::Closure(id) => id.owner,
        };
        if self.owner != Some(owner) {
            self.owner = Some(owner);
            self.open.clear();
        }
    }

    pub fn closure(&self, id: ClosureId) -> Option<&'a Body> {
        self.closures.get(&id).copied()
    }

    /// What the views in a value of this type may be views of, if its type tells.
    pub fn viewed(&mut self, ty: Ty) -> Option<Vec<Ty>> {
        self.within.viewed(self.program, ty)
    }

    /// Can a value of type `part` be a part of one of type `whole`?
    pub fn can_lie_in(&mut self, part: Ty, whole: Ty) -> bool {
        self.within.can_lie_in(self.program, self.owner, part, whole)
    }

    pub fn depth(&mut self, ty: Ty) -> Depth {
        self.ask(ty, Fact::Depth, 0)
    }

    pub fn holds_views(&mut self, ty: Ty) -> bool {
        self.depth(ty) > Depth::Owned
    }

    /// Through a value of this type its user may store views in places outside the value: it
    /// has an exclusive reference to something that can hold views.
    pub fn absorbs(&mut self, ty: Ty) -> bool {
        self.ask(ty, Fact::Absorbs, 0) > Depth::Owned
    }

    /// Dropping a value of this type may use the views it holds.
    pub fn drop_looks(&mut self, ty: Ty) -> bool {
        self.ask(ty, Fact::DropLooks, 0) > Depth::Owned
    }

    pub fn needs_drop(&mut self, ty: Ty) -> bool {
        self.ask(ty, Fact::NeedsDrop, 0) > Depth::Owned
    }

    fn ask(&mut self, ty: Ty, fact: Fact, level: u32) -> Depth {
        match ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::RawPtr(_)
            | TyKind::Const(_)
            | TyKind::Infer(_)
            | TyKind::Error => return Depth::Owned,
            TyKind::Str | TyKind::Dyn(_) | TyKind::DynFn(_) => {
                return yes(fact == Fact::NeedsDrop);
            }
            _ => {}
        }
        if level > LIMIT {
            return Depth::Nested;
        }
        let open =
            ty.flags().has(TyFlags::HAS_PARAM) || ty.has_projection() || ty.flags().has(TyFlags::HAS_CLOSURE);
        let key = (ty, fact);
        let cache = if open { &self.open } else { &self.closed.0 };
        if let Some(&known) = cache.get(&key) {
            return known;
        }
        let answer = self.compute(ty, fact, level + 1);
        // An answer found inside the walk of a recursive definition may rest on that
        // definition's unfinished one; it is good for the outermost question only.
        if self.visiting.is_empty() {
            let cache = if open { &mut self.open } else { &mut self.closed.0 };
            cache.insert(key, answer);
        }
        answer
    }

    fn compute(&mut self, ty: Ty, fact: Fact, level: u32) -> Depth {
        match *ty.kind() {
            TyKind::Tuple(list) => self.any(list, fact, level),
            TyKind::List(elem) => match fact {
                Fact::NeedsDrop => Depth::Nested,
                _ => self.ask(elem, fact, level),
            },
            TyKind::Array(elem, _) => self.ask(elem, fact, level),
            TyKind::Ref(mutability, to) => match fact {
                Fact::Depth => {
                    let outer = std::mem::replace(&mut self.met_again, false);
                    let inner = self.ask(to, Fact::Depth, level);
                    let again = std::mem::replace(&mut self.met_again, outer);
                    if inner > Depth::Owned || again { Depth::Nested } else { Depth::Flat }
                }
                Fact::Absorbs => {
                    yes(mutability == Mutability::Mut && self.ask(to, Fact::Depth, level) > Depth::Owned)
                }
                Fact::DropLooks | Fact::NeedsDrop => Depth::Owned,
            },
            TyKind::Adt(id, args) => self.adt(id, args, fact, level),
            TyKind::Closure(id, args) => match self.closures.get(&id) {
                Some(body) => {
                    let mut answer = Depth::Owned;
                    for capture in &body.captures {
                        answer = answer.max(self.ask(capture.ty.subst(args), fact, level));
                    }
                    answer
                }
                None => Depth::Nested,
            },
            TyKind::Param(p) => match fact {
                Fact::NeedsDrop => Depth::Nested,
                Fact::Absorbs if self.view_param(p.index) => yes(!self.only_called(ty, level)),
                _ if self.view_param(p.index) => Depth::Nested,
                _ => Depth::Owned,
            },
            TyKind::Projection(p) => {
                let owned = self
                    .program
                    .traits
                    .get(p.trait_)
                    .is_some_and(|t| t.assoc_types.iter().any(|a| a.name == p.name && !a.view));
                yes(fact == Fact::NeedsDrop || !owned)
            }
            _ => Depth::Owned,
        }
    }

    fn any(&mut self, list: &[Ty], fact: Fact, level: u32) -> Depth {
        list.iter().fold(Depth::Owned, |d, &t| d.max(self.ask(t, fact, level)))
    }

    fn adt(&mut self, id: AdtId, args: &[Ty], fact: Fact, level: u32) -> Depth {
        let Some(adt) = self.program.adts.get(id) else { return Depth::Nested };
        let in_args = match fact {
            // Through raw pointers anything may be written that the type's references allow;
            // what has none is as its fields are.
            Fact::Absorbs => match self.pointers(id) {
                Pointers::None | Pointers::RawShared => Depth::Owned,
                Pointers::RawExclusive => self.any(args, Fact::Depth, level),
                Pointers::Raw => self.any(args, fact, level),
            },
            // A container holds what its parameters hold, whatever its fields are made of.
            Fact::Depth | Fact::DropLooks => self.any(args, fact, level),
            Fact::NeedsDrop if adt.drop_impl.is_some() => return Depth::Nested,
            Fact::NeedsDrop => Depth::Owned,
        };
        if in_args == Depth::Nested {
            return Depth::Nested;
        }
        if fact == Fact::DropLooks && adt.drop_impl.is_some() {
            // Std's containers drop their elements and use them in no other way.
            let of_std = self.program.mods.get(adt.module).is_some_and(|m| m.package == 0);
            let container = of_std && !adt.inherent_view;
            if !container && (adt.inherent_view || self.any(args, Fact::Depth, level) > Depth::Owned) {
                return Depth::Nested;
            }
        }
        if self.visiting.contains(&(id, fact)) {
            self.met_again = true;
            return in_args;
        }
        self.visiting.push((id, fact));
        let mut answer = in_args;
        'fields: for variant in adt.variants.iter() {
            for field in variant.fields.iter() {
                answer = answer.max(self.ask(field.ty.subst(args), fact, level));
                if answer == Depth::Nested {
                    break 'fields;
                }
            }
        }
        self.visiting.pop();
        if adt.inherent_view {
            let args_hold = self.any(args, Fact::Depth, level) > Depth::Owned;
            // Std's views may keep their pointers raw.
            if fact == Fact::Depth {
                let own = if args_hold { Depth::Nested } else { Depth::Flat };
                answer = answer.max(own);
            }
        }
        answer
    }

    /// How a type's own fields point: std's views keep raw pointers beside `owner: &()` or
    /// `owner: &mut ()`, its containers raw pointers alone.
    fn pointers(&self, id: AdtId) -> Pointers {
        let (mut raw, mut shared, mut exclusive) = (false, false, false);
        for field in self.program.adts[id].variants.iter().flat_map(|v| v.fields.iter()) {
            field.ty.walk(&mut |t| {
                match t.kind() {
                    TyKind::RawPtr(_) => raw = true,
                    TyKind::Ref(Mutability::Shared, _) => shared = true,
                    TyKind::Ref(Mutability::Mut, _) => exclusive = true,
                    _ => {}
                }
                true
            });
        }
        match (raw, exclusive, shared) {
            (false, ..) => Pointers::None,
            (true, true, _) => Pointers::RawExclusive,
            (true, false, true) => Pointers::RawShared,
            (true, false, false) => Pointers::Raw,
        }
    }

    /// A parameter that is only known as a function whose arguments hold no views, apart from
    /// the borrows that pass them: nothing can be stored through it.
    fn only_called(&mut self, param: Ty, level: u32) -> bool {
        let Some(generics) = self.generics() else { return false };
        let mut called = false;
        for predicate in &generics.predicates {
            match *predicate {
                Predicate::Fn(ty, sig) if ty == param => {
                    called = true;
                    // Of a borrowed argument only what its value holds could be kept.
                    for &(_, arg) in sig.params {
                        if self.ask(arg, Fact::Depth, level) > Depth::Owned {
                            return false;
                        }
                    }
                }
                Predicate::Trait(t) if t.self_ty() == param && !self.is_marker(t.trait_) => return false,
                _ => {}
            }
        }
        called
    }

    /// A trait without methods, such as `Send`: nothing can be done through it.
    fn is_marker(&self, id: TraitId) -> bool {
        self.program.traits.get(id).is_some_and(|t| t.methods.is_empty() && t.supertraits.is_empty())
    }

    /// Argument `j` of the call is a function that the callee can only run, and nothing that it
    /// gives can hold views: none of its loans gets into what argument `i` points to, or without
    /// an `i` into the result.
    pub fn only_runs(&self, callee: &Callee, j: usize, i: Option<usize>) -> bool {
        let (Callee::Fn { id, .. } | Callee::TraitMethod { method: id, .. }) = callee else {
            return false;
        };
        let Some(decl) = self.program.fns.get(*id) else { return false };
        let to = match i {
            Some(i) => decl.params.get(i).map(|p| p.ty),
            None => Some(decl.ret),
        };
        let (Some(from), Some(to)) = (decl.params.get(j), to) else { return false };
        if !matches!(from.ty.kind(), TyKind::Param(_)) {
            return false;
        }
        let mut named = false;
        to.walk(&mut |t| {
            named |= t == from.ty;
            !named
        });
        if named {
            return false;
        }
        let mut called = false;
        for predicate in &decl.generics.predicates {
            match *predicate {
                Predicate::Fn(ty, sig) if ty == from.ty => {
                    called = true;
                    if !self.owned_in(&decl.generics, sig.ret) {
                        return false;
                    }
                    // It may put what it captured into what it is given to change.
                    let fills =
                        |&(conv, ty): &(Conv, Ty)| conv != Conv::Ref && !self.owned_in(&decl.generics, ty);
                    if sig.params.iter().any(fills) {
                        return false;
                    }
                }
                // `Send` too: what may be sent may be kept by another thread.
                Predicate::Trait(t) if t.self_ty() == from.ty => return false,
                // Another parameter may be bounded by something of this one.
                Predicate::ProjectionEq(p, _) if p.args.contains(&from.ty) => return false,
                _ => {}
            }
        }
        called
    }

    /// The type itself says that it holds views, not only by its parameters.
    pub fn names_view(&self, ty: Ty) -> bool {
        let mut found = false;
        ty.walk(&mut |t| {
            found |= match *t.kind() {
                TyKind::Ref(..) | TyKind::Closure(..) => true,
                TyKind::Adt(id, _) => self.program.adts.get(id).is_some_and(|a| a.inherent_view),
                _ => false,
            };
            !found
        });
        found
    }

    /// The function types that the owner's parameter is bounded by.
    pub fn fn_bounds(&self, param: Ty) -> Vec<FnSig> {
        let Some(generics) = self.generics() else { return Vec::new() };
        let bound = |p: &Predicate| match *p {
            Predicate::Fn(ty, sig) if ty == param => Some(sig),
            _ => None,
        };
        generics.predicates.iter().filter_map(bound).collect()
    }

    /// No value of this type, in terms of these parameters, can hold views.
    pub fn owned_in(&self, generics: &Generics, ty: Ty) -> bool {
        let mut owned = true;
        ty.walk(&mut |t| {
            owned &= match *t.kind() {
                TyKind::Ref(..) | TyKind::Closure(..) | TyKind::Projection(_) => false,
                TyKind::Param(p) => generics.params.get(p.index as usize).is_some_and(|p| !p.view),
                TyKind::Adt(id, _) => self.program.adts.get(id).is_some_and(|adt| !adt.inherent_view),
                _ => true,
            };
            owned
        });
        owned
    }

    fn generics(&self) -> Option<&'a Generics> {
        match self.owner? {
            BodyOwner::Fn(id) => self.program.fns.get(id).map(|f| &f.generics),
            _ => None,
        }
    }

    fn view_param(&self, index: u32) -> bool {
        if index == 0
            && let Some(BodyOwner::Fn(id)) = self.owner
            && self.program.fns.get(id).is_some_and(|f| matches!(f.parent, FnParent::Trait(_)))
        {
            return true;
        }
        self.generics().and_then(|g| g.params.get(index as usize)).is_none_or(|p| p.view)
    }
}

fn yes(it: bool) -> Depth {
    if it { Depth::Nested } else { Depth::Owned }
}

/// Whether an id is one of the program's (bodies read from text may name any).
pub fn known<I: Idx, T>(table: &base::IndexVec<I, T>, id: I) -> bool {
    id.index() < table.len()
}
