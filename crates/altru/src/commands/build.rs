//! `altru build`: a stand-alone executable.

use std::path::{Path, PathBuf};

use driver::program::{self, Build, Mode};

use super::run::{report, whole};
use super::{fail, load_and_check};

#[derive(clap::Args)]
pub struct Args {
    /// File, package folder or `-`; the package around the current folder if left out
    path: Option<PathBuf>,
    /// Spend time on faster code
    #[arg(long)]
    release: bool,
    /// Where the executable goes: `./NAME` for a file, `target/NAME` in a package
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Processor to compile for: a name that LLVM knows, or `native`
    #[arg(long, value_name = "NAME")]
    cpu: Option<String>,
    /// Link an object or library too: a file, or a name as in `-lNAME`
    #[arg(long, value_name = "FILE|NAME")]
    link: Vec<String>,
    /// Print what a stage of the compiler made, instead of building
    #[arg(long, value_enum, value_name = "STAGE")]
    emit: Option<super::emit::Stage>,
}

pub fn run(args: Args) -> u8 {
    let mode = if args.release { Mode::Release } else { Mode::Build };
    if let Some(stage) = args.emit {
        return super::emit::emit(args.path.as_deref(), stage, mode);
    }
    let (mut session, checked) = match load_and_check(args.path.as_deref()) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    if checked.program.main.is_none() {
        return fail("this package has no `fn main()`: there is nothing to build into an executable");
    }
    args.link.iter().for_each(|what| session.link.add(what));
    let output = args.output.unwrap_or_else(|| match &session.root {
        Some(root) => root.join("target").join(&session.name),
        None => Path::new(".").join(&session.name),
    });
    if output.is_dir() {
        return fail(&format!("`{}` is a folder: choose another name with -o", output.display()));
    }
    let program = match whole(&session, &checked) {
        Ok(program) => program,
        Err(status) => return status,
    };
    match program::build(&session, program, &Build { mode, output, cpu: args.cpu }) {
        Ok(()) => 0,
        Err(error) => report(&session, error),
    }
}
