//! `--emit STAGE`: what each stage of the compiler made, as text.

use std::path::Path;

use driver::packages::{LoadError, load};
use driver::pipeline;
use driver::program::{self, Emit, Mode};
use driver::system::Os;

use super::run::report;
use super::{fail, input, load_and_check, out};

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Stage {
    /// The syntax tree
    Tree,
    /// Typed bodies
    Hir,
    /// Control-flow graphs after the checks
    Mir,
    /// The same with concrete types, for everything the program reaches
    MirMono,
    /// LLVM IR as generated
    LlvmRaw,
    /// LLVM IR after optimisation
    Llvm,
    /// Assembly
    Asm,
}

pub fn emit(path: Option<&Path>, stage: Stage, mode: Mode) -> u8 {
    if stage == Stage::Tree {
        let session = match input(path).and_then(|i| load(&Os, &i)) {
            Ok(session) => session,
            Err(LoadError(message)) => return fail(&message),
        };
        out(&pipeline::trees(&session));
        return 0;
    }
    let (session, checked) = match load_and_check(path) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let text = match stage {
        Stage::Tree => unreachable!("handled above"),
        Stage::Hir => pipeline::typed_text(&session, &checked),
        Stage::Mir => pipeline::mir_text(&session, &checked),
        Stage::MirMono => match program::mono_text(&session, &checked) {
            Ok(text) => text,
            Err(error) => return report(&session, error),
        },
        Stage::LlvmRaw | Stage::Llvm | Stage::Asm => {
            let emit = match stage {
                Stage::LlvmRaw => Emit::LlvmRaw,
                Stage::Asm => Emit::Asm,
                _ => Emit::Llvm,
            };
            match program::emit(&session, &checked, mode, emit) {
                Ok(text) => text,
                Err(error) => return report(&session, error),
            }
        }
    };
    out(&text);
    0
}
