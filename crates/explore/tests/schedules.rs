//! Schedules: an execution is repeated from its string, and nothing else is mistaken for one.

mod model;

use explore::{
    Choice, Coverage, End, Event, Exhaustive, Mismatch, Pending, RandomWalk, Recorder, Replay, Rng, Schedule,
    ScheduleError, Strategy, TaskId,
};
use model::{Arm, Op, Program, execute};

/// Records what another strategy does.
struct Recorded<S>(S, Recorder);

impl<S: Strategy> Strategy for Recorded<S> {
    fn begin(&mut self) -> bool {
        self.1.clear();
        self.0.begin()
    }
    fn choose(&mut self, pending: &[Pending], previous: Option<TaskId>) -> Choice {
        let choice = self.0.choose(pending, previous);
        self.1.choice(pending, previous, choice);
        choice
    }
    fn executed(&mut self, event: &Event<'_>) {
        self.0.executed(event);
    }
    fn end(&mut self, end: &End<'_>) {
        self.0.end(end);
    }
    fn coverage(&self) -> Coverage {
        self.0.coverage()
    }
}

fn program() -> Program {
    Program {
        tasks: vec![
            vec![Op::Spawn(3), Op::Random(5), Op::Lock(0), Op::Add(0), Op::Unlock(0), Op::Join(3)],
            vec![Op::Select([Arm::Recv(0), Arm::Send(1, 7)]), Op::TryLock(0, 1), Op::Unlock(0)],
            vec![Op::Send(0, 3), Op::Load(0), Op::TimedLock(0, 1), Op::Unlock(0)],
            vec![Op::Recv(1), Op::Send(0, 9)],
        ],
        spawned: vec![3],
        capacity: vec![None, Some(1)],
        ..Program::default()
    }
}

fn record(strategy: impl Strategy) -> Vec<(Schedule, Vec<(u8, u32)>)> {
    let program = program();
    let mut strategy = Recorded(strategy, Recorder::default());
    let mut recorded = Vec::new();
    while strategy.begin() {
        let (machine, _) = execute(&program, &mut strategy);
        let events = machine.events.iter().map(|event| (event.task, event.alternative)).collect();
        recorded.push((strategy.1.schedule(), events));
    }
    recorded
}

#[test]
fn an_execution_is_repeated_from_its_string() {
    let program = program();
    for (schedule, events) in record(RandomWalk::new(1, 300)).into_iter().chain(record(Exhaustive::new(300)))
    {
        let read: Schedule = schedule.to_string().parse().unwrap();
        assert_eq!(read, schedule);
        let mut replay = Replay::strict(read);
        assert!(replay.begin());
        let (machine, ended) = execute(&program, &mut replay);
        assert_eq!((ended, replay.mismatch()), (Ok(()), None));
        let again: Vec<_> = machine.events.iter().map(|event| (event.task, event.alternative)).collect();
        assert_eq!(again, events);
        assert!(!replay.begin());
    }
}

#[test]
fn the_same_seed_makes_the_same_choices() {
    assert_eq!(record(RandomWalk::new(7, 100)), record(RandomWalk::new(7, 100)));
    assert_ne!(record(RandomWalk::new(7, 100)), record(RandomWalk::new(8, 100)));
    assert_eq!(record(Exhaustive::new(100)), record(Exhaustive::new(100)));
}

#[test]
fn damaged_strings_are_refused() {
    let mut rng = Rng::new(5);
    for (schedule, _) in record(RandomWalk::new(2, 40)) {
        let text = schedule.to_string();
        for end in 0..text.len() {
            assert!(text[..end].parse::<Schedule>().is_err(), "{}", &text[..end]);
        }
        for _ in 0..50 {
            let mut bytes = text.clone().into_bytes();
            let at = 3 + rng.below(bytes.len() as u64 - 3) as usize;
            let digit = b"0123456789abcdefghijklmnopqrstuvABZ._"[rng.below(37) as usize];
            if bytes[at] != digit {
                bytes[at] = digit;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(changed.parse::<Schedule>(), Err(ScheduleError::Damaged), "{changed}");
            }
        }
    }
    assert_eq!("a2.5b.00".parse::<Schedule>(), Err(ScheduleError::Version));
    for other in ["", "hello", "a", "a.", "ä1.x"] {
        assert_eq!(other.parse::<Schedule>(), Err(ScheduleError::NotASchedule), "{other}");
    }
    assert_eq!("a1.ää.ääääääää".parse::<Schedule>(), Err(ScheduleError::Damaged));
}

#[test]
fn numbers_of_any_size_are_written() {
    // Points with up to 60 options, and long runs of defaults.
    let entry = |task, enabled| Pending {
        task: TaskId(task),
        enabled,
        yielded: false,
        in_vain: false,
        looks: false,
        at: 0,
    };
    let mut rng = Rng::new(9);
    for _ in 0..200 {
        let mut recorder = Recorder::default();
        for _ in 0..rng.below(5000) {
            let pending = [entry(0, 1), entry(1, u64::MAX >> 5)];
            let alternative = rng.below(59) as u32;
            let choice = match rng.below(100) {
                0 => Choice::Step { task: TaskId(1), alternative },
                _ => Choice::Step { task: TaskId(0), alternative: 0 },
            };
            recorder.choice(&pending, Some(TaskId(0)), choice);
        }
        let schedule = recorder.schedule();
        assert_eq!(schedule.to_string().parse(), Ok(schedule));
    }
}

#[test]
fn another_program_is_noticed() {
    let other = Program { tasks: vec![vec![Op::Add(0); 3]; 2], ..Program::default() };
    let longer = Program { tasks: vec![vec![Op::Add(0); 9]; 6], ..Program::default() };
    for (schedule, _) in record(RandomWalk::new(3, 100)) {
        for program in [&other, &longer] {
            let mut replay = Replay::strict(schedule.clone());
            assert!(replay.begin());
            let _ = execute(program, &mut replay);
            assert!(replay.mismatch().is_some());
        }
    }
    let mut replay = Replay::strict(Schedule::with_defaults());
    assert!(replay.begin());
    let _ = execute(&other, &mut replay);
    assert_eq!(replay.mismatch(), Some(Mismatch::TooLong { points: 0 }));
    assert_eq!(
        replay.mismatch().unwrap().to_string(),
        "the schedule has 0 choices, but the program needs more"
    );
}
