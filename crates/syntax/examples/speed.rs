//! How fast files are parsed: `cargo run --release -p syntax --example speed FILE…`. Parses
//! them again and again, up to a size worth measuring; shows lines and bytes a second.

use std::hint::black_box;
use std::time::Instant;

use base::FileId;

fn main() {
    let mut files = Vec::new();
    for path in std::env::args().skip(1) {
        match std::fs::read_to_string(&path) {
            Ok(file) => files.push(file),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    if files.is_empty() {
        eprintln!("usage: speed FILE…");
        std::process::exit(2);
    }
    let bytes: usize = files.iter().map(String::len).sum();
    let rounds = (4 << 20) / bytes.max(1) + 1;
    let bytes = bytes * rounds;
    let lines = files.iter().map(|f| f.lines().count()).sum::<usize>() * rounds;
    let measure = |name: &str, run: &dyn Fn(&str)| {
        let mut times: Vec<f64> = (0..9)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..rounds {
                    files.iter().for_each(|file| run(file));
                }
                start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "{name:6} {:7.2} M lines/s  {:7.1} MB/s",
            lines as f64 / median / 1e6,
            bytes as f64 / median / 1e6
        );
    };
    measure("lex", &|text| {
        black_box(syntax::lexer::lex(text));
    });
    measure("parse", &|text| {
        black_box(syntax::parse(FileId(0), text));
    });
}
