//! Calls: of functions, through vtables, of the runtime and foreign code.
//!
//! The one thing to know: an argument moved from a place in memory is handed over where it is,
//! and a result in memory is written straight to its destination where nothing can see that.

use base::Span;
use mir::body::{BlockId, Call, Operand, Place, Projection};
use mir::mono::ty::{Mutability, Ty, TyKind};
use mir::mono::{FuncId, Role, Target};

use crate::function::{FnCx, LocalRef};
use crate::layout::Abi;
use crate::llvm::{Type, Value};
use crate::signature::{Pass, Signature};
use crate::value::{Op, PlaceRef, Val};

/// Words of a vtable before its methods.
pub const VTABLE_METHODS: u64 = 3;

impl<'u, 'p> FnCx<'u, 'p> {
    pub fn call(&mut self, call: &Call, target: &Target, span: Span) -> Result<(), String> {
        match target {
            Target::Nothing => {}
            Target::Function(id) => {
                let args = self.arguments(&call.args);
                let signature = self.u.signature(*id);
                if signature.args.len() != args.len() {
                    return Err(format!(
                        "`{}` called with {} arguments",
                        self.u.program.functions[*id].symbol,
                        args.len()
                    ));
                }
                let function = self.u.function(*id);
                let may_unwind = self.u.may_unwind(*id);
                let told = self.u.options.explore && self.is_told(*id);
                if told {
                    let site = self.plain_site(self.function.merged.of_block(self.current_block), span);
                    self.call_runtime("altru_explore_at", &[site], None);
                }
                self.call_into(&signature, function, &args, call, may_unwind, span)?;
                if told && call.target.is_some() {
                    self.call_runtime("altru_explore_at", &[self.u.m.null(self.u.m.ptr)], None);
                }
            }
            Target::Virtual { slot } => self.virtual_call(call, *slot, span)?,
            Target::Intrinsic { name, args: types } => {
                let args: Vec<Op> = call.args.iter().map(|a| self.operand(a)).collect();
                if let Some(result) = self.intrinsic(name.as_str(), types, &args, call, span)? {
                    self.finish(&call.destination, result);
                }
            }
            Target::Extern { symbol, native } => {
                if symbol.as_str() == mir::mono::turns::CHECK {
                    self.look_up(call)?;
                }
                if *native {
                    self.call_runtime("altru_native_enter", &[], None);
                }
                match abi::function(symbol.as_str()) {
                    Some(_) => self.runtime_call(call, *symbol, span)?,
                    None => self.foreign_call(call, *symbol)?,
                }
                if *native && call.target.is_some() {
                    self.call_runtime("altru_native_leave", &[], None);
                }
            }
        }
        match call.target {
            Some(target) => {
                let target = self.block_ref(target);
                self.b.br(target);
            }
            None => self.b.unreachable(),
        }
        Ok(())
    }

    /// Whether exploration is to know where a function is called: one of std that may do what others can notice, from the user's code.
    fn is_told(&self, callee: FuncId) -> bool {
        const MODULES: &[&str] = &["sync", "task", "thread", "random", "map", "set"];
        let file =
            |function: &mir::mono::Function| &self.u.options.sources.file(function.body.span.file).name;
        let scope = self.function.merged.of_block(self.current_block);
        let caller = scope.map(|scope| self.function.merged.scopes[scope].function);
        let caller = caller.map_or(self.function, |id| &self.u.program.functions[id]);
        let module = file(&self.u.program.functions[callee]).strip_prefix("std/").map(|rest| {
            let end = rest.find(['/', '.']).unwrap_or(rest.len());
            &rest[..end]
        });
        module.is_some_and(|module| MODULES.contains(&module))
            && matches!(caller.role, Role::User | Role::Closure)
            && !file(caller).starts_with("std/")
    }

    fn arguments(&mut self, operands: &[Operand]) -> Vec<Op> {
        operands
            .iter()
            .map(|operand| {
                let op = self.operand(operand);
                match (operand, op.val) {
                    // The callee may change what it is given.
                    (Operand::Copy(_), Val::Memory(from)) => {
                        let layout = self.u.layout(op.ty);
                        let own = self.temp(&layout);
                        self.copy(from, own, &layout);
                        Op { val: Val::Memory(own), ty: op.ty }
                    }
                    _ => op,
                }
            })
            .collect()
    }

