//! Syntax trees of all packages to the program's tables.
//!
//! In order: every item gets its id and name ([`declare`]), actors as the structs and impls that they
//! stand for ([`actors`]); imports are bound
//! ([`crate::resolve::imports`]); generics, impl heads, fields and signatures are lowered
//! ([`headers`], [`signatures`]); derived impls are made ([`crate::derive`]); then everything is
//! checked for sense ([`crate::wf`]), and `async` functions get their futures ([`crate::futures`]). The one thing to know: it always gives a usable program;
//! what is wrong is reported once and stands as [`crate::ty::TyKind::Error`] or
//! [`crate::items::Def::Error`].

mod actors;
mod attrs;
mod blocks;
mod declare;
mod dump;
mod early;
mod fields;
mod headers;
mod members;
mod signatures;

use std::sync::Arc;

use base::{Diagnostic, FileId, Name, SourceMap, Span};
use syntax::ast;

pub(crate) use attrs::DERIVES;
pub use dump::dump;
pub use signatures::dispatchable;
pub(crate) use signatures::{Holds, holds_views};

use crate::items::{AdtId, AliasId, ConstId, DeriveTrait, FnId, ImplId, ModId, Program, StaticId, TraitId};
use crate::resolve::imports::{Pending, resolve_imports};

/// A package's parsed files.
#[derive(Clone)]
pub struct PackageInput {
    pub name: Name,
    pub is_std: bool,
    pub modules: Vec<ModuleInput>,
}

#[derive(Clone)]
pub struct ModuleInput {
    /// Names from the package's root, which itself is the empty path.
    pub path: Vec<Name>,
    pub file: FileId,
    pub ast: Arc<ast::File>,
}

/// The modules that a file declares to be in files of their own.
pub fn file_modules(ast: &ast::File) -> Vec<(Name, Span)> {
    ast.items
        .iter()
        .filter_map(|item| match &item.kind {
            ast::ItemKind::Mod { name, body: None } if !name.name.as_str().is_empty() => {
                Some((name.name, name.span))
            }
            _ => None,
        })
        .collect()
}

/// Fills the tables from all packages: std first, the root package last.
pub fn collect(packages: &[PackageInput], texts: &SourceMap) -> (Program, Vec<Diagnostic>) {
    let mut collector = Collector::new(texts);
    collector.declare_all(packages);
    let pending = std::mem::take(&mut collector.imports);
    resolve_imports(&mut collector.program, pending, &mut collector.diagnostics);
    collector.fill_prelude();
    collector.fill_copy_table();
    collector.lower_headers();
    collector.lower_signatures();
    crate::wf::check(&mut collector);
    let Collector { mut program, mut diagnostics, .. } = collector;
    crate::futures::declare(&mut program);
    // What was found out before knows nothing of the futures' impls.
    program.trait_cache = Default::default();
    diagnostics.sort_by_key(|d| (d.primary.span.file, d.primary.span.lo));
    // The signature of an actor's method stands in two functions.
    diagnostics.dedup();
    (program, diagnostics)
}

/// The tables being filled, and where each row's syntax is.
pub(crate) struct Collector<'a> {
    pub program: Program,
    pub diagnostics: Vec<Diagnostic>,
    pub texts: &'a SourceMap,
    pub sources: Sources<'a>,
    imports: Vec<Pending<'a>>,
    /// Where `main` is declared twice over: statements and a function.
    script: Option<Span>,
}

/// The syntax of each item, by id.
#[derive(Default)]
pub(crate) struct Sources<'a> {
    /// `None`: constructors, scripts and derived functions.
    pub fns: Vec<Option<Arc<ast::FnItem>>>,
    pub adts: Vec<AdtSource<'a>>,
    pub traits: Vec<&'a ast::TraitItem>,
    pub impls: Vec<ImplSource<'a>>,
    pub consts: Vec<&'a ast::ConstItem>,
    pub statics: Vec<&'a ast::ConstItem>,
    pub aliases: Vec<&'a ast::TypeAlias>,
    /// Derived impls wait for the traits' declarations.
    pub derives: Vec<(AdtId, DeriveTrait, Span)>,
}

#[derive(Clone, Copy)]
pub(crate) enum AdtSource<'a> {
    Struct(&'a ast::StructItem),
    Enum(&'a ast::EnumItem),
}

impl<'a> AdtSource<'a> {
    pub fn generics(self) -> &'a ast::Generics {
        match self {
            AdtSource::Struct(s) => &s.generics,
            AdtSource::Enum(e) => &e.generics,
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum ImplSource<'a> {
    Written(&'a ast::ImplItem),
    /// The functions written inside a type's own block.
    Own(AdtId),
    Derived(AdtId),
}

impl<'a> Collector<'a> {
    fn new(texts: &'a SourceMap) -> Self {
        Collector {
            program: Program::default(),
            diagnostics: Vec::new(),
            texts,
            sources: Sources::default(),
            imports: Vec::new(),
            script: None,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The prelude, and std's modules by their last names.
    fn fill_prelude(&mut self) {
        let program = &mut self.program;
        let std_mods: Vec<ModId> =
            program.mods.ids().filter(|&m| program.mods[m].is_std && !program.mods[m].block).collect();
        for &id in &std_mods {
            let data = &program.mods[id];
            if data.parent.is_some() && data.name.as_str() == "prelude" {
                let mut names = data.names.clone();
                // The prelude is not an import to be used or unused.
                for table in [&mut names.types, &mut names.values] {
                    table.retain(|_, e| e.public);
                    table.values_mut().for_each(|e| e.import = None);
                }
                program.prelude = names;
            }
        }
    }

    pub fn trait_source(&self, id: TraitId) -> &'a ast::TraitItem {
        self.sources.traits[id.0 as usize]
    }

    pub fn impl_source(&self, id: ImplId) -> ImplSource<'a> {
        self.sources.impls[id.0 as usize]
    }

    pub fn adt_source(&self, id: AdtId) -> AdtSource<'a> {
        self.sources.adts[id.0 as usize]
    }

    pub fn fn_source(&self, id: FnId) -> Option<Arc<ast::FnItem>> {
        self.sources.fns[id.0 as usize].clone()
    }

    fn const_source(&self, id: ConstId) -> &'a ast::ConstItem {
        self.sources.consts[id.0 as usize]
    }

    fn static_source(&self, id: StaticId) -> &'a ast::ConstItem {
        self.sources.statics[id.0 as usize]
    }

    fn alias_source(&self, id: AliasId) -> &'a ast::TypeAlias {
        self.sources.aliases[id.0 as usize]
    }
}
