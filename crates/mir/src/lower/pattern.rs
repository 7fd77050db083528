//! Patterns as lists of tests on places, and the binding of names.
//!
//! Not here: the order of tests ([`super::matching`]). The one thing to know: simplifying a
//! pattern splits it into what must be tested (a [`Pair`]) and what is bound once all tests have
//! passed (a [`Bind`]).

use base::Span;
use hir::items::AdtKind;
use hir::thir::{BindMode, LocalId, Pat, PatKind};
use hir::ty::{Mutability, Ty, TyKind};
use smallvec::SmallVec;

use super::Builder;
use crate::body::{BlockId, Local, Operand, Place, Projection, Rvalue, StatementKind, TerminatorKind};

/// A place and a refutable pattern that it must match.
#[derive(Clone, Debug)]
pub struct Pair<'p> {
    pub place: Place,
    pub pat: &'p Pat,
}

impl Pair<'_> {
    pub fn is_or(&self) -> bool {
        matches!(self.pat.kind, PatKind::Or(_))
    }
}

#[derive(Clone, Debug)]
pub struct Bind {
    pub var: LocalId,
    pub mode: BindMode,
    pub source: BindSource,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum BindSource {
    Place(Place),
    /// `..rest` of a list or array.
    Subslice {
        place: Place,
        from: u64,
        to: u64,
    },
}

/// What is bound when a candidate has matched.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    pub binds: Vec<Bind>,
    pub choices: Vec<Choice>,
}

/// Nested alternatives that bind names: a local that says which one matched, and what each binds.
#[derive(Clone, Debug)]
pub struct Choice {
    pub selector: Local,
    pub alternatives: Vec<Bound>,
}

impl Bound {
    /// Every binding, those of all alternatives.
    pub fn each(&self, f: &mut dyn FnMut(&Bind)) {
        self.binds.iter().for_each(&mut *f);
        for alternative in self.choices.iter().flat_map(|c| &c.alternatives) {
            alternative.each(f);
        }
    }
}

/// One way for an arm to match.
#[derive(Clone, Debug)]
pub struct Candidate<'p> {
    /// What is still to be tested, alternatives last.
    pub pairs: SmallVec<[Pair<'p>; 2]>,
    pub bound: Bound,
    pub then: Then,
    /// How many candidates its arm has been split into by nested alternatives.
    pub width: usize,
}

/// What follows when a candidate matches.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    Arm(usize),
    /// An alternative of a nested pattern: goes on at the block, after noting which it was in
    /// the match's list of open choices.
    Choice {
        join: BlockId,
        open: usize,
    },
}

impl<'p> Candidate<'p> {
    pub fn new(then: Then) -> Candidate<'p> {
        Candidate { pairs: SmallVec::new(), bound: Bound::default(), then, width: 1 }
    }

    /// Tests first, alternatives last: they are joined when all else has matched.
    pub fn sort(&mut self) {
        if self.pairs.len() > 1 {
            self.pairs.sort_by_key(Pair::is_or);
        }
    }
}

