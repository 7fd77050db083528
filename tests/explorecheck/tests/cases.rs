//! What the cases of threads and tasks promise holds under every schedule that is tried: each runs under some random ones, the same
//! at every run of this test. Nobody's luck with the system's scheduler is needed to see that a case was right only because all
//! others were quick.

#[path = "../../../crates/altru/tests/support/cases.rs"]
mod language;

use std::path::Path;
use std::process::Command;

use driver::exploring::Verdict;
use driver::packages::Input;
use explorecheck::ends;
use language::{Case, collect, read_cases};
use libtest_mimic::{Arguments, Failed, Trial};

const EXECUTIONS: u64 = 8;
/// Programs with more are left alone: there is nothing to learn from the beginning of an execution.
const STEPS: u64 = 5_000;
/// Names the case that a child process runs: one process cannot hold the code and the memory of hundreds of programs.
const ONE: &str = "EXPLORED_CASE";

fn main() {
    let one = std::env::var(ONE).ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases");
    let mut files = Vec::new();
    collect(&root.join("tasks"), &mut files);
    files.extend(["threads", "concurrency", "models"].map(|name| root.join(name).with_extension("altru")));
    files.sort();
    // No refusals, and nothing that gets input from outside.
    let cases = files.iter().flat_map(|file| read_cases(&root, file));
    let mut cases = cases.filter(|case| !case.program.contains("#! ") && case.input.is_empty());
    if let Some(name) = one {
        let wrong = cases.find(|case| case.name == name).map(|case| holds(&case));
        print!("{}", wrong.expect("one of the cases").unwrap_or_default());
        return;
    }
    let trials = cases.map(|case| Trial::test(case.name.clone(), move || in_a_child(&case.name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn in_a_child(name: &str) -> Result<(), Failed> {
    let exe = std::env::current_exe()?;
    let output = Command::new(exe).env(ONE, name).output()?;
    match (output.status.success(), output.stdout.is_empty()) {
        (true, true) => Ok(()),
        _ => Err(format!(
            "{}{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
        .into()),
    }
}

/// What is wrong with it.
fn holds(case: &Case) -> Option<String> {
    let input = Input::Text { name: case.name.clone(), text: case.program.clone() };
    for (end, times) in ends(&input, EXECUTIONS, STEPS, false) {
        let fine = match &end.verdict {
            Verdict::TooLong | Verdict::Unsupported(_) => true,
            // Who is left when `main` has ended is another matter.
            Verdict::Fine | Verdict::Left(_) => {
                case.status.unwrap_or(0) == 0 && case.out.as_ref().is_none_or(|out| *out == end.output)
            }
            // One that nobody looks at ends an execution here; otherwise it is only told.
            Verdict::Panicked(_) => {
                case.status.is_some() || case.out.as_ref().is_none_or(|out| out.starts_with(&end.output))
            }
            _ => case.status.is_some(),
        };
        if !fine {
            let expected = case.out.as_deref().unwrap_or("");
            let place = case.file.display();
            return Some(format!("{place}\n{times} of {EXECUTIONS}: {end:#?}\nexpected output:\n{expected}"));
        }
    }
    None
}
