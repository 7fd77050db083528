//! A body as text, for `--emit hir` and tests.
//!
//! Close to the language; what checking added is shown: borrows (`&`, `&mut`), reads of places
//! (`copy`/`move` are one: `use`), coercions, and the function that each call means.

use std::fmt::Write;

use crate::items::Program;
use crate::thir::{Block, Body, Callee, CaptureMode, ExprId, ExprKind, Lit, LocalId, Pat, PatKind, Stmt};
use crate::ty::{Mutability, Ty, display};

/// The body as text.
pub fn dump(program: &Program, body: &Body) -> String {
    let mut printer = Printer { program, body, out: String::new(), indent: 1 };
    let _ = write!(printer.out, "body {:?} -> {}", body.owner, printer.ty(body.ret));
    printer.out.push('\n');
    for param in &body.params {
        let text =
            format!("param {}: {:?} {}", printer.pat(&param.pattern), param.conv, printer.ty(param.ty));
        printer.line(&text);
    }
    for (id, local) in body.locals.iter_enumerated() {
        let mutable = if local.mutable { "mut " } else { "" };
        let by_ref = match local.by_ref {
            Some(Mutability::Shared) => " by &",
            Some(Mutability::Mut) => " by &mut",
            None => "",
        };
        let text = format!("{id:?} = {mutable}{}: {}{by_ref}", local.name, printer.ty(local.ty));
        printer.line(&text);
    }
    for (i, closure) in body.closures.iter().enumerate() {
        let captures: Vec<String> = closure
            .captures
            .iter()
            .map(|c| match c.mode {
                CaptureMode::Ref(Mutability::Shared) => format!("&{}", printer.local(c.local)),
                CaptureMode::Ref(Mutability::Mut) => format!("&mut {}", printer.local(c.local)),
                CaptureMode::Value => printer.local(c.local),
            })
            .collect();
        let params: Vec<String> = closure
            .params
            .iter()
            .map(|p| format!("{}: {:?} {}", printer.pat(&p.pattern), p.conv, printer.ty(p.ty)))
            .collect();
        let text = format!(
            "closure#{i} {:?} [{}]({}) -> {}",
            closure.call,
            captures.join(", "),
            params.join(", "),
            printer.ty(closure.ret)
        );
        printer.line(&text);
    }
    let value = printer.expr(body.value);
    printer.line(&value);
    printer.out
}

struct Printer<'a> {
    program: &'a Program,
    body: &'a Body,
    out: String,
    indent: usize,
}

