//! A dense set of ids: one bit each, inline up to 128.

use std::marker::PhantomData;

use base::Idx;
use smallvec::{SmallVec, smallvec};

pub struct BitSet<I> {
    words: SmallVec<[u64; 2]>,
    domain: usize,
    marker: PhantomData<fn(I)>,
}

impl<I> Clone for BitSet<I> {
    fn clone(&self) -> Self {
        // `SmallVec::clone` goes word by word.
        let words = SmallVec::from_slice(&self.words);
        BitSet { words, domain: self.domain, marker: PhantomData }
    }

    fn clone_from(&mut self, other: &Self) {
        if self.words.len() == other.words.len() {
            self.words.copy_from_slice(&other.words);
            self.domain = other.domain;
        } else {
            *self = other.clone();
        }
    }
}

impl<I> PartialEq for BitSet<I> {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl<I> Eq for BitSet<I> {}

impl<I: Idx> BitSet<I> {
    /// The empty set of ids below `domain`.
    pub fn empty(domain: usize) -> Self {
        BitSet { words: smallvec![0; domain.div_ceil(64)], domain, marker: PhantomData }
    }

    pub fn full(domain: usize) -> Self {
        let mut set = BitSet { words: smallvec![!0; domain.div_ceil(64)], domain, marker: PhantomData };
        set.clear_excess();
        set
    }

    fn clear_excess(&mut self) {
        let rest = self.domain % 64;
        if rest != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << rest) - 1;
        }
    }

    pub fn domain(&self) -> usize {
        self.domain
    }

    #[inline]
    pub fn contains(&self, id: I) -> bool {
        let i = id.index();
        debug_assert!(i < self.domain);
        self.words[i / 64] & (1 << (i % 64)) != 0
    }

    /// True if it was not there before.
    #[inline]
    pub fn insert(&mut self, id: I) -> bool {
        let i = id.index();
        debug_assert!(i < self.domain);
        let word = &mut self.words[i / 64];
        let before = *word;
        *word |= 1 << (i % 64);
        *word != before
    }

    /// True if it was there.
    #[inline]
    pub fn remove(&mut self, id: I) -> bool {
        let i = id.index();
        debug_assert!(i < self.domain);
        let word = &mut self.words[i / 64];
        let before = *word;
        *word &= !(1 << (i % 64));
        *word != before
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&w| w == 0)
    }

    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Adds all of `other`; true if that changed anything.
    #[inline]
    pub fn union(&mut self, other: &Self) -> bool {
        let mut changed = 0;
        for (a, &b) in self.words.iter_mut().zip(&other.words) {
            changed |= b & !*a;
            *a |= b;
        }
        changed != 0
    }

    /// Removes all of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for (a, &b) in self.words.iter_mut().zip(&other.words) {
            *a &= !b;
        }
    }

    /// Keeps only what is in `other` too; true if that changed anything.
    pub fn intersect(&mut self, other: &Self) -> bool {
        let mut changed = 0;
        for (a, &b) in self.words.iter_mut().zip(&other.words) {
            changed |= *a & !b;
            *a &= b;
        }
        changed != 0
    }

    pub fn iter(&self) -> impl Iterator<Item = I> + '_ {
        self.words.iter().enumerate().flat_map(|(w, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(I::new(w * 64 + bit))
            })
        })
    }
}

impl<I: Idx + std::fmt::Debug> std::fmt::Debug for BitSet<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::BitSet;
    use crate::body::Local;

    #[test]
    fn set_operations() {
        let mut a: BitSet<Local> = BitSet::empty(130);
        assert!(a.insert(Local(0)) && a.insert(Local(64)) && a.insert(Local(129)));
        assert!(!a.insert(Local(64)));
        assert_eq!(a.iter().collect::<Vec<_>>(), [Local(0), Local(64), Local(129)]);
        let mut b = BitSet::full(130);
        assert_eq!(b.count(), 130);
        b.subtract(&a);
        assert_eq!(b.count(), 127);
        assert!(b.union(&a) && !b.union(&a));
        assert!(b.intersect(&a));
        assert_eq!(a, b);
        assert!(a.remove(Local(64)) && !a.contains(Local(64)));
    }
}
