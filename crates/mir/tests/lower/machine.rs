//! A machine that runs elaborated MIR of the generated programs and watches every owned value:
//! each must be dropped or handed on exactly once, on every way out.
//!
//! Strings are *tokens*. Calls go by name: `make() -> string` makes one, `consume(own string)`
//! ends it, `look(&string)` needs it alive, `choose() -> bool` decides. Each call may panic.

use std::collections::HashSet;

use hir::items::Program;
use hir::thir::{BinOp, UnOp};
use mir::body::*;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Uninit,
    Int(i128),
    Token(u64),
    Tuple(Vec<Value>),
    Variant(u32, Vec<Value>),
    Ref(Local, Vec<usize>),
}

pub struct Machine<'a> {
    pub program: &'a Program,
    pub body: &'a Body,
    pub locals: Vec<Value>,
    pub alive: HashSet<u64>,
    next_token: u64,
    pub random: u64,
    /// One call in this many panics.
    pub panic_rate: u64,
}

type Run<T> = Result<T, String>;

impl<'a> Machine<'a> {
    pub fn new(program: &'a Program, body: &'a Body, seed: u64, panic_rate: u64) -> Machine<'a> {
        Machine {
            program,
            body,
            locals: vec![Value::Uninit; body.locals.len()],
            alive: HashSet::new(),
            next_token: 0,
            random: seed | 1,
            panic_rate,
        }
    }

    fn random(&mut self, n: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % n
    }

    /// Runs with that many fresh tokens as arguments. `Err` if a rule is broken.
    pub fn run(&mut self, args: usize) -> Run<()> {
        let args = (0..args).map(|_| self.make()).collect();
        let result = self.run_with(args)?;
        if let Some(result) = result {
            self.end(&result)?;
        }
        if !self.alive.is_empty() {
            return Err(format!("leaks {:?}: {:?}", self.alive, self.locals));
        }
        Ok(())
    }

    /// The result, if it returned.
    pub fn run_with(&mut self, args: Vec<Value>) -> Run<Option<Value>> {
        for (i, arg) in args.into_iter().enumerate() {
            self.locals[i + 1] = arg;
        }
        let mut at = BlockId(0);
        for _ in 0..3000 {
            let body = self.body;
            let block = &body.blocks[at];
            for statement in &block.statements {
                self.statement(statement).map_err(|e| format!("{at:?}: {e}"))?;
            }
            match self.terminator(&block.terminator).map_err(|e| format!("{at:?}: {e}"))? {
                Some(next) => at = next,
                None if matches!(block.terminator.kind, TerminatorKind::Return) => {
                    return Ok(Some(std::mem::replace(&mut self.locals[0], Value::Uninit)));
                }
                None => return Ok(None),
            }
        }
        // Goes round and round: what it holds is let go.
        self.alive.clear();
        Ok(None)
    }

    fn make(&mut self) -> Value {
        self.next_token += 1;
        self.alive.insert(self.next_token);
        Value::Token(self.next_token)
    }

    /// The value is dropped or consumed.
    fn end(&mut self, value: &Value) -> Run<()> {
        match value {
            Value::Uninit => Err("dropped a part that is not initialised".into()),
            Value::Token(id) => {
                if self.alive.remove(id) {
                    Ok(())
                } else {
                    Err(format!("{id} dropped twice"))
                }
            }
            Value::Tuple(parts) | Value::Variant(_, parts) => parts.iter().try_for_each(|p| self.end(p)),
            Value::Int(_) | Value::Ref(..) => Ok(()),
        }
    }

    fn holds_token(&self, value: &Value) -> bool {
        match value {
            Value::Token(id) => self.alive.contains(id),
            Value::Tuple(parts) | Value::Variant(_, parts) => parts.iter().any(|p| self.holds_token(p)),
            _ => false,
        }
    }

    fn resolve(&self, place: &Place) -> Run<(Local, Vec<usize>)> {
        let (mut local, mut path) = (place.local, Vec::new());
        for projection in &place.projection {
            match projection {
                Projection::Field(i, _) => path.push(i.0 as usize),
                Projection::Downcast(_) => {}
                Projection::Deref => match self.get(local, &path)? {
                    Value::Ref(l, p) => (local, path) = (*l, p.clone()),
                    other => return Err(format!("dereferences {other:?}")),
                },
                other => return Err(format!("projection {other:?}")),
            }
        }
        Ok((local, path))
    }

    fn get(&self, local: Local, path: &[usize]) -> Run<&Value> {
        let mut value = &self.locals[local.0 as usize];
        for &i in path {
            value = match value {
                Value::Tuple(parts) | Value::Variant(_, parts) => parts.get(i).ok_or("no such part")?,
                _ => return Err(format!("{local:?}{path:?}: part of {value:?}")),
            };
        }
        Ok(value)
    }

    fn get_mut(&mut self, local: Local, path: &[usize]) -> Run<&mut Value> {
        let mut value = &mut self.locals[local.0 as usize];
        for &i in path {
            value = match value {
                Value::Tuple(parts) | Value::Variant(_, parts) => parts.get_mut(i).ok_or("no such part")?,
                _ => return Err("part of something without parts".into()),
            };
        }
        Ok(value)
    }

    fn operand(&mut self, operand: &Operand) -> Run<Value> {
        match operand {
            Operand::Copy(place) => {
                let (local, path) = self.resolve(place)?;
                let value = self.get(local, &path)?.clone();
                if value == Value::Uninit || self.holds_token(&value) {
                    return Err(format!("copies {value:?} from {place:?}"));
                }
                Ok(value)
            }
            Operand::Move(place) => {
                let (local, path) = self.resolve(place)?;
                let value = std::mem::replace(self.get_mut(local, &path)?, Value::Uninit);
                if value == Value::Uninit {
                    return Err(format!("moves out of {place:?}, which is empty"));
                }
                Ok(value)
            }
            Operand::Const(constant) => Ok(match &constant.kind {
                ConstKind::Int(n) => Value::Int(*n),
                ConstKind::Unit => Value::Tuple(vec![]),
                _ => return Err("constant".into()),
            }),
        }
    }

    fn write(&mut self, place: &Place, value: Value) -> Run<()> {
        let (local, path) = self.resolve(place)?;
        let old = self.get(local, &path)?.clone();
        if self.holds_token(&old) {
            return Err(format!("overwrites {old:?} in {place:?}"));
        }
        *self.get_mut(local, &path)? = value;
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Run<()> {
        match &statement.kind {
            StatementKind::Assign(place, rvalue) => {
                let value = self.rvalue(rvalue)?;
                self.write(place, value)
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                let old = std::mem::replace(&mut self.locals[local.0 as usize], Value::Uninit);
                if self.holds_token(&old) {
                    return Err(format!("storage of {local:?} ends with {old:?} in it"));
                }
                Ok(())
            }
            StatementKind::FakeRead(_) | StatementKind::Nop => Ok(()),
        }
    }

    fn rvalue(&mut self, rvalue: &Rvalue) -> Run<Value> {
        Ok(match rvalue {
            Rvalue::Use(operand) => self.operand(operand)?,
            Rvalue::Ref { place, .. } => {
                let (local, path) = self.resolve(place)?;
                Value::Ref(local, path)
            }
            Rvalue::Binary(op, a, b) => {
                let (Value::Int(a), Value::Int(b)) = (self.operand(a)?, self.operand(b)?) else {
                    return Err("operands".into());
                };
                Value::Int(match op {
                    BinOp::Add => a + b,
                    BinOp::Eq => i128::from(a == b),
                    BinOp::Lt => i128::from(a < b),
                    BinOp::Le => i128::from(a <= b),
                    BinOp::Gt => i128::from(a > b),
                    BinOp::Ge => i128::from(a >= b),
                    _ => return Err("operator".into()),
                })
            }
            Rvalue::CheckedBinary(BinOp::Add, a, b) => {
                let (Value::Int(a), Value::Int(b)) = (self.operand(a)?, self.operand(b)?) else {
                    return Err("operands".into());
                };
                Value::Tuple(vec![Value::Int(a + b), Value::Int(0)])
            }
            Rvalue::Unary(UnOp::Not, a) => match self.operand(a)? {
                Value::Int(n) => Value::Int(1 - n),
                _ => return Err("operand".into()),
            },
            Rvalue::Discriminant(place) => {
                let (local, path) = self.resolve(place)?;
                match self.get(local, &path)? {
                    Value::Variant(v, _) => Value::Int(i128::from(*v)),
                    other => return Err(format!("discriminant of {other:?}")),
                }
            }
            Rvalue::Aggregate(aggregate, operands) => {
                let parts = operands.iter().map(|o| self.operand(o)).collect::<Run<Vec<Value>>>()?;
                match aggregate {
                    Aggregate::Adt { variant, .. } => Value::Variant(variant.0, parts),
                    _ => Value::Tuple(parts),
                }
            }
            other => return Err(format!("rvalue {other:?}")),
        })
    }

    /// The next block; `None` at the end.
    fn terminator(&mut self, terminator: &Terminator) -> Run<Option<BlockId>> {
        Ok(match &terminator.kind {
            TerminatorKind::Goto(target) => Some(*target),
            TerminatorKind::Switch { value, targets, otherwise } => {
                let Value::Int(value) = self.operand(value)? else {
                    return Err("switch".into());
                };
                let found = targets.iter().find(|(v, _)| *v as i128 == value);
                Some(found.map_or(*otherwise, |&(_, b)| b))
            }
            TerminatorKind::Return | TerminatorKind::Resume => None,
            TerminatorKind::Unreachable => return Err("reaches the unreachable".into()),
            TerminatorKind::Drop { place, target, .. } => {
                let (local, path) = self.resolve(place)?;
                let value = std::mem::replace(self.get_mut(local, &path)?, Value::Uninit);
                self.end(&value).map_err(|e| format!("drop({place:?}): {e}"))?;
                Some(*target)
            }
            TerminatorKind::Call(call) => return self.call(call),
            TerminatorKind::Assert { condition, expected, target, .. } => {
                if self.operand(condition)? != Value::Int(i128::from(*expected)) {
                    return Err("a failed assertion".into());
                }
                Some(*target)
            }
        })
    }

    fn call(&mut self, call: &Call) -> Run<Option<BlockId>> {
        let args = call.args.iter().map(|a| self.operand(a)).collect::<Run<Vec<Value>>>()?;
        let Callee::Fn { id, .. } = &call.callee else { return Err("callee".into()) };
        let name = self.program.fns[*id].name.as_str();
        for arg in &args {
            match arg {
                Value::Ref(local, path) => {
                    let seen = self.get(*local, path)?.clone();
                    if !matches!(&seen, Value::Token(id) if self.alive.contains(id)) {
                        return Err(format!("{name} looks at {seen:?}"));
                    }
                }
                value => self.end(value)?,
            }
        }
        // While unwinding nothing panics again: that would abort.
        if self.panic_rate > 0
            && !self.body.blocks[call.target.unwrap_or(BlockId(0))].cleanup
            && self.random(self.panic_rate) == 0
        {
            return match call.unwind {
                Some(block) => Ok(Some(block)),
                None if self.alive.is_empty() => Ok(None),
                None => Err(format!("a panic of {name} leaks {:?}: {:?}", self.alive, self.locals)),
            };
        }
        let result = match name {
            "make" => self.make(),
            "choose" => Value::Int(i128::from(self.random(2) == 0)),
            _ => Value::Tuple(vec![]),
        };
        self.write(&call.destination, result)?;
        Ok(call.target)
    }
}
