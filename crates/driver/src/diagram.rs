//! What happened in an execution, told line by line, and made into a trace that the `explore` crate draws.

use std::fmt::Write;

use explore::{Arrow, Step, Trace, Wait};
use rt::explore::{Happening, How, Place, is_std};

/// A trace with readable names.
pub struct Story<'a> {
    happened: &'a [Happening],
    /// Who takes part, in the order in which they come in: number and name.
    pub lanes: Vec<(u32, String)>,
}

impl<'a> Story<'a> {
    pub fn new(happened: &'a [Happening]) -> Story<'a> {
        let mut lanes: Vec<(u32, String)> = Vec::new();
        for one in happened {
            if let Happening::Starts { task, name, .. } = one {
                let alike = lanes.iter().filter(|(_, other)| other.split('#').next() == Some(name)).count();
                let own = if alike == 0 { name.clone() } else { format!("{name}#{}", alike + 1) };
                lanes.push((*task, own));
            }
        }
        Story { happened, lanes }
    }

    fn name(&self, task: u32) -> &str {
        self.lanes.iter().find(|(id, _)| *id == task).map_or("?", |(_, name)| name)
    }

    /// What a step is, without who does it; `None`: it is no step of its own.
    fn what(&self, one: &'a Happening) -> Option<(u32, String, &'a [Place])> {
        let on = |object: u32| if object == 0 { String::new() } else { format!(" [{object}]") };
        Some(match one {
            Happening::Starts { by: None, .. } => return None,
            Happening::Starts { task, by: Some(by), place, .. } => {
                (*by, format!("starts {}", self.name(*task)), place.as_slice())
            }
            Happening::Does { task, what, object, how, calls, .. } => {
                let how = match how {
                    How::Done => String::new(),
                    How::Case(case, object) => format!(": {case}{}", on(*object)),
                    How::Otherwise(how) => format!(": {how}"),
                    How::Chance(value, of) => format!(": {value} of 0..{of}"),
                };
                (*task, format!("{what}{}{how}", on(*object)), calls)
            }
            Happening::Ends { task } => (*task, "ends".into(), &[]),
            Happening::Panics { task, message } => (*task, format!("panics: {message}"), &[]),
            Happening::Prints { task, text } => (*task, format!("prints {text:?}"), &[]),
            Happening::Leaves { task, object, messages } => {
                let messages =
                    if *messages == 1 { "a message".into() } else { format!("{messages} messages") };
                (*task, format!("leaves {messages} that nobody receives{}", on(*object)), &[])
            }
            Happening::Waits { task, what, object, calls, holder, cases, .. } => {
                let holder = match holder {
                    Some(by) => format!(", held by {}", self.name(*by)),
                    None if *what == "read lock" && self.writer_waits(*object) => {
                        ", behind a writer that waits".to_string()
                    }
                    None => String::new(),
                };
                let cases: Vec<String> =
                    cases.iter().map(|(what, object)| format!("{what}{}", on(*object))).collect();
                let of = if cases.is_empty() { String::new() } else { format!(" of {}", cases.join(", ")) };
                (*task, format!("WAITS for ever: {what}{}{of}{holder}", on(*object)), calls)
            }
        })
    }

    /// Whether somebody waits for ever to write what a lock guards.
    fn writer_waits(&self, lock: u32) -> bool {
        self.happened.iter().any(|one| match one {
            Happening::Waits { what, object, .. } => *what == "write lock" && *object == lock,
            _ => false,
        })
    }

    /// Those who wait for ever and should not.
    pub fn stuck(&self) -> Vec<&str> {
        let stuck = self.happened.iter().filter_map(|one| match one {
            Happening::Waits { task, rests: false, .. } => Some(self.name(*task)),
            _ => None,
        });
        stuck.collect()
    }

    /// A line for each step; one for those that belong to one call of std.
    pub fn text(&self) -> String {
        let mut steps: Vec<(u32, u32, Vec<String>, &[Place])> = Vec::new();
        for one in self.happened {
            let Some((task, what, calls)) = self.what(one) else { continue };
            if is_within_std(one) {
                continue;
            }
            let call = if let Happening::Does { call, .. } = one { *call } else { 0 };
            match steps.last_mut().filter(|step| call != 0 && (step.0, step.1) == (task, call)) {
                Some(step) => step.2.push(what),
                None => steps.push((task, call, vec![what], calls)),
            }
        }
        let lines: Vec<String> = steps
            .into_iter()
            .map(|(task, _, what, calls)| {
                let at = place(calls).map_or(String::new(), |place| format!("  at {}", shown(place)));
                format!("  {}: {}{at}\n", self.name(task), what.join(", "))
            })
            .collect();
        let mut text = String::new();
        let mut rest = &lines[..];
        while let Some((first, tail)) = rest.split_first() {
            let same = tail.iter().take_while(|line| *line == first).count();
            text.push_str(first);
            // Who goes round and round is not to hide what the others do.
            if same > 2 {
                let _ = writeln!(text, "    and so {same} times more");
                rest = &tail[same..];
            } else {
                rest = tail;
            }
        }
        text
    }

    /// The same, to be drawn.
    pub fn trace(&self) -> Trace {
        let lane = |task: u32| self.lanes.iter().position(|(id, _)| *id == task).unwrap_or(0);
        let named = |object: u32| (object != 0).then(|| object.to_string());
        let at = |calls: &[Place]| {
            place(calls).map(|place| explore::Place {
                file: place.file.clone(),
                line: place.line,
                column: place.column,
            })
        };
        let mut trace =
            Trace { tasks: self.lanes.iter().map(|(_, name)| name.clone()).collect(), ..Trace::default() };
        for one in self.happened {
            match one {
                Happening::Waits { task, what, object, calls, holder, .. } => trace.waits.push(Wait {
                    task: lane(*task),
                    text: (*what).to_string(),
                    object: named(*object),
                    place: at(calls),
                    on: holder.iter().map(|holder| lane(*holder)).collect(),
                }),
                _ => {
                    let Some((task, text, calls)) = self.what(one) else { continue };
                    let (text, object) = match one {
                        Happening::Does { what, object, how: How::Done, .. } => {
                            ((*what).to_string(), named(*object))
                        }
                        _ => (text, None),
                    };
                    trace.steps.push(Step {
                        task: lane(task),
                        text,
                        object,
                        place: at(calls),
                        causes: Vec::new(),
                    });
                }
            }
        }
        for (from, to, arrow) in self.arrows() {
            trace.steps[to].causes.push((from, arrow));
        }
        trace
    }

    /// From which step to which one an arrow leads.
    fn arrows(&self) -> Vec<(usize, usize, Arrow)> {
        let mut arrows = Vec::new();
        // Messages that are under way, by channel; those who have been started and have not done anything yet.
        let mut sent: Vec<(u32, usize)> = Vec::new();
        let mut started: Vec<(u32, usize)> = Vec::new();
        let steps = self
            .happened
            .iter()
            .filter(|one| !matches!(one, Happening::Waits { .. }) && self.what(one).is_some());
        for (row, one) in steps.enumerate() {
            match one {
                Happening::Starts { task, .. } => started.push((*task, row)),
                Happening::Does { task, what, object, how, .. } => {
                    let (what, object) = match how {
                        How::Case(what, object) => (what, object),
                        _ => (what, object),
                    };
                    if let Some(at) = started.iter().position(|(id, _)| id == task) {
                        arrows.push((started.remove(at).1, row, Arrow::Spawn));
                    }
                    if matches!(*what, "send" | "try_send") {
                        sent.push((*object, row));
                    } else if matches!(*what, "recv" | "try_recv")
                        && let Some(at) = sent.iter().position(|(channel, _)| channel == object)
                    {
                        arrows.push((sent.remove(at).1, row, Arrow::Message));
                    }
                }
                _ => {}
            }
        }
        arrows
    }
}

/// What std does by itself, of which nobody wants to hear.
fn is_within_std(one: &Happening) -> bool {
    const WITHIN: [&str; 3] = ["load", "atomic update", "look at an event"];
    matches!(one, Happening::Does { what, calls, .. } if calls.is_empty() && WITHIN.contains(what))
}

/// The innermost call in the program's own code.
pub(crate) fn place(calls: &[Place]) -> Option<&Place> {
    calls.iter().find(|place| !is_std(&place.file)).or(calls.first())
}

/// A place as it is told, with the function that it is in.
pub fn shown(place: &Place) -> String {
    let at = format!("{}:{}:{}", place.file, place.line, place.column);
    match place.function.as_str() {
        "" => at,
        function => format!("{at} in {function}"),
    }
}
