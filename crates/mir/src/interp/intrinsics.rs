//! What std's `intrinsics` module declares.

use hir::ty::{Ty, TyKind};

use super::memory::{Borrow, Bytes, Fault, Kind, Ptr};
use super::ops::{float_of, float_result, int_of};
use super::{After, FUNCTIONS, Machine, Step, Stop};
use crate::body::Call;
use crate::mono::internal;
use hir::thir::BinOp;

impl Machine<'_> {
    /// The result; `None` if control has already gone elsewhere.
    pub(super) fn intrinsic(
        &mut self,
        name: &str,
        types: &[Ty],
        args: &[Bytes],
        call: &Call,
    ) -> Step<Option<Bytes>> {
        let ty = types.first().copied().unwrap_or_else(Ty::unit);
        let size = self.size(ty);
        let unit = Bytes::default();
        let truth = |it: bool| Bytes::int(u128::from(it), 1);
        let count = |n: usize| Bytes::int(n as u128, 8);
        let ptr = |i: usize| -> Step<Ptr> { Ok(args[i].as_ptr()?) };
        let int = |i: usize| -> Step<i64> { Ok(args[i].as_int()? as u64 as i64) };
        Ok(Some(match name {
            // Code generation lays types out in its own way.
            "size_of" if self.constants_only && self.frame().body.name.ends_with("mem::size_of") => {
                return self.unsupported("the size of a type");
            }
            "type_name" if self.constants_only => return self.unsupported("the name of a type"),
            "type_id" => return self.unsupported("the number of a type"),
            "size_of" => count(size),
            "align_of" => count(self.layout(ty).align),
            "exploring" => truth(false),
            "needs_drop" => truth(self.program.drop_glue.contains_key(&ty)),
            "is_frozen" => truth(!self.layout(ty).open),
            "select" => args[if args[0].as_int()? != 0 { 1 } else { 2 }].clone(),
            "type_name" => {
                let text: std::sync::Arc<str> = "type".into();
                let ptr = self.text(&text)?;
                self.string(ptr, 0, text.len())
            }
            "ptr_read" => {
                // The caller sees to it that the value is used once.
                self.memory.read(ptr(0)?, size)?
            }
            "ptr_write" => {
                self.memory.write(ptr(0)?, &args[1])?;
                unit
            }
            "ptr_offset" | "ptr_wrapping_offset" => {
                Bytes::ptr(ptr(0)?.offset(int(1)?.wrapping_mul(size as i64)))
            }
            "ptr_distance" => {
                let bytes = ptr(1)?.addr.wrapping_sub(ptr(0)?.addr);
                Bytes::int(u128::from(bytes / (size as u64).max(1)), 8)
            }
            "ptr_cast" => args[0].clone(),
            "ptr_null" => Bytes::int(0, 8),
            "ptr_dangling" => Bytes::int(16, 8),
            "ptr_is_null" => truth(ptr(0)?.addr == 0),
            "ptr_addr" => Bytes::int(u128::from(ptr(0)?.addr), 8),
            "ptr_eq" => truth(ptr(0)?.addr == ptr(1)?.addr),
            "addr_of" | "addr_of_mut" => Bytes::ptr(ptr(0)?),
            "ref_from_ptr" => {
                let at = super::eval::Spot { ptr: ptr(0)?, ty, variant: 0, meta: None };
                self.reference(at, Borrow::Shared)?
            }
            "mut_from_ptr" => {
                let at = super::eval::Spot { ptr: ptr(0)?, ty, variant: 0, meta: None };
                self.reference(at, Borrow::Exclusive)?
            }
            "memcpy" | "memmove" => {
                let n = int(2)?.max(0) as usize * size;
                if n > 0 {
                    let bytes = self.memory.read(ptr(1)?, n)?;
                    self.memory.write(ptr(0)?, &bytes)?;
                }
                unit
            }
            "memset" => {
                let byte = args[1].as_int()? as u8;
                let n = int(2)?.max(0) as usize;
                let mut bytes = Bytes::uninit(0);
                bytes.data.resize(n, byte);
                bytes.init.resize(n, true);
                if n > 0 {
                    self.memory.write(ptr(0)?, &bytes)?;
                }
                unit
            }
            "memcmp" => {
                let n = int(2)?.max(0) as usize;
                let (a, b) = match n {
                    0 => (unit.clone(), unit.clone()),
                    _ => (self.memory.read(ptr(0)?, n)?, self.memory.read(ptr(1)?, n)?),
                };
                if a.init.contains(&false) || b.init.contains(&false) {
                    return Err(Fault::Uninit.into());
                }
                Bytes::int((a.data.cmp(&b.data) as i32 as i128) as u128, 4)
            }
            "forget" => unit,
            "uninit" => Bytes::uninit(size),
            "drop_in_place" => match self.program.drop_glue.get(&ty) {
                Some(&glue) => {
                    let dest = self.memory.allocate(0, Kind::Static);
                    let after = After::Store { dest, target: call.target };
                    self.push(glue, vec![Bytes::ptr(ptr(0)?)], after)?;
                    return Ok(None);
                }
                None => unit,
            },
            internal::DROP_DYN => {
                let at = ptr(0)?;
                let pair = self.memory.read(at, 16)?;
                let (data, table) = (pair.as_ptr()?, pair.slice(8, 8).as_int()? as u64);
                let index = (table.wrapping_sub(super::TABLES) / 16) as usize;
                let Some(table) = self.program.vtables.as_slice().get(index) else {
                    return self.unsupported("no table to drop by");
                };
                let (drop, inner) = (table.drop, table.ty);
                let inner_size = self.size(inner);
                match drop {
                    Some(glue) => {
                        let after = After::Free { ptr: data, size: inner_size, target: call.target };
                        self.push(glue, vec![Bytes::ptr(data)], after)?;
                        return Ok(None);
                    }
                    None if inner_size > 0 => self.memory.free(data, true)?,
                    None => {}
                }
                unit
            }
            internal::FREE_BOX => {
                if size > 0 {
                    self.memory.free(ptr(0)?, true)?;
                }
                unit
            }
            "slice_ptr" => Bytes::ptr(ptr(0)?),
            "slice_len" => args[0].slice(8, 8),
            "slice_from_raw" => self.wide(ptr(0)?, Ty::list(ty), int(1)? as u64)?,
            "list_raw_mut" | "string_raw_mut" | "list_from_raw" | "list_into_raw" | "string_from_raw"
            | "string_into_raw" | "string_bytes" | "string_from_bytes" | "likely" | "unlikely" => {
                args[0].clone()
            }
            "assume" | "spin_hint" | "black_box" | "atomic_fence" => unit,
            "unreachable" => return Err(Fault::Other("unreachable code was reached".into()).into()),
            "caller_location" | "context" => Bytes::int(0, 8),
            internal::FUNCTION_ADDRESS => {
                let func = self.frame().func;
                match self.program.functions[func].addresses.get(&ty) {
                    Some(entry) => Bytes::int(u128::from(FUNCTIONS + u64::from(entry.0) * 16), 8),
                    None => return self.unsupported("the address of a function"),
                }
            }
            "group_match_byte" => {
                let byte = args[1].as_int()? as u8;
                self.group(ptr(0)?, |b| b == byte)?
            }
            "group_match_high" => self.group(ptr(0)?, |b| b & 0x80 != 0)?,
            _ if name.starts_with("atomic_") => self.atomic(name, ty, args)?,
            _ if name.starts_with("float_") || name.starts_with('f') => match float(name, args, size)? {
                Some(bytes) => bytes,
                None => return self.unsupported(format!("the intrinsic `{name}`")),
            },
            _ => match self.number(name, ty, args, call)? {
                Some(bytes) => bytes,
                None => return self.unsupported(format!("the intrinsic `{name}`")),
            },
        }))
    }

    pub(super) fn string(&mut self, ptr: Ptr, cap: usize, len: usize) -> Bytes {
        let mut bytes = Bytes::uninit(24);
        bytes.put(0, &Bytes::ptr(ptr));
        bytes.put(8, &Bytes::int(cap as u128, 8));
        bytes.put(16, &Bytes::int(len as u128, 8));
        bytes
    }

    fn group(&mut self, ptr: Ptr, test: impl Fn(u8) -> bool) -> Step<Bytes> {
        let bytes = match ptr.prov {
            Some(_) => self.memory.read(ptr, 16)?,
            // An empty table's control bytes are a constant of std's, which may be any pointer.
            None => return Err(Fault::NoPointer.into()),
        };
        if bytes.init.contains(&false) {
            return Err(Fault::Uninit.into());
        }
        let mask = (0..16).filter(|&i| test(bytes.data[i])).fold(0u32, |m, i| m | 1 << i);
        Ok(Bytes::int(u128::from(mask), 4))
    }

    fn atomic(&mut self, name: &str, ty: Ty, args: &[Bytes]) -> Step<Bytes> {
        let at = args[0].as_ptr()?;
        let size = self.size(ty);
        // Atomics may change behind shared references.
        let old = self.memory.read_atomic(at, size)?;
        let value = || args.get(1).cloned().unwrap_or_default();
        let combined =
            |machine: &mut Self, op| -> Step<Bytes> { Ok(machine.binary(op, ty, &old, &value())?.0) };
        let new = match name {
            "atomic_load" => return Ok(old),
            "atomic_store" => {
                self.memory.write_atomic(at, &value())?;
                return Ok(Bytes::default());
            }
            "atomic_swap" => value(),
            "atomic_cas" => {
                let same = old.as_int()? == args[1].as_int()?;
                if same {
                    self.memory.write_atomic(at, &args[2])?;
                }
                let layout = self.layout(Ty::tuple(&[ty, Ty::bool()]));
                let mut out = Bytes::uninit(layout.size);
                out.put(layout.variants[0][0], &old);
                out.put(layout.variants[0][1], &Bytes::int(u128::from(same), 1));
                return Ok(out);
            }
            "atomic_fetch_add" => combined(self, BinOp::Add)?,
            "atomic_fetch_sub" => combined(self, BinOp::Sub)?,
            "atomic_fetch_and" => combined(self, BinOp::BitAnd)?,
            "atomic_fetch_or" => combined(self, BinOp::BitOr)?,
            "atomic_fetch_xor" => combined(self, BinOp::BitXor)?,
            "atomic_fetch_max" | "atomic_fetch_min" => {
                let (a, b) = (int_of(old.as_int()?, ty), int_of(value().as_int()?, ty));
                let v = if name.ends_with("max") { a.max(b) } else { a.min(b) };
                Bytes::int(v as u128, size)
            }
            _ => return self.unsupported(format!("the intrinsic `{name}`")),
        };
        self.memory.write_atomic(at, &new)?;
        Ok(old)
    }

    fn number(&mut self, name: &str, ty: Ty, args: &[Bytes], call: &Call) -> Step<Option<Bytes>> {
        let size = args.first().map_or(0, Bytes::len);
        let bits = size as u32 * 8;
        let op = |name: &str| match name.rsplit('_').next() {
            Some("add") => BinOp::Add,
            Some("sub") => BinOp::Sub,
            _ => BinOp::Mul,
        };
        let raw = match args.first() {
            Some(first) => first.as_int()?,
            None => return Ok(None),
        };
        let count = |n: u32| Some(Bytes::int(u128::from(n), 8));
        Ok(match name {
            "wrapping_add" | "wrapping_sub" | "wrapping_mul" => {
                Some(self.binary(op(name), ty, &args[0], &args[1])?.0)
            }
            "wrapping_shl" => Some(Bytes::int(raw << (args[1].as_int()? as u32 & (bits - 1)), size)),
            "wrapping_shr" => {
                let n = int_of(raw, ty) >> (args[1].as_int()? as u32 & (bits - 1));
                Some(Bytes::int(n as u128, size))
            }
            "overflowing_add" | "overflowing_sub" | "overflowing_mul" => {
                let (value, overflowed) = self.binary(op(name), ty, &args[0], &args[1])?;
                let body = self.frame().body;
                let layout = {
                    let ty = body.place_ty(&call.destination);
                    self.layout(ty)
                };
                let mut out = Bytes::uninit(layout.size);
                out.put(layout.variants[0][0], &value);
                out.put(layout.variants[0][1], &Bytes::int(u128::from(overflowed), 1));
                Some(out)
            }
            "saturating_add" | "saturating_sub" => {
                let (value, overflowed) = self.binary(op(name), ty, &args[0], &args[1])?;
                if !overflowed {
                    return Ok(Some(value));
                }
                let (lo, hi) = match *ty.kind() {
                    TyKind::Int(int) => int.range(),
                    _ => (0, 0),
                };
                let (a, b) = (int_of(raw, ty), int_of(args[1].as_int()?, ty));
                let up = if name.ends_with("add") { b > 0 } else { b < 0 };
                let _ = a;
                Some(Bytes::int(if up { hi } else { lo } as u128, size))
            }
            "count_ones" => count(raw.count_ones()),
            "leading_zeros" => count(raw.leading_zeros() - (128 - bits)),
            "trailing_zeros" => count(raw.trailing_zeros().min(bits)),
            "rotate_left" => {
                let n = args[1].as_int()? as u32 % bits.max(1);
                let mask = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
                let v = if n == 0 { raw } else { ((raw << n) | (raw >> (bits - n))) & mask };
                Some(Bytes::int(v, size))
            }
            "swap_bytes" => {
                let mut bytes = args[0].clone();
                bytes.data.reverse();
                Some(bytes)
            }
            "wide_mul_u64" => {
                let product = raw * args[1].as_int()?;
                let mut out = Bytes::uninit(16);
                out.put(0, &Bytes::int(product >> 64, 8));
                out.put(8, &Bytes::int(product & u128::from(u64::MAX), 8));
                Some(out)
            }
            "char_from_u32_unchecked" => Some(args[0].clone()),
            _ => None,
        })
    }
}

fn float(name: &str, args: &[Bytes], size: usize) -> Result<Option<Bytes>, Stop> {
    if name.contains("_to_bits") || name.contains("_from_bits") {
        return Ok(Some(args[0].clone()));
    }
    let get = |i: usize| -> Result<f64, Stop> { Ok(float_of(args[i].as_int()?, args[i].len())) };
    let x = get(0)?;
    let result = match name {
        "float_sqrt" => x.sqrt(),
        "float_floor" => x.floor(),
        "float_ceil" => x.ceil(),
        "float_trunc" => x.trunc(),
        "float_round" => x.round(),
        "float_round_even" => x.round_ties_even(),
        "float_abs" => x.abs(),
        "float_copysign" => x.copysign(get(1)?),
        "float_mul_add" => x.mul_add(get(1)?, get(2)?),
        "float_min" => x.min(get(1)?),
        "float_max" => x.max(get(1)?),
        _ => return Ok(None),
    };
    Ok(Some(float_result(result, size)))
}
