//! Which types hold guards, locks, ends of channels.

use std::cell::RefCell;

use base::{FxHashMap, FxHashSet};
use hir::items::{AdtId, Program};
use hir::ty::{Ty, TyKind};

use super::ops::Mode;
use crate::mono::{self, Shape};

const GUARDS: &[(&str, Mode)] = &[
    ("MutexGuard", Mode::Exclusive),
    ("ReadGuard", Mode::Read),
    ("WriteGuard", Mode::Exclusive),
    ("Permit", Mode::Permit),
];
const ENDS: &[&str] = &["Sender", "Receiver"];
const SHARED: &[&str] =
    &["Mutex", "RwLock", "Semaphore", "Once", "Condvar", "Event", "WaitGroup", "Sender", "Receiver"];
const HANDLES: &[&str] = &["Shared", "Weak", "Sender", "Receiver", "WaitGroup", "Mailbox"];

pub struct Types<'a> {
    program: &'a mono::Program,
    guards: FxHashMap<AdtId, Mode>,
    shared: FxHashSet<AdtId>,
    handles: FxHashSet<AdtId>,
    ends: FxHashSet<AdtId>,
    selects: FxHashSet<AdtId>,
    known: RefCell<FxHashMap<Ty, Holds>>,
}

/// What is somewhere in a type.
#[derive(Clone, Copy, Default)]
struct Holds {
    guard: bool,
    shared: bool,
    alias: bool,
    end: bool,
}

impl<'a> Types<'a> {
    pub fn new(items: &Program, program: &'a mono::Program) -> Types<'a> {
        let std = || items.adts.iter_enumerated().filter(|(_, adt)| items.mods[adt.module].package == 0);
        let of = |names: &[&str]| {
            std().filter(|(_, adt)| names.contains(&adt.name.as_str())).map(|(id, _)| id).collect()
        };
        let mode = |name: &str| GUARDS.iter().find(|guard| guard.0 == name).map(|guard| guard.1);
        Types {
            program,
            guards: std().filter_map(|(id, adt)| Some((id, mode(adt.name.as_str())?))).collect(),
            shared: of(SHARED),
            handles: of(HANDLES),
            ends: of(ENDS),
            selects: of(&["SelectSet"]),
            known: RefCell::default(),
        }
    }

    /// How the lock is held whose guard this is.
    pub fn guard(&self, ty: Ty) -> Option<Mode> {
        match *ty.kind() {
            TyKind::Adt(adt, _) => self.guards.get(&adt).copied(),
            _ => None,
        }
    }

    /// What a `select` is put together in, or a reference to it.
    pub fn is_select(&self, ty: Ty) -> bool {
        matches!(*ty.peel_refs().kind(), TyKind::Adt(adt, _) if self.selects.contains(&adt))
    }

    pub fn holds_guard(&self, ty: Ty) -> bool {
        self.look(ty).guard
    }

    /// Something that tasks meet at, or a reference to it.
    pub fn holds_shared(&self, ty: Ty) -> bool {
        self.look(ty).shared
    }

    /// A reference or a handle: what it leads to may be known elsewhere.
    pub fn may_alias(&self, ty: Ty) -> bool {
        self.look(ty).alias
    }

    /// An end of a channel, or a reference to one.
    pub fn holds_end(&self, ty: Ty) -> bool {
        self.look(ty).end
    }

    fn look(&self, ty: Ty) -> Holds {
        if let Some(&known) = self.known.borrow().get(&ty) {
            return known;
        }
        // A type in itself adds nothing.
        self.known.borrow_mut().insert(ty, Holds::default());
        let mut found = Holds::default();
        let mut add = |part: Ty| {
            let part = self.look(part);
            found.guard |= part.guard;
            found.shared |= part.shared;
            found.alias |= part.alias;
            found.end |= part.end;
        };
        match *ty.kind() {
            TyKind::Adt(adt, args) => {
                args.iter().for_each(|&t| add(t));
                match self.program.shapes.get(&ty) {
                    Some(Shape::Struct(shape)) => shape.fields.iter().for_each(|f| add(f.ty)),
                    Some(Shape::Enum(shape)) => {
                        shape.variants.iter().flat_map(|v| &v.fields).for_each(|f| add(f.ty));
                    }
                    _ => {}
                }
                found.guard |= self.guards.contains_key(&adt);
                found.shared |= self.shared.contains(&adt);
                found.alias |= self.handles.contains(&adt);
                found.end |= self.ends.contains(&adt);
            }
            TyKind::Closure(..) => {
                if let Some(Shape::Closure(fields)) = self.program.shapes.get(&ty) {
                    fields.iter().for_each(|f| add(f.ty));
                }
            }
            TyKind::Tuple(list) => list.iter().for_each(|&t| add(t)),
            // Behind a raw pointer is what a handle of std owns; those that share are named.
            TyKind::List(t) | TyKind::Array(t, _) | TyKind::RawPtr(t) => add(t),
            TyKind::Ref(_, t) => {
                add(t);
                found.alias = true;
            }
            TyKind::Dyn(_) | TyKind::DynFn(_) => found.alias = true,
            _ => {}
        }
        self.known.borrow_mut().insert(ty, found);
        found
    }
}
