//! `altru ps`: what the threads and tasks of a running program do.
//!
//! The program answers SIGQUIT on its standard error, or, if there is one, in a file that only its owner can have made:
//! `/tmp/altru-UID/PID`. A line with a dot ends the answer.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{fail, out};

#[derive(clap::Args)]
pub struct Args {
    /// The number of the process
    pid: u32,
}

/// How long a program that can run takes to answer, at most.
const PATIENCE: Duration = Duration::from_secs(5);
const SIGQUIT: u32 = 3;

pub fn run(args: Args) -> u8 {
    match ask(args.pid) {
        Ok(answer) => {
            out(&answer);
            0
        }
        Err(message) => fail(&message),
    }
}

fn ask(pid: u32) -> Result<String, String> {
    if !answers(pid)? {
        return Err(format!("process {pid} is no Altru program"));
    }
    let file = Answer::make(pid).map_err(|e| format!("cannot make a file for the answer: {e}"))?;
    let sent = Command::new("kill").args(["-QUIT", &pid.to_string()]).output();
    if !sent.is_ok_and(|output| output.status.success()) {
        return Err(format!("cannot send a signal to process {pid}"));
    }
    let start = Instant::now();
    loop {
        let text = fs::read_to_string(&file.0).unwrap_or_default();
        if let Some(answer) = text.strip_suffix("\n.\n") {
            return Ok(format!("{answer}\n"));
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("process {pid} does not answer"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process handles SIGQUIT, which would end it otherwise.
fn answers(pid: u32) -> Result<bool, String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|_| format!("there is no process {pid}"))?;
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    let mask = u64::from_str_radix(caught.trim(), 16).unwrap_or(0);
    Ok(mask >> (SIGQUIT - 1) & 1 == 1)
}

/// The file for an answer, removed at the end.
struct Answer(PathBuf);

impl Answer {
    fn make(pid: u32) -> std::io::Result<Answer> {
        let user = fs::metadata("/proc/self")?.uid();
        let folder = PathBuf::from(format!("/tmp/altru-{user}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        check(&folder, user)?;
        let path = folder.join(pid.to_string());
        // Of somebody who did not come to its end.
        let _ = fs::remove_file(&path);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Answer(path))
    }
}

/// A folder of somebody else's, or a link, is not to be used.
fn check(folder: &Path, user: u32) -> std::io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user && found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let message = format!("{} is not a private folder of yours", folder.display());
    Err(std::io::Error::new(ErrorKind::PermissionDenied, message))
}

impl Drop for Answer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
