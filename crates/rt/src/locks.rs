//! The slow paths of the locks: what happens when a word's fast path (`abi::protocol`) does not do.
//!
//! Not the language's `Mutex` and friends: those are std's, over these. Every function here waits through the
//! lot; a word's *slow* states change only under its bucket's lock, which is what makes each argument local.

use abi::protocol::{event, mutex, rwlock, semaphore};

use crate::census;
use crate::point::{Point, point};
use crate::sync::{AtomicU32, Ordering, SPINS, spin_loop};
use crate::wait::{Bucket, Ended, Lot, Node, Outcome, Queue, Reason, Wait, Wakers, finish};

/// `want` of a mutex waiter that may be told to try again.
const MAY_RETRY: u32 = 0;
/// `want` of one to which the lock is handed over: it has been passed by already, or is a select.
pub(crate) const HAND_OVER: u32 = 1;

const READ: u32 = 0;
const WRITE: u32 = 1;

fn key(word: &AtomicU32) -> usize {
    std::ptr::from_ref(word).addr()
}

/// Parks as a waiter on one word. Called with the bucket's lock held by `queue`'s guard, which it releases.
/// Gives `None` after a timeout, when the node is unlinked again; `left` is then run under the lock.
fn wait_on(
    bucket: &Bucket,
    mut queue: impl std::ops::DerefMut<Target = Queue>,
    reason: Reason,
    node: &mut Node,
    deadline: i64,
    left: impl FnOnce(&mut Queue, &mut Wakers),
) -> Option<Outcome> {
    let wait = Wait::begin(reason, node.key, 1, deadline);
    node.attach(&raw const wait);
    let node: *mut Node = node;
    // SAFETY: the node outlives this function's wait and is unlinked when it ends: by the one who commits, or below.
    unsafe { queue.push(node) };
    drop(queue);
    match wait.park() {
        Ended::Committed { outcome, .. } => Some(outcome),
        Ended::TimedOut => {
            let mut wakers = Wakers::new();
            {
                let mut queue = bucket.queue.lock();
                // SAFETY: a linked node of ours is linked in this bucket.
                unsafe { queue.unlink(node) };
                left(&mut queue, &mut wakers);
            }
            wakers.wake();
            None
        }
    }
}

// ---- mutex ----

/// Takes a mutex. False: the deadline passed.
pub(crate) fn mutex_lock(lot: &Lot, word: &AtomicU32, deadline: i64) -> bool {
    point(Point::Lock);
    for _ in 0..SPINS {
        match word.load(Ordering::Relaxed) {
            // Acquire pairs with the release of the last holder's unlock, here and below.
            mutex::UNLOCKED => {
                if word
                    .compare_exchange(
                        mutex::UNLOCKED,
                        mutex::LOCKED,
                        Ordering::Acquire,
                        Ordering::Relaxed,
                    )
                    .is_ok()
                {
                    return true;
                }
            }
            mutex::LOCKED => spin_loop(),
            _ => break,
        }
    }
    let key = key(word);
    let bucket = lot.bucket(key);
    let mut patience = Patience::new();
    loop {
        let queue = bucket.queue.lock();
        if mutex_take_or_mark(word) {
            return true;
        }
        let want = if patience.is_over() { HAND_OVER } else { MAY_RETRY };
        let mut node = Node::new(key, want);
        match wait_on(bucket, queue, Reason::Lock, &mut node, deadline, |_, _| {}) {
            None => return false,
            Some(Outcome::Done) => return true,
            // Somebody else may take it first; that is faster than handing it over, but not fair.
            Some(_) => {}
        }
    }
}

/// How long a waiter lets others pass before it wants the mutex handed over.
struct Patience {
    start: i64,
}

impl Patience {
    const LIMIT: i64 = if cfg!(loom) { 0 } else { 500_000 };

    fn new() -> Patience {
        Patience { start: -1 }
    }

