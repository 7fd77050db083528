//! Text: a column for each task, a row for each step, the place at the right. With many tasks, a list.

use super::{Trace, short};

/// The widest column, and the widest row.
const COLUMN: usize = 28;
const ROW: usize = 120;

impl Trace {
    pub fn to_text(&self) -> String {
        let cells = |task: usize| {
            let steps = self.steps.iter().filter(move |step| step.task == task).map(|step| &step.text);
            let waits = self.waits.iter().filter(move |wait| wait.task == task).map(|wait| &wait.text);
            steps.chain(waits).chain([&self.tasks[task]]).map(|text| text.chars().count() + 2)
        };
        let widths: Vec<usize> =
            (0..self.tasks.len()).map(|task| cells(task).max().unwrap_or(0).min(COLUMN)).collect();
        let mut out =
            if 6 + widths.iter().sum::<usize>() + 24 <= ROW { self.columns(&widths) } else { self.list() };
        if let Some(words) = self.cycle_in_words() {
            out.push_str(&format!("\ncircle: {words}\n"));
        }
        out
    }

    fn columns(&self, widths: &[usize]) -> String {
        let row = |number: &str, task: usize, text: &str, note: &str| {
            let before: usize = widths[..task].iter().sum();
            let rest: usize = widths[task..].iter().sum();
            let text = short(text, widths[task] - 1);
            format!("{number:>4}  {:before$}{text:rest$}{note}", "").trim_end().to_string() + "\n"
        };
        let mut header = format!("{:>4}  ", "");
        for (name, width) in self.tasks.iter().zip(widths) {
            header.push_str(&format!("{:width$}", short(name, width - 1)));
        }
        let mut out = header.trim_end().to_string() + "\n";
        for at in 0..self.steps.len() {
            let step = &self.steps[at];
            out.push_str(&row(&(at + 1).to_string(), step.task, &step.text, &self.note(at)));
        }
        if !self.waits.is_empty() {
            out.push_str("\nwaiting for ever:\n");
        }
        for wait in &self.waits {
            let place = wait.place.as_ref().map(ToString::to_string).unwrap_or_default();
            out.push_str(&row("", wait.task, &wait.text, &place));
        }
        out
    }

    fn list(&self) -> String {
        let mut out = String::new();
        for (at, step) in self.steps.iter().enumerate() {
            let note = self.note(at);
            let line =
                format!("{:>4}  {}: {}  {note}", at + 1, self.tasks[step.task], short(&step.text, ROW));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        if !self.waits.is_empty() {
            out.push_str("\nwaiting for ever:\n");
        }
        for wait in &self.waits {
            let place = wait.place.as_ref().map(ToString::to_string).unwrap_or_default();
            let line = format!("      {}: {}  {place}", self.tasks[wait.task], short(&wait.text, ROW));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// Where a step is, and after which other tasks' steps it came.
    fn note(&self, at: usize) -> String {
        let step = &self.steps[at];
        let mut note = step.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let causes: Vec<String> = (step.causes.iter())
            .filter(|(cause, _)| self.steps[*cause].task != step.task)
            .map(|(cause, arrow)| format!("{} of {}", arrow.name(), cause + 1))
            .collect();
        if !causes.is_empty() {
            note.push_str(&format!("  ({})", causes.join(", ")));
        }
        short(note.trim_start(), ROW)
    }
}
