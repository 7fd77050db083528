//! Who goes next, and what it means if nobody can.

use explore::{Case, Choice, Outcome, Pending, Reason, Stuck, TaskId};
use smallvec::SmallVec;

use super::super::access::{Accesses, Touches};
use super::super::op::{GOT, INTERRUPTED, Op, TIME_OUT};
use super::crowd::{Able, MANY};
use super::{CLEANING_STEPS, Exec, Fiber, Phase, State, TIMERS_AFTER_MAIN, Verdict};

/// Whose last steps were all in vain, so many of them, seems to poll.
const POLLS: u32 = 100;
/// So many in a row by those who can go, for each of them, and time passes.
const PATIENCE: u64 = 100;
/// Time passes as well after so many steps of whatever kind: who computes needs some, too.
const STEPS_AT_ONE_TIME: u64 = 100_000;

impl Fiber {
    pub(super) fn seems_to_poll(&self) -> bool {
        self.vain >= POLLS
    }
}

impl Exec {
    /// Who runs next; nobody if the execution is over.
    pub(super) fn next(&mut self) -> Option<usize> {
        loop {
            if self.phase == Phase::Cleaning {
                return self.next_to_clean();
            }
            if let Some(index) = self.fresh.pop() {
                return Some(index);
            }
            if let Some(failure) = self.failure.take() {
                self.conclude(failure, Outcome::Cut);
                continue;
            }
            match self.choose() {
                Ok(index) => return Some(index),
                Err((verdict, outcome)) => self.conclude(verdict, outcome),
            }
        }
    }

    fn choose(&mut self) -> Result<usize, (Verdict, Outcome)> {
        self.steps += 1;
        if self.steps > self.settings.most_steps {
            return Err((Verdict::TooLong, Outcome::Cut));
        }
        let mut pending = std::mem::take(&mut self.pending);
        self.find_pending(&mut pending);
        if self.few.is_none() && pending.is_empty() && self.fresh.is_empty() && !self.are_many() {
            // A look at everyone, whether or not anything seems to have changed for them.
            self.look_at_all_again();
            self.find_pending(&mut pending);
        }
        if let Some(index) = self.fresh.pop() {
            self.steps -= 1;
            self.pending = pending;
            return Ok(index);
        }
        let many = self.are_many();
        let mut quiescent = pending.is_empty() && !many;
        if quiescent || self.settings.hasty {
            self.add_timers(&mut pending);
        } else if self.time_is_due(pending.len()) {
            let mut timers = Vec::new();
            self.add_timers(&mut timers);
            if !timers.is_empty() {
                (pending, quiescent, self.let_pass) = (timers, true, true);
            }
        }
        // SAFETY: by the contract of `run`.
        let strategy = unsafe { &mut *self.strategy };
        let choice = if many && !quiescent {
            self.crowd.timers.clone_from(&pending);
            Some(strategy.choose_in_crowd(&Able(self), self.previous))
        } else {
            (!pending.is_empty()).then(|| strategy.choose(&pending, self.previous))
        };
        self.pending = pending;
        match choice {
            None => Err((self.quiet_verdict(), Outcome::Quiescent)),
            Some(Choice::Step { task, alternative }) => Ok(self.take_step(task, alternative, quiescent)),
            Some(Choice::Abandon(Reason::Livelock)) => Err((Verdict::Livelock, Outcome::Abandoned)),
            Some(Choice::Abandon(_)) => Err((Verdict::Abandoned, Outcome::Abandoned)),
        }
    }

    /// So many can go that they are not listed.
    fn are_many(&self) -> bool {
        self.crowded && self.crowd.able() > MANY
    }

    /// What is learnt of by an operation before which nobody stands once it has become possible; `None` if it is another one.
    #[inline]
    pub(super) fn goes_at_once(&self, op: &Op) -> Option<usize> {
        let of = match *op {
            Op::Join(at) => at,
            Op::Scope { live } => live.addr(),
            _ => return None,
        };
        op.is_silent(self.looked).then_some(of)
    }

    /// Lists those who can go, unless they are many. Who stands before a silent operation that has become possible goes at once; who would wait is
    /// set aside until something happens to what it waits for.
    fn find_pending(&mut self, pending: &mut Vec<Pending>) {
        pending.clear();
        if let Some(few) = self.few {
            return self.find_pending_of_few(few, pending);
        }
        if self.standing.len() > MANY {
            self.becomes_crowded();
        }
        if self.crowded {
            self.settle_crowd();
            if self.fresh.is_empty() && !self.are_many() {
                let mut able: SmallVec<[usize; MANY]> =
                    (0..self.crowd.able()).map(|n| self.nth_able(n)).collect();
                able.sort_unstable();
                pending.extend(able.into_iter().map(|index| self.as_pending(index)));
            }
            return;
        }
        if self.standing.len() <= 32 {
            // In the order in which they came into being: makes for simple schedules.
            self.standing.sort_unstable();
        }
        let mut kept = 0;
        for place in 0..self.standing.len() {
            let index = self.standing[place];
            let enabled = self.enabled(index);
            if enabled == 0 {
                self.set_aside(index);
                continue;
            }
            if self.goes_now(index) {
                continue;
            }
            pending.push(Pending { enabled, ..self.fibers[index].told });
            self.standing[kept] = index;
            kept += 1;
        }
        self.standing.truncate(kept);
    }

