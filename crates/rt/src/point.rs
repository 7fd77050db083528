//! The hook at every place where another thread's progress could change what happens next.
//!
//! Nothing in the normal build. The exploring build makes each call a choice of who runs.

/// What is about to happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Point {
    Lock,
    Unlock,
    Send,
    Recv,
    Select,
    Notify,
    Spawn,
    Join,
    Sleep,
    Yield,
    Clock,
    Random,
}

#[inline(always)]
pub(crate) fn point(_what: Point) {}
