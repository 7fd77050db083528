//! Cancellation and deadlines: at every kind of wait, and in scopes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32 as Word, AtomicUsize, Ordering::SeqCst};

use abi::waiting::{Context, DONE, Frame, UNWINDING};
use abi::{RawScope, SelectCase, SelectKind};

use super::code::{At, Body, Handle, Joined, Next, call, empty_panic, make, message, spawn};
use super::tasks::{channel, get, put};
use crate::call::{Entry, altru_deadline_call, altru_panic_catch};
use crate::channel::Channel;
use crate::exports::*;
use crate::runner::Runner;
use crate::sync::AtomicU32;
use crate::task::*;
use crate::thread::altru_thread_sleep;
use crate::{current, locks};

const SECOND: i64 = 1_000_000_000;

/// What the tasks of one test share.
struct Shared {
    empty: Arc<Channel>,
    full: Arc<Channel>,
    meeting: Arc<Channel>,
    lock: AtomicU32,
    rwlock: AtomicU32,
    condvar: AtomicU32,
    semaphore: AtomicU32,
    event: AtomicU32,
    word: AtomicU32,
    cleaned: AtomicUsize,
}

/// Waits for something that does not come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Recv,
    RecvFor,
    RecvBatch,
    Send,
    Meet,
    SendBatch,
    Lock,
    Read,
    Write,
    Condvar,
    Semaphore,
    Event,
    Word,
    Select,
    Join,
    Sleep,
    Scope,
}

const KINDS: [Kind; 17] = [
    Kind::Recv,
    Kind::RecvFor,
    Kind::RecvBatch,
    Kind::Send,
    Kind::Meet,
    Kind::SendBatch,
    Kind::Lock,
    Kind::Read,
    Kind::Write,
    Kind::Condvar,
    Kind::Semaphore,
    Kind::Event,
    Kind::Word,
    Kind::Select,
    Kind::Join,
    Kind::Sleep,
    Kind::Scope,
];

struct Stuck {
    kind: Kind,
    shared: Arc<Shared>,
    /// `Kind::Condvar` has the lock, which it must have again when it unwinds.
    locked: bool,
    started: bool,
    cleaned: bool,
    value: u64,
    outcome: i32,
    count: i64,
    all: usize,
    sent: usize,
    cases: [SelectCase; 3],
    other: Option<Handle<()>>,
    panic: abi::RawPanic,
    scope: RawScope,
}

impl Stuck {
    fn new(kind: Kind, shared: &Arc<Shared>) -> Stuck {
        let case = SelectCase::new(SelectKind::Skip, std::ptr::null_mut(), std::ptr::null_mut());
        Stuck {
            kind,
            shared: Arc::clone(shared),
            locked: false,
            started: false,
            cleaned: false,
            value: 0,
            outcome: -9,
            count: 0,
            all: 0,
            sent: 0,
            cases: [case; 3],
            other: None,
            panic: empty_panic(),
            scope: RawScope { words: [0; 7] },
        }
    }

