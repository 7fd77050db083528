//! Types: interned, immutable, compared by address.
//!
//! Not here: unification ([`crate::infer`]), trait facts ([`crate::traits`]), layout (codegen).
//! The one thing to know: a [`Ty`] is a leaked pointer to its data, so reading its kind is a
//! dereference and equality a pointer comparison. Types are deduplicated for the process's
//! life; nothing shown to a user is ever ordered by address.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex};

use base::{FxHashMap, Name};
use syntax::ast::Convention;

use crate::items::{AdtId, ClosureId, TraitId};

pub mod display;

pub use display::display;

#[derive(Clone, Copy)]
pub struct Ty(&'static TyData);

pub struct TyData {
    pub kind: TyKind,
    pub flags: TyFlags,
}

/// Facts about a type that are cheap to keep and often asked.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TyFlags(u8);

impl TyFlags {
    pub const HAS_INFER: TyFlags = TyFlags(1);
    pub const HAS_PARAM: TyFlags = TyFlags(2);
    pub const HAS_ERROR: TyFlags = TyFlags(4);
    pub const HAS_PROJECTION: TyFlags = TyFlags(8);
    /// Mentions `&` or `&mut` anywhere, a closure, or a struct's own view field is not covered:
    /// ask [`crate::traits::is_view`] for that.
    pub const HAS_REF: TyFlags = TyFlags(16);
    pub const HAS_CLOSURE: TyFlags = TyFlags(32);

    pub fn has(self, other: TyFlags) -> bool {
        self.0 & other.0 != 0
    }

    fn or(self, other: TyFlags) -> TyFlags {
        TyFlags(self.0 | other.0)
    }
}

/// A list of types, interned by leaking like types themselves.
pub type Tys = &'static [Ty];

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum IntTy {
    I8,
    I16,
    I32,
    /// `int`
    I64,
    Isize,
    U8,
    U16,
    U32,
    U64,
    Usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FloatTy {
    F32,
    F64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TyKind {
    Int(IntTy),
    Float(FloatTy),
    Bool,
    Char,
    /// `string`: owned UTF-8, `{ptr, cap, len}`.
    Str,
    Never,
    /// `()` is the empty one.
    Tuple(Tys),
    /// `[T]`: `{ptr, cap, len}`.
    List(Ty),
    /// `[T; N]`; the length is a [`TyKind::Const`], a parameter or an inference variable.
    Array(Ty, Ty),
    /// A struct or enum (all of std's too: `Option`, `Box`, `Map`, `error` …).
    Adt(AdtId, Tys),
    /// `&T` / `&mut T`. `&string` and `&[T]` are fat (pointer, length).
    Ref(Mutability, Ty),
    RawPtr(Ty),
    /// A closure expression's own type. The arguments are the generic arguments of the function
    /// it stands in.
    Closure(ClosureId, Tys),
    /// `dyn Trait[Args, Item = T]`: owned fat pointer.
    Dyn(DynTy),
    /// `dyn fn(A) -> B`: owned fat pointer.
    DynFn(FnSig),
    /// The type of a generic parameter of the item at hand, by position (an impl's or trait's
    /// parameters come before a method's; in a trait, position 0 is `Self`).
    Param(ParamTy),
    /// `<T as Trait[Args]>::Name`, not resolvable yet. `args[0]` is the self type.
    Projection(Projection),
    /// A value as a type argument: array lengths and `const N: int`.
    Const(i128),
    /// An inference variable of the body at hand. Never in a finished body.
    Infer(InferVar),
    /// Something already reported. Equal to everything in checks.
    Error,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mutability {
    Shared,
    Mut,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ParamTy {
    pub index: u32,
    pub name: Name,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Projection {
    pub trait_: TraitId,
    /// Self type first, then the trait's own arguments.
    pub args: Tys,
    pub name: Name,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DynTy {
    pub trait_: TraitId,
    /// The trait's arguments without `Self`.
    pub args: Tys,
    /// Associated types, in the order of the trait's declaration.
    pub bindings: &'static [(Name, Ty)],
}

/// Kinds of inference variables, numbered together within a body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InferVar {
    Ty(u32),
    Int(u32),
    Float(u32),
}

/// How an argument reaches the callee. See [`crate::items::FnDecl`] for how a written convention
/// and type become one of these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Conv {
    /// By value; the type is `Copy`. The caller keeps its own.
    Val,
    /// Shared borrow.
    Ref,
    /// Exclusive borrow.
    Mut,
    /// Moved.
    Own,
}

/// A function's type: parameters with conventions, result, and how calling uses the callee.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FnSig {
    /// `Read`: `fn`, `Mut`: `mut fn`, `Own`: `own fn`.
    pub call: Convention,
    pub params: &'static [(Conv, Ty)],
    pub ret: Ty,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraitRef {
    pub trait_: TraitId,
    /// Self type first.
    pub args: Tys,
}

impl TraitRef {
    pub fn self_ty(&self) -> Ty {
        self.args[0]
    }
}

/// What a bound demands of a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Predicate {
    Trait(TraitRef),
    /// `I: Iterator[Item = int]`.
    ProjectionEq(Projection, Ty),
    /// `F: mut fn(A) -> B`.
    Fn(Ty, FnSig),
}

/// Substitutes for [`TyKind::Param`]s, by index.
pub type Args = [Ty];

type Lists<T> = FxHashMap<&'static [T], &'static [T]>;

#[derive(Default)]
struct Interner {
    types: FxHashMap<&'static TyKind, Ty>,
    lists: Lists<Ty>,
    params: Lists<(Conv, Ty)>,
    bindings: Lists<(Name, Ty)>,
}

// Sharded by hash so that bodies checked in parallel rarely meet at one lock.
static SHARDS: LazyLock<Vec<Mutex<Interner>>> = LazyLock::new(|| (0..16).map(|_| Mutex::default()).collect());

fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    rustc_hash::FxBuildHasher.hash_one(value)
}

fn shard(hash: u64) -> std::sync::MutexGuard<'static, Interner> {
    SHARDS[(hash >> 57) as usize % SHARDS.len()].lock().expect("type table")
}

/// What a thread asked for last, by hash: most questions repeat, and need no lock then.
const RECENT: usize = 1024;
type Recent<T> = [Cell<Option<T>>; RECENT];

fn recent_slot(hash: u64) -> usize {
    (hash >> 40) as usize % RECENT
}

thread_local! {
    static RECENT_TYPES: Recent<Ty> = const { [const { Cell::new(None) }; RECENT] };
    static RECENT_LISTS: Recent<Tys> = const { [const { Cell::new(None) }; RECENT] };
    static RECENT_PARAMS: Recent<&'static [(Conv, Ty)]> =
        const { [const { Cell::new(None) }; RECENT] };
}

fn intern_list<T: Copy + Eq + Hash>(
    list: &[T],
    hash: u64,
    table: impl FnOnce(&mut Interner) -> &mut Lists<T>,
) -> &'static [T] {
    let mut interner = shard(hash);
    let table = table(&mut interner);
    if let Some(&found) = table.get(list) {
        return found;
    }
    let leaked: &'static [T] = Box::leak(list.to_vec().into_boxed_slice());
    table.insert(leaked, leaked);
    leaked
}

fn intern_recent<T: Copy + Eq + Hash>(
    recent: &Recent<&'static [T]>,
    list: &[T],
    table: impl FnOnce(&mut Interner) -> &mut Lists<T>,
) -> &'static [T] {
    if list.is_empty() {
        return &[];
    }
    let hash = hash_of(list);
    let slot = &recent[recent_slot(hash)];
    if let Some(found) = slot.get()
        && found == list
    {
        return found;
    }
    let found = intern_list(list, hash, table);
    slot.set(Some(found));
    found
}

