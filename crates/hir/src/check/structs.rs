//! Struct literals and ranges.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::coerce::{Join, Why};
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::items::{AdtId, AdtKind, Def, FieldIdx, VariantIdx};
use crate::thir::{ExprId, ExprKind};
use crate::ty::{Ty, TyKind, tys};

impl Checker<'_> {
    pub(super) fn check_struct(
        &mut self,
        path: &ast::Path,
        fields: &[ast::FieldInit],
        base: Option<&ast::Expr>,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let Some((adt, variant, generic)) = self.struct_path(path) else {
            for field in fields {
                if let Some(value) = &field.value {
                    self.check_expr(value, Expect::Any);
                }
            }
            if let Some(base) = base {
                self.check_expr(base, Expect::Any);
            }
            self.has_errors = true;
            return self.error_expr(span);
        };
        let program = self.program;
        if program.actors.contains_key(&adt) && fields.iter().all(|f| !f.name.name.as_str().starts_with('$'))
        {
            let name = program.adts[adt].name;
            self.report(
                Diagnostic::error(
                    codes::E0236,
                    path.span,
                    format!("an actor is not made like a struct: `{name}::new(…)` starts one"),
                )
                .label("names the handle, which has no fields")
                .also(program.adts[adt].name_span, "declared here")
                .help("inside of the actor's `new`, write `Self{…}`"),
            );
            return self.error_expr(span);
        }
        let ty = Ty::adt(adt, &generic);
        if let Some(hint) = expect.hint() {
            let hint = self.resolve(hint);
            if matches!(hint.kind(), TyKind::Adt(id, _) if *id == adt) {
                self.unify(ty, hint);
            }
        }
        let cause = Cause::new(path.span, CauseKind::Adt(adt));
        self.require_bounds(&program.adts[adt].generics, &generic, cause);
        let decl = &program.adts[adt].variants[variant];
        let mut done: Vec<(FieldIdx, ExprId)> = Vec::new();
        let mut broken = false;
        for field in fields {
            let found = decl.fields.iter_enumerated().find(|(_, f)| f.name == field.name.name);
            let Some((index, declared)) = found else {
                self.report_unknown_field(field.name, adt, variant);
                if let Some(value) = &field.value {
                    self.check_expr(value, Expect::Any);
                }
                broken = true;
                continue;
            };
            if done.iter().any(|(i, _)| *i == index) {
                self.report(
                    Diagnostic::error(
                        codes::E0309,
                        field.span,
                        format!("the field `{}` is given twice", field.name.name),
                    )
                    .label("second time"),
                );
                broken = true;
            }
            self.require_visible_field(adt, declared, field.name.span);
            let field_ty = self.field_type(declared.ty, &generic, field.span);
            let why = Why::because(declared.span, "the field is declared here");
            let value = match &field.value {
                Some(value) => self.check_coerce(value, field_ty, &why),
                None => {
                    let short = short_form(field);
                    let why = Why { short_form: true, ..why };
                    self.check_coerce(&short, field_ty, &why)
                }
            };
            done.push((index, value));
        }
        let base = base.map(|base| {
            let id = self.check_expr(base, Expect::Hint(ty));
            let found = self.structurally(self.ty_of(id));
            if !self.unify(ty, found) {
                self.report_mismatch(id, ty, &Why::message("the base of a struct literal has the same type"));
            }
            id
        });
        if base.is_none() && !self.fill_defaults(adt, variant, &generic, &mut done, span) {
            let missing: Vec<FieldIdx> = decl
                .fields
                .iter_enumerated()
                .filter(|(i, f)| f.default.is_none() && !done.iter().any(|(d, _)| d == i))
                .map(|(i, _)| i)
                .collect();
            if !broken {
                self.report_missing_fields(adt, variant, &missing, fields, span);
            }
            return self.push(ty, span, ExprKind::Error);
        }
        if broken {
            return self.push(ty, span, ExprKind::Error);
        }
        let kind = ExprKind::Adt { adt, variant, args: tys(&generic), fields: done, base };
        let id = self.push(ty, span, kind);
        self.check_invariants_of(id, adt, span)
    }

    /// Adds the default values of fields left out. False if some field has none.
    fn fill_defaults(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        generic: &[Ty],
        done: &mut Vec<(FieldIdx, ExprId)>,
        span: Span,
    ) -> bool {
        let program = self.program;
        let mut complete = true;
        for (index, field) in program.adts[adt].variants[variant].fields.iter_enumerated() {
            if done.iter().any(|(i, _)| *i == index) {
                continue;
            }
            let Some(default) = field.default.clone() else {
                complete = false;
                continue;
            };
            let ty = self.field_type(field.ty, generic, span);
            let why = Why::because(field.span, "the field is declared here");
            if self.open_defaults.contains(&(adt, index)) || self.open_defaults.len() > 32 {
                let name = field.name;
                self.report(
                    Diagnostic::error(
                        codes::E0227,
                        default.span,
                        format!("the default value of `{name}` needs itself"),
                    )
                    .label("this leaves the same field to its default again"),
                );
                done.push((index, self.error_expr(span)));
                continue;
            }
            self.open_defaults.push((adt, index));
            let value =
                self.in_module(program.adts[adt].module, |this| this.check_coerce(&default, ty, &why));
            self.open_defaults.pop();
            done.push((index, value));
        }
        complete
    }

    /// Checks something written elsewhere: names mean what they mean there.
    pub(super) fn in_module<R>(
        &mut self,
        module: crate::items::ModId,
        run: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let scopes = std::mem::replace(&mut self.scopes, vec![super::Scope::default()]);
        let outer = std::mem::replace(&mut self.module, module);
        let result = run(self);
        self.module = outer;
        self.scopes = scopes;
        result
    }

    fn struct_path(&mut self, path: &ast::Path) -> Option<(AdtId, VariantIdx, Vec<Ty>)> {
        let def = self.resolve_struct_path(path)?;
        match def {
            Def::Variant(adt, variant) => {
                let count = path.segments.len();
                let written = path.segments[count - 1]
                    .args
                    .as_deref()
                    .or_else(|| count.checked_sub(2).and_then(|i| path.segments[i].args.as_deref()));
                let program = self.program;
                let what = format!("`{}`", program.adts[adt].name);
                let generics = &program.adts[adt].generics;
                let args = self.lower_generic_args(generics, &[], written, &what, path.span);
                Some((adt, variant, args))
            }
            Def::Adt(_) => {
                let ty = self.lower_path_type(path, path.segments.len());
                match *self.shallow(ty).kind() {
                    TyKind::Adt(adt, args) if self.program.adts[adt].kind == AdtKind::Struct => {
                        Some((adt, VariantIdx(0), args.to_vec()))
                    }
                    TyKind::Error => None,
                    _ => {
                        let text = self.sources.text(path.span).to_owned();
                        self.report(
                            Diagnostic::error(codes::E0316, path.span, format!("`{text}` is no struct"))
                                .label("only structs and variants with named fields are made like this"),
                        );
                        None
                    }
                }
            }
            _ => {
                let text = self.sources.text(path.span).to_owned();
                self.report(
                    Diagnostic::error(codes::E0316, path.span, format!("`{text}` is no struct"))
                        .label("only structs and variants with named fields are made like this"),
                );
                None
            }
        }
    }

    fn report_missing_fields(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        missing: &[FieldIdx],
        given: &[ast::FieldInit],
        span: Span,
    ) {
        let decl = &self.program.adts[adt].variants[variant];
        let names: Vec<String> = missing.iter().map(|&i| format!("`{}`", decl.fields[i].name)).collect();
        let plural = if names.len() == 1 { "field" } else { "fields" };
        let listed = names.join(", ");
        let text: Vec<String> = missing.iter().map(|&i| format!("{}: …", decl.fields[i].name)).collect();
        let separator = if given.is_empty() { "" } else { ", " };
        let end = Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span };
        self.report(
            Diagnostic::error(
                codes::E0309,
                span,
                format!("`{}` needs a value for the {plural} {listed}", decl.name),
            )
            .label(format!("missing {listed}"))
            .also(decl.span, "declared here")
            .fix(
                format!("add the {plural}"),
                end.start(),
                format!("{separator}{}", text.join(", ")),
                Applicability::Maybe,
            ),
        );
    }

    // ------------------------------------------------------------ ranges

    pub(super) fn check_range(
        &mut self,
        start: Option<&ast::Expr>,
        end: Option<&ast::Expr>,
        inclusive: bool,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let lang = match (start, end, inclusive) {
            (Some(_), Some(_), false) => "Range",
            (Some(_), Some(_), true) => "RangeInclusive",
            (Some(_), None, _) => "RangeFrom",
            (None, Some(_), false) => "RangeTo",
            (None, Some(_), true) => "RangeToInclusive",
            (None, None, _) => "RangeFull",
        };
        let hint = match expect.hint() {
            Some(ty) => match *self.shallow(ty).kind() {
                TyKind::Adt(_, [bound]) => Some(*bound),
                _ => None,
            },
            None => None,
        };
        let mut join = Join::new(hint, "the ends of a range have one type");
        let mut values = Vec::new();
        for (name, bound) in [("start", start), ("end", end)] {
            if let Some(bound) = bound {
                let id = self.check_expr(bound, join.expect());
                let ty = self.structurally(self.ty_of(id));
                // `0..xs.len()` with a reference to a number: the number.
                let id = match *ty.kind() {
                    TyKind::Ref(..) if hint.is_none() => {
                        let inner = self.peel(id);
                        if self.is_copy(self.ty_of(inner)) { inner } else { id }
                    }
                    _ => id,
                };
                values.push((name, self.join(&mut join, id)));
            }
        }
        let Some(adt) = self.program.lang.adt(lang) else { return self.error_expr(span) };
        let program = self.program;
        let decl = &program.adts[adt];
        let args: Vec<Ty> = match (join.ty(), decl.generics.params.len()) {
            (_, 0) => Vec::new(),
            (Some(ty), _) => vec![ty],
            (None, _) => vec![Ty::error()],
        };
        let mut fields: Vec<(FieldIdx, ExprId)> = Vec::new();
        for (name, value) in values {
            let found = decl.variants[VariantIdx(0)].fields.iter_enumerated().find(|(_, f)| f.name == *name);
            if let Some((index, _)) = found {
                fields.push((index, value));
            }
        }
        self.fill_defaults(adt, VariantIdx(0), &args, &mut fields, span);
        let ty = Ty::adt(adt, &args);
        let args = tys(&args);
        self.push(ty, span, ExprKind::Adt { adt, variant: VariantIdx(0), args, fields, base: None })
    }
}

/// `Point{x}` means `Point{x: x}`.
fn short_form(field: &ast::FieldInit) -> ast::Expr {
    let segment = ast::PathSegment { name: field.name, args: None };
    let path = ast::Path { span: field.name.span, segments: vec![segment] };
    ast::Expr { span: field.name.span, kind: ast::ExprKind::Path(path) }
}
