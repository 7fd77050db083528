//! What generated code, the standard library and the runtime agree on: the one list of runtime
//! functions ([`FUNCTIONS`]) and the memory layouts they pass ([`layout`]).
//!
//! No behaviour lives here. The code generator declares functions from the list, `rt` asserts at compile
//! time that what it exports has these signatures, and a test compares std's `extern "C"` blocks with it.
#![no_std]

mod functions;
pub mod layout;
pub mod protocol;
pub mod waiting;

pub use layout::*;

/// How a value travels in the C calling convention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    /// No result.
    Void,
    /// The function does not return (it unwinds or ends the process).
    Never,
    Ptr,
    I8,
    I32,
    I64,
    /// As wide as a pointer.
    Usize,
    F32,
    F64,
}

/// What a call may do besides returning, as far as generated code cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// A panic may leave the call: Rust side `extern "C-unwind"`, LLVM side without `nounwind`.
    pub unwind: bool,
    /// Off the hot path: calls to it are laid out of line.
    pub cold: bool,
    /// It may wait for something another thread or task does (or for I/O): the root set of wait inference.
    pub waits: bool,
    /// One of the runtime's fast paths (the crate `fast`): release builds have its code and inline it.
    pub inlined: bool,
    /// Allocator role, for the optimiser (`allockind`, `noalias` result).
    pub alloc: Alloc,
}

/// The role of a function in the allocator family `altru`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Alloc {
    #[default]
    No,
    /// `(size, align) -> ptr`
    Fresh,
    /// `(size, align) -> ptr`, zeroed
    Zeroed,
    /// `(ptr, old_size, align, new_size) -> ptr`
    Realloc,
    /// `(ptr, size, align)`
    Free,
}

/// One function that the runtime exports under its C name.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeFunction {
    pub name: &'static str,
    pub params: &'static [(&'static str, Ty)],
    pub ret: Ty,
    pub effects: Effects,
    pub doc: &'static str,
}

impl Effects {
    const NONE: Effects =
        Effects { unwind: false, cold: false, waits: false, inlined: false, alloc: Alloc::No };
}

macro_rules! effects {
    ($($effect:ident)*) => {{
        #[allow(unused_mut)]
        let mut e = Effects::NONE;
        $(effects!(@one e $effect);)*
        e
    }};
    (@one $e:ident nounwind) => { $e.unwind = false };
    (@one $e:ident unwind) => { $e.unwind = true };
    (@one $e:ident cold) => { $e.cold = true };
    (@one $e:ident waits) => { $e.waits = true };
    (@one $e:ident inlined) => { $e.inlined = true };
    (@one $e:ident alloc) => { $e.alloc = Alloc::Fresh };
    (@one $e:ident alloc_zeroed) => { $e.alloc = Alloc::Zeroed };
    (@one $e:ident realloc) => { $e.alloc = Alloc::Realloc };
    (@one $e:ident free) => { $e.alloc = Alloc::Free };
}

macro_rules! table {
    ($($(#[doc = $doc:literal])* [$unwind:ident $($effect:ident)*] fn $name:ident($($param:ident: $ty:ident),* $(,)?) -> $ret:ident;)*) => {
        &[$(RuntimeFunction {
            name: stringify!($name),
            params: &[$((stringify!($param), Ty::$ty)),*],
            ret: Ty::$ret,
            effects: effects!($unwind $($effect)*),
            doc: concat!($($doc, "\n"),*),
        }),*]
    };
}

const RT: &[RuntimeFunction] = runtime_functions!(table);
const WEB: &[RuntimeFunction] = web_functions!(table);
const ALL: [RuntimeFunction; RT.len() + WEB.len()] = {
    let mut all = [RT[0]; RT.len() + WEB.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < RT.len() { RT[i] } else { WEB[i - RT.len()] };
        i += 1;
    }
    all
};

/// Every runtime function, in the order of the lists.
pub static FUNCTIONS: &[RuntimeFunction] = &ALL;

/// Whether it takes the larger of the two archives of the runtime to link this function.
pub fn is_of_web(name: &str) -> bool {
    WEB.iter().any(|f| f.name == name)
}

/// Looks a runtime function up by its exported name.
pub fn function(name: &str) -> Option<&'static RuntimeFunction> {
    FUNCTIONS.iter().find(|f| f.name == name)
}
