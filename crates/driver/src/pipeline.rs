//! The stages in order: the only place that calls them.
//!
//! `packages -> collect -> check bodies -> lower -> ownership` up to the check boundary, which
//! always succeeds and reports; then `monomorphise -> LLVM -> object or memory`, where anything
//! odd is a bug of the compiler. Bodies of std are checked only when std itself is the package
//! at hand; programs lower just what they reach.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::{Diagnostic, Severity, SourceMap};
use hir::items::{BodyOwner, Program};
use hir::thir;
use mir::body::{Body, Source};

use crate::packages::Session;

/// A checked session.
pub struct Checked {
    pub program: Program,
    /// Bodies lowered so far, by their owner; elaborated once asked for.
    store: Mutex<HashMap<BodyOwner, Arc<Lowered>>>,
    /// All of the session, in source order.
    pub diagnostics: Vec<Diagnostic>,
    pub timings: Vec<(&'static str, Duration)>,
}

/// A checked body and its closures, elaborated.
pub(crate) struct Lowered {
    pub(crate) typed: thir::Body,
    pub(crate) bodies: Vec<Arc<Body>>,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Everything up to the check boundary.
pub fn check(session: &Session) -> Checked {
    let mut clock = Clock::new();
    let mut diagnostics = session.diagnostics.clone();
    let (program, found) = hir::collect::collect(&session.packages, &session.sources);
    clock.lap("collect");
    let mut checked =
        Checked { program, store: Mutex::default(), diagnostics: Vec::new(), timings: Vec::new() };
    // A text that does not parse gives a program with holes: what later stages said of it would
    // be consequences.
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(found);
        let owners = checked_owners(&checked.program, session);
        let found = in_parallel(&owners, |&owner| check_owner(&checked, owner, &session.sources));
        diagnostics.extend(found.into_iter().flatten());
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.extend(hir::resolve::unused_imports(&checked.program));
        }
        clock.lap("check");
    }
    diagnostics.sort_by_key(|d| (d.primary.span, d.severity));
    diagnostics.dedup();
    checked.diagnostics = diagnostics;
    checked.timings = clock.laps;
    checked
}

/// The bodies of the package at hand.
fn checked_owners(program: &Program, session: &Session) -> Vec<BodyOwner> {
    let package = program.roots.len().saturating_sub(1);
    let is_ours = |owner: &BodyOwner| {
        let module = match *owner {
            BodyOwner::Fn(id) => program.fns[id].module,
            BodyOwner::Const(id) => program.consts[id].module,
            BodyOwner::Static(id) => program.statics[id].module,
        };
        program.mods[module].package == package
    };
    let _ = session;
    hir::check::bodies(program).into_iter().filter(is_ours).collect()
}

fn check_owner(checked: &Checked, owner: BodyOwner, sources: &SourceMap) -> Vec<Diagnostic> {
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
        diagnostics.extend(mir::check::check(&checked.program, &bodies));
        if !diagnostics.iter().any(Diagnostic::is_error) {
            let lowered = finish_bodies(&checked.program, body, bodies);
            checked.store.lock().expect("store").insert(owner, Arc::new(lowered));
        }
    }
    diagnostics
}

/// Drop elaboration and clean-up, after the ownership checks.
fn finish_bodies(program: &Program, typed: thir::Body, bodies: Vec<Body>) -> Lowered {
    let bodies = bodies
        .into_iter()
        .map(|mut body| {
            mir::elaborate::elaborate(program, &mut body);
            mir::simplify::simplify(&mut body);
            Arc::new(body)
        })
        .collect();
    Lowered { typed, bodies }
}

impl Checked {
    /// The elaborated body of a source, lowered now if it was not yet.
    pub fn body(&self, source: Source, sources: &SourceMap) -> Option<Arc<Body>> {
        let owner = match source {
            Source::Owner(owner) => owner,
            Source::Closure(id) => id.owner,
        };
        self.lowered(owner, sources).bodies.iter().find(|b| b.source == source).cloned()
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
                let lowered = Arc::new(finish_bodies(&self.program, body, bodies));
                self.store.lock().expect("store").insert(owner, lowered.clone());
                lowered
            }
        }
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
    for owner in checked_owners(&checked.program, session) {
        let lowered = checked.lowered(owner, &session.sources);
        out.push_str(&hir::check::dump(&checked.program, &lowered.typed));
        out.push('\n');
    }
    out
}

/// For `--emit mir`: the bodies of the package at hand, after the checks and drop elaboration.
pub fn mir_text(session: &Session, checked: &Checked) -> String {
    let mut out = String::new();
    for owner in checked_owners(&checked.program, session) {
        for body in &checked.lowered(owner, &session.sources).bodies {
            out.push_str(&mir::print::print(&checked.program, body));
            out.push('\n');
        }
    }
    out
}

/// Applies `f` to all items on all cores; results in order.
fn in_parallel<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    // Below this the threads cost more than they bring.
    const CHUNK: usize = 32;
    // Deeply nested expressions recurse; the parser bounds their depth.
    const STACK: usize = 64 << 20;
    let workers = threads.min(items.len().div_ceil(CHUNK)).max(1);
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let start = next.fetch_add(CHUNK, Ordering::Relaxed);
                if start >= items.len() {
                    return done;
                }
                let end = (start + CHUNK).min(items.len());
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
        handles
            .into_iter()
            .flat_map(|h| h.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
            .collect()
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
