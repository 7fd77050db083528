//! The explorer's search against trying everything, and replays, on generated programs; `explorecheck` does the same with more.

/// Compares those of these programs that have no more than `most` schedules, and gives how many that are.
fn compared(seeds: impl Iterator<Item = u64>, most: u64) -> usize {
    let mut compared = 0;
    explorecheck::compare(seeds, most, |one| {
        compared += 1;
        assert_eq!(one.brute_force.seen, one.exhaustive.seen, "seed {}:\n{}", one.seed, one.text);
    });
    compared
}

#[test]
fn the_search_sees_what_brute_force_sees() {
    let compared: usize = (0..4).map(|batch| compared(batch * 20..(batch + 1) * 20, 20_000)).sum();
    assert!(compared > 30, "only {compared} programs are small enough");
}

#[test]
fn the_search_sees_what_brute_force_sees_where_tasks_are_cancelled() {
    let seeds = explorecheck::CANCELLING..explorecheck::CANCELLING + 40;
    let compared = compared(seeds, 4_000);
    assert!(compared > 5, "only {compared} programs are small enough");
}

#[test]
fn the_search_sees_what_brute_force_sees_where_something_is_left_to_chance() {
    let seeds = explorecheck::CHANCE..explorecheck::CHANCE + 40;
    let compared = compared(seeds, 10_000);
    assert!(compared > 10, "only {compared} programs are small enough");
}

#[test]
fn the_search_sees_what_brute_force_sees_where_selects_meet() {
    let seeds = explorecheck::MEETING..explorecheck::MEETING + 90;
    let compared = compared(seeds, 10_000);
    assert!(compared > 20, "only {compared} programs are small enough");
}

/// A lock that is free for who is cancelled (276), one who was never told to have been cancelled first (5213), two waits whose time is
/// over at once (5130), a meeting that was planned and is impossible (8035), a sender dropped after the channel had closed (1048659), deadlines
/// in the company of cancellations (1050552), and a cancelled wait for a group between what fills and what empties it (1060789).
#[test]
fn what_was_once_missed_is_seen() {
    let seeds = [276, 5130, 5213, 8035, 1_048_659, 1_050_552, 1_060_789];
    let compared = compared(seeds.into_iter(), 60_000);
    assert_eq!(compared, seeds.len());
}

/// What a walk is told of a step where it does not want to know all is true of all.
#[test]
fn a_walk_goes_the_same_way_whether_it_is_told_all_or_outlines() {
    let each = [0, explorecheck::CANCELLING, explorecheck::CHANCE, explorecheck::MEETING];
    for first in each {
        let seeds: Vec<u64> = (first + 400..first + 420).collect();
        let (steps, different) = explorecheck::told_more_or_less(&seeds, 50);
        assert!(steps > 10_000, "only {steps} steps");
        assert_eq!(different, Vec::<String>::new());
    }
}

#[test]
fn executions_can_be_repeated() {
    let seeds: Vec<u64> = (0..15).chain(explorecheck::CHANCE..explorecheck::CHANCE + 5).collect();
    let (count, different) = explorecheck::replay(&seeds, 10);
    assert_eq!(count, 400);
    assert_eq!(different, Vec::<String>::new());
}
