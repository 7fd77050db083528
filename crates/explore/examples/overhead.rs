//! What the search itself costs: executions a second of programs that are nothing but an array and a few words.
//!
//! `cargo run --release -p explore --example overhead`

use std::time::Instant;

use explore::{
    Access, Case, Choice, End, Event, Exhaustive, Kind, Outcome, Pending, RandomWalk, Recorder, Strategy,
    Stuck, TaskId,
};

#[derive(Clone, Copy)]
enum Op {
    Lock(usize),
    Unlock(usize),
    Add(usize),
}

fn access(op: Op) -> Access {
    match op {
        Op::Lock(m) => Access::new(m as u64, Kind::Take, 1),
        Op::Unlock(m) => Access::new(m as u64, Kind::Give, 1),
        Op::Add(a) => Access::new(1000 + a as u64, Kind::Write, 0),
    }
}

fn run(tasks: &[Vec<Op>], strategy: &mut dyn Strategy, recorder: &mut Recorder) -> u64 {
    let mut held = [false; 64];
    let mut at = vec![0; tasks.len()];
    let mut pending = Vec::with_capacity(tasks.len());
    let mut executions = 0;
    while strategy.begin() {
        executions += 1;
        held.fill(false);
        at.fill(0);
        recorder.clear();
        let mut previous = None;
        loop {
            pending.clear();
            for (task, ops) in tasks.iter().enumerate() {
                let able = match ops.get(at[task]) {
                    Some(Op::Lock(m)) => !held[*m],
                    op => op.is_some(),
                };
                if able {
                    pending.push(Pending {
                        task: TaskId(task as u32),
                        enabled: 1,
                        yielded: false,
                        in_vain: false,
                        looks: false,
                        at: 0,
                    });
                }
            }
            if pending.is_empty() {
                break;
            }
            let choice = strategy.choose(&pending, previous);
            recorder.choice(&pending, previous, choice);
            let Choice::Step { task, .. } = choice else {
                break;
            };
            let op = tasks[task.0 as usize][at[task.0 as usize]];
            at[task.0 as usize] += 1;
            match op {
                Op::Lock(m) => held[m] = true,
                Op::Unlock(m) => held[m] = false,
                Op::Add(_) => {}
            }
            let accesses = [access(op)];
            strategy.executed(&Event {
                task,
                alternative: 0,
                accesses: &accesses,
                after: &[],
                quiescent: false,
                others: &[],
            });
            previous = Some(task);
        }
        let left = (0..tasks.len()).filter(|task| at[*task] < tasks[*task].len());
        let wanted: Vec<_> = left.map(|task| (task, [access(tasks[task][at[task]])])).collect();
        let case = |accesses| [Case { alternative: 0, accesses, after: &[] }];
        let cases: Vec<_> = wanted.iter().map(|(_, accesses)| case(accesses)).collect();
        let stuck: Vec<_> = wanted
            .iter()
            .zip(&cases)
            .map(|((task, _), cases)| Stuck { task: TaskId(*task as u32), cases })
            .collect();
        strategy.end(&End { outcome: Outcome::Quiescent, stuck: &stuck });
    }
    executions
}

fn counter(tasks: usize, rounds: usize) -> Vec<Vec<Op>> {
    vec![[Op::Lock(0), Op::Unlock(0)].repeat(rounds); tasks]
}

fn philosophers(n: usize) -> Vec<Vec<Op>> {
    (0..n)
        .map(|at| {
            let (a, b) = (at.min((at + 1) % n), at.max((at + 1) % n));
            vec![Op::Lock(a), Op::Lock(b), Op::Unlock(b), Op::Unlock(a)]
        })
        .collect()
}

/// Seconds of this thread on a core where the system tells, so that others' load does not count; else those that passed.
fn seconds(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let begin = Instant::now();
    let programs = [
        ("counter 2x1", counter(2, 1)),
        ("counter 3x2", counter(3, 2)),
        ("counter 3x3", counter(3, 3)),
        ("counter 4x3", counter(4, 3)),
        ("fetch_add 3x3", vec![vec![Op::Add(0); 3]; 3]),
        ("4 philosophers", philosophers(4)),
        ("8 philosophers", philosophers(8)),
        ("16 philosophers", philosophers(16)),
    ];
    println!("{:16} {:>8} {:>14} {:>14}", "", "traces", "exhaustive/s", "random/s");
    for (name, tasks) in &programs {
        let (mut traces, mut executions, start) = (0, 0, seconds(begin));
        while seconds(begin) - start < 0.3 {
            traces = run(tasks, &mut Exhaustive::new(u64::MAX), &mut Recorder::default());
            executions += traces;
        }
        let exhaustive = executions as f64 / (seconds(begin) - start);
        let start = seconds(begin);
        let walks = run(tasks, &mut RandomWalk::new(1, 200_000), &mut Recorder::default());
        let random = walks as f64 / (seconds(begin) - start);
        println!("{name:16} {traces:8} {exhaustive:14.0} {random:14.0}");
    }
}
