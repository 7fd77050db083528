//! What live loans forbid: the second walk over a body, with the solved states.
//!
//! Operands are checked against the loans that are live before a statement (all its operands
//! are in use together), what it writes or ends against those that are live after it.

use base::{Diagnostic, FxHashSet, IndexVec, Span};
use hir::ty::Mutability;

use crate::body::{
    AssertMessage, BlockId, Body, Local, Location, Operand, Place, RETURN, Rvalue, Statement, StatementKind,
    Terminator, TerminatorKind,
};
use crate::check::describe;
use crate::check::live::{Changes, Liveness, Slot};
use crate::check::loans::{LoanKind, Loans, PlaceLoan, State};
use crate::check::overlap::{Overlap, Reach, overlap};
use crate::check::reports;
use crate::check::sets::{LoanId, LoanSet};
use crate::dataflow::BitSet;
use crate::visit;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Read,
    Move,
    Borrow(Mutability),
    /// A two-phase borrow begins.
    Begin,
    Assign,
    Drop,
    StorageEnd,
}

impl Access {
    fn reads(self) -> bool {
        matches!(self, Access::Read | Access::Borrow(Mutability::Shared))
    }

    fn reach(self) -> Reach {
        match self {
            Access::Assign | Access::StorageEnd => Reach::Shallow,
            Access::Drop => Reach::Drop,
            _ => Reach::Deep,
        }
    }
}

/// A live loan in the way of an access.
pub struct Conflict<'c> {
    pub loan: &'c PlaceLoan,
    /// Who keeps the loan alive; `None`: what a parameter points to.
    pub keeper: Option<Local>,
    pub access: Access,
    pub place: &'c Place,
    pub span: Span,
    pub at: Location,
}

pub struct Conflicts<'l, 'a, 'f> {
    pub loans: &'l mut Loans<'a, 'f>,
    pub live: &'l Liveness,
    pub out: &'l mut Vec<Diagnostic>,
    reported: FxHashSet<LoanId>,
    spans: FxHashSet<Span>,
    /// It was said that what a scope runs cannot use the scope: whatever else is wrong with that follows from it.
    scope_told: bool,
    returns_outer: bool,
}

/// Whether the body may return a borrow that passes an argument, for closures.
pub fn check(
    loans: &mut Loans<'_, '_>,
    live: &Liveness,
    states: &IndexVec<BlockId, Option<State>>,
    out: &mut Vec<Diagnostic>,
) -> bool {
    let mut walk = Conflicts {
        loans,
        live,
        out,
        reported: FxHashSet::default(),
        spans: FxHashSet::default(),
        scope_told: false,
        returns_outer: false,
    };
    walk.loans.escapes = Some(Vec::new());
    let body = walk.loans.body;
    // Reused from block to block.
    let (mut state, mut changes) = (State::default(), Vec::new());
    // Normal paths first: the same mistake shows on unwind paths too, less clearly.
    for cleanup in [false, true] {
        for &block in &live.order {
            if body.blocks[block].cleanup == cleanup
                && let Some(start) = &states[block]
            {
                state.clone_from(start);
                walk.block(body, block, &mut state, &mut changes);
            }
        }
    }
    walk.returns_outer
}

