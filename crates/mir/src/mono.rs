//! The monomorphic program: every function, static and vtable that can be reached from the
//! roots, with concrete types.
//!
//! Not here: layout and code ([codegen]). The one thing to know: bodies keep the form of
//! [`crate::body`], but their types are closed and normalised, and what each call, drop,
//! constant and coercion means is in the tables beside them, so that code generation asks no
//! question about traits or items.
//!
//! [codegen]: https://docs.rs/codegen
//!
//! In reading order: this file (the data), [`collect`] (the worklist), [`resolve`] (what a call
//! means), [`glue`] (bodies the compiler makes), [`shapes`] (fields of types), [`symbols`]; then what is
//! known of the whole: [`waits`] (which functions wait), [`turns`] (where loops look up), [`suspend`] (what a
//! waiting function keeps) and [`holders`] (what must not move meanwhile). Of a release, [`merge`] (small waiting functions
//! become part of their callers).

pub mod collect;
mod glue;
mod holders;
mod literals;
pub mod merge;
mod origin;
mod resolve;
mod shapes;
pub mod suspend;
mod symbols;
mod text;
pub mod turns;
mod waits;

use std::sync::Arc;

use base::{FxHashMap, FxHashSet, IndexVec, Name, index_type};
use hir::items::{ConstId, StaticId};
use hir::ty::{Ty, Tys};

use crate::body::Body;

pub use collect::{Bodies, Roots, collect};
pub use hir::{items, thir, ty};
pub use text::text;
pub use waits::Waits;

index_type!(FuncId, "func");
index_type!(VtableId, "vtable");
index_type!(StaticIdx, "static");

#[derive(Debug, Default)]
pub struct Program {
    pub functions: IndexVec<FuncId, Function>,
    /// In the order in which their initialisers run.
    pub statics: IndexVec<StaticIdx, Static>,
    pub vtables: IndexVec<VtableId, Vtable>,
    /// Fields of every struct, enum and closure type that occurs.
    pub shapes: FxHashMap<Ty, Shape>,
    /// The function that computes a constant.
    pub consts: FxHashMap<ConstId, FuncId>,
    /// The roots that are constants.
    pub constants: Vec<(hir::items::BodyOwner, FuncId)>,
    pub static_ids: FxHashMap<StaticId, StaticIdx>,
    /// By the concrete type and the `dyn` type it is made into.
    pub vtable_ids: FxHashMap<(Ty, Ty), VtableId>,
    /// The drop glue of the types that need one.
    pub drop_glue: FxHashMap<Ty, FuncId>,
    /// `fn() -> i32` made around the user's `main`; absent when only tests are compiled.
    pub main: Option<FuncId>,
    /// The tests, in the order asked for: each `fn() -> i32`, as `main`.
    pub tests: Vec<FuncId>,
    /// The roots that are neither, as they are written.
    pub others: Vec<FuncId>,
    /// Which functions become state machines.
    pub waits: Waits,
    /// Those that [`merge`] has left without anybody who calls them.
    pub unused: FxHashSet<FuncId>,
}

impl Program {
    /// What can be run by whoever runs `work`, calls through tables aside.
    fn reached_from(&self, mut work: Vec<FuncId>) -> FxHashSet<FuncId> {
        let mut seen = FxHashSet::default();
        while let Some(id) = work.pop() {
            if !seen.insert(id) {
                continue;
            }
            let function = &self.functions[id];
            work.extend(function.addresses.values());
            work.extend(function.tasks.values().map(|root| root.entry));
            work.extend(function.targets.iter().filter_map(|target| match target {
                Some(Target::Function(callee)) => Some(*callee),
                _ => None,
            }));
        }
        seen
    }

    /// Whether it calls what only the larger archive of the runtime has.
    pub fn needs_web(&self) -> bool {
        self.functions.iter().flat_map(|function| &function.targets).any(
            |target| matches!(target, Some(Target::Extern { symbol, .. }) if abi::is_of_web(symbol.as_str())),
        )
    }
}

#[derive(Debug, Clone)]
pub struct Function {
    /// Unique, readable, the same in every compilation of the same program.
    pub symbol: String,
    pub body: Arc<Body>,
    /// By block: what its `Call` or `Drop` terminator does.
    pub targets: Vec<Option<Target>>,
    /// The constants whose functions it calls.
    pub constants: Vec<ConstId>,
    /// By closure type: the entry function that [`internal::FUNCTION_ADDRESS`] gives.
    pub addresses: FxHashMap<Ty, FuncId>,
    /// By closure type: what [`internal::TASK_ENTRY`] gives.
    pub tasks: FxHashMap<Ty, TaskRoot>,
    pub role: Role,
    /// Bodies that have become part of this one.
    pub merged: merge::Merged,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Written by a user or in std.
    User,
    /// A closure's code.
    Closure,
    /// Computes a constant: inlined everywhere.
    Const,
    /// Made by the compiler: drop glue, adaptors.
    Glue,
    /// Called from the runtime, always as a function that waits.
    Entry,
}

