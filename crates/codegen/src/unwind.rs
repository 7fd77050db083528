//! Which functions a panic may leave: a fixpoint over the call graph. The others are `nounwind`,
//! so calls to them need no landing pads. None leaves a function that waits: there it becomes a status.

use base::{Idx, IndexVec};
use mir::body::TerminatorKind;
use mir::mono::{FuncId, Program, Target, internal};

pub fn may_unwind(program: &Program) -> IndexVec<FuncId, bool> {
    let count = program.functions.len();
    let mut callers: Vec<Vec<FuncId>> = vec![Vec::new(); count];
    let mut result = IndexVec::from_elem(false, count);
    let mut work = Vec::new();
    for (id, function) in program.functions.iter_enumerated() {
        if program.waits.function(id) {
            continue;
        }
        let mut unwinds = false;
        for (block, data) in function.body.blocks.iter_enumerated() {
            match &data.terminator.kind {
                TerminatorKind::Assert { .. } => unwinds = true,
                TerminatorKind::Call(_) | TerminatorKind::Drop { .. } => {}
                _ => continue,
            }
            match &function.targets[block.index()] {
                Some(Target::Function(callee)) => callers[callee.index()].push(id),
                Some(Target::Virtual { .. }) => unwinds = true,
                Some(Target::Extern { symbol, .. }) => {
                    unwinds |= abi::function(symbol.as_str()).is_some_and(|f| f.effects.unwind);
                }
                Some(Target::Intrinsic { name, args }) => match name.as_str() {
                    internal::DROP_DYN => unwinds = true,
                    "drop_in_place" => {
                        if let Some(glue) = args.first().and_then(|t| program.drop_glue.get(t)) {
                            callers[glue.index()].push(id);
                        }
                    }
                    _ => {}
                },
                Some(Target::Nothing) | None => {}
            }
        }
        for item in &function.constants {
            if let Some(callee) = program.consts.get(item) {
                callers[callee.index()].push(id);
            }
        }
        if unwinds {
            result[id] = true;
            work.push(id);
        }
    }
    while let Some(id) = work.pop() {
        for &caller in &callers[id.index()] {
            if !result[caller] {
                result[caller] = true;
                work.push(caller);
            }
        }
    }
    result
}
