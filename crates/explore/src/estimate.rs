//! How large a search tree is, guessed from the ways down it so far.
//!
//! The product of the numbers of branches on a way chosen at random is, on average, the number of leaves (Knuth:
//! "Estimating the Efficiency of Backtrack Programs", 1975). A search in depth first order knows which part of
//! the tree it has done, if all branches of a point are equally large.

#[derive(Clone, Debug, Default)]
pub(crate) struct TreeSize {
    product: f64,
    sum: f64,
    samples: u64,
}

impl TreeSize {
    pub(crate) fn begin(&mut self) {
        self.product = 1.0;
    }

    /// A point from which the branch that was taken is one of so many equally likely ones.
    pub(crate) fn branches(&mut self, count: f64) {
        self.product *= count;
    }

    pub(crate) fn end(&mut self) {
        self.sum += self.product;
        self.samples += 1;
    }

    pub(crate) fn estimate(&self) -> Option<f64> {
        let mean = self.sum / self.samples as f64;
        (self.samples > 0 && mean.is_finite()).then_some(mean)
    }
}

/// The part of a tree that a search has done, from the points on its current way: how many branches are done and how many
/// there are in all, the current one included.
pub(crate) fn part_done(points: impl Iterator<Item = (u64, u64)>) -> f64 {
    let mut done = 0.0;
    let mut here = 1.0;
    for (before, all) in points {
        here /= all as f64;
        done += here * before as f64;
    }
    done
}