impl Builder<'_> {
    /// Splits `pat` on `place` into tests and bindings.
    pub fn simplify<'p>(&self, place: Place, pat: &'p Pat, out: &mut Candidate<'p>) {
        match &pat.kind {
            PatKind::Wildcard | PatKind::Error => {}
            PatKind::Binding { local, mode, sub } => {
                out.bound.binds.push(Bind {
                    var: *local,
                    mode: *mode,
                    source: BindSource::Place(place.clone()),
                    span: pat.span,
                });
                if let Some(sub) = sub {
                    self.simplify(place, sub, out);
                }
            }
            PatKind::Tuple(pats) => {
                for (i, pat) in pats.iter().enumerate() {
                    self.simplify(place.field(i, pat.ty), pat, out);
                }
            }
            PatKind::Struct { adt, fields, .. } if self.program.adts[*adt].kind == AdtKind::Struct => {
                for (field, pat) in fields {
                    self.simplify(place.field(field.0 as usize, pat.ty), pat, out);
                }
            }
            PatKind::Struct { .. } => out.pairs.push(Pair { place, pat }),
            PatKind::Deref(inner) => self.simplify(place.deref(), inner, out),
            PatKind::Slice { .. } if matches!(pat.ty.kind(), TyKind::Array(..)) => {
                self.simplify_slice(&place, pat, out);
            }
            // A list of any length.
            PatKind::Slice { before, rest: Some(_), after } if before.is_empty() && after.is_empty() => {
                self.simplify_slice(&place, pat, out);
            }
            PatKind::Or(pats) if let [only] = pats.as_slice() => self.simplify(place, only, out),
            PatKind::Range { lo: None, hi: None, .. } => {}
            PatKind::Slice { .. }
            | PatKind::Literal(_)
            | PatKind::Range { .. }
            | PatKind::Const { .. }
            | PatKind::Or(_) => out.pairs.push(Pair { place, pat }),
        }
    }

    /// The elements of a list or array whose length has been tested.
    pub fn simplify_slice<'p>(&self, place: &Place, pat: &'p Pat, out: &mut Candidate<'p>) {
        let PatKind::Slice { before, rest, after } = &pat.kind else { return };
        let known_len = match pat.ty.kind() {
            TyKind::Array(_, len) => match len.kind() {
                TyKind::Const(n) => u64::try_from(*n).ok(),
                _ => None,
            },
            _ => None,
        };
        for (i, pat) in before.iter().enumerate() {
            let element = Projection::ConstIndex { offset: i as u64, from_end: false };
            self.simplify(place.with(element), pat, out);
        }
        for (i, pat) in after.iter().enumerate() {
            let back = (after.len() - i) as u64;
            let element = match known_len {
                Some(len) if len >= back => Projection::ConstIndex { offset: len - back, from_end: false },
                _ => Projection::ConstIndex { offset: back, from_end: true },
            };
            self.simplify(place.with(element), pat, out);
        }
        let Some(Some(rest)) = rest else { return };
        let mut at: &Pat = rest;
        while let PatKind::Deref(inner) = &at.kind {
            at = inner;
        }
        if let PatKind::Binding { local, mode, .. } = &at.kind {
            out.bound.binds.push(Bind {
                var: *local,
                mode: *mode,
                source: BindSource::Subslice {
                    place: place.clone(),
                    from: before.len() as u64,
                    to: after.len() as u64,
                },
                span: at.span,
            });
        }
    }

    // ------------------------------------------------------------ binding

    /// The names that a pattern binds, each once, in the order in which they stand.
    pub fn bound_vars(pat: &Pat) -> Vec<LocalId> {
        let mut vars = Vec::new();
        collect_vars(pat, &mut vars);
        vars
    }

    /// Makes locals for the names of a pattern. Their storage begins where they are bound.
    pub fn declare_bindings(&mut self, pat: &Pat) -> Vec<Local> {
        Self::bound_vars(pat).into_iter().map(|var| self.declare(var)).collect()
    }

    /// The values bound by a pattern are dropped at the end of `scope`.
    pub fn schedule_bindings(&mut self, vars: &[Local], scope: usize) {
        for &local in vars {
            let span = self.locals[local].span;
            self.schedule_storage(scope, local, span);
            self.schedule_value(scope, local, span);
        }
    }

    /// Binds all names of a candidate whose tests have passed.
    pub fn bind_all(&mut self, bound: &Bound) {
        for bind in &bound.binds {
            self.bind(bind);
        }
        for Choice { selector, alternatives } in &bound.choices {
            let span = self.locals[*selector].span;
            let join = self.new_block();
            let blocks: Vec<BlockId> = alternatives.iter().map(|_| self.new_block()).collect();
            let Some((&last, others)) = blocks.split_last() else { continue };
            let targets = (0..).zip(others.iter().copied()).collect();
            let value = Operand::Copy(Place::local(*selector));
            self.terminate(TerminatorKind::Switch { value, targets, otherwise: last }, span);
            for (bound, block) in alternatives.iter().zip(blocks) {
                self.start(block);
                self.bind_all(bound);
                self.goto(join, span);
            }
            self.start(join);
        }
    }

    pub fn bind(&mut self, bind: &Bind) {
        let Some(local) = self.vars[bind.var].as_ref().and_then(Place::as_local) else { return };
        self.statement(StatementKind::StorageLive(local), bind.span);
        let ty = self.locals[local].ty;
        let rvalue = match (&bind.source, bind.mode) {
            (BindSource::Place(place), BindMode::Move) => Rvalue::Use(self.use_place(place.clone(), ty)),
            (BindSource::Place(place), BindMode::CopyDeref) => Rvalue::Use(Operand::Copy(place.deref())),
            (BindSource::Place(place), BindMode::Ref(mutability)) => {
                Rvalue::Ref { mutability, place: place.clone(), two_phase: false }
            }
            (BindSource::Subslice { place, from, to }, mode) => {
                let mutability = match mode {
                    BindMode::Ref(mutability) => mutability,
                    _ => Mutability::Shared,
                };
                let (place, from, to) = (place.clone(), *from, *to);
                Rvalue::Subslice { place, from, to, mutability }
            }
        };
        self.assign(local, rvalue, bind.span);
    }

    /// Takes `place` apart by a pattern that always matches.
    pub fn bind_irrefutable(&mut self, place: &Place, pat: &Pat, scope: usize) {
        let mut candidate = Candidate::new(Then::Arm(0));
        self.simplify(place.clone(), pat, &mut candidate);
        let vars = self.declare_bindings(pat);
        if candidate.pairs.is_empty() {
            self.bind_all(&candidate.bound);
        } else {
            self.run_single(candidate, pat.span);
        }
        self.schedule_bindings(&vars, scope);
    }

    /// Tests `pat` on `place`; goes on with its names bound, or leaves through the innermost
    /// exit. The caller schedules the end of the names.
    pub fn test_and_bind(&mut self, place: &Place, pat: &Pat, span: Span) -> Vec<Local> {
        let mut candidate = Candidate::new(Then::Arm(0));
        self.simplify(place.clone(), pat, &mut candidate);
        candidate.sort();
        let vars = self.declare_bindings(pat);
        self.run_single(candidate, span);
        vars
    }

    pub fn let_condition(&mut self, pat: &Pat, scrutinee: hir::thir::ExprId, span: Span) {
        let scope = self.scopes.len() - 1;
        let place = self.any_place(scrutinee);
        self.statement(StatementKind::FakeRead(place.clone()), span);
        let vars = self.test_and_bind(&place, pat, span);
        self.schedule_bindings(&vars, scope);
    }

    /// The type of a place that a test looks at.
    pub fn ty_of(&self, place: &Place) -> Ty {
        place.ty(&self.locals)
    }
}

fn collect_vars(pat: &Pat, vars: &mut Vec<LocalId>) {
    match &pat.kind {
        PatKind::Binding { local, sub, .. } => {
            if !vars.contains(local) {
                vars.push(*local);
            }
            if let Some(sub) = sub {
                collect_vars(sub, vars);
            }
        }
        PatKind::Tuple(pats) | PatKind::Or(pats) => {
            pats.iter().for_each(|p| collect_vars(p, vars));
        }
        PatKind::Struct { fields, .. } => fields.iter().for_each(|(_, p)| collect_vars(p, vars)),
        PatKind::Slice { before, rest, after } => {
            before.iter().for_each(|p| collect_vars(p, vars));
            if let Some(Some(rest)) = rest {
                collect_vars(rest, vars);
            }
            after.iter().for_each(|p| collect_vars(p, vars));
        }
        PatKind::Deref(inner) => collect_vars(inner, vars),
        PatKind::Wildcard
        | PatKind::Literal(_)
        | PatKind::Range { .. }
        | PatKind::Const { .. }
        | PatKind::Error => {}
    }
}
