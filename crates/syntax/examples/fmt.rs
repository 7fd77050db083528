//! Formats a file to standard output: `cargo run -p syntax --example fmt FILE`.

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: fmt FILE");
        std::process::exit(2);
    };
    match std::fs::read_to_string(&path).map(|text| syntax::fmt::format_unchecked(&text)) {
        Ok(Ok(text)) => print!("{text}"),
        Ok(Err(diagnostics)) => eprintln!("{diagnostics:#?}"),
        Err(error) => eprintln!("{path}: {error}"),
    }
}
