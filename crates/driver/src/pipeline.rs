//! The stages in order: the only place that calls them.
//!
//! `packages -> collect -> check bodies -> lower -> ownership -> constants` up to the check boundary, which
//! always succeeds and reports; then `monomorphise -> LLVM -> object or memory`, where anything
//! odd is a bug of the compiler. Bodies of std are checked only when std itself is the package
//! at hand; programs lower just what they reach.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use base::{Diagnostic, Severity, SourceMap};
use hir::items::{BodyOwner, ClosureId, FnId, FnKind, Program};
use hir::thir;
use hir::traits::{ClosureSig, Closures, ParamEnv, Solver};
use hir::ty::Ty;
use mir::body::{Body, Source};
use mir::check::growth::{self, Edge};
use mir::deadlock;
pub use mir::deadlock::Candidate;

use crate::constants;
use crate::packages::Session;

/// A checked session.
pub struct Checked {
    pub program: Program,
    /// Bodies lowered so far, by their owner.
    store: Mutex<HashMap<BodyOwner, Arc<Lowered>>>,
    /// What the ownership checks found out about types.
    known: mir::check::Known,
    /// How the type arguments of calls grow.
    growth: Mutex<Vec<Edge>>,
    /// Bodies that make the values of constants.
    constants: Mutex<HashMap<BodyOwner, Arc<Body>>>,
    /// Bodies of the package at hand that use what tasks meet at.
    meets: Mutex<Vec<BodyOwner>>,
    /// All of the session, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// What may block for ever in some schedule; only of a check that makes no program.
    pub candidates: Vec<Candidate>,
    pub timings: Vec<(&'static str, Duration)>,
}

/// A checked body and its closures.
pub(crate) struct Lowered {
    pub(crate) typed: thir::Body,
    /// As checked; taken when they are elaborated.
    raw: Mutex<Vec<Body>>,
    elaborated: OnceLock<Vec<Arc<Body>>>,
}

impl Lowered {
    fn new(typed: thir::Body, raw: Vec<Body>) -> Arc<Lowered> {
        Arc::new(Lowered { typed, raw: Mutex::new(raw), elaborated: OnceLock::new() })
    }

    /// With drops elaborated: what code is made from.
    pub(crate) fn bodies(&self, program: &Program) -> &[Arc<Body>] {
        self.elaborated.get_or_init(|| {
            let raw = std::mem::take(&mut *self.raw.lock().expect("bodies"));
            let finish = |mut body| {
                mir::elaborate::elaborate(program, &mut body);
                mir::simplify::simplify(&mut body);
                Arc::new(body)
            };
            raw.into_iter().map(finish).collect()
        })
    }
}

/// What a check is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Only the diagnostics: bodies are let go as soon as they are checked.
    Report,
    /// A program is made afterwards.
    Compile,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Everything up to the check boundary.
pub fn check(session: &Session, purpose: Purpose) -> Checked {
    let mut clock = Clock::new();
    let mut diagnostics = session.diagnostics.clone();
    let (program, found) = hir::collect::collect(&session.packages, &session.sources);
    clock.lap("collect");
    let mut checked = Checked {
        program,
        store: Mutex::default(),
        known: mir::check::Known::default(),
        growth: Mutex::default(),
        constants: Mutex::default(),
        meets: Mutex::default(),
        diagnostics: Vec::new(),
        candidates: Vec::new(),
        timings: Vec::new(),
    };
    // A text that does not parse gives a program with holes: what later stages said of it would
    // be consequences.
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(found);
        let owners = checked_owners(&checked.program);
        let found = in_parallel(&owners, BODIES_AT_ONCE, |&owner| {
            check_owner(&checked, owner, &session.sources, purpose)
        });
        diagnostics.extend(found.into_iter().flatten());
        if !diagnostics.iter().any(Diagnostic::is_error) {
            let edges = checked.growth.lock().expect("edges");
            diagnostics.extend(growth::check(&checked.program, &edges));
        }
        if !diagnostics.iter().any(Diagnostic::is_error) {
            let is_constant = |owner: &&BodyOwner| constants::is_constant(&checked.program, **owner);
            let constants = owners.iter().filter(is_constant).copied().collect();
            diagnostics.extend(constants::compute(&checked, session, constants));
        }
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.extend(hir::resolve::unused_imports(&checked.program));
        }
        clock.lap("check");
        // A program that is built goes this way in any case.
        if purpose == Purpose::Report
            && !diagnostics.iter().any(Diagnostic::is_error)
            && (has_promises(&checked.program)
                || !checked.meets.lock().expect("owners").is_empty()
                || growth::is_suspected(&checked.growth.lock().expect("edges")))
        {
            let found = crate::whole::findings(session, &checked);
            diagnostics.extend(found.diagnostics);
            checked.candidates = found.candidates;
            clock.lap("whole");
        }
    }
    diagnostics.sort_by_key(|d| (d.primary.span, d.severity));
    diagnostics.dedup();
    checked.diagnostics = diagnostics;
    checked.timings = clock.laps;
    checked
}

