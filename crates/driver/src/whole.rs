//! The whole program: specialised from its entry on, and what is found in it only so.

use std::sync::Arc;

use base::Diagnostic;
use hir::items::FnId;
use mir::deadlock::{self, Findings};
use mir::mono;

use crate::packages::Session;
use crate::pipeline::{Checked, with_solver};

/// Which functions a program begins with.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    Main,
    Tests(&'a [FnId]),
}

/// Specialises everything that the entry reaches. Fails where something is refused of the whole only.
pub fn monomorphise(
    session: &Session,
    checked: &Checked,
    entry: Entry,
) -> Result<mono::Program, Vec<Diagnostic>> {
    monomorphise_with(session, checked, entry, Vec::new())
}

fn monomorphise_with(
    session: &Session,
    checked: &Checked,
    entry: Entry,
    others: Vec<FnId>,
) -> Result<mono::Program, Vec<Diagnostic>> {
    let (main, tests) = match entry {
        Entry::Main => (checked.program.main, Vec::new()),
        Entry::Tests(tests) => (None, tests.to_vec()),
    };
    let roots = mono::Roots { main, tests, others, ..mono::Roots::default() };
    let bodies = |source| -> Option<Arc<mir::body::Body>> { checked.body(source, session) };
    with_solver(checked, &session.sources, |solver| mono::collect(&checked.program, solver, &bodies, &roots))
}

/// What is found in a checked program as a whole, and in functions that it does not reach.
pub(crate) fn findings(session: &Session, checked: &Checked) -> Findings {
    let entry = match checked.program.main {
        Some(_) => Entry::Main,
        None => Entry::Tests(&checked.program.tests),
    };
    match monomorphise_with(session, checked, entry, checked.meeting()) {
        Ok(program) => deadlock::analyse(&checked.program, &program),
        Err(diagnostics) => Findings { diagnostics, ..Findings::default() },
    }
}
