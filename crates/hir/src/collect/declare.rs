//! The first walk: modules, ids and names of all items, their attributes, and `use` paths.
//!
//! Nothing is resolved here. Types, generics and signatures are placeholders afterwards.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base::{Applicability, Diagnostic, FxHashMap, IndexVec, Name, Span, codes};
use syntax::ast::{self, ItemKind, StructBody};

use super::attrs::{self, Attrs, Target};
use super::{AdtSource, Collector, FnSource, ImplSource, ModuleInput, PackageInput, blocks};
use crate::items::*;
use crate::resolve::KNOWN;
use crate::resolve::imports::{Pending, defined_twice};
use crate::ty::Ty;

/// A package's files by module path.
type Files<'a> = FxHashMap<&'a [Name], &'a ModuleInput>;

/// The files, and the path of the file whose top level is being declared; nothing further inside.
type Around<'f, 'a> = Option<(&'f Files<'a>, &'a [Name])>;

impl<'a> Collector<'a> {
    pub(super) fn declare_all(&mut self, packages: &'a [PackageInput]) {
        for (index, package) in packages.iter().enumerate() {
            let files: Files =
                package.modules.iter().map(|m| (&m.path[..], m)).collect();
            let Some(&root) = files.get(&[][..]) else { continue };
            let last = index + 1 == packages.len();
            let id = self.new_module(package.name, None, root.ast_span(), index, package.is_std);
            self.program.mods[id].docs = root.ast.docs.clone();
            self.program.roots.push(id);
            self.program.packages.insert(package.name, id);
            self.declare_file(root, id, &files, last);
        }
    }

    fn new_module(
        &mut self,
        name: Name,
        parent: Option<ModId>,
        span: Span,
        package: usize,
        is_std: bool,
    ) -> ModId {
        self.program.mods.push(Mod {
            name,
            parent,
            package,
            file: span.file,
            span,
            names: Names::default(),
            block: false,
            is_std,
            docs: Vec::new(),
        })
    }

    fn declare_file(
        &mut self,
        input: &'a ModuleInput,
        module: ModId,
        files: &Files<'a>,
        is_root_package: bool,
    ) {
        self.declare_items(&input.ast.items, module, Some((files, &input.path)));
        let statements = &input.ast.statements;
        let Some(first) = statements.first() else {
            if is_root_package && input.path.is_empty() {
                self.find_main(module);
            }
            return;
        };
        if !is_root_package || !input.path.is_empty() {
            self.report(
                Diagnostic::error(
                    codes::E0219,
                    first.span,
                    "statements can only stand in the file that is run",
                )
                .label("this file is a module: it holds items only")
                .help("put them into a function"),
            );
            return;
        }
        if let Some(main) = self.program.mods[module].names.get(Ns::Values, KNOWN.main)
            && let Def::Fn(id) = main.def
        {
            self.report(
                Diagnostic::error(
                    codes::E0219,
                    first.span,
                    "a file has either statements or a function `main`, not both",
                )
                .label("this statement stands outside of any function")
                .also(main.span, "`main` is declared here")
                .help("move the statements into `main`, or remove `main`: statements of a script are run as they stand"),
            );
            self.program.main = Some(id);
            return;
        }
        let span = first.span.to(statements.last().map_or(first.span, |s| s.span));
        for stmt in statements {
            self.walk_stmt(stmt, module);
        }
        let id = self.program.fns.push(FnDecl {
            name: KNOWN.main,
            span,
            head: first.span.start(),
            name_span: first.span.start(),
            module,
            parent: FnParent::None,
            public: false,
            generics: Generics::default(),
            has_self: false,
            params: Vec::new(),
            ret: Ty::unit(),
            ret_span: first.span.start(),
            ret_origins: Vec::new(),
            is_async: false,
            is_unsafe: false,
            attrs: FnAttrs::default(),
            kind: FnKind::Script(Arc::new(statements.clone())),
            ast: None,
            docs: Vec::new(),
        });
        self.sources.fns.push(None);
        self.script = Some(first.span);
        self.program.main = Some(id);
    }

    fn find_main(&mut self, root: ModId) {
        if let Some(entry) = self.program.mods[root].names.get(Ns::Values, KNOWN.main)
            && let Def::Fn(id) = entry.def
        {
            self.program.main = Some(id);
        }
    }

    fn declare_items(
        &mut self,
        items: &'a [ast::Item],
        module: ModId,
        files: Around<'_, 'a>,
    ) {
        for item in items {
            self.declare_item(item, module, files);
        }
    }

    fn define(&mut self, module: ModId, ns: Ns, name: ast::Ident, def: Def, public: bool) {
        if name.name == KNOWN.empty {
            return;
        }
        let entry = Entry { def, public, span: name.span, import: None, glob: false };
        let table = self.program.mods[module].names.table_mut(ns);
        match table.get(&name.name) {
            Some(old) => {
                let first = old.span;
                if first != name.span {
                    let diagnostic = defined_twice(name, first, "declared");
                    // A name in both spaces clashes once.
                    if self.diagnostics.last() != Some(&diagnostic) {
                        self.report(diagnostic);
                    }
                }
            }
            None => {
                table.insert(name.name, entry);
            }
        }
    }

    fn read_attrs(&mut self, item: &ast::Item, target: Target, module: ModId) -> Attrs {
        if item.attributes.is_empty() {
            return Attrs::default();
        }
        let in_std = self.program.in_std(module);
        attrs::read(&item.attributes, target, in_std, &mut self.diagnostics)
    }

    fn set_lang(&mut self, attrs: &Attrs, def: Def) {
        let Some((role, span)) = attrs.lang else { return };
        match crate::lang::NAMES.iter().find(|n| **n == role.as_str()) {
            Some(&known) => {
                if self.program.lang.items.insert(known, def).is_some() {
                    self.report(
                        Diagnostic::error(codes::E0206, span, format!("the role `{role}` is taken twice"))
                            .label("the second time"),
                    );
                }
            }
            None => self.report(
                Diagnostic::error(codes::E0206, span, format!("there is no role `{role}`"))
                    .label("not in the list of `hir::lang`"),
            ),
        }
    }

    fn declare_item(
        &mut self,
        item: &'a ast::Item,
        module: ModId,
        files: Around<'_, 'a>,
    ) {
        let public = item.public.is_some();
        match &item.kind {
            ItemKind::Fn(f) => {
                let attrs = self.read_attrs(item, Target::FN, module);
                let id = self.declare_fn(item, f, module, FnParent::None, &attrs);
                self.set_lang(&attrs, Def::Fn(id));
                self.define(module, Ns::Values, f.name, Def::Fn(id), public);
            }
            ItemKind::Struct(s) => self.declare_struct(item, s, module),
            ItemKind::Enum(e) => self.declare_enum(item, e, module),
            ItemKind::Trait(t) => self.declare_trait(item, t, module),
            ItemKind::Impl(i) => self.declare_impl(item, i, module),
            ItemKind::Actor(a) => {
                self.read_attrs(item, Target::ACTOR, module);
                self.report(
                    Diagnostic::error(codes::E0901, a.name.span, "not supported yet: actors")
                        .label("actors come with the task runtime")
                        .help("until then, share a `Mutex` or send messages to a `thread::spawn`ed loop over a channel"),
                );
                // Uses of the name are silent.
                self.define(module, Ns::Types, a.name, Def::Error, public);
                self.define(module, Ns::Values, a.name, Def::Error, public);
            }
            ItemKind::TypeAlias(t) => {
                self.read_attrs(item, Target::OTHER, module);
                let id = self.program.aliases.push(Alias {
                    name: t.name.name,
                    span: t.name.span,
                    module,
                    public,
                    generics: Generics::default(),
                    ty: Ty::error(),
                    ast: Arc::new(t.clone()),
                    ready: false,
                });
                self.sources.aliases.push(t);
                self.define(module, Ns::Types, t.name, Def::Alias(id), public);
            }
            ItemKind::Const(c) => {
                self.read_attrs(item, Target::OTHER, module);
                let id = self.program.consts.push(Const {
                    name: c.name.name,
                    span: c.name.span,
                    module,
                    public,
                    ty: Ty::error(),
                    ast: Arc::new(c.clone()),
                });
                self.sources.consts.push(c);
                self.define(module, Ns::Values, c.name, Def::Const(id), public);
                if let Some(value) = &c.value {
                    self.walk_expr(value, module);
                }
            }
            ItemKind::Static(c) => {
                self.read_attrs(item, Target::OTHER, module);
                let id = self.program.statics.push(Static {
                    name: c.name.name,
                    span: c.name.span,
                    module,
                    public,
                    ty: Ty::error(),
                    ast: Arc::new(c.clone()),
                });
                self.sources.statics.push(c);
                self.define(module, Ns::Values, c.name, Def::Static(id), public);
                if let Some(value) = &c.value {
                    self.walk_expr(value, module);
                }
            }
            ItemKind::Use(u) => {
                self.read_attrs(item, Target::OTHER, module);
                self.declare_use(u, module, public);
            }
            ItemKind::Mod { name, body } => {
                self.read_attrs(item, Target::OTHER, module);
                self.declare_mod(item, *name, body.as_deref(), module, files);
            }
            ItemKind::Extern { abi, items } => self.declare_extern(*abi, items, module),
            ItemKind::Error => {}
        }
    }

    fn declare_use(&mut self, u: &'a ast::UseItem, module: ModId, public: bool) {
        for tree in &u.trees {
            let name = match (&tree.glob, &tree.alias) {
                (Some(_), _) => Name::new("*"),
                (None, Some(alias)) => alias.name,
                (None, None) => tree.segments.last().map_or(KNOWN.empty, |s| s.name),
            };
            let index = self.program.imports.len() as u32;
            self.program.imports.push(Import {
                module,
                span: tree.span,
                name,
                public,
                used: AtomicBool::new(false),
            });
            self.imports.push(Pending { tree, module, public, index });
        }
    }

    fn declare_mod(
        &mut self,
        item: &'a ast::Item,
        name: ast::Ident,
        body: Option<&'a [ast::Item]>,
        module: ModId,
        files: Around<'_, 'a>,
    ) {
        let public = item.public.is_some();
        let (package, is_std) = (self.program.mods[module].package, self.program.in_std(module));
        let Some(body) = body else {
            let Some((files, path)) = files else {
                self.report(
                    Diagnostic::error(
                        codes::E0231,
                        item.span,
                        format!("module `{}` needs its body here", name.name),
                    )
                    .label("only the top level of a file can declare modules that are files")
                    .help(format!("write `mod {}:` and an indented block", name.name)),
                );
                return self.define(module, Ns::Types, name, Def::Error, public);
            };
            let mut full = path.to_vec();
            full.push(name.name);
            let Some(&input) = files.get(&full[..]) else {
                // The driver has said that there is no such file.
                return self.define(module, Ns::Types, name, Def::Error, public);
            };
            let id = self.new_module(name.name, Some(module), input.ast_span(), package, is_std);
            self.program.mods[id].docs = [&item.docs[..], &input.ast.docs[..]].concat();
            self.define(module, Ns::Types, name, Def::Mod(id), public);
            if is_std {
                self.program.std_mods.entry(name.name).or_insert(id);
            }
            let is_root_package = false;
            return self.declare_file(input, id, files, is_root_package);
        };
        let id = self.new_module(name.name, Some(module), item.span, package, is_std);
        self.program.mods[id].docs = item.docs.clone();
        self.define(module, Ns::Types, name, Def::Mod(id), public);
        if is_std {
            self.program.std_mods.entry(name.name).or_insert(id);
        }
        self.declare_items(body, id, None);
    }

    fn declare_extern(&mut self, abi: Span, items: &'a [ast::Item], module: ModId) {
        let text = self.texts.text(abi).trim_matches('"');
        if text != "C" && !abi.is_empty() {
            self.report(
                Diagnostic::error(codes::E0232, abi, format!("there is no calling convention \"{text}\""))
                    .label("not known")
                    .fix("use C's", abi, "\"C\"", Applicability::Maybe),
            );
        }
        for item in items {
            let ItemKind::Fn(f) = &item.kind else {
                if !matches!(item.kind, ItemKind::Error) {
                    self.report(
                        Diagnostic::error(
                            codes::E0232,
                            item.span,
                            "an `extern` block declares functions only",
                        )
                        .label("not a function"),
                    );
                }
                continue;
            };
            let attrs = self.read_attrs(item, Target::FN, module);
            let id = self.declare_fn(item, f, module, FnParent::None, &attrs);
            let decl = &mut self.program.fns[id];
            decl.kind = FnKind::Extern;
            decl.is_unsafe = true;
            self.define(module, Ns::Values, f.name, Def::Fn(id), item.public.is_some());
            if let Some(body) = &f.body {
                self.report(
                    Diagnostic::error(
                        codes::E0232,
                        body.span,
                        format!("`{}` is defined elsewhere and cannot have a body here", f.name.name),
                    )
                    .label("remove the body"),
                );
            }
            if let Some(generics) = f.generics.span {
                self.report(
                    Diagnostic::error(codes::E0232, generics, "a foreign function cannot be generic")
                        .label("not possible here"),
                );
            }
        }
    }

    fn declare_fn(
        &mut self,
        item: &'a ast::Item,
        f: &'a Arc<ast::FnItem>,
        module: ModId,
        parent: FnParent,
        attrs: &Attrs,
    ) -> FnId {
        let kind = if attrs.intrinsic.is_some() { FnKind::Intrinsic } else { FnKind::Normal };
        let mut docs = item.docs.clone();
        if let Some(body) = &f.body {
            docs.extend_from_slice(&body.docs);
        }
        let public = match parent {
            FnParent::Trait(_) | FnParent::TraitImpl(_) => true,
            FnParent::None | FnParent::Inherent(_) => item.public.is_some(),
        };
        let id = self.program.fns.push(FnDecl {
            name: f.name.name,
            span: item.span,
            head: f.head,
            name_span: f.name.span,
            module,
            parent,
            public,
            generics: Generics::default(),
            has_self: f.params.first().is_some_and(|p| p.is_self),
            params: Vec::new(),
            ret: Ty::error(),
            ret_span: f.ret.as_ref().map_or(f.head.end(), |r| r.ty.span),
            ret_origins: Vec::new(),
            is_async: f.is_async,
            is_unsafe: f.is_unsafe,
            attrs: attrs.function.clone(),
            kind,
            ast: Some(f.clone()),
            docs,
        });
        self.sources.fns.push(Some(FnSource { item: f }));
        if let Some(body) = &f.body {
            self.walk_block(body, module);
        }
        if let (Some(body), Some(_)) = (&f.body, attrs.intrinsic) {
            self.report(
                Diagnostic::error(codes::E0231, body.span, "an intrinsic has no body")
                    .label("remove the body"),
            );
        }
        if attrs.function.test
            && self.program.mods[module].package + 1 == self.program.roots.len()
            && !self.program.in_std(module)
        {
            self.program.tests.push(id);
        }
        id
    }

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

    fn declare_struct(&mut self, item: &'a ast::Item, s: &'a ast::StructItem, module: ModId) {
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

    fn declare_enum(&mut self, item: &'a ast::Item, e: &'a ast::EnumItem, module: ModId) {
        let id = self.new_adt(item, e.name, AdtKind::Enum, module, AdtSource::Enum(e));
        self.define(module, Ns::Types, e.name, Def::Adt(id), item.public.is_some());
        let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
        for (index, variant) in e.variants.iter().enumerate() {
            if !variant.attributes.is_empty() {
                let in_std = self.program.in_std(module);
                let attrs =
                    attrs::read(&variant.attributes, Target::VARIANT, in_std, &mut self.diagnostics);
                if let Some(span) = attrs.default {
                    match self.sources.default_variants.get(&id) {
                        Some(&(_, first)) => self.report(
                            Diagnostic::error(codes::E0222, span, "an enum has one default variant")
                                .label("the second one")
                                .also(first, "the first one"),
                        ),
                        None => {
                            self.sources.default_variants.insert(id, (index, span));
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

    fn declare_impl(&mut self, item: &'a ast::Item, i: &'a ast::ImplItem, module: ModId) {
        self.read_attrs(item, Target::OTHER, module);
        let id = self.new_impl(item.span, i.head, module, ImplSource::Written(i), i.is_unsafe);
        let parent = if i.trait_.is_some() { FnParent::TraitImpl(id) } else { FnParent::Inherent(id) };
        self.declare_methods(&i.items, module, id, parent);
    }

    fn declare_methods(
        &mut self,
        items: &'a [ast::Item],
        module: ModId,
        impl_: ImplId,
        parent: FnParent,
    ) {
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
                ItemKind::Const(c) => self.assoc_const(c),
                ItemKind::Error => {}
                _ => self.report(
                    Diagnostic::error(codes::E0210, item.span, "this cannot stand in an `impl`")
                        .label("an impl holds functions, and associated types of its trait"),
                ),
            }
        }
    }

    fn assoc_const(&mut self, c: &ast::ConstItem) {
        self.report(
            Diagnostic::error(codes::E0901, c.name.span, "not supported yet: associated constants")
                .label("declared inside of a type or trait")
                .help("declare the constant in the module, or write a function without parameters"),
        );
    }

    fn declare_trait(&mut self, item: &'a ast::Item, t: &'a ast::TraitItem, module: ModId) {
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
                ItemKind::Const(c) => self.assoc_const(c),
                ItemKind::Error => {}
                _ => self.report(
                    Diagnostic::error(codes::E0210, member.span, "this cannot stand in a `trait`")
                        .label("a trait holds functions and associated types"),
                ),
            }
        }
    }

    // ------------------------------------------------------------ items inside of bodies

    fn walk_block(&mut self, block: &'a ast::Block, module: ModId) {
        let mut found = Vec::new();
        blocks::blocks_with_items(block, &mut |b| found.push(b));
        self.declare_blocks(found, module);
    }

    fn walk_stmt(&mut self, stmt: &'a ast::Stmt, module: ModId) {
        let mut found = Vec::new();
        blocks::in_stmt(stmt, &mut |b| found.push(b));
        self.declare_blocks(found, module);
    }

    fn walk_expr(&mut self, expr: &'a ast::Expr, module: ModId) {
        let mut found = Vec::new();
        blocks::in_expr(expr, &mut |b| found.push(b));
        self.declare_blocks(found, module);
    }

    fn declare_blocks(&mut self, blocks: Vec<&'a ast::Block>, module: ModId) {
        for block in blocks {
            let outer = &self.program.mods[module];
            let (package, is_std) = (outer.package, outer.is_std);
            let id = self.new_module(KNOWN.empty, Some(module), block.span, package, is_std);
            self.program.mods[id].block = true;
            self.program.block_mods.insert(block.span, id);
            for stmt in &block.stmts {
                match &stmt.kind {
                    ast::StmtKind::Item(item) => self.declare_item(item, id, None),
                    _ => self.walk_stmt(stmt, id),
                }
            }
        }
    }
}

impl ModuleInput {
    /// From the first item or statement on: where an import can be inserted.
    fn ast_span(&self) -> Span {
        let ends = [
            self.ast.items.first().map(|i| i.span),
            self.ast.statements.first().map(|s| s.span),
            self.ast.items.last().map(|i| i.span),
            self.ast.statements.last().map(|s| s.span),
        ];
        ends.into_iter()
            .flatten()
            .reduce(Span::to)
            .unwrap_or(Span { file: self.file, lo: 0, hi: 0 })
    }
}
