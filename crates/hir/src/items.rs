//! The program's items as tables: what exists, what it is called, what its signature says.
//!
//! Not here: bodies ([`crate::thir`]), how the tables are filled ([`crate::collect`]). The one
//! thing to know: std and the user's packages live in the same tables; ids index them and are
//! given in source order, std first, so iteration order is stable.

use base::{FileId, FxHashMap, FxHashSet, IndexVec, Name, Span, index_type};
use syntax::ast;

use crate::lang::LangItems;
use crate::ty::{Conv, FnSig, Predicate, TraitRef, Ty};

index_type!(ModId, "mod");
index_type!(FnId, "fn");
index_type!(AdtId, "adt");
index_type!(TraitId, "trait");
index_type!(ImplId, "impl");
index_type!(ConstId, "const");
index_type!(StaticId, "static");
index_type!(AliasId, "alias");
index_type!(VariantIdx, "v");
index_type!(FieldIdx, "f");

/// Who owns a body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum BodyOwner {
    Fn(FnId),
    Const(ConstId),
    Static(StaticId),
}

/// A closure expression: the body it stands in and its number there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ClosureId {
    pub owner: BodyOwner,
    pub index: u32,
}

/// What a name can mean.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Def {
    Mod(ModId),
    Fn(FnId),
    Adt(AdtId),
    Variant(AdtId, VariantIdx),
    Trait(TraitId),
    Alias(AliasId),
    Const(ConstId),
    Static(StaticId),
    Builtin(BuiltinTy),
    /// Already reported.
    Error,
}

/// Names of built-in types: `int`, `string`, `bool`, …
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BuiltinTy(pub Ty);

#[derive(Debug, Default)]
pub struct Program {
    pub mods: IndexVec<ModId, Mod>,
    pub fns: IndexVec<FnId, FnDecl>,
    pub adts: IndexVec<AdtId, Adt>,
    pub traits: IndexVec<TraitId, Trait>,
    pub impls: IndexVec<ImplId, Impl>,
    pub consts: IndexVec<ConstId, Const>,
    pub statics: IndexVec<StaticId, Static>,
    pub aliases: IndexVec<AliasId, Alias>,
    pub lang: LangItems,
    /// Names of the prelude, in scope everywhere.
    pub prelude: Names,
    /// Impl lookup: by trait, then in source order.
    pub trait_impls: FxHashMap<TraitId, Vec<ImplId>>,
    /// Inherent methods and associated functions by name.
    pub inherent: FxHashMap<Name, Vec<FnId>>,
    /// Trait methods by name.
    pub trait_methods: FxHashMap<Name, Vec<FnId>>,
    /// The module tree's root of each package, std first.
    pub roots: Vec<ModId>,
    /// The entry point: `fn main` of the root package, or the script's synthetic one.
    pub main: Option<FnId>,
    /// Functions marked `[test]` in the root package, in source order.
    pub tests: Vec<FnId>,
    /// Packages by name, `std` too: roots of paths.
    pub packages: FxHashMap<Name, ModId>,
    /// Every module of std by its last name: the weakest fallback of path roots.
    pub std_mods: FxHashMap<Name, ModId>,
    /// The scope of each block that holds items, by the block's span. Its parent is the enclosing
    /// block's scope or module.
    pub block_mods: FxHashMap<Span, ModId>,
    /// The types with a `Copy` impl (or derive): which of their parameters must be `Copy` too.
    pub copy_adts: FxHashMap<AdtId, Vec<bool>>,
    /// Generic parameters (by span) with a bound that was refused: what they lack may be a
    /// consequence of that.
    pub broken_bounds: base::FxHashSet<Span>,
    /// Names of constants in impls and traits: `T::NAME[i]` takes an element.
    pub associated_constants: FxHashSet<Name>,
    /// The types of constants are known.
    pub consts_ready: bool,
    /// Names that two globs bring into a module with different meanings: reported where used.
    pub ambiguous: FxHashMap<(ModId, Name), (Span, Span)>,
    /// The variant marked `[default]`, and where.
    pub default_variants: FxHashMap<AdtId, (usize, Span)>,
    /// Answers about types, found once for all bodies. Empty until the tables are complete.
    pub trait_cache: crate::traits::TraitCache,
    /// Actors' handles, with the structs that hold their state.
    pub actors: FxHashMap<AdtId, AdtId>,
    /// The futures of `async` functions ([`crate::futures`]), by function.
    pub futures: FxHashMap<FnId, crate::futures::Future>,
    /// The other way round, and the functions that run them.
    pub future_of_adt: FxHashMap<AdtId, FnId>,
    pub future_runs: FxHashMap<FnId, FnId>,
    /// Written `use` paths, for [`crate::resolve::unused_imports`].
    pub imports: Vec<Import>,
}

