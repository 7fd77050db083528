//! `ALTRU_BACKTRACE=1`: a panic shows all calls that led to it, also those of functions that do not wait.
//!
//! Their places are in the executable's debug information, which Rust's standard library reads. Code in memory has none, so
//! `altru run` makes an executable if this is asked for.

use crate::sync::global::{AtomicBool, Ordering};

static WANTED: AtomicBool = AtomicBool::new(false);

pub(crate) fn start() {
    let wanted = std::env::var_os("ALTRU_BACKTRACE").is_some_and(|value| !value.is_empty() && value != "0");
    WANTED.store(wanted, Ordering::Relaxed);
}

/// Nothing is left out of chains of calls.
pub(crate) fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// What the compiler puts around `main`.
const ENTRIES: [&str; 2] = ["altru.main", "program"];

/// A line for each call on the stack that is Altru's, innermost first.
pub(crate) fn describe() -> String {
    lines_of(&std::backtrace::Backtrace::force_capture().to_string())
}

/// Of frames as Rust writes them, `  3: NAME` and below it `     at FILE:LINE:COLUMN`, those in Altru's files.
fn lines_of(frames: &str) -> String {
    let mut lines = String::new();
    let mut name = "";
    for line in frames.lines() {
        let line = line.trim_start();
        if let Some(place) = line.strip_prefix("at ") {
            let place = place.strip_prefix("./").unwrap_or(place);
            if is_of_altru(place) && !ENTRIES.contains(&name) {
                let how = if lines.is_empty() { "in" } else { "called by" };
                lines.push_str(&format!("    {how} {name} at {place}\n"));
            }
        } else if let Some((number, rest)) = line.split_once(": ")
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            name = plain(rest);
        }
    }
    lines
}

/// Without the number that LLVM gives to what has another's name.
fn plain(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((before, number)) if number.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => name,
    }
}

/// Also under the name that a script from standard input has.
fn is_of_altru(place: &str) -> bool {
    let file = place.rsplitn(3, ':').last().unwrap_or(place);
    file.ends_with(".altru") || file.ends_with("<stdin>")
}

#[cfg(test)]
mod tests {
    #[test]
    fn frames_of_the_program_are_kept() {
        let frames = "   0: rt::panic::raise\n             at /src/panic.rs:1:2\n   1: inner\n             at ./a.altru:3:9\n   \
                      2: main::{closure#0}.12\n             at /p/b.altru:7:5\n   3: __libc_start_main\n";
        let expected = "    in inner at a.altru:3:9\n    called by main::{closure#0} at /p/b.altru:7:5\n";
        assert_eq!(super::lines_of(frames), expected);
    }
}
