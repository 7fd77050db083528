//! Items: traits, impls, modules, imports, constants, and the attributes before them. Functions
//! are in [`functions`](super::functions), types and actors in [`members`](super::members).

use base::{Diagnostic, Span, codes};

use super::body::BodyOf;
use super::{NEAR, Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

pub(super) const ITEMS: BodyOf = BodyOf { what: "an item", commas: false, documented: true };

impl Parser<'_> {
    /// The current token begins an item.
    pub(super) fn at_item(&self) -> bool {
        if self.cur == T::LBracket {
            return self.at_attribute();
        }
        self.begins_item(0)
    }

    /// The `n`th token from here begins an item (attributes aside).
    fn begins_item(&self, n: usize) -> bool {
        let next = self.nth(n + 1);
        match self.nth(n).kind {
            T::Struct
            | T::Enum
            | T::Trait
            | T::Impl
            | T::Const
            | T::Static
            | T::Use
            | T::Mod
            | T::Pub
            | T::Extern => true,
            T::Fn => next.kind != T::LParen || self.at_go_receiver(n + 1),
            T::Async => {
                next.kind == T::Fn && self.nth(n + 2).kind.is_ident()
                    || next.kind == T::Unsafe
                    || self.is_foreign_fn(n + 1)
            }
            T::Unsafe => matches!(next.kind, T::Fn | T::Impl | T::Extern | T::Async | T::Trait),
            T::Type | T::Actor => next.kind == T::Ident && !next.first,
            _ => false,
        }
    }

    /// At `[`: whether attributes stand here rather than a list. They look like `[name]`,
    /// `[name(…), …]` and an item or a further attribute follows.
    fn at_attribute(&self) -> bool {
        const MOST: usize = 200;
        let mut n = 0;
        loop {
            // One bracket.
            n += 1;
            loop {
                if !self.nth(n).kind.is_word() {
                    return false;
                }
                n += 1;
                if self.nth(n).kind == T::LParen {
                    match self.closer_ahead(n, NEAR) {
                        Some(close) => n = close + 1,
                        None => return false,
                    }
                } else if self.nth(n).kind == T::Eq {
                    // `[name = value]`: one literal or word.
                    n += 2;
                }
                match self.nth(n).kind {
                    T::Comma => n += 1,
                    T::RBracket => break,
                    _ => return false,
                }
                if self.nth(n).kind == T::RBracket {
                    break;
                }
            }
            n += 1;
            if self.begins_item(n) {
                return true;
            }
            if self.nth(n).kind != T::LBracket || !self.nth(n).first || n > MOST {
                return false;
            }
        }
    }

    /// `[a, b(c)]` lines, all of them.
    pub(super) fn attributes(&mut self) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        while self.at(T::LBracket) {
            self.list(T::RBracket, |p| {
                let lo = p.lo();
                let name = if p.cur.is_word() { p.take_ident() } else { p.ident("the name of an attribute") };
                let mut args = Vec::new();
                if p.at(T::LParen) {
                    p.glued_list(T::RParen, |p| {
                        let name = if p.cur.is_ident() && p.nth(1).kind == T::Eq {
                            let name = p.take_ident();
                            p.bump();
                            Some(name)
                        } else {
                            None
                        };
                        let value = Some(p.expr());
                        args.push(AttributeArg { name, value });
                    });
                } else if p.at(T::Eq) {
                    p.bump();
                    let value = Some(p.expr());
                    args.push(AttributeArg { name: None, value });
                }
                attributes.push(Attribute { span: p.span_from(lo), name, args });
            });
            if let Some(record) = &mut self.record {
                record.roles[self.pos - 1] |= role::ATTRIBUTE_END;
            }
            self.reveal();
        }
        attributes
    }

    /// An item; the caller has seen that one begins here.
    pub(super) fn item(&mut self) -> Item {
        let lo = self.lo();
        let mut docs = self.docs();
        let attributes = self.attributes();
        if !attributes.is_empty() {
            docs.extend(self.docs());
        }
        let public = self.public();
        if public.is_some() {
            self.foreign_keyword();
        }
        let Some(outer) = self.enter() else {
            return Item { span: self.span_from(lo), docs, attributes, public, kind: ItemKind::Error };
        };
        let outer_docs = std::mem::take(&mut self.inner_docs);
        let kind = self.item_kind();
        docs.append(&mut self.inner_docs);
        self.inner_docs = outer_docs;
        self.leave(outer);
        Item { span: self.span_from(lo), docs, attributes, public, kind }
    }

    /// `pub`, if there.
    pub(super) fn public(&mut self) -> Option<Span> {
        if !self.at(T::Pub) {
            return None;
        }
        let span = self.bump();
        if self.at(T::LParen) && self.adjacent() {
            let lo = self.lo();
            self.list(T::RParen, |p| {
                while !matches!(p.cur, T::RParen | T::Comma | T::Eof) {
                    p.bump();
                }
            });
            let extra = self.span_from(lo);
            self.slip(codes::E0118, extra, "`pub` takes nothing in parentheses", "remove it", "");
        }
        Some(span)
    }

    fn item_kind(&mut self) -> ItemKind {
        match self.cur {
            T::Fn | T::Async => ItemKind::Fn(std::sync::Arc::new(self.fn_item())),
            T::Unsafe => match self.nth(1).kind {
                T::Impl => {
                    let head = self.bump();
                    self.impl_item(head, true)
                }
                T::Extern => {
                    self.bump();
                    self.extern_item()
                }
                _ => ItemKind::Fn(std::sync::Arc::new(self.fn_item())),
            },
            T::Struct => self.struct_item(),
            T::Enum => self.enum_item(),
            T::Trait => self.trait_item(),
            T::Impl => {
                let head = self.span();
                self.impl_item(head, false)
            }
            T::Actor => self.actor_item(),
            T::Type => self.type_alias(),
            T::Const => {
                self.bump();
                ItemKind::Const(self.const_item())
            }
            T::Static => {
                self.bump();
                ItemKind::Static(self.const_item())
            }
            T::Use => self.use_item(),
            T::Mod => self.mod_item(),
            T::Extern => self.extern_item(),
            _ => {
                self.expected("an item such as `fn`, `struct` or `use`");
                ItemKind::Error
            }
        }
    }

    fn const_item(&mut self) -> ConstItem {
        if self.at(T::Mut) {
            let span = Span { hi: self.nth(1).lo, ..self.span() };
            let d = Diagnostic::error(codes::E0118, span, "shared places are not `mut`")
                .help("use a type that synchronises itself: `Atomic`, `Mutex` or `Lazy`");
            self.report_slip(d);
            self.bump();
        }
        let name = if self.at(T::Underscore) { self.take_ident() } else { self.ident("a name") };
        let ty = self.eat(T::Colon).then(|| self.type_expr());
        let value = if self.eat(T::Eq) {
            self.after_operator();
            Some(self.expr())
        } else {
            None
        };
        ConstItem { name, ty, value }
    }

    pub(super) fn type_alias(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the type");
        let mut generics = self.generics();
        let (mut view, mut bounds) = (None, Vec::new());
        if self.eat(T::Colon) {
            (view, bounds) = self.bounds();
        }
        let ty = if self.eat(T::Eq) {
            self.after_operator();
            Some(self.type_expr())
        } else {
            None
        };
        self.where_clauses(&mut generics);
        ItemKind::TypeAlias(TypeAlias { name, generics, bounds, view, ty })
    }

    fn use_item(&mut self) -> ItemKind {
        self.bump();
        let mut trees = Vec::new();
        loop {
            self.use_tree(&mut Vec::new(), &mut trees);
            if !self.eat(T::Comma) {
                break;
            }
            self.after_operator();
        }
        ItemKind::Use(UseItem { trees })
    }

    fn use_tree(&mut self, prefix: &mut Vec<Ident>, trees: &mut Vec<UseTree>) {
        let Some(outer) = self.enter() else { return };
        let lo = self.lo();
        let base = prefix.len();
        loop {
            match self.cur {
                T::Star => {
                    self.role(role::PREFIX);
                    let glob = Some(self.bump());
                    let span = self.span_from(lo);
                    trees.push(UseTree { span, segments: prefix.clone(), glob, alias: None });
                    break;
                }
                T::LBrace => {
                    self.list(T::RBrace, |p| p.use_tree(prefix, trees));
                    break;
                }
                _ => {}
            }
            let name = if self.at(T::SelfValue) || (prefix.len() > base && self.cur.is_word()) {
                self.take_ident()
            } else {
                self.ident("the path of what is used")
            };
            if name.span.is_empty() {
                break;
            }
            // `use a::{self, b}` names `a` itself.
            if !(name.name.as_str() == "self" && base > 0 && prefix.len() == base) {
                prefix.push(name);
            }
            if self.at(T::Dot) || self.at(T::Slash) {
                let span = self.span();
                self.slip(codes::E0101, span, "the parts of a path are joined by `::`", "write `::`", "::");
                self.rewrite(T::ColonColon);
            }
            if !self.eat(T::ColonColon) {
                let alias = if self.eat(T::As) {
                    Some(if self.at(T::Underscore) { self.take_ident() } else { self.ident("a name") })
                } else {
                    None
                };
                let span = self.span_from(lo);
                trees.push(UseTree { span, segments: prefix.clone(), glob: None, alias });
                break;
            }
        }
        prefix.truncate(base);
        self.leave(outer);
    }

    fn mod_item(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the module");
        if matches!(self.cur, T::LineEnd | T::Eof | T::Semi | T::RBrace) {
            return ItemKind::Mod { name, body: None };
        }
        let body = Some(self.item_body("in a module"));
        ItemKind::Mod { name, body }
    }

    fn extern_item(&mut self) -> ItemKind {
        let word = self.bump();
        let abi = if self.at(T::Str) { self.bump() } else { word.end() };
        if abi.is_empty() {
            self.slip(codes::E0101, abi, "`extern` says whose functions they are", "write `\"C\"`", " \"C\"");
        }
        let items = self.item_body("in an `extern` block");
        ItemKind::Extern { abi, items }
    }

    fn trait_item(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the name of the trait");
        let mut generics = self.generics();
        let mut supertraits = Vec::new();
        let next = self.nth(1);
        let inline_item = matches!(next.kind, T::Fn | T::Type) && self.nth(2).kind.is_ident();
        if self.at(T::Colon) && !next.first && next.kind != T::Eof && next.kind != T::Pass && !inline_item {
            self.bump();
            supertraits = self.bounds().1;
        }
        self.where_clauses(&mut generics);
        let items = self.optional_item_body("in a trait");
        ItemKind::Trait(TraitItem { name, generics, supertraits, items })
    }

    fn impl_item(&mut self, head: Span, is_unsafe: bool) -> ItemKind {
        self.expect(T::Impl);
        let mut generics =
            if self.at(T::LBracket) && self.impl_generics() { self.generics() } else { Generics::default() };
        let first = self.type_expr();
        let (trait_, ty) = if self.eat(T::For) {
            let ty = self.type_expr();
            match first.kind {
                TypeExprKind::Path(path) => (Some(path), ty),
                TypeExprKind::Error => (None, ty),
                _ => {
                    let d = Diagnostic::error(
                        codes::E0101,
                        first.span,
                        "expected the name of a trait before `for`",
                    );
                    self.report_slip(d);
                    (None, ty)
                }
            }
        } else {
            (None, first)
        };
        self.where_clauses(&mut generics);
        let head = head.to(self.prev_end());
        let items = self.optional_item_body("in an `impl`");
        ItemKind::Impl(ImplItem { head, is_unsafe, generics, trait_, ty, items })
    }

    /// After `impl`, `[T] …` are parameters if a type follows the brackets; `impl [int]:` is of
    /// a list type.
    fn impl_generics(&self) -> bool {
        self.closer_ahead(0, NEAR).is_some_and(|close| {
            let next = self.nth(close + 1);
            !next.first && !matches!(next.kind, T::Colon | T::For | T::Where | T::LBrace | T::Eof)
        })
    }

    /// `: items`, which may be missing altogether.
    fn optional_item_body(&mut self, place: &'static str) -> Vec<Item> {
        let next = self.tok();
        let ends = matches!(self.cur, T::LineEnd | T::Eof | T::Semi | T::RBrace);
        if ends && (next.kind == T::Eof || next.indent <= self.layout.indent || !next.first) {
            return Vec::new();
        }
        self.item_body(place)
    }

    fn item_body(&mut self, place: &'static str) -> Vec<Item> {
        let mut items = Vec::new();
        self.body(ITEMS, |p| p.item_into(place, &mut items));
        items
    }

    fn item_into(&mut self, place: &'static str, items: &mut Vec<Item>) {
        if self.at(T::Pass) && !self.nth(1).kind.is_word() || self.at(T::Pass) && self.nth(1).first {
            self.bump();
            return;
        }
        if self.at(T::Ident) {
            self.foreign_keyword();
        }
        if self.at(T::LBracket) || self.at_item() {
            push_tight(items, self.item());
            return;
        }
        let d = Diagnostic::error(
            codes::E0118,
            self.span(),
            format!("expected an item {place}, found {}", self.found()),
        );
        let d = if self.at(T::Let) {
            d.help("a value that belongs to a module is a `const` or a `static`")
        } else {
            d
        };
        self.report(d);
        self.skip_line();
    }
}
