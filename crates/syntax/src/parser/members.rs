//! What stands inside structs, enums and actors: fields, variants, invariants, methods.

use base::{Applicability, Diagnostic, codes};

use super::body::BodyOf;
use super::{NEAR, Parser, role};
use crate::ast::*;
use crate::token::TokenKind as T;

const FIELDS: BodyOf = BodyOf { what: "a field `name: Type`", commas: true, documented: true };
const VARIANTS: BodyOf = BodyOf { what: "a variant", commas: true, documented: true };

/// What a struct's or an actor's block holds.
#[derive(Default)]
struct Members {
    fields: Vec<FieldDef>,
    invariants: Vec<Contract>,
    methods: Vec<Item>,
}

impl Parser<'_> {
    pub(super) fn struct_item(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the struct");
        let mut generics = self.generics();
        let mut members = Members::default();
        let body = if self.at(T::LParen) {
            let fields = self.tuple_fields();
            self.where_clauses(&mut generics);
            // A tuple struct may have a block with invariants and methods.
            if self.at(T::Colon) {
                self.members(&mut members);
                if let Some(field) = members.fields.first() {
                    let d = Diagnostic::error(codes::E0118, field.span, "a tuple struct has no named fields")
                        .also(name.span, "its fields stand in parentheses");
                    self.report_slip(d);
                }
            }
            StructBody::Tuple(fields)
        } else {
            self.where_clauses(&mut generics);
            if self.at(T::LBrace) {
                StructBody::Named(self.brace_fields())
            } else if self.members_missing() {
                StructBody::Unit
            } else {
                self.members(&mut members);
                StructBody::Named(std::mem::take(&mut members.fields))
            }
        };
        let Members { invariants, methods, .. } = members;
        ItemKind::Struct(StructItem { name, generics, body, invariants, methods })
    }

    /// The line ends without a block.
    fn members_missing(&self) -> bool {
        let next = self.tok();
        matches!(self.cur, T::LineEnd | T::Eof | T::Semi | T::RBrace)
            && !(next.kind != T::Eof && next.first && next.indent > self.layout.indent)
    }

    pub(super) fn actor_item(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the actor");
        let mut generics = self.generics();
        self.where_clauses(&mut generics);
        let mut members = Members::default();
        if !self.members_missing() {
            self.members(&mut members);
        }
        let Members { fields, invariants, methods } = members;
        ItemKind::Actor(ActorItem {
            name,
            generics,
            fields,
            invariants,
            methods,
            expansion: Default::default(),
        })
    }

    fn members(&mut self, members: &mut Members) {
        self.body(FIELDS, |p| p.member_of(members));
    }

    fn member_of(&mut self, members: &mut Members) {
        let next = self.nth(1);
        if self.at(T::Pass) && next.kind != T::Colon {
            self.bump();
            return;
        }
        if self.at(T::Inv) && next.kind != T::Colon {
            members.invariants.push(self.contract());
            return;
        }
        if self.at(T::Ident) && next.kind != T::Colon {
            self.foreign_keyword();
        }
        if self.at_method() {
            members.methods.push(self.item());
            return;
        }
        let lo = self.lo();
        let mut docs = self.docs();
        self.no_attributes("a field");
        docs.extend(if self.lo() == lo { Vec::new() } else { self.docs() });
        if let Some(field) = self.field(docs) {
            members.fields.push(field);
        }
    }

    /// A function or another item begins here, perhaps after attributes and `pub`.
    fn at_method(&self) -> bool {
        if self.at(T::LBracket) {
            // What follows the brackets decides.
            let mut n = 0;
            while self.nth(n).kind == T::LBracket {
                match self.closer_ahead(n, NEAR) {
                    Some(close) => n = close + 1,
                    None => return false,
                }
            }
            n += usize::from(self.nth(n).kind == T::Pub);
            return matches!(self.nth(n).kind, T::Fn | T::Async | T::Unsafe);
        }
        if self.at(T::Pub) && self.nth(1).kind == T::LParen {
            // `pub(super) fn`, which is told of.
            let after = self.closer_ahead(1, NEAR).map_or(0, |close| close + 1);
            return after > 0 && matches!(self.nth(after).kind, T::Fn | T::Async | T::Unsafe);
        }
        if self.at(T::Pub) {
            return matches!(self.nth(1).kind, T::Fn | T::Async | T::Unsafe | T::Const | T::Type)
                && self.nth(2).kind != T::Colon
                && self.nth(1).kind != T::Type;
        }
        matches!(self.cur, T::Fn | T::Async | T::Unsafe | T::Const) && self.nth(1).kind != T::Colon
    }

    fn no_attributes(&mut self, what: &str) {
        if self.at(T::LBracket) {
            let attributes = self.attributes();
            if let Some(first) = attributes.first() {
                let d = Diagnostic::error(codes::E0117, first.span, format!("{what} takes no attributes"));
                self.report_slip(d);
            }
        }
    }

    /// `pub name: Type = default`.
    fn field(&mut self, docs: Vec<base::Span>) -> Option<FieldDef> {
        let lo = self.lo();
        let public = self.public();
        if self.at(T::Let) {
            let span = base::Span { hi: self.nth(1).lo, ..self.span() };
            self.slip(codes::E0118, span, "a field is written `name: Type`", "remove `let`", "");
            self.bump();
            self.eat(T::Mut);
        }
        let named = self.cur.is_ident() || (self.cur.is_word() && self.nth(1).kind == T::Colon);
        if !named {
            self.expected("a field `name: Type`");
            return None;
        }
        let name = self.take_ident();
        if self.at(T::Comma) || matches!(self.cur, T::LineEnd | T::Eof | T::RBrace) {
            let d =
                Diagnostic::error(codes::E0101, name.span, format!("the field `{}` has no type", name.name))
                    .help(format!("write `{}: Type`", name.name));
            self.report(d);
            let ty = TypeExpr { span: self.prev_end(), kind: TypeExprKind::Error };
            return Some(FieldDef { span: self.span_from(lo), docs, public, name, ty, default: None });
        }
        if !self.at(T::Colon) && (self.cur.is_ident() || matches!(self.cur, T::LBracket | T::Amp)) {
            let end = self.prev_end();
            self.slip(codes::E0101, end, "a field is written `name: Type`", "insert `:`", ":");
        } else {
            self.expect(T::Colon);
        }
        let ty = self.type_expr();
        let default = if self.eat(T::Eq) {
            self.after_operator();
            Some(self.expr())
        } else {
            None
        };
        Some(FieldDef { span: self.span_from(lo), docs, public, name, ty, default })
    }

    /// `{ a: T, b: U }`, separated by commas or line ends.
    fn brace_fields(&mut self) -> Vec<FieldDef> {
        let mut fields = Vec::new();
        let outer = self.enter_brackets();
        self.role(role::GLUED);
        let opener = self.bump();
        while !self.at(T::RBrace) && !self.at(T::Eof) {
            let before = self.pos;
            let docs = self.docs();
            self.no_attributes("a field");
            if let Some(field) = self.field(docs) {
                fields.push(field);
            }
            if (!self.eat(T::Comma) && !self.tok().first) || self.pos == before {
                break;
            }
        }
        self.close(outer, opener, T::RBrace);
        fields
    }

    fn tuple_fields(&mut self) -> Vec<FieldDef> {
        let mut fields = Vec::new();
        self.glued_list(T::RParen, |p| {
            let lo = p.lo();
            let docs = p.docs();
            let public = p.public();
            if p.cur.is_ident() && p.nth(1).kind == T::Colon {
                p.name_in_tuple(fields.is_empty());
            }
            let name = p.no_ident();
            let ty = p.type_expr();
            fields.push(FieldDef { span: p.span_from(lo), docs, public, name, ty, default: None });
        });
        fields
    }

    /// `(name: Type)`, where fields have no names.
    fn name_in_tuple(&mut self, first: bool) {
        let name = self.text_of(self.tok()).to_owned();
        let span = base::Span { hi: self.nth(2).lo, ..self.span() };
        if first {
            let d = Diagnostic::error(codes::E0118, span, "fields in parentheses have no names")
                .help(format!("fields with names stand in braces: `{{{name}: …}}`"))
                .fix("leave out the name", span, "", Applicability::Certain);
            self.report_slip(d);
        }
        self.bump();
        self.bump();
    }

    // -------------------------------------------------------- enums

    pub(super) fn enum_item(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the enum");
        let mut generics = self.generics();
        self.where_clauses(&mut generics);
        let (mut variants, mut methods) = (Vec::new(), Vec::new());
        if !self.members_missing() {
            self.body(VARIANTS, |p| {
                if p.at(T::Pass) && (p.nth(1).first || p.nth(1).kind == T::Eof) {
                    p.bump();
                } else if p.at_method() {
                    methods.push(p.item());
                } else if let Some(variant) = p.variant() {
                    variants.push(variant);
                }
            });
        }
        ItemKind::Enum(EnumItem { name, generics, variants, methods })
    }

    fn variant(&mut self) -> Option<Variant> {
        let lo = self.lo();
        let docs = self.docs();
        let attributes = self.attributes();
        if self.at(T::Case) && self.nth(1).kind.is_ident() && !self.nth(1).first {
            let span = base::Span { hi: self.nth(1).lo, ..self.span() };
            self.slip(codes::E0113, span, "a variant is only its name", "remove `case`", "");
            self.bump();
        }
        if self.at(T::Pipe) {
            let span = base::Span { hi: self.nth(1).lo, ..self.span() };
            self.slip(codes::E0113, span, "variants stand on lines of their own", "remove `|`", "");
            self.bump();
        }
        let name = self.ident("the name of a variant");
        if name.span.is_empty() {
            return None;
        }
        let body = match self.cur {
            T::LParen => StructBody::Tuple(self.tuple_fields()),
            T::LBrace => StructBody::Named(self.brace_fields()),
            _ => StructBody::Unit,
        };
        let discriminant = self.eat(T::Eq).then(|| self.expr());
        Some(Variant { span: self.span_from(lo), docs, attributes, name, body, discriminant })
    }
}
