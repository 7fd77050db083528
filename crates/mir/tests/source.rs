//! From source: every body of std, and cases of their own, through lowering, the checks, drop
//! elaboration and clean-up, with the structural rules verified after each.

use std::time::{Duration, Instant};

use base::SourceMap;
use hir::collect::collect;
use hir::items::Program;
use hir::traits::TraitCache;

/// std and a package with this text.
fn program(text: &str) -> (Program, SourceMap) {
    let mut texts = SourceMap::default();
    let packages = stdlib::packages(&mut texts, "demo", "test.altru", text);
    let (program, diagnostics) = collect(&packages, &texts);
    for d in diagnostics.iter().filter(|d| d.is_error()) {
        eprintln!("{}", show(&texts, d));
    }
    (program, texts)
}

fn show(texts: &SourceMap, d: &base::Diagnostic) -> String {
    let at = texts.line_col(d.primary.span);
    let file = &texts.file(d.primary.span.file).name;
    let file = file.rsplit_once("std/src/").map_or(file.as_str(), |(_, f)| f);
    let also: String =
        d.secondary.iter().map(|l| format!("\n      {}: {}", texts.line_col(l.span).line, l.text)).collect();
    format!("{} {file}:{}:{}: {}{also}", d.code, at.line, at.col, d.message)
}

/// Takes all bodies of the package through every step. Gives what the ownership checks said.
fn run(text: &str, everything: bool) -> Vec<String> {
    let (program, texts) = program(text);
    let cache = TraitCache::new();
    let mut said = Vec::new();
    let mut times = [Duration::ZERO; 5];
    let mut count = 0;
    let wanted = std::env::var("MIR_SHOW").ok();
    for owner in hir::check::bodies(&program) {
        let module = program.module_of(owner).expect("it has a body");
        if !everything && program.in_std(module) {
            continue;
        }
        let start = Instant::now();
        let (thir, diagnostics) = hir::check::check_body_with(&program, owner, &texts, &cache);
        times[0] += start.elapsed();
        if thir.has_errors || diagnostics.iter().any(|d| d.is_error()) {
            said.extend(diagnostics.iter().filter(|d| d.is_error()).map(|d| show(&texts, d)));
            continue;
        }
        count += 1;
        let start = Instant::now();
        let bodies = mir::lower::lower_with(&program, &cache, &thir);
        times[1] += start.elapsed();
        for body in &bodies {
            if wanted.as_ref().is_some_and(|w| body.name.contains(w)) {
                println!("{}", mir::print::print(&program, body));
            }
            if let Err(e) = mir::verify::verify(body) {
                panic!("{e}\n{}", mir::print::print(&program, body));
            }
        }
        let start = Instant::now();
        let found = mir::check::check(&program, &bodies);
        times[2] += start.elapsed();
        said.extend(found.iter().filter(|d| d.is_error()).map(|d| show(&texts, d)));
        for mut body in bodies {
            let start = Instant::now();
            mir::elaborate::elaborate(&program, &mut body);
            times[3] += start.elapsed();
            if let Err(e) = mir::verify::verify(&body) {
                panic!("after elaboration: {e}\n{}", mir::print::print(&program, &body));
            }
            let start = Instant::now();
            mir::simplify::simplify(&mut body);
            times[4] += start.elapsed();
            if wanted.as_ref().is_some_and(|w| body.name.contains(w)) {
                println!("finished: {}", mir::print::print(&program, &body));
            }
            if let Err(e) = mir::verify::verify(&body) {
                panic!("after simplifying: {e}\n{}", mir::print::print(&program, &body));
            }
        }
    }
    println!("{count} bodies; check, lower, own, elaborate, simplify: {times:?}");
    said
}

#[test]
fn std_lowers() {
    let said = run("fn main():\n    pass\n", true);
    assert!(said.is_empty(), "{}", said.join("\n"));
}
