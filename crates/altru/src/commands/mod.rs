//! The subcommands, and what they share: finding the input and reporting.

pub mod build;
pub mod check;
pub mod confirm;
pub mod emit;
pub mod explain;
pub mod explore;
pub mod fmt;
pub mod kept;
pub mod new;
pub mod ps;
pub mod run;
pub mod test;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use driver::packages::{Input, LoadError, Session, load};
use driver::pipeline::{Checked, Purpose, check};
use driver::system::Os;

use crate::render::Renderer;

/// Status for a program that the compiler refuses.
pub const REFUSED: u8 = 1;

/// Prints one line of error.
pub fn fail(message: &str) -> u8 {
    Renderer::stderr().plain_error(message);
    REFUSED
}

/// Writes to standard output, or ends the command.
pub fn out(text: &str) {
    if let Err(error) = try_out(text) {
        std::process::exit(i32::from(cannot_write(&error)));
    }
}

/// Writes to standard output.
pub fn try_out(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

/// The status after a failure to write: a reader that has seen enough is no failure.
pub fn cannot_write(error: &std::io::Error) -> u8 {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => 0,
        _ => fail(&format!("cannot write standard output: {error}")),
    }
}

/// What a path argument means: `-` is standard input, nothing is the package around the current
/// folder.
pub fn input(path: Option<&Path>) -> Result<Input, LoadError> {
    match path {
        Some(path) if path == Path::new("-") => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|e| LoadError(format!("cannot read standard input: {e}")))?;
            let text =
                String::from_utf8(bytes).map_err(|_| LoadError("standard input is not UTF-8".into()))?;
            Ok(Input::Text { name: "<stdin>".into(), text })
        }
        Some(path) => Ok(Input::Path(path.to_path_buf())),
        None => package_around().map(Input::Path),
    }
}

fn package_around() -> Result<PathBuf, LoadError> {
    let start =
        std::env::current_dir().map_err(|e| LoadError(format!("the current folder cannot be read: {e}")))?;
    start
        .ancestors()
        .find(|folder| folder.join("altru.toml").is_file())
        .map(|folder| if folder == start { PathBuf::from(".") } else { folder.to_path_buf() })
        .ok_or_else(|| {
            LoadError("no altru.toml here or in a folder above: name a file, or make a package with `altru new NAME`".into())
        })
}

/// Loads and checks; prints the diagnostics. `Err` is the exit status.
pub fn load_and_check(path: Option<&Path>) -> Result<(Session, Checked), u8> {
    let session =
        input(path).and_then(|input| load(&Os, &input)).map_err(|LoadError(message)| fail(&message))?;
    let checked = check(&session, Purpose::Compile);
    let mut renderer = Renderer::stderr();
    renderer.report(&session.sources, &checked.diagnostics);
    if checked.has_errors() {
        renderer.summary(&checked.diagnostics);
        return Err(REFUSED);
    }
    Ok((session, checked))
}
