//! The runtime's fast paths, inlined into release builds.
//!
//! `build.rs` compiles the crate `fast`, which is a part of the runtime, to bitcode too. Here what a program calls of it is
//! linked into its module before that is optimised. The one thing to know: these copies are only for inlining; a call
//! that is left is one of the runtime's own function, and no other mode of compiling differs from before.

use std::ptr::null_mut;

use llvm_sys::LLVMAttributeFunctionIndex;
use llvm_sys::LLVMLinkage::LLVMAvailableExternallyLinkage;
use llvm_sys::bit_reader::LLVMParseBitcodeInContext2;
use llvm_sys::core::*;
use llvm_sys::linker::LLVMLinkModules2;

use crate::llvm::{Module, ll};
use crate::split::defined_functions;

static BITCODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/fast.bc"));

/// Gives the functions that are declared in a module the code that they have in the runtime, if it is one of the fast paths.
pub fn link_into(m: &Module) -> Result<(), String> {
    let buffer = ll!(LLVMCreateMemoryBufferWithMemoryRangeCopy(
        BITCODE.as_ptr().cast(),
        BITCODE.len(),
        c"fast".as_ptr()
    ));
    let mut fast = null_mut();
    let failed = ll!(LLVMParseBitcodeInContext2(m.context, buffer, &mut fast)) != 0;
    ll!(LLVMDisposeMemoryBuffer(buffer));
    if failed {
        return Err("LLVM does not read the bitcode of the runtime's fast paths".into());
    }
    // None calls another but by inlining.
    for function in defined_functions(fast).collect::<Vec<_>>() {
        let mut len = 0;
        let name = ll!(LLVMGetValueName2(function, &mut len));
        let declared = ll!(LLVMGetNamedFunctionWithLength(m.module, name, len));
        if declared.is_null() {
            ll!(LLVMDeleteFunction(function));
            continue;
        }
        ll!(LLVMSetLinkage(function, LLVMAvailableExternallyLinkage));
        m.add_attribute(function, m.attribute("alwaysinline", 0));
        // Code for any processor may become a part of code for one.
        for name in ["target-cpu", "probe-stack"] {
            let index = LLVMAttributeFunctionIndex;
            ll!(LLVMRemoveStringAttributeAtIndex(function, index, name.as_ptr().cast(), name.len() as u32));
        }
    }
    match ll!(LLVMLinkModules2(m.module, fast)) {
        0 => Ok(()),
        _ => Err("LLVM does not link the runtime's fast paths".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitcode_is_what_the_list_says() {
        let m = Module::read(BITCODE).expect("bitcode");
        let mut here: Vec<String> = defined_functions(m.module)
            .map(|function| {
                let mut len = 0;
                let name = ll!(LLVMGetValueName2(function, &mut len)).cast::<u8>();
                String::from_utf8_lossy(ll!(std::slice::from_raw_parts(name, len))).into_owned()
            })
            .collect();
        let mut listed: Vec<&str> =
            abi::FUNCTIONS.iter().filter(|f| f.effects.inlined).map(|f| f.name).collect();
        here.sort_unstable();
        listed.sort_unstable();
        assert_eq!(here, listed);
    }
}
