//! Expressions.

use base::{Name, Span};

use super::*;

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
pub enum SelectArmKind {
    /// `case [pat =] operation [if guard]:` where the operation is any expression
    /// (`rx.recv()`, `tx.send(v)`, `await task`, `timeout(ms)`); `hir` says which are known.
    Case {
        pattern: Option<Pattern>,
        operation: Expr,
    },
    Default,
}
