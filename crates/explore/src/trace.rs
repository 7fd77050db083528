//! One execution, to be shown: who did what, where, because of what, and who waits for whom at the end.
//!
//! Whoever executes builds a [`Trace`]; here it is only drawn: as text in columns ([`Trace::to_text`]), as data
//! ([`Trace::to_json`]), as a sequence diagram ([`Trace::to_svg`]), and as a page to step through ([`Trace::to_html`]). Each drawing depends on the
//! trace alone, so equal traces give equal bytes.

mod html;
mod json;
mod svg;
mod text;

use std::fmt;

/// A place in a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a step was possible only after an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrow {
    /// From the spawn to the task's first step.
    Spawn,
    /// From a task's last step to its join.
    End,
    /// From a send to its receive.
    Message,
    /// From an unlock to the next lock.
    Lock,
    /// From whoever woke it.
    Wake,
}

impl Arrow {
    fn name(self) -> &'static str {
        match self {
            Arrow::Spawn => "spawn",
            Arrow::End => "end",
            Arrow::Message => "message",
            Arrow::Lock => "lock",
            Arrow::Wake => "wake",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The place of its task in [`Trace::tasks`].
    pub task: usize,
    /// What was done, as in `lock accounts`.
    pub text: String,
    /// The object's name, where there is one.
    pub object: Option<String>,
    pub place: Option<Place>,
    /// Earlier steps that made this one possible.
    pub causes: Vec<(usize, Arrow)>,
}

/// A task that waits for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    pub task: usize,
    pub text: String,
    pub object: Option<String>,
    pub place: Option<Place>,
    /// The tasks that could end the wait: who holds the lock, whom it joins.
    pub on: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// The tasks' names, in the order of their columns.
    pub tasks: Vec<String>,
    pub steps: Vec<Step>,
    pub waits: Vec<Wait>,
}

impl Trace {
    /// The shortest circle of tasks of which each waits for the next one, as places in `tasks`; empty if there is none.
    pub fn cycle(&self) -> Vec<usize> {
        let on =
            |task: usize| self.waits.iter().filter(move |wait| wait.task == task).flat_map(|wait| &wait.on);
        let mut shortest = Vec::new();
        for wait in &self.waits {
            // Breadth first from this task back to it.
            let start = wait.task;
            let mut came_from = vec![None; self.tasks.len()];
            let mut queue = std::collections::VecDeque::from([start]);
            while let Some(task) = queue.pop_front() {
                if on(task).any(|next| *next == start) {
                    let mut cycle = vec![task];
                    while cycle[cycle.len() - 1] != start {
                        cycle.extend(came_from[cycle[cycle.len() - 1]]);
                    }
                    cycle.reverse();
                    if shortest.is_empty() || cycle.len() < shortest.len() {
                        shortest = cycle;
                    }
                    break;
                }
                for next in on(task) {
                    if came_from[*next].is_none() && *next != start {
                        came_from[*next] = Some(task);
                        queue.push_back(*next);
                    }
                }
            }
        }
        shortest
    }

    /// The circle in words, as in `a waits for y, held by b; b waits for x, held by a`.
    fn cycle_in_words(&self) -> Option<String> {
        let cycle = self.cycle();
        let words = |(at, task): (usize, &usize)| {
            let wait =
                self.waits.iter().find(|wait| wait.task == *task).expect("each task of a circle waits");
            let next = &self.tasks[cycle[(at + 1) % cycle.len()]];
            let what = wait.object.as_ref().unwrap_or(&wait.text);
            format!("{} waits for {what}, which is up to {next}", self.tasks[*task])
        };
        let words: Vec<String> = cycle.iter().enumerate().map(words).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Whether one task waits for another as part of the circle.
    fn in_cycle(cycle: &[usize], from: usize, to: usize) -> bool {
        (0..cycle.len()).any(|at| cycle[at] == from && cycle[(at + 1) % cycle.len()] == to)
    }
}

/// Text in XML or HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// At most so many characters of a text, on one line.
fn short(text: &str, most: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= most {
        return clean.collect();
    }
    clean.take(most.saturating_sub(1)).chain(['…']).collect()
}
