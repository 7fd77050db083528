//! `match`: candidates to a decision automaton.
//!
//! Candidates are tried in order. The first one's first test is made for all the candidates
//! after it, as far as the test tells them apart; each goes to the one branch it can match in,
//! and the first candidate that could match in several starts over behind all branches. So a
//! candidate is never written twice, and the code grows with the patterns, not with their
//! combinations (alternatives of guarded arms apart, up to a limit). After rustc's
//! `mir_build::matches`.

use std::collections::VecDeque;

use base::{FxHashMap, Span};
use hir::items::VariantIdx;
use hir::thir::{Arm, BinOp, BindMode, ExprId, ExprKind, Lit, Pat, PatKind};
use hir::ty::{Mutability, Ty, TyKind};
use smallvec::SmallVec;

use super::Builder;
use super::operand::literal;
use super::pattern::{Bind, BindSource, Bound, Candidate, Choice, Pair, Then};
use super::scope::{DropTree, ElseExit, Exit};
use super::types::Types;
use crate::body::{
    BlockId, CallFlow, Callee, ConstKind, Constant, Local, Operand, Place, Projection, Rvalue,
    StatementKind, TerminatorKind,
};

/// Guarded arms are split into at most this many candidates by nested alternatives.
const MAX_WIDTH: usize = 1024;

/// What the arms of a match need while its tests are written.
struct Match<'p> {
    arms: Vec<ArmState<'p>>,
    dest: Option<&'p Place>,
    /// What is matched.
    scrutinee: Place,
    end: BlockId,
    /// Nested alternatives being matched.
    open: Vec<OpenChoice>,
}

struct OpenChoice {
    /// Which way matched, if it matters.
    selector: Option<Local>,
    ways: Vec<Bound>,
}

struct ArmState<'p> {
    guard: Option<ExprId>,
    body: Option<ExprId>,
    pattern: Option<&'p Pat>,
    /// Where its body starts, if several candidates lead there.
    block: BlockId,
    /// The locals of its names, once a candidate has matched.
    vars: Option<Vec<Local>>,
    /// The body has been written behind the guard.
    written: bool,
    /// See [`renames_mut`].
    renames: bool,
}

/// A test that tells candidates apart.
enum Test {
    Variant,
    /// Integers, `bool`, `char`.
    Value,
    /// The exact length of a list.
    Len,
    /// The minimum length of a list.
    MinLen(u64),
    /// Equal to a literal that cannot be switched on, or to a constant.
    Equal,
    Range,
}

impl<'a> Builder<'a> {
    pub fn match_into(&mut self, dest: &Place, scrutinee: ExprId, arms: &[Arm], span: Span) {
        let mut place = self.any_place(scrutinee);
        let scrutinee_span = self.thir.exprs[scrutinee].span;
        self.statement(StatementKind::FakeRead(place.clone()), scrutinee_span);
        if arms.iter().any(|arm| arm.guard.is_some())
            && place.projection.iter().any(|p| matches!(p, Projection::Index(_)))
        {
            place = self.pin(&place, arms, scrutinee_span);
        }
        let end = self.new_block();
        let mut state = Match { arms: Vec::new(), dest: Some(dest), scrutinee: place.clone(), end, open: Vec::new() };
        let mut candidates = VecDeque::with_capacity(arms.len());
        for (i, arm) in arms.iter().enumerate() {
            let block = self.new_block();
            state.arms.push(ArmState {
                guard: arm.guard,
                body: Some(arm.body),
                pattern: Some(&arm.pattern),
                block,
                vars: None,
                written: false,
                renames: arm.guard.is_some() && renames_mut(&arm.pattern),
            });
            let mut candidate = Candidate::new(Then::Arm(i));
            self.simplify(place.clone(), &arm.pattern, &mut candidate);
            candidate.sort();
            candidates.push_back(candidate);
        }
        let start = self.here();
        if let Some(unmatched) = self.match_candidates(&mut state, candidates, start) {
            // Exhaustiveness has been checked.
            self.start(unmatched);
            self.unreachable(span);
        }
        for (i, arm) in arms.iter().enumerate() {
            let arm_state = &mut state.arms[i];
            let (block, written) = (arm_state.block, arm_state.written);
            let Some(vars) = arm_state.vars.take().filter(|_| !written) else { continue };
            self.start(block);
            self.arm_body(dest, arm.body, &vars, end);
        }
        self.start(end);
    }

