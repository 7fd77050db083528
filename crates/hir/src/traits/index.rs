//! Impls and inherent methods by the outermost shape of their type.
//!
//! Not here: whether they fit ([`super::header`]). The one thing to know: the index is made once,
//! when it is first asked, so only after the program's tables are complete.

use base::{FxHashMap, Name};

use crate::items::{AdtId, FnId, FnParent, ImplId, Program, TraitId};
use crate::ty::{FloatTy, IntTy, Mutability, Ty, TyKind};

/// The outermost constructor of a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Head {
    Int(IntTy),
    Float(FloatTy),
    Bool,
    Char,
    Str,
    Never,
    Tuple(usize),
    List,
    Array,
    Adt(AdtId),
    Ref(Mutability),
    RawPtr,
    Closure,
    Dyn(TraitId),
    DynFn,
}

impl Head {
    /// None where the type may be anything, or is no type of a value.
    pub fn of(ty: Ty) -> Option<Head> {
        Some(match *ty.kind() {
            TyKind::Int(int) => Head::Int(int),
            TyKind::Float(float) => Head::Float(float),
            TyKind::Bool => Head::Bool,
            TyKind::Char => Head::Char,
            TyKind::Str => Head::Str,
            TyKind::Never => Head::Never,
            TyKind::Tuple(elems) => Head::Tuple(elems.len()),
            TyKind::List(_) => Head::List,
            TyKind::Array(..) => Head::Array,
            TyKind::Adt(id, _) => Head::Adt(id),
            TyKind::Ref(m, _) => Head::Ref(m),
            TyKind::RawPtr(_) => Head::RawPtr,
            TyKind::Closure(..) => Head::Closure,
            TyKind::Dyn(d) => Head::Dyn(d.trait_),
            TyKind::DynFn(_) => Head::DynFn,
            TyKind::Param(_)
            | TyKind::Projection(_)
            | TyKind::Const(_)
            | TyKind::Infer(_)
            | TyKind::Error => return None,
        })
    }
}

#[derive(Default)]
pub(crate) struct ImplIndex {
    impls: FxHashMap<(TraitId, Head), Vec<ImplId>>,
    /// Impls for every type that their bounds allow.
    blanket: FxHashMap<TraitId, Vec<ImplId>>,
    methods: FxHashMap<(Name, Head), Vec<FnId>>,
    /// Methods of the traits that have an impl for such types.
    trait_methods: FxHashMap<(Name, Head), Vec<FnId>>,
    /// Those of traits that any type may have, by a blanket impl or a rule of the language.
    general_methods: FxHashMap<Name, Vec<FnId>>,
    names: Vec<Name>,
}

impl ImplIndex {
    pub fn new(program: &Program) -> ImplIndex {
        let mut index = ImplIndex::default();
        for (&trait_, impls) in &program.trait_impls {
            for &id in impls {
                match Head::of(program.impls[id].self_ty) {
                    Some(head) => index.impls.entry((trait_, head)).or_default().push(id),
                    None => index.blanket.entry(trait_).or_default().push(id),
                }
            }
        }
        for (&name, methods) in &program.inherent {
            for &method in methods {
                let FnParent::Inherent(id) = program.fns[method].parent else { continue };
                if let Some(head) = Head::of(program.impls[id].self_ty) {
                    index.methods.entry((name, head)).or_default().push(method);
                }
            }
        }
        let mut heads: FxHashMap<TraitId, Vec<Head>> = FxHashMap::default();
        for &(trait_, head) in index.impls.keys() {
            heads.entry(trait_).or_default().push(head);
        }
        let clone = program.lang.trait_("Clone");
        for (&name, methods) in &program.trait_methods {
            for &method in methods {
                let FnParent::Trait(trait_) = program.fns[method].parent else { continue };
                if index.blanket.contains_key(&trait_) || clone == Some(trait_) {
                    index.general_methods.entry(name).or_default().push(method);
                    continue;
                }
                for &head in heads.get(&trait_).into_iter().flatten() {
                    index.trait_methods.entry((name, head)).or_default().push(method);
                }
            }
        }
        let mut names: Vec<Name> =
            program.inherent.keys().chain(program.trait_methods.keys()).copied().collect();
        names.sort_by_key(|n| n.as_str());
        names.dedup();
        index.names = names;
        index
    }

    /// Impls of the trait that may fit this type, in source order but for blanket ones, which
    /// come last. None where all have to be tried.
    pub fn impls(&self, trait_: TraitId, ty: Ty) -> Option<impl Iterator<Item = ImplId>> {
        let head = Head::of(ty)?;
        let own = self.impls.get(&(trait_, head)).map_or(&[][..], |l| l);
        let blanket = self.blanket.get(&trait_).map_or(&[][..], |l| l);
        Some(own.iter().chain(blanket).copied())
    }

    /// Some impl of the trait is for whatever type its bounds allow.
    pub fn has_blanket(&self, trait_: TraitId) -> bool {
        self.blanket.contains_key(&trait_)
    }

    /// Methods of this name of traits that this type may have. None where it may have any: it is
    /// not known, broken, or has traits by other ways than impls.
    pub fn trait_methods(&self, name: Name, ty: Ty) -> Option<impl Iterator<Item = FnId>> {
        let head = Head::of(ty).filter(|h| !matches!(h, Head::Dyn(_)) && !ty.has_error())?;
        let own = self.trait_methods.get(&(name, head)).map_or(&[][..], |l| l);
        let general = self.general_methods.get(&name).map_or(&[][..], |l| l);
        Some(own.iter().chain(general).copied())
    }

    /// Inherent functions of this name on types like this one.
    pub fn methods(&self, name: Name, ty: Ty) -> Option<&[FnId]> {
        let head = Head::of(ty)?;
        Some(self.methods.get(&(name, head)).map_or(&[][..], |l| l))
    }

    /// The names of all methods, in order.
    pub fn names(&self) -> &[Name] {
        &self.names
    }
}
