//! What is remembered of an execution that is to be shown: who did what where.

use abi::waiting::{Frame, Site};
use explore::TaskId;

use super::op::Op;
use crate::chain;
use crate::text::text;

/// A call that may wait, on the way to an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub function: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// A place that is watched: one where a call is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Spot {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// The watched places at which somebody stands, by their numbers from 1: of the calls that lead there, innermost first.
pub type Spots = smallvec::SmallVec<[u32; 2]>;

/// Whether a file's name is one of the standard library's.
pub fn is_std(file: &str) -> bool {
    file.starts_with("std/") || file.starts_with("<std")
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    Starts {
        task: u32,
        name: String,
        by: Option<u32>,
        /// Where, if the runtime knows it.
        place: Option<Place>,
    },
    /// Did an operation on an object, which is named by number in the order of first use (0: on none).
    Does {
        task: u32,
        what: &'static str,
        object: u32,
        how: How,
        /// Steps of one task with the same number belong to one call of std; 0: not known.
        call: u32,
        calls: Vec<Place>,
    },
    Ends {
        task: u32,
    },
    Panics {
        task: u32,
        message: String,
    },
    Prints {
        task: u32,
        text: String,
    },
    /// Gave up the last receiver of a channel with messages in it.
    Leaves {
        task: u32,
        object: u32,
        messages: usize,
    },
    /// At the end: waits for ever.
    Waits {
        task: u32,
        what: &'static str,
        object: u32,
        calls: Vec<Place>,
        holder: Option<u32>,
        /// Of a select: what its cases are, and on which objects.
        cases: Vec<(&'static str, u32)>,
        /// It only waits for time to pass, or is an actor between two messages: that is no fault.
        rests: bool,
    },
}

/// How an operation ended that could end in several ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// As one does that is about nothing else.
    Done,
    /// Of a select: by this case, on that object.
    Case(&'static str, u32),
    /// In another way, in words.
    Otherwise(&'static str),
    /// With one of so many values.
    Chance(u32, u32),
}

/// Collects what happens.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) happened: Vec<Happening>,
    objects: Vec<u64>,
    /// Who holds which mutex.
    held: Vec<(usize, TaskId)>,
}

impl Recorder {
    pub(super) fn starts(&mut self, task: TaskId, name: String, by: Option<TaskId>, place: Option<Place>) {
        self.happened.push(Happening::Starts { task: task.0, name, by: by.map(|by| by.0), place });
    }

    pub(super) fn ends(&mut self, task: TaskId) {
        self.happened.push(Happening::Ends { task: task.0 });
    }

    /// `object` is the name of what the operation is about, here and below.
    pub(super) fn event(
        &mut self,
        task: TaskId,
        op: Op,
        object: Option<u64>,
        (alternative, case): (u32, Option<(&'static str, u64)>),
        call: u32,
        (site, parent): (*const Site, *const Frame),
    ) {
        match op {
            Op::Lock(at) => self.held.push((at, task)),
            Op::Unlock(at) => self.held.retain(|held| held.0 != at),
            _ => {}
        }
        let object = self.number(object);
        let how = match (case, op) {
            (Some((what, object)), _) => How::Case(what, self.number(Some(object))),
            (None, Op::Chance { n, .. }) => How::Chance(alternative, n),
            _ => op.outcome(alternative).map_or(How::Done, How::Otherwise),
        };
        let calls = calls(site, parent);
        let what = op.name();
        self.happened.push(Happening::Does { task: task.0, what, object, how, call, calls });
    }

    pub(super) fn leaves(&mut self, task: u32, object: u64, messages: usize) {
        let object = self.number(Some(object));
        self.happened.push(Happening::Leaves { task, object, messages });
    }

    /// A step that is not worth a choice.
    pub(super) fn silent(&mut self, op: Op) {
        if let Op::Unlock(at) = op {
            self.held.retain(|held| held.0 != at);
        }
    }

    pub(super) fn waits(
        &mut self,
        task: TaskId,
        op: Op,
        object: Option<u64>,
        cases: Vec<(&'static str, u64)>,
        rests: bool,
        (site, parent): (*const Site, *const Frame),
    ) {
        let holder = match op {
            Op::Lock(at) => self.held.iter().find(|held| held.0 == at).map(|held| held.1.0),
            _ => None,
        };
        let object = self.number(object);
        let (what, calls) = (op.name(), calls(site, parent));
        let cases = cases.into_iter().map(|(what, object)| (what, self.number(Some(object)))).collect();
        self.happened.push(Happening::Waits { task: task.0, what, object, calls, holder, cases, rests });
    }

    fn number(&mut self, object: Option<u64>) -> u32 {
        let Some(object) = object else { return 0 };
        let known = self.objects.iter().position(|known| *known == object);
        let index = known.unwrap_or_else(|| {
            self.objects.push(object);
            self.objects.len() - 1
        });
        index as u32 + 1
    }
}

/// The calls that led to an operation, innermost first: those that frames say, or else the one that was announced.
fn calls(site: *const Site, frame: *const Frame) -> Vec<Place> {
    const MOST: usize = 16;
    let site = if frame.is_null() { site } else { std::ptr::null() };
    // SAFETY: the frames of a fiber that stands or is parked are valid and still.
    let sites = unsafe { chain::sites_from(site, frame) };
    let call = |site: &Site| {
        let (file, location) = chain::place(site)?;
        Some(Place {
            // SAFETY: a constant, which points to constants.
            function: unsafe { text(site.name_ptr, site.name_len) }.to_string(),
            file: file.to_string(),
            line: location.line,
            column: location.col,
        })
    };
    sites.filter_map(call).take(MOST).collect()
}
