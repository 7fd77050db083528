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

use base::Diagnostic;
use hir::items::{ClosureId, Program};

use crate::body::{Body, Source};
use crate::dataflow::engine::reverse_postorder;

/// Checks every body; the diagnostics are in the order of the source. The closures of a body
/// must be among `bodies`.
pub fn check(program: &Program, bodies: &[Body]) -> Vec<Diagnostic> {
    let mut facts = facts::Facts::new(program, bodies);
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