impl Names {
    pub fn get(&self, ns: Ns, name: Name) -> Option<Entry> {
        self.table(ns).get(&name).copied()
    }

    pub fn table(&self, ns: Ns) -> &FxHashMap<Name, Entry> {
        match ns {
            Ns::Types => &self.types,
            Ns::Values => &self.values,
        }
    }

    pub fn table_mut(&mut self, ns: Ns) -> &mut FxHashMap<Name, Entry> {
        match ns {
            Ns::Types => &mut self.types,
            Ns::Values => &mut self.values,
        }
    }
}

/// One of the two name spaces: types, traits and modules; functions, constants and statics.
/// Variants and tuple-like structs are in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Ns {
    Types,
    Values,
}

/// One imported path. Whether it was used is found out while bodies are checked in parallel.
#[derive(Debug)]
pub struct Import {
    pub module: ModId,
    pub span: Span,
    /// The name it binds; `*` for a glob.
    pub name: Name,
    pub public: bool,
    /// What to delete to remove it, if that is a whole line or more.
    pub removal: Option<Span>,
    pub used: std::sync::atomic::AtomicBool,
}

impl Program {
    /// May code in `from` name something declared in `owner`? Private things are visible in their
    /// module and what is inside it.
    pub fn visible(&self, owner: ModId, public: bool, from: ModId) -> bool {
        public || self.encloses(owner, from)
    }

    /// Is `inner` the same as `outer` or inside it?
    pub fn encloses(&self, outer: ModId, inner: ModId) -> bool {
        let mut at = Some(inner);
        while let Some(module) = at {
            if module == outer {
                return true;
            }
            at = self.mods[module].parent;
        }
        false
    }

    /// The module that a block scope stands in (or the module itself).
    pub fn file_module(&self, mut module: ModId) -> ModId {
        while self.mods[module].block {
            match self.mods[module].parent {
                Some(parent) => module = parent,
                None => break,
            }
        }
        module
    }

    /// `std::collections::map`, as written in paths.
    pub fn module_path(&self, module: ModId) -> String {
        let module = self.file_module(module);
        let data = &self.mods[module];
        match data.parent {
            Some(parent) => format!("{}::{}", self.module_path(parent), data.name),
            None => data.name.to_string(),
        }
    }

    /// The module that the owner of a body is declared in. `None`: it is not known here.
    pub fn module_of(&self, owner: BodyOwner) -> Option<ModId> {
        match owner {
            BodyOwner::Fn(id) => self.fns.get(id).map(|f| f.module),
            BodyOwner::Const(id) => self.consts.get(id).map(|c| c.module),
            BodyOwner::Static(id) => self.statics.get(id).map(|s| s.module),
        }
    }

    /// Is this module part of the standard library?
    pub fn in_std(&self, module: ModId) -> bool {
        self.mods[module].is_std
    }

    /// The generic parameters of an impl, trait or function's surroundings as arguments.
    pub fn adt_self(&self, id: AdtId) -> Ty {
        Ty::adt(id, &self.adts[id].generics.identity())
    }
}

/// Types (and modules) and values have separate name spaces.
#[derive(Debug, Default, Clone)]
pub struct Names {
    pub types: FxHashMap<Name, Entry>,
    pub values: FxHashMap<Name, Entry>,
}

#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub def: Def,
    pub public: bool,
    /// Where it was declared or imported.
    pub span: Span,
    /// Index into [`Program::imports`], if it came by `use`.
    pub import: Option<u32>,
    /// Came by `use m::*`: anything declared or imported by name hides it.
    pub glob: bool,
}

#[derive(Debug)]
pub struct Mod {
    pub name: Name,
    pub parent: Option<ModId>,
    /// Index into [`Program::roots`].
    pub package: usize,
    pub file: FileId,
    pub span: Span,
    pub names: Names,
    /// The scope of a block with items in it: names not found in it are looked up in its parent.
    pub block: bool,
    pub is_std: bool,
    pub docs: Vec<Span>,
}

