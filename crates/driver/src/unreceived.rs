//! Messages that are sent and that nobody ever receives: no failure, since a program may be done with them, but often a loss.

use rt::explore::{Happening, How, Place, is_std};

use crate::diagram::place;
use crate::exploring::Schedule;

/// What a message is that was sent, in the steps of an execution.
const SENDS: [&str; 3] = ["send", "try_send", "send_batch"];

#[derive(Clone, Debug)]
pub struct Unreceived {
    /// How many executions left messages.
    pub executions: u64,
    /// One of them.
    pub schedule: Schedule,
    /// Where it sent those.
    pub places: Vec<Place>,
}

impl Unreceived {
    /// An execution has left messages; `executions` is to be counted, and where they were sent to be seen in a trace.
    pub(crate) fn first(schedule: Schedule) -> Unreceived {
        Unreceived { executions: 0, schedule, places: Vec::new() }
    }

    /// What an execution has left of the messages that the program itself sends.
    pub(crate) fn in_trace(happened: &[Happening], schedule: &Schedule) -> Option<Unreceived> {
        let mut places: Vec<Place> = Vec::new();
        for (at, one) in happened.iter().enumerate() {
            let Happening::Leaves { object: channel, messages, .. } = one else { continue };
            // What was sent last is what is left.
            let sends = happened[..at].iter().rev().filter_map(|one| match one {
                Happening::Does { what, object, how: How::Done, calls, .. }
                | Happening::Does { how: How::Case(what, object), calls, .. }
                    if object == channel && SENDS.contains(what) =>
                {
                    Some(calls)
                }
                _ => None,
            });
            let own = sends.take(*messages).filter_map(|calls| place(calls)).filter(|p| !is_std(&p.file));
            for sent in own {
                if !places.contains(sent) {
                    places.push(sent.clone());
                }
            }
        }
        places.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        (!places.is_empty()).then(|| Unreceived { executions: 1, schedule: schedule.clone(), places })
    }

    /// Of two parts of an exploration.
    pub(crate) fn both(one: Option<Unreceived>, other: Option<Unreceived>) -> Option<Unreceived> {
        match (one, other) {
            (Some(one), Some(other)) => {
                Some(Unreceived { executions: one.executions + other.executions, ..one })
            }
            (one, other) => one.or(other),
        }
    }
}
