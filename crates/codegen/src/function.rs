//! The code of one function: prologue, blocks, terminators.
//!
//! Statements' values are in [`crate::rvalue`], calls in [`crate::call`]. The one thing to
//! know: a local lives in registers if it is small, assigned once, where every use sees it, and
//! its address is not taken ([`crate::registers`]); all others have a stack slot.

use mir::body::{
    AssertMessage, BlockId, Body, Local, Operand, Place, Statement, StatementKind, Terminator, TerminatorKind,
};
use mir::mono::merge::ScopeId;
use mir::mono::thir::BinOp;
use mir::mono::ty::{Ty, TyKind};
use mir::mono::{FuncId, Function, Target};

use base::{FxHashMap, Idx, IndexVec, Name, Span};

use crate::debug::FunctionDebug;
use crate::layout::{Abi, Layout};
use crate::llvm::{Block, Builder, Value};
use crate::signature::{Pass, Signature};
use crate::unit::Unit;
use crate::value::{Op, Val};
use crate::waiting::Waiting;
use crate::{indexing, registers};

#[derive(Clone, Copy, Debug)]
pub enum LocalRef {
    Zst,
    Memory(Value),
    /// `None` before its one assignment.
    Register(Option<Op>),
}

pub struct FnCx<'u, 'p> {
    pub u: &'u Unit<'p>,
    pub b: Builder,
    /// For stack slots only: stays at the end of the first block.
    slots: Builder,
    pub function: &'p Function,
    pub body: &'p Body,
    pub value: Value,
    pub locals: Vec<LocalRef>,
    blocks: Vec<Option<Block>>,
    /// Landing pads by the clean-up block they lead to, whether something was unwinding already, and whose code panics.
    pads: FxHashMap<(Option<BlockId>, bool, Option<ScopeId>), Block>,
    /// Where a landing pad leaves the exception for `resume`.
    exception: Option<Value>,
    /// The hidden argument of a `[track_caller]` function.
    caller: Option<Value>,
    /// The result's address, if it is returned through memory.
    pub sret: Option<Value>,
    /// Which locals may be borrowed at the statement at hand.
    pub borrowed: registers::Borrowed,
    /// See [`crate::indexing`].
    index_sums: Option<IndexVec<Local, bool>>,
    /// What conditions nearly always are, by `likely` and `unlikely`.
    pub expected: FxHashMap<Value, bool>,
    /// In a block on an unwind path.
    pub cleanup: bool,
    pub debug: Option<FunctionDebug>,
    pub current_block: BlockId,
    /// Of a function that waits.
    pub waiting: Option<Waiting>,
    /// Where the first block, of stack slots, leads.
    pub entry_target: Block,
    /// The number of the site to go on from, 0 for a first call.
    pub site_number: Option<Value>,
    pub next_pointee: u64,
}

/// Generates the code of a function into its declaration.
pub fn emit<'p>(u: &Unit<'p>, id: FuncId) -> Result<(), String> {
    let function = &u.program.functions[id];
    let body: &Body = &function.body;
    let value = u.function(id);
    let signature = u.signature(id);
    let entry = u.m.append_block(value, c"start");
    let first = u.m.append_block(value, c"bb0");
    let b = Builder::new(&u.m);
    let slots = Builder::new(&u.m);
    slots.at_end(entry);
    b.at_end(first);
    let debug = u.debug.as_ref().map(|d| d.function(u, id, value));
    let mut cx = FnCx {
        u,
        b,
        slots,
        function,
        body,
        value,
        locals: Vec::new(),
        blocks: vec![None; body.blocks.len()],
        pads: FxHashMap::default(),
        exception: None,
        caller: None,
        sret: None,
        borrowed: registers::Borrowed::new(body),
        index_sums: u.options.optimise().then(|| indexing::index_sums(body)),
        expected: FxHashMap::default(),
        cleanup: false,
        debug,
        current_block: BlockId(0),
        waiting: None,
        entry_target: first,
        site_number: None,
        next_pointee: 0,
    };
    cx.prologue(id, &signature);
    let order = registers::reverse_postorder(body);
    cx.blocks[0] = Some(first);
    for id in order {
        // A block that nothing led to so far only cleans up after calls that cannot panic.
        if let Some(block) = cx.blocks[id.index()] {
            cx.block(id, block)?;
        }
    }
    cx.finish_waiting(first);
    cx.slots.br(cx.entry_target);
    Ok(())
}

