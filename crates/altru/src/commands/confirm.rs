//! `altru check --confirm`: what may block for ever, with the schedules that lead to it.

use std::path::Path;

use base::{Diagnostic, Severity};
use driver::confirming::{Confirmation, Found, Outcome, confirm};
use driver::exploring::Budget;
use driver::packages::Session;
use driver::pipeline::{Candidate, Checked};

use super::check::Format;
use super::explore::{failure, give_up_after, replay_test, tell};
use super::out;
use super::run::report;
use crate::render::{Renderer, candidate};

pub struct Confirm<'a> {
    pub path: Option<&'a Path>,
    pub format: Format,
    pub budget: Budget,
}

impl Confirm<'_> {
    /// Tells what became of each candidate; true if one was confirmed, or something else failed. `Err` is the exit status.
    pub fn run(&self, session: &Session, checked: &Checked) -> Result<bool, u8> {
        if checked.candidates.is_empty() {
            return Ok(false);
        }
        let programs = checked.program.tests.len() as u64 + 1;
        give_up_after(self.budget.time.as_secs().saturating_mul(programs));
        let seed = 1;
        let Confirmation { outcomes, others } =
            confirm(session, checked, &self.budget, seed).map_err(|error| report(session, error))?;
        for (found, outcome) in checked.candidates.iter().zip(&outcomes) {
            match self.format {
                Format::Human => self.tell(session, found, outcome),
                Format::Json => self.tell_as_json(session, found, outcome),
            }
        }
        for other in &others {
            match self.format {
                Format::Human => eprintln!("something else fails{}\n{}", of(other), self.story(other)),
                Format::Json => {
                    let mut line = serde_json::json!({ "candidate": null, "outcome": "other" });
                    self.add_found(&mut line, other);
                    out(&format!("{line}\n"));
                }
            }
        }
        if self.format == Format::Human {
            eprintln!("{}", summary(&outcomes));
        }
        let confirmed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Confirmed(_)));
        Ok(confirmed || !others.is_empty())
    }

    fn tell(&self, session: &Session, candidate: &Candidate, outcome: &Outcome) {
        let note = candidate.note();
        let say = |diagnostic: Diagnostic| Renderer::stderr().report(&session.sources, &[diagnostic]);
        match outcome {
            Outcome::Confirmed(found) => {
                say(Diagnostic { severity: Severity::Error, ..note });
                eprintln!("confirmed{}\n{}", of(found), self.story(found));
            }
            Outcome::Open { executions, why } => {
                let severity = if candidate.is_warned { Severity::Warning } else { Severity::Note };
                say(Diagnostic { severity, ..note }.note(open(*executions, why.as_deref())));
            }
            Outcome::Refuted { .. } => {}
        }
    }

    fn story(&self, found: &Found) -> String {
        tell(&found.findings, &self.replay(found))
    }

    /// The command that repeats an execution; `{}` is where the schedule goes.
    fn replay(&self, found: &Found) -> String {
        let path = self.path.map_or(String::new(), |path| format!(" {}", path.display()));
        match &found.test {
            Some(test) => replay_test(&path, test),
            None => format!("altru run --replay {{}}{path}"),
        }
    }

    fn tell_as_json(&self, session: &Session, found: &Candidate, outcome: &Outcome) {
        let mut line = candidate(&session.sources, found);
        match outcome {
            Outcome::Confirmed(found) => {
                line["outcome"] = "confirmed".into();
                self.add_found(&mut line, found);
            }
            Outcome::Refuted { orders } => {
                line["outcome"] = "refuted".into();
                line["orders"] = (*orders).into();
            }
            Outcome::Open { executions, why } => {
                line["outcome"] = "open".into();
                line["executions"] = (*executions).into();
                line["why"] = why.clone().into();
            }
        }
        out(&format!("{line}\n"));
    }

    fn add_found(&self, line: &mut serde_json::Value, found: &Found) {
        let schedule = found.findings.schedule.as_ref().map(ToString::to_string);
        line["failure"] = failure(&found.findings).into();
        line["test"] = found.test.clone().into();
        line["executions"] = found.findings.executions.into();
        line["replay"] = schedule.as_ref().map(|schedule| self.replay(found).replace("{}", schedule)).into();
        line["schedule"] = schedule.into();
    }
}

fn of(found: &Found) -> String {
    found.test.as_ref().map_or(String::new(), |test| format!(" in test {test}"))
}

fn open(executions: u64, why: Option<&str>) -> String {
    match why {
        Some(what) => format!("not confirmed within {executions} executions: {what}"),
        None => format!("not confirmed within {executions} executions"),
    }
}

fn summary(outcomes: &[Outcome]) -> String {
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
    let confirmed = count(|outcome| matches!(outcome, Outcome::Confirmed(_)));
    let open = count(|outcome| matches!(outcome, Outcome::Open { .. }));
    let orders = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Refuted { orders } => Some(*orders),
        _ => None,
    });
    let s = if outcomes.len() == 1 { "" } else { "s" };
    let mut text = format!("{} candidate{s}: {confirmed} confirmed", outcomes.len());
    if let Some(orders) = orders {
        let refuted = outcomes.len() - confirmed - open;
        text += &format!(", {refuted} refuted (all {orders} orders that can make a difference were tried)");
    }
    if open > 0 {
        text += &format!(", {open} not confirmed");
    }
    text
}
