//! Patterns.

use base::Span;

use super::*;

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
