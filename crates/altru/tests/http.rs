//! `std::http` over TLS, against curl, and `examples/http_service` with clients that are many, odd, slow, or gone: nothing
//! may be lost, and no descriptor may be left open.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::{PATIENCE, Server};

// ---- TLS ----

/// A folder with certificates that vouch for themselves, and their keys.
fn certificates() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("certificates");
    std::fs::create_dir_all(&folder).expect("a folder");
    // That of an authority is what `openssl req -x509` makes.
    for (name, host, year, authority) in [
        ("good", "localhost", 3000, false),
        ("expired", "localhost", 2020, false),
        ("elsewhere", "elsewhere", 3000, false),
        ("authority", "localhost", 3000, true),
        ("old_authority", "localhost", 2020, true),
        ("other_authority", "elsewhere", 3000, true),
    ] {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut about = rcgen::CertificateParams::new([host.to_string()]).expect("a name");
        about.distinguished_name.push(rcgen::DnType::CommonName, format!("test of {name}"));
        if authority {
            about.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        about.not_before = rcgen::date_time_ymd(2010, 1, 1);
        about.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = about.self_signed(&key).expect("a certificate");
        std::fs::write(folder.join(name).with_extension("pem"), certificate.pem()).expect("written");
        std::fs::write(folder.join(name).with_extension("key"), key.serialize_pem()).expect("written");
    }
    folder
}

#[test]
fn tls_is_spoken_with_those_who_are_trusted() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/http/secure.altru");
    let output = Command::new(env!("CARGO_BIN_EXE_altru"))
        .arg("run")
        .arg(program)
        .arg(certificates())
        .output()
        .expect("altru starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}{err}");
    let expected = "\
good, trusted: 100000 bytes over HTTP/2
good, without HTTP/2: 100000 bytes over HTTP/1.1
good, not trusted: its certificate is not trusted: nobody known vouches for it
good, without TLS: false
good: true
true
expired, trusted: its certificate has expired
expired, without HTTP/2: its certificate has expired
expired, not trusted: its certificate has expired
expired, without TLS: false
expired: true
true
elsewhere, trusted: its certificate is not for `localhost`
elsewhere, without HTTP/2: its certificate is not for `localhost`
elsewhere, not trusted: its certificate is not trusted: nobody known vouches for it
elsewhere, without TLS: false
elsewhere: true
true
authority, trusted: 100000 bytes over HTTP/2
authority, without HTTP/2: 100000 bytes over HTTP/1.1
authority, not trusted: its certificate is not trusted: it is an authority's, not a server's
authority, without TLS: false
authority: true
true
old_authority, trusted: its certificate has expired
old_authority, without HTTP/2: its certificate has expired
old_authority, not trusted: its certificate has expired
old_authority, without TLS: false
old_authority: true
true
other_authority, trusted: its certificate is not for `localhost`
other_authority, without HTTP/2: its certificate is not for `localhost`
other_authority, not trusted: its certificate is not trusted: it is an authority's, not a server's
other_authority, without TLS: false
other_authority: true
true
the certificate: there is no certificate in it
the key: no items found
";
    let (known, last) = out.split_at(expected.len().min(out.len()));
    assert_eq!(known, expected, "{err}");
    assert!(last.contains("keys may not be consistent"), "{last}");
}

// ---- the service ----

const LAST_WORDS: &str = "finishing\n";

fn put(key: usize, value: &str) -> String {
    format!("PUT /values/k{key} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{value}", value.len())
}

fn get(key: usize) -> String {
    format!("GET /values/k{key} HTTP/1.1\r\nHost: test\r\n\r\n")
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
        } else if let Some(rest) = text.strip_prefix("content-length: ") {
            length = rest.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).expect("a body");
    (status, String::from_utf8(body).expect("text"))
}

fn ask(stream: &mut TcpStream, request: &str) -> (u32, String) {
    stream.write_all(request.as_bytes()).expect("it reads");
    answer(&mut BufReader::new(stream))
}

#[test]
fn a_thousand_connections_at_once() {
    let server = Server::start("http_service");
    let before = server.descriptors();
    let mut streams: Vec<TcpStream> = (0..1000).map(|_| server.connect()).collect();
    for (i, stream) in streams.iter_mut().enumerate() {
        stream.write_all(put(i, &i.to_string()).as_bytes()).expect("it reads");
    }
    for stream in &mut streams {
        assert_eq!(answer(&mut BufReader::new(stream)).0, 201);
    }
    for (i, stream) in streams.iter_mut().enumerate() {
        stream.write_all(get(999 - i).as_bytes()).expect("it reads");
    }
    for (i, stream) in streams.iter_mut().enumerate() {
        assert_eq!(answer(&mut BufReader::new(stream)), (200, (999 - i).to_string()));
    }
    drop(streams);
    server.settles_at(before);
    server.stop(LAST_WORDS);
}

