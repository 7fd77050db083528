//! Bodies and programs built by hand.
#![allow(dead_code)]

use std::sync::Arc;

use base::{FxHashMap, IndexVec, Span};
use mir::body::*;
use mir::mono::items::{BodyOwner, FnId};
use mir::mono::thir::BinOp;
use mir::mono::ty::Ty;
use mir::mono::{Function, Program, Role, Target};

/// Builds one body.
pub struct Make {
    pub locals: IndexVec<Local, LocalDecl>,
    pub blocks: IndexVec<BlockId, Block>,
    targets: Vec<Option<Target>>,
    args: usize,
}

pub fn local(ty: Ty) -> LocalDecl {
    LocalDecl { ty, name: None, span: Span::default(), mutable: true, by_ref: false, kind: LocalKind::Temp }
}

pub fn copy(n: u32) -> Operand {
    Operand::Copy(Place::local(Local(n)))
}

pub fn int(n: i128) -> Operand {
    Operand::Const(Constant { ty: Ty::int(), kind: ConstKind::Int(n) })
}

pub fn set(n: u32, rvalue: Rvalue) -> Statement {
    Statement { kind: StatementKind::Assign(Place::local(Local(n)), rvalue), span: Span::default() }
}

pub fn goto(n: u32) -> TerminatorKind {
    TerminatorKind::Goto(BlockId(n))
}

impl Make {
    pub fn new(args: usize, types: &[Ty]) -> Make {
        Make {
            locals: types.iter().map(|&t| local(t)).collect(),
            blocks: IndexVec::new(),
            targets: Vec::new(),
            args,
        }
    }

    pub fn block(
        mut self,
        statements: Vec<Statement>,
        terminator: TerminatorKind,
        target: Option<Target>,
    ) -> Make {
        self.push(statements, terminator, target, false);
        self
    }

    pub fn cleanup(
        mut self,
        statements: Vec<Statement>,
        terminator: TerminatorKind,
        target: Option<Target>,
    ) -> Make {
        self.push(statements, terminator, target, true);
        self
    }

    fn push(
        &mut self,
        statements: Vec<Statement>,
        kind: TerminatorKind,
        target: Option<Target>,
        cleanup: bool,
    ) {
        let terminator = Terminator { kind, span: Span::default() };
        self.blocks.push(Block { statements, terminator, cleanup });
        self.targets.push(target);
    }

    pub fn function(self, symbol: &str, role: Role) -> Function {
        Function {
            symbol: symbol.to_owned(),
            body: Arc::new(Body {
                source: Source::Owner(BodyOwner::Fn(FnId(0))),
                name: symbol.to_owned(),
                span: Span::default(),
                locals: self.locals,
                arg_count: self.args,
                blocks: self.blocks,
                ret_origins: Vec::new(),
                captures: Vec::new(),
                convs: Vec::new(),
                attrs: BodyAttrs::default(),
            }),
            targets: self.targets,
            constants: Vec::new(),
            addresses: FxHashMap::default(),
            tasks: FxHashMap::default(),
            role,
            merged: Default::default(),
        }
    }
}

pub fn call(
    args: Vec<Operand>,
    destination: u32,
    target: Option<u32>,
    unwind: Option<u32>,
) -> TerminatorKind {
    TerminatorKind::Call(Box::new(Call {
        callee: Callee::Fn { id: FnId(0), args: &[] },
        args,
        destination: Place::local(Local(destination)),
        target: target.map(BlockId),
        unwind: unwind.map(BlockId),
        flow: CallFlow::default(),
    }))
}

pub fn assert_ok(condition: u32, op: BinOp, target: u32, unwind: Option<u32>) -> TerminatorKind {
    TerminatorKind::Assert {
        condition: Operand::Copy(Place::local(Local(condition)).field(1, Ty::bool())),
        expected: false,
        message: AssertMessage::Overflow(op),
        target: BlockId(target),
        unwind: unwind.map(BlockId),
    }
}

pub fn first(n: u32) -> Operand {
    Operand::Copy(Place::local(Local(n)).field(0, Ty::int()))
}

pub fn program(functions: Vec<Function>) -> Program {
    Program { functions: IndexVec::from_vec(functions), ..Program::default() }
}
