//! Demands on types as data: what is demanded, why, and how it failed.
//!
//! Not here: settling them ([`super::context`]).

use base::Span;
use syntax::ast::Convention;

use super::table::Mismatch;
use crate::items::{AdtId, FnId, ImplId, TraitId};
use crate::ty::{Conv, InferVar, Predicate, Ty};

/// Why something is demanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cause {
    /// Where the caret goes.
    pub span: Span,
    pub kind: CauseKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CauseKind {
    /// A bound of this function.
    Fn(FnId),
    /// A bound of this type's parameters.
    Adt(AdtId),
    Impl(ImplId),
    Trait(TraitId),
    /// An operator, as written.
    Operator(&'static str),
    /// `${x}`, `${x:?}`.
    Interpolation,
    For,
    /// `?`
    Try,
    /// A value becoming a `dyn`.
    Coercion,
    Other,
}

impl Cause {
    pub fn new(span: Span, kind: CauseKind) -> Cause {
        Cause { span, kind }
    }

    pub fn other(span: Span) -> Cause {
        Cause { span, kind: CauseKind::Other }
    }
}

/// What is demanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    Predicate(Predicate),
    /// The type argument of a parameter that stands for owned types: no views in it, nothing
    /// bound to its thread. The index is the parameter's in the item of the cause.
    Owned(Ty, u32),
}

#[derive(Clone, Debug)]
pub struct Obligation {
    pub demand: Demand,
    pub cause: Cause,
    /// What it follows from, nearest first; the last is what the program itself asked for.
    pub parents: Option<std::rc::Rc<Parent>>,
    pub(super) depth: u32,
}

#[derive(Debug)]
pub struct Parent {
    pub demand: Demand,
    /// The impl that passed the demand on.
    pub through: Option<ImplId>,
    pub next: Option<std::rc::Rc<Parent>>,
}

pub(super) struct Waiting {
    pub obligation: Obligation,
    /// The variable that must be bound first.
    pub on: Option<InferVar>,
    /// Tried when the table had made so many bindings.
    pub at: u64,
}

/// A demand that cannot be met.
#[derive(Clone, Debug)]
pub struct Unsatisfied {
    pub obligation: Obligation,
    pub reason: Reason,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Reason {
    NotImplemented,
    /// The associated type is another one.
    Projection {
        expected: Ty,
        found: Ty,
    },
    /// Not something that can be called.
    NotCallable,
    /// Another number of parameters.
    ParamCount {
        expected: usize,
        found: usize,
    },
    Param {
        index: usize,
        mismatch: Mismatch,
    },
    ParamConvention {
        index: usize,
        expected: Conv,
        found: Conv,
    },
    Ret(Mismatch),
    /// The closure must be callable by `expected`, and its body needs `found`.
    Call {
        expected: Convention,
        found: Convention,
    },
    View,
    Sendable(crate::traits::Unsendable),
    Overflow,
    /// This variable was never decided.
    Unknown(Ty),
}
