//! The language's cases through the interpreter: what the ownership checks accept must never
//! make it fail, and must print what the case says.
//!
//! `INTERP_CASES=ownership/` narrows to cases whose name contains a text.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::cell::RefCell;

use base::{Diagnostic, Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, collect, file_modules};
use hir::items::{BodyOwner, ClosureId, Program};
use hir::thir;
use hir::traits::{ClosureSig, Closures, ParamEnv, Solver, TraitCache};
use hir::ty::Ty;
use mir::body::{Body, Source};
use mir::interp::{End, Limits, Outcome};
use mir::mono;

fn parse(texts: &mut SourceMap, name: &str, text: &str, path: Vec<Name>) -> Option<ModuleInput> {
    let file = texts.add(name, text);
    let parse = syntax::parse(file, text);
    (!parse.has_errors()).then(|| ModuleInput { path, file, ast: Arc::new(parse.file) })
}

fn load(texts: &mut SourceMap, dir: &Path, path: Vec<Name>, modules: &mut Vec<ModuleInput>) {
    let mut file = dir.to_path_buf();
    match &path[..] {
        [] => file.push("lib.altru"),
        names => {
            names.iter().for_each(|n| file.push(n.as_str()));
            file.set_extension("altru");
        }
    }
    let Ok(text) = std::fs::read_to_string(&file) else { return };
    let input = parse(texts, &file.to_string_lossy(), &text, path.clone()).expect("std parses");
    let children = file_modules(&input.ast);
    modules.push(input);
    for (child, _) in children {
        let mut path = path.clone();
        path.push(child);
        load(texts, dir, path, modules);
    }
}

struct Lowered {
    typed: thir::Body,
    bodies: Vec<Arc<Body>>,
}

struct World {
    program: Program,
    texts: SourceMap,
    cache: TraitCache,
    store: RefCell<HashMap<BodyOwner, Arc<Lowered>>>,
}

impl World {
    fn lowered(&self, owner: BodyOwner) -> Arc<Lowered> {
        if let Some(found) = self.store.borrow().get(&owner) {
            return found.clone();
        }
        let (typed, _) =
            hir::check::check_body_with(&self.program, owner, &self.texts, &self.cache);
        let bodies = mir::lower::lower_with(&self.program, &self.cache, &typed);
        self.finish(owner, typed, bodies)
    }

    fn finish(&self, owner: BodyOwner, typed: thir::Body, bodies: Vec<Body>) -> Arc<Lowered> {
        let bodies = bodies
            .into_iter()
            .map(|mut body| {
                mir::elaborate::elaborate(&self.program, &mut body);
                mir::simplify::simplify(&mut body);
                Arc::new(body)
            })
            .collect();
        let lowered = Arc::new(Lowered { typed, bodies });
        self.store.borrow_mut().insert(owner, lowered.clone());
        lowered
    }
}

impl Closures for World {
    fn sig(&self, id: ClosureId) -> Option<ClosureSig> {
        self.lowered(id.owner).typed.sig(id)
    }
    fn captures(&self, id: ClosureId, each: &mut dyn FnMut(Ty) -> bool) -> bool {
        self.lowered(id.owner).typed.captures(id, each)
    }
}

enum Result {
    Refused(Vec<String>),
    Ran(Outcome),
}

fn show(texts: &SourceMap, d: &Diagnostic) -> String {
    let at = texts.line_col(d.primary.span);
    let also: String = d
        .secondary
        .iter()
        .map(|l| format!("\n        {}: {}", texts.line_col(l.span).line, l.text))
        .collect();
    let more: String = d.notes.iter().chain(&d.help).map(|n| format!("\n        = {n}")).collect();
    format!("{}: {} {}{also}{more}", at.line, d.code, d.message)
}

fn run(text: &str) -> Result {
    let mut texts = SourceMap::default();
    let mut std = Vec::new();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../std/src");
    load(&mut texts, &dir, Vec::new(), &mut std);
    let Some(own) = parse(&mut texts, "case.altru", text, Vec::new()) else {
        return Result::Refused(vec!["0: E01 does not parse".into()]);
    };
    let packages = [
        PackageInput { name: Name::new("std"), is_std: true, modules: std },
        PackageInput { name: Name::new("case"), is_std: false, modules: vec![own] },
    ];
    let (program, found) = collect(&packages, &texts);
    let world = World {
        program,
        texts,
        cache: TraitCache::new(),
        store: RefCell::default(),
    };
    let mut said: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
    for owner in hir::check::bodies(&world.program) {
        let module = match owner {
            BodyOwner::Fn(id) => world.program.fns[id].module,
            BodyOwner::Const(id) => world.program.consts[id].module,
            BodyOwner::Static(id) => world.program.statics[id].module,
        };
        if world.program.in_std(module) {
            continue;
        }
        let (typed, found) =
            hir::check::check_body_with(&world.program, owner, &world.texts, &world.cache);
        let failed = typed.has_errors || found.iter().any(Diagnostic::is_error);
        said.extend(found.into_iter().filter(Diagnostic::is_error));
        if failed {
            continue;
        }
        let bodies = mir::lower::lower_with(&world.program, &world.cache, &typed);
        if std::env::var("INTERP_MIR").is_ok_and(|w| bodies.iter().any(|b| b.name.contains(&w))) {
            for body in &bodies {
                println!("{}", mir::print::print(&world.program, body));
            }
        }
        let found = mir::check::check(&world.program, &bodies);
        let failed = found.iter().any(Diagnostic::is_error);
        said.extend(found.into_iter().filter(Diagnostic::is_error));
        if !failed {
            world.finish(owner, typed, bodies);
        }
    }
    if !said.is_empty() {
        said.sort_by_key(|d| d.primary.span);
        return Result::Refused(said.iter().map(|d| show(&world.texts, d)).collect());
    }
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let solver = Solver { program: &world.program, env: &env, cache: &cache, closures: &world };
    let bodies = |source: Source| -> Option<Arc<Body>> {
        let owner = match source {
            Source::Owner(owner) => owner,
            Source::Closure(id) => id.owner,
        };
        world.lowered(owner).bodies.iter().find(|b| b.source == source).cloned()
    };
    let roots = mono::Roots { main: world.program.main, tests: Vec::new() };
    let closed = match mono::collect(&world.program, solver, &bodies, &roots) {
        Ok(closed) => closed,
        Err(found) => return Result::Refused(found.iter().map(|d| show(&world.texts, d)).collect()),
    };
    let Some(main) = closed.main else { return Result::Refused(vec!["0: no main".into()]) };
    let outcome = mir::interp::run(&closed, main, Limits::default());
    if let End::Trap { span, .. } = &outcome.end {
        let file = world.texts.file(span.file);
        eprintln!("trap at {}:{}", file.name, world.texts.line_col(*span).line);
    }
    Result::Ran(outcome)
}

