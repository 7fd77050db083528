//! What each strategy is for: bounds that hold, bugs that are found, estimates that are near, schedules that shrink.

mod model;

use explore::{
    Bounded, Choice, Coverage, End, Event, Exhaustive, Pct, Pending, Portfolio, RandomWalk, Recorder, Replay,
    Run, Schedule, Strategy, TaskId, shrink,
};
use model::{Op, Program, execute, explore};

fn philosophers(n: u8) -> Program {
    let body = |at: u8| {
        let (a, b) = (at, (at + 1) % n);
        vec![Op::Lock(a), Op::Lock(b), Op::Unlock(b), Op::Unlock(a)]
    };
    Program { tasks: (0..n).map(body).collect(), ..Program::default() }
}

/// A counter that is read and written in two steps: with `tasks` of them all but one update can be lost.
fn lost_update(tasks: usize) -> Program {
    Program {
        tasks: vec![vec![Op::Load(0), Op::Store(0, 1), Op::Load(1), Op::Add(1)]; tasks],
        ..Program::default()
    }
}

/// The first execution in which a task is stuck.
fn executions_to_deadlock(program: &Program, strategy: &mut dyn Strategy) -> Option<u64> {
    let mut executions = 0;
    while strategy.begin() {
        executions += 1;
        let (machine, _) = execute(program, strategy);
        if !machine.observed().stuck.is_empty() {
            return Some(executions);
        }
    }
    None
}

/// Counts preemptions, and notes what happens.
struct Watched<S> {
    strategy: S,
    recorder: Recorder,
    preemptions: u32,
}

impl<S: Strategy> Watched<S> {
    fn new(strategy: S) -> Watched<S> {
        Watched { strategy, recorder: Recorder::default(), preemptions: 0 }
    }
}

impl<S: Strategy> Strategy for Watched<S> {
    fn begin(&mut self) -> bool {
        self.recorder.clear();
        self.preemptions = 0;
        self.strategy.begin()
    }
    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        let choice = self.strategy.choose(pending, previous);
        if let Choice::Step { task, .. } = choice {
            let could_go_on = pending.iter().any(|entry| Some(entry.task) == previous && entry.enabled != 0);
            self.preemptions += u32::from(could_go_on && Some(task) != previous);
        }
        self.recorder.choice(pending, previous, choice);
        choice
    }
    fn executed(&mut self, event: &Event<'_>) {
        self.strategy.executed(event);
    }
    fn end(&mut self, end: &End<'_>) {
        self.strategy.end(end);
    }
    fn coverage(&self) -> Coverage {
        self.strategy.coverage()
    }
}

#[test]
fn bounds_hold_and_all_within_them_is_executed() {
    let program = philosophers(3);
    let mut before = 0;
    for bound in 0..4 {
        let mut search = Watched::new(Bounded::new(bound, u64::MAX));
        let mut executions = 0;
        let mut most = 0;
        while search.begin() {
            let (..) = execute(&program, &mut search);
            executions += 1;
            most = most.max(search.preemptions);
        }
        assert_eq!(most, bound);
        assert_eq!(search.coverage(), Coverage::Bounded { preemptions: bound, executions });
        assert!(executions > before);
        before = executions;
    }
    // Without preemptions the tasks run one after the other, in each order.
    assert_eq!(explore(&program, &mut Bounded::new(0, 100)).executions, 6);
    // The last one with a fork needs not be preempted, nor those who find theirs taken.
    assert_eq!(executions_to_deadlock(&program, &mut Bounded::new(0, u64::MAX)), None);
    assert!(executions_to_deadlock(&program, &mut Bounded::new(1, u64::MAX)).is_some());
}

#[test]
fn a_budget_is_kept() {
    let program = philosophers(5);
    let strategies: Vec<Box<dyn Strategy>> = vec![
        Box::new(Bounded::new(2, 17)),
        Box::new(Exhaustive::new(17)),
        Box::new(RandomWalk::new(1, 17)),
        Box::new(RandomWalk::weighted(1, 17)),
        Box::new(Pct::new(3, 1, 17)),
        Box::new(Portfolio::new(1, 17, Box::new(|| true))),
    ];
    for mut strategy in strategies {
        assert_eq!(explore(&program, &mut *strategy).executions, 17);
        assert!(matches!(strategy.coverage(), Coverage::Sampled { executions: 17, .. }));
    }
    let mut left = 5;
    let mut clock = Portfolio::new(
        1,
        u64::MAX,
        Box::new(move || {
            left -= 1;
            left >= 0
        }),
    );
    assert_eq!(explore(&program, &mut clock).executions, 5);
}

#[test]
fn the_portfolio_settles_small_programs_and_finds_the_deadlock_of_large_ones() {
    let mut search = Portfolio::new(1, u64::MAX, Box::new(|| true));
    assert_eq!(explore(&philosophers(4), &mut search).executions, 15);
    assert_eq!(search.coverage(), Coverage::Exhaustive { traces: 15 });

    for seed in 0..30 {
        let mut search = Portfolio::new(seed, 5_000, Box::new(|| true));
        assert!(executions_to_deadlock(&philosophers(8), &mut search).is_some(), "seed {seed}");
    }
    // After all others have had their turn the exhaustive search goes on.
    let mut search = Portfolio::new(1, u64::MAX, Box::new(|| true));
    explore(&philosophers(8), &mut search);
    assert_eq!(search.coverage(), Coverage::Exhaustive { traces: 255 });
}

