//! How workers help each other: what one that has nothing to do takes from the others, and when.
//!
//! Tasks not begun are anybody's. Those that were woken are left alone for a while (see `idle`), unless the task that they wait for
//! computes instead of sending and receiving, or it was tried that to share them pays (`sharing`).

use super::{SHARE, Worker};
use crate::sched::Sched;
use crate::sync::global::{AtomicI64, AtomicU64};
use crate::sync::{AtomicU32, Ordering, spin_loop};
use crate::task::Task;
use crate::{clock, random};

/// How long a searcher looks round before it sleeps, the watcher before its next nap, and how often they pause in between.
const SEARCH: i64 = 15_000;
const WATCH: i64 = 5_000;
const PAUSES: u32 = 40;
/// After so long, tasks that were woken are anybody's,
const RIPE: i64 = 1_000_000;
/// or when the task before them has not made a round of waiting calls for so long: it is worth fetching a little memory.
const COMPUTES: i64 = 3_000;
/// How long the watcher sleeps: at first, and when it has found nothing for a while.
const NAP: i64 = 100_000;
const LONGEST_NAP: i64 = 400_000;
/// How often the watcher looks again after it has seen something to watch.
const LOOKS: u32 = 2;
/// After so long without one, naps are short again.
const NAPS_END: i64 = 10_000_000;

/// Notes of thieves about a worker, and of the worker itself when it calls one. Each is only a hint.
pub(super) struct Seen {
    /// The end of `ready`, and when that was.
    tail: AtomicU32,
    at: AtomicI64,
    /// Its turn and rounds, which change with whatever it does, and when that was first seen.
    progress: AtomicU64,
    progress_at: AtomicI64,
}

impl Seen {
    pub(super) fn new() -> Seen {
        Seen {
            tail: AtomicU32::new(0),
            at: AtomicI64::new(0),
            progress: AtomicU64::new(0),
            progress_at: AtomicI64::new(0),
        }
    }
}

impl Worker {
    /// Looks for work elsewhere, for a little while.
    pub(super) fn search(&self, sched: &'static Sched) -> Option<*mut Task> {
        if !self.own.searching.get() {
            if !sched.idle.begin_search() {
                return None;
            }
            self.own.searching.set(true);
        }
        let patience = if self.own.looks.get() > 0 { WATCH } else { SEARCH };
        let (mut now, mut last) = (clock::monotonic(), false);
        let end = now + patience;
        self.look_outside(sched);
        loop {
            self.fire_due(sched);
            let slot = self.take_slot();
            if !slot.is_null() {
                return Some(slot);
            }
            if let Some(task) = self.steal(sched, now).or_else(|| self.take_injected(sched, SHARE)) {
                self.own.nap.set(0);
                self.own.looks.set(0);
                return Some(task);
            }
            if last {
                let shared = sched.sharing.is_on();
                if sched.has_woken() {
                    sched.sharing.note_idle();
                    sched.sharing.look(sched, now);
                }
                // They are shared from now on: there may be something.
                if shared || !sched.sharing.is_on() {
                    return None;
                }
            }
            for _ in 0..PAUSES {
                spin_loop();
            }
            now = clock::monotonic();
            last = now >= end;
        }
    }

    /// Takes up to half of another worker's tasks: those not begun first, the oldest first.
    fn steal(&self, sched: &Sched, now: i64) -> Option<*mut Task> {
        let count = sched.made();
        let start = random::below(count);
        for i in 0..count {
            let Some(victim) = sched.worker((start + i) % count) else { continue };
            if victim.index == self.index {
                continue;
            }
            let stolen = self.take(victim.fresh.len(), || victim.fresh.pop_oldest()).or_else(|| {
                self.take(victim.can_spare(now, sched.sharing.is_on()), || victim.ready.pop_oldest())
            });
            if stolen.is_some() {
                return stolen;
            }
        }
        None
    }

    /// How many of the tasks that it has woken others may share, as a thief sees it.
    fn can_spare(&self, now: i64, shares: bool) -> u32 {
        let (head, tail) = self.ready.ends();
        let there = tail.wrapping_sub(head).cast_signed();
        if there <= 0 {
            return 0;
        }
        let seen = self.seen.tail.load(Ordering::Relaxed).wrapping_sub(head).cast_signed();
        if seen <= 0 || seen > there {
            // All that were there have been run.
            self.mark(now);
        }
        self.mark_progress(now);
        let waited = now - self.seen.at.load(Ordering::Relaxed);
        let computes = now - self.seen.progress_at.load(Ordering::Relaxed) >= COMPUTES;
        if computes || waited >= RIPE || shares && there > 1 { there.cast_unsigned() } else { 0 }
    }

    /// Notes what is there now.
    pub(in crate::sched) fn mark(&self, now: i64) {
        self.seen.tail.store(self.ready.ends().1, Ordering::Relaxed);
        self.seen.at.store(now, Ordering::Relaxed);
    }

    fn mark_progress(&self, now: i64) {
        let (turn, rounds) = (self.turn.load(Ordering::Relaxed), self.rounds.load(Ordering::Relaxed));
        let progress = u64::from(turn) << 32 | u64::from(rounds);
        if self.seen.progress.load(Ordering::Relaxed) != progress {
            self.seen.progress.store(progress, Ordering::Relaxed);
            self.seen.progress_at.store(now, Ordering::Relaxed);
        }
    }

    fn take(&self, there: u32, pop: impl Fn() -> Option<*mut Task>) -> Option<*mut Task> {
        if there == 0 {
            return None;
        }
        let first = pop()?;
        for _ in 1..there.div_ceil(2).min(SHARE as u32) {
            let Some(task) = pop() else { break };
            self.queue(task);
        }
        Some(first)
    }

    /// Whether it sleeps as the watcher: others have woken tasks, now or the last time it looked, and nobody else watches.
    pub(super) fn watches(&self, sched: &Sched) -> bool {
        let looks = if sched.has_woken() { LOOKS } else { self.own.looks.get().saturating_sub(1) };
        let watches = looks > 0 && sched.idle.watch();
        self.own.looks.set(if watches { looks } else { 0 });
        watches
    }

    /// When the watcher looks again: the longer it finds nothing, the later.
    pub(super) fn nap_ends(&self) -> i64 {
        let now = clock::monotonic();
        let recently = now - self.own.nap_at.get() < NAPS_END;
        let nap = if recently { (2 * self.own.nap.get()).clamp(NAP, LONGEST_NAP) } else { NAP };
        self.own.nap.set(nap);
        self.own.nap_at.set(now + nap);
        now + nap
    }
}
