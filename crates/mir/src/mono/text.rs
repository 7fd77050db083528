//! The monomorphic program as text, for `--emit mir-mono`: each body, and below it what its calls
//! and drops became.

use std::fmt::Write;

use hir::items;

use super::{Program, Target};

pub fn text(items: &items::Program, program: &Program) -> String {
    let mut out = String::new();
    let symbol = |id| &program.functions[id].symbol;
    for function in program.functions.iter() {
        let _ = writeln!(out, "// `{}` ({:?})", function.symbol, function.role);
        let _ = writeln!(out, "{}", crate::print::print(items, &function.body).trim_end());
        for (block, target) in function.targets.iter().enumerate() {
            let _ = match target {
                None | Some(Target::Nothing) => Ok(()),
                Some(Target::Function(id)) => writeln!(out, "//   bb{block} calls `{}`", symbol(*id)),
                Some(Target::Intrinsic { name, .. }) => writeln!(out, "//   bb{block} is intrinsic {name}"),
                Some(Target::Extern { symbol, .. }) => writeln!(out, "//   bb{block} calls extern {symbol}"),
                Some(Target::Virtual { slot }) => {
                    writeln!(out, "//   bb{block} calls method {slot} of a table")
                }
            };
        }
        out.push('\n');
    }
    for vtable in program.vtables.iter() {
        let _ = writeln!(out, "// {}", vtable.symbol);
        for (slot, method) in vtable.methods.iter().enumerate() {
            if let Some(id) = method {
                let _ = writeln!(out, "//   {slot}: `{}`", symbol(*id));
            }
        }
    }
    for item in program.statics.iter() {
        let _ = writeln!(out, "// {} from `{}`", item.symbol, symbol(item.init));
    }
    out
}
