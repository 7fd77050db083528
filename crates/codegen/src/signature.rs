//! How a function's arguments and result travel between generated functions.
//!
//! Scalars and pairs of scalars in registers; anything larger by address: an argument's memory
//! belongs to the callee from the call on (a move without copying), a result is written where
//! the caller says. The attributes tell LLVM what the checker guarantees: exclusive borrows
//! and moved arguments alias nothing, shared borrows of plain data are not written.

use mir::mono::ty::{Mutability, Ty, TyKind};

use crate::layout::{Abi, Meta, Scalar, shared_meta};
use crate::llvm::{Type, Value};
use crate::unit::Unit;

#[derive(Debug)]
pub struct Signature {
    pub ty: Type,
    pub args: Vec<Pass>,
    pub ret: Pass,
    /// The result's address is the first argument.
    pub sret: bool,
    pub track_caller: bool,
    /// By the convention of functions that wait (`abi::waiting`): context, parent, how and, if it has any bytes, the result's
    /// address come first; what is returned is a status.
    pub waits: bool,
    arg_types: Vec<Ty>,
    ret_type: Ty,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pass {
    Nothing,
    Scalar(Scalar),
    Pair(Scalar, Scalar),
    Address,
}

impl Pass {
    fn of(abi: Abi) -> Pass {
        match abi {
            Abi::Zst => Pass::Nothing,
            Abi::Scalar(s) => Pass::Scalar(s),
            Abi::Pair(a, b) => Pass::Pair(a, b),
            Abi::Memory => Pass::Address,
        }
    }
}

impl Signature {
    pub fn new(unit: &Unit, args: &[Ty], ret: Ty, track_caller: bool, waits: bool) -> Signature {
        let ret_layout = unit.layout(ret);
        let ret_pass = Pass::of(ret_layout.abi);
        let sret = ret_pass == Pass::Address && !waits;
        let mut params = Vec::new();
        if waits {
            params.extend([unit.m.ptr, unit.m.ptr, unit.m.i32]);
        }
        if sret || (waits && ret_pass != Pass::Nothing) {
            params.push(unit.m.ptr);
        }
        let passes: Vec<Pass> = args.iter().map(|&ty| Pass::of(unit.layout(ty).abi)).collect();
        for pass in &passes {
            match *pass {
                Pass::Nothing => {}
                Pass::Scalar(s) => params.push(unit.register(s.prim)),
                Pass::Pair(a, b) => {
                    params.push(unit.register(a.prim));
                    params.push(unit.register(b.prim));
                }
                Pass::Address => params.push(unit.m.ptr),
            }
        }
        if track_caller {
            params.push(unit.m.ptr);
        }
        let ret_ty = match (waits, sret) {
            (true, _) => unit.m.i32,
            (_, true) => unit.m.void,
            _ => unit.register_type(ret_layout.abi),
        };
        Signature {
            ty: unit.m.fn_type(&params, ret_ty),
            args: passes,
            ret: ret_pass,
            sret,
            track_caller,
            waits,
            arg_types: args.to_vec(),
            ret_type: ret,
        }
    }

    /// Sets them on a declaration.
    pub fn set_attributes(&self, unit: &Unit, function: Value) {
        self.attributes(unit, &mut |index, name, value| {
            let attribute = match value {
                AttributeValue::Int(n) => unit.m.attribute(name, n),
                AttributeValue::Type(ty) => unit.m.type_attribute(name, ty),
                AttributeValue::Range(low, end) => unit.m.range_attribute(low, end),
            };
            match index {
                Position::Function => unit.m.add_attribute(function, attribute),
                Position::Result => unit.m.add_param_attribute(function, None, attribute),
                Position::Param(i) => unit.m.add_param_attribute(function, Some(i), attribute),
            }
        });
    }

    /// Sets those on a call that it needs to be right (for calls through a pointer).
    pub fn set_call_attributes(&self, unit: &Unit, call: Value) {
        if self.sret {
            let layout = unit.layout(self.ret_type);
            let sret = unit.m.type_attribute("sret", unit.m.bytes(layout.size));
            unit.m.add_call_param_attribute(call, Some(0), sret);
            unit.m.add_call_param_attribute(call, Some(0), unit.m.attribute("align", layout.align));
        }
    }

