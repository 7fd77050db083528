//! `altru run`: compile in memory and run.

use std::path::PathBuf;

use driver::packages::Session;
use driver::pipeline::Checked;
use driver::program::{self, BuildError, Entry, Whole};

use super::emit::Stage;
use super::{REFUSED, fail, load_and_check};
use crate::render::Renderer;

#[derive(clap::Args)]
pub struct Args {
    /// Spend time on faster code
    #[arg(long)]
    release: bool,
    /// Print what a stage of the compiler made, instead of running
    #[arg(long, value_enum, value_name = "STAGE")]
    emit: Option<Stage>,
    /// Write a timeline of threads and tasks, for ui.perfetto.dev
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Link an object or library too: a file, or a name as in `-lNAME`
    #[arg(long, value_name = "FILE|NAME")]
    link: Vec<String>,
    #[command(flatten)]
    explore: super::explore::Exploration,
    /// File, package folder or `-` for standard input, then the program's own arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<String>,
}

pub fn run(args: Args) -> u8 {
    let path = args.program.first().map(PathBuf::from);
    if let Some(stage) = args.emit {
        return super::emit::emit(path.as_deref(), stage, mode(args.release));
    }
    let (mut session, checked) = match load_and_check(path.as_deref()) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    if checked.program.main.is_none() {
        return fail("this package has no `fn main()`: it is a library (`altru test` runs its tests)");
    }
    args.link.iter().for_each(|what| session.link.add(what));
    let mut own = args.program;
    if own.is_empty() {
        own.push(session.name.clone());
    }
    if args.explore.is_asked() {
        return super::explore::run(&session, &checked, &args.explore, mode(args.release), &own);
    }
    let program = match whole(&session, &checked) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let status = if wants_backtraces() {
        program::run_executable(&session, program, args.release, &own, args.trace.as_deref())
    } else {
        args.trace.into_iter().for_each(program::trace_to);
        program::run(&session, program, mode(args.release), &own)
    };
    match status {
        Ok(status) => (status & 0xff) as u8,
        Err(error) => report(&session, error),
    }
}

/// As the runtime asks for itself. Nobody knows the places of code in memory.
pub fn wants_backtraces() -> bool {
    std::env::var_os("ALTRU_BACKTRACE").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The program behind `main`; prints what is found in it as a whole. `Err` is the exit status.
pub fn whole(session: &Session, checked: &Checked) -> Result<Whole, u8> {
    let program = program::whole(session, checked, Entry::Main).map_err(|error| report(session, error))?;
    Renderer::stderr().report(&session.sources, &program.warnings);
    Ok(program)
}

pub fn mode(release: bool) -> driver::program::Mode {
    if release { program::Mode::Release } else { program::Mode::Quick }
}

/// Prints why there is no program.
pub fn report(session: &Session, error: BuildError) -> u8 {
    match error {
        BuildError::Refused(diagnostics) => {
            let mut renderer = Renderer::stderr();
            renderer.report(&session.sources, &diagnostics);
            renderer.summary(&diagnostics);
            REFUSED
        }
        BuildError::Failed(message) => fail(&message),
    }
}
