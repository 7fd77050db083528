//! What must be known before types can be lowered: which types are `Copy`, and that aliases and
//! supertraits lead to an end.

use base::{Diagnostic, codes};
use syntax::ast::{self, Bound, TypeExprKind};

use super::headers::type_paths;
use super::{Collector, ImplSource};
use crate::items::*;
use crate::lower_ty::TyScope;
use crate::resolve::{Res, Resolver};

impl Collector<'_> {
    /// Which types are `Copy`, before any type is lowered: conventions depend on it.
    pub(super) fn fill_copy_table(&mut self) {
        for &(adt, trait_, _) in &self.sources.derives {
            if trait_ == DeriveTrait::Copy {
                let params = &self.sources.adts[adt.0 as usize].generics().params;
                let needs = params.iter().map(|p| p.const_ty.is_none()).collect();
                self.program.copy_adts.insert(adt, needs);
            }
        }
        let Some(copy) = self.program.lang.trait_("Copy") else { return };
        let none = Generics::default();
        for id in self.program.impls.ids() {
            let ImplSource::Written(item) = self.impl_source(id) else { continue };
            let (Some(trait_), TypeExprKind::Path(path)) = (&item.trait_, &item.ty.kind) else { continue };
            let scope = TyScope::new(self.program.impls[id].module, &none);
            let resolver = Resolver::new(&self.program);
            let is_copy = |path: &ast::Path| {
                resolver
                    .resolve_path(path, Ns::Types, &scope)
                    .is_ok_and(|r| r.res == Res::Def(Def::Trait(copy)))
            };
            if !is_copy(trait_) {
                continue;
            }
            let Ok(resolved) = resolver.resolve_path(path, Ns::Types, &scope) else { continue };
            let Res::Def(Def::Adt(adt)) = resolved.res else { continue };
            let args = path.segments[resolved.used - 1].args.as_ref().map_or(&[][..], |a| &a.args);
            let needs = args
                .iter()
                .map(|arg| {
                    let TypeExprKind::Path(p) = &arg.kind else { return false };
                    let [segment] = &p.segments[..] else { return false };
                    let bounded = |bounds: &[Bound]| {
                        bounds.iter().any(|b| matches!(b, Bound::Trait(p) if is_copy(p)))
                    };
                    item.generics.params.iter().any(|g| g.name.name == segment.name.name && bounded(&g.bounds))
                        || item.generics.where_clauses.iter().any(|w| {
                            matches!(&w.ty.kind, TypeExprKind::Path(q) if q.segments.len() == 1 && q.segments[0].name.name == segment.name.name)
                                && bounded(&w.bounds)
                        })
                })
                .collect();
            self.program.copy_adts.insert(adt, needs);
        }
    }

    pub(super) fn break_supertrait_cycles(&mut self) {
        // 0 not seen, 1 on the path, 2 done. An explicit stack: chains may be long.
        let mut state = vec![0u8; self.program.traits.len()];
        for start in self.program.traits.ids() {
            if state[start.0 as usize] != 0 {
                continue;
            }
            let mut stack = vec![(start, 0usize)];
            state[start.0 as usize] = 1;
            while let Some(&mut (at, ref mut next)) = stack.last_mut() {
                let Some(to) = self.program.traits[at].supertraits.get(*next).map(|s| s.trait_) else {
                    state[at.0 as usize] = 2;
                    stack.pop();
                    continue;
                };
                match state[to.0 as usize] {
                    0 => {
                        *next += 1;
                        state[to.0 as usize] = 1;
                        stack.push((to, 0));
                    }
                    1 => {
                        let index = *next;
                        let (from_span, to_span) =
                            (self.program.traits[at].name_span, self.program.traits[to].name_span);
                        let name = self.program.traits[to].name;
                        let mut diagnostic = Diagnostic::error(
                            codes::E0227,
                            to_span,
                            format!("trait `{name}` is its own supertrait"),
                        )
                        .label("the circle begins here");
                        if at != to {
                            diagnostic = diagnostic.also(from_span, "and comes back here");
                        }
                        self.report(diagnostic);
                        self.program.traits[at].supertraits.remove(index);
                    }
                    _ => *next += 1,
                }
            }
        }
    }

    /// Aliases in an order in which each comes after those it mentions. One that expands to itself
    /// becomes an error type.
    pub(super) fn alias_order(&mut self) -> Vec<AliasId> {
        let none = Generics::default();
        let edges: Vec<Vec<AliasId>> = self
            .program
            .aliases
            .ids()
            .map(|id| {
                let scope = TyScope::new(self.program.aliases[id].module, &none);
                let resolver = Resolver::new(&self.program);
                let mut found = Vec::new();
                if let Some(ty) = &self.alias_source(id).ty {
                    type_paths(ty, &mut |path| {
                        if let Ok(r) = resolver.resolve_path(path, Ns::Types, &scope)
                            && let Res::Def(Def::Alias(to)) = r.res
                        {
                            found.push(to);
                        }
                    });
                }
                found
            })
            .collect();
        let mut order = Vec::with_capacity(edges.len());
        let mut state = vec![0u8; edges.len()];
        for start in self.program.aliases.ids() {
            if state[start.0 as usize] != 0 {
                continue;
            }
            let mut stack = vec![(start, 0usize)];
            state[start.0 as usize] = 1;
            while let Some(&mut (at, ref mut next)) = stack.last_mut() {
                let Some(&to) = edges[at.0 as usize].get(*next) else {
                    state[at.0 as usize] = 2;
                    order.push(at);
                    stack.pop();
                    continue;
                };
                *next += 1;
                match state[to.0 as usize] {
                    0 => {
                        state[to.0 as usize] = 1;
                        stack.push((to, 0));
                    }
                    1 => {
                        let alias = &mut self.program.aliases[to];
                        if !alias.ready {
                            alias.ready = true;
                            let diagnostic = Diagnostic::error(
                                codes::E0227,
                                alias.span,
                                format!("type `{}` stands for itself", alias.name),
                            )
                            .label("expanding it would never end")
                            .help("an alias is another name for a type; for a recursive type, declare a struct or enum");
                            self.report(diagnostic);
                        }
                    }
                    _ => {}
                }
            }
        }
        order
    }
}
