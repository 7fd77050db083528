//! Functions that wait, as state machines: the generated side of `abi::waiting`.
//!
//! ```text
//! start:    how == ENTER ? enter : resume
//! enter:    take a frame                      resume: the frame is the second argument
//! merge:    addresses of homes; switch (site) 0: bb0, k: resumed_k
//! …
//! bbX:      status = callee(cx, frame, ENTER, …)      DONE: done_k, SUSPENDED: suspend_k, UNWINDING: unwind_k
//! suspend_k: store spills; frame.site = site_k; return SUSPENDED
//! resumed_k: load spills; how == UNWIND ? unwind_k : done_k
//! ```
//!
//! The one thing to know: there is one body. Inlined into a caller, `how` is a constant there, the dispatch falls
//! away, and what is left is the code of an ordinary function beside cold paths; the resumer keeps the other copy.
//! A *late* frame (see `frame`) is taken before each such call instead, and given back at `done_k` and `unwind_k`.
//!
//! Panics: a native one that arrives here is caught by a landing pad and is a status from then on; clean-up ends
//! by returning it.

use std::rc::Rc;

use base::{Name, Span};
use mir::body::{Call, Local, RETURN};
use mir::mono::merge::ScopeId;
use mir::mono::{FuncId, Role, TaskRoot};

use crate::frame::Plan;
use crate::function::{FnCx, LocalRef};
use crate::layout::Abi;
use crate::llvm::{Block, Builder, IntCmp, Type, Value};
use crate::signature::{Pass, Signature};
use crate::unit::Unit;
use crate::value::PlaceRef;

/// Offsets in `abi::waiting::Context`.
const TOP: u64 = 0;
const LIMIT: u64 = 8;
const BASE: u64 = 16;
/// Offsets in `abi::waiting::Frame`.
const PARENT: u64 = 0;
const SITE: u64 = 8;
/// Offset of `index` in `abi::waiting::Site`.
const SITE_INDEX: u64 = 40;

const _: () = {
    use abi::waiting::{Context, Frame, Site};
    use std::mem::offset_of;
    assert!(offset_of!(Context, top) as u64 == TOP && offset_of!(Context, limit) as u64 == LIMIT);
    assert!(offset_of!(Context, base) as u64 == BASE);
    assert!(offset_of!(Frame, parent) as u64 == PARENT && offset_of!(Frame, site) as u64 == SITE);
    assert!(offset_of!(Site, index) as u64 == SITE_INDEX);
};

/// What a function that waits has at hand.
pub struct Waiting {
    id: FuncId,
    cx: Value,
    /// The caller's frame: on a first call, or always if the frame is late.
    parent: Value,
    how: Value,
    /// None: it never suspends, or the frame is late.
    frame: Option<Value>,
    /// The second argument: on a later call, the frame.
    second: Value,
    result: Option<Value>,
    caller: Option<Value>,
    pub plan: Rc<Plan>,
    /// At the end of `merge`.
    dispatch: Option<Builder>,
    resumed: Vec<(u32, Block)>,
}

impl Waiting {
    /// What runs it: its `abi::waiting::Context`.
    pub fn context(&self) -> Value {
        self.cx
    }
}

