//! scratch
use base::{FileId, SourceFile};
fn main() {
    let all = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for text in all.split("====\n") {
        println!("--------\n{}", text.trim_end());
        let parse = syntax::parse(FileId(0), text);
        let file = SourceFile::new("x", text);
        for d in &parse.diagnostics {
            let at = file.line_col(d.primary.span.lo);
            let to = file.line_col(d.primary.span.hi);
            println!("  >> {}:{}-{}:{}: {}: {} | {}", at.line, at.col, to.line, to.col, d.code, d.message, d.primary.text);
            for label in &d.secondary {
                let at = file.line_col(label.span.lo);
                println!("      {}:{}: {}", at.line, at.col, label.text);
            }
            for text in d.help.iter().chain(&d.notes) {
                println!("      help: {text}");
            }
            for fix in &d.fixes {
                let mut edits = fix.edits.clone();
                edits.sort_by_key(|e| std::cmp::Reverse(e.0.lo));
                let mut t = text.to_string();
                for (s, r) in edits { t.replace_range(s.lo as usize..s.hi as usize, &r); }
                println!("      fix ({:?}): {} => {:?}", fix.applicability, fix.title, t);
            }
        }
    }
}
