//! What stands for a task in reports: the program's own code that it runs, also where std has wrapped that.

use base::Span;
use hir::ty::{Ty, TyKind};

use super::collect::Collector;
use crate::body::Source;
use crate::names::owner_name;

impl Collector<'_> {
    /// The name of a task's code, and where it is written, which stands for where the task is started.
    pub(super) fn origin(&self, closure: Ty) -> (String, Span) {
        // What an actor or a stream runs is told by the types that std's closure is made for.
        let found = self.own(closure, false).or_else(|| self.own(closure, true)).unwrap_or(closure);
        match *found.kind() {
            TyKind::Closure(id, _) => {
                let span = (self.bodies)(Source::Closure(id)).map_or(Span::default(), |body| body.span);
                (format!("closure of {}", owner_name(self.items, id.owner)), span)
            }
            TyKind::Adt(id, _) => {
                let adt = &self.items.adts[id];
                (adt.name.to_string(), adt.name_span)
            }
            _ => (hir::ty::display(self.items, found).to_string(), Span::default()),
        }
    }

    /// The first closure, or struct if `structs`, in a type that is not std's.
    fn own(&self, ty: Ty, structs: bool) -> Option<Ty> {
        let (module, args) = match *ty.kind() {
            TyKind::Closure(id, args) => (self.items.module_of(id.owner), args),
            TyKind::Adt(id, args) => (Some(self.items.adts[id].module).filter(|_| structs), args),
            _ => return None,
        };
        match module {
            Some(module) if !self.items.in_std(module) => Some(ty),
            _ => args.iter().find_map(|arg| self.own(*arg, structs)),
        }
    }
}
