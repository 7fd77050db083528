//! `use`: binds imported names, to a fixpoint.
//!
//! Each round tries every import that may still bind something; globs copy names along edges as
//! they appear, so that the order of declarations does not matter. Rounds run forwards and
//! backwards in turn, so chains of re-exports in either order take few of them.

use std::sync::atomic::Ordering;

use base::{Applicability, Diagnostic, FxHashMap, Name, codes};
use syntax::ast;

use super::{KNOWN, Resolver, builtin};
use crate::items::{AdtId, AdtKind, Def, Entry, ModId, Ns, Program};

/// A `use` path not bound yet.
pub(crate) struct Pending<'a> {
    pub tree: &'a ast::UseTree,
    pub module: ModId,
    pub public: bool,
    /// Index into [`Program::imports`].
    pub index: u32,
}

struct State<'a> {
    pending: Pending<'a>,
    /// Path without a trailing `self`.
    segments: &'a [ast::Ident],
    types_only: bool,
    bound: [bool; 2],
    failed: Option<Box<Diagnostic>>,
}

/// What a path may lead through.
#[derive(Clone, Copy)]
enum Container {
    Mod(ModId),
    Enum(AdtId),
}

enum Walk {
    Found(Container),
    /// Nothing by that name (yet).
    Missing,
    /// Reported elsewhere, or here.
    Failed(Option<Box<Diagnostic>>),
}

struct Importer<'a, 'p> {
    program: &'p mut Program,
    diagnostics: &'p mut Vec<Diagnostic>,
    states: Vec<State<'a>>,
    /// Who has `use m::*` of this module.
    glob_edges: FxHashMap<ModId, Vec<GlobEdge>>,
    queue: Vec<(ModId, Ns, Name)>,
    changed: bool,
    /// Packages and std's modules count as path roots: only once nothing nearer can still appear.
    weak: bool,
}

#[derive(Clone, Copy)]
struct GlobEdge {
    into: ModId,
    public: bool,
    index: u32,
}

pub(crate) fn resolve_imports(
    program: &mut Program,
    pending: Vec<Pending<'_>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let known = &*KNOWN;
    let states = pending
        .into_iter()
        .map(|pending| {
            let all = &pending.tree.segments[..];
            let names_self = pending.tree.glob.is_none()
                && all.len() > 1
                && all.last().is_some_and(|s| s.name == known.self_value);
            let segments = if names_self { &all[..all.len() - 1] } else { all };
            State { segments, types_only: names_self, pending, bound: [false; 2], failed: None }
        })
        .collect();
    let mut importer = Importer {
        program,
        diagnostics,
        states,
        glob_edges: FxHashMap::default(),
        queue: Vec::new(),
        changed: false,
        weak: false,
    };
    importer.run();
    importer.report();
}

impl Importer<'_, '_> {
    fn run(&mut self) {
        let mut live: Vec<usize> = (0..self.states.len()).collect();
        loop {
            self.changed = false;
            for &i in &live {
                self.attempt(i);
            }
            live.retain(|&i| {
                let s = &self.states[i];
                s.failed.is_none() && s.bound != [true; 2]
            });
            live.reverse();
            if !self.changed {
                if self.weak {
                    return;
                }
                self.weak = true;
            }
        }
    }

    fn attempt(&mut self, i: usize) {
        let (segments, module) = (self.states[i].segments, self.states[i].pending.module);
        if segments.is_empty() || segments.iter().any(|s| s.name == KNOWN.empty) {
            self.states[i].bound = [true; 2];
            return;
        }
        let is_glob = self.states[i].pending.tree.glob.is_some();
        let prefix = if is_glob { segments } else { &segments[..segments.len() - 1] };
        if prefix.is_empty() {
            self.attempt_root(i);
            return;
        }
        match self.walk(prefix, module) {
            Walk::Found(container) if is_glob => {
                self.states[i].bound = [true; 2];
                self.bind_glob(i, container);
                self.changed = true;
            }
            Walk::Found(container) => self.bind_named(i, container),
            Walk::Missing => {}
            Walk::Failed(diagnostic) => self.fail(i, diagnostic),
        }
    }

