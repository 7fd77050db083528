//! Fibers and objects come into being, and get names that are the same in all executions.

use std::ptr::{null, null_mut};

use explore::TaskId;

use super::super::fiber::Stack;
use super::super::op::{ARRIVES, NEVER, Op, case_name, case_object};
use super::super::trace::Place;
use super::body::{Body, start};
use super::{Exec, Fiber, State};
use crate::census::{self, Member};
use crate::current;
use crate::runner::Runner;
use crate::task::Task;
use crate::text::text;

impl Exec {
    /// Gives an object a name that is the same in all executions: the current task's how-manieth it is.
    pub(in crate::explore) fn name_object(&mut self, at: usize) {
        // Else nobody asks.
        if self.whole || self.settings.record {
            let name = self.new_name();
            self.named.insert(at, name);
        }
    }

    pub(super) fn new_name(&mut self) -> u64 {
        let fiber = &mut self.fibers[self.current];
        fiber.objects += 1;
        1 << 48 | u64::from(fiber.id.0) << 20 | u64::from(fiber.objects - 1)
    }

    /// The name of what is at an address.
    pub(in crate::explore) fn object(&self, at: usize) -> u64 {
        if let Some(name) = self.heap.name(at) {
            return name;
        }
        if let Some(name) = self.named.get(&at) {
            return *name;
        }
        for fiber in &self.fibers[..self.live] {
            if let Some(depth) = fiber.stack.as_ref().and_then(|stack| stack.depth(at)) {
                return 2 << 48 | u64::from(fiber.id.0) << 24 | depth as u64;
            }
            if let Some(offset) = at.checked_sub(fiber.task.addr()).filter(|offset| {
                // SAFETY: a task whose fiber has not ended is alive.
                fiber.state != State::Ended
                    && !fiber.task.is_null()
                    && *offset < unsafe { (*fiber.task).block_size() }
            }) {
                return 3 << 48 | u64::from(fiber.id.0) << 24 | offset as u64;
            }
        }
        4 << 48 | at as u64 & ((1 << 48) - 1)
    }

    /// The name of what an operation is about, if that is wanted for a trace.
    pub(super) fn object_of(&self, op: Op) -> Option<u64> {
        (self.settings.record && op.object() != 0).then(|| self.object(op.object()))
    }

    /// The case that a select takes, and what it is about, the same.
    pub(super) fn case_of(&self, op: Op, alternative: u32) -> Option<(&'static str, u64)> {
        match op {
            Op::Select { cases, n, .. } if self.settings.record && (alternative as usize) < n => {
                // SAFETY: a select that stands has its `n` cases, and they their objects.
                unsafe {
                    let case = &*cases.add(alternative as usize);
                    Some((case_name(case)?, self.object(case_object(case))))
                }
            }
            _ => None,
        }
    }

    /// What the cases of the select are about that a fiber waits in, if it does.
    pub(super) fn cases_of(&self, fiber: &Fiber) -> Vec<(&'static str, u64)> {
        // Who is parked in a select has begun it where others can see it.
        let waits = fiber.state == State::Stands
            || fiber.state == State::Parked && (ARRIVES..NEVER).contains(&fiber.case);
        let Op::Select { cases, n, .. } = fiber.op else { return Vec::new() };
        if !waits {
            return Vec::new();
        }
        let named = |i: usize| {
            // SAFETY: a select that stands or is parked has its `n` cases, and they their objects.
            unsafe {
                let case = &*cases.add(i);
                Some((case_name(case)?, self.object(case_object(case))))
            }
        };
        (0..n).filter_map(named).collect()
    }

    pub(super) fn task_name(&self, index: usize) -> String {
        let fiber = &self.fibers[index];
        // SAFETY: a fiber that has not ended has a live task or member.
        unsafe {
            match fiber.task.as_ref() {
                Some(task) => task.name(),
                None => (*fiber.member).name.clone(),
            }
        }
    }

