//! Constants: what `const` items are worth, found by running their bodies when a program is
//! checked.
//!
//! A constant's body may call anything, as long as what it reaches touches nothing but memory of
//! its own. The one thing to know: a [`Value`] has no addresses. It is read out of the machine's
//! memory once and made anew at each use, so a list in a constant is a new list wherever the
//! constant stands, and what cannot be made anew (what lies behind a pointer) cannot be one.

use std::rc::Rc;

use base::{FxHashMap, IndexVec, Span};
use hir::items::{BodyOwner, VariantIdx};
use hir::thir::BinOp;
use hir::ty::{Ty, TyKind};

use super::memory::Bytes;
use super::ops::{float_of, int_of};
use super::{Limits, Machine, Step, Stop};
use crate::body::{
    Aggregate, Block, Body, BodyAttrs, ConstKind, Constant, Local, LocalDecl, LocalKind, Operand, Place,
    RETURN, Rvalue, Source, Statement, StatementKind, Terminator, TerminatorKind, Value, ValueKind,
};
use crate::mono::{FuncId, Program, Shape};

/// Why a constant has no value.
#[derive(Clone, Debug)]
pub struct Failure {
    pub constant: BodyOwner,
    pub reason: Reason,
    /// Where the evaluation stood, innermost first.
    pub places: Vec<Span>,
}

#[derive(Clone, Debug)]
pub enum Reason {
    /// The code panics, with this message.
    Panic(String),
    /// It goes on and on.
    Endless,
    /// Calls within calls without end.
    Deep,
    /// Its value depends on itself.
    Circle,
    /// It needs something that only a running program has.
    Needs(String),
    /// Its value has a part that cannot be made anew at each use: the part's type, and those
    /// around it.
    Holds(Vec<Ty>),
}

/// Constants and their values; those they stand on are among them.
#[derive(Default)]
pub struct Constants {
    pub known: Vec<(BodyOwner, Rc<Value>)>,
    pub failures: Vec<Failure>,
}

/// Computes the constants that the program was made for ([`Program::constants`]).
pub fn constants(program: &Program, limits: Limits) -> Constants {
    let mut machine = Machine::new(program, limits);
    machine.constants_only = true;
    for &(owner, func) in &program.constants {
        machine.steps = 0;
        // What went wrong is among the failures.
        let _ = machine.item(owner, func);
    }
    let mut known: Vec<_> = machine
        .items
        .into_iter()
        .filter_map(|(id, state)| match state {
            State::Known(value) => Some((id, value)),
            _ => None,
        })
        .collect();
    known.sort_by_key(|(id, _)| *id);
    Constants { known, failures: machine.failures }
}

pub(super) enum State {
    UnderWay,
    Known(Rc<Value>),
    /// Its failure is noted.
    Failed,
}

