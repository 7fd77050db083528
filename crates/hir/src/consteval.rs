//! Constant integers: array lengths, constant generic arguments, discriminants.
//!
//! Not here: the values of `const` items in general, which `driver::constants` computes from
//! checked bodies. The one thing to know: it
//! works on syntax, before any body is checked, and so knows integers only; what it cannot do it
//! refuses.

use std::cell::RefCell;

use base::{Diagnostic, FxHashMap, Span, codes};
use syntax::ast::{self, BinaryOp, ExprKind, Literal, UnaryOp};

use crate::items::{ConstId, Def, Generics, Ns, Program};
use crate::lower_ty::TyScope;
use crate::resolve::{Res, Resolver};
use crate::ty::{Ty, TyKind};

/// How many constants may stand on one another.
const DEPTH: u32 = 256;

/// `None`: already reported elsewhere.
pub type Refused = Option<Box<Diagnostic>>;

/// A constant as a type argument: a [`TyKind::Const`], or a constant parameter of the scope.
pub fn eval_ty(program: &Program, scope: &TyScope, expr: &ast::Expr) -> Result<Ty, Refused> {
    let inner = peel(expr);
    if let ExprKind::Path(path) = &inner.kind
        && path.segments.len() == 1
        && let Ok(resolved) = Resolver::new(program).resolve_path(path, Ns::Values, scope)
        && let Res::Param(index) = resolved.res
    {
        let param = &scope.generics.params[index as usize];
        return Ok(Ty::param(index, param.name));
    }
    eval(program, scope, expr).map(|n| Ty::new(TyKind::Const(n)))
}

/// The value of a constant integer expression.
pub fn eval(program: &Program, scope: &TyScope, expr: &ast::Expr) -> Result<i128, Refused> {
    Evaluator { program, scope, depth: 0, known: &RefCell::default() }.eval(expr)
}

/// The value of a constant, if it is an integer that is known before bodies are checked.
pub fn eval_const(program: &Program, id: ConstId) -> Result<i128, Refused> {
    eval_const_at(program, id, Span::default(), 0, &RefCell::default())
}

/// The error for an integer constant that needs itself, given to the first of the circle.
pub fn circular(program: &Program, id: ConstId) -> Option<Diagnostic> {
    let item = &program.consts[id];
    let known = RefCell::default();
    match eval_const_at(program, id, item.span, 0, &known) {
        Err(Some(found))
            if found.code == codes::E0227
                && found.primary.span == item.span
                && known.borrow().keys().all(|other| other.0 >= id.0) =>
        {
            Some(*found)
        }
        _ => None,
    }
}

/// Constants already evaluated: a chain of sums takes a step for each, not for each path. `None`:
/// under way.
type Values = RefCell<FxHashMap<ConstId, Option<i128>>>;

fn eval_const_at(
    program: &Program,
    id: ConstId,
    used: Span,
    depth: u32,
    known: &Values,
) -> Result<i128, Refused> {
    let before = known.borrow().get(&id).copied();
    if let Some(Some(value)) = before {
        return Ok(value);
    }
    let item = &program.consts[id];
    if depth >= DEPTH {
        return Err(Some(Box::new(
            Diagnostic::error(
                codes::E0220,
                used,
                format!("more than {DEPTH} constants stand on one another"),
            )
            .label("too deep"),
        )));
    }
    if before.is_some() {
        return Err(Some(Box::new(
            Diagnostic::error(
                codes::E0227,
                item.span,
                format!("the value of `{}` depends on itself", item.name),
            )
            .label("a constant cannot be computed from itself"),
        )));
    }
    let Some(value) = &item.ast.value else { return Err(None) };
    if item.ast.ty.is_none() && item.ty.is_error() && program.consts_ready {
        return Err(None);
    }
    known.borrow_mut().insert(id, None);
    let generics = Generics::default();
    let scope = TyScope::new(item.module, &generics);
    let value = Evaluator { program, scope: &scope, depth: depth + 1, known }.eval(value)?;
    if let TyKind::Int(int) = *item.ty.kind() {
        let (lo, hi) = int.range();
        if !(lo..=hi).contains(&value) {
            return Err(Some(Box::new(out_of_range(used, value, int.name()))));
        }
    }
    known.borrow_mut().insert(id, Some(value));
    Ok(value)
}

fn out_of_range(span: Span, value: i128, name: &str) -> Diagnostic {
    Diagnostic::error(codes::E0220, span, format!("{value} does not fit `{name}`")).label("out of range")
}

fn peel(mut expr: &ast::Expr) -> &ast::Expr {
    loop {
        match &expr.kind {
            ExprKind::Paren(inner) => expr = inner,
            ExprKind::Block(block) => match &block.stmts[..] {
                [ast::Stmt { kind: ast::StmtKind::Expr(inner), .. }] => expr = inner,
                _ => return expr,
            },
            _ => return expr,
        }
    }
}

struct Evaluator<'a> {
    program: &'a Program,
    scope: &'a TyScope<'a>,
    depth: u32,
    known: &'a Values,
}