impl<'u, 'p> FnCx<'u, 'p> {
    /// Emits the way in. Leaves the builder where `bb0` begins; gives the caller's place.
    pub fn enter_waiting(&mut self, id: FuncId, signature: &Signature) -> Option<Value> {
        let plan = self.u.frame_plan(id);
        let param = |i| self.u.m.param(self.value, i);
        let (cx, second, how) = (param(0), param(1), param(2));
        let result = (signature.ret != Pass::Nothing).then(|| param(3));
        let last = crate::llvm::parameter_types(signature.ty).len() as u32 - 1;
        let caller = signature.track_caller.then(|| param(last));
        let mut waiting = Waiting {
            id,
            cx,
            parent: second,
            how,
            frame: None,
            second,
            result,
            caller,
            plan: plan.clone(),
            dispatch: None,
            resumed: Vec::new(),
        };
        if plan.size == 0 {
            self.waiting = Some(waiting);
            return caller;
        }
        let first = self.b.current();
        let [dispatch, enter, resume, merge] =
            [c"dispatch", c"enter", c"resume", c"merge"].map(|name| self.new_block(name));
        self.entry_target = dispatch;
        let m = &self.u.m;
        self.b.at_end(dispatch);
        let is_first = self.b.icmp(IntCmp::LLVMIntEQ, how, m.const_i32(abi::waiting::ENTER));
        self.b.cond_br(is_first, enter, resume);

        self.b.at_end(enter);
        let taken = (!plan.late).then(|| self.open_frame(&waiting));
        let entered = self.b.current();
        self.b.br(merge);

        self.b.at_end(resume);
        let site = self.b.load(m.ptr, self.offset(second, SITE), 8);
        let index = self.b.load(m.i32, self.offset(site, SITE_INDEX), 4);
        let kept = |at: Option<u64>| at.map(|at| self.b.load(m.ptr, self.offset(second, at), 8));
        let (kept_result, kept_caller) = (kept(plan.result), kept(plan.caller));
        let kept_parent = kept(plan.late.then_some(PARENT));
        self.b.br(merge);

        self.b.at_end(merge);
        let join = |ty: Type, a: Value, b: Value| self.b.phi(ty, &[(a, entered), (b, resume)]);
        let pair = |a: Option<Value>, b: Option<Value>| Some(join(m.ptr, a?, b?));
        waiting.frame = taken.map(|taken| join(m.ptr, taken, second));
        let site = join(m.i32, m.const_i32(0), index);
        waiting.result = pair(result, kept_result);
        waiting.caller = pair(caller, kept_caller);
        waiting.parent = pair(Some(second), kept_parent).unwrap_or(second);
        let caller = waiting.caller;
        self.site_number = Some(site);
        let dispatch = Builder::new(m);
        dispatch.at_end(merge);
        waiting.dispatch = Some(dispatch);
        self.waiting = Some(waiting);
        self.b.at_end(first);
        caller
    }

    /// Takes a frame and notes in it what came in as hidden arguments.
    fn open_frame(&self, waiting: &Waiting) -> Value {
        let plan = &waiting.plan;
        let frame = self.take_frame(waiting.cx, plan.size);
        self.b.store(waiting.parent, self.offset(frame, PARENT), 8);
        for (at, value) in [(plan.result, waiting.result), (plan.caller, waiting.caller)] {
            if let (Some(at), Some(value)) = (at, value) {
                self.b.store(value, self.offset(frame, at), 8);
            }
        }
        frame
    }

    /// Gives the innermost frame back to the arena.
    fn close_frame(&mut self, cx: Value, frame: Value) {
        let m = &self.u.m;
        let [shrink, out] = [c"shrink", c"out"].map(|name| self.new_block(name));
        self.b.store(frame, self.offset(cx, TOP), 8);
        let base = self.b.load(m.ptr, self.offset(cx, BASE), 8);
        let opened = self.b.icmp(IntCmp::LLVMIntEQ, frame, base);
        let unlikely = self.b.cond_br(opened, shrink, out);
        m.set_unlikely(unlikely);
        self.b.at_end(shrink);
        self.call_runtime("altru_frame_shrink", &[cx], None);
        self.b.br(out);
        self.b.at_end(out);
    }

    /// A frame from the arena.
    fn take_frame(&self, cx: Value, size: u64) -> Value {
        let m = &self.u.m;
        let [fits, full, taken] = [c"fits", c"full", c"taken"].map(|name| self.new_block(name));
        let top = self.b.load(m.ptr, self.offset(cx, TOP), 8);
        let end = self.b.gep(m.i8, top, m.const_i64(size as i64));
        let limit = self.b.load(m.ptr, self.offset(cx, LIMIT), 8);
        let has_room = self.b.icmp(IntCmp::LLVMIntULE, end, limit);
        self.b.cond_br(has_room, fits, full);
        self.b.at_end(fits);
        self.b.store(end, self.offset(cx, TOP), 8);
        self.b.br(taken);
        self.b.at_end(full);
        let (grow, ty, _) =
            self.u.external(Name::new("altru_frame_grow"), None).expect("in the runtime's list");
        let grown = self.b.call(ty, grow, &[cx, m.const_i64(size as i64)]);
        self.b.br(taken);
        self.b.at_end(taken);
        self.b.phi(m.ptr, &[(top, fits), (grown, full)])
    }

