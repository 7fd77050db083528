//! Shrinking: of a schedule that fails, one that fails the same way with fewer context switches and fewer steps.
//!
//! Delta debugging (Zeller, Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", TSE 2002) over the
//! points at which the default was not taken. Candidates are replayed leniently, so that each is some execution; what counts is what
//! really happened in it.

use crate::schedule::{Run, Schedule};

/// Shrinks `failing`. `replay` executes a candidate (see [`Replay::lenient`](crate::Replay::lenient)) and answers with what happened if that failed in the
/// same way. It is asked at most `budget` times.
pub fn shrink(failing: Run, budget: u32, replay: &mut dyn FnMut(&Schedule) -> Option<Run>) -> Run {
    let mut search = Search { best: failing, left: budget, replay };
    loop {
        let before = search.left;
        let better = search.cut() | search.revert() | search.remove() | search.change();
        if !better || search.left == before || search.left == 0 {
            return search.best;
        }
    }
}

struct Search<'a> {
    best: Run,
    left: u32,
    replay: &'a mut dyn FnMut(&Schedule) -> Option<Run>,
}

fn cost(run: &Run) -> (u32, u32, usize, &[u32]) {
    (run.switches, run.steps, run.schedule.deviations(), &run.schedule.choices)
}

impl Search<'_> {
    /// Whether other choices are better, in which case they are the best.
    fn attempt(&mut self, choices: Vec<u32>) -> bool {
        if self.left == 0 || choices == self.best.schedule.choices {
            return false;
        }
        self.left -= 1;
        let schedule = Schedule { choices, ..Schedule::default() };
        match (self.replay)(&schedule) {
            Some(run) if cost(&run) < cost(&self.best) => {
                self.best = run;
                true
            }
            _ => false,
        }
    }

    fn choices(&self) -> &[u32] {
        &self.best.schedule.choices
    }

    /// Only the beginning, then defaults.
    fn cut(&mut self) -> bool {
        let mut better = false;
        let mut keep = 0;
        while keep < self.choices().len() {
            let rest = self.choices().len() - keep;
            if self.attempt(self.choices()[..keep].to_vec()) {
                better = true;
                keep = 0;
            } else {
                keep += rest.div_ceil(2);
            }
        }
        better
    }

    /// Changes runs of choices, long ones first.
    fn runs(&mut self, change: impl Fn(&mut Vec<u32>, std::ops::Range<usize>)) -> bool {
        let mut better = false;
        let mut size = self.choices().len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.choices().len() {
                let mut choices = self.choices().to_vec();
                let end = (at + size).min(choices.len());
                change(&mut choices, at..end);
                if self.attempt(choices) {
                    better = true;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        better
    }

    /// The default in place of what was chosen.
    fn revert(&mut self) -> bool {
        self.runs(|choices, run| choices[run].fill(0))
    }

    /// Leaves points out, so that what was chosen later is chosen earlier.
    fn remove(&mut self) -> bool {
        self.runs(|choices, run| {
            choices.drain(run);
        })
    }

    /// Each choice for itself: another option, or made a little later or earlier.
    fn change(&mut self) -> bool {
        let mut better = false;
        let mut at = 0;
        while at < self.choices().len() {
            let here = self.choices()[at];
            // What is better may be shorter.
            let mut attempt = |change: &dyn Fn(&mut Vec<u32>)| {
                let mut choices = self.choices().to_vec();
                if at < choices.len() {
                    change(&mut choices);
                    better |= self.attempt(choices);
                }
            };
            if here != 0 {
                for other in 0..here {
                    attempt(&|choices| choices[at] = other);
                }
                for distance in 1..=4 {
                    attempt(&|choices| {
                        choices.splice(at..at, std::iter::repeat_n(0, distance));
                    });
                }
                for to in at.saturating_sub(4)..at {
                    attempt(&|choices| choices[to] = std::mem::take(&mut choices[at]));
                }
            }
            at += 1;
        }
        better
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is better may be shorter than the place that is being looked at.
    #[test]
    fn runs_may_get_shorter_under_way() {
        let mut run = Run {
            schedule: Schedule { choices: vec![3; 40], ..Schedule::default() },
            switches: 1_000,
            steps: 1_000,
        };
        let mut answered = 0;
        let found = shrink(run.clone(), 5_000, &mut |schedule| {
            answered += 1;
            // Another way to the same failure, better each tenth time.
            if answered % 10 > 0 {
                return None;
            }
            run.switches -= 1;
            let kept = schedule.choices.len().saturating_sub(3);
            run.schedule.choices = schedule.choices[..kept].to_vec();
            Some(run.clone())
        });
        assert_eq!(found.schedule.choices, run.schedule.choices);
        assert!(found.schedule.choices.len() < 40);
    }
}
