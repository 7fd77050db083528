//! Operators.
//!
//! The one thing to know: references are looked through on both sides. On numbers, `bool`,
//! `char` and raw pointers operators are built in; `==` and `<` on other types go through `Eq`
//! and `Ord`, which borrow; `+` joins strings; the rest is the operator traits, which take their
//! operands. `a + b` on strings appends to `a`'s buffer if `a` is a temporary (so `a + b + c`
//! copies once); a variable on the left is copied first and stays usable.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast::{self, BinaryOp, UnaryOp};

use super::coerce::Why;
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind};
use crate::thir::{BinOp, ExprId, ExprKind, UnOp};
use crate::ty::{InferVar, Mutability, Predicate, TraitRef, Ty, TyKind, tys};

impl Checker<'_> {
    pub(super) fn check_unary(
        &mut self,
        op: UnaryOp,
        operand: &ast::Expr,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        if op == UnaryOp::Neg
            && let ast::ExprKind::Literal(literal @ (ast::Literal::Int { .. } | ast::Literal::Float { .. })) =
                &operand.kind
        {
            let (ty, lit) = self.literal(literal, true, span, expect.hint());
            return self.push(ty, span, ExprKind::Literal(lit));
        }
        let inner = match op {
            UnaryOp::Not => Expect::Hint(Ty::bool()),
            _ => expect,
        };
        let inner = if matches!(inner, Expect::Discard) { Expect::Any } else { inner };
        let id = self.check_expr(operand, inner);
        let id = self.peel(id);
        let ty = self.structurally(self.ty_of(id));
        let (un, fits) = match op {
            UnaryOp::Neg => (UnOp::Neg, ty.is_integral() || ty.is_float()),
            UnaryOp::Not => (UnOp::Not, matches!(ty.kind(), TyKind::Bool)),
            UnaryOp::BitNot => (UnOp::BitNot, ty.is_integral()),
        };
        if ty.has_error() {
            return self.error_expr(span);
        }
        if ty.is_never() {
            return self.value(id);
        }
        if fits {
            if let (UnaryOp::Neg, TyKind::Int(int)) = (op, ty.kind())
                && !int.is_signed()
            {
                self.report(
                    Diagnostic::error(
                        codes::E0307,
                        span,
                        format!("`{}` holds no negative numbers", int.name()),
                    )
                    .label("cannot be negated"),
                );
            }
            let operand = self.value(id);
            return self.push(ty, span, ExprKind::Unary { op: un, operand });
        }
        if let TyKind::Infer(InferVar::Ty(_)) = ty.kind() {
            return self.report_unknown(id, span);
        }
        let (lang, method, sign) = match op {
            UnaryOp::Neg => ("Neg", "neg", "-"),
            UnaryOp::BitNot => ("Not", "not_", "~"),
            UnaryOp::Not => {
                let shown = self.show(ty);
                let mut diagnostic = Diagnostic::error(
                    codes::E0307,
                    span,
                    format!("`not` needs a `bool`, and this is a `{shown}`"),
                )
                .label("not a `bool`");
                let text = self.sources.text(operand.span).to_owned();
                if let Some((test, _, other)) = self.truth_of(ty) {
                    diagnostic = diagnostic.fix(
                        format!("ask whether it {test}"),
                        span,
                        format!("{text}.{other}"),
                        Applicability::Maybe,
                    );
                } else if ty.is_integral() {
                    let place = Span { hi: operand.span.lo, ..span };
                    diagnostic = diagnostic.fix("flip its bits", place, "~", Applicability::Maybe);
                }
                self.report(diagnostic);
                return self.push(Ty::bool(), span, ExprKind::Error);
            }
        };
        if !self.implements(lang, ty) {
            let shown = self.show(ty);
            let mut diagnostic =
                Diagnostic::error(codes::E0307, span, format!("`{sign}` is not defined for `{shown}`"));
            if self.is_users_type(ty) {
                diagnostic = diagnostic.help(format!("`impl {lang} for {shown}` would define it"));
            }
            self.report(diagnostic);
            return self.error_expr(span);
        }
        let value = self.value(id);
        self.call_trait(lang, method, &[ty], &[value], span)
    }

    pub(super) fn check_binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let what = if op == BinaryOp::And { "a side of `and`" } else { "a side of `or`" };
                let left = self.check_bool(left, what);
                let after = self.diverges;
                let right = self.check_bool(right, what);
                self.diverges = after;
                let kind =
                    if op == BinaryOp::And { ExprKind::And(left, right) } else { ExprKind::Or(left, right) };
                self.push(Ty::bool(), span, kind)
            }
            BinaryOp::Implies => self.check_implies(left, right, span),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                self.check_comparison(op, op_span, left, right, span)
            }
            _ => self.check_arithmetic(op, op_span, left, right, span, expect),
        }
    }

    // ------------------------------------------------------------ arithmetic

    fn check_arithmetic(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let hint = match expect.hint() {
            Some(ty) => {
                let ty = self.shallow(ty);
                if ty.is_integral() || ty.is_float() { Expect::Hint(ty) } else { Expect::Any }
            }
            None => Expect::Any,
        };
        let left_ast = left;
        let left = self.check_expr(left, hint);
        let peeled = self.peel(left);
        let left_ty = self.structurally(self.ty_of(peeled));
        if matches!(left_ty.kind(), TyKind::Str) && op == BinaryOp::Add {
            return self.concat(peeled, right, span);
        }
        let shift = matches!(op, BinaryOp::Shl | BinaryOp::Shr);
        let builtin = is_builtin_number(left_ty);
        let right_hint = match builtin && !shift {
            true => Expect::Hint(left_ty),
            false => Expect::Any,
        };
        let raw_right = self.check_expr(right, right_hint);
        let right_id = self.peel(raw_right);
        let right_ty = self.structurally(self.ty_of(right_id));
        let left_ty = self.structurally(left_ty);
        if left_ty.has_error() || right_ty.has_error() {
            return self.error_expr(span);
        }
        // An operand of unknown type takes the other one's, if that is a number.
        let left_ty = match (left_ty.kind(), is_builtin_number(right_ty)) {
            (TyKind::Infer(InferVar::Ty(_)), true) if !shift => {
                self.unify(left_ty, right_ty);
                self.shallow(left_ty)
            }
            _ => left_ty,
        };
        let builtin_op = arithmetic_op(op);
        let logical = matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor);
        let both_bool = matches!((left_ty.kind(), right_ty.kind()), (TyKind::Bool, TyKind::Bool));
        if logical && both_bool {
            return self.builtin_binary(builtin_op, peeled, right_id, left_ty, span);
        }
        if is_builtin_number(left_ty) {
            let integral_only = logical || shift;
            if integral_only && left_ty.is_float() {
                return self.report_operator(op, op_span, left_ty, right_ty, span);
            }
            if right_ty.is_never() {
                return self.value(right_id);
            }
            let fits = if shift {
                match right_ty.kind() {
                    TyKind::Infer(InferVar::Ty(_)) => self.unify(right_ty, left_ty),
                    _ => right_ty.is_integral(),
                }
            } else {
                self.unify(left_ty, right_ty)
            };
            if fits {
                return self.builtin_binary(builtin_op, peeled, right_id, left_ty, span);
            }
            // Something like `2.0 * vector`.
            if !self.has_operator(op, left_ty, right_ty) {
                return self.report_operator_sides(op, op_span, (left_ast, left_ty), (right, right_ty), span);
            }
        }
        if left_ty.is_never() {
            return self.value(left);
        }
        if let TyKind::Infer(InferVar::Ty(_)) = left_ty.kind() {
            return self.report_unknown(left, left_ast.span);
        }
        self.operator_trait(op, op_span, left, raw_right, (left_ast, right), span)
    }

    fn builtin_binary(&mut self, op: BinOp, left: ExprId, right: ExprId, ty: Ty, span: Span) -> ExprId {
        let (left, right) = (self.value(left), self.value(right));
        self.push(ty, span, ExprKind::Binary { op, left, right })
    }

    /// `left + right` on strings.
    fn concat(&mut self, left: ExprId, right: &ast::Expr, span: Span) -> ExprId {
        let owned = if self.is_place(left) {
            let left_span = self.span_of(left);
            let borrowed = self.borrow(left, Mutability::Shared, false, left_span);
            self.call_trait("Clone", "clone", &[Ty::str()], &[borrowed], left_span)
        } else {
            left
        };
        let why = Why::message("`+` joins a string with another string");
        let right = self.check_read_arg(right, Ty::str(), &why);
        self.call_lang("string_concat", &[owned, right], span)
    }

    /// An argument that is read as a `ty`: borrowed, whatever references lead to it.
    pub(super) fn check_read_arg(&mut self, expr: &ast::Expr, ty: Ty, why: &Why) -> ExprId {
        let id = self.check_expr(expr, Expect::Hint(ty));
        self.read_arg(id, ty, why)
    }

    /// The trait call for an operator on other than built-in types.
    fn operator_trait(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: ExprId,
        right: ExprId,
        (left_ast, right_ast): (&ast::Expr, &ast::Expr),
        span: Span,
    ) -> ExprId {
        let Some((lang, method, sign)) = operator_trait_of(op) else {
            return self.error_expr(span);
        };
        let Some(trait_) = self.program.lang.trait_(lang) else { return self.error_expr(span) };
        // As written first, then through references.
        for left in self.peelings(left) {
            let left_ty = self.resolve(self.ty_of(left));
            for right in self.peelings(right) {
                let right_ty = self.resolve(self.ty_of(right));
                let trait_ref = TraitRef { trait_, args: tys(&[left_ty, right_ty]) };
                if !self.may_hold(trait_ref) {
                    continue;
                }
                let cause = Cause::new(op_span, CauseKind::Operator(sign));
                self.ctx.register(Predicate::Trait(trait_ref), cause);
                self.process();
                let (a, b) = (self.value(left), self.value(right));
                return self.call_trait(lang, method, &[left_ty, right_ty], &[a, b], span);
            }
        }
        let left_ty = self.resolve(self.ty_of(left)).peel_refs();
        let right_ty = self.resolve(self.ty_of(right)).peel_refs();
        self.report_operator_sides(op, op_span, (left_ast, left_ty), (right_ast, right_ty), span)
    }

    /// The expression and what its references lead to.
    pub(super) fn peelings(&mut self, id: ExprId) -> Vec<ExprId> {
        let mut list = vec![id];
        let mut at = id;
        while let TyKind::Ref(_, inner) = *self.structurally(self.ty_of(at)).kind() {
            let span = self.span_of(at);
            at = self.push(inner, span, ExprKind::Deref(at));
            list.push(at);
        }
        list
    }

    fn has_operator(&mut self, op: BinaryOp, left: Ty, right: Ty) -> bool {
        let Some((lang, _, _)) = operator_trait_of(op) else { return false };
        let Some(trait_) = self.program.lang.trait_(lang) else { return false };
        let args = [self.resolve(left), self.resolve(right)];
        // The type of a number on the left may be what an impl of the right side's says.
        if args[1].has_infer() || is_builtin_number(args[1]) {
            return false;
        }
        self.may_hold(TraitRef { trait_, args: tys(&args) })
    }

    // ------------------------------------------------------------ comparison

    fn check_comparison(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left_ast: &ast::Expr,
        right_ast: &ast::Expr,
        span: Span,
    ) -> ExprId {
        let left = self.check_expr(left_ast, Expect::Any);
        let left = self.peel(left);
        let left_ty = self.structurally(self.ty_of(left));
        let right = self.check_expr(right_ast, Expect::Hint(left_ty));
        let right = self.peel(right);
        let right_ty = self.structurally(self.ty_of(right));
        if left_ty.is_error() || right_ty.is_error() {
            return self.push(Ty::bool(), span, ExprKind::Error);
        }
        if left_ty.is_never() || right_ty.is_never() {
            let (left, right) = (self.value(left), self.value(right));
            return self.push(Ty::bool(), span, ExprKind::Or(left, right));
        }
        let same = self.unify(left_ty, right_ty) || self.list_sides(left_ty, right_ty);
        if !same {
            return self.report_comparison(op, op_span, (left_ast, left_ty), (right_ast, right_ty), span);
        }
        let ty = self.structurally(left_ty);
        let builtin =
            is_builtin_number(ty) || matches!(ty.kind(), TyKind::Bool | TyKind::Char | TyKind::RawPtr(_));
        if builtin {
            let (left, right) = (self.value(left), self.value(right));
            let kind = ExprKind::Binary { op: comparison_op(op), left, right };
            return self.push(Ty::bool(), span, kind);
        }
        if let TyKind::Infer(_) = ty.kind() {
            return self.report_unknown(left, left_ast.span);
        }
        let equality = matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let (lang, sign) = match op {
            BinaryOp::Eq => ("Eq", "=="),
            BinaryOp::Ne => ("Eq", "!="),
            BinaryOp::Lt => ("Ord", "<"),
            BinaryOp::Le => ("Ord", "<="),
            BinaryOp::Gt => ("Ord", ">"),
            _ => ("Ord", ">="),
        };
        let method = match op {
            BinaryOp::Eq | BinaryOp::Ne => "eq",
            BinaryOp::Lt => "lt",
            BinaryOp::Le => "le",
            BinaryOp::Gt => "gt",
            _ => "ge",
        };
        let resolved = self.resolve(ty);
        self.require_lang(lang, resolved, op_span, CauseKind::Operator(sign));
        let (left_span, right_span) = (left_ast.span, right_ast.span);
        let a = self.borrow(left, Mutability::Shared, false, left_span);
        let b = self.borrow(right, Mutability::Shared, false, right_span);
        let call = self.call_trait_unchecked(lang, method, &[ty], &[a, b], span);
        if op == BinaryOp::Ne && equality {
            return self.push(Ty::bool(), span, ExprKind::Unary { op: UnOp::Not, operand: call });
        }
        call
    }

    /// `xs == [1, 2]` where one side is an array and the other a list.
    fn list_sides(&mut self, left: Ty, right: Ty) -> bool {
        match (left.kind(), right.kind()) {
            (TyKind::List(a), TyKind::List(b)) => self.unify(*a, *b),
            _ => false,
        }
    }
}

