//! `altru fmt`: the one style.

use std::io::Read;
use std::path::{Path, PathBuf};

use base::SourceMap;
use driver::packages::{LoadError, read_text};
use driver::system::Os;

use super::{REFUSED, fail, out};
use crate::render::Renderer;

#[derive(clap::Args)]
pub struct Args {
    /// Files and folders; `-` formats standard input; the current folder if left out
    paths: Vec<PathBuf>,
    /// Change nothing; name the files that are not in style and fail if there are some
    #[arg(long)]
    check: bool,
}

pub fn run(args: Args) -> u8 {
    if args.paths == [PathBuf::from("-")] {
        return format_stdin();
    }
    let mut files = Vec::new();
    let roots = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths };
    for root in &roots {
        if let Err(e) = collect(root, root, &mut files) {
            return fail(&format!("cannot read `{}`: {e}", root.display()));
        }
    }
    let mut status = 0;
    for file in files {
        let text = match read_text(&Os, &file) {
            Ok(text) => text,
            Err(LoadError(message)) => {
                status = fail(&message);
                continue;
            }
        };
        match driver::format_source(&text) {
            Ok(formatted) if formatted == text => {}
            Ok(_) if args.check => {
                out(&format!("{}\n", file.display()));
                status = REFUSED;
            }
            Ok(formatted) => {
                if let Err(e) = write_whole(&file, &formatted) {
                    status = fail(&format!("cannot write `{}`: {e}", file.display()));
                }
            }
            Err(diagnostics) => {
                let mut sources = SourceMap::default();
                sources.add(file.to_string_lossy(), text);
                Renderer::stderr().report(&sources, &diagnostics);
                status = REFUSED;
            }
        }
    }
    status
}

fn format_stdin() -> u8 {
    let mut text = String::new();
    if let Err(e) = std::io::stdin().read_to_string(&mut text) {
        return fail(&format!("cannot read standard input: {e}"));
    }
    match driver::format_source(&text) {
        Ok(formatted) => {
            out(&formatted);
            0
        }
        Err(diagnostics) => {
            let mut sources = SourceMap::default();
            sources.add("<stdin>", text);
            Renderer::stderr().report(&sources, &diagnostics);
            REFUSED
        }
    }
}

/// Through a file beside it, so that a full disk never leaves half a source file.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("altru.tmp");
    let result = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(path)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, path));
    if result.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    result
}

fn collect(root: &Path, path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        let mut entries: Vec<_> =
            std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        entries.sort();
        for entry in entries {
            let name = entry.file_name().map(|n| n.to_string_lossy().into_owned());
            let hidden = name.is_some_and(|n| n.starts_with('.') || n == "target");
            if !hidden && !entry.is_symlink() {
                collect(root, &entry, files)?;
            }
        }
    } else if path == root || path.extension().is_some_and(|e| e == "altru") {
        std::fs::metadata(path)?;
        files.push(path.to_path_buf());
    }
    Ok(())
}
