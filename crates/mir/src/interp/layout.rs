//! Sizes and offsets: every field in its declared order, every enum with a tag of eight bytes.
//! Programs must not depend on more.

use std::rc::Rc;

use base::FxHashMap;
use hir::ty::{FloatTy, Mutability, Ty, TyKind};

use crate::mono::{Program, Shape};

#[derive(Debug, Default)]
pub struct Layout {
    pub size: usize,
    pub align: usize,
    /// By variant (one for what is not an enum): the fields' offsets.
    pub variants: Vec<Vec<usize>>,
    /// The types of the fields.
    pub fields: Vec<Vec<Ty>>,
    /// Discriminants, for an enum.
    pub discriminants: Option<Vec<i128>>,
    /// May change behind a shared reference.
    pub open: bool,
    /// Its bytes may mean nothing.
    pub maybe_uninit: bool,
}

#[derive(Default)]
pub struct Layouts {
    known: FxHashMap<Ty, Rc<Layout>>,
}

/// Which shared references are two words.
pub fn is_wide(pointee: Ty) -> bool {
    matches!(pointee.kind(), TyKind::Str | TyKind::List(_) | TyKind::Dyn(_) | TyKind::DynFn(_))
}

impl Layouts {
    pub fn of(&mut self, program: &Program, ty: Ty) -> Rc<Layout> {
        if let Some(known) = self.known.get(&ty) {
            return known.clone();
        }
        let layout = Rc::new(self.compute(program, ty));
        self.known.insert(ty, layout.clone());
        layout
    }

    fn compute(&mut self, program: &Program, ty: Ty) -> Layout {
        let plain = |size: usize| Layout { size, align: size.clamp(1, 8), ..Layout::default() };
        match *ty.kind() {
            TyKind::Int(int) => plain(int.bits() as usize / 8),
            TyKind::Float(FloatTy::F32) | TyKind::Char => plain(4),
            TyKind::Float(FloatTy::F64) | TyKind::RawPtr(_) => plain(8),
            TyKind::Bool => plain(1),
            TyKind::Ref(Mutability::Shared, to) if is_wide(to) => plain(16),
            TyKind::Ref(..) => plain(8),
            TyKind::Dyn(_) | TyKind::DynFn(_) => plain(16),
            TyKind::Str | TyKind::List(_) => plain(24),
            TyKind::Tuple(elems) => self.fields(program, vec![elems.to_vec()], 0),
            TyKind::Array(elem, len) => {
                let elem = self.of(program, elem);
                let n = match *len.kind() {
                    TyKind::Const(n) => usize::try_from(n).unwrap_or(0),
                    _ => 0,
                };
                Layout { size: elem.size * n, align: elem.align, open: elem.open, ..Layout::default() }
            }
            TyKind::Adt(..) | TyKind::Closure(..) => match program.shapes.get(&ty) {
                Some(Shape::Struct(s)) => {
                    let fields = s.fields.iter().map(|f| f.ty).collect();
                    let mut layout = self.fields(program, vec![fields], 0);
                    layout.open |= s.interior_mutable;
                    layout.maybe_uninit = s.maybe_uninit;
                    layout
                }
                Some(Shape::Closure(captures)) => {
                    let fields = captures.iter().map(|f| f.ty).collect();
                    self.fields(program, vec![fields], 0)
                }
                Some(Shape::Enum(e)) => {
                    let variants =
                        e.variants.iter().map(|v| v.fields.iter().map(|f| f.ty).collect()).collect();
                    let values = e.variants.iter().map(|v| v.discriminant).collect();
                    let mut layout = self.fields(program, variants, 8);
                    layout.discriminants = Some(values);
                    layout
                }
                None => plain(0),
            },
            _ => plain(0),
        }
    }

    fn fields(&mut self, program: &Program, variants: Vec<Vec<Ty>>, prefix: usize) -> Layout {
        let mut layout = Layout { align: if prefix > 0 { 8 } else { 1 }, ..Layout::default() };
        let mut size = prefix;
        for fields in &variants {
            let mut at = prefix;
            let mut offsets = Vec::new();
            for &field in fields {
                let inner = self.of(program, field);
                at = at.next_multiple_of(inner.align.max(1));
                offsets.push(at);
                at += inner.size;
                layout.align = layout.align.max(inner.align);
                layout.open |= inner.open;
            }
            size = size.max(at);
            layout.variants.push(offsets);
        }
        layout.fields = variants;
        layout.size = size.next_multiple_of(layout.align);
        layout
    }
}
