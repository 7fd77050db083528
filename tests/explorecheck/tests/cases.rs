//! What the cases of threads and tasks promise holds under every schedule that is tried: each runs under some random ones, the same
//! at every run of this test. Nobody's luck with the system's scheduler is needed to see that a case was right only because all
//! others were quick.

#[path = "../../../crates/altru/tests/support/cases.rs"]
mod language;

use std::path::Path;

use driver::exploring::Verdict;
use driver::packages::Input;
use explorecheck::ends;
use language::{Case, collect, read_cases};
use libtest_mimic::{Arguments, Failed, Trial};

const EXECUTIONS: u64 = 12;
/// Programs with more are left alone: there is nothing to learn from the beginning of an execution.
const STEPS: u64 = 20_000;

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases");
    let mut files = Vec::new();
    collect(&root.join("tasks"), &mut files);
    files.extend(["threads", "concurrency", "models"].map(|name| root.join(name).with_extension("altru")));
    files.sort();
    let mut trials = Vec::new();
    for case in files.iter().flat_map(|file| read_cases(&root, file)) {
        // A refusal, or input from outside.
        if !case.program.contains("#! ") && case.input.is_empty() {
            trials.push(Trial::test(case.name.clone(), move || holds(&case)));
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

fn holds(case: &Case) -> Result<(), Failed> {
    let input = Input::Text { name: case.name.clone(), text: case.program.clone() };
    for (end, times) in ends(&input, EXECUTIONS, STEPS, false) {
        let fine = match &end.verdict {
            Verdict::TooLong | Verdict::Unsupported(_) => true,
            // Who is left when `main` has ended is another matter.
            Verdict::Fine | Verdict::Left(_) => {
                case.status.unwrap_or(0) == 0 && case.out.as_ref().is_none_or(|out| *out == end.output)
            }
            // A panic that nobody looks at is told to people only.
            Verdict::Panicked(_) => case.status.is_some() || !case.err.is_empty(),
            _ => case.status.is_some(),
        };
        if !fine {
            let expected = case.out.as_deref().unwrap_or("");
            let place = case.file.display();
            return Err(
                format!("{place}\n{times} of {EXECUTIONS}: {end:#?}\nexpected output:\n{expected}").into()
            );
        }
    }
    Ok(())
}
