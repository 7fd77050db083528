//! The fields of every type that occurs, and which types need dropping.

use hir::items::AdtKind;
use hir::ty::{Ty, TyKind, Tys};

use super::collect::Collector;
use super::{EnumShape, FieldShape, Shape, StructShape, VariantShape};
use crate::body::Source;

impl Collector<'_> {
    /// Makes sure that the layout of a type can be computed.
    pub fn note_type(&mut self, ty: Ty) {
        if !self.noted.insert(ty) {
            return;
        }
        match *ty.kind() {
            TyKind::Tuple(elems) => elems.iter().for_each(|&t| self.note_type(t)),
            TyKind::List(t) | TyKind::Array(t, _) | TyKind::Ref(_, t) | TyKind::RawPtr(t) => {
                self.note_type(t);
            }
            TyKind::Adt(adt, args) => {
                if self.grows(ty) {
                    self.report_type_growth(adt);
                    return;
                }
                let shape = self.adt_shape(ty, adt, args);
                self.out.shapes.insert(ty, shape);
                let fields: Vec<Ty> = match &self.out.shapes[&ty] {
                    Shape::Struct(s) => s.fields.iter().map(|f| f.ty).collect(),
                    Shape::Enum(e) => e.variants.iter().flat_map(|v| &v.fields).map(|f| f.ty).collect(),
                    Shape::Closure(_) => Vec::new(),
                };
                fields.into_iter().for_each(|t| self.note_type(t));
            }
            TyKind::Closure(id, args) => {
                let Some(body) = (self.bodies)(Source::Closure(id)) else { return };
                let captures: Vec<FieldShape> = body
                    .captures
                    .iter()
                    .map(|c| FieldShape { name: c.name, ty: self.close(c.ty, args) })
                    .collect();
                let types: Vec<Ty> = captures.iter().map(|c| c.ty).collect();
                self.out.shapes.insert(ty, Shape::Closure(captures));
                types.into_iter().for_each(|t| self.note_type(t));
            }
            _ => {}
        }
    }

    fn report_type_growth(&mut self, adt: hir::items::AdtId) {
        if self.overflow {
            return;
        }
        self.overflow = true;
        let decl = &self.items.adts[adt];
        let message = format!("`{}` holds ever larger versions of itself", decl.name);
        self.diagnostics.push(
            base::Diagnostic::error(base::codes::E0390, decl.name_span, message)
                .help("use the same type arguments where the type mentions itself"),
        );
    }

    fn close(&self, ty: Ty, args: Tys) -> Ty {
        let ty = ty.subst(args);
        if ty.has_projection() { self.solver.normalize_concrete(ty) } else { ty }
    }

    fn adt_shape(&self, ty: Ty, adt: hir::items::AdtId, args: Tys) -> Shape {
        let decl = &self.items.adts[adt];
        let name = hir::ty::display(self.items, ty);
        let fields = |variant: &hir::items::VariantDecl| -> Vec<FieldShape> {
            variant.fields.iter().map(|f| FieldShape { name: f.name, ty: self.close(f.ty, args) }).collect()
        };
        match decl.kind {
            AdtKind::Struct => Shape::Struct(StructShape {
                name,
                fields: decl.variants.iter().next().map(fields).unwrap_or_default(),
                non_null: self.items.lang.adt("Box") == Some(adt),
                interior_mutable: self.items.lang.adt("UnsafeCell") == Some(adt),
                maybe_uninit: self.items.lang.adt("MaybeUninit") == Some(adt),
                repr_c: decl.repr_c,
            }),
            AdtKind::Enum => Shape::Enum(EnumShape {
                name,
                variants: decl
                    .variants
                    .iter()
                    .map(|v| VariantShape { name: v.name, discriminant: v.discriminant, fields: fields(v) })
                    .collect(),
            }),
        }
    }

    /// Does dropping a value of this type do anything?
    pub fn needs_drop(&mut self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Str | TyKind::List(_) | TyKind::Dyn(_) | TyKind::DynFn(_) => true,
            TyKind::Array(elem, len) => !matches!(len.kind(), TyKind::Const(0)) && self.needs_drop(elem),
            TyKind::Adt(..) | TyKind::Closure(..) | TyKind::Tuple(_) => {
                if let Some(&known) = self.needs_drop.get(&ty) {
                    return known;
                }
                // A type within itself adds nothing.
                self.needs_drop.insert(ty, false);
                let found = self.find_needs_drop(ty);
                self.needs_drop.insert(ty, found);
                found
            }
            _ => false,
        }
    }

    fn find_needs_drop(&mut self, ty: Ty) -> bool {
        if let TyKind::Adt(adt, _) = *ty.kind()
            && self.items.adts[adt].drop_impl.is_some()
        {
            return true;
        }
        if let TyKind::Adt(adt, _) = *ty.kind()
            && self.items.lang.adt("MaybeUninit") == Some(adt)
        {
            return false;
        }
        self.note_type(ty);
        if let TyKind::Tuple(elems) = *ty.kind() {
            return elems.iter().any(|&t| self.needs_drop(t));
        }
        let fields: Vec<Ty> = match self.out.shapes.get(&ty) {
            Some(Shape::Struct(s)) => s.fields.iter().map(|f| f.ty).collect(),
            Some(Shape::Enum(e)) => e.variants.iter().flat_map(|v| &v.fields).map(|f| f.ty).collect(),
            Some(Shape::Closure(captures)) => captures.iter().map(|f| f.ty).collect(),
            None => Vec::new(),
        };
        fields.into_iter().any(|t| self.needs_drop(t))
    }
}
