//! Interned names: one `u32` each, equal exactly when their texts are equal.
//!
//! The table is global and only grows; the texts of a process's identifiers live as long as it.
//! Nothing shown to a user may be ordered by a `Name`'s number, since that depends on the order
//! in which threads met the names; compare [`Name::as_str`] instead.

use std::sync::{LazyLock, RwLock};

use crate::FxHashMap;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(u32);

#[derive(Default)]
struct Table {
    ids: FxHashMap<&'static str, u32>,
    texts: Vec<&'static str>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

impl Name {
    pub fn new(text: &str) -> Name {
        if let Some(&id) = TABLE.read().expect("name table").ids.get(text) {
            return Name(id);
        }
        let mut table = TABLE.write().expect("name table");
        if let Some(&id) = table.ids.get(text) {
            return Name(id);
        }
        let id = table.texts.len() as u32;
        let text: &'static str = Box::leak(text.into());
        table.texts.push(text);
        table.ids.insert(text, id);
        Name(id)
    }

    pub fn as_str(self) -> &'static str {
        TABLE.read().expect("name table").texts[self.0 as usize]
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
