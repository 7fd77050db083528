//! The messages of loan errors.

use base::{Applicability, Diagnostic, Span, codes};
use hir::items::{BodyOwner, Origin};
use hir::ty::{Mutability, TyKind};

use crate::body::{
    Aggregate, Body, Local, Location, Place, Projection, RETURN, Rvalue, Source, StatementKind,
    TerminatorKind,
};
use crate::check::conflicts::{Access, Conflict, is_result};
use crate::check::describe::{self, Use, quoted};
use crate::check::live::Liveness;
use crate::check::loans::{Escape, LoanKind, Loans, PlaceLoan, State, signature};
use crate::check::sets::LoanId;

/// A drop that makes room for an assignment is the assignment's doing.
fn drops_to_assign(body: &Body, at: Location, place: &Place) -> bool {
    let TerminatorKind::Drop { target, .. } = &body.blocks[at.block].terminator.kind else {
        return false;
    };
    body.blocks[*target]
        .statements
        .first()
        .is_some_and(|s| matches!(&s.kind, StatementKind::Assign(p, Rvalue::Use(_)) if p == place))
}

pub fn conflict(loans: &Loans<'_, '_>, live: &Liveness, it: &Conflict<'_>) -> Diagnostic {
    let body = loans.body;
    let facts = &*loans.facts;
    let name = quoted(facts, body, it.place);
    let lent = quoted(facts, body, &it.loan.place);
    let mut access = it.access;
    if access == Access::Drop && drops_to_assign(body, it.at, it.place) {
        access = Access::Assign;
    }
    let how = describe::borrow(it.loan.mutability);
    let again = it.loan.span == it.span;
    let d = match access {
        Access::Drop | Access::StorageEnd => return too_short(loans, live, it),
        Access::Borrow(Mutability::Shared) => Diagnostic::error(
            codes::E0505,
            it.span,
            format!("cannot borrow {name}: it is already borrowed exclusively"),
        )
        .label("borrowed here while an exclusive borrow is still in use"),
        Access::Borrow(Mutability::Mut) | Access::Begin if again => Diagnostic::error(
            codes::E0505,
            it.span,
            format!("cannot borrow {name} exclusively: an earlier round of the loop still has it"),
        )
        .label("borrowed again here in each round"),
        Access::Borrow(Mutability::Mut) | Access::Begin => {
            Diagnostic::error(codes::E0505, it.span, format!("cannot change {name} while it is {how}"))
                .label("needs an exclusive borrow here")
        }
        Access::Read => Diagnostic::error(
            codes::E0513,
            it.span,
            format!("cannot use {name} while it is borrowed exclusively"),
        )
        .label("used here"),
        Access::Assign => {
            Diagnostic::error(codes::E0506, it.span, format!("cannot assign to {name} while it is {how}"))
                .label("assigned here")
        }
        Access::Move => {
            Diagnostic::error(codes::E0507, it.span, format!("cannot move {name} while it is {how}"))
                .label("moved here")
                .help(format!("end the borrow's use before {name} moves, or move a copy: `.clone()`"))
        }
    };
    let d = if again { d } else { d.also(it.loan.span, format!("{lent} is {how} here")) };
    let exclusive = matches!(access, Access::Borrow(Mutability::Mut) | Access::Begin);
    let d = match exclusive && !again && is_part(&it.loan.place, it.place) {
        true => d.help(format!(
            "{lent} is a part of {name}, all of which may be changed: use a copy of it (`.clone()`), or take it out first: `mem::take`"
        )),
        false => d,
    };
    still_used(d, body, live, it)
}

/// A field, or something else inside of the whole.
fn is_part(part: &Place, whole: &Place) -> bool {
    part.local == whole.local
        && part.projection.len() > whole.projection.len()
        && part.projection.starts_with(&whole.projection)
}

/// A scope, whose tasks or threads may use what they borrow until it ends.
pub fn is_scope(loans: &Loans<'_, '_>, local: Local) -> bool {
    let program = loans.facts.program;
    let TyKind::Adt(id, _) = *loans.body.locals[local].ty.peel_refs().kind() else { return false };
    let Some(adt) = program.adts.get(id) else { return false };
    let of_std = program.mods.get(adt.module).is_some_and(|m| m.package == 0);
    of_std && matches!(adt.name.as_str(), "TaskScope" | "Scope")
}

