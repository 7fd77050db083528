//! Places in the user's words, and where a value is looked at next: what messages need.

use base::{FxHashSet, Span};
use hir::ty::{Mutability, Ty, TyKind};

use crate::body::{
    Body, Callee, Local, LocalKind, Location, Operand, Place, Projection, RETURN, Rvalue, Source,
    StatementKind, TerminatorKind,
};
use crate::check::facts::{Facts, known};
use crate::check::live::Liveness;
use crate::place::PlaceTy;

/// `x`, `self.items[_]`, `*guard`; `None` for what has no name.
pub fn place(facts: &Facts<'_>, body: &Body, place: &Place) -> Option<String> {
    let decl = &body.locals[place.local];
    let mut ty = PlaceTy { ty: decl.ty, variant: None };
    let mut rest = place.projection.as_slice();
    let mut text;
    let skip = |ty: &mut PlaceTy, rest: &mut &[Projection], n: usize| {
        for &p in &rest[..n] {
            *ty = ty.project(p);
        }
        *rest = &rest[n..];
    };
    if let Some(name) = decl.name.filter(|n| !n.as_str().is_empty()) {
        text = name.to_string();
        if decl.by_ref && rest.first() == Some(&Projection::Deref) {
            skip(&mut ty, &mut rest, 1);
        }
    } else if matches!(body.source, Source::Closure(_)) && place.local == Local(1) {
        let behind = usize::from(rest.first() == Some(&Projection::Deref));
        let Some(Projection::Field(f, field)) = rest.get(behind) else { return None };
        text = body.captures.get(f.0 as usize)?.name.to_string();
        let by_ref = field.is_ref() && rest.get(behind + 1) == Some(&Projection::Deref);
        skip(&mut ty, &mut rest, behind + 1 + usize::from(by_ref));
    } else {
        return None;
    }
    for (i, &projection) in rest.iter().enumerate() {
        match projection {
            Projection::Deref if i + 1 == rest.len() => text = format!("*{text}"),
            Projection::Deref => {}
            Projection::Downcast(_) => return Some(text),
            Projection::Field(f, _) => match *ty.ty.kind() {
                TyKind::Adt(id, _) if known(&facts.program.adts, id) => {
                    let adt = &facts.program.adts[id];
                    let variant = ty.variant.unwrap_or(hir::items::VariantIdx(0));
                    match adt.variants.get(variant).and_then(|v| v.fields.get(f)) {
                        Some(field) => text = format!("{text}.{}", field.name),
                        None => return Some(text),
                    }
                }
                _ => text = format!("{text}.{}", f.0),
            },
            Projection::Index(index) => match body.locals[index].name {
                Some(name) => text = format!("{text}[{name}]"),
                None => text = format!("{text}[…]"),
            },
            Projection::ConstIndex { offset, from_end: false } => text = format!("{text}[{offset}]"),
            Projection::ConstIndex { .. } => text = format!("{text}[…]"),
        }
        ty = ty.project(projection);
    }
    Some(text)
}

/// In backquotes, or "this value".
pub fn quoted(facts: &Facts<'_>, body: &Body, it: &Place) -> String {
    match place(facts, body, it) {
        Some(text) => format!("`{text}`"),
        None => "this value".to_string(),
    }
}

pub fn is_temporary(body: &Body, local: Local) -> bool {
    let decl = &body.locals[local];
    decl.name.is_none() && decl.kind == LocalKind::Temp
}

/// How a value is looked at.
pub enum Use {
    At(Span),
    /// By its destructor.
    Drop(Span),
    Return,
}

