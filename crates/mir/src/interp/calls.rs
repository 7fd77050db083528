//! Control flow: calls, returns, unwinding.

use hir::ty::{Mutability, TyKind};

use super::layout::is_wide;
use super::memory::{Bytes, Kind, Ptr};
use super::{After, Frame, Machine, Step, Stop, TABLES};
use crate::body::{AssertMessage, BlockId, Call, Operand, RETURN, TerminatorKind};
use crate::mono::{FuncId, Target};

impl<'p> Machine<'p> {
    pub(super) fn push(&mut self, func: FuncId, args: Vec<Bytes>, after: After) -> Step<()> {
        if self.frames.len() >= self.limits.depth {
            return Err(Stop::Limit);
        }
        let body: &'p _ = &*self.program.functions[func].body;
        self.frames.push(Frame {
            body,
            func,
            locals: vec![None; body.locals.len()],
            extra: Vec::new(),
            block: BlockId(0),
            statement: 0,
            after,
        });
        for (local, bytes) in body.args().zip(args) {
            let ptr = self.local(local);
            self.memory.write(ptr, &bytes)?;
        }
        Ok(())
    }

    /// Ends the innermost frame: its memory is gone.
    fn pop(&mut self) -> Step<After> {
        let Some(frame) = self.frames.pop() else {
            return self.unsupported("a return from nowhere");
        };
        for alloc in frame.locals.into_iter().flatten().chain(frame.extra) {
            let ptr = self.memory.base_ptr(alloc);
            self.memory.free(ptr, false)?;
        }
        Ok(frame.after)
    }

    /// Runs a function to its end.
    pub(super) fn call_now(&mut self, func: FuncId, args: Vec<Bytes>) -> Step<Bytes> {
        let depth = self.frames.len();
        // What unwinds around the call goes on after it, unless a panic leaves it.
        let around = self.panic.take();
        self.push(func, args, After::Hand)?;
        while self.frames.len() > depth {
            self.steps += 1;
            if self.steps > self.limits.steps {
                return Err(Stop::Limit);
            }
            match self.step() {
                Ok(()) => {}
                Err(Stop::Panic(message)) if !self.constants_only => self.unwind(message, depth)?,
                Err(other) => return Err(other),
            }
        }
        self.panic = around;
        Ok(self.handed.take().unwrap_or_default())
    }

    fn step(&mut self) -> Step<()> {
        let frame = self.frame();
        let body = frame.body;
        let (block, n) = (frame.block, frame.statement);
        let data = &body.blocks[block];
        if let Some(statement) = data.statements.get(n) {
            self.statement(statement)?;
            self.frame().statement += 1;
            return Ok(());
        }
        self.terminator(&data.terminator.kind)
    }

    pub(super) fn go(&mut self, block: BlockId) {
        let frame = self.frame();
        frame.block = block;
        frame.statement = 0;
    }

    fn terminator(&mut self, kind: &'p TerminatorKind) -> Step<()> {
        match kind {
            TerminatorKind::Goto(target) => self.go(*target),
            TerminatorKind::Switch { value, targets, otherwise } => {
                let ty = self.operand_ty(value);
                let raw = self.operand(value)?.as_int()?;
                let signed = super::ops::int_of(raw, ty) as u128;
                let same = |v: u128| v == raw || v == signed || v == u128::from(signed as u64);
                let target = targets.iter().find(|t| same(t.0)).map_or(*otherwise, |t| t.1);
                self.go(target);
            }
            TerminatorKind::Return => {
                let body = self.frame().body;
                let size = self.size(body.locals[RETURN].ty);
                let from = self.local(RETURN);
                let bytes = self.memory.read(from, size)?;
                match self.pop()? {
                    After::Store { dest, target } => {
                        self.memory.write(dest, &bytes)?;
                        self.arrive(target)?;
                    }
                    After::Free { ptr, size, target } => {
                        if size > 0 {
                            self.memory.free(ptr, true)?;
                        }
                        self.arrive(target)?;
                    }
                    After::Hand => self.handed = Some(bytes),
                }
            }
            TerminatorKind::Resume => {
                let message = self.panic.take().unwrap_or_default();
                // Go on in the callers.
                let depth = self.hand_depth();
                self.pop_for_unwind()?;
                return self.unwind(message, depth);
            }
            TerminatorKind::Unreachable => return self.unsupported("unreachable code was reached"),
            TerminatorKind::Drop { place, target, .. } => {
                let at = self.place(place)?;
                match self.target() {
                    Some(Target::Function(func)) => {
                        let unit = self.memory.allocate(0, Kind::Static);
                        let after = After::Store { dest: unit, target: Some(*target) };
                        let func = *func;
                        self.push(func, vec![Bytes::ptr(at.ptr)], after)?;
                    }
                    _ => self.go(*target),
                }
            }
            TerminatorKind::Assert { condition, expected, message, target, .. } => {
                let holds = self.operand(condition)?.as_int()? != 0;
                if holds == *expected {
                    self.go(*target);
                } else {
                    let text = self.assertion(message)?;
                    return Err(Stop::Panic(text));
                }
            }
            TerminatorKind::Call(call) => return self.call(call),
        }
        Ok(())
    }