    fn is_over(&mut self) -> bool {
        let now = crate::clock::monotonic();
        if self.start < 0 {
            self.start = now;
            return false;
        }
        now - self.start >= Patience::LIMIT
    }
}

/// Under the bucket's lock: takes a free mutex, else marks it contended so that its holder comes by.
pub(crate) fn mutex_take_or_mark(word: &AtomicU32) -> bool {
    // Taking it as "contended" though perhaps nobody waits costs one needless slow unlock, nothing else.
    word.swap(mutex::CONTENDED, Ordering::Acquire) == mutex::UNLOCKED
}

/// Releases a mutex.
pub(crate) fn mutex_unlock(lot: &Lot, word: &AtomicU32) {
    point(Point::Unlock);
    if word
        .compare_exchange(mutex::LOCKED, mutex::UNLOCKED, Ordering::Release, Ordering::Relaxed)
        .is_ok()
    {
        return;
    }
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = lot.bucket(key).queue.lock();
        loop {
            let Some(node) = queue.pop_key(key) else {
                // Nobody is queued, and whoever queues next needs this lock first. Release publishes the data.
                word.store(mutex::UNLOCKED, Ordering::Release);
                break;
            };
            // SAFETY: the node was linked until now and the bucket's lock is held.
            unsafe {
                let hand_over = (*node).want == HAND_OVER;
                let Some(claim) = (*node).claim() else { continue };
                let outcome = if hand_over {
                    // The word stays locked: it is the waiter's now. The commit's release publishes the data.
                    Outcome::Done
                } else {
                    word.store(mutex::UNLOCKED, Ordering::Release);
                    Outcome::Retry
                };
                wakers.add(claim.commit((*node).case, outcome));
                break;
            }
        }
    }
    wakers.wake();
}

// ---- read-write lock ----
//
// While QUEUED is set, every change of the word happens under the bucket's lock, and the lock is handed over
// first come, first served.

/// Takes for reading. False: the deadline passed.
pub(crate) fn rwlock_read(lot: &Lot, word: &AtomicU32, deadline: i64) -> bool {
    point(Point::Lock);
    rwlock_take(lot, word, READ, deadline)
}

/// Takes for writing. False: the deadline passed.
pub(crate) fn rwlock_write(lot: &Lot, word: &AtomicU32, deadline: i64) -> bool {
    point(Point::Lock);
    rwlock_take(lot, word, WRITE, deadline)
}

fn rwlock_take(lot: &Lot, word: &AtomicU32, want: u32, deadline: i64) -> bool {
    let key = key(word);
    let bucket = lot.bucket(key);
    let queue = bucket.queue.lock();
    // Free for us, or marked so that the holders come by.
    let marked = word
        .fetch_update(Ordering::Acquire, Ordering::Relaxed, |w| {
            Some(match want {
                READ if w & (rwlock::WRITER | rwlock::QUEUED) == 0 => w + 1,
                WRITE if w == 0 => rwlock::WRITER,
                _ => w | rwlock::QUEUED,
            })
        })
        .unwrap_or_else(|w| w);
    let taken = match want {
        READ => marked & (rwlock::WRITER | rwlock::QUEUED) == 0,
        _ => marked == 0,
    };
    if taken {
        return true;
    }
    let reason = if want == READ { Reason::ReadLock } else { Reason::WriteLock };
    let mut node = Node::new(key, want);
    // A writer that leaves may have held up the readers behind it.
    wait_on(bucket, queue, reason, &mut node, deadline, |queue, wakers| {
        rwlock_hand_over(word, key, queue, wakers);
    })
    .is_some()
}

pub(crate) fn rwlock_unlock_read(lot: &Lot, word: &AtomicU32) {
    rwlock_release(lot, word, 1);
}

pub(crate) fn rwlock_unlock_write(lot: &Lot, word: &AtomicU32) {
    rwlock_release(lot, word, rwlock::WRITER);
}

