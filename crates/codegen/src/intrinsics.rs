//! What `[intrinsic]` functions of std mean, by name (`std/src/intrinsics.altru` says what each
//! promises).

use base::Span;
use llvm_sys::{LLVMAtomicOrdering, LLVMAtomicRMWBinOp};
use mir::body::Call;
use mir::mono::internal;
use mir::mono::ty::{Mutability, Ty};

use crate::atomics;
use crate::function::FnCx;
use crate::layout::{Abi, Prim};
use crate::llvm::{IntCmp, Value};
use crate::value::{Op, PlaceRef, Val};

impl<'u, 'p> FnCx<'u, 'p> {
    /// The result, or `None` if there is none to store.
    pub fn intrinsic(
        &mut self,
        name: &str,
        types: &[Ty],
        args: &[Op],
        call: &Call,
        span: Span,
    ) -> Result<Option<Op>, String> {
        let ty = self.place_ty(&call.destination);
        let m = &self.u.m;
        let b = &self.b;
        let scalar = |value: Value| Ok(Some(Op::scalar(value, ty)));
        let first = |i: usize| args[i].single();
        let elem = || types.first().copied().unwrap_or_else(Ty::unit);
        match name {
            // ---- types
            "size_of" => scalar(m.const_i64(self.u.layout(elem()).size as i64)),
            "align_of" => scalar(m.const_i64(self.u.layout(elem()).align as i64)),
            "needs_drop" => scalar(m.const_bool(self.u.program.drop_glue.contains_key(&elem()))),
            "is_frozen" => scalar(m.const_bool(!self.u.layouts.interior_mutable(elem()))),
            "type_name" => {
                let text: std::sync::Arc<str> = self.u.type_name(elem()).into();
                let slot = self.temp(&self.u.layout(Ty::str()));
                self.store_string(&text, slot);
                Ok(Some(Op { val: Val::Memory(slot), ty }))
            }
            "type_id" => scalar(m.const_i64(self.u.type_id(elem()) as i64)),

            "exploring" => scalar(m.const_bool(self.u.options.explore)),

            // ---- raw pointers
            "ptr_read" => {
                // What stays in memory is copied to the destination at once.
                let place = PlaceRef::new(first(0), ty);
                Ok(Some(self.load(place)))
            }
            "ptr_write" => {
                self.store(args[1], first(0));
                Ok(None)
            }
            "ptr_offset" => {
                let layout = self.u.layout(elem());
                if layout.size == 0 {
                    return scalar(first(0));
                }
                scalar(b.gep(self.u.element_type(&layout), first(0), first(1)))
            }
            "ptr_wrapping_offset" => {
                let layout = self.u.layout(elem());
                scalar(b.wrapping_gep(self.u.element_type(&layout), first(0), first(1)))
            }
            "ptr_distance" => {
                let size = self.u.layout(elem()).size.max(1);
                let bytes = b.nuw_sub(b.ptrtoint(first(1), m.i64), b.ptrtoint(first(0), m.i64));
                scalar(b.exact_sdiv(bytes, m.const_int(m.i64, size as i128)))
            }
            "ptr_cast" => scalar(first(0)),
            "ptr_null" => scalar(m.null(m.ptr)),
            "ptr_dangling" => scalar(m.const_ptr(self.u.layout(elem()).align.max(1))),
            "ptr_is_null" => scalar(b.icmp(IntCmp::LLVMIntEQ, first(0), m.null(m.ptr))),
            "ptr_addr" => scalar(b.ptrtoint(first(0), m.i64)),
            "ptr_eq" => scalar(b.icmp(IntCmp::LLVMIntEQ, first(0), first(1))),
            "addr_of" => match args[0].val {
                Val::Pair(..) => Err(format!(
                    "`addr_of` of a `{}`, whose shared borrow has no address of its own; use `addr_of_mut`",
                    self.u.type_name(elem())
                )),
                _ => scalar(first(0)),
            },
            "addr_of_mut" | "mut_from_ptr" | "list_raw_mut" | "string_raw_mut" => scalar(first(0)),
            "ref_from_ptr" => {
                let place = PlaceRef::new(first(0), elem());
                Ok(Some(self.reference(place, Mutability::Shared, ty)))
            }
            "memcpy" | "memmove" => {
                let layout = self.u.layout(elem());
                let size = b.mul(first(2), m.const_i64(layout.size as i64));
                if name == "memcpy" {
                    b.memcpy(first(0), layout.align, first(1), layout.align, size);
                } else {
                    b.memmove(first(0), layout.align, first(1), layout.align, size);
                }
                Ok(None)
            }
            "memset" => {
                b.memset(first(0), first(1), first(2), 1);
                Ok(None)
            }
            "memcmp" => {
                let fn_ty = m.fn_type(&[m.ptr, m.ptr, m.i64], m.i32);
                let function = m.function("memcmp").unwrap_or_else(|| m.add_function("memcmp", fn_ty));
                scalar(b.call(fn_ty, function, &[first(0), first(1), first(2)]))
            }
            "forget" | "uninit" => Ok(None),
            "drop_in_place" => {
                if let Some(&glue) = self.u.program.drop_glue.get(&elem()) {
                    let pointer = Op::scalar(first(0), Ty::mut_ref(elem()));
                    self.call_function(glue, &[pointer], None, call.unwind, span);
                }
                Ok(None)
            }

            // ---- lists and strings
            "slice_ptr" => scalar(args[0].both().0),
            "slice_len" => scalar(args[0].both().1),
            "slice_from_raw" => Ok(Some(Op::pair(first(0), first(1), ty))),
            "list_from_raw" | "list_into_raw" | "string_from_raw" | "string_into_raw" | "string_bytes"
            | "string_from_bytes" => Ok(Some(Op { val: args[0].val, ty })),

            // ---- numbers
            "wrapping_add" => scalar(b.add(first(0), first(1))),
            "wrapping_sub" => scalar(b.sub(first(0), first(1))),
            "wrapping_mul" => scalar(b.mul(first(0), first(1))),
            "wrapping_shl" => scalar(b.shl(first(0), self.shift_amount(first(0), args[1]))),
            "wrapping_shr" => {
                let amount = self.shift_amount(first(0), args[1]);
                scalar(if Self::is_signed(elem()) {
                    b.ashr(first(0), amount)
                } else {
                    b.lshr(first(0), amount)
                })
            }
            "overflowing_add" | "overflowing_sub" | "overflowing_mul" => {
                let op = match name {
                    "overflowing_add" => mir::mono::thir::BinOp::Add,
                    "overflowing_sub" => mir::mono::thir::BinOp::Sub,
                    _ => mir::mono::thir::BinOp::Mul,
                };
                let (value, overflowed) = self.checked_binary(op, args[0], args[1])?;
                Ok(Some(self.pair_result(ty, value, overflowed)))
            }
            "saturating_add" | "saturating_sub" => {
                let name = match (name, Self::is_signed(elem())) {
                    ("saturating_add", true) => "llvm.sadd.sat",
                    ("saturating_add", false) => "llvm.uadd.sat",
                    (_, true) => "llvm.ssub.sat",
                    (_, false) => "llvm.usub.sat",
                };
                let value_ty = m.type_of(first(0));
                scalar(self.u.call_llvm(b, name, &[value_ty], &[first(0), first(1)]))
            }
            "count_ones" | "leading_zeros" | "trailing_zeros" => {
                let value = first(0);
                let value_ty = m.type_of(value);
                let zero_is_fine = m.const_bool(false);
                let count = match name {
                    "count_ones" => self.u.call_llvm(b, "llvm.ctpop", &[value_ty], &[value]),
                    "leading_zeros" => self.u.call_llvm(b, "llvm.ctlz", &[value_ty], &[value, zero_is_fine]),
                    _ => self.u.call_llvm(b, "llvm.cttz", &[value_ty], &[value, zero_is_fine]),
                };
                scalar(self.zext_to_i64(count))
            }
            "rotate_left" => {
                let value = first(0);
                let amount = self.shift_amount(value, args[1]);
                scalar(self.u.call_llvm(b, "llvm.fshl", &[m.type_of(value)], &[value, value, amount]))
            }
            "swap_bytes" => {
                let value = first(0);
                let value_ty = m.type_of(value);
                if crate::llvm::int_width(value_ty) == 8 {
                    return scalar(value);
                }
                scalar(self.u.call_llvm(b, "llvm.bswap", &[value_ty], &[value]))
            }
            "wide_mul_u64" => {
                let wide = m.int(128);
                let (x, y) = (b.zext(first(0), wide), b.zext(first(1), wide));
                let product = b.nuw_mul(x, y);
                let high = b.trunc(b.lshr(product, m.const_int(wide, 64)), m.i64);
                let low = b.trunc(product, m.i64);
                Ok(Some(self.pair_result(ty, high, low)))
            }
            "float_sqrt" => self.float_op("llvm.sqrt", args, ty),
            "float_floor" => self.float_op("llvm.floor", args, ty),
            "float_ceil" => self.float_op("llvm.ceil", args, ty),
            "float_trunc" => self.float_op("llvm.trunc", args, ty),
            "float_round" => self.float_op("llvm.round", args, ty),
            "float_round_even" => self.float_op("llvm.roundeven", args, ty),
            "float_abs" => self.float_op("llvm.fabs", args, ty),
            "float_copysign" => self.float_op("llvm.copysign", args, ty),
            "float_mul_add" => self.float_op("llvm.fma", args, ty),
            "float_min" => self.float_op("llvm.minnum", args, ty),
            "float_max" => self.float_op("llvm.maxnum", args, ty),
            "f64_to_bits" => scalar(b.bitcast(first(0), m.i64)),
            "f64_from_bits" => scalar(b.bitcast(first(0), m.f64)),
            "f32_to_bits" => scalar(b.bitcast(first(0), m.i32)),
            "f32_from_bits" => scalar(b.bitcast(first(0), m.f32)),
            "char_from_u32_unchecked" => scalar(first(0)),

            // ---- atomics
            _ if name.starts_with("atomic_") => self.atomic(name, args, ty),
            "spin_hint" => {
                self.u.call_llvm(b, "llvm.x86.sse2.pause", &[], &[]);
                Ok(None)
            }

            "black_box" => {
                let ty = m.fn_type(&[m.ptr], m.void);
                b.call(ty, m.opaque_use(ty), &[first(0)]);
                Ok(None)
            }

            // ---- control
            "context" => scalar(match &self.waiting {
                Some(waiting) => waiting.context(),
                None => m.null(m.ptr),
            }),
            "caller_location" => scalar(self.caller_location(span)),
            "unreachable" => {
                b.unreachable();
                // What follows in this block is never run.
                let dead = self.new_block(c"dead");
                self.b.at_end(dead);
                Ok(None)
            }
            "likely" | "unlikely" => {
                // Not by `llvm.expect`, which LLVM takes up only in the block of the branch.
                self.expected.insert(first(0), name == "likely");
                scalar(first(0))
            }
            "select" => {
                let value = b.select(first(0), first(1), first(2));
                if self.u.options.optimise() {
                    m.set_metadata(value, "unpredictable", m.metadata_node(&[]));
                }
                scalar(value)
            }
            "assume" => {
                self.u.call_llvm(b, "llvm.assume", &[], &[first(0)]);
                Ok(None)
            }
            "group_match_byte" | "group_match_high" => {
                let group_ty = m.vector(m.i8, 16);
                let group = b.load(group_ty, first(0), 1);
                let matches = if name == "group_match_byte" {
                    let bytes = self.splat(first(1));
                    b.icmp(IntCmp::LLVMIntEQ, group, bytes)
                } else {
                    b.icmp(IntCmp::LLVMIntSLT, group, m.null(group_ty))
                };
                let bits = b.bitcast(matches, m.int(16));
                scalar(b.zext(bits, m.i32))
            }

            // ---- made by the compiler
            internal::FREE_BOX => {
                let layout = self.u.layout(elem());
                if layout.size > 0 {
                    let args = [first(0), m.const_i64(layout.size as i64), m.const_i64(layout.align as i64)];
                    self.call_runtime("altru_mem_free", &args, None);
                }
                Ok(None)
            }
            internal::DROP_DYN => {
                self.drop_dyn(args[0], call);
                Ok(None)
            }
            internal::FUNCTION_ADDRESS => match self.function.addresses.get(&elem()) {
                Some(&id) => scalar(self.u.function(id)),
                None => Err("a trampoline that was not made".to_owned()),
            },
            internal::TASK_ENTRY => match types.get(1).and_then(|closure| self.function.tasks.get(closure)) {
                Some(&root) => scalar(self.u.task_entry(root)),
                None => Err("the entry of a task that was not made".to_owned()),
            },
            _ => Err(format!("the intrinsic `{name}` is not known to code generation")),
        }
    }

