//! What crosses to foreign code: the types of `extern` functions, and structs laid out as in C (`[repr(C)]`).

use base::{Diagnostic, Span, codes};

use super::sizes::fields;
use crate::collect::{AdtSource, Collector};
use crate::items::{AdtId, FnId, FnKind, Program};
use crate::ty::{Conv, Ty, TyKind, display};

pub(super) fn check(collector: &mut Collector) {
    let mut found = Vec::new();
    let program = &collector.program;
    for (id, _) in program.fns.iter_enumerated().filter(|(_, f)| f.kind == FnKind::Extern) {
        if let Some(source) = collector.fn_source(id) {
            check_function(program, id, &source, &mut found);
        }
    }
    for (id, _) in program.adts.iter_enumerated().filter(|(_, a)| a.repr_c) {
        check_type(program, id, collector.adt_source(id), &mut found);
    }
    collector.diagnostics.extend(found);
}

fn is_scalar(ty: Ty) -> bool {
    matches!(
        ty.kind(),
        TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::RawPtr(_) | TyKind::Error
    )
}

fn is_struct_of_c(program: &Program, ty: Ty) -> bool {
    matches!(*ty.kind(), TyKind::Adt(id, _) if program.adts[id].repr_c)
}

fn check_function(program: &Program, id: FnId, item: &syntax::ast::FnItem, found: &mut Vec<Diagnostic>) {
    let decl = &program.fns[id];
    for (param, written) in decl.params.iter().zip(&item.params) {
        let span = written.ty.as_ref().map_or(param.span, |t| t.span);
        if is_struct_of_c(program, param.ty) {
            if matches!(param.conv, Conv::Ref | Conv::Mut) {
                let name = display(program, param.ty);
                found.push(
                    Diagnostic::error(
                        codes::E0232,
                        span,
                        format!("a `{name}` goes to foreign code by value"),
                    )
                    .label("would be borrowed here")
                    .help(format!(
                        "derive `Copy` for `{name}`, write `own {name}`, or pass its address: `*{name}`"
                    )),
                );
            }
        } else if !is_scalar(param.ty) {
            found.push(refused(program, param.ty, span));
        }
    }
    let gives = decl.ret;
    if !is_scalar(gives) && !gives.is_unit() && !gives.is_never() && !is_struct_of_c(program, gives) {
        found.push(refused(program, gives, decl.ret_span));
    }
}

fn refused(program: &Program, ty: Ty, span: Span) -> Diagnostic {
    Diagnostic::error(codes::E0232, span, format!("`{}` has no form that C knows", display(program, ty)))
        .label("cannot cross to foreign code")
        .help("numbers, `bool`, `char`, raw pointers `*T` and structs marked `[repr(C)]` can")
}

/// A struct that says to be one of C has fields that C knows.
fn check_type(program: &Program, id: AdtId, source: AdtSource<'_>, found: &mut Vec<Diagnostic>) {
    let adt = &program.adts[id];
    let refuse = |message: &str| Diagnostic::error(codes::E0232, adt.name_span, message);
    let AdtSource::Struct(item) = source else {
        found.push(
            refuse("an enum has no form that C knows")
                .label("marked `[repr(C)]`")
                .help("pass its number: an `i32` and constants"),
        );
        return;
    };
    if adt.generics.params.iter().any(|p| !p.implicit) {
        found.push(refuse("a struct of C cannot be generic").label("marked `[repr(C)]`"));
        return;
    }
    let written = fields(&item.body);
    if written.is_empty() {
        found.push(refuse("a struct of C has at least one field").label("marked `[repr(C)]`"));
    }
    for (field, written) in adt.variants.iter().flat_map(|v| v.fields.iter()).zip(written) {
        let mut ty = field.ty;
        while let TyKind::Array(elem, len) = *ty.kind() {
            // C has no arrays without elements.
            ty = if matches!(len.kind(), TyKind::Const(0)) { Ty::unit() } else { elem };
        }
        if !is_scalar(ty) && !is_struct_of_c(program, ty) {
            found.push(
                Diagnostic::error(
                    codes::E0232,
                    written.ty.span,
                    format!("`{}` has no form that C knows", display(program, field.ty)),
                )
                .label(format!("`{}` is laid out as in C", adt.name))
                .help("numbers, `bool`, `char`, raw pointers `*T`, arrays of these and structs marked `[repr(C)]` have"),
            );
        }
    }
}