/// Whether the package at hand has something that only the whole program can keep or break: destructors and
/// `[no_wait]` functions, which must not wait whatever they call.
fn has_promises(program: &Program) -> bool {
    let package = program.roots.len().saturating_sub(1);
    let is_ours = |module: hir::items::ModId| program.mods[module].package == package;
    program.adts.iter().any(|adt| adt.drop_impl.is_some() && is_ours(adt.module))
        || program.fns.iter().any(|f| f.attrs.no_wait && is_ours(f.module))
}

/// The bodies of the package at hand.
fn checked_owners(program: &Program) -> Vec<BodyOwner> {
    let package = program.roots.len().saturating_sub(1);
    let is_ours = |owner: &BodyOwner| {
        program.module_of(*owner).is_some_and(|module| program.mods[module].package == package)
    };
    hir::check::bodies(program).into_iter().filter(is_ours).collect()
}

fn check_owner(
    checked: &Checked,
    owner: BodyOwner,
    sources: &SourceMap,
    purpose: Purpose,
) -> Vec<Diagnostic> {
    let (body, mut diagnostics) = hir::check::check_body(&checked.program, owner, sources);
    if let BodyOwner::Fn(id) = owner {
        let allowed = &checked.program.fns[id].attrs.allow;
        diagnostics.retain(|d| d.is_error() || allowed.iter().all(|a| *a != d.code.0));
    }
    if matches!(owner, BodyOwner::Fn(id) if checked.program.fns[id].has_errors()) {
        diagnostics.retain(Diagnostic::is_error);
        return diagnostics;
    }
    if !body.has_errors && !diagnostics.iter().any(Diagnostic::is_error) {
        let bodies = mir::lower::lower(&checked.program, &body);
        diagnostics.extend(mir::check::check_with(&checked.program, &bodies, &checked.known));
        let mut edges = Vec::new();
        bodies.iter().for_each(|body| growth::edges(&checked.program, body, &mut edges));
        if !edges.is_empty() {
            checked.growth.lock().expect("edges").extend(edges);
        }
        if purpose == Purpose::Report && bodies.iter().any(|body| deadlock::concerns(&checked.program, body))
        {
            checked.meets.lock().expect("owners").push(owner);
        }
        // Constants are computed next.
        let kept = purpose == Purpose::Compile || constants::is_constant(&checked.program, owner);
        if kept && !diagnostics.iter().any(Diagnostic::is_error) {
            checked.store.lock().expect("store").insert(owner, Lowered::new(body, bodies));
        }
    }
    // What is unused or never changed in a broken body may be so because it is broken.
    if diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.retain(Diagnostic::is_error);
    }
    diagnostics
}

impl Checked {
    /// What code is made from: the elaborated body of a source, or what makes a constant's value.
    pub fn body(&self, source: Source, session: &Session) -> Option<Arc<Body>> {
        if let Source::Owner(owner) = source
            && constants::is_constant(&self.program, owner)
        {
            let known = || self.constants.lock().expect("constants").get(&owner).cloned();
            if known().is_none() {
                // Of another package, which is checked on its own.
                constants::compute(self, session, vec![owner]);
            }
            if let Some(body) = known() {
                return Some(body);
            }
        }
        self.written_body(source, &session.sources)
    }

    /// The functions of the package at hand, without type parameters, that use what tasks meet at.
    pub(crate) fn meeting(&self) -> Vec<FnId> {
        let concrete = |owner: &BodyOwner| match *owner {
            BodyOwner::Fn(id) => {
                let function = &self.program.fns[id];
                let written = matches!(function.kind, FnKind::Normal | FnKind::Derived(_));
                (written && function.generics.params.is_empty()).then_some(id)
            }
            _ => None,
        };
        let mut list: Vec<FnId> = self.meets.lock().expect("owners").iter().filter_map(concrete).collect();
        list.sort();
        list
    }

    pub(crate) fn note_constant(&self, owner: BodyOwner, body: Arc<Body>) {
        self.constants.lock().expect("constants").insert(owner, body);
    }

