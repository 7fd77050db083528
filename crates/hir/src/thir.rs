//! Typed bodies: what type checking makes of a function's syntax and MIR is lowered from.
//!
//! Everything is explicit here: borrows, dereferences, copies of `&C` to `C`, the function each
//! call means, the desugaring of `for`, `?`, interpolation, operators on user types, contracts
//! and `select`. Not here: control flow graph, drops, borrow checks. The one thing to know:
//! expressions are *places* or *values* ([`ExprKind::is_place`]); using a place where a value is
//! wanted means [`ExprKind::Use`], which copies `Copy` types and moves others.

use base::{IndexVec, Name, Span, index_type};

use crate::items::{AdtId, BodyOwner, ClosureId, ConstId, FieldIdx, FnId, StaticId, TraitId, VariantIdx};
use crate::ty::{Conv, FnSig, Mutability, Ty, Tys};

index_type!(ExprId, "e");
index_type!(LocalId, "l");
index_type!(LoopId, "loop");

/// A checked body. Closures' bodies are inside it ([`ExprKind::Closure`]) and share its locals
/// and expressions; each is listed in `closures`.
#[derive(Debug)]
pub struct Body {
    pub owner: BodyOwner,
    pub span: Span,
    pub exprs: IndexVec<ExprId, Expr>,
    pub locals: IndexVec<LocalId, Local>,
    pub params: Vec<Param>,
    pub ret: Ty,
    /// The value of the body.
    pub value: ExprId,
    pub loop_count: u32,
    pub closures: Vec<ClosureDef>,
    /// An error was reported in it: it is lowered for nothing further.
    pub has_errors: bool,
}

#[derive(Debug)]
pub struct Param {
    pub conv: Conv,
    /// Without the reference that `conv` adds.
    pub ty: Ty,
    /// How the argument is bound. For `Conv::Ref`/`Conv::Mut` a plain binding is a local with
    /// `by_ref` set; another pattern takes the argument apart by the pattern rules.
    pub pattern: Pat,
    pub span: Span,
}

#[derive(Debug)]
pub struct Local {
    pub name: Name,
    pub span: Span,
    /// The type that naming it gives.
    pub ty: Ty,
    /// Declared `let mut` (or an `own`/by-value parameter marked so): may be assigned and
    /// borrowed exclusively.
    pub mutable: bool,
    /// The local is stored as a reference of this kind to a place of type `ty`, and naming it
    /// means that place: parameters passed by `Conv::Ref` / `Conv::Mut`.
    pub by_ref: Option<Mutability>,
    /// Made by the compiler.
    pub synthetic: bool,
}

#[derive(Debug)]
pub struct Expr {
    pub ty: Ty,
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    // ---- places
    Local(LocalId),
    Static(StaticId),
    /// Field of a struct place (or of a value, which is then stored in a temporary).
    Field {
        base: ExprId,
        field: FieldIdx,
    },
    /// Field of a tuple.
    TupleField {
        base: ExprId,
        index: u32,
    },
    /// Built-in dereference of a `&`, `&mut` or raw pointer value (the operand is a value or a
    /// place holding the reference).
    Deref(ExprId),
    /// Element of a list, array, or of a list behind `Deref` (a slice). Bounds are checked.
    Index {
        base: ExprId,
        index: ExprId,
    },

