//! The servers of `examples/`, driven by clients over loopback: many at once, slow ones, ones that send garbage, end
//! half-way or vanish. Nothing may be lost, and no descriptor may be left open.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use support::{Server, limit_descriptors};

// ---- HTTP ----

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").into_bytes()
}

/// Status and body of the next answer.
fn answer(input: &mut impl BufRead) -> (u32, String) {
    let (mut status, mut length) = (0, 0);
    let mut line = String::new();
    loop {
        line.clear();
        assert!(input.read_line(&mut line).expect("an answer") > 0, "the connection ended");
        let text = line.trim();
        if text.is_empty() {
            break;
        }
        if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().expect("a status");
        } else if let Some(rest) = text.strip_prefix("Content-Length: ") {
            length = rest.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).expect("a body");
    (status, String::from_utf8(body).expect("text"))
}

fn hello(n: usize) -> (u32, String) {
    (200, format!("Hello, {n}!\n"))
}

#[test]
fn http_serves_a_thousand_connections_at_once() {
    let server = Server::start("http_hello");
    let before = server.descriptors();
    let mut streams: Vec<TcpStream> = (0..1000).map(|_| server.connect()).collect();
    for round in 0..3 {
        for (i, stream) in streams.iter_mut().enumerate() {
            stream.write_all(&get(&format!("/hello/{}", i * 3 + round))).expect("it reads");
        }
        for (i, stream) in streams.iter_mut().enumerate() {
            assert_eq!(answer(&mut BufReader::new(stream)), hello(i * 3 + round));
        }
    }
    drop(streams);
    server.settles_at(before);
    server.stop("no more connections\n");
}

#[test]
fn http_is_not_held_up_by_odd_clients() {
    let server = Server::start("http_hello");
    let before = server.descriptors();

    // They hold their connections open and say no more than this.
    let silent: Vec<TcpStream> = (0..50)
        .map(|i| {
            let mut stream = server.connect();
            stream.write_all(&get("/")[..i % 20]).expect("it reads");
            stream
        })
        .collect();

    // One byte after the other.
    let mut slow = server.connect();
    for byte in get("/hello/1") {
        slow.write_all(&[byte]).expect("it reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(answer(&mut BufReader::new(&mut slow)), hello(1));

    // Many requests in one piece, and then the end of this direction.
    let mut stream = server.connect();
    let requests: Vec<u8> = (0..500).flat_map(|i| get(&format!("/hello/{i}"))).collect();
    stream.write_all(&requests).expect("it reads");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let mut input = BufReader::new(stream);
    for i in 0..500 {
        assert_eq!(answer(&mut input), hello(i));
    }
    assert_eq!(input.read(&mut [0]).expect("the end"), 0);

    // Garbage of several kinds.
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 56) as u8
    };
    for size in [1, 10, 1000, 15_000] {
        let mut bytes: Vec<u8> = (0..size).map(|_| random()).collect();
        bytes.extend(b"\r\n\r\n");
        let mut stream = server.connect();
        stream.write_all(&bytes).expect("it reads");
        assert_eq!(answer(&mut BufReader::new(stream)).0, 400);
    }
    let mut endless = server.connect();
    // It may close before everything is sent.
    let _ = endless.write_all(&vec![b'x'; 40_000]);
    let mut first = [0; 12];
    if endless.read_exact(&mut first).is_ok() {
        assert_eq!(&first, b"HTTP/1.1 431");
    }
    let mut stream = server.connect();
    stream.write_all(b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n").expect("it reads");
    assert_eq!(answer(&mut BufReader::new(stream)).0, 400);

    // Peers that vanish: half a request, or without reading what they asked for (a reset).
    for i in 0..200 {
        let mut stream = server.connect();
        let requests: Vec<u8> = (0..i).flat_map(|_| get("/")).collect();
        let _ = stream.write_all(&requests[..requests.len().saturating_sub(i % 7)]);
    }

    // A body as large as is taken, back and forth.
    let body = "x".repeat(1024 * 1024);
    let mut stream = server.connect();
    write!(stream, "POST /echo HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    assert_eq!(answer(&mut BufReader::new(stream)), (200, body));

    drop(silent);
    drop(slow);
    server.settles_at(before);
    server.stop("no more connections\n");
}

#[test]
fn http_recovers_when_there_are_no_descriptors_left() {
    let server = Server::start("http_hello");
    let before = server.descriptors();
    limit_descriptors(server.child.id(), &format!("{}", before + 20));
    // More than fit: the rest waits in the system's queue.
    let mut streams: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    for stream in &mut streams {
        stream.write_all(&get("/hello/1")).expect("it is queued");
    }
    let ticks = cpu_ticks(server.child.id());
    std::thread::sleep(Duration::from_millis(300));
    // It pauses rather than trying again all the time.
    assert!(cpu_ticks(server.child.id()) - ticks < 15);
    for stream in streams {
        assert_eq!(answer(&mut BufReader::new(stream)), hello(1));
    }
    server.settles_at(before);
    server.stop("no more connections\n");
}

/// The hundredths of a second that a process has computed.
fn cpu_ticks(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = text.rsplit(')').next().expect("a name").split_whitespace().collect();
    fields[11..13].iter().map(|n| n.parse::<u64>().expect("a number")).sum()
}

// ---- chat ----

struct Guest {
    name: String,
    input: BufReader<TcpStream>,
}

impl Guest {
    fn enter(server: &Server, name: &str) -> Guest {
        let mut input = BufReader::new(server.connect());
        assert_eq!(line(&mut input), "Your name?");
        let mut guest = Guest { name: name.to_string(), input };
        guest.say(name);
        assert!(guest.hear().ends_with(&format!("here, {name}")));
        guest
    }

    fn say(&mut self, text: &str) {
        self.input.get_mut().write_all(format!("{text}\n").as_bytes()).expect("it reads");
    }

    fn hear(&mut self) -> String {
        line(&mut self.input)
    }

    /// What is said by guests, up to the first line that ends with `last`.
    fn hear_until(&mut self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let line = self.hear();
            assert!(!line.is_empty(), "{} was shown the door", self.name);
            if line.ends_with(last) {
                return heard;
            }
            if !line.starts_with('*') {
                heard.push(line);
            }
        }
    }
}

fn line(input: &mut impl BufRead) -> String {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line).expect("a line");
    String::from_utf8_lossy(&line).trim_end().to_string()
}

