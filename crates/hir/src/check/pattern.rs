//! Patterns: what they match, what their names bind and how.
//!
//! Not here: whether patterns cover everything ([`super::exhaustive`]). The one thing to know:
//! bindings follow the conventions of parameters. On a *value* they own; on a *place*, or behind
//! a reference, `x` borrows (a `Copy` value is copied), `mut x` borrows exclusively and `own x`
//! moves. References are looked through without being written.

use base::{Applicability, Diagnostic, FxHashMap, Name, Span, codes};
use syntax::ast;

use super::Checker;
use crate::items::{Def, Shape, VariantIdx};
use crate::thir::{BindMode, ExprId, Lit, LocalId, Pat, PatKind};
use crate::ty::{Mutability, Ty, TyKind};

/// How names bind at a point of a pattern.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// The matched thing is a value (or a `let` takes it): names own.
    pub(super) own: bool,
    /// The pattern looked through a reference of this kind.
    pub(super) through: Option<Mutability>,
    /// Inside another pattern (or a `for`): a `&C` of a `Copy` type binds the `C`.
    pub(super) nested: bool,
    /// `let mut`.
    pub(super) let_mut: bool,
}

/// What a pattern binds while it is being checked.
#[derive(Default)]
pub(super) struct Names {
    bound: FxHashMap<Name, (LocalId, Span)>,
    /// The names of the first alternative of an or-pattern, which the others bind again.
    reuse: Option<FxHashMap<Name, (LocalId, Span)>>,
    /// Some name wants exclusive access to the matched place.
    wants_mut: bool,
}

