//! Functions' signatures: conventions, implicit parameters of `fn(…)` type, what a returned view
//! borrows from; and which traits can be dynamic.

use base::{Applicability, Diagnostic, FxHashMap, Name, Span, codes};
use syntax::ast::{self, Convention, ItemKind, PatternKind, TypeExpr, TypeExprKind};

use super::Collector;
use super::headers::{Round, Surroundings, type_paths};
use crate::items::*;
use crate::lower_ty::{conv_of, known_copy, lower_fn_sig, lower_ty, self_param};
use crate::resolve::KNOWN;
use crate::resolve::imports::defined_twice;
use crate::ty::{Conv, FnSig, Predicate, Ty, TyKind};

/// How a type can hold views.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holds {
    Nothing,
    /// Only what its parameters or associated types stand for.
    ByParams,
    /// It has a reference or an inherent view in it.
    Literally,
}

/// How a type can hold views, judged by its declaration.
pub(crate) fn holds_views(program: &Program, generics: &Generics, ty: Ty) -> Holds {
    let mut holds = Holds::Nothing;
    ty.walk(&mut |t| {
        match *t.kind() {
            TyKind::Ref(..) | TyKind::Closure(..) => holds = Holds::Literally,
            TyKind::Adt(id, _) if program.adts[id].inherent_view => holds = Holds::Literally,
            TyKind::Param(p) if generics.params.get(p.index as usize).is_some_and(|p| p.view) => {
                holds = holds.max(Holds::ByParams);
            }
            TyKind::Projection(p) => {
                let declared = program.traits[p.trait_].assoc_types.iter().find(|a| a.name == p.name);
                if declared.is_some_and(|a| a.view) {
                    holds = holds.max(Holds::ByParams);
                }
                return false;
            }
            // An owned `dyn` never hides a view.
            TyKind::Dyn(_) | TyKind::DynFn(_) => return false,
            _ => {}
        }
        holds != Holds::Literally
    });
    holds
}

impl<'a> Collector<'a> {
    pub(super) fn lower_signatures(&mut self) {
        let (trait_fns, others): (Vec<FnId>, Vec<FnId>) =
            self.program.fns.ids().partition(|&id| matches!(self.program.fns[id].parent, FnParent::Trait(_)));
        for id in trait_fns {
            self.lower_fn(id);
        }
        for id in others {
            match self.program.fns[id].kind {
                FnKind::Constructor(adt, variant) => self.lower_constructor(id, adt, variant),
                FnKind::Script(_) => self.program.fns[id].ret = self.script_result(),
                _ => self.lower_fn(id),
            }
        }
        crate::derive::fill_methods(self);
    }

    /// A script may end with a failure anywhere, by `?`.
    fn script_result(&self) -> Ty {
        let lang = &self.program.lang;
        match (lang.adt("Result"), lang.adt("error")) {
            (Some(result), Some(error)) => Ty::adt(result, &[Ty::unit(), Ty::adt(error, &[])]),
            _ => Ty::unit(),
        }
    }

    fn lower_constructor(&mut self, id: FnId, adt: AdtId, variant: VariantIdx) {
        let decl = &self.program.adts[adt];
        let generics = decl.generics.clone();
        let ret = self.program.adt_self(adt);
        let mut params = Vec::new();
        let mut origins = Vec::new();
        for (i, field) in decl.variants[variant].fields.iter().enumerate() {
            let conv = if known_copy(&self.program, &generics, field.ty) { Conv::Val } else { Conv::Own };
            if holds_views(&self.program, &generics, field.ty) != Holds::Nothing {
                origins.push(Origin::Held(i as u32));
            }
            params.push(ParamDecl { name: KNOWN.empty, span: field.span, conv, ty: field.ty });
        }
        let decl = &mut self.program.fns[id];
        decl.generics = generics;
        decl.params = params;
        decl.ret = ret;
        decl.ret_origins = origins;
    }

