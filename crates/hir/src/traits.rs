//! What types can do: impl selection, normalisation of associated types, and the structural
//! facts (`Copy`, views, drops, sendability).
//!
//! Two clients: the body checker, whose types hold inference variables (it passes its
//! [`crate::infer::InferTable`]), and monomorphisation, whose types are concrete.