    /// The place of a local that stays in the frame. Emitted where it is known whatever the way in.
    pub fn home(&self, local: Local) -> Option<Value> {
        let waiting = self.waiting.as_ref()?;
        let at = waiting.plan.homes[local]?;
        self.in_frame(at)
    }

    /// An address in the frame.
    fn in_frame(&self, at: u64) -> Option<Value> {
        let waiting = self.waiting.as_ref()?;
        let dispatch = waiting.dispatch.as_ref()?;
        Some(dispatch.gep(self.u.m.i8, waiting.frame?, self.u.m.const_i64(at as i64)))
    }

    pub fn is_spilled(&self, local: Local) -> bool {
        self.waiting.as_ref().is_some_and(|w| w.plan.spills[local].is_some())
    }

    /// Where a large result is made.
    pub fn result_address(&self) -> Option<Value> {
        self.waiting.as_ref().and_then(|w| w.result)
    }

    /// Something that is pointed to for as long as the function runs, beyond waits too.
    pub fn stable_temp(&mut self, layout: &crate::layout::Layout) -> Value {
        match self.waiting.as_ref().map(|w| w.plan.clone()) {
            Some(plan) if plan.size > 0 => {
                let at = plan.pointees + self.next_pointee * crate::frame::POINTEE;
                self.next_pointee += 1;
                debug_assert!(layout.size <= crate::frame::POINTEE);
                self.in_frame(at).expect("it has a frame")
            }
            _ => self.temp(layout),
        }
    }

    // ---- calls

    /// Calls something that waits. The result is at its destination afterwards.
    pub fn waiting_call(
        &mut self,
        ty: Type,
        function: Value,
        generated: bool,
        args: &[Value],
        call: &Call,
        span: Span,
    ) -> Result<(), String> {
        let block = self.current_block;
        let Some(waiting) = &self.waiting else {
            return Err("a call that waits in a function that does not".to_owned());
        };
        let (id, cx, how, second, plan) =
            (waiting.id, waiting.cx, waiting.how, waiting.second, waiting.plan.clone());
        let Some(site) = plan.sites.get(&block) else {
            return Err("a wait that was not planned".to_owned());
        };
        // Otherwise the one that it has from its entry on.
        let late = waiting.frame.is_none();
        let frame = waiting.frame.unwrap_or_else(|| self.open_frame(waiting));
        let m = &self.u.m;
        let result_ty = self.place_ty(&call.destination);
        let layout = self.u.layout(result_ty);
        let area = match (layout.abi, site.direct) {
            (Abi::Zst, _) => None,
            (_, true) => Some(self.place(&call.destination).ptr),
            (_, false) if late => Some(self.offset(frame, plan.area)),
            (_, false) => self.in_frame(plan.area),
        };
        let mut values = vec![cx, frame];
        values.extend(generated.then(|| m.const_i32(abi::waiting::ENTER)));
        values.extend(area);
        values.extend(args);
        // Before the call: whoever looks at a thread that waits, or at what led to a panic, finds it.
        let scope = self.function.merged.of_block(block);
        let constant = self.site(id, site.index, scope, span);
        self.b.store(constant, self.offset(frame, SITE), 8);
        let status = self.b.call(ty, function, &values);
        let called = self.b.current();
        let [done, not_done, suspend, resumed, unwinding] =
            [c"done", c"not_done", c"suspend", c"resumed", c"unwinding"].map(|name| self.new_block(name));
        let is_done = self.b.icmp(IntCmp::LLVMIntEQ, status, m.const_i32(abi::waiting::DONE));
        let likely = self.b.cond_br(is_done, done, not_done);
        m.set_likely(likely);
        self.b.at_end(not_done);
        let suspended = self.b.icmp(IntCmp::LLVMIntEQ, status, m.const_i32(abi::waiting::SUSPENDED));
        self.b.cond_br(suspended, suspend, unwinding);

        self.b.at_end(suspend);
        self.move_spills(&site.spilled, frame, &plan, true);
        self.b.ret(Some(m.const_i32(abi::waiting::SUSPENDED)));

        self.b.at_end(resumed);
        let resumed_frame = if late { second } else { frame };
        self.move_spills(&site.spilled, resumed_frame, &plan, false);
        let unwinds = self.b.icmp(IntCmp::LLVMIntEQ, how, m.const_i32(abi::waiting::UNWIND));
        self.b.cond_br(unwinds, unwinding, done);
        let index = site.index;
        if let Some(waiting) = &mut self.waiting {
            waiting.resumed.push((index, resumed));
        }
        let used = |from: Block| late.then(|| self.b.phi(m.ptr, &[(frame, from), (second, resumed)]));

        self.b.at_end(unwinding);
        if let Some(frame) = used(not_done) {
            self.close_frame(cx, frame);
        }
        match call.unwind {
            Some(cleanup) => {
                let cleanup = self.block_ref(cleanup);
                self.b.br(cleanup);
            }
            None => self.leave(abi::waiting::UNWINDING),
        }

        self.b.at_end(done);
        let late_frame = late.then(|| self.b.phi(self.u.m.ptr, &[(frame, called), (second, resumed)]));
        if let (Some(area), false, Some(_)) = (area, site.direct, call.target) {
            let area = late_frame.map_or(area, |frame| self.offset(frame, plan.area));
            let op = self.load(PlaceRef::new(area, result_ty));
            self.finish(&call.destination, op);
        }
        if let Some(frame) = late_frame {
            self.close_frame(cx, frame);
        }
        Ok(())
    }

