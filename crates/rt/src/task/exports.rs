//! The C face of tasks and scopes.

use std::ptr::NonNull;

use abi::waiting::{Context, DONE, Frame, TaskEntry};
use abi::{RawPanic, RawString};

use super::Task;
use super::scope::{Scope, ScopeWait};
use crate::locks::{self, EndWait};
use crate::point::{Point, point};
use crate::runner::{Runner, Unwinding};
use crate::text::{Out, text};
use crate::thread::JOIN_TIMED_OUT;
use crate::wait::{self, Ended, Machine, Reason, Step};
use crate::{clock, current, sched, who};

// Contract of every export: pointers are what the list in `abi` says of them, and valid for the call.

macro_rules! exports {
    ($(fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            /// # Safety
            /// As the list in `abi` says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($param: $ty),*) $(-> $ret)? {
                // SAFETY: the caller keeps the contract above.
                #[allow(unused_unsafe)]
                unsafe { $body }
            }
        )*
    };
}

/// Waits for a task's end.
struct Join {
    end: EndWait,
    task: *mut Task,
    panic: *mut RawPanic,
}

impl Join {
    /// What the call gives for a task that has ended.
    ///
    /// # Safety
    /// It has; task and room are valid.
    unsafe fn how(&self) -> i32 {
        // SAFETY: by contract.
        unsafe {
            if let Some(payload) = (*self.task).payload() {
                self.panic.write(payload.to_raw());
            }
            (*self.task).how() as i32
        }
    }
}

impl Machine for Join {
    type Out = i32;
    const NAME: &'static str = "join";
    const AT_ONCE: bool = true;

    unsafe fn at_once(&mut self, _run: &Runner) -> Option<i32> {
        point(Point::Join);
        // SAFETY: task and room are valid by the contract of the export.
        unsafe { (*self.task).has_ended().then(|| self.how()) }
    }

    unsafe fn step(&mut self, run: &Runner, deadline: i64, ended: Option<Ended>) -> Step<i32> {
        // SAFETY: the machine stays where it is; task and room are valid by the contract of the export.
        unsafe {
            match self.end.step(run, deadline, ended) {
                Step::Ready(locks::TAKEN) => {}
                Step::Ready(_) => return Step::Ready(JOIN_TIMED_OUT),
                other => return other,
            }
            Step::Ready(self.how())
        }
    }
}

/// Lets other tasks run.
struct Yield;

impl Machine for Yield {
    type Out = ();
    const NAME: &'static str = "yield";

    unsafe fn step(&mut self, run: &Runner, _deadline: i64, ended: Option<Ended>) -> Step<()> {
        match ended {
            None => {
                run.yields(true);
                Step::Pending(run.begin(Reason::Yield, 0, 1, -1))
            }
            Some(ended) if ended.outcome.interrupts() => Step::Unwind,
            Some(_) => Step::Ready(()),
        }
    }
}

/// Lets other tasks run, and is not to be interrupted.
struct Turn;

impl Machine for Turn {
    type Out = ();
    const NAME: &'static str = "let others run";
    const ALWAYS_STARTS: bool = true;

    unsafe fn step(&mut self, run: &Runner, _deadline: i64, ended: Option<Ended>) -> Step<()> {
        if ended.is_some() {
            run.shield(-1);
            return Step::Ready(());
        }
        run.shield(1);
        run.yields(true);
        Step::Pending(run.begin(Reason::Yield, 0, 1, -1))
    }
}

/// # Safety
/// As for `wait::run`.
unsafe fn give_way(cx: *mut Context, parent: *mut Frame) -> i32 {
    // SAFETY: by contract; there is no result to write.
    unsafe {
        if !Runner::of(cx).is_task() {
            point(Point::Yield);
            crate::sync::yield_now();
            return DONE;
        }
        wait::run(cx, parent, NonNull::dangling().as_ptr(), Yield, -1)
    }
}

