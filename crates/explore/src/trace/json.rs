//! JSON: all that a trace holds, and its circle.
//!
//! ```text
//! {"version": 1, "tasks": [name], "steps": [{"task", "text", "object"?, "place"?, "causes": [{"step", "arrow"}]}],
//!  "waits": [{"task", "text", "object"?, "place"?, "on": [task]}], "cycle": [task]}
//! ```
//!
//! Tasks and steps are numbered from 0.

use super::{Place, Trace};

impl Trace {
    pub fn to_json(&self) -> String {
        let tasks = list(&self.tasks, |name| string(name));
        let steps = list(&self.steps, |step| {
            let causes = list(&step.causes, |(cause, arrow)| {
                format!("{{\"step\":{cause},\"arrow\":{}}}", string(arrow.name()))
            });
            let what = what(step.task, &step.text, step.object.as_deref(), step.place.as_ref());
            format!("\n{{{what},\"causes\":{causes}}}")
        });
        let waits = list(&self.waits, |wait| {
            let what = what(wait.task, &wait.text, wait.object.as_deref(), wait.place.as_ref());
            format!("\n{{{what},\"on\":{}}}", list(&wait.on, ToString::to_string))
        });
        let cycle = list(&self.cycle(), ToString::to_string);
        format!(
            "{{\"version\":1,\n\"tasks\":{tasks},\n\"steps\":{steps},\n\"waits\":{waits},\n\"cycle\":{cycle}}}\n"
        )
    }
}

fn what(task: usize, text: &str, object: Option<&str>, place: Option<&Place>) -> String {
    let mut out = format!("\"task\":{task},\"text\":{}", string(text));
    if let Some(object) = object {
        out.push_str(&format!(",\"object\":{}", string(object)));
    }
    if let Some(Place { file, line, column }) = place {
        out.push_str(&format!(
            ",\"place\":{{\"file\":{},\"line\":{line},\"column\":{column}}}",
            string(file)
        ));
    }
    out
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(","))
}

fn string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Beside what JSON asks for, nothing that would end a script element or a line of JavaScript.
            '<' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