    /// Stores the live locals into the frame, or loads them back.
    fn move_spills(&self, locals: &[Local], frame: Value, plan: &Plan, out: bool) {
        for &local in locals {
            let (Some(at), LocalRef::Memory(slot)) = (plan.spills[local], self.locals[local.0 as usize])
            else {
                continue;
            };
            let kept = self.offset(frame, at);
            let (from, to) = if out { (slot, kept) } else { (kept, slot) };
            // It may not have a value now, only on some way here: nothing is said of what is loaded.
            let part = |at: u64, scalar: crate::layout::Scalar| {
                let ty = self.u.in_memory(scalar.prim);
                let value = self.b.load(ty, self.offset(from, at), scalar.size());
                self.b.store(value, self.offset(to, at), scalar.size());
            };
            match self.u.layout(self.body.locals[local].ty).abi {
                Abi::Scalar(scalar) => part(0, scalar),
                Abi::Pair(a, b) => {
                    part(0, a);
                    part(Abi::second_offset(a, b), b);
                }
                Abi::Memory => self.copy(from, to, &self.u.layout(self.body.locals[local].ty)),
                Abi::Zst => {}
            }
        }
    }

    /// Calls the runtime's check of the turn if any turn is over; leads to the call's target otherwise.
    pub fn look_up(&mut self, call: &Call) -> Result<(), String> {
        let target = call.target.ok_or("a check that does not return")?;
        let m = &self.u.m;
        let flag = self.u.turns_over();
        let relaxed = crate::atomics::ordering("load", 0);
        let over = self.b.atomic_load(m.i32, flag, 4, relaxed);
        let is_over = self.b.icmp(IntCmp::LLVMIntNE, over, m.const_i32(0));
        let check = self.new_block(c"check");
        let go_on = self.block_ref(target);
        let branch = self.b.cond_br(is_over, check, go_on);
        m.set_unlikely(branch);
        self.b.at_end(check);
        Ok(())
    }

    /// A constant `abi::waiting::Site`, of a call in the code of `scope`.
    fn site(&self, id: FuncId, index: u32, scope: Option<ScopeId>, span: Span) -> Value {
        self.site_with(self.u.resumer(id), index, scope, span)
    }

    /// The same of a call that does not suspend the function.
    pub fn plain_site(&self, scope: Option<ScopeId>, span: Span) -> Value {
        self.site_with(self.u.m.null(self.u.m.ptr), 0, scope, span)
    }

