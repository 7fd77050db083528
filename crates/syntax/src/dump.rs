//! The tree as text: what `--emit tree` shows, and what tests compare.
//!
//! Items and statements stand on lines of their own, with their place; expressions, types and
//! patterns are written in prefix form: `(+ a (call f b))`.

use std::fmt::Write;

use base::Span;

use crate::Parse;
use crate::ast::*;

/// The tree of a file.
pub fn dump(parse: &Parse, text: &str) -> String {
    let mut lines = vec![0u32];
    lines.extend(text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i as u32 + 1));
    let mut dumper = Dumper { out: String::new(), text, lines: Some(lines), depth: 0 };
    dumper.file(&parse.file);
    dumper.out
}

/// The tree of a file without places, parentheses and the forms of blocks: equal for texts that
/// mean the same.
pub fn shape(parse: &Parse, text: &str) -> String {
    let mut dumper = Dumper { out: String::new(), text, lines: None, depth: 0 };
    dumper.file(&parse.file);
    dumper.out
}

struct Dumper<'a> {
    out: String,
    text: &'a str,
    /// Starts of the lines, if places are shown.
    lines: Option<Vec<u32>>,
    depth: usize,
}

macro_rules! put {
    ($d:expr, $($arg:tt)*) => {
        // Writing to a string cannot fail.
        let _ = write!($d.out, $($arg)*);
    };
}

