//! Everything about items but functions: generics, supertraits, aliases, impl heads, bounds,
//! fields, discriminants, the types of constants.
//!
//! The order matters: parameters' names before any type, impl heads and supertraits before
//! `T::Item` can be looked up, `Copy` impls before conventions.

use base::{Diagnostic, FxHashMap, Span, codes};
use syntax::ast::{self, Bound, ItemKind, StructBody, TypeExpr, TypeExprKind};

use super::{AdtSource, Collector, ImplSource};
use crate::consteval;
use crate::items::*;
use crate::lower_ty::{TyScope, lower_bound, lower_fn_sig, lower_ty, self_param};
use crate::resolve::imports::defined_twice;
use crate::resolve::{KNOWN, Res, Resolver};
use crate::ty::{FloatTy, IntTy, Predicate, TraitRef, Ty, TyKind, tys};

/// What `Self` is while an item's generics are lowered.
#[derive(Clone, Copy)]
pub(super) struct Surroundings {
    pub module: ModId,
    pub self_ty: Option<Ty>,
    pub impl_: Option<ImplId>,
}

impl Surroundings {
    pub fn scope<'s>(self, generics: &'s Generics) -> TyScope<'s> {
        let mut scope = TyScope::new(self.module, generics);
        scope.self_ty = self.self_ty;
        scope.impl_ = self.impl_;
        scope
    }
}

/// Bounds that can be lowered before others: plain traits, which give `T::Item` its meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Plain,
    Rest,
}

impl<'a> Collector<'a> {
    /// Which types are `Copy`, before any type is lowered: conventions depend on it.
    pub(super) fn fill_copy_table(&mut self) {
        for &(adt, trait_, _) in &self.sources.derives {
            if trait_ == DeriveTrait::Copy {
                let params = &self.sources.adts[adt.0 as usize].generics().params;
                let needs = params.iter().map(|p| p.const_ty.is_none()).collect();
                self.program.copy_adts.insert(adt, needs);
            }
        }
        let Some(copy) = self.program.lang.trait_("Copy") else { return };
        let none = Generics::default();
        for id in self.program.impls.ids() {
            let ImplSource::Written(item) = self.impl_source(id) else { continue };
            let (Some(trait_), TypeExprKind::Path(path)) = (&item.trait_, &item.ty.kind) else { continue };
            let scope = TyScope::new(self.program.impls[id].module, &none);
            let resolver = Resolver::new(&self.program);
            let is_copy = |path: &ast::Path| {
                resolver
                    .resolve_path(path, Ns::Types, &scope)
                    .is_ok_and(|r| r.res == Res::Def(Def::Trait(copy)))
            };
            if !is_copy(trait_) {
                continue;
            }
            let Ok(resolved) = resolver.resolve_path(path, Ns::Types, &scope) else { continue };
            let Res::Def(Def::Adt(adt)) = resolved.res else { continue };
            let args = path.segments[resolved.used - 1].args.as_ref().map_or(&[][..], |a| &a.args);
            let needs = args
                .iter()
                .map(|arg| {
                    let TypeExprKind::Path(p) = &arg.kind else { return false };
                    let [segment] = &p.segments[..] else { return false };
                    let bounded = |bounds: &[Bound]| {
                        bounds.iter().any(|b| matches!(b, Bound::Trait(p) if is_copy(p)))
                    };
                    item.generics.params.iter().any(|g| g.name.name == segment.name.name && bounded(&g.bounds))
                        || item.generics.where_clauses.iter().any(|w| {
                            matches!(&w.ty.kind, TypeExprKind::Path(q) if q.segments.len() == 1 && q.segments[0].name.name == segment.name.name)
                                && bounded(&w.bounds)
                        })
                })
                .collect();
            self.program.copy_adts.insert(adt, needs);
        }
    }

    pub(super) fn lower_headers(&mut self) {
        self.lower_parameter_names();
        self.check_dyn_safety();
        self.lower_supertraits();
        self.lower_defaults();
        self.lower_aliases();
        self.lower_impl_heads();
        self.lower_bounds();
        self.lower_assoc_types();
        self.fill_impl_tables();
        self.lower_fields();
        self.lower_constants();
        self.lower_discriminants();
    }

    // ------------------------------------------------------------ generics

