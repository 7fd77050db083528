//! Names of objects: which lock, channel or event an operand means.
//!
//! A [`Path`] begins at something that one activation of a function can tell apart (a parameter, a static, a
//! value that it makes) and goes on by fields. References are looked through: a reference and what it refers
//! to have one path, so two equal paths in one activation mean one object as long as the value at the
//! root stays; who holds a view into it (a guard, say) keeps the borrow checker from changing it. A handle (`Shared`,
//! an end of a channel) has the path of the handle that it was cloned from.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use hir::items::{AdtId, Program, StaticId};

use crate::body::Local;
use crate::mono::{self, FuncId};

/// Longer paths are cut to their class: they come from recursion over a data structure.
const MAX_STEPS: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Root {
    /// An argument of the function at hand, from 0; of a closure's body 0 is its environment.
    Param(u32),
    Static(StaticId),
    /// What an activation of the function makes in this local.
    Made(FuncId, Local),
    /// What a reference or a handle in this local leads to: the same thing each time, but it may be known under
    /// another name as well.
    Alias(FuncId, Local),
    /// Not known.
    Vague,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Step {
    /// Of a struct, a variant, a tuple, a closure. The owner is named where a user declared it.
    Field { owner: Option<AdtId>, variant: u32, index: u32 },
    /// What a handle leads to.
    Pointee,
    /// What a lock protects.
    Inside,
    /// The lock of a guard.
    Lock,
    /// An element of a collection; `None`: any.
    Element(Option<i128>),
}

#[derive(Clone, Debug)]
pub struct Path {
    pub root: Root,
    pub steps: Vec<Step>,
    /// The field that it was last reached through. It says nothing of which object it is, so paths are compared
    /// without it.
    pub label: Option<Class>,
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.root == other.root && self.steps == other.steps
    }
}

impl Eq for Path {}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Path) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Path) -> Ordering {
        (self.root, &self.steps).cmp(&(other.root, &other.steps))
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.root, &self.steps).hash(state);
    }
}

/// What different instances of a lock have in common: where it is declared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Class {
    Field(AdtId, u32, u32),
    Static(StaticId),
    Local(FuncId, Local),
}

impl Path {
    pub fn new(root: Root) -> Path {
        Path { root, steps: Vec::new(), label: None }
    }

    pub fn vague() -> Path {
        Path::new(Root::Vague)
    }

    pub fn then(mut self, step: Step) -> Path {
        match step {
            Step::Field { owner: Some(adt), variant, index } => {
                self.label = Some(Class::Field(adt, variant, index))
            }
            Step::Field { owner: None, .. } | Step::Inside | Step::Lock => self.label = None,
            Step::Pointee | Step::Element(_) => {}
        }
        if self.steps.len() >= MAX_STEPS {
            self = self.without_root();
        }
        self.steps.push(step);
        self
    }

    /// The same declaration in an object that is not known.
    pub fn without_root(mut self) -> Path {
        self.label = self.class();
        self.root = Root::Vague;
        self.steps.clear();
        self
    }

    /// Whether an equal path in the same activation is surely the same object.
    pub fn is_exact(&self) -> bool {
        self.root != Root::Vague && !self.steps.contains(&Step::Element(None))
    }

    /// Whether a different path of this kind is surely a different object.
    pub fn is_owned(&self) -> bool {
        matches!(self.root, Root::Static(_) | Root::Made(..))
            && !self.steps.iter().any(|s| matches!(s, Step::Element(None) | Step::Pointee))
    }

    pub fn class(&self) -> Option<Class> {
        if self.label.is_some() {
            return self.label;
        }
        // What a lock protects is another declaration than the lock.
        let plain = self.steps.iter().all(|s| matches!(s, Step::Pointee | Step::Element(_)));
        match self.root {
            Root::Static(id) if plain => Some(Class::Static(id)),
            Root::Made(function, local) | Root::Alias(function, local) if plain => {
                Some(Class::Local(function, local))
            }
            _ => None,
        }
    }
}

/// How a message names an object: `Store.queue`, `log`.
pub fn name(items: &Program, program: &mono::Program, path: &Path) -> String {
    match path.class() {
        Some(Class::Field(adt, variant, index)) => {
            let adt = &items.adts[adt];
            let field = adt
                .variants
                .iter()
                .nth(variant as usize)
                .and_then(|v| v.fields.iter().nth(index as usize))
                .map_or_else(|| index.to_string(), |f| f.name.to_string());
            format!("{}.{field}", adt.name)
        }
        Some(Class::Static(id)) => items.statics[id].name.to_string(),
        Some(Class::Local(function, local)) => match program.functions[function].body.locals[local].name {
            Some(name) => name.to_string(),
            None => String::new(),
        },
        None => String::new(),
    }
}
