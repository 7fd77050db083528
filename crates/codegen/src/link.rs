//! Linking object files and the runtime's static library to an executable.
//!
//! With `rust-lld` called directly (twice as fast as through `cc`) where it and the C library's
//! start files are found, else through `cc`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

#[derive(Clone, Debug)]
pub enum Linker {
    /// A linker that takes `ld`'s arguments, and where `crt1.o`, `crti.o`, `crtn.o` are; the
    /// folders of `libc` and `libgcc`.
    Direct { program: PathBuf, crt: PathBuf, gcc: PathBuf },
    /// The C compiler.
    Cc,
}

impl Linker {
    /// The best one there is. `bundled`: a `rust-lld` beside the compiler, if any.
    pub fn find(bundled: Option<&Path>) -> Linker {
        let lld = bundled
            .map(Path::to_path_buf)
            .into_iter()
            .chain(option_env!("ALTRU_RUST_LLD").map(PathBuf::from))
            .find(|p| p.exists());
        let crt = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu"]
            .into_iter()
            .map(PathBuf::from)
            .find(|dir| dir.join("crt1.o").exists() && dir.join("crti.o").exists());
        match (lld, crt, gcc_dir()) {
            (Some(program), Some(crt), Some(gcc)) => Linker::Direct { program, crt, gcc },
            _ => Linker::Cc,
        }
    }
}

/// The newest folder with `crtbeginS.o`.
fn gcc_dir() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = [
        "/usr/lib/gcc/x86_64-linux-gnu",
        "/usr/lib/gcc/x86_64-redhat-linux",
        "/usr/lib/gcc/x86_64-pc-linux-gnu",
    ]
    .iter()
    .filter_map(|base| std::fs::read_dir(base).ok())
    .flat_map(|dir| dir.flatten())
    .filter(|entry| entry.path().join("crtbeginS.o").exists())
    .map(|entry| {
        let name = entry.file_name();
        let major = name.to_string_lossy().split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        (major, entry.path())
    })
    .collect();
    found.sort();
    found.pop().map(|(_, path)| path)
}

/// What to link.
pub struct Link<'a> {
    pub objects: &'a [PathBuf],
    /// The program's code in other languages, as arguments of the linker.
    pub foreign: &'a [OsString],
    /// The runtime's static library.
    pub runtime: &'a Path,
    pub output: &'a Path,
    /// Leaves debug information and symbols out.
    pub strip: bool,
}

pub fn link(linker: &Linker, job: &Link) -> Result<(), Error> {
    let mut command = match linker {
        Linker::Direct { program, crt, gcc } => direct(program, crt, gcc, job),
        Linker::Cc => through_cc(job),
    };
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|e| Error { function: None, message: format!("cannot run the linker `{program}`: {e}") })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(Error { function: None, message: format!("`{program}` failed to link:\n{}", text.trim_end()) })
}

const LIBRARIES: [&str; 5] = ["-lpthread", "-lm", "-ldl", "-lc", "-lgcc_s"];

fn direct(program: &Path, crt: &Path, gcc: &Path, job: &Link) -> Command {
    let mut c = Command::new(program);
    if program.file_name().is_some_and(|n| n == "rust-lld") {
        c.args(["-flavor", "gnu"]);
    }
    c.args(["-pie", "--eh-frame-hdr", "-m", "elf_x86_64", "--hash-style=gnu", "--build-id=none"]);
    c.args(["-z", "relro", "-z", "now", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2"]);
    c.args(["--gc-sections", "--as-needed", "-O1"]);
    if job.strip {
        c.arg("-s");
    }
    c.arg("-o").arg(job.output);
    c.arg(crt.join("Scrt1.o")).arg(crt.join("crti.o")).arg(gcc.join("crtbeginS.o"));
    c.arg("-L").arg(gcc).arg("-L").arg(crt);
    c.args(job.objects).args(job.foreign).arg(job.runtime);
    c.args(LIBRARIES).arg("-lgcc");
    c.arg(gcc.join("crtendS.o")).arg(crt.join("crtn.o"));
    c
}

fn through_cc(job: &Link) -> Command {
    let mut c = Command::new("cc");
    c.args(["-pie", "-Wl,--gc-sections", "-Wl,--as-needed"]);
    if job.strip {
        c.arg("-s");
    }
    c.arg("-o").arg(job.output);
    c.args(job.objects).args(job.foreign).arg(job.runtime);
    c.args(LIBRARIES);
    c
}
