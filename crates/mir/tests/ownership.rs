//! The ownership checks on MIR text: `check/*.mir`, where `//! E0505` marks the lines that must
//! be refused, and with what; everything else must pass.

use std::collections::BTreeSet;
use std::path::Path;

use base::{Name, Span};
use hir::items::{FnAttrs, FnDecl, FnKind, FnParent, Generics, ModId, Origin, ParamDecl, Program};
use hir::ty::{Conv, Ty};

fn line_of(text: &str, offset: u32) -> usize {
    text[..offset as usize].matches('\n').count() + 1
}

/// Functions that the cases call by name, with what the checks ask of a declaration.
fn program() -> Program {
    let mut program = Program::default();
    let mut declare = |name: &str, convs: &[Conv], ret_origins: &[Origin]| {
        let span = Span::default();
        let params = convs
            .iter()
            .map(|&conv| ParamDecl { name: Name::new(""), span, conv, ty: Ty::error() })
            .collect();
        program.fns.push(FnDecl {
            name: Name::new(name),
            span,
            head: span,
            name_span: span,
            module: ModId(u32::MAX),
            parent: FnParent::None,
            public: true,
            generics: Generics::default(),
            has_self: false,
            params,
            ret: Ty::error(),
            ret_span: span,
            ret_origins: ret_origins.to_vec(),
            is_async: false,
            is_unsafe: false,
            attrs: FnAttrs::default(),
            kind: FnKind::Normal,
            ast: None,
            docs: Vec::new(),
        });
    };
    declare("push", &[Conv::Mut, Conv::Own], &[]);
    declare("len", &[Conv::Ref], &[]);
    program
}

#[test]
fn cases() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut failed = String::new();
    let mut count = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(dir).expect("cases").map(|e| e.expect("entry").path()).collect();
    files.sort();
    let program = program();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let bodies = match mir::parse::parse(&program, &text) {
            Ok(bodies) => bodies,
            Err(e) => {
                let line = line_of(&text, e.at as u32);
                failed += &format!("{name}:{line}: {}\n", e.message);
                continue;
            }
        };
        for body in &bodies {
            // The text form is stable.
            let printed = mir::print::print(&program, body);
            if let Err(e) = mir::parse::parse(&program, &printed) {
                let rest: String = printed[e.at..].chars().take(40).collect();
                failed += &format!("{name}: printed text does not parse: {} at {rest}\n", e.message);
            }
        }
        let want: BTreeSet<(usize, String)> = text
            .lines()
            .enumerate()
            .filter_map(|(i, l)| l.split_once("//!").map(|(_, codes)| (i + 1, codes)))
            .flat_map(|(i, codes)| codes.split_whitespace().map(move |c| (i, c.to_string())))
            .collect();
        let found = mir::check::check(&program, &bodies);
        let got: BTreeSet<(usize, String)> =
            found.iter().map(|d| (line_of(&text, d.primary.span.lo), d.code.to_string())).collect();
        count += 1;
        for (line, code) in want.difference(&got) {
            failed += &format!("{name}:{line}: {code} was not reported\n");
        }
        for (line, code) in got.difference(&want) {
            let message = found
                .iter()
                .find(|d| line_of(&text, d.primary.span.lo) == *line)
                .map_or("", |d| d.message.as_str());
            failed += &format!("{name}:{line}: unexpected {code}: {message}\n");
        }
    }
    assert!(failed.is_empty(), "{count} cases\n{failed}");
}