    fn lower_fn(&mut self, id: FnId) {
        let Some(f) = self.fn_source(id) else { return };
        let decl = &self.program.fns[id];
        let (module, parent) = (decl.module, decl.parent);
        let mut around = Surroundings { module, self_ty: None, impl_: None };
        let outer = match parent {
            FnParent::None => None,
            FnParent::Inherent(impl_) | FnParent::TraitImpl(impl_) => {
                around.self_ty = Some(self.program.impls[impl_].self_ty);
                around.impl_ = Some(impl_);
                Some(self.program.impls[impl_].generics.clone())
            }
            FnParent::Trait(trait_) => {
                around.self_ty = Some(self_param());
                // `Self: Trait` is there for looking up `Self::Item`; it is taken out again.
                Some(self.trait_scope_generics(trait_))
            }
        };
        let mut generics = self.new_generics(&f.generics, outer.as_ref(), module);
        for param in &f.generics.params {
            if let Some(default) = &param.default {
                self.report(
                    Diagnostic::error(
                        codes::E0207,
                        default.span,
                        "a function's type parameters have no defaults",
                    )
                    .label("they are inferred, or written at the call"),
                );
            }
        }
        self.lower_round(&f.generics, &mut generics, around, Round::Plain);
        self.lower_round(&f.generics, &mut generics, around, Round::Rest);

        let mut params = Vec::with_capacity(f.params.len());
        let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
        for param in &f.params {
            let mut lowered = self.lower_param(param, &mut generics, around);
            if lowered.name != KNOWN.empty
                && let Some(first) = seen.insert(lowered.name, lowered.span)
            {
                let name = ast::Ident { name: lowered.name, span: lowered.span };
                self.report(defined_twice(name, first, "declared"));
                lowered.ty = Ty::error();
            }
            params.push(lowered);
        }
        let ret = match &f.ret {
            Some(ret) => lower_ty(&self.program, &around.scope(&generics), &ret.ty, &mut self.diagnostics),
            None => Ty::unit(),
        };

        // A method that implements a trait's is called by the trait's conventions.
        let model = match parent {
            FnParent::TraitImpl(impl_) => self.program.impls[impl_].trait_.and_then(|t| {
                let methods = &self.program.traits[t.trait_].methods;
                methods.iter().copied().find(|&m| self.program.fns[m].name == f.name.name)
            }),
            _ => None,
        };
        let model = model.map(|m| &self.program.fns[m]).filter(|m| m.params.len() == params.len());
        let origins = match model {
            Some(model) => {
                for (param, of_trait) in params.iter_mut().zip(&model.params) {
                    param.conv = of_trait.conv;
                }
                model.ret_origins.clone()
            }
            None => self.ret_origins(&f, &generics, &mut params, ret),
        };
        if let FnParent::Trait(_) = parent {
            generics.predicates.remove(0);
        }
        let decl = &mut self.program.fns[id];
        decl.generics = generics;
        decl.params = params;
        decl.ret = ret;
        decl.ret_origins = origins;
    }