    /// `use name`: something around this module, a package, or a module of std.
    fn attempt_root(&mut self, i: usize) {
        let state = &self.states[i];
        let segment = state.segments[0];
        let module = state.pending.module;
        let resolver = Resolver::new(self.program);
        if let Ok(Some((root, _))) = resolver.path_root(std::iter::once(segment), module) {
            let entry =
                Entry { def: Def::Mod(root), public: true, span: segment.span, import: None, glob: false };
            self.states[i].bound = [true; 2];
            self.bind(i, Ns::Types, entry);
            return;
        }
        for (slot, ns) in [Ns::Types, Ns::Values].into_iter().enumerate() {
            if self.states[i].bound[slot] {
                continue;
            }
            let resolver = Resolver::new(self.program);
            let data = &self.program.mods[module];
            let around = data
                .parent
                .filter(|_| data.block)
                .and_then(|parent| resolver.lookup_strong(segment.name, ns, parent));
            let found = around.or_else(|| if self.weak { resolver.fallback(segment.name, ns) } else { None });
            if let Some(entry) = found {
                self.states[i].bound[slot] = true;
                self.bind(i, ns, entry);
            }
        }
    }

    fn walk(&self, prefix: &[ast::Ident], module: ModId) -> Walk {
        let resolver = Resolver::new(self.program);
        let (mut at, mut used) = match resolver.path_root(prefix.iter().copied(), module) {
            Err(diagnostic) => return Walk::Failed(Some(diagnostic)),
            Ok(Some((root, used))) => (Container::Mod(root), used),
            Ok(None) => {
                let first = prefix[0].name;
                let strong = resolver.lookup_strong(first, Ns::Types, module);
                let entry = match strong {
                    Some(entry) => Some(entry),
                    None if self.weak || self.program.packages.contains_key(&first) => {
                        resolver.fallback(first, Ns::Types)
                    }
                    None => None,
                };
                match entry {
                    None => return Walk::Missing,
                    Some(entry) => match self.container(prefix[0], entry.def) {
                        Ok(container) => (container, 1),
                        Err(diagnostic) => return Walk::Failed(diagnostic),
                    },
                }
            }
        };
        while used < prefix.len() {
            let segment = prefix[used];
            let Container::Mod(inside) = at else {
                return Walk::Failed(Some(Box::new(
                    Diagnostic::error(
                        codes::E0208,
                        segment.span,
                        format!("`{}` is a variant, and nothing is inside it", segment.name),
                    )
                    .label("expected a module or an enum"),
                )));
            };
            let Some(entry) = self.program.mods[inside].names.get(Ns::Types, segment.name) else {
                return Walk::Missing;
            };
            if !self.program.visible(inside, entry.public, module) {
                return Walk::Failed(Some(Box::new(resolver.private(segment, &entry, inside, module))));
            }
            resolver.mark_used(&entry);
            match self.container(segment, entry.def) {
                Ok(container) => at = container,
                Err(diagnostic) => return Walk::Failed(diagnostic),
            }
            used += 1;
        }
        Walk::Found(at)
    }

    fn container(&self, segment: ast::Ident, def: Def) -> Result<Container, Option<Box<Diagnostic>>> {
        match def {
            Def::Mod(id) => Ok(Container::Mod(id)),
            Def::Adt(id) if self.program.adts[id].kind == AdtKind::Enum => Ok(Container::Enum(id)),
            Def::Error => Err(None),
            _ => Err(Some(Box::new(
                Diagnostic::error(
                    codes::E0208,
                    segment.span,
                    format!(
                        "`{}` is a {}: only from modules and enums can something be imported",
                        segment.name,
                        super::describe(self.program, def)
                    ),
                )
                .label("expected a module or an enum"),
            ))),
        }
    }