impl Printer<'_> {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn ty(&self, ty: Ty) -> String {
        display(self.program, ty)
    }

    fn local(&self, id: LocalId) -> String {
        format!("{}{:?}", self.body.locals[id].name, id)
    }

    fn list(&mut self, ids: &[ExprId]) -> String {
        let all: Vec<String> = ids.iter().map(|&id| self.expr(id)).collect();
        all.join(", ")
    }

    fn block(&mut self, block: &Block) -> String {
        let mut text = String::from("{\n");
        self.indent += 1;
        let pad = "    ".repeat(self.indent);
        for stmt in &block.stmts {
            let line = match stmt {
                Stmt::Let { pattern, value, else_, .. } => {
                    let mut line = format!("let {}: {}", self.pat(pattern), self.ty(pattern.ty));
                    if let Some(value) = value {
                        let _ = write!(line, " = {}", self.expr(*value));
                    }
                    if let Some(else_) = else_ {
                        let _ = write!(line, " else {}", self.expr(*else_));
                    }
                    line
                }
                Stmt::Expr(id) => self.expr(*id),
                Stmt::Defer(id) => format!("defer {}", self.expr(*id)),
            };
            let _ = writeln!(text, "{pad}{line};");
        }
        if let Some(value) = block.value {
            let value = self.expr(value);
            let _ = writeln!(text, "{pad}{value}");
        }
        self.indent -= 1;
        text.push_str(&"    ".repeat(self.indent));
        text.push('}');
        text
    }

    fn callee(&self, callee: &Callee) -> String {
        let name = |id: crate::items::FnId| self.program.fns[id].name;
        let args = |list: &[Ty]| {
            if list.is_empty() {
                return String::new();
            }
            let all: Vec<String> = list.iter().map(|&t| self.ty(t)).collect();
            format!("[{}]", all.join(", "))
        };
        match callee {
            Callee::Fn { id, args: list } => format!("{}{}", name(*id), args(list)),
            Callee::TraitMethod { trait_, method, args: list } => {
                format!("{}::{}{}", self.program.traits[*trait_].name, name(*method), args(list))
            }
            Callee::DynMethod { trait_, method, args: list } => {
                format!("dyn {}::{}{}", self.program.traits[*trait_].name, name(*method), args(list))
            }
            Callee::Value { sig, .. } => format!("call[{:?}]", sig.call),
        }
    }

    fn expr(&mut self, id: ExprId) -> String {
        let body = self.body;
        let expr = &body.exprs[id];
        match &expr.kind {
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Static(id) => self.program.statics[*id].name.to_string(),
            ExprKind::Field { base, field } => format!("{}.{field:?}", self.expr(*base)),
            ExprKind::TupleField { base, index } => format!("{}.{index}", self.expr(*base)),
            ExprKind::Deref(inner) => format!("*({})", self.expr(*inner)),
            ExprKind::Index { base, index } => {
                format!("{}[{}]", self.expr(*base), self.expr(*index))
            }
            ExprKind::Use(place) => format!("use {}", self.expr(*place)),
            ExprKind::Ref { mutability, place, two_phase } => {
                let phase = if *two_phase { "two-phase " } else { "" };
                let sign = match mutability {
                    Mutability::Shared => "&",
                    Mutability::Mut => "&mut ",
                };
                format!("{sign}{phase}{}", self.expr(*place))
            }
            ExprKind::RawRef { place } => format!("&raw {}", self.expr(*place)),
            ExprKind::Literal(lit) => format!("{}: {}", show_lit(lit), self.ty(expr.ty)),
            ExprKind::Const(id) => self.program.consts[*id].name.to_string(),
            ExprKind::ConstParam(index) => format!("const#{index}"),
            ExprKind::Tuple(list) => format!("({})", self.list(list)),
            ExprKind::List(list) => format!("[{}]: {}", self.list(list), self.ty(expr.ty)),
            ExprKind::Repeat { value } => format!("[{}; ..]", self.expr(*value)),
            ExprKind::Adt { adt, variant, fields, base, .. } => {
                let decl = &self.program.adts[*adt];
                let mut parts: Vec<String> =
                    fields.iter().map(|(field, value)| format!("{field:?}: {}", self.expr(*value))).collect();
                if let Some(base) = base {
                    parts.push(format!("..{}", self.expr(*base)));
                }
                format!("{}::{}{{{}}}", decl.name, decl.variants[*variant].name, parts.join(", "))
            }
            ExprKind::Closure { index } => {
                format!("closure#{index} {}", self.expr(body.closures[*index as usize].body))
            }
            ExprKind::Call { callee, args } => {
                format!("{}({})", self.callee(callee), self.list(args))
            }
            ExprKind::Unary { op, operand } => format!("{op:?}({})", self.expr(*operand)),
            ExprKind::Binary { op, left, right } => {
                format!("{op:?}({}, {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::And(a, b) => format!("({} and {})", self.expr(*a), self.expr(*b)),
            ExprKind::Or(a, b) => format!("({} or {})", self.expr(*a), self.expr(*b)),
            ExprKind::Cast { value, kind } => {
                format!("{} as {} ({kind:?})", self.expr(*value), self.ty(expr.ty))
            }
            ExprKind::Coerce { value, kind } => format!("{kind:?}({})", self.expr(*value)),
            ExprKind::Assign { target, value } => {
                format!("{} = {}", self.expr(*target), self.expr(*value))
            }
            ExprKind::AssignOp { op, target, value } => {
                format!("{} {op:?}= {}", self.expr(*target), self.expr(*value))
            }
            ExprKind::Block(block) => self.block(block),
            ExprKind::If { condition, then, else_ } => {
                let mut text = format!("if {} {}", self.expr(*condition), self.expr(*then));
                if let Some(else_) = else_ {
                    let _ = write!(text, " else {}", self.expr(*else_));
                }
                text
            }
            ExprKind::LetCondition { pattern, scrutinee } => {
                format!("let {} = {}", self.pat(pattern), self.expr(*scrutinee))
            }
            ExprKind::Match { scrutinee, arms } => {
                let mut text = format!("match {} {{\n", self.expr(*scrutinee));
                self.indent += 1;
                let pad = "    ".repeat(self.indent);
                for arm in arms {
                    let guard = match arm.guard {
                        Some(guard) => format!(" if {}", self.expr(guard)),
                        None => String::new(),
                    };
                    let value = self.expr(arm.body);
                    let _ = writeln!(text, "{pad}{}{guard} => {value}", self.pat(&arm.pattern));
                }
                self.indent -= 1;
                text.push_str(&"    ".repeat(self.indent));
                text.push('}');
                text
            }
            ExprKind::Loop { id, body } => format!("{id:?}: loop {}", self.expr(*body)),
            ExprKind::Break { loop_id, value } => match value {
                Some(value) => format!("break {loop_id:?} {}", self.expr(*value)),
                None => format!("break {loop_id:?}"),
            },
            ExprKind::Continue { loop_id } => format!("continue {loop_id:?}"),
            ExprKind::Return { value } => match value {
                Some(value) => format!("return {}", self.expr(*value)),
                None => "return".into(),
            },
            ExprKind::Error => "<error>".into(),
        }
    }

    fn pat(&self, pat: &Pat) -> String {
        let list = |pats: &[Pat]| pats.iter().map(|p| self.pat(p)).collect::<Vec<_>>();
        match &pat.kind {
            PatKind::Wildcard => "_".into(),
            PatKind::Binding { local, mode, sub } => {
                let sub = sub.as_ref().map_or(String::new(), |s| format!(" @ {}", self.pat(s)));
                format!("{mode:?} {}{sub}", self.local(*local))
            }
            PatKind::Literal(lit) => show_lit(lit),
            PatKind::Range { lo, hi, inclusive } => format!(
                "{}..{}{}",
                lo.as_ref().map_or(String::new(), show_lit),
                if *inclusive { "=" } else { "" },
                hi.as_ref().map_or(String::new(), show_lit)
            ),
            PatKind::Const { value } => self.program.consts[*value].name.to_string(),
            PatKind::Tuple(pats) => format!("({})", list(pats).join(", ")),
            PatKind::Struct { adt, variant, fields, .. } => {
                let decl = &self.program.adts[*adt];
                let parts: Vec<String> =
                    fields.iter().map(|(f, p)| format!("{f:?}: {}", self.pat(p))).collect();
                format!("{}::{}{{{}}}", decl.name, decl.variants[*variant].name, parts.join(", "))
            }
            PatKind::Slice { before, rest, after } => {
                let mut parts = list(before);
                if let Some(rest) = rest {
                    parts.push(match rest {
                        Some(rest) => format!("..{}", self.pat(rest)),
                        None => "..".into(),
                    });
                }
                parts.extend(list(after));
                format!("[{}]", parts.join(", "))
            }
            PatKind::Or(pats) => list(pats).join(" | "),
            PatKind::Deref(inner) => format!("&{}", self.pat(inner)),
            PatKind::Error => "<error>".into(),
        }
    }
}

fn show_lit(lit: &Lit) -> String {
    match lit {
        Lit::Int(value) => value.to_string(),
        Lit::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Lit::Bool(value) => value.to_string(),
        Lit::Char(c) => format!("{c:?}"),
        Lit::Str(text) => format!("{text:?}"),
    }
}
