//! Types of fields, constants and statics; values of variants; which types are views by
//! themselves.

use base::{Diagnostic, FxHashMap, Span, codes};
use syntax::ast::{self, StructBody};

use super::{AdtSource, Collector};
use crate::consteval;
use crate::items::*;
use crate::lower_ty::{TyScope, lower_ty};
use crate::resolve::KNOWN;
use crate::ty::{FloatTy, IntTy, Ty, TyKind};

impl<'a> Collector<'a> {
    pub(super) fn lower_fields(&mut self) {
        for id in self.program.adts.ids() {
            let bodies: Vec<&'a StructBody> = match self.adt_source(id) {
                AdtSource::Struct(s) => vec![&s.body],
                AdtSource::Enum(e) => e.variants.iter().map(|v| &v.body).collect(),
            };
            let generics = self.program.adts[id].generics.clone();
            let scope =
                TyScope::new(self.program.adts[id].module, &generics).with_self(self.program.adt_self(id));
            for (variant, body) in bodies.into_iter().enumerate() {
                let written = match body {
                    StructBody::Unit => continue,
                    StructBody::Tuple(fields) | StructBody::Named(fields) => fields,
                };
                for (field, written) in written.iter().enumerate() {
                    let ty = lower_ty(&self.program, &scope, &written.ty, &mut self.diagnostics);
                    let variant = &mut self.program.adts[id].variants[VariantIdx(variant as u32)];
                    variant.fields[FieldIdx(field as u32)].ty = ty;
                }
            }
        }
        self.find_inherent_views();
    }

    /// A type is a view by itself if a field holds a reference or such a type: to a fixpoint.
    fn find_inherent_views(&mut self) {
        let mut holders: FxHashMap<AdtId, Vec<AdtId>> = FxHashMap::default();
        let mut queue = Vec::new();
        for (id, adt) in self.program.adts.iter_enumerated() {
            let mut view = adt.inherent_view;
            for field in adt.variants.iter().flat_map(|v| v.fields.iter()) {
                field.ty.walk(&mut |t| match *t.kind() {
                    TyKind::Ref(..) => {
                        view = true;
                        false
                    }
                    TyKind::Adt(inner, _) => {
                        holders.entry(inner).or_default().push(id);
                        true
                    }
                    // An owned `dyn` never hides a view; a raw pointer carries no loan.
                    TyKind::Dyn(_) | TyKind::DynFn(_) | TyKind::RawPtr(_) => false,
                    _ => true,
                });
            }
            if view {
                queue.push(id);
            }
        }
        let mut known: base::FxHashSet<AdtId> = queue.iter().copied().collect();
        while let Some(id) = queue.pop() {
            self.program.adts[id].inherent_view = true;
            for &holder in holders.get(&id).map_or(&[][..], |h| h) {
                if known.insert(holder) {
                    queue.push(holder);
                }
            }
        }
    }

    pub(super) fn lower_constants(&mut self) {
        let none = Generics::default();
        for id in self.program.consts.ids() {
            let item = self.const_source(id);
            let module = self.program.consts[id].module;
            self.program.consts[id].ty = self.constant_type(item, "const", &none, module);
        }
        self.program.consts_ready = true;
        for id in self.program.statics.ids() {
            let item = self.static_source(id);
            let module = self.program.statics[id].module;
            self.program.statics[id].ty = self.constant_type(item, "static", &none, module);
        }
    }

    fn constant_type(&mut self, item: &ast::ConstItem, what: &str, none: &Generics, module: ModId) -> Ty {
        let name = item.name.name;
        if item.value.is_none() && name != KNOWN.empty {
            self.report(
                Diagnostic::error(codes::E0226, item.name.span, format!("`{what} {name}` has no value"))
                    .label("add `= value`"),
            );
        }
        if let Some(ty) = &item.ty {
            return lower_ty(&self.program, &TyScope::new(module, none), ty, &mut self.diagnostics);
        }
        match item.value.as_ref().map(literal_type) {
            Some(Some(ty)) => ty,
            Some(None) => {
                self.report(
                    Diagnostic::error(codes::E0226, item.name.span, format!("`{what} {name}` needs a type"))
                        .label("declarations say their types; only a literal's may be left out")
                        .help(format!("write `{what} {name}: Type = …`")),
                );
                Ty::error()
            }
            None => Ty::error(),
        }
    }

    pub(super) fn lower_discriminants(&mut self) {
        for id in self.program.adts.ids() {
            let AdtSource::Enum(item) = self.adt_source(id) else { continue };
            if item.variants.iter().all(|v| v.discriminant.is_none()) {
                continue;
            }
            let none = Generics::default();
            let mut next: i128 = 0;
            let mut seen: FxHashMap<i128, Span> = FxHashMap::default();
            for (index, variant) in item.variants.iter().enumerate() {
                if let Some(value) = &variant.discriminant {
                    let scope = TyScope::new(self.program.adts[id].module, &none);
                    match consteval::eval(&self.program, &scope, value) {
                        Ok(value) => next = value,
                        Err(diagnostic) => self.diagnostics.extend(diagnostic.map(|d| *d)),
                    }
                }
                let span = variant.discriminant.as_ref().map_or(variant.name.span, |d| d.span);
                if !(i64::MIN as i128..=i64::MAX as i128).contains(&next) {
                    self.report(
                        Diagnostic::error(
                            codes::E0233,
                            span,
                            format!("{next} does not fit the 64 bits of a discriminant"),
                        )
                        .label("too large"),
                    );
                    next = index as i128;
                }
                if let Some(first) = seen.insert(next, span) {
                    self.report(
                        Diagnostic::error(codes::E0233, span, format!("two variants have the value {next}"))
                            .label("the second one")
                            .also(first, "the first one"),
                    );
                }
                self.program.adts[id].variants[VariantIdx(index as u32)].discriminant = next;
                next += 1;
            }
        }
    }
}

/// The type that a literal says by itself.
fn literal_type(value: &ast::Expr) -> Option<Ty> {
    use ast::{ExprKind, Literal};
    match &value.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::Int { suffix, .. } => match suffix {
                Some(suffix) => crate::resolve::builtin(*suffix),
                None => Some(Ty::int()),
            },
            Literal::Float { suffix, .. } => match suffix.map(|s| s.as_str()) {
                Some("f32") => Some(Ty::new(TyKind::Float(FloatTy::F32))),
                _ => Some(Ty::float()),
            },
            Literal::Bool(_) => Some(Ty::bool()),
            Literal::Char(_) => Some(Ty::char()),
            Literal::Str(_) => Some(Ty::str()),
            Literal::Byte(_) => Some(Ty::int_of(IntTy::U8)),
        },
        ExprKind::Unary { operand, .. } => literal_type(operand),
        ExprKind::Paren(inner) => literal_type(inner),
        _ => None,
    }
}
