//! Whether touching one place disturbs a loan of another.
//!
//! Distinct fields are apart, elements at distinct constant positions too; any two other
//! elements may be the same.

use hir::items::Program;
use hir::ty::{Mutability, TyKind};

use crate::body::{Body, Place, Projection};
use crate::check::facts::known;
use crate::check::loans::PlaceLoan;
use crate::place::PlaceTy;

/// How far an access reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The place's own storage, not what its references point to.
    Shallow,
    /// All that can be reached from it.
    Deep,
    /// What dropping it touches.
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    Apart,
    /// Only by reading: the access goes on through a shared reference or a raw pointer.
    Reads,
    Yes,
}

pub fn overlap(
    program: &Program,
    body: &Body,
    loan: &PlaceLoan,
    place: &Place,
    part: Option<(u64, u64)>,
    reach: Reach,
) -> Overlap {
    if loan.place.local != place.local {
        return Overlap::Apart;
    }
    let mut ty = PlaceTy { ty: body.locals[place.local].ty, variant: None };
    let lent = &loan.place.projection;
    for (i, &projection) in lent.iter().enumerate() {
        match (projection, place.projection.get(i)) {
            (Projection::Field(a, _), Some(Projection::Field(b, _))) if a != *b => {
                return Overlap::Apart;
            }
            (Projection::Downcast(a), Some(Projection::Downcast(b))) if a != *b => {
                return Overlap::Apart;
            }
            (
                Projection::ConstIndex { offset: a, from_end: x },
                Some(Projection::ConstIndex { offset: b, from_end: y }),
            ) if x == *y && a != *b => return Overlap::Apart,
            (_, Some(_)) => {}
            (element @ Projection::ConstIndex { .. }, None)
                if i == place.projection.len() && outside(element, part) =>
            {
                return Overlap::Apart;
            }
            (Projection::Deref, None) => {
                let reference = matches!(ty.ty.kind(), TyKind::Ref(..));
                let exclusive = matches!(ty.ty.kind(), TyKind::Ref(Mutability::Mut, _));
                if !exclusive || reach == Reach::Shallow || (reference && reach == Reach::Drop) {
                    return Overlap::Apart;
                }
            }
            (Projection::Field(..), None) if reach == Reach::Drop => {
                // A destructor may look at everything.
                if let TyKind::Adt(id, _) = *ty.ty.kind()
                    && known(&program.adts, id)
                    && program.adts[id].drop_impl.is_some()
                {
                    return Overlap::Yes;
                }
            }
            (_, None) => {}
        }
        ty = ty.project(projection);
    }
    let rest = place.projection.get(lent.len()..).unwrap_or(&[]);
    if let (Some(&element), Some(_)) = (rest.first(), loan.part)
        && outside(element, loan.part)
    {
        return Overlap::Apart;
    }
    for &projection in rest {
        if projection == Projection::Deref && !matches!(ty.ty.kind(), TyKind::Ref(Mutability::Mut, _)) {
            return Overlap::Reads;
        }
        ty = ty.project(projection);
    }
    Overlap::Yes
}

/// The element is not in the part `from .. len - to`.
fn outside(element: Projection, part: Option<(u64, u64)>) -> bool {
    let Some((from, to)) = part else { return false };
    match element {
        Projection::ConstIndex { offset, from_end: false } => offset < from,
        // Counted from 1.
        Projection::ConstIndex { offset, from_end: true } => offset <= to,
        _ => false,
    }
}