    /// # Safety
    /// It does not move.
    unsafe fn wait(&mut self, at: At) -> i32 {
        let s = &*self.shared;
        let (cx, frame, out) = (at.cx, at.frame, &raw mut self.outcome);
        let ptr = |channel: &Arc<Channel>| Arc::as_ptr(channel).cast_mut();
        let value = (&raw mut self.value).cast::<u8>();
        // SAFETY: objects and places outlive the calls.
        unsafe {
            match self.kind {
                Kind::Recv => altru_channel_recv(cx, frame, out, ptr(&s.empty), value, -1),
                Kind::RecvFor => altru_channel_recv(cx, frame, out, ptr(&s.empty), value, 1000 * SECOND),
                Kind::RecvBatch => {
                    let count = &raw mut self.count;
                    altru_channel_recv_batch(cx, frame, count, ptr(&s.empty), value, 1, -1)
                }
                Kind::Send => altru_channel_send(cx, frame, out, ptr(&s.full), value, -1),
                Kind::Meet => altru_channel_send(cx, frame, out, ptr(&s.meeting), value, -1),
                Kind::SendBatch => {
                    let (out, sent) = (&raw mut self.all, &raw mut self.sent);
                    altru_channel_send_batch(cx, frame, out, ptr(&s.full), value, 1, -1, sent)
                }
                Kind::Lock => altru_mutex_lock(cx, frame, out, &raw const s.lock, -1),
                Kind::Read => altru_rwlock_read(cx, frame, out, &raw const s.rwlock, -1),
                Kind::Write => altru_rwlock_write(cx, frame, out, &raw const s.rwlock, -1),
                Kind::Condvar => {
                    let (condvar, lock) = (&raw const s.condvar, &raw const s.word);
                    altru_condvar_wait(cx, frame, out, condvar, lock, -1)
                }
                Kind::Semaphore => altru_semaphore_acquire(cx, frame, out, &raw const s.semaphore, 2, -1),
                Kind::Event => altru_event_wait(cx, frame, out, &raw const s.event, -1),
                Kind::Word => altru_word_wait(cx, frame, out, &raw const s.event, 0, -1),
                Kind::Select => {
                    let kinds = [
                        (SelectKind::Recv, ptr(&s.empty).cast(), value),
                        (SelectKind::Send, ptr(&s.full).cast(), value),
                        (SelectKind::Lock, s.lock.as_ptr().cast(), value),
                    ];
                    for (case, (kind, object, value)) in self.cases.iter_mut().zip(kinds) {
                        *case = SelectCase::new(kind, object, value);
                    }
                    altru_select(cx, frame, out, self.cases.as_mut_ptr(), 3, -1, 0)
                }
                Kind::Join => {
                    let other = spawn(Stuck::new(Kind::Sleep, &self.shared));
                    let task = other.task;
                    self.other = Some(other);
                    altru_task_join(cx, frame, out, task, &raw mut self.panic, -1)
                }
                Kind::Sleep => altru_thread_sleep(cx, frame, 1000 * SECOND),
                Kind::Scope => {
                    let scope = (&raw mut self.scope).cast();
                    altru_scope_init(scope);
                    let child = make(Stuck::new(Kind::Recv, &self.shared));
                    altru_task_start(child.task, scope);
                    drop(child);
                    altru_scope_wait(cx, frame, out, scope, &raw mut self.panic)
                }
            }
        }
    }
}

impl Body for Stuck {
    type Out = ();
    const NAME: &'static str = "stuck";

    fn step(&mut self, at: At) -> Next {
        if self.started {
            return Next::Return;
        }
        if self.kind == Kind::Condvar && !self.locked {
            self.locked = true;
            let out = &raw mut self.outcome;
            // SAFETY: the word outlives the call.
            return Next::Called(unsafe {
                altru_mutex_lock(at.cx, at.frame, out, &raw const self.shared.word, -1)
            });
        }
        self.started = true;
        // SAFETY: a body does not move.
        Next::Called(unsafe { self.wait(at) })
    }

    fn out(&mut self) {}

    /// Clean-up may wait, and is not interrupted again.
    fn clean(&mut self, at: At) -> Next {
        if std::mem::replace(&mut self.cleaned, true) {
            self.shared.cleaned.fetch_add(1, SeqCst);
            if let Some(other) = &self.other {
                other.cancel();
            }
            if self.kind == Kind::Condvar && self.started {
                locks::mutex_unlock(&self.shared.word);
            }
            return Next::Return;
        }
        // SAFETY: by the contract of waiting functions.
        Next::Called(unsafe { altru_task_yield(at.cx, at.frame) })
    }
}

fn shared() -> Arc<Shared> {
    let shared = Shared {
        empty: channel(-1),
        full: channel(1),
        meeting: channel(0),
        lock: AtomicU32::new(abi::protocol::mutex::LOCKED),
        rwlock: AtomicU32::new(abi::protocol::rwlock::WRITER),
        condvar: AtomicU32::new(0),
        semaphore: AtomicU32::new(1),
        event: AtomicU32::new(0),
        word: AtomicU32::new(0),
        cleaned: AtomicUsize::new(0),
    };
    put(&shared.full, 99);
    Arc::new(shared)
}

/// Nobody is queued anywhere: every object works as if nobody had waited.
fn assert_no_trace(s: &Shared) {
    put(&s.empty, 5);
    assert_eq!((get(&s.empty), get(&s.empty)), (Some(5), None));
    assert_eq!((get(&s.full), get(&s.full)), (Some(99), None));
    assert_eq!(get(&s.meeting), None);
    locks::mutex_unlock(&s.lock);
    assert_eq!(s.lock.load(crate::sync::Ordering::SeqCst), 0);
    locks::rwlock_unlock_write(&s.rwlock);
    assert_eq!(s.rwlock.load(crate::sync::Ordering::SeqCst), 0);
    assert_eq!(s.condvar.load(crate::sync::Ordering::SeqCst), 0);
    let free = s.semaphore.load(crate::sync::Ordering::SeqCst) & abi::protocol::semaphore::MAX;
    assert_eq!(free, 1);
    assert_eq!(s.word.load(crate::sync::Ordering::SeqCst), 0);
}