    /// The same where there are so few that all of them are looked at each time.
    fn find_pending_of_few(&mut self, few: u32, pending: &mut Vec<Pending>) {
        let (mut left, mut gone) = (few, 0);
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            let fiber = &self.fibers[index];
            // SAFETY: a fiber's runner is alive as long as it has not ended.
            if fiber.always && unsafe { (*fiber.run).is_undisturbed() } {
                pending.push(fiber.told);
                continue;
            }
            let enabled = self.enabled(index);
            if enabled == 0 {
                continue;
            }
            if self.goes_now(index) {
                gone |= 1 << index;
                continue;
            }
            pending.push(Pending { enabled, ..self.fibers[index].told });
        }
        self.few = Some(few & !gone);
    }

    /// Whether a fiber that stands, and can go, does so at once: before an operation that is silent.
    #[inline]
    fn goes_now(&mut self, index: usize) -> bool {
        let Some(of) = self.goes_at_once(&self.fibers[index].op) else { return false };
        self.learn(index, of);
        self.fibers[index].state = State::Fresh;
        self.fresh.push(index);
        true
    }

    /// A fiber that stands, and what of its operation is possible, for a strategy.
    #[inline]
    pub(super) fn able(&self, index: usize, enabled: u64) -> Pending {
        let fiber = &self.fibers[index];
        debug_assert_eq!(fiber.state, State::Stands);
        Pending {
            task: fiber.id,
            enabled,
            yielded: fiber.yielded,
            looks: !fiber.op.changes(),
            in_vain: fiber.seems_to_poll(),
            at: fiber.spots.first().copied().unwrap_or(0),
        }
    }

    /// Another fiber has come into being: if they are few no more, they are not all looked at each time.
    pub(super) fn counts_fibers(&mut self) {
        if let Some(mut few) = self.few
            && self.live > u32::BITS as usize
        {
            self.few = None;
            while few != 0 {
                self.standing.push(few.trailing_zeros() as usize);
                few &= few - 1;
            }
        }
    }

    /// The alternatives of a fiber's operation that are possible now.
    #[inline]
    pub(super) fn enabled(&self, index: usize) -> u64 {
        let fiber = &self.fibers[index];
        let op = &fiber.op;
        // SAFETY: what a standing fiber's operation is about is alive.
        let enabled = unsafe { op.enabled() };
        // SAFETY: a fiber's runner is alive as long as it has not ended.
        if unsafe { (*fiber.run).is_undisturbed() } {
            return enabled;
        }
        let gives_way = op.can_be_interrupted()
            && (enabled == 0 && (self.is_cancelled(index) || self.is_late(index))
                || !op.looks_first() && self.is_cancelled(index));
        if gives_way { 1 << INTERRUPTED } else { enabled }
    }

    fn set_aside(&mut self, index: usize) {
        self.fibers[index].aside = true;
        match self.fibers[index].op {
            Op::Select { cases, n, .. } => {
                for i in 0..n {
                    // SAFETY: the cases of a select that stands are alive.
                    let object = unsafe { super::super::op::case_object(&*cases.add(i)) };
                    self.aside.entry(object).or_default().push(index);
                }
            }
            op => self.aside.entry(op.object()).or_default().push(index),
        }
    }

    /// Something has happened to an object: who waits for it may go on.
    pub(super) fn touch(&mut self, object: usize) {
        if self.crowded {
            return self.crowd.touch(object);
        }
        if self.few.is_some() || self.aside.is_empty() {
            return;
        }
        if let Some(indices) = self.aside.remove(&object) {
            for index in indices {
                self.look_again(index);
            }
        }
    }

    fn look_again(&mut self, index: usize) {
        // Of a select with several cases there is one entry for each.
        if std::mem::replace(&mut self.fibers[index].aside, false) {
            self.standing.push(index);
        }
    }

    /// Something has happened that anybody may have waited for.
    pub(super) fn look_at_all_again(&mut self) {
        if self.crowded {
            return self.crowd.look_at_all_again();
        }
        if self.few.is_some() {
            return;
        }
        for indices in std::mem::take(&mut self.aside).into_values() {
            for index in indices {
                self.look_again(index);
            }
        }
        // The map's order is not the same each time.
        self.standing.sort_unstable();
    }

    /// Lists those whose deadline is the next to come.
    fn add_timers(&mut self, pending: &mut Vec<Pending>) {
        let waits = |state| matches!(state, State::Stands | State::Parked);
        let timed = self.fibers[..self.live].iter().filter(|f| waits(f.state) && f.deadline >= 0);
        let Some(earliest) = timed.map(|fiber| fiber.deadline).min() else { return };
        if self.main_ended {
            self.late_timers += 1;
            if self.late_timers > TIMERS_AFTER_MAIN {
                return;
            }
        }
        for (index, fiber) in self.fibers[..self.live].iter().enumerate() {
            // Who finds what it waits for does not look whether its time is over.
            if waits(fiber.state) && fiber.deadline == earliest && !self.finds(index) {
                pending.push(Pending {
                    task: fiber.id,
                    enabled: 1 << TIME_OUT,
                    yielded: false,
                    looks: false,
                    in_vain: false,
                    at: fiber.spots.first().copied().unwrap_or(0),
                });
            }
        }
    }

    /// Whether timers are to fire though somebody can go: so many can.
    fn time_is_due(&mut self, able: usize) -> bool {
        let due = self.vain >= PATIENCE * able.max(1) as u64 || self.at_one_time >= STEPS_AT_ONE_TIME;
        if due {
            (self.vain, self.at_one_time) = (0, 0);
        }
        due
    }

    fn take_step(&mut self, task: TaskId, alternative: u32, quiescent: bool) -> usize {
        let index = self.by_id[task.0 as usize];
        self.begin_event(index, alternative, quiescent && alternative == TIME_OUT);
        let fiber = &mut self.fibers[index];
        let op = fiber.op;
        self.at_one_time += 1;
        if op.is_in_vain(alternative) {
            (self.vain, fiber.vain) = (self.vain + 1, fiber.vain.saturating_add(1));
        } else {
            (self.vain, fiber.vain) = (0, 0);
        }
        fiber.yielded = matches!(op, Op::Yield);
        fiber.idle = false;
        if fiber.state == State::Stands {
            self.leave_standing(index);
        }
        let fiber = &mut self.fibers[index];
        fiber.state = State::Fresh;
        if alternative == TIME_OUT {
            self.now = self.now.max(fiber.deadline);
            (self.vain, self.at_one_time) = (0, 0);
            fiber.expire = true;
            self.look_at_all_again();
        }
        self.touched_by(op, alternative);
        index
    }

    fn leave_standing(&mut self, index: usize) {
        if self.crowded {
            return self.leaves_crowd(index);
        }
        if let Some(few) = &mut self.few {
            *few &= !(1 << index);
            return;
        }
        if std::mem::replace(&mut self.fibers[index].aside, false) {
            // It goes by its deadline; what is left in the map is not found standing any more.
            return;
        }
        if let Some(at) = self.standing.iter().position(|standing| *standing == index) {
            self.standing.swap_remove(at);
        }
    }

    /// Looks again at who waits for what an operation changes.
    pub(super) fn touched_by(&mut self, op: Op, alternative: u32) {
        if self.few.is_some() {
            return;
        }
        match op {
            Op::CondvarWait { mutex, .. } => self.touch(mutex),
            Op::Cancel(_) | Op::CancelScope(_) | Op::End { fails: true, .. } => {
                self.look_at_all_again();
            }
            Op::Scope { .. } if alternative != GOT => self.look_at_all_again(),
            Op::Select { cases, n, .. } if alternative < n as u32 => {
                // SAFETY: the select has been chosen to go on, so its cases are alive.
                let object = unsafe { super::super::op::case_object(&*cases.add(alternative as usize)) };
                self.touch(object);
            }
            Op::Select { cases, n, .. } => {
                for i in 0..n {
                    // SAFETY: as above.
                    let object = unsafe { super::super::op::case_object(&*cases.add(i)) };
                    self.touch(object);
                }
            }
            _ => {}
        }
        if op.object() != 0 {
            self.touch(op.object());
        }
    }

    /// Who only waits for time to pass is no more lost than a program that sleeps. But who goes round a select by its
    /// time limit, again and again after `main` has ended, waits for one of its cases.
    fn only_rests(&self, fiber: &Fiber) -> bool {
        let ticks = self.late_timers > TIMERS_AFTER_MAIN && !self.cases_of(fiber).is_empty();
        fiber.deadline >= 0 && !ticks
    }

    /// Nobody can go on: what that means.
    fn quiet_verdict(&self) -> Verdict {
        let left = || {
            (0..self.live).filter(|&index| {
                let fiber = &self.fibers[index];
                // An actor whom only others like it, or itself, know any more is not lost.
                fiber.state != State::Ended && !self.only_rests(fiber) && !fiber.idle
            })
        };
        if !self.main_ended {
            return Verdict::Deadlock;
        }
        // Nobody will ask any more.
        if let Some((_, message)) = self.unseen.first() {
            return Verdict::Panicked(message.clone());
        }
        let names: Vec<String> = left().map(|index| self.task_name(index)).collect();
        if names.is_empty() { Verdict::Fine } else { Verdict::Left(names) }
    }

    pub(super) fn tell_end(&mut self, outcome: Outcome) {
        let mut waits: Vec<(TaskId, Vec<(u32, Accesses)>)> = Vec::new();
        if outcome == Outcome::Quiescent && self.whole {
            for who in 0..self.live {
                let fiber = &self.fibers[who];
                if fiber.state == State::Ended {
                    continue;
                }
                let mut alternatives = Vec::new();
                let mut left = if fiber.state == State::Stands { fiber.op.alternatives() } else { 0 };
                while left != 0 {
                    let alternative = left.trailing_zeros();
                    left &= left - 1;
                    let mut out = Accesses::new();
                    // SAFETY: what a standing fiber's operation is about is alive.
                    unsafe {
                        Touches { exec: self, who, taken: false, out: &mut out }.of(fiber.op, alternative);
                    }
                    alternatives.push((alternative, out));
                }
                waits.push((fiber.id, alternatives));
            }
        }
        let cases: Vec<Vec<Case<'_>>> = waits
            .iter()
            .map(|(_, alternatives)| {
                alternatives
                    .iter()
                    .map(|(alternative, accesses)| Case { alternative: *alternative, accesses, after: &[] })
                    .collect()
            })
            .collect();
        let stuck: Vec<Stuck<'_>> =
            waits.iter().zip(&cases).map(|((task, _), cases)| Stuck { task: *task, cases }).collect();
        // SAFETY: by the contract of `run`.
        unsafe { (*self.strategy).end(&explore::End { outcome, stuck: &stuck }) };
    }

    /// The execution is decided: what is left of it is only cleaned up.
    pub(super) fn conclude(&mut self, verdict: Verdict, outcome: Outcome) {
        if verdict.is_failure() {
            self.note_waits();
        }
        self.tell_end(outcome);
        self.verdict = Some(verdict);
        self.phase = Phase::Cleaning;
        (self.steps, self.cleaned) = (0, 0);
        for index in 0..self.live {
            if self.fibers[index].state != State::Ended {
                // SAFETY: a fiber's runner is alive as long as it has not ended.
                unsafe { (*self.fibers[index].run).cancel() }.wake();
            }
        }
    }

    fn note_waits(&mut self) {
        let waits =
            |fiber: &&Fiber| matches!(fiber.state, State::Stands | State::Parked) && !self.only_rests(fiber);
        let stuck = self.fibers[..self.live].iter().filter(waits).map(|f| f.spots.clone()).collect();
        self.stuck = stuck;
        let Some(mut recorder) = self.recorder.take() else { return };
        for index in 0..self.live {
            let fiber = &self.fibers[index];
            // Who stands, and could go, does not wait.
            let waits = match fiber.state {
                State::Stands => !self.finds(index),
                state => state == State::Parked,
            };
            if waits {
                let (object, cases) = (self.object_of(fiber.op), self.cases_of(fiber));
                let rests = self.only_rests(fiber) || fiber.idle;
                let at = (fiber.here, fiber.parent);
                recorder.waits(fiber.id, fiber.op, object, cases, rests, at);
            }
        }
        self.recorder = Some(recorder);
    }

    /// Whether the current fiber, which unwinds, goes on at once. Who only looks at something may do so until somebody else
    /// has gone on.
    pub(super) fn cleans_on(&mut self, me: usize, op: Op) -> bool {
        self.steps += 1;
        self.steps <= CLEANING_STEPS && op.changes() && self.enabled(me) != 0
    }

    fn next_to_clean(&mut self) -> Option<usize> {
        self.steps += 1;
        if self.steps > CLEANING_STEPS {
            return None;
        }
        if let Some(index) = self.fresh.pop() {
            return Some(index);
        }
        let after = self.cleaned + 1;
        let index = (after..self.live)
            .chain(0..after.min(self.live))
            .find(|&index| self.fibers[index].state == State::Stands && self.enabled(index) != 0)?;
        self.fibers[index].state = State::Fresh;
        self.cleaned = index;
        Some(index)
    }
}