struct Case {
    name: String,
    program: String,
    out: Option<String>,
}

fn cases(root: &Path) -> Vec<Case> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("cases").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "altru") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let area = file.strip_prefix(root).expect("below").with_extension("");
        let mut section = "";
        let first = all.len();
        for line in text.lines() {
            if let Some(word) = line.strip_prefix("#=== ") {
                match word.split_whitespace().next() {
                    Some("out") => {
                        section = "out";
                        if let Some(case) = all.last_mut() {
                            let case: &mut Case = case;
                            case.out = Some(String::new());
                        }
                    }
                    Some("err" | "in" | "status") => section = "else",
                    Some(name) => {
                        section = "program";
                        all.push(Case {
                            name: format!("{}::{name}", area.display()),
                            program: String::new(),
                            out: None,
                        });
                    }
                    None => {}
                }
            } else if all.len() > first
                && let Some(case) = all.last_mut()
            {
                match section {
                    "program" => case.program += &format!("{line}\n"),
                    "out" => {
                        if let Some(out) = &mut case.out {
                            *out += &format!("{line}\n");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    all
}

#[test]
fn language_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let wanted = std::env::var("INTERP_CASES").unwrap_or_default();
    let mut failed = String::new();
    let (mut ran, mut refused, mut skipped) = (0, 0, 0);
    for case in cases(&root).iter().filter(|c| c.name.contains(&wanted)) {
        let marked: Vec<(usize, String)> = case
            .program
            .lines()
            .enumerate()
            .filter_map(|(i, l)| l.split_once("#! ").map(|(_, codes)| (i + 1, codes)))
            .flat_map(|(i, codes)| codes.split_whitespace().map(move |c| (i, c.to_string())))
            .filter(|(_, c)| c.starts_with('E'))
            .collect();
        match run(&case.program) {
            Result::Refused(said) => {
                refused += 1;
                let mut got: Vec<(usize, String)> = said
                    .iter()
                    .filter_map(|s| {
                        let (line, rest) = s.split_once(": ")?;
                        Some((line.parse().ok()?, rest.split_whitespace().next()?.to_string()))
                    })
                    .collect();
                let mut want = marked.clone();
                got.sort();
                want.sort();
                // Other stages have their own tests.
                let ours = |l: &[(usize, String)]| l.iter().any(|c| c.1.starts_with("E05"));
                if got != want && (ours(&got) || ours(&want)) {
                    failed += &format!("{}: wanted {want:?}\n    {}\n", case.name, said.join("\n    "));
                } else if got != want {
                    skipped += 1;
                    if !wanted.is_empty() {
                        println!("{}: {}", case.name, said.join("\n    "));
                    }
                } else if !wanted.is_empty() {
                    println!("{}:\n    {}", case.name, said.join("\n    "));
                }
            }
            Result::Ran(outcome) => {
                ran += 1;
                if !marked.is_empty() {
                    if marked.iter().any(|c| c.1.starts_with("E05")) {
                        failed += &format!(
                            "{}: wanted {marked:?}, was accepted ({:?})\n",
                            case.name, outcome.end
                        );
                    }
                    continue;
                }
                match &outcome.end {
                    End::Trap { fault, function, .. } => {
                        failed += &format!("{}: {fault:?} in {function}\n", case.name);
                    }
                    End::Unsupported(what) => {
                        skipped += 1;
                        println!("{}: {what} is not interpreted", case.name);
                    }
                    End::Limit => skipped += 1,
                    End::Exit(_) | End::Panic(_) => {
                        if let Some(out) = &case.out
                            && out.trim_end() != outcome.stdout.trim_end()
                        {
                            failed += &format!(
                                "{}: printed {:?} instead of {out:?} ({:?})\n",
                                case.name, outcome.stdout, outcome.end
                            );
                        }
                    }
                }
            }
        }
    }
    println!("{ran} ran, {refused} refused, {skipped} of these not compared");
    assert!(failed.is_empty(), "\n{failed}");
}