#[test]
fn in_the_chat_everybody_hears_everybody() {
    const GUESTS: usize = 200;
    let server = Server::start("chat_server");
    let before = server.descriptors();
    let mut guests: Vec<Guest> = (0..GUESTS).map(|i| Guest::enter(&server, &format!("guest{i}"))).collect();
    for round in 0..2 {
        for guest in &mut guests {
            guest.say(&format!("line {round}"));
        }
    }
    // Each guest's lines come in order; and one more, which comes after all of them.
    let mut last = Guest::enter(&server, "last");
    for guest in &mut guests {
        guest.say("over");
    }
    for i in 0..GUESTS {
        let mut heard: Vec<String> = Vec::new();
        let mut over = 0;
        while over < GUESTS - 1 {
            let line = guests[i].hear();
            assert!(!line.is_empty(), "guest{i} was shown the door");
            if line.ends_with(": over") {
                over += 1;
            } else if !line.starts_with('*') {
                heard.push(line);
            }
        }
        for (j, other) in guests.iter().enumerate().filter(|(j, _)| *j != i) {
            let name = format!("{}: ", other.name);
            let lines: Vec<&str> = heard.iter().filter_map(|l| l.strip_prefix(&name)).collect();
            assert_eq!(lines, ["line 0", "line 1"], "guest{j} as guest{i} heard it");
        }
    }
    assert!(last.hear().starts_with("guest"));
    drop((guests, last));
    server.settles_at(before);
    server.stop("closing\n");
}

#[test]
fn the_chat_bears_with_odd_guests() {
    let server = Server::start("chat_server");
    let before = server.descriptors();
    let mut ann = Guest::enter(&server, "Ann");

    // One that never reads, and is talked to.
    let deaf = Guest::enter(&server, "deaf");
    let mut bob = Guest::enter(&server, "Bob");
    let long = "x".repeat(900);
    for _ in 0..20 {
        for _ in 0..500 {
            bob.say(&long);
        }
        bob.say("and?");
        assert!(ann.hear_until("Bob: and?").len() >= 500);
    }

    // Garbage for a name and for lines; lines without an end; ones that go at once, or half-way.
    let mut garbled = server.connect();
    garbled.write_all(b"\xff\xfe\n\0\x80\n").expect("it reads");
    ann.hear_until(": \0\u{fffd}");
    let mut endless = server.connect();
    let _ = endless.write_all(&vec![b'y'; 100_000]);
    for _ in 0..100 {
        drop(server.connect());
        let mut stream = server.connect();
        stream.write_all(b"gone\nhello").expect("it reads");
    }

    // Half-closed: it still hears what was said until it left.
    let mut half = Guest::enter(&server, "half");
    half.say("bye");
    half.input.get_ref().shutdown(Shutdown::Write).expect("half-closed");
    ann.hear_until("half: bye");
    ann.hear_until("* half leaves");
    let mut rest = Vec::new();
    half.input.read_to_end(&mut rest).expect("the end");

    drop((deaf, garbled, endless, half, bob));
    ann.say("still here");
    drop(ann);
    server.settles_at(before);
    server.stop("closing\n");
}
