//! Do the declarations make sense?
//!
//! Impls against their traits ([`impls`]), coherence ([`coherence`]), infinite sizes and `Copy`
//! ([`sizes`], [`copies`]), bounds and views in declared types ([`types`]), bodies, `main` and
//! tests ([`functions`]), what crosses to C ([`foreign`]). Not here: bodies themselves. The one thing to know: it
//! runs on finished tables, so it may ask the solver; it changes nothing in them but types it refuses.

mod coherence;
mod copies;
mod foreign;
mod functions;
mod impls;
mod sizes;
mod types;

pub use types::check_ty;

use crate::collect::Collector;
use crate::traits::TraitCache;

pub(crate) fn check(collector: &mut Collector) {
    let cache = TraitCache::new();
    functions::check(collector);
    foreign::check(collector);
    impls::check(collector, &cache);
    coherence::check(collector, &cache);
    sizes::check(collector);
    copies::check(collector, &cache);
    types::check(collector, &cache);
}