#[test]
fn cancelled_at_every_kind_of_wait() {
    for kind in KINDS {
        // At once, and after it has (most likely) begun to wait.
        for pause in [false, true] {
            let s = shared();
            let tasks: Vec<_> = (0..20).map(|_| spawn(Stuck::new(kind, &s))).collect();
            if pause {
                std::thread::sleep(std::time::Duration::from_micros(300));
            }
            tasks.iter().for_each(Handle::cancel);
            for task in tasks {
                assert_eq!(task.join(), Joined::Cancelled, "{kind:?}");
            }
            // Those of a scope, and those that were joined, may end a little later.
            while Arc::strong_count(&s) > 1 {
                std::thread::yield_now();
            }
            assert!(s.cleaned.load(SeqCst) >= 20);
            assert_no_trace(&s);
        }
    }
}

/// A closure for `altru_panic_catch` and `altru_deadline_call`: runs a body in place.
struct Inner<B: Body> {
    body: Option<B>,
}

impl<B: Body<Out = ()>> Inner<B> {
    unsafe extern "C" fn enter(cx: *mut Context, parent: *mut Frame, _how: i32, env: *mut u8) -> i32 {
        // SAFETY: `env` is an `Inner`; nothing is written to the result's place.
        unsafe {
            let body = (*env.cast::<Inner<B>>()).body.take().expect("called once");
            call(cx, parent, std::ptr::NonNull::dangling().as_ptr(), body)
        }
    }
}

/// Calls a body under a deadline, or catching panics. Gives what the runtime says.
struct Under<B: Body> {
    inner: Inner<B>,
    /// -1: catches panics instead.
    duration: i64,
    outcome: i32,
    panic: abi::RawPanic,
}

impl<B: Body> Under<B> {
    fn new(body: B, duration: i64) -> Under<B> {
        let inner = Inner { body: Some(body) };
        Under { inner, duration, outcome: -1, panic: empty_panic() }
    }
}

impl<B: Body<Out = ()>> Body for Under<B> {
    type Out = i32;
    fn step(&mut self, at: At) -> Next {
        if self.inner.body.is_none() {
            return Next::Return;
        }
        let entry: Entry = Inner::<B>::enter;
        let env = (&raw mut self.inner).cast();
        let out = &raw mut self.outcome;
        // SAFETY: the entry fits its environment; the places outlive the call.
        Next::Called(unsafe {
            if self.duration < 0 {
                altru_panic_catch(at.cx, at.frame, out, entry, env, &raw mut self.panic)
            } else {
                altru_deadline_call(at.cx, at.frame, out, entry, env, self.duration)
            }
        })
    }
    fn out(&mut self) -> i32 {
        if self.outcome == 1 && self.duration < 0 {
            assert_eq!(message(&mut self.panic), "it fails");
        }
        self.outcome
    }
}

/// The same, giving nothing, so that it can be nested; the outcome goes to a word.
struct Noted<B: Body<Out = ()>>(Under<B>, Arc<Word>);

impl<B: Body<Out = ()>> Body for Noted<B> {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        self.0.step(at)
    }
    fn out(&mut self) {
        self.1.store(self.0.out() as u32, SeqCst);
    }
}

#[test]
fn a_cancellation_passes_a_catch() {
    let s = shared();
    let task = spawn(Under::new(Stuck::new(Kind::Recv, &s), -1));
    task.cancel();
    assert_eq!(task.join(), Joined::Cancelled);
    assert_eq!(s.cleaned.load(SeqCst), 1);
}

/// Panics after a wait.
struct Fails(bool);

impl Body for Fails {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        if !std::mem::replace(&mut self.0, true) {
            // SAFETY: by the contract of waiting functions.
            return Next::Called(unsafe { altru_task_yield(at.cx, at.frame) });
        }
        let text = "it fails";
        // SAFETY: valid text, no location.
        unsafe { crate::panic::altru_panic(text.as_ptr(), text.len(), std::ptr::null()) }
    }
    fn out(&mut self) {}
}

