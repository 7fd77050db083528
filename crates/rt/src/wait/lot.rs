//! The parking lot: wait queues for words that are too small to have their own, found by address.
//!
//! A fixed table; addresses that share a bucket share its lock and queue, and are told apart by their key.

use super::{Locked, Queue};

/// One under loom: which words share a bucket depends on their addresses, and a model must not.
const BUCKETS: usize = if cfg!(loom) { 1 } else { 256 };

/// One bucket, on its own cache line.
#[repr(align(64))]
pub(crate) struct Bucket {
    pub(crate) queue: Locked<Queue>,
}

pub(crate) struct Lot {
    buckets: [Bucket; BUCKETS],
}

/// The process's lot.
#[cfg(not(loom))]
pub(crate) static LOT: Lot = Lot::new();

#[cfg(loom)]
loom::lazy_static! {
    /// A fresh one for each execution of a model.
    pub(crate) static ref LOT: Lot = Lot::new();
}

impl Lot {
    #[cfg(not(loom))]
    const fn new() -> Lot {
        Lot { buckets: [const { Bucket { queue: Locked::new(Queue::new()) } }; BUCKETS] }
    }

    #[cfg(loom)]
    fn new() -> Lot {
        Lot { buckets: std::array::from_fn(|_| Bucket { queue: Locked::new(Queue::new()) }) }
    }

    /// Forgets whoever waits: after an exploration's execution that was broken off, when nobody else is there.
    ///
    /// # Safety
    /// No node that is linked here will be used again.
    #[cfg(not(loom))]
    pub(crate) unsafe fn forget_all(&self) {
        for bucket in &self.buckets {
            *bucket.queue.lock() = Queue::new();
        }
    }

    #[cfg(not(loom))]
    pub(crate) fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    pub(crate) fn bucket(&self, key: usize) -> &Bucket {
        let hash = (key as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.buckets[(hash >> 56) as usize % BUCKETS]
    }
}
