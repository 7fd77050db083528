//! What checking asks of inference: the thin side of [`crate::infer`].
//!
//! Nothing is decided here. Types that were already reported count as fitting everywhere.

use std::cell::RefCell;

use base::{Diagnostic, Name, Span};
use syntax::ast;

use super::Checker;
use crate::infer::{Cause, CauseKind};
use crate::items::{AdtId, BodyOwner, FnId, FnParent, Generics, Program};
use crate::lower_ty::{self, TyScope};
use crate::traits::Truth;
use crate::traits::select::Callable;
use crate::ty::{InferVar, Predicate, TraitRef, Ty, TyKind, tys};

/// What may be assumed where types are written: in a trait's own methods `Self` has the trait.
pub(super) fn scope_generics(program: &Program, owner: BodyOwner, generics: &Generics) -> Generics {
    let mut all = generics.clone();
    if let BodyOwner::Fn(id) = owner
        && let FnParent::Trait(trait_) = program.fns[id].parent
    {
        let count = program.traits[trait_].generics.params.len();
        let args: Vec<Ty> = generics.identity().into_iter().take(count).collect();
        let own = Predicate::Trait(TraitRef { trait_, args: tys(&args) });
        if !all.predicates.contains(&own) {
            all.predicates.push(own);
        }
    }
    all
}

impl<'p> Checker<'p> {
    pub(super) fn fresh(&mut self, span: Span) -> Ty {
        self.ctx.fresh_ty(span)
    }

    pub(super) fn fresh_int(&mut self, span: Span) -> Ty {
        self.ctx.fresh_int(span)
    }

    pub(super) fn fresh_float(&mut self, span: Span) -> Ty {
        self.ctx.fresh_float(span)
    }

    /// The type with its outermost variable resolved.
    pub(super) fn shallow(&mut self, ty: Ty) -> Ty {
        self.ctx.shallow(ty)
    }

    /// The type with everything known filled in.
    pub(super) fn resolve(&mut self, ty: Ty) -> Ty {
        self.ctx.resolve(ty)
    }

    /// As [`Self::shallow`], settling open demands first where that may tell more.
    pub(super) fn structurally(&mut self, ty: Ty) -> Ty {
        let found = self.ctx.structurally_resolve(ty);
        match found.kind() {
            TyKind::Infer(InferVar::Ty(_)) if !self.unsettled.is_empty() => self.settle_by_result(found),
            _ => found,
        }
    }

    pub(super) fn unify(&mut self, expected: Ty, found: Ty) -> bool {
        self.ctx.unify(expected, found).is_ok()
    }

    pub(super) fn can_unify(&mut self, a: Ty, b: Ty) -> bool {
        self.ctx.table.can_unify(a, b)
    }

    pub(super) fn normalize(&mut self, ty: Ty, span: Span) -> Ty {
        self.ctx.normalize(ty, span)
    }

    pub(super) fn process(&mut self) {
        self.ctx.process();
    }

    /// The type as shown to the user.
    pub(super) fn show(&mut self, ty: Ty) -> String {
        let ty = self.resolve(ty);
        let text = crate::ty::display(self.program, ty);
        if ty.has_infer() {
            // What an undecided literal will be if nothing else is said.
            return text.replace("{integer}", "int").replace("{float}", "float");
        }
        text
    }

    // ------------------------------------------------------------ demands

    pub(super) fn require(&mut self, predicate: Predicate, span: Span) {
        self.ctx.register(predicate, Cause::other(span));
    }

    pub(super) fn require_for(&mut self, predicate: Predicate, span: Span, kind: CauseKind) {
        self.ctx.register(predicate, Cause::new(span, kind));
    }

    /// Demands that `ty` implements the trait of this role.
    pub(super) fn require_lang(&mut self, lang: &str, ty: Ty, span: Span, kind: CauseKind) {
        if let Some(trait_) = self.program.lang.trait_(lang) {
            let trait_ref = TraitRef { trait_, args: tys(&[ty]) };
            self.require_for(Predicate::Trait(trait_ref), span, kind);
        }
    }

    pub(super) fn require_bounds(&mut self, generics: &Generics, args: &[Ty], cause: Cause) {
        self.ctx.register_bounds(generics, args, cause);
    }

    // ------------------------------------------------------------ questions

    /// Surely `Copy`. Number literals of undecided type are.
    pub(super) fn is_copy(&mut self, ty: Ty) -> bool {
        self.structurally(ty);
        self.ctx.is_copy(ty) == Truth::Yes
    }

