//! Tests of the runtime from the inside, over its Rust functions; `tests/` holds those of whole processes.

#[cfg(not(loom))]
mod accounts;
mod blocking;
#[cfg(not(loom))]
mod cancel;
#[cfg(loom)]
mod channel_models;
#[cfg(not(loom))]
mod code;
#[cfg(loom)]
pub(crate) mod hooks;
#[cfg(not(loom))]
mod memory;
#[cfg(loom)]
mod models;
#[cfg(not(loom))]
mod net;
#[cfg(not(loom))]
mod stress;
#[cfg(loom)]
mod task_models;
#[cfg(not(loom))]
mod tasks;
#[cfg(not(loom))]
mod text;
