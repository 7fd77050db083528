//! The command line as a user meets it: statuses, streams, files, packages, broken input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("altru-commands-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("temporary folder");
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs::write(&path, text).expect("file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn altru_in(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_altru"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("altru starts");
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("altru ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn expect(output: &Output, status: i32, stdout: &str) {
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(status), stdout),
        "standard error:\n{}",
        text(&output.stderr)
    );
}

#[test]
fn runs_standard_input_and_passes_arguments_on() {
    let folder = Folder::new("stdin");
    expect(&altru_in(&folder.0, &["run", "-"], "println(\"hi\")\n"), 0, "hi\n");
    folder.write("args.altru", "for a in env::args()[1..]:\n    println(a)\n");
    let output = altru_in(&folder.0, &["run", "args.altru", "--release", "-x", "b c"], "");
    expect(&output, 0, "--release\n-x\nb c\n");
}

#[test]
fn statuses_say_who_failed() {
    let folder = Folder::new("status");
    assert_eq!(
        altru_in(&folder.0, &["run", "-"], "let x: int = \"a\"\nprintln(\"${x}\")\n").status.code(),
        Some(1)
    );
    assert_eq!(altru_in(&folder.0, &["run", "-"], "panic(\"no\")\n").status.code(), Some(101));
    assert_eq!(altru_in(&folder.0, &["run", "-"], "process::exit(7)\n").status.code(), Some(7));
    assert_eq!(altru_in(&folder.0, &["frobnicate"], "").status.code(), Some(2));
    let missing = altru_in(&folder.0, &["run", "missing.altru"], "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("missing.altru"));
}

#[test]
fn a_new_package_runs_tests_and_builds() {
    let folder = Folder::new("package");
    expect(&altru_in(&folder.0, &["new", "hello"], ""), 0, "made `hello`; next: cd hello && altru run\n");
    let package = folder.0.join("hello");
    expect(&altru_in(&package, &["run"], ""), 0, "Hello, world!\n");
    let tests = altru_in(&package, &["test"], "");
    assert_eq!(tests.status.code(), Some(0), "{}", text(&tests.stdout));
    assert!(text(&tests.stdout).contains("1 passed, 0 failed"), "{}", text(&tests.stdout));
    for flags in [&["build"][..], &["build", "--release"]] {
        let built = altru_in(&package, flags, "");
        assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
        let run = Command::new(package.join("target/hello")).output().expect("the executable runs");
        expect(&run, 0, "Hello, world!\n");
    }
    assert_eq!(altru_in(&folder.0, &["new", "hello"], "").status.code(), Some(1));
    assert_eq!(altru_in(&folder.0, &["new", "not-a-name"], "").status.code(), Some(1));
}

#[test]
fn modules_and_dependencies_are_found() {
    let folder = Folder::new("modules");
    folder.write(
        "app/altru.toml",
        "[package]\nname = \"app\"\n\n[dependencies]\nshapes = { path = \"../shapes\" }\n",
    );
    folder.write(
        "app/src/main.altru",
        "mod inner\n\nuse shapes::area\n\nfn main():\n    println(\"${inner::deep::twice(area(3, 4))}\")\n",
    );
    folder.write("app/src/inner.altru", "pub mod deep\n");
    folder.write("app/src/inner/deep.altru", "pub fn twice(n: int) -> int:\n    return n * 2\n");
    folder.write("shapes/altru.toml", "[package]\nname = \"shapes\"\n");
    folder.write("shapes/src/lib.altru", "pub fn area(w: int, h: int) -> int:\n    return w * h\n");
    expect(&altru_in(&folder.0, &["run", "app"], ""), 0, "24\n");
    fs::remove_file(folder.0.join("app/src/inner/deep.altru")).expect("there");
    let broken = altru_in(&folder.0, &["check", "app", "--format", "json"], "");
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stdout).contains("\"code\":\"E0910\""), "{}", text(&broken.stdout));
}