    /// The number of the fiber that the current one starts, the same in all executions, and by what it is known.
    fn new_id(&mut self, index: usize) -> (u32, (u32, u32)) {
        if index == 0 {
            return (0, (0, 0));
        }
        let parent = &mut self.fibers[self.current];
        let path = (parent.id.0, parent.children);
        parent.children += 1;
        match self.fibers.get(index) {
            // As in the execution before.
            Some(fiber) if fiber.path == path => (fiber.id.0, path),
            _ => {
                let next = self.paths.len() as u32 + 1;
                (*self.paths.entry(path).or_insert(next), path)
            }
        }
    }

    pub(super) fn add(&mut self, body: Body, task: *mut Task, member: *const Member) {
        let index = self.live;
        let (id, path) = self.new_id(index);
        // SAFETY: a task that is about to start is alive; a thread's fiber has none.
        let scope = unsafe { task.as_ref() }.map_or(0, |task| task.scope_live().addr());
        let after = self.knowledge();
        let mut kept = self.fibers.get_mut(index);
        let stack = kept.as_mut().and_then(|fiber| fiber.stack.take());
        let spare_run = kept.and_then(|fiber| fiber.own_run.take().or_else(|| fiber.spare_run.take()));
        let left = || self.done.pop().and_then(|index| self.fibers[index].stack.take());
        let stack = stack.or_else(left).unwrap_or_else(Stack::new);
        let (own_run, spare_run) = match (task.is_null(), spare_run) {
            (false, spare) => (None, spare),
            (true, None) => (Some(Box::new(Runner::new(false))), None),
            (true, Some(mut spare)) => {
                *spare = Runner::new(false);
                (Some(spare), None)
            }
        };
        let run = match &own_run {
            Some(run) => &raw const **run,
            // SAFETY: as above.
            None => unsafe { &raw const (*task).run },
        };
        if index == self.fibers.len() {
            self.fibers.push(Fiber::new());
        }
        let fiber = &mut self.fibers[index];
        (fiber.at, fiber.stack) = (stack.prepare(start), Some(stack));
        (fiber.state, fiber.body) = (State::Fresh, Some(body));
        (fiber.run, fiber.own_run, fiber.spare_run) = (run, own_run, spare_run);
        (fiber.id, fiber.path, fiber.came) = (TaskId(id), path, (task.addr(), scope));
        (fiber.task, fiber.member) = (task, member);
        fiber.guards.clear();
        (fiber.children, fiber.objects, fiber.calls) = (0, 0, 0);
        (fiber.op, fiber.parent, fiber.here) = (Op::Start, null(), null());
        (fiber.deadline, fiber.expire, fiber.case) = (-1, false, 0);
        (fiber.kept_in, fiber.heard) = (None, false);
        (fiber.idle, fiber.yielded, fiber.vain) = (false, false, 0);
        fiber.spots.clear();
        (fiber.aside, fiber.stands_in) = (false, (0, 0));
        (fiber.after, fiber.event, fiber.open) = (after, None, false);
        fiber.now_in.clear();
        self.live += 1;
        self.counts_fibers();
        self.fresh.push(index);
        if self.by_id.len() <= id as usize {
            self.by_id.resize(id as usize + 1, 0);
        }
        self.by_id[id as usize] = index;
        if self.recorder.is_some() {
            let name = self.task_name(index);
            // SAFETY: a task that is about to start is alive.
            let place = unsafe { task.as_ref() }.and_then(Task::origin).map(|at| Place {
                function: String::new(),
                // SAFETY: a location's text is a constant.
                file: unsafe { text(at.file_ptr, at.file_len) }.to_string(),
                line: at.line,
                column: at.col,
            });
            let parent = (index > 0).then(|| self.fibers[self.current].id);
            if let Some(recorder) = &mut self.recorder {
                recorder.starts(TaskId(id), name, parent, place);
            }
        }
    }

    /// Makes a fiber the one that runs, as far as the runtime's questions go.
    pub(super) fn enter(&mut self, index: usize) {
        self.current = index;
        let fiber = &self.fibers[index];
        // What a task runs on a runner of the fiber's own is no part of the task, see `body::block`.
        current::set_task(if fiber.own_run.is_some() { null_mut() } else { fiber.task });
        let own = fiber.own_run.as_ref().map_or(null(), |run| &raw const **run);
        current::set_thread(own);
        census::set_current(fiber.member);
    }
}
