//! The end of checking a body: inference is closed, open decisions are made, and every type in
//! the result is filled in.
//!
//! The order matters: number literals get their defaults; conversions are decided; closures'
//! captures follow from types; only then can the last demands be met and the types be final.

use base::{Idx, Span};

use super::Checker;
use crate::thir::{self, Callee, ExprId, ExprKind, Pat, PatKind};
use crate::ty::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn finish(
        &mut self,
        span: Span,
        mut params: Vec<thir::Param>,
        ret: Ty,
        value: ExprId,
    ) -> thir::Body {
        self.settle_rest();
        self.ctx.apply_defaults();
        self.finish_conventions();
        self.ctx.apply_defaults();
        self.finish_casts();
        self.finish_captures();
        let failed = self.ctx.finish();
        if !failed.is_empty() {
            let quiet = self.has_errors;
            let reports = self.ctx.report_all(failed);
            for diagnostic in reports {
                // What is unknown is often so because of what was reported already.
                if quiet && diagnostic.code == base::codes::E0321 {
                    continue;
                }
                self.report(diagnostic);
            }
            self.has_errors = true;
        }
        self.finish_types();
        for param in &mut params {
            param.ty = self.final_ty(param.ty, param.span);
            self.finish_pattern(&mut param.pattern);
        }
        self.check_literals();
        self.check_patterns();
        self.warn_unused();
        thir::Body {
            owner: self.owner,
            span,
            exprs: std::mem::take(&mut self.exprs),
            locals: std::mem::take(&mut self.locals),
            params,
            ret,
            value,
            loop_count: self.loop_count,
            closures: std::mem::take(&mut self.closures),
            has_errors: self.has_errors,
        }
    }

    /// A type with everything decided. What is open is reported once.
    fn final_ty(&mut self, ty: Ty, span: Span) -> Ty {
        if !ty.has_infer() && !ty.has_projection() {
            return ty;
        }
        let ty = match self.ctx.table.finish(ty) {
            Ok(ty) => ty,
            Err((open, ty)) => {
                if !self.has_errors && self.open_reported.is_none() {
                    let diagnostic = self.ctx.report_unknown(open, span);
                    self.report(diagnostic);
                }
                self.open_reported = Some(span);
                self.has_errors = true;
                ty
            }
        };
        if ty.has_projection() { self.ctx.normalize(ty, span) } else { ty }
    }

    fn finish_types(&mut self) {
        // Locals first: an open type is best reported at a declaration.
        for index in 0..self.locals.len() {
            let local = thir::LocalId::new(index);
            let (ty, span) = (self.locals[local].ty, self.locals[local].span);
            self.locals[local].ty = self.final_ty(ty, span);
        }
        for index in 0..self.exprs.len() {
            let id = ExprId::new(index);
            let (ty, span) = (self.exprs[id].ty, self.exprs[id].span);
            let ty = self.final_ty(ty, span);
            self.exprs[id].ty = ty;
            let mut kind = std::mem::replace(&mut self.exprs[id].kind, ExprKind::Error);
            self.finish_kind(&mut kind, span);
            self.exprs[id].kind = kind;
        }
        for index in 0..self.closures.len() {
            let mut def = std::mem::take(&mut self.closures[index].params);
            for param in &mut def {
                param.ty = self.final_ty(param.ty, param.span);
                self.finish_pattern(&mut param.pattern);
            }
            self.closures[index].params = def;
            let (ret, span) = (self.closures[index].ret, self.closures[index].span);
            self.closures[index].ret = self.final_ty(ret, span);
        }
    }

    fn final_list(&mut self, list: crate::ty::Tys, span: Span) -> crate::ty::Tys {
        if list.iter().all(|t| !t.has_infer() && !t.has_projection()) {
            return list;
        }
        let done: Vec<Ty> = list.iter().map(|&t| self.final_ty(t, span)).collect();
        crate::ty::tys(&done)
    }

    fn finish_kind(&mut self, kind: &mut ExprKind, span: Span) {
        match kind {
            ExprKind::Adt { args, .. } => *args = self.final_list(args, span),
            ExprKind::Call { callee, .. } => match callee {
                Callee::Fn { args, .. }
                | Callee::TraitMethod { args, .. }
                | Callee::DynMethod { args, .. } => *args = self.final_list(args, span),
                Callee::Value { ty, sig } => {
                    *ty = self.final_ty(*ty, span);
                    *sig = sig.map(&mut |t| self.final_ty(t, span));
                }
            },
            ExprKind::Match { arms, .. } => {
                for arm in arms {
                    self.finish_pattern(&mut arm.pattern);
                }
            }
            ExprKind::LetCondition { pattern, .. } => self.finish_pattern(pattern),
            ExprKind::Block(block) => {
                for stmt in &mut block.stmts {
                    if let thir::Stmt::Let { pattern, .. } = stmt {
                        self.finish_pattern(pattern);
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn finish_pattern(&mut self, pat: &mut Pat) {
        pat.ty = self.final_ty(pat.ty, pat.span);
        match &mut pat.kind {
            PatKind::Wildcard | PatKind::Const { .. } | PatKind::Error => {}
            PatKind::Literal(lit) => {
                if !self.check_literal_range(lit, pat.ty, pat.span) {
                    pat.kind = PatKind::Error;
                }
            }
            PatKind::Range { lo, hi, .. } => {
                let fits =
                    [lo, hi].into_iter().flatten().all(|lit| self.check_literal_range(lit, pat.ty, pat.span));
                if !fits {
                    pat.kind = PatKind::Error;
                }
            }
            PatKind::Binding { sub, .. } => {
                if let Some(sub) = sub {
                    self.finish_pattern(sub);
                }
            }
            PatKind::Tuple(pats) | PatKind::Or(pats) => {
                for pat in pats {
                    self.finish_pattern(pat);
                }
            }
            PatKind::Struct { args, fields, .. } => {
                *args = self.final_list(args, pat.span);
                for (_, pat) in fields {
                    self.finish_pattern(pat);
                }
            }
            PatKind::Slice { before, rest, after } => {
                for pat in before.iter_mut().chain(after) {
                    self.finish_pattern(pat);
                }
                if let Some(Some(rest)) = rest {
                    self.finish_pattern(rest);
                }
            }
            PatKind::Deref(inner) => self.finish_pattern(inner),
        }
    }

    /// Ranges of number literals, in expressions and patterns.
    fn check_literals(&mut self) {
        for index in 0..self.exprs.len() {
            let expr = &self.exprs[ExprId::new(index)];
            if let ExprKind::Literal(lit @ thir::Lit::Int(_)) = &expr.kind {
                let (lit, ty, span) = (lit.clone(), expr.ty, expr.span);
                if let TyKind::Int(_) = ty.kind() {
                    self.check_literal_range(&lit, ty, span);
                }
            }
        }
    }
}
