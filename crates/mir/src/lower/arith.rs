//! Built-in arithmetic with its checks: overflow, division by zero, shift amounts.

use base::Span;
use hir::thir::{BinOp, ExprId, UnOp};
use hir::ty::{IntTy, Ty, TyKind};

use super::Builder;
use crate::body::{AssertMessage, ConstKind, Constant, Operand, Place, Rvalue};

fn int_of(ty: Ty) -> Option<IntTy> {
    match ty.kind() {
        TyKind::Int(int) => Some(*int),
        _ => None,
    }
}

fn int_const(ty: Ty, value: i128) -> Operand {
    Operand::Const(Constant { ty, kind: ConstKind::Int(value) })
}

fn const_value(operand: &Operand) -> Option<i128> {
    match operand {
        Operand::Const(Constant { kind: ConstKind::Int(value), .. }) => Some(*value),
        _ => None,
    }
}

impl Builder<'_> {
    pub fn binary(&mut self, op: BinOp, left: Operand, right: Operand, span: Span) -> Rvalue {
        let ty = left.ty(&self.locals);
        let Some(int) = int_of(ty) else { return Rvalue::Binary(op, left, right) };
        match op {
            BinOp::Add | BinOp::Sub | BinOp::Mul => {
                let pair = self.temp(Ty::tuple(&[ty, Ty::bool()]), span);
                self.assign(pair, Rvalue::CheckedBinary(op, left, right), span);
                let pair = Place::local(pair);
                let overflowed = pair.field(1, Ty::bool());
                self.assert_place(overflowed, false, AssertMessage::Overflow(op), span);
                Rvalue::Use(Operand::Copy(pair.field(0, ty)))
            }
            BinOp::Div | BinOp::Rem => {
                self.check_division(op, int, ty, &left, &right, span);
                Rvalue::Binary(op, reread(left), reread(right))
            }
            BinOp::Shl | BinOp::Shr => {
                let bits = i128::from(int.bits());
                if !const_value(&right).is_some_and(|n| (0..bits).contains(&n)) {
                    let unsigned = self.types.usize;
                    let amount = self.as_type(reread(right.clone()), unsigned, span);
                    let inside = self.temp(Ty::bool(), span);
                    let limit = int_const(unsigned, bits);
                    self.assign(inside, Rvalue::Binary(BinOp::Lt, amount, limit), span);
                    self.assert(inside, true, AssertMessage::Shift, span);
                }
                Rvalue::Binary(op, reread(left), reread(right))
            }
            _ => Rvalue::Binary(op, left, right),
        }
    }

    /// Division by zero, and the smallest number by -1.
    fn check_division(&mut self, op: BinOp, int: IntTy, ty: Ty, left: &Operand, right: &Operand, span: Span) {
        let divisor = const_value(right);
        if divisor.is_none_or(|n| n == 0) {
            let zero = self.temp(Ty::bool(), span);
            let right = reread(right.clone());
            self.assign(zero, Rvalue::Binary(BinOp::Eq, right, int_const(ty, 0)), span);
            let message =
                if op == BinOp::Div { AssertMessage::DivisionByZero } else { AssertMessage::RemainderByZero };
            self.assert(zero, false, message, span);
        }
        let (min, _) = int.range();
        if int.is_signed() && divisor.is_none_or(|n| n == -1) && const_value(left).is_none_or(|n| n == min) {
            let minus_one = self.temp(Ty::bool(), span);
            let smallest = self.temp(Ty::bool(), span);
            let both = self.temp(Ty::bool(), span);
            let (left, right) = (reread(left.clone()), reread(right.clone()));
            self.assign(minus_one, Rvalue::Binary(BinOp::Eq, right, int_const(ty, -1)), span);
            self.assign(smallest, Rvalue::Binary(BinOp::Eq, left, int_const(ty, min)), span);
            let operands = (Operand::Copy(minus_one.into()), Operand::Copy(smallest.into()));
            self.assign(both, Rvalue::Binary(BinOp::BitAnd, operands.0, operands.1), span);
            self.assert(both, false, AssertMessage::Overflow(op), span);
        }
    }

    fn assert_place(&mut self, place: Place, expected: bool, message: AssertMessage, span: Span) {
        let condition = Operand::Copy(place);
        self.terminate_into_next(
            |target| crate::body::TerminatorKind::Assert {
                condition,
                expected,
                message,
                target,
                unwind: None,
            },
            span,
        );
    }

    pub fn negate(&mut self, operand: ExprId, span: Span) -> Rvalue {
        let operand = self.operand(operand);
        let ty = operand.ty(&self.locals);
        if let Some(int) = int_of(ty).filter(|int| int.is_signed())
            && const_value(&operand).is_none_or(|n| n == int.range().0)
        {
            let smallest = self.temp(Ty::bool(), span);
            let (min, _) = int.range();
            let operand = reread(operand.clone());
            self.assign(smallest, Rvalue::Binary(BinOp::Eq, operand, int_const(ty, min)), span);
            self.assert(smallest, false, AssertMessage::OverflowNeg, span);
        }
        match (const_value(&operand), int_of(ty)) {
            (Some(value), Some(_)) => Rvalue::Use(int_const(ty, -value)),
            _ => Rvalue::Unary(UnOp::Neg, reread(operand)),
        }
    }

    /// `target op= value` on built-in types.
    pub fn assign_op(&mut self, op: BinOp, target: ExprId, value: ExprId, span: Span) {
        let value = self.operand(value);
        // What the target's own indices do must not change the value.
        let value = match value {
            Operand::Copy(place) if !self.is_plain_place(target) => {
                let ty = place.ty(&self.locals);
                let temp = self.temp(ty, span);
                self.assign(temp, Rvalue::Use(Operand::Copy(place)), span);
                Operand::Copy(temp.into())
            }
            value => reread(value),
        };
        let place = self.place(target);
        let rvalue = self.binary(op, Operand::Copy(place.clone()), value, span);
        self.assign(place, rvalue, span);
    }
}

/// A number that is read more than once: a move of one is a copy.
fn reread(operand: Operand) -> Operand {
    match operand {
        Operand::Move(place) => Operand::Copy(place),
        operand => operand,
    }
}