    pub(super) fn implements(&mut self, lang: &str, ty: Ty) -> bool {
        let ty = self.structurally(ty);
        if matches!(ty.kind(), TyKind::Infer(InferVar::Ty(_))) {
            return false;
        }
        self.ctx.implements_lang(ty, lang) != Truth::No
    }

    /// Not known to fail.
    pub(super) fn may_hold(&mut self, trait_ref: TraitRef) -> bool {
        self.ctx.holds(trait_ref) != Truth::No
    }

    /// How a value of this type would be called.
    pub(super) fn callable(&mut self, ty: Ty) -> Option<Callable> {
        let ty = self.structurally(ty);
        let (solver, table) = self.ctx.parts();
        solver.callable(table, ty)
    }

    // ------------------------------------------------------------ written types

    /// Runs something on the scope that types are written in here, where `_` is a variable.
    pub(super) fn in_scope<R>(
        &mut self,
        run: impl FnOnce(&'p Program, &TyScope, &mut Vec<Diagnostic>) -> R,
    ) -> R {
        let program = self.program;
        let module = self.current_module();
        let mut found = Vec::new();
        let result = {
            let table = RefCell::new(&mut self.ctx.table);
            let holes = |span: Span| table.borrow_mut().fresh_ty_at(span);
            let mut scope = TyScope::new(module, &self.scope_generics);
            if let BodyOwner::Fn(id) = self.owner {
                let declared = TyScope::of_fn(program, id);
                scope.self_ty = declared.self_ty;
                scope.impl_ = declared.impl_;
            }
            let scope = scope.with_holes(&holes);
            run(program, &scope, &mut found)
        };
        for diagnostic in found {
            self.report(diagnostic);
        }
        result
    }

    /// A type written in the body.
    pub(super) fn lower_type(&mut self, ty: &ast::TypeExpr) -> Ty {
        let lowered = self.in_scope(|program, scope, out| lower_ty::lower_ty(program, scope, ty, out));
        if lowered.has_error() {
            self.has_errors = true;
        }
        self.well_formed(lowered, ty.span);
        self.normalize(lowered, ty.span)
    }

    /// Demands what the parts of a written type demand of their arguments.
    fn well_formed(&mut self, ty: Ty, span: Span) {
        let mut adts: Vec<(AdtId, crate::ty::Tys)> = Vec::new();
        ty.walk(&mut |part| {
            if let TyKind::Adt(id, args) = *part.kind() {
                adts.push((id, args));
            }
            true
        });
        let program = self.program;
        for (id, args) in adts {
            let cause = Cause::new(span, CauseKind::Adt(id));
            self.require_bounds(&program.adts[id].generics, args, cause);
        }
    }

    /// The generic arguments of an item: those given, those written, variables for the rest.
    pub(super) fn lower_generic_args(
        &mut self,
        generics: &Generics,
        given: &[Ty],
        written: Option<&ast::GenericArgs>,
        what: &str,
        span: Span,
    ) -> Vec<Ty> {
        if written.is_none() {
            // Inferred, defaults included: `Option` alone in an expression is any option.
            return self.ctx.fresh_args(generics, given, span);
        }
        self.in_scope(|program, scope, out| {
            lower_ty::lower_args(program, scope, generics, given, written, what, span, out)
        })
    }

    /// A struct or enum with variables as arguments.
    pub(super) fn fresh_adt(&mut self, adt: AdtId, span: Span) -> (Ty, Vec<Ty>) {
        let generics = &self.program.adts[adt].generics;
        let args = self.ctx.fresh_args(generics, &[], span);
        (Ty::adt(adt, &args), args)
    }

    /// A field's type for these arguments.
    pub(super) fn field_type(&mut self, declared: Ty, args: &[Ty], span: Span) -> Ty {
        let ty = declared.subst(args);
        self.normalize(ty, span)
    }

    /// `<self_ty as LANG>::name`.
    pub(super) fn assoc_type(&mut self, lang: &str, name: &str, self_ty: Ty, span: Span) -> Ty {
        match self.program.lang.trait_(lang) {
            Some(trait_) => {
                let ty = Ty::projection(trait_, &[self_ty], Name::new(name));
                self.normalize(ty, span)
            }
            None => Ty::error(),
        }
    }

    /// A method that a trait declares.
    pub(super) fn trait_method(&self, lang: &str, name: &str) -> Option<(crate::items::TraitId, FnId)> {
        let trait_ = self.program.lang.trait_(lang)?;
        let method = self.program.traits[trait_]
            .methods
            .iter()
            .copied()
            .find(|&m| self.program.fns[m].name == *name)?;
        Some((trait_, method))
    }
}