/// The next look at a local's value after `from` (in the order of execution), if any.
pub fn next_use(body: &Body, live: &Liveness, from: Location, local: Local) -> Option<Use> {
    let mut seen = FxHashSet::default();
    let mut work = std::collections::VecDeque::new();
    work.push_back(Location { statement: from.statement + 1, ..from });
    if from.statement as usize >= body.blocks[from.block].statements.len() {
        work.clear();
        body.blocks[from.block].terminator.kind.each_successor(|next| work.push_back(Location::new(next, 0)));
    }
    let mut in_cleanup = None;
    'blocks: while let Some(at) = work.pop_front() {
        if !seen.insert(at) {
            continue;
        }
        let block = &body.blocks[at.block];
        for statement in block.statements.iter().skip(at.statement as usize) {
            if live.uses(statement, local) {
                let found = Use::At(statement.span);
                if block.cleanup {
                    in_cleanup.get_or_insert(found);
                    continue 'blocks;
                }
                return Some(found);
            }
            if live.defines(statement, local) {
                continue 'blocks;
            }
        }
        if live.terminator_uses(&block.terminator, local) {
            let span = block.terminator.span;
            let found = match block.terminator.kind {
                TerminatorKind::Drop { .. } => Use::Drop(span),
                TerminatorKind::Return => Use::Return,
                _ => Use::At(span),
            };
            if !block.cleanup {
                return Some(found);
            }
            in_cleanup.get_or_insert(found);
            continue;
        }
        if let TerminatorKind::Call(call) = &block.terminator.kind
            && call.destination.as_local() == Some(local)
        {
            continue;
        }
        block.terminator.kind.each_successor(|next| work.push_back(Location::new(next, 0)));
    }
    in_cleanup
}

/// The name of the function that a value moved at `location` goes to, directly or by way of a
/// temporary used by a call in the same block.
pub fn taker(facts: &Facts<'_>, body: &Body, location: Location) -> Option<String> {
    let block = &body.blocks[location.block];
    let through = block.statements.get(location.statement as usize).map(|s| match &s.kind {
        StatementKind::Assign(to, Rvalue::Use(Operand::Move(_))) => to.as_local(),
        _ => None,
    });
    let TerminatorKind::Call(call) = &block.terminator.kind else { return None };
    match through {
        None => {}
        Some(Some(temp)) if is_temporary(body, temp) => {
            let taken = call.args.iter().any(|a| matches!(a, Operand::Move(p) if p.as_local() == Some(temp)));
            if !taken {
                return None;
            }
        }
        Some(_) => return None,
    }
    match &call.callee {
        Callee::Fn { id, .. }
        | Callee::TraitMethod { method: id, .. }
        | Callee::DynMethod { method: id, .. } => facts.program.fns.get(*id).map(|f| f.name.to_string()),
        _ => None,
    }
}

/// Whether a statement's move goes into a closure.
pub fn into_closure(body: &Body, location: Location) -> bool {
    let statements = &body.blocks[location.block].statements;
    let aggregate = |s: &crate::body::Statement| {
        matches!(
            &s.kind,
            StatementKind::Assign(_, Rvalue::Aggregate(crate::body::Aggregate::Closure { .. }, _))
        )
    };
    let Some(statement) = statements.get(location.statement as usize) else { return false };
    if aggregate(statement) {
        return true;
    }
    let StatementKind::Assign(to, Rvalue::Use(Operand::Move(_))) = &statement.kind else {
        return false;
    };
    let Some(temp) = to.as_local().filter(|&t| is_temporary(body, t)) else { return false };
    statements[location.statement as usize + 1..].iter().any(|s| {
        aggregate(s)
            && matches!(&s.kind, StatementKind::Assign(_, Rvalue::Aggregate(_, parts))
                if parts.iter().any(|o| matches!(o, Operand::Move(p) if p.as_local() == Some(temp))))
    })
}

/// "view" words for a kind of borrow.
pub fn borrow(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::Shared => "borrowed",
        Mutability::Mut => "borrowed exclusively",
    }
}

/// A variable that keeps a view, in words: its name, or nothing for temporaries.
pub fn keeper(body: &Body, local: Local) -> Option<String> {
    if local == RETURN {
        return None;
    }
    body.locals[local].name.map(|n| n.to_string()).filter(|n| !n.is_empty())
}

/// The type in the user's words.
pub fn ty(facts: &Facts<'_>, ty: Ty) -> String {
    hir::ty::display::display(facts.program, ty)
}
