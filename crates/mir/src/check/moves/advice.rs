//! What messages about moves say: why a move is not allowed, and what to do instead.

use base::{Applicability, Diagnostic, Span, codes};
use hir::ty::{Ty, TyKind};

use crate::body::{
    Body, Callee, Local, LocalKind, Location, Operand, Place, Projection, Rvalue, Source, StatementKind,
    TerminatorKind,
};
use crate::check::describe::{self, quoted};
use crate::check::facts::{Facts, known};
use crate::dataflow::{IllegalMove, IllegalMoveKind};

pub(super) fn clone_of(quoted: &str) -> String {
    match quoted.strip_prefix('`').and_then(|q| q.strip_suffix('`')) {
        Some(name) => format!("`{}.clone()`", name.trim_start_matches('*')),
        None => "`.clone()`".to_string(),
    }
}

/// Is the move a call of the value, an `own fn`?
pub(super) fn called_once(body: &Body, at: Location) -> bool {
    let block = &body.blocks[at.block];
    let TerminatorKind::Call(call) = &block.terminator.kind else { return false };
    let Some(Operand::Move(callee)) = call.args.first() else { return false };
    if !matches!(call.callee, Callee::Value { .. }) {
        return false;
    }
    match block.statements.get(at.statement as usize).map(|s| &s.kind) {
        None => true,
        Some(StatementKind::Assign(to, Rvalue::Use(Operand::Move(_)))) => to == callee,
        Some(_) => false,
    }
}

/// The name of the `Box` that a temporary reference was got from, by `*`.
pub(super) fn boxed(facts: &Facts<'_>, body: &Body, reference: Local) -> Option<String> {
    if body.locals[reference].name.is_some() {
        return None;
    }
    let arg = body.blocks.iter().find_map(|block| match &block.terminator.kind {
        TerminatorKind::Call(call) if call.destination.as_local() == Some(reference) => call.args.first(),
        _ => None,
    })?;
    let is_box =
        |ty: Ty| matches!(*ty.kind(), TyKind::Adt(adt, _) if facts.program.lang.adt("Box") == Some(adt));
    if !is_box(arg.ty(&body.locals).peel_refs()) {
        return None;
    }
    // The borrow of the box that was handed over.
    let local = arg.place()?.as_local()?;
    let place = body.blocks.iter().flat_map(|block| &block.statements).find_map(|s| match &s.kind {
        StatementKind::Assign(to, Rvalue::Ref { place, .. }) if to.as_local() == Some(local) => Some(place),
        _ => None,
    });
    let name = place.map(|place| quoted(facts, body, place));
    Some(match name {
        Some(name) if name.starts_with('`') => name.trim_matches('`').to_string(),
        _ => String::new(),
    })
}

/// What to do instead of moving into a call, a closure or another variable.
pub(super) fn advice(facts: &Facts<'_>, name: &str, ty: Ty, called: bool, closure: bool) -> String {
    let shared = match *ty.kind() {
        TyKind::Adt(id, _) if known(&facts.program.adts, id) => {
            matches!(
                facts.program.adts[id].name.as_str(),
                "Shared" | "Sender" | "Receiver" | "Broadcaster" | "Subscriber" | "WaitGroup"
            )
        }
        _ => false,
    };
    if shared {
        return format!("another handle of the same: {}", clone_of(name));
    }
    let borrow = match called {
        true => "let the callee borrow it (a parameter without `own`), ",
        false => "take a view of it (`&`), ",
    };
    if let TyKind::Adt(id, _) = *ty.kind()
        && !has_clone(facts, id)
    {
        let decl = &facts.program.adts[id];
        if matches!(
            decl.name.as_str(),
            "Mutex" | "RwLock" | "Atomic" | "Condvar" | "Semaphore" | "Barrier" | "Event"
        ) && facts.program.in_std(decl.module)
        {
            return format!(
                "to have {name} in several places, share it where it is made (`Shared::new(…)`) and give away handles ({}); tasks of a `scope` can also borrow it",
                clone_of(name)
            );
        }
        return format!(
            "to keep {name}, {borrow}share it with `Shared`, or let `{}` be copied: `[derive(Clone)]`",
            decl.name
        );
    }
    if closure {
        let plain = name.trim_matches('`');
        return format!(
            "to keep {name}, let the closure take a copy: `let copy = {plain}.clone()` before it, and `copy` in it; or share it with `Shared`"
        );
    }
    format!("to keep {name}, move a copy ({}), {borrow}or share it with `Shared`", clone_of(name))
}

