//! Tests of the runtime from the inside, over its Rust functions; `tests/` holds those of whole processes.

#[cfg(loom)]
mod models;
#[cfg(not(loom))]
mod stress;
#[cfg(not(loom))]
mod text;
