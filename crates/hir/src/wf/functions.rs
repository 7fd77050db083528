//! Functions: bodies where they must be, `main`, tests.

use base::{Applicability, Diagnostic, Span, codes};

use crate::collect::Collector;
use crate::items::{FnDecl, FnId, FnKind, FnParent, Program};
use crate::ty::{Ty, TyKind, display};

pub(super) fn check(collector: &mut Collector) {
    let program = &collector.program;
    let mut found = Vec::new();
    for (id, decl) in program.fns.iter_enumerated() {
        let Some(source) = collector.fn_source(id) else { continue };
        let in_trait = matches!(decl.parent, FnParent::Trait(_));
        if source.body.is_none() && decl.kind == FnKind::Normal && !in_trait && !source.name.span.is_empty() {
            found.push(
                Diagnostic::error(codes::E0231, decl.head, format!("`{}` has no body", decl.name))
                    .label("expected `:` and a block after this")
                    .fix("add an empty body", decl.head.end(), ": pass", Applicability::Maybe),
            );
        }
        if decl.attrs.test {
            check_test(program, decl, &mut found);
        }
        if decl.attrs.should_panic.is_some() && !decl.attrs.test {
            found.push(
                Diagnostic::error(
                    codes::E0206,
                    decl.name_span,
                    "`[should_panic]` is for tests: add `[test]`",
                )
                .label("not a test"),
            );
        }
    }
    if let Some(main) = program.main {
        check_main(program, main, &mut found);
    }
    collector.diagnostics.extend(found);
}

fn is_result(program: &Program, ty: Ty) -> bool {
    matches!(*ty.kind(), TyKind::Adt(id, _) if program.lang.adt("Result") == Some(id))
}

fn check_main(program: &Program, main: FnId, found: &mut Vec<Diagnostic>) {
    let decl = &program.fns[main];
    let refuse = |span: Span, message: String, label: &str| {
        Diagnostic::error(codes::E0218, span, message).label(label)
    };
    if let Some(param) = decl.params.first() {
        let last = decl.params.last().unwrap_or(param);
        found.push(
            refuse(param.span.to(last.span), "`main` takes no parameters".into(), "not allowed")
                .help("the program's arguments are `process::args()`"),
        );
    }
    if decl.generics.params.iter().any(|p| !p.implicit) {
        found.push(refuse(
            decl.name_span,
            "`main` cannot be generic".into(),
            "nobody would say what its parameters are",
        ));
    }
    let fine = decl.ret.is_unit()
        || decl.ret.is_never()
        || decl.ret.has_error()
        || decl.ret == Ty::int()
        || is_result(program, decl.ret);
    if !fine {
        found.push(refuse(
            decl.ret_span,
            format!("`main` cannot return `{}`", display(program, decl.ret)),
            "expected nothing, `int` (the exit status) or a `Result`",
        ));
    }
}

fn check_test(program: &Program, decl: &FnDecl, found: &mut Vec<Diagnostic>) {
    let message = if decl.parent != FnParent::None {
        "a test is a function of its own, not a method"
    } else if !decl.params.is_empty() {
        "a test takes no parameters"
    } else if !decl.generics.params.is_empty() {
        "a test cannot be generic"
    } else if !decl.ret.is_unit() && !decl.ret.has_error() && !is_result(program, decl.ret) {
        "a test returns nothing, or a `Result`"
    } else {
        return;
    };
    found.push(
        Diagnostic::error(codes::E0218, decl.name_span, message)
            .label("marked `[test]`: `altru test` runs it by itself"),
    );
}
