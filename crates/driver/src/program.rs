//! Past the check boundary: a checked session to a program that runs in memory or an executable.
//!
//! Errors here are the compiler's own, but for polymorphic recursion and what the operating
//! system refuses.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base::Diagnostic;
use codegen::{Debug, Jit, Linker, Object, Options, Sanitizer};
pub use codegen::{Emit, Mode};
use mir::deadlock;
use mir::mono;

use crate::packages::{Linked, Session};
use crate::pipeline::Checked;
pub use crate::whole::{Entry, monomorphise};

/// Why there is no program.
#[derive(Debug)]
pub enum BuildError {
    /// About the source text.
    Refused(Vec<Diagnostic>),
    /// About the compiler or its surroundings.
    Failed(String),
}

impl From<Vec<Diagnostic>> for BuildError {
    fn from(refused: Vec<Diagnostic>) -> BuildError {
        BuildError::Refused(refused)
    }
}

impl From<codegen::Error> for BuildError {
    fn from(error: codegen::Error) -> BuildError {
        BuildError::Failed(error.to_string())
    }
}

/// A specialised program in which no deadlock is certain.
pub struct Whole {
    program: mono::Program,
    /// What is worth saying of it.
    pub warnings: Vec<Diagnostic>,
}

impl Whole {
    /// What code is made of. In a release small functions that wait become part of their callers.
    fn ready(mut self, mode: Mode) -> mono::Program {
        if mode == Mode::Release {
            mono::merge::merge(&mut self.program);
        }
        self.program
    }
}

/// Specialises everything that the entry reaches, and looks for deadlocks.
pub fn whole(session: &Session, checked: &Checked, entry: Entry) -> Result<Whole, BuildError> {
    let program = monomorphise(session, checked, entry)?;
    let found = deadlock::analyse(&checked.program, &program).diagnostics;
    match found.iter().any(Diagnostic::is_error) {
        true => Err(BuildError::Refused(found)),
        false => Ok(Whole { program, warnings: found }),
    }
}

/// The next program that runs in this process writes a timeline to this file.
pub fn trace_to(file: std::path::PathBuf) {
    rt::trace_to(file);
}

/// Compiles in memory and runs. `args` are the program's own, its name first. The status is the
/// program's.
pub fn run(session: &Session, whole: Whole, mode: Mode, args: &[String]) -> Result<i32, BuildError> {
    // No debugger is told of code in memory.
    let objects = codegen::compile(&whole.ready(mode), &options(session, mode, Debug::None, None))?;
    let jit = Jit::new(&objects, &web::symbols())?;
    add_foreign(&jit, &session.link)?;
    Ok(jit.run_main(args)?)
}

/// Runs it as an executable, in whose debug information the place of every call is: panics can show them all. Comes back only
/// if that fails.
pub fn run_executable(
    session: &Session,
    whole: Whole,
    release: bool,
    args: &[String],
    trace: Option<&Path>,
) -> Result<i32, BuildError> {
    let mode = if release { Mode::Release } else { Mode::Build };
    // One for each program, so that what is left is not more and more.
    let output = cache_folder().join("altru").join(format!("run-{:016x}", identity(&args[0], release)));
    build(session, whole, &Build { mode, output: output.clone(), cpu: None })?;
    let mut command = Command::new(&output);
    command.arg0(&args[0]).args(&args[1..]);
    if let Some(file) = trace {
        command.env("ALTRU_TRACE", file);
    }
    let error = command.exec();
    Err(BuildError::Failed(format!("cannot run `{}`: {error}", output.display())))
}

fn identity(program: &str, release: bool) -> u64 {
    let path = std::fs::canonicalize(program).unwrap_or_else(|_| program.into());
    let mut hasher = DefaultHasher::new();
    (path, release).hash(&mut hasher);
    hasher.finish()
}

fn cache_folder() -> PathBuf {
    let given = |name| std::env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache"))).unwrap_or_else(std::env::temp_dir)
}

/// Loads what is linked with the program.
pub(crate) fn add_foreign(jit: &Jit, link: &Linked) -> Result<(), BuildError> {
    for file in &link.files {
        jit.add_file(file)?;
    }
    for name in &link.libraries {
        let of = |folder: &PathBuf| ["so", "a"].map(|end| folder.join(format!("lib{name}.{end}")));
        match link.folders.iter().flat_map(of).find(|file| file.is_file()) {
            Some(file) => jit.add_file(&file)?,
            // Where the system looks for it.
            None => jit.add_file(Path::new(&format!("lib{name}.so")))?,
        }
    }
    Ok(())
}