    // ---- values
    /// Reads a place: copies if the type is `Copy` (known so in this body), else moves.
    Use(ExprId),
    /// `&place`, `&mut place`. A value operand is stored in a temporary that lives to the end of
    /// the enclosing statement, or of the enclosing block for `let x = &value`.
    /// `two_phase`: an automatic `&mut` of a method's receiver or operator's left side, which
    /// begins when the call starts.
    Ref {
        mutability: Mutability,
        place: ExprId,
        two_phase: bool,
    },
    /// `&raw`: address as a raw pointer, no loan.
    RawRef {
        place: ExprId,
    },
    Literal(Lit),
    /// Value of a `const`.
    Const(ConstId),
    /// A const generic parameter, by index.
    ConstParam(u32),
    /// `()` or `(a, b)`.
    Tuple(Vec<ExprId>),
    /// `[a, b]` as an array `[T; N]` (type says) or as a list.
    List(Vec<ExprId>),
    /// `[x; n]` as an array (constant n in the type) or list (`Copy` or `Clone` per type: the
    /// checker makes it a call for lists; here only arrays of `Copy`).
    Repeat {
        value: ExprId,
    },
    /// Struct or variant value; fields in evaluation order.
    Adt {
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
        fields: Vec<(FieldIdx, ExprId)>,
        base: Option<ExprId>,
    },
    Closure {
        index: u32,
    },
    Call {
        callee: Callee,
        args: Vec<ExprId>,
    },
    /// Built-in operators on numbers, `bool`, `char`, raw pointers. Arithmetic panics on overflow.
    Unary {
        op: UnOp,
        operand: ExprId,
    },
    Binary {
        op: BinOp,
        left: ExprId,
        right: ExprId,
    },
    /// Short-circuit.
    And(ExprId, ExprId),
    Or(ExprId, ExprId),
    Cast {
        value: ExprId,
        kind: CastKind,
    },
    Coerce {
        value: ExprId,
        kind: Coercion,
    },

    // ---- statements and control flow
    /// `target = value`; drops what was there. Type `()`.
    Assign {
        target: ExprId,
        value: ExprId,
    },
    /// `target op= value` on built-in types.
    AssignOp {
        op: BinOp,
        target: ExprId,
        value: ExprId,
    },
    Block(Block),
    If {
        condition: ExprId,
        then: ExprId,
        else_: Option<ExprId>,
    },
    /// A `let` as a condition: true and binds, or false. Only in the condition of an `If`, a
    /// match guard or an `And` within one. Loops over conditions are `Loop`+`If`+`Break`.
    LetCondition {
        pattern: Pat,
        scrutinee: ExprId,
    },
    Match {
        scrutinee: ExprId,
        arms: Vec<Arm>,
    },
    Loop {
        id: LoopId,
        body: ExprId,
    },
    Break {
        loop_id: LoopId,
        value: Option<ExprId>,
    },
    Continue {
        loop_id: LoopId,
    },
    /// From the function or closure it stands in.
    Return {
        value: Option<ExprId>,
    },
    /// Already reported.
    Error,
}

impl ExprKind {
    pub fn is_place(&self) -> bool {
        matches!(
            self,
            ExprKind::Local(_)
                | ExprKind::Static(_)
                | ExprKind::Field { .. }
                | ExprKind::TupleField { .. }
                | ExprKind::Deref(_)
                | ExprKind::Index { .. }
        )
    }
}

#[derive(Debug, Clone)]
pub struct Block {
    pub stmts: Vec<Stmt>,
    /// The block's value; none: `()` (or `!` if it cannot end).
    pub value: Option<ExprId>,
}

#[derive(Debug, Clone)]
pub enum Stmt {
    /// `let pat = value else: …`. Without value the local is uninitialised (simple bindings
    /// only). The pattern owns (`let` moves) unless it is marked otherwise.
    Let {
        pattern: Pat,
        value: Option<ExprId>,
        else_: Option<ExprId>,
        span: Span,
    },
    Expr(ExprId),
    /// Runs when the block is left, in reverse order with the drops of its locals.
    Defer(ExprId),
}

#[derive(Debug, Clone)]
pub struct Arm {
    pub pattern: Pat,
    pub guard: Option<ExprId>,
    pub body: ExprId,
    pub span: Span,
}

/// A pattern over a place of type `ty`.
#[derive(Debug, Clone)]
pub struct Pat {
    pub ty: Ty,
    pub span: Span,
    pub kind: PatKind,
}