impl Checker<'_> {
    /// The pattern of a `match` arm or `if let` on this scrutinee.
    pub(super) fn check_pattern_on(&mut self, pattern: &ast::Pattern, scrutinee: ExprId) -> Pat {
        let own = !self.is_place(scrutinee);
        let ty = self.ty_of(scrutinee);
        let mode = Mode { own, through: None, nested: false, let_mut: false };
        let mut names = Names::default();
        let pat = self.check_pattern(pattern, ty, mode, &mut names);
        if names.wants_mut && !own {
            self.make_mut(scrutinee);
        }
        self.bind_names(names);
        pat
    }

    pub(super) fn check_pattern_let(
        &mut self,
        pattern: &ast::Pattern,
        ty: Ty,
        mutable: bool,
        _has_value: bool,
    ) -> Pat {
        let mode = Mode { own: true, through: None, nested: false, let_mut: mutable };
        self.check_pattern_in(pattern, ty, mode)
    }

    /// The pattern of a `for`, on values of type `ty`.
    pub(super) fn check_pattern_owned(
        &mut self,
        pattern: &ast::Pattern,
        ty: Ty,
        _convention: ast::Convention,
    ) -> Pat {
        let mode = Mode { own: true, through: None, nested: true, let_mut: false };
        self.check_pattern_in(pattern, ty, mode)
    }

    /// The pattern of a parameter that is not a plain name; `by_ref` if it is passed by
    /// reference.
    pub(super) fn check_pattern_param(
        &mut self,
        pattern: &ast::Pattern,
        ty: Ty,
        by_ref: Option<Mutability>,
    ) -> Pat {
        let mode = Mode { own: by_ref.is_none(), through: by_ref, nested: false, let_mut: false };
        self.check_pattern_in(pattern, ty, mode)
    }

    fn check_pattern_in(&mut self, pattern: &ast::Pattern, ty: Ty, mode: Mode) -> Pat {
        let mut names = Names::default();
        let pat = self.check_pattern(pattern, ty, mode, &mut names);
        self.bind_names(names);
        pat
    }

    fn bind_names(&mut self, names: Names) {
        let mut bound: Vec<(Name, LocalId)> =
            names.bound.iter().map(|(&name, &(local, _))| (name, local)).collect();
        bound.sort_by_key(|&(_, local)| local);
        for (name, local) in bound {
            self.bind(name, local);
        }
    }

    pub(super) fn check_pattern(
        &mut self,
        pattern: &ast::Pattern,
        ty: Ty,
        mode: Mode,
        names: &mut Names,
    ) -> Pat {
        let span = pattern.span;
        let make = |kind| Pat { ty, span, kind };
        match &pattern.kind {
            ast::PatternKind::Wildcard => make(PatKind::Wildcard),
            ast::PatternKind::Rest => {
                self.report(
                    Diagnostic::error(
                        codes::E0402,
                        span,
                        "`..` stands for the rest of a list, tuple or struct",
                    )
                    .label("there is nothing here that it could be the rest of")
                    .fix("match anything", span, "_", Applicability::Maybe),
                );
                make(PatKind::Error)
            }
            ast::PatternKind::Error => {
                self.has_errors = true;
                make(PatKind::Error)
            }
            ast::PatternKind::Binding { convention, name, sub } => {
                if sub.is_none()
                    && *convention == ast::Convention::Read
                    && let Some(def) = self.pattern_constant(name.name)
                {
                    return self.constant_pattern(def, *name, ty, span);
                }
                if sub.is_none() && self.warn_variant_name(*name, ty) {
                    return make(PatKind::Error);
                }
                self.check_binding(*convention, *name, sub.as_deref(), ty, span, mode, names)
            }
            ast::PatternKind::Or(alternatives) => {
                self.check_alternatives(alternatives, ty, span, mode, names)
            }
            ast::PatternKind::Ref(inner) => {
                let resolved = self.structurally(ty);
                let TyKind::Ref(_, target) = *resolved.kind() else {
                    if !resolved.has_error() {
                        let shown = self.show(resolved);
                        self.report(
                            Diagnostic::error(
                                codes::E0301,
                                span,
                                format!("this pattern takes a reference apart, and the value is a `{shown}`"),
                            )
                            .label("not a reference")
                            .fix(
                                "leave out the `&`",
                                Span { hi: inner.span.lo, ..span },
                                "",
                                Applicability::Certain,
                            ),
                        );
                    }
                    return make(PatKind::Error);
                };
                let mode = Mode { own: true, through: None, nested: true, ..mode };
                let inner = self.check_pattern(inner, target, mode, names);
                make(PatKind::Deref(Box::new(inner)))
            }
            _ => self.check_behind_refs(pattern, ty, mode, names),
        }
    }

    /// Patterns that look at the value itself look through references first.
    fn check_behind_refs(&mut self, pattern: &ast::Pattern, ty: Ty, mode: Mode, names: &mut Names) -> Pat {
        let resolved = self.structurally(ty);
        if let TyKind::Ref(mutability, inner) = *resolved.kind() {
            let through = match (mode.through, mutability) {
                (Some(Mutability::Shared), _) | (_, Mutability::Shared) => Mutability::Shared,
                _ => Mutability::Mut,
            };
            let mode = Mode { own: false, through: Some(through), ..mode };
            let sub = self.check_behind_refs(pattern, inner, mode, names);
            return Pat { ty: resolved, span: pattern.span, kind: PatKind::Deref(Box::new(sub)) };
        }
        let ty = resolved;
        let span = pattern.span;
        let kind = match &pattern.kind {
            ast::PatternKind::Literal { negative, value } => {
                let (found, lit) = self.literal(value, *negative, span, Some(ty));
                if self.expect_pattern(ty, found, span) { PatKind::Literal(lit) } else { PatKind::Error }
            }
            ast::PatternKind::Range { start, end, inclusive } => {
                self.check_range_pattern(start.as_deref(), end.as_deref(), *inclusive, ty, span)
            }
            ast::PatternKind::Tuple(pats) => self.check_tuple_pattern(pats, ty, span, mode, names),
            ast::PatternKind::List(pats) => self.check_list_pattern(pats, ty, span, mode, names),
            ast::PatternKind::Path(path) if let Some((found, lit)) = self.integer_constant(path) => {
                if self.expect_pattern(ty, found, span) { PatKind::Literal(lit) } else { PatKind::Error }
            }
            ast::PatternKind::Path(path) => match self.resolve_pattern_path(path, ty) {
                Some(def) => {
                    let last = path.segments.last().map(|s| s.name);
                    let name = last.unwrap_or(ast::Ident { name: Name::new("_"), span });
                    return self.constant_pattern(def, name, ty, span);
                }
                None => PatKind::Error,
            },
            ast::PatternKind::TupleStruct { path, fields } => {
                self.check_tuple_struct(path, fields, ty, span, mode, names)
            }
            ast::PatternKind::Struct { path, fields, rest } => {
                self.check_struct_pattern(path, fields, *rest, ty, span, mode, names)
            }
            _ => PatKind::Error,
        };
        Pat { ty, span, kind }
    }

    // ------------------------------------------------------------ names

    #[allow(clippy::too_many_arguments)]
    fn check_binding(
        &mut self,
        convention: ast::Convention,
        name: ast::Ident,
        sub: Option<&ast::Pattern>,
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> Pat {
        let (bind, local_ty) = self.bind_mode(convention, ty, mode, names);
        let owned = mode.own && mode.through.is_none();
        let wants_mut = (mode.let_mut || convention == ast::Convention::Mut) && owned;
        let local = self.declare(name, local_ty, names);
        self.local_notes[local].lent =
            !mode.own && mode.through.is_none() && matches!(bind, BindMode::Ref(Mutability::Shared));
        let is_ref = matches!(self.shallow(local_ty).kind(), TyKind::Ref(..));
        if wants_mut && !(mode.nested && is_ref && !mode.let_mut) {
            self.locals[local].mutable = true;
            self.local_notes[local].let_mut = mode.let_mut;
        }
        let sub = sub.map(|sub| Box::new(self.check_pattern(sub, ty, mode, names)));
        Pat { ty, span, kind: PatKind::Binding { local, mode: bind, sub } }
    }

    fn bind_mode(
        &mut self,
        convention: ast::Convention,
        ty: Ty,
        mode: Mode,
        names: &mut Names,
    ) -> (BindMode, Ty) {
        if mode.own && !mode.nested && mode.through.is_none() {
            // What it is need not be known.
            return (BindMode::Move, self.ctx.structurally_resolve(ty));
        }
        let ty = self.structurally(ty);
        let copied = if mode.nested && convention == ast::Convention::Read {
            match *ty.kind() {
                TyKind::Ref(Mutability::Shared, inner) if self.is_copy(inner) => Some(inner),
                _ => None,
            }
        } else {
            None
        };
        if let Some(inner) = copied {
            return (BindMode::CopyDeref, inner);
        }
        if mode.own && mode.through.is_none() {
            return (BindMode::Move, ty);
        }
        match convention {
            ast::Convention::Own => (BindMode::Move, ty),
            ast::Convention::Mut => {
                names.wants_mut = true;
                (BindMode::Ref(Mutability::Mut), Ty::mut_ref(ty))
            }
            ast::Convention::Read if self.is_copy(ty) => (BindMode::Move, ty),
            ast::Convention::Read => (BindMode::Ref(Mutability::Shared), Ty::shared_ref(ty)),
        }
    }

    pub(super) fn declare(&mut self, name: ast::Ident, ty: Ty, names: &mut Names) -> LocalId {
        if let Some(&(_, first)) = names.bound.get(&name.name) {
            self.report(
                Diagnostic::error(
                    codes::E0408,
                    name.span,
                    format!("`{}` is bound twice in this pattern", name.name),
                )
                .label("second time")
                .also(first, "first time"),
            );
            return self.new_local(name.name, name.span, ty);
        }
        let again = names.reuse.as_ref().and_then(|r| r.get(&name.name)).copied();
        let local = match again {
            Some((local, first)) => {
                let earlier = self.locals[local].ty;
                if !self.unify(earlier, ty) {
                    let (a, b) = (self.show(earlier), self.show(ty));
                    self.report(
                        Diagnostic::error(
                            codes::E0409,
                            name.span,
                            format!(
                                "`{}` has different types in the alternatives of this pattern",
                                name.name
                            ),
                        )
                        .label(format!("here it is a `{b}`"))
                        .also(first, format!("here it is a `{a}`")),
                    );
                }
                local
            }
            None => {
                let local = self.new_local(name.name, name.span, ty);
                self.local_notes[local].warn_unused = !name.name.as_str().starts_with('_');
                local
            }
        };
        names.bound.insert(name.name, (local, name.span));
        local
    }

    fn check_alternatives(
        &mut self,
        alternatives: &[ast::Pattern],
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> Pat {
        let outer = std::mem::take(&mut names.bound);
        let outer_reuse = names.reuse.take();
        let mut first: Option<FxHashMap<Name, (LocalId, Span)>> = None;
        let mut pats = Vec::with_capacity(alternatives.len());
        for alternative in alternatives {
            names.reuse = first.clone().or_else(|| outer_reuse.clone());
            pats.push(self.check_pattern(alternative, ty, mode, names));
            let bound = std::mem::take(&mut names.bound);
            match &first {
                None => first = Some(bound),
                Some(first) => {
                    self.compare_alternatives(first, &bound, alternatives[0].span, alternative.span)
                }
            }
        }
        names.reuse = outer_reuse;
        names.bound = outer;
        for (name, place) in first.unwrap_or_default() {
            names.bound.insert(name, place);
        }
        Pat { ty, span, kind: PatKind::Or(pats) }
    }

    fn compare_alternatives(
        &mut self,
        first: &FxHashMap<Name, (LocalId, Span)>,
        other: &FxHashMap<Name, (LocalId, Span)>,
        first_span: Span,
        other_span: Span,
    ) {
        let mut odd: Vec<(Name, Span, Span)> = Vec::new();
        for (&name, &(_, span)) in first {
            if !other.contains_key(&name) {
                odd.push((name, span, other_span));
            }
        }
        for (&name, &(_, span)) in other {
            if !first.contains_key(&name) {
                odd.push((name, span, first_span));
            }
        }
        odd.sort_by_key(|&(_, span, _)| span.lo);
        if let Some((name, span, missing)) = odd.into_iter().next() {
            self.report(
                Diagnostic::error(
                    codes::E0409,
                    missing,
                    format!("`{name}` is not bound in all alternatives of this pattern"),
                )
                .label(format!("does not bind `{name}`"))
                .also(span, "bound here"),
            );
        }
    }

    /// A variant of the matched enum written without the enum's name would silently match
    /// everything: an error.
    /// `B(n)` where the variant is called `E::B`: says so, and goes on with the variant.
    pub(super) fn bare_variant(&mut self, path: &ast::Path, ty: Ty, unresolved: Diagnostic) -> Option<Def> {
        let ty = self.structurally(ty);
        if let ([segment], TyKind::Adt(adt, _)) = (path.segments.as_slice(), ty.peel_refs().kind())
            && let decl = &self.program.adts[*adt]
            && decl.kind == crate::items::AdtKind::Enum
            && let Some((variant, _)) =
                decl.variants.iter_enumerated().find(|(_, v)| v.name == segment.name.name)
        {
            let full = format!("{}::{}", decl.name, segment.name.name);
            self.report(
                Diagnostic::error(
                    codes::E0201,
                    segment.name.span,
                    format!("there is no `{}` here", segment.name.name),
                )
                .label(format!("the variant is called `{full}`"))
                .fix(
                    format!("write `{full}`"),
                    segment.name.span,
                    full.clone(),
                    Applicability::Certain,
                ),
            );
            return Some(Def::Variant(*adt, variant));
        }
        self.report(unresolved);
        None
    }

    fn warn_variant_name(&mut self, name: ast::Ident, ty: Ty) -> bool {
        let ty = self.ctx.structurally_resolve(ty);
        let TyKind::Adt(adt, _) = *ty.peel_refs().kind() else { return false };
        let decl = &self.program.adts[adt];
        if decl.kind != crate::items::AdtKind::Enum || !decl.variants.iter().any(|v| v.name == name.name) {
            return false;
        }
        let full = format!("{}::{}", decl.name, name.name);
        self.report(
            Diagnostic::error(
                codes::E0410,
                name.span,
                format!("`{}` would be a new name that matches everything", name.name),
            )
            .label(format!("the variant is called `{full}`"))
            .fix(format!("write `{full}`"), name.span, full.clone(), Applicability::Certain),
        );
        true
    }

    // ------------------------------------------------------------ constants and ranges

    fn constant_pattern(&mut self, def: Def, name: ast::Ident, ty: Ty, span: Span) -> Pat {
        let resolved = self.structurally(ty);
        if let TyKind::Ref(_, inner) = *resolved.kind() {
            let sub = self.constant_pattern(def, name, inner, span);
            return Pat { ty: resolved, span, kind: PatKind::Deref(Box::new(sub)) };
        }
        let kind = match def {
            Def::Variant(adt, variant) => {
                let decl = &self.program.adts[adt].variants[variant];
                if decl.shape != Shape::Unit {
                    self.report_shape(adt, variant, span);
                    PatKind::Error
                } else {
                    self.adt_pattern(adt, variant, resolved, span)
                        .map_or(PatKind::Error, |args| PatKind::Struct { adt, variant, args, fields: vec![] })
                }
            }
            Def::Adt(adt) => {
                let variant = VariantIdx(0);
                self.adt_pattern(adt, variant, resolved, span)
                    .map_or(PatKind::Error, |args| PatKind::Struct { adt, variant, args, fields: vec![] })
            }
            Def::Error => {
                self.has_errors = true;
                PatKind::Error
            }
            _ if let Some((found, lit)) = self.pattern_value(def) => {
                match (self.expect_pattern(resolved, found, span), lit, def) {
                    (false, ..) => PatKind::Error,
                    (true, Some(lit), _) => PatKind::Literal(lit),
                    (true, None, Def::Const(id)) => PatKind::Const { value: id },
                    (true, None, _) => {
                        self.report_open_constant(span);
                        PatKind::Error
                    }
                }
            }
            _ => {
                self.report(
                    Diagnostic::error(
                        codes::E0402,
                        span,
                        format!("`{}` is no variant, constant or struct that could be matched", name.name),
                    )
                    .label("not a pattern"),
                );
                PatKind::Error
            }
        };
        Pat { ty: resolved, span, kind }
    }

    fn check_range_pattern(
        &mut self,
        start: Option<&ast::Expr>,
        end: Option<&ast::Expr>,
        inclusive: bool,
        ty: Ty,
        span: Span,
    ) -> PatKind {
        let lo = start.map(|e| self.pattern_bound(e, ty));
        let hi = end.map(|e| self.pattern_bound(e, ty));
        if matches!(lo, Some(None)) || matches!(hi, Some(None)) {
            return PatKind::Error;
        }
        let (lo, hi) = (lo.flatten(), hi.flatten());
        let order = |lit: &Lit| match lit {
            Lit::Int(value) => Some(*value),
            Lit::Char(c) => Some(*c as i128),
            _ => None,
        };
        if let (Some(a), Some(b)) = (lo.as_ref().and_then(order), hi.as_ref().and_then(order))
            && (a > b || (a == b && !inclusive))
        {
            self.report(
                Diagnostic::error(codes::E0402, span, "this range matches nothing")
                    .label("it ends before it starts"),
            );
            return PatKind::Error;
        }
        PatKind::Range { lo, hi, inclusive }
    }

    fn pattern_bound(&mut self, expr: &ast::Expr, ty: Ty) -> Option<Lit> {
        let (negative, inner) = match &super::expr::unparen(expr).kind {
            ast::ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => (true, super::expr::unparen(operand)),
            _ => (false, super::expr::unparen(expr)),
        };
        let (found, lit) = match &inner.kind {
            ast::ExprKind::Literal(literal) => self.literal(literal, negative, expr.span, Some(ty)),
            ast::ExprKind::Path(path) if let Some((found, lit)) = self.integer_constant(path) => match lit {
                Lit::Int(value) if negative => (found, Lit::Int(-value)),
                lit => (found, lit),
            },
            ast::ExprKind::Path(path) => match self.resolve_pattern_path(path, ty)? {
                Def::Error => {
                    self.has_errors = true;
                    return None;
                }
                def if let Some((ty, lit)) = self.pattern_value(def) => {
                    let Some(lit) = lit else { return self.bad_bound(expr.span) };
                    let lit = match lit {
                        Lit::Int(value) if negative => Lit::Int(-value),
                        lit => lit,
                    };
                    (ty, lit)
                }
                _ => return self.bad_bound(expr.span),
            },
            _ => return self.bad_bound(expr.span),
        };
        let ordered = matches!(lit, Lit::Int(_) | Lit::Char(_) | Lit::Float(_));
        if !ordered {
            return self.bad_bound(expr.span);
        }
        self.expect_pattern(ty, found, expr.span).then_some(lit)
    }

    fn bad_bound(&mut self, span: Span) -> Option<Lit> {
        self.report(
            Diagnostic::error(codes::E0402, span, "the ends of a range pattern are numbers or characters")
                .label("neither a number nor a character that is known at compile time"),
        );
        None
    }

    /// The types of what is matched and of the pattern agree, or that is reported.
    pub(super) fn expect_pattern(&mut self, ty: Ty, found: Ty, span: Span) -> bool {
        if self.unify(ty, found) {
            return true;
        }
        let (want, have) = (self.show(ty), self.show(found));
        let (ty, found) = (self.resolve(ty), self.resolve(found));
        if !ty.has_error() && !found.has_error() {
            self.report(
                Diagnostic::error(
                    codes::E0301,
                    span,
                    format!("this pattern matches a `{have}`, and the value is a `{want}`"),
                )
                .label(format!("expected a pattern for `{want}`")),
            );
        }
        self.has_errors = true;
        false
    }
}

/// `..`, `..name` or `name @ ..`.
pub(super) fn is_rest(pattern: &ast::Pattern) -> bool {
    matches!(pattern.kind, ast::PatternKind::Rest) || rest_name(pattern).is_some()
}

/// The name of the rest in `..name` or `name @ ..`, with its convention. `..MAX` is a range: a
/// variable's name begins in lower case.
pub(super) fn rest_name(pattern: &ast::Pattern) -> Option<(ast::Convention, ast::Ident)> {
    match &pattern.kind {
        ast::PatternKind::Binding { convention, name, sub: Some(sub) } => {
            matches!(sub.kind, ast::PatternKind::Rest).then_some((*convention, *name))
        }
        ast::PatternKind::Range { start: None, end: Some(end), inclusive: false } => {
            let ast::ExprKind::Path(path) = &end.kind else { return None };
            match path.segments.as_slice() {
                [segment] if segment.args.is_none() => {
                    let name = segment.name;
                    let lower = name.name.as_str().starts_with(|c: char| c.is_lowercase() || c == '_');
                    lower.then_some((ast::Convention::Read, name))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn field_pattern(field: &ast::FieldPattern) -> ast::Pattern {
    field.pattern.clone().unwrap_or(ast::Pattern {
        span: field.span,
        kind: ast::PatternKind::Binding { convention: field.convention, name: field.name, sub: None },
    })
}

pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
