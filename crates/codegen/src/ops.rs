//! Operators and numeric casts.

use mir::mono::thir::{BinOp, CastKind, UnOp};
use mir::mono::ty::{Ty, TyKind};

use crate::function::FnCx;
use crate::layout::{Abi, Prim};
use crate::llvm::{FloatCmp, IntCmp, Value};
use crate::value::{Discriminated, Op, Val};

impl<'u, 'p> FnCx<'u, 'p> {
    /// Integers wrap; shift amounts are taken modulo the width.
    pub fn binary(&mut self, op: BinOp, a: Op, b: Op) -> Result<Val, String> {
        let (Val::Scalar(x), Val::Scalar(mut y)) = (a.val, b.val) else {
            if let (Val::Zst, Val::Zst) = (a.val, b.val) {
                // `()` equals itself.
                let equal = matches!(op, BinOp::Eq | BinOp::Le | BinOp::Ge);
                return Ok(Val::Scalar(self.u.m.const_bool(equal)));
            }
            return Err(format!("operator {op:?} on `{}`", self.u.type_name(a.ty)));
        };
        let b_ = &self.b;
        if a.ty.is_float() {
            return Ok(Val::Scalar(match op {
                BinOp::Add => b_.fadd(x, y),
                BinOp::Sub => b_.fsub(x, y),
                BinOp::Mul => b_.fmul(x, y),
                BinOp::Div => b_.fdiv(x, y),
                BinOp::Rem => b_.frem(x, y),
                BinOp::Eq => b_.fcmp(FloatCmp::LLVMRealOEQ, x, y),
                BinOp::Ne => b_.fcmp(FloatCmp::LLVMRealUNE, x, y),
                BinOp::Lt => b_.fcmp(FloatCmp::LLVMRealOLT, x, y),
                BinOp::Le => b_.fcmp(FloatCmp::LLVMRealOLE, x, y),
                BinOp::Gt => b_.fcmp(FloatCmp::LLVMRealOGT, x, y),
                BinOp::Ge => b_.fcmp(FloatCmp::LLVMRealOGE, x, y),
                _ => return Err(format!("operator {op:?} on a float")),
            }));
        }
        let signed = Self::is_signed(a.ty);
        if matches!(op, BinOp::Shl | BinOp::Shr) {
            y = self.shift_amount(x, b);
        }
        let pick = |s: IntCmp, u: IntCmp| if signed { s } else { u };
        Ok(Val::Scalar(match op {
            BinOp::Add => b_.add(x, y),
            BinOp::Sub => b_.sub(x, y),
            BinOp::Mul => b_.mul(x, y),
            BinOp::Div if signed => b_.sdiv(x, y),
            BinOp::Div => b_.udiv(x, y),
            BinOp::Rem if signed => b_.srem(x, y),
            BinOp::Rem => b_.urem(x, y),
            BinOp::BitAnd => b_.and(x, y),
            BinOp::BitOr => b_.or(x, y),
            BinOp::BitXor => b_.xor(x, y),
            BinOp::Shl => b_.shl(x, y),
            BinOp::Shr if signed => b_.ashr(x, y),
            BinOp::Shr => b_.lshr(x, y),
            BinOp::Eq => b_.icmp(IntCmp::LLVMIntEQ, x, y),
            BinOp::Ne => b_.icmp(IntCmp::LLVMIntNE, x, y),
            BinOp::Lt => b_.icmp(pick(IntCmp::LLVMIntSLT, IntCmp::LLVMIntULT), x, y),
            BinOp::Le => b_.icmp(pick(IntCmp::LLVMIntSLE, IntCmp::LLVMIntULE), x, y),
            BinOp::Gt => b_.icmp(pick(IntCmp::LLVMIntSGT, IntCmp::LLVMIntUGT), x, y),
            BinOp::Ge => b_.icmp(pick(IntCmp::LLVMIntSGE, IntCmp::LLVMIntUGE), x, y),
        }))
    }

    fn bits(&self, ty: Ty) -> u32 {
        match self.u.layout(ty).abi {
            Abi::Scalar(s) => s.size() as u32 * 8,
            _ => 64,
        }
    }

    /// As wide as what is shifted, modulo its width.
    pub fn shift_amount(&self, shifted: Value, amount: Op) -> Value {
        let ty = self.u.m.type_of(shifted);
        let amount_value = amount.single();
        let (from, to) = (self.bits(amount.ty), crate::llvm::int_width(ty));
        let amount = match from.cmp(&to) {
            std::cmp::Ordering::Less => self.b.zext(amount_value, ty),
            std::cmp::Ordering::Greater => self.b.trunc(amount_value, ty),
            std::cmp::Ordering::Equal => amount_value,
        };
        self.b.and(amount, self.u.m.const_int(ty, i128::from(to - 1)))
    }

