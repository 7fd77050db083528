//! What names and paths mean.
//!
//! Not here: local variables and associated items (`Type::name`), which bodies look up
//! ([`crate::check`]). The one thing to know: a path resolves to the longest prefix that names an
//! item; what follows it ([`Resolved::used`] onwards) is left to the caller. Lookup order: block
//! scopes outwards to the module, then the prelude, packages, built-in types, and last every
//! module of std by its last name.

pub(crate) mod imports;
mod suggest;

use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use base::{Code, Diagnostic, FxHashMap, Name, codes};
use syntax::ast;

use crate::items::{AdtKind, BuiltinTy, Def, Entry, FnKind, ModId, Ns, Program};
use crate::lower_ty::TyScope;
use crate::ty::{FloatTy, IntTy, Ty, TyKind};

pub use imports::unused_imports;
pub use suggest::describe;

/// Names that paths treat specially, interned once.
pub(crate) struct Known {
    pub self_value: Name,
    pub self_type: Name,
    pub super_: Name,
    pub package: Name,
    pub lang: Name,
    pub empty: Name,
    pub main: Name,
    builtins: FxHashMap<Name, Ty>,
}

pub(crate) static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut builtins: FxHashMap<Name, Ty> =
        IntTy::ALL.iter().map(|&(int, name)| (Name::new(name), Ty::int_of(int))).collect();
    builtins.insert(Name::new("int"), Ty::int());
    builtins.insert(Name::new("f32"), Ty::new(TyKind::Float(FloatTy::F32)));
    builtins.insert(Name::new("f64"), Ty::float());
    builtins.insert(Name::new("float"), Ty::float());
    builtins.insert(Name::new("bool"), Ty::bool());
    builtins.insert(Name::new("char"), Ty::char());
    builtins.insert(Name::new("string"), Ty::str());
    Known {
        self_value: Name::new("self"),
        self_type: Name::new("Self"),
        super_: Name::new("super"),
        package: Name::new("package"),
        // Not an identifier: only syntax made by the compiler can name lang items by role.
        lang: Name::new("$lang"),
        empty: Name::new(""),
        main: Name::new("main"),
        builtins,
    }
});

/// A built-in type by name.
pub fn builtin(name: Name) -> Option<Ty> {
    KNOWN.builtins.get(&name).copied()
}

/// What a prefix of a path names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Res {
    Def(Def),
    /// A generic parameter of the scope, by index.
    Param(u32),
    /// `Self`: the scope's [`TyScope::self_ty`].
    SelfTy,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resolved {
    pub res: Res,
    /// How many segments `res` took; the rest are associated items. The generic arguments of
    /// `res` stand on segment `used - 1` (of a variant's enum, on `used - 2`).
    pub used: usize,
}

#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    pub program: &'a Program,
}

impl<'a> Resolver<'a> {
    pub fn new(program: &'a Program) -> Self {
        Resolver { program }
    }

    /// The meaning of a single name in a module or block scope.
    pub fn lookup(&self, name: Name, ns: Ns, module: ModId) -> Option<Entry> {
        self.lookup_strong(name, ns, module).or_else(|| self.fallback(name, ns))
    }

    /// Without packages, prelude and the other fallbacks.
    pub(crate) fn lookup_strong(&self, name: Name, ns: Ns, module: ModId) -> Option<Entry> {
        let mut at = module;
        loop {
            if let Some(entry) = self.own(name, ns, at) {
                return Some(entry);
            }
            let data = &self.program.mods[at];
            match data.parent {
                Some(parent) if data.block => at = parent,
                _ => return None,
            }
        }
    }

    /// A name that this very scope declares or imports: what a body asks of each block scope
    /// between its local variables.
    pub fn own(&self, name: Name, ns: Ns, module: ModId) -> Option<Entry> {
        let entry = self.program.mods[module].names.get(ns, name)?;
        self.mark_used(&entry);
        Some(entry)
    }

    fn fallback(&self, name: Name, ns: Ns) -> Option<Entry> {
        if let Some(entry) = self.program.prelude.get(ns, name) {
            return Some(entry);
        }
        if ns == Ns::Values {
            return None;
        }
        let program = self.program;
        let module = |id: ModId| fixed_entry(Def::Mod(id), program.mods[id].span);
        if let Some(&id) = program.packages.get(&name) {
            return Some(module(id));
        }
        if let Some(ty) = builtin(name) {
            return Some(fixed_entry(Def::Builtin(BuiltinTy(ty)), base::Span::default()));
        }
        program.std_mods.get(&name).map(|&id| module(id))
    }

