//! Use of values that were moved away or never set, moves that are not allowed, and assignment
//! and exclusive borrows of what is not `mut`.

mod advice;

use base::{Applicability, Diagnostic, FxHashSet, IndexVec, Name, Span, codes};
use hir::items::BodyOwner;
use hir::ty::{Mutability, TyKind};

use crate::body::{
    BlockId, Body, ConstKind, Local, LocalKind, Location, Operand, Place, Projection, Rvalue, Source,
    Statement, StatementKind, TerminatorKind,
};
use crate::check::describe::{self, quoted};
use crate::check::facts::{Facts, known};
use crate::dataflow::engine::{Predecessors, predecessors};
use crate::dataflow::{BitSet, Effect, Lookup, MovePathId, MovePaths};
use crate::visit::{self, Access};
use advice::{advice, boxed, called_once, clone_of, illegal_move};

pub fn check(facts: &mut Facts<'_>, body: &Body, order: &[BlockId], out: &mut Vec<Diagnostic>) {
    let followed = followed(body);
    let paths = MovePaths::build_for(facts.program, body, |local| followed.contains(local));
    let mut boxes = FxHashSet::default();
    for illegal in &paths.illegal {
        // Taking a value apart moves each of its fields.
        if boxed(facts, body, illegal.place.local).is_some() && !boxes.insert(illegal.place.local) {
            continue;
        }
        out.push(illegal_move(facts, body, illegal));
    }
    let states = solve(body, &paths, order);
    let mut walk = Moves {
        facts,
        body,
        paths: &paths,
        order,
        preds: None,
        out,
        reported: FxHashSet::default(),
        immutable: FxHashSet::default(),
    };
    let mut state = State { init: BitSet::empty(paths.len()), uninit: BitSet::empty(paths.len()) };
    for cleanup in [false, true] {
        for &block in order {
            let data = &body.blocks[block];
            if data.cleanup != cleanup {
                continue;
            }
            let Some(start) = &states[block] else { continue };
            state.clone_from(start);
            for (n, statement) in data.statements.iter().enumerate() {
                let at = Location::new(block, n);
                walk.statement(statement, at, &state.init, &state.uninit);
                paths.statement_effects(statement, &mut |e| state.apply(&paths, e));
            }
            let at = body.end_of(block);
            let span = data.terminator.span;
            visit::terminator_places(&data.terminator, &mut |place, access| {
                walk.place(place, access, span, at, &state.init, &state.uninit)
            });
            walk.twice(&data.terminator.kind, span, at);
        }
    }
}

/// The locals whose values may be missing: those with a name, arguments, and temporaries that
/// are taken apart. Any other temporary is set once and moved once, by construction.
fn followed(body: &Body) -> BitSet<Local> {
    let mut set = BitSet::empty(body.locals.len());
    for (local, decl) in body.locals.iter_enumerated() {
        if decl.name.is_some() || decl.kind == LocalKind::Arg {
            set.insert(local);
        }
    }
    let mut place = |place: &Place, access: Access| {
        if access == Access::Move && !place.projection.is_empty() {
            set.insert(place.local);
        }
    };
    for block in body.blocks.iter() {
        block.statements.iter().for_each(|s| visit::statement_places(s, &mut place));
        visit::terminator_places(&block.terminator, &mut place);
    }
    set
}

/// What may be there, and what may be missing.
struct State {
    init: BitSet<MovePathId>,
    uninit: BitSet<MovePathId>,
}

impl Clone for State {
    fn clone(&self) -> State {
        State { init: self.init.clone(), uninit: self.uninit.clone() }
    }

    fn clone_from(&mut self, other: &State) {
        self.init.clone_from(&other.init);
        self.uninit.clone_from(&other.uninit);
    }
}

impl State {
    #[inline]
    fn apply(&mut self, paths: &MovePaths, effect: Effect) {
        match effect {
            Effect::Init(path) => paths.each_in_subtree(path, |p| {
                self.init.insert(p);
                self.uninit.remove(p);
            }),
            Effect::Uninit(path) => paths.each_in_subtree(path, |p| {
                self.init.remove(p);
                self.uninit.insert(p);
            }),
        }
    }
}

