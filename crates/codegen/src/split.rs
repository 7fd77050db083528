//! Machine code on several cores: a program is divided into parts, each made into an object file by
//! a thread of its own.
//!
//! A release's module is optimised as a whole first, so that functions can be inlined into those of
//! other parts: then every part begins as the whole module and loses the code of the others. In the
//! other modes only tiny functions are inlined, so that [`Parts`] divide the program before LLVM sees
//! it. The one thing to know: what was internal becomes hidden under a name of its own, so that the
//! parts can name each other's functions.

use base::{FxHashSet, IndexVec};
use mir::body::Body;
use mir::mono::{FuncId, Program, Role, Target};

use llvm_sys::LLVMLinkage::*;
use llvm_sys::core::*;
use llvm_sys::prelude::LLVMModuleRef;

use crate::llvm::{Module, Value, ll};
use crate::target::{FileType, Machine};
use crate::unit::shared_symbol;
use crate::{Error, Mode, Object, Options, unwind};

/// Where the functions of a program are, and what all of its parts have to know of them.
pub struct Parts {
    pub count: usize,
    pub may_unwind: IndexVec<FuncId, bool>,
    /// Inlined wherever it is called. Of a divided program every part that needs it has a copy.
    pub inlined: IndexVec<FuncId, bool>,
    part_of: IndexVec<FuncId, usize>,
    unused: FxHashSet<FuncId>,
}

impl Parts {
    /// Parts of fewer statements than this cost more than they save.
    const LEAST: usize = 3000;

    /// One part with everything.
    pub fn whole(program: &Program, options: &Options) -> Parts {
        let inlined = |id: FuncId| {
            let function = &program.functions[id];
            let other = options.is_debugged(function) || function.body.attrs.cold;
            !other && (function.role == Role::Const || is_tiny(program, id))
        };
        Parts {
            count: 1,
            may_unwind: unwind::may_unwind(program),
            inlined: program.functions.ids().map(inlined).collect(),
            part_of: IndexVec::from_elem(0, program.functions.len()),
            unused: program.unused.clone(),
        }
    }

    /// As many as are worth it, of equal weight. What is executed elsewhere is divided in the same way
    /// on every machine.
    pub fn divide(program: &Program, options: &Options) -> Parts {
        let mut parts = Parts::whole(program, options);
        let weight = |id: FuncId| {
            if parts.inlined[id] { 0 } else { statements(&program.functions[id].body) }
        };
        let weights: IndexVec<FuncId, usize> = program.functions.ids().map(weight).collect();
        let total: usize = weights.iter().sum();
        let most = match options.mode {
            Mode::Quick => std::thread::available_parallelism().map_or(1, usize::from).min(8),
            _ => 4,
        };
        parts.count = (total / Self::LEAST).clamp(1, most);
        let mut before = 0;
        for (part, weight) in parts.part_of.iter_mut().zip(weights.iter()) {
            *part = (before + weight / 2) * parts.count / total.max(1);
            before += weight;
        }
        parts
    }

    pub fn is_whole(&self) -> bool {
        self.count == 1
    }

    /// The functions whose code is in this part, but for copies.
    pub fn functions_of(&self, part: usize) -> impl Iterator<Item = FuncId> {
        let here = move |&id: &FuncId| self.is_whole() || (self.part_of[id] == part && !self.inlined[id]);
        self.part_of.ids().filter(|id| !self.unused.contains(id)).filter(here)
    }
}

fn statements(body: &Body) -> usize {
    body.blocks.iter().map(|b| b.statements.len() + 1).sum()
}

/// Inlining it makes the caller no bigger than the call would.
fn is_tiny(program: &Program, id: FuncId) -> bool {
    let function = &program.functions[id];
    let body = &function.body;
    let (max_statements, max_blocks, max_calls) = if body.attrs.inline { (14, 8, 2) } else { (5, 2, 1) };
    if body.blocks.len() > max_blocks || program.waits.function(id) {
        return false;
    }
    let calls = function
        .targets
        .iter()
        .filter(|t| matches!(t, Some(Target::Function(_) | Target::Virtual { .. })))
        .count();
    let calls_itself = function.targets.iter().any(|t| matches!(t, Some(Target::Function(f)) if *f == id));
    let statements: usize = body.blocks.iter().map(|b| b.statements.len()).sum();
    statements <= max_statements && calls <= max_calls && !calls_itself
}

