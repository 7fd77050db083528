//! Running object files in memory, through ORC's LLJIT.
//!
//! The one thing to know: code stays mapped for the life of the process. Threads that the
//! program started may still run when `main` has returned.

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;

use crate::llvm::ll;
use crate::target::check;
use crate::{Error, Object};

pub struct Jit {
    raw: LLVMOrcLLJITRef,
    /// Where `main` is, once it has been looked up: 0 before.
    main: AtomicUsize,
}

/// Address of a function of the runtime or of this process, by its symbol.
pub type Symbol = (&'static str, *const ());

impl Jit {
    /// Links objects with each other, `symbols`, and what this process exports (libc).
    pub fn new(objects: &[Object], symbols: &[Symbol]) -> Result<Jit, Error> {
        let mut raw = std::ptr::null_mut();
        check(ll!(LLVMOrcCreateLLJIT(&mut raw, std::ptr::null_mut())))?;
        let jit = Jit { raw, main: AtomicUsize::new(0) };
        let dylib = ll!(LLVMOrcLLJITGetMainJITDylib(raw));
        let mut pairs: Vec<LLVMOrcCSymbolMapPair> = symbols
            .iter()
            .map(|&(name, address)| {
                let name = CString::new(name).unwrap_or_default();
                LLVMOrcCSymbolMapPair {
                    Name: ll!(LLVMOrcLLJITMangleAndIntern(raw, name.as_ptr())),
                    Sym: LLVMJITEvaluatedSymbol {
                        Address: address as u64,
                        Flags: LLVMJITSymbolFlags {
                            GenericFlags: LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsExported as u8
                                | LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable as u8,
                            TargetFlags: 0,
                        },
                    },
                }
            })
            .collect();
        if !pairs.is_empty() {
            let unit = ll!(LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len()));
            check(ll!(LLVMOrcJITDylibDefine(dylib, unit)))?;
        }
        let mut process = std::ptr::null_mut();
        check(ll!(LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
            &mut process,
            LLVMOrcLLJITGetGlobalPrefix(raw),
            None,
            std::ptr::null_mut()
        )))?;
        ll!(LLVMOrcJITDylibAddGenerator(dylib, process));
        for object in objects {
            let buffer = ll!(LLVMCreateMemoryBufferWithMemoryRangeCopy(
                object.0.as_ptr().cast(),
                object.0.len(),
                c"altru".as_ptr()
            ));
            check(ll!(LLVMOrcLLJITAddObjectFile(raw, dylib, buffer)))?;
        }
        Ok(jit)
    }

    /// Adds an object, a static or a shared library. A name alone is looked for as the system does.
    pub fn add_file(&self, file: &Path) -> Result<(), Error> {
        let dylib = ll!(LLVMOrcLLJITGetMainJITDylib(self.raw));
        let name = CString::new(file.as_os_str().as_encoded_bytes()).unwrap_or_default();
        let failed = |text: String| Error::from(format!("cannot link `{}`: {text}", file.display()));
        let extension = file.extension().and_then(|e| e.to_str());
        if extension == Some("o") {
            let bytes = std::fs::read(file).map_err(|e| failed(e.to_string()))?;
            let buffer = ll!(LLVMCreateMemoryBufferWithMemoryRangeCopy(
                bytes.as_ptr().cast(),
                bytes.len(),
                name.as_ptr()
            ));
            return check(ll!(LLVMOrcLLJITAddObjectFile(self.raw, dylib, buffer))).map_err(failed);
        }
        let mut generator = std::ptr::null_mut();
        let made = match extension == Some("a") {
            true => ll!(LLVMOrcCreateStaticLibrarySearchGeneratorForPath(
                &mut generator,
                LLVMOrcLLJITGetObjLinkingLayer(self.raw),
                name.as_ptr()
            )),
            false => ll!(LLVMOrcCreateDynamicLibrarySearchGeneratorForPath(
                &mut generator,
                name.as_ptr(),
                LLVMOrcLLJITGetGlobalPrefix(self.raw),
                None,
                std::ptr::null_mut()
            )),
        };
        check(made).map_err(failed)?;
        ll!(LLVMOrcJITDylibAddGenerator(dylib, generator));
        Ok(())
    }

    /// Lets gdb see the code. Costs time.
    pub fn enable_debugger(&self) -> Result<(), Error> {
        Ok(check(ll!(LLVMOrcLLJITEnableDebugSupport(self.raw)))?)
    }

    /// Address of an exported function.
    pub fn lookup(&self, symbol: &str) -> Result<*const c_void, Error> {
        let name = CString::new(symbol).unwrap_or_default();
        let mut address = 0;
        check(ll!(LLVMOrcLLJITLookup(self.raw, &mut address, name.as_ptr())))?;
        Ok(address as *const c_void)
    }

    /// Calls the program's `main(argc, argv)`, which runs it under the runtime.
    pub fn run_main(&self, args: &[String]) -> Result<i32, Error> {
        let main = match self.main.load(Ordering::Relaxed) {
            0 => self.lookup("main")?,
            known => std::ptr::with_exposed_provenance(known),
        };
        self.main.store(main.expose_provenance(), Ordering::Relaxed);
        let args: Vec<CString> = args.iter().map(|a| CString::new(a.as_str()).unwrap_or_default()).collect();
        let mut argv: Vec<*const c_char> = args.iter().map(|a| a.as_ptr()).collect();
        argv.push(std::ptr::null());
        // SAFETY: `main` was generated by this crate with this signature (see `entry`).
        let main: extern "C" fn(c_int, *const *const c_char) -> c_int = unsafe { std::mem::transmute(main) };
        Ok(main(args.len() as c_int, argv.as_ptr()))
    }
}