#[test]
fn a_panic_is_caught_across_a_wait() {
    assert_eq!(spawn(Under::new(Fails(false), -1)).join(), Joined::Returned(1));
}

#[test]
fn a_deadline_ends_every_kind_of_wait() {
    for kind in KINDS {
        let s = shared();
        let task = spawn(Under::new(Stuck::new(kind, &s), 200_000));
        assert_eq!(task.join(), Joined::Returned(1), "{kind:?}");
        while Arc::strong_count(&s) > 1 {
            std::thread::yield_now();
        }
        assert_no_trace(&s);
    }
}

#[test]
fn a_deadline_ends_the_waits_of_a_thread() {
    let kinds = KINDS.iter().filter(|kind| !matches!(kind, Kind::Scope | Kind::Join));
    for kind in kinds {
        let s = shared();
        let mut inner = Inner { body: Some(Stuck::new(*kind, &s)) };
        let mut outcome = -1;
        let cx = current::thread().context();
        let entry: Entry = Inner::<Stuck>::enter;
        // SAFETY: the entry fits its environment; a thread's call does not suspend.
        let status = unsafe {
            let env = (&raw mut inner).cast();
            altru_deadline_call(cx, std::ptr::null_mut(), &raw mut outcome, entry, env, 200_000)
        };
        assert_eq!((status, outcome), (abi::waiting::DONE, 1), "{kind:?}");
        assert_eq!(s.cleaned.load(SeqCst), 1);
        assert_no_trace(&s);
    }
}

#[test]
fn the_block_whose_deadline_it_is_ends() {
    let s = shared();
    // The inner one is later: it lets the outer one's pass.
    let note = Arc::new(Word::new(7));
    let inner = Noted(Under::new(Stuck::new(Kind::Recv, &s), 1000 * SECOND), Arc::clone(&note));
    assert_eq!(spawn(Under::new(inner, 200_000)).join(), Joined::Returned(1));
    assert_eq!(note.load(SeqCst), 7);
    // The inner one is earlier: the outer one goes on.
    let inner = Noted(Under::new(Stuck::new(Kind::Recv, &s), 200_000), Arc::clone(&note));
    assert_eq!(spawn(Under::new(inner, 1000 * SECOND)).join(), Joined::Returned(0));
    assert_eq!(note.load(SeqCst), 1);
    // A catch of panics in between does not see it.
    let inner = Noted(Under::new(Stuck::new(Kind::Sleep, &s), -1), Arc::clone(&note));
    assert_eq!(spawn(Under::new(inner, 200_000)).join(), Joined::Returned(1));
}

/// A scope with children, waited for. The children are given by kind; one may panic.
struct Family {
    shared: Arc<Shared>,
    children: usize,
    panics: bool,
    stage: u32,
    outcome: i32,
    panic: abi::RawPanic,
    scope: RawScope,
    /// How many children live: no one does when the scope has ended.
    alive: Arc<AtomicUsize>,
}

struct Child(Stuck, Arc<AtomicUsize>);

impl Drop for Child {
    fn drop(&mut self) {
        self.1.fetch_sub(1, SeqCst);
    }
}

impl Body for Child {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        self.0.step(at)
    }
    fn out(&mut self) {}
    fn clean(&mut self, at: At) -> Next {
        self.0.clean(at)
    }
}

impl Body for Family {
    type Out = i32;
    fn step(&mut self, at: At) -> Next {
        self.stage += 1;
        if self.stage > 1 {
            assert_eq!(self.alive.load(SeqCst), 0);
            return Next::Return;
        }
        let scope: *mut _ = (&raw mut self.scope).cast();
        // SAFETY: the record does not move, and its last use is the wait.
        Next::Called(unsafe {
            altru_scope_init(scope);
            for _ in 0..self.children {
                self.alive.fetch_add(1, SeqCst);
                let stuck = Stuck::new(Kind::Recv, &self.shared);
                altru_task_start(make(Child(stuck, Arc::clone(&self.alive))).task, scope);
            }
            if self.panics {
                altru_task_start(make(Fails(false)).task, scope);
            }
            altru_scope_wait(at.cx, at.frame, &raw mut self.outcome, scope, &raw mut self.panic)
        })
    }
    fn out(&mut self) -> i32 {
        self.outcome
    }
    fn clean(&mut self, _at: At) -> Next {
        assert_eq!(self.alive.load(SeqCst), 0);
        Next::Return
    }
}

