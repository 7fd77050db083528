//! Many who stand: a step costs about the same however many they are.
//!
//! Who stands before the same operation on the same object as another can go when that one can. Such are a *group*: it is looked
//! at again when something happens to its object, and then all of its members can go, or none. A tree of sums finds the n-th of
//! all who can go. Whoever waits in a select, or is to unwind, is a group alone.
//!
//! An execution is kept like this from when more than `MANY` could go, to its end. Strategies are given a list all the same
//! wherever no more can go.

use explore::{Pending, TaskId};

use super::super::op::{Op, case_object};
use super::maps::Addresses;
use super::{Exec, State};

/// No more than this are listed at each step.
pub(super) const MANY: usize = 32;
/// A group of those whose operations are always possible.
const ALWAYS: u32 = 0;

#[derive(Default)]
pub(super) struct Crowd {
    groups: Vec<Group>,
    free: Vec<u32>,
    /// The groups that something which happens to an object concerns, and some that are no more.
    of: Addresses<Vec<Name>>,
    /// Groups that are to be looked at again.
    dirty: Vec<u32>,
    /// Everyone is.
    all_dirty: bool,
    /// For each group how many of it can go.
    able: Sums,
    /// Those whose deadline is the next to come, where they may go, too.
    pub(super) timers: Vec<Pending>,
}

struct Group {
    op: Op,
    /// Fibers.
    members: Vec<usize>,
    /// What each of them can do.
    enabled: u64,
    alone: bool,
    dirty: bool,
    /// Its place has been used so often.
    age: u32,
}

/// A group's place, and its age when it had it.
#[derive(Clone, Copy)]
struct Name {
    group: u32,
    age: u32,
}

impl Crowd {
    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.free.clear();
        self.of.clear();
        self.dirty.clear();
        self.all_dirty = false;
        self.able = Sums::default();
        self.timers.clear();
    }

    /// How many of those who stand can go.
    pub(super) fn able(&self) -> usize {
        self.able.total as usize
    }

    pub(super) fn look_at_all_again(&mut self) {
        self.all_dirty = true;
    }

    /// Something has happened to an object.
    pub(super) fn touch(&mut self, object: usize) {
        let Crowd { groups, of, dirty, .. } = self;
        let Some(names) = of.get_mut(&object) else { return };
        names.retain(|name| {
            let group = &mut groups[name.group as usize];
            let lives = group.age == name.age;
            if lives && !std::mem::replace(&mut group.dirty, true) {
                dirty.push(name.group);
            }
            lives
        });
        if names.is_empty() {
            of.remove(&object);
        }
    }

    fn new_group(&mut self, op: Op, alone: bool) -> u32 {
        let group = Group { op, members: Vec::new(), enabled: 0, alone, dirty: true, age: 0 };
        let place = match self.free.pop() {
            Some(place) => {
                let old = &mut self.groups[place as usize];
                let (age, mut members) = (old.age, std::mem::take(&mut old.members));
                members.clear();
                *old = Group { age, members, ..group };
                place
            }
            None => {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            }
        };
        self.dirty.push(place);
        place
    }

    /// From now on a group is looked at again when something happens to the object.
    fn concerns(&mut self, group: u32, object: usize) {
        let Crowd { groups, of, .. } = self;
        let names = of.entry(object).or_default();
        // Of what nothing happens to, those that are no more pile up.
        if names.len() >= 32 && names.len().is_power_of_two() {
            names.retain(|name| groups[name.group as usize].age == name.age);
        }
        names.push(Name { group, age: groups[group as usize].age });
    }

    /// The group of those who stand before this operation.
    fn group_of(&mut self, op: Op) -> u32 {
        if op.is_always_possible() {
            return ALWAYS;
        }
        let names = self.of.get(&op.object()).map_or(&[][..], Vec::as_slice);
        let same = names.iter().find(|name| {
            let group = &self.groups[name.group as usize];
            group.age == name.age && !group.alone && group.op == op
        });
        match same {
            Some(name) => name.group,
            None => {
                let group = self.new_group(op, false);
                self.concerns(group, op.object());
                group
            }
        }
    }

    fn set_enabled(&mut self, place: u32, enabled: u64) {
        let group = &mut self.groups[place as usize];
        let before = std::mem::replace(&mut group.enabled, enabled);
        let members = group.members.len() as i32;
        match (before != 0, enabled != 0) {
            (false, true) => self.able.add(place, members),
            (true, false) => self.able.add(place, -members),
            _ => {}
        }
    }

    fn give_up(&mut self, place: u32) {
        let group = &mut self.groups[place as usize];
        (group.enabled, group.age) = (0, group.age + 1);
        self.free.push(place);
    }
}

