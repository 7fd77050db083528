//! Every program in `examples/`, and the one that the tools are timed with, runs and prints what the
//! file `NAME.out` beside it says. A first line `## args: a b` in a file `NAME.args` gives its
//! arguments; `NAME.in` its input.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut programs: Vec<PathBuf> = ["examples", "benches/tools/library"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("programs are there").flatten())
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "altru"))
        .collect();
    programs.sort();
    let trials = programs
        .into_iter()
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            Trial::test(name, move || run(&path))
        })
        .collect();
    libtest_mimic::run(&args, trials).exit();
}

fn run(program: &Path) -> Result<(), Failed> {
    let read = |extension: &str| std::fs::read_to_string(program.with_extension(extension)).ok();
    let expected = read("out").ok_or("it has no .out file")?;
    let args = read("args").unwrap_or_default();
    let mut child = Command::new(env!("CARGO_BIN_EXE_altru"))
        .arg("run")
        .arg(program)
        .args(args.split_whitespace())
        .current_dir(program.parent().expect("a folder"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("altru starts");
    let _ = child.stdin.take().expect("piped").write_all(read("in").unwrap_or_default().as_bytes());
    let output = child.wait_with_output().expect("altru ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() && out == expected && err.is_empty() {
        return Ok(());
    }
    Err(format!("{}\nexpected:\n{expected}found:\n{out}standard error:\n{err}", output.status).into())
}
