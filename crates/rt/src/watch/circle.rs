//! Who needs whom at the moment, and circles in it.

use std::collections::{HashMap, HashSet};

use crate::runner::Runner;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{LOT, Node, Reason, Stamp, Wait};
use crate::who::{self, What};

/// How many of a bucket's waiters are looked at, and of a scope's tasks: a queue as long as that leads to the same holder.
const MOST: usize = 256;

/// A waiter in one of its waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Waiter {
    pub(super) run: *const Runner,
    pub(super) stamp: Stamp,
}

/// Each waits for the next, and the last for the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Circle(pub(super) Vec<Waiter>);

impl Circle {
    /// Whether somebody is in both.
    pub(super) fn meets(&self, other: &Circle) -> bool {
        self.0.iter().any(|waiter| other.0.contains(waiter))
    }

    /// The same circle, told from the same member, whoever it was found by.
    fn from_least(mut waiters: Vec<Waiter>) -> Circle {
        let least = (0..waiters.len()).min_by_key(|i| waiters[*i].run.addr()).unwrap_or(0);
        waiters.rotate_left(least);
        Circle(waiters)
    }
}

/// Something that is waited for.
struct Thing {
    needed: Vec<Waiter>,
    /// Of a read-write lock that is held by readers: who is first in the queue.
    first: Option<Waiter>,
}

/// What one look saw.
#[derive(Default)]
pub(super) struct Graph {
    /// By the object of the waits for them.
    things: HashMap<usize, Thing>,
    /// Who waits; `None` if two waits of one were seen.
    waiters: HashMap<*const Runner, Option<Stamp>>,
}

fn reads(stamp: Stamp) -> bool {
    stamp.reason() == Reason::ReadLock as u8
}

impl Graph {
    pub(super) fn look() -> Graph {
        let mut graph = Graph::default();
        for bucket in LOT.buckets() {
            let queue = bucket.queue.lock();
            queue.each(MOST, |node| graph.see(node));
        }
        graph
    }

    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    fn note(&mut self, waiter: Waiter) {
        let seen = self.waiters.entry(waiter.run).or_insert(Some(waiter.stamp));
        if *seen != Some(waiter.stamp) {
            *seen = None;
        }
    }

    /// A node that is linked, with its bucket's lock held.
    fn see(&mut self, node: &Node) {
        // SAFETY: under the lock, the wait of a linked node is alive, and part of a runner.
        let (wait, run) = unsafe { (&*node.wait(), Runner::of_wait(node.wait())) };
        let Some(waiter) = waiter_of(run, wait) else { return };
        let object = waiter.stamp.object;
        let Some(what) = who::what(waiter.stamp.reason(), object) else { return };
        self.note(waiter);
        if self.things.contains_key(&object) {
            return;
        }
        let mut thing = Thing { needed: Vec::new(), first: None };
        let usable = match what {
            // SAFETY: what is waited for is valid meanwhile.
            What::Lock(word) => unsafe { holder_is_known(&*word, waiter, &mut thing) },
            // There may be several, but the one who waits needs it.
            What::Reply(task) => !task.is_null(),
            _ => true,
        };
        if usable {
            // SAFETY: the node is linked, and the lock held.
            unsafe {
                who::each_needed(&what, MOST, |run| {
                    thing.needed.extend(waiter_of(run, &run.wait));
                });
            }
        }
        for needed in thing.needed.clone() {
            self.note(needed);
        }
        self.things.insert(object, thing);
    }

    /// Whom a waiter waits for.
    fn next(&self, waiter: Waiter) -> impl Iterator<Item = Waiter> {
        let thing = self.things.get(&waiter.stamp.object);
        let behind = thing.and_then(|thing| thing.first).filter(|_| reads(waiter.stamp));
        let needed = match behind {
            // It is let in after the writer that is first.
            Some(first) if first == waiter || reads(first.stamp) => Vec::new(),
            Some(first) => vec![first],
            None => thing.map_or_else(Vec::new, |thing| thing.needed.clone()),
        };
        needed.into_iter().filter(|next| self.waiters.get(&next.run) == Some(&Some(next.stamp)))
    }

    /// The circles; of those that share a member, one.
    pub(super) fn circles(&self) -> Vec<Circle> {
        let mut done: HashSet<*const Runner> = HashSet::new();
        let mut found = Vec::new();
        for (run, stamp) in &self.waiters {
            if let Some(stamp) = stamp {
                self.search(Waiter { run: *run, stamp: *stamp }, &mut done, &mut found);
            }
        }
        found
    }

    /// Goes from one waiter as far as it leads, in depth.
    fn search(&self, start: Waiter, done: &mut HashSet<*const Runner>, found: &mut Vec<Circle>) {
        if !done.insert(start.run) {
            return;
        }
        let mut path = vec![start];
        let mut left: Vec<Vec<Waiter>> = vec![self.next(start).collect()];
        while let Some(options) = left.last_mut() {
            let Some(next) = options.pop() else {
                left.pop();
                path.pop();
                continue;
            };
            if let Some(at) = path.iter().position(|waiter| waiter.run == next.run) {
                found.push(Circle::from_least(path[at..].to_vec()));
            } else if done.insert(next.run) {
                path.push(next);
                left.push(self.next(next).collect());
            }
        }
    }

    /// Whether every step of the circle is seen here, too.
    pub(super) fn has(&self, circle: &Circle) -> bool {
        let waiters = &circle.0;
        (0..waiters.len()).all(|i| {
            let (this, after) = (waiters[i], waiters[(i + 1) % waiters.len()]);
            self.waiters.get(&this.run) == Some(&Some(this.stamp))
                && self.next(this).any(|next| next == after)
        })
    }
}

fn waiter_of(run: *const Runner, wait: &Wait) -> Option<Waiter> {
    wait.stamp().map(|stamp| Waiter { run, stamp })
}

/// Whether who is named behind a lock's word cannot let go of it without the bucket's lock, which is held: somebody is queued,
/// and the word says so. Of a lock that others read, `first` is told.
fn holder_is_known(word: &AtomicU32, first: Waiter, thing: &mut Thing) -> bool {
    use abi::protocol::{mutex, rwlock};
    let seen = word.load(Ordering::Acquire);
    if first.stamp.reason() == Reason::Lock as u8 {
        return seen == mutex::CONTENDED;
    }
    if seen & rwlock::QUEUED == 0 {
        return false;
    }
    if seen & rwlock::WRITER == 0 {
        thing.first = Some(first);
    }
    true
}