    fn arm_body(&mut self, dest: &Place, body: ExprId, vars: &[Local], end: BlockId) {
        let span = self.thir.exprs[body].span;
        let scope = self.push_scope();
        self.schedule_bindings(vars, scope);
        self.in_temp_scope(span.end(), |b| b.branch_into(dest, body));
        self.pop_scope(span.end());
        self.goto(end, span.end());
    }

    /// A reference to the scrutinee, so that no guard can make its indices wrong.
    fn pin(&mut self, place: &Place, arms: &[Arm], span: Span) -> Place {
        let mutability = if arms.iter().any(|a| binds_mut(&a.pattern)) {
            Mutability::Mut
        } else {
            Mutability::Shared
        };
        let ty = crate::place::reference(mutability, self.ty_of(place));
        let pinned = self.temp(ty, span);
        let borrow = Rvalue::Ref { mutability, place: place.clone(), two_phase: false };
        self.assign(pinned, borrow, span);
        Place::local(pinned).deref()
    }

    /// A single candidate without guard; what does not match leaves through the innermost exit,
    /// or cannot be.
    pub fn run_single(&mut self, candidate: Candidate<'_>, span: Span) {
        let block = self.new_block();
        let arm = ArmState {
            guard: None,
            body: None,
            pattern: None,
            block,
            vars: Some(Vec::new()),
            written: false,
            renames: false,
        };
        let scrutinee = Place::local(crate::body::RETURN);
        let mut state =
            Match { arms: vec![arm], dest: None, scrutinee, end: block, open: Vec::new() };
        let start = self.here();
        if let Some(unmatched) =
            self.match_candidates(&mut state, VecDeque::from([candidate]), start)
        {
            self.start(unmatched);
            if self.else_exits.is_empty() {
                self.unreachable(span);
            } else {
                self.exit(Exit::Else, span);
            }
        }
        self.start(block);
    }

    // ------------------------------------------------------------ the automaton

