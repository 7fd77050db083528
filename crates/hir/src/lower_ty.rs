//! Written types to [`Ty`].
//!
//! Not here: whether a type's arguments meet its bounds ([`crate::wf`]). The one thing to know:
//! it serves signatures and bodies alike, and works on a program whose tables are still being
//! filled, as long as generic parameters are known: aliases that are not lowered yet are expanded
//! from their syntax.

mod assoc;
mod bounds;
mod convention;
mod expr;

use std::cell::Cell;

use base::{Applicability, Diagnostic, FxHashMap, Span, codes};
use syntax::ast::{self, TypeExpr, TypeExprKind};

use crate::consteval;
use crate::items::{
    AdtKind, AliasId, Def, FnId, FnParent, GenericParam, Generics, ImplId, ModId, Ns, Program,
};
use crate::resolve::{Res, Resolver, describe};
use crate::ty::{FnSig, Predicate, TraitRef, Ty, TyKind, leak_params};

pub use assoc::{Assoc, all_assoc_types, assoc_in_trait, find_assoc};
pub use convention::{conv_of, has_supertrait, known_copy};
pub use expr::{args_of_index, type_of_expr};

/// What surrounds a written type.
pub struct TyScope<'a> {
    pub module: ModId,
    pub generics: &'a Generics,
    /// What `Self` means.
    pub self_ty: Option<Ty>,
    /// The impl around it, whose associated types `Self::Item` names.
    pub impl_: Option<ImplId>,
    /// What `_` and left-out generic arguments become: only in bodies.
    pub holes: Option<&'a (dyn Fn(Span) -> Ty + 'a)>,
    depth: Cell<u32>,
    /// How many aliases may still be expanded from their syntax.
    fuel: Cell<u32>,
}

const ALIAS_DEPTH: u32 = 64;
const ALIAS_FUEL: u32 = 4096;

/// A type with more parts, or nested deeper, is no type that somebody meant; later stages walk
/// through types by recursion.
const MAX_PARTS: u64 = 1 << 16;
const MAX_NESTING: u32 = 256;

impl<'a> TyScope<'a> {
    pub fn new(module: ModId, generics: &'a Generics) -> TyScope<'a> {
        TyScope {
            module,
            generics,
            self_ty: None,
            impl_: None,
            holes: None,
            depth: Cell::new(0),
            fuel: Cell::new(ALIAS_FUEL),
        }
    }

    pub fn with_self(mut self, self_ty: Ty) -> TyScope<'a> {
        self.self_ty = Some(self_ty);
        self
    }

    pub fn with_holes(mut self, holes: &'a (dyn Fn(Span) -> Ty + 'a)) -> TyScope<'a> {
        self.holes = Some(holes);
        self
    }

    /// The scope of a function's signature and body.
    pub fn of_fn(program: &'a Program, id: FnId) -> TyScope<'a> {
        let decl = &program.fns[id];
        let mut scope = TyScope::new(decl.module, &decl.generics);
        match decl.parent {
            FnParent::None => {}
            FnParent::Inherent(impl_) | FnParent::TraitImpl(impl_) => {
                scope.self_ty = Some(program.impls[impl_].self_ty);
                scope.impl_ = Some(impl_);
            }
            FnParent::Trait(_) => scope.self_ty = Some(self_param()),
        }
        scope
    }

    /// The scope of an impl's head and associated types.
    pub fn of_impl(program: &'a Program, id: ImplId) -> TyScope<'a> {
        let impl_ = &program.impls[id];
        let mut scope = TyScope::new(impl_.module, &impl_.generics).with_self(impl_.self_ty);
        scope.impl_ = Some(id);
        scope
    }

    /// The same surroundings in another block scope or module.
    pub fn in_module(&self, module: ModId) -> TyScope<'a> {
        TyScope { module, depth: Cell::new(0), fuel: Cell::new(ALIAS_FUEL), ..*self }
    }
}

/// `Self` of a trait: parameter 0.
pub fn self_param() -> Ty {
    Ty::param(0, crate::resolve::KNOWN.self_type)
}

