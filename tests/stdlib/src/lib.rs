//! The standard library from its folder, for tests of the crates below `driver`, which loads
//! packages in earnest.

use std::path::Path;
use std::sync::Arc;

use base::{Name, SourceMap};
use hir::collect::{ModuleInput, PackageInput, file_modules};

/// std, and a package of one file after it. Panics if a file does not parse.
pub fn packages(texts: &mut SourceMap, package: &str, file: &str, text: &str) -> [PackageInput; 2] {
    let std = std_package(texts);
    let modules = vec![parse(texts, file, text, Vec::new())];
    [std, PackageInput { name: Name::new(package), is_std: false, modules }]
}

pub fn std_package(texts: &mut SourceMap) -> PackageInput {
    let mut modules = Vec::new();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../std/src");
    load(texts, &dir, Vec::new(), &mut modules);
    PackageInput { name: Name::new("std"), is_std: true, modules }
}

/// One file as a module.
pub fn parse(texts: &mut SourceMap, name: &str, text: &str, path: Vec<Name>) -> ModuleInput {
    let file = texts.add(name, text);
    let parse = syntax::parse(file, text);
    assert!(!parse.has_errors(), "{name}: {:#?}", parse.diagnostics);
    ModuleInput { path, file, ast: Arc::new(parse.file) }
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
    // A module that is declared and missing is for the driver's tests.
    let Ok(text) = std::fs::read_to_string(&file) else { return };
    let input = parse(texts, &file.to_string_lossy(), &text, path.clone());
    let children = file_modules(&input.ast);
    modules.push(input);
    for (child, _) in children {
        let mut path = path.clone();
        path.push(child);
        load(texts, dir, path, modules);
    }
}
