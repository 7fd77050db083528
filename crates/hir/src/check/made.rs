//! Calls that the compiler makes: of traits' methods and of std's marked functions.

use base::Span;

use super::Checker;
use super::coerce::Why;
use crate::infer::{Cause, CauseKind};
use crate::items::{FnId, FnParent};
use crate::thir::{BindMode, Callee, ExprId, ExprKind, LocalId, Pat, PatKind, Stmt};
use crate::ty::{Conv, Ty, TyKind, tys};

impl Checker<'_> {
    /// A call of a trait's method, with the trait demanded. `args` are the trait's, self first.
    pub(super) fn call_trait(
        &mut self,
        lang: &str,
        method: &str,
        trait_args: &[Ty],
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        if let Some(trait_) = self.program.lang.trait_(lang) {
            self.ctx.register_trait(trait_, trait_args, Cause::other(span));
        }
        self.call_trait_unchecked(lang, method, trait_args, args, span)
    }

    /// As [`Self::call_trait`], where the demand was made already.
    pub(super) fn call_trait_unchecked(
        &mut self,
        lang: &str,
        method: &str,
        trait_args: &[Ty],
        args: &[ExprId],
        span: Span,
    ) -> ExprId {
        let Some((trait_, id)) = self.trait_method(lang, method) else {
            return self.error_expr(span);
        };
        let program = self.program;
        let generics = &program.fns[id].generics;
        let all = self.ctx.fresh_args(generics, trait_args, span);
        let sig = self.ctx.normalize_sig(program.fns[id].sig().subst(&all), span);
        let callee = Callee::TraitMethod { trait_, method: id, args: tys(&all) };
        let ret = self.structurally(sig.ret);
        self.push(ret, span, ExprKind::Call { callee, args: args.to_vec() })
    }

    /// A call of a function that std marks with this role. Arguments are coerced; ones that the
    /// function reads are borrowed.
    pub(super) fn call_lang(&mut self, lang: &str, args: &[ExprId], span: Span) -> ExprId {
        match self.program.lang.function(lang) {
            Some(id) => self.call_fn(id, &[], args, span),
            None => self.error_expr(span),
        }
    }

    /// A call of a known function with values as arguments.
    pub(super) fn call_fn(&mut self, id: FnId, parent_args: &[Ty], args: &[ExprId], span: Span) -> ExprId {
        let program = self.program;
        let decl = &program.fns[id];
        let all = self.ctx.fresh_args(&decl.generics, parent_args, span);
        self.require_bounds(&decl.generics, &all, Cause::new(span, CauseKind::Fn(id)));
        let sig = self.ctx.normalize_sig(decl.sig().subst(&all), span);
        let mut done = Vec::with_capacity(args.len());
        for (&arg, &(conv, ty)) in args.iter().zip(sig.params) {
            let target = match conv {
                Conv::Ref => Ty::shared_ref(ty),
                Conv::Mut => Ty::mut_ref(ty),
                Conv::Val | Conv::Own => ty,
            };
            let found = self.structurally(self.ty_of(arg));
            let arg = match conv {
                Conv::Ref if !matches!(found.kind(), TyKind::Ref(..)) => self.read_arg(arg, ty, &Why::none()),
                _ => self.coerce(arg, target, &Why::none()),
            };
            done.push(arg);
        }
        let ret = self.structurally(sig.ret);
        let callee = Callee::Fn { id, args: tys(&all) };
        self.push(ret, span, ExprKind::Call { callee, args: done })
    }

    /// An inherent method or associated function of a built-in or lang type.
    pub(super) fn call_inherent(&mut self, ty: Ty, name: &str, args: &[ExprId], span: Span) -> ExprId {
        let name = base::Name::new(name);
        let program = self.program;
        let found = program.inherent.get(&name).into_iter().flatten().copied().find(|&id| {
            let FnParent::Inherent(impl_) = program.fns[id].parent else { return false };
            crate::traits::select::may_match(program.impls[impl_].self_ty, ty)
        });
        match found {
            Some(id) => {
                let parent: Vec<Ty> = match *ty.kind() {
                    TyKind::Adt(_, args) => args.to_vec(),
                    TyKind::List(elem) => vec![elem],
                    _ => Vec::new(),
                };
                self.call_fn(id, &parent, args, span)
            }
            None => self.error_expr(span),
        }
    }

    /// `let LOCAL = value`
    pub(super) fn let_temp(&mut self, local: LocalId, value: ExprId) -> Stmt {
        let (ty, span) = (self.locals[local].ty, self.span_of(value));
        let kind = PatKind::Binding { local, mode: BindMode::Move, sub: None };
        let pattern = Pat { ty, span, kind };
        Stmt::Let { pattern, value: Some(value), else_: None, span }
    }

    pub(super) fn block_of(&mut self, stmts: Vec<Stmt>, value: Option<ExprId>, span: Span) -> ExprId {
        let ty = value.map_or_else(Ty::unit, |v| self.ty_of(v));
        self.push(ty, span, ExprKind::Block(crate::thir::Block { stmts, value }))
    }
}
