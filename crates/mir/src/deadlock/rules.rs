//! What may go wrong between tasks, among the events of a whole program.
//!
//! Each rule looks for one shape of deadlock and makes a candidate of it. An object is named by its path; ends of
//! a channel by that of the channel. Where it says that *nobody* does something, whatever is not known counts as
//! somebody.

use super::ops::{Mode, Wait};
use super::order::may_be_same;
use super::path::{Class, Path, Root, Step};
use super::report::Reporter;
use super::summary::{Event, Held, Summaries, Summary, TaskId, What};
use super::{Candidate, Findings, Kind};

pub struct Rules<'a> {
    pub reporter: &'a Reporter<'a>,
    pub summaries: &'a Summaries,
    pub summary: &'a Summary,
}

/// What waits of a kind are waits for, and its ends: of a channel the channel.
fn object(what: What, path: &Path) -> Path {
    let mut path = path.clone();
    let is_end = matches!(path.steps.last(), Some(Step::Field { owner: None, variant: 0, index: 0 | 1 }));
    if is_end && is_channel(what) {
        path.steps.pop();
    }
    path
}

fn is_channel(what: What) -> bool {
    match what {
        What::Wait(wait) | What::End(wait) => matches!(wait, Wait::Send | Wait::Receive | Wait::Closed),
        _ => false,
    }
}

/// All that a wait ends by: of a `select` its cases.
fn cases(wait: &Event, kind: Wait) -> impl Iterator<Item = (Wait, Path)> {
    let first = std::iter::once((kind, &wait.on));
    let all = first.chain(wait.others.iter().map(|(kind, on)| (*kind, on)));
    all.map(|(kind, on)| (kind, object(What::Wait(kind), on)))
}