/// Interns a list of types.
pub fn tys(list: &[Ty]) -> Tys {
    RECENT_LISTS.with(|recent| intern_recent(recent, list, |i| &mut i.lists))
}

/// Interns the parameter list of a [`FnSig`].
pub fn leak_params(list: &[(Conv, Ty)]) -> &'static [(Conv, Ty)] {
    RECENT_PARAMS.with(|recent| intern_recent(recent, list, |i| &mut i.params))
}

/// Interns the associated types of a [`DynTy`].
pub fn leak_bindings(list: &[(Name, Ty)]) -> &'static [(Name, Ty)] {
    if list.is_empty() { &[] } else { intern_list(list, hash_of(list), |i| &mut i.bindings) }
}

impl PartialEq for Ty {
    #[inline]
    fn eq(&self, other: &Ty) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for Ty {}
impl Hash for Ty {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 as *const TyData as usize).hash(state)
    }
}

/// Types asked for so often that finding them must not take a lock.
struct Common {
    unit: Ty,
    never: Ty,
    bool: Ty,
    char: Ty,
    str: Ty,
    int: Ty,
    float: Ty,
    error: Ty,
}

static COMMON: LazyLock<Common> = LazyLock::new(|| Common {
    unit: Ty::new(TyKind::Tuple(&[])),
    never: Ty::new(TyKind::Never),
    bool: Ty::new(TyKind::Bool),
    char: Ty::new(TyKind::Char),
    str: Ty::new(TyKind::Str),
    int: Ty::new(TyKind::Int(IntTy::I64)),
    float: Ty::new(TyKind::Float(FloatTy::F64)),
    error: Ty::new(TyKind::Error),
});

