//! What lowering asks about types, remembered per body.
//!
//! Not here: how the answers are found ([`hir::traits`]).

use std::cell::RefCell;

use base::FxHashMap;
use hir::items::{FnDecl, Origin, Program};
use hir::thir;
use hir::traits::{Facts, ParamEnv, TraitCache};
use hir::ty::{Args, Conv, FloatTy, FnSig, IntTy, Mutability, Ty, TyKind};

use crate::body::CallFlow;

pub struct Types<'a> {
    facts: Facts<'a>,
    /// Answers for types that are not decided by their outermost part.
    copy: RefCell<FxHashMap<Ty, bool>>,
    drop: RefCell<FxHashMap<Ty, bool>>,
    pub usize: Ty,
}

impl<'a> Types<'a> {
    pub fn new(
        program: &'a Program,
        env: &'a ParamEnv,
        cache: &'a TraitCache,
        body: &'a thir::Body,
    ) -> Types<'a> {
        Types {
            facts: Facts::new(program, env, cache, body),
            copy: RefCell::default(),
            drop: RefCell::default(),
            usize: Ty::int_of(IntTy::Usize),
        }
    }

    #[inline]
    pub fn is_copy(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::RawPtr(_)
            | TyKind::Ref(Mutability::Shared, _) => true,
            TyKind::Str | TyKind::List(_) | TyKind::Ref(Mutability::Mut, _) => false,
            _ => *self.copy.borrow_mut().entry(ty).or_insert_with(|| self.facts.is_copy(ty)),
        }
    }

    #[inline]
    pub fn needs_drop(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::RawPtr(_)
            | TyKind::Ref(..) => false,
            TyKind::Str | TyKind::List(_) => true,
            _ => *self.drop.borrow_mut().entry(ty).or_insert_with(|| self.facts.needs_drop(ty)),
        }
    }

    pub fn is_view(&self, ty: Ty) -> bool {
        self.facts.is_view(ty)
    }

    /// `ty` with arguments put in, projections resolved as far as they can be here.
    pub fn instantiate(&self, ty: Ty, args: &Args) -> Ty {
        let ty = ty.subst(args);
        if ty.has_projection() { self.facts.solver.normalize_plain(ty) } else { ty }
    }

    /// How views flow through a call of a declared function.
    pub fn flow(&self, decl: &FnDecl, args: &Args) -> CallFlow {
        let mut flow = CallFlow::default();
        if !decl.ret_origins.is_empty() && self.is_view(self.instantiate(decl.ret, args)) {
            flow.ret_origins = decl.ret_origins.clone();
        }
        for (i, param) in decl.params.iter().enumerate() {
            if param.conv == Conv::Mut && self.is_view(self.instantiate(param.ty, args)) {
                flow.absorbing.push(i as u32);
            }
        }
        flow
    }

    /// How views flow through a call of a function value, whose arguments come after itself.
    pub fn value_flow(&self, sig: &FnSig) -> CallFlow {
        let ret_origins =
            if self.is_view(sig.ret) { self.value_origins(sig.params, sig.ret) } else { vec![] };
        let absorbing = (0..)
            .zip(sig.params)
            .filter(|(_, (conv, ty))| *conv == Conv::Mut && self.is_view(*ty))
            .map(|(i, _)| i + 1)
            .collect();
        CallFlow { ret_origins, absorbing }
    }

    /// What the result of a function value may view: a result that is a borrow in itself views
    /// the borrowed arguments, any other what the arguments hold; both what the value captured.
    pub fn value_origins(&self, params: &[(Conv, Ty)], ret: Ty) -> Vec<Origin> {
        let inherent = self.facts.is_inherent_view(ret);
        let mut origins = vec![Origin::Held(0)];
        origins.extend((1..).zip(params).filter_map(|(i, (conv, ty))| match conv {
            Conv::Ref | Conv::Mut if inherent => Some(Origin::Outer(i)),
            _ if self.is_view(*ty) => Some(Origin::Held(i)),
            _ => None,
        }));
        origins
    }

    pub fn float_bits(ty: Ty) -> Option<u32> {
        match ty.kind() {
            TyKind::Float(FloatTy::F32) => Some(32),
            TyKind::Float(FloatTy::F64) => Some(64),
            _ => None,
        }
    }
}
