//! `crosscheck FILE.altru` shows what becomes of one program.
//! `crosscheck [SEED [COUNT [ALTRU]]]`: makes COUNT random functions, keeps what the checks
//! accept, and interprets it: anything wrong there is a hole in the checks. With the path of an
//! `altru`, also compares what the program prints when it is compiled quickly and with
//! optimisation. `crosscheck 1 10000 target/release/altru` is the whole of it.

use std::path::Path;
use std::process::ExitCode;

use crosscheck::program::Batch;
use crosscheck::{Std, Verdict, compare};
use mir::interp::{End, Limits};

const FUNCTIONS: usize = 60;
const ROUNDS: usize = 12;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |i: usize, default: u64| args.get(i).map_or(default, |a| a.parse().unwrap_or(default));
    let (seed, count) = (number(1, 1), number(2, 1000));
    let altru = args.get(3);
    let std = Std::new();
    if let Some(file) = args.get(1).filter(|a| a.ends_with(".altru")) {
        return one(&std, file);
    }
    let (mut ran, mut wrong, mut batch_seed) = (0, 0, seed);
    while ran < count {
        let mut batch = Batch::new(batch_seed, FUNCTIONS, 14);
        batch_seed += 1;
        for round in 0..ROUNDS {
            match std.run(&batch.text(), Limits::default()) {
                Verdict::Refused(said) => {
                    let lines: Vec<usize> = said.iter().map(|s| s.line).collect();
                    if std::env::var_os("CROSSCHECK_SHOW").is_some() && round == 0 {
                        for s in &said {
                            println!("{}: {} {}", s.line, s.code, s.text.lines().next().unwrap_or(""));
                        }
                        println!("{}", batch.text());
                    }
                    batch.repair(&lines, round + 2 >= ROUNDS);
                }
                Verdict::Ran { outcome, trap } => {
                    if std::env::var_os("CROSSCHECK_KEEP").is_some() {
                        println!("{}\n{}", batch.text(), outcome.stdout);
                    }
                    ran += batch.functions.len() as u64;
                    let mut bad = trap;
                    match &outcome.end {
                        End::Unsupported(what) => bad = Some(format!("not interpreted: {what}")),
                        End::Exit(0) | End::Trap { .. } => {}
                        other => bad = Some(format!("ends with {other:?}")),
                    }
                    if outcome.leaks > 0 && matches!(outcome.end, End::Exit(_)) {
                        bad.get_or_insert(format!("{} allocations leaked", outcome.leaks));
                    }
                    if bad.is_none()
                        && matches!(outcome.end, End::Exit(_))
                        && let Some(altru) = altru
                    {
                        bad = compare(Path::new(altru), &batch.text(), &outcome.stdout);
                    }
                    if let Some(bad) = bad {
                        wrong += 1;
                        let file = format!("crosscheck-{}.altru", batch_seed - 1);
                        let path = std::env::temp_dir().join(file);
                        let _ = std::fs::write(&path, batch.text());
                        let tail: Vec<&str> = outcome.stdout.lines().rev().take(3).collect();
                        println!("{bad}\n  {} after {tail:?}", path.display());
                    }
                    break;
                }
            }
        }
    }
    println!("{ran} functions ran, {wrong} programs went wrong");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Shows what becomes of one program.
fn one(std: &Std, file: &str) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) => {
            eprintln!("{file}: {e}");
            return ExitCode::FAILURE;
        }
    };
    match std.run(&text, Limits::default()) {
        Verdict::Refused(said) => {
            said.iter().for_each(|s| println!("{}: {} {}", s.line, s.code, s.text));
            ExitCode::FAILURE
        }
        Verdict::Ran { outcome, trap } => {
            print!("{}", outcome.stdout);
            eprintln!("{:?}, {} left, {} steps", outcome.end, outcome.leaks, outcome.steps);
            match trap {
                Some(trap) => {
                    eprintln!("{trap}");
                    ExitCode::FAILURE
                }
                None => ExitCode::SUCCESS,
            }
        }
    }
}
