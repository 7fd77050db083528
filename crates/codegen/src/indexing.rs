//! Additions whose result is at once used as a checked index.
//!
//! When two non-negative numbers overflow the sum is negative, and the bounds check that follows
//! panics anyway; only for two negative ones a check of its own is left, which goes away when
//! one operand is known not to be negative, as counters are. What is gained is not the check but
//! the loop: LLVM knows how often it runs, and can turn it into vector code.

use base::{Idx, IndexVec};
use mir::body::{
    AssertMessage, BlockId, Body, Local, Operand, Place, Projection, Rvalue, StatementKind, TerminatorKind,
};
use mir::mono::items::FieldIdx;
use mir::mono::thir::BinOp;
use mir::mono::ty::TyKind;

/// The locals that hold such a sum and its overflow flag.
pub fn index_sums(body: &Body) -> IndexVec<Local, bool> {
    let mut found = IndexVec::from_elem(false, body.locals.len());
    let mut assigned = IndexVec::from_elem(0_u32, body.locals.len());
    let mut read = IndexVec::from_elem(0_u32, body.locals.len());
    for block in body.blocks.iter() {
        for statement in &block.statements {
            mir::visit::statement_places(statement, &mut |place, access| {
                note(place, access, &mut assigned, &mut read);
            });
        }
        mir::visit::terminator_places(&block.terminator, &mut |place, access| {
            note(place, access, &mut assigned, &mut read);
        });
    }
    for block in body.blocks.iter() {
        if let TerminatorKind::Assert {
            condition: Operand::Copy(flag) | Operand::Move(flag),
            message: AssertMessage::Overflow(BinOp::Add),
            target,
            ..
        } = &block.terminator.kind
            && is_field(flag, 1)
            // The flag here, the sum there.
            && assigned[flag.local] == 1
            && read[flag.local] == 2
            && is_signed_sum(body, flag.local)
            && leads_to_index(body, flag.local, *target)
        {
            found[flag.local] = true;
        }
    }
    found
}

fn note(
    place: &Place,
    access: mir::visit::Access,
    assigned: &mut IndexVec<Local, u32>,
    read: &mut IndexVec<Local, u32>,
) {
    use mir::visit::Access;
    match access {
        Access::Write if place.projection.is_empty() => assigned[place.local] += 1,
        Access::StorageLive | Access::StorageDead => {}
        _ => read[place.local] += 1,
    }
}

fn is_field(place: &Place, index: u32) -> bool {
    matches!(place.projection[..], [Projection::Field(FieldIdx(i), _)] if i == index)
}

fn is_signed_sum(body: &Body, local: Local) -> bool {
    match *body.locals[local].ty.kind() {
        TyKind::Tuple([sum, _]) => matches!(sum.kind(), TyKind::Int(int) if int.is_signed()),
        _ => false,
    }
}

/// Is the sum copied in this block, and then only checked as an index?
fn leads_to_index(body: &Body, sum: Local, block: BlockId) -> bool {
    let block = &body.blocks[block];
    let TerminatorKind::Assert {
        message: AssertMessage::Bounds { index: Operand::Copy(index) | Operand::Move(index), .. },
        ..
    } = &block.terminator.kind
    else {
        return false;
    };
    let Some(index) = index.as_local() else { return false };
    let mut defined = false;
    for statement in &block.statements {
        let StatementKind::Assign(place, rvalue) = &statement.kind else { continue };
        match rvalue {
            Rvalue::Use(Operand::Copy(from) | Operand::Move(from))
                if from.local == sum && is_field(from, 0) =>
            {
                if place.as_local() != Some(index) {
                    return false;
                }
                defined = true;
            }
            // The bounds check's own comparison, as unsigned numbers.
            Rvalue::Cast(_, Operand::Copy(from), to)
                if from.as_local() == Some(index)
                    && matches!(to.kind(), TyKind::Int(int) if !int.is_signed() && int.bits() == 64) => {}
            _ => {
                let mut other = false;
                mir::visit::statement_places(statement, &mut |place, _| {
                    other |= place.local == index || place.projection.contains(&Projection::Index(index));
                });
                if other {
                    return false;
                }
            }
        }
    }
    defined && index.index() > body.arg_count
}