/// A stream that has given all there is counts as empty until the kernel tells of more. It tells of the end once, with the last
/// bytes: nothing may be waited for after that.
#[test]
fn the_end_of_a_stream_is_seen_with_its_last_bytes() {
    let server = Server::start("http_service");
    let before = server.descriptors();
    for half in [false, true] {
        let streams: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
        for (i, stream) in streams.iter().enumerate() {
            let mut stream = stream;
            let request = put(i, "12345");
            let (begin, rest) = request.split_at(i % (request.len() - 1) + 1);
            stream.write_all(begin.as_bytes()).expect("it reads");
            if half {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            stream.write_all(rest.as_bytes()).expect("it reads");
            stream.write_all(get(i).as_bytes()).expect("it reads");
            stream.shutdown(std::net::Shutdown::Write).expect("half-closed");
        }
        for stream in streams {
            stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("set");
            let mut input = BufReader::new(stream);
            assert_eq!(answer(&mut input).0, if half { 204 } else { 201 });
            assert_eq!(answer(&mut input), (200, "12345".to_string()));
            let mut rest = Vec::new();
            input.read_to_end(&mut rest).expect("the end, at once");
            assert!(rest.is_empty());
        }
    }
    server.settles_at(before);
    server.stop(LAST_WORDS);
}

#[test]
fn odd_clients_hold_nobody_up() {
    let server = Server::start("http_service");
    let before = server.descriptors();

    // They hold their connections open and say no more than this.
    let request = put(0, "[1, 2, 3]");
    let silent: Vec<TcpStream> = (0..50)
        .map(|i| {
            let mut stream = server.connect();
            stream.write_all(&request.as_bytes()[..i % request.len()]).expect("it reads");
            stream
        })
        .collect();

    // One byte after the other.
    let mut slow = server.connect();
    for byte in put(1, "17").bytes() {
        slow.write_all(&[byte]).expect("it reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(answer(&mut BufReader::new(&mut slow)).0, 201);

    // Many requests in one piece, and then the end of this direction.
    let mut stream = server.connect();
    let requests: String = (0..500).map(|_| get(1)).collect();
    stream.write_all(requests.as_bytes()).expect("it reads");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let mut input = BufReader::new(stream);
    for _ in 0..500 {
        assert_eq!(answer(&mut input), (200, "17".to_string()));
    }
    assert_eq!(input.read(&mut [0]).expect("the end"), 0);

    // Garbage, also what begins like HTTP/2.
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 56) as u8
    };
    for begin in [&b""[..], b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        for size in [1, 10, 1000, 15_000, 200_000] {
            let bytes: Vec<u8> = (0..size).map(|_| random()).chain(*b"\r\n\r\n").collect();
            let mut stream = server.connect();
            // It may close before everything is sent, and the rest may take the answer with it.
            let _ = stream.write_all(begin).and_then(|()| stream.write_all(&bytes));
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }

    // Peers that vanish: in the middle of a head, of a body, or of what they asked for.
    for i in 0..200 {
        let mut stream = server.connect();
        let requests: String = (0..i % 20).map(|_| put(2, "\"x\"")).collect();
        let _ = stream.write_all(&requests.as_bytes()[..requests.len().saturating_sub(i % 7)]);
    }
    let mut watchers: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
    for stream in &mut watchers {
        stream.write_all(b"GET /watch HTTP/1.1\r\nHost: test\r\n\r\n").expect("it reads");
    }
    drop(watchers);

    let mut stream = server.connect();
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    assert_eq!(ask(&mut stream, &put(3, &large)).0, 201);
    assert_eq!(ask(&mut stream, &get(3)), (200, large));

    drop((silent, slow, stream));
    // Those who watched are noticed when there is something to tell them.
    let mut last = server.connect();
    for i in 0..3 {
        ask(&mut last, &put(4 + i, "1"));
    }
    drop(last);
    server.settles_at(before);
    server.stop(LAST_WORDS);
}

#[test]
fn what_has_begun_is_finished_under_load() {
    let server = Server::start("http_service");
    let address = server.address;
    let answers = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..50)
        .map(|i| {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || {
                // Until the server does not take connections any more, or ends this one: that is between two answers.
                while let Ok(stream) = TcpStream::connect(address) {
                    let mut input = BufReader::new(stream);
                    for n in 0..100 {
                        let request = put(i * 1000 + n, "\"some value\"");
                        if input.get_mut().write_all(request.as_bytes()).is_err()
                            || input.fill_buf().map_or(0, <[u8]>::len) == 0
                        {
                            break;
                        }
                        let (status, _) = answer(&mut input);
                        assert!(matches!(status, 201 | 204), "{status}");
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let start = Instant::now();
    while answers.load(Ordering::Relaxed) < 500 {
        assert!(start.elapsed() < PATIENCE, "{} answers", answers.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(1));
    }
    server.stop(LAST_WORDS);
    for client in clients {
        client.join().expect("no answer was cut off");
    }
}

// ---- curl ----

fn curl(args: &[&str]) -> Option<String> {
    let output = Command::new("curl").arg("-sS").args(args).output().ok()?;
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn curl_understands_it() {
    let server = Server::start("http_service");
    let base = format!("http://{}/values", server.address);
    for version in ["--http1.1", "--http1.0", "--http2-prior-knowledge", "--http2"] {
        let url = format!("{base}/{version}");
        let Some(status) = curl(&[version, "-w", "%{http_code}", "-X", "PUT", "-d", "[1, 2]", &url]) else {
            eprintln!("there is no curl here: nothing was tried");
            return;
        };
        assert_eq!(status, "201", "{version}");
        assert_eq!(curl(&[version, &url]).as_deref(), Some("[1,2]"));
        let missing = curl(&[version, "-w", " %{http_code}", &format!("{base}/x%20y")]);
        assert_eq!(missing.as_deref(), Some("there is no `x y`\n 404"));
        // 200 KB in chunks.
        let large = format!("\"{}\"", "z".repeat(200_000));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large.json");
        std::fs::write(&file, &large).expect("written");
        let from = format!("@{}", file.display());
        let header = ["-H", "Transfer-Encoding: chunked", "-X", "PUT", "--data-binary", &from];
        // HTTP/1.0 has no chunks, and HTTP/2 no such header.
        let header = if version == "--http1.1" { &header[..] } else { &header[2..] };
        let again = curl(&[&[version, "-w", "%{http_code}", &url][..], header].concat());
        assert_eq!(again.as_deref(), Some("204"), "{version}");
        assert_eq!(curl(&[version, &url]), Some(large));
    }
    server.stop(LAST_WORDS);
}
