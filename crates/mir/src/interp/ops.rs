//! Arithmetic and comparison.

use hir::thir::BinOp;
use hir::ty::{Ty, TyKind};

use super::memory::Bytes;
use super::{Machine, Step};

/// The number that the bits of a value of this type mean.
pub(super) fn int_of(raw: u128, ty: Ty) -> i128 {
    match *ty.kind() {
        TyKind::Int(int) if int.is_signed() => {
            let shift = 128 - int.bits();
            ((raw << shift) as i128) >> shift
        }
        _ => raw as i128,
    }
}

pub(super) fn float_of(raw: u128, size: usize) -> f64 {
    match size {
        4 => f64::from(f32::from_bits(raw as u32)),
        _ => f64::from_bits(raw as u64),
    }
}

pub(super) fn float_result(value: f64, size: usize) -> Bytes {
    match size {
        4 => Bytes::int(u128::from((value as f32).to_bits()), 4),
        _ => Bytes::int(u128::from(value.to_bits()), 8),
    }
}

impl Machine<'_> {
    /// The wrapped result and whether it overflowed.
    pub(super) fn binary(&mut self, op: BinOp, ty: Ty, a: &Bytes, b: &Bytes) -> Step<(Bytes, bool)> {
        let truth = |it: bool| Ok((Bytes::int(u128::from(it), 1), false));
        let size = a.len();
        let (ra, rb) = (a.as_int()?, b.as_int()?);
        if let TyKind::Float(_) = ty.kind() {
            let (x, y) = (float_of(ra, size), float_of(rb, size));
            let single = |v: f64| Ok((float_result(v, size), false));
            let narrow = |f32op: fn(f32, f32) -> f32, f64op: fn(f64, f64) -> f64| {
                if size == 4 { f64::from(f32op(x as f32, y as f32)) } else { f64op(x, y) }
            };
            return match op {
                BinOp::Add => single(narrow(|a, b| a + b, |a, b| a + b)),
                BinOp::Sub => single(narrow(|a, b| a - b, |a, b| a - b)),
                BinOp::Mul => single(narrow(|a, b| a * b, |a, b| a * b)),
                BinOp::Div => single(narrow(|a, b| a / b, |a, b| a / b)),
                BinOp::Rem => single(narrow(|a, b| a % b, |a, b| a % b)),
                BinOp::Eq => truth(x == y),
                BinOp::Ne => truth(x != y),
                BinOp::Lt => truth(x < y),
                BinOp::Le => truth(x <= y),
                BinOp::Gt => truth(x > y),
                BinOp::Ge => truth(x >= y),
                _ => self.unsupported("an operator on floats"),
            };
        }
        let (x, y) = (int_of(ra, ty), int_of(rb, ty));
        let bits = size as u32 * 8;
        let (lo, hi) = match *ty.kind() {
            TyKind::Int(int) => int.range(),
            _ => (0, i128::from(u64::MAX)),
        };
        let wrapped = |v: i128| Ok((Bytes::int(v as u128, size), v < lo || v > hi));
        match op {
            BinOp::Add => wrapped(x.wrapping_add(y)),
            BinOp::Sub => wrapped(x.wrapping_sub(y)),
            BinOp::Mul => match x.checked_mul(y) {
                Some(v) => wrapped(v),
                None => Ok((Bytes::int(x.wrapping_mul(y) as u128, size), true)),
            },
            BinOp::Div if y != 0 => wrapped(x.wrapping_div(y)),
            BinOp::Rem if y != 0 => wrapped(x.wrapping_rem(y)),
            BinOp::Div | BinOp::Rem => self.unsupported("an unchecked division by zero"),
            BinOp::BitAnd => wrapped(x & y),
            BinOp::BitOr => wrapped(x | y),
            BinOp::BitXor => wrapped(x ^ y),
            BinOp::Shl | BinOp::Shr => {
                // The amount may be of another type; it was checked, or is taken modulo.
                let amount = (rb as u32) & (bits - 1);
                let out = rb >= u128::from(bits) || y < 0;
                let v = match op {
                    BinOp::Shl => ((ra << amount) as i128) as u128,
                    _ => (x >> amount) as u128,
                };
                Ok((Bytes::int(v, size), out))
            }
            BinOp::Eq => truth(ra == rb),
            BinOp::Ne => truth(ra != rb),
            BinOp::Lt => truth(x < y),
            BinOp::Le => truth(x <= y),
            BinOp::Gt => truth(x > y),
            BinOp::Ge => truth(x >= y),
        }
    }
}
