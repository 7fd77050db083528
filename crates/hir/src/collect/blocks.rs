//! Items inside of bodies: finds the blocks that hold any.

use syntax::ast::*;

/// Calls `found` for each outermost block in `body` that holds items. What is inside such a block
/// is the caller's to walk.
pub(super) fn blocks_with_items<'a>(block: &'a Block, found: &mut dyn FnMut(&'a Block)) {
    if block.stmts.iter().any(|s| matches!(s.kind, StmtKind::Item(_))) {
        found(block);
        return;
    }
    for stmt in &block.stmts {
        in_stmt(stmt, found);
    }
}

/// The same for one statement, without regarding it as a block.
pub(super) fn in_stmt<'a>(stmt: &'a Stmt, found: &mut dyn FnMut(&'a Block)) {
    match &stmt.kind {
        StmtKind::Let { value, else_, .. } => {
            if let Some(value) = value {
                in_expr(value, found);
            }
            if let Some(block) = else_ {
                blocks_with_items(block, found);
            }
        }
        StmtKind::Expr(e) => in_expr(e, found),
        StmtKind::Go(e) => in_expr(e, found),
        StmtKind::Assign { target, value, .. } => {
            in_expr(target, found);
            in_expr(value, found);
        }
        StmtKind::Defer(block) => blocks_with_items(block, found),
        StmtKind::Contract(_) | StmtKind::Item(_) | StmtKind::Pass | StmtKind::Error => {}
    }
}

pub(super) fn in_expr<'a>(mut expr: &'a Expr, found: &mut dyn FnMut(&'a Block)) {
    // Operator and method chains nest to the left and may be long: a loop, not recursion.
    loop {
        match &expr.kind {
            ExprKind::Literal(_)
            | ExprKind::Path(_)
            | ExprKind::SelfValue
            | ExprKind::Continue { .. }
            | ExprKind::Error => return,
            ExprKind::Interpolated(parts) => {
                for part in parts {
                    if let StrPart::Expr { value, .. } = part {
                        in_expr(value, found);
                    }
                }
                return;
            }
            ExprKind::Binary { left, right, .. } => {
                in_expr(right, found);
                expr = left;
            }
            ExprKind::MethodCall { receiver, args, .. } => {
                for arg in args {
                    in_expr(&arg.value, found);
                }
                expr = receiver;
            }
            ExprKind::Call { callee, args } => {
                for arg in args {
                    in_expr(&arg.value, found);
                }
                expr = callee;
            }
            ExprKind::Index { base, index } => {
                for arg in index {
                    if let IndexArg::Expr(e) = arg {
                        in_expr(e, found);
                    }
                }
                expr = base;
            }
            ExprKind::Unary { operand: e, .. }
            | ExprKind::Ref { place: e, .. }
            | ExprKind::Deref(e)
            | ExprKind::Cast { value: e, .. }
            | ExprKind::Field { base: e, .. }
            | ExprKind::TupleField { base: e, .. }
            | ExprKind::Try(e)
            | ExprKind::Await(e)
            | ExprKind::Paren(e)
            | ExprKind::Old(e) => expr = e,
            ExprKind::Range { start, end, .. } => {
                for e in [start, end].into_iter().flatten() {
                    in_expr(e, found);
                }
                return;
            }
            ExprKind::Tuple(list) | ExprKind::List(list) => {
                list.iter().for_each(|e| in_expr(e, found));
                return;
            }
            ExprKind::Repeat { value, count } => {
                in_expr(value, found);
                expr = count;
            }
            ExprKind::Struct { fields, base, .. } => {
                fields.iter().filter_map(|f| f.value.as_ref()).for_each(|e| in_expr(e, found));
                match base {
                    Some(base) => expr = base,
                    None => return,
                }
            }
            ExprKind::Closure(closure) => expr = &closure.body,
            ExprKind::If(if_) => {
                in_condition(&if_.condition, found);
                blocks_with_items(&if_.then, found);
                match &if_.else_ {
                    Some(other) => expr = other,
                    None => return,
                }
            }
            ExprKind::Match { scrutinee, arms } => {
                for arm in arms {
                    if let Some(guard) = &arm.guard {
                        in_expr(guard, found);
                    }
                    in_expr(&arm.body, found);
                }
                expr = scrutinee;
            }
            ExprKind::While(while_) => {
                in_condition(&while_.condition, found);
                blocks_with_items(&while_.body, found);
                return;
            }
            ExprKind::For(for_) => {
                blocks_with_items(&for_.body, found);
                expr = &for_.iterable;
            }
            ExprKind::Loop { body, .. } | ExprKind::Scope { body, .. } => {
                blocks_with_items(body, found);
                return;
            }
            ExprKind::Block(block) | ExprKind::Unsafe(block) => {
                blocks_with_items(block, found);
                return;
            }
            ExprKind::Deadline { duration, body } => {
                blocks_with_items(body, found);
                expr = duration;
            }
            ExprKind::Select(select) => {
                for arm in &select.arms {
                    if let SelectArmKind::Case { operation, .. } = &arm.kind {
                        in_expr(operation, found);
                    }
                    if let Some(guard) = &arm.guard {
                        in_expr(guard, found);
                    }
                    blocks_with_items(&arm.body, found);
                }
                return;
            }
            ExprKind::Break { value, .. } | ExprKind::Return(value) => match value {
                Some(value) => expr = value,
                None => return,
            },
            ExprKind::Quantifier(quantifier) => {
                in_expr(&quantifier.iterable, found);
                expr = &quantifier.condition;
            }
        }
    }
}

fn in_condition<'a>(condition: &'a Condition, found: &mut dyn FnMut(&'a Block)) {
    match condition {
        Condition::Expr(e) => in_expr(e, found),
        Condition::Let { value, .. } => in_expr(value, found),
        Condition::And(list) => list.iter().for_each(|c| in_condition(c, found)),
    }
}
