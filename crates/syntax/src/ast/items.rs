//! Items: what stands at the top of a file, in an `impl`, a trait or an actor.

use base::Span;

use super::*;

#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// From the first attribute to the end.
    pub span: Span,
    pub docs: Vec<Span>,
    pub attributes: Vec<Attribute>,
    /// Span of `pub`.
    pub public: Option<Span>,
    pub kind: ItemKind,
}

/// `[name]`, `[name(a, b = 1, C)]`. Several may share one bracket: `[test, no_wait]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Attribute {
    pub span: Span,
    pub name: Ident,
    pub args: Vec<AttributeArg>,
}

/// `a` is a value without a name; `[name = v]` has the one argument `v`, also without a name.
#[derive(Clone, PartialEq, Debug)]
pub struct AttributeArg {
    pub name: Option<Ident>,
    pub value: Option<Expr>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ItemKind {
    /// Shared, so that the item tables can keep it without a copy.
    Fn(std::sync::Arc<FnItem>),
    Struct(StructItem),
    Enum(EnumItem),
    Trait(TraitItem),
    Impl(ImplItem),
    Actor(ActorItem),
    /// `type Name[T] = Ty`; in a trait `type Item: Bound`, in an impl `type Item = Ty`.
    TypeAlias(TypeAlias),
    Const(ConstItem),
    Static(ConstItem),
    Use(UseItem),
    /// `mod name` (a file) or `mod name:` with a body.
    Mod {
        name: Ident,
        body: Option<Vec<Item>>,
    },
    /// `extern "C":` with bodiless functions.
    Extern {
        abi: Span,
        items: Vec<Item>,
    },
    Error,
}

#[derive(Clone, PartialEq, Debug)]
pub struct FnItem {
    /// From `async`/`fn` to before the body's `:`.
    pub head: Span,
    pub is_async: bool,
    pub is_unsafe: bool,
    pub name: Ident,
    pub generics: Generics,
    pub params: Vec<Param>,
    pub ret: Option<RetType>,
    pub body: Option<Block>,
    /// Somewhere in the body there may be items.
    pub has_items: bool,
}

/// `-> T`, `-> &T from a, b`, `-> &T from self.field`.
#[derive(Clone, PartialEq, Debug)]
pub struct RetType {
    pub ty: TypeExpr,
    pub from: Vec<FromPath>,
}

/// `name` or `name.field`.
#[derive(Clone, PartialEq, Debug)]
pub struct FromPath {
    pub name: Ident,
    pub field: Option<Ident>,
}

/// How an argument is passed. Absent markers read (borrow).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Convention {
    #[default]
    Read,
    Mut,
    Own,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    pub span: Span,
    /// `self` has the name `self` and no type.
    pub pattern: Pattern,
    pub convention: Convention,
    /// Span of `mut` or `own`, if written.
    pub convention_span: Option<Span>,
    pub ty: Option<TypeExpr>,
    pub is_self: bool,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Generics {
    /// Span of `[…]`, if written.
    pub span: Option<Span>,
    pub params: Vec<GenericParam>,
    pub where_clauses: Vec<WhereClause>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct GenericParam {
    pub name: Ident,
    /// `const N: int`.
    pub const_ty: Option<TypeExpr>,
    /// `T: view` or `T: view + Bound`: may stand for types that hold views.
    pub view: Option<Span>,
    pub bounds: Vec<Bound>,
    pub default: Option<TypeExpr>,
}

/// `T: Ord + Clone`, `I::Item: Ord`.
#[derive(Clone, PartialEq, Debug)]
pub struct WhereClause {
    pub span: Span,
    pub ty: TypeExpr,
    pub view: Option<Span>,
    pub bounds: Vec<Bound>,
}

/// A trait bound or a function bound.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// `Iterator[Item = int]`, `Into[string]`.
    Trait(Path),
    /// `fn(T) -> U`, `mut fn(T)`, `own fn()`.
    Fn(FnTypeExpr),
}

#[derive(Clone, PartialEq, Debug)]
pub struct StructItem {
    pub name: Ident,
    pub generics: Generics,
    pub body: StructBody,
    /// `inv condition` lines.
    pub invariants: Vec<Contract>,
    /// `fn` items written inside the struct's block.
    pub methods: Vec<Item>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum StructBody {
    /// `struct A` (nothing).
    Unit,
    /// `struct A(T, U)`.
    Tuple(Vec<FieldDef>),
    /// `struct A:` with `name: T` lines, or `{ name: T, … }`.
    Named(Vec<FieldDef>),
}

#[derive(Clone, PartialEq, Debug)]
pub struct FieldDef {
    pub span: Span,
    pub docs: Vec<Span>,
    pub public: Option<Span>,
    /// Empty name in tuple structs.
    pub name: Ident,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct EnumItem {
    pub name: Ident,
    pub generics: Generics,
    pub variants: Vec<Variant>,
    pub methods: Vec<Item>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    pub span: Span,
    pub docs: Vec<Span>,
    pub attributes: Vec<Attribute>,
    pub name: Ident,
    pub body: StructBody,
    /// `Red = 1`.
    pub discriminant: Option<Expr>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct TraitItem {
    pub name: Ident,
    pub generics: Generics,
    /// `trait A: B + C`.
    pub supertraits: Vec<Bound>,
    pub items: Vec<Item>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ImplItem {
    pub head: Span,
    pub is_unsafe: bool,
    pub generics: Generics,
    /// `impl Trait for Ty`.
    pub trait_: Option<Path>,
    pub ty: TypeExpr,
    pub items: Vec<Item>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ActorItem {
    pub name: Ident,
    pub generics: Generics,
    pub fields: Vec<FieldDef>,
    pub invariants: Vec<Contract>,
    pub methods: Vec<Item>,
    /// What `hir` makes of it, once, and what it has to say about it.
    pub expansion: std::sync::OnceLock<(Vec<Item>, Vec<base::Diagnostic>)>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct TypeAlias {
    pub name: Ident,
    pub generics: Generics,
    pub bounds: Vec<Bound>,
    pub view: Option<Span>,
    pub ty: Option<TypeExpr>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ConstItem {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub value: Option<Expr>,
}

/// `use a::b::c as d`, `use a::{b, c::d}`, `use a::*`.
#[derive(Clone, PartialEq, Debug)]
pub struct UseItem {
    pub trees: Vec<UseTree>,
}

/// One imported path, groups flattened.
#[derive(Clone, PartialEq, Debug)]
pub struct UseTree {
    pub span: Span,
    pub segments: Vec<Ident>,
    pub glob: Option<Span>,
    pub alias: Option<Ident>,
}