    /// The parameters of `written` after those of `parent`, without bounds and defaults.
    pub(super) fn new_generics(
        &mut self,
        written: &ast::Generics,
        parent: Option<&Generics>,
        module: ModId,
    ) -> Generics {
        let mut generics = parent.cloned().unwrap_or_default();
        generics.parent_count = generics.params.len();
        for param in &written.params {
            if param.name.name != KNOWN.empty
                && let Some(first) = generics.params.iter().find(|p| p.name == param.name.name && !p.span.is_empty())
            {
                let first = first.span;
                self.report(defined_twice(param.name, first, "declared"));
            }
            if let Some(ty) = &param.const_ty {
                self.check_const_param(ty, module);
            }
            let view = param.view.is_some()
                || written.where_clauses.iter().any(|w| {
                    w.view.is_some()
                        && matches!(&w.ty.kind, TypeExprKind::Path(p) if p.segments.len() == 1 && p.segments[0].name.name == param.name.name)
                });
            generics.params.push(GenericParam {
                name: param.name.name,
                span: param.name.span,
                view,
                is_const: param.const_ty.is_some(),
                implicit: false,
                default: None,
            });
        }
        generics
    }

    fn check_const_param(&mut self, ty: &TypeExpr, module: ModId) {
        let none = Generics::default();
        let scope = TyScope::new(module, &none);
        let lowered = lower_ty(&self.program, &scope, ty, &mut self.diagnostics);
        if lowered != Ty::int() && !lowered.is_error() {
            let shown = crate::ty::display(&self.program, lowered);
            self.report(
                Diagnostic::error(
                    codes::E0901,
                    ty.span,
                    format!("not supported yet: constant parameters of type `{shown}`"),
                )
                .label("only `int` so far"),
            );
        }
    }

    fn lower_parameter_names(&mut self) {
        for id in self.program.adts.ids() {
            let written = self.adt_source(id).generics();
            let module = self.program.adts[id].module;
            self.program.adts[id].generics = self.new_generics(written, None, module);
        }
        for id in self.program.traits.ids() {
            let item = self.trait_source(id);
            let module = self.program.traits[id].module;
            let self_generics = Generics {
                parent_count: 0,
                params: vec![GenericParam {
                    name: KNOWN.self_type,
                    span: Span::default(),
                    view: true,
                    is_const: false,
                    implicit: false,
                    default: None,
                }],
                predicates: Vec::new(),
            };
            let mut generics = self.new_generics(&item.generics, Some(&self_generics), module);
            generics.parent_count = 0;
            self.program.traits[id].generics = generics;
        }
        for id in self.program.aliases.ids() {
            let item = self.alias_source(id);
            let module = self.program.aliases[id].module;
            self.program.aliases[id].generics = self.new_generics(&item.generics, None, module);
        }
        for id in self.program.impls.ids() {
            if let ImplSource::Written(item) = self.impl_source(id) {
                let module = self.program.impls[id].module;
                self.program.impls[id].generics = self.new_generics(&item.generics, None, module);
            }
        }
    }

    /// Lowers the bounds of one round into `generics`.
    pub(super) fn lower_round(
        &mut self,
        written: &ast::Generics,
        generics: &mut Generics,
        around: Surroundings,
        round: Round,
    ) {
        for param in &written.params {
            if param.bounds.is_empty() {
                continue;
            }
            let Some(index) = generics.params.iter().rposition(|p| p.name == param.name.name) else { continue };
            let subject = Ty::param(index as u32, param.name.name);
            for bound in &param.bounds {
                if is_plain(bound) == (round == Round::Plain) {
                    self.lower_one_bound(subject, bound, generics, around);
                }
            }
        }
        for clause in &written.where_clauses {
            let simple = matches!(&clause.ty.kind, TypeExprKind::Path(p) if p.segments.len() == 1 && p.segments[0].args.is_none());
            let plain = |b: &Bound| simple && is_plain(b);
            // `where T: view` alone is looked at too, for mistakes in its subject.
            let bare = clause.bounds.is_empty() && round == Round::Rest;
            if !bare && clause.bounds.iter().all(|b| plain(b) != (round == Round::Plain)) {
                continue;
            }
            let subject = {
                let scope = around.scope(generics);
                // A subject with bounds of both rounds is lowered twice; mistakes in it are
                // reported in the last.
                let mut found = Vec::new();
                let subject = lower_ty(&self.program, &scope, &clause.ty, &mut found);
                let again = round == Round::Plain && clause.bounds.iter().any(|b| !plain(b));
                if !again {
                    self.diagnostics.append(&mut found);
                }
                subject
            };
            if subject.is_error() {
                continue;
            }
            for bound in &clause.bounds {
                if plain(bound) == (round == Round::Plain) {
                    self.lower_one_bound(subject, bound, generics, around);
                }
            }
        }
    }