fn convention(c: Convention) -> &'static str {
    match c {
        Convention::Read => "",
        Convention::Mut => "mut ",
        Convention::Own => "own ",
    }
}

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
    // -------------------------------------------------------- layout

    fn line(&mut self, span: Span) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        if let Some(lines) = &self.lines {
            let line = lines.partition_point(|&start| start <= span.lo);
            let col = span.lo - lines[line - 1] + 1;
            put!(self, "{line}:{col} ");
        }
    }

    fn docs(&mut self, docs: &[Span]) {
        for doc in docs {
            let text = self.text[doc.lo as usize..doc.hi as usize].trim_end();
            self.line(*doc);
            put!(self, "{text}");
        }
    }

    fn nested(&mut self, inner: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    fn seq<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        for item in items {
            self.out.push(' ');
            each(self, item);
        }
    }

    // -------------------------------------------------------- items

    fn file(&mut self, file: &File) {
        self.docs(&file.docs);
        // Both lists are in source order; show them as one.
        let (mut items, mut stmts) = (file.items.iter().peekable(), file.statements.iter().peekable());
        loop {
            let item_first = match (items.peek(), stmts.peek()) {
                (Some(i), Some(s)) => i.span.lo < s.span.lo,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            if item_first {
                items.next().into_iter().for_each(|i| self.item(i));
            } else {
                stmts.next().into_iter().for_each(|s| self.stmt(s));
            }
        }
        self.out.push('\n');
    }

    fn item(&mut self, item: &Item) {
        self.docs(&item.docs);
        for attribute in &item.attributes {
            self.attribute(attribute);
        }
        self.line(item.span);
        if item.public.is_some() {
            put!(self, "pub ");
        }
        match &item.kind {
            ItemKind::Fn(f) => self.fn_item(f),
            ItemKind::Struct(s) => {
                put!(self, "struct {}", s.name.name);
                self.generics(&s.generics);
                self.struct_body(&s.body);
                self.members(&s.invariants, &s.methods);
            }
            ItemKind::Enum(e) => {
                put!(self, "enum {}", e.name.name);
                self.generics(&e.generics);
                self.nested(|d| {
                    for variant in &e.variants {
                        d.docs(&variant.docs);
                        for attribute in &variant.attributes {
                            d.attribute(attribute);
                        }
                        d.line(variant.span);
                        put!(d, "{}", variant.name.name);
                        d.struct_body(&variant.body);
                        if let Some(value) = &variant.discriminant {
                            put!(d, " = ");
                            d.expr(value);
                        }
                    }
                });
                self.members(&[], &e.methods);
            }
            ItemKind::Trait(t) => {
                put!(self, "trait {}", t.name.name);
                self.generics(&t.generics);
                self.bounds(None, &t.supertraits);
                self.items(&t.items);
            }
            ItemKind::Impl(i) => {
                put!(self, "{}impl", if i.is_unsafe { "unsafe " } else { "" });
                self.generics(&i.generics);
                if let Some(path) = &i.trait_ {
                    put!(self, " ");
                    self.path(path);
                    put!(self, " for");
                }
                put!(self, " ");
                self.ty(&i.ty);
                self.items(&i.items);
            }
            ItemKind::Actor(a) => {
                put!(self, "actor {}", a.name.name);
                self.generics(&a.generics);
                self.fields(&a.fields);
                self.members(&a.invariants, &a.methods);
            }
            ItemKind::TypeAlias(t) => {
                put!(self, "type {}", t.name.name);
                self.generics(&t.generics);
                self.bounds(t.view, &t.bounds);
                if let Some(ty) = &t.ty {
                    put!(self, " = ");
                    self.ty(ty);
                }
            }
            ItemKind::Const(c) => self.const_item("const", c),
            ItemKind::Static(c) => self.const_item("static", c),
            ItemKind::Use(u) => {
                put!(self, "use");
                for tree in &u.trees {
                    put!(self, " ");
                    for (i, segment) in tree.segments.iter().enumerate() {
                        put!(self, "{}{}", if i > 0 { "::" } else { "" }, segment.name);
                    }
                    if tree.glob.is_some() {
                        put!(self, "::*");
                    }
                    if let Some(alias) = tree.alias {
                        put!(self, " as {}", alias.name);
                    }
                }
            }
            ItemKind::Mod { name, body } => {
                put!(self, "mod {}", name.name);
                if let Some(items) = body {
                    put!(self, ":");
                    self.items(items);
                }
            }
            ItemKind::Extern { abi, items } => {
                put!(self, "extern {}", &self.text[abi.lo as usize..abi.hi as usize]);
                self.items(items);
            }
            ItemKind::Error => {
                put!(self, "error");
            }
        }
    }

    fn items(&mut self, items: &[Item]) {
        self.nested(|d| items.iter().for_each(|i| d.item(i)));
    }

    fn attribute(&mut self, attribute: &Attribute) {
        self.line(attribute.span);
        put!(self, "[{}", attribute.name.name);
        self.seq(&attribute.args, |d, arg| {
            if let Some(name) = arg.name {
                put!(d, "{} = ", name.name);
            }
            if let Some(value) = &arg.value {
                d.expr(value);
            }
        });
        put!(self, "]");
    }

    fn fn_item(&mut self, f: &FnItem) {
        put!(self, "{}{}fn {}", if f.is_async { "async " } else { "" }, if f.is_unsafe { "unsafe " } else { "" }, f.name.name);
        self.generics(&f.generics);
        self.params(&f.params);
        if let Some(ret) = &f.ret {
            put!(self, " -> ");
            self.ty(&ret.ty);
            for (i, from) in ret.from.iter().enumerate() {
                put!(self, "{}{}", if i == 0 { " from " } else { ", " }, from.name.name);
                if let Some(field) = from.field {
                    put!(self, ".{}", field.name);
                }
            }
        }
        if let Some(body) = &f.body {
            self.block(body);
        }
    }

    fn params(&mut self, params: &[Param]) {
        put!(self, " (");
        for (i, param) in params.iter().enumerate() {
            if i > 0 {
                put!(self, ", ");
            }
            put!(self, "{}", convention(param.convention));
            self.pattern(&param.pattern);
            if let Some(ty) = &param.ty {
                put!(self, ": ");
                self.ty(ty);
            }
        }
        put!(self, ")");
    }

    fn generics(&mut self, generics: &Generics) {
        if generics.span.is_some() {
            put!(self, "[");
            for (i, param) in generics.params.iter().enumerate() {
                put!(self, "{}{}", if i > 0 { ", " } else { "" }, param.name.name);
                if let Some(ty) = &param.const_ty {
                    put!(self, ": const ");
                    self.ty(ty);
                }
                self.bounds(param.view, &param.bounds);
                if let Some(default) = &param.default {
                    put!(self, " = ");
                    self.ty(default);
                }
            }
            put!(self, "]");
        }
        for clause in &generics.where_clauses {
            put!(self, " where ");
            self.ty(&clause.ty);
            self.bounds(clause.view, &clause.bounds);
        }
    }

    fn bounds(&mut self, view: Option<Span>, bounds: &[Bound]) {
        if view.is_none() && bounds.is_empty() {
            return;
        }
        put!(self, ":");
        if view.is_some() {
            put!(self, " view");
        }
        self.seq(bounds, |d, bound| match bound {
            Bound::Trait(path) => d.path(path),
            Bound::Fn(f) => d.fn_type(f),
        });
    }

    fn struct_body(&mut self, body: &StructBody) {
        match body {
            StructBody::Unit => {}
            StructBody::Tuple(fields) => {
                put!(self, "(");
                for (i, field) in fields.iter().enumerate() {
                    put!(self, "{}{}", if i > 0 { ", " } else { "" }, if field.public.is_some() { "pub " } else { "" });
                    self.ty(&field.ty);
                }
                put!(self, ")");
            }
            StructBody::Named(fields) => {
                put!(self, " {{}}");
                self.fields(fields);
            }
        }
    }

    fn fields(&mut self, fields: &[FieldDef]) {
        self.nested(|d| {
            for field in fields {
                d.docs(&field.docs);
                d.line(field.span);
                put!(d, "{}{}: ", if field.public.is_some() { "pub " } else { "" }, field.name.name);
                d.ty(&field.ty);
                if let Some(default) = &field.default {
                    put!(d, " = ");
                    d.expr(default);
                }
            }
        });
    }

    fn members(&mut self, invariants: &[Contract], methods: &[Item]) {
        self.nested(|d| {
            for contract in invariants {
                d.line(contract.span);
                d.contract(contract);
            }
            methods.iter().for_each(|m| d.item(m));
        });
    }

    fn const_item(&mut self, word: &str, c: &ConstItem) {
        put!(self, "{word} {}", c.name.name);
        if let Some(ty) = &c.ty {
            put!(self, ": ");
            self.ty(ty);
        }
        if let Some(value) = &c.value {
            put!(self, " = ");
            self.expr(value);
        }
    }

    // -------------------------------------------------------- types

    fn path(&mut self, path: &Path) {
        for (i, segment) in path.segments.iter().enumerate() {
            put!(self, "{}{}", if i > 0 { "::" } else { "" }, segment.name.name);
            if let Some(args) = &segment.args {
                self.generic_args(args);
            }
        }
    }

    fn generic_args(&mut self, args: &GenericArgs) {
        put!(self, "[");
        for (i, ty) in args.args.iter().enumerate() {
            put!(self, "{}", if i > 0 { ", " } else { "" });
            self.ty(ty);
        }
        for (i, (name, ty)) in args.bindings.iter().enumerate() {
            put!(self, "{}{} = ", if i + args.args.len() > 0 { ", " } else { "" }, name.name);
            self.ty(ty);
        }
        put!(self, "]");
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Path(path) => self.path(path),
            TypeExprKind::Tuple(elements) => {
                put!(self, "(tuple");
                self.seq(elements, Self::ty);
                put!(self, ")");
            }
            TypeExprKind::List(element) => {
                put!(self, "[");
                self.ty(element);
                put!(self, "]");
            }
            TypeExprKind::Array(element, len) => {
                put!(self, "[");
                self.ty(element);
                put!(self, "; ");
                self.expr(len);
                put!(self, "]");
            }
            TypeExprKind::Ref { mutable, ty } => {
                put!(self, "{}", if *mutable { "&mut " } else { "&" });
                self.ty(ty);
            }
            TypeExprKind::RawPtr(ty) => {
                put!(self, "*");
                self.ty(ty);
            }
            TypeExprKind::Fn(f) => self.fn_type(f),
            TypeExprKind::Dyn(path) => {
                put!(self, "dyn ");
                self.path(path);
            }
            TypeExprKind::DynFn(f) => {
                put!(self, "dyn ");
                self.fn_type(f);
            }
            TypeExprKind::Const(value) => {
                put!(self, "{{");
                self.expr(value);
                put!(self, "}}");
            }
            TypeExprKind::Infer => {
                put!(self, "_");
            }
            TypeExprKind::Never => {
                put!(self, "!");
            }
            TypeExprKind::Error => {
                put!(self, "<error>");
            }
        }
    }

    fn fn_type(&mut self, f: &FnTypeExpr) {
        put!(self, "{}fn(", convention(f.call));
        for (i, (c, ty)) in f.params.iter().enumerate() {
            put!(self, "{}{}", if i > 0 { ", " } else { "" }, convention(*c));
            self.ty(ty);
        }
        put!(self, ")");
        if let Some(ret) = &f.ret {
            put!(self, " -> ");
            self.ty(ret);
        }
    }

    // -------------------------------------------------------- statements

    fn block(&mut self, block: &Block) {
        put!(self, ":");
        if self.lines.is_some() && block.style == BlockStyle::Braces {
            put!(self, " {{}}");
        }
        self.nested(|d| {
            d.docs(&block.docs);
            block.stmts.iter().for_each(|s| d.stmt(s));
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
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

    fn contract(&mut self, contract: &Contract) {
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

    fn expr(&mut self, expr: &Expr) {
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
                put!(self, "({}closure{}", if closure.is_async { "async " } else { "" }, if closure.is_fn { " fn" } else { "" });
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
            ExprKind::While { condition, body, label } => {
                put!(self, "(while");
                self.label(label);
                put!(self, " ");
                self.condition(condition);
                self.block(body);
                put!(self, ")");
            }
            ExprKind::For { pattern, iterable, body, label } => {
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
            ExprKind::Quantifier { all, pattern, iterable, condition } => {
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
                put!(self, "{value}{}", suffix(s));
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

    fn pattern(&mut self, pattern: &Pattern) {
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