impl Evaluator<'_> {
    fn eval(&self, expr: &ast::Expr) -> Result<i128, Refused> {
        let expr = peel(expr);
        match &expr.kind {
            ExprKind::Literal(Literal::Int { value, .. }) => {
                i128::try_from(value.get()).map_err(|_| self.overflow(expr.span))
            }
            ExprKind::Literal(Literal::Byte(value)) => Ok(i128::from(*value)),
            ExprKind::Literal(Literal::Char(value)) => Ok(i128::from(u32::from(*value))),
            ExprKind::Literal(Literal::Bool(value)) => Ok(i128::from(*value)),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(operand)?;
                match op {
                    UnaryOp::Neg => value.checked_neg().ok_or_else(|| self.overflow(expr.span)),
                    UnaryOp::BitNot => Ok(!value),
                    UnaryOp::Not => Ok(i128::from(value == 0)),
                }
            }
            ExprKind::Binary { op, op_span, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.binary(*op, *op_span, expr.span, left, right)
            }
            ExprKind::Cast { value, ty } => Ok(self.cast(self.eval(value)?, ty)),
            ExprKind::Path(path) => self.path(path),
            ExprKind::If(if_) => {
                let ast::Condition::Expr(condition) = &if_.condition else {
                    return Err(self.not_constant(expr.span));
                };
                let taken = if self.eval(condition)? != 0 { Some(&if_.then) } else { None };
                match (taken, &if_.else_) {
                    (Some(block), _) => match &block.stmts[..] {
                        [ast::Stmt { kind: ast::StmtKind::Expr(value), .. }] => self.eval(value),
                        _ => Err(self.not_constant(expr.span)),
                    },
                    (None, Some(other)) => self.eval(other),
                    (None, None) => Err(self.not_constant(expr.span)),
                }
            }
            ExprKind::Error => Err(None),
            _ => Err(self.not_constant(expr.span)),
        }
    }

    /// As `as` does at run time: the bits that fit.
    fn cast(&self, value: i128, ty: &ast::TypeExpr) -> i128 {
        let int = match &ty.kind {
            ast::TypeExprKind::Path(path) => {
                let found = Resolver::new(self.program).resolve_path(path, Ns::Types, self.scope);
                found.ok().and_then(|found| match found.res {
                    Res::Def(Def::Builtin(builtin)) => match *builtin.0.kind() {
                        TyKind::Int(int) => Some(int),
                        _ => None,
                    },
                    _ => None,
                })
            }
            _ => None,
        };
        let Some(int) = int else { return value };
        let above = 128 - int.bits();
        match int.is_signed() {
            true => (value << above) >> above,
            false => (((value as u128) << above) >> above) as i128,
        }
    }

    fn path(&self, path: &ast::Path) -> Result<i128, Refused> {
        let resolved =
            Resolver::new(self.program).resolve_path(path, Ns::Values, self.scope).map_err(Some)?;
        let whole = resolved.used == path.segments.len();
        match resolved.res {
            Res::Def(Def::Error) => Err(None),
            Res::Def(Def::Const(id)) if whole => {
                eval_const_at(self.program, id, path.span, self.depth, self.known)
            }
            Res::Def(Def::Builtin(builtin)) if path.segments.len() == resolved.used + 1 => {
                let name = path.segments[resolved.used].name.name;
                match (*builtin.0.kind(), name.as_str()) {
                    (TyKind::Int(int), "MAX") => Ok(int.range().1),
                    (TyKind::Int(int), "MIN") => Ok(int.range().0),
                    (TyKind::Int(int), "BITS") => Ok(i128::from(int.bits())),
                    _ => Err(self.not_constant(path.span)),
                }
            }
            Res::Param(_) => Err(Some(Box::new(
                Diagnostic::error(
                    codes::E0901,
                    path.span,
                    "not supported yet: arithmetic with constant parameters in types",
                )
                .label("a constant parameter can only be used alone here"),
            ))),
            _ => Err(self.not_constant(path.span)),
        }
    }

    fn binary(
        &self,
        op: BinaryOp,
        op_span: Span,
        span: Span,
        left: i128,
        right: i128,
    ) -> Result<i128, Refused> {
        let shift = |f: fn(i128, u32) -> Option<i128>| {
            u32::try_from(right).ok().filter(|&n| n < 127).and_then(|n| f(left, n))
        };
        let value = match op {
            BinaryOp::Add => left.checked_add(right),
            BinaryOp::Sub => left.checked_sub(right),
            BinaryOp::Mul => left.checked_mul(right),
            BinaryOp::Div | BinaryOp::Rem if right == 0 => {
                return Err(Some(Box::new(
                    Diagnostic::error(codes::E0220, op_span, "division by zero in a constant")
                        .label("the right side is 0"),
                )));
            }
            BinaryOp::Div => left.checked_div(right),
            BinaryOp::Rem => left.checked_rem(right),
            BinaryOp::BitAnd => Some(left & right),
            BinaryOp::BitOr => Some(left | right),
            BinaryOp::BitXor => Some(left ^ right),
            BinaryOp::Shl => shift(|l, n| l.checked_mul(1i128.checked_shl(n)?)),
            BinaryOp::Shr => shift(|l, n| Some(l >> n)),
            BinaryOp::Eq => Some(i128::from(left == right)),
            BinaryOp::Ne => Some(i128::from(left != right)),
            BinaryOp::Lt => Some(i128::from(left < right)),
            BinaryOp::Le => Some(i128::from(left <= right)),
            BinaryOp::Gt => Some(i128::from(left > right)),
            BinaryOp::Ge => Some(i128::from(left >= right)),
            BinaryOp::And => Some(i128::from(left != 0 && right != 0)),
            BinaryOp::Or => Some(i128::from(left != 0 || right != 0)),
            BinaryOp::Implies => Some(i128::from(left == 0 || right != 0)),
        };
        value.ok_or_else(|| self.overflow(span))
    }

    fn overflow(&self, span: Span) -> Refused {
        Some(Box::new(
            Diagnostic::error(codes::E0220, span, "this constant is too large")
                .label("does not fit any integer type"),
        ))
    }

    fn not_constant(&self, span: Span) -> Refused {
        Some(Box::new(
            Diagnostic::error(codes::E0220, span, "expected an integer that is known at compile time")
                .label("not a constant")
                .help("literals, `const` items and arithmetic on them can stand here"),
        ))
    }
}
