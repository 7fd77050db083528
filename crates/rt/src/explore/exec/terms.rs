//! What an exploration is told, and how an execution ends.

/// What an exploration is allowed, and what it wants to know.
#[derive(Clone, Copy, Debug)]
pub(in crate::explore) struct Settings {
    pub(in crate::explore) most_steps: u64,
    /// Timers may fire while others could go on.
    pub(in crate::explore) hasty: bool,
    /// What happens is to be told.
    pub(in crate::explore) record: bool,
    /// Where the program's random numbers start.
    pub(in crate::explore) seed: u64,
}

/// How an execution ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Everyone ended.
    Fine,
    /// `main` waits, and nobody can go on. Who waits for what is in the trace.
    Deadlock,
    /// `main` has ended, and these wait for ever.
    Left(Vec<String>),
    /// A panic that nobody took.
    Panicked(String),
    /// The program ended with this status by itself.
    Exited(i32),
    /// More steps than allowed.
    TooLong,
    /// Everyone who can go on only looks, again and again, at what nobody changes.
    Livelock,
    /// It did something that cannot be explored.
    Unsupported(&'static str),
    /// The strategy had enough of it.
    Abandoned,
    /// Something was looked at for the first time that makes more steps matter: what has been explored so far is void.
    Restart,
}

impl Verdict {
    pub fn is_failure(&self) -> bool {
        !matches!(self, Verdict::Fine | Verdict::Abandoned | Verdict::Restart)
    }
}
