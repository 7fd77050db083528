//! Structs that go to C and come back by value, against what the system's C compiler makes of the same types.

use std::path::Path;
use std::process::Command;

/// Each function of `by_value.c` gives something else for each field, so that a field that went by another way than
/// C's shows.
#[test]
fn structs_by_value() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let folder = std::env::temp_dir().join(format!("altru-foreign-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("temporary folder");
    for optimisation in ["-O0", "-O2"] {
        let library = folder.join(format!("by_value{optimisation}.so"));
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", optimisation, "-o"])
            .arg(&library)
            .arg(sources.join("by_value.c"))
            .status()
            .expect("a C compiler");
        assert!(compiled.success());
        let output = Command::new(env!("CARGO_BIN_EXE_altru"))
            .arg("run")
            .arg(sources.join("by_value.altru"))
            .env("LD_PRELOAD", &library)
            .output()
            .expect("altru starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let once = include_str!("foreign/by_value.out");
        // On a thread, and in a task.
        assert_eq!(String::from_utf8_lossy(&output.stdout), once.repeat(2), "{errors}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

const TWICE: &str = "int twice(int n) { return 2 * n; }\n";
const PROGRAM: &str = "extern \"C\":
    [nonblocking]
    fn twice(n: i32) -> i32

fn main():
    unsafe:
        println(\"${twice(21)}\")
";

fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("a command that starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An object, a static and a shared library, by the manifest and by hand, built and run in memory.
#[test]
fn libraries_of_ones_own() {
    let folder = std::env::temp_dir().join(format!("altru-libraries-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("src")).expect("temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    write("twice.c", TWICE);
    write("src/main.altru", PROGRAM);
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        succeeds(command.args(args).current_dir(&folder).env("LD_LIBRARY_PATH", &folder))
    };
    let altru = env!("CARGO_BIN_EXE_altru");
    run("cc", &["-c", "-fPIC", "twice.c", "-o", "twice.o"]);
    run("ar", &["rcs", "libold.a", "twice.o"]);
    run("cc", &["-shared", "twice.o", "-o", "libnew.so"]);
    for link in
        ["files = [\"twice.o\"]", "files = [\"libold.a\"]", "libraries = [\"old\"]\nfolders = [\".\"]"]
    {
        write("altru.toml", &format!("[package]\nname = \"user\"\n\n[link]\n{link}\n"));
        assert_eq!(run(altru, &["run", "."]), "42\n", "{link}");
    }
    run(altru, &["build", ".", "-o", "by-manifest"]);
    assert_eq!(run("./by-manifest", &[]), "42\n");
    for link in ["twice.o", "./libold.a", "libnew.so", "new"] {
        assert_eq!(run(altru, &["run", "--link", link, "src/main.altru"]), "42\n", "{link}");
    }
    run(altru, &["build", "--link", "libnew.so", "src/main.altru", "-o", "by-hand"]);
    assert_eq!(run("./by-hand", &[]), "42\n");
    let missing =
        Command::new(altru).args(["run", "--link", "no/such.a"]).arg(folder.join("src/main.altru")).output();
    let missing = missing.expect("altru starts");
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot link `no/such.a`"));
    let _ = std::fs::remove_dir_all(&folder);
}
