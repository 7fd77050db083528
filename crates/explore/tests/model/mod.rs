//! A tiny machine to explore: tasks are lists of operations over locks, atomics, semaphores, channels and so on. It shares no code
//! with the search: what happens before what is computed here from the definitions, by comparing each event with all others.

#![allow(dead_code)]

mod run;

use std::collections::VecDeque;

use explore::{Access, Kind, Pending, TaskId};
#[allow(unused_imports)]
pub use run::{brute_force, execute, explore};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    Lock(u8),
    Unlock(u8),
    /// Skips so many operations if it fails.
    TryLock(u8, u8),
    /// A lock with a deadline that may pass at any time; skips if it does.
    TimedLock(u8, u8),
    Load(u8),
    Store(u8, u8),
    Add(u8),
    /// Polls until it reads a value, and yields after each look.
    Await(u8, u8),
    Cas(u8, u8, u8),
    Acquire(u8),
    Release(u8),
    TryAcquire(u8, u8),
    Send(u8, u8),
    Recv(u8),
    TrySend(u8, u8),
    TryRecv(u8),
    Select([Arm; 2]),
    SelectDefault([Arm; 2]),
    Random(u8),
    /// Skips so many operations if the last value seen was not this one.
    Unless(u8, u8),
    Spawn(u8),
    Join(u8),
    Wait(u8, u8),
    /// The second half of `Wait`, which follows it: the task was woken and wants the lock again.
    Woken(u8, u8),
    NotifyOne(u8),
    NotifyAll(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Arm {
    Send(u8, u8),
    Recv(u8),
}

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub tasks: Vec<Vec<Op>>,
    /// Tasks that run only when spawned.
    pub spawned: Vec<u8>,
    /// For each semaphore its permits.
    pub permits: Vec<u32>,
    /// For each channel its capacity, if any.
    pub capacity: Vec<Option<u32>>,
    /// Attempts are told as one alternative that peeks and may take, not as a choice between taking and peeking.
    pub outcomes: bool,
}

/// What happened, by the definitions.
#[derive(Clone, Debug)]
pub struct Happened {
    pub task: u8,
    pub alternative: u32,
    pub accesses: Vec<Access>,
    pub after: Vec<u32>,
    /// Which events happen before it, as bits.
    pub before: u128,
}

#[derive(Clone, Debug)]
pub struct Machine<'a> {
    program: &'a Program,
    at: Vec<usize>,
    started: Vec<bool>,
    /// For each task what it saw.
    pub seen: Vec<Vec<u8>>,
    held: [bool; 8],
    atomics: [u8; 8],
    permits: Vec<u32>,
    queues: Vec<VecDeque<u8>>,
    waiting: [VecDeque<u8>; 4],
    woken_by: Vec<Option<u32>>,
    /// For each task that polls its last look.
    polls: Vec<Option<u32>>,
    spawned_by: Vec<Option<u32>>,
    ended_by: Vec<Option<u32>>,
    pub events: Vec<Happened>,
}

/// What can be told apart at the end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Observed {
    pub seen: Vec<Vec<u8>>,
    pub stuck: Vec<(u8, u8)>,
    pub atomics: [u8; 8],
}

fn mutex(m: u8) -> u64 {
    u64::from(m)
}
fn atomic(a: u8) -> u64 {
    100 + u64::from(a)
}
fn semaphore(s: u8) -> u64 {
    200 + u64::from(s)
}
fn tail(c: u8) -> u64 {
    300 + u64::from(c)
}
fn queue(c: u8) -> u64 {
    400 + u64::from(c)
}
fn space(c: u8) -> u64 {
    500 + u64::from(c)
}
fn condvar(c: u8) -> u64 {
    600 + u64::from(c)
}

