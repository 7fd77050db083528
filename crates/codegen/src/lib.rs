//! From a monomorphic program to machine code: LLVM IR, object files, running in memory, linking.
//!
//! The only crate that names LLVM. Not here: what calls and types mean (all of that is decided
//! in [`mir::mono`]). The one thing to know: whatever it cannot compile is an [`Error`] that
//! names the function, never wrong code. In reading order: [`layout`], [`signature`], [`unit`],
//! [`function`] with [`value`], [`place`], [`rvalue`], [`call`], [`intrinsics`]; then
//! [`inlined`], [`target`], [`split`], [`jit`], [`link`].

mod atomics;
mod call;
mod data;
mod debug;
mod entry;
mod foreign;
mod frame;
mod function;
mod indexing;
mod inlined;
mod intrinsics;
mod jit;
mod layout;
mod link;
mod llvm;
mod ops;
mod place;
mod registers;
mod rvalue;
mod signature;
mod split;
mod target;
mod unit;
mod unwind;
mod value;
mod waiting;

use base::SourceMap;
use mir::mono::{Function, Program, Role};

pub use jit::Jit;
pub use link::{Link, Linker, link};

/// How much time goes into better code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// `run`, `test`: code soon.
    Quick,
    /// `build`
    Build,
    /// `build --release`: code fast.
    Release,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Debug {
    None,
    Lines,
    Full,
}

/// What watches over memory while the program runs, together with a runtime that is compiled for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sanitizer {
    Address,
    Thread,
}

#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub mode: Mode,
    pub debug: Debug,
    /// A processor that LLVM knows, or `native`; none: any x86-64.
    pub cpu: Option<&'a str>,
    /// Files that spans point into, for panics' places and debug information.
    pub sources: &'a SourceMap,
    /// Compiled for exploration: std announces its atomic operations to the runtime.
    pub explore: bool,
    pub sanitizer: Option<Sanitizer>,
    /// Has LLVM check the module: for tests, and debug builds of the compiler.
    pub verify: bool,
}

impl<'a> Options<'a> {
    pub fn new(mode: Mode, sources: &'a SourceMap) -> Options<'a> {
        Options {
            mode,
            debug: Debug::None,
            cpu: None,
            sources,
            explore: false,
            sanitizer: None,
            verify: cfg!(debug_assertions),
        }
    }

    fn quick(&self) -> bool {
        self.mode == Mode::Quick
    }

    fn optimise(&self) -> bool {
        self.mode != Mode::Quick
    }

    /// Variables are described to debuggers: they start in memory, where optimisation finds
    /// and follows them.
    fn debug_locals(&self) -> bool {
        self.debug == Debug::Full
    }

    /// Lets profilers and debuggers walk through functions that do not unwind.
    fn unwind_tables(&self) -> bool {
        self.debug != Debug::None
    }

    /// The user's own code, in an executable made for debuggers.
    fn is_debugged(&self, function: &Function) -> bool {
        self.debug_locals()
            && matches!(function.role, Role::User | Role::Closure)
            && !self.sources.file(function.body.span.file).name.starts_with("std/")
    }

    fn cpu_attribute(&self) -> Option<&'a str> {
        self.cpu.filter(|&cpu| cpu != "native")
    }
}

/// An object file's bytes.
pub struct Object(pub Vec<u8>);

/// Something that code generation cannot compile: a bug or a gap of the compiler.
#[derive(Debug, Clone)]
pub struct Error {
    /// The function's readable name, if it is about one.
    pub function: Option<String>,
    pub message: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.function {
            Some(function) => write!(f, "cannot generate code for `{function}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(message: String) -> Error {
        Error { function: None, message }
    }
}

/// Compiles a program to object files.
pub fn compile(program: &Program, options: &Options) -> Result<Vec<Object>, Error> {
    if options.mode == Mode::Release {
        let machine = target::Machine::new(options)?;
        let parts = split::Parts::whole(program, options);
        let unit = build(program, options, &parts, 0, &machine, false)?;
        inlined::link_into(&unit.m)?;
        machine.optimise(&unit.m, options)?;
        return Ok(split::emit(&unit.m, &machine, options)?);
    }
    // Only tiny functions are inlined, so the program is divided before anything is made of it.
    let parts = split::Parts::divide(program, options);
    let part = |part| {
        let machine = target::Machine::new(options)?;
        let unit = build(program, options, &parts, part, &machine, false)?;
        machine.optimise(&unit.m, options)?;
        Ok(Object(machine.emit(&unit.m, target::FileType::Object)?))
    };
    split::side_by_side(parts.count, part)
}

/// What `--emit` shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Emit {
    /// LLVM IR as generated.
    LlvmRaw,
    /// LLVM IR after the mode's passes.
    Llvm,
    Asm,
}

pub fn emit_text(program: &Program, options: &Options, emit: Emit) -> Result<String, Error> {
    let machine = target::Machine::new(options)?;
    let parts = split::Parts::whole(program, options);
    let unit = build(program, options, &parts, 0, &machine, true)?;
    if emit == Emit::LlvmRaw {
        return Ok(unit.m.text());
    }
    if options.mode == Mode::Release {
        inlined::link_into(&unit.m)?;
    }
    machine.optimise(&unit.m, options)?;
    match emit {
        Emit::Asm => {
            let bytes = machine.emit(&unit.m, target::FileType::Assembly)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => Ok(unit.m.text()),
    }
}

fn build<'p>(
    program: &'p Program,
    options: &'p Options<'p>,
    parts: &'p split::Parts,
    part: usize,
    machine: &target::Machine,
    named: bool,
) -> Result<unit::Unit<'p>, Error> {
    let unit = unit::Unit::new(program, options, parts, part, named);
    machine.prepare(&unit.m);
    let emit = |id| {
        function::emit(&unit, id).map_err(|message| {
            let function = Some(program.functions[id].body.name.clone());
            Error { function, message }
        })
    };
    for id in parts.functions_of(part) {
        emit(id)?;
    }
    if part == 0 {
        unit.define_statics();
        entry::emit(&unit)?;
    }
    // Copies may mention more of their kind.
    loop {
        let Some(id) = unit.copies.borrow_mut().pop() else { break };
        emit(id)?;
    }
    if let Some(debug) = &unit.debug {
        debug.finish();
    }
    if options.verify
        && let Err(message) = unit.m.verify()
    {
        return Err(Error { function: None, message: format!("LLVM refuses the module: {message}") });
    }
    Ok(unit)
}
