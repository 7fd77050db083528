//! The machine compiled for, and the passes of each mode.

use std::ffi::{CStr, CString, c_char};
use std::sync::Once;

use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};
use llvm_sys::prelude::LLVMMemoryBufferRef;
use llvm_sys::target::*;
use llvm_sys::target_machine::*;
use llvm_sys::transforms::pass_builder::*;

use crate::llvm::{Module, ll, take_buffer, take_message};
use crate::split::defined_functions;
use crate::{Mode, Options, Sanitizer};

pub const TRIPLE: &str = "x86_64-unknown-linux-gnu";

static INIT: Once = Once::new();

pub struct Machine {
    pub raw: LLVMTargetMachineRef,
}

impl Drop for Machine {
    fn drop(&mut self) {
        ll!(LLVMDisposeTargetMachine(self.raw));
    }
}

pub enum FileType {
    Object,
    Assembly,
}

impl Machine {
    pub fn new(options: &Options) -> Result<Machine, String> {
        INIT.call_once(|| {
            ll!(LLVMInitializeX86TargetInfo());
            ll!(LLVMInitializeX86Target());
            ll!(LLVMInitializeX86TargetMC());
            ll!(LLVMInitializeX86AsmPrinter());
        });
        let triple = CString::new(TRIPLE).unwrap_or_default();
        let mut target = std::ptr::null_mut();
        let mut message = std::ptr::null_mut();
        if ll!(LLVMGetTargetFromTriple(triple.as_ptr(), &mut target, &mut message)) != 0 {
            return Err(take_message(message));
        }
        let native = options.cpu == Some("native");
        let cpu = match options.cpu {
            Some("native") => take_message(ll!(LLVMGetHostCPUName())),
            Some(cpu) => cpu.to_owned(),
            None => "x86-64".to_owned(),
        };
        let features = if native { take_message(ll!(LLVMGetHostCPUFeatures())) } else { String::new() };
        let (cpu, features) =
            (CString::new(cpu).unwrap_or_default(), CString::new(features).unwrap_or_default());
        let level = match options.mode {
            Mode::Quick => LLVMCodeGenOptLevel::LLVMCodeGenLevelNone,
            Mode::Build => LLVMCodeGenOptLevel::LLVMCodeGenLevelLess,
            Mode::Release => LLVMCodeGenOptLevel::LLVMCodeGenLevelAggressive,
        };
        let raw = ll!(LLVMCreateTargetMachine(
            target,
            triple.as_ptr(),
            cpu.as_ptr(),
            features.as_ptr(),
            level,
            LLVMRelocMode::LLVMRelocPIC,
            LLVMCodeModel::LLVMCodeModelDefault,
        ));
        if raw.is_null() {
            return Err(format!("LLVM does not know the processor {cpu:?}"));
        }
        Ok(Machine { raw })
    }

    /// Gives a module the machine's data layout.
    pub fn prepare(&self, m: &Module) {
        let triple = CString::new(TRIPLE).unwrap_or_default();
        ll!(llvm_sys::core::LLVMSetTarget(m.module, triple.as_ptr()));
        let layout = ll!(LLVMCreateTargetDataLayout(self.raw));
        ll!(LLVMSetModuleDataLayout(m.module, layout));
        ll!(LLVMDisposeTargetData(layout));
        m.add_flag("PIC Level", 2);
    }

    /// Runs the mode's passes, and those of a sanitizer, which has to know of every function before.
    pub fn optimise(&self, m: &Module, options: &Options) -> Result<(), String> {
        let mode = options.mode;
        let watched = options.sanitizer.map(|sanitizer| match sanitizer {
            Sanitizer::Address => ("sanitize_address", c"asan"),
            Sanitizer::Thread => ("sanitize_thread", c"tsan-module,function(tsan)"),
        });
        if let Some((attribute, _)) = watched {
            for function in defined_functions(m.module) {
                m.add_attribute(function, m.attribute(attribute, 0));
            }
        }
        let passes = match mode {
            // `build` leaves the program's own functions as they are written: see `Unit::function`.
            Mode::Quick | Mode::Build => {
                c"always-inline,function(sroa,early-cse,simplifycfg,instcombine<no-verify-fixpoint>,simplifycfg),globaldce"
            }
            // Overflow checks that a comparison before them makes needless go first: while they are
            // there, computations are moved past them.
            Mode::Release => c"function(sroa,early-cse,correlated-propagation),default<O3>",
        };
        self.run(m, passes, mode == Mode::Release)?;
        watched.map_or(Ok(()), |(_, passes)| self.run(m, passes, false))
    }

    /// Runs passes. `thorough`: with those that `default<O3>` leaves out unless asked.
    pub fn run(&self, m: &Module, passes: &CStr, thorough: bool) -> Result<(), String> {
        let options = ll!(LLVMCreatePassBuilderOptions());
        if thorough {
            ll!(LLVMPassBuilderOptionsSetLoopVectorization(options, 1));
            ll!(LLVMPassBuilderOptionsSetSLPVectorization(options, 1));
            ll!(LLVMPassBuilderOptionsSetLoopInterleaving(options, 1));
            ll!(LLVMPassBuilderOptionsSetMergeFunctions(options, 1));
        }
        let error = ll!(LLVMRunPasses(m.module, passes.as_ptr(), self.raw, options));
        ll!(LLVMDisposePassBuilderOptions(options));
        check(error)
    }

    pub fn emit(&self, m: &Module, kind: FileType) -> Result<Vec<u8>, String> {
        let kind = match kind {
            FileType::Object => LLVMCodeGenFileType::LLVMObjectFile,
            FileType::Assembly => LLVMCodeGenFileType::LLVMAssemblyFile,
        };
        let mut message: *mut c_char = std::ptr::null_mut();
        let mut buffer: LLVMMemoryBufferRef = std::ptr::null_mut();
        if ll!(LLVMTargetMachineEmitToMemoryBuffer(self.raw, m.module, kind, &mut message, &mut buffer)) != 0
        {
            return Err(take_message(message));
        }
        Ok(take_buffer(buffer))
    }
}

/// Turns LLVM's error into ours.
pub fn check(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    let message = ll!(LLVMGetErrorMessage(error));
    let text = ll!(CStr::from_ptr(message)).to_string_lossy().into_owned();
    ll!(LLVMDisposeErrorMessage(message));
    Err(text)
}