thread_local! {
    static VARIABLES: std::cell::RefCell<Vec<[Option<Ty>; 3]>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Ty {
    pub fn new(kind: TyKind) -> Ty {
        let hash = hash_of(&kind);
        RECENT_TYPES.with(|recent| {
            let slot = &recent[recent_slot(hash)];
            if let Some(found) = slot.get()
                && found.0.kind == kind
            {
                return found;
            }
            let found = Ty::intern(kind, hash);
            slot.set(Some(found));
            found
        })
    }

    fn intern(kind: TyKind, hash: u64) -> Ty {
        let mut interner = shard(hash);
        if let Some(&ty) = interner.types.get(&kind) {
            return ty;
        }
        let flags = flags_of(&kind);
        let data: &'static TyData = Box::leak(Box::new(TyData { kind, flags }));
        interner.types.insert(&data.kind, Ty(data));
        Ty(data)
    }

    #[inline]
    pub fn kind(self) -> &'static TyKind {
        &self.0.kind
    }

    #[inline]
    pub fn flags(self) -> TyFlags {
        self.0.flags
    }

    pub fn has_infer(self) -> bool {
        self.flags().has(TyFlags::HAS_INFER)
    }

    pub fn has_param(self) -> bool {
        self.flags().has(TyFlags::HAS_PARAM)
    }

    pub fn has_error(self) -> bool {
        self.flags().has(TyFlags::HAS_ERROR)
    }

    pub fn has_projection(self) -> bool {
        self.flags().has(TyFlags::HAS_PROJECTION)
    }

    /// No parameter, variable, projection or error in it.
    pub fn is_ground(self) -> bool {
        self.flags().0 & 0b1111 == 0
    }

    pub fn has_closure(self) -> bool {
        self.flags().has(TyFlags::HAS_CLOSURE)
    }

    pub fn is_error(self) -> bool {
        matches!(self.kind(), TyKind::Error)
    }

    pub fn is_unit(self) -> bool {
        matches!(self.kind(), TyKind::Tuple([]))
    }

    pub fn is_never(self) -> bool {
        matches!(self.kind(), TyKind::Never)
    }

    pub fn is_ref(self) -> bool {
        matches!(self.kind(), TyKind::Ref(..))
    }

    pub fn is_integral(self) -> bool {
        matches!(self.kind(), TyKind::Int(_) | TyKind::Infer(InferVar::Int(_)))
    }

    pub fn is_float(self) -> bool {
        matches!(self.kind(), TyKind::Float(_) | TyKind::Infer(InferVar::Float(_)))
    }

    /// What `&`/`&mut` points to.
    pub fn pointee(self) -> Option<(Mutability, Ty)> {
        match *self.kind() {
            TyKind::Ref(m, ty) => Some((m, ty)),
            _ => None,
        }
    }

    /// The type behind any number of references.
    pub fn peel_refs(mut self) -> Ty {
        while let TyKind::Ref(_, ty) = *self.kind() {
            self = ty;
        }
        self
    }

    pub fn unit() -> Ty {
        COMMON.unit
    }
    pub fn never() -> Ty {
        COMMON.never
    }
    pub fn bool() -> Ty {
        COMMON.bool
    }
    pub fn char() -> Ty {
        COMMON.char
    }
    pub fn str() -> Ty {
        COMMON.str
    }
    pub fn int() -> Ty {
        COMMON.int
    }
    pub fn int_of(int: IntTy) -> Ty {
        Ty::new(TyKind::Int(int))
    }
    pub fn float() -> Ty {
        COMMON.float
    }
    pub fn error() -> Ty {
        COMMON.error
    }
    /// An inference variable's type. Bodies number theirs from 0, so few are ever made.
    pub fn infer(var: InferVar) -> Ty {
        let (kind, index) = match var {
            InferVar::Ty(i) => (0, i as usize),
            InferVar::Int(i) => (1, i as usize),
            InferVar::Float(i) => (2, i as usize),
        };
        VARIABLES.with_borrow_mut(|known| {
            if index >= known.len() {
                known.resize(index + 1, [None; 3]);
            }
            *known[index][kind].get_or_insert_with(|| Ty::new(TyKind::Infer(var)))
        })
    }
    pub fn tuple(elems: &[Ty]) -> Ty {
        Ty::new(TyKind::Tuple(tys(elems)))
    }
    pub fn list(elem: Ty) -> Ty {
        Ty::new(TyKind::List(elem))
    }
    pub fn array(elem: Ty, len: i128) -> Ty {
        Ty::new(TyKind::Array(elem, Ty::new(TyKind::Const(len))))
    }
    pub fn adt(id: AdtId, args: &[Ty]) -> Ty {
        Ty::new(TyKind::Adt(id, tys(args)))
    }
    pub fn shared_ref(ty: Ty) -> Ty {
        Ty::new(TyKind::Ref(Mutability::Shared, ty))
    }
    pub fn mut_ref(ty: Ty) -> Ty {
        Ty::new(TyKind::Ref(Mutability::Mut, ty))
    }
    pub fn raw_ptr(ty: Ty) -> Ty {
        Ty::new(TyKind::RawPtr(ty))
    }
    pub fn param(index: u32, name: Name) -> Ty {
        Ty::new(TyKind::Param(ParamTy { index, name }))
    }
    pub fn projection(trait_: TraitId, args: &[Ty], name: Name) -> Ty {
        Ty::new(TyKind::Projection(Projection { trait_, args: tys(args), name }))
    }

    /// Rebuilds this type with `f` applied to each directly contained type.
    pub fn map_children(self, f: &mut dyn FnMut(Ty) -> Ty) -> Ty {
        let mut map = |list: Tys| -> Tys {
            let mapped: smallvec::SmallVec<[Ty; 6]> = list.iter().map(|&t| f(t)).collect();
            if mapped[..] == *list { list } else { tys(&mapped) }
        };
        let kind = match *self.kind() {
            TyKind::Tuple(elems) => TyKind::Tuple(map(elems)),
            TyKind::List(elem) => TyKind::List(f(elem)),
            TyKind::Array(elem, len) => TyKind::Array(f(elem), f(len)),
            TyKind::Adt(id, args) => TyKind::Adt(id, map(args)),
            TyKind::Ref(m, ty) => TyKind::Ref(m, f(ty)),
            TyKind::RawPtr(ty) => TyKind::RawPtr(f(ty)),
            TyKind::Closure(id, args) => TyKind::Closure(id, map(args)),
            TyKind::Dyn(d) => TyKind::Dyn(DynTy {
                args: map(d.args),
                bindings: leak_bindings(&d.bindings.iter().map(|&(n, t)| (n, f(t))).collect::<Vec<_>>()),
                ..d
            }),
            TyKind::DynFn(sig) => TyKind::DynFn(sig.map(f)),
            TyKind::Projection(p) => TyKind::Projection(Projection { args: map(p.args), ..p }),
            _ => return self,
        };
        Ty::new(kind)
    }

    /// Replaces each parameter by the argument of its index. Projections are rebuilt, not
    /// resolved; see [`crate::traits::normalize`].
    pub fn subst(self, args: &Args) -> Ty {
        if !self.has_param() {
            return self;
        }
        match *self.kind() {
            TyKind::Param(p) => args.get(p.index as usize).copied().unwrap_or(self),
            _ => self.map_children(&mut |t| t.subst(args)),
        }
    }

    /// Calls `f` on this type and everything in it, outermost first; `false` prunes.
    pub fn walk(self, f: &mut dyn FnMut(Ty) -> bool) {
        if !f(self) {
            return;
        }
        match *self.kind() {
            TyKind::Tuple(list) | TyKind::Adt(_, list) | TyKind::Closure(_, list) => {
                list.iter().for_each(|t| t.walk(f))
            }
            TyKind::Projection(p) => p.args.iter().for_each(|t| t.walk(f)),
            TyKind::List(t) | TyKind::Ref(_, t) | TyKind::RawPtr(t) => t.walk(f),
            TyKind::Array(t, n) => {
                t.walk(f);
                n.walk(f);
            }
            TyKind::Dyn(d) => {
                d.args.iter().for_each(|t| t.walk(f));
                d.bindings.iter().for_each(|(_, t)| t.walk(f));
            }
            TyKind::DynFn(sig) => {
                sig.params.iter().for_each(|(_, t)| t.walk(f));
                sig.ret.walk(f);
            }
            _ => {}
        }
    }
}

