//! Whether workers share tasks that others have woken and will come to in a moment.
//!
//! Where tasks talk to each other in short turns, two workers may do twice as much as one (clients that each talk to somebody else) or half as
//! much (all of them talk to one, whose memory then goes back and forth). Nothing that a thief sees of the tasks tells which. So
//! it is tried: how many waiting calls (sends, receives) all workers make in a time is compared with and without sharing, and the better way
//! is kept for a while, longer the more often it has won (after the hill climbing by which .NET's thread pool finds its number of
//! threads). To share must be worth the second processor.
//!
//! The figures are hints: any worker that searches, or watches, or comes by while tasks are shared may end a period.

use super::Sched;
use crate::sync::global::{AtomicI64, AtomicU64};
use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// How long a way is tried, after what it takes to get under way.
const TRIAL: i64 = 600_000;
const SETTLING: i64 = 200_000;
/// How long the better one is kept, at first and at most.
const KEPT: i64 = 8_000_000;
const LONGEST: i64 = 64_000_000;
/// To share must make more of them by one in so many.
const WORTH: u64 = 5;
/// After so long without a look the figures are of another time.
const OLD: i64 = 1_000_000_000;

/// What a period is for: the better way is kept; the other one gets under way; it is tried.
const KEEPS: u32 = 0;
const SETTLES: u32 = 1;
const TRIES: u32 = 2;

pub(super) struct Sharing {
    on: AtomicBool,
    /// The period under way: since when, how many calls had been made then, and until when, at least.
    since: AtomicI64,
    calls: AtomicU64,
    until: AtomicI64,
    /// What the period is for.
    stage: AtomicU32,
    /// How many calls a second there were in the way that was kept before the trial.
    rate: AtomicU64,
    /// How long the next period is.
    keep: AtomicI64,
    /// A worker has had nothing to do in this period.
    idle: AtomicBool,
}

impl Sharing {
    pub(super) fn new() -> Sharing {
        Sharing {
            on: AtomicBool::new(false),
            since: AtomicI64::new(0),
            calls: AtomicU64::new(0),
            until: AtomicI64::new(0),
            stage: AtomicU32::new(KEEPS),
            rate: AtomicU64::new(0),
            keep: AtomicI64::new(KEPT),
            idle: AtomicBool::new(false),
        }
    }

    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// A worker has found nothing that it may take, though others have woken tasks.
    pub(super) fn note_idle(&self) {
        self.idle.store(true, Ordering::Relaxed);
    }

    /// Ends the period if it is over.
    pub(super) fn look(&self, sched: &Sched, now: i64) {
        let until = self.until.load(Ordering::Relaxed);
        // One of those that see it does it.
        let (set, seen) = (Ordering::AcqRel, Ordering::Relaxed);
        if now < until || self.until.compare_exchange(until, i64::MAX, set, seen).is_err() {
            return;
        }
        let calls = sched.workers().map(|worker| worker.calls()).fold(0, u64::wrapping_add);
        let time = now - self.since.load(Ordering::Relaxed);
        let made = calls.wrapping_sub(self.calls.load(Ordering::Relaxed));
        let rate = u64::try_from(u128::from(made) * 1_000_000_000 / time.max(1).unsigned_abs() as u128)
            .unwrap_or(u64::MAX);
        let length = self.decide(rate, now - until > OLD);
        self.idle.store(false, Ordering::Relaxed);
        self.calls.store(calls, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        // Release: who ends it sees the rest.
        self.until.store(now + length, Ordering::Release);
    }

    /// A period has ended in which so many calls were made a second. Gives the length of the next one.
    fn decide(&self, rate: u64, old: bool) -> i64 {
        let on = self.is_on();
        let stage = self.stage.load(Ordering::Relaxed);
        let go_on = |on, stage, length| {
            self.on.store(on, Ordering::Relaxed);
            self.stage.store(stage, Ordering::Relaxed);
            length
        };
        if old {
            self.keep.store(KEPT, Ordering::Relaxed);
            return go_on(false, KEEPS, TRIAL);
        }
        match stage {
            KEEPS => {
                self.rate.store(rate, Ordering::Relaxed);
                return go_on(!on, SETTLES, SETTLING);
            }
            SETTLES => return go_on(on, TRIES, TRIAL),
            _ => {}
        }
        let before = self.rate.load(Ordering::Relaxed);
        let better = if on {
            rate > before + before / WORTH
        } else {
            // If nobody missed anything, nothing was seen of what it is like without.
            self.idle.load(Ordering::Relaxed) && rate + rate / WORTH >= before
        };
        if better {
            self.keep.store(KEPT, Ordering::Relaxed);
            return go_on(on, KEEPS, KEPT);
        }
        let keep = self.keep.load(Ordering::Relaxed);
        self.keep.store((2 * keep).min(LONGEST), Ordering::Relaxed);
        go_on(!on, KEEPS, keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods in turn, each with the rate that it had.
    fn periods(sharing: &Sharing, rates: &[u64]) -> i64 {
        rates.iter().map(|rate| sharing.decide(*rate, false)).last().expect("some")
    }

    #[test]
    fn what_is_better_is_kept_and_tried_again() {
        let sharing = Sharing::new();
        assert_eq!(sharing.decide(7, true), TRIAL);
        assert_eq!(periods(&sharing, &[100, 0, 130]), KEPT);
        assert!(sharing.is_on());
        // Nobody was idle without: that says nothing.
        assert_eq!(periods(&sharing, &[130, 0, 130]), KEPT);
        assert!(sharing.is_on());
        sharing.note_idle();
        assert_eq!(periods(&sharing, &[130, 0, 100]), 2 * KEPT);
        assert!(sharing.is_on());
        // As fast without, but for one processor.
        sharing.note_idle();
        assert_eq!(periods(&sharing, &[130, 0, 115]), KEPT);
        assert!(!sharing.is_on());
    }

    #[test]
    fn what_does_not_pay_is_tried_less_and_less_often() {
        let sharing = Sharing::new();
        let mut last = 0;
        for _ in 0..10 {
            let length = periods(&sharing, &[100, 0, 115]);
            assert!(!sharing.is_on() && length >= last);
            last = length;
        }
        assert_eq!(last, LONGEST);
        assert_eq!(sharing.decide(100, true), TRIAL);
        assert_eq!(periods(&sharing, &[100, 0, 115]), KEPT);
    }
}