/// The states at the starts of the reachable blocks. Both questions in one go.
fn solve(body: &Body, paths: &MovePaths, order: &[BlockId]) -> IndexVec<BlockId, Option<State>> {
    let mut entry: IndexVec<BlockId, Option<State>> =
        IndexVec::from_vec((0..body.blocks.len()).map(|_| None).collect());
    let Some(&first) = order.first() else { return entry };
    let mut state = State { init: BitSet::empty(paths.len()), uninit: BitSet::full(paths.len()) };
    for path in body.args().filter_map(|arg| paths.of_local(arg)) {
        state.apply(paths, Effect::Init(path));
    }
    let mut arrived = state.clone();
    entry[first] = Some(state.clone());
    let mut dirty = IndexVec::<BlockId, bool>::from_elem(false, body.blocks.len());
    dirty[first] = true;
    let mut again = true;
    while std::mem::take(&mut again) {
        // In order, so that most bodies take one pass and one look.
        for &block in order {
            if !std::mem::take(&mut dirty[block]) {
                continue;
            }
            let Some(start) = &entry[block] else { continue };
            state.clone_from(start);
            let data = &body.blocks[block];
            for statement in &data.statements {
                paths.statement_effects(statement, &mut |e| state.apply(paths, e));
            }
            paths.terminator_effects(&data.terminator, &mut |e| state.apply(paths, e));
            let call = matches!(data.terminator.kind, TerminatorKind::Call(_));
            data.terminator.kind.each_successor(|target| {
                let mut flow = |state: &State| {
                    let changed = match &mut entry[target] {
                        Some(old) => old.init.union(&state.init) | old.uninit.union(&state.uninit),
                        slot => {
                            *slot = Some(state.clone());
                            true
                        }
                    };
                    if changed {
                        dirty[target] = true;
                        again = true;
                    }
                };
                if call {
                    arrived.clone_from(&state);
                    paths.edge_effects(&data.terminator, target, &mut |e| arrived.apply(paths, e));
                    flow(&arrived);
                } else {
                    flow(&state);
                }
            });
        }
    }
    entry
}

struct Moves<'m, 'f, 'a> {
    facts: &'m mut Facts<'f>,
    body: &'a Body,
    paths: &'m MovePaths,
    order: &'m [BlockId],
    preds: Option<Predecessors>,
    out: &'m mut Vec<Diagnostic>,
    /// Moves (or locals without value) already reported.
    reported: FxHashSet<(Local, Option<Location>)>,
    immutable: FxHashSet<Local>,
}

