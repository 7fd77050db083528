//! The first walk through structs, enums, traits and impls: their fields, variants, methods.

use std::sync::Arc;

use base::{Diagnostic, FxHashMap, IndexVec, Name, Span, codes};
use syntax::ast::{self, ItemKind, StructBody};

use super::attrs::{self, Target};
use super::{AdtSource, Collector, ImplSource};
use crate::items::*;
use crate::resolve::KNOWN;
use crate::resolve::imports::defined_twice;
use crate::ty::Ty;

impl<'a> Collector<'a> {
    fn new_adt(
        &mut self,
        item: &'a ast::Item,
        name: ast::Ident,
        kind: AdtKind,
        module: ModId,
        source: AdtSource<'a>,
    ) -> AdtId {
        let attrs = self.read_attrs(item, Target::ADT, module);
        let id = self.program.adts.push(Adt {
            name: name.name,
            span: item.span,
            name_span: name.span,
            module,
            public: item.public.is_some(),
            kind,
            generics: Generics::default(),
            variants: IndexVec::new(),
            inherent_view: attrs.view,
            repr_c: attrs.repr_c,
            derives: attrs.derives.clone(),
            thread_bound: attrs.thread_bound,
            drop_impl: None,
            invariants: Vec::new(),
            must_use: attrs.function.must_use,
            docs: item.docs.clone(),
        });
        self.sources.adts.push(source);
        self.set_lang(&attrs, Def::Adt(id));
        for &(trait_, span) in &attrs.derives {
            self.sources.derives.push((id, trait_, span));
        }
        id
    }

    pub(super) fn declare_struct(&mut self, item: &'a ast::Item, s: &'a ast::StructItem, module: ModId) {
        let public = item.public.is_some();
        let id = self.new_adt(item, s.name, AdtKind::Struct, module, AdtSource::Struct(s));
        self.define(module, Ns::Types, s.name, Def::Adt(id), public);
        let variant = self.new_variant(id, s.name, item.span, &s.body, 0);
        match &s.body {
            StructBody::Unit => self.define(module, Ns::Values, s.name, Def::Adt(id), public),
            StructBody::Tuple(fields) => {
                let open = public && fields.iter().all(|f| f.public.is_some());
                let ctor = self.program.adts[id].variants[variant].constructor.expect("tuple-like");
                self.program.fns[ctor].public = open;
                self.define(module, Ns::Values, s.name, Def::Fn(ctor), open);
            }
            StructBody::Named(fields) => {
                for field in fields {
                    if let Some(default) = &field.default {
                        self.walk_expr(default, module);
                    }
                }
            }
        }
        self.program.adts[id].invariants = s.invariants.iter().map(|c| Arc::new(c.clone())).collect();
        self.declare_own_methods(id, item, s.name, &s.methods, module);
    }

    pub(super) fn declare_enum(&mut self, item: &'a ast::Item, e: &'a ast::EnumItem, module: ModId) {
        let id = self.new_adt(item, e.name, AdtKind::Enum, module, AdtSource::Enum(e));
        self.define(module, Ns::Types, e.name, Def::Adt(id), item.public.is_some());
        let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
        for (index, variant) in e.variants.iter().enumerate() {
            if !variant.attributes.is_empty() {
                let in_std = self.program.in_std(module);
                let attrs = attrs::read(&variant.attributes, Target::VARIANT, in_std, &mut self.diagnostics);
                if let Some(span) = attrs.default {
                    match self.program.default_variants.get(&id) {
                        Some(&(_, first)) => self.report(
                            Diagnostic::error(codes::E0222, span, "an enum has one default variant")
                                .label("the second one")
                                .also(first, "the first one"),
                        ),
                        None => {
                            self.program.default_variants.insert(id, (index, span));
                        }
                    }
                }
            }
            if variant.name.name != KNOWN.empty
                && let Some(first) = seen.insert(variant.name.name, variant.name.span)
            {
                self.report(defined_twice(variant.name, first, "declared"));
            }
            self.new_variant(id, variant.name, variant.span, &variant.body, index);
            if let Some(value) = &variant.discriminant {
                self.walk_expr(value, module);
            }
        }
        self.declare_own_methods(id, item, e.name, &e.methods, module);
    }

