//! What is noted of an execution beside its steps: panics and ends, who hears of them, what is printed, what is left over.

use std::ptr::null;

use super::super::trace::Happening;
use super::{Exec, Phase, Verdict};
use crate::current;
use crate::runner::Unwinding;

impl Exec {
    /// A panic begins.
    pub(in crate::explore) fn note_panic(&mut self, message: &str) {
        if self.phase != Phase::Running {
            return;
        }
        self.panics.push(message.to_string());
        self.is_called_at(null());
        let task = self.current_id();
        if let Some(recorder) = &mut self.recorder {
            recorder.happened.push(Happening::Panics { task, message: message.to_string() });
        }
    }

    /// How the current fiber ends is kept in a record, for who asks.
    pub(in crate::explore) fn end_is_kept(&mut self, record: usize) {
        let me = self.current;
        self.fibers[me].kept_in = Some(record);
    }

    /// Somebody is told, or asks, what is kept in the record.
    pub(in crate::explore) fn end_is_known(&mut self, record: usize) {
        self.unseen.retain(|unseen| unseen.0 != record);
        for fiber in &mut self.fibers[..self.live] {
            if fiber.kept_in == Some(record) {
                fiber.heard = true;
            }
        }
    }

    /// The current fiber has nothing to do until its next wait ends.
    pub(in crate::explore) fn is_idle(&mut self) {
        let me = self.current;
        self.fibers[me].idle = true;
    }

    /// Somebody whom nobody will join has panicked. What happens to those who are left when `main` has ended is
    /// nobody's business: outside they would have been cancelled. But it may have come before that.
    pub(super) fn note_unseen_panic(&mut self, message: &str) {
        if !self.is_running() || self.failure.is_some() {
            return;
        }
        let fiber = &self.fibers[self.current];
        match fiber.kept_in {
            _ if fiber.heard => {}
            _ if self.main_ended => {
                if !std::mem::replace(&mut self.looked.panics, true) {
                    self.failure = Some(Verdict::Restart);
                }
            }
            Some(record) => self.unseen.push((record, message.to_string())),
            None => self.failure = Some(Verdict::Panicked(message.to_string())),
        }
    }

    /// The current fiber ends.
    pub(super) fn note_end(&mut self) {
        let task = self.fibers[self.current].id;
        if let Some(recorder) = self.recorder.as_mut().filter(|_| self.phase == Phase::Running) {
            recorder.ends(task);
        }
    }

    /// A channel ends with messages in it.
    pub(in crate::explore) fn note_unreceived(&mut self, channel: usize, messages: usize) {
        // Who unwinds leaves what it was to do: that is known.
        if messages == 0 || !self.is_running() || current::runner().unwinding() != Unwinding::Not {
            return;
        }
        self.unreceived += messages;
        if self.recorder.is_some() {
            let (task, object) = (self.current_id(), self.object(channel));
            let recorder = self.recorder.as_mut();
            recorder.expect("there is one").leaves(task, object, messages);
        }
    }

    /// The program prints.
    pub(in crate::explore) fn note_output(&mut self, text: &str) {
        if !self.is_running() {
            return;
        }
        self.output.push_str(text);
        let task = self.current_id();
        if let Some(recorder) = &mut self.recorder {
            recorder.happened.push(Happening::Prints { task, text: text.to_string() });
        }
    }
}