/// Integers and floats, literals of undecided type among them.
pub(super) fn is_builtin_number(ty: Ty) -> bool {
    ty.is_integral() || ty.is_float()
}

pub(super) fn sign_of(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Implies => "implies",
    }
}

pub(super) fn operator_trait_of(op: BinaryOp) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match op {
        BinaryOp::Add => ("Add", "add", "+"),
        BinaryOp::Sub => ("Sub", "sub", "-"),
        BinaryOp::Mul => ("Mul", "mul", "*"),
        BinaryOp::Div => ("Div", "div", "/"),
        BinaryOp::Rem => ("Rem", "rem", "%"),
        BinaryOp::BitAnd => ("BitAnd", "bitand", "&"),
        BinaryOp::BitOr => ("BitOr", "bitor", "|"),
        BinaryOp::BitXor => ("BitXor", "bitxor", "^"),
        BinaryOp::Shl => ("Shl", "shl", "<<"),
        BinaryOp::Shr => ("Shr", "shr", ">>"),
        _ => return None,
    })
}

pub(super) fn assign_trait_of(op: BinaryOp) -> (&'static str, &'static str, &'static str) {
    match op {
        BinaryOp::Add => ("AddAssign", "add_assign", "+="),
        BinaryOp::Sub => ("SubAssign", "sub_assign", "-="),
        BinaryOp::Mul => ("MulAssign", "mul_assign", "*="),
        BinaryOp::Div => ("DivAssign", "div_assign", "/="),
        BinaryOp::Rem => ("RemAssign", "rem_assign", "%="),
        BinaryOp::BitAnd => ("BitAndAssign", "bitand_assign", "&="),
        BinaryOp::BitOr => ("BitOrAssign", "bitor_assign", "|="),
        BinaryOp::BitXor => ("BitXorAssign", "bitxor_assign", "^="),
        BinaryOp::Shl => ("ShlAssign", "shl_assign", "<<="),
        _ => ("ShrAssign", "shr_assign", ">>="),
    }
}

pub(super) fn arithmetic_op(op: BinaryOp) -> BinOp {
    match op {
        BinaryOp::Sub => BinOp::Sub,
        BinaryOp::Mul => BinOp::Mul,
        BinaryOp::Div => BinOp::Div,
        BinaryOp::Rem => BinOp::Rem,
        BinaryOp::BitAnd => BinOp::BitAnd,
        BinaryOp::BitOr => BinOp::BitOr,
        BinaryOp::BitXor => BinOp::BitXor,
        BinaryOp::Shl => BinOp::Shl,
        BinaryOp::Shr => BinOp::Shr,
        _ => BinOp::Add,
    }
}

fn comparison_op(op: BinaryOp) -> BinOp {
    match op {
        BinaryOp::Ne => BinOp::Ne,
        BinaryOp::Lt => BinOp::Lt,
        BinaryOp::Le => BinOp::Le,
        BinaryOp::Gt => BinOp::Gt,
        BinaryOp::Ge => BinOp::Ge,
        _ => BinOp::Eq,
    }
}
