//! A debug build in gdb (which `./setup` installs): lines, arguments, locals of every kind, stepping.

use std::path::PathBuf;
use std::process::Command;

const PROGRAM: &str = "\
struct Point:
    x: int
    y: float

enum Shape:
    Dot
    Circle(int)

fn largest[T: Ord + Clone](items: [T]) -> T:
    let mut best = items[0].clone()
    for item in items:
        if item > best:
            best = item.clone()
    return best

fn area(shape: Shape, scale: int) -> int:
    let result = match shape:
        Shape::Dot => 0
        Shape::Circle(r) => r * r * scale
    return result

fn main():
    let number = 42
    let name = \"altru\"
    let list = [3, 1, 2]
    let point = Point{x: 7, y: 2.5}
    let maybe: Option[int] = Some(5)
    let factor = 3
    let add = fn(n: int) -> int:
        let sum = n * factor
        return sum + number
    println(\"${add(4)} ${largest(list)} ${area(Shape::Circle(2), factor)}\")
    println(\"${name} ${point.x} ${maybe:?}\")
";

const SESSION: &str = "\
set pagination off
set confirm off
set width 0
break d.altru:30
break largest
break area
run
info args
print *captures
next
info locals
backtrace
up
info locals
continue
info args
next
next
info locals
finish
continue
info args
next
step
info locals
delete
continue
";

#[test]
fn gdb_shows_lines_and_locals() {
    let found = Command::new("gdb").arg("--version").output();
    if !found.is_ok_and(|o| o.status.success()) {
        // A machine without it has not run ./setup.
        eprintln!("not run: gdb is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("altru-debugger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("temporary folder");
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("file");
        path
    };
    write("d.altru", PROGRAM);
    write("session.gdb", SESSION);
    let run = |program: &str, args: &[&str]| {
        Command::new(program).args(args).current_dir(&folder).output().expect("it starts")
    };
    let built = run(env!("CARGO_BIN_EXE_altru"), &["build", "d.altru"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let session = run("gdb", &["-q", "-nx", "-batch", "-x", "session.gdb", "./d"]);
    let shown = String::from_utf8_lossy(&session.stdout).into_owned();
    let _ = std::fs::remove_dir_all(&folder);
    // In this order.
    let mut rest = shown.as_str();
    for part in [
        "n=4) at d.altru:30",
        "n = 4",
        "factor: 3, number: 42}",
        "31\t        return sum + number",
        "sum = 12",
        "main () at d.altru:32",
        "number = 42",
        "name = string {",
        "len: 5}",
        "list = [int] {",
        "len: 3}",
        "point = Point {x: 7, y: 2.5}",
        "maybe = Option[int] {Some_0: 5}",
        "factor = 3",
        "largest (items=",
        "d.altru:10",
        "items = &[int] {",
        "len: 3}",
        "best = 3",
        "Value returned is $2 = 3",
        "area (shape=",
        "scale=3) at d.altru:18",
        "20\t    return result",
        "result = 12",
        "54 3 12",
        "exited normally",
    ] {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => panic!(
                "no `{part}` after what came before in:\n{shown}\n{}",
                String::from_utf8_lossy(&session.stderr)
            ),
        }
    }
}