impl Exec {
    /// A fiber stands from now on.
    pub(super) fn stands(&mut self, index: usize) {
        let told = self.able(index, 1);
        let fiber = &mut self.fibers[index];
        (fiber.told, fiber.always) = (told, fiber.op.is_always_possible());
        match &mut self.few {
            Some(few) => *few |= 1 << index,
            None if self.crowded => self.joins_crowd(index),
            None => self.standing.push(index),
        }
    }

    /// From now on those who stand are kept in groups.
    pub(super) fn becomes_crowded(&mut self) {
        self.look_at_all_again();
        self.crowded = true;
        let mut standing = std::mem::take(&mut self.standing);
        self.fill_crowd(&mut standing);
    }

    fn fill_crowd(&mut self, indices: &mut [usize]) {
        // The order in which they stood is not the same each time.
        indices.sort_unstable();
        self.crowd.clear();
        self.crowd.new_group(Op::Yield, false);
        self.crowd.set_enabled(ALWAYS, 1);
        for index in indices {
            self.joins_crowd(*index);
        }
    }

    fn joins_crowd(&mut self, index: usize) {
        let op = self.fibers[index].op;
        let unwinds = op.can_be_interrupted() && (self.is_cancelled(index) || self.is_late(index));
        let place = match op {
            Op::Select { cases, n, .. } => {
                let group = self.crowd.new_group(op, true);
                for i in 0..n {
                    // SAFETY: the cases of a select that stands are alive.
                    let object = unsafe { case_object(&*cases.add(i)) };
                    self.crowd.concerns(group, object);
                }
                group
            }
            _ if unwinds => {
                let group = self.crowd.new_group(op, true);
                self.crowd.concerns(group, op.object());
                group
            }
            _ => self.crowd.group_of(op),
        };
        let group = &mut self.crowd.groups[place as usize];
        self.fibers[index].stands_in = (place, group.members.len() as u32);
        group.members.push(index);
        if group.enabled != 0 {
            self.crowd.able.add(place, 1);
        }
    }

    pub(super) fn leaves_crowd(&mut self, index: usize) {
        let (place, at) = self.fibers[index].stands_in;
        let group = &mut self.crowd.groups[place as usize];
        group.members.swap_remove(at as usize);
        if let Some(moved) = group.members.get(at as usize) {
            self.fibers[*moved].stands_in.1 = at;
        }
        let (able, empty) = (group.enabled != 0, group.members.is_empty());
        if able {
            self.crowd.able.add(place, -1);
        }
        if empty && place != ALWAYS {
            self.crowd.give_up(place);
        }
    }

    /// Looks again at whatever may have changed. Who stands before a silent operation that has become possible goes at once.
    pub(super) fn settle_crowd(&mut self) {
        if std::mem::take(&mut self.crowd.all_dirty) {
            let groups = self.crowd.groups.iter();
            let mut all: Vec<usize> = groups.flat_map(|group| group.members.iter().copied()).collect();
            self.fill_crowd(&mut all);
        }
        while let Some(place) = self.crowd.dirty.pop() {
            let group = &mut self.crowd.groups[place as usize];
            group.dirty = false;
            let (op, Some(&first)) = (group.op, group.members.first()) else { continue };
            let enabled = self.enabled(first);
            if enabled != 0
                && let Some(of) = self.goes_at_once(&op)
            {
                self.crowd.set_enabled(place, 0);
                let members = std::mem::take(&mut self.crowd.groups[place as usize].members);
                self.crowd.give_up(place);
                for index in members {
                    self.learn(index, of);
                    self.fibers[index].state = State::Fresh;
                    self.fresh.push(index);
                }
                continue;
            }
            self.crowd.set_enabled(place, enabled);
        }
    }

