//! Prints a file's diagnostics and tree: `cargo run -p syntax --example tree FILE`.

use base::{FileId, SourceFile};

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: tree FILE");
        std::process::exit(2);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            std::process::exit(2);
        }
    };
    let parse = syntax::parse(FileId(0), &text);
    print!("{}", syntax::dump(&parse, &text));
    let file = SourceFile::new(path.as_str(), text.as_str());
    for d in &parse.diagnostics {
        let at = file.line_col(d.primary.span.lo);
        eprintln!("{path}:{}:{}: {}: {} {}", at.line, at.col, d.code, d.message, d.primary.text);
        for label in &d.secondary {
            let at = file.line_col(label.span.lo);
            eprintln!("    {}:{}: {}", at.line, at.col, label.text);
        }
        for text in d.help.iter().chain(&d.notes) {
            eprintln!("    {text}");
        }
        for fix in &d.fixes {
            eprintln!("    fix ({:?}): {} {:?}", fix.applicability, fix.title, fix.edits);
        }
    }
}
