//! Programs made at random: the exhaustive search sees what trying everything sees, and executes no trace twice.

mod model;

use explore::{Bounded, Coverage, Exhaustive, Pct, Portfolio, RandomWalk, Rng, Strategy};
use model::{Arm, Op, Program, brute_force, explore};

/// What kinds of operations a program has.
#[derive(Clone, Copy, Debug)]
enum Family {
    Locks,
    Atomics,
    Polling,
    Exchanges,
    Semaphores,
    Channels,
    Attempts,
    Selects,
    Condvars,
    Everything,
}

fn arm(rng: &mut Rng, value: u8) -> Arm {
    let channel = rng.below(2) as u8;
    if rng.below(2) == 0 { Arm::Send(channel, value) } else { Arm::Recv(channel) }
}

fn generate(rng: &mut Rng, family: Family) -> Program {
    let tasks = 2 + rng.below(3) as usize;
    let most = [0, 0, 5, 4, 3][tasks];
    let mut program = Program { permits: vec![1, 2, 0], ..Program::default() };
    for _ in 0..2 {
        program.capacity.push(if rng.below(2) == 0 { None } else { Some(1 + rng.below(2) as u32) });
    }
    for task in 0..tasks {
        let mut body = Vec::new();
        let length = 1 + rng.below(most) as usize;
        while body.len() < length {
            let family = match family {
                Family::Everything => {
                    use Family::*;
                    [Locks, Exchanges, Semaphores, Channels, Attempts, Selects, Condvars]
                        [rng.below(7) as usize]
                }
                family => family,
            };
            operations(rng, family, &mut body, task as u8);
        }
        program.tasks.push(body);
    }
    if tasks > 2 && rng.below(3) == 0 {
        let last = tasks as u8 - 1;
        program.spawned.push(last);
        program.tasks[0].insert(0, Op::Spawn(last));
        if rng.below(2) == 0 {
            program.tasks[0].push(Op::Join(last));
        }
    }
    program
}

fn operations(rng: &mut Rng, family: Family, body: &mut Vec<Op>, task: u8) {
    let value = 10 * task + body.len() as u8;
    let m = rng.below(2) as u8;
    match family {
        Family::Locks => {
            let other = rng.below(2) as u8;
            if rng.below(3) == 0 && other != m {
                body.extend([Op::Lock(m), Op::Lock(other), Op::Unlock(m), Op::Unlock(other)]);
            } else {
                body.extend([Op::Lock(m), Op::Add(2 + m), Op::Unlock(m)]);
            }
        }
        Family::Atomics => body.push(match rng.below(3) {
            0 => Op::Load(m),
            1 => Op::Store(m, value),
            _ => Op::Add(m),
        }),
        Family::Polling => body.push(match rng.below(5) {
            0 | 1 => Op::Await(m, 1 + rng.below(2) as u8),
            2 => Op::Load(m),
            3 => Op::Store(m, rng.below(3) as u8),
            _ => Op::Add(m),
        }),
        Family::Exchanges => body.push(match rng.below(4) {
            0 => Op::Load(m),
            1 => Op::Store(m, value),
            2 => Op::Add(m),
            _ => Op::Cas(m, rng.below(2) as u8, value),
        }),
        Family::Semaphores => body.push(match rng.below(2) {
            0 => Op::Acquire(rng.below(3) as u8),
            _ => Op::Release(rng.below(3) as u8),
        }),
        Family::Channels => body.push(match rng.below(2) {
            0 => Op::Send(m, value),
            _ => Op::Recv(m),
        }),
        Family::Attempts => match rng.below(8) {
            0 => body.extend([Op::TryLock(m, 1), Op::Unlock(m)]),
            1 => body.extend([Op::TimedLock(m, 1), Op::Unlock(m)]),
            2 => body.extend([Op::Lock(m), Op::Unlock(m)]),
            3 => body.push(Op::TrySend(m, value)),
            4 => body.push(Op::TryRecv(m)),
            5 => body.push(Op::TryAcquire(rng.below(3) as u8, 0)),
            6 => body.push(Op::Release(rng.below(3) as u8)),
            _ => body.push(Op::Send(m, value)),
        },
        Family::Selects => match rng.below(5) {
            0 | 1 => body.push(Op::Select([arm(rng, value), arm(rng, value + 1)])),
            2 => body.push(Op::SelectDefault([arm(rng, value), arm(rng, value + 1)])),
            3 => body.push(Op::Send(m, value)),
            _ => body.extend([Op::Random(2), Op::Unless(1, 1), Op::Recv(m)]),
        },
        Family::Condvars => match rng.below(3) {
            0 => body.extend([Op::Lock(m), Op::Wait(m, m), Op::Woken(m, m), Op::Unlock(m)]),
            1 => body.push(Op::NotifyOne(m)),
            _ => body.push(Op::NotifyAll(m)),
        },
        Family::Everything => unreachable!("resolved by the caller"),
    }
}

