//! Closures: making one, and its environment seen from inside.
//!
//! A closure is a struct of its captures. Its code gets it by `&`, `&mut` or value, as it is
//! called, and a captured variable's name means a field of it (looked through, if the capture
//! is a borrow).

use base::Span;
use hir::thir::{Capture, CaptureMode, ClosureDef};
use hir::ty::{Conv, Mutability, Ty, TyKind};
use syntax::ast::Convention;

use super::Builder;
use crate::body::{Aggregate, Local, LocalDecl, LocalKind, Operand, Place, Rvalue};
use crate::place::reference;

impl Builder<'_> {
    /// The type of a capture's field.
    pub fn capture_ty(&self, capture: &Capture) -> Ty {
        let ty = self.thir.locals[capture.local].ty;
        match capture.mode {
            CaptureMode::Ref(mutability) => reference(mutability, ty),
            CaptureMode::Value => ty,
        }
    }

    /// The value of a closure expression.
    pub fn closure_value(&mut self, index: u32, ty: Ty, span: Span) -> Rvalue {
        let thir = self.thir;
        let def = &thir.closures[index as usize];
        let args = match *ty.kind() {
            TyKind::Closure(_, args) => args,
            _ => &[],
        };
        let operands: Vec<Operand> = def
            .captures
            .iter()
            .map(|capture| {
                let place = self.var(capture.local);
                match capture.mode {
                    CaptureMode::Ref(mutability) => {
                        let temp = self.temp(self.capture_ty(capture), span);
                        let borrow = Rvalue::Ref { mutability, place, two_phase: false };
                        self.assign(temp, borrow, capture.span);
                        Operand::Move(temp.into())
                    }
                    CaptureMode::Value => self.use_place(place, thir.locals[capture.local].ty),
                }
            })
            .collect();
        Rvalue::Aggregate(Aggregate::Closure { id: def.id, args }, operands)
    }

    /// Makes the argument that a closure's code finds its captures in, and names them.
    pub fn environment(&mut self, def: &ClosureDef) -> (Local, Conv) {
        let closure = Ty::new(TyKind::Closure(def.id, self.own_args(def)));
        let (ty, conv) = match def.call {
            Convention::Read => (reference(Mutability::Shared, closure), Conv::Ref),
            Convention::Mut => (reference(Mutability::Mut, closure), Conv::Mut),
            Convention::Own => (closure, Conv::Own),
        };
        let env = self.locals.push(LocalDecl {
            ty,
            name: None,
            span: def.head,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Arg,
        });
        let base = match conv {
            Conv::Own => Place::local(env),
            _ => Place::local(env).deref(),
        };
        for (i, capture) in def.captures.iter().enumerate() {
            let field = base.field(i, self.capture_ty(capture));
            self.vars[capture.local] = Some(match capture.mode {
                CaptureMode::Ref(_) => field.deref(),
                CaptureMode::Value => field,
            });
        }
        (env, conv)
    }

    /// The generic arguments of a closure's type inside the function it stands in: that
    /// function's own parameters.
    fn own_args(&self, def: &ClosureDef) -> hir::ty::Tys {
        match def.id.owner {
            hir::items::BodyOwner::Fn(id) => hir::ty::tys(&self.program.fns[id].generics.identity()),
            _ => &[],
        }
    }
}