impl Machine<'_> {
    /// The value of a constant, computed when first asked for.
    pub(super) fn item(&mut self, id: BodyOwner, func: FuncId) -> Step<Rc<Value>> {
        match self.items.get(&id) {
            Some(State::Known(value)) => return Ok(value.clone()),
            Some(State::UnderWay) => return Err(Stop::Circle(id)),
            Some(State::Failed) => return Err(Stop::Reported),
            None => {}
        }
        self.items.insert(id, State::UnderWay);
        let depth = self.frames.len();
        let ty = self.program.functions[func].body.locals[RETURN].ty;
        let result = self.call_now(func, Vec::new()).and_then(|bytes| self.value_of(&bytes, ty));
        let stop = match result {
            Ok(value) => {
                let value = Rc::new(value);
                self.items.insert(id, State::Known(value.clone()));
                return Ok(value);
            }
            Err(stop) => stop,
        };
        let places = (depth..self.frames.len()).rev().map(|i| self.place_of(i)).collect();
        self.frames.truncate(depth);
        self.items.insert(id, State::Failed);
        let reason = match stop {
            Stop::Reported => return Err(Stop::Reported),
            // Told of the first of the circle only.
            Stop::Circle(first) if first != id => return Err(Stop::Circle(first)),
            Stop::Circle(_) => Reason::Circle,
            Stop::Panic(message) => Reason::Panic(message),
            Stop::Limit if self.steps > self.limits.steps => Reason::Endless,
            Stop::Limit => Reason::Deep,
            Stop::Holds(types) => Reason::Holds(types),
            Stop::Unsupported(what) => Reason::Needs(what),
            Stop::Exit(_) => Reason::Needs("the end of the process".into()),
            Stop::Fault(fault) => Reason::Needs(format!("memory in a way that is not allowed ({fault:?})")),
        };
        self.failures.push(Failure { constant: id, reason, places });
        Err(Stop::Reported)
    }

    /// Reads a value out of memory.
    fn value_of(&mut self, bytes: &Bytes, ty: Ty) -> Step<Value> {
        let kind = match *ty.kind() {
            TyKind::Int(_) | TyKind::Bool | TyKind::Char => {
                ValueKind::Plain(ConstKind::Int(int_of(bytes.as_int()?, ty)))
            }
            TyKind::Float(_) => {
                let value = float_of(bytes.as_int()?, bytes.len());
                ValueKind::Plain(ConstKind::Float(value.to_bits()))
            }
            TyKind::Str => {
                let text = self.run_of(bytes, 1)?;
                let text = String::from_utf8_lossy(&text.data).into_owned();
                ValueKind::Plain(ConstKind::Str(text.into()))
            }
            TyKind::List(elem) => {
                let size = self.size(elem);
                let all = self.run_of(bytes, size)?;
                let count = bytes.slice(16, 8).as_int()? as usize;
                self.parts(VariantIdx(0), (0..count).map(|i| (elem, i * size)), &all)?
            }
            TyKind::Array(elem, len) => {
                let size = self.size(elem);
                let TyKind::Const(count) = *len.kind() else { return Err(Stop::Holds(vec![ty])) };
                self.parts(VariantIdx(0), (0..count as usize).map(|i| (elem, i * size)), bytes)?
            }
            TyKind::Tuple([]) => ValueKind::Plain(ConstKind::Unit),
            TyKind::Tuple(_) | TyKind::Adt(..) => {
                if let Some(Shape::Struct(shape)) = self.program.shapes.get(&ty)
                    && shape.interior_mutable
                {
                    return Err(Stop::Holds(vec![ty]));
                }
                let layout = self.layout(ty);
                let variant = match layout.discriminants {
                    Some(_) => bytes.slice(0, 8).as_int()? as usize,
                    None => 0,
                };
                let (Some(types), Some(offsets)) = (layout.fields.get(variant), layout.variants.get(variant))
                else {
                    return Err(Stop::Holds(vec![ty]));
                };
                let fields = types.iter().copied().zip(offsets.iter().copied());
                self.parts(VariantIdx(variant as u32), fields, bytes).map_err(|stop| match stop {
                    Stop::Holds(mut types) => {
                        types.push(ty);
                        Stop::Holds(types)
                    }
                    other => other,
                })?
            }
            _ => return Err(Stop::Holds(vec![ty])),
        };
        Ok(Value { ty, kind })
    }

    fn parts(
        &mut self,
        variant: VariantIdx,
        fields: impl Iterator<Item = (Ty, usize)>,
        bytes: &Bytes,
    ) -> Step<ValueKind> {
        let mut parts = Vec::new();
        for (ty, offset) in fields {
            let size = self.size(ty);
            parts.push(self.value_of(&bytes.slice(offset, size), ty)?);
        }
        Ok(ValueKind::Parts(variant, parts))
    }

    /// What a list or string owns.
    fn run_of(&mut self, bytes: &Bytes, size: usize) -> Step<Bytes> {
        let len = bytes.slice(16, 8).as_int()? as usize * size;
        match len {
            0 => Ok(Bytes::default()),
            _ => Ok(self.memory.read(bytes.as_ptr()?, len)?),
        }
    }

    /// Makes a value anew.
    pub(super) fn make(&mut self, value: &Value) -> Step<Bytes> {
        let (variant, parts) = match &value.kind {
            ValueKind::Plain(kind) => {
                return self.constant(&Constant { ty: value.ty, kind: kind.clone() });
            }
            ValueKind::Parts(variant, parts) => (*variant, parts),
        };
        let mut made = Vec::with_capacity(parts.len());
        for part in parts {
            made.push(self.make(part)?);
        }
        let args = match *value.ty.kind() {
            TyKind::List(elem) => return self.assemble(&Aggregate::List(elem), &made, value.ty),
            TyKind::Array(elem, _) => return self.assemble(&Aggregate::Array(elem), &made, value.ty),
            TyKind::Adt(adt, args) => Aggregate::Adt { adt, variant, args },
            _ => Aggregate::Tuple,
        };
        self.assemble(&args, &made, value.ty)
    }

    /// What may not stand in a constant, or nothing if the runtime's function only works on the
    /// memory that it is given.
    pub(super) fn refuse_outside(&self, symbol: &str) -> Step<()> {
        let what = match symbol.strip_prefix("altru_").and_then(|s| s.split('_').next()) {
            // A map's seed only says in which order it is walked.
            Some("mem" | "str" | "fmt" | "char" | "panic") => return Ok(()),
            Some("random") if symbol == "altru_random_seed" => return Ok(()),
            Some("random") => "random numbers",
            Some("io") => "input or output",
            Some("fs") => "files",
            Some("time") => "the time",
            Some("process" | "env") => "the process's surroundings",
            Some(_) => "threads",
            None => "a foreign function",
        };
        self.unsupported(what)
    }

    /// `200 + 100`, for an overflow that the frame's block found.
    pub(super) fn overflowing(&mut self, op: BinOp) -> Step<String> {
        let frame = self.frame();
        let body = frame.body;
        let found = body.blocks[frame.block].statements.iter().rev().find_map(|s| match &s.kind {
            StatementKind::Assign(_, Rvalue::CheckedBinary(o, a, b)) if *o == op => Some((a, b)),
            _ => None,
        });
        let Some((a, b)) = found else { return Ok("overflow".into()) };
        let ty = self.operand_ty(a);
        let (a, b) = (self.operand(a)?.as_int()?, self.operand(b)?.as_int()?);
        let TyKind::Int(int) = *ty.kind() else { return Ok("overflow".into()) };
        let symbol = match op {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            _ => return Ok("overflow".into()),
        };
        Ok(format!("{} {symbol} {} does not fit `{}`", int_of(a, ty), int_of(b, ty), int.name()))
    }
}