/// The generic parameters of an item, its parents' first.
#[derive(Debug, Default, Clone)]
pub struct Generics {
    /// How many of `params` belong to the enclosing impl or trait.
    pub parent_count: usize,
    pub params: Vec<GenericParam>,
    /// Everything that may be assumed in the body: bounds, where clauses, the enclosing impl's
    /// or trait's, supertraits elaborated by the solver. Implicit parameters made from
    /// `fn(…)`-typed parameters are included.
    pub predicates: Vec<Predicate>,
}

#[derive(Debug, Clone)]
pub struct GenericParam {
    pub name: Name,
    pub span: Span,
    /// Where a further bound would be written; whether after others.
    pub bound_at: Option<(Span, bool)>,
    /// Declared `view`.
    pub view: bool,
    /// `const N: int`.
    pub is_const: bool,
    /// Made by the compiler for a parameter of type `fn(…)`.
    pub implicit: bool,
    pub default: Option<Ty>,
}

impl Generics {
    /// The parameters as arguments to themselves.
    pub fn identity(&self) -> Vec<Ty> {
        self.params.iter().enumerate().map(|(i, p)| Ty::param(i as u32, p.name)).collect()
    }
}

/// Where a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FnParent {
    /// A free function.
    None,
    /// In an inherent impl.
    Inherent(ImplId),
    /// In an impl of a trait.
    TraitImpl(ImplId),
    /// A trait's method, with or without a default body.
    Trait(TraitId),
}

/// What a result's views borrow from. See the module head of `mir::check::loans`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A loan of the argument itself, and what it holds.
    Outer(u32),
    /// Only what the argument's value holds.
    Held(u32),
}

