//! Traits in types: bounds, bindings of associated types, `dyn`.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::Lowering;
use super::assoc::{all_assoc_types, assoc_in_trait};
use crate::items::{Def, Ns};
use crate::resolve::{Res, Resolver, describe};
use crate::ty::{DynTy, Predicate, TraitRef, Ty, TyKind, leak_bindings, tys};

impl Lowering<'_, '_> {
    pub fn trait_ref(&mut self, self_ty: Ty, path: &ast::Path) -> Option<TraitRef> {
        let resolved = match Resolver::new(self.program).resolve_path(path, Ns::Types, self.scope) {
            Ok(resolved) => resolved,
            Err(mut diagnostic) => {
                if let [only] = &path.segments[..]
                    && diagnostic.code == codes::E0201
                {
                    diagnostic.message = format!("there is no trait `{}` here", only.name.name);
                }
                self.diagnostics.push(*diagnostic);
                return None;
            }
        };
        let id = match resolved.res {
            Res::Def(Def::Error) => return None,
            Res::Def(Def::Trait(id)) if resolved.used == path.segments.len() => id,
            res => {
                let name = path.segments.last().map_or("", |s| s.name.name.as_str());
                let what = match res {
                    Res::Def(def) => describe(self.program, def),
                    Res::Param(_) => "type parameter",
                    Res::SelfTy => "type",
                };
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::E0208,
                        path.span,
                        format!("expected a trait, but `{name}` is a {what}"),
                    )
                    .label(format!("this is a {what}")),
                );
                return None;
            }
        };
        let trait_ = &self.program.traits[id];
        let last = path.segments.last()?;
        let what = format!("trait `{}`", trait_.name);
        let args = self.args(
            &trait_.generics,
            &[self_ty],
            last.args.as_deref(),
            &what,
            last.name.span,
            Some(trait_.name_span),
        );
        Some(TraitRef { trait_: id, args: tys(&args) })
    }

    /// `Iterator[Item = int]`: what the bindings demand of the self type.
    pub fn bindings(&mut self, trait_ref: TraitRef, path: &ast::Path) -> Vec<Predicate> {
        let Some(args) = path.segments.last().and_then(|s| s.args.as_deref()) else { return vec![] };
        let mut result = Vec::new();
        for (name, ty) in &args.bindings {
            let ty = self.ty(ty);
            match assoc_in_trait(self.program, trait_ref, name.name) {
                Some(projection) => result.push(Predicate::ProjectionEq(projection, ty)),
                None => self.no_assoc(trait_ref, *name),
            }
        }
        result
    }

    pub(super) fn no_assoc(&mut self, trait_ref: TraitRef, name: ast::Ident) {
        let trait_ = &self.program.traits[trait_ref.trait_];
        let mut diagnostic = Diagnostic::error(
            codes::E0228,
            name.span,
            format!("trait `{}` has no associated type `{}`", trait_.name, name.name),
        )
        .label("not found");
        let near =
            base::diagnostic::closest(name.name.as_str(), trait_.assoc_types.iter().map(|a| a.name.as_str()));
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        }
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn dyn_trait(&mut self, path: &ast::Path, span: Span) -> Ty {
        // `Self` of the trait is the `dyn` type itself; a placeholder until it is known.
        let Some(trait_ref) = self.trait_ref(Ty::error(), path) else { return Ty::error() };
        let trait_ = &self.program.traits[trait_ref.trait_];
        if let Err(reason) = &trait_.dyn_safe {
            self.diagnostics.push(
                Diagnostic::error(
                    codes::E0225,
                    span,
                    format!("trait `{}` cannot be used as `dyn {}`", trait_.name, trait_.name),
                )
                .label(reason.clone())
                .also(trait_.name_span, "the trait")
                .help(format!("take a type parameter `[T: {}]` instead", trait_.name)),
            );
            return Ty::error();
        }
        let mut given: Vec<(ast::Ident, Ty)> = Vec::new();
        if let Some(args) = path.segments.last().and_then(|s| s.args.as_deref()) {
            for (name, ty) in &args.bindings {
                let ty = self.ty(ty);
                if assoc_in_trait(self.program, trait_ref, name.name).is_none() {
                    self.no_assoc(trait_ref, *name);
                }
                given.push((*name, ty));
            }
        }
        let mut bindings = Vec::new();
        let mut missing = Vec::new();
        for name in all_assoc_types(self.program, trait_ref.trait_) {
            match given.iter().find(|(n, _)| n.name == name) {
                Some(&(_, ty)) => bindings.push((name, ty)),
                None => {
                    missing.push(name.as_str());
                    bindings.push((name, Ty::error()));
                }
            }
        }
        if !missing.is_empty() {
            let listed = missing.iter().map(|n| format!("{n} = …")).collect::<Vec<_>>().join(", ");
            self.diagnostics.push(
                Diagnostic::error(
                    codes::E0228,
                    span,
                    format!("`dyn {}` must say what its associated types are", trait_.name),
                )
                .label(format!("write `dyn {}[{listed}]`", trait_.name)),
            );
        }
        Ty::new(TyKind::Dyn(DynTy {
            trait_: trait_ref.trait_,
            args: tys(&trait_ref.args[1..]),
            bindings: leak_bindings(&bindings),
        }))
    }
}
