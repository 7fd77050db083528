//! Past the check boundary: a checked session to a program that runs in memory or an executable.
//!
//! Errors here are the compiler's own, but for polymorphic recursion and what the operating
//! system refuses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Diagnostic;
use codegen::{Debug, Jit, Linker, Object, Options};
pub use codegen::{Emit, Mode};
use hir::items::FnId;
use mir::mono;

use crate::packages::Session;
use crate::pipeline::{Checked, with_solver};

/// Why there is no program.
#[derive(Debug)]
pub enum BuildError {
    /// About the source text.
    Refused(Vec<Diagnostic>),
    /// About the compiler or its surroundings.
    Failed(String),
}

impl From<codegen::Error> for BuildError {
    fn from(error: codegen::Error) -> BuildError {
        BuildError::Failed(error.to_string())
    }
}

/// Which functions a program begins with.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    Main,
    Tests(&'a [FnId]),
}

/// Specialises everything that the entry reaches.
pub fn monomorphise(
    session: &Session,
    checked: &Checked,
    entry: Entry,
) -> Result<mono::Program, BuildError> {
    let roots = match entry {
        Entry::Main => mono::Roots { main: checked.program.main, ..mono::Roots::default() },
        Entry::Tests(tests) => mono::Roots { tests: tests.to_vec(), ..mono::Roots::default() },
    };
    let bodies = |source| -> Option<Arc<mir::body::Body>> { checked.body(source, session) };
    with_solver(checked, &session.sources, |solver| mono::collect(&checked.program, solver, &bodies, &roots))
        .map_err(BuildError::Refused)
}

/// What is refused of a checked program as a whole.
pub(crate) fn refusals(session: &Session, checked: &Checked) -> Vec<Diagnostic> {
    let entry = match (checked.program.main, &checked.program.tests[..]) {
        (Some(_), _) => Entry::Main,
        (None, []) => return Vec::new(),
        (None, tests) => Entry::Tests(tests),
    };
    match monomorphise(session, checked, entry) {
        Err(BuildError::Refused(found)) => found,
        _ => Vec::new(),
    }
}

/// The next program that runs in this process writes a timeline to this file.
pub fn trace_to(file: std::path::PathBuf) {
    rt::trace_to(file);
}

/// Compiles in memory and runs. `args` are the program's own, its name first. The status is the
/// program's.
pub fn run(session: &Session, checked: &Checked, mode: Mode, args: &[String]) -> Result<i32, BuildError> {
    let program = monomorphise(session, checked, Entry::Main)?;
    let objects = codegen::compile(&program, &options(session, mode, Debug::Lines, None))?;
    let jit = Jit::new(&objects, &rt::symbols())?;
    Ok(jit.run_main(args)?)
}

fn options<'a>(session: &'a Session, mode: Mode, debug: Debug, cpu: Option<&'a str>) -> Options<'a> {
    Options { debug, cpu, ..Options::new(mode, &session.sources) }
}

/// How an executable is made.
#[derive(Clone, Debug)]
pub struct Build {
    pub mode: Mode,
    pub output: PathBuf,
    /// A processor name, or `native`.
    pub cpu: Option<String>,
}

/// Compiles and links a stand-alone executable.
pub fn build(session: &Session, checked: &Checked, entry: Entry, build: &Build) -> Result<(), BuildError> {
    let program = monomorphise(session, checked, entry)?;
    let debug = if build.mode == Mode::Release { Debug::Lines } else { Debug::Full };
    let objects = codegen::compile(&program, &options(session, build.mode, debug, build.cpu.as_deref()))?;
    link(&objects, &build.output)
}

/// Links beside the output and moves the result there, so that there is never half an executable.
fn link(objects: &[Object], output: &Path) -> Result<(), BuildError> {
    let failed = |what: &str, path: &Path, e: std::io::Error| {
        BuildError::Failed(format!("cannot {what} `{}`: {e}", path.display()))
    };
    if let Some(folder) = output.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed("make the folder", folder, e))?;
    }
    // Not the link itself, and no device, whose place a file would take.
    let output = &std::fs::canonicalize(output).unwrap_or_else(|_| output.to_path_buf());
    if output.exists() && !output.is_file() {
        return Err(BuildError::Failed(format!("cannot write `{}`: it is not a regular file", output.display())));
    }
    let whole = output.with_extension(format!("{}.tmp", std::process::id()));
    let mut temporary = Temporary(vec![whole.clone()]);
    // A plain message for what the linker would say in its own way.
    std::fs::File::create(&whole).map_err(|e| failed("write", output, e))?;
    let mut paths = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        let path = std::env::temp_dir().join(format!("altru-{}-{i}.o", std::process::id()));
        temporary.0.push(path.clone());
        std::fs::write(&path, &object.0).map_err(|e| failed("write", &path, e))?;
        paths.push(path);
    }
    let runtime = runtime_archive()?;
    codegen::link(
        &Linker::find(None),
        &codegen::Link { objects: &paths, runtime: &runtime, output: &whole, strip: false },
    )?;
    std::fs::rename(&whole, output).map_err(|e| failed("write", output, e))
}

/// Files that are gone at the end, if they are there.
struct Temporary(Vec<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The runtime's static library: beside this executable, or where the build left it.
fn runtime_archive() -> Result<PathBuf, BuildError> {
    if let Some(path) = std::env::var_os("ALTRU_RUNTIME") {
        return Ok(path.into());
    }
    let exe = std::env::current_exe()
        .map_err(|e| BuildError::Failed(format!("cannot find the compiler's own folder: {e}")))?;
    let folder = exe.parent().unwrap_or(Path::new("."));
    // Test executables of the project are one folder further down.
    [folder.join("librt.a"), folder.join("../librt.a"), folder.join("../lib/altru/librt.a")]
        .into_iter()
        .find(|p| p.is_file())
        .ok_or_else(|| {
            BuildError::Failed(format!(
                "the runtime library librt.a is not beside `{}`; set ALTRU_RUNTIME to its path",
                exe.display()
            ))
        })
}

/// The text that `--emit` shows for a stage past the check boundary.
pub fn emit(session: &Session, checked: &Checked, mode: Mode, emit: Emit) -> Result<String, BuildError> {
    let program = monomorphise(session, checked, Entry::Main)?;
    Ok(codegen::emit_text(&program, &options(session, mode, Debug::None, None), emit)?)
}

/// The specialised program, for `--emit mir-mono`.
pub fn mono_text(session: &Session, checked: &Checked) -> Result<String, BuildError> {
    let program = monomorphise(session, checked, Entry::Main)?;
    Ok(mono::text(&checked.program, &program))
}
