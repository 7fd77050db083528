//! What std's operations mean to the analysis. Their bodies are not looked into.
//!
//! By the function's full name in std, since std and the compiler are one release; a test checks that each
//! name exists.

use base::IndexVec;
use hir::items::{BodyOwner, Program};

use crate::body::Source;
use crate::mono::{self, FuncId};

/// How a lock is taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Mode {
    Exclusive,
    Read,
    /// Permits of a semaphore: how many there are is not known.
    Permit,
}

impl Mode {
    /// Whether the second cannot be had while the first is.
    pub fn excludes(self, other: Mode) -> bool {
        self != Mode::Read || other != Mode::Read
    }
}

/// What is waited for, or ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Wait {
    /// A value in a channel.
    Receive,
    /// Room in a channel.
    Send,
    /// That a channel is closed.
    Closed,
    Event,
    Group,
    Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Waits for the lock in argument 0 and gives its guard.
    Lock(Mode),
    /// Gives the guard in an `Option`, and does not wait for ever.
    TryLock(Mode),
    /// Waits for the lock and gives it back at once.
    TouchLock,
    /// Locks the mutexes in all arguments in one step, holding none of them while it waits.
    LockAll,
    /// The same for the list in argument 0.
    LockList,
    /// Gives the guard of a mutex that was locked already.
    Taken,
    /// Makes something new that nobody else knows.
    New,
    /// Ends its argument.
    Drop,
    /// Makes a handle, or something that protects what it is given.
    Wrap,
    /// Makes another handle of the same.
    SameHandle,
    /// What a handle leads to.
    Pointee,
    /// What a guard protects.
    Guarded,
    /// An element of a collection.
    Element,
    /// Starts a task with the closure in an argument; in a scope, that of argument 0.
    Spawn {
        closure: usize,
        scoped: bool,
    },
    /// Waits for all tasks of the scope in argument 0.
    ScopeEnd,
    /// Waits for the task in argument 0.
    Join,
    /// Keeps the permit in argument 0 for good.
    Forget,
    /// Gives permits back.
    Release,
    /// Calls the closure in argument 1, unless that was done; waits while somebody else does.
    Once,
    /// Makes a channel with the capacity in argument 0, with none, or with any.
    Channel(Capacity),
    /// Waits until somebody else acts on the object in argument 0.
    Wait(Wait),
    /// Acts on the object in argument 0 so that who waits goes on; false: only if it can be at once.
    End(Wait),
    /// The values of the receiver in argument 0, one by one.
    Messages,
    /// The next of them.
    Next,
    /// A case of a `select` that receives from, or sends to, or waits for argument 1.
    Case(Wait),
    /// A `select` begins.
    Select,
    /// Its case of something else.
    OtherCase,
    /// Waits for one of its cases.
    SelectWait,
    Close,
    /// There is more to wait for in a group.
    Add,
    /// Waits at the condition variable in argument 0 until a condition holds.
    WaitWhile,
    /// Asks the actor whose mailbox is argument 0.
    Ask,
    /// Tells it.
    Tell,
    /// Waits for the reply in argument 0.
    Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capacity {
    Any,
    Argument,
    None,
}

