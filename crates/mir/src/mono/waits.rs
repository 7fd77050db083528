//! Which functions wait: a fixpoint over the call graph of the monomorphic program.
//!
//! A function waits if it calls something that waits: a function of the runtime that is marked so, or
//! a function that waits, directly or through a table. Those functions, and no others, become state machines
//! (`abi::waiting` says what that is). The one thing to know: of a method in a table only the group counts, the
//! slot of one `dyn` type; if one implementation waits, all of them are called as if they did, and those that do not are
//! adapted.
//!
//! Destructors cannot wait: they run where nothing may be suspended, on every way out. So a drop never makes a
//! function wait, and a destructor that would is an error.

use base::{Diagnostic, FxHashMap, FxHashSet, Idx, IndexVec, Span, codes};
use hir::ty::Ty;

use super::{FuncId, Function, Program, Role, Target};
use crate::body::{BlockId, Body, Call, TerminatorKind};

/// The result of the inference.
#[derive(Debug, Default)]
pub struct Waits {
    functions: IndexVec<FuncId, bool>,
    /// By `dyn` type and slot.
    slots: FxHashSet<(Ty, u32)>,
}

impl Waits {
    /// Finds out which functions of a program wait.
    pub fn infer(program: &Program) -> Waits {
        let mut callers: FxHashMap<Callee, Vec<FuncId>> = FxHashMap::default();
        let mut waits =
            Waits { functions: IndexVec::from_elem(false, program.functions.len()), ..Waits::default() };
        let mut work: Vec<FuncId> = Vec::new();
        for (id, function) in program.functions.iter_enumerated() {
            let mut found = function.role == Role::Entry;
            for (block, data) in function.body.blocks.iter_enumerated() {
                let (TerminatorKind::Call(call), Some(target)) =
                    (&data.terminator.kind, &function.targets[block.index()])
                else {
                    continue;
                };
                match target {
                    Target::Function(callee) => {
                        callers.entry(Callee::Function(*callee)).or_default().push(id)
                    }
                    Target::Virtual { slot } => {
                        let callee = Callee::Slot(table_type(&function.body, call), *slot);
                        callers.entry(callee).or_default().push(id);
                    }
                    Target::Extern { symbol, .. } => found |= extern_waits(symbol.as_str()),
                    Target::Intrinsic { .. } | Target::Nothing => {}
                }
            }
            if found {
                work.push(id);
            }
        }
        let mut groups: FxHashMap<FuncId, Vec<(Ty, u32)>> = FxHashMap::default();
        for (&(_, dyn_ty), &table) in &program.vtable_ids {
            for (slot, method) in program.vtables[table].methods.iter().enumerate() {
                if let Some(method) = method {
                    groups.entry(*method).or_default().push((dyn_ty, slot as u32));
                }
            }
        }
        while let Some(id) = work.pop() {
            if std::mem::replace(&mut waits.functions[id], true) {
                continue;
            }
            work.extend(callers.get(&Callee::Function(id)).into_iter().flatten());
            for &(dyn_ty, slot) in groups.get(&id).into_iter().flatten() {
                if waits.slots.insert((dyn_ty, slot)) {
                    work.extend(callers.get(&Callee::Slot(dyn_ty, slot)).into_iter().flatten());
                }
            }
        }
        waits
    }

    pub fn function(&self, id: FuncId) -> bool {
        self.functions.get(id).copied().unwrap_or(false)
    }

    pub fn slot(&self, dyn_ty: Ty, slot: u32) -> bool {
        self.slots.contains(&(dyn_ty, slot))
    }

    /// Whether a call may wait.
    pub fn call(&self, body: &Body, call: &Call, target: &Target) -> bool {
        match target {
            Target::Function(id) => self.function(*id),
            Target::Extern { symbol, .. } => extern_waits(symbol.as_str()),
            Target::Virtual { slot } => self.slot(table_type(body, call), *slot),
            Target::Intrinsic { .. } | Target::Nothing => false,
        }
    }

    /// Whether the call that ends a block may wait.
    pub fn block(&self, function: &Function, block: BlockId) -> bool {
        match (&function.body.blocks[block].terminator.kind, &function.targets[block.index()]) {
            (TerminatorKind::Call(call), Some(target)) => self.call(&function.body, call, target),
            _ => false,
        }
    }
}

fn extern_waits(symbol: &str) -> bool {
    abi::function(symbol).is_some_and(|f| f.effects.waits)
}

/// The `dyn` type through whose table a call goes.
fn table_type(body: &Body, call: &Call) -> Ty {
    call.args[0].ty(&body.locals).peel_refs()
}

/// Who is called, as far as waiting is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Callee {
    Function(FuncId),
    Slot(Ty, u32),
}

/// Destructors and `[no_wait]` functions that would wait, each with the way to what it waits for.
pub(super) fn check(program: &Program) -> Vec<Diagnostic> {
    let mut seen = FxHashSet::default();
    let mut result: Vec<(Span, Diagnostic)> = Vec::new();
    let mut promised = FxHashSet::default();
    for (id, function) in program.functions.iter_enumerated() {
        let body = &function.body;
        // Of the instances of a generic function the first one speaks for all.
        if body.attrs.no_wait && program.waits.function(id) && promised.insert(body.span) {
            let help = "use the forms that do not wait (`try_recv`, `try_lock`, …), or take `[no_wait]` away";
            let what = format!("`{}` must not wait, but may", body.name);
            result.push((body.span, report(program, id, codes::E0652, what, help)));
        }
    }
    for &glue in program.drop_glue.values() {
        let function = &program.functions[glue];
        for target in function.targets.iter().flatten() {
            if let Target::Function(drop) = target
                && program.functions[*drop].role == Role::User
                && program.waits.function(*drop)
                && seen.insert(*drop)
            {
                let span = program.functions[*drop].body.span;
                let what = format!("the destructor `{}` waits", program.functions[*drop].body.name);
                let help = "a destructor runs on every way out, where nothing can wait: use `defer:`, or a method \
                            that is called";
                result.push((span, report(program, *drop, codes::E0651, what, help)));
            }
        }
    }
    result.sort_by_key(|(span, _)| span.start());
    result.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

fn report(program: &Program, from: FuncId, code: base::Code, what: String, help: &str) -> Diagnostic {
    let steps = path(program, from);
    let at = steps.first().map_or(program.functions[from].body.span, |step| step.1);
    let mut diagnostic = Diagnostic::error(code, at, what).label("this may wait");
    for (name, span) in steps.iter().skip(1).take(4) {
        diagnostic = diagnostic.also(*span, format!("because `{name}` may wait here"));
    }
    diagnostic.help(help)
}

/// The calls that lead to a wait: the function and where in it.
fn path(program: &Program, from: FuncId) -> Vec<(String, Span)> {
    let mut steps = Vec::new();
    let mut seen = FxHashSet::default();
    let mut at = Some(from);
    while let Some(id) = at.take() {
        if !seen.insert(id) {
            break;
        }
        let function = &program.functions[id];
        for block in function.body.blocks.ids() {
            if program.waits.block(function, block) {
                steps.push((function.body.name.clone(), function.body.blocks[block].terminator.span));
                if let Some(Target::Function(callee)) = function.targets[block.index()] {
                    at = Some(callee);
                }
                break;
            }
        }
    }
    steps
}