/// A struct whose fields are all public shows what its views can be of; of another that may change.
#[test]
fn views_out_of_a_struct_of_another_package() {
    let folder = Folder::new("foreign_views");
    folder.write(
        "app/altru.toml",
        "[package]\nname = \"app\"\n\n[dependencies]\nwords = { path = \"../words\" }\n",
    );
    let main = |wrapped: &str| {
        format!(
            "use words::{wrapped}\n\nfn last(text: string) -> Option[&string]:\n    let found = {wrapped}::of(text)\n    \
             return found.all().copied().max()\n\nfn main():\n    println(\"${{last(\"a c b\"):?}}\")\n"
        )
    };
    let library = |name: &str, mark: &str| {
        format!(
            "pub struct {name}:\n    {mark}parts: [&string]\n\nimpl {name}:\n    pub fn of(text: string) -> {name}:\n        \
             return {name}{{parts: text.split(\" \").collect()}}\n\n    pub fn all(self) -> ListIter[&string]:\n        \
             return self.parts.iter()\n\n"
        )
    };
    folder.write("words/altru.toml", "[package]\nname = \"words\"\n");
    let both = library("Open", "pub ") + &library("Closed", "");
    folder.write("words/src/lib.altru", &format!("use std::iter::ListIter\n\n{both}"));
    folder.write("app/src/main.altru", &main("Open"));
    expect(&altru_in(&folder.0, &["run", "app"], ""), 0, "Some(\"c\")\n");
    folder.write("app/src/main.altru", &main("Closed"));
    let refused = altru_in(&folder.0, &["check", "app"], "");
    assert!(text(&refused.stderr).contains("E0509"), "{}", text(&refused.stderr));
}

#[test]
fn failing_tests_are_named_with_their_output() {
    let folder = Folder::new("tests");
    let file = folder.write(
        "t.altru",
        "[test]\nfn good():\n    println(\"quiet\")\n\n[test]\nfn bad():\n    println(\"before\")\n    assert_eq(1 + 1, 3)\n\n\
         [test]\n[should_panic(\"boom\")]\nfn panics():\n    panic(\"boom\")\n\nfn main():\n    pass\n",
    );
    let file = file.to_str().expect("UTF-8");
    let output = altru_in(&folder.0, &["test", file], "");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", text(&output.stderr));
    for part in [
        "test good ... ok",
        "test bad ... FAILED",
        "test panics ... ok",
        "before",
        "left:  2",
        "2 passed, 1 failed",
    ] {
        assert!(shown.contains(part), "no `{part}` in:\n{shown}");
    }
    assert!(!shown.contains("quiet"), "{shown}");
    let filtered = altru_in(&folder.0, &["test", file, "goo"], "");
    assert!(text(&filtered.stdout).contains("1 passed, 0 failed, 2 left out"), "{}", text(&filtered.stdout));
}

#[test]
fn fixes_can_be_applied_and_json_names_places() {
    let folder = Folder::new("fix");
    let file = folder.write("f.altru", "fn main():\n    let ok = true && false\n    println(\"${ok}\")\n");
    let json = altru_in(&folder.0, &["check", "--format", "json", "f.altru"], "");
    let line = text(&json.stdout);
    let d: serde_json::Value =
        serde_json::from_str(line.lines().next().expect("a diagnostic")).expect("JSON");
    assert_eq!(d["primary"]["place"]["start"]["line"], 2);
    assert_eq!(d["fixes"][0]["certain"], true);
    assert_eq!(altru_in(&folder.0, &["check", "--fix", "f.altru"], "").status.code(), Some(0));
    let mended = fs::read_to_string(file).expect("there");
    assert!(mended.contains("true and false"), "{mended}");
    expect(&altru_in(&folder.0, &["run", "f.altru"], ""), 0, "false\n");
}

