//! Compound assignment: `target += value` and its kin.
//!
//! Built in on numbers and `bool`; on strings it appends; otherwise by `AddAssign` and its kin, or by
//! `Add` where the type is `Copy`.

use base::Span;
use syntax::ast::{self, BinaryOp};

use super::coerce::Why;
use super::operator::{arithmetic_op, assign_trait_of, is_builtin_number, operator_trait_of};
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::thir::{ExprId, ExprKind};
use crate::ty::{InferVar, Mutability, Predicate, TraitRef, Ty, TyKind, tys};

impl Checker<'_> {
    pub(super) fn check_compound(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        target_ast: &ast::Expr,
        value_ast: &ast::Expr,
        span: Span,
    ) -> ExprId {
        let target = self.check_expr(target_ast, Expect::Any);
        if !self.require_place(target, target_ast) && !self.ty_of(target).is_ref() {
            self.check_expr(value_ast, Expect::Any);
            return self.error_expr(span);
        }
        let target = self.peel(target);
        self.make_mut(target);
        let ty = self.structurally(self.ty_of(target));
        if ty.has_error() {
            self.check_expr(value_ast, Expect::Any);
            return self.error_expr(span);
        }
        if matches!(ty.kind(), TyKind::Str) && op == BinaryOp::Add {
            let why = Why::message("`+=` appends a string to a string");
            let text = self.check_read_arg(value_ast, Ty::str(), &why);
            let receiver = self.borrow(target, Mutability::Mut, true, target_ast.span);
            return self.call_inherent(Ty::str(), "push_str", &[receiver, text], span);
        }
        let shift = matches!(op, BinaryOp::Shl | BinaryOp::Shr);
        let hint = if is_builtin_number(ty) && !shift { Expect::Hint(ty) } else { Expect::Any };
        let raw_value = self.check_expr(value_ast, hint);
        let value = self.peel(raw_value);
        let value_ty = self.structurally(self.ty_of(value));
        if value_ty.has_error() {
            return self.error_expr(span);
        }
        let ty = match ty.kind() {
            TyKind::Infer(InferVar::Ty(_)) if is_builtin_number(value_ty) && !shift => {
                self.unify(ty, value_ty);
                self.shallow(ty)
            }
            _ => ty,
        };
        let logical = matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor);
        let both_bool = matches!((ty.kind(), value_ty.kind()), (TyKind::Bool, TyKind::Bool));
        let builtin = if logical && both_bool {
            true
        } else if is_builtin_number(ty) && !((logical || shift) && ty.is_float()) {
            if shift { value_ty.is_integral() } else { self.unify(ty, value_ty) }
        } else {
            false
        };
        if builtin {
            let value = self.value(value);
            let kind = ExprKind::AssignOp { op: arithmetic_op(op), target, value };
            return self.push(Ty::unit(), span, kind);
        }
        if let TyKind::Infer(_) = ty.kind()
            && !is_builtin_number(ty)
        {
            return self.report_unknown(target, target_ast.span);
        }
        self.compound_trait(op, op_span, (target_ast, target, ty), (value_ast, raw_value), span)
    }

    fn compound_trait(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        (target_ast, target, ty): (&ast::Expr, ExprId, Ty),
        (value_ast, value): (&ast::Expr, ExprId),
        span: Span,
    ) -> ExprId {
        let Some((plain, plain_method, _)) = operator_trait_of(op) else {
            return self.error_expr(span);
        };
        let (lang, method, sign) = assign_trait_of(op);
        let ty = self.resolve(ty);
        for value in self.peelings(value) {
            let value_ty = self.resolve(self.ty_of(value));
            let args = tys(&[ty, value_ty]);
            let Some(trait_) = self.program.lang.trait_(lang) else { break };
            let trait_ref = TraitRef { trait_, args };
            if self.may_hold(trait_ref) {
                let cause = Cause::new(op_span, CauseKind::Operator(sign));
                self.ctx.register(Predicate::Trait(trait_ref), cause);
                self.process();
                let receiver = self.borrow(target, Mutability::Mut, true, target_ast.span);
                let value = self.value(value);
                return self.call_trait(lang, method, args, &[receiver, value], span);
            }
            // `a += b` by `Add`: `*place = *place + b`, with the place found once.
            let Some(trait_) = self.program.lang.trait_(plain) else { break };
            let trait_ref = TraitRef { trait_, args };
            if self.is_copy(ty) && self.may_hold(trait_ref) {
                let cause = Cause::new(op_span, CauseKind::Operator(sign));
                self.ctx.register(Predicate::Trait(trait_ref), cause);
                let reference = self.borrow(target, Mutability::Mut, false, target_ast.span);
                let holder = self.temp("place", target_ast.span, Ty::mut_ref(ty));
                let bind = self.let_temp(holder, reference);
                let read = self.deref_local(holder, ty, target_ast.span);
                let old = self.value(read);
                let value = self.value(value);
                let sum = self.call_trait(plain, plain_method, args, &[old, value], span);
                let sum = self.coerce(sum, ty, &Why::place(target_ast.span, "has this type"));
                let place = self.deref_local(holder, ty, target_ast.span);
                let assign = self.push(Ty::unit(), span, ExprKind::Assign { target: place, value: sum });
                return self.block_of(vec![bind, crate::thir::Stmt::Expr(assign)], None, span);
            }
        }
        let value_ty = self.resolve(self.ty_of(value)).peel_refs();
        self.report_operator_sides(op, op_span, (target_ast, ty), (value_ast, value_ty), span)
    }

    pub(super) fn deref_local(&mut self, local: crate::thir::LocalId, ty: Ty, span: Span) -> ExprId {
        let place = self.local_place(local, span);
        self.push(ty, span, ExprKind::Deref(place))
    }
}
