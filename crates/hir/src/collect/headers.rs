//! Generics, supertraits, aliases, impl heads, bounds, associated types.
//!
//! The order matters: parameters' names before any type, impl heads and supertraits before
//! `T::Item` can be looked up, `Copy` impls before conventions.

use base::{Diagnostic, Span, codes};
use syntax::ast::{self, Bound, ItemKind, TypeExpr, TypeExprKind};

use super::{Collector, ImplSource};
use crate::items::*;
use crate::lower_ty::{Lowering, TyScope, lower_bound, lower_fn_sig, lower_ty, self_param};
use crate::resolve::imports::defined_twice;
use crate::resolve::{KNOWN, Resolver};
use crate::ty::{Predicate, TraitRef, Ty, TyKind, tys};

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
    pub(super) fn lower_headers(&mut self) {
        self.lower_parameter_names();
        self.check_dyn_safety();
        self.lower_defaults();
        self.lower_supertraits();
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
                && let Some(first) =
                    generics.params.iter().find(|p| p.name == param.name.name && !p.span.is_empty())
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
                bound_at: bound_place(param),
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
                    bound_at: None,
                    name: KNOWN.self_type,
                    span: Span::default(),
                    // What an actor is made of is never a view.
                    view: self.program.lang.trait_("ActorState") != Some(id),
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
                if item.generics.params.is_empty() {
                    self.undeclared_parameters(id, item);
                }
            }
        }
    }

    /// `impl Stack[T]` for `impl[T] Stack[T]`.
    fn undeclared_parameters(&mut self, id: ImplId, item: &ast::ImplItem) {
        let TypeExprKind::Path(path) = &item.ty.kind else { return };
        let Some(args) = path.segments.last().and_then(|s| s.args.as_deref()) else { return };
        let module = self.program.impls[id].module;
        let resolver = Resolver::new(&self.program);
        let mut names: Vec<ast::Ident> = Vec::new();
        for arg in &args.args {
            if let TypeExprKind::Path(path) = &arg.kind
                && let [only] = &path.segments[..]
                && only.args.is_none()
                && only.name.name.as_str().len() <= 2
                && only.name.name != KNOWN.empty
                && resolver.lookup(only.name.name, Ns::Types, module).is_none()
                && resolver.lookup(only.name.name, Ns::Values, module).is_none()
                && names.iter().all(|n| n.name != only.name.name)
            {
                names.push(only.name);
            }
        }
        let Some(first) = names.first() else { return };
        let listed = names.iter().map(|n| n.name.as_str()).collect::<Vec<_>>().join(", ");
        let head = self.texts.text(item.head);
        let after = head.find("impl").map_or(0, |i| i + "impl".len()) as u32;
        let at = Span { lo: item.head.lo + after, hi: item.head.lo + after, ..item.head };
        let diagnostic =
            Diagnostic::error(codes::E0201, first.span, format!("there is no type `{}` here", first.name))
                .label("a parameter is declared after `impl`")
                .help(format!("write `impl[{listed}] {}`", self.texts.text(item.ty.span)))
                .fix("declare it", at, format!("[{listed}]"), base::Applicability::Certain);
        for name in names {
            self.program.impls[id].generics.params.push(GenericParam {
                bound_at: None,
                name: name.name,
                span: name.span,
                view: false,
                is_const: false,
                implicit: false,
                default: None,
            });
        }
        self.report(diagnostic);
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
            let Some(index) = generics.params.iter().rposition(|p| p.name == param.name.name) else {
                continue;
            };
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

    fn lower_one_bound(&mut self, subject: Ty, bound: &Bound, generics: &mut Generics, around: Surroundings) {
        match bound {
            Bound::Trait(path) => {
                let scope = around.scope(generics);
                let (program, diagnostics) = (&self.program, &mut self.diagnostics);
                let lowered = Lowering { program, scope: &scope, diagnostics }.trait_ref(subject, path);
                match (lowered, subject.kind()) {
                    (Some(trait_ref), _) => {
                        // Known already where its bindings are lowered: `T: Iterator[Item = T::Item]`.
                        generics.predicates.push(Predicate::Trait(trait_ref));
                        let scope = around.scope(generics);
                        let (program, diagnostics) = (&self.program, &mut self.diagnostics);
                        let bindings =
                            Lowering { program, scope: &scope, diagnostics }.bindings(trait_ref, path);
                        generics.predicates.extend(bindings);
                    }
                    (None, TyKind::Param(p)) => {
                        let span = generics.params.get(p.index as usize).map(|p| p.span);
                        self.program.broken_bounds.extend(span);
                    }
                    (None, _) => {}
                }
            }
            Bound::Fn(f) => {
                let scope = around.scope(generics);
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
                        let scope =
                            TyScope::new(self.program.traits[id].module, &generics).with_self(self_param());
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
            if let Some((_, equal)) =
                lower_bound(&self.program, &scope, self_param(), path, &mut self.diagnostics)
            {
                generics.predicates.extend(equal);
                self.program.traits[id].generics = generics;
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
        for id in self.alias_order() {
            let item = self.alias_source(id);
            let alias = &self.program.aliases[id];
            if alias.ready {
                continue;
            }
            let generics = alias.generics.clone();
            let scope = TyScope::new(alias.module, &generics);
            let ty = match &item.ty {
                Some(written) => {
                    let mut lowering = Lowering {
                        program: &self.program,
                        scope: &scope,
                        diagnostics: &mut self.diagnostics,
                    };
                    let ty = lowering.ty(written);
                    lowering.sized(ty, written.span)
                }
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
                        if let Some(args) = path.segments.last().and_then(|s| s.args.as_deref()) {
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
                for bound in alias
                    .bounds
                    .iter()
                    .filter(|b| is_plain(b))
                    .chain(alias.bounds.iter().filter(|b| !is_plain(b)))
                {
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
                        Diagnostic::error(
                            codes::E0901,
                            written,
                            "not supported yet: generic associated types",
                        )
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
                    if matches!(self.sources.impls[id.0 as usize], ImplSource::Written(i) if i.trait_.is_some())
                    {
                        continue;
                    }
                    for &method in &impl_.methods {
                        program.inherent.entry(program.fns[method].name).or_default().push(method);
                    }
                }
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
    for args in path.segments.iter().filter_map(|s| s.args.as_deref()) {
        args.args.iter().for_each(|t| type_paths(t, f));
        args.bindings.iter().for_each(|(_, t)| type_paths(t, f));
    }
}

/// Where a further bound of a parameter would be written; whether after others.
fn bound_place(param: &ast::GenericParam) -> Option<(Span, bool)> {
    if param.const_ty.is_some() || param.default.is_some() {
        return None;
    }
    match param.bounds.last() {
        Some(ast::Bound::Trait(path)) => Some((path.span.end(), true)),
        Some(ast::Bound::Fn(_)) => None,
        None => match param.view {
            Some(view) => Some((view.end(), true)),
            None => Some((param.name.span.end(), false)),
        },
    }
}
