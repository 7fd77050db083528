//! Every place a statement or terminator touches, and how, in the order in which it does.

use crate::body::{
    AssertMessage, Local, Operand, Place, Projection, Rvalue, Statement, StatementKind, Terminator,
    TerminatorKind,
};
use hir::ty::Mutability;

/// How a place is touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Copy,
    Move,
    /// Discriminant, length, or the whole for a match.
    Inspect,
    FakeRead,
    Borrow(Mutability),
    /// Its address is taken without a loan.
    RawRef,
    /// Overwritten by an assignment or a call's result.
    Write,
    Drop,
    StorageLive,
    StorageDead,
}

pub fn statement_places(statement: &Statement, f: &mut impl FnMut(&Place, Access)) {
    match &statement.kind {
        StatementKind::Assign(place, rvalue) => {
            rvalue_places(rvalue, f);
            f(place, Access::Write);
        }
        StatementKind::StorageLive(local) => f(&Place::local(*local), Access::StorageLive),
        StatementKind::StorageDead(local) => f(&Place::local(*local), Access::StorageDead),
        StatementKind::FakeRead(place) => f(place, Access::FakeRead),
        StatementKind::Nop => {}
    }
}

fn operand_place(operand: &Operand, f: &mut impl FnMut(&Place, Access)) {
    match operand {
        Operand::Copy(place) => f(place, Access::Copy),
        Operand::Move(place) => f(place, Access::Move),
        Operand::Const(_) => {}
    }
}

pub fn rvalue_places(rvalue: &Rvalue, f: &mut impl FnMut(&Place, Access)) {
    match rvalue {
        Rvalue::Use(o)
        | Rvalue::Unary(_, o)
        | Rvalue::Cast(_, o, _)
        | Rvalue::Coerce(_, o, _)
        | Rvalue::Repeat(o, _) => operand_place(o, f),
        Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
            operand_place(a, f);
            operand_place(b, f);
        }
        Rvalue::Aggregate(_, operands) => operands.iter().for_each(|o| operand_place(o, f)),
        Rvalue::Ref { mutability, place, .. } | Rvalue::Subslice { place, mutability, .. } => {
            f(place, Access::Borrow(*mutability))
        }
        Rvalue::RawRef(place) => f(place, Access::RawRef),
        Rvalue::Len(place) | Rvalue::Discriminant(place) => f(place, Access::Inspect),
    }
}

/// A call's destination comes last, as a write (which happens only if the call returns).
pub fn terminator_places(terminator: &Terminator, f: &mut impl FnMut(&Place, Access)) {
    match &terminator.kind {
        TerminatorKind::Switch { value, .. } => operand_place(value, f),
        TerminatorKind::Drop { place, .. } => f(place, Access::Drop),
        TerminatorKind::Call(call) => {
            call.args.iter().for_each(|o| operand_place(o, f));
            f(&call.destination, Access::Write);
        }
        TerminatorKind::Assert { condition, message, .. } => {
            operand_place(condition, f);
            if let AssertMessage::Bounds { index, len } = message {
                operand_place(index, f);
                operand_place(len, f);
            }
        }
        TerminatorKind::Goto(_)
        | TerminatorKind::Return
        | TerminatorKind::Resume
        | TerminatorKind::Unreachable => {}
    }
}

/// Applies `f` to every place that a statement mentions, to rewrite it.
pub fn statement_places_mut(statement: &mut Statement, f: &mut impl FnMut(&mut Place)) {
    match &mut statement.kind {
        StatementKind::Assign(place, rvalue) => {
            rvalue_places_mut(rvalue, f);
            f(place);
        }
        StatementKind::FakeRead(place) => f(place),
        StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
    }
}

fn operand_place_mut(operand: &mut Operand, f: &mut impl FnMut(&mut Place)) {
    if let Operand::Copy(place) | Operand::Move(place) = operand {
        f(place);
    }
}

fn rvalue_places_mut(rvalue: &mut Rvalue, f: &mut impl FnMut(&mut Place)) {
    match rvalue {
        Rvalue::Use(o)
        | Rvalue::Unary(_, o)
        | Rvalue::Cast(_, o, _)
        | Rvalue::Coerce(_, o, _)
        | Rvalue::Repeat(o, _) => operand_place_mut(o, f),
        Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
            operand_place_mut(a, f);
            operand_place_mut(b, f);
        }
        Rvalue::Aggregate(_, operands) => operands.iter_mut().for_each(|o| operand_place_mut(o, f)),
        Rvalue::Ref { place, .. }
        | Rvalue::Subslice { place, .. }
        | Rvalue::RawRef(place)
        | Rvalue::Len(place)
        | Rvalue::Discriminant(place) => f(place),
    }
}

pub fn terminator_places_mut(terminator: &mut Terminator, f: &mut impl FnMut(&mut Place)) {
    match &mut terminator.kind {
        TerminatorKind::Switch { value, .. } => operand_place_mut(value, f),
        TerminatorKind::Drop { place, .. } => f(place),
        TerminatorKind::Call(call) => {
            call.args.iter_mut().for_each(|o| operand_place_mut(o, f));
            f(&mut call.destination);
        }
        TerminatorKind::Assert { condition, message, .. } => {
            operand_place_mut(condition, f);
            if let AssertMessage::Bounds { index, len } = message {
                operand_place_mut(index, f);
                operand_place_mut(len, f);
            }
        }
        TerminatorKind::Goto(_)
        | TerminatorKind::Return
        | TerminatorKind::Resume
        | TerminatorKind::Unreachable => {}
    }
}

/// The locals that a place reads to be found: index operands.
pub fn index_locals(place: &Place) -> impl Iterator<Item = Local> + '_ {
    place.projection.iter().filter_map(|p| match p {
        Projection::Index(local) => Some(*local),
        _ => None,
    })
}