impl Conflicts<'_, '_, '_> {
    fn block(&mut self, body: &Body, block: BlockId, state: &mut State, changes: &mut Vec<Changes>) {
        let data = &body.blocks[block];
        let Some(mut live) = self.live.entry[block].clone() else { return };
        self.live.changes(body, block, changes);
        for (i, statement) in data.statements.iter().enumerate() {
            let at = Location::new(block, i);
            self.operands(state, &live, statement, at);
            self.loans.statement(state, statement, at);
            self.toggle(&mut live, &changes[i]);
            match &statement.kind {
                StatementKind::Assign(place, _) => {
                    self.access(state, &live, place, Access::Assign, statement.span, at);
                }
                StatementKind::StorageDead(local) => {
                    let place = Place::local(*local);
                    self.access(state, &live, &place, Access::StorageEnd, statement.span, at);
                }
                _ => {}
            }
            self.loans.settle(state, statement);
            self.escapes(at);
        }
        let at = body.end_of(block);
        self.terminator(body, state, &mut live, &data.terminator, at, changes);
        self.escapes(at);
    }

    fn toggle(&self, live: &mut BitSet<Slot>, slots: &[Slot]) {
        for &slot in slots {
            if !live.insert(slot) {
                live.remove(slot);
            }
        }
    }

    fn operands(&mut self, state: &State, live: &BitSet<Slot>, statement: &Statement, at: Location) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Assign(target, rvalue) => {
                self.rvalue(state, live, rvalue, span, at);
                self.indices(state, live, target, span, at);
            }
            StatementKind::FakeRead(place) => self.access(state, live, place, Access::Read, span, at),
            _ => {}
        }
    }

    fn rvalue(&mut self, state: &State, live: &BitSet<Slot>, rvalue: &Rvalue, span: Span, at: Location) {
        match rvalue {
            Rvalue::Ref { mutability, place, two_phase } => {
                self.indices(state, live, place, span, at);
                // Until it begins, a two-phase borrow is a shared one.
                let mutability = if *two_phase { Mutability::Shared } else { *mutability };
                self.access(state, live, place, Access::Borrow(mutability), span, at);
            }
            Rvalue::Subslice { place, from, to, mutability } => {
                self.indices(state, live, place, span, at);
                let access = Access::Borrow(*mutability);
                self.access_part(state, live, place, Some((*from, *to)), access, span, at, None);
            }
            Rvalue::RawRef(_) => {}
            Rvalue::Len(place) | Rvalue::Discriminant(place) => {
                self.indices(state, live, place, span, at);
                self.access(state, live, place, Access::Read, span, at);
            }
            Rvalue::Aggregate(_, operands) => {
                operands.iter().for_each(|o| self.operand(state, live, o, span, at))
            }
            Rvalue::Use(o)
            | Rvalue::Unary(_, o)
            | Rvalue::Cast(_, o, _)
            | Rvalue::Coerce(_, o, _)
            | Rvalue::Repeat(o, _) => self.operand(state, live, o, span, at),
            Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
                self.operand(state, live, a, span, at);
                self.operand(state, live, b, span, at);
            }
        }
    }

    fn indices(&mut self, state: &State, live: &BitSet<Slot>, place: &Place, span: Span, at: Location) {
        for index in visit::index_locals(place) {
            self.access(state, live, &Place::local(index), Access::Read, span, at);
        }
    }

    fn operand(&mut self, state: &State, live: &BitSet<Slot>, operand: &Operand, span: Span, at: Location) {
        let (place, access) = match operand {
            Operand::Copy(place) => (place, Access::Read),
            Operand::Move(place) => (place, Access::Move),
            Operand::Const(_) => return,
        };
        self.begin(state, live, place, span, at);
        self.indices(state, live, place, span, at);
        self.access(state, live, place, access, span, at);
    }

    /// Using the temporary of a two-phase borrow begins it.
    fn begin(&mut self, state: &State, live: &BitSet<Slot>, place: &Place, span: Span, at: Location) {
        let near = state.get(place.local).near;
        if near.is_empty() || place.local.0 as usize <= self.loans.body.arg_count {
            return;
        }
        for &id in self.loans.sets.members(near).iter() {
            let LoanKind::Place(loan) = &self.loans.loans[id] else { continue };
            if loan.two_phase == Some(place.local) {
                let lent = loan.place.clone();
                let span = if loan.span.is_empty() { span } else { loan.span };
                self.access_part(state, live, &lent, None, Access::Begin, span, at, Some(id));
            }
        }
    }

    fn terminator(
        &mut self,
        body: &Body,
        state: &mut State,
        live: &mut BitSet<Slot>,
        terminator: &Terminator,
        at: Location,
        changes: &[Changes],
    ) {
        let span = terminator.span;
        match &terminator.kind {
            TerminatorKind::Switch { value, .. } => self.operand(state, live, value, span, at),
            TerminatorKind::Assert { condition, message, .. } => {
                self.operand(state, live, condition, span, at);
                if let AssertMessage::Bounds { index, len } = message {
                    self.operand(state, live, index, span, at);
                    self.operand(state, live, len, span, at);
                }
            }
            TerminatorKind::Call(call) => {
                for arg in &call.args {
                    self.operand(state, live, arg, span, at);
                }
                self.indices(state, live, &call.destination, span, at);
            }
            TerminatorKind::Return => {
                self.returns_outer |= self.loans.returns_outer(state);
                for loan in self.loans.unallowed(state) {
                    if self.reported.insert(loan)
                        && let Some(d) = reports::returned(self.loans, loan, state, span)
                    {
                        self.out.push(d);
                    }
                }
            }
            _ => {}
        }
        let result = self.loans.terminator(state, terminator);
        if let Some(slots) = changes.last() {
            self.toggle(live, slots);
        }
        match &terminator.kind {
            TerminatorKind::Drop { place, .. } => {
                let ty = place.ty(&body.locals);
                if self.loans.facts.needs_drop(ty) {
                    self.access(state, live, place, Access::Drop, span, at);
                }
            }
            TerminatorKind::Call(call) => {
                if let Some(target) = call.target
                    && let Some(entry) = &self.live.entry[target]
                {
                    // The state is not looked at again.
                    self.loans.edge(state, terminator, target, result);
                    self.access(state, entry, &call.destination, Access::Assign, span, at);
                }
            }
            _ => {}
        }
    }

    fn access(
        &mut self,
        state: &State,
        live: &BitSet<Slot>,
        place: &Place,
        access: Access,
        span: Span,
        at: Location,
    ) {
        self.access_part(state, live, place, None, access, span, at, None);
    }

    #[allow(clippy::too_many_arguments)]
    fn access_part(
        &mut self,
        state: &State,
        live: &BitSet<Slot>,
        place: &Place,
        part: Option<(u64, u64)>,
        access: Access,
        span: Span,
        at: Location,
        except: Option<LoanId>,
    ) {
        if !self.loans.borrowed[place.local] {
            return;
        }
        for &(keeper, carry) in &state.carried {
            if !self.live.contains(live, keeper) {
                continue;
            }
            for set in carry.sets() {
                self.against(set, Some(keeper), place, part, access, span, at, except);
            }
        }
        self.against(state.world(), None, place, part, access, span, at, except);
    }

    #[allow(clippy::too_many_arguments)]
    fn against(
        &mut self,
        set: LoanSet,
        keeper: Option<Local>,
        place: &Place,
        part: Option<(u64, u64)>,
        access: Access,
        span: Span,
        at: Location,
        except: Option<LoanId>,
    ) {
        if set.is_empty() {
            return;
        }
        for &id in self.loans.sets.members(set).iter() {
            let LoanKind::Place(loan) = &self.loans.loans[id] else { continue };
            if loan.place.local != place.local || except == Some(id) {
                continue;
            }
            let shared = loan.mutability == Mutability::Shared
                || (loan.two_phase.is_some() && loan.two_phase == keeper);
            if shared && access.reads() {
                continue;
            }
            let program = self.loans.facts.program;
            match overlap(program, self.loans.body, loan, place, part, access.reach()) {
                Overlap::Apart => continue,
                Overlap::Reads if shared => continue,
                _ => {}
            }
            if self.reported.contains(&id) || !self.spans.insert(span) {
                self.reported.insert(id);
                continue;
            }
            self.reported.insert(id);
            let ends = matches!(access, Access::Drop | Access::StorageEnd);
            if ends && self.loans.names_in_vain(place.local) {
                continue;
            }
            let conflict = Conflict { loan, keeper, access, place, span, at };
            if reports::is_scope(self.loans, place.local) {
                if self.scope_told {
                    continue;
                }
                if let Some(d) = reports::used_by_its_own(self.loans, &conflict) {
                    self.scope_told = true;
                    self.out.push(d);
                    continue;
                }
            }
            let diagnostic = reports::conflict(self.loans, self.live, &conflict);
            self.out.push(diagnostic);
        }
    }

    fn escapes(&mut self, at: Location) {
        let Some(escapes) = &mut self.loans.escapes else { return };
        if escapes.is_empty() {
            return;
        }
        for escape in std::mem::take(escapes) {
            if let LoanKind::Outer(p) = self.loans.loans[escape.loan]
                && escape.into == Some(p)
                && reports::is_scope(self.loans, Local(p + 1))
            {
                if !std::mem::replace(&mut self.scope_told, true) {
                    self.out.push(reports::scope_used_by_its_own(self.loans, Local(p + 1), escape.span));
                }
                continue;
            }
            if self.reported.insert(escape.loan) && self.spans.insert(escape.span) {
                let d = reports::escape(self.loans, &escape, at);
                self.out.push(d);
            }
        }
    }
}

/// Whether the value that keeps a loan is on its way out of the function.
pub fn is_result(body: &Body, live: &Liveness, at: Location, keeper: Local) -> bool {
    keeper == RETURN || matches!(describe::next_use(body, live, at, keeper), Some(describe::Use::Return))
}
