//! A program that serves, for the tests that are its clients.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Longer than anything takes: what is not done by then is taken for stuck.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running example.
pub struct Server {
    pub child: Child,
    pub output: BufReader<std::process::ChildStdout>,
    pub address: SocketAddr,
}

impl Server {
    /// An example, on a port of its own.
    pub fn start(name: &str) -> Server {
        raise_limit();
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).with_extension("altru");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let built = Command::new(env!("CARGO_BIN_EXE_altru"))
            .arg("build")
            .arg(source)
            .arg("-o")
            .arg(&program)
            .output()
            .expect("altru starts");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let mut child = Command::new(program)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("listening on ").expect("an address");
        let address = address.parse().expect("an address");
        Server { child, output, address }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }

    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).expect("it runs").count()
    }

    /// Waits until no more descriptors are open than there were, but for the two that belong to the reactor, which
    /// may not have been there.
    pub fn settles_at(&self, before: usize) {
        let start = Instant::now();
        while self.descriptors() > before + 2 {
            assert!(start.elapsed() < PATIENCE, "{} descriptors, not {before}", self.descriptors());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ctrl-C: it ends in order.
    pub fn stop(mut self, last_words: &str) {
        run("kill", &["-INT", &self.child.id().to_string()]);
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("its output is text");
        assert_eq!(rest, last_words);
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().expect("it starts");
    assert!(status.success(), "{program} {args:?}");
}

/// How many descriptors a process may have.
pub fn limit_descriptors(pid: u32, limit: &str) {
    run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={limit}")]);
}

/// Enough for a thousand connections.
pub fn raise_limit() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| limit_descriptors(std::process::id(), "4000:"));
}