fn family(s: &Arc<Shared>, children: usize, panics: bool) -> Family {
    Family {
        shared: Arc::clone(s),
        children,
        panics,
        stage: 0,
        outcome: -1,
        panic: empty_panic(),
        scope: RawScope { words: [0; 7] },
        alive: Arc::new(AtomicUsize::new(0)),
    }
}

#[test]
fn a_scope_waits_for_its_children_whatever_happens() {
    let s = shared();
    for round in 0..50u64 {
        // A child's panic cancels its siblings.
        assert_eq!(spawn(family(&s, 10, true)).join(), Joined::Returned(1));
        // The owner is cancelled.
        let owner = spawn(family(&s, 10, false));
        if round % 2 == 0 {
            std::thread::sleep(std::time::Duration::from_micros(20 * round));
        }
        owner.cancel();
        assert_eq!(owner.join(), Joined::Cancelled);
        assert_eq!(spawn(family(&s, 0, false)).join(), Joined::Returned(0));
    }
}

#[test]
fn a_thread_owns_a_scope() {
    let s = shared();
    let alive = Arc::new(AtomicUsize::new(0));
    let (mut scope, mut panic, mut outcome) = (RawScope { words: [0; 7] }, empty_panic(), -1);
    let record: *mut _ = (&raw mut scope).cast();
    // SAFETY: the record outlives the wait.
    unsafe {
        altru_scope_init(record);
        for _ in 0..100 {
            alive.fetch_add(1, SeqCst);
            let child = make(Child(Stuck::new(Kind::Meet, &s), Arc::clone(&alive)));
            altru_task_start(child.task, record);
        }
        altru_scope_cancel(record);
        let cx = current::thread().context();
        let frame = std::ptr::null_mut();
        altru_scope_wait(cx, frame, &raw mut outcome, record, &raw mut panic);
    }
    assert_eq!((outcome, alive.load(SeqCst)), (0, 0));
}

/// A shielded region puts a cancellation off, to the next wait after it.
struct Shielded {
    stage: u32,
    gate: Arc<Channel>,
    passed: Arc<AtomicUsize>,
    value: u64,
    outcome: i32,
}

impl Body for Shielded {
    type Out = ();
    fn step(&mut self, at: At) -> Next {
        self.stage += 1;
        // SAFETY: this is the body's own runner; channel and places outlive the calls.
        unsafe {
            match self.stage {
                1 => Runner::of(at.cx).shield(1),
                2 => {
                    self.passed.fetch_add(1, SeqCst);
                    Runner::of(at.cx).shield(-1);
                }
                _ => return Next::Return,
            }
            let value = (&raw mut self.value).cast();
            let gate = Arc::as_ptr(&self.gate).cast_mut();
            Next::Called(altru_channel_recv(at.cx, at.frame, &raw mut self.outcome, gate, value, -1))
        }
    }
    fn out(&mut self) {}
}

#[test]
fn a_shield_puts_it_off() {
    let gate = channel(-1);
    let passed = Arc::new(AtomicUsize::new(0));
    let body =
        Shielded { stage: 0, gate: Arc::clone(&gate), passed: Arc::clone(&passed), value: 0, outcome: 0 };
    let task = spawn(body);
    while !task.is_suspended() {
        std::thread::yield_now();
    }
    task.cancel();
    put(&gate, 1);
    assert_eq!(task.join(), Joined::Cancelled);
    assert_eq!(passed.load(SeqCst), 1);
}

/// Only who would have to wait unwinds.
#[test]
fn who_is_cancelled_takes_what_is_free() {
    let run = Runner::new(false);
    let _ = run.cancel();
    let (cx, nobody) = (run.context(), std::ptr::null_mut());
    let set = AtomicU32::new(abi::protocol::event::SET);
    let permits = AtomicU32::new(2);
    let mut out = -1;
    // SAFETY: the words and the place for results outlive the calls; the runner is this thread's alone.
    unsafe {
        assert_eq!(altru_event_wait(cx, nobody, &raw mut out, &raw const set, -1), DONE);
        let status = altru_semaphore_acquire(cx, nobody, &raw mut out, &raw const permits, 2, -1);
        assert_eq!((status, out, permits.load(SeqCst)), (DONE, locks::TAKEN, 0));
        let status = altru_semaphore_acquire(cx, nobody, &raw mut out, &raw const permits, 1, -1);
        assert_eq!(status, UNWINDING);
    }
}
