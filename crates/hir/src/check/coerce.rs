//! What is accepted where: coercions of values, and joining the types of branches.
//!
//! Not here: which types coerce ([`crate::infer::coerce`]). The one thing to know: a coercion
//! happens only where a type is expected, once, and is an expression of its own in the result.

use base::{Diagnostic, Name, Span, codes};

use super::{Checker, Expect};
use crate::infer::{Adjust, AdjustKind};
use crate::thir::{Block, Coercion, ExprId, ExprKind, Lit};
use crate::ty::{InferVar, Mutability, Ty, TyKind};

/// Why a type is expected, for the message when it is not found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Why {
    /// The rule, in words.
    pub message: Option<String>,
    /// `message` is said in addition, not in place of the two types.
    pub as_note: bool,
    /// Where the expectation comes from.
    pub place: Option<(Span, String)>,
    /// The value is the `x` of `Point{x}`, and another one has to be written `x: …`.
    pub short_form: bool,
    /// The value is assigned to this variable of `let mut`.
    pub variable: Option<Name>,
}

impl Why {
    pub fn none() -> Why {
        Why::default()
    }

    pub fn message(text: impl Into<String>) -> Why {
        Why { message: Some(text.into()), ..Why::default() }
    }

    pub fn because(span: Span, text: impl Into<String>) -> Why {
        Why { place: Some((span, text.into())), ..Why::default() }
    }

    pub fn place(span: Span, text: impl Into<String>) -> Why {
        Why::because(span, text)
    }

    pub fn noted(mut self) -> Why {
        self.as_note = true;
        self
    }
}

/// The common type of several values: branches, list elements, `break`s.
#[derive(Debug)]
pub(crate) struct Join {
    hint: Option<Ty>,
    ty: Option<Ty>,
    first: Option<Span>,
    /// One of the values is an error that was reported: nothing more is said of the type.
    broken: bool,
    message: &'static str,
}

impl Join {
    pub fn new(hint: Option<Ty>, message: &'static str) -> Join {
        Join { hint, ty: None, first: None, broken: false, message }
    }

    /// What the next value should be checked against.
    pub fn expect(&self) -> Expect {
        match self.ty.or(self.hint) {
            Some(ty) => Expect::Hint(ty),
            None => Expect::Any,
        }
    }

    /// The joined type, if any value had one.
    pub fn ty(&self) -> Option<Ty> {
        self.ty.or(self.broken.then(Ty::error))
    }

    pub fn found(&self) -> Option<Ty> {
        self.ty
    }
}