impl<'u, 'p> FnCx<'u, 'p> {
    /// A stack slot for the whole function.
    pub fn temp(&self, layout: &Layout) -> Value {
        self.aligned_temp(layout, layout.align)
    }

    pub fn aligned_temp(&self, layout: &Layout, align: u64) -> Value {
        self.slots.alloca(self.u.m.bytes(layout.size.max(1)), align)
    }

    /// Has no place in the source: a debugger that stops at the function stops behind it, where
    /// the arguments are in their slots.
    fn prologue(&mut self, id: FuncId, signature: &Signature) {
        let in_registers = registers::find(self.u, self.body);
        let mut index = signature.hidden();
        if signature.waits {
            self.caller = self.enter_waiting(id, signature);
            if signature.ret == Pass::Address {
                self.sret = self.result_address();
            }
        } else if signature.sret {
            self.sret = Some(self.u.m.param(self.value, 0));
        }
        for (local, decl) in self.body.locals.iter_enumerated() {
            let layout = self.u.layout(decl.ty);
            let is_arg = local.index() >= 1 && local.index() <= self.body.arg_count;
            let reference = if is_arg {
                match signature.args[local.index() - 1] {
                    Pass::Nothing => LocalRef::Zst,
                    Pass::Address => {
                        index += 1;
                        let given = self.u.m.param(self.value, index - 1);
                        match self.home(local) {
                            Some(home) => {
                                self.copy(given, home, &layout);
                                LocalRef::Memory(home)
                            }
                            None => LocalRef::Memory(given),
                        }
                    }
                    pass => {
                        let first = self.u.m.param(self.value, index);
                        index += 1;
                        let val = if let Pass::Pair(..) = pass {
                            index += 1;
                            Val::Pair(first, self.u.m.param(self.value, index - 1))
                        } else {
                            Val::Scalar(first)
                        };
                        let op = Op { val, ty: decl.ty };
                        let home = self.home(local);
                        if in_registers[local] && home.is_none() && !self.is_spilled(local) {
                            LocalRef::Register(Some(op))
                        } else {
                            let slot = home.unwrap_or_else(|| self.temp(&layout));
                            self.store(op, slot);
                            LocalRef::Memory(slot)
                        }
                    }
                }
            } else if layout.abi == Abi::Zst {
                LocalRef::Zst
            } else if local.index() == 0
                && let Some(result) = self.sret
            {
                LocalRef::Memory(result)
            } else if let Some(home) = self.home(local) {
                LocalRef::Memory(home)
            } else if in_registers[local] && !self.is_spilled(local) {
                LocalRef::Register(None)
            } else {
                LocalRef::Memory(self.temp(&layout))
            };
            self.locals.push(reference);
            if let (Some(debug), LocalRef::Memory(slot)) = (&self.debug, reference) {
                debug.declare(self.u, &self.b, self.body, local, slot);
            } else if let (Some(debug), LocalRef::Register(Some(op))) = (&self.debug, reference) {
                // A debugger reads arguments from memory.
                if debug.name(self.body, local).is_some() && self.u.options.debug_locals() {
                    let slot = self.temp(&layout);
                    self.store(op, slot);
                    debug.declare(self.u, &self.b, self.body, local, slot);
                }
            }
        }
        if signature.track_caller && !signature.waits {
            self.caller = Some(self.u.m.param(self.value, index));
        }
    }

    pub fn set_location(&self, span: Span) {
        if let Some(debug) = &self.debug {
            let scope = self.function.merged.of_block(self.current_block);
            debug.set_location(self.u, &self.b, self.function, scope, span);
        }
    }

    /// Place of a panic here, or of the caller of a `[track_caller]` function or of one whose `req`
    /// fails.
    pub fn caller_location(&self, span: Span) -> Value {
        self.caller_location_in(self.function.merged.of_block(self.current_block), span)
    }

