//! Constants and strings whose value is plain to see: what saves calls and drops in code that
//! is compiled fast.

use base::IndexVec;
use hir::ty::{Mutability, TyKind};

use crate::body::{Body, ConstKind, Constant, Local, Operand, Place, Rvalue, StatementKind, TerminatorKind};
use crate::visit::{Access, statement_places, terminator_places};

/// The value of a body that does nothing but give a literal.
pub(super) fn literal_value(body: &Body) -> Option<Constant> {
    let mut value = None;
    let mut at = crate::body::BlockId(0);
    for _ in 0..body.blocks.len() {
        let block = &body.blocks[at];
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(place, Rvalue::Use(Operand::Const(constant)))
                    if place.as_local() == Some(Local(0)) =>
                {
                    value = Some(constant.clone());
                }
                StatementKind::Assign(..) => return None,
                _ => {}
            }
        }
        match block.terminator.kind {
            TerminatorKind::Goto(next) => at = next,
            TerminatorKind::Return => {
                return value.filter(|v| {
                    matches!(v.kind, ConstKind::Int(_) | ConstKind::Float(_) | ConstKind::Str(_))
                });
            }
            _ => return None,
        }
    }
    None
}

/// The locals of type `string` that only ever hold a literal and are only read: dropping one
/// does nothing.
pub(super) fn literal_strings(body: &Body) -> IndexVec<Local, bool> {
    let mut fine: IndexVec<Local, bool> =
        body.locals.iter().map(|l| matches!(l.ty.kind(), TyKind::Str)).collect();
    fine[Local(0)] = false;
    for i in 1..=body.arg_count {
        fine[Local(i as u32)] = false;
    }
    for block in body.blocks.iter() {
        for statement in &block.statements {
            if let StatementKind::Assign(place, rvalue) = &statement.kind {
                let literal =
                    matches!(rvalue, Rvalue::Use(Operand::Const(Constant { kind: ConstKind::Str(_), .. })));
                if literal && place.as_local().is_some() {
                    continue;
                }
            }
            statement_places(statement, &mut |place, access| note(&mut fine, place, access));
        }
        terminator_places(&block.terminator, &mut |place, access| note(&mut fine, place, access));
    }
    fine
}

fn note(fine: &mut IndexVec<Local, bool>, place: &Place, access: Access) {
    if matches!(access, Access::Borrow(Mutability::Mut) | Access::RawRef | Access::Write) {
        fine[place.local] = false;
    }
}
