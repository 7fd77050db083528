//! Cross-checks of the compiler: a program goes through the checks and then through the
//! interpreter, which must find nothing wrong with what they accepted.
//!
//! [`program`] makes random programs that are rich in views, moves and closures, with [`values`]
//! some about arithmetic, enums and panics; the binary runs thousands of them.

pub mod program;
pub mod values;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use base::{Diagnostic, Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect};
use hir::items::{BodyOwner, ClosureId, FnId, ModId, Program};
use hir::thir;
use hir::traits::{ClosureSig, Closures, ParamEnv, Solver, TraitCache};
use hir::ty::Ty;
use mir::body::{Body, Callee, Source, TerminatorKind};
use mir::interp::{End, Limits, Outcome};
use mir::mono;

struct Lowered {
    typed: thir::Body,
    bodies: Vec<Arc<Body>>,
}

/// The standard library, ready for many programs.
pub struct Std {
    /// As it was in the beginning: what is on disk may change while thousands of programs are run.
    texts: SourceMap,
    package: PackageInput,
    /// Bodies of std that name only items of std: these come first in every program, so they
    /// have the same ids in all.
    bodies: RefCell<HashMap<BodyOwner, Rc<Lowered>>>,
}

struct World<'s> {
    std: &'s Std,
    program: Program,
    texts: SourceMap,
    cache: TraitCache,
    own: RefCell<HashMap<BodyOwner, Rc<Lowered>>>,
    first_own: u32,
}

fn module_of(program: &Program, owner: BodyOwner) -> ModId {
    match owner {
        BodyOwner::Fn(id) => program.fns[id].module,
        BodyOwner::Const(id) => program.consts[id].module,
        BodyOwner::Static(id) => program.statics[id].module,
    }
}

impl World<'_> {
    fn lowered(&self, owner: BodyOwner) -> Rc<Lowered> {
        if let Some(found) = self.own.borrow().get(&owner) {
            return found.clone();
        }
        if let BodyOwner::Fn(id) = owner
            && self.is_early(id)
            && let Some(found) = self.std.bodies.borrow().get(&owner)
        {
            return found.clone();
        }
        let (typed, _) = hir::check::check_body_with(&self.program, owner, &self.texts, &self.cache);
        let bodies = mir::lower::lower_with(&self.program, &self.cache, &typed);
        self.finish(owner, typed, bodies)
    }

    fn finish(&self, owner: BodyOwner, typed: thir::Body, bodies: Vec<Body>) -> Rc<Lowered> {
        let bodies = bodies
            .into_iter()
            .map(|mut body| {
                mir::elaborate::elaborate(&self.program, &mut body);
                mir::simplify::simplify(&mut body);
                Arc::new(body)
            })
            .collect();
        let lowered = Rc::new(Lowered { typed, bodies });
        let store = match self.is_stable(owner, &lowered.bodies) {
            true => &self.std.bodies,
            false => &self.own,
        };
        store.borrow_mut().insert(owner, lowered.clone());
        lowered
    }

    /// The functions that come before any of the program's own.
    fn is_early(&self, id: FnId) -> bool {
        id.0 < self.first_own
    }

    fn is_stable(&self, owner: BodyOwner, bodies: &[Arc<Body>]) -> bool {
        let BodyOwner::Fn(id) = owner else { return false };
        self.is_early(id)
            && bodies.iter().flat_map(|b| b.blocks.iter()).all(|block| {
                let TerminatorKind::Call(call) = &block.terminator.kind else { return true };
                match call.callee {
                    Callee::Fn { id, .. }
                    | Callee::TraitMethod { method: id, .. }
                    | Callee::DynMethod { method: id, .. } => self.is_early(id),
                    Callee::Value { .. } | Callee::Closure { .. } => true,
                }
            })
    }
}

impl Closures for World<'_> {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        self.lowered(id.owner).typed.sig(id)
    }

    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        self.lowered(id.owner).typed.captures(id, each)
    }
}

/// An error: its line (from 1), its code, and everything it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub line: usize,
    pub code: String,
    pub text: String,
}

#[derive(Debug)]
pub enum Verdict {
    Refused(Vec<Said>),
    Ran {
        outcome: Outcome,
        /// Where a trap is, in words.
        trap: Option<String>,
    },
}

fn said(texts: &SourceMap, d: &Diagnostic) -> Said {
    let line = |span| texts.line_col(span).line as usize;
    let also: String = d.secondary.iter().map(|l| format!("\n    {}: {}", line(l.span), l.text)).collect();
    let more: String = d.notes.iter().chain(&d.help).map(|n| format!("\n    = {n}")).collect();
    Said { line: line(d.primary.span), code: d.code.to_string(), text: format!("{}{also}{more}", d.message) }
}

impl Std {
    pub fn new() -> Std {
        let mut texts = SourceMap::default();
        let package = stdlib::std_package(&mut texts);
        Std { texts, package, bodies: RefCell::default() }
    }