/// Makes the objects of all parts, each on a thread of its own.
pub fn side_by_side(
    parts: usize,
    make: impl Fn(usize) -> Result<Object, Error> + Sync,
) -> Result<Vec<Object>, Error> {
    std::thread::scope(|scope| {
        let make = &make;
        let others: Vec<_> = (1..parts).map(|part| scope.spawn(move || make(part))).collect();
        let first = make(0);
        let others = others.into_iter().map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p)));
        std::iter::once(first).chain(others).collect()
    })
}

/// Parts of fewer instructions than this cost more than they save.
const LEAST: usize = 4000;

/// The objects of an optimised module. Their number depends on the module alone, so that the same source gives
/// the same executable on every machine.
pub fn emit(m: &Module, machine: &Machine, options: &Options) -> Result<Vec<Object>, String> {
    let weights: Vec<usize> = defined_functions(m.module).map(instructions).collect();
    let total: usize = weights.iter().sum();
    let parts = (total / LEAST).clamp(1, 4);
    // What a sanitizer adds is not made to be divided.
    if parts == 1 || options.sanitizer.is_some() {
        return Ok(vec![Object(machine.emit(m, FileType::Object)?)]);
    }
    let mut before = 0;
    let part_of: Vec<usize> = weights
        .iter()
        .map(|weight| {
            before += weight;
            (before - weight / 2 - 1) * parts / total
        })
        .collect();
    let (bitcode, part_of) = (m.bitcode(), &part_of);
    let emit_part = |m: &Module, machine: &Machine, part| {
        keep(m, part_of, part);
        machine.run(m, c"elim-avail-extern,globaldce", false)?;
        Ok(Object(machine.emit(m, FileType::Object)?))
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..parts)
            .map(|part| {
                let bitcode = &bitcode;
                scope.spawn(move || emit_part(&Module::read(bitcode)?, &Machine::new(options)?, part))
            })
            .collect();
        let first = emit_part(m, machine, 0);
        let others = others.into_iter().map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p)));
        std::iter::once(first).chain(others).collect()
    })
}

/// Leaves only the code of one part, and in the first the variables. What the others define is
/// marked for removal.
fn keep(m: &Module, part_of: &[usize], part: usize) {
    for (function, &home) in defined_functions(m.module).zip(part_of) {
        share(function);
        if home != part {
            ll!(LLVMSetLinkage(function, LLVMAvailableExternallyLinkage));
        }
    }
    // Private constants are in every part that uses them.
    let shared =
        globals(m).filter(|&g| matches!(ll!(LLVMGetLinkage(g)), LLVMInternalLinkage | LLVMExternalLinkage));
    for global in shared.filter(|&g| ll!(LLVMIsDeclaration(g)) == 0) {
        share(global);
        if part != 0 {
            ll!(LLVMSetLinkage(global, LLVMAvailableExternallyLinkage));
        }
    }
}

/// Makes something internal visible to the other parts, but to no library: its name could be that
/// of a function of C.
fn share(global: Value) {
    if ll!(LLVMGetLinkage(global)) != LLVMInternalLinkage {
        return;
    }
    let mut len = 0;
    let name = ll!(LLVMGetValueName2(global, &mut len));
    let name = ll!(std::slice::from_raw_parts(name.cast::<u8>(), len));
    let name = shared_symbol(&String::from_utf8_lossy(name));
    ll!(LLVMSetValueName2(global, name.as_ptr().cast(), name.len()));
    ll!(LLVMSetLinkage(global, LLVMExternalLinkage));
    ll!(LLVMSetVisibility(global, llvm_sys::LLVMVisibility::LLVMHiddenVisibility));
}

pub fn defined_functions(m: LLVMModuleRef) -> impl Iterator<Item = Value> {
    let all = chain(ll!(LLVMGetFirstFunction(m)), |f| ll!(LLVMGetNextFunction(f)));
    all.filter(|&f| ll!(LLVMIsDeclaration(f)) == 0)
}

fn globals(m: &Module) -> impl Iterator<Item = Value> {
    chain(ll!(LLVMGetFirstGlobal(m.module)), |g| ll!(LLVMGetNextGlobal(g)))
}

fn instructions(function: Value) -> usize {
    chain(ll!(LLVMGetFirstBasicBlock(function)), |b| ll!(LLVMGetNextBasicBlock(b)))
        .map(|b| chain(ll!(LLVMGetFirstInstruction(b)), |i| ll!(LLVMGetNextInstruction(i))).count())
        .sum()
}

/// A list of LLVM's, to its null.
fn chain<T>(first: *mut T, next: impl Fn(*mut T) -> *mut T) -> impl Iterator<Item = *mut T> {
    let some = |p: *mut T| (!p.is_null()).then_some(p);
    std::iter::successors(some(first), move |&p| some(next(p)))
}