    /// The elaborated body of a source, lowered now if it was not yet.
    pub(crate) fn written_body(&self, source: Source, sources: &SourceMap) -> Option<Arc<Body>> {
        let owner = match source {
            Source::Owner(owner) => owner,
            Source::Closure(id) => id.owner,
        };
        let lowered = self.lowered(owner, sources);
        lowered.bodies(&self.program).iter().find(|b| b.source == source).cloned()
    }

    pub(crate) fn lowered(&self, owner: BodyOwner, sources: &SourceMap) -> Arc<Lowered> {
        let found = self.store.lock().expect("store").get(&owner).cloned();
        match found {
            Some(lowered) => lowered,
            None => {
                let (body, diagnostics) = hir::check::check_body(&self.program, owner, sources);
                if body.has_errors || diagnostics.iter().any(Diagnostic::is_error) {
                    let all: Vec<_> = diagnostics
                        .iter()
                        .map(|d| {
                            let at = sources.line_col(d.primary.span);
                            let file = &sources.file(d.primary.span.file).name;
                            format!("{} {file}:{}:{}: {}", d.code, at.line, at.col, d.message)
                        })
                        .collect();
                    panic!("a body of std does not check:\n{}", all.join("\n"));
                }
                let bodies = mir::lower::lower(&self.program, &body);
                let lowered = Lowered::new(body, bodies);
                self.store.lock().expect("store").insert(owner, lowered.clone());
                lowered
            }
        }
    }
}

/// With what answers questions about concrete types.
pub(crate) fn with_solver<T>(checked: &Checked, sources: &SourceMap, f: impl FnOnce(Solver) -> T) -> T {
    let closures = AllClosures { checked, sources };
    let (env, cache) = (ParamEnv::empty(), &checked.program.trait_cache);
    f(Solver { program: &checked.program, env: &env, cache, closures: &closures })
}

/// Closures of every body, asked for while specialising.
struct AllClosures<'a> {
    checked: &'a Checked,
    sources: &'a SourceMap,
}

impl Closures for AllClosures<'_> {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        self.checked.lowered(id.owner, self.sources).typed.sig(id)
    }

    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        self.checked.lowered(id.owner, self.sources).typed.captures(id, each)
    }
}

/// For `--emit tree`: the files of the package at hand.
pub fn trees(session: &Session) -> String {
    let mut out = String::new();
    for module in session.packages.last().iter().flat_map(|p| &p.modules) {
        let source = session.sources.file(module.file);
        let parse = syntax::parse(module.file, &source.text);
        out.push_str(&format!("# {}\n{}\n", source.name, syntax::dump(&parse, &source.text)));
    }
    out
}

/// For `--emit hir`: the bodies of the package at hand.
pub fn typed_text(session: &Session, checked: &Checked) -> String {
    let mut out = String::new();
    for owner in checked_owners(&checked.program) {
        let lowered = checked.lowered(owner, &session.sources);
        out.push_str(&hir::check::dump(&checked.program, &lowered.typed));
        out.push('\n');
    }
    out
}

/// For `--emit mir`: the bodies of the package at hand, after the checks and drop elaboration.
pub fn mir_text(session: &Session, checked: &Checked) -> String {
    let mut out = String::new();
    for owner in checked_owners(&checked.program) {
        let lowered = checked.lowered(owner, &session.sources);
        for body in lowered.bodies(&checked.program) {
            out.push_str(&mir::print::print(&checked.program, body));
            out.push('\n');
        }
    }
    out
}

/// Bodies that a thread takes at a time; below this, threads cost more than they bring.
const BODIES_AT_ONCE: usize = 32;

/// Applies `f` to all items on all cores, `chunk` at a time; results in order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], chunk: usize, f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    // Deeply nested expressions recurse; the parser bounds their depth.
    const STACK: usize = 64 << 20;
    let workers = threads.min(items.len().div_ceil(chunk)).max(1);
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let start = next.fetch_add(chunk, Ordering::Relaxed);
                if start >= items.len() {
                    return done;
                }
                let end = (start + chunk).min(items.len());
                done.push((start, items[start..end].iter().map(&f).collect::<Vec<R>>()));
            }
        };
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, work)
                    .expect("a thread can be started")
            })
            .collect();
        handles.into_iter().flat_map(|h| h.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    });
    results.sort_by_key(|&(start, _)| start);
    results.into_iter().flat_map(|(_, r)| r).collect()
}

/// Laps for `--timings`.
struct Clock {
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn new() -> Clock {
        Clock { last: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, name: &'static str) {
        let now = Instant::now();
        self.laps.push((name, now - self.last));
        self.last = now;
    }
}

/// How many errors and warnings.
pub fn count(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let of = |s: Severity| diagnostics.iter().filter(|d| d.severity == s).count();
    (of(Severity::Error), of(Severity::Warning))
}