/// Compares `count` programs; the answer is how many executions there were for how many traces.
fn compare(family: Family, count: usize, optimal: bool) -> (u64, u64) {
    compare_told(family, count, optimal, false)
}

fn compare_told(family: Family, count: usize, optimal: bool, outcomes: bool) -> (u64, u64) {
    let mut rng = Rng::new(family as u64 + 1);
    let (mut executions, mut traces, mut compared) = (0, 0, 0);
    while compared < count {
        let mut program = generate(&mut rng, family);
        program.outcomes = outcomes;
        let Some((ends, observed)) = brute_force(&program, 6_000) else {
            continue;
        };
        compared += 1;
        let mut search = Exhaustive::new(1_000_000);
        let explored = explore(&program, &mut search);
        let missing = ends.keys().filter(|trace| !explored.traces.contains_key(*trace)).count();
        let twice = explored.traces.values().filter(|times| **times > 1).count();
        assert_eq!(explored.observed, observed, "{family:?} {program:?}");
        // How often a polling loop turns in vain is nobody's business.
        let polls = matches!(family, Family::Polling);
        assert!(missing == 0 || polls, "{family:?}: traces were left out of {program:?}");
        assert!(matches!(search.coverage(), Coverage::Exhaustive { .. }));
        if optimal {
            assert_eq!((twice, explored.abandoned), (0, 0), "{family:?} {program:?}");
        }
        executions += explored.executions;
        traces += ends.len() as u64;

        let seed = compared as u64;
        let mut others: Vec<Box<dyn Strategy>> = vec![
            Box::new(RandomWalk::new(seed, 5)),
            Box::new(RandomWalk::weighted(seed, 5)),
            Box::new(Pct::new(3, seed, 5)),
            Box::new(Bounded::new(1, 10)),
        ];
        if seed.is_multiple_of(20) {
            others.push(Box::new(Portfolio::new(seed, 250, Box::new(|| true))));
        }
        for other in &mut others {
            let sampled = explore(&program, &mut **other);
            assert!(sampled.observed.is_subset(&observed), "{program:?}");
        }
        // Without a bound that matters, the choices themselves are exhausted.
        if program.tasks.iter().map(Vec::len).sum::<usize>() <= 5 && !polls {
            let mut all = Bounded::new(u32::MAX, 1_000);
            let explored = explore(&program, &mut all);
            if let Coverage::Bounded { .. } = all.coverage() {
                assert_eq!(explored.observed, observed, "{program:?}");
            }
        }
    }
    (executions, traces)
}

#[test]
fn locks() {
    compare(Family::Locks, 300, true);
}

#[test]
fn atomics() {
    compare(Family::Atomics, 300, true);
}

/// What a compare_exchange would touch elsewhere is not known, so a few executions are begun in vain.
#[test]
fn exchanges() {
    let (executions, traces) = compare(Family::Exchanges, 300, false);
    assert!(executions * 100 <= traces * 102);
}

#[test]
fn polling() {
    let (executions, traces) = compare(Family::Polling, 300, false);
    assert!(executions <= 2 * traces, "{executions} executions for {traces} traces");
}

#[test]
fn semaphores() {
    compare(Family::Semaphores, 300, true);
}

#[test]
fn channels() {
    compare(Family::Channels, 300, true);
}

#[test]
fn attempts() {
    compare(Family::Attempts, 300, true);
}

#[test]
fn selects() {
    compare(Family::Selects, 300, true);
}

#[test]
fn condvars() {
    compare(Family::Condvars, 300, true);
}

/// Attempts that are told by their outcome are still complete, but not each execution is worth it.
#[test]
fn outcomes() {
    for family in [Family::Attempts, Family::Everything] {
        let (executions, traces) = compare_told(family, 200, false, true);
        assert!(executions * 100 <= traces * 102);
    }
}

#[test]
fn everything() {
    let (executions, traces) = compare(Family::Everything, 300, false);
    assert!(executions * 100 <= traces * 102);
}