    /// Calls a generated function for its effect (drop glue), or for a result in registers.
    pub fn call_function(
        &mut self,
        id: FuncId,
        args: &[Op],
        sret: Option<Value>,
        unwind: Option<BlockId>,
        span: Span,
    ) -> Value {
        let signature = self.u.signature(id);
        let function = self.u.function(id);
        let values = self.lower_arguments(&signature, args, sret, span);
        self.call_value(signature.ty, function, &values, self.u.may_unwind(id), unwind)
    }

    fn lower_arguments(
        &self,
        signature: &Signature,
        args: &[Op],
        sret: Option<Value>,
        span: Span,
    ) -> Vec<Value> {
        let mut values = Vec::with_capacity(args.len() + 2);
        values.extend(sret);
        for (op, pass) in args.iter().zip(&signature.args) {
            match (op.val, pass) {
                (_, Pass::Nothing) => {}
                (Val::Pair(a, b), Pass::Pair(..)) => values.extend([a, b]),
                _ => values.push(op.single()),
            }
        }
        if signature.track_caller {
            values.push(self.caller_location(span));
        }
        values
    }

    fn call_into(
        &mut self,
        signature: &Signature,
        function: Value,
        args: &[Op],
        call: &Call,
        may_unwind: bool,
        span: Span,
    ) -> Result<(), String> {
        if signature.waits {
            let values = self.lower_arguments(signature, args, None, span);
            return self.waiting_call(signature.ty, function, true, &values, call, span);
        }
        let destination = &call.destination;
        let mut copy_from = None;
        let sret = signature.sret.then(|| {
            if self.is_private(destination, &call.args) {
                self.place(destination).ptr
            } else {
                let slot = self.temp(&self.u.layout(self.place_ty(destination)));
                copy_from = Some(slot);
                slot
            }
        });
        let values = self.lower_arguments(signature, args, sret, span);
        let result = self.call_value(signature.ty, function, &values, may_unwind, call.unwind);
        if is_pointer(function) {
            signature.set_call_attributes(self.u, result);
        }
        if call.target.is_none() {
            return Ok(());
        }
        let ty = self.place_ty(destination);
        match signature.ret {
            Pass::Nothing => {}
            Pass::Address => {
                if let Some(from) = copy_from {
                    self.finish(destination, Op { val: Val::Memory(from), ty });
                }
            }
            Pass::Scalar(_) => self.finish(destination, Op::scalar(result, ty)),
            Pass::Pair(..) => {
                let (a, b) = (self.b.extract(result, 0), self.b.extract(result, 1));
                self.finish(destination, Op::pair(a, b, ty));
            }
        }
        Ok(())
    }

    /// Can nothing but the destination's own name see it while the call runs?
    fn is_private(&self, destination: &Place, args: &[Operand]) -> bool {
        !destination.projection.iter().any(|p| matches!(p, Projection::Deref | Projection::Index(_)))
            && !self.borrowed.may_be(destination.local)
            && !args.iter().any(|arg| match arg {
                Operand::Copy(place) | Operand::Move(place) => place.local == destination.local,
                Operand::Const(_) => false,
            })
    }

    /// Puts a result where it belongs.
    pub fn finish(&mut self, destination: &Place, op: Op) {
        if let Some(local) = destination.as_local() {
            match self.locals[local.0 as usize] {
                LocalRef::Zst => return,
                LocalRef::Register(_) => {
                    self.set_register(local, op);
                    return;
                }
                LocalRef::Memory(_) => {}
            }
        }
        let place = self.place(destination);
        self.store(op, place.ptr);
    }

    /// The value of a constant, computed by its function.
    pub fn call_const(&self, id: FuncId, ty: Ty) -> Op {
        let signature = self.u.signature(id);
        let function = self.u.function(id);
        let slot = signature.sret.then(|| self.temp(&self.u.layout(ty)));
        let values: Vec<Value> = slot.into_iter().collect();
        let result = self.b.call(signature.ty, function, &values);
        match (signature.ret, slot) {
            (Pass::Nothing, _) => Op::zst(ty),
            (_, Some(slot)) => Op { val: Val::Memory(slot), ty },
            (Pass::Pair(..), _) => Op::pair(self.b.extract(result, 0), self.b.extract(result, 1), ty),
            _ => Op::scalar(result, ty),
        }
    }

