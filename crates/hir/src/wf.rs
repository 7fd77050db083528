//! Do the declarations make sense? Duplicates, impls against their traits, coherence, infinite
//! sizes, bounds and views in declared types, `main`.

use crate::collect::Collector;

pub(crate) fn check(_collector: &mut Collector) {}
