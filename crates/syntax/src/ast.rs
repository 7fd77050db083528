//! The syntax tree: what the parser makes of a file's tokens.
//!
//! Not here: names' meanings, types, desugaring. The one thing to know: the tree is typed and
//! owned, and every node has the span of its tokens; comments and blank space live only in the
//! token list ([`crate::Parse::tokens`]), which covers every byte of the file. Where the text
//! was broken there are `Error` nodes or empty names, each already reported. A large tree costs time
//! by its size alone, so what is rare in a node is boxed.

use base::{Name, Span};

/// A name with its place. `name` is empty where one was missing (reported by the parser).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident {
    pub name: Name,
    pub span: Span,
}

/// One file. `items` and `statements` are both in source order; a file with statements is a
/// script whose `main` they are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// `##` lines at the top of the file.
    pub docs: Vec<Span>,
    pub items: Vec<Item>,
    pub statements: Vec<Stmt>,
}

// ---------------------------------------------------------------- items

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

// ---------------------------------------------------------------- paths and types

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

// ---------------------------------------------------------------- statements

#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// From the first to the last token of its contents (or of the braces).
    pub span: Span,
    /// How it was written.
    pub style: BlockStyle,
    /// `##` lines at the start of the body.
    pub docs: Vec<Span>,
    pub stmts: Vec<Stmt>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockStyle {
    /// `:` and an indented block.
    Indented,
    /// `: stmt` on the same line.
    Inline,
    /// `{ … }`.
    Braces,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum StmtKind {
    /// `let pat: T = e`, `let pat = e else: block`.
    Let {
        mutable: bool,
        pattern: Pattern,
        ty: Option<Box<TypeExpr>>,
        value: Option<Expr>,
        else_: Option<Box<Block>>,
    },
    /// An item inside a body (`fn`, `struct`, `const`, `use`, …).
    Item(Box<Item>),
    /// The last one of a block gives the block's value. Control flow is an expression too.
    Expr(Expr),
    /// `a = b`, `a += b`.
    Assign {
        op: Option<BinaryOp>,
        op_span: Span,
        target: Expr,
        value: Expr,
    },
    /// `req c`, `ens c?`, `inv c`.
    Contract(Contract),
    Defer(Block),
    /// `go f(x)` or `go: block`.
    Go(Box<Expr>),
    /// `pass`: nothing.
    Pass,
    Error,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Contract {
    pub span: Span,
    pub kind: ContractKind,
    pub condition: Expr,
    /// `?`: always checked at run time.
    pub always: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContractKind {
    Req,
    Ens,
    Inv,
}

// ---------------------------------------------------------------- expressions

#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    Literal(Literal),
    /// `"a ${b:>8.2} c"`.
    Interpolated(Vec<StrPart>),
    Path(Path),
    SelfValue,
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `&place`, `&mut place`.
    Ref {
        mutable: bool,
        place: Box<Expr>,
    },
    /// `*x`.
    Deref(Box<Expr>),
    Cast {
        value: Box<Expr>,
        ty: TypeExpr,
    },
    /// `a..b`, `a..=b`, either end absent.
    Range {
        start: Option<Box<Expr>>,
        end: Option<Box<Expr>>,
        inclusive: bool,
    },
    /// Also `new()` inside an actor and paths with trailing generic arguments.
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
    },
    /// `x.m[T](a)` has generic arguments if what stands in the brackets looks like types
    /// (capitalised or built-in names, `[T]`, `&T`, …); else it calls an element of a field.
    MethodCall {
        receiver: Box<Expr>,
        method: Ident,
        generics: Option<Box<GenericArgs>>,
        args: Vec<Arg>,
    },
    Field {
        base: Box<Expr>,
        name: Ident,
    },
    /// `t.0`.
    TupleField {
        base: Box<Expr>,
        index: u32,
        index_span: Span,
    },
    /// `xs[i]`, or a path with generic arguments `channel[int]` (several indices or types): each
    /// bracketed thing is kept both ways when both parse.
    Index {
        base: Box<Expr>,
        index: Vec<IndexArg>,
    },
    /// Postfix `?`.
    Try(Box<Expr>),
    /// `await f()?` is `Try(Await(…))`: trailing `?` apply to what was awaited.
    Await(Box<Expr>),
    Tuple(Vec<Expr>),
    /// `(e)`: kept for the formatter.
    Paren(Box<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `[x; n]`.
    Repeat {
        value: Box<Expr>,
        count: Box<Expr>,
    },
    /// `Name{a: 1, b}`, with `..base` last.
    Struct {
        path: Path,
        fields: Vec<FieldInit>,
        base: Option<Box<Expr>>,
    },
    Closure(Box<Closure>),
    If(Box<If>),
    Match {
        scrutinee: Box<Expr>,
        arms: Vec<MatchArm>,
    },
    While(Box<While>),
    For(Box<For>),
    Loop {
        body: Block,
        label: Option<Ident>,
    },
    Block(Block),
    Unsafe(Block),
    /// `scope s:`.
    Scope {
        name: Option<Ident>,
        body: Block,
    },
    /// `deadline d:`.
    Deadline {
        duration: Box<Expr>,
        body: Block,
    },
    Select(Box<Select>),
    Break {
        label: Option<Ident>,
        value: Option<Box<Expr>>,
    },
    Continue {
        label: Option<Ident>,
    },
    Return(Option<Box<Expr>>),
    /// `old(e)` in a postcondition.
    Old(Box<Expr>),
    /// `forall i in a..b: condition`, `exists …`.
    Quantifier(Box<Quantifier>),
    Error,
}

#[derive(Clone, PartialEq, Debug)]
pub enum IndexArg {
    Expr(Expr),
    /// Parses only as a type (`[int]`, `&T`, `fn(A)`, `(A, B)` stays an expression).
    Type(TypeExpr),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Arg {
    pub span: Span,
    /// `f(mut a)`.
    pub mutable: Option<Span>,
    /// `f(name: value)` is not in the language; kept to be refused with a good message.
    pub value: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct FieldInit {
    pub span: Span,
    pub name: Ident,
    /// Absent for the short form `Point{x, y}`.
    pub value: Option<Expr>,
}

/// A `u128` in two halves: its alignment would make every expression larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wide {
    high: u64,
    low: u64,
}

impl Wide {
    pub fn get(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

impl From<u128> for Wide {
    fn from(value: u128) -> Wide {
        Wide { high: (value >> 64) as u64, low: value as u64 }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    /// Value and suffix as in `10u8`. The value is checked against its type in `hir`.
    Int {
        value: Wide,
        suffix: Option<Name>,
    },
    /// The text without underscores and suffix.
    Float {
        text: Name,
        suffix: Option<Name>,
    },
    Bool(bool),
    Char(char),
    Str(Box<str>),
    /// `b'a'`: a `u8`.
    Byte(u8),
}

#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "most parts are expressions")]
pub enum StrPart {
    Text(Box<str>),
    Expr { value: Expr, spec: Option<FormatSpec> },
}

/// `${x:SPEC}`: `[[fill]align][sign][#][0][width][.precision][kind]`, after Python and Rust.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FormatSpec {
    pub span: Span,
    pub fill: Option<char>,
    pub align: Option<Align>,
    pub plus: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: Option<u32>,
    pub precision: Option<u32>,
    pub kind: FormatKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    Left,
    Center,
    Right,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FormatKind {
    #[default]
    Display,
    /// `?`
    Debug,
    /// `x`
    LowerHex,
    /// `X`
    UpperHex,
    /// `b`
    Binary,
    /// `o`
    Octal,
    /// `e`
    Exp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum UnaryOp {
    Neg,
    /// `not` (bool)
    Not,
    /// `~` (bits)
    BitNot,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
    /// Only in contracts.
    Implies,
}

#[derive(Clone, PartialEq, Debug)]
pub struct While {
    pub condition: Condition,
    pub body: Block,
    pub label: Option<Ident>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct For {
    pub pattern: Pattern,
    pub iterable: Expr,
    pub body: Block,
    pub label: Option<Ident>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Quantifier {
    pub all: bool,
    pub pattern: Pattern,
    pub iterable: Expr,
    pub condition: Expr,
}

/// `|x| e`, `|x: int| e`, `|x|: block`, `|x| -> T: block`, `fn(x: int) -> int: block`.
#[derive(Clone, PartialEq, Debug)]
pub struct Closure {
    /// Parameters and result, before the body.
    pub head: Span,
    /// Written with `fn(…)` rather than bars.
    pub is_fn: bool,
    pub is_async: bool,
    pub params: Vec<Param>,
    pub ret: Option<TypeExpr>,
    pub body: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct If {
    pub condition: Condition,
    pub then: Block,
    /// A `Block` or another `If`.
    pub else_: Option<Expr>,
}

/// `if cond`, `if let PAT = e`, joined by `and`.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    Expr(Expr),
    Let {
        span: Span,
        pattern: Pattern,
        value: Expr,
    },
    /// `let` conditions and expressions joined by `and`.
    And(Vec<Condition>),
}

#[derive(Clone, PartialEq, Debug)]
pub struct MatchArm {
    pub span: Span,
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    /// A `Block` expression when written as an indented block.
    pub body: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Select {
    /// `[biased]` before it.
    pub biased: Option<Span>,
    pub arms: Vec<SelectArm>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct SelectArm {
    pub span: Span,
    pub kind: SelectArmKind,
    pub guard: Option<Expr>,
    pub body: Block,
}

#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all arms are cases")]
pub enum SelectArmKind {
    /// `case [pat =] operation [if guard]:` where the operation is any expression
    /// (`rx.recv()`, `tx.send(v)`, `await task`, `timeout(ms)`); `hir` says which are known.
    Case {
        pattern: Option<Pattern>,
        operation: Expr,
    },
    Default,
}

// ---------------------------------------------------------------- patterns

#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    pub span: Span,
    pub kind: PatternKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum PatternKind {
    Wildcard,
    /// `..` inside tuples, arrays and structs.
    Rest,
    /// `x`, `mut x`, `own x`, `x @ pat`. A bare name may turn out to be a unit variant or a
    /// constant; `hir` decides. `own` or `mut` before a larger pattern (`own [a, b]`) is given to
    /// each name in it.
    Binding {
        convention: Convention,
        name: Ident,
        sub: Option<Box<Pattern>>,
    },
    /// Literals, with `-` applied to numbers.
    Literal {
        negative: bool,
        value: Literal,
    },
    /// `1..=5`, `'a'..'z'`, `..0`, `10..`.
    Range {
        start: Option<Box<Expr>>,
        end: Option<Box<Expr>>,
        inclusive: bool,
    },
    Tuple(Vec<Pattern>),
    /// `[a, b]`, also takes a tuple apart.
    List(Vec<Pattern>),
    /// `A::B` or a name with a path.
    Path(Path),
    /// `Some(x)`.
    TupleStruct {
        path: Path,
        fields: Vec<Pattern>,
    },
    /// `Point{x, y: 0, ..}`.
    Struct {
        path: Path,
        fields: Vec<FieldPattern>,
        rest: bool,
    },
    /// `a | b`.
    Or(Vec<Pattern>),
    /// `&p`.
    Ref(Box<Pattern>),
    Error,
}

#[derive(Clone, PartialEq, Debug)]
pub struct FieldPattern {
    pub span: Span,
    pub name: Ident,
    /// Absent for the short form `Point{x}`; then binds `name` with `convention`.
    pub pattern: Option<Pattern>,
    pub convention: Convention,
}

// What most of a tree consists of.
const _: () = assert!(size_of::<Expr>() <= 104 && size_of::<Stmt>() <= 256 && size_of::<PathSegment>() <= 24);