    fn site_with(&self, resume: Value, index: u32, scope: Option<ScopeId>, span: Span) -> Value {
        let m = &self.u.m;
        let scope = scope.map(|scope| &self.function.merged.scopes[scope]);
        let function = scope.map_or(self.function, |scope| &self.u.program.functions[scope.function]);
        let name: std::sync::Arc<str> = function.body.name.as_str().into();
        let value = m.const_struct(&[
            resume,
            self.u.text(&name),
            m.const_i64(name.len() as i64),
            // What the compiler made around the user's code is not shown.
            if matches!(function.role, Role::Entry | Role::Glue) {
                m.null(m.ptr)
            } else {
                self.u.location(span)
            },
            scope.map_or(m.null(m.ptr), |scope| self.site_with(resume, index, scope.parent, scope.call)),
            m.const_i32(index as i32),
        ]);
        m.add_constant("site", value, 8)
    }

    // ---- ways out

    /// Gives the frame back, if it has one, and returns a status.
    pub fn leave(&mut self, status: i32) {
        let Some(Waiting { cx, frame, .. }) = self.waiting else { return };
        if let Some(frame) = frame {
            self.close_frame(cx, frame);
        }
        self.b.ret(Some(self.u.m.const_i32(status)));
    }

    /// Writes the result and returns.
    pub fn leave_done(&mut self) {
        let layout = self.u.layout(self.body.locals[RETURN].ty);
        if !matches!(layout.abi, Abi::Zst | Abi::Memory) {
            let op = self.consume(&mir::body::Place::local(RETURN));
            if let Some(result) = self.result_address() {
                self.store(op, result);
            }
        }
        self.leave(abi::waiting::DONE);
    }

    /// In a landing pad of a waiting function: takes the exception of code of `scope` into the context.
    pub fn catch_here(&self, scope: Option<ScopeId>) {
        let waiting = self.waiting.as_ref().expect("a function that waits");
        let scope = scope.map(|scope| &self.function.merged.scopes[scope]);
        take_exception(self.u, &self.b, waiting.cx, self.exception_type(), || match (waiting.frame, scope) {
            // The calls that led there begin in this frame.
            (Some(frame), Some(scope)) => {
                let call = self.site(waiting.id, 0, scope.parent, scope.call);
                self.b.store(call, self.offset(frame, SITE), 8);
                frame
            }
            (Some(frame), None) => self.b.load(self.u.m.ptr, self.offset(frame, PARENT), 8),
            (None, _) => waiting.parent,
        });
    }

    /// Ends the dispatch, once every site is known.
    pub fn finish_waiting(&mut self, first: Block) {
        let Some(waiting) = &self.waiting else { return };
        let Some(dispatch) = &waiting.dispatch else {
            return;
        };
        let m = &self.u.m;
        let nowhere = self.new_block(c"nowhere");
        let mut cases = vec![(m.const_i32(0), first)];
        cases.extend(waiting.resumed.iter().map(|&(index, block)| (m.const_i32(index as i32), block)));
        dispatch.switch(self.site_number.expect("made with the dispatch"), nowhere, &cases);
        self.b.at_end(nowhere);
        self.b.unreachable();
    }
}

/// Ends an unwinding and keeps its payload in the context.
fn take_exception(u: &Unit, b: &Builder, cx: Value, ty: Type, led_here: impl FnOnce() -> Value) {
    let exception = b.catch_all_pad(ty, u.m.null(u.m.ptr));
    let (caught, ty, _) = u.external(Name::new("altru_panic_caught"), None).expect("in the runtime's list");
    b.call(ty, caught, &[cx, led_here(), b.extract(exception, 0)]);
}

