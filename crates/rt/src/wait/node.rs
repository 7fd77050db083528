//! Waiters' entries in objects' queues: intrusive, on the waiter's stack or in its leaf frame, no allocation.

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use super::{Claim, Outcome, Wait, Waker};
use crate::sync::AtomicU32;

/// One case of one wait. See the invariants in `wait`.
pub(crate) struct Node {
    /// `UNLINKED` while it is in no queue. Both are cells, since neighbours change them while the owner looks at the rest.
    prev: Cell<*mut Node>,
    next: Cell<*mut Node>,
    /// The word it waits on, in a bucket that several share. Null for other objects.
    pub(crate) word: *const AtomicU32,
    wait: *const Wait,
    /// The value's place, for channels; for words what the wait's `object` is to be.
    pub(crate) value: *mut u8,
    pub(crate) case: u32,
    /// What an object needs to know of its waiter: permits for a semaphore, reading or writing for a lock. `SELECT`
    /// is added for one of several cases, which must not be told to retry or that a channel closed.
    want: u32,
    /// So a `&mut` to what it is in, which its owner may have while it is linked, does not count as unique.
    _pinned: PhantomPinned,
}

/// Not a node: marks one that is in no queue.
const UNLINKED: *mut Node = std::ptr::without_provenance_mut(1);
const SELECT: u32 = 1 << 31;

impl Node {
    pub(crate) const fn new(word: *const AtomicU32, want: u32) -> Node {
        Node {
            prev: Cell::new(UNLINKED),
            next: Cell::new(null_mut()),
            word,
            wait: null(),
            value: null_mut(),
            case: 0,
            want,
            _pinned: PhantomPinned,
        }
    }

    /// Says which wait this is the only case of.
    pub(crate) fn attach(&mut self, wait: *const Wait) {
        self.wait = wait;
    }

    /// Says which wait this is case `case` of.
    pub(crate) fn attach_case(&mut self, wait: *const Wait, case: u32) {
        self.wait = wait;
        self.case = case;
        self.want |= SELECT;
    }

    pub(crate) fn want(&self) -> u32 {
        self.want & !SELECT
    }

    pub(crate) fn is_select(&self) -> bool {
        self.want & SELECT != 0
    }

    /// The wait that this is a case of.
    #[cfg(not(loom))]
    pub(crate) fn wait(&self) -> *const Wait {
        self.wait
    }

    fn is_linked(&self) -> bool {
        self.prev.get() != UNLINKED
    }

    /// Claims this node's wait.
    ///
    /// # Safety
    /// The lock of the object that the node is (or was just) linked into is held.
    pub(crate) unsafe fn claim(&self) -> Option<Claim> {
        // SAFETY: under the object's lock, the wait of a node that was linked is alive.
        unsafe { (*self.wait).claim() }
    }

    /// Tells the wait that this case is out. Claims it if that was the last.
    ///
    /// # Safety
    /// As for [`Node::claim`].
    pub(crate) unsafe fn lose_case(&self) -> Option<Claim> {
        // SAFETY: as in `claim`.
        unsafe { (*self.wait).lose_case() }
    }
}

/// A first-in first-out queue of nodes. Only used under its object's lock.
pub struct Queue {
    head: *mut Node,
    tail: *mut Node,
}

impl Queue {
    pub(crate) const fn new() -> Queue {
        Queue { head: null_mut(), tail: null_mut() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// # Safety
    /// `node` is valid, not linked, and stays where it is until it is unlinked.
    pub(crate) unsafe fn push(&mut self, node: *mut Node) {
        // SAFETY: `node` is valid by contract and `tail`, if any, is a linked node, hence valid.
        unsafe {
            (*node).prev.set(self.tail);
            (*node).next.set(null_mut());
            if self.tail.is_null() {
                self.head = node;
            } else {
                (*self.tail).next.set(node);
            }
        }
        self.tail = node;
    }

    /// Unlinks a node. False: somebody else has.
    ///
    /// # Safety
    /// `node` is valid and, if linked, linked here.
    pub(crate) unsafe fn unlink(&mut self, node: *mut Node) -> bool {
        // SAFETY: `node` is valid; its neighbours are linked nodes, hence valid.
        unsafe {
            if !(*node).is_linked() {
                return false;
            }
            let (prev, next) = ((*node).prev.get(), (*node).next.get());
            if prev.is_null() {
                self.head = next;
            } else {
                (*prev).next.set(next);
            }
            if next.is_null() {
                self.tail = prev;
            } else {
                (*next).prev.set(prev);
            }
            (*node).prev.set(UNLINKED);
        }
        true
    }

    /// Takes the first node out.
    pub(crate) fn pop(&mut self) -> Option<*mut Node> {
        let node = self.head;
        if node.is_null() {
            return None;
        }
        // SAFETY: the head is linked here.
        unsafe { self.unlink(node) };
        Some(node)
    }

    /// The first node that waits on `key`, left in place.
    pub(crate) fn first(&self, key: usize) -> Option<*mut Node> {
        let mut at = self.head;
        while !at.is_null() {
            // SAFETY: linked nodes are valid under the lock.
            unsafe {
                if (*at).word.addr() == key {
                    return Some(at);
                }
                at = (*at).next.get();
            }
        }
        None
    }

    /// Calls `see` with the first `most` nodes.
    #[cfg(not(loom))]
    pub(crate) fn each(&self, most: usize, mut see: impl FnMut(&Node)) {
        let mut at = self.head;
        for _ in 0..most {
            // SAFETY: linked nodes are valid under the lock.
            let Some(node) = (unsafe { at.as_ref() }) else { return };
            see(node);
            at = node.next.get();
        }
    }

    /// Takes the first node out that waits on `key`.
    pub(crate) fn pop_key(&mut self, key: usize) -> Option<*mut Node> {
        let node = self.first(key)?;
        // SAFETY: it is linked here.
        unsafe { self.unlink(node) };
        Some(node)
    }
}

/// Wakers collected under a lock, to be woken after it is released (or, if there are very many, before).
pub struct Wakers {
    /// The first `len` are there. Left unwritten otherwise: this is made for every send and receive.
    list: [MaybeUninit<Waker>; 8],
    len: usize,
}

#[allow(clippy::new_without_default)] // Not for others: `web` makes them, too.
impl Wakers {
    #[inline]
    pub const fn new() -> Wakers {
        Wakers { list: [const { MaybeUninit::uninit() }; 8], len: 0 }
    }

    #[inline]
    pub(crate) fn add(&mut self, waker: Waker) {
        if matches!(waker, Waker::Nobody) {
            return;
        }
        if self.len == self.list.len() {
            self.wake();
        }
        self.list[self.len].write(waker);
        self.len += 1;
    }

    #[inline]
    pub fn wake(&mut self) {
        for waker in &self.list[..std::mem::take(&mut self.len)] {
            // SAFETY: the first `len` are there, and none is read again.
            unsafe { waker.assume_init_read() }.wake();
        }
    }
}

/// Ends the wait of a node that was just unlinked, if nobody else did. True: it was ended here.
///
/// # Safety
/// As for [`Node::claim`].
pub(crate) unsafe fn finish(node: *mut Node, outcome: Outcome, wakers: &mut Wakers) -> bool {
    // SAFETY: by contract.
    unsafe {
        match (*node).claim() {
            Some(claim) => {
                wakers.add(claim.commit((*node).case, outcome));
                true
            }
            None => false,
        }
    }
}
