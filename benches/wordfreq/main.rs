// The peer of examples/wordfreq.altru: the same algorithm, std only.
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

#[derive(Default)]
struct Tally { counts: HashMap<String, i64>, files: i64, bytes: usize, failures: Vec<String> }

fn add_text(t: &mut Tally, text: &str) {
    t.files += 1;
    t.bytes += text.len();
    let lower = text.to_ascii_lowercase();
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let bytes = lower.as_bytes();
    let mut start = 0;
    for i in 0..=bytes.len() {
        if i == bytes.len() || !word(bytes[i]) {
            if i > start {
                match t.counts.get_mut(&lower[start..i]) {
                    Some(n) => *n += 1,
                    None => { t.counts.insert(lower[start..i].to_string(), 1); }
                }
            }
            start = i + 1;
        }
    }
}

fn walk(dir: &Path, out: &mpsc::Sender<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().collect();
    entries.sort_by_key(|e| e.file_name());
    for e in entries {
        let t = e.file_type().unwrap();
        if t.is_dir() { walk(&e.path(), out) } else if t.is_file() { out.send(e.path()).unwrap() }
    }
}

fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let top: usize = std::env::args().nth(2).map_or(20, |s| s.parse().unwrap());
    let (tx, rx) = mpsc::channel::<std::path::PathBuf>();
    let rx = Arc::new(Mutex::new(rx));
    let workers: Vec<_> = (0..std::thread::available_parallelism().unwrap().get()).map(|_| {
        let rx = rx.clone();
        std::thread::spawn(move || {
            let mut t = Tally::default();
            loop {
                let Ok(path) = rx.lock().unwrap().recv() else { return t };
                match std::fs::read_to_string(&path) {
                    Ok(text) => add_text(&mut t, &text),
                    Err(e) => t.failures.push(format!("{}: {e}", path.display())),
                }
            }
        })
    }).collect();
    walk(Path::new(&dir), &tx);
    drop(tx);
    let mut total = Tally::default();
    for w in workers {
        let t = w.join().unwrap();
        total.files += t.files;
        total.bytes += t.bytes;
        total.failures.extend(t.failures);
        for (k, n) in t.counts { *total.counts.entry(k).or_insert(0) += n; }
    }
    let mut words: Vec<_> = total.counts.into_iter().collect();
    words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    println!("{} files, {} bytes, {} words, {} skipped", total.files, total.bytes, words.len(), total.failures.len());
    for (w, n) in words.iter().take(top) { println!("{n:>9} {w}"); }
}
