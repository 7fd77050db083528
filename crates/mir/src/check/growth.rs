//! Functions that need themselves for ever larger types (polymorphic recursion).
//!
//! A function is compiled once for each list of type arguments, so a call in a circle that makes
//! an argument larger each time around would never end. The type parameters of all functions are
//! the nodes of a graph, and each call leads from the caller's parameters to those of the callee;
//! an edge grows if the parameter stands inside a larger type. A circle with an edge that grows
//! is an error. A call through a bound may lead to any impl of the trait: a circle that needs one is
//! only suspected, and settled by putting the program together.

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
    /// Through a bound: perhaps this callee, perhaps another.
    perhaps: bool,
    span: Span,
}

/// The edges of a body's calls.
pub fn edges(program: &Program, body: &Body, out: &mut Vec<Edge>) {
    let owner = match body.source {
        Source::Owner(owner) => owner,
        Source::Closure(id) => id.owner,
    };
    let BodyOwner::Fn(caller) = owner else { return };
    let owner_params = program.fns[caller].generics.params.len() as u32;
    if owner_params == 0 {
        return;
    }
    for block in body.blocks.iter() {
        let TerminatorKind::Call(call) = &block.terminator.kind else { continue };
        let mut add = |callee: FnId, position: u32, arg: Ty| {
            each_param(arg, &mut |param, inside| {
                let (from, to) = ((caller, param), (callee, position));
                out.push(Edge { from, to, grows: inside, perhaps: false, span: block.terminator.span });
            });
        };
        match &call.callee {
            Callee::Fn { id, args } => {
                args.iter().enumerate().for_each(|(i, &arg)| add(*id, i as u32, arg));
            }
            Callee::TraitMethod { trait_, method, args } => {
                let Some(&self_ty) = args.first() else { continue };
                if !self_ty.has_param() {
                    continue;
                }
                let name = program.fns[*method].name;
                let TyKind::Adt(adt, _) = *self_ty.kind() else {
                    let callees = program.trait_impls.get(trait_).into_iter().flatten().flat_map(|&id| {
                        program.impls[id].methods.iter().copied().filter(|&m| program.fns[m].name == name)
                    });
                    for callee in callees.chain([*method]) {
                        let params = 0..program.fns[callee].generics.params.len() as u32;
                        for (from, to) in (0..owner_params).flat_map(|p| params.clone().map(move |q| (p, q)))
                        {
                            let (from, to) = ((caller, from), (callee, to));
                            out.push(Edge {
                                from,
                                to,
                                grows: false,
                                perhaps: true,
                                span: block.terminator.span,
                            });
                        }
                    }
                    continue;
                };
                for &impl_ in program.trait_impls.get(trait_).into_iter().flatten() {
                    let impl_ = &program.impls[impl_];
                    let pattern = impl_.self_ty;
                    if !matches!(*pattern.kind(), TyKind::Adt(other, _) if other == adt) {
                        continue;
                    }
                    if let Some(&callee) = impl_.methods.iter().find(|&&m| program.fns[m].name == name) {
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
    let mut growing = in_circles(edges, false);
    growing.sort_by_key(|e| e.span);
    growing.dedup_by_key(|e| e.span);
    growing.into_iter().map(|edge| report(program, edge.to.0, edge.span)).collect()
}

/// Whether there may be a circle through a bound, which only the whole program shows.
pub fn is_suspected(edges: &[Edge]) -> bool {
    edges.iter().any(|e| e.grows) && !in_circles(edges, true).is_empty()
}

/// The edges that grow and are in a circle of edges that are certain, or of all.
fn in_circles(edges: &[Edge], perhaps: bool) -> Vec<&Edge> {
    let mut next: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
    for edge in edges.iter().filter(|e| perhaps || !e.perhaps) {
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
    edges.iter().filter(|e| e.grows && leads_to(e.to, e.from)).collect()
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