impl Moves<'_, '_, '_> {
    fn statement(
        &mut self,
        statement: &Statement,
        at: Location,
        init: &BitSet<MovePathId>,
        uninit: &BitSet<MovePathId>,
    ) {
        visit::statement_places(statement, &mut |place, access| {
            self.place(place, access, statement.span, at, init, uninit)
        });
        if let StatementKind::Assign(_, Rvalue::Aggregate(_, operands)) = &statement.kind {
            self.same_twice(operands, statement.span, at);
        }
    }

    fn twice(&mut self, kind: &TerminatorKind, span: Span, at: Location) {
        if let TerminatorKind::Call(call) = kind {
            self.same_twice(&call.args, span, at);
        }
    }

    /// One value moved twice by the operands of one statement.
    fn same_twice(&mut self, operands: &[Operand], span: Span, at: Location) {
        let moved = |o: &Operand| match o {
            Operand::Move(p) => Some(p.clone()),
            _ => None,
        };
        for (i, operand) in operands.iter().enumerate() {
            let Some(place) = moved(operand) else { continue };
            let again = operands[..i].iter().filter_map(moved).any(|earlier| {
                earlier.local == place.local
                    && earlier.projection.iter().zip(&place.projection).all(|(a, b)| a == b)
            });
            if again && self.reported.insert((place.local, Some(at))) {
                let name = quoted(self.facts, self.body, &place);
                self.out.push(
                    Diagnostic::error(codes::E0501, span, format!("{name} is moved twice here"))
                        .help(format!("move a copy the first time: {}", clone_of(&name))),
                );
            }
        }
    }

    fn place(
        &mut self,
        place: &Place,
        access: Access,
        span: Span,
        at: Location,
        init: &BitSet<MovePathId>,
        uninit: &BitSet<MovePathId>,
    ) {
        for index in visit::index_locals(place) {
            self.value(&Place::local(index), Access::Copy, span, at, init, uninit);
        }
        match access {
            Access::Write => self.write(place, span, at, init, uninit),
            Access::Drop | Access::StorageLive | Access::StorageDead | Access::RawRef => {}
            _ => {
                self.value(place, access, span, at, init, uninit);
                if access == Access::Borrow(Mutability::Mut) {
                    self.exclusive(place, span, false);
                }
            }
        }
    }

    /// The place is read: it must have its value, whole.
    fn value(
        &mut self,
        place: &Place,
        access: Access,
        span: Span,
        at: Location,
        init: &BitSet<MovePathId>,
        uninit: &BitSet<MovePathId>,
    ) {
        let missing = match self.paths.lookup(place) {
            Lookup::Exact(path) => self.paths.find_in_subtree(path, uninit),
            Lookup::Parent(Some(path)) => uninit.contains(path).then_some(path),
            Lookup::Parent(None) => None,
        };
        if let Some(missing) = missing {
            self.missing(missing, place, access, span, at, init);
        }
    }

    fn write(
        &mut self,
        place: &Place,
        span: Span,
        at: Location,
        init: &BitSet<MovePathId>,
        uninit: &BitSet<MovePathId>,
    ) {
        let whole = place.projection.is_empty();
        if !whole {
            // What lies around the part must be there.
            let end = crate::check::reports::first_deref(place).unwrap_or(place.projection.len() - 1);
            let around = Place { local: place.local, projection: place.projection[..end].to_vec() };
            let missing = match self.paths.lookup(&around) {
                Lookup::Exact(path) | Lookup::Parent(Some(path)) => uninit.contains(path).then_some(path),
                Lookup::Parent(None) => None,
            };
            if let Some(missing) = missing {
                self.missing(missing, &around, Access::Write, span, at, init);
                return;
            }
            self.exclusive(place, span, true);
            return;
        }
        let decl = &self.body.locals[place.local];
        let fixed =
            !decl.mutable && decl.name.is_some() && matches!(decl.kind, LocalKind::User | LocalKind::Arg);
        if fixed
            && let Some(path) = self.paths.of_local(place.local)
            && self.paths.any_in_subtree(path, init)
        {
            self.not_mut(place, span, true);
        }
    }

    /// Checks that a place may be changed: assigned in part, or borrowed exclusively.
    fn exclusive(&mut self, place: &Place, span: Span, assigned: bool) {
        let mut ty = crate::place::PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        let mut behind = None;
        for (i, &projection) in place.projection.iter().enumerate() {
            if projection == Projection::Deref {
                match ty.ty.kind() {
                    // Behind a raw pointer everything may change.
                    TyKind::Ref(Mutability::Shared, _) if !self.raw_after(place, i) => {
                        behind = Some((i, Mutability::Shared));
                        break;
                    }
                    TyKind::RawPtr(_) => return,
                    _ => behind = Some((i, Mutability::Mut)),
                }
            }
            ty = ty.project(projection);
        }
        match behind {
            Some((_, Mutability::Mut)) => {}
            Some((i, Mutability::Shared)) => self.through_shared(place, i, span, assigned),
            None => {
                let decl = &self.body.locals[place.local];
                let named = decl.name.is_some() && matches!(decl.kind, LocalKind::User | LocalKind::Arg);
                if decl.mutable || !named {
                    return;
                }
                // A view is changed through, not itself: a guard, an iterator.
                if !assigned && self.facts.holds_views(decl.ty) {
                    return;
                }
                self.not_mut(place, span, assigned);
            }
        }
    }

    fn raw_after(&self, place: &Place, i: usize) -> bool {
        let mut ty = crate::place::PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        for (n, &projection) in place.projection.iter().enumerate() {
            if n > i && projection == Projection::Deref && matches!(ty.ty.kind(), TyKind::RawPtr(_)) {
                return true;
            }
            ty = ty.project(projection);
        }
        false
    }

    fn not_mut(&mut self, place: &Place, span: Span, assigned: bool) {
        if !self.immutable.insert(place.local) {
            return;
        }
        let decl = &self.body.locals[place.local];
        let name = decl.name.map(|n| n.to_string()).unwrap_or_default();
        let whole = place.projection.is_empty();
        let d = if assigned {
            let what = if whole { "assign to" } else { "change a part of" };
            Diagnostic::error(codes::E0503, span, format!("cannot {what} `{name}`: it is not declared `mut`"))
                .label("assigned here")
        } else {
            Diagnostic::error(
                codes::E0504,
                span,
                format!("cannot change `{name}` here: it is not declared `mut`"),
            )
            .label("needs an exclusive borrow")
        };
        let mut d = d;
        if !decl.span.is_empty() {
            d = d.also(decl.span, format!("`{name}` is declared here"));
            d = match decl.kind {
                LocalKind::Arg => d.help(format!("take it as a `mut` variable: `let mut {name} = {name}`")),
                _ => d.fix(
                    format!("declare it `mut {name}`"),
                    decl.span.start(),
                    "mut ",
                    Applicability::Certain,
                ),
            };
        }
        self.out.push(d);
    }

    fn through_shared(&mut self, place: &Place, i: usize, span: Span, assigned: bool) {
        if !self.immutable.insert(place.local) {
            return;
        }
        let body = self.body;
        let decl = &body.locals[place.local];
        let name = quoted(self.facts, body, place);
        let verb = if assigned { "assign to" } else { "change" };
        let code = if assigned { codes::E0503 } else { codes::E0504 };
        let label = if assigned { "assigned here" } else { "needs an exclusive borrow" };
        let read_only = decl.by_ref && i == 0;
        if read_only && let Some(param) = decl.name {
            let ty = decl.ty.peel_refs();
            let ty = describe::ty(self.facts, ty);
            let mut d =
                Diagnostic::error(code, span, format!("cannot {verb} {name}: `{param}` is only read here"))
                    .label(label);
            if !decl.span.is_empty() {
                d = d.also(decl.span, "an unmarked parameter is a shared borrow");
            }
            d = if param.as_str() == "self" {
                let d = d.help("take it as `mut self`");
                match self.param_span(place.local) {
                    Some(at) => d.fix("take `mut self`", at.start(), "mut ", Applicability::Maybe),
                    None => d,
                }
            } else {
                d.help(format!("declare the parameter `{param}: mut {ty}`, and call with `mut`"))
            };
            self.out.push(d);
            return;
        }
        if let Some(name) = self.static_behind(place.local) {
            self.out.push(
                Diagnostic::error(
                    code,
                    span,
                    format!("cannot {verb} `{name}`: a `static` is one place that everything can reach"),
                )
                .label(label)
                .help("give it a type that synchronises itself: `Atomic`, `Mutex` or `RwLock`"),
            );
            return;
        }
        let through = Place { local: place.local, projection: place.projection[..i].to_vec() };
        let holder = quoted(self.facts, body, &through);
        let name = name.replace("`*", "`");
        let mut d =
            Diagnostic::error(code, span, format!("cannot {verb} {name}: it is behind a shared borrow"))
                .label(label);
        if holder != "this value" {
            d = d.note(format!("{holder} is a `&` view: it can be read, not changed"));
            d = d.help("take an exclusive view: `&mut …`; in a loop `for mut x in …`, in a pattern `mut x`");
        }
        if !decl.span.is_empty() && decl.name.is_some() {
            d = d.also(decl.span, "the view is declared here");
        }
        self.out.push(d);
    }

    /// The static whose address a temporary holds.
    fn static_behind(&self, local: Local) -> Option<Name> {
        let mut statements = self.body.blocks.iter().flat_map(|block| &block.statements);
        statements.find_map(|statement| match &statement.kind {
            StatementKind::Assign(place, Rvalue::Use(Operand::Const(constant)))
                if place.as_local() == Some(local) =>
            {
                match constant.kind {
                    ConstKind::Static(id) => Some(self.facts.program.statics[id].name),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn param_span(&self, local: Local) -> Option<Span> {
        let Source::Owner(BodyOwner::Fn(id)) = self.body.source else { return None };
        if !known(&self.facts.program.fns, id) {
            return None;
        }
        let span = self.facts.program.fns[id].params.get(local.0 as usize - 1)?.span;
        (!span.is_empty()).then_some(span)
    }

    /// Reports the use of something that is not (wholly) there.
    fn missing(
        &mut self,
        path: MovePathId,
        place: &Place,
        access: Access,
        span: Span,
        at: Location,
        init: &BitSet<MovePathId>,
    ) {
        let moves = self.moves_before(path, at);
        let first = moves.first().copied();
        if !self.reported.insert((place.local, first)) {
            return;
        }
        let body = self.body;
        let lost = self.paths.paths[path].place.clone();
        let used = quoted(self.facts, body, place);
        let lost_name = quoted(self.facts, body, &lost);
        let maybe = self.paths.any_in_subtree(path, init);
        let Some(moved) = first else {
            let name = quoted(self.facts, body, &Place::local(place.local));
            let some = if maybe { "may not have a value yet" } else { "has no value yet" };
            let decl = &body.locals[place.local];
            let mut d = Diagnostic::error(codes::E0502, span, format!("{name} {some}")).label("used here");
            if !decl.span.is_empty() {
                d = d.also(decl.span, "declared here without a value");
            }
            if maybe {
                d = d.help(format!("give {name} a value on every way that leads here"));
            }
            self.out.push(d);
            return;
        };
        let moved_span = body.span_of(moved);
        let partly = lost.projection.len() > place.projection.len();
        let again = moved == at || (moved_span == span);
        let was = match (maybe, again) {
            _ if again => "was moved in an earlier round of the loop",
            (true, _) => "may have been moved",
            (false, _) => "was moved",
        };
        let message = if partly && used == lost_name {
            format!("{used} cannot be used whole: a part of it {was}")
        } else if partly {
            format!("{used} cannot be used whole: {lost_name} {was}")
        } else if used != lost_name && lost_name != "this value" {
            format!("{lost_name} {was}, so {used} cannot be used any more")
        } else {
            format!("{used} {was} and cannot be used any more")
        };
        let label = match access {
            Access::Move if again => "moved here in each round",
            Access::Move => "moved again here",
            Access::Write => "a part of it is assigned here",
            _ => "used here after the move",
        };
        let mut d = Diagnostic::error(codes::E0501, span, message).label(label);
        if !again {
            for &location in moves.iter().take(3) {
                let text = if describe::into_closure(body, location) {
                    format!("{lost_name} moves into this closure")
                } else {
                    match describe::taker(self.facts, body, location) {
                        Some(taker) => format!("{lost_name} is moved here: `{taker}` takes it"),
                        None => format!("{lost_name} is moved here"),
                    }
                };
                d = d.also(body.span_of(location), text);
            }
            if moves.iter().all(|m| body.span_of(*m).lo > span.lo) {
                d = d.note("the move happens in an earlier round of the loop");
            }
        }
        let ty = lost.ty(&body.locals);
        d = d.help(match called_once(body, moved) {
            true => format!(
                "calling an `own fn` uses it up: for several calls declare `F: fn(…)` and take {lost_name} as `own F`, or as a `dyn fn(…)`"
            ),
            false => {
                let called = describe::taker(self.facts, body, moved).is_some();
                let closure = describe::into_closure(body, moved);
                advice(self.facts, &lost_name, ty, called, closure)
            }
        });
        // Only where the span is that of the name itself.
        let names_it = moved_span.len() as usize == lost_name.len().saturating_sub(2);
        if !again && names_it && !describe::into_closure(body, moved) {
            d = d.fix(
                format!("move a copy instead: {}", clone_of(&lost_name)),
                moved_span.end(),
                ".clone()",
                Applicability::Maybe,
            );
        }
        self.out.push(d);
    }

    /// The moves out of a path (or around it, or of a part) that can reach a point without the
    /// path being set again; in source order.
    fn moves_before(&mut self, path: MovePathId, at: Location) -> Vec<Location> {
        if self.preds.is_none() {
            self.preds = Some(predecessors(self.body, self.order));
        }
        let Some(preds) = &self.preds else { return Vec::new() };
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut work = vec![(at.block, at.statement as usize)];
        let target = &self.paths.paths[path].place;
        let within = |p: MovePathId| {
            let other = &self.paths.paths[p].place;
            other.local == target.local
                && other.projection.iter().zip(&target.projection).all(|(a, b)| a == b)
        };
        while let Some((block, end)) = work.pop() {
            let data = &self.body.blocks[block];
            let mut stopped = false;
            if end > data.statements.len() {
                let kind = &data.terminator;
                let mut hit = false;
                self.paths.terminator_effects(kind, &mut |e| {
                    hit |= matches!(e, Effect::Uninit(p) if within(p));
                });
                let mut set = false;
                kind.kind.each_successor(|s| {
                    self.paths.edge_effects(kind, s, &mut |e| {
                        set |= matches!(e, Effect::Init(p) if within(p));
                    });
                });
                if set {
                    continue;
                }
                if hit && !matches!(kind.kind, TerminatorKind::Drop { .. }) {
                    found.push(self.body.end_of(block));
                    continue;
                }
            }
            for n in (0..end.min(data.statements.len())).rev() {
                let statement = &data.statements[n];
                let mut last = None;
                self.paths.statement_effects(statement, &mut |e| {
                    let (Effect::Init(p) | Effect::Uninit(p)) = e;
                    if within(p) {
                        last = Some(e);
                    }
                });
                match last {
                    Some(Effect::Uninit(_)) => {
                        if matches!(statement.kind, StatementKind::Assign(..)) {
                            found.push(Location::new(block, n));
                        }
                        stopped = true;
                        break;
                    }
                    Some(Effect::Init(_)) => {
                        stopped = true;
                        break;
                    }
                    None => {}
                }
            }
            if !stopped {
                for &pred in &preds[block] {
                    let all = self.body.blocks[pred].statements.len() + 1;
                    if seen.insert(pred) {
                        work.push((pred, all));
                    }
                }
            }
        }
        found.sort_by_key(|&l| (self.body.span_of(l).lo, l));
        found.dedup();
        found
    }
}