    fn lower_param(
        &mut self,
        param: &ast::Param,
        generics: &mut Generics,
        around: Surroundings,
    ) -> ParamDecl {
        if param.is_self {
            let ty = around.self_ty.unwrap_or_else(|| {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::E0229,
                        param.span,
                        "`self` is the receiver of a method, and this function belongs to no type",
                    )
                    .label("not inside of an `impl`, `trait`, `struct` or `enum`"),
                );
                Ty::error()
            });
            if let Some(written) = &param.ty {
                self.report(
                    Diagnostic::error(codes::E0226, written.span, "the type of `self` is never written")
                        .label("it is the type around the method")
                        .help("write `self`, `mut self` or `own self`"),
                );
            }
            let conv = conv_of(&self.program, generics, param.convention, ty);
            return ParamDecl { name: KNOWN.self_value, span: param.span, conv, ty };
        }
        let (name, span) = match &param.pattern.kind {
            PatternKind::Binding { name, sub: None, .. } => (name.name, name.span),
            _ => (KNOWN.empty, param.pattern.span),
        };
        let Some(written) = &param.ty else {
            // The parser has reported it.
            return ParamDecl { name, span, conv: Conv::Ref, ty: Ty::error() };
        };
        if let TypeExprKind::Fn(f) = &written.kind {
            return self.lower_fn_param(name, span, param, written, f, generics, around);
        }
        let ty = lower_ty(&self.program, &around.scope(generics), written, &mut self.diagnostics);
        let conv = conv_of(&self.program, generics, param.convention, ty);
        ParamDecl { name, span, conv, ty }
    }

    /// `f: fn(A) -> B` is a type parameter of its own, bounded by the function type.
    #[allow(clippy::too_many_arguments)]
    fn lower_fn_param(
        &mut self,
        name: Name,
        span: Span,
        param: &ast::Param,
        written: &TypeExpr,
        f: &ast::FnTypeExpr,
        generics: &mut Generics,
        around: Surroundings,
    ) -> ParamDecl {
        let sig = lower_fn_sig(&self.program, &around.scope(generics), f, &mut self.diagnostics);
        let call = if f.call == Convention::Read { param.convention } else { f.call };
        let index = generics.params.len() as u32;
        let shown = Name::new(self.texts.text(written.span));
        generics.params.push(GenericParam {
            bound_at: None,
            name: shown,
            span: written.span,
            view: call != Convention::Own,
            is_const: false,
            implicit: true,
            default: None,
        });
        let ty = Ty::param(index, shown);
        generics.predicates.push(Predicate::Fn(ty, FnSig { call, ..sig }));
        let conv = match call {
            Convention::Read => Conv::Ref,
            Convention::Mut => Conv::Mut,
            Convention::Own => Conv::Own,
        };
        ParamDecl { name, span, conv, ty }
    }

    /// What views in the result borrow from.
    ///
    /// A result that has a reference (or an inherent view) in it borrows from `self`, else from
    /// all borrowed parameters; what it holds through type parameters comes from the arguments
    /// that can hold the same. A result that holds views through type parameters only carries
    /// what the arguments hold. `from` overrides both.
    fn ret_origins(
        &mut self,
        f: &ast::FnItem,
        generics: &Generics,
        params: &mut [ParamDecl],
        ret: Ty,
    ) -> Vec<Origin> {
        let result = holds_views(&self.program, generics, ret);
        let from = f.ret.as_ref().map_or(&[][..], |r| &r.from);
        if result == Holds::Nothing {
            if let Some(first) = from.first()
                && !ret.has_error()
            {
                self.report(
                    Diagnostic::error(
                        codes::E0223,
                        first.name.span,
                        "`from` says what a returned view borrows from, and nothing is borrowed here",
                    )
                    .label("the result holds no view"),
                );
            }
            return Vec::new();
        }
        let holds: Vec<Holds> = params.iter().map(|p| holds_views(&self.program, generics, p.ty)).collect();
        if !from.is_empty() {
            return self.explicit_origins(from, params, &holds);
        }
        let has_self = f.params.first().is_some_and(|p| p.is_self);
        let mut origins = Vec::new();
        if result == Holds::ByParams {
            for (i, &held) in holds.iter().enumerate() {
                if held != Holds::Nothing {
                    origins.push(Origin::Held(i as u32));
                }
            }
            return origins;
        }
        if has_self && params[0].conv == Conv::Val && holds[0] == Holds::Nothing {
            // A `Copy` receiver is passed by value, unless a view of it is returned.
            params[0].conv = Conv::Ref;
        }
        let mut of_result = Vec::new();
        ret.walk(&mut |t| {
            if let TyKind::Param(p) = t.kind()
                && generics.params.get(p.index as usize).is_some_and(|p| p.view)
            {
                of_result.push(p.index);
            }
            true
        });
        for (i, param) in params.iter().enumerate() {
            let index = i as u32;
            let borrowed = matches!(param.conv, Conv::Ref | Conv::Mut);
            let default = if has_self { i == 0 } else { true };
            if default && borrowed && !self.is_closure_param(generics, param.ty) {
                origins.push(Origin::Outer(index));
            } else if default && holds[i] != Holds::Nothing {
                origins.push(Origin::Held(index));
            } else if holds[i] != Holds::Nothing {
                let mut shares = false;
                param.ty.walk(&mut |t| {
                    shares |= matches!(t.kind(), TyKind::Param(p) if of_result.contains(&p.index));
                    !shares
                });
                if shares {
                    origins.push(Origin::Held(index));
                }
            }
        }
        origins
    }

    /// A borrowed closure is not itself what a result borrows from, only what it captured.
    fn is_closure_param(&self, generics: &Generics, ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Param(p) if generics.params.get(p.index as usize).is_some_and(|p| p.implicit))
    }

    fn explicit_origins(
        &mut self,
        from: &[ast::FromPath],
        params: &mut [ParamDecl],
        holds: &[Holds],
    ) -> Vec<Origin> {
        let mut origins = Vec::new();
        let mut mistaken = false;
        for path in from {
            let name = path.name.name;
            if name == KNOWN.empty {
                mistaken = true;
                continue;
            }
            let Some(index) = params.iter().position(|p| p.name == name) else {
                let near = base::diagnostic::closest(
                    name.as_str(),
                    params.iter().map(|p| p.name.as_str()).filter(|n| !n.is_empty()),
                );
                let mut diagnostic = Diagnostic::error(
                    codes::E0223,
                    path.name.span,
                    format!("there is no parameter `{name}` to borrow from"),
                )
                .label("not a parameter");
                if let Some(near) = near {
                    diagnostic =
                        diagnostic.fix(format!("write `{near}`"), path.name.span, near, Applicability::Maybe);
                }
                self.report(diagnostic);
                mistaken = true;
                continue;
            };
            let origin = if path.field.is_some() {
                if holds[index] == Holds::Nothing && !params[index].ty.has_error() {
                    self.report(
                        Diagnostic::error(
                            codes::E0223,
                            path.name.span,
                            format!("`{name}` holds no view that could be handed on"),
                        )
                        .label("its type has no view in it")
                        .help(format!("to return a view of the field itself, write `from {name}`")),
                    );
                }
                Origin::Held(index as u32)
            } else {
                if params[index].conv == Conv::Val && holds[index] == Holds::Nothing {
                    params[index].conv = Conv::Ref;
                }
                match params[index].conv {
                    Conv::Ref | Conv::Mut => Origin::Outer(index as u32),
                    Conv::Val | Conv::Own => {
                        if holds[index] == Holds::Nothing && !params[index].ty.has_error() {
                            self.report(
                                Diagnostic::error(
                                    codes::E0223,
                                    path.name.span,
                                    format!("`{name}` ends with the function, so nothing returned can borrow from it"),
                                )
                                .label("taken by `own`")
                                .also(params[index].span, "declared here"),
                            );
                        }
                        Origin::Held(index as u32)
                    }
                }
            };
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        if mistaken {
            // Any parameter could have been meant: the body is not held to the rest.
            origins = (0..params.len() as u32)
                .map(|i| match params[i as usize].conv {
                    Conv::Ref | Conv::Mut => Origin::Outer(i),
                    Conv::Val | Conv::Own => Origin::Held(i),
                })
                .collect();
        }
        origins.sort_unstable();
        origins
    }

    // ------------------------------------------------------------ dynamic traits

    /// Judged by syntax, so that `dyn Trait` can be lowered anywhere later: every method that an
    /// impl must give has to be callable through a table.
    pub(super) fn check_dyn_safety(&mut self) {
        for id in self.program.traits.ids() {
            let item = self.trait_source(id);
            let mut verdict = Ok(());
            for member in &item.items {
                if let ItemKind::Fn(f) = &member.kind
                    && f.body.is_none()
                    && let Err(reason) = dispatchable_syntax(f)
                {
                    verdict = Err(format!("its method `{}` {reason}", f.name.name));
                    break;
                }
            }
            self.program.traits[id].dyn_safe = verdict;
        }
    }
}