    /// Writes the tests of the candidates from `start` on. Gives the block that is reached when
    /// none matches, if there can be such a case.
    fn match_candidates<'p>(
        &mut self,
        state: &mut Match<'p>,
        mut candidates: VecDeque<Candidate<'p>>,
        mut start: BlockId,
    ) -> Option<BlockId> {
        self.expand(state, &mut candidates);
        loop {
            let Some(first) = candidates.front() else { return Some(start) };
            if first.pairs.is_empty() {
                let candidate = candidates.pop_front().expect("looked at above");
                start = self.matched(state, candidate, start)?;
            } else if first.pairs[0].is_or() {
                let candidate = candidates.pop_front().expect("looked at above");
                start = self.match_alternatives(state, candidate, start)?;
            } else {
                start = self.match_by_test(state, &mut candidates, start)?;
            }
        }
    }

    /// Splits candidates that wait only for alternatives into one per alternative.
    fn expand<'p>(&mut self, state: &Match<'p>, candidates: &mut VecDeque<Candidate<'p>>) {
        let splits = |c: &Candidate<'p>| {
            let Some(PatKind::Or(pats)) = c.pairs.first().map(|p| &p.pat.kind) else { return false };
            let guarded = matches!(c.then, Then::Arm(i) if state.arms[i].guard.is_some());
            c.pairs.len() == 1 || (guarded && c.width * pats.len() <= MAX_WIDTH)
        };
        if !candidates.iter().any(splits) {
            return;
        }
        let mut todo: VecDeque<Candidate<'p>> = std::mem::take(candidates);
        while let Some(mut candidate) = todo.pop_front() {
            if !splits(&candidate) {
                candidates.push_back(candidate);
                continue;
            }
            let pair = candidate.pairs.remove(0);
            let PatKind::Or(pats) = &pair.pat.kind else { continue };
            candidate.width *= pats.len();
            for pat in pats.iter().rev() {
                let mut alternative = candidate.clone();
                self.simplify(pair.place.clone(), pat, &mut alternative);
                alternative.sort();
                todo.push_front(alternative);
            }
        }
    }

    /// The first of several nested alternatives, joined behind before the next is looked at.
    fn match_alternatives<'p>(
        &mut self,
        state: &mut Match<'p>,
        mut candidate: Candidate<'p>,
        start: BlockId,
    ) -> Option<BlockId> {
        let pair = candidate.pairs.remove(0);
        let PatKind::Or(pats) = &pair.pat.kind else { return Some(start) };
        let span = pair.pat.span;
        let join = self.new_block();
        let open = state.open.len();
        let selector = binds_names(pair.pat).then(|| self.temp(Ty::int(), span));
        state.open.push(OpenChoice { selector, ways: Vec::new() });
        let alternatives = pats
            .iter()
            .map(|pat| {
                let mut alternative = Candidate::new(Then::Choice { join, open });
                self.simplify(pair.place.clone(), pat, &mut alternative);
                alternative.sort();
                alternative
            })
            .collect();
        let unmatched = self.match_candidates(state, alternatives, start);
        let choice = state.open.pop().expect("pushed above");
        if let Some(selector) = choice.selector {
            candidate.bound.choices.push(Choice { selector, alternatives: choice.ways });
        }
        let rest = if self.is_targeted(join) {
            self.match_candidates(state, VecDeque::from([candidate]), join)
        } else {
            None
        };
        self.merge(unmatched, rest, span)
    }

    /// One block for two ways of not matching.
    fn merge(
        &mut self,
        first: Option<BlockId>,
        second: Option<BlockId>,
        span: Span,
    ) -> Option<BlockId> {
        match (first, second) {
            (Some(a), Some(b)) => {
                let join = self.new_block();
                for block in [a, b] {
                    self.start(block);
                    self.goto(join, span);
                }
                Some(join)
            }
            (Some(block), None) | (None, Some(block)) => Some(block),
            (None, None) => None,
        }
    }

    fn match_by_test<'p>(
        &mut self,
        state: &mut Match<'p>,
        candidates: &mut VecDeque<Candidate<'p>>,
        start: BlockId,
    ) -> Option<BlockId> {
        let Pair { place, pat } = candidates[0].pairs[0].clone();
        let test = self.test_of(pat);
        // Sort the candidates into branches, as far as the test decides.
        let mut branches: Vec<(u128, VecDeque<Candidate<'p>>)> = Vec::new();
        let mut by_key: FxHashMap<u128, usize> = FxHashMap::default();
        while let Some(candidate) = candidates.front() {
            let Some(i) = candidate.pairs.iter().position(|p| p.place == place) else { break };
            let Some((key, passed)) = self.branch_of(&test, pat, candidate.pairs[i].pat) else {
                break;
            };
            let mut candidate = candidates.pop_front().expect("looked at above");
            if passed {
                let pair = candidate.pairs.remove(i);
                self.passed(&pair, &mut candidate);
            }
            let branch = *by_key.entry(key).or_insert_with(|| {
                branches.push((key, VecDeque::new()));
                branches.len() - 1
            });
            branches[branch].1.push_back(candidate);
        }
        let blocks: Vec<(u128, BlockId)> =
            branches.iter().map(|&(key, _)| (key, self.new_block())).collect();
        self.start(start);
        let otherwise = self.new_block();
        self.perform(&test, &place, pat, &blocks, otherwise);
        let span = pat.span;
        for ((_, candidates), (_, block)) in branches.into_iter().zip(blocks) {
            if let Some(unmatched) = self.match_candidates(state, candidates, block) {
                self.start(unmatched);
                self.goto(otherwise, span);
            }
        }
        self.is_targeted(otherwise).then_some(otherwise)
    }

    fn test_of(&self, pat: &Pat) -> Test {
        match &pat.kind {
            PatKind::Struct { .. } => Test::Variant,
            PatKind::Literal(Lit::Int(_) | Lit::Bool(_) | Lit::Char(_))
                if Types::float_bits(pat.ty).is_none() =>
            {
                Test::Value
            }
            PatKind::Range { .. } => Test::Range,
            PatKind::Slice { before, rest, after } => {
                let len = (before.len() + after.len()) as u64;
                if rest.is_some() { Test::MinLen(len) } else { Test::Len }
            }
            _ => Test::Equal,
        }
    }

    /// The one branch of `test`, made for `first`, in which a candidate with the pattern `pat` on
    /// the same place can match, and whether the pattern's own test has then been passed.
    fn branch_of(&self, test: &Test, first: &Pat, pat: &Pat) -> Option<(u128, bool)> {
        match (test, &pat.kind) {
            (Test::Variant, PatKind::Struct { variant, .. }) => {
                Some((u128::from(variant.0), true))
            }
            (Test::Value, PatKind::Literal(lit)) => Some((self.switch_value(lit, pat.ty)?, true)),
            (Test::Len, PatKind::Slice { before, rest: None, after }) => {
                Some(((before.len() + after.len()) as u128, true))
            }
            (Test::MinLen(min), PatKind::Slice { before, rest, after }) => {
                let len = (before.len() + after.len()) as u64;
                (len >= *min).then_some((1, len == *min && rest.is_some()))
            }
            (Test::Equal, kind) => same_value(&first.kind, kind).then_some((1, true)),
            (Test::Range, PatKind::Range { lo, hi, inclusive }) => match &first.kind {
                PatKind::Range { lo: l, hi: h, inclusive: i } => {
                    (lo == l && hi == h && inclusive == i).then_some((1, true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The tests inside a pattern whose own test has been passed.
    fn passed<'p>(&self, pair: &Pair<'p>, candidate: &mut Candidate<'p>) {
        match &pair.pat.kind {
            PatKind::Struct { variant, fields, .. } => {
                let payload = pair.place.with(Projection::Downcast(*variant));
                for (field, pat) in fields {
                    self.simplify(payload.field(field.0 as usize, pat.ty), pat, candidate);
                }
            }
            PatKind::Slice { .. } => self.simplify_slice(&pair.place, pair.pat, candidate),
            _ => return,
        }
        candidate.sort();
    }

    /// The bits of a value, as `Switch` wants them.
    fn switch_value(&self, lit: &Lit, ty: Ty) -> Option<u128> {
        let value = match lit {
            Lit::Int(value) => *value,
            Lit::Bool(value) => i128::from(*value),
            Lit::Char(c) => *c as i128,
            _ => return None,
        };
        let bits = match ty.kind() {
            TyKind::Int(int) => int.bits(),
            _ => 32,
        };
        Some(value as u128 & ((1 << bits) - 1))
    }

    /// Writes the test at the current block. `otherwise` is where nothing listed goes.
    fn perform(
        &mut self,
        test: &Test,
        place: &Place,
        pat: &Pat,
        blocks: &[(u128, BlockId)],
        otherwise: BlockId,
    ) {
        let span = pat.span;
        match test {
            Test::Variant => {
                let PatKind::Struct { adt, .. } = pat.kind else { return };
                let variants = &self.program.adts[adt].variants;
                let targets: Vec<(u128, BlockId)> = blocks
                    .iter()
                    .map(|&(variant, block)| {
                        let value = variants[VariantIdx(variant as u32)].discriminant;
                        (value as u128 & u128::from(u64::MAX), block)
                    })
                    .collect();
                let exhaustive = targets.len() == variants.len();
                if let ([(_, only)], true) = (&*targets, exhaustive) {
                    return self.goto(*only, span);
                }
                let discriminant = self.temp(Ty::int(), span);
                self.assign(discriminant, Rvalue::Discriminant(place.clone()), span);
                let value = Operand::Copy(discriminant.into());
                self.switch(value, targets, otherwise, exhaustive, span);
            }
            Test::Value => {
                let exhaustive = matches!(pat.ty.kind(), TyKind::Bool) && blocks.len() == 2;
                let value = Operand::Copy(place.clone());
                self.switch(value, blocks.to_vec(), otherwise, exhaustive, span);
            }
            Test::Len => {
                let len = self.temp(Ty::int(), span);
                self.assign(len, Rvalue::Len(place.clone()), span);
                self.switch(Operand::Copy(len.into()), blocks.to_vec(), otherwise, false, span);
            }
            Test::MinLen(min) => {
                let len = self.temp(Ty::int(), span);
                self.assign(len, Rvalue::Len(place.clone()), span);
                let min = Constant { ty: Ty::int(), kind: ConstKind::Int(i128::from(*min)) };
                let enough = self.temp(Ty::bool(), span);
                let compare =
                    Rvalue::Binary(BinOp::Ge, Operand::Copy(len.into()), Operand::Const(min));
                self.assign(enough, compare, span);
                self.branch(Operand::Copy(enough.into()), blocks[0].1, otherwise, span);
            }
            Test::Range => {
                let PatKind::Range { lo, hi, inclusive } = &pat.kind else { return };
                let bounds = [
                    lo.as_ref().map(|lo| (BinOp::Ge, lo)),
                    hi.as_ref().map(|hi| (if *inclusive { BinOp::Le } else { BinOp::Lt }, hi)),
                ];
                for (op, bound) in bounds.into_iter().flatten() {
                    let bound = Operand::Const(Constant { ty: pat.ty, kind: literal(bound) });
                    let inside = self.temp(Ty::bool(), span);
                    let compare = Rvalue::Binary(op, Operand::Copy(place.clone()), bound);
                    self.assign(inside, compare, span);
                    let next = self.new_block();
                    self.branch(Operand::Copy(inside.into()), next, otherwise, span);
                    self.start(next);
                }
                self.goto(blocks[0].1, span);
            }
            Test::Equal => {
                let equal = self.test_equal(place, pat);
                self.branch(equal, blocks[0].1, otherwise, span);
            }
        }
    }

    fn switch(
        &mut self,
        value: Operand,
        mut targets: Vec<(u128, BlockId)>,
        otherwise: BlockId,
        exhaustive: bool,
        span: Span,
    ) {
        let otherwise = match targets.last() {
            // The last one needs no test.
            Some(&(_, last)) if exhaustive => {
                targets.pop();
                last
            }
            _ => otherwise,
        };
        self.terminate(TerminatorKind::Switch { value, targets, otherwise }, span);
    }

    fn branch(&mut self, value: Operand, yes: BlockId, no: BlockId, span: Span) {
        let kind = TerminatorKind::Switch { value, targets: vec![(0, no)], otherwise: yes };
        self.terminate(kind, span);
    }

    /// Whether the place equals the pattern's literal or constant.
    fn test_equal(&mut self, place: &Place, pat: &Pat) -> Operand {
        let span = pat.span;
        let kind = match &pat.kind {
            PatKind::Literal(lit) => literal(lit),
            PatKind::Const { value } => ConstKind::Item(*value),
            _ => return Operand::Const(Constant { ty: Ty::bool(), kind: ConstKind::Int(0) }),
        };
        let constant = Constant { ty: pat.ty, kind };
        let equal = self.temp(Ty::bool(), span);
        let builtin = matches!(
            pat.ty.kind(),
            TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char
        );
        if builtin {
            let compare =
                Rvalue::Binary(BinOp::Eq, Operand::Copy(place.clone()), Operand::Const(constant));
            self.assign(equal, compare, span);
            return Operand::Copy(equal.into());
        }
        let expected = self.temp(pat.ty, span);
        let is_literal = matches!(constant.kind, ConstKind::Str(_));
        self.assign(expected, Rvalue::Use(Operand::Const(constant)), span);
        if !is_literal {
            self.schedule_value(self.temp_scope, expected, span);
        }
        let args = [place.clone(), Place::local(expected)].map(|place| {
            let temp = self.temp(Ty::shared_ref(pat.ty), span);
            let mutability = Mutability::Shared;
            self.assign(temp, Rvalue::Ref { mutability, place, two_phase: false }, span);
            Operand::Move(temp.into())
        });
        let string_eq = self.program.lang.function("string_eq");
        let callee = match (pat.ty.kind(), string_eq) {
            (TyKind::Str, Some(id)) => Callee::Fn { id, args: &[] },
            _ => match self.equality(pat.ty) {
                Some(callee) => callee,
                None => return Operand::Const(Constant { ty: Ty::bool(), kind: ConstKind::Int(0) }),
            },
        };
        self.call(&equal.into(), callee, args.to_vec(), CallFlow::default(), false, span);
        Operand::Copy(equal.into())
    }

    /// `Eq::eq` on a type.
    fn equality(&self, ty: Ty) -> Option<Callee> {
        let trait_ = self.program.lang.trait_("Eq")?;
        let data = &self.program.traits[trait_];
        let method =
            data.methods.iter().copied().find(|&m| self.program.fns[m].name == "eq")?;
        let args = vec![ty; data.generics.params.len().max(1)];
        Some(Callee::TraitMethod { trait_, method, args: hir::ty::tys(&args) })
    }

    // ------------------------------------------------------------ what matched

    /// All tests of the candidate have passed at `start`. Gives where to go on if its guard
    /// fails.
    fn matched<'p>(
        &mut self,
        state: &mut Match<'p>,
        candidate: Candidate<'p>,
        start: BlockId,
    ) -> Option<BlockId> {
        self.start(start);
        let i = match candidate.then {
            Then::Arm(i) => i,
            Then::Choice { join, open } => {
                let choice = &mut state.open[open];
                let mut span = self.thir.span;
                if let Some(selector) = choice.selector {
                    let kind = ConstKind::Int(choice.ways.len() as i128);
                    choice.ways.push(candidate.bound);
                    let value = Operand::Const(Constant { ty: Ty::int(), kind });
                    span = self.locals[selector].span;
                    self.assign(selector, Rvalue::Use(value), span);
                }
                self.goto(join, span);
                return None;
            }
        };
        if state.arms[i].vars.is_none() {
            let vars = match state.arms[i].pattern {
                Some(pattern) => self.declare_bindings(pattern),
                None => Vec::new(),
            };
            state.arms[i].vars = Some(vars);
        }
        let arm = &state.arms[i];
        let block = arm.block;
        let Some(guard) = arm.guard else {
            self.bind_all(&candidate.bound);
            let span = arm.pattern.map_or(self.thir.span, |p| p.span);
            self.goto(block, span);
            return None;
        };
        self.guarded(state, i, guard, candidate)
    }

    /// A guard sees the names of its arm, but nothing has been moved yet, and it cannot change
    /// what is matched.
    fn guarded<'p>(
        &mut self,
        state: &mut Match<'p>,
        i: usize,
        guard: ExprId,
        candidate: Candidate<'p>,
    ) -> Option<BlockId> {
        let span = self.thir.exprs[guard].span;
        let vars = state.arms[i].vars.clone().unwrap_or_default();
        // A name that will own is, for the guard, the place itself.
        let (binds, choices) = (candidate.bound.binds, candidate.bound.choices);
        let (late, early): (Vec<Bind>, Vec<Bind>) = binds.into_iter().partition(|bind| {
            bind.mode == BindMode::Move && !self.types.is_copy(self.thir.locals[bind.var].ty)
        });
        let late = Bound { binds: late, choices: Vec::new() };
        let early = Bound { binds: early, choices };
        self.bind_all(&early);
        let mut shadowed = Vec::new();
        for bind in &late.binds {
            if let BindSource::Place(place) = &bind.source {
                shadowed.push((bind.var, self.vars[bind.var].replace(place.clone())));
            }
        }
        let mut bound: SmallVec<[Local; 4]> = SmallVec::new();
        let mut exclusive: SmallVec<[Local; 4]> = SmallVec::new();
        early.each(&mut |bind| {
            let Some(local) = self.vars[bind.var].as_ref().and_then(Place::as_local) else { return };
            if bound.contains(&local) {
                return;
            }
            bound.push(local);
            if bind.mode == BindMode::Ref(Mutability::Mut) {
                exclusive.push(local);
            }
        });
        // What has been tested stays as it is until the guard has decided: it is borrowed, as a
        // whole or by the names that borrow exclusively.
        let quiet = self.is_quiet(guard);
        let held = (!quiet && (exclusive.is_empty() || state.arms[i].renames)).then(|| {
            let held = self.temp(Ty::shared_ref(self.ty_of(&state.scrutinee)), span);
            let place = state.scrutinee.clone();
            let mutability = Mutability::Shared;
            self.assign(held, Rvalue::Ref { mutability, place, two_phase: false }, span);
            held
        });
        let release = |b: &mut Self| {
            if quiet {
                return;
            }
            for &local in exclusive.iter().chain(&held) {
                b.statement(StatementKind::FakeRead(Place::local(local)), span);
            }
        };
        self.else_exits.push(ElseExit { depth: self.scopes.len(), exits: DropTree::new() });
        if self.has_let_condition(guard) {
            // What the guard binds and borrows is there in the body, which stands right here.
            let dest = state.dest.expect("a match with guards has a result").clone();
            let body = state.arms[i].body.expect("a match with guards has bodies");
            let end = state.end;
            let body_span = self.thir.exprs[body].span;
            self.in_temp_scope(body_span.end(), |b| {
                b.condition(guard);
                release(b);
                for (var, place) in shadowed.drain(..) {
                    b.vars[var] = place;
                }
                b.bind_all(&late);
                let scope = b.push_scope();
                b.schedule_bindings(&vars, scope);
                b.in_temp_scope(body_span.end(), |b| b.branch_into(&dest, body));
                b.pop_scope(body_span.end());
            });
            self.goto(end, body_span.end());
            state.arms[i].written = true;
        } else {
            self.in_temp_scope(span.end(), |b| b.condition(guard));
            release(self);
            for (var, place) in shadowed.drain(..) {
                self.vars[var] = place;
            }
            self.bind_all(&late);
            let block = state.arms[i].block;
            self.goto(block, span);
        }
        let exits = self.else_exits.pop().expect("pushed above").exits;
        if exits.is_unused() {
            return None;
        }
        let failed = self.new_block();
        self.build_exit_tree(exits, failed);
        self.start(failed);
        release(self);
        for local in bound {
            self.statement(StatementKind::StorageDead(local), span);
        }
        Some(self.here())
    }

    /// Evaluating it changes nothing.
    fn is_quiet(&self, expr: ExprId) -> bool {
        match &self.thir.exprs[expr].kind {
            ExprKind::Unary { operand, .. } => self.is_quiet(*operand),
            ExprKind::Binary { left, right, .. }
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right) => self.is_quiet(*left) && self.is_quiet(*right),
            ExprKind::Deref(inner) | ExprKind::Use(inner) => self.is_quiet(*inner),
            ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => {
                self.is_quiet(*base)
            }
            ExprKind::Cast { value, .. } => self.is_quiet(*value),
            ExprKind::Index { base, index } => self.is_quiet(*base) && self.is_quiet(*index),
            ExprKind::Local(_)
            | ExprKind::Static(_)
            | ExprKind::Literal(_)
            | ExprKind::Const(_)
            | ExprKind::ConstParam(_) => true,
            _ => false,
        }
    }

    fn has_let_condition(&self, expr: ExprId) -> bool {
        match &self.thir.exprs[expr].kind {
            ExprKind::LetCondition { .. } => true,
            ExprKind::And(left, right) => {
                self.has_let_condition(*left) || self.has_let_condition(*right)
            }
            _ => false,
        }
    }
}

/// Whether two patterns ask for equality with the same thing.
fn same_value(a: &PatKind, b: &PatKind) -> bool {
    match (a, b) {
        (PatKind::Literal(a), PatKind::Literal(b)) => a == b,
        (PatKind::Const { value: a }, PatKind::Const { value: b }) => a == b,
        _ => false,
    }
}

fn binds_mut(pat: &Pat) -> bool {
    let mut any = false;
    each_binding(pat, &mut |pat| {
        if let PatKind::Binding { mode: BindMode::Ref(Mutability::Mut), .. } = pat.kind {
            any = true;
        }
    });
    any
}

/// The pattern binds a name.
fn binds_names(pat: &Pat) -> bool {
    let mut any = false;
    each_binding(pat, &mut |_| any = true);
    any
}

/// A name is bound to an exclusive borrow of something that is taken apart further.
fn renames_mut(pat: &Pat) -> bool {
    let mut any = false;
    each_binding(pat, &mut |pat| {
        if let PatKind::Binding { mode: BindMode::Ref(Mutability::Mut), sub: Some(_), .. } = pat.kind
        {
            any = true;
        }
    });
    any
}

fn each_binding(pat: &Pat, f: &mut dyn FnMut(&Pat)) {
    match &pat.kind {
        PatKind::Binding { sub, .. } => {
            f(pat);
            if let Some(sub) = sub {
                each_binding(sub, f);
            }
        }
        PatKind::Tuple(pats) | PatKind::Or(pats) => pats.iter().for_each(|p| each_binding(p, f)),
        PatKind::Struct { fields, .. } => fields.iter().for_each(|(_, p)| each_binding(p, f)),
        PatKind::Slice { before, rest, after } => {
            before.iter().chain(after).for_each(|p| each_binding(p, f));
            if let Some(Some(rest)) = rest {
                each_binding(rest, f);
            }
        }
        PatKind::Deref(inner) => each_binding(inner, f),
        _ => {}
    }
}