    fn mark_used(&self, entry: &Entry) {
        if let Some(import) = entry.import.and_then(|i| self.program.imports.get(i as usize)) {
            // Only a flag for a warning; nothing else is published through it.
            import.used.store(true, Ordering::Relaxed);
        }
    }

    /// Resolves as much of `path` as names items. The error is ready to report, except for
    /// [`Def::Error`], which comes back as an ordinary result and has been reported.
    pub fn resolve_path(
        &self,
        path: &ast::Path,
        ns: Ns,
        scope: &TyScope,
    ) -> Result<Resolved, Box<Diagnostic>> {
        let known = &*KNOWN;
        let segments = &path.segments;
        let Some(first) = segments.first() else {
            return Ok(Resolved { res: Res::Def(Def::Error), used: 0 });
        };
        if segments.iter().any(|s| s.name.name == known.empty) {
            return Ok(Resolved { res: Res::Def(Def::Error), used: segments.len() });
        }
        let name = first.name.name;
        if name == known.self_type {
            if scope.self_ty.is_some() {
                return Ok(Resolved { res: Res::SelfTy, used: 1 });
            }
            return Err(Box::new(
                Diagnostic::error(
                    codes::E0229,
                    first.name.span,
                    "`Self` stands for the type of an `impl`, `trait`, `struct` or `enum`, and there is none around this",
                )
                .label("outside of any type"),
            ));
        }
        if name == known.lang {
            let Some(second) = segments.get(1).map(|s| s.name.name) else {
                return Ok(Resolved { res: Res::Def(Def::Error), used: 1 });
            };
            let builtin = || builtin(second).map(|ty| Def::Builtin(BuiltinTy(ty)));
            let def = self.program.lang.get(second.as_str()).or_else(builtin).unwrap_or(Def::Error);
            return Ok(self.variant_of(def, segments, 2));
        }

        let mut used = 1;
        let mut def;
        if let Some(start) = self.path_root(segments.iter().map(|s| s.name), scope.module)? {
            (def, used) = (Def::Mod(start.0), start.1);
        } else {
            let single = segments.len() == 1;
            if (!single
                || ns == Ns::Types
                || scope.generics.params.iter().any(|p| p.is_const && p.name == name))
                && let Some(index) = scope.generics.params.iter().rposition(|p| p.name == name && !p.implicit)
                && !self.block_hides(name, scope)
            {
                return Ok(Resolved { res: Res::Param(index as u32), used: 1 });
            }
            let first_ns = if single { ns } else { Ns::Types };
            let Some(entry) = self.lookup(name, first_ns, scope.module) else {
                return Err(Box::new(self.unresolved(first.name, first_ns, scope.module, &[])));
            };
            self.check_ambiguous(first.name, &entry, scope.module)?;
            def = entry.def;
        }
        while used < segments.len() {
            let segment = segments[used].name;
            let last = used + 1 == segments.len();
            match def {
                Def::Mod(module) => {
                    let wanted = if last { ns } else { Ns::Types };
                    let entry = self.member(module, segment, wanted, scope.module)?;
                    def = entry.def;
                }
                Def::Adt(_) => return Ok(self.variant_of(def, segments, used)),
                Def::Error => return Ok(Resolved { res: Res::Def(Def::Error), used: segments.len() }),
                _ => break,
            }
            used += 1;
        }
        Ok(Resolved { res: Res::Def(def), used })
    }

    /// `Ordering::Equal` once `Ordering` is known.
    fn variant_of(&self, def: Def, segments: &[ast::PathSegment], used: usize) -> Resolved {
        if let Def::Adt(id) = def
            && let Some(next) = segments.get(used)
            && let Some((variant, _)) =
                self.program.adts[id].variants.iter_enumerated().find(|(_, v)| v.name == next.name.name)
            && self.program.adts[id].kind == AdtKind::Enum
        {
            return Resolved { res: Res::Def(Def::Variant(id, variant)), used: used + 1 };
        }
        Resolved { res: Res::Def(def), used }
    }

