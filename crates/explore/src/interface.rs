//! What runtime and search tell each other.
//!
//! The runtime has to keep three promises, on which every strategy relies:
//!
//! 1. An execution is determined by the choices: the same choices lead to the same pending lists
//!    (in the same order), events and accesses.
//! 2. A task's name is determined by who spawned it as the how-manieth, an object's by which task made it
//!    as its how-manieth; so both are the same in all executions, however independent operations are ordered.
//! 3. Two operations of different tasks whose accesses do not conflict ([`Kind::conflicts`]) commute: run next to each other,
//!    both orders lead to the same state, and neither enables or disables the other,
//!    apart from what a `Give` does to a `Take`.

/// A task, dense and the same in all executions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskId(pub u32);

/// An object that operations can conflict on, the same in all executions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId(pub u64);

/// The number of an event in its execution, from 0.
pub type EventIndex = u32;

/// One object that an operation touches, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    pub object: ObjectId,
    pub kind: Kind,
    /// How many permits the object had when it was made: 1 for a mutex, the capacity for a channel's
    /// space, 0 for its queue. The same in every access of the object.
    pub initial: u32,
}

impl Access {
    pub fn new(object: u64, kind: Kind, initial: u32) -> Access {
        Access { object: ObjectId(object), kind, initial }
    }
}

/// How an operation touches an object.
///
/// `Read` and `Write` are for state that never makes anybody wait. The others are for permits: an object
/// starts with some, a `Give` adds one, a `Take` waits for one and removes it. Permits are taken in the order they
/// were given: the n-th `Take` happens after the (n - initial)-th `Give`.
///
/// | object | operations |
/// |---|---|
/// | atomic | load `Read`; store, exchange, fetch_add `Write`; compare_exchange `Write` if it succeeds, else `Test` |
/// | mutex (initial 1) | lock `Take`; unlock `Give`; try_lock: one alternative with `Take`, one with `Peek` |
/// | channel: tail, queue (initial 0), space (initial capacity) | send `Write(tail) Take(space) Give(queue)`; receive `Take(queue) Give(space)` |
/// | semaphore (initial permits) | acquire `Take`; release `Give` |
/// | select | one alternative for each case, with the accesses of that case alone |
/// | select with default | the same, and one more with a `Peek` for each case |
/// | select that prefers the first case | each case has a `Peek` for each case before it |
///
/// An alternative with a `Peek` of an object is possible only while no permit is there: an operation that does not wait is
/// a choice between taking and peeking. It may also be told as a single alternative, `Take` and `Peek` if it got the permit, `Peek` if
/// not. Then the search does not know what it would do elsewhere, and some executions may be made in vain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Kind {
    Read,
    /// A read by an operation that would have written if it had found something else.
    Test,
    Write,
    Take,
    Give,
    Peek,
}

impl Kind {
    pub(crate) const COUNT: usize = 6;
    pub(crate) const ALL: [Kind; Kind::COUNT] =
        [Kind::Read, Kind::Test, Kind::Write, Kind::Take, Kind::Give, Kind::Peek];
    /// The kinds whose operations conflict among themselves.
    pub(crate) const ORDERED: u8 = 1 << Kind::Write as u8 | 1 << Kind::Take as u8 | 1 << Kind::Give as u8;

    /// Whether two operations that touch one object in these ways may not be swapped.
    ///
    /// A `Give` only enables a `Take`, so these two do not conflict. Two `Give`s do: see "Why gives conflict" in the head of
    /// `exhaustive`.
    pub fn conflicts(self, other: Kind) -> bool {
        self.conflicting() & (1 << other as u8) != 0
    }

    /// The set of kinds that this one conflicts with.
    pub(crate) fn conflicting(self) -> u8 {
        const READ: u8 = 1 << Kind::Read as u8;
        const TEST: u8 = 1 << Kind::Test as u8;
        const WRITE: u8 = 1 << Kind::Write as u8;
        const TAKE: u8 = 1 << Kind::Take as u8;
        const GIVE: u8 = 1 << Kind::Give as u8;
        const PEEK: u8 = 1 << Kind::Peek as u8;
        match self {
            Kind::Read | Kind::Test => WRITE,
            Kind::Write => READ | TEST | WRITE,
            Kind::Take => TAKE | PEEK,
            Kind::Give => GIVE | PEEK,
            Kind::Peek => TAKE | GIVE,
        }
    }
}