/// A scope is borrowed by what it is to run.
pub fn used_by_its_own(loans: &Loans<'_, '_>, it: &Conflict<'_>) -> Option<Diagnostic> {
    let body = loans.body;
    let span = if is_captured(body, it.at) {
        it.span
    } else if is_captured(body, it.loan.location) {
        it.loan.span
    } else {
        return None;
    };
    Some(scope_used_by_its_own(loans, it.place.local, span))
}

pub fn scope_used_by_its_own(loans: &Loans<'_, '_>, scope: Local, span: Span) -> Diagnostic {
    let name = quoted(loans.facts, loans.body, &Place::local(scope));
    Diagnostic::error(codes::E0505, span, format!("what {name} runs cannot use {name} itself"))
        .label("used here by what the scope runs")
        .help("to start more from there, open a scope of its own in it (`scope inner:`), which ends before it does; or let it send the new work to the block of the scope, over a channel, to be started there")
}

/// The borrow made at a location is a closure's.
fn is_captured(body: &Body, at: Location) -> bool {
    let Some(rest) = body.blocks[at.block].statements.get(at.statement as usize..) else { return false };
    let Some((StatementKind::Assign(borrow, Rvalue::Ref { .. }), rest)) =
        rest.split_first().map(|(first, rest)| (&first.kind, rest))
    else {
        return false;
    };
    rest.iter().any(|s| match &s.kind {
        StatementKind::Assign(_, Rvalue::Aggregate(Aggregate::Closure { .. }, captures)) => {
            captures.iter().any(|operand| operand.place() == Some(borrow))
        }
        _ => false,
    })
}

const OWN_IN_SCOPE: &str = "what runs in a scope may use this until the scope ends: let it live around the scope, or let each own its part: `for own x in …`, and `let x = x` inside";

/// Where the loan is used later, and by whom.
fn still_used(d: Diagnostic, body: &Body, live: &Liveness, it: &Conflict<'_>) -> Diagnostic {
    let Some(keeper) = it.keeper else {
        return d.note("the view was stored behind a parameter, so it lasts to the function's end");
    };
    let found = describe::next_use(body, live, it.at, keeper);
    let name = describe::keeper(body, keeper);
    match (found, name) {
        (Some(Use::At(span)), _) if span.contains(it.loan.span) && span.contains(it.span) => {
            d.note("both are in use in the same expression")
        }
        (Some(Use::At(span)), _) if span == it.loan.span || span.contains(it.loan.span) => {
            if body.locals[keeper].name.is_none() && span != it.span {
                return d.note("the loop goes on with the borrow in its next round");
            }
            d.note("the borrow is used again in the next round of the loop")
        }
        (Some(Use::At(span)), Some(name)) if span != it.span => {
            d.also(span, format!("`{name}`, which holds the borrow, is used here later"))
        }
        (Some(Use::At(span)), None) if span != it.span => d.also(span, "the borrow is used here later"),
        (Some(Use::Drop(span)), Some(name)) => {
            d.also(span.end(), format!("`{name}`, which holds the borrow, is dropped here"))
        }
        (Some(Use::Drop(span)), None) => {
            d.also(span.end(), "a temporary that holds the borrow is dropped here")
        }
        (Some(Use::Return), _) => d.note("the borrow is part of what the function returns"),
        (_, Some(name)) => d.note(format!("`{name}` holds the borrow and is used later")),
        _ => d,
    }
}

