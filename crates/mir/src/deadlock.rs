//! Static deadlock analysis of the monomorphic program.
//!
//! Not here: whether a task that is blocked is noticed while it runs (`rt`), and the exploration of schedules that
//! confirms candidates. The idea: walk each function once, bottom-up over the call graph, and keep
//! what it does to locks in terms of its parameters ([`summary`]); at each call the caller puts its own objects
//! in. What a function can say about one activation for sure is found while it is walked ([`flow`]); what needs several
//! tasks is found among the merged events of `main` ([`order`]).
//!
//! An **error** is certain: a statement that, once it is reached, can only block for ever. It is found with
//! guards that are alive on every path, of locks that are the same by their path ([`path`] says when that is sure), and
//! with calls that lead to the second lock on every path to their return. All the rest is a **candidate**:
//! nothing says that the schedule exists, so it is no more than a hint for whoever explores schedules.
//!
//! Drops are explicit in these bodies and calls are resolved, which is why it is done here and not on generic
//! bodies. Only functions from which an operation on locks can be reached are looked at: [`ops`] says what std's
//! operations mean, their own bodies are not walked.
//!
//! In reading order: [`path`], [`ops`], [`resolve`], [`summary`], [`state`], [`flow`], [`calls`], [`tasks`], [`channels`],
//! [`order`], [`rules`], [`report`].

mod calls;
mod channels;
mod flow;
mod graph;
mod ops;
mod order;
mod path;
mod report;
mod resolve;
mod rules;
mod state;
mod summary;
mod tasks;
mod types;

use base::{Code, Diagnostic, FxHashMap, FxHashSet, Idx, IndexVec, Severity, Span, codes};
use hir::items::Program;
use hir::ty::Ty;

use crate::body::{Body, Callee, Local, TerminatorKind};
use crate::mono::{self, FuncId, Role, Target};
use flow::{Endless, Flow, Twice, Why};
use ops::Op;
use resolve::Resolver;
use rules::Rules;
use summary::Summaries;
use types::Types;

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    pub candidates: Vec<Candidate>,
}

/// Something that may block for ever in some schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub kind: Kind,
    pub message: String,
    /// What is done where, in an order that may be tried.
    pub steps: Vec<Step>,
    /// Of a circle of actors their names.
    pub actors: Vec<String>,
    /// It is shown without being asked for, as a warning: whether it happens is no question of how much is on its way.
    pub is_warned: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub span: Span,
    pub text: String,
    /// Where its task was started; nowhere: `main`.
    pub task: Option<Span>,
    /// Whoever does it waits here for ever, if there is such a schedule.
    pub waits: bool,
    /// Other places where the same is done.
    pub elsewhere: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    LockOrder,
    ReadTwice,
    /// A guard is alive while somebody is waited for who needs the lock.
    HeldOver,
    /// A wait that nobody may come to end.
    Endless,
    /// A send by one who keeps a receiver alive.
    OwnReceiver,
    /// A condition variable that is waited for without a condition.
    NoLoop,
    /// Actors that ask in a circle.
    Asks,
}

impl Candidate {
    /// The steps in an order that may lead to it, if anything does: of a circle everyone has his first lock before
    /// somebody waits for a second one.
    pub fn tried(&self) -> Vec<&Step> {
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        if self.kind == Kind::LockOrder {
            steps.sort_by_key(|step| step.waits);
        }
        steps
    }

    /// What to do, where one thing does in most cases.
    fn help(&self) -> Option<&'static str> {
        match self.kind {
            Kind::LockOrder => Some(
                "take the locks in one order everywhere, or mutexes in one step: `let [a, b] = lock_all(x, y)` (std::sync)",
            ),
            Kind::ReadTwice => Some("read once, and hand the value on"),
            Kind::NoLoop => Some("wait with a condition: `wait_while(guard, |value| …)`"),
            Kind::HeldOver | Kind::Endless | Kind::OwnReceiver | Kind::Asks => None,
        }
    }

    /// The warning that it is, too, if it is one.
    pub fn warning(&self) -> Option<Diagnostic> {
        self.is_warned.then(|| Diagnostic { severity: Severity::Warning, ..self.note() })
    }

    /// As a note for people.
    pub fn note(&self) -> Diagnostic {
        let mut steps = self.steps.iter();
        let first = steps.next().map_or_else(Span::default, |s| s.span);
        let mut note = Diagnostic::new(Severity::Note, self.kind.code(), first, self.message.clone());
        if let Some(step) = self.steps.first() {
            note = note.label(format!("1: {}", step.text));
        }
        for (i, step) in self.steps.iter().enumerate().skip(1) {
            note = note.also(step.span, format!("{}: {}", i + 1, step.text));
        }
        let mut tasks: Vec<(Span, Vec<String>)> = Vec::new();
        for (i, step) in self.steps.iter().enumerate() {
            let Some(task) = step.task else { continue };
            let number = (i + 1).to_string();
            match tasks.iter_mut().find(|(known, _)| *known == task) {
                Some((_, steps)) => steps.push(number),
                None => tasks.push((task, vec![number])),
            }
        }
        for (task, steps) in tasks {
            let steps = steps.join(", ");
            note = note.also(task, format!("{steps}: in a task that is started here"));
        }
        match self.help() {
            Some(help) => note.help(help),
            None => note,
        }
    }
}

