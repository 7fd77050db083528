//! Programs whose number of traces is known by a formula: the exhaustive search executes each trace once, and nothing else.

mod model;

use explore::{Coverage, Exhaustive, Strategy};
use model::{Op, Program, explore};

fn factorial(n: u64) -> u64 {
    (1..=n).product()
}

fn assert_traces(name: &str, program: &Program, traces: u64) -> usize {
    let mut search = Exhaustive::new(1_000_000);
    let explored = explore(program, &mut search);
    assert_eq!(explored.executions, traces, "{name}");
    assert_eq!(explored.abandoned, 0, "{name}");
    assert!(explored.traces.values().all(|times| *times == 1), "{name}: a trace was executed twice");
    assert_eq!(search.coverage(), Coverage::Exhaustive { traces }, "{name}");
    explored.observed.iter().filter(|observed| !observed.stuck.is_empty()).count()
}

#[test]
fn counter() {
    for (tasks, rounds) in [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 2)] {
        let body = [Op::Lock(0), Op::Add(0), Op::Unlock(0)].repeat(rounds);
        let program = Program { tasks: vec![body; tasks], ..Program::default() };
        let traces = factorial((tasks * rounds) as u64) / factorial(rounds as u64).pow(tasks as u32);
        assert_traces("counter", &program, traces);
    }
}

#[test]
fn atomics() {
    for (tasks, rounds, traces) in [(2, 3, 20), (3, 2, 90), (2, 1, 2), (4, 2, 2520)] {
        let program = Program { tasks: vec![vec![Op::Add(0); rounds]; tasks], ..Program::default() };
        assert_traces("fetch_add", &program, traces);
    }
}

#[test]
fn independent_locks() {
    for tasks in 1..6u8 {
        let body = |m| [Op::Lock(m), Op::Unlock(m)].repeat(3);
        let program = Program { tasks: (0..tasks).map(body).collect(), ..Program::default() };
        assert_traces("independent", &program, 1);
    }
}

fn philosophers(n: u8, ordered: bool) -> Program {
    let body = |at: u8| {
        let (mut first, mut second) = (at, (at + 1) % n);
        if ordered && first > second {
            std::mem::swap(&mut first, &mut second);
        }
        vec![Op::Lock(first), Op::Lock(second), Op::Unlock(second), Op::Unlock(first)]
    };
    Program { tasks: (0..n).map(body).collect(), ..Program::default() }
}

#[test]
fn philosophers_who_take_forks_in_order() {
    for n in 2..=8 {
        let deadlocks = assert_traces("ordered", &philosophers(n, true), (1 << n) - 2);
        assert_eq!(deadlocks, 0);
    }
}

#[test]
fn philosophers_who_do_not() {
    for n in 2..=8 {
        let deadlocks = assert_traces("unordered", &philosophers(n, false), (1 << n) - 1);
        assert_eq!(deadlocks, 1, "{n} philosophers");
    }
}

#[test]
fn producers_on_a_channel() {
    for (producers, messages) in [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3)] {
        for receives in [0, producers * messages] {
            let mut tasks = vec![vec![Op::Send(0, 1); messages]; producers];
            tasks.push(vec![Op::Recv(0); receives]);
            let program = Program { tasks, capacity: vec![None], ..Program::default() };
            let traces =
                factorial((producers * messages) as u64) / factorial(messages as u64).pow(producers as u32);
            assert_traces("channel", &program, traces);
        }
    }
}
