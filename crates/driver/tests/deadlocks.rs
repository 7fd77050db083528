//! Deadlocks that are found without running: the cases of `tests/deadlocks`, and what must not be found.
//!
//! A file holds cases, each begun by `#=== name | FINDS`: the codes of the errors and warnings (of `06`) and the
//! kinds of the candidates that must be found in it, and no others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use driver::packages::{Input, load};
use driver::pipeline::{Checked, Purpose, check};
use driver::system::Os;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn checked(input: &Input) -> Checked {
    check(&load(&Os, input).expect("the input is there"), Purpose::Report)
}

/// Codes and kinds of what was found, but for warnings that have nothing to do with it.
fn found(checked: &Checked) -> BTreeSet<String> {
    let codes = checked.diagnostics.iter().map(|d| d.code.0).filter(|c| !c.starts_with("W04"));
    codes.chain(checked.candidates.iter().map(|c| c.kind.name())).map(str::to_owned).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "altru"));
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

#[test]
fn each_case_gets_what_it_says() {
    let mut wrong = Vec::new();
    for file in files("tests/deadlocks") {
        let text = std::fs::read_to_string(&file).expect("UTF-8");
        for case in text.split("#=== ").skip(1) {
            let (head, program) = case.split_once('\n').expect("a line");
            let (name, expected) = head.split_once(" |").unwrap_or((head, ""));
            let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
            let got =
                found(&checked(&Input::Text { name: format!("{name}.altru"), text: program.to_owned() }));
            if got != expected {
                wrong.push(format!("{name}: expected {expected:?}, found {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const HELPED: &[(&str, &str)] = &[
    (
        "\
fn main():
    let a = Mutex::new(1)
    let b = Mutex::new(1)
    scope s:
        s.spawn(||:
            let x = a.lock()
            *b.lock() += *x
        )
        s.spawn(||:
            let y = b.lock()
            *a.lock() += *y
        )
",
        "W0661: `a` and `b` are locked in different orders
  1: `a` is locked
  2: and `b` is waited for
  3: `b` is locked
  4: and `a` is waited for
  1, 2: in a task that is started here
  3, 4: in a task that is started here
  help: take the locks in one order everywhere, or mutexes in one step: `let [a, b] = lock_all(x, y)` (std::sync)
",
    ),
    (
        "\
fn main():
    let n = RwLock::new(1)
    scope s:
        s.spawn(||:
            let x = n.read()
            println(\"${*x + *n.read()}\")
        )
        s.spawn(|| *n.write() += 1)
",
        "W0662: `n` is locked for reading twice, and somebody may want to write in between
  1: `n` is locked for reading
  2: somebody waits to lock `n` for writing
  3: `n` is locked for reading again, behind the writer
  1, 3: in a task that is started here
  2: in a task that is started here
  help: read once, and hand the value on
",
    ),
    (
        "\
use std::sync::Condvar
fn main():
    let m = Mutex::new(false)
    let c = Condvar::new()
    scope s:
        s.spawn(||:
            *m.lock() = true
            c.notify_one()
        )
        let ready = c.wait(m.lock())
        println(\"${*ready}\")
",
        "W0665: `c` is waited for without a condition: a notification that came before is lost
  1: no loop looks at what is waited for
  help: wait with a condition: `wait_while(guard, |value| …)`
",
    ),
];

/// A candidate as it is told: what is done where, and what to do about it.
#[test]
fn candidates_say_what_to_do() {
    let mut told = String::new();
    let mut wanted = String::new();
    for (program, expected) in HELPED {
        let checked = checked(&Input::Text { name: "helped.altru".into(), text: (*program).into() });
        wanted.push_str(expected);
        for candidate in &checked.candidates {
            let note = candidate.note();
            told.push_str(&format!("{}: {}\n", note.code.0, note.message));
            for label in [&note.primary].into_iter().chain(&note.secondary) {
                told.push_str(&format!("  {}\n", label.text));
            }
            for help in &note.help {
                told.push_str(&format!("  help: {help}\n"));
            }
        }
    }
    assert_eq!(told, wanted);
}

/// What is correct is neither refused nor warned of. What it is suspected of, `confirm` of `altru` clears it.
#[test]
fn nothing_is_said_of_repaired_bugs() {
    let mut wrong = Vec::new();
    for file in files("tests/explore/goker") {
        if file.to_string_lossy().ends_with("_fixed.altru") {
            let got = checked(&Input::Path(file.clone())).diagnostics;
            if !got.is_empty() {
                wrong.push(format!("{}: {got:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table of std's operations names functions that are there.
#[test]
fn operations_exist() {
    let checked = checked(&Input::Text { name: "empty.altru".into(), text: "fn main():\n    pass\n".into() });
    let program = &checked.program;
    let names: BTreeSet<String> =
        (0..program.fns.len()).map(|i| mir::names::fn_name(program, hir::items::FnId(i as u32))).collect();
    let missing: Vec<&str> = mir::deadlock::operations().filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
