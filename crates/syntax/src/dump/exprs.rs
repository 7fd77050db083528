//! Statements, expressions and patterns as text.

use std::fmt::Write;

use super::{Dumper, convention};
use crate::ast::*;

fn binary(op: BinaryOp) -> &'static str {
    use BinaryOp::*;
    match op {
        Add => "+",
        Sub => "-",
        Mul => "*",
        Div => "/",
        Rem => "%",
        BitAnd => "&",
        BitOr => "|",
        BitXor => "^",
        Shl => "<<",
        Shr => ">>",
        Eq => "==",
        Ne => "!=",
        Lt => "<",
        Le => "<=",
        Gt => ">",
        Ge => ">=",
        And => "and",
        Or => "or",
        Implies => "implies",
    }
}

impl Dumper<'_> {
    // -------------------------------------------------------- statements

    pub(super) fn block(&mut self, block: &Block) {
        put!(self, ":");
        if self.lines.is_some() && block.style == BlockStyle::Braces {
            put!(self, " {{}}");
        }
        self.nested(|d| {
            d.docs(&block.docs);
            block.stmts.iter().for_each(|s| d.stmt(s));
        });
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::Item(item) = &stmt.kind {
            return self.item(item);
        }
        self.line(stmt.span);
        match &stmt.kind {
            StmtKind::Let { mutable, pattern, ty, value, else_ } => {
                put!(self, "let {}", if *mutable { "mut " } else { "" });
                self.pattern(pattern);
                if let Some(ty) = ty {
                    put!(self, ": ");
                    self.ty(ty);
                }
                if let Some(value) = value {
                    put!(self, " = ");
                    self.expr(value);
                }
                if let Some(block) = else_ {
                    put!(self, " else");
                    self.block(block);
                }
            }
            StmtKind::Item(_) => {}
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { op, target, value, .. } => {
                put!(self, "({}= ", op.map_or("", binary));
                self.expr(target);
                put!(self, " ");
                self.expr(value);
                put!(self, ")");
            }
            StmtKind::Contract(contract) => self.contract(contract),
            StmtKind::Defer(block) => {
                put!(self, "defer");
                self.block(block);
            }
            StmtKind::Go(expr) => {
                put!(self, "go ");
                self.expr(expr);
            }
            StmtKind::Pass => {
                put!(self, "pass");
            }
            StmtKind::Error => {
                put!(self, "<error>");
            }
        }
    }

    pub(super) fn contract(&mut self, contract: &Contract) {
        let word = match contract.kind {
            ContractKind::Req => "req",
            ContractKind::Ens => "ens",
            ContractKind::Inv => "inv",
        };
        put!(self, "{word}{} ", if contract.always { "?" } else { "" });
        self.expr(&contract.condition);
    }

    // -------------------------------------------------------- expressions

    fn exprs(&mut self, word: &str, exprs: &[&Expr]) {
        put!(self, "({word}");
        self.seq(exprs, |d, e| d.expr(e));
        put!(self, ")");
    }

    fn args(&mut self, args: &[Arg]) {
        self.seq(args, |d, arg| {
            if arg.mutable.is_some() {
                put!(d, "mut ");
            }
            d.expr(&arg.value);
        });
    }

    fn label(&mut self, label: &Option<Ident>) {
        if let Some(label) = label {
            put!(self, " '{}", label.name);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal),
            ExprKind::Interpolated(parts) => {
                put!(self, "(text");
                self.seq(parts, |d, part| match part {
                    StrPart::Text(text) => {
                        put!(d, "{text:?}");
                    }
                    StrPart::Expr { value, spec: None } => d.expr(value),
                    StrPart::Expr { value, spec: Some(spec) } => {
                        put!(d, "(fmt ");
                        d.expr(value);
                        put!(d, " {})", &d.text[spec.span.lo as usize..spec.span.hi as usize]);
                    }
                });
                put!(self, ")");
            }
            ExprKind::Path(path) => self.path(path),
            ExprKind::SelfValue => {
                put!(self, "self");
            }
            ExprKind::Unary { op, operand } => {
                let word = match op {
                    UnaryOp::Neg => "neg",
                    UnaryOp::Not => "not",
                    UnaryOp::BitNot => "~",
                };
                self.exprs(word, &[operand]);
            }
            ExprKind::Binary { op, left, right, .. } => self.exprs(binary(*op), &[left, right]),
            ExprKind::Ref { mutable, place } => self.exprs(if *mutable { "&mut" } else { "&" }, &[place]),
            ExprKind::Deref(place) => self.exprs("deref", &[place]),
            ExprKind::Cast { value, ty } => {
                put!(self, "(as ");
                self.expr(value);
                put!(self, " ");
                self.ty(ty);
                put!(self, ")");
            }
            ExprKind::Range { start, end, inclusive } => {
                put!(self, "({} ", if *inclusive { "..=" } else { ".." });
                match start {
                    Some(start) => self.expr(start),
                    None => self.out.push('_'),
                }
                put!(self, " ");
                match end {
                    Some(end) => self.expr(end),
                    None => self.out.push('_'),
                }
                put!(self, ")");
            }
            ExprKind::Call { callee, args } => {
                put!(self, "(call ");
                self.expr(callee);
                self.args(args);
                put!(self, ")");
            }
            ExprKind::MethodCall { receiver, method, generics, args } => {
                put!(self, "(.{}", method.name);
                if let Some(generics) = generics {
                    self.generic_args(generics);
                }
                put!(self, " ");
                self.expr(receiver);
                self.args(args);
                put!(self, ")");
            }
            ExprKind::Field { base, name } => {
                put!(self, "(field {} ", name.name);
                self.expr(base);
                put!(self, ")");
            }
            ExprKind::TupleField { base, index, .. } => {
                put!(self, "(field {index} ");
                self.expr(base);
                put!(self, ")");
            }
            ExprKind::Index { base, index } => {
                put!(self, "(index ");
                self.expr(base);
                self.seq(index, |d, arg| match arg {
                    IndexArg::Expr(expr) => d.expr(expr),
                    IndexArg::Type(ty) => {
                        put!(d, "type:");
                        d.ty(ty);
                    }
                });
                put!(self, ")");
            }
            ExprKind::Try(value) => self.exprs("?", &[value]),
            ExprKind::Await(value) => self.exprs("await", &[value]),
            ExprKind::Tuple(elements) => {
                put!(self, "(tuple");
                self.seq(elements, Self::expr);
                put!(self, ")");
            }
            ExprKind::Paren(inner) => match self.lines {
                Some(_) => self.exprs("paren", &[inner]),
                None => self.expr(inner),
            },
            ExprKind::List(elements) => {
                put!(self, "(list");
                self.seq(elements, Self::expr);
                put!(self, ")");
            }
            ExprKind::Repeat { value, count } => self.exprs("repeat", &[value, count]),
            ExprKind::Struct { path, fields, base } => {
                put!(self, "(struct ");
                self.path(path);
                self.seq(fields, |d, field| {
                    put!(d, "{}", field.name.name);
                    if let Some(value) = &field.value {
                        put!(d, ":");
                        d.expr(value);
                    }
                });
                if let Some(base) = base {
                    put!(self, " ..");
                    self.expr(base);
                }
                put!(self, ")");
            }
            ExprKind::Closure(closure) => {
                put!(
                    self,
                    "({}closure{}",
                    if closure.is_async { "async " } else { "" },
                    if closure.is_fn { " fn" } else { "" }
                );
                self.params(&closure.params);
                if let Some(ret) = &closure.ret {
                    put!(self, " -> ");
                    self.ty(ret);
                }
                put!(self, " ");
                self.expr(&closure.body);
                put!(self, ")");
            }
            ExprKind::If(if_) => {
                put!(self, "(if ");
                self.condition(&if_.condition);
                self.block(&if_.then);
                if let Some(else_) = &if_.else_ {
                    put!(self, " else ");
                    self.expr(else_);
                }
                put!(self, ")");
            }
            ExprKind::Match { scrutinee, arms } => {
                put!(self, "(match ");
                self.expr(scrutinee);
                self.nested(|d| {
                    for arm in arms {
                        d.line(arm.span);
                        d.pattern(&arm.pattern);
                        if let Some(guard) = &arm.guard {
                            put!(d, " if ");
                            d.expr(guard);
                        }
                        put!(d, " => ");
                        d.expr(&arm.body);
                    }
                });
                put!(self, ")");
            }
            ExprKind::While(while_) => {
                let While { condition, body, label } = &**while_;
                put!(self, "(while");
                self.label(label);
                put!(self, " ");
                self.condition(condition);
                self.block(body);
                put!(self, ")");
            }
            ExprKind::For(for_) => {
                let For { pattern, iterable, body, label } = &**for_;
                put!(self, "(for");
                self.label(label);
                put!(self, " ");
                self.pattern(pattern);
                put!(self, " ");
                self.expr(iterable);
                self.block(body);
                put!(self, ")");
            }
            ExprKind::Loop { body, label } => {
                put!(self, "(loop");
                self.label(label);
                self.block(body);
                put!(self, ")");
            }
            ExprKind::Block(block) => {
                put!(self, "(block");
                self.block(block);
                put!(self, ")");
            }
            ExprKind::Unsafe(block) => {
                put!(self, "(unsafe");
                self.block(block);
                put!(self, ")");
            }
            ExprKind::Scope { name, body } => {
                put!(self, "(scope {}", name.map_or("", |n| n.name.as_str()));
                self.block(body);
                put!(self, ")");
            }
            ExprKind::Deadline { duration, body } => {
                put!(self, "(deadline ");
                self.expr(duration);
                self.block(body);
                put!(self, ")");
            }
            ExprKind::Select(select) => self.select(select),
            ExprKind::Break { label, value } => {
                put!(self, "(break");
                self.label(label);
                self.seq(value.as_slice(), |d, v| d.expr(v));
                put!(self, ")");
            }
            ExprKind::Continue { label } => {
                put!(self, "(continue");
                self.label(label);
                put!(self, ")");
            }
            ExprKind::Return(value) => {
                put!(self, "(return");
                self.seq(value.as_slice(), |d, v| d.expr(v));
                put!(self, ")");
            }
            ExprKind::Old(value) => self.exprs("old", &[value]),
            ExprKind::Quantifier(quantifier) => {
                let Quantifier { all, pattern, iterable, condition } = &**quantifier;
                put!(self, "({} ", if *all { "forall" } else { "exists" });
                self.pattern(pattern);
                put!(self, " ");
                self.expr(iterable);
                put!(self, " ");
                self.expr(condition);
                put!(self, ")");
            }
            ExprKind::Error => {
                put!(self, "<error>");
            }
        }
    }

    fn select(&mut self, select: &Select) {
        put!(self, "(select{}", if select.biased.is_some() { " biased" } else { "" });
        self.nested(|d| {
            for arm in &select.arms {
                d.line(arm.span);
                match &arm.kind {
                    SelectArmKind::Case { pattern, operation } => {
                        put!(d, "case ");
                        if let Some(pattern) = pattern {
                            d.pattern(pattern);
                            put!(d, " = ");
                        }
                        d.expr(operation);
                    }
                    SelectArmKind::Default => {
                        put!(d, "default");
                    }
                }
                if let Some(guard) = &arm.guard {
                    put!(d, " if ");
                    d.expr(guard);
                }
                d.block(&arm.body);
            }
        });
        put!(self, ")");
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Expr(expr) => self.expr(expr),
            Condition::Let { pattern, value, .. } => {
                put!(self, "(let ");
                self.pattern(pattern);
                put!(self, " ");
                self.expr(value);
                put!(self, ")");
            }
            Condition::And(parts) => {
                put!(self, "(all");
                self.seq(parts, Self::condition);
                put!(self, ")");
            }
        }
    }

    fn literal(&mut self, literal: &Literal) {
        let suffix = |s: &Option<base::Name>| s.map_or("", |s| s.as_str());
        match literal {
            Literal::Int { value, suffix: s } => {
                put!(self, "{}{}", value.get(), suffix(s));
            }
            Literal::Float { text, suffix: s } => {
                let dot = if text.as_str().contains(['.', 'e', 'E']) { "" } else { ".0" };
                put!(self, "{text}{dot}{}", suffix(s));
            }
            Literal::Bool(value) => {
                put!(self, "{value}");
            }
            Literal::Char(c) => {
                put!(self, "{c:?}");
            }
            Literal::Str(text) => {
                put!(self, "{text:?}");
            }
            Literal::Byte(byte) => {
                put!(self, "b{:?}", char::from(*byte));
            }
        }
    }

    // -------------------------------------------------------- patterns

    fn patterns(&mut self, word: &str, patterns: &[Pattern]) {
        put!(self, "({word}");
        self.seq(patterns, Self::pattern);
        put!(self, ")");
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Wildcard => {
                put!(self, "_");
            }
            PatternKind::Rest => {
                put!(self, "..");
            }
            PatternKind::Binding { convention: c, name, sub } => {
                put!(self, "{}{}", convention(*c), name.name);
                if let Some(sub) = sub {
                    put!(self, "@");
                    self.pattern(sub);
                }
            }
            PatternKind::Literal { negative, value } => {
                put!(self, "{}", if *negative { "-" } else { "" });
                self.literal(value);
            }
            PatternKind::Range { start, end, inclusive } => {
                put!(self, "({}", if *inclusive { "..=" } else { ".." });
                for bound in [start, end] {
                    put!(self, " ");
                    match bound {
                        Some(bound) => self.expr(bound),
                        None => self.out.push('_'),
                    }
                }
                put!(self, ")");
            }
            PatternKind::Tuple(elements) => self.patterns("tuple", elements),
            PatternKind::List(elements) => self.patterns("list", elements),
            PatternKind::Path(path) => self.path(path),
            PatternKind::TupleStruct { path, fields } => {
                put!(self, "(");
                self.path(path);
                self.seq(fields, Self::pattern);
                put!(self, ")");
            }
            PatternKind::Struct { path, fields, rest } => {
                put!(self, "(struct ");
                self.path(path);
                self.seq(fields, |d, field| {
                    put!(d, "{}{}", convention(field.convention), field.name.name);
                    if let Some(pattern) = &field.pattern {
                        put!(d, ":");
                        d.pattern(pattern);
                    }
                });
                put!(self, "{})", if *rest { " .." } else { "" });
            }
            PatternKind::Or(alternatives) => self.patterns("|", alternatives),
            PatternKind::Ref(inner) => {
                put!(self, "&");
                self.pattern(inner);
            }
            PatternKind::Error => {
                put!(self, "<error>");
            }
        }
    }
}