impl Unit<'_> {
    /// `(cx, frame, how)`: goes on with a suspended frame of the function.
    pub fn resumer(&self, id: FuncId) -> Value {
        if let Some(&found) = self.resumers.borrow().get(&id) {
            return found;
        }
        let m = &self.m;
        let symbol = format!("{}.resume", self.program.functions[id].symbol);
        let value = m.add_function(&symbol, m.fn_type(&[m.ptr, m.ptr, m.i32], m.i32));
        m.set_internal(value);
        m.add_attribute(value, m.attribute("nounwind", 0));
        self.resumers.borrow_mut().insert(id, value);
        let signature = self.signature(id);
        let b = Builder::new(m);
        b.at_end(m.append_block(value, c"start"));
        let types = crate::llvm::parameter_types(signature.ty);
        let args: Vec<Value> = types
            .iter()
            .enumerate()
            .map(|(i, &ty)| if i < 3 { m.param(value, i as u32) } else { m.poison(ty) })
            .collect();
        let status = b.call(signature.ty, self.function(id), &args);
        b.ret(Some(status));
        value
    }

    /// A function by the convention of those that wait, whether it does or not.
    pub fn waiting_form(&self, id: FuncId) -> Value {
        if self.program.waits.function(id) {
            return self.function(id);
        }
        if let Some(&found) = self.adapters.borrow().get(&id) {
            return found;
        }
        let m = &self.m;
        let function = &self.program.functions[id];
        let args: Vec<_> = function.body.args().map(|l| function.body.locals[l].ty).collect();
        let ret = function.body.locals[RETURN].ty;
        let outer = Signature::new(self, &args, ret, false, true);
        let inner = self.signature(id);
        let value = m.add_function(&format!("{}.waits", function.symbol), outer.ty);
        m.set_internal(value);
        m.add_attribute(value, m.attribute("nounwind", 0));
        self.adapters.borrow_mut().insert(id, value);
        let b = Builder::new(m);
        b.at_end(m.append_block(value, c"start"));
        let result = (outer.ret != Pass::Nothing).then(|| m.param(value, 3));
        let mut values: Vec<Value> = Vec::new();
        values.extend(if inner.sret { result } else { None });
        let count = crate::llvm::parameter_types(outer.ty).len() as u32;
        values.extend((outer.hidden()..count).map(|i| m.param(value, i)));
        let callee = self.function(id);
        let returned = if self.may_unwind(id) {
            crate::llvm::ll!(llvm_sys::core::LLVMSetPersonalityFn(value, self.personality()));
            let (then, pad) = (m.append_block(value, c"then"), m.append_block(value, c"caught"));
            let returned = b.invoke(inner.ty, callee, &values, then, pad);
            b.at_end(pad);
            take_exception(self, &b, m.param(value, 0), m.struct_type(&[m.ptr, m.i32]), || m.param(value, 1));
            b.ret(Some(m.const_i32(abi::waiting::UNWINDING)));
            b.at_end(then);
            returned
        } else {
            b.call(inner.ty, callee, &values)
        };
        if let Some(result) = result {
            let store = |value: Value, at: u64, scalar: crate::layout::Scalar| {
                let value =
                    if scalar.prim == crate::layout::Prim::Bool { b.zext(value, m.i8) } else { value };
                b.store(value, b.gep(m.i8, result, m.const_i64(at as i64)), scalar.size());
            };
            match inner.ret {
                Pass::Scalar(s) => store(returned, 0, s),
                Pass::Pair(first, second) => {
                    store(b.extract(returned, 0), 0, first);
                    store(b.extract(returned, 1), Abi::second_offset(first, second), second);
                }
                Pass::Nothing | Pass::Address => {}
            }
        }
        b.ret(Some(m.const_i32(abi::waiting::DONE)));
        value
    }

    /// A constant `abi::waiting::TaskEntry`.
    pub fn task_entry(&self, root: TaskRoot) -> Value {
        if let Some(&found) = self.task_entries.borrow().get(&root.entry) {
            return found;
        }
        let m = &self.m;
        let (env, out) = (self.layout(root.closure), self.layout(root.result));
        let drop = |ty| match self.program.drop_glue.get(&ty) {
            Some(&glue) => self.function(glue),
            None => m.null(m.ptr),
        };
        let word = |n: u64| m.const_i64(n as i64);
        let body = &self.program.functions[root.entry].body;
        let name: std::sync::Arc<str> = body.name.as_str().into();
        let value = m.const_struct(&[
            self.function(root.entry),
            drop(root.closure),
            drop(root.result),
            word(env.size),
            word(env.align),
            word(out.size),
            word(out.align),
            // One that never waits needs none; 0 would say that nobody knows.
            word(self.arena_need(root.entry).map_or(0, |need| need.max(abi::waiting::FRAME_ALIGN as u64))),
            self.text(&name),
            word(name.len() as u64),
            self.location(body.span),
        ]);
        let value = m.add_constant("task", value, 8);
        self.task_entries.borrow_mut().insert(root.entry, value);
        value
    }
}
