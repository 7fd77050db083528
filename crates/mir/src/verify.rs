//! The structural rules of MIR. A body that breaks one is a bug of the compiler.
//!
//! Not here: anything a user could get wrong ([`crate::check`]). Types are compared only where
//! they can be known without solving: not with projections, parameters or errors in them.

use base::Idx;
use hir::ty::{Ty, TyKind};

use crate::body::{
    Aggregate, BlockId, Body, ConstKind, Local, LocalKind, Operand, Place, Projection, Rvalue, Statement,
    StatementKind, TerminatorKind,
};
use crate::place::{Operator, PlaceTy, element};

/// Panics in debug builds of the compiler if the body breaks a rule.
pub fn verify_in_debug(body: &Body, after: &str) {
    if cfg!(debug_assertions)
        && let Err(message) = verify(body)
    {
        panic!("MIR of `{}` is wrong after {after}: {message}", body.name);
    }
}

/// The first rule that the body breaks.
pub fn verify(body: &Body) -> Result<(), String> {
    let verifier = Verifier { body };
    if body.locals.is_empty() || body.blocks.is_empty() {
        return Err("no result local or no block".into());
    }
    if body.arg_count >= body.locals.len() {
        return Err(format!("{} arguments and {} locals", body.arg_count, body.locals.len()));
    }
    if body.convs.len() != body.arg_count {
        return Err(format!("{} arguments and {} conventions", body.arg_count, body.convs.len()));
    }
    if body.blocks[BlockId(0)].cleanup {
        return Err("the entry is a cleanup block".into());
    }
    for (id, block) in body.blocks.iter_enumerated() {
        let at = |message: String| format!("{id:?}: {message}");
        for (i, statement) in block.statements.iter().enumerate() {
            verifier.statement(statement).map_err(|m| at(format!("statement {i}: {m}")))?;
        }
        verifier.terminator(id).map_err(at)?;
    }
    Ok(())
}

struct Verifier<'a> {
    body: &'a Body,
}

type Verdict = Result<(), String>;

/// Comparing needs no solving.
fn is_plain(ty: Ty) -> bool {
    !ty.has_projection() && !ty.has_error() && !ty.has_infer()
}