/// Names in std and what they are.
pub const TABLE: &[(&str, Op)] = &[
    ("sync::mutex::Mutex::lock", Op::Lock(Mode::Exclusive)),
    ("sync::mutex::Mutex::recover", Op::Lock(Mode::Exclusive)),
    ("sync::mutex::Mutex::try_lock", Op::TryLock(Mode::Exclusive)),
    ("sync::mutex::Mutex::lock_for", Op::TryLock(Mode::Exclusive)),
    ("sync::mutex::Mutex::is_poisoned", Op::TouchLock),
    ("sync::mutex::Mutex::guard", Op::Taken),
    ("sync::mutex::Mutex::new", Op::Wrap),
    ("sync::locking::lock_all", Op::LockAll),
    ("sync::locking::lock3", Op::LockAll),
    ("sync::locking::lock4", Op::LockAll),
    ("sync::locking::lock5", Op::LockAll),
    ("sync::locking::lock6", Op::LockAll),
    ("sync::locking::lock_list", Op::LockList),
    ("sync::mutex::<MutexGuard as Deref>::deref", Op::Guarded),
    ("sync::mutex::<MutexGuard as DerefMut>::deref_mut", Op::Guarded),
    ("sync::rwlock::RwLock::read", Op::Lock(Mode::Read)),
    ("sync::rwlock::RwLock::write", Op::Lock(Mode::Exclusive)),
    ("sync::rwlock::RwLock::recover", Op::Lock(Mode::Exclusive)),
    ("sync::rwlock::RwLock::try_read", Op::TryLock(Mode::Read)),
    ("sync::rwlock::RwLock::try_write", Op::TryLock(Mode::Exclusive)),
    ("sync::rwlock::RwLock::read_for", Op::TryLock(Mode::Read)),
    ("sync::rwlock::RwLock::write_for", Op::TryLock(Mode::Exclusive)),
    ("sync::rwlock::RwLock::new", Op::Wrap),
    ("sync::rwlock::<ReadGuard as Deref>::deref", Op::Guarded),
    ("sync::rwlock::<WriteGuard as Deref>::deref", Op::Guarded),
    ("sync::rwlock::<WriteGuard as DerefMut>::deref_mut", Op::Guarded),
    ("sync::semaphore::Semaphore::acquire", Op::Lock(Mode::Permit)),
    ("sync::semaphore::Semaphore::acquire_many", Op::Lock(Mode::Permit)),
    ("sync::semaphore::Semaphore::try_acquire", Op::TryLock(Mode::Permit)),
    ("sync::semaphore::Semaphore::acquire_for", Op::TryLock(Mode::Permit)),
    ("sync::semaphore::Semaphore::release", Op::Release),
    ("sync::semaphore::Permit::forget", Op::Forget),
    ("sync::once::Once::call", Op::Once),
    ("sync::channels::channel", Op::Channel(Capacity::Any)),
    ("sync::channels::bounded_channel", Op::Channel(Capacity::Argument)),
    ("sync::channels::unbuffered_channel", Op::Channel(Capacity::None)),
    ("sync::channels::<Sender as Clone>::clone", Op::SameHandle),
    ("sync::channels::<Receiver as Clone>::clone", Op::SameHandle),
    ("sync::channels::Sender::send", Op::Wait(Wait::Send)),
    ("sync::channels::Sender::send_batch", Op::Wait(Wait::Send)),
    ("sync::channels::Sender::try_send", Op::End(Wait::Receive)),
    ("sync::channels::Sender::send_for", Op::End(Wait::Receive)),
    ("sync::channels::Sender::close", Op::Close),
    ("sync::channels::Receiver::recv", Op::Wait(Wait::Receive)),
    ("sync::channels::Receiver::recv_batch", Op::Wait(Wait::Receive)),
    ("sync::channels::Receiver::recv_into", Op::Wait(Wait::Receive)),
    ("sync::channels::Receiver::try_recv", Op::End(Wait::Send)),
    ("sync::channels::Receiver::recv_for", Op::End(Wait::Send)),
    ("sync::channels::Receiver::close", Op::Close),
    ("sync::channels::Receiver::iter", Op::Messages),
    ("sync::channels::Receiver::batches", Op::Messages),
    ("sync::channels::<Receiver as Iterable>::iter", Op::Messages),
    ("sync::channels::<Receiver as IntoIterator>::into_iter", Op::Messages),
    ("sync::channels::<Messages as Iterator>::next", Op::Next),
    ("sync::channels::<OwnedMessages as Iterator>::next", Op::Next),
    ("sync::channels::<Batches as Iterator>::next", Op::Next),
    ("sync::select::SelectSet::add_recv", Op::Case(Wait::Receive)),
    ("sync::select::SelectSet::add_send", Op::Case(Wait::Send)),
    ("sync::select::SelectSet::add_closed", Op::Case(Wait::Closed)),
    ("sync::select::SelectSet::add_join", Op::OtherCase),
    ("sync::select::SelectSet::add_task", Op::OtherCase),
    ("sync::select::SelectSet::add_readable", Op::OtherCase),
    ("sync::select::SelectSet::add_lock", Op::OtherCase),
    ("sync::select::SelectSet::add_event", Op::Case(Wait::Event)),
    ("sync::select::SelectSet::add_rung", Op::OtherCase),
    ("sync::select::SelectSet::add_tick", Op::OtherCase),
    ("sync::select::SelectSet::new", Op::Select),
    ("sync::select::SelectSet::wait", Op::SelectWait),
    ("sync::gates::Event::wait", Op::Wait(Wait::Event)),
    ("sync::gates::Event::set", Op::End(Wait::Event)),
    ("sync::gates::WaitGroup::wait", Op::Wait(Wait::Group)),
    ("sync::gates::WaitGroup::done", Op::End(Wait::Group)),
    ("sync::gates::WaitGroup::new", Op::New),
    ("sync::gates::WaitGroup::add", Op::Add),
    ("sync::gates::<WaitGroup as Clone>::clone", Op::SameHandle),
    ("sync::condvar::Condvar::wait", Op::Wait(Wait::Condvar)),
    ("sync::condvar::Condvar::wait_while", Op::WaitWhile),
    ("sync::condvar::Condvar::notify_one", Op::End(Wait::Condvar)),
    ("sync::condvar::Condvar::notify_all", Op::End(Wait::Condvar)),
    ("task::actor::Mailbox::ask", Op::Ask),
    ("task::actor::Mailbox::try_ask", Op::Ask),
    ("task::actor::Mailbox::ask_newest", Op::Ask),
    ("task::actor::Mailbox::tell", Op::Tell),
    ("task::actor::Mailbox::try_tell", Op::Tell),
    ("task::actor::Mailbox::tell_newest", Op::Tell),
    ("task::actor::Reply::result", Op::Answer),
    ("task::actor::<Reply as Awaitable>::run", Op::Answer),
    ("mem::drop", Op::Drop),
    ("shared::Shared::new", Op::Wrap),
    ("shared::<Shared as Clone>::clone", Op::SameHandle),
    ("shared::<Shared as Deref>::deref", Op::Pointee),
    ("boxed::Box::new", Op::Wrap),
    ("boxed::<Box as Deref>::deref", Op::Pointee),
    ("boxed::<Box as DerefMut>::deref_mut", Op::Pointee),
    ("map::<Map as Index>::index", Op::Element),
    ("task::tasks::spawn", Op::Spawn { closure: 0, scoped: false }),
    ("task::tasks::spawn_named", Op::Spawn { closure: 1, scoped: false }),
    ("task::tasks::go", Op::Spawn { closure: 0, scoped: false }),
    ("task::tasks::TaskScope::spawn", Op::Spawn { closure: 1, scoped: true }),
    ("task::tasks::TaskScope::finish", Op::ScopeEnd),
    ("task::tasks::TaskScope::leave", Op::ScopeEnd),
    ("task::tasks::Task::join", Op::Join),
    ("task::tasks::<Task as Awaitable>::run", Op::Join),
    ("thread::spawn", Op::Spawn { closure: 0, scoped: false }),
    ("thread::spawn_named", Op::Spawn { closure: 1, scoped: false }),
    ("thread::Scope::spawn", Op::Spawn { closure: 1, scoped: true }),
    ("thread::Thread::join", Op::Join),
    ("thread::<Thread as Awaitable>::run", Op::Join),
];