    /// `(a, b)` as the tuple `ty`.
    fn pair_result(&self, ty: Ty, a: Value, b: Value) -> Op {
        Op::pair(a, b, ty)
    }

    fn zext_to_i64(&self, value: Value) -> Value {
        let m = &self.u.m;
        match crate::llvm::int_width(m.type_of(value)) {
            64 => value,
            _ => self.b.zext(value, m.i64),
        }
    }

    fn float_op(&self, name: &str, args: &[Op], ty: Ty) -> Result<Option<Op>, String> {
        let values: Vec<Value> = args.iter().map(|a| a.single()).collect();
        let float = self.u.m.type_of(values[0]);
        Ok(Some(Op::scalar(self.u.call_llvm(&self.b, name, &[float], &values), ty)))
    }

    fn splat(&self, byte: Value) -> Value {
        let m = &self.u.m;
        let ty = m.vector(m.i8, 16);
        let one = self.b.insert_element(m.poison(ty), byte, m.const_i32(0));
        self.b.shuffle(one, m.poison(ty), m.null(m.vector(m.i32, 16)))
    }

    /// Drops what a `dyn` value owns, then frees it.
    fn drop_dyn(&mut self, pointer: Op, call: &Call) {
        let (data, vtable) = self.dyn_parts(pointer);
        let m = &self.u.m;
        let glue = self.vtable_word(vtable, 0, m.ptr);
        let (drop, free) = (self.new_block(c"drop"), self.new_block(c"free"));
        let has_glue = self.b.icmp(IntCmp::LLVMIntNE, glue, m.null(m.ptr));
        self.b.cond_br(has_glue, drop, free);
        self.b.at_end(drop);
        let glue_ty = m.fn_type(&[m.ptr], m.void);
        self.call_value(glue_ty, glue, &[data], true, call.unwind);
        self.b.br(free);
        self.b.at_end(free);
        let m = &self.u.m;
        let size = self.vtable_word(vtable, 1, m.i64);
        let align = self.vtable_word(vtable, 2, m.i64);
        let (release, done) = (self.new_block(c"release"), self.new_block(c"dropped"));
        let has_memory = self.b.icmp(IntCmp::LLVMIntNE, size, m.const_i64(0));
        self.b.cond_br(has_memory, release, done);
        self.b.at_end(release);
        self.call_runtime("altru_mem_free", &[data, size, align], None);
        self.b.br(done);
        self.b.at_end(done);
    }

