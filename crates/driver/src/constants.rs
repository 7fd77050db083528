//! Constants computed: each `const` item of the package at hand is run by the MIR interpreter
//! when it is checked, and the program is made with what came out.
//!
//! Not here: the integers in types, which are known before bodies are (`hir::consteval`).

use std::sync::Arc;

use base::{Diagnostic, Name, Span, codes};
use hir::items::{AdtKind, BodyOwner, FnKind, Program};
use hir::ty::{Ty, TyKind, display};
use mir::body::Source;
use mir::interp::{self, Failure, Limits, Reason};
use mir::mono;

use crate::packages::Session;
use crate::pipeline::{Checked, with_solver};

/// Below a few seconds.
const LIMITS: Limits = Limits { steps: 10_000_000, depth: 1_000 };

/// Is it a constant with one value: a `const` item, or one of an impl without type parameters?
pub(crate) fn is_constant(program: &Program, owner: BodyOwner) -> bool {
    match owner {
        BodyOwner::Const(_) => true,
        BodyOwner::Static(_) => false,
        BodyOwner::Fn(id) => {
            let decl = &program.fns[id];
            decl.attrs.constant && decl.generics.params.is_empty() && decl.kind == FnKind::Normal
        }
    }
}

/// Computes these constants and those they stand on; notes their values and gives what is wrong.
pub(crate) fn compute(checked: &Checked, session: &Session, constants: Vec<BodyOwner>) -> Vec<Diagnostic> {
    if constants.is_empty() {
        return Vec::new();
    }
    let roots = mono::Roots { constants, ..mono::Roots::default() };
    // As written: their values are what is asked for.
    let bodies = |source: Source| checked.written_body(source, &session.sources);
    let program = with_solver(checked, &session.sources, |solver| {
        mono::collect(&checked.program, solver, &bodies, &roots)
    });
    let program = match program {
        Ok(program) => program,
        Err(diagnostics) => return diagnostics,
    };
    let constants = interp::constants(&program, LIMITS);
    for (owner, value) in &constants.known {
        let name = mir::names::owner_name(&checked.program, *owner);
        let item = Item::of(&checked.program, *owner);
        checked.note_constant(*owner, Arc::new(interp::body(*owner, name, item.name_span, value)));
    }
    constants.failures.iter().map(|failure| report(checked, session, failure)).collect()
}

/// What messages say of a constant.
struct Item {
    name: Name,
    name_span: Span,
    value_span: Span,
    ty: Ty,
}

impl Item {
    fn of(program: &Program, owner: BodyOwner) -> Item {
        let (name, name_span, ty, value) = match owner {
            BodyOwner::Const(id) => {
                let item = &program.consts[id];
                (item.name, item.span, item.ty, item.ast.value.as_ref().map(|value| value.span))
            }
            BodyOwner::Static(id) => {
                let item = &program.statics[id];
                (item.name, item.span, item.ty, item.ast.value.as_ref().map(|value| value.span))
            }
            BodyOwner::Fn(id) => {
                let item = &program.fns[id];
                let body = item.ast.as_ref().and_then(|f| f.body.as_ref());
                (item.name, item.name_span, item.ret, body.map(|body| body.span))
            }
        };
        Item { name, name_span, value_span: value.unwrap_or(name_span), ty }
    }
}

fn report(checked: &Checked, session: &Session, failure: &Failure) -> Diagnostic {
    let item = Item::of(&checked.program, failure.constant);
    let name = item.name;
    let in_std = |span: &&Span| {
        session.packages.iter().any(|p| p.is_std && p.modules.iter().any(|m| m.file == span.file))
    };
    let whole = item.value_span;
    // Where a reader can change something: not inside std.
    let place = failure.places.iter().find(|p| !in_std(p)).copied().unwrap_or(whole);
    let ty = display(&checked.program, item.ty);
    let lazily =
        format!("let it be computed when it is first used: `static {name}: Lazy[{ty}] = Lazy::new(|| …)`");
    let diagnostic = match &failure.reason {
        Reason::Panic(message) => Diagnostic::error(
            codes::E0238,
            place,
            format!("the value of `{name}` cannot be computed: {message}"),
        )
        .label("fails here"),
        Reason::Endless => {
            Diagnostic::error(codes::E0238, place, format!("the value of `{name}` takes too long to compute"))
                .label("was still running here")
                .note(format!("a constant may take {} steps", LIMITS.steps))
                .help(lazily)
        }
        Reason::Deep => {
            Diagnostic::error(codes::E0238, place, format!("the value of `{name}` cannot be computed"))
                .label(format!("called within itself more than {} times", LIMITS.depth))
        }
        Reason::Circle => {
            Diagnostic::error(codes::E0227, place, format!("the value of `{name}` depends on itself"))
                .label("a constant cannot be computed from itself")
        }
        Reason::Needs(what) => {
            Diagnostic::error(codes::E0237, place, format!("a constant cannot use {what}"))
                .label("needs the running program")
                .note("constants are computed when the program is compiled")
                .help(lazily)
        }
        Reason::Holds(types) => {
            let held = display(&checked.program, held(checked, types));
            let elsewhere = match held == ty {
                true => format!("make it one place that all share: `static {name}: {ty} = …`"),
                false => lazily,
            };
            Diagnostic::error(codes::E0237, whole, format!("a constant cannot hold `{held}`"))
                .label("cannot be made anew wherever the constant is used")
                .note("a constant is made of numbers, texts, tuples, arrays, lists, structs and enums")
                .help(elsewhere)
        }
    };
    let inside = place.file == whole.file && whole.start() <= place.start() && place.end() <= whole.end();
    match inside {
        true => diagnostic,
        false => diagnostic.also(item.name_span, format!("to compute `{name}`")),
    }
}

/// Of the types around a part that cannot be kept, the one that a user knows: the outermost
/// struct of std's.
fn held(checked: &Checked, types: &[Ty]) -> Ty {
    let is_std_struct = |ty: &&Ty| match *ty.kind() {
        TyKind::Adt(adt, _) => {
            let decl = &checked.program.adts[adt];
            decl.kind == AdtKind::Struct && checked.program.mods[decl.module].is_std
        }
        _ => false,
    };
    *types.iter().rev().find(is_std_struct).unwrap_or(&types[0])
}