    /// Checks a program and, if it is accepted, interprets it.
    pub fn run(&self, text: &str, limits: Limits) -> Verdict {
        let mut texts = self.texts.clone();
        let std = self.package.clone();
        let file = texts.add("program.altru", text);
        let parse = syntax::parse(file, text);
        if parse.has_errors() {
            return Verdict::Refused(parse.diagnostics.iter().map(|d| said(&texts, d)).collect());
        }
        let own = ModuleInput { path: Vec::new(), file, ast: Arc::new(parse.file) };
        let packages = [std, PackageInput { name: Name::new("program"), is_std: false, modules: vec![own] }];
        let (program, found) = collect(&packages, &texts);
        let first_own = program
            .fns
            .iter_enumerated()
            .find(|(_, decl)| !program.in_std(decl.module))
            .map_or(0, |(id, _)| id.0);
        let cache = TraitCache::new();
        let world = World { std: self, program, texts, cache, own: RefCell::default(), first_own };
        let mut errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
        for owner in hir::check::bodies(&world.program) {
            if world.program.in_std(module_of(&world.program, owner)) {
                continue;
            }
            let (typed, found) =
                hir::check::check_body_with(&world.program, owner, &world.texts, &world.cache);
            let failed = typed.has_errors || found.iter().any(Diagnostic::is_error);
            errors.extend(found.into_iter().filter(Diagnostic::is_error));
            if failed {
                continue;
            }
            let bodies = mir::lower::lower_with(&world.program, &world.cache, &typed);
            let found = mir::check::check(&world.program, &bodies);
            let failed = found.iter().any(Diagnostic::is_error);
            errors.extend(found.into_iter().filter(Diagnostic::is_error));
            if !failed {
                world.finish(owner, typed, bodies);
            }
        }
        if !errors.is_empty() {
            errors.sort_by_key(|d| d.primary.span);
            return Verdict::Refused(errors.iter().map(|d| said(&world.texts, d)).collect());
        }
        self.interpret(&world, limits)
    }

    fn interpret(&self, world: &World<'_>, limits: Limits) -> Verdict {
        let (env, cache) = (ParamEnv::empty(), TraitCache::new());
        let solver = Solver { program: &world.program, env: &env, cache: &cache, closures: world };
        let bodies = |source: Source| -> Option<Arc<Body>> {
            let owner = match source {
                Source::Owner(owner) => owner,
                Source::Closure(id) => id.owner,
            };
            world.lowered(owner).bodies.iter().find(|b| b.source == source).cloned()
        };
        let roots = mono::Roots { main: world.program.main, ..mono::Roots::default() };
        let closed = match mono::collect(&world.program, solver, &bodies, &roots) {
            Ok(closed) => closed,
            Err(found) => {
                return Verdict::Refused(found.iter().map(|d| said(&world.texts, d)).collect());
            }
        };
        let Some(main) = closed.main else { return Verdict::Refused(Vec::new()) };
        let outcome = mir::interp::run(&closed, main, limits);
        let trap = match &outcome.end {
            End::Trap { fault, function, span } => {
                let file = world.texts.file(span.file);
                let line = file.line_of(span.lo);
                let text = file.line_text(line).trim();
                let place = world.texts.line_col(*span).line;
                Some(format!("{fault:?} in {function}, {}:{place}: {text}", file.name))
            }
            _ => None,
        };
        Verdict::Ran { outcome, trap }
    }
}

impl Default for Std {
    fn default() -> Std {
        Std::new()
    }
}

/// What differs when the program is compiled by this `altru`, quickly and with optimisation, from
/// what it printed when it was interpreted.
pub fn compare(altru: &Path, text: &str, expected: &str) -> Option<String> {
    let path = std::env::temp_dir().join(format!("crosscheck-run-{}.altru", std::process::id()));
    if let Err(e) = std::fs::write(&path, text) {
        return Some(format!("{}: {e}", path.display()));
    }
    let bad = [&["run"][..], &["run", "--release"]].into_iter().find_map(|mode| {
        let output = match std::process::Command::new(altru).args(mode).arg(&path).output() {
            Ok(output) => output,
            Err(e) => return Some(format!("{}: {e}", altru.display())),
        };
        let printed = String::from_utf8_lossy(&output.stdout);
        let mode = mode.join(" ");
        if let Some((a, b)) = printed.lines().zip(expected.lines()).find(|(a, b)| a != b) {
            return Some(format!("{mode} prints {a:?}, interpreted it prints {b:?}"));
        }
        let (lines, wanted) = (printed.lines().count(), expected.lines().count());
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("");
        (lines != wanted || !output.status.success())
            .then(|| format!("{mode} prints {lines} lines, interpreted {wanted}; {}: {last}", output.status))
    });
    let _ = std::fs::remove_file(&path);
    bad
}