impl FnSig {
    pub fn map(self, f: &mut dyn FnMut(Ty) -> Ty) -> FnSig {
        let params: smallvec::SmallVec<[(Conv, Ty); 6]> =
            self.params.iter().map(|&(c, t)| (c, f(t))).collect();
        let ret = f(self.ret);
        FnSig {
            call: self.call,
            params: if params[..] == *self.params { self.params } else { leak_params(&params) },
            ret,
        }
    }

    pub fn subst(self, args: &Args) -> FnSig {
        self.map(&mut |t| t.subst(args))
    }
}

impl TraitRef {
    pub fn subst(self, args: &Args) -> TraitRef {
        TraitRef { trait_: self.trait_, args: subst_list(self.args, args) }
    }
}

impl Predicate {
    pub fn subst(self, args: &Args) -> Predicate {
        match self {
            Predicate::Trait(t) => Predicate::Trait(t.subst(args)),
            Predicate::ProjectionEq(p, ty) => {
                Predicate::ProjectionEq(Projection { args: subst_list(p.args, args), ..p }, ty.subst(args))
            }
            Predicate::Fn(ty, sig) => Predicate::Fn(ty.subst(args), sig.subst(args)),
        }
    }
}

pub fn subst_list(list: Tys, args: &Args) -> Tys {
    if list.iter().all(|t| !t.has_param()) {
        return list;
    }
    tys(&list.iter().map(|t| t.subst(args)).collect::<smallvec::SmallVec<[Ty; 6]>>())
}

