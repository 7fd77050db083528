//! std's `extern "C"` blocks say what the list says.
//!
//! Read as text, so that it runs without the compiler: the blocks have one function a line.

use std::fs;
use std::path::{Path, PathBuf};

use abi::Ty;

fn altru_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("std can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            altru_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "altru") {
            out.push(path);
        }
    }
}

/// How a type of a declaration travels.
fn passed_as(ty: &str) -> Option<Ty> {
    Some(match ty {
        "" => Ty::Void,
        "!" => Ty::Never,
        "i8" | "u8" | "bool" => Ty::I8,
        "i32" | "u32" | "char" => Ty::I32,
        "int" | "i64" | "u64" => Ty::I64,
        "usize" | "isize" => Ty::Usize,
        "f32" => Ty::F32,
        "f64" | "float" => Ty::F64,
        _ if ty.starts_with('*') => Ty::Ptr,
        _ => return None,
    })
}

/// `int` stands for a size: the two are equally wide wherever Altru runs.
fn same(declared: Ty, listed: Ty) -> bool {
    let widen = |ty| if ty == Ty::Usize { Ty::I64 } else { ty };
    widen(declared) == widen(listed)
}

/// Complaints about one declaration, `fn name(a: T, b: U) -> R`.
fn check(declaration: &str) -> Option<String> {
    let (name, rest) = declaration.strip_prefix("fn ")?.split_once('(')?;
    let (params, ret) = rest.rsplit_once(')')?;
    let ret = ret.trim().strip_prefix("->").unwrap_or("").trim();
    let Some(listed) = abi::function(name) else {
        return Some(format!("`{name}` is not in abi's list"));
    };
    let params: Vec<&str> = params
        .split(", ")
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once(':').map_or(p, |(_, ty)| ty.trim()))
        .collect();
    if params.len() != listed.params.len() {
        return Some(format!("`{name}` has {} parameters in abi's list", listed.params.len()));
    }
    for (declared, (param, ty)) in params.iter().zip(listed.params) {
        if !passed_as(declared).is_some_and(|declared| same(declared, *ty)) {
            return Some(format!("`{param}` of `{name}` is {ty:?} in abi's list, not `{declared}`"));
        }
    }
    if !passed_as(ret).is_some_and(|declared| same(declared, listed.ret)) {
        return Some(format!("`{name}` gives {:?} in abi's list, not `{ret}`", listed.ret));
    }
    None
}

#[test]
fn std_declares_what_the_list_says() {
    let mut files = Vec::new();
    altru_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../std/src"), &mut files);
    assert!(!files.is_empty());
    let mut complaints = Vec::new();
    let mut count = 0;
    for file in files {
        let text = fs::read_to_string(&file).expect("std is text");
        let mut inside = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("extern \"C\":") {
                inside = true;
            } else if inside && !line.is_empty() && !line.starts_with(' ') {
                inside = false;
            }
            // Other names are the C library's.
            if inside && line.trim_start().starts_with("fn altru_") {
                count += 1;
                if let Some(complaint) = check(line.trim()) {
                    complaints.push(format!("{}:{}: {complaint}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(count > 50, "only {count} declarations found: has their form changed?");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_list_names_each_function_once() {
    let mut names: Vec<_> = abi::FUNCTIONS.iter().map(|f| f.name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    for f in abi::FUNCTIONS {
        assert!(f.name.starts_with("altru_"), "{}", f.name);
        assert!(f.ret != Ty::Never || f.effects.cold || !f.effects.unwind, "{}", f.name);
    }
}