    /// Whether a fiber that stands can do what it is about to do, as was seen last.
    pub(super) fn finds(&self, index: usize) -> bool {
        let fiber = &self.fibers[index];
        fiber.state == State::Stands
            && match self.crowded {
                true => self.crowd.groups[fiber.stands_in.0 as usize].enabled != 0,
                false if self.few.is_some() => self.enabled(index) != 0,
                false => !fiber.aside,
            }
    }

    /// The n-th of those who stand and can go.
    pub(super) fn nth_able(&self, n: usize) -> usize {
        let (group, rest) = self.crowd.able.find(n as u32);
        self.crowd.groups[group as usize].members[rest as usize]
    }

    pub(super) fn as_pending(&self, index: usize) -> Pending {
        let fiber = &self.fibers[index];
        Pending { enabled: self.crowd.groups[fiber.stands_in.0 as usize].enabled, ..fiber.told }
    }
}

/// Those who can go, for a strategy.
pub(super) struct Able<'a>(pub(super) &'a Exec);

impl explore::Crowd for Able<'_> {
    fn count(&self) -> usize {
        self.0.crowd.able() + self.0.crowd.timers.len()
    }

    fn get(&self, at: usize) -> Pending {
        match at.checked_sub(self.0.crowd.able()) {
            Some(timer) => self.0.crowd.timers[timer],
            None => self.0.as_pending(self.0.nth_able(at)),
        }
    }

    fn find(&self, task: TaskId) -> Option<Pending> {
        let index = *self.0.by_id.get(task.0 as usize)?;
        if index < self.0.live && self.0.fibers[index].id == task && self.0.finds(index) {
            return Some(self.0.as_pending(index));
        }
        self.0.crowd.timers.iter().find(|timer| timer.task == task).copied()
    }
}

/// Numbers by place, of which the place where a sum is reached is found in logarithmic time (Fenwick: "A New Data Structure for
/// Cumulative Frequency Tables", 1994).
#[derive(Default)]
struct Sums {
    /// A power of two of them, from 1: each the sum of as many as its lowest bit says, up to its own.
    sums: Vec<u32>,
    total: u32,
}

impl Sums {
    fn add(&mut self, place: u32, change: i32) {
        while self.sums.len() <= place as usize + 1 {
            let before = self.sums.len();
            self.sums.resize((before * 2).max(64), 0);
            if before > 0 {
                // Of all before it.
                self.sums[before] = self.total;
            }
        }
        self.total = self.total.wrapping_add_signed(change);
        let mut at = place as usize + 1;
        while at < self.sums.len() {
            self.sums[at] = self.sums[at].wrapping_add_signed(change);
            at += at & at.wrapping_neg();
        }
    }

    /// The place in which the sum of all up to it exceeds `n`, and by how much `n` exceeds that of all before.
    fn find(&self, mut n: u32) -> (u32, u32) {
        let (mut at, mut step) = (0, self.sums.len() / 2);
        while step > 0 {
            if let Some(sum) = self.sums.get(at + step)
                && *sum <= n
            {
                n -= *sum;
                at += step;
            }
            step /= 2;
        }
        (at as u32, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_found_at_the_place_where_it_is_reached() {
        let mut rng = explore::Rng::new(7);
        let mut sums = Sums::default();
        let mut plain: Vec<u32> = Vec::new();
        for round in 0..2_000u64 {
            // More and more places.
            let place = rng.below(round / 8 + 1) as usize;
            plain.resize(plain.len().max(place + 1), 0);
            let change = rng.below(9) as i32 - (plain[place].min(4) as i32);
            plain[place] = plain[place].wrapping_add_signed(change);
            sums.add(place as u32, change);
            let total: u32 = plain.iter().sum();
            assert_eq!(sums.total, total);
            if total > 0 {
                let n = rng.below(u64::from(total)) as u32;
                let (mut left, mut at) = (n, 0);
                while left >= plain[at] {
                    left -= plain[at];
                    at += 1;
                }
                assert_eq!(sums.find(n), (at as u32, left));
            }
        }
    }
}