#[test]
fn fmt_checks_writes_and_refuses() {
    let folder = Folder::new("fmt");
    let file = folder.write("a.altru", "fn  main( ):\n  println( \"x\" )   # why\n");
    let listed = altru_in(&folder.0, &["fmt", "--check"], "");
    assert_eq!(listed.status.code(), Some(1));
    assert!(text(&listed.stdout).contains("a.altru"));
    assert_eq!(altru_in(&folder.0, &["fmt"], "").status.code(), Some(0));
    let formatted = fs::read_to_string(&file).expect("there");
    assert_eq!(formatted, "fn main():\n    println(\"x\")  # why\n");
    assert_eq!(altru_in(&folder.0, &["fmt", "--check"], "").status.code(), Some(0));
    let broken = altru_in(&folder.0, &["fmt", "-"], "fn (:\n");
    assert_eq!(broken.status.code(), Some(1));
    assert!(broken.stdout.is_empty());
}

#[test]
fn any_bytes_get_an_answer() {
    let folder = Folder::new("bytes");
    let bytes = folder.0.join("b.altru");
    fs::write(&bytes, [b'l', b'e', b't', 0xff, 0xfe]).expect("file");
    let output = altru_in(&folder.0, &["check", "b.altru"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("not UTF-8"), "{}", text(&output.stderr));
    for input in ["", "\u{feff}", "\0", ")]}", "\"${", "fn", "if", &"(".repeat(100_000), &"[".repeat(5000)] {
        let output = altru_in(&folder.0, &["check", "-"], input);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{input:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    }
    let folder_as_file = altru_in(&folder.0, &["run", "."], "");
    assert!(text(&folder_as_file.stderr).contains("altru.toml"));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = Folder::new("pipe");
    folder.write("many.altru", "for i in 0..1000000:\n    println(\"${i}\")\n");
    let script = format!("{} run many.altru | head -n 1", env!("CARGO_BIN_EXE_altru"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(&folder.0).output().expect("sh");
    expect(&output, 0, "0\n");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn what_a_task_prints_is_seen_while_it_waits() {
    use std::io::{BufRead, BufReader, Read, Seek};
    let folder = Folder::new("prints");
    folder.write("prints.altru", "spawn(fn():\n    println(\"seen\")\n    sleep(600_000)\n).join()\n");
    let start = |output: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_altru"))
            .args(["run", "prints.altru"])
            .current_dir(&folder.0)
            .stdout(output)
            .spawn()
            .expect("altru starts")
    };
    let mut child = start(Stdio::piped());
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("UTF-8");
    assert_eq!(line, "seen\n");
    child.kill().and_then(|()| child.wait()).expect("it ends");
    // Into a file, too.
    let mut file = std::fs::File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(folder.0.join("output"))
        .expect("a new file");
    let mut child = start(file.try_clone().expect("a copy").into());
    let mut written = String::new();
    while written.is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
        file.rewind().expect("at its start");
        file.read_to_string(&mut written).expect("UTF-8");
    }
    assert_eq!(written, "seen\n");
    child.kill().and_then(|()| child.wait()).expect("it ends");
}

#[test]
fn a_panic_can_show_all_its_calls() {
    let folder = Folder::new("backtrace");
    folder.write(
        "deep.altru",
        "fn check(n: int) -> int:\n    req n < 3\n    return n\n\nfn sum(n: int) -> int:\n    return if n == 0: 0 else: \
         check(n) + sum(n - 1)\n\nfn wait(n: int) -> int:\n    sleep(1)\n    return sum(n)\n\nprintln(\"${wait(4)}\")\n",
    );
    let run = |variable: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_altru"))
            .args(["run", "deep.altru", "argument"])
            .current_dir(&folder.0)
            .env("XDG_CACHE_HOME", &folder.0)
            .env("ALTRU_BACKTRACE", variable)
            .output()
            .expect("altru runs");
        assert_eq!(output.status.code(), Some(101), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let short = run("0");
    assert!(short.contains("called by main at deep.altru:12:12"), "{short}");
    assert!(!short.contains("check at"), "{short}");
    let long = run("1");
    let calls = [
        "    called by check at deep.altru:2:9\n",
        "    called by sum at deep.altru:6:31\n",
        "    called by wait at deep.altru:10:12\n",
        "    called by main at deep.altru:12:12\n",
    ];
    let mut rest = long.as_str();
    for call in calls {
        let Some(at) = rest.find(call) else { panic!("no `{call}` in its place: {long}") };
        rest = &rest[at + call.len()..];
    }
    assert_eq!(long.matches("called by wait").count(), 1, "{long}");
}

#[test]
fn a_test_shows_all_calls_of_its_panic() {
    let folder = Folder::new("test_backtrace");
    folder.write(
        "deep.altru",
        "fn pick(xs: [int], i: int) -> int:\n    return xs[i]\n\nfn total(xs: [int]) -> int:\n    return pick(xs, 0) + \
         pick(xs, 3)\n\n[test]\nfn adds_up():\n    assert_eq(total([1, 2, 3]), 6)\n\nfn main():\n    pass\n",
    );
    for more in [&[][..], &["--release"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_altru"))
            .args(["test", "deep.altru"])
            .args(more)
            .current_dir(&folder.0)
            .env("ALTRU_BACKTRACE", "1")
            .output()
            .expect("altru runs");
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        for place in ["deep.altru:2:12", "deep.altru:5:26", "deep.altru:9:15"] {
            assert!(shown.contains(place), "no {place}: {shown}");
        }
    }
}

#[test]
fn a_stack_overflow_is_a_message() {
    let folder = Folder::new("stack");
    folder.write(
        "deep.altru",
        "fn down(n: int) -> int:\n    return down(n + 1) + 1\n\nprintln(\"${down(0)}\")\n",
    );
    let output = altru_in(&folder.0, &["run", "deep.altru"], "");
    assert_eq!(output.status.code(), Some(101), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("stack overflow"), "{}", text(&output.stderr));
}

/// A thread and a named task that wait for ever, once "ready" is printed.
const WAITERS: &str = "\
fn listen(inbox: Receiver[int]) -> int:
    return inbox.recv().unwrap()

let [_sender, inbox] = channel[int]()
let [begun, ready] = channel[()]()
let listener = task::spawn_named(\"listener\", ||:
    begun.send(())
    listen(inbox)
)
ready.recv()
eprintln(\"ready\")
let sleeper = thread::spawn(|| sleep(60_000))
listener.join()
sleeper.join()
";

/// Runs it until `done` has seen its standard error, which it is given line by line, and gives all of that.
fn run_waiters(folder: &Folder, mut at_ready: impl FnMut(u32), last: &str) -> String {
    use std::io::{BufRead, BufReader};
    folder.write("waiters.altru", WAITERS);
    let mut child = Command::new(env!("CARGO_BIN_EXE_altru"))
        .args(["run", "waiters.altru"])
        .current_dir(&folder.0)
        .stderr(Stdio::piped())
        .spawn()
        .expect("altru starts");
    let mut seen = String::new();
    for line in BufReader::new(child.stderr.take().expect("piped")).lines() {
        let line = line.expect("UTF-8");
        seen.push_str(&line);
        seen.push('\n');
        if line == "ready" {
            at_ready(child.id());
        }
        if seen.contains("ready\n") && (last.is_empty() || line.contains(last)) {
            break;
        }
    }
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    seen
}

#[test]
fn a_signal_asks_who_does_what() {
    let folder = Folder::new("quit");
    let quit = |pid: u32| {
        Command::new("kill").args(["-QUIT", &pid.to_string()]).status().expect("kill runs");
    };
    let seen = run_waiters(&folder, quit, "started at waiters.altru");
    assert!(seen.contains("  thread main "), "{seen}");
    assert!(seen.contains("  task listener ("), "{seen}");
}

#[test]
fn ps_asks_a_program() {
    let folder = Folder::new("ps");
    let mut answer = String::new();
    let ask = |pid: u32| {
        // It may be on its way to its wait.
        while !answer.contains("in listen at waiters.altru:2:12") {
            let output = altru_in(&folder.0, &["ps", &pid.to_string()], "");
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            answer = text(&output.stdout);
        }
    };
    run_waiters(&folder, ask, "");
    assert!(answer.contains("  thread main "), "{answer}");
    assert!(answer.contains(" s old) waits for a message on a channel\n"), "{answer}");
    assert!(answer.contains("started at waiters.altru:6:"), "{answer}");
    let refused = altru_in(&folder.0, &["ps", "4000000000"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("there is no process"), "{}", text(&refused.stderr));
}

/// What waits when `main` has ended is named, unless the program was built for release.
#[test]
fn what_is_left_is_named() {
    let folder = Folder::new("leaks");
    folder.write(
        "left.altru",
        "actor Idle:\n    n: int = 0\n    fn add() -> int:\n        self.n += 1\n        return self.n\n\
         static IDLE: Mutex[Option[Idle]] = Mutex::new(None)\n\
         let [ready, begun] = channel[()]()\n\
         task::spawn_named(\"reader\", fn():\n    let [_tx, rx] = channel[int]()\n    ready.send(())\n    rx.recv().ok()\n).detach()\n\
         let idle = Idle::new()\nawait idle.add()\n*IDLE.lock() = Some(idle)\nbegun.recv().unwrap()\nsleep(100)\n",
    );
    let output = altru_in(&folder.0, &["run", "left.altru"], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.starts_with("note: main has ended while "), "{told}");
    assert!(told.contains("  task reader (") && told.contains("  task Idle ("), "{told}");
    assert!(told.contains("    started at left.altru:"), "{told}");
    for args in [&["run", "--release", "left.altru"][..], &["run", "-"]] {
        let output = altru_in(&folder.0, args, "spawn(|| sleep(1)).join().unwrap()\n");
        assert_eq!(text(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_timeline_is_written() {
    let folder = Folder::new("trace");
    folder.write(
        "t.altru",
        "let [tx, rx] = channel[int]()\nlet t = task::spawn_named(\"a \\\"b\\\"\", || rx.recv().unwrap())\n\
         let mut waits = 0\nwhile waits < 3:\n    sleep(1)\n    waits += 1\ntx.send(7)\n\
         println(\"${t.join().unwrap()}\")\n",
    );
    expect(&altru_in(&folder.0, &["run", "--trace", "t.json", "t.altru"], ""), 0, "7\n");
    let trace = fs::read_to_string(folder.0.join("t.json")).expect("written");
    assert!(trace.starts_with("[\n{") && trace.ends_with("}\n]\n"), "{trace}");
    for part in ["\"name\":\"worker 0\"", "\"name\":\"a \\\"b\\\"\"", "\"ph\":\"s\"", "\"ph\":\"f\""] {
        assert!(trace.contains(part), "{part} in {trace}");
    }
    let plain = altru_in(&folder.0, &["run", "t.altru"], "");
    expect(&plain, 0, "7\n");
}

#[test]
fn a_stack_overflow_in_a_task_names_it() {
    let folder = Folder::new("task-stack");
    folder.write(
        "deep.altru",
        "fn down(n: int) -> int:\n    return down(n + 1) + 1\n\n\
         let task = task::spawn_named(\"diver\", || down(0))\nprintln(\"${task.join().unwrap()}\")\n",
    );
    let output = altru_in(&folder.0, &["run", "deep.altru"], "");
    assert_eq!(output.status.code(), Some(101), "{}", text(&output.stderr));
    let expected = "panic: stack overflow\n  in task diver\n    started at deep.altru:4:39\n";
    assert!(text(&output.stderr).ends_with(expected), "{}", text(&output.stderr));
}

#[test]
fn explains_codes() {
    let folder = Folder::new("explain");
    let page = altru_in(&folder.0, &["explain", "e0301"], "");
    assert_eq!(page.status.code(), Some(0));
    assert!(text(&page.stdout).starts_with("# E0301: "));
    assert_eq!(altru_in(&folder.0, &["explain", "E9999"], "").status.code(), Some(1));
}

#[test]
fn every_stage_can_be_shown() {
    let folder = Folder::new("emit");
    folder.write("e.altru", "fn main():\n    println(\"${1 + 2}\")\n");
    for stage in ["tree", "hir", "mir", "llvm-raw", "llvm", "asm"] {
        let output = altru_in(&folder.0, &["run", "--emit", stage, "e.altru"], "");
        assert_eq!(output.status.code(), Some(0), "{stage}: {}", text(&output.stderr));
        assert!(output.stdout.len() > 50, "{stage}: {}", text(&output.stdout));
    }
}

#[test]
fn the_same_source_gives_the_same_executable() {
    let folder = Folder::new("same");
    folder.write(
        "s.altru",
        "let mut m: Map[string, int] = Map::new()\nm.insert(\"a\", 1)\nprintln(\"${m.len()}\")\n",
    );
    for name in ["one", "two"] {
        let built = altru_in(&folder.0, &["build", "s.altru", "-o", name], "");
        assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    }
    let read = |name: &str| fs::read(folder.0.join(name)).expect("built");
    assert!(read("one") == read("two"), "two builds of one source differ");
}

/// A test that fails in some schedules, and how it is written when it does not.
const PAIR: &str = "\
struct Pair:
    left: Mutex[int]
    right: Mutex[int]

[test]
fn both():
    let pair = Pair{left: Mutex::new(1), right: Mutex::new(1)}
    scope s:
        s.spawn(||:
            let left = pair.left.lock()
            *pair.right.lock() += *left
        )
        s.spawn(||:
            let right = pair.right.lock()
            *pair.left.lock() += *right
        )

[test]
fn neither():
    let pair = Pair{left: Mutex::new(1), right: Mutex::new(1)}
    assert(*pair.left.lock() + *pair.right.lock() == 2)
";
const REPAIRED: (&str, &str) = (
    "let right = pair.right.lock()\n            *pair.left.lock() += *right",
    "let left = pair.left.lock()\n            *pair.right.lock() += *left",
);

#[test]
fn failing_schedules_are_kept_and_tried_again() {
    let folder = Folder::new("kept");
    folder.write("pair.altru", PAIR);
    let kept = folder.0.join("pair.schedules");
    let test = |args: &[&str]| {
        let output = altru_in(&folder.0, &[&["test", "pair.altru"], args].concat(), "");
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (status, said) = test(&["--explore", "--keep"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("kept the schedule of both in pair.schedules\n"), "{said}");
    let line = fs::read_to_string(&kept).expect("it is kept");
    assert!(line.starts_with("# ") && line.lines().count() == 2 && line.contains("\nboth a1."), "{line}");

    // Tried without being asked for, and not kept twice.
    let (status, said) = test(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.starts_with("kept schedule of both ... FAILED\nfailed in execution 1 ("), "{said}");
    assert!(said.contains("1 of the kept schedules failed"), "{said}");
    test(&["--explore", "--keep"]);
    assert_eq!(fs::read_to_string(&kept).expect("it is kept"), line);
    // Only for the tests that are run.
    let (status, said) = test(&["neither"]);
    assert_eq!((status, said.contains("kept")), (Some(0), false), "{said}");

    // Repaired, it does not fit; then it is dropped.
    folder.write("pair.altru", &PAIR.replace(REPAIRED.0, REPAIRED.1));
    let (status, said) = test(&[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.starts_with("kept schedule of both ... ok as far as it fits (the program has changed since)"),
        "{said}"
    );
    let (status, said) = test(&["--explore", "--keep"]);
    assert_eq!((status, kept.exists()), (Some(0), false), "{said}");

    // A line that is damaged, and one of a test that is gone.
    let (_, schedule) = line.trim_end().rsplit_once(' ').expect("name and schedule");
    folder
        .write("pair.schedules", &format!("gone {schedule}\nneither {}\n", &schedule[..schedule.len() - 4]));
    let (status, said) = test(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("gone ... there is no such test any more (pair.schedules:1)"), "{said}");
    assert!(said.contains("pair.schedules:2: this schedule is incomplete"), "{said}");
    // A program has no tests to keep anything for.
    folder.write("main.altru", "println(\"hi\")\n");
    let output = altru_in(&folder.0, &["run", "--explore", "--keep", "main.altru"], "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_stack_overflow_in_an_explored_program_is_found_and_ends_only_its_execution() {
    // At a step: how many there are before depends on how large frames are.
    let endless =
        "fn down(n: int, out: Sender[int]) -> int:\n    out.send(n)\n    return down(n + 1, out) + 1\n";
    let main = "let [tx, rx] = channel[int]()\nlet t = spawn(|| down(0, tx))\nprintln(\"${t.join().is_ok()} ${rx.len()}\")\n";
    let folder = Folder::new("overflow");
    folder.write("endless.altru", &format!("{endless}{main}"));
    for mode in [&[][..], &["--release"]] {
        let args = [&["run", "--explore", "endless.altru"], mode].concat();
        let output = altru_in(&folder.0, &args, "");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with("failed in execution 1 "), "{said}");
        assert!(said.contains("panic: stack overflow"), "{said}");
        let schedule = said.lines().find_map(|line| line.strip_prefix("schedule: ")).expect("a schedule");
        let args = [&["run", "--replay", schedule, "endless.altru"], mode].concat();
        let again = altru_in(&folder.0, &args, "");
        assert!(String::from_utf8_lossy(&again.stdout).contains("panics: stack overflow"));
    }
    // Only where a timer fires early: no failure, and the other executions are made all the same.
    let sleeper =
        "fn down(n: int) -> int:\n    if n == 5:\n        sleep(100_000)\n    return down(n + 1) + 1\n";
    let main = "let t = spawn(|| down(0))\nlet [tx, rx] = channel[()]()\ngo:\n    sleep(1)\n    tx.send(()).ok()\nrx.recv().ok()\nt.cancel()\nprintln(\"${t.join().is_err()}\")\n";
    folder.write("sleeper.altru", &format!("{sleeper}{main}"));
    let output = altru_in(&folder.0, &["run", "--explore", "sleeper.altru"], "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("passed: "), "{said}");
    assert!(said.contains("with early timers"), "{said}");
}

#[test]
fn messages_that_nobody_receives_are_told_after_an_exploration_that_passed() {
    let stopping = "fn main():\n    let [out, inbox] = channel[int]()\n    let [stop, stopped] = channel[()](1)\n    let worker = spawn(||:\n        loop:\n            select:\n                case n = inbox.recv():\n                    println(\"got ${n}\")\n                case stopped.recv():\n                    return\n    )\n    out.send(1)\n    stop.send(())\n    worker.join().unwrap()\n";
    let folder = Folder::new("unreceived");
    folder.write("stopping.altru", stopping);
    let explore = |args: &[&str], file: &str| {
        let output = altru_in(&folder.0, &[&["run"], args, &[file]].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let said = explore(&["--explore"], "stopping.altru");
    let note = "note: messages that are sent here are never received in 1 of 2 executions:\n  stopping.altru:12:5 in main\nreplay: ";
    assert!(said.starts_with("passed: exhaustive: all 2 orders") && said.contains(note), "{said}");
    let schedule = said.split_whitespace().skip_while(|word| *word != "--replay").nth(1).expect("a schedule");
    let again = explore(&["--replay", schedule], "stopping.altru");
    assert!(
        again.contains("note: messages that are sent here are never received:\n  stopping.altru:12:5"),
        "{again}"
    );

    // A batch of which one is taken, also by a select.
    let batch = "fn main():\n    let [out, inbox] = channel[int]()\n    out.send_batch([1, 2, 3]).unwrap()\n    out.send(4)\n    println(\"${inbox.recv().unwrap()}\")\n";
    folder.write("batch.altru", batch);
    let said = explore(&["--explore"], "batch.altru");
    assert!(said.contains("received:\n  batch.altru:3:5 in main\n  batch.altru:4:5 in main\n"), "{said}");

    // All are received; the receiver is cancelled; an actor is stopped.
    let none = "actor Counter:\n    n: int = 0\n    fn add():\n        self.n += 1\n\nfn main():\n    let [out, inbox] = channel[int]()\n    out.send(1)\n    println(\"${inbox.recv().unwrap()}\")\n    let waits = spawn(||:\n        let [kept, gate] = channel[()]()\n        gate.recv()\n        drop(inbox)\n        drop(kept)\n    )\n    out.send(2)\n    waits.cancel()\n    waits.join().err()\n    let counter = Counter::new()\n    counter.stop()\n    counter.add()\n";
    folder.write("none.altru", none);
    let said = explore(&["--explore"], "none.altru");
    assert!(said.starts_with("passed: ") && !said.contains("note"), "{said}");
}

/// What exploring a program says.
fn explored(folder: &Folder, program: &str) -> String {
    folder.write("explored.altru", program);
    let output = altru_in(&folder.0, &["run", "--explore", "explored.altru"], "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_chance_decides_is_explored() {
    let folder = Folder::new("chance");
    let said = explored(&folder, "let n = random::below(3)\nlet m = random::between(5, 7)\nassert(n < m)\n");
    assert!(said.starts_with("passed: exhaustive: all 6 orders"), "{said}");
    let said = explored(&folder, "assert_ne(random::choose([1, 2, 3]), Some(&2))\n");
    assert!(said.contains("main: random number: 1 of 0..3  at explored.altru:1:11 in main\n"), "{said}");
    // Either may come first.
    for [first, second] in [[1, 2], [2, 1]] {
        let map = format!(
            "let m = Map::from([(1, 1), (2, 2)])\nlet keys: [int] = m.keys().copied().collect()\nassert_ne(keys, [{first}, {second}])\n"
        );
        assert!(explored(&folder, &map).starts_with("failed in execution "), "{first}");
    }
    let three =
        "let mut sum = 0\nfor n in Set::from([1, 2, 3]):\n    sum = sum * 10 + n\nassert_ne(sum, 0)\n";
    assert!(explored(&folder, three).starts_with("passed: exhaustive: all 6 orders"));
    let unordered =
        three.replace("n in Set::from([1, 2, 3])", "[n, _] in Map::from([(1, 2), (2, 3)]).unordered()");
    assert!(explored(&folder, &unordered).starts_with("passed: exhaustive: all 1 orders"));
    // There is more than can be tried.
    let some = explored(&folder, "assert(random::float() < 1.0)\n");
    let all = "all 16 orders that can make a difference (16 executions)";
    assert!(some.starts_with(&format!("passed: sampled: {all}, but not with all random numbers")), "{some}");
    let some = explored(&folder, &three.replace("3]", "3, 4, 5]"));
    assert!(some.contains("all 5 orders") && some.contains("but not with all orders of maps"), "{some}");
}

#[test]
fn a_trace_says_where_each_step_is_and_how_it_ends() {
    let program = "\
use std::sync::Event
fn give(gate: Event):
    gate.set()
let [numbers, inbox] = unbuffered_channel[int]()
let gate = Shared::new(Event::new())
let [g, both] = (gate.clone(), inbox.clone())
go:
    select:
        case _ = both.recv(): pass
        case g.wait(): pass
let tries = numbers.try_send(1).is_ok()
numbers.send(2)
give(gate)
inbox.recv()
";
    let said = explored(&Folder::new("places"), program);
    for line in [
        "  main: starts closure of main  at explored.altru:8:5",
        "  main: try_send [1]: is full  at explored.altru:11:13 in main",
        "  closure of main: select: recv [1]  at explored.altru:8:5 in main::{closure#0}",
        "  main: set an event [2]  at explored.altru:3:5 in give",
        "  main: WAITS for ever: recv [1]  at explored.altru:14:1 in main",
    ] {
        assert!(said.contains(&format!("{line}\n")), "not `{line}` in {said}");
    }
}
