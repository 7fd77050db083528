//! The ownership checks: moves, mutability, loans.
//!
//! Not here: types and sendability (hir), drops (`elaborate`, which runs after). Bodies are as
//! lowered, generic ones checked once. The one thing to know: [`loans`] holds the rules and why
//! they are sound.

pub mod conflicts;
mod describe;
pub mod facts;
pub mod growth;
pub mod live;
pub mod loans;
mod moves;
mod overlap;
mod owned;
mod reports;
pub mod sets;
mod within;

use std::sync::Mutex;

use base::Diagnostic;
use hir::items::{ClosureId, Program};

use crate::body::{Body, Source};
use crate::dataflow::engine::reverse_postorder;

/// What checks have found out about the types of one program, for those that come after. Shared by threads.
#[derive(Default)]
pub struct Known(Mutex<Vec<facts::Closed>>);

/// As [`check_with`], where nothing is known.
pub fn check(program: &Program, bodies: &[Body]) -> Vec<Diagnostic> {
    check_with(program, bodies, &Known::default())
}

/// Checks every body; the diagnostics are in the order of the source. The closures of a body
/// must be among `bodies`.
pub fn check_with(program: &Program, bodies: &[Body], known: &Known) -> Vec<Diagnostic> {
    let closed = known.0.lock().expect("known").pop().unwrap_or_default();
    let mut facts = facts::Facts::new(program, bodies, closed);
    let mut out = Vec::new();
    let mut demands = Vec::new();
    let mut outer: Vec<ClosureId> = Vec::new();
    for body in bodies {
        let returns_outer = check_body(&mut facts, body, &mut demands, &mut out);
        if let (true, Source::Closure(id)) = (returns_outer, body.source) {
            outer.push(id);
        }
    }
    for demand in demands.iter().filter(|d| outer.contains(&d.closure)) {
        out.push(owned::refused(&facts, demand));
    }
    known.0.lock().expect("known").push(facts.into_closed());
    let mut out: Vec<Diagnostic> = out.into_iter().map(Diagnostic::with_articles).collect();
    out.sort_by_key(|d| d.primary.span);
    out.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
    out
}

/// Whether the body may return a borrow that passes an argument.
fn check_body<'a>(
    facts: &mut facts::Facts<'a>,
    body: &'a Body,
    demands: &mut Vec<owned::Demand>,
    out: &mut Vec<Diagnostic>,
) -> bool {
    facts.enter(body);
    let order = reverse_postorder(body);
    moves::check(facts, body, &order, out);
    owned::check(facts, body, demands, out);
    let Some(mut loans) = loans::Loans::build(body, facts) else { return false };
    let live = live::Liveness::compute(loans.facts, body, &loans.depths, order);
    let states = loans.solve(&live);
    conflicts::check(&mut loans, &live, &states, out)
}
