//! An interpreter of monomorphic MIR that watches every reference: the cross-check of the
//! ownership checks. What they accept must never make it fail.
//!
//! Not here: speed, threads, the operating system. Memory is bytes ([`memory`]), so that std,
//! which is written over raw pointers, runs as it is. The one thing to know: a [`Fault`] is a
//! hole in the checker (or a bug in std's unsafe code, or here), never the program's own
//! mistake; panics are ordinary outcomes.

mod calls;
mod constant;
mod eval;
mod intrinsics;
mod layout;
mod memory;
mod ops;
mod runtime;

use base::{FxHashMap, Span};
use hir::items::{BodyOwner, StaticId};
use hir::ty::Ty;

use crate::body::{BlockId, Body, Local, Value};
use crate::mono::{FuncId, Program};
use layout::Layouts;
use memory::{Bytes, Kind, Memory, Ptr};

pub use constant::{Constants, Failure, Reason, body, constants, value_made};
pub use memory::Fault;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Statements and terminators.
    pub steps: u64,
    /// Calls within calls.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 20_000_000, depth: 2_000 }
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub enum End {
    /// `main` returned this status, or the program ended itself with it.
    Exit(i32),
    Panic(String),
    /// The checker's promise was broken: what, in which function, where.
    Trap {
        fault: Fault,
        function: String,
        span: Span,
    },
    /// Out of steps or of depth.
    Limit,
    /// Something that is not interpreted.
    Unsupported(String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub end: End,
    /// Heap allocations left when the program had ended.
    pub leaks: usize,
    pub steps: u64,
}

/// Runs `entry`, a function without arguments that gives an `i32` (as [`Program::main`]).
pub fn run(program: &Program, entry: FuncId, limits: Limits) -> Outcome {
    let mut machine = Machine::new(program, limits);
    let end = machine.run_main(entry);
    Outcome {
        stdout: String::from_utf8_lossy(&machine.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&machine.stderr).into_owned(),
        end,
        leaks: machine.memory.leaks(),
        steps: machine.steps,
    }
}

/// Why execution stops short.
enum Stop {
    Fault(Fault),
    Panic(String),
    Exit(i32),
    Limit,
    Unsupported(String),
    /// A constant needs itself.
    Circle(BodyOwner),
    /// A constant failed whose failure is noted.
    Reported,
    /// A constant's value has a part that cannot be kept: its type and those around it.
    Holds(Vec<Ty>),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

type Step<T> = Result<T, Stop>;

/// What to do when a frame's function has returned.
#[derive(Clone, Copy)]
enum After {
    /// Store the result and go on.
    Store { dest: Ptr, target: Option<BlockId> },
    /// Free this allocation and go on at the block.
    Free { ptr: Ptr, size: usize, target: Option<BlockId> },
    /// Hand the result to the interpreter itself.
    Hand,
}

struct Frame<'p> {
    body: &'p Body,
    func: FuncId,
    locals: Vec<Option<u32>>,
    /// Memory of its own beside its locals.
    extra: Vec<u32>,
    block: BlockId,
    statement: usize,
    /// Where it goes on unwinding if the call it is in panics.
    after: After,
}

struct Machine<'p> {
    program: &'p Program,
    memory: Memory,
    layouts: Layouts,
    frames: Vec<Frame<'p>>,
    statics: FxHashMap<StaticId, Ptr>,
    /// Constants are what is computed: nothing outside may be touched.
    constants_only: bool,
    items: FxHashMap<BodyOwner, constant::State>,
    failures: Vec<Failure>,
    texts: FxHashMap<std::sync::Arc<str>, Ptr>,
    /// What views of constants refer to, by the value's address.
    viewed: FxHashMap<*const Value, Ptr>,
    /// Where the elements of lists are put.
    list_kind: Kind,
    /// The panic that is unwinding.
    panic: Option<String>,
    handed: Option<Bytes>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    steps: u64,
    limits: Limits,
    random: u64,
    /// Nanoseconds.
    slept: i64,
}

/// Function and table addresses: above all memory.
const FUNCTIONS: u64 = 1 << 48;
const TABLES: u64 = 1 << 49;

