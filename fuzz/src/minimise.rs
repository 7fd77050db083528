//! Makes an input that fails smaller: takes out lines, then tokens, as long as it still fails.

use base::FileId;

/// The smallest text found with at most `tries` calls of `fails`.
pub fn minimise(text: &str, mut tries: usize, fails: &mut dyn FnMut(&str) -> bool) -> String {
    let mut best = text.to_string();
    for split in [lines as fn(&str) -> Vec<String>, tokens] {
        let mut parts = split(&best);
        let mut size = parts.len().div_ceil(2);
        while size > 0 && tries > 0 {
            let mut at = 0;
            let mut smaller = false;
            while at < parts.len() && tries > 0 {
                let end = (at + size).min(parts.len());
                let candidate: String = parts[..at].iter().chain(&parts[end..]).map(String::as_str).collect();
                tries -= 1;
                if fails(&candidate) {
                    parts.drain(at..end);
                    best = candidate;
                    smaller = true;
                } else {
                    at = end;
                }
            }
            if size == 1 && !smaller {
                break;
            }
            size = if size == 1 { 1 } else { size / 2 };
        }
    }
    best
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(String::from).collect()
}

fn tokens(text: &str) -> Vec<String> {
    let parse = syntax::parse(FileId(0), text);
    parse.tokens.iter().map(|t| text[t.lo as usize..t.hi as usize].to_string()).collect()
}
