//! Findings as what a person reads.

use base::{Diagnostic, FxHashSet, Span, codes};
use hir::items::Program;

use super::flow::{Endless, Twice, Why};
use super::ops::{self, Mode, Wait};
use super::order::Edge;
use super::path::{self, Path};
use super::summary::{Event, Frame, Held, Story, TaskId, What};
use super::{Candidate, Findings, Kind, Step};
use crate::body::{Source, TerminatorKind};
use crate::mono::{self, FuncId, Role, Target};

pub struct Reporter<'a> {
    pub items: &'a Program,
    pub program: &'a mono::Program,
}

impl Reporter<'_> {
    /// Only the frames in the user's own code.
    fn own<'f>(&self, story: &'f [Frame]) -> Vec<&'f Frame> {
        story.iter().filter(|frame| self.is_own(frame.function)).collect()
    }

    fn is_own(&self, id: FuncId) -> bool {
        let function = &self.program.functions[id];
        !ops::is_std(self.items, function) && matches!(function.role, Role::User | Role::Closure)
    }

    pub fn lock_name(&self, path: &Path) -> String {
        match path::name(self.items, self.program, path) {
            name if name.is_empty() => "a lock".to_owned(),
            name => format!("`{name}`"),
        }
    }

    /// What is called at a frame, by the name of its function.
    fn called(&self, frame: &Frame) -> String {
        let function = &self.program.functions[frame.function];
        let found = function.body.blocks.iter_enumerated().find_map(|(block, data)| {
            if data.cleanup || data.terminator.span != frame.span {
                return None;
            }
            match (&data.terminator.kind, &function.targets[base::Idx::index(block)]) {
                (TerminatorKind::Call(_), Some(Target::Function(id))) => Some(*id),
                _ => None,
            }
        });
        match found {
            Some(id) if matches!(self.program.functions[id].body.source, Source::Owner(_)) => {
                format!("`{}`", self.program.functions[id].body.name)
            }
            _ => "a function".to_owned(),
        }
    }

    /// A lock that is taken again by the one who has it: certain.
    pub fn twice(&self, found: &Twice) -> Option<Diagnostic> {
        let first = self.own(&found.first.1);
        let second = self.own(&found.second.1);
        let (begin, rest) = second.split_first()?;
        let name = self.lock_name(&found.lock);
        let how = match (found.first.0, found.second.0) {
            (Mode::Exclusive, Mode::Exclusive) => {
                format!("{name} is locked twice: the second lock waits for ever")
            }
            (Mode::Exclusive, Mode::Read) => {
                format!("{name} is read while it is locked for writing: this waits for ever")
            }
            (Mode::Read | Mode::Permit, _) | (_, Mode::Permit) => {
                format!("{name} is locked for writing while it is being read: this waits for ever")
            }
        };
        let label = if rest.is_empty() {
            "waits for a lock that is held here already".to_owned()
        } else {
            format!("calls {}, which takes the lock that is held here already", self.called(begin))
        };
        let mut diagnostic = Diagnostic::error(codes::E0661, begin.span, how).label(label);
        for (i, frame) in first.iter().enumerate() {
            let text = if i + 1 == first.len() {
                "first locked here; the guard is still alive".to_owned()
            } else {
                format!("the first lock is taken by {}", self.called(frame))
            };
            diagnostic = diagnostic.also(frame.span, text);
        }
        for (i, frame) in rest.iter().enumerate() {
            let text = if i + 1 == rest.len() {
                "locked again here".to_owned()
            } else {
                format!("which calls {}", self.called(frame))
            };
            diagnostic = diagnostic.also(frame.span, text);
        }
        Some(diagnostic.help(
            "end the first guard before: give it a block of its own or `drop(guard)`; or hand the guarded value on \
             instead of locking again",
        ))
    }

    fn task_span(&self, task: Option<TaskId>) -> Option<Span> {
        task.map(|(function, block)| self.program.functions[function].body.blocks[block].terminator.span)
    }

    /// The innermost place in the user's code.
    fn place(&self, story: &[Frame]) -> Span {
        self.own(story).last().map_or_else(Span::default, |frame| frame.span)
    }

    pub fn circle(&self, edges: &[&Edge]) -> Candidate {
        let names: Vec<String> = edges.iter().map(|e| self.lock_name(&e.held.lock)).collect();
        let message = match &names[..] {
            [one] => {
                format!("two locks of one kind, {one}, are taken one after the other, in no fixed order")
            }
            [a, b] if a == b => format!("two locks of one kind, {a}, are taken in no fixed order"),
            _ => format!("{} are locked in different orders", names.join(" and ")),
        };
        let mut steps = Vec::new();
        for edge in edges {
            let task = self.task_span(edge.event.task);
            let (held, wanted) = (self.lock_name(&edge.held.lock), self.lock_name(&edge.event.on));
            steps.push(Step {
                span: self.place(&edge.held.story),
                text: format!("{held} is locked"),
                task,
                waits: false,
                elsewhere: Vec::new(),
            });
            let text = format!("and {wanted} is waited for");
            steps.push(Step {
                span: self.place(&edge.event.story),
                text,
                task,
                waits: true,
                elsewhere: self.elsewhere(edge.event),
            });
        }
        Candidate { kind: Kind::LockOrder, message, steps, actors: Vec::new(), is_warned: false }
    }

    pub fn read_twice(&self, event: &Event, first: &Held, writer: &Event) -> Candidate {
        let name = self.lock_name(&event.on);
        let task = self.task_span(event.task);
        let steps = vec![
            Step {
                span: self.place(&first.story),
                text: format!("{name} is locked for reading"),
                task,
                waits: false,
                elsewhere: Vec::new(),
            },
            Step {
                span: self.place(&writer.story),
                text: format!("somebody waits to lock {name} for writing"),
                task: self.task_span(writer.task),
                waits: true,
                elsewhere: self.elsewhere(writer),
            },
            Step {
                span: self.place(&event.story),
                text: format!("{name} is locked for reading again, behind the writer"),
                task,
                waits: true,
                elsewhere: self.elsewhere(event),
            },
        ];
        let message =
            format!("{name} is locked for reading twice, and somebody may want to write in between");
        Candidate { kind: Kind::ReadTwice, message, steps, actors: Vec::new(), is_warned: false }
    }

    /// How a message names what is waited for.
    pub fn object_name(&self, event: &Event) -> String {
        match (path::name(self.items, self.program, &event.on), event.what) {
            (name, _) if !name.is_empty() => format!("`{name}`"),
            (_, What::Wait(Wait::Send | Wait::Receive | Wait::Closed)) => "the channel".to_owned(),
            (_, What::Wait(Wait::Event)) => "an event".to_owned(),
            (_, What::Wait(Wait::Group)) => "a group".to_owned(),
            (_, What::Wait(Wait::Condvar)) => "a condition variable".to_owned(),
            _ => "a task".to_owned(),
        }
    }

    fn step(&self, event: &Event, text: impl Into<String>, waits: bool) -> Step {
        Step {
            span: self.place(&event.story),
            text: text.into(),
            task: self.task_span(event.task),
            waits,
            elsewhere: self.elsewhere(event),
        }
    }

    /// The other places in the user's own code where an event happens.
    fn elsewhere(&self, event: &Event) -> Vec<Span> {
        let own = event.elsewhere.iter().filter(|frame| self.is_own(frame.function));
        own.map(|frame| frame.span).collect()
    }

    pub fn single(&self, kind: Kind, message: String, event: &Event, text: &str) -> Candidate {
        Candidate {
            kind,
            message,
            steps: vec![self.step(event, text, true)],
            actors: Vec::new(),
            is_warned: false,
        }
    }

    pub fn pair(
        &self,
        kind: Kind,
        message: String,
        a: &Event,
        first: &str,
        b: &Event,
        second: &str,
    ) -> Candidate {
        Candidate {
            kind,
            message,
            steps: vec![self.step(a, first, true), self.step(b, second, false)],
            actors: Vec::new(),
            is_warned: false,
        }
    }

    /// A lock is held while somebody is waited for who needs it.
    pub fn held_over(&self, wait: &Event, lock: &Held, other: &Event, is_warned: bool) -> Candidate {
        let name = self.lock_name(&lock.lock);
        let message = match wait.what {
            What::Join(_) => format!("{name} is held while a task is waited for that needs it"),
            _ => format!("{name} is held over a wait, and whoever ends the wait needs it before"),
        };
        let steps = vec![
            Step {
                span: self.place(&lock.story),
                text: format!("{name} is locked here"),
                task: self.task_span(wait.task),
                waits: false,
                elsewhere: Vec::new(),
            },
            self.step(
                wait,
                format!("it is still held while this waits for {}", self.object_name(wait)),
                true,
            ),
            self.step(
                other,
                match wait.what {
                    What::Join(_) => format!("the task waits for {name} here"),
                    _ => format!("this would end the wait, but {name} is taken before"),
                },
                matches!(wait.what, What::Join(_)),
            ),
        ];
        Candidate { kind: Kind::HeldOver, message, steps, actors: Vec::new(), is_warned }
    }

    /// A wait that nobody can end: certain.
    pub fn endless(&self, found: &Endless) -> Option<Diagnostic> {
        let story = self.own(&found.story);
        let begin = story.first()?;
        let (what, label, because, help) = match found.why {
            Why::OwnSender => (
                "this loop never ends: the task that receives holds a sender itself",
                "ends when all senders are gone",
                "this sender lives on while the loop waits",
                "drop the sender before the loop, or move it to the one who sends",
            ),
            Why::NobodySends => (
                "nobody can send what is received here: this waits for ever",
                "waits for a message",
                "the only sender is in the hands of the one who waits",
                "give the sender to a task that sends, or drop it: a receive without senders fails",
            ),
            Why::NobodyReceives => (
                "nobody can receive what is sent here, and there is no room: this waits for ever",
                "waits for a receiver",
                "the only receiver is in the hands of the one who sends",
                "give the receiver to another task, or make a channel that holds more",
            ),
            Why::NoCase => (
                "no case of this `select` can ever be taken: this waits for ever",
                "waits for one of its cases",
                "a case needs the other end, which is in the hands of the one who waits",
                "give the other end to another task, or add a `timeout` or `default` case",
            ),
            Why::JoinNeedsLock => (
                "this waits for a task that needs a lock which is held here",
                "waits for the end of the task",
                "locked here before the task was started; the guard is still alive",
                "end the guard before the task is waited for",
            ),
        };
        let mut diagnostic = Diagnostic::error(codes::E0662, begin.span, what).label(label);
        for (i, frame) in self.own(&found.because).into_iter().enumerate() {
            let text = match i {
                0 => because,
                1 if found.why == Why::JoinNeedsLock => "the task is started here",
                _ => "and comes to need the lock here",
            };
            diagnostic = diagnostic.also(frame.span, text);
        }
        Some(diagnostic.help(help))
    }

    /// The same where the program cancels waits.
    pub fn endless_candidate(&self, found: &Endless) -> Option<Candidate> {
        let error = self.endless(found)?;
        let mut steps = vec![Step {
            span: self.place(&found.story),
            text: error.primary.text,
            task: None,
            waits: true,
            elsewhere: Vec::new(),
        }];
        steps.extend(error.secondary.into_iter().map(|l| Step {
            span: l.span,
            text: l.text,
            task: None,
            waits: false,
            elsewhere: Vec::new(),
        }));
        Some(Candidate {
            kind: Kind::Endless,
            message: format!("{}, unless it is cancelled", error.message),
            steps,
            actors: Vec::new(),
            is_warned: false,
        })
    }

    /// A circle of actors, each of which waits for an answer of the next one.
    pub fn asks(&self, circle: &[(hir::ty::Ty, &Story)]) -> Candidate {
        let name = |ty: hir::ty::Ty| hir::ty::display(self.items, ty).replace("'s state", "");
        let names: Vec<String> = circle.iter().map(|(ty, _)| format!("`{}`", name(*ty))).collect();
        let message = match &names[..] {
            [one] => format!(
                "an actor {one} waits for an answer of another {one}: never of itself, nor in a circle"
            ),
            names => format!("actors wait for answers in a circle: {}", names.join(" asks ")),
        };
        let steps = circle
            .iter()
            .map(|(ty, story)| Step {
                span: self.place(story),
                text: format!("`{}` waits for an answer", name(*ty)),
                task: None,
                waits: true,
                elsewhere: Vec::new(),
            })
            .collect();
        Candidate {
            kind: Kind::Asks,
            message,
            steps,
            actors: circle.iter().map(|(ty, _)| name(*ty)).collect(),
            is_warned: false,
        }
    }

    /// In the order of the source, each once.
    pub fn tidy(&self, findings: &mut Findings) {
        let of = &mut findings.diagnostics;
        of.sort_by_key(|d| (d.primary.span, d.severity));
        of.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
        // What is certain is said once.
        let errors: Vec<Span> = of.iter().filter(|d| d.is_error()).map(|d| d.primary.span).collect();
        of.retain(|d| {
            d.is_error() || !d.secondary.iter().chain([&d.primary]).any(|l| errors.contains(&l.span))
        });
        let candidates = &mut findings.candidates;
        candidates.retain(|c| !c.steps.iter().any(|step| errors.contains(&step.span)));
        candidates.sort_by(|a, b| {
            (a.kind, a.steps[0].span, &a.message).cmp(&(b.kind, b.steps[0].span, &b.message))
        });
        let same = |a: &Candidate, b: &Candidate| {
            a.kind == b.kind
                && a.message == b.message
                && a.steps.iter().map(|s| s.span).eq(b.steps.iter().map(|s| s.span))
        };
        candidates.dedup_by(|a, b| same(a, b));
        // Of tasks that do the same, whichever comes first makes the same circle.
        let mut circles: FxHashSet<Vec<Span>> = FxHashSet::default();
        candidates.retain(|c| {
            let mut spans: Vec<Span> = c.steps.iter().map(|step| step.span).collect();
            spans.sort();
            c.kind != Kind::LockOrder || circles.insert(spans)
        });
    }
}
