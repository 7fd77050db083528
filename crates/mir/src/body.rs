//! The control-flow graph form of a body.
//!
//! Not here: how it is made ([`crate::lower`]), checked ([`crate::check`]) or specialised
//! ([`crate::mono`]). The one thing to know: it is modelled on rustc's MIR: places, operands
//! and rvalues in basic blocks, drops and unwind edges explicit. A body is generic; types
//! mention the owner's parameters until monomorphisation substitutes them.

use base::{IndexVec, Name, Span, index_type};
use hir::items::{
    AdtId, BodyOwner, ClosureId, ConstId, FieldIdx, FnId, Origin, StaticId, TraitId, VariantIdx,
};
use hir::thir::{BinOp, CastKind, Coercion, UnOp};
use hir::ty::{FnSig, Mutability, Ty, Tys};

index_type!(Local, "_");
index_type!(BlockId, "bb");

/// Which code a body is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Source {
    /// A function, the initialiser of a static, or a constant's value.
    Owner(BodyOwner),
    /// A closure's code. Its first argument is the closure by its call convention: `&env`,
    /// `&mut env` or `env`.
    Closure(ClosureId),
}

#[derive(Clone, Debug)]
pub struct Body {
    pub source: Source,
    /// For messages, dumps and symbol names: `module::Type::function` or `…::{closure#0}`.
    pub name: String,
    pub span: Span,
    /// `_0` is the result, `_1 ..= _arg_count` the arguments, then variables and temporaries.
    pub locals: IndexVec<Local, LocalDecl>,
    pub arg_count: usize,
    /// How each argument arrives, `_1` first: what a caller may assume of loans depends on it.
    /// A closure's environment is `Ref`, `Mut` or `Own` by how it is called.
    pub convs: Vec<hir::ty::Conv>,
    pub blocks: IndexVec<BlockId, Block>,
    /// What the result's views may borrow from (argument positions from 0).
    pub ret_origins: Vec<Origin>,
    /// The captures of a closure's environment, in field order.
    pub captures: Vec<CaptureDecl>,
    pub attrs: BodyAttrs,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyAttrs {
    pub inline: bool,
    pub cold: bool,
    pub track_caller: bool,
    pub no_wait: bool,
    /// Only what is called at these places is told the caller's place; nothing here: all of it.
    pub requirements: Vec<Span>,
}

#[derive(Clone, Debug)]
pub struct CaptureDecl {
    pub name: Name,
    /// Type of the environment's field: `&T`, `&mut T` or `T`.
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct LocalDecl {
    pub ty: Ty,
    /// The user's variable it is, for messages and debug information. A `by_ref` variable's
    /// local holds the reference.
    pub name: Option<Name>,
    pub span: Span,
    /// Declared `mut`: may be assigned again and borrowed exclusively.
    pub mutable: bool,
    /// The variable's place is what this reference-typed local points to (parameters passed by
    /// reference).
    pub by_ref: bool,
    pub kind: LocalKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalKind {
    Return,
    Arg,
    User,
    Temp,
    /// A drop flag.
    Flag,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub statements: Vec<Statement>,
    pub terminator: Terminator,
    /// On an unwind path. A panic there takes the place of what was unwinding.
    pub cleanup: bool,
}

impl Block {
    /// Where a panic in the terminator goes on; `None`: it leaves the function.
    pub fn on_panic(&self) -> Option<BlockId> {
        match &self.terminator.kind {
            TerminatorKind::Call(call) => call.unwind,
            TerminatorKind::Drop { target, unwind: None, .. } if self.cleanup => Some(*target),
            TerminatorKind::Drop { unwind, .. } | TerminatorKind::Assert { unwind, .. } => *unwind,
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum StatementKind {
    /// Overwrites without dropping.
    Assign(Place, Rvalue),
    /// The local's storage begins; it is uninitialised. In a loop each round begins anew.
    StorageLive(Local),
    /// The local's storage ends: a loan of it that is still live is an error.
    StorageDead(Local),
    /// The matched place is read as a whole for its discriminant and tests (keeps a guard from
    /// changing what is matched).
    FakeRead(Place),
    Nop,
}

#[derive(Clone, Debug)]
pub struct Terminator {
    pub kind: TerminatorKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum TerminatorKind {
    Goto(BlockId),
    /// On integers, `bool`, `char`, discriminants. The values are the bits, as wide as the
    /// type and not sign-extended.
    Switch {
        value: Operand,
        targets: Vec<(u128, BlockId)>,
        otherwise: BlockId,
    },
    Return,
    /// End of a cleanup path: goes on unwinding.
    Resume,
    Unreachable,
    /// Drops the place if it is (still) initialised. Before drop elaboration this may be
    /// conditional; after it, it is unconditional. On a clean-up path a panic without `unwind`
    /// goes on at `target`: what remains to be cleaned up still is.
    Drop {
        place: Place,
        target: BlockId,
        unwind: Option<BlockId>,
    },
    Call(Box<Call>),
    /// Panics unless `condition == expected`.
    Assert {
        condition: Operand,
        expected: bool,
        message: AssertMessage,
        target: BlockId,
        unwind: Option<BlockId>,
    },
}

#[derive(Clone, Debug)]
pub struct Call {
    pub callee: Callee,
    pub args: Vec<Operand>,
    pub destination: Place,
    /// `None`: never returns.
    pub target: Option<BlockId>,
    pub unwind: Option<BlockId>,
    /// The signature for the borrow checker: how views flow (see `check::loans`).
    pub flow: CallFlow,
}

/// Where the views in a call's result come from, and which arguments take up others' loans.
#[derive(Clone, Debug, Default)]
pub struct CallFlow {
    pub ret_origins: Vec<Origin>,
    /// Arguments (positions) borrowed exclusively whose type can hold views.
    pub absorbing: Vec<u32>,
}

#[derive(Clone, Debug)]
pub enum Callee {
    Fn {
        id: FnId,
        args: Tys,
    },
    /// Resolved to `Fn`, a closure or an intrinsic by monomorphisation.
    TraitMethod {
        trait_: TraitId,
        method: FnId,
        args: Tys,
    },
    DynMethod {
        trait_: TraitId,
        method: FnId,
        args: Tys,
    },
    /// The first argument is the closure value or a reference to it.
    Value {
        ty: Ty,
        sig: FnSig,
    },
    /// After monomorphisation: a closure's own body.
    Closure {
        id: ClosureId,
        args: Tys,
    },
}

#[derive(Clone, Debug)]
pub enum AssertMessage {
    Overflow(BinOp),
    OverflowNeg,
    DivisionByZero,
    RemainderByZero,
    /// Shift amount out of range.
    Shift,
    Bounds {
        index: Operand,
        len: Operand,
    },
    /// A pattern that must match (`let` without `else` on a checked-exhaustive pattern never
    /// uses it): unreachable by construction, kept as a check in debug builds of the compiler.
    Unreachable,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub local: Local,
    pub projection: Vec<Projection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projection {
    /// What a reference or raw pointer points to.
    Deref,
    /// Field of a struct, of the variant chosen by a `Downcast` before it, of a tuple, of a
    /// closure environment; with its type.
    Field(FieldIdx, Ty),
    /// The payload of an enum's variant.
    Downcast(VariantIdx),
    /// Element; the local holds a checked index of type `int`, `usize` or another integer.
    Index(Local),
    /// Element at a constant position, from the start or the end (checked before): the first
    /// is 0 from the start, the last 1 from the end.
    ConstIndex { offset: u64, from_end: bool },
}

#[derive(Clone, Debug)]
pub enum Operand {
    Copy(Place),
    Move(Place),
    Const(Constant),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub ty: Ty,
    pub kind: ConstKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ConstKind {
    /// Integers, `bool` (0/1), `char`.
    Int(i128),
    /// `f64` bits, also for `f32` constants.
    Float(u64),
    /// A `string` of capacity 0 over static text.
    Str(std::sync::Arc<str>),
    Unit,
    /// Value of a `const` item: monomorphisation turns it into a call of its body.
    Item(ConstId),
    /// A const generic parameter.
    Param(u32),
    /// Address of a static, of type `&T`.
    Static(StaticId),
    /// A view of a value that is data of the program, of type `&T`: it borrows from nothing.
    View(std::sync::Arc<Value>),
}

/// A value without addresses, as the parts that it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub ty: Ty,
    pub kind: ValueKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    Plain(ConstKind),
    /// Elements, or all fields of a variant as they are declared.
    Parts(VariantIdx, Vec<Value>),
}

#[derive(Clone, Debug)]
pub enum Rvalue {
    Use(Operand),
    Ref {
        mutability: Mutability,
        place: Place,
        two_phase: bool,
    },
    RawRef(Place),
    /// Wrapping; comparisons give `bool`. Overflow is checked by `CheckedBinary` + `Assert`.
    Binary(BinOp, Operand, Operand),
    /// `(result, overflowed)` as a tuple `(T, bool)`.
    CheckedBinary(BinOp, Operand, Operand),
    Unary(UnOp, Operand),
    Cast(CastKind, Operand, Ty),
    Coerce(Coercion, Operand, Ty),
    /// Number of elements of a list, array, slice place, or bytes of a string place; `int`.
    Len(Place),
    /// The discriminant of an enum place as an `i64`: the variant's declared value.
    Discriminant(Place),
    Aggregate(Aggregate, Vec<Operand>),
    /// `[x; n]`.
    Repeat(Operand, Ty),
    /// `&place[from .. len - to]` of a list, array or slice place: a slice view (patterns' rest).
    Subslice {
        place: Place,
        from: u64,
        to: u64,
        mutability: Mutability,
    },
}

#[derive(Clone, Debug)]
pub enum Aggregate {
    Tuple,
    /// `[a, b]` of a fixed size; type `[T; N]`.
    Array(Ty),
    /// A heap list from its elements; type `[T]`.
    List(Ty),
    /// All fields of the variant, in declaration order.
    Adt {
        adt: AdtId,
        variant: VariantIdx,
        args: Tys,
    },
    Closure {
        id: ClosureId,
        args: Tys,
    },
}

impl Place {
    pub fn local(local: Local) -> Place {
        Place { local, projection: Vec::new() }
    }

    pub fn with(&self, projection: Projection) -> Place {
        let mut place = self.clone();
        place.projection.push(projection);
        place
    }

    pub fn deref(&self) -> Place {
        self.with(Projection::Deref)
    }

    pub fn field(&self, index: usize, ty: Ty) -> Place {
        self.with(Projection::Field(FieldIdx(index as u32), ty))
    }

    pub fn as_local(&self) -> Option<Local> {
        self.projection.is_empty().then_some(self.local)
    }
}

impl From<Local> for Place {
    fn from(local: Local) -> Place {
        Place::local(local)
    }
}

impl TerminatorKind {
    /// Successors, the unwind edge last.
    pub fn successors(&self) -> Vec<BlockId> {
        match self {
            TerminatorKind::Goto(target) => vec![*target],
            TerminatorKind::Switch { targets, otherwise, .. } => {
                targets.iter().map(|&(_, b)| b).chain([*otherwise]).collect()
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => vec![],
            TerminatorKind::Drop { target, unwind, .. } | TerminatorKind::Assert { target, unwind, .. } => {
                [*target].into_iter().chain(*unwind).collect()
            }
            TerminatorKind::Call(call) => call.target.into_iter().chain(call.unwind).collect(),
        }
    }
}

impl TerminatorKind {
    /// The `n`th of [`successors`](Self::successors), without making a list.
    pub fn successor(&self, n: usize) -> Option<BlockId> {
        let pair = |target: Option<BlockId>, unwind: Option<BlockId>| match n {
            0 => target.or(unwind),
            1 => target.and(unwind),
            _ => None,
        };
        match self {
            TerminatorKind::Goto(target) => pair(Some(*target), None),
            TerminatorKind::Switch { targets, otherwise, .. } => match n.cmp(&targets.len()) {
                std::cmp::Ordering::Less => Some(targets[n].1),
                std::cmp::Ordering::Equal => Some(*otherwise),
                std::cmp::Ordering::Greater => None,
            },
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => None,
            TerminatorKind::Drop { target, unwind, .. } | TerminatorKind::Assert { target, unwind, .. } => {
                pair(Some(*target), *unwind)
            }
            TerminatorKind::Call(call) => pair(call.target, call.unwind),
        }
    }

    pub fn each_successor(&self, mut f: impl FnMut(BlockId)) {
        let mut n = 0;
        while let Some(block) = self.successor(n) {
            f(block);
            n += 1;
        }
    }

    pub fn each_successor_mut(&mut self, mut f: impl FnMut(&mut BlockId)) {
        match self {
            TerminatorKind::Goto(target) => f(target),
            TerminatorKind::Switch { targets, otherwise, .. } => {
                targets.iter_mut().for_each(|(_, b)| f(b));
                f(otherwise);
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
            TerminatorKind::Drop { target, unwind, .. } | TerminatorKind::Assert { target, unwind, .. } => {
                f(target);
                unwind.iter_mut().for_each(f);
            }
            TerminatorKind::Call(call) => {
                call.target.iter_mut().for_each(&mut f);
                call.unwind.iter_mut().for_each(f);
            }
        }
    }

    /// Where it goes when something panics.
    pub fn unwind_mut(&mut self) -> Option<&mut Option<BlockId>> {
        match self {
            TerminatorKind::Drop { unwind, .. } | TerminatorKind::Assert { unwind, .. } => Some(unwind),
            TerminatorKind::Call(call) => Some(&mut call.unwind),
            _ => None,
        }
    }
}

/// A statement of a block, or (one past the last) its terminator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Location {
    pub block: BlockId,
    pub statement: u32,
}

impl Location {
    pub fn new(block: BlockId, statement: usize) -> Location {
        Location { block, statement: statement as u32 }
    }
}

pub const RETURN: Local = Local(0);

impl Body {
    /// The location of a block's terminator.
    pub fn end_of(&self, block: BlockId) -> Location {
        Location::new(block, self.blocks[block].statements.len())
    }

    /// The arguments' locals, in order.
    pub fn args(&self) -> impl DoubleEndedIterator<Item = Local> + use<> {
        (1..=self.arg_count as u32).map(Local)
    }

    pub fn span_of(&self, location: Location) -> Span {
        let block = &self.blocks[location.block];
        match block.statements.get(location.statement as usize) {
            Some(statement) => statement.span,
            None => block.terminator.span,
        }
    }
}

impl Operand {
    pub fn place(&self) -> Option<&Place> {
        match self {
            Operand::Copy(place) | Operand::Move(place) => Some(place),
            Operand::Const(_) => None,
        }
    }
}