impl<'a> Machine<'a> {
    pub fn new(program: &'a Program) -> Machine<'a> {
        let tasks = program.tasks.len();
        let mut machine = Machine {
            program,
            at: vec![0; tasks],
            started: (0..tasks).map(|task| !program.spawned.contains(&(task as u8))).collect(),
            seen: vec![Vec::new(); tasks],
            held: [false; 8],
            atomics: [0; 8],
            permits: program.permits.clone(),
            queues: vec![VecDeque::new(); program.capacity.len()],
            waiting: Default::default(),
            woken_by: vec![None; tasks],
            polls: vec![None; tasks],
            spawned_by: vec![None; tasks],
            ended_by: vec![None; tasks],
            events: Vec::new(),
        };
        for task in 0..tasks {
            machine.settle(task);
        }
        machine
    }

    fn op(&self, task: usize) -> Option<Op> {
        self.program.tasks[task].get(self.at[task]).copied()
    }

    /// Local operations are no events.
    fn settle(&mut self, task: usize) {
        while let Some(Op::Unless(value, skip)) = self.op(task) {
            self.at[task] += 1;
            if self.seen[task].last() != Some(&value) {
                self.at[task] += skip as usize;
            }
        }
        if self.op(task).is_none() && self.ended_by[task].is_none() {
            self.ended_by[task] =
                self.events.iter().rposition(|event| event.task == task as u8).map(|at| at as u32);
        }
    }

    fn ended(&self, task: usize) -> bool {
        self.started[task] && self.op(task).is_none()
    }

    fn arm_ready(&self, arm: Arm) -> bool {
        match arm {
            Arm::Send(c, _) => self.program.capacity[c as usize]
                .is_none_or(|capacity| (self.queues[c as usize].len() as u32) < capacity),
            Arm::Recv(c) => !self.queues[c as usize].is_empty(),
        }
    }

    pub fn enabled(&self, task: usize) -> u64 {
        let Some(op) = self.op(task) else { return 0 };
        if !self.started[task] {
            return 0;
        }
        let bit = |condition: bool| u64::from(condition);
        let attempt = |ready: bool| if ready || self.program.outcomes { 1 } else { 2 };
        match op {
            Op::Lock(m) => bit(!self.held[m as usize]),
            Op::TimedLock(m, _) => bit(!self.held[m as usize]) | 2,
            Op::Acquire(s) => bit(self.permits[s as usize] > 0),
            Op::Send(c, v) => bit(self.arm_ready(Arm::Send(c, v))),
            Op::Recv(c) => bit(self.arm_ready(Arm::Recv(c))),
            Op::Select(arms) => bit(self.arm_ready(arms[0])) | bit(self.arm_ready(arms[1])) << 1,
            Op::SelectDefault(arms) => {
                let ready = bit(self.arm_ready(arms[0])) | bit(self.arm_ready(arms[1])) << 1;
                if ready == 0 { 4 } else { ready }
            }
            Op::TryLock(m, _) => attempt(!self.held[m as usize]),
            Op::TryAcquire(s, _) => attempt(self.permits[s as usize] > 0),
            Op::TrySend(c, v) => attempt(self.arm_ready(Arm::Send(c, v))),
            Op::TryRecv(c) => attempt(self.arm_ready(Arm::Recv(c))),
            Op::Random(n) => (1 << n) - 1,
            Op::Join(t) => bit(self.ended(t as usize)),
            Op::Woken(_, m) => bit(self.woken_by[task].is_some() && !self.held[m as usize]),
            _ => 1,
        }
    }

    fn arm_accesses(&self, arm: Arm) -> Vec<Access> {
        match arm {
            Arm::Send(c, _) => {
                let mut accesses =
                    vec![Access::new(tail(c), Kind::Write, 0), Access::new(queue(c), Kind::Give, 0)];
                if let Some(capacity) = self.program.capacity[c as usize] {
                    accesses.push(Access::new(space(c), Kind::Take, capacity));
                }
                accesses
            }
            Arm::Recv(c) => {
                let mut accesses = vec![Access::new(queue(c), Kind::Take, 0)];
                if let Some(capacity) = self.program.capacity[c as usize] {
                    accesses.push(Access::new(space(c), Kind::Give, capacity));
                }
                accesses
            }
        }
    }

    fn arm_peek(&self, arm: Arm) -> Option<Access> {
        match arm {
            Arm::Send(c, _) => {
                self.program.capacity[c as usize].map(|capacity| Access::new(space(c), Kind::Peek, capacity))
            }
            Arm::Recv(c) => Some(Access::new(queue(c), Kind::Peek, 0)),
        }
    }

    /// What each alternative of a task's next operation would touch, and which events it needs.
    pub fn cases(&self, task: usize) -> Vec<(u32, Vec<Access>, Vec<u32>)> {
        let Some(op) = self.op(task) else {
            return Vec::new();
        };
        let one = |accesses: Vec<Access>| vec![(0, accesses, Vec::new())];
        let two = |ready: bool, got: Vec<Access>, not: Vec<Access>| match (self.program.outcomes, ready) {
            (false, _) => vec![(0, got, Vec::new()), (1, not, Vec::new())],
            (true, true) => one([got, not].concat()),
            (true, false) => one(not),
        };
        let lock = |m: u8| Access::new(mutex(m), Kind::Take, 1);
        match op {
            Op::Lock(m) => one(vec![lock(m)]),
            Op::Unlock(m) => one(vec![Access::new(mutex(m), Kind::Give, 1)]),
            Op::TryLock(m, _) => {
                two(!self.held[m as usize], vec![lock(m)], vec![Access::new(mutex(m), Kind::Peek, 1)])
            }
            Op::TimedLock(m, _) => {
                vec![(0, vec![lock(m)], Vec::new()), (1, Vec::new(), Vec::new())]
            }
            Op::Load(a) | Op::Await(a, _) => one(vec![Access::new(atomic(a), Kind::Read, 0)]),
            Op::Store(a, _) | Op::Add(a) => one(vec![Access::new(atomic(a), Kind::Write, 0)]),
            Op::Cas(a, expected, _) => {
                let kind = if self.atomics[a as usize] == expected { Kind::Write } else { Kind::Test };
                one(vec![Access::new(atomic(a), kind, 0)])
            }
            Op::Acquire(s) => {
                one(vec![Access::new(semaphore(s), Kind::Take, self.program.permits[s as usize])])
            }
            Op::Release(s) => {
                one(vec![Access::new(semaphore(s), Kind::Give, self.program.permits[s as usize])])
            }
            Op::TryAcquire(s, _) => {
                let initial = self.program.permits[s as usize];
                let access = |kind| vec![Access::new(semaphore(s), kind, initial)];
                two(self.permits[s as usize] > 0, access(Kind::Take), access(Kind::Peek))
            }
            Op::Send(c, v) => one(self.arm_accesses(Arm::Send(c, v))),
            Op::Recv(c) => one(self.arm_accesses(Arm::Recv(c))),
            Op::TrySend(c, v) => match self.arm_peek(Arm::Send(c, v)) {
                Some(peek) => {
                    two(self.arm_ready(Arm::Send(c, v)), self.arm_accesses(Arm::Send(c, v)), vec![peek])
                }
                None => one(self.arm_accesses(Arm::Send(c, v))),
            },
            Op::TryRecv(c) => two(
                self.arm_ready(Arm::Recv(c)),
                self.arm_accesses(Arm::Recv(c)),
                self.arm_peek(Arm::Recv(c)).into_iter().collect(),
            ),
            Op::Select(arms) => {
                (0..2).map(|at| (at as u32, self.arm_accesses(arms[at]), Vec::new())).collect()
            }
            Op::SelectDefault(arms) => {
                let mut cases: Vec<_> =
                    (0..2).map(|at| (at as u32, self.arm_accesses(arms[at]), Vec::new())).collect();
                // A send to an unbounded channel is always possible, so there the default never is.
                if let [Some(a), Some(b)] = arms.map(|arm| self.arm_peek(arm)) {
                    cases.push((2, vec![a, b], Vec::new()));
                }
                cases
            }
            Op::Random(n) => (0..u32::from(n)).map(|at| (at, Vec::new(), Vec::new())).collect(),
            Op::Spawn(_) => one(Vec::new()),
            Op::Join(t) => vec![(0, Vec::new(), self.ended_by[t as usize].into_iter().collect())],
            Op::Wait(c, m) => {
                one(vec![Access::new(mutex(m), Kind::Give, 1), Access::new(condvar(c), Kind::Write, 0)])
            }
            Op::Woken(_, m) => vec![(0, vec![lock(m)], self.woken_by[task].into_iter().collect())],
            Op::NotifyOne(c) | Op::NotifyAll(c) => one(vec![Access::new(condvar(c), Kind::Write, 0)]),
            Op::Unless(..) => unreachable!("settled"),
        }
    }

    fn arm_step(&mut self, arm: Arm, task: usize) {
        match arm {
            Arm::Send(c, v) => self.queues[c as usize].push_back(v),
            Arm::Recv(c) => {
                let value = self.queues[c as usize].pop_front().unwrap();
                self.seen[task].push(value);
            }
        }
    }

    pub fn step(&mut self, task: usize, alternative: u32) {
        assert!(self.enabled(task) & (1 << alternative) != 0, "only what is possible is chosen");
        let op = self.op(task).unwrap();
        let (_, accesses, mut after) =
            self.cases(task).into_iter().find(|(number, ..)| *number == alternative).unwrap();
        if self.at[task] == 0 {
            after.extend(self.spawned_by[task]);
        }
        let index = self.events.len() as u32;
        let before = self.before(task, &accesses, &after);
        self.events.push(Happened { task: task as u8, alternative, accesses, after, before });
        let mut skip = 0;
        match op {
            Op::Lock(m) => self.held[m as usize] = true,
            Op::Unlock(m) => self.held[m as usize] = false,
            Op::TryLock(m, n) => {
                self.seen[task].push(u8::from(!self.held[m as usize]));
                skip = if self.held[m as usize] { n } else { 0 };
                self.held[m as usize] = true;
            }
            Op::TimedLock(m, n) => {
                self.seen[task].push(alternative as u8);
                if alternative == 0 {
                    self.held[m as usize] = true;
                } else {
                    skip = n;
                }
            }
            Op::Await(a, wanted) => {
                if self.atomics[a as usize] != wanted {
                    self.polls[task] = Some(index);
                    return;
                }
                self.polls[task] = None;
            }
            Op::Load(a) => self.seen[task].push(self.atomics[a as usize]),
            Op::Store(a, v) => self.atomics[a as usize] = v,
            Op::Add(a) => {
                self.seen[task].push(self.atomics[a as usize]);
                self.atomics[a as usize] += 1;
            }
            Op::Cas(a, expected, new) => {
                self.seen[task].push(self.atomics[a as usize]);
                if self.atomics[a as usize] == expected {
                    self.atomics[a as usize] = new;
                }
            }
            Op::Acquire(s) => self.permits[s as usize] -= 1,
            Op::Release(s) => self.permits[s as usize] += 1,
            Op::TryAcquire(s, n) => {
                let got = self.permits[s as usize] > 0;
                self.seen[task].push(u8::from(got));
                if got {
                    self.permits[s as usize] -= 1;
                } else {
                    skip = n;
                }
            }
            Op::Send(c, v) => self.arm_step(Arm::Send(c, v), task),
            Op::Recv(c) => self.arm_step(Arm::Recv(c), task),
            Op::TrySend(c, v) => {
                let ready = self.arm_ready(Arm::Send(c, v));
                self.seen[task].push(u8::from(ready));
                if ready {
                    self.arm_step(Arm::Send(c, v), task);
                }
            }
            Op::TryRecv(c) => {
                if self.arm_ready(Arm::Recv(c)) {
                    self.arm_step(Arm::Recv(c), task);
                } else {
                    self.seen[task].push(99);
                }
            }
            Op::Select(arms) | Op::SelectDefault(arms) => {
                self.seen[task].push(50 + alternative as u8);
                if alternative < 2 {
                    self.arm_step(arms[alternative as usize], task);
                }
            }
            Op::Random(_) => self.seen[task].push(alternative as u8),
            Op::Spawn(t) => {
                self.started[t as usize] = true;
                self.spawned_by[t as usize] = Some(index);
                if self.op(t as usize).is_none() {
                    self.ended_by[t as usize] = Some(index);
                }
            }
            Op::Join(_) => {}
            Op::Wait(c, m) => {
                self.held[m as usize] = false;
                self.waiting[c as usize].push_back(task as u8);
                self.woken_by[task] = None;
            }
            Op::Woken(_, m) => self.held[m as usize] = true,
            Op::NotifyOne(c) => {
                if let Some(waiter) = self.waiting[c as usize].pop_front() {
                    self.woken_by[waiter as usize] = Some(index);
                }
            }
            Op::NotifyAll(c) => {
                for waiter in std::mem::take(&mut self.waiting[c as usize]) {
                    self.woken_by[waiter as usize] = Some(index);
                }
            }
            Op::Unless(..) => unreachable!("settled"),
        }
        self.at[task] += 1 + skip as usize;
        self.settle(task);
    }

    /// Which events happen before one that comes now.
    fn before(&self, task: usize, accesses: &[Access], after: &[u32]) -> u128 {
        let mut before = 0u128;
        // Only a livelock is that long, and then nobody asks.
        if self.events.len() >= 128 {
            return before;
        }
        let mut join = |at: usize| before |= self.events[at].before | 1 << at;
        for (at, event) in self.events.iter().enumerate() {
            let conflict = event
                .accesses
                .iter()
                .any(|a| accesses.iter().any(|b| a.object == b.object && a.kind.conflicts(b.kind)));
            if event.task == task as u8 || conflict || after.contains(&(at as u32)) {
                join(at);
            }
        }
        for access in accesses.iter().filter(|access| access.kind == Kind::Take) {
            let of = |kind: Kind| {
                let has = move |event: &Happened| {
                    event.accesses.iter().any(|other| other.object == access.object && other.kind == kind)
                };
                (0..self.events.len()).filter(move |at| has(&self.events[*at])).collect::<Vec<_>>()
            };
            let number = of(Kind::Take).len() + 1;
            if let Some(give) = number.checked_sub(access.initial as usize + 1) {
                join(of(Kind::Give)[give]);
            }
        }
        before
    }

    fn written_since(&self, task: usize, event: u32) -> bool {
        let Some(Op::Await(a, _)) = self.op(task) else {
            return true;
        };
        let write = Access::new(atomic(a), Kind::Write, 0);
        self.events[event as usize..].iter().any(|event| event.accesses.contains(&write))
    }

    /// The same for all orders of one Mazurkiewicz trace, and for no others.
    pub fn trace(&self) -> Vec<u64> {
        let tasks = self.at.len();
        let mut key = Vec::new();
        for task in 0..tasks as u8 {
            for event in self.events.iter().filter(|event| event.task == task) {
                key.push(u64::from(event.alternative));
                for other in 0..tasks as u8 {
                    let count = (0..self.events.len())
                        .filter(|at| {
                            event.before >> (*at).min(127) & 1 != 0 && self.events[*at].task == other
                        })
                        .count();
                    key.push(count as u64);
                }
            }
            key.push(u64::MAX);
        }
        key
    }

    pub fn observed(&self) -> Observed {
        let stuck = (0..self.at.len())
            .filter(|task| self.started[*task] && self.op(*task).is_some())
            .map(|task| (task as u8, self.at[task] as u8))
            .collect();
        Observed { seen: self.seen.clone(), stuck, atomics: self.atomics }
    }

    pub fn pending(&self) -> Vec<Pending> {
        let entry = |task: usize| Pending {
            task: TaskId(task as u32),
            enabled: self.enabled(task),
            yielded: self.polls[task].is_some(),
            in_vain: false,
            looks: self.polls[task].is_some(),
            at: 0,
        };
        (0..self.at.len()).map(entry).filter(|entry| entry.enabled != 0).collect()
    }
}