/// Something ends before the views of it do.
fn too_short(loans: &Loans<'_, '_>, live: &Liveness, it: &Conflict<'_>) -> Diagnostic {
    let body = loans.body;
    let lent = quoted(loans.facts, body, &it.loan.place);
    if let Some(keeper) = it.keeper
        && is_result(body, live, it.at, keeper)
    {
        return of_local(loans, it.loan, None);
    }
    if it.keeper.is_none() {
        return Diagnostic::error(
            codes::E0510,
            it.loan.span,
            format!("a view of {lent} is stored where it outlives {lent}"),
        )
        .label("viewed here")
        .also(it.span.end(), format!("{lent} ends here"))
        .help("store an owned value instead (`.clone()`), or let the owner come from the caller");
    }
    let scoped = it.keeper.is_some_and(|keeper| is_scope(loans, keeper));
    if describe::is_temporary(body, it.loan.place.local) {
        let d = Diagnostic::error(
            codes::E0508,
            it.loan.span,
            "a view of a temporary value is used after the value is gone",
        )
        .label("this value is dropped at the end of the statement")
        .help(match scoped {
            true => OWN_IN_SCOPE,
            false => "give the value a name first: `let value = …`, then take the view of `value`",
        });
        return still_used(d, body, live, it);
    }
    let d = Diagnostic::error(
        codes::E0508,
        it.loan.span,
        format!("{lent} does not live as long as the view of it"),
    )
    .label(format!("{lent} is borrowed here"))
    .also(it.span.end(), format!("{lent} ends here while the view is still in use"));
    let d = if scoped { d.help(OWN_IN_SCOPE) } else { d };
    still_used(d, body, live, it)
}

/// A view of a local's own storage leaves the function.
fn of_local(loans: &Loans<'_, '_>, loan: &PlaceLoan, span: Option<Span>) -> Diagnostic {
    let body = loans.body;
    let local = loan.place.local;
    let lent = quoted(loans.facts, body, &loan.place);
    let closure = matches!(body.source, Source::Closure(_));
    let what = if closure && local == Local(1) {
        format!("{lent}, which the closure owns")
    } else if local.0 as usize <= body.arg_count && local != RETURN {
        format!("{lent}, which ends with the function because it is taken by value")
    } else if describe::is_temporary(body, local) {
        "a temporary value, which ends with the function".to_string()
    } else {
        format!("the local variable {lent}, which ends with the function")
    };
    let it = if closure { "the closure" } else { "the function" };
    let mut d = Diagnostic::error(codes::E0509, loan.span, format!("{it} returns a view of {what}"))
        .label("viewed here")
        .help("return the value itself instead of a view, or a copy: `.clone()`");
    if let Some(span) = span.filter(|s| !s.is_empty() && *s != loan.span) {
        d = d.also(span, "returned here");
    }
    d
}

fn param_name(body: &Body, p: u32) -> String {
    match body.locals.get(Local(p + 1)).and_then(|l| l.name) {
        Some(name) => format!("`{name}`"),
        None => format!("argument {}", p + 1),
    }
}

/// The result carries a loan that the signature does not allow.
pub fn returned(loans: &Loans<'_, '_>, loan: LoanId, state: &State, span: Span) -> Option<Diagnostic> {
    let body = loans.body;
    if let LoanKind::Place(place) = &loans.loans[loan]
        && loans.names_in_vain(place.place.local)
    {
        return None;
    }
    let span = last_result(body).unwrap_or(span);
    let (p, outer) = match &loans.loans[loan] {
        LoanKind::Place(place) => return Some(of_local(loans, place, Some(span))),
        LoanKind::Outer(p) => (*p, true),
        LoanKind::Held(p) => {
            // With the argument's own loan, that one is the better message.
            let both = state.get(RETURN).near;
            if loans.sets.get(both).iter().any(|&l| matches!(loans.loans[l], LoanKind::Outer(q) if q == *p)) {
                return None;
            }
            (*p, false)
        }
        LoanKind::Near(_) | LoanKind::Far(_) => return None,
    };
    let name = param_name(body, p);
    let Source::Owner(BodyOwner::Fn(id)) = body.source else {
        let message = match p {
            0 => "the closure returns a view that goes through what it captured exclusively or owns",
            _ => "the closure returns a view that its type does not allow",
        };
        return Some(Diagnostic::error(codes::E0509, span, message).label("returned here").help(
            "a closure may hand out views of what it borrows, but not of its own captures: it could be called again",
        ));
    };
    let origins = signature(loans.facts, id).map(|s| s.0).unwrap_or(&body.ret_origins);
    let own_view = origins.contains(&Origin::Held(p)) && outer;
    let names: Vec<String> = origins
        .iter()
        .map(|o| {
            let (Origin::Outer(q) | Origin::Held(q)) = *o;
            param_name(body, q)
        })
        .collect();
    let said = match names.as_slice() {
        [] => "nothing".to_string(),
        list => list.join(", "),
    };
    let message = if own_view {
        format!(
            "the function returns a view of {name} itself, but its result may only borrow what {name} holds"
        )
    } else {
        format!("the function returns a view of {name}, but its result is declared to borrow from {said}")
    };
    let mut d = Diagnostic::error(codes::E0509, span, message).label(format!("borrows from {name}"));
    let Some(decl) = loans.facts.program.fns.get(id) else { return Some(d) };
    if !decl.ret_span.is_empty() {
        d = d.also(decl.ret_span, "the result is declared here");
    }
    if own_view {
        d = d.help(format!(
            "return a copy or what {name} owns, or declare a result that borrows from {name} (`-> &T`)"
        ));
    } else if matches!(decl.parent, hir::items::FnParent::TraitImpl(_)) {
        d = d.note("for a method of a trait, the trait's declaration says what the result borrows from");
    } else {
        let mut all: Vec<String> = names.iter().map(|n| n.trim_matches('`').to_string()).collect();
        all.push(name.trim_matches('`').to_string());
        all.dedup();
        let from = all.join(", ");
        d = d.help(format!("name it in the signature: `from {from}` after the result's type"));
        if names.is_empty() && !decl.ret_span.is_empty() {
            d = d.fix(
                format!("add `from {from}`"),
                decl.ret_span.end(),
                format!(" from {from}"),
                Applicability::Maybe,
            );
        }
    }
    Some(d)
}