    fn new_variant(
        &mut self,
        adt: AdtId,
        name: ast::Ident,
        span: Span,
        body: &'a StructBody,
        index: usize,
    ) -> VariantIdx {
        let (shape, written): (Shape, &[ast::FieldDef]) = match body {
            StructBody::Unit => (Shape::Unit, &[]),
            StructBody::Tuple(fields) => (Shape::Tuple, fields),
            StructBody::Named(fields) => (Shape::Named, fields),
        };
        let is_enum = self.program.adts[adt].kind == AdtKind::Enum;
        let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
        let mut fields = IndexVec::new();
        for (i, field) in written.iter().enumerate() {
            let tuple = shape == Shape::Tuple;
            let field_name = if tuple { Name::new(&i.to_string()) } else { field.name.name };
            let field_span = if tuple { field.span } else { field.name.span };
            if !tuple
                && field_name != KNOWN.empty
                && let Some(first) = seen.insert(field_name, field.name.span)
            {
                self.report(defined_twice(field.name, first, "declared"));
            }
            fields.push(FieldDecl {
                name: field_name,
                span: field_span,
                public: is_enum || field.public.is_some(),
                ty: Ty::error(),
                default: field.default.as_ref().map(|e| Arc::new(e.clone())),
            });
        }
        let module = self.program.adts[adt].module;
        let variant = self.program.adts[adt].variants.next_id();
        let constructor = (shape == Shape::Tuple).then(|| {
            let id = self.program.fns.push(FnDecl {
                name: name.name,
                span,
                head: name.span,
                name_span: name.span,
                module,
                parent: FnParent::None,
                public: true,
                generics: Generics::default(),
                has_self: false,
                params: Vec::new(),
                ret: Ty::error(),
                ret_span: name.span,
                ret_origins: Vec::new(),
                is_async: false,
                is_unsafe: false,
                attrs: FnAttrs { inline: true, ..FnAttrs::default() },
                kind: FnKind::Constructor(adt, variant),
                ast: None,
                docs: Vec::new(),
            });
            self.sources.fns.push(None);
            id
        });
        self.program.adts[adt].variants.push(VariantDecl {
            name: name.name,
            span: name.span,
            shape,
            fields,
            discriminant: index as i128,
            constructor,
        })
    }

    /// Functions written in a type's own block form an inherent impl.
    fn declare_own_methods(
        &mut self,
        adt: AdtId,
        item: &'a ast::Item,
        name: ast::Ident,
        methods: &'a [ast::Item],
        module: ModId,
    ) {
        if methods.is_empty() {
            return;
        }
        let id = self.new_impl(item.span, name.span, module, ImplSource::Own(adt), false);
        self.declare_methods(methods, module, id, FnParent::Inherent(id));
    }

    fn new_impl(
        &mut self,
        span: Span,
        head: Span,
        module: ModId,
        source: ImplSource<'a>,
        is_unsafe: bool,
    ) -> ImplId {
        self.sources.impls.push(source);
        self.program.impls.push(Impl {
            span,
            head,
            module,
            generics: Generics::default(),
            trait_: None,
            self_ty: Ty::error(),
            methods: Vec::new(),
            assoc_types: Vec::new(),
            derived: None,
            is_unsafe,
        })
    }

    /// An impl that `derive` makes; filled by [`crate::derive`].
    pub(crate) fn new_derived_impl(&mut self, adt: AdtId, trait_: DeriveTrait, span: Span) -> ImplId {
        let module = self.program.adts[adt].module;
        let id = self.new_impl(span, span, module, ImplSource::Derived(adt), false);
        self.program.impls[id].derived = Some(trait_);
        id
    }

    pub(super) fn declare_impl(&mut self, item: &'a ast::Item, i: &'a ast::ImplItem, module: ModId) {
        self.read_attrs(item, Target::OTHER, module);
        let id = self.new_impl(item.span, i.head, module, ImplSource::Written(i), i.is_unsafe);
        let parent = if i.trait_.is_some() { FnParent::TraitImpl(id) } else { FnParent::Inherent(id) };
        self.declare_methods(&i.items, module, id, parent);
    }

    fn declare_methods(&mut self, items: &'a [ast::Item], module: ModId, impl_: ImplId, parent: FnParent) {
        for item in items {
            match &item.kind {
                ItemKind::Fn(f) => {
                    let attrs = self.read_attrs(item, Target::FN, module);
                    let id = self.declare_fn(item, f, module, parent, &attrs);
                    self.set_lang(&attrs, Def::Fn(id));
                    self.program.impls[impl_].methods.push(id);
                }
                ItemKind::TypeAlias(alias) => {
                    if !matches!(parent, FnParent::TraitImpl(_)) {
                        self.report(
                            Diagnostic::error(
                                codes::E0210,
                                alias.name.span,
                                "associated types belong to the impl of a trait",
                            )
                            .label("this impl is of no trait")
                            .help("declare the alias outside of the impl"),
                        );
                    }
                }
                ItemKind::Const(c) => {
                    let id = self.declare_const_fn(item, c, module, parent);
                    self.program.impls[impl_].methods.push(id);
                }
                ItemKind::Error => {}
                _ => self.report(
                    Diagnostic::error(codes::E0210, item.span, "this cannot stand in an `impl`")
                        .label("an impl holds functions, and associated types of its trait"),
                ),
            }
        }
    }

