//! What to do about a trait that a type does not implement: derive it, write it, call something
//! first.

use base::{Applicability, Diagnostic, Name};

use super::context::InferCtx;
use crate::items::{ImplId, ModId, TraitId};
use crate::traits::Truth;
use crate::ty::display::display_trait;
use crate::ty::{Predicate, TraitRef, Ty, TyKind, display};

/// Traits that `[derive(…)]` can make.
const DERIVABLE: [&str; 7] = ["Clone", "Copy", "Debug", "Eq", "Ord", "Hash", "Default"];

impl InferCtx<'_> {
    /// What to do about a missing trait.
    pub(crate) fn add_remedy(&mut self, diagnostic: Diagnostic, t: TraitRef) -> Diagnostic {
        self.add_remedies(diagnostic, t, &[])
    }

    /// As [`Self::add_remedy`]; what can be derived of `others` for the same type goes along.
    pub(crate) fn add_remedies(
        &mut self,
        mut diagnostic: Diagnostic,
        t: TraitRef,
        others: &[Predicate],
    ) -> Diagnostic {
        let program = self.program;
        let name = program.traits[t.trait_].name;
        if program.lang.trait_("Iterator") == Some(t.trait_)
            && let Some(into) = program.lang.trait_("IntoIterator")
            && self.holds(TraitRef { trait_: into, args: crate::ty::tys(&[t.self_ty()]) }) == Truth::Yes
        {
            return diagnostic
                .help("an iterator gives its elements: `.into_iter()`, or views of them: `.iter()`");
        }
        // Views where the collection owns its elements.
        if name.as_str() == "FromIterator"
            && let [collection, item] = t.args
            && let (TyKind::List(elem), TyKind::Ref(_, viewed)) = (collection.kind(), item.kind())
            && elem == viewed
        {
            return diagnostic.help("the iterator gives views: copy what they view with `.cloned()` first");
        }
        match *t.self_ty().kind() {
            TyKind::Adt(id, _) if self.is_users(program.adts[id].module) => {
                let adt = &program.adts[id];
                let mut missing = Vec::new();
                let wanted = others.iter().filter_map(|p| match p {
                    Predicate::Trait(o) if o.self_ty() == t.self_ty() => Some(o.trait_),
                    _ => None,
                });
                for trait_ in std::iter::once(t.trait_).chain(wanted) {
                    self.add_derivable(trait_, t.self_ty(), &mut missing);
                }
                if !missing.contains(&name) {
                    return diagnostic
                        .also(adt.name_span, format!("`{}` is declared here", adt.name))
                        .help(format!("write `impl {} for {}`", display_trait(program, t), adt.name));
                }
                let list = missing.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
                diagnostic = diagnostic.help(format!("put `[derive({list})]` before `{}`", adt.name));
                match adt.derives.last() {
                    Some(&(_, last)) => diagnostic.fix(
                        format!("derive `{list}` too"),
                        last.end(),
                        format!(", {list}"),
                        Applicability::Maybe,
                    ),
                    // Deeper in, the line's indentation would have to be known.
                    None if self.is_outermost(adt.module) => diagnostic.fix(
                        format!("derive `{list}`"),
                        adt.span.start(),
                        format!("[derive({list})]\n"),
                        Applicability::Maybe,
                    ),
                    None => diagnostic,
                }
            }
            TyKind::Param(p) => {
                let bound = display_trait(program, t);
                let declared = self.env.params.get(p.index as usize);
                let Some(declared) = declared.filter(|d| !d.implicit && p.name != "Self") else {
                    return diagnostic.help(format!("demand it: `{}: {bound}`", p.name));
                };
                let diagnostic = diagnostic
                    .also(declared.span, format!("`{}` may be any type that its bounds allow", p.name))
                    .help(format!("demand it: `{}: {bound}`", p.name));
                match declared.bound_at {
                    Some((at, others)) => diagnostic.fix(
                        format!("demand `{bound}`"),
                        at,
                        format!("{}{bound}", if others { " + " } else { ": " }),
                        Applicability::Maybe,
                    ),
                    None => diagnostic,
                }
            }
            TyKind::Ref(_, inner) => {
                let args = self.with_self(t, inner);
                if self.holds(args) == Truth::Yes {
                    let (whole, inner) = (self.show(t.self_ty()), self.show(inner));
                    diagnostic.help(format!(
                        "`{inner}` implements it, and this is a `{whole}`: dereference it with `*`, or clone it"
                    ))
                } else {
                    diagnostic
                }
            }
            _ => self.add_candidates(diagnostic, t),
        }
    }

    /// The trait if it can be derived, after those of its supertraits that are missing too.
    pub(super) fn add_derivable(&mut self, trait_: TraitId, ty: Ty, missing: &mut Vec<Name>) {
        let program = self.program;
        let name = program.traits[trait_].name;
        let derivable =
            DERIVABLE.contains(&name.as_str()) && program.lang.trait_(name.as_str()) == Some(trait_);
        if !derivable || missing.contains(&name) || self.implements(ty, trait_) == Truth::Yes {
            return;
        }
        for s in &program.traits[trait_].supertraits {
            self.add_derivable(s.trait_, ty, missing);
        }
        missing.push(name);
    }

    /// A module that is a file of its own, so that its items are not indented.
    pub(super) fn is_outermost(&self, module: ModId) -> bool {
        let decl = &self.program.mods[module];
        !decl.block && decl.parent.is_none_or(|p| self.program.mods[p].file != decl.file)
    }

    pub(super) fn with_self(&self, t: TraitRef, ty: Ty) -> TraitRef {
        let mut args = t.args.to_vec();
        args[0] = ty;
        TraitRef { trait_: t.trait_, args: crate::ty::tys(&args) }
    }

    /// Impls of the same trait for the same kind of type, or all of them if they are few.
    pub(super) fn add_candidates(&mut self, diagnostic: Diagnostic, t: TraitRef) -> Diagnostic {
        let program = self.program;
        let Some(impls) = program.trait_impls.get(&t.trait_) else { return diagnostic };
        if let Some((impl_ty, param, arg)) = self.owned_only(impls, t) {
            let name = program.traits[t.trait_].name;
            return diagnostic
                .note(format!(
                    "`{name}` is implemented for `{impl_ty}`, where `{param}` stands for owned types, and `{arg}` borrows"
                ))
                .help("use an owned value: `.clone()` makes one");
        }
        let near: Vec<String> = impls
            .iter()
            .filter(|&&id| {
                impls.len() <= 6 || crate::traits::select::may_match(program.impls[id].self_ty, t.self_ty())
            })
            .filter_map(|&id| program.impls[id].trait_)
            .map(|have| {
                let ty = display(program, have.self_ty());
                if have.args.len() > 1 {
                    format!("`{}` for `{ty}`", display_trait(program, have))
                } else {
                    format!("`{ty}`")
                }
            })
            .take(6)
            .collect();
        if near.is_empty() {
            return diagnostic;
        }
        let name = program.traits[t.trait_].name;
        if program.traits[t.trait_].generics.params.len() > 1 {
            return diagnostic.note(format!("there is {}", near.join(", ")));
        }
        diagnostic.note(format!("`{name}` is implemented for {}", near.join(", ")))
    }

    /// An impl that fits but for a parameter that is not declared `view`: its type, the
    /// parameter, and what it would stand for.
    pub(super) fn owned_only(&mut self, impls: &[ImplId], t: TraitRef) -> Option<(String, Name, String)> {
        let program = self.program;
        for &id in impls {
            let decl = &program.impls[id];
            let (solver, table) = self.parts();
            let borrowed = table.probe(|table| {
                let args = solver.match_self_ty(table, id, decl.self_ty, t.self_ty())?;
                solver
                    .owned_params(table, id, args)
                    .find(|&(ty, _)| (crate::traits::Facts { solver }).is_view(ty) && !ty.has_infer())
            });
            if let Some((ty, index)) = borrowed {
                let param = decl.generics.params[index as usize].name;
                return Some((display(program, decl.self_ty), param, self.show(ty)));
            }
        }
        None
    }

    pub(super) fn is_users(&self, module: ModId) -> bool {
        self.program.mods.get(module).is_some_and(|m| !m.is_std)
    }
}