impl Checker<'_> {
    /// Adds a value to a join and gives it coerced to the common type.
    pub(super) fn join(&mut self, join: &mut Join, id: ExprId) -> ExprId {
        let ty = self.shallow(self.ty_of(id));
        let span = self.span_of(id);
        if let Some(common) = join.ty {
            if let Some(done) = self.try_coerce(id, common) {
                return done;
            }
            // The first branch may be what coerces (`&mut T` then `&T`, a value then `dyn`),
            // but then its type has been used already: ask for an annotation instead.
            let why = match join.first {
                Some(first) => {
                    let shown = self.show(common);
                    Why::because(first, format!("this is a `{shown}`"))
                }
                None => Why::none(),
            };
            let why = Why { message: Some(join.message.to_owned()), ..why };
            if matches!((ty.kind(), common.kind()), (TyKind::Closure(..), TyKind::Closure(..))) {
                self.report_closures(span, join.first, join.message);
                return self.error_expr(span);
            }
            self.report_mismatch(id, common, &why);
            return self.error_expr(span);
        }
        if ty.is_never() {
            return self.value(id);
        }
        if let Some(hint) = join.hint
            && let Some(done) = self.try_coerce(id, hint)
        {
            join.ty = Some(hint);
            join.first = Some(span);
            return done;
        }
        let id = self.value(id);
        if ty.is_error() {
            join.broken = true;
        } else {
            join.ty = Some(self.ty_of(id));
            join.first = Some(span);
        }
        id
    }

    fn report_closures(&mut self, span: Span, first: Option<Span>, message: &str) {
        let diagnostic =
            Diagnostic::error(codes::E0301, span, format!("{message}, and every closure has its own"))
                .label("another closure")
                .help("give the type that they share: `dyn fn(A) -> B`, or for a list `[dyn fn(A) -> B]`");
        self.report(match first {
            Some(first) => diagnostic.also(first, "one closure"),
            None => diagnostic,
        });
    }

    /// Makes `id` a value of type `expected`, or reports why it is none.
    pub(super) fn coerce(&mut self, id: ExprId, expected: Ty, why: &Why) -> ExprId {
        if let Some(done) = self.try_coerce(id, expected) {
            return done;
        }
        self.report_mismatch(id, expected, why);
        let span = self.span_of(id);
        self.push(expected, span, ExprKind::Error)
    }

    /// Makes `id` a value of type `expected` if that is allowed.
    pub(super) fn try_coerce(&mut self, id: ExprId, expected: Ty) -> Option<ExprId> {
        let span = self.span_of(id);
        let found = self.structurally(self.ty_of(id));
        if found.has_error() {
            self.has_errors = true;
        }
        if let Some(boxed) = self.boxed_future(id, found, expected) {
            return Some(boxed);
        }
        let want = self.shallow(expected);
        // A literal lives as long as the program, so a view of one needs no `&`.
        if let TyKind::Ref(Mutability::Shared, inner) = *want.kind()
            && *self.shallow(inner).kind() == TyKind::Str
            && let Some(borrowed) = self.borrow_literal(id)
        {
            return Some(borrowed);
        }
        let adjusts = self.ctx.coerce(found, expected, span).ok()?;
        // A `&mut` in a place is borrowed again rather than moved out of it.
        if adjusts.is_empty()
            && let TyKind::Ref(Mutability::Mut, inner) = *want.kind()
            && self.is_place(id)
        {
            let place = self.push(inner, span, ExprKind::Deref(id));
            let kind = ExprKind::Ref { mutability: Mutability::Mut, place, two_phase: false };
            return Some(self.push(want, span, kind));
        }
        let done = self.apply(id, &adjusts, false);
        Some(self.value(done))
    }

    /// A view of a string literal, perhaps as the value of a block.
    fn borrow_literal(&mut self, id: ExprId) -> Option<ExprId> {
        let inner = match &self.exprs[id].kind {
            ExprKind::Literal(Lit::Str(_)) => {
                let span = self.span_of(id);
                return Some(self.borrow(id, Mutability::Shared, false, span));
            }
            ExprKind::Block(Block { value: Some(value), .. }) => *value,
            _ => return None,
        };
        let borrowed = self.borrow_literal(inner)?;
        let ty = self.ty_of(borrowed);
        if let ExprKind::Block(Block { value, .. }) = &mut self.exprs[id].kind {
            *value = Some(borrowed);
        }
        self.exprs[id].ty = ty;
        Some(id)
    }

    /// Takes an expression through the steps of a coercion or a method's receiver.
    pub(super) fn apply(&mut self, id: ExprId, adjusts: &[Adjust], two_phase: bool) -> ExprId {
        let span = self.span_of(id);
        let mut at = id;
        for adjust in adjusts {
            at = match adjust.kind {
                AdjustKind::Deref => self.push(adjust.target, span, ExprKind::Deref(at)),
                AdjustKind::DerefImpl => {
                    let ty = self.structurally(self.ty_of(at));
                    match self.overloaded_deref(at, ty, span) {
                        Some(place) => place,
                        None => self.error_expr(span),
                    }
                }
                AdjustKind::Borrow(mutability) => {
                    let two_phase = two_phase && mutability == Mutability::Mut;
                    self.borrow(at, mutability, two_phase, span)
                }
                AdjustKind::Copy => self.value(at),
                AdjustKind::Coerce(Coercion::MutToShared) => {
                    let inner = self.ty_of(at).pointee().map_or_else(Ty::error, |(_, ty)| ty);
                    let place = self.push(inner, span, ExprKind::Deref(at));
                    self.borrow(place, Mutability::Shared, false, span)
                }
                AdjustKind::Coerce(kind) => {
                    let value = self.value(at);
                    self.push(adjust.target, span, ExprKind::Coerce { value, kind })
                }
            };
        }
        at
    }

    /// An argument that is read as a `ty`: borrowed, whatever references lead to it.
    pub(super) fn read_arg(&mut self, id: ExprId, ty: Ty, why: &Why) -> ExprId {
        let span = self.span_of(id);
        let found = self.structurally(self.ty_of(id));
        let want = self.structurally(ty);
        if found.is_never() {
            return self.coerce(id, Ty::shared_ref(want), why);
        }
        if let TyKind::Infer(InferVar::Ty(_)) = want.kind() {
            // A parameter that stands for owned types is meant to be what a view refers to.
            let peeled = self.ctx.expects_owned(want).is_some() || self.is_open_self(want);
            let id = if peeled { self.peel(id) } else { id };
            let found = self.ty_of(id);
            if !self.unify(want, found) {
                self.report_mismatch(id, want, why);
                return self.error_expr(span);
            }
            return self.borrow(id, Mutability::Shared, false, span);
        }
        if self.can_unify(want, found) {
            self.unify(want, found);
            return self.borrow(id, Mutability::Shared, false, span);
        }
        let target = Ty::shared_ref(want);
        let reference = match found.kind() {
            TyKind::Ref(..) => id,
            _ => self.borrow(id, Mutability::Shared, false, span),
        };
        match self.try_coerce(reference, target) {
            Some(done) => done,
            None => {
                self.report_mismatch(id, want, why);
                self.error_expr(span)
            }
        }
    }

    /// Whether this variable is the `Self` of a call written `Trait::method(x)`.
    fn is_open_self(&mut self, want: Ty) -> bool {
        (0..self.open_selves.len()).rev().any(|i| self.shallow(self.open_selves[i]) == want)
    }

    /// An argument that is changed in place: exactly a `ty`, through references if need be.
    pub(super) fn mut_arg(&mut self, id: ExprId, ty: Ty, why: &Why) -> ExprId {
        let span = self.span_of(id);
        let want = self.structurally(ty);
        let found = self.structurally(self.ty_of(id));
        if found.is_never() {
            return self.coerce(id, Ty::mut_ref(want), why);
        }
        let open = matches!(want.kind(), TyKind::Infer(InferVar::Ty(_)));
        if open && matches!(found.kind(), TyKind::Ref(Mutability::Mut, _)) {
            let place = self.peel(id);
            let inner = self.ty_of(place);
            if self.unify(want, inner) {
                return self.borrow(place, Mutability::Mut, false, span);
            }
        }
        if self.can_unify(want, found) && self.unify(want, found) {
            return self.borrow(id, Mutability::Mut, false, span);
        }
        let target = Ty::mut_ref(want);
        let reference = match found.kind() {
            TyKind::Ref(..) => id,
            _ => self.borrow(id, Mutability::Mut, false, span),
        };
        match self.try_coerce(reference, target) {
            Some(done) => done,
            None => {
                self.report_mismatch(id, want, why);
                self.error_expr(span)
            }
        }
    }
}