/// Where the result was last written with a view, for the caret.
fn last_result(body: &Body) -> Option<Span> {
    let mut found = None;
    for block in body.blocks.iter().filter(|b| !b.cleanup) {
        for s in &block.statements {
            if matches!(&s.kind, StatementKind::Assign(p, _) if p.local == RETURN) {
                found = Some(s.span);
            }
        }
        if let TerminatorKind::Call(call) = &block.terminator.kind
            && call.destination.local == RETURN
        {
            found = Some(block.terminator.span);
        }
    }
    found
}

/// A view is stored where a parameter points, and would outlive what it views.
pub fn escape(loans: &Loans<'_, '_>, it: &Escape, _at: Location) -> Diagnostic {
    let body = loans.body;
    let into = match it.into {
        Some(p) if !(p == 0 && matches!(body.source, Source::Closure(_))) => {
            format!("where {} points", param_name(body, p))
        }
        _ => "in a captured variable".to_string(),
    };
    match &loans.loans[it.loan] {
        LoanKind::Place(loan) => {
            let lent = quoted(loans.facts, body, &loan.place);
            let what = match describe::is_temporary(body, loan.place.local) {
                true => "a temporary value".to_string(),
                false => lent,
            };
            Diagnostic::error(
                codes::E0510,
                it.span,
                format!("a view of {what} may be stored {into}, which outlives it"),
            )
            .label("given away here")
            .also(loan.span, format!("the view of {what} begins here"))
            .help("store an owned value instead (`.clone()`), or let the owner come from the caller")
        }
        LoanKind::Outer(p) => {
            let name = param_name(body, *p);
            let mut d = Diagnostic::error(
                codes::E0510,
                it.span,
                format!("a view of {name} may be stored {into}, but {name} is borrowed for this call only"),
            )
            .label("given away here");
            let decl = &body.locals[Local(p + 1)];
            if !decl.span.is_empty() {
                d = d.also(decl.span, format!("{name} is borrowed here"));
            }
            if let TyKind::Ref(_, to) = *decl.ty.kind() {
                let ty = describe::ty(loans.facts, to);
                d = d.help(format!("to keep views of it, take a view as the argument: `&{ty}`"));
            }
            d
        }
        _ => Diagnostic::error(
            codes::E0510,
            it.span,
            format!("a view that goes through an exclusively captured variable may be stored {into}"),
        )
        .label("given away here"),
    }
}

/// The first dereference of a place, if any.
pub fn first_deref(place: &Place) -> Option<usize> {
    place.projection.iter().position(|&p| p == Projection::Deref)
}
