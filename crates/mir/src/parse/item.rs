//! Items by the names that [`crate::names`] gives them.

use base::FxHashMap;
use hir::items::{AdtId, BodyOwner, ClosureId, FnId, FnParent, Program, TraitId};

use super::Unknown;
use crate::body::Source;
use crate::names;

pub struct Items<'a> {
    program: &'a Program,
    owners: FxHashMap<String, BodyOwner>,
    unknown: Unknown,
}

impl<'a> Items<'a> {
    pub fn new(program: &'a Program) -> Items<'a> {
        let mut owners = FxHashMap::default();
        let all = program
            .fns
            .ids()
            .map(BodyOwner::Fn)
            .chain(program.consts.ids().map(BodyOwner::Const))
            .chain(program.statics.ids().map(BodyOwner::Static));
        for owner in all {
            owners.entry(names::owner_name(program, owner)).or_insert(owner);
        }
        Items { program, owners, unknown: Unknown::default() }
    }

    pub fn owner(&self, name: &str) -> Option<BodyOwner> {
        self.owners.get(name).copied()
    }

    pub fn owner_or_new(&mut self, name: &str) -> BodyOwner {
        if let Some(&owner) = self.owners.get(name) {
            return owner;
        }
        if let Some(id) = name.strip_prefix("fn#").and_then(|n| n.parse().ok()) {
            return BodyOwner::Fn(FnId(id));
        }
        let next = (self.program.fns.len() + self.unknown.len() + 1_000_000) as u32;
        let id = *self.unknown.entry(name.to_string()).or_insert(next);
        BodyOwner::Fn(FnId(id))
    }

    /// The longest known name that `text` begins with and that a list of arguments follows;
    /// else everything up to such a list.
    fn longest<'t>(&self, text: &'t str, stops: &[char]) -> &'t str {
        let line = text.lines().next().unwrap_or("");
        let mut best = "";
        let mut first = None;
        for (i, _) in line.char_indices().filter(|(_, c)| stops.contains(c)) {
            let name = &line[..i];
            first = first.or(if name.is_empty() { None } else { Some(name) });
            if self.owners.contains_key(name) {
                best = name;
            }
        }
        if best.is_empty() { first.unwrap_or("") } else { best }
    }

    pub fn function<'t>(&mut self, text: &'t str) -> (&'t str, FnId) {
        let name = self.longest(text, &['[', '(']);
        match self.owner_or_new(name) {
            BodyOwner::Fn(id) => (name, id),
            _ => (name, FnId(u32::MAX)),
        }
    }

    pub fn body_name<'t>(&mut self, text: &'t str) -> (&'t str, Option<Source>) {
        let line = text.lines().next().unwrap_or("");
        if let Some(i) = line.find("::{closure#") {
            let rest = &line[i + "::{closure#".len()..];
            if let Some((number, _)) = rest.split_once('}')
                && let Ok(index) = number.parse()
            {
                let owner = self.owner_or_new(&line[..i]);
                let end = i + "::{closure#".len() + number.len() + 1;
                return (&line[..end], Some(Source::Closure(ClosureId { owner, index })));
            }
        }
        let name = self.longest(text, &['(']);
        (name, Some(Source::Owner(self.owner_or_new(name))))
    }

    pub fn trait_of(&self, id: FnId) -> TraitId {
        match self.program.fns.get(id).map(|f| f.parent) {
            Some(FnParent::Trait(id)) => id,
            _ => TraitId(u32::MAX),
        }
    }

    pub fn adt(&self, name: &str) -> Option<AdtId> {
        self.program.adts.ids().find(|&id| self.program.adts[id].name == *name)
    }

    pub fn trait_(&self, name: &str) -> Option<TraitId> {
        self.program.traits.ids().find(|&id| self.program.traits[id].name == *name)
    }
}
