//! Schedules: the choices of one execution, as a string from which it can be repeated.
//!
//! A choice is written as its distance from the *default*: go on with the task that went last, else with the first one
//! in the list. So a schedule with few context switches is short: it is the list of the places where the
//! default was not taken, and how often it was between them. Points with one option are left out.
//!
//! ```text
//! schedule = "a1." (count number)* "." shape check
//!             version  default taken `count` times, then option `number`
//! ```
//!
//! Numbers are in base 32, low digits first. A number's last digit is one of `0` to `v`, those before it one of `A` to `Z`, `w` to
//! `z`, `_`, `-`, so no separators are needed. `shape` is a hash of the numbers of options at each point: an execution of another program
//! has another shape even where the choices happen to fit. `check` is a hash of all that stands before it.

use std::fmt;
use std::str::FromStr;

use crate::interface::{Choice, Pending, TaskId};

/// The choices of one execution. `Display` and `FromStr` give and read its string.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// For each point with several options which one was taken, 0 the default; defaults at the end are left out.
    pub(crate) choices: Vec<u32>,
    /// How many such points there were.
    pub(crate) points: u32,
    pub(crate) shape: u32,
}

impl Schedule {
    /// The schedule that takes the default everywhere, for as long as the execution lasts.
    pub fn with_defaults() -> Schedule {
        Schedule::default()
    }

    /// The number of points at which the default was not taken.
    pub fn deviations(&self) -> usize {
        self.choices.iter().filter(|choice| **choice != 0).count()
    }

    pub fn choices(&self) -> &[u32] {
        &self.choices
    }
}

/// Why a string is not a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScheduleError {
    NotASchedule,
    Version,
    Damaged,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScheduleError::NotASchedule => "this is not a schedule; one looks like `a1.4b.3f2k7q1c9d2e`",
            ScheduleError::Version => {
                "this schedule was written by another version of Altru and cannot be read"
            }
            ScheduleError::Damaged => {
                "this schedule is incomplete or was changed; copy all of it, from `a1.` to the end"
            }
        })
    }
}

impl std::error::Error for ScheduleError {}

const PREFIX: &str = "a1.";
const LAST: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const MORE: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZwxyz_-";

fn write_number(out: &mut String, mut number: u32) {
    while number >= 32 {
        out.push(MORE[(number % 32) as usize] as char);
        number /= 32;
    }
    out.push(LAST[number as usize] as char);
}

fn read_number(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u32> {
    let mut number: u32 = 0;
    let mut shift = 0;
    loop {
        let byte = bytes.next()?;
        let more = MORE.iter().position(|digit| digit == byte);
        let digit = more.or_else(|| LAST.iter().position(|digit| digit == byte))? as u32;
        if shift >= 32 || (digit << shift) >> shift != digit {
            return None;
        }
        number |= digit << shift;
        if more.is_none() {
            return Some(number);
        }
        shift += 5;
    }
}

/// FNV-1a, 32 bits.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn write_hash(out: &mut String, hash: u32) {
    for digit in 0..7 {
        out.push(LAST[(hash >> (5 * digit) & 31) as usize] as char);
    }
}

fn read_hash(text: &[u8]) -> Option<u32> {
    let mut hash = 0u64;
    for (place, byte) in text.iter().enumerate() {
        hash |= (LAST.iter().position(|digit| digit == byte)? as u64) << (5 * place);
    }
    u32::try_from(hash).ok()
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::from(PREFIX);
        let mut defaults = 0;
        for choice in &self.choices {
            if *choice == 0 {
                defaults += 1;
            } else {
                write_number(&mut out, defaults);
                write_number(&mut out, *choice);
                defaults = 0;
            }
        }
        out.push('.');
        write_number(&mut out, self.points);
        write_hash(&mut out, self.shape);
        let check = hash(out.as_bytes());
        write_hash(&mut out, check);
        f.write_str(&out)
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(PREFIX) else {
            let version = text.strip_prefix('a').map(|rest| rest.split('.').next().unwrap_or_default());
            return Err(match version {
                Some("1") => ScheduleError::Damaged,
                Some(version) if version.parse::<u32>().is_ok() => ScheduleError::Version,
                _ => ScheduleError::NotASchedule,
            });
        };
        let read = || {
            let (choices, rest) = rest.split_once('.')?;
            let check_at = text.len().checked_sub(7)?;
            if !text.is_char_boundary(check_at)
                || read_hash(&text.as_bytes()[check_at..])? != hash(&text.as_bytes()[..check_at])
            {
                return None;
            }
            let (points, hashes) = rest.as_bytes().split_at_checked(rest.len().checked_sub(14)?)?;
            let mut points = points.iter();
            let mut schedule = Schedule {
                points: read_number(&mut points)?,
                shape: read_hash(&hashes[..7])?,
                ..Schedule::default()
            };
            if points.next().is_some() {
                return None;
            }
            let mut bytes = choices.as_bytes().iter();
            while !bytes.as_slice().is_empty() {
                let defaults = read_number(&mut bytes)?;
                let choice = read_number(&mut bytes)?;
                if choice == 0
                    || schedule.choices.len() as u64 + u64::from(defaults) >= u64::from(schedule.points)
                {
                    return None;
                }
                schedule.choices.resize(schedule.choices.len() + defaults as usize, 0);
                schedule.choices.push(choice);
            }
            Some(schedule)
        };
        read().ok_or(ScheduleError::Damaged)
    }
}

/// The options at one point, in the order in which schedules number them.
pub(crate) struct Options<'a> {
    pending: &'a [Pending],
    /// Where the default's task stands in `pending`.
    default: usize,
    pub(crate) count: u32,
}

