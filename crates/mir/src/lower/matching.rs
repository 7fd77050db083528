//! `match`: candidates to a decision automaton.
//!
//! Candidates are tried in order. The first one's first test is made for all the candidates
//! after it, as far as the test tells them apart; each goes to the one branch it can match in,
//! and the first candidate that could match in several starts over behind all branches. So a
//! candidate is never written twice, and the code grows with the patterns, not with their
//! combinations (alternatives of guarded arms apart, up to a limit). After rustc's
//! `mir_build::matches`. The tests themselves are in [`super::decide`].

use std::collections::VecDeque;

use base::{FxHashMap, Span};
use hir::thir::{Arm, BindMode, ExprId, Pat, PatKind};
use hir::ty::{Mutability, Ty};

use super::Builder;
use super::pattern::{Bound, Candidate, Choice, Pair, Then};
use super::scope::Exit;
use crate::body::{BlockId, ConstKind, Constant, Local, Operand, Place, Projection, Rvalue, StatementKind};

/// Guarded arms are split into at most this many candidates by nested alternatives.
const MAX_WIDTH: usize = 1024;

/// What the arms of a match need while its tests are written.
pub struct Match<'p> {
    pub arms: Vec<ArmState<'p>>,
    pub dest: Option<&'p Place>,
    /// What is matched.
    pub scrutinee: Place,
    pub end: BlockId,
    /// Nested alternatives being matched.
    open: Vec<OpenChoice>,
}

pub struct OpenChoice {
    /// Which way matched, if it matters.
    selector: Option<Local>,
    ways: Vec<Bound>,
}

pub struct ArmState<'p> {
    guard: Option<ExprId>,
    pub body: Option<ExprId>,
    pattern: Option<&'p Pat>,
    /// Where its body starts, if several candidates lead there.
    pub block: BlockId,
    /// The locals of its names, once a candidate has matched.
    pub vars: Option<Vec<Local>>,
    /// The body has been written behind the guard.
    pub written: bool,
    /// See [`renames_mut`].
    pub renames: bool,
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
        let mut state =
            Match { arms: Vec::new(), dest: Some(dest), scrutinee: place.clone(), end, open: Vec::new() };
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
        let mutability =
            if arms.iter().any(|a| binds_mut(&a.pattern)) { Mutability::Mut } else { Mutability::Shared };
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
        let mut state = Match { arms: vec![arm], dest: None, scrutinee, end: block, open: Vec::new() };
        let start = self.here();
        if let Some(unmatched) = self.match_candidates(&mut state, VecDeque::from([candidate]), start) {
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
    fn merge(&mut self, first: Option<BlockId>, second: Option<BlockId>, span: Span) -> Option<BlockId> {
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
        let blocks: Vec<(u128, BlockId)> = branches.iter().map(|&(key, _)| (key, self.new_block())).collect();
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
        if let PatKind::Binding { mode: BindMode::Ref(Mutability::Mut), sub: Some(_), .. } = pat.kind {
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
