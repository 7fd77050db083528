//! What is told of a circle.

use std::fmt::Write;

use super::circle::{Circle, Waiter};
use crate::task::Look;
use crate::wait::{Outcome, Reason};
use crate::who::Who;
use crate::{census, stdio, task};

/// Tells of a circle. False: somebody in it has gone on after all, cancelled perhaps.
pub(super) fn tell(circle: &Circle) -> bool {
    let text = census::with_threads(|threads| {
        let tasks = Look::now();
        describe(circle, &Who::new(threads, Some(&tasks)))
    });
    let Some(text) = text else { return false };
    stdio::flush_quietly();
    stdio::write_stderr(text.as_bytes());
    true
}

/// Ends the wait of one who asks an actor in the circle, which was told: it panics, and the others go on.
pub(super) fn end(circle: &Circle) {
    let waker = census::with_threads(|threads| {
        let tasks = Look::now();
        let who = Who::new(threads, Some(&tasks));
        let asks = circle.0.iter().filter(|waiter| waiter.stamp.reason() == Reason::Reply as u8);
        asks.filter(|waiter| who.thread(waiter.run).is_some() || who.task(waiter.run).is_some())
            // SAFETY: who is listed has a runner as long as the lists stay.
            .find_map(|waiter| unsafe { (*waiter.run).wait.claim_this(waiter.stamp) })
            .map(|claim| claim.commit(0, Outcome::TimedOut))
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn describe(circle: &Circle, who: &Who) -> Option<String> {
    let mut text = match circle.0.len() {
        1 => "deadlock: one waits for itself, while the rest of the program goes on\n".to_string(),
        n => {
            format!("deadlock: {n} wait for each other in a circle, while the rest of the program goes on\n")
        }
    };
    for waiter in &circle.0 {
        describe_waiter(waiter, who, &mut text)?;
    }
    Some(text)
}

/// Who it is, and what it waits for. `None`: it does not any more.
fn describe_waiter(waiter: &Waiter, who: &Who, out: &mut dyn Write) -> Option<()> {
    if let Some(thread) = who.thread(waiter.run) {
        // SAFETY: a listed thread's runner is valid.
        let waits = || unsafe { (*waiter.run).wait.stamp() } == Some(waiter.stamp);
        waits().then(|| thread.describe(true, who, out))?;
        return waits().then_some(());
    }
    let found = who.task(waiter.run)?;
    let waits = || found.run.wait.stamp() == Some(waiter.stamp);
    waits().then(|| task::describe(found, who, out))?;
    waits().then_some(())
}
