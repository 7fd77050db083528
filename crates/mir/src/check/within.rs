//! Which values can lie inside which: what a view of one type can be a view of.
//!
//! The one thing to know: a `&string` that came out of a list of `&string` views no part of the list, since
//! a list of views holds no text. So the result of `words.iter().copied().collect()` does not keep `words`
//! borrowed, only what its elements view. Every answer errs on the side of "yes", which keeps more borrowed.

use base::FxHashMap;
use hir::items::{Adt, AdtKind, BodyOwner, Program};
use hir::ty::{Mutability, Ty, TyKind};

/// Nesting of types beyond which the answer is the cautious one.
const LIMIT: u32 = 32;

#[derive(Default)]
pub struct Within {
    known: FxHashMap<(Ty, Ty), bool>,
    viewed: FxHashMap<Ty, Option<Vec<Ty>>>,
}

impl Within {
    /// What the views in a value of this type may be views of, if its type tells.
    pub fn viewed(&mut self, program: &Program, ty: Ty) -> Option<Vec<Ty>> {
        if let Some(known) = self.viewed.get(&ty) {
            return known.clone();
        }
        let mut list = Vec::new();
        let known = viewed(program, ty, &mut list).then_some(list);
        self.viewed.insert(ty, known.clone());
        known
    }

    /// Can a value of type `part` be a part of one of type `whole`, or be reached from it without passing
    /// a shared view?
    pub fn can_lie_in(&mut self, program: &Program, owner: Option<BodyOwner>, part: Ty, whole: Ty) -> bool {
        if let Some(&known) = self.known.get(&(part, whole)) {
            return known;
        }
        let home =
            owner.and_then(|owner| program.module_of(owner)).map(|module| program.mods[module].package);
        let mut look = Look { program, home, part: bytes(part), around: Vec::new() };
        let answer = look.holds(whole, 0);
        self.known.insert((part, whole), answer);
        answer
    }
}

struct Look<'a> {
    program: &'a Program,
    /// The package whose types may be looked into: those of others may change inside, unless all that
    /// they hold is public.
    home: Option<usize>,
    part: Ty,
    around: Vec<Ty>,
}

impl Look<'_> {
    fn holds(&mut self, ty: Ty, level: u32) -> bool {
        let ty = bytes(ty);
        if ty == self.part || level > LIMIT || matches!(self.part.kind(), TyKind::Dyn(_) | TyKind::DynFn(_)) {
            return true;
        }
        match *ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Never
            | TyKind::Const(_) => false,
            TyKind::Ref(Mutability::Shared, _) => false,
            TyKind::Ref(Mutability::Mut, to) => self.holds(to, level + 1),
            TyKind::List(elem) => self.holds(elem, level + 1),
            // Its elements can be viewed as a list.
            TyKind::Array(elem, _) => self.part == Ty::list(elem) || self.holds(elem, level + 1),
            TyKind::Tuple(parts) => parts.iter().any(|&t| self.holds(t, level + 1)),
            TyKind::Adt(id, args) => {
                let Some(decl) = self.program.adts.get(id) else { return true };
                let std = self.program.in_std(decl.module);
                if !std
                    && (decl.drop_impl.is_some()
                        || (Some(self.program.mods[decl.module].package) != self.home && !is_open(decl)))
                {
                    return true;
                }
                if self.around.contains(&ty) {
                    return false;
                }
                self.around.push(ty);
                // Of its own it holds bytes about its slots, of which it gives no view.
                if std && decl.name == "Map" {
                    return args.iter().any(|&t| self.holds(t, level + 1));
                }
                args.iter().any(|&t| self.holds(t, level + 1))
                    || decl
                        .variants
                        .iter()
                        .flat_map(|variant| variant.fields.iter())
                        .any(|field| self.holds(field.ty.subst(args), level + 1))
            }
            // A pointer to bytes may point to anything.
            TyKind::RawPtr(to) => match *to.kind() {
                TyKind::Tuple([]) => true,
                TyKind::Int(int) if int.bits() == 8 => true,
                _ => self.holds(to, level + 1),
            },
            _ => true,
        }
    }
}

/// All of its fields can be seen by everybody, so that they do not change unnoticed.
fn is_open(decl: &Adt) -> bool {
    let fields = decl.variants.iter().flat_map(|variant| variant.fields.iter());
    decl.kind == AdtKind::Enum || { fields }.all(|field| field.public)
}

/// A text is a list of bytes.
fn bytes(ty: Ty) -> Ty {
    match ty.kind() {
        TyKind::Str => Ty::list(Ty::int_of(hir::ty::IntTy::U8)),
        _ => ty,
    }
}

/// False: the type does not tell.
fn viewed(program: &Program, ty: Ty, list: &mut Vec<Ty>) -> bool {
    match *ty.kind() {
        TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Str | TyKind::Const(_) => {
            true
        }
        TyKind::Ref(_, to) => {
            list.push(to);
            viewed(program, to, list)
        }
        TyKind::List(elem) | TyKind::Array(elem, _) => viewed(program, elem, list),
        TyKind::Tuple(parts) => parts.iter().all(|&t| viewed(program, t, list)),
        TyKind::Adt(id, args) => {
            program.adts.get(id).is_some_and(|adt| !adt.inherent_view)
                && args.iter().all(|&t| viewed(program, t, list))
        }
        _ => false,
    }
}
