//! Interned names: one `u32` each, equal exactly when their texts are equal.
//!
//! The table is global and only grows; the texts of a process's identifiers live as long as it.
//! Nothing shown to a user may be ordered by a `Name`'s number, since that depends on the order
//! in which threads met the names; compare [`Name::as_str`] instead.

use std::sync::{LazyLock, OnceLock, RwLock};

use crate::FxHashMap;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(u32);

static IDS: LazyLock<RwLock<FxHashMap<&'static str, u32>>> = LazyLock::new(RwLock::default);

/// The texts by number, in chunks of doubling size, so that reading one takes no lock.
static TEXTS: [OnceLock<Box<[OnceLock<&'static str>]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
const CHUNKS: usize = 22;
/// The size of the first chunk is two to this power.
const FIRST: u32 = 10;

/// Chunk and place in it.
fn place(id: u32) -> (usize, usize) {
    let shifted = id as usize + (1 << FIRST);
    let chunk = (shifted.ilog2() - FIRST) as usize;
    (chunk, shifted - (1 << (chunk as u32 + FIRST)))
}

impl Name {
    pub fn new(text: &str) -> Name {
        if let Some(&id) = IDS.read().expect("name table").get(text) {
            return Name(id);
        }
        let mut ids = IDS.write().expect("name table");
        if let Some(&id) = ids.get(text) {
            return Name(id);
        }
        let id = ids.len() as u32;
        let text: &'static str = Box::leak(text.into());
        let (chunk, at) = place(id);
        let size = 1 << (chunk as u32 + FIRST);
        let texts = TEXTS[chunk].get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
        texts[at].set(text).expect("a new name");
        ids.insert(text, id);
        Name(id)
    }

    pub fn as_str(self) -> &'static str {
        let (chunk, at) = place(self.0);
        TEXTS[chunk].get().and_then(|texts| texts[at].get()).expect("a name that was made")
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