    // ---- atomics

    fn atomic(&mut self, name: &str, args: &[Op], ty: Ty) -> Result<Option<Op>, String> {
        let kind = name.strip_prefix("atomic_").unwrap_or(name);
        let ordering_arg = args.last().map(|a| a.single());
        let Some(ordering_arg) = ordering_arg else {
            return Err(format!("`{name}` without an ordering"));
        };
        let choices = atomics::orderings(kind);
        let value_ty = match kind {
            "load" => ty,
            "fence" => Ty::unit(),
            "cas" => args[1].ty,
            _ => args[1].ty,
        };
        let prim = match self.u.layout(value_ty).abi {
            Abi::Scalar(s) => Some(s.prim),
            Abi::Zst => None,
            _ => return Err(format!("an atomic `{}`", self.u.type_name(value_ty))),
        };
        if let Some(constant) = crate::llvm::constant_int(ordering_arg) {
            let ordering = atomics::ordering(kind, constant);
            return self.atomic_with(kind, args, prim, ordering, ty);
        }
        // Decided by the optimiser once the ordering is known after inlining.
        let done = self.new_block(c"atomic");
        let blocks: Vec<_> = choices.iter().map(|&n| (n, self.new_block(c"ordered"))).collect();
        let strongest = blocks.last().expect("at least one").1;
        let m = &self.u.m;
        let cases: Vec<_> = blocks[..blocks.len() - 1]
            .iter()
            .map(|&(n, block)| (m.const_int(m.type_of(ordering_arg), i128::from(n)), block))
            .collect();
        self.b.switch(ordering_arg, strongest, &cases);
        let mut incoming: Vec<(Vec<Value>, crate::llvm::Block)> = Vec::new();
        for (n, block) in blocks {
            self.b.at_end(block);
            let result = self.atomic_with(kind, args, prim, atomics::ordering(kind, n), ty)?;
            let values = match result.map(|op| op.val) {
                Some(Val::Pair(a, b)) => vec![a, b],
                Some(Val::Scalar(v)) => vec![v],
                _ => Vec::new(),
            };
            incoming.push((values, self.b.current()));
            self.b.br(done);
        }
        self.b.at_end(done);
        let phi = |i: usize| {
            let list: Vec<_> = incoming.iter().map(|(v, block)| (v[i], *block)).collect();
            self.b.phi(self.u.m.type_of(list[0].0), &list)
        };
        Ok(match incoming[0].0.len() {
            0 => None,
            1 => Some(Op::scalar(phi(0), ty)),
            _ => Some(Op::pair(phi(0), phi(1), ty)),
        })
    }

