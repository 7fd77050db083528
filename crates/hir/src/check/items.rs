//! Items declared inside of bodies: their scopes among the local ones.

use base::{Name, Span};

use super::{Checker, Scope};
use crate::items::ModId;

impl Checker<'_> {
    /// The innermost scope of items: a block's or the module.
    pub(super) fn current_module(&self) -> ModId {
        self.scopes.iter().rev().find_map(|s| s.module).unwrap_or(self.module)
    }

    pub(super) fn push_scope(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// The scope at hand is that of this block, with the items declared in it.
    pub(super) fn enter_items(&mut self, block: Span) {
        if let Some(&module) = self.program.block_mods.get(&block)
            && let Some(scope) = self.scopes.last_mut()
        {
            scope.module = Some(module);
        }
    }

    pub(super) fn pop_scope(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn lookup_local(&self, name: Name) -> Option<crate::thir::LocalId> {
        self.scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.bindings.iter().rev())
            .find(|b| b.name == name)
            .map(|b| b.local)
    }
}