/// Lowers a written type; mistakes go to `diagnostics` and give [`TyKind::Error`].
pub fn lower_ty(program: &Program, scope: &TyScope, ty: &TypeExpr, diagnostics: &mut Vec<Diagnostic>) -> Ty {
    Lowering { program, scope, diagnostics }.ty(ty)
}

/// Lowers the generic arguments written after a function, type or trait. `generics.params[skip..]`
/// are the ones to be given; `given` stand for those before. Left-out ones become defaults or
/// holes.
#[allow(clippy::too_many_arguments)]
pub fn lower_args(
    program: &Program,
    scope: &TyScope,
    generics: &Generics,
    given: &[Ty],
    args: Option<&ast::GenericArgs>,
    what: &str,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Ty> {
    Lowering { program, scope, diagnostics }.args(generics, given, args, what, span, None)
}

/// Lowers a bound's trait for a self type: the trait reference, and what its `Item = T` demand.
pub fn lower_bound(
    program: &Program,
    scope: &TyScope,
    self_ty: Ty,
    path: &ast::Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(TraitRef, Vec<Predicate>)> {
    let mut lowering = Lowering { program, scope, diagnostics };
    let trait_ref = lowering.trait_ref(self_ty, path)?;
    let bindings = lowering.bindings(trait_ref, path);
    Some((trait_ref, bindings))
}

/// Lowers a function type's signature.
pub fn lower_fn_sig(
    program: &Program,
    scope: &TyScope,
    f: &ast::FnTypeExpr,
    diagnostics: &mut Vec<Diagnostic>,
) -> FnSig {
    Lowering { program, scope, diagnostics }.fn_sig(f)
}

pub(crate) struct Lowering<'a, 'd> {
    pub program: &'a Program,
    pub scope: &'a TyScope<'a>,
    pub diagnostics: &'d mut Vec<Diagnostic>,
}

impl Lowering<'_, '_> {
    pub fn ty(&mut self, ty: &TypeExpr) -> Ty {
        match &ty.kind {
            TypeExprKind::Path(path) => self.path(path),
            TypeExprKind::Tuple(elems) => Ty::tuple(&elems.iter().map(|t| self.ty(t)).collect::<Vec<_>>()),
            TypeExprKind::List(elem) => Ty::list(self.ty(elem)),
            TypeExprKind::Array(elem, len) => {
                let elem = self.ty(elem);
                Ty::new(TyKind::Array(elem, self.constant(len, true)))
            }
            TypeExprKind::Ref { mutable, ty } => {
                let inner = self.ty(ty);
                if *mutable { Ty::mut_ref(inner) } else { Ty::shared_ref(inner) }
            }
            TypeExprKind::RawPtr(ty) => Ty::raw_ptr(self.ty(ty)),
            TypeExprKind::Fn(f) => {
                // Lowered all the same, for mistakes inside.
                self.fn_sig(f);
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::E0221,
                        ty.span,
                        "a plain function type can only be the type of a parameter",
                    )
                    .label("every function and closure has a type of its own, of its own size")
                    .help("to store, return or collect functions, use the boxed form `dyn fn(…)`")
                    .fix("box it", ty.span.start(), "dyn ", Applicability::Certain),
                );
                Ty::error()
            }
            TypeExprKind::Dyn(path) => self.dyn_trait(path, ty.span),
            TypeExprKind::DynFn(f) => Ty::new(TyKind::DynFn(self.fn_sig(f))),
            TypeExprKind::Const(value) => {
                self.diagnostics.push(
                    Diagnostic::error(codes::E0208, value.span, "expected a type, found a value")
                        .label("not a type"),
                );
                Ty::error()
            }
            TypeExprKind::Infer => match self.scope.holes {
                Some(holes) => holes(ty.span),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(codes::E0229, ty.span, "`_` cannot stand in a declaration")
                            .label("types are inferred inside of bodies only")
                            .help("write the type out"),
                    );
                    Ty::error()
                }
            },
            TypeExprKind::Never => Ty::never(),
            TypeExprKind::Error => Ty::error(),
        }
    }

    fn path(&mut self, path: &ast::Path) -> Ty {
        let resolved = match Resolver::new(self.program).resolve_path(path, Ns::Types, self.scope) {
            Ok(resolved) => resolved,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return Ty::error();
            }
        };
        if resolved.res == Res::Def(Def::Error) {
            return Ty::error();
        }
        for (i, segment) in path.segments[..resolved.used].iter().enumerate() {
            if i + 1 < resolved.used {
                self.no_args(segment, "a module");
            }
        }
        let last = &path.segments[resolved.used - 1];
        let mut ty = match resolved.res {
            Res::Param(index) => {
                self.no_args(last, "a type parameter");
                let param = &self.scope.generics.params[index as usize];
                if param.is_const && resolved.used == path.segments.len() {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::E0208,
                            path.span,
                            format!("`{}` is a constant parameter, not a type", param.name),
                        )
                        .label("expected a type"),
                    );
                    return Ty::error();
                }
                Ty::param(index, param.name)
            }
            Res::SelfTy => {
                self.no_args(last, "`Self`");
                self.scope.self_ty.unwrap_or_else(Ty::error)
            }
            Res::Def(Def::Builtin(builtin)) => {
                self.no_args(last, "a built-in type");
                builtin.0
            }
            Res::Def(Def::Adt(id)) => {
                let adt = &self.program.adts[id];
                let what = if adt.kind == AdtKind::Struct { "struct" } else { "enum" };
                let what = format!("{what} `{}`", adt.name);
                let args = self.args(
                    &adt.generics,
                    &[],
                    last.args.as_deref(),
                    &what,
                    last.name.span,
                    Some(adt.name_span),
                );
                Ty::adt(id, &args)
            }
            Res::Def(Def::Alias(id)) => self.alias(id, last),
            Res::Def(Def::Trait(id)) => {
                let name = self.program.traits[id].name;
                if resolved.used == path.segments.len() {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::E0208,
                            path.span,
                            format!("`{name}` is a trait, not a type"),
                        )
                        .label("expected a type")
                        .help(format!(
                            "for a value of any type with this trait, write `dyn {name}`; or take a type parameter `[T: {name}]`"
                        ))
                        .fix("use the dynamic form", path.span.start(), "dyn ", Applicability::Maybe),
                    );
                } else {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::E0228,
                            path.span,
                            format!(
                                "an associated type belongs to a type: write `T::{}` for a `T: {name}`",
                                path.segments[resolved.used].name.name
                            ),
                        )
                        .label("of which type?"),
                    );
                }
                return Ty::error();
            }
            Res::Def(def) => {
                let what = describe(self.program, def);
                let name = last.name.name;
                let mut diagnostic = Diagnostic::error(
                    codes::E0208,
                    path.span,
                    format!("expected a type, but `{name}` is a {what}"),
                )
                .label(format!("this is a {what}"));
                if let Def::Variant(adt, _) = def {
                    diagnostic = diagnostic.help(format!(
                        "a variant is a value of its enum: the type is `{}`",
                        self.program.adts[adt].name
                    ));
                }
                self.diagnostics.push(diagnostic);
                return Ty::error();
            }
        };
        for segment in &path.segments[resolved.used..] {
            self.no_args(segment, "an associated type");
            ty = self.assoc(ty, segment.name);
        }
        ty
    }

    fn no_args(&mut self, segment: &ast::PathSegment, what: &str) {
        if let Some(args) = &segment.args {
            self.diagnostics.push(
                Diagnostic::error(codes::E0207, args.span, format!("{what} takes no generic arguments"))
                    .label("not expected here")
                    .fix("remove them", args.span, "", Applicability::Maybe),
            );
        }
    }

    fn alias(&mut self, id: AliasId, segment: &ast::PathSegment) -> Ty {
        let alias = &self.program.aliases[id];
        let what = format!("type `{}`", alias.name);
        let args = self.args(
            &alias.generics,
            &[],
            segment.args.as_deref(),
            &what,
            segment.name.span,
            Some(alias.span),
        );
        if alias.ready {
            let ty = alias.ty.subst(&args);
            return if args.is_empty() { ty } else { self.sized(ty, segment.name.span) };
        }
        let (depth, fuel) = (self.scope.depth.get(), self.scope.fuel.get());
        if depth >= ALIAS_DEPTH || fuel == 0 {
            return Ty::error();
        }
        let Some(written) = &alias.ast.ty else { return Ty::error() };
        let scope = TyScope::new(alias.module, &alias.generics);
        scope.depth.set(depth + 1);
        scope.fuel.set(fuel - 1);
        // Mistakes in it are reported where the alias itself is lowered.
        let mut ignored = Vec::new();
        let ty = Lowering { program: self.program, scope: &scope, diagnostics: &mut ignored }.ty(written);
        self.scope.fuel.set(scope.fuel.get());
        let ty = ty.subst(&args);
        self.sized(ty, segment.name.span)
    }

    /// Aliases can double a type with each line; what is too large is refused before anything
    /// walks through it.
    pub fn sized(&mut self, ty: Ty, span: Span) -> Ty {
        let (parts, nesting) = extent(ty, &mut FxHashMap::default());
        if parts <= MAX_PARTS && nesting <= MAX_NESTING {
            return ty;
        }
        if ty.has_error() {
            return Ty::error();
        }
        self.diagnostics.push(
            Diagnostic::error(codes::E0227, span, "this type grows too large when its aliases are expanded")
                .label(if nesting > MAX_NESTING {
                    format!("nested more than {MAX_NESTING} deep")
                } else {
                    format!("more than {MAX_PARTS} parts")
                })
                .help("declare a struct for a part of it"),
        );
        Ty::error()
    }

    /// All arguments for `generics`, those in `given` first.
    pub fn args(
        &mut self,
        generics: &Generics,
        given: &[Ty],
        args: Option<&ast::GenericArgs>,
        what: &str,
        span: Span,
        declared: Option<Span>,
    ) -> Vec<Ty> {
        let mut result = given.to_vec();
        let params: Vec<&GenericParam> = generics.params[given.len().min(generics.params.len())..]
            .iter()
            .filter(|p| !p.implicit)
            .collect();
        let written: &[TypeExpr] = args.map_or(&[], |a| &a.args);
        let required = params.iter().filter(|p| p.default.is_none()).count();
        let fill = self.scope.holes.is_some() && written.is_empty();
        if written.len() > params.len() || (written.len() < required && !fill) {
            let listed = params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
            let message = if params.is_empty() {
                format!("{what} takes no generic arguments")
            } else {
                let range = if required == params.len() {
                    format!("{required}")
                } else {
                    format!("{required} to {}", params.len())
                };
                let s = if params.len() == 1 { "" } else { "s" };
                format!("{what} takes {range} generic argument{s}, but {} given", count_are(written.len()))
            };
            let mut diagnostic = Diagnostic::error(codes::E0207, args.map_or(span, |a| a.span), message)
                .label(if params.is_empty() {
                    "not expected here".to_owned()
                } else {
                    format!("its parameters are `[{listed}]`")
                });
            if let Some(declared) = declared.filter(|d| !d.is_empty()) {
                diagnostic = diagnostic.also(declared, "declared here");
            }
            self.diagnostics.push(diagnostic);
        }
        for (i, param) in params.iter().enumerate() {
            let ty = match written.get(i) {
                Some(arg) => self.arg(param, arg),
                None => match (param.default, self.scope.holes) {
                    (Some(default), _) => default.subst(&result),
                    (None, Some(holes)) => holes(span),
                    (None, None) => Ty::error(),
                },
            };
            result.push(ty);
        }
        result
    }

    fn arg(&mut self, param: &GenericParam, arg: &TypeExpr) -> Ty {
        if !param.is_const {
            return self.ty(arg);
        }
        match &arg.kind {
            TypeExprKind::Const(value) => self.constant(value, false),
            TypeExprKind::Path(path) => {
                let expr = ast::Expr { span: arg.span, kind: ast::ExprKind::Path(path.clone()) };
                self.constant(&expr, false)
            }
            TypeExprKind::Infer | TypeExprKind::Error => self.ty(arg),
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::E0208,
                        arg.span,
                        format!("`{}` is a constant parameter: expected a value, found a type", param.name),
                    )
                    .label("expected a constant"),
                );
                Ty::error()
            }
        }
    }

    /// A constant as a type argument or an array's length.
    fn constant(&mut self, value: &ast::Expr, length: bool) -> Ty {
        if let ast::ExprKind::Path(path) = &value.kind
            && path.segments.len() == 1
            && path.segments[0].name.name.as_str() == "_"
            && let Some(holes) = self.scope.holes
        {
            return holes(value.span);
        }
        match consteval::eval_ty(self.program, self.scope, value) {
            Ok(ty) => {
                if let TyKind::Const(n) = *ty.kind()
                    && length
                    && !(0..=i64::MAX as i128).contains(&n)
                {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::E0220,
                            value.span,
                            format!("an array cannot have {n} elements"),
                        )
                        .label("the length"),
                    );
                    return Ty::error();
                }
                ty
            }
            Err(Some(diagnostic)) => {
                self.diagnostics.push(*diagnostic);
                Ty::error()
            }
            Err(None) => Ty::error(),
        }
    }

    pub fn fn_sig(&mut self, f: &ast::FnTypeExpr) -> FnSig {
        let mut params = Vec::with_capacity(f.params.len());
        for (convention, ty) in &f.params {
            let ty = self.ty(ty);
            params.push((conv_of(self.program, self.scope.generics, *convention, ty), ty));
        }
        let ret = f.ret.as_ref().map_or_else(Ty::unit, |t| self.ty(t));
        FnSig { call: f.call, params: leak_params(&params), ret }
    }

    /// `T::Item`.
    fn assoc(&mut self, base: Ty, name: ast::Ident) -> Ty {
        if base.is_error() {
            return base;
        }
        match find_assoc(self.program, self.scope, base, name.name) {
            Assoc::Ty(ty) => ty,
            Assoc::None => {
                if let TyKind::Param(p) = base.kind()
                    && let Some(param) = self.scope.generics.params.get(p.index as usize)
                    && self.program.broken_bounds.contains(&param.span)
                {
                    return Ty::error();
                }
                let shown = crate::ty::display(self.program, base);
                let mut diagnostic = Diagnostic::error(
                    codes::E0228,
                    name.span,
                    format!("`{shown}` has no associated type `{}`", name.name),
                )
                .label("not found");
                if let TyKind::Param(p) = base.kind() {
                    let traits: Vec<_> = self
                        .program
                        .traits
                        .iter()
                        .filter(|t| t.assoc_types.iter().any(|a| a.name == name.name))
                        .take(3)
                        .map(|t| format!("`{}`", t.name))
                        .collect();
                    if !traits.is_empty() {
                        diagnostic = diagnostic.help(format!(
                            "`{}` needs a bound by a trait that has it: {}",
                            p.name,
                            traits.join(", ")
                        ));
                    }
                }
                self.diagnostics.push(diagnostic);
                Ty::error()
            }
            Assoc::Ambiguous(one, other) => {
                let traits = &self.program.traits;
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::E0228,
                        name.span,
                        format!(
                            "`{}` could be that of `{}` or of `{}`",
                            name.name, traits[one.trait_].name, traits[other.trait_].name
                        ),
                    )
                    .label("ambiguous"),
                );
                Ty::error()
            }
        }
    }
}

/// How many parts a type has (shared ones counted each time, but visited once), and how deep it is
/// nested.
fn extent(ty: Ty, known: &mut FxHashMap<Ty, (u64, u32)>) -> (u64, u32) {
    if let Some(&found) = known.get(&ty) {
        return found;
    }
    let (mut parts, mut nesting) = (1u64, 0);
    ty.map_children(&mut |child| {
        let inner = extent(child, known);
        parts = parts.saturating_add(inner.0);
        nesting = nesting.max(inner.1);
        child
    });
    known.insert(ty, (parts, nesting + 1));
    (parts, nesting + 1)
}

fn count_are(n: usize) -> String {
    match n {
        0 => "none is".into(),
        1 => "1 is".into(),
        n => format!("{n} are"),
    }
}