    fn bind_named(&mut self, i: usize, container: Container) {
        let state = &self.states[i];
        let module = state.pending.module;
        let segment = *state.segments.last().expect("not empty");
        let types_only = state.types_only;
        match container {
            Container::Enum(id) => {
                let adt = &self.program.adts[id];
                let found = adt.variants.iter_enumerated().find(|(_, v)| v.name == segment.name);
                let Some((variant, data)) = found else {
                    let near = base::diagnostic::closest(
                        segment.name.as_str(),
                        adt.variants.iter().map(|v| v.name.as_str()),
                    );
                    let mut diagnostic = Diagnostic::error(
                        codes::E0201,
                        segment.span,
                        format!("enum `{}` has no variant `{}`", adt.name, segment.name),
                    )
                    .label("not found");
                    if let Some(near) = near {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                            format!("write `{near}`"),
                            segment.span,
                            near,
                            Applicability::Maybe,
                        );
                    }
                    return self.fail(i, Some(Box::new(diagnostic)));
                };
                let entry = Entry {
                    def: Def::Variant(id, variant),
                    public: true,
                    span: data.span,
                    import: None,
                    glob: false,
                };
                self.states[i].bound = [true; 2];
                self.bind(i, Ns::Types, entry);
                self.bind(i, Ns::Values, entry);
            }
            Container::Mod(inside) => {
                let mut private = None;
                for (slot, ns) in [Ns::Types, Ns::Values].into_iter().enumerate() {
                    if self.states[i].bound[slot] || (types_only && ns == Ns::Values) {
                        continue;
                    }
                    let Some(entry) = self.program.mods[inside].names.get(ns, segment.name) else {
                        continue;
                    };
                    if !self.program.visible(inside, entry.public, module) {
                        private = Some(entry);
                        continue;
                    }
                    // `use super::name` inside a module must not find itself.
                    if entry.import == Some(self.states[i].pending.index) {
                        continue;
                    }
                    Resolver::new(self.program).mark_used(&entry);
                    self.states[i].bound[slot] = true;
                    self.bind(i, ns, entry);
                }
                if let Some(entry) = private
                    && self.states[i].bound == [false; 2]
                {
                    let diagnostic = Resolver::new(self.program).private(segment, &entry, inside, module);
                    self.fail(i, Some(Box::new(diagnostic)));
                }
            }
        }
    }

    fn bound_name(&self, i: usize) -> ast::Ident {
        let state = &self.states[i];
        state.pending.tree.alias.unwrap_or_else(|| *state.segments.last().expect("not empty"))
    }

    fn bind(&mut self, i: usize, ns: Ns, target: Entry) {
        let name = self.bound_name(i);
        let state = &self.states[i];
        let (module, public, index) = (state.pending.module, state.pending.public, state.pending.index);
        self.changed = true;
        let entry = Entry { def: target.def, public, span: name.span, import: Some(index), glob: false };
        let names = &mut self.program.mods[module].names;
        match names.table(ns).get(&name.name).copied() {
            Some(old) if !old.glob => {
                if old.def != entry.def && old.def != Def::Error && entry.def != Def::Error {
                    self.diagnostics.push(defined_twice(name, old.span, "imported"));
                }
                return;
            }
            _ => {}
        }
        names.table_mut(ns).insert(name.name, entry);
        self.program.ambiguous.remove(&(module, name.name));
        self.propagate(module, ns, name.name);
    }

    fn bind_glob(&mut self, i: usize, container: Container) {
        let pending = &self.states[i].pending;
        let edge = GlobEdge { into: pending.module, public: pending.public, index: pending.index };
        match container {
            Container::Mod(from) => {
                if from == edge.into {
                    return;
                }
                self.glob_edges.entry(from).or_default().push(edge);
                for ns in [Ns::Types, Ns::Values] {
                    // Sorted, so that nothing depends on the table's order.
                    let mut names: Vec<Name> =
                        self.program.mods[from].names.table(ns).keys().copied().collect();
                    names.sort_unstable_by_key(|n| n.as_str());
                    for name in names {
                        self.copy_along(from, ns, name, edge);
                    }
                }
                self.drain();
            }
            Container::Enum(id) => {
                let variants: Vec<(Name, Entry)> = self.program.adts[id]
                    .variants
                    .iter_enumerated()
                    .map(|(v, data)| {
                        let entry = Entry {
                            def: Def::Variant(id, v),
                            public: edge.public,
                            span: data.span,
                            import: Some(edge.index),
                            glob: true,
                        };
                        (data.name, entry)
                    })
                    .collect();
                for (name, entry) in variants {
                    self.define_glob(edge.into, Ns::Types, name, entry);
                    self.define_glob(edge.into, Ns::Values, name, entry);
                }
                self.drain();
            }
        }
    }

    fn propagate(&mut self, module: ModId, ns: Ns, name: Name) {
        self.queue.push((module, ns, name));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some((module, ns, name)) = self.queue.pop() {
            let Some(edges) = self.glob_edges.get(&module).cloned() else { continue };
            for edge in edges {
                self.copy_along(module, ns, name, edge);
            }
        }
    }

    fn copy_along(&mut self, from: ModId, ns: Ns, name: Name, edge: GlobEdge) {
        let Some(entry) = self.program.mods[from].names.get(ns, name) else { return };
        if !self.program.visible(from, entry.public, edge.into) {
            return;
        }
        let entry = Entry { public: edge.public, import: Some(edge.index), glob: true, ..entry };
        self.define_glob(edge.into, ns, name, entry);
    }

    fn define_glob(&mut self, module: ModId, ns: Ns, name: Name, entry: Entry) {
        let table = self.program.mods[module].names.table_mut(ns);
        match table.get_mut(&name) {
            None => {
                table.insert(name, entry);
            }
            Some(old) if !old.glob || old.def == entry.def => {
                // The wider visibility wins when the same thing comes twice.
                if old.glob && entry.public && !old.public {
                    old.public = true;
                } else {
                    return;
                }
            }
            Some(old) if old.def == Def::Error => return,
            Some(old) => {
                old.def = Def::Error;
                let imports = &self.program.imports;
                let span =
                    |e: Option<u32>| e.and_then(|i| imports.get(i as usize)).map_or(entry.span, |i| i.span);
                let places = (span(old.import), span(entry.import));
                self.program.ambiguous.insert((module, name), places);
            }
        }
        self.changed = true;
        self.queue.push((module, ns, name));
    }

    fn fail(&mut self, i: usize, diagnostic: Option<Box<Diagnostic>>) {
        if let Some(diagnostic) = diagnostic {
            self.diagnostics.push(*diagnostic.clone());
            self.states[i].failed = Some(diagnostic);
        } else {
            self.states[i].failed = Some(Box::new(Diagnostic::error(
                codes::E0201,
                self.states[i].pending.tree.span,
                "already reported",
            )));
        }
        self.poison(i);
        self.changed = true;
    }

    /// The name stands for an error, so that its uses are not reported again.
    fn poison(&mut self, i: usize) {
        let pending = &self.states[i].pending;
        let index = pending.index;
        self.program.imports[index as usize].used.store(true, Ordering::Relaxed);
        if pending.tree.glob.is_some() {
            return;
        }
        let name = self.bound_name(i);
        let (module, public) = (self.states[i].pending.module, self.states[i].pending.public);
        for ns in [Ns::Types, Ns::Values] {
            let entry = Entry { def: Def::Error, public, span: name.span, import: Some(index), glob: false };
            self.program.mods[module].names.table_mut(ns).entry(name.name).or_insert(entry);
            self.propagate(module, ns, name.name);
        }
    }

    /// What is still unbound: a missing name, or a circle of imports.
    fn report(&mut self) {
        let unbound: Vec<usize> = (0..self.states.len())
            .filter(|&i| self.states[i].failed.is_none() && self.states[i].bound == [false; 2])
            .collect();
        if unbound.is_empty() {
            return;
        }
        let by_name: FxHashMap<(ModId, Name), usize> = unbound
            .iter()
            .filter(|&&i| self.states[i].pending.tree.glob.is_none())
            .map(|&i| ((self.states[i].pending.module, self.bound_name(i).name), i))
            .collect();
        // Which unbound import each one waits for.
        let waits: FxHashMap<usize, (Option<usize>, usize, Option<Container>)> = unbound
            .iter()
            .map(|&i| {
                let (position, container) = self.stuck_at(i);
                let segment = self.states[i].segments[position];
                let place = match container {
                    Some(Container::Mod(m)) => Some(m),
                    None if position == 0 => Some(self.states[i].pending.module),
                    _ => None,
                };
                let on = place
                    .and_then(|m| by_name.get(&(m, segment.name)).copied())
                    .filter(|&on| on != i || self.states[i].segments.len() > 1);
                (i, (on, position, container))
            })
            .collect();
        let mut reported = base::FxHashSet::default();
        for &i in &unbound {
            let mut at = i;
            let mut seen = base::FxHashSet::default();
            seen.insert(at);
            let mut circle = false;
            while let Some(&(Some(next), ..)) = waits.get(&at) {
                at = next;
                if !seen.insert(at) {
                    circle = true;
                    break;
                }
                if reported.contains(&at) {
                    break;
                }
            }
            if circle && seen.iter().all(|s| !reported.contains(s)) {
                let tree = self.states[i].pending.tree;
                let mut diagnostic = Diagnostic::error(
                    codes::E0204,
                    tree.span,
                    format!("the import of `{}` leads back to itself", self.bound_name(i).name),
                )
                .label("nothing in this circle of imports declares the name");
                let mut others: Vec<usize> = seen.iter().copied().filter(|&s| s != i).collect();
                others.sort_unstable();
                for other in others {
                    diagnostic = diagnostic.also(self.states[other].pending.tree.span, "imported from here");
                }
                self.diagnostics.push(diagnostic);
                reported.extend(seen);
            } else if waits[&i].0.is_none() && reported.insert(i) {
                let (_, position, container) = waits[&i];
                let segment = self.states[i].segments[position];
                let resolver = Resolver::new(self.program);
                let diagnostic = match container {
                    Some(Container::Mod(module)) => {
                        let ns =
                            if position + 1 < self.states[i].segments.len() { Ns::Types } else { Ns::Values };
                        let ns = if self.program.mods[module].names.get(ns, segment.name).is_some() {
                            Ns::Types
                        } else {
                            ns
                        };
                        resolver.unresolved_member(module, segment, ns)
                    }
                    _ if builtin(segment.name).is_some() => Diagnostic::error(
                        codes::E0208,
                        segment.span,
                        format!("`{}` is built in and needs no import", segment.name),
                    ),
                    _ => resolver.unresolved(segment, Ns::Types, self.states[i].pending.module, &[]),
                };
                self.diagnostics.push(diagnostic);
            }
        }
        for i in unbound {
            self.poison(i);
        }
    }

    /// Where an unbound import's path ends: the position of the missing segment, and what it is
    /// missing from.
    fn stuck_at(&self, i: usize) -> (usize, Option<Container>) {
        let state = &self.states[i];
        let is_glob = state.pending.tree.glob.is_some();
        let count = state.segments.len();
        let prefix = if is_glob { count } else { count - 1 };
        for end in 1..=prefix {
            match self.walk(&state.segments[..end], state.pending.module) {
                Walk::Found(_) => {}
                _ => {
                    let before =
                        (end > 1).then(|| self.walk(&state.segments[..end - 1], state.pending.module));
                    let container = match before {
                        Some(Walk::Found(c)) => Some(c),
                        _ => None,
                    };
                    return (end - 1, container);
                }
            }
        }
        let container = match (prefix > 0).then(|| self.walk(&state.segments[..prefix], state.pending.module))
        {
            Some(Walk::Found(c)) => Some(c),
            _ => None,
        };
        (count - 1, container)
    }
}

pub(crate) fn defined_twice(name: ast::Ident, first: base::Span, how: &str) -> Diagnostic {
    Diagnostic::error(codes::E0202, name.span, format!("`{}` is {how} twice", name.name))
        .label("the second time")
        .also(first, "the first time")
        .help(if how == "imported" {
            "bind one of the two to another name: `use … as name`"
        } else {
            "rename one of the two"
        })
}

/// A warning for each import of the root package that nothing used: to be asked once all its
/// bodies are checked, without errors.
pub fn unused_imports(program: &Program) -> Vec<Diagnostic> {
    let root = program.roots.len().saturating_sub(1);
    program
        .imports
        .iter()
        .filter(|i| !i.public && !i.used.load(Ordering::Relaxed) && program.mods[i.module].package == root)
        .map(|i| {
            let message = if i.name.as_str() == "*" {
                "nothing that this import brings is used".to_owned()
            } else {
                format!("`{}` is imported, but not used", i.name)
            };
            let diagnostic = Diagnostic::warning(codes::W0201, i.span, message).label("unused import");
            match i.removal {
                Some(span) => diagnostic.fix("remove it", span, "", Applicability::Certain),
                None => diagnostic,
            }
        })
        .collect()
}
