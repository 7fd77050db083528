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

mod exprs;

fn convention(c: Convention) -> &'static str {
    match c {
        Convention::Read => "",
        Convention::Mut => "mut ",
        Convention::Own => "own ",
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
        put!(
            self,
            "{}{}fn {}",
            if f.is_async { "async " } else { "" },
            if f.is_unsafe { "unsafe " } else { "" },
            f.name.name
        );
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
                    put!(
                        self,
                        "{}{}",
                        if i > 0 { ", " } else { "" },
                        if field.public.is_some() { "pub " } else { "" }
                    );
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
}