    fn atomic_with(
        &self,
        kind: &str,
        args: &[Op],
        prim: Option<Prim>,
        ordering: LLVMAtomicOrdering,
        ty: Ty,
    ) -> Result<Option<Op>, String> {
        let b = &self.b;
        if kind == "fence" {
            if ordering != LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic {
                b.fence(ordering);
            }
            return Ok(None);
        }
        let Some(prim) = prim else { return Err("an atomic without bytes".to_owned()) };
        let at = args[0].single();
        let memory = self.u.in_memory(prim);
        let to_memory = |v: Value| if prim == Prim::Bool { b.zext(v, self.u.m.i8) } else { v };
        let to_register = |v: Value| if prim == Prim::Bool { b.trunc(v, self.u.m.i1) } else { v };
        let value = |i: usize| to_memory(args[i].single());
        let rmw = |op| {
            let old = b.atomic_rmw(op, at, value(1), ordering);
            Ok(Some(Op::scalar(to_register(old), ty)))
        };
        let signed = Self::is_signed(args.get(1).map_or(ty, |a| a.ty));
        match kind {
            "load" => {
                let loaded = b.atomic_load(memory, at, prim.size(), ordering);
                Ok(Some(Op::scalar(to_register(loaded), ty)))
            }
            "store" => {
                b.atomic_store(value(1), at, prim.size(), ordering);
                Ok(None)
            }
            "cas" => {
                let failed = atomics::on_failure(ordering);
                let both = b.atomic_cas(at, value(1), value(2), ordering, failed);
                let found = to_register(b.extract(both, 0));
                Ok(Some(Op::pair(found, b.extract(both, 1), ty)))
            }
            "swap" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpXchg),
            "fetch_add" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpAdd),
            "fetch_sub" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpSub),
            "fetch_and" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpAnd),
            "fetch_or" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpOr),
            "fetch_xor" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpXor),
            "fetch_max" if signed => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpMax),
            "fetch_max" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpUMax),
            "fetch_min" if signed => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpMin),
            "fetch_min" => rmw(LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpUMin),
            _ => Err(format!("the intrinsic `atomic_{kind}` is not known to code generation")),
        }
    }
}