fn same(expected: Ty, found: Ty, what: &str) -> Verdict {
    if expected == found || !is_plain(expected) || !is_plain(found) || found.is_never() {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {found:?}"))
}

impl Verifier<'_> {
    fn local(&self, local: Local) -> Verdict {
        if local.index() < self.body.locals.len() {
            return Ok(());
        }
        Err(format!("no local {local:?}"))
    }

    fn place(&self, place: &Place) -> Result<Ty, String> {
        self.local(place.local)?;
        let mut ty = PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        for &projection in &place.projection {
            let fits = match projection {
                Projection::Deref => matches!(ty.ty.kind(), TyKind::Ref(..) | TyKind::RawPtr(_)),
                Projection::Field(..) => match ty.ty.kind() {
                    TyKind::Tuple(_) | TyKind::Adt(..) | TyKind::Closure(..) => true,
                    // A string's or list's own three words, in intrinsics' bodies.
                    kind => matches!(kind, TyKind::Projection(_) | TyKind::Error),
                },
                Projection::Downcast(_) => matches!(ty.ty.kind(), TyKind::Adt(..)),
                Projection::Index(local) => {
                    self.local(local)?;
                    matches!(self.body.locals[local].ty.kind(), TyKind::Int(_)) && element(ty.ty).is_some()
                }
                Projection::ConstIndex { .. } => element(ty.ty).is_some(),
            };
            if !fits && is_plain(ty.ty) {
                return Err(format!("{place:?}: {projection:?} of {:?}", ty.ty));
            }
            ty = ty.project(projection);
        }
        Ok(ty.ty)
    }

    fn operand(&self, operand: &Operand) -> Result<Ty, String> {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.place(place),
            Operand::Const(constant) => {
                let fits = match constant.kind {
                    ConstKind::Int(_) => {
                        matches!(
                            constant.ty.kind(),
                            TyKind::Int(_) | TyKind::Bool | TyKind::Char | TyKind::RawPtr(_)
                        )
                    }
                    ConstKind::Float(_) => matches!(constant.ty.kind(), TyKind::Float(_)),
                    ConstKind::Str(_) => matches!(constant.ty.peel_refs().kind(), TyKind::Str),
                    ConstKind::Unit => constant.ty.is_unit(),
                    ConstKind::Item(_) | ConstKind::Param(_) => true,
                    ConstKind::Static(_) | ConstKind::View(_) => constant.ty.is_ref(),
                };
                if fits || !is_plain(constant.ty) {
                    return Ok(constant.ty);
                }
                Err(format!("constant {:?} of type {:?}", constant.kind, constant.ty))
            }
        }
    }

    fn statement(&self, statement: &Statement) -> Verdict {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                let expected = self.place(place)?;
                let found = self.rvalue(rvalue)?;
                same(expected, found, "assignment")
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                self.local(*local)?;
                if local.index() <= self.body.arg_count {
                    return Err(format!("storage of {local:?}, which is an argument or the result"));
                }
                Ok(())
            }
            StatementKind::FakeRead(place) => self.place(place).map(drop),
            StatementKind::Nop => Ok(()),
        }
    }

    fn rvalue(&self, rvalue: &Rvalue) -> Result<Ty, String> {
        match rvalue {
            Rvalue::Use(operand) => return self.operand(operand),
            Rvalue::Ref { place, .. } | Rvalue::RawRef(place) => {
                self.place(place)?;
            }
            Rvalue::Binary(op, a, b) | Rvalue::CheckedBinary(op, a, b) => {
                let (a, b) = (self.operand(a)?, self.operand(b)?);
                if !matches!(op, hir::thir::BinOp::Shl | hir::thir::BinOp::Shr) {
                    same(a, b, "operands")?;
                }
                if matches!(rvalue, Rvalue::CheckedBinary(..)) && op.compares() {
                    return Err("a checked comparison".into());
                }
            }
            Rvalue::Unary(_, operand)
            | Rvalue::Cast(_, operand, _)
            | Rvalue::Coerce(_, operand, _)
            | Rvalue::Repeat(operand, _) => {
                self.operand(operand)?;
            }
            Rvalue::Len(place) | Rvalue::Subslice { place, .. } => {
                let ty = self.place(place)?;
                if element(ty).is_none() && is_plain(ty) {
                    return Err(format!("length of {ty:?}"));
                }
            }
            Rvalue::Discriminant(place) => {
                let ty = self.place(place)?;
                if !matches!(ty.kind(), TyKind::Adt(..)) && is_plain(ty) {
                    return Err(format!("discriminant of {ty:?}"));
                }
            }
            Rvalue::Aggregate(aggregate, operands) => {
                for operand in operands {
                    let ty = self.operand(operand)?;
                    if let Aggregate::Array(elem) | Aggregate::List(elem) = aggregate {
                        same(*elem, ty, "element")?;
                    }
                }
            }
        }
        Ok(rvalue.ty(&self.body.locals))
    }

    fn terminator(&self, id: BlockId) -> Verdict {
        let block = &self.body.blocks[id];
        let mut verdict = Ok(());
        block.terminator.kind.each_successor(|target| {
            if verdict.is_err() {
                return;
            }
            match self.body.blocks.get(target) {
                Some(_) if target == BlockId(0) => verdict = Err("goes to the entry".into()),
                None => verdict = Err(format!("goes to {target:?}, which does not exist")),
                Some(to) if block.cleanup && !to.cleanup => {
                    verdict = Err(format!("leaves cleanup for {target:?}"));
                }
                Some(_) => {}
            }
        });
        verdict?;
        let unwinds = |unwind: &Option<BlockId>| match unwind {
            Some(target) if !self.body.blocks[*target].cleanup => {
                Err(format!("unwinds to {target:?}, which is no cleanup block"))
            }
            _ => Ok(()),
        };
        let stays = |target: BlockId| {
            if self.body.blocks[target].cleanup && !block.cleanup {
                return Err(format!("goes to the cleanup block {target:?}"));
            }
            Ok(())
        };
        match &block.terminator.kind {
            TerminatorKind::Goto(target) => stays(*target)?,
            TerminatorKind::Switch { value, targets, otherwise } => {
                let ty = self.operand(value)?;
                if !matches!(ty.kind(), TyKind::Int(_) | TyKind::Bool | TyKind::Char) && is_plain(ty) {
                    return Err(format!("switch on {ty:?}"));
                }
                targets.iter().try_for_each(|&(_, b)| stays(b))?;
                stays(*otherwise)?;
            }
            TerminatorKind::Return if block.cleanup => {
                return Err("returns while unwinding".into());
            }
            TerminatorKind::Resume if !block.cleanup => {
                return Err("resumes without unwinding".into());
            }
            TerminatorKind::Drop { place, target, unwind } => {
                self.place(place)?;
                if self.body.locals[place.local].kind == LocalKind::Flag {
                    return Err("drops a drop flag".into());
                }
                stays(*target)?;
                unwinds(unwind)?;
            }
            TerminatorKind::Call(call) => {
                for arg in &call.args {
                    self.operand(arg)?;
                }
                self.place(&call.destination)?;
                call.target.map_or(Ok(()), stays)?;
                unwinds(&call.unwind)?;
            }
            TerminatorKind::Assert { condition, target, unwind, .. } => {
                same(Ty::bool(), self.operand(condition)?, "condition")?;
                stays(*target)?;
                unwinds(unwind)?;
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        }
        Ok(())
    }
}