/// PCT's promise: a bug of depth d in one of n * k^(d - 1) executions. The deadlock of two philosophers has depth 2.
#[test]
fn pct_keeps_its_promise() {
    let program = philosophers(2);
    let found = explore_deadlocks(&program, &mut Pct::new(2, 3, 2_000));
    // n = 2, k = 8: at least 125 of 2,000 on average, 70 with every benefit of the doubt.
    assert!(found > 70, "{found} of 2,000");
}

fn explore_deadlocks(program: &Program, strategy: &mut dyn Strategy) -> u32 {
    let mut found = 0;
    while strategy.begin() {
        let (machine, _) = execute(program, strategy);
        found += u32::from(!machine.observed().stuck.is_empty());
    }
    found
}

/// A short task beside a long one: a plain walk rarely gets to the end of the long one first, a weighted one in its share of all interleavings.
#[test]
fn weighted_walks_are_uniform() {
    let program = Program { tasks: vec![vec![Op::Add(0); 2], vec![Op::Add(1); 10]], ..Program::default() };
    let long_first = |strategy: &mut dyn Strategy| {
        let mut count = 0;
        while strategy.begin() {
            let (machine, _) = execute(&program, strategy);
            count += u32::from(machine.events.iter().rposition(|event| event.task == 1) == Some(9));
        }
        count
    };
    // One of 66 interleavings: 606 of 40,000.
    let weighted = long_first(&mut RandomWalk::weighted(1, 40_000));
    assert!((500..720).contains(&weighted), "{weighted}");
    // One of 1,024: 39.
    let plain = long_first(&mut RandomWalk::new(1, 40_000));
    assert!(plain < 80, "{plain}");
}

#[test]
fn the_size_of_the_tree_is_guessed() {
    // All interleavings of three tasks with three events each: 1,680.
    let program = Program { tasks: vec![vec![Op::Add(0); 3]; 3], ..Program::default() };
    for mut walk in [RandomWalk::new(1, 2_000), RandomWalk::weighted(1, 2_000)] {
        explore(&program, &mut walk);
        let Coverage::Sampled { estimate: Some(estimate), .. } = walk.coverage() else {
            panic!("no estimate")
        };
        assert!((1_500.0..1_900.0).contains(&estimate), "{estimate}");
    }
    for program in [program, philosophers(8), lost_update(3)] {
        let traces = explore(&program, &mut Exhaustive::new(u64::MAX)).executions as f64;
        for part in [10.0, 4.0, 2.0] {
            let mut search = Exhaustive::new((traces / part) as u64);
            explore(&program, &mut search);
            let Coverage::Sampled { estimate: Some(estimate), .. } = search.coverage() else {
                panic!("no estimate")
            };
            let wrong = (estimate / traces).max(traces / estimate);
            assert!(wrong < 10.0, "{estimate} for {traces} after a part of {part}");
        }
    }
}

/// Replays leniently; the answer is what happened if tasks are stuck at the end.
fn deadlocks(program: &Program, schedule: &Schedule) -> Option<Run> {
    let mut replay = Watched::new(Replay::lenient(schedule.clone()));
    assert!(replay.begin());
    let (machine, _) = execute(program, &mut replay);
    (!machine.observed().stuck.is_empty()).then(|| replay.recorder.run())
}

#[test]
fn schedules_shrink_to_the_fewest_switches() {
    for n in 2..7 {
        let program = philosophers(n);
        for seed in 0..10 {
            let mut walk = Watched::new(RandomWalk::new(seed, u64::MAX));
            executions_to_deadlock(&program, &mut walk).unwrap();
            let failing = walk.recorder.run();
            let mut replays = 0;
            let small = shrink(failing.clone(), 2_000, &mut |schedule| {
                replays += 1;
                deadlocks(&program, schedule)
            });
            assert!(replays <= 2_000);
            // Each takes one fork.
            assert_eq!(
                (small.switches, small.steps),
                (u32::from(n) - 1, u32::from(n)),
                "{n} {seed} {failing:?}"
            );
            // It is a real execution, which fails the same way.
            let mut replay = Watched::new(Replay::strict(small.schedule.to_string().parse().unwrap()));
            assert!(replay.begin());
            let (machine, _) = execute(&program, &mut replay);
            assert_eq!(replay.strategy.mismatch(), None);
            assert_eq!(machine.observed().stuck.len(), usize::from(n));
        }
    }
}

#[test]
fn a_budget_for_shrinking_is_kept() {
    let program = philosophers(6);
    let mut walk = Watched::new(RandomWalk::new(1, u64::MAX));
    executions_to_deadlock(&program, &mut walk).unwrap();
    let failing = walk.recorder.run();
    for budget in [0, 1, 7] {
        let mut replays = 0;
        let small = shrink(failing.clone(), budget, &mut |schedule| {
            replays += 1;
            deadlocks(&program, schedule)
        });
        assert!(replays <= budget);
        assert!(small.switches <= failing.switches);
    }
}

#[test]
fn a_lonely_polling_loop_is_a_livelock() {
    let program = Program { tasks: vec![vec![Op::Await(0, 1)], vec![Op::Await(0, 2)]], ..Program::default() };
    let strategies: Vec<Box<dyn Strategy>> = vec![
        Box::new(Exhaustive::new(10)),
        Box::new(RandomWalk::new(1, 1)),
        Box::new(Pct::new(3, 1, 1)),
        Box::new(Bounded::new(1, 1)),
        Box::new(Replay::lenient(Schedule::with_defaults())),
    ];
    for mut strategy in strategies {
        assert!(strategy.begin());
        let (machine, ended) = execute(&program, &mut *strategy);
        assert_eq!(ended, Err(explore::Reason::Livelock));
        assert_eq!(machine.observed().stuck, [(0, 0), (1, 0)]);
    }
}
