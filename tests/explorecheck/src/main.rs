//! `explorecheck [SEED [COUNT [MOST]]]`: compares the exhaustive search with brute force on COUNT random programs that have no more
//! than MOST schedules. From seed 1048576 on all of them cancel, from
//! 2097152 on something is left to chance, from 3145728 on all meet at channels without room.
//! `explorecheck replay SEED COUNT`: COUNT random executions of each of 20 programs, and each again by its schedule.
//! `explorecheck speed (all|random) FILE SECONDS`: how many executions a second.
//! `explorecheck ends FILE COUNT`: what a program prints and how it ends under COUNT random schedules.
//! `explorecheck show SEED`: one program, and what the search does with it.

use std::process::ExitCode;
use std::time::Duration;

use driver::packages::Input;
use explorecheck::{MOST, compare, ends, replay, show, speed};

/// Programs that are compiled together.
const BATCH: u64 = 20;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |i: usize, default: u64| args.get(i).map_or(default, |a| a.parse().unwrap_or(default));
    if args.get(1).is_some_and(|a| a == "show") {
        show(number(2, 1));
        return ExitCode::SUCCESS;
    }
    if args.get(1).is_some_and(|a| a == "speed") {
        let (how, file) = (args[2].as_str(), args[3].as_str());
        let (executions, rate) = speed(file, how == "all", Duration::from_secs(number(4, 1)));
        println!("{how} {file} {executions} {rate:.0}");
        return ExitCode::SUCCESS;
    }
    if args.get(1).is_some_and(|a| a == "ends") {
        let input = Input::Path(args[2].as_str().into());
        for hasty in [false, true] {
            for (end, times) in ends(&input, number(3, 100) / 2, 200_000, hasty) {
                let early = if hasty { "early timers: " } else { "" };
                println!("#=== {times}\n{early}{:?}\n{}", end.verdict, end.output);
                end.panics.iter().for_each(|panic| println!("panic: {panic}"));
            }
        }
        return ExitCode::SUCCESS;
    }
    if args.get(1).is_some_and(|a| a == "replay") {
        let seeds: Vec<u64> = (number(2, 1)..).take(BATCH as usize).collect();
        let (count, different) = replay(&seeds, number(3, 50));
        different.iter().for_each(|one| println!("{one}\n"));
        println!("{count} replays, {} different", different.len());
        return if different.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let (mut seed, count, most) = (number(1, 1), number(2, 200), number(3, MOST));
    let (mut compared, mut wrong, mut schedules, mut traces) = (0, 0, 0, 0);
    while compared < count {
        compare(seed..seed + BATCH, most, |one| {
            compared += 1;
            schedules += one.brute_force.executions;
            traces += one.exhaustive.executions;
            if one.brute_force.seen != one.exhaustive.seen {
                wrong += 1;
                println!("seed {}:\n{}", one.seed, one.text);
                println!("missed: {:#?}", &one.brute_force.seen - &one.exhaustive.seen);
                println!("invented: {:#?}\n", &one.exhaustive.seen - &one.brute_force.seen);
            }
        });
        seed += BATCH;
    }
    println!("{compared} programs, {wrong} differ; {schedules} schedules, {traces} executions of the search");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