/// What the linker is told of them.
fn foreign_arguments(link: &Linked) -> Vec<OsString> {
    let mut arguments = Vec::new();
    for folder in &link.folders {
        arguments.extend(["-L".into(), folder.clone().into_os_string()]);
    }
    arguments.extend(link.files.iter().map(|file| file.clone().into_os_string()));
    arguments.extend(link.libraries.iter().map(|name| format!("-l{name}").into()));
    arguments
}

/// Generates code; `explore`: such that the runtime is told of every step that others can notice.
pub(crate) fn compile(
    session: &Session,
    program: &mono::Program,
    mode: Mode,
    debug: Debug,
    explore: bool,
) -> Result<Vec<Object>, BuildError> {
    let options = Options { explore, ..options(session, mode, debug, None) };
    Ok(codegen::compile(program, &options)?)
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
pub fn build(session: &Session, whole: Whole, build: &Build) -> Result<(), BuildError> {
    let debug = if build.mode == Mode::Release { Debug::Lines } else { Debug::Full };
    let program = whole.ready(build.mode);
    let options = options(session, build.mode, debug, build.cpu.as_deref());
    let objects = codegen::compile(&program, &Options { sanitizer: sanitizer()?, ..options })?;
    link(&objects, &foreign_arguments(&session.link), program.needs_web(), &build.output)
}

/// For those who work on the runtime: see `tests/sanitizers`.
fn sanitizer() -> Result<Option<Sanitizer>, BuildError> {
    let Some(name) = std::env::var_os("ALTRU_SANITIZER") else { return Ok(None) };
    match name.to_str() {
        Some("address") => Ok(Some(Sanitizer::Address)),
        Some("thread") => Ok(Some(Sanitizer::Thread)),
        _ => Err(BuildError::Failed(format!(
            "ALTRU_SANITIZER is `{}`: it can be `address` or `thread`",
            name.display()
        ))),
    }
}

/// Links beside the output and moves the result there, so that there is never half an executable.
fn link(objects: &[Object], foreign: &[OsString], web: bool, output: &Path) -> Result<(), BuildError> {
    let failed = |what: &str, path: &Path, e: std::io::Error| {
        BuildError::Failed(format!("cannot {what} `{}`: {e}", path.display()))
    };
    if let Some(folder) = output.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed("make the folder", folder, e))?;
    }
    // Not the link itself, and no device, whose place a file would take.
    let output = &std::fs::canonicalize(output).unwrap_or_else(|_| output.to_path_buf());
    if output.exists() && !output.is_file() {
        return Err(BuildError::Failed(format!(
            "cannot write `{}`: it is not a regular file",
            output.display()
        )));
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
    let runtime = runtime_archive(web)?;
    codegen::link(
        &Linker::find(None),
        &codegen::Link { objects: &paths, foreign, runtime: &runtime, output: &whole, strip: false },
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

/// One of the runtime's static libraries: beside this executable, or where the build left it.
fn runtime_archive(web: bool) -> Result<PathBuf, BuildError> {
    let name = if web { "libweb.a" } else { "librt.a" };
    if let Some(path) = std::env::var_os("ALTRU_RUNTIME").map(PathBuf::from) {
        return Ok(if web { path.with_file_name(name) } else { path });
    }
    let exe = std::env::current_exe()
        .map_err(|e| BuildError::Failed(format!("cannot find the compiler's own folder: {e}")))?;
    let folder = exe.parent().unwrap_or(Path::new("."));
    // Test executables of the project are one folder further down.
    [folder.join(name), folder.join("..").join(name), folder.join("../lib/altru").join(name)]
        .into_iter()
        .find(|p| p.is_file())
        .ok_or_else(|| {
            BuildError::Failed(format!(
                "the runtime library {name} is not beside `{}`; set ALTRU_RUNTIME to its path",
                exe.display()
            ))
        })
}

/// The text that `--emit` shows for a stage past the check boundary.
pub fn emit(session: &Session, checked: &Checked, mode: Mode, emit: Emit) -> Result<String, BuildError> {
    let program =
        Whole { program: monomorphise(session, checked, Entry::Main)?, warnings: Vec::new() }.ready(mode);
    Ok(codegen::emit_text(&program, &options(session, mode, Debug::None, None), emit)?)
}

/// The specialised program, for `--emit mir-mono`.
pub fn mono_text(session: &Session, checked: &Checked) -> Result<String, BuildError> {
    let program = monomorphise(session, checked, Entry::Main)?;
    Ok(mono::text(&checked.program, &program))
}