    fn caller_location_in(&self, scope: Option<ScopeId>, span: Span) -> Value {
        let scope = scope.map(|id| &self.function.merged.scopes[id]);
        let attrs =
            scope.map_or(&self.body.attrs, |scope| &self.u.program.functions[scope.function].body.attrs);
        let passed_on = &attrs.requirements;
        if !passed_on.is_empty() && !passed_on.contains(&span) {
            return self.u.location(span);
        }
        match (scope, self.caller) {
            (Some(scope), _) if attrs.track_caller => self.caller_location_in(scope.parent, scope.call),
            (None, Some(caller)) => caller,
            _ => self.u.location(span),
        }
    }

    pub fn block_ref(&mut self, id: BlockId) -> Block {
        let index = id.index();
        if let Some(block) = self.blocks[index] {
            return block;
        }
        let block = self.u.m.append_block(self.value, c"bb");
        self.blocks[index] = Some(block);
        block
    }

    pub fn new_block(&self, name: &std::ffi::CStr) -> Block {
        self.u.m.append_block(self.value, name)
    }

    fn block(&mut self, id: BlockId, block: Block) -> Result<(), String> {
        let data = &self.body.blocks[id];
        self.b.at_end(block);
        self.cleanup = data.cleanup;
        self.current_block = id;
        self.borrowed.enter(id);
        for statement in &data.statements {
            self.set_location(statement.span);
            self.statement(statement)?;
            self.borrowed.statement(statement);
        }
        self.set_location(data.terminator.span);
        self.terminator(&data.terminator, id)
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), String> {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => self.assign(place, rvalue, statement.span),
            StatementKind::StorageLive(local) => {
                self.lifetime(*local, "llvm.lifetime.start");
                Ok(())
            }
            StatementKind::StorageDead(local) => {
                self.lifetime(*local, "llvm.lifetime.end");
                Ok(())
            }
            StatementKind::FakeRead(_) | StatementKind::Nop => Ok(()),
        }
    }

    fn lifetime(&self, local: Local, intrinsic: &str) {
        let is_slot = local.index() > self.body.arg_count;
        if let LocalRef::Memory(slot) = self.locals[local.index()]
            && is_slot
            && self.u.options.optimise()
            // A function that is resumed does not come by where the lifetime began.
            && self.waiting.is_none()
        {
            self.u.call_llvm(&self.b, intrinsic, &[self.u.m.ptr], &[slot]);
        }
    }

    fn terminator(&mut self, terminator: &Terminator, id: BlockId) -> Result<(), String> {
        match &terminator.kind {
            TerminatorKind::Goto(target) => {
                let target = self.block_ref(*target);
                self.b.br(target);
            }
            TerminatorKind::Switch { value, targets, otherwise } => self.switch(value, targets, *otherwise),
            TerminatorKind::Return => self.ret(),
            TerminatorKind::Resume => self.resume_unwinding(),
            TerminatorKind::Unreachable => self.b.unreachable(),
            TerminatorKind::Drop { place, target, .. } => {
                if let Some(Target::Function(glue)) = self.function.targets[id.index()] {
                    let dropped = self.place(place);
                    let pointer = Op::scalar(dropped.ptr, Ty::mut_ref(dropped.ty));
                    let unwind = self.body.blocks[id].on_panic();
                    self.call_function(glue, &[pointer], None, unwind, terminator.span);
                }
                let target = self.block_ref(*target);
                self.b.br(target);
            }
            TerminatorKind::Call(call) => {
                let Some(target) = self.function.targets[id.index()].clone() else {
                    return Err("a call that monomorphisation left unresolved".to_owned());
                };
                self.call(call, &target, terminator.span)?;
            }
            TerminatorKind::Assert { condition, expected, message, target, unwind } => {
                self.assert(condition, *expected, message, *target, *unwind, terminator.span);
            }
        }
        Ok(())
    }

    fn switch(&mut self, value: &Operand, targets: &[(u128, BlockId)], otherwise: BlockId) {
        let op = self.operand(value);
        let Val::Scalar(value) = op.val else {
            let target = self.block_ref(otherwise);
            self.b.br(target);
            return;
        };
        let otherwise_unreachable = {
            let block = &self.body.blocks[otherwise];
            block.statements.is_empty() && matches!(block.terminator.kind, TerminatorKind::Unreachable)
        };
        if matches!(op.ty.kind(), TyKind::Bool) {
            let find = |n| targets.iter().find(|(v, _)| *v == n).map_or(otherwise, |t| t.1);
            let (then, no) = (self.block_ref(find(1)), self.block_ref(find(0)));
            let branch = self.b.cond_br(value, then, no);
            match self.expected.get(&value) {
                Some(true) => self.u.m.set_likely(branch),
                Some(false) => self.u.m.set_unlikely(branch),
                None => {}
            }
            return;
        }
        let mut targets = targets;
        let mut otherwise = otherwise;
        if otherwise_unreachable && let [rest @ .., last] = targets {
            // One comparison fewer, and quick code generation need not see through it.
            (targets, otherwise) = (rest, last.1);
        }
        let ty = self.u.m.type_of(value);
        let otherwise = self.block_ref(otherwise);
        let cases: Vec<_> = targets
            .iter()
            .map(|&(n, block)| (self.u.m.const_int(ty, n as i128), self.block_ref(block)))
            .collect();
        match cases[..] {
            [] => self.b.br(otherwise),
            [(n, block)] => {
                let equal = self.b.icmp(crate::llvm::IntCmp::LLVMIntEQ, value, n);
                self.b.cond_br(equal, block, otherwise);
            }
            _ => {
                self.b.switch(value, otherwise, &cases);
            }
        }
    }

    fn ret(&mut self) {
        if self.waiting.is_some() {
            return self.leave_done();
        }
        let ret = self.body.locals[Local(0)].ty;
        let layout = self.u.layout(ret);
        match layout.abi {
            Abi::Zst | Abi::Memory => self.b.ret(None),
            _ => {
                let op = self.consume(&Place::local(Local(0)));
                let value = match op.val {
                    Val::Pair(a, b) => {
                        let pair = self.u.m.poison(self.u.register_type(layout.abi));
                        let pair = self.b.insert(pair, a, 0);
                        self.b.insert(pair, b, 1)
                    }
                    _ => op.single(),
                };
                self.b.ret(Some(value));
            }
        }
    }

    // ---- panics

    fn assert(
        &mut self,
        condition: &Operand,
        expected: bool,
        message: &AssertMessage,
        target: BlockId,
        unwind: Option<BlockId>,
        span: Span,
    ) {
        let condition = self.operand(condition).single();
        let ok = self.block_ref(target);
        if let Some(known) = crate::llvm::constant_int(condition)
            && (known != 0) == expected
        {
            self.b.br(ok);
            return;
        }
        let failed = self.new_block(c"panic");
        if expected {
            self.b.cond_br(condition, ok, failed);
        } else {
            self.b.cond_br(condition, failed, ok);
        }
        self.b.at_end(failed);
        let location = self.caller_location(span);
        let m = &self.u.m;
        let (symbol, args) = match message {
            AssertMessage::Overflow(op) => {
                ("altru_panic_overflow", vec![m.const_i32(overflow_op(*op) as i32), location])
            }
            AssertMessage::OverflowNeg => {
                ("altru_panic_overflow", vec![m.const_i32(abi::OverflowOp::Neg as i32), location])
            }
            AssertMessage::DivisionByZero => ("altru_panic_div_zero", vec![m.const_i32(0), location]),
            AssertMessage::RemainderByZero => ("altru_panic_div_zero", vec![m.const_i32(1), location]),
            AssertMessage::Shift => ("altru_panic_shift", vec![m.const_i64(-1), m.const_i32(0), location]),
            AssertMessage::Bounds { index, len } => {
                let index = self.operand(index);
                let len = self.operand(len);
                ("altru_panic_bounds", vec![self.widen(index), self.widen(len), location])
            }
            AssertMessage::Unreachable => ("altru_panic_unreachable", vec![location]),
        };
        let call = self.call_runtime(symbol, &args, unwind);
        // Merged with others, what tells them apart is computed before each check, also in loops.
        self.u.m.add_call_attribute(call, self.u.m.attribute("nomerge", 0));
        self.b.unreachable();
    }

    /// Calls a function of the runtime that gives nothing.
    pub fn call_runtime(&mut self, symbol: &str, args: &[Value], unwind: Option<BlockId>) -> Value {
        let (function, ty, may_unwind) =
            self.u.external(Name::new(symbol), None).expect("in the runtime's list");
        self.call_value(ty, function, args, may_unwind, unwind)
    }

    // ---- unwinding

    /// A call, or an invocation if there is something to clean up.
    pub fn call_value(
        &mut self,
        ty: crate::llvm::Type,
        function: Value,
        args: &[Value],
        may_unwind: bool,
        unwind: Option<BlockId>,
    ) -> Value {
        let pad = match unwind {
            _ if !may_unwind => None,
            None if !self.cleanup && self.waiting.is_none() => None,
            block => Some(self.pad(block)),
        };
        match pad {
            None => self.b.call(ty, function, args),
            Some(pad) => {
                let then = self.new_block(c"cont");
                let value = self.b.invoke(ty, function, args, then, pad);
                self.b.at_end(then);
                value
            }
        }
    }

    pub fn exception_type(&self) -> crate::llvm::Type {
        self.u.m.struct_type(&[self.u.m.ptr, self.u.m.i32])
    }

    fn exception_slot(&mut self) -> Value {
        if let Some(slot) = self.exception {
            return slot;
        }
        let slot = self.slots.alloca(self.exception_type(), 8);
        self.exception = Some(slot);
        slot
    }

    fn set_personality(&self) {
        crate::llvm::ll!(llvm_sys::core::LLVMSetPersonalityFn(self.value, self.u.personality()));
    }

    /// The landing pad for panics of this block that leads to a clean-up block, or out of the function.
    fn pad(&mut self, to: Option<BlockId>) -> Block {
        // Waiting code keeps the exception elsewhere, where the new one takes the old one's place by itself.
        let replaces = self.cleanup && self.waiting.is_none();
        let scope = self.function.merged.of_block(self.current_block);
        if let Some(&pad) = self.pads.get(&(to, replaces, scope)) {
            return pad;
        }
        self.set_personality();
        let here = self.b.current();
        let pad = self.new_block(c"unwind");
        self.b.at_end(pad);
        if self.waiting.is_some() {
            self.catch_here(scope);
        } else {
            let exception = self.b.landing_pad(self.exception_type());
            let slot = self.exception_slot();
            if replaces {
                let old = self.b.load(self.u.m.ptr, slot, 8);
                let (function, ty, _) =
                    self.u.external(Name::new("altru_panic_replaced"), None).expect("in the runtime's list");
                self.b.call(ty, function, &[old]);
            }
            self.b.store(exception, slot, 8);
        }
        match to {
            Some(block) => {
                let block = self.block_ref(block);
                self.b.br(block);
            }
            None => self.resume_unwinding(),
        }
        self.b.at_end(here);
        self.pads.insert((to, replaces, scope), pad);
        pad
    }

    /// Leaves the function at the end of a clean-up path.
    fn resume_unwinding(&mut self) {
        if self.waiting.is_some() {
            return self.leave(abi::waiting::UNWINDING);
        }
        let slot = self.exception_slot();
        let exception = self.b.load(self.exception_type(), slot, 8);
        self.b.resume(exception);
    }

    pub fn is_index_sum(&self, place: &Place) -> bool {
        match (&self.index_sums, place.as_local()) {
            (Some(sums), Some(local)) => sums[local],
            _ => false,
        }
    }

    pub fn set_register(&mut self, local: Local, op: Op) {
        self.locals[local.index()] = LocalRef::Register(Some(op));
    }
}

fn overflow_op(op: BinOp) -> abi::OverflowOp {
    match op {
        BinOp::Sub => abi::OverflowOp::Sub,
        BinOp::Mul => abi::OverflowOp::Mul,
        BinOp::Div => abi::OverflowOp::Div,
        BinOp::Rem => abi::OverflowOp::Rem,
        BinOp::Shl => abi::OverflowOp::Shl,
        BinOp::Shr => abi::OverflowOp::Shr,
        _ => abi::OverflowOp::Add,
    }
}