#[derive(Debug)]
pub struct FnDecl {
    pub name: Name,
    pub span: Span,
    /// From `fn` to before the body.
    pub head: Span,
    pub name_span: Span,
    pub module: ModId,
    pub parent: FnParent,
    pub public: bool,
    pub generics: Generics,
    /// Has a parameter `self` (the first).
    pub has_self: bool,
    pub params: Vec<ParamDecl>,
    pub ret: Ty,
    pub ret_span: Span,
    /// What a returned view borrows from: explicit `from`, or the default rule. Empty when the
    /// result cannot hold views.
    pub ret_origins: Vec<Origin>,
    pub is_async: bool,
    pub is_unsafe: bool,
    pub attrs: FnAttrs,
    pub kind: FnKind,
    /// The syntax of its body and contracts. `None`: a script or constructor. Trait methods
    /// without default, intrinsics and extern functions have syntax without a body; a derived
    /// method has syntax made from the type ([`crate::derive`]), checked like any other.
    pub ast: Option<std::sync::Arc<ast::FnItem>>,
    /// `##` documentation.
    pub docs: Vec<Span>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FnKind {
    Normal,
    /// The statements of a script.
    Script(std::sync::Arc<Vec<ast::Stmt>>),
    /// `[intrinsic]` in std: known to codegen by name.
    Intrinsic,
    /// In an `extern "C"` block: the symbol is the name.
    Extern,
    /// `Some` as a function: constructor of a tuple-like variant or struct.
    Constructor(AdtId, VariantIdx),
    /// Made by `derive`; the method of the trait for the impl's type.
    Derived(DeriveTrait),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeriveTrait {
    Clone,
    Copy,
    Debug,
    Eq,
    Ord,
    Hash,
    Default,
}

#[derive(Debug, Default, Clone)]
pub struct FnAttrs {
    /// An associated constant: `const N: T = value` in an impl or trait is a function without
    /// parameters that is called by its bare name.
    pub constant: bool,
    pub test: bool,
    /// `[should_panic]` or `[should_panic("text")]`, for tests.
    pub should_panic: Option<Option<String>>,
    pub inline: bool,
    pub cold: bool,
    pub no_wait: bool,
    /// Closures given to it run until what it is called on ends: what is declared inside of that they take.
    pub scoped: bool,
    pub track_caller: bool,
    /// The conditions of `req`: whether they hold is up to the caller, whose place a failure names.
    pub requirements: Vec<Span>,
    pub discardable: bool,
    pub nonblocking: bool,
    /// `[allow(W0402, …)]`: codes of warnings.
    pub allow: Vec<Name>,
    pub deprecated: Option<String>,
    pub must_use: bool,
    pub ai_concurrent_optimize: bool,
}

#[derive(Debug, Clone)]
pub struct ParamDecl {
    /// `self`, the bound name, or empty for a pattern.
    pub name: Name,
    pub span: Span,
    pub conv: Conv,
    /// The type as declared, without the reference that `conv` adds.
    pub ty: Ty,
}

impl FnDecl {
    /// Something in the signature was refused: what ownership checks would say of the body, and
    /// warnings, may be consequences.
    pub fn has_errors(&self) -> bool {
        self.ret.has_error() || self.params.iter().any(|p| p.ty.has_error())
    }

    /// The signature as a function type (in terms of the generic parameters).
    pub fn sig(&self) -> FnSig {
        let params: Vec<_> = self.params.iter().map(|p| (p.conv, p.ty)).collect();
        FnSig { call: ast::Convention::Read, params: crate::ty::leak_params(&params), ret: self.ret }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdtKind {
    Struct,
    Enum,
}

#[derive(Debug)]
pub struct Adt {
    pub name: Name,
    pub span: Span,
    pub name_span: Span,
    pub module: ModId,
    pub public: bool,
    pub kind: AdtKind,
    pub generics: Generics,
    /// A struct has one.
    pub variants: IndexVec<VariantIdx, VariantDecl>,
    /// The definition itself has a reference, apart from its parameters.
    pub inherent_view: bool,
    /// `[repr(C)]`: laid out as C does, so that it may cross to foreign code.
    pub repr_c: bool,
    pub derives: Vec<(DeriveTrait, Span)>,
    /// `[thread_bound]`: not sendable.
    pub thread_bound: bool,
    /// `impl Drop`, if there is one.
    pub drop_impl: Option<ImplId>,
    /// `inv` conditions: checked where `hir::check` lowers them.
    pub invariants: Vec<std::sync::Arc<ast::Contract>>,
    pub must_use: bool,
    pub docs: Vec<Span>,
}

#[derive(Debug)]
pub struct VariantDecl {
    pub name: Name,
    pub span: Span,
    pub shape: Shape,
    pub fields: IndexVec<FieldIdx, FieldDecl>,
    /// Value of the discriminant.
    pub discriminant: i128,
    /// The constructor function of a tuple-like one.
    pub constructor: Option<FnId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Unit,
    Tuple,
    Named,
}

#[derive(Debug)]
pub struct FieldDecl {
    /// `0`, `1`, … in tuple-like ones.
    pub name: Name,
    pub span: Span,
    pub public: bool,
    pub ty: Ty,
    /// Value used when a literal leaves the field out.
    pub default: Option<std::sync::Arc<ast::Expr>>,
}

#[derive(Debug)]
pub struct Trait {
    pub name: Name,
    pub span: Span,
    pub name_span: Span,
    pub module: ModId,
    pub public: bool,
    /// Position 0 is `Self`.
    pub generics: Generics,
    pub supertraits: Vec<TraitRef>,
    pub assoc_types: Vec<AssocTypeDecl>,
    pub methods: Vec<FnId>,
    /// May be used as `dyn Trait`, or why not.
    pub dyn_safe: Result<(), String>,
    pub is_unsafe: bool,
    pub docs: Vec<Span>,
}

#[derive(Debug)]
pub struct AssocTypeDecl {
    pub name: Name,
    pub span: Span,
    pub view: bool,
    /// Predicates on `<Self as Trait>::name`.
    pub bounds: Vec<Predicate>,
    pub default: Option<Ty>,
}

#[derive(Debug)]
pub struct Impl {
    pub span: Span,
    pub head: Span,
    pub module: ModId,
    pub generics: Generics,
    pub trait_: Option<TraitRef>,
    pub self_ty: Ty,
    pub methods: Vec<FnId>,
    pub assoc_types: Vec<(Name, Ty, Span)>,
    /// From `derive`.
    pub derived: Option<DeriveTrait>,
    pub is_unsafe: bool,
}

#[derive(Debug)]
pub struct Const {
    pub name: Name,
    pub span: Span,
    pub module: ModId,
    pub public: bool,
    pub ty: Ty,
    pub ast: std::sync::Arc<ast::ConstItem>,
}

#[derive(Debug)]
pub struct Static {
    pub name: Name,
    pub span: Span,
    pub module: ModId,
    pub public: bool,
    pub ty: Ty,
    pub ast: std::sync::Arc<ast::ConstItem>,
}

#[derive(Debug)]
pub struct Alias {
    pub name: Name,
    pub span: Span,
    pub module: ModId,
    pub public: bool,
    pub generics: Generics,
    pub ty: Ty,
    pub ast: std::sync::Arc<ast::TypeAlias>,
    /// `ty` has been lowered. Until then uses expand `ast`.
    pub ready: bool,
}
