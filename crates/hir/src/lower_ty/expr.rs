//! Expressions that are types: generic arguments in `[…]` are parsed as an index.

use base::Span;
use syntax::ast::{self, TypeExpr, TypeExprKind};

/// An expression read as a type, if it can be one: `Map[string, int]` is parsed as an index.
pub fn type_of_expr(expr: &ast::Expr) -> Option<TypeExpr> {
    use ast::ExprKind;
    let kind = match &expr.kind {
        ExprKind::Path(path) => TypeExprKind::Path(path.clone()),
        ExprKind::Index { base, index } => {
            let ExprKind::Path(path) = &base.kind else { return None };
            let mut path = path.clone();
            let last = path.segments.last_mut()?;
            if last.args.is_some() {
                return None;
            }
            last.args = Some(Box::new(args_of_index(index, expr.span)?));
            path.span = expr.span;
            TypeExprKind::Path(path)
        }
        ExprKind::Tuple(elems) => TypeExprKind::Tuple(elems.iter().map(type_of_expr).collect::<Option<_>>()?),
        ExprKind::Paren(inner) => return type_of_expr(inner),
        ExprKind::List(elems) => match &elems[..] {
            [elem] => TypeExprKind::List(Box::new(type_of_expr(elem)?)),
            _ => return None,
        },
        ExprKind::Repeat { value, count } => {
            TypeExprKind::Array(Box::new(type_of_expr(value)?), count.clone())
        }
        ExprKind::Ref { mutable, place } => {
            TypeExprKind::Ref { mutable: *mutable, ty: Box::new(type_of_expr(place)?) }
        }
        ExprKind::Literal(_) | ExprKind::Unary { .. } | ExprKind::Binary { .. } | ExprKind::Block(_) => {
            TypeExprKind::Const(Box::new(expr.clone()))
        }
        ExprKind::Error => TypeExprKind::Error,
        _ => return None,
    };
    Some(TypeExpr { span: expr.span, kind })
}

/// What stands in `[…]` after a path, read as generic arguments.
pub fn args_of_index(index: &[ast::IndexArg], span: Span) -> Option<ast::GenericArgs> {
    let args = index
        .iter()
        .map(|arg| match arg {
            ast::IndexArg::Type(ty) => Some(ty.clone()),
            ast::IndexArg::Expr(expr) => type_of_expr(expr),
        })
        .collect::<Option<Vec<_>>>()?;
    let span = match (args.first(), args.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => span,
    };
    Some(ast::GenericArgs { span, args, bindings: Vec::new() })
}
