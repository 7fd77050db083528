//! The `altru` command. One file per subcommand in `commands`; the only crate that prints.
//!
//! Exit status: 0 fine, 1 refused by the compiler, 2 wrong usage, 101 a panic, else the
//! program's own.

mod commands;
mod render;

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "altru",
    version,
    about = "The Altru language: concurrent programs without data races",
    disable_help_subcommand = true,
    color = ColorChoice::Auto
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile and run a file, a package's folder, or standard input (`-`)
    Run(commands::run::Args),
    /// Compile to a stand-alone executable
    Build(commands::build::Args),
    /// Report errors without running anything
    Check(commands::check::Args),
    /// Run the functions marked `[test]`
    Test(commands::test::Args),
    /// Bring files into the one style
    Fmt(commands::fmt::Args),
    /// Make a new package
    New(commands::new::Args),
    /// Say what the threads and tasks of a running program do
    Ps(commands::ps::Args),
    /// Explain a diagnostic code
    Explain(commands::explain::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let status = match cli.command {
        Command::Run(args) => commands::run::run(args),
        Command::Build(args) => commands::build::run(args),
        Command::Check(args) => commands::check::run(args),
        Command::Test(args) => commands::test::run(args),
        Command::Fmt(args) => commands::fmt::run(args),
        Command::New(args) => commands::new::run(args),
        Command::Ps(args) => commands::ps::run(args),
        Command::Explain(args) => commands::explain::run(args),
    };
    ExitCode::from(status)
}