impl Kind {
    pub fn code(self) -> Code {
        match self {
            Kind::LockOrder => codes::W0661,
            Kind::ReadTwice => codes::W0662,
            Kind::HeldOver => codes::W0663,
            Kind::Endless | Kind::OwnReceiver => codes::W0664,
            Kind::NoLoop => codes::W0665,
            Kind::Asks => codes::W0666,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::LockOrder => "lock-order",
            Kind::ReadTwice => "read-lock-twice",
            Kind::HeldOver => "lock-over-wait",
            Kind::Endless => "endless-wait",
            Kind::OwnReceiver => "own-receiver",
            Kind::NoLoop => "wait-without-loop",
            Kind::Asks => "ask-circle",
        }
    }
}

/// Rounds of the fixpoint, which mutual recursion may need; what is not known by then is not found.
const ROUNDS: usize = 5;

/// Looks for deadlocks in a whole program.
pub fn analyse(items: &Program, program: &mono::Program) -> Findings {
    let ops = ops::find(items, program);
    if !ops.iter().flatten().any(|op| op.waits()) {
        return Findings::default();
    }
    let types = Types::new(items, program);
    let graph = Calls::new(items, program, &ops, &types);
    let mut summaries = Summaries {
        list: IndexVec::from_elem(None, program.functions.len()),
        ops,
        closures: graph.closures,
        capacities: FxHashMap::default(),
        receivers: FxHashMap::default(),
        closed: graph.closed,
        slots: graph.slots,
    };
    let mut certain: FxHashMap<FuncId, (Vec<Twice>, Vec<Endless>)> = FxHashMap::default();
    let mut stale = IndexVec::from_elem(true, program.functions.len());
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &id in &graph.order {
            if !std::mem::replace(&mut stale[id], false) {
                continue;
            }
            let resolver = Resolver::new(items, program, &summaries, &types, id);
            let outcome = Flow::new(program, &summaries, &types, resolver).run();
            certain.insert(id, (outcome.twice, outcome.endless));
            summaries
                .capacities
                .extend(outcome.capacities.into_iter().map(|(local, room)| ((id, local), room)));
            summaries
                .receivers
                .extend(outcome.receivers.into_iter().map(|(local, ends)| ((id, local), ends)));
            if summaries.list[id].as_ref() != Some(&outcome.summary) {
                summaries.list[id] = Some(outcome.summary);
                for &caller in graph.callers.get(&id).into_iter().flatten() {
                    stale[caller] = true;
                }
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let reporter = report::Reporter { items, program };
    let cancels = ops::cancels(items, program);
    let foreground = graph.foreground;
    let graph_roots = graph.roots;
    let mut findings = Findings::default();
    for &id in &graph.order {
        let Some((twice, endless)) = certain.get(&id) else {
            continue;
        };
        findings.diagnostics.extend(twice.iter().filter_map(|found| reporter.twice(found)));
        for found in endless {
            // Who waits in the background is cancelled when `main` ends; nobody but the holder of a guard gives it back.
            let background = found.why != Why::JoinNeedsLock && !foreground[id];
            if cancels || found.meant || background {
                findings.candidates.extend(reporter.endless_candidate(found));
            } else {
                findings.diagnostics.extend(reporter.endless(found));
            }
        }
    }
    for root in graph_roots {
        if let Some(summary) = summaries.of(root) {
            order::look(&reporter, summary, &mut findings);
            Rules { reporter: &reporter, summaries: &summaries, summary }.look(&mut findings);
        }
    }
    asks(program, &summaries, &reporter, &mut findings);
    let warnings: Vec<Diagnostic> = findings.candidates.iter().filter_map(Candidate::warning).collect();
    findings.diagnostics.extend(warnings);
    reporter.tidy(&mut findings);
    findings
}

/// Whether a body, as it is written, does something that the analysis is about. Only then a check needs the
/// monomorphic program.
pub fn concerns(items: &Program, body: &Body) -> bool {
    let concerns = |module: hir::items::ModId| {
        let data = &items.mods[module];
        data.package == 0
            && data.parent.is_some()
            && MODULES.contains(&ops::top_module(items, module).as_str())
    };
    body.blocks.iter().any(|block| match &block.terminator.kind {
        TerminatorKind::Call(call) => match &call.callee {
            Callee::Fn { id, .. } => items.fns.get(*id).is_some_and(|f| concerns(f.module)),
            Callee::TraitMethod { trait_, .. } => concerns(items.traits[*trait_].module),
            _ => false,
        },
        _ => false,
    })
}

/// Modules of std whose functions the analysis is about.
const MODULES: &[&str] = &["sync", "task", "thread"];

/// Circles of actors' states whose methods wait for answers of the next one.
fn asks(
    program: &mono::Program,
    summaries: &Summaries,
    reporter: &report::Reporter,
    findings: &mut Findings,
) {
    let mut edges: Vec<(Ty, Ty, &summary::Story)> = Vec::new();
    for (id, function) in program.functions.iter_enumerated() {
        let Some(summary) = summaries.of(id) else {
            continue;
        };
        if summary.awaits.is_empty() || function.body.arg_count == 0 {
            continue;
        }
        let state = function.body.locals[Local::new(1)].ty.peel_refs();
        for (asked, story) in &summary.awaits {
            if !edges.iter().any(|e| (e.0, e.1) == (state, *asked)) {
                edges.push((state, *asked, story));
            }
        }
    }
    let mut seen: Vec<Vec<usize>> = Vec::new();
    for start in 0..edges.len() {
        let mut stack = vec![vec![start]];
        while let Some(chain) = stack.pop() {
            let last = edges[chain[chain.len() - 1]].1;
            if last == edges[start].0 {
                let mut key = chain.clone();
                key.sort();
                if !seen.contains(&key) {
                    seen.push(key);
                    let circle: Vec<_> = chain.iter().map(|&i| (edges[i].0, edges[i].2)).collect();
                    findings.candidates.push(reporter.asks(&circle));
                }
                continue;
            }
            for (next, edge) in edges.iter().enumerate() {
                if edge.0 == last && next > start && !chain.contains(&next) && chain.len() < 6 {
                    let mut longer = chain.clone();
                    longer.push(next);
                    stack.push(longer);
                }
            }
        }
    }
}

/// Who calls whom, of the functions from which a lock can be reached.
struct Calls {
    /// Callees first, as far as there is no recursion.
    order: Vec<FuncId>,
    callers: FxHashMap<FuncId, Vec<FuncId>>,
    closures: FxHashMap<Ty, FuncId>,
    slots: FxHashMap<(Ty, u32), Vec<FuncId>>,
    closed: FxHashSet<Ty>,
    /// What the program's entries run themselves, not in tasks.
    foreground: IndexVec<FuncId, bool>,
    /// Where tasks begin: the program's entries, and functions that nobody calls.
    roots: Vec<FuncId>,
}

impl Calls {
    fn new(
        items: &Program,
        program: &mono::Program,
        ops: &IndexVec<FuncId, Option<Op>>,
        types: &Types,
    ) -> Calls {
        let mut closures = FxHashMap::default();
        for (id, function) in program.functions.iter_enumerated() {
            if function.role == Role::Closure {
                let env = function.body.locals[crate::body::Local::new(1)].ty.peel_refs();
                closures.insert(env, id);
            }
        }
        let mut slots: FxHashMap<(Ty, u32), Vec<FuncId>> = FxHashMap::default();
        for (&(_, dyn_ty), &table) in &program.vtable_ids {
            for (slot, method) in program.vtables[table].methods.iter().enumerate() {
                if let Some(method) = method {
                    slots.entry((dyn_ty, slot as u32)).or_default().push(*method);
                }
            }
        }
        slots.values_mut().for_each(|list| list.sort());
        let mut closed = FxHashSet::default();
        let mut spawned: FxHashSet<(FuncId, FuncId)> = FxHashSet::default();
        let mut callees: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        let mut work = Vec::new();
        for (id, function) in program.functions.iter_enumerated() {
            if ops[id].is_some() {
                continue;
            }
            let mut relevant = types.holds_shared(function.body.locals[crate::body::RETURN].ty);
            let mut add = |callee: FuncId| match ops[callee] {
                Some(op) => relevant |= op.waits(),
                None => {
                    callees.entry(id).or_default().push(callee);
                    callers.entry(callee).or_default().push(id);
                }
            };
            for (block, data) in function.body.blocks.iter_enumerated() {
                let TerminatorKind::Call(call) = &data.terminator.kind else {
                    continue;
                };
                if data.cleanup {
                    continue;
                }
                match &function.targets[block.index()] {
                    Some(Target::Function(callee)) => {
                        add(*callee);
                        let code = match ops[*callee] {
                            Some(Op::Spawn { closure, .. }) => Some(closure),
                            Some(Op::Once) => Some(1),
                            Some(Op::Close) if !ops::is_std(items, function) => {
                                let end = call.args[0].ty(&function.body.locals);
                                closed.extend(channels::message(end));
                                None
                            }
                            _ => None,
                        };
                        if let Some(closure) = code
                            && let Some(&code) =
                                closures.get(&call.args[closure].ty(&function.body.locals).peel_refs())
                        {
                            add(code);
                            if matches!(ops[*callee], Some(Op::Spawn { .. })) {
                                spawned.insert((id, code));
                            }
                        }
                    }
                    Some(Target::Virtual { slot }) => {
                        let ty = call.args[0].ty(&function.body.locals).peel_refs();
                        slots.get(&(ty, *slot)).into_iter().flatten().for_each(|&f| add(f));
                    }
                    _ => {}
                }
            }
            if relevant {
                work.push(id);
            }
        }
        let mut relevant = IndexVec::from_elem(false, program.functions.len());
        while let Some(id) = work.pop() {
            if !std::mem::replace(&mut relevant[id], true) {
                work.extend(callers.get(&id).into_iter().flatten());
            }
        }
        let order = postorder(&relevant, &callees);
        let mut foreground = IndexVec::from_elem(false, program.functions.len());
        let mut work: Vec<FuncId> = program.main.into_iter().chain(program.tests.iter().copied()).collect();
        while let Some(id) = work.pop() {
            if !std::mem::replace(&mut foreground[id], true) {
                let called = callees.get(&id).into_iter().flatten();
                work.extend(called.filter(|&&callee| !spawned.contains(&(id, callee))));
            }
        }
        let entries = program.main.into_iter().chain(program.tests.iter().copied());
        // Callers come after what they call.
        let others = order.iter().rev().filter(|id| program.others.contains(id));
        let mut reached = IndexVec::from_elem(false, program.functions.len());
        let mut roots = Vec::new();
        for root in entries.chain(others.copied()) {
            if !relevant[root] || reached[root] {
                continue;
            }
            roots.push(root);
            let mut work = vec![root];
            while let Some(id) = work.pop() {
                if !std::mem::replace(&mut reached[id], true) {
                    work.extend(callees.get(&id).into_iter().flatten());
                }
            }
        }
        Calls { order, callers, closures, slots, closed, foreground, roots }
    }
}

fn postorder(relevant: &IndexVec<FuncId, bool>, callees: &FxHashMap<FuncId, Vec<FuncId>>) -> Vec<FuncId> {
    let mut order = Vec::new();
    let mut seen = IndexVec::from_elem(false, relevant.len());
    for (start, &wanted) in relevant.iter_enumerated() {
        if !wanted || seen[start] {
            continue;
        }
        seen[start] = true;
        let mut stack = vec![(start, 0)];
        while let Some((id, next)) = stack.last_mut() {
            match callees.get(id).and_then(|list| list.get(*next)) {
                Some(&callee) => {
                    *next += 1;
                    if relevant[callee] && !std::mem::replace(&mut seen[callee], true) {
                        stack.push((callee, 0));
                    }
                }
                None => {
                    order.push(*id);
                    stack.pop();
                }
            }
        }
    }
    order
}

/// The full names of std's functions that the analysis knows.
pub fn operations() -> impl Iterator<Item = &'static str> {
    ops::TABLE.iter().map(|&(name, _)| name)
}
