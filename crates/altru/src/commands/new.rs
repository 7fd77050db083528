//! `altru new`: a package to begin with.

use std::path::PathBuf;

use super::{fail, out};

#[derive(clap::Args)]
pub struct Args {
    /// Folder to make; its last part is the package's name
    path: PathBuf,
    /// A library rather than a program
    #[arg(long)]
    lib: bool,
}

const PROGRAM: &str = r#"fn main():
    println("${greeting("world")}")

fn greeting(name: string) -> string:
    return "Hello, ${name}!"

[test]
fn greets_by_name():
    assert_eq(greeting("Altru"), "Hello, Altru!")
"#;

const LIBRARY: &str = r#"## The sum of two numbers.
pub fn add(a: int, b: int) -> int:
    return a + b

[test]
fn adds():
    assert_eq(add(2, 3), 5)
"#;

pub fn run(args: Args) -> u8 {
    let Some(name) = args.path.file_name().and_then(|n| n.to_str()) else {
        return fail("the package needs a name");
    };
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    if let Err(e) = driver::manifest::parse_manifest(&manifest) {
        return fail(&e);
    }
    if args.path.exists() {
        return fail(&format!("`{}` is there already", args.path.display()));
    }
    let (file, text) = if args.lib { ("src/lib.altru", LIBRARY) } else { ("src/main.altru", PROGRAM) };
    let made = std::fs::create_dir_all(args.path.join("src"))
        .and_then(|()| std::fs::write(args.path.join("altru.toml"), manifest))
        .and_then(|()| std::fs::write(args.path.join(file), text))
        .and_then(|()| std::fs::write(args.path.join(".gitignore"), "/target\n"));
    if let Err(e) = made {
        return fail(&format!("cannot make `{}`: {e}", args.path.display()));
    }
    let next = if args.lib { "altru test" } else { "altru run" };
    out(&format!("made `{name}`; next: cd {} && {next}\n", args.path.display()));
    0
}