    /// An item declared in a block inside a generic function hides the function's parameters.
    fn block_hides(&self, name: Name, scope: &TyScope) -> bool {
        let data = &self.program.mods[scope.module];
        data.block && data.names.types.get(&name).is_some_and(|e| e.import.is_none())
    }

    /// `self`, `super…`, `package`: the module they start from and how many segments they took.
    pub(crate) fn path_root(
        &self,
        segments: impl Iterator<Item = ast::Ident>,
        module: ModId,
    ) -> Result<Option<(ModId, usize)>, Box<Diagnostic>> {
        let known = &*KNOWN;
        let mut at: Option<ModId> = None;
        let mut used = 0;
        for segment in segments {
            let name = segment.name;
            if name == known.self_value && used == 0 {
                at = Some(self.program.file_module(module));
            } else if name == known.package && used == 0 {
                at = self.program.roots.get(self.program.mods[module].package).copied();
            } else if name == known.super_ {
                let from = at.unwrap_or_else(|| self.program.file_module(module));
                let Some(parent) = self.program.mods[from].parent else {
                    return Err(Box::new(
                        Diagnostic::error(
                            codes::E0201,
                            segment.span,
                            "there is no module above the package's root",
                        )
                        .label("`super` goes one module up"),
                    ));
                };
                at = Some(self.program.file_module(parent));
            } else {
                break;
            }
            used += 1;
        }
        Ok(at.map(|m| (m, used)))
    }

    /// An item of a module, named from `from`.
    pub fn member(
        &self,
        module: ModId,
        name: ast::Ident,
        ns: Ns,
        from: ModId,
    ) -> Result<Entry, Box<Diagnostic>> {
        let names = &self.program.mods[module].names;
        let Some(entry) = names.get(ns, name.name) else {
            return Err(Box::new(self.unresolved_member(module, name, ns)));
        };
        self.check_ambiguous(name, &entry, module)?;
        if !self.program.visible(module, entry.public, from) {
            return Err(Box::new(self.private(name, &entry, module, from)));
        }
        self.mark_used(&entry);
        Ok(entry)
    }

    fn check_ambiguous(&self, name: ast::Ident, entry: &Entry, module: ModId) -> Result<(), Box<Diagnostic>> {
        if entry.def == Def::Error
            && let Some(&(one, other)) = self.program.ambiguous.get(&(module, name.name))
        {
            return Err(Box::new(
                Diagnostic::error(
                    codes::E0204,
                    name.span,
                    format!("`{}` could be either of two things", name.name),
                )
                .label("ambiguous")
                .also(one, "this import brings one")
                .also(other, "this import brings another")
                .help(format!("import the one that is meant by name: `use …::{}`", name.name)),
            ));
        }
        Ok(())
    }

    fn private(&self, name: ast::Ident, entry: &Entry, module: ModId, from: ModId) -> Diagnostic {
        let program = self.program;
        if let Def::Fn(id) = entry.def
            && let FnKind::Constructor(adt, _) = program.fns[id].kind
            && program.visible(module, program.adts[adt].public, from)
        {
            return Diagnostic::error(
                codes::E0203,
                name.span,
                format!("a `{}` cannot be made here, since some of its fields are private", name.name),
            )
            .label("not all fields are visible from here")
            .also(entry.span, "declared here");
        }
        let what = describe(program, entry.def);
        let keyword = match entry.def {
            Def::Mod(_) => "mod",
            Def::Fn(_) => "fn",
            Def::Trait(_) => "trait",
            Def::Alias(_) => "type",
            Def::Const(_) => "const",
            Def::Static(_) => "static",
            _ => what,
        };
        let mut diagnostic = Diagnostic::error(
            codes::E0203,
            name.span,
            format!("{what} `{}` is private to `{}`", name.name, self.program.module_path(module)),
        )
        .label("not visible from here")
        .also(entry.span, "declared here without `pub`");
        if !self.program.in_std(module) && entry.import.is_none() {
            diagnostic = diagnostic
                .help(format!("to use it from outside its module, declare it `pub {keyword} {}`", name.name));
        }
        diagnostic
    }
}

fn fixed_entry(def: Def, span: base::Span) -> Entry {
    Entry { def, public: true, span, import: None, glob: false }
}

/// The code for names that cannot be found, for bodies that report local names alike.
pub const UNRESOLVED: Code = codes::E0201;
