//! Types, bounds, generic parameters and arguments, and the reading of bracketed expressions as
//! types.

use base::{Applicability, Diagnostic, Span, codes};

use super::{Parser, push_tight, role};
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    pub(super) fn type_expr(&mut self) -> TypeExpr {
        let Some(outer) = self.enter() else {
            return TypeExpr { span: self.prev_end(), kind: TypeExprKind::Error };
        };
        let ty = self.type_inner();
        self.leave(outer);
        ty
    }

    fn type_inner(&mut self) -> TypeExpr {
        let lo = self.lo();
        let kind = match self.cur {
            k if k.is_ident() => TypeExprKind::Path(self.type_path()),
            T::LParen => {
                let (mut elements, mut comma) = (Vec::new(), false);
                self.list(T::RParen, |p| {
                    elements.push(p.type_expr());
                    comma |= p.at(T::Comma);
                });
                match elements.pop() {
                    Some(only) if elements.is_empty() && !comma => {
                        return TypeExpr { span: self.span_from(lo), kind: only.kind };
                    }
                    last => {
                        elements.extend(last);
                        TypeExprKind::Tuple(elements)
                    }
                }
            }
            T::LBracket => {
                let (mut element, mut len) = (None, None);
                self.list(T::RBracket, |p| {
                    element = Some(p.type_expr());
                    if p.eat(T::Semi) {
                        len = Some(p.expr());
                    }
                });
                match (element, len) {
                    (Some(element), Some(len)) => TypeExprKind::Array(Box::new(element), Box::new(len)),
                    (Some(element), None) => TypeExprKind::List(Box::new(element)),
                    (None, _) => {
                        let span = self.span_from(lo);
                        let d = Diagnostic::error(codes::E0101, span, "a list type says what it holds")
                            .help("write `[T]`, such as `[int]`");
                        self.report(d);
                        TypeExprKind::Error
                    }
                }
            }
            T::Amp => {
                self.role(role::PREFIX);
                self.bump();
                self.ref_type()
            }
            T::AmpAmp => {
                self.role(role::PREFIX);
                self.bump();
                let inner = TypeExpr { kind: self.ref_type(), span: self.span_from(lo + 1) };
                TypeExprKind::Ref { mutable: false, ty: Box::new(inner) }
            }
            T::Star => {
                self.role(role::PREFIX);
                self.bump();
                // `*mut T` and `*const T` are one type here.
                if matches!(self.cur, T::Mut | T::Const) {
                    let span = self.span();
                    let span = Span { hi: self.nth(1).lo, ..span };
                    self.slip(codes::E0101, span, "a raw pointer is written `*T`", "remove it", "");
                    self.bump();
                }
                TypeExprKind::RawPtr(Box::new(self.type_expr()))
            }
            T::Fn => TypeExprKind::Fn(Box::new(self.fn_type())),
            T::Mut | T::Own if self.nth(1).kind == T::Fn => TypeExprKind::Fn(Box::new(self.fn_type())),
            T::Dyn => {
                self.bump();
                if matches!(self.cur, T::Fn | T::Mut | T::Own) {
                    TypeExprKind::DynFn(Box::new(self.fn_type()))
                } else {
                    TypeExprKind::Dyn(self.type_path())
                }
            }
            T::Underscore => {
                self.bump();
                TypeExprKind::Infer
            }
            T::Bang => {
                self.bump();
                TypeExprKind::Never
            }
            T::Int | T::Char | T::Byte | T::Str | T::True | T::False => {
                TypeExprKind::Const(Box::new(self.primary()))
            }
            T::Minus => TypeExprKind::Const(Box::new(self.unary_const())),
            T::LBrace => {
                let mut value = None;
                self.list(T::RBrace, |p| value = Some(p.expr()));
                match value {
                    Some(value) => TypeExprKind::Const(Box::new(value)),
                    None => TypeExprKind::Error,
                }
            }
            T::Question => {
                let span = self.bump();
                let inner = self.type_expr();
                self.option_habit(span, inner.span);
                return inner;
            }
            T::Mut | T::Own => {
                let word = self.text_of(self.tok());
                let d = Diagnostic::error(
                    codes::E0121,
                    self.span(),
                    format!("`{word}` belongs to a parameter, not to a type"),
                );
                let marker = Span { hi: self.nth(1).lo, ..self.span() };
                let d = if self.at(T::Own) {
                    d.label("what is not behind `&` is owned anyway").fix(
                        "leave it out",
                        marker,
                        "",
                        Applicability::Certain,
                    )
                } else {
                    d.help(
                        "leave it out: a variable may change by `let mut`, and its fields and elements with it; \
                         a view that may change what it shows is written `&mut T`",
                    )
                };
                self.report(d);
                self.bump();
                return self.type_expr();
            }
            T::SelfValue => {
                let span = self.span();
                self.slip(codes::E0101, span, "the type of `self` is written `Self`", "write `Self`", "Self");
                self.bump();
                TypeExprKind::Error
            }
            _ => {
                self.expected("a type");
                return TypeExpr { span: self.prev_end(), kind: TypeExprKind::Error };
            }
        };
        let ty = TypeExpr { span: self.span_from(lo), kind };
        if self.at(T::Question) && self.adjacent() && !self.layout.contract {
            let span = self.bump();
            self.option_habit(span, ty.span);
        }
        ty
    }

    fn unary_const(&mut self) -> Expr {
        let lo = self.lo();
        self.role(role::PREFIX);
        self.bump();
        let operand = Box::new(self.unary_operand());
        self.spanned(lo, ExprKind::Unary { op: UnaryOp::Neg, operand })
    }

    fn option_habit(&mut self, mark: Span, ty: Span) {
        let d =
            Diagnostic::error(codes::E0113, mark, "a type whose value may be absent is written `Option[T]`")
                .fix_all(
                    "write `Option[…]`",
                    if mark.lo < ty.lo {
                        vec![(mark, "Option[".into()), (ty.end(), "]".into())]
                    } else {
                        vec![(ty.start(), "Option[".into()), (mark, "]".into())]
                    },
                    Applicability::Certain,
                );
        self.report_slip(d);
    }

    fn ref_type(&mut self) -> TypeExprKind {
        if self.at(T::Label) {
            let span = Span { hi: self.nth(1).lo, ..self.span() };
            self.slip(
                codes::E0113,
                span,
                "there are no lifetimes; `from` says what a result borrows",
                "remove it",
                "",
            );
            self.bump();
        }
        let mutable = self.eat(T::Mut);
        TypeExprKind::Ref { mutable, ty: Box::new(self.type_expr()) }
    }

    /// `fn(A, mut B) -> C`, with `mut` or `own` before it.
    fn fn_type(&mut self) -> FnTypeExpr {
        let lo = self.lo();
        let call = self.convention().0;
        let mut params = Vec::new();
        if !self.eat(T::Fn) {
            self.expected("`fn`");
        } else if self.at(T::LParen) {
            self.glued_list(T::RParen, |p| {
                if p.cur.is_ident() && p.nth(1).kind == T::Colon {
                    let span = Span { hi: p.nth(2).lo, ..p.span() };
                    p.slip(
                        codes::E0101,
                        span,
                        "the parameters of a function type have no names",
                        "remove the name",
                        "",
                    );
                    p.bump();
                    p.bump();
                }
                let convention = if matches!(p.cur, T::Mut | T::Own) && p.nth(1).kind == T::Fn {
                    Convention::Read
                } else {
                    p.convention().0
                };
                let ty = p.type_expr();
                params.push((convention, ty));
            });
        } else {
            self.expected("`(`");
        }
        let ret = self.eat(T::Arrow).then(|| self.type_expr());
        FnTypeExpr { span: self.span_from(lo), call, params, ret }
    }

    /// `mut` or `own`, if there.
    pub(super) fn convention(&mut self) -> (Convention, Option<Span>) {
        match self.cur {
            T::Mut => (Convention::Mut, Some(self.bump())),
            T::Own => (Convention::Own, Some(self.bump())),
            _ => (Convention::Read, None),
        }
    }

    pub(super) fn type_path(&mut self) -> Path {
        let lo = self.lo();
        let mut segments = Vec::new();
        loop {
            let name = if segments.is_empty() || !self.cur.is_word() {
                self.ident("the name of a type")
            } else {
                self.take_ident()
            };
            let args = if self.at(T::LBracket) {
                Some(self.generic_args())
            } else if self.at(T::Lt) && self.adjacent() && self.angle_closes() {
                self.angle_generics(false);
                None
            } else {
                None
            };
            push_tight(&mut segments, PathSegment { name, args: args.map(Box::new) });
            if !self.eat(T::ColonColon) {
                break;
            }
        }
        Path { span: self.span_from(lo), segments }
    }

    /// `[A, B, Item = C]`.
    pub(super) fn generic_args(&mut self) -> GenericArgs {
        let (mut args, mut bindings) = (Vec::new(), Vec::new());
        let span = self.glued_list(T::RBracket, |p| {
            if p.cur.is_ident() && p.nth(1).kind == T::Eq {
                let name = p.take_ident();
                p.bump();
                let ty = p.type_expr();
                bindings.push((name, ty));
            } else {
                push_tight(&mut args, p.type_expr());
            }
        });
        GenericArgs { span, args, bindings }
    }

    // -------------------------------------------------------- generics

    /// `[T: Ord, const N: int]`, if there.
    pub(super) fn generics(&mut self) -> Generics {
        let mut generics = Generics::default();
        if self.at(T::Lt) {
            self.angle_generics(false);
            return generics;
        }
        if !self.at(T::LBracket) {
            return generics;
        }
        let span = self.glued_list(T::RBracket, |p| {
            let is_const = p.eat(T::Const);
            let name = p.ident("the name of a type parameter");
            let mut param =
                GenericParam { name, const_ty: None, view: None, bounds: Vec::new(), default: None };
            if p.eat(T::Colon) {
                if is_const {
                    param.const_ty = Some(p.type_expr());
                } else {
                    (param.view, param.bounds) = p.bounds();
                }
            } else if is_const {
                p.expected("`:` and the type of the constant");
            }
            if p.eat(T::Eq) {
                param.default = Some(p.type_expr());
            }
            generics.params.push(param);
        });
        generics.span = Some(span);
        generics
    }

    /// `view + Ord + fn(T) -> U`.
    pub(super) fn bounds(&mut self) -> (Option<Span>, Vec<Bound>) {
        let (mut view, mut bounds) = (None, Vec::new());
        loop {
            match self.cur {
                T::View if self.nth(1).kind != T::ColonColon => view = Some(self.bump()),
                T::Fn | T::Mut | T::Own => push_tight(&mut bounds, Bound::Fn(self.fn_type())),
                k if k.is_ident() => push_tight(&mut bounds, Bound::Trait(self.type_path())),
                _ => {
                    self.expected("a trait");
                    break;
                }
            }
            if self.at(T::Comma) && self.layout.newlines {
                break;
            }
            if !self.eat(T::Plus) {
                break;
            }
            self.after_operator();
        }
        (view, bounds)
    }

    /// `where T: Ord, I::Item: Eq`, if there. It may stand on a line of its own.
    pub(super) fn where_clauses(&mut self, generics: &mut Generics) {
        if self.cur == T::LineEnd && self.tok().kind == T::Where && self.tok().indent >= self.layout.indent {
            self.reveal();
        }
        if !self.eat(T::Where) {
            return;
        }
        loop {
            self.after_operator();
            let lo = self.lo();
            let ty = self.type_expr();
            self.expect(T::Colon);
            let (view, bounds) = self.bounds();
            generics.where_clauses.push(WhereClause { span: self.span_from(lo), ty, view, bounds });
            if !self.eat(T::Comma) {
                break;
            }
        }
    }

    // -------------------------------------------------------- types among expressions

    /// `[a, b]` after an expression: indices, or generic arguments.
    pub(super) fn index_args(&mut self) -> Vec<IndexArg> {
        let mut args = Vec::new();
        let span = self.glued_list(T::RBracket, |p| {
            let ty = match p.cur {
                T::LBracket | T::Fn | T::Dyn | T::Bang => true,
                // `&place` and `&T` look the same: an expression, until names are known.
                T::Amp => {
                    let next = if p.nth(1).kind == T::Mut { p.nth(2) } else { p.nth(1) };
                    matches!(next.kind, T::Fn | T::Dyn | T::Star)
                }
                T::Mut | T::Own => p.nth(1).kind == T::Fn,
                _ => false,
            };
            if ty && let Some(ty) = p.try_type_arg() {
                args.push(IndexArg::Type(ty));
                return;
            }
            if p.at(T::Underscore) {
                args.push(IndexArg::Type(p.type_expr()));
                return;
            }
            let start = if p.at(T::Colon) { None } else { Some(p.expr()) };
            let index = match (p.at(T::Colon), start) {
                (false, Some(index)) => index,
                (_, start) => p.colon_range(start),
            };
            push_tight(&mut args, IndexArg::Expr(index));
        });
        if args.is_empty() {
            let d = Diagnostic::error(codes::E0101, span, "an index is missing between the brackets");
            self.report(d);
        }
        args
    }

    /// A type followed by `,` or `]`, or nothing.
    fn try_type_arg(&mut self) -> Option<TypeExpr> {
        let mark = self.mark();
        let (height, errors) = (self.height, self.errors);
        let ty = self.type_expr();
        if self.errors == errors && matches!(self.cur, T::Comma | T::RBracket) {
            return Some(ty);
        }
        self.rewind(mark);
        self.height = height;
        None
    }

    /// `.name[…](`: generic arguments if everything in the brackets looks like a type (a
    /// capitalised or built-in name, `[T]`, `&T`, …), else nothing is consumed: then it is a
    /// field's element being called.
    pub(super) fn method_generics(&mut self) -> Option<GenericArgs> {
        let first = self.nth(1);
        let plausible = match first.kind {
            k if k.is_ident() => looks_like_type(self.text_of(first)) || self.nth(2).kind == T::ColonColon,
            T::LBracket | T::LParen | T::Amp | T::Fn | T::Dyn | T::Underscore => true,
            _ => false,
        };
        if !plausible {
            return None;
        }
        let mark = self.mark();
        let (height, errors, diagnostics) = (self.height, self.errors, self.diagnostics.len());
        let args = self.generic_args();
        let fine = self.errors == errors
            && self.diagnostics.len() == diagnostics
            && self.at(T::LParen)
            && args.args.iter().all(|ty| self.type_like(ty));
        if fine {
            return Some(args);
        }
        self.rewind(mark);
        self.height = height;
        None
    }

    fn type_like(&self, ty: &TypeExpr) -> bool {
        match &ty.kind {
            TypeExprKind::Path(path) => path.segments.last().is_some_and(|segment| {
                let span = segment.name.span;
                looks_like_type(&self.text[span.lo as usize..span.hi as usize])
            }),
            TypeExprKind::List(inner) | TypeExprKind::Array(inner, _) | TypeExprKind::RawPtr(inner) => {
                self.type_like(inner)
            }
            TypeExprKind::Ref { ty, .. } => self.type_like(ty),
            TypeExprKind::Tuple(elements) => elements.iter().all(|ty| self.type_like(ty)),
            TypeExprKind::Const(_) | TypeExprKind::Error => false,
            TypeExprKind::Fn(_)
            | TypeExprKind::Dyn(_)
            | TypeExprKind::DynFn(_)
            | TypeExprKind::Infer
            | TypeExprKind::Never => true,
        }
    }

    pub(super) fn type_of_index_arg(&mut self, arg: IndexArg) -> TypeExpr {
        match arg {
            IndexArg::Type(ty) => ty,
            IndexArg::Expr(expr) => self.type_of_expr(expr),
        }
    }

    /// An expression that turned out to stand where a type does.
    fn type_of_expr(&mut self, expr: Expr) -> TypeExpr {
        let span = expr.span;
        let kind = match expr.kind {
            ExprKind::Path(path) => TypeExprKind::Path(path),
            ExprKind::Index { base, index } => match base.kind {
                ExprKind::Path(mut path) => {
                    let args = GenericArgs {
                        span: Span { lo: path.span.hi, ..span },
                        args: index.into_iter().map(|arg| self.type_of_index_arg(arg)).collect(),
                        bindings: Vec::new(),
                    };
                    path.span.hi = span.hi;
                    if let Some(last) = path.segments.last_mut() {
                        last.args = Some(Box::new(args));
                    }
                    TypeExprKind::Path(path)
                }
                _ => return self.not_a_type(span),
            },
            ExprKind::Tuple(elements) => {
                TypeExprKind::Tuple(elements.into_iter().map(|e| self.type_of_expr(e)).collect())
            }
            ExprKind::Paren(inner) => return TypeExpr { span, kind: self.type_of_expr(*inner).kind },
            ExprKind::List(mut elements) if elements.len() == 1 => match elements.pop() {
                Some(element) => TypeExprKind::List(Box::new(self.type_of_expr(element))),
                None => TypeExprKind::Error,
            },
            ExprKind::Repeat { value, count } => {
                TypeExprKind::Array(Box::new(self.type_of_expr(*value)), count)
            }
            ExprKind::Ref { mutable, place } => {
                TypeExprKind::Ref { mutable, ty: Box::new(self.type_of_expr(*place)) }
            }
            ExprKind::Deref(inner) => TypeExprKind::RawPtr(Box::new(self.type_of_expr(*inner))),
            ExprKind::Block(mut block) if block.stmts.len() == 1 => match block.stmts.pop() {
                Some(Stmt { kind: StmtKind::Expr(value), .. }) => TypeExprKind::Const(Box::new(value)),
                _ => return self.not_a_type(span),
            },
            ExprKind::Literal(_) | ExprKind::Unary { .. } => {
                TypeExprKind::Const(Box::new(Expr { span, kind: expr.kind }))
            }
            ExprKind::Error => TypeExprKind::Error,
            _ => return self.not_a_type(span),
        };
        TypeExpr { span, kind }
    }

    fn not_a_type(&mut self, span: Span) -> TypeExpr {
        let d = Diagnostic::error(codes::E0101, span, "expected a type here")
            .help("what stands in `[…]` before `::` or `{` are generic arguments");
        self.report(d);
        TypeExpr { span, kind: TypeExprKind::Error }
    }
}

/// A capitalised name or a built-in type's.
pub(super) fn looks_like_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
        || matches!(
            name,
            "int"
                | "float"
                | "string"
                | "bool"
                | "char"
                | "error"
                | "i8"
                | "i16"
                | "i32"
                | "i64"
                | "u8"
                | "u16"
                | "u32"
                | "u64"
                | "isize"
                | "usize"
                | "f32"
                | "f64"
        )
}