/// A task that stands before its next operation and could go now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    pub task: TaskId,
    /// The alternatives of the operation that are possible now, one bit each. An ordinary operation has
    /// alternative 0 only; a select one for each case, a wait with a deadline one for its end, `random(n)` n.
    /// With 0 the task is blocked; such tasks may be left out.
    pub enabled: u64,
    /// The task asked that others go first, and has done nothing since.
    pub yielded: bool,
    /// The operation only looks at something. After a yield it begins a turn of a polling loop.
    pub looks: bool,
    /// It has looked so often in vain, and done nothing else, that it seems to poll, though it does not say so.
    pub in_vain: bool,
    /// Which of the places that are watched it stands at, from 1; 0: none.
    pub at: u32,
}

impl Pending {
    pub(crate) fn polls(&self) -> bool {
        self.yielded && self.looks
    }
}

/// One alternative of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub alternative: u32,
    pub accesses: &'a [Access],
    /// Events that must have happened, as in [`Event::after`].
    pub after: &'a [EventIndex],
}

/// An operation that was executed.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub task: TaskId,
    pub alternative: u32,
    /// What it touched, known only now: a try_lock that succeeded touches otherwise than one that failed.
    pub accesses: &'a [Access],
    /// Earlier events without which this one is impossible, beside the task's own and those that follow from `Take`: the spawn
    /// for a task's first event, the end of a task for its join, the waker for who was woken.
    pub after: &'a [EventIndex],
    /// The operation was possible only because nothing else was: a timer that fires when all wait. Whatever else could go then
    /// were such operations, too.
    pub quiescent: bool,
    /// The operation's other alternatives, possible now or not, with what they would touch. Needed for those that
    /// are not possible now; one that is may be left out, then it is taken to conflict with everything.
    pub others: &'a [Case<'a>],
}

/// A task that is blocked at the end of an execution, and what it waits for.
#[derive(Clone, Copy, Debug)]
pub struct Stuck<'a> {
    pub task: TaskId,
    pub cases: &'a [Case<'a>],
}

/// The end of an execution.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    pub outcome: Outcome,
    /// The tasks that wait for ever.
    pub stuck: &'a [Stuck<'a>],
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// No task can go: all ended, or some wait for ever.
    Quiescent,
    /// The runtime stopped while tasks could go (a failure, too many steps). What would have followed is not covered.
    Cut,
    /// The strategy said so.
    Abandoned,
}

/// What a strategy answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    Step {
        task: TaskId,
        alternative: u32,
    },
    /// End this execution here.
    Abandon(Reason),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Whatever follows was covered by earlier executions.
    Redundant,
    /// All tasks that could go only poll, and nothing changed since they last did.
    Livelock,
    /// The execution does not go as it did with the same choices before, or as the schedule says.
    Diverged,
}

/// What is known after the executions so far.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Coverage {
    /// Each way in which conflicting operations can be ordered was executed.
    Exhaustive { traces: u64 },
    /// The same for some values of what chance decides only.
    Partly { traces: u64, without: &'static str },
    /// Each schedule with at most so many preemptions was executed.
    Bounded { preemptions: u32, executions: u64 },
    /// Only some were; `estimate` is the guessed number of executions it would take in all.
    Sampled { executions: u64, estimate: Option<f64> },
}

/// Those who can go, where they are many: see [`Strategy::choose_in_crowd`]. Each call takes time in the logarithm of their
/// number, but for `all`.
pub trait Crowd {
    /// How many they are; not 0.
    fn count(&self) -> usize;

    /// One of them, by its number below `count`. The order is determined by the choices so far.
    fn get(&self, at: usize) -> Pending;

    /// A task, if it can go.
    fn find(&self, task: TaskId) -> Option<Pending>;

    fn all(&self) -> Vec<Pending> {
        (0..self.count()).map(|at| self.get(at)).collect()
    }
}

/// A search. The runtime calls `begin`, then `choose` and `executed` in turn, then `end`, until `begin` says no.
pub trait Strategy {
    /// Whether to execute the program once more.
    fn begin(&mut self) -> bool;

    /// Whether it wants to know, in the execution that has begun, what exactly each event touches, and what it would have touched.
    /// If not, an event's accesses only say whether it looks at something, and whether it changes something; its `after` and `others`
    /// are empty, and so is what is told of those who are stuck.
    fn wants_accesses(&self) -> bool {
        true
    }

    /// Which of the pending operations goes. `pending` has at least one with an alternative that is possible; its
    /// order is determined by the choices so far. `previous` is the task of the last event.
    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice;

    /// The same where so many can go that listing them at each step would take most of the time.
    fn choose_in_crowd(&mut self, crowd: &dyn Crowd, previous: Option<TaskId>) -> Choice {
        self.choose(&crowd.all(), previous)
    }

    /// What was chosen has happened.
    fn executed(&mut self, event: &Event<'_>);

    fn end(&mut self, end: &End<'_>);

    fn coverage(&self) -> Coverage;
}
