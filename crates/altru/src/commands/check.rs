//! `altru check`: errors without running anything.

use std::path::PathBuf;

use base::Applicability;
use driver::packages::{LoadError, Session, load};
use driver::pipeline::{Checked, Purpose, check};
use driver::system::Os;

use super::{REFUSED, fail, input, out};
use crate::render::{Renderer, json};

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
    /// Print how long each stage took
    #[arg(long)]
    timings: bool,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
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
    let checked = check(&session, Purpose::Report);
    if args.fix {
        return apply_fixes(&session, &checked);
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
    if args.timings {
        for (stage, time) in &checked.timings {
            eprintln!("{stage:>10} {:8.2} ms", time.as_secs_f64() * 1e3);
        }
    }
    let status = if checked.has_errors() { REFUSED } else { 0 };
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
        let mut here: Vec<_> = edits
            .iter()
            .flat_map(|fix| fix.edits.iter())
            .filter(|(span, _)| span.file == file)
            .collect();
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
