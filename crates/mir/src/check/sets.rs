//! Interned sets of loans: a set is a number, equal sets are equal numbers, unions are
//! remembered. Most sets are empty or of one loan.

use std::rc::Rc;

use base::{FxHashMap, Idx, index_type};

index_type!(
    /// A loan of the body at hand; see [`super::loans::LoanKind`].
    LoanId,
    "loan"
);

/// A set of loans.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct LoanSet(u32);

impl LoanSet {
    pub const EMPTY: LoanSet = LoanSet(0);

    pub fn is_empty(self) -> bool {
        self == LoanSet::EMPTY
    }
}

pub struct Sets {
    lists: Vec<Rc<[LoanId]>>,
    ids: FxHashMap<Rc<[LoanId]>, LoanSet>,
    unions: FxHashMap<(LoanSet, LoanSet), LoanSet>,
    /// The sets of one loan; what is not made yet is the empty one.
    single: Vec<LoanSet>,
}

impl Default for Sets {
    fn default() -> Sets {
        Sets::new()
    }
}

impl Sets {
    pub fn new() -> Sets {
        let empty: Rc<[LoanId]> = Rc::new([]);
        let mut ids = FxHashMap::default();
        ids.insert(empty.clone(), LoanSet::EMPTY);
        Sets { lists: vec![empty], ids, unions: FxHashMap::default(), single: Vec::new() }
    }

    pub fn get(&self, set: LoanSet) -> &[LoanId] {
        &self.lists[set.0 as usize]
    }

    /// The members, to be held while sets are made.
    pub fn members(&self, set: LoanSet) -> Rc<[LoanId]> {
        self.lists[set.0 as usize].clone()
    }

    pub fn contains(&self, set: LoanSet, loan: LoanId) -> bool {
        self.get(set).binary_search(&loan).is_ok()
    }

    fn intern(&mut self, sorted: Vec<LoanId>) -> LoanSet {
        if let [loan] = *sorted {
            return self.of(loan);
        }
        if let Some(&id) = self.ids.get(sorted.as_slice()) {
            return id;
        }
        let list: Rc<[LoanId]> = sorted.into();
        let id = LoanSet(self.lists.len() as u32);
        self.lists.push(list.clone());
        self.ids.insert(list, id);
        id
    }

    pub fn of(&mut self, loan: LoanId) -> LoanSet {
        let at = loan.index();
        if at >= self.single.len() {
            self.single.resize(at + 1, LoanSet::EMPTY);
        }
        if self.single[at].is_empty() {
            self.single[at] = LoanSet(self.lists.len() as u32);
            self.lists.push(Rc::new([loan]));
        }
        self.single[at]
    }

    pub fn union(&mut self, a: LoanSet, b: LoanSet) -> LoanSet {
        if a == b || b.is_empty() {
            return a;
        }
        if a.is_empty() {
            return b;
        }
        let key = if a < b { (a, b) } else { (b, a) };
        if let Some(&known) = self.unions.get(&key) {
            return known;
        }
        let mut all: Vec<LoanId> = self.get(a).iter().chain(self.get(b)).copied().collect();
        all.sort_unstable();
        all.dedup();
        let id = self.intern(all);
        self.unions.insert(key, id);
        id
    }

    /// The members that `keep` accepts.
    pub fn filter(&mut self, set: LoanSet, keep: impl Fn(LoanId) -> bool) -> LoanSet {
        if self.get(set).iter().all(|&l| keep(l)) {
            return set;
        }
        let kept = self.get(set).iter().copied().filter(|&l| keep(l)).collect();
        self.intern(kept)
    }
}