/// The body that makes a constant's value.
pub fn body(owner: BodyOwner, name: String, span: Span, value: &Value) -> Body {
    let mut maker = Maker { locals: IndexVec::new(), statements: Vec::new(), span };
    maker.local(value.ty, LocalKind::Return);
    let made = maker.rvalue(value);
    maker.assign(RETURN, made);
    let terminator = Terminator { kind: TerminatorKind::Return, span };
    let block = Block { statements: maker.statements, terminator, cleanup: false };
    Body {
        source: Source::Owner(owner),
        name,
        span,
        locals: maker.locals,
        arg_count: 0,
        convs: Vec::new(),
        blocks: [block].into_iter().collect(),
        ret_origins: Vec::new(),
        captures: Vec::new(),
        attrs: BodyAttrs::default(),
    }
}

struct Maker {
    locals: IndexVec<Local, LocalDecl>,
    statements: Vec<Statement>,
    span: Span,
}

impl Maker {
    fn local(&mut self, ty: Ty, kind: LocalKind) -> Local {
        let span = self.span;
        self.locals.push(LocalDecl { ty, name: None, span, mutable: true, by_ref: false, kind })
    }

    fn assign(&mut self, local: Local, rvalue: Rvalue) {
        let kind = StatementKind::Assign(Place::local(local), rvalue);
        self.statements.push(Statement { kind, span: self.span });
    }

    fn operand(&mut self, value: &Value) -> Operand {
        match &value.kind {
            ValueKind::Plain(kind) => Operand::Const(Constant { ty: value.ty, kind: kind.clone() }),
            ValueKind::Parts(..) => {
                let made = self.rvalue(value);
                let local = self.local(value.ty, LocalKind::Temp);
                self.assign(local, made);
                Operand::Move(Place::local(local))
            }
        }
    }

    fn rvalue(&mut self, value: &Value) -> Rvalue {
        let ValueKind::Parts(variant, parts) = &value.kind else {
            return Rvalue::Use(self.operand(value));
        };
        let operands = parts.iter().map(|part| self.operand(part)).collect();
        let aggregate = match *value.ty.kind() {
            TyKind::List(elem) => Aggregate::List(elem),
            TyKind::Array(elem, _) => Aggregate::Array(elem),
            TyKind::Adt(adt, args) => Aggregate::Adt { adt, variant: *variant, args },
            _ => Aggregate::Tuple,
        };
        Rvalue::Aggregate(aggregate, operands)
    }
}

/// The value that a body of [`body`]'s making gives.
pub fn value_made(body: &Body) -> Option<Value> {
    value_built(body).filter(Value::is_known)
}

impl Value {
    /// No constant in it is still to be computed.
    fn is_known(&self) -> bool {
        match &self.kind {
            ValueKind::Plain(kind) => !matches!(kind, ConstKind::Item(_) | ConstKind::Param(_)),
            ValueKind::Parts(_, parts) => parts.iter().all(Value::is_known),
        }
    }
}

fn value_built(body: &Body) -> Option<Value> {
    let [block] = body.blocks.as_slice() else { return None };
    let mut made: FxHashMap<Local, Value> = FxHashMap::default();
    for statement in &block.statements {
        let StatementKind::Assign(place, rvalue) = &statement.kind else { return None };
        let local = place.as_local()?;
        let mut take = |operand: &Operand| match operand {
            Operand::Const(constant) => {
                Some(Value { ty: constant.ty, kind: ValueKind::Plain(constant.kind.clone()) })
            }
            Operand::Move(place) => made.remove(&place.as_local()?),
            Operand::Copy(_) => None,
        };
        let ty = body.locals[local].ty;
        let value = match rvalue {
            Rvalue::Use(operand) => take(operand)?,
            Rvalue::Aggregate(aggregate, operands) => {
                let variant = match aggregate {
                    Aggregate::Adt { variant, .. } => *variant,
                    _ => VariantIdx(0),
                };
                let parts = operands.iter().map(take).collect::<Option<_>>()?;
                Value { ty, kind: ValueKind::Parts(variant, parts) }
            }
            _ => return None,
        };
        made.insert(local, value);
    }
    made.remove(&RETURN)
}
