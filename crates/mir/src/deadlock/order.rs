//! Orders of locks that may make tasks wait for each other in a circle.
//!
//! An edge says: while somebody holds one lock he waits for another one. A circle of edges that belong to
//! different tasks, which may run at the same time, is a candidate, unless all of them hold a common lock
//! meanwhile (a gate) or two of them hold the same one. Locks are the same if their paths are, or, where a path is not
//! known, if they are declared at the same place.

use std::collections::BTreeSet;

use super::Findings;
use super::ops::Mode;
use super::path::Path;
use super::report::Reporter;
use super::summary::{Event, Held, Summary, TaskId, What};

/// Circles of more locks are not looked for.
const LONGEST: usize = 4;

/// One lock is waited for while another one is held.
pub struct Edge<'a> {
    pub event: &'a Event,
    pub mode: Mode,
    pub held: &'a Held,
}

pub fn look(reporter: &Reporter, summary: &Summary, findings: &mut Findings) {
    let mut edges = Vec::new();
    for event in &summary.events {
        let What::Lock(mode) = event.what else {
            continue;
        };
        for held in &event.held {
            if held.lock == event.on && held.lock.is_exact() {
                continue;
            }
            edges.push(Edge { event, mode, held });
        }
    }
    let mut circles = Circles { summary, edges: &edges, found: Vec::new(), seen: BTreeSet::new() };
    for start in 0..edges.len() {
        circles.extend(&mut vec![start]);
    }
    for circle in &circles.found {
        let edges: Vec<&Edge> = circle.iter().map(|&i| &edges[i]).collect();
        findings.candidates.push(reporter.circle(&edges));
    }
    read_twice(reporter, summary, findings);
}

struct Circles<'a> {
    summary: &'a Summary,
    edges: &'a [Edge<'a>],
    found: Vec<Vec<usize>>,
    seen: BTreeSet<Vec<usize>>,
}

impl Circles<'_> {
    /// Goes on from the last edge of a chain.
    fn extend(&mut self, chain: &mut Vec<usize>) {
        let last = &self.edges[chain[chain.len() - 1]];
        let first = &self.edges[chain[0]];
        if may_be_same(&last.event.on, &first.held.lock)
            && last.mode.excludes(first.held.mode)
            && (chain.len() > 1 || self.with_itself(last))
        {
            let mut key = chain.clone();
            key.sort();
            if self.seen.insert(key) {
                self.found.push(chain.clone());
            }
            return;
        }
        if chain.len() == LONGEST {
            return;
        }
        for next in 0..self.edges.len() {
            // The smallest edge begins, so that each circle is found once.
            if next <= chain[0] || chain.contains(&next) {
                continue;
            }
            let edge = &self.edges[next];
            if may_be_same(&last.event.on, &edge.held.lock)
                && last.mode.excludes(edge.held.mode)
                && chain.iter().all(|&i| self.together(&self.edges[i], edge))
            {
                chain.push(next);
                self.extend(chain);
                chain.pop();
            }
        }
    }

    /// Two tasks that do the same: only where the locks are of one declaration and not known to be one.
    fn with_itself(&self, edge: &Edge) -> bool {
        self.several(edge.event.task) && !(edge.event.on == edge.held.lock && edge.event.on.is_exact())
    }

    fn several(&self, task: Option<TaskId>) -> bool {
        task.is_some_and(|task| self.summary.tasks.get(&task) == Some(&true))
    }

    /// Whether two edges can be at the same time, each in a task of its own.
    fn together(&self, a: &Edge, b: &Edge) -> bool {
        let parallel = match (a.event.task, b.event.task) {
            (x, y) if x == y => self.several(x),
            (x, y) => {
                x.is_some_and(|x| b.event.live.contains(&x)) || y.is_some_and(|y| a.event.live.contains(&y))
            }
        };
        let common = a.event.held.iter().any(|x| {
            b.event.held.iter().any(|y| x.lock == y.lock && x.lock.is_exact() && x.mode.excludes(y.mode))
        });
        parallel && !common
    }
}

/// Whether two paths may be one object.
pub fn may_be_same(a: &Path, b: &Path) -> bool {
    if a == b && a.is_exact() {
        return true;
    }
    !(a.is_owned() && b.is_owned()) && a.class().is_some() && a.class() == b.class()
}

/// A read lock that is taken by one who has it, while somebody may wait to write.
fn read_twice(reporter: &Reporter, summary: &Summary, findings: &mut Findings) {
    for event in &summary.events {
        if event.what != What::Lock(Mode::Read) {
            continue;
        }
        let same = |h: &&Held| h.mode == Mode::Read && may_be_same(&h.lock, &event.on);
        let Some(first) = event.held.iter().find(same) else {
            continue;
        };
        let writer = summary.events.iter().find(|w| {
            w.what == What::Lock(Mode::Exclusive)
                && may_be_same(&w.on, &event.on)
                && (w.task != event.task
                    && (w.task.is_some_and(|t| event.live.contains(&t))
                        || event.task.is_some_and(|t| w.live.contains(&t)))
                    || w.task == event.task && w.task.is_some_and(|t| summary.tasks.get(&t) == Some(&true)))
        });
        if let Some(writer) = writer {
            findings.candidates.push(reporter.read_twice(event, first, writer));
        }
    }
}