    fn lower_one_bound(
        &mut self,
        subject: Ty,
        bound: &Bound,
        generics: &mut Generics,
        around: Surroundings,
    ) {
        let scope = around.scope(generics);
        match bound {
            Bound::Trait(path) => {
                let lowered = lower_bound(&self.program, &scope, subject, path, &mut self.diagnostics);
                if let Some((trait_ref, bindings)) = lowered {
                    generics.predicates.push(Predicate::Trait(trait_ref));
                    generics.predicates.extend(bindings);
                }
            }
            Bound::Fn(f) => {
                let sig = lower_fn_sig(&self.program, &scope, f, &mut self.diagnostics);
                generics.predicates.push(Predicate::Fn(subject, sig));
            }
        }
    }

    fn lower_supertraits(&mut self) {
        // Names first, so that `T::Item` finds what supertraits declare.
        let mut bindings = Vec::new();
        for id in self.program.traits.ids() {
            let item = self.trait_source(id);
            for bound in &item.supertraits {
                match bound {
                    Bound::Trait(path) => {
                        let generics = self.program.traits[id].generics.clone();
                        let scope = TyScope::new(self.program.traits[id].module, &generics).with_self(self_param());
                        let mut ignored = Vec::new();
                        let mut bare = path.clone();
                        if let Some(args) = bare.segments.last_mut().and_then(|s| s.args.as_mut())
                            && !args.bindings.is_empty()
                        {
                            args.bindings.clear();
                            bindings.push((id, path));
                        }
                        let lowered = lower_bound(&self.program, &scope, self_param(), &bare, &mut ignored);
                        self.diagnostics.append(&mut ignored);
                        if let Some((trait_ref, _)) = lowered {
                            self.program.traits[id].supertraits.push(trait_ref);
                        }
                    }
                    Bound::Fn(f) => self.report(
                        Diagnostic::error(codes::E0208, f.span, "a supertrait must be a trait")
                            .label("this is a function type"),
                    ),
                }
            }
        }
        self.break_supertrait_cycles();
        for (id, path) in bindings {
            let mut generics = self.program.traits[id].generics.clone();
            let scope = TyScope::new(self.program.traits[id].module, &generics).with_self(self_param());
            if let Some((_, equal)) = lower_bound(&self.program, &scope, self_param(), path, &mut self.diagnostics) {
                generics.predicates.extend(equal);
                self.program.traits[id].generics = generics;
            }
        }
    }

    fn break_supertrait_cycles(&mut self) {
        // 0 not seen, 1 on the path, 2 done. An explicit stack: chains may be long.
        let mut state = vec![0u8; self.program.traits.len()];
        for start in self.program.traits.ids() {
            if state[start.0 as usize] != 0 {
                continue;
            }
            let mut stack = vec![(start, 0usize)];
            state[start.0 as usize] = 1;
            while let Some(&mut (at, ref mut next)) = stack.last_mut() {
                let Some(to) = self.program.traits[at].supertraits.get(*next).map(|s| s.trait_) else {
                    state[at.0 as usize] = 2;
                    stack.pop();
                    continue;
                };
                match state[to.0 as usize] {
                    0 => {
                        *next += 1;
                        state[to.0 as usize] = 1;
                        stack.push((to, 0));
                    }
                    1 => {
                        let index = *next;
                        let (from_span, to_span) = (self.program.traits[at].name_span, self.program.traits[to].name_span);
                        let name = self.program.traits[to].name;
                        let mut diagnostic = Diagnostic::error(
                            codes::E0227,
                            to_span,
                            format!("trait `{name}` is its own supertrait"),
                        )
                        .label("the circle begins here");
                        if at != to {
                            diagnostic = diagnostic.also(from_span, "and comes back here");
                        }
                        self.report(diagnostic);
                        self.program.traits[at].supertraits.remove(index);
                    }
                    _ => *next += 1,
                }
            }
        }
    }