/// A closure as the code of a task.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskRoot {
    /// `(env, out)`: moves the closure out of `*env`, calls it, leaves the result at `*out`.
    pub entry: FuncId,
    pub closure: Ty,
    pub result: Ty,
}

/// What a call or drop terminator does.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Function(FuncId),
    /// Known to code generation by name; see `codegen::intrinsics`.
    Intrinsic {
        name: Name,
        args: Tys,
    },
    /// A function outside the program by its C symbol: of the runtime or foreign.
    Extern {
        symbol: Name,
        /// May block, and is called by a task: the runtime is told.
        native: bool,
    },
    /// Through the vtable of the first argument, a `dyn` value or a reference to one.
    Virtual {
        slot: u32,
    },
    /// Does nothing: the drop of a type that needs none.
    Nothing,
}

/// Intrinsics that only [`glue`] uses, and the ids that stand for them in the bodies it makes.
pub mod internal {
    use hir::items::{FnId, StaticId};

    /// `(dyn value's address)`: drops what a `dyn` owns and frees it.
    pub const DROP_DYN: &str = "!drop_dyn";
    /// `[T](ptr)`: frees the heap allocation of a `T` without dropping it.
    pub const FREE_BOX: &str = "!free_box";
    /// Gives the statics their values.
    pub const INIT: &str = "!init";
    /// `[F]() -> *u8`: address of the entry function of a closure type (std's `trampoline`).
    pub const FUNCTION_ADDRESS: &str = "trampoline";
    /// `[T, F]() -> *u8`: address of an `abi::waiting::TaskEntry` for a closure `F` that gives a `T`.
    pub const TASK_ENTRY: &str = "task_entry";
    /// Stands where [`turns`](super::turns) put a check; it became a call of the runtime.
    pub(super) const TURN: &str = "!turn";

    const ALL: [&str; 4] = [DROP_DYN, FREE_BOX, INIT, TURN];
    /// Above every function of a program.
    const FIRST: u32 = u32::MAX - 16;
    const FIRST_STATIC: u32 = u32::MAX / 2;

    pub(super) fn id(name: &str) -> FnId {
        let index = ALL.iter().position(|n| *n == name).unwrap_or(0);
        FnId(FIRST + index as u32)
    }

    pub(super) fn name(id: FnId) -> Option<&'static str> {
        ALL.get(id.0.checked_sub(FIRST)? as usize).copied()
    }

    /// Stands for the initialiser of a static.
    pub(super) fn static_id(id: StaticId) -> FnId {
        FnId(FIRST_STATIC + id.0)
    }

    pub(super) fn as_static(id: FnId) -> Option<StaticId> {
        (FIRST_STATIC..FIRST).contains(&id.0).then(|| StaticId(id.0 - FIRST_STATIC))
    }
}

#[derive(Debug)]
pub struct Static {
    pub id: StaticId,
    pub symbol: String,
    pub ty: Ty,
    /// Gives the first value.
    pub init: FuncId,
}

/// What a `dyn` value's second word points to: drop glue, size, alignment, then the methods.
#[derive(Debug)]
pub struct Vtable {
    pub symbol: String,
    pub ty: Ty,
    pub dyn_ty: Ty,
    pub drop: Option<FuncId>,
    /// In the order of [`Target::Virtual`]'s slots. `None`: a method that cannot be called
    /// through `dyn`.
    pub methods: Vec<Option<FuncId>>,
}

/// The fields of a type.
#[derive(Debug, Clone)]
pub enum Shape {
    Struct(StructShape),
    Enum(EnumShape),
    /// The captures.
    Closure(Vec<FieldShape>),
}

#[derive(Debug, Clone)]
pub struct StructShape {
    pub name: String,
    pub fields: Vec<FieldShape>,
    /// Its first pointer is never null (`Box`, `Shared`).
    pub non_null: bool,
    /// May change behind a shared reference.
    pub interior_mutable: bool,
    /// Its bytes may mean nothing (`MaybeUninit`).
    pub maybe_uninit: bool,
    /// Its fields lie in the order they are declared, as in C.
    pub repr_c: bool,
}

#[derive(Debug, Clone)]
pub struct EnumShape {
    pub name: String,
    pub variants: Vec<VariantShape>,
}

#[derive(Debug, Clone)]
pub struct VariantShape {
    pub name: Name,
    pub discriminant: i128,
    pub fields: Vec<FieldShape>,
}

/// Calls `f` with each operand of a right side.
fn operands_of(rvalue: &crate::body::Rvalue, f: &mut dyn FnMut(&crate::body::Operand)) {
    use crate::body::Rvalue;
    match rvalue {
        Rvalue::Use(a)
        | Rvalue::Unary(_, a)
        | Rvalue::Cast(_, a, _)
        | Rvalue::Coerce(_, a, _)
        | Rvalue::Repeat(a, _) => f(a),
        Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
            f(a);
            f(b);
        }
        Rvalue::Aggregate(_, operands) => operands.iter().for_each(f),
        _ => {}
    }
}

#[derive(Debug, Clone)]
pub struct FieldShape {
    pub name: Name,
    pub ty: Ty,
}