    /// An associated constant: a function without parameters that needs no call.
    fn declare_const_fn(
        &mut self,
        item: &'a ast::Item,
        c: &'a ast::ConstItem,
        module: ModId,
        parent: FnParent,
    ) -> FnId {
        let mut attrs = self.read_attrs(item, Target::OTHER, module);
        attrs.function.constant = true;
        attrs.function.inline = true;
        self.program.associated_constants.insert(c.name.name);
        let ty = match &c.ty {
            Some(ty) => ty.clone(),
            None => {
                self.report(
                    Diagnostic::error(
                        codes::E0226,
                        c.name.span,
                        format!("the type of `{}` is missing", c.name.name),
                    )
                    .label("a constant's type is written out"),
                );
                ast::TypeExpr { span: c.name.span, kind: ast::TypeExprKind::Error }
            }
        };
        let body = c.value.as_ref().map(|value| ast::Block {
            span: value.span,
            style: ast::BlockStyle::Inline,
            docs: Vec::new(),
            stmts: vec![ast::Stmt { span: value.span, kind: ast::StmtKind::Expr(value.clone()) }],
        });
        if let Some(value) = &c.value {
            self.walk_expr(value, module);
        }
        let f = ast::FnItem {
            head: item.span,
            is_async: false,
            is_unsafe: false,
            name: c.name,
            generics: ast::Generics::default(),
            params: Vec::new(),
            ret: Some(ast::RetType { ty, from: Vec::new() }),
            body,
            has_items: false,
        };
        self.declare_fn(item, &Arc::new(f), module, parent, &attrs)
    }

    pub(super) fn declare_trait(&mut self, item: &'a ast::Item, t: &'a ast::TraitItem, module: ModId) {
        let attrs = self.read_attrs(item, Target::TRAIT, module);
        let id = self.program.traits.push(Trait {
            name: t.name.name,
            span: item.span,
            name_span: t.name.span,
            module,
            public: item.public.is_some(),
            generics: Generics::default(),
            supertraits: Vec::new(),
            assoc_types: Vec::new(),
            methods: Vec::new(),
            dyn_safe: Ok(()),
            is_unsafe: false,
            docs: item.docs.clone(),
        });
        self.sources.traits.push(t);
        self.set_lang(&attrs, Def::Trait(id));
        self.define(module, Ns::Types, t.name, Def::Trait(id), item.public.is_some());
        let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
        for member in &t.items {
            match &member.kind {
                ItemKind::Fn(f) => {
                    let attrs = self.read_attrs(member, Target::FN, module);
                    let method = self.declare_fn(member, f, module, FnParent::Trait(id), &attrs);
                    self.set_lang(&attrs, Def::Fn(method));
                    if let Some(&first) = seen.get(&f.name.name) {
                        self.report(defined_twice(f.name, first, "declared"));
                        continue;
                    }
                    seen.insert(f.name.name, f.name.span);
                    self.program.traits[id].methods.push(method);
                    self.program.trait_methods.entry(f.name.name).or_default().push(method);
                }
                ItemKind::TypeAlias(alias) => {
                    let assoc = &mut self.program.traits[id].assoc_types;
                    if let Some(first) = assoc.iter().find(|a| a.name == alias.name.name) {
                        let first = first.span;
                        self.report(defined_twice(alias.name, first, "declared"));
                        continue;
                    }
                    assoc.push(AssocTypeDecl {
                        name: alias.name.name,
                        span: alias.name.span,
                        view: alias.view.is_some(),
                        bounds: Vec::new(),
                        default: None,
                    });
                }
                ItemKind::Const(c) => {
                    let constant = self.declare_const_fn(member, c, module, FnParent::Trait(id));
                    if let Some(&first) = seen.get(&c.name.name) {
                        self.report(defined_twice(c.name, first, "declared"));
                        continue;
                    }
                    seen.insert(c.name.name, c.name.span);
                    self.program.traits[id].methods.push(constant);
                    self.program.trait_methods.entry(c.name.name).or_default().push(constant);
                }
                ItemKind::Error => {}
                _ => self.report(
                    Diagnostic::error(codes::E0210, member.span, "this cannot stand in a `trait`")
                        .label("a trait holds functions and associated types"),
                ),
            }
        }
    }
}