    fn assertion(&mut self, message: &AssertMessage) -> Step<String> {
        Ok(match message {
            AssertMessage::Overflow(op) if self.constants_only => self.overflowing(*op)?,
            AssertMessage::OverflowNeg if self.constants_only => "the negative does not fit".to_string(),
            AssertMessage::Overflow(_) | AssertMessage::OverflowNeg => "overflow".to_string(),
            AssertMessage::DivisionByZero => "division by zero".to_string(),
            AssertMessage::RemainderByZero => "remainder by zero".to_string(),
            AssertMessage::Shift => "shift amount out of range".to_string(),
            AssertMessage::Bounds { index, len } => {
                let index = self.operand(index)?.as_int()? as i64;
                let len = self.operand(len)?.as_int()? as i64;
                format!("index {index} is out of bounds: the length is {len}")
            }
            AssertMessage::Unreachable => "unreachable".to_string(),
        })
    }

    fn target(&mut self) -> Option<&'p Target> {
        let frame = self.frame();
        let (func, block) = (frame.func, frame.block);
        self.program.functions[func].targets.get(block.0 as usize)?.as_ref()
    }

    pub(super) fn arrive(&mut self, target: Option<BlockId>) -> Step<()> {
        match target {
            Some(target) => {
                self.go(target);
                Ok(())
            }
            None => self.unsupported("return from a function that never returns"),
        }
    }

    fn call(&mut self, call: &'p Call) -> Step<()> {
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push(self.operand(arg)?);
        }
        let dest = self.place(&call.destination)?;
        let after = After::Store { dest: dest.ptr, target: call.target };
        match self.target() {
            Some(Target::Function(func)) => self.push(*func, args, after),
            Some(Target::Intrinsic { name, args: types }) => {
                match self.intrinsic(name.as_str(), types, &args, call)? {
                    Some(bytes) => {
                        self.memory.write(dest.ptr, &bytes)?;
                        self.arrive(call.target)
                    }
                    // It made a frame of its own, or went on by itself.
                    None => Ok(()),
                }
            }
            Some(Target::Extern { symbol, .. }) => {
                if self.constants_only {
                    self.refuse_outside(symbol.as_str())?;
                }
                let bytes = self.external(symbol.as_str(), &args)?;
                let size = self.size(dest.ty);
                let bytes = if bytes.len() == size { bytes } else { Bytes::int(bytes.as_int()?, size) };
                self.memory.write(dest.ptr, &bytes)?;
                self.arrive(call.target)
            }
            Some(Target::Virtual { slot }) => {
                let (data, table) = self.receiver(&call.args[0], &args[0])?;
                let index = table.wrapping_sub(TABLES) / 16;
                let Some(table) = self.program.vtables.as_slice().get(index as usize) else {
                    return self.unsupported("no table of methods");
                };
                let Some(Some(func)) = table.methods.get(*slot as usize) else {
                    return self.unsupported("a method that is not in the table");
                };
                args[0] = Bytes::ptr(data);
                self.push(*func, args, after)
            }
            Some(Target::Nothing) | None => self.arrive(call.target),
        }
    }

    /// Data and table of a `dyn` argument.
    fn receiver(&mut self, operand: &Operand, bytes: &Bytes) -> Step<(Ptr, u64)> {
        let ty = self.operand_ty(operand);
        let pair = match *ty.kind() {
            TyKind::Ref(Mutability::Shared, to) if is_wide(to) => bytes.clone(),
            TyKind::Ref(..) | TyKind::RawPtr(_) => self.memory.read(bytes.as_ptr()?, 16)?,
            _ => bytes.clone(),
        };
        Ok((pair.as_ptr()?, pair.slice(8, 8).as_int()? as u64))
    }

    /// How many frames are below the innermost one that the interpreter itself waits for.
    fn hand_depth(&self) -> usize {
        self.frames.iter().rposition(|f| matches!(f.after, After::Hand)).unwrap_or(0)
    }

    fn pop_for_unwind(&mut self) -> Step<()> {
        match self.pop()? {
            After::Free { ptr, size, .. } if size > 0 => {
                self.memory.free(ptr, true)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Goes to the clean-up of the innermost call that has one.
    fn unwind(&mut self, message: String, depth: usize) -> Step<()> {
        while self.frames.len() > depth {
            let frame = self.frame();
            match frame.body.blocks[frame.block].on_panic() {
                Some(pad) => {
                    self.panic = Some(message);
                    self.go(pad);
                    return Ok(());
                }
                None => self.pop_for_unwind()?,
            }
        }
        Err(Stop::Panic(message))
    }
}