/// Functions that end waits of others: where one of them is used, no wait is endless for sure.
const CANCELS: &[&str] = &[
    "task::tasks::Task::cancel",
    "task::tasks::TaskScope::cancel",
    "task::future::timeout",
    "task::future::race",
    "task::future::deadline_block",
    "task::future::start_future",
];

/// Whether the program may cancel a wait, or ends some after a time.
pub fn cancels(items: &Program, program: &mono::Program) -> bool {
    program.functions.iter().any(|function| {
        CANCELS.iter().any(|name| function.body.name.starts_with(name)) && is_std(items, function)
    })
}

/// The operations among a program's functions.
pub fn find(items: &Program, program: &mono::Program) -> IndexVec<FuncId, Option<Op>> {
    let table: base::FxHashMap<&str, Op> = TABLE.iter().copied().collect();
    let mut ops = IndexVec::from_elem(None, program.functions.len());
    for (id, function) in program.functions.iter_enumerated() {
        if is_std(items, function) {
            ops[id] = table.get(function.body.name.as_str()).copied();
        }
    }
    ops
}

/// Whether a function is one of std's own; glue is nobody's.
pub fn is_std(items: &Program, function: &mono::Function) -> bool {
    match function.body.source {
        Source::Owner(owner) => owner_is_std(items, owner),
        Source::Closure(id) => owner_is_std(items, id.owner),
    }
}

/// The name of the module below std's root that a module of std is in.
pub fn top_module(items: &Program, mut module: hir::items::ModId) -> base::Name {
    while let Some(parent) = items.mods[module].parent
        && items.mods[parent].parent.is_some()
    {
        module = parent;
    }
    items.mods[module].name
}

fn owner_is_std(items: &Program, owner: BodyOwner) -> bool {
    items.module_of(owner).is_none_or(|module| items.mods[module].package == 0)
}

impl Op {
    /// Whether its result is something new.
    pub fn makes(self) -> bool {
        matches!(self, Op::New | Op::Wrap | Op::Lock(_) | Op::TryLock(_) | Op::Channel(_))
    }

    /// Whether a function that does it is looked at.
    pub fn waits(self) -> bool {
        !matches!(
            self,
            Op::New
                | Op::Drop
                | Op::Wrap
                | Op::SameHandle
                | Op::Pointee
                | Op::Guarded
                | Op::Element
                | Op::Messages
                | Op::Select
                | Op::OtherCase
        )
    }
}