fn has_clone(facts: &Facts<'_>, id: hir::items::AdtId) -> bool {
    let program = facts.program;
    let clone = program.lang.trait_("Clone");
    program.impls.iter().any(|impl_| {
        impl_.trait_.is_some_and(|t| Some(t.trait_) == clone)
            && matches!(*impl_.self_ty.kind(), TyKind::Adt(of, _) if of == id)
    })
}

pub(super) fn illegal_move(facts: &Facts<'_>, body: &Body, it: &IllegalMove) -> Diagnostic {
    let span = body.span_of(it.location);
    let name = quoted(facts, body, &it.place);
    let around = Place { local: it.place.local, projection: it.place.projection[..it.prefix].to_vec() };
    let owner = quoted(facts, body, &around);
    let moved = it.place.ty(&body.locals);
    let ty = describe::ty(facts, moved);
    let copied = match *moved.kind() {
        TyKind::Adt(id, _) => has_clone(facts, id),
        TyKind::Dyn(_) | TyKind::DynFn(_) | TyKind::Closure(..) => false,
        _ => true,
    };
    let copy = match copied {
        true => format!("take a copy ({}) or a view (`&`)", clone_of(&name)),
        false => "take a view (`&`)".to_string(),
    };
    let error = |text: String| Diagnostic::error(codes::E0511, span, text).label("moved here");
    match it.kind {
        IllegalMoveKind::HasDrop(id) => {
            let adt = facts.program.adts[id].name;
            error(format!("cannot move {name} out of {owner}: `{adt}` implements `Drop`"))
                .note("its `drop` needs all of its fields")
                .help(format!("{copy}, or put the field into an `Option` and `take()` it"))
        }
        IllegalMoveKind::Element => {
            let d = error(format!("cannot move an element out of {owner} by its index"))
                .note(format!("the element is a `{ty}`, which is not copied"));
            let by_pattern =
                matches!(it.place.projection.get(it.prefix), Some(Projection::ConstIndex { .. }))
                    && span.len() as usize != name.len().saturating_sub(2);
            if by_pattern {
                return d.help(
                    "a pattern only views the elements of a list: match it by `&`, without `own`; or take them out: `pop()`, `remove(i)`, `for own x in …`",
                );
            }
            // A list without a name is gone after the statement: nothing can be taken out of it, or viewed for long.
            if around.projection.is_empty() && body.locals[around.local].name.is_none() {
                return d.fix("take a copy", Span { lo: span.hi, ..span }, ".clone()", Applicability::Maybe);
            }
            let d = d.help(format!(
                "{copy}, or take the element out: `remove(i)`, `swap_remove(i)`, `for own x in …`"
            ));
            match copied {
                true => d.fix("take a copy", span.end(), ".clone()", Applicability::Maybe),
                false => d,
            }
        }
        IllegalMoveKind::BehindReference => {
            let decl = &body.locals[it.place.local];
            let closure = matches!(body.source, Source::Closure(_)) && it.place.local == Local(1);
            if closure {
                return error(format!("cannot move {name} out of the closure: it may be called again"))
                    .note("a closure that gives away what it captured can be called once only: `own fn`")
                    .help(copy);
            }
            if let Some(owner) = boxed(facts, body, it.place.local) {
                return error("cannot move a value out of its box by `*`".to_string())
                    .note(format!("the value is a `{ty}`, which is not copied"))
                    .help(format!("take it out of the box: `{owner}.into_inner()`"));
            }
            let d = error(format!("cannot move {name}: it is only borrowed here"));
            let d = match decl.name {
                Some(param) if decl.by_ref => {
                    let d = match decl.span.is_empty() {
                        true => d,
                        false => d.also(decl.span, format!("`{param}` is borrowed from the caller")),
                    };
                    let own = match param.as_str() {
                        "self" => "own self".to_string(),
                        _ => format!("{param}: own {}", describe::ty(facts, decl.ty.peel_refs())),
                    };
                    d.help(format!("to take it, declare the parameter `{own}`"))
                }
                Some(view) if decl.kind == LocalKind::User && it.prefix <= 1 => d.help(format!(
                    "`{view}` is a view: where a loop or a pattern binds it, `own {view}` takes the value"
                )),
                _ => d,
            };
            let d = d.note(format!("the value is a `{ty}`, which is not copied"));
            if it.place.projection.iter().any(|p| matches!(p, Projection::Downcast(_))) {
                let owner = owner.trim_matches('`').trim_start_matches('*');
                return d
                    .help(format!("to look at it without taking it, match `&{owner}`, and leave out `own`"));
            }
            let d = d.help(copy);
            // Only where the span is that of the value itself.
            match copied && span.len() as usize == name.len().saturating_sub(2) {
                true => d.fix("take a copy", span.end(), ".clone()", Applicability::Maybe),
                false => d,
            }
        }
    }
}
