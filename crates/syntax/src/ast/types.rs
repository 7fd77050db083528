//! Paths and types.

use base::Span;

use super::*;

/// `std::sync::channel[int]`. In expressions generic arguments in `[…]` are parsed as an index
/// (see [`ExprKind::Index`]) unless a `::` or `{` decides; `hir` tells them apart.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    pub span: Span,
    pub segments: Vec<PathSegment>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct PathSegment {
    pub name: Ident,
    pub args: Option<Box<GenericArgs>>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct GenericArgs {
    pub span: Span,
    pub args: Vec<TypeExpr>,
    /// `Item = T`.
    pub bindings: Vec<(Ident, TypeExpr)>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct TypeExpr {
    pub span: Span,
    pub kind: TypeExprKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum TypeExprKind {
    Path(Path),
    /// `()` or `(A, B)`.
    Tuple(Vec<TypeExpr>),
    /// `[T]`.
    List(Box<TypeExpr>),
    /// `[T; N]`.
    Array(Box<TypeExpr>, Box<Expr>),
    /// `&T`, `&mut T`.
    Ref {
        mutable: bool,
        ty: Box<TypeExpr>,
    },
    /// `*T`, only in unsafe code.
    RawPtr(Box<TypeExpr>),
    /// `fn(A, mut B, own C) -> D`, with `mut` or `own` before it for how it is called.
    Fn(Box<FnTypeExpr>),
    /// `dyn Trait`.
    Dyn(Path),
    /// `dyn fn(A) -> B`, `dyn mut fn(A)`.
    DynFn(Box<FnTypeExpr>),
    /// A literal or `{expr}` as a constant generic argument.
    Const(Box<Expr>),
    /// `_`.
    Infer,
    /// `!`.
    Never,
    Error,
}

#[derive(Clone, PartialEq, Debug)]
pub struct FnTypeExpr {
    pub span: Span,
    /// How calling uses the closure: `fn` reads it, `mut fn` changes it, `own fn` uses it up.
    pub call: Convention,
    pub params: Vec<(Convention, TypeExpr)>,
    pub ret: Option<TypeExpr>,
}