fn flags_of(kind: &TyKind) -> TyFlags {
    let all = |list: &[Ty]| list.iter().fold(TyFlags::default(), |f, t| f.or(t.flags()));
    match kind {
        TyKind::Tuple(list) | TyKind::Adt(_, list) => all(list),
        TyKind::Closure(_, list) => all(list).or(TyFlags::HAS_REF).or(TyFlags::HAS_CLOSURE),
        TyKind::List(t) | TyKind::RawPtr(t) => t.flags(),
        TyKind::Array(t, n) => t.flags().or(n.flags()),
        TyKind::Ref(_, t) => t.flags().or(TyFlags::HAS_REF),
        TyKind::Dyn(d) => d.bindings.iter().fold(all(d.args), |f, (_, t)| f.or(t.flags())),
        TyKind::DynFn(sig) => sig.params.iter().fold(sig.ret.flags(), |f, (_, t)| f.or(t.flags())),
        TyKind::Param(_) => TyFlags::HAS_PARAM,
        TyKind::Projection(p) => all(p.args).or(TyFlags::HAS_PROJECTION),
        TyKind::Infer(_) => TyFlags::HAS_INFER,
        TyKind::Error => TyFlags::HAS_ERROR,
        TyKind::Int(_)
        | TyKind::Float(_)
        | TyKind::Bool
        | TyKind::Char
        | TyKind::Str
        | TyKind::Never
        | TyKind::Const(_) => TyFlags::default(),
    }
}

impl IntTy {
    pub const ALL: [(IntTy, &'static str); 10] = [
        (IntTy::I8, "i8"),
        (IntTy::I16, "i16"),
        (IntTy::I32, "i32"),
        (IntTy::I64, "i64"),
        (IntTy::Isize, "isize"),
        (IntTy::U8, "u8"),
        (IntTy::U16, "u16"),
        (IntTy::U32, "u32"),
        (IntTy::U64, "u64"),
        (IntTy::Usize, "usize"),
    ];

    pub fn bits(self) -> u32 {
        match self {
            IntTy::I8 | IntTy::U8 => 8,
            IntTy::I16 | IntTy::U16 => 16,
            IntTy::I32 | IntTy::U32 => 32,
            IntTy::I64 | IntTy::U64 | IntTy::Isize | IntTy::Usize => 64,
        }
    }

    pub fn is_signed(self) -> bool {
        matches!(self, IntTy::I8 | IntTy::I16 | IntTy::I32 | IntTy::I64 | IntTy::Isize)
    }

    /// Smallest and largest value.
    pub fn range(self) -> (i128, i128) {
        let bits = self.bits();
        if self.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
    }

    /// As shown to the user: `i64` is `int`.
    pub fn name(self) -> &'static str {
        match self {
            IntTy::I64 => "int",
            _ => IntTy::ALL.iter().find(|(t, _)| *t == self).expect("listed").1,
        }
    }
}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind().fmt(f)
    }
}
