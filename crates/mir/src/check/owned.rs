//! Views must not hide where owned types are demanded: in type parameters that are not declared
//! `view`, and in owned `dyn` values.
//!
//! Mostly the type checker's rule; closures' types are known to hold views only now. Also here:
//! where a closure is asked for that must not return a borrow of its arguments.

use base::{Diagnostic, Span, codes};
use hir::items::{ClosureId, FnParent, Generics};
use hir::thir::Coercion;
use hir::ty::{Predicate, Ty, TyFlags, TyKind, Tys};

use crate::body::{Aggregate, Body, Callee, Rvalue, StatementKind, TerminatorKind};
use crate::check::describe;
use crate::check::facts::Facts;

/// A place that needs a closure whose result borrows from none of its arguments.
pub struct Demand {
    pub closure: ClosureId,
    pub span: Span,
}

pub fn check(facts: &mut Facts<'_>, body: &Body, demands: &mut Vec<Demand>, out: &mut Vec<Diagnostic>) {
    let mut last: Option<(Tys, bool)> = None;
    for block in body.blocks.iter() {
        for statement in &block.statements {
            let StatementKind::Assign(_, rvalue) = &statement.kind else { continue };
            match rvalue {
                Rvalue::Coerce(kind @ (Coercion::ToDyn | Coercion::ToDynFn), operand, to) => {
                    let ty = operand.ty(&body.locals);
                    if facts.holds_views(ty) {
                        out.push(hidden(facts, ty, *kind, statement.span));
                    }
                    if let (TyKind::Closure(closure, _), TyKind::DynFn(sig)) = (ty.kind(), to.kind())
                        && !facts.names_view(sig.ret)
                    {
                        demands.push(Demand { closure: *closure, span: statement.span });
                    }
                }
                Rvalue::Coerce(Coercion::RefToDyn, operand, _) => {
                    if let Some((_, to)) = operand.ty(&body.locals).pointee()
                        && facts.holds_views(to)
                    {
                        out.push(hidden(facts, to, Coercion::RefToDyn, statement.span));
                    }
                }
                Rvalue::Aggregate(Aggregate::Adt { adt, args, .. }, _) if !args.is_empty() => {
                    let program = facts.program;
                    if let Some(decl) = program.adts.get(*adt) {
                        arguments(facts, &decl.generics, args, false, statement.span, out);
                    }
                }
                _ => {}
            }
        }
        let TerminatorKind::Call(call) = &block.terminator.kind else { continue };
        let (id, args) = match &call.callee {
            Callee::Fn { id, args } => (id, args),
            Callee::TraitMethod { method, args, .. } => (method, args),
            _ => continue,
        };
        if args.is_empty() || last.is_some_and(|(known, fine)| std::ptr::eq(known, *args) && fine) {
            continue;
        }
        let program = facts.program;
        if let Some(decl) = program.fns.get(*id) {
            let of_trait = matches!(decl.parent, FnParent::Trait(_));
            let before = out.len();
            let span = block.terminator.span;
            arguments(facts, &decl.generics, args, of_trait, span, out);
            results(facts, &decl.generics, args, span, demands, out);
            last =
                (out.len() == before && args.iter().all(|&t| !facts.holds_views(t))).then_some((*args, true));
        }
    }
}

/// Closures among the type arguments must not return borrows of their arguments, unless the
/// function type asked for names a view as its result.
fn results(
    facts: &Facts<'_>,
    generics: &Generics,
    args: &[Ty],
    span: Span,
    demands: &mut Vec<Demand>,
    out: &mut Vec<Diagnostic>,
) {
    for (i, &arg) in args.iter().enumerate() {
        if !arg.flags().has(TyFlags::HAS_REF) && !arg.has_param() {
            continue;
        }
        let bound = generics.predicates.iter().find_map(|p| match *p {
            Predicate::Fn(ty, sig) if matches!(ty.kind(), TyKind::Param(q) if q.index as usize == i) => {
                Some(sig)
            }
            _ => None,
        });
        // Named, or holding nothing: whatever the closure gives is accounted for.
        let fine = bound.is_some_and(|sig| facts.names_view(sig.ret) || facts.owned_in(generics, sig.ret));
        arg.walk(&mut |t| {
            match *t.kind() {
                TyKind::Closure(closure, _) if !(fine && t == arg.peel_refs()) => {
                    demands.push(Demand { closure, span });
                }
                TyKind::Param(p)
                    if !(fine && t == arg.peel_refs())
                        && facts.fn_bounds(t).iter().any(|sig| facts.names_view(sig.ret)) =>
                {
                    let message =
                        format!("`{}` may return a view of its arguments, which is not allowed here", p.name);
                    out.push(
                        Diagnostic::error(codes::E0512, span, message)
                            .label("used here as a function that does not"),
                    );
                }
                _ => {}
            }
            true
        });
    }
}

/// A closure that returns a borrow of its argument is used where it must not.
pub fn refused(facts: &Facts<'_>, demand: &Demand) -> Diagnostic {
    let mut d = Diagnostic::error(
        codes::E0512,
        demand.span,
        "this closure returns a view of its argument, which is borrowed for the call only",
    )
    .label("used here")
    .help("return a copy (`.clone()`), or what the argument holds");
    if let Some(body) = facts.closure(demand.closure) {
        d = d.also(body.span, "the closure");
    }
    d
}

fn arguments(
    facts: &mut Facts<'_>,
    generics: &Generics,
    args: &[Ty],
    of_trait: bool,
    span: Span,
    out: &mut Vec<Diagnostic>,
) {
    for (i, (&arg, param)) in args.iter().zip(&generics.params).enumerate() {
        if param.view || param.is_const || (of_trait && i == 0) || !facts.holds_views(arg) {
            continue;
        }
        let ty = describe::ty(facts, arg);
        let name = param.name;
        let mut d = Diagnostic::error(
            codes::E0512,
            span,
            if param.implicit {
                "this closure borrows what it uses, but must own it here".to_string()
            } else {
                format!("`{ty}` is a view, but `{name}` stands for owned types only here")
            },
        )
        .label("a view is given here")
        .help("give an owned value: a copy (`.clone()`), or move the value itself");
        if !param.span.is_empty() {
            d = d.also(param.span, format!("`{name}` is not declared `view`"));
        }
        out.push(d);
        return;
    }
}

fn hidden(facts: &Facts<'_>, ty: Ty, kind: Coercion, span: Span) -> Diagnostic {
    let ty = describe::ty(facts, ty);
    let (what, help) = match kind {
        Coercion::ToDynFn => (
            "a closure that borrows what it uses cannot become a `dyn fn`".to_string(),
            "let it own what it uses: move copies into it",
        ),
        _ => (
            format!("`{ty}` holds views and cannot become a `dyn` value"),
            "make it of owned values, or pass it to a generic parameter `T: view + Trait`",
        ),
    };
    Diagnostic::error(codes::E0512, span, what)
        .label("made `dyn` here")
        .note("a `dyn` value hides its type, so it must not hide a view")
        .help(help)
}
