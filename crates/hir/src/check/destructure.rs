//! Patterns that take something apart: tuples, lists, structs and variants.
//!
//! Not here: how names bind ([`super::pattern`]). The one thing to know: when a part cannot be
//! checked its names are declared all the same, so that their uses say nothing.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::Checker;
use super::pattern::{Mode, Names, count, field_pattern, is_rest, rest_name};
use crate::items::{AdtId, Def, FieldIdx, Shape, VariantIdx};
use crate::thir::{BindMode, Pat, PatKind};
use crate::ty::{InferVar, Ty, TyKind, Tys};

impl Checker<'_> {
    pub(super) fn check_tuple_pattern(
        &mut self,
        pats: &[ast::Pattern],
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> PatKind {
        let elems: Tys = match ty.kind() {
            TyKind::Tuple(elems) => elems,
            TyKind::Infer(InferVar::Ty(_)) if !pats.iter().any(is_rest) => {
                let fresh: Vec<Ty> = pats.iter().map(|p| self.fresh(p.span)).collect();
                let tuple = Ty::tuple(&fresh);
                self.unify(ty, tuple);
                match tuple.kind() {
                    TyKind::Tuple(elems) => elems,
                    _ => &[],
                }
            }
            _ => {
                if !ty.has_error() {
                    let shown = self.show(ty);
                    self.report(
                        Diagnostic::error(
                            codes::E0301,
                            span,
                            format!("this pattern takes a tuple apart, and the value is a `{shown}`"),
                        )
                        .label("not a tuple"),
                    );
                }
                self.bind_errors(pats, names);
                return PatKind::Error;
            }
        };
        match self.positional(pats, elems, span, "a tuple", None, mode, names) {
            Some(pats) => PatKind::Tuple(pats),
            None => PatKind::Error,
        }
    }

    /// Patterns for a fixed number of parts, where one `..` stands for those left out.
    #[allow(clippy::too_many_arguments)]
    fn positional(
        &mut self,
        pats: &[ast::Pattern],
        tys: &[Ty],
        span: Span,
        what: &str,
        declared: Option<Span>,
        mode: Mode,
        names: &mut Names,
    ) -> Option<Vec<Pat>> {
        let mode = Mode { nested: true, ..mode };
        let rest = pats.iter().position(is_rest);
        let given = pats.len() - usize::from(rest.is_some());
        if given > tys.len() || (rest.is_none() && given != tys.len()) {
            let mut diagnostic = Diagnostic::error(
                codes::E0411,
                span,
                format!("this pattern has {}, and {what} has {}", count(given, "part"), tys.len()),
            )
            .label(format!("expected {}", count(tys.len(), "pattern")));
            if let Some(place) = declared {
                diagnostic = diagnostic.also(place, "declared here");
            }
            if rest.is_none() && given < tys.len() {
                diagnostic = diagnostic.help("`..` matches those left out, `_` matches a single one");
            }
            self.report(diagnostic);
            self.bind_errors(pats, names);
            return None;
        }
        let skipped = tys.len() - given;
        let mut out = Vec::with_capacity(tys.len());
        for (i, pat) in pats.iter().enumerate() {
            if Some(i) == rest {
                if let Some((_, name)) = rest_name(pat) {
                    self.unsupported(pat.span, "a name for the rest of a tuple");
                    self.declare(name, Ty::error(), names);
                }
                for _ in 0..skipped {
                    let ty = tys[out.len()];
                    out.push(Pat { ty, span: pat.span, kind: PatKind::Wildcard });
                }
                continue;
            }
            if is_rest(pat) {
                self.report(
                    Diagnostic::error(codes::E0411, pat.span, "only one `..` can stand in a pattern")
                        .label("the second one"),
                );
                return None;
            }
            let ty = tys[out.len().min(tys.len() - 1)];
            out.push(self.check_pattern(pat, ty, mode, names));
        }
        Some(out)
    }

    /// Declares the names of patterns that cannot be checked, so that their uses say nothing.
    fn bind_errors(&mut self, pats: &[ast::Pattern], names: &mut Names) {
        self.has_errors = true;
        let mode = Mode { own: true, through: None, nested: true, let_mut: false };
        for pat in pats.iter().filter(|p| !is_rest(p)) {
            self.check_pattern(pat, Ty::error(), mode, names);
        }
    }

    pub(super) fn check_list_pattern(
        &mut self,
        pats: &[ast::Pattern],
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> PatKind {
        let elem = match *ty.kind() {
            TyKind::Tuple(_) => return self.check_tuple_pattern(pats, ty, span, mode, names),
            TyKind::List(elem) => elem,
            TyKind::Array(elem, len) => {
                if let TyKind::Const(n) = *self.shallow(len).kind() {
                    let given = pats.iter().filter(|p| !is_rest(p)).count() as i128;
                    let has_rest = pats.iter().any(is_rest);
                    if given > n || (!has_rest && given != n) {
                        self.report(
                            Diagnostic::error(
                                codes::E0411,
                                span,
                                format!(
                                    "this pattern has {}, and the array has {n}",
                                    count(given as usize, "part")
                                ),
                            )
                            .label("the lengths differ"),
                        );
                        self.bind_errors(pats, names);
                        return PatKind::Error;
                    }
                }
                elem
            }
            TyKind::Infer(InferVar::Ty(_)) if !pats.is_empty() && !pats.iter().any(is_rest) => {
                return self.check_tuple_pattern(pats, ty, span, mode, names);
            }
            _ => {
                if !ty.has_error() {
                    let shown = self.show(ty);
                    self.report(
                        Diagnostic::error(
                            codes::E0301,
                            span,
                            format!("this pattern takes a list apart, and the value is a `{shown}`"),
                        )
                        .label("neither a list nor a tuple"),
                    );
                }
                self.bind_errors(pats, names);
                return PatKind::Error;
            }
        };
        let mode = Mode { nested: true, ..mode };
        let (mut before, mut rest, mut after) = (Vec::new(), None, Vec::new());
        for pat in pats {
            if !is_rest(pat) {
                let checked = self.check_pattern(pat, elem, mode, names);
                if rest.is_none() {
                    before.push(checked)
                } else {
                    after.push(checked)
                }
                continue;
            }
            if rest.is_some() {
                self.report(
                    Diagnostic::error(codes::E0411, pat.span, "only one `..` can stand in a pattern")
                        .label("the second one"),
                );
                return PatKind::Error;
            }
            rest = Some(match rest_name(pat) {
                Some((convention, name)) => {
                    let list = Ty::list(elem);
                    let (view, bind) = match convention {
                        ast::Convention::Mut => {
                            self.report(
                                Diagnostic::error(
                                    codes::E0901,
                                    pat.span,
                                    "not supported yet: `mut` on the rest of a list pattern",
                                )
                                .label("this part of the language is not built yet")
                                .help("`xs.split_at_mut(n)` gives the parts to be changed"),
                            );
                            (Ty::error(), BindMode::Move)
                        }
                        ast::Convention::Own => {
                            self.report_owned_rest(pat.span);
                            (Ty::error(), BindMode::Move)
                        }
                        ast::Convention::Read => (Ty::shared_ref(list), BindMode::Move),
                    };
                    let local = self.declare(name, view, names);
                    let kind = PatKind::Binding { local, mode: bind, sub: None };
                    Some(Box::new(Pat { ty: view, span: pat.span, kind }))
                }
                None => None,
            });
        }
        PatKind::Slice { before, rest, after }
    }

    fn report_owned_rest(&mut self, span: Span) {
        self.report(
            Diagnostic::error(
                codes::E0511,
                span,
                "the rest of a list cannot be taken out of it by a pattern",
            )
            .label("a pattern only views the elements of a list")
            .help("`xs.split_off(n)` takes the rest, `for own x in xs` each element"),
        );
    }

    // ------------------------------------------------------------ structs and variants

    /// The generic arguments of the matched type, if the variant belongs to it.
    pub(super) fn adt_pattern(
        &mut self,
        adt: AdtId,
        _variant: VariantIdx,
        ty: Ty,
        span: Span,
    ) -> Option<Tys> {
        let (found, args) = self.fresh_adt(adt, span);
        if !self.expect_pattern(ty, found, span) {
            return None;
        }
        let args: Vec<Ty> = args.iter().map(|&t| self.resolve(t)).collect();
        Some(crate::ty::tys(&args))
    }

    fn pattern_variant(&mut self, path: &ast::Path, ty: Ty) -> Option<(AdtId, VariantIdx)> {
        match self.resolve_pattern_path(path, ty)? {
            Def::Variant(adt, variant) => Some((adt, variant)),
            Def::Adt(adt) if self.program.adts[adt].kind == crate::items::AdtKind::Struct => {
                Some((adt, VariantIdx(0)))
            }
            Def::Error => {
                self.has_errors = true;
                None
            }
            _ => {
                self.report(
                    Diagnostic::error(codes::E0402, path.span, "this is no struct or variant")
                        .label("only structs and variants have fields to match"),
                );
                None
            }
        }
    }

    pub(super) fn check_tuple_struct(
        &mut self,
        path: &ast::Path,
        fields: &[ast::Pattern],
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> PatKind {
        let Some((adt, variant)) = self.pattern_variant(path, ty) else {
            self.bind_errors(fields, names);
            return PatKind::Error;
        };
        let program = self.program;
        let decl = &program.adts[adt].variants[variant];
        if decl.shape != Shape::Tuple {
            self.report_shape(adt, variant, span);
            self.bind_errors(fields, names);
            return PatKind::Error;
        }
        let Some(args) = self.adt_pattern(adt, variant, ty, path.span) else {
            self.bind_errors(fields, names);
            return PatKind::Error;
        };
        let tys: Vec<Ty> = decl.fields.iter().map(|f| self.field_type(f.ty, args, span)).collect();
        let what = format!("`{}`", decl.name);
        match self.positional(fields, &tys, span, &what, Some(decl.span), mode, names) {
            Some(pats) => PatKind::Struct {
                adt,
                variant,
                args,
                fields: pats.into_iter().enumerate().map(|(i, p)| (FieldIdx(i as u32), p)).collect(),
            },
            None => PatKind::Error,
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn check_struct_pattern(
        &mut self,
        path: &ast::Path,
        fields: &[ast::FieldPattern],
        rest: bool,
        ty: Ty,
        span: Span,
        mode: Mode,
        names: &mut Names,
    ) -> PatKind {
        let error = |this: &mut Self, names: &mut Names| {
            let pats: Vec<ast::Pattern> = fields.iter().map(field_pattern).collect();
            this.bind_errors(&pats, names);
            PatKind::Error
        };
        let Some((adt, variant)) = self.pattern_variant(path, ty) else { return error(self, names) };
        let Some(args) = self.adt_pattern(adt, variant, ty, path.span) else {
            return error(self, names);
        };
        let program = self.program;
        let decl = &program.adts[adt].variants[variant];
        let mode = Mode { nested: true, ..mode };
        let mut out: Vec<(FieldIdx, Pat)> = Vec::new();
        let mut unknown = false;
        for field in fields {
            let found = decl.fields.iter_enumerated().find(|(_, f)| f.name == field.name.name);
            let Some((index, declared)) = found else {
                self.report_unknown_field(field.name, adt, variant);
                unknown = true;
                let pattern = field_pattern(field);
                self.check_pattern(&pattern, Ty::error(), mode, names);
                continue;
            };
            if out.iter().any(|(i, _)| *i == index) {
                self.report(
                    Diagnostic::error(
                        codes::E0408,
                        field.span,
                        format!("the field `{}` is matched twice", field.name.name),
                    )
                    .label("second time"),
                );
            }
            self.require_visible_field(adt, declared, field.name.span);
            let field_ty = self.field_type(declared.ty, args, span);
            let pattern = field_pattern(field);
            let pat = self.check_pattern(&pattern, field_ty, mode, names);
            if let (None, PatKind::Binding { local, .. }) = (&field.pattern, &pat.kind) {
                self.local_notes[*local].short_form = true;
            }
            out.push((index, pat));
        }
        let missing: Vec<&str> = decl
            .fields
            .iter_enumerated()
            .filter(|(i, _)| !out.iter().any(|(o, _)| o == i))
            .map(|(_, f)| f.name.as_str())
            // What the compiler has added to an actor's state cannot be written.
            .filter(|name| !name.starts_with('$') && !fields.iter().any(|f| f.name.name == **name))
            .collect();
        if !rest && !missing.is_empty() && !unknown {
            let listed = missing.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ");
            let end = Span { lo: span.hi.saturating_sub(1), ..span };
            let separator = if fields.is_empty() { "" } else { ", " };
            self.report(
                Diagnostic::error(codes::E0412, span, format!("this pattern does not mention {listed}"))
                    .label("a struct pattern names every field or ends in `..`")
                    .fix(
                        "ignore the other fields",
                        end.start(),
                        format!("{separator}.."),
                        Applicability::Maybe,
                    ),
            );
        }
        PatKind::Struct { adt, variant, args, fields: out }
    }

    /// A variant was matched in another form than it was declared.
    pub(super) fn report_shape(&mut self, adt: AdtId, variant: VariantIdx, span: Span) {
        let decl = &self.program.adts[adt].variants[variant];
        let form = match decl.shape {
            Shape::Unit => format!("`{}`, without fields", decl.name),
            Shape::Tuple => format!("`{}({})`", decl.name, vec!["_"; decl.fields.len()].join(", ")),
            Shape::Named => format!("`{}{{..}}`", decl.name),
        };
        self.report(
            Diagnostic::error(codes::E0411, span, format!("this pattern should be written {form}"))
                .label("has another form than the declaration")
                .also(decl.span, "declared here"),
        );
    }
}