impl Rules<'_> {
    pub fn look(&self, findings: &mut Findings) {
        for wait in &self.summary.events {
            let found = match wait.what {
                What::Wait(kind) if !wait.others.is_empty() => self.held_over(wait, kind),
                What::Wait(kind) => self
                    .held_over(wait, kind)
                    .or_else(|| self.after_the_end(wait, kind))
                    .or_else(|| self.nobody_ends(wait, kind))
                    .or_else(|| self.no_room(wait, kind))
                    .or_else(|| self.own_receiver(wait, kind))
                    .or_else(|| self.group_in_loop(wait, kind))
                    .or_else(|| self.no_loop(wait, kind)),
                What::Join(task) => self.held_over_join(wait, task),
                _ => None,
            };
            findings.candidates.extend(found);
        }
    }

    fn several(&self, task: Option<TaskId>) -> bool {
        task.is_some_and(|task| self.summary.tasks.get(&task) == Some(&true))
    }

    /// Whether another path of this kind is surely another object. A channel or a group is not the place that a
    /// handle of it is at, so it must be known where it was made.
    fn owned(&self, what: What, path: &Path) -> bool {
        match (what, path.root) {
            (what, root) if is_channel(what) => match root {
                Root::Made(function, local) => {
                    path.steps.is_empty() && self.summaries.capacities.contains_key(&(function, local))
                }
                _ => false,
            },
            (What::Wait(Wait::Group) | What::End(Wait::Group) | What::Add, root) => {
                path.steps.is_empty() && matches!(root, Root::Made(..) | Root::Static(_))
            }
            _ => path.is_owned(),
        }
    }

    /// Whether an event may be of an object, as far as is known.
    fn may_match(&self, event: &Event, what: What, on: &Path) -> bool {
        let other = object(event.what, &event.on);
        if self.owned(what, on) && self.owned(event.what, &other) {
            return other == *on;
        }
        // The two ends of a channel are declared at different places.
        let channel = is_channel(what);
        let declared =
            |path: &Path| path.class().filter(|c| matches!(c, Class::Field(..) | Class::Static(_)));
        match (declared(on), declared(&other)) {
            (Some(x), Some(y)) if !channel => other == *on || x == y,
            _ => true,
        }
    }

    /// Events that end a wait and may be of its object.
    fn ends<'e>(&'e self, wait: &Event, kind: Wait) -> Vec<&'e Event> {
        self.ends_of(kind, &object(wait.what, &wait.on))
    }

    fn ends_of<'e>(&'e self, kind: Wait, on: &Path) -> Vec<&'e Event> {
        let ends = |e: &&Event| e.what == What::End(kind) && self.may_match(e, What::Wait(kind), on);
        self.summary.events.iter().filter(ends).collect()
    }

    fn capacity(&self, wait: &Event) -> Option<u32> {
        self.room(&object(wait.what, &wait.on))
    }

    fn room(&self, channel: &Path) -> Option<u32> {
        match channel.root {
            Root::Made(function, local) => {
                self.summaries.capacities.get(&(function, local)).copied().flatten()
            }
            _ => None,
        }
    }

    /// A lock is held while something is waited for, and whoever would end the wait takes that lock before.
    fn held_over(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        if wait.held.is_empty() {
            return None;
        }
        let mut ends: Vec<&Event> = Vec::new();
        let (mut one, mut waits) = (true, true);
        for (kind, on) in cases(wait, kind) {
            let room = self.room(&on);
            if kind == Wait::Send && room.is_none() {
                return None;
            }
            let before = ends.len();
            let others = |e: &&Event| e.task != wait.task || self.several(e.task);
            ends.extend(self.ends_of(kind, &on).into_iter().filter(others));
            let known = |e: &&Event| object(e.what, &e.on) == on || may_be_same(&e.on, &on);
            if ends.len() == before || !ends[before..].iter().all(known) {
                return None;
            }
            // Of several objects of one kind, it may be another one that is ended.
            one &= on.is_exact() && ends[before..].iter().all(|e| object(e.what, &e.on) == on);
            // A send to a channel with room waits only when that is used up, and a channel is closed by who
            // gives up the last sender as well.
            waits &= kind != Wait::Closed && (kind != Wait::Send || room == Some(0));
        }
        let is_over = |e: &&Event| e.task.is_some_and(|task| wait.ended.contains(&task));
        if ends.iter().any(is_over) {
            return None;
        }
        let needs = |e: &Event, h: &Held| {
            let same = |path: &Path, mode: Mode| may_be_same(path, &h.lock) && mode.excludes(h.mode);
            e.before.iter().any(|(path, mode)| same(path, *mode))
                || e.held.iter().any(|x| same(&x.lock, x.mode))
        };
        let lock = wait.held.iter().find(|h| h.mode != Mode::Permit && ends.iter().all(|e| needs(e, h)))?;
        Some(self.reporter.held_over(wait, lock, ends[0], one && waits))
    }

    fn held_over_join(&self, wait: &Event, task: TaskId) -> Option<Candidate> {
        let locks = |e: &&Event| e.task == Some(task) && matches!(e.what, What::Lock(_));
        for event in self.summary.events.iter().filter(locks) {
            let What::Lock(mode) = event.what else {
                continue;
            };
            let same = |h: &&Held| {
                may_be_same(&h.lock, &event.on) && h.mode.excludes(mode) && h.mode != Mode::Permit
            };
            if let Some(lock) = wait.held.iter().find(same) {
                return Some(self.reporter.held_over(wait, lock, event, true));
            }
        }
        None
    }

    /// All that would end the wait of a task comes after the end of that task was waited for.
    fn after_the_end(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        let task = wait.task?;
        let ends = self.ends(wait, kind);
        let first = ends.first()?;
        if matches!(kind, Wait::Condvar | Wait::Closed)
            || !ends.iter().all(|e| e.task != Some(task) && e.ended.contains(&task))
        {
            return None;
        }
        let message = "what a task waits for comes only after its own end was waited for".to_owned();
        Some(self.reporter.pair(Kind::Endless, message, wait, "waits here", first, "this would end the wait"))
    }

    /// Nobody does what would end the wait.
    fn nobody_ends(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        let on = object(wait.what, &wait.on);
        // Without room nobody makes some for himself.
        let helps = |e: &&Event| {
            kind != Wait::Send
                || self.capacity(wait) != Some(0)
                || e.task != wait.task
                || self.several(e.task)
        };
        if !self.owned(wait.what, &on) || self.ends(wait, kind).iter().any(helps) {
            return None;
        }
        let (action, enough) = match kind {
            Wait::Event => ("sets it", true),
            Wait::Group => {
                let added = self
                    .summary
                    .events
                    .iter()
                    .any(|e| e.what == What::Add && self.may_match(e, wait.what, &on));
                ("says that anything is done", added)
            }
            Wait::Condvar => ("notifies it", true),
            Wait::Send => ("receives from it", self.overflows(wait)),
            Wait::Receive | Wait::Closed => return None,
        };
        let message = format!("waits for {}, and nobody {action}", self.reporter.object_name(wait));
        enough.then(|| self.reporter.single(Kind::Endless, message, wait, "this may wait for ever"))
    }

    /// More is sent than there is room for.
    fn overflows(&self, wait: &Event) -> bool {
        self.capacity(wait).is_some_and(|room| room == 0 || wait.looped || wait.count > room)
    }

    /// One task sends more than there is room for before anybody who receives has been started.
    fn no_room(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        let room = self.capacity(wait)?;
        if kind != Wait::Send || wait.task.is_some() || wait.count <= room || !wait.sure {
            return None;
        }
        let receives =
            |e: &&Event| e.task.is_none_or(|task| wait.live.contains(&task) || wait.ended.contains(&task));
        if self.ends(wait, kind).iter().any(receives) {
            return None;
        }
        let message = format!(
            "sends more to {} than it holds, and nobody receives yet",
            self.reporter.object_name(wait)
        );
        Some(self.reporter.single(Kind::Endless, message, wait, "this may wait for ever"))
    }

    /// A task sends while it holds a receiving end itself, so that the send never fails, and nobody surely receives.
    fn own_receiver(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        let task = wait.task?;
        if kind != Wait::Send
            || !self.overflows(wait)
            || !self.keeps_receiver(task, &object(wait.what, &wait.on))
        {
            return None;
        }
        let helps = |e: &&Event| e.task != wait.task || self.several(e.task);
        let surely = |e: &&Event| helps(e) && !e.may && (e.drains || !wait.looped);
        if self.ends(wait, kind).iter().any(surely) {
            return None;
        }
        let message = format!(
            "sends to {} and holds a receiver of it itself: if nobody else receives, this waits for ever",
            self.reporter.object_name(wait)
        );
        Some(self.reporter.single(Kind::OwnReceiver, message, wait, "never fails, as a receiver is alive"))
    }

    fn keeps_receiver(&self, task: TaskId, channel: &Path) -> bool {
        let is_end = |path: &Path| {
            path.steps.last() == Some(&Step::Field { owner: None, variant: 0, index: 1 })
                && object(What::Wait(Wait::Receive), path) == *channel
        };
        self.summary.captures.iter().filter(|(of, _)| *of == task).any(|(_, path)| {
            let within = match path.root {
                Root::Made(function, local) => self.summaries.receivers.get(&(function, local)),
                _ => None,
            };
            is_end(path) || within.is_some_and(|ends| ends.iter().any(is_end))
        })
    }

    /// A group is waited for in the loop that starts those who work, though all of them were added before.
    fn group_in_loop(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        if kind != Wait::Group || !wait.looped {
            return None;
        }
        let adds = |e: &&Event| e.what == What::Add && may_be_same(&e.on, &wait.on);
        let added = self.summary.events.iter().find(adds)?;
        if self.summary.events.iter().filter(adds).any(|e| e.looped) {
            return None;
        }
        self.ends(wait, kind).into_iter().find(|e| self.several(e.task))?;
        let message = format!(
            "{} is waited for in a loop that still has to start some of those who are waited for",
            self.reporter.object_name(wait)
        );
        Some(self.reporter.pair(
            Kind::Endless,
            message,
            wait,
            "waits in each round",
            added,
            "all are added here",
        ))
    }

    /// A condition variable is waited for without looking again.
    fn no_loop(&self, wait: &Event, kind: Wait) -> Option<Candidate> {
        if kind != Wait::Condvar || wait.looped {
            return None;
        }
        let message = format!(
            "{} is waited for without a condition: a notification that came before is lost",
            self.reporter.object_name(wait)
        );
        Some(self.reporter.single(Kind::NoLoop, message, wait, "no loop looks at what is waited for"))
    }
}
