//! One of those who run in an execution: where it stands, and what is known of it.

use std::ptr::{null, null_mut};

use abi::waiting::{Frame, Site};
use explore::{EventIndex, Pending, TaskId};
use smallvec::SmallVec;

use super::body::Body;
use super::event::{Events, Now};
use crate::census::Member;
use crate::explore::fiber::Stack;
use crate::explore::op::Op;
use crate::explore::trace::Spots;
use crate::runner::Runner;
use crate::task::Task;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// To be run to its next visible operation.
    Fresh,
    /// Stands before `op`.
    Stands,
    /// Parked inside an operation.
    Parked,
    Ended,
}

/// Somebody: `main`, a thread or a task.
pub(in crate::explore) struct Fiber {
    pub(super) stack: Option<Stack>,
    pub(super) at: *mut u8,
    pub(super) state: State,
    pub(super) body: Option<Body>,
    pub(super) run: *const Runner,
    /// A thread's runner, which outside is its thread's own.
    pub(super) own_run: Option<Box<Runner>>,
    /// One that nobody uses any more.
    pub(super) spare_run: Option<Box<Runner>>,
    /// Who started it, as the how-manieth.
    pub(super) path: (u32, u32),
    /// Its task and the scope of that, also when they have ended; 0: none.
    pub(super) came: (usize, usize),
    /// The scopes, by their words, that it is to leave when a child panics.
    pub(super) guards: SmallVec<[usize; 1]>,
    pub(super) task: *mut Task,
    pub(super) member: *const Member,
    pub(super) id: TaskId,
    /// How many it has started.
    pub(super) children: u32,
    /// How many objects it has made that need a name.
    pub(super) objects: u32,
    pub(super) op: Op,
    /// The frame of who called the operation, or null.
    pub(in crate::explore) parent: *const Frame,
    /// Where the user's code called what does the operation, if no frame says it, and the how-manieth such call that is.
    pub(super) here: *const Site,
    pub(super) calls: u32,
    /// When the operation, or the wait it is parked in, ends by itself; -1: never.
    pub(super) deadline: i64,
    /// The operation is to end by its deadline.
    pub(super) expire: bool,
    /// The case that a select is to take.
    pub(super) case: u32,
    /// Where it is kept how it ends, and whether somebody knows.
    pub(super) kept_in: Option<usize>,
    pub(super) heard: bool,
    /// An actor between two messages.
    pub(super) idle: bool,
    /// The last thing it did was to yield.
    pub(super) yielded: bool,
    /// So many steps in a row of its own were in vain.
    pub(super) vain: u32,
    /// Which of the watched places it stands at: see `Watch`.
    pub(super) spots: Spots,
    /// While it stands: what a strategy is told of it, but for what it can do; and that this is always the same.
    pub(super) told: Pending,
    pub(super) always: bool,
    /// It stands, and would have to wait: see `Exec::aside`.
    pub(super) aside: bool,
    /// Where it stands among many: its group, and its place there.
    pub(super) stands_in: (u32, u32),
    /// Events it has learnt of since its own last one began.
    pub(super) after: Events,
    /// Its last event.
    pub(super) event: Option<EventIndex>,
    /// That event is not over, and what it does next belongs to it.
    pub(super) open: bool,
    pub(super) now_in: Now,
}

impl Fiber {
    /// Nobody yet.
    pub(super) fn new() -> Fiber {
        Fiber {
            stack: None,
            at: null_mut(),
            state: State::Ended,
            body: None,
            run: null(),
            own_run: None,
            spare_run: None,
            path: (0, 0),
            came: (0, 0),
            guards: SmallVec::new(),
            task: null_mut(),
            member: null(),
            id: TaskId(0),
            children: 0,
            objects: 0,
            op: Op::Start,
            parent: null(),
            here: null(),
            calls: 0,
            deadline: -1,
            expire: false,
            case: 0,
            kept_in: None,
            heard: false,
            idle: false,
            yielded: false,
            vain: 0,
            spots: Spots::new(),
            told: Pending {
                task: TaskId(0),
                enabled: 0,
                yielded: false,
                looks: false,
                in_vain: false,
                at: 0,
            },
            always: false,
            aside: false,
            stands_in: (0, 0),
            after: SmallVec::new(),
            event: None,
            open: false,
            now_in: Now::default(),
        }
    }
}