fn rwlock_release(lot: &Lot, word: &AtomicU32, share: u32) {
    point(Point::Unlock);
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = lot.bucket(key).queue.lock();
        // Release publishes a writer's data to the next holder, acquire receives it for the one served below.
        word.fetch_sub(share, Ordering::AcqRel);
        rwlock_hand_over(word, key, &mut queue, &mut wakers);
    }
    wakers.wake();
}

/// Serves the front of the queue as far as the lock's state allows.
fn rwlock_hand_over(word: &AtomicU32, key: usize, queue: &mut Queue, wakers: &mut Wakers) {
    loop {
        let Some(node) = queue.first(key) else {
            word.fetch_and(!rwlock::QUEUED, Ordering::Release);
            return;
        };
        let w = word.load(Ordering::Relaxed);
        // SAFETY: the node is linked here and the lock is held.
        let want = unsafe { (*node).want };
        let (free, share) = match want {
            READ => (w & rwlock::WRITER == 0, 1),
            _ => (w & (rwlock::WRITER | rwlock::READERS) == 0, rwlock::WRITER),
        };
        if !free {
            return;
        }
        // SAFETY: as above.
        unsafe {
            queue.unlink(node);
            if let Some(claim) = (*node).claim() {
                word.fetch_add(share, Ordering::AcqRel);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
        }
    }
}

// ---- semaphore ----

/// Takes `n` permits. False: the deadline passed.
pub(crate) fn semaphore_acquire(lot: &Lot, word: &AtomicU32, n: u32, deadline: i64) -> bool {
    point(Point::Lock);
    let key = key(word);
    let bucket = lot.bucket(key);
    let queue = bucket.queue.lock();
    let before = word
        .fetch_update(Ordering::Acquire, Ordering::Relaxed, |w| {
            Some(if w & semaphore::QUEUED == 0 && w >= n { w - n } else { w | semaphore::QUEUED })
        })
        .unwrap_or_else(|w| w);
    if before & semaphore::QUEUED == 0 && before >= n {
        return true;
    }
    let mut node = Node::new(key, n);
    // Who leaves may have asked for many and held up those behind.
    wait_on(bucket, queue, Reason::Semaphore, &mut node, deadline, |queue, wakers| {
        semaphore_hand_out(word, key, queue, wakers);
    })
    .is_some()
}

pub(crate) fn semaphore_release(lot: &Lot, word: &AtomicU32, n: u32) {
    point(Point::Unlock);
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = lot.bucket(key).queue.lock();
        word.fetch_add(n, Ordering::AcqRel);
        semaphore_hand_out(word, key, &mut queue, &mut wakers);
    }
    wakers.wake();
}

fn semaphore_hand_out(word: &AtomicU32, key: usize, queue: &mut Queue, wakers: &mut Wakers) {
    loop {
        let Some(node) = queue.first(key) else {
            word.fetch_and(!semaphore::QUEUED, Ordering::Release);
            return;
        };
        // SAFETY: the node is linked here and the lock is held.
        unsafe {
            let n = (*node).want;
            if word.load(Ordering::Relaxed) & semaphore::MAX < n {
                return;
            }
            queue.unlink(node);
            if let Some(claim) = (*node).claim() {
                word.fetch_sub(n, Ordering::AcqRel);
                wakers.add(claim.commit((*node).case, Outcome::Done));
            }
        }
    }
}

// ---- event ----

/// Waits until an event is set. False: the deadline passed.
pub(crate) fn event_wait(lot: &Lot, word: &AtomicU32, reason: Reason, deadline: i64) -> bool {
    // Acquire pairs with the release in `event_set`.
    if word.load(Ordering::Acquire) == event::SET {
        return true;
    }
    let key = key(word);
    let bucket = lot.bucket(key);
    let queue = bucket.queue.lock();
    if word.load(Ordering::Acquire) == event::SET {
        return true;
    }
    if deadline == 0 {
        return false;
    }
    let mut node = Node::new(key, 0);
    wait_on(bucket, queue, reason, &mut node, deadline, |_, _| {}).is_some()
}

