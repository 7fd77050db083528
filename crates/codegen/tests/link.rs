//! Executables: an object file, the runtime's static library, and the linker.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use base::{Name, SourceMap};
use codegen::{Debug, Link, Linker, Mode, Options, compile, link};
use mir::body::*;
use mir::mono::ty::{IntTy, Ty};
use mir::mono::{FuncId, Function, Program, Role, Target, Waits};
use support::*;

/// The runtime's archive, built into the folder these tests were built in.
fn runtime() -> PathBuf {
    let exe = std::env::current_exe().expect("a path");
    let profile = exe.parent().and_then(Path::parent).expect("target/debug/deps");
    let target = profile.parent().expect("target");
    let status = Command::new(env!("CARGO"))
        .args(["build", "-q", "-p", "rt", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success());
    target.join("debug/librt.a")
}

/// Prints "hello" and ends with status 7, or panics.
fn hello(panics: bool) -> Function {
    let code = Ty::int_of(IntTy::I32);
    let text = Constant { ty: Ty::shared_ref(Ty::str()), kind: ConstKind::Str("hello\n".into()) };
    let seven = Operand::Const(Constant { ty: code, kind: ConstKind::Int(7) });
    let symbol = Name::new("altru_io_print");
    let fails = TerminatorKind::Assert {
        condition: Operand::Const(Constant { ty: Ty::bool(), kind: ConstKind::Int(i128::from(!panics)) }),
        expected: true,
        message: AssertMessage::Unreachable,
        target: BlockId(2),
        unwind: None,
    };
    Make::new(0, &[code, Ty::unit()])
        .block(
            vec![],
            call(vec![Operand::Const(text)], 1, Some(1), None),
            Some(Target::Extern { symbol, native: false }),
        )
        .block(vec![], fails, None)
        .block(vec![set(0, Rvalue::Use(seven))], TerminatorKind::Return, None)
        .function("program", Role::Entry)
}

fn run(linker: &Linker, mode: Mode, panics: bool) -> (String, String, Option<i32>) {
    let mut sources = SourceMap::default();
    sources.add("hello.altru", "one\n");
    let mut program = Program { main: Some(FuncId(0)), ..program(vec![hello(panics)]) };
    program.waits = Waits::infer(&program);
    let options = Options { debug: Debug::Full, verify: true, ..Options::new(mode, &sources) };
    let objects = compile(&program, &options).expect("compiles");
    let dir = std::env::temp_dir().join(format!("altru-link-{}-{mode:?}-{panics}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let (object_path, output) = (dir.join("hello.o"), dir.join("hello"));
    assert_eq!(objects.len(), 1, "a small program is one object");
    std::fs::write(&object_path, &objects[0].0).expect("written");
    let job =
        Link { objects: &[object_path], foreign: &[], runtime: &runtime(), output: &output, strip: false };
    link(linker, &job).expect("links");
    let result = Command::new(&output).output().expect("runs");
    let _ = std::fs::remove_dir_all(&dir);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&result.stdout), text(&result.stderr), result.status.code())
}

#[test]
fn links_directly() {
    let linker = Linker::find(None);
    assert!(matches!(linker, Linker::Direct { .. }), "{linker:?}");
    let (out, err, code) = run(&linker, Mode::Build, false);
    assert_eq!((out.as_str(), err.as_str(), code), ("hello\n", "", Some(7)));
}

#[test]
fn links_through_the_c_compiler() {
    let (out, _, code) = run(&Linker::Cc, Mode::Release, false);
    assert_eq!((out.as_str(), code), ("hello\n", Some(7)));
}

#[test]
fn a_panic_ends_the_program_with_101() {
    let (out, err, code) = run(&Linker::find(None), Mode::Quick, true);
    assert_eq!((out.as_str(), code), ("hello\n", Some(101)));
    assert!(err.contains("hello.altru:1:1"), "{err}");
}
