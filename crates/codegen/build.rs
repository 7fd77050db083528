//! Links the LLVM that the Rust toolchain carries (or, with the feature `system-llvm`, the
//! system's). Crates with binaries or tests on top of this one add the run path: see
//! `DEP_ALTRU_LLVM_LIBDIR`.
//!
//! And makes the bitcode of the runtime's fast paths, for `src/inlined.rs`: with the same compiler, so LLVM reads it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC");
    let (dir, name) = if std::env::var_os("CARGO_FEATURE_SYSTEM_LLVM").is_some() {
        (output("llvm-config-22", &["--libdir"]), "LLVM-22".to_owned())
    } else {
        let rustc = std::env::var("RUSTC").expect("cargo sets RUSTC");
        let dir = format!("{}/lib", output(&rustc, &["--print", "sysroot"]));
        let name = llvm_in(Path::new(&dir)).unwrap_or_else(|| {
            panic!(
                "no libLLVM-22-*.so in {dir}: building needs the rustup toolchain named in \
                 rust-toolchain.toml, or the feature `system-llvm`"
            )
        });
        (dir, name)
    };
    if let Some(lld) = rust_lld() {
        println!("cargo:rustc-env=ALTRU_RUST_LLD={lld}");
    }
    println!("cargo:rustc-link-search=native={dir}");
    println!("cargo:rustc-link-lib=dylib={name}");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    println!("cargo:libdir={dir}");
    fast_paths();
}

/// Compiles `crates/fast` to `fast.bc`.
fn fast_paths() {
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let known = format!("abi={out}/libabi.rmeta");
    let compile = |name: &str, emit: &str, more: &[&str]| {
        println!("cargo:rerun-if-changed=../{name}/src");
        let source = format!("../{name}/src/lib.rs");
        let rustc = std::env::var("RUSTC").expect("cargo sets RUSTC");
        let mut command = Command::new(rustc);
        command.args(["--crate-name", name, "--crate-type", "lib", "--edition", "2024", &source]);
        command.args(["--target", "x86_64-unknown-linux-gnu", "--cap-lints", "allow"]);
        command.args(["-Copt-level=3", "-Ccodegen-units=1", "-Cpanic=abort", "-Cdebuginfo=0"]);
        command.args(["--emit", emit, "--out-dir", &out]).args(more);
        let status = command.status().unwrap_or_else(|e| panic!("cannot run rustc: {e}"));
        assert!(status.success(), "rustc does not compile {source}");
    };
    compile("abi", "metadata", &[]);
    compile("fast", "llvm-bc", &["--extern", &known]);
}

/// The name to link by: a linker script beside the library names the real file.
fn llvm_in(dir: &Path) -> Option<String> {
    std::fs::read_dir(dir).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let stem = name.strip_prefix("lib")?.strip_suffix(".so")?;
        stem.starts_with("LLVM-22-").then(|| stem.to_owned())
    })
}

/// The linker that comes with the Rust toolchain, for linking Altru programs.
fn rust_lld() -> Option<String> {
    let rustc = std::env::var("RUSTC").ok()?;
    let host = std::env::var("HOST").ok()?;
    let path = format!("{}/lib/rustlib/{host}/bin/rust-lld", output(&rustc, &["--print", "sysroot"]));
    Path::new(&path).exists().then_some(path)
}

fn output(program: &str, args: &[&str]) -> String {
    let output =
        Command::new(program).args(args).output().unwrap_or_else(|e| panic!("cannot run {program}: {e}"));
    String::from_utf8(output.stdout).expect("a path in UTF-8").trim().to_owned()
}