#[derive(Debug, Clone)]
pub enum PatKind {
    Wildcard,
    Binding {
        local: LocalId,
        mode: BindMode,
        sub: Option<Box<Pat>>,
    },
    /// Equals a literal (numbers, bool, char, string).
    Literal(Lit),
    /// Inclusive bounds on numbers or chars.
    Range {
        lo: Option<Lit>,
        hi: Option<Lit>,
        inclusive: bool,
    },
    /// A constant of a non-literal type: compared with `==` through this call's callee.
    Const {
        value: ConstId,
    },
    Tuple(Vec<Pat>),
    Struct {
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
        fields: Vec<(FieldIdx, Pat)>,
    },
    /// Arrays and lists: `[a, b, ..rest, z]`. `rest` binds a slice view or nothing.
    Slice {
        before: Vec<Pat>,
        rest: Option<Option<Box<Pat>>>,
        after: Vec<Pat>,
    },
    Or(Vec<Pat>),
    /// Looks through a reference: the place is of reference type, the inner pattern matches
    /// what it points to.
    Deref(Box<Pat>),
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindMode {
    /// Moves the value out of the place, or copies a `Copy` one.
    Move,
    /// Binds a reference to the place (the local's type is `&T` / `&mut T`).
    Ref(Mutability),
    /// The place is a `&C` with `C: Copy`: binds the `C` (the local's type is `C`).
    CopyDeref,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Lit {
    /// Checked to fit the expression's type.
    Int(i128),
    /// As `f64` bits; narrowed for `f32`.
    Float(u64),
    Bool(bool),
    Char(char),
    /// A `string` with capacity 0.
    Str(Box<str>),
}

/// What a call calls. Arguments are values: `Conv::Ref` and `Conv::Mut` arguments are already
/// `Ref` expressions (or values of reference type), so a callee's parameter type is `&T`,
/// `&mut T` or `T` by its convention.
#[derive(Debug, Clone)]
pub enum Callee {
    /// A function with all its generic arguments (the parent impl's first).
    Fn { id: FnId, args: Tys },
    /// A trait's method on a type that is not known until monomorphisation (or whose impl is
    /// looked up then): `args` are the trait's (self first) followed by the method's own.
    TraitMethod { trait_: TraitId, method: FnId, args: Tys },
    /// Through `dyn Trait`: the first argument is `&dyn`, `&mut dyn` (or the `dyn` itself for
    /// `own self`).
    DynMethod { trait_: TraitId, method: FnId, args: Tys },
    /// A value with a function type: a closure, a parameter bounded by `fn(…)`, or `dyn fn`. The
    /// first argument is the callee itself, by `sig.call` (`&f`, `&mut f`, or `f`).
    Value { ty: Ty, sig: FnSig },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnOp {
    Neg,
    Not,
    BitNot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinOp {
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CastKind {
    /// Between integers (truncates or extends), from `bool`, `char`, or a fieldless enum.
    IntToInt,
    IntToFloat,
    /// Saturating; NaN is 0.
    FloatToInt,
    FloatToFloat,
    /// `u8` to `char`; others go through `char::from_u32`.
    U8ToChar,
    PtrToPtr,
    PtrToInt,
    IntToPtr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coercion {
    /// `!` to anything.
    Never,
    /// `&[T; N]` to `&[T]`.
    ArrayToSlice,
    /// `&mut T` to `&T`.
    MutToShared,
    /// `T` (owned, holds no view) to `dyn Trait`: allocates.
    ToDyn,
    /// `&T` to `&dyn Trait` (a borrowed pair in a temporary), likewise `&mut`.
    RefToDyn,
    /// A closure to `dyn fn`: allocates.
    ToDynFn,
}

/// A closure: its parameters, body, and what it captures.
#[derive(Debug)]
pub struct ClosureDef {
    pub id: ClosureId,
    pub span: Span,
    pub head: Span,
    pub params: Vec<Param>,
    pub ret: Ty,
    pub body: ExprId,
    /// How it is called: the strongest of what its body does with its captures.
    pub call: syntax::ast::Convention,
    pub captures: Vec<Capture>,
    /// The body of an `async` closure, as a closure inside of it: owns what it uses, but for what the
    /// parameters around it borrow.
    pub is_async: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Capture {
    /// The captured local of the enclosing function or closure. Inside the closure's body the
    /// same `LocalId` names the captured place.
    pub local: LocalId,
    pub mode: CaptureMode,
    /// A use that asks for this mode, for messages.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// Borrowed: `&` or `&mut` of the place that the local names.
    Ref(Mutability),
    /// Copied or moved in.
    Value,
}
