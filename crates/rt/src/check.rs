//! The check that exported functions have the signatures of `abi`'s lists, at compile time.

use abi::Ty;
use abi::waiting::{Context, Frame};

use crate::call::Entry;
use crate::start::Main;

/// A Rust type as it travels in the C calling convention.
pub trait AbiType {
    const TY: Ty;
}

impl AbiType for () {
    const TY: Ty = Ty::Void;
}
impl AbiType for i32 {
    const TY: Ty = Ty::I32;
}
impl AbiType for i64 {
    const TY: Ty = Ty::I64;
}
impl AbiType for usize {
    const TY: Ty = Ty::Usize;
}
impl AbiType for f32 {
    const TY: Ty = Ty::F32;
}
impl AbiType for f64 {
    const TY: Ty = Ty::F64;
}
impl AbiType for Entry {
    const TY: Ty = Ty::Ptr;
}
impl AbiType for Main {
    const TY: Ty = Ty::Ptr;
}
impl<T> AbiType for *const T {
    const TY: Ty = Ty::Ptr;
}
impl<T> AbiType for *mut T {
    const TY: Ty = Ty::Ptr;
}

/// The signature of an exported function.
pub trait Signature {
    const PARAMS: &'static [Ty];
    const RET: Ty;
    const UNWIND: bool;
}

macro_rules! signatures {
    ($(($($param:ident)*))*) => {
        $(
            impl<$($param: AbiType,)* R: AbiType> Signature for unsafe extern "C" fn($($param),*) -> R {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = R::TY;
                const UNWIND: bool = false;
            }
            impl<$($param: AbiType),*> Signature for unsafe extern "C" fn($($param),*) -> ! {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = Ty::Never;
                const UNWIND: bool = false;
            }
            impl<$($param: AbiType,)* R: AbiType> Signature for unsafe extern "C-unwind" fn($($param),*) -> R {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = R::TY;
                const UNWIND: bool = true;
            }
            impl<$($param: AbiType),*> Signature for unsafe extern "C-unwind" fn($($param),*) -> ! {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = Ty::Never;
                const UNWIND: bool = true;
            }
        )*
    };
}
signatures! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) }

/// The signature of a waiting function: the hidden parameters, those of the list, a status.
pub trait Waiting<Ret> {
    const PARAMS: &'static [Ty];
    const RET: Ty;
}

/// Marks a waiting function without a result.
pub struct NoResult;

macro_rules! waiting_signatures {
    ($(($($param:ident)*))*) => {
        $(
            impl<$($param: AbiType,)* R: AbiType> Waiting<R>
                for unsafe extern "C" fn(*mut Context, *mut Frame, *mut R, $($param),*) -> i32
            {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = R::TY;
            }
            impl<$($param: AbiType),*> Waiting<NoResult>
                for unsafe extern "C" fn(*mut Context, *mut Frame, $($param),*) -> i32
            {
                const PARAMS: &'static [Ty] = &[$($param::TY),*];
                const RET: Ty = Ty::Void;
            }
        )*
    };
}
waiting_signatures! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I)
}

const fn same(found: &[Ty], listed: &[Ty]) -> bool {
    let mut same = found.len() == listed.len();
    let mut i = 0;
    while same && i < listed.len() {
        same = found[i] as u8 == listed[i] as u8;
        i += 1;
    }
    same
}

pub const fn agrees<F: Signature + Copy>(_: F, params: &[Ty], ret: Ty, unwind: bool) -> bool {
    same(F::PARAMS, params) && F::RET as u8 == ret as u8 && F::UNWIND == unwind
}

pub const fn agrees_waiting<R, F: Waiting<R> + Copy>(_: F, params: &[Ty], ret: Ty) -> bool {
    same(F::PARAMS, params) && F::RET as u8 == ret as u8
}

/// Compares a list of `abi` with what is exported, and makes `listed`, the table of it.
#[macro_export]
macro_rules! check_exports {
    ($($(#[doc = $doc:literal])* [$($effect:ident)*] fn $name:ident($($param:ident: $ty:ident),* $(,)?) -> $ret:ident;)*) => {
        $(const _: () = assert!(
            $crate::check_exports!(@one [$($effect)*] $name ($($param: $ty),*) $ret),
            concat!("`", stringify!($name), "` differs from its entry in abi"),
        );)*

        // Inline, so that it is compiled where it is used: in an archive it would make every program link all of this.
        #[inline]
        fn listed() -> Vec<(&'static str, *const ())> {
            vec![$((stringify!($name), $name as *const ())),*]
        }
    };
    (@one [nounwind waits] $name:ident ($($param:ident: $ty:ident),*) Void) => {
        $crate::check::agrees_waiting::<$crate::check::NoResult, _>(
            $name as unsafe extern "C" fn(*mut Context, *mut Frame, $($crate::check_exports!(@infer $param)),*) -> i32,
            &[$(abi::Ty::$ty),*],
            abi::Ty::Void,
        )
    };
    (@one [nounwind waits] $name:ident ($($param:ident: $ty:ident),*) $ret:ident) => {
        $crate::check::agrees_waiting::<$crate::check_exports!(@type $ret), _>(
            $name as unsafe extern "C" fn(*mut Context, *mut Frame, *mut _, $($crate::check_exports!(@infer $param)),*) -> i32,
            &[$(abi::Ty::$ty),*],
            abi::Ty::$ret,
        )
    };
    (@one [unwind $($effect:ident)*] $name:ident ($($param:ident: $ty:ident),*) $ret:ident) => {
        $crate::check::agrees(
            $name as unsafe extern "C-unwind" fn($($crate::check_exports!(@infer $param)),*) -> _,
            &[$(abi::Ty::$ty),*],
            abi::Ty::$ret,
            true,
        )
    };
    (@one [nounwind $($effect:ident)*] $name:ident ($($param:ident: $ty:ident),*) $ret:ident) => {
        $crate::check::agrees(
            $name as unsafe extern "C" fn($($crate::check_exports!(@infer $param)),*) -> _,
            &[$(abi::Ty::$ty),*],
            abi::Ty::$ret,
            false,
        )
    };
    (@infer $param:ident) => { _ };
    (@type I32) => { i32 };
    (@type I64) => { i64 };
    (@type Usize) => { usize };
}