    fn lower_defaults(&mut self) {
        for id in self.program.adts.ids() {
            let written = self.adt_source(id).generics();
            let around = Surroundings { module: self.program.adts[id].module, self_ty: None, impl_: None };
            let mut generics = std::mem::take(&mut self.program.adts[id].generics);
            self.defaults_into(written, &mut generics, 0, around);
            self.program.adts[id].generics = generics;
        }
        for id in self.program.traits.ids() {
            let written = &self.trait_source(id).generics;
            let around = Surroundings {
                module: self.program.traits[id].module,
                self_ty: Some(self_param()),
                impl_: None,
            };
            let mut generics = std::mem::take(&mut self.program.traits[id].generics);
            self.defaults_into(written, &mut generics, 1, around);
            self.program.traits[id].generics = generics;
        }
        for id in self.program.aliases.ids() {
            let written = &self.alias_source(id).generics;
            let around = Surroundings { module: self.program.aliases[id].module, self_ty: None, impl_: None };
            let mut generics = std::mem::take(&mut self.program.aliases[id].generics);
            self.defaults_into(written, &mut generics, 0, around);
            self.program.aliases[id].generics = generics;
        }
    }

    fn defaults_into(
        &mut self,
        written: &ast::Generics,
        generics: &mut Generics,
        offset: usize,
        around: Surroundings,
    ) {
        let mut seen_default: Option<Span> = None;
        for (i, param) in written.params.iter().enumerate() {
            match &param.default {
                Some(default) => {
                    seen_default = Some(param.name.span);
                    let ty = lower_ty(&self.program, &around.scope(generics), default, &mut self.diagnostics);
                    if let Some(slot) = generics.params.get_mut(i + offset) {
                        slot.default = Some(ty);
                    }
                }
                None => {
                    if let Some(first) = seen_default {
                        self.report(
                            Diagnostic::error(
                                codes::E0207,
                                param.name.span,
                                format!("`{}` needs a default too", param.name.name),
                            )
                            .label("comes after one that has a default")
                            .also(first, "has a default"),
                        );
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------ aliases and impls

    fn lower_aliases(&mut self) {
        self.break_alias_cycles();
        for id in self.program.aliases.ids() {
            let item = self.alias_source(id);
            let alias = &self.program.aliases[id];
            if alias.ready {
                continue;
            }
            let generics = alias.generics.clone();
            let scope = TyScope::new(alias.module, &generics);
            let ty = match &item.ty {
                Some(ty) => lower_ty(&self.program, &scope, ty, &mut self.diagnostics),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::E0226,
                            item.name.span,
                            format!("`type {}` does not say which type it stands for", item.name.name),
                        )
                        .label("add `= Type`"),
                    );
                    Ty::error()
                }
            };
            let alias = &mut self.program.aliases[id];
            (alias.ty, alias.ready) = (ty, true);
        }
    }

    /// An alias that expands to itself becomes an error type.
    fn break_alias_cycles(&mut self) {
        let none = Generics::default();
        let edges: Vec<Vec<AliasId>> = self
            .program
            .aliases
            .ids()
            .map(|id| {
                let scope = TyScope::new(self.program.aliases[id].module, &none);
                let resolver = Resolver::new(&self.program);
                let mut found = Vec::new();
                if let Some(ty) = &self.alias_source(id).ty {
                    type_paths(ty, &mut |path| {
                        if let Ok(r) = resolver.resolve_path(path, Ns::Types, &scope)
                            && let Res::Def(Def::Alias(to)) = r.res
                        {
                            found.push(to);
                        }
                    });
                }
                found
            })
            .collect();
        let mut state = vec![0u8; edges.len()];
        for start in self.program.aliases.ids() {
            if state[start.0 as usize] != 0 {
                continue;
            }
            let mut stack = vec![(start, 0usize)];
            state[start.0 as usize] = 1;
            while let Some(&mut (at, ref mut next)) = stack.last_mut() {
                let Some(&to) = edges[at.0 as usize].get(*next) else {
                    state[at.0 as usize] = 2;
                    stack.pop();
                    continue;
                };
                *next += 1;
                match state[to.0 as usize] {
                    0 => {
                        state[to.0 as usize] = 1;
                        stack.push((to, 0));
                    }
                    1 => {
                        let alias = &mut self.program.aliases[to];
                        if !alias.ready {
                            alias.ready = true;
                            let diagnostic = Diagnostic::error(
                                codes::E0227,
                                alias.span,
                                format!("type `{}` stands for itself", alias.name),
                            )
                            .label("expanding it would never end")
                            .help("an alias is another name for a type; for a recursive type, declare a struct or enum");
                            self.report(diagnostic);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn lower_impl_heads(&mut self) {
        for id in self.program.impls.ids() {
            match self.impl_source(id) {
                ImplSource::Written(item) => {
                    let mut generics = std::mem::take(&mut self.program.impls[id].generics);
                    let module = self.program.impls[id].module;
                    let mut around = Surroundings { module, self_ty: None, impl_: None };
                    self.lower_round(&item.generics, &mut generics, around, Round::Plain);
                    let scope = around.scope(&generics);
                    let self_ty = lower_ty(&self.program, &scope, &item.ty, &mut self.diagnostics);
                    around.self_ty = Some(self_ty);
                    let scope = around.scope(&generics);
                    let mut bindings = Vec::new();
                    let trait_ref = item.trait_.as_ref().and_then(|path| {
                        if let Some(args) = path.segments.last().and_then(|s| s.args.as_ref()) {
                            bindings.extend(args.bindings.first().map(|b| b.0));
                        }
                        lower_bound(&self.program, &scope, self_ty, path, &mut self.diagnostics).map(|b| b.0)
                    });
                    for name in bindings {
                        self.report(
                            Diagnostic::error(
                                codes::E0228,
                                name.span,
                                "an impl says what an associated type is in its block",
                            )
                            .label(format!("write `type {} = …` below", name.name)),
                        );
                    }
                    let impl_ = &mut self.program.impls[id];
                    impl_.generics = generics;
                    impl_.self_ty = self_ty;
                    impl_.trait_ = trait_ref;
                }
                ImplSource::Own(adt) | ImplSource::Derived(adt) => {
                    self.program.impls[id].self_ty = self.program.adt_self(adt);
                }
            }
        }
    }

    fn lower_bounds(&mut self) {
        for id in self.program.adts.ids() {
            let written = self.adt_source(id).generics();
            if !needs_rounds(written) {
                continue;
            }
            let self_ty = Some(self.program.adt_self(id));
            let around = Surroundings { module: self.program.adts[id].module, self_ty, impl_: None };
            let mut generics = std::mem::take(&mut self.program.adts[id].generics);
            self.lower_round(written, &mut generics, around, Round::Plain);
            self.lower_round(written, &mut generics, around, Round::Rest);
            self.program.adts[id].generics = generics;
        }
        for id in self.program.traits.ids() {
            let written = &self.trait_source(id).generics;
            if !needs_rounds(written) {
                continue;
            }
            let around = Surroundings {
                module: self.program.traits[id].module,
                self_ty: Some(self_param()),
                impl_: None,
            };
            let mut generics = self.program.traits[id].generics.clone();
            self.lower_round(written, &mut generics, around, Round::Plain);
            self.lower_round(written, &mut generics, around, Round::Rest);
            self.program.traits[id].generics = generics;
        }
        for id in self.program.impls.ids() {
            match self.impl_source(id) {
                ImplSource::Written(item) => {
                    if !needs_rounds(&item.generics) {
                        continue;
                    }
                    let impl_ = &self.program.impls[id];
                    let around =
                        Surroundings { module: impl_.module, self_ty: Some(impl_.self_ty), impl_: None };
                    let mut generics = std::mem::take(&mut self.program.impls[id].generics);
                    self.lower_round(&item.generics, &mut generics, around, Round::Rest);
                    self.program.impls[id].generics = generics;
                }
                ImplSource::Own(adt) => {
                    self.program.impls[id].generics = self.program.adts[adt].generics.clone();
                }
                ImplSource::Derived(_) => {}
            }
        }
    }

    fn lower_assoc_types(&mut self) {
        for id in self.program.traits.ids() {
            let item = self.trait_source(id);
            if self.program.traits[id].assoc_types.is_empty() {
                continue;
            }
            let generics = self.trait_scope_generics(id);
            let identity = tys(&self.program.traits[id].generics.identity());
            let around = Surroundings {
                module: self.program.traits[id].module,
                self_ty: Some(self_param()),
                impl_: None,
            };
            for member in &item.items {
                let ItemKind::TypeAlias(alias) = &member.kind else { continue };
                let Some(index) =
                    self.program.traits[id].assoc_types.iter().position(|a| a.name == alias.name.name)
                else {
                    continue;
                };
                let subject = Ty::projection(id, identity, alias.name.name);
                let mut local = generics.clone();
                let before = local.predicates.len();
                for bound in alias.bounds.iter().filter(|b| is_plain(b)).chain(alias.bounds.iter().filter(|b| !is_plain(b))) {
                    self.lower_one_bound(subject, bound, &mut local, around);
                }
                let default = alias
                    .ty
                    .as_ref()
                    .map(|ty| lower_ty(&self.program, &around.scope(&generics), ty, &mut self.diagnostics));
                let decl = &mut self.program.traits[id].assoc_types[index];
                decl.bounds = local.predicates.split_off(before);
                decl.default = default;
                if let Some(written) = alias.generics.span {
                    self.report(
                        Diagnostic::error(codes::E0901, written, "not supported yet: generic associated types")
                            .label("an associated type cannot have parameters"),
                    );
                }
            }
        }
        for id in self.program.impls.ids() {
            let ImplSource::Written(item) = self.impl_source(id) else { continue };
            if item.trait_.is_none() {
                continue;
            }
            for member in &item.items {
                let ItemKind::TypeAlias(alias) = &member.kind else { continue };
                let Some(written) = &alias.ty else {
                    self.report(
                        Diagnostic::error(
                            codes::E0226,
                            alias.name.span,
                            format!("`type {}` does not say which type it is here", alias.name.name),
                        )
                        .label("add `= Type`"),
                    );
                    continue;
                };
                let scope = TyScope::of_impl(&self.program, id);
                let ty = lower_ty(&self.program, &scope, written, &mut self.diagnostics);
                let known = &mut self.program.impls[id].assoc_types;
                if let Some(&(_, _, first)) = known.iter().find(|a| a.0 == alias.name.name) {
                    self.report(defined_twice(alias.name, first, "declared"));
                    continue;
                }
                known.push((alias.name.name, ty, alias.name.span));
            }
        }
    }

    /// What an impl leaves out and the trait has a default for.
    fn fill_assoc_defaults(&mut self) {
        for id in self.program.impls.ids() {
            let Some(trait_ref) = self.program.impls[id].trait_ else { continue };
            for assoc in &self.program.traits[trait_ref.trait_].assoc_types {
                let given = &mut self.program.impls[id].assoc_types;
                if let Some(default) = assoc.default
                    && given.iter().all(|a| a.0 != assoc.name)
                {
                    given.push((assoc.name, default.subst(trait_ref.args), assoc.span));
                }
            }
        }
    }

    /// A trait's generics with `Self: Trait` among the assumptions.
    pub(super) fn trait_scope_generics(&self, id: TraitId) -> Generics {
        let mut generics = self.program.traits[id].generics.clone();
        let args = tys(&generics.identity());
        generics.predicates.insert(0, Predicate::Trait(TraitRef { trait_: id, args }));
        generics
    }

    fn fill_impl_tables(&mut self) {
        // Derived impls are made now: their heads follow from the type alone.
        for (adt, trait_, span) in std::mem::take(&mut self.sources.derives) {
            crate::derive::declare(self, adt, trait_, span);
        }
        self.fill_assoc_defaults();
        let program = &mut self.program;
        let drop_trait = program.lang.trait_("Drop");
        for id in program.impls.ids() {
            let impl_ = &program.impls[id];
            match impl_.trait_ {
                Some(trait_ref) => {
                    program.trait_impls.entry(trait_ref.trait_).or_default().push(id);
                    if Some(trait_ref.trait_) == drop_trait
                        && let TyKind::Adt(adt, _) = *impl_.self_ty.kind()
                        && program.adts[adt].drop_impl.is_none()
                    {
                        program.adts[adt].drop_impl = Some(id);
                    }
                }
                None => {
                    if matches!(self.sources.impls[id.0 as usize], ImplSource::Written(i) if i.trait_.is_some()) {
                        continue;
                    }
                    for &method in &impl_.methods {
                        program.inherent.entry(program.fns[method].name).or_default().push(method);
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------ fields and constants

    fn lower_fields(&mut self) {
        for id in self.program.adts.ids() {
            let bodies: Vec<&'a StructBody> = match self.adt_source(id) {
                AdtSource::Struct(s) => vec![&s.body],
                AdtSource::Enum(e) => e.variants.iter().map(|v| &v.body).collect(),
            };
            let generics = self.program.adts[id].generics.clone();
            let scope = TyScope::new(self.program.adts[id].module, &generics).with_self(self.program.adt_self(id));
            for (variant, body) in bodies.into_iter().enumerate() {
                let written = match body {
                    StructBody::Unit => continue,
                    StructBody::Tuple(fields) | StructBody::Named(fields) => fields,
                };
                for (field, written) in written.iter().enumerate() {
                    let ty = lower_ty(&self.program, &scope, &written.ty, &mut self.diagnostics);
                    let variant = &mut self.program.adts[id].variants[VariantIdx(variant as u32)];
                    variant.fields[FieldIdx(field as u32)].ty = ty;
                }
            }
        }
        self.find_inherent_views();
    }

    /// A type is a view by itself if a field holds a reference or such a type: to a fixpoint.
    fn find_inherent_views(&mut self) {
        let mut holders: FxHashMap<AdtId, Vec<AdtId>> = FxHashMap::default();
        let mut queue = Vec::new();
        for (id, adt) in self.program.adts.iter_enumerated() {
            let mut view = adt.inherent_view;
            for field in adt.variants.iter().flat_map(|v| v.fields.iter()) {
                field.ty.walk(&mut |t| match *t.kind() {
                    TyKind::Ref(..) => {
                        view = true;
                        false
                    }
                    TyKind::Adt(inner, _) => {
                        holders.entry(inner).or_default().push(id);
                        true
                    }
                    // An owned `dyn` never hides a view; a raw pointer carries no loan.
                    TyKind::Dyn(_) | TyKind::DynFn(_) | TyKind::RawPtr(_) => false,
                    _ => true,
                });
            }
            if view {
                queue.push(id);
            }
        }
        let mut known: base::FxHashSet<AdtId> = queue.iter().copied().collect();
        while let Some(id) = queue.pop() {
            self.program.adts[id].inherent_view = true;
            for &holder in holders.get(&id).map_or(&[][..], |h| h) {
                if known.insert(holder) {
                    queue.push(holder);
                }
            }
        }
    }

    fn lower_constants(&mut self) {
        let none = Generics::default();
        for id in self.program.consts.ids() {
            let item = self.const_source(id);
            let module = self.program.consts[id].module;
            self.program.consts[id].ty = self.constant_type(item, "const", &none, module);
        }
        for id in self.program.statics.ids() {
            let item = self.static_source(id);
            let module = self.program.statics[id].module;
            self.program.statics[id].ty = self.constant_type(item, "static", &none, module);
        }
    }

    fn constant_type(&mut self, item: &ast::ConstItem, what: &str, none: &Generics, module: ModId) -> Ty {
        let name = item.name.name;
        if item.value.is_none() && name != KNOWN.empty {
            self.report(
                Diagnostic::error(codes::E0226, item.name.span, format!("`{what} {name}` has no value"))
                    .label("add `= value`"),
            );
        }
        if let Some(ty) = &item.ty {
            return lower_ty(&self.program, &TyScope::new(module, none), ty, &mut self.diagnostics);
        }
        match item.value.as_ref().map(literal_type) {
            Some(Some(ty)) => ty,
            Some(None) => {
                self.report(
                    Diagnostic::error(
                        codes::E0226,
                        item.name.span,
                        format!("`{what} {name}` needs a type"),
                    )
                    .label("declarations say their types; only a literal's may be left out")
                    .help(format!("write `{what} {name}: Type = …`")),
                );
                Ty::error()
            }
            None => Ty::error(),
        }
    }

    fn lower_discriminants(&mut self) {
        for id in self.program.adts.ids() {
            let AdtSource::Enum(item) = self.adt_source(id) else { continue };
            if item.variants.iter().all(|v| v.discriminant.is_none()) {
                continue;
            }
            let none = Generics::default();
            let mut next: i128 = 0;
            let mut seen: FxHashMap<i128, Span> = FxHashMap::default();
            for (index, variant) in item.variants.iter().enumerate() {
                if let Some(value) = &variant.discriminant {
                    let scope = TyScope::new(self.program.adts[id].module, &none);
                    match consteval::eval(&self.program, &scope, value) {
                        Ok(value) => next = value,
                        Err(diagnostic) => self.diagnostics.extend(diagnostic.map(|d| *d)),
                    }
                }
                let span = variant.discriminant.as_ref().map_or(variant.name.span, |d| d.span);
                if !(i64::MIN as i128..=i64::MAX as i128).contains(&next) {
                    self.report(
                        Diagnostic::error(codes::E0233, span, format!("{next} does not fit the 64 bits of a discriminant"))
                            .label("too large"),
                    );
                    next = index as i128;
                }
                if let Some(first) = seen.insert(next, span) {
                    self.report(
                        Diagnostic::error(codes::E0233, span, format!("two variants have the value {next}"))
                            .label("the second one")
                            .also(first, "the first one"),
                    );
                }
                self.program.adts[id].variants[VariantIdx(index as u32)].discriminant = next;
                next += 1;
            }
        }
    }
}

fn needs_rounds(written: &ast::Generics) -> bool {
    !written.where_clauses.is_empty() || written.params.iter().any(|p| !p.bounds.is_empty())
}

/// A trait without arguments.
pub(super) fn is_plain(bound: &Bound) -> bool {
    match bound {
        Bound::Trait(path) => path.segments.iter().all(|s| s.args.is_none()),
        Bound::Fn(_) => false,
    }
}

/// The type that a literal says by itself.
fn literal_type(value: &ast::Expr) -> Option<Ty> {
    use ast::{ExprKind, Literal};
    match &value.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::Int { suffix, .. } => match suffix {
                Some(suffix) => crate::resolve::builtin(*suffix),
                None => Some(Ty::int()),
            },
            Literal::Float { suffix, .. } => match suffix.map(|s| s.as_str()) {
                Some("f32") => Some(Ty::new(TyKind::Float(FloatTy::F32))),
                _ => Some(Ty::float()),
            },
            Literal::Bool(_) => Some(Ty::bool()),
            Literal::Char(_) => Some(Ty::char()),
            Literal::Str(_) => Some(Ty::str()),
            Literal::Byte(_) => Some(Ty::int_of(IntTy::U8)),
        },
        ExprKind::Unary { operand, .. } => literal_type(operand),
        ExprKind::Paren(inner) => literal_type(inner),
        _ => None,
    }
}

/// Calls `f` for each path in a type.
pub(super) fn type_paths<'t>(ty: &'t TypeExpr, f: &mut dyn FnMut(&'t ast::Path)) {
    match &ty.kind {
        TypeExprKind::Path(path) => paths_in(path, f),
        TypeExprKind::Tuple(list) => list.iter().for_each(|t| type_paths(t, f)),
        TypeExprKind::List(t) | TypeExprKind::Array(t, _) | TypeExprKind::RawPtr(t) => type_paths(t, f),
        TypeExprKind::Ref { ty, .. } => type_paths(ty, f),
        TypeExprKind::Fn(sig) | TypeExprKind::DynFn(sig) => {
            sig.params.iter().for_each(|(_, t)| type_paths(t, f));
            if let Some(ret) = &sig.ret {
                type_paths(ret, f);
            }
        }
        TypeExprKind::Dyn(path) => paths_in(path, f),
        TypeExprKind::Const(_) | TypeExprKind::Infer | TypeExprKind::Never | TypeExprKind::Error => {}
    }
}

fn paths_in<'t>(path: &'t ast::Path, f: &mut dyn FnMut(&'t ast::Path)) {
    f(path);
    for args in path.segments.iter().filter_map(|s| s.args.as_ref()) {
        args.args.iter().for_each(|t| type_paths(t, f));
        args.bindings.iter().for_each(|(_, t)| type_paths(t, f));
    }
}