    /// Hidden arguments before the others: of a waiting function, or the result's address.
    pub fn hidden(&self) -> u32 {
        match (self.waits, self.ret) {
            (true, Pass::Nothing) => 3,
            (true, _) => 4,
            (false, _) => self.sret.into(),
        }
    }

    fn attributes(&self, unit: &Unit, set: &mut dyn FnMut(Position, &'static str, AttributeValue)) {
        if self.waits {
            // Resuming calls it with arguments that mean nothing: nothing may be assumed of them.
            return;
        }
        let mut index = 0;
        if self.sret {
            let layout = unit.layout(self.ret_type);
            let at = Position::Param(0);
            set(at, "sret", AttributeValue::Type(unit.m.bytes(layout.size)));
            set(at, "noalias", 0.into());
            set(at, "noundef", 0.into());
            set(at, "writable", 0.into());
            set(at, "captures", 0.into());
            set(at, "align", layout.align.into());
            set(at, "dereferenceable", layout.size.into());
            index = 1;
        }
        if self.ret_type.is_never() {
            set(Position::Function, "noreturn", 0.into());
        }
        if let Pass::Scalar(_) = self.ret {
            value_attributes(unit, self.ret_type, false, Position::Result, set);
        }
        for (&pass, &ty) in self.args.iter().zip(&self.arg_types) {
            let at = Position::Param(index);
            match pass {
                Pass::Nothing => {}
                Pass::Scalar(_) => {
                    value_attributes(unit, ty, true, at, set);
                    index += 1;
                }
                Pass::Pair(..) => {
                    value_attributes(unit, ty, true, at, set);
                    if ty.is_ref() {
                        set(Position::Param(index + 1), "noundef", 0.into());
                    }
                    if let Some((low, high)) = unit.length_of_ref(ty).and_then(|len| len.valid) {
                        let range = AttributeValue::Range(low as u64, high as u64 + 1);
                        set(Position::Param(index + 1), "range", range);
                    }
                    index += 2;
                }
                Pass::Address => {
                    let layout = unit.layout(ty);
                    set(at, "noalias", 0.into());
                    set(at, "noundef", 0.into());
                    set(at, "captures", 0.into());
                    set(at, "align", layout.align.into());
                    set(at, "dereferenceable", layout.size.into());
                    index += 1;
                }
            }
        }
        if self.track_caller {
            let at = Position::Param(index);
            set(at, "noundef", 0.into());
            set(at, "nonnull", 0.into());
            set(at, "readonly", 0.into());
        }
    }
}

#[derive(Clone, Copy)]
enum Position {
    Function,
    Result,
    Param(u32),
}

enum AttributeValue {
    Int(u64),
    Type(Type),
    /// From the first up to, not including, the second.
    Range(u64, u64),
}

impl From<u64> for AttributeValue {
    fn from(n: u64) -> AttributeValue {
        AttributeValue::Int(n)
    }
}

impl From<i32> for AttributeValue {
    fn from(n: i32) -> AttributeValue {
        AttributeValue::Int(n as u64)
    }
}

/// What is known of a value by its type.
fn value_attributes(
    unit: &Unit,
    ty: Ty,
    is_arg: bool,
    at: Position,
    set: &mut dyn FnMut(Position, &'static str, AttributeValue),
) {
    match *ty.kind() {
        TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::RawPtr(_) => {
            set(at, "noundef", 0.into());
        }
        TyKind::Ref(mutability, pointee) => {
            set(at, "noundef", 0.into());
            set(at, "nonnull", 0.into());
            let layout = unit.layout(pointee);
            let meta = if mutability == Mutability::Shared { shared_meta(pointee) } else { Meta::None };
            let frozen = mutability == Mutability::Mut || !unit.layouts.interior_mutable(pointee);
            match meta {
                Meta::None => {
                    set(at, "align", layout.align.into());
                    if layout.size > 0 && frozen {
                        set(at, "dereferenceable", layout.size.into());
                    }
                }
                Meta::Len => {
                    if let TyKind::List(elem) = *pointee.kind() {
                        set(at, "align", unit.layout(elem).align.into());
                    }
                }
                Meta::Vtable => {}
            }
            if is_arg && frozen {
                set(at, "noalias", 0.into());
                if mutability == Mutability::Shared {
                    set(at, "readonly", 0.into());
                }
            }
        }
        _ => {}
    }
}
