//! Machine code on several cores: an optimised module is divided into parts, each made into an
//! object file by a thread of its own.
//!
//! Not here: dividing before optimisation, which would keep functions from being inlined into those
//! of other parts. The one thing to know: every part begins as the whole module and loses the code
//! of the others; what was internal becomes hidden under a name of its own, so that the parts can
//! name each other's functions.

use llvm_sys::LLVMLinkage::*;
use llvm_sys::core::*;

use crate::llvm::{Module, Value, ll};
use crate::target::{FileType, Machine};
use crate::{Mode, Object, Options};

/// Parts of fewer instructions than this cost more than they save.
const LEAST: usize = 4000;

/// The objects of a module. Their number depends on the module alone, so that the same source gives
/// the same executable on every machine.
pub fn emit(m: &Module, machine: &Machine, options: &Options) -> Result<Vec<Object>, String> {
    let weights: Vec<usize> = defined_functions(m).map(instructions).collect();
    let total: usize = weights.iter().sum();
    let most = if options.mode == Mode::Quick { 2 } else { 4 };
    let parts = (total / LEAST).clamp(1, most);
    if parts == 1 {
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
    for (function, &home) in defined_functions(m).zip(part_of) {
        share(function);
        if home != part {
            ll!(LLVMSetLinkage(function, LLVMAvailableExternallyLinkage));
        }
    }
    // Private constants are in every part that uses them.
    let shared = globals(m).filter(|&g| matches!(ll!(LLVMGetLinkage(g)), LLVMInternalLinkage | LLVMExternalLinkage));
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
    let mut name = ll!(std::slice::from_raw_parts(name.cast::<u8>(), len)).to_vec();
    name.extend_from_slice(b".altru");
    ll!(LLVMSetValueName2(global, name.as_ptr().cast(), name.len()));
    ll!(LLVMSetLinkage(global, LLVMExternalLinkage));
    ll!(LLVMSetVisibility(global, llvm_sys::LLVMVisibility::LLVMHiddenVisibility));
}

fn defined_functions(m: &Module) -> impl Iterator<Item = Value> {
    let all = chain(ll!(LLVMGetFirstFunction(m.module)), |f| ll!(LLVMGetNextFunction(f)));
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
