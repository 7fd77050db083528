//! Tasks: what one does is among the events of the function that starts it, and whoever waits for its end must
//! not hold what it needs.

use std::collections::BTreeMap;

use base::{Idx, Span};

use super::calls::Site;
use super::flow::{Endless, Flow, Why};
use super::ops::{Mode, Op};
use super::path::{Path, Root};
use super::state::{Live, State};
use super::summary::{Frame, Presence, Story, TaskId, What};
use crate::body::{BlockId, Operand, TerminatorKind};
use crate::mono::Target;

impl Flow<'_> {
    pub(super) fn spawn(&mut self, closure: &Operand, scope: Option<Path>, site: Site, state: &mut State) {
        self.give_away(closure, state);
        let task = (self.id, site.block);
        let code = self.summaries.closures.get(&closure.ty(&self.body.locals).peel_refs()).copied();
        let summary = code.and_then(|code| self.summaries.of(code));
        let args = std::slice::from_ref(closure);
        if self.emit {
            self.note_tasks(&BTreeMap::from([(task, false)]), site.block);
            for path in self.resolver.captures(closure) {
                self.summary.captures.insert((task, path));
            }
        }
        if let (Some(summary), true) = (summary, self.emit) {
            for event in &summary.events {
                let on = self.resolver.instantiate(&event.on, args);
                let mut outer = self.instantiate(event, on, args, site, state);
                outer.task = event.task.or(Some(task));
                self.events.add(outer);
            }
            self.note_tasks(&summary.tasks, site.block);
            for (inner, path) in &summary.captures {
                let path = self.resolver.instantiate(path, args);
                self.summary.captures.insert((*inner, path));
            }
        }
        let held = state
            .guards()
            .filter(|(t, _)| t.presence == Presence::Sure)
            .map(|(t, mode)| (t.of.clone(), mode, t.story.clone()))
            .collect();
        state.ended.remove(&task);
        state.live.insert(task, Live { scope, held });
        for &inner in summary.iter().flat_map(|s| &s.survivors) {
            state.live.entry(inner).or_default();
        }
    }

    /// A task of this function is waited for.
    pub(super) fn join(&mut self, task: TaskId, object: &Path, site: Site, state: &mut State) {
        if self.emit {
            self.refuse_join(task, site, state);
            self.note(What::Join(task), object, site, state);
        }
        state.live.remove(&task);
        state.ended.insert(task);
    }

    pub(super) fn note_tasks(&mut self, tasks: &BTreeMap<TaskId, bool>, block: BlockId) {
        for (&task, &several) in tasks {
            let elsewhere = *self.started.entry(task).or_insert(block) != block;
            let several = several || elsewhere || self.looped[block.index()];
            *self.summary.tasks.entry(task).or_insert(false) |= several;
        }
    }

    /// The task needs a lock that was held before it began and is held still.
    fn refuse_join(&mut self, task: TaskId, site: Site, state: &State) {
        let Some(live) = state.live.get(&task) else {
            return;
        };
        let still: Vec<(Path, Mode, Story)> = live
            .held
            .iter()
            .filter(|(lock, mode, story)| {
                lock.is_exact()
                    && *mode != Mode::Permit
                    && state.guards().any(|(t, m)| {
                        t.presence == Presence::Sure && t.of == *lock && m == *mode && t.story == *story
                    })
            })
            .cloned()
            .collect();
        if still.is_empty() || task.0 != self.id {
            return;
        }
        let TerminatorKind::Call(call) = &self.body.blocks[task.1].terminator.kind else {
            return;
        };
        let Some(Target::Function(callee)) = &self.program.functions[self.id].targets[task.1.index()] else {
            return;
        };
        let Some(Op::Spawn { closure, .. }) = self.summaries.op(*callee) else {
            return;
        };
        let closure = &call.args[closure];
        let code = self.summaries.closures.get(&closure.ty(&self.body.locals).peel_refs()).copied();
        let Some(summary) = code.and_then(|code| self.summaries.of(code)) else {
            return;
        };
        let spawned: Span = self.body.blocks[task.1].terminator.span;
        for event in summary.events.iter().filter(|e| e.sure && e.task.is_none()) {
            let What::Lock(mode) = event.what else {
                continue;
            };
            if !matches!(event.on.root, Root::Param(_) | Root::Static(_)) {
                continue;
            }
            let on = self.resolver.instantiate(&event.on, std::slice::from_ref(closure));
            if let Some((_, _, first)) =
                still.iter().find(|(lock, held, _)| *lock == on && held.excludes(mode))
            {
                let mut because = first.clone();
                because.push(Frame { function: self.id, span: spawned });
                because.extend(&event.story);
                self.endless.push(Endless {
                    why: Why::JoinNeedsLock,
                    story: vec![site.frame],
                    because,
                    meant: false,
                });
                return;
            }
        }
    }
}
