//! Directed walks find what needs a certain order at once, and stop where nobody comes to the places.

use explore::{Choice, Directed, Event, Pending, Stage, Strategy, TaskId};

/// Tasks that each make some steps, the places of which are given; all may always go.
fn order(strategy: &mut Directed, tasks: &[&[u32]]) -> Vec<(u32, u32)> {
    let mut at = vec![0; tasks.len()];
    let mut went = Vec::new();
    loop {
        let pending: Vec<Pending> = (0..tasks.len())
            .filter(|task| at[*task] < tasks[*task].len())
            .map(|task| Pending {
                task: TaskId(task as u32),
                enabled: 1,
                yielded: false,
                in_vain: false,
                looks: false,
                at: tasks[task][at[task]],
            })
            .collect();
        if pending.is_empty() {
            return went;
        }
        let Choice::Step { task, alternative } = strategy.choose(&pending, None) else {
            panic!("it gives up");
        };
        let index = task.0 as usize;
        went.push((task.0, tasks[index][at[index]]));
        at[index] += 1;
        strategy.executed(&Event {
            task,
            alternative,
            accesses: &[],
            after: &[],
            quiescent: false,
            others: &[],
        });
    }
}

fn stages(places: &[(u32, bool)]) -> Vec<Stage> {
    let stage = |&(place, waits)| Stage { places: vec![place], waits };
    places.iter().map(stage).collect()
}

#[test]
fn the_first_execution_has_the_order_that_was_given() {
    // The long task comes to its place first only if the others are held.
    let long: Vec<u32> = (0..200).map(|_| 0).chain([1, 0]).collect();
    for seed in 0..50 {
        let mut walk = Directed::new(stages(&[(1, false), (2, false), (3, false)]), seed, 10);
        assert!(walk.begin());
        let went = order(&mut walk, &[&[0, 3, 0], &long, &[2]]);
        let places: Vec<u32> = went.iter().map(|step| step.1).filter(|place| *place != 0).collect();
        assert_eq!(places, [1, 2, 3], "seed {seed}");
    }
}

#[test]
fn the_second_one_holds_those_who_are_about_to_wait() {
    let others: Vec<u32> = vec![0; 100];
    for seed in 0..50 {
        let mut walk = Directed::new(stages(&[(1, true)]), seed, 10);
        assert!(walk.begin() && walk.begin());
        let went = order(&mut walk, &[&[1], &others, &others]);
        assert_eq!(went.last(), Some(&(0, 1)), "seed {seed}");
    }
}

#[test]
fn where_nobody_comes_it_is_soon_over() {
    let mut walk = Directed::new(stages(&[(1, true)]), 1, 1000);
    let mut executions = 0;
    while walk.begin() {
        executions += 1;
        order(&mut walk, &[&[0, 0], &[0]]);
    }
    assert!(executions < 10, "{executions}");
}
