//! Pieces of syntax that actors are put together from, all at the place of the actor's name or of a method's.

use base::{Name, Span};
use std::sync::Arc;
use syntax::ast::*;

use super::Expansion;

impl Expansion<'_> {
    pub(super) fn ident(&self, name: &str) -> Ident {
        Ident { name: Name::new(name), span: self.span }
    }

    pub(super) fn expr(&self, kind: ExprKind) -> Expr {
        Expr { span: self.span, kind }
    }

    pub(super) fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt { span: self.span, kind }
    }

    pub(super) fn block(&self, stmts: Vec<Stmt>) -> Block {
        Block { span: self.span, style: BlockStyle::Inline, docs: Vec::new(), stmts }
    }

    pub(super) fn returning(&self, value: Expr) -> Block {
        self.block(vec![self.stmt(StmtKind::Expr(self.expr(ExprKind::Return(Some(Box::new(value))))))])
    }

    pub(super) fn arg(&self, value: Expr) -> Arg {
        Arg { span: self.span, mutable: None, value }
    }

    pub(super) fn call(&self, callee: Expr, args: Vec<Arg>) -> Expr {
        self.expr(ExprKind::Call { callee: Box::new(callee), args })
    }

    pub(super) fn method(&self, receiver: Expr, name: &str, args: Vec<Arg>) -> Expr {
        let receiver = Box::new(receiver);
        self.expr(ExprKind::MethodCall { receiver, method: self.ident(name), generics: None, args })
    }

    pub(super) fn text(&self, name: Name) -> Expr {
        self.expr(ExprKind::Literal(Literal::Str(name.as_str().into())))
    }

    pub(super) fn path(&self, names: &[&str]) -> Expr {
        self.path_of(names.iter().map(|n| self.ident(n)).collect())
    }

    pub(super) fn path_of(&self, names: Vec<Ident>) -> Expr {
        let span = names.first().map_or(self.span, |n| n.span);
        let segments = names.into_iter().map(|name| PathSegment { name, args: None }).collect();
        Expr { span, kind: ExprKind::Path(Path { span, segments }) }
    }

    pub(super) fn named(&self, names: &[&str]) -> TypeExpr {
        self.type_path(names.iter().map(|n| PathSegment { name: self.ident(n), args: None }).collect())
    }

    pub(super) fn unit_type(&self) -> TypeExpr {
        TypeExpr { span: self.span, kind: TypeExprKind::Tuple(Vec::new()) }
    }

    pub(super) fn type_path(&self, segments: Vec<PathSegment>) -> TypeExpr {
        TypeExpr { span: self.span, kind: TypeExprKind::Path(Path { span: self.span, segments }) }
    }

    /// `$lang::ROLE[args]`
    pub(super) fn generic(&self, role: &str, args: Vec<TypeExpr>) -> TypeExpr {
        let args = GenericArgs { span: self.span, args, bindings: Vec::new() };
        let last = PathSegment { name: self.ident(role), args: Some(Box::new(args)) };
        self.type_path(vec![PathSegment { name: self.ident("$lang"), args: None }, last])
    }

    /// The type with the actor's own parameters as arguments.
    pub(super) fn own_type(&self, name: Ident) -> TypeExpr {
        let params = &self.actor.generics.params;
        let args: Vec<TypeExpr> = params.iter().map(|p| self.named(&[p.name.name.as_str()])).collect();
        let args =
            (!args.is_empty()).then(|| Box::new(GenericArgs { span: self.span, args, bindings: Vec::new() }));
        self.type_path(vec![PathSegment { name, args }])
    }

    pub(super) fn self_param(&self, convention: Convention) -> Param {
        let binding =
            PatternKind::Binding { convention: Convention::Read, name: self.ident("self"), sub: None };
        Param {
            span: self.span,
            pattern: Pattern { span: self.span, kind: binding },
            convention,
            convention_span: None,
            ty: None,
            is_self: true,
        }
    }

    pub(super) fn own_param(&self, name: Ident, ty: TypeExpr) -> Param {
        let binding = PatternKind::Binding { convention: Convention::Read, name, sub: None };
        Param {
            span: self.span,
            pattern: Pattern { span: self.span, kind: binding },
            convention: Convention::Own,
            convention_span: None,
            ty: Some(ty),
            is_self: false,
        }
    }

    pub(super) fn field(&self, name: &str, ty: TypeExpr, default: Option<Expr>) -> FieldDef {
        FieldDef { span: self.span, docs: Vec::new(), public: None, name: self.ident(name), ty, default }
    }

    pub(super) fn function(
        &self,
        name: &str,
        params: Vec<Param>,
        ret: Option<TypeExpr>,
        body: Block,
        public: Option<Span>,
    ) -> Item {
        let function = FnItem {
            head: self.span,
            is_async: false,
            is_unsafe: false,
            name: self.ident(name),
            generics: Generics::default(),
            params,
            ret: ret.map(|ty| RetType { ty, from: Vec::new() }),
            body: Some(body),
            has_items: true,
        };
        self.item(ItemKind::Fn(Arc::new(function)), public, &[])
    }

    pub(super) fn impl_(&self, role: Option<&str>, ty: TypeExpr, items: Vec<Item>) -> Item {
        let trait_ = role.map(|role| {
            let segments =
                ["$lang", role].iter().map(|n| PathSegment { name: self.ident(n), args: None }).collect();
            Path { span: self.span, segments }
        });
        let generics = Generics {
            params: self
                .actor
                .generics
                .params
                .iter()
                .map(|p| GenericParam { default: None, ..p.clone() })
                .collect(),
            ..self.actor.generics.clone()
        };
        self.item(
            ItemKind::Impl(ImplItem { head: self.span, is_unsafe: false, generics, trait_, ty, items }),
            None,
            &[],
        )
    }

    pub(super) fn item(&self, kind: ItemKind, public: Option<Span>, docs: &[Span]) -> Item {
        Item { span: self.span, docs: docs.to_vec(), attributes: Vec::new(), public, kind }
    }
}
