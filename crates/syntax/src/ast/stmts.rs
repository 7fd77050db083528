//! Blocks and statements.

use base::Span;

use super::*;

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