    // ---- dyn

    /// Data and vtable of a `dyn` value or a reference to one.
    pub fn dyn_parts(&self, op: Op) -> (Value, Value) {
        match (op.val, op.ty.kind()) {
            (Val::Pair(data, vtable), _) => (data, vtable),
            (Val::Scalar(pointer), &TyKind::Ref(Mutability::Mut, pointee) | &TyKind::RawPtr(pointee)) => {
                self.load(PlaceRef::new(pointer, pointee)).both()
            }
            _ => unreachable!("not a dyn value: {:?}", op.ty),
        }
    }

    pub fn vtable_word(&self, vtable: Value, index: u64, ty: Type) -> Value {
        let word = self.b.load(ty, self.offset(vtable, index * 8), 8);
        if self.u.options.optimise() {
            self.u.m.set_metadata(word, "invariant.load", self.u.m.metadata_node(&[]));
        }
        word
    }

    fn virtual_call(&mut self, call: &Call, slot: u32, span: Span) -> Result<(), String> {
        let target = Target::Virtual { slot };
        let waits = self.u.program.waits.call(self.body, call, &target);
        let mut args = self.arguments(&call.args);
        let (data, vtable) = self.dyn_parts(args[0]);
        args[0] = Op::scalar(data, Ty::raw_ptr(Ty::unit()));
        let types: Vec<Ty> = args.iter().map(|a| a.ty).collect();
        let ret = self.place_ty(&call.destination);
        let signature = Signature::new(self.u, &types, ret, false, waits);
        let function = self.vtable_word(vtable, VTABLE_METHODS + u64::from(slot), self.u.m.ptr);
        self.call_into(&signature, function, &args, call, true, span)
    }

    // ---- the runtime

    fn runtime_call(&mut self, call: &Call, symbol: base::Name, span: Span) -> Result<(), String> {
        let args: Vec<Op> = call.args.iter().map(|a| self.operand(a)).collect();
        let mut values = Vec::new();
        for op in &args {
            match op.val {
                Val::Zst => {}
                Val::Scalar(v) => values.push(v),
                Val::Pair(a, b) => values.extend([a, b]),
                Val::Memory(_) => {
                    return Err(format!(
                        "the runtime's `{symbol}` takes a `{}` by value",
                        self.u.type_name(op.ty)
                    ));
                }
            }
        }
        let params: Vec<Type> = values.iter().map(|&v| self.u.m.type_of(v)).collect();
        let destination = self.place_ty(&call.destination);
        let ret = match self.u.layout(destination).abi {
            Abi::Zst => self.u.m.void,
            Abi::Scalar(s) => self.u.register(s.prim),
            _ => {
                return Err(format!("the runtime's `{symbol}` gives a `{}`", self.u.type_name(destination)));
            }
        };
        let (function, ty, may_unwind) = self.u.external(symbol, Some((&params, ret)))?;
        if abi::function(symbol.as_str()).is_some_and(|f| f.effects.waits) {
            let hidden = if ret == self.u.m.void { 2 } else { 3 };
            if crate::llvm::parameter_types(ty).get(hidden..) != Some(&params[..]) {
                return Err(format!("`{symbol}` is declared with other types than the runtime's"));
            }
            return self.waiting_call(ty, function, false, &values, call, span);
        }
        let declared = crate::llvm::parameter_types(ty);
        let declared_ret = crate::llvm::result_type(ty);
        if declared != params
            || (declared_ret != ret && call.target.is_some() && declared_ret != self.u.m.void)
        {
            return Err(format!("`{symbol}` is declared with other types than the runtime's"));
        }
        let result = self.call_value(ty, function, &values, may_unwind, call.unwind);
        if ret != self.u.m.void && call.target.is_some() {
            self.finish(&call.destination, Op::scalar(result, destination));
        }
        Ok(())
    }
}

fn is_pointer(function: Value) -> bool {
    let found = crate::llvm::ll!(llvm_sys::core::LLVMIsAFunction(function));
    found.is_null()
}
