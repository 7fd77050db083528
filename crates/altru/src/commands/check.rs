//! `altru check`: errors without running anything.

use std::path::PathBuf;
use std::time::Duration;

use base::{Applicability, Diagnostic};
use driver::exploring::Budget;
use driver::packages::{LoadError, Session, load};
use driver::pipeline::{Candidate, Checked, Purpose, check};
use driver::system::Os;

use super::confirm::Confirm;
use super::{REFUSED, fail, input, out};
use crate::render::{Renderer, candidate, json};

#[derive(clap::Args)]
pub struct Args {
    /// File, package folder or `-`; the package around the current folder if left out
    path: Option<PathBuf>,
    /// How diagnostics are written
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Apply the fixes that are certain
    #[arg(long)]
    fix: bool,
    /// Also print what may block for ever in some schedule, though nothing says that it does
    #[arg(long)]
    candidates: bool,
    /// Look for schedules that lead to what may block for ever, and tell those that do
    #[arg(long)]
    confirm: bool,
    /// The most executions of the program, and of each test, with `--confirm`
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "confirm")]
    executions: u64,
    /// The most seconds for the program, and for each test, with `--confirm`
    #[arg(long, value_name = "S", default_value_t = 10, requires = "confirm")]
    seconds: u64,
    /// Print how long each stage took
    #[arg(long)]
    timings: bool,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// Text for people
    Human,
    /// One JSON object a line
    Json,
}

pub fn run(args: Args) -> u8 {
    let session = match input(args.path.as_deref()).and_then(|i| load(&Os, &i)) {
        Ok(session) => session,
        Err(LoadError(message)) => return fail(&message),
    };
    let mut checked = check(&session, Purpose::Report);
    if args.fix {
        return apply_fixes(&session, &checked);
    }
    let confirms = args.confirm && !checked.has_errors();
    if confirms {
        // Each is told with what became of it.
        let warned: Vec<Diagnostic> = checked.candidates.iter().filter_map(Candidate::warning).collect();
        checked.diagnostics.retain(|d| !warned.contains(d));
    }
    match args.format {
        Format::Human => {
            let mut renderer = Renderer::stderr();
            renderer.report(&session.sources, &checked.diagnostics);
            renderer.summary(&checked.diagnostics);
        }
        Format::Json => {
            for diagnostic in &checked.diagnostics {
                out(&format!("{}\n", json(&session.sources, diagnostic)));
            }
        }
    }
    let mut failed = checked.has_errors();
    if confirms {
        let told = Confirm {
            path: args.path.as_deref(),
            format: args.format,
            budget: Budget {
                executions: args.executions,
                time: Duration::from_secs(args.seconds),
                steps: 1_000_000,
            },
        };
        match told.run(&session, &checked) {
            Ok(found) => failed |= found,
            Err(status) => return status,
        }
    } else if args.candidates {
        for found in &checked.candidates {
            match args.format {
                // Warnings stand above.
                Format::Human if found.is_warned => {}
                Format::Human => Renderer::stderr().report(&session.sources, &[found.note()]),
                Format::Json => out(&format!("{}\n", candidate(&session.sources, found))),
            }
        }
    }
    if args.timings {
        for (stage, time) in &checked.timings {
            eprintln!("{stage:>10} {:8.2} ms", time.as_secs_f64() * 1e3);
        }
    }
    let status = if failed { REFUSED } else { 0 };
    // The process ends now; freeing millions of nodes one by one would only take time.
    std::mem::forget((session, checked));
    status
}

/// Applies every certain fix that overlaps no earlier one, file by file.
fn apply_fixes(session: &Session, checked: &Checked) -> u8 {
    let mut edits: Vec<_> = checked
        .diagnostics
        .iter()
        .filter_map(|d| d.fixes.iter().find(|f| f.applicability == Applicability::Certain))
        .collect();
    edits.dedup();
    let mut applied = 0;
    for file in session.sources.ids() {
        let source = session.sources.file(file);
        let mut text = source.text.to_string();
        let mut here: Vec<_> =
            edits.iter().flat_map(|fix| fix.edits.iter()).filter(|(span, _)| span.file == file).collect();
        here.sort_by_key(|(span, _)| std::cmp::Reverse((span.lo, span.hi)));
        let mut limit = u32::MAX;
        for (span, replacement) in here {
            if span.hi <= limit {
                text.replace_range(span.lo as usize..span.hi as usize, replacement);
                limit = span.lo;
                applied += 1;
            }
        }
        if *text != *source.text
            && let Err(e) = std::fs::write(&source.name, text)
        {
            return fail(&format!("cannot write `{}`: {e}", source.name));
        }
    }
    out(&format!("applied {applied} edits\n"));
    0
}
