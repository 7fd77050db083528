//! Operands, temporaries and places.
//!
//! The one thing to know: a temporary that only carries a value to its use (an *operand
//! temporary*) has no storage statements, since nothing borrows it; one that is borrowed has,
//! and they end with its scope: the statement, or the block for `let x = &value`.
//! An index is checked only when the whole place is known, just before it is used, so that
//! nothing can happen in between.

use std::sync::Arc;

use base::Span;
use hir::thir::{BinOp, CastKind, ExprId, ExprKind, Lit};
use hir::ty::{Mutability, Ty, TyKind};

use super::Builder;
use crate::body::{
    AssertMessage, ConstKind, Constant, Local, LocalKind, Operand, Place, Projection, Rvalue, StatementKind,
    TerminatorKind,
};

impl Builder<'_> {
    // ------------------------------------------------------------ operands

    /// The values of several expressions, evaluated from left to right.
    pub fn operands(&mut self, exprs: &[ExprId]) -> Vec<Operand> {
        // A variable is read where it is used if nothing in between can change that.
        let mut calm_from = exprs.iter().rposition(|&e| !self.is_calm(e)).map_or(0, |i| i + 1);
        // A two-phase borrow begins with the call, which must have nothing left to read.
        if exprs.iter().any(|&e| matches!(self.thir.exprs[e].kind, ExprKind::Ref { two_phase: true, .. })) {
            calm_from = exprs.len() + 1;
        }
        exprs
            .iter()
            .enumerate()
            .map(|(i, &expr)| {
                let later = &exprs[i + 1..];
                if i + 1 >= calm_from && !self.moves_in_conflict(expr, later) {
                    self.operand(expr)
                } else {
                    self.settled_operand(expr)
                }
            })
            .collect()
    }

    /// Evaluating it changes nothing and cannot panic: the order of such does not matter.
    pub fn is_calm(&self, expr: ExprId) -> bool {
        let expr = match &self.thir.exprs[expr].kind {
            ExprKind::Literal(_) | ExprKind::Const(_) | ExprKind::ConstParam(_) => return true,
            ExprKind::Use(place) => *place,
            ExprKind::Ref { mutability: Mutability::Shared, place, .. } => *place,
            _ => expr,
        };
        self.is_plain_place(expr)
    }

    /// A variable, or a field of one.
    pub fn is_plain_place(&self, mut expr: ExprId) -> bool {
        loop {
            match &self.thir.exprs[expr].kind {
                ExprKind::Local(_) => return true,
                ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => expr = *base,
                _ => return false,
            }
        }
    }

    /// Evaluating the place runs nothing but bounds checks.
    pub fn is_calm_target(&self, mut expr: ExprId) -> bool {
        loop {
            match &self.thir.exprs[expr].kind {
                ExprKind::Local(_) | ExprKind::Static(_) => return true,
                ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => expr = *base,
                ExprKind::Deref(inner) | ExprKind::Use(inner) => expr = *inner,
                ExprKind::Index { base, index } if self.is_calm(*index) => expr = *base,
                _ => return false,
            }
        }
    }

    fn root(&self, mut expr: ExprId) -> Option<hir::thir::LocalId> {
        loop {
            match &self.thir.exprs[expr].kind {
                ExprKind::Local(local) => return Some(*local),
                ExprKind::Field { base, .. }
                | ExprKind::TupleField { base, .. }
                | ExprKind::Use(base)
                | ExprKind::Ref { place: base, .. } => expr = *base,
                _ => return None,
            }
        }
    }

    /// `expr` moves a variable that a later operand reads: the order matters for messages.
    fn moves_in_conflict(&self, expr: ExprId, later: &[ExprId]) -> bool {
        let data = &self.thir.exprs[expr];
        if later.is_empty() || !matches!(data.kind, ExprKind::Use(_)) || self.types.is_copy(data.ty) {
            return false;
        }
        let root = self.root(expr);
        later.iter().any(|&e| self.root(e).is_some_and(|r| Some(r) == root))
    }

    /// The value, read where it is used: for the last operand, or between calm ones.
    pub fn operand(&mut self, expr: ExprId) -> Operand {
        let data = &self.thir.exprs[expr];
        let ty = data.ty;
        match &data.kind {
            ExprKind::Literal(_) | ExprKind::Const(_) | ExprKind::ConstParam(_) => {
                self.constant_operand(expr)
            }
            ExprKind::Tuple(elems) if elems.is_empty() => self.constant_operand(expr),
            ExprKind::Use(place) => {
                let place = self.place(*place);
                self.use_place(place, ty)
            }
            kind if kind.is_place() => {
                let place = self.place(expr);
                self.use_place(place, ty)
            }
            _ => Operand::Move(Place::local(self.operand_temp(expr))),
        }
    }

    /// The value, read now.
    pub fn settled_operand(&mut self, expr: ExprId) -> Operand {
        match &self.thir.exprs[expr].kind {
            ExprKind::Literal(_) | ExprKind::Const(_) | ExprKind::ConstParam(_) => {
                self.constant_operand(expr)
            }
            ExprKind::Tuple(elems) if elems.is_empty() => self.constant_operand(expr),
            _ => Operand::Move(Place::local(self.operand_temp(expr))),
        }
    }

    pub fn use_place(&self, place: Place, ty: Ty) -> Operand {
        if self.types.is_copy(ty) { Operand::Copy(place) } else { Operand::Move(place) }
    }

    pub fn constant_operand(&mut self, expr: ExprId) -> Operand {
        let data = &self.thir.exprs[expr];
        let kind = match &data.kind {
            ExprKind::Literal(lit) => literal(lit),
            ExprKind::Const(id) => ConstKind::Item(*id),
            ExprKind::ConstParam(index) => ConstKind::Param(*index),
            _ => ConstKind::Unit,
        };
        Operand::Const(Constant { ty: data.ty, kind })
    }

    // ------------------------------------------------------------ temporaries

    /// The value in a fresh temporary that nothing borrows. Dropped at the end of the statement
    /// unless it is moved on.
    pub fn operand_temp(&mut self, expr: ExprId) -> Local {
        let data = &self.thir.exprs[expr];
        let temp = self.temp(data.ty, data.span);
        self.value_into(&Place::local(temp), expr);
        if data.ty.is_never() {
            self.unreachable(data.span);
        }
        self.schedule_value(self.temp_scope, temp, data.span);
        temp
    }

    /// A temporary with storage, for `expr`'s sake: it lives as long as `expr`'s result may be
    /// referred to.
    pub fn storage_temp(&mut self, expr: ExprId, ty: Ty, span: Span) -> Local {
        let scope = self.scope_of_temp(expr);
        let temp = self.temp(ty, span);
        self.statement(StatementKind::StorageLive(temp), span);
        self.schedule_storage(scope, temp, span);
        temp
    }

    fn scope_of_temp(&self, expr: ExprId) -> usize {
        self.extended.get(&expr).copied().unwrap_or(self.temp_scope)
    }

    /// The value in a temporary that may be borrowed.
    pub fn temp_place(&mut self, expr: ExprId, mutability: Mutability) -> Place {
        let data = &self.thir.exprs[expr];
        let temp = self.storage_temp(expr, data.ty, data.span);
        self.value_into(&Place::local(temp), expr);
        if data.ty.is_never() {
            self.unreachable(data.span);
        }
        // A literal that is only read owns nothing.
        let owns_nothing = mutability == Mutability::Shared && matches!(data.kind, ExprKind::Literal(_));
        if !owns_nothing {
            self.schedule_value(self.scope_of_temp(expr), temp, data.span);
        }
        Place::local(temp)
    }

    // ------------------------------------------------------------ places

    /// The place of a place expression; a value is stored in a temporary.
    pub fn any_place(&mut self, expr: ExprId) -> Place {
        match &self.thir.exprs[expr].kind {
            ExprKind::Use(place) => self.place(*place),
            _ => self.place(expr),
        }
    }

    /// The place to borrow.
    pub fn borrowed_place(&mut self, expr: ExprId, mutability: Mutability) -> Place {
        if self.thir.exprs[expr].kind.is_place() {
            self.place(expr)
        } else {
            self.temp_place(expr, mutability)
        }
    }

    /// The place that an expression names, its indices checked.
    pub fn place(&mut self, expr: ExprId) -> Place {
        let mut checks = Vec::new();
        let place = self.place_parts(expr, &mut checks);
        for (at, span) in checks {
            self.check_bounds(&place, at, span);
        }
        place
    }

    /// The place with its index operands evaluated; `checks` gets the positions of indices in
    /// its projection.
    fn place_parts(&mut self, expr: ExprId, checks: &mut Vec<(usize, Span)>) -> Place {
        let thir = self.thir;
        let data = &thir.exprs[expr];
        match &data.kind {
            ExprKind::Local(local) => self.var(*local),
            ExprKind::Static(id) => {
                let ty = Ty::shared_ref(data.ty);
                let temp = self.temp(ty, data.span);
                let address = Constant { ty, kind: ConstKind::Static(*id) };
                self.assign(temp, Rvalue::Use(Operand::Const(address)), data.span);
                Place::local(temp).deref()
            }
            ExprKind::Field { base, field } => {
                let mut place = self.place_parts(*base, checks);
                place.projection.push(Projection::Field(*field, data.ty));
                place
            }
            ExprKind::TupleField { base, index } => {
                let mut place = self.place_parts(*base, checks);
                let field = hir::items::FieldIdx(*index);
                place.projection.push(Projection::Field(field, data.ty));
                place
            }
            ExprKind::Deref(operand) => self.deref_parts(*operand, checks),
            ExprKind::Index { base, index } => {
                let mut place = self.place_parts(*base, checks);
                let index = self.index_local(*index);
                checks.push((place.projection.len(), data.span));
                place.projection.push(Projection::Index(index));
                place
            }
            // A value in a place's position.
            _ => self.temp_place(expr, Mutability::Mut),
        }
    }

    /// What the reference that `expr` is points to.
    pub fn deref_of(&mut self, expr: ExprId) -> Place {
        let mut checks = Vec::new();
        let place = self.deref_parts(expr, &mut checks);
        for (at, span) in checks {
            self.check_bounds(&place, at, span);
        }
        place
    }

    fn deref_parts(&mut self, expr: ExprId, checks: &mut Vec<(usize, Span)>) -> Place {
        let mut place = match &self.thir.exprs[expr].kind {
            // The reference stays where it is; it is looked through, not taken.
            ExprKind::Use(place) => self.place_parts(*place, checks),
            ExprKind::Ref { place, .. } if self.thir.exprs[*place].kind.is_place() => {
                return self.place_parts(*place, checks);
            }
            kind if kind.is_place() => self.place_parts(expr, checks),
            _ => Place::local(self.operand_temp(expr)),
        };
        place.projection.push(Projection::Deref);
        place
    }

    /// A local that holds the index and does not change.
    fn index_local(&mut self, expr: ExprId) -> Local {
        let data = &self.thir.exprs[expr];
        if let ExprKind::Use(place) = &data.kind
            && let ExprKind::Local(var) = &self.thir.exprs[*place].kind
            && !self.thir.locals[*var].mutable
            && let Some(local) = self.var(*var).as_local()
            && self.locals[local].kind != LocalKind::Temp
        {
            return local;
        }
        self.operand_temp(expr)
    }

    /// Panics unless the index at position `at` of the place's projection is in bounds.
    fn check_bounds(&mut self, place: &Place, at: usize, span: Span) {
        let Projection::Index(index) = place.projection[at] else { return };
        let base = Place { local: place.local, projection: place.projection[..at].to_vec() };
        let usize_ty = self.types.usize;
        let len = match *base.ty(&self.locals).kind() {
            TyKind::Array(_, len) if let TyKind::Const(n) = len.kind() => {
                Operand::Const(Constant { ty: Ty::int(), kind: ConstKind::Int(*n) })
            }
            _ => {
                let len = self.temp(Ty::int(), span);
                self.assign(len, Rvalue::Len(base), span);
                Operand::Copy(len.into())
            }
        };
        // As unsigned numbers: a negative index is past every end.
        let index_operand = Operand::Copy(Place::local(index));
        let unsigned_index = self.as_type(index_operand.clone(), usize_ty, span);
        let unsigned_len = self.as_type(len.clone(), usize_ty, span);
        let inside = self.temp(Ty::bool(), span);
        self.assign(inside, Rvalue::Binary(BinOp::Lt, unsigned_index, unsigned_len), span);
        let message = AssertMessage::Bounds { index: index_operand, len };
        self.assert(inside, true, message, span);
    }

    /// An integer as another integer type.
    pub fn as_type(&mut self, operand: Operand, ty: Ty, span: Span) -> Operand {
        match &operand {
            _ if operand.ty(&self.locals) == ty => operand,
            Operand::Const(Constant { kind: ConstKind::Int(n), .. }) if *n >= 0 => {
                Operand::Const(Constant { ty, kind: ConstKind::Int(*n) })
            }
            _ => {
                let temp = self.temp(ty, span);
                self.assign(temp, Rvalue::Cast(CastKind::IntToInt, operand, ty), span);
                Operand::Copy(temp.into())
            }
        }
    }

    pub fn assert(&mut self, condition: Local, expected: bool, message: AssertMessage, span: Span) {
        let condition = Operand::Copy(condition.into());
        self.terminate_into_next(
            |target| TerminatorKind::Assert { condition, expected, message, target, unwind: None },
            span,
        );
    }
}

pub fn literal(lit: &Lit) -> ConstKind {
    match lit {
        Lit::Int(value) => ConstKind::Int(*value),
        Lit::Float(bits) => ConstKind::Float(*bits),
        Lit::Bool(value) => ConstKind::Int(i128::from(*value)),
        Lit::Char(c) => ConstKind::Int(*c as i128),
        Lit::Str(text) => ConstKind::Str(Arc::from(&**text)),
    }
}
