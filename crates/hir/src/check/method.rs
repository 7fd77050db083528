//! Method calls, dereferencing through traits, and turning shared access into exclusive access.
//!
//! Not here: lookup ([`crate::infer::probe`]). The one thing to know: places are found with
//! shared access (`Deref::deref`, `Index::index`); when one turns out to be changed,
//! [`Checker::make_mut`] rewrites its calls to `deref_mut` and `index_mut`.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::call::Target;
use super::path::Value;
use super::{Checker, Expect};
use crate::infer::{Demand, ProbeError};
use crate::items::VariantIdx;
use crate::thir::{Callee, ExprId, ExprKind};
use crate::ty::{Conv, InferVar, Mutability, Predicate, Ty, TyKind, tys};

impl Checker<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn check_method_call(
        &mut self,
        receiver: &ast::Expr,
        method: ast::Ident,
        generics: Option<&ast::GenericArgs>,
        args: &[ast::Arg],
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let awaited = std::mem::take(&mut self.awaited);
        if let Some(id) = self.type_with_dot(receiver, method, span) {
            self.check_stray_args(args);
            return id;
        }
        let id = self.check_expr(receiver, Expect::Any);
        if method.name.as_str().is_empty() {
            self.check_stray_args(args);
            return self.error_expr(span);
        }
        let ty = self.structurally(self.ty_of(id));
        // A number literal without other evidence is an `int` (or `float`).
        match ty.kind() {
            TyKind::Infer(InferVar::Int(_)) => {
                self.process();
                self.unify(ty, Ty::int());
            }
            TyKind::Infer(InferVar::Float(_)) => {
                self.process();
                self.unify(ty, Ty::float());
            }
            _ => {}
        }
        let module = self.current_module();
        let receiver_ty = self.ty_of(id);
        let pick = match self.ctx.find_method(receiver_ty, method.name, module) {
            Ok(pick) => pick,
            Err(error) => return self.method_error(error, id, receiver, method, args, span),
        };
        if pick.private {
            let diagnostic = self.private_diagnostic(&pick, method.name, method.span);
            self.report(diagnostic);
        }
        let Value::Fn { id: function, callee, sig } = self.confirmed(&pick, generics, method.span) else {
            return self.error_expr(span);
        };
        let adjusted = self.apply(id, &pick.adjusts, true);
        let first = match sig.params.first() {
            Some((Conv::Val | Conv::Own, _)) => self.value(adjusted),
            _ => adjusted,
        };
        let callee_span = receiver.span.to(method.span);
        let target = Target::Fn(function);
        self.finish_call(target, callee, sig, vec![first], args, callee_span, span, expect, awaited)
    }

    fn method_error(
        &mut self,
        error: ProbeError,
        id: ExprId,
        receiver: &ast::Expr,
        method: ast::Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        match &error {
            ProbeError::Unknown(_) => {
                self.report_unknown(id, receiver.span);
                self.check_stray_args(args);
                return self.error_expr(span);
            }
            ProbeError::NotFound(_) => {
                // `x.f(…)` where `f` is a field that holds a function.
                if let Some(field) = self.find_field(id, method.name, method.span, span) {
                    let ty = self.structurally(self.ty_of(field));
                    if self.ctx.call_sig(ty).is_some() || self.callable(ty.peel_refs()).is_some() {
                        return self.call_fn_value(field, receiver, args, span);
                    }
                }
            }
            ProbeError::Error | ProbeError::Ambiguous(_) => {}
        }
        self.has_errors = true;
        let ty = self.resolve(self.ty_of(id));
        let known = !ty.has_error() && !self.holds_refused(ty);
        if known && let Some(diagnostic) = self.method_diagnostic(&error, ty, method.name, method.span) {
            let diagnostic = match self.has_field(ty, method.name) {
                Some(field) => diagnostic.also(field, "it has a field of this name, which cannot be called"),
                None => diagnostic,
            };
            let diagnostic = match ty.is_unit() {
                true => self.nothing_help(diagnostic, id),
                false => self.await_help(diagnostic, ty, receiver.span),
            };
            self.report(diagnostic);
        }
        self.check_stray_args(args);
        self.error_expr(span)
    }

    /// Whether a function inside the type was refused where it was passed: what the type lacks may be
    /// a consequence. Reports what was refused so far.
    fn holds_refused(&mut self, ty: Ty) -> bool {
        self.process();
        let errors = self.ctx.take_errors();
        // An unknown part may be what something that failed would have said.
        let mut found = ty.has_infer() && !errors.is_empty();
        let mut refused = Vec::new();
        for error in &errors {
            if let Demand::Predicate(Predicate::Fn(subject, _)) = error.obligation.demand {
                refused.push(self.shallow(subject));
            }
        }
        for diagnostic in self.ctx.report_all(errors) {
            self.report(diagnostic);
        }
        ty.walk(&mut |part| {
            found |= refused.contains(&part);
            !found
        });
        found
    }

    // ------------------------------------------------------------ dereferencing

    /// `*x` through the `Deref` trait: a place behind the reference that `deref` gives.
    pub(super) fn overloaded_deref(&mut self, id: ExprId, ty: Ty, span: Span) -> Option<ExprId> {
        if !matches!(ty.kind(), TyKind::Adt(..) | TyKind::Param(_) | TyKind::Projection(_))
            || !self.implements("Deref", ty)
        {
            return None;
        }
        let receiver = self.borrow(id, Mutability::Shared, false, span);
        let call = self.call_trait("Deref", "deref", &[ty], &[receiver], span);
        let target = self.structurally(self.ty_of(call));
        let inner = match *target.kind() {
            TyKind::Ref(_, inner) => self.structurally(inner),
            _ => Ty::error(),
        };
        Some(self.push(inner, span, ExprKind::Deref(call)))
    }

    /// The place is going to be changed: exclusive access all the way to it.
    pub(super) fn make_mut(&mut self, place: ExprId) {
        match self.exprs[place].kind.clone() {
            ExprKind::Local(local) => self.local_notes[local].mutated = true,
            ExprKind::Field { base, .. }
            | ExprKind::TupleField { base, .. }
            | ExprKind::Index { base, .. } => self.make_mut(base),
            ExprKind::Deref(inner) => self.make_mut_behind(inner),
            _ => {}
        }
    }

    fn make_mut_behind(&mut self, inner: ExprId) {
        let ExprKind::Call { callee: Callee::TraitMethod { trait_, args: generic, .. }, args } =
            self.exprs[inner].kind.clone()
        else {
            // Through a `&mut` in a variable: the variable itself stays as it is. A closure
            // needs the variable exclusively all the same.
            if let ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } = self.exprs[inner].kind {
                self.make_mut(base);
            }
            return;
        };
        let (lang, method) = if self.program.lang.trait_("Deref") == Some(trait_) {
            ("DerefMut", "deref_mut")
        } else if self.program.lang.trait_("Index") == Some(trait_) {
            ("IndexMut", "index_mut")
        } else {
            return;
        };
        let Some((new_trait, new_method)) = self.trait_method(lang, method) else { return };
        let self_ty = self.resolve(generic[0]);
        let span = self.span_of(inner);
        if !self.implements_with(new_trait, generic) {
            let shown = self.show(self_ty);
            let diagnostic = Diagnostic::error(
                codes::E0307,
                span,
                format!("what a `{shown}` gives access to cannot be changed"),
            )
            .label(format!("`{lang}` is not implemented for `{shown}`"));
            let is_shared = matches!(*self_ty.peel_refs().kind(),
                TyKind::Adt(id, _) if self.program.adts[id].name.as_str() == "Shared"
                    && self.program.in_std(self.program.adts[id].module));
            self.report(match is_shared {
                true => diagnostic.help(
                    "others may be looking at it: put what changes in a `Mutex`, an `RwLock` or an `Atomic` inside of the `Shared`",
                ),
                false => diagnostic,
            });
            return;
        }
        if let Some(&receiver) = args.first()
            && let ExprKind::Ref { place, .. } = self.exprs[receiver].kind
        {
            self.make_mut(place);
            let place_ty = self.ty_of(place);
            self.exprs[receiver].kind = ExprKind::Ref { mutability: Mutability::Mut, place, two_phase: true };
            self.exprs[receiver].ty = Ty::mut_ref(place_ty);
        }
        let pointee = self.shallow(self.ty_of(inner)).pointee().map(|(_, ty)| ty);
        let callee = Callee::TraitMethod { trait_: new_trait, method: new_method, args: generic };
        self.exprs[inner].kind = ExprKind::Call { callee, args };
        if let Some(pointee) = pointee {
            self.exprs[inner].ty = Ty::mut_ref(pointee);
        }
    }

    fn implements_with(&mut self, trait_: crate::items::TraitId, args: crate::ty::Tys) -> bool {
        let args: Vec<Ty> = args.iter().map(|&t| self.resolve(t)).collect();
        self.may_hold(crate::ty::TraitRef { trait_, args: tys(&args) })
    }

    // ------------------------------------------------------------ messages

    /// The type of `id` has to be known and is not.
    pub(super) fn report_unknown(&mut self, id: ExprId, span: Span) -> ExprId {
        let ty = self.resolve(self.ty_of(id));
        self.has_errors = true;
        if !ty.has_error() {
            let mut diagnostic = Diagnostic::error(codes::E0306, span, "the type of this must be known here")
                .label("its type cannot be told from what comes before");
            diagnostic = match self.annotation_place(id) {
                // What a `collect` gives is a list, mostly.
                Some((name, place)) if self.is_collected(place) => diagnostic.fix(
                    format!("say what `{name}` is, such as a list"),
                    place.end(),
                    ": [_]",
                    Applicability::Maybe,
                ),
                Some((name, place)) => diagnostic.fix(
                    format!("write the type of `{name}`"),
                    place.end(),
                    ": T",
                    Applicability::Maybe,
                ),
                None => diagnostic.help("write the type where the value is made: `let x: T = …`"),
            };
            self.report(diagnostic);
            self.unify(ty, Ty::error());
        }
        self.error_expr(span)
    }

    /// Is the value of the variable declared here that of a `collect()`?
    fn is_collected(&self, name: Span) -> bool {
        let text = &self.sources.file(name.file).text;
        let line = text[name.hi as usize..].lines().next().unwrap_or("");
        line.trim_start().starts_with('=') && line.trim_end().ends_with(".collect()")
    }

    /// The variable whose declaration an annotation would help.
    fn annotation_place(&self, id: ExprId) -> Option<(base::Name, Span)> {
        match &self.exprs[id].kind {
            ExprKind::Local(local) => {
                let local = &self.locals[*local];
                (!local.synthetic).then_some((local.name, local.span))
            }
            ExprKind::Use(inner) | ExprKind::Deref(inner) => self.annotation_place(*inner),
            _ => None,
        }
    }

    /// `Type::name` that does not exist, or could be several.
    pub(super) fn report_no_associated(&mut self, error: &ProbeError, ty: Ty, name: ast::Ident) {
        self.has_errors = true;
        let ProbeError::NotFound(_) = error else {
            if let Some(diagnostic) = self.method_diagnostic(error, ty, name.name, name.span) {
                self.report(diagnostic);
            }
            return;
        };
        if ty.has_error() {
            return;
        }
        let shown = self.show(ty);
        let is_enum = matches!(*ty.kind(), TyKind::Adt(adt, _)
            if self.program.adts[adt].kind == crate::items::AdtKind::Enum);
        let what = match is_enum && name.name.as_str().starts_with(char::is_uppercase) {
            true => "variant",
            false => "function",
        };
        let mut diagnostic =
            Diagnostic::error(codes::E0319, name.span, format!("`{shown}` has no {what} `{}`", name.name))
                .label("not found");
        let names = self.functions_of(ty);
        if let Some(close) = base::diagnostic::closest(name.name.as_str(), names) {
            diagnostic =
                diagnostic.fix(format!("did you mean `{close}`?"), name.span, close, Applicability::Maybe);
        }
        if let TyKind::Adt(adt, _) = *ty.kind()
            && !self.program.in_std(self.program.adts[adt].module)
        {
            let decl = &self.program.adts[adt];
            diagnostic = diagnostic.also(decl.name_span, "declared here");
            let plain = decl.kind == crate::items::AdtKind::Struct
                && decl.variants[VariantIdx(0)].shape == crate::items::Shape::Named
                && !self.program.actors.contains_key(&adt);
            if plain && name.name == "new" && diagnostic.fixes.is_empty() {
                diagnostic = diagnostic.help(format!(
                    "a struct is made by naming its fields, `{}`, or by a function `new` of your own",
                    self.made_of(adt)
                ));
            }
        }
        self.report(diagnostic);
    }

    /// Names that can follow `Type::`.
    fn functions_of(&self, ty: Ty) -> Vec<&'static str> {
        let program = self.program;
        let mut names: Vec<&'static str> = Vec::new();
        for (name, functions) in &program.inherent {
            let ours = functions.iter().any(|&f| match program.fns[f].parent {
                crate::items::FnParent::Inherent(id) => {
                    crate::traits::select::may_match(program.impls[id].self_ty, ty)
                }
                _ => false,
            });
            if ours {
                names.push(name.as_str());
            }
        }
        if let TyKind::Adt(adt, _) = *ty.kind()
            && program.adts[adt].kind == crate::items::AdtKind::Enum
        {
            names.extend(program.adts[adt].variants.iter().map(|v| v.name.as_str()));
        }
        names.sort_unstable();
        names
    }
}
