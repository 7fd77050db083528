//! The first walk: modules, ids and names of all items, their attributes, and `use` paths. Types,
//! traits and impls with what is in them are declared in [`super::members`].
//!
//! Nothing is resolved here. Types, generics and signatures are placeholders afterwards.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base::{Applicability, Diagnostic, FxHashMap, Name, Span, codes};
use syntax::ast::{self, ItemKind};

use super::attrs::{self, Attrs, Target};
use super::{Collector, ModuleInput, PackageInput, actors, blocks};
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
            let files: Files = package.modules.iter().map(|m| (&m.path[..], m)).collect();
            let functions = package.modules.iter().map(|m| functions(&m.ast.items)).sum();
            self.program.fns.reserve(functions);
            self.sources.fns.reserve(functions);
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

    fn declare_items(&mut self, items: &'a [ast::Item], module: ModId, files: Around<'_, 'a>) {
        for item in items {
            self.declare_item(item, module, files);
        }
    }

    pub(super) fn define(&mut self, module: ModId, ns: Ns, name: ast::Ident, def: Def, public: bool) {
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

    pub(super) fn read_attrs(&mut self, item: &ast::Item, target: Target, module: ModId) -> Attrs {
        if item.attributes.is_empty() {
            return Attrs::default();
        }
        let in_std = self.program.in_std(module);
        attrs::read(&item.attributes, target, in_std, &mut self.diagnostics)
    }

    pub(super) fn set_lang(&mut self, attrs: &Attrs, def: Def) {
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

    fn declare_item(&mut self, item: &'a ast::Item, module: ModId, files: Around<'_, 'a>) {
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
                if let Some(old) = self.program.mods[module].names.get(Ns::Types, a.name.name) {
                    return self.report(defined_twice(a.name, old.span, "declared"));
                }
                let (items, found) = a.expansion.get_or_init(|| actors::expand(item, a));
                self.diagnostics.extend_from_slice(found);
                let first = self.program.adts.len() as u32;
                self.declare_items(items, module, None);
                // The state is declared first, then the handle.
                self.program.actors.insert(AdtId(first + 1), AdtId(first));
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
                self.declare_use(item.span, u, module, public);
            }
            ItemKind::Mod { name, body } => {
                self.read_attrs(item, Target::OTHER, module);
                self.declare_mod(item, *name, body.as_deref(), module, files);
            }
            ItemKind::Extern { abi, items } => self.declare_extern(*abi, items, module),
            ItemKind::Error => {}
        }
    }

    fn declare_use(&mut self, span: Span, u: &'a ast::UseItem, module: ModId, public: bool) {
        let file = self.texts.file(span.file);
        let line_start = file.line_start(file.line_of(span.lo));
        let before = &file.text[line_start as usize..span.lo as usize];
        let newline = file.text.as_bytes().get(span.hi as usize) == Some(&b'\n');
        let whole = if newline && before.trim().is_empty() {
            Span { lo: line_start, hi: span.hi + 1, ..span }
        } else {
            span
        };
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
                removal: (u.trees.len() == 1).then_some(whole),
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

    pub(super) fn declare_fn(
        &mut self,
        item: &'a ast::Item,
        f: &Arc<ast::FnItem>,
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
            attrs: with_requirements(attrs.function.clone(), f, parent),
            kind,
            ast: Some(f.clone()),
            docs,
        });
        self.sources.fns.push(Some(f.clone()));
        if let ast::ItemKind::Fn(written) = &item.kind
            && written.has_items
            && let Some(body) = &written.body
        {
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

    pub(super) fn walk_expr(&mut self, expr: &'a ast::Expr, module: ModId) {
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
        ends.into_iter().flatten().reduce(Span::to).unwrap_or(Span { file: self.file, lo: 0, hi: 0 })
    }
}

/// Notes the conditions of `req` at the head of a function, for failures to name its caller.
fn with_requirements(mut attrs: FnAttrs, f: &ast::FnItem, parent: FnParent) -> FnAttrs {
    let called_by_runtime = attrs.test || (parent == FnParent::None && f.name.name == KNOWN.main);
    if attrs.track_caller || f.is_async || called_by_runtime {
        return attrs;
    }
    let stmts = f.body.as_ref().map_or(&[][..], |body| &body.stmts);
    attrs.requirements = stmts
        .iter()
        .map_while(|stmt| match &stmt.kind {
            ast::StmtKind::Contract(contract) => Some(contract),
            _ => None,
        })
        .filter(|contract| contract.kind == ast::ContractKind::Req)
        .map(|contract| contract.condition.span)
        .collect();
    attrs.track_caller = !attrs.requirements.is_empty();
    attrs
}

/// About how many functions there are, to make room for.
fn functions(items: &[ast::Item]) -> usize {
    let one = |item: &ast::Item| match &item.kind {
        ItemKind::Fn(_) => 1,
        ItemKind::Impl(i) => i.items.len(),
        ItemKind::Struct(s) => s.methods.len(),
        ItemKind::Enum(e) => e.methods.len(),
        ItemKind::Trait(t) => t.items.len(),
        _ => 0,
    };
    // As many again may be made: derived methods, futures.
    2 * items.iter().map(one).sum::<usize>()
}
