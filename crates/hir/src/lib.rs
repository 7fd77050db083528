//! The typed program: names, items, types, traits, and bodies checked to [`thir`].
//!
//! In: syntax trees of all packages. Out: a [`items::Program`] and, per body, a [`thir::Body`],
//! with diagnostics. It touches no file, clock, thread or environment. In reading order:
//! [`ty`], [`items`], [`lang`], [`collect`] (syntax to tables), [`traits`] (what types can do),
//! [`infer`] (unification), [`check`] (bodies), [`thir`].

pub mod check;
pub mod collect;
pub mod consteval;
mod derive;
pub mod futures;
pub mod infer;
pub mod items;
pub mod lang;
pub mod lower_ty;
pub mod resolve;
pub mod thir;
pub mod traits;
pub mod ty;
pub mod wf;