impl<'p> Machine<'p> {
    fn new(program: &'p Program, limits: Limits) -> Machine<'p> {
        Machine {
            program,
            memory: Memory::new(),
            layouts: Layouts::default(),
            frames: Vec::new(),
            statics: FxHashMap::default(),
            constants_only: false,
            items: FxHashMap::default(),
            failures: Vec::new(),
            texts: FxHashMap::default(),
            viewed: FxHashMap::default(),
            list_kind: Kind::Heap,
            panic: None,
            handed: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            steps: 0,
            limits,
            random: 0x9e37_79b9_7f4a_7c15,
            slept: 0,
        }
    }

    fn run_main(&mut self, entry: FuncId) -> End {
        let result = self.call_now(entry, Vec::new());
        match result {
            Ok(bytes) => match bytes.as_int() {
                Ok(code) => End::Exit(code as u32 as i32),
                Err(_) => End::Exit(0),
            },
            Err(Stop::Exit(code)) => End::Exit(code),
            Err(Stop::Panic(message)) => End::Panic(message),
            Err(Stop::Limit) => End::Limit,
            Err(Stop::Unsupported(what)) => End::Unsupported(what),
            Err(Stop::Circle(_) | Stop::Reported | Stop::Holds(_)) => End::Unsupported("a constant".into()),
            Err(Stop::Fault(fault)) => {
                let (function, span) = match self.frames.last() {
                    Some(frame) => (frame.body.name.clone(), self.here()),
                    None => (String::new(), Span::default()),
                };
                End::Trap { fault, function, span }
            }
        }
    }

    fn here(&self) -> Span {
        match self.frames.len() {
            0 => Span::default(),
            n => self.place_of(n - 1),
        }
    }

    /// Where the frame's function stands.
    fn place_of(&self, frame: usize) -> Span {
        let frame = &self.frames[frame];
        let block = &frame.body.blocks[frame.block];
        match block.statements.get(frame.statement) {
            Some(statement) => statement.span,
            None => block.terminator.span,
        }
    }

    fn layout(&mut self, ty: Ty) -> std::rc::Rc<layout::Layout> {
        self.layouts.of(self.program, ty)
    }

    fn size(&mut self, ty: Ty) -> usize {
        self.layout(ty).size
    }

    fn frame(&mut self) -> &mut Frame<'p> {
        self.frames.last_mut().expect("a function is running")
    }

    /// Where a local's value is.
    fn local(&mut self, local: Local) -> Ptr {
        let index = local.0 as usize;
        if let Some(alloc) = self.frame().locals[index] {
            return self.memory.base_ptr(alloc);
        }
        let ty = self.frame().body.locals[local].ty;
        let size = self.size(ty);
        let ptr = self.memory.allocate(size, Kind::Stack);
        self.frame().locals[index] = ptr.prov.map(|p| p.alloc);
        ptr
    }

    fn storage(&mut self, local: Local, live: bool) -> Step<()> {
        if let Some(alloc) = self.frame().locals[local.0 as usize].take() {
            let ptr = self.memory.base_ptr(alloc);
            self.memory.free(ptr, false)?;
        }
        if live {
            self.local(local);
        }
        Ok(())
    }

    /// A text that is part of the program.
    fn text(&mut self, text: &std::sync::Arc<str>) -> Step<Ptr> {
        if let Some(&ptr) = self.texts.get(text) {
            return Ok(ptr);
        }
        let ptr = self.memory.allocate(text.len(), Kind::Static);
        let mut bytes = Bytes::uninit(0);
        bytes.data.extend_from_slice(text.as_bytes());
        bytes.init.resize(text.len(), true);
        self.memory.write(ptr, &bytes)?;
        self.texts.insert(text.clone(), ptr);
        Ok(ptr)
    }

    /// A value that is part of the program.
    fn viewed(&mut self, value: &std::sync::Arc<Value>) -> Step<Ptr> {
        let key = std::sync::Arc::as_ptr(value);
        if let Some(&ptr) = self.viewed.get(&key) {
            return Ok(ptr);
        }
        let outer = std::mem::replace(&mut self.list_kind, Kind::Static);
        let bytes = self.make(value);
        self.list_kind = outer;
        let size = self.size(value.ty);
        let ptr = self.memory.allocate(size, Kind::Static);
        self.memory.write(ptr, &bytes?)?;
        self.viewed.insert(key, ptr);
        Ok(ptr)
    }

    fn static_(&mut self, id: StaticId) -> Step<Ptr> {
        if let Some(&ptr) = self.statics.get(&id) {
            return Ok(ptr);
        }
        if self.constants_only {
            return self.unsupported("a static");
        }
        let Some(&index) = self.program.static_ids.get(&id) else {
            return Err(Stop::Unsupported("a static that is not in the program".into()));
        };
        let ty = self.program.statics[index].ty;
        let size = self.size(ty);
        let ptr = self.memory.allocate(size, Kind::Static);
        self.statics.insert(id, ptr);
        Ok(ptr)
    }

    fn unsupported<T>(&self, what: impl Into<String>) -> Step<T> {
        Err(Stop::Unsupported(what.into()))
    }
}
