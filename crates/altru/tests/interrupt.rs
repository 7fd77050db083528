//! Ctrl-C and the polite request to end, sent to programs that do not listen for them.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

const CLEAN_UP: &str = "\
struct Noisy:
    name: string

impl Drop for Noisy:
    fn drop(mut self):
        println(\"drop ${self.name}\")

";

struct Program {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    file: PathBuf,
    _stdin: Option<ChildStdin>,
}

impl Program {
    /// Starts a program; its standard input stays open.
    fn start(name: &str, text: &str) -> Program {
        Program::start_with(name, text, Command::new(env!("CARGO_BIN_EXE_altru")))
    }

    fn start_with(name: &str, text: &str, mut command: Command) -> Program {
        let file = std::env::temp_dir().join(format!("altru-interrupt-{}-{name}.altru", std::process::id()));
        std::fs::write(&file, format!("{CLEAN_UP}{text}")).expect("temporary file");
        let mut child = command
            .arg("run")
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("altru starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let stdin = child.stdin.take();
        Program { child, stderr, file, _stdin: stdin }
    }

    /// Reads its standard error up to a line.
    fn wait_for(&mut self, wanted: &str) {
        let mut seen = String::new();
        while !seen.ends_with(&format!("{wanted}\n")) {
            let n = self.stderr.read_line(&mut seen).expect("UTF-8");
            assert!(n > 0, "it ended without `{wanted}`: {seen}");
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
    }

    /// Its status and what it printed.
    fn end(mut self) -> (ExitStatus, String) {
        let mut out = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut out).expect("UTF-8");
        let status = self.child.wait().expect("it ends");
        let _ = std::fs::remove_file(&self.file);
        (status, out)
    }
}

/// What a program does that gets a signal when it has said `ready`.
fn interrupted(name: &str, signal: &str, text: &str) -> (ExitStatus, String) {
    let mut program = Program::start(name, text);
    program.wait_for("ready");
    program.signal(signal);
    program.end()
}

const TASKS: &str = "\
let _outer = Noisy{name: \"outer\"}
defer:
    println(\"deferred\")
let [_tx, rx] = channel[int]()
let [begun, beginning] = channel[()]()
spawn(|| sleep(60_000)).detach()
scope s:
    s.spawn(||:
        let _inner = Noisy{name: \"child\"}
        begun.send(())
        sleep(60_000)
    )
    beginning.recv()
    eprintln(\"ready\")
    rx.recv()
println(\"never\")
";

#[test]
fn the_first_one_unwinds_main_and_its_tasks() {
    let (status, out) = interrupted("tasks", "INT", TASKS);
    assert_eq!((status.code(), out.as_str()), (Some(130), "drop child\ndeferred\ndrop outer\n"));
}

#[test]
fn the_request_to_end_does_the_same() {
    let (status, out) = interrupted("term", "TERM", TASKS);
    assert_eq!((status.code(), out.as_str()), (Some(143), "drop child\ndeferred\ndrop outer\n"));
}

#[test]
fn a_main_that_sleeps_alone_unwinds() {
    let program = "let _x = Noisy{name: \"x\"}\nsleep(1)\neprintln(\"ready\")\nsleep(60_000)\n";
    let (status, out) = interrupted("sleep", "INT", program);
    assert_eq!((status.code(), out.as_str()), (Some(130), "drop x\n"));
}

#[test]
fn the_second_one_ends_at_once() {
    let program = "\
defer:
    eprintln(\"cleaning\")
    sleep(60_000)
    println(\"never\")
sleep(1)
eprintln(\"ready\")
sleep(60_000)
";
    let mut program = Program::start("twice", program);
    program.wait_for("ready");
    program.signal("INT");
    program.wait_for("cleaning");
    program.signal("INT");
    let (status, out) = program.end();
    assert_eq!((status.signal(), out.as_str()), (Some(2), ""));
}

const COMPUTES: &str = "\
eprintln(\"ready\")
let mut n = 1
while n > 0:
    n = (n * 7 + 3) % 1_000_003 + 1
println(\"${n}\")
";

#[test]
fn what_computes_without_tasks_ends_at_once() {
    let (status, out) = interrupted("computes", "INT", COMPUTES);
    assert_eq!((status.signal(), out.as_str()), (Some(2), ""));
}

#[test]
fn a_main_that_comes_to_no_wait_is_ended_too() {
    let program = format!("spawn(|| sleep(60_000)).detach()\n{COMPUTES}");
    let (status, out) = interrupted("busy", "TERM", &program);
    assert_eq!((status.signal(), out.as_str()), (Some(15), ""));
}

#[test]
fn a_main_that_reads_its_input_unwinds() {
    let program = "\
let _x = Noisy{name: \"x\"}
spawn(|| sleep(60_000)).detach()
eprintln(\"ready\")
println(\"${io::read_line()}\")
";
    let (status, out) = interrupted("input", "INT", program);
    assert_eq!((status.code(), out.as_str()), (Some(130), "drop x\n"));
}

#[test]
fn a_main_that_waits_for_a_connection_unwinds() {
    let program = "\
use std::net::TcpListener

let _x = Noisy{name: \"x\"}
let listener = TcpListener::bind(\"127.0.0.1:0\").unwrap()
spawn(|| sleep(60_000)).detach()
eprintln(\"ready\")
listener.accept().unwrap()
println(\"never\")
";
    let (status, out) = interrupted("accept", "INT", program);
    assert_eq!((status.code(), out.as_str()), (Some(130), "drop x\n"));
}

#[test]
fn after_the_last_listener_it_is_as_before() {
    let program = "\
use std::signal
let _x = Noisy{name: \"x\"}
let listener = signal::ctrl_c().unwrap()
eprintln(\"listening\")
listener.wait()
println(\"heard\")
drop(listener)
eprintln(\"ready\")
sleep(60_000)
";
    let mut program = Program::start("listener", program);
    program.wait_for("listening");
    program.signal("INT");
    program.wait_for("ready");
    program.signal("INT");
    let (status, out) = program.end();
    assert_eq!((status.code(), out.as_str()), (Some(130), "heard\ndrop x\n"));
}

/// Each of the two comes while it computes. The first one is there when it begins to wait for it, which then is no wait.
#[test]
fn whoever_has_listened_unwinds() {
    let folder = std::env::temp_dir().join(format!("altru-interrupt-{}-early", std::process::id()));
    std::fs::create_dir_all(&folder).expect("temporary folder");
    let program = format!(
        "\
use std::fs
use std::signal
let _x = Noisy{{name: \"x\"}}
let listener = signal::ctrl_c().unwrap()
eprintln(\"listening\")
while not fs::exists(\"{folder}/first\"):
    ()
listener.wait()
drop(listener)
eprintln(\"ready\")
while not fs::exists(\"{folder}/second\"):
    ()
sleep(60_000)
",
        folder = folder.display()
    );
    let mut program = Program::start("early", &program);
    for (line, file) in [("listening", "first"), ("ready", "second")] {
        program.wait_for(line);
        program.signal("INT");
        std::fs::write(folder.join(file), "").expect("temporary file");
    }
    let (status, out) = program.end();
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!((status.code(), out.as_str()), (Some(130), "drop x\n"));
}

#[test]
fn one_that_is_ignored_stays_so() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_altru")]);
    let mut program = Program::start_with(
        "ignored",
        "sleep(1)\neprintln(\"ready\")\nprintln(\"${io::read_line().unwrap().is_none()}\")\n",
        shell,
    );
    program.wait_for("ready");
    program.signal("INT");
    drop(program._stdin.take());
    let (status, out) = program.end();
    assert_eq!((status.code(), out.as_str()), (Some(0), "true\n"));
}
