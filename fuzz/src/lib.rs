//! Fuzzing of the compiler: programs of this repository, mutated, go through a part of it, which
//! must hold what it promises for any text.
//!
//! [`corpus`] has the programs, [`mutate`] changes them (the same from the same seed everywhere),
//! [`target`] says what is tried and what must hold, [`minimise`] makes a find small. The binary
//! runs many inputs in a process of its own, so that hangs and crashes are seen too.

pub mod corpus;
pub mod minimise;
pub mod mutate;
pub mod target;

/// xorshift64*.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 to `n`, without `n`; 0 if that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