pub(crate) fn event_set(lot: &Lot, word: &AtomicU32) {
    point(Point::Notify);
    let key = key(word);
    let mut wakers = Wakers::new();
    {
        let mut queue = lot.bucket(key).queue.lock();
        word.store(event::SET, Ordering::Release);
        // The word may be gone once a waiter runs: it is not touched again.
        while let Some(node) = queue.pop_key(key) {
            // SAFETY: the node was linked until now and the lock is held.
            unsafe { finish(node, Outcome::Done, &mut wakers) };
        }
    }
    wakers.wake();
}

// ---- a plain word ----

/// Sleeps while `*word == expected`. False: the deadline passed.
pub(crate) fn word_wait(lot: &Lot, word: &AtomicU32, expected: u32, deadline: i64) -> bool {
    let key = key(word);
    let bucket = lot.bucket(key);
    let queue = bucket.queue.lock();
    // Who changes the word and then wakes takes the bucket's lock in between: it is seen here, or we are.
    if word.load(Ordering::Acquire) != expected {
        return true;
    }
    let mut node = Node::new(key, 0);
    wait_on(bucket, queue, Reason::Word, &mut node, deadline, |_, _| {}).is_some()
}

/// Wakes up to `count` sleepers. Gives how many.
pub(crate) fn word_wake(lot: &Lot, word: &AtomicU32, count: u32) -> u32 {
    point(Point::Notify);
    let key = key(word);
    let mut wakers = Wakers::new();
    let mut woken = 0;
    {
        let mut queue = lot.bucket(key).queue.lock();
        while woken < count {
            let Some(node) = queue.pop_key(key) else { break };
            // SAFETY: the node was linked until now and the lock is held.
            if unsafe { finish(node, Outcome::Retry, &mut wakers) } {
                woken += 1;
            }
        }
    }
    wakers.wake();
    woken
}

// ---- condition variable ----

/// Releases `mutex`, waits for a notification, takes `mutex` again. False: the deadline passed.
pub(crate) fn condvar_wait(
    lot: &Lot,
    condvar: &AtomicU32,
    mutex: &AtomicU32,
    deadline: i64,
) -> bool {
    let key = key(condvar);
    let bucket = lot.bucket(key);
    let mut node = Node::new(key, 0);
    // Counted as stuck before it is: the mutex is still to be released, which may wake somebody.
    census::begin_transit();
    let wait;
    let node: *mut Node = &raw mut node;
    {
        let mut queue = bucket.queue.lock();
        condvar.fetch_add(1, Ordering::Relaxed);
        wait = Wait::begin(Reason::Condvar, key, 1, deadline);
        // SAFETY: node and wait outlive the parking below, after which the node is unlinked.
        unsafe {
            (*node).attach(&raw const wait);
            queue.push(node);
        }
    }
    mutex_unlock(lot, mutex);
    census::end_transit();
    let notified = match wait.park() {
        Ended::Committed { .. } => true,
        Ended::TimedOut => {
            let mut queue = bucket.queue.lock();
            // SAFETY: a linked node of ours is linked in this bucket.
            unsafe {
                if queue.unlink(node) {
                    condvar.fetch_sub(1, Ordering::Relaxed);
                }
            }
            false
        }
    };
    mutex_lock(lot, mutex, -1);
    notified
}

/// Wakes one waiter, or all.
pub(crate) fn condvar_notify(lot: &Lot, condvar: &AtomicU32, all: bool) {
    point(Point::Notify);
    let key = key(condvar);
    let mut wakers = Wakers::new();
    {
        let mut queue = lot.bucket(key).queue.lock();
        while let Some(node) = queue.pop_key(key) {
            condvar.fetch_sub(1, Ordering::Relaxed);
            // SAFETY: the node was linked until now and the lock is held.
            if unsafe { finish(node, Outcome::Done, &mut wakers) } && !all {
                break;
            }
        }
    }
    wakers.wake();
}