/// Can a trait's method be called through `dyn`? Methods that cannot are not in its table; those
/// with a default body are still callable, as they are compiled for the `dyn` type itself.
pub fn dispatchable(program: &Program, method: FnId) -> bool {
    let decl = &program.fns[method];
    decl.ast.as_ref().is_some_and(|f| dispatchable_syntax(f).is_ok())
}

fn dispatchable_syntax(f: &ast::FnItem) -> Result<(), &'static str> {
    if !f.params.first().is_some_and(|p| p.is_self) {
        return Err("has no `self`");
    }
    if !f.generics.params.is_empty() {
        return Err("has type parameters");
    }
    let mentions_self = |ty: &TypeExpr| {
        let mut found = false;
        type_paths(ty, &mut |path| {
            found |= matches!(&path.segments[..], [one] if one.name.name == KNOWN.self_type);
        });
        found
    };
    for param in &f.params {
        let Some(ty) = &param.ty else { continue };
        if matches!(ty.kind, TypeExprKind::Fn(_)) {
            return Err("takes a function, and so has a type parameter (`dyn fn(…)` has none)");
        }
        if mentions_self(ty) {
            return Err("takes another `Self`");
        }
    }
    if f.ret.as_ref().is_some_and(|r| mentions_self(&r.ty)) {
        return Err("returns `Self`");
    }
    Ok(())
}
