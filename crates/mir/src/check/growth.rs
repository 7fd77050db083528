//! Functions that need themselves for ever larger types (polymorphic recursion).
//!
//! A function is compiled once for each list of type arguments, so a call in a circle that makes
//! an argument larger each time around would never end. The type parameters of all functions are
//! the nodes of a graph, and each call leads from the caller's parameters to those of the callee;
//! an edge grows if the parameter stands inside a larger type. A circle with an edge that grows
//! is an error. Calls through a bound are not followed: what they lead to is known only when a
//! program is put together, which looks again.

use base::{Diagnostic, FxHashMap, FxHashSet, Span, codes};
use hir::items::{BodyOwner, FnId, Program};
use hir::ty::{Ty, TyKind};

use crate::body::{Body, Callee, Source, TerminatorKind};

/// A type parameter of a function.
type Node = (FnId, u32);

/// A call's argument for a parameter mentions a parameter of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    from: Node,
    to: Node,
    /// Inside a larger type.
    grows: bool,
    span: Span,
}

/// The edges of a body's calls.
pub fn edges(program: &Program, body: &Body, out: &mut Vec<Edge>) {
    let owner = match body.source {
        Source::Owner(owner) => owner,
        Source::Closure(id) => id.owner,
    };
    let BodyOwner::Fn(caller) = owner else { return };
    if program.fns[caller].generics.params.is_empty() {
        return;
    }
    for block in body.blocks.iter() {
        let TerminatorKind::Call(call) = &block.terminator.kind else { continue };
        let mut add = |callee: FnId, position: u32, arg: Ty| {
            each_param(arg, &mut |param, inside| {
                let edge = Edge { from: (caller, param), to: (callee, position), grows: inside, span: block.terminator.span };
                out.push(edge);
            });
        };
        match &call.callee {
            Callee::Fn { id, args } => {
                args.iter().enumerate().for_each(|(i, &arg)| add(*id, i as u32, arg));
            }
            Callee::TraitMethod { trait_, method, args } => {
                let Some(&self_ty) = args.first() else { continue };
                let TyKind::Adt(adt, _) = *self_ty.kind() else { continue };
                let name = program.fns[*method].name;
                for impl_ in program.impls.iter() {
                    let pattern = impl_.self_ty;
                    let fits = impl_.trait_.is_some_and(|t| t.trait_ == *trait_)
                        && matches!(*pattern.kind(), TyKind::Adt(other, _) if other == adt);
                    let found = impl_.methods.iter().find(|&&m| program.fns[m].name == name);
                    if let (true, Some(&callee)) = (fits, found) {
                        bind(pattern, self_ty, &mut |param, arg| add(callee, param, arg));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The first call of each circle that needs ever larger types.
pub fn check(program: &Program, edges: &[Edge]) -> Vec<Diagnostic> {
    let mut next: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
    for edge in edges {
        next.entry(edge.from).or_default().push(edge.to);
    }
    let leads_to = |from: Node, to: Node| {
        let mut seen = FxHashSet::default();
        let mut work = vec![from];
        while let Some(node) = work.pop() {
            if node == to {
                return true;
            }
            if seen.insert(node) {
                work.extend(next.get(&node).into_iter().flatten());
            }
        }
        false
    };
    let mut growing: Vec<&Edge> = edges.iter().filter(|e| e.grows && leads_to(e.to, e.from)).collect();
    growing.sort_by_key(|e| e.span);
    growing.dedup_by_key(|e| e.span);
    growing.into_iter().map(|edge| report(program, edge.to.0, edge.span)).collect()
}

/// `id` is called at `span` for a type that is larger each time.
pub fn report(program: &Program, id: FnId, span: Span) -> Diagnostic {
    let decl = &program.fns[id];
    Diagnostic::error(codes::E0390, span, format!("`{}` is needed for ever larger types", decl.name))
        .label("this call asks for a larger type each time")
        .also(decl.name_span, "the function is compiled once for each type it is used with")
        .help("make the recursive call with the same type, or hide the type behind `dyn`")
}

/// Calls `f` with each type parameter in a type, and whether it is only a part of it.
fn each_param(ty: Ty, f: &mut dyn FnMut(u32, bool)) {
    fn walk(ty: Ty, inside: bool, f: &mut dyn FnMut(u32, bool)) {
        if !ty.has_param() {
            return;
        }
        match *ty.kind() {
            TyKind::Param(param) => f(param.index, inside),
            TyKind::Tuple(list) | TyKind::Adt(_, list) => list.iter().for_each(|&t| walk(t, true, f)),
            TyKind::List(t) | TyKind::Ref(_, t) | TyKind::RawPtr(t) | TyKind::Array(t, _) => walk(t, true, f),
            TyKind::Dyn(d) => d.args.iter().for_each(|&t| walk(t, true, f)),
            TyKind::DynFn(sig) => {
                sig.params.iter().for_each(|p| walk(p.1, true, f));
                walk(sig.ret, true, f);
            }
            // A projection may be smaller than what it is of; a closure's type is that of its
            // function.
            _ => {}
        }
    }
    walk(ty, false, f);
}

/// What each parameter of an impl stands for, where the impl's type is the pattern.
fn bind(pattern: Ty, ty: Ty, f: &mut dyn FnMut(u32, Ty)) {
    match (*pattern.kind(), *ty.kind()) {
        (TyKind::Param(param), _) => f(param.index, ty),
        (TyKind::Adt(a, xs), TyKind::Adt(b, ys)) if a == b => {
            xs.iter().zip(ys).for_each(|(&x, &y)| bind(x, y, f));
        }
        (TyKind::Tuple(xs), TyKind::Tuple(ys)) => xs.iter().zip(ys).for_each(|(&x, &y)| bind(x, y, f)),
        (TyKind::List(x), TyKind::List(y)) | (TyKind::Ref(_, x), TyKind::Ref(_, y)) => bind(x, y, f),
        _ => {}
    }
}
