//! What goes wrong around a program: streams that are closed or full, files that cannot be read or
//! written, texts that are none, packages that do not fit together. Each gets one clear message and
//! a status that says who failed; nothing panics.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("altru-bad-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("temporary folder");
        Folder(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs::write(&path, bytes).expect("file");
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_altru"));
        command.args(args).current_dir(&self.0).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn altru(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("altru runs")
    }

    /// A line of the shell, in which `$altru` is the compiler.
    fn shell(&self, script: &str) -> Output {
        Command::new("bash")
            .args(["-c", script])
            .current_dir(&self.0)
            .env("altru", env!("CARGO_BIN_EXE_altru"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .expect("bash runs")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It is refused with a message that says this, without a panic.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{}\n{err}", text(&output.stdout));
    for part in parts {
        assert!(err.contains(part), "no `{part}` in:\n{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
}

const HELLO: &str = "println(\"hello\")\n";

#[test]
fn a_closed_pipe_ends_every_command_quietly() {
    let folder = Folder::new("pipe");
    folder.write("many.altru", "for i in 0..200000:\n    println(\"${i}\")\n");
    folder.write("ugly.altru", "let   x=1\nprintln( \"${x}\" )\n");
    let mut tests = String::new();
    for i in 0..300 {
        tests.push_str(&format!(
            "[test]\nfn t{i}():\n    println(\"{}\")\n    assert({i} % 2 == 0)\n\n",
            "x".repeat(200)
        ));
    }
    folder.write("tests.altru", tests);
    for command in [
        "run many.altru",
        "run --release many.altru",
        "explain",
        "run --emit asm many.altru",
        "test --list tests.altru",
        "fmt - < ugly.altru",
        "check --format json ugly.altru",
    ] {
        let output = folder.shell(&format!("$altru {command} | head -n 1; exit ${{PIPESTATUS[0]}}"));
        assert_eq!(text(&output.stderr), "", "{command}");
        assert!(matches!(output.status.code(), Some(0 | 141)), "{command}: {}", output.status);
    }
    let output = folder.shell("$altru test tests.altru | head -n 1");
    assert_eq!(text(&output.stdout), "running 300 tests\n", "{}", text(&output.stderr));
    // Diagnostics into a closed standard error.
    let output =
        folder.shell("$altru check tests.altru nothing 2>&- ; $altru check missing.altru 2>&-; exit $?");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_full_disk_is_said() {
    let folder = Folder::new("full");
    folder.write("hello.altru", HELLO);
    folder.write("t.altru", "[test]\nfn t():\n    pass\n");
    for command in [
        "explain E0301",
        "run --emit llvm hello.altru",
        "test t.altru",
        "test --list t.altru",
        "fmt - < hello.altru",
        "new somewhere",
    ] {
        refused(
            &folder.shell(&format!("$altru {command} > /dev/full")),
            &["cannot write standard output", "No space left"],
        );
    }
    refused(&folder.shell("$altru build hello.altru -o /dev/full"), &["/dev/full", "not a regular file"]);
    let output = folder.shell("$altru run hello.altru > /dev/full");
    refused(&output, &["cannot write to standard output", "no space left"]);
}

/// As a user for whom permissions count.
fn as_nobody(folder: &Folder, script: &str) -> Option<Output> {
    let is_root = text(&Command::new("id").arg("-u").output().ok()?.stdout).trim() == "0";
    if !is_root {
        return Some(folder.shell(script));
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", script])
        .current_dir(&folder.0)
        .env("altru", "./altru")
        .env("ALTRU_RUNTIME", "./librt.a")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output();
    output.ok()
}

#[test]
fn what_may_not_be_read_or_written_is_named() {
    let folder = Folder::new("permissions");
    let compiler = Path::new(env!("CARGO_BIN_EXE_altru"));
    symlink(compiler, folder.0.join("altru")).expect("a link");
    symlink(compiler.with_file_name("librt.a"), folder.0.join("librt.a")).expect("a link");
    let secret = folder.write("secret.altru", HELLO);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("permissions");
    folder.write("hello.altru", HELLO);
    folder.write("ugly.altru", "let   x = 1\nprintln(\"${x}\")\n");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o555)).expect("permissions");
    let can_run = as_nobody(&folder, "$altru --version").is_some_and(|o| o.status.success());
    if !can_run {
        eprintln!("not run: no other user can reach the compiler");
        return;
    }
    for command in [
        "run secret.altru",
        "check secret.altru",
        "build secret.altru -o /tmp/never",
        "fmt secret.altru",
        "test secret.altru",
    ] {
        let output = as_nobody(&folder, &format!("$altru {command}")).expect("it ran before");
        refused(&output, &["cannot read `secret.altru`", "Permission denied"]);
    }
    for (command, part) in [
        ("build hello.altru", "cannot write"),
        ("fmt ugly.altru", "cannot write `ugly.altru`"),
        ("new inside", "cannot make `inside`"),
    ] {
        let output = as_nobody(&folder, &format!("$altru {command}")).expect("it ran before");
        refused(&output, &[part, "Permission denied"]);
    }
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).expect("permissions");
    assert_eq!(
        fs::read_to_string(folder.0.join("ugly.altru")).expect("there"),
        "let   x = 1\nprintln(\"${x}\")\n"
    );
}

#[test]
fn folders_and_other_things_are_no_files() {
    let folder = Folder::new("folders");
    fs::create_dir(folder.0.join("folder.altru")).expect("a folder");
    refused(&folder.altru(&["run", "folder.altru"]), &["no altru.toml"]);
    fs::create_dir(folder.0.join("hello")).expect("a folder");
    folder.write("hello.altru", HELLO);
    refused(&folder.altru(&["build", "hello.altru"]), &["`./hello` is a folder"]);
    refused(&folder.altru(&["build", "hello.altru", "-o", "hello.altru/x"]), &["hello.altru"]);
    refused(&folder.altru(&["fmt", "nowhere"]), &["cannot read `nowhere`"]);
    folder.write("p/altru.toml/x", "");
    refused(&folder.altru(&["check", "p"]), &["no altru.toml"]);
    folder.write("q/altru.toml", "[package]\nname = \"q\"\n");
    fs::create_dir_all(folder.0.join("q/src/main.altru")).expect("a folder");
    refused(&folder.altru(&["check", "q"]), &["neither src/main.altru nor src/lib.altru"]);
}

#[test]
fn texts_that_are_none() {
    let folder = Folder::new("bytes");
    folder.write("latin.altru", b"println(\"gr\xfc\xdfe\")\n");
    folder.write("late.altru", b"let a = 1\nlet b = \"\xff\"\n");
    for command in ["run", "check", "build", "test", "fmt"] {
        refused(&folder.altru(&[command, "latin.altru"]), &["`latin.altru` is not UTF-8", "line 1"]);
        refused(&folder.altru(&[command, "late.altru"]), &["`late.altru` is not UTF-8", "line 2"]);
    }
    folder.write("p/altru.toml", b"[package]\nname = \"p\xff\"\n");
    refused(&folder.altru(&["check", "p"]), &["altru.toml` is not UTF-8"]);
    folder.write("q/altru.toml", "[package]\nname = \"q\"\n");
    folder.write("q/src/main.altru", "mod inner\n\nfn main():\n    pass\n");
    folder.write("q/src/inner.altru", b"\xfe\xff");
    refused(&folder.altru(&["check", "q"]), &["E0911", "not UTF-8"]);
    folder.write("nul.altru", b"let x = 1\0\nprintln(\"a\0b\")\n");
    refused(&folder.altru(&["check", "nul.altru"]), &["nul.altru:1:10"]);
    folder.write("quoted.altru", b"println(\"a\0b\")\n");
    let output = folder.altru(&["run", "quoted.altru"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("panicked"));
}

#[test]
fn texts_of_great_size() {
    let folder = Folder::new("size");
    for (name, piece, count) in [
        ("parens", "(", 1_000_000),
        ("ors", "true or ", 300_000),
        ("fns", "fn f(x: [", 200_000),
        ("tabs", "\t", 1_000_000),
    ] {
        let file = folder.write(&format!("{name}.altru"), piece.repeat(count));
        let output = folder.altru(&["check", file.to_str().expect("UTF-8")]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}", output.status);
        assert!(!text(&output.stderr).contains("panicked"), "{name}");
        assert!(output.stderr.len() < 1 << 20, "{name}: {} bytes of errors", output.stderr.len());
    }
    // A hundred megabytes: all comments but for the end.
    let mut long = "# a line of a file that somebody generated and nobody reads\n".repeat(1_700_000);
    long.push_str("let x: int = \"no\"\n");
    assert!(long.len() > 100_000_000);
    folder.write("long.altru", long);
    refused(&folder.altru(&["check", "long.altru"]), &["long.altru:1700001:14", "E0301"]);
}

#[test]
fn packages_that_do_not_fit() {
    let folder = Folder::new("packages");
    folder.write("a/altru.toml", "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n");
    folder.write("a/src/main.altru", "fn main():\n    pass\n");
    refused(&folder.altru(&["check", "a"]), &["a/../b", "altru.toml"]);
    folder.write("b/altru.toml", "[package]\nname = \"b\"\n[dependencies]\na = { path = \"../a\" }\n");
    folder.write("b/src/lib.altru", "pub fn b():\n    pass\n");
    for command in ["check", "build", "test", "run"] {
        refused(&folder.altru(&[command, "a"]), &["circle"]);
    }
    folder.write("b/altru.toml", "[package]\nname = \"c\"\n");
    refused(&folder.altru(&["check", "a"]), &["the package there is called `c`"]);
    folder.write("b/altru.toml", "[package]\nname = \n");
    refused(&folder.altru(&["check", "a"]), &["b/altru.toml"]);
    folder.write("b/altru.toml", "[package]\nname = \"b\"\ncolour = \"red\"\n");
    refused(&folder.altru(&["check", "a"]), &["unknown field `colour`"]);
    folder.write("b/altru.toml", "[package]\nname = \"b\"\n");
    fs::remove_file(folder.0.join("b/src/lib.altru")).expect("there");
    refused(&folder.altru(&["check", "a"]), &["`b` has neither"]);
}

#[test]
fn modules_in_circles_and_links_in_circles() {
    let folder = Folder::new("circles");
    // A module's file that is found below itself, without an end.
    folder.write("p/altru.toml", "[package]\nname = \"p\"\n");
    folder.write("p/src/main.altru", "mod a\n\nfn main():\n    pass\n");
    folder.write("p/src/a.altru", "mod b\n");
    folder.write("p/src/a/b.altru", "mod a\n");
    fs::create_dir_all(folder.0.join("p/src/a/b")).expect("a folder");
    symlink("../../../src/a.altru", folder.0.join("p/src/a/b/a.altru")).expect("a link");
    symlink("../../../src/a", folder.0.join("p/src/a/b/a")).expect("a link");
    refused(&folder.altru(&["check", "p"]), &["E0910"]);
    // Names that mean each other.
    folder.write(
        "q.altru",
        "mod a:\n    pub use package::b::x\n\nmod b:\n    pub use package::a::x\n\nfn main():\n    a::x()\n",
    );
    refused(&folder.altru(&["check", "q.altru"]), &["error"]);
    // A link to itself, and a folder that holds itself.
    symlink("loop.altru", folder.0.join("loop.altru")).expect("a link");
    refused(&folder.altru(&["run", "loop.altru"]), &["cannot read `loop.altru`"]);
    fs::create_dir(folder.0.join("tree")).expect("a folder");
    folder.write("tree/fine.altru", HELLO);
    symlink("../tree", folder.0.join("tree/again")).expect("a link");
    let output = folder.altru(&["fmt", "--check", "tree"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_build_that_is_killed_leaves_no_half_executable() {
    let folder = Folder::new("killed");
    folder.write("hello.altru", HELLO);
    let built = folder.altru(&["build", "hello.altru"]);
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    assert_eq!(folder.names(), ["hello", "hello.altru"]);
    let whole = fs::read(folder.0.join("hello")).expect("built");
    // Ended at many moments of a build, the old executable or the new one is there, both whole.
    for millis in (0..240).step_by(12) {
        let mut child = folder.command(&["build", "hello.altru"]).spawn().expect("altru starts");
        let until = Instant::now() + Duration::from_millis(millis);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        let _ = child.wait();
        assert!(fs::read(folder.0.join("hello")).expect("there") == whole, "after {millis} ms");
        let run = Command::new(folder.0.join("hello")).output().expect("runs");
        assert_eq!(text(&run.stdout), "hello\n");
    }
}

#[test]
fn a_build_replaces_no_device_and_follows_links() {
    let folder = Folder::new("devices");
    folder.write("hello.altru", HELLO);
    refused(&folder.altru(&["build", "hello.altru", "-o", "/dev/null"]), &["not a regular file"]);
    folder.write("there/real", "old");
    symlink("there/real", folder.0.join("link")).expect("a link");
    assert_eq!(folder.altru(&["build", "hello.altru", "-o", "link"]).status.code(), Some(0));
    assert!(fs::symlink_metadata(folder.0.join("link")).expect("there").is_symlink());
    let run = Command::new(folder.0.join("there/real")).output().expect("runs");
    assert_eq!(text(&run.stdout), "hello\n");
}

#[test]
fn tests_that_print_much_or_die() {
    let folder = Folder::new("tests");
    folder.write(
        "t.altru",
        "[test]\nfn loud():\n    for i in 0..300000:\n        println(\"line ${i} of a great deal of output\")\n    panic(\"at last\")\n\n\
         [test]\nfn leaves():\n    process::exit(3)\n\n\
         [test]\nfn deep():\n    assert(down(0) > 0)\n\nfn down(n: int) -> int:\n    return down(n + 1) + 1\n\n\
         [test]\nfn hangs():\n    loop:\n        sleep(1000)\n",
    );
    let output = folder.altru(&["test", "t.altru", "--timeout", "15"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    for part in [
        "test loud ... FAILED",
        "line 299999 of",
        "at last",
        "test leaves ... FAILED",
        "exit status: 3",
        "stack overflow",
        "still running after 15 s",
        "0 passed, 4 failed",
    ] {
        assert!(
            out.contains(part),
            "no `{part}` in the last of it:\n{}",
            &out[out.len().saturating_sub(3000)..]
        );
    }
}

#[test]
fn standard_input_of_every_kind() {
    let folder = Folder::new("stdin");
    let with_input = |args: &[&str], input: &[u8]| {
        let mut child = folder
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("altru starts");
        let _ = child.stdin.take().expect("piped").write_all(input);
        child.wait_with_output().expect("altru ends")
    };
    for command in ["run", "check", "build"] {
        refused(&with_input(&[command, "-"], b"\xff\xfe"), &["not UTF-8"]);
    }
    refused(&with_input(&["fmt", "-"], b"\xff\xfe"), &["UTF-8"]);
    refused(&folder.shell("$altru run - < ."), &["cannot read standard input"]);
    refused(&folder.shell("$altru fmt - < ."), &["cannot read standard input"]);
}

/// What a name or value of another library is here is said by the help of the message.
#[test]
fn habits_are_told_what_to_write() {
    let folder = Folder::new("habits");
    let said = [
        ("let m = Mutex::new(0)\nlet g = m.lock().unwrap()", "leave out `.unwrap(…)`"),
        ("fn work(n: int) -> int: n\nlet t = spawn(work(1))", "give it a closure that calls, `|| …`"),
        (
            "async fn get() -> int: 1\nlet t = spawn(get())",
            "give it a closure that awaits the call: `|| await …`",
        ),
        ("let r = await timeout(5, || 1)", "a future is a call of an `async fn`"),
        ("let name = \"a\"\nprintln(name.as_str())", "leave it out"),
        ("sleep(0.5)", "a part of a second is `Duration::from_secs_f64(…)`"),
        ("let mut d: Deque[int] = Deque::new()\nd.push(1)", "here it is called `push_back` or `push_front`"),
        ("let mut s: Set[int] = Set::new()\ns.add(1)", "here it is called `insert`"),
        ("fn f(s: net::TcpStream):\n    s.read_line()", "lines are read by an `io::BufReader::new(…)` of it"),
        ("fn f(s: mut net::TcpStream):\n    let _ = s.write(\"a\")", "take its bytes"),
    ];
    for (program, help) in said {
        folder.write("habit.altru", program);
        let output = folder.altru(&["check", "habit.altru"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{program}: {told}");
        assert!(told.contains(help), "{program}: {told}");
        assert_eq!(told.matches("error[").count(), 1, "{program}: {told}");
    }
}