exports! {
    fn altru_task_new(entry: *const TaskEntry) -> *mut Task { Task::new(entry) }
    fn altru_task_env(task: *mut Task) -> *mut u8 { (*task).values() }
    fn altru_task_start(task: *mut Task, scope: *const Scope) {
        point(Point::Spawn);
        Task::start(task, scope);
    }
    fn altru_task_join(
        cx: *mut Context,
        parent: *mut Frame,
        out: *mut i32,
        task: *mut Task,
        panic: *mut RawPanic,
        timeout: i64,
    ) -> i32 {
        let scope = (*task).scope.get();
        if timeout < 0 && !scope.is_null() {
            sched::run_children(cx, parent, scope, || (*task).has_ended());
        }
        let end = EndWait::about(&raw const (*task).end, who::TASK);
        wait::run(cx, parent, out, Join { end, task, panic }, clock::patience(timeout))
    }
    fn altru_task_result(task: *mut Task) -> *mut u8 { (*task).values() }
    fn altru_task_take_result(task: *mut Task) -> *mut u8 { (*task).take_result() }
    fn altru_task_release(task: *mut Task) { Task::release(task) }
    fn altru_task_cancel(task: *mut Task) { (*task).run.cancel().wake() }
    fn altru_task_finished(task: *mut Task) -> i32 { (*task).has_ended().into() }
    fn altru_task_current() -> *mut Task { current::task().cast_mut() }
    fn altru_task_id(task: *mut Task) -> i64 {
        task_or_current(task).map_or(0, |task| task.id().cast_signed())
    }
    fn altru_task_name(task: *mut Task, out: *mut RawString) {
        if let Some(task) = task_or_current(task) {
            Out::new(out).push(task.name().as_bytes());
        }
    }
    fn altru_task_set_name(task: *mut Task, name: *const u8, len: usize) {
        if let Some(task) = task_or_current(task) {
            task.set_name(text(name, len));
        }
    }
    fn altru_task_yield(cx: *mut Context, parent: *mut Frame) -> i32 { give_way(cx, parent) }
    fn altru_task_check(cx: *mut Context, parent: *mut Frame) -> i32 {
        if !Runner::of(cx).is_task() || !sched::was_asked() {
            return DONE;
        }
        wait::run(cx, parent, NonNull::dangling().as_ptr(), Turn, -1)
    }
    fn altru_native_enter() { sched::enter_native() }
    fn altru_native_leave() { sched::leave_native() }
    fn altru_task_shield(by: i32) { current::runner().shield(by) }
    fn altru_deadline_around() -> i32 { (current::runner().inherited_deadline() >= 0).into() }
    fn altru_task_owner() -> *mut u8 {
        current::task().as_ref().map_or(std::ptr::null_mut(), Task::owner)
    }
    fn altru_task_scope() -> *const Scope {
        current::task().as_ref().map_or(std::ptr::null(), |task| task.scope.get())
    }
    fn altru_task_set_owner(owner: *mut u8) {
        if let Some(task) = current::task().as_ref() {
            task.set_owner(owner);
        }
    }

    fn altru_scope_init(scope: *mut Scope) { scope.write(Scope::new()) }
    fn altru_scope_guard(scope: *mut Scope, guard: i32) { (*scope).guard(guard != 0) }
    fn altru_scope_broke() -> i32 {
        (current::runner().unwinding() == Unwinding::Scope).into()
    }
    fn altru_scope_cancel(scope: *mut Scope) { (*scope).cancel() }
    fn altru_scope_wait(
        cx: *mut Context,
        parent: *mut Frame,
        out: *mut i32,
        scope: *mut Scope,
        panic: *mut RawPanic,
    ) -> i32 {
        sched::run_children(cx, parent, scope, || false);
        wait::run(cx, parent, out, ScopeWait::new(scope, panic), -1)
    }
}

/// # Safety
/// `task` is null or a live handle.
unsafe fn task_or_current<'a>(task: *const Task) -> Option<&'a Task> {
    // SAFETY: by contract; the current task is alive.
    unsafe { if task.is_null() { current::task().as_ref() } else { task.as_ref() } }
}