    /// The wrapped result and whether it overflowed.
    pub fn checked_binary(&mut self, op: BinOp, a: Op, b: Op) -> Result<(Value, Value), String> {
        let (x, y) = (a.single(), b.single());
        let m = &self.u.m;
        let ty = m.type_of(x);
        let signed = Self::is_signed(a.ty);
        let name = match (op, signed) {
            (BinOp::Add, true) => "llvm.sadd.with.overflow",
            (BinOp::Add, false) => "llvm.uadd.with.overflow",
            (BinOp::Sub, true) => "llvm.ssub.with.overflow",
            (BinOp::Sub, false) => {
                // A comparison optimises better.
                let value = self.b.sub(x, y);
                return Ok((value, self.b.icmp(IntCmp::LLVMIntULT, x, y)));
            }
            // The flag of an addition costs nothing.
            (BinOp::Mul, _) if y == m.const_int(ty, 2) => return self.checked_binary(BinOp::Add, a, a),
            (BinOp::Mul, true) => "llvm.smul.with.overflow",
            (BinOp::Mul, false) => "llvm.umul.with.overflow",
            (BinOp::Shl | BinOp::Shr, _) => {
                let bits = i128::from(self.bits(a.ty));
                let limit = m.const_int(m.type_of(y), bits);
                let too_far = self.b.icmp(IntCmp::LLVMIntUGE, y, limit);
                let Val::Scalar(value) = self.binary(op, a, b)? else { unreachable!("a scalar") };
                return Ok((value, too_far));
            }
            (BinOp::Div | BinOp::Rem, true) => {
                let bits = self.bits(a.ty);
                let min = self.b.icmp(IntCmp::LLVMIntEQ, x, m.const_int(ty, 1 << (bits - 1)));
                let minus_one = self.b.icmp(IntCmp::LLVMIntEQ, y, m.const_int(ty, -1));
                let overflow = self.b.and(min, minus_one);
                // Not computed where it would trap.
                let divisor = self.b.select(overflow, m.const_int(ty, 1), y);
                let value = if op == BinOp::Div { self.b.sdiv(x, divisor) } else { self.b.srem(x, divisor) };
                return Ok((value, overflow));
            }
            (BinOp::Div, false) => return Ok((self.b.udiv(x, y), m.const_bool(false))),
            (BinOp::Rem, false) => return Ok((self.b.urem(x, y), m.const_bool(false))),
            _ => return Err(format!("operator {op:?} cannot overflow")),
        };
        let both = self.u.call_llvm(&self.b, name, &[ty], &[x, y]);
        Ok((self.b.extract(both, 0), self.b.extract(both, 1)))
    }

    /// The sum of two signed numbers, and whether it overflowed without becoming negative.
    pub fn index_sum(&self, x: Value, y: Value) -> (Value, Value) {
        let sum = self.b.add(x, y);
        let both = self.b.and(x, y);
        let wrapped = self.b.and(both, self.b.not(sum));
        let zero = self.u.m.const_int(self.u.m.type_of(x), 0);
        (sum, self.b.icmp(IntCmp::LLVMIntSLT, wrapped, zero))
    }

    pub fn unary(&mut self, op: UnOp, a: Op, ty: Ty) -> Result<Op, String> {
        let x = a.single();
        let value = match op {
            UnOp::Neg if a.ty.is_float() => self.b.fneg(x),
            UnOp::Neg => self.b.neg(x),
            UnOp::Not | UnOp::BitNot => self.b.not(x),
        };
        Ok(Op::scalar(value, ty))
    }

    pub fn cast(&mut self, kind: CastKind, from: Op, to: Ty) -> Result<Op, String> {
        let m = &self.u.m;
        let target = match self.u.layout(to).abi {
            Abi::Scalar(s) => s.prim,
            _ => return Err(format!("a cast to `{}`", self.u.type_name(to))),
        };
        let ty = self.u.register(target);
        let value = match kind {
            CastKind::IntToInt => {
                if matches!(from.ty.kind(), TyKind::Adt(..)) {
                    // A fieldless enum: its declared value.
                    let value = self.discriminant(Discriminated::Op(from));
                    self.resize(value, 64, true, target)
                } else {
                    let bits = match from.ty.kind() {
                        TyKind::Bool => 1,
                        _ => self.bits(from.ty),
                    };
                    self.resize(from.single(), bits, Self::is_signed(from.ty), target)
                }
            }
            CastKind::U8ToChar => self.b.zext(from.single(), m.i32),
            CastKind::IntToFloat => {
                let value = from.single();
                if Self::is_signed(from.ty) { self.b.sitofp(value, ty) } else { self.b.uitofp(value, ty) }
            }
            CastKind::FloatToInt => {
                let name = if Self::is_signed(to) { "llvm.fptosi.sat" } else { "llvm.fptoui.sat" };
                let value = from.single();
                self.u.call_llvm(&self.b, name, &[ty, m.type_of(value)], &[value])
            }
            CastKind::FloatToFloat => {
                let value = from.single();
                match (self.bits(from.ty), target) {
                    (64, Prim::F32) => self.b.fptrunc(value, ty),
                    (32, Prim::F64) => self.b.fpext(value, ty),
                    _ => value,
                }
            }
            CastKind::PtrToPtr => from.single(),
            CastKind::PtrToInt => {
                let value = self.b.ptrtoint(from.single(), m.i64);
                self.resize(value, 64, false, target)
            }
            CastKind::IntToPtr => {
                let value = self.widen(from);
                self.b.inttoptr(value, m.ptr)
            }
        };
        Ok(Op::scalar(value, to))
    }

    fn resize(&self, value: Value, bits: u32, signed: bool, to: Prim) -> Value {
        let Prim::Int(to_bits) = to else {
            return if to == Prim::Bool && bits != 1 { self.b.trunc(value, self.u.m.i1) } else { value };
        };
        let ty = self.u.m.int(to_bits);
        match bits.cmp(&to_bits) {
            std::cmp::Ordering::Greater => self.b.trunc(value, ty),
            std::cmp::Ordering::Less if signed => self.b.sext(value, ty),
            std::cmp::Ordering::Less => self.b.zext(value, ty),
            std::cmp::Ordering::Equal => value,
        }
    }
}
