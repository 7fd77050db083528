//! Executions of programs: all there are, or those that a strategy wants.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use explore::{Access, Case, Choice, End, Event, Outcome, Reason, Strategy, Stuck, TaskId};

use super::{Machine, Observed, Program};

/// What is observed at the end of each trace, and all of that.
pub type Ends = (BTreeMap<Vec<u64>, Observed>, BTreeSet<Observed>);

/// All traces of a program and what is observed at their ends, by trying everything. `None` if there are too many.
pub fn brute_force(program: &Program, limit: usize) -> Option<Ends> {
    let mut ends = BTreeMap::new();
    let mut visited = HashSet::new();
    let mut todo = vec![Machine::new(program)];
    while let Some(machine) = todo.pop() {
        if !visited.insert(machine.trace()) {
            continue;
        }
        if visited.len() > limit {
            return None;
        }
        let mut end = true;
        for task in 0..program.tasks.len() {
            let enabled = machine.enabled(task);
            // A look that would find what the last one found is no use.
            let polls_in_vain = machine.polls[task].is_some_and(|last| !machine.written_since(task, last));
            for alternative in
                (0..64).filter(|alternative| !polls_in_vain && enabled & (1 << alternative) != 0)
            {
                end = false;
                let mut next = machine.clone();
                next.step(task, alternative);
                todo.push(next);
            }
        }
        if end {
            ends.insert(machine.trace(), machine.observed());
        }
    }
    let observed = ends.values().cloned().collect();
    Some((ends, observed))
}

/// One execution under a strategy that said it wants one.
pub fn execute<'a>(program: &'a Program, strategy: &mut dyn Strategy) -> (Machine<'a>, Result<(), Reason>) {
    let mut machine = Machine::new(program);
    let mut previous = None;
    loop {
        let pending = machine.pending();
        if pending.is_empty() {
            let stuck: Vec<_> = (0..program.tasks.len())
                .filter(|task| machine.started[*task] && machine.op(*task).is_some())
                .map(|task| (TaskId(task as u32), machine.cases(task)))
                .collect();
            let cases: Vec<Vec<Case<'_>>> = stuck.iter().map(|(_, cases)| borrow(cases)).collect();
            let stuck: Vec<_> =
                stuck.iter().zip(&cases).map(|((task, _), cases)| Stuck { task: *task, cases }).collect();
            strategy.end(&End { outcome: Outcome::Quiescent, stuck: &stuck });
            return (machine, Ok(()));
        }
        match strategy.choose(&pending, previous) {
            Choice::Abandon(reason) => {
                strategy.end(&End { outcome: Outcome::Abandoned, stuck: &[] });
                return (machine, Err(reason));
            }
            Choice::Step { task, alternative } => {
                let cases = machine.cases(task.0 as usize);
                let others: Vec<Case<'_>> =
                    borrow(&cases).into_iter().filter(|case| case.alternative != alternative).collect();
                machine.step(task.0 as usize, alternative);
                let event = machine.events.last().unwrap();
                strategy.executed(&Event {
                    task,
                    alternative,
                    accesses: &event.accesses,
                    after: &event.after,
                    quiescent: false,
                    others: &others,
                });
                previous = Some(task);
            }
        }
    }
}

fn borrow(cases: &[(u32, Vec<Access>, Vec<u32>)]) -> Vec<Case<'_>> {
    cases
        .iter()
        .map(|(alternative, accesses, after)| Case { alternative: *alternative, accesses, after })
        .collect()
}

/// All executions of a strategy: how often each trace came, and what was observed.
pub fn explore(program: &Program, strategy: &mut dyn Strategy) -> Explored {
    let mut explored = Explored::default();
    while strategy.begin() {
        let (machine, ended) = execute(program, strategy);
        explored.executions += 1;
        match ended {
            Ok(()) | Err(Reason::Livelock) => {
                *explored.traces.entry(machine.trace()).or_default() += 1;
                explored.observed.insert(machine.observed());
            }
            Err(_) => explored.abandoned += 1,
        }
    }
    explored
}

#[derive(Default, Debug)]
pub struct Explored {
    pub executions: u64,
    pub abandoned: u64,
    pub traces: BTreeMap<Vec<u64>, u32>,
    pub observed: BTreeSet<Observed>,
}
