//! Values into places.
//!
//! Not here: operands and places ([`super::operand`]), calls, control flow. The one thing to
//! know: [`Builder::value_into`] is the one way a value gets anywhere, so that calls and
//! aggregates are built in their destination and not copied.

use base::Span;
use hir::items::{AdtId, FieldIdx, VariantIdx};
use hir::thir::{Coercion, ExprId, ExprKind, UnOp};
use hir::ty::{Mutability, Ty, TyKind, Tys};

use super::Builder;
use super::scope::Exit;
use crate::body::{Aggregate, Constant, Operand, Place, Projection, RETURN, Rvalue};

impl Builder<'_> {
    /// Evaluates `expr` and puts its value in `dest`, which holds nothing.
    pub fn value_into(&mut self, dest: &Place, expr: ExprId) {
        let thir = self.thir;
        let data = &thir.exprs[expr];
        let span = data.span;
        match &data.kind {
            ExprKind::Block(block) => self.block_into(dest, block, span),
            ExprKind::If { condition, then, else_ } => {
                self.if_into(dest, *condition, *then, *else_, span);
            }
            ExprKind::Match { scrutinee, arms } => self.match_into(dest, *scrutinee, arms, span),
            ExprKind::Loop { id, body } => self.loop_into(dest, *id, *body, span),
            ExprKind::And(..) | ExprKind::Or(..) | ExprKind::LetCondition { .. } => {
                self.condition_into(dest, expr, span);
            }
            ExprKind::Call { callee, args } => self.call_into(dest, callee, args, expr),
            ExprKind::Break { loop_id, value } => {
                let Some(i) = self.breakables.iter().rposition(|b| b.id == *loop_id) else {
                    return self.unreachable(span);
                };
                let result = self.breakables[i].result.clone();
                match value {
                    Some(value) => self.value_into(&result, *value),
                    None => self.set_unit_if_unit(&result, span),
                }
                self.exit(Exit::Break(i), span);
            }
            ExprKind::Continue { loop_id } => match self.breakables.iter().rposition(|b| b.id == *loop_id) {
                Some(i) => self.exit(Exit::Continue(i), span),
                None => self.unreachable(span),
            },
            ExprKind::Return { value } => {
                let result = Place::local(RETURN);
                match value {
                    Some(value) => self.value_into(&result, *value),
                    None => self.set_unit_if_unit(&result, span),
                }
                self.exit(Exit::Return, span);
            }
            ExprKind::Assign { target, value } => {
                self.assign_expr(*target, *value, span);
                self.set_unit(dest, span);
            }
            ExprKind::AssignOp { op, target, value } => {
                self.assign_op(*op, *target, *value, span);
                self.set_unit(dest, span);
            }
            ExprKind::Coerce { value, kind: Coercion::Never } => {
                self.statement_expr(*value);
                self.unreachable(span);
            }
            ExprKind::Error => self.unreachable(span),
            _ => {
                let rvalue = self.rvalue(expr);
                if self.unit == Some(dest.local) {
                    return;
                }
                self.assign(dest.clone(), rvalue, span);
            }
        }
    }

    fn set_unit_if_unit(&mut self, place: &Place, span: Span) {
        if place.ty(&self.locals).is_unit() {
            self.set_unit(place, span);
        }
    }

    /// Evaluates `expr` for its effects; its value is dropped at the end of the statement.
    pub fn statement_expr(&mut self, expr: ExprId) {
        let data = &self.thir.exprs[expr];
        if data.kind.is_place() {
            // A place named and not used: nothing but the evaluation of its parts.
            self.place(expr);
            return;
        }
        if data.ty.is_unit() || data.ty.is_never() {
            let dest = self.unit_place(data.span);
            self.value_into(&dest, expr);
            if data.ty.is_never() {
                self.unreachable(data.span);
            }
            return;
        }
        if matches!(data.kind, ExprKind::Literal(_)) {
            return;
        }
        self.temp_place(expr, Mutability::Mut);
    }

    /// The value as something that is computed at once. Control flow and calls go through a
    /// temporary.
    pub fn rvalue(&mut self, expr: ExprId) -> Rvalue {
        let thir = self.thir;
        let data = &thir.exprs[expr];
        let (ty, span) = (data.ty, data.span);
        match &data.kind {
            kind if kind.is_place() => {
                let place = self.place(expr);
                Rvalue::Use(self.use_place(place, ty))
            }
            ExprKind::Use(place) => {
                let place = self.place(*place);
                Rvalue::Use(self.use_place(place, ty))
            }
            ExprKind::Literal(_) | ExprKind::Const(_) | ExprKind::ConstParam(_) => {
                Rvalue::Use(self.constant_operand(expr))
            }
            ExprKind::Ref { mutability, place, two_phase } => {
                if *mutability == Mutability::Shared
                    && let Some(kind) = self.constant_view(*place)
                {
                    return Rvalue::Use(Operand::Const(Constant { ty, kind }));
                }
                let place = self.borrowed_place(*place, *mutability);
                Rvalue::Ref { mutability: *mutability, place, two_phase: *two_phase }
            }
            ExprKind::RawRef { place } => Rvalue::RawRef(self.place(*place)),
            ExprKind::Tuple(elems) if elems.is_empty() => Rvalue::Use(self.constant_operand(expr)),
            ExprKind::Tuple(elems) => self.aggregate(Aggregate::Tuple, elems),
            ExprKind::List(elems) => {
                let aggregate = match *ty.kind() {
                    TyKind::Array(elem, _) => Aggregate::Array(elem),
                    TyKind::List(elem) => Aggregate::List(elem),
                    _ => Aggregate::List(Ty::error()),
                };
                self.aggregate(aggregate, elems)
            }
            ExprKind::Repeat { value } => {
                let value = self.operand(*value);
                Rvalue::Repeat(value, ty)
            }
            ExprKind::Adt { adt, variant, args, fields, base } => {
                self.adt(*adt, *variant, args, fields, *base)
            }
            ExprKind::Closure { index } => self.closure_value(*index, ty, span),
            ExprKind::Unary { op: UnOp::Neg, operand } => self.negate(*operand, span),
            ExprKind::Unary { op, operand } => {
                let operand = self.operand(*operand);
                Rvalue::Unary(*op, operand)
            }
            ExprKind::Binary { op, left, right } => {
                let operands = self.operands(&[*left, *right]);
                let [left, right] = operands.try_into().expect("two operands");
                self.binary(*op, left, right, span)
            }
            ExprKind::Cast { value, kind } => {
                let source = thir.exprs[*value].ty;
                if let TyKind::Adt(..) = source.kind() {
                    // A fieldless enum counts as its discriminant.
                    let place = self.any_place(*value);
                    let discriminant = self.temp(Ty::int(), span);
                    self.assign(discriminant, Rvalue::Discriminant(place), span);
                    return Rvalue::Cast(*kind, Operand::Copy(discriminant.into()), ty);
                }
                let value = self.operand(*value);
                Rvalue::Cast(*kind, value, ty)
            }
            ExprKind::Coerce { value, kind } => self.coercion(*kind, *value, ty, expr),
            _ => {
                let temp = self.operand_temp(expr);
                Rvalue::Use(Operand::Move(Place::local(temp)))
            }
        }
    }

    fn aggregate(&mut self, aggregate: Aggregate, elems: &[ExprId]) -> Rvalue {
        let operands = self.operands(elems);
        self.moved(&operands);
        Rvalue::Aggregate(aggregate, operands)
    }

    fn adt(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
        fields: &[(FieldIdx, ExprId)],
        base: Option<ExprId>,
    ) -> Rvalue {
        let exprs: Vec<ExprId> = fields.iter().map(|&(_, e)| e).collect();
        let count = self.program.adts[adt].variants[variant].fields.len();
        let in_order = base.is_none() && fields.iter().enumerate().all(|(i, (f, _))| f.0 as usize == i);
        let operands = if base.is_some() {
            // Evaluated before the base is looked at, which may do anything.
            exprs.iter().map(|&e| self.settled_operand(e)).collect()
        } else {
            self.operands(&exprs)
        };
        let aggregate = Aggregate::Adt { adt, variant, args };
        if in_order {
            self.moved(&operands);
            return Rvalue::Aggregate(aggregate, operands);
        }
        let mut by_field: Vec<Option<Operand>> = vec![None; count];
        for (&(field, _), operand) in fields.iter().zip(operands) {
            by_field[field.0 as usize] = Some(operand);
        }
        let base = base.map(|base| self.any_place(base));
        let operands: Vec<Operand> = by_field
            .into_iter()
            .enumerate()
            .map(|(i, operand)| match (operand, &base) {
                (Some(operand), _) => operand,
                (None, base) => {
                    let decl = &self.program.adts[adt].variants[variant].fields[FieldIdx(i as u32)];
                    let ty = self.types.instantiate(decl.ty, args);
                    match base {
                        Some(base) => {
                            let place = base.with(Projection::Field(FieldIdx(i as u32), ty));
                            self.use_place(place, ty)
                        }
                        // A missing field was reported.
                        None => Operand::Copy(Place::local(self.temp(ty, Span::default()))),
                    }
                }
            })
            .collect();
        self.moved(&operands);
        Rvalue::Aggregate(aggregate, operands)
    }

    fn coercion(&mut self, kind: Coercion, value: ExprId, ty: Ty, whole: ExprId) -> Rvalue {
        let span = self.thir.exprs[value].span;
        match kind {
            // Looks at the same place; the exclusive reference itself stays where it is.
            Coercion::MutToShared => {
                let place = self.deref_of(value);
                Rvalue::Ref { mutability: Mutability::Shared, place, two_phase: false }
            }
            Coercion::RefToDyn => {
                let source = self.thir.exprs[value].ty.peel_refs();
                let in_place = !matches!(
                    source.kind(),
                    TyKind::Str | TyKind::List(_) | TyKind::Param(_) | TyKind::Projection(_)
                );
                let (mutability, pointee) = match ty.pointee() {
                    // A shared reference is the pair itself.
                    Some((Mutability::Shared, _)) | None if in_place => {
                        let value = self.operand(value);
                        return Rvalue::Coerce(kind, value, ty);
                    }
                    Some(pair) => pair,
                    None => (Mutability::Shared, ty),
                };
                // An exclusive one refers to a pair in a temporary; so does one of a string or
                // list, which needs a place in memory while the reference is used.
                let pair = self.storage_temp(whole, pointee, span);
                let value = self.operand(value);
                self.assign(pair, Rvalue::Coerce(kind, value, pointee), span);
                Rvalue::Ref { mutability, place: pair.into(), two_phase: false }
            }
            Coercion::Never | Coercion::ArrayToSlice | Coercion::ToDyn | Coercion::ToDynFn => {
                let value = self.operand(value);
                self.moved(std::slice::from_ref(&value));
                Rvalue::Coerce(kind, value, ty)
            }
        }
    }
}