impl<'a> Options<'a> {
    pub(crate) fn new(pending: &'a [Pending], previous: Option<TaskId>) -> Options<'a> {
        let mut count = 0;
        let mut first = None;
        let mut first_yielded = None;
        let mut default = None;
        for (at, entry) in pending.iter().enumerate() {
            if entry.enabled == 0 {
                continue;
            }
            count += self::count(entry.enabled);
            if entry.yielded {
                first_yielded = first_yielded.or(Some(at));
            } else {
                first = first.or(Some(at));
                if Some(entry.task) == previous {
                    default = Some(at);
                }
            }
        }
        let default = default.or(first).or(first_yielded).unwrap_or(0);
        Options { pending, default, count }
    }

    /// The option of a number, if there are so many.
    pub(crate) fn get(&self, number: u32) -> Option<(TaskId, u32)> {
        if number >= self.count {
            return None;
        }
        let default = self.pending[self.default];
        let first = default.enabled.trailing_zeros();
        if number == 0 {
            return Some((default.task, first));
        }
        let mut left = number - 1;
        for (at, entry) in self.pending.iter().enumerate() {
            let mut enabled = entry.enabled;
            if at == self.default {
                enabled &= enabled - 1;
            }
            let here = count(enabled);
            if left < here {
                for _ in 0..left {
                    enabled &= enabled - 1;
                }
                return Some((entry.task, enabled.trailing_zeros()));
            }
            left -= here;
        }
        None
    }

    /// The number of an option.
    pub(crate) fn number(&self, task: TaskId, alternative: u32) -> Option<u32> {
        let default = self.pending.get(self.default)?;
        let first = default.enabled.trailing_zeros();
        if default.task == task && first == alternative {
            return Some(0);
        }
        let mut before = 1;
        for (at, entry) in self.pending.iter().enumerate() {
            let mut enabled = entry.enabled;
            if at == self.default {
                enabled &= enabled - 1;
            }
            if entry.task == task {
                let bit = 1u64.checked_shl(alternative)?;
                return (enabled & bit != 0).then(|| before + (enabled & (bit - 1)).count_ones());
            }
            before += count(enabled);
        }
        None
    }
}

/// How many bits are set; nearly always it is one.
fn count(bits: u64) -> u32 {
    if bits.is_power_of_two() { 1 } else { bits.count_ones() }
}

/// The option of a number where those who can go are many. There an option has its number by its task, so that nobody needs to be
/// counted: 0 is the ordinary end of the step of the task that went last.
pub(crate) fn in_crowd(number: u32, previous: Option<TaskId>) -> Option<(TaskId, u32)> {
    match number.checked_sub(1) {
        None => previous.map(|task| (task, 0)),
        Some(number) => Some((TaskId(number / 64), number % 64)),
    }
}

/// Notes the choices of an execution as they are made.
#[derive(Clone, Debug)]
pub struct Recorder {
    choices: Vec<u32>,
    shape: u32,
    steps: u32,
    switches: u32,
}

/// An execution as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    pub schedule: Schedule,
    /// How often another task went than before.
    pub switches: u32,
    pub steps: u32,
}

/// Where the hash of a schedule's shape starts.
const SHAPE: u32 = 0x811c_9dc5;

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder { choices: Vec::new(), shape: SHAPE, steps: 0, switches: 0 }
    }
}

impl Recorder {
    /// Begins anew.
    pub fn clear(&mut self) {
        self.choices.clear();
        self.shape = SHAPE;
        self.steps = 0;
        self.switches = 0;
    }

    /// What a strategy was asked and what it answered.
    pub fn choice(&mut self, pending: &[Pending], previous: Option<TaskId>, choice: Choice) {
        let Choice::Step { task, alternative } = choice else {
            return;
        };
        self.steps += 1;
        self.switches += u32::from(previous.is_some_and(|previous| previous != task));
        if let [only] = pending
            && only.enabled & only.enabled.wrapping_sub(1) == 0
        {
            return;
        }
        // Most often the task that went last goes on, which is the default.
        let goes_on = |entry: &Pending| {
            entry.task == task && !entry.yielded && entry.enabled.trailing_zeros() == alternative
        };
        let (count, number) = if previous == Some(task) && pending.iter().any(goes_on) {
            (pending.iter().map(|entry| count(entry.enabled)).sum(), 0)
        } else {
            let options = Options::new(pending, previous);
            let number = options.number(task, alternative);
            (options.count, number.expect("a strategy chooses among what is possible"))
        };
        if count < 2 {
            return;
        }
        self.choices.push(number);
        self.shape = (self.shape ^ count).wrapping_mul(0x0100_0193);
    }

    /// The same where so many could go that they were not listed.
    pub fn choice_in_crowd(&mut self, able: usize, previous: Option<TaskId>, choice: Choice) {
        let Choice::Step { task, alternative } = choice else {
            return;
        };
        self.steps += 1;
        self.switches += u32::from(previous.is_some_and(|previous| previous != task));
        let goes_on = in_crowd(0, previous) == Some((task, alternative));
        self.choices.push(if goes_on { 0 } else { task.0 * 64 + alternative + 1 });
        self.shape = (self.shape ^ able as u32).wrapping_mul(0x0100_0193);
    }

    pub fn schedule(&self) -> Schedule {
        let used = self.choices.iter().rposition(|choice| *choice != 0).map_or(0, |last| last + 1);
        Schedule {
            choices: self.choices[..used].to_vec(),
            points: self.choices.len() as u32,
            shape: self.shape,
        }
    }

    pub fn run(&self) -> Run {
        Run { schedule: self.schedule(), switches: self.switches, steps: self.steps }
    }
}
